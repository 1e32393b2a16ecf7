/*
 * proc-child.c - from the fork to the program. The child shares our memory
 * until it has become the program, while we wait: no page is copied, which is
 * most of what a fork of a large process costs, and what fails is told by
 * writing it down. Only calls that are safe there; those of the C library that
 * change users are not, for they tell all threads of a process.
 */
#include "proc-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Where the plain calls know only the old 16 bits. */
#ifdef SYS_setresuid32
#define SET_GROUPS SYS_setgroups32
#define SET_GROUP  SYS_setresgid32
#define SET_USER   SYS_setresuid32
#else
#define SET_GROUPS SYS_setgroups
#define SET_GROUP  SYS_setresgid
#define SET_USER   SYS_setresuid
#endif

static void close_above(unsigned first)
{
	struct rlimit lim;

	if (!syscall(SYS_close_range, first, ~0U, 0))
		return;
	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur > 1U << 20)
		lim.rlim_cur = 1U << 20;
	for (rlim_t fd = first; fd < lim.rlim_cur; fd++)
		(void)close((int)fd);
}

/* They are moved out of the way first, since any of them may sit on another's
 * place. */
int proc_place_fds(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, (int)count);
		if (fds[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (dup3(fds[i], (int)i, i < PROC_FD_REPORT ? 0 : O_CLOEXEC) <
		    0)
			return -1;
	close_above((unsigned)count);
	return 0;
}

NORETURN static void fail(struct proc_note *ret, enum proc_stage stage)
{
	*ret = (struct proc_note){PROC_NOTE_FAILED, stage, errno};
	_exit(127);
}

static void reset_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};

	for (int signo = 1; signo < NSIG; signo++) /* KILL and STOP refuse */
		(void)sigaction(signo, &sa, NULL);
}

static int become_user(const struct proc_plan *plan)
{
	if (!plan->switch_user)
		return 0;
	if (syscall(SET_GROUPS, (size_t)plan->group_count, plan->groups) ||
	    syscall(SET_GROUP, plan->gid, plan->gid, plan->gid) ||
	    syscall(SET_USER, plan->uid, plan->uid, plan->uid))
		return -1;
	return 0;
}

/* Lowers a limit; above the soft one there is room for spare, so that the
 * signal of the soft limit comes before the KILL of the hard one. */
static int lower(unsigned which, uint64_t value, rlim_t spare)
{
	struct rlimit lim;

	if (!value)
		return 0;
	if (getrlimit(which, &lim))
		return -1;
	if (value < lim.rlim_max && lim.rlim_max - value > spare)
		lim.rlim_max = value + spare;
	lim.rlim_cur = value < lim.rlim_max ? value : lim.rlim_max;
	return setrlimit(which, &lim);
}

static int set_limits(const struct proc_limits *limits)
{
	if (lower(RLIMIT_CPU, limits->cpu_seconds, 1) ||
	    lower(RLIMIT_FSIZE, limits->file_bytes, 0) ||
	    lower(RLIMIT_NOFILE, limits->open_files, 0) ||
	    lower(RLIMIT_AS, limits->memory_bytes, 0))
		return -1;
	return 0;
}

/* Who is killed, and with that can end nothing any more, takes the program
 * along. A change of the user takes that back, so it comes after one. */
static void die_with(pid_t keeper)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != keeper)
		_exit(127);
}

/* The program may end the keeper before that has run again. */
static void tell_start(const struct proc_plan *plan)
{
	const struct proc_note note = {.kind = PROC_NOTE_STARTED,
				       .value = getpid()};

	if (plan->report >= 0 &&
	    write(PROC_FD_REPORT, &note, sizeof(note)) != sizeof(note))
		return; /* nobody is left to be told */
}

NORETURN static void child(const struct proc_plan *plan, pid_t keeper,
			   struct proc_note *failure)
{
	int fds[] = {plan->input, plan->output[0], plan->output[1],
		     plan->report};
	size_t count = ARRAY_LEN(fds) - (plan->report < 0);
	sigset_t none;

	if (plan->started)
		*plan->started = getpid();
	if (setsid() < 0 || proc_place_fds(fds, count))
		fail(failure, PROC_STAGE_FORK);
	reset_signals();
	(void)umask(plan->umask);
	if (become_user(plan))
		fail(failure, PROC_STAGE_USER);
	die_with(keeper);
	if (plan->dir && chdir(plan->dir))
		fail(failure, PROC_STAGE_DIR);
	if (set_limits(&plan->limits))
		fail(failure, PROC_STAGE_LIMITS);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	tell_start(plan);
	(void)execve(plan->path, plan->argv, plan->env);
	fail(failure, PROC_STAGE_EXEC);
}

pid_t proc_spawn(const struct proc_plan *plan, struct proc_note *ret_failure)
{
	pid_t keeper = getpid();
	pid_t pid;

	*ret_failure = (struct proc_note){.kind = PROC_NOTE_STARTED};
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid = vfork();
	if (pid == 0) /* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		child(plan, keeper, ret_failure);
	if (pid < 0) {
		*ret_failure = (struct proc_note){PROC_NOTE_FAILED,
						  PROC_STAGE_FORK, errno};
		return -1;
	}
	if (ret_failure->kind != PROC_NOTE_FAILED)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -1;
}
