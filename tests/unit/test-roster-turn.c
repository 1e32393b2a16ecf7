#include "unit-roster.h"

#include <time.h>

#include <oncall/mem.h>

#define PEOPLE 3 /* "a", "b", "c" */

struct turn_case {
	const char *rotation, *at, *person, *from, *to;
};

static void try_cases(const char *zone, const struct turn_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *text =
			mem_printf("zone %s\nrotation x %s: a, b, c\n", zone,
				   cases[i].rotation);
		AUTO_ROSTER struct roster *r = roster_of(text);

		turn_is(r, 0, cases[i].at, cases[i].person, cases[i].from,
			cases[i].to);
	}
}

/* The shifts that GoAlert's own tests state, in their zone. */
static void shifts_as_goalert_documents_them(void **state)
{
	static const struct turn_case cases[] = {
		/* by weeks */
		{"weekly 08:00 from 2017-06-10", "2017-06-10T13:00:00Z", "a",
		 "2017-06-10T13:00:00Z", "2017-06-17T13:00:00Z"},
		{"every 2w 08:00 from 2017-06-10", "2017-06-10T13:00:00Z", "a",
		 "2017-06-10T13:00:00Z", "2017-06-24T13:00:00Z"},
		{"weekly 08:00 from 2017-03-10", "2017-03-10T14:00:00Z", "a",
		 "2017-03-10T14:00:00Z", "2017-03-17T13:00:00Z"},
		{"weekly 08:00 from 2017-11-04", "2017-11-04T13:00:00Z", "a",
		 "2017-11-04T13:00:00Z", "2017-11-11T14:00:00Z"},
		{"weekly 08:00 from 2017-06-10", "2017-06-16T13:00:00Z", "a",
		 "2017-06-10T13:00:00Z", "2017-06-17T13:00:00Z"},
		/* by days */
		{"daily 08:00 from 2017-06-10", "2017-06-10T13:00:00Z", "a",
		 "2017-06-10T13:00:00Z", "2017-06-11T13:00:00Z"},
		{"every 2d 08:00 from 2017-06-10", "2017-06-10T13:00:00Z", "a",
		 "2017-06-10T13:00:00Z", "2017-06-12T13:00:00Z"},
		{"daily 08:00 from 2017-03-11", "2017-03-11T14:00:00Z", "a",
		 "2017-03-11T14:00:00Z", "2017-03-12T13:00:00Z"},
		{"daily 08:00 from 2017-11-04", "2017-11-04T13:00:00Z", "a",
		 "2017-11-04T13:00:00Z", "2017-11-05T14:00:00Z"},
		/* by hours */
		{"every 1h 08:00 from 2017-06-10", "2017-06-10T13:00:00Z", "a",
		 "2017-06-10T13:00:00Z", "2017-06-10T14:00:00Z"},
		{"every 2h 08:00 from 2017-06-10", "2017-06-10T13:00:00Z", "a",
		 "2017-06-10T13:00:00Z", "2017-06-10T15:00:00Z"},
		{"every 3h 00:00 from 2017-03-12", "2017-03-12T06:00:00Z", "a",
		 "2017-03-12T06:00:00Z", "2017-03-12T08:00:00Z"},
		{"every 3h 00:00 from 2017-11-05", "2017-11-05T05:00:00Z", "a",
		 "2017-11-05T05:00:00Z", "2017-11-05T09:00:00Z"},
		{"every 1h 01:00 from 2017-03-12", "2017-03-12T07:00:00Z", "a",
		 "2017-03-12T07:00:00Z", "2017-03-12T08:00:00Z"},
		{"every 1h 01:00 from 2017-11-05", "2017-11-05T06:00:00Z", "a",
		 "2017-11-05T06:00:00Z", "2017-11-05T08:00:00Z"},
		{"every 12h 00:00 from 2017-01-01", "2017-01-03T12:00:00Z", "b",
		 "2017-01-03T06:00:00Z", "2017-01-03T18:00:00Z"},
	};

	(void)state;
	try_cases("America/Chicago", cases, ARRAY_LEN(cases));
}

