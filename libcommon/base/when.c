/*
 * when.c - RFC 3339 and the calendar below it.
 *
 * Days are counted from 0000-01-01 of the Gregorian calendar carried back, so
 * that all arithmetic is unsigned. A year's first day has a closed formula; a
 * day's year is estimated from the mean length of a year and put right by one.
 */
#include <oncall/when.h>

#include "when-internal.h"

#define DAYS_PER_400_YEARS 146097

/* Days before the month in a common and in a leap year. */
static const unsigned short month_start[2][13] = {
	{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
	{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_before_year(unsigned year)
{
	return 365 * year + (year + 3) / 4 - (year + 99) / 100 +
	       (year + 399) / 400;
}

static void civil_date(unsigned days, struct when_civil *c)
{
	unsigned year = (unsigned)((uint64_t)days * 400 / DAYS_PER_400_YEARS);
	const unsigned short *start;
	unsigned month;

	if (days_before_year(year) > days)
		year--;
	else if (days_before_year(year + 1) <= days)
		year++;
	days -= days_before_year(year);
	start = month_start[is_leap(year)];
	month = days / 32;
	if (start[month + 1] <= days)
		month++;
	c->year = year;
	c->month = month + 1;
	c->day = days - start[month] + 1;
}

void when_civil_date(int64_t ms, struct when_civil *ret)
{
	civil_date((unsigned)((uint64_t)(ms - WHEN_MIN) / WHEN_DAY), ret);
}

bool when_civil_ms(const struct when_civil *c, int64_t *ret_ms)
{
	const unsigned short *start;
	unsigned days, second = c->second, ms = c->ms;

	if (c->year > 9999 || c->month - 1 > 11 || c->hour > 23 ||
	    c->minute > 59 || second > 60)
		return false;
	start = month_start[is_leap(c->year)];
	if (c->day - 1 >= (unsigned)(start[c->month] - start[c->month - 1]))
		return false;
	if (second == 60) { /* the count of milliseconds has no leap seconds */
		second = 59;
		ms = 999;
	}
	days = days_before_year(c->year) + start[c->month - 1] + c->day - 1;
	*ret_ms = WHEN_MIN + days * WHEN_DAY + c->hour * WHEN_HOUR +
		  c->minute * WHEN_MINUTE + second * WHEN_SECOND + ms;
	return true;
}

bool when_read_date(const char *p, char separator, struct when_civil *c)
{
	unsigned century, year;

	if (!when_two_digits(p, &century) || !when_two_digits(p + 2, &year) ||
	    p[4] != separator || !when_two_digits(p + 5, &c->month) ||
	    p[7] != separator || !when_two_digits(p + 8, &c->day))
		return false;
	c->year = century * 100 + year;
	return true;
}

size_t when_read_clock(const char *p, size_t n, struct when_civil *c)
{
	size_t used = WHEN_CLOCK_LEN;
	unsigned unit = 100;

	if (n < used || !when_read_hms(p, c))
		return 0;
	c->ms = 0;
	if (n - used < 2 || (p[used] != '.' && p[used] != ',') ||
	    !when_digit(p[used + 1]))
		return used;
	for (used++; used < n && when_digit(p[used]); used++) {
		c->ms += unit * ((unsigned)p[used] - '0');
		unit /= 10;
	}
	return used;
}

/* The zone must be all that is left: 'Z' or "+01:00". */
static bool read_zone(const char *p, size_t n, int *ret_minutes)
{
	unsigned hours, minutes;

	*ret_minutes = 0;
	if (n == 1)
		return *p == 'Z' || *p == 'z';
	if (n != 6 || (*p != '+' && *p != '-') ||
	    !when_two_digits(p + 1, &hours) || p[3] != ':' ||
	    !when_two_digits(p + 4, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_minutes = (int)(hours * 60 + minutes);
	if (*p == '-')
		*ret_minutes = -*ret_minutes;
	return true;
}

int when_parse_rfc3339(const char *s, size_t n, int64_t *ret_ms)
{
	const size_t clock_at = WHEN_DATE_LEN + 1;
	struct when_civil c;
	size_t used;
	int64_t ms;
	int offset;

	if (n < sizeof("2026-11-20T10:11:12Z") - 1 ||
	    !when_read_date(s, '-', &c))
		return -1;
	if (s[WHEN_DATE_LEN] != 'T' && s[WHEN_DATE_LEN] != 't' &&
	    s[WHEN_DATE_LEN] != ' ')
		return -1;
	used = when_read_clock(s + clock_at, n - clock_at, &c);
	if (!used || s[clock_at + 8] == ',')
		return -1;
	used += clock_at;
	if (!read_zone(s + used, n - used, &offset) || !when_civil_ms(&c, &ms))
		return -1;
	ms -= offset * WHEN_MINUTE;
	if (ms < WHEN_MIN || ms > WHEN_MAX)
		return -1;
	*ret_ms = ms;
	return 0;
}

static void put_two(char *out, unsigned value)
{
	out[0] = (char)('0' + value / 10);
	out[1] = (char)('0' + value % 10);
}

void when_format(char out[WHEN_TEXT], int64_t ms)
{
	struct when_civil c;
	unsigned rest;

	if (ms < WHEN_MIN)
		ms = WHEN_MIN;
	if (ms > WHEN_MAX)
		ms = WHEN_MAX;
	when_civil_date(ms, &c);
	rest = (unsigned)((uint64_t)(ms - WHEN_MIN) % WHEN_DAY);
	memcpy(out, "0000-00-00T00:00:00.000Z", WHEN_TEXT);
	put_two(out, c.year / 100);
	put_two(out + 2, c.year % 100);
	put_two(out + 5, c.month);
	put_two(out + 8, c.day);
	put_two(out + 11, rest / 3600000);
	put_two(out + 14, rest / 60000 % 60);
	put_two(out + 17, rest / 1000 % 60);
	put_two(out + 20, rest % 1000 / 10);
	out[22] = (char)('0' + rest % 10);
}
