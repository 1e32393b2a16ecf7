/* action-read.c - members of YAML maps, and what is wrong with them. */
#include "action-internal.h"

#include <stdarg.h>
#include <stdio.h>

#include <oncall/cli.h>
#include <oncall/mem.h>
#include <oncall/when.h>

static void report(struct action_reading *r, size_t line, bool error,
		   const char *what)
{
	AUTO_FREE char *text = mem_printf("%s:%zu: %s", r->name, line, what);

	if (error) {
		r->faults++;
		if (r->err)
			(void)err_set(r->err, ERR_USAGE, "%s", text);
	}
	if (r->found)
		r->found(r->arg, text, error);
}

void action_fault(struct action_reading *r, size_t line, const char *fmt, ...)
{
	char what[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	report(r, line, true, what);
}

void action_remark(struct action_reading *r, size_t line, const char *fmt, ...)
{
	char what[ERR_TEXT_MAX];
	va_list ap;

	if (!r->found)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	report(r, line, false, what);
}

const struct tree *action_member(const struct tree *map, const char *key)
{
	const struct tree *t = tree_get(map, key);

	return t && (t->kind != TREE_SCALAR || t->text) ? t : NULL;
}

void action_read_keys(struct action_reading *r, const struct tree *map,
		      const char *const *keys)
{
	size_t line, at = 0;

	do {
		AUTO_BUF struct buf what = BUF_INIT;

		line = tree_unknown(map, keys, &at, &what);
		if (line)
			action_fault(r, line, "%s", buf_str(&what));
	} while (line);
}

static const char *scalar(struct action_reading *r, const struct tree *map,
			  const char *key, const char *wanted)
{
	const struct tree *t = action_member(map, key);

	if (!t)
		return NULL;
	if (t->kind != TREE_SCALAR) {
		action_fault(r, t->line, "%s must be %s", key, wanted);
		return NULL;
	}
	if (strlen(t->text) > ACTION_MAX_TEXT) {
		action_fault(r, t->line, "%s has more than %zu bytes", key,
			     ACTION_MAX_TEXT);
		return NULL;
	}
	return t->text;
}

void action_read_text(struct action_reading *r, const struct tree *map,
		      const char *key, char **ret)
{
	const char *text = scalar(r, map, key, "text");

	if (!text)
		return;
	free(*ret);
	*ret = mem_dup(text);
}

static bool item_is_good(struct action_reading *r, const struct tree *t,
			 const char *key)
{
	if (t->kind != TREE_SCALAR || !t->text)
		action_fault(r, t->line, "%s must be a list of texts", key);
	else if (strlen(t->text) > ACTION_MAX_TEXT)
		action_fault(r, t->line,
			     "%s has an item of more than %zu bytes", key,
			     ACTION_MAX_TEXT);
	else
		return true;
	return false;
}

/* A list of texts, or one. */
void action_read_list(struct action_reading *r, const struct tree *map,
		      const char *key, char ***ret)
{
	const struct tree *t = action_member(map, key);
	struct tree *const one = (struct tree *)(uintptr_t)t;
	struct tree *const *items = t && t->kind == TREE_LIST ? t->items : &one;
	size_t count = t && t->kind == TREE_LIST ? t->count : 1;
	size_t n = 0;

	if (!t)
		return;
	if (count > ACTION_MAX_ITEMS) {
		action_fault(r, t->line, "%s has more than %d items", key,
			     ACTION_MAX_ITEMS);
		return;
	}
	action_list_free(*ret);
	*ret = mem_zero(count + 1, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		if (item_is_good(r, items[i], key))
			(*ret)[n++] = mem_dup(items[i]->text);
}

void action_read_flag(struct action_reading *r, const struct tree *map,
		      const char *key, bool *ret)
{
	const char *text = scalar(r, map, key, "true or false");

	if (!text)
		return;
	if (!strcmp(text, "true") || !strcmp(text, "false"))
		*ret = *text == 't';
	else
		action_fault(r, tree_get(map, key)->line,
			     "%s must be true or false", key);
}

void action_read_count(struct action_reading *r, const struct tree *map,
		       const char *key, int64_t max, int64_t *ret)
{
	const char *text = scalar(r, map, key, "a number");
	struct err err = ERR_INIT;

	if (text && cli_parse_int(text, 0, max, ret, &err) < 0)
		action_fault(r, tree_get(map, key)->line,
			     "%s must be a number from 0 to %lld", key,
			     (long long)max);
}

void action_read_duration(struct action_reading *r, const struct tree *map,
			  const char *key, int64_t *ret)
{
	const char *text = scalar(r, map, key, "a duration");
	struct err err = ERR_INIT;

	if (text && when_parse_duration(text, ret, &err) < 0)
		action_fault(r, tree_get(map, key)->line, "%s: %s", key,
			     err.text);
}

void action_read_choice(struct action_reading *r, const struct tree *map,
			const char *key, const char *const *names, int *ret)
{
	const char *text = scalar(r, map, key, "a word");
	AUTO_BUF struct buf all = BUF_INIT;

	if (!text)
		return;
	for (int i = 0; names[i]; i++) {
		if (!strcmp(text, names[i])) {
			*ret = i;
			return;
		}
		buf_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	action_fault(r, tree_get(map, key)->line, "%s must be one of %s", key,
		     buf_str(&all));
}

void action_read_pairs(struct action_reading *r, const struct tree *map,
		       const char *key, const char *glue, char ***ret)
{
	const struct tree *t = action_member(map, key);
	size_t n = 0;

	if (!t)
		return;
	if (t->kind != TREE_MAP || t->members.count > ACTION_MAX_ITEMS) {
		action_fault(r, t->line, "%s must be a map of at most %d texts",
			     key, ACTION_MAX_ITEMS);
		return;
	}
	action_list_free(*ret);
	*ret = mem_zero(t->members.count + 1, sizeof(char *));
	for (size_t i = 0; i < t->members.count; i++) {
		const struct map_entry *e = &t->members.entries[i];
		const struct tree *value = e->value;

		if (value->kind != TREE_SCALAR)
			action_fault(r, value->line, "%s.%s must be text", key,
				     e->key.ptr);
		else
			(*ret)[n++] =
				mem_printf("%s%s%s", e->key.ptr, glue,
					   value->text ? value->text : "");
	}
}
