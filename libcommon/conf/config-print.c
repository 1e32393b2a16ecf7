/* config-print.c - the configuration as YAML, with the origin of each value. */
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/utf8.h>

#include "config-internal.h"

#define ORIGIN_COLUMN_MAX 48 /* longer lines do not push the others right */
#define INDENT		  2

struct printer {
	const struct config *config;
	struct buf *out; /* NULL while measuring */
	size_t column;	 /* where origins begin */
};

/* A place as in the schema, and as the user named it, each ending in a dot. */
struct prefix {
	const char *pattern;
	const char *path;
	int indent;
};

static void add_line(struct printer *p, int indent, const char *text,
		     const char *origin)
{
	size_t width = (size_t)indent + utf8_width(text, strlen(text));

	if (!p->out) {
		if (width + 2 > p->column && width + 2 <= ORIGIN_COLUMN_MAX)
			p->column = width + 2;
		return;
	}
	buf_addf(p->out, "%*s%s", indent, "", text);
	if (origin)
		buf_addf(p->out, "%*s# %s",
			 width + 2 > p->column ? 2 : (int)(p->column - width),
			 "", origin);
	buf_add_char(p->out, '\n');
}

/* Text that means itself without quotes, to every reader of YAML. */
static bool is_plain(const char *text)
{
	static const char *const words[] = {"null", "true", "false", "yes",
					    "no",   "on",   "off"};
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789_./+:-");

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcasecmp(text, words[i]))
			return false;
	return n && !text[n] && text[0] != ':' && text[0] != '-' &&
	       text[n - 1] != ':';
}

static void add_quoted(struct buf *out, const char *text)
{
	if (is_plain(text)) {
		buf_add_str(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addf(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			buf_addf(out, "\\x%02x",
				 (unsigned)(unsigned char)*text);
		else
			buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

static void add_text(struct buf *out, const char *text)
{
	AUTO_BUF struct buf clean = BUF_INIT;

	(void)redact_text(&clean, text, strlen(text));
	add_quoted(out, buf_str(&clean));
}

static void add_items(struct buf *out, const struct config_value *v)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < v->count; i++) {
		if (i)
			buf_add_str(out, ", ");
		add_text(out, v->items[i]);
	}
	buf_add_char(out, ']');
}

/* Where the secret comes from, never what it is. */
static void add_secret(struct buf *out, const struct config_value *v)
{
	switch (v->secret) {
	case CONFIG_SECRET_ENV:
		buf_add_str(out, "{env: ");
		add_text(out, v->text);
		break;
	case CONFIG_SECRET_FILE:
		buf_add_str(out, "{file: ");
		add_text(out, v->text);
		break;
	case CONFIG_SECRET_COMMAND:
		buf_add_str(out, "{command: ");
		add_items(out, v);
		break;
	}
	buf_add_char(out, '}');
}

static void print_names(struct printer *p, const struct prefix *at,
			const char *path, const struct config_value *v);

static void print_key(struct printer *p, const struct prefix *at,
		      const struct config_key *key, const char *name)
{
	AUTO_FREE char *path = mem_printf("%s%s", at->path, name);
	const struct config_value *v = config_value_get(p->config, path);
	AUTO_BUF struct buf line = BUF_INIT;

	if (!v && !key->fallback)
		buf_add_str(&line, "# ");
	add_quoted(&line, name);
	buf_add_str(&line, ": ");
	if (key->type == CONFIG_MAP && v && v->count) {
		buf_truncate(&line, line.len - 1);
		add_line(p, at->indent, buf_str(&line), NULL);
		print_names(p, at, path, v);
		return;
	}
	if (!v)
		buf_add_str(&line, key->fallback ? key->fallback : "not set");
	else if (key->type == CONFIG_MAP)
		buf_add_str(&line, "{}");
	else if (key->type == CONFIG_LIST)
		add_items(&line, v);
	else if (key->type == CONFIG_SECRET)
		add_secret(&line, v);
	else if (key->type == CONFIG_BOOL)
		buf_add_str(&line, v->text);
	else
		add_text(&line, v->text);
	add_line(p, at->indent, buf_str(&line),
		 v ? v->origin : (key->fallback ? "built-in" : NULL));
}

/* Whether key i is the first of its group at this depth. */
static bool begins_group(const struct config_key *schema, size_t i, size_t len)
{
	return i == 0 || strncmp(schema[i].path, schema[i - 1].path, len) != 0;
}

static void print_group(struct printer *p, const struct prefix *at)
{
	const struct config_key *schema = p->config->schema;
	size_t skip = strlen(at->pattern);

	for (size_t i = 0; schema[i].path; i++) {
		const char *rest = schema[i].path + skip;
		size_t n;

		if (strncmp(schema[i].path, at->pattern, skip) != 0)
			continue;
		n = strcspn(rest, ".");
		if (!rest[n]) {
			print_key(p, at, &schema[i], rest);
			continue;
		}
		/* What is below a map has been printed with it. */
		if (rest[n + 1] != '*' &&
		    begins_group(schema, i, skip + n + 1)) {
			AUTO_FREE char *pattern =
				mem_dup_bytes(schema[i].path, skip + n + 1);
			AUTO_FREE char *path =
				mem_printf("%s%.*s.", at->path, (int)n, rest);
			AUTO_FREE char *line =
				mem_printf("%.*s:", (int)n, rest);
			struct prefix below = {pattern, path,
					       at->indent + INDENT};

			add_line(p, at->indent, line, NULL);
			print_group(p, &below);
		}
	}
}

/* A name that the user chose, and what stands below it. */
static void print_name(struct printer *p, const struct prefix *at,
		       const char *name)
{
	AUTO_FREE char *path = mem_printf("%s%s.", at->path, name);
	AUTO_BUF struct buf line = BUF_INIT;
	const struct prefix below = {at->pattern, path, at->indent + INDENT};

	add_quoted(&line, name);
	buf_add_char(&line, ':');
	add_line(p, at->indent, buf_str(&line), NULL);
	print_group(p, &below);
}

/* Of a map from names to values, "match.*", the key of those; or NULL. */
static const struct config_key *value_key(const struct config_key *schema,
					  const struct config_key *map)
{
	size_t n = strlen(map->path);

	for (; schema->path; schema++)
		if (!strncmp(schema->path, map->path, n) &&
		    !strcmp(schema->path + n, ".*"))
			return schema;
	return NULL;
}

static void print_names(struct printer *p, const struct prefix *at,
			const char *path, const struct config_value *v)
{
	AUTO_FREE char *pattern = mem_printf("%s.*.", v->key->path);
	AUTO_FREE char *inside = mem_printf("%s.", path);
	const struct prefix members = {pattern, inside, at->indent + INDENT};
	const struct config_key *value = value_key(p->config->schema, v->key);

	for (size_t i = 0; i < v->count; i++) {
		if (value)
			print_key(p, &members, value, v->items[i]);
		else
			print_name(p, &members, v->items[i]);
	}
}

void config_print(const struct config *c, struct buf *out)
{
	struct printer p = {.config = c, .out = NULL};
	struct prefix top = {"", "", 0};

	print_group(&p, &top);
	p.out = out;
	print_group(&p, &top);
}
