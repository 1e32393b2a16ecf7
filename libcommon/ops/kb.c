/* kb.c - the knowledge base: entries of packs, and of the store above them. */
#include <oncall/kb.h>

#include <oncall/cli.h>
#include <oncall/counter.h>
#include <oncall/mem.h>
#include <oncall/pack.h>

#include "kb-internal.h"

struct kb *kb_new(const struct kb_options *o)
{
	struct kb *kb = mem_zero(1, sizeof(*kb));

	kb->o = *o;
	return kb;
}

void kb_free(struct kb *kb)
{
	if (!kb)
		return;
	knowledge_free_all(&kb->packs);
	while (kb->files.count)
		(void)knowledge_list_remove(&kb->files, kb->files.items[0]);
	free(kb->files.items);
	free(kb);
}

struct store *kb_store(const struct kb *kb)
{
	return kb->o.store;
}

int kb_needs_store(const struct kb *kb, struct err *err)
{
	if (kb->o.store)
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "there is no store; create it with: oncall init");
}

/* ---- packs ---- */

int kb_pack_files(struct kb *kb, const struct knowledge_list **ret,
		  struct err *err)
{
	(void)err;
	*ret = &kb->files;
	if (kb->files_found)
		return 0;
	kb->files_found = true;
	if (!kb->o.no_default_packs) {
		size_t count;
		AUTO_FREE char **paths = pack_files("knowledge", &count);

		for (size_t i = 0; i < count; i++) {
			(void)knowledge_list_add(&kb->files, paths[i]);
			free(paths[i]);
		}
	}
	for (size_t i = 0; i < kb->o.pack_count; i++)
		(void)knowledge_list_add(&kb->files, kb->o.packs[i]);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct knowledge_entry *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Of several with one id the last counts, so that a user's own pack can change
 * what is shipped. */
static void take_last(struct knowledge *to, struct knowledge *from)
{
	struct map last = MAP_INIT;

	for (size_t i = 0; i < from->count; i++)
		*map_put(&last, slice_of(from->entries[i].id)) =
			&from->entries[i];
	for (size_t i = 0; i < from->count; i++)
		if (map_get(&last, slice_of(from->entries[i].id)) ==
		    &from->entries[i])
			knowledge_add(to, &from->entries[i]);
	map_done(&last, NULL);
	if (to->count)
		qsort(to->entries, to->count, sizeof(*to->entries), by_id);
}

int kb_packs(struct kb *kb, const struct knowledge **ret, struct err *err)
{
	AUTO_KNOWLEDGE struct knowledge all = {.count = 0};
	const struct knowledge_list *files;

	*ret = &kb->packs;
	if (kb->packs_read)
		return 0;
	if (kb_pack_files(kb, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files->count; i++)
		if (knowledge_load(&all, files->items[i], err) < 0)
			return -1;
	take_last(&kb->packs, &all);
	kb->packs_read = true;
	return 0;
}

int kb_pack_entry(struct kb *kb, const char *id,
		  const struct knowledge_entry **ret, struct err *err)
{
	struct knowledge_entry key = {.id = NULL};
	const struct knowledge *packs;

	*ret = NULL;
	if (kb_packs(kb, &packs, err) < 0)
		return -1;
	key.id = mem_dup(id);
	if (packs->count)
		*ret = bsearch(&key, packs->entries, packs->count,
			       sizeof(*packs->entries), by_id);
	free(key.id);
	return 0;
}

/* ---- reading ---- */

/* 1, 0 when the store says nothing of it, and *ret_state says what. */
static int from_store(struct kb *kb, const char *id,
		      struct knowledge_entry *ret, int64_t *ret_state,
		      struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	*ret_state = KB_STATE_UNSAID;
	if (!kb->o.store)
		return 0;
	rows = STORE_ASK(kb->o.store, err,
			 "SELECT state, record FROM entries WHERE id = $1",
			 S_TEXT(id));
	if (!rows)
		return -1;
	got = store_next(rows, err);
	if (got <= 0)
		return got;
	*ret_state = store_int(rows, 0);
	if (*ret_state != KB_STATE_THERE)
		return 0;
	return knowledge_read(ret, store_text(rows, 1), err) < 0 ? -1 : 1;
}

int kb_find(struct kb *kb, const char *id, struct knowledge_entry *ret,
	    struct err *err)
{
	const struct knowledge_entry *packed;
	int64_t state;
	int got = from_store(kb, id, ret, &state, err);

	if (got != 0 || state == KB_STATE_HIDDEN)
		return got;
	if (kb_pack_entry(kb, id, &packed, err) < 0)
		return -1;
	if (!packed)
		return 0;
	knowledge_copy(ret, packed);
	return 1;
}

struct ids {
	char **list;
	size_t count, cap;
};

static int note_id(void *arg, const struct knowledge_entry *e, struct err *err)
{
	struct ids *ids = arg;

	(void)err;
	if (ids->count + 1 >= ids->cap) {
		ids->cap = ids->cap ? 2 * ids->cap : 64;
		ids->list = mem_resize(ids->list, ids->cap, sizeof(*ids->list));
	}
	ids->list[ids->count++] = mem_dup(e->id);
	ids->list[ids->count] = NULL;
	return 0;
}

int kb_no_such(struct kb *kb, const char *id, struct err *err)
{
	struct ids ids = {.count = 0};
	const char *near = NULL;
	int rc = kb_each(kb, note_id, &ids, err);

	if (rc == 0) {
		near = ids.count
			       ? cli_nearest(id, (const char *const *)ids.list)
			       : NULL;
		(void)err_set(err, ERR_NO, "no entry '%s'%s%s%s", id,
			      near ? "; did you mean '" : "", near ? near : "",
			      near ? "'?" : "");
	}
	for (size_t i = 0; i < ids.count; i++)
		free(ids.list[i]);
	free(ids.list);
	return -1;
}

int kb_load(struct kb *kb, const char *id, struct knowledge_entry *ret,
	    struct err *err)
{
	int got = kb_find(kb, id, ret, err);

	if (got)
		return got < 0 ? -1 : 0;
	return kb_no_such(kb, id, err);
}

/* ---- all of them ---- */

struct kb_walk {
	struct kb *kb;
	const struct knowledge *packs;
	size_t at;
	struct map said; /* ids of packs of which the store says something */
	struct store_rows *rows;
};

static int note_said(struct kb_walk *w, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	const struct knowledge_entry *packed;
	int got;

	if (!w->packs->count)
		return 0;
	rows = STORE_ASK(w->kb->o.store, err,
			 "SELECT id FROM entries WHERE state <> $1",
			 S_INT(KB_STATE_UNSAID));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		AUTO_BUF struct buf id = BUF_INIT;

		buf_add_slice(&id, store_text(rows, 0));
		if (kb_pack_entry(w->kb, buf_str(&id), &packed, err) < 0)
			return -1;
		if (packed)
			*map_put(&w->said, buf_slice(&id)) = w;
	}
	return got;
}

int kb_walk_new(struct kb_walk **ret, struct kb *kb, struct err *err)
{
	struct kb_walk *w = mem_zero(1, sizeof(*w));

	w->kb = kb;
	*ret = w;
	if (kb_packs(kb, &w->packs, err) < 0)
		return -1;
	if (!kb->o.store)
		return 0;
	if (note_said(w, err) < 0)
		return -1;
	w->rows = STORE_ASK(kb->o.store, err,
			    "SELECT record FROM entries WHERE state = $1 "
			    "ORDER BY id",
			    S_INT(KB_STATE_THERE));
	return w->rows ? 0 : -1;
}

int kb_walk_next(struct kb_walk *w, struct knowledge_entry *ret,
		 struct err *err)
{
	int got;

