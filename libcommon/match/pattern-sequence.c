/*
 * pattern-sequence.c - bytes of few kinds that every match contains one after
 * the other, for expressions that require no string.
 *
 * The tree is walked through from left to right. What must follow directly on
 * each other is a run; of all runs the part stays that ordinary lines have most
 * seldom.
 */
#include "pattern-internal.h"
#include "pattern-literals.h"

#include <oncall/mem.h>

#include <math.h>

/* Alternatives of an expression, each with a sequence of its own. */
#define SEQUENCES_MAX 16
/* Nodes that are walked through: repeats of repeats are many. */
#define STEPS_MAX 4096
/* What stands at one byte in 64, or more often, does not help. */
#define USEFUL_BITS 6.0
/* Of what a byte tells: when the one before it is of the same kind. */
#define AGAIN_SHARE 0.4

struct seek {
	const struct pattern_rarity *rarity;
	enum pattern_form form;
	struct pattern_sequence run;
	struct pattern_sequence best;
	double best_bits;
	unsigned steps;
};

static double set_bits(const struct seek *k, const struct pattern_bytes *set)
{
	double share = 0;

	for (unsigned c = 0; c < 256; c++)
		if (pattern_bytes_has(set, c))
			share += k->rarity->share[c];
	return share > 0 && share < 1 ? -log2(share) : 0;
}

static void judge_run(struct seek *k)
{
	double bits = 0;

	for (size_t i = 0; i < k->run.len; i++) {
		bool again = i > 0 &&
			     !memcmp(k->run.at[i].bits, k->run.at[i - 1].bits,
				     sizeof(k->run.at[i].bits));

		bits += set_bits(k, &k->run.at[i]) * (again ? AGAIN_SHARE : 1);
	}
	if (bits > k->best_bits) {
		k->best_bits = bits;
		k->best = k->run;
	}
}

/* May the bytes of the set be written otherwise? */
static enum pattern_escape worst_escape(const struct seek *k,
					const struct pattern_bytes *set)
{
	enum pattern_escape worst = PATTERN_ESCAPE_NEVER;

	for (unsigned c = 0; c < 256; c++) {
		enum pattern_escape escape = pattern_escape_of(k->form, c);

		if (pattern_bytes_has(set, c) && escape > worst)
			worst = escape;
	}
	return worst;
}

static void seek_bytes(struct seek *k, const struct pattern_bytes *set)
{
	struct pattern_sequence *run = &k->run;
	enum pattern_escape escape = worst_escape(k, set);

	if (set->wide || escape != PATTERN_ESCAPE_NEVER)
		run->len = 0;
	if (set->wide || escape == PATTERN_ESCAPE_HIDES)
		return;
	if (run->len == PATTERN_LITERAL_BYTES) {
		run->len--;
		memmove(&run->at[0], &run->at[1],
			run->len * sizeof(run->at[0]));
	}
	run->at[run->len++] = *set;
	judge_run(k);
}

static void seek_node(struct seek *k, const struct pattern_node *node);

static void seek_list(struct seek *k, const struct pattern_node *list)
{
	for (const struct pattern_node *n = list->first; n; n = n->next)
		seek_node(k, n);
}

/* The last of several, or of one, stands directly before what follows. */
static void seek_repeat(struct seek *k, const struct pattern_node *node)
{
	uint32_t copies = node->min < PATTERN_LITERAL_BYTES
				  ? node->min
				  : PATTERN_LITERAL_BYTES;

	for (uint32_t i = 0; i < copies; i++)
		seek_node(k, node->first);
	if (node->max > copies)
		k->run.len = 0;
	if (node->max > copies && copies > 0)
		seek_node(k, node->first);
}

static void seek_node(struct seek *k, const struct pattern_node *node)
{
	if (++k->steps > STEPS_MAX) {
		k->run.len = 0;
		return;
	}
	switch (node->kind) {
	case PATTERN_NODE_EMPTY:
	case PATTERN_NODE_START:
		break;
	case PATTERN_NODE_ANY:
		k->run.len = 0;
		break;
	case PATTERN_NODE_BYTES:
		seek_bytes(k, &node->set);
		break;
	case PATTERN_NODE_LIST:
		seek_list(k, node);
		break;
	case PATTERN_NODE_CHOICE:
		if (node->first->next)
			k->run.len = 0;
		else
			seek_list(k, node->first);
		break;
	case PATTERN_NODE_REPEAT:
		seek_repeat(k, node);
		break;
	}
}

struct pattern_literals *pattern_sequences_new(
	const struct pattern_tree *tree, const struct pattern_rarity *rarity,
	enum pattern_form form)
{
	const struct pattern_node *node = tree->root, *branch;
	struct pattern_literals *l = mem_zero(1, sizeof(*l));

	/* Alone in lists and groups there may be alternatives. */
	while ((node->kind == PATTERN_NODE_LIST ||
		node->kind == PATTERN_NODE_CHOICE) &&
	       node->first && node->first == node->last)
		node = node->first;
	branch = node->kind == PATTERN_NODE_CHOICE ? node->first : node;
	l->reach = PATTERN_NO_LIMIT;
	l->sequences = mem_zero(SEQUENCES_MAX, sizeof(*l->sequences));
	for (; branch; branch = branch->next) {
		struct seek k = {.rarity = rarity, .form = form};

		seek_node(&k, branch);
		if (k.best_bits < USEFUL_BITS ||
		    l->sequence_count == SEQUENCES_MAX) {
			pattern_literals_free(l);
			return NULL;
		}
		l->sequences[l->sequence_count++] = k.best;
		if (node->kind != PATTERN_NODE_CHOICE)
			break;
	}
	return l;
}

void pattern_literals_free(struct pattern_literals *l)
{
	if (l)
		free(l->sequences);
	free(l);
}
