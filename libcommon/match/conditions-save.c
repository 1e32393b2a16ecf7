/*
 * conditions-save.c - states as one JSON object:
 *
 *   {"forgotten":N,"rules":[{"id":...,"when":...},...],
 *    "states":[{"rule":INDEX,"key":...,"first":...,"marks":[...]...},...]}
 *
 * States stand in the order of their last touch, those that only remember an
 * answer before the others; so the same state gives the same bytes, and what
 * is forgotten next is the same after loading. Members without a value are
 * left out. Marks are written as differences. Bytes of keys and kept texts are
 * written as the characters U+0000 to U+00FF, so that any bytes come back.
 */
#include "conditions-save.h"

#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

static void write_bytes(struct buf *out, const char *key, struct slice bytes)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; i < bytes.len; i++)
		utf8_add(&text, (unsigned char)bytes.ptr[i]);
	jwrite_text(out, key, (struct slice){buf_str(&text), text.len});
}

void conditions_write_when(const struct condition_node *n, struct buf *out)
{
	if (n->when)
		condition_describe(n->when, out);
	for (size_t i = n->field_count; i < n->name_count; i++)
		buf_addf(out, "%s%s", i > n->field_count ? ", " : "; carries ",
			 n->names[i]);
}

const struct conditions_save_time conditions_save_times[] = {
	{"first", offsetof(struct condition_state, first)},
	{"last", offsetof(struct condition_state, last)},
	{"answer", offsetof(struct condition_state, answer)},
	{"until", offsetof(struct condition_state, until)},
	{"cool", offsetof(struct condition_state, cool)},
	{NULL, 0},
};

const struct conditions_save_time conditions_save_counts[] = {
	{"count", offsetof(struct condition_state, count)},
	{"folded", offsetof(struct condition_state, folded)},
	{"cooled", offsetof(struct condition_state, cooled)},
	{NULL, 0},
};

static void write_numbers(const struct condition_state *s,
			  const struct conditions_save_time *t, int64_t none,
			  struct buf *out)
{
	for (; t->name; t++) {
		int64_t value;

		memcpy(&value, (const char *)s + t->offset, sizeof(value));
		if (value != none)
			jwrite_int(out, t->name, value);
	}
}

static void write_kept(const char *key, const struct condition_kept *k,
		       struct buf *out)
{
	jwrite_open(out, key, '[');
	write_bytes(out, NULL,
		    (struct slice){k->data ? k->data : "", k->carried});
	write_bytes(
		out, NULL,
		(struct slice){k->data ? k->data + k->carried : "", k->len});
	jwrite_close(out, ']');
}

static void write_marks(const struct condition_state *s, struct buf *out)
{
	int64_t before = 0;

	jwrite_open(out, "marks", '[');
	for (size_t i = 0; i < s->mark_count; i++) {
		jwrite_int(out, NULL, s->marks[i] - before);
		before = s->marks[i];
	}
	jwrite_close(out, ']');
}

static void write_state(const struct condition_state *s, size_t rule,
			struct buf *out)
{
	jwrite_open(out, NULL, '{');
	jwrite_int(out, "rule", (int64_t)rule);
	write_bytes(out, "key", (struct slice){s->key, s->key_len});
	write_numbers(s, conditions_save_times, WHEN_NONE, out);
	write_numbers(s, conditions_save_counts, 0, out);
	if (s->mark_count)
		write_marks(s, out);
	if (s->waiting && s->first != WHEN_NONE)
		write_kept("kept", &s->waiting->first, out);
	if (s->waiting && s->last != WHEN_NONE)
		write_kept("kept_last", &s->waiting->last, out);
	jwrite_close(out, '}');
}

static void write_rules(const struct conditions *c, size_t *places,
			struct buf *out)
{
	size_t count = 0;

	jwrite_open(out, "rules", '[');
	for (size_t i = 0; i < c->count; i++) {
		AUTO_BUF struct buf when = BUF_INIT;

		if (!places[i])
			continue;
		places[i] = count++;
		conditions_write_when(c->nodes[i], &when);
		jwrite_open(out, NULL, '{');
		write_bytes(out, "id", slice_of(c->nodes[i]->id));
		write_bytes(out, "when",
			    (struct slice){buf_str(&when), when.len});
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

void conditions_save(const struct conditions *c, struct buf *out)
{
	/* First whether a rule has states, then its place in "rules". */
	AUTO_FREE size_t *places = mem_zero(c->count + 1, sizeof(*places));
	const struct condition_state *const from[] = {c->idle.oldest,
						      c->busy.oldest};

	for (size_t i = 0; i < ARRAY_LEN(from); i++)
		for (const struct condition_state *s = from[i]; s; s = s->newer)
			places[s->rule] = 1;
	jwrite_open(out, NULL, '{');
	jwrite_int(out, "forgotten", (int64_t)c->forgotten);
	write_rules(c, places, out);
	jwrite_open(out, "states", '[');
	for (size_t i = 0; i < ARRAY_LEN(from); i++)
		for (const struct condition_state *s = from[i]; s; s = s->newer)
			write_state(s, places[s->rule], out);
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}
