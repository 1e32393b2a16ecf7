/*
 * incident-join.c - the detections of one fingerprint meet their incident:
 * they join it, reopen it, or open a new one. Detection by detection, in the
 * order in which they came, so that it does not matter how they were batched.
 */
#include "incident-batch.h"

#include <stdio.h>
#include <stdlib.h>

#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define NOTE_MAX 400  /* bytes of a timeline note */
#define TAGS_MAX 4096 /* bytes of the list of tags */

/* ---- storing ---- */

/* What is new in a part, behind what was there when that still counts. */
static int save_part(struct joining *j, int part, struct keep_list *fresh,
		     size_t most, struct err *err)
{
	struct store *s = j->o->opt.store;

	if (fresh->count == 0)
		return 0;
	if (j->is_new || fresh->count == most)
		return keep_save(s, j->inc.num, part, fresh, err);
	return keep_append(s, j->inc.num, fresh, part, most, err);
}

/* What is written about it when the batch is committed. The texts move there,
 * and stay valid here. */
static void note_changed(struct joining *j)
{
	struct incident_open *o = j->o;

	if (o->done_count == o->done_cap) {
		o->done_cap = o->done_cap ? 2 * o->done_cap : 64;
		o->done = mem_resize(o->done, o->done_cap, sizeof(*o->done));
	}
	o->done[o->done_count++] = (struct changed){
		.inc = j->inc, .first = j->first, .latest = j->latest};
	j->inc.owned = NULL;
	j->inc.owned_count = 0;
	j->first.count = j->latest.count = 0;
	j->touched = false;
}

static int save_incident(struct joining *j, struct err *err)
{
	struct store *s = j->o->opt.store;
	int rc;

	j->inc.changed = j->o->changed;
	if (save_part(j, KEEP_FIRST, &j->first, INCIDENT_KEEP_FIRST, err) < 0 ||
	    save_part(j, KEEP_LATEST, &j->latest, INCIDENT_KEEP_LATEST, err) <
		    0)
		return -1;
	if (!j->is_new) {
		rc = incident_update(s, &j->inc, err);
		note_changed(j);
		return rc;
	}
	j->is_new = false;
	rc = incident_insert(s, &j->inc, err);
	note_changed(j);
	if (rc < 0)
		return -1;
	return STORE_QUEUE(s, err,
			   "INSERT INTO fingerprints (fingerprint, incident) "
			   "VALUES ($1, $2) ON CONFLICT (fingerprint) "
			   "DO UPDATE SET incident = excluded.incident",
			   S_SLICE(j->group->fingerprint), S_INT(j->inc.num));
}

static int64_t ended(const struct incident *inc)
{
	return inc->resolved != WHEN_NONE ? inc->resolved : inc->closed;
}

/* The incident was over when this came, but is not by now. */
static int reopen(struct joining *j, const struct entry *e, struct err *err)
{
	struct incident *inc = &j->inc;
	const char *before = incident_status_names[inc->status];
	char age[32], note[NOTE_MAX];

	when_format_duration(age, (e->event_time - ended(inc)) / WHEN_SECOND *
					  WHEN_SECOND);
	(void)snprintf(note, sizeof(note), "seen again %s after it was %s", age,
		       before);
	inc->status = INCIDENT_OPEN;
	inc->acknowledged = inc->mitigated = WHEN_NONE;
	inc->resolved = inc->closed = WHEN_NONE;
	inc->auto_resolved = inc->false_positive = false;
	inc->revision++;
	incident_set(inc, &inc->change, SLICE_LIT("reopened"));
	return incident_new_tell(
		j,
		&(struct timeline_entry){.time = e->time,
					 .actor = j->o->opt.actor,
					 .what = "reopened",
					 .before = before,
					 .after = "open",
					 .note = note},
		err);
}

/* Opens the successor of an incident, which is over. */
static int open_next(struct joining *j, const struct entry *e,
		     const struct incident *old, struct err *err)
{
	char since[32], window[32], id[INCIDENT_ID], note[NOTE_MAX];

	when_format_duration(since, (e->event_time - ended(old)) / WHEN_SECOND *
					    WHEN_SECOND);
	when_format_duration(
		window,
		config_duration(j->o->opt.config, "incidents.reopen_within"));
	incident_id(id, old->num);
	(void)snprintf(note, sizeof(note),
		       "%s was %s %s before, longer than reopen_within (%s)",
		       id, incident_status_names[old->status], since, window);
	return incident_new_open(j, e, old, note, err);
}

/* The group leaves what it shares with others; returns where they stay. */
static struct joining *leave(struct joining *j, struct group *leaver)
{
	struct joining *stay = j;

	leaver->joining = leaver->own;
	for (size_t i = 0; i < j->o->groups.count; i++) {
		struct group *g = j->o->groups.entries[i].value;

		if (g->joining != j || g == leaver)
			continue;
		if (leaver->own == j && stay == j) {
			stay = g->own; /* a spare one */
			*stay = *j;
			stay->group = g;
		}
		g->joining = stay;
	}
	stay->sharers--;
	*leaver->own = (struct joining){.o = stay->o, .group = leaver};
	return stay;
}

