/*
 * edit-key-yaml.c - a scalar of YAML, found by its dotted path. The parser says
 * in which line it stands; the line is changed only when it plainly is "key:
 * value"; and the tree afterwards must be the tree before but for that value.
 */
#include "edit-key-internal.h"

#include <oncall/mem.h>
#include <oncall/tree.h>

struct found {
	const struct tree *parent, *node; /* node NULL: not there */
	const char *name;		  /* of the node, in its parent */
};

static int walk(const struct tree *root, const char *key, struct found *ret,
		struct err *err)
{
	ret->parent = root;
	ret->name = key;
	while (true) {
		size_t len = strcspn(ret->name, ".");
		AUTO_FREE char *part = mem_dup_bytes(ret->name, len);

		if (!ret->parent || ret->parent->kind != TREE_MAP)
			return err_set(err, ERR_INPUT,
				       "what '%s' should be in is no map",
				       ret->name);
		ret->node = tree_get(ret->parent, ret->name);
		if (ret->node || !ret->name[len])
			return 0;
		if (!tree_get(ret->parent, part))
			return err_set(err, ERR_INPUT,
				       "'%s' is not there, so nothing can be "
				       "added in it",
				       part);
		ret->parent = tree_get(ret->parent, part);
		ret->name += len + 1;
	}
}

static size_t offset_of_line(struct slice text, size_t number)
{
	size_t at = 0, next;

	for (size_t i = 1; i < number && at < text.len; i++, at = next)
		(void)edit_line(text, at, &next);
	return at;
}

/* Behind "name:" or "'name':" and its blanks, or 0. */
static size_t behind_key(struct slice line, const char *name)
{
	size_t at = edit_indent(line), len = strlen(name);
	char quote = 0;

	if (at < line.len && strchr("\"'", line.ptr[at]))
		quote = line.ptr[at++];
	if (line.len - at < len || memcmp(line.ptr + at, name, len) != 0)
		return 0;
	at += len;
	if (quote && (at == line.len || line.ptr[at++] != quote))
		return 0;
	while (at < line.len && edit_is_blank(line.ptr[at]))
		at++;
	if (at == line.len || line.ptr[at++] != ':')
		return 0;
	if (at < line.len && !edit_is_blank(line.ptr[at]))
		return 0;
	while (at < line.len && edit_is_blank(line.ptr[at]))
		at++;
	return at;
}

/* Where the value that begins at at ends in its line. */
static size_t end_of_value(struct slice line, size_t at, char quote)
{
	size_t end = at + (quote ? 1 : 0);

	for (; end < line.len; end++) {
		if (quote == '"' && line.ptr[end] == '\\')
			end++;
		else if (quote && line.ptr[end] == quote) {
			if (quote != '\'' || end + 1 == line.len ||
			    line.ptr[end + 1] != '\'')
				return end + 1;
			end++;
		} else if (!quote && line.ptr[end] == '#' &&
			   (end == at || edit_is_blank(line.ptr[end - 1])))
			break;
	}
	if (end > line.len)
		end = line.len;
	while (end > at && edit_is_blank(line.ptr[end - 1]))
		end--;
	return end;
}

/* Reads "value" as the parser does. */
static bool reads_as(struct slice raw, const char *want)
{
	AUTO_TREE struct tree *t = NULL;
	struct err err = ERR_INIT;

	if (tree_parse(&t, "value", raw, &err) < 0)
		return false;
	if (!t || !t->text)
		return !want;
	return t->kind == TREE_SCALAR && want && !strcmp(t->text, want);
}

static int place_of(struct slice text, const struct found *f,
		    struct edit_place *ret, struct err *err)
{
	size_t start = offset_of_line(text, f->node->line), next, at;
	struct slice line = edit_line(text, start, &next), raw;

	if (f->node->kind != TREE_SCALAR)
		return err_set(err, ERR_INPUT, "line %zu: it is not a scalar",
			       f->node->line);
	at = behind_key(line, f->name);
	if (at && at < line.len && strchr("\"'", line.ptr[at]))
		ret->quote = line.ptr[at];
	ret->begin = start + at;
	ret->end = start + (at ? end_of_value(line, at, ret->quote) : 0);
	raw = (struct slice){text.ptr + ret->begin, ret->end - ret->begin};
	if (!at ||
	    (raw.len ? !reads_as(raw, f->node->text) : f->node->text != NULL))
		return err_set(err, ERR_INPUT,
			       "line %zu: it is not a value of one line",
			       f->node->line);
	if (!raw.len && edit_line(text, start, &next).len == at &&
	    !edit_is_blank(line.ptr[at - 1]))
		buf_add_char(&ret->before, ' ');
	ret->found = true;
	return 0;
}

/* Behind the last line of the last member of the parent, whose lines are
 * indented more than its keys. */
static int place_new(struct slice text, const struct found *f,
		     struct edit_place *ret, struct err *err)
{
	const struct map *members = &f->parent->members;
	const struct tree *last;
	size_t start, next, at, indent;
	struct slice line;

