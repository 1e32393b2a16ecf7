/*
 * Lines over file descriptors. The reader's buffer holds a block and the line
 * that is being read; what is left of a block is moved to the front before the
 * next one is read. A line that does not fit is dropped as it comes in.
 */
#include <oncall/record.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

#define READ_BLOCK   ((size_t)256 * 1024)
#define WRITE_BLOCK  ((size_t)256 * 1024)
#define WRITE_DIRECT ((size_t)16 * 1024)
#define PIPE_SIZE    (1024 * 1024) /* what an unprivileged user may ask for */
#define LINE_MS	     1000 /* a line that takes longer to come in can wait */

struct record_reader {
	int fd;
	char *name;
	size_t max_line;
	char *data;
	size_t cap;
	size_t start;	/* of the line at hand */
	size_t scanned; /* no newline stands in front of this */
	size_t end;	/* of what has been read */
	size_t newline; /* where it stands, if has_newline */
	bool has_newline;
	size_t line;
	bool skipping; /* the line at hand is too long; its start is gone */
	bool polls;    /* fd may block: wait with signals_poll() */
	bool at_end;
	int error; /* errno of the read that failed */
};

struct record_reader *record_reader_new(int fd, const char *name,
					size_t max_line)
{
	struct record_reader *r = mem_zero(1, sizeof(*r));
	struct stat st;

	r->fd = fd;
	r->name = mem_dup(name);
	r->max_line = max_line ? max_line : RECORD_MAX_LINE;
	r->cap = READ_BLOCK;
	r->data = mem_alloc(r->cap);
	r->polls = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
#ifdef F_SETPIPE_SZ
	/* Fewer switches between the programs; a refusal does no harm. */
	if (r->polls && S_ISFIFO(st.st_mode))
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
#endif
	return r;
}

void record_reader_free(struct record_reader *r)
{
	if (!r)
		return;
	free(r->name);
	free(r->data);
	free(r);
}

size_t record_reader_line(const struct record_reader *r)
{
	return r->line;
}

const char *record_reader_name(const struct record_reader *r)
{
	return r->name;
}

/* Whether a newline is buffered; looks at each byte once. */
static bool find_newline(struct record_reader *r)
{
	const char *at;

	if (r->has_newline)
		return true;
	if (r->scanned == r->end)
		return false;
	at = memchr(r->data + r->scanned, '\n', r->end - r->scanned);
	if (!at) {
		r->scanned = r->end;
		return false;
	}
	r->newline = (size_t)(at - r->data);
	r->has_newline = true;
	return true;
}

/* Called when no newline is buffered: makes room for the next block. */
static void make_room(struct record_reader *r)
{
	size_t held = r->end - r->start;
	size_t most = r->max_line + 1; /* a '\r' may belong to the end */

	if (held > most || r->skipping) {
		r->skipping = true;
		held = 0;
	}
	if (held && r->start)
		memmove(r->data, r->data + r->start, held);
	r->start = 0;
	r->end = held;
	r->scanned = held;
	if (r->cap - held >= READ_BLOCK || held < READ_BLOCK / 2)
		return;
	most += READ_BLOCK;
	r->cap = r->cap < most / 2 ? r->cap * 2 : most;
	r->data = mem_resize(r->data, r->cap, 1);
}

/* One read; 1 something (or the end, or an error) came, else as the poll. */
static int fill(struct record_reader *r, int wait_ms)
{
	size_t room;
	ssize_t got;

	make_room(r);
	if (r->polls) {
		int ready = signals_poll(r->fd, POLLIN, wait_ms);

		if (ready <= 0)
			return ready;
	} else if (signals_stop()) {
		return -1;
	}
	room = r->cap - r->end;
	got = read(r->fd, r->data + r->end,
		   room < READ_BLOCK ? room : READ_BLOCK);
	if (got > 0)
		r->end += (size_t)got;
	else if (got == 0)
		r->at_end = true;
	else if (errno == EAGAIN)
		r->polls = true;
	else if (errno != EINTR)
		r->error = errno;
	return 1;
}

