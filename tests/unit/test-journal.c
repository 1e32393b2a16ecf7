#include "unit-proc.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <oncall/child.h>
#include <oncall/clock.h>
#include <oncall/journal.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#include "../../libcommon/io/journal-internal.h"

#define REMOTE "/lib/systemd/systemd-journal-remote"

static char dir[] = "/tmp/oncall-journal-XXXXXX";
static struct err told;
static int told_count;

static void on_trouble(void *arg, const struct err *e)
{
	assert_ptr_equal(arg, &told);
	told = *e;
	told_count++;
}

static char *in_dir(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static void write_file(const char *name, struct slice text, int mode)
{
	AUTO_FREE char *path = in_dir(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.ptr, text.len), text.len);
	assert_int_equal(close(fd), 0);
}

static int open_file(const char *name)
{
	AUTO_FREE char *path = in_dir(name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

#define CURSOR(n) "s=aa;i=" #n ";b=bb;m=1;t=5" #n ";x=0"

/* Two entries: a repeated field, bytes, an empty value, one without text. */
static const char export_text[] = "__CURSOR=" CURSOR(
	1) "\n"
	   "__REALTIME_TIMESTAMP=1763632800000000\n"
	   "MESSAGE=first \"one\"\n"
	   "TAG=a\nTAG=b\n"
	   "EMPTY=\n"
	   "\n"
	   "__CURSOR=" CURSOR(
		   2) "\n"
		      "MESSAGE\n\x0d\0\0\0\0\0\0\0two\nlines \xff\x01=\n"
		      "TAG\n\0\0\0\0\0\0\0\0\n"
		      "\n";
#define EXPORT ((struct slice){export_text, sizeof(export_text) - 1})

#define FIRST                                                                 \
	"{\"__CURSOR\":\"" CURSOR(                                            \
		1) "\","                                                      \
		   "\"__REALTIME_TIMESTAMP\":\"1763632800000000\","           \
		   "\"MESSAGE\":\"first \\\"one\\\"\",\"TAG\":[\"a\",\"b\"]," \
		   "\"EMPTY\":\"\"} " CURSOR(1) "\n"
#define SECOND                                  \
	"{\"__CURSOR\":\"" CURSOR(              \
		2) "\","                        \
		   "\"MESSAGE\":\"two\\nlines " \
		   "\xef\xbf\xbd\\u0001=\",\"TAG\":\"\"} " CURSOR(2) "\n"

/* "text id" a line, "!" before what is truncated, "?" before what is bad. */
static void note_entry(struct buf *got, struct buf *out,
		       const struct journal_entry *e)
{
	const char *p = buf_str(out) + out->len - e->id - e->text;

	if (e->bad)
		buf_add_char(got, '?');
	if (e->truncated)
		buf_add_char(got, '!');
	buf_add(got, p, e->text);
	buf_add_char(got, ' ');
	buf_add(got, p + e->text, e->id);
	buf_add_char(got, '\n');
}

static void parse_pieces(struct slice text, size_t piece, size_t max,
			 struct buf *got)
{
	struct journal_parser p;
	AUTO_BUF struct buf out = BUF_INIT;
	struct journal_entry e;

	journal_parser_init(&p, max);
	for (size_t at = 0; at < text.len; at += piece) {
		size_t n = text.len - at < piece ? text.len - at : piece;
		struct slice in = {text.ptr + at, n};

		while (in.len)
			if (journal_parse(&p, &in, &out, &e))
				note_entry(got, &out, &e);
	}
	if (journal_parse_end(&p, &out, &e))
		note_entry(got, &out, &e);
	journal_parser_done(&p);
}

static void expect(struct slice text, size_t max, const char *want)
{
	for (size_t piece = 1; piece <= text.len;
	     piece += piece < 40 ? 1 : 13) {
		AUTO_BUF struct buf got = BUF_INIT;

		parse_pieces(text, piece, max, &got);
		assert_string_equal(buf_str(&got), want);
	}
}

static void export_becomes_json_in_pieces_of_any_size(void **state)
{
	(void)state;
	expect(EXPORT, 1000, FIRST SECOND);
	expect(SLICE_LIT("\n\n__CURSOR=x\nA=b"), 1000,
	       "{\"__CURSOR\":\"x\",\"A\":\"b\"} x\n");
}

static void wrong_fields_are_left_out(void **state)
{
	(void)state;
	expect(SLICE_LIT("__CURSOR=x\na b=c\nno "
			 "name\nA=1\n\nB=2\n__CURSOR=y\n\n"),
	       1000,
	       "?{\"__CURSOR\":\"x\",\"A\":\"1\"} x\n"
	       "{\"B\":\"2\",\"__CURSOR\":\"y\"} y\n");
	expect(SLICE_LIT("__CURSOR=x\nA\n\1\0\0\0\0\0\0\0bccc\nD=1\n\n"), 1000,
	       "?{\"__CURSOR\":\"x\",\"A\":\"b\",\"D\":\"1\"} x\n");
	/* Cut in a value: what is whole is handed on. */
	expect(SLICE_LIT("__CURSOR=x\nA\n\5\0\0\0\0\0\0\0b"), 1000,
	       "!{\"__CURSOR\":\"x\"} x\n");
	expect(SLICE_LIT("__CURSOR=x\nA"), 1000, "!{\"__CURSOR\":\"x\"} x\n");
}

static void too_long_fields_are_null(void **state)
{
	(void)state;
	expect(SLICE_LIT("__CURSOR=x\nA=12345678901\n"
			 "B\n\x0b\0\0\0\0\0\0\0"
			 "12345678901\nC=1234567890\n\n"),
	       10,
	       "!{\"__CURSOR\":\"x\",\"A\":null,\"B\":null,"
	       "\"C\":\"1234567890\"} x\n");
	/* All of them together. */
	expect(SLICE_LIT("A=1234567890\nB=1234567890\nC=1234567890\n"
			 "D=123456789\n__CURSOR=x\nE=1\n\n"),
	       10,
	       "!{\"A\":\"1234567890\",\"B\":\"1234567890\","
	       "\"C\":\"1234567890\",\"D\":\"123456789\",\"__CURSOR\":\"x\","
	       "\"E\":null} x\n");
}

static void json_bytes_become_text(void **state)
{
	(void)state;
	expect(SLICE_LIT("{\"__CURSOR\":\"x\",\"A\" : \"b\",\"N\":null}\r\n"
			 "\n"
			 "{\"__CURSOR\":\"y\",\"A\":[104,105,255],"
			 "\"B\":[\"p\",[113,10],null],\"\\u0043\":[]}\n"
			 "{broken\n"
			 "{\"__CURSOR\":\"z\"}"),
	       1000,
	       "{\"__CURSOR\":\"x\",\"A\" : \"b\",\"N\":null} x\n"
	       "{\"__CURSOR\":\"y\",\"A\":\"hi\xef\xbf\xbd\","
	       "\"B\":[\"p\",\"q\\n\",null],\"C\":\"\"} y\n"
	       "? \n"
	       "{\"__CURSOR\":\"z\"} z\n");
	expect(SLICE_LIT("{\"__CURSOR\":\"x\"}\n"
			 "{\"__CURSOR\":\"y\",\"A\":\"1234567890123456\"}\n"
			 "{\"__CURSOR\":\"z\"}\n"),
	       8, "{\"__CURSOR\":\"x\"} x\n? \n{\"__CURSOR\":\"z\"} z\n");
	/* Without a cursor the text stands for it. */
	expect(SLICE_LIT("{\"A\":1}\n"), 1000,
	       "{\"A\":1} 52dddc1755a9b3acadf12eab7f2ac1eb\n");
}

static void cursors_have_an_order(void **state)
{
	(void)state;
#define LATER(a, b) journal_later(SLICE_LIT(a), SLICE_LIT(b))
	assert_true(LATER("s=a;i=10;t=1", "s=a;i=f;t=2"));
	assert_false(LATER("s=a;i=f;t=2", "s=a;i=10;t=1"));
	assert_false(LATER("s=a;i=f;t=2", "s=a;i=f;t=2"));
	assert_true(LATER("s=b;i=1;t=20", "s=a;i=f;t=1f"));
	assert_false(LATER("s=b;i=ff;t=1e", "s=a;i=f;t=1f"));
	assert_true(LATER("other", "s=a;i=1;t=1"));
	assert_true(LATER("s=a;i=1;t=1", "other"));
}

static struct journal_options base(int fd)
{
	return (struct journal_options){.fd = fd,
					.name = "x.export",
					.since = WHEN_NONE,
					.until = WHEN_NONE,
					.trouble = on_trouble,
					.arg = &told};
}

static struct input *journal(const struct journal_options *opt)
{
	struct input *in = NULL;

	assert_int_equal(journal_new(&in, opt, &err), 0);
	return in;
}

static void note_events(struct buf *got, const struct input_block *b)
{
	assert_true(b->event_count > 0);
	assert_string_equal(b->stream->kind, "journal");
	assert_string_equal(b->stream->id, "journal");
	assert_false(b->stream->positions);
	for (size_t i = 0; i < b->event_count; i++) {
		if (b->events[i].truncated)
			buf_add_char(got, '!');
		buf_add_slice(got, b->events[i].text);
		buf_add_char(got, ' ');
		buf_add_slice(got, b->events[i].id);
		buf_add_char(got, '\n');
	}
}

static void read_to_end(struct input *in, struct buf *got)
{
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	int state;

	while ((state = input_next(in, &b, 5000, &err)) == INPUT_BLOCK_READY)
		note_events(got, &b);
	if (state != INPUT_END)
		fail_msg("state %d: %s", state, err.text);
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_END);
}

static void a_file_is_read_and_gone_on_with(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT;
	AUTO_BUF struct buf saved = BUF_INIT;
	struct journal_options opt;

	(void)state;
	write_file("x.export", EXPORT, 0600);
	opt = base(open_file("x.export"));
	{
		AUTO_INPUT struct input *in = journal(&opt);

		read_to_end(in, &got);
		input_save(in, &saved);
	}
	assert_string_equal(buf_str(&got), FIRST SECOND);
	assert_string_equal(buf_str(&saved), "{\"cursor\":\"" CURSOR(2) "\"}");
	opt.fd = open_file("x.export");
	buf_reset(&got);
	{
		AUTO_INPUT struct input *in = journal(&opt);

		assert_int_equal(
			input_load(in,
				   SLICE_LIT("{\"cursor\":\"" CURSOR(1) "\"}"),
				   &err),
			0);
		read_to_end(in, &got);
	}
	assert_string_equal(buf_str(&got), SECOND);
	/* The cursor is not in it: what is later is handed on. */
	opt.fd = open_file("x.export");
	buf_reset(&got);
	{
		AUTO_INPUT struct input *in = journal(&opt);

		assert_int_equal(
			input_load(in,
				   SLICE_LIT("{\"cursor\":\"s=zz;i=9;t=51\"}"),
				   &err),
			0);
		read_to_end(in, &got);
	}
	assert_string_equal(buf_str(&got), SECOND);
}

static void a_pipe_is_read_as_it_fills(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT;
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	int fds[2];
	struct journal_options opt;
	struct input *in;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	opt = base(fds[0]);
	in = journal(&opt);
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_NOTHING);
	assert_int_equal(write(fds[1], "A=1\n__CURSOR=x\n\nB=", 18), 18);
	assert_int_equal(input_next(in, &b, 1000, &err), INPUT_BLOCK_READY);
	assert_true(b.live);
	note_events(&got, &b);
	assert_int_equal(input_next(in, &b, 10, &err), INPUT_NOTHING);
	assert_int_equal(write(fds[1], "2\nbad line\n\n", 12), 12);
	assert_int_equal(input_next(in, &b, 1000, &err), INPUT_BLOCK_READY);
	assert_int_equal(b.event_count, 1);
	assert_int_equal(told_count, 1);
	assert_err(&told, ERR_INPUT,
		   "'x.export': an entry that cannot be read");
	assert_int_equal(journal_troubles(in), 1);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(input_next(in, &b, 1000, &err), INPUT_END);
	assert_string_equal(buf_str(&got),
			    "{\"A\":\"1\",\"__CURSOR\":\"x\"} x\n");
	input_free(in);
}

