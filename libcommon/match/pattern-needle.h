/* pattern-needle.h - what pattern-filter.c looks for, and how it is hashed. */
#ifndef PATTERN_NEEDLE_H
#define PATTERN_NEEDLE_H

#include "pattern-filter.h"
#include "pattern-literals.h"

/* The text is looked at in steps of so many bytes, four bytes each time. */
#define PATTERN_STRIDE 2
#define PATTERN_GRAM   4
/* Which bits of a byte count: not the one that parts upper from lower case. In
 * the hash not the highest either, which leaves 64 kinds of bytes. */
#define PATTERN_FOLD	   UINT64_C(0xdfdfdfdfdfdfdfdf)
#define PATTERN_GRAM_FOLD  UINT32_C(0x5f5f5f5f)
#define PATTERN_BYTE_KINDS 64

#define PATTERN_NO_SETS UINT32_MAX
/* No expression: the line is one that has to be looked at. */
#define PATTERN_NO_EXPR UINT32_MAX

struct pattern_needle {
	uint64_t value; /* of its bytes, folded */
	uint64_t mask;
	uint32_t sets;	/* the first of its sets of bytes, which then count */
	uint32_t exprs; /* the first of its expressions; they end where those
			   of the next needle begin */
	uint32_t len;
};

/* An entry is the number of a needle and the place of four bytes in it, which
 * may begin before it. */
#define PATTERN_ENTRY_BITS 4

static inline uint32_t pattern_entry(size_t needle, int at)
{
	return (uint32_t)(needle << PATTERN_ENTRY_BITS) |
	       (uint32_t)(at + PATTERN_GRAM);
}

static inline uint32_t pattern_entry_needle(uint32_t entry)
{
	return entry >> PATTERN_ENTRY_BITS;
}

static inline int pattern_entry_at(uint32_t entry)
{
	return (int)(entry & ((1u << PATTERN_ENTRY_BITS) - 1)) - PATTERN_GRAM;
}

static inline uint32_t pattern_gram_hash(uint32_t gram)
{
	return (uint32_t)(((gram & PATTERN_GRAM_FOLD) *
			   UINT64_C(0x9e3779b97f4a7c15)) >>
			  32);
}

#endif
