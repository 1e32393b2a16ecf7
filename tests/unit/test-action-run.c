/* What becomes of a call, with real programs and a real server. */
#include "unit-action.h"

#include <poll.h>

#include <oncall/redact.h>

#define SERVER	 "tests/lib/http-server.py"
#define START_MS 10000

static void carry_out(void)
{
	action_outcome_done(&outcome);
	action_carry_out(&call, &outcome);
}

static void again(struct action_steps *list)
{
	steps_free(list);
	*list = (struct action_steps){.items = NULL};
}

/* ---- verdicts ---- */

static void what_no_check_looks_at_is_unverified(void **state)
{
	(void)state;
	script(&call.run, "echo out; echo err >&2");
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_string_equal(outcome.reason, "it declares no check after");
	assert_string_equal(outcome.output, "out\nerr\n");
	assert_int_equal(outcome.exit, 0);
	assert_int_equal(outcome.attempts, 1);
	assert_true(outcome.started > 0 && outcome.ended >= outcome.started);
	assert_null(outcome.before);
	assert_null(outcome.after);
	assert_null(outcome.rollback);
	assert_false(outcome.stopped);
}

static void checks_around_a_run_verify_it(void **state)
{
	(void)state;
	script(&call.before.steps, "test ! -e fixed && echo broken");
	script(&call.run, "touch fixed");
	script(&call.after.steps, "test -e fixed && echo mended");
	carry_out();
	assert_verdict(VERDICT_VERIFIED_FIXED);
	assert_null(outcome.reason);
	assert_string_equal(outcome.before, "broken");
	assert_string_equal(outcome.after, "mended");
	assert_null(outcome.output);
}

static void nothing_runs_when_the_check_before_fails(void **state)
{
	(void)state;
	script(&call.before.steps, "echo no such unit; exit 3");
	script(&call.run, "touch ran");
	script(&call.rollback, "touch back");
	carry_out();
	assert_verdict(VERDICT_FAILED_BEFORE_CHANGE);
	assert_string_equal(outcome.reason,
			    "the check before does not hold: 'sh' ended with "
			    "status 3: no such unit");
	assert_string_equal(outcome.before, "no such unit");
	assert_int_equal(outcome.exit, -1);
	assert_null(outcome.rollback);
	assert_int_equal(access(folder, F_OK), 0);
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "");
}

static void who_cannot_start_has_changed_nothing(void **state)
{
	(void)state;
	command(&call.run, ARGV("no-such-program-here"));
	script(&call.after.steps, "touch checked");
	script(&call.rollback, "touch back");
	carry_out();
	assert_verdict(VERDICT_FAILED_BEFORE_CHANGE);
	assert_has(outcome.reason, "cannot run 'no-such-program-here'");
	assert_null(outcome.rollback);
	assert_null(outcome.after);
	free(action.dir);
	action.dir = mem_dup("/no/such/folder");
	steps_free(&call.run);
	call.run = (struct action_steps){.items = NULL};
	command(&call.run, ARGV("true"));
	carry_out();
	assert_verdict(VERDICT_FAILED_BEFORE_CHANGE);
	assert_has(outcome.reason, "in folder '/no/such/folder'");
}

static void a_later_step_that_cannot_start_is_a_change_cut_off(void **state)
{
	(void)state;
	script(&call.run, "touch one");
	command(&call.run, ARGV("no-such-program-here"));
	script(&call.run, "touch three");
	script(&call.rollback, "rm one; echo rolled");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_string_equal(outcome.rollback, "done");
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "");
}

static void an_unexpected_status_is_a_failure(void **state)
{
	struct action_step *s = script(&call.run, "echo oh no >&2; exit 4");

	(void)state;
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_string_equal(outcome.reason, "'sh' ended with status 4: oh no");
	assert_int_equal(outcome.exit, 4);
	assert_null(outcome.rollback);
	s->exits[0] = 2;
	s->exits[1] = 4;
	s->exit_count = 2;
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	s->exit_count = 1;
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
}

