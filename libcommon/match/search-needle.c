/*
 * search-needle.c - which expressions may match a text: those of which a string
 * that every match contains stands in it, and those that have no such string.
 *
 * Strings are found by up to four of their bytes, in hash tables.
 */
#include "pattern-internal.h"
#include "search-grow.h"

#include <oncall/mem.h>
#include <oncall/utf8.h>

#define HASHED 4

static uint32_t needle_hash(const char *p, size_t n)
{
	uint32_t bytes = 0;

	memcpy(&bytes, p, n);
	return ((bytes & UINT32_C(0xdfdfdfdf)) + (uint32_t)n) *
	       UINT32_C(2654435761);
}

static uint32_t slot_of(const struct search_part *p, uint32_t hash)
{
	return (uint32_t)((uint64_t)hash * p->needle_slot_count >> 32);
}

/* By those of its bytes that the fewest others are found by. */
static void chain(struct search_part *p, uint32_t needle)
{
	struct search_grow *g = p->grow;
	struct search_needle *n = &g->needles[needle];
	size_t len = n->len < HASHED ? n->len : HASHED;
	uint32_t best = SEARCH_NONE;

	for (size_t at = 0; at + len <= n->len; at++) {
		uint32_t slot = slot_of(p, needle_hash(n->bytes + at, len));

		if (best != SEARCH_NONE &&
		    g->needle_loads[slot] >= g->needle_loads[best])
			continue;
		best = slot;
		n->at = (uint8_t)at;
	}
	if (best == SEARCH_NONE)
		return;
	g->needle_loads[best]++;
	n->next = g->needle_slots[best];
	g->needle_slots[best] = needle + 1;
}

static void add_needle(struct search_part *p, uint32_t expr,
		       const struct pattern_literal *l)
{
	struct search_grow *g = p->grow;
	struct search_needle *n;

	g->needles = search_grow_list(g->needles, p->needle_count,
				      &g->needle_cap, sizeof(*g->needles));
	p->needles = g->needles;
	n = &g->needles[p->needle_count++];
	*n = (struct search_needle){.expr = expr, .len = l->len};
	memcpy(n->bytes, l->bytes, l->len);
	if (p->needle_count <= p->needle_slot_count) {
		chain(p, p->needle_count - 1);
		return;
	}
	p->needle_slot_count =
		p->needle_slot_count ? p->needle_slot_count * 2 : 16;
	free(g->needle_slots);
	free(g->needle_loads);
	g->needle_loads = mem_zero(p->needle_slot_count, sizeof(uint32_t));
	g->needle_slots = mem_zero(p->needle_slot_count, sizeof(uint32_t));
	p->needle_slots = g->needle_slots;
	for (uint32_t i = 0; i < p->needle_count; i++)
		chain(p, i);
}

/* Does the text say what bytes mean in a way that only PCRE2 understands? */
static bool is_odd(struct slice text)
{
	static const char *const odd[] = {"(*", "\\x{", "\\o{", "\\N{", "\\u"};

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		if (memmem(text.ptr, text.len, odd[i], strlen(odd[i])))
			return true;
	return false;
}

static struct pattern_literals *literals_of(struct search_part *p,
					    const struct search_expr *e)
{
	struct pattern_literals *l = NULL;
	struct pattern_tree tree;
	bool utf = false;

	if (!e->text.len || is_odd(e->text))
		return NULL;
	for (size_t i = 0; i < e->text.len; i++)
		utf = utf || (unsigned char)e->text.ptr[i] >= 0x80;
	utf = utf && utf8_valid(e->text.ptr, e->text.len);
	if (pattern_tree_parse(&tree, e->text, e->caseless, utf))
		l = pattern_literals_new(&tree, &p->grow->rarity,
					 PATTERN_PLAIN);
	pattern_tree_done(&tree);
	return l;
}

static void add_text(struct search_part *p, const struct search_expr *e)
{
	struct buf *blobs = &p->grow->blobs;

	search_add_number(blobs, e->caseless);
	search_add_bytes(blobs, e->text);
	search_add_number(blobs, e->except_count);
	for (size_t i = 0; i < e->except_count; i++)
		search_add_bytes(blobs, e->excepts[i]);
}

void search_grow_expr(struct search_part *p, const struct search_expr *e,
		      uint32_t doc, uint32_t index)
{
	struct search_grow *g = p->grow;
	struct pattern_literals *l;

	if (e->except_count > SEARCH_MAX_EXCEPTS ||
	    e->text.len > PATTERN_MAX_EXPR)
		return;
	g->exprs = search_grow_list(g->exprs, p->expr_count, &g->expr_cap,
				    sizeof(*g->exprs));
	p->exprs = g->exprs;
	g->exprs[p->expr_count] =
		(struct search_place){g->taken + g->blobs.len, doc, index};
	add_text(p, e);
	l = literals_of(p, e);
	for (uint32_t i = 0; l && i < l->count; i++)
		add_needle(p, p->expr_count, &l->list[i]);
	if (!l || !l->count) {
		g->always =
			search_grow_list(g->always, p->always_count,
					 &g->always_cap, sizeof(*g->always));
		p->always = g->always;
		g->always[p->always_count++] = p->expr_count;
	}
	p->expr_count++;
	pattern_literals_free(l);
}

static bool stands_at(const struct search_needle *n, struct slice text,
		      size_t at)
{
	if (n->len > PATTERN_LITERAL_BYTES || at < n->at ||
	    at - n->at + n->len > text.len)
		return false;
	at -= n->at;
	for (size_t i = 0; i < n->len; i++) {
		char c = text.ptr[at + i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != n->bytes[i])
			return false;
	}
	return true;
}

/* In a damaged file a chain may have no end, so steps are counted. */
static void look_at(const struct search_part *p, struct slice text, size_t at,
		    size_t len, struct search_numbers *found)
{
	uint32_t next =
		p->needle_slots[slot_of(p, needle_hash(text.ptr + at, len))];

	for (uint32_t i = 0; next && i < p->needle_count; i++) {
		const struct search_needle *n;

		if (next > p->needle_count)
			break;
		n = &p->needles[next - 1];
		if ((n->len < HASHED ? n->len : HASHED) == len &&
		    n->expr < p->expr_count && stands_at(n, text, at))
			search_numbers_add(found, n->expr);
		next = n->next;
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void search_numbers_add(struct search_numbers *list, uint32_t number)
{
	if (list->count && list->list[list->count - 1] == number)
		return;
	list->list = search_grow_list(list->list, list->count, &list->cap,
				      sizeof(*list->list));
	list->list[list->count++] = number;
}

void search_numbers_sort(struct search_numbers *list)
{
	uint32_t kept = 0;

	if (list->count)
		qsort(list->list, list->count, sizeof(*list->list), by_number);
	for (uint32_t i = 0; i < list->count; i++)
		if (!i || list->list[i] != list->list[kept - 1])
			list->list[kept++] = list->list[i];
	list->count = kept;
}

void search_needles_find(const struct search_part *p, struct slice text,
			 struct search_numbers *found)
{
	for (uint32_t i = 0; i < p->always_count; i++)
		if (p->always[i] < p->expr_count)
			search_numbers_add(found, p->always[i]);
	for (size_t at = 0; p->needle_slot_count && at < text.len; at++)
		for (size_t len = 1; len <= HASHED && at + len <= text.len;
		     len++)
			look_at(p, text, at, len, found);
	search_numbers_sort(found);
}
