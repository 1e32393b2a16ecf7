#include "unit.h"

#include <oncall/markup.h>
#include <oncall/utf8.h>

#define APART "\xe2\x80\x8b"

static void escapes(enum markup m, const char *text, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT;

	markup_escape(&out, m, slice_of(text));
	assert_string_equal(buf_str(&out), want);
}

static void text_is_shown_as_it_is(void **state)
{
	(void)state;
	escapes(MARKUP_PLAIN, "<*&`", "<*&`");
	escapes(MARKUP_HTML, "<a href=\"'x'\"> & \xc3\xa9",
		"&lt;a href=&quot;&#39;x&#39;&quot;&gt; &amp; \xc3\xa9");
	escapes(MARKUP_MRKDWN, "<!channel> & a*b",
		"&lt;!channel&gt; &amp; a*b");
	escapes(MARKUP_MRKDWN, "*bold* `x`",
		"*" APART "bold* `" APART "x`" APART);
	escapes(MARKUP_MARKDOWN, "**a** [x](y) \\ ~ |",
		"\\*\\*a\\*\\* \\[x\\](y) \\\\ \\~ \\|");
	escapes(MARKUP_MARKDOWN, "# a\n- b\n1. c\n> d\na-b. 2.5",
		"\\# a\n\\- b\n1\\. c\n\\> d\na-b. 2.5");
	escapes(MARKUP_MARKDOWN, "@all a@b.org", "@" APART "all a@b.org");
}

static void code_cannot_leave_its_block(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	markup_code(&out, MARKUP_MARKDOWN, SLICE_LIT("a ```` <b>"));
	assert_string_equal(buf_str(&out), "```\na ``" APART "`` <b>\n```");
	buf_reset(&out);
	markup_code(&out, MARKUP_MRKDWN, SLICE_LIT("a<b"));
	assert_string_equal(buf_str(&out), "```\na&lt;b\n```");
	buf_reset(&out);
	markup_code(&out, MARKUP_HTML, SLICE_LIT("</code>"));
	assert_string_equal(buf_str(&out),
			    "<pre><code>&lt;/code&gt;</code></pre>");
}

static void lengths_are_in_the_unit_of_the_service(void **state)
{
	struct slice text =
		SLICE_LIT("a\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x98\x80\n");

	(void)state;
	assert_int_equal(markup_length(text, MARKUP_BYTES), 11);
	assert_int_equal(markup_length(text, MARKUP_CHARS), 5);
	assert_int_equal(markup_length(text, MARKUP_UTF16), 6);
	assert_int_equal(markup_length(text, MARKUP_JSON), 12);
	assert_int_equal(markup_length(SLICE_LIT("\x01\""), MARKUP_JSON), 8);
}

static void cuts(enum markup m, enum markup_unit unit, size_t max,
		 const char *text, size_t want)
{
	assert_int_equal(markup_cut(slice_of(text), m, unit, max), want);
}

static void no_character_or_escape_is_cut(void **state)
{
	(void)state;
	cuts(MARKUP_PLAIN, MARKUP_BYTES, 3, "ab\xc3\xa9", 2);
	cuts(MARKUP_PLAIN, MARKUP_UTF16, 2, "a\xf0\x9f\x98\x80", 1);
	cuts(MARKUP_PLAIN, MARKUP_UTF16, 3, "a\xf0\x9f\x98\x80", 5);
	cuts(MARKUP_PLAIN, MARKUP_JSON, 2, "a\n", 1);
	cuts(MARKUP_HTML, MARKUP_CHARS, 3, "a&amp;b", 1);
	cuts(MARKUP_HTML, MARKUP_CHARS, 6, "a&amp;b", 6);
	cuts(MARKUP_HTML, MARKUP_CHARS, 4, "a<br>b", 1);
	cuts(MARKUP_MRKDWN, MARKUP_CHARS, 5, "a <https://x|y>", 2);
	cuts(MARKUP_MARKDOWN, MARKUP_CHARS, 2, "a\\*b", 1);
	cuts(MARKUP_MARKDOWN, MARKUP_CHARS, 2, "```", 0);
	cuts(MARKUP_HTML, MARKUP_CHARS, 3, "&&&&&&", 3);
}

