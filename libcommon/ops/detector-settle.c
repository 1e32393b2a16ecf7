/* detector-settle.c - what was found becomes records, in order. */
#include "detector-internal.h"

#include <oncall/clock.h>
#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

/* Time zones lie on whole quarters of an hour; a difference to the clock of
 * less than one is a late line. */
#define QUARTER (15 * WHEN_MINUTE)
#define FUTURE	(5 * WHEN_MINUTE)

/* What a record begins with, beside its body. */
struct head {
	const struct facts *at; /* source, position, id */
	size_t rule;		/* SIZE_MAX: an event */
	const char *kind;
	int64_t time, first, last, count;
	const char *suffix; /* of the id; "" */
	bool rises;
};

static void tell(struct detector *d, const struct err *why)
{
	if (d->opt.trouble)
		d->opt.trouble(d->opt.arg, why);
}

/* Stream, position, rule: the same on every reading, and in their order. */
static void write_id(struct buf *out, const struct detector *d,
		     const struct head *h)
{
	AUTO_BUF struct buf id = BUF_INIT;
	const char *rule =
		h->rule == SIZE_MAX ? "event" : d->rules[h->rule].pack->id;
	char hex[HASH_HEX];

	buf_add_slice(&id, h->at->stream);
	if (h->at->positioned)
		buf_addf(&id, ":%016llx", (unsigned long long)h->at->offset);
	else if (h->at->id.len) {
		buf_add_char(&id, ':');
		buf_add_slice(&id, h->at->id);
	}
	buf_addf(&id, ":%s%s", rule, h->suffix);
	if (id.len > DETECTION_KEY_MAX) {
		hash_sha256_hex(id.data, id.len, hex, 64);
		buf_reset(&id);
		buf_add_str(&id, hex);
	}
	jwrite_text(out, "id", buf_slice(&id));
}

static void write_source(struct buf *out, const struct head *h)
{
	const struct facts *f = h->at;

	jwrite_open(out, "source", '{');
	buf_add_slice(out, f->source);
	if (f->positioned) {
		/* What is told late has a place that later ones have passed;
		 * as "offset" it would be taken for seen. */
		jwrite_int(out, h->rises ? "offset" : "at", (int64_t)f->offset);
		jwrite_int(out, "line", (int64_t)f->line);
	}
	jwrite_close(out, '}');
}

/* All but the counts, which may still change, and the end. */
static void begin_record(struct detector *d, const struct head *h,
			 struct slice body, struct buf *out)
{
	bool event = h->rule == SIZE_MAX;

	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", event ? "event" : "detection");
	write_id(out, d, h);
	jwrite_time(out, "time",
		    d->opt.replay && h->time != WHEN_NONE ? h->time : d->now);
	write_source(out, h);
	jwrite_time_opt(out, "event_time", h->time);
	if (!event)
		jwrite_str(out, "kind", h->kind);
	buf_add_char(out, ',');
	buf_add_slice(out, body);
}

static void end_record(struct detector *d, const struct head *h,
		       struct record_writer *out)
{
	if (h->rule != SIZE_MAX) {
		jwrite_int(&out->out, "count", h->count);
		jwrite_time_opt(&out->out, "first", h->first);
		jwrite_time_opt(&out->out, "last", h->last);
		d->stats.detections++;
		d->rules[h->rule].stats.written++;
	}
	jwrite_close(&out->out, '}');
	record_write_end(out);
}

/* The window of a rule's rate is over: what was folded in it is told as one
 * detection, the latest. */
static void end_rate(struct detector *d, size_t rule, struct record_writer *out)
{
	struct detector_rule *r = &d->rules[rule];
	const struct head h = {
		.rule = rule,
		.first = r->folded_first,
		.last = r->folded_last,
		.count = r->folded_count,
	};

	if (r->folded_count) {
		buf_add_slice(&out->out, buf_slice(&r->folded));
		end_record(d, &h, out);
	}
	r->folded_count = r->rate_written = 0;
	buf_reset(&r->folded);
}

/* Whether the rule may write once more in this window of its rate. */
static bool take_rate(struct detector *d, const struct head *h,
		      struct record_writer *out)
{
	struct detector_rule *r = &d->rules[h->rule];
	int64_t time = h->time == WHEN_NONE ? d->now : h->time;

