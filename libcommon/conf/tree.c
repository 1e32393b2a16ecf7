/* tree.c - from the events of libyaml to a tree. */
#include <oncall/tree.h>

#include <yaml.h>

#include <oncall/cli.h>
#include <oncall/mem.h>

struct reader {
	yaml_parser_t parser;
	const char *name;
	struct slice text;
};

void tree_free(struct tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->members.count; i++)
		tree_free(t->members.entries[i].value);
	map_done(&t->members, NULL);
	for (size_t i = 0; i < t->count; i++)
		tree_free(t->items[i]);
	free(t->items);
	free(t->text);
	free(t);
}

struct tree *tree_get(const struct tree *t, const char *key)
{
	return t && t->kind == TREE_MAP ? map_get(&t->members, slice_of(key))
					: NULL;
}

static bool is_known(const char *key, const char *const *keys)
{
	while (*keys && strcmp(*keys, key) != 0)
		keys++;
	return *keys;
}

size_t tree_unknown(const struct tree *map, const char *const *keys, size_t *at,
		    struct buf *what)
{
	while (*at < map->members.count) {
		const struct map_entry *e = &map->members.entries[(*at)++];
		const struct tree *value = e->value;
		const char *near;

		if (is_known(e->key.ptr, keys))
			continue;
		near = cli_nearest(e->key.ptr, keys);
		buf_addf(what, "unknown key \"%s\"", e->key.ptr);
		if (near)
			buf_addf(what, ", did you mean \"%s\"?", near);
		return value->line;
	}
	return 0;
}

static struct tree *node_new(enum tree_kind kind, const yaml_event_t *e)
{
	struct tree *n = mem_zero(1, sizeof(*n));

	n->kind = kind;
	n->line = e->start_mark.line + 1;
	return n;
}

/* Bytes that are not text are told by their offset, not by their line. */
static size_t line_of_offset(struct slice text, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset && i < text.len; i++)
		line += text.ptr[i] == '\n';
	return line;
}

static int syntax_error(const struct reader *r, struct err *err)
{
	const yaml_parser_t *p = &r->parser;
	size_t line = p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR)
		mem_die();
	if (p->error == YAML_READER_ERROR)
		line = line_of_offset(r->text, p->problem_offset);
	return err_set(err, ERR_USAGE, "%s:%zu: this is not YAML: %s", r->name,
		       line, p->problem ? p->problem : "unknown problem");
}

static int next_event(struct reader *r, yaml_event_t *e, struct err *err)
{
	if (!yaml_parser_parse(&r->parser, e))
		return syntax_error(r, err);
	return 0;
}

static int refuse(const struct reader *r, const yaml_event_t *e,
		  const char *what, struct err *err)
{
	return err_set(err, ERR_USAGE, "%s:%zu: %s", r->name,
		       e->start_mark.line + 1, what);
}

static int check_marks(const struct reader *r, const yaml_event_t *e,
		       const yaml_char_t *anchor, const yaml_char_t *tag,
		       struct err *err)
{
	if (anchor)
		return refuse(r, e, "anchors (&name) are not allowed", err);
	if (tag)
		return refuse(r, e, "tags (!name) are not allowed", err);
	return 0;
}

static bool is_null(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || !strcmp(text, "~") || !strcmp(text, "null"));
}

static int read_scalar(struct reader *r, const yaml_event_t *e,
		       struct tree **ret, struct err *err)
{
	const char *text = (const char *)e->data.scalar.value;

	if (check_marks(r, e, e->data.scalar.anchor, e->data.scalar.tag, err) <
	    0)
		return -1;
	if (strlen(text) != e->data.scalar.length)
		return refuse(r, e, "a NUL character is not allowed", err);
	*ret = node_new(TREE_SCALAR, e);
	(*ret)->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (!is_null(e))
		(*ret)->text = mem_dup(text);
	return 0;
}

static int read_node(struct reader *r, const yaml_event_t *e, int depth,
		     struct tree **ret, struct err *err);

static int read_items(struct reader *r, int depth, struct tree *list,
		      struct err *err)
{
	for (;;) {
		struct tree *item = NULL;
		yaml_event_t e;
		int rc;

		if (next_event(r, &e, err) < 0)
			return -1;
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&e);
			return 0;
		}
		rc = read_node(r, &e, depth, &item, err);
		yaml_event_delete(&e);
		if (rc < 0)
			return -1;
		list->items = mem_resize(list->items, list->count + 1,
					 sizeof(struct tree *));
		list->items[list->count++] = item;
	}
}

