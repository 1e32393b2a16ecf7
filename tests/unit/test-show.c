#include "unit.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <jansson.h>

#include <oncall/show.h>
#include <oncall/utf8.h>

/* A slice that static tables can hold. */
#define BYTES(s)                   \
	{                          \
		(s), sizeof(s) - 1 \
	}

#define FFFD "\xef\xbf\xbd"

static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static void json_escapes(void **state)
{
	static const struct {
		struct slice in;
		const char *out;
	} cases[] = {
		{BYTES(""), ""},
		{BYTES("plain"), "plain"},
		{BYTES("say \"hi\""), "say \\\"hi\\\""},
		{BYTES("a\\b"), "a\\\\b"},
		{BYTES("\b\f\n\r\t"), "\\b\\f\\n\\r\\t"},
		{BYTES("\0\x01\x1f"), "\\u0000\\u0001\\u001f"},
		{BYTES("\x7f/"), "\x7f/"},
		{BYTES("M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x94\xa5"),
		 "M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x94\xa5"},
		{BYTES("a\xff"
		       "b"),
		 "a" FFFD "b"},
		{BYTES("\xc3"), FFFD},
		{BYTES("\xc3\""), FFFD "\\\""},
		{BYTES("\xe2\x82\n"), FFFD "\\n"},
		{BYTES("\xed\xa0\x80x"), FFFD FFFD FFFD "x"},
		{BYTES("01234567\""), "01234567\\\""},
		{BYTES("0123456\"8"), "0123456\\\"8"},
		{BYTES("0123456789abcde\n"), "0123456789abcde\\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;

		show_json(&out, cases[i].in.ptr, cases[i].in.len);
		assert_string_equal(buf_str(&out), cases[i].out);
	}
}

/* Any bytes, in quotes, are JSON, and mean the repaired bytes. */
static void json_is_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		static const char some[] = "ab \"\\\n\x01\x1f\x20\x7f\xc3\xa9"
					   "\xe2\x82\xac\xff\x80";
		AUTO_BUF struct buf out = BUF_INIT, want = BUF_INIT;
		char in[40];
		size_t n = next_random() % sizeof(in);
		json_t *text;

		for (size_t k = 0; k < n; k++)
			in[k] = i % 4 ? some[next_random() % (sizeof(some) - 1)]
				      : (char)next_random();
		buf_add_char(&out, '"');
		show_json(&out, in, n);
		buf_add_char(&out, '"');
		(void)utf8_repair(&want, in, n);
		text = json_loadb(out.data, out.len,
				  JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		if (!text)
			fail_msg("%s is not JSON", out.data);
		assert_int_equal(json_string_length(text), want.len);
		if (want.len)
			assert_memory_equal(json_string_value(text), want.data,
					    want.len);
		json_decref(text);
	}
}

