/*
 * incident-join.c - the detections of one fingerprint meet their incident:
 * they join it, reopen it, or open a new one. Detection by detection, in the
 * order in which they came, so that it does not matter how they were batched.
 */
#include "incident-batch.h"

#include <stdio.h>

#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define TITLE_MAX 500	/* bytes of a title */
#define NOTE_MAX  400	/* bytes of a timeline note */
#define TAGS_MAX  65536 /* bytes of the list of tags */

/* An incident while the detections of its group come in. */
struct joining {
	struct incident_open *o;
	const struct group *group;
	struct incident inc; /* num 0: none yet */
	bool is_new;
	bool touched;			/* something to save */
	struct keep_list first, latest; /* detections of this batch to keep */
};

static int tell(struct joining *j, const struct timeline_entry *e,
		struct err *err)
{
	return timeline_add(j->o->opt.store, j->inc.num, e, err);
}

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

/* ---- opening ---- */

/* The next number of the day; the last one is stored by save_numbers(). */
static int save_numbers(struct incident_open *o, struct err *err)
{
	char name[32];

	if (o->day < 0)
		return 0;
	(void)snprintf(name, sizeof(name), "incidents %lld", (long long)o->day);
	return STORE_QUEUE(o->opt.store, err,
			   "INSERT INTO counters (name, value) VALUES ($1, $2) "
			   "ON CONFLICT (name) DO UPDATE "
			   "SET value = excluded.value",
			   S_TEXT(name), S_INT(o->day_last));
}

static int next_number(struct incident_open *o, int64_t when, int64_t *ret,
		       struct err *err)
{
	char text[WHEN_TEXT], name[32];
	int64_t day;

	when_format(text, when);
	day = (text[0] - '0') * 10000000 + (text[1] - '0') * 1000000 +
	      (text[2] - '0') * 100000 + (text[3] - '0') * 10000 +
	      (text[5] - '0') * 1000 + (text[6] - '0') * 100 +
	      (text[8] - '0') * 10 + (text[9] - '0');
	if (day != o->day) {
		AUTO_ROWS struct store_rows *rows = NULL;
		int got;

		if (save_numbers(o, err) < 0)
			return -1;
		(void)snprintf(name, sizeof(name), "incidents %lld",
			       (long long)day);
		rows = STORE_ASK(o->opt.store, err,
				 "SELECT value FROM counters WHERE name = $1",
				 S_TEXT(name));
		if (!rows || (got = store_next(rows, err)) < 0)
			return -1;
		o->day = day;
		o->day_last = got ? store_int(rows, 0) : 0;
	}
	*ret = day * INCIDENT_PER_DAY + ++o->day_last;
	return 0;
}

/* Sets a text of the incident from a JSON string. */
static void set_text(struct incident *inc, struct slice *member,
		     struct slice json, size_t most)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!json.ptr)
		return;
	detection_text(&text, json);
	incident_set(inc, member,
		     (struct slice){buf_str(&text),
				    utf8_cut(buf_str(&text), text.len, most)});
}

/* What a person reads first: the title, else the message, else the pattern. */
static void set_title(struct incident *inc, const struct detection *d)
{
	const struct slice *candidates[] = {&d->title, &d->message,
					    &d->pattern};

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		set_text(inc, &inc->title, *candidates[i], TITLE_MAX);
		if (inc->title.len)
			return;
	}
	incident_set(inc, &inc->title, SLICE_LIT("detection without a title"));
}

static struct slice json_or(struct slice json, struct slice fallback)
{
	return json.ptr ? json : fallback;
}

static void fill_new(struct joining *j, const struct detection *d)
{
	struct incident *inc = &j->inc;

	inc->revision = 0;
	inc->severity = d->severity;
	set_text(inc, &inc->severity_raw, d->severity_raw, TITLE_MAX);
	set_text(inc, &inc->service, d->service, TITLE_MAX);
	set_text(inc, &inc->host, d->host, TITLE_MAX);
	set_text(inc, &inc->category, d->category, TITLE_MAX);
	set_text(inc, &inc->pattern, d->pattern, TITLE_MAX);
	set_title(inc, d);
	incident_set(inc, &inc->fingerprint, j->group->fingerprint);
	incident_set(inc, &inc->tags, SLICE_LIT("[]"));
	incident_set(inc, &inc->labels, json_or(d->labels, SLICE_LIT("{}")));
	incident_set(inc, &inc->links, SLICE_LIT("[]"));
	inc->opened = inc->updated = d->time;
	inc->first = d->first;
	inc->last = d->last;
	inc->acknowledged = inc->mitigated = WHEN_NONE;
	inc->resolved = inc->closed = inc->took = WHEN_NONE;
	inc->known = inc->triaged = inc->acted = WHEN_NONE;
	inc->simulated = d->simulated;
}

static int assign_owner(struct joining *j, int64_t time, struct err *err)
{
	const char *owner = map_get(&j->o->owners, j->inc.service);

	if (!owner)
		return 0;
	incident_set(&j->inc, &j->inc.assignee, slice_of(owner));
	return tell(j,
		    &(struct timeline_entry){.seq = 2,
					     .time = time,
					     .actor = j->o->opt.actor,
					     .what = "assigned",
					     .after = owner,
					     .note = "owner of the service"},
		    err);
}

