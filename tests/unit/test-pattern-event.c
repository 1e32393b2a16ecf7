#include "unit.h"

#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/pattern-explain.h>

#include "pattern-corpus.h"
#include "pattern-random.h"

static const char *const engines[] = {"literal", "hs", "pcre2"};

static bool offered(const char *engine)
{
	struct err err = ERR_INIT;

	return pattern_engine_check(engine, &err) == 0;
}

/* NULL when PCRE2 refuses one. */
static struct pattern_set *compile(const char *const *exprs, size_t count,
				   bool caseless, const char *engine)
{
	const struct pattern_options options = {.engine = engine};
	AUTO_FREE struct pattern_rule *rules =
		mem_zero(count + 1, sizeof(*rules));
	AUTO_FREE struct slice *texts = mem_zero(count + 1, sizeof(*texts));
	struct pattern_set *set = NULL;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < count; i++) {
		texts[i] = slice_of(exprs[i]);
		rules[i] = (struct pattern_rule){.id = exprs[i],
						 .exprs = &texts[i],
						 .expr_count = 1,
						 .caseless = caseless};
	}
	if (pattern_set_new(&set, rules, count, &options, &err) < 0)
		err_clear(&err);
	return set;
}

static int note_hit(void *arg, const struct pattern_hit *hit)
{
	buf_addf(arg, "%llu %zu [%td+%zu]\n", (unsigned long long)hit->offset,
		 hit->rule, hit->match.ptr - hit->line.ptr, hit->match.len);
	return 0;
}

static void scan_text(const struct pattern_set *set, struct slice text,
		      struct buf *out)
{
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	const struct pattern_sink sink = {.hit = note_hit, .arg = out};

	assert_int_equal(pattern_scan_text(set, scratch, text, 7, &sink), 0);
}

/* What one expression finds in a text, by every engine. */
static void assert_text(const char *expr, bool caseless, const char *text,
			const char *wanted)
{
	for (size_t e = 0; e < ARRAY_LEN(engines); e++) {
		AUTO_PATTERN_SET struct pattern_set *set = NULL;
		AUTO_BUF struct buf out = BUF_INIT;

		if (!offered(engines[e]))
			continue;
		set = compile(&expr, 1, caseless, engines[e]);
		assert_non_null(set);
		scan_text(set, slice_of(text), &out);
		if (strcmp(buf_str(&out), wanted) != 0)
			fail_msg("%s: '%s' on '%s': %s", engines[e], expr, text,
				 buf_str(&out));
	}
}

