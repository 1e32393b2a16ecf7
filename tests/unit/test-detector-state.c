/* What a detector counts, waits for, saves and goes on with. */
#include "unit-detector.h"

#define ONE "patterns: [{id: one, severity: low, match: hit}]\n"

static int set_up(void **state)
{
	(void)state;
	clock_set(NOW);
	return 0;
}

static void titles_fall_back(void **state)
{
	static const char pack[] =
		"patterns:\n"
		"- {id: a, severity: low, match: hit(?<x>.*), title: '${x}'}\n";
	AUTO_BENCH struct bench b;
	AUTO_BUF struct buf line = BUF_INIT;
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_BUF struct buf value = BUF_INIT;

	(void)state;
	bench_start(&b, pack, bench_options());
	bench_lines(&b, "hit me\nhit\n");
	bench_is(&b, "title", " me\nhit\n");
	buf_add_str(&line, "hit");
	for (int i = 0; i < DETECTOR_TITLE_MAX; i++)
		buf_add_str(&line, "\xc3\xa9");
	bench_feed(&b, buf_slice(&line));
	bench_take(&b, &out);
	bench_member(buf_slice(&out), "title", &value);
	assert_int_equal(value.len, DETECTOR_TITLE_MAX);
}

static void the_line_may_say_how_bad_it_is(void **state)
{
	static const char pack[] =
		"patterns:\n"
		"- {id: a, severity: '${s}', match: 'hit(?<s> \\w+)?'}\n"
		"- {id: b, severity: '${level}', match: hit}\n"
		"- {id: c, severity: high, match: hit}\n";
	AUTO_BENCH struct bench b;

	(void)state;
	bench_start(&b, pack, bench_options());
	bench_lines(&b, "{\"level\":\"fatal\",\"message\":\"hit warn\"}\n");
	bench_is(&b, "severity", "medium\ncritical\nhigh\n");
}

static void everything_is_counted(void **state)
{
	static const char pack[] =
		"patterns:\n"
		"- {id: a, severity: low, match: hit, except: never}\n"
		"- {id: b, severity: low, match: 'hit (?<n>\\d+)', "
		"when: n > 5}\n";
	struct detector_options opt = bench_options();
	AUTO_BENCH struct bench b;
	struct detector_stats s;
	struct detector_rule_stats r;

	(void)state;
	opt.measure = true;
	bench_start(&b, pack, opt);
	bench_lines(&b, "hit 1\nx\n2026-11-20T09:00:00Z hit 9\nhit never\n");
	bench_lines(&b, "9999-99-99T00:00:00Z hit 2\nx");
	s = detector_stats(b.d);
	assert_int_equal(s.blocks, 2);
	assert_int_equal(s.lines, 6);
	assert_int_equal(s.bytes, b.offset);
	assert_int_equal(s.hit_lines, 3);
	assert_int_equal(s.detections, 4);
	assert_int_equal(s.no_times, 2);
	assert_int_equal(detector_rule_count(b.d), 2);
	r = detector_rule_stats(b.d, 0);
	assert_string_equal(r.id, "a");
	assert_int_equal(r.hits, 3);
	assert_int_equal(r.excepted, 1);
	assert_int_equal(r.written, 3);
	r = detector_rule_stats(b.d, 1);
	assert_int_equal(r.hits, 3);
	assert_int_equal(r.compared, 2);
	assert_int_equal(r.written, 1);
}

static void every_line_may_be_told(void **state)
{
	struct detector_options opt = bench_options();
	AUTO_BENCH struct bench b;

	(void)state;
	opt.all = true;
	bench_start(&b, ONE, opt);
	bench_lines(&b, "one\nhit\n\nERROR last");
	bench_is(&b, "id",
		 "s1:0000000000000000:event\ns1:0000000000000004:event\n"
		 "s1:0000000000000004:one\ns1:0000000000000008:event\n"
		 "s1:0000000000000009:event\n");
}

static void errors_name_their_place(void **state)
{
	static const char *const bad[][2] = {
		{"patterns:\n- {id: a, severity: low, match: x}\n"
		 "- {id: b, severity: low, match: 'open ('}\n",
		 "p.yaml:3: "},
		{"patterns:\n- {id: a, severity: low, "
		 "when: b then c within 5s}\n",
		 "'b'"},
	};
	const struct detector_options opt = bench_options();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_PACKS struct packs packs = PACKS_INIT;
		AUTO_DETECTOR struct detector *d = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(pack_load_text(&packs, slice_of(bad[i][0]),
						"p.yaml", &err),
				 0);
		assert_int_equal(detector_new(&d, &packs, &opt, &err), -1);
		assert_err(&err, ERR_USAGE, bad[i][1]);
	}
}

