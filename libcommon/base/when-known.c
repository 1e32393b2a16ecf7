/*
 * when-known.c - times on days that were read before, of syslog and ISO 8601.
 *
 * Most lines say the same day as one before them: its midnight is kept under
 * the bytes that name it, and only the clock and what follows it are read.
 */
#include <oncall/when.h>

#include "when-internal.h"

#define MONTH_DAY_LEN 6 /* "Nov 20", "Nov  9" */
#define SYSLOG_LEN    (MONTH_DAY_LEN + 1 + WHEN_CLOCK_LEN)
#define ISO_LEN	      (WHEN_DATE_LEN + 1 + WHEN_CLOCK_LEN)
#define DAYS_KEPT     32

/* Less than a year by more than the widest zones: as long as the same day of
 * the next year lies ahead, wherever. */
#define DAY_LASTS (360 * WHEN_DAY)

struct day {
	char name[WHEN_DATE_LEN]; /* of syslog only the first bytes */
	int64_t midnight;	  /* on the clock of the zone */
};

const uint8_t when_goes_on[256] = {
	['A'] = WHEN_HALF_DAY, ['a'] = WHEN_HALF_DAY, ['P'] = WHEN_HALF_DAY,
	['p'] = WHEN_HALF_DAY, ['+'] = WHEN_ZONE,     ['-'] = WHEN_ZONE,
	['U'] = WHEN_ZONE,     ['G'] = WHEN_ZONE,     ['Z'] = WHEN_ZONE,
	['z'] = WHEN_ZONE,
};

/* Whether a text that goes on behind a blank does so with what may belong to a
 * time: "AM", "pm", "UTC", "GMT", "Z", "+1". */
static bool belongs(const char *p, size_t n)
{
	return when_goes_on[(uint8_t)*p] &&
	       (n < 2 || !when_letter(p[1]) || p[1] == 'M' || p[1] == 'm' ||
		p[1] == 'T');
}

/* "Nov 20 10:11:12 " and nothing that may belong to it, as most lines of syslog
 * begin. */
static bool is_syslog(const char *s, size_t n)
{
	return n > SYSLOG_LEN + 1 && s[3] == ' ' && s[MONTH_DAY_LEN] == ' ' &&
	       s[SYSLOG_LEN] == ' ' &&
	       !belongs(s + SYSLOG_LEN + 1, n - SYSLOG_LEN - 1);
}

/* "2026-11-20T10:11:12", "2026/11/20 10:11:12" */
static bool is_iso(const char *s, size_t n)
{
	return n > ISO_LEN && (s[4] == '-' || s[4] == '/') && s[7] == s[4] &&
	       (s[WHEN_DATE_LEN] == 'T' || s[WHEN_DATE_LEN] == ' ');
}

/* Other clocks, also the one of a leap second, are read at length. */
static bool add_clock(int64_t midnight, const struct when_civil *c,
		      int64_t *ret_ms)
{
	*ret_ms = midnight + c->hour * WHEN_HOUR + c->minute * WHEN_MINUTE +
		  c->second * WHEN_SECOND + c->ms;
	return c->hour < 24 && c->minute < 60 && c->second < 60;
}

static bool recall_syslog(const struct day *day, const char *s, int64_t now_ms,
			  struct when *ret)
{
	struct when_civil c = {.ms = 0};
	int64_t local;

	if (memcmp(day->name, s, MONTH_DAY_LEN) != 0 ||
	    !when_read_hms(s + MONTH_DAY_LEN + 1, &c) ||
	    !add_clock(day->midnight, &c, &local))
		return false;
	ret->ms = when_local_ms(local, &ret->offset_minutes);
	ret->zone_assumed = ret->year_assumed = true;
	ret->used = SYSLOG_LEN;
	return now_ms >= ret->ms - WHEN_DAY &&
	       now_ms < day->midnight + DAY_LASTS;
}

/* Whether a time without a zone ends at p. */
static bool ends_local(const char *p, const char *end)
{
	if (p == end)
		return true;
	if (*p == ' ')
		return p + 1 == end || !belongs(p + 1, (size_t)(end - p - 1));
	return !when_goes_on[(uint8_t)*p] && !when_digit(*p) &&
	       !when_letter(*p);
}

/* The zone is UTC, written as 'Z', or left out. */
static bool recall_iso(const struct day *day, const char *s, size_t n,
		       struct when *ret)
{
	const char *end = s + n;
	const char *p = s + WHEN_DATE_LEN + 1;
	struct when_civil c;
	size_t used;

	if (memcmp(day->name, s, WHEN_DATE_LEN) != 0)
		return false;
	used = when_read_clock(p, (size_t)(end - p), &c);
	if (!used || !add_clock(day->midnight, &c, &ret->ms))
		return false;
	p += used;
	ret->zone_assumed = p == end || *p != 'Z';
	ret->year_assumed = false;
	if (!ret->zone_assumed) {
		p++;
		ret->offset_minutes = 0;
	} else {
		ret->ms = when_local_ms(ret->ms, &ret->offset_minutes);
	}
	ret->used = (size_t)(p - s);
	return ret->zone_assumed ? ends_local(p, end) : p == end || *p == ' ';
}

static void keep(struct day *day, const char *s, const struct when *when)
{
	int64_t local = when->ms + when->offset_minutes * WHEN_MINUTE;

	memcpy(day->name, s, sizeof(day->name));
	day->midnight = local - (local - WHEN_MIN) % WHEN_DAY;
}

/* The days of a month are kept side by side, by their two digits. */
static struct day *day_of(const char *digits)
{
	static _Thread_local struct day days[DAYS_KEPT];

	return &days[((uint8_t)digits[0] * 10U + (uint8_t)digits[1]) %
		     DAYS_KEPT];
}

int when_parse_log(const char *s, size_t n, int64_t now_ms, struct when *ret)
{
	struct day *day = NULL;
	bool found = false;

	if (is_syslog(s, n)) {
		day = day_of(s + MONTH_DAY_LEN - 2);
		found = recall_syslog(day, s, now_ms, ret);
	} else if (is_iso(s, n)) {
		day = day_of(s + WHEN_DATE_LEN - 2);
		found = recall_iso(day, s, n, ret);
	}
	if (found && ret->ms >= WHEN_MIN && ret->ms <= WHEN_MAX)
		return 0;
	if (when_parse_form(s, n, now_ms, ret) < 0)
		return -1;
	if (day)
		keep(day, s, ret);
	return 0;
}
