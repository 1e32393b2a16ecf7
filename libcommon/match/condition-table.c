/*
 * condition-table.c - where states are: a table by rule and key, two lists by
 * the time of the last touch, a heap by deadline.
 */
#include "condition-state.h"

#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

#define FIRST_SLOTS ((size_t)64)
#define HASHED	    ((size_t)16) /* digits behind a value that is cut */

/* A value must not hold what parts values. */
static void add_value(struct buf *out, struct slice value)
{
	size_t at = out->len;
	char hex[HASH_HEX];

	if (value.len <= CONDITION_VALUE) {
		buf_add_slice(out, value);
	} else {
		buf_add(out, value.ptr,
			utf8_cut(value.ptr, value.len,
				 CONDITION_VALUE - HASHED - 1));
		hash_sha256_hex(value.ptr, value.len, hex, HASHED);
		buf_addf(out, "~%s", hex);
	}
	for (; at < out->len; at++)
		if (out->data[at] == '\n')
			out->data[at] = ' ';
	buf_add_char(out, '\n');
}

static void add_values(struct buf *out, const struct condition_event *e,
		       const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_value(out, e->lookup ? e->lookup(e->arg, names[i])
					 : (struct slice){NULL, 0});
}

void condition_key(struct conditions *c, size_t rule,
		   const struct condition_event *e)
{
	const struct condition_node *n = c->nodes[rule];

	buf_reset(&c->key);
	if (n)
		add_values(&c->key, e, n->names, n->field_count);
}

void condition_keep(struct condition_kept *kept, const struct condition_node *n,
		    const struct condition_event *e)
{
	AUTO_BUF struct buf text = BUF_INIT;

	condition_kept_done(kept);
	add_values(&text, e, n->names + n->field_count,
		   n->name_count - n->field_count);
	kept->carried = text.len;
	if (e->keep.len <= CONDITION_KEEP)
		buf_add_slice(&text, e->keep);
	kept->len = text.len - kept->carried;
	if (text.len)
		kept->data = mem_dup_bytes(text.data, text.len);
}

void condition_kept_done(struct condition_kept *kept)
{
	free(kept->data);
	*kept = (struct condition_kept){.data = NULL};
}

bool condition_waits(const struct condition_node *n)
{
	return n->core == CONDITION_ABSENT || n->core == CONDITION_WITHOUT;
}

static uint64_t hash_of(size_t rule, struct slice key)
{
	/* Rules are few beside keys: spreading them needs no secret. */
	return hash_key(key.ptr, key.len) +
	       (uint64_t)rule * UINT64_C(0x9e3779b97f4a7c15);
}

struct condition_state *condition_find(const struct conditions *c, size_t rule)
{
	struct slice key = {buf_str(&c->key), c->key.len};
	uint64_t hash = hash_of(rule, key);
	struct condition_state *s;

	if (!c->slot_count)
		return NULL;
	for (s = c->slots[hash & (c->slot_count - 1)]; s; s = s->chain)
		if (s->hash == hash && s->rule == rule &&
		    slice_eq((struct slice){s->key, s->key_len}, key))
			break;
	return s;
}

static void grow(struct conditions *c)
{
	size_t count = c->slot_count ? 2 * c->slot_count : FIRST_SLOTS;
	struct condition_state **slots =
		mem_zero(count, sizeof(struct condition_state *));

	for (size_t i = 0; i < c->slot_count; i++) {
		while (c->slots[i]) {
			struct condition_state *s = c->slots[i];

			c->slots[i] = s->chain;
			s->chain = slots[s->hash & (count - 1)];
			slots[s->hash & (count - 1)] = s;
		}
	}
	free(c->slots);
	c->slots = slots;
	c->slot_count = count;
}

static void list_remove(struct conditions *c, struct condition_state *s)
{
	struct condition_list *list = s->idle ? &c->idle : &c->busy;

	*(s->older ? &s->older->newer : &list->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &list->newest) = s->older;
	list->count--;
}

static void list_add(struct conditions *c, struct condition_state *s)
{
	struct condition_list *list = s->idle ? &c->idle : &c->busy;

	s->older = list->newest;
	s->newer = NULL;
	*(list->newest ? &list->newest->newer : &list->oldest) = s;
	list->newest = s;
	list->count++;
}

struct condition_state *condition_make(struct conditions *c, size_t rule)
{
	struct condition_state *s = condition_find(c, rule);
	size_t bytes = sizeof(*s) + c->key.len;

