#include "unit-join.h"

#include <oncall/map.h>

struct joined {
	struct buf out[STREAMS];
	struct err err;
};

static void joined_done(struct joined *j)
{
	for (size_t i = 0; i < STREAMS; i++)
		buf_done(&j->out[i]);
}
#define AUTO_JOINED CLEANUP(joined_done)

static struct input *over(const struct fake *f, const struct join_options *opt)
{
	struct input *in = NULL;
	struct err err = ERR_INIT;

	if (join_new(&in, &fake_new(f)->base, opt, &err))
		fail_msg("%s", err.text);
	return in;
}

/* Reads to the end; saves and starts anew about every `every` blocks. */
static void read_all(struct joined *j, const struct fake *f,
		     const struct join_options *opt, size_t every, bool places)
{
	struct input *in = over(f, opt);
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	struct fake dice = {.seed = f->seed + 1};
	struct err err = ERR_INIT;
	int state;

	while ((state = input_next(in, &b, 0, &err)) != INPUT_END) {
		assert_no_err(&err);
		if (state == INPUT_BLOCK_READY) {
			assert_true(b.event_count > 0);
			note_block(&j->out[b.stream->id[1] - '0'], &b, places);
		}
		if (every && fake_random(&dice, every) == 0) {
			AUTO_BUF struct buf saved = BUF_INIT;
			struct fake again = *f;

			input_save(in, &saved);
			input_free(in);
			again.seed = f->seed ? dice.seed : 0;
			in = over(&again, opt);
			assert_int_equal(
				input_load(in, buf_slice(&saved), &err), 0);
		}
	}
	input_free(in);
}

static void expect(const struct join_options *opt, const char *text,
		   const char *want)
{
	struct fake f = {.text = {slice_of(text)}};
	AUTO_JOINED struct joined j = {.err = ERR_INIT};

	read_all(&j, &f, opt, 0, false);
	assert_string_equal(buf_str(&j.out[0]), want);
}

#define OPT(...) (&(const struct join_options){__VA_ARGS__})

static void java_traces_follow_their_line(void **state)
{
	(void)state;
	expect(OPT(.preset = "java"),
	       "2026-11-20 10:00:00 INFO a started\n"
	       "2026-11-20 10:00:01 ERROR b failed\n"
	       "java.lang.IllegalStateException: no\r\n"
	       "\tat com.acme.A.run(A.java:10)\n"
	       "    at com.acme.B.run(B.java:11)\n"
	       "Caused by: java.io.IOException: gone\n"
	       "\tat com.acme.C.run(C.java:12)\n"
	       "\t... 12 more\n"
	       "\tSuppressed: java.io.IOException: gone, too\n"
	       "\t\tat com.acme.D.run(D.java:12)\n"
	       "java.lang.Error: alone\n"
	       "\tat x.Y.z(Y.java:1)\n"
	       "2026-11-20 10:00:02 INFO at work\n"
	       "Exception in thread \"main\" java.lang.NullPointerException\n"
	       "\tat com.acme.A.main(A.java:10)\n"
	       "com.acme.Main: no exception\n"
	       "  indented, not a frame\n",
	       "2026-11-20 10:00:00 INFO a started\n--\n"
	       "2026-11-20 10:00:01 ERROR b failed\n"
	       "java.lang.IllegalStateException: no\r\n"
	       "\tat com.acme.A.run(A.java:10)\n"
	       "    at com.acme.B.run(B.java:11)\n"
	       "Caused by: java.io.IOException: gone\n"
	       "\tat com.acme.C.run(C.java:12)\n"
	       "\t... 12 more\n"
	       "\tSuppressed: java.io.IOException: gone, too\n"
	       "\t\tat com.acme.D.run(D.java:12)\n--\n"
	       "java.lang.Error: alone\n"
	       "\tat x.Y.z(Y.java:1)\n--\n"
	       "2026-11-20 10:00:02 INFO at work\n--\n"
	       "Exception in thread \"main\" java.lang.NullPointerException\n"
	       "\tat com.acme.A.main(A.java:10)\n--\n"
	       "com.acme.Main: no exception\n--\n"
	       "  indented, not a frame\n--\n");
}

