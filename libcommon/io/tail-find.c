/*
 * tail-find.c - where the bytes of a stream are now: under another name, in a
 * copy, or in an archive. Names alone prove nothing; the inode does, as long
 * as it holds the bytes, and else the bytes that were handed on.
 */
#include "tail-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <oncall/clock.h>
#include <oncall/mem.h>

#define SCANS  8 /* names change while a directory is read */
#define SECOND INT64_C(1000000000)

int tail_open_fd(struct tail *t, const struct tail_file *f, const char *path)
{
	int fd;

	if (path == f->path && !strcmp(path, "-"))
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		t->open_max = t->open_count / 2 + 1;
		tail_stream_room(t);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	return fd;
}

/* Why a file is not taken: 0 it is another one, else an errno; WHY_TOLD. */
#define WHY_TOLD  (-1)
#define WHY_LATER (-2)

static int not_taken(struct tail *t, struct tail_file *f, int why,
		     const char *path)
{
	struct err err = ERR_INIT;

	if (why > 0 && why != ENOENT && why != ENOTDIR) {
		(void)err_sys(&err, why, "cannot open '%s'", path);
		tail_tell_once(t, f, &err);
		return WHY_TOLD;
	}
	return why > 0 ? 0 : why;
}

/* An archive that is still being written would look broken. */
static bool unsettled(const struct tail *t, const struct tail_stream *s)
{
	return t->opt.follow && !s->moved &&
	       clock_mono() - s->quiet < TAIL_SETTLE;
}

static int take_packed(struct tail *t, struct tail_stream *s, struct unpack *u)
{
	struct err err = ERR_INIT;

	if (unsettled(t, s))
		return WHY_LATER;
	if (!tail_holds_packed(s, u, &err)) {
		if (err.kind == ERR_NONE)
			return 0;
		tail_tell_once(t, s->file, &err);
		return WHY_TOLD;
	}
	s->final = true;
	return 1;
}

/* So that it is found again even if nothing of it was handed on yet. Where a
 * line is not whole yet, others may begin like it. */
static void know_head(struct tail_stream *s, int fd)
{
	char bytes[TAIL_MARK];
	ssize_t got = pread(fd, bytes, sizeof(bytes), 0);
	const char *end = got > 0 ? memrchr(bytes, '\n', (size_t)got) : NULL;

	if (got < (ssize_t)TAIL_MARK && !s->moved)
		got = end ? end - bytes + 1 : 0;
	if (got > 0)
		tail_mark_set(&s->head, bytes, (size_t)got);
}

/* Opens path as the source of s; 1, or why not. */
static int take(struct tail *t, struct tail_stream *s, const char *path,
		bool by_bytes)
{
	AUTO_UNPACK struct unpack *u = NULL;
	struct err err = ERR_INIT;
	struct tail_inode inode;
	int fd = tail_open_fd(t, s->file, path);
	int taken;

	if (fd < 0)
		return not_taken(t, s->file, errno, path);
	if (tail_inode_of(fd, &inode) < 0 || !S_ISREG(inode.mode) ||
	    (!by_bytes && !tail_inode_same(&inode, &s->inode)) ||
	    (t->has_out && tail_inode_same(&inode, &t->out))) {
		(void)close(fd);
		return 0;
	}
	if (unpack_open(&u, fd, path, &err) < 0) {
		tail_tell_once(t, s->file, &err);
		return WHY_TOLD;
	}
	if (unpack_compressed(u)) {
		taken = take_packed(t, s, u);
		if (taken != 1)
			return taken;
	} else if (by_bytes && !tail_holds(s, fd)) {
		return 0;
	}
	if (!unpack_compressed(u) && s->head.len == 0)
		know_head(s, fd);
	s->fresh = true;
	s->final = s->final || by_bytes;
	s->quiet = clock_mono();
	tail_stream_attach(t, s, TAKE_PTR(u));
	return 1;
}

bool tail_find_inode(struct tail *t, const struct tail_file *f,
		     const struct tail_inode *inode)
{
	AUTO_TAIL_SIBLINGS struct tail_siblings l = {.items = NULL};

	tail_siblings_find(&l, t, f, inode);
	for (size_t i = 0; i < l.count; i++)
		if (tail_inode_same(&l.items[i].inode, inode))
			return true;
	return false;
}

static int by_use(const void *a, const void *b)
{
	const struct tail_sibling *x = a, *y = b;

	if (x->archive != y->archive)
		return x->archive ? 1 : -1;
	return x->inode.size < y->inode.size   ? 1
	       : x->inode.size > y->inode.size ? -1
					       : 0;
}

/* A copy is not older than what was seen of the original. Tools that compress
 * keep the time, some of them to the second only. */
