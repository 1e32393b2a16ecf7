/*
 * fuzz-generalise.c - messages from any bytes, one a line (a NUL stands for a
 * newline in one). The first byte says how many of them, from the end, are
 * negatives, and how narrow expressions are. What is made must compile, match
 * each message that it covers and no negative, and be the same again.
 */
#include <stdio.h>

#include <oncall/generalise.h>
#include <oncall/pattern.h>

#include "fuzz.h"

#define MESSAGES_MAX 64
#define BYTES_MAX    20000

struct made {
	const struct slice *messages;
	size_t count, all;
	struct buf text; /* what was made, to be compared */
};

static void must(bool good, const char *what, struct slice expr)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-generalise: %s: %.*s\n", what,
			      (int)expr.len, expr.ptr);
		abort();
	}
}

static int note_hit(void *arg, const struct pattern_hit *hit)
{
	(void)hit;
	*(bool *)arg = true;
	return 0;
}

static bool matches(const struct pattern_set *set, struct slice message)
{
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	bool hit = false;
	const struct pattern_sink sink = {.hit = note_hit, .arg = &hit};

	(void)pattern_scan_text(set, scratch, message, 0, &sink);
	return hit;
}

static void check(void *arg, const struct generalise_made *m)
{
	struct made *made = arg;
	const struct pattern_rule rule = {.id = "fuzz",
					  .exprs = &m->expr,
					  .expr_count = 1,
					  .caseless = true};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	struct err err = ERR_INIT;

	must(!memchr(m->expr.ptr, '\0', m->expr.len), "has a NUL", m->expr);
	must(pattern_set_new(&set, &rule, 1, NULL, &err) == 0, err.text,
	     m->expr);
	must(m->cover_count > 0, "covers nothing", m->expr);
	for (size_t i = 0; i < m->cover_count; i++)
		must(m->covers[i] < made->count &&
			     matches(set, made->messages[m->covers[i]]),
		     "does not match what it covers", m->expr);
	for (size_t i = made->count; i < made->all; i++)
		must(!matches(set, made->messages[i]), "matches a negative",
		     m->expr);
	buf_addf(&made->text, "%zu %zu ", m->cover_count, m->literal_words);
	buf_add_slice(&made->text, m->expr);
}

static void run(struct made *made, bool narrow)
{
	size_t got = (narrow ? generalise_narrow : generalise)(
		made->messages, made->count, made->messages + made->count,
		made->all - made->count, check, made);

	must(got <= made->count, "more than messages", (struct slice){"", 0});
}

static size_t split(char *text, size_t size, struct slice *ret)
{
	size_t count = 0;

	while (size && count < MESSAGES_MAX) {
		char *end = memchr(text, '\n', size);
		size_t len = end ? (size_t)(end - text) : size;

		for (size_t i = 0; i < len; i++)
			if (!text[i])
				text[i] = '\n';
		ret[count++] = (struct slice){text, len};
		len += end ? 1 : 0;
		text += len;
		size -= len;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice messages[MESSAGES_MAX];
	AUTO_BUF struct buf first = BUF_INIT, second = BUF_INIT;
	AUTO_BUF struct buf bytes = BUF_INIT, template = BUF_INIT;
	struct made made = {.messages = messages};
	size_t negatives;

	if (size < 2 || size > BYTES_MAX)
		return 0;
	buf_add(&bytes, (const char *)data + 1, size - 1);
	made.all = split(bytes.data, bytes.len, messages);
	negatives = (data[0] >> 1) % (made.all + 1);
	made.count = made.all - negatives;
	run(&made, data[0] & 1);
	first = made.text;
	made.text = second;
	run(&made, data[0] & 1);
	second = made.text;
	must(slice_eq(buf_slice(&first), buf_slice(&second)),
	     "is another one now", buf_slice(&first));
	for (size_t i = 0; i < made.all; i++)
		generalise_template(&template, messages[i]);
	return 0;
}
