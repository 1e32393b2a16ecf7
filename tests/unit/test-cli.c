#include "unit-cli.h"

static struct said said;

static void options_stand_anywhere(void **state)
{
	(void)state;
	RUN(&said, "list", "-s", "open", "--limit=5", "-rt", "a", "--tag", "b");
	assert_int_equal(said.status, 0);
	assert_has(said.out, "status=open file=- limit=5 reverse=1");
	assert_has(said.out, "tag=a tag=b\n");
	RUN(&said, "--status", "all", "list", "-n", "7");
	assert_has(said.out, "status=all file=- limit=7 reverse=0");
	RUN(&said, "--rev", "list");
	assert_has(said.out, "reverse=1");
	RUN(&said, "merge", "A", "--verbose", "B", "-q", "C");
	assert_has(said.out, " [A] [B] [C]\n");
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	RUN(&said, "merge", "--", "A", "-x", "--", "");
	assert_has(said.out, " [A] [-x] [--] []\n");
	RUN(&said, "--", "merge", "A", "-");
	assert_has(said.out, " [A] [-]\n");
}

static void posix_order_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
	RUN(&said, "merge", "A", "B", "--now", "2026-11-20T10:00:00Z");
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
	assert_has(said.out, "now=1 [A] [B]\n");
}

static void a_time_counts_from_now(void **state)
{
	(void)state;
	RUN(&said, "list", "--since", "1s", "--now", "1970-01-01T00:00:05Z",
	    "--for", "2m");
	assert_has(said.out, "since=4000 for=120000 now=1");
	assert_int_equal(setenv("ONCALL_NOW", "1970-01-01T00:00:09Z", 1), 0);
	RUN(&said, "list", "--since", "1s");
	assert_has(said.out, "since=8000");
	RUN(&said, "list", "--since", "1s", "--now", "1970-01-01T00:00:05Z");
	assert_has(said.out, "since=4000");
	assert_int_equal(setenv("ONCALL_NOW", "soon", 1), 0);
	RUN(&said, "list");
	assert_int_equal(unsetenv("ONCALL_NOW"), 0);
	assert_fails(&said, 2, "variable ONCALL_NOW: ");
	RUN(&said, "list", "--now", "soon");
	assert_fails(&said, 2, "option '--now': ");
}

static void bad_options_are_named(void **state)
{
	(void)state;
	RUN(&said, "list", "--limt", "4");
	assert_fails(&said, 2,
		     "option '--limt' is not known, did you mean '--limit'?");
	RUN(&said, "list", "--xyzzy");
	assert_fails(&said, 2, "option '--xyzzy' is not known\n");
	RUN(&said, "list", "-x");
	assert_fails(&said, 2, "option '-x' is not known");
	RUN(&said, "list", "-rx");
	assert_fails(&said, 2, "option '-x' is not known");
	RUN(&said, "list", "--ver");
	assert_fails(&said, 2,
		     "option '--ver' could be '--verbose' or '--version'");
	RUN(&said, "list", "--status");
	assert_fails(&said, 2, "option '--status' needs a value: STATUS");
	RUN(&said, "list", "-s");
	assert_fails(&said, 2, "option '-s' needs a value: STATUS");
	RUN(&said, "list", "--reverse=1");
	assert_fails(&said, 2, "option '--reverse' takes no value");
	RUN(&said, "merge", "--status", "open", "A", "B");
	assert_fails(&said, 2, "option '--status' is not known");
	RUN(&said, "--nope");
	assert_fails(&said, 2, "option '--nope' is not known");
}

static void bad_values_are_named(void **state)
{
	(void)state;
	RUN(&said, "list", "-s", "opne");
	assert_fails(&said, 2,
		     "option '--status': 'opne' is not known, did you mean "
		     "'open'?");
	RUN(&said, "list", "-s", "xyz");
	assert_fails(&said, 2, "'xyz' is not one of open, closed, all");
	RUN(&said, "list", "-n", "1001");
	assert_fails(&said, 2,
		     "option '--limit': 1001 is not within 1 and 1000");
	RUN(&said, "list", "--for", "long");
	assert_fails(&said, 2, "option '--for': ");
	RUN(&said, "list", "--since", "then");
	assert_fails(&said, 2, "option '--since': ");
}

