/* knowledge-load.c - the "knowledge:" list of packs. */
#include "knowledge-internal.h"

#include <oncall/config.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/pack.h>

struct reading {
	struct knowledge *fresh;
	struct map ids; /* of fresh: index + 1 */
	const char *name, *pack;
};

/* Errors of what stands at that line; what is wrong in a pack is wrong
 * configuration. */
static int at(const struct reading *r, size_t line, struct err *err)
{
	err->kind = ERR_USAGE;
	return err_prefix(err, "%s:%zu", r->name, line);
}

static int wrong(const struct reading *r, const struct tree *t,
		 const char *name, const char *expected, struct err *err)
{
	return err_set(err, ERR_USAGE, "%s:%zu: %s must be %s", r->name,
		       t->line, name, expected);
}

/* A key that is not among names, with the nearest that is. */
static int check_keys(const struct reading *r, const struct tree *map,
		      const char *const *names, struct err *err)
{
	AUTO_BUF struct buf what = BUF_INIT;
	size_t at = 0, line = tree_unknown(map, names, &at, &what);

	return line ? err_set(err, ERR_USAGE, "%s:%zu: %s", r->name, line,
			      buf_str(&what))
		    : 0;
}

/* The member, or NULL when it is absent or empty. */
static const struct tree *get(const struct tree *map, const char *key)
{
	const struct tree *t = tree_get(map, key);

	return t && (t->kind != TREE_SCALAR || t->text) ? t : NULL;
}

static int read_text(const struct reading *r, const struct tree *map,
		     const char *key, char **member, struct err *err)
{
	const struct tree *t = get(map, key);

	if (!t)
		return 0;
	if (t->kind != TREE_SCALAR)
		return wrong(r, t, key, "text", err);
	return knowledge_take_text(member, key, t->text, err) < 0
		       ? at(r, t->line, err)
		       : 0;
}

static int take_item(const struct reading *r, const struct tree *t,
		     const char *key, struct knowledge_list *l, struct err *err)
{
	if (t->kind != TREE_SCALAR || !t->text)
		return wrong(r, t, key, "a list of texts", err);
	return knowledge_take_item(l, key, t->text, err) < 0
		       ? at(r, t->line, err)
		       : 0;
}

/* A list of texts, or one. */
static int read_list(const struct reading *r, const struct tree *map,
		     const char *key, struct knowledge_list *l, struct err *err)
{
	const struct tree *t = get(map, key);

	if (!t)
		return 0;
	if (t->kind == TREE_MAP)
		return wrong(r, t, key, "a text or a list", err);
	if (t->kind == TREE_SCALAR)
		return take_item(r, t, key, l, err);
	for (size_t i = 0; i < t->count; i++)
		if (take_item(r, t->items[i], key, l, err) < 0)
			return -1;
	return 0;
}

static int read_flag(const struct reading *r, const struct tree *map,
		     const char *key, bool *ret, struct err *err)
{
	const struct tree *t = get(map, key);

	if (!t)
		return 0;
	if (t->kind != TREE_SCALAR ||
	    (strcmp(t->text, "true") != 0 && strcmp(t->text, "false") != 0))
		return wrong(r, t, key, "true or false", err);
	*ret = *t->text == 't';
	return 0;
}

/* ---- trees to JSON ---- */

static bool is_number(const char *text)
{
	struct err ignored = ERR_INIT;

	return (*text == '-' || (*text >= '0' && *text <= '9')) &&
	       jscan_array(slice_of(text), NULL, NULL, &ignored) == 0;
}

static void add_scalar(struct buf *out, const char *key, const struct tree *t)
{
	if (!t->text)
		jwrite_raw(out, key, SLICE_LIT("null"));
	else if (!t->quoted &&
		 (!strcmp(t->text, "true") || !strcmp(t->text, "false") ||
		  is_number(t->text)))
		jwrite_raw(out, key, slice_of(t->text));
	else
		jwrite_str(out, key, t->text);
}

/* Not deeper than TREE_DEPTH_MAX. */
static void add_json(struct buf *out, const char *key, const struct tree *t)
{
	if (t->kind == TREE_SCALAR) {
		add_scalar(out, key, t);
	} else if (t->kind == TREE_LIST) {
		jwrite_open(out, key, '[');
		for (size_t i = 0; i < t->count; i++)
			add_json(out, NULL, t->items[i]);
		jwrite_close(out, ']');
	} else {
		jwrite_open(out, key, '{');
		for (size_t i = 0; i < t->members.count; i++)
			add_json(out, t->members.entries[i].key.ptr,
				 t->members.entries[i].value);
		jwrite_close(out, '}');
	}
}

