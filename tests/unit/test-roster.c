#include "unit-roster.h"

#include <stdio.h>
#include <sys/stat.h>

#include <oncall/mem.h>

#define HEAD "zone Europe/Berlin\n"
#define MANY 10000 /* people */

/* What is told about these lines; the caller frees it. */
static char *told_about(const char *text, bool *ret_good)
{
	AUTO_BUF struct buf told = BUF_INIT;
	AUTO_ROSTER struct roster *r =
		roster_parse("r", slice_of(text), on_finding, &told);

	*ret_good = r != NULL;
	return mem_dup(buf_str(&told));
}

static void overrides_win(void **state)
{
	AUTO_BUF struct buf told = BUF_INIT;
	static const char text[] =
		"zone UTC\n"
		"rotation x daily 09:00 from 2026-11-10: a, b\n"
		"override x 2026-11-12 12:00 to 2026-11-12 18:00: c\n"
		/* nested, with the same end, and from the same beginning */
		"override x 2026-11-14 00:00 to 2026-11-15 00:00: d\n"
		"override x 2026-11-14 06:00 to 2026-11-14 12:00: e\n"
		"override x 2026-11-14 08:00 to 2026-11-14 10:00: f\n"
		"override x 2026-11-14 14:00 to 2026-11-14 16:00: g\n"
		"override x 2026-11-14 14:00 to 2026-11-14 18:00: h\n"
		/* overlapping */
		"override x 2026-11-16 00:00 to 2026-11-16 12:00: i\n"
		"override x 2026-11-16 10:00 to 2026-11-16 20:00: j\n"
		/* before the rotation, and into it */
		"override x 2026-11-09 00:00 to 2026-11-10 12:00: k\n"
		"override x 2026-11-01 00:00 to 2026-11-02 00:00: l\n";
	static const struct {
		const char *at, *person, *from, *to;
	} cases[] = {
		{"2026-10-30T00:00:00Z", "", "", "2026-11-01T00:00:00Z"},
		{"2026-11-01T12:00:00Z", "l", "2026-11-01T00:00:00Z",
		 "2026-11-02T00:00:00Z"},
		{"2026-11-03T00:00:00Z", "", "2026-11-02T00:00:00Z",
		 "2026-11-09T00:00:00Z"},
		{"2026-11-10T09:00:00Z", "k", "2026-11-09T00:00:00Z",
		 "2026-11-10T12:00:00Z"},
		{"2026-11-10T12:00:00Z", "a", "2026-11-10T12:00:00Z",
		 "2026-11-11T09:00:00Z"},
		{"2026-11-12T11:59:59Z", "a", "2026-11-12T09:00:00Z",
		 "2026-11-12T12:00:00Z"},
		{"2026-11-12T12:00:00Z", "c", "2026-11-12T12:00:00Z",
		 "2026-11-12T18:00:00Z"},
		{"2026-11-12T18:00:00Z", "a", "2026-11-12T18:00:00Z",
		 "2026-11-13T09:00:00Z"},
		{"2026-11-14T05:00:00Z", "d", "2026-11-14T00:00:00Z",
		 "2026-11-14T06:00:00Z"},
		{"2026-11-14T07:00:00Z", "e", "2026-11-14T06:00:00Z",
		 "2026-11-14T08:00:00Z"},
		{"2026-11-14T09:00:00Z", "f", "2026-11-14T08:00:00Z",
		 "2026-11-14T10:00:00Z"},
		{"2026-11-14T10:00:00Z", "e", "2026-11-14T10:00:00Z",
		 "2026-11-14T12:00:00Z"},
		{"2026-11-14T12:00:00Z", "d", "2026-11-14T12:00:00Z",
		 "2026-11-14T14:00:00Z"},
		{"2026-11-14T15:00:00Z", "h", "2026-11-14T14:00:00Z",
		 "2026-11-14T18:00:00Z"},
		{"2026-11-14T17:00:00Z", "h", "2026-11-14T14:00:00Z",
		 "2026-11-14T18:00:00Z"},
		{"2026-11-14T18:00:00Z", "d", "2026-11-14T18:00:00Z",
		 "2026-11-15T00:00:00Z"},
		{"2026-11-16T10:00:00Z", "j", "2026-11-16T10:00:00Z",
		 "2026-11-16T20:00:00Z"},
		{"2026-11-16T13:00:00Z", "j", "2026-11-16T10:00:00Z",
		 "2026-11-16T20:00:00Z"},
	};
	AUTO_ROSTER struct roster *r =
		roster_parse("r", slice_of(text), on_finding, &told);

	(void)state;
	assert_non_null(r);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		turn_is(r, 0, cases[i].at, cases[i].person, cases[i].from,
			cases[i].to);
	assert_string_equal(
		buf_str(&told),
		"warning: r:5: overrides of 'x' overlap: from "
		"2026-11-14T06:00:00.000Z on 'e' has it, not 'd' of line 4\n"
		"warning: r:6: overrides of 'x' overlap: from "
		"2026-11-14T08:00:00.000Z on 'f' has it, not 'd' of line 4\n"
		"warning: r:7: overrides of 'x' overlap: from "
		"2026-11-14T14:00:00.000Z on 'g' has it, not 'd' of line 4\n"
		"warning: r:8: overrides of 'x' overlap: from "
		"2026-11-14T14:00:00.000Z on 'h' has it, not 'd' of line 4\n"
		"warning: r:10: overrides of 'x' overlap: from "
		"2026-11-16T10:00:00.000Z on 'j' has it, not 'i' of line 9\n");
}

