#include "unit-escalation.h"

#define ROSTER                                                  \
	"zone Europe/Berlin\n"                                  \
	"rotation primary daily 09:00 from 2026-01-01: a, b\n"  \
	"rotation second weekly Mon 09:00 from 2026-01-05: b\n" \
	"rotation chief weekly Mon 09:00 from 2026-01-05: c\n"  \
	"only chief Mon-Fri 09:00 to 17:00\n"

/* The policy p of one line after the other, in the zone; the fallback is c. */
#define POLICY(zone, steps)                                         \
	"timezone: " zone "\nescalation:\n  p:\n    steps:\n" steps \
	"    fallback: [c]\n"

/* ---- the examples of GoAlert ---- */

/* Steps with delays of 5, 10 and 15 minutes behind each: steps come at 0, 5
 * and 15 minutes, and a round takes 30. */
static void steps_come_in_order_and_loop(void **state)
{
	static const struct {
		const char *loops, *last;
		size_t lines;
	} cases[] = {
		{"", "2026-06-01T10:15 3: c\n", 3},
		{"    repeat: 0\n", "2026-06-01T10:15 3: c\n", 3},
		{"    repeat: 1\n    every: 30m\n", "2026-06-01T10:45 3: c\n",
		 6},
		{"    repeat: 2\n    every: 30m\n", "2026-06-01T11:15 3: c\n",
		 9},
		{"    repeat: 3\n    every: 30m\n", "2026-06-01T11:45 3: c\n",
		 12},
		{"    repeat: 4\n    every: 30m\n", "2026-06-01T12:15 3: c\n",
		 15},
		{"    repeat: 5\n    every: 30m\n", "2026-06-01T12:45 3: c\n",
		 18},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text = mem_printf(
			POLICY("UTC", "      - after 0m to a\n"
				      "      - after 5m to b\n"
				      "      - after 15m to c\n") "%s",
			cases[i].loops);
		AUTO_ESCALATING struct escalating e =
			escalating_new(ROSTER, text);
		struct escalation_facts f = {
			.began = time_of("2026-06-01T10:00:00Z")};
		AUTO_FREE char *is = story(&e, "p", &f, WHEN_MAX);
		size_t lines = 0, last = strlen(cases[i].last);

		for (const char *p = is; *p; p++)
			lines += *p == '\n';
		assert_int_equal(lines, cases[i].lines);
		assert_true(strlen(is) >= last);
		assert_string_equal(is + strlen(is) - last, cases[i].last);
	}
}

static void steps_repeat_by_themselves(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER, POLICY("UTC", "      - after 0m to a\n"
				      "      - after 15m to a, b every 5m 2 "
				      "times\n"
				      "      - after 20m to c\n"
				      "      - after 1h to b every 30m\n"));

	(void)state;
	story_is(&e, "2026-06-01T10:00:00Z", "2026-06-01T12:30:00Z",
		 "2026-06-01T10:00 1: a\n"
		 "2026-06-01T10:15 2: a, b\n"
		 "2026-06-01T10:20 2: a, b\n"
		 "2026-06-01T10:20 3: c\n"
		 "2026-06-01T10:25 2: a, b\n"
		 "2026-06-01T11:00 4: b\n"
		 "2026-06-01T11:30 4: b\n"
		 "2026-06-01T12:00 4: b\n");
}

static void rounds_contain_repeats(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER,
		POLICY("UTC", "      - after 1m to a every 2m 1 times\n"
			      "      - after 10m to b\n") "    repeat: 1\n    "
							  "every: 1h\n");

	(void)state;
	story_is(&e, "2026-06-01T10:00:00Z", "2027-06-01T12:30:00Z",
		 "2026-06-01T10:01 1: a\n"
		 "2026-06-01T10:03 1: a\n"
		 "2026-06-01T10:10 2: b\n"
		 "2026-06-01T11:01 1: a\n"
		 "2026-06-01T11:03 1: a\n"
		 "2026-06-01T11:10 2: b\n");
}

