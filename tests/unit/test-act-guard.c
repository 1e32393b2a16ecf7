/* test-act-guard.c - what must hold before an action begins, and in which
 * order: SQLite always, PostgreSQL when TEST_POSTGRES holds the address of an
 * empty database. */
#include "unit-act.h"

#include <sys/stat.h>

static void put_stop_file(bool there)
{
	AUTO_FREE char *path = mem_printf("%s/stop", act_dir);

	if (there)
		put_text(path, "");
	else
		assert_int_equal(unlink(path), 0);
}

/* ---- each guard ---- */

static void everything_stops_and_goes_on(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	struct err err = ERR_INIT;
	AUTO_FREE char *why = NULL;

	(void)state;
	open_plain("");
	assert_int_equal(act_stopped(act, &why, &err), 0);
	assert_int_equal(act_stop(act, "eva", "fire", &err), 0);
	assert_int_equal(act_stopped(act, &why, &err), 1);
	assert_has(why, "eva stopped everything");
	refused(&r, "emergency stop: eva stopped everything at 2026-11-20T10");
	assert_has(job.reason, "fire");
	assert_int_equal(act_resume(act, "eva", NULL, &err), 0);
	takes(&r, ACT_RUNNING);
	assert_text("SELECT what || ' ' || actor FROM audit WHERE seq = 1",
		    "stopped eva");
	assert_text("SELECT what FROM audit WHERE seq = 3", "resumed");
}

static void a_file_stops_it_too(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	(void)state;
	open_plain("");
	put_stop_file(true);
	refused(&r, "emergency stop: the file '");
	put_stop_file(false);
	takes(&r, ACT_RUNNING);
}

static void a_file_that_others_can_write_is_refused(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	AUTO_FREE char *path = NULL;

	(void)state;
	open_plain("");
	path = mem_printf("%s/actions.yaml", act_dir);
	assert_int_equal(chmod(path, 0622), 0);
	refused(&r, "file permissions: '");
	assert_int_equal(chmod(path, 0600), 0);
	takes(&r, ACT_RUNNING);
}

static void so_is_a_program_that_others_can_write(void **state)
{
	struct act_request r = request_of("own", "{}");
	char dir[] = "/tmp/test-tool.XXXXXX";
	AUTO_FREE char *path = mem_printf("%s/tool", mkdtemp(dir));
	AUTO_FREE char *text = mem_printf("- id: own\n"
					  "  command: [\"%s\"]\n"
					  "  target: t\n"
					  "  blast_radius: process\n"
					  "  risk: low\n",
					  path);

	(void)state;
	put_text(path, "#!/bin/sh\n");
	assert_int_equal(chmod(path, 0700), 0);
	open_act(text, "");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(chmod(path, 0777), 0);
	refused(&r, "file permissions: '/tmp/test-tool.");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void what_is_not_declared_is_refused(void **state)
{
	struct act_request r;

	(void)state;
	open_plain("");
	r = request_of("plane", "{}");
	refused(&r, "parameters: there is no action 'plane'; did you mean "
		    "'plain'?");
	r = request_of("plain", "{}");
	refused(&r, "parameters: ");
	assert_has(job.reason, "name");
	r = request_of("plain", "{\"name\":\"a b\"}");
	refused(&r, "parameters: ");
	r = request_of("plain", "{\"name\":\"a\",\"nam\":\"b\"}");
	refused(&r, "parameters: ");
}

static void the_policy_has_the_last_word(void **state)
{
	struct act_request r;

	(void)state;
	open_act("- id: plain\n" PLAIN_ACTION,
		 "  rules:\n"
		 "    1: {match: {service: api}, autonomy: suggest}\n");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	refused(&r, "approval: the policy (1) says 'suggest'");
	/* Who runs it by hand has decided. */
	r = request_of("plain", "{\"name\":\"nginx\"}");
	r.service = "api";
	takes(&r, ACT_RUNNING);
}

static void a_freeze_refuses(void **state)
{
	struct act_request r;

	(void)state;
	open_act("- id: plain\n" PLAIN_ACTION,
		 "  freeze: [2026-11-20 to 2026-11-21]\n"
		 "  rules:\n"
		 "    1: {match: {service: db}, autonomy: auto, in_freeze: "
		 "true}\n");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	refused(&r,
		"freeze: '2026-11-20 to 2026-11-21' holds until 2026-11-22");
	clock_set(NOW + 3 * WHEN_DAY);
	takes(&r, ACT_RUNNING);
}

static char limited[512];

static const char *with_limits(const char *limits)
{
	(void)snprintf(limited, sizeof(limited),
		       "- id: plain\n" PLAIN_ACTION "  limits: {%s}\n", limits);
	return limited;
}

/* One on nginx that is over now. */
static void run_once(const char *params)
{
	struct act_request r = request_of("plain", params);

	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_RAN_UNVERIFIED);
}

static void limits_refuse_until_time_has_passed(void **state)
{
	struct act_request nginx = request_of("plain", "{\"name\":\"nginx\"}");
	struct act_request redis = request_of("plain", "{\"name\":\"redis\"}");

	(void)state;
	open_act(with_limits("per_hour: 2"), "");
	run_once("{\"name\":\"a\"}");
	run_once("{\"name\":\"b\"}");
	refused(&nginx, "rate limits: of this action within an hour: 2");
	clock_set(NOW + WHEN_HOUR + 1);
	takes(&nginx, ACT_RUNNING);
	settle(&job, VERDICT_RAN_UNVERIFIED);

	open_act(with_limits("per_target: 1"), "");
	refused(&nginx, "rate limits: of this action on this target");
	takes(&redis, ACT_RUNNING);
	settle(&job, VERDICT_RAN_UNVERIFIED);

	open_act(with_limits("cool_down: 10m"), "");
	refused(&nginx, "rate limits: the action has to rest on this target");
	clock_set(NOW + WHEN_HOUR + 11 * WHEN_MINUTE);
	takes(&nginx, ACT_RUNNING);
}

