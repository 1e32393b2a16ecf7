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

#include <assert.h>
#include <pthread.h>

#include "pattern-code.h"
#include "pattern-guard.h"
#include "pattern-literals.h"
#include "pattern-tree.h"

/* A scan goes through the block in windows of this size, which together with
 * the tables of an engine fit into a processor's own cache. */
#define PATTERN_WINDOW ((size_t)256 * 1024)
/* A window longer than this is one line, which is not asked for places. */
#define PATTERN_LONG_LINE (2 * PATTERN_WINDOW)

/* One of the expressions of all rules; they are numbered through, rule after
 * rule, so that the order of numbers is the order of hits. */
struct pattern_expr {
	struct pattern_code re;
	uint32_t rule;
	bool caseless;
	char *bytes; /* its text */
	size_t len;
	struct pattern_literals *literals[PATTERN_FORMS]; /* NULL: none */
	uint32_t reach; /* of the plain ones */
	char *approx;	/* while the set is made: for Hyperscan; NULL: none */
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
	/* Those that the engine does not find, rising: run on each line. */
	const uint32_t *always;
	size_t always_count;
	size_t *slow; /* rules */
	size_t slow_count;
	const struct pattern_engine *engine;
	void *db;			     /* the engine's */
	const struct pattern_filter *filter; /* NULL, or all that it needs */
	/* Of all expressions, by form, each made when it is first needed. */
	_Atomic(struct pattern_filter *) filters[PATTERN_FORMS];
	uint32_t match_limit;
	uint32_t groups_max;
	struct pattern_rarity rarity[PATTERN_FORMS];
	pthread_mutex_t lock; /* of what is made when it is first needed */
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
void pattern_places_sort(struct pattern_places *p);

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
	struct pattern_places places;
	uint32_t *marked; /* expressions to run on the line */
	size_t marked_count;
	struct pattern_mark {
		uint64_t serial;   /* of the last line that marked it */
		const char *place; /* and where, first; or NULL */
	} * marks;		   /* of each expression */
	uint64_t serial;	   /* of the line at hand */
	struct pattern_stats *stats;
	pcre2_match_data *data;
	const size_t *spans; /* in it, of the groups */
	pcre2_match_data *except_data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct pattern_guard guard;
	bool measure;
	/* The scan at hand. */
	const struct pattern_sink *sink;
	struct pattern_hit hit; /* of the line at hand */
	const struct pattern_filter
		*filter;	/* that finds the places, or NULL */
	bool exact;		/* they are those of the strings themselves */
	const char *counted_to; /* line_number is that of the line here */
	uint64_t line_number;
};

/* Marks an expression for the line at hand, for a place in it or NULL. */
static inline void pattern_mark(struct pattern_scratch *s, uint32_t expr,
				const char *place)
{
	assert(s);
	if (s->marks[expr].serial != s->serial) {
		s->marks[expr] = (struct pattern_mark){s->serial, place};
		s->marked[s->marked_count++] = expr;
	}
}

struct pattern_engine {
	const char *name;
	/* Is it on this machine? */
	int (*check)(struct err *err);
	/* Fills s->db, and s->always when there is what it cannot find. */
	int (*build)(struct pattern_set *s, const char *cache_dir,
		     struct err *err);
	/* NULL: has nothing. */
	void (*free)(void *db);
	/* NULL: needs nothing. */
	void *(*scratch_new)(const struct pattern_set *s);
	void (*scratch_free)(void *scratch);
	/* Puts the places of a window, which holds whole lines, into s->places,
	 * rising. NULL, and no filter: all expressions run on each line. */
	void (*find)(struct pattern_scratch *s, struct slice window);
	/* Marks the expressions that a place stands for. */
	void (*resolve)(struct pattern_scratch *s, uint32_t ref);
	/* What is found depends on what stands around it in the line. */
	bool whole;
};

extern const struct pattern_engine pattern_engine_pcre2;
extern const struct pattern_engine pattern_engine_literal;
extern const struct pattern_engine pattern_engine_hs;
/* The same without the comparison with the reference, which uses it. */
extern const struct pattern_engine pattern_engine_hs_untested;

/* pattern.c */
/* Finds out what must stand in a text for an expression to match. */
void pattern_set_look(struct pattern_set *s, size_t expr,
		      enum pattern_form form);
void pattern_set_look_approx(struct pattern_set *s, size_t expr);
const struct pattern_filter *pattern_set_filter(const struct pattern_set *s,
						enum pattern_form form);

static inline const char *pattern_line_end(const char *p, const char *end)
{
	const char *at = memchr(p, '\n', (size_t)(end - p));

	return at ? at : end;
}

/* pattern-required.c: NULL when no string of use is required. */
struct pattern_literals *pattern_literals_new(
	const struct pattern_tree *tree, const struct pattern_rarity *rarity,
	enum pattern_form form);

/* pattern-sequence.c: NULL when no sequence of use is required. */
struct pattern_literals *pattern_sequences_new(
	const struct pattern_tree *tree, const struct pattern_rarity *rarity,
	enum pattern_form form);

/* pattern-approx.c: an expression for Hyperscan that matches wherever the tree
 * does; NULL when it would match everywhere. */
char *pattern_approx_new(const struct pattern_tree *tree);

#endif
