/*
 * search-rank.c - how much of a question is in a document.
 *
 * By words it is BM25, as a share of what a document could reach; by letters
 * the cosine between groups of three and four of them. Both are from 0 to 1,
 * and their mean is what counts. A word of the question that comes again, as
 * one of the title does, counts more: questions are documents, too.
 */
#include "search-find.h"

#include <math.h>

#include <oncall/mem.h>

#define WORDS_SHARE 0.6
#define ASKED_POWER 0.7

static uint32_t docs_of(struct search *s, struct search_asked *a)
{
	uint32_t docs = 0;

	for (size_t i = 0; i < ARRAY_LEN(s->parts); i++) {
		a->terms[i] = search_part_term(&s->parts[i], a->hash);
		if (a->terms[i] != SEARCH_NONE)
			docs += search_part_term_docs(&s->parts[i],
						      a->terms[i]);
	}
	return docs < s->live_docs ? docs : (uint32_t)s->live_docs;
}

static int by_term(const void *a, const void *b)
{
	const struct search_pair *x = a, *y = b;

	return x->term < y->term ? -1 : x->term > y->term;
}

static void pair_terms(struct search_scratch *x, size_t part)
{
	size_t count = 0;

	for (size_t i = 0; i < x->asked_count; i++)
		if (x->asked[i].terms[part] != SEARCH_NONE)
			x->pairs[part][count++] = (struct search_pair){
				x->asked[i].terms[part], (uint32_t)i};
	x->pair_count[part] = count;
	if (count)
		qsort(x->pairs[part], count, sizeof(*x->pairs[part]), by_term);
}

static void ask_words(struct search *s, const struct search_query *q)
{
	struct search_scratch *x = s->scratch;
	double all = (double)s->live_docs;

	search_words_reset(&x->words);
	search_words_read(&x->words, q->title, q->text);
	if (x->words.count > x->asked_cap) {
		x->asked_cap = x->words.count;
		x->asked =
			mem_resize(x->asked, x->asked_cap, sizeof(*x->asked));
		x->parts_of = mem_resize(x->parts_of, x->asked_cap,
					 sizeof(*x->parts_of));
		for (size_t i = 0; i < ARRAY_LEN(x->pairs); i++)
			x->pairs[i] = mem_resize(x->pairs[i], x->asked_cap,
						 sizeof(*x->pairs[i]));
	}
	x->asked_count = 0;
	x->asked_sum = 0;
	for (size_t i = 0; i < x->words.count; i++) {
		const struct search_word *w = &x->words.list[i];
		struct search_asked *a = &x->asked[x->asked_count];

		*a = (struct search_asked){.hash = w->hash};
		a->docs = docs_of(s, a);
		a->weight =
			log(1 + (all - a->docs + 0.5) / (a->docs + 0.5)) *
			pow((double)w->weight / SEARCH_WEIGHT_ONE, ASKED_POWER);
		/* A number that nobody has seen tells nothing. */
		if (w->figure && !a->docs)
			continue;
		x->asked_sum += a->weight;
		x->asked_count++;
	}
	pair_terms(x, 0);
	pair_terms(x, 1);
}

/* Nearly all numbers are small. */
static double log_of(const struct search_scratch *x, uint32_t n)
{
	return n < SEARCH_LOGS ? x->logs[n] : log(n);
}

static void weigh_cells(struct search *s)
{
	struct search_scratch *x = s->scratch;
	double all = log((double)s->live_docs + 1);

	if (x->cells && x->cells_of == s->changes)
		return;
	if (!x->cells) {
		x->cells = mem_zero(SEARCH_GRAMS, sizeof(*x->cells));
		for (uint32_t i = 1; i < SEARCH_LOGS; i++)
			x->logs[i] = log(i);
	}
	x->cells_of = s->changes;
	for (uint32_t i = 0; i < SEARCH_GRAMS; i++) {
		int64_t docs = (s->base_grams ? s->base_grams[i] : 0) +
			       (int64_t)s->grams[i];
		double rare = all - log_of(x, docs < 1 ? 1 : (uint32_t)docs);

		x->cells[i].rare = (float)(rare < 0 ? 0 : rare);
	}
}

static void count_cell(struct search_scratch *x, uint32_t cell, uint32_t by,
		       struct search_numbers *seen)
{
	struct search_cell *c = &x->cells[cell];

	if (c->turn != x->turn) {
		c->turn = x->turn;
		c->count = 0;
		seen->list[seen->count++] = cell;
	}
	c->count += by;
}

