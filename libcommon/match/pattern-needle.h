/* pattern-needle.h - what pattern-filter.c looks for, and how it is hashed. */
#ifndef PATTERN_NEEDLE_H
#define PATTERN_NEEDLE_H

#include "pattern-filter.h"
#include "pattern-literals.h"

/* The text is looked at in steps of up to so many bytes, four bytes each time.
 */
#define PATTERN_STRIDE_MAX 4
#define PATTERN_GRAM	   4
/* Which bits of a byte count: not the one that parts upper from lower case. In
 * the hash not the highest either, which leaves 64 kinds of bytes. */
#define PATTERN_FOLD	   UINT64_C(0xdfdfdfdfdfdfdfdf)
#define PATTERN_GRAM_FOLD  UINT32_C(0x5f5f5f5f)
#define PATTERN_BYTE_KINDS 64
#define PATTERN_GRAM_PRIME UINT32_C(0x9e3779b1)

#define PATTERN_WORDS	(PATTERN_LITERAL_BYTES / sizeof(uint64_t))
#define PATTERN_NO_SETS UINT32_MAX
/* No expression: the line is one that has to be looked at. */
#define PATTERN_NO_EXPR UINT32_MAX

/* A string that one expression requires. */
struct pattern_wish {
	const struct pattern_literal *literal; /* or */
	const struct pattern_sequence *sequence;
	uint32_t expr;
};

struct pattern_wishes {
	struct pattern_wish *list;
	size_t count;
	size_t sequence_count;
	struct pattern_sequence escape; /* of JSON */
};

/* pattern-wish.c: those of all expressions but some, equal ones together. */
void pattern_wishes_collect(struct pattern_wishes *w,
			    const struct pattern_set *set,
			    enum pattern_form form, const uint8_t *skip);
bool pattern_wish_same(const struct pattern_wish *a,
		       const struct pattern_wish *b);

struct pattern_needle {
	uint64_t value[PATTERN_WORDS]; /* of its bytes, folded */
	uint64_t mask[PATTERN_WORDS];
	uint32_t sets;	/* the first of its sets of bytes, which then count */
	uint32_t exprs; /* the first of its expressions; they end where those
			   of the next needle begin */
	uint32_t len;
};

/* Marks the expressions that a needle stands for; place as in pattern_mark().
 */
static inline void pattern_filter_resolve(const struct pattern_filter *f,
					  struct pattern_scratch *s,
					  uint32_t needle, const char *place)
{
	const struct pattern_needle *n = &f->needles[needle];

	for (uint32_t i = n->exprs; i < n[1].exprs; i++)
		if (f->exprs[i] != PATTERN_NO_EXPR)
			pattern_mark(s, f->exprs[i], place);
}

/* Four bytes of a needle, which may begin before it. The bytes around them say
 * in most cases that it is not this needle. */
struct pattern_entry {
	uint64_t around; /* four bytes before and four behind, folded */
	uint64_t mask;	 /* which of them are the needle's */
	uint32_t needle;
	int32_t at;
};

/* The four bytes at a place, and as many before and behind them; from the place
 * on, and all. */
#define PATTERN_BEHIND ((size_t)2 * PATTERN_GRAM)
#define PATTERN_AROUND (PATTERN_GRAM + PATTERN_BEHIND)

/* Of those the ones before and behind. */
static inline uint64_t pattern_around(const uint8_t *text)
{
	uint32_t before, behind;

	memcpy(&before, text, sizeof(before));
	memcpy(&behind, text + PATTERN_AROUND - PATTERN_GRAM, sizeof(behind));
	return (uint64_t)behind << 32 | before;
}

/* What tells the bytes around apart: so many kinds are a word's bits. */
#define PATTERN_KINDS	32
#define PATTERN_CONTEXT (2 * PATTERN_GRAM)

static inline unsigned pattern_kind(uint8_t byte)
{
	return byte & (PATTERN_KINDS - 1);
}

/* Of all entries of a hash: which kinds of bytes may stand before the four
 * bytes, and behind them. */
struct pattern_context {
	uint32_t kinds[PATTERN_CONTEXT];
};

/* The upper bits are the better ones. */
static inline uint32_t pattern_gram_hash(uint32_t gram)
{
	return (gram & PATTERN_GRAM_FOLD) * PATTERN_GRAM_PRIME;
}

#endif
