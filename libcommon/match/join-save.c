/*
 * join-save.c - the events that are not complete, as JSON:
 *
 *   {"inner":...,"events":[{"stream":{...},"key":...,"text":...},...]}
 *
 * in the order of their last lines. Bytes are written as the characters U+0000
 * to U+00FF, so that any text comes back as it was.
 */
#include "join-internal.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

static void write_bytes(struct buf *out, const char *key, struct slice bytes)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; i < bytes.len; i++)
		utf8_add(&text, (unsigned char)bytes.ptr[i]);
	jwrite_text(out, key, (struct slice){buf_str(&text), text.len});
}

static void write_path(struct buf *out, const char *key, const char *text)
{
	if (text)
		write_bytes(out, key, slice_of(text));
}

static void write_event(struct buf *out, const struct join_event *e, bool ready)
{
	const struct input_stream *s = &e->stream->out;

	jwrite_open(out, NULL, '{');
	jwrite_open(out, "stream", '{');
	write_path(out, "kind", s->kind);
	write_path(out, "id", s->id);
	write_path(out, "path", s->path);
	write_path(out, "service", s->service);
	jwrite_bool(out, "positions", s->positions);
	jwrite_int(out, "last_start", (int64_t)e->stream->last_start);
	jwrite_close(out, '}');
	if (e->keyed)
		write_bytes(out, "key", buf_slice(&e->key));
	write_bytes(out, "text", join_text(e));
	write_bytes(out, "id", buf_slice(&e->id));
	jwrite_int(out, "offset", (int64_t)e->offset);
	jwrite_int(out, "line", (int64_t)e->line);
	jwrite_int(out, "lines", (int64_t)e->lines);
	jwrite_int(out, "state", e->state);
	jwrite_int(out, "seen", e->seen);
	jwrite_bool(out, "truncated", e->truncated);
	jwrite_bool(out, "given", e->given);
	jwrite_bool(out, "last", e->stream->last == e);
	jwrite_bool(out, "ready", ready);
	jwrite_close(out, '}');
}

void join_save(const struct input *in, struct buf *out)
{
	const struct join *j = (const struct join *)(uintptr_t)in;
	AUTO_BUF struct buf inner = BUF_INIT;

	input_save(j->inner, &inner);
	jwrite_open(out, NULL, '{');
	jwrite_raw(out, "inner", buf_slice(&inner));
	jwrite_open(out, "events", '[');
	for (const struct join_event *e = j->ready; e; e = e->newer)
		write_event(out, e, true);
	for (const struct join_event *e = j->open.oldest; e; e = e->newer)
		write_event(out, e, false);
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

/* False when there is no such text. */
static bool read_bytes(const struct jscan *scan, const char *key,
		       struct buf *ret)
{
	const struct jscan_member *m = jscan_get(scan, key);
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type != JSCAN_STRING)
		return false;
	jscan_unquote(&text, m->value);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		/* Two bytes hold U+0080 to U+00FF. */
		if (c >= 0xc0 && i + 1 < text.len)
			c = (unsigned char)(c << 6 | (text.data[++i] & 0x3f));
		buf_add_char(ret, (char)c);
	}
	return true;
}

static char *read_text(const struct jscan *scan, const char *key)
{
	AUTO_BUF struct buf text = BUF_INIT;

	return read_bytes(scan, key, &text) ? mem_dup(buf_str(&text)) : NULL;
}

static int64_t read_int(const struct jscan *scan, const char *key)
{
	const struct jscan_member *m = jscan_get(scan, key);
	int64_t n = 0;

	return m && !jscan_int(m->value, &n) ? n : 0;
}

static bool read_bool(const struct jscan *scan, const char *key)
{
	const struct jscan_member *m = jscan_get(scan, key);

	return m && m->type == JSCAN_TRUE;
}

static struct join_stream *read_stream(struct join *j,
				       const struct jscan_member *m,
				       struct err *err)
{
	struct jscan scan = {.members = NULL};
	struct join_stream *own = NULL;
	struct input_stream s = {.kind = NULL};
	AUTO_FREE char *kind = NULL;

	if (m && !jscan_object(&scan, m->value.ptr, m->value.len, err)) {
		kind = read_text(&scan, "kind");
		s.kind = kind;
		s.id = read_text(&scan, "id");
		s.path = read_text(&scan, "path");
		s.service = read_text(&scan, "service");
		s.positions = read_bool(&scan, "positions");
	}
	if (s.id) {
		own = join_stream(j, &s);
		own->last_start = (uint64_t)read_int(&scan, "last_start");
	}
	free(s.id);
	free(s.path);
	free(s.service);
	jscan_done(&scan);
	return own;
}

static void read_event(struct join *j, struct join_stream *s,
		       const struct jscan *scan)
{
	AUTO_BUF struct buf key = BUF_INIT;
	bool keyed = read_bytes(scan, "key", &key);
	struct join_event *e =
		join_table_add(&j->open, s, buf_slice(&key), keyed);

	(void)read_bytes(scan, "text", &e->text);
	(void)read_bytes(scan, "id", &e->id);
	e->offset = (uint64_t)read_int(scan, "offset");
	e->line = (uint64_t)read_int(scan, "line");
	e->lines = (size_t)read_int(scan, "lines");
	e->state = (uint8_t)read_int(scan, "state");
	e->seen = read_int(scan, "seen");
	e->truncated = read_bool(scan, "truncated");
	e->given = read_bool(scan, "given");
	/* Silence counts from here: its next line may wait to be read. */
	e->touched = clock_mono();
	if (read_bool(scan, "last"))
		s->last = e;
	if (read_bool(scan, "ready")) {
		join_table_remove(&j->open, e);
		join_ready(j, e);
	} else {
		j->held += e->text.len;
	}
}

static int load_event(void *arg, struct slice value, enum jscan_type type,
		      struct err *err)
{
	struct join *j = arg;
	struct jscan scan = {.members = NULL};
	struct join_stream *s = NULL;

	if (type == JSCAN_OBJECT &&
	    !jscan_object(&scan, value.ptr, value.len, err))
		s = read_stream(j, jscan_get(&scan, "stream"), err);
	if (s)
		read_event(j, s, &scan);
	jscan_done(&scan);
	if (s)
		return 0;
	return err_set(err, ERR_INPUT, "a saved event is not one");
}

int join_load(struct input *in, struct slice json, struct err *err)
{
	struct join *j = (struct join *)(uintptr_t)in;
	struct jscan scan = {.members = NULL};
	const struct jscan_member *inner, *events;
	int rc = jscan_object(&scan, json.ptr, json.len, err);

	inner = rc ? NULL : jscan_get(&scan, "inner");
	events = rc ? NULL : jscan_get(&scan, "events");
	if (inner)
		rc = input_load(j->inner, inner->value, err);
	if (!rc && events)
		rc = jscan_array(events->value, load_event, j, err);
	jscan_done(&scan);
	return rc;
}
