#include "unit-when.h"

#include <time.h>

#include <oncall/mem.h>
#include <oncall/window.h>

static struct window *window_in(const char *text, const char *zone)
{
	struct err err = ERR_INIT;
	struct window *w = NULL;

	if (window_new(&w, text, zone, &err) < 0)
		fail_msg("%s", err.text);
	return w;
}

static void windows_hold_and_change_when_they_say(void **state)
{
	/* 2026-11-20 is a Friday. */
	static const struct {
		const char *text, *at, *change; /* change "": never */
		bool holds;
	} cases[] = {
		/* weekly, over the end of the week */
		{"Fri 16:00 to Mon 08:00", "2026-11-20T15:59:59.999Z",
		 "2026-11-20T16:00:00.000Z", false},
		{"Fri 16:00 to Mon 08:00", "2026-11-20T16:00:00Z",
		 "2026-11-23T08:00:00.000Z", true},
		{"fri 16:00 TO monday 8:00", "2026-11-23T07:59:59.999Z",
		 "2026-11-23T08:00:00.000Z", true},
		{"Fri 16:00 to Mon 08:00", "2026-11-23T08:00:00Z",
		 "2026-11-27T16:00:00.000Z", false},
		{"Mon 08:00 to Mon 08:00", "2026-11-23T08:00:00Z", "", true},
		{"Mon 08:00 to Mon 07:59", "2026-11-23T08:00:00Z",
		 "2026-11-30T07:59:00.000Z", true},
		{"Mon 08:00 to Mon 07:59", "2026-11-23T07:59:00Z",
		 "2026-11-23T08:00:00.000Z", false},
		/* days of the week */
		{"Mon-Fri 09:00 to 17:00", "2026-11-20T12:00:00Z",
		 "2026-11-20T17:00:00.000Z", true},
		{"Mon-Fri 09:00 to 17:00", "2026-11-20T17:00:00Z",
		 "2026-11-23T09:00:00.000Z", false},
		{"Mon-Fri 09:00 to 17:00", "2026-11-21T12:00:00Z",
		 "2026-11-23T09:00:00.000Z", false},
		{"Sat-Mon 22:00 to 06:00", "2026-11-24T05:00:00Z",
		 "2026-11-24T06:00:00.000Z", true},
		{"Sat-Mon 22:00 to 06:00", "2026-11-24T06:00:00Z",
		 "2026-11-28T22:00:00.000Z", false},
		{"Sat 09:00 to 17:00", "2026-11-21T09:00:00Z",
		 "2026-11-21T17:00:00.000Z", true},
		{"Mon-Fri 09:00 to 09:00", "2026-11-17T00:00:00Z",
		 "2026-11-21T09:00:00.000Z", true},
		{"Sat-Sun 00:00 to 24:00", "2026-11-21T00:00:00Z",
		 "2026-11-23T00:00:00.000Z", true},
		{"Mon-Sun 00:00 to 24:00", "2026-11-21T00:00:00Z", "", true},
		/* daily, over midnight */
		{"daily 22:00 to 06:00", "2026-11-20T21:00:00Z",
		 "2026-11-20T22:00:00.000Z", false},
		{"daily 22:00 to 06:00", "2026-11-20T23:00:00Z",
		 "2026-11-21T06:00:00.000Z", true},
		{"daily 22:00 to 06:00", "2026-11-21T03:00:00Z",
		 "2026-11-21T06:00:00.000Z", true},
		{"daily 22:00 to 06:00", "2026-11-21T06:00:00Z",
		 "2026-11-21T22:00:00.000Z", false},
		{"daily 00:00 to 24:00", "2026-11-21T06:00:00Z", "", true},
		{"daily 07:00 to 07:00", "2026-11-21T07:00:00Z", "", true},
		/* dates, the last day included */
		{"2026-12-24 to 2027-01-02", "2026-11-20T00:00:00Z",
		 "2026-12-24T00:00:00.000Z", false},
		{"2026-12-24 to 2027-01-02", "2027-01-02T23:59:59.999Z",
		 "2027-01-03T00:00:00.000Z", true},
		{"2026-12-24 to 2027-01-02", "2027-01-03T00:00:00Z", "", false},
		{"2026-12-25 to 2026-12-25", "2026-12-25T12:00:00Z",
		 "2026-12-26T00:00:00.000Z", true},
		{"2026-12-24 18:00 to 2026-12-25 06:00", "2026-12-24T18:00:00Z",
		 "2026-12-25T06:00:00.000Z", true},
		{"2026-12-24 18:00 to 2026-12-25", "2026-12-25T06:00:00Z",
		 "2026-12-26T00:00:00.000Z", true},
		/* elsewhere */
		{"Mon-Fri 09:00 to 17:00 Asia/Kathmandu",
		 "2026-11-20T03:14:59.999Z", "2026-11-20T03:15:00.000Z", false},
		{"Fri 16:00 to Mon 08:00 Europe/Berlin", "2026-11-20T15:00:00Z",
		 "2026-11-23T07:00:00.000Z", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_WINDOW struct window *w = window_in(cases[i].text, NULL);
		int64_t change = 0, at = time_of(cases[i].at);
		int64_t want =
			*cases[i].change ? time_of(cases[i].change) : WHEN_NONE;

		if (window_holds(w, at, &change) != cases[i].holds)
			fail_msg("'%s' at %s: holds is %d", cases[i].text,
				 cases[i].at, !cases[i].holds);
		if (change != want)
			fail_msg("'%s' at %s: changes %s, not %s",
				 cases[i].text, cases[i].at, TEXT(change),
				 cases[i].change);
		assert_int_equal(window_holds(w, at, NULL), cases[i].holds);
		assert_string_equal(window_text(w), cases[i].text);
	}
}

/* Where clocks change: each window's next beginning and end. */
static void clocks_that_are_put_forward_and_back(void **state)
{
	static const struct {
		const char *zone, *text, *at, *from, *to;
	} cases[] = {
		/* 2026-03-29 02:00 to 03:00, 2026-10-25 03:00 to 02:00 */
		{"Europe/Berlin", "daily 02:30 to 04:00",
		 "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z",
		 "2026-03-29T02:00:00.000Z"},
		{"Europe/Berlin", "daily 01:00 to 02:30",
		 "2026-03-28T12:00:00Z", "2026-03-29T00:00:00.000Z",
		 "2026-03-29T01:00:00.000Z"},
		{"Europe/Berlin", "daily 02:10 to 02:50",
		 "2026-03-28T12:00:00Z", "2026-03-30T00:10:00.000Z",
		 "2026-03-30T00:50:00.000Z"},
		{"Europe/Berlin", "daily 02:30 to 04:00",
		 "2026-10-24T12:00:00Z", "2026-10-25T00:30:00.000Z",
		 "2026-10-25T03:00:00.000Z"},
		{"Europe/Berlin", "daily 01:00 to 02:30",
		 "2026-10-24T12:00:00Z", "2026-10-24T23:00:00.000Z",
		 "2026-10-25T01:30:00.000Z"},
		{"Europe/Berlin", "Sat 16:00 to Mon 08:00",
		 "2026-10-24T12:00:00Z", "2026-10-24T14:00:00.000Z",
		 "2026-10-26T07:00:00.000Z"},
		/* the gap of a daily window that is skipped once */
		{"Europe/Berlin", "daily 02:50 to 02:10",
		 "2026-03-28T01:30:00Z", "2026-03-28T01:50:00.000Z",
		 "2026-03-30T00:10:00.000Z"},
		/* 2026-03-08 02:00 to 03:00, 2026-11-01 02:00 to 01:00 */
		{"America/New_York", "daily 02:30 to 06:00",
		 "2026-03-07T20:00:00Z", "2026-03-08T07:00:00.000Z",
		 "2026-03-08T10:00:00.000Z"},
		{"America/New_York", "daily 01:30 to 06:00",
		 "2026-10-31T20:00:00Z", "2026-11-01T05:30:00.000Z",
		 "2026-11-01T11:00:00.000Z"},
		{"America/New_York", "2026-11-01 00:00 to 2026-11-01 01:30",
		 "2026-10-31T20:00:00Z", "2026-11-01T04:00:00.000Z",
		 "2026-11-01T06:30:00.000Z"},
		/* half an hour: 2026-10-04 02:00 to 02:30, 2026-04-05 02:00 to
		 * 01:30 */
		{"Australia/Lord_Howe", "daily 02:15 to 03:00",
		 "2026-10-03T12:00:00Z", "2026-10-03T15:30:00.000Z",
		 "2026-10-03T16:00:00.000Z"},
		{"Australia/Lord_Howe", "daily 01:45 to 03:00",
		 "2026-04-04T12:00:00Z", "2026-04-04T14:45:00.000Z",
		 "2026-04-04T16:30:00.000Z"},
		{"Australia/Lord_Howe", "2026-04-05 to 2026-04-05",
		 "2026-04-04T12:00:00Z", "2026-04-04T13:00:00.000Z",
		 "2026-04-05T13:30:00.000Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_WINDOW struct window *w =
			window_in(cases[i].text, cases[i].zone);
		int64_t from, to;

		assert_false(window_holds(w, time_of(cases[i].at), &from));
		assert_string_equal(TEXT(from), cases[i].from);
		assert_true(window_holds(w, from, &to));
		assert_string_equal(TEXT(to), cases[i].to);
		assert_false(window_holds(w, from - 1, NULL));
		assert_true(window_holds(w, to - 1, NULL));
		assert_false(window_holds(w, to, NULL));
	}
}

/* Whether the local time of day is in the window; the day does not matter. */
static bool clock_is_in(int64_t ms, int from, int to)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	int minute;

	assert_non_null(localtime_r(&seconds, &tm));
	minute = tm.tm_hour * 60 + tm.tm_min;
	return from < to ? minute >= from && minute < to
			 : minute >= from || minute < to;
}

/* A clock that changes within the day before or after. */
static bool is_near_change(int64_t ms)
{
	time_t a = (time_t)(ms / 1000) - 86400, b = a + 2 * 86400;
	struct tm before, after;

	assert_non_null(localtime_r(&a, &before));
	assert_non_null(localtime_r(&b, &after));
	return before.tm_gmtoff != after.tm_gmtoff;
}

static void try_random_window(const char *zone)
{
	int from = (int)(next_random() % 1440),
	    to = (int)(next_random() % 1440);
	AUTO_FREE char *text =
		mem_printf("daily %02d:%02d to %02d:%02d", from / 60, from % 60,
			   to / 60, to % 60);
	AUTO_WINDOW struct window *w = window_in(text, zone);

	for (int i = 0; i < 200 && from != to; i++) {
		int64_t change,
			at = NOW + (int64_t)(next_random() % (730 * WHEN_DAY));
		bool holds = window_holds(w, at, &change);

		if (!is_near_change(at) && holds != clock_is_in(at, from, to))
			fail_msg("'%s' in %s at %s: %d", text, zone, TEXT(at),
				 holds);
		assert_true(change > at);
		assert_int_equal(window_holds(w, change, NULL), !holds);
		for (int64_t t = at; t < change; t += 7 * WHEN_MINUTE)
			assert_int_equal(window_holds(w, t, NULL), holds);
		assert_int_equal(window_holds(w, change - 1, NULL), holds);
	}
}

static void random_windows_agree_with_the_c_library(void **state)
{
	static const char *const zones[] = {"UTC",
					    "Europe/Berlin",
					    "America/New_York",
					    "Australia/Lord_Howe",
					    "Africa/Casablanca",
					    "Pacific/Apia"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		for (int j = 0; j < 10; j++) {
			assert_int_equal(setenv("TZ", zones[i], 1), 0);
			tzset();
			try_random_window(zones[i]);
			/* The process still has its own zone. */
			assert_string_equal(getenv("TZ"), zones[i]);
		}
	}
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

static void bad_text_is_refused_with_what_would_do(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "it is empty"},
		{"Fry 16:00 to Mon 08:00", "'Fry' is no day, date or time"},
		{"Fri 16:00 until Mon 08:00", "'to' is missing"},
		{"Fri 16:00", "'to' is missing"},
		{"Fri 16:00 to", "'' is no day, date or time of day"},
		{"Fri to Mon", "a time of day is missing"},
		{"Fri 16:00 to Mon", "a time of day is missing"},
		{"Fri 25:00 to Mon 08:00", "'25:00' is no time of day"},
		{"Fri 24:01 to Mon 08:00", "'24:01' is no time of day"},
		{"Fri 16:60 to Mon 08:00", "'16:60' is no time of day"},
		{"Fri 4:5 to Mon 08:00", "'4:5' is no time of day"},
		{"Fri :05 to Mon 08:00", "':05' is no time of day"},
		{"Fri 123:00 to Mon 08:00", "'123:00' is no time of day"},
		{"Fri x:00 to Mon 08:00", "'x:00' is no time of day"},
		{"16:00 to 08:00", "its day is missing"},
		{"daily 16:00 to Mon 08:00", "begins on several days"},
		{"Mon-Fri 16:00 to Sat 08:00", "begins on several days"},
		{"Mon 16:00 to daily 08:00", "its end is not like"},
		{"Mon 16:00 to Tue-Fri 08:00", "its end is not like"},
		{"Mon 16:00 to 2026-12-24", "its end is not like"},
		{"2026-12-24 to Mon 08:00", "the date of its end is missing"},
		{"2026-02-30 to 2026-03-01", "'2026-02-30' is no date"},
		{"2026-12-24 to 2026-12-23", "it ends before it begins"},
		{"2026-12-24 12:00 to 2026-12-24 12:00", "before it begins"},
		{"daily 22:00 to 06:00 UTC x", "'x' is no part of it"},
		{"a b c d e f g h", "it is too long"},
		{"Mon-Fry 09:00 to 17:00", "'Mon-Fry' is no day"},
	};
	struct window *w = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;

		if (window_new(&w, cases[i].text, NULL, &err) == 0)
			fail_msg("'%s' was taken", cases[i].text);
		assert_err(&err, ERR_USAGE, cases[i].why);
		assert_err(&err, ERR_USAGE, "write 'Fri 16:00 to Mon 08:00'");
		assert_null(w);
	}
}

