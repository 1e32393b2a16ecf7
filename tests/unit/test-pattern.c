#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/mem.h>
#include <oncall/pattern.h>

#include "pattern-corpus.h"
#include "pattern-random.h"

/* Where the measured rules and logs are, when they are. */
#define DATA	  "../shared/data"
#define RULES_MAX 2048
/* More than one window, and more than a line may have to be scanned at once. */
#define WINDOW	  ((size_t)256 * 1024)
#define LONG_LINE (3 * WINDOW)

static const char *const engines[] = {"literal", "hs"};

/* Rules of one expression each; ids are the expressions. */
struct rules {
	struct pattern_rule list[RULES_MAX];
	struct slice exprs[RULES_MAX];
	size_t count;
};

static void rules_add(struct rules *r, const char *expr, bool caseless)
{
	struct slice *slot = &r->exprs[r->count];

	assert_true(r->count < RULES_MAX);
	*slot = slice_of(expr);
	r->list[r->count++] = (struct pattern_rule){.id = expr,
						    .exprs = slot,
						    .expr_count = 1,
						    .caseless = caseless};
}

static struct pattern_set *compile(const struct pattern_rule *rules,
				   size_t count, const char *engine)
{
	const struct pattern_options options = {.engine = engine};
	struct pattern_set *set = NULL;
	struct err err = ERR_INIT;

	if (pattern_set_new(&set, rules, count, &options, &err) < 0)
		fail_msg("%s", err.text);
	return set;
}

static struct pattern_set *compile_one(const char *expr, bool caseless,
				       const char *engine)
{
	struct slice text = slice_of(expr);
	struct pattern_rule rule = {.id = "one",
				    .exprs = &text,
				    .expr_count = 1,
				    .caseless = caseless};

	return compile(&rule, 1, engine);
}

static bool offered(const char *engine)
{
	struct err err = ERR_INIT;

	return pattern_engine_check(engine, &err) == 0;
}

/* What was found: all of a hit on a line of text. */
struct found {
	struct buf text;
	int stop_after; /* 0: never */
	int hits;
	int faults;
};

static int note_hit(void *arg, const struct pattern_hit *hit)
{
	struct found *f = arg;
	struct pattern_group groups[32];
	size_t count = pattern_hit_groups(hit, groups, ARRAY_LEN(groups));

	buf_addf(&f->text, "%llu %zu.%zu [%td+%zu]",
		 (unsigned long long)hit->offset, hit->rule, hit->expr,
		 hit->match.ptr - hit->line.ptr, hit->match.len);
	for (size_t i = 0; i < count; i++) {
		buf_addf(&f->text, " %s=", groups[i].name.ptr);
		buf_add_slice(&f->text, groups[i].value);
	}
	buf_add_char(&f->text, '\n');
	return ++f->hits == f->stop_after;
}

static int note_fault(void *arg, const struct pattern_hit *hit, const char *why)
{
	struct found *f = arg;

	(void)hit;
	assert_true(*why);
	f->faults++;
	return 0;
}

static int scan(const struct pattern_set *set, struct slice text,
		struct found *f)
{
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	const struct pattern_block block = {
		.text = text, .offset = 1000, .line = 1};
	const struct pattern_sink sink = {
		.hit = note_hit, .fault = note_fault, .arg = f};

	f->text.max = SIZE_MAX / 2;
	return pattern_scan(set, scratch, &block, &sink);
}

/* All engines that are here find in the text what the reference finds. */
static void assert_agree(const struct pattern_rule *rules, size_t count,
			 struct slice text)
{
	AUTO_PATTERN_SET struct pattern_set *set =
		compile(rules, count, "pcre2");
	struct found want = {.hits = 0};