static void outside_its_windows_it_is_nobody(void **state)
{
	AUTO_ROSTER struct roster *r = roster_of(
		HEAD "rotation x weekly Mon 09:00 from 2026-11-02: a, b\n"
		     "only x Mon-Fri 09:00 to 17:00\n"
		     "only x Mon-Fri 17:00 to 18:00\n"
		     "only x Sat 10:00 to 12:00 UTC\n"
		     "override x 2026-11-08 12:00 to 2026-11-08 14:00: c\n");

	(void)state;
	turn_is(r, 0, "2026-11-01T12:00:00Z", "", "", "2026-11-02T08:00:00Z");
	turn_is(r, 0, "2026-11-02T12:00:00Z", "a", "2026-11-02T08:00:00Z",
		"2026-11-02T17:00:00Z");
	turn_is(r, 0, "2026-11-02T23:00:00Z", "", "2026-11-02T17:00:00Z",
		"2026-11-03T08:00:00Z");
	turn_is(r, 0, "2026-11-07T10:30:00Z", "a", "2026-11-07T10:00:00Z",
		"2026-11-07T12:00:00Z");
	turn_is(r, 0, "2026-11-08T00:00:00Z", "", "2026-11-07T12:00:00Z",
		"2026-11-08T11:00:00Z");
	turn_is(r, 0, "2026-11-08T11:00:00Z", "c", "2026-11-08T11:00:00Z",
		"2026-11-08T13:00:00Z");
	turn_is(r, 0, "2026-11-08T13:00:00Z", "", "2026-11-08T13:00:00Z",
		"2026-11-09T08:00:00Z");
	turn_is(r, 0, "2026-11-09T08:00:00Z", "b", "2026-11-09T08:00:00Z",
		"2026-11-09T17:00:00Z");
}

