/*
 * when-log.c - times as programs write them at the start of a log line.
 *
 * A scan moves over the line; a take_...() function moves it only when what it
 * looks for is there.
 */
#include <oncall/when.h>

#include "when-internal.h"

#define EPOCH_MIN_DIGITS  10
#define EPOCH_MAX_DIGITS  19
#define CLOCK_MAX	  20 /* "10:11:12.123456789" */
#define YEARS_TO_LEAP_DAY 8  /* 1896-02-29 is followed by 1904-02-29 */
#define LAST_DAYS	  28
#define SHORT_CENTURY	  2000
#define SHORT_PAST	  (WHEN_DAY * 366 * 10)

struct scan {
	const char *p;
	const char *end;
	struct when_civil civil;
	int offset; /* minutes, when has_zone */
	bool has_zone;
	bool has_year;
};

static bool at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool take(struct scan *s, char c)
{
	if (!at(s, c))
		return false;
	s->p++;
	return true;
}

/* No number or word goes on behind p. */
static bool ends(const struct scan *s, const char *p)
{
	return p == s->end || !(when_digit(*p) || when_letter(*p));
}

static bool take_two(struct scan *s, unsigned *ret)
{
	unsigned value;

	if (s->end - s->p < 2 || !when_two_digits(s->p, &value))
		return false;
	*ret = value;
	s->p += 2;
	return true;
}

static bool take_year(struct scan *s)
{
	unsigned century, year;

	if (s->end - s->p < 4 || !when_two_digits(s->p, &century) ||
	    !when_two_digits(s->p + 2, &year))
		return false;
	s->civil.year = century * 100 + year;
	s->has_year = true;
	s->p += 4;
	return true;
}

/* "20", "09", "9" or " 9" */
static bool take_day(struct scan *s)
{
	if (take_two(s, &s->civil.day))
		return true;
	if (s->end - s->p > 1 && *s->p == ' ' && when_digit(s->p[1]))
		s->p++;
	if (s->p == s->end || !when_digit(*s->p))
		return false;
	s->civil.day = (unsigned)(*s->p++ - '0');
	return true;
}

static bool take_month(struct scan *s)
{
	unsigned month = s->end - s->p < 3 ? 0 : when_month(s->p);

	if (!month)
		return false;
	s->civil.month = month;
	s->p += 3;
	return true;
}

static bool take_weekday(struct scan *s)
{
	if (s->end - s->p < 3 || !when_is_weekday(s->p))
		return false;
	s->p += 3;
	return true;
}

static bool take_clock(struct scan *s)
{
	size_t used = when_read_clock(s->p, (size_t)(s->end - s->p), &s->civil);

	s->p += used;
	return used > 0;
}

/* The blank before AM may be one that does not break, or a narrow one. */
static void take_any_blank(struct scan *s)
{
	size_t left = (size_t)(s->end - s->p);

	if (left > 3 && memcmp(s->p, "\xe2\x80\xaf", 3) == 0)
		s->p += 3;
	else if (left > 2 && memcmp(s->p, "\xc2\xa0", 2) == 0)
		s->p += 2;
	else
		(void)take(s, ' ');
}

static bool may_go_on(const struct scan *s, uint8_t with)
{
	return s->p < s->end && when_goes_on[(uint8_t)*s->p] & with;
}

/* Whether what stands behind a clock may say which half of the day it means. */
static bool half_follows(struct scan s)
{
	take_any_blank(&s);
	return may_go_on(&s, WHEN_HALF_DAY);
}

/* "10:11:12 AM", "1:02:03.123pm" */
static bool take_half_day(struct scan *s)
{
	struct scan t = *s;
	char clock[CLOCK_MAX] = "0";
	size_t add = t.end - t.p > 1 && t.p[1] == ':';
	size_t n = (size_t)(t.end - t.p), used;
	bool after_noon;

	if (n > sizeof(clock) - add)
		n = sizeof(clock) - add;
	memcpy(clock + add, t.p, n);
	used = when_read_clock(clock, n + add, &t.civil);
	if (!used || t.civil.hour < 1 || t.civil.hour > 12)
		return false;
	t.p += used - add;
	take_any_blank(&t);
	after_noon = at(&t, 'P') || at(&t, 'p');
	if (!after_noon && !at(&t, 'A') && !at(&t, 'a'))
		return false;
	t.p++;
	if ((!take(&t, 'M') && !take(&t, 'm')) || !ends(&t, t.p))
		return false;
	t.civil.hour = t.civil.hour % 12 + (after_noon ? 12 : 0);
	*s = t;
	return true;
}

