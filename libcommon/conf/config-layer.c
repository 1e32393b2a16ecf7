/* config-layer.c - lays a file over what is configured, key by key. */
#include <oncall/cli.h>
#include <oncall/mem.h>

#include "config-internal.h"

struct layer {
	struct config *config;
	const char *name;
};

/*
 * A place in the tree: its pattern in the schema ("services.*"), and its path
 * with the user's names ("services.api"). Both "" at the top.
 */
struct place {
	char *pattern;
	char *path;
};

static void place_done(struct place *p)
{
	free(p->pattern);
	free(p->path);
}
#define AUTO_PLACE CLEANUP(place_done)

static struct place place_below(const struct place *p, const char *pattern,
				const char *name)
{
	const char *dot = *p->path ? "." : "";

	return (struct place){
		.pattern = mem_printf("%s%s%s", p->pattern, dot, pattern),
		.path = mem_printf("%s%s%s", p->path, dot, name),
	};
}

static int fail_prefix(const struct layer *l, const struct tree *n,
		       const char *path, struct err *err)
{
	return err_prefix(err, "%s:%zu: %s", l->name, n->line, path);
}

static int wrong_type(const struct layer *l, const struct config_key *key,
		      const char *path, const struct tree *n, struct err *err)
{
	AUTO_BUF struct buf what = BUF_INIT;

	config_key_describe(&what, key);
	if (key->type == CONFIG_SECRET || key->type == CONFIG_MAP)
		(void)err_set(err, ERR_USAGE, "this must be %s",
			      buf_str(&what));
	else
		(void)err_set(err, ERR_USAGE,
			      "this must be %s; for example: %s",
			      buf_str(&what), config_key_example(key));
	return fail_prefix(l, n, path, err);
}

static char *origin_of(const struct layer *l, const struct tree *n)
{
	return mem_printf("%s:%zu", l->name, n->line);
}

static const struct config_key *exact_key(const struct config_key *schema,
					  const char *pattern)
{
	for (; schema->path; schema++)
		if (!strcmp(schema->path, pattern))
			return schema;
	return NULL;
}

static bool is_group(const struct config_key *schema, const char *pattern)
{
	size_t n = strlen(pattern);

	for (; schema->path; schema++)
		if (!strncmp(schema->path, pattern, n) &&
		    schema->path[n] == '.')
			return true;
	return false;
}

static int put_list(const struct layer *l, const struct config_key *key,
		    const char *path, const struct tree *n, bool extend,
		    struct err *err)
{
	AUTO_FREE char *here = origin_of(l, n);
	AUTO_FREE char *origin = NULL;
	const struct config_value *old =
		extend ? config_value_get(l->config, path) : NULL;
	struct config_value fresh = {.key = key};
	struct config_value *v;

	if (n->kind == TREE_MAP)
		return wrong_type(l, key, path, n, err);
	for (size_t i = 0; i < n->count; i++)
		if (n->items[i]->kind != TREE_SCALAR || !n->items[i]->text)
			return wrong_type(l, key, path, n->items[i], err);
	for (size_t i = 0; old && i < old->count; i++)
		config_value_add(&fresh, old->items[i]);
	for (size_t i = 0; i < n->count; i++)
		config_value_add(&fresh, n->items[i]->text);
	if (n->text)
		config_value_add(&fresh, n->text);
	origin = old ? mem_printf("%s + %s", old->origin, here) : mem_dup(here);
	v = config_value_new(l->config, key, path, origin);
	v->items = fresh.items;
	v->count = fresh.count;
	return 0;
}

static int put_command(struct config_value *v, const struct tree *n)
{
	if (n->kind != TREE_LIST || n->count == 0)
		return -1;
	for (size_t i = 0; i < n->count; i++) {
		if (!n->items[i]->text)
			return -1;
		config_value_add(v, n->items[i]->text);
	}
	return 0;
}

/* Says nothing of the value, which may be the secret itself. */
static int put_secret(const struct layer *l, const struct config_key *key,
		      const char *path, const struct tree *n, struct err *err)
{
	static const char *const kinds[] = {
		[CONFIG_SECRET_ENV] = "env",
		[CONFIG_SECRET_FILE] = "file",
		[CONFIG_SECRET_COMMAND] = "command",
	};
	AUTO_FREE char *origin = origin_of(l, n);
	struct config_value *v;
	const struct tree *how = NULL;
	size_t kind = 0;

	if (n->kind != TREE_MAP || n->members.count != 1)
		return wrong_type(l, key, path, n, err);
	for (; kind < ARRAY_LEN(kinds); kind++) {
		how = map_get(&n->members, slice_of(kinds[kind]));
		if (how)
			break;
	}
	if (!how)
		return wrong_type(l, key, path, n, err);
	v = config_value_new(l->config, key, path, origin);
	v->secret = (enum config_secret_kind)kind;
	if (kind == CONFIG_SECRET_COMMAND)
		return put_command(v, how) < 0
			       ? wrong_type(l, key, path, n, err)
			       : 0;
	if (!how->text || !*how->text)
		return wrong_type(l, key, path, n, err);
	v->text = mem_dup(how->text);
	return 0;
}

static int walk_group(const struct layer *l, const struct place *at,
		      const struct tree *n, struct err *err);
