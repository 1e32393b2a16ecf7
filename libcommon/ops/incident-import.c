/*
 * incident-import.c - incidents come back as export wrote them. What is JSON in
 * the store is taken over as it stands, so that a round trip gives the same
 * bytes.
 */
#include "incident-keep.h"

#include <stdio.h>

#include <oncall/detection.h>
#include <oncall/jlist.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define IMPORT_RECORDS 500
#define IMPORT_BYTES   ((size_t)8 * 1024 * 1024)

/* One record of the batch. */
struct item {
	struct buf line;
	struct jscan scan; /* of line */
	struct incident inc;
	bool refused;
};

struct incident_import {
	struct incident_import_options opt;
	struct item items[IMPORT_RECORDS];
	size_t count, bytes;
	int64_t added, replaced, same;
	/* Of one attempt to store the batch: */
	int64_t batch_added, batch_replaced, batch_same;
};

struct incident_import *incident_import_new(
	const struct incident_import_options *o)
{
	struct incident_import *im = mem_zero(1, sizeof(*im));

	im->opt = *o;
	return im;
}

static void item_clear(struct item *item)
{
	buf_done(&item->line);
	jscan_done(&item->scan);
	incident_done(&item->inc);
	*item = (struct item){.line = BUF_INIT};
}

static void clear(struct incident_import *im)
{
	for (size_t i = 0; i < im->count; i++)
		item_clear(&im->items[i]);
	im->count = im->bytes = 0;
}

void incident_import_free(struct incident_import *im)
{
	if (!im)
		return;
	clear(im);
	free(im);
}

bool incident_import_full(const struct incident_import *im)
{
	return im->count == IMPORT_RECORDS || im->bytes >= IMPORT_BYTES;
}

void incident_import_counts(const struct incident_import *im, int64_t *added,
			    int64_t *replaced, int64_t *same)
{
	*added = im->added;
	*replaced = im->replaced;
	*same = im->same;
}

/* ---- reading ---- */

static int wrong(struct err *err, const char *name, const char *expected)
{
	return err_set(err, ERR_INPUT, "'%s' of an incident must be %s", name,
		       expected);
}

/* The text of a string member; a NULL ptr when it is absent or null. */
static int text_member(const struct jscan *scan, const char *name,
		       struct buf *text, struct slice *ret, struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, name);

	*ret = (struct slice){0};
	buf_reset(text);
	if (!m || m->type == JSCAN_NULL)
		return 0;
	if (m->type != JSCAN_STRING)
		return wrong(err, name, "a string");
	detection_text(text, m->value);
	*ret = (struct slice){buf_str(text), text->len};
	return 0;
}

static int time_member(const struct jscan *scan, const char *name, int64_t *ret,
		       struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice s;

	*ret = WHEN_NONE;
	if (text_member(scan, name, &text, &s, err) < 0)
		return -1;
	if (s.ptr && when_parse_rfc3339(s.ptr, s.len, ret) < 0)
		return wrong(err, name, "an RFC 3339 time");
	return 0;
}

/* The place of a member's text in a list of names, or -1. */
static int name_member(const struct jscan *scan, const char *name,
		       const char *const *names)
{
	const struct jscan_member *m = jscan_get(scan, name);
	struct slice text;

	if (!m || !jscan_plain(m->value, &text))
		return -1;
	for (int i = 0; names[i]; i++)
		if (slice_is(text, names[i]))
			return i;
	return -1;
}

static int read_text(struct item *item, const struct incident_field *f,
		     struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice s;

	if (text_member(&item->scan, f->name, &text, &s, err) < 0)
		return -1;
	if (s.ptr)
		incident_set(&item->inc, incident_text(&item->inc, f), s);
	return 0;
}

static int read_json(struct item *item, const struct incident_field *f,
		     struct err *err)
{
	const struct jscan_member *m = jscan_get(&item->scan, f->name);
	bool object = strcmp(f->name, "labels") == 0;

	if (m && m->type != (object ? JSCAN_OBJECT : JSCAN_ARRAY))
		return wrong(err, f->name, object ? "an object" : "a list");
	*incident_text(&item->inc, f) = m	 ? m->value
					: object ? SLICE_LIT("{}")
						 : SLICE_LIT("[]");
	return 0;
}

