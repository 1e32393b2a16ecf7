/* triage-read.c - an incident's record, as triage looks at it. */
#include <oncall/clock.h>
#include <oncall/detection.h>
#include <oncall/jlist.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "triage-gather.h"

#define DETECTIONS_MAX 16 /* of a record; the last of them is the newest */

char *triage_member(const struct jscan *scan, const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);
	AUTO_BUF struct buf text = BUF_INIT_MAX(SIZE_MAX / 2);

	if (!m || m->type != JSCAN_STRING)
		return NULL;
	detection_text(&text, m->value);
	return text.len ? buf_take(&text) : NULL;
}

static bool is_true(const struct jscan *scan, const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);

	return m && m->type == JSCAN_TRUE;
}

static struct slice part(const struct jscan *scan, const char *name,
			 enum jscan_type type)
{
	const struct jscan_member *m = jscan_get(scan, name);

	return m && m->type == type ? m->value : (struct slice){NULL, 0};
}

/* A share; what is no number between 0 and 1 is brought there. */
static double share(const struct jscan *scan, const char *name)
{
	struct slice number = part(scan, name, JSCAN_NUMBER);
	AUTO_BUF struct buf text = BUF_INIT;
	double value;

	buf_add_slice(&text, number);
	value = strtod(buf_str(&text), NULL);
	return value > 1 ? 1 : value > 0 ? value : 0;
}

static bool read_time(const struct jscan *scan, const char *name, int64_t *ret)
{
	AUTO_FREE char *text = triage_member(scan, name);

	return text && when_parse_rfc3339(text, strlen(text), ret) == 0;
}

/* What is no object has no members. */
static void scan_object(struct jscan *scan, struct slice json)
{
	struct err ignored = ERR_INIT;

	if (!json.ptr || jscan_object(scan, json.ptr, json.len, &ignored) < 0)
		scan->count = 0;
}

static void read_detection(struct triage_input *in)
{
	struct slice items[DETECTIONS_MAX];
	struct slice list = part(in->record, "detections", JSCAN_ARRAY);
	struct jscan scan = {0};
	size_t count = list.ptr ? jlist_items(list, items, DETECTIONS_MAX) : 0;

	if (count > DETECTIONS_MAX)
		count = DETECTIONS_MAX;
	if (count)
		scan_object(&scan, items[count - 1]);
	in->message = triage_member(&scan, "message");
	scan_object(&in->fields, part(&scan, "fields", JSCAN_OBJECT));
	jscan_done(&scan);
}

static bool is_over(struct slice status)
{
	return slice_is(status, incident_status_names[INCIDENT_RESOLVED]) ||
	       slice_is(status, incident_status_names[INCIDENT_CLOSED]);
}

/* The same number may be of another incident in another store. */
static int find_incident(struct triager *t, struct triage_input *in,
			 struct err *err)
{
	AUTO_FREE char *fingerprint = triage_member(in->record, "fingerprint");
	AUTO_ROWS struct store_rows *rows = NULL;
	struct err ignored = ERR_INIT;
	int64_t num;
	int got;

	if (!t->store || !in->id || incident_parse_id(in->id, &num, &ignored))
		return 0;
	rows = STORE_ASK(t->store, err,
			 "SELECT fingerprint, false_positive, status "
			 "FROM incidents WHERE num = $1",
			 S_INT(num));
	got = rows ? store_next(rows, err) : -1;
	if (got <= 0)
		return got;
	if (fingerprint && !slice_is(store_text(rows, 0), fingerprint))
		return 0;
	in->subject.num = num;
	if (t->past)
		return 0;
	in->subject.false_positive |= store_int(rows, 1) != 0;
	in->over |= is_over(store_text(rows, 2));
	return 0;
}

static int read_subject(struct triager *t, struct triage_input *in,
			struct err *err)
{
	const struct jscan *r = in->record;
	struct slice severity = part(r, "severity", JSCAN_STRING);
	struct slice status = part(r, "status", JSCAN_STRING);
	struct triage_subject *s = &in->subject;
	struct slice plain;

