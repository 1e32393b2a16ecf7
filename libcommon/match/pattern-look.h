/* pattern-look.h - the first looks at a text. */
#ifndef PATTERN_LOOK_H
#define PATTERN_LOOK_H

#include "pattern-needle.h"

/* Looks that are made before what they let through is compared. */
#define PATTERN_LOOKS 2048

/* Some looks at a text, from a place on. What is around each, as in
 * pattern-needle.h, is in the text. */
struct pattern_looks {
	const uint8_t *text;
	size_t len;
	size_t from;
	size_t count; /* at most PATTERN_LOOKS */
};

/* How far behind the first look those are that found something, rising; ret has
 * room for PATTERN_LOOKS, and PATTERN_LANES more that may be written to. */
pattern_look_fn pattern_look;

/* What does the same on this processor, the fastest first, the one above last;
 * for filters that are prepared. */
#define PATTERN_LOOK_WAYS 3
size_t pattern_look_ways(pattern_look_fn *ret[PATTERN_LOOK_WAYS]);

/* Gives a filter whose tables are filled the fastest. */
void pattern_look_prepare(struct pattern_filter *f);

#endif
