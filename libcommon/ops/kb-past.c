/* kb-past.c - what was noted of entries: changes, outcomes, hits; and what
 * incidents were told. */
#include <oncall/kb.h>

#include <math.h>

#include <oncall/clock.h>
#include <oncall/incident.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/when.h>

#include "kb-internal.h"

/* ---- history ---- */

static double real_or_nan(struct store_rows *rows, int column)
{
	return store_is_null(rows, column) ? (double)NAN
					   : store_real(rows, column);
}

int kb_history(struct kb *kb, const char *entry,
	       int (*each)(void *arg, const struct kb_change *c,
			   struct err *err),
	       void *arg, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (!kb->o.store)
		return 0;
	rows = STORE_ASK(kb->o.store, err,
			 "SELECT seq, time, actor, what, solution, cause, "
			 "note, before, after FROM entry_history "
			 "WHERE entry = $1 ORDER BY seq",
			 S_TEXT(entry));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		const struct kb_change c = {.seq = store_int(rows, 0),
					    .time = store_int(rows, 1),
					    .actor = store_text(rows, 2),
					    .what = store_text(rows, 3),
					    .solution = store_text(rows, 4),
					    .cause = store_text(rows, 5),
					    .note = store_text(rows, 6),
					    .before = real_or_nan(rows, 7),
					    .after = real_or_nan(rows, 8)};
		int stop = each(arg, &c, err);

		if (stop)
			return stop;
	}
	return got;
}

/* ---- outcomes, out and in ---- */

static void text_opt(struct buf *out, const char *name, struct slice text)
{
	if (text.ptr)
		jwrite_text(out, name, text);
}

static void write_outcome(struct buf *out, struct store_rows *rows)
{
	buf_reset(out);
	jwrite_open(out, NULL, '{');
	jwrite_time(out, "time", store_int(rows, 0));
	text_opt(out, "solution", store_text(rows, 1));
	text_opt(out, "incident", store_text(rows, 2));
	text_opt(out, "verdict", store_text(rows, 3));
	text_opt(out, "actor", store_text(rows, 4));
	jwrite_bool(out, "machine", store_int(rows, 5) != 0);
	if (store_int(rows, 6))
		jwrite_int(out, "speed", store_int(rows, 6));
	if (store_int(rows, 7))
		jwrite_int(out, "effect", store_int(rows, 7));
	text_opt(out, "note", store_text(rows, 8));
	jwrite_close(out, '}');
}

int kb_outcomes(struct kb *kb, const char *entry,
		int (*each)(void *arg, struct slice json, struct err *err),
		void *arg, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	AUTO_BUF struct buf json = BUF_INIT;
	int got;

	if (!kb->o.store)
		return 0;
	rows = STORE_ASK(kb->o.store, err,
			 "SELECT time, solution, incident, verdict, actor, "
			 "machine, speed, effect, note FROM outcomes "
			 "WHERE entry = $1 ORDER BY seq",
			 S_TEXT(entry));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		int stop;

		write_outcome(&json, rows);
		stop = each(arg, buf_slice(&json), err);
		if (stop)
			return stop;
	}
	return got;
}

struct restore {
	struct kb *kb;
	const char *entry;
	int64_t seq;
};

/* A member as text, or NULL; texts holds it. */
static struct store_value member_text(const struct jscan *scan,
				      const char *name, struct buf *text)
{
	const struct jscan_member *m = jscan_get(scan, name);

	buf_reset(text);
	if (!m || m->type != JSCAN_STRING)
		return S_NULL;
	buf_add_str(text, "");
	jscan_unquote(text, m->value);
	return S_SLICE(
		((struct slice){text->data ? text->data : "", text->len}));
}

static int64_t member_int(const struct jscan *scan, const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);
	int64_t value = 0;

	if (m && m->type == JSCAN_NUMBER)
		(void)jscan_int(m->value, &value);
	return value;
}

