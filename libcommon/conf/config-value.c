/* config-value.c - what keys are set to. */
#include <oncall/cli.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "config-internal.h"

void config_value_free(void *value)
{
	struct config_value *v = value;

	if (!v)
		return;
	for (size_t i = 0; i < v->count; i++)
		free(v->items[i]);
	free(v->items);
	free(v->text);
	free(v->origin);
	free(v);
}

struct config_value *config_value_new(struct config *c,
				      const struct config_key *key,
				      const char *path, const char *origin)
{
	struct config_value *v = mem_zero(1, sizeof(*v));
	void **place = map_put(&c->values, slice_of(path));

	v->key = key;
	v->origin = mem_dup(origin);
	config_value_free(*place);
	*place = v;
	return v;
}

const struct config_value *config_value_get(const struct config *c,
					    const char *path)
{
	return map_get(&c->values, slice_of(path));
}

void config_value_add(struct config_value *v, const char *item)
{
	v->items = mem_resize(v->items, v->count + 2, sizeof(*v->items));
	v->items[v->count++] = mem_dup(item);
	v->items[v->count] = NULL;
}

void config_value_name(struct config *c, const struct config_key *key,
		       const char *path, const char *name, const char *origin)
{
	struct config_value *v = map_get(&c->values, slice_of(path));

	if (!v)
		v = config_value_new(c, key, path, origin);
	for (size_t i = 0; name && i < v->count; i++)
		if (!strcmp(v->items[i], name))
			return;
	if (name)
		config_value_add(v, name);
}

static bool in_range(const struct config_key *key, int64_t number)
{
	if (!key->min && !key->max)
		return true;
	return number >= key->min && number <= key->max;
}

static int parse_bool(const char *text, int64_t *ret)
{
	*ret = !strcmp(text, "true");
	return *ret || !strcmp(text, "false") ? 0 : -1;
}

static int parse_duration(const struct config_key *key, const char *text,
			  int64_t *ret)
{
	struct err unused = ERR_INIT;

	if (key->min == -1 && !strcmp(text, "forever")) {
		*ret = -1;
		return 0;
	}
	return when_parse_duration(text, ret, &unused);
}

/* The number of a choice is its place. */
static int parse_choice(const char *choices, const char *text, int64_t *ret)
{
	size_t len = strlen(text);

	for (*ret = 0; choices; ++*ret) {
		size_t n = strcspn(choices, "|");

		if (n == len && !memcmp(choices, text, n))
			return 0;
		choices = choices[n] ? choices + n + 1 : NULL;
	}
	return -1;
}

static int parse(const struct config_key *key, const char *text, int64_t *ret)
{
	struct err unused = ERR_INIT;

	switch (key->type) {
	case CONFIG_INT:
		return cli_parse_int(text, INT64_MIN, INT64_MAX, ret, &unused);
	case CONFIG_BOOL:
		return parse_bool(text, ret);
	case CONFIG_DURATION:
		return parse_duration(key, text, ret);
	case CONFIG_CHOICE:
		return parse_choice(key->choices, text, ret);
	case CONFIG_STRING:
	case CONFIG_LIST:
	case CONFIG_SECRET:
	case CONFIG_MAP:
		break;
	}
	return 0;
}

int config_value_check(const struct config_key *key, const char *text,
		       int64_t *ret, struct err *err)
{
	AUTO_BUF struct buf what = BUF_INIT;

	*ret = 0;
	if (parse(key, text, ret) == 0 && in_range(key, *ret))
		return 0;
	config_key_describe(&what, key);
	if (key->type == CONFIG_CHOICE || key->type == CONFIG_BOOL)
		return err_set(err, ERR_USAGE, "'%s' is not %s", text,
			       buf_str(&what));
	return err_set(err, ERR_USAGE, "'%s' is not %s; for example: %s", text,
		       buf_str(&what), config_key_example(key));
}

int config_value_set(struct config *c, const struct config_key *key,
		     const char *path, const char *text, const char *origin,
		     struct err *err)
{
	struct config_value *v;
	int64_t number;

	if (config_value_check(key, text, &number, err) < 0)
		return -1;
	v = config_value_new(c, key, path, origin);
	v->text = mem_dup(text);
	v->number = number;
	return 0;
}
