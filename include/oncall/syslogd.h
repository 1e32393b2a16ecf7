/*
 * syslogd.h - a socket that takes syslog messages (RFC 3164, RFC 5424) as an
 * input: UDP, TCP (RFC 6587: octet counting or lines) or a Unix socket.
 */
#ifndef ONCALL_SYSLOGD_H
#define ONCALL_SYSLOGD_H

#include <oncall/input.h>

#define SYSLOGD_CONNECTIONS 256

struct syslogd_options {
	/* "udp:[HOST]:PORT", "tcp:[HOST]:PORT", "unix:PATH" (datagrams) or
	 * "unix-stream:PATH". Without a host: loopback. */
	const char *address;
	size_t max_line;
	const char *service;
};

/* Messages have no position; each gets an id of its own. Line ends inside of a
 * message become blanks. What the system dropped (UDP) is told by trouble. */
int syslogd_new(struct input **ret, const struct syslogd_options *opt,
		struct err *err) MUST_CHECK;
/* The port that was given out when 0 was asked for. */
int syslogd_port(const struct input *in);

#endif
