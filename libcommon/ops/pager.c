/* pager.c - one tick: what is news, and then all that is due. */
#include "pager-internal.h"

#include <oncall/clock.h>
#include <oncall/counter.h>
#include <oncall/mem.h>
#include <oncall/roster.h>
#include <oncall/status.h>

/* A clock that was put back by more is not one that was set right. */
#define CLOCK_SLACK (2 * WHEN_MINUTE)
/* A sign of life is written so often: each one changes the store. */
#define SIGN_LEAST (10 * WHEN_SECOND)

int pager_new(struct pager **ret, const struct pager_options *o,
	      struct err *err)
{
	AUTO_PAGER struct pager *p = mem_zero(1, sizeof(*p));
	const struct config *c = o->config;
	const char *roster = config_str(c, "roster");

	p->store = o->store;
	p->config = c;
	p->actor = mem_dup(o->actor);
	p->written = (struct buf)BUF_INIT_MAX(SIZE_MAX / 2);
	p->wait = config_duration(c, "incidents.group_wait");
	p->interval = config_duration(c, "incidents.group_interval");
	p->repeat = config_duration(c, "incidents.repeat_interval");
	p->flapping_within = config_duration(c, "incidents.flapping_within");
	p->resolve_after = config_duration(c, "resolve_after");
	if (roster && roster_load(&p->roster, roster, NULL, NULL, err) < 0)
		return -1;
	if (escalation_load(&p->escalation, c, p->roster, err) < 0)
		return -1;
	*ret = TAKE_PTR(p);
	return 0;
}

void pager_free(struct pager *p)
{
	if (!p)
		return;
	mute_free(p->mute);
	escalation_free(p->escalation);
	roster_free(p->roster);
	buf_done(&p->written);
	free(p->actor);
	free(p);
}

/* ---- the clock ---- */

static int move_back_work(void *arg, struct err *err)
{
	static const char *const sql[] = {
		"UPDATE pager_groups SET begins = begins - $1 "
		"WHERE begins > $2",
		"UPDATE pager_groups SET due = due - $1 WHERE due > $2",
		"UPDATE pager_groups SET told = told - $1 WHERE told > $2",
		"UPDATE pager_groups SET repeats = repeats - $1 "
		"WHERE repeats > $2",
		"UPDATE pager_groups SET escalated = escalated - $1 "
		"WHERE escalated > $2",
		"UPDATE pager_steps SET due = due - $1 "
		"WHERE due > $2 AND due < $3",
	};
	struct pager *p = arg;
	int64_t changed, last;

	if (incident_lock(p->store, &changed, err) < 0 ||
	    counter_get(p->store, STATUS_LAST_TICK, &last, err) < 0)
		return -1;
	if (p->now >= last - CLOCK_SLACK)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
		const struct store_value values[] = {
			S_INT(last - p->now), S_INT(p->now), S_INT(WHEN_MAX)};
		size_t n = i + 1 < ARRAY_LEN(sql) ? 2 : 3;

		if (store_queue(p->store, err, sql[i], values, n) < 0)
			return -1;
	}
	return counter_set(p->store, STATUS_LAST_TICK, p->now, err);
}

/* The clock was put back: nobody waits longer for that. */
static int check_clock(struct pager *p, struct err *err)
{
	int64_t last;

	if (counter_get(p->store, STATUS_LAST_TICK, &last, err) < 0)
		return -1;
	if (p->now >= last - CLOCK_SLACK)
		return 0;
	return store_transact(p->store, move_back_work, p, err);
}

static int note_tick(void *arg, struct err *err)
{
	struct pager *p = arg;
	int64_t last;

	if (counter_get(p->store, STATUS_LAST_TICK, &last, err) < 0)
		return -1;
	return p->now < last + SIGN_LEAST
		       ? 0
		       : counter_set(p->store, STATUS_LAST_TICK, p->now, err);
}