	assert_int_equal(scan(set, text, &want), 0);
	for (size_t e = 0; e < ARRAY_LEN(engines); e++) {
		AUTO_PATTERN_SET struct pattern_set *other = NULL;
		struct found got = {.hits = 0};
		size_t i = 0;

		if (!offered(engines[e]))
			continue;
		other = compile(rules, count, engines[e]);
		assert_int_equal(scan(other, text, &got), 0);
		while (i < want.text.len && i < got.text.len &&
		       want.text.data[i] == got.text.data[i])
			i++;
		while (i > 0 && want.text.data[i - 1] != '\n')
			i--;
		if (!slice_eq(buf_slice(&want.text), buf_slice(&got.text)))
			fail_msg("%s differs: wants %.100s, has %.100s",
				 engines[e], buf_str(&want.text) + i,
				 buf_str(&got.text) + i);
		buf_done(&got.text);
	}
	buf_done(&want.text);
}

static void corpus_text(struct buf *out, const char *end)
{
	for (size_t i = 0; i < ARRAY_LEN(corpus_lines); i++) {
		buf_add_str(out, corpus_lines[i]);
		buf_add_str(out, end);
	}
	buf_add(out, corpus_bytes, sizeof(corpus_bytes) - 1);
}

static struct rules *corpus_rules(bool caseless)
{
	struct rules *r = mem_zero(1, sizeof(*r));

	for (size_t i = 0; i < ARRAY_LEN(corpus_exprs); i++)
		rules_add(r, corpus_exprs[i], caseless);
	return r;
}

static void engines_agree_on_the_corpus(void **state)
{
	static const char *const ends[] = {"\n", "\r\n"};

	(void)state;
	assert_true(ARRAY_LEN(corpus_exprs) >= 150);
	for (size_t i = 0; i < 4; i++) {
		AUTO_FREE struct rules *r = corpus_rules(i & 1);
		AUTO_BUF struct buf text = BUF_INIT;

		corpus_text(&text, ends[i / 2]);
		assert_agree(r->list, r->count, buf_slice(&text));
	}
	if (!offered("hs"))
		print_message("# engine hs is not here and was left out\n");
}

/* Alone, so that no other expression makes a line a candidate. */
static void engines_agree_on_each_expression(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	corpus_text(&text, "\n");
	for (size_t i = 0; i < 2 * ARRAY_LEN(corpus_exprs); i++) {
		AUTO_PATTERN_SET struct pattern_set *a =
			compile_one(corpus_exprs[i / 2], i & 1, "pcre2");
		AUTO_PATTERN_SET struct pattern_set *b =
			compile_one(corpus_exprs[i / 2], i & 1, "literal");
		struct found want = {.hits = 0}, got = {.hits = 0};

		(void)scan(a, buf_slice(&text), &want);
		(void)scan(b, buf_slice(&text), &got);
		if (!slice_eq(buf_slice(&want.text), buf_slice(&got.text)))
			fail_msg("'%s' differs", corpus_exprs[i / 2]);
		buf_done(&want.text);
		buf_done(&got.text);
	}
}

static bool compiles(const char *expr)
{
	const struct pattern_options options = {.engine = "pcre2"};
	struct slice text = slice_of(expr);
	struct pattern_rule rule = {.id = "r", .exprs = &text, .expr_count = 1};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	struct err err = ERR_INIT;

	return pattern_set_new(&set, &rule, 1, &options, &err) == 0;
}

static void engines_agree_on_random_expressions(void **state)
{
	AUTO_FREE struct rules *r = mem_zero(1, sizeof(*r));
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		random_line(&text);
	while (r->count < 300) {
		AUTO_FREE char *expr = random_expr();

		if (compiles(expr))
			rules_add(r, TAKE_PTR(expr), r->count & 1);
	}
	assert_agree(r->list, r->count, buf_slice(&text));
	for (size_t i = 0; i < r->count; i++)
		free((char *)(uintptr_t)r->exprs[i].ptr);
}

