/* search-find.h - what one question needs while it is answered; reused. */
#ifndef SEARCH_FIND_H
#define SEARCH_FIND_H

#include "search-internal.h"

/* Documents that are compared in full. */
#define SEARCH_CANDIDATES 80
/* The terms that find them, and documents that these may stand in. */
#define SEARCH_TERMS_MAX    30
#define SEARCH_POSTINGS_MAX 150000

/* A word of the question. */
struct search_asked {
	uint64_t hash;
	double weight;	   /* what it tells in this question */
	uint32_t docs;	   /* in which it stands */
	uint32_t terms[2]; /* its numbers in both parts */
};

struct search_candidate {
	uint32_t part, doc;
	float rough; /* by the terms that found it */
	double words, grams, text, pattern, all;
	uint32_t expr;
	struct slice match;
	bool label;
	struct slice key, payload;
};

/* How often a group of letters can be counted in a text. */
#define SEARCH_LOGS (SEARCH_CELLS * SEARCH_TITLE_WEIGHT)

struct search_scratch {
	struct search_words words;
	struct search_asked *asked;
	size_t asked_cap, asked_count;
	double asked_sum; /* of all weights */
	double mean;	  /* length of documents */
	/* By number of the asked word, sorted by its number in the part. */
	struct search_pair {
		uint32_t term, asked;
	} * pairs[2];
	size_t pair_count[2];
	double *parts_of; /* what each asked word adds to a document */
	float *scores;	  /* of all documents; 0 between questions */
	uint32_t *touched;
	size_t score_cap, touched_count, touched_cap;
	struct search_candidate *list;
	uint32_t count, cap;
	struct search_matches matches;
	/* Of groups of letters in the question, from 1: how often it stands in
	 * a text, and what it adds there. */
	uint16_t counts[SEARCH_CELLS + 1];
	double values[SEARCH_CELLS + 1];
	uint32_t cell_grams[SEARCH_CELLS + 1];
	uint32_t cell_count;
	uint16_t gram_cells[SEARCH_GRAMS];
	double logs[SEARCH_LOGS]; /* 1 + ln n, and 0 for 0 */
	double gram_norm;	  /* of the question */
	struct buf part;
};

/* search-rank.c: fills words, grams and text of the candidates. */
void search_rank(struct search *s);
/* The weights of the words of the question; and of its groups of letters. */
void search_ask(struct search *s, const struct search_query *q);

#define SEARCH_K1     1.2
#define SEARCH_LENGTH 0.75 /* how much long documents pay */

/* What a word of that weight in a document adds, from 0 to 1. */
static inline double search_part_of(const struct search_scratch *x,
				    unsigned weight, unsigned length)
{
	double count = (double)weight / SEARCH_KEPT_ONE;
	double share = (double)length / x->mean;

	return count / (count + SEARCH_K1 * (1 - SEARCH_LENGTH +
					     SEARCH_LENGTH * share));
}

#endif
