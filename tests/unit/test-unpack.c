#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/unpack.h>

#include "unit-archive.h"

#define BIG	     ((size_t)600 * 1024) /* more than any buffer here */
#define HANG_SECONDS 20

typedef void pack_fn(struct buf *out, const char *p, size_t n);

static const struct {
	const char *name;
	pack_fn *pack;
} kinds[] = {
#ifdef HAVE_ZLIB
	{"gzip", archive_gzip},
#endif
#ifdef HAVE_ZSTD
	{"zstd", archive_zstd},
#endif
};

/* What "printf 'hello hello hello hello\n' | gzip -n" writes. */
static const unsigned char squeezed[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
	0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x27, 0xb9,
	0x00, 0x00, 0x88, 0x59, 0x0b, 0x18, 0x00, 0x00, 0x00};

static int clean(void **state)
{
	(void)state;
	signals_raise_stop(0);
	(void)alarm(HANG_SECONDS);
	return 0;
}

static char *noise(size_t n)
{
	char *p = mem_alloc(n);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (char)(x >> 24);
	}
	p[0] = 'x'; /* no archive by accident */
	return p;
}

static int file_with(struct slice content)
{
	char path[] = "/tmp/oncall-unpack-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, content.ptr, content.len), content.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Everything, in pieces of at most step bytes; the last read's answer. */
static ssize_t read_all(struct unpack *u, struct buf *out, size_t step,
			struct err *err)
{
	AUTO_FREE char *piece = mem_alloc(step);
	ssize_t got;

	while ((got = unpack_read(u, piece, step, err)) > 0)
		buf_add(out, piece, (size_t)got);
	return got;
}

static void assert_unpacks(struct slice packed, struct slice want, size_t step)
{
	AUTO_UNPACK struct unpack *u = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(unpack_open(&u, file_with(packed), "f", &err), 0);
	assert_int_equal(read_all(u, &out, step, &err), 0);
	assert_no_err(&err);
	assert_true(slice_eq(buf_slice(&out), want));
}

static void plain_bytes_pass_as_they_are(void **state)
{
	AUTO_FREE char *p = noise(BIG);
	static const char *const starts[] = {
		"",
		"\x1f",
		"\x1f\x8b",
		"\x1f\x8b\x09",
		"\x28\xb5\x2f",
		"\x50",
		"P\n",
		"\0\0",
		"x",
	};

	(void)state;
	assert_unpacks((struct slice){p, BIG}, (struct slice){p, BIG}, 1000);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		assert_unpacks(slice_of(starts[i]), slice_of(starts[i]), 10);
}

static void archives_are_read_as_what_they_hold(void **state)
{
	AUTO_FREE char *p = noise(BIG);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_BUF struct buf packed = BUF_INIT;
		struct slice want = {p, BIG};

		kinds[i].pack(&packed, p, BIG);
		assert_unpacks(buf_slice(&packed), want, BIG);
		assert_unpacks(buf_slice(&packed), want, 777);
	}
}

static void compressed_data_is_decompressed(void **state)
{
#ifdef HAVE_ZLIB
	(void)state;
	assert_unpacks((struct slice){(const char *)squeezed, sizeof(squeezed)},
		       SLICE_LIT("hello hello hello hello\n"), 5);
#else
	(void)state;
	(void)squeezed;
	skip();
#endif
}

static void members_follow_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_BUF struct buf packed = BUF_INIT;

		kinds[i].pack(&packed, "one\n", 4);
		kinds[i].pack(&packed, "", 0);
		kinds[i].pack(&packed, "two\n", 4);
		assert_unpacks(buf_slice(&packed), SLICE_LIT("one\ntwo\n"),
			       100);
		assert_unpacks(buf_slice(&packed), SLICE_LIT("one\ntwo\n"), 1);
	}
}

static void zeros_behind_a_gzip_member_are_padding(void **state)
{
	AUTO_BUF struct buf packed = BUF_INIT;

	(void)state;
#ifndef HAVE_ZLIB
	skip();
#endif
	archive_gzip(&packed, "one\n", 4);
	for (int i = 0; i < 1000; i++)
		buf_add_char(&packed, '\0');
	assert_unpacks(buf_slice(&packed), SLICE_LIT("one\n"), 100);
}

static void assert_breaks(struct slice packed, const char *says)
{
	AUTO_UNPACK struct unpack *u = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT, again = ERR_INIT;
	char byte;

	assert_int_equal(unpack_open(&u, file_with(packed), "f.gz", &err), 0);
	assert_true(unpack_compressed(u));
	assert_int_equal(read_all(u, &out, 100, &err), -1);
	assert_err(&err, ERR_INPUT, says);
	assert_err(&err, ERR_INPUT, "'f.gz'");
	assert_int_equal(unpack_read(u, &byte, 1, &again), -1);
	assert_string_equal(again.text, err.text);
}

