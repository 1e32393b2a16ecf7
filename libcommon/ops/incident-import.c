/*
 * incident-import.c - incidents come back as export wrote them. What is JSON in
 * the store is taken over as it stands, so that a round trip gives the same
 * bytes.
 */
#include "incident-import.h"
#include "incident-keep.h"

#include <stdio.h>

#include <oncall/incident-exchange.h>
#include <oncall/jlist.h>
#include <oncall/mem.h>

#define IMPORT_RECORDS 500
#define IMPORT_BYTES   ((size_t)8 * 1024 * 1024)
#define MERGES_MAX     100 /* from one incident to the next */

struct incident_import {
	struct incident_import_options opt;
	struct import_item items[IMPORT_RECORDS];
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

static void item_clear(struct import_item *item)
{
	buf_done(&item->line);
	jscan_done(&item->scan);
	incident_done(&item->inc);
	*item = (struct import_item){.line = BUF_INIT};
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

int incident_import_add(struct incident_import *im, struct slice record,
			struct err *err)
{
	struct import_item *item = &im->items[im->count];

	item->line = (struct buf)BUF_INIT;
	buf_add_slice(&item->line, record);
	if (import_item_read(item, err) < 0) {
		item_clear(item);
		return -1;
	}
	im->count++;
	im->bytes += record.len;
	return 0;
}

/* ---- storing ---- */

/* The first few, and the rest: the order in which export had them. */
static int store_detections(struct store *s, const struct import_item *item,
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

/* The incident that it was merged into, perhaps by way of others. */
static int end_of_merges(struct store *s, const struct incident *from,
			 int64_t *ret_num, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	AUTO_BUF struct buf into = BUF_INIT;

	*ret_num = from->num;
	buf_add_slice(&into, from->merged_into);
	for (int i = 0; into.len && i < MERGES_MAX; i++) {
		if (incident_parse_id(buf_str(&into), ret_num, err) < 0)
			return -1;
		buf_reset(&into);
		incident_done(&inc);
		if (incident_load(s, *ret_num, &inc, err) == 0)
			buf_add_slice(&into, inc.merged_into);
		else if (err->kind != ERR_NO)
			return -1;
		err_clear(err); /* it may come later */
	}
	return 0;
}

/* What a detection with this fingerprint joins from now on: the newest one, or
 * the one it was merged into. */
static int store_fingerprint(struct store *s, const struct import_item *item,
			     struct err *err)
{
	int64_t num;

	if (end_of_merges(s, &item->inc, &num, err) < 0)
		return -1;
	/* What was merged into this one, and came before it. */
	if (num != item->inc.num &&
	    STORE_QUEUE(s, err,
			"UPDATE fingerprints SET incident = $1 "
			"WHERE incident = $2",
			S_INT(num), S_INT(item->inc.num)) < 0)
		return -1;
	return STORE_QUEUE(s, err,
			   "INSERT INTO fingerprints (fingerprint, incident) "
			   "VALUES ($1, $2) ON CONFLICT (fingerprint) "
			   "DO UPDATE SET incident = CASE "
			   "WHEN fingerprints.incident < $3 "
			   "THEN excluded.incident "
			   "ELSE fingerprints.incident END",
			   S_SLICE(item->inc.fingerprint), S_INT(num),
			   S_INT(item->inc.num));
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

/* What was there of an incident that is replaced. Fingerprints stay, for those
 * of incidents that were merged into it join it further on. */
static int remove_parts(struct store *s, int64_t num, struct err *err)
{
	static const char *const sql[] = {
		"DELETE FROM first_detections WHERE incident = $1",
		"DELETE FROM latest_detections WHERE incident = $1",
		"DELETE FROM timeline WHERE incident = $1",
	};

	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		if (STORE_QUEUE(s, err, sql[i], S_INT(num)) < 0)
			return -1;
	return 0;
}

static int store_parts(struct store *s, struct import_item *item,
		       struct err *err)
{
	if (store_detections(s, item, err) < 0 ||
	    import_item_timeline(item, s, err) < 0 ||
	    store_fingerprint(s, item, err) < 0)
		return -1;
	return store_number(s, item->inc.num, err);
}

/* Whether the store has the incident: 1 when it would be exported as this very
 * record, 2 when it differs, 0 when there is none. */
static int compare(struct store *s, const struct import_item *item,
		   struct err *err)
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

static int import_item(struct incident_import *im, struct import_item *item,
		       struct err *err)
{
	struct store *s = im->opt.store;

	item->refused = false;
	switch (compare(s, item, err)) {
	case 0:
		im->batch_added++;
		return incident_insert(s, &item->inc, err) < 0
			       ? -1
			       : store_parts(s, item, err);
	case 1:
		im->batch_same++;
		return 0;
	case 2:
		if (!im->opt.replace) {
			item->refused = true;
			return 0;
		}
		im->batch_replaced++;
		if (remove_parts(s, item->inc.num, err) < 0 ||
		    incident_update(s, &item->inc, err) < 0)
			return -1;
		return store_parts(s, item, err);
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
