/*
 * search-internal.h - the parts of an index, and what finds in them.
 *
 * A part holds documents, numbered from 0. The base is a part that points into
 * a mapped file; the changes are a part that grows. Both are read in the same
 * way; only where a term's postings are differs.
 *
 * The blob of a document is (numbers are varints of up to ten bytes):
 *   terms: bytes of the list, then for each term the step from the one before
 *          it and a byte, its weight
 *   title and text as they are compared letter by letter: length, bytes each
 *   labels: count, then length, bytes
 *   key, payload: length, bytes
 * A term's postings are, for each document, the step and the weight.
 */
#ifndef SEARCH_INTERNAL_H
#define SEARCH_INTERNAL_H

#include <oncall/search.h>

#include "pattern-literals.h"
#include "search-text.h"

/* What is read from a file that may be damaged; ok becomes false at once when
 * something does not fit, and everything is 0 from there on. */
struct search_cursor {
	const unsigned char *p, *end;
	bool ok;
};

uint64_t search_read_number(struct search_cursor *c);
struct slice search_read_bytes(struct search_cursor *c);
void search_add_number(struct buf *out, uint64_t number);
void search_add_bytes(struct buf *out, struct slice bytes);

struct search_term {
	uint64_t hash;
	uint64_t at; /* of its postings */
	uint32_t len;
	uint32_t docs;
};

/* A string that a match must contain, of one expression. */
struct search_needle {
	uint32_t expr;
	uint32_t next; /* in the same slot, 1 more; 0 ends */
	uint8_t len;
	uint8_t at; /* of the bytes that are hashed */
	char bytes[PATTERN_LITERAL_BYTES];
	char spare[2];
};

struct search_place {
	uint64_t at; /* in blobs: flags, text, count, excepts */
	uint32_t doc;
	uint32_t index; /* among those of the document */
};

struct search_grow;

struct search_part {
	uint32_t doc_count, term_count, expr_count, needle_count, always_count;
	uint32_t term_slot_count, key_slot_count, needle_slot_count; /* 2^n */
	struct slice blobs, postings;
	const uint64_t *offsets; /* of documents, in blobs */
	const uint16_t *lengths;
	const uint16_t *norms; /* of groups of letters, SEARCH_NORM_ONE is 1 */
	const uint32_t *keys;  /* slots of documents */
	const struct search_term *terms;
	const uint32_t *term_slots;
	const struct search_place *exprs;
	const struct search_needle *needles;
	const uint32_t *needle_slots;
	const uint32_t *always;	  /* expressions without a needle */
	struct search_grow *grow; /* NULL in the base */
	/* What no longer counts. */
	uint64_t *gone;	     /* bits of documents; NULL: none */
	uint32_t *gone_docs; /* of terms; NULL: none */
	uint32_t gone_count;
};

static inline bool search_part_gone(const struct search_part *p, uint32_t doc)
{
	return p->gone && p->gone[doc / 64] >> doc % 64 & 1;
}

/* What is read of a document. */
struct search_view {
	struct search_cursor terms;
	struct slice title, text; /* shortened */
	struct search_cursor labels;
	struct slice key, payload;
};

/* From a place in the blobs to their end. */
struct search_cursor search_part_cursor(const struct search_part *p,
					uint64_t at);
/* False when it is damaged; terms and texts alone when quick. */
bool search_part_view(const struct search_part *p, uint32_t doc, bool quick,
		      struct search_view *ret);
/* SEARCH_NONE when there is none. */
uint32_t search_part_doc(const struct search_part *p, struct slice key);
uint32_t search_part_term(const struct search_part *p, uint64_t hash);
/* Documents that have the term and still count. */
uint32_t search_part_term_docs(const struct search_part *p, uint32_t term);
struct search_cursor search_part_postings(const struct search_part *p,
					  uint32_t term);
/* The next one; false at the end. doc is SEARCH_NONE before the first. */
bool search_next_posting(struct search_cursor *c, uint32_t *doc,
			 unsigned *weight);
/* It no longer counts; counts of groups of letters go down. */
void search_part_drop(struct search_part *p, uint32_t doc,
		      struct search_grams *grams);

/*
 * A part that grows. Blobs stay in memory unless they are taken out; what the
 * documents add to the counts of groups of letters goes to grams.
 */
void search_grow_init(struct search_part *p);
void search_grow_add(struct search_part *p, const struct search_doc *doc,
		     struct search_grams *grams);
/* What was added to the blobs, to be forgotten by the next call. */
struct slice search_grow_take(struct search_part *p);
struct search_cursor search_grow_postings(const struct search_part *p,
					  uint32_t term);
void search_grow_done(struct search_part *p);
void search_part_done(struct search_part *p);

/* Numbers, rising and each once after they were sorted. */
struct search_numbers {
	uint32_t *list;
	uint32_t count, cap;
};

void search_numbers_add(struct search_numbers *list, uint32_t number);
void search_numbers_sort(struct search_numbers *list);

void search_grow_expr(struct search_part *p, const struct search_expr *e,
		      uint32_t doc, uint32_t index);
/* The expressions that may match the text. */
void search_needles_find(const struct search_part *p, struct slice text,
			 struct search_numbers *found);

/* What expressions found. */
struct search_match {
	uint32_t doc;
	uint32_t index; /* among the document's */
	double specific;
	struct slice match;
};

struct search_matches {
	struct search_match *list;
	uint32_t count, cap;
};

/* Expressions of one part, compiled when they are first needed. */
struct search_codes;

struct search_codes *search_codes_new(void);
void search_codes_free(struct search_codes *c);
/* Appends what the expressions find in the text. */
void search_match_exprs(struct search_codes *c, const struct search_part *part,
			struct slice text, struct search_matches *found);

struct search {
	struct search_part parts[2]; /* base and changes */
	void *map;		     /* the file */
	size_t map_len;
	const int32_t *base_grams; /* NULL: none */
	struct search_grams grams; /* changes to those of the base */
	uint64_t live_docs, live_length;
	struct search_codes *codes[2];
	struct search_scratch *scratch; /* search-find.c */
};

void search_scratch_free(struct search_scratch *x);
int search_file_map(struct search *s, const char *path, struct slice tag,
		    struct err *err) MUST_CHECK;

#endif
