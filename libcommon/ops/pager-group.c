/*
 * pager-group.c - one look at a group: whether people hear of it now, and when
 * to look again. Nothing is said before the group's wait is over, but for what
 * triage wants people to look at; what is over by then is never told. Then:
 *
 *   at once              the last one is over; un-muted
 *   group_wait           wanted by triage; the first time at once
 *   group_interval       new, open again, raised, over, begins or ends to flap
 *   repeat_interval      nobody has acknowledged all of it
 *
 * A muted member is not looked at, except that who was told that it is open is
 * told that it is over.
 */
#include "pager-internal.h"

#include <oncall/incident-edit.h>
#include <oncall/mem.h>

#define FLAPPING_TAG "flapping"

const struct pager_member *pager_worst(const struct pager_group *g, bool needed)
{
	const struct pager_member *worst = NULL;

	for (size_t i = 0; i < g->count; i++) {
		const struct pager_member *m = &g->members[i];

		if ((!needed || pager_needs(m)) &&
		    (!worst || m->severity > worst->severity))
			worst = m;
	}
	return worst;
}

/* ---- what is said ---- */

static bool is_news(const struct pager_group *g)
{
	return g->marked[PAGER_FRESH] || g->marked[PAGER_RAISED] ||
	       g->marked[PAGER_UNMUTED] || g->marked[PAGER_FLAPS] ||
	       g->marked[PAGER_STEADY] || g->marked[PAGER_OVER];
}

/* What triage wants people to look at comes in storms, too. */
static bool is_urgent(const struct pager *p, const struct pager_group *g)
{
	return g->urgent &&
	       (g->told == WHEN_NONE || p->now >= g->told + p->wait);
}

static bool is_at_once(const struct pager *p, const struct pager_group *g)
{
	return is_urgent(p, g) || g->marked[PAGER_UNMUTED] ||
	       (g->marked[PAGER_OVER] && !g->known);
}

static bool may_speak(const struct pager *p, const struct pager_group *g)
{
	return g->told == WHEN_NONE || p->now >= g->told + p->interval;
}

static bool is_repeat(const struct pager *p, const struct pager_group *g)
{
	return g->needed && g->repeats != WHEN_NONE && p->now >= g->repeats;
}

static const char *reason_of(const struct pager_group *g)
{
	if (g->marked[PAGER_OVER] && !g->known)
		return "all_resolved";
	if (g->marked[PAGER_UNMUTED])
		return "unmuted";
	if (g->told == WHEN_NONE)
		return "first";
	if (g->urgent || g->marked[PAGER_FRESH] || g->marked[PAGER_RAISED])
		return "changed";
	if (g->marked[PAGER_FLAPS])
		return "flapping";
	if (g->marked[PAGER_STEADY])
		return "flapping_over";
	return g->marked[PAGER_OVER] ? "resolved" : "repeat";
}

static int tag(struct pager *p, const struct pager_member *m, bool remove,
	       struct err *err)
{
	static const char *const tags[] = {FLAPPING_TAG, NULL};
	const struct incident_edit edit = {.store = p->store,
					   .actor = p->actor,
					   .automatic = true,
					   .took = WHEN_NONE};
	AUTO_INCIDENT struct incident inc = {.num = 0};

	return incident_tag(&edit, m->num, tags, remove, &inc, err) < 0 ? -1
									: 0;
}

/* People know now how it is. */
static int note_told(struct pager *p, struct pager_member *m, struct err *err)
{
	bool flapped = m->flapping != WHEN_NONE;

	if (m->muted || m->gone)
		return 0;
	m->told = m->dirty = true;
	m->knew = m->status;
	m->heard = m->severity;
	m->urgent = false;
	if (m->flaps == flapped)
		return 0;
	m->flapping = m->flaps ? p->now : WHEN_NONE;
	return tag(p, m, flapped, err);
}

static int speak(struct pager *p, struct pager_group *g, struct err *err)
{
	const struct pager_message message = {
		.reason = reason_of(g),
		.until_ack = !g->marked[PAGER_OVER] && !g->marked[PAGER_STEADY],
	};
	bool repeat = is_repeat(p, g) && !is_news(g);

	if (pager_say(p, g, &message, err) < 0)
		return -1;
	for (size_t i = 0; i < g->count; i++) {
		struct pager_member *m = &g->members[i];

		if (note_told(p, m, err) < 0)
			return -1;
		m->gone |= m->mark == PAGER_OVER;
	}
	/* From when it was due, unless that is past, too. */
	if (repeat && g->repeats + p->repeat > p->now)
		g->repeats += p->repeat;
	else
		g->repeats = p->now + p->repeat;
	g->told = p->now;
	return 0;
}

