/* test-flapping.c - the weights of changes, both thresholds, and when it is
 * over. */
#include "unit-incident.h"

#include <math.h>

#include <oncall/flapping.h>
#include <oncall/timeline.h>

#define WITHIN WHEN_HOUR
#define NUM    INT64_C(202611200000001)

static int tear_down(void **state)
{
	struct err err = ERR_INIT;

	(void)store_run(store, &err, "DELETE FROM timeline", NULL, 0);
	(void)store_run(store, &err, "DELETE FROM incidents", NULL, 0);
	assert_no_err(&err);
	return ops_tear_down(state);
}

static void tell(const char *what, const char *before, int64_t time)
{
	struct err err = ERR_INIT;
	struct timeline_entry e = {
		.time = time, .actor = "test", .what = what, .before = before};

	if (timeline_add(store, NUM, &e, &err) < 0)
		fail_msg("%s", err.text);
}

/* n changes, the last one at that time, so far from each other. */
static void change(int n, int64_t apart, int64_t last)
{
	for (int i = 0; i < n; i++)
		tell(i % 2 ? "resolved"
		     : i   ? "reopened"
			   : "opened",
		     i % 2 ? "open" : "resolved", last - (n - 1 - i) * apart);
}

static struct flapping_answer ask(int64_t now, bool was)
{
	struct flapping_question q = {
		.incident = NUM, .within = WITHIN, .now = now, .was = was};
	struct flapping_answer a;
	struct err err = ERR_INIT;

	if (flapping_ask(store, &q, &a, &err) < 0)
		fail_msg("%s", err.text);
	return a;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void newer_changes_weigh_more(void **state)
{
	static const struct {
		int64_t age;
		double weight;
	} cases[] = {
		{0, 1.15},
		{WITHIN, 0.8},
		{WITHIN / 2, 0.975},
		{WITHIN / 4, 1.0625},
		{WITHIN + 1, 0},
		{-WHEN_MINUTE, 1.15},
		{WITHIN * 3 / 4, 0.8875},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t time = NOW - cases[i].age;

		if (!near(flapping_share(&time, 1, WITHIN, NOW),
			  cases[i].weight / 20))
			fail_msg("case %zu", i);
	}
}

/* 5 of weight 1.15 are 28.75 %, 6 are 34.5 %. */
static void it_begins_at_30_and_ends_below_25(void **state)
{
	static const struct {
		int changes;
		bool was, flapping;
	} cases[] = {
		{0, false, false}, {1, true, false},  {4, false, false},
		{4, true, false},  {5, false, false}, {5, true, true},
		{6, false, true},  {6, true, true},   {20, false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;

		(void)store_run(store, &err, "DELETE FROM timeline", NULL, 0);
		change(cases[i].changes, 0, NOW);
		if (ask(NOW, cases[i].was).flapping != cases[i].flapping)
			fail_msg("case %zu", i);
	}
}

/* As elastic/kibana#49412 has it: opened and resolved ten times in as many
 * minutes. */
static void ten_times_in_ten_minutes_is_flapping(void **state)
{
	struct flapping_answer a;
	int64_t end;

	(void)state;
	change(20, WHEN_MINUTE / 2, NOW);
	a = ask(NOW, false);
	assert_true(a.flapping);
	assert_true(a.share > 1 && a.share <= 1.15);
	/* Already after three. */
	assert_false(ask(NOW - 15 * WHEN_MINUTE / 2, false).share <
		     FLAPPING_BEGINS / 2);
	/* It ends then, and not a millisecond before. */
	end = a.until;
	assert_true(end > NOW && end <= NOW + WITHIN + 1);
	assert_true(ask(end - 1, true).flapping);
	assert_false(ask(end, true).flapping);
	assert_true(ask(end, true).until == WHEN_NONE);
	/* Asked in between it says the same. */
	assert_true(ask(NOW + (end - NOW) / 2, true).until == end);
}

static void a_few_times_a_day_is_none(void **state)
{
	struct flapping_answer a;

	(void)state;
	change(8, 20 * WHEN_MINUTE, NOW);
	a = ask(NOW, false);
	assert_false(a.flapping);
	assert_true(a.until == WHEN_NONE);
	assert_true(a.share > 0);
}

static void only_changes_of_state_count(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		tell("noted", NULL, NOW);
		tell("acknowledged", "open", NOW);
		tell("mitigated", "open", NOW);
		tell("raised", "low", NOW);
		tell("closed", "resolved", NOW);
		tell("false_positive", "resolved", NOW);
	}
	assert_true(near(ask(NOW, false).share, 0));
	tell("closed", "open", NOW);
	assert_true(near(ask(NOW, false).share, 1.15 / 20));
	tell("false_positive", "acknowledged", NOW);
	assert_true(near(ask(NOW, false).share, 2 * 1.15 / 20));
}

static void within_0_nothing_flaps(void **state)
{
	struct flapping_question q = {.incident = NUM, .now = NOW, .was = true};
	struct flapping_answer a;
	struct err err = ERR_INIT;

	(void)state;
	change(20, 0, NOW);
	assert_int_equal(flapping_ask(store, &q, &a, &err), 0);
	assert_false(a.flapping);
	assert_true(a.until == WHEN_NONE);
}

/* Hours of it, and a clock that went back. */
static void many_changes_have_an_end(void **state)
{
	struct flapping_answer a;

	(void)state;
	assert_int_equal(store_begin(store, &(struct err)ERR_INIT), 0);
	change(3000, WHEN_SECOND, NOW);
	assert_int_equal(store_commit(store, &(struct err)ERR_INIT), 0);
	a = ask(NOW - WHEN_HOUR, false);
	assert_true(a.flapping);
	assert_true(a.until > NOW && a.until <= NOW + WITHIN + 1);
}

#define flapping_test(f) \
	cmocka_unit_test_setup_teardown(f, ops_set_up, tear_down)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newer_changes_weigh_more),
		flapping_test(it_begins_at_30_and_ends_below_25),
		flapping_test(ten_times_in_ten_minutes_is_flapping),
		flapping_test(a_few_times_a_day_is_none),
		flapping_test(only_changes_of_state_count),
		flapping_test(within_0_nothing_flaps),
		flapping_test(many_changes_have_an_end),
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
