#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/filter.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

#define HANG_SECONDS 60
#define WAIT_MS	     20000 /* for output that must come */
#define FDS_MAX	     64	   /* more than the test opens */

/* A filter in a process of its own, with its three streams. */
struct run {
	const struct filter_ops *ops;
	struct filter_options opt;
	char *const *argv; /* ended by NULL */
	int in, out, err;  /* -1: from input, into the texts below */
	const char *input;
	bool ignore_pipe;
	int status; /* as a shell tells it */
	char *stdout_text;
	char *stderr_text;
};

#define RUN(...)                                            \
	{                                                   \
		.in = -1, .out = -1, .err = -1, __VA_ARGS__ \
	}

/* Marks the known record; members of it ask for more. */
static int mark(struct filter *f, const struct filter_record *rec,
		struct err *err)
{
	struct record_writer *out = filter_out(f);
	const struct jscan_member *m = jscan_get(rec->scan, "do");
	struct slice what = {NULL, 0};
	int64_t status;

	if (m && !jscan_plain(m->value, &what) &&
	    jscan_int(m->value, &status) == 0)
		filter_set_status(f, (int)status);
	if (slice_is(what, "bad"))
		return err_set(err, ERR_INPUT, "bad of %.*s at %s:%zu",
			       (int)rec->type.len, rec->type.ptr, rec->file,
			       rec->line_number);
	if (slice_is(what, "fail"))
		return err_set(err, ERR_SYSTEM, "the store failed");
	if (slice_is(what, "later"))
		return err_set(err, ERR_REMOTE, "the far side is down");
	if (slice_is(what, "tell")) {
		struct err told = {ERR_REFUSED, "told"};

		filter_bad(f, &told);
	}
	if (slice_is(what, "stop"))
		(void)raise(SIGTERM);
	if (slice_is(what, "hup"))
		(void)raise(SIGHUP);
	if (jscan_put(&out->out, rec->line, rec->scan, "seen",
		      SLICE_LIT("true"), err) < 0)
		return -1;
	record_write_end(out);
	return 0;
}

static int idle(struct filter *f, struct err *err)
{
	(void)err;
	record_write(filter_out(f), SLICE_LIT("(idle)"));
	return 0;
}

static int finish(struct filter *f, struct err *err)
{
	(void)err;
	record_write(filter_out(f), SLICE_LIT("(finish)"));
	return 0;
}

static int reload(struct filter *f, struct err *err)
{
	record_write(filter_out(f), SLICE_LIT("(reload)"));
	return err_set(err, ERR_USAGE, "the new patterns are wrong");
}

static const char *const types[] = {"known", "too", NULL};
static const struct filter_ops plain_ops = {.types = types, .record = mark};
static const struct filter_ops keep_ops = {
	.types = types,
	.record = mark,
	.keep_bad = true,
};
static const struct filter_ops all_ops = {
	.types = types,
	.record = mark,
	.idle = idle,
	.finish = finish,
	.reload = reload,
	.dry_wait_ms = 20,
};

static int text_fd(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static char *fd_text(int fd)
{
	AUTO_BUF struct buf b = BUF_INIT;
	char block[4096];
	ssize_t got;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while ((got = read(fd, block, sizeof(block))) > 0)
		buf_add(&b, block, (size_t)got);
	assert_int_equal(got, 0);
	assert_int_equal(close(fd), 0);
	return buf_take(&b);
}

static NORETURN void child(struct run *r)
{
	struct err err = ERR_INIT;
	int argc = 0;
	int status;

	if (dup2(r->in, 0) < 0 || dup2(r->out, 1) < 0 || dup2(r->err, 2) < 0)
		_exit(99);
	/* The other ends of the pipes would keep them from ending. */
	for (int fd = 3; fd < FDS_MAX; fd++)
		(void)close(fd);
	while (r->argv && r->argv[argc])
		argc++;
	/* A shell's background job is started with INT ignored. */
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGPIPE, r->ignore_pipe ? SIG_IGN : SIG_DFL);
	diag_setup("test", DIAG_INFO, false);
	status = filter_run(r->ops, &r->opt, r, argc, r->argv, &err);
	if (status < 0) {
		diag_error("%s", err.text);
		status = err_exit_status(err.kind);
	} else if (err.kind != ERR_NONE) {
		status = 98;
	}
	exit(status);
}

