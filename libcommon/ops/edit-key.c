/* edit-key.c - one key of a text: found, read, written, and read again. */
#include "edit-key-internal.h"

#include <fnmatch.h>

#include <oncall/utf8.h>

#define KEY_MAX ((size_t)256)

const char *const edit_format_names[] = {
	[EDIT_AUTO] = "auto",	[EDIT_PROPERTIES] = "properties",
	[EDIT_CONF] = "conf",	[EDIT_INI] = "ini",
	[EDIT_ENV] = "env",	[EDIT_OPTIONS] = "options",
	[EDIT_YAML] = "yaml",	[EDIT_JSON] = "json",
	[EDIT_JSON + 1] = NULL,
};

void edit_place_done(struct edit_place *p)
{
	buf_done(&p->before);
	buf_done(&p->after);
}

struct slice edit_line(struct slice text, size_t at, size_t *ret_next)
{
	const char *begin = text.ptr + at;
	const char *end = memchr(begin, '\n', text.len - at);
	size_t len = end ? (size_t)(end - begin) : text.len - at;

	*ret_next = end ? at + len + 1 : text.len;
	if (len && begin[len - 1] == '\r')
		len--;
	return (struct slice){begin, len};
}

const char *edit_line_end(struct slice text)
{
	const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;

	return end && end > text.ptr && end[-1] == '\r' ? "\r\n" : "\n";
}

size_t edit_indent(struct slice line)
{
	size_t n = 0;

	while (n < line.len && edit_is_blank(line.ptr[n]))
		n++;
	return n;
}

size_t edit_line_number(struct slice text, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at && i < text.len; i++)
		line += text.ptr[i] == '\n';
	return line;
}

static bool has_section(struct slice text)
{
	size_t next;

	for (size_t at = 0; at < text.len; at = next) {
		struct slice line = edit_line(text, at, &next);
		size_t indent = edit_indent(line);

		if (indent < line.len && line.ptr[indent] == '[')
			return true;
	}
	return false;
}

static const struct {
	const char *glob;
	enum edit_format format;
} names[] = {
	{"*.properties", EDIT_PROPERTIES},
	{"*/spark-defaults.conf", EDIT_PROPERTIES},
	{"*/etc/default/*", EDIT_ENV},
	{"*/etc/sysconfig/*", EDIT_ENV},
	{"*/etc/conf.d/*", EDIT_ENV},
	{"*/etc/environment", EDIT_ENV},
	{"*.env", EDIT_ENV},
	{"*.options", EDIT_OPTIONS},
	{"*.ini", EDIT_INI},
	{"*.service", EDIT_INI},
	{"*.yaml", EDIT_YAML},
	{"*.yml", EDIT_YAML},
	{"*.json", EDIT_JSON},
	{"*.conf", EDIT_CONF},
	{"*.cnf", EDIT_CONF},
	{"*.cfg", EDIT_CONF},
};

int edit_format_of(const char *path, struct slice text, enum edit_format *ret,
		   struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (fnmatch(names[i].glob, path, 0))
			continue;
		*ret = names[i].format;
		if (*ret == EDIT_CONF && has_section(text))
			*ret = EDIT_INI;
		return 0;
	}
	return err_set(err, ERR_INPUT,
		       "the name '%s' does not tell its format; --format "
		       "properties, conf, ini, env, options, yaml or json does",
		       path);
}

static const struct edit_ops *ops_of(enum edit_format f)
{
	if (f == EDIT_YAML)
		return &edit_ops_yaml;
	return f == EDIT_JSON ? &edit_ops_json : &edit_ops_lines;
}

static bool has_control(struct slice text, bool lines)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (lines && (c == '\n' || c == '\t' ||
			      (c == '\r' && i + 1 < text.len &&
			       text.ptr[i + 1] == '\n')))
			continue;
		if (c < ' ' || c == 0x7f)
			return true;
	}
	return false;
}

static int check_text(struct slice text, struct err *err)
{
	if (text.len > EDIT_FILE_MAX)
		return err_set(err, ERR_INPUT, "it is larger than %zu bytes",
			       EDIT_FILE_MAX);
	if (has_control(text, true) || !utf8_valid(text.ptr, text.len))
		return err_set(err, ERR_INPUT,
			       "it holds bytes that are no text");
	if (text.len >= 3 && !memcmp(text.ptr, "\xef\xbb\xbf", 3))
		return err_set(err, ERR_INPUT,
			       "it begins with a byte order mark");
	return 0;
}

static int check_name(const char *what, const char *text, size_t max,
		      struct err *err)
{
	struct slice s = slice_of(text);

	if (s.len > max)
		return err_set(err, ERR_INPUT,
			       "the %s has %zu bytes, more "
			       "than %zu",
			       what, s.len, max);
	if (has_control(s, false) || !utf8_valid(s.ptr, s.len))
		return err_set(err, ERR_INPUT,
			       "the %s holds bytes that are no text", what);
	return 0;
}

static int look(enum edit_format f, struct slice text, const char *key,
		struct edit_place *ret, struct err *err)
{
	if (check_name("key", key, KEY_MAX, err) < 0 ||
	    check_text(text, err) < 0)
		return -1;
	if (!*key)
		return err_set(err, ERR_INPUT, "the key is empty");
	return ops_of(f)->find(f, text, key, ret, err);
}

int edit_key_get(enum edit_format f, struct slice text, const char *key,
		 struct buf *ret_value, struct err *err)
{
	AUTO_EDIT_PLACE struct edit_place place = {.found = false};

	if (look(f, text, key, &place, err) < 0)
		return -1;
	if (!place.found)
		return 0;
	ops_of(f)->value(f, text, &place, ret_value);
	return 1;
}

/* The text as it would be must hold the value, and be sound. */
static int read_again(enum edit_format f, struct slice before,
		      struct slice after, const char *key, const char *value,
		      struct err *err)
{
	AUTO_BUF struct buf now = BUF_INIT;
	int got = edit_key_get(f, after, key, &now, err);

	if (got < 0)
		return err_prefix(err, "it would be wrong afterwards");
	if (!got || !slice_is(buf_slice(&now), value))
		return err_set(err, ERR_INPUT,
			       "'%s' cannot be written as %s so that it is "
			       "read as that",
			       value, edit_format_names[f]);
	if (ops_of(f)->compare &&
	    ops_of(f)->compare(before, after, key, err) < 0)
		return err_prefix(err, "it would be wrong afterwards");
	return 0;
}

int edit_key_set(struct buf *out, enum edit_format f, struct slice text,
		 const char *key, const char *value, struct err *err)
{
	AUTO_EDIT_PLACE struct edit_place place = {.found = false};
	size_t start = out->len;
	struct slice after;

	if (check_name("value", value, EDIT_VALUE_MAX, err) < 0 ||
	    look(f, text, key, &place, err) < 0)
		return -1;
	buf_add_slice(out, (struct slice){text.ptr, place.begin});
	buf_add_slice(out, buf_slice(&place.before));
	if (ops_of(f)->write(f, text, &place, value, out, err) < 0) {
		buf_truncate(out, start);
		return -1;
	}
	buf_add_slice(out, buf_slice(&place.after));
	if (text.len > place.end)
		buf_add(out, text.ptr + place.end, text.len - place.end);
	if (buf_check(out, "the text", err) < 0)
		return -1;
	after = (struct slice){out->data + start, out->len - start};
	return read_again(f, text, after, key, value, err);
}
