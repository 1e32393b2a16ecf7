/*
 * roster-turn.c - whose turn it is. The number of a turn follows from the time
 * by a division; as clocks are up to a day away from UTC, and are put forward
 * and back, the few turns around are searched.
 */
#include "roster-internal.h"

#define CLOCKS_DIFFER (27 * WHEN_HOUR) /* at most, from UTC; and one change */
#define MONTHS	      12
#define YEAR_MAX      9999

/* Windows that come back change within these days; only a window of dates holds
 * longer, or is longer ago. */
#define WINDOWS_CHANGE (40 * WHEN_DAY)

#define NEVER INT64_MAX /* as an end; WHEN_NONE is before all times */

static int64_t months_of(int64_t ms)
{
	struct when_civil c;

	when_civil_date(ms, &c);
	return (int64_t)c.year * MONTHS + c.month - 1;
}

static int64_t month_begins(const struct roster_rotation *rot, int64_t k)
{
	int64_t months = months_of(rot->first) + k, ms = 0;
	struct when_civil c = {
		.year = (unsigned)(months / MONTHS),
		.month = (unsigned)(months % MONTHS) + 1,
		.day = rot->day,
	};

	if (c.year > YEAR_MAX)
		return WHEN_MAX + 1 + k;
	while (!when_civil_ms(&c, &ms))
		c.day--;
	return when_place_ms(rot->zone->place, ms + rot->first % WHEN_DAY,
			     false);
}

int64_t roster_turn_begins(const struct roster_rotation *rot, int64_t k)
{
	if (rot->monthly)
		return month_begins(rot, k);
	return when_place_ms(rot->zone->place, rot->first + k * rot->period,
			     false);
}

/* The last turn that has begun; ms is not before the first one. */
static int64_t turn_of(const struct roster_rotation *rot, int64_t ms)
{
	int64_t about, slack = 2, low, high;

	if (rot->monthly) {
		about = months_of(ms) - months_of(rot->first);
	} else {
		about = (ms - rot->first) / rot->period;
		slack += CLOCKS_DIFFER / rot->period;
	}
	low = about > slack ? about - slack : 0;
	high = (about > 0 ? about : 0) + slack;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (roster_turn_begins(rot, middle) <= ms)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Whether a window holds; ret_next: when one of them begins or ends. */
static bool windows_hold(const struct roster_rotation *rot, int64_t ms,
			 int64_t *ret_next)
{
	bool holds = false;

	*ret_next = NEVER;
	for (size_t i = 0; i < rot->window_count; i++) {
		int64_t change;

		if (window_holds(rot->windows[i], ms, &change))
			holds = true;
		if (change != WHEN_NONE && change < *ret_next)
			*ret_next = change;
	}
	return holds;
}

/* Until when they hold, or do not, as they do at ms; limit at most. */
static int64_t windows_until(const struct roster_rotation *rot, int64_t ms,
			     int64_t limit)
{
	int64_t at, next;
	bool holds = windows_hold(rot, ms, &at);

	while (at < limit && windows_hold(rot, at, &next) == holds)
		at = next;
	return at < limit ? at : limit;
}

/* When that began, looking at what is behind from; WHEN_NONE: before. */
static int64_t windows_since(const struct roster_rotation *rot, int64_t from,
			     int64_t ms)
{
	int64_t began = WHEN_NONE, at, next;
	bool held = windows_hold(rot, from, &at);

	for (; at <= ms; at = next) {
		bool holds = windows_hold(rot, at, &next);

		if (holds != held)
			began = at;
		held = holds;
	}
	return began;
}

/* Makes from and to those of what the windows say at ms. */
static void cut_to_windows(const struct roster_rotation *rot, int64_t ms,
			   int64_t *from, int64_t *to)
{
	int64_t began = WHEN_NONE;

	if (ms - *from > WINDOWS_CHANGE)
		began = windows_since(rot, ms - WINDOWS_CHANGE, ms);
	if (began == WHEN_NONE)
		began = windows_since(rot, *from, ms);
	if (began != WHEN_NONE)
		*from = began;
	*to = windows_until(rot, ms, *to);
}

/* Of two that hold, the one that begins later wins; else the later line. */
static bool wins(const struct roster_override *a,
		 const struct roster_override *b)
{
	return a->from > b->from || (a->from == b->from && a->line > b->line);
}

/* The override that wins at ms, or NULL; from and to: until overrides say
 * something else. */
static const struct roster_override *override_at(
	const struct roster_rotation *rot, int64_t ms, int64_t *from,
	int64_t *to)
{
	const struct roster_override *found = NULL;

	for (size_t i = 0; i < rot->override_count; i++) {
		const struct roster_override *o = &rot->overrides[i];

		if (o->from <= ms && ms < o->to && (!found || wins(o, found)))
			found = o;
	}
	*from = found ? found->from : WHEN_NONE;
	*to = found ? found->to : NEVER;
	for (size_t i = 0; i < rot->override_count; i++) {
		const struct roster_override *o = &rot->overrides[i];

		if (o->from > ms && o->from < *to)
			*to = o->from;
		if (o->to <= ms && o->to > *from && (!found || wins(o, found)))
			*from = o->to;
	}
	return found;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What the rotation says between from and to, where no override holds. */
static const char *rotation_at(const struct roster_rotation *rot, int64_t ms,
			       int64_t *from, int64_t *to)
{
	int64_t k, unused;

	if (ms < rot->start) {
		*to = earlier(*to, rot->start);
		return NULL;
	}
	*from = later(*from, rot->start);
	if (rot->window_count && !windows_hold(rot, ms, &unused)) {
		cut_to_windows(rot, ms, from, to);
		return NULL;
	}
	k = turn_of(rot, ms);
	*from = later(*from, roster_turn_begins(rot, k));
	*to = earlier(*to, roster_turn_begins(rot, k + 1));
	if (rot->window_count)
		cut_to_windows(rot, ms, from, to);
	return rot->people[(uint64_t)k % rot->person_count];
}

void roster_turn_at(const struct roster_rotation *rot, int64_t ms,
		    struct roster_turn *ret)
{
	const struct roster_override *o;

	ms = later(WHEN_MIN, earlier(ms, WHEN_MAX));
	*ret = (struct roster_turn){.team = rot->team, .rotation = rot->name};
	o = override_at(rot, ms, &ret->from, &ret->to);
	if (o) {
		ret->person = o->person;
		ret->why = "override";
	} else {
		ret->person = rotation_at(rot, ms, &ret->from, &ret->to);
		ret->why = ret->person ? "rotation" : "outside";
	}
	if (ret->to == NEVER)
		ret->to = WHEN_NONE;
}
