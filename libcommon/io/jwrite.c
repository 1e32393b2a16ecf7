/* jwrite.c - JSON, appended. */
#include <oncall/jwrite.h>

#include <math.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/show.h>
#include <oncall/ulid.h>
#include <oncall/when.h>

#define REAL_DIGITS_MIN 15 /* a double always keeps these */
#define REAL_DIGITS_MAX 17 /* these always keep a double */

static void add_quoted(struct buf *b, struct slice text)
{
	buf_add_char(b, '"');
	show_json(b, text.ptr, text.len);
	buf_add_char(b, '"');
}

/* The comma, if one is due, and the key. */
static void start(struct buf *b, const char *key)
{
	char last = b->len ? b->data[b->len - 1] : '\n';

	if (last != '\n' && last != '{' && last != '[' && last != ':')
		buf_add_char(b, ',');
	if (key) {
		add_quoted(b, slice_of(key));
		buf_add_char(b, ':');
	}
}

void jwrite_open(struct buf *b, const char *key, char bracket)
{
	start(b, key);
	buf_add_char(b, bracket);
}

void jwrite_close(struct buf *b, char bracket)
{
	buf_add_char(b, bracket);
}

void jwrite_text(struct buf *b, const char *key, struct slice text)
{
	start(b, key);
	if (text.ptr)
		add_quoted(b, text);
	else
		buf_add_str(b, "null");
}

void jwrite_str(struct buf *b, const char *key, const char *text)
{
	jwrite_text(b, key, slice_of(text));
}

void jwrite_record(struct buf *b, const char *type, struct slice id,
		   int64_t time)
{
	jwrite_open(b, NULL, '{');
	jwrite_str(b, "type", type);
	jwrite_text(b, "id", id);
	jwrite_time(b, "time", time);
}

void jwrite_new(struct buf *b, const char *type)
{
	char id[ULID_TEXT];

	ulid_make(id);
	jwrite_record(b, type, slice_of(id), clock_now());
}

void jwrite_int(struct buf *b, const char *key, int64_t value)
{
	start(b, key);
	buf_add_int(b, value);
}

void jwrite_real(struct buf *b, const char *key, double value)
{
	char text[40] = "null";
	int digits = REAL_DIGITS_MIN;

	start(b, key);
	if (isfinite(value))
		do
			(void)snprintf(text, sizeof(text), "%.*g", digits,
				       value);
		while (++digits <= REAL_DIGITS_MAX &&
		       strtod(text, NULL) != value);
	/* The point is a comma in some locales. */
	for (char *comma = strchr(text, ','); comma; comma = NULL)
		*comma = '.';
	buf_add_str(b, text);
}

void jwrite_bool(struct buf *b, const char *key, bool value)
{
	start(b, key);
	buf_add_str(b, value ? "true" : "false");
}

void jwrite_time(struct buf *b, const char *key, int64_t ms)
{
	char text[WHEN_TEXT];

	when_format(text, ms);
	start(b, key);
	buf_add_char(b, '"');
	buf_add_str(b, text);
	buf_add_char(b, '"');
}

void jwrite_raw(struct buf *b, const char *key, struct slice json)
{
	start(b, key);
	if (json.len)
		buf_add_slice(b, json);
	else
		buf_add_str(b, "null");
}

void jwrite_str_opt(struct buf *b, const char *key, const char *text)
{
	if (text && *text)
		jwrite_str(b, key, text);
}

void jwrite_time_opt(struct buf *b, const char *key, int64_t ms)
{
	if (ms != WHEN_NONE)
		jwrite_time(b, key, ms);
}
