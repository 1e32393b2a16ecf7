#include "unit-when.h"

#include <stdio.h>

static void zone(const char *name)
{
	struct err err = ERR_INIT;

	if (when_set_zone(name, &err) < 0)
		fail_msg("%s", err.text);
}

enum { ZONE = 1, YEAR = 2 }; /* what was assumed */

struct log_case {
	const char *line;
	const char *rest; /* behind the time */
	const char *want;
	int offset;
	unsigned assumed;
};

static void check_log(const struct log_case *c, size_t count)
{
	for (size_t i = 0; i < count; i++, c++) {
		struct when w;

		if (when_parse_log(c->line, strlen(c->line), NOW, &w) < 0)
			fail_msg("'%s' was not read", c->line);
		if (strcmp(TEXT(w.ms), c->want) != 0 ||
		    w.offset_minutes != c->offset ||
		    w.zone_assumed != !!(c->assumed & ZONE) ||
		    w.year_assumed != !!(c->assumed & YEAR) ||
		    strcmp(c->line + w.used, c->rest) != 0)
			fail_msg("'%s' was read as %s, %d minutes, zone %s, "
				 "year %s, before '%s'",
				 c->line, TEXT(w.ms), w.offset_minutes,
				 w.zone_assumed ? "assumed" : "given",
				 w.year_assumed ? "assumed" : "given",
				 c->line + w.used);
	}
}

