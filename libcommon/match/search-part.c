/* search-part.c - reads a part of an index, trusting nothing that it reads. */
#include "search-grow.h"

#include <math.h>

#include <oncall/mem.h>

uint64_t search_read_number(struct search_cursor *c)
{
	uint64_t number = 0;

	for (unsigned shift = 0; c->p < c->end && shift < 64; shift += 7) {
		unsigned char byte = *c->p++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	c->ok = false;
	c->p = c->end;
	return 0;
}

struct slice search_read_bytes(struct search_cursor *c)
{
	uint64_t len = search_read_number(c);
	struct slice bytes = {(const char *)c->p, (size_t)len};

	if (len > (uint64_t)(c->end - c->p)) {
		c->ok = false;
		c->p = c->end;
		return (struct slice){"", 0};
	}
	c->p += len;
	return bytes;
}

void search_add_number(struct buf *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		buf_add_char(out, (char)(number | 0x80));
	buf_add_char(out, (char)number);
}

void search_add_bytes(struct buf *out, struct slice bytes)
{
	search_add_number(out, bytes.len);
	buf_add_slice(out, bytes);
}

static struct search_cursor cursor_of(struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.ptr;

	return (struct search_cursor){p, p + bytes.len, true};
}

struct search_cursor search_part_cursor(const struct search_part *p,
					uint64_t at)
{
	/* Blobs that were taken out are not read any more. */
	if (at > p->blobs.len)
		at = p->blobs.len;
	return cursor_of(
		(struct slice){p->blobs.ptr + at, p->blobs.len - (size_t)at});
}

static struct slice read_short(struct search_cursor *c, size_t max)
{
	struct slice text = search_read_bytes(c);

	if (text.len > SEARCH_SHORT_BYTES(max))
		text.len = SEARCH_SHORT_BYTES(max);
	return text;
}

bool search_part_view(const struct search_part *p, uint32_t doc, bool quick,
		      struct search_view *ret)
{
	struct search_cursor c;

	if (doc >= p->doc_count)
		return false;
	c = search_part_cursor(p, p->offsets[doc]);
	ret->terms = cursor_of(search_read_bytes(&c));
	ret->title = read_short(&c, SEARCH_SHORT_TITLE);
	ret->text = read_short(&c, SEARCH_SHORT_TEXT);
	if (quick)
		return c.ok;
	ret->labels = cursor_of(search_read_bytes(&c));
	ret->key = search_read_bytes(&c);
	ret->payload = search_read_bytes(&c);
	return c.ok;
}

uint32_t search_part_doc(const struct search_part *p, struct slice key)
{
	uint64_t slot = search_hash(SEARCH_KEY, key.ptr, key.len);
	struct search_view view;

	for (uint32_t i = 0; i < p->key_slot_count; i++, slot++) {
		uint32_t doc = p->keys[slot & (p->key_slot_count - 1)];

		if (!doc)
			break;
		if (doc <= p->doc_count && !search_part_gone(p, doc - 1) &&
		    search_part_view(p, doc - 1, false, &view) &&
		    slice_eq(view.key, key))
			return doc - 1;
	}
	return SEARCH_NONE;
}

uint32_t search_part_term(const struct search_part *p, uint64_t hash)
{
	uint64_t slot = hash;

	for (uint32_t i = 0; i < p->term_slot_count; i++, slot++) {
		uint32_t term = p->term_slots[slot & (p->term_slot_count - 1)];

		if (!term || term > p->term_count)
			break;
		if (p->terms[term - 1].hash == hash)
			return term - 1;
	}
	return SEARCH_NONE;
}

uint32_t search_part_term_docs(const struct search_part *p, uint32_t term)
{
	uint32_t docs = p->terms[term].docs;
	uint32_t gone = p->gone_docs ? p->gone_docs[term] : 0;

	return docs > gone ? docs - gone : 0;
}

struct search_cursor search_part_postings(const struct search_part *p,
					  uint32_t term)
{
	const struct search_term *t = &p->terms[term];

	if (p->grow)
		return search_grow_postings(p, term);
	if (t->at > p->postings.len || t->len > p->postings.len - t->at)
		return cursor_of((struct slice){"", 0});
	return cursor_of((struct slice){p->postings.ptr + t->at, t->len});
}

bool search_next_posting(struct search_cursor *c, uint32_t *doc,
			 unsigned *weight)
{
	uint64_t step;

	if (c->p == c->end)
		return false;
	step = search_read_number(c);
	if (!c->ok || c->p == c->end || step > UINT32_MAX)
		return false;
	*doc += (uint32_t)step; /* SEARCH_NONE is one before 0 */
	*weight = *c->p++;
	return true;
}

/* Room for what no longer counts, when something first does. */
static void gone_init(struct search_part *p)
{
	uint32_t docs = p->grow ? p->grow->doc_cap : p->doc_count;
	uint32_t terms = p->grow ? p->grow->term_cap : p->term_count;

	if (!p->gone)
		p->gone = mem_zero(docs / 64 + 1, sizeof(*p->gone));
	if (!p->gone_docs)
		p->gone_docs = mem_zero((size_t)terms + 1, sizeof(uint32_t));
}

static void count_text(struct search_grams *g, struct slice text, uint16_t by)
{
	uint32_t grams[2];

	for (size_t i = 0; i < text.len; i++) {
		unsigned n = search_grams_at(text.ptr + i, text.len - i, grams);

		for (unsigned k = 0; k < n; k++) {
			uint16_t *count = &g->counts[grams[k]];

			if (!*count)
				g->seen[g->seen_count++] = grams[k];
			*count = (uint16_t)(*count + by);
		}
	}
}

uint16_t search_count_grams(struct search_grams *g, struct slice title,
			    struct slice text, int32_t by)
{
	double norm = 0;

	g->seen_count = 0;
	count_text(g, title, SEARCH_TITLE_WEIGHT);
	count_text(g, text, 1);
	for (uint32_t i = 0; i < g->seen_count; i++) {
		uint16_t *count = &g->counts[g->seen[i]];
		double weight = *count > 1 ? 1 + log(*count) : 1;

		norm += weight * weight;
		*count = 0;
		g->docs[g->seen[i]] += by;
	}
	norm = sqrt(norm) * SEARCH_NORM_ONE;
	return (uint16_t)(norm < UINT16_MAX ? norm : UINT16_MAX);
}

void search_part_drop(struct search_part *p, uint32_t doc,
		      struct search_grams *grams)
{
	struct search_view view;
	uint32_t term = SEARCH_NONE;
	unsigned weight;

	gone_init(p);
	p->gone[doc / 64] |= (uint64_t)1 << doc % 64;
	p->gone_count++;
	if (!search_part_view(p, doc, true, &view))
		return;
	while (search_next_posting(&view.terms, &term, &weight))
		if (term < p->term_count)
			p->gone_docs[term]++;
	(void)search_count_grams(grams, view.title, view.text, -1);
}

void search_part_done(struct search_part *p)
{
	free(p->gone);
	free(p->gone_docs);
	if (p->grow)
		search_grow_done(p);
}
