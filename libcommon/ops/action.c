/* action.c - all actions that are declared, by their ids. */
#include <oncall/action.h>
#include <oncall/cli.h>
#include <oncall/mem.h>
#include <oncall/pack.h>

#include "action-call-internal.h"

#define FILE_MAX_BYTES ((size_t)64 * 1024 * 1024)

struct action_set {
	struct action **items; /* by id */
	size_t count;
	const char **ids; /* of items, ended by NULL */
	const struct config *config;
	struct map *secrets; /* "ID.PARAM" to text, as they are asked for */
};

void action_set_free(struct action_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		action_free(set->items[i]);
	free(set->items);
	free((void *)set->ids);
	map_done(set->secrets, free);
	free(set->secrets);
	free(set);
}

static struct action_set *set_new(const struct config *c)
{
	struct action_set *set = mem_zero(1, sizeof(*set));

	set->config = c;
	set->secrets = mem_zero(1, sizeof(*set->secrets));
	return set;
}

static void add_action(struct action_set *set, struct action *a)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->items[i]->id, a->id)) {
			action_free(set->items[i]);
			set->items[i] = a;
			return;
		}
	set->items =
		mem_resize(set->items, set->count + 1, sizeof(struct action *));
	set->items[set->count++] = a;
}

static int add_text(struct action_set *set, struct slice text, const char *name,
		    struct err *err)
{
	struct action_reading r = {.name = name, .err = err};
	struct action_list list = {.items = NULL};

	action_read_file(&r, text, &list);
	if (!r.faults) {
		for (size_t i = 0; i < list.count; i++)
			add_action(set, list.items[i]);
		list.count = 0;
	}
	action_list_done(&list);
	return r.faults ? -1 : 0;
}

/* Of packs that are only looked through most have no actions, and are large. */
static int add_file(struct action_set *set, const char *path, bool asked_for,
		    struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(2 * FILE_MAX_BYTES);

	if (config_safe_read(path, FILE_MAX_BYTES, NULL, &text, err) < 0)
		return -1;
	if (!asked_for &&
	    (!text.len || !memmem(text.data, text.len, "actions", 7)))
		return 0;
	return add_text(set, buf_slice(&text), path, err);
}

static int add_packs(struct action_set *set, struct err *err)
{
	size_t count;
	AUTO_FREE char **paths = pack_files("actions", &count);
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		if (rc == 0)
			rc = add_file(set, paths[i], false, err);
		free(paths[i]);
	}
	return rc;
}

/* ---- configuration ---- */

static int set_fallback(struct action_set *set, struct action *a,
			const char *name, struct err *err)
{
	AUTO_FREE char *path = mem_printf("actions.%s.params.%s", a->id, name);
	const char *text = config_str(set->config, path);
	AUTO_BUF struct buf value = BUF_INIT;
	struct err why = ERR_INIT;

	for (size_t i = 0; text && i < a->param_count; i++) {
		struct action_param *p = &a->params[i];

		if (strcmp(p->name, name) != 0)
			continue;
		if (action_value_check(p, slice_of(text), false, &value, &why) <
			    0 ||
		    p->type == ACTION_SECRET)
			return err_set(err, ERR_USAGE, "%s: %s: %s",
				       config_origin(set->config, path), path,
				       p->type == ACTION_SECRET
					       ? "is a secret: it belongs "
						 "under secrets"
					       : why.text);
		free(p->fallback);
		p->fallback = mem_dup(text);
		return 0;
	}
	return err_set(err, ERR_USAGE, "%s: %s: %s has no such parameter",
		       config_origin(set->config, path), path, a->id);
}

static int configure(struct action_set *set, struct err *err)
{
	for (size_t i = 0; set->config && i < set->count; i++) {
		AUTO_FREE char *path =
			mem_printf("actions.%s.params", set->items[i]->id);
		const char *name;

		for (size_t k = 0; (name = config_item(set->config, path, k));
		     k++)
			if (set_fallback(set, set->items[i], name, err) < 0)
				return -1;
	}
	return 0;
}