/* Streams that the caller did not open become files. */
static pid_t start(struct run *r)
{
	pid_t pid;

	(void)alarm(HANG_SECONDS);
	if (r->in < 0)
		r->in = text_fd(r->input ? r->input : "");
	if (r->out < 0)
		r->out = text_fd("");
	if (r->err < 0)
		r->err = text_fd("");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(r);
	assert_int_equal(close(r->in), 0);
	return pid;
}

static void await(struct run *r, pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	r->status = WIFEXITED(status) ? WEXITSTATUS(status)
				      : 128 + WTERMSIG(status);
}

static void run(struct run *r)
{
	await(r, start(r));
	r->stdout_text = fd_text(r->out);
	r->stderr_text = fd_text(r->err);
}

static void done(struct run *r)
{
	free(r->stdout_text);
	free(r->stderr_text);
}

static void check(const struct filter_ops *ops, const char *input, int status,
		  const char *output, const char *messages)
{
	struct run r = RUN(.ops = ops, .input = input);

	run(&r);
	assert_string_equal(r.stdout_text, output);
	assert_string_equal(r.stderr_text, messages);
	assert_int_equal(r.status, status);
	done(&r);
}

static void passes_what_it_does_not_know(void **state)
{
	(void)state;
	check(&plain_ops, "", 0, "", "");
	check(&plain_ops,
	      "{\"type\":\"other\" , \"a\":1.50}\n"
	      "\n"
	      " {\"a\":\"\\u00e9\",\"a\":2} \r\n"
	      "  \t\r\n"
	      "{}\n"
	      "{\"type\":7}\n"
	      "{\"type\":null,\"x\":{\"type\":\"known\"}}\n"
	      "{\"type\":\"Known\"}\n"
	      "{\"type\":\"other\",\"b\":1,\"b\":2}",
	      0,
	      "{\"type\":\"other\" , \"a\":1.50}\n"
	      " {\"a\":\"\\u00e9\",\"a\":2} \n"
	      "{}\n"
	      "{\"type\":7}\n"
	      "{\"type\":null,\"x\":{\"type\":\"known\"}}\n"
	      "{\"type\":\"Known\"}\n"
	      "{\"type\":\"other\",\"b\":1,\"b\":2}\n",
	      "");
}

static void hands_over_what_it_knows(void **state)
{
	(void)state;
	check(&plain_ops,
	      "{\"type\":\"known\"}\n"
	      "{\"a\":[],\"type\":\"too\"}\r\n"
	      "{\"type\":\"unknown\"}\n"
	      "{\"ty\\u0070e\":\"kno\\u0077n\"}",
	      0,
	      "{\"type\":\"known\",\"seen\":true}\n"
	      "{\"a\":[],\"type\":\"too\",\"seen\":true}\n"
	      "{\"type\":\"unknown\"}\n"
	      "{\"ty\\u0070e\":\"kno\\u0077n\",\"seen\":true}\n",
	      "");
}

static void reports_and_skips_what_is_bad(void **state)
{
	(void)state;
	check(&plain_ops,
	      "{\"type\":\"known\"}\n"
	      "hello\n"
	      "\n"
	      "[1]\n"
	      "{\"a\":tru}\n"
	      "{\"type\":\"other\",\"type\":\"other\"}\n"
	      "{\"type\":\"known\",\"a\":1,\"a\":1}\n"
	      "{\"type\":\"too\",\"do\":\"bad\"}\n"
	      "{\"type\":\"known\"}\n"
	      "{\"half\":",
	      3,
	      "{\"type\":\"known\",\"seen\":true}\n"
	      "{\"type\":\"known\",\"seen\":true}\n",
	      "test: error: standard input:2: not a JSON object\n"
	      "test: error: standard input:4: not a JSON object\n"
	      "test: error: standard input:5: no JSON value at byte 6\n"
	      "test: error: standard input:6: 'type' stands twice\n"
	      "test: error: standard input:7: 'a' stands twice\n"
	      "test: error: standard input:8: bad of too at standard input:8\n"
	      "test: error: standard input:10: the text ends too early at byte "
	      "9\n");
}

