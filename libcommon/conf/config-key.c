/* config-key.c - what is known of a key: which it is, and what it may hold. */
#include "config-internal.h"

#define SECRET_FORMS \
	"{env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"

/* Whether a path fits a pattern; '*' stands for one or more characters, since
 * a name that the user chose may have dots in it. */
static bool path_fits(const char *pattern, const char *path)
{
	for (; *pattern && *pattern != '*'; pattern++, path++)
		if (*pattern != *path)
			return false;
	if (!*pattern)
		return !*path;
	while (*path)
		if (path_fits(pattern + 1, ++path))
			return true;
	return false;
}

const struct config_key *config_key_find(const struct config_key *schema,
					 const char *path)
{
	for (; schema->path; schema++)
		if (path_fits(schema->path, path))
			return schema;
	return NULL;
}

bool config_key_is_text(const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_STRING:
	case CONFIG_INT:
	case CONFIG_BOOL:
	case CONFIG_DURATION:
	case CONFIG_CHOICE:
		return true;
	case CONFIG_LIST:
	case CONFIG_SECRET:
	case CONFIG_MAP:
		break;
	}
	return false;
}

const char *config_key_example(const struct config_key *key)
{
	static const char *const by_type[] = {
		[CONFIG_STRING] = "text",
		[CONFIG_INT] = "1",
		[CONFIG_BOOL] = "true",
		[CONFIG_DURATION] = "15m",
		[CONFIG_CHOICE] = "",
		[CONFIG_LIST] = "[one, two]",
		[CONFIG_SECRET] = "{file: /etc/oncall/secret}",
		[CONFIG_MAP] = "name",
	};

	if (key->example)
		return key->example;
	return key->fallback ? key->fallback : by_type[key->type];
}

static void describe_range(struct buf *out, const struct config_key *key)
{
	if (!key->min && !key->max)
		return;
	buf_add_str(out, " from ");
	buf_add_int(out, key->min);
	buf_add_str(out, " to ");
	buf_add_int(out, key->max);
}

void config_key_describe(struct buf *out, const struct config_key *key)
{
	static const char *const by_type[] = {
		[CONFIG_STRING] = "a text",
		[CONFIG_INT] = "a whole number",
		[CONFIG_BOOL] = "true or false",
		[CONFIG_DURATION] = "a duration",
		[CONFIG_CHOICE] = "one of ",
		[CONFIG_LIST] = "a list",
		[CONFIG_SECRET] = SECRET_FORMS,
		[CONFIG_MAP] = "a map of names",
	};

	buf_add_str(out, by_type[key->type]);
	if (key->type == CONFIG_INT)
		describe_range(out, key);
	if (key->type == CONFIG_DURATION && key->min == -1)
		buf_add_str(out, " or forever");
	for (const char *c = key->choices; c && *c; c++) {
		if (*c == '|')
			buf_add_str(out, ", ");
		else
			buf_add_char(out, *c);
	}
}