static void traces_behind_a_prefix_are_known(void **state)
{
	(void)state;
	expect(OPT(.preset = "java"),
	       "Nov 20 10:00:01 web app[12]: java.io.IOException: gone\n"
	       "Nov 20 10:00:01 web app[12]: \tat a.B.c(B.java:1)\n"
	       "Nov 20 10:00:02 web app[12]: Caused by: a.X: y\n"
	       "Nov 20 10:00:02 web app[13]: other\n",
	       "Nov 20 10:00:01 web app[12]: java.io.IOException: gone\n"
	       "Nov 20 10:00:01 web app[12]: \tat a.B.c(B.java:1)\n"
	       "Nov 20 10:00:02 web app[12]: Caused by: a.X: y\n--\n"
	       "Nov 20 10:00:02 web app[13]: other\n--\n");
	expect(OPT(.preset = "go"),
	       "app-1  | panic: no\n"
	       "app-1  | \n"
	       "app-1  | goroutine 1 [running]:\n"
	       "app-1  | main.main()\n"
	       "app-1  | \t/app/main.go:5 +0x1d\n"
	       "app-1  | ready\n",
	       "app-1  | panic: no\n"
	       "app-1  | \n"
	       "app-1  | goroutine 1 [running]:\n"
	       "app-1  | main.main()\n"
	       "app-1  | \t/app/main.go:5 +0x1d\n--\n"
	       "app-1  | ready\n--\n");
}

static void python_traces_end_with_their_error(void **state)
{
	(void)state;
	expect(OPT(.preset = "python"),
	       "INFO ready\n"
	       "Traceback (most recent call last):\n"
	       "  File \"a.py\", line 1, in f\n"
	       "    g()\n"
	       "    ^^^\n"
	       "ValueError: bad\n"
	       "\n"
	       "During handling of the above exception, another exception "
	       "occurred:\n"
	       "\n"
	       "Traceback (most recent call last):\n"
	       "  File \"a.py\", line 3, in g\n"
	       "a.b.Broken: worse\n"
	       "INFO next\n"
	       "ERROR:root:failed\n"
	       "Traceback (most recent call last):\n"
	       "  File \"a.py\", line 1, in f\n"
	       "KeyboardInterrupt\n"
	       "  not part of it\n",
	       "INFO ready\n--\n"
	       "Traceback (most recent call last):\n"
	       "  File \"a.py\", line 1, in f\n"
	       "    g()\n"
	       "    ^^^\n"
	       "ValueError: bad\n"
	       "\n"
	       "During handling of the above exception, another exception "
	       "occurred:\n"
	       "\n"
	       "Traceback (most recent call last):\n"
	       "  File \"a.py\", line 3, in g\n"
	       "a.b.Broken: worse\n--\n"
	       "INFO next\n--\n"
	       "ERROR:root:failed\n"
	       "Traceback (most recent call last):\n"
	       "  File \"a.py\", line 1, in f\n"
	       "KeyboardInterrupt\n--\n"
	       "  not part of it\n--\n");
	expect(OPT(.preset = "python"),
	       "Nov 20 10:00:01 web app[7]: boom Traceback (most recent call "
	       "last):\n"
	       "Nov 20 10:00:01 web app[7]:   File \"a.py\", line 1\n"
	       "Nov 20 10:00:01 web app[7]: TypeError: no\n"
	       "Nov 20 10:00:01 web app[7]: next\n",
	       "Nov 20 10:00:01 web app[7]: boom Traceback (most recent call "
	       "last):\n"
	       "Nov 20 10:00:01 web app[7]:   File \"a.py\", line 1\n"
	       "Nov 20 10:00:01 web app[7]: TypeError: no\n--\n"
	       "Nov 20 10:00:01 web app[7]: next\n--\n");
}