/* Numbers, and periods, which are seconds with a fraction in records. */
static int read_number(struct item *item, const struct incident_field *f,
		       struct err *err)
{
	const struct jscan_member *m = jscan_get(&item->scan, f->name);
	int64_t *member = incident_number(&item->inc, f);
	double seconds;

	*member = WHEN_NONE;
	if (!m || m->type == JSCAN_NULL)
		return f->always ? wrong(err, f->name, "there") : 0;
	if (m->type == JSCAN_NUMBER && f->kind == INCIDENT_PERIOD) {
		AUTO_FREE char *text =
			mem_dup_bytes(m->value.ptr, m->value.len);

		seconds = strtod(text, NULL);
		if (seconds < 0 || seconds > 1e12)
			return wrong(err, f->name, "a number of seconds");
		*member = (int64_t)(seconds * 1000 + 0.5);
		return 0;
	}
	if (m->type != JSCAN_NUMBER || jscan_int(m->value, member) < 0 ||
	    *member < 0)
		return wrong(err, f->name, "a whole number from 0 on");
	return 0;
}

static int read_field(struct item *item, const struct incident_field *f,
		      struct err *err)
{
	const struct jscan_member *m;
	int found;

	switch (f->kind) {
	case INCIDENT_TEXT:
		return read_text(item, f, err);
	case INCIDENT_JSON:
		return read_json(item, f, err);
	case INCIDENT_TIME:
		if (time_member(&item->scan, f->name,
				incident_number(&item->inc, f), err) < 0)
			return -1;
		return f->always && *incident_number(&item->inc, f) == WHEN_NONE
			       ? wrong(err, f->name, "there")
			       : 0;
	case INCIDENT_NUMBER:
	case INCIDENT_PERIOD:
		return read_number(item, f, err);
	case INCIDENT_FLAG:
		m = jscan_get(&item->scan, f->name);
		*incident_flag(&item->inc, f) = m && m->type == JSCAN_TRUE;
		return 0;
	case INCIDENT_SEVERITY:
		found = name_member(&item->scan, f->name, severity_names);
		item->inc.severity = (enum severity)(found < 0 ? 0 : found);
		return found < 0 ? wrong(err, f->name, "a severity") : 0;
	case INCIDENT_STATUS:
		found = name_member(&item->scan, f->name,
				    incident_status_names);
		item->inc.status =
			(enum incident_status)(found < 0 ? 0 : found);
		return found < 0 ? wrong(err, f->name, "a status") : 0;
	}
	return 0;
}

static int read_id(struct item *item, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice id;

	if (text_member(&item->scan, "id", &text, &id, err) < 0)
		return -1;
	if (!id.ptr)
		return wrong(err, "id", "there");
	if (incident_parse_id(id.ptr, &item->inc.num, err) < 0) {
		err->kind = ERR_INPUT; /* it was not typed by the user */
		return -1;
	}
	return 0;
}

static int each_timeline(struct item *item,
			 int (*entry)(void *, struct slice, enum jscan_type,
				      struct err *),
			 void *arg, struct err *err)
{
	const struct jscan_member *m = jscan_get(&item->scan, "timeline");

	if (!m)
		return 0;
	if (m->type != JSCAN_ARRAY)
		return wrong(err, "timeline", "a list");
	return jscan_array(m->value, entry, arg, err);
}

/* The texts of a timeline entry, decoded. */
struct entry_text {
	struct buf actor, what, before, after, note;
};

static void entry_text_done(struct entry_text *t)
{
	buf_done(&t->actor);
	buf_done(&t->what);
	buf_done(&t->before);
	buf_done(&t->after);
	buf_done(&t->note);
}

static int entry_string(const struct jscan *scan, const char *name,
			struct buf *text, const char **ret, struct err *err)
{
	struct slice s;

	if (text_member(scan, name, text, &s, err) < 0)
		return -1;
	*ret = s.ptr;
	return 0;
}

static int read_entry(const struct jscan *scan, struct entry_text *t,
		      struct timeline_entry *e, struct err *err)
{
	const struct jscan_member *seq = jscan_get(scan, "seq");