/* A journalctl that prints its arguments to a file, then what it is told to. */
static char *program(const char *script)
{
	AUTO_BUF struct buf text = BUF_INIT;

	write_file("args", SLICE_LIT(""), 0600);
	buf_addf(&text,
		 "#!/bin/sh\nprintf '%%s ' \"$@\" >>%s/args\n"
		 "echo >>%s/args\n%s\n",
		 dir, dir, script);
	write_file("journalctl", buf_slice(&text), 0700);
	return in_dir("journalctl");
}

static void expect_args(const char *want)
{
	AUTO_FD int fd = open_file("args");
	char text[1000] = "";

	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, want);
	write_file("args", SLICE_LIT(""), 0600);
}

static void journalctl_is_told_where_to_begin(void **state)
{
	AUTO_FREE char *path =
		program("printf '__CURSOR=x;y\\nA=1\\n\\n'; exit 0");
	static const char *const args[] = {"-u", "a b", NULL};
	struct journal_options opt = base(-1);
	AUTO_BUF struct buf got = BUF_INIT;

	(void)state;
	opt.program = path;
	opt.args = args;
	opt.since = 1763632800123;
	opt.until = 1763632900000;
	{
		AUTO_INPUT struct input *in = journal(&opt);

		read_to_end(in, &got);
		expect_args("--output=export --quiet --since=@1763632800.123 "
			    "--until=@1763632900.000 -u a b \n");
	}
	assert_string_equal(buf_str(&got),
			    "{\"__CURSOR\":\"x;y\",\"A\":\"1\"} x;y\n");
	{
		AUTO_INPUT struct input *in = journal(&opt);

		assert_int_equal(
			input_load(in, SLICE_LIT("{\"cursor\":\"q\"}"), &err),
			0);
		read_to_end(in, &got);
		expect_args("--output=export --quiet --after-cursor=q "
			    "--until=@1763632900.000 -u a b \n");
	}
}

