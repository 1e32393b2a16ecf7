/*
 * mute.h - what keeps people from hearing of an incident: silences, and
 * inhibition, where a cause mutes its symptoms:
 *
 *   incidents:
 *     inhibit:
 *       host-down:
 *         source: {category: host-down}
 *         target: {severity: [low, medium, high]}
 *         equal: [host]
 *
 * A rule holds while an incident that is not over matches source, and has the
 * same values in the fields of equal (one that is missing is empty). What
 * matches both sides is muted by nothing that does, and nothing by itself. A
 * cause that is muted still mutes; only of those that would mute each other in
 * a circle the oldest is heard. A simulated cause mutes only what is simulated.
 */
#ifndef ONCALL_MUTE_H
#define ONCALL_MUTE_H

#include <oncall/config.h>
#include <oncall/incident.h>

#define MUTE_BY 256

struct mute;

/* The rules, and the silences that the store has now. Errors of rules are
 * ERR_USAGE. Both are borrowed. */
int mute_load(struct mute **ret, struct store *s, const struct config *c,
	      struct err *err) MUST_CHECK;
void mute_free(struct mute *m);
/* Reads the silences again where somebody has changed them; cheap where not. */
int mute_refresh(struct mute *m, struct err *err) MUST_CHECK;

struct mute_answer {
	bool muted;
	char by[MUTE_BY];  /* "SIL-...", "inhibit:RULE:INC-..." */
	char why[MUTE_BY]; /* a sentence for people */
	int64_t until;	   /* when to ask again; WHEN_NONE: when it is woken */
};

int mute_ask(struct mute *m, const struct incident *inc, int64_t now,
	     struct mute_answer *ret, struct err *err) MUST_CHECK;
/* Inside a transaction: the incident has changed. Keeps the causes that rules
 * look for, and ends silences that waited for it to be resolved. */
int mute_note(struct mute *m, const struct incident *inc, int64_t now,
	      struct err *err) MUST_CHECK;
/* What incidents are muted by ends: groups of those are looked at in the next
 * tick. */
int mute_wake(struct store *s, const char *by, struct err *err) MUST_CHECK;
/* The rules as one text: when it differs from last time, the pager shows every
 * live incident to mute_note() again. */
void mute_rules(const struct mute *m, struct buf *out);

DEFINE_AUTO(struct mute *, mute_free, auto_mute_)
#define AUTO_MUTE CLEANUP(auto_mute_)

#endif
