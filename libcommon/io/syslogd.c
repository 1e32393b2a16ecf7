/* syslogd.c - a socket for syslog messages as an input: datagrams, or many
 * connections with the message that each has begun. */
#include <oncall/syslogd.h>

#include "input-pack.h"
#include "syslogd-internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/ulid.h>

#define CHUNK	  ((size_t)64 * 1024) /* also the longest datagram */
#define DATAGRAMS 256		      /* of one turn */
#define ROOM_MS	  1000		      /* between two looks for room */

struct peer {
	int fd;
	struct syslogd_frame frame;
	int64_t active; /* clock_mono() of its last bytes */
};

struct syslogd {
	struct input base;
	struct input_stream stream;
	struct syslogd_socket socket;
	size_t max_line;
	void (*trouble)(void *arg, const struct err *err);
	void *arg;
	int ready; /* epoll: the socket and all peers */
	struct peer *peers[SYSLOGD_CONNECTIONS];
	size_t peer_count;
	bool waits; /* the socket is left alone until there is room */
	size_t held;
	char *chunk;
	uint32_t dropped, told; /* as the system counts */
	uint64_t dropped_all;
	int64_t told_at;
};

static struct syslogd *syslogd_of(const struct input *in)
{
	return (struct syslogd *)(uintptr_t)in;
}

static void tell(const struct syslogd *s, const struct err *err)
{
	if (s->trouble)
		s->trouble(s->arg, err);
}

static int watch(const struct syslogd *s, int fd, void *whose)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = whose};

	return epoll_ctl(s->ready, EPOLL_CTL_ADD, fd, &event);
}

static void add_message(struct input_block *b, struct slice message,
			bool truncated)
{
	char id[ULID_TEXT];
	size_t n = syslogd_frame_clean(&b->data, message);

	if (n == 0)
		return;
	ulid_make(id);
	buf_add(&b->data, id, ULID_TEXT - 1);
	input_pack_event(b, n, ULID_TEXT - 1, truncated);
}

static void tell_dropped(struct syslogd *s)
{
	struct err err = ERR_INIT;
	int64_t now;

	if (s->dropped == s->told)
		return;
	now = clock_mono();
	if (s->told_at && now - s->told_at < SYSLOGD_TELL_MS)
		return;
	(void)err_set(&err, ERR_SYSTEM,
		      "'%s': the system dropped %u messages that came faster "
		      "than they were read",
		      s->stream.id, s->dropped - s->told);
	s->told = s->dropped;
	s->told_at = now;
	tell(s, &err);
}

/* The system counts from the start of the socket, and tells with a message. */
static void note_dropped(struct syslogd *s, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		uint32_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&count, CMSG_DATA(c), sizeof(count));
		s->dropped_all += count - s->dropped;
		s->dropped = count;
	}
}

static void take_datagrams(struct syslogd *s, struct input_block *b)
{
	for (int i = 0; i < DATAGRAMS && b->data.len < INPUT_BLOCK; i++) {
		char control[CMSG_SPACE(sizeof(uint32_t))] = {0};
		struct iovec part = {s->chunk, CHUNK};
		struct msghdr m = {.msg_iov = &part,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(s->socket.fd, &m, MSG_DONTWAIT);
		bool cut = m.msg_flags & MSG_TRUNC;
		struct slice text = {s->chunk, n > 0 ? (size_t)n : 0};

		if (n < 0)
			return;
		note_dropped(s, &m);
		if (text.len > s->max_line) {
			text.len = s->max_line;
			cut = true;
		}
		add_message(b, text, cut);
	}
}

static void take_bytes(struct syslogd *s, struct peer *p, struct input_block *b,
		       struct slice in)
{
	size_t max = s->max_line;

	if (s->held > SYSLOGD_HELD && max > SYSLOGD_SHORT)
		max = SYSLOGD_SHORT;
	s->held -= p->frame.text.len;
	while (syslogd_frame_feed(&p->frame, &in, max))
		add_message(b, buf_slice(&p->frame.text), p->frame.truncated);
	s->held += p->frame.text.len;
	p->active = clock_mono();
}

static void peer_end(struct syslogd *s, struct peer *p, struct input_block *b)
{
	s->held -= p->frame.text.len;
	if (b && syslogd_frame_end(&p->frame))
		add_message(b, buf_slice(&p->frame.text), p->frame.truncated);
	for (size_t i = 0; i < s->peer_count; i++)
		if (s->peers[i] == p)
			s->peers[i] = s->peers[--s->peer_count];
	(void)close(p->fd);
	buf_done(&p->frame.text);
	free(p);
}

static void take_peer(struct syslogd *s, struct peer *p, struct input_block *b)
{
	ssize_t n = recv(p->fd, s->chunk, CHUNK, MSG_DONTWAIT);

	if (n > 0)
		take_bytes(s, p, b, (struct slice){s->chunk, (size_t)n});
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		peer_end(s, p, b);
}

/* There is no room for another: no more are taken, they queue. */
static void stop_taking(struct syslogd *s)
{
	if (!s->waits)
		(void)epoll_ctl(s->ready, EPOLL_CTL_DEL, s->socket.fd, NULL);
	s->waits = true;
}

static void take_connection(struct syslogd *s)
{
	struct err err = ERR_INIT;
	struct peer *p;
	int fd;

	if (s->peer_count == SYSLOGD_CONNECTIONS) {
		stop_taking(s);
		return;
	}
	fd = accept4(s->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
		    errno != ENOMEM)
			return; /* that peer is gone again */
		(void)err_sys(&err, errno, "'%s': cannot take a connection",
			      s->stream.id);
		tell(s, &err);
		stop_taking(s);
		return;
	}
	p = mem_zero(1, sizeof(*p));
	p->fd = fd;
	p->active = clock_mono();
	p->frame.text.max = s->max_line + 64;
	s->peers[s->peer_count++] = p;
	if (watch(s, fd, p))
		peer_end(s, p, NULL);
}