static void a_list_has_an_end(void **state)
{
	const char *argv[2 * CLI_LIST_MAX + 5] = {"oncall-sample", "list"};
	int argc = 2;

	(void)state;
	for (int i = 0; i <= CLI_LIST_MAX; i++) {
		argv[argc++] = "-t";
		argv[argc++] = "x";
	}
	run_tool(&said, &sample, argc - 2, (char **)(uintptr_t)argv);
	assert_int_equal(said.status, 0);
	run_tool(&said, &sample, argc, (char **)(uintptr_t)argv);
	assert_fails(&said, 2, "option '--tag': more than 256 times");
}

static void commands_are_found(void **state)
{
	(void)state;
	RUN(&said, "lst");
	assert_fails(&said, 2,
		     "there is no command 'lst', did you mean 'list'?");
	RUN(&said, "frobnicate");
	assert_fails(&said, 2,
		     "there is no command 'frobnicate', see "
		     "'oncall-sample --help'");
	RUN(&said, "");
	assert_fails(&said, 2, "there is no command ''");
	RUN(&said, "secrt");
	assert_lacks(said.errors, "'secret'");
	RUN(&said, "secret");
	assert_int_equal(said.status, 0);
	RUN_TOOL(&said, &sample, "oncall-sample");
	assert_fails(&said, 2, "Usage: oncall-sample COMMAND");
	RUN(&said, "--quiet");
	assert_fails(&said, 2, "Usage: oncall-sample COMMAND");
}

static void operands_are_counted(void **state)
{
	(void)state;
	RUN(&said, "merge");
	assert_fails(&said, 2, "merge: INTO is missing");
	RUN(&said, "merge", "A");
	assert_fails(&said, 2, "merge: OTHER is missing");
	RUN(&said, "list", "x");
	assert_fails(&said, 2, "list: the operand 'x' is too much");
	RUN(&said, "refuse", "a", "b");
	assert_fails(&said, 2, "refuse: the operand 'b' is too much");
}

static void one_error_and_its_status(void **state)
{
	(void)state;
	RUN(&said, "refuse", "me\n\033[1m");
	assert_fails(&said, 5, "policy says no to me");
	assert_lacks(said.errors, "\033");
	assert_int_equal(strcspn(said.errors, "\n") + 1, strlen(said.errors));
}

static void needs_are_ready(void **state)
{
	(void)state;
	RUN(&said, "needs", "--config", "/dev/null");
	assert_fails(&said, 5, "'/dev/null' is not a regular file");
	RUN(&said, "needs");
	assert_int_equal(said.status, 1);
	assert_string_equal(said.out,
			    "config=1 store=- strict=0 max=0 errors=0 "
			    "replay=0 records=1 as=- info=0 debug=0\n");
	RUN(&said, "needs", "--strict", "--max-line", "4096", "--as", "ana",
	    "--errors-as-records", "--replay", "--json", "--store", "x.db",
	    "-v");
	assert_string_equal(said.out,
			    "config=1 store=x.db strict=1 max=4096 errors=1 "
			    "replay=1 records=1 as=ana info=1 debug=0\n");
	assert_int_equal(setenv("ONCALL_STORE", "env.db", 1), 0);
	RUN(&said, "needs", "-vv");
	assert_has(said.out, "store=env.db");
	assert_has(said.out, "info=1 debug=1");
	RUN(&said, "needs", "--store", "opt.db");
	assert_int_equal(unsetenv("ONCALL_STORE"), 0);
	assert_has(said.out, "store=opt.db");
}

