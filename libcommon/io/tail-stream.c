/* tail-stream.c - what a stream is known by, and which of them are open. */
#include "tail-parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include <oncall/hash.h>
#include <oncall/mem.h>

#define SECOND INT64_C(1000000000)

static int inode_from(int fd, const char *path, int flags,
		      struct tail_inode *ret)
{
	struct statx x;

	if (statx(fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &x) < 0)
		return -1;
	*ret = (struct tail_inode){
		.dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.ino = x.stx_ino,
		.mtime = x.stx_mtime.tv_sec * SECOND + x.stx_mtime.tv_nsec,
		.ctime = x.stx_ctime.tv_sec * SECOND + x.stx_ctime.tv_nsec,
		.size = x.stx_size,
		.mode = x.stx_mode,
		.unlinked = x.stx_nlink == 0,
	};
	if (x.stx_mask & STATX_BTIME)
		ret->born = x.stx_btime.tv_sec * SECOND + x.stx_btime.tv_nsec;
	return 0;
}

int tail_inode_at(const char *path, struct tail_inode *ret)
{
	if (!strcmp(path, "-"))
		return tail_inode_of(STDIN_FILENO, ret);
	return inode_from(AT_FDCWD, path, 0, ret);
}

int tail_inode_of(int fd, struct tail_inode *ret)
{
	return inode_from(fd, "", AT_EMPTY_PATH, ret);
}