static void go_panics_have_blank_lines(void **state)
{
	(void)state;
	expect(OPT(.preset = "go"),
	       "2026/11/20 10:00:00 listening\n"
	       "panic: runtime error: index out of range [recovered]\n"
	       "\tpanic: again\n"
	       "[signal SIGSEGV: segmentation violation]\n"
	       "\n"
	       "goroutine 1 [running]:\n"
	       "main.(*T).run(0xc0000, {0x1, 0x2})\n"
	       "\t/app/main.go:5 +0x1d\n"
	       "created by main.main in goroutine 7\n"
	       "\t/app/main.go:9 +0x1d\n"
	       "\n"
	       "goroutine 7 [chan receive]:\n"
	       "main.main()\n"
	       "\t/app/main.go:9 +0x1d\n"
	       "exit status 2\n"
	       "2026/11/20 10:00:01 http: panic serving 127.0.0.1: x\n"
	       "goroutine 9 [running]:\n"
	       "net/http.(*conn).serve.func1()\n"
	       "2026/11/20 10:00:02 next (call)\n"
	       "runtime: goroutine stack exceeds 1000000000-byte limit\n"
	       "fatal error: stack overflow\n",
	       "2026/11/20 10:00:00 listening\n--\n"
	       "panic: runtime error: index out of range [recovered]\n"
	       "\tpanic: again\n"
	       "[signal SIGSEGV: segmentation violation]\n"
	       "\n"
	       "goroutine 1 [running]:\n"
	       "main.(*T).run(0xc0000, {0x1, 0x2})\n"
	       "\t/app/main.go:5 +0x1d\n"
	       "created by main.main in goroutine 7\n"
	       "\t/app/main.go:9 +0x1d\n"
	       "\n"
	       "goroutine 7 [chan receive]:\n"
	       "main.main()\n"
	       "\t/app/main.go:9 +0x1d\n"
	       "exit status 2\n--\n"
	       "2026/11/20 10:00:01 http: panic serving 127.0.0.1: x\n"
	       "goroutine 9 [running]:\n"
	       "net/http.(*conn).serve.func1()\n--\n"
	       "2026/11/20 10:00:02 next (call)\n--\n"
	       "runtime: goroutine stack exceeds 1000000000-byte limit\n"
	       "fatal error: stack overflow\n--\n");
}

static void node_errors_have_source_and_properties(void **state)
{
	(void)state;
	expect(OPT(.preset = "node"),
	       "listening\n"
	       "/app/x.js:10\n"
	       "throw new Error('x');\n"
	       "^\n"
	       "\n"
	       "Error: x\n"
	       "    at Object.<anonymous> (/app/x.js:10:7)\n"
	       "    at node:internal/main:1:2 {\n"
	       "  code: 'E',\n"
	       "\n"
	       "  [cause]: Error: y\n"
	       "      at f (/app/y.js:1:2)\n"
	       "}\n"
	       "TypeError: z\n"
	       "    at f (/app/y.js:1:2)\n"
	       "done\n",
	       "listening\n--\n"
	       "/app/x.js:10\n"
	       "throw new Error('x');\n"
	       "^\n"
	       "\n"
	       "Error: x\n"
	       "    at Object.<anonymous> (/app/x.js:10:7)\n"
	       "    at node:internal/main:1:2 {\n"
	       "  code: 'E',\n"
	       "\n"
	       "  [cause]: Error: y\n"
	       "      at f (/app/y.js:1:2)\n"
	       "}\n--\n"
	       "TypeError: z\n"
	       "    at f (/app/y.js:1:2)\n--\n"
	       "done\n--\n");
}

