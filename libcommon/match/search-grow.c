/* search-grow.c - a part of an index to which documents are added: what is in
 * memory, and what a base is written from. */
#include "search-grow.h"

#include <oncall/mem.h>

#define WEIGHT_MAX UINT8_MAX
#define LENGTH_MAX UINT16_MAX

static uint32_t *double_slots(uint32_t *slots, uint32_t *count)
{
	*count = *count ? *count * 2 : 16;
	free(slots);
	return mem_zero(*count, sizeof(*slots));
}

void search_slot_put(uint32_t *slots, uint32_t count, uint64_t hash,
		     uint32_t number)
{
	while (slots[hash & (count - 1)])
		hash++;
	slots[hash & (count - 1)] = number + 1;
}

void *search_grow_list(void *list, uint32_t count, uint32_t *cap, size_t size)
{
	if (count < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 16;
	return mem_resize(list, *cap, size);
}

static void posting_add(struct search_postings *list, uint32_t doc,
			unsigned weight)
{
	unsigned char bytes[8];
	uint32_t step = doc - (list->docs ? list->last : SEARCH_NONE);
	uint32_t n = 0, need;
	unsigned char *at;

	for (; step >= 0x80; step >>= 7)
		bytes[n++] = (unsigned char)(step | 0x80);
	bytes[n++] = (unsigned char)step;
	bytes[n++] = (unsigned char)weight;
	need = list->len + n;
	if (need > sizeof(list->bytes.few) && need > list->cap) {
		unsigned char *more = mem_alloc(need * 3 / 2 + 8);

		memcpy(more, search_postings_of(list), list->len);
		if (list->cap)
			free(list->bytes.many);
		list->cap = need * 3 / 2 + 8;
		list->bytes.many = more;
	}
	at = list->cap ? list->bytes.many : list->bytes.few;
	memcpy(at + list->len, bytes, n);
	list->len = need;
	list->last = doc;
	list->docs++;
}

static void term_slots_grow(struct search_part *p)
{
	struct search_grow *g = p->grow;

	if ((p->term_count + 1) * 2 <= p->term_slot_count)
		return;
	g->term_slots = double_slots(g->term_slots, &p->term_slot_count);
	for (uint32_t i = 0; i < p->term_count; i++)
		search_slot_put(g->term_slots, p->term_slot_count,
				g->terms[i].hash, i);
	p->term_slots = g->term_slots;
}

/* The number of the term, which is made when there is none. */
static uint32_t term_of(struct search_part *p, uint64_t hash)
{
	struct search_grow *g = p->grow;
	uint32_t term = search_part_term(p, hash), old = g->term_cap;

	if (term != SEARCH_NONE)
		return term;
	term_slots_grow(p);
	g->terms = search_grow_list(g->terms, p->term_count, &g->term_cap,
				    sizeof(*g->terms));
	if (g->term_cap != old) {
		g->postings = mem_resize(g->postings, g->term_cap,
					 sizeof(*g->postings));
		if (p->gone_docs) {
			p->gone_docs = mem_resize(p->gone_docs,
						  (size_t)g->term_cap + 1,
						  sizeof(*p->gone_docs));
			memset(p->gone_docs + old, 0,
			       (g->term_cap + 1 - old) * sizeof(*p->gone_docs));
		}
	}
	term = p->term_count++;
	p->terms = g->terms;
	g->terms[term] = (struct search_term){.hash = hash};
	g->postings[term] = (struct search_postings){.len = 0};
	search_slot_put(g->term_slots, p->term_slot_count, hash, term);
	return term;
}

struct entry {
	uint32_t term;
	uint32_t weight;
};

static int by_term(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->term < y->term ? -1 : x->term > y->term;
}

static uint32_t kept_weight(uint32_t weight)
{
	uint32_t kept = (weight * SEARCH_KEPT_ONE + SEARCH_WEIGHT_ONE / 2) /
			SEARCH_WEIGHT_ONE;

	if (kept < 1)
		return 1;
	return kept < WEIGHT_MAX ? kept : WEIGHT_MAX;
}

/* The words and labels of the document, by number. */
static void add_terms(struct search_part *p, const struct search_doc *doc,
		      struct buf *out)
{
	struct search_words *w = &p->grow->words;
	size_t count = 0, labels = doc->label_count;
	AUTO_FREE struct entry *list = NULL;
	uint32_t before = SEARCH_NONE;

	search_words_reset(w);
	search_words_read(w, doc->title, doc->text);
	list = mem_zero(w->count + labels + 1, sizeof(*list));
	for (size_t i = 0; i < w->count; i++)
		list[count++] = (struct entry){term_of(p, w->list[i].hash),
					       kept_weight(w->list[i].weight)};
	for (size_t i = 0; i < labels; i++) {
		struct slice l = doc->labels[i];

		list[count++] = (struct entry){
			term_of(p, search_hash(SEARCH_LABEL, l.ptr, l.len)), 1};
	}
	qsort(list, count, sizeof(*list), by_term);
	for (size_t i = 0; i < count; i++) {
		if (list[i].term == before)
			continue;
		search_add_number(out, list[i].term - before);
		buf_add_char(out, (char)list[i].weight);
		posting_add(&p->grow->postings[list[i].term], p->doc_count,
			    list[i].weight);
		p->grow->terms[list[i].term].docs++;
		before = list[i].term;
	}
}

bool search_grow_has(const struct search_part *p, struct slice key)
{
	uint64_t hash = search_hash(SEARCH_KEY, key.ptr, key.len), slot = hash;

	while (p->key_slot_count && p->keys[slot & (p->key_slot_count - 1)]) {
		uint32_t doc = p->keys[slot++ & (p->key_slot_count - 1)];

		if (p->grow->key_hashes[doc - 1] == hash)
			return true;
	}
	return false;
}

static void add_key(struct search_part *p, struct slice key)
{
	struct search_grow *g = p->grow;

	g->key_hashes[p->doc_count] = search_hash(SEARCH_KEY, key.ptr, key.len);
	if ((p->doc_count + 1) * 2 > p->key_slot_count) {
		g->keys = double_slots(g->keys, &p->key_slot_count);
		for (uint32_t i = 0; i < p->doc_count; i++)
			search_slot_put(g->keys, p->key_slot_count,
					g->key_hashes[i], i);
		p->keys = g->keys;
	}
	search_slot_put(g->keys, p->key_slot_count, g->key_hashes[p->doc_count],
			p->doc_count);
}

/* Room for one more document in all that is kept by its number. */
static void docs_grow(struct search_part *p)
{
	struct search_grow *g = p->grow;
	uint32_t old = g->doc_cap;

	g->offsets = search_grow_list(g->offsets, p->doc_count, &g->doc_cap,
				      sizeof(*g->offsets));
	if (g->doc_cap == old)
		return;
	g->lengths = mem_resize(g->lengths, g->doc_cap, sizeof(*g->lengths));
	g->norms = mem_resize(g->norms, g->doc_cap, sizeof(*g->norms));
	p->norms = g->norms;
	g->key_hashes =
		mem_resize(g->key_hashes, g->doc_cap, sizeof(*g->key_hashes));
	p->offsets = g->offsets;
	p->lengths = g->lengths;
	if (!p->gone)
		return;
	p->gone = mem_resize(p->gone, g->doc_cap / 64 + 1, sizeof(*p->gone));
	memset(p->gone + old / 64 + 1, 0,
	       (g->doc_cap / 64 - old / 64) * sizeof(*p->gone));
}

static void add_blob(struct search_part *p, const struct search_doc *doc,
		     struct search_grams *grams)
{
	struct search_grow *g = p->grow;
	struct buf *part = &g->part;
	size_t cut;

	buf_reset(part);
	add_terms(p, doc, part);
	search_add_bytes(&g->blobs, buf_slice(part));
	buf_reset(part);
	search_shorten(part, doc->title, SEARCH_SHORT_TITLE);
	cut = part->len;
	search_shorten(part, doc->text, SEARCH_SHORT_TEXT);
	search_add_bytes(&g->blobs, (struct slice){part->data, cut});
	search_add_bytes(&g->blobs,
			 (struct slice){part->data + cut, part->len - cut});
	g->norms[p->doc_count] = search_count_grams(
		grams, (struct slice){part->data, cut},
		(struct slice){part->data + cut, part->len - cut}, 1);
	buf_reset(part);
	for (size_t i = 0; i < doc->label_count; i++)
		search_add_bytes(part, doc->labels[i]);
	search_add_bytes(&g->blobs, buf_slice(part));
	search_add_bytes(&g->blobs, doc->key);
	search_add_bytes(&g->blobs, doc->payload);
}

void search_grow_add(struct search_part *p, const struct search_doc *doc,
		     struct search_grams *grams)
{
	struct search_grow *g = p->grow;
	uint64_t length;

	docs_grow(p);
	g->offsets[p->doc_count] = g->taken + g->blobs.len;
	add_key(p, doc->key);
	add_blob(p, doc, grams);
	length = g->words.length * SEARCH_LENGTH_ONE / SEARCH_WEIGHT_ONE + 1;
	g->lengths[p->doc_count] =
		(uint16_t)(length < LENGTH_MAX ? length : LENGTH_MAX);
	for (size_t i = 0; i < doc->expr_count && i < SEARCH_MAX_EXPRS; i++)
		search_grow_expr(p, &doc->exprs[i], p->doc_count, (uint32_t)i);
	p->doc_count++;
	p->blobs = buf_slice(&g->blobs);
}

struct slice search_grow_take(struct search_part *p)
{
	struct search_grow *g = p->grow;

	g->taken += p->blobs.len;
	g->blobs.len = 0;
	return p->blobs;
}

struct search_cursor search_grow_postings(const struct search_part *p,
					  uint32_t term)
{
	const struct search_postings *list = &p->grow->postings[term];
	const unsigned char *bytes = search_postings_of(list);

	return (struct search_cursor){bytes, bytes + list->len, true};
}

void search_grow_init(struct search_part *p)
{
	*p = (struct search_part){.grow = mem_zero(1, sizeof(*p->grow))};
	p->grow->blobs.max = SIZE_MAX / 4;
	p->grow->part.max = SIZE_MAX / 4;
	pattern_rarity_init(&p->grow->rarity, PATTERN_PLAIN);
}

void search_grow_done(struct search_part *p)
{
	struct search_grow *g = TAKE_PTR(p->grow);

	for (uint32_t i = 0; i < p->term_count; i++)
		if (g->postings[i].cap)
			free(g->postings[i].bytes.many);
	free(g->terms);
	free(g->term_slots);
	free(g->postings);
	free(g->offsets);
	free(g->lengths);
	free(g->norms);
	free(g->key_hashes);
	free(g->keys);
	free(g->exprs);
	free(g->needles);
	free(g->needle_slots);
	free(g->needle_loads);
	free(g->always);
	buf_done(&g->blobs);
	buf_done(&g->part);
	search_words_done(&g->words);
	free(g);
}