static void a_failing_journalctl_is_an_error(void **state)
{
	AUTO_FREE char *path = program(
		"printf 'A=1\\n\\n'; echo why >&2; echo more >&2; exit 3");
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	struct journal_options opt = base(-1);
	int state_of;

	(void)state;
	opt.program = path;
	{
		AUTO_INPUT struct input *in = journal(&opt);

		assert_int_equal(input_next(in, &b, 5000, &err),
				 INPUT_BLOCK_READY);
		do
			state_of = input_next(in, &b, 5000, &err);
		while (state_of == INPUT_NOTHING);
		assert_int_equal(state_of, -1);
		assert_err(&err, ERR_SYSTEM, "ended with status 3: why");
		assert_null(strchr(err.text, '\n'));
	}
	opt.program = "no-such-journalctl";
	opt.follow = true;
	err_clear(&err);
	{
		AUTO_INPUT struct input *in = journal(&opt);

		assert_int_equal(input_next(in, &b, 5000, &err), -1);
		assert_err(&err, ERR_SYSTEM, "not found in PATH");
	}
}

/* Followed, it is started again behind the last entry. */
static void a_journalctl_that_ends_is_started_again(void **state)
{
	AUTO_FREE char *path = program(
		"case \"$*\" in\n"
		"*after-cursor=x*) printf '__CURSOR=y\\nA=2\\n\\n'; sleep 60 & "
		"sleep 60;;\n"
		"*) printf '__CURSOR=x\\nA=1\\n\\n__CURSOR=half'; kill $$;;\n"
		"esac");
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	AUTO_BUF struct buf got = BUF_INIT;
	struct journal_options opt = base(-1);
	struct input *in;
	int64_t start_at = clock_mono();

	(void)state;
	opt.program = path;
	opt.follow = true;
	in = journal(&opt);
	while (clock_mono() - start_at < 10000 && got.len < 60) {
		int s = input_next(in, &b, 500, &err);

		assert_no_err(&err);
		if (s == INPUT_BLOCK_READY)
			note_events(&got, &b);
	}
	assert_string_equal(buf_str(&got),
			    "{\"__CURSOR\":\"x\",\"A\":\"1\"} x\n"
			    "{\"__CURSOR\":\"y\",\"A\":\"2\"} y\n");
	assert_int_equal(told_count, 1);
	assert_err(&told, ERR_SYSTEM, "was ended by signal 15");
	start_at = clock_mono();
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_NOTHING);
	input_free(in); /* ends it, and what it started */
	assert_in_range(clock_mono() - start_at, 0, QUICK_MS);
	expect_args("--output=export --quiet --follow --lines=0 \n"
		    "--output=export --quiet --follow --no-tail "
		    "--after-cursor=x \n");
}

