/* detector-settle.c - what was found becomes records, in order. */
#include "detector-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>

/* Time zones lie on whole quarters of an hour; a difference to the clock of
 * less than one is a late line. */
#define QUARTER (15 * WHEN_MINUTE)
#define FUTURE	(5 * WHEN_MINUTE)

static void tell(struct detector *d, const struct err *why)
{
	if (d->opt.trouble)
		d->opt.trouble(d->opt.arg, why);
}

/* The window of a rule's rate is over: what was folded in it is told as one
 * detection, the latest. */
static void end_rate(struct detector *d, size_t rule, struct record_writer *out)
{
	struct detector_rule *r = &d->rules[rule];
	const struct head h = {
		.first = r->folded_first,
		.last = r->folded_last,
		.count = r->folded_count,
	};

	if (r->folded_count) {
		buf_add_slice(&out->out, buf_slice(&r->folded));
		render_end(&h, true, &out->out);
		r->stats.written++;
		d->stats.detections++;
	}
	r->folded_count = r->rate_written = 0;
	buf_reset(&r->folded);
}

/* Whether the rule may write once more in this window of its rate. */
static bool take_rate(struct detector *d, size_t rule, int64_t time,
		      struct record_writer *out)
{
	struct detector_rule *r = &d->rules[rule];

	if (!d->opt.rate_count)
		return true;
	if (!r->rate_written || time < r->rate_start ||
	    time - r->rate_start >= d->opt.rate_ms) {
		end_rate(d, rule, out);
		r->rate_start = time;
	}
	if (r->rate_written == d->opt.rate_count)
		return false;
	r->rate_written++;
	return true;
}

static void fold(struct detector *d, size_t rule, const struct facts *f,
		 struct head *h)
{
	struct detector_rule *r = &d->rules[rule];

	if (!r->folded_count)
		r->folded_first = h->first;
	r->folded_last = h->last;
	r->folded_count += h->count;
	r->stats.folded++;
	h->suffix = SLICE_LIT(":folded");
	h->rises = false;
	buf_reset(&r->folded);
	render_record(f, h, &d->record, &r->folded);
}

static void write_detection(struct detector *d, size_t rule, struct facts *f,
			    struct head *h, struct record_writer *out)
{
	char fingerprint[DETECTION_FINGERPRINT];
	int64_t time = h->time == WHEN_NONE ? d->now : h->time;

	f->rule = &d->rules[rule];
	facts_fingerprint(f, fingerprint);
	h->fingerprint = fingerprint;
	h->suffix = (struct slice){NULL, 0};
	h->now = d->opt.replay ? time : d->now;
	if (!take_rate(d, rule, time, out)) {
		fold(d, rule, f, h);
	} else {
		render_record(f, h, &d->record, &out->out);
		render_end(h, true, &out->out);
		d->rules[rule].stats.written++;
		d->stats.detections++;
	}
	h->fingerprint = NULL;
}

/* What fires with the hit at hand, or later with a deadline. */
struct settling {
	struct detector *d;
	struct record_writer *out;
	const struct outcome *o; /* NULL: only time has passed */
	struct slice json;	 /* facts of it */
};

