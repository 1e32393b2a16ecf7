/* proc.c - the caller's side: starts the keeper or is it, reads what the
 * program says, and lets the family be ended when it is time. */
#include "proc-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <oncall/clock.h>
#include <oncall/signals.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define READ_CHUNK  ((size_t)64 * 1024)
#define DRAIN_MAX   ((size_t)4 * 1024 * 1024) /* more than a pipe can hold */
#define SWEEPS_MAX  200			      /* when the keeper was killed */
#define OVERTIME_MS 2000 /* for a keeper that does not end in time */

enum { OUT, ERRORS, STREAMS };

struct run {
	const struct proc_options *opt;
	struct proc_result *ret;
	struct proc_plan plan;
	struct proc_capture capture[STREAMS];
	struct proc_note failure; /* kind PROC_NOTE_FAILED when there is one */
	sigset_t mask;		  /* as it was, while signals are held back */
	sigset_t waiting;	  /* where they are let in */
	bool holding;
	struct proc_keep keep; /* its work, when we are the keeper */
	pid_t keeper;
	pid_t program;
	bool ended; /* the program did, with this status */
	int status;
	bool closed; /* the keeper is gone, and with it the family */
	bool gone;   /* nothing more will come */
	bool let_go; /* the family was told to end */
	int64_t start;
	int64_t limit; /* for the keeper to end the family, once told to */
	int output[STREAMS];
	int report;
	int leash;
};

static void run_init(struct run *run, const struct proc_options *opt,
		     struct proc_result *ret)
{
	size_t max = opt->output_max ? opt->output_max : PROC_OUTPUT_MAX;

	*ret = (struct proc_result){.status = 0};
	*run = (struct run){
		.opt = opt,
		.ret = ret,
		.start = clock_mono(),
		.keep = {.children = -1},
		.output = {-1, -1},
		.report = -1,
		.leash = -1,
	};
	for (int i = 0; i < STREAMS; i++)
		proc_capture_init(&run->capture[i], max);
}

static void run_done(struct run *run)
{
	if (run->holding)
		(void)sigprocmask(SIG_SETMASK, &run->mask, NULL);
	proc_plan_done(&run->plan);
	for (int i = 0; i < STREAMS; i++) {
		proc_capture_done(&run->capture[i]);
		proc_shut(&run->output[i]);
	}
	proc_shut(&run->report);
	proc_shut(&run->leash);
	proc_shut(&run->keep.children);
	if (run->opt->started && !run->ret->survivors)
		*run->opt->started = 0;
}

