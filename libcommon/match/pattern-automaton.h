/* pattern-automaton.h - all literals of a set, found in one pass. */
#ifndef PATTERN_AUTOMATON_H
#define PATTERN_AUTOMATON_H

#include "pattern-internal.h"

struct pattern_automaton;

/* Of all expressions that have literals, apart from those to be skipped; skip
 * may be NULL. */
struct pattern_automaton *pattern_automaton_new(
	const struct pattern_expr *exprs, size_t count, const uint8_t *skip);
void pattern_automaton_free(struct pattern_automaton *a);
/* References are smaller than this. */
size_t pattern_automaton_refs(const struct pattern_automaton *a);
/* Every place where a literal ends, PATTERN_STREAMS parts at a time. */
void pattern_automaton_find(const struct pattern_automaton *a,
			    struct pattern_places *places, struct slice window);
/* The same for a single line of any length: each reference once, at 0. seen has
 * room for a byte a reference. */
void pattern_automaton_find_long(const struct pattern_automaton *a,
				 struct pattern_places *places, uint8_t *seen,
				 struct slice line);
void pattern_automaton_resolve(const struct pattern_automaton *a,
			       struct pattern_scratch *s, uint32_t ref);

#endif