static void keeps_records_that_only_the_program_minds(void **state)
{
	(void)state;
	check(&keep_ops,
	      "{\"type\":\"too\",\"do\":\"bad\"}\nx\n{\"type\":\"known\"}\n", 3,
	      "{\"type\":\"too\",\"do\":\"bad\"}\n"
	      "{\"type\":\"known\",\"seen\":true}\n",
	      "test: error: standard input:1: bad of too at standard input:1\n"
	      "test: error: standard input:2: not a JSON object\n");
}

static void only_counts_after_twenty(void **state)
{
	for (int n = 20; n <= 25; n += 5) {
		AUTO_BUF struct buf input = BUF_INIT;
		AUTO_BUF struct buf messages = BUF_INIT;

		(void)state;
		for (int i = 0; i < n; i++)
			buf_add_str(&input, "x\n");
		for (int i = 1; i <= 20; i++)
			buf_addf(&messages,
				 "test: error: standard input:%d: not a JSON "
				 "object\n",
				 i);
		if (n > 20)
			buf_addf(&messages,
				 "test: error: further bad lines are only "
				 "counted\n"
				 "test: error: %d bad lines in all\n",
				 n);
		check(&plain_ops, buf_str(&input), 3, "", buf_str(&messages));
	}
}

static void strict_stops_at_the_first(void **state)
{
	static const char *const inputs[] = {
		"{}\nx\n{}\n",
		"{}\n{\"type\":\"known\",\"do\":\"bad\"}\n{}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		struct run r = RUN(.ops = &all_ops, .input = inputs[i],
				   .opt = {.strict = true});

		run(&r);
		assert_string_equal(r.stdout_text, "{}\n(finish)\n");
		assert_non_null(strstr(r.stderr_text, "standard input:2: "));
		assert_int_equal(r.status, 3);
		done(&r);
	}
}

static void check_error_record(const char *line, const char *code,
			       const char *message, int number)
{
	json_auto_t *json = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	const char *type, *id, *time, *tool, *got_code, *got_message;
	int got_number;

	assert_non_null(json);
	assert_int_equal(json_unpack(json, "{s:s,s:s,s:s,s:s,s:s,s:s,s:i!}",
				     "type", &type, "id", &id, "time", &time,
				     "tool", &tool, "code", &got_code,
				     "message", &got_message, "line",
				     &got_number),
			 0);
	assert_string_equal(type, "error");
	assert_int_equal(strlen(id), 26);
	assert_int_equal(strlen(time), 24);
	assert_string_equal(tool, "test");
	assert_string_equal(got_code, code);
	assert_string_equal(got_message, message);
	assert_int_equal(got_number, number);
}

static void errors_can_be_records_in_their_place(void **state)
{
	struct run r =
		RUN(.ops = &plain_ops, .opt = {.errors_as_records = true},
		    .input = "{\"n\":1}\n\"x\n{\"n\":2}\n"
			     "{\"type\":\"known\",\"do\":\"tell\"}\n");
	char *lines[5];
	char *at;

	(void)state;
	run(&r);
	at = r.stdout_text;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		lines[i] = at;
		at = strchr(at, '\n');
		assert_non_null(at);
		*at++ = '\0';
	}
	assert_string_equal(lines[0], "{\"n\":1}");
	check_error_record(lines[1], "input",
			   "standard input:2: not a JSON object", 2);
	assert_string_equal(lines[2], "{\"n\":2}");
	check_error_record(lines[3], "refused", "standard input:4: told", 4);
	assert_string_equal(
		lines[4], "{\"type\":\"known\",\"do\":\"tell\",\"seen\":true}");
	assert_string_equal(at, "");
	assert_string_equal(r.stderr_text,
			    "test: error: standard input:2: not a JSON object\n"
			    "test: error: standard input:4: told\n");
	assert_int_equal(r.status, 3);
	done(&r);
}

