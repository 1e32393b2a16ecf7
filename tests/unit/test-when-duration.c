#include "unit-when.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *back;
	} cases[] = {
		{"250ms", 250, "250ms"},
		{"90s", 90000, "1m30s"},
		{"15m", 900000, "15m"},
		{"2h", 7200000, "2h"},
		{"7d", 7 * WHEN_DAY, "1w"},
		{"2w", 14 * WHEN_DAY, "2w"},
		{"8d", 8 * WHEN_DAY, "1w1d"},
		{"1y", 365 * WHEN_DAY, "1y"},
		{"52w", 364 * WHEN_DAY, "52w"},
		{"1h30m", 5400000, "1h30m"},
		{"90m", 5400000, "1h30m"},
		{"1y2w3d4h5m6s7ms",
		 382 * WHEN_DAY + 4 * WHEN_HOUR + 5 * WHEN_MINUTE + 6007,
		 "1y2w3d4h5m6s7ms"},
		{"0s", 0, "0s"},
		{"0h0m", 0, "0s"},
		{"007s", 7000, "7s"},
		{"00000000000000000000000000000001s", 1000, "1s"},
		{"10000y", WHEN_DURATION_MAX, "10000y"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		char text[32];
		int64_t ms;

		if (when_parse_duration(cases[i].text, &ms, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(ms, cases[i].ms);
		when_format_duration(text, ms);
		assert_string_equal(text, cases[i].back);
	}
}

static void durations_come_back(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t limit = UINT64_C(1) << (next_random() % 48);
		int64_t ms = (int64_t)(next_random() % limit), back;
		struct err err = ERR_INIT;
		char text[32];

		when_format_duration(text, ms);
		if (when_parse_duration(text, &back, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(back, ms);
	}
}

static void wrong_durations_are_named(void **state)
{
	static const char *const cases[] = {
		"",	"s",	  "90",	     "1.5h", "-5m",	   "+5m",
		" 5m",	"5m ",	  "5 m",     "5x",   "5mm",	   "5M",
		"1h 5", "30m1h",  "1h1h",    "1h30", "5ms1s",	   "1d1w",
		"0x5s", "five m", "1h30mgo", "5m\n", "5\xc2\xb5s",
	};
	static const char *const long_ones[] = {
		"10001y",
		"10000y1ms",
		"315360000000000ms1y",
		"99999999999999999999s",
		"18446744073709551617ms",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;

		if (when_parse_duration(cases[i], &ms, &err) == 0)
			fail_msg("'%s' was taken", cases[i]);
		assert_err(&err, ERR_USAGE, cases[i]);
		assert_err(&err, ERR_USAGE, "15m");
	}
	for (size_t i = 0; i < ARRAY_LEN(long_ones); i++) {
		struct err err = ERR_INIT;

		if (when_parse_duration(long_ones[i], &ms, &err) == 0)
			fail_msg("'%s' was taken", long_ones[i]);
		assert_err(&err, ERR_USAGE, long_ones[i]);
	}
}

static void durations_of_any_length_fit(void **state)
{
	char text[32];

	(void)state;
	when_format_duration(text, INT64_MIN);
	assert_int_equal(text[0], '-');
	assert_in_range(strlen(text), 10, 31);
	when_format_duration(text, -90000);
	assert_string_equal(text, "-1m30s");
	when_format_age(text, INT64_MAX);
	assert_in_range(strlen(text), 10, 31);
}

static void ages(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{999, "0s"},
		{-5000, "0s"},
		{12345, "12s"},
		{WHEN_MINUTE, "1m"},
		{WHEN_MINUTE + 1500, "1m 1s"},
		{WHEN_HOUR - 1, "59m 59s"},
		{WHEN_HOUR + 59 * WHEN_SECOND, "1h"},
		{3 * WHEN_DAY + 4 * WHEN_HOUR + WHEN_MINUTE, "3d 4h"},
		{WHEN_DAY + WHEN_MINUTE, "1d"},
		{400 * WHEN_DAY, "1y 35d"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[32];

		when_format_age(text, cases[i].ms);
		assert_string_equal(text, cases[i].text);
	}
}

static void points(void **state)
{
	static const char *const good[][2] = {
		{"2h", "2026-11-20T10:00:00.000Z"},
		{"0s", "2026-11-20T12:00:00.000Z"},
		{"1y", "2025-11-20T12:00:00.000Z"},
		{"2026-11-20T10:11:12+01:00", "2026-11-20T09:11:12.000Z"},
	};
	static const char *const bad[] = {"",
					  "now",
					  "yesterday",
					  "2026-11-20",
					  "2026-02-29T10:11:12Z",
					  "5000y"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err err = ERR_INIT;
		int64_t ms = 0;

		if (when_parse_point(good[i][0], NOW, &ms, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(TEXT(ms), good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;
		int64_t ms;

		assert_int_equal(when_parse_point(bad[i], NOW, &ms, &err), -1);
		assert_err(&err, ERR_USAGE, bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_come_back),
		cmocka_unit_test(wrong_durations_are_named),
		cmocka_unit_test(durations_of_any_length_fit),
		cmocka_unit_test(ages),
		cmocka_unit_test(points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