static void windows_of_dates_are_found_years_later(void **state)
{
	AUTO_ROSTER struct roster *r = roster_of(
		HEAD "rotation x weekly Mon 09:00 from 2026-11-02: a\n"
		     "only x 2026-11-05 to 2026-11-20\n"
		     "only x 2041-01-01 to 2041-12-31\n");

	(void)state;
	turn_is(r, 0, "2026-11-03T00:00:00Z", "", "2026-11-02T08:00:00Z",
		"2026-11-04T23:00:00Z");
	turn_is(r, 0, "2035-01-01T00:00:00Z", "", "2026-11-20T23:00:00Z",
		"2040-12-31T23:00:00Z");
	turn_is(r, 0, "2050-01-01T00:00:00Z", "", "2041-12-31T23:00:00Z", "");
	turn_is(r, 0, "2026-11-06T00:00:00Z", "a", "2026-11-04T23:00:00Z",
		"2026-11-09T08:00:00Z");
}

static void targets_are_rotations_and_people(void **state)
{
	AUTO_ROSTER struct roster *r = roster_of(
		HEAD "rotation chief daily 09:00 from 2026-11-01: zoe\n"
		     "team web\n"
		     "rotation primary daily 09:00 from 2026-11-01: ana\n"
		     "rotation second daily 09:00 from 2026-11-01: ben\n"
		     "team data\n"
		     "rotation primary daily 09:00 from 2026-11-01: cem\n"
		     "only primary Mon 09:00 to 17:00\n"
		     "team web\n"
		     "override primary 2026-12-24 to 2026-12-24: Eva Öz\n"
		     "override chief 2026-12-24 to 2026-12-24: @eli:x.org\n"
		     "override data/primary 2026-12-24 to 2026-12-24: dua\n");
	static const struct {
		const char *name, *at, *person, *team, *rotation, *why;
	} good[] = {
		{"chief", "2026-11-20", "zoe", "", "chief", "rotation"},
		{"chief", "2026-12-24", "@eli:x.org", "", "chief", "override"},
		{"second", "2026-11-20", "ben", "web", "second", "rotation"},
		{"web/primary", "2026-11-20", "ana", "web", "primary",
		 "rotation"},
		{"web/primary", "2026-12-24", "Eva Öz", "web", "primary",
		 "override"},
		{"data/primary", "2026-11-20", "", "data", "primary",
		 "outside"},
		{"data/primary", "2026-12-24", "dua", "data", "primary",
		 "override"},
		{"chief", "2026-10-20", "", "", "chief", "outside"},
		{"ana", "2026-12-24", "ana", "", "", "person"},
		{"Eva Öz", "2026-10-20", "Eva Öz", "", "", "person"},
	};
	static const struct {
		const char *name, *why;
	} bad[] = {
		{"primary", "'primary' is a rotation of several teams: write "
			    "'web/primary' or 'data/primary'"},
		{"chieff", "did you mean 'chief'?"},
		{"primry", "did you mean 'primary'?"},
		{"web/primry", "did you mean 'web/primary'?"},
		{"web", "'web' is a team: write one of its rotations, such as "
			"'web/primary'"},
		{"", "nobody and nothing on call is ''"},
		{"xxxxxxxxxxxxxxx", "nobody and nothing on call is 'xxxx"},
	};
	struct roster_turn t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO_FREE char *at = mem_printf("%sT12:00:00Z", good[i].at);
		struct err err = ERR_INIT;

		assert_int_equal(
			roster_target(r, good[i].name, time_of(at), &t, &err),
			0);
		assert_no_err(&err);
		assert_string_equal(t.person ? t.person : "", good[i].person);
		assert_string_equal(t.team ? t.team : "", good[i].team);
		assert_string_equal(t.rotation ? t.rotation : "",
				    good[i].rotation);
		assert_string_equal(t.why, good[i].why);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(roster_target(r, bad[i].name, 0, &t, &err),
				 -1);
		assert_err(&err, ERR_NO, bad[i].why);
	}
}

static void on_gap(void *arg, const char *team, int64_t from, int64_t to)
{
	buf_addf(arg, "%s %s %s\n", team ? team : "-", TEXT(from), TEXT(to));
}