/* A pipe whose reading end never blocks us. */
static int open_pipe(int *ret_read, int *ret_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	*ret_read = fds[0];
	*ret_write = fds[1];
	return fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

static int write_all(int fd, struct slice s)
{
	ssize_t n;

	while (s.len) {
		n = write(fd, s.ptr, s.len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			s = (struct slice){s.ptr + n, s.len - (size_t)n};
	}
	return 0;
}

/* The input stands in a nameless file: nobody has to feed it, so a program
 * that does not read can neither block us nor end us with SIGPIPE. */
static int open_input(struct slice input)
{
	int fd;

	if (!input.len)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("oncall-input", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!write_all(fd, input) && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int run_open(struct run *run, struct err *err)
{
	struct proc_plan *plan = &run->plan;

	plan->input = open_input(run->opt->input);
	if (plan->input < 0)
		return err_sys(err, errno, "cannot make the input of '%s'",
			       plan->argv[0]);
	if (open_pipe(&run->output[OUT], &plan->output[OUT]) ||
	    open_pipe(&run->output[ERRORS], &plan->output[ERRORS]) ||
	    (!run->opt->here && (open_pipe(&run->report, &plan->report) ||
				 open_pipe(&plan->leash, &run->leash))))
		return err_sys(err, errno, "cannot make pipes for '%s'",
			       plan->argv[0]);
	return 0;
}

static void take_note(void *arg, const struct proc_note *note)
{
	struct run *run = arg;

	switch (note->kind) {
	case PROC_NOTE_STARTED:
		run->program = note->value;
		break;
	case PROC_NOTE_FAILED:
		run->failure = *note;
		break;
	case PROC_NOTE_ENDED:
		run->ended = true;
		run->status = note->value;
		break;
	case PROC_NOTE_LEFT:
		run->ret->left_family = true;
		break;
	case PROC_NOTE_SURVIVORS:
		run->ret->survivors = (unsigned)note->value;
		run->gone = true;
		break;
	}
}

/* We are the keeper. What a fork of us has to be kept from, a child that
 * becomes the program at once has not. */
static int start_here(struct run *run, struct err *err)
{
	if (proc_keep_init(&run->keep, run->plan.grace_ms))
		return err_sys(err, errno, "cannot start '%s'",
			       run->plan.argv[0]);
	(void)sigaddset(&run->waiting, SIGCHLD);
	run->keep.tell = take_note;
	run->keep.arg = run;
	run->gone = !proc_keep_start(&run->keep, &run->plan);
	return 0;
}

static int start_keeper(struct run *run, struct err *err)
{
	run->keeper = fork();
	if (run->keeper < 0)
		return err_sys(err, errno, "cannot fork for '%s'",
			       run->plan.argv[0]);
	if (!run->keeper)
		proc_keeper(&run->plan);
	return 0;
}

static int run_start(struct run *run, struct err *err)
{
	sigset_t all;

	if (signals_stop()) {
		run->ret->stopped = true;
		return err_set(err, ERR_SYSTEM,
			       "'%s' was not started: asked to stop",
			       run->plan.argv[0]);
	}
	/* No handler of ours may run in the child. Here signals are let in
	 * where they end the waiting, so that none is overslept. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &run->mask);
	run->waiting = run->mask;
	run->holding = true;
	if (run->opt->here ? start_here(run, err) : start_keeper(run, err))
		return -1;
	proc_plan_shut(&run->plan);
	return 0;
}

static void read_notes(struct run *run)
{
	struct proc_note note;
	ssize_t n;

	while ((n = read(run->report, &note, sizeof(note))) == sizeof(note))
		take_note(run, &note);
	if (n == 0)
		run->closed = run->gone = true;
}

/* False when there is nothing more for now; the end closes our side. */
static bool read_output(struct run *run, int which, size_t *ret_n)
{
	char chunk[READ_CHUNK];
	ssize_t n = read(run->output[which], chunk, sizeof(chunk));

	if (n == 0)
		proc_shut(&run->output[which]);
	if (n <= 0)
		return false;
	proc_capture_add(&run->capture[which], chunk, (size_t)n);
	*ret_n = (size_t)n;
	return true;
}

/* What is still in the pipe. Its other end may be held by somebody outside of
 * the family who goes on writing, hence the maximum. */
static void drain_output(struct run *run, int which)
{
	size_t all = 0;
	size_t n;

	while (run->output[which] >= 0 && all < DRAIN_MAX &&
	       read_output(run, which, &n))
		all += n;
}

/* A signal that is pending does not end a poll() that has something to say,
 * so that a program that never stops talking could keep us from stopping. */
static void let_signals_in(const struct run *run)
{
	sigset_t all;

	(void)sigprocmask(SIG_SETMASK, &run->waiting, &all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

/* Lets go of the family when it is time to. */
static void run_advance(struct run *run)
{
	int64_t timeout = run->opt->timeout_ms;
	int64_t now = clock_mono();

	if (run->let_go) {
		run->gone = run->gone || now >= run->limit;
		return;
	}
	if (signals_stop())
		run->ret->stopped = true;
	else if (!run->ended && timeout > 0 && now - run->start >= timeout)
		run->ret->timed_out = true;
	else
		return;
	run->let_go = true;
	run->keep.leashed = false;
	proc_shut(&run->leash);
	run->limit = now + run->plan.grace_ms + PROC_GIVE_UP_MS + OVERTIME_MS;
}

/* Milliseconds until there is something to do, -1: nothing. */
static int64_t run_pause(const struct run *run)
{
	int64_t keep = run->opt->here ? proc_keep_pause(&run->keep) : -1;
	int64_t until = run->start + run->opt->timeout_ms;
	int64_t left;

	if (run->let_go)
		until = run->limit;
	else if (run->opt->timeout_ms <= 0 || run->ended)
		return keep;
	left = until - clock_mono();
	if (left < 0)
		left = 0;
	return keep >= 0 && keep < left ? keep : left;
}

static void run_wait(struct run *run)
{
	int64_t ms = run_pause(run);
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
	struct pollfd fds[] = {
		{.fd = run->output[OUT], .events = POLLIN},
		{.fd = run->output[ERRORS], .events = POLLIN},
		{.fd = run->opt->here ? run->keep.children : run->report,
		 .events = POLLIN},
	};
	size_t n;

	if (ppoll(fds, ARRAY_LEN(fds), ms < 0 ? NULL : &pause, &run->waiting) <=
	    0)
		return;
	for (int i = 0; i < STREAMS; i++)
		if (fds[i].revents)
			(void)read_output(run, i, &n);
	if (!fds[STREAMS].revents)
		return;
	if (run->opt->here)
		proc_keep_hear(&run->keep);
	else
		read_notes(run);
}

unsigned proc_sweep(pid_t keeper, pid_t program)
{
	const struct timespec pause = {
		.tv_nsec = PROC_KILL_EVERY_MS * 1000000L,
	};
	int left = 0;

	for (int i = 0; i < SWEEPS_MAX; i++) {
		left = proc_family_signal(keeper, program, SIGKILL);
		if (!left)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return (unsigned)left;
}

/* Somebody killed the keeper, or it hangs: what can still be known of the
 * family are those that stayed in the session. */
static void run_sweep(struct run *run)
{
	(void)kill(run->keeper, SIGKILL);
	if (run->program > 0)
		run->ret->survivors = proc_sweep(run->keeper, run->program);
}

/* The keeper ends when the last of the family has been reaped. */
static void run_reap(struct run *run)
{
	/* With survivors the keeper goes on trying, without us. */
	if (run->opt->here || run->ret->survivors)
		return;
	if (!run->closed ||
	    (!run->ended && run->failure.kind != PROC_NOTE_FAILED))
		run_sweep(run);
	while (waitpid(run->keeper, NULL, 0) < 0 && errno == EINTR)
		;
}

static int run_failed(const struct run *run, struct err *err)
{
	const struct proc_options *opt = run->opt;
	const char *name = run->plan.argv[0];
	int errnum = run->failure.value;

	switch (run->failure.stage) {
	case PROC_STAGE_KEEPER:
	case PROC_STAGE_FORK:
		return err_sys(err, errnum, "cannot start '%s'", name);
	case PROC_STAGE_USER:
		return err_sys(err, errnum, "cannot run '%s' as user '%s'",
			       name, opt->user);
	case PROC_STAGE_DIR:
		return err_sys(err, errnum, "cannot run '%s' in folder '%s'",
			       name, opt->dir);
	case PROC_STAGE_LIMITS:
		return err_sys(err, errnum, "cannot set the limits of '%s'",
			       name);
	case PROC_STAGE_EXEC:
		break;
	}
	return err_sys(err, errnum, "cannot run '%s'%s%s%s", run->plan.path,
		       opt->user ? " as user '" : "",
		       opt->user ? opt->user : "", opt->user ? "'" : "");
}

static void run_result(struct run *run)
{
	struct proc_result *ret = run->ret;
	int status = run->ended ? run->status : SIGKILL;

	for (int i = 0; i < STREAMS; i++)
		drain_output(run, i);
	proc_capture_finish(&run->capture[OUT], &ret->out);
	proc_capture_finish(&run->capture[ERRORS], &ret->errors);
	ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ret->status = ret->signal ? 128 + ret->signal : WEXITSTATUS(status);
	ret->duration_ms = clock_mono() - run->start;
}

static int run_watch(struct run *run, struct err *err)
{
	while (!run->gone) {
		let_signals_in(run);
		run_advance(run);
		if (run->opt->here && !run->gone)
			run->gone = !proc_keep_turn(&run->keep) || run->gone;
		if (!run->gone)
			run_wait(run);
	}
	run_reap(run);
	if (run->failure.kind == PROC_NOTE_FAILED)
		return run_failed(run, err);
	if (run->program <= 0)
		return err_set(err, ERR_SYSTEM, "cannot start '%s'",
			       run->plan.argv[0]);
	run_result(run);
	return 0;
}

int proc_run(const struct proc_options *opt, struct proc_result *ret,
	     struct err *err)
{
	struct run run;
	int rc;

	run_init(&run, opt, ret);
	rc = proc_plan_make(&run.plan, opt, err);
	if (!rc)
		rc = run_open(&run, err);
	if (!rc)
		rc = run_start(&run, err);
	if (!rc)
		rc = run_watch(&run, err);
	run_done(&run);
	return rc;
}

void proc_result_done(struct proc_result *r)
{
	free(r->out.text);
	free(r->errors.text);
	*r = (struct proc_result){.status = 0};
}