static void an_event_is_one_text(void **state)
{
	static const struct {
		const char *expr;
		const char *text;
		const char *wanted;
	} table[] = {
		{"^Caused by: zebra$", "x\nCaused by: zebra\ny",
		 "7 0 [2+16]\n"},
		{"quagga$", "quagga\nx", "7 0 [0+6]\n"},
		{"\\Aquagga", "x\nquagga", ""},
		{"quagga\\z", "quagga\nx", ""},
		{"zebra.*quagga", "zebra\nquagga", ""},
		{"(?s)zebra.*quagga", "zebra\nquagga", "7 0 [0+12]\n"},
		{"zebra\\s+quagga", "a zebra\n  quagga", "7 0 [2+14]\n"},
		{"zebra\\nquagga", "zebra\nquagga", "7 0 [0+12]\n"},
		{"zebra[^x]quagga", "zebra\nquagga", "7 0 [0+12]\n"},
		{"zebra[ \\n]", "zebra\n", "7 0 [0+6]\n"},
		{"[\\n]zebra", "x\nzebra", "7 0 [1+6]\n"},
		{"zebra\\R+quagga", "zebra\r\nquagga", "7 0 [0+13]\n"},
		{"zebra\\vq", "zebra\nq", "7 0 [0+7]\n"},
		{"zebra\\Dq", "zebra\nq", "7 0 [0+7]\n"},
		{"zebra\\Nq", "zebra\nq", ""},
		{"^$", "zebra\n\nx", "7 0 [6+0]\n"},
		{"^", "", "7 0 [0+0]\n"},
		{"zebra", "", ""},
		{"zebra", "zebra\r", "7 0 [0+5]\n"},
		{"zebra$", "zebra\r", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_text(table[i].expr, false, table[i].text,
			    table[i].wanted);
}

/* Wherever a string stands in a text, and however long it is. */
static void strings_are_found_at_every_place(void **state)
{
	static const char zebra[] = "zebra quagga okapi";

	(void)state;
	for (size_t len = 1; len <= sizeof(zebra) - 1; len++) {
		char expr[sizeof(zebra) + 8];
		const char *list = expr;
		AUTO_PATTERN_SET struct pattern_set *set = NULL;

		(void)snprintf(expr, sizeof(expr), "%.*s", (int)len, zebra);
		set = compile(&list, 1, true, "literal");
		for (size_t before = 0; before < 12; before++) {
			for (size_t after = 0; after < 12; after++) {
				AUTO_BUF struct buf text = BUF_INIT;
				AUTO_BUF struct buf out = BUF_INIT;
				AUTO_BUF struct buf want = BUF_INIT;

				buf_addf(&text, "%.*s%s%.*s", (int)before,
					 "------------", expr, (int)after,
					 "------------");
				buf_addf(&want, "7 0 [%zu+%zu]\n", before, len);
				scan_text(set, buf_slice(&text), &out);
				assert_string_equal(buf_str(&out),
						    buf_str(&want));
			}
		}
	}
}

static char *const *random_exprs(size_t count)
{
	char **list = mem_zero(count, sizeof(*list));

	for (size_t i = 0; i < count;) {
		AUTO_FREE char *expr = random_expr();
		const char *one = expr;
		AUTO_PATTERN_SET struct pattern_set *set =
			compile(&one, 1, false, "pcre2");

		if (set)
			list[i++] = TAKE_PTR(expr);
	}
	return list;
}

static void free_exprs(char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free((void *)(uintptr_t)list);
}

static void engines_agree_on_texts(void **state)
{
	enum { COUNT = 250, TEXTS = 60 };
	char *const *list = random_exprs(COUNT);
	struct pattern_set *sets[ARRAY_LEN(engines)] = {NULL};

	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(engines); e++)
		if (offered(engines[e]))
			sets[e] = compile((const char *const *)list, COUNT,
					  true, engines[e]);
	for (size_t i = 0; i < TEXTS; i++) {
		AUTO_BUF struct buf text = BUF_INIT;
		AUTO_BUF struct buf want = BUF_INIT;

		for (size_t n = 1 + roll(4); n > 0; n--)
			random_line(&text);
		scan_text(sets[2], buf_slice(&text), &want);
		for (size_t e = 0; e < 2; e++) {
			AUTO_BUF struct buf got = BUF_INIT;

			if (!sets[e])
				continue;
			scan_text(sets[e], buf_slice(&text), &got);
			assert_string_equal(buf_str(&got), buf_str(&want));
		}
	}
	for (size_t e = 0; e < ARRAY_LEN(engines); e++)
		pattern_set_free(sets[e]);
	free_exprs(list, COUNT);
}

static bool wraps_always(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return true;
}

/* Nothing is seen of the line. */
static struct slice note_line(void *arg, struct slice line)
{
	buf_add_slice(arg, line);
	buf_add_char(arg, '\n');
	return SLICE_LIT("");
}

static int no_hit(void *arg, const struct pattern_hit *hit)
{
	(void)arg;
	(void)hit;
	return 0;
}

/* The lines of which is asked what is seen of them. */
static void find_lines(const struct pattern_set *set, struct slice text,
		       struct buf *out)
{
	const struct pattern_block block = {.text = text};
	const struct pattern_sink sink = {no_hit, NULL, out, wraps_always,
					  note_line};
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);

	assert_int_equal(pattern_scan(set, scratch, &block, &sink), 0);
}

static void lines_are_found_once_and_in_order(void **state)
{
	static const char *const exprs[] = {"zebra", "quagga$", "zeb"};
	const struct slice text = SLICE_LIT(
		"\nx\nzebra zebra quagga\n\nquag\nquagga\r\nnothing\nzebra");

	(void)state;
	for (size_t e = 0; e < 2; e++) {
		AUTO_PATTERN_SET struct pattern_set *set = NULL;
		AUTO_BUF struct buf out = BUF_INIT;

		if (!offered(engines[e]))
			continue;
		set = compile(exprs, 3, false, engines[e]);
		find_lines(set, text, &out);
		assert_string_equal(buf_str(&out),
				    "zebra zebra quagga\nquagga\nzebra\n");
	}
}

/* A string of JSON: what must be escaped is, and some that need not be. */
static void add_json(struct buf *out, struct slice text, bool unicode)
{
	static const char plain[] = "btnfr", codes[] = "\b\t\n\f\r";

	buf_add_str(out, "{\"a\":1,\"message\":\"");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		const char *at = c ? strchr(codes, c) : NULL;
		bool must = (unsigned char)c < ' ' || c == '"' || c == '\\';

		if ((unicode && (unsigned char)c < 0x80 && roll(20) == 0) ||
		    (must && !at && c != '"' && c != '\\'))
			buf_addf(out, roll(2) ? "\\u%04x" : "\\u%04X",
				 (unsigned)c);
		else if (at)
			buf_addf(out, "\\%c", plain[at - codes]);
		else if (c == '"' || c == '\\' || (c == '/' && roll(2)))
			buf_addf(out, "\\%c", c);
		else
			buf_add_char(out, c);
	}
	buf_add_str(out, "\",\"z\":{}}");
}