static void postgresql_lines_go_to_their_process(void **state)
{
	(void)state;
	expect(OPT(.preset = "postgresql"),
	       "2026-11-20 10:00:00 UTC [7] u@d LOG:  a\n"
	       "2026-11-20 10:00:01 UTC [7] u@d ERROR:  note:  b\n"
	       "2026-11-20 10:00:01 UTC [8] u@d ERROR:  c\n"
	       "2026-11-20 10:00:01 UTC [7] u@d DETAIL:  d\n"
	       "\tof several\n"
	       "2026-11-20 10:00:01 UTC [8] u@d STATEMENT:  select\n"
	       "\t1\n"
	       "2026-11-20 10:00:01 UTC [7] u@d HINT:  e\n",
	       "2026-11-20 10:00:00 UTC [7] u@d LOG:  a\n--\n"
	       "2026-11-20 10:00:01 UTC [8] u@d ERROR:  c\n"
	       "2026-11-20 10:00:01 UTC [8] u@d STATEMENT:  select\n"
	       "\t1\n--\n"
	       "~2026-11-20 10:00:01 UTC [7] u@d ERROR:  note:  b\n"
	       "2026-11-20 10:00:01 UTC [7] u@d DETAIL:  d\n"
	       "\tof several\n"
	       "2026-11-20 10:00:01 UTC [7] u@d HINT:  e\n--\n");
	expect(OPT(.preset = "postgresql"),
	       "ERROR:  a\nSTATEMENT:  b\nplain\nLOG:  c\n",
	       "ERROR:  a\nSTATEMENT:  b\n--\nplain\n--\nLOG:  c\n--\n");
}

static void expressions_say_where_events_begin_and_end(void **state)
{
	(void)state;
	expect(OPT(.start = "^BEGIN"), "x\nBEGIN a\ny\nz\nBEGIN b\n",
	       "x\n--\nBEGIN a\ny\nz\n--\nBEGIN b\n--\n");
	expect(OPT(.start = "^B", .end = "^E$"), "B\ny\nE\r\nz\nB\nE\n",
	       "B\ny\nE\r\n--\nz\n--\nB\nE\n--\n");
	expect(OPT(.start = "^B", .go_on = "^\\+"), "+a\nB\n+b\nc\n+d\n",
	       "+a\n--\nB\n+b\n--\nc\n--\n+d\n--\n");
	expect(OPT(.go_on = "^\\+"), "+a\n+b\nc\n+d\ne\n",
	       "+a\n+b\n--\nc\n+d\n--\ne\n--\n");
	expect(OPT(.end = ";$"), "a\nb;\nc;\nd\n",
	       "a\nb;\n--\nc;\n--\nd\n--\n");
	expect(OPT(.indent = true), " a\nb\n c\n\td\n\ne\n",
	       " a\n--\nb\n c\n\td\n--\n\n--\ne\n--\n");
	expect(OPT(.preset = "indent"), "b\n c\nd", "b\n c\n--\nd\n--\n");
	expect(OPT(.preset = "java", .start = "^\tat new"),
	       "a\n\tat x\n\tat new\n\tat y\n",
	       "a\n\tat x\n--\n\tat new\n\tat y\n--\n");
}

static void sessions_are_joined_apart(void **state)
{
	(void)state;
	/* Two traces, interleaved. */
	expect(OPT(.session = "^\\[(\\w+)\\]", .start = "ERROR|INFO"),
	       "[a] ERROR x\n[b] ERROR y\n[a]  at 1\n[b]  at 2\n[a]  at 3\n"
	       "[a] INFO z\nnobody\n",
	       "~[a] ERROR x\n[a]  at 1\n[a]  at 3\n--\nnobody\n--\n"
	       "~[b] ERROR y\n[b]  at 2\n--\n~[a] INFO z\n--\n");
	/* Lines without a name go where the last one went. */
	expect(OPT(.session = "^(\\w):", .preset = "java", .start = "ERROR"),
	       "a: ERROR\nb: ERROR\n\tat b\na: java\n\tat a\n",
	       "~a: ERROR\n--\n~b: ERROR\n\tat b\n--\na: java\n\tat a\n--\n");
}

