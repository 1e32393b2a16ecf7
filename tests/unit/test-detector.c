/* What records say, whatever stands in a line. Under AddressSanitizer this
 * shows whether there is room for it. */
#include "unit-detector.h"

#include <inttypes.h>

#include <oncall/hash.h>
#include <oncall/utf8.h>

#define ONE "patterns: [{id: one, severity: low, match: hit}]\n"

static int set_up(void **state)
{
	(void)state;
	clock_set(NOW);
	return 0;
}

static void a_record_says_what_the_line_does(void **state)
{
	static const char pack[] =
		"patterns:\n"
		"  - id: full\n"
		"    match: 'disk (?<disk>\\w+) is (?<use>\\d+)% full'\n"
		"    severity: high\n"
		"    category: storage\n"
		"    tags: [disk, 'a \"b\"']\n"
		"    title: 'Disk ${disk|upper} of ${host}'\n"
		"    key: [disk]\n";
	AUTO_BENCH struct bench b;
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	bench_start(&b, pack, bench_options());
	bench_lines(&b, "nothing\n"
			"<11>Nov 20 09:59:58 h1 smartd[42]: disk sda is 97% "
			"full\n");
	bench_take(&b, &out);
	assert_string_equal(
		buf_str(&out),
		"{\"type\":\"detection\",\"id\":\"s1:0000000000000008:full\","
		"\"time\":\"2026-11-20T10:00:00.000Z\",\"source\":{"
		"\"kind\":\"file\",\"stream\":\"s1\",\"path\":"
		"\"/var/log/a.log\",\"offset\":8,\"line\":2},"
		"\"event_time\":\"2026-11-20T09:59:58.000Z\","
		"\"kind\":\"pattern\",\"pattern\":\"full\",\"category\":"
		"\"storage\",\"tags\":[\"disk\",\"a \\\"b\\\"\"],\"title\":"
		"\"Disk SDA of h1\",\"severity\":\"high\","
		"\"service\":\"smartd\",\"host\":\"h1\",\"message\":"
		"\"disk sda is 97% full\",\"zone_assumed\":0,\"fields\":{"
		"\"disk\":\"sda\",\"use\":\"97\",\"pid\":\"42\"},"
		"\"fingerprint\":\"v1:2367004bb4a9568b92f43adfa5ecf3fc\","
		"\"count\":1,\"first\":"
		"\"2026-11-20T09:59:58.000Z\",\"last\":"
		"\"2026-11-20T09:59:58.000Z\"}\n");
}

static void add_padding(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, (char)('a' + i % 26));
}

static const struct slice hostile[] = {
	{"", 0},
	{"\0", 1},
	{"\1\2\x1f\x7f", 4},
	{"\"", 1},
	{"\\", 1},
	{"\\\\\"\\", 4},
	{"\t\r\v\f\b", 5},
	{"\xff", 1},
	{"\xc3", 1},
	{"\xc3\xa9", 2},
	{"\xe2\x82\xac", 3},
	{"\xe2\x82", 2},
	{"\xf0\x9f\x98", 3}, /* one U+FFFD, which is as long */
	{"\xf0\x9f\x98\x80", 4},
	{"\xed\xa0\x80", 3},
	{"\xf5\x80\x80\x80", 4},
	{"\xe2\x80\xa8", 3},
	{"{}", 2},
	{"</script>", 9},
};

/* The message of the one record is line, repaired, and it is marked when it
 * had to be. */
static void message_is(struct bench *b, struct slice line)
{
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_BUF struct buf got = BUF_INIT;
	AUTO_BUF struct buf want = BUF_INIT;
	bool lossy = utf8_repair(&want, line.ptr, line.len);

	bench_take(b, &out);
	bench_member(buf_slice(&out), "message", &got);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, got.len);
	bench_member(buf_slice(&out), "lossy", &got);
	if (strcmp(buf_str(&got), lossy ? "true" : "") != 0)
		fail_msg("lossy is '%s': %s", buf_str(&got), buf_str(&out));
}

static void hostile_lines(struct detector_options opt)
{
	AUTO_BUF struct buf line = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		for (size_t before = 0; before < 40; before++) {
			AUTO_BENCH struct bench b;

			buf_reset(&line);
			buf_add_str(&line, "hit ");
			add_padding(&line, before);
			buf_add_slice(&line, hostile[i]);
			add_padding(&line, 39 - before);
			bench_start(&b, ONE, opt);
			bench_feed(&b, buf_slice(&line));
			message_is(&b, buf_slice(&line));
		}
}