	if (!seq || jscan_int(seq->value, &e->seq) < 0 || e->seq < 1)
		return wrong(err, "timeline.seq", "a whole number from 1 on");
	if (time_member(scan, "time", &e->time, err) < 0 ||
	    entry_string(scan, "actor", &t->actor, &e->actor, err) < 0 ||
	    entry_string(scan, "what", &t->what, &e->what, err) < 0 ||
	    entry_string(scan, "before", &t->before, &e->before, err) < 0 ||
	    entry_string(scan, "after", &t->after, &e->after, err) < 0 ||
	    entry_string(scan, "note", &t->note, &e->note, err) < 0)
		return -1;
	if (e->time == WHEN_NONE || !e->actor || !e->what)
		return wrong(err, "timeline",
			     "a list of entries with time, actor and what");
	return 0;
}

/* Where an entry goes; without a store it is only checked. */
struct entry_target {
	struct store *store;
	int64_t num;
};

static int take_entry(void *arg, struct slice value, enum jscan_type type,
		      struct err *err)
{
	const struct entry_target *target = arg;
	struct entry_text text = {.actor = BUF_INIT};
	struct timeline_entry e = {.seq = 0};
	struct jscan scan = {0};
	int rc;

	if (type != JSCAN_OBJECT)
		return wrong(err, "timeline", "a list of objects");
	rc = jscan_object(&scan, value.ptr, value.len, err);
	if (rc == 0)
		rc = read_entry(&scan, &text, &e, err);
	if (rc == 0 && target->store)
		rc = timeline_add(target->store, target->num, &e, err);
	entry_text_done(&text);
	jscan_done(&scan);
	return rc;
}

static int read_item(struct item *item, struct err *err)
{
	struct entry_target nowhere = {.store = NULL};
	const struct jscan_member *detections;
	const char *absent;

	if (jscan_object(&item->scan, item->line.data, item->line.len, err) < 0)
		return -1;
	if (jscan_duplicate(&item->scan))
		return err_set(err, ERR_INPUT, "a key stands twice");
	if (read_id(item, err) < 0)
		return -1;
	for (const struct incident_field *f = incident_fields; f->name; f++)
		if (read_field(item, f, err) < 0)
			return -1;
	absent = !item->inc.title.ptr	      ? "title"
		 : !item->inc.fingerprint.ptr ? "fingerprint"
					      : NULL;
	if (absent)
		return wrong(err, absent, "there");
	detections = jscan_get(&item->scan, "detections");
	if (detections && detections->type != JSCAN_ARRAY)
		return wrong(err, "detections", "a list");
	item->inc.change = SLICE_LIT("edited");
	return each_timeline(item, take_entry, &nowhere, err);
}

int incident_import_add(struct incident_import *im, struct slice record,
			struct err *err)
{
	struct item *item = &im->items[im->count];

	item->line = (struct buf)BUF_INIT;
	buf_add_slice(&item->line, record);
	if (read_item(item, err) < 0) {
		item_clear(item);
		return -1;
	}
	im->count++;
	im->bytes += record.len;
	return 0;
}

/* ---- storing ---- */

/* The first few, and the rest: the order in which export had them. */
static int store_detections(struct store *s, const struct item *item,
			    struct err *err)
{
	const struct jscan_member *m = jscan_get(&item->scan, "detections");
	struct slice lines[INCIDENT_KEEP_FIRST + INCIDENT_KEEP_LATEST];
	struct keep_list first = {.count = 0}, latest = {.count = 0};
	size_t n;

	if (!m)
		return 0;
	n = jlist_items(m->value, lines, ARRAY_LEN(lines));
	for (size_t i = 0; i < n && i < ARRAY_LEN(lines); i++)
		if (i < INCIDENT_KEEP_FIRST)
			keep_push(&first, lines[i], INCIDENT_KEEP_FIRST);
		else
			keep_push(&latest, lines[i], INCIDENT_KEEP_LATEST);
	if (first.count &&
	    keep_save(s, item->inc.num, KEEP_FIRST, &first, err) < 0)
		return -1;
	if (!latest.count)
		return 0;
	return keep_save(s, item->inc.num, KEEP_LATEST, &latest, err);
}

/* What a detection with this fingerprint joins from now on: the newest one, or
 * the one it was merged into. */
static int store_fingerprint(struct store *s, const struct item *item,
			     struct err *err)
{
	AUTO_BUF struct buf into = BUF_INIT;
	int64_t num = item->inc.num;

