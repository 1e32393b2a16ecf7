/* act-query.c - the store's actions as lists. */
#include <oncall/act-query.h>

#include <oncall/audit.h>
#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

/* ---- history ---- */

#define FIND                                                             \
	"SELECT id, name, target, service, status, verdict, reason, "    \
	"actor, undo_of, undone, incident, requested, started, ended "   \
	"FROM actions WHERE (CAST($1 AS TEXT) IS NULL OR name = $1) "    \
	"AND (CAST($2 AS TEXT) IS NULL OR status = $2 OR verdict = $2) " \
	"AND requested >= $3 "
#define NEWEST "ORDER BY id DESC LIMIT $4"

struct store_rows *act_find(struct store *s, const struct act_query *q,
			    struct err *err)
{
	/* An incident has few actions, and an index on them. */
	static const char *const sql[] = {
		FIND NEWEST,
		FIND "AND incident = $5 " NEWEST,
	};
	const struct store_value values[] = {
		S_TEXT(q->action), S_TEXT(q->status), S_INT(q->since),
		S_INT(q->limit ? q->limit : INT64_MAX), S_INT(q->incident)};

	return store_ask(s, err, sql[q->incident != 0], values,
			 ARRAY_LEN(values) - (q->incident == 0));
}

int act_next(struct store_rows *rows, struct act_row *ret, struct err *err)
{
	int got = store_next(rows, err);

	if (got <= 0)
		return got;
	*ret = (struct act_row){
		.id = store_text(rows, 0),
		.name = store_text(rows, 1),
		.target = store_text(rows, 2),
		.service = store_text(rows, 3),
		.status = store_text(rows, 4),
		.verdict = store_text(rows, 5),
		.reason = store_text(rows, 6),
		.actor = store_text(rows, 7),
		.undo_of = store_text(rows, 8),
		.undone = store_text(rows, 9),
		.incident = store_int(rows, 10),
		.requested = store_time(rows, 11),
		.started = store_time(rows, 12),
		.ended = store_time(rows, 13),
	};
	return 1;
}

/* ---- stats ---- */

static struct act_stats *stats_of(struct act_stats_list *l, struct slice name)
{
	struct act_stats *last = l->count ? &l->items[l->count - 1] : NULL;

	if (last && slice_is(name, last->name))
		return last;
	l->items = mem_resize(l->items, l->count + 1, sizeof(*l->items));
	last = &l->items[l->count++];
	*last = (struct act_stats){.name = mem_dup_bytes(name.ptr, name.len)};
	return last;
}

static void count_rows(struct act_stats *st, struct store_rows *rows)
{
	enum act_status status = ACT_PLANNED;
	enum action_verdict verdict;
	int64_t n = store_int(rows, 3);

	(void)act_status_parse(store_text(rows, 1), &status);
	st->asked += n;
	st->ran += store_int(rows, 4);
	st->took += store_int(rows, 5);
	switch (status) {
	case ACT_REFUSED:
		st->refused += n;
		break;
	case ACT_WAITING:
		st->waiting += n;
		break;
	case ACT_UNKNOWN:
		st->unknown += n;
		break;
	case ACT_DONE:
		if (action_verdict_parse(store_text(rows, 2), &verdict))
			st->verdicts[verdict] += n;
		break;
	case ACT_PLANNED:
	case ACT_RUNNING:
		break;
	}
}

int act_stats(struct store *s, const struct act_query *q,
	      struct act_stats_list *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err,
		"SELECT name, status, verdict, COUNT(*), COUNT(ended - "
		"started), CAST(SUM(ended - started) AS @integer@) FROM "
		"actions WHERE (CAST($1 AS TEXT) IS NULL OR name = $1) AND "
		"requested >= $2 GROUP BY name, status, verdict ORDER BY name",
		S_TEXT(q->action), S_INT(q->since));
	int got;

	*ret = (struct act_stats_list){NULL, 0};
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		count_rows(stats_of(ret, store_text(rows, 0)), rows);
	if (got < 0)
		act_stats_done(ret);
	return got;
}

