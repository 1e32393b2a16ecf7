/* triage-replay.c - incidents as they were, decided about anew. */
#include <oncall/triage-replay.h>

#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/timeline.h>
#include <oncall/when.h>

#include "triage-gather.h"

#define DETECTIONS_MAX 16

const char *const replay_truth_names[] = {"right", "wrong", "unknown", NULL};

struct replay {
	struct triager *t, *current;
	struct store *store;
	struct incident inc; /* as it is now */
	struct buf knowledge;
	int64_t time; /* to which the clock is set back */
};

/* ---- as it was ---- */

/* Knowledge that came after the end is from hindsight; then it is the time at
 * which the incident was opened. */
static int64_t time_of(const struct incident *inc, int64_t matched)
{
	int64_t end = inc->resolved != WHEN_NONE ? inc->resolved : inc->closed;

	if (matched == WHEN_NONE || matched < inc->opened ||
	    (end != WHEN_NONE && matched > end))
		return inc->opened;
	return matched;
}

static int find_knowledge(struct replay *r, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(r->store, err,
			  "SELECT knowledge, matched FROM incident_knowledge "
			  "WHERE incident = $1",
			  S_INT(r->inc.num));
	int got = rows ? store_next(rows, err) : -1;

	buf_reset(&r->knowledge);
	if (got > 0)
		buf_add_slice(&r->knowledge, store_text(rows, 0));
	if (got >= 0)
		r->time =
			time_of(&r->inc, got ? store_int(rows, 1) : WHEN_NONE);
	return got;
}

/* Whether the entry came to the knowledge base after that time. */
static int is_newer(struct replay *r, const char *entry, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		r->store, err,
		"SELECT MIN(time) FROM entry_history WHERE entry = $1 AND "
		"record = ''",
		S_TEXT(entry));
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0 || store_is_null(rows, 0))
		return got < 0 ? -1 : 0;
	return store_int(rows, 0) > r->time;
}

static int add_known(struct replay *r, struct slice item, struct buf *out,
		     struct err *err)
{
	AUTO_FREE char *entry = NULL;
	struct jscan scan = {0};
	struct err ignored = ERR_INIT;
	int newer = 0;

	if (jscan_object(&scan, item.ptr, item.len, &ignored) == 0)
		entry = triage_member(&scan, "entry");
	jscan_done(&scan);
	if (entry)
		newer = is_newer(r, entry, err);
	if (newer == 0)
		jwrite_raw(out, NULL, item);
	return newer < 0 ? -1 : 0;
}

static int add_knowledge(struct replay *r, struct buf *record, struct err *err)
{
	struct slice items[TRIAGE_KNOWN_MAX];
	size_t count =
		jlist_items(buf_slice(&r->knowledge), items, TRIAGE_KNOWN_MAX);

	jwrite_open(record, "knowledge", '[');
	for (size_t i = 0; i < count && i < TRIAGE_KNOWN_MAX; i++)
		if (add_known(r, items[i], record, err) < 0)
			return -1;
	jwrite_close(record, ']');
	return 0;
}

static bool is_later(const struct replay *r, struct slice detection)
{
	AUTO_FREE char *text = NULL;
	struct jscan scan = {0};
	struct err ignored = ERR_INIT;
	int64_t ms = WHEN_MIN;

	if (jscan_object(&scan, detection.ptr, detection.len, &ignored) == 0)
		text = triage_member(&scan, "time");
	jscan_done(&scan);
	return text && when_parse_rfc3339(text, strlen(text), &ms) == 0 &&
	       ms > r->time;
}

/* The first one is there in any case: it opened the incident. */
static void add_detections(struct replay *r, const struct jscan *now,
			   struct buf *record)
{
	const struct jscan_member *m = jscan_get(now, "detections");
	struct slice items[DETECTIONS_MAX];
	size_t count = m ? jlist_items(m->value, items, DETECTIONS_MAX) : 0;

	jwrite_open(record, "detections", '[');
	for (size_t i = 0; i < count && i < DETECTIONS_MAX; i++)
		if (i == 0 || !is_later(r, items[i]))
			jwrite_raw(record, NULL, items[i]);
	jwrite_close(record, ']');
}