static void any_byte_may_stand_in_a_line(void **state)
{
	struct detector_options opt = bench_options();

	(void)state;
	hostile_lines(opt);
	/* What is settled later says the same. */
	opt.rate_count = 1000;
	opt.rate_ms = WHEN_HOUR;
	hostile_lines(opt);
}

/* With and without the way over what is kept. */
static void both_ways_write_the_same(void **state)
{
	static const char pack[] =
		"patterns:\n"
		"- {id: a, severity: '${lvl}', match: '(?<lvl>\\S+) a(?<x>.*)',"
		" key: [x], title: '${x|json}${pid}'}\n"
		"- {id: b, severity: low, match: 'b|\\xff', service: "
		"\"s\\x7f\"}\n";
	static const char *const lines[] = {
		"<11>Nov 20 09:59:58 h1 smartd[42]: warn ab\n",
		"2026-11-20T09:00:00Z ERROR \"quoted\" a\\b\n",
		("{\"message\":\"crit a\\u0001\\u0000b\",\"level\":\"info\","
		 "\"service\":\"x\\\"\",\"host\":\"\\u00e9\"}\n"),
		"bad \xff a\xf0\x9f\x98 b\n",
		"x a\n",
		"time=2026-11-20T08:00:00Z level=warn msg=\"x ab\" pid=7\n",
	};
	struct detector_options opt = bench_options();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		AUTO_BENCH struct bench one, other;
		AUTO_BUF struct buf direct = BUF_INIT;
		AUTO_BUF struct buf settled = BUF_INIT;

		opt.rate_count = 0;
		bench_start(&one, pack, opt);
		opt.rate_count = 1000;
		opt.rate_ms = WHEN_HOUR;
		bench_start(&other, pack, opt);
		bench_lines(&one, lines[i]);
		bench_lines(&other, lines[i]);
		bench_take(&one, &direct);
		bench_take(&other, &settled);
		assert_true(direct.len > 0);
		assert_string_equal(buf_str(&direct), buf_str(&settled));
	}
}

/* Everything that a line gives a record, as long as it may be, and of bytes
 * that become six each. */
static void there_is_room_for_the_longest(void **state)
{
	AUTO_BUF struct buf pack = BUF_INIT;
	AUTO_BUF struct buf text = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_BUF struct buf out = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_BUF struct buf id = BUF_INIT;

	(void)state;
	buf_add_str(&pack, "patterns:\n- id: a\n  severity: '${c0}'\n"
			   "  service: \"\\x01\\x01\\x01\"\n"
			   "  title: '${c0}${c1|json}${message}'\n  match: '");
	for (int i = 0; i < DETECTOR_CAPTURES + 8; i++)
		buf_addf(&pack, "(?<c%d>\\x01+)x", i);
	buf_add_str(&pack, "'\n");
	for (int i = 0; i < DETECTOR_CAPTURES + 8; i++) {
		for (size_t k = 0; k < DETECTOR_CAPTURE_MAX + 10; k++)
			buf_add_char(&text, '\1');
		buf_add_char(&text, 'x');
	}
	while (text.len < DETECTOR_MESSAGE_MAX + 100)
		buf_add_char(&text, '\1');
	for (size_t i = 0; i < 166; i++)
		buf_add_char(&id, '\2');
	for (int round = 0; round < 3; round++) {
		struct detector_options opt = bench_options();
		const struct input_event event = {
			.text = buf_slice(&text),
			.id = buf_slice(&id),
			.truncated = true,
		};
		AUTO_BENCH struct bench b;
		AUTO_BUF struct buf value = BUF_INIT_MAX(SIZE_MAX / 2);

		opt.rate_count = round == 1;
		opt.rate_ms = WHEN_HOUR;
		opt.all = round == 2;
		opt.service = buf_str(&text) + text.len - 400;
		bench_start(&b, buf_str(&pack), opt);
		b.in.positions = false;
		free(b.in.id);
		b.in.id = mem_dup(buf_str(&id));
		bench_event(&b, event);
		buf_reset(&out);
		bench_take(&b, &out);
		assert_true(out.len > 6 * DETECTOR_MESSAGE_MAX);
		bench_member(buf_slice(&out), "truncated", &value);
		assert_string_equal(buf_str(&value), "true");
		bench_member(buf_slice(&out), "message", &value);
		assert_int_equal(value.len, DETECTOR_MESSAGE_MAX);
		bench_member(buf_slice(&out), "id", &value);
		assert_int_equal(value.len, 64); /* a hash of it */
	}
}

/* Texts of any bytes and lengths in all places at once; each time with memory
 * of just the size that was asked for. */
