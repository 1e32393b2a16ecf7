/* mute-internal.h - what the parts of mute share. */
#ifndef ONCALL_MUTE_INTERNAL_H
#define ONCALL_MUTE_INTERNAL_H

#include <oncall/incident-match.h>
#include <oncall/mute.h>
#include <oncall/silence.h>

struct mute_rule {
	const char *name; /* of the configuration */
	struct selector *source, *target;
	const char **equal; /* fields */
	size_t equal_count;
};

struct mute {
	struct store *store;
	const struct config *config;
	struct mute_rule *rules;
	size_t rule_count;
	struct silence_set *silences;
	int64_t version; /* of the silences */
	bool swept;	 /* those that are over were noted */
};

int mute_rules_load(struct mute *m, struct err *err) MUST_CHECK;
void mute_rules_free(struct mute *m);
/* Appends the JSON array of what the incident has in the fields of equal. */
void mute_same(const struct mute_rule *r, struct incident_match *match,
	       struct buf *out);

/* Calls for live incidents that mute this one, rule by rule, oldest first, at
 * most max of a rule, until each returns other than 0, which is returned. */
int mute_causes(struct mute *m, const struct incident *inc, int64_t max,
		int (*each)(void *arg, const struct mute_rule *r, int64_t cause,
			    struct err *err),
		void *arg, struct err *err) MUST_CHECK;
/* Whether what would mute the incident is, in the end, the incident itself, and
 * it is the oldest of that circle: 1, 0, -1. */
int mute_leads(struct mute *m, const struct incident *inc, struct err *err)
	MUST_CHECK;
/* Whether a rule knows it as a cause: 1, 0, -1. */
int mute_is_cause(struct mute *m, int64_t incident, struct err *err) MUST_CHECK;
void mute_by(char out[MUTE_BY], const char *rule, int64_t cause);

#endif
