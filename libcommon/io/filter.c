/* filter.c - the loop of every filter; the contract stands in filter.h. */
#include <oncall/filter.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/jwrite.h>
#include <oncall/redact.h>
#include <oncall/signals.h>

#define HELD_MS	       1000 /* passed lines are written out after this long */
#define STANDARD_INPUT "standard input"

struct filter {
	const struct filter_ops *ops;
	struct filter_options opt;
	void *arg;
	struct record_writer out;
	struct jscan scan;
	struct buf type;   /* of the record at hand, where it had escapes */
	struct buf report; /* the error record being made */
	const char *file;
	struct record_reader *reader; /* of file, NULL between files */
	size_t bad;
	int status;
	int64_t flushed; /* when, on the monotonic clock */
	bool broken;	 /* the program or the output failed: no finish */
	struct err late; /* what failed where no err was at hand */
};

void *filter_arg(const struct filter *f)
{
	return f->arg;
}

struct record_writer *filter_out(struct filter *f)
{
	return &f->out;
}

void filter_set_status(struct filter *f, int status)
{
	f->status = err_worse_status(f->status, status);
}

static int pass(struct filter *f, struct slice line, struct err *err)
{
	if (!f->ops->pass) {
		record_write(&f->out, line);
		return 0;
	}
	if (f->ops->pass(f, line, err) == 0)
		return 0;
	f->broken = true;
	return -1;
}

static size_t line_number(const struct filter *f)
{
	return f->reader ? record_reader_line(f->reader) : 0;
}

static void error_record(struct filter *f, const struct err *bad)
{
	AUTO_BUF struct buf message = BUF_INIT;
	struct buf *b = &f->report;

	buf_addf(&message, "%s:%zu: ", f->file, line_number(f));
	(void)redact_text(&message, bad->text, strlen(bad->text));
	buf_reset(b);
	jwrite_new(b, "error");
	jwrite_str(b, "tool", diag_tool());
	jwrite_str(b, "code", err_kind_name(bad->kind));
	jwrite_text(b, "message", buf_slice(&message));
	jwrite_int(b, "line", (int64_t)line_number(f));
	jwrite_close(b, '}');
}

void filter_bad(struct filter *f, const struct err *err)
{
	f->bad++;
	if (f->bad <= FILTER_REPORTED)
		diag_error("%s:%zu: %s", f->file, line_number(f), err->text);
	else if (f->bad == FILTER_REPORTED + 1)
		diag_error("further bad lines are only counted");
	if (!f->opt.errors_as_records)
		return;
	error_record(f, err);
	(void)pass(f, buf_slice(&f->report), &f->late);
}

static bool is_known(const struct filter *f, struct slice type)
{
	for (const char *const *t = f->ops->types; t && *t; t++)
		if (slice_is(type, *t))
			return true;
	return false;
}

/* The text of "type"; a NULL slice when there is none that is a string. */
static int find_type(struct filter *f, struct slice *ret_type, struct err *err)
{
	const struct jscan_member *m = jscan_get(&f->scan, "type");

	*ret_type = (struct slice){NULL, 0};
	if (!m)
		return 0;
	if (jscan_get_again(&f->scan, m, "type"))
		return err_set(err, ERR_INPUT, "'type' stands twice");
	if (m->type != JSCAN_STRING || jscan_plain(m->value, ret_type))
		return 0;
	buf_reset(&f->type);
	jscan_unquote(&f->type, m->value);
	*ret_type = buf_slice(&f->type);
	return 0;
}

static int known_record(struct filter *f, struct slice line, struct slice type,
			struct err *err)
{
	const struct jscan_member *twice = jscan_duplicate(&f->scan);
	struct filter_record rec = {
		.line = line,
		.scan = &f->scan,
		.type = type,
		.file = f->file,
		.line_number = line_number(f),
	};

	if (twice)
		return err_set(
			err, ERR_INPUT, "'%.*s' stands twice",
			(int)(twice->key.len < 100 ? twice->key.len : 100),
			twice->key.ptr);
	if (f->ops->record(f, &rec, err) == 0)
		return 0;
	if (err->kind != ERR_INPUT) {
		f->broken = true;
		return -1;
	}
	if (!f->ops->keep_bad)
		return -1;
	filter_bad(f, err);
	err_clear(err);
	return pass(f, line, err);
}

static int any_line(struct filter *f, struct slice line, struct err *err)
{
	if (f->ops->line(f, line, err) == 0)
		return 0;
	f->broken = err->kind != ERR_INPUT;
	return -1;
}

static int one_line(struct filter *f, struct slice line, struct err *err)
{
	struct slice type;

	if (f->ops->line)
		return any_line(f, line, err);
	if (jscan_object(&f->scan, line.ptr, line.len, err) < 0 ||
	    find_type(f, &type, err) < 0)
		return -1;
	if (is_known(f, type))
		return known_record(f, line, type, err);
	return pass(f, line, err);
}

static int flush(struct filter *f, struct err *err)
{
	f->flushed = clock_mono();
	if (record_flush(&f->out, err) == 0)
		return 0;
	f->broken = true;
	return -1;
}

