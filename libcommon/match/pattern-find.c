/* pattern-find.c - the lines of a block that are worth a closer look. */
#include "pattern-filter.h"

/* Whole lines, about PATTERN_WINDOW long; a longer line stands alone. */
size_t pattern_window_len(const char *p, size_t left)
{
	const char *end;

	if (left <= PATTERN_WINDOW)
		return left;
	end = memrchr(p, '\n', PATTERN_WINDOW);
	if (!end)
		end = memchr(p + PATTERN_WINDOW, '\n', left - PATTERN_WINDOW);
	return end ? (size_t)(end - p) + 1 : left;
}

struct find {
	struct pattern_scratch *s;
	const struct pattern_filter *json; /* NULL: the lines are plain */
	bool all;
	struct slice window;
	int (*line)(void *arg, struct slice line);
	void *arg;
};

static int give_line(const struct find *k, const char *begin, const char *end)
{
	struct slice line = {begin, (size_t)(end - begin)};

	if (line.len && end < k->window.ptr + k->window.len && end[-1] == '\r')
		line.len--;
	return k->line(k->arg, line);
}

static int give_all(const struct find *k)
{
	const char *p = k->window.ptr, *last = p + k->window.len, *end;
	int stop = 0;

	for (; p < last && !stop; p = end + 1) {
		end = pattern_line_end(p, last);
		stop = give_line(k, p, end);
	}
	return stop;
}

/* The lines with a place in them. A place on a newline belongs to none. */
static int give_places(const struct find *k)
{
	const struct pattern_places *places = &k->s->places;
	const char *all = k->window.ptr, *end = NULL;
	int stop = 0;

	for (size_t i = 0; i < places->count && !stop; i++) {
		const char *at = all + places->list[i].at, *begin;

		if ((end && at <= end) || *at == '\n')
			continue;
		begin = memrchr(all, '\n', (size_t)(at - all));
		begin = begin ? begin + 1 : all;
		end = pattern_line_end(at, all + k->window.len);
		stop = give_line(k, begin, end);
	}
	return stop;
}

static int find_in_window(const struct find *k)
{
	struct pattern_scratch *s = k->s;

	if (k->all || k->window.len > PATTERN_LONG_LINE)
		return give_all(k);
	s->places.count = 0;
	if (k->json)
		pattern_filter_find(k->json, &s->places, k->window);
	else
		s->set->engine->find(s, k->window);
	return give_places(k);
}

int pattern_find(const struct pattern_set *set, struct pattern_scratch *scratch,
		 struct slice block, enum pattern_form form,
		 int (*line)(void *arg, struct slice line), void *arg)
{
	struct find k = {.s = scratch, .line = line, .arg = arg};
	int stop = 0;

	if (set->expr_count == 0)
		return 0;
	if (!set->engine->find) {
		k.all = true;
	} else if (form == PATTERN_JSON) {
		k.json = pattern_set_filter(set, PATTERN_JSON);
		k.all = k.json->always_count > 0;
	} else {
		k.all = set->always_count > 0;
	}
	while (block.len && !stop) {
		k.window.ptr = block.ptr;
		k.window.len = pattern_window_len(block.ptr, block.len);
		stop = find_in_window(&k);
		block.ptr += k.window.len;
		block.len -= k.window.len;
	}
	return stop;
}
