/*
 * pattern-required.c - strings one of which every match must contain.
 *
 * It walks through the tree and keeps, of what was walked over, all texts that
 * can stand directly before the place at hand ("tail"). While these are all
 * that can have been matched, they are exact, and the text may go on growing
 * over groups and alternatives; behind a gap they begin anew. Wherever they
 * cannot grow further they are a candidate, and the rarest candidate stays.
 */
#include "pattern-internal.h"
#include "pattern-literals.h"

#include <oncall/mem.h>

#include <assert.h>

/* Strings that may arise from putting two sets one after the other. */
#define CROSS_MAX 64
/* A set of bytes with more members is a gap. */
#define MEMBERS_MAX 16
/* Repeats that are written out. */
#define COPIES_MAX 8
/* One byte is no string. */
#define LENGTH_MIN 2
/* What stands at one byte in so many, or more often, does not help. */
#define USEFUL_SHARE (1.0 / 64)
#define NEVER	     2.0 /* no share is so large */
#define UTF8_MAX     4	 /* bytes of a character */

struct walk;

/* Of one string for each of a tail, those that no other one is part of. */
struct pieces {
	size_t count;
	struct slice list[PATTERN_LITERALS_MAX];
	double share[PATTERN_LITERALS_MAX];
};

struct part {
	struct walk *walk;
	bool exact;		     /* tail is all that the part can match */
	struct pattern_strings tail; /* each match ends with one of these */
	struct pattern_strings head; /* and begins so; when exact, the tail */
	struct pattern_strings best; /* each match contains one of these */
	double best_share;
	/* The most bytes up to where tail, head and best end, or
	 * PATTERN_NO_LIMIT. */
	uint32_t reach, head_reach, best_reach;
};

/* One part for each level, made when it is first needed. */
struct walk {
	struct part *parts[PATTERN_MAX_DEPTH * 4 + 8];
	struct pattern_strings members; /* of a set of bytes */
	struct pieces pieces;		/* of what is judged */
	const struct pattern_rarity *rarity;
	enum pattern_form form;
};

static void strings_clear(struct pattern_strings *set)
{
	set->count = 1;
	set->list[0].len = 0;
}

static void strings_copy(struct pattern_strings *to,
			 const struct pattern_strings *from)
{
	to->count = from->count;
	memcpy(to->list, from->list, from->count * sizeof(from->list[0]));
}

static bool strings_has(const struct pattern_strings *set,
			const struct pattern_string *s)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].len == s->len &&
		    !memcmp(set->list[i].bytes, s->bytes, s->len))
			return true;
	return false;
}

/* False when there is no room. */
static bool strings_add(struct pattern_strings *set,
			const struct pattern_string *s)
{
	if (strings_has(set, s))
		return true;
	if (set->count == PATTERN_LITERALS_MAX)
		return false;
	set->list[set->count++] = *s;
	return true;
}

static bool strings_unite(struct pattern_strings *set,
			  const struct pattern_strings *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!strings_add(set, &more->list[i]))
			return false;
	return true;
}

static size_t strings_longest(const struct pattern_strings *set)
{
	size_t longest = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].len > longest)
			longest = set->list[i].len;
	return longest;
}

static void string_add(struct pattern_string *s, const struct pattern_string *t)
{
	for (uint8_t i = 0; i < t->len; i++)
		s->bytes[s->len++] = t->bytes[i];
}

/* Each string followed by each of more. False, with nothing done, when they
 * would be too many or too long. */
static bool strings_cross(struct pattern_strings *set,
			  const struct pattern_strings *more)
{
	size_t count = set->count, k = more->count;

	if (count * k > CROSS_MAX || k == 0 ||
	    strings_longest(set) + strings_longest(more) > PATTERN_STRING_BYTES)
		return false;
	/* From the end, so that nothing is overwritten that is needed. */
	for (size_t i = count; i-- > 0;) {
		for (size_t at = k; at-- > 0;) {
			struct pattern_string *to = &set->list[i * k + at];

			if (to != &set->list[i]) /* itself comes last */
				*to = set->list[i];
			string_add(to, &more->list[at]);
		}
	}
	set->count = count * k;
	return true;
}

