/*
 * pattern-scan.c - from the places that an engine found to hits.
 *
 * The block is gone through in windows of whole lines. In each the engine looks
 * for places; around them lines are found, and on each line PCRE2 runs the
 * expressions that were marked for it, each of them once, in order.
 */
#include "pattern-internal.h"

#include <oncall/mem.h>

#define PLACES_MIN    1024
#define JIT_STACK_MIN ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)
/* Longer lists are sorted by the C library. */
#define SORT_FEW    16
#define MESSAGE_MAX 160

void pattern_places_grow(struct pattern_places *p)
{
	p->cap = p->cap ? p->cap * 2 : PLACES_MIN;
	p->list = mem_resize(p->list, p->cap, sizeof(*p->list));
}

struct pattern_scratch *pattern_scratch_new(const struct pattern_set *set)
{
	struct pattern_scratch *s = mem_zero(1, sizeof(*s));

	s->set = set;
	s->marked = mem_alloc((set->expr_count + 1) * sizeof(*s->marked));
	s->mark = mem_zero(set->expr_count + 1, sizeof(*s->mark));
	s->stats = mem_zero(set->rule_count + 1, sizeof(*s->stats));
	s->data = pcre2_match_data_create(set->groups_max + 1, NULL);
	s->except_data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (!s->data || !s->except_data || !s->context)
		mem_die();
	/* Without JIT there is no stack for it, and none is needed. */
	if (s->stack)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	(void)pcre2_set_match_limit(s->context, set->match_limit);
	(void)pcre2_set_depth_limit(s->context, set->match_limit);
	(void)pcre2_set_heap_limit(s->context, PATTERN_HEAP_LIMIT);
	if (set->engine->scratch_new)
		s->engine = set->engine->scratch_new(set);
	return s;
}

void pattern_scratch_free(struct pattern_scratch *s)
{
	if (!s)
		return;
	if (s->engine)
		s->set->engine->scratch_free(s->engine);
	for (size_t i = 0; i < PATTERN_STREAMS; i++)
		free(s->places[i].list);
	pcre2_match_data_free(s->data);
	pcre2_match_data_free(s->except_data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	free(s->marked);
	free(s->mark);
	free(s->stats);
	free(s);
}

struct pattern_stats pattern_scratch_stats(const struct pattern_scratch *s,
					   size_t rule)
{
	return s->stats[rule];
}

static int order_of_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_marked(struct pattern_scratch *s)
{
	uint32_t *list = s->marked;

	if (s->marked_count > SORT_FEW) {
		qsort(list, s->marked_count, sizeof(*list), order_of_numbers);
		return;
	}
	for (size_t i = 1; i < s->marked_count; i++) {
		uint32_t one = list[i];
		size_t k = i;

		for (; k > 0 && list[k - 1] > one; k--)
			list[k] = list[k - 1];
		list[k] = one;
	}
}

static int tell_fault(struct pattern_scratch *s, const struct pattern_hit *hit,
		      int rc)
{
	PCRE2_UCHAR why[MESSAGE_MAX];

	s->stats[hit->rule].faults++;
	if (!s->sink->fault)
		return 0;
	(void)pcre2_get_error_message(rc, why, sizeof(why));
	return s->sink->fault(s->sink->arg, hit, (const char *)why);
}

/* Does an except-expression take the hit away? *stop is what a callback said.
 */
static bool is_excepted(struct pattern_scratch *s,
			const struct pattern_hit *hit, int *stop)
{
	const struct pattern_compiled *rule = &s->set->rules[hit->rule];

	for (uint32_t i = 0; i < rule->except_count && !*stop; i++) {
		int rc = pattern_code_match(&rule->excepts[i], hit->line, s,
					    s->except_data);

		if (rc >= 0)
			return true;
		if (rc != PCRE2_ERROR_NOMATCH)
			*stop = tell_fault(s, hit, rc);
	}
	return false;
}

static void set_match(struct pattern_hit *hit)
{
	const size_t *at = pcre2_get_ovector_pointer(hit->scratch->data);

	/* \K in a look ahead may begin a match behind its end. */
	hit->match.ptr = hit->line.ptr + at[0];
	hit->match.len = at[1] > at[0] ? at[1] - at[0] : 0;
}

/* Runs one expression. *done when its rule needs no other one. */
static int try_expr(struct pattern_scratch *s, struct pattern_expr *e,
		    struct pattern_hit *hit, bool *done)
{
	int rc = pattern_code_match(&e->re, hit->line, s, s->data), stop = 0;

	*done = false;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0) {
		hit->match = (struct slice){hit->line.ptr, 0};
		return tell_fault(s, hit, rc);
	}
	*done = true;
	set_match(hit);
	if (is_excepted(s, hit, &stop)) {
		s->stats[hit->rule].excepted++;
		return stop;
	}
	if (stop)
		return stop;
	s->stats[hit->rule].hits++;
	return s->sink->hit(s->sink->arg, hit);
}