	if (!r->rate_written || time < r->rate_start ||
	    time - r->rate_start >= d->opt.rate_ms) {
		end_rate(d, h->rule, out);
		r->rate_start = time;
	}
	if (r->rate_written == d->opt.rate_count)
		return false;
	r->rate_written++;
	return true;
}

static void fold(struct detector *d, struct head *h, struct slice body)
{
	struct detector_rule *r = &d->rules[h->rule];

	if (!r->folded_count)
		r->folded_first = h->first;
	r->folded_last = h->last;
	r->folded_count += h->count;
	r->stats.folded++;
	h->suffix = ":folded";
	h->rises = false;
	buf_reset(&r->folded);
	begin_record(d, h, body, &r->folded);
}

static void write_record(struct detector *d, struct head *h, struct slice body,
			 struct record_writer *out)
{
	if (h->rule != SIZE_MAX && d->opt.rate_count && !take_rate(d, h, out)) {
		fold(d, h, body);
		return;
	}
	begin_record(d, h, body, &out->out);
	end_record(d, h, out);
}

/* Writes the record of a rule from facts that were kept as JSON. */
static void write_kept(struct detector *d, struct head *h, struct slice json,
		       struct record_writer *out)
{
	struct err err = ERR_INIT;
	char fingerprint[DETECTION_FINGERPRINT];
	struct facts facts;

	if (facts_read(&facts, json, &d->scan, &d->scratch, &err) < 0)
		return; /* we wrote it; from a damaged snapshot nothing comes */
	facts.rule = &d->rules[h->rule];
	h->at = &facts;
	facts_fingerprint(&facts, fingerprint);
	buf_reset(&d->record);
	facts_body(&facts, fingerprint, &d->record);
	write_record(d, h, buf_slice(&d->record), out);
}

/* What fires with the hit at hand, or later with a deadline. */
struct settling {
	struct detector *d;
	struct record_writer *out;
	const struct outcome *o; /* NULL: only time has passed */
	struct slice facts;	 /* of it */
};

static int on_fire(void *arg, const struct condition_firing *f)
{
	struct settling *s = arg;
	bool later = f->keep.len > 0;
	struct slice facts = later ? f->keep : s->facts;
	struct head h = {
		.rule = f->rule,
		.kind = f->kind,
		.time = f->time,
		.first = f->first,
		.last = f->last,
		.count = f->count + f->folded,
		.suffix = "",
		.rises = !later && s->o && s->o->rises,
	};

	if (!s->d->rules[f->rule].pack->silent && facts.len)
		write_kept(s->d, &h, facts, s->out);
	return 0;
}

static void settle_plain(struct detector *d, const struct outcome *o,
			 const struct facts *at, struct slice body,
			 struct record_writer *out)
{
	struct head h = {
		.at = at,
		.rule = o->rule,
		.kind = o->rule == SIZE_MAX ? NULL : d->rules[o->rule].kind,
		.time = o->time,
		.first = o->time,
		.last = o->time,
		.count = 1,
		.suffix = "",
		.rises = o->rises,
	};

	write_record(d, &h, body, out);
}

static struct detector_stream *stream_of(struct detector *d, size_t number)
{
	while (number >= d->stream_count) {
		size_t more = d->stream_count ? 2 * d->stream_count : 16;

		d->streams = mem_resize(d->streams, more, sizeof(*d->streams));
		memset(d->streams + d->stream_count, 0,
		       (more - d->stream_count) * sizeof(*d->streams));
		d->stream_count = more;
	}
	return &d->streams[number];
}

/* Times without a zone that are all off by the same quarters of an hour, or in
 * the future, were read in the wrong one. */
static void check_zone(struct detector *d, const struct input_stream *in,
		       const struct outcome *o)
{
	struct detector_stream *s = stream_of(d, in->number);
	int64_t off = o->time - d->now;
	int64_t quarters = (off + (off < 0 ? -QUARTER : QUARTER) / 2) / QUARTER;
	struct err why = ERR_INIT;
	char text[32];

	if (s->told || !o->zone_assumed || !d->opt.live)
		return;
	if (quarters == 0 || quarters < -56 || quarters > 56 ||
	    quarters != s->skew ||
	    llabs(off - quarters * QUARTER) > FUTURE / 5) {
		s->skew = quarters;
		s->agree = 0;
		return;
	}
	if (++s->agree < DETECTOR_ZONE_AGREE)
		return;
	s->told = true;
	when_format_duration(text, llabs(quarters) * QUARTER);
	(void)err_set(&why, ERR_INPUT,
		      "'%s': its times have no zone and are %s %s the clock: "
		      "is 'timezone' in the configuration right for it",
		      in->path ? in->path : in->id, text,
		      quarters > 0 ? "ahead of" : "behind");
	tell(d, &why);
}