static int end_tick(struct pager *p, struct err *err)
{
	int64_t last;

	if (counter_get(p->store, STATUS_LAST_TICK, &last, err) < 0)
		return -1;
	return p->now < last + SIGN_LEAST
		       ? 0
		       : store_transact(p->store, note_tick, p, err);
}

/* ---- what is due ---- */

/* The groups of one transaction: keys, each ended by a NUL. */
static int find_due(struct pager *p, struct buf *keys, size_t *count,
		    struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT key FROM pager_groups WHERE due <= $1 "
			  "ORDER BY due, key LIMIT $2",
			  S_INT(p->now), S_INT(PAGER_CHUNK));
	int got;

	*count = 0;
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		buf_add_slice(keys, store_text(rows, 0));
		buf_add_char(keys, '\0');
		++*count;
	}
	return got;
}

struct due {
	struct pager *p;
	size_t found;
};

static int due_work(void *arg, struct err *err)
{
	struct due *d = arg;
	struct pager *p = d->p;
	AUTO_BUF struct buf keys = BUF_INIT_MAX(SIZE_MAX / 2);
	int64_t changed;

	buf_reset(&p->written);
	p->count = 0;
	if (incident_lock(p->store, &changed, err) < 0 ||
	    find_due(p, &keys, &d->found, err) < 0)
		return -1;
	for (size_t at = 0; at < keys.len;) {
		struct slice key = slice_of(keys.data + at);

		if (pager_look(p, key, err) < 0)
			return -1;
		at += key.len + 1;
	}
	return 0;
}

static int is_due(struct pager *p, bool *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT 1 FROM pager_groups WHERE due <= $1 LIMIT 1",
			  S_INT(p->now));
	int got = rows ? store_next(rows, err) : -1;

	*ret = got > 0;
	return got < 0 ? -1 : 0;
}

/* What is written has been committed. */
static int64_t run_due(struct pager *p, struct record_writer *out,
		       struct err *err)
{
	struct due d = {.p = p};
	int64_t total = 0;
	bool due;

	if (is_due(p, &due, err) < 0)
		return -1;
	while (due) {
		if (store_transact(p->store, due_work, &d, err) < 0)
			return -1;
		total += p->count;
		record_write_lines(out, buf_slice(&p->written));
		if (record_flush(out, err) < 0)
			return -1;
		due = d.found == PAGER_CHUNK;
	}
	return total;
}

/* ---- the tick ---- */

static int next_time(struct pager *p, const char *sql, int64_t add,
		     int64_t *next, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(p->store, err, sql, NULL, 0);

	if (!rows || store_next(rows, err) < 0)
		return -1;
	if (!store_is_null(rows, 0))
		*next = pager_earlier(*next, store_int(rows, 0) + add);
	return 0;
}

static int find_next(struct pager *p, int64_t *next, struct err *err)
{
	if (next_time(p,
		      "SELECT MIN(due) FROM pager_groups "
		      "WHERE due IS NOT NULL",
		      0, next, err) < 0)
		return -1;
	if (p->resolve_after < 0)
		return 0;
	return next_time(p,
			 "SELECT MIN(@greatest@(mitigated, last_seen)) "
			 "FROM incidents WHERE status = 'mitigated'",
			 p->resolve_after, next, err);
}

int64_t pager_tick(struct pager *p, struct record_writer *out,
		   int64_t *ret_next, struct err *err)
{
	int64_t total;

	*ret_next = WHEN_NONE;
	p->now = clock_now();
	mute_free(TAKE_PTR(p->mute));
	if (check_clock(p, err) < 0 || pager_resolve(p, err) < 0 ||
	    mute_load(&p->mute, p->store, p->config, err) < 0 ||
	    pager_news(p, err) < 0)
		return -1;
	total = run_due(p, out, err);
	if (total < 0 || end_tick(p, err) < 0 ||
	    find_next(p, ret_next, err) < 0)
		return -1;
	if (*ret_next != WHEN_NONE && *ret_next < p->now + PAGER_REST)
		*ret_next = p->now + PAGER_REST;
	return total;
}
