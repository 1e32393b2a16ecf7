/*
 * pattern-ways.c - on which lines an expression is quick for certain.
 *
 * What it may cost grows with the ways to part a line among its repetitions,
 * each of which can end wherever there is a byte that what follows it can begin
 * with. A repetition counts when it can repeat such a byte itself; where the
 * two have none in common there is one way only. One that repeats such a
 * repetition has ways without bound. All is seen from afar: too many ways only
 * mean that work is counted where it need not be.
 */
#include "pattern-internal.h"

#include <math.h>

#include <oncall/mem.h>

/* Steps that nobody waits for, in powers of two: a quarter of a second, as code
 * for the processor takes them. */
#define STEPS_LOG2 28.0
/* A run of more is as good as one without an end; a group that is repeated no
 * more often than the second is as good as written so many times. */
#define RUN_MANY  256
#define GROUP_FEW 16
/* Of parts in a row that may be empty, so many are looked at. */
#define AHEAD_MAX 32
/* With ways without bound: two for each byte. */
#define BOUNDLESS_LEN 28

static const struct pattern_bytes all_bytes = {
	{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}, true};

static const struct pattern_bytes no_bytes = {.wide = false};

static void unite(struct pattern_bytes *set, const struct pattern_bytes *more)
{
	for (size_t i = 0; i < ARRAY_LEN(set->bits); i++)
		set->bits[i] |= more->bits[i];
	set->wide |= more->wide;
}

/* A wide character begins with a byte that may stand in the other set. */
static bool meet(const struct pattern_bytes *a, const struct pattern_bytes *b)
{
	bool high = false;

	for (size_t i = 0; i < ARRAY_LEN(a->bits); i++)
		if (a->bits[i] & b->bits[i])
			return true;
	for (size_t i = 2; i < ARRAY_LEN(a->bits); i++)
		high |= (a->bits[i] && b->wide) || (b->bits[i] && a->wide);
	return high || (a->wide && b->wide);
}

/* Adds how a text of node, with follow behind it, can begin. */
static void add_first(struct pattern_bytes *set,
		      const struct pattern_node *node,
		      const struct pattern_bytes *follow)
{
	const struct pattern_node *child = node->first;

	switch (node->kind) {
	case PATTERN_NODE_BYTES:
		unite(set, &node->set);
		return;
	case PATTERN_NODE_ANY:
		unite(set, &all_bytes);
		return;
	case PATTERN_NODE_LIST:
		while (child && pattern_node_min(child) == 0) {
			add_first(set, child, &no_bytes);
			child = child->next;
		}
		if (child)
			add_first(set, child, follow);
		else
			unite(set, follow);
		return;
	case PATTERN_NODE_CHOICE:
		for (; child; child = child->next)
			add_first(set, child, follow);
		return;
	case PATTERN_NODE_REPEAT:
		add_first(set, child, follow);
		if (pattern_node_min(node) == 0)
			unite(set, follow);
		return;
	case PATTERN_NODE_EMPTY:
	case PATTERN_NODE_START:
		unite(set, follow);
		return;
	}
}

static struct pattern_bytes first_of(const struct pattern_node *node,
				     const struct pattern_bytes *follow)
{
	struct pattern_bytes set = {.wide = false};

	add_first(&set, node, follow);
	return set;
}

static struct pattern_ways ways_of(const struct pattern_node *node,
				   const struct pattern_bytes *follow);

static void add_run(struct pattern_ways *w, const struct pattern_bytes *ends,
		    double times)
{
	if (w->run_count == ARRAY_LEN(w->runs)) {
		w->boundless = true;
		return;
	}
	w->runs[w->run_count].ends = *ends;
	w->runs[w->run_count++].times = times;
}

static void add_ways(struct pattern_ways *sum, const struct pattern_ways *more,
		     double times)
{
	for (size_t i = 0; i < more->run_count; i++)
		add_run(sum, &more->runs[i].ends, times * more->runs[i].times);
	sum->log2 += times * more->log2;
	sum->others |= more->others;
	sum->boundless |= more->boundless;
}

/* Any of two. */
static void join_ways(struct pattern_ways *most, const struct pattern_ways *w)
{
	for (size_t i = 0; i < w->run_count; i++) {
		struct pattern_run *r = &most->runs[i];

		unite(&r->ends, &w->runs[i].ends);
		if (r->times < w->runs[i].times)
			r->times = w->runs[i].times;
	}
	if (most->run_count < w->run_count)
		most->run_count = w->run_count;
	if (most->log2 < w->log2)
		most->log2 = w->log2;
	most->others |= w->others;
	most->boundless |= w->boundless;
}

/* Each child is followed by those behind it, up to the first that cannot be
 * empty. */
static struct pattern_ways ways_of_list(const struct pattern_node *node,
					const struct pattern_bytes *follow)
{
	struct pattern_ways sum = {.run_count = 0};

	for (const struct pattern_node *c = node->first; c; c = c->next) {
		struct pattern_bytes behind = {.wide = false};
		const struct pattern_node *next = c->next;
		struct pattern_ways one;
		int seen = 0;

		for (; next && seen < AHEAD_MAX; next = next->next, seen++) {
			add_first(&behind, next, &no_bytes);
			if (pattern_node_min(next))
				break;
		}
		if (seen == AHEAD_MAX)
			behind = all_bytes;
		else if (!next)
			unite(&behind, follow);
		one = ways_of(c, &behind);
		add_ways(&sum, &one, 1);
	}
	return sum;
}