/* Where an expression matches the text, the line that has it is found. */
static void assert_json(const char *expr, bool caseless, struct slice text)
{
	AUTO_BUF struct buf line = BUF_INIT;

	add_json(&line, text, true);
	for (size_t e = 0; e < 2; e++) {
		AUTO_PATTERN_SET struct pattern_set *set = NULL;
		AUTO_BUF struct buf hits = BUF_INIT;
		AUTO_BUF struct buf found = BUF_INIT;

		if (!offered(engines[e]))
			continue;
		/* Compiling for it takes long. */
		if (e == 1 && roll(50))
			continue;
		set = compile(&expr, 1, caseless, engines[e]);
		scan_text(set, text, &hits);
		find_lines(set, buf_slice(&line), &found);
		if (hits.len && !found.len)
			fail_msg("%s: '%s' misses %s", engines[e], expr,
				 buf_str(&line));
	}
}

static void lines_of_json_are_not_missed(void **state)
{
	enum { COUNT = 150 };
	char *const *list = random_exprs(COUNT);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(corpus_exprs); i++)
		for (size_t k = i % 3; k < ARRAY_LEN(corpus_lines); k += 3)
			assert_json(corpus_exprs[i], i & 1,
				    slice_of(corpus_lines[k]));
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t k = 0; k < 10; k++) {
			AUTO_BUF struct buf text = BUF_INIT;

			random_line(&text);
			random_line(&text);
			assert_json(list[i], i & 1, buf_slice(&text));
		}
	}
	free_exprs(list, COUNT);
}

static void json_is_looked_at_with_its_escapes(void **state)
{
	static const struct {
		const char *expr;
		const char *line;
		bool found;
	} table[] = {
		{"\" 50\\d ", "{\"m\":\"GET /\\\" 503 12\"}", true},
		{"\" 50\\d ", "{\"m\":\"GET / 503 12\",\"n\":1}", false},
		{"x\"quagga", "{\"m\":\"x\\\\\\\"quagga\"}", true},
		{"/var/zebra", "{\"m\":\"\\/var\\/zebra\"}", true},
		{"/var/zebra", "{\"m\":\"/var/zebra\"}", true},
		{"C:\\\\zebra", "{\"m\":\"C:\\\\zebra\"}", true},
		{"zebra\tquagga", "{\"m\":\"zebra\\tquagga\"}", true},
		{"zebra\\s+quagga", "{\"m\":\"zebra\\n  quagga\"}", true},
		{"zebra", "{\"m\":\"\\u007aebra\"}", true},
		{"zebra", "{\"m\":\"\\u00E9\"}", true},
		{"zebra", "{\"m\":\"C:\\\\users\"}", false},
		{"zebra", "{\"m\":\"quagga\"}", false},
		{"zebr\xc3\xa4", "{\"m\":\"zebr\xc3\xa4\"}", true},
		{"zebr\xc3\xa4", "{\"m\":\"quagga\"}", false},
		/* The journal writes numbers for what is no UTF-8. */
		{"zebra", "{\"MESSAGE\":[122,101,98,114,97,255]}", true},
		{"zebra", "{\"MESSAGE\":\"[122]\"}", false},
		{" 50", "{\"m\":\"a 503\"}", true},
		{" 50", "{\"m\":\"a 49\"}", false},
		{"[0-9a-f]{8}-[0-9a-f]{4}-", "{\"m\":\"0a1b2c3d-00ff-\"}",
		 true},
		{"[0-9a-f]{8}-[0-9a-f]{4}-", "{\"m\":\"0a1b2c3d 00ff-\"}",
		 false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO_PATTERN_SET struct pattern_set *set =
			compile(&table[i].expr, 1, true, "literal");
		AUTO_BUF struct buf out = BUF_INIT;

		find_lines(set, slice_of(table[i].line), &out);
		if ((out.len > 0) != table[i].found)
			fail_msg("'%s' on %s", table[i].expr, table[i].line);
	}
}

/* What requires no string is still not run on each line. */
static void sequences_take_lines_away(void **state)
{
	static const char *const exprs[] = {"[0-9a-f]{8}-[0-9a-f]{4}-",
					    "\\b[A-Z]{2,3}-\\d{3,}\\b[;!]",
					    "\\w~\\d!|\\d~\\w!",
					    "\\d\\d:\\d\\d:\\d\\d#\\d+",
					    "\\w+@\\w+",
					    "^[^@]*[zZ]$"};
	const struct slice text =
		SLICE_LIT("an ordinary line 12:30:45 of 10 words\n"
			  "id 01234567-89ab-cdef\nticket ABC-1234!\nx a~1!\n"
			  "12:30:45#9\nme@home\n@ me\nviz\nzebra\n"
			  "id 0123456-89ab-cdef\nABC-12!\na~a!\n");
	AUTO_PATTERN_SET struct pattern_set *set =
		compile(exprs, ARRAY_LEN(exprs), false, "literal");
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	AUTO_BUF struct buf out = BUF_INIT;
	const struct pattern_block block = {.text = text};
	const struct pattern_sink sink = {.hit = note_hit, .arg = &out};
	const size_t *slow;

	(void)state;
	assert_int_equal(pattern_set_slow(set, &slow), 0);
	assert_int_equal(pattern_scan(set, scratch, &block, &sink), 0);
	assert_string_equal(buf_str(&out), "38 0 [3+14]\n"
					   "60 1 [7+9]\n"
					   "77 2 [2+4]\n"
					   "84 3 [0+10]\n"
					   "95 4 [0+7]\n"
					   "108 5 [0+3]\n");
	for (size_t i = 0; i < ARRAY_LEN(exprs); i++)
		assert_true(pattern_scratch_stats(scratch, i).tried <= 3);
}

static struct pattern_near explain(const struct pattern_set *set,
				   const char *text)
{
	struct pattern_near near;

	pattern_explain(set, 0, slice_of(text), &near);
	return near;
}

static void explanations_say_how_far_it_went(void **state)
{
	struct slice exprs[] = {SLICE_LIT("zebra (\\d+) ms of quagga"),
				SLICE_LIT("okapi$")};
	struct slice except = SLICE_LIT("not really");
	struct pattern_rule rule = {.id = "r",
				    .exprs = exprs,
				    .expr_count = 2,
				    .excepts = &except,
				    .except_count = 1,
				    .caseless = true};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(engines); e++) {
		const struct pattern_options options = {.engine = engines[e]};
		AUTO_PATTERN_SET struct pattern_set *set = NULL;
		struct pattern_near n;

		if (!offered(engines[e]))
			continue;
		assert_int_equal(
			pattern_set_new(&set, &rule, 1, &options, &err), 0);
		n = explain(set, "an Okapi");
		assert_int_equal(n.outcome, PATTERN_HIT);
		assert_int_equal(n.expr, 1);
		n = explain(set, "not really an okapi");
		assert_int_equal(n.outcome, PATTERN_EXCEPTED);
		assert_int_equal(n.expr, 0);
		n = explain(set, "giraffe");
		assert_int_equal(n.outcome, PATTERN_FAR);
		n = explain(set, "a zebra 12 s; ms of quagga");
		assert_int_equal(n.outcome, PATTERN_NEAR);
		assert_int_equal(n.expr, 0);
		assert_true(slice_is(n.fitted, "zebra (\\d+) "));
		assert_true(slice_is(n.rest, "ms of quagga"));
		assert_true(slice_is(n.text, "zebra 12 "));
	}
}

