/*
 * proc.h - runs a program and makes sure that it is gone afterwards.
 *
 * The child gets argv, never a shell, and a session and process group of its
 * own. Between this process and the program stands a small keeper process, the
 * child subreaper of all that the program starts, so that grandchildren that
 * detached themselves are found and ended too, and other children of this
 * process never are. At the deadline, on a clean stop, or when this process is
 * killed, the whole family gets TERM, after the grace KILL, until none is left.
 *
 * A process that has no other children can be the keeper itself, which saves a
 * fork for each program.
 */
#ifndef ONCALL_PROC_H
#define ONCALL_PROC_H

#include <oncall/buf.h>
#include <sys/types.h>

#define PROC_GRACE_MS	5000
#define PROC_OUTPUT_MAX ((size_t)64 * 1024)

struct proc_limits { /* 0: as this process has it */
	uint64_t cpu_seconds;
	uint64_t memory_bytes;
	uint64_t file_bytes;
	uint64_t open_files;
};

/* What is 0 or NULL has its default. */
struct proc_options {
	/* Ended by NULL; argv[0] is looked up in PATH. */
	const char *const *argv;
	const char *const *env; /* "NAME=value", ended by NULL; NULL: inherit */
	const char *dir;	/* NULL: stay */
	const char *user;	/* run as; NULL: stay. Groups are set as well */
	struct slice input;	/* standard input; empty: /dev/null */
	int64_t timeout_ms;	/* 0: none */
	int64_t grace_ms;	/* TERM to KILL; 0: PROC_GRACE_MS */
	size_t output_max;	/* each of stdout, stderr; 0: PROC_OUTPUT_MAX */
	struct proc_limits limits;
	mode_t umask; /* 0: 022 */
	/* This process is the keeper: it becomes a child subreaper for good,
	 * SIGCHLD gets its default, and all its children are taken for the
	 * program's family. Survivors stay its children. When it is killed, the
	 * program is, too, but not what that has started. */
	bool here;
	/* Gets the pid of the program, which is that of its session as well,
	 * before it runs; 0 when all have ended. Or NULL. */
	pid_t *started;
};

/* What a stream said: the first and the last part when there was too much. */
struct proc_output {
	char *text; /* head, "\n[... N bytes left out ...]\n", tail */
	size_t len;
	uint64_t total; /* bytes that the program wrote */
};

struct proc_result {
	int status; /* exit status, or 128+signal */
	int signal; /* that ended it, or 0 */
	bool timed_out;
	bool stopped;	    /* by our own INT or TERM */
	bool left_family;   /* processes outlived the program and were ended */
	unsigned survivors; /* could not be ended: not ours to, or stuck */
	int64_t duration_ms;
	struct proc_output out;
	struct proc_output errors;
};

/*
 * 0 when the program ran (whatever its status), -1 when it could not be
 * started; what is wrong with the setup (user, directory, program) is named.
 * When a stop has been asked for already, nothing is started. A name without
 * '/' is looked up in the PATH of env, or in ours when it has none; one with
 * '/' is taken from dir.
 */
int proc_run(const struct proc_options *opt, struct proc_result *ret,
	     struct err *err) MUST_CHECK;
void proc_result_done(struct proc_result *r);

/* When who kept a program was killed: KILL for all that still descends from
 * that keeper or stands in the program's session, until none is left. How many
 * could not be ended. */
unsigned proc_sweep(pid_t keeper, pid_t program);

#endif