int action_secret(const struct action_set *set, const struct action *a,
		  const char *param, const char **ret, struct err *err)
{
	AUTO_FREE char *path =
		mem_printf("actions.%s.secrets.%s", a->id, param);
	char *text = map_get(set->secrets, slice_of(path));

	*ret = NULL;
	if (!set->config)
		return 0;
	if (!text) {
		if (config_secret(set->config, path, &text, err) < 0)
			return -1;
		if (text)
			*map_put(set->secrets, slice_of(path)) = text;
	}
	*ret = text;
	return 0;
}

int action_configured(const struct action_set *set, const struct action *a,
		      const char *param, char **ret, struct err *err)
{
	const char *text = NULL;

	*ret = NULL;
	for (size_t i = 0; i < a->param_count; i++) {
		if (strcmp(a->params[i].name, param) != 0)
			continue;
		if (a->params[i].type != ACTION_SECRET)
			text = a->params[i].fallback;
		else if (action_secret(set, a, param, &text, err) < 0)
			return -1;
	}
	*ret = mem_dup(text);
	return 0;
}

/* ---- sets ---- */

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct action *const *)a)->id,
		      (*(struct action *const *)b)->id);
}

static void finish(struct action_set *set)
{
	if (set->count)
		qsort(set->items, set->count, sizeof(struct action *), by_id);
	set->ids = mem_zero(set->count + 1, sizeof(const char *));
	for (size_t i = 0; i < set->count; i++)
		set->ids[i] = set->items[i]->id;
}

int action_set_load(struct action_set **ret, const struct config *c,
		    const char *const *files, bool no_default, struct err *err)
{
	AUTO_ACTION_SET struct action_set *set = set_new(c);

	if (!no_default && add_packs(set, err) < 0)
		return -1;
	for (size_t i = 0; files && files[i]; i++)
		if (add_file(set, files[i], true, err) < 0)
			return -1;
	finish(set);
	if (configure(set, err) < 0)
		return -1;
	*ret = TAKE_PTR(set);
	return 0;
}

int action_set_read(struct action_set **ret, struct slice text,
		    const char *name, struct err *err)
{
	AUTO_ACTION_SET struct action_set *set = set_new(NULL);

	if (add_text(set, text, name, err) < 0)
		return -1;
	finish(set);
	*ret = TAKE_PTR(set);
	return 0;
}

const struct action *action_find(const struct action_set *set, const char *id)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, set->items[middle]->id);

		if (order == 0)
			return set->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct action *action_at(const struct action_set *set, size_t i)
{
	return i < set->count ? set->items[i] : NULL;
}

const char *action_nearest(const struct action_set *set, const char *id)
{
	return cli_nearest(id, set->ids);
}

const struct action *action_need(const struct action_set *set, const char *id,
				 enum err_kind kind, struct err *err)
{
	const struct action *a = action_find(set, id);
	const char *near = a ? NULL : action_nearest(set, id);

	if (!a)
		(void)err_set(err, kind,
			      "there is no action '%s'%s%s%s; oncall-act list "
			      "shows what there is",
			      id, near ? "; did you mean '" : "",
			      near ? near : "", near ? "'?" : "");
	return a;
}

size_t action_check_file(const char *path,
			 void (*found)(void *arg, const char *text, bool error),
			 void *arg)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(2 * FILE_MAX_BYTES);
	struct action_reading r = {.name = path, .found = found, .arg = arg};
	struct action_list list = {.items = NULL};
	struct err err = ERR_INIT;

	if (config_safe_read(path, FILE_MAX_BYTES, NULL, &text, &err) < 0) {
		found(arg, err.text, true);
		return 1;
	}
	action_read_file(&r, buf_slice(&text), &list);
	action_list_done(&list);
	return r.faults;
}
