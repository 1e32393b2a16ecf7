/* elastic-next.c - asks, waits, and hands on. */
#include "elastic-internal.h"

#include <oncall/clock.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#define ID_SHOWN 200

/* Blanks, where the JSON has ends of lines: they are never inside a text. */
static void add_line(struct buf *out, struct slice json)
{
	size_t start = out->len;

	buf_add_slice(out, json);
	for (size_t i = start; i < out->len; i++)
		if (out->data[i] == '\n' || out->data[i] == '\r')
			out->data[i] = ' ';
}

static void tell_missing(struct elastic *e, struct slice id)
{
	struct err err = ERR_INIT;

	e->missing++;
	(void)err_set(&err, ERR_REMOTE,
		      "%zu documents of '%s' could not be had and were left "
		      "out, the last of them '%.*s'",
		      e->missing, e->index,
		      (int)(id.len < ID_SHOWN ? id.len : ID_SHOWN), id.ptr);
	elastic_tell(e, ELASTIC_TELL_MISSING, &err);
}

/* "INDEX/ID", appended. */
static struct slice add_id(struct buf *out, const struct elastic_hit *hit)
{
	size_t start = out->len;

	jscan_unquote(out, hit->index);
	buf_add_char(out, '/');
	jscan_unquote(out, hit->id);
	return (struct slice){out->data + start, out->len - start};
}

/* There is room for it. */
static void hand_on_hit(struct elastic *e, struct input_block *b,
			const struct elastic_hit *hit)
{
	struct input_event event = {.truncated = false};
	struct slice source = hit->source;
	size_t start = b->data.len;
	struct elastic_id id;

	event.id = add_id(&b->data, hit);
	elastic_ring_id(&id, event.id, hit->ms);
	if (elastic_ring_has(&e->ring, &id)) {
		buf_truncate(&b->data, start);
		return;
	}
	elastic_ring_add(&e->ring, &id);
	if (!source.ptr) {
		tell_missing(e, event.id);
		buf_truncate(&b->data, start);
		return;
	}
	if (source.len > INPUT_MAX_LINE) {
		source.len = INPUT_MAX_LINE;
		event.truncated = true;
	}
	start = b->data.len;
	add_line(&b->data, source);
	event.text = (struct slice){b->data.data + start, b->data.len - start};
	input_block_event(b, &event);
}

/* Bytes that a hit needs at most. */
static size_t hit_size(const struct elastic_hit *hit)
{
	size_t n = hit->source.len;

	if (n > INPUT_MAX_LINE)
		n = INPUT_MAX_LINE;
	return hit->index.len + hit->id.len + n;
}

/*
 * Makes room in the ring, at the price of an overlap that reaches less far.
 * What is still to come in this poll must not be forgotten; then the ring
 * grows for a while. False while answers are not whole: what was handed on of
 * them would come again.
 */
static bool make_room(struct elastic *e)
{
	struct err err = ERR_INIT;
	int64_t ms = e->page.hits[e->page.next].ms;
	char text[WHEN_TEXT];

	if (e->ring.count < e->opt.ring)
		return true;
	elastic_poll_prune(e);
	if (e->ring.count < e->opt.ring / 4 * 3)
		return true;
	if (!e->whole || !e->page.whole) {
		(void)err_set(&err, ERR_REMOTE,
			      "the answers about '%s' are not whole, and no "
			      "more than %zu documents are read until they are",
			      e->index, e->opt.ring);
		elastic_tell(e, ELASTIC_TELL_RING, &err);
		return false;
	}
	if (ms > e->watermark)
		ms = e->watermark;
	ms = elastic_ring_drop(&e->ring, elastic_ring_second(ms)) * WHEN_SECOND;
	if (ms <= e->back)
		return true;
	e->back = ms;
	when_format(text, ms);
	(void)err_set(&err, ERR_REMOTE,
		      "more than %zu documents of '%s' within the overlap: "
		      "late ones from before %s will be missed",
		      e->opt.ring, e->index, text);
	elastic_tell(e, ELASTIC_TELL_RING, &err);
	return true;
}

/* Gives the rest of the page up; the poll has failed. */
static void stop_poll(struct elastic *e)
{
	e->page.count = e->page.next;
	e->page.whole = e->page.again = false;
	e->page.last = true;
}

static bool hand_on(struct elastic *e, struct input_block *b)
{
	struct elastic_page *p = &e->page;
	size_t end = p->next;
	size_t room = 0;

	while (end < p->count && room < INPUT_BLOCK)
		room += hit_size(&p->hits[end++]);
	(void)buf_reserve(&b->data, room); /* so that slices stay valid */
	if (p->next < end && !make_room(e))
		stop_poll(e);
	while (p->next < end && p->next < p->count)
		hand_on_hit(e, b, &p->hits[p->next++]);
	if (p->next < p->count)
		return b->event_count > 0;
	b->live = p->last && !p->again;
	elastic_poll_page_done(e);
	return b->event_count > 0;
}

