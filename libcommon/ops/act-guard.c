/* act-guard.c - what must hold before an action may begin, in one order. */
#include "act-internal.h"

#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

/* ---- emergency stop, files, parameters ---- */

static int guard_stop(struct act *a, struct act_job *j, struct err *err)
{
	AUTO_FREE char *why = NULL;
	int stopped = act_stopped(a, &why, err);

	if (stopped > 0)
		act_job_refuse(j, "emergency stop", why);
	return stopped < 0 ? -1 : 0;
}

/* Programs that are named by their path; those of PATH are the system's. What
 * is not there fails when it is run. */
static int check_programs(const struct action_steps *steps, struct err *err)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct action_step *s = &steps->items[i];

		if (s->kind != ACTION_COMMAND || s->shell || !s->argv ||
		    !s->argv[0] || s->argv[0][0] != '/' ||
		    access(s->argv[0], F_OK) < 0)
			continue;
		if (config_safe_file(s->argv[0], err) < 0)
			return -1;
	}
	return 0;
}

static void guard_files(struct act_job *j)
{
	const struct action_call *c = &j->call;
	struct err why = ERR_INIT;

	if (!c->action)
		return;
	if ((c->action->file && config_safe_file(c->action->file, &why) < 0) ||
	    check_programs(&c->run, &why) < 0 ||
	    check_programs(&c->rollback, &why) < 0 ||
	    check_programs(&c->before.steps, &why) < 0 ||
	    check_programs(&c->after.steps, &why) < 0)
		act_job_refuse(j, "file permissions", why.text);
}

/* What act_prepare() said stands as the reason. */
static void guard_parameters(struct act_job *j)
{
	AUTO_FREE char *why = NULL;

	if (j->call.action)
		return;
	why = TAKE_PTR(j->reason);
	act_job_refuse(j, "parameters", why ? why : "the call is not known");
}

/* ---- policy: approval, freeze ---- */

static void ask_policy(const struct act *a, const struct act_job *j,
		       struct policy_answer *ret)
{
	const struct act_facts *f = j->facts;
	const struct action *action = j->call.action;
	const struct policy_facts facts = {
		.action = f->action,
		.service = f->service,
		.host = f->host,
		.category = f->category,
		.criticality = policy_criticality(a->policy, f->service),
		.blast_radius = action_radius_names[action->radius],
		.risk = action_risk_names[action->risk],
		.pattern = f->pattern,
		.entry = f->entry,
		.severity = f->severity,
		.tags = slice_of(f->tags),
		.time = clock_now(),
	};

	policy_ask(a->policy, &facts, ret);
}

static void write_subject(const struct act_job *j, struct buf *out)
{
	const struct act_facts *f = j->facts;
	char incident[INCIDENT_ID];

	jwrite_open(out, NULL, '{');
	jwrite_str(out, "kind", "action");
	jwrite_str(out, "action", j->id);
	jwrite_str(out, "name", f->action);
	jwrite_raw(out, "params", slice_of(j->call.params));
	jwrite_str(out, "target", j->call.target);
	jwrite_str(out, "command", j->call.command);
	if (f->incident) {
		incident_id(incident, f->incident);
		jwrite_str(out, "incident", incident);
	}
	jwrite_close(out, '}');
}

/* The action's own approvers stand above the policy's. */
static void write_approvers(const struct act_job *j,
			    const struct policy_answer *p, struct buf *out)
{
	char *const *names = j->call.action->approvers;

	if (!names) {
		buf_add_str(out, p->approvers);
		return;
	}
	jwrite_open(out, NULL, '[');
	for (; *names; names++)
		jwrite_str(out, NULL, *names);
	jwrite_close(out, ']');
}

static int ask_people(struct act *a, struct act_job *j,
		      const struct policy_answer *p, struct err *err)
{
	AUTO_BUF struct buf subject = BUF_INIT, approvers = BUF_INIT;
	char hash[65];
	struct approval_request r = {.hash = hash,
				     .requester = j->facts->actor,
				     .quorum = p->quorum,
				     .expires =
					     clock_now() + p->approval_expires,
				     .others_only = !p->self};

	act_hash(a, j, hash);
	write_subject(j, &subject);
	write_approvers(j, p, &approvers);
	r.subject = buf_slice(&subject);
	r.approvers = buf_slice(&approvers);
	if (approval_request(a->store, &r, j->approval, err) < 0)
		return -1;
	free(j->reason);
	j->reason = mem_printf(
		"approval: %s waits for %lld of %s; oncall-act "
		"approve %s",
		j->approval, (long long)p->quorum,
		slice_is(r.approvers, "[]") ? "anybody" : buf_str(&approvers),
		j->id);
	j->status = ACT_WAITING;
	return 0;
}

static bool is_approver(const struct act_job *j)
{
	char *const *names = j->call.action->approvers;

	for (; names && *names; names++)
		if (!strcmp(*names, j->facts->actor))
			return true;
	return !names;
}