static int read_value(struct reader *r, int depth, struct tree **ret,
		      struct err *err)
{
	yaml_event_t e;
	int rc;

	if (next_event(r, &e, err) < 0)
		return -1;
	rc = read_node(r, &e, depth, ret, err);
	yaml_event_delete(&e);
	return rc;
}

/* A key and its value. */
static int read_member(struct reader *r, const yaml_event_t *e, int depth,
		       struct tree *map, struct err *err)
{
	AUTO_TREE struct tree *key = NULL;
	struct tree *value = NULL;
	const struct tree *first;

	if (e->type != YAML_SCALAR_EVENT)
		return refuse(r, e, "a key must be plain text", err);
	if (read_scalar(r, e, &key, err) < 0)
		return -1;
	if (!key->text || !*key->text)
		return refuse(r, e, "a key is empty", err);
	first = map_get(&map->members, slice_of(key->text));
	if (first)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: the key \"%s\" stands twice (first at "
			       "line %zu)",
			       r->name, key->line, key->text, first->line);
	if (read_value(r, depth, &value, err) < 0)
		return -1;
	value->line = key->line;
	*map_put(&map->members, slice_of(key->text)) = value;
	return 0;
}

static int read_members(struct reader *r, int depth, struct tree *map,
			struct err *err)
{
	for (;;) {
		yaml_event_t e;
		int rc;

		if (next_event(r, &e, err) < 0)
			return -1;
		if (e.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&e);
			return 0;
		}
		rc = read_member(r, &e, depth, map, err);
		yaml_event_delete(&e);
		if (rc < 0)
			return -1;
	}
}

/* Reads what begins with the event. */
static int read_node(struct reader *r, const yaml_event_t *e, int depth,
		     struct tree **ret, struct err *err)
{
	AUTO_TREE struct tree *n = NULL;

	if (e->type == YAML_ALIAS_EVENT)
		return refuse(r, e, "aliases (*name) are not allowed", err);
	if (e->type == YAML_SCALAR_EVENT)
		return read_scalar(r, e, ret, err);
	if (depth == TREE_DEPTH_MAX)
		return refuse(r, e, "nested too deeply", err);
	if (e->type == YAML_SEQUENCE_START_EVENT) {
		n = node_new(TREE_LIST, e);
		if (check_marks(r, e, e->data.sequence_start.anchor,
				e->data.sequence_start.tag, err) < 0 ||
		    read_items(r, depth + 1, n, err) < 0)
			return -1;
	} else {
		n = node_new(TREE_MAP, e);
		if (check_marks(r, e, e->data.mapping_start.anchor,
				e->data.mapping_start.tag, err) < 0 ||
		    read_members(r, depth + 1, n, err) < 0)
			return -1;
	}
	*ret = TAKE_PTR(n);
	return 0;
}

/* The document between the events around it. */
static int read_stream(struct reader *r, struct tree **ret, struct err *err)
{
	yaml_event_t e;
	int rc = 0;

	for (;;) {
		yaml_event_type_t type;

		if (next_event(r, &e, err) < 0)
			return -1;
		type = e.type;
		if (type == YAML_DOCUMENT_START_EVENT && *ret)
			rc = refuse(r, &e, "a second document begins", err);
		else if (type == YAML_SCALAR_EVENT ||
			 type == YAML_ALIAS_EVENT ||
			 type == YAML_SEQUENCE_START_EVENT ||
			 type == YAML_MAPPING_START_EVENT)
			rc = read_node(r, &e, 0, ret, err);
		yaml_event_delete(&e);
		if (rc < 0 || type == YAML_STREAM_END_EVENT)
			return rc;
	}
}

int tree_parse(struct tree **ret, const char *name, struct slice text,
	       struct err *err)
{
	struct reader r = {.name = name, .text = text};
	AUTO_TREE struct tree *root = NULL;
	int rc;

	*ret = NULL;
	if (!yaml_parser_initialize(&r.parser))
		mem_die();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&r.parser, (const unsigned char *)(text.ptr ? text.ptr : ""),
		text.len);
	rc = read_stream(&r, &root, err);
	yaml_parser_delete(&r.parser);
	if (rc == 0)
		*ret = TAKE_PTR(root);
	return rc;
}