static void log_times_with_year(void **state)
{
	static const char at[] = "2026-11-20T10:11:12.000Z";
	static const char early[] = "2026-11-20T09:11:12.000Z";
	static const char ms[] = "2026-11-20T10:11:12.123Z";
	static const struct log_case cases[] = {
		{"2026-11-20T10:11:12Z x", " x", at, 0, 0},
		{"2026-11-20T10:11:12", "", at, 0, ZONE},
		{"2026-11-20 10:11:12 ERROR x", " ERROR x", at, 0, ZONE},
		{"2026-11-20 10:11:12,123 - app - x", " - app - x", ms, 0,
		 ZONE},
		{"2026-11-20 10:11:12.123456789Z stdout F x", " stdout F x", ms,
		 0, 0},
		{"2026-11-20 10:11:12.123 UTC [17] LOG", " [17] LOG", ms, 0, 0},
		{"2026-11-20 10:11:12.123 GMT x", " x", ms, 0, 0},
		{"2026-11-20 10:11:12 CET [17]", " CET [17]", at, 0, ZONE},
		{"2026-11-20 10:11:12 UTCX", " UTCX", at, 0, ZONE},
		{"2026-11-20 10:11:12 Zeus", " Zeus", at, 0, ZONE},
		{"2026-11-20T10:11:12+01 x", " x", early, 60, 0},
		{"2026-11-20T10:11:12+0100 x", " x", early, 60, 0},
		{"2026-11-20T10:11:12+01:00 x", " x", early, 60, 0},
		{"2026-11-20 10:11:12 +0100 x", " x", early, 60, 0},
		{"2026-11-20 10:11:12 +01:00", "", early, 60, 0},
		{"2026-11-20 10:11:12 UTC+1", " UTC+1", at, 0, ZONE},
		{"2026-11-20 10:11:12 GMT+0100 (CET)", " (CET)", early, 60, 0},
		{"2026-11-20 10:11:12 -12 degrees", " -12 degrees", at, 0,
		 ZONE},
		{"2026-11-20 10:11:12-foo", "-foo", at, 0, ZONE},
		{"2026-11-20 10:11:12+010", "+010", at, 0, ZONE},
		{"2026-11-20 10:11:12+24:00", "+24:00", at, 0, ZONE},
		{"2026-11-20 10:11:12: x", ": x", at, 0, ZONE},
		{"2026-11-20 10:11:12. x", ". x", at, 0, ZONE},
		{"[2026-11-20 10:11:12] x", " x", at, 0, ZONE},
		{"[2026-11-20 10:11:12 INFO] x", " INFO] x", at, 0, ZONE},
		{"2026/11/20 10:11:12 [error] x", " [error] x", at, 0, ZONE},
		{"2026-11-20T10:11:60Z", "", "2026-11-20T10:11:59.999Z", 0, 0},
		{"[20/Nov/2026:10:11:12 +0100] \"GET", " \"GET", early, 60, 0},
		{"20/Nov/2026:10:11:12 +0000 x", " x", at, 0, 0},
		{"[20-Nov-2026 10:11:12 UTC] PHP", " PHP", at, 0, 0},
		{"20-NOV-2026 10:11:12.123 x", " x", ms, 0, ZONE},
		{"Fri Nov 20 10:11:12 2026 x", " x", at, 0, ZONE},
		{"Fri Nov 20 10:11:12 2026 +0100", "", early, 60, 0},
		{"Fri Nov 20 10:11:12 UTC 2026 x", " x", at, 0, 0},
		{"Fri Nov 20 10:11:12 CET 2026", "", at, 0, ZONE},
		{"[Fri Nov 20 10:11:12.123456 2026] [x", " [x", ms, 0, ZONE},
		{"Fri, 20 Nov 2026 10:11:12 +0100 x", " x", early, 60, 0},
		{"Fri, 20 Nov 2026 10:11:12 GMT", "", at, 0, 0},
		{"20 Nov 2026 10:11:12 -0230", "", "2026-11-20T12:41:12.000Z",
		 -150, 0},
		{"Mon Nov  9 10:11:12 2026", "", "2026-11-09T10:11:12.000Z", 0,
		 ZONE},
		{"Mon,  9 Nov 2026 10:11:12 GMT", "",
		 "2026-11-09T10:11:12.000Z", 0, 0},
		{"Nov 20 2026 10:11:12: %ASA", ": %ASA", at, 0, ZONE},
		{"Nov 20, 2026 10:11:12 AM x", " x", at, 0, ZONE},
		{"Nov 20, 2026, 10:11:12 AM x", " x", at, 0, ZONE},
		{"Nov 20, 2026 10:11:12\xe2\x80\xaf"
		 "AM x",
		 " x", at, 0, ZONE},
		{"11/20/2026 10:11:12 AM x", " x", at, 0, ZONE},
		{"11/20/2026, 10:11:12.123 am UTC x", " x", ms, 0, 0},
		{"11/20/2026 3:11:12 PM", "", "2026-11-20T15:11:12.000Z", 0,
		 ZONE},
		{"11/20/2026 12:11:12 AM", "", "2026-11-20T00:11:12.000Z", 0,
		 ZONE},
		{"11/20/2026 12:11:12pm", "", "2026-11-20T12:11:12.000Z", 0,
		 ZONE},
		{"2026.11.20 10:11:12.123 [ 17 ] x", " [ 17 ] x", ms, 0, ZONE},
		{"[2026-11-20, 10:11:12 UTC] {x", " {x", at, 0, 0},
		{"2026-11-20, 10:11:12", "", at, 0, ZONE},
		{"26/11/20 10:11:12 ERROR x", " ERROR x", at, 0, ZONE},
		{"26/11/20 10:11:12,123 ERROR", " ERROR", ms, 0, ZONE},
		{"26/11/21 12:00:00", "", "2026-11-21T12:00:00.000Z", 0, ZONE},
		{"16/12/01 10:11:12", "", "2016-12-01T10:11:12.000Z", 0, ZONE},
		{"20261120 10:11:12.123456 17 x", " 17 x", ms, 0, ZONE},
		{"20261120 10:11:12 UTC", "", at, 0, 0},
		{"2031-11-20T10:11:12Z", "", "2031-11-20T10:11:12.000Z", 0, 0},
	};

	(void)state;
	zone("UTC");
	check_log(cases, ARRAY_LEN(cases));
}

static void log_epochs(void **state)
{
	static const char ms[] = "2026-11-20T10:11:12.123Z";
	static const struct log_case cases[] = {
		{"1795169472 x", " x", "2026-11-20T10:11:12.000Z", 0, 0},
		{"1795169472.123 17 x", " 17 x", ms, 0, 0},
		{"1795169472.123456789", "", ms, 0, 0},
		{"1795169472.1", "", "2026-11-20T10:11:12.100Z", 0, 0},
		{"1795169472123", "", ms, 0, 0},
		{"1795169472123456\tx", "\tx", ms, 0, 0},
		{"1795169472123456789,x", ",x", ms, 0, 0},
		{"[1795169472123] x", " x", ms, 0, 0},
		{"1795169472: x", ": x", "2026-11-20T10:11:12.000Z", 0, 0},
	};

	(void)state;
	zone("Europe/Berlin"); /* which epochs do not care about */
	check_log(cases, ARRAY_LEN(cases));
}

