#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/record.h>
#include <oncall/signals.h>

#define HANG_SECONDS 60
#define MIB	     ((size_t)1024 * 1024)

static int clean(void **state)
{
	(void)state;
	(void)alarm(HANG_SECONDS);
	/* Ignored under nohup, and so by signals_install(). */
	(void)signal(SIGHUP, SIG_DFL);
	signals_raise_stop(0);
	(void)signals_reload();
	return 0;
}

/* A regular file with that content, at its start. */
static int file_with(const char *p, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* The reading end of a pipe with that content, which is at its end. */
static int pipe_with(const char *p, size_t n)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], p, n), n);
	assert_int_equal(close(fds[1]), 0);
	return fds[0];
}

static void check_too_long(struct err *err, struct slice *ret_line)
{
	assert_err(err, ERR_INPUT, "line is longer than");
	err_clear(err);
	*ret_line = SLICE_LIT("!");
}

/* "1:line;2:line;" with the numbers of the lines, "!" for a bad one. */
static void list_lines(int fd, size_t max_line, struct buf *out)
{
	AUTO_READER struct record_reader *r =
		record_reader_new(fd, "input", max_line);
	struct err err = ERR_INIT;
	struct slice line;
	int got;

	while ((got = record_read(r, &line, &err)) != 0) {
		if (got < 0)
			check_too_long(&err, &line);
		buf_addf(out, "%zu:", record_reader_line(r));
		buf_add_slice(out, line);
		buf_add_char(out, ';');
	}
	assert_no_err(&err);
	assert_int_equal(close(fd), 0);
}

static void check_lines(const char *input, size_t n, size_t max_line,
			const char *want)
{
	for (int i = 0; i < 2; i++) {
		AUTO_BUF struct buf got = BUF_INIT;

		list_lines(i ? file_with(input, n) : pipe_with(input, n),
			   max_line, &got);
		assert_string_equal(buf_str(&got), want);
	}
}

static void hands_out_lines_without_their_ends(void **state)
{
	static const struct {
		const char *input, *lines;
	} cases[] = {
		{"", ""},
		{"\n", ""},
		{"a\n", "1:a;"},
		{"a", "1:a;"},
		{"a\r\n", "1:a;"},
		{"a\r", "1:a;"},
		{"a\nb\r\n\n  \t\n\r\n \r\nc", "1:a;2:b;7:c;"},
		{" a \nb\rc\r\r\n", "1: a ;2:b\rc\r;"},
		{"\n\n\na\n\n\n", "4:a;"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_lines(cases[i].input, strlen(cases[i].input), 0,
			    cases[i].lines);
}

static void nul_is_data(void **state)
{
	int fd = pipe_with("a\0b\n\0\nc", 7);
	AUTO_READER struct record_reader *r = record_reader_new(fd, "in", 0);
	struct err err = ERR_INIT;
	struct slice line;

	(void)state;
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_int_equal(line.len, 3);
	assert_memory_equal(line.ptr, "a\0b", 3);
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_int_equal(line.len, 1);
	assert_memory_equal(line.ptr, "\0", 1);
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_int_equal(record_read(r, &line, &err), 0);
	assert_int_equal(close(fd), 0);
}

static void skips_and_reports_a_long_line_once(void **state)
{
	static const char input[] = "0123456789\n"
				    "0123456789\r\n"
				    "0123456789a\n"
				    "b\n"
				    "0123456789ab\r\n"
				    "            \n"
				    "c\n"
				    "0123456789abc";

	(void)state;
	check_lines(input, sizeof(input) - 1, 10,
		    "1:0123456789;2:0123456789;3:!;4:b;5:!;6:!;7:c;8:!;");
}

static void write_and_exit(int fd, size_t bytes, const char *behind)
{
	static char block[65536];

	memset(block, 'x', sizeof(block));
	for (size_t i = 0; i < bytes; i += sizeof(block))
		if (write(fd, block, sizeof(block)) < 0)
			_exit(1);
	_exit(write(fd, behind, strlen(behind)) < 0);
}

static long max_rss_kib(void)
{
	struct rusage use;

	assert_int_equal(getrusage(RUSAGE_SELF, &use), 0);
	return use.ru_maxrss;
}

static void a_huge_line_costs_no_memory(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT;
	long before = max_rss_kib();
	int fds[2];
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_and_exit(fds[1], 100 * MIB, "\nnext\n");
	assert_int_equal(close(fds[1]), 0);
	list_lines(fds[0], MIB, &got);
	assert_string_equal(buf_str(&got), "1:!;2:next;");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(max_rss_kib() - before < 12L * 1024);
}

static void lines_may_be_longer_than_a_block(void **state)
{
	AUTO_BUF struct buf in = BUF_INIT;
	AUTO_BUF struct buf want = BUF_INIT;
	AUTO_BUF struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		size_t from;

		buf_addf(&want, "%zu:", i + 1);
		from = want.len;
		for (size_t k = 0; k < i * 9001; k++)
			buf_addf(&want, "%zu,", k);
		buf_add_str(&want, "end");
		buf_add(&in, want.data + from, want.len - from);
		buf_add_char(&in, '\n');
		buf_add_char(&want, ';');
	}
	list_lines(file_with(in.data, in.len), 0, &got);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, want.len);
}

