/* Starting a program, and what comes of it. */
#include "unit-proc.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#define LAST_WORDS ((size_t)1024 * 1024) /* the most that a pipe may hold */

static void assert_fails(struct proc_options opt, const char *const *argv,
			 const char *message)
{
	err_clear(&err);
	assert_int_equal(run(opt, argv), -1);
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_null(res.out.text);
}

static void reports_status_and_streams(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("echo out; echo bad >&2; exit 3")), 0);
	assert_int_equal(res.status, 3);
	assert_int_equal(res.signal, 0);
	assert_string_equal(res.out.text, "out\n");
	assert_string_equal(res.errors.text, "bad\n");
	assert_int_equal(res.out.total, 4);
	assert_false(res.timed_out || res.stopped || res.left_family);
	assert_true(res.duration_ms < QUICK_MS);
}

static void reports_the_signal(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("kill -SEGV $$")), 0);
	assert_int_equal(res.status, 128 + SIGSEGV);
	assert_int_equal(res.signal, SIGSEGV);
	assert_false(res.timed_out);
}

static void arguments_meet_no_shell(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, ARGV("printf", "%s|", "$HOME", "`id`; x",
					 "", "* \n'")),
			 0);
	assert_string_equal(res.out.text, "$HOME|`id`; x||* \n'|");
}

static void much_output_keeps_head_and_tail(void **state)
{
	const size_t mega100 = (size_t)100 * 1024 * 1024;
	struct proc_options opt = PLAIN;
	const char *mark;

	(void)state;
	opt.output_max = 10000;
	assert_int_equal(run(opt, SH("printf first; head -c 104857600 "
				     "/dev/zero | tr '\\0' x; printf last")),
			 0);
	assert_int_equal(res.out.total, mega100 + 9);
	assert_memory_equal(res.out.text, "firstxxx", 8);
	assert_memory_equal(res.out.text + res.out.len - 8, "xxxxlast", 9);
	mark = strstr(res.out.text, "\n[... 104847609 bytes left out ...]\n");
	assert_non_null(mark);
	assert_int_equal(mark - res.out.text, 5000);
	assert_int_equal(res.out.len, 10000 + 36);
}

/* In a child, which is stopped while the program says more than one read takes
 * and ends. */
static void last_words_are_heard(void **state)
{
	struct proc_options opt = PLAIN;
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		opt.output_max = LAST_WORDS;
		if (run(opt, ARGV("/proc/self/exe", "--last-words")))
			_exit(1);
		_exit(res.out.len + res.errors.len != 2 * LAST_WORDS);
	}
	nap(100);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	nap(300);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

NORETURN static void last_words(void)
{
	AUTO_FREE char *text = mem_zero(LAST_WORDS, 1);

	nap(200);
	for (int fd = 1; fd <= 2; fd++)
		if (fcntl(fd, F_SETPIPE_SZ, LAST_WORDS) < 0 ||
		    write(fd, text, LAST_WORDS) != LAST_WORDS)
			_exit(1);
	_exit(0);
}

static void output_of_every_length_near_the_maximum(void **state)
{
	struct proc_options opt = PLAIN;
	char text[16];

	(void)state;
	opt.output_max = 7;
	for (int n = 0; n <= 7; n++) {
		(void)snprintf(text, sizeof(text), "%.*s", n, "abcdefghij");
		assert_int_equal(run(opt, ARGV("printf", "%s", text)), 0);
		assert_string_equal(res.out.text, text);
		assert_int_equal(res.out.len, n);
		proc_result_done(&res);
	}
	assert_int_equal(run(opt, ARGV("printf", "%s", "abcdefgh")), 0);
	assert_string_equal(res.out.text,
			    "abc\n[... 1 bytes left out ...]\nefgh");
}

static void binary_output_stays(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, ARGV("printf", "\\000\\377a\\000\\200")),
			 0);
	assert_int_equal(res.out.len, 5);
	assert_memory_equal(res.out.text, "\0\377a\0\200", 6);
}

static void input_arrives_whole(void **state)
{
	const size_t n = (size_t)10 * 1024 * 1024;
	struct proc_options opt = PLAIN;
	AUTO_FREE char *text = mem_alloc(n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(i * 31 >> 3);
	opt.input = (struct slice){text, n};
	opt.output_max = 2 * n;
	assert_int_equal(run(opt, ARGV("cat")), 0);
	assert_int_equal(res.out.len, n);
	assert_memory_equal(res.out.text, text, n);
	proc_result_done(&res);
	assert_int_equal(run(opt, ARGV("true")), 0); /* who does not read it */
	assert_int_equal(res.status, 0);
	proc_result_done(&res);
	assert_int_equal(run(opt, SH("head -c 3 >/dev/null; exit 6")), 0);
	assert_int_equal(res.status, 6);
}

static void no_input_is_an_empty_one(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("cat; readlink /proc/self/fd/0")), 0);
	assert_string_equal(res.out.text, "/dev/null\n");
}