/* Runs what is marked on the line between begin and end, which is its newline
 * or the end of the block. */
static int try_line(struct pattern_scratch *s, const char *begin,
		    const char *end)
{
	const struct pattern_set *set = s->set;
	const struct slice *text = &s->block->text;
	size_t rule = SIZE_MAX;
	bool done = false;
	struct pattern_hit hit = {.line = {begin, (size_t)(end - begin)},
				  .offset = s->block->offset +
					    (uint64_t)(begin - text->ptr),
				  .scratch = s};

	if (hit.line.len && end < text->ptr + text->len && end[-1] == '\r')
		hit.line.len--;
	sort_marked(s);
	for (size_t i = 0; i < s->marked_count; i++) {
		struct pattern_expr *e = &set->exprs[s->marked[i]];
		int stop;

		if (e->rule == rule && done)
			continue;
		if (e->rule != rule)
			s->stats[e->rule].tried++;
		rule = e->rule;
		hit.rule = rule;
		hit.expr = s->marked[i] - set->rules[rule].first;
		stop = try_expr(s, e, &hit, &done);
		if (stop)
			return stop;
	}
	return 0;
}

static void begin_line(struct pattern_scratch *s)
{
	s->serial++;
	s->marked_count = 0;
}

static const char *line_end(const char *p, const char *end)
{
	const char *at = memchr(p, '\n', (size_t)(end - p));

	return at ? at : end;
}

/* Marks what the places before end stand for; *i is the next place. */
static void resolve_to(struct pattern_scratch *s,
		       const struct pattern_places *places, size_t *i,
		       size_t end)
{
	for (; *i < places->count && places->list[*i].at < end; ++*i)
		s->set->engine->resolve(s, places->list[*i].ref);
}

/* Only the lines with a place in them. */
static int try_places(struct pattern_scratch *s, struct slice window,
		      const struct pattern_places *places)
{
	const char *all = window.ptr, *begin, *end;
	size_t i = 0;

	while (i < places->count) {
		size_t at = places->list[i].at;
		int stop;

		begin = memrchr(all, '\n', at);
		begin = begin ? begin + 1 : all;
		end = line_end(all + at, all + window.len);
		begin_line(s);
		/* A place on a newline belongs to no line. */
		resolve_to(s, places, &i,
			   (size_t)(end - all) + (end == all + at));
		stop = try_line(s, begin, end);
		if (stop)
			return stop;
	}
	return 0;
}

/* Each line, since some expressions want to see all of them. */
static int try_lines(struct pattern_scratch *s, struct slice window)
{
	const struct pattern_set *set = s->set;
	const char *p = window.ptr, *all = p, *last = p + window.len, *end;
	size_t i = 0, list = 0;

	for (; p < last; p = end + 1) {
		int stop;

		end = line_end(p, last);
		begin_line(s);
		for (size_t k = 0; k < set->always_count; k++)
			pattern_mark(s, set->always[k]);
		while (list < PATTERN_STREAMS) {
			resolve_to(s, &s->places[list], &i,
				   (size_t)(end - all) + 1);
			if (i < s->places[list].count)
				break;
			list++;
			i = 0;
		}
		stop = try_line(s, p, end);
		if (stop)
			return stop;
	}
	return 0;
}

