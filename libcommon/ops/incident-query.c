/*
 * incident-query.c - finding incidents. The store gives them in order; what is
 * wanted is decided here, so that both drivers agree to the letter.
 */

#include <oncall/incident-query.h>

#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

const char *const incident_sorts[] = {"opened", "updated", "severity", "count",
				      NULL};

#define PAGE 2000 /* incidents that one question asks for */

struct incident_rows {
	struct store *store;
	struct store_rows *rows;
	bool paged;
	int64_t last;	 /* number of the one that was read last */
	int64_t in_page; /* how many came of the page */
	struct incident_query q;
	enum severity severity;
	struct buf tag; /* as a JSON string */
	int64_t now;
	int64_t given;
};

#define SELECT_INCIDENTS "SELECT " INCIDENT_COLUMNS " FROM incidents i "
#define LIVE		 "i.status NOT IN ('resolved', 'closed') "
#define OLDER		 "i.num < $1 "
#define NEWER		 "i.num > $1 "
#define ORDER_NEW	 "ORDER BY i.num DESC LIMIT $2"
#define ORDER_OLD	 "ORDER BY i.num LIMIT $2"
#define ORDER_KEY                                              \
	"CASE CAST($1 AS TEXT) WHEN 'updated' THEN i.updated " \
	"WHEN 'severity' THEN i.severity ELSE i.count END"
#define ORDER_MOST  "ORDER BY " ORDER_KEY " DESC, i.num DESC"
#define ORDER_LEAST "ORDER BY " ORDER_KEY ", i.num"

/* A page of incidents behind the last one, by number. The answer of a server
 * is held in memory, so it has to be small. */
static struct store_rows *ask_page(const struct incident_rows *r,
				   struct err *err)
{
	static const char *const sql[2][2] = {
		{SELECT_INCIDENTS "WHERE " OLDER ORDER_NEW,
		 SELECT_INCIDENTS "WHERE " NEWER ORDER_OLD},
		{SELECT_INCIDENTS "WHERE " LIVE "AND " OLDER ORDER_NEW,
		 SELECT_INCIDENTS "WHERE " LIVE "AND " NEWER ORDER_OLD},
	};

	return STORE_ASK(r->store, err, sql[!r->q.status][r->q.reverse],
			 S_INT(r->last), S_INT(PAGE));
}

static struct store_rows *ask_by_key(struct store *s, const char *key,
				     bool live, bool reverse, struct err *err)
{
	static const char *const sql[2][2] = {
		{SELECT_INCIDENTS ORDER_MOST, SELECT_INCIDENTS ORDER_LEAST},
		{SELECT_INCIDENTS "WHERE " LIVE ORDER_MOST,
		 SELECT_INCIDENTS "WHERE " LIVE ORDER_LEAST},
	};

	return STORE_ASK(s, err, sql[live][reverse], S_TEXT(key));
}

static struct store_rows *ask_changed(struct store *s, int64_t after,
				      struct err *err)
{
	return STORE_ASK(s, err,
			 SELECT_INCIDENTS
			 "WHERE i.changed > $1 ORDER BY i.changed, i.num",
			 S_INT(after));
}

int incident_find(struct store *s, const struct incident_query *q,
		  struct incident_rows **ret, struct err *err)
{
	struct incident_rows *r = mem_zero(1, sizeof(*r));

