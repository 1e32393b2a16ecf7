/* elastic-answer.c - what answers say. Nothing in them is trusted. */
#include "elastic-internal.h"

#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/when.h>

#define REASON_MAX   200
#define MS_NANOS     1000000
#define NEW_MAJOR    3 /* OpenSearch 3.3 sorts by _shard_doc */
#define NEW_MINOR    3
#define FOREIGN	     7 /* it can be told to say that it is Elasticsearch */
#define VERSION_MOST 1000

/* The members of an object that is the value of one; none when it is absent or
 * something else. The text has been checked before. */
static void scan_member(struct jscan *ret, const struct jscan *of,
			const char *key)
{
	const struct jscan_member *m = jscan_get(of, key);
	struct err ignored = ERR_INIT;

	ret->count = 0;
	if (m && m->type == JSCAN_OBJECT &&
	    jscan_object(ret, m->value.ptr, m->value.len, &ignored))
		ret->count = 0;
}

static int scan_reply(struct jscan *ret, const struct http_reply *r,
		      struct err *err)
{
	struct err why = ERR_INIT;

	if (!jscan_object(ret, buf_str(&r->body), r->body.len, &why))
		return 0;
	return err_set(err, ERR_REMOTE, "the answer is no JSON: %s", why.text);
}

/* A string member appended as text; nothing when it is not there. */
static void add_text(struct buf *out, const struct jscan *of, const char *key)
{
	const struct jscan_member *m = jscan_get(of, key);

	if (m && m->type == JSCAN_STRING)
		jscan_unquote(out, m->value);
}

static int64_t number_of(const struct jscan *of, const char *key)
{
	const struct jscan_member *m = jscan_get(of, key);
	int64_t n = 0;

	return m && !jscan_int(m->value, &n) ? n : 0;
}

static bool is_true(const struct jscan *of, const char *key)
{
	const struct jscan_member *m = jscan_get(of, key);

	return m && m->type == JSCAN_TRUE;
}

static int first_cause(void *arg, struct slice value, enum jscan_type type,
		       struct err *err)
{
	struct slice *first = arg;

	(void)err;
	if (!first->ptr && type == JSCAN_OBJECT)
		*first = value;
	return 0;
}

/* The reason of the first cause says more than that of the whole. */
static void add_reason(struct buf *out, struct jscan *error)
{
	const struct jscan_member *causes = jscan_get(error, "root_cause");
	struct jscan cause = {.members = NULL};
	struct slice first = {NULL, 0};
	struct err ignored = ERR_INIT;

	if (causes && causes->type == JSCAN_ARRAY &&
	    !jscan_array(causes->value, first_cause, &first, &ignored) &&
	    first.ptr && !jscan_object(&cause, first.ptr, first.len, &ignored))
		add_text(out, &cause, "reason");
	if (!out->len)
		add_text(out, error, "reason");
	jscan_done(&cause);
}

int elastic_answer_failed(const struct http_reply *r, struct err *err)
{
	AUTO_BUF struct buf reason = BUF_INIT;
	AUTO_BUF struct buf shown = BUF_INIT;
	struct jscan top = {.members = NULL};
	struct jscan error = {.members = NULL};
	struct err ignored = ERR_INIT;

	if (!scan_reply(&top, r, &ignored)) {
		scan_member(&error, &top, "error");
		add_reason(&reason, &error);
	}
	jscan_done(&error);
	jscan_done(&top);
	(void)redact_text(&shown, buf_str(&reason), reason.len);
	buf_truncate(&shown, REASON_MAX);
	return err_set(err, ERR_REMOTE, "the answer has the status %ld%s%s",
		       r->status, shown.len ? ": " : "", buf_str(&shown));
}

bool elastic_answer_has(const struct http_reply *r, const char *text)
{
	return memmem(buf_str(&r->body), r->body.len, text, strlen(text)) !=
	       NULL;
}

static int version_part(const char **p)
{
	int n = 0;

	for (; **p >= '0' && **p <= '9' && n < VERSION_MOST; (*p)++)
		n = n * 10 + (**p - '0');
	if (**p == '.')
		(*p)++;
	return n;
}

int elastic_answer_kind(struct elastic *e, const struct http_reply *r,
			struct err *err)
{
	AUTO_BUF struct buf name = BUF_INIT;
	AUTO_BUF struct buf number = BUF_INIT;
	struct jscan top = {.members = NULL};
	struct jscan version = {.members = NULL};
	int rc = scan_reply(&top, r, err);
	const char *p;
	int major, minor;

	scan_member(&version, &top, "version");
	add_text(&name, &version, "distribution");
	add_text(&number, &version, "number");
	jscan_done(&version);
	jscan_done(&top);
	if (rc)
		return rc;
	if (!number.len)
		return err_set(err, ERR_REMOTE,
			       "neither Elasticsearch nor OpenSearch answers");
	p = buf_str(&number);
	major = version_part(&p);
	minor = version_part(&p);
	e->opensearch = !strcmp(buf_str(&name), "opensearch");
	e->shard_doc = !e->opensearch ||
		       (major == NEW_MAJOR && minor >= NEW_MINOR) ||
		       (major > NEW_MAJOR && major < FOREIGN);
	return 0;
}

/* Shards that failed, or clusters that were left out. */
static bool lacks_something(const struct jscan *top)
{
	struct jscan part = {.members = NULL};
	bool lacks;

	scan_member(&part, top, "_shards");
	lacks = number_of(&part, "failed") != 0;
	scan_member(&part, top, "_clusters");
	lacks = lacks || number_of(&part, "skipped") ||
		number_of(&part, "partial") || number_of(&part, "failed");
	jscan_done(&part);
	return lacks;
}

