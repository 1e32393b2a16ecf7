/* send-query.c - the outbox as people see and change it. */
#include "send-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>

/* ---- looking ---- */

static const char *const statuses[] = {
	"queued",   "sending", "held",	  "joined",    "delivered",
	"accepted", "failed",  "unknown", "cancelled", NULL};

/* One of those above, which outlives the row; taken back with its message, when
 * nobody has come to say so yet. */
static const char *status_of(struct slice status, struct slice message)
{
	if (slice_is(message, "cancelled") &&
	    (slice_is(status, "queued") || slice_is(status, "held")))
		return "cancelled";
	for (size_t i = 0; statuses[i]; i++)
		if (slice_is(status, statuses[i]))
			return statuses[i];
	/* No target was chosen: as the message stands. */
	for (size_t i = 0; statuses[i]; i++)
		if (slice_is(message, statuses[i]))
			return statuses[i];
	return "delivered";
}

static void tell_row(struct store_rows *rows, send_told *tell, void *arg)
{
	AUTO_FREE char *key = mem_dup_slice(store_text(rows, 1));
	AUTO_FREE char *target = mem_dup_slice(store_text(rows, 2));
	AUTO_FREE char *room = mem_dup_slice(store_text(rows, 3));
	AUTO_FREE char *remote = mem_dup_slice(store_text(rows, 8));
	AUTO_FREE char *reason = mem_dup_slice(store_text(rows, 9));
	struct send_delivery d = {
		.message = store_int(rows, 0),
		.key = key,
		.target = target ? target : "",
		.room = room ? room : "",
		.status = status_of(store_text(rows, 4), store_text(rows, 10)),
		.attempts = store_int(rows, 5),
		.due = store_is_null(rows, 7) ? store_int(rows, 6)
					      : store_int(rows, 7),
		.remote_id = remote,
		.reason = reason,
	};

	tell(arg, &d);
}

#define COLUMNS                                                             \
	"SELECT m.num, m.key, d.target, d.room, d.status, d.attempts, "     \
	"COALESCE(d.due, m.made), d.settled, d.remote_id, "                 \
	"COALESCE(d.reason, m.reason), m.status FROM messages m LEFT JOIN " \
	"deliveries d ON d.message = m.num "

int send_list(struct store *s, const struct send_query *q, send_told *tell,
	      void *arg, struct err *err)
{
	static const char *const sql[] = {
		COLUMNS "WHERE (CAST($1 AS TEXT) IS NULL OR d.target = $1) AND "
			"(CAST($2 AS TEXT) IS NULL OR d.status = $2 OR "
			"(d.status IS NULL AND m.status = $2) OR ($2 = 'open' "
			"AND ((d.status IS NULL AND m.status = 'queued') OR "
			"d.status IN ('queued', 'sending', 'held', "
			"'joined')))) ORDER BY m.num DESC, d.target LIMIT $3",
		COLUMNS "WHERE m.key = $4 AND (CAST($1 AS TEXT) IS NULL OR "
			"d.target = $1) AND (CAST($2 AS TEXT) IS NULL OR "
			"d.status = $2) ORDER BY d.target LIMIT $3",
	};
	const struct store_value values[] = {
		S_TEXT(q->target), S_TEXT(q->status),
		S_INT(q->limit ? q->limit : INT64_MAX), S_TEXT(q->key)};
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err, sql[q->key != NULL], values,
			  ARRAY_LEN(values) - (q->key == NULL));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		tell_row(rows, tell, arg);
	return got;
}

int send_open_count(struct store *s, int64_t *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = store_ask(
		s, err, "SELECT COUNT(*) FROM messages WHERE status = 'queued'",
		NULL, 0);

	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}

int send_record(struct store *s, const char *key, struct buf *out,
		struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err, "SELECT record FROM messages WHERE key = $1",
			  S_TEXT(key));
	int got = rows ? store_next(rows, err) : -1;

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(err, ERR_NO,
			       "there is no message '%s' in the outbox", key);
	buf_add_slice(out, store_text(rows, 0));
	return 0;
}

/* ---- changing ---- */

struct change {
	struct store *store;
	const char *key, *target;
	bool drop;
	int64_t count;
};

/* Of messages that went nowhere, all is chosen anew. */
static int64_t retry_messages(const struct change *c, struct err *err)
{
	return STORE_RUN(c->store, err,
			 "UPDATE messages SET status = 'queued', planned = "
			 "NULL, reason = NULL, made = $2 WHERE status = "
			 "'failed' AND (CAST($1 AS TEXT) IS NULL OR key = $1) "
			 "AND NOT EXISTS (SELECT 1 FROM deliveries WHERE "
			 "message = num)",
			 S_TEXT(c->key), S_INT(clock_now()));
}