static int scan_window(struct pattern_scratch *s, struct slice window)
{
	int stop = 0;

	for (size_t i = 0; i < PATTERN_STREAMS; i++)
		s->places[i].count = 0;
	if (s->set->engine->find)
		s->set->engine->find(s, window);
	if (s->set->always_count)
		return try_lines(s, window);
	for (size_t i = 0; i < PATTERN_STREAMS && !stop; i++)
		stop = try_places(s, window, &s->places[i]);
	return stop;
}

/* Whole lines, about PATTERN_WINDOW long; a longer line stands alone. */
static size_t window_len(const char *p, size_t left)
{
	const char *end;

	if (left <= PATTERN_WINDOW)
		return left;
	end = memrchr(p, '\n', PATTERN_WINDOW);
	if (!end)
		end = memchr(p + PATTERN_WINDOW, '\n', left - PATTERN_WINDOW);
	return end ? (size_t)(end - p) + 1 : left;
}

int pattern_scan(const struct pattern_set *set, struct pattern_scratch *scratch,
		 const struct pattern_block *block,
		 const struct pattern_sink *sink)
{
	struct pattern_scratch *s = scratch;
	const char *p = block->text.ptr;
	size_t left = block->text.len, n;
	int stop = 0;

	if (set->expr_count == 0)
		return 0;
	s->block = block;
	s->sink = sink;
	s->counted_to = p;
	s->line_number = block->line;
	for (; left && !stop; p += n, left -= n) {
		n = window_len(p, left);
		stop = scan_window(s, (struct slice){p, n});
	}
	return stop;
}

static uint64_t count_newlines(const char *p, size_t n)
{
	uint64_t count = 0;

	while (n--)
		count += *p++ == '\n';
	return count;
}

uint64_t pattern_count_lines(struct slice text)
{
	return count_newlines(text.ptr, text.len) +
	       (text.len && text.ptr[text.len - 1] != '\n');
}

uint64_t pattern_hit_line(const struct pattern_hit *hit)
{
	struct pattern_scratch *s = hit->scratch;

	s->line_number += count_newlines(
		s->counted_to, (size_t)(hit->line.ptr - s->counted_to));
	s->counted_to = hit->line.ptr;
	return s->line_number;
}

/* The entries of the table of names: two bytes of number, the name, a NUL. */
static const char *name_entry(const struct pattern_hit *hit, size_t index,
			      uint32_t *ret_group)
{
	const struct pattern_set *set = hit->scratch->set;
	const pcre2_code *code =
		set->exprs[set->rules[hit->rule].first + hit->expr].re.code;
	uint32_t count = 0, size = 0;
	const unsigned char *table = NULL;

	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
	if (index >= count)
		return NULL;
	table += index * (size_t)size;
	*ret_group = (uint32_t)table[0] << 8 | table[1];
	return (const char *)table + 2;
}

const char *pattern_hit_name(const struct pattern_hit *hit, size_t index)
{
	uint32_t group;

	return name_entry(hit, index, &group);
}

bool pattern_hit_capture(const struct pattern_hit *hit, const char *name,
			 struct slice *ret)
{
	const size_t *at = pcre2_get_ovector_pointer(hit->scratch->data);
	const char *entry;
	uint32_t group = 0;

	for (size_t i = 0; (entry = name_entry(hit, i, &group)); i++) {
		size_t from = at[(size_t)2 * group];
		size_t to = at[(size_t)2 * group + 1];

		if (strcmp(entry, name) != 0 || from == PCRE2_UNSET)
			continue;
		*ret = (struct slice){hit->line.ptr + from,
				      to > from ? to - from : 0};
		return true;
	}
	return false;
}
