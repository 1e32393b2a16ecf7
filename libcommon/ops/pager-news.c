/*
 * pager-news.c - what the pager has not seen yet: incidents that changed, that
 * triage wants people to look at, or all that live when what decides how they
 * are seen has changed. Nothing is said here: the groups become due.
 */
#include "pager-internal.h"

#include <oncall/counter.h>
#include <oncall/hash.h>
#include <oncall/mem.h>

#define HASH_DIGITS 15 /* of a counter, which is not negative */

static void news_done(struct pager_news *n)
{
	incident_done(&n->inc);
	free(n->key);
	free(n->status);
	*n = (struct pager_news){.key = NULL};
}

struct batch {
	struct pager *p;
	struct pager_news *items;
	size_t count, cap;
	int64_t last; /* number of the last one, when all are looked at */
	bool more;
};

static void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		news_done(&b->items[i]);
	b->count = 0;
}

static int read_batch(struct batch *b, struct store_rows *rows, struct err *err)
{
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct pager_news *n;

		if (b->count == b->cap) {
			b->cap = b->cap ? b->cap * 2 : PAGER_CHUNK;
			b->items =
				mem_resize(b->items, b->cap, sizeof(*b->items));
		}
		n = &b->items[b->count++];
		incident_from_row(&n->inc, rows, 0);
		incident_own(&n->inc);
		n->key = mem_dup_slice(store_text(rows, INCIDENT_COLUMN_COUNT));
		n->status = mem_dup_slice(
			store_text(rows, INCIDENT_COLUMN_COUNT + 1));
		n->revision = store_int(rows, INCIDENT_COLUMN_COUNT + 2);
	}
	return got;
}

#define SELECT_NEWS                                                   \
	"SELECT " INCIDENT_COLUMNS ", p.group_key, p.status, "        \
	"p.revision FROM incidents i LEFT JOIN pager_incidents p ON " \
	"p.incident = i.num "

/* ---- what changed ---- */

/* The last change of the next transaction; those of one number go together. */
static int find_bound(struct pager *p, int64_t seen, int64_t *ret,
		      struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT changed FROM incidents WHERE changed > $1 "
			  "ORDER BY changed LIMIT 1 OFFSET $2",
			  S_INT(seen), S_INT(PAGER_CHUNK - 1));
	int got = rows ? store_next(rows, err) : -1;

	*ret = got > 0 ? store_int(rows, 0) : INT64_MAX;
	return got < 0 ? -1 : 0;
}

static int read_changed(struct batch *b, int64_t seen, int64_t bound,
			struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(b->p->store, err,
			  SELECT_NEWS "WHERE i.changed > $1 AND i.changed "
				      "<= $2 ORDER BY i.changed, i.num",
			  S_INT(seen), S_INT(bound));

	return read_batch(b, rows, err);
}

static int changed_work(void *arg, struct err *err)
{
	struct batch *b = arg;
	struct pager *p = b->p;
	int64_t changed, seen, bound;

	batch_clear(b);
	if (incident_lock(p->store, &changed, err) < 0 ||
	    counter_get(p->store, PAGER_SEEN, &seen, err) < 0 ||
	    find_bound(p, seen, &bound, err) < 0 ||
	    read_changed(b, seen, bound, err) < 0)
		return -1;
	for (size_t i = 0; i < b->count; i++)
		if (pager_take(p, &b->items[i], false, err) < 0)
			return -1;
	b->more = bound != INT64_MAX;
	if (b->count == 0)
		return 0;
	return counter_set(p->store, PAGER_SEEN,
			   b->items[b->count - 1].inc.changed, err);
}

static int has_changed(struct pager *p, int64_t *seen, bool *ret,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (counter_get(p->store, PAGER_SEEN, seen, err) < 0)
		return -1;
	rows = STORE_ASK(p->store, err,
			 "SELECT 1 FROM incidents WHERE changed > $1 LIMIT 1",
			 S_INT(*seen));
	got = rows ? store_next(rows, err) : -1;
	*ret = got > 0;
	return got < 0 ? -1 : 0;
}

/* ---- how all of them are seen ---- */

static int64_t hash_of(const struct buf *text)
{
	char hex[HASH_DIGITS + 1];
	int64_t value = 0;

	hash_sha256_hex(text->data, text->len, hex, HASH_DIGITS);
	for (const char *c = hex; *c; c++)
		value = value * 16 + (*c <= '9' ? *c - '0' : *c - 'a' + 10);
	return value;
}

/* Silences that have begun: incidents that people have heard of may be muted
 * by one that is new, and its end is then to be told. */
static int add_silences(struct pager *p, struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT COUNT(*), MAX(made), MAX(starts) FROM silences "
		"WHERE starts <= $1",
		S_INT(p->now));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		buf_addf(out, " %lld", (long long)store_int(rows, i));
	return 0;
}