/* Holds everything, as a program does that commits in groups. */
static struct buf held = BUF_INIT;

static int hold(struct filter *f, struct slice line, struct err *err)
{
	(void)f;
	if (slice_is(line, "{\"fail\":1}"))
		return err_set(err, ERR_SYSTEM, "cannot hold it");
	buf_add_char(&held, '<');
	buf_add_slice(&held, line);
	buf_add_char(&held, '>');
	return 0;
}

static int let_go(struct filter *f, struct err *err)
{
	(void)err;
	record_write(filter_out(f), buf_slice(&held));
	buf_reset(&held);
	return 0;
}

static const struct filter_ops hold_ops = {
	.types = types,
	.record = mark,
	.pass = hold,
	.finish = let_go,
};

static void a_program_may_hold_what_passes(void **state)
{
	struct run r = RUN(.ops = &hold_ops, .input = "{}\nx\n{\"a\":1}\n",
			   .opt = {.errors_as_records = true});

	(void)state;
	run(&r);
	assert_ptr_equal(strstr(r.stdout_text, "<{}><{\"type\":\"error\","),
			 r.stdout_text);
	assert_non_null(strstr(r.stdout_text, "}><{\"a\":1}>\n"));
	assert_int_equal(r.status, 3);
	done(&r);
	check(&hold_ops, "{}\n{\"fail\":1}\n{}\n", 4, "",
	      "test: error: cannot hold it\n");
}

static void other_errors_end_the_run(void **state)
{
	(void)state;
	check(&all_ops,
	      "{\"n\":1}\n{\"type\":\"known\",\"do\":\"fail\"}\n{\"n\":2}\n", 4,
	      "{\"n\":1}\n", "test: error: the store failed\n");
	check(&all_ops, "{\"type\":\"known\",\"do\":\"later\"}\n{\"n\":2}\n",
	      75, "", "test: error: the far side is down\n");
	/* Bad input counts for more than trying again. */
	check(&all_ops, "x\n{\"type\":\"known\",\"do\":\"later\"}\n", 3, "",
	      "test: error: standard input:1: not a JSON object\n"
	      "test: error: the far side is down\n");
}

static void the_worst_status_counts(void **state)
{
	(void)state;
	check(&plain_ops, "{\"type\":\"known\",\"do\":1}\n{}\n", 1,
	      "{\"type\":\"known\",\"do\":1,\"seen\":true}\n{}\n", "");
	check(&plain_ops,
	      "{\"type\":\"too\",\"do\":75}\n{\"type\":\"too\",\"do\":0}\n", 75,
	      "{\"type\":\"too\",\"do\":75,\"seen\":true}\n"
	      "{\"type\":\"too\",\"do\":0,\"seen\":true}\n",
	      "");
	check(&plain_ops, "x\n{\"type\":\"too\",\"do\":75}\n", 3,
	      "{\"type\":\"too\",\"do\":75,\"seen\":true}\n",
	      "test: error: standard input:1: not a JSON object\n");
	check(&plain_ops, "x\n{\"type\":\"too\",\"do\":5}\n", 5,
	      "{\"type\":\"too\",\"do\":5,\"seen\":true}\n",
	      "test: error: standard input:1: not a JSON object\n");
}

