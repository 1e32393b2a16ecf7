/*
 * tail-look.c - what stands at the path of a file now, and what that makes of
 * the streams that stood there before.
 */
#include "tail-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/ulid.h>

#define LOOKS  8 /* a path may change while we look at it */
#define SECOND INT64_C(1000000000)

static struct tail_stream *last_of(const struct tail_file *f)
{
	return f->count ? f->streams[f->count - 1] : NULL;
}

static void has_moved(struct tail *t, struct tail_stream *s)
{
	if (!s || s->moved)
		return;
	s->moved = true;
	s->dry = s->done;
	s->quiet = clock_mono();
	/* Its inode may be gone soon. */
	if (!s->source && !s->done && !s->pipe && s->position != s->looked.size)
		(void)tail_find_source(t, s);
}

static void cannot_read(struct tail *t, struct tail_file *f, int why)
{
	struct err err = ERR_INIT;

	(void)err_sys(&err, why, "cannot read '%s'", f->path);
	tail_tell_once(t, f, &err);
}

static void not_there(struct tail *t, struct tail_file *f, int why,
		      int64_t asked)
{
	if (why != ENOENT && why != ENOTDIR) {
		cannot_read(t, f, why); /* it may still stand there */
		return;
	}
	if (!f->seen && !f->absent)
		f->absent = f->newest = asked;
	if (!f->missing) {
		f->missing = true;
		f->quiet = clock_mono();
		tail_find_missed(t, f, NULL);
		if (f->count)
			tail_queue(t, f);
	}
	for (size_t i = 0; i < f->count; i++)
		has_moved(t, f->streams[i]);
	/* In the middle of a rotation nothing is there for a moment. */
	if (f->named && (!f->seen || !t->opt.follow ||
			 clock_mono() - f->quiet >= TAIL_MISSING))
		cannot_read(t, f, why);
}

/* The stream begins behind the last whole line that is there. */
static void to_end(struct tail *t, struct tail_stream *s)
{
	char bytes[TAIL_MARK];
	AUTO_FD int fd = tail_open_fd(t, s->file, s->file->path);
	uint64_t at = s->inode.size;
	ssize_t got = 0;

	if (fd < 0)
		return; /* read from its start when it can be */
	while (at > 0) {
		size_t n = at < TAIL_MARK ? (size_t)at : TAIL_MARK;
		const char *end;

		got = pread(fd, bytes, n, (off_t)(at - n));
		if (got != (ssize_t)n)
			return;
		end = memrchr(bytes, '\n', n);
		at -= n;
		if (end) {
			at += (uint64_t)(end - bytes) + 1;
			break;
		}
	}
	s->position = at;
	s->before.len = s->head.len = at < TAIL_MARK ? (size_t)at : TAIL_MARK;
	got = pread(fd, bytes, s->head.len, 0);
	if (got == (ssize_t)s->head.len)
		tail_mark_set(&s->head, bytes, s->head.len);
	got = pread(fd, bytes, s->before.len, (off_t)(at - s->before.len));
	if (got == (ssize_t)s->before.len)
		tail_mark_set(&s->before, bytes, s->before.len);
}

static bool is_archive(struct tail *t, const struct tail_file *f)
{
	AUTO_UNPACK struct unpack *u = NULL;
	struct err ignored = ERR_INIT;
	int fd = tail_open_fd(t, f, f->path);

	return fd >= 0 && unpack_open(&u, fd, f->path, &ignored) == 0 &&
	       unpack_compressed(u);
}

/* Was it replaced by a file with the same content, as editors do. */
static bool restored(struct tail *t, struct tail_file *f,
		     const struct tail_inode *now)
{
	struct tail_stream *last = last_of(f);
	struct tail_inode old;
	AUTO_FD int fd = -1;

	if (!last || last->elsewhere || last->pipe || last->packed ||
	    last->head.len < TAIL_MARK || now->size < last->position)
		return false;
	if (last->source ? tail_inode_of(unpack_fd(last->source), &old) < 0 ||
				   !old.unlinked
			 : tail_find_inode(t, f, &last->inode))
		return false;
	fd = tail_open_fd(t, f, f->path);
	if (fd < 0 || !tail_holds(last, fd))
		return false;
	tail_stream_close(t, last);
	tail_stream_index(t, last, now);
	last->looked = *now;
	last->moved = last->done = false;
	last->final = !t->opt.follow;
	free(TAKE_PTR(last->where));
	return true;
}

static void begin(struct tail *t, struct tail_file *f,
		  const struct tail_inode *now)
{
	struct tail_stream *s = tail_stream_new(t, f, now);

	s->looked = *now;
	s->quiet = t->starting ? INT64_MIN / 2 : clock_mono();
	if (!f->named && tail_find_is_copy(t, f)) {
		s->copy = s->done = true;
	} else if (f->from_end && !f->seen && !f->absent) {
		if (is_archive(t, f))
			s->done = s->packed = true;
		else
			to_end(t, s);
	}
	if (!f->seen && !f->absent)
		f->since = now->ctime;
	f->seen = true;
	f->newest = now->mtime;
	tail_queue(t, f);
}

