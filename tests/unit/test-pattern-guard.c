/* No line keeps an expression busy for long, and what is counted for that
 * changes nothing else. */
#include "unit.h"

#include <time.h>

#include <oncall/mem.h>

#include "../../libcommon/match/pattern-internal.h"
#include "pattern-random.h"

#define LONGEST ((size_t)1024 * 1024)
/* Of one line, also with a sanitizer on a busy machine: the time of this
 * process. Without a bound it would be hours. */
#define SECONDS_MAX 10

static struct pattern_set *new_set(const char *expr)
{
	const struct pattern_options opt = {.engine = "pcre2"};
	const struct slice text = slice_of(expr);
	const struct pattern_rule rule = {
		.id = "r", .exprs = &text, .expr_count = 1, .caseless = true};
	struct pattern_set *set = NULL;
	struct err err = ERR_INIT;

	if (pattern_set_new(&set, &rule, 1, &opt, &err) < 0)
		err_clear(&err);
	return set;
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	(void)hit;
	++*(int *)arg;
	return 0;
}

/* Hits, or -1 when the expression gave up. */
static int scan(const struct pattern_set *set, struct slice line)
{
	AUTO_PATTERN_SCRATCH struct pattern_scratch *s =
		pattern_scratch_new(set);
	int hits = 0;
	const struct pattern_sink sink = {.hit = on_hit, .arg = &hits};

	assert_int_equal(pattern_scan_text(set, s, line, 0, &sink), 0);
	return pattern_scratch_stats(s, 0).faults ? -1 : hits;
}

static void nothing_takes_long(void **state)
{
	static const char *const exprs[] = {
		"\\w+\\w+\\w+\\w+!",
		"\\w+\\w+\\w+!",
		"a*a*a*a*a*a*a*a*b!",
		"(?:a?){40}a{40}!",
		"(?:a|a)*(?:a|a)*(?:a|a)*!",
		"(a+)+!",
		"(?:a+b?)+!",
		"(?:\\w+\\w+\\w+ )+!",
		".*a.*a.*a.*a.*!",
		"\\S+!",
		"\\d*a+\\d*a*[^!]a+!",
		"x?a+?a+?a+?a+?!",
		"a+(?=a+a+a+!)",
		"(?<!b)a+a+a+(?!a)!",
		"(a+)(a+)(a+)\\1\\2\\3!",
		"(?<n>a(?&n)?a)!",
		"(?>a+?a+?a+?a+?!)",
		"a{1,200}a{1,200}a{1,200}a{1,200}!",
		"[^b]*[^c]*[^d]*[^e]*!!",
	};
	static const size_t lens[] = {20, 100, 300, 1000, 8000, LONGEST};
	AUTO_FREE char *line = mem_alloc(LONGEST + 2);

	(void)state;
	memset(line, 'a', LONGEST);
	for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
		AUTO_PATTERN_SET struct pattern_set *set = new_set(exprs[i]);

		assert_non_null(set);
		for (size_t k = 0; k < ARRAY_LEN(lens); k++) {
			clock_t begin = clock();
			double took;

			/* So that it is looked for. */
			line[lens[k]] = ' ';
			line[lens[k] + 1] = '!';
			(void)scan(set, (struct slice){line, lens[k] + 2});
			memset(line + lens[k], 'a', 2);
			took = (double)(clock() - begin) / CLOCKS_PER_SEC;
			if (took > SECONDS_MAX)
				fail_msg("%s took %.1f s of %zu bytes",
					 exprs[i], took, lens[k]);
		}
	}
}

/* What gave up says so; it is not taken for no match. */
static void who_gives_up_is_counted(void **state)
{
	AUTO_PATTERN_SET struct pattern_set *set = new_set("\\w+\\w+\\w+\\w+!");
	char line[1002];

	(void)state;
	memset(line, 'a', sizeof(line));
	line[1000] = ' ';
	line[1001] = '!';
	assert_int_equal(scan(set, (struct slice){line, sizeof(line)}), -1);
	line[1000] = 'a';
	assert_int_equal(scan(set, (struct slice){line, sizeof(line)}), 1);
	assert_int_equal(scan(set, SLICE_LIT("abc abc abc !")), 0);
}

/* Ordinary expressions on ordinary lines are not slowed down. */
static void ordinary_ones_are_not_counted(void **state)
{
	static const char *const exprs[] = {
		"out of memory",
		"disk (?<disk>\\w+) is (?<use>\\d+)% full",
		"connection from (?<ip>[\\d.]+):\\d+ (?:refused|reset)",
		"Failed (?<how>password|publickey) for (?<user>\\S+) from",
		"error: .*",
		"(?:[a-z]+\\.)+Exception",
		"^\\S+ \\S+ (?<host>\\S+) ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
		AUTO_FREE struct pattern_ways *w =
			pattern_ways_new(slice_of(exprs[i]), true, false);

		if (w->quick_len < 1000)
			fail_msg("%s: %zu", exprs[i], w->quick_len);
	}
}

/* A line may be long and yet have few places where something could end. */
static void the_bytes_of_a_line_count(void **state)
{
	static const char expr[] = "dev (\\S+).*(?:FAILED|prefail).*again";
	AUTO_FREE struct pattern_ways *w =
		pattern_ways_new(slice_of(expr), true, false);
	char line[2000];

	(void)state;
	assert_true(w->quick_len < sizeof(line));
	memset(line, ' ', sizeof(line));
	assert_true(pattern_ways_few(w, (struct slice){line, sizeof(line)}));
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = "dfa"[i % 3];
	assert_false(pattern_ways_few(w, (struct slice){line, sizeof(line)}));
}

static void counting_changes_nothing(void **state)
{
	AUTO_BUF struct buf line = BUF_INIT;
	int tried = 0;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		AUTO_FREE char *expr = random_expr();
		AUTO_PATTERN_SET struct pattern_set *set = new_set(expr);
		struct pattern_code *re;
		AUTO_PATTERN_SCRATCH struct pattern_scratch *s = NULL;

		if (!set)
			continue;
		re = &set->exprs[0].re;
		s = pattern_scratch_new(set);
		for (int k = 0; k < 4; k++) {
			size_t *at = pcre2_get_ovector_pointer(s->data);
			size_t was[2] = {0, 0};
			int rc, counted;

			buf_reset(&line);
			random_line(&line);
			rc = pattern_code_match(re, buf_slice(&line), 0, s,
						s->data);
			if (rc > 0)
				memcpy(was, at, sizeof(was));
			counted = pattern_guard_match(re, buf_slice(&line), s,
						      s->data);
			if (counted != rc ||
			    (rc > 0 && memcmp(was, at, sizeof(was)) != 0))
				fail_msg("%s on %s: %d, counted %d", expr,
					 buf_str(&line), rc, counted);
			tried += rc > 0;
		}
	}
	assert_true(tried > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_takes_long),
		cmocka_unit_test(who_gives_up_is_counted),
		cmocka_unit_test(ordinary_ones_are_not_counted),
		cmocka_unit_test(the_bytes_of_a_line_count),
		cmocka_unit_test(counting_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