	if (item->inc.merged_into.ptr) {
		buf_add_slice(&into, item->inc.merged_into);
		if (incident_parse_id(buf_str(&into), &num, err) < 0)
			return -1;
	}
	return STORE_QUEUE(s, err,
			   "INSERT INTO fingerprints (fingerprint, incident) "
			   "VALUES ($1, $2) ON CONFLICT (fingerprint) "
			   "DO UPDATE SET incident = CASE "
			   "WHEN fingerprints.incident < excluded.incident "
			   "THEN excluded.incident "
			   "ELSE fingerprints.incident END",
			   S_SLICE(item->inc.fingerprint), S_INT(num));
}

/* New incidents of that day get numbers above this one. */
static int store_number(struct store *s, int64_t num, struct err *err)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "incidents %lld",
		       (long long)(num / INCIDENT_PER_DAY));
	return STORE_QUEUE(s, err,
			   "INSERT INTO counters (name, value) VALUES ($1, $2) "
			   "ON CONFLICT (name) DO UPDATE SET value = CASE "
			   "WHEN counters.value < excluded.value "
			   "THEN excluded.value ELSE counters.value END",
			   S_TEXT(name), S_INT(num % INCIDENT_PER_DAY));
}

static int store_new(struct store *s, struct item *item, struct err *err)
{
	struct entry_target target = {.store = s, .num = item->inc.num};

	if (incident_insert(s, &item->inc, err) < 0 ||
	    store_detections(s, item, err) < 0 ||
	    each_timeline(item, take_entry, &target, err) < 0 ||
	    store_fingerprint(s, item, err) < 0)
		return -1;
	return store_number(s, item->inc.num, err);
}

/* Whether the store has the incident: 1 when it would be exported as this very
 * record, 2 when it differs, 0 when there is none. */
static int compare(struct store *s, const struct item *item, struct err *err)
{
	AUTO_INCIDENT struct incident old = {0};
	AUTO_BUF struct buf record = BUF_INIT;

	if (incident_load(s, item->inc.num, &old, err) < 0) {
		if (err->kind != ERR_NO)
			return -1;
		err_clear(err);
		return 0;
	}
	if (incident_record(s, &old,
			    INCIDENT_WITH_DETECTIONS | INCIDENT_WITH_TIMELINE,
			    &record, err) < 0)
		return -1;
	return slice_eq(buf_slice(&record), buf_slice(&item->line)) ? 1 : 2;
}

static int import_item(struct incident_import *im, struct item *item,
		       struct err *err)
{
	struct store *s = im->opt.store;

	item->refused = false;
	switch (compare(s, item, err)) {
	case 0:
		im->batch_added++;
		return store_new(s, item, err);
	case 1:
		im->batch_same++;
		return 0;
	case 2:
		if (!im->opt.replace) {
			item->refused = true;
			return 0;
		}
		im->batch_replaced++;
		if (incident_remove(s, item->inc.num, err) < 0)
			return -1;
		return store_new(s, item, err);
	default:
		return -1;
	}
}

static int import_work(void *arg, struct err *err)
{
	struct incident_import *im = arg;
	int64_t changed;

	im->batch_added = im->batch_replaced = im->batch_same = 0;
	if (incident_lock(im->opt.store, &changed, err) < 0)
		return -1;
	for (size_t i = 0; i < im->count; i++) {
		im->items[i].inc.changed = changed;
		if (import_item(im, &im->items[i], err) < 0)
			return -1;
	}
	return 0;
}

int incident_import_commit(struct incident_import *im,
			   void (*refused)(void *arg, const char *id),
			   void *arg, struct err *err)
{
	char id[INCIDENT_ID];

	if (im->count &&
	    store_transact(im->opt.store, import_work, im, err) < 0)
		return -1;
	im->added += im->batch_added;
	im->replaced += im->batch_replaced;
	im->same += im->batch_same;
	im->batch_added = im->batch_replaced = im->batch_same = 0;
	for (size_t i = 0; i < im->count; i++) {
		if (!im->items[i].refused)
			continue;
		incident_id(id, im->items[i].inc.num);
		refused(arg, id);
	}
	clear(im);
	return 0;
}
