/*
 * send-claim.c - what is due is claimed by this runner: of each room the first
 * ones that wait, as many as its rate allows, unless another runner is there.
 */
#include "send-internal.h"

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/ulid.h>

/*
 * Says that this runner lives, each time: a connection that was lost has let go
 * of the name, and what ran under it may be another's by now.
 */
int send_hold(struct send *s, struct err *err)
{
	int got = store_try_hold(s->store, s->runner, err);
	char ulid[ULID_TEXT];

	if (got != 0)
		return got < 0 ? -1 : 0;
	ulid_make(ulid);
	(void)snprintf(s->runner, sizeof(s->runner), "send:%s", ulid);
	return store_hold(s->store, s->runner, err);
}

struct line {
	char *target, *room;
	int64_t next; /* when its rate is used up to */
};

/* One that waits, and what came before it. */
struct waiting {
	int64_t message, due, made, attempts;
	bool sending, maybe, cancelled;
	char *key, *thread, *runner, *reason;
};

struct queue {
	struct waiting items[SEND_CLAIM_MAX];
	size_t count;
};

static void queue_done(struct queue *q)
{
	for (size_t i = 0; i < q->count; i++) {
		free(q->items[i].key);
		free(q->items[i].thread);
		free(q->items[i].runner);
		free(q->items[i].reason);
	}
	q->count = 0;
}

static int read_queue(struct send *s, const struct line *l, size_t most,
		      struct queue *q, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s->store, err,
		"SELECT d.message, d.status, d.due, d.made, d.attempts, "
		"d.maybe, d.runner, m.key, m.thread, m.status, m.reason FROM "
		"deliveries d JOIN messages m ON m.num = d.message WHERE "
		"d.target = $1 AND d.room = $2 AND d.status IN ('queued', "
		"'sending') ORDER BY d.message LIMIT $3",
		S_TEXT(l->target), S_TEXT(l->room), S_INT((int64_t)most));
	int got;

	q->count = 0;
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		q->items[q->count++] = (struct waiting){
			.message = store_int(rows, 0),
			.sending = slice_is(store_text(rows, 1), "sending"),
			.due = store_int(rows, 2),
			.made = store_int(rows, 3),
			.attempts = store_int(rows, 4),
			.maybe = store_int(rows, 5) != 0,
			.runner = mem_dup_slice(store_text(rows, 6)),
			.key = mem_dup_slice(store_text(rows, 7)),
			.thread = mem_dup_slice(store_text(rows, 8)),
			.cancelled = slice_is(store_text(rows, 9), "cancelled"),
			.reason = mem_dup_slice(store_text(rows, 10)),
		};
	return got;
}

/* ---- what dead runners left ---- */

/* Of those that it had, nobody knows which arrived. */
static int leave_unknown(struct send *s, const struct line *l,
			 const struct waiting *w, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct channel *ch =
		send_target_channel(s, send_target_get(s, l->target), &ignored);
	const struct channel_traits *t = ch ? s->via->traits(ch) : NULL;
	struct send_delivery d = {
		.message = w->message,
		.key = w->key,
		.target = l->target,
		.room = l->room,
		.status = "unknown",
		.attempts = w->attempts + 1,
		.due = clock_now(),
		.reason = "the program ended while it was sent",
	};

	if (t && !t->safe_again && !t->read_back)
		return send_end(s, &d, err);
	return STORE_QUEUE(s->store, err,
			   "UPDATE deliveries SET status = 'queued', runner = "
			   "NULL, maybe = 1, due = $3 WHERE message = $1 AND "
			   "target = $2",
			   S_INT(w->message), S_TEXT(l->target),
			   S_INT(t && t->lag ? d.due + t->lag : w->due));
}

/* 1: the line was taken over from a runner that is no more; 0: it is at work.
 * Whoever can hold the name of a runner knows that nobody else does. */
static int take_over(struct send *s, const struct line *l, struct queue *q,
		     struct err *err)
{
	const char *runner = q->items[0].runner;
	int gone = runner && strcmp(runner, s->runner) != 0
			   ? store_try_hold(s->store, runner, err)
			   : 1;

	if (gone <= 0)
		return gone;
	for (size_t i = 0; i < q->count; i++)
		if (q->items[i].sending &&
		    leave_unknown(s, l, &q->items[i], err) < 0)
			return -1;
	return 1;
}

/* ---- claiming ---- */

static int load_record(struct send *s, struct send_job *j, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s->store, err,
			  "SELECT record, made FROM messages WHERE num = $1",
			  S_INT(j->message));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	j->record = mem_dup_slice(store_text(rows, 0));
	j->record_len = store_text(rows, 0).len;
	j->written = store_int(rows, 1);
	return 0;
}

/* 1; 0: it was taken back in the meantime. The one statement decides. */
static int claim_one(struct send *s, const struct line *l,
		     const struct waiting *w, bool late, struct err *err)
{
	struct send_job *j;
	int64_t n = STORE_RUN(
		s->store, err,
		"UPDATE deliveries SET status = 'sending', runner = $3 WHERE "
		"message = $1 AND target = $2 AND status = 'queued' AND EXISTS "
		"(SELECT 1 FROM messages WHERE num = $1 AND status <> "
		"'cancelled')",
		S_INT(w->message), S_TEXT(l->target), S_TEXT(s->runner));

	if (n <= 0)
		return (int)n;
	s->jobs.items = mem_resize(s->jobs.items, s->jobs.count + 1,
				   sizeof(*s->jobs.items));
	j = &s->jobs.items[s->jobs.count++];
	*j = (struct send_job){
		.message = w->message,
		.key = mem_dup(w->key),
		.target = mem_dup(l->target),
		.room = mem_dup(l->room),
		.thread = w->thread ? mem_dup(w->thread) : NULL,
		.attempts = w->attempts,
		.made = w->made,
		.maybe = w->maybe,
		.late = late,
	};
	memcpy(j->runner, s->runner, sizeof(j->runner));
	return load_record(s, j, err) < 0 ? -1 : 1;
}