/* Who is called is who has the rotation then, and not when it began. */
static void a_rotation_is_asked_when_a_step_is_due(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER, POLICY("UTC", "      - after 0m to primary\n"
				      "      - after 30m to primary, second\n"
				      "      - after 1h to primary, a\n"));

	(void)state;
	/* b has it on odd days until 09:00 in Berlin, which is 07:00 UTC. */
	story_is(&e, "2026-06-02T06:00:00Z", "2026-07-01T00:00:00Z",
		 "2026-06-02T06:00 1: b\n"
		 "2026-06-02T06:30 2: b\n"
		 "2026-06-02T07:00 3: a\n");
	story_is(&e, "2026-06-02T06:30:00Z", "2026-07-01T00:00:00Z",
		 "2026-06-02T06:30 1: b\n"
		 "2026-06-02T07:00 2: a, b\n"
		 "2026-06-02T07:30 3: a\n");
}

static void nobody_is_called_by_the_fallback(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER, POLICY("UTC", "      - after 0m to chief\n"
				      "      - after 5m to assignee\n"
				      "      - after 10m to chief, b\n"));

	(void)state;
	/* A Saturday. */
	story_is(&e, "2026-06-06T10:00:00Z", "2026-07-01T00:00:00Z",
		 "2026-06-06T10:00 1: instead c\n"
		 "2026-06-06T10:05 2: instead c\n"
		 "2026-06-06T10:10 3: b\n");
}

/* ---- the clock is changed ---- */