static struct store_value member_real(const struct jscan *scan,
				      const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type != JSCAN_NUMBER)
		return S_NULL;
	buf_add_slice(&text, m->value);
	return S_REAL(strtod(buf_str(&text), NULL));
}

static int member_time(const struct jscan *scan, int64_t *ret, struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, "time");
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type != JSCAN_STRING)
		return err_set(err, ERR_INPUT, "\"time\" is missing");
	jscan_unquote(&text, m->value);
	if (when_parse_rfc3339(buf_str(&text), text.len, ret) < 0)
		return err_set(err, ERR_INPUT, "\"time\" is no time");
	return 0;
}

static bool is_verdict(const struct jscan *scan)
{
	const struct jscan_member *m = jscan_get(scan, "verdict");
	struct slice text;

	if (!m || !jscan_plain(m->value, &text))
		return false;
	for (int i = 0; kb_verdict_names[i]; i++)
		if (slice_is(text, kb_verdict_names[i]))
			return true;
	return false;
}

static int put_outcome(const struct restore *r, const struct jscan *scan,
		       struct err *err)
{
	AUTO_BUF struct buf solution = BUF_INIT, incident = BUF_INIT;
	AUTO_BUF struct buf verdict = BUF_INIT, actor = BUF_INIT;
	AUTO_BUF struct buf note = BUF_INIT;
	const struct jscan_member *machine = jscan_get(scan, "machine");
	int64_t time;

	if (member_time(scan, &time, err) < 0)
		return -1;
	if (!is_verdict(scan))
		return err_set(err, ERR_INPUT,
			       "\"verdict\" is none of worked, failed, wrong");
	return STORE_QUEUE(
		r->kb->o.store, err,
		"INSERT INTO outcomes (entry, seq, solution, incident, "
		"verdict, machine, speed, effect, note, actor, time) VALUES "
		"($1, $2, $3, $4, $5, $6, $7, $8, $9, COALESCE($10, ''), $11)",
		S_TEXT(r->entry), S_INT(r->seq),
		member_text(scan, "solution", &solution),
		member_text(scan, "incident", &incident),
		member_text(scan, "verdict", &verdict),
		S_INT(machine && machine->type == JSCAN_TRUE),
		S_INT(member_int(scan, "speed")),
		S_INT(member_int(scan, "effect")),
		member_text(scan, "note", &note),
		member_text(scan, "actor", &actor), S_INT(time));
}

static int put_change(const struct restore *r, const struct jscan *scan,
		      struct err *err)
{
	AUTO_BUF struct buf actor = BUF_INIT, what = BUF_INIT;
	AUTO_BUF struct buf solution = BUF_INIT, cause = BUF_INIT;
	AUTO_BUF struct buf note = BUF_INIT;
	int64_t time;

	if (member_time(scan, &time, err) < 0)
		return -1;
	return STORE_QUEUE(
		r->kb->o.store, err,
		"INSERT INTO entry_history (entry, seq, time, actor, what, "
		"solution, cause, note, before, after) VALUES ($1, $2, $3, "
		"COALESCE($4, ''), COALESCE($5, ''), $6, $7, $8, $9, $10)",
		S_TEXT(r->entry), S_INT(r->seq), S_INT(time),
		member_text(scan, "actor", &actor),
		member_text(scan, "what", &what),
		member_text(scan, "solution", &solution),
		member_text(scan, "cause", &cause),
		member_text(scan, "note", &note), member_real(scan, "before"),
		member_real(scan, "after"));
}

static int put_one(struct restore *r, struct slice value, enum jscan_type type,
		   int (*put)(const struct restore *r, const struct jscan *scan,
			      struct err *err),
		   struct err *err)
{
	struct jscan scan = {0};
	int rc = -1;

	r->seq++;
	if (type != JSCAN_OBJECT)
		(void)err_set(err, ERR_INPUT, "item %lld is no object",
			      (long long)r->seq);
	else if (jscan_object(&scan, value.ptr, value.len, err) == 0)
		rc = put(r, &scan, err);
	jscan_done(&scan);
	return rc;
}