	in->id = triage_member(r, "id");
	in->title = triage_member(r, "title");
	in->service = triage_member(r, "service");
	in->host = triage_member(r, "host");
	in->category = triage_member(r, "category");
	in->pattern = triage_member(r, "pattern");
	*s = (struct triage_subject){
		.id = in->id,
		.service = in->service,
		.host = in->host,
		.category = in->category,
		.pattern = in->pattern,
		.severity = SEVERITY_MEDIUM,
		.tags = part(r, "tags", JSCAN_ARRAY),
		.labels = part(r, "labels", JSCAN_OBJECT),
		.time = clock_now(),
		.false_positive = is_true(r, "false_positive"),
		.simulated = is_true(r, "simulated"),
	};
	if (severity.ptr && jscan_plain(severity, &plain))
		(void)severity_parse(plain, &s->severity);
	in->over = status.ptr && jscan_plain(status, &plain) && is_over(plain);
	if (!read_time(r, "first", &in->began) &&
	    !read_time(r, "opened", &in->began))
		in->began = s->time;
	scan_object(&in->labels, s->labels);
	return find_incident(t, in, err);
}

static int load_entry(struct triager *t, struct triage_known *k,
		      struct err *err)
{
	struct err missing = ERR_INIT;

	if (kb_load(t->kb, k->id, &k->entry, &missing) == 0) {
		k->found = true;
		return 0;
	}
	knowledge_done(&k->entry);
	k->entry = (struct knowledge_entry){.id = NULL};
	return missing.kind == ERR_NO
		       ? 0
		       : err_set(err, missing.kind, "%s", missing.text);
}

static int read_known(struct triager *t, struct triage_input *in,
		      struct slice item, struct err *err)
{
	struct triage_known *k = &in->known[in->known_count];
	struct jscan scan = {0}, why = {0};
	int rc = 0;

	scan_object(&scan, item);
	scan_object(&why, part(&scan, "why", JSCAN_OBJECT));
	*k = (struct triage_known){
		.id = triage_member(&scan, "entry"),
		.title = triage_member(&scan, "title"),
		.not_reusable = triage_member(&scan, "not_reusable"),
		.score = share(&scan, "score"),
		.by_rule = is_true(&why, "rule"),
		.service = is_true(&why, "service"),
		.category = is_true(&why, "category"),
		.solutions = part(&scan, "solutions", JSCAN_ARRAY),
	};
	if (!k->not_reusable && !is_true(&scan, "reuse"))
		k->not_reusable =
			mem_dup(in->known_count ? "another entry is nearer"
						: "nobody has said that it "
						  "may be used again");
	in->known_count++;
	if (k->id)
		rc = load_entry(t, k, err);
	jscan_done(&scan);
	jscan_done(&why);
	return rc;
}

int triage_read(struct triager *t, const struct jscan *record,
		struct triage_input *ret, struct err *err)
{
	struct slice items[TRIAGE_KNOWN_MAX];
	struct slice known = part(record, "knowledge", JSCAN_ARRAY);
	size_t count =
		known.ptr ? jlist_items(known, items, TRIAGE_KNOWN_MAX) : 0;

	*ret = (struct triage_input){.record = record};
	if (read_subject(t, ret, err) < 0)
		return -1;
	read_detection(ret);
	for (size_t i = 0; i < count && i < TRIAGE_KNOWN_MAX; i++)
		if (read_known(t, ret, items[i], err) < 0)
			return -1;
	return 0;
}

void triage_input_done(struct triage_input *in)
{
	free(in->id);
	free(in->title);
	free(in->service);
	free(in->host);
	free(in->category);
	free(in->pattern);
	free(in->message);
	jscan_done(&in->fields);
	jscan_done(&in->labels);
	for (size_t i = 0; i < in->known_count; i++) {
		free(in->known[i].id);
		free(in->known[i].title);
		free(in->known[i].not_reusable);
		knowledge_done(&in->known[i].entry);
	}
	in->known_count = 0;
}
