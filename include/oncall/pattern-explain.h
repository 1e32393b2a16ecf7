/* pattern-explain.h - how far a rule got on a text, for whoever writes rules.
 */
#ifndef ONCALL_PATTERN_EXPLAIN_H
#define ONCALL_PATTERN_EXPLAIN_H

#include <oncall/pattern.h>

enum pattern_outcome {
	PATTERN_HIT,
	PATTERN_EXCEPTED,  /* by the except-expression expr */
	PATTERN_NEAR,	   /* expr matched from its start up to a place */
	PATTERN_FAR,	   /* no expression has matched a single byte */
	PATTERN_UNDECIDED, /* expr passed a limit */
};

struct pattern_near {
	enum pattern_outcome outcome;
	size_t expr;
	/* NEAR: what of the expression fitted, and of the text; the rest of the
	 * expression begins where it stopped. */
	struct slice fitted, rest, text;
};

void pattern_explain(const struct pattern_set *set, size_t rule,
		     struct slice text, struct pattern_near *ret);

#endif