static void make_file(const char *path, const char *text)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static char folder[] = "/tmp/test-filter-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	(void)unlink("one");
	(void)unlink("two");
	(void)unlink("fifo");
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void reads_files_in_order(void **state)
{
	char *argv[] = {(char[]){"one"}, (char[]){"-"}, (char[]){"two"}, NULL};
	struct run r = RUN(.ops = &plain_ops, .argv = argv,
			   .input = "{\"in\":1}\n\nx");

	(void)state;
	make_file("one", "{\"one\":1}\nx\n{\"one\":2}");
	make_file("two", "\n\n\nx\n{\"two\":1}\n");
	run(&r);
	assert_string_equal(r.stdout_text,
			    "{\"one\":1}\n{\"one\":2}\n{\"in\":1}\n"
			    "{\"two\":1}\n");
	assert_string_equal(r.stderr_text,
			    "test: error: one:2: not a JSON object\n"
			    "test: error: standard input:3: not a JSON object\n"
			    "test: error: two:4: not a JSON object\n");
	assert_int_equal(r.status, 3);
	done(&r);
}

static void a_missing_file_ends_the_run_cleanly(void **state)
{
	char *argv[] = {(char[]){"one"}, (char[]){"none"}, (char[]){"one"},
			NULL};
	struct run r = RUN(.ops = &all_ops, .argv = argv, .input = "");

	(void)state;
	make_file("one", "{\"one\":1}\n");
	run(&r);
	assert_string_equal(r.stdout_text, "{\"one\":1}\n(finish)\n");
	assert_string_equal(r.stderr_text,
			    "test: error: cannot open 'none': No such "
			    "file or directory\n");
	assert_int_equal(r.status, 4);
	done(&r);
}

static void a_folder_cannot_be_read(void **state)
{
	char *argv[] = {(char[]){"/"}, NULL};
	struct run r = RUN(.ops = &plain_ops, .argv = argv, .input = "");

	(void)state;
	run(&r);
	assert_string_equal(r.stderr_text,
			    "test: error: cannot read '/': Is a directory\n");
	assert_int_equal(r.status, 4);
	done(&r);
}

static void the_length_of_lines_can_be_set(void **state)
{
	struct run r = RUN(.ops = &plain_ops, .opt = {.max_line = 8},
			   .input = "{\"a\":10}\n{\"a\":100}\n{}\n");

	(void)state;
	run(&r);
	assert_string_equal(r.stdout_text, "{\"a\":10}\n{}\n");
	assert_string_equal(r.stderr_text,
			    "test: error: standard input:2: line is "
			    "longer than 8 bytes\n");
	assert_int_equal(r.status, 3);
	done(&r);
}

static void a_full_disk_is_told(void **state)
{
	AUTO_BUF struct buf much = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add_str(&much, "{\"n\":1}\n");
	for (int i = 0; i < 2; i++) {
		struct run r = RUN(.ops = &plain_ops,
				   .input = i ? buf_str(&much) : "{}\n");

		r.out = open("/dev/full", O_RDWR | O_CLOEXEC);
		assert_true(r.out >= 0);
		await(&r, start(&r));
		r.stderr_text = fd_text(r.err);
		assert_string_equal(
			r.stderr_text,
			"test: error: cannot write standard output: No "
			"space left on device\n");
		assert_int_equal(r.status, 4);
		assert_int_equal(close(r.out), 0);
		done(&r);
	}
}

static void a_closed_pipe_ends_it_quietly(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct run r = RUN(.ops = &all_ops, .input = "{}\nx\n{}\n",
				   .ignore_pipe = i);
		int fds[2];

		assert_int_equal(pipe(fds), 0);
		assert_int_equal(close(fds[0]), 0);
		r.out = fds[1];
		await(&r, start(&r));
		r.stderr_text = fd_text(r.err);
		assert_string_equal(
			r.stderr_text,
			"test: error: standard input:2: not a JSON object\n");
		assert_int_equal(r.status, 128 + SIGPIPE);
		assert_int_equal(close(r.out), 0);
		done(&r);
	}
}