static void shortens(enum markup m, const char *text, size_t max,
		     const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)markup_shorten(&out, m, slice_of(text), MARKUP_CHARS, max);
	assert_string_equal(buf_str(&out), want);
	assert_true(markup_length(buf_slice(&out), MARKUP_CHARS) <= max);
}

static void what_is_cut_says_so(void **state)
{
	(void)state;
	shortens(MARKUP_PLAIN, "abcdef", 6, "abcdef");
	shortens(MARKUP_PLAIN, "abcdefg", 6, "abcde\xe2\x80\xa6");
	shortens(MARKUP_MARKDOWN, "```\nabcdefghijkl\n```", 14,
		 "```\nabcde\xe2\x80\xa6\n```");
	shortens(MARKUP_PLAIN, "abc", 0, "");
}

/* Every part stands alone; together they are all of the text. */
static void splits(const char *text, enum markup_unit unit, size_t max)
{
	struct markup_parts p = {.rest = slice_of(text),
				 .markup = MARKUP_MARKDOWN,
				 .unit = unit,
				 .max = max};
	AUTO_BUF struct buf part = BUF_INIT, all = BUF_INIT;

	while (markup_next(&p, &part)) {
		size_t fences = 0;

		assert_true(part.len > 0);
		assert_true(markup_length(buf_slice(&part), unit) <= max);
		assert_true(utf8_valid(part.data, part.len));
		for (const char *f = part.data; (f = strstr(f, "```")); f += 3)
			fences++;
		assert_int_equal(fences % 2, 0);
		buf_add_slice(&all, buf_slice(&part));
	}
	for (const char *t = text, *a = buf_str(&all); *t; t++)
		if (*t >= 'a' && *t <= 'z') {
			while (*a && !(*a >= 'a' && *a <= 'z'))
				a++;
			assert_int_equal(*a++, *t);
		}
}

static void blocks_are_closed_and_opened_again(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	for (int i = 0; i < 40; i++)
		buf_addf(&text,
			 "word %d \\* \xf0\x9f\x98\x80\n```\ncode a\ncode "
			 "bcdefghijklmnopqrstuvwxyz\n```\n",
			 i);
	for (size_t max = MARKUP_PART_MIN; max < 400; max += 7) {
		splits(buf_str(&text), MARKUP_CHARS, max);
		splits(buf_str(&text), MARKUP_UTF16, max);
		splits(buf_str(&text), MARKUP_JSON, max + 20);
	}
}

static void parts_end_at_lines_and_words(void **state)
{
	static const char text[] =
		"0123456789 0123456789 0123456789 0123456789\n"
		"0123456789 0123456789 0123456789 0123456789\n";
	struct markup_parts p = {.rest = SLICE_LIT(text),
				 .max = MARKUP_PART_MIN,
				 .unit = MARKUP_CHARS};
	AUTO_BUF struct buf part = BUF_INIT;

	(void)state;
	assert_true(markup_next(&p, &part));
	assert_int_equal(part.len, 44);
	assert_true(markup_next(&p, &part));
	assert_int_equal(part.len, 44);
	assert_false(markup_next(&p, &part));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_shown_as_it_is),
		cmocka_unit_test(code_cannot_leave_its_block),
		cmocka_unit_test(lengths_are_in_the_unit_of_the_service),
		cmocka_unit_test(no_character_or_escape_is_cut),
		cmocka_unit_test(what_is_cut_says_so),
		cmocka_unit_test(blocks_are_closed_and_opened_again),
		cmocka_unit_test(parts_end_at_lines_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
