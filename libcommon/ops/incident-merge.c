/* incident-merge.c - one incident becomes part of another. */
#include <oncall/incident-edit.h>

#include "incident-keep.h"

#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/pager.h>
#include <oncall/timeline.h>
#include <oncall/when.h>

struct merge {
	const struct incident_edit *e;
	int64_t into, num;
	struct incident *inc; /* the one that stays */
	bool changed;
};

static int tell(const struct merge *m, int64_t num, const char *before,
		const char *after, struct err *err)
{
	return timeline_add(m->e->store, num,
			    &(struct timeline_entry){.time = clock_now(),
						     .actor = m->e->actor,
						     .what = "merged",
						     .before = before,
						     .after = after,
						     .note = m->e->note},
			    err);
}

/* The first ones fill up the one that stays, all others become its latest. */
static int merge_detections(const struct merge *m, struct err *err)
{
	struct store *s = m->e->store;
	AUTO_BUF struct buf stay = BUF_INIT, go = BUF_INIT, end = BUF_INIT;
	struct buf *text[KEEP_PARTS] = {&go, &end};
	struct keep_list first, more[KEEP_PARTS], latest = {.count = 0};

	if (keep_load(s, m->into, KEEP_FIRST, &first, &stay, err) < 0)
		return -1;
	for (int part = 0; part < KEEP_PARTS; part++) {
		if (keep_load(s, m->num, part, &more[part], text[part], err) <
		    0)
			return -1;
		for (size_t i = 0; i < more[part].count; i++) {
			struct slice line = more[part].lines[i];

			if (first.count < INCIDENT_KEEP_FIRST)
				first.lines[first.count++] = line;
			else
				keep_push(&latest, line, INCIDENT_KEEP_LATEST);
		}
	}
	if (keep_save(s, m->into, KEEP_FIRST, &first, err) < 0)
		return -1;
	return keep_append(s, m->into, &latest, KEEP_LATEST,
			   INCIDENT_KEEP_LATEST, err);
}

static void add_members(struct incident *into, const struct incident *from)
{
	AUTO_BUF struct buf tags = BUF_INIT;

	if (from->severity > into->severity)
		into->severity = from->severity;
	if (from->first < into->first)
		into->first = from->first;
	if (from->last > into->last)
		into->last = from->last;
	into->count += from->count;
	into->detections += from->detections;
	if (jlist_union(&tags, into->tags, from->tags) > 0)
		incident_set(into, &into->tags, buf_slice(&tags));
	into->revision++;
	into->updated = clock_now();
	into->change = SLICE_LIT("edited");
}

static void close_part(struct incident *from, const char *into)
{
	int64_t now = clock_now();

	from->status = INCIDENT_CLOSED;
	if (from->resolved == WHEN_NONE)
		from->resolved = now;
	from->closed = now;
	from->updated = now;
	from->revision++;
	from->change = SLICE_LIT("closed");
	incident_set(from, &from->merged_into, slice_of(into));
}

static int check_merge(const struct merge *m, const struct incident *from,
		       struct err *err)
{
	char id[INCIDENT_ID];

	if (m->into == m->num) {
		incident_id(id, m->num);
		return err_set(err, ERR_USAGE,
			       "%s cannot be merged into itself", id);
	}
	incident_id(id, m->into);
	if (slice_is(from->merged_into, id))
		return 0; /* so already */
	if (from->merged_into.len) {
		incident_id(id, m->num);
		return err_set(err, ERR_NO, "%s was merged into %.*s before",
			       id, (int)from->merged_into.len,
			       from->merged_into.ptr);
	}
	if (m->inc->merged_into.len) {
		incident_id(id, m->into);
		return err_set(err, ERR_NO, "%s was itself merged into %.*s",
			       id, (int)m->inc->merged_into.len,
			       m->inc->merged_into.ptr);
	}
	if (!incident_live(m->inc) && incident_live(from))
		return err_set(err, ERR_NO,
			       "%s is %s and would hide a live one; reopen it "
			       "first",
			       id, incident_status_names[m->inc->status]);
	if (m->inc->simulated != from->simulated)
		return err_set(err, ERR_NO,
			       "a simulated incident and a real one are not "
			       "merged");
	return 0;
}

static int merge_work(void *arg, struct err *err)
{
	struct merge *m = arg;
	struct store *s = m->e->store;
	AUTO_INCIDENT struct incident from = {0};
	char into_id[INCIDENT_ID], from_id[INCIDENT_ID];
	int64_t changed;

	incident_done(m->inc);
	incident_id(into_id, m->into);
	incident_id(from_id, m->num);
	if (incident_lock(s, &changed, err) < 0 ||
	    incident_load(s, m->into, m->inc, err) < 0 ||
	    incident_load(s, m->num, &from, err) < 0 ||
	    check_merge(m, &from, err) < 0)
		return -1;
	m->changed = !from.merged_into.len;
	if (!m->changed)
		return 0;
	if (merge_detections(m, err) < 0)
		return -1;
	if (tell(m, m->num, incident_status_names[from.status], into_id, err) <
		    0 ||
	    tell(m, m->into, from_id, NULL, err) < 0)
		return -1;
	add_members(m->inc, &from);
	close_part(&from, into_id);
	m->inc->changed = from.changed = changed;
	if (incident_update(s, m->inc, err) < 0 ||
	    incident_update(s, &from, err) < 0 ||
	    pager_quiet(s, m->num, err) < 0)
		return -1;
	/* What would have joined the one now joins the other. */
	return STORE_QUEUE(s, err,
			   "UPDATE fingerprints SET incident = $1 "
			   "WHERE incident = $2",
			   S_INT(m->into), S_INT(m->num));
}

int incident_merge(const struct incident_edit *e, int64_t into, int64_t num,
		   struct incident *inc, struct err *err)
{
	struct merge m = {.e = e, .into = into, .num = num, .inc = inc};

	if (store_transact(e->store, merge_work, &m, err) < 0)
		return -1;
	return m.changed;
}