/* The one that has been silent for the longest time goes, if that is long. */
static void make_room(struct syslogd *s, struct input_block *b)
{
	struct peer *oldest = NULL;

	if (!s->waits)
		return;
	for (size_t i = 0; i < s->peer_count; i++)
		if (!oldest || s->peers[i]->active < oldest->active)
			oldest = s->peers[i];
	if (s->peer_count == SYSLOGD_CONNECTIONS &&
	    clock_mono() - oldest->active >= SYSLOGD_IDLE_MS)
		peer_end(s, oldest, b);
	if (s->peer_count < SYSLOGD_CONNECTIONS)
		s->waits = watch(s, s->socket.fd, NULL) != 0;
}

/* Whoever has something to say, one at a time: epoll gives each its turn. False
 * when nobody has, within wait_ms. */
static bool take_one(struct syslogd *s, struct input_block *b, int wait_ms)
{
	struct epoll_event event;

	if (signals_poll(s->ready, POLLIN, wait_ms) <= 0)
		return false;
	if (epoll_wait(s->ready, &event, 1, 0) != 1)
		return false;
	if (event.data.ptr)
		take_peer(s, event.data.ptr, b);
	else if (s->socket.stream)
		take_connection(s);
	else
		take_datagrams(s, b);
	return true;
}

static int syslogd_next(struct input *in, struct input_block *b, int wait_ms,
			struct err *err)
{
	struct syslogd *s = syslogd_of(in);
	int64_t end = clock_mono() + wait_ms;
	int64_t left = wait_ms;

	(void)err;
	b->stream = &s->stream;
	while (b->data.len < INPUT_BLOCK) {
		bool capped = s->waits && (left < 0 || left > ROOM_MS);
		int wait = capped ? ROOM_MS : (int)left;

		make_room(s, b);
		if (!take_one(s, b, b->event_count ? 0 : wait)) {
			b->live = true;
			if (!capped || b->event_count || signals_stop())
				break;
		}
		if (wait_ms > 0)
			left = end > clock_mono() ? end - clock_mono() : 0;
	}
	tell_dropped(s);
	input_pack_done(b);
	return b->event_count ? INPUT_BLOCK_READY : INPUT_NOTHING;
}

static void syslogd_free(struct input *in)
{
	struct syslogd *s = syslogd_of(in);

	while (s->peer_count)
		peer_end(s, s->peers[0], NULL);
	syslogd_socket_close(&s->socket);
	if (s->ready >= 0)
		(void)close(s->ready);
	free(s->stream.id);
	free(s->stream.path);
	free(s->stream.service);
	free(s->chunk);
	free(s);
}

int syslogd_new(struct input **ret, const struct syslogd_options *opt,
		struct err *err)
{
	static const struct input_ops ops = {syslogd_next, NULL, NULL,
					     syslogd_free};
	struct syslogd *s = mem_zero(1, sizeof(*s));
	int rc;

	*ret = NULL;
	s->base.ops = &ops;
	s->max_line = opt->max_line ? opt->max_line : INPUT_MAX_LINE;
	s->trouble = opt->trouble;
	s->arg = opt->arg;
	s->stream = (struct input_stream){
		.kind = "socket",
		.id = mem_dup(opt->address),
		.path = mem_dup(opt->address),
		.service = mem_dup(opt->service),
	};
	s->chunk = mem_alloc(CHUNK);
	s->ready = epoll_create1(EPOLL_CLOEXEC);
	rc = syslogd_socket_open(&s->socket, opt->address, err);
	if (!rc && (s->ready < 0 || watch(s, s->socket.fd, NULL)))
		rc = err_sys(err, errno, "cannot wait at '%s'", opt->address);
	if (rc)
		syslogd_free(&s->base);
	else
		*ret = &s->base;
	return rc;
}

int syslogd_port(const struct input *in)
{
	return syslogd_of(in)->socket.port;
}

uint64_t syslogd_dropped(const struct input *in)
{
	return syslogd_of(in)->dropped_all;
}