static void log_times_without_year(void **state)
{
	static const char at[] = "2026-11-20T10:11:12.000Z";
	static const struct log_case cases[] = {
		{"Nov 20 10:11:12 db1 x", " db1 x", at, 0, ZONE | YEAR},
		{"Nov 20 10:11:12.123 db1", " db1", "2026-11-20T10:11:12.123Z",
		 0, ZONE | YEAR},
		{"Nov  9 10:11:12 db1", " db1", "2026-11-09T10:11:12.000Z", 0,
		 ZONE | YEAR},
		{"Nov 9 10:11:12 db1", " db1", "2026-11-09T10:11:12.000Z", 0,
		 ZONE | YEAR},
		{"Nov 09 10:11:12 db1", " db1", "2026-11-09T10:11:12.000Z", 0,
		 ZONE | YEAR},
		{"Fri Nov 20 10:11:12 db1", " db1", at, 0, ZONE | YEAR},
		{"Nov 20 10:11:12 UTC db1", " db1", at, 0, YEAR},
		{"1120 10:11:12.000456  17 x", "  17 x", at, 0, ZONE | YEAR},
		{"1120 10:11:12 UTC x", " x", at, 0, YEAR},
		{"1122 10:11:12 x", " x", "2025-11-22T10:11:12.000Z", 0,
		 ZONE | YEAR},
		{"Nov 21 12:00:00 x", " x", "2026-11-21T12:00:00.000Z", 0,
		 ZONE | YEAR},
		{"Nov 21 12:00:01 x", " x", "2025-11-21T12:00:01.000Z", 0,
		 ZONE | YEAR},
		{"Dec 31 23:59:59 x", " x", "2025-12-31T23:59:59.000Z", 0,
		 ZONE | YEAR},
		{"Feb 29 00:00:00 x", " x", "2024-02-29T00:00:00.000Z", 0,
		 ZONE | YEAR},
	};

	(void)state;
	zone("UTC");
	check_log(cases, ARRAY_LEN(cases));
}

static void the_year_is_right_at_new_year(void **state)
{
	static const struct {
		const char *now, *line, *want;
	} cases[] = {
		{"2027-01-01T00:00:05Z", "Dec 31 23:59:58 x",
		 "2026-12-31T23:59:58.000Z"},
		{"2026-12-31T23:59:58Z", "Jan  1 00:00:05 x",
		 "2027-01-01T00:00:05.000Z"},
		{"2026-12-31T23:59:58Z", "Jan  2 00:00:05 x",
		 "2026-01-02T00:00:05.000Z"},
		{"2027-01-01T00:00:05Z", "Jan  1 00:00:04 x",
		 "2027-01-01T00:00:04.000Z"},
		{"2024-02-28T12:00:00Z", "Feb 29 11:00:00 x",
		 "2024-02-29T11:00:00.000Z"},
		{"2024-02-28T12:00:00Z", "Feb 29 13:00:00 x",
		 "2020-02-29T13:00:00.000Z"},
		{"1904-02-01T12:00:00Z", "Feb 29 13:00:00 x",
		 "1896-02-29T13:00:00.000Z"},
		{"0000-01-01T00:00:00Z", "Jan  1 01:00:00 x",
		 "0000-01-01T01:00:00.000Z"},
	};
	struct when w;

	(void)state;
	zone("UTC");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(when_parse_log(cases[i].line,
						strlen(cases[i].line),
						time_of(cases[i].now), &w),
				 0);
		assert_string_equal(TEXT(w.ms), cases[i].want);
		assert_true(w.year_assumed);
	}
	assert_int_equal(when_parse_log("Dec 31 23:59:58 x", 17, WHEN_MIN, &w),
			 -1);
	assert_int_equal(when_parse_log("Dec 31 23:59:58 x", 17, WHEN_NONE, &w),
			 -1);
}