static struct pattern_ways ways_of_choice(const struct pattern_node *node,
					  const struct pattern_bytes *follow)
{
	struct pattern_bytes seen = {.wide = false};
	struct pattern_ways most = {.run_count = 0};
	double same = 1;

	for (const struct pattern_node *c = node->first; c; c = c->next) {
		struct pattern_ways one = ways_of(c, follow);
		struct pattern_bytes first = first_of(c, follow);

		same += meet(&seen, &first);
		unite(&seen, &first);
		join_ways(&most, &one);
	}
	most.log2 += log2(same);
	return most;
}

static struct pattern_ways ways_of_repeat(const struct pattern_node *node,
					  const struct pattern_bytes *follow)
{
	struct pattern_bytes first = first_of(node->first, &no_bytes);
	struct pattern_bytes behind = *follow;
	bool byte = node->first->kind == PATTERN_NODE_BYTES;
	bool meets = meet(&first, follow);
	struct pattern_ways sum = {.run_count = 0};
	struct pattern_ways one;

	if (node->max > 1)
		unite(&behind, &first);
	one = ways_of(node->first, &behind);
	if (node->max <= (byte ? RUN_MANY : GROUP_FEW)) {
		add_ways(&sum, &one, node->max);
		if (meets)
			sum.log2 += log2(1.0 + node->max - node->min);
		return sum;
	}
	sum.boundless = one.boundless || one.run_count || one.log2 > 0;
	sum.others = !meets || one.others;
	if (meets)
		add_run(&sum, follow, 1);
	return sum;
}

static struct pattern_ways ways_of(const struct pattern_node *node,
				   const struct pattern_bytes *follow)
{
	switch (node->kind) {
	case PATTERN_NODE_ANY:
		return (struct pattern_ways){.boundless = true};
	case PATTERN_NODE_LIST:
		return ways_of_list(node, follow);
	case PATTERN_NODE_CHOICE:
		return ways_of_choice(node, follow);
	case PATTERN_NODE_REPEAT:
		return ways_of_repeat(node, follow);
	case PATTERN_NODE_EMPTY:
	case PATTERN_NODE_START:
	case PATTERN_NODE_BYTES:
		break;
	}
	return (struct pattern_ways){.run_count = 0};
}

/* "(*", "(?=", "(?!", "(?<=", "(?<!" */
static bool looks_around(const char *p, size_t left)
{
	if (left < 3 || p[0] != '(')
		return false;
	if (p[1] == '*')
		return true;
	if (p[1] != '?')
		return false;
	p += p[2] == '<' && left > 3;
	return p[2] == '=' || p[2] == '!';
}

/* What looks around is no part of the tree: all that could repeat in the text
 * is taken for a repetition that can end anywhere. */
static void add_unseen(struct pattern_ways *w, struct slice text)
{
	bool looks = false, group = false;

	for (size_t i = 0; i < text.len && !looks; i++)
		looks = looks_around(text.ptr + i, text.len - i);
	for (size_t i = 0; i < text.len && looks; i++) {
		bool repeats = text.ptr[i] && strchr("*+{", text.ptr[i]);

		if (repeats)
			add_run(w, &all_bytes, 1);
		w->boundless |= repeats && group;
		group = text.ptr[i] == ')';
	}
}

/* An attempt begins at each byte; and n bytes are parted among p in about
 * n^p / p! ways. */
static size_t quick_len(const struct pattern_ways *w)
{
	double power = 1 + w->others, log2_parts;
	int sign;

	if (w->boundless || w->log2 >= STEPS_LOG2)
		return BOUNDLESS_LEN;
	if (!w->run_count && !w->others)
		return SIZE_MAX;
	for (size_t i = 0; i < w->run_count; i++)
		power += w->runs[i].times;
	log2_parts = lgamma_r(power + 1, &sign) / M_LN2;
	return (size_t)exp2((STEPS_LOG2 - w->log2 + log2_parts) / power);
}

struct pattern_ways *pattern_ways_new(struct slice text, bool caseless,
				      bool utf)
{
	struct pattern_ways *w = mem_zero(1, sizeof(*w));
	struct pattern_tree tree;

	if (pattern_tree_parse(&tree, text, caseless, utf)) {
		*w = ways_of(tree.root, &no_bytes);
		w->begins = first_of(tree.root, &all_bytes);
	} else {
		w->boundless = true;
	}
	pattern_tree_done(&tree);
	add_unseen(w, text);
	w->quick_len = quick_len(w);
	return w;
}

/* How many bytes of a line there are in the set, as a power of two. */
static double log2_in(const struct pattern_bytes *set, const uint32_t *counts)
{
	double n = 1;

	for (unsigned i = 0; i < PATTERN_BYTE_VALUES; i++)
		if (pattern_bytes_has(set, i) || (i >= 0x80 && set->wide))
			n += counts[i];
	return log2(n);
}

bool pattern_ways_few(const struct pattern_ways *w, struct slice line)
{
	uint32_t counts[PATTERN_BYTE_VALUES] = {0};
	double steps = w->log2;

	if (w->boundless || line.len > UINT32_MAX)
		return false;
	for (size_t i = 0; i < line.len; i++)
		counts[(unsigned char)line.ptr[i]]++;
	/* At each end a run was gone over, and is again from each beginning. */
	steps += log2_in(&w->begins, counts) + log2((double)line.len);
	for (size_t i = 0; i < w->run_count && steps < STEPS_LOG2; i++)
		steps += w->runs[i].times * log2_in(&w->runs[i].ends, counts);
	return steps < STEPS_LOG2;
}