static int read_object(const struct reading *r, const struct tree *map,
		       const char *key, char **member, struct err *err)
{
	const struct tree *t = get(map, key);
	AUTO_BUF struct buf json = BUF_INIT;

	if (!t)
		return 0;
	if (t->kind != TREE_MAP)
		return wrong(r, t, key, "a map", err);
	add_json(&json, NULL, t);
	return knowledge_take_text(member, key, buf_str(&json), err) < 0
		       ? at(r, t->line, err)
		       : 0;
}

/* ---- patterns and solutions ---- */

static int read_pattern(const struct reading *r, const struct tree *t,
			struct knowledge_entry *e, struct err *err)
{
	static const char *const keys[] = {"match", "except", "case_sensitive",
					   NULL};
	struct knowledge_pattern *p = knowledge_pattern_add(e, NULL, NULL);

	if (t->kind == TREE_SCALAR && t->text) {
		if (!knowledge_name_valid(t->text, KNOWLEDGE_MAX_TEXT))
			return wrong(r, t, "patterns",
				     "ids of patterns; an expression is "
				     "{match: ...}",
				     err);
		knowledge_set(&p->rule, t->text);
		return 0;
	}
	if (t->kind != TREE_MAP)
		return wrong(r, t, "patterns", "ids, or maps with match", err);
	if (check_keys(r, t, keys, err) < 0 ||
	    read_text(r, t, "match", &p->match, err) < 0 ||
	    read_list(r, t, "except", &p->except, err) < 0 ||
	    read_flag(r, t, "case_sensitive", &p->case_sensitive, err) < 0)
		return -1;
	return p->match ? 0
			: wrong(r, t, "patterns", "ids, or maps with match",
				err);
}

static int read_confidence(const struct reading *r, const struct tree *map,
			   struct knowledge_solution *s, struct err *err)
{
	const struct tree *t = get(map, "confidence");

	if (!t)
		return 0;
	if (t->kind != TREE_SCALAR)
		return wrong(r, t, "confidence", "a number from 0 to 1", err);
	return knowledge_take_share(&s->confidence, t->text, err) < 0
		       ? at(r, t->line, err)
		       : 0;
}

static int read_solution(const struct reading *r, const struct tree *t,
			 struct knowledge_entry *e, struct err *err)
{
	static const char *const keys[] = {"name", "action", "params",
					   "confidence", NULL};
	AUTO_FREE char *name = NULL;
	struct knowledge_solution *s;

	if (t->kind != TREE_MAP)
		return wrong(r, t, "solutions", "a list of maps", err);
	if (check_keys(r, t, keys, err) < 0 ||
	    read_text(r, t, "name", &name, err) < 0)
		return -1;
	if (!name)
		return err_set(err, ERR_USAGE, "%s:%zu: a solution has no name",
			       r->name, t->line);
	if (knowledge_solution_find(e, name))
		return err_set(err, ERR_USAGE,
			       "%s:%zu: the solution \"%s\" stands twice",
			       r->name, t->line, name);
	s = knowledge_solution_add(e, name);
	if (read_text(r, t, "action", &s->action, err) < 0 ||
	    read_object(r, t, "params", &s->params, err) < 0)
		return -1;
	return read_confidence(r, t, s, err);
}

static int read_maps(const struct reading *r, const struct tree *map,
		     const struct knowledge_field *f, struct knowledge_entry *e,
		     struct err *err)
{
	const struct tree *t = get(map, f->name);

	if (!t)
		return 0;
	if (t->kind != TREE_LIST)
		return wrong(r, t, f->name, "a list", err);
	if (t->count > KNOWLEDGE_MAX_ITEMS)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: %s has more than %d items", r->name,
			       t->line, f->name, KNOWLEDGE_MAX_ITEMS);
	for (size_t i = 0; i < t->count; i++)
		if ((f->kind == KNOWLEDGE_PATTERNS
			     ? read_pattern(r, t->items[i], e, err)
			     : read_solution(r, t->items[i], e, err)) < 0)
			return -1;
	return 0;
}

/* ---- entries ---- */