static void log_lines_without_time(void **state)
{
	static const char *const cases[] = {
		"",
		"[",
		"[]",
		"x",
		"ERROR at 2026-11-20T10:11:12Z",
		" 2026-11-20T10:11:12Z",
		"2026-11-20",
		"2026-11-20T10:11",
		"2026-11-20T10:11:1",
		"2026-11-20T10:11:12abc",
		"2026-11-20T10:11:123",
		"2026-13-20T10:11:12Z",
		"2026-02-29 10:11:12",
		"2026-11/20 10:11:12",
		"2026-11-20T25:11:12Z",
		"Nov 31 10:11:12 x",
		"Nov 20 x",
		"Nov 20, 2026 x",
		"11/20/2026 13:11:12 AM",
		"11/20/2026 0:11:12 AM",
		"11/20/2026 10:11:12 AMx",
		"20/11/2026 10:11:12 AM",
		"Nov 20 10:11 x",
		"Nov",
		"November 20 10:11:12",
		"Now 20 10:11:12",
		"Fri",
		"Fri,",
		"Fri Nov 20",
		"Fri, Nov 20 10:11:12 2026",
		"20/Nov/2026",
		"20/Nov-2026:10:11:12 +0100",
		"20/11/2026:10:11:12",
		"179516947",
		"17951694720",
		"17951694721234567890",
		"1795169472-17",
		"1795169472.1.2",
		"1795169472x",
		"192.168.1.1 - -",
		"9999-12-31T23:59:59-01:00",
		"2026.11.20",
		"2026-11-20,10:11:12",
		"2026-11-20,T10:11:12",
		"26/11/21 12:00:01",
		"16/11/01 10:11:12",
		"26/13/20 10:11:12",
		"26/11/20T10:11:12",
		"26/11/20",
		"26-11-20 10:11:12",
		"1320 10:11:12",
		"1120  10:11:12",
		"112 10:11:12",
		"11200 10:11:12",
		"20261320 10:11:12",
		"20261120T10:11:12",
	};
	struct when w;

	(void)state;
	zone("UTC");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (when_parse_log(cases[i], strlen(cases[i]), NOW, &w) == 0)
			fail_msg("'%s' was read as %s", cases[i], TEXT(w.ms));
}

/* Writes the time in one of the forms, the offset where the form has one. */
static int write_log(char *out, size_t size, unsigned form, const char *t,
		     const char *day, const char *month)
{
	switch (form) {
	case 0:
		return snprintf(out, size, "%.10sT%.12s+01:30", t, t + 11);
	case 1:
		return snprintf(out, size, "%.10s %.12s+0130", t, t + 11);
	case 2:
		return snprintf(out, size, "%.10s %.8s +01:30 x", t, t + 11);
	case 3:
		return snprintf(out, size, "[%.2s/%s/%.4s:%.8s +0130] x", t + 8,
				month, t, t + 11);
	case 4:
		return snprintf(out, size, "Wed, %s %s %.4s %.8s +0130", day,
				month, t, t + 11);
	default:
		return snprintf(out, size, "Wed %s %s %.8s %.4s +0130", month,
				day, t + 11, t);
	}
}

static void log_forms_come_back(void **state)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		uint64_t span = (uint64_t)(WHEN_MAX - WHEN_DAY - WHEN_MIN);
		int64_t ms = WHEN_MIN + (int64_t)(next_random() % span);
		char t[WHEN_TEXT], line[64], day[3], month[4] = "";
		struct when w;
		int len;

		when_format(t, ms);
		memcpy(day, t + 8, 2);
		day[2] = '\0';
		if (day[0] == '0')
			day[0] = ' ';
		memcpy(month, months + 3 * ((t[5] - '0') * 10 + t[6] - '0' - 1),
		       3);
		len = write_log(line, sizeof(line), i % 6, t, day, month);
		if (when_parse_log(line, (size_t)len, NOW, &w) < 0) {
			/* 01:30 east of UTC is one day earlier there. */
			assert_true(ms < WHEN_MIN + 90 * WHEN_MINUTE);
			continue;
		}
		if (i % 6 >= 2) /* no fraction in these */
			ms -= ((ms % 1000) + 1000) % 1000;
		if (w.ms != ms - 90 * WHEN_MINUTE || w.offset_minutes != 90)
			fail_msg("'%s' was read as %s", line, TEXT(w.ms));
	}
}

