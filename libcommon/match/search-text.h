/* search-text.h - the words of a text, and its groups of letters. */
#ifndef SEARCH_TEXT_H
#define SEARCH_TEXT_H

#include <oncall/base.h>
#include <oncall/buf.h>
#include <oncall/search.h>

/* What a word of the title counts, in words of the text. */
#define SEARCH_TITLE_WEIGHT 3
/* A word of the text counts half as much as the first one here. */
#define SEARCH_HALF_AT 120
/* Weights of words while they are added up, and as they are kept: in a byte,
 * and in a sum of a document. */
#define SEARCH_WEIGHT_ONE 4096
#define SEARCH_KEPT_ONE	  16
#define SEARCH_LENGTH_ONE 8
#define SEARCH_NORM_ONE	  256
/* Groups of letters are counted in so many places. */
#define SEARCH_GRAM_BITS 16
#define SEARCH_GRAMS	 (1U << SEARCH_GRAM_BITS)
/* Of the title, and of the text, what is compared letter by letter. */
#define SEARCH_SHORT_TITLE 200
#define SEARCH_SHORT_TEXT  400
/* What comes of it, at most; and its groups of letters. */
#define SEARCH_SHORT_BYTES(n) ((size_t)(n)*2 + 1)
#define SEARCH_CELLS                                   \
	(2 * (SEARCH_SHORT_BYTES(SEARCH_SHORT_TITLE) + \
	      SEARCH_SHORT_BYTES(SEARCH_SHORT_TEXT)))
#define SEARCH_NONE UINT32_MAX

/* The words of a text, or other things that are looked up by equality. */
enum search_kind { SEARCH_WORD = 1, SEARCH_LABEL, SEARCH_KEY };

uint64_t search_hash(enum search_kind kind, const char *p, size_t n);

struct search_word {
	uint64_t hash;
	uint32_t weight; /* SEARCH_WEIGHT_ONE is one word of the text */
	bool figure;	 /* has a digit */
};

struct search_words {
	struct search_word *list; /* each once, in the order of the text */
	size_t count;
	size_t cap;
	uint32_t *slots;
	size_t slot_count;
	uint64_t length; /* sum of the weights */
};

void search_words_reset(struct search_words *w);
void search_words_read(struct search_words *w, struct slice title,
		       struct slice text);
void search_words_done(struct search_words *w);

/* Appends what of the text is compared letter by letter. */
void search_shorten(struct buf *out, struct slice text, size_t max);

/* The groups of three and of four letters that begin at p, of which n bytes
 * are left: how many there are. */
static inline unsigned search_grams_at(const char *p, size_t n, uint32_t ret[2])
{
	const uint32_t mix = UINT32_C(2654435761);
	uint32_t bytes = 0;

	if (n < 3)
		return 0;
	memcpy(&bytes, p, 3);
	ret[0] = bytes * mix >> (32 - SEARCH_GRAM_BITS);
	if (n == 3)
		return 1;
	memcpy(&bytes, p, 4);
	ret[1] = (bytes * mix ^ mix) >> (32 - SEARCH_GRAM_BITS);
	return 2;
}

/*
 * In how many documents groups of letters stand, or how much that has changed;
 * and room to count those of one.
 */
struct search_grams {
	int32_t docs[SEARCH_GRAMS];
	uint16_t counts[SEARCH_GRAMS];
	uint32_t seen[SEARCH_CELLS];
	uint32_t seen_count;
};

/* Counts those of a shortened title and text; returns their norm. */
uint16_t search_count_grams(struct search_grams *g, struct slice title,
			    struct slice text, int32_t by);

#endif
