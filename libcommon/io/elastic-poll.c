/* elastic-poll.c - what a poll covers, and what it proves once it was read. */
#include "elastic-internal.h"

#include <inttypes.h>
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define PRUNE_START 4096 /* ids; fewer are not worth looking at */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void begin_anew(struct elastic *e, int64_t mono)
{
	e->full = e->full_next || mono >= e->full_due;
	e->from = e->full ? e->back
			  : later(e->back,
				  e->watermark - e->opt.overlap_ms /
							 ELASTIC_SHORT_PART);
	e->whole = true;
	e->limit = INT64_MAX;
	e->reached = WHEN_NONE;
}

bool elastic_poll_begin(struct elastic *e)
{
	int64_t mono = clock_mono();

	if (e->resume && e->whole && e->reached != WHEN_NONE) {
		e->from = e->reached;
		e->limit = earlier(e->limit, e->watermark);
	} else {
		begin_anew(e, mono);
	}
	e->resume = false;
	e->to = clock_now() - (e->opt.follow ? ELASTIC_DELAY_MS : 0);
	if (e->opt.until != WHEN_NONE)
		e->to = earlier(e->to, e->opt.until);
	e->bare = false;
	e->retries = 0;
	e->opened = mono;
	buf_reset(&e->after);
	return e->to >= e->from;
}

void elastic_poll_prune(struct elastic *e)
{
	elastic_ring_prune(&e->ring, elastic_ring_second(e->back));
}

static void move_marks(struct elastic *e, int64_t ms)
{
	e->reached = ms;
	if (ms > e->watermark) {
		e->watermark = ms;
		e->moved = e->opened;
	}
	if (e->full)
		e->back = later(e->back,
				earlier(ms, e->limit) - e->opt.overlap_ms);
	if (e->ring.count > PRUNE_START + 2 * e->ring.pruned)
		elastic_poll_prune(e);
}

/*
 * A page was handed on. It has the documents up to the time of its last one,
 * as they were when the point in time was opened, so that time, and not only
 * the end of the poll, is one that the watermark may move to.
 */
void elastic_poll_page_done(struct elastic *e)
{
	struct elastic_page *p = &e->page;

	if (!p->again) {
		e->whole = e->whole && p->whole;
		e->retries = 0;
		if (e->whole && p->count)
			move_marks(e, p->hits[p->count - 1].ms);
		if (p->sort.ptr) {
			buf_reset(&e->after);
			buf_add_slice(&e->after, p->sort);
		}
		if (p->last)
			e->step = ELASTIC_CLOSE;
	}
	elastic_page_done(p);
}

static void settle_whole(struct elastic *e)
{
	int64_t mono = clock_mono();
	int64_t by_clock = e->watermark + (e->opened - e->moved);

	e->watermark = later(e->watermark, earlier(e->to, by_clock));
	e->moved = e->opened;
	e->covered = later(e->covered, e->to);
	if (e->full) {
		e->back = later(e->back, earlier(e->watermark, e->limit) -
						 e->opt.overlap_ms);
		e->full_next = false;
		e->full_due = mono + ELASTIC_FULL_COST * (mono - e->opened);
	}
	elastic_poll_prune(e);
}

/* The point in time is closed. */
void elastic_poll_end(struct elastic *e)
{
	e->step = ELASTIC_OPEN;
	e->due = clock_mono() + e->opt.interval_ms;
	if (!e->whole)
		return;
	settle_whole(e);
	if (!e->opt.follow ||
	    (e->opt.until != WHEN_NONE && e->covered >= e->opt.until))
		e->ended = true;
}

void elastic_tell(struct elastic *e, enum elastic_trouble kind,
		  const struct err *err)
{
	int64_t mono = clock_mono();
	bool news = kind == ELASTIC_TELL_FAILED &&
		    strcmp(e->told[kind].err.text, err->text) != 0;

	if (!e->opt.trouble || (!news && e->told[kind].at &&
				mono - e->told[kind].at < ELASTIC_TELL_MS))
		return;
	e->told[kind].err = *err;
	e->told[kind].at = mono;
	e->opt.trouble(e->opt.arg, err);
}

void elastic_tell_lag(struct elastic *e)
{
	struct err err = ERR_INIT;
	char text[32];
	int64_t now = clock_now();
	int64_t lag;

	if (e->opt.until != WHEN_NONE)
		now = earlier(now, e->opt.until);
	lag = now - later(e->covered, e->watermark);
	if (!e->opt.follow || lag < ELASTIC_LAG_MS)
		return;
	when_format_age(text, lag);
	(void)err_set(&err, ERR_REMOTE, "reading '%s' is %s behind", e->index,
		      text);
	elastic_tell(e, ELASTIC_TELL_LAG, &err);
}