/* The rarest strings, or none: then the rule is slow. */
static void literals_are_what_must_occur(void **state)
{
	static const struct {
		const char *expr;
		const char *literals;
	} table[] = {
		{"OOMKilled", "\"oomkilled\""},
		{"^Caused by: .*", "\"caused by: \""},
		{"a sentence longer than others", "\"a sentence longe\""},
		{"(?:foo|quux)zz", "\"foozz\" \"quuxzz\""},
		{"a(?:foo|x)?qq", "\"afooqq\" \"axqq\" \"aqq\""},
		{"ORA-\\d{5}", "\"ora-0\" \"ora-1\" \"ora-2\" \"ora-3\" "
			       "\"ora-4\" \"ora-5\" \"ora-6\" \"ora-7\" "
			       "\"ora-8\" \"ora-9\""},
		{"(?=zebra)x", ""},
		{"(?:zebra)?x", ""},
		{"(?:zebra|)x", ""},
		{"(?:zebra)*x", ""},
		{"zebra(*ACCEPT)quagga", ""},
		{"(a)?(?(1)zebra|quagga)", ""},
		{"(?(DEFINE)(zebra))quagga", "\"quagga\""},
		{"(?:quagga){2}", "\"quaggaquagga\""},
		{"quag+a", "\"quag\""},
		{"\\d+", ""},
		{"", ""},
		{"[Qq]uagga", "\"quagga\""},
		{"\\Qqu.gga\\E", "\"qu.gga\""},
		{"(?x)qu agga # zebra", "\"quagga\""},
		{"qu(?#zebra)agga", "\"quagga\""},
		{"qu\\x61gga", "\"quagga\""},
		{"zebra|\\w", ""},
		{"(zebra)\\1", "\"zebra\""},
		{"(?(?=a)b|c)zebra", ""}, /* not understood */
		{"(*UTF)quakzz", "\"qua\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO_PATTERN_SET struct pattern_set *set =
			compile_one(table[i].expr, true, "literal");
		AUTO_BUF struct buf out = BUF_INIT;
		const size_t *slow;

		pattern_set_literals(set, 0, 0, &out);
		assert_string_equal(buf_str(&out), table[i].literals);
		assert_int_equal(pattern_set_slow(set, &slow),
				 !*table[i].literals);
	}
}

static void slow_rules_are_named_once(void **state)
{
	struct slice exprs[] = {SLICE_LIT("zebra"), SLICE_LIT("\\d"),
				SLICE_LIT("\\w")};
	struct pattern_rule rules[] = {
		{.id = "fast", .exprs = exprs, .expr_count = 1},
		{.id = "slow", .exprs = exprs, .expr_count = 3}};
	AUTO_PATTERN_SET struct pattern_set *set = compile(rules, 2, "literal");
	const size_t *slow;

	(void)state;
	assert_int_equal(pattern_set_slow(set, &slow), 1);
	assert_string_equal(pattern_set_id(set, slow[0]), "slow");
	assert_int_equal(pattern_set_count(set), 2);
	assert_string_equal(pattern_set_engine(set), "literal");
}

static void errors_name_rule_expression_and_place(void **state)
{
	struct slice good = SLICE_LIT("good"), bad = SLICE_LIT("ba(d");
	struct slice both[] = {good, bad};
	struct slice ucp = SLICE_LIT("(*UCP)x"), any = SLICE_LIT("\\C");
	struct pattern_rule rules[] = {
		{.id = "r1", .exprs = both, .expr_count = 2},
		{.id = "r2",
		 .exprs = &good,
		 .expr_count = 1,
		 .excepts = &bad,
		 .except_count = 1},
		{.id = "r3", .exprs = &ucp, .expr_count = 1},
		{.id = "r4", .exprs = &any, .expr_count = 1}};
	static const char *const wanted[] = {
		"rule 'r1': expression 2: 'ba(d': at offset 4: missing",
		"rule 'r2': except-expression 1: 'ba(d': at offset 4: missing",
		"rule 'r3': expression 1: '(*UCP)x': at offset ",
		"rule 'r4': expression 1: '\\C': at offset 2: "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct pattern_set *set = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(
			pattern_set_new(&set, &rules[i], 1, NULL, &err), -1);
		assert_err(&err, ERR_USAGE, wanted[i]);
		assert_null(set);
	}
}

static void what_is_too_much_is_refused(void **state)
{
	AUTO_FREE char *text = mem_alloc(PATTERN_MAX_EXPR + 1);
	struct slice expr = {text, PATTERN_MAX_EXPR + 1};
	struct pattern_rule rule = {
		.id = "long", .exprs = &expr, .expr_count = 1};
	const struct pattern_options options = {.engine = "fast"};
	struct pattern_set *set = NULL;
	struct err err = ERR_INIT;

	(void)state;
	memset(text, 'x', PATTERN_MAX_EXPR + 1);
	assert_int_equal(pattern_set_new(&set, &rule, 1, NULL, &err), -1);
	assert_err(&err, ERR_USAGE, "rule 'long'");
	err_clear(&err);
	rule.expr_count = PATTERN_MAX_SET + 1;
	assert_int_equal(pattern_set_new(&set, &rule, 1, NULL, &err), -1);
	assert_err(&err, ERR_USAGE, "too many");
	err_clear(&err);
	rule.expr_count = 0;
	assert_int_equal(pattern_set_new(&set, &rule, 1, &options, &err), -1);
	assert_err(&err, ERR_USAGE, "no engine 'fast'");
}

static int check_captures(void *arg, const struct pattern_hit *hit)
{
	struct slice value;

	assert_true(pattern_hit_capture(hit, "user", &value));
	assert_true(slice_is(value, "eve"));
	assert_true(pattern_hit_capture(hit, "ip", &value));
	assert_true(slice_is(value, "10.1"));
	assert_false(pattern_hit_capture(hit, "port", &value));
	assert_false(pattern_hit_capture(hit, "none", &value));
	assert_true(slice_is(hit->match, "from 10.1 for eve"));
	assert_true(slice_is(hit->line, "x from 10.1 for eve!"));
	++*(int *)arg;
	return 0;
}

/* A name that stands twice is that of the group which took part. */
static void captures_are_found_by_name(void **state)
{
	static const char expr[] =
		"for (?<user>\\w+) from (?<ip>[\\d.]+)(?<port>:\\d+)?|"
		"from (?<ip>[\\d.]+) for (?<user>\\w+)";
	AUTO_PATTERN_SET struct pattern_set *set =
		compile_one(expr, false, "literal");
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	int hits = 0;
	const struct pattern_block block = {
		.text = SLICE_LIT("x from 10.1 for eve!\n")};
	const struct pattern_sink sink = {.hit = check_captures, .arg = &hits};

	(void)state;
	assert_int_equal(pattern_scan(set, scratch, &block, &sink), 0);
	assert_int_equal(hits, 1);
}

static void hits_come_by_line_and_rule(void **state)
{
	struct slice a[] = {SLICE_LIT("zebra"), SLICE_LIT("quagga")};
	struct slice b[] = {SLICE_LIT("\\w")};
	struct slice no[] = {SLICE_LIT("not"), SLICE_LIT("never$")};
	struct pattern_rule rules[] = {
		{.id = "a", .exprs = a, .expr_count = 2},
		{.id = "b",
		 .exprs = b,
		 .expr_count = 1,
		 .excepts = no,
		 .except_count = 2},
		{.id = "c", .exprs = &a[1], .expr_count = 1}};
	struct slice text = SLICE_LIT("quagga zebra\nnot a quagga\n\r\n-\n"
				      "zebra never\r\nx");

	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(engines); e++) {
		AUTO_PATTERN_SET struct pattern_set *set = NULL;
		struct found f = {.stop_after = 0};

		if (!offered(engines[e]))
			continue;
		set = compile(rules, 3, engines[e]);
		assert_int_equal(scan(set, text, &f), 0);
		assert_string_equal(buf_str(&f.text), "1000 0.0 [7+5]\n"
						      "1000 1.0 [0+1]\n"
						      "1000 2.0 [0+6]\n"
						      "1013 0.1 [6+6]\n"
						      "1013 2.0 [6+6]\n"
						      "1030 0.0 [0+5]\n"
						      "1043 1.0 [0+1]\n");
		buf_reset(&f.text);
		f.hits = 0;
		f.stop_after = 2;
		assert_int_equal(scan(set, text, &f), 1);
		assert_int_equal(f.hits, 2);
		buf_done(&f.text);
	}
}

