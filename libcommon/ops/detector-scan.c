/* detector-scan.c - one block: which lines hit, and what they say. */
#include "detector-internal.h"

#include <assert.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/lines.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

/* Last lines of a block that are looked at to see how far time has come. */
#define LAST_LINES 4

struct detector_work *detector_work_new(struct detector *d)
{
	struct detector_work *w = mem_zero(1, sizeof(*w));

	w->d = d;
	w->scratch = pattern_scratch_new(d->set);
	if (d->opt.measure)
		pattern_scratch_measure(w->scratch);
	w->bytes.max = w->source.max = w->scratch_text.max = SIZE_MAX / 2;
	w->compared = mem_zero(d->rule_count + 1, sizeof(*w->compared));
	w->written = mem_zero(d->rule_count + 1, sizeof(*w->written));
	w->gave_up = mem_zero(d->rule_count + 1, sizeof(*w->gave_up));
	w->told = mem_zero(d->rule_count + 1, sizeof(*w->told));
	return w;
}

void detector_work_free(struct detector_work *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < DETECTOR_KNOWN; i++)
		buf_done(&w->known[i].text);
	pattern_scratch_free(w->scratch);
	fields_scratch_done(&w->fields_scratch);
	buf_done(&w->source);
	buf_done(&w->identity);
	buf_done(&w->scratch_text);
	buf_done(&w->bytes);
	free(w->outcomes);
	free(w->compared);
	free(w->written);
	free(w->gave_up);
	free(w->told);
	free(w);
}

static void write_source(struct detector_work *w,
			 const struct input_stream *stream)
{
	/* jwrite puts a comma behind whatever stands there. */
	buf_reset(&w->source);
	jwrite_open(&w->source, NULL, '{');
	jwrite_str(&w->source, "kind", stream->kind);
	jwrite_str(&w->source, "stream", stream->id);
	jwrite_str_opt(&w->source, "path", stream->path);
}

/* The line, or event, at hand: where it stands. */
static void begin_event(struct detector_work *w, struct slice id,
			uint64_t offset, uint64_t line, bool rises)
{
	struct facts *f = &w->facts;

	f->id = id;
	f->offset = offset;
	f->line = line;
	f->positioned = w->block->stream->positions;
	f->rises = rises;
	w->read = NULL;
}

static void read_fields(struct detector_work *w, struct slice line)
{
	w->parsed = line.ptr;
	fields_read(&w->fields, line, w->d->opt.format, w->now,
		    &w->fields_scratch);
}

/* What the line says, read when the first rule asks. */
static void read_facts(struct detector_work *w, struct slice line)
{
	const struct input_stream *stream = w->block->stream;
	const char *service =
		stream->service ? stream->service : w->d->opt.service;
	struct fields *in = &w->fields;
	struct facts *f = &w->facts;

	if (w->read == line.ptr)
		return;
	w->read = line.ptr;
	if (w->parsed != line.ptr)
		read_fields(w, line);
	f->has_time = in->has_time;
	f->time = in->has_time ? in->when.ms : WHEN_NONE;
	f->zone_assumed = in->has_time && in->when.zone_assumed;
	f->zone_minutes = in->when.offset_minutes;
	f->message = in->said.ptr == line.ptr && in->message.len ? in->message
								 : in->said;
	f->one_line = !w->block->event_count && slice_within(f->message, line);
	f->truncated |= f->message.len > DETECTOR_MESSAGE_MAX;
	f->message = facts_cut(f->message, DETECTOR_MESSAGE_MAX);
	f->service =
		facts_key(in->service.len ? in->service : slice_of(service));
	f->host = facts_cut(in->host, DETECTION_KEY_MAX);
	f->pid = facts_cut(in->pid, DETECTION_KEY_MAX);
	f->level = facts_cut(in->level, DETECTION_KEY_MAX);
	w->bad_times += in->bad_time;
	w->no_times += !in->has_time;
}

static struct outcome *add_outcome(struct detector_work *w,
				   enum outcome_kind kind)
{
	struct outcome *o;

	if (w->count == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 64;
		w->outcomes =
			mem_resize(w->outcomes, w->cap, sizeof(*w->outcomes));
	}
	assert(w->outcomes);
	o = &w->outcomes[w->count++];
	*o = (struct outcome){.kind = kind, .body = w->bytes.len};
	return o;
}

/* Facts for settling; kept says whether they may have to wait, for which there
 * is little room: escapes can make short texts long. */
static void add_facts(struct detector_work *w, enum outcome_kind kind,
		      size_t rule, bool kept)
{
	const struct facts *f = &w->facts;
	size_t max = kept ? DETECTOR_KEPT_MESSAGE : SIZE_MAX;
	struct outcome *o;

	buf_add_char(&w->bytes, '\n'); /* jwrite begins anew behind it */
	o = add_outcome(w, kind);
	o->rule = rule;
	o->rises = f->rises;
	o->time = f->time;
	o->zone_assumed = f->zone_assumed;
	do {
		buf_truncate(&w->bytes, o->body);
		facts_write(f, max, &w->bytes);
		o->body_len = w->bytes.len - o->body;
		max /= 8;
	} while (kept && o->body_len > CONDITION_KEEP && max);
}

