/* send-settle.c - what came of the attempts is committed: ends, and when to try
 * again. */
#include "send-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>

#define DOUBLINGS_MAX 30

/* ---- ends ---- */

int send_end_message(struct send *s, int64_t message, struct err *err)
{
	return STORE_QUEUE(
		s->store, err,
		"UPDATE messages SET status = CASE WHEN EXISTS (SELECT 1 FROM "
		"deliveries WHERE message = $1 AND status IN ('delivered', "
		"'accepted', 'unknown')) THEN 'sent' WHEN EXISTS (SELECT 1 "
		"FROM deliveries WHERE message = $1 AND status = 'failed') "
		"THEN 'failed' ELSE 'cancelled' END WHERE num = $1 AND status "
		"= 'queued' AND NOT EXISTS (SELECT 1 FROM deliveries WHERE "
		"message = $1 AND status IN ('queued', 'sending', 'held', "
		"'joined'))",
		S_INT(message));
}

/* Those that it told end as it did, and their messages with them. */
static int end_joined(struct send *s, const struct send_delivery *d,
		      struct err *err)
{
	AUTO_FREE char *reason = mem_printf("told by %s", d->key);
	int64_t n = STORE_RUN(
		s->store, err,
		"UPDATE deliveries SET status = $3, reason = $4, settled = $5 "
		"WHERE part_of = $1 AND target = $2 AND status = 'joined'",
		S_INT(d->message), S_TEXT(d->target), S_TEXT(d->status),
		S_TEXT(reason), S_INT(clock_now()));

	if (n <= 0)
		return (int)n;
	return STORE_QUEUE(
		s->store, err,
		"UPDATE messages SET status = CASE WHEN $3 = 'failed' THEN "
		"'failed' ELSE 'sent' END WHERE status = 'queued' AND num IN "
		"(SELECT message FROM deliveries WHERE part_of = $1 AND target "
		"= $2) AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE "
		"o.message = messages.num AND o.status IN ('queued', "
		"'sending', 'held', 'joined'))",
		S_INT(d->message), S_TEXT(d->target), S_TEXT(d->status));
}

static bool tells_others(const char *key)
{
	return !strncmp(key, SEND_DIGEST, strlen(SEND_DIGEST)) ||
	       !strncmp(key, SEND_AGAIN, strlen(SEND_AGAIN));
}

static int after_end(struct send *s, const struct send_delivery *d,
		     struct err *err)
{
	send_tell(s, d);
	if (tells_others(d->key) && end_joined(s, d, err) < 0)
		return -1;
	if (!strcmp(d->status, "failed") &&
	    send_fall_back(s, d->message, d->key, d->target, err) < 0)
		return -1;
	return send_end_message(s, d->message, err);
}

int send_end(struct send *s, const struct send_delivery *d, struct err *err)
{
	if (STORE_QUEUE(s->store, err,
			"UPDATE deliveries SET status = $3, attempts = $4, "
			"reason = $5, settled = $6, runner = NULL WHERE "
			"message = $1 AND target = $2",
			S_INT(d->message), S_TEXT(d->target), S_TEXT(d->status),
			S_INT(d->attempts), S_TEXT(d->reason),
			S_INT(d->due)) < 0)
		return -1;
	return after_end(s, d, err);
}

/* ---- attempts ---- */

/* 1; 0: another runner took it, believing this one dead. */
static int64_t end_own(struct send *s, const struct send_job *j,
		       const struct send_delivery *d, struct err *err)
{
	return STORE_RUN(
		s->store, err,
		"UPDATE deliveries SET status = $3, attempts = $4, remote_id = "
		"$5, reason = $6, settled = $7, maybe = $8, runner = NULL "
		"WHERE message = $1 AND target = $2 AND status = 'sending' AND "
		"runner = $9",
		S_INT(d->message), S_TEXT(d->target), S_TEXT(d->status),
		S_INT(d->attempts), S_TEXT(d->remote_id), S_TEXT(d->reason),
		S_INT(d->due), S_INT(!strcmp(d->status, "unknown")),
		S_TEXT(j->runner));
}

