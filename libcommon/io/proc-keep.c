/*
 * proc-keep.c - the work of a keeper: adopts, reaps, and ends the family. The
 * process that does it may be a fork without exec, so that only what is safe
 * there is called.
 */
#include "proc-internal.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

/* clock.c may hold a lock of a thread that does not exist here. */
static int64_t now_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void tell(const struct proc_keep *k, enum proc_note_kind kind, int value)
{
	const struct proc_note note = {.kind = kind, .value = value};

	k->tell(k->arg, &note);
}

int proc_keep_init(struct proc_keep *k, int64_t grace_ms)
{
	sigset_t set;

	*k = (struct proc_keep){.leashed = true, .grace_ms = grace_ms};
	k->self = getpid();
	/* Ignored, it would make the kernel throw the statuses away. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	k->children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->children < 0)
		return -1;
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

bool proc_keep_start(struct proc_keep *k, const struct proc_plan *plan)
{
	struct proc_note failure;

	k->program = proc_spawn(plan, &failure);
	if (k->program < 0) {
		k->tell(k->arg, &failure);
		return false;
	}
	if (plan->report < 0)
		tell(k, PROC_NOTE_STARTED, k->program);
	return true;
}

/* Reaps what has ended; false when no child is left. */
static bool reap(struct proc_keep *k)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (pid != k->program || k->ended)
			continue;
		k->ended = true;
		tell(k, PROC_NOTE_ENDED, status);
	}
	return pid == 0;
}

static int send_all(const struct proc_keep *k, int signo)
{
	return proc_family_signal(k->self, k->program, signo);
}

static void begin_term(struct proc_keep *k, int64_t now)
{
	(void)send_all(k, SIGTERM);
	k->phase = PROC_PHASE_TERM;
	k->until = now + k->grace_ms;
}

static void go_on_killing(struct proc_keep *k, int64_t now)
{
	int found = send_all(k, SIGKILL);

	if (k->told || now < k->until)
		return;
	k->told = true;
	tell(k, PROC_NOTE_SURVIVORS, found);
}

static void advance(struct proc_keep *k)
{
	int64_t now = now_ms();

	switch (k->phase) {
	case PROC_PHASE_RUN:
		if (!k->leashed) {
			begin_term(k, now);
		} else if (k->ended) {
			k->phase = PROC_PHASE_SETTLE;
			k->until = now + PROC_SETTLE_MS;
		}
		break;
	case PROC_PHASE_SETTLE:
		if (k->leashed && now < k->until)
			break;
		tell(k, PROC_NOTE_LEFT, 0);
		begin_term(k, now);
		break;
	case PROC_PHASE_TERM:
		if (now < k->until)
			break;
		k->phase = PROC_PHASE_KILL;
		k->until = now + PROC_GIVE_UP_MS;
		go_on_killing(k, now);
		break;
	case PROC_PHASE_KILL:
		go_on_killing(k, now);
		break;
	}
}

bool proc_keep_turn(struct proc_keep *k)
{
	if (!reap(k))
		return false;
	advance(k);
	return true;
}

int proc_keep_pause(const struct proc_keep *k)
{
	int64_t left = k->until - now_ms();

	if (k->phase == PROC_PHASE_RUN)
		return -1;
	if (k->phase == PROC_PHASE_KILL)
		return k->told ? PROC_GIVE_UP_MS : PROC_KILL_EVERY_MS;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

void proc_keep_hear(const struct proc_keep *k)
{
	struct signalfd_siginfo info;

	while (read(k->children, &info, sizeof(info)) > 0)
		;
}
