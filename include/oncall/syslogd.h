/*
 * syslogd.h - a socket that takes syslog messages (RFC 3164, RFC 5424) as an
 * input: UDP, TCP (RFC 6587: octet counting or lines) or a Unix socket.
 */
#ifndef ONCALL_SYSLOGD_H
#define ONCALL_SYSLOGD_H

#include <oncall/input.h>

#define SYSLOGD_CONNECTIONS 256
/* One that sent nothing for so long makes room when there are no more. */
#define SYSLOGD_IDLE_MS 60000
/* Bytes of messages that have begun, of all connections. Above it only messages
 * up to SYSLOGD_SHORT go on; longer ones are cut. */
#define SYSLOGD_HELD	((size_t)16 * 1024 * 1024)
#define SYSLOGD_SHORT	((size_t)16 * 1024)
#define SYSLOGD_TELL_MS 60000 /* between two words on what was dropped */

struct syslogd_options {
	/* "udp:[HOST:]PORT", "tcp:[HOST:]PORT", "unix:PATH" (datagrams) or
	 * "unix-stream:PATH". Without a host: 127.0.0.1; IPv6 in brackets. */
	const char *address;
	size_t max_line; /* 0: INPUT_MAX_LINE */
	const char *service;
	/* What the system dropped (UDP, at most once in SYSLOGD_TELL_MS), and
	 * connections that could not be taken; NULL: counted only. */
	void (*trouble)(void *arg, const struct err *err);
	void *arg;
};

/*
 * Messages have no position; each gets an id of its own. Line ends inside of a
 * message become blanks, those at its end and NULs there go. On connections
 * each message tells how it is framed: a number, a blank and "<" is an octet
 * count, all else ends with "\n" or NUL. What is not asked for is not read, so
 * TCP and Unix peers wait; UDP has what the system keeps for the socket.
 *
 * The file of a Unix socket may be used by owner and group. One that nobody
 * listens on is replaced, one in use refused; it is removed at the end.
 */
int syslogd_new(struct input **ret, const struct syslogd_options *opt,
		struct err *err) MUST_CHECK;
/* The port that was given out when 0 was asked for. */
int syslogd_port(const struct input *in);
/* Datagrams that the system dropped, as far as it has told. */
uint64_t syslogd_dropped(const struct input *in);

#endif
