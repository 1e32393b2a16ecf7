/*
 * pager-take.c - one incident that is news: the row that the pager has of it,
 * and the group that it belongs to, which becomes due.
 */
#include "pager-internal.h"

#include <oncall/incident-match.h>
#include <oncall/jlist.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>

/* ---- groups ---- */

static const char *const usual[] = {"service", "category"};

const char *pager_group_field(const struct config *c, size_t i)
{
	const char *field = config_item(c, "incidents.group_by", i);

	if (field ||
	    strcmp(config_origin(c, "incidents.group_by"), "built-in") != 0)
		return field;
	return i < ARRAY_LEN(usual) ? usual[i] : NULL;
}

void pager_key(const struct config *c, const struct incident *inc,
	       struct buf *out)
{
	AUTO_INCIDENT_MATCH struct incident_match *m =
		incident_match_new(c, inc);
	const char *field;

	jwrite_open(out, NULL, '[');
	for (size_t i = 0; (field = pager_group_field(c, i)); i++) {
		struct slice value = incident_match_value(m, field);

		jwrite_text(out, NULL, value.ptr ? value : SLICE_LIT(""));
	}
	/* What is simulated is told apart from what is real. */
	if (inc->simulated)
		jwrite_bool(out, NULL, true);
	jwrite_close(out, ']');
}

/* The number behind the last point of the thread's newest message, so that no
 * key comes again when a thread does. */
static int last_seq(struct pager *p, const char *thread, int64_t *ret,
		    struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT key FROM messages WHERE thread = $1 "
			  "ORDER BY num DESC LIMIT 1",
			  S_TEXT(thread));
	int got = rows ? store_next(rows, err) : -1;
	struct slice key, number;
	const char *point;

	*ret = 0;
	if (got <= 0)
		return got;
	key = store_text(rows, 0);
	point = memrchr(key.ptr, '.', key.len);
	if (!point)
		return 0;
	number.ptr = point + 1;
	number.len = key.len - (size_t)(number.ptr - key.ptr);
	if (jscan_int(number, ret) < 0)
		*ret = 0;
	return 0;
}

static int64_t group_begins(const struct pager *p, const struct incident *inc)
{
	int64_t from = inc->revision > 1 ? inc->updated : inc->opened;

	return (from < p->now ? from : p->now) + p->wait;
}

static int new_group(struct pager *p, const struct incident *inc,
		     const char *key, struct err *err)
{
	char thread[INCIDENT_ID];
	int64_t seq;

	incident_id(thread, inc->num);
	if (last_seq(p, thread, &seq, err) < 0)
		return -1;
	return STORE_QUEUE(p->store, err,
			   "INSERT INTO pager_groups (key, thread, seq, "
			   "begins, due, called) VALUES ($1, $2, $3, $4, $5, "
			   "'[]') ON CONFLICT (key) DO NOTHING",
			   S_TEXT(key), S_TEXT(thread), S_INT(seq),
			   S_INT(group_begins(p, inc)), S_INT(p->now));
}

static int called_of(struct pager *p, const char *key, struct buf *out,
		     struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err, "SELECT called FROM pager_groups WHERE key = $1",
		S_TEXT(key));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		buf_add_slice(out, store_text(rows, 0));
	else if (got == 0)
		buf_add_str(out, "[]");
	return got;
}

/* To a group that may be there already. */
static int move_called(struct pager *p, const char *from, const char *to,
		       struct err *err)
{
	AUTO_BUF struct buf old = BUF_INIT, there = BUF_INIT, all = BUF_INIT;

	if (called_of(p, from, &old, err) < 0 ||
	    called_of(p, to, &there, err) < 0)
		return -1;
	if (jlist_union(&all, buf_slice(&there), buf_slice(&old)) == 0)
		return 0;
	return STORE_QUEUE(p->store, err,
			   "UPDATE pager_groups SET called = $2 WHERE key = $1",
			   S_TEXT(to), S_SLICE(buf_slice(&all)));
}

/* What people know goes with an incident to another group: they have heard of
 * it, and who was called there hears how it ends. */
static int move_group(struct pager *p, const char *from, const char *to,
		      struct err *err)
{
	if (STORE_QUEUE(p->store, err,
			"INSERT INTO pager_groups (key, thread, seq, begins, "
			"due, told, repeats, policy, escalated, called) "
			"SELECT $2, thread, seq, begins, $3, told, repeats, "
			"policy, escalated, called FROM pager_groups "
			"WHERE key = $1 ON CONFLICT (key) DO NOTHING",
			S_TEXT(from), S_TEXT(to), S_INT(p->now)) < 0 ||
	    STORE_QUEUE(p->store, err,
			"INSERT INTO pager_steps (group_key, step, due, done) "
			"SELECT $2, step, due, done FROM pager_steps "
			"WHERE group_key = $1 "
			"ON CONFLICT (group_key, step) DO NOTHING",
			S_TEXT(from), S_TEXT(to)) < 0 ||
	    move_called(p, from, to, err) < 0)
		return -1;
	return STORE_QUEUE(p->store, err,
			   "UPDATE pager_groups SET due = $2 WHERE key = $1",
			   S_TEXT(from), S_INT(p->now));
}

/* ---- one incident ---- */

static int keep_row(struct pager *p, const struct incident *inc,
		    const char *key, struct err *err)
{
	return STORE_QUEUE(
		p->store, err,
		"INSERT INTO pager_incidents (incident, group_key, status, "
		"revision, urgent) VALUES ($1, $2, $3, $4, 0) "
		"ON CONFLICT (incident) DO UPDATE SET "
		"group_key = excluded.group_key, status = excluded.status, "
		"revision = excluded.revision",
		S_INT(inc->num), S_TEXT(key),
		S_TEXT(incident_status_names[inc->status]),
		S_INT(inc->revision));
}

int pager_take(struct pager *p, const struct pager_news *n, bool all,
	       struct err *err)
{
	const struct incident *inc = &n->inc;
	AUTO_BUF struct buf key = BUF_INIT;
	bool moved;

	if (mute_note(p->mute, inc, p->now, err) < 0)
		return -1;
	if (!incident_live(inc) && !n->key)
		return 0;
	pager_key(p->config, inc, &key);
	moved = !n->key || strcmp(n->key, buf_str(&key)) != 0;
	if (!all && !moved && n->revision == inc->revision && n->status &&
	    !strcmp(n->status, incident_status_names[inc->status]))
		return 0; /* it only happened again */
	if (moved && n->key && move_group(p, n->key, buf_str(&key), err) < 0)
		return -1;
	if (moved && new_group(p, inc, buf_str(&key), err) < 0)
		return -1;
	if (keep_row(p, inc, buf_str(&key), err) < 0)
		return -1;
	return STORE_QUEUE(p->store, err,
			   "UPDATE pager_groups SET due = $2 WHERE key = $1 "
			   "AND (due IS NULL OR due > $2)",
			   S_TEXT(buf_str(&key)), S_INT(p->now));
}
