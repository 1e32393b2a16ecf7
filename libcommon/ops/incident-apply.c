/*
 * incident-apply.c - decides what a batch of detections means and stores it,
 * in one transaction: which were seen before, which incident each joins,
 * reopens or opens, how far the streams have come.
 */
#include "incident-batch.h"

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define AT_MAX 32768 /* bytes of the ids that stand at one position */

/* Occurrences of one pattern, service and severity within an hour. */
struct tally {
	int64_t hour, count;
	struct slice pattern, service; /* JSON */
	enum severity severity;
};

void incident_apply_reset(struct incident_open *o)
{
	map_clear(&o->ids, NULL);
	map_clear(&o->counts, free);
	for (size_t i = 0; i < o->done_count; i++)
		incident_done(&o->done[i].inc);
	o->done_count = 0;
	o->batch_repeats = 0;
	o->day = -1;
}

/* ---- what was seen before ---- */

int incident_ask_keys(struct incident_open *o, const struct map *keys,
		      const char *sql,
		      void (*row)(struct incident_open *, struct store_rows *),
		      struct err *err)
{
	AUTO_BUF struct buf names = BUF_INIT;

	for (size_t i = 0; i < keys->count;) {
		AUTO_ROWS struct store_rows *rows = NULL;
		int got;

		buf_reset(&names);
		jwrite_open(&names, NULL, '[');
		do {
			jwrite_text(&names, NULL, keys->entries[i].key);
		} while (++i < keys->count && i % BATCH_ASK);
		jwrite_close(&names, ']');
		rows = STORE_ASK(o->opt.store, err, sql,
				 S_SLICE(buf_slice(&names)));
		if (!rows)
			return -1;
		while ((got = store_next(rows, err)) > 0)
			row(o, rows);
		if (got < 0)
			return -1;
	}
	return 0;
}

static void stream_row(struct incident_open *o, struct store_rows *rows)
{
	struct stream *s = map_get(&o->streams, store_text(rows, 0));

	if (!s)
		return;
	s->position = store_int(rows, 1);
	buf_add_slice(&s->at, store_text(rows, 2));
}

static int load_streams(struct incident_open *o, struct err *err)
{
	for (size_t i = 0; i < o->streams.count; i++) {
		struct stream *s = o->streams.entries[i].value;

		s->position = -1;
		s->source = s->cursor = s->snapshot = (struct slice){0};
		buf_reset(&s->at);
	}
	return incident_ask_keys(
		o, &o->streams,
		"SELECT stream, position, at_position FROM streams "
		"WHERE stream IN @in(1)@",
		stream_row, err);
}

static const char seen_before; /* the value of ids that the store knows */

static void *known_mark(void)
{
	return (void *)(uintptr_t)&seen_before;
}

static void seen_row(struct incident_open *o, struct store_rows *rows)
{
	*map_put(&o->ids, store_text(rows, 0)) = known_mark();
}

/* Which ids of detections without a position the store remembers; those that
 * are old enough are forgotten now. */
static int load_ids(struct incident_open *o, struct err *err)
{
	int64_t forget =
		config_duration(o->opt.config, "incidents.remember_ids");

	for (size_t i = 0; i < o->count; i++)
		if (!o->entries[i].stream)
			(void)map_put(&o->ids, o->entries[i].id);
	if (o->ids.count == 0)
		return 0;
	if (STORE_QUEUE(o->opt.store, err,
			"DELETE FROM seen_detections WHERE time < $1",
			S_INT(clock_now() - forget)) < 0)
		return -1;
	return incident_ask_keys(
		o, &o->ids,
		"SELECT id FROM seen_detections WHERE id IN @in(1)@", seen_row,
		err);
}

/* Whether the id is one of the lines of text, or several that follow each
 * other: an id may hold a line end. */
