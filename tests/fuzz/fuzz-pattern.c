/*
 * fuzz-pattern.c - an expression and lines from any bytes. Where PCRE2 finds a
 * match, engine literal must find the same one.
 *
 * The first byte says whether case matters; the expression ends at the first
 * newline.
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

	buf_addf(out, "%llu+%zu %zu\n", (unsigned long long)hit->offset,
		 hit->line.len, hit->match.len);
	return 0;
}

/* -1 when PCRE2 refuses the expression. */
static int find_hits(struct slice expr, bool caseless, const char *engine,
		     struct slice text, struct buf *out)
{
	const struct pattern_options options = {.engine = engine,
						.match_limit = MATCH_LIMIT};
	const struct pattern_rule rule = {.id = "fuzz",
					  .exprs = &expr,
					  .expr_count = 1,
					  .caseless = caseless};
	const struct pattern_sink sink = {.hit = note_hit, .arg = out};
	const struct pattern_block block = {.text = text};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;
	struct err err = ERR_INIT;

	if (pattern_set_new(&set, &rule, 1, &options, &err) < 0)
		return -1;
	scratch = pattern_scratch_new(set);
	return pattern_scan(set, scratch, &block, &sink);
}

static void compare(struct slice expr, bool caseless, struct slice text)
{
	AUTO_BUF struct buf want = BUF_INIT;
	AUTO_BUF struct buf got = BUF_INIT;

	if (find_hits(expr, caseless, "pcre2", text, &want) < 0)
		return;
	if (find_hits(expr, caseless, "literal", text, &got) < 0 ||
	    !slice_eq(buf_slice(&want), buf_slice(&got))) {
		(void)fprintf(stderr, "fuzz-pattern: pcre2:\n%sliteral:\n%s",
			      buf_str(&want), buf_str(&got));
		abort();
	}
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
	compare(expr, data[0] & 1, lines);
	return 0;
}
