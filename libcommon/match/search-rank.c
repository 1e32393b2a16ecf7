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

/* Cell 0 is of all groups that the question has not. */
static void forget_cells(struct search_scratch *x)
{
	for (uint32_t i = 1; i < x->cell_count; i++)
		x->gram_cells[x->cell_grams[i]] = 0;
	x->cell_count = 1;
}

static void ask_text(struct search_scratch *x, struct slice t, uint16_t by)
{
	uint32_t grams[2];

	for (size_t i = 0; i < t.len; i++) {
		unsigned n = search_grams_at(t.ptr + i, t.len - i, grams);

		for (unsigned k = 0; k < n; k++) {
			uint16_t *cell = &x->gram_cells[grams[k]];

			if (!*cell) {
				*cell = (uint16_t)x->cell_count++;
				x->cell_grams[*cell] = grams[k];
				x->counts[*cell] = 0;
			}
			x->counts[*cell] = (uint16_t)(x->counts[*cell] + by);
		}
	}
}

static double rarity_of(const struct search *s, uint32_t gram)
{
	int64_t docs = (s->base_grams ? s->base_grams[gram] : 0) +
		       (int64_t)s->grams.docs[gram];
	double rare = log((double)s->live_docs + 1);

	if (docs > 1)
		rare -= log((double)docs);
	return rare < 0 ? 0 : rare;
}

static void ask_grams(struct search *s, const struct search_query *q)
{
	struct search_scratch *x = s->scratch;
	double counts = 0, norm = 0;
	size_t cut;

	forget_cells(x);
	buf_reset(&x->part);
	search_shorten(&x->part, q->title, SEARCH_SHORT_TITLE);
	cut = x->part.len;
	search_shorten(&x->part, q->text, SEARCH_SHORT_TEXT);
	ask_text(x, (struct slice){x->part.data, cut}, SEARCH_TITLE_WEIGHT);
	ask_text(x, (struct slice){x->part.data + cut, x->part.len - cut}, 1);
	for (uint32_t i = 1; i < x->cell_count; i++) {
		double count = x->logs[x->counts[i]];
		double rare = rarity_of(s, x->cell_grams[i]);

		x->values[i] = count * rare * rare;
		counts += count * count;
		norm += x->values[i] * count;
	}
	x->gram_norm = counts > 0 ? norm / sqrt(counts) : 0;
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

static inline void add(uint16_t *count, uint16_t by)
{
	*count = (uint16_t)(*count + by);
}

/* Without a branch that depends on the letters: it is what takes most time. */
static void count_text(struct search_scratch *x, struct slice t, uint16_t by)
{
	uint32_t grams[2];
	size_t i = 0;

	for (; i + 4 <= t.len; i++) {
		(void)search_grams_at(t.ptr + i, 4, grams);
		add(&x->counts[x->gram_cells[grams[0]]], by);
		add(&x->counts[x->gram_cells[grams[1]]], by);
	}
	if (search_grams_at(t.ptr + i, t.len - i, grams))
		add(&x->counts[x->gram_cells[grams[0]]], by);
}

/*
 * The cosine, but that the document's groups are taken to be as rare as those
 * of the question are in the mean: so its length can be known beforehand.
 */
static double rank_grams(struct search_scratch *x,
			 const struct search_view *view, uint16_t norm)
{
	double dot = 0;

	memset(x->counts, 0, x->cell_count * sizeof(*x->counts));
	count_text(x, view->title, SEARCH_TITLE_WEIGHT);
	count_text(x, view->text, 1);
	for (uint32_t i = 1; i < x->cell_count; i++)
		dot += x->logs[x->counts[i]] * x->values[i];
	dot *= SEARCH_NORM_ONE;
	return norm > 0 && x->gram_norm > 0 ? dot / (norm * x->gram_norm) : 0;
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
		c->grams =
			rank_grams(x, &view, s->parts[c->part].norms[c->doc]);
		c->grams = c->grams < 1 ? c->grams : 1;
		c->text = WORDS_SHARE * c->words + (1 - WORDS_SHARE) * c->grams;
	}
}