static void a_check_that_holds_outweighs_the_status(void **state)
{
	(void)state;
	script(&call.run, "touch fixed; exit 1");
	script(&call.after.steps, "test -e fixed");
	script(&call.rollback, "rm fixed");
	carry_out();
	assert_verdict(VERDICT_VERIFIED_FIXED);
	assert_string_equal(outcome.reason,
			    "'sh' ended with status 1, but the check after "
			    "holds");
	assert_string_equal(outcome.after, "exit status 0");
	assert_int_equal(outcome.exit, 1);
	assert_null(outcome.rollback);
}

static void a_check_does_not_speak_for_steps_left_out(void **state)
{
	(void)state;
	script(&call.run, "exit 1");
	script(&call.run, "touch second");
	script(&call.after.steps, "true");
	script(&call.rollback, "exit 7");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_string_equal(outcome.rollback, "'sh' ended with status 7");
	assert_null(outcome.after);
}

static void a_check_that_fails_rolls_back(void **state)
{
	(void)state;
	script(&call.run, "touch changed");
	script(&call.after.steps, "echo 'still down'; false");
	script(&call.rollback, "rm changed");
	carry_out();
	assert_verdict(VERDICT_RAN_INEFFECTIVE);
	assert_has(outcome.reason, "the check after does not hold: ");
	assert_string_equal(outcome.after, "still down");
	assert_string_equal(outcome.rollback, "done");
	assert_int_equal(outcome.exit, 0);
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "");
}

static void a_failure_says_what_the_check_after_said(void **state)
{
	(void)state;
	script(&call.run, "exit 1");
	script(&call.after.steps, "exit 2");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_string_equal(outcome.reason,
			    "'sh' ended with status 1; the check after does "
			    "not hold: 'sh' ended with status 2");
}

static void a_check_is_repeated_until_it_holds(void **state)
{
	int64_t start = clock_mono();

	(void)state;
	script(&call.run, "(sleep 0.4; touch up) >/dev/null 2>&1 & wait");
	script(&call.after.steps, "echo x >>tries; test $(wc -l <tries) = 3");
	call.after.within_ms = 5000;
	call.after.every_ms = 50;
	carry_out();
	assert_verdict(VERDICT_VERIFIED_FIXED);
	assert_string_equal(file_text("tries"), "x\nx\nx\n");
	assert_true(clock_mono() - start < QUICK_MS);
	steps_free(&call.after.steps);
	call.after.steps = (struct action_steps){.items = NULL};
	script(&call.after.steps, "echo y >>more; false");
	call.after.within_ms = 300;
	carry_out();
	assert_verdict(VERDICT_RAN_INEFFECTIVE);
	assert_has(outcome.reason, "(tried for 300ms)");
	assert_true(strlen(file_text("more")) >= 2 * 2);
	assert_true(strlen(file_text("more")) <= 2 * 7);
}

static void a_check_that_hangs_is_cut_off(void **state)
{
	int64_t start = clock_mono();

	(void)state;
	command(&call.run, ARGV("true"));
	command(&call.after.steps, ARGV("sleep", "30"));
	call.after.within_ms = 200;
	call.after.every_ms = 50;
	carry_out();
	assert_verdict(VERDICT_RAN_INEFFECTIVE);
	assert_has(outcome.reason, "'sleep' did not end within 200ms");
	assert_true(clock_mono() - start < QUICK_MS);
}

static void settling_comes_before_the_check(void **state)
{
	int64_t start = clock_mono();

	(void)state;
	command(&call.run, ARGV("true"));
	command(&call.after.steps, ARGV("true"));
	action.settle_ms = 250;
	carry_out();
	assert_verdict(VERDICT_VERIFIED_FIXED);
	assert_true(clock_mono() - start >= 250);
}

/* ---- deadlines, stops, retries ---- */

static void who_takes_too_long_is_ended_and_rolled_back(void **state)
{
	(void)state;
	action.timeout_ms = 300;
	script(&call.run, "setsid sleep 30 & echo $! $$ >pids; sleep 30");
	script(&call.rollback, "sleep 0.2; touch back");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.reason, "'sh' did not end within 300ms");
	assert_string_equal(outcome.rollback, "done");
	assert_int_equal(outcome.exit, 128 + SIGTERM);
	assert_dead_soon(file_text("pids"), 2);
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "back\npids\n");
}

