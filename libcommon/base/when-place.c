/*
 * when-place.c - the clock of a place, and days in words. The C library is
 * asked for the offset of each day in a block of days, and where two days
 * differ, for the second in which it changes; so asking costs nothing after the
 * first time.
 */
#include <oncall/when-place.h>

#include <time.h>

#include <oncall/mem.h>

#include "when-internal.h"

#define BLOCK_DAYS  64
#define BLOCK_MS    (BLOCK_DAYS * WHEN_DAY)
#define BLOCKS_KEPT 8
#define SPANS_MAX   16		     /* of one offset in a block */
#define OFFSET_MAX  (26 * WHEN_HOUR) /* as large as a POSIX text has it */

struct span { /* until the next one begins */
	int64_t from, offset;
};

struct block {
	int64_t number; /* from 1970 on; its times are BLOCK_MS each */
	size_t count;	/* 0: not known yet */
	struct span spans[SPANS_MAX];
};

struct when_place {
	char *zone;
	struct block blocks[BLOCKS_KEPT];
};

int when_place_new(struct when_place **ret, const char *zone, struct err *err)
{
	if (when_check_zone(zone, err) < 0)
		return -1;
	*ret = mem_zero(1, sizeof(**ret));
	(*ret)->zone = mem_dup(zone);
	return 0;
}

void when_place_free(struct when_place *p)
{
	if (!p)
		return;
	free(p->zone);
	free(p);
}

static int64_t offset_at(int64_t ms)
{
	time_t seconds = (time_t)(ms / WHEN_SECOND);
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return 0;
	return (int64_t)tm.tm_gmtoff * WHEN_SECOND;
}

static void add_span(struct block *b, int64_t from, int64_t offset)
{
	if (b->count < SPANS_MAX)
		b->spans[b->count++] = (struct span){from, offset};
}

/* The second in which the offset becomes what it is at to. */
static int64_t find_change(int64_t from, int64_t to)
{
	int64_t offset = offset_at(to);

	while (to - from > WHEN_SECOND) {
		int64_t middle =
			from + (to - from) / 2 / WHEN_SECOND * WHEN_SECOND;

		if (offset_at(middle) == offset)
			to = middle;
		else
			from = middle;
	}
	return to;
}

static void fill_block(void *arg)
{
	struct block *b = arg;
	int64_t day = b->number * BLOCK_MS, offset = offset_at(day);

	add_span(b, day, offset);
	for (int i = 0; i < BLOCK_DAYS; i++, day += WHEN_DAY) {
		int64_t next = offset_at(day + WHEN_DAY);

		if (next != offset)
			add_span(b, find_change(day, day + WHEN_DAY), next);
		offset = next;
	}
}

static const struct block *block_of(struct when_place *p, int64_t number)
{
	struct block *b = &p->blocks[(uint64_t)number % BLOCKS_KEPT];

	if (!b->count || b->number != number) {
		*b = (struct block){.number = number};
		when_in_zone(p->zone, fill_block, b);
	}
	return b;
}

int64_t when_place_ms(struct when_place *p, int64_t local_ms, bool last)
{
	int64_t ms = local_ms - OFFSET_MAX, end = local_ms + OFFSET_MAX;
	int64_t found = WHEN_NONE;

	for (int64_t n = ms / BLOCK_MS - (ms % BLOCK_MS < 0);
	     n * BLOCK_MS <= end; n++) {
		const struct block *b = block_of(p, n);

		for (size_t i = 0; i < b->count; i++) {
			int64_t at = local_ms - b->spans[i].offset;
			int64_t to = i + 1 < b->count ? b->spans[i + 1].from
						      : (n + 1) * BLOCK_MS;

			if (at >= to)
				continue;
			/* Before this span, and behind the one before it. */
			if (at < b->spans[i].from)
				at = found == WHEN_NONE ? b->spans[i].from
							: found;
			if (!last)
				return at;
			found = at;
		}
	}
	return found;
}

int when_weekday(int64_t ms)
{
	int64_t day = ms / WHEN_DAY - (ms % WHEN_DAY < 0);

	/* 1970-01-01 was a Thursday. */
	return (int)(((day + 3) % WHEN_WEEKDAYS + WHEN_WEEKDAYS) %
		     WHEN_WEEKDAYS);
}

bool when_read_day(const char *text, int64_t *ret_ms)
{
	struct when_civil c = {.year = 0};

	return strlen(text) == WHEN_DATE_LEN && when_read_date(text, '-', &c) &&
	       when_civil_ms(&c, ret_ms);
}

bool when_read_weekday(const char *p, size_t n, int *ret)
{
	static const char *const names[WHEN_WEEKDAYS] = {
		"monday", "tuesday",  "wednesday", "thursday",
		"friday", "saturday", "sunday"};

	for (*ret = 0; *ret < WHEN_WEEKDAYS; ++*ret)
		if ((n == 3 || n == strlen(names[*ret])) &&
		    !strncasecmp(p, names[*ret], n))
			return true;
	return false;
}

bool when_read_time(const char *text, int64_t *ret)
{
	unsigned hour, minute;
	const char *colon = strchr(text, ':');

	if (!colon || strlen(colon) != 3 || colon == text ||
	    !when_two_digits(colon + 1, &minute))
		return false;
	if (colon - text == 1 && when_digit(*text))
		hour = (unsigned)(*text - '0');
	else if (colon - text != 2 || !when_two_digits(text, &hour))
		return false;
	*ret = hour * WHEN_HOUR + minute * WHEN_MINUTE;
	return minute < 60 && *ret <= WHEN_DAY;
}
