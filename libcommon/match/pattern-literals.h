/* pattern-literals.h - a small set of strings, folded to lower case. */
#ifndef PATTERN_LITERALS_H
#define PATTERN_LITERALS_H

#include <oncall/base.h>

/* A literal is cut to its rarest part of this length: longer ones make the
 * automaton larger than the cache and take hardly any more lines away. */
#define PATTERN_LITERAL_BYTES 8
/* Strings of one expression. */
#define PATTERN_LITERALS_MAX 128
/* Bytes of a string while it is put together. */
#define PATTERN_STRING_BYTES 40

struct pattern_string {
	uint8_t len;
	char bytes[PATTERN_STRING_BYTES];
};

struct pattern_strings {
	size_t count;
	struct pattern_string list[PATTERN_LITERALS_MAX];
};

struct pattern_literals {
	uint32_t count;
	struct {
		uint8_t len;
		char bytes[PATTERN_LITERAL_BYTES];
	} list[];
};

#define PATTERN_GRAM_BITS 14

/* Which four bytes stand in words of ordinary lines. */
struct pattern_rarity {
	uint64_t common[(1 << PATTERN_GRAM_BITS) / 64];
};

void pattern_rarity_init(struct pattern_rarity *r);
/*
 * How often the string may stand in a log, as a share of its bytes; and in
 * *ret_at where its rarest PATTERN_LITERAL_BYTES begin, to which that applies.
 */
double pattern_rarity(const struct pattern_rarity *r, const char *bytes,
		      size_t len, size_t *ret_at);

#endif
