/* test-incident-stats.c - figures of incidents, computed by hand: SQLite
 * always, PostgreSQL when TEST_POSTGRES holds the address of an empty database.
 */
#include "unit-incident.h"

#include <oncall/incident-stats.h>
#include <oncall/timeline.h>

#define FIRST_NUM INT64_C(202611200000001)

static void run_sql(const char *sql)
{
	struct err err = ERR_INIT;

	(void)store_run(store, &err, sql, NULL, 0);
	assert_no_err(&err);
}

static int set_up(void **state)
{
	if (ops_set_up(state) < 0)
		return -1;
	run_sql("DELETE FROM incidents");
	run_sql("DELETE FROM timeline");
	run_sql("DELETE FROM actions");
	return 0;
}

#define stats_test(name) \
	cmocka_unit_test_setup_teardown(name, set_up, ops_tear_down)

static void ask(const struct incident_stats_query *q,
		struct incident_stats *ret)
{
	struct err err = ERR_INIT;

	if (incident_stats(store, q, ret, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct incident_stats_query whole_day = {.from = NOW - WHEN_DAY,
						      .to = NOW + WHEN_DAY};

/* Opened now, acknowledged and resolved so many seconds later (0: not). */
static struct incident timed(int64_t n, int64_t detect, int64_t acknowledge,
			     int64_t resolve)
{
	struct incident inc = incident_sample(FIRST_NUM + n);

	inc.first = NOW - detect * WHEN_SECOND;
	if (acknowledge)
		inc.acknowledged = NOW + acknowledge * WHEN_SECOND;
	if (resolve) {
		inc.resolved = NOW + resolve * WHEN_SECOND;
		inc.status = INCIDENT_RESOLVED;
	}
	return inc;
}

static void is_time(const struct incident_stats_time *t, int64_t count,
		    int64_t p50, int64_t p90, int64_t p95, int64_t max)
{
	assert_int_equal(t->count, count);
	assert_int_equal(t->p50, p50 * WHEN_SECOND);
	assert_int_equal(t->p90, p90 * WHEN_SECOND);
	assert_int_equal(t->p95, p95 * WHEN_SECOND);
	assert_int_equal(t->max, max * WHEN_SECOND);
}

static void percentiles_are_the_nearest_rank(void **state)
{
	static const struct {
		int64_t n, p50, p90, p95; /* of 1, 2, ... n */
	} cases[] = {
		{1, 1, 1, 1},	  {2, 1, 2, 2},	    {3, 2, 3, 3},
		{10, 5, 9, 10},	  {11, 6, 10, 11},  {19, 10, 18, 19},
		{20, 10, 18, 19}, {21, 11, 19, 20}, {100, 50, 90, 95},
	};
	int64_t put = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STATS struct incident_stats st = {.groups = NULL};

		for (; put < cases[i].n; put++) {
			/* Neither in rising nor in falling order. */
			struct incident inc = timed(put % 2 ? put : 1000 - put,
						    put + 1, 0, put + 1);

			put_incident(&inc);
		}
		ask(&whole_day, &st);
		is_time(&st.all.times[STATS_RESOLVE], cases[i].n, cases[i].p50,
			cases[i].p90, cases[i].p95, cases[i].n);
		is_time(&st.all.times[STATS_DETECT], cases[i].n, cases[i].p50,
			cases[i].p90, cases[i].p95, cases[i].n);
		assert_int_equal(st.all.times[STATS_ACKNOWLEDGE].count, 0);
	}
}

static void a_mean_is_of_those_that_have_the_time(void **state)
{
	const struct incident incs[] = {
		timed(1, 10, 60, 600),
		timed(2, 0, 0, 300),
		timed(3, 20, 120, 0),
	};
	AUTO_STATS struct incident_stats st = {.groups = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(incs); i++)
		put_incident(&incs[i]);
	ask(&whole_day, &st);
	assert_int_equal(st.all.incidents, 3);
	assert_true(st.all.times[STATS_DETECT].mean == 10000);
	assert_true(st.all.times[STATS_ACKNOWLEDGE].mean == 90000);
	assert_true(st.all.times[STATS_RESOLVE].mean == 450000);
	assert_int_equal(st.all.resolved, 2);
	assert_int_equal(st.all.status[INCIDENT_RESOLVED], 2);
	assert_int_equal(st.all.status[INCIDENT_OPEN], 1);
	assert_int_equal(st.all.severity[SEVERITY_HIGH], 3);
}

static void nothing_has_no_rates_and_no_times(void **state)
{
	AUTO_STATS struct incident_stats st = {.groups = NULL};
	const struct incident_stats_query none = {
		.from = 0, .to = 1, .by = "day"};

	(void)state;
	ask(&none, &st);
	assert_int_equal(st.all.incidents, 0);
	assert_int_equal(st.count, 0);
	assert_true(incident_stats_reopen_rate(&st.all) < 0);
	assert_true(incident_stats_automation_rate(&st.all) < 0);
	for (int i = 0; i < INCIDENT_STATS_TIMES; i++)
		assert_int_equal(st.all.times[i].count, 0);
}

static void a_period_begins_with_from_and_ends_before_to(void **state)
{
	static const struct {
		int64_t from, to, count;
	} cases[] = {
		{NOW, NOW + 1, 1},
		{NOW - 1, NOW, 0},
		{NOW + 1, NOW + 2, 0},
		{NOW - 1, NOW + 1, 1},
	};
	struct incident inc = timed(1, 0, 0, 0);

	(void)state;
	put_incident(&inc);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STATS struct incident_stats st = {.groups = NULL};
		const struct incident_stats_query q = {.from = cases[i].from,
						       .to = cases[i].to};

		ask(&q, &st);
		assert_int_equal(st.all.incidents, cases[i].count);
	}
}

static void a_time_below_zero_is_zero(void **state)
{
	struct incident inc = timed(1, -30, -60, -90);
	AUTO_STATS struct incident_stats st = {.groups = NULL};

	(void)state;
	put_incident(&inc);
	ask(&whole_day, &st);
	for (int i = 0; i < INCIDENT_STATS_TIMES; i++)
		is_time(&st.all.times[i], 1, 0, 0, 0, 0);
}

static void parts_and_simulated_ones_are_left_out(void **state)
{
	struct incident part = timed(1, 1, 0, 5), simulated = timed(2, 1, 0, 5);
	struct incident real = timed(3, 1, 0, 7);
	struct incident_stats_query q = whole_day;
	AUTO_STATS struct incident_stats st = {.groups = NULL},
					 more = {.groups = NULL};

	(void)state;
	part.merged_into = SLICE_LIT("INC-20261120-0004");
	simulated.simulated = true;
	put_incident(&part);
	put_incident(&simulated);
	put_incident(&real);
	ask(&q, &st);
	assert_int_equal(st.all.incidents, 1);
	is_time(&st.all.times[STATS_RESOLVE], 1, 7, 7, 7, 7);
	q.simulated = true;
	ask(&q, &more);
	assert_int_equal(more.all.incidents, 2);
	is_time(&more.all.times[STATS_RESOLVE], 2, 5, 7, 7, 7);
}

static void false_positives_are_counted_and_not_timed(void **state)
{
	struct incident inc = timed(1, 5, 5, 5);
	AUTO_STATS struct incident_stats st = {.groups = NULL};

	(void)state;
	inc.false_positive = true;
	inc.status = INCIDENT_CLOSED;
	put_incident(&inc);
	ask(&whole_day, &st);
	assert_int_equal(st.all.incidents, 1);
	assert_int_equal(st.all.false_positives, 1);
	assert_int_equal(st.all.resolved, 0);
	for (int i = 0; i < INCIDENT_STATS_TIMES; i++)
		assert_int_equal(st.all.times[i].count, 0);
	assert_true(incident_stats_automation_rate(&st.all) < 0);
}

static void tell_reopened(int64_t num, int64_t seq)
{
	struct err err = ERR_INIT;
	const struct timeline_entry e = {
		.seq = seq, .time = NOW, .actor = "x", .what = "reopened"};

	assert_int_equal(timeline_add(store, num, &e, &err), 0);
}

static void a_reopened_one_counts_once(void **state)
{
	const struct incident incs[] = {
		timed(1, 0, 0, 10), timed(2, 0, 0, 10), timed(3, 0, 0, 0),
		timed(4, 0, 0, 0),  timed(5, 0, 0, 20),
	};
	AUTO_STATS struct incident_stats st = {.groups = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(incs); i++)
		put_incident(&incs[i]);
	tell_reopened(FIRST_NUM + 1, 1);
	tell_reopened(FIRST_NUM + 1, 2);
	tell_reopened(FIRST_NUM + 3, 1);
	ask(&whole_day, &st);
	/* Ended are 1, 2 and 5, and 3 had been; 4 never was. */
	assert_int_equal(st.all.ended, 4);
	assert_int_equal(st.all.reopened, 2);
	assert_true(incident_stats_reopen_rate(&st.all) == 0.5);
	assert_int_equal(st.all.times[STATS_RESOLVE].count, 3);
}

/* An action of the incident with these values, each an SQL text. */
static void put_action(int64_t n, const char *verdict, const char *decision,
		       const char *approval, const char *undone)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *id = mem_printf("ACT-%lld", (long long)n);

