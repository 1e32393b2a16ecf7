/* Workers: that they carry out what they are given, and what becomes of it when
 * they, or who has them, die. */
#include "unit-action.h"

#include <oncall/redact.h>

#include "../../libcommon/ops/action-run-internal.h"

#define COUNT 3

static struct action_workers *workers;

static int workers_before(void **state)
{
	int rc = action_before(state);

	workers = action_workers_new(COUNT);
	return rc;
}

static int workers_after(void **state)
{
	action_workers_free(workers);
	workers = NULL;
	return action_after(state);
}

#define WORKERS_TEST(f) \
	cmocka_unit_test_setup_teardown(f, workers_before, workers_after)

static void run_steps_new(void)
{
	steps_free(&call.run);
	call.run = (struct action_steps){.items = NULL};
}

static void begin(const char *text, void *tag)
{
	run_steps_new();
	script(&call.run, text);
	assert_int_equal(action_workers_start(workers, &call, tag, &err), 0);
}

/* The next outcome and its tag; the code. */
static int await(void **ret_tag)
{
	int rc;

	action_outcome_done(&outcome);
	rc = action_workers_wait(workers, ret_tag, &outcome, &err);
	assert_no_err(&err);
	return rc;
}

static void await_it(void *tag)
{
	void *got;

	assert_int_equal(await(&got), 1);
	assert_ptr_equal(got, tag);
}

/* A program of a worker signals us: a child of ours would disturb the tests of
 * who is left. */
static void begin_signal(const char *signal, void *tag)
{
	AUTO_FREE char *text =
		mem_printf("sleep 0.2; kill -%s %d", signal, (int)getpid());

	begin(text, tag);
}

/* ---- calls as text ---- */

static void assert_same(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_ptr_equal(a, b);
}

static void assert_same_list(char *const *a, char *const *b)
{
	if (!a || !b) {
		assert_ptr_equal(a, b);
		return;
	}
	for (; *a && *b; a++, b++)
		assert_string_equal(*a, *b);
	assert_ptr_equal(*a, *b);
}

static void assert_same_steps(const struct action_steps *a,
			      const struct action_steps *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct action_step *s = &a->items[i];
		const struct action_step *t = &b->items[i];

		assert_int_equal(s->kind, t->kind);
		assert_int_equal(s->shell, t->shell);
		assert_int_equal(s->wait_ms, t->wait_ms);
		assert_same_list(s->argv, t->argv);
		assert_same_list(s->headers, t->headers);
		assert_same(s->input, t->input);
		assert_same(s->method, t->method);
		assert_same(s->url, t->url);
		assert_same(s->body, t->body);
		assert_same(s->expect, t->expect);
		assert_int_equal(s->status_count, t->status_count);
		assert_memory_equal(s->statuses, t->statuses,
				    sizeof(s->statuses));
		assert_int_equal(s->exit_count, t->exit_count);
		assert_memory_equal(s->exits, t->exits, sizeof(s->exits));
	}
}

static void make_full_call(void)
{
	static char id[] = "an_id";
	struct action_step *s;

	action.id = id;
	action.run_as = mem_dup("nobody");
	action.timeout_ms = 1;
	action.grace_ms = INT64_MAX;
	action.settle_ms = -1;
	action.cpu_seconds = 4;
	action.memory_bytes = 5;
	action.file_bytes = 6;
	action.open_files = 7;
	action.retries = 8;
	action.idempotent = true;
	call.env = list_of(ARGV("A=", "B=\xff\n\"", "C=-\n12:"));
	s = command(&call.run, ARGV("x", "", "\n", "3:a\n", "\xc3", "-"));
	s->input = mem_dup("");
	s->expect = mem_dup("^a$");
	s->exits[0] = 3;
	s->exits[1] = -4;
	s->exit_count = 2;
	s = request(&call.run, "POST", "http://x/");
	s->headers = list_of(ARGV("A: b", "C: d"));
	s->body = mem_dup("{}");
	s->statuses[0] = 201;
	s->status_count = 1;
	add_step(&call.rollback, ACTION_WAIT)->wait_ms = 12345;
	command(&call.rollback, ARGV("text"))->shell = true;
	command(&call.before.steps, ARGV("before"));
	call.before.within_ms = 77;
	request(&call.after.steps, NULL, "http://y/");
	call.after.every_ms = 88;
}