/* Takes a tag away that was added later, puts back what was taken. */
static void untag(struct incident *inc, const struct timeline_row *e)
{
	bool added = slice_is(e->what, "tagged");
	AUTO_BUF struct buf tag = BUF_INIT, tags = BUF_INIT;

	jwrite_text(&tag, NULL, added ? e->after : e->before);
	if (added)
		(void)jlist_remove(&tags, inc->tags, buf_slice(&tag));
	else
		(void)jlist_add(&tags, inc->tags, buf_slice(&tag));
	incident_set(inc, &inc->tags, buf_slice(&tags));
}

/* Takes back what the timeline says was changed later. */
static int rewind_incident(struct replay *r, struct incident *inc,
			   struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		timeline_ask(r->store, inc->num, err);
	bool severity_known = false;
	struct timeline_row e;
	int got = rows ? 1 : -1;

	while (got > 0 && (got = timeline_next(rows, &e, err)) > 0) {
		if (e.time <= r->time)
			continue;
		if (!severity_known && (slice_is(e.what, "raised") ||
					slice_is(e.what, "severity")))
			severity_known =
				severity_parse(e.before, &inc->severity);
		if (slice_is(e.what, "tagged") || slice_is(e.what, "untagged"))
			untag(inc, &e);
	}
	inc->status = INCIDENT_OPEN;
	inc->false_positive = false;
	inc->solution = (struct slice){NULL, 0};
	return got;
}

/* Members that stand twice are found at their first place. */
static int write_then(struct replay *r, struct buf *record, struct err *err)
{
	AUTO_BUF struct buf now = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_INCIDENT struct incident then = {.num = 0};
	struct jscan scan = {0};
	int rc = -1;

	if (incident_load(r->store, r->inc.num, &then, err) == 0 &&
	    rewind_incident(r, &then, err) == 0 &&
	    incident_record(r->store, &then, INCIDENT_WITH_DETECTIONS, &now,
			    err) == 0 &&
	    jscan_object(&scan, now.data, now.len, err) == 0) {
		jwrite_open(record, NULL, '{');
		add_detections(r, &scan, record);
		rc = add_knowledge(r, record, err);
		incident_write(record, &then);
		jwrite_close(record, '}');
	}
	jscan_done(&scan);
	return rc;
}

/* ---- as it came out ---- */

static bool is_text(const char *a, struct slice b)
{
	return a && slice_is(b, a);
}

/* What the action came to for this incident, where it was carried out. */
static int ask_actions(struct replay *r, const struct triage_action *a,
		       enum replay_truth *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(r->store, err,
			  "SELECT name, verdict FROM actions WHERE "
			  "incident = $1 AND undo_of IS NULL ORDER BY id",
			  S_INT(r->inc.num));
	int got = rows ? 1 : -1;

	while (got > 0 && (got = store_next(rows, err)) > 0) {
		struct slice verdict = store_text(rows, 1);
		bool same = is_text(a->name, store_text(rows, 0));

		if (slice_is(verdict, "verified_fixed"))
			*ret = same ? REPLAY_RIGHT : REPLAY_WRONG;
		else if (same && *ret == REPLAY_UNKNOWN &&
			 (slice_is(verdict, "ran_ineffective") ||
			  slice_is(verdict, "failed_before_change") ||
			  slice_is(verdict, "failed_during_change")))
			*ret = REPLAY_WRONG;
	}
	return got;
}

/* What people, and programs, said of diagnosis and fix. */
static int ask_outcomes(struct replay *r, const struct triage_action *a,
			enum replay_truth *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	char id[INCIDENT_ID];
	int got;

	incident_id(id, r->inc.num);
	rows = STORE_ASK(r->store, err,
			 "SELECT entry, solution, verdict FROM outcomes "
			 "WHERE incident = $1 ORDER BY time, entry, seq",
			 S_TEXT(id));
	got = rows ? 1 : -1;
	while (got > 0 && (got = store_next(rows, err)) > 0) {
		bool entry = is_text(a->entry, store_text(rows, 0));
		bool same = entry && is_text(a->solution, store_text(rows, 1));
		struct slice verdict = store_text(rows, 2);

		if (slice_is(verdict, "worked") && store_text(rows, 1).len)
			*ret = same ? REPLAY_RIGHT : REPLAY_WRONG;
		else if ((slice_is(verdict, "failed") && same) ||
			 (slice_is(verdict, "wrong") && entry))
			*ret = REPLAY_WRONG;
	}
	return got;
}

static int ask_truth(struct replay *r, const struct triage_action *a,
		     enum replay_truth *ret, struct err *err)
{
	struct slice solution = r->inc.solution;