static void time_is_that_of_all_steps(void **state)
{
	(void)state;
	action.timeout_ms = 400;
	script(&call.run, "touch one");
	add_step(&call.run, ACTION_WAIT)->wait_ms = 5000;
	script(&call.run, "touch three");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_true(outcome.stopped);
	assert_string_equal(outcome.reason,
			    "its time of 400ms was up in a pause");
	assert_true(outcome.ended - outcome.started < QUICK_MS);
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "one\n");
}

static void a_pause_is_as_long_as_it_says(void **state)
{
	int64_t start = clock_mono();

	(void)state;
	add_step(&call.run, ACTION_WAIT)->wait_ms = 150;
	command(&call.run, ARGV("true"));
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_true(clock_mono() - start >= 150);
}

static pid_t signal_soon(int signo)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		nap(200);
		_exit(kill(getppid(), signo) != 0);
	}
	return pid;
}

static void a_stop_ends_what_runs(void **state)
{
	pid_t pid = signal_soon(SIGTERM);

	(void)state;
	script(&call.run, "echo $$ >pid; sleep 30");
	script(&call.run, "touch second");
	script(&call.after.steps, "touch checked");
	script(&call.rollback, "touch back");
	carry_out();
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_true(outcome.stopped);
	assert_string_equal(outcome.reason, "'sh' was ended: asked to stop");
	assert_has(outcome.rollback, "asked to stop");
	assert_dead_soon(file_text("pid"), 1);
	signals_raise_stop(0);
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "pid\n");
}

static void nothing_is_begun_after_a_stop(void **state)
{
	(void)state;
	script(&call.run, "touch ran");
	signals_raise_stop(SIGTERM);
	carry_out();
	assert_verdict(VERDICT_NOT_STARTED);
	assert_true(outcome.stopped);
	assert_has(outcome.reason, "asked to stop before step 1 of 1");
	script(&call.before.steps, "true");
	carry_out();
	assert_verdict(VERDICT_NOT_STARTED);
	assert_true(outcome.stopped);
}

static void a_stop_while_it_settles_leaves_it_unverified(void **state)
{
	pid_t pid = signal_soon(SIGINT);

	(void)state;
	command(&call.run, ARGV("true"));
	command(&call.after.steps, ARGV("true"));
	script(&call.rollback, "touch back");
	action.settle_ms = 30000;
	carry_out();
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_true(outcome.stopped);
	assert_null(outcome.rollback);
	assert_true(outcome.ended - outcome.started < QUICK_MS);
}

static void what_changed_nothing_is_tried_again(void **state)
{
	(void)state;
	action.retries = 1;
	script(&call.before.steps, "echo x >>tries; test $(wc -l <tries) = 2");
	command(&call.run, ARGV("true"));
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_int_equal(outcome.attempts, 2);
	assert_true(outcome.ended - outcome.started >= 1000);
	assert_string_equal(file_text("tries"), "x\nx\n");
}

static void what_may_have_changed_is_not_tried_again(void **state)
{
	(void)state;
	action.retries = 3;
	script(&call.run, "echo x >>tries; false");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_int_equal(outcome.attempts, 1);
	assert_string_equal(file_text("tries"), "x\n");
}

/* ---- what a program gets, and what it prints ---- */

static void programs_get_what_the_action_declares(void **state)
{
	struct action_step *s;

	(void)state;
	call.env =
		list_of(ARGV("NAME=a value", "LANG=C", "PATH=/usr/bin:/bin"));
	action.open_files = 77;
	assert_int_equal(setenv("ONCALL_TEST_OTHER", "x", 1), 0);
	s = script(&call.run, "cat; env | grep -v '^_=' | sort; ulimit -n; "
			      "pwd");
	s->input = mem_dup("typed\n");
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_has(outcome.output, "typed\n");
	assert_has(outcome.output, "\nNAME=a value\n");
	assert_has(outcome.output, "LANG=C\n");
	assert_has(outcome.output, "\nPATH=/usr/bin:/bin\n");
	assert_has(outcome.output, "\n77\n");
	assert_has(outcome.output, folder);
	assert_null(strstr(outcome.output, "ONCALL_TEST_OTHER"));
	assert_null(strstr(outcome.output, "HOME="));
}

