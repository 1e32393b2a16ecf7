/* test-condition-fire.c - when conditions fire, at stated times. */
#include "unit-condition.h"

#include <stdio.h>

/* SEC's SingleWithThreshold; Monit's "X times within Y". */
static void a_threshold_fires_at_the_nth_hit_and_folds_the_burst(void **state)
{
	static const struct unit_rule rules[] = {
		{"T", "3 times within 60s by user", 0}, {NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "T", "a", NULL}, {30, "T", "a", NULL},
	     {31, "T", "b", NULL},	       /* a key of its own */
	     {61, "T", "a", NULL},	       /* 0 has slid out */
	     {62, "T", "a", "T*3 30-62@62/a"}, /* 30, 61, 62 */
	     {100, "T", "a", NULL}, {122, "T", "a", NULL},
	     /* Two within the time after it are no new burst... */
	     {123, "T", "a", NULL}, {183, "T", "a", NULL},
	     {183, "T", "a", "T*3 123-183@183+2/a"},
	     /* ... and three make it go on. */
	     {190, "T", "a", NULL}, {200, "T", "a", NULL},
	     {240, "T", "a", NULL}, {300, "T", "a", NULL},
	     {301, "T", "a", NULL}, {302, "T", "a", NULL},
	     {303, "T", "a", "T*3 301-303@303+4/a"});
}

static void hits_as_far_apart_as_the_time_are_within_it(void **state)
{
	static const struct unit_rule rules[] = {{"T", "2 times within 60s", 0},
						 {NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "T", "", NULL}, {60, "T", "", "T*2 0-60@60"});
	PLAY(rules, {0, "T", "", NULL}, {61, "T", "", NULL});
}

