/* pattern-literals.h - a small set of strings, folded to lower case. */
#ifndef PATTERN_LITERALS_H
#define PATTERN_LITERALS_H

#include <oncall/pattern.h>

#include "pattern-tree.h"

/* A literal is cut to its rarest part of this length: longer ones take hardly
 * any more lines away. */
#define PATTERN_LITERAL_BYTES 16
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

struct pattern_literal {
	uint8_t len;
	char bytes[PATTERN_LITERAL_BYTES];
};

/* Sets of bytes, one byte of each after the other: for what has no literal. */
struct pattern_sequence {
	size_t len;
	struct pattern_bytes at[PATTERN_LITERAL_BYTES];
};

/* Every match contains one of the strings, or one of the sequences. */
struct pattern_literals {
	uint32_t count;
	uint32_t sequence_count;
	/* A match begins at most so many bytes before one of the strings ends;
	 * PATTERN_NO_LIMIT: anywhere. */
	uint32_t reach;
	struct pattern_sequence *sequences;
	struct pattern_literal list[];
};

void pattern_literals_free(struct pattern_literals *l);

/* What strings are for. */
enum pattern_form {
	PATTERN_PLAIN, /* lines without escapes */
	PATTERN_JSON,  /* lines in which what is seen may be escaped */
	PATTERN_FORMS
};

/*
 * In a string of JSON a byte stands as itself, or it is written in one of the
 * ways that begin with a backslash; of these only those for a quote, a slash
 * and a backslash end with the byte itself, and those with "\u" are looked for
 * apart. That holds also when the text was escaped twice. Where nothing is
 * escaped, "\n" may still be what was put between parts of the line.
 */
enum pattern_escape {
	PATTERN_ESCAPE_NEVER,
	PATTERN_ESCAPE_ENDS,
	PATTERN_ESCAPE_HIDES
};

static inline enum pattern_escape pattern_escape_of(enum pattern_form form,
						    unsigned byte)
{
	if (form == PATTERN_PLAIN)
		return byte == '\n' ? PATTERN_ESCAPE_HIDES
				    : PATTERN_ESCAPE_NEVER;
	if (byte < ' ' || byte >= 0x80)
		return PATTERN_ESCAPE_HIDES;
	return byte == '"' || byte == '/' || byte == '\\'
		       ? PATTERN_ESCAPE_ENDS
		       : PATTERN_ESCAPE_NEVER;
}

#define PATTERN_GRAM_BITS 14

/* Which four bytes stand in words of ordinary lines. */
struct pattern_rarity {
	uint64_t common[(1 << PATTERN_GRAM_BITS) / 64];
	uint64_t frequent[(1 << PATTERN_GRAM_BITS) / 64];
	double bits[256];  /* that a byte tells alone */
	double share[256]; /* of the bytes of a log */
};

void pattern_rarity_init(struct pattern_rarity *r, enum pattern_form form);
/*
 * How often the string may stand in a log, as a share of its bytes; and in
 * *ret_at where its rarest PATTERN_LITERAL_BYTES begin, to which that applies.
 */
double pattern_rarity(const struct pattern_rarity *r, const char *bytes,
		      size_t len, size_t *ret_at);
/* Do these four bytes stand in very many lines? */
bool pattern_gram_frequent(const struct pattern_rarity *r, const char *bytes);
/* The bits that each byte of the string tells, at most PATTERN_STRING_BYTES. */
void pattern_weigh(const struct pattern_rarity *r, const char *bytes,
		   size_t len, double *bits);

#endif