/* Of each string only the end. */
static void strings_trim(struct pattern_strings *set)
{
	size_t count = set->count;

	set->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct pattern_string s = set->list[i];

		if (s.len > PATTERN_LITERAL_BYTES) {
			memmove(s.bytes,
				s.bytes + s.len - PATTERN_LITERAL_BYTES,
				PATTERN_LITERAL_BYTES);
			s.len = PATTERN_LITERAL_BYTES;
		}
		(void)strings_add(set, &s);
	}
}

static uint32_t reach_sum(uint32_t a, uint32_t b)
{
	return a < PATTERN_NO_LIMIT - b ? a + b : PATTERN_NO_LIMIT;
}

static uint32_t reach_times(uint32_t reach, uint32_t times)
{
	uint64_t product = (uint64_t)reach * times;

	return product < PATTERN_NO_LIMIT ? (uint32_t)product
					  : PATTERN_NO_LIMIT;
}

static uint32_t reach_max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void part_clear(struct part *p)
{
	p->reach = p->head_reach = p->best_reach = 0;
	p->exact = true;
	strings_clear(&p->tail);
	p->head.count = 0;
	p->best.count = 0;
	p->best_share = NEVER;
}

/* What of the string, from an offset on, stands in the text as it is. */
static struct slice next_piece(const struct walk *w,
			       const struct pattern_string *s, size_t from)
{
	size_t to;

	while (from < s->len &&
	       pattern_escape_of(w->form, (unsigned char)s->bytes[from]) ==
		       PATTERN_ESCAPE_HIDES)
		from++;
	to = from;
	while (to < s->len &&
	       (to == from ||
		pattern_escape_of(w->form, (unsigned char)s->bytes[to]) ==
			PATTERN_ESCAPE_NEVER))
		to++;
	return (struct slice){s->bytes + from, to - from};
}

/* The rarest part of the string and its share. */
static double best_piece(const struct walk *w, const struct pattern_string *s,
			 struct slice *ret)
{
	double best = NEVER;

	for (size_t from = 0; from < s->len;) {
		struct slice piece = next_piece(w, s, from);
		size_t at;
		double share;

		from = (size_t)(piece.ptr + piece.len - s->bytes);
		if (piece.len < LENGTH_MIN)
			continue;
		share = pattern_rarity(w->rarity, piece.ptr, piece.len, &at);
		if (share >= best)
			continue;
		best = share;
		ret->ptr = piece.ptr + at;
		ret->len = piece.len < PATTERN_LITERAL_BYTES
				   ? piece.len
				   : PATTERN_LITERAL_BYTES;
	}
	return best;
}

static bool is_part(struct slice part, struct slice whole)
{
	if (part.len >= whole.len) /* as most are: the longest there may be */
		return slice_eq(part, whole);
	return memmem(whole.ptr, whole.len, part.ptr, part.len);
}

static void pieces_add(struct pieces *p, struct slice piece, double share)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++)
		if (is_part(p->list[i], piece))
			return;
	for (size_t i = 0; i < p->count; i++) {
		if (piece.len < p->list[i].len && is_part(piece, p->list[i]))
			continue;
		p->list[kept] = p->list[i];
		p->share[kept++] = p->share[i];
	}
	p->list[kept] = piece;
	p->share[kept] = share;
	p->count = kept + 1;
}

/* The tail is a candidate. */
static void part_judge(struct part *p)
{
	struct pieces *pieces = &p->walk->pieces;
	double sum = 0;

	pieces->count = 0;
	for (size_t i = 0; i < p->tail.count; i++) {
		struct slice piece = {p->tail.list[i].bytes, 0};
		double share = best_piece(p->walk, &p->tail.list[i], &piece);

		if (share >= p->best_share)
			return;
		pieces_add(pieces, piece, share);
	}
	for (size_t i = 0; i < pieces->count; i++)
		sum += pieces->share[i];
	if (sum >= p->best_share)
		return;
	p->best_share = sum;
	p->best_reach = p->reach;
	p->best.count = pieces->count;
	for (size_t i = 0; i < pieces->count; i++) {
		struct pattern_string *s = &p->best.list[i];

		s->len = (uint8_t)pieces->list[i].len;
		memcpy(s->bytes, pieces->list[i].ptr, s->len);
	}
}