static void control_bytes_are_replaced(void **state)
{
	static const struct {
		struct slice in;
		const char *out;
	} cases[] = {
		{BYTES(""), ""},
		{BYTES("two words"), "two words"},
		{BYTES("a\tb\nc\vd\fe\rf"), "a b c d e f"},
		{BYTES("\033[31mred"), "?[31mred"},
		{BYTES("a\0b\x7f\x08"), "a?b??"},
		{BYTES("\x01\x0e\x1f"), "???"},
		{BYTES("\xc2\x80\xc2\x9b\xc2\x9f"), "???"},
		{BYTES("\xc2\xa0"), "\xc2\xa0"},
		{BYTES("\xe2\x80\xaa\xe2\x80\xae"), "??"},
		{BYTES("\xe2\x81\xa6\xe2\x81\xa9"), "??"},
		{BYTES("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c"), "???"},
		{BYTES("\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"),
		 "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"},
		{BYTES("\xe2\x80\x8d\xe2\x80\x90"), "\xe2\x80\x8d\xe2\x80\x90"},
		{BYTES("M\xc3\xbcnchen \xf0\x9f\x94\xa5"),
		 "M\xc3\xbcnchen \xf0\x9f\x94\xa5"},
		{BYTES("a\xff\x9b"
		       "b"),
		 "a" FFFD FFFD "b"},
		{BYTES("\xe2\x82x"), FFFD "x"},
		{BYTES("\xe2\x82"), FFFD},
		{BYTES("\x9b\xc3\xbc"), FFFD "\xc3\xbc"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;

		show_text(&out, cases[i].in.ptr, cases[i].in.len, 0);
		assert_string_equal(buf_str(&out), cases[i].out);
	}
}

static void long_text_is_cut(void **state)
{
	static const struct {
		const char *in;
		size_t max;
		const char *out;
	} cases[] = {
		{"0123456789", 0, "0123456789"},
		{"0123456789", 10, "0123456789"},
		{"0123456789", 9, "012345..."},
		{"0123456789", 4, "0..."},
		{"0123456789", 3, "012"},
		{"0123456789", 1, "0"},
		{"\n\n\n\n\n\n", 5, "  ..."},
		{"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 8,
		 "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"},
		{"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 7, "\xc3\xbc\xc3\xbc..."},
		{"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 6, "\xc3\xbc..."},
		{"\xff\xff\xff", 8, FFFD "..."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;

		buf_add_str(&out, "x");
		show_text(&out, cases[i].in, strlen(cases[i].in), cases[i].max);
		assert_string_equal(buf_str(&out) + 1, cases[i].out);
	}
}

static void any_text_is_safe(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		AUTO_BUF struct buf out = BUF_INIT, again = BUF_INIT;
		char in[64];
		size_t n = next_random() % sizeof(in);
		size_t max = i % 2 ? next_random() % sizeof(in) : 0;

		for (size_t k = 0; k < n; k++)
			in[k] = (char)next_random();
		show_text(&out, in, n, max);
		assert_true(utf8_valid(buf_str(&out), out.len));
		assert_true(!max || out.len <= max);
		show_text(&again, buf_str(&out), out.len, 0);
		assert_string_equal(buf_str(&again), buf_str(&out));
	}
}

/* The two ends of a new terminal, *ret_terminal what programs write to. */
static int open_terminal(int *ret_terminal)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	char name[64];

	assert_true(fd >= 0);
	assert_int_equal(grantpt(fd), 0);
	assert_int_equal(unlockpt(fd), 0);
	assert_int_equal(ptsname_r(fd, name, sizeof(name)), 0);
	*ret_terminal = open(name, O_RDWR | O_NOCTTY);
	assert_true(*ret_terminal >= 0);
	return fd;
}

static void colors_need_a_terminal_that_wants_them(void **state)
{
	AUTO_FD int terminal = -1, fd = -1, null = -1;

	(void)state;
	fd = open_terminal(&terminal);
	null = open("/dev/null", O_WRONLY);
	(void)unsetenv("NO_COLOR");
	(void)setenv("TERM", "xterm", 1);
	assert_true(show_colors(terminal));
	assert_false(show_colors(null));
	assert_false(show_colors(-1));
	(void)setenv("NO_COLOR", "1", 1);
	assert_false(show_colors(terminal));
	(void)setenv("NO_COLOR", "", 1); /* as good as not set */
	assert_true(show_colors(terminal));
	(void)setenv("TERM", "dumb", 1);
	assert_false(show_colors(terminal));
}

static void width_is_found_somewhere(void **state)
{
	static const struct {
		const char *columns;
		size_t width;
	} cases[] = {
		{"132", 132},	  {"", 80},	 {"0", 80},
		{"-5", 80},	  {"12x", 80},	 {"x", 80},
		{"10000", 10000}, {"10001", 80}, {"99999999999999999999", 80}};
	struct winsize size = {.ws_row = 24, .ws_col = 97};
	AUTO_FD int terminal = -1, fd = -1;

	(void)state;
	fd = open_terminal(&terminal);
	(void)unsetenv("COLUMNS");
	assert_int_equal(show_width(-1), 80);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)setenv("COLUMNS", cases[i].columns, 1);
		assert_int_equal(show_width(-1), cases[i].width);
	}
	(void)setenv("COLUMNS", "132", 1);
	assert_int_equal(show_width(terminal), 132); /* a terminal of 0 by 0 */
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
	assert_int_equal(show_width(terminal), 97);
}

static const char *const headings[] = {"ID", "COUNT>", "TITLE~", "STATUS"};

static struct show_table *sample(void)
{
	struct show_table *t = show_table_new(headings, ARRAY_LEN(headings));

	show_table_cell(t, SLICE_LIT("INC-1"), SHOW_PLAIN);
	show_table_cellf(t, SHOW_PLAIN, "%d", 7);
	show_table_cell(t, SLICE_LIT("disk full on \xe6\x97\xa5\xe6\x9c\xac"),
			SHOW_PLAIN);
	show_table_cell(t, SLICE_LIT("open"), SHOW_RED);
	show_table_cell(t, SLICE_LIT("INC-20"), SHOW_PLAIN);
	show_table_cellf(t, SHOW_PLAIN, "%d", 123456);
	show_table_cell(t, SLICE_LIT("\033evil\n"), SHOW_PLAIN);
	show_table_cell(t, SLICE_LIT(""), SHOW_RED);
	return t;
}

