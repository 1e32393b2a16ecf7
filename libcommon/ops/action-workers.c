/*
 * action-workers.c - the side of who has workers: hands calls out, takes
 * outcomes, and puts new workers in the places of those that died.
 */
#include "action-run-internal.h"

#include <errno.h>
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/proc.h>
#include <oncall/redact.h>
#include <oncall/signals.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define READ_CHUNK ((size_t)16 * 1024)

struct worker {
	pid_t pid; /* 0: there is none now */
	int fd;
	bool busy;    /* until its outcome was taken */
	bool unbegun; /* it was given its call after a stop was asked for */
	bool done;    /* its outcome is in, or it was lost: then pid is 0 */
	int status;   /* of the end of one that was lost */
	void *tag;
	int64_t started;
	size_t known; /* secrets that it knows */
	struct buf in;
};

struct action_workers {
	struct worker *items;
	size_t count;
	pid_t *programs; /* shared with the workers, one each */
	int ready;	 /* epoll: the sockets */
	bool stopping;	 /* they were told */
};

struct action_workers *action_workers_new(size_t count)
{
	struct action_workers *w = mem_zero(1, sizeof(*w));

	w->count = count ? count : 1;
	w->items = mem_zero(w->count, sizeof(*w->items));
	w->ready = epoll_create1(EPOLL_CLOEXEC);
	w->programs =
		mmap(NULL, w->count * sizeof(*w->programs),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->programs == MAP_FAILED)
		mem_die();
	return w;
}

bool action_workers_free_one(const struct action_workers *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (!w->items[i].busy)
			return true;
	return false;
}

/* It has ended, or does so now: nothing of its program stays either. Returns
 * the status of its end. */
static int bury(struct action_workers *w, struct worker *one)
{
	pid_t *program = &w->programs[one - w->items];
	int status = 0;

	(void)epoll_ctl(w->ready, EPOLL_CTL_DEL, one->fd, NULL);
	(void)close(one->fd);
	/* While it is not reaped, its number is nobody else's. */
	(void)waitid(P_PID, (id_t)one->pid, NULL, WEXITED | WNOWAIT);
	if (*program > 0)
		(void)proc_sweep(one->pid, *program);
	*program = 0;
	while (waitpid(one->pid, &status, 0) < 0 && errno == EINTR)
		;
	one->pid = 0;
	return status;
}

void action_workers_free(struct action_workers *w)
{
	if (!w)
		return;
	/* All first, so that they end at the same time. */
	for (size_t i = 0; i < w->count; i++)
		if (w->items[i].pid)
			(void)kill(w->items[i].pid, SIGTERM);
	for (size_t i = 0; i < w->count; i++) {
		if (w->items[i].pid)
			(void)bury(w, &w->items[i]);
		buf_done(&w->items[i].in);
	}
	(void)munmap(w->programs, w->count * sizeof(*w->programs));
	if (w->ready >= 0)
		(void)close(w->ready);
	free(w->items);
	free(w);
}

static size_t count_secrets(void)
{
	size_t n = 0;

	while (redact_registered(n).ptr)
		n++;
	return n;
}