/* The tail is no longer all that was matched. */
static void part_loosen(struct part *p)
{
	if (p->exact) {
		strings_copy(&p->head, &p->tail);
		p->head_reach = p->reach;
	}
	p->exact = false;
}

/* Anything may follow. */
static void part_gap(struct part *p)
{
	part_judge(p);
	part_loosen(p);
	strings_clear(&p->tail);
}

/* One of the strings follows, and nothing else. */
static void part_follow(struct part *p, const struct pattern_strings *next)
{
	if (strings_cross(&p->tail, next))
		return;
	part_judge(p);
	part_loosen(p);
	strings_trim(&p->tail);
	if (p->tail.count * next->count > CROSS_MAX ||
	    !strings_cross(&p->tail, next))
		strings_copy(&p->tail, next);
}

static void part_join(struct part *p, const struct part *next)
{
	uint32_t before = p->reach;

	if (next->exact) {
		p->reach = reach_sum(before, next->reach);
		part_follow(p, &next->tail);
		return;
	}
	p->reach = reach_sum(before, next->head_reach);
	part_follow(p, &next->head);
	part_judge(p);
	part_loosen(p);
	p->reach = reach_sum(before, next->reach);
	if (next->best_share < p->best_share) {
		p->best_share = next->best_share;
		p->best_reach = reach_sum(before, next->best_reach);
		strings_copy(&p->best, &next->best);
	}
	strings_copy(&p->tail, &next->tail);
}

/* The members of the set, folded; false when they are too many to follow. */
static bool list_members(const struct pattern_bytes *set,
			 struct pattern_strings *members)
{
	size_t count = 0;

	members->count = 0;
	if (set->wide)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(set->bits); i++) {
		for (uint64_t bits = set->bits[i]; bits; bits &= bits - 1) {
			int c = (int)i * 64 + __builtin_ctzll(bits);
			struct pattern_string *s =
				&members->list[members->count];

			if (++count > MEMBERS_MAX)
				return false;
			if (c >= 'A' && c <= 'Z' &&
			    pattern_bytes_has(set, (unsigned)c - 'A' + 'a'))
				continue;
			s->len = 1;
			s->bytes[0] =
				(char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a'
							    : c);
			members->count++;
		}
	}
	return count > 0;
}

static void walk_bytes(struct walk *w, const struct pattern_bytes *set,
		       struct part *p)
{
	uint32_t before = p->reach;

	p->reach = reach_sum(before, 1);
	if (list_members(set, &w->members)) {
		part_follow(p, &w->members);
		return;
	}
	part_gap(p);
	if (set->wide)
		p->reach = reach_sum(before, UTF8_MAX);
}

static struct part *walk_node(struct walk *w, const struct pattern_node *node,
			      size_t level);

static void walk_repeat(struct walk *w, const struct pattern_node *node,
			struct part *p, size_t level)
{
	struct part *inner;
	uint32_t copies = node->min < COPIES_MAX ? node->min : COPIES_MAX;

	if (node->max == 0)
		return;
	inner = walk_node(w, node->first, level + 1);
	if (node->min == 0) {
		struct pattern_string none = {.len = 0};

		if (node->max == 1 && inner->exact &&
		    strings_add(&inner->tail, &none)) {
			p->reach = reach_sum(p->reach, inner->reach);
			part_follow(p, &inner->tail);
			return;
		}
		part_gap(p);
		p->reach = reach_sum(p->reach,
				     reach_times(inner->reach, node->max));
		return;
	}
	for (uint32_t i = 0; i < copies; i++)
		part_join(p, inner);
	if (node->max > copies) {
		part_judge(p);
		part_loosen(p);
		p->reach = reach_sum(p->reach, reach_times(inner->reach,
							   node->max - copies));
		strings_copy(&p->tail, &inner->tail);
	}
}