/* Where it stands when it is known: where one that looks like it does. */
static struct known_identity *known_place(struct detector_work *w, size_t rule,
					  struct slice text)
{
	size_t looks =
		text.len ? (size_t)text.ptr[text.len / 2] + 8 * text.len : 0;

	return &w->known[(rule * 31 + looks) % DETECTOR_KNOWN];
}

/* Lines tend to have few identities: each is hashed once, or nearly so. What is
 * long is not kept. */
static const char *fingerprint(struct detector_work *w, size_t rule)
{
	const struct detector_rule *r = &w->d->rules[rule];
	const struct pack_list *key = &r->pack->key;
	struct slice text = facts_service(&w->facts);
	struct known_identity *known;

	if (key->count) {
		buf_reset(&w->identity);
		for (size_t i = 0; i < key->count; i++) {
			buf_add_slice(
				&w->identity,
				facts_lookup(&w->facts, key->items[i].text));
			buf_add_char(&w->identity, '\0');
		}
		text = buf_slice(&w->identity);
	}
	known = known_place(w, rule, text);
	if (known->rule != r || !slice_eq(buf_slice(&known->text), text)) {
		facts_fingerprint(&w->facts, known->fingerprint);
		known->rule = text.len <= DETECTION_KEY_MAX ? r : NULL;
		buf_reset(&known->text);
		if (known->rule)
			buf_add_slice(&known->text, text);
	}
	return known->fingerprint;
}

/* Lines without a time take that of the line before them, told or not. */
static void note_time(struct detector_work *w)
{
	add_outcome(w, OUTCOME_READY)->time = w->facts.time;
	w->outside++;
}

/* A detection that nothing else decides on is written here; neighbours of
 * that kind are one outcome. */
static void add_record(struct detector_work *w, size_t rule)
{
	const struct facts *f = &w->facts;
	struct outcome *o = w->count ? &w->outcomes[w->count - 1] : NULL;
	const struct head h = {
		.fingerprint = fingerprint(w, rule),
		.now = w->d->opt.replay ? f->time : w->now,
		.time = f->time,
		.first = f->time,
		.last = f->time,
		.count = 1,
		.rises = f->rises,
	};

	if (!o || o->kind != OUTCOME_READY)
		o = add_outcome(w, OUTCOME_READY);
	o->time = f->time;
	o->zone_assumed = f->zone_assumed;
	render_record(f, &h, &w->scratch_text, &w->bytes);
	render_end(&h, true, &w->bytes);
	o->body_len = w->bytes.len - o->body;
	w->written[rule]++;
	w->detections++;
}

/* Whether the order of blocks, or other hits, have a say in it. */
static bool must_settle(const struct detector_work *w,
			const struct detector_rule *rule)
{
	const struct detector_options *opt = &w->d->opt;
	bool timed = opt->replay || opt->since != WHEN_NONE ||
		     opt->until != WHEN_NONE;

	return !rule->plain || opt->rate_count ||
	       (timed && w->facts.time == WHEN_NONE);
}

/* A rule hit the event whose facts are at hand. */
static void take_hit(struct detector_work *w, const struct pattern_hit *hit)
{
	const struct detector_rule *rule = &w->d->rules[hit->rule];

	w->hit_lines += w->last_hit != w->read;
	w->last_hit = w->read;
	w->facts.rule = rule;
	w->facts.capture_count =
		pattern_hit_groups(hit, w->facts.captures, DETECTOR_CAPTURES);
	if (rule->when &&
	    !condition_compare(rule->when, facts_lookup, &w->facts, NULL))
		w->compared[hit->rule]++;
	else if (must_settle(w, rule))
		add_facts(w, OUTCOME_HIT, hit->rule, !rule->plain);
	else if (detector_outside(w->d, w->facts.time))
		note_time(w);
	else
		add_record(w, hit->rule);
}

/* Lines are counted up to the one at hand; they come in their order. */
static uint64_t line_number(struct detector_work *w, const char *line)
{
	w->line_number += lines_count(w->counted, (size_t)(line - w->counted));
	w->counted = line;
	return w->line_number;
}

static bool is_last(const struct input_block *b, struct slice line)
{
	return line.ptr + line.len + 2 >= b->text.ptr + b->text.len;
}

static bool on_wraps(void *arg, struct slice line)
{
	const struct detector_work *w = arg;

	return fields_wraps(line, w->d->opt.format);
}

static struct slice on_view(void *arg, struct slice line)
{
	struct detector_work *w = arg;

	read_fields(w, line);
	return w->fields.text;
}

