#include "unit.h"

#include <oncall/mem.h>
#include <oncall/utf8.h>

#define FFFD "\xEF\xBF\xBD"

static const char *const valid_characters[] = {
	"a",
	"\x7F",
	"\xC2\x80",
	"\xDF\xBF",
	"\xE0\xA0\x80",
	"\xED\x9F\xBF",
	"\xEE\x80\x80",
	"\xEF\xBF\xBF",
	"\xF0\x90\x80\x80",
	"\xF4\x8F\xBF\xBF",
};

/* The bytes, and what becomes of them. */
static const char *const bad_sequences[][2] = {
	{"\x80", FFFD},
	{"\xBF", FFFD},
	{"\xC0\xAF", FFFD FFFD},
	{"\xC1\xBF", FFFD FFFD},
	{"\xC2", FFFD},
	{"\xC2x", FFFD "x"},
	{"\xC2\xC2\x80", FFFD "\xC2\x80"},
	{"\xE0\x80\x80", FFFD FFFD FFFD},
	{"\xE0\x9F\xBF", FFFD FFFD FFFD},
	{"\xE2\x82", FFFD},
	{"\xE2\x82x", FFFD "x"},
	{"\xED\xA0\x80", FFFD FFFD FFFD},
	{"\xED\xBF\xBF", FFFD FFFD FFFD},
	{"\xF0\x80\x80\x80", FFFD FFFD FFFD FFFD},
	{"\xF0\x8F\xBF\xBF", FFFD FFFD FFFD FFFD},
	{"\xF0\x9F\x94", FFFD},
	{"\xF0\x9F\x94\xF0\x9F\x94\xA5", FFFD "\xF0\x9F\x94\xA5"},
	{"\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD},
	{"\xF5\x80\x80\x80", FFFD FFFD FFFD FFFD},
	{"\xFE\xFF", FFFD FFFD},
};

static void every_character_has_its_length(void **state)
{
	size_t i;
	size_t n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(valid_characters); i++) {
		const char *c = valid_characters[i];

		assert_int_equal(utf8_char_len(c, strlen(c)), strlen(c));
		for (n = 0; n < strlen(c); n++)
			assert_int_equal(utf8_char_len(c, n), 0);
	}
	for (i = 0; i < ARRAY_LEN(bad_sequences); i++) {
		const char *c = bad_sequences[i][0];

		assert_int_equal(utf8_char_len(c, strlen(c)), 0);
	}
}

/* Every two, three and four bytes, against the rule written out. */
static bool is_valid_by_the_rule(const unsigned char *u, size_t n)
{
	uint32_t code;
	size_t i;

	if (n == 2 && (u[0] & 0xE0) == 0xC0)
		code = u[0] & 0x1F;
	else if (n == 3 && (u[0] & 0xF0) == 0xE0)
		code = u[0] & 0x0F;
	else if (n == 4 && (u[0] & 0xF8) == 0xF0)
		code = u[0] & 0x07;
	else
		return false;
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xC0) != 0x80)
			return false;
		code = code << 6 | (u[i] & 0x3F);
	}
	if (code >= 0xD800 && code <= 0xDFFF)
		return false;
	if (n == 2)
		return code >= 0x80;
	return n == 3 ? code >= 0x800 : code >= 0x10000 && code <= 0x10FFFF;
}

static void lengths_agree_with_the_rule(void **state)
{
	static const unsigned char ends[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0};
	unsigned char u[4];
	unsigned int pair;
	size_t i;
	size_t n;

	(void)state;
	for (pair = 0x8000; pair <= 0xFFFF; pair++) {
		u[0] = (unsigned char)(pair >> 8);
		u[1] = (unsigned char)pair;
		for (i = 0; i < ARRAY_LEN(ends) * ARRAY_LEN(ends); i++) {
			u[2] = ends[i % ARRAY_LEN(ends)];
			u[3] = ends[i / ARRAY_LEN(ends)];
			for (n = 2; n <= 4; n++) {
				size_t len = utf8_char_len((char *)u, n);

				assert_true((len == n) ==
					    is_valid_by_the_rule(u, n));
			}
		}
	}
}

/* Each bad sequence at each offset within the blocks that are read at once. */
static void bad_bytes_are_found_at_any_offset(void **state)
{
	char text[160];
	size_t i;
	size_t at;

	(void)state;
	for (at = 0; at < 100; at++) {
		memset(text, 'x', sizeof(text));
		assert_true(utf8_valid(text, at));
		for (i = 0; i < ARRAY_LEN(valid_characters); i++) {
			size_t len = strlen(valid_characters[i]);

			memcpy(text + at, valid_characters[i], len);
			assert_true(utf8_valid(text, at + len));
			assert_true(utf8_valid(text, sizeof(text)));
			memset(text, 'x', sizeof(text));
		}
		for (i = 0; i < ARRAY_LEN(bad_sequences); i++) {
			size_t len = strlen(bad_sequences[i][0]);

			memcpy(text + at, bad_sequences[i][0], len);
			assert_false(utf8_valid(text, at + len));
			assert_false(utf8_valid(text, sizeof(text)));
			memset(text, 'x', sizeof(text));
		}
	}
	assert_true(utf8_valid(NULL, 0));
}