static void wrong_options_are_named(void **state)
{
	struct input *in = NULL;
	struct fake f = {.text = {SLICE_LIT("a")}};
	static const struct {
		struct join_options opt;
		const char *part;
	} bad[] = {
		{{.preset = "cobol"}, "no preset 'cobol'"},
		{{.start = "a("}, "event-start: 'a(': at offset 2"},
		{{.go_on = "[z-a]"}, "event-continues: '[z-a]'"},
		{{.session = "a"}, "session: no group"},
		{{.timeout_ms = 5}, "nothing says"},
		{{.preset = "go", .max_bytes = JOIN_MAX_HELD + 1}, "max_bytes"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
			join_new(&in, &fake_new(&f)->base, &bad[i].opt, &err),
			-1);
		assert_null(in);
		assert_err(&err, ERR_USAGE, bad[i].part);
	}
}

static void limits_cut_an_event_and_swallow_its_rest(void **state)
{
	(void)state;
	expect(OPT(.start = "^B", .max_lines = 3),
	       "B\n1\n2\nB\n1\n2\n3\n4\nB\n",
	       "B\n1\n2\n--\n!B\n1\n2\n--\nB\n--\n");
	expect(OPT(.start = "^B", .max_bytes = 8),
	       "B12\n4567\nB12\n45678\nx\nB\nB234567890\nx\n",
	       "B12\n4567\n--\n!B12\n4567\n--\nB\n--\n!B2345678\n--\n");
}

static void cut_lines_make_cut_events(void **state)
{
	struct fake f = {
		.text = {SLICE_LIT("a\n b\nc\n d\n")}, .max = 4, .cut = true};
	AUTO_JOINED struct joined j = {.err = ERR_INIT};

	(void)state;
	read_all(&j, &f, OPT(.indent = true), 0, false);
	assert_string_equal(buf_str(&j.out[0]), "!a\n b\n--\n!c\n d\n--\n");
}

static void ids_are_those_of_the_first_line(void **state)
{
	struct fake f = {.text = {SLICE_LIT("id-001\n id-002\nid-003\n")},
			 .max = 1,
			 .as_events = true};
	AUTO_JOINED struct joined j = {.err = ERR_INIT};

	(void)state;
	read_all(&j, &f, OPT(.indent = true), 1, true);
	assert_string_equal(buf_str(&j.out[0]),
			    "0:1:id-001=id-001\n id-002\n--\n"
			    "0:3:id-003=id-003\n--\n");
}

static void silence_completes_an_event(void **state)
{
	struct fake f = {.text = {SLICE_LIT("a\n b\n")}, .silences = 3};
	AUTO_INPUT struct input *in =
		over(&f, OPT(.indent = true, .timeout_ms = 60));
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	int64_t start = clock_mono();

	(void)state;
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_NOTHING);
	assert_int_equal(input_next(in, &b, -1, &err), INPUT_BLOCK_READY);
	assert_in_range(clock_mono() - start, 50, 1000);
	note_block(&out, &b, true);
	assert_string_equal(buf_str(&out), "0:1:a\n b\n--\n");
	assert_true(b.live);
	assert_int_equal(input_next(in, &b, 10, &err), INPUT_NOTHING);
	assert_int_equal(input_next(in, &b, 10, &err), INPUT_END);
	assert_int_equal(input_next(in, &b, 10, &err), INPUT_END);
}

