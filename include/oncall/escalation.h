/*
 * escalation.h - who is called while nobody acknowledges, and when:
 *
 *   escalation:
 *     urgent:
 *       match: {severity: [critical, high]}
 *       steps:
 *         - after 0m to primary
 *         - after 15m to primary, secondary every 5m 2 times
 *         - after 45m to managers only Mon-Fri 09:00 to 17:00
 *         - after 1h to chief if more than 3 incidents
 *       repeat: 2
 *       every: 2h
 *       fallback: [mail-everyone]
 *
 * The first policy (in the order of names) that matches the worst incident of a
 * group counts. Times are from when it began. "every 5m 2 times" does the step
 * twice more; without "N times", which only the last step may leave out, until
 * somebody acknowledges. "only WINDOW" (window.h) puts a step off until the
 * window begins, the others go on; "if more than N incidents" (or "times",
 * occurrences) puts it off until there are more. A policy is done "repeat"
 * times more, a round "every" so long. A name is one of the roster (roster.h),
 * a target, a group of targets, or "assignee". Where a step finds nobody, it
 * goes to the fallback, which a policy must have.
 */
#ifndef ONCALL_ESCALATION_H
#define ONCALL_ESCALATION_H

#include <oncall/config.h>
#include <oncall/incident.h>
#include <oncall/roster.h>

struct escalation; /* all policies */
struct escalation_policy;

/* roster may be NULL; it and c are borrowed. ERR_USAGE says the file and line,
 * and what would do: a name that is nothing, a policy without fallback, a step
 * that never ends before others, times that fall. */
int escalation_load(struct escalation **ret, const struct config *c,
		    const struct roster *roster, struct err *err) MUST_CHECK;
void escalation_free(struct escalation *e);

/* NULL: nobody is called for it. */
const struct escalation_policy *escalation_for(const struct escalation *e,
					       const struct config *c,
					       const struct incident *inc);
const struct escalation_policy *escalation_named(const struct escalation *e,
						 const char *name);
const char *escalation_name(const struct escalation_policy *p);
size_t escalation_steps(const struct escalation_policy *p);
/* The step as it was written. */
const char *escalation_text(const struct escalation_policy *p, size_t step);

/* Calls each with the steps that are never done again, since their windows are
 * over for good. */
typedef void escalation_over_fn(void *arg, const struct escalation_policy *p,
				size_t step);
void escalation_over(const struct escalation *e, int64_t now,
		     escalation_over_fn *each, void *arg);

struct escalation_facts {
	int64_t began; /* when the policy did */
	int64_t now;
	int64_t incidents, times; /* that nobody has acknowledged */
	const char *assignee;	  /* or NULL */
};

/* When the step is due after it was done so often; WHEN_NONE: no more. */
int64_t escalation_due(const struct escalation_policy *p, size_t step,
		       int64_t done, int64_t began);

struct escalation_call {
	/* Ended by NULL; names without doubles. NULL where nobody is there of
	 * the fallback either: then the routes of messages decide. */
	char **to;
	size_t count;
	bool fallback;	 /* nobody else was found */
	int64_t put_off; /* not now; look again then. 0: now */
	char *why;	 /* a sentence: who, by which rotation; or why not */
};

/* What the step does now. */
int escalation_call(const struct escalation *e,
		    const struct escalation_policy *p, size_t step,
		    const struct escalation_facts *f,
		    struct escalation_call *ret, struct err *err) MUST_CHECK;
void escalation_call_done(struct escalation_call *c);

/* Whether the name is a target, or a group of them. */
bool escalation_is_target(const struct config *c, const char *name);

DEFINE_AUTO(struct escalation *, escalation_free, auto_escalation_)
#define AUTO_ESCALATION	     CLEANUP(auto_escalation_)
#define AUTO_ESCALATION_CALL CLEANUP(escalation_call_done)

#endif
