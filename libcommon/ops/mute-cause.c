/* mute-cause.c - which live incidents are causes. They are kept in a table, so
 * that asking does not look at all incidents. */
#include "mute-internal.h"

#include <oncall/mem.h>
#include <oncall/when.h>

/* ---- asking ---- */

static struct store_rows *ask(struct mute *m, const struct mute_rule *r,
			      struct incident_match *match,
			      const struct incident *inc, int64_t max,
			      struct err *err)
{
	bool both = !incident_match_failed(match, r->source);
	AUTO_BUF struct buf same = BUF_INIT;

	mute_same(r, match, &same);
	return STORE_ASK(
		m->store, err,
		"SELECT c.incident FROM pager_causes c JOIN incidents i "
		"ON i.num = c.incident WHERE c.rule = $1 AND c.same = $2 "
		"AND c.incident <> $3 AND c.target <= $4 "
		"AND i.status NOT IN ('resolved', 'closed') "
		"AND i.simulated <= $5 ORDER BY c.incident LIMIT $6",
		S_TEXT(r->name), S_SLICE(buf_slice(&same)), S_INT(inc->num),
		S_INT(!both), S_INT(inc->simulated), S_INT(max));
}

int mute_causes(struct mute *m, const struct incident *inc, int64_t max,
		int (*each)(void *arg, const struct mute_rule *r, int64_t cause,
			    struct err *err),
		void *arg, struct err *err)
{
	AUTO_INCIDENT_MATCH struct incident_match *match =
		incident_match_new(m->config, inc);
	int rc = 0;

	for (size_t i = 0; i < m->rule_count && rc == 0; i++) {
		const struct mute_rule *r = &m->rules[i];
		AUTO_ROWS struct store_rows *rows = NULL;

		if (incident_match_failed(match, r->target))
			continue;
		rows = ask(m, r, match, inc, max, err);
		rc = rows ? store_next(rows, err) : -1;
		while (rc > 0) {
			rc = each(arg, r, store_int(rows, 0), err);
			if (rc == 0)
				rc = store_next(rows, err);
			else
				break;
		}
	}
	return rc;
}

/* ---- keeping ---- */

/* A cause as it is kept, or as it should be. */
struct cause {
	char *rule, *same;
	bool target;
};

struct causes {
	struct cause *items;
	size_t count;
};

static void causes_done(struct causes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->items[i].rule);
		free(c->items[i].same);
	}
	free(c->items);
}
#define AUTO_CAUSES CLEANUP(causes_done)

static void causes_add(struct causes *c, char *rule, char *same, bool target)
{
	c->items = mem_resize(c->items, c->count + 1, sizeof(*c->items));
	c->items[c->count++] = (struct cause){rule, same, target};
}

static bool causes_have(const struct causes *c, const struct cause *one)
{
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->items[i].rule, one->rule) &&
		    !strcmp(c->items[i].same, one->same) &&
		    c->items[i].target == one->target)
			return true;
	return false;
}

static void find_wanted(const struct mute *m, const struct incident *inc,
			struct causes *ret)
{
	AUTO_INCIDENT_MATCH struct incident_match *match =
		incident_match_new(m->config, inc);

	for (size_t i = 0; incident_live(inc) && i < m->rule_count; i++) {
		const struct mute_rule *r = &m->rules[i];
		struct buf same = BUF_INIT;

		if (incident_match_failed(match, r->source))
			continue;
		mute_same(r, match, &same);
		causes_add(ret, mem_dup(r->name), buf_take(&same),
			   !incident_match_failed(match, r->target));
	}
}

static char *copy(struct slice text)
{
	return mem_dup_bytes(text.ptr, text.len);
}

static int find_kept(struct mute *m, const struct incident *inc,
		     struct causes *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(m->store, err,
			  "SELECT rule, same, target FROM pager_causes "
			  "WHERE incident = $1 ORDER BY rule, same",
			  S_INT(inc->num));
	int got = rows ? 1 : -1;

	while (got > 0 && (got = store_next(rows, err)) > 0)
		causes_add(ret, copy(store_text(rows, 0)),
			   copy(store_text(rows, 1)), store_int(rows, 2) != 0);
	return got;
}

static int drop(struct mute *m, const struct incident *inc,
		const struct cause *c, struct err *err)
{
	char by[MUTE_BY];

	if (STORE_QUEUE(m->store, err,
			"DELETE FROM pager_causes WHERE rule = $1 "
			"AND same = $2 AND incident = $3",
			S_TEXT(c->rule), S_TEXT(c->same), S_INT(inc->num)) < 0)
		return -1;
	mute_by(by, c->rule, inc->num);
	return mute_wake(m->store, by, err);
}

static int keep(struct mute *m, const struct incident *inc,
		const struct cause *c, struct err *err)
{
	return STORE_QUEUE(m->store, err,
			   "INSERT INTO pager_causes (rule, same, incident, "
			   "target) VALUES ($1, $2, $3, $4)",
			   S_TEXT(c->rule), S_TEXT(c->same), S_INT(inc->num),
			   S_INT(c->target));
}

static int note_causes(struct mute *m, const struct incident *inc,
		       struct err *err)
{
	AUTO_CAUSES struct causes wanted = {NULL, 0}, kept = {NULL, 0};

	find_wanted(m, inc, &wanted);
	if (find_kept(m, inc, &kept, err) < 0)
		return -1;
	for (size_t i = 0; i < kept.count; i++)
		if (!causes_have(&wanted, &kept.items[i]) &&
		    drop(m, inc, &kept.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < wanted.count; i++)
		if (!causes_have(&kept, &wanted.items[i]) &&
		    keep(m, inc, &wanted.items[i], err) < 0)
			return -1;
	return 0;
}

int mute_note(struct mute *m, const struct incident *inc, int64_t now,
	      struct err *err)
{
	struct silence_edit e = {.store = m->store, .now = now};

	if (!m->swept && silence_sweep(&e, m->silences, err) < 0)
		return -1;
	m->swept = true;
	if (silence_resolved(&e, m->silences, inc, err) < 0)
		return -1;
	return note_causes(m, inc, err);
}