static bool have(const char *path)
{
	return access(path, X_OK) == 0;
}

/* Entries made by us, stored by systemd, and printed by its journalctl. */
static void the_real_journalctl_is_read(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BUF struct buf got = BUF_INIT;
	AUTO_BUF struct buf saved = BUF_INIT;
	AUTO_FREE char *file = mem_printf("--file=%s/real.journal", dir);
	AUTO_FREE char *output = mem_printf("--output=%s/real.journal", dir);
	AUTO_FREE char *from = in_dir("real.export");
	const char *const args[] = {file, NULL};
	struct journal_options opt = base(-1);
	struct jscan scan = {.members = NULL};
	struct input *in;

	(void)state;
	if (!have(REMOTE) || !have("/usr/bin/journalctl")) {
		print_message("skipped: no %s or journalctl\n", REMOTE);
		skip();
	}
	for (int i = 1; i <= 500; i++)
		buf_addf(&text,
			 "__REALTIME_TIMESTAMP=17636328%02d000000\n"
			 "__MONOTONIC_TIMESTAMP=%d\n"
			 "_BOOT_ID=5a5a5a5a5a5a4a5a9a5a5a5a5a5a5a5a\n"
			 "MESSAGE=number %d\nTAG=a\nTAG=b%d\n\n",
			 i / 10, i * 1000, i, i);
	buf_add(&text,
		"__REALTIME_TIMESTAMP=1763633000000000\n"
		"__MONOTONIC_TIMESTAMP=900000\n"
		"_BOOT_ID=5a5a5a5a5a5a4a5a9a5a5a5a5a5a5a5a\n"
		"MESSAGE\n\x04\0\0\0\0\0\0\0\xff\na\x01\n\n",
		sizeof("__REALTIME_TIMESTAMP=1763633000000000\n"
		       "__MONOTONIC_TIMESTAMP=900000\n"
		       "_BOOT_ID=5a5a5a5a5a5a4a5a9a5a5a5a5a5a5a5a\n"
		       "MESSAGE\n\x04\0\0\0\0\0\0\0\xff\na\x01\n\n") -
			1);
	write_file("real.export", buf_slice(&text), 0600);
	assert_int_equal(run(PLAIN, ARGV(REMOTE, output, from)), 0);
	assert_int_equal(res.status, 0);
	opt.args = args;
	in = journal(&opt);
	read_to_end(in, &got);
	input_save(in, &saved);
	input_free(in);
	text.len = 0;
	for (const char *p = buf_str(&got); *p; p = strchr(p, '\n') + 1) {
		const struct jscan_member *m;
		const char *stop = strstr(p, "} s=");
		AUTO_FREE char *want = NULL;
		int i = (int)++text.len;

		assert_non_null(stop);
		assert_int_equal(
			jscan_object(&scan, p, (size_t)(stop - p) + 1, &err),
			0);
		m = jscan_get(&scan, "MESSAGE");
		assert_non_null(m);
		want = i <= 500 ? mem_printf("\"number %d\"", i)
				: mem_dup("\"\xef\xbf\xbd\\na\\u0001\"");
		assert_true(slice_is(m->value, want));
	}
	assert_int_equal(text.len, 501);
	/* Behind the last one there is nothing; by time there is the last. */
	buf_reset(&got);
	in = journal(&opt);
	assert_int_equal(input_load(in, buf_slice(&saved), &err), 0);
	read_to_end(in, &got);
	input_free(in);
	assert_int_equal(got.len, 0);
	opt.since = 1763633000000 - 1;
	in = journal(&opt);
	read_to_end(in, &got);
	input_free(in);
	assert_non_null(strstr(buf_str(&got), "\\u0001"));
	assert_null(strstr(buf_str(&got), "number"));
	jscan_done(&scan);
}