static void finishes_the_record_at_hand_when_stopped(void **state)
{
	(void)state;
	check(&all_ops,
	      "{\"n\":1}\n{\"type\":\"known\",\"do\":\"stop\"}\n{\"n\":2}\n",
	      128 + SIGTERM,
	      "{\"n\":1}\n{\"type\":\"known\",\"do\":\"stop\",\"seen\":true}\n"
	      "(finish)\n",
	      "");
	/* A stop that was asked for tells more than bad input. */
	check(&plain_ops, "x\n{\"type\":\"known\",\"do\":\"stop\"}\n",
	      128 + SIGTERM,
	      "{\"type\":\"known\",\"do\":\"stop\",\"seen\":true}\n",
	      "test: error: standard input:1: not a JSON object\n");
}

static void reloads_and_goes_on_when_that_fails(void **state)
{
	(void)state;
	check(&all_ops, "{\"type\":\"known\",\"do\":\"hup\"}\n{\"n\":2}\n", 0,
	      "{\"type\":\"known\",\"do\":\"hup\",\"seen\":true}\n(reload)\n"
	      "{\"n\":2}\n(finish)\n",
	      "test: error: the new patterns are wrong\n");
}

/* A filter between two pipes, whose output is awaited. */
struct live {
	struct run r;
	pid_t pid;
	int in, out;
};

static void live_start(struct live *l, const struct filter_ops *ops)
{
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	l->r = (struct run)RUN(.ops = ops);
	l->r.in = in[0];
	l->r.out = out[1];
	l->pid = start(&l->r);
	assert_int_equal(close(out[1]), 0);
	l->in = in[1];
	l->out = out[0];
}

static void live_write(const struct live *l, const char *text)
{
	assert_int_equal(write(l->in, text, strlen(text)), strlen(text));
}

static void live_expect(const struct live *l, const char *text)
{
	AUTO_BUF struct buf got = BUF_INIT;

	while (got.len < strlen(text)) {
		struct pollfd p = {.fd = l->out, .events = POLLIN};
		char block[256];
		ssize_t n;

		if (poll(&p, 1, WAIT_MS) != 1)
			fail_msg("'%s' came of '%s'", buf_str(&got), text);
		n = read(l->out, block, sizeof(block));
		if (n <= 0)
			fail_msg("only '%s' came", buf_str(&got));
		buf_add(&got, block, (size_t)n);
	}
	assert_string_equal(buf_str(&got), text);
}

static void live_end(struct live *l, int status)
{
	char byte;

	assert_int_equal(close(l->in), 0);
	await(&l->r, l->pid);
	assert_int_equal(read(l->out, &byte, 1), 0);
	assert_int_equal(close(l->out), 0);
	assert_int_equal(close(l->r.err), 0);
	assert_int_equal(l->r.status, status);
}

static void flushes_when_the_input_runs_dry(void **state)
{
	struct live l;

	(void)state;
	live_start(&l, &all_ops);
	live_expect(&l, "(idle)\n");
	live_write(&l, "{\"n\":1}\n{\"n\":2}\n");
	live_expect(&l, "{\"n\":1}\n{\"n\":2}\n(idle)\n");
	/* Half a line is no reason to hold the whole one. */
	live_write(&l, "{\"n\":3}\n{\"type\":\"kno");
	live_expect(&l, "{\"n\":3}\n(idle)\n");
	live_write(&l, "wn\"}\n");
	live_expect(&l, "{\"type\":\"known\",\"seen\":true}\n(idle)\n");
	/* Once for each silence. */
	assert_int_equal(usleep(100000), 0);
	live_write(&l, "{\"n\":4}\n");
	live_expect(&l, "{\"n\":4}\n(idle)\n");
	assert_int_equal(kill(l.pid, SIGHUP), 0);
	live_expect(&l, "(reload)\n(idle)\n");
	assert_int_equal(kill(l.pid, SIGINT), 0);
	live_expect(&l, "(finish)\n");
	live_end(&l, 128 + SIGINT);
}