static int put_named(const struct layer *l, const struct place *at,
		     const struct tree *n, struct err *err);

static int put_map(const struct layer *l, const struct config_key *key,
		   const struct place *at, const struct tree *n,
		   struct err *err)
{
	AUTO_FREE char *origin = origin_of(l, n);

	if (n->kind == TREE_LIST || n->text)
		return wrong_type(l, key, at->path, n, err);
	config_value_name(l->config, key, at->path, NULL, origin);
	for (size_t i = 0; i < n->members.count; i++) {
		const struct map_entry *m = &n->members.entries[i];
		AUTO_PLACE struct place below =
			place_below(at, "*", m->key.ptr);

		config_value_name(l->config, key, at->path, m->key.ptr, origin);
		if (put_named(l, &below, m->value, err) < 0)
			return -1;
	}
	return 0;
}

static int put_node(const struct layer *l, const struct config_key *key,
		    const struct place *at, const struct tree *n,
		    struct err *err)
{
	AUTO_FREE char *origin = origin_of(l, n);

	if (key->type == CONFIG_MAP)
		return put_map(l, key, at, n, err);
	if (key->type == CONFIG_SECRET)
		return put_secret(l, key, at->path, n, err);
	if (key->type == CONFIG_LIST)
		return put_list(l, key, at->path, n, false, err);
	if (!n->text)
		return wrong_type(l, key, at->path, n, err);
	if (config_value_set(l->config, key, at->path, n->text, origin, err) <
	    0)
		return fail_prefix(l, n, at->path, err);
	return 0;
}

/* The names that may stand in a group. */
static const char **names_in(const struct config_key *schema,
			     const char *pattern)
{
	size_t n = strlen(pattern), count = 0;
	const char **names = mem_zero(1, sizeof(*names));

	for (; schema->path; schema++) {
		const char *rest = schema->path + n + (n > 0);

		if (n && (strncmp(schema->path, pattern, n) != 0 ||
			  schema->path[n] != '.'))
			continue;
		names = mem_resize(names, count + 2, sizeof(*names));
		names[count++] = mem_dup_bytes(rest, strcspn(rest, "."));
		names[count] = NULL;
	}
	return names;
}

static int unknown_key(const struct layer *l, const struct place *at,
		       const struct tree *n, const char *name, struct err *err)
{
	const char **names = names_in(l->config->schema, at->pattern);
	const char *near = cli_nearest(name, names);
	const char *in = *at->path ? " in " : "";

	if (near)
		(void)err_set(err, ERR_USAGE,
			      "%s:%zu: the key \"%s\" is not known%s%s, did "
			      "you mean \"%s\"?",
			      l->name, n->line, name, in, at->path, near);
	else
		(void)err_set(err, ERR_USAGE,
			      "%s:%zu: the key \"%s\" is not known%s%s",
			      l->name, n->line, name, in, at->path);
	for (size_t i = 0; names[i]; i++)
		free((void *)(uintptr_t)names[i]);
	free(names);
	return -1;
}

static int walk_member(const struct layer *l, const struct place *at,
		       const char *name, const struct tree *n, struct err *err)
{
	const struct config_key *schema = l->config->schema;
	size_t len = strlen(name);
	bool extend = len > 1 && name[len - 1] == '+';
	AUTO_FREE char *base = mem_dup_bytes(name, len - extend);
	AUTO_PLACE struct place below = place_below(at, base, base);
	const struct config_key *key = exact_key(schema, below.pattern);

	if (strpbrk(base, ".*") || (!key && !is_group(schema, below.pattern)))
		return unknown_key(l, at, n, base, err);
	if (extend && (!key || key->type != CONFIG_LIST))
		return err_set(err, ERR_USAGE,
			       "%s:%zu: %s is no list, only lists can be "
			       "extended with \"+\"",
			       l->name, n->line, below.path);
	if (extend)
		return put_list(l, key, below.path, n, true, err);
	if (key)
		return put_node(l, key, &below, n, err);
	return walk_group(l, &below, n, err);
}

static int walk_group(const struct layer *l, const struct place *at,
		      const struct tree *n, struct err *err)
{
	if (n->kind == TREE_LIST || n->text)
		return err_set(err, ERR_USAGE,
			       "%s:%zu: %s%smust be a map of keys to values",
			       l->name, n->line, at->path,
			       *at->path ? " " : "this file ");
	for (size_t i = 0; i < n->members.count; i++)
		if (walk_member(l, at, n->members.entries[i].key.ptr,
				n->members.entries[i].value, err) < 0)
			return -1;
	return 0;
}

/* What stands under a name that the user chose: keys, or a value. */
static int put_named(const struct layer *l, const struct place *at,
		     const struct tree *n, struct err *err)
{
	const struct config_key *key =
		exact_key(l->config->schema, at->pattern);

	return key ? put_node(l, key, at, n, err) : walk_group(l, at, n, err);
}

int config_layer_add(struct config *c, const char *name,
		     const struct tree *root, struct err *err)
{
	struct layer l = {.config = c, .name = name};
	AUTO_PLACE struct place top = {mem_dup(""), mem_dup("")};

	return root ? walk_group(&l, &top, root, err) : 0;
}
