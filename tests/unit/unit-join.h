/* unit-join.h - an input that gives what the test wrote, in blocks that the
 * test cuts; and what came out of the join over it, as text. */
#ifndef ONCALL_UNIT_JOIN_H
#define ONCALL_UNIT_JOIN_H

#include "unit.h"

#include <poll.h>

#include <oncall/clock.h>
#include <oncall/join.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/pattern.h>

#define STREAMS 3

struct fake {
	struct input base;
	struct input_stream streams[STREAMS];
	struct slice text[STREAMS]; /* all that the stream has */
	size_t at[STREAMS], line[STREAMS];
	size_t max;	/* bytes of a block; 0: all */
	uint64_t seed;	/* of sizes and turns; 0: one stream after the other */
	bool own;	/* blocks point into text, not into their own memory */
	bool as_events; /* with ids */
	bool cut;	/* the last line of each block is marked as cut */
	int silences;	/* that come before the end */
	bool live;
};

static inline size_t fake_random(struct fake *f, size_t below)
{
	f->seed = f->seed * 6364136223846793005U + 1442695040888963407U;
	return (size_t)(f->seed >> 33) % below;
}

static inline size_t fake_turn(struct fake *f)
{
	size_t s = f->seed ? fake_random(f, STREAMS) : 0;

	for (size_t i = 0; i < STREAMS; i++, s = (s + 1) % STREAMS)
		if (f->at[s] < f->text[s].len)
			return s;
	return STREAMS;
}

static inline size_t fake_lines(struct fake *f, struct slice rest)
{
	size_t want = f->max ? f->max : rest.len;
	const char *stop;

	if (f->seed && f->max)
		want = 1 + fake_random(f, f->max);
	if (want >= rest.len)
		return rest.len;
	stop = memchr(rest.ptr + want, '\n', rest.len - want);
	return stop ? (size_t)(stop - rest.ptr) + 1 : rest.len;
}

static inline void fake_events(struct fake *f, struct input_block *b)
{
	const char *p = b->text.ptr;
	const char *end = p + b->text.len;
	uint64_t line = b->line;

	/* What stands between them is nobody's. */
	for (size_t i = 0; !f->own && i < b->data.len; i++)
		if (b->data.data[i] == '\n')
			b->data.data[i] = '|';
	while (p < end) {
		const char *stop =
			memchr(p, f->own ? '\n' : '|', (size_t)(end - p));
		struct input_event e = {.line = line++};

		stop = stop ? stop : end;
		e.text = (struct slice){p, (size_t)(stop - p)};
		e.id = (struct slice){p, e.text.len < 6 ? e.text.len : 6};
		input_block_event(b, &e);
		p = stop + 1;
	}
	b->text = (struct slice){NULL, 0};
	b->offset = 0;
}

static inline int fake_next(struct input *in, struct input_block *b,
			    int wait_ms, struct err *err)
{
	struct fake *f = (struct fake *)in;
	size_t s = fake_turn(f);
	struct slice rest;
	size_t n;

	(void)err;
	if (s == STREAMS) {
		if (f->silences == 0)
			return INPUT_END;
		f->silences--;
		(void)poll(NULL, 0, wait_ms < 0 ? 2000 : wait_ms);
		return INPUT_NOTHING;
	}
	rest = (struct slice){f->text[s].ptr + f->at[s],
			      f->text[s].len - f->at[s]};
	n = fake_lines(f, rest);
	b->stream = &f->streams[s];
	b->offset = f->at[s];
	b->line = f->line[s] + 1;
	b->text = (struct slice){rest.ptr, n};
	b->truncated = f->cut;
	b->live = f->live;
	if (!f->own) {
		buf_add(&b->data, rest.ptr, n);
		b->text.ptr = b->data.data;
	}
	f->at[s] += n;
	f->line[s] += pattern_count_lines((struct slice){rest.ptr, n});
	if (f->as_events)
		fake_events(f, b);
	return INPUT_BLOCK_READY;
}

static inline void fake_save(const struct input *in, struct buf *out)
{
	const struct fake *f = (const struct fake *)in;

	jwrite_open(out, NULL, '[');
	for (size_t i = 0; i < STREAMS; i++) {
		jwrite_int(out, NULL, (int64_t)f->at[i]);
		jwrite_int(out, NULL, (int64_t)f->line[i]);
	}
	jwrite_close(out, ']');
}

struct fake_load {
	struct fake *f;
	size_t n;
};

static inline int fake_load_one(void *arg, struct slice v, enum jscan_type type,
				struct err *err)
{
	struct fake_load *l = arg;
	int64_t n;

	(void)type;
	(void)err;
	assert_int_equal(jscan_int(v, &n), 0);
	if (l->n % 2 == 0)
		l->f->at[l->n / 2] = (size_t)n;
	else
		l->f->line[l->n / 2] = (size_t)n;
	l->n++;
	return 0;
}

static inline int fake_load(struct input *in, struct slice json,
			    struct err *err)
{
	struct fake_load l = {(struct fake *)in, 0};

	return jscan_array(json, fake_load_one, &l, err);
}

static inline void fake_free(struct input *in)
{
	free(in);
}

static inline struct fake *fake_new(const struct fake *from)
{
	static const struct input_ops ops = {fake_next, fake_save, fake_load,
					     fake_free};
	static char ids[STREAMS][3] = {"s0", "s1", "s2"};
	struct fake *f = mem_zero(1, sizeof(*f));

	*f = *from;
	f->base.ops = &ops;
	for (size_t i = 0; i < STREAMS; i++)
		f->streams[i] = (struct input_stream){
			.kind = "file",
			.id = ids[i],
			.positions = !f->as_events,
			.number = i,
		};
	return f;
}

/* "text" and what is marked, each event followed by a line "--". */
static inline void note_block(struct buf *out, const struct input_block *b,
			      bool places)
{
	for (size_t i = 0; i < b->event_count; i++) {
		const struct input_event *e = &b->events[i];

		if (places)
			buf_addf(out,
				 "%llu:%llu:", (unsigned long long)e->offset,
				 (unsigned long long)e->line);
		if (e->id.len) {
			buf_add_slice(out, e->id);
			buf_add_char(out, '=');
		}
		if (e->truncated)
			buf_add_char(out, '!');
		if (e->out_of_order)
			buf_add_char(out, '~');
		buf_add_slice(out, e->text);
		buf_add_str(out, "\n--\n");
	}
}

#endif
