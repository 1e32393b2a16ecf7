#include "unit-proc.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <oncall/clock.h>
#include <oncall/syslogd.h>
#include <oncall/ulid.h>

#include "../../libcommon/io/syslogd-internal.h"

static char dir[] = "/tmp/oncall-syslogd-XXXXXX";
static struct input *in;
static struct input_block b;
static struct buf got;
static struct err told;
static int told_count;

static void on_trouble(void *arg, const struct err *e)
{
	assert_ptr_equal(arg, &told);
	told = *e;
	told_count++;
}

static void open_at(const char *address, size_t max_line)
{
	struct syslogd_options opt = {.address = address,
				      .max_line = max_line,
				      .service = "web",
				      .trouble = on_trouble,
				      .arg = &told};

	if (syslogd_new(&in, &opt, &err))
		fail_msg("%s", err.text);
}

/* Messages a line, "!" before what was cut. */
static void note(void)
{
	assert_string_equal(b.stream->kind, "socket");
	assert_string_equal(b.stream->service, "web");
	assert_false(b.stream->positions);
	for (size_t i = 0; i < b.event_count; i++) {
		char id[ULID_TEXT] = "";

		assert_int_equal(b.events[i].id.len, ULID_TEXT - 1);
		memcpy(id, b.events[i].id.ptr, ULID_TEXT - 1);
		assert_true(ulid_valid(id));
		if (b.events[i].truncated)
			buf_add_char(&got, '!');
		buf_add_slice(&got, b.events[i].text);
		buf_add_char(&got, '\n');
	}
}

/* Reads until there are so many messages. */
static void take(size_t count)
{
	size_t have = 0;
	int64_t end = clock_mono() + 5000;

	buf_reset(&got);
	while (have < count && clock_mono() < end) {
		int s = input_next(in, &b, 200, &err);

		assert_true(s == INPUT_BLOCK_READY || s == INPUT_NOTHING);
		if (s == INPUT_BLOCK_READY)
			note();
		have += b.event_count;
	}
	assert_int_equal(have, count);
}

static void take_nothing(void)
{
	assert_int_equal(input_next(in, &b, 30, &err), INPUT_NOTHING);
	assert_int_equal(b.event_count, 0);
}

static int connect_to(int type)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, type, 0);

	at.sin_port = htons((uint16_t)syslogd_port(in));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int connect_unix(const char *path, int type)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	assert_true(fd >= 0);
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void say(int fd, struct slice s)
{
	assert_int_equal(send(fd, s.ptr, s.len, MSG_NOSIGNAL), s.len);
}

#define SAY(fd, text) say((fd), SLICE_LIT(text))

static void frames(struct slice text, size_t max, const char *want)
{
	for (size_t piece = 1; piece <= text.len; piece++) {
		struct syslogd_frame f = {.left = 0};

		buf_reset(&got);
		for (size_t at = 0; at < text.len; at += piece) {
			size_t n =
				text.len - at < piece ? text.len - at : piece;
			struct slice s = {text.ptr + at, n};

			while (syslogd_frame_feed(&f, &s, max)) {
				buf_add_str(&got, f.truncated ? "!" : "");
				(void)syslogd_frame_clean(&got,
							  buf_slice(&f.text));
				buf_add_char(&got, '\n');
			}
		}
		if (syslogd_frame_end(&f)) {
			buf_add_str(&got, f.truncated ? "!" : "");
			(void)syslogd_frame_clean(&got, buf_slice(&f.text));
		}
		buf_done(&f.text);
		assert_string_equal(buf_str(&got), want);
	}
}

static void each_message_tells_its_framing(void **state)
{
	(void)state;
	frames(SLICE_LIT("<13>a\n6 <1>b\nc6 <1>d\ne\n\n\n\0<1>f\0<1>g\r\nlast"),
	       100, "<13>a\n<1>b c\n<1>d e\n<1>f\n<1>g\nlast");
	/* Not counts. */
	frames(SLICE_LIT("12 x\n012 <x\n12<x\n1234567890 <x\n12\n5 <12"), 100,
	       "12 x\n012 <x\n12<x\n1234567890 <x\n12\n!<12");
	frames(SLICE_LIT("abcdefgh\nabcd\n10 <123456789abc"), 4,
	       "!abcd\nabcd\n!<123\nabc");
	frames(SLICE_LIT("12"), 4, "12");
	frames(SLICE_LIT("12 "), 4, "12 ");
}

static void datagrams_are_messages(void **state)
{
	int fd;

	(void)state;
	open_at("udp:0", 20);
	fd = connect_to(SOCK_DGRAM);
	take_nothing();
	SAY(fd, "<13>one\ntwo\n");
	SAY(fd, "");
	SAY(fd, "3 <13>\0");
	SAY(fd, "123456789012345678901");
	take(3);
	assert_string_equal(buf_str(&got),
			    "<13>one two\n3 <13>\n!12345678901234567890\n");
	assert_true(b.live);
	take_nothing();
	assert_int_equal(close(fd), 0);
}

