/* pack-names.c - whether a rule's parts know each other by name. */
#include "pack-internal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <oncall/cli.h>
#include <oncall/condition.h>
#include <oncall/mem.h>
#include <oncall/template.h>

/* What every line has, or may have. */
static const char *const line_fields[] = {"message",  "service",  "host",
					  "pid",      "level",	  "pattern",
					  "category", "severity", NULL};

/* The captures of all expressions of a rule; slices of compiled code that is
 * kept as long. */
struct names {
	const char **list; /* ended by NULL */
	size_t count;
	pcre2_code **codes;
	size_t code_count;
};

static void names_done(struct names *n)
{
	for (size_t i = 0; i < n->code_count; i++)
		pcre2_code_free(n->codes[i]);
	free(n->codes);
	free(n->list);
}

static void add_name(struct names *n, const char *name)
{
	n->list = mem_resize(n->list, n->count + 2, sizeof(*n->list));
	n->list[n->count++] = name;
	n->list[n->count] = NULL;
}

static void read_names(struct names *n, pcre2_code *code)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count; i++) /* two bytes of number, the name */
		add_name(n, (const char *)table + (size_t)i * size + 2);
}

/* What does not compile is told later, by the one that uses it. */
static void collect(struct names *n, const struct pack_rule *r)
{
	for (size_t i = 0; line_fields[i]; i++)
		add_name(n, line_fields[i]);
	n->codes = mem_zero(r->match.count + 1, sizeof(pcre2_code *));
	for (size_t i = 0; i < r->match.count; i++) {
		const char *text = r->match.items[i].text;
		size_t place;
		int code;
		pcre2_code *compiled =
			pcre2_compile((PCRE2_SPTR)text, strlen(text),
				      PCRE2_DUPNAMES, &code, &place, NULL);

		if (!compiled)
			continue;
		n->codes[n->code_count++] = compiled;
		read_names(n, compiled);
	}
}

static int check_name(const struct names *n, const char *name,
		      const char *where, struct err *err)
{
	const char *near;

	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->list[i], name))
			return 0;
	near = cli_nearest(name, n->list);
	return err_set(err, ERR_USAGE,
		       "%s: no expression captures \"%s\"%s%s%s", where, name,
		       near ? ", did you mean \"" : "", near ? near : "",
		       near ? "\"?" : "");
}

static int check_title(const struct names *n, const struct template *title,
		       struct err *err)
{
	const char *path;

	for (size_t i = 0; title && (path = template_path(title, i)); i++)
		if (check_name(n, path, "title", err) < 0)
			return -1;
	return 0;
}

static int check_condition(const struct names *n, const struct condition *when,
			   struct err *err)
{
	const char *name;

	for (size_t i = 0; when && (name = condition_capture(when, i)); i++)
		if (check_name(n, name, "when", err) < 0)
			return -1;
	for (size_t i = 0; when && (name = condition_field(when, i)); i++)
		if (check_name(n, name, "when", err) < 0)
			return -1;
	return 0;
}

/* A rule that joins others has the captures of those, which may stand in other
 * files. */
static int check_names(const struct pack_rule *r, const struct template *title,
		       const struct condition *when, struct err *err)
{
	CLEANUP(names_done) struct names n = {.list = NULL};

	if (!r->match.count ||
	    (!title && !when && !r->severity_from && !r->key.count))
		return 0;
	collect(&n, r);
	if (n.code_count < r->match.count)
		return 0;
	for (size_t i = 0; i < r->key.count; i++)
		if (check_name(&n, r->key.items[i].text, "key", err) < 0)
			return -1;
	if (r->severity_from &&
	    check_name(&n, r->severity_from, "severity", err) < 0)
		return -1;
	if (when && condition_part(when, 0))
		return 0;
	return check_title(&n, title, err) < 0 ? -1
					       : check_condition(&n, when, err);
}

int pack_rule_check(const struct pack_rule *r, struct err *err)
{
	AUTO_TEMPLATE struct template *title = NULL;
	AUTO_CONDITION struct condition *when = NULL;

	if (r->title && template_new(&title, r->title, err) < 0)
		return err_prefix(err, "title");
	if (r->when && condition_parse(&when, r->when, err) < 0)
		return err_prefix(err, "when");
	if (!r->match.count && (!when || !condition_only_parts(when)))
		return err_set(err, ERR_USAGE,
			       "pattern \"%s\" has nothing to match", r->id);
	if (r->match.count && when && condition_only_parts(when))
		return err_set(err, ERR_USAGE,
			       "pattern \"%s\" joins others, so it cannot "
			       "match lines itself",
			       r->id);
	return check_names(r, title, when, err);
}
