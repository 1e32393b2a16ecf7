/*
 * act.h - actions in the store: who may run one now, that it is run once, and
 * what came of it. Intent is committed before anything runs, the outcome after;
 * what a crash cut off is "unknown".
 */
#ifndef ONCALL_ACT_H
#define ONCALL_ACT_H

#include <oncall/action-run.h>
#include <oncall/policy.h>
#include <oncall/store.h>

#define ACT_ID 32 /* "ACT-", a ULID and a NUL */

enum act_status {
	ACT_PLANNED,
	ACT_WAITING, /* for people */
	ACT_RUNNING,
	ACT_DONE,
	ACT_REFUSED,
	ACT_UNKNOWN,
};
extern const char *const act_status_names[]; /* ended by NULL */
/* False, and *ret is left, when it is none of the names. */
bool act_status_parse(struct slice text, enum act_status *ret);

/* What is asked for. */
struct act_request {
	const char *action;	      /* its name */
	struct slice params;	      /* JSON object */
	struct slice untrusted;	      /* as action_prepare() takes it */
	int64_t incident;	      /* num, or 0 */
	int64_t revision;	      /* of the incident */
	const char *entry, *solution; /* of the knowledge base; or NULL */
	const char *service, *host, *category, *pattern; /* or NULL */
	enum severity severity;
	struct slice tags;
	const char *decision; /* "auto", "approve"; NULL: a person runs it */
	const char *actor;
};

struct act; /* the store, the actions, the policy, for one process */

int act_open(struct act **ret, struct store *s, const struct action_set *set,
	     const struct policy *p, const struct config *c, struct err *err)
	MUST_CHECK;
void act_free(struct act *a);

/* One action on its way. */
struct act_job {
	char id[ACT_ID];
	enum act_status status;
	char *reason; /* of refused and waiting */
	char approval[ACT_ID];
	struct action_call call;
	struct action_outcome outcome;
	bool again;	  /* it was there already: what stands is what it was */
	bool undo;	  /* what runs is the rollback of another */
	int64_t incident; /* num, or 0 */
	struct act_facts *facts; /* what guards ask about */
};
void act_job_done(struct act_job *j);

/* Several, all owned. */
struct act_jobs {
	struct act_job **items;
	size_t count;
};
void act_jobs_done(struct act_jobs *l);
#define AUTO_ACT_JOBS CLEANUP(act_jobs_done)

/*
 * Takes requests in: all in one transaction, which commits the intents of those
 * that may run now (ACT_RUNNING), and the refusals and approvals of the others.
 * The same incident, revision, action and values are one action, whoever asks
 * and however often. Guards, in this order: emergency stop, file permissions,
 * declared parameters, approval, freeze, rate limits, circuit breaker, lock on
 * the target, attempts for the incident. A target that is busy leaves the job
 * ACT_PLANNED: to be offered again (act_claim) when something has ended.
 */
int act_take(struct act *a, const struct act_request *r, size_t n,
	     struct act_job *jobs, struct err *err) MUST_CHECK;
/* Those of jobs that are ACT_PLANNED, once more; one that is due later, or that
 * another process has taken, is left as it is (the latter as ACT_RUNNING with
 * .again). Looks at all guards again, and at the approval. */
int act_claim(struct act *a, struct act_job *const *jobs, size_t n,
	      struct err *err) MUST_CHECK;
/* Settles what has run: outcomes, locks, breakers, timeline, incident status,
 * knowledge outcomes and audit, in one transaction. */
int act_settle(struct act *a, struct act_job *const *jobs, size_t n,
	       struct err *err) MUST_CHECK;
/*
 * What of the store could be carried out now, as jobs for act_claim(): planned
 * ones whose time has come, and those that wait and were approved; the oldest
 * first, at most max. Approvals that expired are settled first: their actions
 * are refused, their incidents escalate.
 */
int act_pending(struct act *a, size_t max, struct act_jobs *ret,
		struct err *err) MUST_CHECK;
/* Marks the revision of the incident as dealt with, where nothing is done about
 * it; what is taken in is marked without it. */
int act_mark(struct act *a, int64_t incident, int64_t revision, struct err *err)
	MUST_CHECK;

/*
 * What was cut off: actions whose runner is gone become ACT_UNKNOWN, and their
 * targets free; then all that are unknown, the oldest first. .call is prepared
 * again; where that fails .call.action is NULL, and .reason says why.
 */
int act_recover(struct act *a, struct act_jobs *ret, struct err *err)
	MUST_CHECK;
/*
 * Looks again whether an unknown one has helped, outside of any transaction: 1
 * the check holds, and it is ACT_DONE; 0 it has none or does not hold: then it
 * is ACT_PLANNED, for act_claim(), when the action is idempotent, and stays
 * ACT_UNKNOWN for a person otherwise.
 */
int act_recheck(struct act *a, struct act_job *job, const char *actor,
		struct err *err) MUST_CHECK;
/* A person says what became of an unknown one. ERR_REFUSED: it is not. */
int act_judge(struct act *a, const char *id, enum action_verdict verdict,
	      const char *actor, const char *reason, struct err *err)
	MUST_CHECK;

/*
 * Asks for the rollback of an action that is done, as an action of its own: its
 * intent is committed, or its refusal, as by act_take(). ERR_NO: there is no
 * such action; ERR_REFUSED: it has no rollback, has not run, is undone, or
 * another undo of it is planned or runs.
 */
int act_undo(struct act *a, const char *id, const char *actor,
	     struct act_job *ret, struct err *err) MUST_CHECK;

/* Fixes whose incident came back within the policy's window were none: they
 * become ran_ineffective, and count for the breaker. act_take() and
 * act_pending() look at times. How many there were. */
int act_back_again(struct act *a, int64_t *ret, struct err *err) MUST_CHECK;

/* The `action` record, from the store. */
int act_record(struct act *a, const char *id, struct buf *out, struct err *err)
	MUST_CHECK;

/* The big red button, with who pressed it and why; also a file, whose path is
 * policy.stop_file. */
int act_stop(struct act *a, const char *actor, const char *reason,
	     struct err *err) MUST_CHECK;
int act_resume(struct act *a, const char *actor, const char *reason,
	       struct err *err) MUST_CHECK;
/* 1 and why (the caller frees it), 0, -1. */
int act_stopped(struct act *a, char **ret_why, struct err *err) MUST_CHECK;

#endif