static int retry_work(void *arg, struct err *err)
{
	struct change *c = arg;
	int64_t n;

	if (store_lock(c->store, "send", err) < 0)
		return -1;
	c->count = STORE_RUN(
		c->store, err,
		"UPDATE deliveries SET status = 'queued', attempts = 0, made = "
		"$3, due = $3, settled = NULL, part_of = NULL WHERE status IN "
		"('failed', 'unknown') AND (CAST($1 AS TEXT) IS NULL OR target "
		"= $1) AND (CAST($2 AS TEXT) IS NULL OR message = (SELECT num "
		"FROM messages WHERE key = $2))",
		S_TEXT(c->target), S_TEXT(c->key), S_INT(clock_now()));
	if (c->count < 0 ||
	    store_queue(c->store, err,
			"UPDATE messages SET status = 'queued', reason = NULL "
			"WHERE status IN ('sent', 'failed') AND EXISTS (SELECT "
			"1 FROM deliveries d WHERE d.message = num AND "
			"d.status = 'queued')",
			NULL, 0) < 0)
		return -1;
	n = c->target ? 0 : retry_messages(c, err);
	c->count += n > 0 ? n : 0;
	return n < 0 ? -1 : 0;
}

static int drop_work(void *arg, struct err *err)
{
	struct change *c = arg;
	int64_t n = 0;

	if (store_lock(c->store, "send", err) < 0)
		return -1;
	c->count = STORE_RUN(
		c->store, err,
		"UPDATE deliveries SET status = 'cancelled', reason = "
		"'dropped by a person', settled = $3 WHERE status IN "
		"('queued', 'held') AND (CAST($1 AS TEXT) IS NULL OR target = "
		"$1) AND (CAST($2 AS TEXT) IS NULL OR message = (SELECT num "
		"FROM messages WHERE key = $2))",
		S_TEXT(c->target), S_TEXT(c->key), S_INT(clock_now()));
	if (c->count < 0)
		return -1;
	if (STORE_QUEUE(
		    c->store, err,
		    "UPDATE messages SET status = CASE WHEN EXISTS (SELECT 1 "
		    "FROM deliveries d WHERE d.message = num AND d.status IN "
		    "('delivered', 'accepted', 'unknown')) THEN 'sent' ELSE "
		    "'cancelled' END, reason = 'dropped by a person' WHERE "
		    "status = 'queued' AND planned IS NOT NULL AND (CAST($1 AS "
		    "TEXT) IS NULL OR key = $1) AND NOT EXISTS (SELECT 1 FROM "
		    "deliveries d WHERE d.message = num AND d.status IN "
		    "('queued', 'sending', 'held', 'joined'))",
		    S_TEXT(c->key)) < 0)
		return -1;
	if (!c->target)
		n = STORE_RUN(c->store, err,
			      "UPDATE messages SET status = 'cancelled', "
			      "reason = 'dropped by a person' WHERE status = "
			      "'queued' AND planned IS NULL AND (CAST($1 AS "
			      "TEXT) IS NULL OR key = $1)",
			      S_TEXT(c->key));
	c->count += n > 0 ? n : 0;
	return n < 0 ? -1 : 0;
}

int64_t send_retry(struct store *s, const char *key, const char *target,
		   struct err *err)
{
	struct change c = {.store = s, .key = key, .target = target};

	return store_transact(s, retry_work, &c, err) < 0 ? -1 : c.count;
}

int64_t send_drop(struct store *s, const char *key, const char *target,
		  struct err *err)
{
	struct change c = {
		.store = s, .key = key, .target = target, .drop = true};

	return store_transact(s, drop_work, &c, err) < 0 ? -1 : c.count;
}

/* ---- removing ---- */

struct purge {
	struct store *store;
	int64_t before, count;
};

static int purge_work(void *arg, struct err *err)
{
	struct purge *p = arg;

	if (store_lock(p->store, "send", err) < 0 ||
	    STORE_QUEUE(p->store, err,
			"DELETE FROM deliveries WHERE message IN (SELECT num "
			"FROM messages WHERE made < $1 AND status <> 'queued' "
			"ORDER BY made, num LIMIT $2)",
			S_INT(p->before), S_INT(SEND_PURGE_MAX)) < 0)
		return -1;
	p->count = STORE_RUN(p->store, err,
			     "DELETE FROM messages WHERE num IN (SELECT num "
			     "FROM messages WHERE made < $1 AND status <> "
			     "'queued' ORDER BY made, num LIMIT $2)",
			     S_INT(p->before), S_INT(SEND_PURGE_MAX));
	if (p->count < 0 ||
	    STORE_QUEUE(p->store, err,
			"DELETE FROM send_threads WHERE used < $1",
			S_INT(p->before)) < 0)
		return -1;
	return STORE_QUEUE(p->store, err,
			   "DELETE FROM send_alike WHERE since < $1 AND NOT "
			   "EXISTS (SELECT 1 FROM deliveries d WHERE d.target "
			   "= send_alike.target AND d.room = send_alike.room "
			   "AND d.alike = send_alike.alike AND d.status = "
			   "'held')",
			   S_INT(p->before));
}

int64_t send_purge(struct store *s, int64_t before, struct err *err)
{
	struct purge p = {.store = s, .before = before};

	return store_transact(s, purge_work, &p, err) < 0 ? -1 : p.count;
}