bool elastic_hand_on(struct elastic *e, struct input_block *b)
{
	b->stream = &e->stream;
	while (e->page.reply.status)
		if (hand_on(e, b))
			return true;
	return false;
}

/* Jittered, doubled each time. */
static int64_t pause_of(const struct elastic *e, int64_t after)
{
	int64_t most = e->opt.interval_ms * ELASTIC_BACKOFF_MOST;
	int64_t ms = ELASTIC_BACKOFF_MS < e->opt.interval_ms
			     ? ELASTIC_BACKOFF_MS
			     : e->opt.interval_ms;
	uint64_t n;

	for (int i = 1; i < e->failures && ms < most; i++)
		ms *= 2;
	if (ms > most)
		ms = most;
	clock_random(&n, sizeof(n));
	ms = ms / 2 + (int64_t)(n % (uint64_t)(ms / 2 + 1));
	if (after > ELASTIC_AFTER_MAX_MS)
		after = ELASTIC_AFTER_MAX_MS;
	return after > ms ? after : ms;
}

/* Goes on later; without follow, not for ever. */
static int fail(struct elastic *e, const struct err *why, int64_t after,
		struct err *err)
{
	struct err told = *why;

	e->failures++;
	(void)err_prefix(&told, "cannot read '%s'", e->index);
	if (!e->opt.follow && e->failures >= ELASTIC_TRIES) {
		e->ended = true;
		return err_set(err, ERR_REMOTE, "%s", told.text);
	}
	if (e->opt.follow)
		elastic_tell(e, ELASTIC_TELL_FAILED, &told);
	e->due = clock_mono() + pause_of(e, after);
	return 0;
}

static void not_whole(struct err *err)
{
	(void)err_set(err, ERR_REMOTE,
		      "the answer is not whole: shards failed or took too "
		      "long");
}

/* The point in time is gone, or of no use. */
static void start_again(struct elastic *e)
{
	buf_reset(&e->pit);
	e->resume = true;
	e->step = ELASTIC_OPEN;
}

/*
 * Asks for less, at once, when the answer was too large or could not be read;
 * false when that has come to its end. A document that cannot be had alone is
 * passed by.
 */
static bool shrink(struct elastic *e)
{
	if (e->step != ELASTIC_SEARCH)
		return false;
	if (e->size > 1) {
		e->size /= 2;
		return true;
	}
	e->bare = !e->bare;
	return e->bare;
}

/* What will not be different the next time; only who follows waits for it to
 * be mended. */
static bool is_final(long status)
{
	return status == 400 || status == 401 || status == 403 ||
	       status == 404 || status == 405;
}

static int fail_status(struct elastic *e, const struct http_reply *r,
		       struct err *err)
{
	struct err why = ERR_INIT;
	bool lost = e->step == ELASTIC_SEARCH && r->status == 404;

	(void)elastic_answer_failed(r, &why);
	if (lost ||
	    (e->step == ELASTIC_SEARCH && e->failures >= ELASTIC_PIT_TRIES))
		start_again(e);
	else if (is_final(r->status) && !e->opt.follow)
		e->failures = ELASTIC_TRIES;
	if (e->size > 1 && elastic_answer_has(r, "circuit_breaking_exception"))
		e->size /= 2;
	return fail(e, &why, r->retry_after_ms, err);
}

/* Who may search need not be allowed to ask what answers. */
static bool guess(struct elastic *e, long status)
{
	if (e->step == ELASTIC_KIND && (status == 403 || status == 404)) {
		e->guessed = true;
		e->opensearch = false;
		e->shard_doc = true;
		e->step = ELASTIC_OPEN;
		return true;
	}
	if (e->step == ELASTIC_OPEN && e->guessed && !e->opensearch &&
	    (status == 400 || status == 405)) {
		e->opensearch = true;
		e->shard_doc = false;
		return true;
	}
	return false;
}

/* The next page is as large as keeps the answer small. One that is not whole
 * is handed on and asked for again, and only then taken as it is. */
static int page_came(struct elastic *e, struct err *err)
{
	struct err why = ERR_INIT;
	size_t len = e->page.reply.body.len;

	if (len > ELASTIC_BODY_AIM && e->size > 1)
		e->size /= 2;
	else if (len < ELASTIC_BODY_AIM / 4)
		e->size = 2 * e->size < e->opt.page ? 2 * e->size : e->opt.page;
	e->bare = e->bare && !e->page.whole;
	if (e->page.whole) {
		e->failures = 0;
		return 0;
	}
	if (!e->whole || e->retries >= ELASTIC_PAGE_TRIES)
		return 0;
	e->retries++;
	e->page.again = true;
	not_whole(&why);
	return fail(e, &why, 0, err);
}

