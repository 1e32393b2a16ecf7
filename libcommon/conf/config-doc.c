/* config-doc.c - the schema as a starting file, and as a manual. */
#include <oncall/mem.h>

#include "config-internal.h"
#include "mdoc.h"

#define TEMPLATE_COLUMNS 78
#define INDENT		 2

/* "#  # help", wrapped; taking the first '#' of each line away leaves YAML. */
static void add_help(struct buf *out, int indent, const char *help)
{
	size_t start = (size_t)indent + 3, column = 0;

	while (*help) {
		size_t n = strcspn(help, " ");

		if (!column || column + 1 + n > TEMPLATE_COLUMNS) {
			buf_addf(out, "%s#%*s#", column ? "\n" : "", indent,
				 "");
			column = start - 1;
		}
		buf_add_char(out, ' ');
		buf_add(out, help, n);
		column += n + 1;
		help += n;
		help += strspn(help, " ");
	}
	buf_add_char(out, '\n');
}

/* How many leading parts two paths have in common, as bytes. */
static size_t common_parts(const char *a, const char *b)
{
	size_t common = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == '.')
			common = i + 1;
	return common;
}

static const char *name_in_map(const char *path, size_t len)
{
	for (const struct config_key *k = config_schema; k->path; k++)
		if (strlen(k->path) == len && !strncmp(k->path, path, len))
			return config_key_example(k);
	return "name";
}

/* The key below the parts that the key before it has brought. */
static void add_key(struct buf *out, const struct config_key *key,
		    const char *before)
{
	size_t shared = common_parts(key->path, before);
	const char *value =
		key->fallback ? key->fallback : config_key_example(key);
	int indent = 0;

	for (const char *p = key->path;;) {
		size_t n = strcspn(p, ".");
		bool brought = (size_t)(p - key->path) < shared;

		if (!p[n]) {
			add_help(out, indent, key->help);
			buf_addf(out, "#%*s%s:", indent, "",
				 *p != '*'
					 ? p
					 : name_in_map(key->path,
						       (size_t)(p - key->path) -
							       1));
			if (key->type != CONFIG_MAP)
				buf_addf(out, " %s", value);
			buf_add_char(out, '\n');
			return;
		}
		/* A map is a key of its own and stands before its members. */
		if (!brought && *p == '*')
			buf_addf(out, "#%*s%s:\n", indent, "",
				 name_in_map(key->path,
					     (size_t)(p - key->path) - 1));
		else if (!brought && p[n + 1] != '*')
			buf_addf(out, "#%*s%.*s:\n", indent, "", (int)n, p);
		indent += INDENT;
		p += n + 1;
	}
}

void config_template(struct buf *out)
{
	const char *before = "";

	buf_add_str(out,
		    "## Configuration of oncall-tools, see oncall-config(5).\n"
		    "## Take away the first '#' of the lines that you want to "
		    "set. They show the\n"
		    "## values that are built in, or examples where nothing "
		    "is.\n");
	for (const struct config_key *k = config_schema; k->path; k++) {
		if (!common_parts(k->path, before) && !strchr(k->path, '*'))
			buf_add_char(out, '\n');
		add_key(out, k, before);
		before = k->path;
	}
}

/* "services.*.owner" as "Cm services. Ns Ar NAME Ns Cm .owner". */
static void add_path(struct buf *out, const char *path)
{
	buf_add_str(out, " Cm");
	while (*path) {
		size_t n = strcspn(path, "*");

		mdoc_word(out, (struct slice){path, n});
		path += n;
		if (*path) {
			path++;
			buf_add_str(out, " Ns Ar NAME");
			if (*path)
				buf_add_str(out, " Ns Cm");
		}
	}
}

void config_mdoc(struct buf *out)
{
	AUTO_BUF struct buf what = BUF_INIT;

	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (const struct config_key *k = config_schema; k->path; k++) {
		buf_add_str(out, ".It");
		add_path(out, k->path);
		buf_add_char(out, '\n');
		mdoc_sentence(out, k->help);
		buf_reset(&what);
		config_key_describe(&what, k);
		if (k->type != CONFIG_STRING)
			mdoc_sentence(out, buf_str(&what));
		if (k->fallback)
			buf_addf(out, "Default:\n.Ql %s .\n", k->fallback);
		buf_reset(&what);
		if (config_env_name(&what, k))
			buf_addf(out, "Variable:\n.Ev %s .\n", buf_str(&what));
	}
	buf_add_str(out, ".El\n");
}