static void hand_overs_follow_a_clock_that_changes(void **state)
{
	static const struct {
		const char *zone, *began, *wanted;
	} cases[] = {
		/* 09:00 is 08:00 UTC on Saturday and 07:00 on Sunday */
		{"Europe/Berlin", "2026-03-29T06:50:00Z",
		 "2026-03-29T06:50 1: %s\n2026-03-29T07:05 2: %s\n"},
		{"Europe/Berlin", "2026-10-25T07:50:00Z",
		 "2026-10-25T07:50 1: %s\n2026-10-25T08:05 2: %s\n"},
		/* 14:00 UTC, 13:00 from March on */
		{"America/New_York", "2026-03-08T12:50:00Z",
		 "2026-03-08T12:50 1: %s\n2026-03-08T13:05 2: %s\n"},
		{"America/New_York", "2026-11-01T13:50:00Z",
		 "2026-11-01T13:50 1: %s\n2026-11-01T14:05 2: %s\n"},
		/* half an hour: +11 until April, then +10:30 */
		{"Australia/Lord_Howe", "2026-04-04T22:20:00Z",
		 "2026-04-04T22:20 1: %s\n2026-04-04T22:35 2: %s\n"},
		{"Australia/Lord_Howe", "2026-10-03T21:50:00Z",
		 "2026-10-03T21:50 1: %s\n2026-10-03T22:05 2: %s\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		/* The day after the first is b's, and so on. */
		AUTO_FREE char *roster = mem_printf(
			"zone %s\n"
			"rotation x daily 09:00 from %.10s: b, a, c\n",
			cases[i].zone,
			i / 2 == 2 ? (i % 2 ? "2026-10-03" : "2026-04-04")
				   : (const char *[]){
					     "2026-03-28", "2026-10-24",
					     "2026-03-07", "2026-10-31"}[i]);
		AUTO_ESCALATING struct escalating e = escalating_new(
			roster, POLICY("UTC", "      - after 0m to x\n"
					      "      - after 15m to x\n"));
		AUTO_BUF struct buf wanted = BUF_INIT;

		for (const char *p = cases[i].wanted, *who = "b"; *p; p++) {
			if (*p != '%') {
				buf_add_char(&wanted, *p);
				continue;
			}
			buf_add_str(&wanted, who);
			who = "a";
			p++;
		}
		story_is(&e, cases[i].began, "2027-01-01T00:00:00Z",
			 buf_str(&wanted));
	}
}

/* Steps count time that passes, whatever the clock shows: in the night that has
 * 23 hours, and in the one that has 25. */
static void steps_count_time_that_passes(void **state)
{
	static const struct {
		const char *began, *wanted;
	} cases[] = {
		{"2026-03-29T00:30:00Z",
		 "2026-03-29T00:30 1: a\n2026-03-29T01:30 2: b\n"},
		{"2026-10-25T00:30:00Z",
		 "2026-10-25T00:30 1: a\n2026-10-25T01:30 2: b\n"},
		{"2026-03-08T06:30:00Z",
		 "2026-03-08T06:30 1: a\n2026-03-08T07:30 2: b\n"},
		{"2026-11-01T05:30:00Z",
		 "2026-11-01T05:30 1: a\n2026-11-01T06:30 2: b\n"},
		{"2026-04-04T14:30:00Z",
		 "2026-04-04T14:30 1: a\n2026-04-04T15:30 2: b\n"},
		{"2026-10-03T15:00:00Z",
		 "2026-10-03T15:00 1: a\n2026-10-03T16:00 2: b\n"},
	};
	static const char *const zones[] = {"Europe/Berlin", "America/New_York",
					    "Australia/Lord_Howe"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text =
			mem_printf(POLICY("%s", "      - after 0m to a\n"
						"      - after 1h to b\n"),
				   zones[i / 2]);
		AUTO_ESCALATING struct escalating e =
			escalating_new(ROSTER, text);

		story_is(&e, cases[i].began, "2027-01-01T00:00:00Z",
			 cases[i].wanted);
	}
}

static void office_hours_follow_a_clock_that_changes(void **state)
{
	static const struct {
		const char *zone, *began, *wanted;
	} cases[] = {
		/* From Friday evening to Monday morning, over the change. */
		{"Europe/Berlin", "2026-03-27T16:30:00Z",
		 "2026-03-27T16:45 2: b\n2026-03-30T07:00 1: a\n"},
		{"Europe/Berlin", "2026-10-23T16:30:00Z",
		 "2026-10-23T16:45 2: b\n2026-10-26T08:00 1: a\n"},
		{"America/New_York", "2026-03-06T22:30:00Z",
		 "2026-03-06T22:45 2: b\n2026-03-09T13:00 1: a\n"},
		{"America/New_York", "2026-10-30T22:30:00Z",
		 "2026-10-30T22:45 2: b\n2026-11-02T14:00 1: a\n"},
		{"Australia/Lord_Howe", "2026-04-03T07:00:00Z",
		 "2026-04-03T07:15 2: b\n2026-04-05T22:30 1: a\n"},
		{"Australia/Lord_Howe", "2026-10-02T07:00:00Z",
		 "2026-10-02T07:15 2: b\n2026-10-04T22:00 1: a\n"},
		/* In the hours it is not put off; at their end it is. */
		{"Europe/Berlin", "2026-03-27T15:59:00Z",
		 "2026-03-27T15:59 1: a\n2026-03-27T16:14 2: b\n"},
		{"Europe/Berlin", "2026-03-27T16:00:00Z",
		 "2026-03-27T16:15 2: b\n2026-03-30T07:00 1: a\n"},
		/* A zone that never changes its clock. */
		{"Asia/Tokyo", "2026-03-27T09:00:00Z",
		 "2026-03-27T09:15 2: b\n2026-03-30T00:00 1: a\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text = mem_printf(
			POLICY("%s", "      - after 0m to a only Mon-Fri 09:00 "
				     "to 17:00\n"
				     "      - after 15m to b\n"),
			cases[i].zone);
		AUTO_FREE char *own = mem_printf(
			POLICY("UTC", "      - after 0m to a only Mon-Fri "
				      "09:00 to 17:00 %s\n"
				      "      - after 15m to b\n"),
			cases[i].zone);
		AUTO_ESCALATING struct escalating e =
			escalating_new(ROSTER, text);
		AUTO_ESCALATING struct escalating f =
			escalating_new(ROSTER, own);

		story_is(&e, cases[i].began, "2027-01-01T00:00:00Z",
			 cases[i].wanted);
		story_is(&f, cases[i].began, "2027-01-01T00:00:00Z",
			 cases[i].wanted);
	}
}

/* ---- calls ---- */

static void call_is(const struct escalating *e, size_t step,
		    const struct escalation_facts *f, const char *names,
		    const char *why)
{
	AUTO_ESCALATION_CALL struct escalation_call call = {0};
	AUTO_FREE char *is = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(escalation_call(e->escalation,
					 escalation_named(e->escalation, "p"),
					 step, f, &call, &err),
			 0);
	is = names_of_call(&call);
	assert_string_equal(is, names);
	assert_string_equal(call.why, why);
}

static void a_call_says_why(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER "override second 2026-06-07 00:00 to 2026-06-08 00:00: "
		       "Ana Maria Ruiz\n",
		"timezone: UTC\n"
		"escalation:\n"
		"  p:\n"
		"    steps:\n"
		"      - after 0m to primary, b,Ana Maria Ruiz , second, b\n"
		"      - after 0m to assignee, chief\n"
		"      - after 1h to a if more than 3 incidents\n"
		"      - after 1h to a if more than 100 times\n"
		"      - after 1h to a only 2026-01-01 to 2026-01-31\n"
		"      - after 1h to a only Mon-Fri 09:00 to 17:00\n"
		"    fallback: [chief, second, second]\n");
	struct escalation_facts f = {.now = time_of("2026-06-07T12:00:00Z")};

	(void)state;
	call_is(&e, 0, &f, "b, Ana Maria Ruiz",
		"called: b (primary, rotation), Ana Maria Ruiz");
	call_is(&e, 1, &f, "Ana Maria Ruiz",
		"nobody is there for assignee (there is none), chief "
		"(outside); the fallback is called: Ana Maria Ruiz (second, "
		"override)");
	f.assignee = "a";
	call_is(&e, 1, &f, "a",
		"nobody is there for chief (outside); called: a");
	f.assignee = "someone else";
	call_is(&e, 1, &f, "Ana Maria Ruiz",
		"nobody is there for someone else (unknown), chief (outside); "
		"the fallback is called: Ana Maria Ruiz (second, override)");
	f.incidents = 3;
	f.times = 100;
	call_is(&e, 2, &f, "",
		"put off until there are more than 3 incidents; now it is 3");
	call_is(&e, 3, &f, "",
		"put off until there are more than 100 occurrences; now it is "
		"100");
	f.incidents = 4;
	f.times = 101;
	call_is(&e, 2, &f, "a", "called: a");
	call_is(&e, 3, &f, "a", "called: a");
	call_is(&e, 4, &f, "",
		"'only 2026-01-01 to 2026-01-31' is over for good");
	call_is(&e, 5, &f, "",
		"put off to 2026-06-08T09:00:00.000Z by 'only Mon-Fri 09:00 "
		"to 17:00'");
}