/* Opens a new incident; old (may be NULL) is the one it follows. */
static int open_new(struct joining *j, const struct entry *e,
		    const struct incident *old, const char *why,
		    struct err *err)
{
	struct jscan scan = {0}, scratch = {0};
	struct detection d;
	char id[INCIDENT_ID];
	int rc = jscan_object(&scan, e->line.ptr, e->line.len, err);

	if (rc == 0)
		rc = detection_read(&d, e->line, &scan, &scratch, e->time, err);
	if (rc == 0)
		rc = next_number(j->o, e->time, &j->inc.num, err);
	if (rc == 0)
		fill_new(j, &d);
	jscan_done(&scan);
	jscan_done(&scratch);
	if (rc < 0)
		return -1;
	j->is_new = true;
	if (old) {
		incident_id(id, old->num);
		incident_set(&j->inc, &j->inc.previous, slice_of(id));
	}
	if (tell(j,
		 &(struct timeline_entry){.seq = 1,
					  .time = e->time,
					  .actor = j->o->opt.actor,
					  .what = "opened",
					  .after = severity_name(e->severity),
					  .note = why},
		 err) < 0)
		return -1;
	j->inc.status = INCIDENT_OPEN;
	j->inc.revision = 1;
	incident_set(&j->inc, &j->inc.change, SLICE_LIT("opened"));
	return assign_owner(j, e->time, err);
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
	return tell(j,
		    &(struct timeline_entry){.time = e->time,
					     .actor = j->o->opt.actor,
					     .what = "reopened",
					     .before = before,
					     .after = "open",
					     .note = note},
		    err);
}

/* Closes this incident's part in the batch and opens its successor. */
static int open_successor(struct joining *j, const struct entry *e,
			  struct err *err)
{
	struct incident old;
	char since[32], window[32], id[INCIDENT_ID], note[NOTE_MAX];
	int rc;

	if (j->touched && save_incident(j, err) < 0)
		return -1;
	old = j->inc;
	j->inc = (struct incident){0};
	when_format_duration(since, (e->event_time - ended(&old)) /
					    WHEN_SECOND * WHEN_SECOND);
	when_format_duration(
		window,
		config_duration(j->o->opt.config, "incidents.reopen_within"));
	incident_id(id, old.num);
	(void)snprintf(note, sizeof(note),
		       "%s was %s %s before, longer than reopen_within (%s)",
		       id, incident_status_names[old.status], since, window);
	rc = open_new(j, e, &old, note, err);
	incident_done(&old);
	return rc;
}

/* ---- joining ---- */

static void add_tags(struct incident *inc, struct slice tags)
{
	AUTO_BUF struct buf all = BUF_INIT_MAX(TAGS_MAX);

	if (slice_eq(tags, inc->tags))
		return;
	if (jlist_union(&all, inc->tags, tags) > 0 && !all.over)
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
	return tell(
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
		return open_new(j, e, NULL,
				"first detection with this fingerprint", err);
	if (incident_live(inc) || e->event_time <= ended(inc))
		return 0; /* joins; or was seen before the end, only read late
			   */
	if (e->event_time - ended(inc) <= within)
		return reopen(j, e, err);
	return open_successor(j, e, err);
}

/* ---- groups ---- */

/* All detections of one group. */
static int join_group(struct joining *j, struct err *err)
{
	for (uint32_t i = j->group->head; i != ENTRY_NONE;
	     i = j->o->entries[i].next) {
		const struct entry *e = &j->o->entries[i];

		if (meet(j, e, err) < 0 || add_to(j, e, err) < 0)
			return -1;
	}
	return save_incident(j, err);
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

		if (!g)
			continue;
		incident_from_row(&g->joining->inc, rows, 1);
		g->joining->inc.change = SLICE_LIT("updated");
		incident_own(&g->joining->inc);
	}
	return got;
}

static int join_chunk(struct incident_open *o, struct group **groups,
		      size_t count, struct err *err)
{
	struct joining *chunk = mem_zero(count, sizeof(*chunk));
	int rc;

	for (size_t i = 0; i < count; i++) {
		chunk[i].o = o;
		chunk[i].group = groups[i];
		groups[i]->joining = &chunk[i];
	}
	rc = load_chunk(o, chunk, count, err);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = join_group(&chunk[i], err);
	for (size_t i = 0; i < count; i++)
		incident_done(&chunk[i].inc);
	free(chunk);
	return rc;
}

static void live_row(struct incident_open *o, struct store_rows *rows)
{
	struct group *g = map_get(&o->groups, store_text(rows, 0));

	if (g)
		g->num = store_int(rows, 1);
}

/* Live incidents in the order of their numbers, which is that of their pages;
 * behind them all others, as they came: these give out new numbers. */
static int by_place(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a;
	const struct group *y = *(struct group *const *)b;

	if ((x->num == 0) != (y->num == 0))
		return x->num == 0 ? 1 : -1;
	if (x->num != y->num)
		return x->num < y->num ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int incident_join_groups(struct incident_open *o, struct err *err)
{
	AUTO_FREE struct group **order =
		mem_zero(o->groups.count + 1, sizeof(struct group *));
	size_t count = 0;

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

		if (g->head != ENTRY_NONE)
			order[count++] = g;
	}
	qsort(order, count, sizeof(struct group *), by_place);
	for (size_t i = 0; i < count; i += BATCH_ASK)
		if (join_chunk(o, order + i,
			       count - i < BATCH_ASK ? count - i : BATCH_ASK,
			       err) < 0)
			return -1;
	return save_numbers(o, err);
}