static bool not_older(const struct tail_sibling *x, int64_t mtime)
{
	if (x->archive)
		return x->inode.mtime / SECOND >= mtime / SECOND;
	return x->inode.mtime >= mtime;
}

static int take_by_inode(struct tail *t, struct tail_stream *s)
{
	AUTO_TAIL_SIBLINGS struct tail_siblings l = {.items = NULL};
	int taken = 0;

	tail_siblings_find(&l, t, s->file, &s->inode);
	for (size_t i = 0; i < l.count && !taken; i++)
		if (tail_inode_same(&l.items[i].inode, &s->inode))
			taken = take(t, s, l.items[i].path, false);
	return taken;
}

static int take_by_bytes(struct tail *t, struct tail_stream *s)
{
	AUTO_TAIL_SIBLINGS struct tail_siblings l = {.items = NULL};
	int taken = 0;

	if (s->head.len == 0)
		return 0;
	tail_siblings_find(&l, t, s->file, NULL);
	if (l.count)
		qsort(l.items, l.count, sizeof(l.items[0]), by_use);
	for (size_t i = 0; i < l.count && taken != 1; i++)
		if (not_older(&l.items[i], s->inode.mtime) &&
		    (s->elsewhere ||
		     !tail_inode_same(&l.items[i].inode, &s->inode))) {
			int why = take(t, s, l.items[i].path, true);

			taken = why == 0 ? taken : why;
		}
	return taken;
}

static int take_anywhere(struct tail *t, struct tail_stream *s)
{
	int taken = 0;

	for (int i = 0; i < SCANS && !taken; i++) {
		if (i > 0)
			t->list.read = 0; /* what it says may be old */
		if (!s->elsewhere)
			taken = take_by_inode(t, s);
		if (!taken)
			taken = take_by_bytes(t, s);
	}
	return taken;
}

enum tail_state tail_find_source(struct tail *t, struct tail_stream *s)
{
	int taken = 0;

	if (!s->elsewhere)
		taken = take(t, s, s->where ? s->where : s->file->path, false);
	if (taken == 0 && !s->moved)
		return TAIL_CHANGED;
	if (taken == 0)
		taken = take_anywhere(t, s);
	if (taken == 1)
		s->file->told = false;
	return taken == 1 ? TAIL_GOT : taken == 0 ? TAIL_OVER : TAIL_DRY;
}

/* The first bytes of what an inode holds, none when that cannot be read. */
static size_t peek(struct tail *t, const struct tail_file *f, const char *path,
		   const struct tail_inode *inode, char bytes[TAIL_MARK])
{
	struct tail_inode opened;
	AUTO_UNPACK struct unpack *u = NULL;
	struct err ignored = ERR_INIT;
	int fd = tail_open_fd(t, f, path);
	size_t have = 0;
	ssize_t got = 1;

	if (fd < 0 || unpack_open(&u, fd, path, &ignored) < 0 ||
	    tail_inode_of(fd, &opened) < 0)
		return 0;
	if (!tail_inode_same(&opened, inode)) {
		t->list.changed = true;
		return 0;
	}
	while (have < TAIL_MARK && got > 0) {
		got = unpack_read(u, bytes + have, TAIL_MARK - have, &ignored);
		if (got > 0)
			have += (size_t)got;
	}
	return have;
}

/* Has f a stream, other than one of that inode, that begins with the bytes. */
static bool begins_as(const struct tail_file *f, const struct tail_sibling *x,
		      const char *bytes, size_t n)
{
	for (size_t i = 0; i < f->count; i++) {
		struct tail_stream *s = f->streams[i];

		if (s->head.len == 0 || s->head.len > n ||
		    !tail_mark_same(&s->head, bytes))
			continue;
		/* A few bytes are no proof: many begin with the same half of a
		 * line; a copy is younger, and one of what was read to its end
		 * has the same length. */
		if (s->head.len < n && s->head.len < TAIL_MARK &&
		    !memchr(bytes, '\n', s->head.len))
			continue;
		if (s->head.len == TAIL_MARK || x->archive ||
		    (s->moved && s->dry ? x->inode.size == s->position
					: x->inode.born >= s->inode.born))
			return true;
	}
	return false;
}

/* A copy of what stands at the path may be in the making: all of it is there,
 * too, and not only what a log that was truncated has begun with again. */
static bool copy_of_now(struct tail *t, struct tail_file *f,
			const struct tail_inode *now,
			const struct tail_sibling *x, const char *bytes,
			size_t n)
{
	char first[TAIL_MARK];

	if (!now || !S_ISREG(now->mode) || x->inode.born < now->born)
		return false;
	return peek(t, f, f->path, now, first) >= n && !memcmp(first, bytes, n);
}

