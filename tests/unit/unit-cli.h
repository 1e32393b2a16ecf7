/* unit-cli.h - a small program's table, and what it says when it is run. */
#ifndef UNIT_CLI_H
#define UNIT_CLI_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <oncall/cli.h>
#include <oncall/clock.h>
#include <oncall/diag.h>

#define SAID_MAX ((size_t)32 * 1024)

struct said {
	int status;
	char out[SAID_MAX];
	char errors[SAID_MAX];
};

static struct {
	const char *status, *file;
	int64_t limit, since, for_ms;
	bool reverse;
	struct cli_list tags;
} args;

static inline int show_args(int argc, char **argv, struct err *err)
{
	(void)err;
	printf("status=%s file=%s limit=%" PRId64 " reverse=%d",
	       args.status ? args.status : "-", args.file ? args.file : "-",
	       args.limit, args.reverse);
	printf(" since=%" PRId64 " for=%" PRId64 " now=%d", args.since,
	       args.for_ms, clock_is_set());
	for (size_t i = 0; i < args.tags.count; i++)
		printf(" tag=%s", args.tags.items[i]);
	for (int i = 0; i < argc; i++)
		printf(" [%s]", argv[i]);
	printf("\n");
	return 0;
}

/* What the standard options left. */
static inline int show_needs(int argc, char **argv, struct err *err)
{
	const struct filter_options *filter = cli_filter_options();
	const char *store = cli_store_address();

	(void)argc;
	(void)argv;
	(void)err;
	printf("config=%d store=%s strict=%d max=%zu errors=%d replay=%d "
	       "records=%d as=%s info=%d debug=%d\n",
	       cli_config() != NULL, store ? store : "-", filter->strict,
	       filter->max_line, filter->errors_as_records, cli_replay(),
	       cli_records(), cli_as() ? cli_as() : "-", diag_wants(DIAG_INFO),
	       diag_wants(DIAG_DEBUG));
	return 1;
}

static inline int fail_refused(int argc, char **argv, struct err *err)
{
	return err_set(err, ERR_REFUSED, "policy says no to %s",
		       argc ? argv[0] : "nobody");
}

static const char *const states[] = {"open", "closed", "all", NULL};

static const struct cli_opt list_opts[] = {
	CLI_GROUP("Which"),
	CLI_CHOICE('s', "status", "STATUS", &args.status, states,
		   "those of this state"),
	CLI_LIST('t', "tag", "TAG", &args.tags, "those with TAG"),
	CLI_TIME(0, "since", "TIME", &args.since, "those after TIME"),
	CLI_DURATION(0, "for", "TIME", &args.for_ms, "those that long"),
	CLI_GROUP("Output"),
	CLI_INT('n', "limit", "N", &args.limit, 1, 1000, "at most N of them"),
	CLI_STR('o', "output", "FILE", &args.file, "write to FILE"),
	CLI_FLAG('r', "reverse", &args.reverse, "the other way round"),
	CLI_LAST,
};

static const struct cli_command commands[] = {
	{.name = "list",
	 .operands = "",
	 .summary = "list what is there",
	 .opts = list_opts,
	 .run = show_args},
	{.name = "merge",
	 .operands = "INTO OTHER...",
	 .summary = "merge others into one",
	 .min_operands = 2,
	 .max_operands = -1,
	 .run = show_args},
	{.name = "needs",
	 .operands = "[FILE...]",
	 .summary = "take every standard option",
	 .needs = CLI_STORE | CLI_FILTER | CLI_REPLAY | CLI_LISTS | CLI_ACTOR,
	 .max_operands = -1,
	 .run = show_needs},
	{.name = "refuse",
	 .operands = "[WHO]",
	 .summary = "always fail",
	 .max_operands = 1,
	 .run = fail_refused},
	{.name = "secret",
	 .operands = "",
	 .summary = "not shown",
	 .run = show_args,
	 .hidden = true},
	{.run = NULL},
};

static const struct cli_example examples[] = {
	{"oncall-sample list --status all", "list all"},
	{"oncall-sample needs detections.jsonl | jq .", "say what's needed"},
	{NULL, NULL},
};

static const struct cli_tool sample = {
	.name = "oncall-sample",
	.summary = "a program for tests",
	.commands = commands,
	.examples = examples,
};

static inline void read_back(int fd, char out[SAID_MAX])
{
	ssize_t n = pread(fd, out, SAID_MAX - 1, 0);

	assert_true(n >= 0 && (size_t)n < SAID_MAX - 1);
	out[n] = '\0';
	(void)close(fd);
}

/* Runs the program in a child, since a table is filled once in a process. */
static inline void run_tool(struct said *said, const struct cli_tool *tool,
			    int argc, char **argv)
{
	int out = memfd_create("out", 0), errors = memfd_create("errors", 0);
	int status;
	pid_t pid;

	assert_true(out >= 0 && errors >= 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(out, STDOUT_FILENO);
		(void)dup2(errors, STDERR_FILENO);
		exit(cli_main(tool, argc, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	said->status = WEXITSTATUS(status);
	read_back(out, said->out);
	read_back(errors, said->errors);
}

static inline void run_args(struct said *said, const struct cli_tool *tool,
			    const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	run_tool(said, tool, argc, (char **)(uintptr_t)argv);
}

#define RUN_TOOL(said, tool, ...) \
	run_args(said, tool, (const char *const[]){__VA_ARGS__, NULL})
#define RUN(said, ...) RUN_TOOL(said, &sample, "oncall-sample", __VA_ARGS__)

static inline void has(const char *text, const char *part, bool want,
		       const char *file, int line)
{
	if (!strstr(text, part) != want)
		return;
	print_error("'%s' %s '%s'\n", text, want ? "lacks" : "has", part);
	_fail(file, line);
}

static inline void fails(const struct said *said, int status, const char *part,
			 const char *file, int line)
{
	has(said->errors, part, true, file, line);
	if (said->status == status && !*said->out)
		return;
	print_error("status %d, output '%s'\n", said->status, said->out);
	_fail(file, line);
}

#define assert_has(text, part)	 has(text, part, true, __FILE__, __LINE__)
#define assert_lacks(text, part) has(text, part, false, __FILE__, __LINE__)
/* The run failed with this status and message, and wrote nothing. */
#define assert_fails(said, want, part) \
	fails(said, want, part, __FILE__, __LINE__)

#endif