static void a_shell_gets_values_as_variables(void **state)
{
	struct action_step *s;

	(void)state;
	call.env = list_of(ARGV("SERVICE=x; touch pwned"));
	s = command(&call.run, ARGV("printf '%s|' \"$SERVICE\" $0"));
	s->shell = true;
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_string_equal(outcome.output, "x; touch pwned|/bin/sh|");
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "");
}

static void output_must_match_what_is_expected(void **state)
{
	struct action_step *s = script(&call.run, "echo one; echo run: x >&2");

	(void)state;
	s->expect = mem_dup("^run:");
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	free(s->expect);
	s->expect = mem_dup("^down: ");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_string_equal(outcome.reason,
			    "what 'sh' said does not match /^down: /");
	free(s->expect);
	s->expect = mem_dup("(a+)+\\1$");
	free(s->argv[2]);
	s->argv[2] = mem_dup("head -c 5000 /dev/zero | tr '\\0' a; echo b");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.reason, "what 'sh' said: ");
}

static void a_flood_is_bounded(void **state)
{
	(void)state;
	script(&call.run, "printf first; head -c 50000000 /dev/zero | "
			  "tr '\\0' x; printf last");
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_true(strlen(outcome.output) <= ACTION_OUTPUT_MAX + 64);
	assert_true(strlen(outcome.output) > ACTION_OUTPUT_MAX - 64);
	assert_memory_equal(outcome.output, "firstxxx", 8);
	assert_memory_equal(outcome.output + strlen(outcome.output) - 8,
			    "xxxxlast", 9);
	assert_has(outcome.output, " bytes left out ...]\n");
}

static void output_becomes_text_without_secrets(void **state)
{
	(void)state;
	redact_register("hunter2-and-more");
	script(&call.run, "printf 'a\\377b\\0c hunter2-and-more "
			  "password=abcdefgh\\n'; echo "
			  "token hunter2-and-more >&2; exit 1");
	script(&call.after.steps, "echo hunter2-and-more; false");
	script(&call.rollback, "echo hunter2-and-more; false");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.output, "a\xEF\xBF\xBD"
				   "b\xEF\xBF\xBD"
				   "c [redacted] password=[redacted]\n");
	assert_has(outcome.reason, "token [redacted]");
	assert_has(outcome.rollback, "[redacted]");
	assert_string_equal(outcome.after, "[redacted]");
}

/* Half a secret would not be known for what it is. */
static void secrets_are_taken_out_before_texts_are_cut(void **state)
{
	AUTO_FREE char *text = NULL;

	(void)state;
	redact_register("swordfish-and-more");
	for (int n = 180; n < 205; n++) {
		free(text);
		text = mem_printf("printf '%%0%dd' 0 >&2; echo "
				  "swordfish-and-more >&2; exit 1",
				  n);
		again(&call.run);
		script(&call.run, text);
		carry_out();
		assert_verdict(VERDICT_FAILED_DURING_CHANGE);
		assert_null(strstr(outcome.reason, "swor"));
	}
	again(&call.run);
	script(&call.run, "printf '%08190d' 0; printf swordfish-and-more; "
			  "printf '%08190d' 0");
	carry_out();
	assert_has(outcome.output, "left out");
	assert_null(strstr(outcome.output, "swor"));
	assert_null(strstr(outcome.output, "more"));
}

/* A multiple of neither half: characters are not cut. */
static void cut_output_stays_utf8(void **state)
{
	(void)state;
	script(&call.run, "yes \xE2\x82\xAC | head -n 20000 | tr -d '\\n'");
	script(&call.after.steps,
	       "yes \xE2\x82\xAC | head -n 1000 | tr -d '\\n'");
	carry_out();
	assert_verdict(VERDICT_VERIFIED_FIXED);
	assert_null(strstr(outcome.output, "\xEF\xBF\xBD"));
	assert_true(strlen(outcome.after) <= 403);
	assert_has(outcome.after, "\xE2\x82\xAC...");
}

