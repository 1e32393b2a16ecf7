/*
 * payload-take.c - what the alerts of a payload do to incidents.
 *
 * Deliveries come twice, late and in any order. So for each alert that is over
 * the store remembers until when it was ("payload over FINGERPRINT" among the
 * ids that were seen): an older firing opens nothing, the same end is heard
 * once, and an end that is older than the latest firing resolves nothing.
 */
#include <oncall/payload.h>

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/incident-edit.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define OVER "payload over "

/* An alert that does not fire; the fingerprint is its own copy. */
struct ending {
	enum payload_event event;
	char *fingerprint;
	int64_t time;
	bool timed;
};

struct take {
	const struct payload_store *s;
	const struct payload_source *src;
	struct record_writer *out;
	struct jscan scan;
	struct ending *endings;
	size_t count, cap;
	struct buf changed; /* records of the incidents that changed */
};

/* ---- what fires ---- */

/* When the alert was over last, as far as is remembered, or WHEN_NONE. */
static int over_since(struct store *s, const char *fingerprint, int64_t *ret,
		      struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	AUTO_FREE char *mark = mem_printf(OVER "%s", fingerprint);
	int got;

	*ret = WHEN_NONE;
	rows = STORE_ASK(s, err,
			 "SELECT time FROM seen_detections WHERE id = $1",
			 S_TEXT(mark));
	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (got)
		*ret = store_int(rows, 0);
	return 0;
}

static int forget_end(struct store *s, const char *fingerprint, struct err *err)
{
	AUTO_FREE char *mark = mem_printf(OVER "%s", fingerprint);

	return STORE_RUN(s, err, "DELETE FROM seen_detections WHERE id = $1",
			 S_TEXT(mark)) < 0
		       ? -1
		       : 0;
}

/* Nothing tells a second delivery from a second firing: it is the latter when
 * no incident is open. */
static int forget_weak_id(struct store *s, const struct payload_alert *a,
			  struct err *err)
{
	return STORE_RUN(s, err,
			 "DELETE FROM seen_detections WHERE id = $1 "
			 "AND NOT EXISTS (SELECT 1 FROM fingerprints f "
			 "JOIN incidents i ON i.num = f.incident "
			 "WHERE f.fingerprint = $2 "
			 "AND i.status NOT IN ('resolved', 'closed'))",
			 S_TEXT(a->id), S_TEXT(a->fingerprint)) < 0
		       ? -1
		       : 0;
}

/* Puts another time into the detection. */
static int set_time(struct buf *line, struct slice detection, int64_t ms,
		    struct err *err)
{
	AUTO_BUF struct buf half = BUF_INIT;
	char json[WHEN_TEXT + 2];
	struct slice time = {json, WHEN_TEXT + 1};

	json[0] = '"';
	when_format(json + 1, ms);
	json[WHEN_TEXT] = '"';
	if (jscan_splice(&half, detection.ptr, detection.len, "time", time,
			 err) < 0)
		return -1;
	return jscan_splice(line, half.data, half.len, "event_time", time, err);
}

static int fires(struct take *t, const struct payload_alert *a, struct err *err)
{
	AUTO_BUF struct buf moved = BUF_INIT;
	struct slice line = a->detection;
	struct store *s = t->s->store;
	int64_t over;

	if (over_since(s, a->fingerprint, &over, err) < 0)
		return -1;
	if (over != WHEN_NONE) {
		if (a->timed && a->time <= over)
			return 0; /* was delivered late, or again */
		if (forget_end(s, a->fingerprint, err) < 0)
			return -1;
		if (a->time <= over &&
		    set_time(&moved, line, over + 1, err) < 0)
			return -1;
		if (moved.len)
			line = buf_slice(&moved);
	}
	if (a->weak_id && forget_weak_id(s, a, err) < 0)
		return -1;
	if ((!incident_open_room(t->s->open, line.len) ||
	     incident_open_due(t->s->open)) &&
	    incident_open_commit(t->s->open, t->out, err) < 0)
		return -1;
	if (jscan_object(&t->scan, line.ptr, line.len, err) < 0)
		return -1;
	return incident_open_add(t->s->open, line, &t->scan, err);
}

/* ---- what is over, or acknowledged ---- */

struct live {
	int64_t num;  /* or 0: none */
	int64_t last; /* its latest firing */
	bool open;    /* nobody has acknowledged it */
};

/* The live incident of a fingerprint. */
static int find_live(struct store *s, const char *fingerprint, struct live *ret,
		     struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	*ret = (struct live){.num = 0};
	rows = STORE_ASK(s, err,
			 "SELECT i.num, i.last_seen, i.status "
			 "FROM fingerprints f "
			 "JOIN incidents i ON i.num = f.incident "
			 "WHERE f.fingerprint = $1 "
			 "AND i.status NOT IN ('resolved', 'closed')",
			 S_TEXT(fingerprint));
	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (got)
		*ret = (struct live){
			.num = store_int(rows, 0),
			.last = store_int(rows, 1),
			.open = slice_is(store_text(rows, 2), "open")};
	return 0;
}

static int count_of(struct store_rows *rows, int64_t *ret, struct err *err)
{
	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}

/* How many alerts of a merged incident are not over; few are merged, and only
 * of those all fingerprints have to be looked at. */