/* A fallback of a rotation that nobody has is not silent either. */
static void nobody_at_all_is_left_to_the_routes(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER, "escalation: {p: {steps: [after 0m to chief], "
			"fallback: [chief, assignee]}}\n");
	struct escalation_facts f = {.now = time_of("2026-06-06T12:00:00Z")};

	(void)state;
	call_is(&e, 0, &f, "",
		"nobody is there for chief (outside); nor of the fallback, "
		"chief (outside), assignee (there is none): all who hear of "
		"incidents are told");
}

/* What belongs to a service is assigned to its owner, which may be a team. */
static void a_team_that_is_assigned_has_a_first_rotation(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		"zone UTC\n"
		"team web\n"
		"rotation primary weekly Mon 09:00 from 2026-01-05: a\n"
		"rotation second weekly Mon 09:00 from 2026-01-05: b\n"
		"team data\n"
		"rotation primary weekly Mon 09:00 from 2026-01-05: c\n",
		"escalation: {p: {steps: [after 0m to assignee], "
		"fallback: [c]}}\n");
	struct escalation_facts f = {.now = time_of("2026-06-06T12:00:00Z"),
				     .assignee = "web"};

	(void)state;
	call_is(&e, 0, &f, "a", "called: a (web, rotation)");
	f.assignee = "data/primary";
	call_is(&e, 0, &f, "c", "called: c (data/primary, rotation)");
}

/* ---- which policy ---- */

