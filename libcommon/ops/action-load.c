/* action-load.c - the "actions:" list of packs. */
#include "action-internal.h"

#include <stdlib.h>

#include <oncall/cli.h>
#include <oncall/mem.h>
#include <oncall/pack.h>

#define ID_LONGEST   100
#define COUNT_MOST   1000000
#define RETRIES_MOST 20

const char *const action_radius_names[] = {[RADIUS_PROCESS] = "process",
					   [RADIUS_HOST] = "host",
					   [RADIUS_SERVICE] = "service",
					   [RADIUS_CLUSTER] = "cluster",
					   [RADIUS_CLUSTER + 1] = NULL};
const char *const action_risk_names[] = {[ACTION_RISK_LOW] = "low",
					 [ACTION_RISK_MEDIUM] = "medium",
					 [ACTION_RISK_HIGH] = "high",
					 [ACTION_RISK_HIGH + 1] = NULL};

static const char *const action_keys[] = {"id",
					  "description",
					  "needs",
					  "params",
					  "variants",
					  "steps",
					  "env",
					  "dir",
					  "timeout",
					  "grace",
					  "run_as",
					  "resources",
					  "check",
					  "rollback",
					  "target",
					  "risk",
					  "blast_radius",
					  "reversible",
					  "retries",
					  "idempotent",
					  "approvers",
					  "limits",
					  ACTION_STEP_KEYS,
					  NULL};

/* ---- release ---- */

void action_list_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static void texts_free(struct action_text **texts)
{
	for (size_t i = 0; texts && texts[i]; i++)
		action_text_free(texts[i]);
	free(texts);
}

static void step_done(struct action_step *s)
{
	action_list_free(s->argv);
	action_list_free(s->headers);
	free(s->input);
	free(s->method);
	free(s->url);
	free(s->body);
	free(s->expect);
	if (!s->code)
		return;
	texts_free(s->code->argv);
	texts_free(s->code->headers);
	action_text_free(s->code->input);
	action_text_free(s->code->url);
	action_text_free(s->code->body);
	action_text_free(s->code->expect);
	free(s->code);
}

void action_steps_done(struct action_steps *s)
{
	for (size_t i = 0; i < s->count; i++)
		step_done(&s->items[i]);
	free(s->items);
	*s = (struct action_steps){.items = NULL};
}

static void variant_done(struct action_variant *v)
{
	free(v->name);
	action_list_free(v->when_params);
	free(v->when_file);
	free(v->when_program);
	action_steps_done(&v->run);
	action_steps_done(&v->rollback);
	action_steps_done(&v->before.steps);
	action_steps_done(&v->after.steps);
	action_text_free(v->file_code);
}

static void param_done(struct action_param *p)
{
	free(p->name);
	free(p->description);
	free(p->pattern);
	free(p->fallback);
	action_list_free(p->choices);
	action_list_free(p->under);
	action_re_free(p->re);
}

void action_free(struct action *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->param_count; i++)
		param_done(&a->params[i]);
	for (size_t i = 0; i < a->variant_count; i++)
		variant_done(&a->variants[i]);
	free(a->params);
	free(a->variants);
	free(a->id);
	free(a->description);
	free(a->needs);
	free(a->pack);
	free(a->file);
	action_list_free(a->env);
	free(a->dir);
	free(a->run_as);
	free(a->target);
	action_list_free(a->approvers);
	free(a->pack_dir);
	action_text_free(a->target_code);
	texts_free(a->env_code);
	free(a);
}

void action_list_done(struct action_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		action_free(l->items[i]);
	free(l->items);
}

/* ---- reading ---- */

static size_t line_of(const struct tree *map, const char *key)
{
	const struct tree *t = tree_get(map, key);

	return t ? t->line : map->line;
}

static bool is_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n && !s[n] && n <= ID_LONGEST && *s != '-';
}

/* Variables that make programs load or run something else. */
static bool is_dangerous(const char *name, size_t n)
{
	static const char *const names[] = {"PATH",	"IFS", "ENV",
					    "BASH_ENV", "PS4", "SHELLOPTS"};

	if (n > 3 && !memcmp(name, "LD_", 3))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && !memcmp(names[i], name, n))
			return true;
	return false;
}

