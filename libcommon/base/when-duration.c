/* when-duration.c - durations as people write them, and points in time. */
#include <oncall/when.h>

#include <stdio.h>

#include "when-internal.h"

#define SHOWN "%.80s" /* as much of a wrong text as a message repeats */

struct unit {
	const char *name;
	int64_t ms;
};

/* The largest first: so they are written, and so they must be read. */
static const struct unit units[] = {
	{"y", 365 * WHEN_DAY},
	{"w", 7 * WHEN_DAY},
	{"d", WHEN_DAY},
	{"h", WHEN_HOUR},
	{"m", WHEN_MINUTE},
	{"s", WHEN_SECOND},
	{"ms", 1},
};

/* Index of the unit whose name is exactly the letters at *p; moves *p on. */
static size_t read_unit(const char **p)
{
	size_t len = 0, i = 0;

	while ((*p)[len] >= 'a' && (*p)[len] <= 'z')
		len++;
	while (i < ARRAY_LEN(units) && (strlen(units[i].name) != len ||
					memcmp(units[i].name, *p, len) != 0))
		i++;
	*p += len;
	return i;
}

/* The digits at *p, held where no unit could make sense of more. */
static int64_t read_number(const char **p)
{
	int64_t value = 0;

	for (; when_digit(**p); (*p)++)
		if (value <= WHEN_DURATION_MAX)
			value = value * 10 + (**p - '0');
	return value;
}

enum outcome { READ_OK, READ_BAD, READ_TOO_LONG };

static enum outcome read_duration(const char *s, int64_t *ret_ms)
{
	size_t next = 0; /* the largest unit that may still follow */
	int64_t total = 0;

	do {
		int64_t number;
		size_t i;

		if (!when_digit(*s))
			return READ_BAD;
		number = read_number(&s);
		i = read_unit(&s);
		if (i < next || i == ARRAY_LEN(units))
			return READ_BAD;
		if (number > (WHEN_DURATION_MAX - total) / units[i].ms)
			return READ_TOO_LONG;
		total += number * units[i].ms;
		next = i + 1;
	} while (*s);
	*ret_ms = total;
	return READ_OK;
}

int when_parse_duration(const char *s, int64_t *ret_ms, struct err *err)
{
	enum outcome outcome = read_duration(s, ret_ms);

	if (outcome == READ_BAD)
		return err_set(err, ERR_USAGE,
			       "'" SHOWN "' is not a duration: write 90s, 15m, "
			       "2h, 7d or 1h30m",
			       s);
	if (outcome == READ_TOO_LONG)
		return err_set(err, ERR_USAGE,
			       "duration '" SHOWN "' is too long: at most "
			       "10000y",
			       s);
	return 0;
}

void when_format_duration(char out[32], int64_t ms)
{
	uint64_t rest = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
	size_t len = 0;

	if (ms < 0)
		out[len++] = '-';
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		uint64_t unit = (uint64_t)units[i].ms;

		if (rest < unit)
			continue;
		len += (size_t)snprintf(out + len, 32 - len, "%llu%s",
					(unsigned long long)(rest / unit),
					units[i].name);
		rest %= unit;
	}
	if (ms == 0)
		memcpy(out, "0s", sizeof("0s"));
}

void when_format_age(char out[32], int64_t ms)
{
	static const struct unit steps[] = {
		{"y", 365 * WHEN_DAY}, {"d", WHEN_DAY},	   {"h", WHEN_HOUR},
		{"m", WHEN_MINUTE},    {"s", WHEN_SECOND},
	};
	const size_t last = ARRAY_LEN(steps) - 1;
	int64_t minor;
	size_t i = 0;
	int len;

	if (ms < 0)
		ms = 0;
	while (i < last && ms < steps[i].ms)
		i++;
	len = snprintf(out, 32, "%lld%s", (long long)(ms / steps[i].ms),
		       steps[i].name);
	minor = i < last ? ms % steps[i].ms / steps[i + 1].ms : 0;
	if (minor)
		(void)snprintf(out + len, 32 - (size_t)len, " %lld%s",
			       (long long)minor, steps[i + 1].name);
}

int when_parse_point(const char *s, int64_t now_ms, int64_t *ret_ms,
		     struct err *err)
{
	enum outcome outcome;
	int64_t before;

	if (when_parse_rfc3339(s, strlen(s), ret_ms) == 0)
		return 0;
	outcome = read_duration(s, &before);
	if (outcome == READ_BAD)
		return err_set(err, ERR_USAGE,
			       "'" SHOWN "' is not a time: write "
			       "2026-11-20T10:11:12Z or, counted back from "
			       "now, 2h",
			       s);
	if (outcome == READ_TOO_LONG || before > now_ms - WHEN_MIN)
		return err_set(err, ERR_USAGE,
			       "'" SHOWN "' ago is before the year 0000", s);
	*ret_ms = now_ms - before;
	return 0;
}
