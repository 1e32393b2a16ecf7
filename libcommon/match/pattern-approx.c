/*
 * pattern-approx.c - a tree written as an expression for Hyperscan.
 *
 * The text around a line is in sight there, so nothing may match a newline, and
 * "^" means every line; the end of a line is not asked for, since a "\r" may
 * stand before it. What may be missing at either end is left out and what
 * repeats there is written as seldom as it may: a line is found all the same,
 * and reported less often.
 */
#include "pattern-internal.h"

#include <oncall/buf.h>

/* A repeat of more than that is one without limit. */
#define REPEAT_MAX 32
/* Hyperscan refuses longer ones by itself, after a long time. */
#define APPROX_MAX ((size_t)16 * 1024)

#define ANY_BYTES "[^\\n]*"

static void write_node(struct buf *out, const struct pattern_node *node);

static void write_bytes(struct buf *out, const struct pattern_bytes *all)
{
	struct pattern_bytes in_line = *all, *set = &in_line;

	set->bits[0] &= ~((uint64_t)1 << '\n');
	if (pattern_bytes_count(set) == 0 && !set->wide) {
		buf_add_str(out, ANY_BYTES);
		return;
	}
	buf_add_str(out, set->wide ? "(?:[\\x80-\\xff]{2,4}" : "");
	if (pattern_bytes_count(set)) {
		buf_add_str(out, set->wide ? "|[" : "[");
		for (unsigned c = 0, to; c < 0x100; c = to) {
			to = c + 1;
			if (!pattern_bytes_has(set, c))
				continue;
			while (to < 0x100 && pattern_bytes_has(set, to))
				to++;
			buf_addf(out, "\\x%02x", c);
			if (to > c + 1)
				buf_addf(out, "-\\x%02x", to - 1);
		}
		buf_add_char(out, ']');
	}
	buf_add_str(out, set->wide ? ")" : "");
}

static void write_repeat(struct buf *out, const struct pattern_node *node)
{
	uint32_t min = node->min < REPEAT_MAX ? node->min : REPEAT_MAX;

	buf_add_str(out, "(?:");
	write_node(out, node->first);
	if (node->max > REPEAT_MAX)
		buf_addf(out, "){%u,}", min);
	else
		buf_addf(out, "){%u,%u}", min, node->max);
}

static void write_node(struct buf *out, const struct pattern_node *node)
{
	const struct pattern_node *child;

	switch (node->kind) {
	case PATTERN_NODE_EMPTY:
		break;
	case PATTERN_NODE_START:
		buf_add_char(out, '^');
		break;
	case PATTERN_NODE_BYTES:
		write_bytes(out, &node->set);
		break;
	case PATTERN_NODE_ANY:
		buf_add_str(out, ANY_BYTES);
		break;
	case PATTERN_NODE_LIST:
		for (child = node->first; child; child = child->next)
			write_node(out, child);
		break;
	case PATTERN_NODE_CHOICE:
		buf_add_str(out, "(?:");
		for (child = node->first; child; child = child->next) {
			write_node(out, child);
			buf_add_str(out, child->next ? "|" : ")");
		}
		break;
	case PATTERN_NODE_REPEAT:
		write_repeat(out, node);
		break;
	}
}

/* At an end: as few times as it may. */
static void write_end(struct buf *out, const struct pattern_node *node)
{
	struct pattern_node once = *node;

	if (node->kind == PATTERN_NODE_REPEAT)
		once.max = once.min;
	write_node(out, &once);
}

static void write_core(struct buf *out, const struct pattern_node *list)
{
	const struct pattern_node *first = list->first, *last = NULL, *node;

	while (first && first->kind != PATTERN_NODE_START &&
	       pattern_node_min(first) == 0)
		first = first->next;
	if (first && first == list->last &&
	    first->kind == PATTERN_NODE_CHOICE) {
		buf_add_str(out, "(?:");
		for (node = first->first; node; node = node->next) {
			write_core(out, node);
			buf_add_str(out, node->next ? "|" : ")");
		}
		return;
	}
	for (node = first; node; node = node->next)
		if (pattern_node_min(node) > 0)
			last = node;
	for (node = first; last && node; node = node->next) {
		if (node == first || node == last)
			write_end(out, node);
		else
			write_node(out, node);
		if (node == last)
			break;
	}
}

char *pattern_approx_new(const struct pattern_tree *tree)
{
	AUTO_BUF struct buf out = BUF_INIT_MAX(APPROX_MAX);

	if (pattern_node_min(tree->root) == 0)
		return NULL;
	write_core(&out, tree->root);
	return out.over ? NULL : buf_take(&out);
}
