/* kb-curate.h - keeps a knowledge base in order: what a person should look at,
 * and what can be mended without one. */
#ifndef ONCALL_KB_CURATE_H
#define ONCALL_KB_CURATE_H

#include <oncall/kb-index.h>

/* A solution with so many outcomes of which so few helped does not help. */
#define KB_CURATE_OUTCOMES 3
#define KB_CURATE_FAILS	   0.3
/* A proposal that nobody accepted and nothing has met for so long is dropped.
 */
#define KB_CURATE_PROPOSAL_MS ((int64_t)30 * 24 * 3600 * 1000)

struct kb_finding {
	const char *entry, *what;
	const char *other; /* another entry, a rule, a solution; or NULL */
	const char
		*example; /* the message or expression it is about, or NULL */
};

/*
 * Duplicates, expressions of one entry that match what belongs to another
 * (parents and children apart) or that stand in entries of different
 * categories, expressions of the store's entries that never matched, solutions
 * that mostly fail or are missing, parents and rules that do not exist.
 */
int kb_check(struct kb *kb, struct kb_index *index,
	     void (*found)(void *arg, const struct kb_finding *f), void *arg,
	     struct err *err) MUST_CHECK;

/*
 * Of the store's own entries: merges those with the same title and category
 * into the one whose id sorts first, outcomes and all; removes proposals that
 * came to nothing; takes solutions away that fail; and makes expressions from
 * examples where there are none. Each is told, and done when apply is set.
 */
int kb_optimize(struct kb *kb, bool apply,
		void (*found)(void *arg, const struct kb_finding *f), void *arg,
		struct err *err) MUST_CHECK;

#endif