static int check_number(void *arg, const struct pattern_hit *hit)
{
	uint64_t *sum = arg;

	*sum = *sum * 10 + pattern_hit_line(hit);
	return 0;
}

static void lines_have_numbers_and_are_counted(void **state)
{
	AUTO_PATTERN_SET struct pattern_set *set =
		compile_one("zebra", false, "literal");
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	const struct pattern_block block = {
		.text = SLICE_LIT("zebra\n\nzebra\nx\nzebra"), .line = 3};
	uint64_t sum = 0;
	const struct pattern_sink sink = {.hit = check_number, .arg = &sum};
	struct pattern_stats stats;

	(void)state;
	assert_int_equal(pattern_scan(set, scratch, &block, &sink), 0);
	assert_int_equal(sum, 357);
	stats = pattern_scratch_stats(scratch, 0);
	assert_int_equal(stats.tried, 3);
	assert_int_equal(stats.hits, 3);
	assert_int_equal(stats.excepted, 0);
	assert_int_equal(pattern_count_lines(block.text), 5);
	assert_int_equal(pattern_count_lines(SLICE_LIT("a\n")), 1);
	assert_int_equal(pattern_count_lines(SLICE_LIT("")), 0);
}

/* Nothing is skipped in silence, and a rule's other expressions still run. */
static void exceeded_limits_are_reported(void **state)
{
	struct slice exprs[] = {SLICE_LIT("(a+)+(b+)+c zebra"),
				SLICE_LIT("zebra")};
	struct pattern_rule rules[] = {
		{.id = "a", .exprs = exprs, .expr_count = 2},
		{.id = "b",
		 .exprs = &exprs[1],
		 .expr_count = 1,
		 .excepts = exprs,
		 .except_count = 1}};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	const struct pattern_options options = {.match_limit = 1000};
	struct found f = {.hits = 0};
	struct err err = ERR_INIT;
	struct slice text = SLICE_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb zebra\n"
				      "c zebra aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				      "bbbbbbbbbbbbbbbbb");

	(void)state;
	assert_int_equal(pattern_set_new(&set, rules, 2, &options, &err), 0);
	assert_int_equal(scan(set, text, &f), 0);
	assert_true(f.faults >= 2);
	assert_true(f.hits >= 3);
	buf_done(&f.text);
}

