/* pager-load.c - reads a group of incidents, and writes what became of it. */
#include "pager-internal.h"

#include <oncall/flapping.h>
#include <oncall/mem.h>

void pager_group_done(struct pager_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->members[i].by);
	free(g->members);
	free(g->key);
	free(g->thread);
	free(g->policy);
	free(g->called);
	*g = (struct pager_group){.key = NULL};
}

/* ---- members ---- */

static enum incident_status status_of(struct slice text)
{
	unsigned i = 0;

	while (incident_status_names[i + 1] &&
	       !slice_is(text, incident_status_names[i]))
		i++;
	return (enum incident_status)i;
}

#define MEMBER_COLUMNS                                        \
	"p.incident, p.told, p.severity, p.urgent, p.muted, " \
	"p.muted_since, p.flapping, i.num IS NULL"
#define MEMBER_COLUMN_COUNT 8

static void read_member(struct pager_member *m, struct store_rows *rows)
{
	struct slice told = store_text(rows, 1);

	*m = (struct pager_member){
		.num = store_int(rows, 0),
		.told = told.ptr != NULL,
		.knew = told.ptr ? status_of(told) : INCIDENT_OPEN,
		.heard = (enum severity)store_int(rows, 2),
		.urgent = store_int(rows, 3) != 0,
		.by = mem_dup_slice(store_text(rows, 4)),
		.since = store_time(rows, 5),
		.flapping = store_time(rows, 6),
		.wake = WHEN_NONE,
		.status = INCIDENT_CLOSED,
		.gone = store_int(rows, 7) != 0,
	};
	m->was_muted = m->by != NULL;
}

static int ask_muted(struct pager *p, struct pager_member *m,
		     const struct incident *inc, struct err *err)
{
	struct mute_answer answer;

	if (mute_ask(p->mute, inc, p->now, &answer, err) < 0)
		return -1;
	m->muted = answer.muted;
	m->wake = answer.until;
	if (m->muted && (!m->by || strcmp(m->by, answer.by) != 0)) {
		free(m->by);
		m->by = mem_dup(answer.by);
		m->dirty = true;
	}
	if (m->muted && !m->was_muted)
		m->since = p->now;
	m->dirty |= m->muted != m->was_muted;
	return 0;
}

/* Only what was open again can flap. */
static int ask_flapping(struct pager *p, struct pager_member *m,
			const struct incident *inc, struct err *err)
{
	const struct flapping_question q = {
		.incident = m->num,
		.within = p->flapping_within,
		.now = p->now,
		.was = m->flapping != WHEN_NONE,
	};
	struct flapping_answer answer;

	if (inc->revision < 2 && !q.was)
		return 0;
	if (flapping_ask(p->store, &q, &answer, err) < 0)
		return -1;
	m->flaps = answer.flapping;
	m->wake = pager_earlier(m->wake, answer.until);
	return 0;
}

static int ask_member(struct pager *p, struct pager_group *g,
		      struct pager_member *m, struct store_rows *rows,
		      struct err *err)
{
	struct incident inc;

	incident_from_row(&inc, rows, MEMBER_COLUMN_COUNT);
	m->status = inc.status;
	m->severity = inc.severity;
	m->times = inc.count;
	m->live = incident_live(&inc);
	m->merged = inc.merged_into.len > 0;
	g->simulated = inc.simulated;
	if (m->live && ask_muted(p, m, &inc, err) < 0)
		return -1;
	return ask_flapping(p, m, &inc, err);
}

static int load_members(struct pager *p, struct pager_group *g, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT " MEMBER_COLUMNS ", " INCIDENT_COLUMNS
			  " FROM pager_incidents p LEFT JOIN incidents i "
			  "ON i.num = p.incident WHERE p.group_key = $1 "
			  "ORDER BY p.incident",
			  S_TEXT(g->key));
	size_t cap = 0;
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct pager_member *m;

		if (g->count == cap) {
			cap = cap ? cap * 2 : 8;
			g->members = mem_resize(g->members, cap, sizeof(*m));
		}
		m = &g->members[g->count++];
		read_member(m, rows);
		if (!m->gone && ask_member(p, g, m, rows, err) < 0)
			return -1;
	}
	return got;
}

/* ---- what is to be said ---- */

static enum pager_mark mark_over(const struct pager_member *m)
{
	bool flapped = m->flapping != WHEN_NONE;

	if (!m->told || m->gone)
		return PAGER_DROPPED;
	if (m->flaps)
		return flapped ? PAGER_SAME : PAGER_FLAPS;
	return flapped || m->knew < INCIDENT_RESOLVED ? PAGER_OVER
						      : PAGER_DROPPED;
}

static enum pager_mark mark_live(const struct pager_member *m)
{
	bool flapped = m->flapping != WHEN_NONE;
	bool open = m->status == INCIDENT_OPEN;

