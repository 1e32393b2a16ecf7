/* carry.c - actions on their way. */
#include "carry.h"

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

/* Intents for each worker: the one that it runs, and its next. */
#define AHEAD 2
/* With so many in line for busy targets no more are taken in. */
#define BUSY_MAX 64
/* How often, when nothing of ours has ended: others hold their targets. */
#define BUSY_LOOK_MS 200
/* What ends within so long is settled together. */
#define GATHER_MS 2

struct line {
	struct carry_item *first, *last;
	size_t count;
};

struct carry {
	struct act *act;
	struct store *store;
	struct action_workers *workers;
	size_t jobs, running;
	int64_t patience;
	struct line queued, busy, ready, ended;
	bool freed;	/* something has ended since busy ones were asked */
	int64_t looked; /* when they were, on the monotonic clock */
	size_t turn;	/* where asking begins */
	bool closed;	/* nothing more is begun */
};

void carry_item_done(struct carry_item *item)
{
	act_job_done(&item->job);
}

static void push(struct line *l, struct carry_item *item)
{
	item->next = NULL;
	if (l->last)
		l->last->next = item;
	else
		l->first = item;
	l->last = item;
	l->count++;
}

static struct carry_item *pop(struct line *l)
{
	struct carry_item *item = l->first;

	l->first = item->next;
	if (!l->first)
		l->last = NULL;
	l->count--;
	item->next = NULL;
	return item;
}

struct carry *carry_new(struct act *a, struct store *s, size_t jobs,
			int64_t patience)
{
	struct carry *c = mem_zero(1, sizeof(*c));

	c->act = a;
	c->store = s;
	c->jobs = jobs;
	c->patience = patience;
	return c;
}

void carry_free(struct carry *c)
{
	if (!c)
		return;
	action_workers_free(c->workers);
	free(c);
}

/* To the line where its status belongs. */
static void place(struct carry *c, struct carry_item *item)
{
	if (item->job.status == ACT_RUNNING && !item->job.again) {
		item->state = CARRY_READY;
		push(&c->ready, item);
	} else if (item->job.status == ACT_PLANNED) {
		if (item->state != CARRY_BUSY)
			item->since = clock_mono();
		item->state = CARRY_BUSY;
		push(&c->busy, item);
	} else {
		item->state = CARRY_SETTLED;
	}
}

void carry_add(struct carry *c, struct carry_item *item)
{
	item->state = CARRY_QUEUED;
	if (*item->job.id)
		place(c, item);
	else
		push(&c->queued, item);
}

/* ---- one transaction ---- */

struct round {
	struct carry *c;
	struct act_job *ended[AHEAD * CARRY_JOBS_MAX];
	struct act_job *busy[AHEAD * CARRY_JOBS_MAX];
	struct act_request requests[AHEAD * CARRY_JOBS_MAX];
	struct act_job jobs[AHEAD * CARRY_JOBS_MAX];
	size_t ended_count, busy_count, request_count;
};

/* As they were before a transaction that was taken back. */
static void begin_again(struct round *r)
{
	for (size_t i = 0; i < r->ended_count; i++)
		r->ended[i]->status = ACT_RUNNING;
	for (size_t i = 0; i < r->busy_count; i++)
		r->busy[i]->status = ACT_PLANNED;
	for (size_t i = 0; i < r->request_count; i++)
		act_job_done(&r->jobs[i]);
}

static int round_work(void *arg, struct err *err)
{
	struct round *r = arg;
	struct act *a = r->c->act;

	begin_again(r);
	if (r->ended_count && act_settle(a, r->ended, r->ended_count, err) < 0)
		return -1;
	if (r->busy_count && act_claim(a, r->busy, r->busy_count, err) < 0)
		return -1;
	return r->request_count ? act_take(a, r->requests, r->request_count,
					   r->jobs, err)
				: 0;
}

static bool is_stopping(const struct carry *c)
{
	return c->closed || signals_stop();
}

/* How many intents more may stand ahead of the workers. */
static size_t room(const struct carry *c)
{
	size_t ahead = c->running + c->ready.count;

	return is_stopping(c) || ahead >= AHEAD * c->jobs
		       ? 0
		       : AHEAD * c->jobs - ahead;
}

/* Another one is before it in the line for the same target. */
static bool is_behind(const struct carry *c, const struct carry_item *item)
{
	const char *target = item->job.call.target;

	for (const struct carry_item *i = c->busy.first; target && i != item;
	     i = i->next)
		if (i->job.call.target && !strcmp(i->job.call.target, target))
			return true;
	return false;
}

/* Of the line for busy targets the first of each, beginning elsewhere each
 * time, so that those which others hold do not keep the rest back. */
static void pick_busy(struct carry *c, struct round *r, size_t most)
{
	size_t n = c->busy.count, skip = n ? c->turn % n : 0, i = 0;

	if (!c->freed && clock_mono() - c->looked < BUSY_LOOK_MS)
		return;
	for (int lap = 0; lap < 2; lap++) {
		struct carry_item *item = c->busy.first;

		for (i = 0; item && r->busy_count < most;
		     i++, item = item->next)
			if ((i < skip) == (lap == 1) && !is_behind(c, item))
				r->busy[r->busy_count++] = &item->job;
	}
	c->turn += most;
	c->freed = false;
	c->looked = clock_mono();
}