static void explaining_changes_nothing(void **state)
{
	static const char pack[] =
		"patterns:\n"
		"- {id: a, severity: low, match: 'hit (?<n>\\d+)', "
		"when: 2 times within 5m}\n"
		"- {id: b, severity: low, match: 'disk failed', "
		"except: drill}\n";
	AUTO_BENCH struct bench b;
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	bench_start(&b, pack, bench_options());
	for (int i = 0; i < 3; i++)
		assert_int_equal(detector_explain(b.d, b.w,
						  SLICE_LIT("hit 7\x01"), &out),
				 1);
	assert_non_null(strstr(buf_str(&out), "a: matches; "));
	assert_non_null(strstr(buf_str(&out), "    n = 7\n"));
	buf_reset(&out);
	assert_int_equal(detector_explain(b.d, b.w,
					  SLICE_LIT("disk failed in a drill"),
					  &out),
			 0);
	assert_non_null(strstr(buf_str(&out), "so does its exception drill"));
	buf_reset(&out);
	assert_int_equal(
		detector_explain(b.d, b.w, SLICE_LIT("disk full"), &out), 0);
	assert_non_null(strstr(buf_str(&out), "'disk f' fits 'disk f'"));
	bench_lines(&b, "hit 1\n");
	bench_is(&b, "id", "");
	bench_lines(&b, "hit 1\n");
	bench_is(&b, "kind", "threshold\n");
}

static void only_what_is_in_time_is_told(void **state)
{
	struct detector_options opt = bench_options();
	AUTO_BENCH struct bench b;

	(void)state;
	opt.since = NOW - WHEN_HOUR;
	opt.until = NOW;
	bench_start(&b, ONE, opt);
	bench_lines(&b, "2026-11-20T08:59:59Z hit early\n"
			"hit before any time\n"
			"2026-11-20T09:00:00Z hit first\n"
			"2026-11-20T10:00:00Z hit last\n"
			"2026-11-20T10:00:01Z hit late\n");
	bench_is(&b, "title",
		 "hit first\n"
		 "hit last\n");
	assert_int_equal(detector_stats(b.d).outside, 3);
}

#define CONDITIONS                                                  \
	"patterns:\n"                                               \
	"- {id: t, severity: low, match: 'hit (?<n>\\w+)',\n"       \
	"   when: 3 times within 5m by n}\n"                        \
	"- {id: up, severity: low, match: begins, detect: false}\n" \
	"- {id: down, severity: low, match: ends, detect: false}\n" \
	"- {id: w, severity: high, when: up without down within 10m}\n"

/* What it saved is all that the next one needs. */
static void a_restart_goes_on(void **state)
{
	struct detector_options opt = bench_options();
	AUTO_BUF struct buf saved = BUF_INIT;
	AUTO_BUF struct buf again = BUF_INIT;
	AUTO_BENCH struct bench one, other;
	struct err err = ERR_INIT;

	(void)state;
	bench_start(&one, CONDITIONS, opt);
	bench_start(&other, CONDITIONS, opt);
	bench_lines(&one, "2026-11-20T09:00:00Z hit a\n"
			  "2026-11-20T09:00:01Z hit b\n"
			  "2026-11-20T09:00:02Z hit a, begins\n");
	bench_is(&one, "id", "");
	detector_save(one.d, &saved);
	assert_int_equal(detector_load(other.d, buf_slice(&saved), &err), 0);
	detector_save(other.d, &again);
	assert_string_equal(buf_str(&again), buf_str(&saved));
	other.offset = one.offset;
	bench_lines(&other, "2026-11-20T09:00:03Z hit a\n"
			    "2026-11-20T09:11:00Z nothing\n");
	bench_is(&other, "pattern", "t\nw\n");
}

static void a_state_that_is_broken_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{\"conditions\":[}",
		"{\"conditions\":1}",
		"{\"rates\":1}",
		"{\"rates\":{\"one\":{\"start\"}}}",
	};
	/* Of rules that are gone, or with numbers that are none. */
	static const char *const good[] = {
		"{}",
		"{\"rates\":{}}",
		"{\"rates\":{\"gone\":{\"start\":1}}}",
		"{\"rates\":{\"one\":7}}",
		("{\"rates\":{\"one\":{\"start\":\"x\",\"written\":1e400,"
		 "\"folded\":5,\"record\":[]}}}"),
	};
	struct detector_options opt = bench_options();

	(void)state;
	opt.rate_count = 1;
	opt.rate_ms = WHEN_MINUTE;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_BENCH struct bench b;
		struct err err = ERR_INIT;

		bench_start(&b, ONE, opt);
		if (detector_load(b.d, slice_of(bad[i]), &err) != -1)
			fail_msg("taken: %s", bad[i]);
		assert_int_not_equal(err.kind, ERR_NONE);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO_BENCH struct bench b;
		struct err err = ERR_INIT;

		bench_start(&b, ONE, opt);
		(void)!detector_load(b.d, slice_of(good[i]), &err);
		assert_no_err(&err);
		bench_lines(&b, "hit\n");
		detector_finish(b.d, &b.out);
		bench_is(&b, "title", "hit\n");
	}
}

