/*
 * policy.h - how much may be done without a person: what configuration says
 * under "policy", read by who decides and, again, by who acts.
 */
#ifndef ONCALL_POLICY_H
#define ONCALL_POLICY_H

#include <oncall/config.h>
#include <oncall/severity.h>

/* The ladder; a step includes those before it. */
enum autonomy {
	AUTONOMY_OFF,	  /* nothing is even said */
	AUTONOMY_SUGGEST, /* said to a person; the default */
	AUTONOMY_APPROVE, /* done when people agreed */
	AUTONOMY_AUTO,
};
extern const char *const policy_autonomy_names[]; /* ended by NULL */

/* What rules look at. Texts may be NULL: then it has none, but environment and
 * criticality are those that configuration says. */
struct policy_facts {
	const char *action, *service, *host, *category, *environment;
	const char *criticality;  /* of the service: low ... critical */
	const char *blast_radius; /* of the action, as it is declared */
	const char *risk;	  /* of the action, as it is declared */
	const char *pattern, *entry;
	enum severity severity;
	struct slice tags; /* JSON array */
	int64_t time;	   /* for freezes, and rules with "during" */
};

struct policy_answer {
	enum autonomy autonomy;
	const char *rule;    /* that said so, "default", or what overrode it */
	const char *freeze;  /* the window that holds now, or NULL */
	int64_t freeze_ends; /* WHEN_NONE: never */
	bool any_risk;	     /* the rule matches on risk: what triage finds too
			      * risky may run by itself, too */
	double auto_from;    /* confidence that "auto" takes */
	double escalate_below; /* confidence below which a person is called */
	const char *approvers; /* JSON array; "[]": anybody */
	int64_t quorum;	       /* from 1 on */
	bool self;	       /* who asked may also agree */
	int64_t approval_expires; /* milliseconds */
};

struct policy_limits {
	int64_t per_incident, per_hour; /* actions; 0: no limit */
	int64_t breaker_failures;	/* that open the breaker... */
	int64_t breaker_window;		/* ...within, milliseconds */
	int64_t breaker_cool_down;	/* until it is tried again */
	int64_t ineffective;		/* fixes that did not hold, a target */
	int64_t ineffective_window;	/* "comes back within" */
};

struct policy;

/* ERR_USAGE: what is wrong, with its origin. */
int policy_load(struct policy **ret, const struct config *c, struct err *err)
	MUST_CHECK;
void policy_free(struct policy *p);
/*
 * Of the rules whose match holds, in the order of their names, the first one
 * that says something about a value gives it; "policy.autonomy" and the like
 * are what is left. The autonomy of a rule may be above the general one, but
 * critical services never pass "approve" unless their rule matches on
 * criticality, and a freeze never passes "suggest" unless its rule says
 * "in_freeze: true".
 */
void policy_ask(const struct policy *p, const struct policy_facts *f,
		struct policy_answer *ret);
const struct policy_limits *policy_limits(const struct policy *p);
/* How critical a service is; NULL for no service. */
const char *policy_criticality(const struct policy *p, const char *service);
/* Names this policy in records: a hash of all that it says. */
const char *policy_version(const struct policy *p);

DEFINE_AUTO(struct policy *, policy_free, auto_policy_)
#define AUTO_POLICY CLEANUP(auto_policy_)

#endif
