/* act-internal.h - what the sources of act share. */
#ifndef ACT_INTERNAL_H
#define ACT_INTERNAL_H

#include <oncall/act.h>
#include <oncall/approval.h>
#include <oncall/incident.h>
#include <oncall/kb.h>

#define ACT_RUNNER 32

struct act {
	struct store *store;
	const struct action_set *set;
	const struct policy *policy;
	const struct config *config;
	struct kb *kb; /* opened when an outcome is first told */
	char runner[ACT_RUNNER];
	int64_t looked; /* for incidents that came back, and... */
	int64_t back;	/* ...how many there were */
};

/* What guards ask about; texts are owned, or NULL. */
struct act_facts {
	char *action, *params, *untrusted; /* untrusted NULL: all */
	char *service, *host, *category, *pattern, *tags;
	char *entry, *solution, *decision, *actor, *undo_of;
	enum severity severity;
	int64_t incident, revision;
	bool trial; /* its breaker was open, and this is the try */
};

/* ---- act.c ---- */

/* As much as there is room for; "" of a NULL ptr. */
void act_copy_to(char *out, size_t size, struct slice text);
void act_name_runner(struct act *a);
struct act_facts *act_facts_new(const struct act_request *r);
void act_facts_free(struct act_facts *f);
struct act_job *act_jobs_add(struct act_jobs *l);
void act_job_refuse(struct act_job *j, const char *guard, const char *why);
/* The call, as it would be now; ERR_REFUSED. */
int act_prepare(struct act *a, struct act_job *j, struct err *err) MUST_CHECK;
/* What people approve: the call, the policy, the incident's revision. */
void act_hash(const struct act *a, const struct act_job *j, char out[65]);

/* ---- act-tell.c ---- */

int act_audit(struct act *a, const struct act_job *j, const char *what,
	      struct err *err) MUST_CHECK;
/* Of the incident, when there is one. */
int act_timeline(struct act *a, const struct act_job *j, const char *what,
		 const char *note, struct err *err) MUST_CHECK;
/* A person has to look at the incident: the next tick calls one. */
int act_escalate(struct act *a, const struct act_job *j, const char *why,
		 struct err *err) MUST_CHECK;

/* ---- act-take.c ---- */

/* A request of one, for the rollback of another. */
int act_take_undo(struct act *a, const struct act_request *r, const char *of,
		  struct act_job *ret, struct err *err) MUST_CHECK;
int act_lock_incidents(struct act *a, struct act_job *const *jobs, size_t n,
		       struct err *err) MUST_CHECK;
/* Status, reason and approval, as the job has them. */
int act_save(struct act *a, const struct act_job *j, struct err *err)
	MUST_CHECK;

/* ---- act-guard.c ---- */

/* Asks all guards; the job is ACT_RUNNING and holds its target, ACT_PLANNED
 * (the target is busy), ACT_WAITING or ACT_REFUSED then. approved: people have
 * agreed. */
int act_guard(struct act *a, struct act_job *j, bool approved, struct err *err)
	MUST_CHECK;

int act_free_target(struct act *a, const struct act_job *j, struct err *err)
	MUST_CHECK;

/* ---- act-breaker.c ---- */

/* ERR_REFUSED: it is open. facts.trial: it is, and may be tried now. */
int act_breaker_ask(struct act *a, struct act_job *j, struct err *err)
	MUST_CHECK;
/* The trial begins: until it has ended, or for another cool-down, no other. */
int act_breaker_try(struct act *a, const struct act_job *j, struct err *err)
	MUST_CHECK;
int act_breaker_tell(struct act *a, const struct act_job *j, struct err *err)
	MUST_CHECK;
/* Verified fixes whose incident came back were none. */
int act_look_back(struct act *a, struct err *err) MUST_CHECK;

/* ---- act-settle.c ---- */

/* What came of it, for the entry that named it. */
int act_tell_kb(struct act *a, const struct act_job *j, struct err *err)
	MUST_CHECK;

/* ---- act-store.c ---- */

/* What act_read_job() reads, FROM actions a. */
#define ACT_COLUMNS                                                         \
	"a.id, a.status, a.reason, a.approval, a.name, a.given, "           \
	"a.untrusted, a.service, a.host, a.entry, a.solution, a.decision, " \
	"a.actor, a.incident, a.revision, a.undo_of"
#define ACT_COLUMN_COUNT 16
/* All but the call. */
void act_read_job(struct act_job *j, struct store_rows *rows);
/* All that there are; rows may be NULL, with an error. */
int act_read_jobs(struct store_rows *rows, struct act_jobs *ret,
		  struct err *err) MUST_CHECK;
/* Facts that rows do not have, of the incident. */
int act_read_incident(struct act *a, struct act_job *j, struct err *err)
	MUST_CHECK;
/* The action of that id, without its call; ERR_NO. */
int act_load(struct act *a, const char *id, struct act_job *j, struct err *err)
	MUST_CHECK;
/* What a program left that is gone becomes unknown; NULL: of all such. */
int act_reap(struct act *a, const char *runner, struct err *err) MUST_CHECK;

#endif