static void gaps_are_when_a_whole_team_has_nobody(void **state)
{
	AUTO_BUF struct buf found = BUF_INIT;
	AUTO_ROSTER struct roster *r = roster_of(
		"zone UTC\n"
		"rotation solo daily 09:00 from 2026-11-22: zoe\n"
		"team empty\n"
		"team web\n"
		"rotation day daily 08:00 from 2026-11-01: ana\n"
		"only day Mon-Fri 08:00 to 20:00\n"
		"rotation night daily 20:00 from 2026-11-01: ben\n"
		"only night daily 20:00 to 08:00\n"
		"override day 2026-11-21 08:00 to 2026-11-21 12:00: cem\n"
		"team full\n"
		"rotation all daily 08:00 from 2026-11-01: dua\n");

	(void)state;
	roster_gaps(r, time_of("2026-11-20T00:00:00Z"),
		    time_of("2026-11-22T14:00:00Z"), on_gap, &found);
	assert_string_equal(
		buf_str(&found),
		"- 2026-11-20T00:00:00.000Z 2026-11-22T09:00:00.000Z\n"
		"web 2026-11-21T12:00:00.000Z 2026-11-21T20:00:00.000Z\n"
		"web 2026-11-22T08:00:00.000Z 2026-11-22T14:00:00.000Z\n");
}