int record_reader_wait(struct record_reader *r, int wait_ms)
{
	int64_t end = INT64_MAX;

	while (!find_newline(r) && !r->at_end && !r->error) {
		int got = fill(r, wait_ms);

		if (got <= 0)
			return got;
		if (wait_ms < 0 || !r->polls)
			continue;
		/* A line without an end must not hold up the caller. */
		if (end == INT64_MAX)
			end = clock_mono() + wait_ms + LINE_MS;
		else if (clock_mono() > end)
			return 0;
	}
	return 1;
}

bool record_reader_dry(struct record_reader *r, int wait_ms)
{
	if (record_reader_wait(r, wait_ms) <= 0)
		return true;
	return !r->has_newline && !r->error && r->start == r->end &&
	       !r->skipping;
}

static bool is_blank(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] != ' ' && line.ptr[i] != '\t')
			return false;
	return true;
}

/* Takes the line at hand off the buffer; it ends at the newline or the end. */
static struct slice take_line(struct record_reader *r)
{
	size_t end = r->has_newline ? r->newline : r->end;
	struct slice line = {r->data + r->start, end - r->start};

	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	r->start = end + r->has_newline;
	r->scanned = r->start;
	r->has_newline = false;
	r->line++;
	return line;
}

static int fail(const struct record_reader *r, struct err *err)
{
	if (r->fd == STDIN_FILENO)
		return err_sys(err, r->error, "cannot read standard input");
	return err_sys(err, r->error, "cannot read '%s'", r->name);
}

int record_read(struct record_reader *r, struct slice *ret_line,
		struct err *err)
{
	bool too_long;

	do {
		/* A HUP ends the wait, but not the reading. */
		while (!signals_stop() && record_reader_wait(r, -1) <= 0)
			;
		if (signals_stop())
			return 0;
		if (!r->has_newline && r->error)
			return fail(r, err);
		if (!r->has_newline && r->start == r->end && !r->skipping)
			return 0;
		*ret_line = take_line(r);
		too_long = r->skipping || ret_line->len > r->max_line;
		r->skipping = false;
	} while (!too_long && is_blank(*ret_line));
	if (too_long)
		return err_set(err, ERR_INPUT, "line is longer than %zu bytes",
			       r->max_line);
	return 1;
}

void record_writer_done(struct record_writer *w)
{
	buf_done(&w->out);
}

/* Plain poll(): a stop does not end the writing. */
static void wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	(void)poll(&p, 1, -1);
}

static void write_all(struct record_writer *w, const char *p, size_t left)
{
	while (left && !w->error) {
		ssize_t done = write(w->fd, p, left);

		if (done >= 0) {
			p += done;
			left -= (size_t)done;
		} else if (errno == EAGAIN) {
			wait_writable(w->fd);
		} else if (errno != EINTR) {
			w->error = errno;
		}
	}
}

static void write_out(struct record_writer *w)
{
	write_all(w, w->out.data, w->out.len);
	buf_reset(&w->out);
}

/* What is long is not copied first. */
void record_write_lines(struct record_writer *w, struct slice lines)
{
	if (lines.len >= WRITE_DIRECT) {
		write_out(w);
		write_all(w, lines.ptr, lines.len);
		return;
	}
	buf_add_slice(&w->out, lines);
	if (w->out.len >= WRITE_BLOCK)
		write_out(w);
}

void record_write_end(struct record_writer *w)
{
	record_write_lines(w, SLICE_LIT("\n"));
}

void record_write(struct record_writer *w, struct slice line)
{
	buf_add_slice(&w->out, line);
	record_write_end(w);
}

int record_flush(struct record_writer *w, struct err *err)
{
	write_out(w);
	if (!w->error)
		return 0;
	if (w->fd == STDOUT_FILENO)
		return err_sys(err, w->error, "cannot write standard output");
	return err_sys(err, w->error, "cannot write to descriptor %d", w->fd);
}