static int settle(struct filter *f,
		  int (*how)(struct filter *f, struct err *err),
		  struct err *err)
{
	if (how && how(f, err) < 0) {
		f->broken = true;
		return -1;
	}
	return flush(f, err);
}

static void reload(struct filter *f)
{
	struct err err = ERR_INIT;

	if (f->ops->reload && f->ops->reload(f, &err) < 0)
		diag_error("%s", err.text);
}

/* Until a line can be had: settles when the input runs dry, reloads on HUP. */
static int await_line(struct filter *f, struct err *err)
{
	int wait_ms = f->ops->dry_wait_ms;

	while (!signals_stop()) {
		int got;

		if (signals_reload()) {
			reload(f);
			/* It may have left something to settle. */
			wait_ms = f->ops->dry_wait_ms;
		}
		got = record_reader_wait(f->reader, wait_ms);
		if (got > 0)
			return 0;
		if (got < 0)
			continue;
		if (settle(f, f->ops->idle, err) < 0)
			return -1;
		wait_ms = -1;
	}
	return 0;
}

/* After each line: what went wrong aside, and output that is held too long. */
static int check_up(struct filter *f, struct err *err)
{
	if (f->late.kind != ERR_NONE) {
		*err = f->late;
		return -1;
	}
	if (f->out.error ||
	    (f->out.out.len && clock_mono() - f->flushed >= HELD_MS))
		return flush(f, err);
	return 0;
}

static bool stops(const struct filter *f)
{
	return signals_stop() || (f->opt.strict && f->bad);
}

static int read_lines(struct filter *f, struct err *err)
{
	while (!stops(f)) {
		struct slice line;
		int got;

		if (await_line(f, err) < 0)
			return -1;
		got = record_read(f->reader, &line, err);
		if (got == 0)
			return 0;
		if (got > 0)
			got = one_line(f, line, err);
		if (got < 0) {
			if (f->broken || err->kind != ERR_INPUT)
				return -1;
			filter_bad(f, err);
			err_clear(err);
		}
		if (check_up(f, err) < 0)
			return -1;
	}
	return 0;
}

static int read_file(struct filter *f, const char *name, struct err *err)
{
	bool standard = !name || strcmp(name, "-") == 0;
	AUTO_FD int opened = -1;
	int done;

	f->file = standard ? STANDARD_INPUT : name;
	if (!standard) {
		/* A FIFO without a writer waits in poll(), not in open(). */
		opened = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (opened < 0)
			return err_sys(err, errno, "cannot open '%s'", name);
	}
	f->reader = record_reader_new(standard ? STDIN_FILENO : opened, f->file,
				      f->opt.max_line);
	done = read_lines(f, err);
	record_reader_free(f->reader);
	f->reader = NULL;
	return done;
}

static int read_files(struct filter *f, int argc, char *const *argv,
		      struct err *err)
{
	if (argc == 0)
		return read_file(f, NULL, err);
	for (int i = 0; i < argc && !stops(f); i++)
		if (read_file(f, argv[i], err) < 0)
			return -1;
	return 0;
}

/* Settles what can be settled; err keeps what failed first. */
static int end_run(struct filter *f, struct err *err)
{
	int ended = f->broken ? record_flush(&f->out, err)
			      : settle(f, f->ops->finish, err);

	if (f->late.kind != ERR_NONE && err->kind == ERR_NONE)
		*err = f->late;
	if (f->bad > FILTER_REPORTED)
		diag_error("%zu bad lines in all", f->bad);
	return ended < 0 || err->kind != ERR_NONE ? -1 : 0;
}

static int exit_status(struct filter *f, int done, struct err *err)
{
	int status = f->status;
	int failure;

	if (f->out.error == EPIPE) {
		err_clear(err);
		return 128 + SIGPIPE;
	}
	if (f->bad)
		status = err_worse_status(status, err_exit_status(ERR_INPUT));
	if (signals_stop())
		status = err_worse_status(status, 128 + signals_stop());
	if (done == 0)
		return status;
	failure = err_exit_status(err->kind);
	if (err_worse_status(failure, status) == failure)
		return -1;
	/* The caller would tell the failure's own, better status. */
	diag_error("%s", err->text);
	err_clear(err);
	return status;
}

int filter_run(const struct filter_ops *ops, const struct filter_options *opt,
	       void *arg, int argc, char *const *argv, struct err *err)
{
	struct filter f = {
		.ops = ops,
		.opt = opt ? *opt : (struct filter_options){.strict = false},
		.arg = arg,
		.out = RECORD_WRITER_INIT(STDOUT_FILENO),
		.flushed = clock_mono(),
	};
	int done;

	signals_install();
	/* What failed is in err, which the end looks at. */
	done = read_files(&f, argc, argv, err);
	done = end_run(&f, err) < 0 ? -1 : done;
	done = exit_status(&f, done, err);
	record_writer_done(&f.out);
	jscan_done(&f.scan);
	buf_done(&f.type);
	buf_done(&f.report);
	return done;
}