static void fill_round(struct carry *c, struct round *r)
{
	size_t most = room(c);
	struct carry_item *item;

	for (item = c->ended.first;
	     item && r->ended_count < ARRAY_LEN(r->ended); item = item->next)
		r->ended[r->ended_count++] = &item->job;
	if (most)
		pick_busy(c, r, most);
	if (c->busy.count >= BUSY_MAX)
		return;
	for (item = c->queued.first;
	     item && r->request_count + r->busy_count < most; item = item->next)
		r->requests[r->request_count++] = item->request;
}

static void place_all(struct carry *c, struct round *r)
{
	struct line busy = c->busy;

	c->busy = (struct line){NULL, NULL, 0};
	while (busy.first)
		place(c, pop(&busy));
	for (size_t i = 0; i < r->ended_count; i++)
		pop(&c->ended)->state = CARRY_SETTLED;
	c->freed |= r->ended_count > 0;
	for (size_t i = 0; i < r->request_count; i++) {
		struct carry_item *item = pop(&c->queued);

		item->job = r->jobs[i];
		place(c, item);
	}
}

static int run_round(struct carry *c, struct err *err)
{
	AUTO_FREE struct round *r = mem_zero(1, sizeof(*r));

	r->c = c;
	fill_round(c, r);
	if (!r->ended_count && !r->busy_count && !r->request_count)
		return 0;
	if (store_transact(c->store, round_work, r, err) < 0) {
		begin_again(r);
		return -1;
	}
	place_all(c, r);
	return 0;
}

/* ---- workers ---- */

static int start_ready(struct carry *c, struct err *err)
{
	if (!c->workers && c->ready.count)
		c->workers = action_workers_new(c->jobs);
	while (c->ready.count && !is_stopping(c) &&
	       action_workers_free_one(c->workers)) {
		struct carry_item *item = pop(&c->ready);

		if (action_workers_start(c->workers, &item->job.call, item,
					 err) < 0) {
			push(&c->ready, item);
			return -1;
		}
		item->state = CARRY_RUNNING;
		c->running++;
	}
	return 0;
}

/* 1 when one has ended. */
static int await_one(struct carry *c, int wait_ms, struct err *err)
{
	struct action_outcome outcome = {.output = NULL};
	struct carry_item *item;
	void *tag;
	int got;

	/* Once a stop was asked for, nothing waits for a time any more. */
	if (!signals_stop() && !action_workers_ready(c->workers, wait_ms))
		return 0;
	got = action_workers_wait(c->workers, &tag, &outcome, err);
	if (got != 1) /* a signal, or nothing */
		return got < 0 ? -1 : 0;
	item = tag;
	action_outcome_done(&item->job.outcome);
	item->job.outcome = outcome;
	item->state = CARRY_ENDED;
	c->running--;
	push(&c->ended, item);
	return 1;
}

/* Its intent stands in the store, and now nobody will run it. */
static void give_ready_up(struct carry *c)
{
	while (c->ready.count) {
		struct carry_item *item = pop(&c->ready);

		item->job.outcome.verdict = VERDICT_NOT_STARTED;
		free(item->job.outcome.reason);
		item->job.outcome.reason =
			mem_dup("the program was told to stop before it began");
		item->state = CARRY_ENDED;
		push(&c->ended, item);
	}
}

/* Whoever waited for too long stays planned in the store. */
static void give_busy_up(struct carry *c)
{
	int64_t now = clock_mono();

	while (c->busy.first &&
	       (is_stopping(c) || now - c->busy.first->since >= c->patience))
		pop(&c->busy)->state = CARRY_SETTLED;
}

static int wait_for_workers(struct carry *c, int wait_ms, struct err *err)
{
	int got = 1;

	while (c->running && got > 0) {
		got = await_one(c, c->ended.count ? GATHER_MS : wait_ms, err);
		if (got > 0 && start_ready(c, err) < 0)
			return -1;
		/* The workers must not run dry while this is told. */
		if (c->ended.count >= c->jobs)
			break;
	}
	return got < 0 ? -1 : 0;
}

int carry_step(struct carry *c, int wait_ms, struct err *err)
{
	if (run_round(c, err) < 0 || start_ready(c, err) < 0)
		return -1;
	if (is_stopping(c))
		give_ready_up(c);
	give_busy_up(c);
	if (c->running && wait_for_workers(c, wait_ms, err) < 0)
		return -1;
	if (!c->running && c->busy.count && !c->ended.count && !c->queued.count)
		(void)signals_sleep(wait_ms < BUSY_LOOK_MS ? wait_ms
							   : BUSY_LOOK_MS);
	return c->running || c->ready.count || c->busy.count ||
	       c->ended.count || (c->queued.count && !is_stopping(c));
}

int carry_all(struct carry *c, struct err *err)
{
	int got;

	while ((got = carry_step(c, BUSY_LOOK_MS, err)) > 0)
		;
	return got;
}

void carry_drain(struct carry *c)
{
	struct err ignored = ERR_INIT;

	c->closed = true;
	if (carry_all(c, &ignored) < 0)
		err_clear(&ignored); /* the first failure is being told */
}
