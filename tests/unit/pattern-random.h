/* pattern-random.h - expressions and texts put together by chance, the same in
 * each run. */
#ifndef PATTERN_RANDOM_H
#define PATTERN_RANDOM_H

#include <oncall/buf.h>

static unsigned roll_state = 12345;

static size_t roll(size_t n)
{
	roll_state = roll_state * 1103515245 + 12345;
	return (roll_state >> 8) % n;
}

/* An expression put together from pieces; PCRE2 may refuse it. */
static char *random_expr(void)
{
	static const char *const items[] = {
		"ab",	  "k",	      "s1",	  "Q",		"z ",
		"\\.",	  "[a-c]",    "[^k]",	  "[\\d]",	"[[:upper:]]",
		"[^\\W]", ".",	      "\\d",	  "\\w",	"\\S",
		"\\x61",  "\\x{6b}",  "\\141",	  "^",		"$",
		"\\b",	  "\\A",      "\\K",	  "(?i)",	"(?-i)",
		"(?x)",	  "(?#c)",    "\\1",	  "(?1)",	"\\Qa.b\\E",
		"(*F)",	  "(*PRUNE)", "\xc3\xa9", "\\N{U+17f}", "|",
		"|"};
	static const char *const opens[] = {
		"(",   "(",    "(?:",  "(?:",  "(?>",	"(?|",	 "(?<n>", "(?=",
		"(?!", "(?<=", "(?i:", "(?x:", "(?(1)", "(?-i:", "(?P<m>"};
	static const char *const repeats[] = {"*",     "+",   "?",    "{2}",
					      "{1,2}", "{0}", "{2,}", "*?",
					      "++",    "{,2}"};
	AUTO_BUF struct buf out = BUF_INIT;
	size_t open = 0;

	for (size_t i = 2 + roll(9); i > 0; i--) {
		size_t kind = roll(10);

		if (kind < 2) {
			buf_add_str(&out, opens[roll(ARRAY_LEN(opens))]);
			open++;
		} else if (kind < 4 && open > 0) {
			buf_add_char(&out, ')');
			open--;
		} else {
			buf_add_str(&out, items[roll(ARRAY_LEN(items))]);
		}
		if (roll(4) == 0)
			buf_add_str(&out, repeats[roll(ARRAY_LEN(repeats))]);
	}
	while (open--)
		buf_add_char(&out, ')');
	return buf_take(&out);
}

static void random_line(struct buf *out)
{
	static const char *const bits[] = {
		"a",	"b",	    "ab",	    "k",       "K", "s",
		"1",	"Q",	    "z ",	    ".",       "-", " ",
		"S1",	"AB",	    "\r",	    "c",       "2", "_",
		"\xff", "\xc3\xa9", "\xe2\x84\xaa", "\xc5\xbf"};

	for (size_t n = roll(14); n > 0; n--)
		buf_add_str(out, bits[roll(ARRAY_LEN(bits))]);
	buf_add_char(out, '\n');
}

#endif