static void columns_stand_in_line(void **state)
{
	AUTO_TABLE struct show_table *t = sample();
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	show_table_print(t, &out, 0, false);
	assert_string_equal(
		buf_str(&out),
		"ID       COUNT  TITLE              STATUS\n"
		"INC-1        7  disk full on \xe6\x97\xa5\xe6\x9c\xac  open\n"
		"INC-20  123456  ?evil\n");
}

static void the_marked_column_gives_way(void **state)
{
	AUTO_TABLE struct show_table *t = sample();
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	show_table_print(t, &out, 41, false); /* exactly wide enough */
	assert_non_null(strstr(buf_str(&out), "on \xe6\x97\xa5\xe6\x9c\xac"));
	buf_reset(&out);
	show_table_print(t, &out, 40, false);
	assert_string_equal(buf_str(&out),
			    "ID       COUNT  TITLE             STATUS\n"
			    "INC-1        7  disk full on ...  open\n"
			    "INC-20  123456  ?evil\n");
	buf_reset(&out);
	show_table_print(t, &out, 1, false);
	assert_string_equal(buf_str(&out), "ID       COUNT  TITLE     STATUS\n"
					   "INC-1        7  disk ...  open\n"
					   "INC-20  123456  ?evil\n");
}

static void a_wide_letter_is_not_cut_in_half(void **state)
{
	static const char *const names[] = {"N", "T"};
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_TABLE struct show_table *t = show_table_new(names, 2);

	(void)state;
	show_table_cellf(t, SHOW_PLAIN, "%s", "1");
	show_table_cellf(t, SHOW_PLAIN, "%s",
			 "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
			 "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5");
	show_table_print(t, &out, 12, false); /* nine columns: six and dots */
	assert_string_equal(buf_str(&out),
			    "N  T\n1  \xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5..."
			    "\n");
	buf_reset(&out);
	show_table_print(t, &out, 11, false); /* eight: only four fit */
	assert_string_equal(buf_str(&out),
			    "N  T\n1  \xe6\x97\xa5\xe6\x97\xa5...\n");
}

static void colors_surround_cells_only(void **state)
{
	AUTO_TABLE struct show_table *t = sample();
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	show_table_print(t, &out, 0, true);
	assert_non_null(strstr(buf_str(&out),
			       "\033[1mID\033[0m       \033[1mCOUNT\033[0m"));
	assert_non_null(strstr(buf_str(&out), "  \033[31mopen\033[0m\n"));
	assert_non_null(strstr(buf_str(&out), "?evil\n"));
}

static void a_table_may_end_early(void **state)
{
	static const char *const names[] = {"A", "BB", "C"};
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_TABLE struct show_table *t = show_table_new(names, 3);

	(void)state;
	show_table_print(t, &out, 80, false);
	assert_string_equal(buf_str(&out), "A  BB  C\n");
	buf_reset(&out);
	show_table_cell(t, SLICE_LIT("1"), SHOW_PLAIN);
	show_table_print(t, &out, 80, false);
	assert_string_equal(buf_str(&out), "A  BB  C\n1\n");
	show_table_free(NULL);
}

static void many_rows(void **state)
{
	static const char *const names[] = {"N>", "TEXT"};
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_TABLE struct show_table *t = show_table_new(names, 2);
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		show_table_cellf(t, SHOW_PLAIN, "%d", i);
		show_table_cell(t, SLICE_LIT("x"), SHOW_PLAIN);
	}
	show_table_print(t, &out, 80, false);
	for (size_t i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 10001);
	assert_int_equal(out.len, sizeof("   N  TEXT\n") - 1 +
					  10000 * (sizeof("9999  x\n") - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_escapes),
		cmocka_unit_test(json_is_read_back),
		cmocka_unit_test(control_bytes_are_replaced),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(any_text_is_safe),
		cmocka_unit_test(colors_need_a_terminal_that_wants_them),
		cmocka_unit_test(width_is_found_somewhere),
		cmocka_unit_test(columns_stand_in_line),
		cmocka_unit_test(the_marked_column_gives_way),
		cmocka_unit_test(a_wide_letter_is_not_cut_in_half),
		cmocka_unit_test(colors_surround_cells_only),
		cmocka_unit_test(a_table_may_end_early),
		cmocka_unit_test(many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
