/*
 * triage-internal.h - the two halves of triage. triage.c gathers what is known
 * of an incident and of each action that its knowledge names; what is made of
 * that stands in triage-confidence.c, triage-risk.c and triage-decide.c, whose
 * numbers hang on nothing but what stands here.
 */
#ifndef ONCALL_TRIAGE_INTERNAL_H
#define ONCALL_TRIAGE_INTERNAL_H

#include <oncall/action.h>
#include <oncall/kb.h>
#include <oncall/silence.h>
#include <oncall/triage.h>

/* The risk from which nothing runs by itself, unless the policy's rule matches
 * on risk: "high". */
#define TRIAGE_RISKY 0.5

struct triager {
	struct store *store; /* NULL in tests: nothing has happened yet */
	const struct action_set *set;
	const struct policy *policy;
	const struct config *config;
	struct kb *kb;
	struct adviser *adviser; /* NULL: nobody is asked */
	bool past; /* the clock stands in the past; what came later is not to
		    * be seen, and causes are not asked for */
	struct silence_set *silences; /* see triager_silences() */
	int64_t silence_version;
};

/* The incident. Texts are NULL where it has none. */
struct triage_subject {
	const char *id;
	int64_t num; /* 0: not in the store */
	const char *service, *host, *category, *pattern;
	const char *environment; /* NULL: of the configuration */
	enum severity severity;
	struct slice tags, labels; /* JSON, or a NULL ptr */
	int64_t time;		   /* clock_now() */
	bool false_positive, simulated;
};

struct triage_factors {
	struct triage_factor *items;
	size_t count;
};

/* What the store says about an action, here. */
struct triage_history {
	int64_t open;	  /* other live incidents of the service */
	int64_t ran;	  /* this action for this service (host, when the
			   * incident has no service), lately */
	int64_t failed;	  /* of these, those that failed or did not help */
	int64_t tried;	  /* this action for this incident, ever */
	int64_t incident; /* any action for this incident, ever */
	int64_t hour;	  /* any action anywhere, within an hour */
};

/* Something that could be done. */
struct triage_candidate {
	/* By triage.c: all of action but .confidence, then what follows. */
	struct triage_action action;
	const struct action *declared; /* NULL: no action has that name */
	char *refused;	    /* why action_prepare() refused it, or NULL */
	double match;	    /* score of the entry, 0 to 1 */
	bool by_rule;	    /* the entry names the rule that detected it */
	bool same_service;  /* the entry is about this service... */
	bool same_category; /* ...and this category */
	struct kb_confidence outcomes; /* of the solution */
	char *not_reusable; /* "not_reusable" of the entry, or NULL */

	/* By triage_decide(). */
	struct triage_history history;
	struct triage_factors confidence_factors, risk_factors;
	double risk;
	const char *risk_level;
	struct policy_answer policy;
	const char *rule; /* of the policy, that decided */
	bool hidden;	  /* autonomy is off: not to be shown */
};

/* Reads the silences that there are, or were at that time of the past, where
 * that is not done yet. */
int triager_silences(struct triager *t, int64_t time, struct err *err)
	MUST_CHECK;

void triage_candidate_done(struct triage_candidate *c);

/* Copies the text. */
void triage_add_factor(struct triage_factors *f, double value, const char *fmt,
		       ...) PRINTF_LIKE(3, 4);
void triage_factors_done(struct triage_factors *f);
void triage_add_reason(struct triage *t, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* Fills c->history in. */
int triage_look_back(struct triager *t, const struct triage_subject *s,
		     struct triage_candidate *c, struct err *err) MUST_CHECK;
/* Fill in c's confidence or risk, and its factors. */
void triage_confidence(const struct triager *t, const struct triage_subject *s,
		       struct triage_candidate *c);
void triage_risk(const struct triager *t, const struct triage_subject *s,
		 struct triage_candidate *c);
/*
 * Does all of the above for each candidate, brings them into the order in
 * which they would be tried (hidden ones last), and decides: fills in ret's
 * risk, confidence, their factors, decision, reasons and policy. Causes,
 * actions (c[i].action, the hidden ones left out) and adviser stay to triage.c.
 */
int triage_decide(struct triager *t, const struct triage_subject *s,
		  struct triage_candidate *c, size_t n, struct triage *ret,
		  struct err *err) MUST_CHECK;

#endif