/* Ends this incident's part in the batch and opens its successor. */
static int open_successor(struct joining *j, const struct entry *e,
			  struct err *err)
{
	struct incident old;
	int rc;

	if (j->sharers) {
		const struct joining *others = leave(j, e->group);

		return open_next(e->group->own, e, &others->inc, err);
	}
	if (j->touched && save_incident(j, err) < 0)
		return -1;
	old = j->inc;
	j->inc = (struct incident){0};
	rc = open_next(j, e, &old, err);
	incident_done(&old);
	return rc;
}

/* ---- joining ---- */

static void add_tags(struct incident *inc, struct slice tags)
{
	AUTO_BUF struct buf texts = BUF_INIT_MAX(TAGS_MAX);
	AUTO_BUF struct buf all = BUF_INIT_MAX(TAGS_MAX);

	if (slice_eq(tags, inc->tags) || tags.len > TAGS_MAX)
		return;
	jlist_texts(&texts, tags);
	if (!texts.over &&
	    jlist_union(&all, inc->tags, buf_slice(&texts)) > 0 && !all.over)
		incident_set(inc, &inc->tags, buf_slice(&all));
}

static int raise_severity(struct joining *j, const struct entry *e,
			  struct err *err)
{
	struct incident *inc = &j->inc;
	enum severity before = inc->severity;

	inc->severity = e->severity;
	inc->revision++;
	if (slice_is(inc->change, "updated"))
		incident_set(inc, &inc->change, SLICE_LIT("raised"));
	return incident_new_tell(
		j,
		&(struct timeline_entry){.time = e->time,
					 .actor = j->o->opt.actor,
					 .what = "raised",
					 .before = severity_name(before),
					 .after = severity_name(e->severity)},
		err);
}

/* Everything that a detection adds to an incident that is there. */
static int add_to(struct joining *j, const struct entry *e, struct err *err)
{
	struct incident *inc = &j->inc;

	if (e->severity > inc->severity && raise_severity(j, e, err) < 0)
		return -1;
	if (inc->detections < INCIDENT_KEEP_FIRST)
		keep_push(&j->first, e->line, INCIDENT_KEEP_FIRST);
	else
		keep_push(&j->latest, e->line, INCIDENT_KEEP_LATEST);
	inc->detections++;
	inc->count += e->count;
	if (e->first < inc->first)
		inc->first = e->first;
	if (e->last > inc->last)
		inc->last = e->last;
	if (e->time > inc->updated)
		inc->updated = e->time;
	j->touched = true;
	if (e->tags.ptr)
		add_tags(inc, e->tags);
	return 0;
}

/* Finds what the detection means for the incident: it may be none yet, over,
 * or live. */
static int meet(struct joining *j, const struct entry *e, struct err *err)
{
	const struct incident *inc = &j->inc;
	int64_t within =
		config_duration(j->o->opt.config, "incidents.reopen_within");

	if (!inc->num)
		return incident_new_open(
			j, e, NULL, "first detection with this fingerprint",
			err);
	if (incident_live(inc) || e->event_time <= ended(inc))
		return 0; /* joins; or was seen before the end, only read late
			   */
	if (e->event_time - ended(inc) <= within)
		return reopen(j, e, err);
	return open_successor(j, e, err);
}

/* ---- groups ---- */

/* All detections of a group whose incident is live. */
static int join_group(struct joining *j, struct err *err)
{
	for (uint32_t i = j->group->head; i != ENTRY_NONE;
	     i = j->o->entries[i].next)
		if (add_to(j, &j->o->entries[i], err) < 0)
			return -1;
	return save_incident(j, err);
}

/* Incidents were merged: the entries of two groups become those of one. */
static void absorb(struct incident_open *o, struct group *into,
		   struct group *from)
{
	uint32_t a = into->head, b = from->head;
	uint32_t *link = &into->head;

	while (a != b) { /* ENTRY_NONE, which both end with, is the largest */
		uint32_t *least = a < b ? &a : &b;

		*link = *least;
		link = &o->entries[*least].next;
		*least = *link;
	}
}

/* Incidents were merged: groups that meet the same one, which is over, share
 * it until one of them opens a successor. */
static void share(struct joining *all, size_t count)
{
	struct map by_number = MAP_INIT;

	for (size_t i = 0; i < count; i++) {
		struct joining *j = &all[i];
		const char *number = (const char *)&j->inc.num;
		struct joining *first;
		void **place;

		if (!j->inc.num)
			continue;
		place = map_put(&by_number,
				(struct slice){number, sizeof(j->inc.num)});
		first = *place;
		if (!first) {
			*place = j;
			continue;
		}
		first->sharers++;
		j->group->joining = first;
		incident_done(&j->inc);
	}
	map_done(&by_number, NULL);
}

static struct joining *joining_new(struct incident_open *o,
				   struct group **groups, size_t count)
{
	struct joining *all = mem_zero(count + 1, sizeof(*all));

