#include "unit-when.h"

#include <time.h>

static void zone(const char *name)
{
	struct err err = ERR_INIT;

	if (when_set_zone(name, &err) < 0)
		fail_msg("%s", err.text);
}

static void zones_move_times_without_one(void **state)
{
	static const struct {
		const char *zone, *line, *want;
		int offset;
	} cases[] = {
		{"Europe/Berlin", "2026-11-20 10:11:12",
		 "2026-11-20T09:11:12.000Z", 60},
		{"Europe/Berlin", "2026-07-20 10:11:12",
		 "2026-07-20T08:11:12.000Z", 120},
		{"Europe/Berlin", "Jul 20 10:11:12", "2026-07-20T08:11:12.000Z",
		 120},
		{"Europe/Berlin", "2026-07-20T10:11:12Z",
		 "2026-07-20T10:11:12.000Z", 0},
		/* the hour that is skipped, and the one that comes twice */
		{"Europe/Berlin", "2026-03-29 01:59:59",
		 "2026-03-29T00:59:59.000Z", 60},
		{"Europe/Berlin", "2026-03-29 02:30:00",
		 "2026-03-29T01:30:00.000Z", 60},
		{"Europe/Berlin", "2026-03-29 03:00:00",
		 "2026-03-29T01:00:00.000Z", 120},
		{"Europe/Berlin", "2026-10-25 01:59:59",
		 "2026-10-24T23:59:59.000Z", 120},
		{"Europe/Berlin", "2026-10-25 02:30:00",
		 "2026-10-25T01:30:00.000Z", 60},
		{"Europe/Berlin", "2026-10-25 03:00:00",
		 "2026-10-25T02:00:00.000Z", 60},
		{"America/New_York", "2026-11-20 10:11:12",
		 "2026-11-20T15:11:12.000Z", -300},
		{"Asia/Kathmandu", "2026-11-20 10:11:12",
		 "2026-11-20T04:26:12.000Z", 345},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-20 10:11:12",
		 "2026-07-20T08:11:12.000Z", 120},
		{"<+0330>-3:30", "2026-11-20 10:11:12",
		 "2026-11-20T06:41:12.000Z", 210},
		{"UTC", "2026-07-20 10:11:12", "2026-07-20T10:11:12.000Z", 0},
	};
	struct when w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		zone(cases[i].zone);
		assert_int_equal(when_parse_log(cases[i].line,
						strlen(cases[i].line), NOW, &w),
				 0);
		assert_string_equal(TEXT(w.ms), cases[i].want);
		assert_int_equal(w.offset_minutes, cases[i].offset);
	}
}

static void local_is_the_zone_of_the_process(void **state)
{
	(void)state; /* main() has put Tokyo into TZ before the first use */
	zone("local");
	assert_int_equal(when_zone_offset(NOW), 540);
	zone("America/New_York");
	assert_int_equal(when_zone_offset(NOW), -300);
	zone("local");
	assert_int_equal(when_zone_offset(NOW), 540);
	assert_int_equal(when_zone_offset(-1), 540);
}

static void offsets_agree_with_the_c_library(void **state)
{
	(void)state;
	zone("America/New_York");
	for (int i = 0; i < 20000; i++) {
		int64_t ms = (int64_t)(next_random() % (100 * 365)) * WHEN_DAY +
			     (int64_t)(next_random() % 86400) * WHEN_SECOND;
		time_t seconds = (time_t)(ms / 1000);
		struct tm tm;

		assert_non_null(localtime_r(&seconds, &tm));
		assert_int_equal(when_zone_offset(ms), tm.tm_gmtoff / 60);
	}
}

static void unknown_zones_are_named(void **state)
{
	static const char *const cases[] = {
		"",
		"Europe/Atlantis",
		"Berlin",
		"Europe",
		"/etc/localtime",
		"../zoneinfo/UTC",
		"Europe/../UTC",
		"tzdata.zi",
		"CE-1",
		"CET-1CEST,",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.5.0,M10.5.0x",
		"CET-25",
		"CET-1:60",
		"<+03-3",
		"<>-3",
		"+01:00",
		"utc+x",
	};

	(void)state;
	zone("Asia/Kathmandu");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;

		if (when_set_zone(cases[i], &err) == 0)
			fail_msg("'%s' was taken", cases[i]);
		assert_err(&err, ERR_USAGE, cases[i]);
		assert_err(&err, ERR_USAGE, "Europe/Berlin");
	}
	assert_int_equal(when_zone_offset(NOW), 345); /* still */
	zone("UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_move_times_without_one),
		cmocka_unit_test(local_is_the_zone_of_the_process),
		cmocka_unit_test(offsets_agree_with_the_c_library),
		cmocka_unit_test(unknown_zones_are_named),
	};

	(void)setenv("TZ", "Asia/Tokyo", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