static bool has_line(const struct buf *text, struct slice id)
{
	const char *p = text->data;
	const char *end = p + text->len;

	while (p && end - p > (ptrdiff_t)id.len) {
		if (memcmp(p, id.ptr, id.len) == 0 && p[id.len] == '\n')
			return true;
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	return false;
}

/* Of many ids at one position the older half is forgotten: a stream that does
 * not move must not make every detection slower than the one before. */
static void forget_ids(struct buf *at)
{
	const char *half = at->data + at->len / 2;
	const char *nl = memchr(half, '\n', at->len - at->len / 2);
	size_t gone = nl ? (size_t)(nl + 1 - at->data) : at->len;

	memmove(at->data, at->data + gone, at->len - gone);
	buf_truncate(at, at->len - gone);
}

/* Moves the stream on; false when it was past the entry before. */
static bool stream_advance(struct stream *s, const struct entry *e)
{
	if (e->position < s->position)
		return false;
	if (e->position > s->position) {
		s->position = e->position;
		buf_reset(&s->at);
	} else if (has_line(&s->at, e->id)) {
		return false;
	}
	if (s->at.len > AT_MAX)
		forget_ids(&s->at);
	buf_add_slice(&s->at, e->id);
	buf_add_char(&s->at, '\n');
	s->source = e->source;
	s->updated = e->time;
	return true;
}

static void cursor_advance(struct stream *s, const struct entry *e)
{
	if (e->position != DETECTION_NO_POSITION) {
		if (e->position < s->position)
			return; /* read again after a restart */
		if (e->position > s->position)
			buf_reset(&s->at);
		s->position = e->position;
	}
	s->source = e->source;
	s->updated = e->time;
	s->cursor = e->cursor;
	s->snapshot = e->snapshot;
}

/* Whether a detection is new; notes it as seen. */
static bool entry_new_here(struct incident_open *o, const struct entry *e)
{
	void **mark;

	if (e->stream)
		return stream_advance(e->stream, e);
	mark = map_put(&o->ids, e->id);
	if (*mark)
		return false;
	*mark = (void *)(uintptr_t)e;
	return true;
}

static void group_add(struct incident_open *o, uint32_t index)
{
	struct entry *e = &o->entries[index];
	struct group *g = e->group;

	e->next = ENTRY_NONE;
	if (g->head == ENTRY_NONE)
		g->head = index;
	else
		o->entries[g->tail].next = index;
	g->tail = index;
}

static void count_add(struct incident_open *o, const struct entry *e)
{
	struct buf *key = &o->count_key;
	int64_t hour = e->event_time - e->event_time % WHEN_HOUR;
	struct tally *t;
	void **place;

	buf_reset(key);
	buf_add(key, (const char *)&hour, sizeof(hour));
	buf_add_char(key, (char)e->severity);
	buf_add_slice(key, e->pattern);
	buf_add_slice(key, e->service);
	place = map_put(&o->counts, buf_slice(key));
	if (!*place) {
		*place = t = mem_zero(1, sizeof(*t));
		t->hour = hour;
		t->pattern = e->pattern;
		t->service = e->service;
		t->severity = e->severity;
	}
	t = *place;
	t->count += e->count;
}

/* Sorts the batch: what is new goes to the group of its fingerprint. */
static void sort_out(struct incident_open *o)
{
	for (size_t i = 0; i < o->groups.count; i++) {
		struct group *g = o->groups.entries[i].value;

		g->head = g->tail = ENTRY_NONE;
		g->num = 0;
	}
	for (size_t i = 0; i < o->count; i++) {
		struct entry *e = &o->entries[i];

		e->fresh = e->group && entry_new_here(o, e);
		if (!e->group) {
			cursor_advance(e->stream, e);
		} else if (e->fresh) {
			group_add(o, (uint32_t)i);
			count_add(o, e);
		} else {
			o->batch_repeats++;
		}
	}
}

/* ---- storing how far we are ---- */

static int save_streams(struct incident_open *o, struct err *err)
{
	for (size_t i = 0; i < o->streams.count; i++) {
		const struct stream *s = o->streams.entries[i].value;

		if (!s->source.ptr)
			continue; /* nothing new */
		if (STORE_QUEUE(
			    o->opt.store, err,
			    "INSERT INTO streams (stream, source, position, "
			    "at_position, cursor_position, snapshot, updated) "
			    "VALUES ($1, $2, $3, $4, $5, $6, $7) "
			    "ON CONFLICT (stream) DO UPDATE SET "
			    "source = excluded.source, "
			    "position = excluded.position, "
			    "at_position = excluded.at_position, "
			    "cursor_position = COALESCE("
			    "excluded.cursor_position, "
			    "streams.cursor_position), "
			    "snapshot = CASE WHEN excluded.cursor_position "
			    "IS NULL THEN streams.snapshot "
			    "ELSE excluded.snapshot END, "
			    "updated = excluded.updated",
			    S_SLICE(s->name), S_SLICE(s->source),
			    S_INT(s->position), S_TEXT(buf_str(&s->at)),
			    S_OPT(s->cursor), S_OPT(s->snapshot),
			    S_INT(s->updated)) < 0)
			return -1;
	}
	return 0;
}

static int save_ids(struct incident_open *o, struct err *err)
{
	for (size_t i = 0; i < o->ids.count; i++) {
		const struct map_entry *id = &o->ids.entries[i];

		if (!id->value || id->value == known_mark())
			continue;
		if (STORE_QUEUE(o->opt.store, err,
				"INSERT INTO seen_detections (id, time) "
				"VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
				S_SLICE(id->key), S_INT(clock_now())) < 0)
			return -1;
	}
	return 0;
}

static int save_counts(struct incident_open *o, struct err *err)
{
	AUTO_BUF struct buf pattern = BUF_INIT, service = BUF_INIT;

	for (size_t i = 0; i < o->counts.count; i++) {
		const struct tally *t = o->counts.entries[i].value;

		buf_reset(&pattern);
		buf_reset(&service);
		if (t->pattern.ptr)
			detection_text(&pattern, t->pattern);
		if (t->service.ptr)
			detection_text(&service, t->service);
		if (STORE_QUEUE(o->opt.store, err,
				"INSERT INTO detection_counts (hour, pattern, "
				"service, severity, count) "
				"VALUES ($1, $2, $3, $4, $5) "
				"ON CONFLICT (hour, pattern, service, "
				"severity) DO UPDATE SET count = "
				"detection_counts.count + excluded.count",
				S_INT(t->hour), S_TEXT(buf_str(&pattern)),
				S_TEXT(buf_str(&service)), S_INT(t->severity),
				S_INT(t->count)) < 0)
			return -1;
	}
	return 0;
}

int incident_apply(void *arg, struct err *err)
{
	struct incident_open *o = arg;

	incident_apply_reset(o);
	if (incident_lock(o->opt.store, &o->changed, err) < 0 ||
	    load_streams(o, err) < 0 || load_ids(o, err) < 0)
		return -1;
	sort_out(o);
	if (incident_join_groups(o, err) < 0 || save_streams(o, err) < 0 ||
	    save_ids(o, err) < 0)
		return -1;
	return save_counts(o, err);
}
