/*
 * pattern-automaton.c - all literals of a set, found in one pass.
 *
 * The automaton of Aho and Corasick with every step written out: a table of
 * 16-bit states, a row for each state, a column for each class of bytes. Upper
 * and lower case share a class, and so do all bytes that no literal has. States
 * in which a literal ends have numbers from a power of two, so that one
 * comparison tells whether any of four states is one of them.
 *
 * A step waits for the one before it, a processor could do several meanwhile:
 * so four parts of the text, cut where lines end, are walked through together.
 * No literal has a newline, so each part begins in the first state.
 */
#include "pattern-automaton.h"
#include "pattern-literals.h"

#include <oncall/mem.h>

/* So that those which accept, counted from a power of two, have 16 bits too. */
#define STATES_MAX 32768u
#define NONE	   UINT32_MAX
#define ROOT	   0u

/* An expression that is looked for when a state is reached. */
struct output {
	uint32_t expr;
	uint32_t next; /* of the same state */
};

struct pattern_automaton {
	uint16_t *table;
	uint32_t accept; /* the first state in which something ends */
	uint32_t accept_count;
	unsigned shift; /* a row has 1 << shift columns */
	uint8_t class[256];
	struct output *outputs;
	uint32_t *head; /* by accepting state: its outputs */
	uint32_t *link; /* and the next shorter one that ends there as well */
};

/* The automaton while it is made: states in the order of their making. */
struct build {
	struct pattern_automaton *a;
	uint16_t *table; /* first a tree, then all steps */
	uint32_t count;
	uint32_t cap;
	uint32_t *head;
	uint32_t *link; /* the longest shorter state that accepts, or NONE */
	uint32_t *fail;
	uint32_t output_count;
	size_t cut; /* of each literal so many bytes */
	const struct pattern_expr *exprs;
	size_t expr_count;
	const uint8_t *skip;
};

static const struct pattern_literals *literals_of(const struct build *b,
						  size_t i)
{
	return b->skip && b->skip[i] ? NULL : b->exprs[i].literals;
}

static void find_classes(const struct build *b)
{
	struct pattern_automaton *a = b->a;
	unsigned classes = 1; /* 0 are all other bytes */

	for (size_t i = 0; i < b->expr_count; i++) {
		const struct pattern_literals *l = literals_of(b, i);

		for (uint32_t k = 0; l && k < l->count; k++)
			for (size_t j = 0; j < l->list[k].len; j++)
				a->class[(uint8_t)l->list[k].bytes[j]] = 1;
	}
	for (unsigned c = 0; c < 256; c++)
		if (a->class[c])
			a->class[c] = (uint8_t)classes++;
	for (unsigned c = 'A'; c <= 'Z'; c++)
		a->class[c] = a->class[c - 'A' + 'a'];
	for (a->shift = 6; 1u << a->shift < classes;)
		a->shift++;
}

/* False when there are too many states. */
static bool tree_add(struct build *b, const char *bytes, size_t len,
		     uint32_t expr)
{
	uint32_t state = ROOT;

	for (size_t i = 0; i < len; i++) {
		uint16_t *step = &b->table[((size_t)state << b->a->shift) +
					   b->a->class[(uint8_t)bytes[i]]];

		if (*step == ROOT) {
			if (b->count == b->cap)
				return false;
			b->head[b->count] = NONE;
			*step = (uint16_t)b->count++;
		}
		state = *step;
	}
	b->a->outputs[b->output_count] =
		(struct output){.expr = expr, .next = b->head[state]};
	b->head[state] = b->output_count++;
	return true;
}

static bool tree_build(struct build *b)
{
	memset(b->table, 0,
	       ((size_t)b->count << b->a->shift) * sizeof(uint16_t));
	b->count = 1;
	b->head[ROOT] = NONE;
	b->output_count = 0;
	for (size_t i = 0; i < b->expr_count; i++) {
		const struct pattern_literals *l = literals_of(b, i);

		for (uint32_t k = 0; l && k < l->count; k++) {
			size_t len = l->list[k].len < b->cut ? l->list[k].len
							     : b->cut;

			if (!tree_add(b, l->list[k].bytes, len, (uint32_t)i))
				return false;
		}
	}
	return true;
}

/* Breadth first, each state takes the steps that it lacks from the state of its
 * longest end that is a state too. */
