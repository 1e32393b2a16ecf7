/*
 * pattern-scan.c - from the places that an engine found to hits.
 *
 * The block is gone through in windows of whole lines. In each the engine looks
 * for places; around them lines are found, and on each line PCRE2 runs the
 * expressions that were marked for it, each of them once, in order.
 */
#include "pattern-needle.h"

#include <oncall/mem.h>

#include <time.h>

#define PLACES_MIN    1024
#define JIT_STACK_MIN ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)
/* Longer lists are sorted by the C library. */
#define SORT_FEW    16
#define MESSAGE_MAX 160

/* Whole lines of a block; offset is that of the first one in the stream. */
struct window {
	struct slice text;
	uint64_t offset;
};

void pattern_places_grow(struct pattern_places *p)
{
	p->cap = p->cap ? p->cap * 2 : PLACES_MIN;
	p->list = mem_resize(p->list, p->cap, sizeof(*p->list));
}

static int order_of_places(const void *a, const void *b)
{
	const struct pattern_place *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

void pattern_places_sort(struct pattern_places *p)
{
	if (p->count > 1)
		qsort(p->list, p->count, sizeof(*p->list), order_of_places);
}

struct pattern_scratch *pattern_scratch_new(const struct pattern_set *set)
{
	struct pattern_scratch *s = mem_zero(1, sizeof(*s));

	s->set = set;
	s->hit.scratch = s;
	s->marked = mem_alloc((set->expr_count + 1) * sizeof(*s->marked));
	s->marks = mem_zero(set->expr_count + 1, sizeof(*s->marks));
	s->stats = mem_zero(set->rule_count + 1, sizeof(*s->stats));
	s->data = pcre2_match_data_create(set->groups_max + 1, NULL);
	s->except_data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (!s->data || !s->except_data || !s->context)
		mem_die();
	s->spans = pcre2_get_ovector_pointer(s->data);
	/* Without JIT there is no stack for it, and none is needed. */
	if (s->stack)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	(void)pcre2_set_match_limit(s->context, set->match_limit);
	(void)pcre2_set_depth_limit(s->context, set->match_limit);
	(void)pcre2_set_heap_limit(s->context, PATTERN_HEAP_LIMIT);
	pattern_guard_init(&s->guard, s->context);
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
	free(s->places.list);
	pcre2_match_data_free(s->data);
	pcre2_match_data_free(s->except_data);
	pcre2_match_context_free(s->context);
	pattern_guard_done(&s->guard);
	pcre2_jit_stack_free(s->stack);
	free(s->marked);
	free(s->marks);
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
	size_t sorted = 1;

	while (sorted < s->marked_count && list[sorted - 1] < list[sorted])
		sorted++;
	if (sorted >= s->marked_count)
		return;
	if (s->marked_count > SORT_FEW) {
		qsort(list, s->marked_count, sizeof(*list), order_of_numbers);
		return;
	}
	for (size_t i = sorted; i < s->marked_count; i++) {
		uint32_t one = list[i];
		size_t k = i;

		for (; k > 0 && list[k - 1] > one; k--)
			list[k] = list[k - 1];
		list[k] = one;
	}
}

static uint64_t nanoseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void pattern_scratch_measure(struct pattern_scratch *s)
{
	s->measure = true;
}

static int run(struct pattern_code *re, const struct pattern_hit *hit,
	       size_t from, struct pattern_scratch *s, pcre2_match_data *data)
{
	uint64_t begin;
	int rc;

	if (!s->measure)
		return pattern_code_match(re, hit->text, from, s, data);
	begin = nanoseconds();
	rc = pattern_code_match(re, hit->text, from, s, data);
	s->stats[hit->rule].ns += nanoseconds() - begin;
	return rc;
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
		int rc = run(&rule->excepts[i], hit, 0, s, s->except_data);

		if (rc >= 0)
			return true;
		if (rc != PCRE2_ERROR_NOMATCH)
			*stop = tell_fault(s, hit, rc);
	}
	return false;
}

static void set_match(struct pattern_hit *hit)
{
	const size_t *at = hit->scratch->spans;

	/* \K in a look ahead may begin a match behind its end. */
	hit->match.ptr = hit->text.ptr + at[0];
	hit->match.len = at[1] > at[0] ? at[1] - at[0] : 0;
}

