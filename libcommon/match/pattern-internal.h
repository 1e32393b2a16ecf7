/*
 * pattern-internal.h - what the engines and the front of pattern.h share.
 *
 * An engine only says where in the text a line may match; pattern-scan.c finds
 * the lines around these places and asks PCRE2. An engine may name too many
 * lines, never too few: that is the one thing it has to prove.
 */
#ifndef PATTERN_INTERNAL_H
#define PATTERN_INTERNAL_H

#include <oncall/pattern.h>

#include <pthread.h>
#include <stdatomic.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "pattern-tree.h"

/* A scan goes through the block in windows of this size, which together with
 * the automaton fit into a processor's own cache. */
#define PATTERN_WINDOW	((size_t)256 * 1024)
#define PATTERN_STREAMS 4

enum pattern_jit { PATTERN_JIT_NOT_YET, PATTERN_JIT_READY, PATTERN_JIT_NONE };

struct pattern_code {
	pcre2_code *code;
	bool utf;
	atomic_int jit;
};

/* One of the expressions of all rules; they are numbered through, rule after
 * rule, so that the order of numbers is the order of hits. */
struct pattern_expr {
	struct pattern_code re;
	uint32_t rule;
	struct pattern_literals *literals; /* NULL: none */
	/* While the set is made. */
	struct slice text;
	bool caseless;
	char *approx; /* for Hyperscan; NULL: none */
};

struct pattern_compiled {
	char *id;
	uint32_t first; /* of its expressions */
	uint32_t count;
	struct pattern_code *excepts;
	uint32_t except_count;
};

struct pattern_set {
	struct pattern_compiled *rules;
	size_t rule_count;
	struct pattern_expr *exprs;
	size_t expr_count;
	uint32_t *always; /* expressions that run on each line, rising */
	size_t always_count;
	size_t *slow; /* rules */
	size_t slow_count;
	const struct pattern_engine *engine;
	void *db; /* the engine's */
	uint32_t match_limit;
	uint32_t groups_max;
	struct pattern_rarity *rarity; /* while the set is made */
	pthread_mutex_t jit_lock;
};

/* A place at which a line may match; ref stands for expressions. */
struct pattern_place {
	uint32_t at; /* in the window */
	uint32_t ref;
};

struct pattern_places {
	struct pattern_place *list;
	size_t count;
	size_t cap;
};

void pattern_places_grow(struct pattern_places *p);

static inline void pattern_places_add(struct pattern_places *p, size_t at,
				      uint32_t ref)
{
	if (p->count == p->cap)
		pattern_places_grow(p);
	p->list[p->count++] =
		(struct pattern_place){.at = (uint32_t)at, .ref = ref};
}

struct pattern_scratch {
	const struct pattern_set *set;
	void *engine; /* the engine's */
	struct pattern_places places[PATTERN_STREAMS];
	uint32_t *marked; /* expressions to run on the line */
	size_t marked_count;
	uint64_t *mark;	 /* of each expression: the last line that marked it */
	uint64_t serial; /* of the line at hand */
	struct pattern_stats *stats;
	pcre2_match_data *data;
	pcre2_match_data *except_data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	/* The scan at hand. */
	const struct pattern_block *block;
	const struct pattern_sink *sink;
	const char *counted_to; /* line_number is that of the line here */
	uint64_t line_number;
};

/* Marks an expression for the line at hand. */
static inline void pattern_mark(struct pattern_scratch *s, uint32_t expr)
{
	if (s->mark[expr] != s->serial) {
		s->mark[expr] = s->serial;
		s->marked[s->marked_count++] = expr;
	}
}

struct pattern_engine {
	const char *name;
	/* Is it on this machine? */
	int (*check)(struct err *err);
	/* Fills s->db, and s->always with what it cannot find. */
	int (*build)(struct pattern_set *s, const char *cache_dir,
		     struct err *err);
	void (*free)(void *db);
	/* NULL: needs nothing. */
	void *(*scratch_new)(const struct pattern_set *s);
	void (*scratch_free)(void *scratch);
	/*
	 * Puts the places of a window, which holds whole lines, into
	 * s->places: rising within each list, and from list to list.
	 * NULL: finds nothing.
	 */
	void (*find)(struct pattern_scratch *s, struct slice window);
	/* Marks the expressions that a place stands for. */
	void (*resolve)(struct pattern_scratch *s, uint32_t ref);
};

/* A window longer than this is one line, and places in it are all at 0. */
#define PATTERN_LONG_LINE (2 * PATTERN_WINDOW)

extern const struct pattern_engine pattern_engine_pcre2;
extern const struct pattern_engine pattern_engine_literal;
extern const struct pattern_engine pattern_engine_hs;
/* The same without the comparison with the reference, which uses it. */
extern const struct pattern_engine pattern_engine_hs_untested;

/* pattern.c: an expression that runs on each line. */
void pattern_set_always(struct pattern_set *s, uint32_t expr);
/* Finds out what an engine wants to know of an expression while it builds. */
void pattern_set_look(struct pattern_set *s, size_t expr, bool want_literals,
		      bool want_approx);

/* pattern-code.c */
/* The message of a failure begins with the offset. */
int pattern_code_compile(struct pattern_code *re, struct slice text,
			 bool caseless, struct err *err) MUST_CHECK;
void pattern_code_done(struct pattern_code *re);
/* As pcre2_match() answers: at least 0, PCRE2_ERROR_NOMATCH or an error. */
int pattern_code_match(struct pattern_code *re, struct slice line,
		       struct pattern_scratch *s, pcre2_match_data *data);

/* pattern-required.c: NULL when no string of use is required. */
struct pattern_rarity;
struct pattern_literals *pattern_literals_new(
	const struct pattern_tree *tree, const struct pattern_rarity *rarity);

/* pattern-approx.c: an expression for Hyperscan that matches wherever the tree
 * does; NULL when it would match everywhere. */
char *pattern_approx_new(const struct pattern_tree *tree);

/* pattern-hs-cache.c: what was compiled, and which expressions are in it. */
void pattern_hs_cache_write(const char *path, const uint8_t *taken,
			    size_t count, struct slice db);
/* False when there is nothing of use; *ret_db then is empty. */
bool pattern_hs_cache_read(const char *path, uint8_t *taken, size_t count,
			   struct buf *ret_db);

/* pattern-hs-test.c: -1 when the library finds other hits than PCRE2. */
int pattern_hs_test(struct err *err) MUST_CHECK;

#endif