static int end_one(struct send *s, const struct line *l,
		   const struct waiting *w, const char *status,
		   const char *reason, struct err *err)
{
	struct send_delivery d = {
		.message = w->message,
		.key = w->key,
		.target = l->target,
		.room = l->room,
		.status = status,
		.attempts = w->attempts,
		.due = clock_now(),
		.reason = reason,
	};

	return send_end(s, &d, err);
}

/* A burst may go at once; then one every so often. */
static int64_t rate_allows(const struct channel_traits *t, int64_t next,
			   int64_t now)
{
	int64_t ahead = t->every * (t->burst > 1 ? t->burst - 1 : 0);

	return t->every && next - ahead > now ? next - ahead : now;
}

/* 1: it is to be sent now; 0: it has ended, unsent; 2: not yet, and nothing
 * behind it is. */
static int may_go(struct send *s, const struct line *l, const struct waiting *w,
		  const struct channel_traits *t, struct err *err)
{
	int64_t now = clock_now(), at = rate_allows(t, l->next, now);

	if (w->cancelled)
		return end_one(s, l, w, "cancelled", w->reason, err);
	if (w->made < now - s->limit.expire)
		return end_one(s, l, w, "failed", SEND_TOO_OLD, err);
	if (w->due <= now && at <= now)
		return 1;
	send_due(s, w->due > at ? w->due : at);
	return 2;
}

static int claim_waiting(struct send *s, struct line *l, const struct queue *q,
			 size_t *bytes, struct err *err)
{
	struct channel_traits t = send_traits(s, l->target);
	size_t most = t.safe_again ? s->quota : 1, claimed = 0;
	int64_t now = clock_now();
	bool late = q->count && q->items[0].attempts > 0;
	int got = 0;

	for (size_t i = 0; i < q->count && claimed < most && got != 2 &&
			   *bytes <= SEND_CLAIM_BYTES;
	     i++) {
		got = may_go(s, l, &q->items[i], &t, err);
		if (got == 1) {
			got = claim_one(s, l, &q->items[i], late, err);
			if (got == 0) /* it was taken back just now */
				send_due(s, now);
		}
		if (got < 0)
			return -1;
		if (got != 1)
			continue;
		claimed++;
		*bytes += s->jobs.items[s->jobs.count - 1].record_len;
		l->next = (l->next > now ? l->next : now) + t.every;
	}
	if (!claimed || !t.every)
		return 0;
	return STORE_QUEUE(s->store, err,
			   "UPDATE send_lines SET next = $3 WHERE target = $1 "
			   "AND room = $2",
			   S_TEXT(l->target), S_TEXT(l->room), S_INT(l->next));
}

static int claim_line(struct send *s, struct line *l, struct queue *q,
		      size_t *bytes, struct err *err)
{
	int got;

	if (read_queue(s, l, SEND_CLAIM_MAX, q, err) < 0)
		return -1;
	if (q->count && q->items[0].sending) {
		got = take_over(s, l, q, err);
		if (got < 0)
			return -1;
		if (got == 0) {
			send_due(s, clock_now() + SEND_BUSY_MS);
			return 0;
		}
		queue_done(q);
		if (read_queue(s, l, SEND_CLAIM_MAX, q, err) < 0)
			return -1;
	}
	return claim_waiting(s, l, q, bytes, err);
}

/* ---- all rooms ---- */

struct line_list {
	struct line *items;
	size_t count;
};

static int find_lines(struct send *s, struct line_list *l, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = store_ask(
		s->store, err,
		"SELECT target, room, next FROM send_lines l WHERE EXISTS "
		"(SELECT 1 FROM deliveries d WHERE d.target = l.target AND "
		"d.room = l.room AND d.status IN ('queued', 'sending')) "
		"ORDER BY target, room",
		NULL, 0);
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		l->items =
			mem_resize(l->items, l->count + 1, sizeof(*l->items));
		l->items[l->count++] = (struct line){
			.target = mem_dup_slice(store_text(rows, 0)),
			.room = mem_dup_slice(store_text(rows, 1)),
			.next = store_int(rows, 2),
		};
	}
	return got;
}

int send_claim(struct send *s, struct err *err)
{
	struct line_list l = {NULL, 0};
	AUTO_FREE struct queue *q = mem_zero(1, sizeof(*q));
	size_t bytes = 0;
	int rc = find_lines(s, &l, err);

	for (size_t i = 0; i < l.count; i++) {
		/* Elsewhere each time, so that all get their turn. */
		struct line *line = &l.items[(i + s->turn) % l.count];

		if (rc == 0)
			rc = claim_line(s, line, q, &bytes, err);
		queue_done(q);
		if (bytes > SEND_CLAIM_BYTES || s->jobs.count >= SEND_JOBS_MAX)
			break;
	}
	s->turn++;
	for (size_t i = 0; i < l.count; i++) {
		free(l.items[i].target);
		free(l.items[i].room);
	}
	free(l.items);
	return rc;
}
