/*
 * postmortem-text.c - text that nobody vouches for, as Markdown that means
 * nothing but the text.
 *
 * Punctuation is escaped. That does not keep renderers from making links of
 * what looks like an address or a name, since they look for these in the
 * result; so words with such things in them are set as code. A block of code
 * is indented rather than fenced: no line of it can end it.
 */
#include "postmortem-internal.h"

#include <ctype.h>
#include <strings.h>

#include <oncall/jlist.h>
#include <oncall/show.h>

static bool contains(struct slice word, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= word.len; i++)
		if (strncasecmp(word.ptr + i, part, n) == 0)
			return true;
	return false;
}

/* Whether a renderer could make a link of the word. */
static bool looks_like_link(struct slice word)
{
	static const char *const parts[] = {"://", "www.",    "@",
					    "#",   "mailto:", "xmpp:"};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (contains(word, parts[i]))
			return true;
	return false;
}

/* "1." and "1)" begin a list. */
static bool ends_number(struct slice word, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!isdigit((unsigned char)word.ptr[i]))
			return false;
	return at > 0 && at + 1 == word.len;
}

/* Within a word it is no markup. */
static bool is_within(struct slice word, size_t at)
{
	return at > 0 && at + 1 < word.len &&
	       isalnum((unsigned char)word.ptr[at - 1]) &&
	       isalnum((unsigned char)word.ptr[at + 1]);
}

static bool is_markup(struct slice word, size_t at, bool first)
{
	char c = word.ptr[at];

	if (c == '_')
		return !is_within(word, at);
	if (c == '.' || c == ')')
		return first && ends_number(word, at);
	if (c && strchr("-+=:", c))
		return first && at == 0;
	return c && strchr("\\`*[]{|$~^", c);
}

static void escape_char(struct buf *out, struct slice word, size_t at,
			bool first)
{
	char c = word.ptr[at];

	if (c == '<')
		buf_add_str(out, "&lt;");
	else if (c == '>')
		buf_add_str(out, "&gt;");
	else if (c == '&')
		buf_add_str(out, "&amp;");
	else if (is_markup(word, at, first))
		buf_addf(out, "\\%c", c);
	else
		buf_add_char(out, c);
}