/* A file that is named after another one may be a copy in the making. */
static bool wait_for_more(struct tail *t, struct tail_file *f,
			  const struct tail_inode *now)
{
	int64_t mono = clock_mono();

	if (f->named || f->count || t->starting || !t->opt.follow ||
	    !tail_find_kin(t, f))
		return false;
	if (f->size != now->size || !f->quiet) {
		f->size = now->size;
		f->quiet = mono;
	}
	if (mono - f->quiet >= TAIL_SETTLE)
		return false;
	return now->size < TAIL_MARK || is_archive(t, f);
}

/* A stream that is known stands here now; false: leave it where it is. */
static bool came_here(struct tail *t, struct tail_file *f,
		      struct tail_stream *known, const struct tail_inode *now)
{
	if (known->file != f && (!known->moved || !known->dry))
		return false;
	for (size_t i = 0; i < f->count; i++)
		has_moved(t, f->streams[i]);
	tail_stream_move(t, known, f);
	known->looked = *now;
	f->seen = true;
	tail_queue(t, f);
	return true;
}

static void appeared(struct tail *t, struct tail_file *f,
		     struct tail_inode *now)
{
	for (int i = 0; i < LOOKS; i++) {
		struct tail_stream *known = tail_stream_known(t, now);
		struct tail_inode again;

		if (known) {
			(void)came_here(t, f, known, now);
			return;
		}
		if (wait_for_more(t, f, now))
			return;
		if (restored(t, f, now)) {
			tail_queue(t, f);
			return;
		}
		has_moved(t, last_of(f));
		tail_find_missed(t, f, now);
		if (tail_inode_at(f->path, &again) == 0 &&
		    tail_inode_same(&again, now))
			break;
		if (tail_inode_at(f->path, now) < 0 || !S_ISREG(now->mode)) {
			f->look = true;
			tail_queue(t, f);
			return;
		}
	}
	begin(t, f, now);
}

/* The same inode as before, which says nothing of its bytes. */
static void still_there(struct tail *t, struct tail_file *f,
			struct tail_stream *s, const struct tail_inode *now)
{
	bool changed =
		s->looked.mtime != now->mtime || s->looked.size != now->size;

	if (s->moved) {
		s->moved = s->done = false;
		s->final = !t->opt.follow;
		free(TAKE_PTR(s->where));
		changed = true;
	}
	s->looked = *now;
	if (changed && !s->source)
		s->quiet = clock_mono();
	if (s->done && changed) {
		if (s->copy && !tail_find_is_copy(t, f)) {
			s->copy = false;
			tail_look_changed(t, s);
		}
		/* An archive that has grown is read from where it ended. */
		s->done = s->copy || !s->packed || !s->position;
	}
	if (changed || s->loaded || f->told ||
	    (!s->source && s->position != now->size))
		tail_queue(t, f);
	s->loaded = false;
}

static void pipe_here(struct tail *t, struct tail_file *f,
		      const struct tail_inode *now)
{
	struct tail_stream *s = last_of(f);
	struct unpack *u = NULL;
	struct err err = ERR_INIT;
	int fd;

	if (s && (s->source || s->done))
		return;
	fd = tail_open_fd(t, f, f->path);
	if (fd < 0) {
		cannot_read(t, f, errno);
		return;
	}
	if (unpack_open(&u, fd, f->path, &err) < 0) {
		tail_tell_once(t, f, &err);
		return;
	}
	unpack_never_wait(u);
	if (!s) {
		char id[ULID_TEXT];

		ulid_make(id);
		s = tail_stream_new(t, f, now);
		s->pipe = s->final = true;
		s->id = mem_dup(id);
	}
	f->seen = true;
	tail_stream_attach(t, s, u);
	tail_watch_pipe(t, fd);
	t->pipes++;
	tail_queue(t, f);
}

static void other_kind(struct tail *t, struct tail_file *f,
		       const struct tail_inode *now)
{
	if (!f->named)
		return;
	if (S_ISDIR(now->mode))
		cannot_read(t, f, EISDIR);
	else if (S_ISSOCK(now->mode) || S_ISBLK(now->mode))
		cannot_read(t, f, ESPIPE);
	else
		pipe_here(t, f, now);
}

static bool is_output(struct tail *t, struct tail_file *f,
		      const struct tail_inode *now)
{
	struct err err = ERR_INIT;

	if (!t->has_out || !tail_inode_same(now, &t->out))
		return false;
	(void)err_set(&err, ERR_INPUT, "input file '%s' is also the output",
		      f->path);
	tail_tell_once(t, f, &err);
	return true;
}