static void add_steps(struct build *b)
{
	size_t width = (size_t)1 << b->a->shift;
	uint32_t *queue = mem_alloc(b->count * sizeof(*queue));
	size_t from = 0, to = 0;

	b->fail[ROOT] = ROOT;
	b->link[ROOT] = NONE;
	queue[to++] = ROOT;
	while (from < to) {
		uint32_t state = queue[from++], fail = b->fail[state];
		uint16_t *row = &b->table[state * width];
		const uint16_t *other = &b->table[fail * width];

		for (size_t c = 0; c < width; c++) {
			if (row[c] != ROOT) {
				uint32_t next = row[c];
				uint32_t f = state == ROOT ? ROOT : other[c];

				b->fail[next] = f;
				b->link[next] =
					b->head[f] == NONE ? b->link[f] : f;
				queue[to++] = next;
			} else {
				row[c] = other[c];
			}
		}
	}
	free(queue);
}

/* Numbers the states anew, the accepting ones last, and writes the table. */
static void number_states(struct build *b)
{
	struct pattern_automaton *a = b->a;
	size_t width = (size_t)1 << a->shift;
	uint32_t *number = mem_alloc(b->count * sizeof(*number));
	uint32_t plain = 0, accepting = 0;

	for (uint32_t s = 0; s < b->count; s++)
		plain += b->head[s] == NONE && b->link[s] == NONE;
	for (a->accept = 1; a->accept < plain;)
		a->accept *= 2;
	a->accept_count = b->count - plain;
	plain = 0;
	for (uint32_t s = 0; s < b->count; s++)
		number[s] = b->head[s] == NONE && b->link[s] == NONE
				    ? plain++
				    : a->accept + accepting++;
	a->table = mem_alloc((a->accept + a->accept_count) * width *
			     sizeof(uint16_t));
	a->head = mem_zero(a->accept_count + 1, sizeof(*a->head));
	a->link = mem_zero(a->accept_count + 1, sizeof(*a->link));
	for (uint32_t s = 0; s < b->count; s++) {
		uint16_t *row = &a->table[number[s] * width];

		for (size_t c = 0; c < width; c++)
			row[c] = (uint16_t)number[b->table[s * width + c]];
		if (number[s] < a->accept)
			continue;
		a->head[number[s] - a->accept] = b->head[s];
		a->link[number[s] - a->accept] =
			b->link[s] == NONE ? NONE
					   : number[b->link[s]] - a->accept;
	}
	free(number);
}

struct pattern_automaton *pattern_automaton_new(
	const struct pattern_expr *exprs, size_t count, const uint8_t *skip)
{
	struct pattern_automaton *a = mem_zero(1, sizeof(*a));
	struct build b = {.a = a,
			  .cut = PATTERN_LITERAL_BYTES,
			  .exprs = exprs,
			  .expr_count = count,
			  .skip = skip};
	size_t outputs = 0, bytes = 1;

	for (size_t i = 0; i < count; i++) {
		const struct pattern_literals *l = literals_of(&b, i);

		outputs += l ? l->count : 0;
		bytes += l ? l->count * PATTERN_LITERAL_BYTES : 0;
	}
	find_classes(&b);
	b.cap = bytes < STATES_MAX ? (uint32_t)bytes : STATES_MAX;
	b.table = mem_alloc(((size_t)b.cap << a->shift) * sizeof(uint16_t));
	b.head = mem_alloc(b.cap * sizeof(*b.head));
	b.link = mem_alloc(b.cap * sizeof(*b.link));
	b.fail = mem_alloc(b.cap * sizeof(*b.fail));
	a->outputs = mem_alloc((outputs + 1) * sizeof(*a->outputs));
	b.count = b.cap;
	/* Of very many literals shorter parts, until their states fit. */
	while (!tree_build(&b))
		b.cut--;
	add_steps(&b);
	number_states(&b);
	free(b.table);
	free(b.head);
	free(b.link);
	free(b.fail);
	return a;
}

void pattern_automaton_free(struct pattern_automaton *a)
{
	if (!a)
		return;
	free(a->table);
	free(a->outputs);
	free(a->head);
	free(a->link);
	free(a);
}

size_t pattern_automaton_refs(const struct pattern_automaton *a)
{
	return a->accept_count;
}

void pattern_automaton_resolve(const struct pattern_automaton *a,
			       struct pattern_scratch *s, uint32_t ref)
{
	for (; ref != NONE; ref = a->link[ref])
		for (uint32_t o = a->head[ref]; o != NONE;
		     o = a->outputs[o].next)
			pattern_mark(s, a->outputs[o].expr);
}

