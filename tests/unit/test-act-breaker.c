/* test-act-breaker.c - actions that fail rest, and fixes that do not hold were
 * none: SQLite always, PostgreSQL when TEST_POSTGRES holds the address of an
 * empty database. */
#include "unit-act.h"

static void open_breaking(void)
{
	open_act("- id: plain\n" PLAIN_ACTION,
		 "  breaker: {failures: 3, window: 1h, cool_down: 30m, "
		 "ineffective: 2, ineffective_window: 2h}\n");
}

static void run_to(enum action_verdict verdict)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	takes(&r, ACT_RUNNING);
	settle(&job, verdict);
}

static void is_refused(void)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	refused(&r, "circuit breaker: 'plain nginx' is ");
}

static void state_is(const char *want)
{
	assert_text("SELECT state FROM breakers WHERE name = 'plain nginx'",
		    want);
}

static void it_opens_after_failures_within_a_time(void **state)
{
	struct act_request other = request_of("plain", "{\"name\":\"redis\"}");

	(void)state;
	open_breaking();
	run_to(VERDICT_FAILED_BEFORE_CHANGE);
	run_to(VERDICT_FAILED_DURING_CHANGE);
	state_is("closed");
	clock_set(NOW + WHEN_HOUR + 1); /* these count no more */
	run_to(VERDICT_FAILED_BEFORE_CHANGE);
	run_to(VERDICT_FAILED_BEFORE_CHANGE);
	state_is("closed");
	run_to(VERDICT_FAILED_BEFORE_CHANGE);
	state_is("open");
	assert_audit("breaker opened");
	is_refused();
	takes(&other, ACT_RUNNING); /* it is that of one target */
}

static void what_never_began_is_no_failure(void **state)
{
	(void)state;
	open_breaking();
	for (int i = 0; i < 4; i++)
		run_to(VERDICT_RAN_UNVERIFIED);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM breakers"), 0);
}

static void break_it(void)
{
	for (int i = 0; i < 3; i++)
		run_to(VERDICT_FAILED_BEFORE_CHANGE);
	state_is("open");
}

static void one_is_tried_after_the_cool_down(void **state)
{
	(void)state;
	open_breaking();
	break_it();
	clock_set(NOW + 29 * WHEN_MINUTE);
	is_refused();
	clock_set(NOW + 30 * WHEN_MINUTE);
	run_to(VERDICT_FAILED_BEFORE_CHANGE);
	state_is("open");
	is_refused();
	clock_set(NOW + WHEN_HOUR);
	run_to(VERDICT_VERIFIED_FIXED);
	run_to(VERDICT_VERIFIED_FIXED);
}

static void half_open_lets_one_through(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	CLEANUP(act_job_done) struct act_job first = {.status = ACT_PLANNED};
	struct err err = ERR_INIT;

	(void)state;
	open_breaking();
	break_it();
	clock_set(NOW + 30 * WHEN_MINUTE);
	assert_int_equal(act_take(act, &r, 1, &first, &err), 0);
	assert_int_equal(first.status, ACT_RUNNING);
	state_is("half-open");
	assert_true(take(&r) == ACT_REFUSED || job.status == ACT_PLANNED);
	settle(&first, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM breakers WHERE state "
				    "<> 'closed'"),
			 0);
	takes(&r, ACT_RUNNING);
}

/* A trial that did not begin since the target was busy is none. */
static void who_waits_is_no_trial(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	struct act_request other = request_of("other", "{\"name\":\"nginx\"}");
	CLEANUP(act_job_done) struct act_job first = {.status = ACT_PLANNED};
	struct err err = ERR_INIT;

	(void)state;
	open_act("- id: plain\n" PLAIN_ACTION "- id: other\n" PLAIN_ACTION,
		 "  breaker: {failures: 3, window: 1h, cool_down: 30m}\n");
	break_it();
	clock_set(NOW + 30 * WHEN_MINUTE);
	assert_int_equal(act_take(act, &other, 1, &first, &err), 0);
	assert_int_equal(first.status, ACT_RUNNING);
	takes(&r, ACT_PLANNED);
	settle(&first, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(claim(&job), ACT_RUNNING);
	settle(&job, VERDICT_RAN_UNVERIFIED);
}

static void a_reset_closes_it(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	open_breaking();
	break_it();
	assert_int_equal(
		act_breaker_reset(store, "plain nginx", "ana", "mended", &err),
		0);
	assert_audit("breaker reset");
	run_to(VERDICT_FAILED_BEFORE_CHANGE);
	state_is("closed");
}

/* ---- fixes that did not hold ---- */

static int64_t back_again(void)
{
	struct err err = ERR_INIT;
	int64_t n = -1;

	if (act_back_again(act, &n, &err) < 0)
		fail_msg("%s", err.text);
	return n;
}

static void fix(int64_t num)
{
	struct act_request r = decided("plain", "{\"name\":\"nginx\"}", "auto");

	open_incident(num);
	r.incident = num;
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_VERIFIED_FIXED);
}

