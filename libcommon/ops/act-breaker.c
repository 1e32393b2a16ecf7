/*
 * act-breaker.c - an action that fails on a target rests there: the breaker
 * opens after some failures within a time, lets one try through after its
 * cool-down, and closes when that one helped.
 */
#include "act-internal.h"

#include <oncall/audit.h>
#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define FAILURES_MAX 1000
/* Incidents that came back are looked for so often. */
#define LOOK_MS 1000

static char *name_of(const struct act_job *j)
{
	return mem_printf("%s %s", j->facts->action, j->call.target);
}

int act_breaker_ask(struct act *a, struct act_job *j, struct err *err)
{
	AUTO_FREE char *name = name_of(j);
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(a->store, err,
			  "SELECT state, opened, reason FROM breakers WHERE "
			  "name = $1",
			  S_TEXT(name));
	int got = rows ? store_next(rows, err) : -1;
	int64_t again;
	char until[WHEN_TEXT];

	j->facts->trial = false;
	if (got <= 0 || slice_is(store_text(rows, 0), "closed"))
		return got < 0 ? -1 : 0;
	again = store_time(rows, 1) +
		policy_limits(a->policy)->breaker_cool_down;
	when_format(until, again);
	if (clock_now() < again)
		return err_set(err, ERR_REFUSED,
			       "'%s' is %.*s until %s: %.*s; oncall-act "
			       "breaker reset '%s' closes it",
			       name, (int)store_text(rows, 0).len,
			       store_text(rows, 0).ptr, until,
			       (int)store_text(rows, 2).len,
			       store_text(rows, 2).ptr ? store_text(rows, 2).ptr
						       : "",
			       name);
	j->facts->trial = true;
	return 0;
}

int act_breaker_try(struct act *a, const struct act_job *j, struct err *err)
{
	AUTO_FREE char *name = name_of(j);

	return STORE_QUEUE(a->store, err,
			   "UPDATE breakers SET state = 'half-open', opened = "
			   "$2 WHERE name = $1",
			   S_TEXT(name), S_INT(clock_now()));
}

/* The failures that still count, and this one. */
static int64_t add_failure(struct slice before, int64_t since, struct buf *out)
{
	struct slice items[FAILURES_MAX];
	size_t n = before.len ? jlist_items(before, items, FAILURES_MAX) : 0;
	int64_t count = 1, time;

	jwrite_open(out, NULL, '[');
	for (size_t i = 0; i < n && i < FAILURES_MAX; i++)
		if (jscan_int(items[i], &time) == 0 && time > since) {
			jwrite_int(out, NULL, time);
			count++;
		}
	jwrite_int(out, NULL, clock_now());
	jwrite_close(out, ']');
	return count;
}

static int ineffective(struct act *a, const struct act_job *j, int64_t *ret,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT COUNT(*) FROM actions WHERE name = $1 AND target = $2 "
		"AND verdict = 'ran_ineffective' AND started > $3",
		S_TEXT(j->facts->action), S_TEXT(j->call.target),
		S_INT(clock_now() -
		      2 * policy_limits(a->policy)->ineffective_window));
	int got = rows ? store_next(rows, err) : -1;

	*ret = got > 0 ? store_int(rows, 0) : 0;
	return got < 0 ? -1 : 0;
}

static int tell_open(struct act *a, const struct act_job *j, const char *name,
		     const char *why, struct err *err)
{
	AUTO_BUF struct buf data = BUF_INIT;
	AUTO_FREE char *note = mem_printf("breaker '%s' opened: %s", name, why);

	jwrite_open(&data, NULL, '{');
	jwrite_str(&data, "name", name);
	jwrite_str(&data, "action", j->id);
	jwrite_str(&data, "reason", why);
	jwrite_close(&data, '}');
	if (audit_add(a->store,
		      &(struct audit_entry){.time = clock_now(),
					    .actor = j->facts->actor,
					    .what = "breaker opened",
					    .subject = "breaker",
					    .data = buf_slice(&data)},
		      err) < 0)
		return -1;
	return act_escalate(a, j, note, err);
}

static int save(struct act *a, const char *name, const struct buf *failures,
		const char *why, struct err *err)
{
	return STORE_QUEUE(
		a->store, err,
		"INSERT INTO breakers (name, state, failures, opened, reason) "
		"VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET "
		"state = $2, failures = $3, opened = $4, reason = $5",
		S_TEXT(name), S_TEXT(why ? "open" : "closed"),
		S_SLICE(buf_slice(failures)),
		S_TIME(why ? clock_now() : WHEN_NONE), S_TEXT(why));
}

