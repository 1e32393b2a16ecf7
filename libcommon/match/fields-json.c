/*
 * fields-json.c - lines that are objects of JSON. Their members are looked at
 * level by level, from a list of those that may hold more, so that neither
 * depth nor number of members makes the work grow.
 */
#include "fields-internal.h"

#define PATH_MAX_LEN 64
#define KEY_ESCAPED  ((size_t)6 * PATH_MAX_LEN) /* bytes of a key in escapes */
#define NESTED_MAX   12 /* objects that are looked into, of either sort */
/* log, stream, time, and attrs */
#define DOCKER_MEMBERS 4

struct nested {
	const struct fields_key *key; /* that it stands under; NULL: none */
	struct slice value;
	enum jscan_type type;
	bool text;  /* what it says may be text */
	bool other; /* or something else */
};

struct walk {
	struct fields_members *members;
	struct jscan *scan;
	size_t text_count; /* that may hold text; others leave them room */
	size_t count;
	struct nested list[2 * NESTED_MAX];
	const struct nested *array; /* whose elements are visited */
};

static void walk_add(struct walk *w, const struct nested *in,
		     const struct fields_key *key, struct slice value,
		     enum jscan_type type)
{
	struct nested n = {
		.key = key,
		.value = value,
		.type = type,
		.text = in->text && (key->flags & FIELDS_IN_TEXT),
		.other = in->other && (key->flags & FIELDS_IN_OTHER),
	};

	if (n.text && w->text_count == NESTED_MAX)
		n.text = false;
	if (!n.text && (!n.other || w->count - w->text_count == NESTED_MAX))
		return;
	w->text_count += n.text;
	w->list[w->count++] = n;
}

static void take_member(struct walk *w, const struct nested *in,
			const struct fields_key *key, struct slice value,
			enum jscan_type type)
{
	bool text = key->role == FIELDS_MESSAGE || key->role == FIELDS_ERROR ||
		    key->role == FIELDS_STREAM;

	if (type == JSCAN_OBJECT || type == JSCAN_ARRAY)
		walk_add(w, in, key, value, type);
	if (key->role != FIELDS_NOTHING && (text ? in->text : in->other))
		fields_members_add(w->members, &(struct fields_member){
						       .key = key,
						       .value = value,
						       .type = type,
					       });
}

/* The name of a member with those before it: "error" and "message" give
 * "error.message". */
static const struct fields_key *find_key(const struct fields_key *outer,
					 struct slice name)
{
	char path[PATH_MAX_LEN];
	size_t len;

	if (!outer || (outer->flags & FIELDS_FLAT))
		return fields_key_find(name);
	len = strlen(outer->name);
	if (len + 1 + name.len > sizeof(path))
		return NULL;
	memcpy(path, outer->name, len);
	path[len] = '.';
	if (name.len)
		memcpy(path + len + 1, name.ptr, name.len);
	return fields_key_find((struct slice){path, len + 1 + name.len});
}

static const struct fields_key *find_escaped(const struct fields_key *outer,
					     struct slice quoted)
{
	AUTO_BUF struct buf name = BUF_INIT;

	if (quoted.len > KEY_ESCAPED)
		return NULL;
	jscan_unquote(&name, quoted);
	return find_key(outer, buf_slice(&name));
}

/* The value of a pair of OpenTelemetry: {"stringValue":"x"}. */
static bool unwrap_value(struct jscan *scan, struct slice *value,
			 enum jscan_type *type)
{
	static const char *const names[] = {"stringValue", "intValue",
					    "doubleValue"};
	struct err err = ERR_INIT;

	if (*type != JSCAN_OBJECT)
		return true;
	if (jscan_object(scan, value->ptr, value->len, &err) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct jscan_member *m = jscan_get(scan, names[i]);

		if (m) {
			*value = m->value;
			*type = m->type;
			return true;
		}
	}
	return false;
}

/* {"key":"host.name","value":"db1"} */
static bool take_pair(struct walk *w, const struct nested *in)
{
	const struct jscan_member *name = jscan_get(w->scan, "key");
	const struct jscan_member *said = jscan_get(w->scan, "value");
	const struct fields_key *key;
	struct slice plain, value;
	enum jscan_type type;

	if (!name || !said || !jscan_plain(name->value, &plain))
		return false;
	value = said->value;
	type = said->type;
	key = fields_key_find(plain);
	if (key && unwrap_value(w->scan, &value, &type))
		take_member(w, in, key, value, type);
	return true;
}

