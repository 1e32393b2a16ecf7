/* test-fd.c - whole texts, however they come and go. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <oncall/fd.h>
#include <oncall/mem.h>

#define LONG 100000 /* more than one read */

static int memory(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void what_was_written_is_read(void **state)
{
	AUTO_FD int fd = memory();
	AUTO_BUF struct buf in = BUF_INIT, out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < LONG; i++)
		buf_add_char(&in, (char)i);
	assert_int_equal(fd_write_all(fd, buf_slice(&in)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	buf_add_str(&out, "before");
	assert_int_equal(fd_read_all(fd, &out, LONG, ERR_INPUT, "it", &err), 0);
	assert_no_err(&err);
	assert_int_equal(out.len, strlen("before") + LONG);
	assert_memory_equal(out.data, "before", strlen("before"));
	assert_memory_equal(out.data + strlen("before"), in.data, LONG);
}

static void nothing_is_no_error(void **state)
{
	AUTO_FD int fd = memory();
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(fd_write_all(fd, (struct slice){NULL, 0}), 0);
	assert_int_equal(fd_read_all(fd, &out, 0, ERR_INPUT, "it", &err), 0);
	assert_int_equal(out.len, 0);
}

static void a_pipe_is_read_in_pieces(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fd_write_all(ends[1], SLICE_LIT("one ")), 0);
	assert_int_equal(fd_write_all(ends[1], SLICE_LIT("two")), 0);
	(void)close(ends[1]);
	assert_int_equal(fd_read_all(ends[0], &out, 7, ERR_INPUT, "it", &err),
			 0);
	assert_string_equal(buf_str(&out), "one two");
	(void)close(ends[0]);
}

static void what_is_too_long_is_refused(void **state)
{
	AUTO_FD int fd = memory();
	AUTO_BUF struct buf out = BUF_INIT, small = BUF_INIT_MAX(3);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(fd_write_all(fd, SLICE_LIT("12345")), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, &out, 4, ERR_USAGE, "it", &err), -1);
	assert_err(&err, ERR_USAGE, "'it' has more than 4 bytes");
	err_clear(&err);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, &small, 5, ERR_INPUT, "it", &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
}

static void failures_are_told(void **state)
{
	AUTO_FD int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	AUTO_FD int folder = open("/", O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(fd_write_all(full, SLICE_LIT("x")), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(fd_read_all(folder, &out, 1, ERR_INPUT, "it", &err),
			 -1);
	assert_err(&err, ERR_SYSTEM, "cannot read 'it'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(nothing_is_no_error),
		cmocka_unit_test(a_pipe_is_read_in_pieces),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(failures_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
