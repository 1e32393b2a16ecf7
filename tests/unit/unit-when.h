/* unit-when.h - what the tests of when share. */
#ifndef ONCALL_UNIT_WHEN_H
#define ONCALL_UNIT_WHEN_H

#include "unit.h"

#include <oncall/when.h>

/* The text of a time, for as long as the expression lasts. */
#define TEXT(ms) text_of(ms, (char[WHEN_TEXT]){""})

/* 2026-11-20T12:00:00.000Z */
#define NOW INT64_C(1795176000000)

static inline const char *text_of(int64_t ms, char *out)
{
	when_format(out, ms);
	return out;
}

static inline int64_t time_of(const char *text)
{
	int64_t ms;

	if (when_parse_rfc3339(text, strlen(text), &ms) < 0)
		fail_msg("the test's own '%s' is not a time", text);
	return ms;
}

/* The same numbers in every run. */
static inline uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

#endif
