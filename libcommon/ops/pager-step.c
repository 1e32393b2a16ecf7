/*
 * pager-step.c - escalation: who is called while nobody acknowledges. Each step
 * is a row with the time when it is due next; one that is done for good keeps
 * its row, at the end of time, so that a step that configuration adds is seen.
 */
#include "pager-internal.h"

#include <oncall/incident-match.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/outbox.h>

#define STEPS_MAX 1000 /* of one policy */

struct step {
	size_t number;
	int64_t due, done;
};

struct steps {
	struct step *items;
	size_t count;
};

static void steps_done(struct steps *s)
{
	free(s->items);
}

/* ---- rows ---- */

static int load_steps(struct pager *p, const struct pager_group *g,
		      struct steps *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT step, due, done FROM pager_steps "
			  "WHERE group_key = $1 ORDER BY step LIMIT $2",
			  S_TEXT(g->key), S_INT(STEPS_MAX));
	int got;

	if (!rows)
		return -1;
	ret->items = mem_zero(STEPS_MAX, sizeof(*ret->items));
	while ((got = store_next(rows, err)) > 0)
		ret->items[ret->count++] =
			(struct step){(size_t)store_int(rows, 0),
				      store_int(rows, 1), store_int(rows, 2)};
	return got;
}

static int save_step(struct pager *p, const struct pager_group *g,
		     const struct step *s, struct err *err)
{
	return STORE_QUEUE(p->store, err,
			   "INSERT INTO pager_steps (group_key, step, due, "
			   "done) VALUES ($1, $2, $3, $4) "
			   "ON CONFLICT (group_key, step) DO UPDATE SET "
			   "due = excluded.due, done = excluded.done",
			   S_TEXT(g->key), S_INT((int64_t)s->number),
			   S_INT(s->due), S_INT(s->done));
}

static int forget_steps(struct pager *p, struct pager_group *g, struct err *err)
{
	free(TAKE_PTR(g->policy));
	g->escalated = WHEN_NONE;
	return STORE_QUEUE(p->store, err,
			   "DELETE FROM pager_steps WHERE group_key = $1",
			   S_TEXT(g->key));
}

/* What moved to another group keeps its thread, and may still need those who
 * were called: then only what this group called for is taken back. Without
 * others there, so is what only tells, when all is in somebody's hands. */
static int take_back(struct store *s, const char *key, const char *thread,
		     bool told_too, const char *reason, struct err *err)
{
	struct outbox_cancel c = {.thread = thread, .reason = reason};
	char start[PAGER_KEY_START];
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT COUNT(*), COUNT(policy) FROM pager_groups "
			  "WHERE thread = $1 AND key <> $2",
			  S_TEXT(thread), S_TEXT(key));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	pager_key_start(start, thread, key);
	c.start = store_int(rows, 1) ? start : "";
	c.told_too = told_too && store_int(rows, 0) == 0;
	return outbox_cancel(s, &c, err) < 0 ? -1 : 0;
}

int pager_stop(struct pager *p, struct pager_group *g, struct err *err)
{
	if (!g->policy)
		return 0;
	/* What flaps is not called for each time anew. */
	if (!(g->flaps && g->known && !g->needed) &&
	    forget_steps(p, g, err) < 0)
		return -1;
	return take_back(p->store, g->key, g->thread, false,
			 "nobody is needed any more", err);
}

/* ---- one step ---- */

static int64_t due_at(const struct escalation_policy *policy,
		      const struct pager_group *g, const struct step *s)
{
	int64_t due = escalation_due(policy, s->number, s->done, g->escalated);

	return due == WHEN_NONE ? WHEN_MAX : due;
}

/* From when it was due, or from now when that is past, too. */
static void advance(const struct pager *p,
		    const struct escalation_policy *policy,
		    const struct pager_group *g, struct step *s)
{
	int64_t before = due_at(policy, g, s);
	int64_t gap;

	s->done++;
	s->due = due_at(policy, g, s);
	if (s->due == WHEN_MAX || s->due > p->now)
		return;
	gap = s->due - before;
	s->due = p->now + (gap > PAGER_REST ? gap : PAGER_REST);
}

static int add_called(struct pager_group *g, char *const *to)
{
	AUTO_BUF struct buf names = BUF_INIT, all = BUF_INIT;

	jwrite_open(&names, NULL, '[');
	for (size_t i = 0; to && to[i]; i++)
		jwrite_str(&names, NULL, to[i]);
	jwrite_close(&names, ']');
	(void)jlist_union(&all, slice_of(g->called), buf_slice(&names));
	free(g->called);
	g->called = buf_take(&all);
	return 0;
}

struct calling {
	struct pager *p;
	struct pager_group *g;
	const struct escalation_policy *policy;
	struct escalation_facts facts;
};

static int do_step(const struct calling *c, struct step *s, struct err *err)
{
	struct pager *p = c->p;
	AUTO_ESCALATION_CALL struct escalation_call call = {.to = NULL};
	struct pager_message message = {.reason = "escalation", .call = true};

	if (escalation_call(p->escalation, c->policy, s->number, &c->facts,
			    &call, err) < 0)
		return -1;
	if (call.put_off) {
		s->due = call.put_off > p->now ? call.put_off
					       : p->now + PAGER_REST;
		return save_step(p, c->g, s, err);
	}
	message.why = call.why;
	message.to = call.to;
	if (pager_say(p, c->g, &message, err) < 0 ||
	    add_called(c->g, call.to) < 0)
		return -1;
	advance(p, c->policy, c->g, s);
	return save_step(p, c->g, s, err);
}

/* ---- all steps of a group ---- */

static struct step *find_step(const struct steps *s, size_t number)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].number == number)
			return &s->items[i];
	return NULL;
}

