#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <oncall/clock.h>
#include <oncall/signals.h>

#define HANG_SECONDS 20 /* a wait that never ends is a failed test */
#define RACES	     3000

static int clean(void **state)
{
	(void)state;
	signals_raise_stop(0);
	(void)signals_reload();
	(void)alarm(HANG_SECONDS);
	/* A shell's background job is started with INT ignored. */
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	signals_install();
	return 0;
}

static void nothing_is_asked_for_at_first(void **state)
{
	(void)state;
	assert_int_equal(signals_stop(), 0);
	assert_false(signals_reload());
	assert_int_equal(signals_poll(-1, 0, 0), 0);
	assert_true(signals_sleep(1));
}

static void the_first_signal_counts(void **state)
{
	(void)state;
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(signals_stop(), SIGTERM);
	signals_raise_stop(0);
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(signals_stop(), SIGINT);
}

static void a_stop_ends_every_wait(void **state)
{
	(void)state;
	signals_raise_stop(SIGTERM);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(signals_poll(-1, 0, -1), -1);
		assert_false(signals_sleep(INT64_MAX / 2));
	}
}

static void hup_ends_one_wait_and_is_told_once(void **state)
{
	(void)state;
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(signals_poll(-1, 0, -1), -1);
	assert_int_equal(signals_poll(-1, 0, 10), 0);
	assert_true(signals_reload());
	assert_false(signals_reload());
	assert_int_equal(signals_stop(), 0);
	assert_int_equal(raise(SIGHUP), 0);
	assert_true(signals_reload());
	assert_int_equal(signals_poll(-1, 0, 10), 0);
	assert_int_equal(raise(SIGHUP), 0);
	assert_true(signals_sleep(INT64_C(2000) * HANG_SECONDS));
}

static void tells_ready_from_time_out(void **state)
{
	int fds[2];
	int64_t before = clock_mono();

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(signals_poll(fds[0], POLLIN, 30), 0);
	assert_true(clock_mono() - before >= 29);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(signals_poll(fds[0], POLLIN, -1), 1);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(signals_poll(fds[0], POLLIN, -1), 1);
	assert_int_equal(close(fds[0]), 0);
	/* A closed descriptor is ready: the read will say what is wrong. */
	assert_int_equal(signals_poll(fds[0], POLLIN, -1), 1);
}

static void on_alarm(int signo)
{
	(void)signo;
}

static void other_signals_do_not_end_a_wait(void **state)
{
	struct sigaction act = {.sa_handler = on_alarm};
	struct sigaction old;
	struct itimerval often = {{0, 5000}, {0, 5000}};
	struct itimerval never = {{0, 0}, {0, 0}};
	int64_t before = clock_mono();

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &act, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_int_equal(signals_poll(-1, 0, 60), 0);
	assert_true(signals_sleep(60));
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_true(clock_mono() - before >= 118);
}

/*
 * A child sends HUP as soon as it is told to, so that the signal comes before
 * the wait, in it and in between. One that is missed hangs.
 */
static void no_signal_slips_through(void **state)
{
	int fds[2];
	pid_t parent = getpid();
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char pause;

		(void)close(fds[1]);
		while (read(fds[0], &pause, 1) == 1) {
			for (volatile int i = 0; i < pause * 40; i++)
				;
			(void)kill(parent, SIGHUP);
		}
		_exit(0);
	}
	for (int i = 0; i < RACES; i++) {
		char pause = (char)(i % 100);

		assert_int_equal(write(fds[1], &pause, 1), 1);
		assert_int_equal(signals_poll(-1, 0, -1), -1);
		assert_true(signals_reload());
	}
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void *wait_in_a_thread(void *fd)
{
	char byte;

	(void)!read(*(int *)fd, &byte, 1);
	return NULL;
}

static void a_thread_passes_the_signal_on(void **state)
{
	int fds[2];
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(
		pthread_create(&thread, NULL, wait_in_a_thread, &fds[0]), 0);
	/* NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread,cert-pos44-c) */
	assert_int_equal(pthread_kill(thread, SIGTERM), 0);
	assert_int_equal(signals_poll(-1, 0, -1), -1);
	assert_int_equal(signals_stop(), SIGTERM);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(close(fds[0]), 0);
}

static void the_mask_is_left_as_it_was(void **state)
{
	sigset_t before, after;

	(void)state;
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &before), 0);
	assert_int_equal(signals_poll(-1, 0, 1), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &after), 0);
	assert_int_equal(sigismember(&after, SIGTERM), 0);
	for (int i = 1; i <= SIGRTMAX; i++)
		assert_int_equal(sigismember(&before, i),
				 sigismember(&after, i));
}

static void what_is_ignored_stays_ignored(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGHUP, SIG_IGN);
		(void)signal(SIGINT, SIG_DFL);
		signals_install();
		(void)raise(SIGHUP);
		(void)raise(SIGINT);
		_exit(signals_reload() ? 1 : signals_stop());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SIGINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_asked_for_at_first, clean),
		cmocka_unit_test_setup(the_first_signal_counts, clean),
		cmocka_unit_test_setup(a_stop_ends_every_wait, clean),
		cmocka_unit_test_setup(hup_ends_one_wait_and_is_told_once,
				       clean),
		cmocka_unit_test_setup(tells_ready_from_time_out, clean),
		cmocka_unit_test_setup(other_signals_do_not_end_a_wait, clean),
		cmocka_unit_test_setup(no_signal_slips_through, clean),
		cmocka_unit_test_setup(a_thread_passes_the_signal_on, clean),
		cmocka_unit_test_setup(the_mask_is_left_as_it_was, clean),
		cmocka_unit_test_setup(what_is_ignored_stays_ignored, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
