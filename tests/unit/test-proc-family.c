/* The end of a program and of all that it started. */
#include "unit-proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static pid_t next_pid(const char **p)
{
	pid_t pid = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		pid = pid * 10 + (**p - '0');
	*p += **p != '\0';
	return pid;
}

/* The numbers in a text are pids; how many, and how many of them live. */
static int pids_in(const char *text, int *ret_alive)
{
	pid_t pid;
	int n = 0;

	*ret_alive = 0;
	while ((pid = next_pid(&text))) {
		n++;
		if (!is_gone(pid))
			(*ret_alive)++;
	}
	return n;
}

static void assert_gone(int count)
{
	int alive;

	assert_int_equal(pids_in(res.out.text, &alive), count);
	assert_int_equal(alive, 0);
	assert_true(res.duration_ms < QUICK_MS);
	assert_int_equal(res.survivors, 0);
}

static void deadline_ends_the_program(void **state)
{
	(void)state;
	assert_int_equal(run(SHORT, ARGV("sleep", "30")), 0);
	assert_true(res.timed_out);
	assert_int_equal(res.signal, SIGTERM);
	assert_true(res.duration_ms >= 400 && res.duration_ms < QUICK_MS);
	assert_string_equal(res.out.text, "");
}

/* Ending only the shell would leave its child at work. */
static void deadline_ends_what_the_shell_waits_for(void **state)
{
	(void)state;
	assert_int_equal(run(SHORT, SH("echo $$; sleep 30 & echo $!; wait")),
			 0);
	assert_true(res.timed_out);
	assert_gone(2);
}

static void who_ignores_term_is_killed(void **state)
{
	(void)state;
	assert_int_equal(run(SHORT, SH("trap '' TERM; sleep 30 & echo $!;"
				       "sleep 30; sleep 30")),
			 0);
	assert_int_equal(res.signal, SIGKILL);
	assert_true(res.duration_ms >= 400 + GRACE_MS);
	assert_gone(1);
}

static void term_lets_the_program_clean_up(void **state)
{
	struct proc_options opt = {.timeout_ms = 400, .grace_ms = 5000};

	(void)state;
	assert_int_equal(run(opt, SH("trap 'sleep 0.1; echo tidy; exit 5' TERM;"
				     "sleep 30 & wait")),
			 0);
	assert_true(res.timed_out);
	assert_int_equal(res.status, 5);
	assert_string_equal(res.out.text, "tidy\n");
	assert_true(res.duration_ms < QUICK_MS);
}

static void a_stopped_program_is_woken_to_end(void **state)
{
	struct proc_options opt = {.timeout_ms = 400, .grace_ms = 5000};

	(void)state;
	assert_int_equal(run(opt, SH("kill -STOP $$; sleep 30")), 0);
	assert_int_equal(res.signal, SIGTERM);
	assert_true(res.duration_ms < QUICK_MS);
}

#define DAEMON                                                              \
	"(setsid env -i sh -c 'trap \"\" TERM HUP; echo $$; exec >&- 2>&- " \
	"<&-;"                                                              \
	"cd /; sleep 30; sleep 30' &) & sleep 0.1;"

static void detached_daemons_are_ended_too(void **state)
{
	(void)state;
	assert_int_equal(run(SHORT, SH(DAEMON "sleep 30")), 0);
	assert_true(res.timed_out);
	assert_gone(1);
}

static void what_the_program_left_is_ended(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH(DAEMON "exit 4")), 0);
	assert_int_equal(res.status, 4);
	assert_true(res.left_family);
	assert_false(res.timed_out);
	assert_gone(1);
}

static void a_held_pipe_does_not_hang_us(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("setsid sleep 30 & echo $!")), 0);
	assert_int_equal(res.status, 0);
	assert_true(res.left_family);
	assert_gone(1);
}

/* Whoever ends by itself right after the program was not left behind. */
static void those_about_to_end_may(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("(sleep 0.03; echo late) &")), 0);
	assert_false(res.left_family);
	assert_string_equal(res.out.text, "late\n");
}

static void a_crowd_is_ended(void **state)
{
	(void)state;
	assert_int_equal(
		run(PLAIN, SH("i=0; while [ $i -lt 50 ]; do i=$((i+1));"
			      "(trap '' TERM; exec setsid sleep 30) &"
			      "echo $!; done")),
		0);
	assert_true(res.left_family);
	assert_gone(50);
}

