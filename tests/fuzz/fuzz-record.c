/*
 * The reader gives the lines that a naive splitter gives, however the bytes
 * come in. The first byte of the input is the longest line allowed, the second
 * the size of the pieces (0: they vary), the rest is what is read.
 */
#include "fuzz.h"

#include <sys/socket.h>

#include <oncall/record.h>

#define PIECES_MAX 150 /* a socket takes that many without a reader */

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* Packets keep the pieces apart. */
static int feed(const char *p, size_t n, size_t piece)
{
	int fds[2];
	size_t step = piece ? piece : 1;

	expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	for (int i = 0; n && i < PIECES_MAX; i++) {
		size_t now = n < step && i + 1 < PIECES_MAX ? n : step;

		if (i + 1 == PIECES_MAX || now > n)
			now = n;
		expect(write(fds[1], p, now) == (ssize_t)now);
		p += now;
		n -= now;
		step = piece ? piece : step % 13 + 1;
	}
	expect(close(fds[1]) == 0);
	return fds[0];
}

static void note(struct buf *out, size_t number, const char *p, size_t n,
		 bool bad)
{
	buf_addf(out, "%zu:", number);
	if (bad)
		buf_add_char(out, '!');
	else
		buf_add(out, p, n);
	buf_add_char(out, '\n');
}

static void split(struct buf *out, const char *p, size_t n, size_t max_line)
{
	size_t start = 0;
	size_t number = 0;

	for (size_t i = 0; i <= n; i++) {
		size_t end = i;
		bool blank = true;

		if (i < n ? p[i] != '\n' : start == n)
			continue;
		if (end > start && p[end - 1] == '\r')
			end--;
		for (size_t k = start; k < end; k++)
			blank = blank && (p[k] == ' ' || p[k] == '\t');
		number++;
		if (end - start > max_line || !blank)
			note(out, number, p + start, end - start,
			     end - start > max_line);
		start = i + 1;
	}
}

static void read_all(struct buf *out, int fd, size_t max_line)
{
	AUTO_READER struct record_reader *r =
		record_reader_new(fd, "input", max_line);
	struct err err = ERR_INIT;
	struct slice line = {NULL, 0};
	int got;

	while ((got = record_read(r, &line, &err)) != 0) {
		expect(got > 0 || err.kind == ERR_INPUT);
		note(out, record_reader_line(r), line.ptr, line.len, got < 0);
		err_clear(&err);
		if (record_reader_line(r) % 3 == 0)
			(void)record_reader_dry(r, 0);
	}
	expect(record_reader_dry(r, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf want = BUF_INIT;
	AUTO_BUF struct buf got = BUF_INIT;
	const char *p = (const char *)data + 2;
	size_t max_line, n;
	int fd;

	if (size < 2)
		return 0;
	n = size - 2;
	max_line = data[0] ? data[0] : RECORD_MAX_LINE;
	fd = feed(p, n, data[1]);
	split(&want, p, n, max_line);
	read_all(&got, fd, data[0]);
	expect(close(fd) == 0);
	expect(slice_eq(buf_slice(&want), buf_slice(&got)));
	return 0;
}