static void keep_pit(struct elastic *e, const struct jscan *top,
		     const char *key)
{
	const struct jscan_member *m = jscan_get(top, key);

	if (!m || m->type != JSCAN_STRING)
		return;
	buf_reset(&e->pit);
	buf_add_slice(&e->pit, m->value);
}

int elastic_answer_open(struct elastic *e, const struct http_reply *r,
			struct err *err)
{
	struct jscan top = {.members = NULL};
	int rc = scan_reply(&top, r, err);

	buf_reset(&e->pit);
	if (!rc) {
		keep_pit(e, &top, e->opensearch ? "pit_id" : "id");
		if (!e->pit.len)
			rc = err_set(err, ERR_REMOTE,
				     "the answer names no point in time");
		else if (lacks_something(&top))
			rc = err_set(err, ERR_REMOTE,
				     "shards are missing in the point in time");
	}
	jscan_done(&top);
	return rc;
}

void elastic_page_done(struct elastic_page *p)
{
	http_reply_done(&p->reply);
	free(p->hits);
	*p = (struct elastic_page){.hits = NULL};
}

struct reading {
	struct elastic *e;
	struct jscan hit;
	struct slice sort; /* of the last one */
};

static int first_value(void *arg, struct slice value, enum jscan_type type,
		       struct err *err)
{
	struct slice *first = arg;

	(void)type;
	(void)err;
	if (!first->ptr)
		*first = value;
	return 0;
}

/* The time that a document was sorted by: a text, or nanoseconds. */
static int sort_time(struct slice sort, int64_t *ret, struct err *err)
{
	struct slice first = {NULL, 0};
	struct slice text;
	struct err ignored = ERR_INIT;

	if (!jscan_array(sort, first_value, &first, &ignored) && first.ptr) {
		if (*first.ptr == '"') {
			if (jscan_plain(first, &text) &&
			    !when_parse_rfc3339(text.ptr, text.len, ret))
				return 0;
		} else if (!jscan_int(first, ret)) {
			*ret /= MS_NANOS;
			return 0;
		}
	}
	return err_set(err, ERR_REMOTE,
		       "a document was not sorted by its time");
}

static struct slice value_of(const struct jscan *of, const char *key,
			     enum jscan_type type)
{
	const struct jscan_member *m = jscan_get(of, key);

	return m && m->type == type ? m->value : (struct slice){NULL, 0};
}

static int read_hit(void *arg, struct slice value, enum jscan_type type,
		    struct err *err)
{
	struct reading *r = arg;
	struct elastic_page *p = &r->e->page;
	struct elastic_hit hit;
	struct err ignored = ERR_INIT;

	if (type != JSCAN_OBJECT ||
	    jscan_object(&r->hit, value.ptr, value.len, &ignored))
		return err_set(err, ERR_REMOTE, "a hit is no object");
	hit.index = value_of(&r->hit, "_index", JSCAN_STRING);
	hit.id = value_of(&r->hit, "_id", JSCAN_STRING);
	hit.source = value_of(&r->hit, "_source", JSCAN_OBJECT);
	r->sort = value_of(&r->hit, "sort", JSCAN_ARRAY);
	if (!hit.index.ptr || !hit.id.ptr || !r->sort.ptr)
		return err_set(err, ERR_REMOTE,
			       "a hit lacks _index, _id or sort");
	if (sort_time(r->sort, &hit.ms, err))
		return -1;
	if (p->count == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->hits = mem_resize(p->hits, p->cap, sizeof(*p->hits));
	}
	p->hits[p->count++] = hit;
	return 0;
}

static int read_hits(struct elastic *e, const struct jscan *top,
		     struct err *err)
{
	struct reading r = {.e = e};
	struct jscan hits = {.members = NULL};
	struct slice list;
	int rc;

	scan_member(&hits, top, "hits");
	list = value_of(&hits, "hits", JSCAN_ARRAY);
	if (!list.ptr || !jscan_get(top, "_shards"))
		rc = err_set(err, ERR_REMOTE, "the answer is not of a search");
	else
		rc = jscan_array(list, read_hit, &r, err);
	e->page.sort = r.sort;
	if (!rc && r.sort.ptr && slice_eq(r.sort, buf_slice(&e->after)))
		rc = err_set(err, ERR_REMOTE,
			     "the answer is the page before it once more");
	jscan_done(&r.hit);
	jscan_done(&hits);
	return rc;
}

int elastic_answer_page(struct elastic *e, struct http_reply *r,
			struct err *err)
{
	struct jscan top = {.members = NULL};
	struct elastic_page *p = &e->page;
	int rc;

	elastic_page_done(p);
	p->reply = *r;
	*r = (struct http_reply){.status = 0};
	rc = scan_reply(&top, &p->reply, err);
	if (!rc) {
		keep_pit(e, &top, "pit_id");
		p->whole =
			!is_true(&top, "timed_out") && !lacks_something(&top);
		rc = read_hits(e, &top, err);
		/* One that is not whole may lack some in the middle. */
		p->last = p->count < (e->bare || !p->whole ? 1 : e->size);
	}
	jscan_done(&top);
	if (rc) {
		*r = p->reply;
		p->reply = (struct http_reply){.status = 0};
		elastic_page_done(p);
	}
	return rc;
}