static void connections_are_read_apart(void **state)
{
	int one, two;

	(void)state;
	open_at("tcp:127.0.0.1:0", 20);
	one = connect_to(SOCK_STREAM);
	two = connect_to(SOCK_STREAM);
	SAY(one, "<13>be");
	SAY(two, "9 <13>o");
	take_nothing();
	SAY(one, "gun\n");
	take(1);
	assert_string_equal(buf_str(&got), "<13>begun\n");
	SAY(two, "live<13>cut by its end");
	take(1);
	assert_string_equal(buf_str(&got), "<13>olive\n");
	assert_int_equal(close(two), 0);
	take(1);
	assert_string_equal(buf_str(&got), "<13>cut by its end\n");
	SAY(one, "9 <13>o");
	assert_int_equal(close(one), 0);
	take(1);
	assert_string_equal(buf_str(&got), "!<13>o\n");
}

static void a_peer_that_is_not_read_waits(void **state)
{
	char text[1024];
	size_t sent = 0, taken = 0;
	int fd;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	open_at("tcp:0", 0);
	fd = connect_to(SOCK_STREAM);
	while (send(fd, text, sizeof(text), MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       sizeof(text))
		sent++;
	assert_true(sent > 10);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	while (input_next(in, &b, 300, &err) == INPUT_BLOCK_READY) {
		assert_true(b.data.len < INPUT_BLOCK + 128 * 1024);
		taken += b.event_count;
	}
	assert_in_range(taken, sent, sent + 1); /* the last may be a part */
	assert_int_equal(close(fd), 0);
}

static void too_many_connections_wait_for_room(void **state)
{
	int fds[SYSLOGD_CONNECTIONS + 1];

	(void)state;
	open_at("tcp:0", 100);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = connect_to(SOCK_STREAM);
		SAY(fds[i], "<1>x\n");
		if (i < SYSLOGD_CONNECTIONS)
			take(1);
	}
	take_nothing();
	assert_int_equal(close(fds[0]), 0);
	take(1);
	for (size_t i = 1; i < ARRAY_LEN(fds); i++)
		assert_int_equal(close(fds[i]), 0);
}

/* Peers that begin long messages and do not end them. */
static void what_is_begun_is_bounded(void **state)
{
	enum { PEERS = 40 };
	static char text[512 * 1024];
	int fds[PEERS];

	(void)state;
	memset(text, 'x', sizeof(text));
	open_at("tcp:0", 1024 * 1024);
	for (size_t i = 0; i < PEERS; i++) {
		fds[i] = connect_to(SOCK_STREAM);
		for (size_t at = 0; at < sizeof(text);) {
			ssize_t n = send(fds[i], text + at, sizeof(text) - at,
					 MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n > 0)
				at += (size_t)n;
			assert_int_equal(input_next(in, &b, 0, &err),
					 INPUT_NOTHING);
		}
	}
	for (size_t i = 0; i < PEERS; i++)
		assert_int_equal(close(fds[i]), 0);
	take(PEERS);
	assert_true(got.len <= SYSLOGD_HELD + PEERS * (size_t)128 * 1024);
	assert_true(got.len >= SYSLOGD_HELD / 2);
	assert_non_null(strchr(buf_str(&got), '!'));
}

static void what_the_system_drops_is_told(void **state)
{
	enum { SENT = 30000 };
	static char text[1000];
	uint64_t taken = 0;
	int fd;

	(void)state;
	memset(text, 'x', sizeof(text));
	open_at("udp:127.0.0.1:0", 0);
	fd = connect_to(SOCK_DGRAM);
	for (int i = 0; i < SENT; i++)
		assert_int_equal(send(fd, text, sizeof(text), 0), sizeof(text));
	for (int round = 0; round < 2; round++) {
		while (input_next(in, &b, 50, &err) == INPUT_BLOCK_READY)
			taken += b.event_count;
		SAY(fd, "now it is told");
	}
	while (input_next(in, &b, 50, &err) == INPUT_BLOCK_READY)
		taken += b.event_count;
	assert_true(taken < SENT);
	assert_int_equal(taken + syslogd_dropped(in), SENT + 2);
	assert_int_equal(told_count, 1); /* no more for a minute */
	assert_err(&told, ERR_SYSTEM, "the system dropped");
	assert_int_equal(close(fd), 0);
}