/* Wherever a window or one of its parts ends. */
static void nothing_is_lost_at_edges(void **state)
{
	static const char line[] = "0123456789 zebra 503 quagga\n";
	size_t count = 3 * WINDOW / (sizeof(line) - 1);

	(void)state;
	for (size_t shift = 0; shift < 9; shift += 4) {
		AUTO_BUF struct buf text = BUF_INIT;

		for (size_t i = 0; i < shift; i++)
			buf_add_char(&text, '.');
		for (size_t i = 0; i < count; i++)
			buf_add_str(&text, line);
		for (size_t e = 0; e < ARRAY_LEN(engines); e++) {
			AUTO_PATTERN_SET struct pattern_set *set = NULL;
			struct found f = {.hits = 0};

			if (!offered(engines[e]))
				continue;
			set = compile_one("zebra 50\\d", false, engines[e]);
			assert_int_equal(scan(set, buf_slice(&text), &f), 0);
			assert_int_equal(f.hits, count);
			buf_done(&f.text);
		}
	}
}

static void long_lines_are_lines(void **state)
{
	struct rules *r = mem_zero(1, sizeof(*r));
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	rules_add(r, "zebra", false);
	rules_add(r, "quagga$", false);
	rules_add(r, "^zebra", false);
	rules_add(r, "okapi", false);
	for (size_t len = WINDOW - 2; len < LONG_LINE; len += WINDOW / 2) {
		buf_add_str(&text, "zebra");
		for (size_t i = 0; i < len; i++)
			buf_add_char(&text, "zebr "[i % 5]);
		buf_add_str(&text, "zebra quagga\nokapi\n");
	}
	assert_agree(r->list, r->count, buf_slice(&text));
	text.len -= 1; /* the last line is not ended */
	assert_agree(r->list, r->count, buf_slice(&text));
	free(r);
}