	(void)STORE_RUN(store, &err,
			"INSERT INTO actions (id, same, incident, revision, "
			"name, params, untrusted, target, hash, actor, status, "
			"verdict, decision, approval, undone, attempts, "
			"requested) VALUES ($1, $1, $2, 1, 'restart', '{}', "
			"'[]', 'here', 'h', 'oncall-act', 'done', $3, $4, $5, "
			"$6, 1, $7)",
			S_TEXT(id), S_INT(FIRST_NUM + n), S_TEXT(verdict),
			S_TEXT(decision), S_TEXT(approval), S_TEXT(undone),
			S_INT(NOW));
	assert_no_err(&err);
}

static void automated_is_what_no_person_had_a_part_in(void **state)
{
	static const struct {
		const char *verdict, *decision, *approval, *undone;
		int64_t acknowledge;
		bool by_hand;
	} cases[] = {
		{"verified_fixed", "auto", NULL, NULL, 0, false}, /* the one */
		{"verified_fixed", "auto", NULL, NULL, 0, true},
		{"verified_fixed", "auto", NULL, NULL, 60, false},
		{"verified_fixed", "approve", "APR-1", NULL, 0, false},
		{"verified_fixed", NULL, NULL, NULL, 0, false},
		{"verified_fixed", "auto", NULL, "ACT-9", 0, false},
		{"ran_unverified", "auto", NULL, NULL, 0, false},
		{NULL, NULL, NULL, NULL, 0, false},
	};
	AUTO_STATS struct incident_stats st = {.groups = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct incident inc =
			timed((int64_t)i, 0, cases[i].acknowledge, 600);

		inc.auto_resolved = !cases[i].by_hand;
		put_incident(&inc);
		put_action((int64_t)i, cases[i].verdict, cases[i].decision,
			   cases[i].approval, cases[i].undone);
	}
	ask(&whole_day, &st);
	assert_int_equal(st.all.resolved, 8);
	assert_int_equal(st.all.automated, 1);
	assert_true(incident_stats_automation_rate(&st.all) == 0.125);
}

