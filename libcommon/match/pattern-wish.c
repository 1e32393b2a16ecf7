/* pattern-wish.c - the strings that a filter is made for. */
#include "pattern-needle.h"

#include <oncall/mem.h>

static int order_of_wishes(const void *x, const void *y)
{
	const struct pattern_wish *a = x, *b = y;
	int order = 0;

	/* Sequences come last, and each is one of its own. */
	if (!a->literal || !b->literal)
		order = (a->literal == NULL) - (b->literal == NULL);
	else if (a->literal->len != b->literal->len)
		order = (int)a->literal->len - (int)b->literal->len;
	else
		order = memcmp(a->literal->bytes, b->literal->bytes,
			       a->literal->len);
	if (order == 0)
		order = a->expr < b->expr ? -1 : a->expr > b->expr;
	return order;
}

/* A "\u" and its digits: any character may be written so. */
static void add_escape(struct pattern_wishes *w)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	struct pattern_sequence *s = &w->escape;

	s->len = 6;
	pattern_bytes_add(&s->at[0], '\\');
	pattern_bytes_add(&s->at[1], 'u');
	for (size_t i = 2; i < s->len; i++)
		for (const char *d = digits; *d; d++)
			pattern_bytes_add(&s->at[i], (unsigned char)*d);
	w->list[w->count++] =
		(struct pattern_wish){.sequence = s, .expr = PATTERN_NO_EXPR};
	w->sequence_count++;
}

/* How the journal writes a text that is no UTF-8: as numbers. */
static void add_numbers(struct pattern_wishes *w)
{
	static const struct pattern_literal numbers = {10, "message\":["};

	w->list[w->count++] = (struct pattern_wish){.literal = &numbers,
						    .expr = PATTERN_NO_EXPR};
}

static void add_wishes(struct pattern_wishes *w,
		       const struct pattern_literals *l, uint32_t expr)
{
	for (uint32_t i = 0; i < l->count; i++)
		w->list[w->count++] = (struct pattern_wish){
			.literal = &l->list[i], .expr = expr};
	for (uint32_t i = 0; i < l->sequence_count; i++)
		w->list[w->count++] = (struct pattern_wish){
			.sequence = &l->sequences[i], .expr = expr};
	w->sequence_count += l->sequence_count;
}

void pattern_wishes_collect(struct pattern_wishes *w,
			    const struct pattern_set *set,
			    enum pattern_form form, const uint8_t *skip)
{
	size_t first, count = 2;

	for (size_t i = 0; i < set->expr_count; i++) {
		const struct pattern_literals *l = set->exprs[i].literals[form];

		count += l ? l->count + l->sequence_count : 0;
	}
	w->list = mem_alloc(count * sizeof(*w->list));
	if (form == PATTERN_JSON)
		add_escape(w);
	first = w->count;
	for (size_t i = 0; i < set->expr_count; i++) {
		const struct pattern_literals *l = set->exprs[i].literals[form];

		if (l && !(skip && skip[i]))
			add_wishes(w, l, (uint32_t)i);
	}
	if (w->count > 0 && (form == PATTERN_JSON || !skip))
		add_numbers(w);
	qsort(w->list + first, w->count - first, sizeof(*w->list),
	      order_of_wishes);
}

bool pattern_wish_same(const struct pattern_wish *a,
		       const struct pattern_wish *b)
{
	return a->literal && b->literal && a->literal->len == b->literal->len &&
	       !memcmp(a->literal->bytes, b->literal->bytes, a->literal->len);
}
