/* when-internal.h - the calendar, shared by the parts of when. */
#ifndef ONCALL_WHEN_INTERNAL_H
#define ONCALL_WHEN_INTERNAL_H

#include <endian.h>

#include <oncall/when-place.h>
#include <oncall/when.h>

#define WHEN_DATE_LEN  10 /* "2026-11-20" */
#define WHEN_CLOCK_LEN 8  /* "10:11:12" */

/* Reads "2026-11-20" from WHEN_DATE_LEN bytes. */
bool when_read_date(const char *p, char separator, struct when_civil *c);
/* Reads "10:11:12" and a fraction after '.' or ','; the bytes taken, or 0. */
size_t when_read_clock(const char *p, size_t n, struct when_civil *c);
/* Of the three letters at p, small or not: the month, 0 when it is none. */
unsigned when_month(const char *p);
bool when_is_weekday(const char *p);
/* Turns a time in the zone that was set into UTC; gives its offset. */
int64_t when_local_ms(int64_t local_ms, int *ret_offset_minutes);

/* when-log.c: as when_parse_log(), whatever form it has. */
int when_parse_form(const char *s, size_t n, int64_t now_ms, struct when *ret);

/* What may begin with a byte behind a clock. */
enum when_follower {
	WHEN_HALF_DAY = 1,
	WHEN_ZONE = 2,
};

extern const uint8_t when_goes_on[256];

/* when-zone.c: ERR_USAGE for what is no name of a zone. */
int when_check_zone(const char *name, struct err *err) MUST_CHECK;
/* Does work while the C library's clock is that of a good zone. */
void when_in_zone(const char *name, void (*work)(void *arg), void *arg);

static inline bool when_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool when_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static inline bool when_two_digits(const char *p, unsigned *ret)
{
	unsigned tens = (unsigned)p[0] - '0', ones = (unsigned)p[1] - '0';

	*ret = tens * 10 + ones;
	return tens <= 9 && ones <= 9;
}

/* Reads WHEN_CLOCK_LEN bytes, all digits at once. */
static inline bool when_read_hms(const char *p, struct when_civil *c)
{
	const uint64_t digits = UINT64_C(0x0f0f000f0f000f0f);
	const uint64_t above_9 = UINT64_C(0x0606000606000606);
	const uint64_t rest = UINT64_C(0x30303a30303a3030);
	uint64_t text, pairs;

	memcpy(&text, p, sizeof(text));
	text = le64toh(text);
	if ((text & ~digits) != rest)
		return false;
	text &= digits;
	pairs = text * 10 + (text >> 8);
	c->hour = pairs & 0xff;
	c->minute = pairs >> 24 & 0xff;
	c->second = pairs >> 48 & 0xff;
	return !((text + above_9) & ~digits);
}

#endif