/* The same, or a clock of 24 hours, which nearly all are. */
static bool take_any_clock(struct scan *s)
{
	struct scan t = *s;

	if (take_clock(&t) && !half_follows(t)) {
		*s = t;
		return true;
	}
	return take_half_day(s) || take_clock(s);
}

/* "+01:00", "+0100" or, where short forms are allowed, "+01". */
static bool take_offset(struct scan *s, bool allow_hours)
{
	struct scan t = *s;
	bool west = at(&t, '-');
	unsigned hours, minutes = 0;

	if (!take(&t, '+') && !take(&t, '-'))
		return false;
	if (!take_two(&t, &hours))
		return false;
	if (!(take(&t, ':') ? take_two(&t, &minutes)
			    : take_two(&t, &minutes) || allow_hours))
		return false;
	if (hours > 23 || minutes > 59 || !ends(s, t.p))
		return false;
	t.offset = (int)(hours * 60 + minutes);
	t.offset = west ? -t.offset : t.offset;
	t.has_zone = true;
	*s = t;
	return true;
}

/* The zone, attached or behind one blank: 'Z', an offset, UTC or GMT, also
 * with an offset behind them. */
static void take_zone(struct scan *s)
{
	struct scan t = *s;
	bool attached = !take(&t, ' ');

	/* Behind most times stands something else. */
	if (!may_go_on(&t, WHEN_ZONE))
		return;
	if (take_offset(&t, attached)) {
		*s = t;
		return;
	}
	if (t.end - t.p >= 3 &&
	    (memcmp(t.p, "UTC", 3) == 0 || memcmp(t.p, "GMT", 3) == 0))
		t.p += 3;
	else if (!take(&t, 'Z') && !(attached && take(&t, 'z')))
		return;
	if (!ends(&t, t.p))
		return;
	t.offset = 0;
	t.has_zone = true;
	if (!take_offset(&t, true) && (at(&t, '+') || at(&t, '-')))
		return; /* "UTC+1" is not UTC */
	*s = t;
}

/* "2026-11-20T10:11:12,123+01:00", "2026/11/20 10:11:12", "2026.11.20 ...",
 * and of Airflow "2026-11-20, 10:11:12 UTC" */
static bool take_iso(struct scan *s)
{
	char separator;

	if (s->end - s->p <= WHEN_DATE_LEN)
		return false;
	separator = s->p[4] == '/' || s->p[4] == '.' ? s->p[4] : '-';
	if (!when_read_date(s->p, separator, &s->civil))
		return false;
	s->has_year = true;
	s->p += WHEN_DATE_LEN;
	if (take(s, ',') ? !take(s, ' ')
			 : !take(s, 'T') && !take(s, 't') && !take(s, ' '))
		return false;
	if (!take_clock(s))
		return false;
	take_zone(s);
	return true;
}

/* "26/11/20 10:11:12" of log4j (Spark), year first */
static bool take_short(struct scan *s)
{
	if (!take_two(s, &s->civil.year) || !take(s, '/') ||
	    !take_two(s, &s->civil.month) || !take(s, '/') ||
	    !take_two(s, &s->civil.day) || !take(s, ' ') || !take_clock(s))
		return false;
	s->civil.year += SHORT_CENTURY;
	s->has_year = true;
	take_zone(s);
	return true;
}

/* "11/20/2026 10:11:12 AM": the months of who counts hours so stand first. */
static bool take_american(struct scan *s)
{
	struct scan month;

	if (!take_day(s) || !take(s, '/'))
		return false;
	month = *s;
	month.civil.month = s->civil.day;
	if (!take_day(&month) || !take(&month, '/') || !take_year(&month))
		return false;
	*s = month;
	(void)take(s, ',');
	if (!take(s, ' ') || !take_half_day(s))
		return false;
	take_zone(s);
	return true;
}

