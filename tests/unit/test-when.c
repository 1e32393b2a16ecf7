#include "unit-when.h"

#include <stdio.h>
#include <time.h>

static void known_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"1970-01-01T00:00:00.000Z", 0},
		{"1969-12-31T23:59:59.999Z", -1},
		{"2026-11-20T12:00:00.000Z", NOW},
		{"2000-02-29T12:34:56.789Z", 951827696789},
		{"2038-01-19T03:14:08.000Z", 2147483648000},
		{"1900-03-01T00:00:00.000Z", -2203891200000},
		{"0000-01-01T00:00:00.000Z", WHEN_MIN},
		{"0000-02-29T00:00:00.000Z", WHEN_MIN + 59 * WHEN_DAY},
		{"9999-12-31T23:59:59.999Z", WHEN_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(TEXT(cases[i].ms), cases[i].text);
		assert_int_equal(time_of(cases[i].text), cases[i].ms);
	}
	assert_string_equal(TEXT(INT64_MIN), TEXT(WHEN_MIN));
	assert_string_equal(TEXT(INT64_MAX), TEXT(WHEN_MAX));
}

static void every_day_agrees_with_the_c_library(void **state)
{
	(void)state;
	for (int64_t ms = WHEN_MIN; ms <= WHEN_MAX; ms += WHEN_DAY) {
		int64_t noon = ms + (ms / WHEN_DAY & 1 ? WHEN_DAY - 1 : 0);
		time_t seconds =
			(time_t)((noon - (noon % 1000 + 1000) % 1000) / 1000);
		char want[WHEN_TEXT], got[WHEN_TEXT];
		struct tm tm;

		if (!gmtime_r(&seconds, &tm))
			fail();
		(void)snprintf(want, sizeof(want), "%04u-%02u-%02u",
			       (unsigned)(tm.tm_year + 1900) % 10000,
			       (unsigned)(tm.tm_mon + 1) % 100,
			       (unsigned)tm.tm_mday % 100);
		when_format(got, noon);
		if (memcmp(want, got, 10) != 0 || time_of(got) != noon)
			fail_msg("%s is shown as %s", want, got);
	}
}

static void any_millisecond_comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t span = (uint64_t)(WHEN_MAX - WHEN_MIN) + 1;
		int64_t ms = WHEN_MIN + (int64_t)(next_random() % span);

		assert_int_equal(time_of(TEXT(ms)), ms);
	}
}

static void rfc3339_forms(void **state)
{
	static const char *const cases[][2] = {
		{"2026-11-20T10:11:12Z", "2026-11-20T10:11:12.000Z"},
		{"2026-11-20t10:11:12z", "2026-11-20T10:11:12.000Z"},
		{"2026-11-20 10:11:12Z", "2026-11-20T10:11:12.000Z"},
		{"2026-11-20T10:11:12.1Z", "2026-11-20T10:11:12.100Z"},
		{"2026-11-20T10:11:12.12Z", "2026-11-20T10:11:12.120Z"},
		{"2026-11-20T10:11:12.1239Z", "2026-11-20T10:11:12.123Z"},
		{"2026-11-20T10:11:12.123456789Z", "2026-11-20T10:11:12.123Z"},
		{"2026-11-20T10:11:12.00000000000009Z",
		 "2026-11-20T10:11:12.000Z"},
		{"2026-11-20T10:11:12+01:00", "2026-11-20T09:11:12.000Z"},
		{"2026-11-20T10:11:12.5-08:30", "2026-11-20T18:41:12.500Z"},
		{"2026-11-20T10:11:12+23:59", "2026-11-19T10:12:12.000Z"},
		{"2026-11-20T10:11:12-23:59", "2026-11-21T10:10:12.000Z"},
		{"2026-11-20T10:11:12-00:00", "2026-11-20T10:11:12.000Z"},
		{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
		{"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
		{"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"},
		{"2016-12-31T23:59:60.7Z", "2016-12-31T23:59:59.999Z"},
		{"2017-01-01T00:59:60+01:00", "2016-12-31T23:59:59.999Z"},
		{"0000-01-01T23:59:00+23:59", "0000-01-01T00:00:00.000Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(TEXT(time_of(cases[i][0])), cases[i][1]);
}

static void rfc3339_refuses(void **state)
{
	static const char *const cases[] = {
		"",
		"2026",
		"2026-11-20",
		"2026-11-20T10:11:12",
		"2026-11-20T10:11Z",
		"2026-11-20T10:11:12,5Z",
		"2026-11-20T10:11:12.Z",
		"2026-11-20T10:11:12 Z",
		"2026-11-20T10:11:12ZZ",
		"2026-11-20T10:11:12Z ",
		" 2026-11-20T10:11:12Z",
		"2026-11-20T10:11:12+0100",
		"2026-11-20T10:11:12+01",
		"2026-11-20T10:11:12+24:00",
		"2026-11-20T10:11:12+01:60",
		"2026-11-20T10:11:12*01:00",
		"2026-11-20T10:11:12+1a:00",
		"2026-11-20_10:11:12Z",
		"2026/11/20T10:11:12Z",
		"2026-00-20T10:11:12Z",
		"2026-13-20T10:11:12Z",
		"2026-11-00T10:11:12Z",
		"2026-11-31T10:11:12Z",
		"2026-02-29T10:11:12Z",
		"1900-02-29T10:11:12Z",
		"2024-02-30T10:11:12Z",
		"2026-11-20T24:00:00Z",
		"2026-11-20T10:60:12Z",
		"2026-11-20T10:11:61Z",
		"2026-11-2\xb0T10:11:12Z",
		"+026-11-20T10:11:12Z",
		"20261-11-20T10:11:12Z",
		"0000-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (when_parse_rfc3339(cases[i], strlen(cases[i]), &ms) == 0)
			fail_msg("'%s' was read as %s", cases[i], TEXT(ms));
	for (size_t n = 0; n < 24; n++) /* every cut is either whole or bad */
		if (when_parse_rfc3339("2026-11-20T10:11:12.123Z", n, &ms) == 0)
			fail_msg("%zu bytes were read", n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_times),
		cmocka_unit_test(every_day_agrees_with_the_c_library),
		cmocka_unit_test(any_millisecond_comes_back),
		cmocka_unit_test(rfc3339_forms),
		cmocka_unit_test(rfc3339_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