/* Nothing in a set grows faster than its rules. */
static void very_many_rules_are_bounded(void **state)
{
	enum { MANY = 12000 };
	struct pattern_rule *rules = mem_zero(MANY, sizeof(*rules));
	struct slice *exprs = mem_zero(MANY, sizeof(*exprs));
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	struct found f = {.hits = 0};

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		exprs[i] = slice_of(mem_printf(
			"%c%c%zu%c zebra", (int)('a' + i % 26),
			(int)('a' + i / 26 % 26), i, (int)('a' + i % 23)));
		rules[i] = (struct pattern_rule){.id = exprs[i].ptr,
						 .exprs = &exprs[i],
						 .expr_count = 1};
	}
	set = compile(rules, MANY, "literal");
	assert_int_equal(scan(set, exprs[7777], &f), 0);
	assert_int_equal(f.hits, 1);
	buf_done(&f.text);
	for (size_t i = 0; i < MANY; i++)
		free((char *)(uintptr_t)exprs[i].ptr);
	free(exprs);
	free(rules);
}

static void *scan_again(void *arg)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct found *f = mem_zero(1, sizeof(*f));

	corpus_text(&text, "\n");
	for (int i = 0; i < 5; i++)
		(void)scan(arg, buf_slice(&text), f);
	return f;
}

static void threads_share_a_set(void **state)
{
	AUTO_FREE struct rules *r = corpus_rules(true);
	AUTO_PATTERN_SET struct pattern_set *set =
		compile(r->list, r->count, "literal");
	struct found *found[4];
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, scan_again, set), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], (void **)&found[i]),
				 0);
		assert_true(found[i]->hits > 1000);
		assert_true(slice_eq(buf_slice(&found[i]->text),
				     buf_slice(&found[0]->text)));
	}
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		buf_done(&found[i]->text);
		free(found[i]);
	}
}

/* A byte that is no UTF-8 must not hide what an attacker does. */
static void bytes_hide_nothing(void **state)
{
	static const struct {
		const char *expr;
		const char *line;
		bool hit;
	} table[] = {
		{"user .* from", "user \xff\xfe from", true},
		{"caf\xc3\xa9+ x", "caf\xc3\xa9\xc3\xa9 x", true},
		{"CAF\xc3\x89 x", "caf\xc3\xa9 x", true},
		{"[\xc3\xa9]x", "\xc3x", false},
		{"caf\xe9 x", "caf\xe9 x", true},
		{"\\x{20ac}5",
		 "\xe2\x82\xac"
		 "5",
		 true},
		{"\\w+$", "\xc3\xa9", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO_PATTERN_SET struct pattern_set *set =
			compile_one(table[i].expr, true, "literal");
		struct found f = {.hits = 0};

		(void)scan(set, slice_of(table[i].line), &f);
		assert_int_equal(f.hits, table[i].hit);
		assert_int_equal(f.faults, 0);
		buf_done(&f.text);
	}
}

static int hits_with_cache(const char *dir)
{
	const struct pattern_options options = {.engine = "hs",
						.cache_dir = dir};
	struct slice expr = SLICE_LIT("zebra \\d+");
	struct pattern_rule rule = {.id = "z", .exprs = &expr, .expr_count = 1};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	struct found f = {.hits = 0};
	struct err err = ERR_INIT;

	if (pattern_set_new(&set, &rule, 1, &options, &err) < 0)
		fail_msg("%s", err.text);
	(void)scan(set, SLICE_LIT("a zebra 12\nzebra\n"), &f);
	buf_done(&f.text);
	return f.hits;
}

/* The only file in the folder, which the caller frees. */
static char *only_file(const char *dir)
{
	DIR *d = opendir(dir);
	char *path = NULL;
	struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		assert_null(path);
		path = mem_printf("%s/%s", dir, entry->d_name);
	}
	(void)closedir(d);
	assert_non_null(path);
	return path;
}

