/* unpack.c - tells compressed files from others and reads both. */
#include <oncall/unpack.h>

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include <oncall/mem.h>
#include <oncall/signals.h>

#include "unpack-internal.h"

#define IN_SIZE ((size_t)128 * 1024)
#define MAGIC	4 /* bytes that tell the kinds apart */

struct unpack {
	int fd;
	char *name;
	bool waits; /* a pipe or terminal, which may have nothing yet */
	bool never_waits;
	bool settled; /* whether it is compressed is known */
	bool at_end;  /* of the file itself */
	const struct unpack_codec *codec; /* NULL: not compressed */
	void *state;
	bool whole;
	unsigned char *in; /* bytes of the file that wait: [in_at, in_end) */
	size_t in_at, in_end;
	struct err failed; /* what every further read says */
};

enum kind { KIND_PLAIN, KIND_GZIP, KIND_ZSTD, KIND_OPEN };

/* KIND_OPEN: more bytes are needed to tell. */
static enum kind kind_of(const unsigned char *p, size_t n)
{
	static const unsigned char gzip[] = {0x1f, 0x8b, 0x08};
	static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	static const unsigned char skip[] = {0x2a, 0x4d, 0x18};

	if (n == 0)
		return KIND_OPEN;
	if (!memcmp(p, gzip, n < sizeof(gzip) ? n : sizeof(gzip)))
		return n < sizeof(gzip) ? KIND_OPEN : KIND_GZIP;
	if (!memcmp(p, zstd, n < sizeof(zstd) ? n : sizeof(zstd)))
		return n < sizeof(zstd) ? KIND_OPEN : KIND_ZSTD;
	/* A frame to be skipped, as pzstd writes them: 16 first bytes. */
	if ((p[0] & 0xf0) == 0x50 && !memcmp(p + 1, skip, n < 4 ? n - 1 : 3))
		return n < MAGIC ? KIND_OPEN : KIND_ZSTD;
	return KIND_PLAIN;
}

static int settle(struct unpack *u, enum kind kind, struct err *err)
{
	u->settled = true;
	if (kind == KIND_GZIP)
		u->codec = &unpack_gzip;
	else if (kind == KIND_ZSTD)
		u->codec = &unpack_zstd;
	else
		return 0;
	if (!u->in)
		u->in = mem_alloc(IN_SIZE);
	u->state = u->codec->open(err);
	return u->state ? 0 : err_prefix(err, "'%s'", u->name);
}

int unpack_open(struct unpack **ret, int fd, const char *name, struct err *err)
{
	AUTO_UNPACK struct unpack *u = mem_zero(1, sizeof(*u));
	unsigned char magic[MAGIC];
	struct stat st;
	ssize_t got;

	u->fd = fd;
	u->name = mem_dup(name);
	u->whole = true;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot read '%s'", name);
	u->waits = !S_ISREG(st.st_mode);
	if (!u->waits) {
		off_t at = lseek(fd, 0, SEEK_CUR);

		got = pread(fd, magic, sizeof(magic), at < 0 ? 0 : at);
		if (got < 0)
			return err_sys(err, errno, "cannot read '%s'", name);
		if (settle(u, kind_of(magic, (size_t)got), err) < 0)
			return -1;
	}
	*ret = TAKE_PTR(u);
	return 0;
}

/* Whether a read will not block. */
static bool wait_for_bytes(const struct unpack *u)
{
	if (u->never_waits)
		return signals_poll(u->fd, POLLIN, 0) == 1;
	while (signals_poll(u->fd, POLLIN, -1) < 0)
		if (signals_stop())
			return false;
	return true;
}

/* read() that a stop ends while there is nothing; -1 then without an err. */
static ssize_t read_some(struct unpack *u, void *buf, size_t n, struct err *err)
{
	ssize_t got;

	do {
		if (u->waits && !wait_for_bytes(u))
			return -1;
		got = read(u->fd, buf, n);
	} while (got < 0 && (errno == EINTR || (u->waits && errno == EAGAIN)));
	if (got < 0)
		return err_sys(err, errno, "cannot read '%s'", u->name);
	if (got == 0)
		u->at_end = true;
	return got;
}

/* More input behind what waits; 1, 0 at the end, -1. */
static int refill(struct unpack *u, struct err *err)
{
	ssize_t got;

	if (u->at_end)
		return 0;
	if (!u->in)
		u->in = mem_alloc(IN_SIZE);
	if (u->in_at == u->in_end)
		u->in_at = u->in_end = 0;
	got = read_some(u, u->in + u->in_end, IN_SIZE - u->in_end, err);
	if (got < 0)
		return -1;
	u->in_end += (size_t)got;
	return got > 0;
}

static int settle_pipe(struct unpack *u, struct err *err)
{
	enum kind kind = KIND_OPEN;

	while (kind == KIND_OPEN) {
		int got = refill(u, err);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		kind = kind_of(u->in, u->in_end);
	}
	return settle(u, kind, err);
}

static ssize_t read_plain(struct unpack *u, void *buf, size_t n,
			  struct err *err)
{
	size_t waiting = u->in_end - u->in_at;

	if (!waiting)
		return u->at_end && u->waits ? 0 : read_some(u, buf, n, err);
	if (waiting > n)
		waiting = n;
	memcpy(buf, u->in + u->in_at, waiting);
	u->in_at += waiting;
	return (ssize_t)waiting;
}

static ssize_t read_packed(struct unpack *u, void *buf, size_t n,
			   struct err *err)
{
	for (;;) {
		struct unpack_step s = {u->in + u->in_at, u->in_end - u->in_at,
					buf, n, u->whole};

		/* A decoder that is called between members begins one. */
		if (s.in_len || !u->whole) {
			if (u->codec->step(u->state, &s, err) < 0)
				return err_prefix(err, "'%s'", u->name);
			u->in_at = u->in_end - s.in_len;
			u->whole = s.whole;
			if (s.out_len < n)
				return (ssize_t)(n - s.out_len);
		}
		if (u->in_at == u->in_end) {
			int got = refill(u, err);

			if (got < 0)
				return -1;
			if (got == 0 && u->whole)
				return 0;
			if (got == 0)
				return err_set(err, ERR_INPUT,
					       "'%s' ends in the middle of "
					       "%s data",
					       u->name, u->codec->name);
		}
	}
}

ssize_t unpack_read(struct unpack *u, void *buf, size_t n, struct err *err)
{
	ssize_t got = -1;

	if (u->failed.kind != ERR_NONE) {
		*err = u->failed;
		return -1;
	}
	if (n == 0)
		return 0;
	if (u->settled || settle_pipe(u, err) == 0)
		got = u->codec ? read_packed(u, buf, n, err)
			       : read_plain(u, buf, n, err);
	if (got < 0 && err->kind != ERR_NONE)
		u->failed = *err;
	return got;
}

void unpack_never_wait(struct unpack *u)
{
	u->never_waits = true;
}

bool unpack_compressed(const struct unpack *u)
{
	return u->codec != NULL;
}

int unpack_fd(const struct unpack *u)
{
	return u->fd;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	if (u->state)
		u->codec->close(u->state);
	(void)close(u->fd);
	free(u->in);
	free(u->name);
	free(u);
}
