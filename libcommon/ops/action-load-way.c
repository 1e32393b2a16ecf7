/* action-load-way.c - the ways to do an action, with their checks. */
#include "action-internal.h"

#include <oncall/mem.h>

#define VARIANTS_MAX 32

static bool has_steps(const struct tree *map)
{
	return action_member(map, "command") || action_member(map, "http") ||
	       action_member(map, "steps") || action_member(map, "wait");
}

static void read_check(struct action_reading *r, const struct tree *checks,
		       const char *key, struct action *a,
		       struct action_check *ret)
{
	static const char *const keys[] = {ACTION_STEP_KEYS, "steps", "within",
					   "every", NULL};
	const struct tree *map = action_member(checks, key);

	if (!map)
		return;
	if (map->kind != TREE_MAP) {
		action_fault(r, map->line, "%s must be a map of keys", key);
		return;
	}
	action_read_keys(r, map, keys);
	action_read_steps(r, map, a, &ret->steps);
	ret->every_ms = ACTION_EVERY_MS;
	action_read_duration(r, map, "within", &ret->within_ms);
	action_read_duration(r, map, "every", &ret->every_ms);
	if (ret->every_ms < 1)
		action_fault(r, map->line, "every must be longer than that");
}

static void read_checks(struct action_reading *r, const struct tree *map,
			struct action *a, struct action_variant *v)
{
	static const char *const keys[] = {"before", "after", "settle", NULL};
	const struct tree *checks = action_member(map, "check");
	int64_t settle = 0;

	if (!checks)
		return;
	if (checks->kind != TREE_MAP) {
		action_fault(r, checks->line,
			     "check must be a map with before or after");
		return;
	}
	action_read_keys(r, checks, keys);
	read_check(r, checks, "before", a, &v->before);
	read_check(r, checks, "after", a, &v->after);
	action_read_duration(r, checks, "settle", &settle);
	if (settle > a->settle_ms)
		a->settle_ms = settle;
}

static void read_rollback(struct action_reading *r, const struct tree *map,
			  struct action *a, struct action_variant *v)
{
	static const char *const keys[] = {ACTION_STEP_KEYS, "steps", NULL};
	const struct tree *t = action_member(map, "rollback");

	if (!t)
		return;
	if (t->kind != TREE_MAP) {
		action_fault(r, t->line, "rollback must be a map of keys");
		return;
	}
	action_read_keys(r, t, keys);
	action_read_steps(r, t, a, &v->rollback);
}

/* ---- when ---- */

static const struct action_param *param_of(const struct action *a,
					   const char *name)
{
	for (size_t i = 0; i < a->param_count; i++)
		if (!strcmp(a->params[i].name, name))
			return &a->params[i];
	return NULL;
}

static void add_when(struct action_reading *r, const struct tree *t,
		     const struct action_param *p, struct action_variant *v,
		     size_t *count)
{
	AUTO_BUF struct buf used = BUF_INIT;
	struct err err = ERR_INIT;

	if (t->kind != TREE_SCALAR || !t->text) {
		action_fault(r, t->line,
			     "when: '%s' must be a text or a list of texts",
			     p->name);
		return;
	}
	if (p->type == ACTION_SECRET ||
	    action_value_check(p, slice_of(t->text), false, &used, &err) < 0) {
		action_fault(r, t->line, "when: '%s' can never be '%s'",
			     p->name, t->text);
		return;
	}
	v->when_params = mem_resize(v->when_params, *count + 2, sizeof(char *));
	v->when_params[(*count)++] =
		mem_printf("%s=%s", p->name, buf_str(&used));
	v->when_params[*count] = NULL;
}

static void read_when_params(struct action_reading *r, const struct tree *when,
			     const struct action *a, struct action_variant *v)
{
	const struct tree *map = action_member(when, "params");
	size_t count = 0;

	if (!map)
		return;
	if (map->kind != TREE_MAP) {
		action_fault(r, map->line,
			     "when: params must be a map of values");
		return;
	}
	for (size_t i = 0; i < map->members.count; i++) {
		const struct map_entry *e = &map->members.entries[i];
		const struct action_param *p = param_of(a, e->key.ptr);
		const struct tree *t = e->value;

		if (!p) {
			action_fault(r, t->line,
				     "when: '%s' is no parameter of %s",
				     e->key.ptr, a->id);
			continue;
		}
		if (t->kind != TREE_LIST)
			add_when(r, t, p, v, &count);
		for (size_t k = 0; t->kind == TREE_LIST && k < t->count; k++)
			add_when(r, t->items[k], p, v, &count);
	}
}

static void read_when(struct action_reading *r, const struct tree *map,
		      const struct action *a, struct action_variant *v)
{
	static const char *const keys[] = {"params", "file", "program", NULL};
	const struct tree *t = action_member(map, "when");

	if (!t)
		return;
	if (t->kind != TREE_MAP) {
		action_fault(r, t->line,
			     "when must be a map of params, file, program");
		return;
	}
	action_read_keys(r, t, keys);
	read_when_params(r, t, a, v);
	action_read_text(r, t, "program", &v->when_program);
	action_read_text(r, t, "file", &v->when_file);
	if (v->when_file)
		v->file_code = action_text_new(r, tree_get(t, "file")->line, a,
					       v->when_file, ACTION_IN_WHEN);
	if (v->when_file && *v->when_file != '/' && *v->when_file != '$')
		action_fault(r, tree_get(t, "file")->line,
			     "when: file must be an absolute path");
}

/* ---- ways ---- */

/* above: what stands beside "variants" counts for those that do not say it
 * themselves. */
static void read_way(struct action_reading *r, const struct tree *map,
		     const struct tree *above, struct action *a,
		     struct action_variant *v)
{
	v->line = map->line;
	action_read_text(r, map, "name", &v->name);
	read_when(r, map, a, v);
	if (has_steps(map))
		action_read_steps(r, map, a, &v->run);
	else
		action_fault(r, map->line,
			     "nothing to do: command, http or steps is "
			     "missing");
	read_checks(r, action_member(map, "check") ? map : above, a, v);
	read_rollback(r, action_member(map, "rollback") ? map : above, a, v);
}

static void read_variant(struct action_reading *r, const struct tree *t,
			 const struct tree *above, struct action *a, size_t at)
{
	static const char *const keys[] = {
		ACTION_STEP_KEYS, "name",     "when", "steps",
		"check",	  "rollback", NULL};
	struct action_variant *v = &a->variants[at];

	if (t->kind != TREE_MAP) {
		action_fault(r, t->line, "a variant must be a map of keys");
		return;
	}
	action_read_keys(r, t, keys);
	read_way(r, t, above, a, v);
	if (!v->name)
		action_fault(r, t->line, "a variant has no name");
}

void action_read_variants(struct action_reading *r, const struct tree *map,
			  struct action *a)
{
	const struct tree *list = action_member(map, "variants");
	bool good = list && list->kind == TREE_LIST && list->count &&
		    list->count <= VARIANTS_MAX;

	a->variant_count = good ? list->count : 1;
	a->variants = mem_zero(a->variant_count, sizeof(*a->variants));
	if (list && !good) {
		action_fault(r, list->line,
			     "variants must be a list of 1 to %d",
			     VARIANTS_MAX);
		return;
	}
	if (list && has_steps(map))
		action_fault(r, list->line,
			     "what is done stands in the variants, or beside "
			     "none");
	if (!list)
		read_way(r, map, map, a, &a->variants[0]);
	for (size_t i = 0; list && i < list->count; i++)
		read_variant(r, list->items[i], map, a, i);
}
