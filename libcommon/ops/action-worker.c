/*
 * action-worker.c - one worker: a process that takes calls, carries each out as
 * the keeper of its programs, and answers with the outcome. It ends with who
 * forked it, whatever ended that: an idle one sees the end of the socket, a
 * busy one gets TERM from the kernel, which is a clean stop.
 */
#include "action-run-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define READ_CHUNK ((size_t)16 * 1024)

/*
 * Readers of our owner's output are not to wait for us. All else that it has
 * open stays open: a lock on an open file, and one that a server holds for a
 * connection, is free only when the last of us has ended what it runs. The
 * standard error is for a message about memory.
 */
static void let_go_of_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		_exit(1);
	if (null > 2)
		(void)close(null);
}

/* An own session: what a terminal sends to its group is for who forked us, who
 * tells us. */
static void set_up(pid_t parent)
{
	sigset_t none;

	let_go_of_streams();
	(void)setsid();
	(void)prctl(PR_SET_NAME, "oncall-worker", 0, 0, 0);
	for (int signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL);
	signals_raise_stop(0);
	signals_install();
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (getppid() != parent)
		_exit(0);
}

/* Waits for the first byte of a call; false: it is time to end. */
static bool await_call(int fd)
{
	while (signals_poll(fd, POLLIN, -1) < 0)
		if (signals_stop())
			return false;
	return true;
}

/* Reads some more; false at the end. */
static bool fill(int fd, struct buf *in)
{
	ssize_t n = -1;

	if (!buf_reserve(in, READ_CHUNK))
		return false;
	do
		n = read(fd, in->data + in->len, READ_CHUNK);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	in->len += (size_t)n;
	return true;
}

/* Where the call begins, 0 while that is not known. */
static size_t read_length(const struct buf *in, size_t *ret_len)
{
	size_t i = 0;

	*ret_len = 0;
	for (; i < in->len && in->data[i] != '\n'; i++)
		*ret_len = *ret_len * 10 + (size_t)(in->data[i] - '0');
	return i < in->len && *ret_len <= ACTION_MESSAGE_MAX ? i + 1 : 0;
}

/* One whole message; false: nobody is there any more. */
static bool receive(int fd, struct buf *in, char **ret_call, size_t *ret_len)
{
	size_t begin = 0;

	buf_reset(in);
	if (!await_call(fd))
		return false;
	while (!begin || in->len - begin < *ret_len) {
		if (!fill(fd, in))
			return false;
		begin = read_length(in, ret_len);
	}
	*ret_call = in->data + begin;
	return true;
}

static bool send_all(int fd, struct slice s)
{
	ssize_t n;

	while (s.len) {
		n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = (struct slice){s.ptr + n, s.len - (size_t)n};
	}
	return true;
}

/* Carries it out; false: this worker must end. Those that cannot be ended stay
 * our children, and would be taken for the family of the next program. */
static bool work(char *text, size_t len, pid_t *program, struct buf *out)
{
	AUTO_ACTION_RUNNER struct action_runner r = {.call = NULL};
	AUTO_ACTION_OUTCOME struct action_outcome outcome = {.exit = -1};
	struct action_message m;
	bool go_on;

	if (action_call_read(&m, text, len))
		return false;
	action_runner_init(&r, &m.call);
	r.keeper = true;
	r.program = program;
	action_run_call(&r, &outcome);
	action_message_done(&m);
	go_on = !r.survivors && !signals_stop();
	action_outcome_write(out, &outcome);
	buf_add_str(out, go_on ? "+\n" : "-\n");
	return go_on;
}

void action_worker(int fd, pid_t parent, pid_t *program)
{
	struct buf in = BUF_INIT_MAX(ACTION_MESSAGE_MAX + READ_CHUNK);
	struct buf out = BUF_INIT;
	bool go_on = true;
	size_t len;
	char *text;

	set_up(parent);
	while (go_on && receive(fd, &in, &text, &len)) {
		buf_reset(&out);
		go_on = work(text, len, program, &out);
		go_on = send_all(fd, buf_slice(&out)) && go_on;
	}
	_exit(0);
}