void tail_look(struct tail *t, struct tail_file *f)
{
	struct tail_stream *last = last_of(f);
	struct tail_inode now;
	bool once = !strcmp(f->path, "-") && !t->opt.from_saved;

	int64_t asked = tail_inode_clock();

	f->look = false;
	if (tail_inode_at(f->path, &now) < 0) {
		not_there(t, f, errno, asked);
		return;
	}
	f->missing = false;
	if (is_output(t, f, &now))
		return;
	if (!S_ISREG(now.mode) || once) {
		other_kind(t, f, &now);
		return;
	}
	/* The number of a device may be another one after a restart. */
	if (last && last->loaded && last->inode.ino == now.ino &&
	    last->inode.born == now.born && last->inode.dev != now.dev) {
		struct tail_inode renumbered = last->inode;

		renumbered.dev = now.dev;
		tail_stream_index(t, last, &renumbered);
	}
	if (last && !last->elsewhere && !last->pipe &&
	    tail_inode_same(&last->inode, &now))
		still_there(t, f, last, &now);
	else
		appeared(t, f, &now);
}

/* The last stream comes before what stands at the path. */
static void put_before_last(struct tail *t, struct tail_stream *s)
{
	struct tail_file *f = s->file;
	size_t n = f->count;

	s->moved = true;
	s->quiet = clock_mono();
	(void)tail_find_source(t, s);
	if (n < 2 || f->streams[n - 2]->moved)
		return;
	f->streams[n - 1] = f->streams[n - 2];
	f->streams[n - 2] = s;
}

void tail_look_changed(struct tail *t, struct tail_stream *s)
{
	struct tail_file *f = s->file;
	bool stood_here = !s->moved, was_there = !s->elsewhere;
	struct tail_inode now, moved = s->inode;

	if (s->source)
		(void)tail_inode_of(unpack_fd(s->source), &moved);
	tail_stream_close(t, s);
	s->elsewhere = true;
	has_moved(t, s);
	s->dry = false;
	free(TAKE_PTR(s->where));
	tail_queue(t, f);
	if (!stood_here) {
		/* It was written again before it was moved. */
		if (was_there)
			put_before_last(t, tail_stream_new(t, f, &moved));
		return;
	}
	if (tail_inode_at(f->path, &now) == 0 && S_ISREG(now.mode) &&
	    tail_inode_same(&now, &s->inode)) {
		tail_find_missed(t, f, &now);
		begin(t, f, &now);
	} else {
		f->look = true;
	}
}

bool tail_look_first(struct tail *t, struct tail_stream *s)
{
	struct tail_file *f = s->file;
	size_t before = f->count, at = 0;

	if (s->moved || last_of(f) != s)
		return false;
	tail_find_missed(t, f, &s->inode);
	if (f->count == before)
		return false;
	while (f->streams[at] != s)
		at++;
	memmove(f->streams + at, f->streams + at + 1,
		(f->count - at - 1) * sizeof(struct tail_stream *));
	f->streams[f->count - 1] = s;
	return true;
}

bool tail_look_past(const struct tail_file *f, const struct tail_stream *s)
{
	const struct tail_stream *last = last_of(f);

	if (!last || !s->done || !s->moved)
		return false;
	return last != s && !last->moved &&
	       f->newest / SECOND > s->inode.mtime / SECOND + 1;
}

/* The same where nothing new has come to the path. */
static bool is_gone(struct tail *t, struct tail_file *f, struct tail_stream *s)
{
	const struct tail_stream *last = last_of(f);
	int64_t past_second = (s->inode.mtime / SECOND + 1) * SECOND;

	if (!last || !s->done || !s->moved || !last->moved ||
	    clock_mono() - s->quiet < TAIL_LINGER)
		return false;
	s->quiet = clock_mono();
	if (tail_find_inode(t, f, &s->inode))
		return false;
	/* Its archive, which keeps the time, is nothing new. */
	if (f->newest < past_second)
		f->newest = past_second;
	return true;
}

/* A writer may not know yet that its file was moved. */
static void look_after(struct tail *t, struct tail_file *f,
		       struct tail_stream *s)
{
	struct tail_inode now;

	if (s->done || s->pipe)
		return;
	if (!s->dry || clock_mono() - s->quiet > TAIL_LINGER) {
		s->final = s->final || s->dry;
		tail_queue(t, f);
	} else if (s->source &&
		   tail_inode_of(unpack_fd(s->source), &now) == 0 &&
		   now.size > s->position) {
		tail_queue(t, f);
	}
}

void tail_look_back(struct tail *t, struct tail_file *f)
{
	for (size_t i = f->count; i-- > 0;) {
		struct tail_stream *s = f->streams[i];

		if (tail_look_past(f, s) || is_gone(t, f, s))
			tail_stream_drop(t, s);
		else if (s->moved)
			look_after(t, f, s);
	}
	if (f->count == 0 && !f->named && f->missing)
		tail_names_drop(t, f);
}
