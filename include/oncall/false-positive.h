/*
 * false-positive.h - that nothing was wrong, in a way that the same line opens
 * nothing again: except-expressions, made from an incident's messages, that
 * are added to its rule wherever the rule comes from, and counter-examples of
 * the entry that was found for it.
 */
#ifndef ONCALL_FALSE_POSITIVE_H
#define ONCALL_FALSE_POSITIVE_H

#include <oncall/incident-edit.h>
#include <oncall/kb.h>
#include <oncall/pack.h>

struct false_positive {
	char *rule;		     /* NULL: none detected it */
	struct knowledge_list exprs; /* that it will not match any more */
	char *entry;		     /* gets a counter-example, or NULL */
	const char *why_none; /* of no expressions: a reason for people */
};

void false_positive_done(struct false_positive *f);
#define AUTO_FALSE_POSITIVE CLEANUP(false_positive_done)

/* What would be done; changes nothing. Expressions match no message of other
 * incidents of the rule that somebody has taken care of. */
int false_positive_plan(struct kb *kb, int64_t num, struct false_positive *ret,
			struct err *err) MUST_CHECK;
/* Does that, and closes the incident: 1, or 0 when it was so already. */
int false_positive_mark(struct kb *kb, const struct incident_edit *e,
			int64_t num, struct false_positive *ret,
			struct incident *inc, struct err *err) MUST_CHECK;
/* Takes all of it back, and opens the incident again: 1, or 0 when it was no
 * false positive. */
int false_positive_undo(struct kb *kb, const struct incident_edit *e,
			int64_t num, struct incident *inc, struct err *err)
	MUST_CHECK;

/* Adds the except-expressions of the store to the rules that they belong to. */
int false_positive_load(struct store *s, struct packs *p, struct err *err)
	MUST_CHECK;

#endif