static void socket_files_are_ours_for_the_time(void **state)
{
	AUTO_FREE char *path = mem_printf("%s/log", dir);
	AUTO_FREE char *address = mem_printf("unix:%s", path);
	AUTO_FREE char *stream = mem_printf("unix-stream:%s", path);
	struct syslogd_options opt = {.address = address};
	struct input *second = NULL;
	struct stat st;
	int fd;

	(void)state;
	open_at(address, 100);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	fd = connect_unix(path, SOCK_DGRAM);
	SAY(fd, "<13>hello\n");
	take(1);
	assert_string_equal(buf_str(&got), "<13>hello\n");
	assert_int_equal(close(fd), 0);
	assert_int_equal(syslogd_new(&second, &opt, &err), -1);
	assert_err(&err, ERR_SYSTEM, "is in use");
	opt.address = stream;
	err_clear(&err);
	assert_int_equal(syslogd_new(&second, &opt, &err), -1);
	assert_err(&err, ERR_SYSTEM, "is in use");
	err_clear(&err);
	input_free(in);
	assert_int_equal(stat(path, &st), -1);
	/* One that somebody left behind. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	{
		struct sockaddr_un at = {.sun_family = AF_UNIX};

		memcpy(at.sun_path, path, strlen(path));
		assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)),
				 0);
	}
	assert_int_equal(close(fd), 0);
	open_at(stream, 100);
	fd = connect_unix(path, SOCK_STREAM);
	SAY(fd, "<13>one\0<13>two\n6 <13>\nx");
	take(3);
	assert_string_equal(buf_str(&got), "<13>one\n<13>two\n<13> x\n");
	assert_int_equal(close(fd), 0);
	/* Somebody else's file in its place stays. */
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(close(fd), 0);
	input_free(in);
	in = NULL;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(syslogd_new(&second, &opt, &err), -1);
	assert_err(&err, ERR_SYSTEM, "no socket");
	assert_int_equal(unlink(path), 0);
}

static void wrong_addresses_are_refused(void **state)
{
	static const char *const bad[] = {"514",	 "udp:",
					  "udp:x",	 "tcp:127.0.0.1:",
					  "udp:1:2:3",	 "udp:65536",
					  "tcp:h:-1",	 "unix:",
					  "http://x:80", "udp:99999999999999"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct syslogd_options opt = {.address = bad[i]};

		if (syslogd_new(&in, &opt, &err) != -1)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		err_clear(&err);
	}
}

/* logger ARGS, started beside us, for it may wait until it is read. */
static void logger(const char *args)
{
	AUTO_FREE char *text = mem_printf("logger %s", args);

	assert_int_equal(run(PLAIN, SH(text)), 0);
	if (res.status)
		fail_msg("%s: %s", text, res.errors.text);
	proc_result_done(&res);
}

static void real_loggers_are_understood(void **state)
{
	AUTO_FREE char *path = mem_printf("%s/log", dir);
	AUTO_FREE char *address = mem_printf("unix:%s", path);
	AUTO_FREE char *args = NULL;
	AUTO_FREE char *more = NULL;
	AUTO_FREE char *file = mem_printf("-u %s -t me 'a b'", path);

	(void)state;
	if (access("/usr/bin/logger", X_OK)) {
		print_message("skipped: no logger\n");
		skip();
	}
	open_at("udp:0", 0);
	args = mem_printf(
		"-n 127.0.0.1 -d -P %d -t me --rfc5424 -p daemon.warning "
		"'hello you'",
		syslogd_port(in));
	logger(args);
	take(1);
	assert_memory_equal(buf_str(&got), "<28>1 2", 7);
	assert_non_null(strstr(buf_str(&got), " me - - "));
	assert_non_null(strstr(buf_str(&got), "] hello you\n"));
	input_free(in);
	open_at("tcp:0", 0);
	more = mem_printf("-n 127.0.0.1 -T -P %d -t me --rfc3164 --octet-count "
			  "'first 1'; logger -n 127.0.0.1 -T -P %d -t me "
			  "--rfc5424 'second 2'",
			  syslogd_port(in), syslogd_port(in));
	logger(more);
	take(2);
	assert_non_null(strstr(buf_str(&got), " me: first 1\n"));
	assert_non_null(strstr(buf_str(&got), "] second 2\n"));
	assert_int_equal(buf_str(&got)[0], '<');
	input_free(in);
	open_at(address, 0);
	logger(file);
	take(1);
	assert_non_null(strstr(buf_str(&got), " me: a b\n"));
}

static int test_before(void **state)
{
	in = NULL;
	told_count = 0;
	return before(state);
}

static int test_after(void **state)
{
	input_free(in);
	in = NULL;
	return after(state);
}

#define STEST(f) cmocka_unit_test_setup_teardown(f, test_before, test_after)

static int all_done(void **state)
{
	(void)state;
	input_block_done(&b);
	buf_done(&got);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STEST(each_message_tells_its_framing),
		STEST(datagrams_are_messages),
		STEST(connections_are_read_apart),
		STEST(a_peer_that_is_not_read_waits),
		STEST(too_many_connections_wait_for_room),
		STEST(what_is_begun_is_bounded),
		STEST(what_the_system_drops_is_told),
		STEST(socket_files_are_ours_for_the_time),
		STEST(wrong_addresses_are_refused),
		STEST(real_loggers_are_understood),
	};

	start();
	if (!mkdtemp(dir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, all_done);
}
