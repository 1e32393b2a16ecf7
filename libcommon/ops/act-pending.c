/* act-pending.c - what the store has that nobody carries out: planned,
 * approved, cut off, or to be undone. */
#include "act-internal.h"

#include <oncall/audit.h>
#include <oncall/clock.h>
#include <oncall/mem.h>

static int find(struct act *a, const char *sql, size_t max,
		struct act_jobs *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(a->store, err, sql, S_INT(clock_now()),
			  S_INT(max < INT64_MAX ? (int64_t)max : INT64_MAX));

	return act_read_jobs(rows, ret, err);
}

/* A call that cannot be made any more has none, and says why. */
static int prepare_all(struct act *a, struct act_jobs *l, struct err *err)
{
	for (size_t i = 0; i < l->count; i++) {
		struct act_job *j = l->items[i];
		struct err why = ERR_INIT;

		if (act_read_incident(a, j, err) < 0)
			return -1;
		if (act_prepare(a, j, &why) == 0)
			continue;
		free(j->reason);
		j->reason = mem_dup(why.text);
	}
	return 0;
}

/* ---- approvals that nobody gave ---- */

static int expire_one(struct act *a, struct act_job *j, struct err *err)
{
	AUTO_FREE char *note = NULL;

	act_job_refuse(j, "approval", "nobody agreed in time");
	note = mem_printf("%s %s: %s", j->facts->action, j->id, j->reason);
	if (STORE_RUN(a->store, err,
		      "UPDATE approvals SET status = 'expired', settled = $2 "
		      "WHERE id = $1",
		      S_TEXT(j->approval), S_INT(clock_now())) < 0 ||
	    STORE_RUN(a->store, err,
		      "UPDATE actions SET status = 'refused', reason = $2, "
		      "ended = $3 WHERE id = $1",
		      S_TEXT(j->id), S_TEXT(j->reason),
		      S_INT(clock_now())) < 0 ||
	    act_audit(a, j, "refused", err) < 0)
		return -1;
	return act_escalate(a, j, note, err);
}

static int expire(struct act *a, struct err *err)
{
	CLEANUP(act_jobs_done) struct act_jobs late = {NULL, 0};

	if (find(a,
		 "SELECT " ACT_COLUMNS " FROM actions a JOIN approvals p ON "
		 "p.id = a.approval WHERE a.status = 'waiting' AND p.status = "
		 "'waiting' AND p.expires <= $1 ORDER BY a.id LIMIT $2",
		 SIZE_MAX, &late, err) < 0)
		return -1;
	for (size_t i = 0; i < late.count; i++)
		if (expire_one(a, late.items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- pending ---- */

struct looking {
	struct act *a;
	size_t max;
	struct act_jobs *ret;
};

static int pending_work(void *arg, struct err *err)
{
	struct looking *l = arg;

	act_jobs_done(l->ret);
	if (store_lock(l->a->store, "act", err) < 0 ||
	    act_look_back(l->a, err) < 0 || expire(l->a, err) < 0)
		return -1;
	if (find(l->a,
		 "SELECT " ACT_COLUMNS " FROM actions a LEFT JOIN approvals p "
		 "ON p.id = a.approval WHERE (a.status = 'planned' AND "
		 "COALESCE(a.due, 0) <= $1) OR (a.status = 'waiting' AND "
		 "p.status = 'approved') ORDER BY a.id LIMIT $2",
		 l->max, l->ret, err) < 0)
		return -1;
	for (size_t i = 0; i < l->ret->count; i++)
		l->ret->items[i]->status = ACT_PLANNED;
	return prepare_all(l->a, l->ret, err);
}

int act_pending(struct act *a, size_t max, struct act_jobs *ret,
		struct err *err)
{
	struct looking l = {a, max, ret};

	*ret = (struct act_jobs){NULL, 0};
	return store_transact(a->store, pending_work, &l, err);
}

int act_mark(struct act *a, int64_t incident, int64_t revision, struct err *err)
{
	return STORE_QUEUE(a->store, err,
			   "UPDATE incidents SET acted = $2 WHERE num = $1 AND "
			   "(acted IS NULL OR acted < $2)",
			   S_INT(incident), S_INT(revision));
}

/* ---- what was cut off ---- */

static int recover_work(void *arg, struct err *err)
{
	struct looking *l = arg;

	act_jobs_done(l->ret);
	if (store_lock(l->a->store, "act", err) < 0 ||
	    act_reap(l->a, NULL, err) < 0 ||
	    find(l->a,
		 "SELECT " ACT_COLUMNS " FROM actions a WHERE a.status = "
		 "'unknown' AND a.requested <= $1 ORDER BY a.id LIMIT $2",
		 SIZE_MAX, l->ret, err) < 0)
		return -1;
	return prepare_all(l->a, l->ret, err);
}

int act_recover(struct act *a, struct act_jobs *ret, struct err *err)
{
	struct looking l = {a, SIZE_MAX, ret};

	*ret = (struct act_jobs){NULL, 0};
	return store_transact(a->store, recover_work, &l, err);
}

int act_recheck(struct act *a, struct act_job *job, const char *actor,
		struct err *err)
{
	struct act_job *one[] = {job};

	if (!job->call.action)
		return 0;
	free(job->facts->actor);
	job->facts->actor = mem_dup(actor);
	action_outcome_done(&job->outcome);
	if (job->call.after.steps.count &&
	    action_recheck(&job->call, &job->outcome) == 1) {
		job->outcome.verdict = VERDICT_VERIFIED_FIXED;
		return act_settle(a, one, 1, err) < 0 ? -1 : 1;
	}
	if (job->call.action->idempotent)
		job->status = ACT_PLANNED;
	return 0;
}

struct judging {
	struct act *a;
	const char *id, *actor, *reason;
	enum action_verdict verdict;
};

static int judge_work(void *arg, struct err *err)
{
	const struct judging *w = arg;
	CLEANUP(act_job_done) struct act_job j = {.status = ACT_PLANNED};
	struct act_job *one[] = {&j};

	if (act_load(w->a, w->id, &j, err) < 0)
		return -1;
	if (j.status != ACT_UNKNOWN)
		return err_set(err, ERR_REFUSED,
			       "'%s' is %s: only what is unknown can be judged",
			       w->id, act_status_names[j.status]);
	free(j.facts->actor);
	j.facts->actor = mem_dup(w->actor);
	j.call.target = mem_dup("");
	j.outcome.verdict = w->verdict;
	j.outcome.exit = -1;
	j.outcome.started = j.outcome.ended = clock_now();
	j.outcome.reason =
		mem_printf("%s says so%s%s", w->actor, w->reason ? ": " : "",
			   w->reason ? w->reason : "");
	return act_settle(w->a, one, 1, err);
}

int act_judge(struct act *a, const char *id, enum action_verdict verdict,
	      const char *actor, const char *reason, struct err *err)
{
	struct judging w = {a, id, actor, reason, verdict};

	return store_transact(a->store, judge_work, &w, err);
}