static void what_is_left_behind_is_told(void **state)
{
	(void)state;
	script(&call.run, "setsid sleep 30 >/dev/null 2>&1 & echo $! >pid");
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_has(outcome.reason, "processes that 'sh' left behind were "
				   "ended");
	assert_dead_soon(file_text("pid"), 1);
}

/* ---- HTTP ---- */

static struct {
	pid_t pid;
	int input; /* closed, it ends the server */
	int port;
} server;

static int server_start(void **state)
{
	int in[2], out[2];
	char line[16] = "";

	(void)state;
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	server.pid = fork();
	if (!server.pid) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)execl("/usr/bin/python3", "python3", SERVER, NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	server.input = in[1];
	assert_true(poll(&(struct pollfd){.fd = out[0], .events = POLLIN}, 1,
			 START_MS) == 1);
	assert_true(read(out[0], line, sizeof(line) - 1) > 0);
	for (const char *p = line; *p >= '0' && *p <= '9'; p++)
		server.port = server.port * 10 + (*p - '0');
	(void)close(out[0]);
	return 0;
}

static int server_stop(void **state)
{
	(void)state;
	(void)close(server.input);
	assert_int_equal(waitpid(server.pid, NULL, 0), server.pid);
	return 0;
}

/* The server is a child of ours, which no other test may have. */
static int http_after(void **state)
{
	(void)state;
	action_outcome_done(&outcome);
	signals_raise_stop(0);
	assert_int_equal(open_fds(), fds_before);
	assert_int_equal(rmdir(folder), 0);
	call_free();
	free(action.dir);
	action.dir = NULL;
	return 0;
}

#define HTTP_TEST(f) \
	cmocka_unit_test_setup_teardown(f, action_before, http_after)

static struct action_step *ask(struct action_steps *list, const char *method,
			       const char *path)
{
	AUTO_FREE char *url =
		mem_printf("http://127.0.0.1:%d%s", server.port, path);

	return request(list, method, url);
}

static void requests_are_sent_as_they_stand(void **state)
{
	struct action_step *s = ask(&call.run, "POST", "/echo");

	(void)state;
	s->headers = list_of(ARGV("X-One: 1"));
	s->body = mem_dup("{\"a\": 1}");
	s->expect = mem_dup("X-One: 1");
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_has(outcome.output, "HTTP 200\nPOST /echo HTTP/1.1\r\n");
	assert_has(outcome.output, "{\"a\": 1}");
	assert_int_equal(outcome.exit, -1);
	free(s->expect);
	s->expect = mem_dup("X-Two: 2");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.reason, "does not match /X-Two: 2/");
}

static void a_status_must_be_expected(void **state)
{
	struct action_step *s = ask(&call.run, "POST", "/nowhere");

	(void)state;
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.reason, "answered with status 404");
	s->statuses[0] = 404;
	s->status_count = 1;
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
}

static void who_is_not_there_was_asked_for_nothing(void **state)
{
	(void)state;
	request(&call.run, "POST", "http://127.0.0.1:1/");
	carry_out();
	assert_verdict(VERDICT_FAILED_BEFORE_CHANGE);
	again(&call.run);
	request(&call.run, "POST", "ftp://127.0.0.1/");
	carry_out();
	assert_verdict(VERDICT_FAILED_BEFORE_CHANGE);
}

static void no_answer_leaves_the_outcome_unknown(void **state)
{
	(void)state;
	ask(&call.run, "POST", "/reset-once/post");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.reason, "the outcome is unknown");
	again(&call.run);
	ask(&call.run, "GET", "/reset-once/get");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	again(&call.run);
	ask(&call.run, "POST", "/reset-once/idempotent");
	action.idempotent = true;
	carry_out();
	assert_verdict(VERDICT_RAN_UNVERIFIED);
}