static void a_call_is_read_as_it_was_written(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct action_message m;
	size_t known = SIZE_MAX / 2;

	(void)state;
	make_full_call();
	known = 0;
	while (redact_registered(known).ptr)
		known++;
	action_call_write(&text, &call, &known);
	assert_int_equal(action_call_read(&m, text.data, text.len), 0);
	assert_ptr_equal(m.call.action, &m.action);
	assert_same(m.action.id, action.id);
	assert_same(m.action.dir, action.dir);
	assert_same(m.action.run_as, action.run_as);
	assert_int_equal(m.action.timeout_ms, 1);
	assert_int_equal(m.action.grace_ms, INT64_MAX);
	assert_int_equal(m.action.settle_ms, -1);
	assert_int_equal(m.action.cpu_seconds, 4);
	assert_int_equal(m.action.memory_bytes, 5);
	assert_int_equal(m.action.file_bytes, 6);
	assert_int_equal(m.action.open_files, 7);
	assert_int_equal(m.action.retries, 8);
	assert_true(m.action.idempotent);
	assert_same_list(m.call.env, call.env);
	assert_same_steps(&m.call.run, &call.run);
	assert_same_steps(&m.call.rollback, &call.rollback);
	assert_same_steps(&m.call.before.steps, &call.before.steps);
	assert_same_steps(&m.call.after.steps, &call.after.steps);
	assert_int_equal(m.call.before.within_ms, 77);
	assert_int_equal(m.call.after.every_ms, 88);
	action_message_done(&m);
}

static void what_is_cut_off_is_no_call(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct action_message m;
	size_t known = 0;

	(void)state;
	make_full_call();
	action_call_write(&text, &call, &known);
	for (size_t n = 0; n < text.len; n++) {
		AUTO_FREE char *part = mem_dup_bytes(text.data, n);

		assert_int_equal(action_call_read(&m, part, n), -1);
	}
	buf_add_char(&text, '\n');
	assert_int_equal(action_call_read(&m, text.data, text.len), -1);
}

/* ---- work ---- */

static void outcomes_come_with_their_tags(void **state)
{
	int tags[COUNT + 1];
	void *got = NULL;

	(void)state;
	assert_int_equal(await(&got), 0);
	begin("sleep 0.4; echo a", &tags[0]);
	begin("sleep 0.2; echo b; exit 3", &tags[1]);
	assert_true(action_workers_free_one(workers));
	begin("echo c", &tags[2]);
	assert_false(action_workers_free_one(workers));
	assert_int_equal(action_workers_start(workers, &call, NULL, &err), -1);
	assert_err(&err, ERR_SYSTEM, "no worker is free");
	err_clear(&err);
	await_it(&tags[2]);
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_string_equal(outcome.output, "c\n");
	begin("echo d", &tags[3]);
	await_it(&tags[3]);
	assert_string_equal(outcome.output, "d\n");
	await_it(&tags[1]);
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_int_equal(outcome.exit, 3);
	await_it(&tags[0]);
	assert_string_equal(outcome.output, "a\n");
	assert_int_equal(await(&got), 0);
}

static void checks_and_rollback_travel_along(void **state)
{
	(void)state;
	call.env = list_of(ARGV("NAME=value"));
	script(&call.before.steps, "echo \"$NAME\"");
	script(&call.after.steps, "echo no; false");
	script(&call.rollback, "touch back");
	begin("touch ran", &call);
	await_it(&call);
	assert_verdict(VERDICT_RAN_INEFFECTIVE);
	assert_string_equal(outcome.before, "value");
	assert_string_equal(outcome.after, "no");
	assert_string_equal(outcome.rollback, "done");
	assert_int_equal(run(PLAIN, ARGV("ls", folder)), 0);
	assert_string_equal(res.out.text, "back\nran\n");
}

