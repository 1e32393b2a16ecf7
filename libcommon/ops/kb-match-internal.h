/* kb-match-internal.h - what the parts of kb-match.h share. */
#ifndef KB_MATCH_INTERNAL_H
#define KB_MATCH_INTERNAL_H

#include <oncall/kb-match.h>

struct kb_match_candidate {
	struct kb_match_found found;
	struct knowledge_entry entry;
};

/* Sets found.solutions: each with what its outcomes say of it. */
int kb_match_solutions(struct kb *kb, struct kb_match_candidate *c,
		       struct err *err) MUST_CHECK;
/* Sets found.not_reusable of the first of the sorted candidates. */
int kb_match_reusable(struct kb *kb, struct kb_match_candidate *c, size_t count,
		      struct err *err) MUST_CHECK;

#endif
