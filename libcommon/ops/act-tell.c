/* act-tell.c - what happens is told: to the trail, the timeline, a person. */
#include "act-internal.h"

#include <oncall/audit.h>
#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/pager.h>
#include <oncall/timeline.h>

int act_audit(struct act *a, const struct act_job *j, const char *what,
	      struct err *err)
{
	const struct act_facts *f = j->facts;
	AUTO_BUF struct buf data = BUF_INIT;
	char incident[INCIDENT_ID];

	jwrite_open(&data, NULL, '{');
	jwrite_str(&data, "name", f->action);
	if (f->incident) {
		incident_id(incident, f->incident);
		jwrite_str(&data, "incident", incident);
	}
	jwrite_str_opt(&data, "target", j->call.target);
	jwrite_str_opt(&data, "command", j->call.command);
	if (*j->call.hash)
		jwrite_str(&data, "hash", j->call.hash);
	jwrite_str_opt(&data, "decision", f->decision);
	if (*j->approval)
		jwrite_str(&data, "approval", j->approval);
	jwrite_str_opt(&data, "undo_of", f->undo_of);
	if (j->status == ACT_DONE)
		jwrite_str(&data, "verdict",
			   action_verdict_names[j->outcome.verdict]);
	jwrite_str_opt(&data, "reason",
		       j->status == ACT_DONE ? j->outcome.reason : j->reason);
	jwrite_close(&data, '}');
	return audit_add(a->store,
			 &(struct audit_entry){.time = clock_now(),
					       .actor = f->actor,
					       .what = what,
					       .subject = j->id,
					       .data = buf_slice(&data)},
			 err);
}

/* Whether there is an incident to tell: records may come from elsewhere, and
 * their incidents from another store. Writers of timelines stand in a row,
 * since they number the entries. */
static int find_incident(struct act *a, const struct act_job *j,
			 struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;

	if (!j->facts->incident)
		return 0;
	if (store_lock(a->store, "incidents", err) < 0)
		return -1;
	rows = STORE_ASK(a->store, err,
			 "SELECT 1 FROM incidents WHERE num = $1",
			 S_INT(j->facts->incident));
	return rows ? store_next(rows, err) : -1;
}

static int tell(struct act *a, const struct act_job *j,
		struct timeline_entry *e, struct err *err)
{
	e->time = clock_now();
	e->actor = j->facts->actor;
	return timeline_add(a->store, j->facts->incident, e, err);
}

int act_timeline(struct act *a, const struct act_job *j, const char *what,
		 const char *note, struct err *err)
{
	int got = find_incident(a, j, err);

	return got <= 0 ? got
			: tell(a, j,
			       &(struct timeline_entry){
				       .what = what,
				       .before = j->outcome.before,
				       .after = j->outcome.after,
				       .note = note},
			       err);
}

/* What triage said, with another decision, and why. */
static int change_triage(struct slice before, const char *why, struct buf *out,
			 struct err *err)
{
	AUTO_BUF struct buf reasons = BUF_INIT, text = BUF_INIT,
			    half = BUF_INIT;
	struct jscan scan = {0};
	const struct jscan_member *m = NULL;
	struct slice list = SLICE_LIT("[]");
	int rc = jscan_object(&scan, before.ptr, before.len, err);

	if (rc == 0)
		m = jscan_get(&scan, "reasons");
	if (m && m->type == JSCAN_ARRAY)
		list = m->value;
	jwrite_text(&text, NULL, slice_of(why));
	(void)jlist_add(&reasons, list, buf_slice(&text));
	if (rc == 0)
		rc = jscan_put(&half, before, &scan, "decision",
			       SLICE_LIT("\"escalate\""), err);
	jscan_done(&scan);
	return rc < 0 ? -1
		      : jscan_splice(out, half.data, half.len, "reasons",
				     buf_slice(&reasons), err);
}

static int read_triage(struct act *a, int64_t incident, struct buf *out,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT triage FROM incident_triage WHERE incident = $1",
		S_INT(incident));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		buf_add_slice(out, store_text(rows, 0));
	else
		buf_add_str(out, "{}");
	return got < 0 ? -1 : 0;
}

int act_escalate(struct act *a, const struct act_job *j, const char *why,
		 struct err *err)
{
	const struct act_facts *f = j->facts;
	AUTO_BUF struct buf before = BUF_INIT, triage = BUF_INIT;
	int got = find_incident(a, j, err);

	if (got <= 0)
		return got;
	if (read_triage(a, f->incident, &before, err) < 0 ||
	    change_triage(buf_slice(&before), why, &triage, err) < 0 ||
	    STORE_QUEUE(a->store, err,
			"INSERT INTO incident_triage (incident, revision, "
			"decision, triage, decided) VALUES ($1, $2, "
			"'escalate', $3, $4) ON CONFLICT (incident) DO UPDATE "
			"SET decision = 'escalate', triage = $3, decided = $4",
			S_INT(f->incident), S_INT(f->revision),
			S_SLICE(buf_slice(&triage)), S_INT(clock_now())) < 0 ||
	    pager_urge(a->store, f->incident, err) < 0)
		return -1;
	return tell(a, j,
		    &(struct timeline_entry){.what = "escalated", .note = why},
		    err);
}