static void setup_faults_are_named(void **state)
{
	char path[] = "/tmp/oncall-proc-XXXXXX";
	AUTO_FREE char *denied = NULL;
	AUTO_FREE char *format = NULL;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "echo\n", 5), 5);
	(void)close(fd);
	denied = mem_printf("cannot run '%s': Permission denied", path);
	format = mem_printf("cannot run '%s': Exec format error", path);
	assert_fails(PLAIN, ARGV(path), denied);
	assert_int_equal(chmod(path, 0700), 0);
	assert_fails(PLAIN, ARGV(path), format); /* no shell steps in */
	(void)unlink(path);
	assert_fails(PLAIN, ARGV("no-such-program"),
		     "cannot run 'no-such-program': not found in PATH");
	assert_fails(PLAIN, ARGV("/no/such"),
		     "cannot run '/no/such': No such file or directory");
	assert_fails(PLAIN, ARGV("/tmp"),
		     "cannot run '/tmp': "
		     "Permission denied");
	assert_fails((struct proc_options){.dir = "/no/dir"}, ARGV("true"),
		     "cannot run 'true' in folder '/no/dir': "
		     "No such file or directory");
	assert_fails((struct proc_options){.user = "no-such-user"},
		     ARGV("true"), "unknown user 'no-such-user'");
}

