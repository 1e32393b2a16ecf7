/*
 * join.c - an input over an input: its lines go to events that are not
 * complete, and those that are go into blocks.
 *
 * Almost every line is an event by itself, so nothing is copied while the lines
 * of an event follow each other in the block at hand. What has to be copied (an
 * event that began in an earlier block, or whose lines stand apart) is put
 * behind the bytes of the block when that has been read.
 */
#include "join-internal.h"

#include <oncall/clock.h>
#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/utf8.h>

struct join_stream *join_stream(struct join *j, const struct input_stream *s)
{
	void **place = map_put(j->streams, slice_of(s->id));
	struct join_stream *own = *place;

	if (own)
		return own;
	own = mem_zero(1, sizeof(*own));
	own->kind = mem_dup(s->kind ? s->kind : "");
	own->out = (struct input_stream){
		.kind = own->kind,
		.id = mem_dup(s->id),
		.path = mem_dup(s->path),
		.service = mem_dup(s->service),
		.positions = s->positions,
		.number = j->streams->count - 1,
		.last_time = s->last_time,
	};
	*place = own;
	return own;
}

static void stream_free(void *stream)
{
	struct join_stream *s = stream;

	free(s->kind);
	free(s->out.id);
	free(s->out.path);
	free(s->out.service);
	free(s);
}

void join_ready(struct join *j, struct join_event *e)
{
	e->newer = NULL;
	*j->ready_end = e;
	j->ready_end = &e->newer;
}

/* Nothing more belongs to it. */
static void complete(struct join *j, struct join_event *e)
{
	join_table_remove(&j->open, e);
	j->held -= join_text(e).len;
	if (!e->given && e->stream != j->now) {
		join_keep_text(e);
		join_ready(j, e);
		return;
	}
	if (!e->given)
		join_hand_on(j, e);
	join_table_release(&j->open, e);
}

/* A limit was reached: it is handed on as it is, but stays open, so that what
 * still belongs to it is not taken for something else. */
static void give(struct join *j, struct join_event *e)
{
	struct slice text;

	e->truncated = true;
	join_hand_on(j, e);
	text = join_text(e);
	j->held -= text.len;
	if (text.len > JOIN_HEAD)
		text.len = JOIN_HEAD;
	if (e->view.ptr)
		e->view.len = text.len;
	else
		buf_truncate(&e->text, text.len);
	j->held += text.len;
	join_keep_text(e);
	e->given = true;
}

static void add_text(struct join *j, struct join_event *e, struct slice line)
{
	const char *end = e->view.ptr ? e->view.ptr + e->view.len : NULL;

	if (end && end + 1 == line.ptr && *end == '\n') {
		e->view.len += 1 + line.len;
	} else {
		join_keep_text(e);
		buf_add_char(&e->text, '\n');
		buf_add_slice(&e->text, line);
	}
	j->held += 1 + line.len;
}

static void add_line(struct join *j, struct join_event *e,
		     const struct input_event *line)
{
	size_t len = join_text(e).len;
	struct slice text = line->text;
	bool full = e->lines >= j->max_lines;

	join_table_touch(&j->open, e);
	e->stream->last = e;
	e->touched = j->mono;
	e->turn = j->turn;
	e->seen = j->wall;
	if (e->given)
		return;
	if (!full && text.len >= j->max_bytes - len) {
		full = true;
		text.len = len < j->max_bytes ? j->max_bytes - len - 1 : 0;
		text.len = utf8_cut(line->text.ptr, line->text.len, text.len);
		if (text.len)
			add_text(j, e, text);
	} else if (!full) {
		add_text(j, e, text);
		e->lines++;
		e->truncated |= line->truncated;
	}
	if (full)
		give(j, e);
}

static struct join_event *begin(struct join *j, const struct input_event *line,
				struct slice key, bool keyed)
{
	static const char nothing[1];
	struct join_event *e = join_table_add(&j->open, j->now, key, keyed);