static void guard_freeze(struct act_job *j, const struct policy_answer *p)
{
	AUTO_FREE char *why = NULL;
	char until[WHEN_TEXT] = "ever";

	if (p->freeze_ends != WHEN_NONE)
		when_format(until, p->freeze_ends);
	why = mem_printf("'%s' holds until %s; a rule of policy.rules with "
			 "in_freeze lets it run",
			 p->freeze, until);
	act_job_refuse(j, "freeze", why);
}

/* What a program decided needs the policy's word, now; a person needs that of
 * others only where the action names approvers. */
static int guard_policy(struct act *a, struct act_job *j, bool approved,
			struct err *err)
{
	const char *decision = j->facts->decision;
	bool by_program = decision != NULL;
	enum autonomy needed =
		by_program && !strcmp(decision, "auto") && !approved
			? AUTONOMY_AUTO
			: AUTONOMY_APPROVE;
	struct policy_answer p;
	AUTO_FREE char *why = NULL;

	ask_policy(a, j, &p);
	if (p.freeze && p.autonomy < AUTONOMY_APPROVE) {
		guard_freeze(j, &p);
		return 0;
	}
	if (approved)
		return 0;
	if (!by_program)
		return is_approver(j) ? 0 : ask_people(a, j, &p, err);
	if (p.autonomy >= needed && needed == AUTONOMY_AUTO)
		return 0;
	if (p.autonomy >= AUTONOMY_APPROVE)
		return ask_people(a, j, &p, err);
	why = mem_printf("the policy (%s) says '%s' for it", p.rule,
			 policy_autonomy_names[p.autonomy]);
	act_job_refuse(j, "approval", why);
	return 0;
}

/* ---- rate limits ---- */

struct limit {
	int64_t max;
	const char *sql;
	const char *what;
	int64_t since;
	const char *name, *target;
};

/* Whether it is reached: 1, 0, -1. At most so many rows are counted as matter.
 */
static int is_reached(struct act *a, const struct limit *l, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (l->max <= 0)
		return 0;
	rows = STORE_ASK(a->store, err, l->sql, S_TEXT(l->name),
			 S_TEXT(l->target), S_INT(l->since), S_INT(l->max));
	got = rows ? store_next(rows, err) : -1;
	return got <= 0 ? got : store_int(rows, 0) >= l->max;
}

static void refuse_limit(struct act_job *j, const struct limit *l)
{
	AUTO_FREE char *why =
		mem_printf("%s: %lld", l->what, (long long)l->max);

	act_job_refuse(j, "rate limits", why);
}

#define COUNTED(where)                                             \
	"SELECT COUNT(*) FROM (SELECT 1 FROM actions WHERE " where \
	" LIMIT $4) AS counted"
/* Every statement has the four parameters, also where it needs fewer. */
#define ANY_NAME   "(CAST($1 AS TEXT) IS NOT NULL) "
#define ANY_TARGET "AND (CAST($2 AS TEXT) IS NOT NULL) "

static int guard_limits(struct act *a, struct act_job *j, struct err *err)
{
	const struct action *action = j->call.action;
	int64_t now = clock_now();
	const struct limit limits[] = {
		{policy_limits(a->policy)->per_hour,
		 COUNTED(ANY_NAME ANY_TARGET "AND started > $3"),
		 "actions within an hour (policy.limits.actions_per_hour)",
		 now - WHEN_HOUR, action->id, j->call.target},
		{action->per_hour,
		 COUNTED("name = $1 " ANY_TARGET "AND started > $3"),
		 "of this action within an hour", now - WHEN_HOUR, action->id,
		 j->call.target},
		{action->per_target_hour,
		 COUNTED("name = $1 AND target = $2 AND started > $3"),
		 "of this action on this target within an hour",
		 now - WHEN_HOUR, action->id, j->call.target},
		{action->cool_down_ms ? 1 : 0,
		 COUNTED("name = $1 AND target = $2 AND started > $3"),
		 "the action has to rest on this target, within cool_down",
		 now - action->cool_down_ms, action->id, j->call.target},
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		int got = is_reached(a, &limits[i], err);

		if (got < 0)
			return -1;
		if (got > 0) {
			refuse_limit(j, &limits[i]);
			return 0;
		}
	}
	return 0;
}

/* 1: as many run as may at a time, so that it waits for one to end. */
static int is_crowded(struct act *a, const struct act_job *j, struct err *err)
{
	const struct limit l = {
		j->call.action->concurrency,
		COUNTED("name = $1 " ANY_TARGET
			"AND status = 'running' AND started <> $3"),
		NULL,
		INT64_MAX,
		j->call.action->id,
		j->call.target};

	return is_reached(a, &l, err);
}

/* ---- target, attempts ---- */

int act_free_target(struct act *a, const struct act_job *j, struct err *err)
{
	return STORE_QUEUE(a->store, err,
			   "DELETE FROM action_targets WHERE target = $1 AND "
			   "action = $2",
			   S_TEXT(j->call.target), S_TEXT(j->id));
}

/* Whose it is, in out; 1, 0 nobody's. */
static int target_owner(struct act *a, const struct act_job *j, struct buf *out,
			struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(a->store, err,
			  "SELECT runner FROM action_targets WHERE target = $1",
			  S_TEXT(j->call.target));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		buf_add_slice(out, store_text(rows, 0));
	return got;
}