/* Each process lives for a moment and hands on to a child in a new session. */
static void who_forks_on_and_on_is_ended(void **state)
{
	struct proc_options opt = {.timeout_ms = 300};

	(void)state;
	assert_int_equal(run(opt, ARGV("/proc/self/exe", "--respawn")), 0);
	assert_int_equal(res.survivors, 0);
	assert_true(res.left_family);
	assert_true(res.duration_ms < QUICK_MS);
}

NORETURN static void respawn(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	for (;;) {
		pid_t pid = fork();

		if (pid)
			_exit(pid < 0);
		(void)setsid();
		nap(1);
	}
}

/* A child of this process that sends us a signal after a while. */
static pid_t signal_soon(int signo)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		nap(150);
		_exit(kill(getppid(), signo) != 0);
	}
	return pid;
}

static void stop_ends_the_family(void **state)
{
	pid_t pid = signal_soon(SIGTERM);

	(void)state;
	assert_int_equal(run(PLAIN, SH("sleep 30 & echo $!; wait")), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(res.stopped);
	assert_false(res.timed_out);
	assert_int_equal(res.signal, SIGTERM);
	assert_gone(1);
}

static void stop_is_heard_through_much_output(void **state)
{
	pid_t pid = signal_soon(SIGINT);

	(void)state;
	assert_int_equal(
		run(PLAIN,
		    SH("for i in 1 2 3 4; do yes & yes >&2 & done; wait")),
		0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(res.stopped);
	assert_true(res.duration_ms < QUICK_MS);
	assert_true(res.out.total > res.out.len);
}

static void reload_does_not_stop(void **state)
{
	pid_t pid = signal_soon(SIGHUP);

	(void)state;
	assert_int_equal(run(PLAIN, ARGV("sleep", "0.3")), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(res.status, 0);
	assert_false(res.stopped);
	assert_true(signals_reload());
}

static void nothing_starts_after_a_stop(void **state)
{
	(void)state;
	signals_raise_stop(SIGTERM);
	assert_int_equal(run(PLAIN, ARGV("true")), -1);
	assert_string_equal(err.text, "'true' was not started: asked to stop");
	assert_true(res.stopped);
}

/* A child of ours that waits, and one whose own child is orphaned while the
 * program runs. The pid of the orphan comes through the pipe. */
static void others_of_ours_are_left_alone(void **state)
{
	int fds[2];
	pid_t other, parent, orphan = 0;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	other = fork();
	if (!other) {
		nap(900);
		_exit(0);
	}
	parent = fork();
	if (!parent) {
		pid_t pid = fork();

		if (!pid) {
			(void)prctl(PR_SET_NAME, "orphan", 0, 0, 0);
			(void)sleep(5);
			_exit(0);
		}
		_exit(write(fds[1], &pid, sizeof(pid)) < 0 || (nap(50), 0));
	}
	assert_true(other > 0 && parent > 0);
	assert_int_equal(run(SHORT, SH("trap '' TERM; " DAEMON "sleep 30")), 0);
	assert_gone(1);
	assert_int_equal(read(fds[0], &orphan, sizeof(orphan)), sizeof(orphan));
	assert_false(is_gone(other) || is_gone(orphan));
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(kill(orphan, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* Whoever adopts an orphan may take a while to reap it. */
static bool is_dead(pid_t pid)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/stat", (int)pid);
	char line[256] = "";
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		return true;
	return strstr(line, ") Z ") != NULL;
}

/* Those whose pids are in the text end within two seconds. */
static bool dead_soon(const char *text)
{
	const char *p = text;
	pid_t pid = next_pid(&p);

	for (int i = 0; i < 200 && pid; i++) {
		if (is_dead(pid))
			pid = next_pid(&p);
		else
			nap(10);
	}
	return !pid;
}

static void a_killed_caller_leaves_nothing(void **state)
{
	char path[] = "/tmp/oncall-proc-XXXXXX";
	AUTO_FREE char *script = NULL;
	int fd = mkstemp(path);
	char pids[64] = "";
	pid_t pid;
	int alive;

	(void)state;
	assert_true(fd >= 0);
	script = mem_printf("trap '' TERM; setsid sleep 30 & "
			    "echo $! $$ >%s; wait",
			    path);
	pid = fork();
	if (!pid)
		_exit(run(PLAIN, SH(script)));
	for (int i = 0; i < 200 && pread(fd, pids, sizeof(pids), 0) <= 0; i++)
		nap(10);
	assert_int_equal(pids_in(pids, &alive), 2);
	assert_int_equal(alive, 2);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(dead_soon(pids));
	(void)close(fd);
	(void)unlink(path);
}

static void a_killed_keeper_is_noticed(void **state)
{
	int alive;

	(void)state;
	assert_int_equal(run(PLAIN, SH("trap '' TERM; sleep 30 & echo $!; "
				       "kill -9 $PPID; sleep 30")),
			 0);
	assert_int_equal(res.signal, SIGKILL);
	assert_int_equal(pids_in(res.out.text, &alive), 1);
	assert_true(dead_soon(res.out.text));
	assert_true(res.duration_ms < QUICK_MS);
}

/* ---- the caller is the keeper ---- */

/* The program itself signals us: all our children are its family. */
static void stop_ends_the_family_here(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("sleep 30 & echo $!; kill -TERM $PPID;"
				       "wait")),
			 0);
	assert_true(res.stopped);
	assert_int_equal(res.signal, SIGTERM);
	assert_gone(1);
}

static void reload_does_not_stop_here(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("kill -HUP $PPID; sleep 0.1")), 0);
	assert_int_equal(res.status, 0);
	assert_false(res.stopped);
	assert_true(signals_reload());
}

static void the_program_is_known_while_it_runs(void **state)
{
	struct proc_options opt = PLAIN;
	pid_t *started = mmap(NULL, sizeof(*started), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	(void)state;
	assert_true(started != MAP_FAILED);
	opt.started = started;
	pid = fork();
	if (!pid)
		_exit(run(opt, SH("sleep 30; sleep 30")));
	for (int i = 0; i < 200 && !*started; i++)
		nap(10);
	assert_true(*started > 0);
	assert_int_equal(getsid(*started), *started);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(*started, 0);
	assert_int_equal(munmap(started, sizeof(*started)), 0);
}

/* Nobody is left who could end more than the program. */
static void a_killed_caller_takes_the_program_along(void **state)
{
	int fds[2];
	char text[32] = "";
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		AUTO_FREE char *path =
			mem_printf("/proc/%d/fd/%d", (int)getpid(), fds[1]);
		AUTO_FREE char *text_of =
			mem_printf("echo $$ >%s; exec sleep 30", path);

		_exit(run(PLAIN, SH(text_of)));
	}
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(dead_soon(text));
	while (waitpid(-1, NULL, 0) > 0) /* we have adopted it */
		;
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static int run_here(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deadline_ends_the_program),
		TEST(deadline_ends_what_the_shell_waits_for),
		TEST(who_ignores_term_is_killed),
		TEST(term_lets_the_program_clean_up),
		TEST(a_stopped_program_is_woken_to_end),
		TEST(detached_daemons_are_ended_too),
		TEST(what_the_program_left_is_ended),
		TEST(a_held_pipe_does_not_hang_us),
		TEST(those_about_to_end_may),
		TEST(a_crowd_is_ended),
		TEST(who_forks_on_and_on_is_ended),
		TEST(stop_ends_the_family_here),
		TEST(reload_does_not_stop_here),
		TEST(nothing_starts_after_a_stop),
		TEST(the_program_is_known_while_it_runs),
		TEST(a_killed_caller_takes_the_program_along),
	};

	keep_here = true;
	return cmocka_run_group_tests_name("here", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(deadline_ends_the_program),
		TEST(deadline_ends_what_the_shell_waits_for),
		TEST(who_ignores_term_is_killed),
		TEST(term_lets_the_program_clean_up),
		TEST(a_stopped_program_is_woken_to_end),
		TEST(detached_daemons_are_ended_too),
		TEST(what_the_program_left_is_ended),
		TEST(a_held_pipe_does_not_hang_us),
		TEST(those_about_to_end_may),
		TEST(a_crowd_is_ended),
		TEST(who_forks_on_and_on_is_ended),
		TEST(stop_ends_the_family),
		TEST(stop_is_heard_through_much_output),
		TEST(reload_does_not_stop),
		TEST(nothing_starts_after_a_stop),
		TEST(others_of_ours_are_left_alone),
		TEST(a_killed_caller_leaves_nothing),
		TEST(a_killed_keeper_is_noticed),
	};
	int failed;

	if (argc > 1 && !strcmp(argv[1], "--respawn"))
		respawn();
	start();
	failed = cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
	return failed + run_here();
}
