/* pack-read.c - YAML, or lines parted by tabs, to rules. */
#include "pack-internal.h"

#include <oncall/condition.h>
#include <oncall/mem.h>
#include <oncall/tree.h>
#include <oncall/when.h>

const char *const pack_keys[] = {"pack",      "version",   "description",
				 "patterns",  "knowledge", "actions",
				 "workflows", NULL};

struct reading {
	struct packs *packs;
	const char *name;
};

static int wrong(const struct reading *r, size_t line, struct err *err)
{
	return err_prefix(err, "%s:%zu", r->name, line);
}

/* A key that is not among names, with the nearest that is. */
static int check_keys(const struct reading *r, const struct tree *map,
		      const char *const *names, struct err *err)
{
	AUTO_BUF struct buf what = BUF_INIT;
	size_t at = 0, line = tree_unknown(map, names, &at, &what);

	return line ? err_set(err, ERR_USAGE, "%s:%zu: %s", r->name, line,
			      buf_str(&what))
		    : 0;
}

static int read_text(const struct reading *r, const struct tree *map,
		     const char *key, char **ret, struct err *err)
{
	const struct tree *value = tree_get(map, key);

	if (!value)
		return 0;
	if (value->kind != TREE_SCALAR || !value->text)
		return err_set(err, ERR_USAGE, "%s:%zu: %s must be text",
			       r->name, value->line, key);
	*ret = mem_dup(value->text);
	return 0;
}

/* A list of texts, or one. */
static int read_list(const struct reading *r, const struct tree *map,
		     const char *key, struct pack_list *ret, struct err *err)
{
	const struct tree *value = tree_get(map, key);

	if (!value || (value->kind == TREE_SCALAR && !value->text))
		return 0;
	if (value->kind == TREE_SCALAR) {
		pack_list_add(ret, value->text, strlen(value->text),
			      value->line);
		return 0;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct tree *item = value->items[i];

		if (item->kind != TREE_SCALAR || !item->text)
			return err_set(err, ERR_USAGE,
				       "%s:%zu: %s must be a list of texts",
				       r->name, item->line, key);
		pack_list_add(ret, item->text, strlen(item->text), item->line);
	}
	if (value->kind == TREE_MAP)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: %s must be a text or a list", r->name,
			       value->line, key);
	return 0;
}

static int read_bool(const struct reading *r, const struct tree *map,
		     const char *key, bool *ret, struct err *err)
{
	const struct tree *value = tree_get(map, key);

	if (!value)
		return 0;
	if (value->text && !strcmp(value->text, "true"))
		*ret = true;
	else if (value->text && !strcmp(value->text, "false"))
		*ret = false;
	else
		return err_set(err, ERR_USAGE,
			       "%s:%zu: %s must be true or false", r->name,
			       value->line, key);
	return 0;
}

/* A word, or the capture that has it: "${level}". */
static int read_severity(struct pack_rule *rule, const char *text,
			 struct err *err)
{
	static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz_"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(text);

	rule->severity = SEVERITY_MEDIUM;
	if (n > 3 && !strncmp(text, "${", 2) && text[n - 1] == '}' &&
	    strspn(text + 2, name_chars) == n - 3) {
		rule->severity_from = mem_dup_bytes(text + 2, n - 3);
		return 0;
	}
	if (severity_of_level(slice_of(text), &rule->severity))
		return 0;
	return err_set(err, ERR_USAGE,
		       "severity \"%s\" is none of info, low, medium, high "
		       "and critical",
		       text);
}

static int read_values(const struct reading *r, const struct tree *map,
		       struct pack_rule *rule, struct err *err)
{
	const struct tree *value = tree_get(map, "severity");
	bool detect = true;

	if (!value || !value->text)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: pattern \"%s\" has no severity",
			       r->name, map->line, rule->id);
	if (read_severity(rule, value->text, err) < 0)
		return wrong(r, value->line, err);
	value = tree_get(map, "cool_down");
	if (value &&
	    (!value->text ||
	     when_parse_duration(value->text, &rule->cool_down_ms, err) < 0)) {
		if (!value->text)
			(void)err_set(err, ERR_USAGE, "a duration is missing");
		(void)err_prefix(err, "cool_down");
		return wrong(r, value->line, err);
	}
	if (read_bool(r, map, "detect", &detect, err) < 0)
		return -1;
	rule->silent = !detect;
	return read_bool(r, map, "case_sensitive", &rule->case_sensitive, err);
}

static int read_texts(const struct reading *r, const struct tree *map,
		      struct pack_rule *rule, struct err *err)
{
	if (read_list(r, map, "match", &rule->match, err) < 0 ||
	    read_list(r, map, "except", &rule->except, err) < 0 ||
	    read_list(r, map, "key", &rule->key, err) < 0 ||
	    read_list(r, map, "tags", &rule->tags, err) < 0 ||
	    read_list(r, map, "examples", &rule->examples, err) < 0 ||
	    read_list(r, map, "counter_examples", &rule->counter_examples,
		      err) < 0 ||
	    read_text(r, map, "when", &rule->when, err) < 0 ||
	    read_text(r, map, "category", &rule->category, err) < 0 ||
	    read_text(r, map, "service", &rule->service, err) < 0)
		return -1;
	return read_text(r, map, "title", &rule->title, err);
}

static int add_rule(const struct reading *r, struct pack_rule *rule,
		    struct err *err)
{
	const struct pack_rule *twin = pack_find(r->packs, rule->id);