static int guard_target(struct act *a, struct act_job *j, struct err *err)
{
	AUTO_BUF struct buf owner = BUF_INIT;
	int got = target_owner(a, j, &owner, err);

	if (got > 0 && act_reap(a, buf_str(&owner), err) < 0)
		return -1;
	if (got > 0) {
		buf_reset(&owner);
		got = target_owner(a, j, &owner, err);
	}
	if (got < 0)
		return -1;
	if (got > 0) {
		j->status = ACT_PLANNED;
		return 0;
	}
	j->status = ACT_RUNNING;
	return STORE_QUEUE(a->store, err,
			   "INSERT INTO action_targets (target, action, "
			   "runner) VALUES ($1, $2, $3)",
			   S_TEXT(j->call.target), S_TEXT(j->id),
			   S_TEXT(a->runner));
}

static int guard_attempts(struct act *a, struct act_job *j, struct err *err)
{
	int64_t max = policy_limits(a->policy)->per_incident;
	AUTO_ROWS struct store_rows *rows = NULL;
	AUTO_FREE char *why = NULL;
	int got;

	if (max <= 0)
		return 0;
	rows = STORE_ASK(a->store, err,
			 "SELECT COUNT(*) FROM actions WHERE incident = $1 AND "
			 "id <> $2 AND attempts > 0",
			 S_INT(j->facts->incident), S_TEXT(j->id));
	got = rows ? store_next(rows, err) : -1;
	if (got <= 0)
		return got;
	if (store_int(rows, 0) < max)
		return 0;
	why = mem_printf("%lld actions were tried for the incident "
			 "(policy.limits.actions_per_incident)",
			 (long long)store_int(rows, 0));
	act_job_refuse(j, "attempts", why);
	return 0;
}

/* What was decided about an incident that has changed since, or is over, is
 * decided no more. An incident of another store is not looked at. */
static int guard_decision(struct act *a, struct act_job *j, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(a->store, err,
			  "SELECT status, revision FROM incidents WHERE num = "
			  "$1",
			  S_INT(j->facts->incident));
	AUTO_FREE char *why = NULL;
	struct slice status;
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0)
		return got;
	status = store_text(rows, 0);
	if (slice_is(status, incident_status_names[INCIDENT_RESOLVED]) ||
	    slice_is(status, incident_status_names[INCIDENT_CLOSED]))
		why = mem_printf("the incident is %.*s already",
				 (int)status.len, status.ptr);
	else if (store_int(rows, 1) > j->facts->revision)
		why = mem_printf("the incident has changed since this was "
				 "decided: its revision is %lld, not %lld",
				 (long long)store_int(rows, 1),
				 (long long)j->facts->revision);
	if (why)
		act_job_refuse(j, "decision", why);
	return 0;
}

static int guard_incident(struct act *a, struct act_job *j, struct err *err)
{
	if (!j->facts->incident || !j->facts->decision)
		return 0;
	if (guard_decision(a, j, err) < 0)
		return -1;
	if (j->status == ACT_RUNNING && guard_attempts(a, j, err) < 0)
		return -1;
	return j->status == ACT_RUNNING ? 0 : act_free_target(a, j, err);
}

/* ---- all ---- */

static bool ended(const struct act_job *j)
{
	return j->status == ACT_REFUSED || j->status == ACT_WAITING;
}

static int guard_breaker(struct act *a, struct act_job *j, struct err *err)
{
	struct err why = ERR_INIT;

	if (act_breaker_ask(a, j, &why) == 0)
		return 0;
	if (why.kind != ERR_REFUSED)
		return err_set(err, why.kind, "%s", why.text);
	act_job_refuse(j, "circuit breaker", why.text);
	return 0;
}

static int guard_rates(struct act *a, struct act_job *j, bool *ret_crowded,
		       struct err *err)
{
	int got = guard_limits(a, j, err);

	*ret_crowded = false;
	if (got < 0 || ended(j))
		return got;
	got = is_crowded(a, j, err);
	*ret_crowded = got > 0;
	return got < 0 ? -1 : 0;
}

int act_guard(struct act *a, struct act_job *j, bool approved, struct err *err)
{
	bool crowded = false;

	j->status = ACT_PLANNED;
	if (guard_stop(a, j, err) < 0)
		return -1;
	if (!ended(j))
		guard_files(j);
	if (!ended(j))
		guard_parameters(j);
	if (!ended(j) && guard_policy(a, j, approved, err) < 0)
		return -1;
	if (!ended(j) && guard_rates(a, j, &crowded, err) < 0)
		return -1;
	if (crowded)
		return 0;
	if (!ended(j) && guard_breaker(a, j, err) < 0)
		return -1;
	if (!ended(j) && guard_target(a, j, err) < 0)
		return -1;
	if (j->status == ACT_RUNNING && guard_incident(a, j, err) < 0)
		return -1;
	if (j->status == ACT_RUNNING && j->facts->trial &&
	    act_breaker_try(a, j, err) < 0)
		return -1;
	if (j->status == ACT_RUNNING) {
		free(j->reason);
		j->reason = NULL;
	}
	return 0;
}