/* The incident is resolved, and reopened after that time. */
static void come_back(int64_t num, int64_t after)
{
	const struct incident_edit e = {
		.store = store, .actor = "eva", .took = WHEN_NONE};
	AUTO_INCIDENT struct incident inc = {.num = 0};
	struct err err = ERR_INIT;

	assert_int_equal(incident_move(&e, num, INCIDENT_RESOLVED, &inc, &err),
			 1);
	clock_set(clock_now() + after);
	assert_int_equal(incident_move(&e, num, INCIDENT_OPEN, &inc, &err), 1);
}

static void what_comes_back_was_not_fixed(void **state)
{
	AUTO_FREE char *reason = NULL;

	(void)state;
	open_breaking();
	fix(NUM);
	assert_int_equal(back_again(), 0);
	come_back(NUM, WHEN_HOUR);
	assert_int_equal(back_again(), 1);
	assert_text("SELECT status || ' ' || verdict FROM actions",
		    "done ran_ineffective");
	reason = ask_text("SELECT reason FROM actions");
	assert_has(reason, "INC-20261120-0001 came back");
	assert_audit("outcome");
	assert_int_equal(back_again(), 0); /* once */
	state_is("closed");
}

static void what_comes_back_late_was_fixed(void **state)
{
	(void)state;
	open_breaking();
	fix(NUM);
	come_back(NUM, 2 * WHEN_HOUR + 1);
	assert_int_equal(back_again(), 0);
	assert_text("SELECT verdict FROM actions", "verified_fixed");
}

/* However late somebody looks. */
static void it_is_found_later_too(void **state)
{
	(void)state;
	open_breaking();
	fix(NUM);
	come_back(NUM, WHEN_HOUR);
	clock_set(NOW + 2 * WHEN_DAY);
	assert_int_equal(back_again(), 1);
}

static void what_goes_on_was_not_fixed(void **state)
{
	(void)state;
	open_breaking();
	fix(NUM);
	run_sql("UPDATE incidents SET last_seen = 1795168800000 + 30000");
	assert_int_equal(back_again(), 0); /* what was on its way */
	run_sql("UPDATE incidents SET last_seen = 1795168800000 + 600000");
	assert_int_equal(back_again(), 1);
}

static void fixes_that_do_not_hold_open_it_and_call_a_person(void **state)
{
	(void)state;
	open_breaking();
	fix(NUM);
	come_back(NUM, 10 * WHEN_MINUTE);
	assert_int_equal(back_again(), 1);
	state_is("closed");
	fix(NUM + 1);
	come_back(NUM + 1, 10 * WHEN_MINUTE);
	assert_int_equal(back_again(), 1);
	state_is("open");
	assert_text("SELECT reason FROM breakers", "2 fixes that did not hold");
	assert_int_equal(ask_number("SELECT incident FROM incident_triage "
				    "WHERE decision = 'escalate'"),
			 NUM + 1);
	is_refused();
}

/* Who asks for another action is told without asking for it. */
static void a_take_looks_back_by_itself(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"redis\"}");

	(void)state;
	open_breaking();
	fix(NUM);
	come_back(NUM, WHEN_HOUR);
	open_breaking(); /* as a program that starts */
	takes(&r, ACT_RUNNING);
	assert_text("SELECT verdict FROM actions WHERE target = 'nginx'",
		    "ran_ineffective");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		act_test(it_opens_after_failures_within_a_time),
		act_test(what_never_began_is_no_failure),
		act_test(one_is_tried_after_the_cool_down),
		act_test(half_open_lets_one_through),
		act_test(who_waits_is_no_trial),
		act_test(a_reset_closes_it),
		act_test(what_comes_back_was_not_fixed),
		act_test(what_comes_back_late_was_fixed),
		act_test(it_is_found_later_too),
		act_test(what_goes_on_was_not_fixed),
		act_test(fixes_that_do_not_hold_open_it_and_call_a_person),
		act_test(a_take_looks_back_by_itself),
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return act_run(group);
}