static void groups_have_figures_of_their_own(void **state)
{
	struct incident incs[] = {timed(1, 0, 0, 10), timed(2, 0, 0, 30),
				  timed(3, 0, 0, 20), timed(4, 0, 0, 0)};
	struct incident_stats_query q = whole_day;
	AUTO_STATS struct incident_stats st = {.groups = NULL};

	(void)state;
	incs[0].service = incs[1].service = SLICE_LIT("web");
	incs[2].service = SLICE_LIT("critical");
	incs[3].service = (struct slice){0};
	for (size_t i = 0; i < ARRAY_LEN(incs); i++)
		put_incident(&incs[i]);
	q.by = "service";
	ask(&q, &st);
	assert_int_equal(st.count, 3);
	assert_string_equal(st.groups[0].name, "");
	assert_string_equal(st.groups[1].name, "critical");
	assert_string_equal(st.groups[2].name, "web");
	assert_int_equal(st.groups[0].times[STATS_RESOLVE].count, 0);
	is_time(&st.groups[1].times[STATS_RESOLVE], 1, 20, 20, 20, 20);
	is_time(&st.groups[2].times[STATS_RESOLVE], 2, 10, 30, 30, 30);
	is_time(&st.all.times[STATS_RESOLVE], 3, 20, 30, 30, 30);
}

static void severities_come_with_the_worst_first(void **state)
{
	static const char *const order[] = {"critical", "high", "info"};
	struct incident incs[] = {timed(1, 0, 0, 0), timed(2, 0, 0, 0),
				  timed(3, 0, 0, 0)};
	struct incident_stats_query q = whole_day;
	AUTO_STATS struct incident_stats st = {.groups = NULL};

	(void)state;
	incs[0].severity = SEVERITY_INFO;
	incs[2].severity = SEVERITY_CRITICAL;
	for (size_t i = 0; i < ARRAY_LEN(incs); i++)
		put_incident(&incs[i]);
	q.by = "severity";
	ask(&q, &st);
	assert_int_equal(st.count, ARRAY_LEN(order));
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_string_equal(st.groups[i].name, order[i]);
}

static void a_day_is_that_of_the_zone(void **state)
{
	static const struct {
		const char *zone, *day;
	} cases[] = {
		{"UTC", "2026-11-20"},
		{"Pacific/Auckland", "2026-11-20"},
		{"Pacific/Kiritimati", "2026-11-21"},
		{"Pacific/Pago_Pago", "2026-11-19"},
	};
	struct incident inc = timed(1, 0, 0, 0);
	struct incident_stats_query q = whole_day;
	struct err err = ERR_INIT;

	(void)state;
	inc.opened = NOW + 30 * WHEN_MINUTE; /* 10:30 */
	put_incident(&inc);
	q.by = "day";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STATS struct incident_stats st = {.groups = NULL};

		assert_int_equal(when_set_zone(cases[i].zone, &err), 0);
		ask(&q, &st);
		assert_int_equal(st.count, 1);
		assert_string_equal(st.groups[0].name, cases[i].day);
	}
	assert_int_equal(when_set_zone("UTC", &err), 0);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		stats_test(percentiles_are_the_nearest_rank),
		stats_test(a_mean_is_of_those_that_have_the_time),
		stats_test(nothing_has_no_rates_and_no_times),
		stats_test(a_period_begins_with_from_and_ends_before_to),
		stats_test(a_time_below_zero_is_zero),
		stats_test(parts_and_simulated_ones_are_left_out),
		stats_test(false_positives_are_counted_and_not_timed),
		stats_test(a_reopened_one_counts_once),
		stats_test(automated_is_what_no_person_had_a_part_in),
		stats_test(groups_have_figures_of_their_own),
		stats_test(severities_come_with_the_worst_first),
		stats_test(a_day_is_that_of_the_zone),
	};

	return cmocka_run_group_tests_name("incident-stats", tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