static void databases_are_cached(void **state)
{
	char dir[] = "/tmp/test-pattern-XXXXXX";
	AUTO_FREE char *path = NULL;
	struct stat first, again;

	(void)state;
	if (!offered("hs")) {
		print_message("# engine hs is not here\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	assert_int_equal(hits_with_cache(dir), 1);
	path = only_file(dir);
	assert_int_equal(stat(path, &first), 0);
	assert_int_equal(hits_with_cache(dir), 1);
	assert_int_equal(stat(path, &again), 0);
	assert_int_equal(first.st_ino, again.st_ino);
	/* One that others can write, and one that is damaged, are made anew. */
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(hits_with_cache(dir), 1);
	assert_int_equal(stat(path, &again), 0);
	assert_int_equal(again.st_mode & 0777, 0600);
	assert_int_equal(truncate(path, first.st_size / 2), 0);
	assert_int_equal(hits_with_cache(dir), 1);
	assert_int_equal(stat(path, &again), 0);
	assert_int_equal(again.st_size, first.st_size);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	/* A folder that is not there costs time, and nothing else. */
	assert_int_equal(hits_with_cache(dir), 1);
}

/* Adds a file to the text; false when it is not there. */
static bool read_file(const char *path, struct buf *out)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char block[16384];
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)n);
	buf_add_char(out, '\n');
	return n == 0;
}

static void engines_agree_on_real_logs(void **state)
{
	AUTO_FREE struct rules *r = NULL;
	AUTO_BUF struct buf patterns = BUF_INIT;
	AUTO_BUF struct buf text = BUF_INIT;
	struct dirent **names = NULL;
	char *line, *rest;
	int n;

	(void)state;
	/* skip() jumps out of the scope, which then releases nothing. */
	if (access(DATA "/bench/patterns-100.tsv", R_OK) ||
	    access(DATA "/bench/alerts.txt", R_OK)) {
		print_message("# no real logs in " DATA "\n");
		skip();
	}
	r = mem_zero(1, sizeof(*r));
	assert_true(read_file(DATA "/bench/patterns-100.tsv", &patterns));
	assert_true(read_file(DATA "/bench/alerts.txt", &text));
	for (rest = patterns.data; (line = strsep(&rest, "\n")) && *line;)
		rules_add(r, strrchr(line, '\t') + 1, true);
	assert_true(r->count >= 100);
	n = scandir(DATA "/loghub", &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path =
			mem_printf(DATA "/loghub/%s/raw.log", names[i]->d_name);

		(void)read_file(path, &text);
		free(names[i]);
	}
	free(names);
	assert_agree(r->list, r->count, buf_slice(&text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_agree_on_the_corpus),
		cmocka_unit_test(engines_agree_on_each_expression),
		cmocka_unit_test(engines_agree_on_random_expressions),
		cmocka_unit_test(literals_are_what_must_occur),
		cmocka_unit_test(slow_rules_are_named_once),
		cmocka_unit_test(errors_name_rule_expression_and_place),
		cmocka_unit_test(what_is_too_much_is_refused),
		cmocka_unit_test(captures_are_found_by_name),
		cmocka_unit_test(hits_come_by_line_and_rule),
		cmocka_unit_test(lines_have_numbers_and_are_counted),
		cmocka_unit_test(exceeded_limits_are_reported),
		cmocka_unit_test(nothing_is_lost_at_edges),
		cmocka_unit_test(long_lines_are_lines),
		cmocka_unit_test(very_many_rules_are_bounded),
		cmocka_unit_test(threads_share_a_set),
		cmocka_unit_test(bytes_hide_nothing),
		cmocka_unit_test(databases_are_cached),
		cmocka_unit_test(engines_agree_on_real_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
