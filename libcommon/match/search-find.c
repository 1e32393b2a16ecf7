/*
 * search-find.c - a question: candidates by the rarest of its words, by
 * expressions and by labels; these are ranked in full.
 */
#include "search-find.h"

#include <math.h>

#include <oncall/mem.h>

/* How much a label that is equal takes of what is missing to 1. */
#define LABEL_SHARE 0.5

void search_scratch_free(struct search_scratch *x)
{
	if (!x)
		return;
	search_words_done(&x->words);
	free(x->asked);
	free(x->parts_of);
	free(x->pairs[0]);
	free(x->pairs[1]);
	free(x->scores);
	free(x->touched);
	free(x->list);
	free(x->matches.list);
	buf_done(&x->part);
	free(x);
}

static struct search_scratch *scratch_new(void)
{
	struct search_scratch *x = mem_zero(1, sizeof(*x));

	for (uint32_t i = 1; i < SEARCH_LOGS; i++)
		x->logs[i] = 1 + log(i);
	return x;
}

static void scratch_init(struct search *s)
{
	struct search_scratch *x = s->scratch;
	size_t docs = (size_t)s->parts[0].doc_count + s->parts[1].doc_count;

	if (!x)
		x = s->scratch = scratch_new();
	if (docs > x->score_cap) {
		x->score_cap = docs + docs / 4 + 64;
		free(x->scores);
		x->scores = mem_zero(x->score_cap, sizeof(*x->scores));
	}
	x->count = 0;
	x->touched_count = 0;
	x->matches.count = 0;
}

