#include "unit.h"

#include <oncall/mem.h>
#include <oncall/pattern.h>

#include "../../libcommon/match/pattern-look.h"

#define LINES 3000

static size_t roll(size_t n)
{
	static unsigned state = 12345;

	state = state * 1103515245 + 12345;
	return (state >> 8) % n;
}

/* Sets whose strings are long, shorter, short, and single bytes in a row. */
static const char *const sets[][4] = {
	{"connection refused", "no space left on device", "core dumped"},
	{"oom-kill", "segfault", "timed out", "error: [0-9]"},
	{"panic", "fatal", "abc", "x[0-9]z"},
	{"qz", "#[0-9][0-9]", "k!", "jjj"},
};

static struct pattern_set *compile(const char *const *exprs, const char *engine)
{
	const struct pattern_options options = {.engine = engine};
	struct pattern_rule rules[4];
	struct pattern_set *set = NULL;
	struct slice texts[4];
	struct err err = ERR_INIT;
	size_t count = 0;

	for (; count < 4 && exprs[count]; count++) {
		texts[count] = slice_of(exprs[count]);
		rules[count] = (struct pattern_rule){.id = exprs[count],
						     .exprs = &texts[count],
						     .expr_count = 1,
						     .caseless = true};
	}
	assert_int_equal(pattern_set_new(&set, rules, count, &options, &err),
			 0);
	return set;
}

/* Words, pieces of which the sets are made, and strings of them as they are or
 * nearly. */
static void make_text(struct buf *text)
{
	static const char *const words[] = {
		"connection", " refuse",
		"d",	      "no space left on device",
		"core dumpe", "CORE DUMPED",
		"oom-k",      "oom-KILL",
		"segfaul",    "Segfault",
		"error: ",    "timed ",
		"timed out",  "panic",
		"fata",	      "abc",
		"ab",	      "x1z",
		"q",	      "Qz",
		"#1",	      "#12",
		"k!",	      "jj",
		"\xff\x80",   "the of and",
		"0123",	      " ",
		" ",	      "ed",
		"\xe4",	      "-"};

	for (size_t i = 0; i < LINES; i++) {
		for (size_t n = roll(12); n > 0; n--)
			buf_add_str(text, words[roll(ARRAY_LEN(words))]);
		buf_add_char(text, '\n');
	}
}

static int note_hit(void *arg, const struct pattern_hit *hit)
{
	buf_addf(arg, "%llu %zu\n", (unsigned long long)hit->offset, hit->rule);
	return 0;
}

static void scan(const struct pattern_set *set, struct slice text,
		 struct buf *hits)
{
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(set);
	const struct pattern_block block = {.text = text, .line = 1};
	const struct pattern_sink sink = {.hit = note_hit, .arg = hits};

	assert_int_equal(pattern_scan(set, scratch, &block, &sink), 0);
}

static struct pattern_filter *filter_of(const struct pattern_set *set)
{
	return (struct pattern_filter *)(uintptr_t)pattern_set_filter(
		set, PATTERN_PLAIN);
}

static void this_processor_looks_as_any_other(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	make_text(&text);
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		AUTO_PATTERN_SET struct pattern_set *set =
			compile(sets[i], "literal");
		struct pattern_filter *f = filter_of(set);
		pattern_look_fn *ways[PATTERN_LOOK_WAYS];
		size_t way_count = pattern_look_ways(ways);
		uint16_t ours[PATTERN_LOOKS + PATTERN_LANES];
		uint16_t plain[PATTERN_LOOKS + PATTERN_LANES];
		size_t all = 0;

		for (size_t from = PATTERN_GRAM;
		     from + PATTERN_BEHIND <= text.len; from += 61) {
			struct pattern_looks k = {
				.text = (const uint8_t *)text.data,
				.len = text.len,
				.from = from,
				.count = (text.len - from - PATTERN_BEHIND) /
						 f->stride +
					 1};
			size_t n;

			if (k.count > PATTERN_LOOKS)
				k.count = PATTERN_LOOKS;
			n = pattern_look(f, &k, plain);
			for (size_t way = 0; way < way_count; way++) {
				assert_int_equal(ways[way](f, &k, ours), n);
				assert_memory_equal(ours, plain,
						    n * sizeof(*ours));
			}
			all += n;
		}
		assert_true(all > 0);
	}
}

static void looks_miss_nothing_that_pcre2_finds(void **state)
{
	size_t strides = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		AUTO_PATTERN_SET struct pattern_set *set =
			compile(sets[i], "literal");
		AUTO_PATTERN_SET struct pattern_set *reference =
			compile(sets[i], "pcre2");
		AUTO_BUF struct buf ours = BUF_INIT;
		AUTO_BUF struct buf plain = BUF_INIT;
		AUTO_BUF struct buf wanted = BUF_INIT;
		AUTO_BUF struct buf text = BUF_INIT;

		make_text(&text);
		strides |= (size_t)1 << filter_of(set)->stride;
		scan(reference, buf_slice(&text), &wanted);
		assert_true(wanted.len > 0);
		scan(set, buf_slice(&text), &ours);
		assert_string_equal(buf_str(&ours), buf_str(&wanted));
		filter_of(set)->look = pattern_look;
		scan(set, buf_slice(&text), &plain);
		assert_string_equal(buf_str(&plain), buf_str(&wanted));
	}
	/* Steps of different sizes were met. */
	assert_true(strides & (strides - 1));
}

/* The bytes around a place may lie before the text or behind it. */
static void strings_at_the_ends_are_found(void **state)
{
	static const char *const texts[] = {"oom-kill", "oom-kill\n",
					    "a oom-kill", "segfault b",
					    "timed out"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_PATTERN_SET struct pattern_set *set =
			compile(sets[1], "literal");
		AUTO_BUF struct buf hits = BUF_INIT;

		scan(set, slice_of(texts[i]), &hits);
		assert_true(hits.len > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_processor_looks_as_any_other),
		cmocka_unit_test(looks_miss_nothing_that_pcre2_finds),
		cmocka_unit_test(strings_at_the_ends_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