/* Exact allocations, so that the sanitizer sees a byte read too many. */
static void nothing_is_read_behind_the_end(void **state)
{
	size_t n;

	(void)state;
	for (n = 1; n < 80; n++) {
		char *text = mem_alloc(n);

		memset(text, 'x', n);
		text[n - 1] = (char)0xF0;
		assert_false(utf8_valid(text, n));
		assert_int_equal(utf8_cut(text, n, n - 1), n - 1);
		assert_int_equal(utf8_width(text, n), n);
		free(text);
	}
}

static void repair_replaces_each_bad_sequence(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad_sequences); i++) {
		AUTO_BUF struct buf in = BUF_INIT;
		AUTO_BUF struct buf out = BUF_INIT;
		AUTO_BUF struct buf want = BUF_INIT;

		buf_addf(&in, "\xC3\xA4 b%s|c", bad_sequences[i][0]);
		buf_addf(&want, "\xC3\xA4 b%s|c", bad_sequences[i][1]);
		assert_true(utf8_repair(&out, in.data, in.len));
		assert_string_equal(buf_str(&out), buf_str(&want));
		assert_true(utf8_valid(out.data, out.len));
	}
}

static void repair_leaves_good_text(void **state)
{
	static const char text[] = "plain \xE2\x82\xAC\0 and \xF0\x9F\x94\xA5";
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	assert_false(utf8_repair(&out, text, sizeof(text) - 1));
	assert_int_equal(out.len, sizeof(text) - 1);
	assert_memory_equal(out.data, text, sizeof(text) - 1);
	assert_false(utf8_repair(&out, NULL, 0));
	assert_int_equal(out.len, sizeof(text) - 1);
}

static void cut_does_not_split_a_character(void **state)
{
	static const char text[] = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\xA5z";
	static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
	size_t max;

	(void)state;
	for (max = 0; max < ARRAY_LEN(want); max++)
		assert_int_equal(utf8_cut(text, sizeof(text) - 1, max),
				 want[max]);
	assert_int_equal(utf8_cut(text, 0, 5), 0);
	/* Bytes that are no character may be cut anywhere. */
	assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80", 5, 4), 4);
	assert_int_equal(utf8_cut("\xE2\x82xyz", 5, 1), 1);
	assert_int_equal(utf8_cut("\xC3\xA4\x80", 3, 2), 2);
}

static void width_counts_columns(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} rows[] = {
		{"", 0},
		{"plain", 5},
		{"\t\x1B\x7F", 0},
		{"\xC2\x85", 0},  /* U+0085, a control character */
		{"\xC3\xA4", 1},  /* a umlaut */
		{"a\xCC\x88", 1}, /* a, U+0308 combining */
		{"\xE6\x97\xA5\xE6\x9C\xAC", 4}, /* two ideographs */
		{"\xEF\xBC\xA1", 2},		 /* U+FF21, full width A */
		{"\xEF\xBD\xB1", 1},		 /* U+FF71, half width */
		{"\xF0\x9F\x94\xA5", 2},	 /* U+1F525, fire */
		{"\xE2\x80\x8B", 0},		 /* U+200B, no width */
		{"\xE2\x82\xAC", 1},		 /* euro */
		{"\xE0\xB8\x81\xE0\xB8\xB5", 1}, /* Thai, with its vowel */
		{"\xED\x95\x9C", 2},		 /* Hangul syllable */
		{"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", 2}, /* its parts */
		{"\xF3\xA0\x87\xAF", 0}, /* U+E01EF, last of its table */
		{"\xF0\xBF\xBF\xBD", 2}, /* U+3FFFD, last of its table */
		{"\xFF\xE2\x82", 3},	 /* not characters */
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(utf8_width(rows[i].text, strlen(rows[i].text)),
				 rows[i].width);
}

static void add_encodes_every_code_point(void **state)
{
	uint32_t code;

	(void)state;
	for (code = 0; code <= 0x10FFFF; code++) {
		char bytes[8];
		struct buf out = {.data = bytes, .cap = sizeof(bytes)};

		utf8_add(&out, code);
		if (code >= 0xD800 && code <= 0xDFFF) {
			assert_memory_equal(bytes, FFFD, 4);
			continue;
		}
		assert_int_equal(utf8_char_len(bytes, out.len), out.len);
		assert_int_equal(out.len, code < 0x80	   ? 1
					  : code < 0x800   ? 2
					  : code < 0x10000 ? 3
							   : 4);
	}
}

static void add_encodes_well(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	utf8_add(&out, 'a');
	utf8_add(&out, 0xE4);
	utf8_add(&out, 0x20AC);
	utf8_add(&out, 0x1F525);
	utf8_add(&out, 0x110000);
	assert_string_equal(buf_str(&out),
			    "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\xA5" FFFD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_has_its_length),
		cmocka_unit_test(lengths_agree_with_the_rule),
		cmocka_unit_test(bad_bytes_are_found_at_any_offset),
		cmocka_unit_test(nothing_is_read_behind_the_end),
		cmocka_unit_test(repair_replaces_each_bad_sequence),
		cmocka_unit_test(repair_leaves_good_text),
		cmocka_unit_test(cut_does_not_split_a_character),
		cmocka_unit_test(width_counts_columns),
		cmocka_unit_test(add_encodes_every_code_point),
		cmocka_unit_test(add_encodes_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
