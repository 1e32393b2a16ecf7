/* template-filter.c - what stands behind the '|' of a path. */
#include "template-internal.h"

#include <ctype.h>
#include <stdlib.h>

#include <oncall/markup.h>
#include <oncall/mem.h>
#include <oncall/show.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define SHORT_BYTES	 80
#define ESCAPED_MAX	 6 /* bytes of JSON for one byte of text */
#define SECONDS_MAX	 1e12
#define NUMBER_TEXT	 40
#define DATE_TIME_LENGTH 19 /* "2026-11-20T10:11:12" */

static const struct {
	const char *name;
	bool argument;
} filters[TEMPLATE_FILTERS] = {
	[TEMPLATE_UPPER] = {"upper", false},
	[TEMPLATE_LOWER] = {"lower", false},
	[TEMPLATE_TRIM] = {"trim", false},
	[TEMPLATE_FIRST] = {"first", false},
	[TEMPLATE_SHORT] = {"short", false},
	[TEMPLATE_JSON] = {"json", false},
	[TEMPLATE_DEFAULT] = {"default", true},
	[TEMPLATE_HTML] = {"html", false},
	[TEMPLATE_MRKDWN] = {"mrkdwn", false},
	[TEMPLATE_MARKDOWN] = {"markdown", false},
	[TEMPLATE_URL] = {"url", false},
	[TEMPLATE_TIME] = {"time", false},
	[TEMPLATE_DURATION] = {"duration", false},
	[TEMPLATE_CODE] = {"code", true},
};

static const char *const languages[] = {[MARKUP_PLAIN] = "plain",
					[MARKUP_HTML] = "html",
					[MARKUP_MRKDWN] = "mrkdwn",
					[MARKUP_MARKDOWN] = "markdown"};

enum template_filter template_filter_find(struct slice name, bool argument,
					  bool in_file)
{
	size_t count = in_file ? TEMPLATE_FILTERS : TEMPLATE_HTML;

	for (size_t i = 0; i < count; i++)
		if (slice_is(name, filters[i].name) &&
		    filters[i].argument == argument)
			return (enum template_filter)i;
	return TEMPLATE_FILTERS;
}

const char *template_filter_list(bool in_file)
{
	return in_file ? "upper, lower, trim, first, short, json, html, "
			 "mrkdwn, markdown, url, time, duration, "
			 "code:LANGUAGE and default:TEXT"
		       : "upper, lower, trim, first, short, json and "
			 "default:TEXT";
}

static bool find_language(const char *name, enum markup *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (!strcmp(name, languages[i])) {
			*ret = (enum markup)i;
			return true;
		}
	return false;
}

bool template_filter_takes(enum template_filter f, const char *argument)
{
	enum markup m;

	return f != TEMPLATE_CODE || find_language(argument, &m);
}

