/* markup.c - escapes, code and links in the languages of services. */
#include <oncall/markup.h>

#include <ctype.h>

#include <oncall/utf8.h>

#define APART "\xe2\x80\x8b" /* a blank without width */

static const char *html(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void escape_html(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *entity = html(text.ptr[i]);

		if (entity)
			buf_add_str(out, entity);
		else
			buf_add_char(out, text.ptr[i]);
	}
}

/* Slack has no escape for its own marks; what it would take for one is kept
 * apart from the word that makes it one. */
static void escape_mrkdwn(struct buf *out, struct slice text)
{
	char before = ' ';

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		char after = i + 1 < text.len ? text.ptr[i + 1] : ' ';
		bool opens = !isalnum((unsigned char)before) && after != ' ';

		if (c == '&' || c == '<' || c == '>')
			buf_add_str(out, html(c));
		else
			buf_add_char(out, c);
		if (c == '`' || (strchr("*_~", c) && opens))
			buf_add_str(out, APART);
		before = c;
	}
}

/* What may begin something at the start of a line: a heading, a list, a quote;
 * numbers are told apart by the '.' behind them. */
static bool marks_line(struct slice text, size_t i)
{
	size_t from = i;

	if (!strchr("#-+>=.)", text.ptr[i]))
		return false;
	if (text.ptr[i] == '.' || text.ptr[i] == ')')
		while (from && isdigit((unsigned char)text.ptr[from - 1]))
			from--;
	if (from == i && strchr(".)", text.ptr[i]))
		return false;
	while (from && (text.ptr[from - 1] == ' ' ||
			text.ptr[from - 1] == '#' || text.ptr[from - 1] == '-'))
		from--;
	return !from || text.ptr[from - 1] == '\n';
}

static void escape_markdown(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c && (strchr("\\`*_{}[]<>|~&", c) || marks_line(text, i)))
			buf_add_char(out, '\\');
		buf_add_char(out, c);
		if (c == '@' &&
		    (!i || !isalnum((unsigned char)text.ptr[i - 1])))
			buf_add_str(out, APART);
	}
}

void markup_escape(struct buf *out, enum markup m, struct slice text)
{
	switch (m) {
	case MARKUP_PLAIN:
		buf_add_slice(out, text);
		return;
	case MARKUP_HTML:
		escape_html(out, text);
		return;
	case MARKUP_MRKDWN:
		escape_mrkdwn(out, text);
		return;
	case MARKUP_MARKDOWN:
		escape_markdown(out, text);
		return;
	}
}

/* Three backticks in a row would end the block. */
static void add_fenced(struct buf *out, enum markup m, struct slice text)
{
	size_t ticks = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		ticks = c == '`' ? ticks + 1 : 0;
		if (ticks == 3) {
			buf_add_str(out, APART);
			ticks = 1;
		}
		if (m == MARKUP_MRKDWN && strchr("&<>", c) && c)
			buf_add_str(out, html(c));
		else
			buf_add_char(out, c);
	}
}

void markup_code(struct buf *out, enum markup m, struct slice text)
{
	switch (m) {
	case MARKUP_PLAIN:
		buf_add_slice(out, text);
		return;
	case MARKUP_HTML:
		buf_add_str(out, "<pre><code>");
		escape_html(out, text);
		buf_add_str(out, "</code></pre>");
		return;
	case MARKUP_MRKDWN:
	case MARKUP_MARKDOWN:
		buf_add_str(out, "```\n");
		add_fenced(out, m, text);
		buf_add_str(out, "\n```");
		return;
	}
}

const char *markup_bold(enum markup m, bool end)
{
	switch (m) {
	case MARKUP_PLAIN:
		return "";
	case MARKUP_HTML:
		return end ? "</strong>" : "<strong>";
	case MARKUP_MRKDWN:
		return "*";
	case MARKUP_MARKDOWN:
		return "**";
	}
	return "";
}

void markup_link(struct buf *out, enum markup m, struct slice text,
		 struct slice url)
{
	switch (m) {
	case MARKUP_PLAIN:
		if (!slice_eq(text, url)) {
			buf_add_slice(out, text);
			buf_add_str(out, ": ");
		}
		buf_add_slice(out, url);
		return;
	case MARKUP_HTML:
		buf_add_str(out, "<a href=\"");
		escape_html(out, url);
		buf_add_str(out, "\">");
		escape_html(out, text);
		buf_add_str(out, "</a>");
		return;
	case MARKUP_MRKDWN:
		buf_add_char(out, '<');
		escape_html(out, url);
		buf_add_char(out, '|');
		escape_mrkdwn(out, text);
		buf_add_char(out, '>');
		return;
	case MARKUP_MARKDOWN:
		buf_add_char(out, '[');
		escape_markdown(out, text);
		buf_add_str(out, "](");
		buf_add_slice(out, url);
		buf_add_char(out, ')');
		return;
	}
}