static void zones_of_windows_are_checked(void **state)
{
	struct err err = ERR_INIT, other = ERR_INIT;
	struct window *w = NULL;

	(void)state;
	assert_int_equal(
		window_new(&w, "daily 22:00 to 06:00 CEST", NULL, &err), -1);
	assert_err(&err, ERR_USAGE,
		   "'daily 22:00 to 06:00 CEST': unknown time "
		   "zone 'CEST'");
	assert_int_equal(window_new(&w, "daily 22:00 to 06:00", "Mars", &other),
			 -1);
	assert_err(&other, ERR_USAGE, "unknown time zone 'Mars'");
}

static void times_far_away_do_not_matter(void **state)
{
	AUTO_WINDOW struct window *w =
		window_in("daily 22:00 to 06:00", "Europe/Berlin");
	AUTO_WINDOW struct window *last =
		window_in("2026-12-24 to 9999-12-31", NULL);
	int64_t change;

	(void)state;
	(void)window_holds(w, INT64_MIN, &change);
	(void)window_holds(w, INT64_MAX, &change);
	assert_false(window_holds(w, time_of("1965-03-01T12:00:00Z"), &change));
	assert_string_equal(TEXT(change), "1965-03-01T21:00:00.000Z");
	assert_false(window_holds(w, time_of("2126-07-01T12:00:00Z"), &change));
	assert_string_equal(TEXT(change), "2126-07-01T20:00:00.000Z");
	assert_true(window_holds(last, WHEN_MAX, &change));
	assert_int_equal(change, WHEN_MAX + 1);
	assert_false(window_holds(last, WHEN_MAX + 1, &change));
	assert_int_equal(change, WHEN_NONE);
	assert_false(window_holds(last, INT64_MAX, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_hold_and_change_when_they_say),
		cmocka_unit_test(clocks_that_are_put_forward_and_back),
		cmocka_unit_test(random_windows_agree_with_the_c_library),
		cmocka_unit_test(bad_text_is_refused_with_what_would_do),
		cmocka_unit_test(zones_of_windows_are_checked),
		cmocka_unit_test(times_far_away_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
