/*
 * conditions-load.c - reads what conditions-save.c writes. A file may have been
 * damaged or made up: whatever the rest of the module relies on is checked.
 */
#include "conditions-save.h"

#include <oncall/map.h>
#include <oncall/mem.h>

/* Times are sums of a time and a duration at most. */
#define TIME_MAX  (WHEN_MAX + WHEN_DURATION_MAX)
#define TIME_MIN  (WHEN_MIN - WHEN_DURATION_MAX)
#define COUNT_MAX (INT64_C(1) << 53)

struct loading {
	struct conditions *c;
	struct map ids; /* to places behind 1 */
	size_t *rules;	/* of "rules": the place behind 1, 0: gone */
	size_t rule_count, rule_cap;
};

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "saved conditions: %s", what);
}

/* The bytes of a text of characters up to U+00FF. */
static int read_bytes(struct slice value, enum jscan_type type, struct buf *ret,
		      struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (type != JSCAN_STRING)
		return bad(err, "a text is none");
	jscan_unquote(&text, value);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (byte >= 0x80) {
			if ((byte != 0xc2 && byte != 0xc3) || i + 1 == text.len)
				return bad(err, "a text has no bytes");
			i++;
			byte = (unsigned char)(byte << 6 |
					       (text.data[i] & 0x3f));
		}
		buf_add_char(ret, (char)byte);
	}
	return 0;
}

static int member_bytes(const struct jscan *scan, const char *key,
			struct buf *ret, struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, key);

	if (!m)
		return bad(err, "a member is missing");
	return read_bytes(m->value, m->type, ret, err);
}

/* *ret keeps what it is when there is no such member. */
static int member_int(const struct jscan *scan, const char *key, int64_t min,
		      int64_t max, int64_t *ret, struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, key);
	int64_t n;

	if (!m)
		return 0;
	if (m->type != JSCAN_NUMBER || jscan_int(m->value, &n) < 0 || n < min ||
	    n > max)
		return bad(err, "a number is out of range");
	*ret = n;
	return 0;
}

static int load_rule(struct loading *l, const struct jscan *scan,
		     struct err *err)
{
	AUTO_BUF struct buf id = BUF_INIT;
	AUTO_BUF struct buf when = BUF_INIT;
	AUTO_BUF struct buf now = BUF_INIT;
	size_t at;

	if (member_bytes(scan, "id", &id, err) < 0 ||
	    member_bytes(scan, "when", &when, err) < 0)
		return -1;
	at = (size_t)(uintptr_t)map_get(&l->ids, buf_slice(&id));
	if (at) {
		conditions_write_when(l->c->nodes[at - 1], &now);
		if (!slice_eq(buf_slice(&now), buf_slice(&when)))
			at = 0;
	}
	if (l->rule_count == l->rule_cap) {
		l->rule_cap = l->rule_cap ? 2 * l->rule_cap : 16;
		l->rules = mem_resize(l->rules, l->rule_cap, sizeof(*l->rules));
	}
	l->rules[l->rule_count++] = at;
	return 0;
}

struct marks {
	struct condition_state *s;
	const struct condition_node *n;
	int64_t last;
	uint64_t seen; /* parts */
};

static int load_mark(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct marks *m = arg;
	struct condition_state *s = m->s;
	bool group = m->n->core == CONDITION_GROUP;
	size_t max = group ? m->n->when->part_count
			   : 2 * (size_t)m->n->when->count - 1;
	int64_t step, mark;
	size_t part;

	if (type != JSCAN_NUMBER || jscan_int(value, &step) < 0 ||
	    __builtin_add_overflow(m->last, step, &mark) ||
	    condition_mark_time(mark) < WHEN_MIN ||
	    condition_mark_time(mark) > WHEN_MAX)
		return bad(err, "a mark is out of range");
	part = CONDITION_MARK_PART(mark);
	if (s->mark_count == max || (s->mark_count && step < 0) ||
	    part >= (group ? max : 1) || (group && m->seen >> part & 1))
		return bad(err, "a mark is out of place");
	if (s->mark_count == s->mark_cap) {
		s->mark_cap = s->mark_cap ? 2 * s->mark_cap : 4;
		s->marks = mem_resize(s->marks, s->mark_cap, sizeof(*s->marks));
	}
	s->marks[s->mark_count++] = m->last = mark;
	m->seen |= UINT64_C(1) << part;
	return 0;
}