static int on_line_hit(void *arg, const struct pattern_hit *hit)
{
	struct detector_work *w = arg;

	if (w->read != hit->line.ptr) {
		begin_event(w, (struct slice){NULL, 0}, hit->offset,
			    line_number(w, hit->line.ptr), true);
		w->facts.truncated =
			w->block->truncated && is_last(w->block, hit->line);
		read_facts(w, hit->line);
	}
	take_hit(w, hit);
	return 0;
}

/* The text was taken from the line that stands in w->line. */
static int on_text_hit(void *arg, const struct pattern_hit *hit)
{
	struct detector_work *w = arg;

	read_facts(w, w->line);
	take_hit(w, hit);
	return 0;
}

static int on_fault(void *arg, const struct pattern_hit *hit, const char *why)
{
	struct detector_work *w = arg;
	struct outcome *o;

	w->faults++;
	w->cut = signals_stop() != 0;
	if (w->gave_up[hit->rule])
		return w->cut;
	w->gave_up[hit->rule] = true;
	o = add_outcome(w, OUTCOME_FAULT);
	o->rule = hit->rule;
	buf_add_str(&w->bytes, why);
	o->body_len = w->bytes.len - o->body;
	return w->cut;
}

/* One event, whatever stands in it. */
static void scan_event(struct detector_work *w, struct slice line)
{
	const struct pattern_sink sink = {
		.hit = on_text_hit, .fault = on_fault, .arg = w};

	if (!line.ptr)
		line = SLICE_LIT(""); /* NULL: nothing has been read */
	w->line = line;
	read_facts(w, line);
	if (w->d->opt.all)
		add_facts(w, OUTCOME_EVENT, 0, false);
	(void)pattern_scan_text(w->d->set, w->scratch, w->fields.text,
				w->facts.offset, &sink);
}

/* Each line is an event, whether something hits it or not. */
static void each_line(struct detector_work *w)
{
	const struct input_block *b = w->block;
	const char *p = b->text.ptr, *end = p + b->text.len;

	while (p < end && !w->cut) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slice line = {p, (size_t)((nl ? nl : end) - p)};

		if (line.len && p[line.len - 1] == '\r')
			line.len--;
		begin_event(w, (struct slice){NULL, 0},
			    b->offset + (uint64_t)(p - b->text.ptr),
			    line_number(w, p), true);
		w->facts.truncated = b->truncated && is_last(b, line);
		scan_event(w, line);
		p = (nl ? nl : end) + 1;
	}
}

/* How far time has come with the block, also when nothing hit in it. */
static int64_t last_time(struct detector_work *w)
{
	struct slice text = w->block->text;

	for (int i = 0; i < LAST_LINES && text.len; i++) {
		const char *nl;
		struct slice line;

		text.len -= text.ptr[text.len - 1] == '\n';
		nl = text.len ? memrchr(text.ptr, '\n', text.len) : NULL;
		line.ptr = nl ? nl + 1 : text.ptr;
		line.len = (size_t)(text.ptr + text.len - line.ptr);
		text.len -= line.len;
		read_fields(w, line);
		if (w->fields.has_time &&
		    detector_trusts(w->d, w->fields.when.ms, w->now))
			return w->fields.when.ms;
	}
	return WHEN_NONE;
}

static void scan_lines(struct detector_work *w)
{
	const struct input_block *b = w->block;
	const struct pattern_sink sink = {on_line_hit, on_fault, w, on_wraps,
					  on_view};
	const struct pattern_block block = {b->text, b->offset, b->line};

	w->counted = b->text.ptr;
	w->line_number = b->line;
	if (w->d->opt.all)
		each_line(w);
	else
		(void)pattern_scan(w->d->set, w->scratch, &block, &sink);
	w->lines = line_number(w, b->text.ptr + b->text.len) - b->line;
	if (b->text.ptr[b->text.len - 1] != '\n')
		w->lines++;
	if (w->d->timed)
		w->time = last_time(w);
}

void detector_scan(struct detector_work *w, const struct input_block *b)
{
	w->block = b;
	w->count = 0;
	w->lines = w->bad_times = w->no_times = w->faults = 0;
	w->cut = false;
	w->now = clock_now();
	w->hit_lines = w->outside = w->detections = 0;
	w->read = w->parsed = w->last_hit = NULL;
	w->time = WHEN_NONE;
	buf_reset(&w->bytes);
	write_source(w, b->stream);
	w->facts = (struct facts){
		.source = {w->source.data + 1, w->source.len - 1},
		.stream = slice_of(b->stream->id),
	};
	if (!b->event_count) {
		scan_lines(w);
		return;
	}
	w->lines = b->event_count;
	for (size_t i = 0; i < b->event_count && !w->cut; i++) {
		const struct input_event *e = &b->events[i];

		begin_event(w, e->id, e->offset, e->line, !e->out_of_order);
		w->facts.truncated = e->truncated;
		scan_event(w, e->text);
	}
}

bool detector_cut(const struct detector_work *w)
{
	return w->cut;
}
