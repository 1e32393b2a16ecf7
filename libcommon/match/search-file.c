/*
 * search-file.c - the base of an index, as a file: a head that says where
 * everything is, and arrays as they are in memory. The head has a sum; what it
 * names is checked when it is read.
 */
#include "search-grow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <oncall/mem.h>

#define MAGIC	"oncall-search\n"
#define VERSION 1
/* Another machine reads other numbers. */
#define ORDER	   0x01020304U
#define WRITE_SIZE ((size_t)1 << 20)

enum section {
	BLOBS,
	OFFSETS,
	LENGTHS,
	NORMS,
	KEYS,
	TERMS,
	TERM_SLOTS,
	POSTINGS,
	GRAMS,
	EXPRS,
	NEEDLES,
	NEEDLE_SLOTS,
	ALWAYS,
	SECTIONS
};

struct head {
	char magic[16];
	uint32_t version, order;
	uint64_t size;
	uint64_t length; /* sum of the documents' */
	uint32_t docs, terms, exprs, needles, always;
	uint32_t key_slots, term_slots, needle_slots;
	struct {
		uint64_t at, len;
	} sections[SECTIONS];
	uint32_t tag_len;
	char tag[SEARCH_MAX_TAG];
	uint32_t spare;
	uint64_t sum; /* of all before it */
};

struct writer {
	FILE *out;
	struct head head;
	struct search_part part;
	struct search_grams *grams;
};

static uint64_t sum_of(const struct head *h)
{
	return search_hash(SEARCH_KEY, (const char *)h,
			   offsetof(struct head, sum));
}

/* An error stays with the stream, which is asked once at the end. */
static void put(struct writer *w, const void *p, size_t n)
{
	if (n)
		(void)fwrite(p, 1, n, w->out);
	w->head.size += n;
}

static void begin(struct writer *w, enum section s)
{
	static const char zeros[8];

	put(w, zeros, (8 - w->head.size % 8) % 8);
	w->head.sections[s].at = w->head.size;
}

static void end(struct writer *w, enum section s)
{
	w->head.sections[s].len = w->head.size - w->head.sections[s].at;
}

static void put_array(struct writer *w, enum section s, const void *p,
		      size_t bytes)
{
	begin(w, s);
	put(w, p, bytes);
	end(w, s);
}

static void put_postings(struct writer *w)
{
	struct search_grow *g = w->part.grow;
	uint64_t at = 0;

	begin(w, POSTINGS);
	for (uint32_t i = 0; i < w->part.term_count; i++) {
		const struct search_postings *list = &g->postings[i];

		g->terms[i].at = at;
		g->terms[i].len = list->len;
		at += list->len;
		put(w, search_postings_of(list), list->len);
	}
	end(w, POSTINGS);
}

static void put_arrays(struct writer *w)
{
	const struct search_part *p = &w->part;

	put_array(w, OFFSETS, p->offsets, p->doc_count * sizeof(*p->offsets));
	put_array(w, LENGTHS, p->lengths, p->doc_count * sizeof(*p->lengths));
	put_array(w, NORMS, p->norms, p->doc_count * sizeof(*p->norms));
	put_array(w, KEYS, p->keys, p->key_slot_count * sizeof(*p->keys));
	put_postings(w);
	put_array(w, TERMS, p->terms, p->term_count * sizeof(*p->terms));
	put_array(w, TERM_SLOTS, p->term_slots,
		  p->term_slot_count * sizeof(*p->term_slots));
	put_array(w, GRAMS, w->grams->docs, sizeof(w->grams->docs));
	put_array(w, EXPRS, p->exprs, p->expr_count * sizeof(*p->exprs));
	put_array(w, NEEDLES, p->needles,
		  p->needle_count * sizeof(*p->needles));
	put_array(w, NEEDLE_SLOTS, p->needle_slots,
		  p->needle_slot_count * sizeof(*p->needle_slots));
	put_array(w, ALWAYS, p->always, p->always_count * sizeof(*p->always));
}