static int load_marks(struct condition_state *s, const struct condition_node *n,
		      const struct jscan *scan, struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, "marks");
	struct marks marks = {.s = s, .n = n};

	if (!m)
		return 0;
	if (m->type != JSCAN_ARRAY ||
	    (n->core != CONDITION_TIMES && n->core != CONDITION_GROUP))
		return bad(err, "marks where there are none");
	return jscan_array(m->value, load_mark, &marks, err);
}

struct texts {
	struct buf carried, keep;
	size_t count;
};

static int load_text(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct texts *t = arg;

	if (t->count++ > 1)
		return bad(err, "too much is kept");
	return read_bytes(value, type, t->count == 1 ? &t->carried : &t->keep,
			  err);
}

static bool has_lines(struct slice text, size_t count)
{
	size_t lines = 0;

	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	return lines == count &&
	       (!text.len || text.ptr[text.len - 1] == '\n') &&
	       text.len <= count * (CONDITION_VALUE + 1);
}

static int load_kept(struct condition_kept *kept,
		     const struct condition_node *n, const struct jscan *scan,
		     const char *key, struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, key);
	struct texts t = {.count = 0};
	int rc;

	if (!m || m->type != JSCAN_ARRAY)
		return bad(err, "what waits has kept nothing");
	rc = jscan_array(m->value, load_text, &t, err);
	if (!rc &&
	    (t.count != 2 || t.keep.len > CONDITION_KEEP ||
	     !has_lines(buf_slice(&t.carried), n->name_count - n->field_count)))
		rc = bad(err, "what was kept is damaged");
	if (!rc) {
		kept->carried = t.carried.len;
		kept->len = t.keep.len;
		buf_add_slice(&t.carried, buf_slice(&t.keep));
		if (t.carried.len)
			kept->data = buf_take(&t.carried);
	}
	buf_done(&t.carried);
	buf_done(&t.keep);
	return rc;
}

static int load_waiting(struct condition_state *s,
			const struct condition_node *n,
			const struct jscan *scan, struct err *err)
{
	if (s->first == WHEN_NONE && s->last == WHEN_NONE)
		return 0;
	if (s->first == WHEN_NONE ||
	    (s->last != WHEN_NONE && s->last < s->first))
		return bad(err, "the first comes after the last");
	if (s->count < (s->last == WHEN_NONE ? 1 : 2))
		return bad(err, "what waits was not counted");
	if (load_kept(&s->waiting->first, n, scan, "kept", err) < 0)
		return -1;
	if (s->last == WHEN_NONE)
		return 0;
	return load_kept(&s->waiting->last, n, scan, "kept_last", err);
}

static int load_numbers(struct condition_state *s, const struct jscan *scan,
			struct err *err)
{
	const struct conditions_save_time *t;

	for (t = conditions_save_times; t->name; t++) {
		int64_t n = WHEN_NONE;

		if (member_int(scan, t->name, TIME_MIN, TIME_MAX, &n, err) < 0)
			return -1;
		memcpy((char *)s + t->offset, &n, sizeof(n));
	}
	for (t = conditions_save_counts; t->name; t++) {
		int64_t n = 0;

		if (member_int(scan, t->name, 0, COUNT_MAX, &n, err) < 0)
			return -1;
		memcpy((char *)s + t->offset, &n, sizeof(n));
	}
	return 0;
}