static void much_goes_in_and_comes_out(void **state)
{
	const size_t n = (size_t)3 * 1024 * 1024;
	AUTO_FREE char *text = mem_zero(n + 1, 1);

	(void)state;
	memset(text, 'x', n);
	script(&call.run, "wc -c; head -c 20000000 /dev/zero")->input =
		TAKE_PTR(text);
	assert_int_equal(action_workers_start(workers, &call, NULL, &err), 0);
	await_it(NULL);
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_memory_equal(outcome.output, "3145728\n", 8);
	assert_has(outcome.output, " bytes left out ...]");
	assert_true(strlen(outcome.output) < ACTION_OUTPUT_MAX + 64);
}

static void a_deadline_ends_all_that_was_started(void **state)
{
	(void)state;
	action.timeout_ms = 300;
	begin("trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo $$ >>pids; "
	      "sleep 30; sleep 30' &) ; echo $$ >>pids; sleep 30; sleep 30",
	      NULL);
	await_it(NULL);
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_has(outcome.reason, "did not end within 300ms");
	assert_true(outcome.ended - outcome.started < QUICK_MS);
	assert_dead_soon(file_text("pids"), 2);
}

static void what_is_left_is_ended_before_the_next(void **state)
{
	(void)state;
	begin("setsid sleep 30 >/dev/null 2>&1 & echo $! >pid", NULL);
	await_it(NULL);
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	assert_has(outcome.reason, "left behind");
	assert_dead_soon(file_text("pid"), 1);
	begin("echo next", NULL);
	await_it(NULL);
	assert_string_equal(outcome.output, "next\n");
}

/* Counted once it has closed what its program got. */
#define COUNT_FILES "sleep 0.2; echo $PPID; ls /proc/$PPID/fd | wc -l"

static void one_worker_does_many(void **state)
{
	AUTO_FREE char *first = NULL;

	(void)state;
	begin(COUNT_FILES, NULL);
	await_it(NULL);
	first = TAKE_PTR(outcome.output);
	for (int i = 0; i < 50; i++) {
		begin("echo x; exit 1", NULL);
		await_it(NULL);
		assert_string_equal(outcome.output, "x\n");
	}
	begin(COUNT_FILES, NULL);
	await_it(NULL);
	assert_string_equal(outcome.output, first);
}

static void who_only_asks_does_not_wait_for_ever(void **state)
{
	int64_t start = clock_mono();

	(void)state;
	assert_false(action_workers_ready(workers, 10000)); /* nobody works */
	begin("sleep 0.3; echo a; head -c 20000 /dev/zero", NULL);
	assert_false(action_workers_ready(workers, 0));
	assert_false(action_workers_ready(workers, 100));
	assert_true(clock_mono() - start >= 100);
	assert_true(action_workers_ready(workers, 10000));
	assert_true(action_workers_ready(workers, 0));
	assert_true(clock_mono() - start < QUICK_MS);
	await_it(NULL);
	assert_memory_equal(outcome.output, "a\n", 2);
	begin("kill -9 $PPID", &call);
	assert_true(action_workers_ready(workers, 10000));
	await_it(&call);
	assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	assert_false(action_workers_ready(workers, 10000));
}

static void a_signal_ends_the_asking(void **state)
{
	int64_t start = clock_mono();
	void *tag;

	(void)state;
	begin("echo $$ >pid; sleep 30", NULL);
	(void)await_words("pid", 1);
	begin_signal("TERM", &call);
	while (action_workers_ready(workers, 10000)) /* who sent it is done */
		await_it(&call);
	assert_int_equal(signals_stop(), SIGTERM);
	assert_true(clock_mono() - start < QUICK_MS);
	while (await(&tag) != 2)
		assert_ptr_equal(tag, &call);
	while (await(&tag) == 1)
		if (!tag)
			assert_true(outcome.stopped);
	assert_dead_soon(file_text("pid"), 1);
}

static void secrets_that_came_later_are_known(void **state)
{
	(void)state;
	begin("echo a-later-secret", NULL);
	await_it(NULL);
	assert_string_equal(outcome.output, "a-later-secret\n");
	redact_register("a-later-secret");
	for (int i = 0; i < 2; i++) {
		begin("echo a-later-secret", NULL);
		await_it(NULL);
		assert_string_equal(outcome.output, "[redacted]\n");
	}
}

