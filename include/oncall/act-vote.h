/*
 * act-vote.h - what people say to actions that wait for them, in one
 * transaction with the trail. Approvals of other things are settled as
 * approval.h does it.
 */
#ifndef ONCALL_ACT_VOTE_H
#define ONCALL_ACT_VOTE_H

#include <oncall/act.h>
#include <oncall/approval.h>

struct act_vote {
	const char *id; /* APR-..., or ACT-... of the action */
	const char *actor;
	const char *reason; /* or NULL */
};
/* What it was about. */
struct act_voted {
	char approval[APPROVAL_ID];
	char action[ACT_ID]; /* "": the approval is not for an action */
};

/* As approval_vote(). A "no" ends the action: it is refused. */
int act_vote(struct store *s, const struct act_vote *v, bool approve,
	     struct act_voted *ret, struct err *err) MUST_CHECK;
/*
 * Takes an approval back, whether it was given or still waits, as long as the
 * action has not begun: it is refused. By who asked, or by an approver.
 */
int act_revoke(struct store *s, const struct act_vote *v, struct act_voted *ret,
	       struct err *err) MUST_CHECK;

#endif