static int still_firing(struct store *s, int64_t num, const char *fingerprint,
			bool *ret_merged, int64_t *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *merges = NULL, *others = NULL;

	*ret = 0;
	*ret_merged = false;
	merges = STORE_ASK(s, err,
			   "SELECT COUNT(*) FROM timeline "
			   "WHERE incident = $1 AND what = 'merged'",
			   S_INT(num));
	if (count_of(merges, ret, err) < 0)
		return -1;
	if (!*ret)
		return 0;
	*ret_merged = true;
	others = STORE_ASK(s, err,
			   "SELECT COUNT(*) FROM fingerprints f "
			   "WHERE f.incident = $1 AND f.fingerprint <> $2 "
			   "AND NOT EXISTS (SELECT 1 FROM seen_detections d "
			   "WHERE d.id = '" OVER "' || f.fingerprint)",
			   S_INT(num), S_TEXT(fingerprint));
	return count_of(others, ret, err);
}

static int remember_end(struct store *s, const struct ending *e,
			struct err *err)
{
	AUTO_FREE char *mark = mem_printf(OVER "%s", e->fingerprint);

	return STORE_QUEUE(s, err,
			   "INSERT INTO seen_detections (id, time) "
			   "VALUES ($1, $2) ON CONFLICT (id) DO UPDATE "
			   "SET time = excluded.time "
			   "WHERE seen_detections.time < excluded.time",
			   S_TEXT(mark), S_INT(e->time));
}

static int move(struct take *t, const struct ending *e, int64_t num,
		enum incident_status to, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	char note[64];
	struct incident_edit edit = {.store = t->s->store,
				     .actor = t->s->actor,
				     .note = note,
				     .took = WHEN_NONE,
				     .at = e->time,
				     .automatic = true};
	int changed;

	(void)snprintf(note, sizeof(note), "%s said so",
		       payload_form_names[t->src->form]);
	changed = incident_move(&edit, num, to, &inc, err);
	if (changed <= 0)
		return changed;
	if (incident_record(t->s->store, &inc, INCIDENT_WITH_CHANGE,
			    &t->changed, err) < 0)
		return -1;
	buf_add_char(&t->changed, '\n');
	return 0;
}

static int resolve(struct take *t, const struct ending *e, struct err *err)
{
	struct store *s = t->s->store;
	int64_t over, others = 0;
	bool merged = false, late;
	struct live live;

	if (over_since(s, e->fingerprint, &over, err) < 0 ||
	    find_live(s, e->fingerprint, &live, err) < 0)
		return -1;
	if (e->timed && over != WHEN_NONE && over >= e->time)
		return 0; /* heard before */
	if (live.num && still_firing(s, live.num, e->fingerprint, &merged,
				     &others, err) < 0)
		return -1;
	late = live.num && e->timed && e->time < live.last;
	if (late && !merged)
		return 0; /* fires again since */
	if (remember_end(s, e, err) < 0)
		return -1;
	if (!live.num || late || others > 0)
		return 0;
	return move(t, e, live.num, INCIDENT_RESOLVED, err);
}

static int acknowledge(struct take *t, const struct ending *e, struct err *err)
{
	struct live live;

	if (find_live(t->s->store, e->fingerprint, &live, err) < 0)
		return -1;
	if (!live.open || (e->timed && e->time < live.last))
		return 0;
	return move(t, e, live.num, INCIDENT_ACKNOWLEDGED, err);
}

static int apply_endings(void *arg, struct err *err)
{
	struct take *t = arg;
	int rc = 0;

	buf_reset(&t->changed);
	for (size_t i = 0; i < t->count && rc == 0; i++) {
		const struct ending *e = &t->endings[i];

		rc = e->event == PAYLOAD_RESOLVED ? resolve(t, e, err)
						  : acknowledge(t, e, err);
	}
	return rc;
}

static void keep_ending(struct take *t, const struct payload_alert *a)
{
	if (t->count == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 16;
		t->endings =
			mem_resize(t->endings, t->cap, sizeof(*t->endings));
	}
	t->endings[t->count++] =
		(struct ending){.event = a->event,
				.fingerprint = mem_dup(a->fingerprint),
				.time = a->time,
				.timed = a->timed};
}

static int on_alert(void *arg, const struct payload_alert *a, struct err *err)
{
	struct take *t = arg;

	if (a->event == PAYLOAD_FIRES)
		return fires(t, a, err);
	keep_ending(t, a);
	return 0;
}

int payload_take(const struct payload_store *s,
		 const struct payload_source *src, struct slice text,
		 struct record_writer *out, struct err *err)
{
	struct take t = {.s = s,
			 .src = src,
			 .out = out,
			 .changed = BUF_INIT_MAX(SIZE_MAX / 2)};
	int rc = payload_read(src, text, on_alert, &t, err);

	if (rc == 0 && t.count > 0) {
		rc = incident_open_commit(s->open, out, err);
		if (rc == 0)
			rc = store_transact(s->store, apply_endings, &t, err);
		if (rc == 0)
			record_write_lines(out, buf_slice(&t.changed));
	}
	for (size_t i = 0; i < t.count; i++)
		free(t.endings[i].fingerprint);
	free(t.endings);
	jscan_done(&t.scan);
	buf_done(&t.changed);
	return rc;
}