/* Before this there is no match: the first string that one must contain was
 * found at the place. */
static size_t begin_at(const struct pattern_expr *e, struct slice text,
		       const char *place)
{
	size_t at = (uintptr_t)place - (uintptr_t)text.ptr;

	return place && at < text.len && at > e->reach ? at - e->reach : 0;
}

/* Runs one expression. *done when its rule needs no other one. */
static int try_expr(struct pattern_scratch *s, uint32_t expr,
		    struct pattern_hit *hit, bool *done)
{
	struct pattern_expr *e = &s->set->exprs[expr];
	size_t from = begin_at(e, hit->text, s->marks[expr].place);
	int rc = run(&e->re, hit, from, s, s->data);
	int stop = 0;

	*done = false;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0) {
		hit->match = (struct slice){hit->text.ptr, 0};
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

/* Runs what is marked on what is seen of the line. */
static int try_marked(struct pattern_scratch *s, struct slice line,
		      struct slice text, uint64_t offset)
{
	const struct pattern_set *set = s->set;
	struct pattern_hit *hit = &s->hit;
	bool done = false;

	hit->line = line;
	hit->text = text;
	hit->offset = offset;
	hit->rule = SIZE_MAX;
	sort_marked(s);
	for (size_t i = 0; i < s->marked_count; i++) {
		uint32_t expr = s->marked[i], rule = set->exprs[expr].rule;
		int stop;

		if (rule == hit->rule && done)
			continue;
		if (rule != hit->rule)
			s->stats[rule].tried++;
		hit->rule = rule;
		hit->expr = expr - set->rules[rule].first;
		stop = try_expr(s, expr, hit, &done);
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

static void mark_all(struct pattern_scratch *s, const uint32_t *exprs,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		pattern_mark(s, exprs[i], NULL);
}

/* Does it say at all where an expression may match? */
static bool finds(const struct pattern_set *set)
{
	return set->filter || set->engine->find;
}

/* Marks what may match in a text, however long it is and whatever lines it
 * has. */
static void mark_text(struct pattern_scratch *s, struct slice text)
{
	const struct pattern_set *set = s->set;

	begin_line(s);
	if (finds(set))
		pattern_filter_mark(pattern_set_filter(set, PATTERN_PLAIN), s,
				    text);
	else
		for (size_t i = 0; i < set->expr_count; i++)
			pattern_mark(s, (uint32_t)i, NULL);
}

/* What is marked on a line of a window, unless something else than the line is
 * seen of it; end is its newline or the window's end. */
static int try_line(struct pattern_scratch *s, const struct window *w,
		    const char *begin, const char *end)
{
	const struct pattern_sink *sink = s->sink;
	const char *all = w->text.ptr;
	struct slice line = {begin, (size_t)(end - begin)}, text;

	if (line.len && end < all + w->text.len && end[-1] == '\r')
		line.len--;
	text = line;
	if (sink->wraps && sink->wraps(sink->arg, line)) {
		text = sink->view(sink->arg, line);
		if (text.ptr != line.ptr || text.len != line.len)
			mark_text(s, text);
	}
	return try_marked(s, line, text, w->offset + (uint64_t)(begin - all));
}

/* Marks what the places of a window from i on before end stand for; the first
 * one behind. */
static size_t resolve_to(struct pattern_scratch *s, const char *all, size_t i,
			 size_t end)
{
	const struct pattern_places *p = &s->places;

	for (; i < p->count && p->list[i].at < end; i++) {
		const char *place = s->exact ? all + p->list[i].at : NULL;

		if (s->filter)
			pattern_filter_resolve(s->filter, s, p->list[i].ref,
					       place);
		else
			s->set->engine->resolve(s, p->list[i].ref);
	}
	return i;
}

/* Only the lines with a place in them. */
static int try_places(struct pattern_scratch *s, const struct window *w)
{
	const struct pattern_places *places = &s->places;
	const char *all = w->text.ptr, *begin, *end;
	size_t i = 0;

	while (i < places->count) {
		size_t at = places->list[i].at;
		int stop;

		begin = memrchr(all, '\n', at);
		begin = begin ? begin + 1 : all;
		end = pattern_line_end(all + at, all + w->text.len);
		begin_line(s);
		/* A place on a newline belongs to no line. */
		i = resolve_to(s, all, i,
			       (size_t)(end - all) + (end == all + at));
		stop = try_line(s, w, begin, end);
		if (stop)
			return stop;
	}
	return 0;
}

/* Each line, since some expressions want to see all of them. */
static int try_lines(struct pattern_scratch *s, const struct window *w,
		     const uint32_t *always, size_t always_count)
{
	const char *all = w->text.ptr, *p = all, *last = p + w->text.len, *end;
	size_t i = 0;

	for (; p < last; p = end + 1) {
		int stop;

		end = pattern_line_end(p, last);
		begin_line(s);
		mark_all(s, always, always_count);
		i = resolve_to(s, all, i, (size_t)(end - all) + 1);
		stop = try_line(s, w, p, end);
		if (stop)
			return stop;
	}
	return 0;
}

/* Each line with each expression. */
static int try_all(struct pattern_scratch *s, const struct window *w)
{
	const char *p = w->text.ptr, *last = p + w->text.len, *end;

	for (; p < last; p = end + 1) {
		int stop;

		end = pattern_line_end(p, last);
		mark_text(s, (struct slice){p, (size_t)(end - p)});
		stop = try_line(s, w, p, end);
		if (stop)
			return stop;
	}
	return 0;
}

/* Whether a line wraps something that an engine would miss: one that finds
 * strings wherever they stand, only what is escaped. */
static bool hides(const struct pattern_scratch *s, struct slice text)
{
	const struct pattern_sink *sink = s->sink;
	const char *p = text.ptr, *last = p + text.len, *begin, *end;

	for (; p < last; p = end + 1) {
		begin = p;
		if (!s->set->engine->whole) {
			p = memchr(p, '\\', (size_t)(last - p));
			if (!p)
				return false;
			begin = memrchr(text.ptr, '\n', (size_t)(p - text.ptr));
			begin = begin ? begin + 1 : text.ptr;
		}
		end = pattern_line_end(p, last);
		if (sink->wraps(sink->arg,
				(struct slice){begin, (size_t)(end - begin)}))
			return true;
	}
	return false;
}

static int scan_window(struct pattern_scratch *s, const struct window *w)
{
	const struct pattern_set *set = s->set;
	const uint32_t *always = set->always;
	size_t always_count = set->always_count;

	if (!finds(set) || w->text.len > PATTERN_LONG_LINE)
		return try_all(s, w);
	s->filter = set->filter;
	s->places.count = 0;
	/* Strings for JSON find the same, on its lines faster. */
	if (s->sink->wraps && (*w->text.ptr == '{' || hides(s, w->text)))
		s->filter = pattern_set_filter(set, PATTERN_JSON);
	s->exact = s->filter && s->filter == set->filter;
	if (s->filter) {
		pattern_filter_find(s->filter, &s->places, w->text);
		always = s->filter->always;
		always_count = s->filter->always_count;
	} else {
		set->engine->find(s, w->text);
	}
	return always_count ? try_lines(s, w, always, always_count)
			    : try_places(s, w);
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
	struct slice left = block->text;
	struct window w = {.offset = block->offset};
	int stop = 0;

	if (set->expr_count == 0)
		return 0;
	s->sink = sink;
	s->counted_to = left.ptr;
	s->line_number = block->line;
	while (left.len && !stop) {
		w.text = (struct slice){left.ptr,
					window_len(left.ptr, left.len)};
		stop = scan_window(s, &w);
		w.offset += w.text.len;
		left.ptr += w.text.len;
		left.len -= w.text.len;
	}
	return stop;
}

int pattern_scan_text(const struct pattern_set *set,
		      struct pattern_scratch *scratch, struct slice text,
		      uint64_t offset, const struct pattern_sink *sink)
{
	if (set->expr_count == 0)
		return 0;
	scratch->sink = sink;
	scratch->counted_to = text.ptr;
	scratch->line_number = 1;
	mark_text(scratch, text);
	return try_marked(scratch, text, text, offset);
}
