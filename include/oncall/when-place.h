/* when-place.h - the calendar, and the clock of a place beside the zone that
 * was set. Where the clock is put back, a time of day comes twice. */
#ifndef ONCALL_WHEN_PLACE_H
#define ONCALL_WHEN_PLACE_H

#include <oncall/err.h>

#define WHEN_WEEKDAYS 7

/* A date and a time of day, of no particular zone. */
struct when_civil {
	unsigned year, month, day; /* months and days count from 1 */
	unsigned hour, minute, second;
	unsigned ms;
};

/* Milliseconds as if c were UTC; false when there is no such day or time. */
bool when_civil_ms(const struct when_civil *c, int64_t *ret_ms);
/* The date of a time from WHEN_MIN to WHEN_MAX. */
void when_civil_date(int64_t ms, struct when_civil *ret);
/* Of such a time; Monday is 0. */
int when_weekday(int64_t ms);
/* "2026-11-20", all of it, to that midnight as if it were UTC. */
bool when_read_day(const char *text, int64_t *ret_ms);
/* "Mon" or "monday". */
bool when_read_weekday(const char *p, size_t n, int *ret);
/* "09:00" or "9:00", all of it, to milliseconds; 24:00 is the end of a day. */
bool when_read_time(const char *text, int64_t *ret);

struct when_place;
int when_place_new(struct when_place **ret, const char *zone, struct err *err)
	MUST_CHECK;
void when_place_free(struct when_place *p);
/* The time at which that clock shows local_ms: the first or the last one; when
 * it is put forward over that, the moment at which it is. */
int64_t when_place_ms(struct when_place *p, int64_t local_ms, bool last);

#endif
