/*
 * proc-child.c - what the child does between fork and exec. Only calls that
 * are safe there; whatever fails is told through the pipe of notes, which exec
 * closes.
 */
#include "proc-internal.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

NORETURN static void fail(enum proc_stage stage)
{
	proc_note(PROC_NOTE_FAILED, stage, errno);
	_exit(127);
}

static void reset_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};

	for (int signo = 1; signo < NSIG; signo++) /* KILL and STOP refuse */
		(void)sigaction(signo, &sa, NULL);
}

static void become_user(const struct proc_plan *plan)
{
	if (!plan->switch_user)
		return;
	if (setgroups((size_t)plan->group_count, plan->groups) ||
	    setresgid(plan->gid, plan->gid, plan->gid) ||
	    setresuid(plan->uid, plan->uid, plan->uid))
		fail(PROC_STAGE_USER);
}

/* Lowers a limit; above the soft one there is room for spare, so that the
 * signal of the soft limit comes before the KILL of the hard one. */
static void lower(unsigned which, uint64_t value, rlim_t spare)
{
	struct rlimit lim;

	if (!value)
		return;
	if (getrlimit(which, &lim))
		fail(PROC_STAGE_LIMITS);
	if (value < lim.rlim_max && lim.rlim_max - value > spare)
		lim.rlim_max = value + spare;
	lim.rlim_cur = value < lim.rlim_max ? value : lim.rlim_max;
	if (setrlimit(which, &lim))
		fail(PROC_STAGE_LIMITS);
}

static void set_limits(const struct proc_limits *limits)
{
	lower(RLIMIT_CPU, limits->cpu_seconds, 1);
	lower(RLIMIT_FSIZE, limits->file_bytes, 0);
	lower(RLIMIT_NOFILE, limits->open_files, 0);
	lower(RLIMIT_AS, limits->memory_bytes, 0);
}

void proc_child(const struct proc_plan *plan)
{
	sigset_t none;

	if (setsid() < 0)
		fail(PROC_STAGE_FORK);
	reset_signals();
	(void)umask(plan->umask);
	become_user(plan);
	if (plan->dir && chdir(plan->dir))
		fail(PROC_STAGE_DIR);
	set_limits(&plan->limits);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(plan->path, plan->argv, plan->env);
	fail(PROC_STAGE_EXEC);
}