/* What is read in short where nothing can belong to the time is the same as
 * what is read at length. */
static void the_short_way_reads_the_same(void **state)
{
	static const char *const times[] = {
		"Nov 20 10:11:12", "nov  9 10:11:12", "JAN 01 00:00:00",
		"Nov 20 24:11:12", "Nov 31 10:11:12", "Nvo 20 10:11:12",
		"Nov 2a 10:11:12", "Feb 29 10:11:12", "Nov 20 10:11-12",
		"Feb,29 10:11:12"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct when want = {.used = 0}, got = {.used = 0};
		/* At the end of the line, the long way. */
		int rc = when_parse_log(times[i], strlen(times[i]), NOW, &want);

		for (int c = 1; c < 256; c++) {
			char line[32];
			int n = snprintf(line, sizeof(line), "%s %cq", times[i],
					 c);

			if (when_parse_log(line, (size_t)n, NOW, &got) != rc)
				fail_msg("'%s'", line);
			if (rc == 0 && (got.ms != want.ms || got.used != 15 ||
					!got.zone_assumed || !got.year_assumed))
				fail_msg("'%s' is %s", line, TEXT(got.ms));
		}
	}
}

/* The day of a line may have been read with another clock, in another zone. In
 * brackets it is read at length. */
static void a_day_read_before_is_read_the_same(void **state)
{
	static const char *const zones[] = {"UTC", "Europe/Berlin", "XYZ-14"};
	static const char *const days[] = {
		"Jan  1",     "Jan 01",	    "Feb 28",	  "Feb 29",
		"Jun 30",     "Dec 29",	    "Dec 31",	  "Dec 32",
		"2024-02-29", "2025-02-29", "2026/03/29", "2026-10-25",
		"9999-12-31", "0000-01-01", "2026-03/29", "Nov 20 2026"};
	static const char *const clocks[] = {" 00:00:00", " 02:30:00",
					     "T23:59:59", " 23:59:59",
					     " 23:59:60", " 24:00:00"};
	static const char *const rests[] = {
		" x",	 ".5 x",   ",123456 x", ". x",	    "Z x",    ".25Z x",
		"Z+1 x", "Zulu x", "+01:00 x",	" +0200 x", " UTC x", " app x",
		" AM x", "a x",	   "- x",	"/ x"};
	int64_t now = time_of("2023-12-28T12:00:00Z");

	(void)state;
	for (size_t i = 0; i < 100000; i++, now += WHEN_HOUR / 2) {
		struct when want = {.used = 0}, got = {.used = 0};
		char line[64];
		int n = snprintf(line, sizeof(line), "[%s%s%s",
				 days[next_random() % ARRAY_LEN(days)],
				 clocks[next_random() % ARRAY_LEN(clocks)],
				 rests[next_random() % ARRAY_LEN(rests)]);
		int rc;

		if (i % 100 == 0)
			zone(zones[i / 100 % ARRAY_LEN(zones)]);
		rc = when_parse_log(line, (size_t)n, now, &want);
		if (when_parse_log(line + 1, (size_t)n - 1, now, &got) != rc ||
		    (rc == 0 &&
		     (got.ms != want.ms || got.used + 1 != want.used ||
		      got.zone_assumed != want.zone_assumed ||
		      got.year_assumed != want.year_assumed ||
		      got.offset_minutes != want.offset_minutes)))
			fail_msg("'%s' at %s", line + 1, TEXT(now));
	}
	zone("UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_times_with_year),
		cmocka_unit_test(log_epochs),
		cmocka_unit_test(log_times_without_year),
		cmocka_unit_test(the_short_way_reads_the_same),
		cmocka_unit_test(a_day_read_before_is_read_the_same),
		cmocka_unit_test(the_year_is_right_at_new_year),
		cmocka_unit_test(log_lines_without_time),
		cmocka_unit_test(log_forms_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
