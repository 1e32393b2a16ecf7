/* syslogd-socket.c - an address becomes a socket that listens. */
#include "syslogd-internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <oncall/mem.h>

#define BACKLOG	     128
#define FILE_UMASK   0117 /* a socket that owner and group may use */
#define RECEIVE_SIZE (4 * 1024 * 1024)
#define PORT_MAX     65535

struct place {
	char *host; /* NULL: loopback */
	char *port;
};

static void place_done(struct place *p)
{
	free(p->host);
	free(p->port);
}

static bool is_port(const char *s)
{
	long n = 0;

	for (const char *p = s; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n * 10 + (*p - '0');
		if (n > PORT_MAX)
			return false;
	}
	return *s;
}

/* "HOST:PORT", "[HOST]:PORT", ":PORT", "PORT". */
static bool place_parse(struct place *ret, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;

	*ret = (struct place){.host = NULL};
	ret->port = mem_dup(colon ? colon + 1 : text);
	if (n > 2 && text[0] == '[' && text[n - 1] == ']')
		ret->host = mem_dup_bytes(text + 1, n - 2);
	else if (n && !memchr(text, ':', n))
		ret->host = mem_dup_bytes(text, n);
	return is_port(ret->port) && (ret->host || n == 0);
}

static int read_port(int fd)
{
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof(at);
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (getsockname(fd, (struct sockaddr *)&at, &len))
		return 0;
	if (at.ss_family == AF_INET6) {
		memcpy(&in6, &at, sizeof(in6));
		return ntohs(in6.sin6_port);
	}
	memcpy(&in, &at, sizeof(in));
	return ntohs(in.sin_port);
}

static int listen_inet(struct syslogd_socket *s, const struct addrinfo *info)
{
	int on = 1;
	int size = RECEIVE_SIZE;

	s->fd = socket(info->ai_family,
		       info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -1;
	if (s->stream) {
		(void)setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on,
				 sizeof(on));
	} else {
		/* As much as the system lets us have; and to be told. */
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RXQ_OVFL, &on,
				 sizeof(on));
	}
	if (bind(s->fd, info->ai_addr, info->ai_addrlen) ||
	    (s->stream && listen(s->fd, BACKLOG)))
		return -1;
	s->port = read_port(s->fd);
	return 0;
}

static int open_inet(struct syslogd_socket *s, const char *text,
		     const char *address, struct err *err)
{
	struct addrinfo hints = {
		.ai_socktype = s->stream ? SOCK_STREAM : SOCK_DGRAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *info = NULL;
	struct place place;
	int rc = 0;

	if (!place_parse(&place, text))
		rc = err_set(err, ERR_USAGE,
			     "'%s': no address such as udp:127.0.0.1:514",
			     address);
	if (!rc) {
		int why = getaddrinfo(place.host ? place.host : "127.0.0.1",
				      place.port, &hints, &info);

		if (why)
			rc = err_set(err, ERR_SYSTEM, "cannot find '%s': %s",
				     address, gai_strerror(why));
	}
	if (!rc && listen_inet(s, info))
		rc = err_sys(err, errno, "cannot listen at '%s'", address);
	if (info)
		freeaddrinfo(info);
	place_done(&place);
	return rc;
}

/* A file of the name that nobody listens on goes; 0 when the name is free. */
static int make_way(const struct syslogd_socket *s,
		    const struct sockaddr_un *at, struct err *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(at->sun_path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_SYSTEM, "'%s' is there and no socket",
			       at->sun_path);
	fd = socket(AF_UNIX,
		    (s->stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC |
			    SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	rc = connect(fd, (const struct sockaddr *)at, sizeof(*at));
	rc = rc ? errno : 0;
	(void)close(fd);
	if (rc == 0 || rc == EPROTOTYPE || rc == EAGAIN)
		return err_set(err, ERR_SYSTEM, "'%s' is in use", at->sun_path);
	if (rc != ECONNREFUSED && rc != ENOENT)
		return err_sys(err, rc, "cannot tell whether '%s' is in use",
			       at->sun_path);
	if (unlink(at->sun_path) && errno != ENOENT)
		return err_sys(err, errno, "cannot remove '%s'", at->sun_path);
	return 0;
}

static int open_unix(struct syslogd_socket *s, const char *path,
		     struct err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t before;
	int rc;

	if (!*path || strlen(path) >= sizeof(at.sun_path))
		return err_set(err, ERR_USAGE,
			       "'%s': a socket's path has 1 to %zu bytes", path,
			       sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, strlen(path));
	if (make_way(s, &at, err))
		return -1;
	s->fd = socket(AF_UNIX,
		       (s->stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC |
			       SOCK_NONBLOCK,
		       0);
	if (s->fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	before = umask(FILE_UMASK);
	rc = bind(s->fd, (const struct sockaddr *)&at, sizeof(at));
	(void)umask(before);
	if (rc || (s->stream && listen(s->fd, BACKLOG)))
		return err_sys(err, errno, "cannot listen at '%s'", path);
	if (!lstat(path, &st)) {
		s->path = mem_dup(path);
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	return 0;
}

int syslogd_socket_open(struct syslogd_socket *s, const char *address,
			struct err *err)
{
	static const struct {
		const char *scheme;
		bool stream, file;
	} kinds[] = {
		{"udp:", false, false},
		{"tcp:", true, false},
		{"unix:", false, true},
		{"unix-stream:", true, true},
	};

	*s = (struct syslogd_socket){.fd = -1};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i].scheme);

		if (strncmp(address, kinds[i].scheme, n) != 0)
			continue;
		s->stream = kinds[i].stream;
		return kinds[i].file ? open_unix(s, address + n, err)
				     : open_inet(s, address + n, address, err);
	}
	return err_set(err, ERR_USAGE,
		       "'%s' begins with none of udp:, tcp:, unix:, "
		       "unix-stream:",
		       address);
}

void syslogd_socket_close(struct syslogd_socket *s)
{
	struct stat st;

	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	/* Somebody may have put another in its place. */
	if (s->path && !lstat(s->path, &st) && st.st_dev == s->dev &&
	    st.st_ino == s->ino)
		(void)unlink(s->path);
	free(s->path);
	s->path = NULL;
}