int64_t tail_inode_clock(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

bool tail_inode_same(const struct tail_inode *a, const struct tail_inode *b)
{
	/* The number of a deleted file is given away again at once. */
	return a->dev == b->dev && a->ino == b->ino &&
	       (a->born == b->born || !a->born || !b->born);
}

/* Streams of old files may still be known whose number was given away. */
struct inode_key {
	dev_t dev;
	ino_t ino;
	int64_t born;
};

static struct slice key_of(const struct tail_inode *inode,
			   struct inode_key *key)
{
	memset(key, 0, sizeof(*key));
	key->dev = inode->dev;
	key->ino = inode->ino;
	key->born = inode->born;
	return (struct slice){(const char *)key, sizeof(*key)};
}

struct tail_stream *tail_stream_known(const struct tail *t,
				      const struct tail_inode *inode)
{
	struct tail_inode unborn = *inode;
	struct inode_key key;
	struct tail_stream *s = map_get(&t->by_inode, key_of(inode, &key));

	unborn.born = 0; /* not known when the state was saved */
	if (!s)
		s = map_get(&t->by_inode, key_of(&unborn, &key));
	return s && !s->elsewhere ? s : NULL;
}

void tail_stream_index(struct tail *t, struct tail_stream *s,
		       const struct tail_inode *inode)
{
	struct inode_key key;
	struct slice name = key_of(&s->inode, &key);

	if (map_get(&t->by_inode, name) == s) {
		*map_put(&t->by_inode, name) = NULL;
		t->stale++;
	}
	s->inode = *inode;
	*map_put(&t->by_inode, key_of(inode, &key)) = s;
}

static void append(struct tail_file *f, struct tail_stream *s)
{
	f->streams = mem_resize(f->streams, f->count + 1,
				sizeof(struct tail_stream *));
	f->streams[f->count++] = s;
	s->file = f;
}

static void take_out(struct tail_stream *s)
{
	struct tail_file *f = s->file;
	size_t i = 0;

	while (f->streams[i] != s)
		i++;
	memmove(f->streams + i, f->streams + i + 1,
		(f->count - i - 1) * sizeof(struct tail_stream *));
	f->count--;
}

struct tail_stream *tail_stream_new(struct tail *t, struct tail_file *f,
				    const struct tail_inode *inode)
{
	struct tail_stream *s = mem_zero(1, sizeof(*s));

	s->final = !t->opt.follow || !strcmp(f->path, "-");
	append(f, s);
	tail_stream_index(t, s, inode);
	return s;
}

void tail_stream_move(struct tail *t, struct tail_stream *s,
		      struct tail_file *to)
{
	take_out(s);
	append(to, s);
	s->moved = s->done = false;
	s->final = !t->opt.follow;
	free(TAKE_PTR(s->where));
}

void tail_stream_free(struct tail *t, struct tail_stream *s)
{
	struct inode_key key;
	struct slice name = key_of(&s->inode, &key);

	tail_stream_close(t, s);
	if (map_get(&t->by_inode, name) == s) {
		*map_put(&t->by_inode, name) = NULL;
		t->stale++;
	}
	buf_done(&s->carry);
	free(s->head.bytes);
	free(s->before.bytes);
	free(s->where);
	free(s->id);
	free(s);
}

void tail_stream_drop(struct tail *t, struct tail_stream *s)
{
	take_out(s);
	tail_stream_free(t, s);
}

void tail_mark_set(struct tail_mark *m, const char *p, size_t n)
{
	if (!m->bytes)
		m->bytes = mem_alloc(TAIL_MARK);
	memmove(m->bytes, p, n);
	m->len = n;
	m->hash[0] = '\0';
}

const char *tail_mark_hash(struct tail_mark *m)
{
	if (!m->hash[0])
		hash_sha256_hex(m->bytes ? m->bytes : "", m->len, m->hash,
				sizeof(m->hash) - 1);
	return m->hash;
}

bool tail_mark_same(const struct tail_mark *m, const char *p)
{
	char hash[TAIL_HASH];

	if (m->bytes)
		return !memcmp(m->bytes, p, m->len);
	hash_sha256_hex(p, m->len, hash, sizeof(hash) - 1);
	return m->len == 0 || !strcmp(hash, m->hash);
}

/* A stream that rests keeps the hash only: there may be thousands. */
static void mark_rest(struct tail_mark *m)
{
	(void)tail_mark_hash(m);
	free(TAKE_PTR(m->bytes));
}

/* The bytes of the mark and those behind it, as far as there is room. */
static void mark_append(struct tail_mark *m, const char *p, size_t n)
{
	if (n > TAIL_MARK - m->len)
		n = TAIL_MARK - m->len;
	if (n == 0)
		return;
	if (!m->bytes)
		m->bytes = mem_alloc(TAIL_MARK);
	memcpy(m->bytes + m->len, p, n);
	m->len += n;
	m->hash[0] = '\0';
}

static void mark_slide(struct tail_mark *m, const char *p, size_t n)
{
	size_t keep;

	if (n >= TAIL_MARK) {
		tail_mark_set(m, p + n - TAIL_MARK, TAIL_MARK);
		return;
	}
	keep = TAIL_MARK - n < m->len ? TAIL_MARK - n : m->len;
	/* Of what is not open the bytes are not known: it begins anew. */
	if (!m->bytes)
		keep = 0;
	else
		memmove(m->bytes, m->bytes + m->len - keep, keep);
	m->len = keep;
	mark_append(m, p, n);
}

void tail_stream_advance(struct tail_stream *s, const char *p, size_t n)
{
	size_t known = s->head.len;

	if (s->position <= known && known < s->position + n &&
	    (s->head.bytes || known == 0))
		mark_append(&s->head, p + (known - s->position),
			    n - (size_t)(known - s->position));
	mark_slide(&s->before, p, n);
	s->position += n;
}

/*
 * The id must be the same whenever it is made, however far the file has grown
 * by then: so it is made of the first line, which together with the time of
 * birth is enough. Where files have none, all of the first KiB that is there
 * must do.
 */
void tail_stream_name(struct tail_stream *s, const struct tail_inode *inode,
		      struct slice text)
{
	size_t len = text.len < TAIL_MARK ? text.len : TAIL_MARK;
	const char *end = memchr(text.ptr, '\n', len);
	char hash[TAIL_DIGITS + 1], base[TAIL_ID_MAX], length[24] = "";
	struct hash_sha256 h;
	unsigned char sum[HASH_SHA256_SIZE];
	unsigned int again = 0;

	if (end && inode->born)
		len = (size_t)(end - text.ptr) + 1;
	hash_sha256_start(&h);
	hash_sha256_add(&h, &inode->born, sizeof(inode->born));
	hash_sha256_add(&h, text.ptr, len);
	hash_sha256_end(&h, sum);
	for (size_t i = 0; i < TAIL_DIGITS; i++)
		hash[i] =
			"0123456789abcdef"[sum[i / 2] >> (i % 2 ? 0 : 4) & 0xf];
	hash[TAIL_DIGITS] = '\0';
	if (len < TAIL_MARK)
		(void)snprintf(length, sizeof(length), "-%zu", len);
	(void)snprintf(base, sizeof(base), "%jx-%jx-%s%s",
		       (uintmax_t)inode->dev, (uintmax_t)inode->ino, hash,
		       length);
	s->id = mem_dup(base);
	for (size_t i = 0; i < s->file->count; i++) {
		const struct tail_stream *other = s->file->streams[i];

		if (other == s || !other->id || strcmp(other->id, s->id) != 0)
			continue;
		/* Truncated, and it begins as it did before. */
		free(s->id);
		s->id = mem_printf("%s.%u", base, ++again);
		i = (size_t)-1;
	}
}

void tail_stream_show(struct tail *t, struct tail_stream *s, struct slice text)
{
	struct input_stream *shown;

	if (s->shown)
		return;
	if (!s->id)
		tail_stream_name(
			s, &s->inode,
			s->position ? (struct slice){s->head.bytes, s->head.len}
				    : text);
	shown = mem_zero(1, sizeof(*shown));
	shown->kind = strcmp(s->file->path, "-") != 0 ? "file" : "stdin";
	shown->id = mem_dup(s->id);
	if (strcmp(s->file->path, "-") != 0)
		shown->path = mem_dup(s->file->path);
	shown->service = mem_dup(t->opt.service);
	shown->positions = true;
	shown->number = t->shown_count;
	if (t->shown_count == t->shown_cap) {
		t->shown_cap = t->shown_cap ? 2 * t->shown_cap : 16;
		t->shown = mem_resize(t->shown, t->shown_cap,
				      sizeof(struct input_stream *));
	}
	t->shown[t->shown_count++] = shown;
	s->shown = shown;
}

bool tail_stream_plain(const struct tail_stream *s)
{
	return !s->pipe && !unpack_compressed(s->source);
}

static void unlink_open(struct tail *t, struct tail_stream *s)
{
	*(s->prev_open ? &s->prev_open->next_open : &t->first_open) =
		s->next_open;
	*(s->next_open ? &s->next_open->prev_open : &t->last_open) =
		s->prev_open;
	t->open_count--;
}

static void link_open(struct tail *t, struct tail_stream *s)
{
	s->next_open = NULL;
	s->prev_open = t->last_open;
	*(t->last_open ? &t->last_open->next_open : &t->first_open) = s;
	t->last_open = s;
	t->open_count++;
}

/* Descriptors are few: what was not read for longest is closed. An archive is
 * not, as it would have to be unpacked from its start again. */
void tail_stream_room(struct tail *t)
{
	struct tail_stream *s = t->first_open;

	while (s && t->open_count >= t->open_max) {
		struct tail_stream *next = s->next_open;

		if (tail_stream_plain(s))
			tail_stream_close(t, s);
		s = next;
	}
}

void tail_stream_attach(struct tail *t, struct tail_stream *s,
			struct unpack *source)
{
	tail_stream_room(t);
	s->source = source;
	s->carry.max = t->opt.max_line + 2 * t->opt.block;
	link_open(t, s);
}

void tail_stream_used(struct tail *t, struct tail_stream *s)
{
	if (t->last_open == s)
		return;
	unlink_open(t, s);
	link_open(t, s);
}

void tail_stream_close(struct tail *t, struct tail_stream *s)
{
	if (!s->source)
		return;
	unlink_open(t, s);
	unpack_free(TAKE_PTR(s->source));
	buf_done(&s->carry);
	mark_rest(&s->head);
	mark_rest(&s->before);
}