void act_stats_done(struct act_stats_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i].name);
	free(l->items);
	*l = (struct act_stats_list){NULL, 0};
}

double act_stats_rate(const struct act_stats *st)
{
	int64_t helped = st->verdicts[VERDICT_VERIFIED_FIXED];
	int64_t judged = helped + st->verdicts[VERDICT_RAN_INEFFECTIVE] +
			 st->verdicts[VERDICT_FAILED_BEFORE_CHANGE] +
			 st->verdicts[VERDICT_FAILED_DURING_CHANGE];

	return judged ? (double)helped / (double)judged : -1;
}

/* ---- what waits ---- */

struct store_rows *act_waiting(struct store *s, struct err *err)
{
	return STORE_ASK(
		s, err,
		"SELECT a.id, a.name, a.target, a.reason, p.id, p.requester, "
		"p.subject, p.approvers, p.votes, p.status, a.incident, "
		"p.quorum, p.requested, p.expires FROM actions a JOIN "
		"approvals p ON p.id = a.approval WHERE a.status = 'waiting' "
		"AND (p.status = 'approved' OR (p.status = 'waiting' AND "
		"p.expires > $1)) ORDER BY p.expires, a.id",
		S_INT(clock_now()));
}

int act_waiting_next(struct store_rows *rows, struct act_wait *ret,
		     struct err *err)
{
	int got = store_next(rows, err);

	if (got <= 0)
		return got;
	*ret = (struct act_wait){
		.id = store_text(rows, 0),
		.name = store_text(rows, 1),
		.target = store_text(rows, 2),
		.reason = store_text(rows, 3),
		.approval = store_text(rows, 4),
		.requester = store_text(rows, 5),
		.subject = store_text(rows, 6),
		.approvers = store_text(rows, 7),
		.votes = store_text(rows, 8),
		.approved = slice_is(store_text(rows, 9), "approved"),
		.incident = store_int(rows, 10),
		.quorum = store_int(rows, 11),
		.requested = store_time(rows, 12),
		.expires = store_time(rows, 13),
	};
	return 1;
}

/* ---- breakers ---- */

struct store_rows *act_breakers(struct store *s, struct err *err)
{
	return store_ask(s, err,
			 "SELECT name, state, reason, failures, opened "
			 "FROM breakers ORDER BY name",
			 NULL, 0);
}

int act_breakers_next(struct store_rows *rows, struct act_breaker *ret,
		      struct err *err)
{
	int got = store_next(rows, err);

	if (got <= 0)
		return got;
	*ret = (struct act_breaker){
		.name = store_text(rows, 0),
		.state = store_text(rows, 1),
		.reason = store_text(rows, 2),
		.failures = store_text(rows, 3),
		.opened = store_time(rows, 4),
	};
	return 1;
}

struct reset {
	struct store *store;
	const char *name, *actor, *reason;
};

static int reset_work(void *arg, struct err *err)
{
	const struct reset *r = arg;
	AUTO_BUF struct buf data = BUF_INIT;
	int64_t n =
		STORE_RUN(r->store, err, "DELETE FROM breakers WHERE name = $1",
			  S_TEXT(r->name));

	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_NO,
			       "there is no breaker '%s'; oncall-act breaker "
			       "list shows them",
			       r->name);
	jwrite_open(&data, NULL, '{');
	jwrite_str(&data, "name", r->name);
	jwrite_str_opt(&data, "reason", r->reason);
	jwrite_close(&data, '}');
	return audit_add(r->store,
			 &(struct audit_entry){.time = clock_now(),
					       .actor = r->actor,
					       .what = "breaker reset",
					       .subject = "breaker",
					       .data = buf_slice(&data)},
			 err);
}

int act_breaker_reset(struct store *s, const char *name, const char *actor,
		      const char *reason, struct err *err)
{
	struct reset r = {s, name, actor, reason};

	return store_transact(s, reset_work, &r, err);
}
