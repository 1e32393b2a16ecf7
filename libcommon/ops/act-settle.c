/* act-settle.c - what came of actions, told to all who want to know. */
#include "act-internal.h"

#include <oncall/clock.h>
#include <oncall/incident-edit.h>
#include <oncall/mem.h>
#include <oncall/when.h>

/* ---- knowledge ---- */

static struct kb *open_kb(struct act *a)
{
	const struct kb_options o = {.store = a->store,
				     .config = a->config,
				     .actor = "oncall-act",
				     .machine = true};

	if (!a->kb)
		a->kb = kb_new(&o);
	return a->kb;
}

int act_tell_kb(struct act *a, const struct act_job *j, struct err *err)
{
	const struct act_facts *f = j->facts;
	enum action_verdict v = j->outcome.verdict;
	char incident[INCIDENT_ID];
	struct kb_outcome o = {.entry = f->entry,
			       .solution = f->solution,
			       .note = j->outcome.reason};
	struct err why = ERR_INIT;

	if (!f->entry || j->undo)
		return 0;
	if (v == VERDICT_VERIFIED_FIXED)
		o.verdict = KB_WORKED;
	else if (v == VERDICT_RAN_INEFFECTIVE ||
		 v == VERDICT_FAILED_DURING_CHANGE)
		o.verdict = KB_FAILED;
	else
		return 0;
	if (f->incident) {
		incident_id(incident, f->incident);
		o.incident = incident;
	}
	if (kb_outcome(open_kb(a), &o, &why) >= 0)
		return 0;
	/* An entry may be gone by now: then nobody wants to know. */
	return why.kind == ERR_NO ? 0 : err_set(err, why.kind, "%s", why.text);
}

/* ---- incident ---- */

static int mitigate(struct act *a, const struct act_job *j, struct err *err)
{
	AUTO_FREE char *note = mem_printf("%s %s verified that it is fixed",
					  j->facts->action, j->id);
	const struct incident_edit e = {.store = a->store,
					.actor = j->facts->actor,
					.note = note,
					.took = WHEN_NONE};
	AUTO_INCIDENT struct incident inc = {.num = 0};
	struct err why = ERR_INIT;

	if (!j->incident || j->undo)
		return 0;
	if (incident_load(a->store, j->incident, &inc, &why) < 0)
		return why.kind == ERR_NO
			       ? 0
			       : err_set(err, why.kind, "%s", why.text);
	if (inc.status >= INCIDENT_MITIGATED)
		return 0;
	incident_done(&inc);
	inc = (struct incident){.num = 0};
	return incident_move(&e, j->incident, INCIDENT_MITIGATED, &inc, err) < 0
		       ? -1
		       : 0;
}

static int tell_incident(struct act *a, const struct act_job *j,
			 struct err *err)
{
	const struct action_outcome *o = &j->outcome;
	AUTO_FREE char *note =
		mem_printf("%s %s on %s: %s%s%s", j->facts->action, j->id,
			   j->call.target, action_verdict_names[o->verdict],
			   o->reason ? ", " : "", o->reason ? o->reason : "");

	if (act_timeline(a, j, "action", note, err) < 0)
		return -1;
	if (o->verdict == VERDICT_VERIFIED_FIXED)
		return mitigate(a, j, err);
	if (o->verdict == VERDICT_FAILED_DURING_CHANGE)
		return act_escalate(a, j, note, err);
	return 0;
}

/* ---- rows ---- */

/* It was given up before it began: it can be taken again. */
static int put_back(struct act *a, struct act_job *j, struct err *err)
{
	j->status = ACT_PLANNED;
	free(j->reason);
	j->reason = j->outcome.reason ? mem_dup(j->outcome.reason) : NULL;
	return STORE_QUEUE(a->store, err,
			   "UPDATE actions SET status = 'planned', reason = "
			   "$2, runner = NULL, started = NULL, attempts = "
			   "attempts - 1 WHERE id = $1",
			   S_TEXT(j->id), S_TEXT(j->reason));
}

static int save(struct act *a, struct act_job *j, struct err *err)
{
	const struct action_outcome *o = &j->outcome;
	AUTO_BUF struct buf json = BUF_INIT;

	j->status = ACT_DONE;
	action_outcome_write(&json, o);
	return STORE_QUEUE(a->store, err,
			   "UPDATE actions SET status = 'done', verdict = $2, "
			   "reason = $3, runner = NULL, started = $4, ended = "
			   "$5, outcome = $6 WHERE id = $1",
			   S_TEXT(j->id),
			   S_TEXT(action_verdict_names[o->verdict]),
			   S_TEXT(o->reason), S_TIME(o->started),
			   S_TIME(o->ended), S_SLICE(buf_slice(&json)));
}

static bool helped(const struct action_outcome *o)
{
	return o->verdict == VERDICT_VERIFIED_FIXED ||
	       o->verdict == VERDICT_RAN_UNVERIFIED;
}

static int mark_undone(struct act *a, const struct act_job *j, struct err *err)
{
	if (!j->undo || !helped(&j->outcome))
		return 0;
	return STORE_QUEUE(a->store, err,
			   "UPDATE actions SET undone = $2 WHERE id = $1",
			   S_TEXT(j->facts->undo_of), S_TEXT(j->id));
}

/*
 * 1 when its end is ours to tell: it runs here, or was taken for cut off. 0
 * when it was settled already, or another process has begun it again since;
 * then the job has the status of the row.
 */
static int is_ours(struct act *a, struct act_job *j, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(a->store, err,
			  "SELECT status, runner FROM actions WHERE id = $1",
			  S_TEXT(j->id));
	int got = rows ? store_next(rows, err) : -1;
	struct slice status;

	if (got <= 0)
		return got;
	status = store_text(rows, 0);
	if (slice_is(status, act_status_names[ACT_UNKNOWN]) ||
	    (slice_is(status, act_status_names[ACT_RUNNING]) &&
	     slice_is(store_text(rows, 1), a->runner)))
		return 1;
	(void)act_status_parse(status, &j->status);
	return 0;
}

static int settle_one(struct act *a, struct act_job *j, struct err *err)
{
	int ours = is_ours(a, j, err);

	if (ours <= 0)
		return ours;
	if (act_free_target(a, j, err) < 0)
		return -1;
	if (j->outcome.verdict == VERDICT_NOT_STARTED)
		return put_back(a, j, err) < 0
			       ? -1
			       : act_audit(a, j, "planned", err);
	if (save(a, j, err) < 0 || act_audit(a, j, "outcome", err) < 0 ||
	    tell_incident(a, j, err) < 0 || act_tell_kb(a, j, err) < 0 ||
	    mark_undone(a, j, err) < 0)
		return -1;
	return act_breaker_tell(a, j, err);
}

struct settling {
	struct act *a;
	struct act_job *const *jobs;
	size_t n;
};

static int settle_work(void *arg, struct err *err)
{
	struct settling *s = arg;

	if (store_lock(s->a->store, "act", err) < 0 ||
	    act_lock_incidents(s->a, s->jobs, s->n, err) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (settle_one(s->a, s->jobs[i], err) < 0)
			return -1;
	return 0;
}

int act_settle(struct act *a, struct act_job *const *jobs, size_t n,
	       struct err *err)
{
	struct settling s = {a, jobs, n};

	return store_transact(a->store, settle_work, &s, err);
}
