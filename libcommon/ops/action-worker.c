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
#include <oncall/proc.h>
#include <oncall/signals.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define READ_CHUNK ((size_t)16 * 1024)

/* Nothing of who forked us stays open but the standard error, for a message
 * about memory: neither its store, nor its locks, nor a pipe that a reader
 * waits at the end of. */
static void place(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[] = {null, null, fcntl(2, F_GETFD) < 0 ? null : 2, fd};

	if (null < 0 || proc_place_fds(fds, ARRAY_LEN(fds)))
		_exit(1);
}

/* An own session: what a terminal sends to its group is for who forked us, who
 * tells us. */
static void set_up(int fd, pid_t parent)
{
	sigset_t none;

	place(fd);
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
static bool await_call(void)
{
	while (signals_poll(PROC_FD_OWN, POLLIN, -1) < 0)
		if (signals_stop())
			return false;
	return true;
}

/* Reads some more; false at the end. */
static bool fill(struct buf *in)
{
	ssize_t n = -1;

	if (!buf_reserve(in, READ_CHUNK))
		return false;
	do
		n = read(PROC_FD_OWN, in->data + in->len, READ_CHUNK);
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
static bool receive(struct buf *in, char **ret_call, size_t *ret_len)
{
	size_t begin = 0;

	buf_reset(in);
	if (!await_call())
		return false;
	while (!begin || in->len - begin < *ret_len) {
		if (!fill(in))
			return false;
		begin = read_length(in, ret_len);
	}
	*ret_call = in->data + begin;
	return true;
}

static bool send_all(struct slice s)
{
	ssize_t n;

	while (s.len) {
		n = send(PROC_FD_OWN, s.ptr, s.len, MSG_NOSIGNAL);
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
	AUTO_ACTION_RUNNER struct action_runner r = {.env = NULL};
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
	buf_reset(out);
	action_outcome_write(out, &outcome);
	buf_add_str(out, go_on ? "+\n" : "-\n");
	return send_all(buf_slice(out)) && go_on;
}

void action_worker(int fd, pid_t parent, pid_t *program)
{
	struct buf in = BUF_INIT_MAX(ACTION_MESSAGE_MAX + READ_CHUNK);
	struct buf out = BUF_INIT;
	size_t len;
	char *text;

	set_up(fd, parent);
	while (receive(&in, &text, &len) && work(text, len, program, &out))
		;
	_exit(0);
}