/* "1120 10:11:12.123456" of klog, "20261120 10:11:12.123456" of absl */
static bool take_packed(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && when_digit(*s->p))
		s->p++;
	if ((s->p - start != 4 && s->p - start != 8) || !at(s, ' '))
		return false;
	if (s->p - start == 8) {
		s->p = start;
		(void)take_year(s);
		start += 4;
	}
	s->p = start;
	(void)take_two(s, &s->civil.month);
	(void)take_two(s, &s->civil.day);
	if (!take(s, ' ') || !take_clock(s))
		return false;
	take_zone(s);
	return true;
}

/* "20/Nov/2026:10:11:12 +0100", "20-Nov-2026 10:11:12", and RFC 2822 behind
 * its day of the week: "20 Nov 2026 10:11:12 +0100" */
static bool take_day_first(struct scan *s)
{
	char separator;

	if (!take_day(s) || s->p == s->end)
		return false;
	separator = *s->p;
	if (separator != '/' && separator != '-' && separator != ' ')
		return false;
	s->p++;
	if (!take_month(s) || !take(s, separator) || !take_year(s))
		return false;
	if (!take(s, ' ') && !take(s, ':'))
		return false;
	if (!take_clock(s))
		return false;
	take_zone(s);
	return true;
}

/* What date(1) and ctime() write behind the clock: "[ CET] 2026[ +0100]". */
static void take_trailing_year(struct scan *s)
{
	struct scan t = *s;

	take_zone(&t);
	if (!t.has_zone && take(&t, ' '))
		while (t.p < t.end && when_letter(*t.p))
			t.p++;
	if (t.p > s->p && t.p[-1] == ' ')
		t.p--;
	if (!take(&t, ' ') || !take_year(&t) || !ends(&t, t.p))
		return;
	if (!t.has_zone)
		take_zone(&t);
	*s = t;
}

static bool take_comma_blank(struct scan *s)
{
	struct scan t = *s;

	if (!take(&t, ',') || !take(&t, ' '))
		return false;
	*s = t;
	return true;
}

/* "Nov 20 10:11:12", "Nov  9 2026 10:11:12", and of java.util.logging
 * "Nov 20, 2026 10:11:12 AM" */
static bool take_month_first(struct scan *s, bool weekday)
{
	struct scan t;

	if (!take_month(s) || !take(s, ' ') || !take_day(s))
		return false;
	if (!take_comma_blank(s) && !take(s, ' '))
		return false;
	t = *s;
	if (take_year(&t) && (take(&t, ' ') || take_comma_blank(&t)))
		*s = t;
	if (!take_any_clock(s))
		return false;
	if (weekday && !s->has_year)
		take_trailing_year(s);
	if (!s->has_zone)
		take_zone(s);
	return true;
}

static bool take_named(struct scan *s)
{
	struct scan t = *s;

	/* Most words are neither a month nor a day. */
	if (s->end - s->p < 4 || (s->p[3] != ' ' && s->p[3] != ','))
		return false;
	if (!take_weekday(&t))
		return take_month_first(s, false);
	if (take(&t, ',')) {
		*s = t;
		return take(s, ' ') && take_day_first(s);
	}
	*s = t;
	return take(s, ' ') && take_month_first(s, true);
}

/* Of so many digits: seconds, also with a fraction behind them, milliseconds,
 * microseconds, nanoseconds. */
static bool take_epoch(struct scan *s, size_t digits, uint64_t value,
		       int64_t *ret_ms)
{
	uint64_t unit = 100;

	s->p += digits;
	if (digits == 10)
		value *= 1000;
	else if (digits == 16)
		value /= 1000;
	else if (digits == 19)
		value /= 1000000;
	else if (digits != 13)
		return false;
	if (digits == 10 && s->end - s->p > 1 && *s->p == '.' &&
	    when_digit(s->p[1])) {
		for (s->p++; s->p < s->end && when_digit(*s->p); s->p++) {
			value += unit * (uint64_t)(*s->p - '0');
			unit /= 10;
		}
	}
	*ret_ms = (int64_t)value;
	/* Longer numbers with dots and dashes are addresses and names. */
	return !at(s, '.') && !at(s, '-') && !at(s, '/') && !at(s, '_');
}

/* The time in UTC; false when there is no such day. */
static bool place(struct scan *s, int64_t *ret_ms)
{
	int64_t local;

	if (!when_civil_ms(&s->civil, &local))
		return false;
	*ret_ms = s->has_zone ? local - s->offset * WHEN_MINUTE
			      : when_local_ms(local, &s->offset);
	return true;
}

/* Three days or more behind the day of now, in its year, which in no zone is
 * less than one. */