/* Triage wants people now: what comes first comes at once. */
static void hurry(const struct pager *p, struct steps *s)
{
	struct step *first = NULL;

	for (size_t i = 0; i < s->count; i++)
		if (!first || s->items[i].due < first->due)
			first = &s->items[i];
	if (first && first->due != WHEN_MAX && first->due > p->now)
		first->due = p->now;
}

/* A row for every step; none for what the policy does not have any more. */
static int complete(const struct calling *c, struct steps *s, struct err *err)
{
	size_t wanted = escalation_steps(c->policy), had = s->count;

	while (s->count && s->items[s->count - 1].number >= wanted)
		s->count--;
	if (s->count < had &&
	    STORE_QUEUE(c->p->store, err,
			"DELETE FROM pager_steps WHERE group_key = $1 "
			"AND step >= $2",
			S_TEXT(c->g->key), S_INT((int64_t)wanted)) < 0)
		return -1;
	for (size_t i = 0; i < wanted && s->count < STEPS_MAX; i++) {
		struct step fresh = {.number = i};

		if (find_step(s, i))
			continue;
		fresh.due = due_at(c->policy, c->g, &fresh);
		s->items[s->count++] = fresh;
	}
	return 0;
}

static int run_steps(const struct calling *c, bool hurried, int64_t *due,
		     struct err *err)
{
	CLEANUP(steps_done) struct steps all = {NULL, 0};

	if (load_steps(c->p, c->g, &all, err) < 0 || complete(c, &all, err) < 0)
		return -1;
	if (hurried)
		hurry(c->p, &all);
	for (size_t i = 0; i < all.count; i++) {
		struct step *s = &all.items[i];
		int rc = s->due <= c->p->now ? do_step(c, s, err)
					     : save_step(c->p, c->g, s, err);

		if (rc < 0)
			return -1;
		if (s->due < WHEN_MAX)
			*due = pager_earlier(*due, s->due);
	}
	return 0;
}

static int begin(struct pager *p, struct pager_group *g,
		 const struct escalation_policy *policy, struct err *err)
{
	if (g->policy && !strcmp(g->policy, escalation_name(policy)))
		return 0;
	if (forget_steps(p, g, err) < 0)
		return -1;
	g->policy = mem_dup(escalation_name(policy));
	g->escalated = p->now;
	return 0;
}

static int call_for(struct pager *p, struct pager_group *g,
		    const struct incident *worst, bool hurried, int64_t *due,
		    struct err *err)
{
	AUTO_FREE char *assignee = worst->assignee.len
					   ? mem_dup_bytes(worst->assignee.ptr,
							   worst->assignee.len)
					   : NULL;
	struct calling c = {
		.p = p,
		.g = g,
		.policy = escalation_for(p->escalation, p->config, worst),
		.facts = {.now = p->now,
			  .incidents = (int64_t)g->needed,
			  .times = g->times,
			  .assignee = assignee},
	};

	if (!c.policy)
		return pager_stop(p, g, err); /* what is left is milder */
	if (begin(p, g, c.policy, err) < 0)
		return -1;
	c.facts.began = g->escalated;
	return run_steps(&c, hurried, due, err);
}

int pager_escalate(struct pager *p, struct pager_group *g, bool hurried,
		   int64_t *due, struct err *err)
{
	AUTO_INCIDENT struct incident worst = {.num = 0};

	if (!g->needed)
		return pager_stop(p, g, err);
	if (g->told == WHEN_NONE || g->simulated)
		return 0;
	if (incident_load(p->store, pager_worst(g, true)->num, &worst, err) < 0)
		return -1;
	return call_for(p, g, &worst, hurried, due, err);
}

/* ---- somebody has it in hand ---- */

static int is_needed(struct store *s, const char *key, int64_t but,
		     struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT 1 FROM pager_incidents p JOIN incidents i "
			  "ON i.num = p.incident WHERE p.group_key = $1 "
			  "AND p.incident <> $2 AND p.muted IS NULL "
			  "AND i.status = 'open' LIMIT 1",
			  S_TEXT(key), S_INT(but));

	return rows ? store_next(rows, err) : -1;
}

static int find_group(struct store *s, int64_t incident, char **key,
		      char **thread, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT g.key, g.thread FROM pager_incidents p "
			  "JOIN pager_groups g ON g.key = p.group_key "
			  "WHERE p.incident = $1",
			  S_INT(incident));
	int got = rows ? store_next(rows, err) : -1;
	struct slice text;

	if (got <= 0)
		return got;
	text = store_text(rows, 0);
	*key = mem_dup_bytes(text.ptr, text.len);
	text = store_text(rows, 1);
	*thread = mem_dup_bytes(text.ptr, text.len);
	return 1;
}

int pager_quiet(struct store *s, int64_t incident, struct err *err)
{
	AUTO_FREE char *key = NULL, *thread = NULL;
	int got = find_group(s, incident, &key, &thread, err);

	if (got <= 0)
		return got;
	/* When it is open again before the next tick, that is news. */
	if (STORE_QUEUE(s, err,
			"UPDATE pager_incidents SET told = 'acknowledged' "
			"WHERE incident = $1 AND told = 'open'",
			S_INT(incident)) < 0)
		return -1;
	got = is_needed(s, key, incident, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (STORE_QUEUE(s, err, "DELETE FROM pager_steps WHERE group_key = $1",
			S_TEXT(key)) < 0 ||
	    STORE_QUEUE(s, err,
			"UPDATE pager_groups SET policy = NULL, "
			"escalated = NULL, repeats = NULL WHERE key = $1",
			S_TEXT(key)) < 0)
		return -1;
	return take_back(s, key, thread, true, "somebody has acknowledged it",
			 err);
}