	if (!members->count)
		return err_set(err, ERR_INPUT,
			       "its map is empty: where should '%s' be added?",
			       f->name);
	last = members->entries[members->count - 1].value;
	start = offset_of_line(text, last->line);
	line = edit_line(text, start, &next);
	indent = edit_indent(line);
	if (!behind_key(line, members->entries[members->count - 1].key.ptr))
		return err_set(err, ERR_INPUT,
			       "line %zu: it is not a map of one key a line",
			       last->line);
	for (at = next; at < text.len;) {
		size_t deep, behind;

		line = edit_line(text, at, &behind);
		deep = edit_indent(line);
		if (deep < line.len && deep <= indent &&
		    !(deep == indent && last->kind == TREE_LIST &&
		      line.ptr[deep] == '-'))
			break;
		at = behind;
		if (deep < line.len)
			next = at;
	}
	ret->begin = ret->end = next;
	if (text.ptr[next - 1] != '\n')
		buf_add_str(&ret->before, edit_line_end(text));
	else
		buf_add_str(&ret->after, edit_line_end(text));
	buf_addf(&ret->before, "%*s%s: ", (int)indent, "", f->name);
	return 0;
}

/* Plain in any place: not taken for anything but text, a number or a word. */
static bool is_plain(const char *value)
{
	if (!*value || strchr(".,-=+%/@:?&*!|>", *value) != NULL)
		if (*value != '/' && *value != '.' && *value != '-')
			return false;
	for (const char *p = value; *p; p++) {
		bool word = (*p >= 'a' && *p <= 'z') ||
			    (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9');

		if (!word && !strchr("_./@%+=-:", *p))
			return false;
		if (*p == ':' && !p[1])
			return false;
	}
	return strcmp(value, "-") != 0 && strncmp(value, "--", 2) != 0 &&
	       strcmp(value, "...") != 0;
}

/* What is wrong with the file is input here, not configuration. */
static int parse(struct tree **ret, struct slice text, struct err *err)
{
	if (tree_parse(ret, "it", text, err) == 0)
		return 0;
	err->kind = ERR_INPUT;
	return -1;
}

static int find(enum edit_format f, struct slice text, const char *key,
		struct edit_place *ret, struct err *err)
{
	AUTO_TREE struct tree *root = NULL;
	struct found found = {.name = key};

	(void)f;
	if (parse(&root, text, err) < 0 || walk(root, key, &found, err) < 0)
		return -1;
	if (!found.node && !is_plain(found.name))
		return err_set(err, ERR_INPUT, "'%s' cannot be added as a key",
			       found.name);
	return found.node ? place_of(text, &found, ret, err)
			  : place_new(text, &found, ret, err);
}

static void value_of(enum edit_format f, struct slice text,
		     const struct edit_place *p, struct buf *out)
{
	AUTO_TREE struct tree *t = NULL;
	struct slice raw = {text.ptr + p->begin, p->end - p->begin};
	struct err err = ERR_INIT;

	(void)f;
	if (raw.len && tree_parse(&t, "value", raw, &err) == 0 && t && t->text)
		buf_add_str(out, t->text);
}

static int write_value(enum edit_format f, struct slice text,
		       const struct edit_place *p, const char *value,
		       struct buf *out, struct err *err)
{
	char quote = p->quote ? p->quote : '\'';

	(void)f;
	(void)text;
	(void)err;
	if (!p->quote && is_plain(value)) {
		buf_add_str(out, value);
		return 0;
	}
	buf_add_char(out, quote);
	for (; *value; value++) {
		if (*value == quote || (quote == '"' && *value == '\\'))
			buf_add_char(out, quote == '"' ? '\\' : '\'');
		buf_add_char(out, *value);
	}
	buf_add_char(out, quote);
	return 0;
}

/* ---- both trees ---- */

static bool same(const struct tree *a, const struct tree *b,
		 const struct tree *but);

static bool same_items(const struct tree *a, const struct tree *b,
		       const struct tree *but)
{
	for (size_t i = 0; i < a->count; i++)
		if (!same(a->items[i], b->items[i], but))
			return false;
	return true;
}

/* b may have what a has not when that is but. */
static bool same_members(const struct tree *a, const struct tree *b,
			 const struct tree *but)
{
	size_t seen = 0;

	for (size_t i = 0; i < b->members.count; i++) {
		const struct map_entry *e = &b->members.entries[i];
		const struct tree *old = map_get(&a->members, e->key);

		if (old ? !same(old, e->value, but) : e->value != but)
			return false;
		seen += old != NULL;
	}
	return seen == a->members.count;
}

static bool same(const struct tree *a, const struct tree *b,
		 const struct tree *but)
{
	if (b == but)
		return true;
	if (!a || !b || a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == TREE_SCALAR)
		return a->text && b->text ? !strcmp(a->text, b->text)
					  : a->text == b->text;
	return same_items(a, b, but) && same_members(a, b, but);
}

static int compare(struct slice before, struct slice after, const char *key,
		   struct err *err)
{
	AUTO_TREE struct tree *a = NULL, *b = NULL;
	struct found found = {.name = key};

	if (parse(&a, before, err) < 0 || parse(&b, after, err) < 0 ||
	    walk(b, key, &found, err) < 0)
		return -1;
	if (!found.node || !same(a, b, found.node))
		return err_set(err, ERR_INPUT,
			       "more than that key would change");
	return 0;
}

const struct edit_ops edit_ops_yaml = {.find = find,
				       .value = value_of,
				       .write = write_value,
				       .compare = compare};