/* ---- ends ---- */

static void a_killed_worker_is_told_and_replaced(void **state)
{
	int other;

	(void)state;
	begin("sleep 0.5; echo other", &other);
	begin("trap '' TERM; sleep 30 & echo $! $$ $PPID >pids; wait", NULL);
	(void)await_words("pids", 3);
	begin("kill -9 $(cut -d ' ' -f 3 pids)", &call);
	for (int i = 0; i < 2; i++) {
		void *tag;

		assert_int_equal(await(&tag), 1);
		if (tag)
			assert_verdict(VERDICT_RAN_UNVERIFIED);
		else
			assert_string_equal(outcome.reason,
					    "the worker that carried it out "
					    "was ended by signal 9");
		if (!tag)
			assert_verdict(VERDICT_FAILED_DURING_CHANGE);
	}
	assert_dead_soon(file_text("pids"), 3);
	await_it(&other);
	for (int i = 0; i < COUNT; i++)
		begin("echo again", NULL);
	for (int i = 0; i < COUNT; i++) {
		await_it(NULL);
		assert_string_equal(outcome.output, "again\n");
	}
}

static void a_worker_that_dies_idle_costs_no_call(void **state)
{
	const char *p;
	pid_t pid;

	(void)state;
	begin("echo $PPID", NULL);
	await_it(NULL);
	p = outcome.output;
	pid = next_pid(&p);
	assert_int_equal(kill(pid, SIGKILL), 0);
	for (int i = 0; i < 200 && !is_dead(pid); i++)
		nap(10);
	begin("echo $PPID", NULL);
	await_it(NULL);
	assert_verdict(VERDICT_RAN_UNVERIFIED);
	p = outcome.output;
	assert_int_not_equal(next_pid(&p), pid);
}

/* In a process of its own, which is then killed. */
static pid_t owner_of(const char *text, int count)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	for (int i = 0; i < count; i++)
		begin(text, NULL);
	for (;;) {
		void *tag;

		if (await(&tag) == 0)
			(void)pause();
	}
}

static void a_killed_owner_leaves_nothing(void **state)
{
	pid_t pid = owner_of("trap '' TERM; (setsid sh -c 'trap \"\" TERM; "
			     "echo $$ >>pids; sleep 30; sleep 30' &); "
			     "echo $$ $PPID >>pids; sleep 30; sleep 30",
			     2);
	AUTO_FREE char *pids = mem_dup(await_words("pids", 6));

	(void)state;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_dead_soon(pids, 6);
}

static void a_killed_owner_leaves_no_idle_worker(void **state)
{
	pid_t pid = owner_of("echo $PPID >>pids; sleep 0.2", COUNT);
	AUTO_FREE char *pids = mem_dup(await_words("pids", COUNT));

	(void)state;
	nap(400);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_dead_soon(pids, COUNT);
}

/* Who takes over what a killed process held must not meet its programs. */
static void locks_last_as_long_as_programs(void **state)
{
	AUTO_FREE char *path = mem_printf("%s/lock", folder);
	struct flock range = {.l_type = F_WRLCK, .l_len = 1};
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	AUTO_FREE char *pids = NULL;
	const char *p;
	pid_t pid;

	(void)state;
	action.grace_ms = 500;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &range), 0);
	pid = owner_of("trap '' TERM; echo $$ $PPID >>pids; sleep 30; sleep 30",
		       1);
	pids = mem_dup(await_words("pids", 2));
	(void)close(fd); /* the owner's lock now */
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &range), -1);
	for (int i = 0; i < 500 && fcntl(fd, F_OFD_SETLK, &range); i++)
		nap(10);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &range), 0);
	p = pids;
	assert_true(is_dead(next_pid(&p)));
	assert_dead_soon(pids, 2);
	(void)close(fd);
}

/* Two processes hold the same pipe: when the first is killed, its reader must
 * not wait for a worker. */