	if (m->muted)
		return PAGER_SAME;
	if (m->flaps)
		return flapped ? PAGER_SAME : PAGER_FLAPS;
	if (flapped)
		return PAGER_STEADY;
	if (m->was_muted && open)
		return PAGER_UNMUTED;
	if (open && (!m->told || m->knew != INCIDENT_OPEN))
		return PAGER_FRESH;
	return m->told && m->severity > m->heard ? PAGER_RAISED : PAGER_SAME;
}

bool pager_needs(const struct pager_member *m)
{
	return m->live && m->status == INCIDENT_OPEN && !m->muted;
}

static void add_up(struct pager_group *g)
{
	size_t heard = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct pager_member *m = &g->members[i];

		m->mark = m->live ? mark_live(m) : mark_over(m);
		g->flaps |= m->flaps;
		heard += m->live && m->told;
		g->known +=
			m->live ? m->told || !m->muted : m->told && m->flaps;
		if (!pager_needs(m))
			continue;
		g->needed++;
		g->times += m->times;
		g->urgent |= m->urgent;
	}
	/* What became part of another one is no news while people know of
	 * others. */
	for (size_t i = 0; i < g->count; i++) {
		struct pager_member *m = &g->members[i];

		if (m->mark == PAGER_OVER && m->merged && heard)
			m->mark = PAGER_DROPPED;
		g->marked[m->mark]++;
	}
}

static int load_group(struct pager *p, struct slice key, struct pager_group *g,
		      struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT thread, seq, begins, told, repeats, policy, "
			  "escalated, called FROM pager_groups WHERE key = $1",
			  S_SLICE(key));
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0)
		return got;
	*g = (struct pager_group){
		.key = mem_dup_bytes(key.ptr, key.len),
		.thread = mem_dup_slice(store_text(rows, 0)),
		.seq = store_int(rows, 1),
		.begins = store_int(rows, 2),
		.due = WHEN_NONE,
		.told = store_time(rows, 3),
		.repeats = store_time(rows, 4),
		.policy = mem_dup_slice(store_text(rows, 5)),
		.escalated = store_time(rows, 6),
		.called = mem_dup_slice(store_text(rows, 7)),
	};
	return 1;
}

int pager_load(struct pager *p, struct slice key, struct pager_group *g,
	       struct err *err)
{
	int got = load_group(p, key, g, err);

	if (got <= 0)
		return got;
	if (load_members(p, g, err) < 0)
		return -1;
	add_up(g);
	return 1;
}

/* ---- what became of it ---- */

static int save_member(struct pager *p, const struct pager_member *m,
		       struct err *err)
{
	if (m->gone)
		return STORE_QUEUE(
			p->store, err,
			"DELETE FROM pager_incidents WHERE incident = $1",
			S_INT(m->num));
	if (!m->dirty)
		return 0;
	return STORE_QUEUE(
		p->store, err,
		"UPDATE pager_incidents SET told = $2, severity = $3, "
		"urgent = $4, muted = $5, muted_since = $6, flapping = $7 "
		"WHERE incident = $1",
		S_INT(m->num),
		S_TEXT(m->told ? incident_status_names[m->knew] : NULL),
		m->told ? S_INT(m->heard) : S_NULL, S_INT(m->urgent),
		S_TEXT(m->muted ? m->by : NULL),
		S_TIME(m->muted ? m->since : WHEN_NONE), S_TIME(m->flapping));
}

static int drop_group(struct pager *p, const struct pager_group *g,
		      struct err *err)
{
	if (STORE_QUEUE(p->store, err,
			"DELETE FROM pager_steps WHERE group_key = $1",
			S_TEXT(g->key)) < 0)
		return -1;
	return STORE_QUEUE(p->store, err,
			   "DELETE FROM pager_groups WHERE key = $1",
			   S_TEXT(g->key));
}

int pager_save(struct pager *p, const struct pager_group *g, struct err *err)
{
	size_t left = 0;

	for (size_t i = 0; i < g->count; i++) {
		left += !g->members[i].gone;
		if (save_member(p, &g->members[i], err) < 0)
			return -1;
	}
	if (left == 0)
		return drop_group(p, g, err);
	return STORE_QUEUE(p->store, err,
			   "UPDATE pager_groups SET seq = $2, due = $3, "
			   "told = $4, repeats = $5, policy = $6, "
			   "escalated = $7, called = $8, begins = $9 "
			   "WHERE key = $1",
			   S_TEXT(g->key), S_INT(g->seq), S_TIME(g->due),
			   S_TIME(g->told), S_TIME(g->repeats),
			   S_TEXT(g->policy), S_TIME(g->escalated),
			   S_TEXT(g->called), S_INT(g->begins));
}