static void check_variable(struct action_reading *r, size_t line,
			   const char *pair)
{
	size_t n = strcspn(pair, "=");
	size_t good = strspn(pair, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (!n || good != n || (*pair >= '0' && *pair <= '9'))
		action_fault(r, line, "env: '%.*s' cannot name a variable",
			     (int)n, pair);
	else if (is_dangerous(pair, n) && strstr(pair + n, "${"))
		action_fault(r, line,
			     "env: %.*s decides what is run, so that no value "
			     "may be filled into it",
			     (int)n, pair);
}

static void read_env(struct action_reading *r, const struct tree *map,
		     struct action *a)
{
	size_t line = line_of(map, "env"), n = 0;

	action_read_pairs(r, map, "env", "=", &a->env);
	while (a->env && a->env[n])
		n++;
	a->env_code = mem_zero(n + 1, sizeof(struct action_text *));
	for (size_t i = 0, used = 0; i < n; i++) {
		check_variable(r, line, a->env[i]);
		a->env_code[used] =
			action_text_new(r, line, a, a->env[i], ACTION_IN_ENV);
		used += a->env_code[used] != NULL;
	}
}

/* It is the same in all calls, so it is no template, but for ${pack_dir}. */
static void read_dir(struct action_reading *r, const struct tree *map,
		     struct action *a)
{
	static const char own[] = "${pack_dir}";
	AUTO_FREE char *text = NULL;
	bool is_own;

	action_read_text(r, map, "dir", &text);
	if (!text)
		return;
	is_own = !strncmp(text, own, sizeof(own) - 1);
	if (is_own)
		a->dir =
			mem_printf("%s%s", a->pack_dir, text + sizeof(own) - 1);
	else
		a->dir = TAKE_PTR(text);
	if (*a->dir != '/' || strstr(a->dir, "${"))
		action_fault(r, line_of(map, "dir"),
			     "dir must be an absolute path, without values of "
			     "parameters");
}

static void read_size(struct action_reading *r, const struct tree *map,
		      const char *key, uint64_t *ret)
{
	AUTO_FREE char *text = NULL;

	action_read_text(r, map, key, &text);
	if (text && !action_parse_size(text, ret))
		action_fault(r, line_of(map, key),
			     "%s must be a size, for example 512M", key);
}

static void read_resources(struct action_reading *r, const struct tree *map,
			   struct action *a)
{
	static const char *const keys[] = {"cpu", "memory", "files",
					   "open_files", NULL};
	const struct tree *t = action_member(map, "resources");
	int64_t cpu = 0, open_files = 0;

	if (!t)
		return;
	if (t->kind != TREE_MAP) {
		action_fault(r, t->line, "resources must be a map of limits");
		return;
	}
	action_read_keys(r, t, keys);
	action_read_duration(r, t, "cpu", &cpu);
	action_read_count(r, t, "open_files", COUNT_MOST, &open_files);
	read_size(r, t, "memory", &a->memory_bytes);
	read_size(r, t, "files", &a->file_bytes);
	a->cpu_seconds = (uint64_t)(cpu + 999) / 1000;
	a->open_files = (uint64_t)open_files;
}

static void read_limits(struct action_reading *r, const struct tree *map,
			struct action *a)
{
	static const char *const keys[] = {"per_hour", "per_target",
					   "concurrency", "cool_down", NULL};
	const struct tree *t = action_member(map, "limits");

	if (!t)
		return;
	if (t->kind != TREE_MAP) {
		action_fault(r, t->line, "limits must be a map of limits");
		return;
	}
	action_read_keys(r, t, keys);
	action_read_count(r, t, "per_hour", COUNT_MOST, &a->per_hour);
	action_read_count(r, t, "per_target", COUNT_MOST, &a->per_target_hour);
	action_read_count(r, t, "concurrency", COUNT_MOST, &a->concurrency);
	action_read_duration(r, t, "cool_down", &a->cool_down_ms);
}

/* What is not said is the worst. */
static void read_risk(struct action_reading *r, const struct tree *map,
		      struct action *a)
{
	int risk = ACTION_RISK_HIGH, radius = RADIUS_CLUSTER;

	action_read_choice(r, map, "risk", action_risk_names, &risk);
	action_read_choice(r, map, "blast_radius", action_radius_names,
			   &radius);
	a->risk = (enum action_risk)risk;
	a->radius = (enum action_radius)radius;
	if (!action_member(map, "risk"))
		action_remark(r, a->line, "%s says no risk: it counts as high",
			      a->id);
	if (!action_member(map, "blast_radius"))
		action_remark(r, a->line,
			      "%s says no blast_radius: it counts as cluster",
			      a->id);
	action_read_flag(r, map, "reversible", &a->reversible);
	action_read_flag(r, map, "idempotent", &a->idempotent);
	action_read_count(r, map, "retries", RETRIES_MOST, &a->retries);
}

static void read_rest(struct action_reading *r, const struct tree *map,
		      struct action *a)
{
	action_read_text(r, map, "description", &a->description);
	action_read_text(r, map, "needs", &a->needs);
	action_read_text(r, map, "run_as", &a->run_as);
	action_read_list(r, map, "approvers", &a->approvers);
	action_read_text(r, map, "target", &a->target);
	if (a->target)
		a->target_code = action_text_new(r, line_of(map, "target"), a,
						 a->target, ACTION_IN_TARGET);
	a->timeout_ms = ACTION_TIMEOUT_MS;
	action_read_duration(r, map, "timeout", &a->timeout_ms);
	action_read_duration(r, map, "grace", &a->grace_ms);
	if (a->timeout_ms < 1)
		action_fault(r, line_of(map, "timeout"),
			     "timeout must be longer than that");
	read_env(r, map, a);
	read_dir(r, map, a);
	read_resources(r, map, a);
	read_limits(r, map, a);
	read_risk(r, map, a);
}

struct action *action_read(struct action_reading *r, const struct tree *map)
{
	struct action *a;

	if (map->kind != TREE_MAP) {
		action_fault(r, map->line, "an action must be a map of keys");
		return NULL;
	}
	a = mem_zero(1, sizeof(*a));
	a->line = map->line;
	a->file = mem_dup(r->name);
	a->pack = mem_dup(r->pack);
	a->pack_dir = mem_dup(r->dir);
	action_read_text(r, map, "id", &a->id);
	if (!a->id || !is_id(a->id)) {
		action_fault(r, map->line,
			     a->id ? "'%s' cannot be an id: small letters, "
				     "digits, '_' and '-'"
				   : "an action has no id%s",
			     a->id ? a->id : "");
		action_free(a);
		return NULL;
	}
	action_read_keys(r, map, action_keys);
	action_read_params(r, map, a);
	action_read_variants(r, map, a);
	read_rest(r, map, a);
	return a;
}

/* ---- files ---- */

static char *dir_of(const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;

	if (!slash)
		return mem_dup("/");
	return mem_dup_bytes(real, slash == real ? 1 : (size_t)(slash - real));
}

static void add_action(struct action_reading *r, const struct tree *t,
		       struct action_list *l)
{
	size_t faults = r->faults;
	struct action *a = action_read(r, t);

	if (!a)
		return;
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i]->id, a->id))
			action_fault(r, a->line,
				     "action \"%s\" stands twice (first at "
				     "line %zu)",
				     a->id, l->items[i]->line);
	if (r->found && r->faults == faults)
		action_judge(r, a);
	l->items = mem_resize(l->items, l->count + 1, sizeof(struct action *));
	l->items[l->count++] = a;
}

static void read_root(struct action_reading *r, const struct tree *root,
		      struct action_list *ret)
{
	const struct tree *list = action_member(root, "actions");

	if (root->kind != TREE_MAP) {
		action_fault(r, root->line, "a pack is a map of keys");
		return;
	}
	action_read_keys(r, root, pack_keys);
	action_read_text(r, root, "pack", &r->pack);
	if (list && list->kind != TREE_LIST) {
		action_fault(r, list->line, "actions must be a list");
		return;
	}
	for (size_t i = 0; list && i < list->count; i++)
		add_action(r, list->items[i], ret);
}

void action_read_file(struct action_reading *r, struct slice text,
		      struct action_list *ret)
{
	AUTO_TREE struct tree *root = NULL;
	struct err err = ERR_INIT;

	r->dir = dir_of(r->name);
	if (tree_parse(&root, r->name, text, &err) < 0) {
		r->faults++;
		if (r->err)
			(void)err_set(r->err, err.kind, "%s", err.text);
		if (r->found)
			r->found(r->arg, err.text, true);
	} else if (root) {
		read_root(r, root, ret);
	}
	free(r->dir);
	free(r->pack);
	r->dir = r->pack = NULL;
}