	if (s)
		return s;
	if (c->busy.count + c->idle.count >= c->slot_count)
		grow(c);
	s = mem_zero(1, bytes);
	if (c->key.len)
		memcpy(s->key, c->key.data, c->key.len);
	s->key_len = (uint32_t)c->key.len;
	s->rule = (uint32_t)rule;
	s->hash = hash_of(rule, (struct slice){s->key, s->key_len});
	s->first = s->last = s->answer = s->until = s->cool = WHEN_NONE;
	if (condition_waits(c->nodes[rule])) {
		s->waiting = mem_zero(1, sizeof(*s->waiting));
	}
	s->chain = c->slots[s->hash & (c->slot_count - 1)];
	c->slots[s->hash & (c->slot_count - 1)] = s;
	list_add(c, s);
	return s;
}

/* Deadlines are in order of time, rule and key. */
static bool before(const struct conditions *c, const struct condition_state *a,
		   const struct condition_state *b)
{
	int64_t x = a->first + c->nodes[a->rule]->within;
	int64_t y = b->first + c->nodes[b->rule]->within;
	size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
	int cmp;

	if (x != y)
		return x < y;
	if (a->rule != b->rule)
		return a->rule < b->rule;
	cmp = n ? memcmp(a->key, b->key, n) : 0;
	return cmp ? cmp < 0 : a->key_len < b->key_len;
}

static void heap_put(struct conditions *c, size_t at, struct condition_state *s)
{
	c->heap[at] = s;
	s->heap = at + 1;
}

/* The state at a place moves up or down to where it belongs. */
static void heap_sift(struct conditions *c, size_t at)
{
	struct condition_state *s = c->heap[at];

	while (at && before(c, s, c->heap[(at - 1) / 2])) {
		heap_put(c, at, c->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < c->heap_count &&
		    before(c, c->heap[child + 1], c->heap[child]))
			child++;
		if (child >= c->heap_count || !before(c, c->heap[child], s))
			break;
		heap_put(c, at, c->heap[child]);
		at = child;
	}
	heap_put(c, at, s);
}

static void heap_remove(struct conditions *c, struct condition_state *s)
{
	size_t at = s->heap - 1;
	struct condition_state *end = c->heap[--c->heap_count];

	s->heap = 0;
	if (end == s)
		return;
	heap_put(c, at, end);
	heap_sift(c, at);
}

static void heap_update(struct conditions *c, struct condition_state *s)
{
	if (s->first == WHEN_NONE) {
		if (s->heap)
			heap_remove(c, s);
		return;
	}
	if (!s->heap) {
		if (c->heap_count == c->heap_cap) {
			c->heap_cap = c->heap_cap ? 2 * c->heap_cap : 16;
			c->heap = mem_resize(c->heap, c->heap_cap,
					     sizeof(*c->heap));
		}
		heap_put(c, c->heap_count++, s);
	}
	heap_sift(c, s->heap - 1);
}

static size_t bytes_of(const struct condition_state *s)
{
	size_t n = sizeof(*s) + s->key_len + s->mark_count * sizeof(*s->marks);

	if (s->waiting)
		n += sizeof(*s->waiting) + s->waiting->first.carried +
		     s->waiting->first.len + s->waiting->last.carried +
		     s->waiting->last.len;
	return n;
}

void condition_settle(struct conditions *c, struct condition_state *s)
{
	const struct condition_node *n = c->nodes[s->rule];
	bool pair = condition_waits(n) || n->core == CONDITION_THEN;

	list_remove(c, s);
	s->idle = pair && s->first == WHEN_NONE && s->cool == WHEN_NONE &&
		  !s->folded;
	list_add(c, s);
	c->bytes -= s->bytes;
	s->bytes = bytes_of(s);
	c->bytes += s->bytes;
	if (condition_waits(n))
		heap_update(c, s);
}

void condition_drop(struct conditions *c, struct condition_state *s)
{
	struct condition_state **at = &c->slots[s->hash & (c->slot_count - 1)];

	while (*at != s)
		at = &(*at)->chain;
	*at = s->chain;
	list_remove(c, s);
	if (s->heap)
		heap_remove(c, s);
	c->bytes -= s->bytes;
	if (s->waiting) {
		condition_kept_done(&s->waiting->first);
		condition_kept_done(&s->waiting->last);
	}
	free(s->waiting);
	free(s->marks);
	free(s);
}

void condition_limit(struct conditions *c)
{
	for (;;) {
		bool over =
			c->busy.count + c->idle.count > CONDITION_MAX_KEYS ||
			c->bytes > CONDITION_MAX_BYTES;

		if (c->idle.oldest &&
		    (over || c->idle.count > CONDITION_MAX_IDLE)) {
			condition_drop(c, c->idle.oldest);
		} else if (over && c->busy.oldest) {
			condition_drop(c, c->busy.oldest);
			c->forgotten++;
		} else {
			return;
		}
	}
}

static void drop_list(struct conditions *c, struct condition_state *s)
{
	while (s) {
		struct condition_state *newer = s->newer;

		condition_drop(c, s);
		s = newer;
	}
}

void condition_drop_all(struct conditions *c)
{
	drop_list(c, c->idle.oldest);
	drop_list(c, c->busy.oldest);
}