	*ret = REPLAY_UNKNOWN;
	if (r->inc.false_positive) {
		*ret = REPLAY_WRONG;
		return 0;
	}
	if (ask_actions(r, a, ret, err) < 0 ||
	    (*ret == REPLAY_UNKNOWN && ask_outcomes(r, a, ret, err) < 0))
		return -1;
	if (*ret == REPLAY_UNKNOWN && solution.len)
		*ret = is_text(a->solution, solution) ||
				       is_text(a->name, solution)
			       ? REPLAY_RIGHT
			       : REPLAY_WRONG;
	return 0;
}

static enum replay_truth opposite(enum replay_truth truth)
{
	if (truth == REPLAY_UNKNOWN)
		return REPLAY_UNKNOWN;
	return truth == REPLAY_RIGHT ? REPLAY_WRONG : REPLAY_RIGHT;
}

static int judge(struct replay *r, const struct triage *t,
		 enum replay_truth *ret, struct err *err)
{
	static const struct triage_action none = {.name = NULL};
	bool trouble = !r->inc.false_positive;

	if (ask_truth(r, t->action_count ? t->actions : &none, ret, err) < 0)
		return -1;
	if (t->decision == TRIAGE_IGNORE && !trouble)
		*ret = REPLAY_RIGHT;
	else if (t->decision == TRIAGE_IGNORE && *ret == REPLAY_RIGHT)
		*ret = REPLAY_WRONG;
	else if (t->decision == TRIAGE_ESCALATE && trouble)
		*ret = opposite(*ret);
	return 0;
}

/* ---- all of them ---- */

static int decide(struct replay *r, struct triager *t,
		  const struct jscan *record, struct triage *ret,
		  struct err *err)
{
	int rc;

	t->past = true;
	clock_set(r->time);
	rc = triage_incident(t, record, ret, err);
	t->past = false;
	return rc;
}

static int replay_one(struct replay *r, struct replay_case *c,
		      struct triage *now, struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_TRIAGE struct triage current = {.causes = NULL};
	struct jscan scan = {0};
	int rc = find_knowledge(r, err) < 0 || write_then(r, &record, err) < 0
			 ? -1
			 : jscan_object(&scan, record.data, record.len, err);

	if (rc == 0)
		rc = decide(r, r->t, &scan, now, err);
	if (rc == 0)
		rc = judge(r, now, &c->truth, err);
	if (rc == 0 && r->current != r->t)
		rc = decide(r, r->current, &scan, &current, err);
	if (rc == 0 && r->current != r->t)
		rc = judge(r, &current, &c->current_truth, err);
	else
		c->current_truth = c->truth;
	jscan_done(&scan);
	c->time = r->time;
	c->decision = now->decision;
	c->current = r->current == r->t ? now->decision : current.decision;
	c->action = now->action_count ? now->actions[0].name : NULL;
	return rc;
}

static int find_incidents(struct store *s, int64_t from, int64_t to,
			  struct buf *nums, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT num FROM incidents WHERE opened >= $1 AND "
			  "opened < $2 AND simulated = 0 AND "
			  "merged_into IS NULL ORDER BY opened, num",
			  S_INT(from), S_INT(to));
	int got = rows ? 1 : -1;

	while (got > 0 && (got = store_next(rows, err)) > 0) {
		int64_t num = store_int(rows, 0);

		buf_add(nums, (const char *)&num, sizeof(num));
	}
	return got;
}

int triage_replay(const struct triage_replay *what, struct err *err)
{
	AUTO_BUF struct buf nums = BUF_INIT_MAX(SIZE_MAX / 2);
	struct replay r = {.t = what->t,
			   .current = what->current,
			   .store = what->t->store,
			   .knowledge = BUF_INIT_MAX(SIZE_MAX / 2)};
	int64_t now = clock_now();
	int rc = find_incidents(r.store, what->from, what->to, &nums, err);

	for (size_t at = 0; at < nums.len && rc == 0; at += sizeof(int64_t)) {
		AUTO_TRIAGE struct triage decided = {.causes = NULL};
		struct replay_case c = {.num = 0};

		memcpy(&c.num, nums.data + at, sizeof(c.num));
		rc = incident_load(r.store, c.num, &r.inc, err);
		if (rc == 0)
			rc = replay_one(&r, &c, &decided, err);
		if (rc == 0)
			rc = what->each(what->arg, &c, err);
		incident_done(&r.inc);
		r.inc = (struct incident){.num = 0};
	}
	clock_set(now);
	buf_done(&r.knowledge);
	return rc;
}