static size_t longest_run(struct slice text, char c)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < text.len; i++) {
		run = text.ptr[i] == c ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

/* Code between more backticks than are in it. */
static void add_code(struct buf *out, struct slice text)
{
	size_t ticks = longest_run(text, '`') + 1;
	bool pad = text.len && (strchr("` ", text.ptr[0]) ||
				strchr("` ", text.ptr[text.len - 1]));

	if (!text.len)
		return;
	for (size_t i = 0; i < ticks; i++)
		buf_add_char(out, '`');
	buf_add_str(out, pad ? " " : "");
	buf_add_slice(out, text);
	buf_add_str(out, pad ? " " : "");
	for (size_t i = 0; i < ticks; i++)
		buf_add_char(out, '`');
}

/* A bar ends a cell even within code, so it stands outside. */
static void add_mono(struct buf *out, struct slice text)
{
	while (text.len) {
		const char *bar = memchr(text.ptr, '|', text.len);
		size_t n = bar ? (size_t)(bar - text.ptr) : text.len;

		add_code(out, (struct slice){text.ptr, n});
		if (bar)
			buf_add_str(out, "\\|");
		n += bar != NULL;
		text.ptr += n;
		text.len -= n;
	}
}

/* Some marks count at the beginning of a line only. */
static void add_word(struct buf *out, struct slice word, bool first)
{
	if (looks_like_link(word)) {
		add_mono(out, word);
		return;
	}
	for (size_t i = 0; i < word.len; i++)
		escape_char(out, word, i, first);
}

/* One line without blanks at its ends. */
static struct slice make_line(struct buf *line, struct slice text)
{
	struct slice s;

	show_text(line, text.ptr, text.len, POSTMORTEM_TEXT_MAX);
	s = (struct slice){buf_str(line), line->len};
	while (s.len && *s.ptr == ' ') {
		s.ptr++;
		s.len--;
	}
	while (s.len && s.ptr[s.len - 1] == ' ')
		s.len--;
	return s;
}

void postmortem_text(struct buf *out, struct slice text)
{
	AUTO_BUF struct buf line = BUF_INIT;
	struct slice s = make_line(&line, text);

	for (size_t at = 0; at < s.len;) {
		const char *blank = memchr(s.ptr + at, ' ', s.len - at);
		size_t end = blank ? (size_t)(blank - s.ptr) : s.len;

		add_word(out, (struct slice){s.ptr + at, end - at}, at == 0);
		for (at = end; at < s.len && s.ptr[at] == ' '; at++)
			continue;
		if (at < s.len)
			buf_add_char(out, ' ');
	}
}

void postmortem_mono(struct buf *out, struct slice text)
{
	AUTO_BUF struct buf line = BUF_INIT;

	add_mono(out, make_line(&line, text));
}

static void add_code_line(struct buf *out, struct slice line)
{
	AUTO_BUF struct buf shown = BUF_INIT;

	show_text(&shown, line.ptr, line.len, POSTMORTEM_TEXT_MAX);
	while (shown.len && shown.data[shown.len - 1] == ' ')
		buf_truncate(&shown, shown.len - 1);
	if (shown.len) {
		buf_add_str(out, "    ");
		buf_add_slice(out, buf_slice(&shown));
	}
	buf_add_char(out, '\n');
}

void postmortem_code(struct buf *out, struct slice text)
{
	size_t lines = 0;

	while (text.len && strchr("\r\n", text.ptr[text.len - 1]))
		text.len--;
	buf_add_char(out, '\n');
	while (text.len) {
		const char *nl = memchr(text.ptr, '\n', text.len);
		size_t n = nl ? (size_t)(nl - text.ptr) : text.len;

		if (lines++ < POSTMORTEM_CODE_MAX)
			add_code_line(out, (struct slice){text.ptr, n});
		n += nl != NULL;
		text.ptr += n;
		text.len -= n;
	}
	if (lines > POSTMORTEM_CODE_MAX)
		buf_addf(out, "    ... %zu more lines\n",
			 lines - POSTMORTEM_CODE_MAX);
	buf_add_char(out, '\n');
}

void postmortem_link(struct buf *out, struct slice url)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._~:/?#@!$&'()*+,;=%";
	bool plain = (url.len > 7 && !memcmp(url.ptr, "http://", 7)) ||
		     (url.len > 8 && !memcmp(url.ptr, "https://", 8));

	for (size_t i = 0; plain && i < url.len; i++)
		plain = url.ptr[i] && strchr(letters, url.ptr[i]);
	if (!plain) {
		postmortem_text(out, url);
		return;
	}
	buf_add_char(out, '<');
	buf_add_slice(out, url);
	buf_add_char(out, '>');
}

void postmortem_time(struct buf *out, int64_t ms)
{
	char text[WHEN_TEXT] = "-";

	if (ms != WHEN_NONE)
		when_format(text, ms);
	buf_add_str(out, text);
}

void postmortem_span(struct buf *out, int64_t ms)
{
	char text[32];

	when_format_duration(text, ms > 0 ? ms : 0);
	buf_add_str(out, text);
}

bool postmortem_member(const struct jscan *scan, const char *key,
		       struct buf *out)
{
	const struct jscan_member *m = jscan_get(scan, key);

	buf_reset(out);
	if (!m || m->type != JSCAN_STRING)
		return false;
	jscan_unquote(out, m->value);
	return out->len > 0;
}

void postmortem_each(struct slice array,
		     void (*each)(void *arg, struct slice item,
				  const struct jscan *object),
		     void *arg)
{
	struct slice items[POSTMORTEM_LIST_MAX];
	size_t n =
		array.len ? jlist_items(array, items, POSTMORTEM_LIST_MAX) : 0;

	for (size_t i = 0; i < n && i < POSTMORTEM_LIST_MAX; i++) {
		struct err ignored = ERR_INIT;
		struct jscan scan = {0};

		if (*items[i].ptr == '{' &&
		    jscan_object(&scan, items[i].ptr, items[i].len, &ignored))
			scan.count = 0;
		each(arg, items[i], &scan);
		jscan_done(&scan);
	}
}