static void explanations_give_up(void **state)
{
	const struct pattern_options options = {.match_limit = 1000};
	struct slice expr = SLICE_LIT("(a+)+(b+)+c zebra");
	struct pattern_rule rule = {.id = "r", .exprs = &expr, .expr_count = 1};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	struct pattern_near near;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(pattern_set_new(&set, &rule, 1, &options, &err), 0);
	near = explain(set, "aaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbb"
			    "bbbbbbb c zebra");
	assert_int_equal(near.outcome, PATTERN_UNDECIDED);
}

static void time_is_measured_when_wanted(void **state)
{
	const char *expr = "zebra.*(?:a|b)*quagga";
	const struct slice text = SLICE_LIT("a zebra and a quagga");
	AUTO_PATTERN_SET struct pattern_set *set =
		compile(&expr, 1, false, "literal");
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	AUTO_BUF struct buf out = BUF_INIT;
	const struct pattern_sink sink = {.hit = note_hit, .arg = &out};

	(void)state;
	(void)pattern_scan_text(set, scratch, text, 0, &sink);
	assert_int_equal(pattern_scratch_stats(scratch, 0).ns, 0);
	pattern_scratch_measure(scratch);
	for (int i = 0; i < 100; i++)
		(void)pattern_scan_text(set, scratch, text, 0, &sink);
	assert_true(pattern_scratch_stats(scratch, 0).ns > 0);
	assert_int_equal(pattern_scratch_stats(scratch, 0).tried, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_one_text),
		cmocka_unit_test(strings_are_found_at_every_place),
		cmocka_unit_test(engines_agree_on_texts),
		cmocka_unit_test(lines_are_found_once_and_in_order),
		cmocka_unit_test(lines_of_json_are_not_missed),
		cmocka_unit_test(json_is_looked_at_with_its_escapes),
		cmocka_unit_test(sequences_take_lines_away),
		cmocka_unit_test(explanations_say_how_far_it_went),
		cmocka_unit_test(explanations_give_up),
		cmocka_unit_test(time_is_measured_when_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