	r->store = s;
	r->q = *q;
	r->paged = !q->changes && (!q->sort || strcmp(q->sort, "opened") == 0);
	r->last = q->reverse ? -1 : INT64_MAX;
	r->now = clock_now();
	if (q->severity)
		(void)severity_parse(slice_of(q->severity), &r->severity);
	if (q->tag)
		jwrite_str(&r->tag, NULL, q->tag);
	if (q->changes)
		r->rows = ask_changed(s, q->changed_after, err);
	else if (r->paged)
		r->rows = ask_page(r, err);
	else
		r->rows = ask_by_key(s, q->sort, !q->status, q->reverse, err);
	if (!r->rows) {
		incident_rows_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

void incident_rows_free(struct incident_rows *r)
{
	if (!r)
		return;
	store_rows_free(r->rows);
	buf_done(&r->tag);
	free(r);
}

static bool same(const char *wanted, struct slice have)
{
	return !wanted || slice_is(have, wanted);
}

static bool contains(struct slice have, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= have.len; i++)
		if (strncasecmp(have.ptr + i, text, n) == 0)
			return true;
	return n == 0;
}

static bool has_text(const struct incident *inc, const char *text)
{
	const struct slice fields[] = {inc->title, inc->service, inc->host,
				       inc->category, inc->pattern};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (contains(fields[i], text))
			return true;
	return false;
}

static bool is_wanted(const struct incident_rows *r, const struct incident *inc)
{
	const struct incident_query *q = &r->q;
	const char *status = incident_status_names[inc->status];

	if (q->status && strcmp(q->status, "all") != 0 &&
	    strcmp(q->status, status) != 0)
		return false;
	if (q->severity && inc->severity < r->severity)
		return false;
	if (!same(q->service, inc->service) ||
	    !same(q->category, inc->category) ||
	    !same(q->assignee, inc->assignee))
		return false;
	if (q->older_than && inc->opened > r->now - q->older_than)
		return false;
	if (q->newer_than && inc->opened < r->now - q->newer_than)
		return false;
	if ((q->auto_resolved && !inc->auto_resolved) ||
	    (q->simulated && !inc->simulated))
		return false;
	if (q->tag && !jlist_has(inc->tags, buf_slice(&r->tag)))
		return false;
	return !q->text || has_text(inc, q->text);
}

/* The next row, of the next page where this one is at its end. */
static int next_row(struct incident_rows *r, struct incident *inc,
		    struct err *err)
{
	int got = store_next(r->rows, err);

	if (got == 0 && r->paged && r->in_page == PAGE) {
		store_rows_free(r->rows);
		r->in_page = 0;
		r->rows = ask_page(r, err);
		got = r->rows ? store_next(r->rows, err) : -1;
	}
	if (got > 0) {
		incident_from_row(inc, r->rows, 0);
		r->last = inc->num;
		r->in_page++;
	}
	return got;
}

int incident_next(struct incident_rows *r, struct incident *inc,
		  struct err *err)
{
	int got;

	if (r->q.limit && r->given >= r->q.limit)
		return 0;
	while ((got = next_row(r, inc, err)) > 0) {
		if (is_wanted(r, inc)) {
			r->given++;
			return 1;
		}
	}
	return got;
}

/* ---- all of them ---- */

/* All are noted first: the answer must not change under the hand. */
static int find_wanted(struct store *s,
		       bool (*wanted)(const struct incident *inc),
		       struct buf *nums, struct err *err)
{
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	const struct incident_query query = {.reverse = true};
	struct incident inc;
	int got;

	if (incident_find(s, &query, &rows, err) < 0)
		return -1;
	while ((got = incident_next(rows, &inc, err)) > 0)
		if (wanted(&inc))
			buf_add(nums, (const char *)&inc.num, sizeof(inc.num));
	return got;
}

int incident_walk(struct store *s, bool (*wanted)(const struct incident *inc),
		  int (*each)(void *arg, const struct incident *inc,
			      struct err *err),
		  void *arg, struct err *err)
{
	AUTO_BUF struct buf nums = BUF_INIT_MAX(SIZE_MAX / 2);
	int rc = find_wanted(s, wanted, &nums, err);

	for (size_t at = 0; rc == 0 && at < nums.len; at += sizeof(int64_t)) {
		AUTO_INCIDENT struct incident inc = {.num = 0};
		int64_t num;

		memcpy(&num, nums.data + at, sizeof(num));
		rc = incident_load(s, num, &inc, err);
		if (rc == 0)
			rc = each(arg, &inc, err);
	}
	return rc;
}