static bool lies_ahead(const struct when_civil *c, const struct when_civil *now)
{
	if (c->month == now->month)
		return c->day >= now->day + 3;
	return c->month > now->month + 1 ||
	       (c->month > now->month && c->day >= 3);
}

/* The latest year in which the date exists and does not lie more than a day
 * after now: at new year, December belongs to the year before. */
static bool place_in_latest_year(struct scan *s, int64_t now_ms,
				 int64_t *ret_ms)
{
	/* Many lines are asked about with one clock. */
	static _Thread_local int64_t of_now = INT64_MIN;
	static _Thread_local struct when_civil now;
	unsigned back;

	if (now_ms < WHEN_MIN || now_ms > WHEN_MAX)
		return false;
	if (now_ms != of_now)
		when_civil_date(now_ms, &now);
	of_now = now_ms;
	/* Whatever its zone, next year begins in these days at the earliest. */
	back = now.month == 12 && now.day > LAST_DAYS ? 0 : 1;
	if (back == 1 && lies_ahead(&s->civil, &now))
		back = 2;
	for (; back <= YEARS_TO_LEAP_DAY + 1; back++) {
		if (back > now.year + 1)
			return false;
		s->civil.year = now.year + 1 - back;
		if (place(s, ret_ms) && *ret_ms <= now_ms + WHEN_DAY)
			return true;
	}
	return false;
}

static bool settle(struct scan *s, int64_t now_ms, struct when *ret)
{
	if (!(s->has_year ? place(s, &ret->ms)
			  : place_in_latest_year(s, now_ms, &ret->ms)))
		return false;
	ret->offset_minutes = s->offset;
	ret->zone_assumed = !s->has_zone;
	ret->year_assumed = !s->has_year;
	return ret->ms >= WHEN_MIN && ret->ms <= WHEN_MAX;
}

/* Whether a date of two digits each may well be meant year first. */
static bool is_likely(int64_t ms, int64_t now_ms)
{
	return now_ms >= WHEN_MIN && now_ms <= WHEN_MAX &&
	       ms <= now_ms + WHEN_DAY && ms >= now_ms - SHORT_PAST;
}

static bool settle_epoch(struct scan *s, size_t digits, uint64_t value,
			 struct when *ret)
{
	if (!take_epoch(s, digits, value, &ret->ms))
		return false;
	ret->offset_minutes = 0;
	ret->zone_assumed = false;
	ret->year_assumed = false;
	return true;
}

/* The digits at the start, as far as they tell the forms apart, and what they
 * say. */
static size_t read_number(const struct scan *s, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n <= EPOCH_MAX_DIGITS && s->p + n < s->end; n++) {
		if (!when_digit(s->p[n]))
			break;
		value = value * 10 + (uint64_t)(s->p[n] - '0');
	}
	*ret = value;
	return n;
}

/* Tries the forms that begin with so many digits. */
static bool take_numbers(struct scan *s, int64_t now_ms, struct when *ret)
{
	struct scan start;
	uint64_t value;
	size_t digits = read_number(s, &value);

	if (digits >= EPOCH_MIN_DIGITS)
		return settle_epoch(s, digits, value, ret);
	start = *s;
	if (digits == 4 && take_iso(s))
		return settle(s, now_ms, ret);
	*s = start;
	if (digits == 4 || digits == 8)
		return take_packed(s) && settle(s, now_ms, ret);
	if (digits > 2)
		return false;
	if (take_day_first(s))
		return settle(s, now_ms, ret);
	*s = start;
	if (take_short(s))
		return settle(s, now_ms, ret) && is_likely(ret->ms, now_ms);
	*s = start;
	return take_american(s) && settle(s, now_ms, ret);
}

int when_parse_form(const char *s, size_t n, int64_t now_ms, struct when *ret)
{
	struct scan scan = {.p = s, .end = s + n};
	bool bracket, found;

	if (n == 0)
		return -1;
	bracket = take(&scan, '[');
	if (scan.p < scan.end && when_letter(*scan.p))
		found = take_named(&scan) && settle(&scan, now_ms, ret);
	else
		found = take_numbers(&scan, now_ms, ret);
	if (!found || !ends(&scan, scan.p))
		return -1;
	if (bracket)
		(void)take(&scan, ']');
	ret->used = (size_t)(scan.p - s);
	return 0;
}