static void diagnostics_have_a_form(void **state)
{
	(void)state;
	RUN(&said, "lst", "--log-format", "json");
	assert_has(said.errors, "oncall-sample: ");
	RUN(&said, "list", "--limit", "x", "--log-format", "json");
	assert_int_equal(said.errors[0], '{');
	assert_int_equal(setenv("ONCALL_LOG_FORMAT", "json", 1), 0);
	RUN(&said, "lst");
	assert_int_equal(said.errors[0], '{');
	RUN(&said, "merge", "--log-format", "text");
	assert_has(said.errors, "oncall-sample: ");
	assert_int_equal(setenv("ONCALL_LOG_FORMAT", "xml", 1), 0);
	RUN(&said, "list");
	assert_int_equal(unsetenv("ONCALL_LOG_FORMAT"), 0);
	assert_fails(&said, 2, "variable ONCALL_LOG_FORMAT: 'xml'");
}

static void a_full_disk_is_noticed(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *argv[] = {(char[]){"oncall-sample"}, (char[]){"list"},
				NULL};

		(void)dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
		(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		exit(cli_main(&sample, 2, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 4);
}

static int say_fds(int argc, char **argv, struct err *err)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)argc;
	(void)argv;
	(void)err;
	return fd > STDERR_FILENO ? 0 : 1;
}