/* What only some cores may rely on. */
static int check_times(const struct condition_state *s,
		       const struct condition_node *n, struct err *err)
{
	bool window = n->core == CONDITION_TIMES || n->core == CONDITION_GROUP;

	if (window && (s->until == WHEN_NONE) != (s->first == WHEN_NONE))
		return bad(err, "a burst has one end");
	if (n->core == CONDITION_THEN &&
	    ((s->first == WHEN_NONE) != (s->last == WHEN_NONE) ||
	     s->first > s->last || (s->first != WHEN_NONE && !s->count)))
		return bad(err, "the first comes after the last");
	return 0;
}

static int fill_state(struct condition_state *s, const struct condition_node *n,
		      const struct jscan *scan, struct err *err)
{
	if (load_numbers(s, scan, err) < 0 || check_times(s, n, err) < 0 ||
	    load_marks(s, n, scan, err) < 0)
		return -1;
	return s->waiting ? load_waiting(s, n, scan, err) : 0;
}

static int load_state(struct loading *l, const struct jscan *scan,
		      struct err *err)
{
	struct conditions *c = l->c;
	const struct condition_node *n;
	struct condition_state *s;
	int64_t rule = -1;

	if (member_int(scan, "rule", 0, (int64_t)l->rule_count - 1, &rule,
		       err) < 0)
		return -1;
	if (rule < 0)
		return bad(err, "a state has no rule");
	if (!l->rules[rule])
		return 0;
	rule = (int64_t)l->rules[rule] - 1;
	n = c->nodes[rule];
	buf_reset(&c->key);
	if (member_bytes(scan, "key", &c->key, err) < 0)
		return -1;
	if (!has_lines(buf_slice(&c->key), n->field_count) ||
	    condition_find(c, (size_t)rule))
		return bad(err, "a key is damaged, or stands twice");
	s = condition_make(c, (size_t)rule);
	if (fill_state(s, n, scan, err) < 0)
		return -1;
	condition_settle(c, s);
	condition_limit(c);
	return 0;
}

static int load_object(struct loading *l, struct slice value,
		       enum jscan_type type,
		       int (*load)(struct loading *, const struct jscan *,
				   struct err *),
		       struct err *err)
{
	struct jscan scan = {.members = NULL};
	int rc;

	if (type != JSCAN_OBJECT)
		return bad(err, "an object is none");
	rc = jscan_object(&scan, value.ptr, value.len, err);
	if (!rc)
		rc = load(l, &scan, err);
	jscan_done(&scan);
	return rc;
}

static int on_rule(void *arg, struct slice value, enum jscan_type type,
		   struct err *err)
{
	return load_object(arg, value, type, load_rule, err);
}

static int on_state(void *arg, struct slice value, enum jscan_type type,
		    struct err *err)
{
	return load_object(arg, value, type, load_state, err);
}

static int load_all(struct loading *l, const struct jscan *scan,
		    struct err *err)
{
	const struct jscan_member *rules = jscan_get(scan, "rules");
	const struct jscan_member *states = jscan_get(scan, "states");
	int64_t forgotten = 0;

	if (!rules || rules->type != JSCAN_ARRAY || !states ||
	    states->type != JSCAN_ARRAY)
		return bad(err, "rules or states are missing");
	if (member_int(scan, "forgotten", 0, COUNT_MAX, &forgotten, err) < 0 ||
	    jscan_array(rules->value, on_rule, l, err) < 0 ||
	    jscan_array(states->value, on_state, l, err) < 0)
		return -1;
	l->c->forgotten = (uint64_t)forgotten;
	return 0;
}

int conditions_load(struct conditions *c, struct slice json, struct err *err)
{
	struct loading l = {.c = c};
	struct jscan scan = {.members = NULL};
	int rc;

	condition_drop_all(c);
	c->forgotten = 0;
	for (size_t i = 0; i < c->count; i++)
		if (c->nodes[i])
			*map_put(&l.ids, slice_of(c->nodes[i]->id)) =
				(void *)(uintptr_t)(i + 1);
	rc = jscan_object(&scan, json.ptr, json.len, err);
	if (!rc)
		rc = load_all(&l, &scan, err);
	if (rc)
		condition_drop_all(c);
	jscan_done(&scan);
	map_done(&l.ids, NULL);
	free(l.rules);
	return rc;
}
