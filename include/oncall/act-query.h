/*
 * act-query.h - the store's actions as lists: what was done, what came of it by
 * action, what waits for people, which breakers are open. Texts are borrowed
 * until the next row.
 */
#ifndef ONCALL_ACT_QUERY_H
#define ONCALL_ACT_QUERY_H

#include <oncall/act.h>

struct act_query {
	int64_t incident;   /* num, or 0: any */
	const char *action; /* its name, or NULL */
	const char *status; /* of act_status_names or action_verdict_names, or
			     * NULL */
	int64_t since;	    /* asked for at that time or later, or WHEN_NONE */
	int64_t limit;	    /* the newest ones; 0: all */
};

struct act_row {
	struct slice id, name, target, service, status, verdict, reason, actor,
		undo_of, undone;
	int64_t incident; /* or 0 */
	int64_t requested, started, ended;
};

/* Newest first. */
struct store_rows *act_find(struct store *s, const struct act_query *q,
			    struct err *err) MUST_CHECK;
int act_next(struct store_rows *rows, struct act_row *ret, struct err *err)
	MUST_CHECK; /* 1, 0, -1 */

/* Of one action. */
struct act_stats {
	char *name;
	int64_t asked;				       /* of any status */
	int64_t verdicts[VERDICT_RAN_INEFFECTIVE + 1]; /* of those done */
	int64_t refused, waiting, unknown;
	int64_t took; /* all that ran, milliseconds */
	int64_t ran;
};
struct act_stats_list {
	struct act_stats *items;
	size_t count;
};
/* By name; of q.action and q.since alone. */
int act_stats(struct store *s, const struct act_query *q,
	      struct act_stats_list *ret, struct err *err) MUST_CHECK;
void act_stats_done(struct act_stats_list *l);
/* How many of those that could be judged helped: 0 to 1, below 0 for none. */
double act_stats_rate(const struct act_stats *st);

/* What waits for people. */
struct act_wait {
	struct slice id, name, target, reason, approval, requester;
	struct slice subject;	       /* JSON object: what would be done */
	struct slice approvers, votes; /* JSON arrays */
	bool approved;		       /* but not carried out yet */
	int64_t incident, quorum, requested, expires;
};
/* The one that expires first comes first. */
struct store_rows *act_waiting(struct store *s, struct err *err) MUST_CHECK;
int act_waiting_next(struct store_rows *rows, struct act_wait *ret,
		     struct err *err) MUST_CHECK; /* 1, 0, -1 */

struct act_breaker {
	struct slice name, state, reason;
	struct slice failures; /* JSON array of times */
	int64_t opened;	       /* or WHEN_NONE */
};
struct store_rows *act_breakers(struct store *s, struct err *err) MUST_CHECK;
int act_breakers_next(struct store_rows *rows, struct act_breaker *ret,
		      struct err *err) MUST_CHECK; /* 1, 0, -1 */
/* Closes it and forgets its failures; ERR_NO when there is none. */
int act_breaker_reset(struct store *s, const char *name, const char *actor,
		      const char *reason, struct err *err) MUST_CHECK;

#endif