static void take_members(struct walk *w, const struct nested *in)
{
	for (size_t i = 0; i < w->scan->count; i++) {
		const struct jscan_member *m = &w->scan->members[i];
		const struct fields_key *key;

		if (m->key_escaped)
			key = find_escaped(
				in->key,
				(struct slice){m->key.ptr - 1, m->key.len + 2});
		else
			key = find_key(in->key, m->key);
		if (key)
			take_member(w, in, key, m->value, m->type);
	}
}

/* Of a list, the first object; where it may be one of pairs, each of them. */
static int take_element(void *arg, struct slice value, enum jscan_type type,
			struct err *err)
{
	struct walk *w = arg;
	struct nested n = *w->array;

	if (type != JSCAN_OBJECT ||
	    jscan_object(w->scan, value.ptr, value.len, err) < 0)
		return -1;
	if (!(n.key->flags & FIELDS_PAIRS) || !take_pair(w, &n)) {
		take_members(w, &n);
		return -1;
	}
	return 0;
}

static void take_nested(struct walk *w, const struct nested *n)
{
	struct err err = ERR_INIT;

	if (n->type == JSCAN_ARRAY) {
		w->array = n;
		if (jscan_array(n->value, take_element, w, &err) < 0)
			return; /* it was enough */
	} else if (jscan_object(w->scan, n->value.ptr, n->value.len, &err) ==
		   0) {
		take_members(w, n);
	}
}

/* The members of line that have a meaning; false when it is no object. */
static bool find_members(struct fields_members *m, struct slice line,
			 struct jscan *scan)
{
	const struct nested line_itself = {.text = true, .other = true};
	struct err err = ERR_INIT;
	struct walk w = {.members = m, .scan = scan};

	m->count = 0;
	memset(m->counts, 0, sizeof(m->counts));
	if (jscan_object(scan, line.ptr, line.len, &err) < 0)
		return false;
	m->of_line = scan->count;
	take_members(&w, &line_itself);
	for (size_t i = 0; i < w.count; i++)
		take_nested(&w, &w.list[i]);
	return true;
}

/* The line that docker has put into its own, without its end. */
static bool find_docker(const struct fields_members *m, struct buf *nested,
			struct slice *ret, bool *ret_partial)
{
	static const char newline[] = "\\n\"";
	const size_t n = sizeof(newline) - 1;
	const struct fields_member *log =
		fields_members_next(m, FIELDS_MESSAGE, NULL);
	struct slice v;

	if (!log || !(log->key->flags & FIELDS_DOCKER) ||
	    log->type != JSCAN_STRING || !m->counts[FIELDS_STREAM])
		return false;
	v = log->value;
	*ret_partial =
		v.len < n + 1 || memcmp(v.ptr + v.len - n, newline, n) != 0;
	/* The line end is most often all that is escaped. */
	if (memchr(v.ptr, '\\', v.len) ==
	    (*ret_partial ? NULL : v.ptr + v.len - n)) {
		*ret = (struct slice){v.ptr + 1,
				      v.len - 1 - (*ret_partial ? 1 : n)};
		return true;
	}
	buf_reset(nested);
	jscan_unquote(nested, v);
	*ret = (struct slice){buf_str(nested), nested->len};
	*ret_partial = !ret->len || ret->ptr[ret->len - 1] != '\n';
	ret->len -= !*ret_partial;
	return true;
}

bool fields_make_room(struct fields_reader *r)
{
	/* Unescaped, said, and as it stands; what is in the line comes on top
	 * of the line. */
	size_t lines = r->inside ? 3 : 4;

	return buf_reserve(&r->scratch->text, lines * (r->line.len + 1));
}

bool fields_read_json(struct fields_reader *r)
{
	struct fields *f = r->f;
	const struct fields_member *when;
	struct fields_members m;
	bool partial;

	if (!find_members(&m, r->line, &r->scratch->scan) ||
	    !fields_make_room(r))
		return false;
	when = fields_members_next(&m, FIELDS_TIME, NULL);
	f->format = &fields_format_list[FIELDS_AS_JSON];
	fields_take_members(r, &m);
	if (!r->inside &&
	    find_docker(&m, &r->scratch->nested, &r->inner, &partial)) {
		f->format = &fields_format_list[FIELDS_AS_DOCKER];
		/* Others that use these names leave the line ends out. */
		f->partial = partial && m.of_line <= DOCKER_MEMBERS;
		r->wraps = true;
		return true;
	}
	for (; when; when = fields_members_next(&m, FIELDS_TIME, when))
		if (when->key->flags & FIELDS_MICRO)
			f->format = &fields_format_list[FIELDS_AS_JOURNAL];
	(void)fields_take_text(f, &m, &r->scratch->text);
	return true;
}
