/*
 * pattern-hs-test.c - is this version of the library to be trusted?
 *
 * Versions of Hyperscan and Vectorscan have lost matches. Before a database is
 * made, a few expressions of the kinds that rules have run over lines at many
 * offsets, and the hits must be those of PCRE2.
 */
#include "pattern-hs-cache.h"

#include <oncall/buf.h>

/* Rounds of all lines, each shifted by a byte more. */
#define ROUNDS 70

static const char *const exprs[] = {
	"^(?P<type>[A-Z]\\w*(?:Error|Exception)): (?P<msg>.+)$",
	"^Caused by: (?P<class>[\\w.$]+)(?:: (?P<msg>.*))?",
	"\\bout of memory\\b",
	"\" (?P<status>50[0-9]) (?P<bytes>\\d+|-)(?: \"|$)",
	"status[=:] ?\"?5\\d\\d$",
	"(?:disk|volume) (?:is )?(?:almost )?full",
	"md(\\d+): (?:disk failure|raid\\d+: .*degraded)",
	"[\\w.-]+\\[\\d+\\]: segfault at [0-9a-f]+",
	"^panic: ",
	"error",
	"a\\d{2,4}b",
	"lag[^\\d]{1,20}\\d+",
	"[a-z]+@[a-z]+\\.[a-z]{2,3}",
	"x.*y.*z$",
	"\\d+ms$",
	"[^ ]{60}",
};

static const char *const lines[] = {
	"java.io.IOException: Connection reset",
	"ValueError: bad value",
	"ValueError: \r",
	"Caused by: a.b.C$D: x",
	" Caused by: no",
	"kernel: Out of memory: Kill process 1",
	"GET /a HTTP/1.1\" 503 - \"-\"",
	"GET /a HTTP/1.1\" 503 12\r",
	"status=\"500\r",
	"",
	"volume almost full",
	"md127: raid5: set is degraded",
	"a.out[12]: segfault at 0",
	"panic: x",
	"panicError: ERROR error",
	"a1b a12b a12345b",
	"replication lag is 30 s",
	"mail from a@bc.de, to x.y.z",
	"took 12ms",
	"\xff\xfe\x80 out of memory \xff",
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	"an ordinary line with nothing in it",
};

static int add_hit(void *arg, const struct pattern_hit *hit)
{
	struct buf *out = arg;

	buf_addf(out, "%llu %zu\n", (unsigned long long)hit->offset, hit->rule);
	return 0;
}

static int find_hits(const char *engine, const struct pattern_rule *rules,
		     size_t count, struct slice text, struct buf *out)
{
	const struct pattern_options options = {.engine = engine};
	const struct pattern_sink sink = {.hit = add_hit, .arg = out};
	const struct pattern_block block = {.text = text};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;
	struct err err = ERR_INIT;

	if (pattern_set_new(&set, rules, count, &options, &err) < 0)
		return -1;
	scratch = pattern_scratch_new(set);
	return pattern_scan(set, scratch, &block, &sink);
}

int pattern_hs_test(struct err *err)
{
	struct slice texts[ARRAY_LEN(exprs)];
	struct pattern_rule rules[ARRAY_LEN(exprs)];
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BUF struct buf wanted = BUF_INIT;
	AUTO_BUF struct buf found = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
		texts[i] = slice_of(exprs[i]);
		rules[i] = (struct pattern_rule){.id = exprs[i],
						 .exprs = &texts[i],
						 .expr_count = 1,
						 .caseless = true};
	}
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < ARRAY_LEN(lines); i++)
			buf_addf(&text, "%s\n", lines[i]);
		buf_add_str(&text, ". ");
	}
	if (find_hits("pcre2", rules, ARRAY_LEN(rules), buf_slice(&text),
		      &wanted) < 0 ||
	    find_hits("hs-untested", rules, ARRAY_LEN(rules), buf_slice(&text),
		      &found) < 0 ||
	    !wanted.len || !slice_eq(buf_slice(&wanted), buf_slice(&found)))
		return err_set(err, ERR_SYSTEM,
			       "engine hs is not used: this version of the "
			       "library does not find what PCRE2 finds");
	return 0;
}
