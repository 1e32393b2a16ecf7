/* cli.c - what happens around every command. */
#include <oncall/cli.h>
#include <oncall/diag.h>
#include <oncall/mem.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "cli-internal.h"

/* A narrower terminal wraps lines: squeezed further, titles say nothing. */
#define TABLE_LEAST 80

static struct {
	struct config *config;
	struct filter_options filter;
} state;

struct config *cli_config(void)
{
	return state.config;
}

const char *cli_store_address(void)
{
	const char *address =
		state.config ? config_str(state.config, "store") : NULL;

	return address && *address ? address : NULL;
}

const struct filter_options *cli_filter_options(void)
{
	return &state.filter;
}

bool cli_replay(void)
{
	return cli_standard.replay;
}

bool cli_records(void)
{
	return cli_standard.json ||
	       (!cli_standard.table && !isatty(STDOUT_FILENO));
}

const char *cli_as(void)
{
	return cli_standard.as;
}

void cli_table(struct show_table *t, struct buf *out)
{
	size_t width = 0;

	if (isatty(STDOUT_FILENO)) {
		width = show_width(STDOUT_FILENO);
		if (width < TABLE_LEAST)
			width = TABLE_LEAST;
	}
	show_table_print(t, out, width, show_colors(STDOUT_FILENO));
}

/*
 * Were a standard stream closed, the next file opened would take its number
 * and get what is meant for the stream. Each place is filled such that using
 * the stream fails as it does when closed.
 */
static void fill_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null",
				   fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* As the options and ONCALL_LOG_FORMAT say, as far as they are known. */
static int setup_diag(const char *tool, struct err *err)
{
	const char *form = cli_standard.log_format;
	enum diag_level most = DIAG_WARN;
	int rc = 0;

	if (!form)
		form = getenv("ONCALL_LOG_FORMAT");
	if (form && *form && strcmp(form, "json") != 0 &&
	    strcmp(form, "text") != 0)
		rc = err_set(err, ERR_USAGE,
			     "variable ONCALL_LOG_FORMAT: '%s' is not one of "
			     "text, json",
			     form);
	if (cli_standard.verbosity)
		most = cli_standard.verbosity > 1 ? DIAG_DEBUG : DIAG_INFO;
	if (cli_standard.quiet)
		most = DIAG_ERROR;
	diag_setup(tool, most, form && !strcmp(form, "json"));
	return rc;
}

int cli_config_again(struct config **ret, struct err *err)
{
	AUTO_CONFIG struct config *c = NULL;

	if (config_load(&c, cli_standard.config, err) < 0 ||
	    (cli_standard.store && config_set(c, "store", cli_standard.store,
					      "option --store", err) < 0))
		return -1;
	*ret = TAKE_PTR(c);
	return 0;
}

static int run_command(const struct cli_line *line, struct err *err)
{
	const struct cli_command *cmd = line->command;
	int status;

	if ((cli_needs_of(cmd) & CLI_CONFIG) &&
	    cli_config_again(&state.config, err) < 0)
		return -1;
	state.filter = (struct filter_options){
		.strict = cli_standard.strict,
		.errors_as_records = cli_standard.errors_as_records,
		.max_line = (size_t)cli_standard.max_line,
	};
	status = cmd->run(line->count, line->operands, err);
	config_free(TAKE_PTR(state.config));
	return status;
}

/* Help, or what --help=FORM asks for, on standard output. */
static int print_help(const struct cli_tool *tool,
		      const struct cli_command *cmd, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	if (cli_standard.help_form) {
		if (cli_emit(&out, tool, cli_standard.help_form, err) < 0)
			return -1;
	} else if (cmd && cmd->name) {
		cli_help_command(&out, tool, cmd);
	} else {
		cli_help_tool(&out, tool);
	}
	(void)fputs(buf_str(&out), stdout); /* checked at the end */
	return 0;
}

static int print_usage(const struct cli_tool *tool)
{
	AUTO_BUF struct buf out = BUF_INIT;

	cli_help_tool(&out, tool);
	(void)fputs(buf_str(&out), stderr);
	return err_exit_status(ERR_USAGE);
}

static int run_line(const struct cli_tool *tool, const struct cli_line *line,
		    struct err *err)
{
	if (line->fallback)
		return tool->fallback(line->count, line->operands, err);
	if (cli_standard.help)
		return print_help(tool, line->command, err);
	if (cli_standard.version) {
		(void)printf("%s %s\n", tool->name, ONCALL_VERSION);
		return 0;
	}
	if (!line->command)
		return print_usage(tool);
	return run_command(line, err);
}

/* Full disks and closed pipes may show up only here. */
static int check_stdout(struct err *err)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !failed)
		return 0;
	return err_sys(err, errno ? errno : EIO,
		       "cannot write standard output");
}

int cli_main(const struct cli_tool *tool, int argc, char **argv)
{
	struct cli_line line = {.command = NULL};
	struct err err = ERR_INIT, late = ERR_INIT;
	int status;

	fill_standard_streams();
	/* A file that may not grow is the same as a full disk. */
	(void)signal(SIGXFSZ, SIG_IGN);
	mem_init();
	cli_standard = (struct cli_standard){.help = false};
	diag_setup(tool->name, DIAG_WARN, false);
	status = cli_parse(tool, argc, argv, &line, &err);
	if (setup_diag(tool->name, &err) < 0)
		status = -1;
	if (status == 0)
		status = run_line(tool, &line, &err);
	free(line.operands);
	if (status < 0) {
		diag_error("%s", err.text);
		status = err_exit_status(err.kind);
	}
	if (check_stdout(&late) < 0) {
		diag_error("%s", late.text);
		status = err_worse_status(status, err_exit_status(late.kind));
	}
	return status;
}
