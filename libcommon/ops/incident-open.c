/* incident-open.c - takes detections and cursors into a batch, commits it and
 * writes the incidents that came of it. */
#include <oncall/incident-open.h>

#include "incident-batch.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

struct incident_open *incident_open_new(const struct incident_open_options *opt)
{
	struct incident_open *o = mem_zero(1, sizeof(*o));
	const char *name;

	o->opt = *opt;
	o->lines.max = BATCH_BYTES + 1;
	o->passed.max = SIZE_MAX / 2;
	for (size_t i = 0; (name = config_item(opt->config, "services", i));
	     i++) {
		AUTO_FREE char *path = mem_printf("services.%s.owner", name);
		const char *owner = config_str(opt->config, path);

		if (owner)
			*map_put(&o->owners, slice_of(name)) = mem_dup(owner);
	}
	return o;
}

static void stream_free(void *p)
{
	struct stream *s = p;

	buf_done(&s->at);
	free(s);
}

static void batch_reset(struct incident_open *o)
{
	incident_apply_reset(o);
	map_clear(&o->streams, stream_free);
	map_clear(&o->groups, free);
	buf_reset(&o->lines);
	buf_reset(&o->passed);
	o->count = 0;
}

void incident_open_free(struct incident_open *o)
{
	if (!o)
		return;
	batch_reset(o);
	map_done(&o->groups, free);
	map_done(&o->ids, NULL);
	map_done(&o->counts, free);
	map_done(&o->streams, stream_free);
	map_done(&o->owners, free);
	jscan_done(&o->source_scan);
	buf_done(&o->lines);
	buf_done(&o->passed);
	buf_done(&o->count_key);
	free(o->entries);
	free(o->done);
	free(o);
}

/* Decoded text that needs no copy, or else is put behind the lines. */
static struct slice keep_text(struct incident_open *o, struct slice json)
{
	struct slice plain;
	size_t start = o->lines.len;

	if (jscan_plain(json, &plain))
		return plain;
	detection_text(&o->lines, json);
	return (struct slice){o->lines.data + start, o->lines.len - start};
}

/* What decoding and hashing may add behind a line: no more than the line has,
 * and a computed id and fingerprint. */
#define ENTRY_ROOM(size) (2 * (size) + 128)

bool incident_open_room(const struct incident_open *o, size_t size)
{
	return o->count < BATCH_ENTRIES && o->groups.count < BATCH_GROUPS &&
	       o->lines.len + ENTRY_ROOM(size) <= BATCH_BYTES &&
	       o->passed.len + size <= BATCH_PASSED;
}

int64_t incident_open_repeats(const struct incident_open *o)
{
	return o->repeats;
}

bool incident_open_due(const struct incident_open *o)
{
	return o->count > 0 && clock_mono() - o->since >= BATCH_MS;
}

/* Copies the line into the batch. It never moves: the buffer has its whole
 * size from the start, of which only what is used becomes real memory. */
static int keep_line(struct incident_open *o, struct slice *line,
		     struct err *err)
{
	size_t start = o->lines.len;

	if (ENTRY_ROOM(line->len) > BATCH_BYTES - o->lines.len)
		return err_set(err, ERR_INPUT,
			       "a detection of %zu bytes is too long",
			       line->len);
	if (!o->lines.data && !buf_reserve(&o->lines, BATCH_BYTES))
		mem_die();
	buf_add_slice(&o->lines, *line);
	*line = (struct slice){o->lines.data + start, line->len};
	return 0;
}

static struct stream *stream_of(struct incident_open *o, struct slice name)
{
	void **place = map_put(&o->streams, name);
	struct stream *s;

	if (*place)
		return *place;
	*place = s = mem_zero(1, sizeof(*s));
	s->position = -1;
	s->name = name;
	return s;
}

static struct group *group_of(struct incident_open *o, struct slice fingerprint)
{
	void **place = map_put(&o->groups, fingerprint);
	struct group *g = *place;

	if (g)
		return g;
	*place = g = mem_zero(1, sizeof(*g));
	g->fingerprint = fingerprint;
	return g;
}

static struct entry *entry_new(struct incident_open *o)
{
	if (o->count == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 256;
		o->entries =
			mem_resize(o->entries, o->cap, sizeof(*o->entries));
	}
	if (o->count == 0)
		o->since = clock_mono();
	o->entries[o->count] = (struct entry){.next = ENTRY_NONE};
	return &o->entries[o->count];
}

/* The slice of the caller's line, in the batch's copy of it. */
static struct slice moved(struct slice s, struct slice from, struct slice to)
{
	return s.ptr ? (struct slice){to.ptr + (s.ptr - from.ptr), s.len} : s;
}

static struct slice keep_identity(struct incident_open *o,
				  const struct detection *d,
				  void (*make)(struct buf *,
					       const struct detection *))
{
	size_t start = o->lines.len;

	make(&o->lines, d);
	return (struct slice){o->lines.data + start, o->lines.len - start};
}

/* The line as it is kept: a record has a time, and where it had none it has
 * been taken from the clock. It stands behind what is there, so the places of
 * the members are the same. */
static int add_time(struct buf *out, struct slice line,
		    const struct jscan *scan, int64_t time, struct err *err)
{
	AUTO_BUF struct buf value = BUF_INIT;

	if (jscan_get(scan, "time"))
		return 0;
	jwrite_time(&value, NULL, time);
	return jscan_splice(out, line.ptr, line.len, "time", buf_slice(&value),
			    err);
}