/* ASCII only; other letters stay as they are. */
static void change_case(char *p, size_t n, enum template_filter how)
{
	for (size_t i = 0; i < n; i++)
		if (how == TEMPLATE_UPPER && p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
		else if (how == TEMPLATE_LOWER && p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes blanks off both ends of what stands in out from start on. */
static void trim(struct buf *out, size_t start)
{
	size_t from = start, to = out->len;

	while (from < to && is_space(out->data[from]))
		from++;
	while (to > from && is_space(out->data[to - 1]))
		to--;
	if (from > start)
		memmove(out->data + start, out->data + from, to - from);
	buf_truncate(out, start + (to - from));
}

static void cut_line(struct buf *out, size_t start)
{
	const char *end = memchr(out->data + start, '\n', out->len - start);

	if (end)
		buf_truncate(out, (size_t)(end - out->data));
}

/* The escaped text is made behind the plain one and then takes its place, since
 * titles are filled too often to allocate. */
static void escape_json(struct buf *out, size_t start)
{
	size_t n = out->len - start, escaped;

	if (!buf_reserve(out, ESCAPED_MAX * n)) {
		buf_truncate(out, start);
		out->over = true;
		return;
	}
	show_json(out, out->data + start, n);
	escaped = out->len - start - n;
	memmove(out->data + start, out->data + start + n, escaped);
	buf_truncate(out, start + escaped);
}

static void add_url(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isalnum((unsigned char)text.ptr[i]) ||
		    (text.ptr[i] && strchr("-._~", text.ptr[i])))
			buf_add_char(out, text.ptr[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)text.ptr[i]);
}

/* "2026-11-20 11:11:12 +01:00", in the zone of when_set_zone(). */
static void add_time(struct buf *out, struct slice text)
{
	char date[WHEN_TEXT];
	int64_t ms;
	int zone;

	if (when_parse_rfc3339(text.ptr, text.len, &ms) < 0) {
		buf_add_slice(out, text);
		return;
	}
	zone = when_zone_offset(ms);
	when_format(date, ms + zone * WHEN_MINUTE);
	date[DATE_TIME_LENGTH] = '\0';
	date[10] = ' ';
	buf_add_str(out, date);
	if (zone)
		buf_addf(out, " %c%02d:%02d", zone < 0 ? '-' : '+',
			 abs(zone) / 60, abs(zone) % 60);
	else
		buf_add_str(out, " UTC");
}

/* Seconds, for people. */
static void add_duration(struct buf *out, struct slice text)
{
	char number[NUMBER_TEXT], age[32], *end;
	double seconds;

	if (!text.len || text.len >= sizeof(number)) {
		buf_add_slice(out, text);
		return;
	}
	memcpy(number, text.ptr, text.len);
	number[text.len] = '\0';
	seconds = strtod(number, &end);
	if (*end || !(seconds >= 0 && seconds < SECONDS_MAX)) {
		buf_add_slice(out, text);
		return;
	}
	when_format_age(age, (int64_t)(seconds * 1000));
	buf_add_str(out, age);
}

static void add_other(enum template_filter f, const char *argument,
		      struct buf *out, struct slice text)
{
	enum markup m = MARKUP_PLAIN;

	if (f == TEMPLATE_HTML)
		markup_escape(out, MARKUP_HTML, text);
	else if (f == TEMPLATE_MRKDWN)
		markup_escape(out, MARKUP_MRKDWN, text);
	else if (f == TEMPLATE_MARKDOWN)
		markup_escape(out, MARKUP_MARKDOWN, text);
	else if (f == TEMPLATE_URL)
		add_url(out, text);
	else if (f == TEMPLATE_TIME)
		add_time(out, text);
	else if (f == TEMPLATE_DURATION)
		add_duration(out, text);
	else if (f == TEMPLATE_CODE && find_language(argument, &m))
		markup_code(out, m, text);
}

/* What makes a new text of the old one. */
static void replace(enum template_filter f, const char *argument,
		    struct buf *out, size_t start)
{
	AUTO_FREE char *text =
		mem_dup_bytes(out->data + start, out->len - start);
	struct slice old = {text, out->len - start};

	buf_truncate(out, start);
	add_other(f, argument, out, old);
}

void template_filter_apply(enum template_filter f, const char *argument,
			   struct buf *out, size_t start)
{
	size_t n = out->len - start;

	if (!n) {
		if (f == TEMPLATE_DEFAULT)
			buf_add_str(out, argument);
		return;
	}
	switch (f) {
	case TEMPLATE_UPPER:
	case TEMPLATE_LOWER:
		change_case(out->data + start, n, f);
		break;
	case TEMPLATE_TRIM:
		trim(out, start);
		break;
	case TEMPLATE_FIRST:
		cut_line(out, start);
		break;
	case TEMPLATE_SHORT:
		if (n > SHORT_BYTES)
			buf_truncate(out, start + utf8_cut(out->data + start, n,
							   SHORT_BYTES));
		break;
	case TEMPLATE_JSON:
		escape_json(out, start);
		break;
	case TEMPLATE_DEFAULT:
	case TEMPLATE_FILTERS:
		break;
	case TEMPLATE_HTML:
	case TEMPLATE_MRKDWN:
	case TEMPLATE_MARKDOWN:
	case TEMPLATE_URL:
	case TEMPLATE_TIME:
	case TEMPLATE_DURATION:
	case TEMPLATE_CODE:
		replace(f, argument, out, start);
		break;
	}
}
