/* journal-json.c - a line of journalctl's JSON; cursors. */
#include "journal-internal.h"

#include <oncall/jscan.h>
#include <oncall/jwrite.h>

struct parts {
	struct buf bytes; /* of an array of numbers */
	struct buf items; /* of any other */
	size_t numbers, others;
};

static void write_value(struct buf *out, const char *key, struct slice value,
			enum jscan_type type);

static int add_part(void *arg, struct slice value, enum jscan_type type,
		    struct err *err)
{
	struct parts *parts = arg;
	int64_t n;

	(void)err;
	if (type == JSCAN_NUMBER && !jscan_int(value, &n) && n >= 0 &&
	    n <= UINT8_MAX) {
		buf_add_char(&parts->bytes, (char)n);
		parts->numbers++;
		return 0;
	}
	write_value(&parts->items, NULL, value, type);
	parts->others++;
	return 0;
}

/* An array of numbers stands for bytes that are no text to journalctl: they
 * may have been, but for a single control character. */
static void write_value(struct buf *out, const char *key, struct slice value,
			enum jscan_type type)
{
	struct parts parts = {.numbers = 0};
	struct err err = ERR_INIT;

	if (type != JSCAN_ARRAY) {
		jwrite_raw(out, key, value);
		return;
	}
	if (jscan_array(value, add_part, &parts, &err) == 0 && !parts.others) {
		jwrite_text(
			out, key,
			(struct slice){buf_str(&parts.bytes), parts.bytes.len});
	} else {
		jwrite_open(out, key, '[');
		if (parts.items.len)
			jwrite_raw(out, NULL, buf_slice(&parts.items));
		jwrite_close(out, ']');
	}
	buf_done(&parts.bytes);
	buf_done(&parts.items);
}

static void write_entry(struct buf *out, const struct jscan *scan)
{
	AUTO_BUF struct buf key = BUF_INIT;

	buf_add_char(out, '{');
	for (size_t i = 0; i < scan->count; i++) {
		const struct jscan_member *m = &scan->members[i];

		buf_reset(&key);
		if (m->key_escaped) {
			/* The quotes stand around the key. */
			jscan_unquote(&key, (struct slice){m->key.ptr - 1,
							   m->key.len + 2});
		} else {
			buf_add_slice(&key, m->key);
		}
		write_value(out, buf_str(&key), m->value, m->type);
	}
	jwrite_close(out, '}');
}

static bool has_array(const struct jscan *scan)
{
	for (size_t i = 0; i < scan->count; i++)
		if (scan->members[i].type == JSCAN_ARRAY)
			return true;
	return false;
}

static struct slice trimmed(struct slice s)
{
	while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = (struct slice){s.ptr + 1, s.len - 1};
	while (s.len && strchr(" \t\r", s.ptr[s.len - 1]))
		s.len--;
	return s;
}

void journal_json(struct slice line, struct buf *out, struct journal_entry *ret)
{
	struct jscan scan = {.members = NULL};
	AUTO_BUF struct buf cursor = BUF_INIT;
	AUTO_BUF struct buf id = BUF_INIT;
	const struct jscan_member *m;
	struct err err = ERR_INIT;
	size_t start = out->len;

	*ret = (struct journal_entry){.text = 0};
	line = trimmed(line);
	if (line.len && jscan_object(&scan, line.ptr, line.len, &err)) {
		ret->bad = true;
	} else if (line.len) {
		if (has_array(&scan))
			write_entry(out, &scan);
		else
			buf_add_slice(out, line);
		ret->text = out->len - start;
		m = jscan_get(&scan, "__CURSOR");
		if (m && m->type == JSCAN_STRING)
			jscan_unquote(&cursor, m->value);
		journal_id(buf_slice(&cursor),
			   (struct slice){out->data + start, ret->text}, &id);
		ret->id = id.len;
		buf_add_slice(out, buf_slice(&id));
	}
	jscan_done(&scan);
}

/* "s=...;i=1f;b=...;m=...;t=5e...;x=...": the value of one letter. */
static struct slice part_of(struct slice cursor, char letter)
{
	const char *p = cursor.ptr;
	const char *end = p + cursor.len;

	while (p < end) {
		const char *stop = memchr(p, ';', (size_t)(end - p));

		if (!stop)
			stop = end;
		if (stop - p > 2 && p[0] == letter && p[1] == '=')
			return (struct slice){p + 2, (size_t)(stop - p) - 2};
		p = stop + 1;
	}
	return (struct slice){NULL, 0};
}

/* Numbers in hexadecimal, without zeros in front. */
static int compare(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

bool journal_later(struct slice cursor, struct slice than)
{
	char by = 't';
	struct slice a = part_of(cursor, 's');
	struct slice b = part_of(than, 's');

	/* Numbers rise in the files of one machine, times do not always. */
	if (a.len && b.len && slice_eq(a, b))
		by = 'i';
	a = part_of(cursor, by);
	b = part_of(than, by);
	return !a.len || !b.len || compare(a, b) > 0;
}