static void bad_lines_say_where_and_what_would_do(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{"", "r: there is no rotation: write 'rotation primary weekly"},
		{"# nothing\n\n", "r: there is no rotation"},
		{"zone Mars\n", "r:1: unknown time zone 'Mars'"},
		{"zone\n", "r:1: the name of the zone is missing"},
		{"zone UTC now\n", "r:1: 'now' stands behind the zone"},
		{"team\n", "r:1: the name of the team is missing"},
		{"team a b\n", "r:1: 'b' stands behind the team"},
		{"team a/b\n", "r:1: 'a/b' is no name of a team"},
		{"\n\nrotaton x\n", "r:3: no line begins with 'rotaton', did "
				    "you mean 'rotation'?"},
		{"12345678\n",
		 "r:1: no line begins with '12345678': write zone"},
		{"rotation\n", "the name of the rotation is missing"},
		{"rotation x:y daily 09:00 from 2026-11-02: a\n",
		 "'x:y' is no name of a rotation"},
		{"rotation nobody daily 09:00 from 2026-11-02: a\n",
		 "'nobody' is nobody's name"},
		{"rotation x\n",
		 "'' does not say how long a turn of 'x' lasts: write daily"},
		{"rotation x weakly Mon 09:00 from 2026-11-02: a\n",
		 "'weakly' does not say how long a turn of 'x' lasts: write "
		 "weekly"},
		{"rotation x every 09:00 from 2026-11-02: a\n", "09:00"},
		{"rotation x every 90m 09:00 from 2026-11-02: a\n",
		 "a turn lasts whole hours, 1h to 366d"},
		{"rotation x every 2y 09:00 from 2026-11-02: a\n",
		 "a turn lasts whole hours, 1h to 366d"},
		{"rotation x weekly Mondy 09:00 from 2026-11-02: a\n",
		 "'Mondy' is no day and no time of day"},
		{"rotation x daily Mon 09:00 from 2026-11-02: a\n",
		 "'Mon' is for turns of whole weeks"},
		{"rotation x weekly Mon 09:00 from 2026-11-04: a\n",
		 "2026-11-04 is a Wednesday: write from 2026-11-02 or from "
		 "2026-11-09"},
		{"rotation x monthly 09:00 from 2026-11-02: a\n",
		 "the day of the month: '09:00' is not a whole number"},
		{"rotation x monthly 32 09:00 from 2026-11-02: a\n",
		 "the day of the month: 32 is not within 1 and 31"},
		{"rotation x monthly 5 09:00 from 2026-11-02: a\n",
		 "2026-11-02 is not day 5 of its month"},
		{"rotation x monthly 31 09:00 from 2026-11-29: a\n",
		 "2026-11-29 is not day 31 of its month"},
		{"rotation x daily 24:00 from 2026-11-02: a\n",
		 "'24:00' is no time of day: write such as 09:00"},
		{"rotation x daily 09:00 2026-11-02: a\n",
		 "unknown time zone '2026-11-02'"},
		{"rotation x daily 09:00 Mars from 2026-11-02: a\n",
		 "r:1: unknown time zone 'Mars'"},
		{"rotation x daily 09:00 UTC 2026-11-02: a\n",
		 "'from' is missing, and the date"},
		{"rotation x daily 09:00 from 2026-02-30: a\n",
		 "'2026-02-30' is no date of 1970 or later"},
		{"rotation x daily 09:00 from 1969-12-31: a\n",
		 "'1969-12-31' is no date of 1970 or later"},
		{"rotation x daily 09:00 from 2026-11-02 a, b\n",
		 "'a, b' stands behind the date: people follow a ':'"},
		{"rotation x daily 09:00 from 2026-11-02\n",
		 "rotation 'x' has nobody: write people behind it, ': ana"},
		{"rotation x daily 09:00 from 2026-11-02:\n",
		 "rotation 'x' has nobody"},
		{"rotation x daily 09:00 from 2026-11-02: # ana\n",
		 "rotation 'x' has nobody"},
		{"rotation x daily 09:00 from 2026-11-02: a,,b\n",
		 "the name of the person is missing"},
		{"rotation x daily 09:00 from 2026-11-02: a, Nobody\n",
		 "'Nobody' is nobody's name: write who it is"},
		{"rotation x daily 09:00 from 2026-11-02: a\xff\n",
		 "r:1: this is not UTF-8"},
		{"rotation x daily 09:00 from 2026-11-02: a\x01\n",
		 "there is a control character in column 42"},
		{HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		      "rotation x daily 09:00 from 2026-11-02: a\n",
		 "r:3: rotation 'x' stands in line 2, too"},
		{"only\n", "the name of the rotation is missing"},
		{"only x daily 09:00 to 17:00\n",
		 "r:1: no rotation 'x' stands above"},
		{HEAD "rotation primary daily 09:00 from 2026-11-02: a\n"
		      "only primry daily 09:00 to 17:00\n",
		 "no rotation 'primry' stands above; did you mean 'primary'?"},
		{HEAD "team w\nrotation primary daily 09:00 from 2026-11-02: "
		      "a\nteam v\noverride w/primry 2026-12-24 to 2026-12-25: "
		      "b\n",
		 "r:5: no rotation 'w/primry' stands above; did you mean "
		 "'w/primary'?"},
		{HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		      "only x Mon-Fry 09:00 to 17:00\n",
		 "r:3: 'Mon-Fry 09:00 to 17:00' is no window of time: "},
		{HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		      "override x Fri 16:00 to Mon 08:00: b\n",
		 "r:3: 'Fri 16:00 to Mon 08:00' does not hold once"},
		{HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		      "override x 2026-12-27 to 2026-12-24: b\n",
		 "it ends before it begins"},
		{HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		      "override x 2026-12-24 to 2026-12-27\n",
		 "an override names one person"},
		{HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		      "override x 2026-12-24 to 2026-12-27: b, c\n",
		 "an override names one person"},
		{HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		      "override x 2026-12-24 to 2026-12-27 Mars: b\n",
		 "unknown time zone 'Mars'"},
		/* a person named like a rotation */
		{HEAD "rotation x daily 09:00 from 2026-11-02: y\n"
		      "team t\nrotation y daily 09:00 from 2026-11-02: a\n",
		 "r:2: 'y' is a person here and the rotation of line 4: give "
		 "one of them another name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool good;
		AUTO_FREE char *told = told_about(cases[i].text, &good);

		if (good)
			fail_msg("'%s' was taken", cases[i].text);
		if (!strstr(told, cases[i].told))
			fail_msg("'%s' lacks '%s'", told, cases[i].told);
		assert_ptr_equal(strstr(told, "r:"), told);
	}
}