	e->view = line->text;
	if (!e->view.ptr)
		e->view.ptr = nothing;
	e->offset = line->offset;
	e->line = line->line;
	e->lines = 1;
	e->truncated = line->truncated;
	e->touched = j->mono;
	e->turn = j->turn;
	e->seen = j->wall;
	buf_add_slice(&e->id, line->id);
	j->held += e->view.len;
	j->now->last = e;
	if (line->offset > j->now->last_start)
		j->now->last_start = line->offset;
	if (e->view.len > j->max_bytes) {
		j->held -= e->view.len;
		e->view.len = utf8_cut(e->view.ptr, e->view.len, j->max_bytes);
		j->held += e->view.len;
		give(j, e);
	}
	return e;
}

/* What is open is bounded; the one without a line for the longest time is the
 * one most likely complete. */
static void bound(struct join *j, const struct join_event *but)
{
	while ((j->open.count > JOIN_MAX_SESSIONS || j->held > JOIN_MAX_HELD) &&
	       j->open.oldest && j->open.oldest != but)
		complete(j, j->open.oldest);
}

static void take_line(struct join *j, const struct input_event *line)
{
	struct slice key = {NULL, 0};
	bool named = j->rules.sessions &&
		     join_rules_session(&j->rules, line->text, &key);
	bool keyed = named || !j->rules.sessions;
	struct join_event *e = j->now->last;
	struct join_open open = {.state = 0};
	struct join_answer a;

	if (named)
		e = join_table_find(&j->open, j->now, key);
	if (e)
		open = (struct join_open){join_text(e), e->state};
	a = join_rules_judge(&j->rules, line->text, keyed, e ? &open : NULL);
	if (e && a.verdict == JOIN_GOES_ON) {
		add_line(j, e, line);
	} else {
		if (!keyed) /* the one before it without a name */
			e = join_table_find(&j->open, j->now, key);
		if (e)
			complete(j, e);
		e = begin(j, line, key, j->rules.sessions);
	}
	e->state = a.state;
	if (a.ends || a.verdict == JOIN_ALONE)
		complete(j, e);
	else
		bound(j, e);
}

static void take_text(struct join *j, const struct input_block *b)
{
	const char *end = b->text.ptr + b->text.len;
	struct input_event line = {.offset = b->offset, .line = b->line};

	for (const char *p = b->text.ptr; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		if (!stop)
			stop = end;
		line.text = (struct slice){p, (size_t)(stop - p)};
		line.truncated = b->truncated && stop + 1 >= end;
		take_line(j, &line);
		line.offset += line.text.len + 1;
		line.line++;
		p = stop + 1;
	}
}

/* The lists change places: what inner gave is read, what comes of it written.
 */
static void take_block(struct join *j, struct input_block *b)
{
	struct input_event *lines = b->events;
	size_t count = b->event_count;
	size_t cap = b->event_cap;

	j->now = join_stream(j, b->stream);
	b->stream = &j->now->out;
	if (count == 0) {
		take_text(j, b);
		return;
	}
	b->events = j->lines;
	b->event_cap = j->line_cap;
	b->event_count = 0;
	j->lines = lines;
	j->line_cap = cap;
	for (size_t i = 0; i < count; i++)
		take_line(j, &lines[i]);
}

/* A block of those that are ready, up to where the stream changes. */
static bool take_ready(struct join *j)
{
	struct join_event *e = j->ready;

	if (!e)
		return false;
	j->now = e->stream;
	j->block->stream = &j->now->out;
	j->block->offset = e->offset;
	j->block->line = e->line;
	for (; e && e->stream == j->now; e = j->ready) {
		j->ready = e->newer;
		join_hand_on(j, e);
		join_table_release(&j->open, e);
	}
	if (!j->ready)
		j->ready_end = &j->ready;
	j->block->live = j->live && !j->ready;
	join_settle(j);
	return true;
}

static void expire(struct join *j)
{
	while (j->open.oldest &&
	       j->mono - j->open.oldest->touched >= j->timeout_ms)
		complete(j, j->open.oldest);
}

/* The clock may have been set back: what seems to be of the future is old. */
static bool may_go_on(const struct join *j, const struct join_event *e)
{
	return j->keep && e->seen <= j->wall &&
	       j->wall - e->seen < j->timeout_ms;
}

