/*
 * condition-window.c - hits within a time. Marks are sorted; any N of them
 * that lie within the time are what the rule waits for. For a threshold up to
 * 2 N are remembered, those nearest to the last hit, so that late ones find
 * their company; for a group the newest of each part.
 */
#include "condition-state.h"

#include <oncall/mem.h>

#define FIRST_MARKS 4

/* Where a mark belongs: behind those that are not greater. */
static size_t place_of(const struct condition_state *s, int64_t mark)
{
	size_t low = 0, high = s->mark_count;

	/* Hits mostly come in order. */
	if (high && s->marks[high - 1] <= mark)
		return high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->marks[mid] <= mark)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void remove_marks(struct condition_state *s, size_t at, size_t count)
{
	if (!count)
		return;
	memmove(s->marks + at, s->marks + at + count,
		(s->mark_count - at - count) * sizeof(*s->marks));
	s->mark_count -= (uint32_t)count;
}

static size_t insert(struct condition_state *s, int64_t mark)
{
	size_t at = place_of(s, mark);

	if (s->mark_count == s->mark_cap) {
		s->mark_cap = s->mark_cap ? 2 * s->mark_cap : FIRST_MARKS;
		s->marks = mem_resize(s->marks, s->mark_cap, sizeof(*s->marks));
	}
	memmove(s->marks + at + 1, s->marks + at,
		(s->mark_count - at) * sizeof(*s->marks));
	s->marks[at] = mark;
	s->mark_count++;
	return at;
}

static size_t part_at(const struct condition_state *s, size_t part)
{
	size_t i = 0;

	while (i < s->mark_count && CONDITION_MARK_PART(s->marks[i]) != part)
		i++;
	return i;
}

/* Of each part the newest hit counts, unless the clock has jumped back. */
static bool replaces(const struct condition_state *s, size_t i, int64_t time,
		     int64_t within)
{
	int64_t old = condition_mark_time(s->marks[i]);

	return time >= old || time < old - within;
}

static int64_t time_at(const struct condition_state *s, size_t i)
{
	return condition_mark_time(s->marks[i]);
}

/* The first N marks within the time that the one at a place is among. */
static bool reached(const struct condition_state *s, size_t at, size_t n,
		    int64_t within, size_t *ret)
{
	size_t i = at >= n ? at - n + 1 : 0;

	for (; i <= at && i + n <= s->mark_count; i++) {
		if (time_at(s, i + n - 1) - time_at(s, i) <= within) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool condition_mark_add(struct condition_state *s,
			const struct condition_node *n, int64_t time,
			size_t part, struct condition_reached *ret)
{
	size_t want = (size_t)n->when->count;
	size_t at, from;

	if (n->core == CONDITION_GROUP) {
		at = part_at(s, part);
		if (at < s->mark_count) {
			if (!replaces(s, at, time, n->within))
				return false;
			remove_marks(s, at, 1);
		}
	}
	at = insert(s, CONDITION_MARK(time, part));
	if (reached(s, at, want, n->within, &from)) {
		ret->first = time_at(s, from);
		ret->last = time_at(s, from + want - 1);
		ret->beyond = 0;
		if (s->until != WHEN_NONE) {
			size_t end = place_of(s, CONDITION_MARK(s->until, 63));

			if (end < from + want)
				ret->beyond = (int64_t)(from + want - end);
		}
		remove_marks(s, 0, from + want);
		return true;
	}
	if (n->core == CONDITION_TIMES && s->mark_count == 2 * want)
		remove_marks(s, at >= want ? 0 : want, want);
	return false;
}

void condition_marks_end(struct condition_state *s, int64_t from, int64_t to)
{
	size_t at = place_of(s, CONDITION_MARK(from, 0) - 1);

	remove_marks(s, at, place_of(s, CONDITION_MARK(to, 63)) - at);
}

/* The longest run within the time that the hit would be among. */
int64_t condition_mark_count(const struct condition_state *s,
			     const struct condition_node *n, int64_t time,
			     size_t part)
{
	int64_t best = 1;

	for (size_t i = 0; s && i < s->mark_count; i++) {
		int64_t start = time_at(s, i) < time ? time_at(s, i) : time;
		int64_t count = 1;

		if (time - start > n->within)
			continue;
		for (size_t k = i; k < s->mark_count; k++) {
			if (time_at(s, k) - start > n->within)
				break;
			if (n->core == CONDITION_TIMES ||
			    CONDITION_MARK_PART(s->marks[k]) != part)
				count++;
		}
		if (count > best)
			best = count;
		if (start == time)
			break;
	}
	return best;
}