static void nothing_to_run_is_wrong_usage(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, (const char *const[]){NULL}), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	err_clear(&err);
	assert_int_equal(run(PLAIN, ARGV("")), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

static void runs_as_another_user(void **state)
{
	struct proc_options opt = PLAIN;
	const struct passwd *pw = getpwnam("nobody");
	AUTO_FREE char *want = NULL;
	char dir[] = "/tmp/oncall-proc-XXXXXX";
	AUTO_FREE char *message = NULL;

	(void)state;
	if (geteuid() != 0 || !pw) {
		skip();
		return; /* which skip() does, unknown to analysers */
	}
	want = mem_printf("Uid: %u %u %u %u Gid: %u %u %u %u Groups: %u ",
			  pw->pw_uid, pw->pw_uid, pw->pw_uid, pw->pw_uid,
			  pw->pw_gid, pw->pw_gid, pw->pw_gid, pw->pw_gid,
			  pw->pw_gid);
	opt.user = "nobody";
	assert_int_equal(run(opt, SH("grep -E '^(Uid|Gid|Groups):' "
				     "/proc/self/status | tr '\\t\\n' '  '"
				     "| tr -s ' '")),
			 0);
	assert_string_equal(res.out.text, want);
	proc_result_done(&res);

	/* The folder is entered as that user. */
	assert_non_null(mkdtemp(dir));
	opt.dir = dir;
	message = mem_printf("cannot run 'true' in folder '%s': "
			     "Permission denied",
			     dir);
	assert_fails(opt, ARGV("true"), message);
	(void)rmdir(dir);
}

/* In a child: whether it is refused, as the exit status. */
static void another_user_needs_permission(void **state)
{
	struct proc_options opt = {.user = "root"};
	pid_t pid;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(2);
		if (run(opt, ARGV("true")) != -1)
			_exit(3);
		_exit(strcmp(err.text, "cannot run 'true' as user 'root': "
				       "Operation not permitted") != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* To be who one is already takes no permission. */
static void the_same_user_needs_none(void **state)
{
	struct proc_options opt = {.user = "nobody"};
	pid_t pid;
	int status;

	(void)state;
	if (geteuid() != 0 || !getpwnam("nobody"))
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (setgroups(0, NULL) || setuid(getpwnam("nobody")->pw_uid))
			_exit(2);
		_exit(run(opt, ARGV("true")) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void limits_hold(void **state)
{
	struct proc_options opt = PLAIN;

	(void)state;
	opt.limits = (struct proc_limits){
		.cpu_seconds = 7,
		.memory_bytes = (uint64_t)256 * 1024 * 1024,
		.file_bytes = 4096,
		.open_files = 33,
	};
	assert_int_equal(run(opt, SH("ulimit -St; ulimit -v; ulimit -f;"
				     "ulimit -n; ulimit -Hn")),
			 0);
	assert_string_equal(res.out.text, "7\n262144\n8\n33\n33\n");
	proc_result_done(&res);
	assert_int_equal(run(opt, SH("f=$(mktemp); trap 'rm $f' EXIT;"
				     "(exec head -c 9999 /dev/zero >$f);"
				     "echo $?")),
			 0);
	assert_string_equal(res.out.text, "153\n"); /* SIGXFSZ */
}

static void a_limit_is_never_raised(void **state)
{
	struct proc_options opt = PLAIN;

	(void)state;
	opt.limits.open_files = UINT64_MAX - 1;
	assert_int_equal(run(opt, SH("ulimit -Hn")), 0);
	assert_int_equal(res.status, 0);
}

static void place_and_environment(void **state)
{
	const char *const env[] = {"A=1", "B=x y", NULL};
	struct proc_options opt = PLAIN;

	(void)state;
	opt.env = env;
	opt.dir = "/usr";
	opt.umask = 077;
	assert_int_equal(run(opt, ARGV("env")), 0);
	assert_string_equal(res.out.text, "A=1\nB=x y\n");
	proc_result_done(&res);
	assert_int_equal(run(opt, ARGV("sh", "-c", "pwd; umask")), 0);
	assert_string_equal(res.out.text, "/usr\n0077\n");
	proc_result_done(&res);
	assert_int_equal(run(opt, ARGV("./bin/true")), 0);
	assert_int_equal(res.status, 0);
	proc_result_done(&res);
	assert_int_equal(run(PLAIN, ARGV("sh", "-c", "umask")), 0);
	assert_string_equal(res.out.text, "0022\n");
}

static void path_is_that_of_the_environment(void **state)
{
	const char *const none[] = {"PATH=/no/where:.:", NULL};
	const char *const some[] = {"PATH=/no:/bin", NULL};
	struct proc_options opt = PLAIN;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	(void)state;
	opt.env = none;
	opt.dir = "/bin";
	assert_int_equal(chdir("/bin"), 0);
	assert_fails(opt, ARGV("true"), "cannot run 'true': not found in PATH");
	assert_int_equal(fchdir(here), 0);
	(void)close(here);
	err_clear(&err);
	opt.env = some;
	assert_int_equal(run(opt, ARGV("true")), 0);
}

/* A set of signals in the text of /proc/self/status. The C library keeps 32 and
 * 33 for itself, lets nobody change them, and make has them ignored. */
static unsigned long long signals_in(const char *name)
{
	const char *found = strstr(res.out.text, name);

	assert_non_null(found);
	return strtoull(found + strlen(name), NULL, 16) & ~0x180000000ULL;
}

static void signals_are_as_in_a_new_process(void **state)
{
	sigset_t set, old;

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN); /* would lose us the status */
	assert_int_equal(run(PLAIN, ARGV("cat", "/proc/self/status")), 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGCHLD, SIG_DFL);
	assert_int_equal(res.status, 0);
	assert_int_equal(signals_in("SigBlk:"), 0);
	assert_int_equal(signals_in("SigIgn:"), 0);
	assert_int_equal(signals_in("SigCgt:"), 0);
	/* Ours are as they were. */
	(void)sigprocmask(SIG_SETMASK, &old, &set);
	assert_true(sigismember(&set, SIGUSR1));
	assert_false(sigismember(&set, SIGTERM));
}

static void nothing_of_ours_is_open(void **state)
{
	int fds[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = open("/dev/null", O_RDONLY); /* stays over exec */
	assert_int_equal(dup2(fds[2], 300), 300);
	assert_int_equal(run(PLAIN, SH("echo /proc/$$/fd/*")), 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	(void)close(300);
	/* While it expands, the shell may have the folder open as 3. */
	assert_null(strstr(res.out.text, "/fd/4"));
	assert_null(strstr(res.out.text, "/fd/300"));
	assert_non_null(strstr(res.out.text, "/fd/2"));
}

static void own_session_and_group(void **state)
{
	(void)state;
	assert_int_equal(run(PLAIN, SH("set -- $(cat /proc/$$/stat);"
				       "[ $1 = $5 ] && [ $1 = $6 ]")),
			 0);
	assert_int_equal(res.status, 0);
}

static void works_without_standard_streams(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		for (int fd = 0; fd < 3; fd++)
			(void)close(fd);
		if (run(PLAIN, SH("cat; echo out; echo bad >&2; exit 3")))
			_exit(1);
		if (strcmp(res.out.text, "out\n") != 0 ||
		    strcmp(res.errors.text, "bad\n") != 0)
			_exit(2);
		_exit(res.status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 3 << 8);
}

static void many_runs_leave_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(run(PLAIN, ARGV("true")), 0);
		proc_result_done(&res);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(reports_status_and_streams),
		TEST(reports_the_signal),
		TEST(arguments_meet_no_shell),
		TEST(much_output_keeps_head_and_tail),
		TEST(last_words_are_heard),
		TEST(output_of_every_length_near_the_maximum),
		TEST(binary_output_stays),
		TEST(input_arrives_whole),
		TEST(no_input_is_an_empty_one),
		TEST(setup_faults_are_named),
		TEST(nothing_to_run_is_wrong_usage),
		TEST(runs_as_another_user),
		TEST(another_user_needs_permission),
		TEST(the_same_user_needs_none),
		TEST(limits_hold),
		TEST(a_limit_is_never_raised),
		TEST(place_and_environment),
		TEST(path_is_that_of_the_environment),
		TEST(signals_are_as_in_a_new_process),
		TEST(nothing_of_ours_is_open),
		TEST(own_session_and_group),
		TEST(works_without_standard_streams),
		TEST(many_runs_leave_nothing),
	};

	int failed;

	if (argc > 1 && !strcmp(argv[1], "--last-words"))
		last_words();
	start();
	failed = cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
	keep_here = true;
	return failed + cmocka_run_group_tests_name("here", tests, NULL, NULL);
}
