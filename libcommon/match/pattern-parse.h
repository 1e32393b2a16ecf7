/*
 * pattern-parse.h - the parts of the reader of PCRE2's syntax.
 *
 * It knows expressions that PCRE2 has accepted, so it does not look for
 * mistakes. What it does not know for certain, in this version of PCRE2 or
 * another, it does not understand, and then nothing is said of the expression.
 */
#ifndef PATTERN_PARSE_H
#define PATTERN_PARSE_H

#include "pattern-tree.h"

struct pattern_parse {
	const char *p;
	const char *end;
	struct pattern_tree *tree;
	bool utf;
	bool failed;
	unsigned depth;
};

/* What (?i), (?x) and (?xx) change, to the end of the group. */
struct pattern_mode {
	bool caseless;
	bool extended;
	bool extended_more;
};

static inline bool pattern_at_end(const struct pattern_parse *ps)
{
	return ps->p >= ps->end;
}

static inline bool pattern_next_is(const struct pattern_parse *ps, char c)
{
	return ps->p < ps->end && *ps->p == c;
}

/* Behind the next c; fails when there is none. */
void pattern_skip_past(struct pattern_parse *ps, char c);

/* A new child of list; NULL, and failed, when there are too many. */
struct pattern_node *pattern_node_add(struct pattern_parse *ps,
				      struct pattern_node *list,
				      enum pattern_node_kind kind);
/* A set from which bytes of UTF-8 are taken away. */
void pattern_set_add(struct pattern_parse *ps, struct pattern_node *list,
		     struct pattern_bytes set);
void pattern_char_add(struct pattern_parse *ps, struct pattern_node *list,
		      struct pattern_mode mode, uint32_t code);
/* The character at p, as the mode of the expression cuts them. */
uint32_t pattern_char_read(struct pattern_parse *ps);

void pattern_bytes_fold(struct pattern_bytes *set);
void pattern_bytes_invert(struct pattern_bytes *set);
/* Any one character. */
struct pattern_bytes pattern_bytes_any(const struct pattern_parse *ps);
/* The set of \d, \W and so on; false when the letter is none of them. */
bool pattern_bytes_named(const struct pattern_parse *ps, char letter,
			 struct pattern_bytes *ret);

/* After the backslash: one that stands for a character; fails on others. */
uint32_t pattern_escape_code(struct pattern_parse *ps);
void pattern_escape_parse(struct pattern_parse *ps, struct pattern_node *list,
			  struct pattern_mode mode);
/* After \p or \P. */
void pattern_escape_property(struct pattern_parse *ps);
/* After the opening bracket. */
void pattern_class_parse(struct pattern_parse *ps, struct pattern_node *list,
			 struct pattern_mode mode);

#endif