static int read_status(const struct reading *r, const struct tree *map,
		       struct knowledge_entry *e, struct err *err)
{
	const struct tree *t = get(map, "status");

	if (!t)
		return 0;
	return knowledge_take_status(e, slice_of(t->text), err) < 0
		       ? at(r, t->line, err)
		       : 0;
}

static int read_field(const struct reading *r, const struct tree *map,
		      const struct knowledge_field *f,
		      struct knowledge_entry *e, struct err *err)
{
	switch (f->kind) {
	case KNOWLEDGE_TEXT:
		return read_text(r, map, f->name, knowledge_text(e, f), err);
	case KNOWLEDGE_LIST:
		return read_list(r, map, f->name, knowledge_list_of(e, f), err);
	case KNOWLEDGE_STATUS:
		return read_status(r, map, e, err);
	case KNOWLEDGE_PATTERNS:
	case KNOWLEDGE_SOLUTIONS:
		return read_maps(r, map, f, e, err);
	}
	return 0;
}

static int check_entry_keys(const struct reading *r, const struct tree *map,
			    struct err *err)
{
	const char *keys[32] = {"more"};
	size_t count = 1;

	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		keys[count++] = f->name;
	return check_keys(r, map, keys, err);
}

/* The id must stand there, for it is what users refer to. */
static int finish_entry(struct reading *r, const struct tree *map,
			struct knowledge_entry *e, struct err *err)
{
	void **place;

	if (!e->id)
		return err_set(err, ERR_USAGE, "%s:%zu: an entry has no id",
			       r->name, map->line);
	if (knowledge_take_end(e, err) < 0)
		return at(r, map->line, err);
	place = map_put(&r->ids, slice_of(e->id));
	if (*place)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: entry \"%s\" stands twice (first at "
			       "line %zu)",
			       r->name, map->line, e->id,
			       r->fresh->entries[(uintptr_t)*place - 1].line);
	if (!e->origin)
		e->origin = mem_printf("pack:%s", r->pack);
	e->file = mem_dup(r->name);
	e->line = map->line;
	knowledge_add(r->fresh, e);
	*place = (void *)(uintptr_t)r->fresh->count;
	return 0;
}

static int read_entry(struct reading *r, const struct tree *map,
		      struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};

	if (map->kind != TREE_MAP)
		return wrong(r, map, "an entry", "a map of keys", err);
	if (check_entry_keys(r, map, err) < 0)
		return -1;
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		if (read_field(r, map, f, &e, err) < 0)
			return -1;
	if (read_object(r, map, "more", &e.more, err) < 0)
		return -1;
	return finish_entry(r, map, &e, err);
}

static int read_pack(struct reading *r, const struct tree *root,
		     struct err *err)
{
	const struct tree *pack = get(root, "pack");
	const struct tree *list = get(root, "knowledge");

	if (root->kind != TREE_MAP)
		return wrong(r, root, "a pack", "a map of keys", err);
	if (check_keys(r, root, pack_keys, err) < 0)
		return -1;
	if (pack && pack->kind != TREE_SCALAR)
		return wrong(r, pack, "pack", "text", err);
	if (pack)
		r->pack = pack->text;
	if (list && list->kind != TREE_LIST)
		return wrong(r, list, "knowledge", "a list", err);
	for (size_t i = 0; list && i < list->count; i++)
		if (read_entry(r, list->items[i], err) < 0)
			return -1;
	return 0;
}

int knowledge_load_text(struct knowledge *k, struct slice text,
			const char *name, struct err *err)
{
	AUTO_KNOWLEDGE struct knowledge fresh = {.entries = NULL};
	AUTO_TREE struct tree *root = NULL;
	struct reading r = {.fresh = &fresh, .name = name, .pack = name};
	int rc;

	if (tree_parse(&root, name, text, err) < 0)
		return -1;
	rc = root ? read_pack(&r, root, err) : 0;
	map_done(&r.ids, NULL);
	for (size_t i = 0; rc == 0 && i < fresh.count; i++)
		knowledge_add(k, &fresh.entries[i]);
	return rc;
}

int knowledge_load(struct knowledge *k, const char *path, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(2 * PACK_MAX_BYTES);

	if (config_safe_read(path, PACK_MAX_BYTES, NULL, &text, err) < 0)
		return -1;
	return knowledge_load_text(k, buf_slice(&text), path, err);
}