static void the_policy_limits_all_actions(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	(void)state;
	open_act("- id: plain\n" PLAIN_ACTION, "");
	run_sql("INSERT INTO actions (id, same, name, params, given, "
		"untrusted, target, hash, actor, status, attempts, requested, "
		"started) VALUES ('ACT-1', '1', 'other', '{}', '{}', 'all', "
		"'x', '', 'ana', 'done', 1, 0, 1795168799000)");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_RAN_UNVERIFIED);
	/* The last of two keys would be refused: another file, then. */
	act_close();
	open_act_with("policy:\n  autonomy: auto\n  limits: "
		      "{actions_per_incident: 0, actions_per_hour: 2}\n",
		      "- id: plain\n" PLAIN_ACTION, "");
	refused(&r, "rate limits: actions within an hour");
}

static void so_many_at_a_time_and_the_rest_waits(void **state)
{
	struct act_request a = request_of("plain", "{\"name\":\"a\"}");
	struct act_request b = request_of("plain", "{\"name\":\"b\"}");
	CLEANUP(act_job_done) struct act_job first = {.status = ACT_PLANNED};
	struct err err = ERR_INIT;

	(void)state;
	open_act(with_limits("concurrency: 1"), "");
	assert_int_equal(act_take(act, &a, 1, &first, &err), 0);
	assert_int_equal(first.status, ACT_RUNNING);
	takes(&b, ACT_PLANNED);
	assert_int_equal(claim(&job), ACT_PLANNED);
	settle(&first, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(claim(&job), ACT_RUNNING);
}

static void an_open_breaker_refuses(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	(void)state;
	open_plain("");
	run_sql("INSERT INTO breakers (name, state, failures, opened, reason) "
		"VALUES ('plain nginx', 'open', '[]', 1795168799000, 'tests')");
	refused(&r, "circuit breaker: 'plain nginx' is open until "
		    "2026-11-20T10:29:59.000Z: tests");
}

static void so_many_for_an_incident(void **state)
{
	struct act_request r;

	(void)state;
	open_act_with("policy:\n  autonomy: auto\n  limits: "
		      "{actions_per_incident: 1, actions_per_hour: 0}\n",
		      "- id: plain\n" PLAIN_ACTION, "");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"a\"}", "auto");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_RAN_INEFFECTIVE);
	r = decided("plain", "{\"name\":\"b\"}", "auto");
	refused(&r, "attempts: 1 actions were tried for the incident");
}

static void what_was_decided_of_another_state_is_over(void **state)
{
	struct act_request r;

	(void)state;
	open_plain("");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	run_sql("UPDATE incidents SET revision = 3");
	refused(&r, "decision: the incident has changed since this was "
		    "decided: its revision is 3, not 1");
	run_sql("UPDATE incidents SET revision = 1, status = 'resolved'");
	refused(&r, "decision: the incident is resolved already");
	run_sql("UPDATE incidents SET status = 'open'");
	takes(&r, ACT_RUNNING);
}

/* ---- their order ---- */

/* All guards would refuse; one after the other is satisfied. */
static void the_first_guard_that_refuses_is_named(void **state)
{
	AUTO_FREE char *path = NULL;
	struct act_request r;

	(void)state;
	open_act(with_limits("per_hour: 1"),
		 "  freeze: [2026-11-20 to 2026-11-21]\n"
		 "  rules:\n"
		 "    1: {match: {service: db}, autonomy: auto, in_freeze: "
		 "true}\n");
	open_incident(NUM);
	path = mem_printf("%s/actions.yaml", act_dir);
	run_sql("INSERT INTO actions (id, same, name, params, given, "
		"untrusted, target, hash, actor, status, attempts, requested, "
		"started) VALUES ('ACT-1', '1', 'plain', '{}', '{}', 'all', "
		"'x', '', 'ana', 'done', 1, 0, 1795168799000)");
	run_sql("INSERT INTO breakers (name, state, failures, opened, reason) "
		"VALUES ('plain nginx', 'open', '[]', 1795168799000, 'tests')");
	run_sql("UPDATE incidents SET status = 'closed'");
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	assert_int_equal(chmod(path, 0666), 0);
	put_stop_file(true);
	refused(&r, "emergency stop: ");
	put_stop_file(false);
	refused(&r, "file permissions: ");
	assert_int_equal(chmod(path, 0600), 0);
	r.params = SLICE_LIT("{\"name\":\"-x\"}");
	refused(&r, "parameters: ");
	r.params = SLICE_LIT("{\"name\":\"nginx\"}");
	refused(&r, "freeze: ");
	r.service = "db";
	refused(&r, "rate limits: ");
	run_sql("UPDATE actions SET started = 0");
	refused(&r, "circuit breaker: ");
	run_sql("DELETE FROM breakers");
	refused(&r, "decision: ");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		act_test(everything_stops_and_goes_on),
		act_test(a_file_stops_it_too),
		act_test(a_file_that_others_can_write_is_refused),
		act_test(so_is_a_program_that_others_can_write),
		act_test(what_is_not_declared_is_refused),
		act_test(the_policy_has_the_last_word),
		act_test(a_freeze_refuses),
		act_test(limits_refuse_until_time_has_passed),
		act_test(the_policy_limits_all_actions),
		act_test(so_many_at_a_time_and_the_rest_waits),
		act_test(an_open_breaker_refuses),
		act_test(so_many_for_an_incident),
		act_test(what_was_decided_of_another_state_is_over),
		act_test(the_first_guard_that_refuses_is_named),
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return act_run(group);
}
