/*
 * elastic-ring.c - the ids of documents that were handed on: a dense array in
 * the order of arrival, and an open hash table over it. Saved as base64 of, for
 * each, the seconds since the one before it (zigzag, base 128, low bits first)
 * and the hash: 13 bytes, 17 characters.
 */
#include "elastic-internal.h"

#include <oncall/base64.h>
#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define SLOTS_START 1024
#define VARINT_BITS 7
#define VARINT_MORE 0x80u
#define VARINT_MAX  5 /* bytes of 33 bits */

void elastic_ring_done(struct elastic_ring *r)
{
	free(r->ids);
	free(r->slots);
	*r = (struct elastic_ring){.ids = NULL};
}

uint32_t elastic_ring_second(int64_t ms)
{
	ms = ms < 0 ? 0 : ms / WHEN_SECOND;
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void elastic_ring_id(struct elastic_id *ret, struct slice text, int64_t ms)
{
	unsigned char full[HASH_SHA256_SIZE];
	struct hash_sha256 h;

	hash_sha256_start(&h);
	hash_sha256_add(&h, text.ptr, text.len);
	hash_sha256_end(&h, full);
	memcpy(ret->hash, full, ELASTIC_HASH);
	ret->second = elastic_ring_second(ms);
}

/* The slot of the id, or the empty one where it belongs. Whoever chooses ids
 * cannot choose slots. */
static uint32_t *slot_of(const struct elastic_ring *r,
			 const struct elastic_id *id)
{
	size_t at = hash_key(id->hash, ELASTIC_HASH) & (r->slot_count - 1);

	while (r->slots[at] && memcmp(r->ids[r->slots[at] - 1].hash, id->hash,
				      ELASTIC_HASH) != 0)
		at = (at + 1) & (r->slot_count - 1);
	return &r->slots[at];
}

static void index_again(struct elastic_ring *r)
{
	size_t want = SLOTS_START;

	while (want < 2 * r->count)
		want *= 2;
	if (want != r->slot_count) {
		free(r->slots);
		r->slots = mem_zero(want, sizeof(*r->slots));
		r->slot_count = want;
	} else {
		memset(r->slots, 0, want * sizeof(*r->slots));
	}
	for (size_t i = 0; i < r->count; i++)
		*slot_of(r, &r->ids[i]) = (uint32_t)i + 1;
}

bool elastic_ring_has(const struct elastic_ring *r, const struct elastic_id *id)
{
	return r->slot_count && *slot_of(r, id);
}

void elastic_ring_add(struct elastic_ring *r, const struct elastic_id *id)
{
	if (r->count == r->cap) {
		r->cap = r->cap ? r->cap + r->cap / 2 : SLOTS_START;
		r->ids = mem_resize(r->ids, r->cap, sizeof(*r->ids));
	}
	r->ids[r->count++] = *id;
	if (4 * r->count > 3 * r->slot_count)
		index_again(r);
	else
		*slot_of(r, id) = (uint32_t)r->count;
}

void elastic_ring_prune(struct elastic_ring *r, uint32_t second)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->ids[i].second >= second)
			r->ids[kept++] = r->ids[i];
	r->pruned = kept;
	if (kept == r->count)
		return;
	r->count = kept;
	index_again(r);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t elastic_ring_drop(struct elastic_ring *r, uint32_t second)
{
	AUTO_FREE uint32_t *seconds = mem_zero(r->count + 1, sizeof(*seconds));
	uint32_t first;

	for (size_t i = 0; i < r->count; i++)
		seconds[i] = r->ids[i].second;
	qsort(seconds, r->count, sizeof(*seconds), by_number);
	first = seconds[r->count / 4];
	first = first < second ? first + 1 : second;
	elastic_ring_prune(r, first);
	return first;
}

static void add_varint(struct buf *out, uint64_t n)
{
	for (; n >= VARINT_MORE; n >>= VARINT_BITS)
		buf_add_char(out, (char)(n | VARINT_MORE));
	buf_add_char(out, (char)n);
}

void elastic_ring_save(const struct elastic_ring *r, struct buf *out)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	int64_t last = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct elastic_id *id = &r->ids[i];
		int64_t d = (int64_t)id->second - last;

		add_varint(&bytes,
			   d < 0 ? (uint64_t)(-d) * 2 - 1 : (uint64_t)d * 2);
		buf_add(&bytes, (const char *)id->hash, ELASTIC_HASH);
		last = id->second;
	}
	base64_add(out, bytes.data, bytes.len);
}

/* The number at *at, which moves behind it; -1 when there is none. */
static int take_varint(struct slice s, size_t *at, uint64_t *ret)
{
	*ret = 0;
	for (int i = 0; i < VARINT_MAX && *at < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[(*at)++];

		*ret |= (uint64_t)(c & (VARINT_MORE - 1)) << (i * VARINT_BITS);
		if (!(c & VARINT_MORE))
			return 0;
	}
	return -1;
}

int elastic_ring_load(struct elastic_ring *r, struct slice text,
		      struct err *err)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	int64_t last = 0;
	size_t at = 0;
	uint64_t n;

	if (base64_decode(&bytes, text))
		return err_set(err, ERR_INPUT, "the saved ids are no base64");
	while (at < bytes.len) {
		struct elastic_id id;

		if (take_varint(buf_slice(&bytes), &at, &n) ||
		    bytes.len - at < ELASTIC_HASH)
			return err_set(err, ERR_INPUT, "the saved ids are cut");
		last += n & 1 ? -(int64_t)(n / 2) - 1 : (int64_t)(n / 2);
		if (last < 0 || last > UINT32_MAX)
			return err_set(err, ERR_INPUT,
				       "the saved ids have impossible times");
		memcpy(id.hash, bytes.data + at, ELASTIC_HASH);
		at += ELASTIC_HASH;
		id.second = (uint32_t)last;
		if (!elastic_ring_has(r, &id))
			elastic_ring_add(r, &id);
	}
	return 0;
}