static int by_time(const void *a, const void *b)
{
	const struct tail_sibling *x = a, *y = b;

	if (x->inode.mtime != y->inode.mtime)
		return x->inode.mtime < y->inode.mtime ? -1 : 1;
	return x->inode.born < y->inode.born   ? -1
	       : x->inode.born > y->inode.born ? 1
					       : 0;
}

/* Nothing is in it yet, but those who wrote to it may not know that it was
 * moved. What is younger than what stands at the path is a copy that begins. */
static bool empty_and_moved(const struct tail_inode *now,
			    const struct tail_sibling *x)
{
	return x->inode.size == 0 && !x->archive && now && x->inode.born &&
	       x->inode.born < now->born;
}

static bool was_missed(struct tail *t, struct tail_file *f,
		       const struct tail_inode *now,
		       const struct tail_sibling *x, struct slice *ret_start)
{
	char bytes[TAIL_MARK];

	bool empty = empty_and_moved(now, x);

	if (!x->rotated || (x->inode.size == 0 && !empty) ||
	    !not_older(x, f->newest) || x->inode.ctime < f->since ||
	    x->inode.born < f->absent || tail_stream_known(t, &x->inode) ||
	    (t->has_out && tail_inode_same(&x->inode, &t->out)) ||
	    (now && tail_inode_same(&x->inode, now)))
		return false;
	ret_start->len = peek(t, f, x->path, &x->inode, bytes);
	if ((ret_start->len == 0 && !empty) ||
	    begins_as(f, x, bytes, ret_start->len) ||
	    copy_of_now(t, f, now, x, bytes, ret_start->len))
		return false;
	ret_start->ptr = mem_dup_bytes(bytes, ret_start->len);
	return true;
}

/* Where an inode stays at the path, its bytes are copied away: they are named
 * as they would have been before. */
static bool was_copied(bool stayed, const struct tail_inode *now,
		       const struct tail_sibling *x)
{
	return x->archive || !now->born ? stayed : x->inode.born > now->born;
}

static void add_missed(struct tail *t, struct tail_file *f,
		       const struct tail_inode *now, bool stayed)
{
	AUTO_TAIL_SIBLINGS struct tail_siblings l = {.items = NULL};

	tail_siblings_find(&l, t, f, NULL);
	if (l.count)
		qsort(l.items, l.count, sizeof(l.items[0]), by_time);
	for (size_t i = 0; i < l.count; i++) {
		struct slice start;
		struct tail_stream *s;

		if (!was_missed(t, f, now, &l.items[i], &start))
			continue;
		s = tail_stream_new(t, f, &l.items[i].inode);
		s->moved = true;
		s->where = mem_dup(l.items[i].path);
		tail_mark_set(&s->head, start.ptr, start.len);
		if (now && was_copied(stayed, now, &l.items[i]))
			tail_stream_name(s, now, start);
		/* While nothing of it was read, only its inode tells it: hold
		 * that before it is compressed. */
		(void)tail_find_source(t, s);
		free((char *)(uintptr_t)start.ptr);
	}
}

void tail_find_missed(struct tail *t, struct tail_file *f,
		      const struct tail_inode *now)
{
	bool stayed = now && f->count &&
		      tail_inode_same(&f->streams[f->count - 1]->inode, now);

	if (!f->seen && !f->absent)
		return;
	for (int i = 0; i < SCANS; i++) {
		t->list.changed = false;
		add_missed(t, f, now, stayed);
		if (!t->list.changed)
			break;
		t->list.read = 0;
	}
}

/* Cuts name, which is that of f at first, down to that of a file that f may be
 * a copy of. */
static const struct tail_file *next_kin(const struct tail *t,
					const struct tail_file *f, char *name)
{
	for (size_t n = strlen(name); n > f->name + 1; n--) {
		const struct tail_file *kin;

		if (!strchr(".-_~", name[n - 1]))
			continue;
		name[n - 1] = '\0';
		kin = map_get(&t->by_path, slice_of(name));
		if (kin)
			return kin;
	}
	return NULL;
}

bool tail_find_kin(const struct tail *t, const struct tail_file *f)
{
	AUTO_FREE char *name = mem_dup(f->path);

	return next_kin(t, f, name) != NULL;
}

bool tail_find_is_copy(struct tail *t, struct tail_file *f)
{
	AUTO_FREE char *name = mem_dup(f->path);
	char bytes[TAIL_MARK];
	struct tail_sibling self = {.archive = tail_siblings_archive(name)};
	const struct tail_file *kin;
	size_t have;

	if (!tail_find_kin(t, f) || tail_inode_at(f->path, &self.inode) < 0)
		return false;
	have = peek(t, f, f->path, &self.inode, bytes);
	while ((kin = next_kin(t, f, name)))
		if (begins_as(kin, &self, bytes, have))
			return true;
	return false;
}