static int on_outcome(void *arg, struct slice value, enum jscan_type type,
		      struct err *err)
{
	return put_one(arg, value, type, put_outcome, err);
}

static int on_change(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	return put_one(arg, value, type, put_change, err);
}

int kb_restore(struct kb *kb, const char *entry, struct slice history,
	       struct slice outcomes, struct err *err)
{
	struct restore r = {.kb = kb, .entry = entry};

	if (history.ptr &&
	    (STORE_QUEUE(kb->o.store, err,
			 "DELETE FROM entry_history WHERE entry = $1",
			 S_TEXT(entry)) < 0 ||
	     jscan_array(history, on_change, &r, err) < 0))
		return err_prefix(err, "\"history\"");
	r.seq = 0;
	if (outcomes.ptr &&
	    (STORE_QUEUE(kb->o.store, err,
			 "DELETE FROM outcomes WHERE entry = $1",
			 S_TEXT(entry)) < 0 ||
	     jscan_array(outcomes, on_outcome, &r, err) < 0))
		return err_prefix(err, "\"outcomes\"");
	return 0;
}

/* ---- hits ---- */

int kb_hit(struct kb *kb, const char *entry, int64_t expr, int64_t time,
	   struct err *err)
{
	if (kb_needs_store(kb, err) < 0)
		return -1;
	return STORE_RUN(kb->o.store, err,
			 "INSERT INTO entry_hits (entry, expr, count, last) "
			 "VALUES ($1, $2, 1, $3) "
			 "ON CONFLICT (entry, expr) DO UPDATE SET "
			 "count = entry_hits.count + 1, "
			 "last = @greatest@(entry_hits.last, excluded.last)",
			 S_TEXT(entry), S_INT(expr), S_INT(time)) < 0
		       ? -1
		       : 0;
}

int kb_hits(struct kb *kb, const char *entry, int64_t expr, struct kb_hits *ret,
	    struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;

	*ret = (struct kb_hits){0, WHEN_NONE};
	if (!kb->o.store)
		return 0;
	rows = STORE_ASK(kb->o.store, err,
			 "SELECT CAST(COALESCE(SUM(count), 0) AS @integer@), "
			 "MAX(last) FROM entry_hits "
			 "WHERE entry = $1 AND ($2 = -2 OR expr = $2)",
			 S_TEXT(entry), S_INT(expr));
	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = (struct kb_hits){store_int(rows, 0), store_time(rows, 1)};
	return 0;
}

/* ---- what incidents were told ---- */

/* An incident of another store is none of ours. */
int kb_known(struct kb *kb, int64_t incident, int64_t revision,
	     struct slice knowledge, struct err *err)
{
	int64_t changed;

	if (kb_needs_store(kb, err) < 0)
		return -1;
	changed = STORE_RUN(kb->o.store, err,
			    "UPDATE incidents SET known = $2 WHERE num = $1 "
			    "AND revision >= $2",
			    S_INT(incident), S_INT(revision));
	if (changed <= 0)
		return changed < 0 ? -1 : 0;
	return STORE_QUEUE(
		kb->o.store, err,
		"INSERT INTO incident_knowledge (incident, revision, "
		"knowledge, matched) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (incident) DO UPDATE SET "
		"revision = excluded.revision, "
		"knowledge = excluded.knowledge, matched = excluded.matched",
		S_INT(incident), S_INT(revision), S_SLICE(knowledge),
		S_INT(clock_now()));
}

int kb_knowledge_of(struct kb *kb, int64_t incident, struct buf *out,
		    struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (!kb->o.store)
		return 0;
	rows = STORE_ASK(kb->o.store, err,
			 "SELECT knowledge FROM incident_knowledge "
			 "WHERE incident = $1",
			 S_INT(incident));
	if (!rows)
		return -1;
	got = store_next(rows, err);
	if (got > 0)
		buf_add_slice(out, store_text(rows, 0));
	return got;
}