static int on_fire(void *arg, const struct condition_firing *f)
{
	struct settling *s = arg;
	struct slice json = f->later ? f->keep : s->json;
	struct head h = {
		.time = f->time,
		.first = f->first,
		.last = f->last,
		.count = f->count + f->folded,
		.rises = !f->later && s->o && s->o->rises,
	};
	struct err err = ERR_INIT;
	struct facts facts;

	if (!json.len)
		json = SLICE_LIT("{}"); /* too long to be kept: still told */
	if (s->d->rules[f->rule].pack->silent ||
	    facts_read(&facts, json, &s->d->scan, &s->d->scratch, &err) < 0)
		return 0; /* nothing comes of a damaged snapshot */
	write_detection(s->d, f->rule, &facts, &h, s->out);
	return 0;
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

/* Under replay it stands at the last time that was told, at first at 0. */
static void set_clock(struct detector *d)
{
	if (!d->opt.replay)
		d->now = clock_now();
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
	if (d->opt.replay)
		d->now = o->time;
	if (detector_trusts(d, o->time, d->now))
		in->last_time = o->time;
	check_zone(d, in, o);
	return o->time;
}

/* The time that conditions go by: for a line too far in the future that of the
 * line before it. */
static int64_t condition_time(const struct detector *d,
			      const struct input_stream *in, int64_t time)
{
	if (time != WHEN_NONE && detector_trusts(d, time, d->now))
		return time;
	return in->last_time ? in->last_time : d->now;
}

/* Without a time it is of now; under replay it cannot be known of when. */
static bool outside(struct detector *d, int64_t time)
{
	bool out;

	if (time == WHEN_NONE && d->opt.replay)
		return false;
	if (time == WHEN_NONE)
		time = d->now;
	out = detector_outside(d, time);
	d->stats.outside += out;
	return out;
}

static void settle_condition(struct settling *s, struct facts *f, int64_t time)
{
	struct detector *d = s->d;
	const struct condition_hit hit = {
		.rule = s->o->rule,
		.time = time,
		.lookup = facts_lookup,
		.arg = f,
		.keep = s->json,
	};

	f->rule = &d->rules[s->o->rule];
	if (conditions_time(d->conditions, time, on_fire, s) < 0 ||
	    conditions_hit(d->conditions, &hit, on_fire, s) < 0)
		return; /* on_fire never stops them */
}

static void settle_event(struct detector *d, const struct facts *f,
			 int64_t time, struct record_writer *out)
{
	const struct head h = {
		.now = d->opt.replay && time != WHEN_NONE ? time : d->now,
		.time = time,
		.rises = true,
	};

	render_record(f, &h, &d->record, &out->out);
	render_end(&h, false, &out->out);
}

static void settle_facts(struct settling *s, const struct input_stream *in,
			 int64_t time)
{
	struct detector *d = s->d;
	const struct outcome *o = s->o;
	struct err err = ERR_INIT;
	struct facts facts;

	if (facts_read(&facts, s->json, &d->hit_scan, &d->hit_scratch, &err) <
	    0)
		return; /* a worker wrote it a moment ago */
	if (o->kind == OUTCOME_EVENT) {
		settle_event(d, &facts, time, s->out);
	} else if (d->rules[o->rule].plain) {
		struct head h = {
			.time = time,
			.first = time,
			.last = time,
			.count = 1,
			.rises = o->rises,
		};

		write_detection(d, o->rule, &facts, &h, s->out);
	} else {
		settle_condition(s, &facts, condition_time(d, in, time));
	}
}

/* Once for each rule: what follows is only counted. */
static void settle_fault(struct detector *d, const struct outcome *o,
			 struct slice why)
{
	struct detector_rule *r = &d->rules[o->rule];
	struct err err = ERR_INIT;

	if (r->gave_up)
		return;
	r->gave_up = true;
	(void)err_set(&err, ERR_INPUT,
		      "pattern '%s': an expression gave up on a line (%.*s); "
		      "it may have been missed",
		      r->pack->id, (int)why.len, why.ptr);
	tell(d, &err);
}

static void settle_outcome(struct detector *d, struct detector_work *w,
			   const struct outcome *o, struct record_writer *out)
{
	struct slice body = {w->bytes.data + o->body, o->body_len};
	struct settling s = {d, out, o, body};
	int64_t time;

	if (o->kind == OUTCOME_FAULT) {
		settle_fault(d, o, body);
		return;
	}
	time = time_of(d, w->block->stream, o);
	if (o->kind == OUTCOME_READY)
		record_write_lines(out, body);
	else if (!outside(d, time))
		settle_facts(&s, w->block->stream, time);
}

static void add_stats(struct detector *d, struct detector_work *w)
{
	d->stats.blocks++;
	d->stats.lines += w->lines;
	d->stats.bytes += w->block->text.len;
	d->stats.hit_lines += w->hit_lines;
	d->stats.bad_times += w->bad_times;
	d->stats.no_times += w->no_times;
	d->stats.outside += w->outside;
	d->stats.detections += w->detections;
	d->stats.faults += w->faults;
	for (size_t i = 0; i < d->rule_count; i++) {
		d->rules[i].stats.compared += w->compared[i];
		d->rules[i].stats.written += w->written[i];
		w->compared[i] = w->written[i] = 0;
	}
}

/* What the engine counted since the last time. */
static void add_engine_stats(struct detector *d, struct detector_work *w)
{
	for (size_t i = 0; i < d->rule_count; i++) {
		struct pattern_stats now = pattern_scratch_stats(w->scratch, i);
		struct detector_rule_stats *sum = &d->rules[i].stats;

		sum->hits += now.hits - w->told[i].hits;
		sum->excepted += now.excepted - w->told[i].excepted;
		sum->faults += now.faults - w->told[i].faults;
		sum->ns += now.ns - w->told[i].ns;
		w->told[i] = now;
	}
}

void detector_settle(struct detector *d, struct detector_work *w,
		     struct record_writer *out)
{
	struct settling s = {.d = d, .out = out};

	set_clock(d);
	for (size_t i = 0; i < w->count; i++)
		settle_outcome(d, w, &w->outcomes[i], out);
	if (w->time != WHEN_NONE &&
	    conditions_time(d->conditions, w->time, on_fire, &s) < 0)
		return; /* on_fire never stops it */
	record_write_lines(out,
			   SLICE_LIT("")); /* written out when it is much */
	add_stats(d, w);
	if (d->opt.measure)
		add_engine_stats(d, w);
}

void detector_time(struct detector *d, int64_t now, struct record_writer *out)
{
	struct settling s = {.d = d, .out = out};

	set_clock(d);
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
	set_clock(d);
	for (size_t i = 0; i < d->rule_count; i++)
		end_rate(d, i, out);
}