/* One part of the window, from one offset to another. */
struct part {
	const uint8_t *from;
	const uint8_t *to;
	uint32_t state;
	struct pattern_places *places;
};

#define STEP(s, p) ((s) = table[((size_t)(s) << shift) + a->class[*(p)]])

static inline __attribute__((always_inline)) void walk_one(
	const struct pattern_automaton *a, const uint8_t *window,
	struct part *part, unsigned shift)
{
	const uint16_t *table = a->table;
	uint32_t s = part->state, accept = a->accept;

	for (const uint8_t *p = part->from; p < part->to; p++) {
		STEP(s, p);
		if (s >= accept)
			pattern_places_add(part->places, (size_t)(p - window),
					   s - accept);
	}
}

static __attribute__((noinline)) void note(const struct pattern_automaton *a,
					   const uint8_t *window,
					   struct part *parts, size_t i,
					   const uint32_t *states)
{
	for (size_t k = 0; k < PATTERN_STREAMS; k++)
		if (states[k] >= a->accept)
			pattern_places_add(parts[k].places,
					   (size_t)(parts[k].from + i - window),
					   states[k] - a->accept);
}

static inline __attribute__((always_inline)) void walk_four(
	const struct pattern_automaton *a, const uint8_t *window,
	struct part *parts, unsigned shift)
{
	const uint16_t *table = a->table;
	const uint8_t *p0 = parts[0].from, *p1 = parts[1].from,
		      *p2 = parts[2].from, *p3 = parts[3].from;
	uint32_t s0 = ROOT, s1 = ROOT, s2 = ROOT, s3 = ROOT;
	uint32_t accept = a->accept;
	size_t len = (size_t)(parts[0].to - p0);

	for (size_t k = 1; k < PATTERN_STREAMS; k++)
		if ((size_t)(parts[k].to - parts[k].from) < len)
			len = (size_t)(parts[k].to - parts[k].from);
	for (size_t i = 0; i < len; i++) {
		STEP(s0, p0 + i);
		STEP(s1, p1 + i);
		STEP(s2, p2 + i);
		STEP(s3, p3 + i);
		if (__builtin_expect((s0 | s1 | s2 | s3) >= accept, 0))
			note(a, window, parts, i, (uint32_t[]){s0, s1, s2, s3});
	}
	parts[0].state = s0;
	parts[1].state = s1;
	parts[2].state = s2;
	parts[3].state = s3;
	for (size_t k = 0; k < PATTERN_STREAMS; k++) {
		parts[k].from += len;
		walk_one(a, window, &parts[k], shift);
	}
}

/* The first line that begins at a part of the window or behind it. */
static const uint8_t *cut_at(struct slice window, size_t at)
{
	const char *end = memchr(window.ptr + at, '\n', window.len - at);

	return (const uint8_t *)(end ? end + 1 : window.ptr + window.len);
}

void pattern_automaton_find(const struct pattern_automaton *a,
			    struct pattern_places *places, struct slice window)
{
	const uint8_t *begin = (const uint8_t *)window.ptr, *from = begin;
	struct part parts[PATTERN_STREAMS];

	for (size_t k = 0; k < PATTERN_STREAMS; k++) {
		const uint8_t *to =
			cut_at(window, window.len / PATTERN_STREAMS * (k + 1));

		/* A long line may reach over several parts. */
		if (to < from)
			to = from;
		parts[k] = (struct part){
			.from = from, .to = to, .places = &places[k]};
		from = to;
	}
	parts[PATTERN_STREAMS - 1].to = begin + window.len;
	switch (a->shift) {
	case 6:
		walk_four(a, begin, parts, 6);
		break;
	case 7:
		walk_four(a, begin, parts, 7);
		break;
	default:
		walk_four(a, begin, parts, 8);
		break;
	}
}

void pattern_automaton_find_long(const struct pattern_automaton *a,
				 struct pattern_places *places, uint8_t *seen,
				 struct slice line)
{
	const uint16_t *table = a->table;
	const uint8_t *p = (const uint8_t *)line.ptr, *end = p + line.len;
	unsigned shift = a->shift;
	uint32_t s = ROOT;

	memset(seen, 0, a->accept_count);
	for (; p < end; p++) {
		STEP(s, p);
		if (s >= a->accept && !seen[s - a->accept]) {
			seen[s - a->accept] = 1;
			pattern_places_add(places, 0, s - a->accept);
		}
	}
}