static void broken_archives_are_bad_input(void **state)
{
	AUTO_FREE char *p = noise(BIG);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_BUF struct buf packed = BUF_INIT;
		size_t cuts[] = {4, 5, 9, 30, BIG / 2, BIG};

		kinds[i].pack(&packed, p, BIG);
		for (size_t k = 0; k < ARRAY_LEN(cuts); k++)
			assert_breaks((struct slice){packed.data, cuts[k]},
				      "in the middle");
		packed.data[packed.len - BIG / 2] ^= 1;
		if (kinds[i].pack == archive_gzip)
			assert_breaks(buf_slice(&packed), "broken gzip");
		packed.data[packed.len - BIG / 2] ^= 1;
		buf_add_str(&packed, "garbage");
		assert_breaks(buf_slice(&packed), "broken");
	}
}

struct feeding {
	int fd;
	struct slice bytes;
	size_t step;
};

static void *feed(void *arg)
{
	const struct feeding *f = arg;

	for (size_t at = 0; at < f->bytes.len; at += f->step) {
		size_t n = f->bytes.len - at;

		if (n > f->step)
			n = f->step;
		if (write(f->fd, f->bytes.ptr + at, n) < 0)
			break;
	}
	(void)close(f->fd);
	return NULL;
}

static void assert_pipe(struct slice packed, struct slice want, size_t step)
{
	AUTO_UNPACK struct unpack *u = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	int fds[2];
	pthread_t thread;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	{
		struct feeding f = {fds[1], packed, step};

		assert_int_equal(pthread_create(&thread, NULL, feed, &f), 0);
		assert_int_equal(unpack_open(&u, fds[0], "-", &err), 0);
		assert_int_equal(read_all(u, &out, 10000, &err), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	assert_no_err(&err);
	assert_true(slice_eq(buf_slice(&out), want));
}

static void pipes_are_read_byte_for_byte(void **state)
{
	AUTO_FREE char *p = noise(BIG);

	(void)state;
	assert_pipe((struct slice){p, BIG}, (struct slice){p, BIG}, 3000);
	assert_pipe(SLICE_LIT("\x1f\x8b"), SLICE_LIT("\x1f\x8b"), 1);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_BUF struct buf packed = BUF_INIT;

		kinds[i].pack(&packed, p, BIG);
		assert_pipe(buf_slice(&packed), (struct slice){p, BIG}, 7000);
		buf_reset(&packed);
		kinds[i].pack(&packed, "one\n", 4);
		assert_pipe(buf_slice(&packed), SLICE_LIT("one\n"), 1);
	}
}

static void a_stop_ends_the_wait_for_a_pipe(void **state)
{
	AUTO_UNPACK struct unpack *u = NULL;
	struct err err = ERR_INIT;
	char byte;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(unpack_open(&u, fds[0], "-", &err), 0);
	signals_raise_stop(SIGTERM);
	assert_int_equal(unpack_read(u, &byte, 1, &err), -1);
	assert_no_err(&err);
	signals_raise_stop(0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(unpack_read(u, &byte, 1, &err), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(unpack_read(u, &byte, 1, &err), 0);
}

static void reading_begins_where_the_file_stands(void **state)
{
	AUTO_UNPACK struct unpack *u = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	int fd = file_with(SLICE_LIT("\x1f\x8b\x08 rest"));

	(void)state;
	assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
	assert_int_equal(unpack_open(&u, fd, "f", &err), 0);
	assert_int_equal(unpack_fd(u), fd);
	assert_false(unpack_compressed(u));
	assert_int_equal(read_all(u, &out, 100, &err), 0);
	assert_string_equal(buf_str(&out), " rest");
}

static void a_directory_fails(void **state)
{
	struct unpack *u = NULL;
	struct err err = ERR_INIT;
	char byte;

	(void)state;
	assert_int_equal(
		unpack_open(&u, open("/", O_RDONLY | O_CLOEXEC), "/", &err), 0);
	assert_int_equal(unpack_read(u, &byte, 1, &err), -1);
	assert_err(&err, ERR_SYSTEM, "cannot read '/'");
	unpack_free(u);
	unpack_free(NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, clean)
	const struct CMUnitTest tests[] = {
		TEST(plain_bytes_pass_as_they_are),
		TEST(archives_are_read_as_what_they_hold),
		TEST(compressed_data_is_decompressed),
		TEST(members_follow_each_other),
		TEST(zeros_behind_a_gzip_member_are_padding),
		TEST(broken_archives_are_bad_input),
		TEST(pipes_are_read_byte_for_byte),
		TEST(a_stop_ends_the_wait_for_a_pipe),
		TEST(reading_begins_where_the_file_stands),
		TEST(a_directory_fails),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
