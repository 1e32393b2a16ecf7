/* mime.c - headers and bodies of mail. */
#include <oncall/mime.h>

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include <oncall/base64.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

#define LINE_MAX_BYTES 76
#define WORD_BYTES     42 /* of text in an encoded word of at most 75 */
#define BASE64_BYTES   57 /* of text in a line */
#define ADDRESS_MAX    254

static bool is_plain(const char *text, size_t max)
{
	size_t n = 0;

	for (; text[n]; n++)
		if ((unsigned char)text[n] < ' ' ||
		    (unsigned char)text[n] > '~')
			return false;
	return n <= max && !strstr(text, "=?");
}

/* As words of base64, each within a line; a character is never cut. */
static void add_words(struct buf *out, const char *text)
{
	size_t left = strlen(text);
	bool first = true;

	while (left) {
		size_t n = utf8_cut(text, left, WORD_BYTES);

		if (!n) /* not UTF-8 */
			n = left < WORD_BYTES ? left : WORD_BYTES;
		buf_add_str(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		base64_add(out, text, n);
		buf_add_str(out, "?=");
		first = false;
		text += n;
		left -= n;
	}
}

/* Without what could end a line, or begin another header. */
static char *one_line(const char *text)
{
	char *line = mem_dup(text);

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return line;
}

void mime_header(struct buf *out, const char *name, const char *text)
{
	AUTO_FREE char *line = one_line(text);

	buf_addf(out, "%s: ", name);
	if (is_plain(line, LINE_MAX_BYTES - strlen(name) - 2))
		buf_add_str(out, line);
	else
		add_words(out, line);
	buf_add_str(out, "\r\n");
}

/* Where the address in "Name <a@b>" begins, or the whole. */
static struct slice find_address(const char *mailbox)
{
	const char *open = strrchr(mailbox, '<');
	size_t n = strlen(mailbox);

	if (open && n && mailbox[n - 1] == '>')
		return (struct slice){open + 1,
				      (size_t)(mailbox + n - open) - 2};
	return (struct slice){mailbox, n};
}

int mime_address(char **ret, const char *mailbox, struct err *err)
{
	struct slice s = find_address(mailbox);
	const char *at = s.len ? memrchr(s.ptr, '@', s.len) : NULL;
	bool good = at && at != s.ptr && at + 1 < s.ptr + s.len &&
		    s.len <= ADDRESS_MAX;

	for (size_t i = 0; i < s.len && good; i++)
		good = (unsigned char)s.ptr[i] > ' ' && s.ptr[i] != 0x7f &&
		       !strchr("<>()[],;:\\\"", s.ptr[i]);
	if (!good)
		return err_set(err, ERR_USAGE, "'%s' is no address of mail",
			       mailbox);
	*ret = mem_dup_bytes(s.ptr, s.len);
	return 0;
}

/* A name is a quoted text, or encoded. */
void mime_mailbox(struct buf *out, const char *mailbox)
{
	struct slice address = find_address(mailbox);
	size_t n = (size_t)(address.ptr - mailbox);
	AUTO_FREE char *name = NULL, *line = NULL;

	if (n < 2) {
		buf_add_slice(out, address);
		return;
	}
	for (n--; n && strchr(" \t\"", mailbox[n - 1]); n--)
		;
	name = mem_dup_bytes(mailbox, n);
	line = one_line(name + strspn(name, " \t\""));
	if (!is_plain(line, LINE_MAX_BYTES / 2)) {
		add_words(out, line);
	} else {
		buf_add_char(out, '"');
		for (const char *p = line; *p; p++) {
			if (*p == '"' || *p == '\\')
				buf_add_char(out, '\\');
			buf_add_char(out, *p);
		}
		buf_add_char(out, '"');
	}
	buf_add_str(out, " <");
	buf_add_slice(out, address);
	buf_add_char(out, '>');
}

/* ---- bodies ---- */

static bool is_literal(char c)
{
	return (c >= ' ' && c <= '~' && c != '=') || c == '\t';
}

/* A blank at the end of a line would be lost. */
static bool ends_line(struct slice text, size_t i)
{
	return i + 1 == text.len || text.ptr[i + 1] == '\n';
}

static void add_quoted(struct buf *out, struct slice text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool literal = is_literal(c) &&
			       !((c == ' ' || c == '\t') && ends_line(text, i));

		if (c == '\n') {
			buf_add_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + (literal ? 1 : 3) >= LINE_MAX_BYTES) {
			buf_add_str(out, "=\r\n");
			column = 0;
		}
		if (literal)
			buf_add_char(out, c);
		else
			buf_addf(out, "=%02X", (unsigned char)c);
		column += literal ? 1 : 3;
	}
	if (column)
		buf_add_str(out, "\r\n");
}

static void add_base64(struct buf *out, struct slice text)
{
	while (text.len) {
		size_t n = text.len < BASE64_BYTES ? text.len : BASE64_BYTES;

		base64_add(out, text.ptr, n);
		buf_add_str(out, "\r\n");
		text.ptr += n;
		text.len -= n;
	}
}

/* Lines end in "\r\n" in base64, too. */
static void add_lines(struct buf *out, struct slice text)
{
	AUTO_BUF struct buf lines = BUF_INIT;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			buf_add_char(&lines, '\r');
		buf_add_char(&lines, text.ptr[i]);
	}
	add_base64(out, buf_slice(&lines));
}

void mime_text(struct buf *out, const char *subtype, struct slice text)
{
	size_t other = 0;

	for (size_t i = 0; i < text.len; i++)
		other += !is_literal(text.ptr[i]) && text.ptr[i] != '\n';
	buf_addf(out, "Content-Type: text/%s; charset=utf-8\r\n", subtype);
	buf_addf(out, "Content-Transfer-Encoding: %s\r\n\r\n",
		 other > text.len / 6 ? "base64" : "quoted-printable");
	if (other > text.len / 6)
		add_lines(out, text);
	else
		add_quoted(out, text);
}

void mime_date(struct buf *out, int64_t ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return;
	buf_addf(out, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
		 days + (size_t)tm.tm_wday * 3, tm.tm_mday,
		 months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
}