/* ---- what is not ---- */

/* What somebody takes care of is known to be so: when it is open again, that
 * is news. What got milder may be raised again. */
static void note_seen(struct pager_member *m)
{
	if (!m->live || !m->told || m->muted)
		return;
	if (m->status != INCIDENT_OPEN && m->knew != m->status) {
		m->knew = m->status;
		m->dirty = true;
	}
	if (m->severity < m->heard) {
		m->heard = m->severity;
		m->dirty = true;
	}
}

static void settle(struct pager_group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct pager_member *m = &g->members[i];

		note_seen(m);
		if (m->urgent && !pager_needs(m)) {
			m->urgent = false;
			m->dirty = true;
		}
		m->gone |= m->mark == PAGER_DROPPED;
	}
}

/* ---- the end ---- */

/* Who was called hears how it ended. */
static int tell_called(struct pager *p, struct pager_group *g, struct err *err)
{
	const struct pager_message message = {
		.reason = "resolved",
		.to_json = slice_of(g->called),
	};

	if (g->known || !strcmp(g->called, "[]"))
		return 0;
	if (pager_stop(p, g, err) < 0 || pager_say(p, g, &message, err) < 0)
		return -1;
	free(g->called);
	g->called = mem_dup("[]");
	return 0;
}

/* ---- when to look again ---- */

static void set_repeats(const struct pager *p, struct pager_group *g)
{
	if (!g->needed || p->repeat == 0 || g->told == WHEN_NONE)
		g->repeats = WHEN_NONE;
	else if (g->repeats == WHEN_NONE || g->repeats > p->now + p->repeat)
		g->repeats = p->now + p->repeat;
}

static int64_t next_look(const struct pager *p, const struct pager_group *g,
			 bool spoken, int64_t due)
{
	due = pager_earlier(due, g->repeats);
	for (size_t i = 0; i < g->count; i++)
		if (!g->members[i].gone)
			due = pager_earlier(due, g->members[i].wake);
	if (!spoken && is_news(g))
		due = pager_earlier(due, g->told + p->interval);
	if (!spoken && g->urgent)
		due = pager_earlier(due, g->told + p->wait);
	if (due != WHEN_NONE && due <= p->now)
		due = p->now + PAGER_REST;
	return due;
}

/* Too early to say anything: what is over by then is never told. */
static int wait_more(struct pager *p, struct pager_group *g, struct err *err)
{
	for (size_t i = 0; i < g->count; i++) {
		struct pager_member *m = &g->members[i];

		m->muted = m->was_muted;
		m->dirty = false;
		m->gone |= m->mark == PAGER_DROPPED;
	}
	g->due = g->begins;
	return pager_save(p, g, err);
}

static int look(struct pager *p, struct pager_group *g, struct err *err)
{
	bool speaks = is_at_once(p, g) || (is_news(g) && may_speak(p, g)) ||
		      is_repeat(p, g);
	int64_t due = WHEN_NONE;

	/* All of it is in other groups now, and so is who was called. */
	if (!g->count)
		return pager_save(p, g, err);
	/* The wait may have been configured shorter. */
	if (g->begins > p->now + p->wait)
		g->begins = p->now + p->wait;
	if (g->told == WHEN_NONE && p->now < g->begins && !g->urgent)
		return wait_more(p, g, err);
	if ((speaks && speak(p, g, err) < 0) || tell_called(p, g, err) < 0)
		return -1;
	settle(g);
	set_repeats(p, g);
	if (pager_escalate(p, g, speaks && g->urgent, &due, err) < 0)
		return -1;
	g->due = next_look(p, g, speaks, due);
	return pager_save(p, g, err);
}

int pager_look(struct pager *p, struct slice key, struct err *err)
{
	AUTO_PAGER_GROUP struct pager_group g = {.key = NULL};
	int got = pager_load(p, key, &g, err);

	return got <= 0 ? got : look(p, &g, err);
}