static void count_text(struct search_scratch *x, struct slice t, uint32_t by,
		       struct search_numbers *seen)
{
	for (size_t i = 0; i + 3 <= t.len && seen->count + 2 <= seen->cap;
	     i++) {
		count_cell(x, search_gram(t.ptr + i, 3), by, seen);
		if (i + 4 <= t.len)
			count_cell(x, search_gram(t.ptr + i, 4), by, seen);
	}
}

static void count_cells(struct search_scratch *x, struct slice title,
			struct slice text, struct search_numbers *seen)
{
	x->turn++;
	seen->count = 0;
	count_text(x, title, SEARCH_TITLE_WEIGHT, seen);
	count_text(x, text, 1, seen);
}

/* Room for the groups of a shortened title and text. */
#define SEEN_MAX ((SEARCH_SHORT_TITLE + SEARCH_SHORT_TEXT + 8) * 4)

static void ask_grams(struct search *s, const struct search_query *q)
{
	struct search_scratch *x = s->scratch;
	uint32_t list[SEEN_MAX];
	struct search_numbers seen = {list, 0, SEEN_MAX};
	double norm = 0;
	size_t cut;

	weigh_cells(s);
	for (uint32_t i = 0; i < SEARCH_GRAMS; i++)
		x->cells[i].asked = 0;
	buf_reset(&x->part);
	search_shorten(&x->part, q->title, SEARCH_SHORT_TITLE);
	cut = x->part.len;
	search_shorten(&x->part, q->text, SEARCH_SHORT_TEXT);
	count_cells(x, (struct slice){x->part.data, cut},
		    (struct slice){x->part.data + cut, x->part.len - cut},
		    &seen);
	for (uint32_t i = 0; i < seen.count; i++) {
		struct search_cell *c = &x->cells[list[i]];
		double w = (1 + log_of(x, c->count)) * (double)c->rare;

		c->asked = (float)w;
		norm += w * w;
	}
	x->gram_norm = sqrt(norm);
}

void search_ask(struct search *s, const struct search_query *q)
{
	struct search_scratch *x = s->scratch;

	x->mean = s->live_docs ? (double)s->live_length / (double)s->live_docs
			       : 1;
	x->mean = x->mean < 1 ? 1 : x->mean;
	ask_words(s, q);
	ask_grams(s, q);
}

/* The sum is made in the order of the question, so that it is the same to the
 * last bit wherever the document stands. */
static double rank_words(struct search *s, const struct search_candidate *c,
			 struct search_cursor terms)
{
	struct search_scratch *x = s->scratch;
	const struct search_pair *pair = x->pairs[c->part];
	const struct search_pair *end = pair + x->pair_count[c->part];
	unsigned weight, length = s->parts[c->part].lengths[c->doc];
	uint32_t term = SEARCH_NONE;
	double sum = 0;

	for (size_t i = 0; i < x->asked_count; i++)
		x->parts_of[i] = 0;
	while (pair < end && search_next_posting(&terms, &term, &weight)) {
		while (pair < end && pair->term < term)
			pair++;
		if (pair < end && pair->term == term)
			x->parts_of[pair->asked] =
				x->asked[pair->asked].weight *
				search_part_of(x, weight, length);
	}
	for (size_t i = 0; i < x->asked_count; i++)
		sum += x->parts_of[i];
	return x->asked_sum > 0 ? sum / x->asked_sum : 0;
}

static double rank_grams(struct search_scratch *x,
			 const struct search_view *view)
{
	uint32_t list[SEEN_MAX];
	struct search_numbers seen = {list, 0, SEEN_MAX};
	double norm = 0, dot = 0;

	count_cells(x, view->title, view->text, &seen);
	for (uint32_t i = 0; i < seen.count; i++) {
		const struct search_cell *c = &x->cells[list[i]];
		double w = (1 + log_of(x, c->count)) * (double)c->rare;

		norm += w * w;
		dot += w * (double)c->asked;
	}
	norm = sqrt(norm) * x->gram_norm;
	return norm > 0 ? dot / norm : 0;
}

void search_rank(struct search *s)
{
	struct search_scratch *x = s->scratch;

	for (uint32_t i = 0; i < x->count; i++) {
		struct search_candidate *c = &x->list[i];
		struct search_view view;

		if (!search_part_view(&s->parts[c->part], c->doc, false, &view))
			continue;
		c->key = view.key;
		c->payload = view.payload;
		c->words = rank_words(s, c, view.terms);
		c->grams = rank_grams(x, &view);
		c->grams = c->grams < 1 ? c->grams : 1;
		c->text = WORDS_SHARE * c->words + (1 - WORDS_SHARE) * c->grams;
	}
}
