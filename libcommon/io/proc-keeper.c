/*
 * proc-keeper.c - the process between us and the program. It is a fork without
 * exec, so it calls only what is safe there, and leaves by _exit().
 */
#include "proc-internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

static void write_note(void *arg, const struct proc_note *note)
{
	(void)arg;
	/* When the caller is gone, nobody is left to be told. */
	if (write(PROC_FD_REPORT, note, sizeof(*note)) < 0)
		return;
}

NORETURN static void fail(int errnum)
{
	const struct proc_note note = {PROC_NOTE_FAILED, PROC_STAGE_KEEPER,
				       errnum};

	write_note(NULL, &note);
	_exit(1);
}

static void setup(struct proc_keep *k, struct proc_plan *plan)
{
	int fds[] = {plan->input, plan->output[0], plan->output[1],
		     plan->report, plan->leash};

	if (proc_place_fds(fds, ARRAY_LEN(fds)))
		_exit(1);
	plan->input = 0;
	plan->output[0] = 1;
	plan->output[1] = 2;
	plan->report = PROC_FD_REPORT;
	/* An own session: what is sent to the caller's group, by a terminal or
	 * by timeout(1), must not end the one that cleans up. */
	if (setsid() < 0 || proc_keep_init(k, plan->grace_ms))
		fail(errno);
	k->tell = write_note;
	(void)prctl(PR_SET_NAME, "oncall-keeper", 0, 0, 0);
}

static void await_news(struct proc_keep *k)
{
	struct pollfd fds[2] = {
		{.fd = k->children, .events = POLLIN},
		{.fd = k->leashed ? PROC_FD_LEASH : -1},
	};

	if (poll(fds, ARRAY_LEN(fds), proc_keep_pause(k)) <= 0)
		return;
	if (fds[1].revents)
		k->leashed = false;
	proc_keep_hear(k);
}

void proc_keeper(const struct proc_plan *plan)
{
	struct proc_plan placed = *plan;
	struct proc_keep k;

	setup(&k, &placed);
	if (!proc_keep_start(&k, &placed))
		_exit(1);
	for (int fd = 0; fd < PROC_FD_REPORT; fd++)
		(void)close(fd);
	while (proc_keep_turn(&k))
		await_news(&k);
	_exit(0);
}