/* Also those that were folded before a restart. */
static void what_is_folded_is_told_in_the_end(void **state)
{
	struct detector_options opt = bench_options();
	AUTO_BUF struct buf saved = BUF_INIT;
	AUTO_BENCH struct bench one, other;
	struct err err = ERR_INIT;

	(void)state;
	opt.rate_count = 2;
	opt.rate_ms = WHEN_MINUTE;
	bench_start(&one, ONE, opt);
	bench_start(&other, ONE, opt);
	bench_lines(&one, "2026-11-20T09:00:00Z hit 1\n"
			  "2026-11-20T09:00:01Z hit 2\n"
			  "2026-11-20T09:00:02Z hit 3\n"
			  "2026-11-20T09:00:03Z hit 4\n");
	bench_is(&one, "count", "1\n1\n");
	assert_int_equal(detector_rule_stats(one.d, 0).folded, 2);
	detector_save(one.d, &saved);
	assert_int_equal(detector_load(other.d, buf_slice(&saved), &err), 0);
	other.offset = one.offset;
	bench_lines(&other, "2026-11-20T09:00:04Z hit 5\n");
	bench_is(&other, "count", "");
	bench_lines(&other, "2026-11-20T09:01:00Z hit 6\n");
	bench_is(&other, "count", "3\n1\n");
	bench_lines(&one, "2026-11-20T09:00:05Z hit 5\n");
	detector_finish(one.d, &one.out);
	bench_is(&one, "first", "2026-11-20T09:00:02.000Z\n");
}

static void what_is_due_comes_without_lines(void **state)
{
	struct detector_options opt = bench_options();
	AUTO_BENCH struct bench b;
	int64_t due;

	(void)state;
	opt.live = true;
	bench_start(&b, CONDITIONS, opt);
	assert_true(detector_next(b.d) == WHEN_NONE);
	bench_lines(&b, "2026-11-20T10:00:00Z begins\n");
	due = detector_next(b.d);
	assert_true(due >= NOW + 10 * WHEN_MINUTE &&
		    due <= NOW + 11 * WHEN_MINUTE);
	detector_time(b.d, due - 1, &b.out);
	bench_is(&b, "pattern", "");
	detector_time(b.d, due, &b.out);
	bench_is(&b, "pattern", "w\n");
	assert_true(detector_next(b.d) == WHEN_NONE);
	detector_time(b.d, due + WHEN_DAY, &b.out);
	bench_is(&b, "pattern", "");
}

/* What an expression cannot decide is told once, and counted each time. */
static void a_fault_is_told_by_name(void **state)
{
	static const char pack[] =
		"patterns:\n- {id: evil, severity: low, match: '(a+)+$'}\n"
		"- {id: good, severity: low, match: 'a!'}\n";
	struct detector_options opt = bench_options();
	AUTO_BENCH struct bench b;

	(void)state;
	opt.measure = true;
	bench_start(&b, pack, opt);
	for (int i = 0; i < 3; i++)
		bench_lines(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n");
	bench_is(&b, "pattern", "good\ngood\ngood\n");
	assert_int_equal(detector_stats(b.d).faults, 3);
	assert_int_equal(detector_rule_stats(b.d, 0).faults, 3);
	assert_non_null(strstr(buf_str(&b.told), "pattern 'evil'"));
	assert_null(strchr(strchr(buf_str(&b.told), '\n') + 1, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles_fall_back),
		cmocka_unit_test(the_line_may_say_how_bad_it_is),
		cmocka_unit_test(everything_is_counted),
		cmocka_unit_test(every_line_may_be_told),
		cmocka_unit_test(errors_name_their_place),
		cmocka_unit_test(explaining_changes_nothing),
		cmocka_unit_test(only_what_is_in_time_is_told),
		cmocka_unit_test(a_restart_goes_on),
		cmocka_unit_test(a_state_that_is_broken_is_refused),
		cmocka_unit_test(what_is_folded_is_told_in_the_end),
		cmocka_unit_test(what_is_due_comes_without_lines),
		cmocka_unit_test(a_fault_is_told_by_name),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
