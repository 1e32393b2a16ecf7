/* search-grow.h - what a part that grows owns, for the files that fill it and
 * write it. */
#ifndef SEARCH_GROW_H
#define SEARCH_GROW_H

#include "search-internal.h"

/* Most terms stand in few documents, and need no memory of their own. */
struct search_postings {
	union {
		unsigned char few[12];
		unsigned char *many;
	} bytes;
	uint32_t len, cap; /* cap is 0 while they are few */
	uint32_t last;
	uint32_t docs;
};

static inline const unsigned char *search_postings_of(
	const struct search_postings *p)
{
	return p->cap ? p->bytes.many : p->bytes.few;
}

struct search_grow {
	struct search_term *terms;
	struct search_postings *postings; /* of terms */
	uint32_t *term_slots;
	uint32_t term_cap;
	uint64_t *offsets;
	uint16_t *lengths;
	uint16_t *norms;
	uint64_t *key_hashes;
	uint32_t doc_cap;
	uint32_t *keys;
	struct search_place *exprs;
	struct search_needle *needles;
	uint32_t *needle_slots;
	uint32_t *needle_loads; /* how many are in each slot */
	uint32_t *always;
	uint32_t expr_cap, needle_cap, always_cap;
	uint64_t taken; /* bytes of blobs that were taken out */
	struct buf blobs, part;
	struct search_words words;
	struct pattern_rarity rarity;
};

/* The list, with room for one more than count. */
void *search_grow_list(void *list, uint32_t count, uint32_t *cap, size_t size)
	MUST_CHECK;
/* A key that was added, or one with its hash. */
bool search_grow_has(const struct search_part *p, struct slice key);
void search_slot_put(uint32_t *slots, uint32_t count, uint64_t hash,
		     uint32_t number);

#endif