static void all_errors_are_told_and_not_too_many(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	bool good;
	AUTO_FREE char *two = told_about("zone Mars\nx\n" HEAD, &good);
	AUTO_FREE char *many = NULL;
	size_t lines = 0;

	(void)state;
	assert_false(good);
	assert_non_null(strstr(two, "r:1: "));
	assert_non_null(strstr(two, "\nr:2: "));
	for (int i = 0; i < 1000; i++)
		buf_add_str(&text, "x\n");
	many = told_about(buf_str(&text), &good);
	for (const char *p = many; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 20);
}

static void doubtful_names_are_warned_about(void **state)
{
	static const struct {
		const char *people, *told;
	} cases[] = {
		{"anna, bert\nrotation z daily 09:00 from 2026-11-02: anna, "
		 "brt, bert\n",
		 "warning: r:3: 'brt' stands only here and looks like "
		 "'bert'\n"},
		{"anna, anna, anan, anne, ana, annna\n",
		 "warning: r:2: 'anan' stands only here and looks like 'anna'\n"
		 "warning: r:2: 'anne' stands only here and looks like 'anna'\n"
		 "warning: r:2: 'ana' stands only here and looks like 'anna'\n"
		 "warning: r:2: 'annna' stands only here and looks like "
		 "'anna'\n"},
		{"Ana, ana\n",
		 "warning: r:2: 'ana' stands only here and looks like 'Ana'\n"},
		/* what is not a slip */
		{"bea, ben, ben\n", ""},
		{"user1, user2, user2\n", ""},
		{"otto, bert, bert\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text = mem_printf(
			HEAD "rotation x daily 09:00 from 2026-11-02: %s",
			cases[i].people);
		bool good;
		AUTO_FREE char *told = told_about(text, &good);

		assert_true(good);
		assert_string_equal(told, cases[i].told);
	}
}

static void a_roster_without_zone_is_in_utc_and_says_so(void **state)
{
	bool good;
	AUTO_FREE char *told = told_about(
		"rotation x daily 09:00 from 2026-11-02: a\n", &good);
	AUTO_FREE char *own = told_about(
		"rotation x daily 09:00 Asia/Tokyo from 2026-11-02: a\n",
		&good);

	(void)state;
	assert_true(good);
	assert_string_equal(told, "warning: r:1: no zone is named, so times "
				  "are in UTC: write 'zone Europe/Berlin' "
				  "above, or the like\n");
	assert_string_equal(own, "");
}

static void zones_hold_for_what_follows(void **state)
{
	AUTO_ROSTER struct roster *r = roster_of(
		HEAD "rotation x daily 09:00 from 2026-11-02: a\n"
		     "zone Asia/Tokyo\n"
		     "rotation y daily 09:00 from 2026-11-02: a\n"
		     "rotation z daily 09:00 UTC from 2026-11-02: a\n"
		     "override x 2026-12-24 00:00 to 2026-12-25 00:00: b\n");

	(void)state;
	turn_is(r, 0, "2026-11-20T12:00:00Z", "a", "2026-11-20T08:00:00Z",
		"2026-11-21T08:00:00Z");
	turn_is(r, 1, "2026-11-20T12:00:00Z", "a", "2026-11-20T00:00:00Z",
		"2026-11-21T00:00:00Z");
	turn_is(r, 2, "2026-11-20T12:00:00Z", "a", "2026-11-20T09:00:00Z",
		"2026-11-21T09:00:00Z");
	/* Of its rotation, wherever it stands. */
	turn_is(r, 0, "2026-12-24T12:00:00Z", "b", "2026-12-23T23:00:00Z",
		"2026-12-24T23:00:00Z");
}

