/*
 * approval.h - the one approval noun: something waits until named people said
 * yes. What was asked for is bound by a hash, so that a changed request is
 * another one.
 */
#ifndef ONCALL_APPROVAL_H
#define ONCALL_APPROVAL_H

#include <oncall/store.h>

#define APPROVAL_ID 32 /* "APR-", a ULID and a NUL */

struct approval_request {
	struct slice subject; /* JSON object: what would be done */
	const char *hash;     /* of exactly that */
	const char *requester;
	struct slice approvers; /* JSON array of names; empty: anybody */
	int64_t quorum;		/* votes that it takes, from 1 on */
	int64_t expires;	/* time */
	bool others_only;	/* who asked has no vote */
};

int approval_request(struct store *s, const struct approval_request *r,
		     char id[APPROVAL_ID], struct err *err) MUST_CHECK;
/*
 * Records the vote of actor; one "no" denies, as many "yes" as the quorum
 * approve. ERR_NO: there is no such approval; ERR_REFUSED: it is settled or
 * expired, or the actor is not an approver, has voted, or asked for it where
 * others only have a vote.
 */
int approval_vote(struct store *s, const char *id, const char *actor,
		  bool approve, const char *reason, struct err *err) MUST_CHECK;
/*
 * Takes it back, whether it waits or was given: "cancelled". ERR_NO: there is
 * no such approval; ERR_REFUSED: it was denied, cancelled or expired before, or
 * the actor neither asked for it nor is an approver.
 */
int approval_revoke(struct store *s, const char *id, const char *actor,
		    struct err *err) MUST_CHECK;
/* Appends the approval record. */
int approval_record(struct store *s, const char *id, struct buf *out,
		    struct err *err) MUST_CHECK;
/* How many wait for somebody and have not expired. */
int approval_waiting(struct store *s, int64_t *ret, struct err *err) MUST_CHECK;

#endif