static void the_pieces_do_not_matter(void **state)
{
	static const char input[] = "first\r\n\nsecond line\nlast";

	(void)state;
	for (size_t size = 1; size < sizeof(input); size++) {
		AUTO_BUF struct buf got = BUF_INIT;
		int fds[2];
		pid_t child;
		int status;

		/* Packets keep the reads apart. */
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds),
				 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			for (size_t i = 0; i < sizeof(input) - 1; i += size) {
				size_t n = sizeof(input) - 1 - i;

				n = n < size ? n : size;
				if (write(fds[1], input + i, n) < 0)
					_exit(1);
			}
			_exit(0);
		}
		assert_int_equal(close(fds[1]), 0);
		list_lines(fds[0], 11, &got);
		assert_string_equal(buf_str(&got),
				    "1:first;3:second line;4:last;");
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

static void a_descriptor_may_not_block(void **state)
{
	int fds[2];
	AUTO_READER struct record_reader *r = NULL;
	struct err err = ERR_INIT;
	struct slice line;
	pid_t child;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	r = record_reader_new(fds[0], "in", 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)usleep(30000);
		_exit(write(fds[1], "late\n", 5) < 0);
	}
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_true(slice_is(line, "late"));
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

static void is_dry_between_lines_of_a_pipe(void **state)
{
	int fds[2];
	AUTO_READER struct record_reader *r = NULL;
	struct err err = ERR_INIT;
	struct slice line;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	r = record_reader_new(fds[0], "in", 0);
	assert_true(record_reader_dry(r, 0));
	assert_true(record_reader_dry(r, 20));
	assert_int_equal(write(fds[1], "a\nb\nha", 6), 6);
	assert_false(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_false(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_true(slice_is(line, "b"));
	/* Half a line is nothing. */
	assert_true(record_reader_dry(r, 20));
	assert_int_equal(record_reader_wait(r, 0), 0);
	assert_int_equal(write(fds[1], "lf\nq", 4), 4);
	assert_false(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_true(slice_is(line, "half"));
	assert_int_equal(record_reader_line(r), 3);
	/* The end makes a line of it. */
	assert_int_equal(close(fds[1]), 0);
	assert_false(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_true(slice_is(line, "q"));
	assert_true(record_reader_dry(r, -1));
	assert_int_equal(record_reader_wait(r, -1), 1);
	assert_int_equal(record_read(r, &line, &err), 0);
	assert_int_equal(record_read(r, &line, &err), 0);
	assert_int_equal(close(fds[0]), 0);
}

static void a_file_is_dry_at_its_end_only(void **state)
{
	int fd = file_with("a\nb", 3);
	AUTO_READER struct record_reader *r = record_reader_new(fd, "in", 0);
	struct err err = ERR_INIT;
	struct slice line;

	(void)state;
	assert_false(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_false(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_true(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), 0);
	assert_string_equal(record_reader_name(r), "in");
	assert_int_equal(close(fd), 0);
}

/* Bytes keep coming, but no line: the caller has other things to do. */
static void does_not_wait_for_ever_for_a_slow_line(void **state)
{
	int fds[2];
	AUTO_READER struct record_reader *r = NULL;
	int64_t before = clock_mono();
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(fds[0]);
		(void)signal(SIGPIPE, SIG_DFL);
		while (write(fds[1], "x", 1) == 1)
			(void)usleep(5000);
		_exit(0);
	}
	assert_int_equal(close(fds[1]), 0);
	r = record_reader_new(fds[0], "in", 0);
	assert_int_equal(record_reader_wait(r, 500), 0);
	assert_true(clock_mono() - before < 10000);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void signals_end_the_wait_and_a_stop_the_reading(void **state)
{
	int fds[2];
	AUTO_READER struct record_reader *r = NULL;
	struct err err = ERR_INIT;
	struct slice line;

	(void)state;
	signals_install();
	assert_int_equal(pipe(fds), 0);
	r = record_reader_new(fds[0], "in", 0);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(record_reader_wait(r, -1), -1);
	assert_int_equal(write(fds[1], "a\nb\n", 4), 4);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(record_read(r, &line, &err), 1);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(record_read(r, &line, &err), 0);
	assert_no_err(&err);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

static void a_stop_ends_a_wait_that_has_begun(void **state)
{
	int fds[2];
	AUTO_READER struct record_reader *r = NULL;
	struct err err = ERR_INIT;
	struct slice line;
	pid_t parent = getpid();
	pid_t child;

	(void)state;
	signals_install();
	assert_int_equal(pipe(fds), 0);
	r = record_reader_new(fds[0], "in", 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)usleep(50000);
		_exit(kill(parent, SIGTERM) < 0);
	}
	assert_int_equal(record_read(r, &line, &err), 0);
	assert_int_equal(signals_stop(), SIGTERM);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

static void says_what_cannot_be_read(void **state)
{
	AUTO_FD int folder = open("/", O_RDONLY | O_DIRECTORY);
	AUTO_READER struct record_reader *r =
		record_reader_new(folder, "the/root", 0);
	struct err err = ERR_INIT;
	struct slice line;

	(void)state;
	assert_false(record_reader_dry(r, 0));
	assert_int_equal(record_read(r, &line, &err), -1);
	assert_err(&err, ERR_SYSTEM, "cannot read 'the/root': Is a directory");
}

static void makes_pipes_large(void **state)
{
	int fds[2], other[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(other), 0);
	record_reader_free(record_reader_new(fds[0], "in", 0));
	/* As large as the machine allows. */
	(void)fcntl(other[0], F_SETPIPE_SZ, (int)MIB);
	assert_int_equal(fcntl(fds[0], F_GETPIPE_SZ),
			 fcntl(other[0], F_GETPIPE_SZ));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(close(fds[i]), 0);
		assert_int_equal(close(other[i]), 0);
	}
}

static void writes_when_told(void **state)
{
	struct err err = ERR_INIT;
	char got[64] = "";
	int fds[2];
	struct record_writer w;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	w = (struct record_writer)RECORD_WRITER_INIT(fds[1]);
	assert_int_equal(record_flush(&w, &err), 0);
	record_write(&w, SLICE_LIT("one"));
	buf_add_str(&w.out, "two");
	record_write_end(&w);
	assert_int_equal(read(fds[0], got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(record_flush(&w, &err), 0);
	assert_int_equal(read(fds[0], got, sizeof(got)), 8);
	assert_string_equal(got, "one\ntwo\n");
	record_writer_done(&w);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

/* Much output through a pipe that does not block and is read slowly. */
static void writes_all_of_it_however_slow_the_reader(void **state)
{
	AUTO_FREE char *line = mem_alloc(MIB);
	struct err err = ERR_INIT;
	struct record_writer w;
	int fds[2];
	pid_t child;
	int status;

	(void)state;
	memset(line, 'x', MIB);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		size_t total = 0;
		ssize_t got;

		(void)close(fds[1]);
		(void)fcntl(fds[0], F_SETFL, 0);
		(void)usleep(20000);
		while ((got = read(fds[0], line, 70000)) > 0)
			total += (size_t)got;
		_exit(total != 5 * (MIB + 1));
	}
	assert_int_equal(close(fds[0]), 0);
	w = (struct record_writer)RECORD_WRITER_INIT(fds[1]);
	for (int i = 0; i < 5; i++) {
		record_write(&w, (struct slice){line, MIB});
		/* That much is not kept. */
		assert_int_equal(w.out.len, 0);
	}
	assert_int_equal(record_flush(&w, &err), 0);
	record_writer_done(&w);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void keeps_the_error_of_a_write(void **state)
{
	AUTO_FD int full = open("/dev/full", O_WRONLY);
	struct record_writer w = RECORD_WRITER_INIT(full);
	struct err err = ERR_INIT;

	(void)state;
	record_write(&w, SLICE_LIT("one"));
	assert_int_equal(w.error, 0);
	assert_int_equal(record_flush(&w, &err), -1);
	assert_err(&err, ERR_SYSTEM, "No space left on device");
	assert_int_equal(w.error, ENOSPC);
	err_clear(&err);
	assert_int_equal(record_flush(&w, &err), -1);
	for (int i = 0; i < 1000; i++)
		record_write(&w, SLICE_LIT("twentyfour bytes of text"));
	record_writer_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_out_lines_without_their_ends),
		cmocka_unit_test(nul_is_data),
		cmocka_unit_test(skips_and_reports_a_long_line_once),
		cmocka_unit_test_setup(a_huge_line_costs_no_memory, clean),
		cmocka_unit_test(lines_may_be_longer_than_a_block),
		cmocka_unit_test(the_pieces_do_not_matter),
		cmocka_unit_test(a_descriptor_may_not_block),
		cmocka_unit_test_setup(is_dry_between_lines_of_a_pipe, clean),
		cmocka_unit_test(a_file_is_dry_at_its_end_only),
		cmocka_unit_test_setup(does_not_wait_for_ever_for_a_slow_line,
				       clean),
		cmocka_unit_test_setup(
			signals_end_the_wait_and_a_stop_the_reading, clean),
		cmocka_unit_test_setup(a_stop_ends_a_wait_that_has_begun,
				       clean),
		cmocka_unit_test_setup(says_what_cannot_be_read, clean),
		cmocka_unit_test(makes_pipes_large),
		cmocka_unit_test(writes_when_told),
		cmocka_unit_test(writes_all_of_it_however_slow_the_reader),
		cmocka_unit_test(keeps_the_error_of_a_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