	while (w->at < w->packs->count) {
		const struct knowledge_entry *e = &w->packs->entries[w->at++];

		if (map_get(&w->said, slice_of(e->id)))
			continue;
		knowledge_copy(ret, e);
		return 1;
	}
	if (!w->rows)
		return 0;
	got = store_next(w->rows, err);
	if (got <= 0)
		return got;
	return knowledge_read(ret, store_text(w->rows, 0), err) < 0 ? -1 : 1;
}

void kb_walk_free(struct kb_walk *w)
{
	if (!w)
		return;
	store_rows_free(w->rows);
	map_done(&w->said, NULL);
	free(w);
}

int kb_each(struct kb *kb,
	    int (*each)(void *arg, const struct knowledge_entry *e,
			struct err *err),
	    void *arg, struct err *err)
{
	AUTO_KNOWLEDGE struct knowledge all = {.count = 0};
	struct knowledge_entry e = {.id = NULL};
	struct kb_walk *w;
	int got = kb_walk_new(&w, kb, err) < 0 ? -1 : 1;

	while (got > 0 && (got = kb_walk_next(w, &e, err)) > 0) {
		knowledge_add(&all, &e);
		e = (struct knowledge_entry){.id = NULL};
	}
	kb_walk_free(w);
	knowledge_done(&e);
	if (all.count)
		qsort(all.entries, all.count, sizeof(*all.entries), by_id);
	for (size_t i = 0; i < all.count && got == 0; i++)
		got = each(arg, &all.entries[i], err);
	return got;
}

int kb_version(struct kb *kb, int64_t *ret, struct err *err)
{
	*ret = 0;
	if (!kb->o.store)
		return 0;
	return counter_get(kb->o.store, KB_COUNTER, ret, err);
}

/* What counts of the id now is asked anew: a pack's entry may be back. */
int kb_changes(struct kb *kb, int64_t after,
	       int (*each)(void *arg, const char *id,
			   const struct knowledge_entry *e, struct err *err),
	       void *arg, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got = 0;

	if (!kb->o.store)
		return 0;
	rows = STORE_ASK(kb->o.store, err,
			 "SELECT id FROM entries WHERE changed > $1 "
			 "ORDER BY changed, id",
			 S_INT(after));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
		AUTO_BUF struct buf id = BUF_INIT;
		int found;

		buf_add_slice(&id, store_text(rows, 0));
		found = kb_find(kb, buf_str(&id), &e, err);
		if (found < 0)
			return -1;
		found = each(arg, buf_str(&id), found ? &e : NULL, err);
		if (found)
			return found;
	}
	return got;
}
