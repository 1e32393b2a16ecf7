/* pattern-filter.h - where the strings of a set stand in a text. */
#ifndef PATTERN_FILTER_H
#define PATTERN_FILTER_H

#include "pattern-internal.h"

struct pattern_context;
struct pattern_entry;
struct pattern_filter;
struct pattern_looks;
struct pattern_needle;

/* A byte that is seldom enough to be looked for alone, for a needle of which
 * four bytes could be too much. */
struct pattern_rare {
	uint8_t byte;
	uint8_t at; /* in the needle */
	uint32_t needle;
};

typedef size_t pattern_look_fn(const struct pattern_filter *f,
			       const struct pattern_looks *k, uint16_t *ret);

#define PATTERN_RARE_MAX 8
/* Looks that a processor makes in one step. */
#define PATTERN_LANES 8

struct pattern_filter {
	size_t stride; /* of the steps in which a text is looked at */
	/* pattern_look(), or what does the same on this processor. */
	pattern_look_fn *look;
	/* Of each set of lanes: how far they look, a byte each, rising. */
	uint64_t lanes[1 << PATTERN_LANES];
	uint32_t *bits; /* of each hash: is there something? */
	unsigned bits_shift;
	uint32_t *begin; /* of each hash: the first of its entries */
	unsigned begin_shift;
	struct pattern_entry *entries;
	struct pattern_context *contexts; /* by a hash's first entry, or NULL */
	bool has_grams;
	struct pattern_rare rare[PATTERN_RARE_MAX];
	size_t rare_count;
	struct pattern_needle *needles;
	size_t needle_count;
	struct pattern_bytes *sets;
	uint32_t *exprs;  /* that the needles stand for, by needle */
	uint32_t *always; /* expressions that have no needle, rising */
	size_t always_count;
};

/* Of the expressions of a set, apart from those to be skipped; skip may be
 * NULL. For JSON also what makes a line one that has to be read. */
struct pattern_filter *pattern_filter_new(const struct pattern_set *set,
					  enum pattern_form form,
					  const uint8_t *skip);
void pattern_filter_free(struct pattern_filter *f);
/* Places where strings stand, rising. */
void pattern_filter_find(const struct pattern_filter *f,
			 struct pattern_places *places, struct slice window);
/* Marks the expressions that have a string in the text. */
void pattern_filter_mark(const struct pattern_filter *f,
			 struct pattern_scratch *s, struct slice text);

#endif