static void closed_streams_stay_reserved(void **state)
{
	static const struct cli_command one[] = {
		{.operands = "", .summary = "open a file", .run = say_fds},
		{.run = NULL},
	};
	static const struct cli_tool plain = {
		.name = "oncall-plain", .summary = "open", .commands = one};
	int status;
	pid_t pid;

	(void)state;
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *argv[] = {(char[]){"oncall-plain"}, NULL};

		(void)close(STDIN_FILENO);
		(void)close(STDOUT_FILENO);
		(void)close(STDERR_FILENO);
		exit(cli_main(&plain, 1, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
}

static const struct cli_command plain_commands[] = {
	{.operands = "FILE",
	 .summary = "show the options",
	 .opts = list_opts,
	 .min_operands = 1,
	 .max_operands = 1,
	 .run = show_args},
	{.run = NULL},
};

static void a_plain_program_has_no_commands(void **state)
{
	static const struct cli_tool plain = {
		.name = "oncall-plain",
		.summary = "a plain program",
		.commands = plain_commands,
		.examples = examples,
	};

	(void)state;
	RUN_TOOL(&said, &plain, "oncall-plain", "list", "-n", "3");
	assert_has(said.out, "limit=3");
	assert_has(said.out, " [list]\n");
	RUN_TOOL(&said, &plain, "oncall-plain");
	assert_fails(&said, 2, "oncall-plain: error: FILE is missing");
	RUN_TOOL(&said, &plain, "oncall-plain", "--help");
	assert_int_equal(said.status, 0);
	assert_has(said.out, "Usage: oncall-plain [OPTION...] FILE\n");
	assert_has(said.out, "--status STATUS");
}

static int hand_on(int argc, char **argv, struct err *err)
{
	(void)err;
	for (int i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	assert_null(argv[argc]);
	return 42;
}

static void the_front_door_hands_on(void **state)
{
	static const struct cli_tool door = {
		.name = "oncall",
		.summary = "the front door",
		.commands = commands,
		.examples = examples,
		.fallback = hand_on,
	};

	(void)state;
	RUN_TOOL(&said, &door, "oncall", "--help", "-v", "incident", "list",
		 "--any", "--", "x");
	assert_int_equal(said.status, 42);
	assert_string_equal(said.out,
			    "[incident][--help][-v][list][--any][--][x]");
	RUN_TOOL(&said, &door, "oncall", "list");
	assert_has(said.out, "status=-");
	RUN_TOOL(&said, &door, "oncall", "--nope", "incident");
	assert_fails(&said, 2, "option '--nope' is not known");
	RUN_TOOL(&said, &door, "oncall", "--help");
	assert_has(said.out, "Usage: oncall COMMAND");
}

static void a_filter_may_have_commands_beside_it(void **state)
{
	static const struct cli_tool filter = {
		.name = "oncall-sample",
		.summary = "shows what a table can say",
		.commands = commands,
		.examples = examples,
		.usual = "list",
	};
	struct err err = ERR_INIT;

	(void)state;
	RUN_TOOL(&said, &filter, "oncall-sample", "--tag", "x");
	assert_has(said.out, "tag=x");
	RUN_TOOL(&said, &filter, "oncall-sample", "list", "--tag", "x");
	assert_has(said.out, "tag=x");
	RUN_TOOL(&said, &filter, "oncall-sample", "--nope");
	assert_fails(&said, 2, "option '--nope' is not known");
	RUN_TOOL(&said, &filter, "oncall-sample", "/dev/null");
	assert_fails(&said, 2, "'/dev/null' is too much");
	RUN_TOOL(&said, &filter, "oncall-sample", "lst");
	assert_fails(&said, 2, "did you mean 'list'?");
	RUN_TOOL(&said, &filter, "oncall-sample", "--help");
	assert_has(said.out, "Usage: oncall-sample [COMMAND]");
	assert_has(said.out, "Without a command it is 'list'.");
	RUN_TOOL(&said, &filter, "oncall-sample", "--help=mdoc-synopsis");
	assert_has(said.out, ".Op Cm \\&list\n");
	assert_int_equal(cli_check(&filter, &err), 0);
}

static void nearest_is_near(void **state)
{
	static const char *const names[] = {"status", "store", "strict",
					    "x",      "limit", NULL};

	(void)state;
	assert_string_equal(cli_nearest("stauts", names), "status");
	assert_string_equal(cli_nearest("stor", names), "store");
	assert_string_equal(cli_nearest("limits", names), "limit");
	assert_string_equal(cli_nearest("timil", names), "limit");
	assert_null(cli_nearest("banana", names));
	assert_null(cli_nearest("", names));
	assert_null(cli_nearest("y", names));
	assert_null(cli_nearest("limit", (const char *const[]){NULL}));
}

static void whole_numbers(void **state)
{
	static const char *const bad[] = {"",	 "-",	"+1",  " 1", "1 ",
					  "1.0", "0x1", "1e3", "--1"};
	struct err err = ERR_INIT;
	int64_t n;

	(void)state;
	assert_int_equal(cli_parse_int("-12", -12, 5, &n, &err), 0);
	assert_int_equal(n, -12);
	assert_int_equal(
		cli_parse_int("9223372036854775807", 0, INT64_MAX, &n, &err),
		0);
	assert_true(n == INT64_MAX);
	assert_no_err(&err);
	assert_int_equal(
		cli_parse_int("9223372036854775808", 0, INT64_MAX, &n, &err),
		-1);
	assert_err(&err, ERR_USAGE, "is not within");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err_clear(&err);
		assert_int_equal(cli_parse_int(bad[i], -9, 9, &n, &err), -1);
		assert_err(&err, ERR_USAGE, "is not a whole number");
	}
}

static char empty_config[] = "/tmp/unit-cli-XXXXXX";

/* Nothing of the one who runs the tests comes in. */
static int clean_environment(void **state)
{
	static const char *const names[] = {
		"ONCALL_STORE",
		"ONCALL_LOG_FORMAT",
		"ONCALL_NOW",
		"POSIXLY_CORRECT",
	};
	int fd = mkstemp(empty_config);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unsetenv(names[i]);
	return fd < 0 || close(fd) < 0 ||
	       setenv("ONCALL_CONFIG", empty_config, 1) < 0;
}

static int remove_config(void **state)
{
	(void)state;
	return unlink(empty_config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(posix_order_changes_nothing),
		cmocka_unit_test(a_time_counts_from_now),
		cmocka_unit_test(bad_options_are_named),
		cmocka_unit_test(bad_values_are_named),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(commands_are_found),
		cmocka_unit_test(operands_are_counted),
		cmocka_unit_test(one_error_and_its_status),
		cmocka_unit_test(needs_are_ready),
		cmocka_unit_test(diagnostics_have_a_form),
		cmocka_unit_test(a_full_disk_is_noticed),
		cmocka_unit_test(closed_streams_stay_reserved),
		cmocka_unit_test(a_plain_program_has_no_commands),
		cmocka_unit_test(the_front_door_hands_on),
		cmocka_unit_test(a_filter_may_have_commands_beside_it),
		cmocka_unit_test(nearest_is_near),
		cmocka_unit_test(whole_numbers),
	};

	return cmocka_run_group_tests_name("cli", tests, clean_environment,
					   remove_config);
}
