/* pack-names.c - whether a rule's parts know each other by name. */
#include "pack-internal.h"

#include <ctype.h>

#include <oncall/cli.h>
#include <oncall/condition.h>
#include <oncall/mem.h>
#include <oncall/template.h>

/* What every line has, or may have. */
static const char *const line_fields[] = {"message",  "service",  "host",
					  "pid",      "level",	  "pattern",
					  "category", "severity", NULL};

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c > 0x7f;
}

/*
 * The name of the next group, "(?<name>", "(?P<name>" or "(?'name'", at or
 * behind *at, which then stands behind it. Compiling each expression to ask
 * PCRE2 would make loading twice as long; what looks like a group inside of a
 * class is taken for one, so that no good rule is refused.
 */
static struct slice next_group(const char **at)
{
	const char *p = *at;

	while (*p) {
		size_t n = 0;

		if (*p == '\\' && p[1]) {
			p += 2;
			continue;
		}
		if (p[0] != '(' || p[1] != '?') {
			p++;
			continue;
		}
		p += p[2] == 'P' ? 3 : 2;
		if (*p != '<' && *p != '\'')
			continue;
		p++;
		while (is_name_char(p[n]))
			n++;
		if (!n || (p[n] != '>' && p[n] != '\''))
			continue;
		*at = p + n;
		return (struct slice){p, n};
	}
	*at = p;
	return (struct slice){NULL, 0};
}

static bool is_known(const struct pack_rule *r, const char *name)
{
	for (size_t i = 0; line_fields[i]; i++)
		if (!strcmp(line_fields[i], name))
			return true;
	for (size_t i = 0; i < r->match.count; i++) {
		const char *at = r->match.items[i].text;
		struct slice group;

		while ((group = next_group(&at)).ptr)
			if (slice_is(group, name))
				return true;
	}
	return false;
}

static int refuse(const struct pack_rule *r, const char *name, struct err *err)
{
	struct map names = MAP_INIT;
	AUTO_FREE const char **list = NULL;
	const char *near;

	for (size_t i = 0; i < r->match.count; i++) {
		const char *at = r->match.items[i].text;
		struct slice group;

		while ((group = next_group(&at)).ptr)
			(void)map_put(&names, group);
	}
	for (size_t i = 0; line_fields[i]; i++)
		(void)map_put(&names, slice_of(line_fields[i]));
	list = mem_zero(names.count + 1, sizeof(*list));
	for (size_t i = 0; i < names.count; i++)
		list[i] = names.entries[i].key.ptr;
	near = cli_nearest(name, list);
	(void)err_set(err, ERR_USAGE, "no expression captures \"%s\"%s%s%s",
		      name, near ? ", did you mean \"" : "", near ? near : "",
		      near ? "\"?" : "");
	map_done(&names, NULL);
	return -1;
}

static int check_name(const struct pack_rule *r, const char *name,
		      struct err *err)
{
	return is_known(r, name) ? 0 : refuse(r, name, err);
}

static int check_title(const struct pack_rule *r, const struct template *title,
		       struct err *err)
{
	const char *path;

	for (size_t i = 0; title && (path = template_path(title, i)); i++)
		if (check_name(r, path, err) < 0)
			return -1;
	return 0;
}

static int check_condition(const struct pack_rule *r,
			   const struct condition *when, struct err *err)
{
	const char *name;

	for (size_t i = 0; when && (name = condition_capture(when, i)); i++)
		if (check_name(r, name, err) < 0)
			return -1;
	for (size_t i = 0; when && (name = condition_field(when, i)); i++)
		if (check_name(r, name, err) < 0)
			return -1;
	return 0;
}

/* A rule that joins others has the captures of those, which may stand in other
 * files. */
static int check_names(const struct pack_rule *r, const struct template *title,
		       const struct condition *when, const char **ret_key,
		       struct err *err)
{
	bool joins = when && condition_part(when, 0);

	if (!r->match.count)
		return 0;
	*ret_key = "severity";
	if (r->severity_from && check_name(r, r->severity_from, err) < 0)
		return -1;
	*ret_key = "key";
	for (size_t i = 0; !joins && i < r->key.count; i++)
		if (check_name(r, r->key.items[i].text, err) < 0)
			return -1;
	*ret_key = "title";
	if (!joins && check_title(r, title, err) < 0)
		return -1;
	*ret_key = "when";
	return joins ? 0 : check_condition(r, when, err);
}

/* An empty expression matches everything, which nobody wants to be told. */
static int check_expressions(const struct pack_list *list, struct err *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (!*list->items[i].text)
			return err_set(err, ERR_USAGE,
				       "an expression is empty");
	return 0;
}

static int check_parts(const struct pack_rule *r, const struct condition *when,
		       struct err *err)
{
	bool joins = when && condition_only_parts(when);

	if (!r->match.count && !joins)
		return err_set(err, ERR_USAGE,
			       "pattern \"%s\" has nothing to match", r->id);
	if (r->match.count && joins)
		return err_set(err, ERR_USAGE,
			       "pattern \"%s\" joins others, so it cannot "
			       "match lines itself",
			       r->id);
	return 0;
}

int pack_rule_check(const struct pack_rule *r, const char **ret_key,
		    struct err *err)
{
	AUTO_TEMPLATE struct template *title = NULL;
	AUTO_CONDITION struct condition *when = NULL;

	*ret_key = "title";
	if (r->title && template_new(&title, r->title, err) < 0)
		return err_prefix(err, "title");
	*ret_key = "when";
	if (r->when && condition_parse(&when, r->when, err) < 0)
		return err_prefix(err, "when");
	*ret_key = "match";
	if (check_parts(r, when, err) < 0)
		return -1;
	if (check_expressions(&r->match, err) < 0)
		return err_prefix(err, "match");
	*ret_key = "except";
	if (check_expressions(&r->except, err) < 0)
		return err_prefix(err, "except");
	return check_names(r, title, when, ret_key, err) < 0
		       ? err_prefix(err, "%s", *ret_key)
		       : 0;
}