static void late_hits_are_put_where_they_belong(void **state)
{
	static const struct unit_rule rules[] = {{"T", "3 times within 10s", 0},
						 {NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {100, "T", "", NULL}, {120, "T", "", NULL},
	     {105, "T", "", NULL}, {95, "T", "", "T*3 95-105@95"},
	     {98, "T", "", NULL},  /* of that burst */
	     {85, "T", "", NULL},  /* still of it */
	     {80, "T", "", NULL}); /* before it */
}

static void a_jump_of_the_clock_does_not_deafen_a_threshold(void **state)
{
	static const struct unit_rule rules[] = {{"T", "2 times within 10s", 0},
						 {NULL, NULL, 0}};
	const int64_t far = 250000000000;

	(void)state;
	PLAY(rules, {far, "T", "", NULL}, {far + 30, "T", "", NULL},
	     {far + 60, "T", "", NULL}, {far + 90, "T", "", NULL},
	     {10, "T", "", NULL}, {30, "T", "", NULL},
	     {31, "T", "", "T*2 30-31@31"}, {32, "T", "", NULL},
	     {-50000000000, "T", "", NULL},
	     {-50000000000, "T", "",
	      "T*2 -50000000000--50000000000@-50000000000+1"});
}

/* SEC's SingleWithSuppress. */
static void once_within_folds_what_follows(void **state)
{
	static const struct unit_rule rules[] = {
		{"O", "once within 1m by h", 0}, {NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "O", "a", "O*1 0-0@0/a"}, {30, "O", "a", NULL},
	     {30, "O", "b", "O*1 30-30@30/b"}, {60, "O", "a", NULL},
	     {61, "O", "a", "O*1 61-61@61+2/a"}, {59, "O", "a", NULL});
}

/* ElastAlert's new_term. */
static void once_fires_once_for_each_key(void **state)
{
	static const struct unit_rule rules[] = {{"O", "once by user", 0},
						 {NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "O", "eve", "O*1 0-0@0/eve"}, {9, "O", "eve", NULL},
	     {9, "O", "bob", "O*1 9-9@9/bob"}, {99999999, "O", "eve", NULL},
	     {-9, "O", "bob", NULL});
}

/* SEC's Pair. */
static void a_then_b_fires_with_b_within_the_time(void **state)
{
	static const struct unit_rule rules[] = {
		{"A", NULL, 0},
		{"B", NULL, 0},
		{"P", "A then B within 30s by h", 0},
		{NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "B", "a", "B*1 0-0@0"}, {5, "A", "a", "A*1 5-5@5"},
	     {10, "B", "b", "B*1 10-10@10"},
	     {35, "B", "a", "B*1 35-35@35 P*2 5-35@35/a"},
	     {36, "B", "a", "B*1 36-36@36"}, {40, "A", "a", "A*1 40-40@40"},
	     {71, "B", "a", "B*1 71-71@71"}, {80, "A", "a", "A*1 80-80@80"},
	     {90, "A", "a", "A*1 90-90@90"},
	     {111, "B", "a", "B*1 111-111@111 P*3 90-111@111/a"});
}

static void a_late_a_meets_the_b_that_came_before_it(void **state)
{
	static const struct unit_rule rules[] = {
		{"A", "by h", 0},
		{"B", "by h", 0},
		{"P", "A then B within 30s", 0},
		{NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {10, "B", "", "B*1 10-10@10/"},
	     {5, "A", "", "A*1 5-5@5/ P*2 5-10@5"},
	     {6, "A", "", "A*1 6-6@6/"}, /* that B is told */
	     {11, "B", "", "B*1 11-11@11/"},
	     /* At the same time the order of arrival decides. */
	     {11, "A", "", "A*1 11-11@11/"},
	     {11, "B", "", "B*1 11-11@11/ P*2 11-11@11+1"});
}

/* SEC's PairWithWindow. */
static void a_without_b_fires_at_the_deadline(void **state)
{
	static const struct unit_rule rules[] = {
		{"A", "by h", 0},
		{"B", "by h", 0},
		{"W", "A without B within 30s by h", 0},
		{NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "A", "a", "A*1 0-0@0/a"}, {1, "A", "b", "A*1 1-1@1/b"},
	     {30, "B", "a", "B*1 30-30@30/a"}, /* just in time */
	     {31, NULL, NULL, NULL}, {32, NULL, NULL, "W*1 1-1@31/b[t1]"},
	     {99, NULL, NULL, NULL},
	     /* Further ones do not put it off. */
	     {100, "A", "a", "A*1 100-100@100/a"},
	     {120, "A", "a", "A*1 120-120@120/a"},
	     {131, NULL, NULL, "W*2 100-120@130/a[t100]"},
	     {999, NULL, NULL, NULL});
	/* An answer that was read before what it answers. */
	PLAY(rules, {20, "B", "a", "B*1 20-20@20/a"},
	     {19, "A", "a", "A*1 19-19@19/a"}, {99, NULL, NULL, NULL});
	/* A late answer is none for what came behind it. */
	PLAY(rules, {0, "A", "a", "A*1 0-0@0/a"},
	     {20, "A", "a", "A*1 20-20@20/a"}, {10, "B", "a", "B*1 10-10@10/a"},
	     {99, NULL, NULL, "W*1 20-20@50/a[t20]"});
	/* A late beginning is told first. */
	PLAY(rules, {20, "A", "a", "A*1 20-20@20/a"},
	     {0, "A", "a", "A*1 0-0@0/a"},
	     {31, NULL, NULL, "W*2 0-20@30/a[t0]"}, {99, NULL, NULL, NULL});
}

static void absence_waits_for_the_rule_itself(void **state)
{
	static const struct unit_rule rules[] = {
		{"S", "absent for 10s by h", 0}, {NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {99, NULL, NULL, NULL}, {100, "S", "a", NULL},
	     {110, "S", "a", NULL}, {112, "S", "b", NULL},
	     {120, NULL, NULL, NULL},
	     {121, NULL, NULL, "S*1 110-110@120/a[t110]"},
	     {200, "S", "a", "S*1 112-112@122/b[t112]"},
	     {195, "S", "a", NULL}, /* late: 200 answers it */
	     {205, "S", "a", NULL}, {214, NULL, NULL, NULL},
	     {216, NULL, NULL, "S*1 205-205@215/a[t205]"});
}

static void absence_after_a_rule_waits_for_its_hits(void **state)
{
	static const struct unit_rule rules[] = {
		{"E", "absent for 10s after B", 0},
		{"B", "once within 1s", 0},
		{NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "E", "", NULL}, {50, NULL, NULL, NULL},
	     {60, "B", "", "B*1 60-60@60"}, {70, "E", "", NULL},
	     {80, "B", "", "B*1 80-80@80"}, {91, "E", "", "E*1 80-80@90[t80]"},
	     {199, NULL, NULL, NULL});
}

static void deadlines_fire_by_time_then_rule_then_key(void **state)
{
	static const struct unit_rule rules[] = {
		{"A", "absent for 20s by h", 0},
		{"B", "absent for 10s by h", 0},
		{NULL, NULL, 0}};
	struct unit_set set;

	(void)state;
	PLAY(rules, {10, "B", "z", NULL}, {10, "B", "a", NULL},
	     {9, "B", "y", NULL}, {0, "A", "m", NULL}, {-1, "A", "x", NULL},
	     {99, NULL, NULL,
	      "A*1 -1--1@19/x[t-1] B*1 9-9@19/y[t9] A*1 0-0@20/m[t0] "
	      "B*1 10-10@20/a[t10] B*1 10-10@20/z[t10]"});
	unit_make(&set, rules);
	assert_int_equal(conditions_next(set.c), WHEN_NONE);
	unit_hit(&set, 5000, "B", "x");
	unit_hit(&set, 3000, "B", "y");
	/* Then it fires, and not before. */
	assert_int_equal(conditions_next(set.c), 13001);
	unit_hit(&set, 13000, NULL, NULL);
	assert_int_equal(set.fired.len, 0);
	unit_hit(&set, 13001, NULL, NULL);
	assert_string_equal(buf_str(&set.fired), "B*1 3-3@13/y[t3]");
	assert_int_equal(conditions_next(set.c), 15001);
	unit_done(&set);
}

/* SEC's EventGroup. */
static void a_group_counts_different_rules(void **state)
{
	static const struct unit_rule rules[] = {
		{"A", "by h", 0},
		{"B", "by h", 0},
		{"C", "by h", 0},
		{"G", "2 of {A, B, C} within 10s", 0},
		{NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "A", "", "A*1 0-0@0/"}, {5, "A", "", "A*1 5-5@5/"},
	     {16, "B", "", "B*1 16-16@16/"},
	     {20, "C", "", "C*1 20-20@20/ G*2 16-20@20"},
	     {25, "A", "", "A*1 25-25@25/"}, {30, "A", "", "A*1 30-30@30/"},
	     /* Two different ones make it go on until 40. */
	     {30, "C", "", "C*1 30-30@30/"}, {40, "B", "", "B*1 40-40@40/"},
	     {41, "A", "", "A*1 41-41@41/"}, {38, "C", "", "C*1 38-38@38/"},
	     {51, "B", "", "B*1 51-51@51/"}, {52, "A", "", "A*1 52-52@52/"},
	     {53, "C", "", "C*1 53-53@53/ G*2 52-53@53+7"});
}

static void a_cool_down_folds_firings_by_key(void **state)
{
	static const struct unit_rule rules[] = {{"R", "by h", 60},
						 {"T", "2 times within 1s", 60},
						 {NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "R", "a", "R*1 0-0@0/a"}, {10, "R", "a", NULL},
	     {20, "R", "b", "R*1 20-20@20/b"}, {60, "R", "a", NULL},
	     {61, "R", "a", "R*1 61-61@61+2/a"}, {30, "R", "a", NULL},
	     {0, "R", "a", "R*1 0-0@0+1/a"});
	PLAY(rules, {0, "T", "", NULL}, {0, "T", "", "T*2 0-0@0"},
	     {1, "T", "", NULL}, {9, "T", "", NULL}, {9, "T", "", NULL},
	     {70, "T", "", NULL}, {70, "T", "", "T*2 70-70@70+3"});
}

/* SEC's synthetic events; its "30 users fail three times each". */
static void firings_are_hits_for_the_rules_above(void **state)
{
	static const struct unit_rule rules[] = {
		{"fail", "2 times within 10s by user", 3600},
		{"ok", NULL, 0},
		{"guessed", "fail then ok within 30s by user", 0},
		{"silence", "fail without ok within 30s by user", 0},
		{"both", "2 of {guessed, silence} within 1h by host", 0},
		{NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {0, "fail", "a", NULL}, {1, "ok", "a", "ok*1 1-1@1"},
	     {2, "fail", "a", "fail*2 0-2@2/a"},
	     {10, "ok", "a", "ok*1 10-10@10 guessed*2 2-10@10/a"},
	     {20, "fail", "a", NULL},
	     /* The cool-down is of what is told, not of what happens; and
	      * what happens without a hit has its fields, too. */
	     {21, "fail", "a", NULL},
	     {99, NULL, NULL,
	      "silence*1 21-21@51/a[t21] both*2 10-51@51/a[t21]"});
}

static void one_hit_makes_a_rule_fire_once(void **state)
{
	static const struct unit_rule rules[] = {
		{"A", "by h", 0},
		{"X", "1 of {A} within 1ms", 0},
		{"Y", "1 of {A} within 1ms", 0},
		{"Z", "1 of {X, Y} within 1ms", 0},
		{NULL, NULL, 0}};

	(void)state;
	PLAY(rules, {1, "A", "", "A*1 1-1@1/ X*1 1-1@1 Z*1 1-1@1 Y*1 1-1@1"});
}

static void rules_that_need_nothing_are_plain(void **state)
{
	static const struct unit_rule rules[] = {
		{"no", NULL, 0},
		{"value", "x > 5", 0},
		{"cool", NULL, 5},
		{"part", "x > 5", 0},
		{"t", "2 times within 5s", 0},
		{"p", "part then t within 5s", 0},
		{NULL, NULL, 0}};
	static const bool plain[] = {true, true, false, false, false, false};
	struct unit_set set;

	(void)state;
	unit_make(&set, rules);
	for (size_t i = 0; i < set.count; i++)
		assert_int_equal(conditions_plain(set.c, i), plain[i]);
	unit_hit(&set, 1000, "no", "");
	unit_hit(&set, 1000, "value", "");
	assert_string_equal(buf_str(&set.fired), "no*1 1-1@1 value*1 1-1@1");
	unit_done(&set);
}

static void wrong_rules_are_refused(void **state)
{
	static const struct {
		struct unit_rule rules[5];
		const char *message;
	} cases[] = {
		{{{"a", "absent for 5s after nobody", 0}},
		 "condition of rule 'a' names 'nobody', which is no rule"},
		{{{"a", "absent for 5s after a", 0}},
		 "wait for each other: 'a', 'a'"},
		{{{"x", "once", 0},
		  {"a", "x then c within 5s", 0},
		  {"b", "a then x within 5s", 0},
		  {"c", "b without x within 5s", 0}},
		 "wait for each other: 'a', 'b', 'c', 'a'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = ERR_INIT;
		struct unit_set set;

		assert_int_equal(unit_try(&set, cases[i].rules, &err), -1);
		assert_err(&err, ERR_USAGE, cases[i].message);
		unit_done(&set);
	}
}

static void chains_of_rules_have_a_limit(void **state)
{
	struct condition *when[20] = {NULL};
	struct condition_rule rules[20];
	char names[20][8];
	char text[40];

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "r%zu", i);
		(void)snprintf(text, sizeof(text), "1 of {r%zu} within 1s",
			       i - 1);
		if (i)
			when[i] = unit_parse(text);
		rules[i] = (struct condition_rule){names[i], when[i], 0};
	}
	for (size_t n = 1; n <= 20; n++) {
		AUTO_CONDITIONS struct conditions *c = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(conditions_new(&c, rules, n, &err),
				 n > 16 ? -1 : 0);
		if (n > 16)
			assert_err(&err, ERR_USAGE, "deeper than 16");
	}
	for (size_t i = 0; i < 20; i++)
		condition_free(when[i]);
}

static int stop(void *arg, const struct condition_firing *f)
{
	(void)f;
	return ++*(int *)arg < 2 ? 0 : -1;
}

static void who_is_told_may_stop_it(void **state)
{
	static const struct unit_rule rules[] = {{"A", "absent for 1s by h", 0},
						 {NULL, NULL, 0}};
	struct unit_set set;
	int calls = 0;

	(void)state;
	unit_make(&set, rules);
	unit_hit(&set, 0, "A", "a");
	unit_hit(&set, 0, "A", "b");
	unit_hit(&set, 0, "A", "c");
	assert_int_equal(conditions_time(set.c, 9000, stop, &calls), -1);
	assert_int_equal(calls, 2);
	assert_int_equal(conditions_time(set.c, 9000, unit_fire, &set), 0);
	assert_string_equal(buf_str(&set.fired), "A*1 0-0@1/c[t0]");
	unit_done(&set);
}

static void values_of_keys_are_bounded_and_stay_apart(void **state)
{
	static const struct unit_rule rules[] = {{"O", "once by a, b", 0},
						 {NULL, NULL, 0}};
	struct unit_set set;
	char value[1001];

	(void)state;
	unit_make(&set, rules);
	memset(value, 'x', 1000);
	value[1000] = '\0';
	unit_hit(&set, 0, "O", value);
	assert_in_range(set.fired.len, 500, 540);
	buf_reset(&set.fired);
	value[999] = 'y';
	unit_hit(&set, 0, "O", value);
	assert_in_range(set.fired.len, 500, 540);
	buf_reset(&set.fired);
	unit_hit(&set, 0, "O", value);
	assert_int_equal(set.fired.len, 0);
	unit_hit(&set, 0, "O", "1\n2");
	assert_string_equal(buf_str(&set.fired), "O*1 0-0@0/1 2\n1 2");
	unit_done(&set);
}

static void what_is_too_long_to_keep_is_not_kept(void **state)
{
	static const struct unit_rule rules[] = {{"A", "absent for 1s", 0},
						 {NULL, NULL, 0}};

	(void)state;
	for (size_t n = CONDITION_KEEP; n <= CONDITION_KEEP + 1; n++) {
		AUTO_FREE char *text = mem_zero(1, n + 1);
		struct condition_hit hit = {.keep = {text, n}};
		struct unit_set set;

		memset(text, 'x', n);
		unit_make(&set, rules);
		assert_int_equal(conditions_hit(set.c, &hit, unit_fire, &set),
				 0);
		unit_hit(&set, 5000, NULL, NULL);
		assert_int_equal(set.fired.len > CONDITION_KEEP,
				 n == CONDITION_KEEP);
		unit_done(&set);
	}
}

static const char *explained(struct unit_set *set, int64_t time,
			     const char *rule, struct buf *out)
{
	struct condition_hit hit = {.rule = unit_rule(set, rule),
				    .time = 1000 * time,
				    .lookup = unit_value,
				    .arg = set};

	set->key = "web\x1b";
	buf_reset(out);
	conditions_explain(set->c, &hit, out);
	return buf_str(out);
}

static void explaining_says_what_is_waited_for(void **state)
{
	static const struct unit_rule rules[] = {
		{"A", NULL, 0},
		{"B", NULL, 0},
		{"T", "3 times within 5m by host", 0},
		{"O", "once within 1m by host", 0},
		{"P", "A then B within 1m", 0},
		{"W", "A without B within 1m", 0},
		{"G", "2 of {A, B} within 1m", 0},
		{"C", "by host", 60},
		{"plain", NULL, 0},
		{NULL, NULL, 0}};
	AUTO_BUF struct buf out = BUF_INIT;
	struct unit_set set;

	(void)state;
	unit_make(&set, rules);
	assert_string_equal(explained(&set, 0, "plain", &out),
			    "every hit counts");
	assert_string_equal(explained(&set, 0, "T", &out),
			    "1 of 3 times within 5m by host 'web?'");
	unit_hit(&set, 0, "T", "web\x1b");
	unit_hit(&set, 9000, "T", "web\x1b");
	assert_string_equal(explained(&set, 300, "T", &out),
			    "3 of 3 times within 5m by host 'web?'");
	assert_string_equal(explained(&set, 301, "T", &out),
			    "2 of 3 times within 5m by host 'web?'");
	unit_hit(&set, 10000, "T", "web\x1b");
	unit_hit(&set, 11000, "T", "web\x1b");
	assert_string_equal(
		explained(&set, 12, "T", &out),
		"3 times within 5m were told; further hits are folded until "
		"1970-01-01T00:05:10.000Z, 1 hit since by host 'web?'");
	assert_non_null(strstr(explained(&set, 0, "O", &out), "not told yet"));
	unit_hit(&set, 0, "O", "web\x1b");
	assert_non_null(strstr(explained(&set, 60, "O", &out),
			       "told once, at 1970-01-01T00:00:00.000Z, and "
			       "not again until 1970-01-01T00:01:00.000Z"));
	assert_non_null(strstr(explained(&set, 61, "O", &out), "not told yet"));
	assert_string_equal(explained(&set, 0, "P", &out),
			    "waits for A, and then for B within 1m");
	assert_string_equal(
		explained(&set, 0, "W", &out),
		"waits for A, and then fires when for 1m B does not hit");
	assert_string_equal(explained(&set, 0, "G", &out),
			    "waits for 2 of {A, B} within 1m, has seen none");
	unit_hit(&set, 1000, "A", "");
	assert_string_equal(explained(&set, 2, "P", &out),
			    "A came at 1970-01-01T00:00:01.000Z, waits for B "
			    "until 1970-01-01T00:01:01.000Z");
	assert_string_equal(explained(&set, 2, "W", &out),
			    "A came at 1970-01-01T00:00:01.000Z, fires after "
			    "1970-01-01T00:01:01.000Z unless B hits");
	assert_non_null(strstr(explained(&set, 2, "G", &out),
			       "has seen A at 1970-01-01T00:00:01.000Z"));
	unit_hit(&set, 0, "C", "web\x1b");
	assert_string_equal(explained(&set, 2, "C", &out),
			    "every hit counts by host 'web?'; cools down until "
			    "1970-01-01T00:01:00.000Z");
	unit_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_threshold_fires_at_the_nth_hit_and_folds_the_burst),
		cmocka_unit_test(hits_as_far_apart_as_the_time_are_within_it),
		cmocka_unit_test(late_hits_are_put_where_they_belong),
		cmocka_unit_test(
			a_jump_of_the_clock_does_not_deafen_a_threshold),
		cmocka_unit_test(once_within_folds_what_follows),
		cmocka_unit_test(once_fires_once_for_each_key),
		cmocka_unit_test(a_then_b_fires_with_b_within_the_time),
		cmocka_unit_test(a_late_a_meets_the_b_that_came_before_it),
		cmocka_unit_test(a_without_b_fires_at_the_deadline),
		cmocka_unit_test(absence_waits_for_the_rule_itself),
		cmocka_unit_test(absence_after_a_rule_waits_for_its_hits),
		cmocka_unit_test(deadlines_fire_by_time_then_rule_then_key),
		cmocka_unit_test(a_group_counts_different_rules),
		cmocka_unit_test(a_cool_down_folds_firings_by_key),
		cmocka_unit_test(firings_are_hits_for_the_rules_above),
		cmocka_unit_test(one_hit_makes_a_rule_fire_once),
		cmocka_unit_test(rules_that_need_nothing_are_plain),
		cmocka_unit_test(wrong_rules_are_refused),
		cmocka_unit_test(chains_of_rules_have_a_limit),
		cmocka_unit_test(who_is_told_may_stop_it),
		cmocka_unit_test(values_of_keys_are_bounded_and_stay_apart),
		cmocka_unit_test(what_is_too_long_to_keep_is_not_kept),
		cmocka_unit_test(explaining_says_what_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
