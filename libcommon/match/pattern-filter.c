/*
 * pattern-filter.c - finds all strings of a set in a text.
 *
 * The text is looked at in steps of a few bytes: a table says whether the four
 * bytes there are any that a string has. However a string stands to the steps,
 * four of its bytes are met by one of them; so there are as many entries for a
 * string as a step has bytes, each the rarest that can be met. Around a short
 * string these four have bytes of which nothing is known; all that they may be
 * are in the table.
 *
 * No look waits for the one before it, so that a processor does several at
 * once; and what the table lets through, about one look in twenty, is looked at
 * once more with the bytes around. What is left, nearly all of which is one of
 * the strings, is compared with them.
 */
#include "pattern-look.h"

/* A text, and what becomes of the strings in it: places, or marks. */
struct search {
	const struct pattern_filter *filter;
	const uint8_t *text;
	size_t len;
	struct pattern_places *places;
	struct pattern_scratch *scratch;
};

/* The four bytes at a place, and those around them. */
struct spot {
	uint64_t around;
	uint32_t gram;
};

static uint64_t load_word(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static struct spot load_spot(const uint8_t *p)
{
	struct spot s = {.around = pattern_around(p)};

	memcpy(&s.gram, p + PATTERN_GRAM, sizeof(s.gram));
	return s;
}

/* Where some of them are not in the text: zeros. */
static __attribute__((noinline)) struct spot load_edge(const struct search *k,
						       size_t p)
{
	uint8_t text[PATTERN_AROUND] = {0};
	size_t from = p < PATTERN_GRAM ? 0 : p - PATTERN_GRAM;
	size_t to = p + PATTERN_BEHIND;

	if (to > k->len)
		to = k->len;
	memcpy(text + PATTERN_GRAM + from - p, k->text + from, to - from);
	return load_spot(text);
}

/* Both words at once: of a short needle none of the second counts. */
static bool same_words(const struct pattern_needle *n, const uint8_t *text)
{
	uint64_t low = load_word(text) ^ n->value[0];
	uint64_t high = load_word(text + sizeof(low)) ^ n->value[1];

	return ((low & n->mask[0]) | (high & n->mask[1])) == 0;
}

static __attribute__((noinline)) bool same_end(const struct pattern_needle *n,
					       const uint8_t *text, size_t len)
{
	uint8_t end[PATTERN_LITERAL_BYTES] = {0};

	memcpy(end, text, len);
	return same_words(n, end);
}

static bool fits(const struct search *k, const struct pattern_needle *n,
		 size_t at)
{
	size_t len = k->len - at;

	return len < PATTERN_LITERAL_BYTES ? same_end(n, k->text + at, len)
					   : same_words(n, k->text + at);
}

static bool fits_sets(const struct search *k, const struct pattern_needle *n,
		      size_t at)
{
	const struct pattern_bytes *sets = &k->filter->sets[n->sets];

	for (size_t i = 0; i < n->len; i++)
		if (!pattern_bytes_has(&sets[i], k->text[at + i]))
			return false;
	return true;
}

/* Strings that are met at one step may stand in the wrong order. */
static void add_place(struct pattern_places *p, size_t at, uint32_t ref)
{
	size_t i;

	if (p->count == p->cap)
		pattern_places_grow(p);
	for (i = p->count++; i > 0 && p->list[i - 1].at > at; i--)
		p->list[i] = p->list[i - 1];
	p->list[i] = (struct pattern_place){.at = (uint32_t)at, .ref = ref};
}

/* Does the needle stand at a place? */
static bool is_needle(const struct search *k, uint32_t ref, size_t at)
{
	const struct pattern_needle *n = &k->filter->needles[ref];

	/* Before the text, at is huge. */
	if (at >= k->len || k->len - at < n->len)
		return false;
	return n->sets == PATTERN_NO_SETS ? fits(k, n, at)
					  : fits_sets(k, n, at);
}

/* Compares the text with all strings that have the four bytes at p. */
static void compare(const struct search *k, size_t p, struct spot here)
{
	const struct pattern_filter *f = k->filter;
	uint32_t hash = pattern_gram_hash(here.gram) >> f->begin_shift;
	const struct pattern_entry *e, *end = f->entries + f->begin[hash + 1];

	for (e = f->entries + f->begin[hash]; e < end; e++) {
		size_t at = p - (size_t)e->at;

		if (((here.around ^ e->around) & e->mask) != 0 ||
		    !is_needle(k, e->needle, at))
			continue;
		if (k->places)
			add_place(k->places, at > p ? at : p, e->needle);
		else
			pattern_filter_resolve(f, k->scratch, e->needle, NULL);
	}
}

static void search_rare(const struct search *k, const struct pattern_rare *r)
{
	const uint8_t *text = k->text, *end = text + k->len;
	const uint8_t *at = memchr(text, r->byte, k->len);

	while (at) {
		size_t p = (size_t)(at - text);

		if (!is_needle(k, r->needle, p - r->at))
			;
		else if (k->places)
			pattern_places_add(k->places, p, r->needle);
		else
			pattern_filter_resolve(k->filter, k->scratch, r->needle,
					       NULL);
		at++;
		at = memchr(at, r->byte, (size_t)(end - at));
	}
}

/* The places at the edges are so few that they need no look. */
static size_t search_edge(const struct search *k, size_t p, size_t end)
{
	for (; p < end; p += k->filter->stride)
		compare(k, p, load_edge(k, p));
	return p;
}

static void search_grams(const struct search *k)
{
	struct pattern_looks looks = {.text = k->text, .len = k->len};
	size_t stride = k->filter->stride, p, end;
	/* Only what was written is read. */
	uint16_t found[PATTERN_LOOKS + PATTERN_LANES];

	p = search_edge(k, 0, k->len < PATTERN_GRAM ? k->len : PATTERN_GRAM);
	end = k->len < PATTERN_AROUND ? 0 : k->len - PATTERN_BEHIND + 1;
	while (p < end) {
		const uint8_t *before = k->text + p - PATTERN_GRAM;
		size_t n;

		looks.from = p;
		looks.count = (end - p + stride - 1) / stride;
		if (looks.count > PATTERN_LOOKS)
			looks.count = PATTERN_LOOKS;
		n = k->filter->look(k->filter, &looks, found);
		for (size_t i = 0; i < n; i++)
			compare(k, p + found[i], load_spot(before + found[i]));
		p += looks.count * stride;
	}
	(void)search_edge(k, p, k->len);
}

static void search(const struct search *k)
{
	const struct pattern_filter *f = k->filter;

	if (k->len > 0 && f->has_grams)
		search_grams(k);
	if (k->len == 0 || f->rare_count == 0)
		return;
	for (size_t i = 0; i < f->rare_count; i++)
		search_rare(k, &f->rare[i]);
	if (k->places)
		pattern_places_sort(k->places);
}

void pattern_filter_find(const struct pattern_filter *f,
			 struct pattern_places *places, struct slice window)
{
	const struct search k = {.filter = f,
				 .text = (const uint8_t *)window.ptr,
				 .len = window.len,
				 .places = places};

	search(&k);
}

void pattern_filter_mark(const struct pattern_filter *f,
			 struct pattern_scratch *s, struct slice text)
{
	const struct search k = {.filter = f,
				 .text = (const uint8_t *)text.ptr,
				 .len = text.len,
				 .scratch = s};

	for (size_t i = 0; i < f->always_count; i++)
		pattern_mark(s, f->always[i], NULL);
	search(&k);
}

void pattern_filter_free(struct pattern_filter *f)
{
	if (!f)
		return;
	free(f->bits);
	free(f->begin);
	free(f->entries);
	free(f->contexts);
	free(f->needles);
	free(f->sets);
	free(f->exprs);
	free(f->always);
	free(f);
}
