/*
 * pager.h - the one place that decides when people hear of incidents. A tick
 * brings everything up to date that is due: it sees which incidents changed,
 * asks what mutes them, and puts messages into the outbox, in one transaction;
 * so it does not matter how often it runs, how many run at once, or where one
 * is killed.
 */
#ifndef ONCALL_PAGER_H
#define ONCALL_PAGER_H

#include <oncall/config.h>
#include <oncall/incident.h>
#include <oncall/record.h>

struct pager;

struct pager_options {
	struct store *store;
	const struct config *config;
	const char *actor;
};

int pager_new(struct pager **ret, const struct pager_options *o,
	      struct err *err) MUST_CHECK;
void pager_free(struct pager *p);
/* One tick; the messages, which are committed, are written to out. How many,
 * or -1. *ret_next is when the next one has something to do, or WHEN_NONE. */
int64_t pager_tick(struct pager *p, struct record_writer *out,
		   int64_t *ret_next, struct err *err);

/* Inside the transaction that changes the incident: somebody has acknowledged,
 * mitigated or ended it. Stops what calls people for its group once nobody is
 * needed there any more. */
int pager_quiet(struct store *s, int64_t incident, struct err *err) MUST_CHECK;

/* Inside a transaction: triage wants somebody to look at it; the next tick does
 * not wait. */
int pager_urge(struct store *s, int64_t incident, struct err *err) MUST_CHECK;

/* Tells in sentences what muted, held and escalated an incident, what would
 * change that, and when it is looked at next; see incident_explain(). */
int pager_explain(struct store *s, const struct config *c,
		  const struct incident *inc,
		  void (*tell)(void *arg, const char *what, const char *text),
		  void *arg, struct err *err) MUST_CHECK;

DEFINE_AUTO(struct pager *, pager_free, auto_pager_)
#define AUTO_PAGER CLEANUP(auto_pager_)

#endif