/* The end of a run that a later one goes on from is not the end of an event. */
static void end_keeps_what_may_go_on(void **state)
{
	const struct join_options *opt =
		OPT(.indent = true, .keep = true, .timeout_ms = 2000);
	AUTO_BUF struct buf saved = BUF_INIT;
	AUTO_JOINED struct joined j = {.err = ERR_INIT};
	struct fake f = {.text = {SLICE_LIT("x\na\n b\n")}};
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	struct err err = ERR_INIT;
	struct input *in = over(&f, opt);

	(void)state;
	clock_set(1000000);
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_BLOCK_READY);
	note_block(&j.out[0], &b, true);
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_END);
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_END);
	input_save(in, &saved);
	input_free(in);
	clock_set(1001000);
	f.text[0] = SLICE_LIT("x\na\n b\n c\n");
	in = over(&f, opt);
	assert_int_equal(input_load(in, buf_slice(&saved), &err), 0);
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_END);
	buf_reset(&saved);
	input_save(in, &saved);
	input_free(in);
	clock_set(1003000);
	in = over(&f, opt);
	assert_int_equal(input_load(in, buf_slice(&saved), &err), 0);
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_BLOCK_READY);
	note_block(&j.out[0], &b, true);
	assert_string_equal(buf_str(&j.out[0]),
			    "0:1:x\n--\n2:2:a\n b\n c\n--\n");
	assert_int_equal(input_next(in, &b, 0, &err), INPUT_END);
	input_free(in);
}