static void put_head(struct writer *w, struct slice tag)
{
	const struct search_part *p = &w->part;
	struct head *h = &w->head;

	memcpy(h->magic, MAGIC, sizeof(MAGIC));
	h->version = VERSION;
	h->order = ORDER;
	h->docs = p->doc_count;
	h->terms = p->term_count;
	h->exprs = p->expr_count;
	h->needles = p->needle_count;
	h->always = p->always_count;
	h->key_slots = p->key_slot_count;
	h->term_slots = p->term_slot_count;
	h->needle_slots = p->needle_slot_count;
	for (uint32_t i = 0; i < p->doc_count; i++)
		h->length += p->lengths[i];
	h->tag_len = (uint32_t)tag.len;
	if (tag.len)
		memcpy(h->tag, tag.ptr, tag.len);
	h->sum = sum_of(h);
	rewind(w->out);
	(void)fwrite(h, 1, sizeof(*h), w->out);
}

static int put_docs(struct writer *w,
		    int (*next)(void *arg, struct search_doc *ret,
				struct err *err),
		    void *arg, struct err *err)
{
	struct slice blob;
	int rc;

	begin(w, BLOBS);
	for (;;) {
		struct search_doc doc = {.expr_count = 0};

		rc = next(arg, &doc, err);
		if (rc <= 0)
			break;
		if (w->part.doc_count == SEARCH_MAX_DOCS)
			return err_set(err, ERR_INPUT, "more than %d documents",
				       SEARCH_MAX_DOCS);
		if (search_grow_has(&w->part, doc.key))
			return err_set(err, ERR_INPUT,
				       "document '%.*s' stands there twice",
				       (int)doc.key.len, doc.key.ptr);
		search_grow_add(&w->part, &doc, w->grams);
		blob = search_grow_take(&w->part);
		put(w, blob.ptr, blob.len);
	}
	end(w, BLOBS);
	return rc;
}

static int finish(struct writer *w, const char *temporary, const char *path,
		  struct err *err)
{
	int rc = ferror(w->out) ? -1 : 0;

	if (fclose(TAKE_PTR(w->out)) != 0 || rc < 0)
		return err_sys(err, errno, "cannot write '%s'", temporary);
	if (rename(temporary, path) < 0)
		return err_sys(err, errno, "cannot rename '%s' to '%s'",
			       temporary, path);
	return 0;
}

static int write_all(struct writer *w, struct slice tag,
		     int (*next)(void *arg, struct search_doc *ret,
				 struct err *err),
		     void *arg, struct err *err)
{
	int rc;

	search_grow_init(&w->part);
	w->grams = mem_zero(1, sizeof(*w->grams));
	put(w, &w->head, sizeof(w->head));
	rc = put_docs(w, next, arg, err);
	if (rc == 0) {
		put_arrays(w);
		put_head(w, tag);
	}
	free(w->grams);
	search_part_done(&w->part);
	return rc;
}

int search_build(const char *path, struct slice tag,
		 int (*next)(void *arg, struct search_doc *ret,
			     struct err *err),
		 void *arg, struct err *err)
{
	AUTO_FREE char *temporary = mem_printf("%s.XXXXXX", path);
	AUTO_FREE struct writer *w = mem_zero(1, sizeof(*w));
	int rc, fd;

	if (tag.len > SEARCH_MAX_TAG)
		return err_set(err, ERR_USAGE, "the tag has %zu bytes",
			       tag.len);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot create '%s'", temporary);
	w->out = fdopen(fd, "w");
	if (!w->out)
		mem_die();
	(void)setvbuf(w->out, NULL, _IOFBF, WRITE_SIZE);
	rc = write_all(w, tag, next, arg, err);
	if (rc == 0)
		rc = finish(w, temporary, path, err);
	if (w->out)
		(void)fclose(w->out);
	if (rc < 0)
		(void)unlink(temporary);
	return rc;
}