static void the_first_policy_by_name_counts(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER,
		"escalation:\n"
		"  z-rest: {steps: [after 0m to c], fallback: [a]}\n"
		"  b: {match: {service: [db]}, steps: [after 0m to b], "
		"fallback: [a]}\n"
		"  a: {match: {severity: [critical, high], tags: [night]}, "
		"steps: [after 5m to a], fallback: [a]}\n");
	static const struct {
		enum severity severity;
		const char *service, *tags, *policy;
	} cases[] = {
		{SEVERITY_HIGH, "db", "[\"night\"]", "a"},
		{SEVERITY_LOW, "db", "[\"night\"]", "b"},
		{SEVERITY_HIGH, "db", "[]", "b"},
		{SEVERITY_HIGH, "web", "[]", "z-rest"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct incident inc = {.severity = cases[i].severity,
				       .service = slice_of(cases[i].service),
				       .tags = slice_of(cases[i].tags)};
		const struct escalation_policy *p =
			escalation_for(e.escalation, e.config, &inc);

		assert_non_null(p);
		assert_string_equal(escalation_name(p), cases[i].policy);
		assert_ptr_equal(
			p, escalation_named(e.escalation, cases[i].policy));
		assert_int_equal(escalation_steps(p), 1);
	}
	assert_string_equal(
		escalation_text(escalation_named(e.escalation, "a"), 0),
		"after 5m to a");
	assert_null(escalation_named(e.escalation, "c"));
}

static void without_policies_nobody_is_called(void **state)
{
	struct incident inc = {.severity = SEVERITY_HIGH};
	AUTO_ESCALATING struct escalating none =
		escalating_new(NULL, "environment: test\n");
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER, "escalation: {p: {match: {service: [db]}, "
			"steps: [after 0m to a], fallback: [a]}}\n");

	(void)state;
	assert_null(escalation_for(none.escalation, none.config, &inc));
	assert_null(escalation_for(e.escalation, e.config, &inc));
}

/* ---- what is refused ---- */

static void refuse(const char *roster, const char *text, const char *part)
{
	AUTO_ESCALATING struct escalating e = {.config = NULL};
	struct err err = ERR_INIT;

	if (escalating_try(&e, roster, text, &err) == 0)
		fail_msg("'%s' is taken", text);
	assert_err(&err, ERR_USAGE, part);
	if (!strstr(err.text, "/one.yaml:"))
		fail_msg("'%s' names no place", err.text);
}

