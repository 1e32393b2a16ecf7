/*
 * action-run.h - carries a call out: check before, run, settle, check after,
 * rollback where the check fails. Nothing here knows the store.
 */
#ifndef ONCALL_ACTION_RUN_H
#define ONCALL_ACTION_RUN_H

#include <oncall/action-call.h>

enum action_verdict {
	VERDICT_NOT_STARTED,
	VERDICT_FAILED_BEFORE_CHANGE, /* may be tried again */
	VERDICT_FAILED_DURING_CHANGE, /* never by itself */
	VERDICT_RAN_UNVERIFIED,	      /* it has no check after */
	VERDICT_VERIFIED_FIXED,
	VERDICT_RAN_INEFFECTIVE,
};
extern const char *const action_verdict_names[]; /* ended by NULL */
/* False, and *ret is left, when it is none of the names. */
bool action_verdict_parse(struct slice text, enum action_verdict *ret);

#define ACTION_OUTPUT_MAX ((size_t)16 * 1024) /* kept of what it printed */

struct action_outcome {
	enum action_verdict verdict;
	char *reason;	      /* in words, for all but VERIFIED_FIXED */
	int exit;	      /* of the last command; -1: none ran */
	char *output;	      /* UTF-8, secrets redacted, bounded; or NULL */
	char *before, *after; /* what the checks printed, shortened; or NULL */
	char *rollback;	      /* NULL: not needed; "done", or why it failed */
	int64_t started, ended;
	int attempts;
	bool stopped; /* a clean stop or the deadline came between */
};

void action_outcome_done(struct action_outcome *o);
#define AUTO_ACTION_OUTCOME CLEANUP(action_outcome_done)
/* One line of JSON, and back. */
void action_outcome_write(struct buf *out, const struct action_outcome *o);
int action_outcome_read(struct action_outcome *ret, struct slice json,
			struct err *err) MUST_CHECK;

/* Here and now, in this process. */
void action_carry_out(const struct action_call *c, struct action_outcome *ret);
/* Only the check after, as recovery does it: 1 it holds, 0 not, -1 none. */
int action_recheck(const struct action_call *c, struct action_outcome *ret);
/* The rollback alone, as undo does it. */
void action_roll_back(const struct action_call *c, struct action_outcome *ret);

/*
 * Workers: processes that carry calls out beside this one. When this process
 * ends, however it does, they end what they run, and themselves. They are
 * forked when first needed and take calls as text, so that a call costs no
 * fork but that of its program. Files that this process has open, and with them
 * the holds of its store (store_hold), stay so until they have ended. For the
 * main thread of a program alone.
 */
struct action_workers;

struct action_workers *action_workers_new(size_t count);
void action_workers_free(struct action_workers *w);
/* Whether one is free now. */
bool action_workers_free_one(const struct action_workers *w);
/* One must be free. After a stop was asked for it is not begun: its outcome is
 * VERDICT_NOT_STARTED. */
int action_workers_start(struct action_workers *w, const struct action_call *c,
			 void *tag, struct err *err) MUST_CHECK;
/*
 * Waits until one is done: 1, its tag and outcome; 0: none runs; 2: a signal
 * came, a stop or a HUP. Of a stop the workers have been told by then: what
 * runs is being ended, and its outcomes come with the next calls. A worker that
 * died gives VERDICT_FAILED_DURING_CHANGE, and a new one stands in.
 */
int action_workers_wait(struct action_workers *w, void **ret_tag,
			struct action_outcome *ret, struct err *err) MUST_CHECK;
/* Whether one is done, so that action_workers_wait() returns at once; waits for
 * it so long, less when a signal comes. */
bool action_workers_ready(struct action_workers *w, int wait_ms);

#endif
