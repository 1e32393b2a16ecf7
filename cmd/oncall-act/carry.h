/*
 * carry.h - actions on their way: taken in by the store, carried out by
 * workers, settled. Few are taken in ahead of the workers, so that a crash
 * leaves few behind; what has ended is settled with what is taken in next, in
 * one transaction.
 */
#ifndef CARRY_H
#define CARRY_H

#include <oncall/act.h>

#define CARRY_JOBS_MAX 64

enum carry_state {
	CARRY_QUEUED,  /* nobody knows of it yet */
	CARRY_BUSY,    /* its target is: it waits in line */
	CARRY_READY,   /* its intent is committed */
	CARRY_RUNNING, /* by a worker */
	CARRY_ENDED,   /* not settled yet */
	CARRY_SETTLED, /* the store has what became of it; job.status says */
};

/* Owned by the caller, as is all that the request names. */
struct carry_item {
	struct act_request request;
	struct act_job job;
	enum carry_state state;
	int64_t since; /* when it was found busy, on the monotonic clock */
	struct carry_item *next;
};
void carry_item_done(struct carry_item *item);

struct carry;

/* a and s are borrowed. patience: how long a busy target is waited for, in
 * milliseconds; then the action stays planned for --pending. */
struct carry *carry_new(struct act *a, struct store *s, size_t jobs,
			int64_t patience);
void carry_free(struct carry *c);
/* Puts it in line: a request, or a job that is ACT_RUNNING already. */
void carry_add(struct carry *c, struct carry_item *item);
/*
 * Goes on for a moment: takes in, starts, waits for wait_ms at most, settles.
 * 1 while something is on its way, 0 when all is settled. After a stop was
 * asked for, what runs is waited for and nothing else is begun.
 */
int carry_step(struct carry *c, int wait_ms, struct err *err) MUST_CHECK;
/* Until all is settled. */
int carry_all(struct carry *c, struct err *err) MUST_CHECK;
/* Something else has failed: begins nothing more, and settles what runs, so
 * that it is not unknown. */
void carry_drain(struct carry *c);

DEFINE_AUTO(struct carry *, carry_free, auto_carry_)
#define AUTO_CARRY CLEANUP(auto_carry_)

#endif
