/*
 * proc-keeper.c - the process between us and the program: adopts, reaps, and
 * ends the family. It is a fork without exec, so it calls only what is safe
 * there, and leaves by _exit().
 */
#include "proc-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum phase {
	PHASE_RUN,    /* the program runs */
	PHASE_SETTLE, /* it ended; others may be ending too */
	PHASE_TERM,   /* all were asked to end */
	PHASE_KILL,
};

struct keeper {
	enum phase phase;
	pid_t self;
	pid_t program;
	bool ended;    /* the program did */
	bool leashed;  /* the caller is there and wants us to go on */
	bool told;     /* survivors were reported */
	int64_t until; /* end of the phase, or when to report survivors */
	int64_t grace_ms;
	int children; /* signalfd */
};

/* clock.c may hold a lock of a thread that does not exist here. */
static int64_t now_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void proc_note(enum proc_note_kind kind, enum proc_stage stage, int value)
{
	struct proc_note note = {kind, stage, value};

	/* When the caller is gone, nobody is left to be told. */
	if (write(PROC_FD_REPORT, &note, sizeof(note)) < 0)
		return;
}

NORETURN static void keeper_fail(int errnum)
{
	proc_note(PROC_NOTE_FAILED, PROC_STAGE_KEEPER, errnum);
	_exit(1);
}

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

/* Standard streams and pipes get their places; all else is closed. They are
 * moved out of the way first, since any of them may sit on another's place. */
static void keeper_place_fds(const struct proc_plan *plan)
{
	int fds[] = {plan->input, plan->output[0], plan->output[1],
		     plan->report, plan->leash};
	int count = (int)ARRAY_LEN(fds);
	int flags;

	for (int i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, PROC_FD_FIRST);
		if (fds[i] < 0)
			_exit(1);
	}
	for (int i = 0; i < count; i++) {
		flags = i < PROC_FD_REPORT ? 0 : O_CLOEXEC;
		if (dup3(fds[i], i, flags) < 0)
			_exit(1);
	}
	close_above(PROC_FD_FIRST);
}

static void keeper_setup(struct keeper *k, const struct proc_plan *plan)
{
	sigset_t set;

	keeper_place_fds(plan);
	/* An own session: what is sent to the caller's group, by a terminal or
	 * by timeout(1), must not end the one that cleans up. */
	if (setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		keeper_fail(errno);
	(void)prctl(PR_SET_NAME, "oncall-keeper", 0, 0, 0);
	/* Ignored, it would make the kernel throw the statuses away. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	k->children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->children < 0)
		keeper_fail(errno);
	k->self = getpid();
}

static void keeper_start(struct keeper *k, const struct proc_plan *plan)
{
	k->program = fork();
	if (k->program < 0) {
		proc_note(PROC_NOTE_FAILED, PROC_STAGE_FORK, errno);
		_exit(1);
	}
	if (!k->program)
		proc_child(plan);
	proc_note(PROC_NOTE_STARTED, 0, k->program);
	for (int fd = 0; fd < PROC_FD_REPORT; fd++)
		(void)close(fd);
}

/* Reaps what has ended; false when no child is left. */
static bool keeper_reap(struct keeper *k)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (pid != k->program || k->ended)
			continue;
		k->ended = true;
		proc_note(PROC_NOTE_ENDED, 0, status);
	}
	return pid == 0;
}

static int keeper_signal(const struct keeper *k, int signo)
{
	return proc_family_signal(k->self, k->program, signo);
}

static void keeper_term(struct keeper *k, int64_t now)
{
	(void)keeper_signal(k, SIGTERM);
	k->phase = PHASE_TERM;
	k->until = now + k->grace_ms;
}

static void keeper_kill(struct keeper *k, int64_t now)
{
	int found = keeper_signal(k, SIGKILL);

	if (k->told || now < k->until)
		return;
	k->told = true;
	proc_note(PROC_NOTE_SURVIVORS, 0, found);
}

static void keeper_advance(struct keeper *k)
{
	int64_t now = now_ms();

	switch (k->phase) {
	case PHASE_RUN:
		if (!k->leashed) {
			keeper_term(k, now);
		} else if (k->ended) {
			k->phase = PHASE_SETTLE;
			k->until = now + PROC_SETTLE_MS;
		}
		break;
	case PHASE_SETTLE:
		if (k->leashed && now < k->until)
			break;
		proc_note(PROC_NOTE_LEFT, 0, 0);
		keeper_term(k, now);
		break;
	case PHASE_TERM:
		if (now < k->until)
			break;
		k->phase = PHASE_KILL;
		k->until = now + PROC_GIVE_UP_MS;
		keeper_kill(k, now);
		break;
	case PHASE_KILL:
		keeper_kill(k, now);
		break;
	}
}

static int keeper_pause(const struct keeper *k)
{
	int64_t left = k->until - now_ms();

	if (k->phase == PHASE_RUN)
		return -1;
	if (k->phase == PHASE_KILL)
		return k->told ? PROC_GIVE_UP_MS : PROC_KILL_EVERY_MS;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void keeper_wait(struct keeper *k)
{
	struct signalfd_siginfo info;
	struct pollfd fds[2] = {
		{.fd = k->children, .events = POLLIN},
		{.fd = k->leashed ? PROC_FD_LEASH : -1},
	};

	if (poll(fds, ARRAY_LEN(fds), keeper_pause(k)) <= 0)
		return;
	if (fds[1].revents)
		k->leashed = false;
	while (read(k->children, &info, sizeof(info)) > 0)
		;
}

void proc_keeper(const struct proc_plan *plan)
{
	struct keeper k = {.leashed = true, .grace_ms = plan->grace_ms};

	keeper_setup(&k, plan);
	keeper_start(&k, plan);
	while (keeper_reap(&k)) {
		keeper_advance(&k);
		keeper_wait(&k);
	}
	_exit(0);
}