static int fail(struct act *a, const struct act_job *j, struct err *err)
{
	const struct policy_limits *l = policy_limits(a->policy);
	AUTO_FREE char *name = name_of(j);
	AUTO_FREE char *why = NULL;
	AUTO_BUF struct buf before = BUF_INIT, failures = BUF_INIT;
	int64_t count, vain = 0;
	bool was_open = false;

	{
		AUTO_ROWS struct store_rows *rows =
			STORE_ASK(a->store, err,
				  "SELECT failures, state FROM breakers WHERE "
				  "name = $1",
				  S_TEXT(name));
		int got = rows ? store_next(rows, err) : -1;

		if (got < 0)
			return -1;
		if (got > 0) {
			buf_add_slice(&before, store_text(rows, 0));
			was_open = slice_is(store_text(rows, 1), "open");
		}
	}
	count = add_failure(buf_slice(&before), clock_now() - l->breaker_window,
			    &failures);
	if (ineffective(a, j, &vain, err) < 0)
		return -1;
	if (j->facts->trial)
		why = mem_dup("it was tried again, and failed");
	else if (count >= l->breaker_failures)
		why = mem_printf("%lld failures within policy.breaker.window",
				 (long long)count);
	else if (vain >= l->ineffective)
		why = mem_printf("%lld fixes that did not hold",
				 (long long)vain);
	if (save(a, name, &failures, why, err) < 0)
		return -1;
	return why && !was_open ? tell_open(a, j, name, why, err) : 0;
}

int act_breaker_tell(struct act *a, const struct act_job *j, struct err *err)
{
	AUTO_FREE char *name = NULL;

	switch (j->outcome.verdict) {
	case VERDICT_FAILED_BEFORE_CHANGE:
	case VERDICT_FAILED_DURING_CHANGE:
	case VERDICT_RAN_INEFFECTIVE:
		return fail(a, j, err);
	case VERDICT_VERIFIED_FIXED:
	case VERDICT_RAN_UNVERIFIED:
		break;
	case VERDICT_NOT_STARTED:
		return 0;
	}
	if (!j->facts->trial)
		return 0;
	name = name_of(j);
	return STORE_QUEUE(a->store, err,
			   "DELETE FROM breakers WHERE name = $1",
			   S_TEXT(name));
}

/* ---- fixes that did not hold ---- */

static int undo_verdict(struct act *a, struct act_job *j, struct err *err)
{
	char incident[INCIDENT_ID];
	AUTO_FREE char *note = NULL;

	if (act_read_incident(a, j, err) < 0)
		return -1;
	incident_id(incident, j->incident);
	note = mem_printf("%s %s: ran_ineffective, the incident came back",
			  j->facts->action, j->id);
	j->status = ACT_DONE;
	j->outcome.verdict = VERDICT_RAN_INEFFECTIVE;
	j->outcome.reason = mem_printf("%s came back", incident);
	if (STORE_RUN(a->store, err,
		      "UPDATE actions SET verdict = 'ran_ineffective', reason "
		      "= $2 WHERE id = $1",
		      S_TEXT(j->id), S_TEXT(j->outcome.reason)) < 0 ||
	    act_audit(a, j, "outcome", err) < 0 ||
	    act_timeline(a, j, "action", note, err) < 0 ||
	    act_tell_kb(a, j, err) < 0)
		return -1;
	return act_breaker_tell(a, j, err);
}

/*
 * The incident was reopened within the window; or it was never over, and what
 * it is about was seen again, some time after the fix. The look itself may come
 * later, when nothing ran for a while.
 */
#define BACK_GRACE_MS WHEN_MINUTE
#define BACK_LOOK_MS  (7 * WHEN_DAY)
#define BACK_COLUMNS  ACT_COLUMNS ", a.target"

static int find_back(struct act *a, struct act_jobs *ret, struct err *err)
{
	int64_t window = policy_limits(a->policy)->ineffective_window;
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT " BACK_COLUMNS " FROM actions a JOIN incidents i ON "
		"i.num = a.incident WHERE a.verdict = 'verified_fixed' AND "
		"a.ended >= $1 AND a.undo_of IS NULL AND ((i.status = "
		"'mitigated' AND i.last_seen > a.ended + $2 AND i.last_seen "
		"<= a.ended + $3) OR EXISTS (SELECT 1 FROM timeline t WHERE "
		"t.incident = a.incident AND t.what = 'reopened' AND t.time "
		">= a.ended AND t.time <= a.ended + $3)) ORDER BY a.id",
		S_INT(clock_now() - window - BACK_LOOK_MS),
		S_INT(BACK_GRACE_MS), S_INT(window));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct act_job *j = act_jobs_add(ret);
		struct slice target = store_text(rows, ACT_COLUMN_COUNT);

		act_read_job(j, rows);
		j->call.target = mem_dup_bytes(target.ptr, target.len);
	}
	return got;
}

static int back_work(void *arg, struct err *err)
{
	struct act *a = arg;
	CLEANUP(act_jobs_done) struct act_jobs jobs = {NULL, 0};

	a->back = 0;
	if (find_back(a, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.count; i++)
		if (undo_verdict(a, jobs.items[i], err) < 0)
			return -1;
	a->back = (int64_t)jobs.count;
	return 0;
}

int act_back_again(struct act *a, int64_t *ret, struct err *err)
{
	int rc = store_transact(a->store, back_work, a, err);

	*ret = a->back;
	return rc;
}

int act_look_back(struct act *a, struct err *err)
{
	int64_t now = clock_mono(), ignored;

	if (a->looked && now - a->looked < LOOK_MS)
		return 0;
	a->looked = now;
	return act_back_again(a, &ignored, err);
}
