/*
 * incident-import-read.c - reads incidents as export wrote them. What would
 * not come out again as a valid record is bad input.
 */
#include "incident-import.h"

#include <oncall/detection.h>
#include <oncall/jlist.h>
#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/timeline.h>
#include <oncall/when.h>

#define IMPORT_NUMBER_MAX ((int64_t)1 << 53) /* exact for every JSON reader */
#define IMPORT_LIST_MAX	  65536		     /* bytes of tags or links */

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

static int read_text(struct import_item *item, const struct incident_field *f,
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

static int read_json(struct import_item *item, const struct incident_field *f,
		     struct err *err)
{
	const struct jscan_member *m = jscan_get(&item->scan, f->name);
	bool object = strcmp(f->name, "labels") == 0;
	struct slice *member = incident_text(&item->inc, f);
	AUTO_BUF struct buf texts = BUF_INIT_MAX(IMPORT_LIST_MAX);
	struct jscan scratch = {0};
	int rc = 0;

	if (m && m->type != (object ? JSCAN_OBJECT : JSCAN_ARRAY))
		return wrong(err, f->name, object ? "an object" : "a list");
	if (object && m && !detection_labels_valid(m->value, &scratch))
		rc = wrong(err, f->name,
			   "an object of texts, numbers and flags");
	jscan_done(&scratch);
	if (object) {
		*member = m ? m->value : SLICE_LIT("{}");
		return rc;
	}
	jlist_texts(&texts, m ? m->value : SLICE_LIT("[]"));
	if (texts.over)
		return wrong(err, f->name, "shorter");
	incident_set(&item->inc, member, buf_slice(&texts));
	return 0;
}

/* Numbers, and periods, which are seconds with a fraction in records. */
static int read_number(struct import_item *item, const struct incident_field *f,
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
	    *member < 0 || *member > IMPORT_NUMBER_MAX)
		return wrong(err, f->name, "a whole number from 0 to 2^53");
	return 0;
}

static int read_field(struct import_item *item, const struct incident_field *f,
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

/* A member that names an incident; a NUL stands behind its text. */
static int parse_id(const char *text, int64_t *ret_num, struct err *err)
{
	if (incident_parse_id(text, ret_num, err) == 0)
		return 0;
	err->kind = ERR_INPUT; /* it was not typed by the user */
	return -1;
}

static int read_id(struct import_item *item, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice id;

	if (text_member(&item->scan, "id", &text, &id, err) < 0)
		return -1;
	if (!id.ptr)
		return wrong(err, "id", "there");
	return parse_id(id.ptr, &item->inc.num, err);
}

static int each_timeline(struct import_item *item,
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

	if (!seq || jscan_int(seq->value, &e->seq) < 0 || e->seq < 1 ||
	    e->seq > IMPORT_NUMBER_MAX)
		return wrong(err, "timeline.seq", "a whole number from 1 on");
	if (time_member(scan, "time", &e->time, err) < 0 ||
	    entry_string(scan, "actor", &t->actor, &e->actor, err) < 0 ||
	    entry_string(scan, "what", &t->what, &e->what, err) < 0 ||
	    entry_string(scan, "before", &t->before, &e->before, err) < 0 ||
	    entry_string(scan, "after", &t->after, &e->after, err) < 0 ||
	    entry_string(scan, "note", &t->note, &e->note, err) < 0)
		return -1;
	if (e->time == WHEN_NONE || !e->actor || !*e->actor || !e->what ||
	    !*e->what)
		return wrong(err, "timeline",
			     "a list of entries with time, actor and what");
	return 0;
}

/* Where an entry goes; without a store it is only checked. */
struct entry_target {
	struct store *store;
	int64_t num;
	int64_t seq; /* of the entry before */
};

static int take_entry(void *arg, struct slice value, enum jscan_type type,
		      struct err *err)
{
	struct entry_target *target = arg;
	struct entry_text text = {.actor = BUF_INIT};
	struct timeline_entry e = {.seq = 0};
	struct jscan scan = {0};
	int rc;

	if (type != JSCAN_OBJECT)
		return wrong(err, "timeline", "a list of objects");
	rc = jscan_object(&scan, value.ptr, value.len, err);
	if (rc == 0)
		rc = read_entry(&scan, &text, &e, err);
	if (rc == 0 && e.seq <= target->seq)
		rc = wrong(err, "timeline.seq", "above the one before");
	target->seq = e.seq;
	if (rc == 0 && target->store)
		rc = timeline_add(target->store, target->num, &e, err);
	entry_text_done(&text);
	jscan_done(&scan);
	return rc;
}

int import_item_timeline(struct import_item *item, struct store *s,
			 struct err *err)
{
	struct entry_target target = {.store = s, .num = item->inc.num};

	return each_timeline(item, take_entry, &target, err);
}

static int take_detection(void *arg, struct slice value, enum jscan_type type,
			  struct err *err)
{
	(void)arg;
	(void)value;
	return type == JSCAN_OBJECT
		       ? 0
		       : wrong(err, "detections", "a list of objects");
}

static int check_detections(const struct import_item *item, struct err *err)
{
	const struct jscan_member *m = jscan_get(&item->scan, "detections");

	if (!m)
		return 0;
	if (m->type != JSCAN_ARRAY)
		return wrong(err, "detections", "a list");
	return jscan_array(m->value, take_detection, NULL, err);
}

/* What is right by itself and may be wrong in an incident. */
static int check_incident(const struct incident *inc, struct err *err)
{
	int64_t num;

	if (!inc->title.len)
		return wrong(err, "title", "there");
	if (!inc->fingerprint.len || inc->fingerprint.len > DETECTION_KEY_MAX)
		return wrong(err, "fingerprint", "there, and short");
	if (inc->revision < 1)
		return wrong(err, "revision", "a whole number from 1 on");
	if (!incident_live(inc) && inc->resolved == WHEN_NONE &&
	    inc->closed == WHEN_NONE)
		return wrong(err, "resolved", "there when it is over");
	if ((inc->previous.len && parse_id(inc->previous.ptr, &num, err) < 0) ||
	    (inc->merged_into.len &&
	     parse_id(inc->merged_into.ptr, &num, err) < 0))
		return -1;
	return 0;
}

int import_item_read(struct import_item *item, struct err *err)
{
	if (jscan_object(&item->scan, item->line.data, item->line.len, err) < 0)
		return -1;
	if (jscan_duplicate(&item->scan))
		return err_set(err, ERR_INPUT, "a key stands twice");
	if (read_id(item, err) < 0)
		return -1;
	for (const struct incident_field *f = incident_fields; f->name; f++)
		if (read_field(item, f, err) < 0)
			return -1;
	item->inc.change = SLICE_LIT("edited");
	if (check_incident(&item->inc, err) < 0 ||
	    check_detections(item, err) < 0)
		return -1;
	return import_item_timeline(item, NULL, err);
}
