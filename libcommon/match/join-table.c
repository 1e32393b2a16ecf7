/* join-table.c - the events that are not complete: by stream and session in
 * buckets, by the time of their last line in a list. */
#include "join-internal.h"

#include <oncall/hash.h>
#include <oncall/mem.h>

#define BUCKETS_MIN 64

void join_table_init(struct join_table *t)
{
	*t = (struct join_table){.bucket_count = BUCKETS_MIN};
	t->buckets = mem_zero(BUCKETS_MIN, sizeof(struct join_event *));
}

static void event_free(struct join_event *e)
{
	buf_done(&e->key);
	buf_done(&e->text);
	buf_done(&e->id);
	free(e);
}

void join_table_done(struct join_table *t)
{
	for (struct join_event *e = t->oldest, *newer; e; e = newer) {
		newer = e->newer;
		event_free(e);
	}
	for (struct join_event *e = t->unused, *next; e; e = next) {
		next = e->chain;
		event_free(e);
	}
	free(t->buckets);
}

static uint64_t hash_of(const struct join_stream *s, struct slice key)
{
	uint64_t number = s->out.number;

	/* The number only spreads; equality is looked at below. */
	return hash_key(key.ptr, key.len) ^ (number * 0x9e3779b97f4a7c15U);
}

static struct join_event **bucket_of(const struct join_table *t, uint64_t hash)
{
	return &t->buckets[hash & (t->bucket_count - 1)];
}

struct join_event *join_table_find(const struct join_table *t,
				   const struct join_stream *s,
				   struct slice key)
{
	uint64_t hash = hash_of(s, key);

	for (struct join_event *e = *bucket_of(t, hash); e; e = e->chain)
		if (e->hash == hash && e->stream == s &&
		    slice_eq(buf_slice(&e->key), key))
			return e;
	return NULL;
}

static void grow(struct join_table *t)
{
	free(t->buckets);
	t->bucket_count *= 4;
	t->buckets = mem_zero(t->bucket_count, sizeof(struct join_event *));
	for (struct join_event *e = t->oldest; e; e = e->newer) {
		struct join_event **at = bucket_of(t, e->hash);

		if (!e->keyed)
			continue;
		e->chain = *at;
		*at = e;
	}
}

static void append(struct join_table *t, struct join_event *e)
{
	e->newer = NULL;
	e->older = t->newest;
	if (t->newest)
		t->newest->newer = e;
	else
		t->oldest = e;
	t->newest = e;
}

static void unlink_age(struct join_table *t, struct join_event *e)
{
	if (e->older)
		e->older->newer = e->newer;
	else
		t->oldest = e->newer;
	if (e->newer)
		e->newer->older = e->older;
	else
		t->newest = e->older;
}

static struct join_event *event_new(struct join_table *t)
{
	struct join_event *e = t->unused;

	if (!e)
		return mem_zero(1, sizeof(*e));
	t->unused = e->chain;
	return e;
}

struct join_event *join_table_add(struct join_table *t, struct join_stream *s,
				  struct slice key, bool keyed)
{
	struct join_event *e = event_new(t);

	e->stream = s;
	e->keyed = keyed;
	e->chain = NULL;
	if (keyed) {
		struct join_event **at;

		if (t->count > 2 * t->bucket_count)
			grow(t);
		e->hash = hash_of(s, key);
		buf_add_slice(&e->key, key);
		at = bucket_of(t, e->hash);
		e->chain = *at;
		*at = e;
	}
	append(t, e);
	t->count++;
	return e;
}

void join_table_touch(struct join_table *t, struct join_event *e)
{
	if (t->newest == e)
		return;
	unlink_age(t, e);
	append(t, e);
}

void join_table_remove(struct join_table *t, struct join_event *e)
{
	if (e->keyed) {
		struct join_event **at = bucket_of(t, e->hash);

		while (*at != e)
			at = &(*at)->chain;
		*at = e->chain;
	}
	unlink_age(t, e);
	t->count--;
	if (e->stream->last == e)
		e->stream->last = NULL;
}

void join_table_release(struct join_table *t, struct join_event *e)
{
	struct buf key = e->key, text = e->text, id = e->id;

	buf_reset(&key);
	buf_reset(&id);
	/* What was long once is not kept for the short ones. */
	if (text.cap > JOIN_HEAD * 64)
		buf_done(&text);
	else
		buf_reset(&text);
	*e = (struct join_event){.key = key, .text = text, .id = id};
	e->chain = t->unused;
	t->unused = e;
}