static void there_is_room_for_any(void **state)
{
	static const char bytes[] = "\0\1\"\\\x7f\xff\xc3\xa9\xe2z ab";
	static const char pack[] =
		"patterns:\n- id: a\n  severity: '${c}'\n  key: [c, d]\n"
		"  title: '${c|json}${d|upper|json}'\n"
		"  match: '(?s)^(?<c>[^z]*)z(?<d>[^z]*)z(?<e>[^z]*)'\n";
	AUTO_BUF struct buf text = BUF_INIT;
	uint64_t seed;

	(void)state;
	clock_random_seed(7);
	for (int round = 0; round < 3000; round++) {
		struct detector_options opt = bench_options();
		AUTO_BENCH struct bench b;
		AUTO_BUF struct buf out = BUF_INIT;
		struct input_event event = {.offset = (uint64_t)round};

		buf_reset(&text);
		clock_random(&seed, sizeof(seed));
		for (uint64_t n = seed % 300 + 3; n; n--) {
			unsigned char c;

			clock_random(&c, 1);
			buf_add_char(&text, bytes[c % (sizeof(bytes) - 1)]);
		}
		buf_add_str(&text, "zz");
		opt.rate_count = round % 2;
		opt.rate_ms = 1;
		bench_start(&b, pack, opt);
		event.text = buf_slice(&text);
		bench_event(&b, event);
		bench_take(&b, &out);
		assert_true(out.len > 0);
	}
}

static void ids_are_of_the_place_and_the_rule(void **state)
{
	static const char pack[] =
		"patterns: [{id: a, severity: low, match: hit},\n"
		"{id: b, severity: low, match: hit}]\n";
	struct input_event event = {.text = SLICE_LIT("hit"),
				    .id = SLICE_LIT("e\"1")};
	AUTO_BENCH struct bench b;

	(void)state;
	bench_start(&b, pack, bench_options());
	bench_lines(&b, "hit\nno\nhit\n");
	bench_is(&b, "id",
		 "s1:0000000000000000:a\ns1:0000000000000000:b\n"
		 "s1:0000000000000007:a\ns1:0000000000000007:b\n");
	b.offset = UINT64_C(0x123456789abcdef);
	bench_lines(&b, "hit\n");
	bench_is(&b, "id", "s1:0123456789abcdef:a\ns1:0123456789abcdef:b\n");
	b.in.positions = false;
	bench_event(&b, event);
	bench_is(&b, "id", "s1:e\"1:a\ns1:e\"1:b\n");
	event.id = (struct slice){NULL, 0};
	bench_event(&b, event);
	bench_is(&b, "id", "s1:a\ns1:b\n");
}

/* As the escaped text is counted: a key of the store is that long. */
static void long_ids_are_hashed(void **state)
{
	AUTO_BUF struct buf id = BUF_INIT;
	AUTO_BUF struct buf want = BUF_INIT;

	(void)state;
	for (int more = 0; more < 2; more++) {
		AUTO_BENCH struct bench b;
		char hex[HASH_HEX];

		bench_start(&b, ONE, bench_options());
		buf_reset(&id);
		while (id.len < DETECTION_KEY_MAX - 7 + (size_t)more)
			buf_add_char(&id, 'i');
		b.in.positions = false;
		bench_event(&b, (struct input_event){.text = SLICE_LIT("hit"),
						     .id = buf_slice(&id)});
		buf_reset(&want);
		buf_addf(&want, "s1:%s:one", buf_str(&id));
		if (more) {
			hash_sha256_hex(want.data, want.len, hex, 64);
			buf_reset(&want);
			buf_add(&want, hex, 64);
		}
		buf_add_char(&want, '\n');
		bench_is(&b, "id", buf_str(&want));
	}
}

static void numbers_have_all_their_digits(void **state)
{
	AUTO_BENCH struct bench b;
	AUTO_BUF struct buf want = BUF_INIT;

	(void)state;
	bench_start(&b, ONE, bench_options());
	for (uint64_t power = 1; power < INT64_MAX / 10; power *= 10) {
		for (uint64_t n = power - 1; n < power + 2; n++) {
			bench_event(&b, (struct input_event){
						.text = SLICE_LIT("hit"),
						.offset = n,
						.line = INT64_MAX - n});
			buf_reset(&want);
			buf_addf(
				&want,
				"{\"kind\":\"file\",\"stream\":\"s1\",\"path\":"
				"\"/var/log/a.log\",\"offset\":%" PRIu64
				",\"line\":%" PRIu64 "}\n",
				n, INT64_MAX - n);
			bench_is(&b, "source", buf_str(&want));
		}
	}
}

