/* action-load-param.c - parameters of actions, as files declare them. */
#include "action-internal.h"

#include <oncall/cli.h>
#include <oncall/mem.h>

#define MAX_LENGTH_MOST ((int64_t)64 * 1024)
#define NAME_LONGEST	64

static bool is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && !s[n] && n <= NAME_LONGEST && *s >= 'a' && *s <= 'z';
}

static bool is_text_like(enum action_param_type type)
{
	return type == ACTION_STRING || type == ACTION_NAME ||
	       type == ACTION_HOST || type == ACTION_PATH || type == ACTION_URL;
}

static bool is_ordered(enum action_param_type type)
{
	return type == ACTION_INTEGER || type == ACTION_NUMBER ||
	       type == ACTION_DURATION || type == ACTION_SIZE;
}

/* min and max are written as values are: "10m", "1G". */
static bool read_bound(struct action_reading *r, const struct tree *map,
		       const char *key, const struct action_param *p,
		       int64_t *ret)
{
	const struct action_param whole = {
		.type = p->type == ACTION_NUMBER ? ACTION_INTEGER : p->type};
	AUTO_FREE char *text = NULL;
	AUTO_BUF struct buf value = BUF_INIT;
	struct err err = ERR_INIT;

	action_read_text(r, map, key, &text);
	if (!text)
		return false;
	if (!is_ordered(p->type))
		action_fault(r, tree_get(map, key)->line,
			     "%s is for numbers, durations and sizes", key);
	else if (action_value_check(&whole, slice_of(text), false, &value,
				    &err) < 0 ||
		 cli_parse_int(buf_str(&value), INT64_MIN, INT64_MAX, ret,
			       &err) < 0)
		action_fault(r, tree_get(map, key)->line, "%s: %s", key,
			     err.text);
	return true;
}

static void read_bounds(struct action_reading *r, const struct tree *map,
			struct action_param *p)
{
	bool has_min = read_bound(r, map, "min", p, &p->min);
	bool has_max = read_bound(r, map, "max", p, &p->max);

	if (has_min && !has_max)
		p->max = INT64_MAX;
	if (has_max && !has_min)
		p->min = INT64_MIN;
	if (has_min && has_max && p->min > p->max)
		action_fault(r, tree_get(map, "min")->line,
			     "min is greater than max");
}

static void read_pattern(struct action_reading *r, const struct tree *map,
			 struct action_param *p)
{
	struct err err = ERR_INIT;
	size_t line;

	action_read_text(r, map, "pattern", &p->pattern);
	if (!p->pattern)
		return;
	line = tree_get(map, "pattern")->line;
	if (!is_text_like(p->type))
		action_fault(r, line, "a %s takes no pattern",
			     action_type_names[p->type]);
	else if (action_re_new(&p->re, p->pattern, &err) < 0)
		action_fault(r, line, "pattern /%s/: %s", p->pattern, err.text);
}

static void clean_folder(struct action_reading *r, const struct tree *map,
			 char **folder)
{
	AUTO_BUF struct buf clean = BUF_INIT;

	if (!action_path_clean(slice_of(*folder), &clean)) {
		action_fault(r, tree_get(map, "under")->line,
			     "under: '%s' is not an absolute path without '..'",
			     *folder);
		return;
	}
	free(*folder);
	*folder = buf_take(&clean);
}

static void read_lists(struct action_reading *r, const struct tree *map,
		       struct action_param *p)
{
	action_read_list(r, map, "choices", &p->choices);
	action_read_list(r, map, "under", &p->under);
	if ((p->type == ACTION_CHOICE) != (p->choices && p->choices[0]))
		action_fault(r, p->line,
			     p->choices ? "'%s' has choices that it cannot use"
					: "'%s' is a choice without choices",
			     p->name);
	if (p->under && p->type != ACTION_PATH)
		action_fault(r, p->line,
			     "'%s' is no path: under does not "
			     "belong there",
			     p->name);
	for (size_t i = 0; p->under && p->under[i]; i++)
		clean_folder(r, map, &p->under[i]);
	if (p->type == ACTION_PATH && p->untrusted && !(p->under && *p->under))
		action_fault(r, p->line,
			     "'%s' comes from untrusted text: under must say "
			     "which folders it may be in",
			     p->name);
}

static void check_secret(struct action_reading *r, const struct action_param *p)
{
	if (p->type != ACTION_SECRET)
		return;
	if (p->fallback)
		action_fault(r, p->line,
			     "the secret '%s' cannot stand in a file: its "
			     "value comes from the configuration",
			     p->name);
	if (p->untrusted)
		action_fault(r, p->line,
			     "the secret '%s' cannot come from untrusted text",
			     p->name);
}

static void check_fallback(struct action_reading *r, const struct tree *map,
			   const struct action_param *p)
{
	AUTO_BUF struct buf value = BUF_INIT;
	struct err err = ERR_INIT;

	if (!p->fallback || p->type == ACTION_SECRET)
		return;
	if (p->required)
		action_fault(r, p->line,
			     "'%s' is required and has a default; one of them "
			     "is too much",
			     p->name);
	if ((p->pattern && !p->re) || (p->type == ACTION_CHOICE && !p->choices))
		return;
	if (action_value_check(p, slice_of(p->fallback), false, &value, &err) <
	    0)
		action_fault(r, tree_get(map, "default")->line, "default: %s",
			     err.text);
}

static void read_param(struct action_reading *r, const char *name,
		       const struct tree *map, struct action_param *p)
{
	static const char *const keys[] = {"type",    "description", "required",
					   "default", "untrusted",   "min",
					   "max",     "max_length",  "pattern",
					   "choices", "under",	     NULL};
	int type = ACTION_STRING;
	int64_t max_length = 0;

	p->name = mem_dup(name);
	p->line = map->line;
	if (!is_name(name))
		action_fault(r, map->line,
			     "'%s' cannot name a parameter: a small letter, "
			     "then those, digits and '_'",
			     name);
	if (map->kind != TREE_MAP) {
		action_fault(r, map->line,
			     "a parameter must be a map of keys, for example "
			     "%s: {type: name, required: true}",
			     name);
		return;
	}
	action_read_keys(r, map, keys);
	action_read_choice(r, map, "type", action_type_names, &type);
	p->type = (enum action_param_type)type;
	action_read_text(r, map, "description", &p->description);
	action_read_text(r, map, "default", &p->fallback);
	action_read_flag(r, map, "required", &p->required);
	action_read_flag(r, map, "untrusted", &p->untrusted);
	action_read_count(r, map, "max_length", MAX_LENGTH_MOST, &max_length);
	p->max_length = (size_t)max_length;
	read_bounds(r, map, p);
	read_pattern(r, map, p);
	read_lists(r, map, p);
	check_secret(r, p);
	check_fallback(r, map, p);
}

void action_read_params(struct action_reading *r, const struct tree *map,
			struct action *a)
{
	const struct tree *t = action_member(map, "params");

	if (!t)
		return;
	if (t->kind != TREE_MAP) {
		action_fault(r, t->line, "params must be a map of names");
		return;
	}
	if (t->members.count > ACTION_MAX_PARAMS) {
		action_fault(r, t->line, "more than %d parameters",
			     ACTION_MAX_PARAMS);
		return;
	}
	a->params = mem_zero(t->members.count + 1, sizeof(*a->params));
	a->param_count = t->members.count;
	for (size_t i = 0; i < a->param_count; i++)
		read_param(r, t->members.entries[i].key.ptr,
			   t->members.entries[i].value, &a->params[i]);
}
