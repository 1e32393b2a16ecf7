/*
 * tree.h - YAML as a tree whose nodes know their line. What makes files hard to
 * read or to bound is refused: anchors, aliases, tags, more than one document,
 * keys that are not plain text or stand twice.
 */
#ifndef ONCALL_TREE_H
#define ONCALL_TREE_H

#include <oncall/buf.h>
#include <oncall/map.h>

#define TREE_DEPTH_MAX 32

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree {
	enum tree_kind kind;
	size_t line; /* where it begins; of a member, where its key stands */
	char *text;  /* of a scalar; NULL: nothing, null or ~ */
	bool quoted; /* it is text, whatever it looks like */
	struct tree **items;
	size_t count;
	struct map members; /* to struct tree */
};

/* Reads text; name stands in messages. *ret NULL: there is nothing in it. */
int tree_parse(struct tree **ret, const char *name, struct slice text,
	       struct err *err) MUST_CHECK;
void tree_free(struct tree *t);
/* NULL when t is no map, or has no such member. */
struct tree *tree_get(const struct tree *t, const char *key);
/* The next member of a map, from *at on, whose key is none of keys (ended by
 * NULL): appends that it is not known, and which one may be meant. Its line, or
 * 0: all others are known. */
size_t tree_unknown(const struct tree *map, const char *const *keys, size_t *at,
		    struct buf *what);

DEFINE_AUTO(struct tree *, tree_free, auto_tree_)
#define AUTO_TREE CLEANUP(auto_tree_)

#endif