static void walk_list(struct walk *w, const struct pattern_node *node,
		      struct part *p, size_t level)
{
	for (node = node->first; node; node = node->next) {
		switch (node->kind) {
		case PATTERN_NODE_EMPTY:
		case PATTERN_NODE_START:
			break;
		case PATTERN_NODE_BYTES:
			walk_bytes(w, &node->set, p);
			break;
		case PATTERN_NODE_ANY:
			part_gap(p);
			p->reach = PATTERN_NO_LIMIT;
			break;
		case PATTERN_NODE_REPEAT:
			walk_repeat(w, node, p, level);
			break;
		case PATTERN_NODE_LIST:
		case PATTERN_NODE_CHOICE:
			part_join(p, walk_node(w, node, level + 1));
			break;
		}
	}
}

/* One more alternative. Sets that grow too large say nothing any more. */
static void part_unite(struct part *p, struct part *other)
{
	part_judge(other);
	if (p->best_share + other->best_share >= NEVER ||
	    !strings_unite(&p->best, &other->best))
		p->best_share = NEVER;
	else
		p->best_share += other->best_share;
	p->best_reach = reach_max(p->best_reach, other->best_reach);
	if (!other->exact)
		part_loosen(p);
	p->reach = reach_max(p->reach, other->reach);
	p->head_reach = reach_max(
		p->head_reach, other->exact ? other->reach : other->head_reach);
	if (!p->exact && !strings_unite(&p->head, other->exact ? &other->tail
							       : &other->head))
		strings_clear(&p->head);
	if (!strings_unite(&p->tail, &other->tail)) {
		if (p->exact)
			strings_clear(&p->head);
		p->exact = false;
		strings_clear(&p->tail);
	}
}

static void walk_choice(struct walk *w, const struct pattern_node *node,
			struct part *p, size_t level)
{
	const struct pattern_node *branch = node->first;

	walk_list(w, branch, p, level);
	if (!branch->next)
		return;
	part_judge(p);
	for (branch = branch->next; branch; branch = branch->next)
		part_unite(p, walk_node(w, branch, level + 1));
}

static struct part *walk_node(struct walk *w, const struct pattern_node *node,
			      size_t level)
{
	struct pattern_node alone = {.first = NULL};
	struct pattern_node copy;
	struct part *p;

	/* The depth of groups has a limit, and there are three levels to each.
	 */
	assert(level < ARRAY_LEN(w->parts));
	if (!w->parts[level])
		w->parts[level] = mem_alloc(sizeof(*p));
	p = w->parts[level];
	part_clear(p);
	p->walk = w;
	if (node->kind == PATTERN_NODE_LIST) {
		walk_list(w, node, p, level);
	} else if (node->kind == PATTERN_NODE_CHOICE) {
		walk_choice(w, node, p, level);
	} else {
		copy = *node;
		copy.next = NULL;
		alone.first = &copy;
		walk_list(w, &alone, p, level);
	}
	return p;
}

struct pattern_literals *pattern_literals_new(
	const struct pattern_tree *tree, const struct pattern_rarity *rarity,
	enum pattern_form form)
{
	AUTO_FREE struct walk *w = mem_alloc(sizeof(*w));
	struct pattern_literals *l = NULL;
	struct part *p;

	memset(w->parts, 0, sizeof(w->parts));
	w->rarity = rarity;
	w->form = form;
	p = walk_node(w, tree->root, 0);
	part_judge(p);
	if (p->best_share < USEFUL_SHARE) {
		l = mem_zero(1,
			     sizeof(*l) + p->best.count * sizeof(l->list[0]));
		l->count = (uint32_t)p->best.count;
		l->reach = p->best_reach;
		for (size_t i = 0; i < p->best.count; i++) {
			l->list[i].len = p->best.list[i].len;
			memcpy(l->list[i].bytes, p->best.list[i].bytes,
			       l->list[i].len);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(w->parts) && w->parts[i]; i++)
		free(w->parts[i]);
	return l;
}