static void a_wrong_argument_of_the_real_one_is_told(void **state)
{
	static const char *const args[] = {"--no-such-option", NULL};
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	struct journal_options opt = base(-1);
	AUTO_INPUT struct input *in = NULL;
	int s;

	(void)state;
	if (!have("/usr/bin/journalctl")) {
		print_message("skipped: no journalctl\n");
		skip();
	}
	opt.args = args;
	opt.follow = true;
	in = journal(&opt);
	while ((s = input_next(in, &b, 5000, &err)) == INPUT_NOTHING)
		;
	assert_int_equal(s, -1);
	assert_err(&err, ERR_SYSTEM, "no-such-option");
}

static void child_output_comes_as_it_is_written(void **state)
{
	struct child *c = NULL;
	char text[100];
	ssize_t n;

	(void)state;
	assert_int_equal(child_start(&c,
				     SH("printf a; sleep 0.2; printf b; echo "
					"no >&2; exit 4"),
				     &err),
			 0);
	assert_int_equal(signals_poll(child_fd(c), POLLIN, 5000), 1);
	assert_int_equal(child_read(c, text, sizeof(text)), 1);
	assert_int_equal(text[0], 'a');
	assert_int_equal(child_read(c, text, sizeof(text)), -1);
	while ((n = child_read(c, text, sizeof(text))) < 0)
		(void)signals_poll(child_fd(c), POLLIN, 5000);
	assert_int_equal(n, 1);
	while ((n = child_read(c, text, sizeof(text))) < 0)
		(void)signals_poll(child_fd(c), POLLIN, 5000);
	assert_int_equal(n, 0);
	assert_int_equal(child_end(c, &err), -1);
	assert_err(&err, ERR_SYSTEM, "'sh' ended with status 4: no");
	child_free(c);
}

static int test_before(void **state)
{
	told_count = 0;
	return before(state);
}

#define JTEST(f) cmocka_unit_test_setup_teardown(f, test_before, after)

static int remove_dir(void **state)
{
	(void)state;
	if (run(PLAIN, ARGV("rm", "-rf", dir)))
		return -1;
	proc_result_done(&res);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		JTEST(export_becomes_json_in_pieces_of_any_size),
		JTEST(wrong_fields_are_left_out),
		JTEST(too_long_fields_are_null),
		JTEST(json_bytes_become_text),
		JTEST(cursors_have_an_order),
		JTEST(a_file_is_read_and_gone_on_with),
		JTEST(a_pipe_is_read_as_it_fills),
		JTEST(journalctl_is_told_where_to_begin),
		JTEST(a_failing_journalctl_is_an_error),
		JTEST(a_journalctl_that_ends_is_started_again),
		JTEST(the_real_journalctl_is_read),
		JTEST(a_wrong_argument_of_the_real_one_is_told),
		JTEST(child_output_comes_as_it_is_written),
	};

	start();
	if (!mkdtemp(dir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_dir);
}
