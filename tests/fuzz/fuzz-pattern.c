/*
 * fuzz-pattern.c - an expression and a text from any bytes. Where PCRE2 finds a
 * match, engine literal must find the same one: in each line of the text, and
 * in the text as one event; and a line of JSON that has the text, written in
 * one of the ways that JSON allows, must be among those that are found.
 *
 * Of the first byte one bit says whether case matters, the others how JSON is
 * written; the expression ends at the first newline.
 */
#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/pattern.h>

#include "fuzz.h"

/* Keeps what is slow by nature short. */
#define EXPR_MAX    400
#define MATCH_LIMIT 2000

static int note_hit(void *arg, const struct pattern_hit *hit)
{
	struct buf *out = arg;

	buf_addf(out, "%llu+%zu %zu+%zu\n", (unsigned long long)hit->offset,
		 hit->line.len, (size_t)(hit->match.ptr - hit->line.ptr),
		 hit->match.len);
	return 0;
}

/* NULL when PCRE2 refuses the expression. */
static struct pattern_set *compile(struct slice expr, bool caseless,
				   const char *engine)
{
	const struct pattern_options options = {.engine = engine,
						.match_limit = MATCH_LIMIT};
	const struct pattern_rule rule = {.id = "fuzz",
					  .exprs = &expr,
					  .expr_count = 1,
					  .caseless = caseless};
	struct pattern_set *set = NULL;
	struct err err = ERR_INIT;

	if (pattern_set_new(&set, &rule, 1, &options, &err) < 0)
		err_clear(&err);
	return set;
}

/* What a set finds in the lines of a text, and in all of it. */
static void find_hits(const struct pattern_set *set, struct slice text,
		      struct buf *lines, struct buf *event)
{
	const struct pattern_sink in_lines = {.hit = note_hit, .arg = lines};
	const struct pattern_sink in_event = {.hit = note_hit, .arg = event};
	const struct pattern_block block = {.text = text};
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);

	(void)pattern_scan(set, scratch, &block, &in_lines);
	(void)pattern_scan_text(set, scratch, text, 0, &in_event);
}

static void must_equal(const char *what, const struct buf *want,
		       const struct buf *got)
{
	if (slice_eq(buf_slice(want), buf_slice(got)))
		return;
	(void)fprintf(stderr, "fuzz-pattern: %s: pcre2:\n%sliteral:\n%s", what,
		      buf_str(want), buf_str(got));
	abort();
}

/* One byte in a string of JSON, in the way that dice say. */
static void add_escaped(struct buf *out, unsigned char c, unsigned dice)
{
	static const char plain[] = "btnfr", codes[] = "\b\t\n\f\r";
	const char *at = c ? strchr(codes, c) : NULL;

	if (c < 0x80 && dice % 16 == 0)
		buf_addf(out, dice & 16 ? "\\u%04x" : "\\u%04X", (unsigned)c);
	else if (at)
		buf_addf(out, "\\%c", plain[at - codes]);
	else if (c < ' ')
		buf_addf(out, "\\u%04x", (unsigned)c);
	else if (c == '"' || c == '\\' || (c == '/' && dice & 1))
		buf_addf(out, "\\%c", c);
	else
		buf_add_char(out, (char)c);
}

/* Escaped once, or as a string within a string. */
static void write_json(struct buf *out, struct slice text, unsigned seed)
{
	AUTO_BUF struct buf inner = BUF_INIT;

	for (size_t i = 0; i < text.len; i++) {
		seed = seed * 1103515245 + 12345;
		add_escaped(&inner, (unsigned char)text.ptr[i], seed >> 16);
	}
	buf_add_str(out, "{\"a\":\"zzz\",\"message\":\"");
	for (size_t i = 0; i < inner.len && seed & 0x10000; i++)
		add_escaped(out, (unsigned char)inner.data[i], 2);
	if (!(seed & 0x10000))
		buf_add(out, buf_str(&inner), inner.len);
	buf_add_str(out, "\"}");
}

static bool wraps_always(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return true;
}

static struct slice count_line(void *arg, struct slice line)
{
	++*(int *)arg;
	return line;
}

static int note_nothing(void *arg, const struct pattern_hit *hit)
{
	(void)arg;
	(void)hit;
	return 0;
}

static void must_find_json(const struct pattern_set *set, struct slice text,
			   unsigned seed)
{
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	AUTO_BUF struct buf json = BUF_INIT;
	int found = 0;
	const struct pattern_sink sink = {note_nothing, NULL, &found,
					  wraps_always, count_line};

	buf_add_str(&json, "{}\n");
	write_json(&json, text, seed);
	buf_add_str(&json, "\n{}\n");
	(void)pattern_scan(set, scratch,
			   &(struct pattern_block){.text = buf_slice(&json)},
			   &sink);
	if (found > 0)
		return;
	(void)fprintf(stderr, "fuzz-pattern: not found:\n%s", buf_str(&json));
	abort();
}

static void compare(struct slice expr, unsigned dice, struct slice text)
{
	AUTO_PATTERN_SET struct pattern_set *all =
		compile(expr, dice & 1, "pcre2");
	AUTO_PATTERN_SET struct pattern_set *some = NULL;
	AUTO_BUF struct buf lines = BUF_INIT;
	AUTO_BUF struct buf event = BUF_INIT;
	AUTO_BUF struct buf got_lines = BUF_INIT;
	AUTO_BUF struct buf got_event = BUF_INIT;

	if (!all)
		return;
	some = compile(expr, dice & 1, "literal");
	if (!some)
		abort();
	find_hits(all, text, &lines, &event);
	find_hits(some, text, &got_lines, &got_event);
	must_equal("lines", &lines, &got_lines);
	must_equal("event", &event, &got_event);
	if (event.len)
		must_find_json(some, text, dice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end;
	struct slice expr, lines;

	if (size < 2)
		return 0;
	end = memchr(text + 1, '\n', size - 1);
	if (!end || end - text > EXPR_MAX)
		return 0;
	expr = (struct slice){text + 1, (size_t)(end - text) - 1};
	lines = (struct slice){end + 1, (size_t)(text + size - end) - 1};
	compare(expr, data[0], lines);
	return 0;
}
