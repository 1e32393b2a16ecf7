/* mute-rule.c - rules of inhibition, as they are configured. */
#include "mute-internal.h"

#include <oncall/jwrite.h>
#include <oncall/mem.h>

#define RULES	       "incidents.inhibit"
#define NAME_MAX_BYTES 150 /* of a rule: it stands in "muted by" */

static int fail_at(const struct config *c, const char *path, struct err *err)
{
	return err_prefix(err, "%s: %s", config_origin(c, path), path);
}

/* A rule has no place of its own, only what stands in it has. */
static int lacks(const struct config *c, const char *rule, const char *side,
		 struct err *err)
{
	static const char *const keys[] = {"source", "target", "equal"};
	const char *origin = config_origin(c, RULES);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		AUTO_FREE char *at = mem_printf(RULES ".%s.%s", rule, keys[i]);

		if (strcmp(config_origin(c, at), "built-in") != 0)
			origin = config_origin(c, at);
	}
	return err_set(
		err, ERR_USAGE,
		"%s: " RULES ".%s: a rule has a source and a target: "
		"'%s' is missing; for example: %s: {category: host-down}",
		origin, rule, side, side);
}

static int read_side(struct selector **ret, const struct config *c,
		     const char *rule, const char *side, struct err *err)
{
	AUTO_FREE char *path = mem_printf(RULES ".%s.%s", rule, side);

	if (incident_match_config(ret, c, path, err) < 0)
		return -1;
	return *ret ? 0 : lacks(c, rule, side, err);
}

static int read_equal(struct mute_rule *r, const struct config *c,
		      struct err *err)
{
	AUTO_FREE char *path = mem_printf(RULES ".%s.equal", r->name);
	const char *field;

	for (size_t i = 0; (field = config_item(c, path, i)); i++) {
		if (!strcmp(field, "tags"))
			(void)err_set(err, ERR_USAGE,
				      "tags are several, and cannot be the "
				      "same");
		else
			(void)!incident_match_field(field, err);
		if (err->kind != ERR_NONE)
			return fail_at(c, path, err);
		r->equal = mem_resize(r->equal, i + 1, sizeof(*r->equal));
		r->equal[r->equal_count++] = field;
	}
	return 0;
}

int mute_rules_load(struct mute *m, struct err *err)
{
	const struct config *c = m->config;
	const char *name;

	for (size_t i = 0; (name = config_item(c, RULES, i)); i++) {
		struct mute_rule *r;

		if (strlen(name) > NAME_MAX_BYTES)
			return err_set(err, ERR_USAGE,
				       "%s: " RULES ": a name is longer than "
				       "%d bytes",
				       config_origin(c, RULES), NAME_MAX_BYTES);
		m->rules = mem_resize(m->rules, i + 1, sizeof(*m->rules));
		r = &m->rules[m->rule_count++];
		*r = (struct mute_rule){.name = name};
		if (read_side(&r->source, c, name, "source", err) < 0 ||
		    read_side(&r->target, c, name, "target", err) < 0 ||
		    read_equal(r, c, err) < 0)
			return -1;
	}
	return 0;
}

void mute_rules_free(struct mute *m)
{
	for (size_t i = 0; i < m->rule_count; i++) {
		selector_free(m->rules[i].source);
		selector_free(m->rules[i].target);
		free(m->rules[i].equal);
	}
	free(m->rules);
}

void mute_same(const struct mute_rule *r, struct incident_match *match,
	       struct buf *out)
{
	jwrite_open(out, NULL, '[');
	for (size_t i = 0; i < r->equal_count; i++)
		jwrite_text(out, NULL,
			    incident_match_value(match, r->equal[i]));
	jwrite_close(out, ']');
}

/* ---- as one text ---- */

static void write_list(const struct config *c, const char *path,
		       const char *key, struct buf *out)
{
	const char *item;

	jwrite_open(out, key, '[');
	for (size_t i = 0; (item = config_item(c, path, i)); i++)
		jwrite_str(out, NULL, item);
	jwrite_close(out, ']');
}

static void write_side(const struct mute *m, const struct mute_rule *r,
		       const char *side, struct buf *out)
{
	AUTO_FREE char *path = mem_printf(RULES ".%s.%s", r->name, side);
	const char *field;

	jwrite_open(out, side, '{');
	for (size_t i = 0; (field = config_item(m->config, path, i)); i++) {
		AUTO_FREE char *at = mem_printf("%s.%s", path, field);

		write_list(m->config, at, field, out);
	}
	jwrite_close(out, '}');
}

/* What the configuration adds to incidents. */
static void write_services(const struct config *c, struct buf *out)
{
	const char *name;

	jwrite_str(out, "environment", config_str(c, "environment"));
	jwrite_open(out, "services", '{');
	for (size_t i = 0; (name = config_item(c, "services", i)); i++) {
		AUTO_FREE char *criticality =
			mem_printf("services.%s.criticality", name);
		AUTO_FREE char *owner = mem_printf("services.%s.owner", name);

		jwrite_open(out, name, '[');
		jwrite_str(out, NULL, config_str(c, criticality));
		jwrite_str(out, NULL, config_str(c, owner));
		jwrite_close(out, ']');
	}
	jwrite_close(out, '}');
}

void mute_rules(const struct mute *m, struct buf *out)
{
	jwrite_open(out, NULL, '{');
	for (size_t i = 0; i < m->rule_count; i++) {
		const struct mute_rule *r = &m->rules[i];
		AUTO_FREE char *equal = mem_printf(RULES ".%s.equal", r->name);

		jwrite_open(out, r->name, '{');
		write_side(m, r, "source", out);
		write_side(m, r, "target", out);
		write_list(m->config, equal, "equal", out);
		jwrite_close(out, '}');
	}
	if (m->rule_count)
		write_services(m->config, out);
	jwrite_close(out, '}');
}
