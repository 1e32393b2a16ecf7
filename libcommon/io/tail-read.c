/*
 * tail-read.c - the next block of a stream. What can be sought is read at the
 * position, so that half a line is simply read again; what cannot is carried
 * from block to block.
 */
#include "tail-parts.h"

#include <errno.h>
#include <sys/stat.h>

#include <oncall/clock.h>
#include <oncall/lines.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

static void failed(struct tail *t, struct tail_stream *s, const struct err *err)
{
	if (!s->broken)
		tail_tell(t, err);
	s->broken = true;
}

/* One read: its length; 0 at the end, which a failure is as well; -1 when
 * there may be more later. */
static ssize_t read_more(struct tail *t, struct tail_stream *s,
			 struct buf *data, size_t want)
{
	struct err err = ERR_INIT;
	ssize_t got;

	if (tail_stream_plain(s)) {
		got = pread(unpack_fd(s->source), data->data + data->len, want,
			    (off_t)(s->position + data->len));
		if (got < 0)
			(void)err_sys(&err, errno, "cannot read '%s'",
				      s->file->path);
	} else {
		got = unpack_read(s->source, data->data + data->len, want,
				  &err);
	}
	if (err.kind != ERR_NONE) {
		failed(t, s, &err);
		return 0;
	}
	if (got > 0) {
		s->broken = false;
		data->len += (size_t)got;
		data->data[data->len] = '\0';
	}
	return got;
}

/* Makes data as long as that, as far as there is something; true when the end
 * was met. What may grow is at its end for now when it gave less than asked. */
static bool fill(struct tail *t, struct tail_stream *s, struct buf *data,
		 size_t length)
{
	/* What was carried may be more than a block. */
	if (data->len >= length)
		return false;
	if (data->max < length + 1)
		data->max = length + 1;
	if (!buf_reserve(data, length - data->len))
		mem_die();
	while (data->len < length) {
		size_t want = length - data->len;
		ssize_t got = read_more(t, s, data, want);

		if (got < 0)
			return false;
		if (got == 0 ||
		    ((size_t)got < want && !s->final && tail_stream_plain(s)))
			return true;
	}
	return false;
}

/* The length of the whole lines at the start of p, none of them over the
 * limit. */
static size_t whole_lines(const char *p, size_t n, size_t max_line)
{
	size_t done = 0;

	while (done < n) {
		size_t window = n - done;
		const char *end;

		if (window > max_line + 1)
			window = max_line + 1;
		end = memrchr(p + done, '\n', window);
		if (!end)
			break;
		done = (size_t)(end - p) + 1;
	}
	return done;
}

/* What was read is handed on only when it still belongs to the stream after
 * the reading: the file may be truncated and written at any moment. */
static bool still_same(struct tail *t, struct tail_stream *s, bool any)
{
	if (!tail_stream_plain(s) || (!t->opt.follow && !s->fresh))
		return true;
	if (!tail_holds(s, unpack_fd(s->source))) {
		tail_look_changed(t, s);
		return false;
	}
	/* What was written and copied away may have left nothing. */
	if (s->position == 0 && (any || s->looked.mtime != s->inode.mtime) &&
	    tail_look_first(t, s))
		return false;
	/* While nothing was handed on, it may have been copied and truncated
	 * without a trace. */
	if (!s->moved && (any || s->position > 0)) {
		s->inode = s->looked;
		s->file->newest = s->looked.mtime;
	}
	s->fresh = false;
	return true;
}

/* Passes over the rest of a line that was too long. False: it goes on. */
static bool skip(struct tail_stream *s, struct buf *data)
{
	const char *end = memchr(data->data, '\n', data->len);
	size_t n = end ? (size_t)(end - data->data) + 1 : data->len;

	if (n == 0)
		return false;
	tail_stream_advance(s, data->data, n);
	memmove(data->data, data->data + n, data->len - n);
	buf_truncate(data, data->len - n);
	s->skipping = !end;
	return end != NULL;
}

static enum tail_state give(struct tail *t, struct tail_stream *s,
			    struct input_block *b, size_t n)
{
	const char *p = buf_str(&b->data);

	tail_stream_show(t, s, (struct slice){p, n});
	b->stream = s->shown;
	b->text = (struct slice){p, n};
	b->offset = s->position;
	b->line = s->line + 1;
	s->line += lines_count(p, n) + (p[n - 1] != '\n');
	tail_stream_advance(s, p, n);
	if (!tail_stream_plain(s)) {
		buf_reset(&s->carry);
		buf_add(&s->carry, p + n, b->data.len - n);
	}
	s->dry = false;
	s->quiet = clock_mono();
	s->file->told = false;
	return TAIL_GOT;
}