/* The page, or less of it when it is one that we cannot read. */
static int take_page(struct elastic *e, struct http_reply *r, struct err *err)
{
	struct err why = ERR_INIT;

	if (!elastic_answer_page(e, r, &why))
		return page_came(e, err);
	if (elastic_answer_has(r, "\"_shards\"") && shrink(e))
		return 0;
	return fail(e, &why, 0, err);
}

static int take_answer(struct elastic *e, struct http_reply *r, struct err *err)
{
	struct err why = ERR_INIT;
	int rc = 0;

	switch (e->step) {
	case ELASTIC_KIND:
		rc = elastic_answer_kind(e, r, &why);
		if (!rc)
			e->step = ELASTIC_OPEN;
		break;
	case ELASTIC_OPEN:
		rc = elastic_answer_open(e, r, &why);
		if (!rc)
			e->step = ELASTIC_SEARCH;
		break;
	case ELASTIC_SEARCH:
		return take_page(e, r, err);
	case ELASTIC_CLOSE:
		break;
	}
	return rc ? fail(e, &why, 0, err) : 0;
}

/* A poll that was not whole is a failure like others. */
static int close_poll(struct elastic *e, struct err *err)
{
	struct err why = ERR_INIT;

	elastic_poll_end(e);
	buf_reset(&e->pit);
	if (e->whole) {
		e->unwhole = 0;
		return 0;
	}
	e->failures = e->unwhole++;
	not_whole(&why);
	return fail(e, &why, 0, err);
}

static int judge(struct elastic *e, int rc, struct http_reply *r,
		 struct err *why, struct err *err)
{
	if (e->step == ELASTIC_CLOSE) /* it would have ended by itself */
		return close_poll(e, err);
	if (rc < 0) {
		if (r->too_large && shrink(e))
			return 0;
		return fail(e, why, 0, err);
	}
	if (r->status == 200)
		return take_answer(e, r, err);
	if (guess(e, r->status))
		return 0;
	return fail_status(e, r, err);
}

/* 1 when there is something new to do, 0 when the time is up or a signal came,
 * -1 for errors. */
static int await_answer(struct elastic *e, int64_t end, struct err *err)
{
	for (;;) {
		struct http_reply reply;
		struct err why = ERR_INIT;
		int64_t left = end - clock_mono();
		void *tag;
		int rc;

		if (signals_poll(-1, 0, 0) < 0)
			return 0;
		if (left > ELASTIC_WAIT_MS)
			left = ELASTIC_WAIT_MS;
		rc = http_wait(e->http, left > 0 ? left : 0, &tag, &reply,
			       &why);
		if (rc != 2) {
			e->asked = false;
			rc = judge(e, rc, &reply, &why, err);
			http_reply_done(&reply);
			return rc ? -1 : 1;
		}
		if (clock_mono() >= end)
			return 0;
	}
}

static int await_due(const struct elastic *e, int64_t end)
{
	for (;;) {
		int64_t now = clock_mono();
		int64_t left = (e->due < end ? e->due : end) - now;

		if (left <= 0)
			return now >= e->due;
		if (left > INT32_MAX)
			left = INT32_MAX;
		if (signals_poll(-1, 0, (int)left) < 0)
			return 0;
	}
}

/* Sends the next request when it is time to. */
static int ask(struct elastic *e, struct err *err)
{
	elastic_tell_lag(e);
	if (e->step == ELASTIC_OPEN && !elastic_poll_begin(e)) {
		if (!e->opt.follow ||
		    (e->opt.until != WHEN_NONE && e->opt.until < e->from))
			e->ended = true;
		e->due = clock_mono() + e->opt.interval_ms;
		return 0;
	}
	return elastic_ask(e, err);
}

int elastic_next(struct input *in, struct input_block *b, int wait_ms,
		 struct err *err)
{
	struct elastic *e = elastic_of(in);
	int64_t end = wait_ms < 0 ? INT64_MAX : clock_mono() + wait_ms;

	for (;;) {
		int rc;

		if (elastic_hand_on(e, b))
			return INPUT_BLOCK_READY;
		if (e->ended)
			return INPUT_END;
		if (signals_stop())
			return INPUT_NOTHING;
		if (!e->asked && clock_mono() >= e->due && ask(e, err))
			return -1;
		if (e->ended)
			return INPUT_END;
		rc = e->asked ? await_answer(e, end, err) : await_due(e, end);
		if (rc < 0)
			return -1;
		if (!rc)
			return INPUT_NOTHING;
	}
}
