/* child.c - the caller's side of a keeper (proc-internal.h) whose program is
 * read from, not waited for. */
#include <oncall/child.h>

#include "proc-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

/* Between the end of the output and that of the program. */
#define LINGER_MS 2000
/* For a keeper that does not end in time. */
#define OVERTIME_MS (CHILD_GRACE_MS + PROC_GIVE_UP_MS + 2000)

enum { OUT, ERRORS, STREAMS };

struct child {
	char *name;
	pid_t keeper;
	int output[STREAMS];
	int report;
	int leash;
	int ready; /* epoll: both outputs */
	struct buf errors;
	struct proc_note end; /* how it ended */
	bool ended;
};

static int pipe_to(int *ret_read, int *ret_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	*ret_read = fds[0];
	*ret_write = fds[1];
	return fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

static int watch(const struct child *c, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(c->ready, EPOLL_CTL_ADD, fd, &event);
}

static int child_open(struct child *c, struct proc_plan *plan, struct err *err)
{
	plan->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	c->ready = epoll_create1(EPOLL_CLOEXEC);
	if (plan->input < 0 || c->ready < 0 ||
	    pipe_to(&c->output[OUT], &plan->output[OUT]) ||
	    pipe_to(&c->output[ERRORS], &plan->output[ERRORS]) ||
	    pipe_to(&c->report, &plan->report) ||
	    pipe_to(&plan->leash, &c->leash) || watch(c, c->output[OUT]) ||
	    watch(c, c->output[ERRORS]))
		return err_sys(err, errno, "cannot make pipes for '%s'",
			       c->name);
	return 0;
}

static int child_fork(struct child *c, const struct proc_plan *plan,
		      struct err *err)
{
	sigset_t all, before;

	/* No handler of ours may run in the child. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	c->keeper = fork();
	if (!c->keeper)
		proc_keeper(plan);
	if (c->keeper < 0)
		(void)err_sys(err, errno, "cannot fork for '%s'", c->name);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return c->keeper < 0 ? -1 : 0;
}

int child_start(struct child **ret, const char *const *argv, struct err *err)
{
	AUTO_CHILD struct child *c = mem_zero(1, sizeof(*c));
	struct proc_options opt = {.argv = argv, .grace_ms = CHILD_GRACE_MS};
	struct proc_plan plan;
	int rc;

	*ret = NULL;
	c->name = mem_dup(argv[0]);
	c->keeper = -1;
	c->output[OUT] = c->output[ERRORS] = c->report = c->leash = c->ready =
		-1;
	c->errors.max = CHILD_ERRORS_MAX;
	rc = proc_plan_make(&plan, &opt, err);
	if (!rc)
		rc = child_open(c, &plan, err);
	if (!rc)
		rc = child_fork(c, &plan, err);
	proc_plan_done(&plan);
	if (!rc)
		*ret = TAKE_PTR(c);
	return rc;
}

int child_fd(const struct child *c)
{
	return c->ready;
}

/* Read so that it never has to wait for us; only the start is kept. */
static void read_errors(struct child *c)
{
	char chunk[1024];
	ssize_t n;

	while (c->output[ERRORS] >= 0 &&
	       (n = read(c->output[ERRORS], chunk, sizeof(chunk))) >= 0) {
		buf_add(&c->errors, chunk, (size_t)n);
		if (n == 0)
			proc_shut(&c->output[ERRORS]);
	}
}

ssize_t child_read(struct child *c, char *p, size_t n)
{
	ssize_t got;

	read_errors(c);
	do
		got = read(c->output[OUT], p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

static void read_notes(struct child *c)
{
	struct proc_note note;

	while (read(c->report, &note, sizeof(note)) == sizeof(note)) {
		if (note.kind != PROC_NOTE_ENDED &&
		    note.kind != PROC_NOTE_FAILED)
			continue;
		c->end = note;
		c->ended = true;
	}
}

/* A program may take a moment from the end of its output to its own. */
static void await_end(struct child *c)
{
	int64_t until = clock_mono() + LINGER_MS;
	int64_t left = LINGER_MS;

	while (!c->ended && left > 0 &&
	       signals_poll(c->report, POLLIN, (int)left) > 0) {
		read_notes(c);
		left = until - clock_mono();
	}
}

/* The first line of what it complained of, behind ": ". */
static void add_complaint(const struct child *c, struct err *err)
{
	struct err whole = *err;
	const char *text = buf_str(&c->errors);
	int n = (int)strcspn(text, "\n");

	if (n == 0)
		return;
	err_clear(err);
	(void)err_set(err, whole.kind, "%s: %.*s", whole.text, n, text);
}

int child_end(struct child *c, struct err *err)
{
	int status;

	await_end(c);
	read_errors(c);
	if (!c->ended)
		return err_set(err, ERR_SYSTEM, "'%s' closed its output",
			       c->name);
	status = c->end.value;
	if (c->end.kind == PROC_NOTE_FAILED)
		return err_sys(err, status, "cannot run '%s'", c->name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		(void)err_set(err, ERR_SYSTEM, "'%s' was ended by signal %d",
			      c->name, WTERMSIG(status));
	else
		(void)err_set(err, ERR_SYSTEM, "'%s' ended with status %d",
			      c->name, WEXITSTATUS(status));
	add_complaint(c, err);
	return -1;
}

/* Until the keeper is gone, or has told that something of the family cannot be
 * ended: then it goes on trying, without us. */
static void await_keeper(struct child *c)
{
	struct pollfd p = {.fd = c->report, .events = POLLIN};
	struct proc_note note;
	ssize_t n = 1;

	while (n != 0) {
		if (poll(&p, 1, OVERTIME_MS) == 0)
			return;
		while ((n = read(c->report, &note, sizeof(note))) > 0)
			if (note.kind == PROC_NOTE_SURVIVORS)
				return;
	}
	while (waitpid(c->keeper, NULL, 0) < 0 && errno == EINTR)
		;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	proc_shut(&c->leash);
	for (int i = 0; i < STREAMS; i++)
		proc_shut(&c->output[i]);
	if (c->keeper > 0)
		await_keeper(c);
	proc_shut(&c->report);
	proc_shut(&c->ready);
	buf_done(&c->errors);
	free(c->name);
	free(c);
}
