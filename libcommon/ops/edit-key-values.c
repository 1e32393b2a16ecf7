/* edit-key-values.c - the value of a line: read, and written so that it is a
 * value for every reader of the format and never more than that. */
#include "edit-key-internal.h"

#include <ctype.h>

static struct slice written(struct slice text, const struct edit_place *p)
{
	size_t quotes = p->quote ? 1 : 0;

	return (struct slice){text.ptr + p->begin + quotes,
			      p->end - p->begin - 2 * quotes};
}

static void value_of(enum edit_format f, struct slice text,
		     const struct edit_place *p, struct buf *out)
{
	struct slice raw = written(text, p);
	bool escapes =
		f == EDIT_PROPERTIES || (f == EDIT_ENV && p->quote == '"');

	for (size_t i = 0; i < raw.len; i++) {
		if (escapes && raw.ptr[i] == '\\' && i + 1 < raw.len &&
		    !isalnum((unsigned char)raw.ptr[i + 1]))
			i++;
		buf_add_char(out, raw.ptr[i]);
	}
}

static int unfit(const char *value, enum edit_format f, struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "'%s' cannot be written there for sure as %s", value,
		       edit_format_names[f]);
}

static int write_properties(const char *value, struct buf *out, struct err *err)
{
	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p > '~')
			return unfit(value, EDIT_PROPERTIES, err);
		if (*p == '\\' || (p == value && *p == ' '))
			buf_add_char(out, '\\');
		buf_add_char(out, *p);
	}
	return 0;
}

static bool env_needs_no_quotes(const char *value)
{
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) &&
		    !strchr("_./:@%+,=-", *value))
			return false;
	return true;
}

/* A shell that reads the file must find text, and nothing to expand. */
static void write_env(const char *value, char quote, struct buf *out)
{
	if (!quote && env_needs_no_quotes(value)) {
		buf_add_str(out, value);
		return;
	}
	if (quote != '"' && !strchr(value, '\'')) {
		buf_addf(out, "'%s'", value);
		return;
	}
	buf_add_char(out, '"');
	for (; *value; value++) {
		if (strchr("\\\"$`", *value))
			buf_add_char(out, '\\');
		buf_add_char(out, *value);
	}
	buf_add_char(out, '"');
}

/* Neither quotes, nor what could be a comment, a continuation or the end of a
 * block for some reader. */
static bool fits_bare(const char *value, enum edit_format f)
{
	size_t len = strlen(value);

	if (strpbrk(value, "'\"\\") || (!len && f == EDIT_CONF))
		return false;
	if (!len)
		return true;
	for (const char *p = value; *p; p++)
		if (strchr("#;", *p) && (p == value || edit_is_blank(p[-1])))
			return false;
	return !edit_is_blank(*value) && !edit_is_blank(value[len - 1]) &&
	       (f != EDIT_CONF || !strchr(";{}", value[len - 1]));
}

static bool fits_quotes(const char *value)
{
	return !strpbrk(value, "'\"\\");
}

static int write_value(enum edit_format f, struct slice text,
		       const struct edit_place *p, const char *value,
		       struct buf *out, struct err *err)
{
	(void)text;
	if (f == EDIT_PROPERTIES)
		return write_properties(value, out, err);
	if (f == EDIT_ENV) {
		write_env(value, p->quote, out);
		return 0;
	}
	if (p->quote ? !fits_quotes(value) : !fits_bare(value, f))
		return unfit(value, f, err);
	if (p->quote)
		buf_add_char(out, p->quote);
	buf_add_str(out, value);
	if (p->quote)
		buf_add_char(out, p->quote);
	return 0;
}

const struct edit_ops edit_ops_lines = {
	.find = edit_lines_find, .value = value_of, .write = write_value};
