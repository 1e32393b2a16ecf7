/*
 * search.h - which of very many documents belong to a text.
 *
 * A document is found by its words and groups of letters (it need not contain
 * all of the question's words, and no fixed form of them), by its expressions,
 * and by its labels. What is found does not depend on when the index was
 * built: one that was built and then changed answers as one that was built
 * from what it now holds.
 *
 * An index is a base, which is a file that never changes and is mapped, and
 * what was put and removed since, which is in memory. One thread at a time.
 */
#ifndef ONCALL_SEARCH_H
#define ONCALL_SEARCH_H

#include <oncall/base.h>
#include <oncall/err.h>

#define SEARCH_MAX_DOCS 16000000
/* What of a text is looked at, in documents and in questions. */
#define SEARCH_MAX_TEXT	   ((size_t)64 * 1024)
#define SEARCH_MAX_HITS	   1000
#define SEARCH_MAX_TAG	   256
#define SEARCH_MAX_EXPRS   10000 /* of one document; more are left out */
#define SEARCH_MAX_EXCEPTS 10000 /* of one expression; more leave it out */

struct search_expr {
	struct slice text; /* PCRE2, as pattern.h has it */
	bool caseless;
	const struct slice *excepts;
	size_t except_count;
};

struct search_doc {
	struct slice key;   /* unique; what has it already is replaced */
	struct slice title; /* counts more than the text */
	struct slice text;  /* description, keywords, causes ... */
	const struct search_expr *exprs;
	size_t expr_count;
	const struct slice *labels; /* what makes it a candidate when equal */
	size_t label_count;
	struct slice payload; /* given back as it is */
};

struct search;

/*
 * Writes a base to a temporary file beside path and renames it. next gives
 * the documents: 1, 0 at the end, -1 on error; what it lends is copied before
 * it is called again. Two with one key are ERR_INPUT.
 */
int search_build(const char *path, struct slice tag,
		 int (*next)(void *arg, struct search_doc *ret,
			     struct err *err),
		 void *arg, struct err *err) MUST_CHECK;
/*
 * ERR_NO when there is none with this tag, or it is of another version or
 * machine, cut or damaged: then it has to be built. No content of the file
 * can do harm.
 */
int search_open(struct search **ret, const char *path, struct slice tag,
		struct err *err) MUST_CHECK;
/* With an empty base. */
void search_new(struct search **ret);
void search_free(struct search *s);

DEFINE_AUTO(struct search *, search_free, auto_search_)
#define AUTO_SEARCH CLEANUP(auto_search_)

void search_put(struct search *s, const struct search_doc *doc);
void search_remove(struct search *s, struct slice key);

/* The payload, valid until the next change; false when there is none. */
bool search_get(struct search *s, struct slice key, struct slice *payload);
size_t search_count(const struct search *s);
/* Documents in memory, and those of the base that no longer count: when they
 * are many, it is time to build anew. */
size_t search_changed(const struct search *s);

struct search_query {
	struct slice title, text;
	const struct slice *labels;
	size_t label_count;
	size_t limit; /* hits at most, up to SEARCH_MAX_HITS */
};

struct search_hit {
	struct slice key, payload; /* valid until the next change */
	/* 0 to 1: how much of what the question tells is in the document; may
	 * be compared between questions. */
	double text;
	double bm25, grams; /* its parts, by words and by groups of letters */
	/* 0, or how specific the best expression is that matched, up to 1. */
	double pattern;
	size_t expr;	    /* which one */
	struct slice match; /* in the title or text of the question */
	bool label;
};

/*
 * The best first: by 1 - (1 - text)(1 - pattern), of whose distance to 1 a
 * label takes half; then by key. Those that an expression or a label found are
 * never crowded out by those that only words found. Expressions see the title
 * and the text of the question, each line by line and as a whole; one that
 * PCRE2 refuses, or that passes a limit, finds nothing. hits has room for
 * q->limit.
 */
int search_find(struct search *s, const struct search_query *q,
		struct search_hit *hits, size_t *ret_count, struct err *err)
	MUST_CHECK;

#endif