	if (twin)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: pattern \"%s\" stands twice (first at "
			       "line %zu)",
			       r->name, rule->line, rule->id, twin->line);
	rule->file = mem_dup(r->name);
	pack_add(r->packs, rule);
	return 0;
}

static int read_id(const struct reading *r, const struct tree *map, char **ret,
		   struct err *err)
{
	if (map->kind != TREE_MAP)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: a pattern must be a map of keys",
			       r->name, map->line);
	if (read_text(r, map, "id", ret, err) < 0)
		return -1;
	if (!*ret)
		return err_set(err, ERR_USAGE, "%s:%zu: a pattern has no id",
			       r->name, map->line);
	if (!pack_id_valid(*ret))
		return err_set(err, ERR_USAGE,
			       "%s:%zu: \"%s\" cannot be an id: letters, "
			       "digits, '-', '_' and '.', at most %d",
			       r->name, map->line, *ret, PACK_ID_MAX);
	return 0;
}

static int read_rule(const struct reading *r, const char *pack,
		     const struct tree *map, struct err *err)
{
	static const char *const keys[] = {
		"id",	  "match",    "except",		  "when",
		"key",	  "severity", "category",	  "service",
		"tags",	  "title",    "cool_down",	  "case_sensitive",
		"detect", "examples", "counter_examples", NULL};
	CLEANUP(pack_rule_done) struct pack_rule rule = {.line = map->line};
	const struct tree *value;
	const char *key;

	if (read_id(r, map, &rule.id, err) < 0 ||
	    check_keys(r, map, keys, err) < 0 ||
	    read_values(r, map, &rule, err) < 0 ||
	    read_texts(r, map, &rule, err) < 0)
		return -1;
	rule.pack = mem_dup(pack);
	if (pack_rule_check(&rule, &key, err) < 0) {
		value = tree_get(map, key);
		return wrong(r, value ? value->line : map->line, err);
	}
	return add_rule(r, &rule, err);
}

static int read_pack(const struct reading *r, const struct tree *root,
		     struct err *err)
{
	const struct tree *patterns;
	struct pack *pack;

	if (root->kind != TREE_MAP)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: a pack is a map of keys", r->name,
			       root->line);
	if (check_keys(r, root, pack_keys, err) < 0)
		return -1;
	pack = r->packs->packs = mem_zero(1, sizeof(*pack));
	r->packs->pack_count = 1;
	pack->file = mem_dup(r->name);
	if (read_text(r, root, "pack", &pack->name, err) < 0 ||
	    read_text(r, root, "version", &pack->version, err) < 0 ||
	    read_text(r, root, "description", &pack->description, err) < 0)
		return -1;
	patterns = tree_get(root, "patterns");
	if (patterns && patterns->kind == TREE_SCALAR && !patterns->text)
		return 0; /* all of them are commented out */
	if (patterns && patterns->kind != TREE_LIST)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: patterns must be a list", r->name,
			       patterns->line);
	for (size_t i = 0; patterns && i < patterns->count; i++)
		if (read_rule(r, pack->name, patterns->items[i], err) < 0)
			return -1;
	return 0;
}

int pack_read_yaml(struct packs *p, struct slice text, const char *name,
		   struct err *err)
{
	const struct reading r = {p, name};
	AUTO_TREE struct tree *root = NULL;

	if (tree_parse(&root, name, text, err) < 0)
		return -1;
	return root ? read_pack(&r, root, err) : 0;
}

static int read_columns(const struct reading *r, struct slice line,
			size_t number, struct err *err)
{
	CLEANUP(pack_rule_done) struct pack_rule rule = {.line = number};
	const char *end = line.ptr + line.len;
	const char *first = memchr(line.ptr, '\t', line.len);
	const char *second =
		first ? memchr(first + 1, '\t', (size_t)(end - first) - 1)
		      : NULL;
	AUTO_FREE char *severity = NULL;

	if (memchr(line.ptr, '\0', line.len))
		return err_set(err, ERR_USAGE,
			       "%s:%zu: a NUL character is not allowed",
			       r->name, number);
	if (!second || second + 1 == end)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: not id, severity and expression, "
			       "parted by tabs",
			       r->name, number);
	rule.id = mem_dup_bytes(line.ptr, (size_t)(first - line.ptr));
	if (!pack_id_valid(rule.id))
		return err_set(err, ERR_USAGE,
			       "%s:%zu: \"%s\" cannot be an id: letters, "
			       "digits, '-', '_' and '.', at most %d",
			       r->name, number, rule.id, PACK_ID_MAX);
	severity = mem_dup_bytes(first + 1, (size_t)(second - first) - 1);
	if (read_severity(&rule, severity, err) < 0)
		return wrong(r, number, err);
	pack_list_add(&rule.match, second + 1, (size_t)(end - second) - 1,
		      number);
	return add_rule(r, &rule, err);
}

int pack_read_tsv(struct packs *p, struct slice text, const char *name,
		  struct err *err)
{
	const struct reading r = {p, name};
	const char *end = text.ptr + text.len;
	size_t number = 0;

	for (const char *s = text.ptr; s < end;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		struct slice line = {s, (size_t)((nl ? nl : end) - s)};

		s += line.len + 1;
		number++;
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (!line.len || *line.ptr == '#')
			continue;
		if (read_columns(&r, line, number, err) < 0)
			return -1;
	}
	return 0;
}
