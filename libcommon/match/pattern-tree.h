/*
 * pattern-tree.h - what an expression can match, seen from far enough away
 * that it is simple, and never less than what PCRE2 matches: every text that
 * the expression can match is a text of the tree.
 */
#ifndef PATTERN_TREE_H
#define PATTERN_TREE_H

#include <oncall/base.h>

/* Groups within groups; what is deeper is not understood. */
#define PATTERN_MAX_DEPTH 40
#define PATTERN_NO_LIMIT  UINT32_MAX

enum pattern_node_kind {
	PATTERN_NODE_EMPTY, /* nothing: assertions, whose condition is dropped
			     */
	PATTERN_NODE_START, /* nothing, and only where the line begins */
	PATTERN_NODE_BYTES, /* one byte of a set, or one wide character */
	PATTERN_NODE_ANY,   /* any bytes at all: what is not looked into */
	PATTERN_NODE_LIST,  /* one child after the other */
	PATTERN_NODE_CHOICE,
	PATTERN_NODE_REPEAT, /* its only child, min to max times */
};

struct pattern_bytes {
	uint64_t bits[4];
	bool wide; /* also any one character of two to four bytes of UTF-8 */
};

struct pattern_node {
	enum pattern_node_kind kind;
	uint32_t min;
	uint32_t max;
	struct pattern_bytes set;
	struct pattern_node *first;
	struct pattern_node *last;
	struct pattern_node *next;
};

struct pattern_tree {
	struct pattern_node *nodes;
	size_t count;
	size_t cap;
	struct pattern_node *root;
};

/* False when there is something in the text that is not understood; it must be
 * an expression that PCRE2 has accepted. */
bool pattern_tree_parse(struct pattern_tree *tree, struct slice text,
			bool caseless, bool utf) MUST_CHECK;
void pattern_tree_done(struct pattern_tree *tree);
/* The least number of bytes, at most UINT32_MAX. */
uint32_t pattern_node_min(const struct pattern_node *node);

static inline void pattern_bytes_add(struct pattern_bytes *set, unsigned byte)
{
	set->bits[(byte & 0xff) / 64] |= (uint64_t)1 << byte % 64;
}

static inline bool pattern_bytes_has(const struct pattern_bytes *set,
				     unsigned byte)
{
	return set->bits[(byte & 0xff) / 64] >> byte % 64 & 1;
}

static inline size_t pattern_bytes_count(const struct pattern_bytes *set)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(set->bits); i++)
		n += (size_t)__builtin_popcountll(set->bits[i]);
	return n;
}

#endif