/* Forks it; no handler of ours may run in it before it has its own. */
static void fork_worker(struct action_workers *w, struct worker *one, int fd)
{
	pid_t parent = getpid();
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	one->pid = fork();
	if (!one->pid) {
		(void)close(one->fd);
		action_worker(fd, parent, &w->programs[one - w->items]);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static int hire(struct action_workers *w, struct worker *one, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return err_sys(err, errno, "cannot make a socket for a worker");
	one->fd = fds[0];
	one->known = count_secrets();
	event.data.u32 = (uint32_t)(one - w->items);
	if (epoll_ctl(w->ready, EPOLL_CTL_ADD, one->fd, &event))
		(void)err_sys(err, errno, "cannot wait for a worker");
	else
		fork_worker(w, one, fds[1]);
	(void)close(fds[1]);
	if (one->pid > 0)
		return 0;
	if (one->pid < 0)
		(void)err_sys(err, errno, "cannot fork a worker");
	one->pid = 0;
	(void)close(one->fd);
	return -1;
}

/* One that is there, before one that would have to be forked. */
static struct worker *find_free(struct action_workers *w)
{
	struct worker *found = NULL;

	for (size_t i = 0; i < w->count; i++) {
		if (w->items[i].busy)
			continue;
		if (w->items[i].pid)
			return &w->items[i];
		if (!found)
			found = &w->items[i];
	}
	return found;
}

/* False when it is gone: then it has not got all of the call, and has not begun
 * it. */
static bool send_call(struct worker *one, const struct action_call *c,
		      struct err *err)
{
	size_t known = one->known;
	AUTO_BUF struct buf call = BUF_INIT_MAX(ACTION_MESSAGE_MAX);
	AUTO_BUF struct buf head = BUF_INIT;
	struct iovec parts[2];
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t n = 0;

	action_call_write(&call, c, &known);
	if (buf_check(&call, "the call of an action", err))
		return true;
	one->known = known;
	buf_add_int(&head, (int64_t)call.len);
	buf_add_char(&head, '\n');
	parts[0] = (struct iovec){head.data, head.len};
	parts[1] = (struct iovec){call.data, call.len};
	while (parts[1].iov_len) {
		n = sendmsg(one->fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return false;
		for (int i = 0; i < 2 && n > 0; i++) {
			size_t part = parts[i].iov_len < (size_t)n
					      ? parts[i].iov_len
					      : (size_t)n;

			parts[i].iov_base = (char *)parts[i].iov_base + part;
			parts[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
	return true;
}

static void employ(struct worker *one, void *tag)
{
	one->busy = true;
	one->tag = tag;
	one->started = clock_now();
}

int action_workers_start(struct action_workers *w, const struct action_call *c,
			 void *tag, struct err *err)
{
	struct worker *one = find_free(w);

	if (!one)
		return err_set(err, ERR_SYSTEM,
			       "'%s' was not started: no worker is free",
			       c->action->id);
	if (signals_stop()) {
		employ(one, tag);
		one->unbegun = one->done = true;
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		if (!one->pid && hire(w, one, err))
			return -1;
		if (send_call(one, c, err)) {
			if (err->kind != ERR_NONE)
				return -1;
			employ(one, tag);
			return 0;
		}
		(void)bury(w, one); /* it died while it was idle */
	}
	return err_set(err, ERR_SYSTEM,
		       "'%s' was not started: workers end at once",
		       c->action->id);
}

/* The outcome of a call of which no worker tells. */
static void without_word(const struct worker *one, enum action_verdict verdict,
			 char *reason, struct action_outcome *ret)
{
	*ret = (struct action_outcome){
		.verdict = verdict,
		.reason = reason,
		.exit = -1,
		.attempts = 1,
		.started = one->started,
		.ended = clock_now(),
	};
}

static void unbegun(const struct worker *one, struct action_outcome *ret)
{
	without_word(one, VERDICT_NOT_STARTED,
		     mem_dup("asked to stop before it began"), ret);
	ret->attempts = 0;
	ret->stopped = true;
}

/* It died over its call. */
static void lost(const struct worker *one, struct action_outcome *ret)
{
	const char *what = "ended with status";
	int number = WEXITSTATUS(one->status);

	if (WIFSIGNALED(one->status)) {
		what = "was ended by signal";
		number = WTERMSIG(one->status);
	}
	without_word(one, VERDICT_FAILED_DURING_CHANGE,
		     mem_printf("the worker that carried it out %s %d", what,
				number),
		     ret);
}

/* Reads from one that has something to say. */
static void hear(struct action_workers *w, struct worker *one)
{
	ssize_t n = 0;

	if (buf_reserve(&one->in, READ_CHUNK))
		n = recv(one->fd, one->in.data + one->in.len, READ_CHUNK,
			 MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		one->in.len += (size_t)n;
		one->done = one->in.len >= 2 &&
			    one->in.data[one->in.len - 1] == '\n';
		return;
	}
	(void)kill(one->pid, SIGKILL); /* it closed its socket, and must end */
	one->status = bury(w, one);
	one->done = one->busy;
}

static int take_outcome(struct action_workers *w, struct worker *one,
			struct action_outcome *ret, struct err *err)
{
	struct buf *in = &one->in;
	int rc = 0;

	if (one->unbegun) {
		unbegun(one, ret);
	} else if (!one->pid) {
		lost(one, ret);
	} else {
		rc = action_outcome_read(
			ret, (struct slice){in->data, in->len - 2}, err);
		if (in->data[in->len - 2] == '-')
			(void)bury(w, one);
	}
	buf_reset(in);
	one->busy = one->done = one->unbegun = false;
	return rc ? -1 : 1;
}

static struct worker *find_done(struct action_workers *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->items[i].done)
			return &w->items[i];
	return NULL;
}

static bool any_busy(const struct action_workers *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->items[i].busy)
			return true;
	return false;
}

/* Hears those that have something to say, or waits for one so long: 1, 0 when
 * the time is up, -1 when a signal came. Once they have been told of a stop it
 * is their outcomes that are waited for. */
static int await_news(struct action_workers *w, int wait_ms)
{
	struct pollfd p = {.fd = w->ready, .events = POLLIN};
	struct epoll_event event;
	int rc;

	if (!signals_stop())
		w->stopping = false;
	if (w->stopping)
		rc = poll(&p, 1, wait_ms) != 0;
	else
		rc = signals_poll(w->ready, POLLIN, wait_ms);
	if (rc > 0 && epoll_wait(w->ready, &event, 1, 0) > 0)
		hear(w, &w->items[event.data.u32]);
	return rc;
}

static void tell_to_stop(struct action_workers *w)
{
	w->stopping = true;
	for (size_t i = 0; i < w->count; i++)
		if (w->items[i].pid)
			(void)kill(w->items[i].pid, SIGTERM);
}

bool action_workers_ready(struct action_workers *w, int wait_ms)
{
	int64_t end = clock_mono() + wait_ms;
	int64_t left = wait_ms;

	while (!find_done(w) && any_busy(w)) {
		if (await_news(w, left > 0 ? (int)left : 0) <= 0)
			break;
		left = end - clock_mono();
	}
	return find_done(w) != NULL;
}

int action_workers_wait(struct action_workers *w, void **ret_tag,
			struct action_outcome *ret, struct err *err)
{
	struct worker *one;

	*ret_tag = NULL;
	*ret = (struct action_outcome){.exit = -1};
	while (any_busy(w)) {
		one = find_done(w);
		if (one) {
			*ret_tag = one->tag;
			return take_outcome(w, one, ret, err);
		}
		if (await_news(w, -1) >= 0)
			continue;
		if (signals_stop())
			tell_to_stop(w);
		return 2;
	}
	return 0;
}
