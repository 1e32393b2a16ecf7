/* edit-key-json.c - a scalar of JSON, found by its dotted path. */
#include "edit-key-internal.h"

#include <oncall/jscan.h>
#include <oncall/jwrite.h>

/* One level: the object, where the rest of the path is looked up. */
struct level {
	struct slice text, object;
	const char *path;
	size_t used; /* of path, by the key found here */
	struct jscan members;
};

static void blanks_off(struct slice *s)
{
	while (s->len && strchr(" \t\r\n", *s->ptr))
		s->ptr++, s->len--;
	while (s->len && strchr(" \t\r\n", s->ptr[s->len - 1]))
		s->len--;
}

/* The member that the path begins with: all that is left of it as one key, or
 * its part before the first dot. */
static const struct jscan_member *step(struct level *l, struct err *err)
{
	const struct jscan_member *m;
	char part[256];
	size_t len = strcspn(l->path, ".");

	if (jscan_object(&l->members, l->object.ptr, l->object.len, err) < 0)
		return NULL;
	m = jscan_duplicate(&l->members);
	if (m) {
		err_set(err, ERR_INPUT, "'%.*s' stands twice in one object",
			(int)m->key.len, m->key.ptr);
		return NULL;
	}
	l->used = strlen(l->path);
	m = jscan_get(&l->members, l->path);
	if (m || len == l->used || len >= sizeof(part))
		return m;
	memcpy(part, l->path, len);
	part[len] = '\0';
	m = jscan_get(&l->members, part);
	if (m)
		l->used = len + 1;
	return m;
}

/* How the last member is set apart from what stands before it. */
static struct slice lead_of(const struct level *l)
{
	const struct jscan_member *last =
		&l->members.members[l->members.count - 1];
	const char *end = last->key.ptr - 1, *begin = end;

	while (begin > l->object.ptr && strchr(" \t\r\n", begin[-1]))
		begin--;
	return (struct slice){begin, (size_t)(end - begin)};
}

static int place_new(const struct level *l, struct edit_place *ret,
		     struct err *err)
{
	AUTO_BUF struct buf key = BUF_INIT; /* jwrite would add commas */
	const struct jscan *s = &l->members;
	const char *at = l->object.ptr + 1;

	if (strchr(l->path, '.'))
		return err_set(err, ERR_INPUT,
			       "'%s' is not there, so nothing can be added "
			       "in it",
			       l->path);
	if (s->count) {
		struct slice last = s->members[s->count - 1].value;

		at = last.ptr + last.len;
		buf_add_char(&ret->before, ',');
		buf_add_slice(&ret->before, lead_of(l));
	}
	ret->begin = ret->end = (size_t)(at - l->text.ptr);
	jwrite_str(&key, NULL, l->path);
	buf_add_slice(&ret->before, buf_slice(&key));
	buf_add_str(&ret->before, ": ");
	return 0;
}

static int find_in(struct level *l, struct edit_place *ret, struct err *err)
{
	while (true) {
		const struct jscan_member *m = step(l, err);

		if (err->kind != ERR_NONE)
			return -1;
		if (!m)
			return place_new(l, ret, err);
		l->path += l->used;
		if (!*l->path) {
			if (m->type == JSCAN_OBJECT || m->type == JSCAN_ARRAY)
				return err_set(err, ERR_INPUT,
					       "it is not a scalar");
			ret->found = true;
			ret->begin = (size_t)(m->value.ptr - l->text.ptr);
			ret->end = ret->begin + m->value.len;
			ret->quote = m->type == JSCAN_STRING ? '"' : 0;
			return 0;
		}
		if (m->type != JSCAN_OBJECT)
			return err_set(err, ERR_INPUT,
				       "what '%s' should be in is no object",
				       l->path);
		l->object = m->value;
	}
}

static int find(enum edit_format f, struct slice text, const char *key,
		struct edit_place *ret, struct err *err)
{
	struct level l = {.text = text, .object = text, .path = key};
	int rc;

	(void)f;
	blanks_off(&l.object);
	rc = find_in(&l, ret, err);
	jscan_done(&l.members);
	return rc;
}

static void value_of(enum edit_format f, struct slice text,
		     const struct edit_place *p, struct buf *out)
{
	struct slice raw = {text.ptr + p->begin, p->end - p->begin};

	(void)f;
	if (p->quote)
		jscan_unquote(out, raw);
	else
		buf_add_slice(out, raw);
}

/* A number, true, false or null. */
static bool is_literal(const char *value)
{
	struct err err = ERR_INIT;

	if (!*value || strchr("\"{[ \t", *value) ||
	    strchr(" \t", value[strlen(value) - 1]))
		return false;
	return jscan_array(slice_of(value), NULL, NULL, &err) == 0;
}

static int write_value(enum edit_format f, struct slice text,
		       const struct edit_place *p, const char *value,
		       struct buf *out, struct err *err)
{
	AUTO_BUF struct buf quoted = BUF_INIT;
	struct slice old = {text.ptr + p->begin, p->end - p->begin};

	(void)f;
	if (!p->quote && is_literal(value)) {
		buf_add_str(out, value);
		return 0;
	}
	if (p->found && !p->quote && !slice_is(old, "null"))
		return err_set(err, ERR_INPUT,
			       "'%s' is no number, true or false, as the "
			       "value that stands there is",
			       value);
	jwrite_str(&quoted, NULL, value);
	buf_add_slice(out, buf_slice(&quoted));
	return 0;
}

const struct edit_ops edit_ops_json = {
	.find = find, .value = value_of, .write = write_value};