static void flushes_at_the_end(void **state)
{
	static const struct filter_ops end_ops = {
		.types = types,
		.record = mark,
		.finish = finish,
		.dry_wait_ms = WAIT_MS,
	};
	struct live l;

	(void)state;
	live_start(&l, &end_ops);
	live_write(&l, "{\"n\":1}\n{\"type\":\"known\"}");
	assert_int_equal(close(l.in), 0);
	live_expect(&l, "{\"n\":1}\n{\"type\":\"known\",\"seen\":true}\n"
			"(finish)\n");
	l.in = dup(l.out);
	live_end(&l, 0);
}

/* The lines come so close that the input never runs dry. */
static void does_not_hold_output_in_a_busy_stream(void **state)
{
	static const struct filter_ops busy_ops = {
		.types = types,
		.record = mark,
		.dry_wait_ms = WAIT_MS,
	};
	struct pollfd p = {.events = POLLIN};
	int64_t before = clock_mono();
	struct live l;

	(void)state;
	live_start(&l, &busy_ops);
	p.fd = l.out;
	while (poll(&p, 1, 10) == 0 && clock_mono() - before < WAIT_MS / 2)
		live_write(&l, "{\"n\":1}\n");
	assert_true(clock_mono() - before >= 500);
	assert_true(clock_mono() - before < WAIT_MS / 2);
	assert_int_equal(close(l.out), 0);
	assert_int_equal(kill(l.pid, SIGKILL), 0);
	await(&l.r, l.pid);
	assert_int_equal(close(l.in), 0);
	assert_int_equal(close(l.r.err), 0);
}

static void a_fifo_without_a_writer_can_be_stopped(void **state)
{
	char *argv[] = {(char[]){"fifo"}, NULL};
	int out[2];
	struct run r = RUN(.ops = &all_ops, .argv = argv, .input = "");
	struct live l = {.in = -1};

	(void)state;
	for (int i = 0; i < 2; i++) {
		(void)unlink("fifo");
		assert_int_equal(mkfifo("fifo", 0600), 0);
		assert_int_equal(pipe2(out, O_CLOEXEC), 0);
		r.in = -1;
		r.err = -1;
		r.out = out[1];
		l.pid = start(&r);
		assert_int_equal(close(out[1]), 0);
		l.out = out[0];
		live_expect(&l, "(idle)\n");
		if (i) {
			l.in = open("fifo", O_WRONLY | O_CLOEXEC);
			assert_true(l.in >= 0);
			live_write(&l, "{}\n");
			assert_int_equal(close(l.in), 0);
			live_expect(&l, "{}\n(finish)\n");
		} else {
			assert_int_equal(kill(l.pid, SIGTERM), 0);
			live_expect(&l, "(finish)\n");
		}
		await(&r, l.pid);
		assert_int_equal(close(l.out), 0);
		assert_int_equal(close(r.err), 0);
		assert_int_equal(r.status, i ? 0 : 128 + SIGTERM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_what_it_does_not_know),
		cmocka_unit_test(hands_over_what_it_knows),
		cmocka_unit_test(reports_and_skips_what_is_bad),
		cmocka_unit_test(keeps_records_that_only_the_program_minds),
		cmocka_unit_test(only_counts_after_twenty),
		cmocka_unit_test(strict_stops_at_the_first),
		cmocka_unit_test(errors_can_be_records_in_their_place),
		cmocka_unit_test(a_program_may_hold_what_passes),
		cmocka_unit_test(other_errors_end_the_run),
		cmocka_unit_test(the_worst_status_counts),
		cmocka_unit_test(reads_files_in_order),
		cmocka_unit_test(a_missing_file_ends_the_run_cleanly),
		cmocka_unit_test(a_folder_cannot_be_read),
		cmocka_unit_test(the_length_of_lines_can_be_set),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_closed_pipe_ends_it_quietly),
		cmocka_unit_test(finishes_the_record_at_hand_when_stopped),
		cmocka_unit_test(reloads_and_goes_on_when_that_fails),
		cmocka_unit_test(flushes_when_the_input_runs_dry),
		cmocka_unit_test(flushes_at_the_end),
		cmocka_unit_test(does_not_hold_output_in_a_busy_stream),
		cmocka_unit_test(a_fifo_without_a_writer_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