static int keep_thread(struct send *s, const struct send_job *j,
		       struct err *err)
{
	if (!j->under || !j->result.remote_id || j->edit)
		return 0;
	return STORE_QUEUE(s->store, err,
			   "INSERT INTO send_threads (target, room, thread, "
			   "root, last, used) VALUES ($1, $2, $3, $4, $4, $5) "
			   "ON CONFLICT (target, room, thread) DO UPDATE SET "
			   "last = excluded.last, used = excluded.used",
			   S_TEXT(j->target), S_TEXT(j->room), S_TEXT(j->under),
			   S_TEXT(j->result.remote_id), S_INT(clock_now()));
}

static int end_job(struct send *s, const struct send_job *j, const char *status,
		   struct err *err)
{
	struct send_delivery d = {
		.message = j->message,
		.key = j->key,
		.target = j->target,
		.room = j->room,
		.status = status,
		.attempts = j->attempts + 1,
		.due = clock_now(),
		.remote_id = j->result.remote_id,
		.reason = j->result.reason,
	};
	int64_t got = end_own(s, j, &d, err);

	if (got <= 0)
		return (int)got;
	return keep_thread(s, j, err) < 0 ? -1 : after_end(s, &d, err);
}

/* Twice as long each time, give or take a quarter, so that what failed together
 * does not come back together. */
static int64_t pause_after(const struct send *s, int64_t attempts)
{
	int64_t pause = s->limit.retry_min;
	uint32_t random;

	for (int64_t i = 1;
	     i < attempts && i < DOUBLINGS_MAX && pause < s->limit.retry_max;
	     i++)
		pause *= 2;
	if (pause > s->limit.retry_max)
		pause = s->limit.retry_max;
	clock_random(&random, sizeof(random));
	return pause - pause / 4 + (int64_t)random % (pause / 2 + 1);
}

static int put_back(struct send *s, const struct send_job *j, int64_t tries,
		    bool maybe, int64_t due, struct err *err)
{
	return STORE_QUEUE(
		s->store, err,
		"UPDATE deliveries SET status = 'queued', runner = NULL, "
		"attempts = attempts + $3, maybe = $4, reason = $5, due = $6 "
		"WHERE message = $1 AND target = $2 AND status = 'sending' AND "
		"runner = $7",
		S_INT(j->message), S_TEXT(j->target), S_INT(tries),
		S_INT(maybe), S_TEXT(j->result.reason), S_INT(due),
		S_TEXT(j->runner));
}

static int try_later(struct send *s, const struct send_job *j, bool maybe,
		     struct err *err)
{
	int64_t now = clock_now();
	int64_t pause = pause_after(s, j->attempts + 1);
	int64_t lag = maybe ? send_traits(s, j->target).lag : 0;

	if (j->attempts + 1 >= s->limit.attempts ||
	    (now - j->made >= s->limit.give_up &&
	     send_has_fallback(s, j->target)))
		return end_job(s, j, maybe ? "unknown" : "failed", err);
	if (j->result.retry_after > pause)
		pause = j->result.retry_after;
	if (pause < lag)
		pause = lag;
	if (pause > s->limit.expire)
		pause = s->limit.expire;
	return put_back(s, j, 1, maybe, now + pause, err);
}

static int settle_one(struct send *s, const struct send_job *j, struct err *err)
{
	struct channel_traits t;

	if (!j->tried)
		return put_back(s, j, 0, j->maybe, clock_now(), err);
	switch (j->result.outcome) {
	case CHANNEL_DELIVERED:
		return end_job(s, j, "delivered", err);
	case CHANNEL_ACCEPTED:
		return end_job(s, j, "accepted", err);
	case CHANNEL_FAILED:
		return end_job(s, j, "failed", err);
	case CHANNEL_LATER:
		return try_later(s, j, j->maybe, err);
	case CHANNEL_UNKNOWN:
		break;
	}
	t = send_traits(s, j->target);
	return t.safe_again || t.read_back ? try_later(s, j, true, err)
					   : end_job(s, j, "unknown", err);
}

int send_settle(struct send *s, const struct send_jobs *tried, struct err *err)
{
	for (size_t i = 0; i < tried->count; i++)
		if (settle_one(s, &tried->items[i], err) < 0)
			return -1;
	return 0;
}