static void a_slow_answer_is_not_awaited(void **state)
{
	(void)state;
	action.timeout_ms = 200;
	ask(&call.run, "POST", "/hang");
	ask(&call.rollback, "POST", "/echo");
	carry_out();
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.reason, "unknown");
	assert_string_equal(outcome.rollback, "done");
	assert_true(outcome.ended - outcome.started < QUICK_MS);
}

static void checks_may_be_requests(void **state)
{
	(void)state;
	ask(&call.before.steps, "GET", "/reset-once/check");
	ask(&call.run, "POST", "/echo");
	ask(&call.after.steps, "GET", "/times/4/500/after")->expect =
		mem_dup("^now$");
	call.after.within_ms = 5000;
	call.after.every_ms = 20;
	carry_out();
	assert_verdict(VERDICT_VERIFIED_FIXED);
	assert_string_equal(outcome.after, "HTTP 200\nnow");
}

/* ---- the parts by themselves ---- */

static void recheck_looks_and_does_nothing_else(void **state)
{
	(void)state;
	script(&call.run, "touch ran");
	script(&call.rollback, "touch back");
	assert_int_equal(action_recheck(&call, &outcome), -1);
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_false(outcome.stopped);
	action_outcome_done(&outcome);
	script(&call.after.steps, "echo seen; test -e fixed");
	assert_int_equal(action_recheck(&call, &outcome), 0);
	assert_verdict(VERDICT_RAN_INEFFECTIVE);
	assert_string_equal(outcome.after, "seen");
	action_outcome_done(&outcome);
	again(&call.after.steps);
	script(&call.after.steps, "test ! -e fixed");
	assert_int_equal(action_recheck(&call, &outcome), 1);
	assert_verdict(VERDICT_VERIFIED_FIXED);
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "");
}

static void rollback_runs_alone(void **state)
{
	(void)state;
	script(&call.run, "touch ran");
	action_roll_back(&call, &outcome);
	assert_verdict(VERDICT_NOT_STARTED);
	assert_string_equal(outcome.reason, "it declares no rollback");
	action_outcome_done(&outcome);
	script(&call.rollback, "touch back; echo did");
	action_roll_back(&call, &outcome);
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_string_equal(outcome.rollback, "done");
	assert_string_equal(outcome.output, "did\n");
	action_outcome_done(&outcome);
	script(&call.rollback, "exit 9");
	action_roll_back(&call, &outcome);
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_string_equal(outcome.rollback, "'sh' ended with status 9");
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "back\n");
}

static void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_ptr_equal(a, b);
}

static void assert_round_trip(struct action_outcome *o)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_ACTION_OUTCOME struct action_outcome back;

	action_outcome_write(&text, o);
	assert_null(strchr(text.data, '\n'));
	assert_int_equal(action_outcome_read(&back, buf_slice(&text), &err), 0);
	assert_int_equal(back.verdict, o->verdict);
	assert_int_equal(back.exit, o->exit);
	assert_int_equal(back.attempts, o->attempts);
	assert_int_equal(back.stopped, o->stopped);
	assert_int_equal(back.started, o->started);
	assert_int_equal(back.ended, o->ended);
	assert_same_text(back.reason, o->reason);
	assert_same_text(back.output, o->output);
	assert_same_text(back.before, o->before);
	assert_same_text(back.after, o->after);
	assert_same_text(back.rollback, o->rollback);
}

static void verdicts_are_known_by_their_names(void **state)
{
	enum action_verdict v = VERDICT_NOT_STARTED;

	(void)state;
	assert_true(action_verdict_parse(SLICE_LIT("verified_fixed"), &v));
	assert_int_equal(v, VERDICT_VERIFIED_FIXED);
	assert_false(action_verdict_parse(SLICE_LIT("fixed"), &v));
	assert_false(action_verdict_parse(slice_of(NULL), &v));
	assert_int_equal(v, VERDICT_VERIFIED_FIXED);
}