/* 2026-03-29 02:00 to 03:00, 2026-10-25 03:00 to 02:00 */
static void hand_overs_in_berlin(void **state)
{
	static const struct turn_case cases[] = {
		{"weekly Mon 09:00 from 2026-03-23", "2026-03-29T12:00:00Z",
		 "a", "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"},
		{"weekly Mon 09:00 from 2026-10-19", "2026-10-25T12:00:00Z",
		 "a", "2026-10-19T07:00:00Z", "2026-10-26T08:00:00Z"},
		{"daily 09:00 from 2026-03-28", "2026-03-29T06:59:59Z", "a",
		 "2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"},
		{"daily 09:00 from 2026-10-24", "2026-10-25T07:59:59Z", "a",
		 "2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z"},
		/* an hour that is left out */
		{"daily 02:30 from 2026-03-28", "2026-03-29T00:59:59Z", "a",
		 "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"},
		{"daily 02:30 from 2026-03-28", "2026-03-29T01:00:00Z", "b",
		 "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		/* an hour that comes twice */
		{"daily 02:30 from 2026-10-24", "2026-10-25T00:30:00Z", "b",
		 "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"daily 02:30 from 2026-10-24", "2026-10-25T01:15:00Z", "b",
		 "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		/* a turn that is left out, and one of two hours */
		{"every 1h 00:00 from 2026-03-29", "2026-03-29T00:59:59Z", "b",
		 "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"every 1h 00:00 from 2026-03-29", "2026-03-29T01:00:00Z", "a",
		 "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"},
		{"every 1h 00:00 from 2026-10-25", "2026-10-25T01:59:59Z", "c",
		 "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"},
		{"every 12h 20:00 from 2026-03-28", "2026-03-29T05:00:00Z", "a",
		 "2026-03-28T19:00:00Z", "2026-03-29T06:00:00Z"},
		{"every 12h 20:00 from 2026-10-24", "2026-10-25T06:30:00Z", "a",
		 "2026-10-24T18:00:00Z", "2026-10-25T07:00:00Z"},
		{"monthly 29 02:30 from 2026-01-29", "2026-03-29T01:00:00Z",
		 "c", "2026-03-29T01:00:00Z", "2026-04-29T00:30:00Z"},
	};

	(void)state;
	try_cases("Europe/Berlin", cases, ARRAY_LEN(cases));
}

/* 2026-03-08 02:00 to 03:00, 2026-11-01 02:00 to 01:00 */
static void hand_overs_in_new_york(void **state)
{
	static const struct turn_case cases[] = {
		{"weekly Sun 02:00 from 2026-03-01", "2026-03-08T06:59:59Z",
		 "a", "2026-03-01T07:00:00Z", "2026-03-08T07:00:00Z"},
		{"weekly Sun 02:00 from 2026-03-01", "2026-03-08T07:00:00Z",
		 "b", "2026-03-08T07:00:00Z", "2026-03-15T06:00:00Z"},
		{"weekly Mon 09:00 from 2026-10-26", "2026-11-01T12:00:00Z",
		 "a", "2026-10-26T13:00:00Z", "2026-11-02T14:00:00Z"},
		{"daily 02:30 from 2026-03-07", "2026-03-08T07:00:00Z", "b",
		 "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"},
		{"daily 01:30 from 2026-10-31", "2026-11-01T06:30:00Z", "b",
		 "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},
		{"every 12h 09:00 from 2026-10-31", "2026-11-01T13:30:00Z", "b",
		 "2026-11-01T01:00:00Z", "2026-11-01T14:00:00Z"},
		{"every 12h 09:00 from 2026-03-07", "2026-03-08T12:30:00Z", "b",
		 "2026-03-08T02:00:00Z", "2026-03-08T13:00:00Z"},
		{"monthly 1 00:00 from 2026-11-01", "2026-11-30T12:00:00Z", "a",
		 "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"},
	};

	(void)state;
	try_cases("America/New_York", cases, ARRAY_LEN(cases));
}

/* Half an hour: 2026-10-04 02:00 to 02:30, 2026-04-05 02:00 to 01:30 */
static void hand_overs_on_lord_howe(void **state)
{
	static const struct turn_case cases[] = {
		{"weekly Mon 09:00 from 2026-03-30", "2026-04-05T12:00:00Z",
		 "a", "2026-03-29T22:00:00Z", "2026-04-05T22:30:00Z"},
		{"weekly Mon 09:00 from 2026-09-28", "2026-10-04T12:00:00Z",
		 "a", "2026-09-27T22:30:00Z", "2026-10-04T22:00:00Z"},
		{"daily 02:15 from 2026-10-03", "2026-10-03T15:30:00Z", "b",
		 "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"},
		{"daily 01:45 from 2026-04-04", "2026-04-04T15:30:00Z", "b",
		 "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"},
		{"every 12h 09:00 from 2026-10-03", "2026-10-03T21:59:59Z", "b",
		 "2026-10-03T10:30:00Z", "2026-10-03T22:00:00Z"},
		{"every 12h 09:00 from 2026-04-04", "2026-04-04T22:29:59Z", "b",
		 "2026-04-04T10:00:00Z", "2026-04-04T22:30:00Z"},
	};

	(void)state;
	try_cases("Australia/Lord_Howe", cases, ARRAY_LEN(cases));
}

static void months_are_as_long_as_they_are(void **state)
{
	static const struct turn_case cases[] = {
		{"monthly 1 09:00 from 2026-11-01", "2026-11-01T08:59:59Z", "",
		 "", "2026-11-01T09:00:00Z"},
		{"monthly 1 09:00 from 2026-11-01", "2027-01-31T09:00:00Z", "c",
		 "2027-01-01T09:00:00Z", "2027-02-01T09:00:00Z"},
		{"monthly 31 09:00 from 2026-01-31", "2026-02-28T09:00:00Z",
		 "b", "2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z"},
		{"monthly 31 09:00 from 2028-01-31", "2028-02-28T09:00:00Z",
		 "a", "2028-01-31T09:00:00Z", "2028-02-29T09:00:00Z"},
		{"monthly 30 09:00 from 2026-02-28", "2026-03-30T09:00:00Z",
		 "b", "2026-03-30T09:00:00Z", "2026-04-30T09:00:00Z"},
		{"monthly 1 09:00 from 2026-11-01", "9999-12-31T23:59:59Z", "b",
		 "9999-12-01T09:00:00Z", ""},
	};

	(void)state;
	try_cases("UTC", cases, ARRAY_LEN(cases) - 1);
	/* The last turn of the calendar ends behind what can be written. */
	for (size_t i = ARRAY_LEN(cases) - 1; i < ARRAY_LEN(cases); i++) {
		AUTO_ROSTER struct roster *r = roster_of(
			"zone UTC\n"
			"rotation x monthly 1 09:00 from 2026-11-01: a, b, c");
		struct roster_turn turn;

		assert_true(roster_at(r, 0, WHEN_MAX, &turn));
		assert_string_equal(turn.person, cases[i].person);
		assert_int_equal(turn.from, time_of(cases[i].from));
		assert_true(turn.to > WHEN_MAX);
	}
}

/* When the C library says that turn k begins. */
static int64_t begins_by_mktime(int64_t k, int days)
{
	struct tm tm = {.tm_year = 2020 - 1900,
			.tm_mon = 0,
			.tm_mday = 6 + (int)k * days,
			.tm_hour = 9,
			.tm_isdst = -1};

	return (int64_t)mktime(&tm) * WHEN_SECOND;
}

/* 09:00 is in no hour that is left out or comes twice. */
static void turns_agree_with_the_c_library(void **state)
{
	static const char *const zones[] = {"UTC",
					    "Europe/Berlin",
					    "America/New_York",
					    "Australia/Lord_Howe",
					    "Africa/Casablanca",
					    "Asia/Kathmandu"};
	static const int days[] = {1, 3, 7, 14};
	static const char *const people[PEOPLE] = {"a", "b", "c"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(zones) * ARRAY_LEN(days); i++) {
		const char *zone = zones[i / ARRAY_LEN(days)];
		int n = days[i % ARRAY_LEN(days)];
		AUTO_FREE char *text = mem_printf(
			"zone %s\nrotation x every %dd 09:00 from 2020-01-06: "
			"a, b, c",
			zone, n);
		AUTO_ROSTER struct roster *r = roster_of(text);

		assert_int_equal(setenv("TZ", zone, 1), 0);
		tzset();
		for (int j = 0; j < 300; j++) {
			int64_t k = (int64_t)(next_random() % 6000) / n;
			int64_t from = begins_by_mktime(k, n),
				to = begins_by_mktime(k + 1, n);
			int64_t at = from + (int64_t)(next_random() %
						      (uint64_t)(to - from));
			struct roster_turn turn;

			assert_true(roster_at(r, 0, at, &turn));
			assert_string_equal(turn.person, people[k % PEOPLE]);
			assert_int_equal(turn.from, from);
			assert_int_equal(turn.to, to);
		}
	}
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

/* Each begins where the one before ends, and in between nothing changes. */
static void turns_follow_each_other(void **state)
{
	static const char *const texts[] = {
		"rotation x every 1h 00:00 from 2026-01-01: a, b, c",
		"rotation x every 5h 02:30 from 2026-01-01: a, b, c",
		"rotation x daily 02:30 from 2026-01-01: a, b, c",
		"rotation x monthly 31 02:30 from 2026-01-31: a, b, c",
		"rotation x weekly Mon 09:00 from 2026-01-05: a, b, c\n"
		"only x Mon-Fri 09:00 to 17:00\n"
		"only x daily 02:30 to 03:30\n"
		"only x 2026-05-01 to 2026-06-30\n"
		"override x 2026-03-29 01:00 to 2026-03-29 02:30: d\n"
		"override x 2026-10-01 to 2026-12-31: d\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_FREE char *text =
			mem_printf("zone Europe/Berlin\n%s", texts[i]);
		AUTO_ROSTER struct roster *r = roster_of(text);
		int64_t at = time_of("2025-12-31T00:00:00Z");
		struct roster_turn turn, same;

		for (int steps = 0; at < time_of("2027-02-01T00:00:00Z");
		     steps++) {
			int64_t last = at;

			assert_true(roster_at(r, 0, at, &turn));
			assert_true(steps == 0 || turn.from == last);
			assert_true(turn.to > at);
			at = turn.from > last ? turn.from : last;
			at += (int64_t)(next_random() %
					(uint64_t)(turn.to - at));
			assert_true(roster_at(r, 0, at, &same));
			assert_memory_equal(&turn, &same, sizeof(turn));
			assert_true(roster_at(r, 0, turn.to - 1, &same));
			assert_memory_equal(&turn, &same, sizeof(turn));
			at = turn.to;
		}
	}
}

static int64_t cpu_ms(void)
{
	return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* Years ahead is as quick as today, and right. */
static void years_ahead_take_no_longer(void **state)
{
	AUTO_ROSTER struct roster *r = roster_of(
		"zone Europe/Berlin\n"
		"rotation h every 1h 00:00 from 1970-01-01: a, b, c\n"
		"rotation w weekly Mon 09:00 from 1970-01-05: a, b, c\n"
		"only w Mon-Fri 09:00 to 17:00\n");
	struct roster_turn turn;
	int64_t began = cpu_ms();

	(void)state;
	/* 2,911,317 weeks and a bit after; Mon 9998-12-28 is in winter time. */
	turn_is(r, 1, "9998-12-28T12:00:00Z", "a", "9998-12-28T08:00:00Z",
		"9998-12-28T16:00:00Z");
	for (int i = 0; i < 2000; i++) {
		int64_t at = WHEN_MAX -
			     (int64_t)(next_random() % (8000 * 365 * WHEN_DAY));

		assert_true(roster_at(r, (size_t)i % 2, at, &turn));
		assert_true(turn.from <= at && at < turn.to);
	}
	/* By steps, this would be a hundred million for each. */
	assert_true(cpu_ms() - began < 20000);
}

static void times_far_away_do_not_matter(void **state)
{
	AUTO_ROSTER struct roster *r = roster_of(
		"zone XXX24\n"
		"rotation x daily 09:00 from 2026-01-01: a, b\n"
		"rotation y every 1h 09:00 XXX-24 from 2026-01-01: a\n");
	struct roster_turn turn;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_true(roster_at(r, i, INT64_MIN, &turn));
		assert_null(turn.person);
		assert_string_equal(turn.why, "outside");
		assert_int_equal(turn.from, WHEN_NONE);
		assert_true(roster_at(r, i, INT64_MAX, &turn));
		assert_non_null(turn.person);
		assert_true(turn.to > WHEN_MAX);
	}
	assert_false(roster_at(r, 2, 0, &turn));
	/* A day and an hour behind UTC, and a day before it. */
	turn_is(r, 0, "2026-01-03T09:00:00Z", "b", "2026-01-03T09:00:00Z",
		"2026-01-04T09:00:00Z");
	turn_is(r, 1, "2025-12-31T09:00:00Z", "a", "2025-12-31T09:00:00Z",
		"2025-12-31T10:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifts_as_goalert_documents_them),
		cmocka_unit_test(hand_overs_in_berlin),
		cmocka_unit_test(hand_overs_in_new_york),
		cmocka_unit_test(hand_overs_on_lord_howe),
		cmocka_unit_test(months_are_as_long_as_they_are),
		cmocka_unit_test(turns_agree_with_the_c_library),
		cmocka_unit_test(turns_follow_each_other),
		cmocka_unit_test(years_ahead_take_no_longer),
		cmocka_unit_test(times_far_away_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
