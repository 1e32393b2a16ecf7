/*
 * search-text.c - the words of a text, and what of it is compared letter by
 * letter.
 *
 * A word is a run of ASCII letters, digits and bytes above ASCII, parted where
 * "camelCase" is and where digits begin or end; what was parted, or joined by
 * dots, dashes and the like, counts whole as well. Long numbers and hex are
 * ids, which say nothing about another text.
 */
#include "search-text.h"

#include <oncall/mem.h>

#define TITLE_WEIGHT ((uint32_t)SEARCH_TITLE_WEIGHT * SEARCH_WEIGHT_ONE)
/* A longer run of letters is no word. */
#define WORD_MAX 64
#define RUN_MAX	 256
/* Numbers with more digits, and hex with so many, are ids. */
#define NUMBER_MAX 5
#define HEX_MIN	   6
/* Words that are stemmed, and what has to stay of them. */
#define STEM_MIN 3

enum char_class { MARK, UPPER, LOWER, DIGIT };

static enum char_class class_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return LOWER;
	if (c >= 'A' && c <= 'Z')
		return UPPER;
	if (c >= '0' && c <= '9')
		return DIGIT;
	return (unsigned char)c >= 0x80 ? LOWER : MARK;
}

static char fold(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

uint64_t search_hash(enum search_kind kind, const char *p, size_t n)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)kind + n * 8);

	for (; n > 0; p += 8, n -= n < 8 ? n : 8) {
		uint64_t part = 0;

		memcpy(&part, p, n < 8 ? n : 8);
		h = (h ^ part) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 29;
}

/* Where the part of a run that begins at i ends. */
static size_t part_end(const char *p, size_t i, size_t n)
{
	enum char_class c = class_of(p[i]);
	size_t k = i + 1;

	while (k < n && class_of(p[k]) == c)
		k++;
	if (c != UPPER || k == n || class_of(p[k]) != LOWER)
		return k;
	if (k - i > 1)
		return k - 1; /* the last one begins the next word */
	while (k < n && class_of(p[k]) == LOWER)
		k++;
	return k;
}

static size_t run_end(const char *p, size_t i, size_t n)
{
	while (i < n && class_of(p[i]) != MARK)
		i++;
	return i;
}

static bool is_id(const char *p, size_t n)
{
	size_t digits = 0, hex = 0;

	for (size_t i = 0; i < n; i++) {
		char c = fold(p[i]);

		digits += c >= '0' && c <= '9';
		hex += c >= 'a' && c <= 'f';
	}
	if (digits == n)
		return n > NUMBER_MAX;
	return digits > 0 && digits + hex == n && n >= HEX_MIN;
}

static bool ends_with(const char *p, size_t n, const char *end, size_t len)
{
	return n >= len + STEM_MIN && !memcmp(p + n - len, end, len);
}

/* One form for those of a word, in place; returns its length. It is cruder
 * than what grammars do, since groups of letters are compared as well. */
static size_t stem(char *p, size_t n)
{
	static const struct {
		char text[8];
		size_t len;
	} ends[] = {{"ingly", 5}, {"edly", 4}, {"ings", 4},
		    {"ing", 3},	  {"ied", 3},  {"ies", 3},
		    {"ed", 2},	  {"es", 2},   {"ly", 2}};
	size_t i = 0;

	while (i < ARRAY_LEN(ends) &&
	       !ends_with(p, n, ends[i].text, ends[i].len))
		i++;
	if (i < ARRAY_LEN(ends)) {
		n -= ends[i].len;
		if (ends[i].text[0] == 'i' && ends[i].text[1] != 'n')
			p[n++] = 'y';
		else if (n > STEM_MIN && p[n - 1] == p[n - 2] &&
			 !strchr("lsz", p[n - 1]))
			n--;
	} else if (ends_with(p, n, "s", 1) && p[n - 2] != 's') {
		n--;
	}
	return n > STEM_MIN + 1 && p[n - 1] == 'e' ? n - 1 : n;
}

struct reader {
	struct search_words *words;
	uint32_t weight; /* of a word of the title; 0: by its place */
	uint32_t place;
};