static void outcomes_are_read_as_they_were_written(void **state)
{
	char text[] = "a \"b\"\n\\ \xE2\x82\xAC \x01", short_text[] = "x";
	struct action_outcome o = {.exit = -1, .attempts = 1};

	(void)state;
	for (int v = 0; action_verdict_names[v]; v++) {
		o.verdict = (enum action_verdict)v;
		assert_round_trip(&o);
	}
	o = (struct action_outcome){
		.verdict = VERDICT_RAN_INEFFECTIVE,
		.reason = text,
		.exit = 143,
		.output = text,
		.before = short_text,
		.after = text,
		.rollback = text,
		.started = 1763722800123,
		.ended = 1763722800456,
		.attempts = 3,
		.stopped = true,
	};
	assert_round_trip(&o);
}

static void what_is_no_outcome_is_refused(void **state)
{
	const char no_time[] = "{\"verdict\":\"not_started\",\"exit\":1,"
			       "\"attempts\":1,\"started\":\"now\"}";
	const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"verdict\":\"perhaps\"}",
		"{\"verdict\":\"not_started\",\"exit\":\"1\"}",
		"{\"verdict\":\"not_started\",\"exit\":99999999999}",
		no_time,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err_clear(&err);
		assert_int_equal(
			action_outcome_read(&outcome, slice_of(bad[i]), &err),
			-1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACTION_TEST(what_no_check_looks_at_is_unverified),
		ACTION_TEST(checks_around_a_run_verify_it),
		ACTION_TEST(nothing_runs_when_the_check_before_fails),
		ACTION_TEST(who_cannot_start_has_changed_nothing),
		ACTION_TEST(a_later_step_that_cannot_start_is_a_change_cut_off),
		ACTION_TEST(an_unexpected_status_is_a_failure),
		ACTION_TEST(a_check_that_holds_outweighs_the_status),
		ACTION_TEST(a_check_does_not_speak_for_steps_left_out),
		ACTION_TEST(a_check_that_fails_rolls_back),
		ACTION_TEST(a_failure_says_what_the_check_after_said),
		ACTION_TEST(a_check_is_repeated_until_it_holds),
		ACTION_TEST(a_check_that_hangs_is_cut_off),
		ACTION_TEST(settling_comes_before_the_check),
		ACTION_TEST(who_takes_too_long_is_ended_and_rolled_back),
		ACTION_TEST(time_is_that_of_all_steps),
		ACTION_TEST(a_pause_is_as_long_as_it_says),
		ACTION_TEST(a_stop_ends_what_runs),
		ACTION_TEST(nothing_is_begun_after_a_stop),
		ACTION_TEST(a_stop_while_it_settles_leaves_it_unverified),
		ACTION_TEST(what_changed_nothing_is_tried_again),
		ACTION_TEST(what_may_have_changed_is_not_tried_again),
		ACTION_TEST(programs_get_what_the_action_declares),
		ACTION_TEST(a_shell_gets_values_as_variables),
		ACTION_TEST(output_must_match_what_is_expected),
		ACTION_TEST(a_flood_is_bounded),
		ACTION_TEST(output_becomes_text_without_secrets),
		ACTION_TEST(secrets_are_taken_out_before_texts_are_cut),
		ACTION_TEST(cut_output_stays_utf8),
		ACTION_TEST(what_is_left_behind_is_told),
		ACTION_TEST(recheck_looks_and_does_nothing_else),
		ACTION_TEST(rollback_runs_alone),
		ACTION_TEST(verdicts_are_known_by_their_names),
		ACTION_TEST(outcomes_are_read_as_they_were_written),
		ACTION_TEST(what_is_no_outcome_is_refused),
	};
	const struct CMUnitTest http[] = {
		HTTP_TEST(requests_are_sent_as_they_stand),
		HTTP_TEST(a_status_must_be_expected),
		HTTP_TEST(who_is_not_there_was_asked_for_nothing),
		HTTP_TEST(no_answer_leaves_the_outcome_unknown),
		HTTP_TEST(a_slow_answer_is_not_awaited),
		HTTP_TEST(checks_may_be_requests),
	};
	int failed;

	start();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed + cmocka_run_group_tests(http, server_start, server_stop);
}
