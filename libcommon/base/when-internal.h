/* when-internal.h - the calendar, shared by the parts of when. */
#ifndef ONCALL_WHEN_INTERNAL_H
#define ONCALL_WHEN_INTERNAL_H

#include <oncall/when-place.h>
#include <oncall/when.h>

#define WHEN_DATE_LEN 10 /* "2026-11-20" */

/* Reads "2026-11-20" from WHEN_DATE_LEN bytes. */
bool when_read_date(const char *p, char separator, struct when_civil *c);
/* Reads "10:11:12" and a fraction after '.' or ','; the bytes taken, or 0. */
size_t when_read_clock(const char *p, size_t n, struct when_civil *c);
/* Of the three letters at p, small or not: the month, 0 when it is none. */
unsigned when_month(const char *p);
bool when_is_weekday(const char *p);
/* Turns a time in the zone that was set into UTC; gives its offset. */
int64_t when_local_ms(int64_t local_ms, int *ret_offset_minutes);

/* when-zone.c: ERR_USAGE for what is no name of a zone. */
int when_check_zone(const char *name, struct err *err) MUST_CHECK;
/* Does work while the C library's clock is that of a good zone. */
void when_in_zone(const char *name, void (*work)(void *arg), void *arg);

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