static void a_wrong_step_is_named(void **state)
{
	static const struct {
		const char *step, *part;
	} cases[] = {
		{"", "step 1, '': 'after' is missing"},
		{"to a", "'after' is to stand where 'to' does"},
		{"after", "a duration, such as 15m, is missing"},
		{"after soon to a", "soon"},
		{"after 400d to a", "'400d' is not 0s to 366d"},
		{"after 5m", "'to' is missing"},
		{"after 5m a", "'to' is to stand where 'a' does"},
		{"after 5m to", "a name of who is to be called is missing"},
		{"after 5m to every 5m", "a name of who is to be called"},
		{"after 5m to a, ,b", "a name of who is to be called"},
		{"after 5m to a,", "a name of who is to be called"},
		{"after 5m to a b", "nobody and nothing on call is 'a b'"},
		{"after 5m to a every", "a duration, such as 15m, is missing"},
		{"after 5m to a every 0s 2 times", "'0s' is not 1s to 366d"},
		{"after 5m to a every 5m 0 times", "1 to 100 times"},
		{"after 5m to a every 5m 101 times", "1 to 100 times"},
		{"after 5m to a every 5m x", "where 'x' does"},
		{"after 5m to a every 5m 2", "'times' is missing"},
		{"after 5m to a every 5m 2 minutes",
		 "'times' is to stand where 'minutes' does"},
		{"after 5m to a every 5m every 6m", "'every' stands there tw"},
		{"after 5m to a only", "no window of time: it is empty"},
		{"after 5m to a only Mon", "no window of time"},
		{"after 5m to a only daily 09:00 to 17:00 Mars/City",
		 "Mars/City"},
		{"after 5m to a only daily 09:00 to 17:00 only daily 09:00 to "
		 "17:00",
		 "'only' stands there twice"},
		{"after 5m to a if", "'more' is missing"},
		{"after 5m to a if more", "'than' is missing"},
		{"after 5m to a if more than", "a number is missing"},
		{"after 5m to a if more than -1 incidents", "a number is to"},
		{"after 5m to a if more than 3", "'incidents' or 'times' is m"},
		{"after 5m to a if more than 3 alerts",
		 "'incidents' or 'times' is to stand where 'alerts' does"},
		{"after 5m to a if more than 3 times if more than 3 times",
		 "'if' stands there twice"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text = mem_printf(
			"escalation:\n  p:\n    fallback: [a]\n    steps:\n"
			"      - \"%s\"\n",
			cases[i].step);

		refuse(ROSTER, text, cases[i].part);
		refuse(ROSTER, text, "one.yaml:4: escalation.p.steps: step 1");
	}
	refuse(ROSTER,
	       "escalation: {p: {fallback: [a], steps: [after 1m to a, at 2m "
	       "to b]}}\n",
	       "step 2, 'at 2m to b': 'after' is to stand where 'at' does; a "
	       "step looks like 'after 15m to primary, ben every 5m 2 times");
}

static void names_that_are_nothing_are_refused(void **state)
{
	(void)state;
	refuse(ROSTER,
	       "escalation: {p: {steps: [after 0m to primry], "
	       "fallback: [a]}}\n",
	       "'primry'; did you mean 'primary'?");
	refuse(ROSTER,
	       "escalation: {p: {steps: [after 0m to a], "
	       "fallback: [chieff]}}\n",
	       "escalation.p.fallback: nobody and nothing on call is "
	       "'chieff'; did you mean 'chief'?");
	refuse("zone UTC\nteam web\n"
	       "rotation x daily 09:00 from 2026-01-01: a\n",
	       "escalation: {p: {steps: [after 0m to web], fallback: [a]}}\n",
	       "'web' is a team: write one of its rotations, such as 'web/x'");
	refuse(NULL,
	       "escalation: {p: {steps: [after 0m to a], "
	       "fallback: [a]}}\n",
	       "there is none: write 'roster: /etc/oncall/roster'");
}

static void targets_and_groups_are_called_by_name(void **state)
{
	AUTO_ESCALATING struct escalating e = escalating_new(
		ROSTER, "targets: {ops: {type: stdout}, b: {type: stdout}}\n"
			"groups: {everyone: [ops]}\n"
			"escalation: {p: {steps: [after 0m to ops, after 0m to "
			"everyone, after 0m to b, after 0m to assignee], "
			"fallback: [everyone]}}\n");
	struct escalation_facts f = {.now = time_of("2026-06-06T12:00:00Z"),
				     .assignee = "ops"};

	(void)state;
	call_is(&e, 0, &f, "ops", "called: ops");
	call_is(&e, 1, &f, "everyone", "called: everyone");
	call_is(&e, 2, &f, "b", "called: b");
	call_is(&e, 3, &f, "ops", "called: ops");
	f.assignee = "";
	call_is(&e, 3, &f, "everyone",
		"nobody is there for assignee (there is none); the fallback "
		"is called: everyone");
}

/* Where there is no roster, targets can still be called. */
static void targets_need_no_roster(void **state)
{
	static const char text[] = "targets: {mailbox: {type: stdout}}\n"
				   "escalation: {p: {steps: [after 0m to %s], "
				   "fallback: [mailbox]}}\n";
	AUTO_FREE char *good = mem_printf(text, "mailbox");
	AUTO_FREE char *bad = mem_printf(text, "mialbox");
	AUTO_ESCALATING struct escalating e = escalating_new(NULL, good);
	struct escalation_facts f = {.now = time_of("2026-06-06T12:00:00Z")};

	(void)state;
	call_is(&e, 0, &f, "mailbox", "called: mailbox");
	refuse(NULL, bad, "'mialbox' is no target, did you mean 'mailbox'?");
	refuse(ROSTER, bad,
	       "nobody and nothing on call is 'mialbox', and no target; is "
	       "'mailbox' meant?");
}

static void what_would_call_nobody_is_refused(void **state)
{
	(void)state;
	refuse(ROSTER, "escalation: {p: {steps: [after 0m to a]}}\n",
	       "escalation.p: who is called when a step finds nobody? Write "
	       "'fallback: [NAME]'");
	refuse(ROSTER,
	       "escalation: {p: {steps: [after 0m to a], "
	       "fallback: ['']}}\n",
	       "a name of who is to be called is missing");
	refuse(ROSTER, "escalation: {p: {fallback: [a]}}\n",
	       "escalation.p: nobody is called: write 'steps:'");
	refuse(ROSTER, "escalation:\n  p: {steps: [], fallback: [a]}\n",
	       "nobody is called");
	refuse(ROSTER,
	       "escalation: {p: {match: {severity: [hihg]}, "
	       "steps: [after 0m to a], fallback: [a]}}\n",
	       "'hihg' is no severity");
}

static void what_has_no_end_or_order_is_refused(void **state)
{
	static const struct {
		const char *policy, *part;
	} cases[] = {
		{"steps: [after 0m to a every 5m, after 1h to b]",
		 "step 1, 'after 0m to a every 5m': it has no end"},
		{"steps: [after 5m to a, after 1m to b]",
		 "step 2, 'after 1m to b': it comes before the step above it"},
		{"steps: [after 5m to a], repeat: 2",
		 "escalation.p.repeat: 'repeat' needs 'every'"},
		{"steps: [after 5m to a], every: 2h",
		 "escalation.p.every: 'every' is how long a round lasts"},
		{"steps: [after 5m to a every 1m], repeat: 1, every: 2h",
		 "'repeat' never comes: step 1, 'after 5m to a every 1m'"},
		{"steps: [after 5m to a every 1h 2 times, after 10m to b], "
		 "repeat: 1, every: 2h",
		 "a round of 2h ends before its last step, which comes after "
		 "2h5m"},
		{"steps: [after 5m to a], repeat: 1, every: 5m",
		 "a round of 5m ends before its last step"},
		{"steps: [after 5m to a], repeat: -1, every: 1h", "repeat"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text =
			mem_printf("escalation:\n  p: {fallback: [a], %s}\n",
				   cases[i].policy);

		refuse(ROSTER, text, cases[i].part);
	}
}

static void there_are_limits(void **state)
{
	AUTO_BUF struct buf steps = BUF_INIT, names = BUF_INIT;

	(void)state;
	for (int i = 0; i <= ESCALATION_STEPS_MAX; i++)
		buf_add_str(&steps, "\n    - after 0m to a");
	for (int i = 0; i <= ESCALATION_NAMES_MAX; i++)
		buf_addf(&names, "%sa", i ? ", " : "");
	{
		AUTO_FREE char *many = mem_printf("escalation:\n  p:\n"
						  "    fallback: [a]\n"
						  "    steps:%s\n",
						  buf_str(&steps));
		AUTO_FREE char *all =
			mem_printf("escalation:\n  p:\n    fallback: [%s]\n"
				   "    steps: [after 0m to a]\n",
				   buf_str(&names));
		AUTO_FREE char *wide = mem_printf(
			"escalation:\n  p:\n    fallback: [a]\n    steps:\n"
			"      - after 0m to %s\n",
			buf_str(&names));

		refuse(ROSTER, many, "more than 100 steps");
		refuse(ROSTER, all, "more than 50 names");
		refuse(ROSTER, wide, "more than 50 names");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_come_in_order_and_loop),
		cmocka_unit_test(steps_repeat_by_themselves),
		cmocka_unit_test(rounds_contain_repeats),
		cmocka_unit_test(a_rotation_is_asked_when_a_step_is_due),
		cmocka_unit_test(nobody_is_called_by_the_fallback),
		cmocka_unit_test(hand_overs_follow_a_clock_that_changes),
		cmocka_unit_test(steps_count_time_that_passes),
		cmocka_unit_test(office_hours_follow_a_clock_that_changes),
		cmocka_unit_test(a_call_says_why),
		cmocka_unit_test(nobody_at_all_is_left_to_the_routes),
		cmocka_unit_test(a_team_that_is_assigned_has_a_first_rotation),
		cmocka_unit_test(the_first_policy_by_name_counts),
		cmocka_unit_test(without_policies_nobody_is_called),
		cmocka_unit_test(a_wrong_step_is_named),
		cmocka_unit_test(names_that_are_nothing_are_refused),
		cmocka_unit_test(targets_and_groups_are_called_by_name),
		cmocka_unit_test(targets_need_no_roster),
		cmocka_unit_test(what_would_call_nobody_is_refused),
		cmocka_unit_test(what_has_no_end_or_order_is_refused),
		cmocka_unit_test(there_are_limits),
	};

	return cmocka_run_group_tests(tests, make_test_dir, remove_test_dir);
}