static void finish(struct tail_stream *s)
{
	struct tail_inode now;

	s->done = true;
	if (s->pipe || tail_inode_of(unpack_fd(s->source), &now) < 0)
		return;
	/* So that nothing that is as old is taken for something new. */
	if (s->moved && now.mtime > s->inode.mtime)
		s->inode.mtime = now.mtime;
}

/* Nothing more for now, or ever. */
static enum tail_state at_end(struct tail *t, struct tail_stream *s, bool over)
{
	if (!over) {
		s->dry = true;
		return TAIL_DRY;
	}
	if (s->pipe && t->opt.follow && S_ISFIFO(s->inode.mode) &&
	    strcmp(s->file->path, "-") != 0) {
		tail_stream_close(t, s); /* the next writer goes on */
		s->file->look = true;
		return TAIL_CHANGED;
	}
	finish(s);
	tail_stream_close(t, s);
	return TAIL_OVER;
}

/* Reads until there are whole lines, too much for one, or nothing more. */
static enum tail_state take_in(struct tail *t, struct tail_stream *s,
			       struct buf *data, size_t *ret_n, bool *ret_end)
{
	size_t length = s->position == 0 && t->opt.block > INPUT_FIRST_BLOCK
				? INPUT_FIRST_BLOCK
				: t->opt.block;

	for (;;) {
		*ret_end = fill(t, s, data, length);
		if (!still_same(t, s, data->len > 0))
			return TAIL_CHANGED;
		if (s->skipping && !skip(s, data)) {
			buf_reset(&s->carry);
			*ret_n = 0;
			if (*ret_end || s->pipe || signals_stop())
				return TAIL_DRY;
			continue;
		}
		*ret_n = whole_lines(buf_str(data), data->len, t->opt.max_line);
		if (*ret_n > 0 || *ret_end || data->len > t->opt.max_line ||
		    (s->pipe && data->len < length))
			return TAIL_GOT;
		length = t->opt.max_line + 1;
	}
}

static enum tail_state read_block(struct tail *t, struct tail_stream *s,
				  struct input_block *b)
{
	struct buf *data = &b->data;
	size_t n;
	bool end, over;

	buf_reset(data);
	if (!tail_stream_plain(s))
		buf_add_slice(data, buf_slice(&s->carry));
	if (take_in(t, s, data, &n, &end) == TAIL_CHANGED)
		return TAIL_CHANGED;
	over = end && (s->final || (s->broken && !tail_stream_plain(s)));
	if (n == 0 && data->len > t->opt.max_line) {
		b->truncated = s->skipping = true;
		return give(t, s, b, t->opt.max_line);
	}
	if (n == 0 && over && !(s->broken && tail_stream_plain(s)))
		n = data->len; /* the last line of all needs no newline */
	if (n > 0) {
		b->live = end && t->opt.follow;
		return give(t, s, b, n);
	}
	if (!tail_stream_plain(s)) {
		buf_reset(&s->carry);
		buf_add_slice(&s->carry, buf_slice(data));
	}
	return at_end(t, s, over);
}

/* It stands nowhere. */
static void lost(struct tail *t, struct tail_stream *s)
{
	struct err err = ERR_INIT;

	s->done = true;
	if (s->dry || s->inode.size <= s->position || s->packed)
		return;
	(void)err_set(&err, ERR_INPUT,
		      "'%s' was removed or truncated before %ju bytes of it "
		      "were read",
		      s->file->path, (uintmax_t)(s->inode.size - s->position));
	tail_tell(t, &err);
}

enum tail_state tail_read(struct tail *t, struct tail_stream *s,
			  struct input_block *b)
{
	if (s->done)
		return TAIL_OVER;
	if (!s->source) {
		enum tail_state found =
			s->pipe ? TAIL_DRY : tail_find_source(t, s);

		if (found == TAIL_OVER)
			lost(t, s);
		if (found == TAIL_DRY && !t->opt.follow)
			s->done = true;
		if (found != TAIL_GOT)
			return found;
	}
	tail_stream_used(t, s);
	s->packed = unpack_compressed(s->source);
	return read_block(t, s, b);
}