int incident_open_add(struct incident_open *o, struct slice line,
		      const struct jscan *scan, struct err *err)
{
	AUTO_BUF struct buf timed = BUF_INIT;
	struct slice kept = line;
	struct detection d;
	struct entry *e;

	if (detection_read(&d, line, scan, &o->source_scan, clock_now(), err) <
		    0 ||
	    add_time(&timed, line, scan, d.time, err) < 0)
		return -1;
	if (timed.len)
		kept = buf_slice(&timed);
	if (keep_line(o, &kept, err) < 0)
		return -1;
	if (o->opt.replay)
		clock_set(d.time);
	e = entry_new(o);
	e->line = kept;
	e->position = d.position;
	e->pattern = moved(d.pattern, line, kept);
	e->service = moved(d.service, line, kept);
	e->tags = moved(d.tags, line, kept);
	e->source = moved(d.source, line, kept);
	e->time = d.time;
	e->event_time = d.event_time;
	e->first = d.first;
	e->last = d.last;
	e->count = d.count;
	e->severity = d.severity;
	e->id = d.id.ptr ? keep_text(o, moved(d.id, line, kept))
			 : keep_identity(o, &d, detection_id);
	e->group = group_of(
		o, d.fingerprint.ptr
			   ? keep_text(o, moved(d.fingerprint, line, kept))
			   : keep_identity(o, &d, detection_identity));
	if (d.stream.ptr && d.position != DETECTION_NO_POSITION)
		e->stream =
			stream_of(o, keep_text(o, moved(d.stream, line, kept)));
	o->count++;
	return 0;
}

/* The name of the cursor's stream; NULL ptr when it has none. */
static int cursor_stream(struct incident_open *o, const struct jscan *scan,
			 struct slice *ret_stream, struct err *err)
{
	const struct jscan_member *source = jscan_get(scan, "source");
	const struct jscan_member *stream;

	if (!source || source->type != JSCAN_OBJECT)
		return err_set(err, ERR_INPUT, "a cursor must have 'source'");
	if (jscan_object(&o->source_scan, source->value.ptr, source->value.len,
			 err) < 0)
		return -1;
	stream = jscan_get(&o->source_scan, "stream");
	if (!stream || stream->type != JSCAN_STRING)
		return err_set(err, ERR_INPUT,
			       "a cursor must have 'source.stream'");
	if (stream->value.len > DETECTION_KEY_MAX + strlen("\"\""))
		return err_set(err, ERR_INPUT,
			       "'source.stream' of a cursor must be at most "
			       "%d bytes long",
			       DETECTION_KEY_MAX);
	*ret_stream = stream->value;
	return 0;
}

/* The time that a record carries, or now. */
static int64_t record_time(const struct jscan *scan)
{
	const struct jscan_member *time = jscan_get(scan, "time");
	struct slice text;
	int64_t ms;

	if (time && time->type == JSCAN_STRING &&
	    jscan_plain(time->value, &text) &&
	    when_parse_rfc3339(text.ptr, text.len, &ms) == 0)
		return ms;
	return clock_now();
}

int incident_open_cursor(struct incident_open *o, struct slice line,
			 const struct jscan *scan, struct err *err)
{
	const struct jscan_member *position = jscan_get(scan, "position");
	const struct jscan_member *snapshot = jscan_get(scan, "snapshot");
	struct slice stream = {0}, kept = line;
	struct entry *e;

	if (!position)
		return err_set(err, ERR_INPUT, "a cursor must have 'position'");
	if (cursor_stream(o, scan, &stream, err) < 0 ||
	    keep_line(o, &kept, err) < 0)
		return -1;
	e = entry_new(o);
	e->line = kept;
	e->source = moved(jscan_get(scan, "source")->value, line, kept);
	e->cursor = moved(position->value, line, kept);
	if (snapshot && snapshot->type != JSCAN_NULL)
		e->snapshot = moved(snapshot->value, line, kept);
	e->stream = stream_of(o, keep_text(o, moved(stream, line, kept)));
	e->time = record_time(scan);
	if (position->type != JSCAN_NUMBER ||
	    jscan_int(position->value, &e->position) < 0)
		e->position = DETECTION_NO_POSITION;
	o->count++;
	incident_open_pass(o, line);
	return 0;
}

void incident_open_pass(struct incident_open *o, struct slice line)
{
	buf_add_slice(&o->passed, line);
	buf_add_char(&o->passed, '\n');
}

/* The record of an incident that the batch changed, with the detections that
 * came with it: the first and the latest few. */
static void write_changed(struct buf *out, const struct changed *c)
{
	const struct keep_list *parts[] = {&c->first, &c->latest};

	jwrite_open(out, NULL, '{');
	incident_write(out, &c->inc);
	jwrite_text(out, "change", c->inc.change);
	jwrite_open(out, "detections", '[');
	for (size_t p = 0; p < ARRAY_LEN(parts); p++)
		for (size_t i = 0; i < parts[p]->count; i++)
			keep_write(out, parts[p]->lines[i]);
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

int incident_open_commit(struct incident_open *o, struct record_writer *out,
			 struct err *err)
{
	if (o->count > 0 &&
	    store_transact(o->opt.store, incident_apply, o, err) < 0)
		return -1;
	o->repeats += o->batch_repeats;
	for (size_t i = 0; i < o->done_count; i++) {
		write_changed(&out->out, &o->done[i]);
		record_write_end(out);
	}
	if (o->passed.len) {
		buf_add_slice(&out->out, buf_slice(&o->passed));
		if (record_flush(out, err) < 0)
			return -1;
	}
	batch_reset(o);
	return 0;
}