static void slots_grow(struct search_words *w)
{
	w->slot_count = w->slot_count ? w->slot_count * 2 : 1024;
	w->slots = mem_resize(w->slots, w->slot_count, sizeof(*w->slots));
	memset(w->slots, 0, w->slot_count * sizeof(*w->slots));
	for (size_t i = 0; i < w->count; i++) {
		size_t slot = w->list[i].hash & (w->slot_count - 1);

		while (w->slots[slot])
			slot = (slot + 1) & (w->slot_count - 1);
		w->slots[slot] = (uint32_t)i + 1;
	}
}

static void add_hash(struct reader *r, uint64_t hash, bool figure)
{
	struct search_words *w = r->words;
	uint32_t weight = r->weight;
	size_t slot;

	if (!weight)
		weight = SEARCH_WEIGHT_ONE * SEARCH_HALF_AT /
			 (SEARCH_HALF_AT + r->place++);
	if ((w->count + 1) * 2 > w->slot_count)
		slots_grow(w);
	w->length += weight;
	slot = hash & (w->slot_count - 1);
	while (w->slots[slot] && w->list[w->slots[slot] - 1].hash != hash)
		slot = (slot + 1) & (w->slot_count - 1);
	if (w->slots[slot]) {
		w->list[w->slots[slot] - 1].weight += weight;
		return;
	}
	if (w->count == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 256;
		w->list = mem_resize(w->list, w->cap, sizeof(*w->list));
	}
	w->list[w->count++] = (struct search_word){hash, weight, figure};
	w->slots[slot] = (uint32_t)w->count;
}

static void add_word(struct reader *r, const char *p, size_t n, bool whole)
{
	char word[WORD_MAX];
	bool plain = true, figure = false;

	if (n > WORD_MAX || (!whole && is_id(p, n)))
		return;
	for (size_t i = 0; i < n; i++) {
		enum char_class c = class_of(p[i]);

		word[i] = fold(p[i]);
		plain = plain && (c == LOWER || c == UPPER);
		figure = figure || c == DIGIT;
	}
	if (plain && !whole)
		n = stem(word, n);
	add_hash(r, search_hash(SEARCH_WORD, word, n), figure);
}

static void read_run(struct reader *r, const char *p, size_t n)
{
	size_t i = 0, parts = 0;

	if (is_id(p, n) || n > RUN_MAX)
		return;
	for (; i < n; parts++) {
		size_t end = part_end(p, i, n);

		add_word(r, p + i, end - i, false);
		i = end;
	}
	if (parts > 1)
		add_word(r, p, n, true);
}

static void read_text(struct reader *r, struct slice text)
{
	size_t n = text.len < SEARCH_MAX_TEXT ? text.len : SEARCH_MAX_TEXT;

	for (size_t i = 0; i < n;) {
		size_t end = run_end(text.ptr, i, n);

		if (end > i)
			read_run(r, text.ptr + i, end - i);
		i = end + 1;
	}
}

void search_words_reset(struct search_words *w)
{
	if (w->count)
		memset(w->slots, 0, w->slot_count * sizeof(*w->slots));
	w->count = 0;
	w->length = 0;
}

void search_words_read(struct search_words *w, struct slice title,
		       struct slice text)
{
	struct reader r = {w, TITLE_WEIGHT, 0};

	read_text(&r, title);
	r.weight = 0;
	read_text(&r, text);
}

void search_words_done(struct search_words *w)
{
	free(w->list);
	free(w->slots);
	*w = (struct search_words){.list = NULL};
}

void search_shorten(struct buf *out, struct slice text, size_t max)
{
	size_t n = text.len < max ? text.len : max;

	buf_add_char(out, ' ');
	for (size_t i = 0; i < n;) {
		size_t end = part_end(text.ptr, i, n);

		if (class_of(text.ptr[i]) == MARK) {
			i = end;
			continue;
		}
		for (; i < end; i++)
			buf_add_char(out, fold(text.ptr[i]));
		buf_add_char(out, ' ');
	}
}