/* The time of a line without one is that of the line before it. */
static int64_t time_of(struct detector *d, struct input_stream *in,
		       const struct outcome *o)
{
	if (o->time == WHEN_NONE)
		return in->last_time ? in->last_time : WHEN_NONE;
	in->last_time = o->time;
	check_zone(d, in, o);
	return o->time;
}

static bool outside(struct detector *d, int64_t time)
{
	return (d->opt.since != WHEN_NONE && time < d->opt.since) ||
	       (d->opt.until != WHEN_NONE && time > d->opt.until);
}

static void settle_condition(struct settling *s, int64_t time)
{
	struct detector *d = s->d;
	struct err err = ERR_INIT;
	struct facts facts;
	const struct condition_hit hit = {
		.rule = s->o->rule,
		.time = time,
		.lookup = facts_lookup,
		.arg = &facts,
		.keep = s->facts,
	};

	if (facts_read(&facts, s->facts, &d->hit_scan, &d->hit_scratch, &err) <
	    0)
		return;
	facts.rule = &d->rules[s->o->rule];
	if (conditions_time(d->conditions, time, on_fire, s) < 0 ||
	    conditions_hit(d->conditions, &hit, on_fire, s) < 0)
		return; /* on_fire never stops them */
}

static void settle_outcome(struct detector *d, struct detector_work *w,
			   struct outcome *o, struct record_writer *out)
{
	struct slice body = {w->bytes.data + o->body, o->body_len};
	const struct facts at = {
		.source = {w->source.data + 1, w->source.len - 1},
		.stream = slice_of(w->block->stream->id),
		.id = o->id,
		.offset = o->offset,
		.line = o->line,
		.positioned = o->positioned,
	};
	struct settling s = {d, out, o, body};
	int64_t time;

	o->time = time_of(d, w->block->stream, o);
	time = o->time == WHEN_NONE ? d->now : o->time;
	if (outside(d, time))
		d->stats.outside++;
	else if (o->rule == SIZE_MAX || d->rules[o->rule].plain)
		settle_plain(d, o, &at, body, out);
	else
		settle_condition(&s, time);
}

static void add_stats(struct detector *d, struct detector_work *w)
{
	d->stats.blocks++;
	d->stats.lines += w->lines;
	d->stats.bytes += w->block->text.len;
	d->stats.hit_lines += w->hit_lines;
	d->stats.bad_times += w->bad_times;
	d->stats.no_times += w->no_times;
	d->stats.faults += w->faults;
	for (size_t i = 0; i < d->rule_count; i++) {
		struct pattern_stats now = pattern_scratch_stats(w->scratch, i);
		struct detector_rule_stats *sum = &d->rules[i].stats;

		sum->hits += now.hits - w->told[i].hits;
		sum->excepted += now.excepted - w->told[i].excepted;
		sum->faults += now.faults - w->told[i].faults;
		sum->ns += now.ns - w->told[i].ns;
		sum->compared += w->compared[i];
		w->compared[i] = 0;
		w->told[i] = now;
	}
}

void detector_settle(struct detector *d, struct detector_work *w,
		     struct record_writer *out)
{
	d->now = clock_now();
	for (size_t i = 0; i < w->count; i++)
		settle_outcome(d, w, &w->outcomes[i], out);
	if (w->trouble.kind != ERR_NONE)
		tell(d, &w->trouble);
	add_stats(d, w);
}

void detector_time(struct detector *d, int64_t now, struct record_writer *out)
{
	struct settling s = {.d = d, .out = out};

	d->now = clock_now();
	if (conditions_time(d->conditions, now, on_fire, &s) < 0)
		return; /* on_fire never stops it */
	for (size_t i = 0; i < d->rule_count; i++)
		if (d->rules[i].folded_count &&
		    now - d->rules[i].rate_start >= d->opt.rate_ms)
			end_rate(d, i, out);
}

int64_t detector_next(const struct detector *d)
{
	return conditions_next(d->conditions);
}

void detector_finish(struct detector *d, struct record_writer *out)
{
	d->now = clock_now();
	for (size_t i = 0; i < d->rule_count; i++)
		end_rate(d, i, out);
}