static void files_of_other_systems_are_read(void **state)
{
	static const char text[] =
		"\xef\xbb\xbfzone\tEurope/Berlin   # ours\r\n\r\n"
		"  rotation  x  daily  9:00  from  2026-11-02 :  a ,b#1 #c\r\n"
		"only x daily 00:00 to 24:00";
	AUTO_ROSTER struct roster *r = roster_of(text);

	(void)state;
	turn_is(r, 0, "2026-11-03T12:00:00Z", "b#1", "2026-11-03T08:00:00Z",
		"2026-11-04T08:00:00Z");
}

/* ---- files ---- */

static void write_file(const char *path, const char *text, unsigned mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void on_warning(void *arg, const char *text)
{
	buf_addf(arg, "%s\n", text);
}

static void files_that_others_can_write_are_refused(void **state)
{
	static const char text[] = "rotation x daily 09:00 from 2026-11-02: a";
	char dir[] = "/tmp/test-roster-XXXXXX";
	AUTO_BUF struct buf told = BUF_INIT;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *good_warning = NULL;
	AUTO_ROSTER struct roster *r = NULL;
	struct err err = ERR_INIT, open = ERR_INIT, bad = ERR_INIT,
		   none = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = mem_printf("%s/roster", dir);
	write_file(path, text, 0644);
	assert_int_equal(roster_load(&r, path, on_warning, &told, &err), 0);
	assert_non_null(r);
	good_warning = mem_printf("%s:1: no zone is named", path);
	assert_ptr_equal(strstr(buf_str(&told), good_warning), told.data);
	roster_free(TAKE_PTR(r));

	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(roster_load(&r, path, NULL, NULL, &open), -1);
	assert_err(&open, ERR_REFUSED, path);
	assert_null(r);

	write_file(path, "\nrotation x daily\nteam\n", 0600);
	assert_int_equal(roster_load(&r, path, NULL, NULL, &bad), -1);
	free(good_warning);
	good_warning = mem_printf("%s:2: ", path);
	assert_err(&bad, ERR_USAGE, good_warning);
	assert_null(r);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(roster_load(&r, path, NULL, NULL, &none), -1);
	assert_err(&none, ERR_SYSTEM, "cannot open");
	assert_int_equal(rmdir(dir), 0);
}

static void ten_thousand_people(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_ROSTER struct roster *r = NULL;
	struct roster_turn turn;

	(void)state;
	buf_add_str(&text, HEAD "rotation x daily 09:00 from 2026-01-01:");
	for (int i = 0; i < MANY; i++)
		buf_addf(&text, "%s p%05d", i ? "," : "", i);
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "\noverride x %d-01-01 to %d-01-02: p%05d",
			 2100 + i, 2100 + i, i);
	r = roster_of(buf_str(&text));
	for (int i = 0; i < 2 * MANY; i += 7) {
		AUTO_FREE char *want = mem_printf("p%05d", i % MANY);
		int64_t at = time_of("2026-01-01T12:00:00Z") + i * WHEN_DAY;

		assert_true(roster_at(r, 0, at, &turn));
		if (!strcmp(turn.why, "rotation"))
			assert_string_equal(turn.person, want);
	}
	turn_is(r, 0, "2500-01-01T12:00:00Z", "p00400", "2499-12-31T23:00:00Z",
		"2500-01-02T23:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overrides_win),
		cmocka_unit_test(outside_its_windows_it_is_nobody),
		cmocka_unit_test(windows_of_dates_are_found_years_later),
		cmocka_unit_test(targets_are_rotations_and_people),
		cmocka_unit_test(gaps_are_when_a_whole_team_has_nobody),
		cmocka_unit_test(bad_lines_say_where_and_what_would_do),
		cmocka_unit_test(all_errors_are_told_and_not_too_many),
		cmocka_unit_test(doubtful_names_are_warned_about),
		cmocka_unit_test(a_roster_without_zone_is_in_utc_and_says_so),
		cmocka_unit_test(zones_hold_for_what_follows),
		cmocka_unit_test(files_of_other_systems_are_read),
		cmocka_unit_test(files_that_others_can_write_are_refused),
		cmocka_unit_test(ten_thousand_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