	for (size_t i = 0; i < count; i++) {
		all[i].o = o;
		all[i].group = groups[i];
		groups[i]->joining = groups[i]->own = &all[i];
	}
	return all;
}

static void joining_free(struct joining *all, struct group **groups,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		groups[i]->joining = NULL;
		incident_done(&all[i].inc);
	}
	free(all);
}

static size_t chunk_size(size_t at, size_t count)
{
	return count - at < BATCH_ASK ? count - at : BATCH_ASK;
}

/* The incidents that the groups of a chunk join, as far as there are any. */
static int load_chunk(struct incident_open *o, struct joining *chunk,
		      size_t count, struct err *err)
{
	AUTO_BUF struct buf names = BUF_INIT;
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	jwrite_open(&names, NULL, '[');
	for (size_t i = 0; i < count; i++)
		jwrite_text(&names, NULL, chunk[i].group->fingerprint);
	jwrite_close(&names, ']');
	rows = STORE_ASK(o->opt.store, err,
			 "SELECT f.fingerprint, " INCIDENT_COLUMNS
			 " FROM fingerprints f "
			 "JOIN incidents i ON i.num = f.incident "
			 "WHERE f.fingerprint IN @in(1)@",
			 S_SLICE(buf_slice(&names)));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		const struct group *g =
			map_get(&o->groups, store_text(rows, 0));

		if (!g || !g->joining)
			continue;
		incident_from_row(&g->joining->inc, rows, 1);
		g->joining->inc.change = SLICE_LIT("updated");
		incident_own(&g->joining->inc);
	}
	return got;
}

/* Groups that have a live incident: a chunk at a time, each group whole. */
static int join_live(struct incident_open *o, struct group **groups,
		     size_t count, struct err *err)
{
	int rc = 0;

	for (size_t at = 0; at < count && rc == 0; at += BATCH_ASK) {
		size_t n = chunk_size(at, count);
		struct joining *chunk = joining_new(o, groups + at, n);

		rc = load_chunk(o, chunk, n, err);
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = join_group(&chunk[i], err);
		joining_free(chunk, groups + at, n);
	}
	return rc;
}

static int join_entry(const struct entry *e, struct err *err)
{
	if (meet(e->group->joining, e, err) < 0)
		return -1;
	return add_to(e->group->joining, e, err); /* it may be another now */
}

/* All others open new incidents, or may do so: detection by detection as they
 * came, so that the numbers are given out in that order. */
static int join_others(struct incident_open *o, struct group **groups,
		       size_t count, struct err *err)
{
	struct joining *all = joining_new(o, groups, count);
	int rc = 0;

	for (size_t at = 0; at < count && rc == 0; at += BATCH_ASK)
		rc = load_chunk(o, all + at, chunk_size(at, count), err);
	share(all, count);
	for (size_t i = 0; i < o->count && count > 0 && rc == 0; i++) {
		const struct entry *e = &o->entries[i];

		if (e->fresh && e->group->joining)
			rc = join_entry(e, err);
	}
	for (size_t i = 0; i < count && rc == 0; i++)
		if (all[i].touched)
			rc = save_incident(&all[i], err);
	joining_free(all, groups, count);
	return rc;
}

static void live_row(struct incident_open *o, struct store_rows *rows)
{
	struct group *g = map_get(&o->groups, store_text(rows, 0));

	if (g)
		g->num = store_int(rows, 1);
}

/* By the number of the incident, which is the order of the pages. */
static int by_number(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a;
	const struct group *y = *(struct group *const *)b;

	return x->num < y->num ? -1 : x->num > y->num;
}

/* Leaves one group for each incident. */
static size_t absorb_merged(struct incident_open *o, struct group **live,
			    size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept && live[kept - 1]->num == live[i]->num)
			absorb(o, live[kept - 1], live[i]);
		else
			live[kept++] = live[i];
	return kept;
}

int incident_join_groups(struct incident_open *o, struct err *err)
{
	AUTO_FREE struct group **live =
		mem_zero(o->groups.count + 1, sizeof(struct group *));
	AUTO_FREE struct group **others =
		mem_zero(o->groups.count + 1, sizeof(struct group *));
	size_t live_count = 0, other_count = 0;

	if (incident_ask_keys(o, &o->groups,
			      "SELECT f.fingerprint, f.incident "
			      "FROM fingerprints f WHERE f.fingerprint "
			      "IN @in(1)@ AND EXISTS (SELECT 1 "
			      "FROM incidents i WHERE i.num = f.incident "
			      "AND i.status NOT IN ('resolved', 'closed'))",
			      live_row, err) < 0)
		return -1;
	for (size_t i = 0; i < o->groups.count; i++) {
		struct group *g = o->groups.entries[i].value;

		if (g->head == ENTRY_NONE)
			continue;
		if (g->num)
			live[live_count++] = g;
		else
			others[other_count++] = g;
	}
	qsort(live, live_count, sizeof(struct group *), by_number);
	live_count = absorb_merged(o, live, live_count);
	if (join_live(o, live, live_count, err) < 0 ||
	    join_others(o, others, other_count, err) < 0)
		return -1;
	return incident_new_save(o, err);
}
