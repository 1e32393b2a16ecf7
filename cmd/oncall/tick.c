/*
 * tick.c - oncall tick: what cron calls. Every stage that a pipe may have left
 * behind is brought up to date, one after the other, each one even when another
 * has failed.
 */
#include "oncall.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <oncall/diag.h>
#include <oncall/signals.h>

#define WORDS_MAX 10 /* of a command */

const struct cli_opt tick_opts[] = {
	CLI_STR(0, "config", "FILE", &config_option,
		"read FILE instead of the usual files"),
	CLI_STR(0, "store", "ADDRESS", &store_option,
		"a database file, or postgresql://..."),
	CLI_LAST,
};

/* Records of a stage are for the next one in a pipe; here it reads the store.
 * What is written are the messages, and what became of them. */
struct stage {
	const char *file;
	const char *words[3];
	bool shown; /* its standard output is ours */
	bool sends; /* it may not be installed, and needs targets */
};

static const struct stage stages[] = {
	{"oncall-kb", {"match", "--pending"}, false, false},
	{"oncall-triage", {"--pending"}, false, false},
	{"oncall-act", {"run", "--pending"}, false, false},
	{"oncall-incident", {"tick"}, true, false},
	{"chatops-send", {"--flush"}, true, true},
};

/* Becomes the stage; only returns when it cannot. */
static int become(const struct stage *st, const char *path)
{
	const char *argv[WORDS_MAX] = {st->file};
	size_t n = 1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_LEN(st->words) && st->words[i]; i++)
		argv[n++] = st->words[i];
	if (config_option) {
		argv[n++] = "--config";
		argv[n++] = config_option;
	}
	if (store_option) {
		argv[n++] = "--store";
		argv[n++] = store_option;
	}
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    (!st->shown && dup2(null, STDOUT_FILENO) < 0))
		return -1;
	/* The words are not changed. */
	return execv(path, (char *const *)(uintptr_t)argv);
}

static int wait_for(pid_t pid, const struct stage *st)
{
	bool passed = false;
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_exit_status(ERR_SYSTEM);
		if (signals_stop() && !passed)
			(void)kill(pid, SIGTERM);
		passed |= signals_stop() != 0;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (signals_stop())
		return 128 + signals_stop();
	diag_error("%s was ended by signal %d", st->file, WTERMSIG(status));
	return err_exit_status(ERR_SYSTEM);
}

static int run_stage(const struct stage *st, bool targets)
{
	AUTO_FREE char *path = program_path(st->file);
	pid_t pid;

	if (st->sends && (!path || !targets))
		return 0;
	if (!path) {
		diag_error("there is no program '%s'", st->file);
		return err_exit_status(ERR_SYSTEM);
	}
	pid = fork();
	if (pid < 0) {
		diag_error("cannot start '%s': %s", path, strerror(errno));
		return err_exit_status(ERR_SYSTEM);
	}
	if (pid == 0) {
		(void)become(st, path);
		diag_error("cannot run '%s': %s", path, strerror(errno));
		_exit(err_exit_status(ERR_SYSTEM));
	}
	return wait_for(pid, st);
}

int tick_run(int argc, char **argv, struct err *err)
{
	AUTO_CONFIG struct config *c = NULL;
	bool targets;
	int status = 0;

	(void)argc;
	(void)argv;
	if (load_config(&c, err) < 0)
		return -1;
	targets = config_item(c, "targets", 0) != NULL;
	signals_install();
	for (size_t i = 0; i < ARRAY_LEN(stages) && !signals_stop(); i++)
		status = err_worse_status(status,
					  run_stage(&stages[i], targets));
	return signals_stop() ? err_worse_status(status, 128 + signals_stop())
			      : status;
}
