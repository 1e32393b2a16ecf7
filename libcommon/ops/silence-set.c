/*
 * silence-set.c - many silences. Each is filed under the values of one field
 * that it asks for, so that an incident meets only those that ask for what it
 * has; the rest is looked at one by one.
 */
#include "silence-internal.h"

#include <oncall/map.h>
#include <oncall/mem.h>

struct list {
	size_t *items;
	size_t count, cap;
};

struct silence_set {
	struct silence *items;
	size_t count, cap;
	struct map fields;   /* that something is filed under */
	struct map by_value; /* "field\0value" to struct list */
	struct list rest;
};

static void list_add(struct list *l, size_t item)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 4;
		l->items = mem_resize(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->count++] = item;
}

static void free_list(void *p)
{
	struct list *l = p;

	free(l->items);
	free(l);
}

void silence_set_free(struct silence_set *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->count; i++)
		silence_done(&all->items[i]);
	free(all->items);
	map_done(&all->fields, NULL);
	map_done(&all->by_value, free_list);
	free(all->rest.items);
	free(all);
}

struct silence *silence_set_at(const struct silence_set *all, size_t i)
{
	return i < all->count ? &all->items[i] : NULL;
}

/* ---- filing ---- */

static void make_key(struct buf *key, const char *field, struct slice value)
{
	buf_reset(key);
	buf_add(key, field, strlen(field) + 1);
	buf_add_slice(key, value);
}

static void file_under(struct silence_set *all, const char *field,
		       struct slice value, size_t item)
{
	AUTO_BUF struct buf key = BUF_INIT;
	void **place;

	make_key(&key, field, value);
	*map_put(&all->fields, slice_of(field)) = all;
	place = map_put(&all->by_value, buf_slice(&key));
	if (!*place)
		*place = mem_zero(1, sizeof(struct list));
	list_add(*place, item);
}

/* The fields that it asks for, marked where a value is more than a text that
 * the incident must have. Tags are several. */
static int note_field(void *arg, const char *field, const char *value,
		      struct err *err)
{
	void **mark = map_put(arg, slice_of(field));
	size_t n = strlen(value);

	(void)err;
	if (*value == '!' || !strcmp(field, "tags") ||
	    (n > 2 && value[0] == '/' && value[n - 1] == '/'))
		*mark = arg;
	return 0;
}

struct filing {
	struct silence_set *all;
	const char *field;
	size_t item;
};

static int file_value(void *arg, const char *field, const char *value,
		      struct err *err)
{
	const struct filing *f = arg;

	(void)err;
	if (!strcmp(field, f->field))
		file_under(f->all, field, slice_of(value), f->item);
	return 0;
}

static bool file_by_value(struct silence_set *all, const struct silence *s,
			  size_t item)
{
	struct map fields = MAP_INIT;
	struct err ignored = ERR_INIT;
	struct filing f = {.all = all, .item = item};

	if (silence_values(s, note_field, &fields, &ignored) == 0)
		for (size_t i = 0; i < fields.count && !f.field; i++)
			if (!fields.entries[i].value)
				f.field = fields.entries[i].key.ptr;
	if (f.field)
		(void)!silence_values(s, file_value, &f, &ignored);
	map_done(&fields, NULL);
	return f.field != NULL;
}

static void file_away(struct silence_set *all, size_t item)
{
	const struct silence *s = &all->items[item];
	char id[INCIDENT_ID];

	for (size_t i = 0; i < s->incident_count; i++) {
		incident_id(id, s->incidents[i]);
		file_under(all, "id", slice_of(id), item);
	}
	if (!s->incidents && !file_by_value(all, s, item))
		list_add(&all->rest, item);
}

/* ---- reading ---- */

#define SELECT "SELECT " SILENCE_COLUMNS "FROM silences "

static struct store_rows *ask(struct store *s, enum silence_set_which which,
			      int64_t then, struct err *err)
{
	switch (which) {
	case SILENCE_SET_LIVE:
		return store_ask(s, err,
				 SELECT "WHERE ended IS NULL ORDER BY id", NULL,
				 0);
	case SILENCE_SET_ALL:
		return store_ask(s, err, SELECT "ORDER BY id", NULL, 0);
	case SILENCE_SET_THEN:
		break;
	}
	return STORE_ASK(s, err,
			 SELECT "WHERE made <= $1 AND starts <= $1 "
				"AND (ended IS NULL OR ended > $1) "
				"AND (ends IS NULL OR ends > $1) ORDER BY id",
			 S_INT(then));
}

int silence_set_load(struct silence_set **ret, struct store *s,
		     enum silence_set_which which, int64_t then,
		     struct err *err)
{
	AUTO_SILENCE_SET struct silence_set *all = mem_zero(1, sizeof(*all));
	AUTO_ROWS struct store_rows *rows = ask(s, which, then, err);
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		if (all->count == all->cap) {
			all->cap = all->cap ? all->cap * 2 : 16;
			all->items = mem_resize(all->items, all->cap,
						sizeof(*all->items));
		}
		silence_from_row(&all->items[all->count], rows);
		file_away(all, all->count++);
	}
	if (got < 0)
		return -1;
	*ret = TAKE_PTR(all);
	return 0;
}

/* ---- asking ---- */

static const struct list *filed_under(const struct silence_set *all,
				      const char *field, struct slice value)
{
	AUTO_BUF struct buf key = BUF_INIT;

	make_key(&key, field, value);
	return map_get(&all->by_value, buf_slice(&key));
}

void silence_set_each(struct silence_set *all, struct incident_match *m,
		      const struct incident *inc,
		      void (*each)(void *arg, struct silence *s), void *arg)
{
	for (size_t i = 0; i <= all->fields.count; i++) {
		const struct list *l = &all->rest;

		if (i < all->fields.count) {
			const char *field = all->fields.entries[i].key.ptr;

			l = filed_under(all, field,
					incident_match_value(m, field));
		}
		for (size_t j = 0; l && j < l->count; j++) {
			struct silence *s = &all->items[l->items[j]];

			if (silence_covers(s, m, inc))
				each(arg, s);
		}
	}
}

struct silence *silence_set_naming(const struct silence_set *all,
				   int64_t incident, size_t *at)
{
	const struct list *l;
	char id[INCIDENT_ID];

	incident_id(id, incident);
	l = filed_under(all, "id", slice_of(id));
	while (l && *at < l->count) {
		struct silence *s = &all->items[l->items[(*at)++]];

		if (s->incidents)
			return s;
	}
	return NULL;
}
