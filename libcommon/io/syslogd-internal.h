/*
 * syslogd-internal.h - what the parts of syslogd share.
 *
 *   socket  an address becomes a socket that listens
 *   frame   messages out of the bytes of a connection
 */
#ifndef SYSLOGD_INTERNAL_H
#define SYSLOGD_INTERNAL_H

#include <oncall/buf.h>
#include <sys/types.h>

struct syslogd_socket {
	int fd;
	bool stream; /* connections, not datagrams */
	int port;
	char *path; /* of the file that is ours, or NULL */
	dev_t dev;
	ino_t ino;
};

int syslogd_socket_open(struct syslogd_socket *s, const char *address,
			struct err *err) MUST_CHECK;
void syslogd_socket_close(struct syslogd_socket *s);

enum syslogd_framing {
	SYSLOGD_UNDECIDED, /* text has what may be a count */
	SYSLOGD_COUNTED,
	SYSLOGD_LINE,
};

struct syslogd_frame {
	enum syslogd_framing framing;
	struct buf text;
	uint64_t left; /* of a counted message */
	bool truncated;
	bool complete; /* text has been handed on */
};

/* Takes bytes off the front of *in; true when text is a message, of at most
 * max bytes, which stays until the next call. */
bool syslogd_frame_feed(struct syslogd_frame *f, struct slice *in, size_t max);
/* The connection has ended: whether text is a message. */
bool syslogd_frame_end(struct syslogd_frame *f);
/* Appends a message on one line; the bytes that it took. */
size_t syslogd_frame_clean(struct buf *out, struct slice message);

#endif