/* Steps that came or went, and times. */
static void add_policies(const struct pager *p, struct buf *out)
{
	const char *name, *step;

	for (size_t i = 0; (name = config_item(p->config, "escalation", i));
	     i++) {
		AUTO_FREE char *steps = mem_printf("escalation.%s.steps", name);

		buf_addf(out, "\n%s", name);
		for (size_t k = 0; (step = config_item(p->config, steps, k));
		     k++)
			buf_addf(out, "\n%s", step);
	}
	buf_addf(out, "\n%lld %lld %lld", (long long)p->wait,
		 (long long)p->interval, (long long)p->repeat);
}

static int config_hash(struct pager *p, int64_t *ret, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	const char *field;

	for (size_t i = 0; (field = pager_group_field(p->config, i)); i++)
		buf_addf(&text, "%s\n", field);
	mute_rules(p->mute, &text);
	add_policies(p, &text);
	if (add_silences(p, &text, err) < 0)
		return -1;
	*ret = hash_of(&text);
	return 0;
}

static int all_work(void *arg, struct err *err)
{
	struct batch *b = arg;
	struct pager *p = b->p;
	AUTO_ROWS struct store_rows *rows = NULL;
	int64_t changed;

	batch_clear(b);
	if (incident_lock(p->store, &changed, err) < 0)
		return -1;
	rows = STORE_ASK(p->store, err,
			 SELECT_NEWS "WHERE i.status NOT IN ('resolved', "
				     "'closed') AND i.num > $1 "
				     "ORDER BY i.num LIMIT $2",
			 S_INT(b->last), S_INT(PAGER_CHUNK));
	if (read_batch(b, rows, err) < 0)
		return -1;
	for (size_t i = 0; i < b->count; i++)
		if (pager_take(p, &b->items[i], true, err) < 0)
			return -1;
	b->more = b->count == PAGER_CHUNK;
	return 0;
}

struct set_hash {
	struct pager *p;
	int64_t hash;
};

static int set_hash_work(void *arg, struct err *err)
{
	const struct set_hash *h = arg;

	return counter_set(h->p->store, PAGER_CONFIG, h->hash, err);
}

/* Kept at the end, so that who is killed begins again. */
static int look_at_all(struct batch *b, int64_t hash, struct err *err)
{
	struct set_hash h = {b->p, hash};

	do {
		if (store_transact(b->p->store, all_work, b, err) < 0)
			return -1;
		if (b->count)
			b->last = b->items[b->count - 1].inc.num;
	} while (b->more);
	return store_transact(b->p->store, set_hash_work, &h, err);
}

/* ---- what triage wants people to look at ---- */

int pager_urge(struct store *s, int64_t incident, struct err *err)
{
	return STORE_QUEUE(s, err,
			   "INSERT INTO pager_urgent (incident) VALUES ($1) "
			   "ON CONFLICT (incident) DO NOTHING",
			   S_INT(incident));
}

static int urgent_work(void *arg, struct err *err)
{
	static const char *const sql[] = {
		"UPDATE pager_incidents SET urgent = 1 WHERE incident IN "
		"(SELECT u.incident FROM pager_urgent u "
		"JOIN incident_triage t ON t.incident = u.incident "
		"JOIN incidents i ON i.num = u.incident "
		"AND i.revision = t.revision WHERE t.decision = 'escalate')",
		"UPDATE pager_groups SET due = $1 WHERE key IN "
		"(SELECT group_key FROM pager_incidents WHERE incident IN "
		"(SELECT incident FROM pager_urgent)) "
		"AND (due IS NULL OR due > $1)",
		/* One of an incident that is not seen yet waits for it. */
		"DELETE FROM pager_urgent WHERE incident IN "
		"(SELECT incident FROM pager_incidents) OR incident NOT IN "
		"(SELECT num FROM incidents "
		"WHERE status NOT IN ('resolved', 'closed'))",
	};
	struct pager *p = arg;
	int64_t changed;

	if (incident_lock(p->store, &changed, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
		const struct store_value now = S_INT(p->now);

		if (store_queue(p->store, err, sql[i], &now, i == 1) < 0)
			return -1;
	}
	return 0;
}

static int has_urgent(struct pager *p, bool *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = store_ask(
		p->store, err, "SELECT 1 FROM pager_urgent LIMIT 1", NULL, 0);
	int got = rows ? store_next(rows, err) : -1;

	*ret = got > 0;
	return got < 0 ? -1 : 0;
}

static int look_for(struct batch *b, struct err *err)
{
	struct pager *p = b->p;
	int64_t seen, hash, before;
	bool any;

	if (has_changed(p, &seen, &any, err) < 0 ||
	    config_hash(p, &hash, err) < 0 ||
	    counter_get(p->store, PAGER_CONFIG, &before, err) < 0)
		return -1;
	if (any)
		do {
			if (store_transact(p->store, changed_work, b, err) < 0)
				return -1;
		} while (b->more);
	if (hash != before && look_at_all(b, hash, err) < 0)
		return -1;
	if (has_urgent(p, &any, err) < 0)
		return -1;
	return any ? store_transact(p->store, urgent_work, p, err) : 0;
}

int pager_news(struct pager *p, struct err *err)
{
	struct batch b = {.p = p, .last = -1};
	int rc = look_for(&b, err);

	batch_clear(&b);
	free(b.items);
	return rc;
}