static void an_event_says_where_it_was(void **state)
{
	AUTO_BENCH struct bench b;
	struct input_event event = {
		.text = SLICE_LIT("hit\n  at x"), .offset = 5, .line = 3};

	(void)state;
	bench_start(&b, ONE, bench_options());
	bench_event(&b, event);
	event.out_of_order = true;
	bench_event(&b, event);
	bench_is(&b, "source",
		 "{\"kind\":\"file\",\"stream\":\"s1\",\"path\":"
		 "\"/var/log/a.log\",\"offset\":5,\"line\":3}\n"
		 "{\"kind\":\"file\",\"stream\":\"s1\",\"path\":"
		 "\"/var/log/a.log\",\"at\":5,\"line\":3}\n");
	bench_event(&b, event);
	bench_is(&b, "title", "hit\n"); /* the first line */
	bench_event(&b, event);
	bench_is(&b, "message", "hit\n  at x\n");
}

static void an_empty_event_is_not_the_one_before(void **state)
{
	AUTO_BENCH struct bench b;

	(void)state;
	bench_start(&b, ONE, bench_options());
	bench_lines(&b, "{\"message\":\"a \\\"hit\\\"\"}\n");
	bench_is(&b, "title", "a \"hit\"\n");
	bench_event(&b, (struct input_event){.offset = 90});
	bench_is(&b, "title", "");
}

/* What a line is stands in it alone, not in those that it is read with. */
static void a_line_is_the_same_in_any_block(void **state)
{
	static const char pack[] =
		"patterns:\n"
		"- {id: start, severity: low, match: '^hit the wall'}\n"
		"- {id: quote, severity: low, match: 'hit \"it\"'}\n"
		"- {id: letter, severity: low, match: 'hit \xc3\xa9'}\n"
		"- {id: lines, severity: low, match: 'half\\shit'}\n"
		"- {id: pair, severity: low, match: 'hit=50\\d'}\n"
		"- {id: none, severity: low, match: 'hit_by'}\n";
	static const struct {
		const char *line, *rules;
	} cases[] = {
		{"Nov 20 09:59:58 h p: nothing of note", ""},
		{"Nov 20 09:59:58 h p: hit the wall", ""},
		{"hit the wall", "start\n"},
		{"C:\\hit \"it\"", "quote\n"},
		{"level=error msg=\"hit the wall\" hit=502", "start\npair\n"},
		{"level=error msg=\"hit \\\"it\\\"\"", "quote\n"},
		{"level=error msg=half err=hit", "lines\n"},
		{"{\"msg\":\"hit the wall\",\"hit_by\":1}", "start\n"},
		{"  {\"msg\":\"hit \\\"it\\\"\"}", "quote\n"},
		{"{\"msg\":\"hit \\u00e9\"}", "letter\n"},
		{"{\"msg\":\"half\",\"err\":\"hit\"}", "lines\n"},
		{"{\"MESSAGE\":[104,105,116,32,34,105,116,34]}", "quote\n"},
		{"2026-11-20T09:59:58Z stdout F hit the wall", "start\n"},
		{"2026-11-20T09:59:58Z stdout F {\"msg\":\"hit \\\"it\\\"\"}",
		 "quote\n"},
	};
	static const char *const engines[] = {"literal", "pcre2", "hs"};

	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(engines); e++) {
		struct detector_options opt = bench_options();
		AUTO_BENCH struct bench b;

		opt.engine = engines[e];
		if (pattern_engine_check(opt.engine, NULL) < 0)
			continue;
		bench_start(&b, pack, opt);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			bench_lines(&b, cases[i].line);
			bench_is(&b, "pattern", cases[i].rules);
			for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
				AUTO_BUF struct buf text = BUF_INIT;
				AUTO_BUF struct buf want = BUF_INIT;

				buf_addf(&text, "%s\n%s\n", cases[i].line,
					 cases[k].line);
				buf_addf(&want, "%s%s", cases[i].rules,
					 cases[k].rules);
				bench_feed(&b, buf_slice(&text));
				bench_is(&b, "pattern", buf_str(&want));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_says_what_the_line_does),
		cmocka_unit_test(any_byte_may_stand_in_a_line),
		cmocka_unit_test(both_ways_write_the_same),
		cmocka_unit_test(there_is_room_for_the_longest),
		cmocka_unit_test(there_is_room_for_any),
		cmocka_unit_test(ids_are_of_the_place_and_the_rule),
		cmocka_unit_test(long_ids_are_hashed),
		cmocka_unit_test(numbers_have_all_their_digits),
		cmocka_unit_test(an_event_says_where_it_was),
		cmocka_unit_test(a_line_is_the_same_in_any_block),
		cmocka_unit_test(an_empty_event_is_not_the_one_before),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
