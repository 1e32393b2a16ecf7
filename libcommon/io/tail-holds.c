/*
 * tail-holds.c - whether a file, or what is packed in it, holds the bytes of a
 * stream.
 */
#include "tail-parts.h"

#include <oncall/mem.h>

#define PIECE ((size_t)64 * 1024)

static bool mark_at(struct tail_mark *m, int fd, uint64_t offset)
{
	char bytes[TAIL_MARK];

	if (m->len == 0)
		return true;
	if (pread(fd, bytes, m->len, (off_t)offset) != (ssize_t)m->len ||
	    !tail_mark_same(m, bytes))
		return false;
	if (!m->bytes)
		tail_mark_set(m, bytes, m->len);
	return true;
}

bool tail_holds(struct tail_stream *s, int fd)
{
	return mark_at(&s->before, fd, s->position - s->before.len) &&
	       mark_at(&s->head, fd, 0);
}

/* Reads an archive up to the position, into seen. */
static bool unpack_to(struct unpack *u, uint64_t position,
		      struct tail_stream *seen, struct err *err)
{
	AUTO_FREE char *piece = mem_alloc(PIECE);
	ssize_t got = 1;

	while (got > 0 && seen->position < position) {
		uint64_t left = position - seen->position;

		got = unpack_read(u, piece, left < PIECE ? (size_t)left : PIECE,
				  err);
		if (got > 0)
			tail_stream_advance(seen, piece, (size_t)got);
	}
	return seen->position == position;
}

/* The rest of the head of a stream of which less was handed on; it is carried
 * to the first block. */
static bool unpack_head(struct tail_stream *s, struct unpack *u, char *first,
			struct err *err)
{
	size_t have = (size_t)s->position;

	while (have < s->head.len) {
		ssize_t got =
			unpack_read(u, first + have, s->head.len - have, err);

		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	buf_reset(&s->carry);
	buf_add(&s->carry, first + s->position,
		s->head.len - (size_t)s->position);
	return tail_mark_same(&s->head, first);
}

bool tail_holds_packed(struct tail_stream *s, struct unpack *u, struct err *err)
{
	struct tail_stream seen = {.position = 0};
	char first[TAIL_MARK];
	bool same = unpack_to(u, s->position, &seen, err) &&
		    seen.before.len >= s->before.len;

	if (same && s->before.len)
		same = tail_mark_same(&s->before, seen.before.bytes +
							  seen.before.len -
							  s->before.len);
	if (same && seen.head.len)
		memcpy(first, seen.head.bytes, seen.head.len);
	if (same && s->head.len > s->position)
		same = unpack_head(s, u, first, err);
	else if (same)
		same = seen.head.len >= s->head.len &&
		       tail_mark_same(&s->head, first);
	if (same && s->position) {
		tail_mark_set(&s->before, seen.before.bytes, seen.before.len);
		if (seen.head.len > s->head.len)
			s->head.len = seen.head.len;
	}
	if (same && s->head.len)
		tail_mark_set(&s->head, first, s->head.len);
	free(seen.head.bytes);
	free(seen.before.bytes);
	return same;
}
