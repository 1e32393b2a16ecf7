/*
 * triage.h - what is the cause, how risky would it be to act, how sure is the
 * best action, and so what is decided; every factor with its number.
 */
#ifndef ONCALL_TRIAGE_H
#define ONCALL_TRIAGE_H

#include <oncall/incident.h>
#include <oncall/jscan.h>
#include <oncall/policy.h>

struct action_set;

enum triage_decision {
	TRIAGE_IGNORE,
	TRIAGE_SUGGEST,
	TRIAGE_APPROVE,
	TRIAGE_AUTO,
	TRIAGE_ESCALATE,
};
extern const char *const triage_decision_names[]; /* ended by NULL */

struct triage_factor {
	char *name;   /* "service is critical" */
	double value; /* what it adds */
};

struct triage_cause {
	char *text;
	double score;
	char *from; /* knowledge, dependency, change, past; adviser */
	char *ref;  /* entry, incident or change; or NULL */
};

struct triage_action {
	char *name, *params; /* params: JSON object, templates filled in */
	char *untrusted;     /* JSON array of the names of params */
	char *entry, *solution;
	double confidence;
	char *command; /* what it would run, for people; or NULL */
	bool advised;  /* by the adviser: behind all others, never decided on */
};

struct triage {
	struct triage_cause *causes;
	size_t cause_count;
	struct triage_factor *risk_factors, *confidence_factors;
	size_t risk_count, confidence_count;
	double risk, confidence; /* 0 to 1 */
	const char *risk_level;	 /* low, medium, high, critical */
	enum triage_decision decision;
	struct triage_action *actions;
	size_t action_count;
	char **reasons; /* in words; for what was not done, what failed first */
	size_t reason_count;
	char *policy;  /* its version, and the rule that decided */
	char *adviser; /* what became of asking it, or NULL */
	char **steps;  /* for people, from the adviser */
	size_t step_count;
};

void triage_done(struct triage *t);
#define AUTO_TRIAGE CLEANUP(triage_done)

struct triager; /* store, actions, policy, configuration */

int triager_open(struct triager **ret, struct store *s,
		 const struct action_set *set, const struct policy *p,
		 const struct config *c, struct err *err) MUST_CHECK;
void triager_free(struct triager *t);
/* record: an incident with its "knowledge". Deterministic for one state of the
 * store and one clock. */
int triage_incident(struct triager *t, const struct jscan *record,
		    struct triage *ret, struct err *err) MUST_CHECK;
/* Appends the JSON object that a record's "triage" is. */
void triage_write(struct buf *out, const struct triage *t);
/* For people. */
void triage_explain(struct buf *out, const struct triage *t);

/*
 * Keeps what was decided with the revision that the record has, and marks it
 * in incidents.triaged. 0, and nothing is kept, when the store has no such
 * incident, or has seen a later revision; otherwise 1.
 */
int triage_keep(struct store *s, const struct jscan *record,
		const struct triage *t, struct slice json, struct err *err)
	MUST_CHECK;
struct triage_kept {
	int64_t revision, decided; /* of the incident; when */
};
/* Appends the JSON object that was kept; 1, or 0 when there is none. */
int triage_kept(struct store *s, int64_t incident, struct buf *out,
		struct triage_kept *ret, struct err *err) MUST_CHECK;

#endif
