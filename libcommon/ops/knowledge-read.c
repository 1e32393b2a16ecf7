/* knowledge-read.c - records, ours and those of others, to entries. */
#include "knowledge-internal.h"

#include <oncall/jscan.h>
#include <oncall/mem.h>

/* What is written beside an entry, but is kept elsewhere or found anew. */
static const char *const derived[] = {"type", "time",	 "history", "outcomes",
				      "hits", "removed", NULL};

static int wrong(struct err *err, const char *name, const char *expected)
{
	return err_set(err, ERR_INPUT, "'%s' must be %s", name, expected);
}

/* A text without a NUL in it, which nothing could keep. */
static int decode(struct buf *text, const char *name, struct slice value,
		  struct err *err)
{
	buf_reset(text);
	jscan_unquote(text, value);
	if (strlen(buf_str(text)) != text->len)
		return err_set(err, ERR_INPUT, "'%s' holds a NUL character",
			       name);
	return 0;
}

static int read_text(char **member, const char *name,
		     const struct jscan_member *m, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (m->type != JSCAN_STRING)
		return wrong(err, name, "a text");
	if (decode(&text, name, m->value, err) < 0)
		return -1;
	return knowledge_take_text(member, name, buf_str(&text), err);
}

/* ---- lists ---- */

struct list_reading {
	struct knowledge_list *list;
	const char *name;
	struct buf text;
};

static int take_item(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct list_reading *r = arg;

	if (type != JSCAN_STRING)
		return wrong(err, r->name, "a list of texts");
	if (decode(&r->text, r->name, value, err) < 0)
		return -1;
	return knowledge_take_item(r->list, r->name, buf_str(&r->text), err);
}

/* A list of texts, or one. */
static int read_list(struct knowledge_list *list, const char *name,
		     const struct jscan_member *m, struct err *err)
{
	struct list_reading r = {list, name, BUF_INIT};
	int rc;

	if (m->type == JSCAN_STRING)
		rc = take_item(&r, m->value, m->type, err);
	else if (m->type == JSCAN_ARRAY)
		rc = jscan_array(m->value, take_item, &r, err);
	else
		rc = wrong(err, name, "a list of texts");
	buf_done(&r.text);
	return rc;
}

/* ---- patterns and solutions ---- */

/* The member, or NULL when it is absent or null. */
static const struct jscan_member *get(const struct jscan *s, const char *name)
{
	const struct jscan_member *m = jscan_get(s, name);

	return m && m->type != JSCAN_NULL ? m : NULL;
}

static int read_pattern(struct knowledge_pattern *p, const struct jscan *scan,
			struct err *err)
{
	const struct jscan_member *rule = get(scan, "rule");
	const struct jscan_member *match = get(scan, "match");
	const struct jscan_member *except = get(scan, "except");
	const struct jscan_member *flag = get(scan, "case_sensitive");

	if (!rule == !match)
		return wrong(err, "patterns",
			     "ids of patterns, or objects with \"match\"");
	if ((rule && read_text(&p->rule, "patterns.rule", rule, err) < 0) ||
	    (match && read_text(&p->match, "patterns.match", match, err) < 0) ||
	    (except &&
	     read_list(&p->except, "patterns.except", except, err) < 0))
		return -1;
	if (flag && flag->type != JSCAN_TRUE && flag->type != JSCAN_FALSE)
		return wrong(err, "patterns.case_sensitive", "true or false");
	p->case_sensitive = flag && flag->type == JSCAN_TRUE;
	return p->rule || p->match
		       ? 0
		       : wrong(err, "patterns", "expressions, not nothing");
}

/* The members of an element of a list. */
static int element_object(const char *name, struct slice value,
			  enum jscan_type type, struct jscan *scan,
			  struct err *err)
{
	if (type != JSCAN_OBJECT)
		return wrong(err, name, "a list of objects");
	if (jscan_object(scan, value.ptr, value.len, err) < 0)
		return -1;
	return jscan_duplicate(scan)
		       ? err_set(err, ERR_INPUT, "a key of '%s' stands twice",
				 name)
		       : 0;
}

static int too_many(const char *name, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s' has more than %d items", name,
		       KNOWLEDGE_MAX_ITEMS);
}

static int take_pattern(void *arg, struct slice value, enum jscan_type type,
			struct err *err)
{
	struct knowledge_entry *e = arg;
	struct knowledge_pattern *p;
	AUTO_BUF struct buf text = BUF_INIT;
	struct jscan scan = {0};
	int rc;

	if (e->pattern_count == KNOWLEDGE_MAX_ITEMS)
		return too_many("patterns", err);
	p = knowledge_pattern_add(e, NULL, NULL);
	if (type == JSCAN_STRING) {
		if (decode(&text, "patterns", value, err) < 0)
			return -1;
		if (!knowledge_name_valid(buf_str(&text), KNOWLEDGE_MAX_TEXT))
			return wrong(err, "patterns",
				     "ids of patterns; an expression is "
				     "{\"match\": ...}");
		knowledge_set(&p->rule, buf_str(&text));
		return 0;
	}
	rc = element_object("patterns", value, type, &scan, err);
	if (rc == 0)
		rc = read_pattern(p, &scan, err);
	jscan_done(&scan);
	return rc;
}

static int read_confidence(double *ret, const struct jscan_member *m,
			   struct err *err)
{
	AUTO_FREE char *text = mem_dup_bytes(m->value.ptr, m->value.len);