static bool is_power(uint32_t n)
{
	return (n & (n - 1)) == 0;
}

static bool has(const struct head *h, enum section s, uint64_t count,
		size_t size)
{
	return h->sections[s].len == count * size;
}

/* Is everything where the head says, and as long? */
static bool fits(const struct head *h, uint64_t size)
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (h->sections[i].at % 8 || h->sections[i].at > size ||
		    h->sections[i].len > size - h->sections[i].at)
			return false;
	return is_power(h->key_slots) && is_power(h->term_slots) &&
	       is_power(h->needle_slots) && h->docs <= SEARCH_MAX_DOCS &&
	       has(h, OFFSETS, h->docs, sizeof(uint64_t)) &&
	       has(h, LENGTHS, h->docs, sizeof(uint16_t)) &&
	       has(h, NORMS, h->docs, sizeof(uint16_t)) &&
	       has(h, KEYS, h->key_slots, sizeof(uint32_t)) &&
	       has(h, TERMS, h->terms, sizeof(struct search_term)) &&
	       has(h, TERM_SLOTS, h->term_slots, sizeof(uint32_t)) &&
	       has(h, GRAMS, SEARCH_GRAMS, sizeof(int32_t)) &&
	       has(h, EXPRS, h->exprs, sizeof(struct search_place)) &&
	       has(h, NEEDLES, h->needles, sizeof(struct search_needle)) &&
	       has(h, NEEDLE_SLOTS, h->needle_slots, sizeof(uint32_t)) &&
	       has(h, ALWAYS, h->always, sizeof(uint32_t));
}

static const void *at(const struct search *s, const struct head *h,
		      enum section section)
{
	return (const char *)s->map + h->sections[section].at;
}

static void point(struct search *s, const struct head *h)
{
	s->parts[0] = (struct search_part){
		.doc_count = h->docs,
		.term_count = h->terms,
		.expr_count = h->exprs,
		.needle_count = h->needles,
		.always_count = h->always,
		.term_slot_count = h->term_slots,
		.key_slot_count = h->key_slots,
		.needle_slot_count = h->needle_slots,
		.blobs = {at(s, h, BLOBS), h->sections[BLOBS].len},
		.postings = {at(s, h, POSTINGS), h->sections[POSTINGS].len},
		.offsets = at(s, h, OFFSETS),
		.lengths = at(s, h, LENGTHS),
		.norms = at(s, h, NORMS),
		.keys = at(s, h, KEYS),
		.terms = at(s, h, TERMS),
		.term_slots = at(s, h, TERM_SLOTS),
		.exprs = at(s, h, EXPRS),
		.needles = at(s, h, NEEDLES),
		.needle_slots = at(s, h, NEEDLE_SLOTS),
		.always = at(s, h, ALWAYS)};
	s->base_grams = at(s, h, GRAMS);
	s->live_docs = h->docs;
	s->live_length = h->length;
}

int search_file_map(struct search *s, const char *path, struct slice tag,
		    struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct head *h;
	struct stat st;
	void *map;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NO, "there is no index '%s'", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < sizeof(*h))
		return err_set(err, ERR_NO, "'%s' is no index", path);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return err_sys(err, errno, "cannot map '%s'", path);
	s->map = map;
	s->map_len = (size_t)st.st_size;
	h = map;
	if (memcmp(h->magic, MAGIC, sizeof(MAGIC)) != 0 ||
	    h->version != VERSION || h->order != ORDER ||
	    h->size != s->map_len || h->sum != sum_of(h) || !fits(h, h->size) ||
	    h->tag_len > SEARCH_MAX_TAG)
		return err_set(err, ERR_NO,
			       "'%s' is no whole index of this version", path);
	if (!slice_eq((struct slice){h->tag, h->tag_len}, tag))
		return err_set(err, ERR_NO, "the index '%s' is out of date",
			       path);
	point(s, h);
	return 0;
}