static void a_wrong_state_is_refused(void **state)
{
	struct fake f = {.text = {SLICE_LIT("a")}};
	static const char *const bad[] = {"[]", "{\"events\":[1]}",
					  "{\"events\":[{\"stream\":{}}]}",
					  "{\"inner\":x}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_INPUT struct input *in = over(&f, OPT(.preset = "go"));
		struct err err = ERR_INIT;

		if (input_load(in, slice_of(bad[i]), &err) != -1)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

/* More sessions and bytes than are held: nothing is lost. */
static void what_is_held_is_bounded(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BUF struct buf big = BUF_INIT;
	AUTO_JOINED struct joined j = {.err = ERR_INIT};
	struct fake f = {.max = 100000};
	uint64_t lines, marks = 0;

	(void)state;
	for (int i = 0; i < 3 * JOIN_MAX_SESSIONS; i++)
		buf_addf(&text, "[%d] x\n", i);
	for (int i = 0; i < 2000; i++)
		buf_add_str(&big, "0123456789");
	for (int i = 0; i < 1500; i++)
		buf_addf(&text, "[b%d] %s\n", i, buf_str(&big));
	f.text[0] = buf_slice(&text);
	read_all(&j, &f, OPT(.session = "^\\[(\\w+)\\]"), 0, false);
	lines = pattern_count_lines(buf_slice(&j.out[0]));
	assert_int_equal(lines, 2 * (3 * JOIN_MAX_SESSIONS + 1500));
	for (size_t i = 0; i < j.out[0].len; i++)
		marks += j.out[0].data[i] == '~';
	assert_true(marks > 0);
	assert_int_equal(j.out[0].len, text.len + 3 * lines / 2 + marks);
}

static const char *const words[] = {
	"2026-11-20 10:00:00 ERROR a\n",
	"2026-11-20 10:00:03 INFO \xff\x01 b\n",
	"java.lang.Error: x\n",
	"\tat a.b.C(D.java:1)\n",
	"Caused by: a.b.C: x\r\n",
	"\n",
	"Traceback (most recent call last):\n",
	"  File \"x\", line 1\n",
	"ValueError: \"y\\\n",
	"During handling of the above exception, another\n",
	"panic: z\n",
	"goroutine 7 [running]:\n",
	"main.main()\n",
	"created by x\n",
	"/app/x.js:10\n",
	"  ^\n",
	"    at f (/x.js:1:1) {\n",
	"}\n",
	"x [7] ERROR:  a\n",
	"x [8] LOG:  a\n",
	"x [7] DETAIL:  a\n",
	"BEGIN [s1]\n",
	"[s1] more\n",
	"[s2] more\n",
	"END [s2]\n",
};

/* However it is cut into blocks, saved and loaded, the same comes out. */
static void events_do_not_depend_on_blocks(void **state)
{
	static const struct join_options options[] = {
		{.preset = "java"},
		{.preset = "python"},
		{.preset = "go"},
		{.preset = "node"},
		{.preset = "postgresql"},
		{.indent = true, .max_lines = 3},
		{.start = "BEGIN|ERROR", .max_bytes = 50},
		{.start = "BEGIN", .end = "END", .session = "\\[(s\\d)\\]"},
		{.session = "\\[(s\\d)\\]", .preset = "java", .max_lines = 5},
	};
	struct fake dice = {.seed = 7};

	(void)state;
	for (size_t round = 0; round < 40 * ARRAY_LEN(options); round++) {
		const struct join_options *opt =
			&options[round % ARRAY_LEN(options)];
		struct fake f = {.as_events = round % 5 == 4};
		struct buf text[STREAMS] = {BUF_INIT, BUF_INIT, BUF_INIT};
		AUTO_JOINED struct joined want = {.err = ERR_INIT};
		AUTO_JOINED struct joined got = {.err = ERR_INIT};

		for (size_t s = 0; s < STREAMS; s++) {
			size_t n = fake_random(&dice, 60);

			for (size_t i = 0; i < n; i++)
				buf_add_str(&text[s],
					    words[fake_random(
						    &dice, ARRAY_LEN(words))]);
			if (text[s].len && round % 2)
				buf_truncate(&text[s], text[s].len - 1);
			f.text[s] = buf_slice(&text[s]);
		}
		read_all(&want, &f, opt, 0, true);
		f.seed = round + 1;
		f.max = 1 + fake_random(&dice, 400);
		f.own = round % 3 == 0;
		read_all(&got, &f, opt, 3, true);
		for (size_t s = 0; s < STREAMS; s++) {
			assert_string_equal(buf_str(&got.out[s]),
					    buf_str(&want.out[s]));
			buf_done(&text[s]);
		}
	}
}

/* Printed when asked for: how fast ordinary lines pass. */
static void speed(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BLOCK struct input_block b = {.text = {NULL, 0}};
	struct err err = ERR_INIT;

	(void)state;
	if (!getenv("JOIN_SPEED"))
		skip();
	for (int i = 0; text.len < 32 * 1024 * 1024; i++)
		buf_addf(&text,
			 "2026-11-20 10:11:%02d.123 [worker-%d] INFO "
			 "c.acme.service.Thing - request %d took 12 ms\n",
			 i % 60, i % 8, i);
	for (const char *const *p = join_presets; *p; p++) {
		struct fake f = {.text = {buf_slice(&text)},
				 .max = INPUT_BLOCK,
				 .own = true};
		AUTO_INPUT struct input *in = over(&f, OPT(.preset = *p));
		int64_t start = clock_mono();

		while (input_next(in, &b, 0, &err) == INPUT_BLOCK_READY)
			;
		print_message("%-12s %6.0f MB/s\n", *p,
			      (double)text.len / 1000.0 /
				      (double)(clock_mono() - start));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(java_traces_follow_their_line),
		cmocka_unit_test(traces_behind_a_prefix_are_known),
		cmocka_unit_test(python_traces_end_with_their_error),
		cmocka_unit_test(go_panics_have_blank_lines),
		cmocka_unit_test(node_errors_have_source_and_properties),
		cmocka_unit_test(postgresql_lines_go_to_their_process),
		cmocka_unit_test(expressions_say_where_events_begin_and_end),
		cmocka_unit_test(sessions_are_joined_apart),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(limits_cut_an_event_and_swallow_its_rest),
		cmocka_unit_test(cut_lines_make_cut_events),
		cmocka_unit_test(ids_are_those_of_the_first_line),
		cmocka_unit_test(silence_completes_an_event),
		cmocka_unit_test(end_keeps_what_may_go_on),
		cmocka_unit_test(a_wrong_state_is_refused),
		cmocka_unit_test(what_is_held_is_bounded),
		cmocka_unit_test(events_do_not_depend_on_blocks),
		cmocka_unit_test(speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
