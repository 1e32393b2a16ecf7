/*
 * when-known.c - times of syslog on days that were read before.
 *
 * Such a time names neither a year nor a zone. Most lines say the same day as
 * one before them, so its midnight is kept under the six bytes that name it,
 * and only the clock is read.
 */
#include <oncall/when.h>

#include "when-internal.h"

#define CLOCK_AT   7
#define SYSLOG_LEN 15 /* "Nov 20 10:11:12" */
#define DAYS_KEPT  32

/* Less than a year by more than the widest zones: as long as the same day of
 * the next year lies ahead, wherever. */
#define DAY_LASTS (360 * WHEN_DAY)

struct day {
	char name[6];	  /* "Nov 20", "Nov  9" */
	int64_t midnight; /* on the clock of the zone */
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

/* Where a day is kept; those of a month are kept side by side. NULL when s does
 * not begin as most lines of syslog do. */
static struct day *place_of(const char *s, size_t n)
{
	static _Thread_local struct day days[DAYS_KEPT];

	if (n < SYSLOG_LEN + 2 || s[3] != ' ' || s[6] != ' ' ||
	    s[SYSLOG_LEN] != ' ' ||
	    belongs(s + SYSLOG_LEN + 1, n - SYSLOG_LEN - 1))
		return NULL;
	return &days[((uint8_t)s[4] * 10U + (uint8_t)s[5]) % DAYS_KEPT];
}

static bool recall(const struct day *day, const char *s, int64_t now_ms,
		   struct when *ret)
{
	struct when_civil c;

	if (memcmp(day->name, s, sizeof(day->name)) != 0 ||
	    !when_read_hms(s + CLOCK_AT, &c) || c.hour > 23 || c.minute > 59 ||
	    c.second > 59)
		return false;
	ret->ms = when_local_ms(day->midnight + c.hour * WHEN_HOUR +
					c.minute * WHEN_MINUTE +
					c.second * WHEN_SECOND,
				&ret->offset_minutes);
	ret->zone_assumed = ret->year_assumed = true;
	ret->used = SYSLOG_LEN;
	return now_ms >= ret->ms - WHEN_DAY &&
	       now_ms < day->midnight + DAY_LASTS;
}

static void keep(struct day *day, const char *s, const struct when *when)
{
	int64_t local = when->ms + when->offset_minutes * WHEN_MINUTE;

	memcpy(day->name, s, sizeof(day->name));
	day->midnight = local - (local - WHEN_MIN) % WHEN_DAY;
}

int when_parse_log(const char *s, size_t n, int64_t now_ms, struct when *ret)
{
	struct day *day = place_of(s, n);

	if (day && recall(day, s, now_ms, ret))
		return 0;
	if (when_parse_form(s, n, now_ms, ret) < 0)
		return -1;
	if (day && ret->year_assumed)
		keep(day, s, ret);
	return 0;
}
