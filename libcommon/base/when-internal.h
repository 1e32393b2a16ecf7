/* when-internal.h - the calendar, shared by the parts of when. */
#ifndef ONCALL_WHEN_INTERNAL_H
#define ONCALL_WHEN_INTERNAL_H

#include <oncall/when.h>

#define WHEN_DATE_LEN 10 /* "2026-11-20" */

/* A date and a time of day, of no particular zone. */
struct when_civil {
	unsigned year, month, day; /* months and days count from 1 */
	unsigned hour, minute, second;
	unsigned ms;
};

/* Reads "2026-11-20" from WHEN_DATE_LEN bytes. */
bool when_read_date(const char *p, char separator, struct when_civil *c);
/* Reads "10:11:12" and a fraction after '.' or ','; the bytes taken, or 0. */
size_t when_read_clock(const char *p, size_t n, struct when_civil *c);
/* Milliseconds as if c were UTC; false when there is no such day or time. */
bool when_civil_ms(const struct when_civil *c, int64_t *ret_ms);
/* The date of a time from WHEN_MIN to WHEN_MAX. */
void when_civil_date(int64_t ms, struct when_civil *ret);
/* Turns a time in the zone that was set into UTC; gives its offset. */
int64_t when_local_ms(int64_t local_ms, int *ret_offset_minutes);

static inline bool when_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool when_two_digits(const char *p, unsigned *ret)
{
	unsigned tens = (unsigned)p[0] - '0', ones = (unsigned)p[1] - '0';

	*ret = tens * 10 + ones;
	return tens <= 9 && ones <= 9;
}

#endif