static void workers_hold_no_output_of_ours(void **state)
{
	(void)state;
	begin("readlink /proc/$PPID/fd/0 /proc/$PPID/fd/1", NULL);
	await_it(NULL);
	assert_string_equal(outcome.output, "/dev/null\n/dev/null\n");
}

static void freeing_ends_what_runs(void **state)
{
	int64_t start = clock_mono();

	(void)state;
	begin("trap '' TERM; echo $$ $PPID >>pids; sleep 30; sleep 30", NULL);
	begin("echo $$ $PPID >>pids; sleep 30", NULL);
	(void)await_words("pids", 4);
	action_workers_free(workers);
	workers = NULL;
	assert_true(clock_mono() - start < QUICK_MS);
	assert_dead_soon(file_text("pids"), 4);
}

static void a_stop_ends_what_runs_and_is_told(void **state)
{
	void *tag;
	int stopped = 0;

	(void)state;
	begin("echo $$ >>pids; sleep 30", NULL);
	begin("echo $$ >>pids; sleep 30; true", NULL);
	(void)await_words("pids", 2);
	begin_signal("TERM", &call);
	while (await(&tag) == 1)
		assert_ptr_equal(tag, &call);
	assert_ptr_equal(tag, NULL);
	while (await(&tag) == 1)
		if (!tag) {
			assert_verdict(VERDICT_FAILED_DURING_CHANGE);
			assert_true(outcome.stopped);
			assert_has(outcome.reason, "asked to stop");
			stopped++;
		}
	assert_int_equal(stopped, 2);
	assert_dead_soon(file_text("pids"), 2);
	begin("echo late >late", &stopped);
	assert_true(action_workers_ready(workers, 0));
	await_it(&stopped);
	assert_verdict(VERDICT_NOT_STARTED);
	assert_true(outcome.stopped);
	assert_int_equal(outcome.attempts, 0);
	assert_int_equal(await(&tag), 0);
	assert_string_equal(file_text("late"), "");
	signals_raise_stop(0);
	begin("echo on", NULL);
	await_it(NULL);
	assert_string_equal(outcome.output, "on\n");
}

static void a_reload_only_wakes_us(void **state)
{
	AUTO_FREE char *path = mem_printf("%s/go", folder);
	void *tag;
	int rc, done = 0;

	(void)state;
	begin("while [ ! -e go ]; do sleep 0.05; done", NULL);
	begin_signal("HUP", &call);
	while ((rc = await(&tag)) == 1) /* who sent it may be done before */
		done++;
	assert_int_equal(rc, 2);
	assert_true(signals_reload());
	assert_int_equal(mkdir(path, 0700), 0);
	for (; done < 2; done++) {
		assert_int_equal(await(&tag), 1);
		assert_verdict(VERDICT_RAN_UNVERIFIED);
	}
	assert_int_equal(await(&tag), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACTION_TEST(a_call_is_read_as_it_was_written),
		ACTION_TEST(what_is_cut_off_is_no_call),
		WORKERS_TEST(outcomes_come_with_their_tags),
		WORKERS_TEST(checks_and_rollback_travel_along),
		WORKERS_TEST(much_goes_in_and_comes_out),
		WORKERS_TEST(a_deadline_ends_all_that_was_started),
		WORKERS_TEST(what_is_left_is_ended_before_the_next),
		WORKERS_TEST(one_worker_does_many),
		WORKERS_TEST(who_only_asks_does_not_wait_for_ever),
		WORKERS_TEST(a_signal_ends_the_asking),
		WORKERS_TEST(secrets_that_came_later_are_known),
		WORKERS_TEST(a_killed_worker_is_told_and_replaced),
		WORKERS_TEST(a_worker_that_dies_idle_costs_no_call),
		WORKERS_TEST(a_killed_owner_leaves_nothing),
		WORKERS_TEST(a_killed_owner_leaves_no_idle_worker),
		WORKERS_TEST(locks_last_as_long_as_programs),
		WORKERS_TEST(workers_hold_no_output_of_ours),
		WORKERS_TEST(freeing_ends_what_runs),
		WORKERS_TEST(a_stop_ends_what_runs_and_is_told),
		WORKERS_TEST(a_reload_only_wakes_us),
	};

	start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