	return knowledge_take_share(ret, text, err);
}

static int read_solution(struct knowledge_solution *s, const struct jscan *scan,
			 struct err *err)
{
	const struct jscan_member *action = get(scan, "action");
	const struct jscan_member *params = get(scan, "params");
	const struct jscan_member *confidence = get(scan, "confidence");

	if (action &&
	    read_text(&s->action, "solutions.action", action, err) < 0)
		return -1;
	if (params && params->type != JSCAN_OBJECT)
		return wrong(err, "solutions.params", "an object");
	if (params && params->value.len > KNOWLEDGE_MAX_TEXT)
		return wrong(err, "solutions.params", "shorter");
	if (params)
		s->params = mem_dup_bytes(params->value.ptr, params->value.len);
	return confidence ? read_confidence(&s->confidence, confidence, err)
			  : 0;
}

static int add_solution(struct knowledge_entry *e, const struct jscan *scan,
			struct err *err)
{
	const struct jscan_member *m = get(scan, "name");
	AUTO_FREE char *name = NULL;

	if (!m)
		return wrong(err, "solutions", "objects with a \"name\"");
	if (read_text(&name, "solutions.name", m, err) < 0)
		return -1;
	if (!name)
		return wrong(err, "solutions.name", "there");
	if (knowledge_solution_find(e, name))
		return err_set(err, ERR_INPUT,
			       "the solution \"%s\" stands "
			       "twice",
			       name);
	return read_solution(knowledge_solution_add(e, name), scan, err);
}

static int take_solution(void *arg, struct slice value, enum jscan_type type,
			 struct err *err)
{
	struct knowledge_entry *e = arg;
	struct jscan scan = {0};
	int rc;

	if (e->solution_count == KNOWLEDGE_MAX_ITEMS)
		return too_many("solutions", err);
	rc = element_object("solutions", value, type, &scan, err);
	if (rc == 0)
		rc = add_solution(e, &scan, err);
	jscan_done(&scan);
	return rc;
}

/* ---- entries ---- */

static int read_field(struct knowledge_entry *e,
		      const struct knowledge_field *f,
		      const struct jscan_member *m, struct err *err)
{
	struct slice text;

	switch (f->kind) {
	case KNOWLEDGE_TEXT:
		return read_text(knowledge_text(e, f), f->name, m, err);
	case KNOWLEDGE_LIST:
		return read_list(knowledge_list_of(e, f), f->name, m, err);
	case KNOWLEDGE_STATUS:
		return jscan_plain(m->value, &text)
			       ? knowledge_take_status(e, text, err)
			       : wrong(err, f->name, "a text");
	case KNOWLEDGE_PATTERNS:
	case KNOWLEDGE_SOLUTIONS:
		if (m->type != JSCAN_ARRAY)
			return wrong(err, f->name, "a list");
		return jscan_array(m->value,
				   f->kind == KNOWLEDGE_PATTERNS
					   ? take_pattern
					   : take_solution,
				   e, err);
	}
	return 0;
}

static bool is_known(const struct jscan_member *m)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice key = m->key;

	if (m->key_escaped) {
		jscan_unquote(&text, (struct slice){key.ptr - 1, key.len + 2});
		key = buf_slice(&text);
	}
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		if (slice_is(key, f->name))
			return true;
	for (size_t i = 0; derived[i]; i++)
		if (slice_is(key, derived[i]))
			return true;
	return false;
}

static int keep_more(struct knowledge_entry *e, const struct jscan *scan,
		     struct err *err)
{
	AUTO_BUF struct buf more = BUF_INIT;

	for (size_t i = 0; i < scan->count; i++) {
		const struct jscan_member *m = &scan->members[i];

		if (is_known(m))
			continue;
		buf_addf(&more, "%c\"", more.len ? ',' : '{');
		buf_add_slice(&more, m->key);
		buf_add_str(&more, "\":");
		buf_add_slice(&more, m->value);
	}
	if (!more.len)
		return 0;
	buf_add_char(&more, '}');
	if (more.len > KNOWLEDGE_MAX_TEXT)
		return err_set(err, ERR_INPUT,
			       "members that are not known here have more "
			       "than %zu bytes",
			       KNOWLEDGE_MAX_TEXT);
	e->more = buf_take(&more);
	return 0;
}

static int read_entry(struct knowledge_entry *e, const struct jscan *scan,
		      struct err *err)
{
	if (jscan_duplicate(scan))
		return err_set(err, ERR_INPUT, "a key stands twice");
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++) {
		const struct jscan_member *m = get(scan, f->name);

		if (m && read_field(e, f, m, err) < 0)
			return -1;
	}
	/* Collections often have an empty title, and the name is all. */
	if (!e->title && get(scan, "title"))
		knowledge_set(&e->title, e->id);
	return keep_more(e, scan, err) < 0 ? -1 : knowledge_take_end(e, err);
}

int knowledge_read(struct knowledge_entry *ret, struct slice record,
		   struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	struct jscan scan = {0};
	int rc = jscan_object(&scan, record.ptr, record.len, err);

	if (rc == 0)
		rc = read_entry(&e, &scan, err);
	jscan_done(&scan);
	*ret = e;
	if (rc < 0)
		*ret = (struct knowledge_entry){.id = NULL};
	else
		e = (struct knowledge_entry){.id = NULL};
	return rc;
}