static int by_weight(const void *a, const void *b)
{
	const struct search_asked *x = *(struct search_asked *const *)a;
	const struct search_asked *y = *(struct search_asked *const *)b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void touch(struct search_scratch *x, uint32_t doc, float by)
{
	if (x->scores[doc] == 0) {
		if (x->touched_count == x->touched_cap) {
			x->touched_cap =
				x->touched_cap ? x->touched_cap * 2 : 1024;
			x->touched = mem_resize(x->touched, x->touched_cap,
						sizeof(*x->touched));
		}
		x->touched[x->touched_count++] = doc;
	}
	x->scores[doc] += by;
}

static void score_term(struct search *s, const struct search_asked *a)
{
	uint32_t first = 0;

	for (size_t i = 0; i < ARRAY_LEN(s->parts); i++) {
		const struct search_part *p = &s->parts[i];
		struct search_cursor c;
		uint32_t doc = SEARCH_NONE;
		unsigned weight;

		if (a->terms[i] != SEARCH_NONE) {
			c = search_part_postings(p, a->terms[i]);
			while (search_next_posting(&c, &doc, &weight) &&
			       doc < p->doc_count)
				if (!search_part_gone(p, doc))
					touch(s->scratch, first + doc,
					      (float)(a->weight *
						      search_part_of(
							      s->scratch,
							      weight,
							      p->lengths
								      [doc])));
		}
		first += p->doc_count;
	}
}

/* What tells most first; terms that would take too long find nothing. */
static void score_terms(struct search *s)
{
	struct search_scratch *x = s->scratch;
	AUTO_FREE struct search_asked **order =
		mem_zero(x->asked_count + 1, sizeof(struct search_asked *));
	size_t count = 0, used = 0;
	uint64_t postings = 0;

	for (size_t i = 0; i < x->asked_count; i++)
		if (x->asked[i].docs)
			order[count++] = &x->asked[i];
	if (count)
		qsort(order, count, sizeof(struct search_asked *), by_weight);
	for (size_t i = 0; i < count && used < SEARCH_TERMS_MAX; i++) {
		if (used && postings + order[i]->docs > SEARCH_POSTINGS_MAX)
			continue;
		postings += order[i]->docs;
		used++;
		score_term(s, order[i]);
	}
}

static struct slice key_of(const struct search *s, uint32_t part, uint32_t doc)
{
	struct search_view view;

	if (!search_part_view(&s->parts[part], doc, false, &view))
		return (struct slice){"", 0};
	return view.key;
}

static int compare_keys(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.ptr, b.ptr, n) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

/* Does a stand behind b? */
static bool is_worse(const struct search *s, const struct search_candidate *a,
		     const struct search_candidate *b)
{
	if (a->rough < b->rough || a->rough > b->rough)
		return a->rough < b->rough;
	return compare_keys(key_of(s, a->part, a->doc),
			    key_of(s, b->part, b->doc)) > 0;
}

static struct search_candidate *new_candidate(struct search_scratch *x)
{
	if (x->count == x->cap) {
		x->cap = x->cap ? x->cap * 2 : SEARCH_CANDIDATES * 2;
		x->list = mem_resize(x->list, x->cap, sizeof(*x->list));
	}
	x->list[x->count] = (struct search_candidate){.part = 0};
	return &x->list[x->count++];
}

/* The worst one is on top of the heap. */
static void sink(const struct search *s, struct search_candidate *heap,
		 size_t at, size_t count)
{
	for (size_t child; (child = at * 2 + 1) < count; at = child) {
		struct search_candidate swap = heap[at];

		if (child + 1 < count &&
		    is_worse(s, &heap[child + 1], &heap[child]))
			child++;
		if (!is_worse(s, &heap[child], &heap[at]))
			return;
		heap[at] = heap[child];
		heap[child] = swap;
	}
}

static void keep_best(struct search *s)
{
	struct search_scratch *x = s->scratch;
	uint32_t base = s->parts[0].doc_count;

	for (size_t i = 0; i < x->touched_count; i++) {
		uint32_t doc = x->touched[i];
		struct search_candidate c = {.part = doc >= base,
					     .rough = x->scores[doc]};

		c.doc = doc >= base ? doc - base : doc;
		x->scores[doc] = 0;
		if (x->count < SEARCH_CANDIDATES) {
			*new_candidate(x) = c;
			if (x->count == SEARCH_CANDIDATES)
				for (size_t k = x->count / 2; k-- > 0;)
					sink(s, x->list, k, x->count);
		} else if (is_worse(s, &x->list[0], &c)) {
			x->list[0] = c;
			sink(s, x->list, 0, x->count);
		}
	}
}

/* The candidate, which is made when it is none yet; NULL when there are too
 * many. */
static struct search_candidate *candidate_of(struct search_scratch *x,
					     uint32_t part, uint32_t doc)
{
	struct search_candidate *c;

	for (uint32_t i = 0; i < x->count; i++)
		if (x->list[i].part == part && x->list[i].doc == doc)
			return &x->list[i];
	if (x->count == SEARCH_CANDIDATES + SEARCH_MAX_HITS)
		return NULL;
	c = new_candidate(x);
	c->part = part;
	c->doc = doc;
	return c;
}

static void find_exprs(struct search *s, uint32_t part,
		       const struct search_query *q)
{
	struct search_scratch *x = s->scratch;

	x->matches.count = 0;
	if (!s->parts[part].expr_count)
		return;
	if (!s->codes[part])
		s->codes[part] = search_codes_new();
	search_match_exprs(s->codes[part], &s->parts[part], q->title,
			   &x->matches);
	search_match_exprs(s->codes[part], &s->parts[part], q->text,
			   &x->matches);
	for (uint32_t i = 0; i < x->matches.count; i++) {
		const struct search_match *m = &x->matches.list[i];
		struct search_candidate *c = candidate_of(x, part, m->doc);

		if (!c || m->specific <= c->pattern)
			continue;
		c->pattern = m->specific;
		c->expr = m->index;
		c->match = m->match;
	}
}

static bool has_label(const struct search_part *p, uint32_t doc,
		      struct slice label)
{
	struct search_view view;

	if (!search_part_view(p, doc, false, &view))
		return false;
	while (view.labels.p < view.labels.end)
		if (slice_eq(search_read_bytes(&view.labels), label))
			return true;
	return false;
}

static void find_label(struct search *s, uint32_t part, struct slice label)
{
	const struct search_part *p = &s->parts[part];
	uint32_t doc = SEARCH_NONE,
		 term = search_part_term(
			 p, search_hash(SEARCH_LABEL, label.ptr, label.len));
	struct search_cursor c;
	unsigned weight;

	if (term == SEARCH_NONE)
		return;
	c = search_part_postings(p, term);
	while (search_next_posting(&c, &doc, &weight) && doc < p->doc_count) {
		struct search_candidate *found;

		if (search_part_gone(p, doc) || !has_label(p, doc, label))
			continue;
		found = candidate_of(s->scratch, part, doc);
		if (!found)
			return;
		found->label = true;
	}
}

static bool has_evidence(const struct search_candidate *c)
{
	return c->label || c->pattern > 0;
}

static int by_all(const void *a, const void *b)
{
	const struct search_candidate *x = a, *y = b;

	if (x->all != y->all)
		return x->all > y->all ? -1 : 1;
	return compare_keys(x->key, y->key);
}

/* Those with evidence before all others, as far as the limit cuts. */
static int by_evidence(const void *a, const void *b)
{
	const struct search_candidate *x = a, *y = b;

	if (has_evidence(x) != has_evidence(y))
		return has_evidence(x) ? -1 : 1;
	return by_all(a, b);
}

static size_t sort_hits(struct search_scratch *x, size_t limit)
{
	size_t count = x->count < limit ? x->count : limit;

	for (uint32_t i = 0; i < x->count; i++) {
		struct search_candidate *c = &x->list[i];
		double missing = (1 - c->text) * (1 - c->pattern);

		c->all = 1 - missing * (c->label ? LABEL_SHARE : 1);
	}
	if (!x->count)
		return 0;
	qsort(x->list, x->count, sizeof(*x->list), by_evidence);
	qsort(x->list, count, sizeof(*x->list), by_all);
	return count;
}

int search_find(struct search *s, const struct search_query *q,
		struct search_hit *hits, size_t *ret_count, struct err *err)
{
	size_t limit = q->limit < SEARCH_MAX_HITS ? q->limit : SEARCH_MAX_HITS;
	struct search_scratch *x;

	(void)err;
	scratch_init(s);
	x = s->scratch;
	search_ask(s, q);
	score_terms(s);
	keep_best(s);
	for (uint32_t i = 0; i < ARRAY_LEN(s->parts); i++) {
		find_exprs(s, i, q);
		for (size_t k = 0; k < q->label_count; k++)
			find_label(s, i, q->labels[k]);
	}
	search_rank(s);
	*ret_count = sort_hits(x, limit);
	for (size_t i = 0; i < *ret_count; i++) {
		const struct search_candidate *c = &x->list[i];

		hits[i] = (struct search_hit){.key = c->key,
					      .payload = c->payload,
					      .text = c->text,
					      .bm25 = c->words,
					      .grams = c->grams,
					      .pattern = c->pattern,
					      .expr = c->expr,
					      .match = c->match,
					      .label = c->label};
	}
	return 0;
}
