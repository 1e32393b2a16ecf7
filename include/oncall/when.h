/*
 * when.h - times and durations as text. A time is milliseconds since 1970 UTC
 * in an int64_t; years 0000 to 9999 can be written.
 */
#ifndef ONCALL_WHEN_H
#define ONCALL_WHEN_H

#include <oncall/err.h>

#define WHEN_TEXT   25 /* "2026-11-20T10:11:12.123Z" and a NUL */
#define WHEN_NONE   INT64_MIN
#define WHEN_MIN    (-INT64_C(62167219200000)) /* 0000-01-01T00:00:00.000Z */
#define WHEN_MAX    INT64_C(253402300799999)   /* 9999-12-31T23:59:59.999Z */
#define WHEN_SECOND ((int64_t)1000)
#define WHEN_MINUTE (60 * WHEN_SECOND)
#define WHEN_HOUR   (60 * WHEN_MINUTE)
#define WHEN_DAY    (24 * WHEN_HOUR)

/* Writes RFC 3339, UTC, milliseconds; outside those years the nearest one. */
void when_format(char out[WHEN_TEXT], int64_t ms);
/* The whole text must be an RFC 3339 time (a blank may stand for the 'T'); 0 or
 * -1 (no message: hot path). A fraction is cut to milliseconds; second 60 is
 * held at 59.999. */
int when_parse_rfc3339(const char *s, size_t n, int64_t *ret_ms) MUST_CHECK;

/* A time found at the start of a log line. */
struct when {
	int64_t ms;
	int offset_minutes; /* of the zone that was written or assumed */
	bool zone_assumed;  /* the line had no zone */
	bool year_assumed;  /* the line had no year (syslog) */
	size_t used;	    /* bytes of the line that the time took */
};

/*
 * Reads the common log times: RFC 3339 and ISO 8601 with 'T' or a blank, ','
 * or '.' before the fraction, with or without zone; syslog "Nov 20 10:11:12";
 * Apache "[20/Nov/2026:10:11:12 +0100]"; "Fri Nov 20 10:11:12 2026" and
 * RFC 2822; "2026/11/20 10:11:12"; "2026-11-20, 10:11:12"; of log4j
 * "26/11/20 10:11:12" when that lies in the ten years before now; of klog
 * "1120 10:11:12"; epoch seconds, milliseconds, microseconds or nanoseconds.
 * Any of them may stand in brackets. What is missing is taken from now_ms (the
 * year: never more than a day in the future) and from the zone that
 * when_set_zone() set. Of zone names only UTC and GMT are read; another one
 * ("CET") is not part of the time. 0 or -1, without a message.
 */
int when_parse_log(const char *s, size_t n, int64_t now_ms, struct when *ret)
	MUST_CHECK;

/* Zone for times without one: "UTC" (so it is at the start), "Europe/Berlin",
 * a POSIX TZ text, or "local". Sets TZ, which children inherit. */
int when_set_zone(const char *name, struct err *err) MUST_CHECK;
/* Minutes east of UTC of that zone at that time. */
int when_zone_offset(int64_t ms);

/* "90s", "15m", "2h", "7d", "2w", "1y" (365 days), "250ms", "1h30m": whole
 * numbers, each with its unit, large units first; at most WHEN_DURATION_MAX. */
#define WHEN_DURATION_MAX (WHEN_DAY * 365 * 10000)
int when_parse_duration(const char *s, int64_t *ret_ms, struct err *err)
	MUST_CHECK;
/* The shortest exact form of the same language: 5400000 gives "1h30m". */
void when_format_duration(char out[32], int64_t ms);
/* For people: the two largest units, "3d 4h", "12s". */
void when_format_age(char out[32], int64_t ms);
/* RFC 3339, or a duration that lies before now ("2h"). */
int when_parse_point(const char *s, int64_t now_ms, int64_t *ret_ms,
		     struct err *err) MUST_CHECK;

#endif