static void complete_all(struct join *j)
{
	for (struct join_event *e = j->open.oldest, *newer; e; e = newer) {
		newer = e->newer;
		if (!may_go_on(j, e))
			complete(j, e);
	}
}

/* How long inner may wait: until the next event is over. */
static int wait_for(const struct join *j, int64_t wait_ms)
{
	int64_t left;

	if (!j->open.oldest)
		return (int)wait_ms;
	left = j->open.oldest->touched + j->timeout_ms - clock_mono();
	if (left < 0)
		left = 0;
	return (int)(wait_ms < 0 || left < wait_ms ? left : wait_ms);
}

/* Asks inner once. */
static int step(struct join *j, int wait_ms, struct err *err)
{
	int state = input_next(j->inner, j->block, wait_ms, err);

	if (state < 0)
		return -1;
	j->mono = clock_mono();
	j->wall = clock_now();
	j->now = NULL;
	j->turn++;
	j->live = state != INPUT_BLOCK_READY || j->block->live;
	if (state == INPUT_BLOCK_READY)
		take_block(j, j->block);
	if (state == INPUT_END) {
		j->ended = true;
		complete_all(j);
	} else if (j->live) {
		expire(j);
	}
	join_settle(j);
	return state;
}

static int join_next(struct input *in, struct input_block *b, int wait_ms,
		     struct err *err)
{
	struct join *j = (struct join *)(uintptr_t)in;
	int64_t end = clock_mono() + wait_ms;
	int64_t left = wait_ms;

	j->block = b;
	for (;;) {
		int asked = wait_for(j, left);
		int64_t before = clock_mono();
		int state = INPUT_END;

		if (take_ready(j))
			return INPUT_BLOCK_READY;
		if (!j->ended)
			state = step(j, asked, err);
		if (state < 0)
			return -1;
		if (b->event_count)
			return INPUT_BLOCK_READY;
		if (j->ready)
			continue;
		if (state == INPUT_END)
			return INPUT_END;
		if (wait_ms >= 0)
			left = end > clock_mono() ? end - clock_mono() : 0;
		/* Nothing in less than the time given was a signal. */
		if (state == INPUT_NOTHING &&
		    (left == 0 || signals_stop() || asked < 0 ||
		     clock_mono() - before < asked))
			return INPUT_NOTHING;
	}
}

static void join_free(struct input *in)
{
	struct join *j = (struct join *)(uintptr_t)in;

	input_free(j->inner);
	while (j->ready) {
		struct join_event *e = j->ready;

		j->ready = e->newer;
		join_table_release(&j->open, e);
	}
	join_table_done(&j->open);
	join_rules_done(&j->rules);
	map_done(j->streams, stream_free);
	free(j->streams);
	buf_done(&j->made);
	free(j->places);
	free(j->lines);
	free(j);
}

int join_new(struct input **ret, struct input *inner,
	     const struct join_options *opt, struct err *err)
{
	static const struct input_ops ops = {join_next, join_save, join_load,
					     join_free};
	struct join *j = mem_zero(1, sizeof(*j));

	*ret = NULL;
	j->base.ops = &ops;
	j->inner = inner;
	j->timeout_ms = opt->timeout_ms > 0 ? opt->timeout_ms : JOIN_TIMEOUT_MS;
	j->max_lines = opt->max_lines ? opt->max_lines : JOIN_MAX_LINES;
	j->max_bytes = opt->max_bytes ? opt->max_bytes : JOIN_MAX_BYTES;
	j->keep = opt->keep;
	j->streams = mem_zero(1, sizeof(*j->streams));
	j->ready_end = &j->ready;
	j->made.max = JOIN_MAX_HELD * 2 + BUF_DEFAULT_MAX;
	join_table_init(&j->open);
	if (!join_rules_init(&j->rules, opt, err) &&
	    (j->max_bytes <= JOIN_MAX_HELD ||
	     err_set(err, ERR_USAGE, "max_bytes: at most %zu", JOIN_MAX_HELD) ==
		     0)) {
		*ret = &j->base;
		return 0;
	}
	join_free(&j->base);
	return -1;
}
