/* silence-edit.c - silences begin and end. */
#include "silence-internal.h"

#include <ctype.h>
#include <stdio.h>

#include <oncall/counter.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/mute.h>
#include <oncall/timeline.h>
#include <oncall/ulid.h>
#include <oncall/when.h>

#define COUNTER "silences" /* times that one was added or ended */

int silence_version(struct store *s, int64_t *ret, struct err *err)
{
	return counter_get(s, COUNTER, ret, err);
}

static int count_change(struct store *s, struct err *err)
{
	int64_t unused;

	return counter_next(s, COUNTER, &unused, err);
}

/* Nothing, where the incident is gone. */
static int tell(struct store *s, int64_t incident,
		const struct timeline_entry *e, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err, "SELECT 1 FROM incidents WHERE num = $1",
			  S_INT(incident));
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0)
		return got;
	store_rows_free(TAKE_PTR(rows));
	return timeline_add(s, incident, e, err);
}

static int tell_all(struct store *store, const struct silence *s,
		    const struct timeline_entry *e, struct err *err)
{
	for (size_t i = 0; i < s->incident_count; i++)
		if (tell(store, s->incidents[i], e, err) < 0)
			return -1;
	return 0;
}

/* ---- begin ---- */

struct work {
	const struct silence_edit *e;
	struct silence *s;
	const char *id;
};

static int add_work(void *arg, struct err *err)
{
	struct work *w = arg;
	struct silence *s = w->s;
	AUTO_BUF struct buf incidents = BUF_INIT;
	char id[INCIDENT_ID];
	int64_t unused;

	jwrite_open(&incidents, NULL, '[');
	for (size_t i = 0; i < s->incident_count; i++) {
		incident_id(id, s->incidents[i]);
		jwrite_str(&incidents, NULL, id);
	}
	jwrite_close(&incidents, ']');
	if (incident_lock(w->e->store, &unused, err) < 0 ||
	    STORE_QUEUE(w->e->store, err,
			"INSERT INTO silences (id, match, incidents, starts, "
			"ends, actor, note, made, ended) VALUES ($1, $2, $3, "
			"$4, $5, $6, $7, $8, NULL)",
			S_TEXT(s->id), S_TEXT(s->match),
			s->incidents ? S_SLICE(buf_slice(&incidents)) : S_NULL,
			S_INT(s->starts), S_TIME(s->ends), S_TEXT(s->actor),
			S_TEXT(s->note), S_INT(s->made)) < 0 ||
	    tell_all(w->e->store, s,
		     &(struct timeline_entry){.time = s->made,
					      .actor = s->actor,
					      .what = "silenced",
					      .after = s->id,
					      .note = s->note},
		     err) < 0)
		return -1;
	return count_change(w->e->store, err);
}

int silence_add(const struct silence_edit *e, struct silence *s,
		struct err *err)
{
	struct work w = {.e = e, .s = s};
	char ulid[ULID_TEXT];

	ulid_make(ulid);
	(void)snprintf(s->id, sizeof(s->id), "SIL-%s", ulid);
	free(s->actor);
	s->actor = mem_dup(e->actor);
	s->made = e->now;
	s->ended = WHEN_NONE;
	return store_transact(e->store, add_work, &w, err);
}

/* ---- end ---- */

/* Notes that it is over; 0 when somebody else has. */
static int64_t mark(struct store *store, struct silence *s, int64_t at,
		    struct err *err)
{
	int64_t n = STORE_RUN(store, err,
			      "UPDATE silences SET ended = $2 WHERE id = $1 "
			      "AND ended IS NULL",
			      S_TEXT(s->id), S_INT(at));

	s->ended = at;
	if (n > 0 && count_change(store, err) < 0)
		return -1;
	return n;
}

static int tell_end(struct store *store, const struct silence *s,
		    const char *actor, struct err *err)
{
	return tell_all(store, s,
			&(struct timeline_entry){.time = s->ended,
						 .actor = actor,
						 .what = "unsilenced",
						 .before = s->id},
			err);
}

/* "sil-01k", "01K": what it begins with in the store. */
static int read_prefix(struct buf *out, const char *id, struct err *err)
{
	const char *p = strncasecmp(id, "SIL-", 4) == 0 ? id + 4 : id;
	size_t n = strlen(p);

	buf_add_str(out, "SIL-");
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)p[i]))
			n = 0;
		buf_add_char(out, (char)toupper((unsigned char)p[i]));
	}
	if (n == 0 || n >= ULID_TEXT)
		return err_set(err, ERR_USAGE,
			       "'%s' is not a silence, such as "
			       "SIL-01KAJ5V0E8Q3N7W2Z4X6Y8T0RM, or the "
			       "beginning of one",
			       id);
	return 0;
}

static int find(struct store *store, const char *id, struct silence *ret,
		struct err *err)
{
	AUTO_BUF struct buf prefix = BUF_INIT;
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (read_prefix(&prefix, id, err) < 0)
		return -1;
	rows = STORE_ASK(store, err,
			 "SELECT " SILENCE_COLUMNS "FROM silences WHERE "
			 "substr(id, 1, CAST($2 AS INTEGER)) = $1 "
			 "ORDER BY id LIMIT 2",
			 S_SLICE(buf_slice(&prefix)),
			 S_INT((int64_t)prefix.len));
	got = rows ? store_next(rows, err) : -1;
	if (got == 0)
		return err_set(err, ERR_NO, "there is no silence '%s'", id);
	if (got < 0)
		return -1;
	silence_from_row(ret, rows);
	got = store_next(rows, err);
	if (got > 0)
		return err_set(err, ERR_USAGE,
			       "'%s' is the beginning of several silences: %s "
			       "and %.*s",
			       id, ret->id, (int)store_text(rows, 0).len,
			       store_text(rows, 0).ptr);
	return got;
}

static int expire_work(void *arg, struct err *err)
{
	struct work *w = arg;
	struct store *store = w->e->store;
	char when[WHEN_TEXT];
	int64_t n;

	silence_done(w->s);
	if (incident_lock(store, &n, err) < 0 ||
	    find(store, w->id, w->s, err) < 0)
		return -1;
	if (silence_state(w->s, w->e->now) == SILENCE_EXPIRED) {
		when_format(when, w->s->ended != WHEN_NONE ? w->s->ended
							   : w->s->ends);
		return err_set(err, ERR_NO, "%s is over since %s", w->s->id,
			       when);
	}
	if (mark(store, w->s, w->e->now, err) < 0 ||
	    tell_end(store, w->s, w->e->actor, err) < 0)
		return -1;
	return mute_wake(store, w->s->id, err);
}

int silence_expire(const struct silence_edit *e, const char *id,
		   struct silence *ret, struct err *err)
{
	struct work w = {.e = e, .s = ret, .id = id};

	return store_transact(e->store, expire_work, &w, err);
}

/* Whoever made it said when it ends. Nobody is woken: who asks what is muted
 * is told until when. */
int silence_sweep(const struct silence_edit *e, struct silence_set *all,
		  struct err *err)
{
	struct silence *s;

	for (size_t i = 0; (s = silence_set_at(all, i)); i++) {
		int64_t n;

		if (s->ended != WHEN_NONE || s->ends == WHEN_NONE ||
		    s->ends > e->now)
			continue;
		n = mark(e->store, s, s->ends, err);
		if (n < 0 ||
		    (n > 0 && tell_end(e->store, s, s->actor, err) < 0))
			return -1;
	}
	return 0;
}

/* ---- until they are resolved ---- */

/* The incidents that it names now, as the store has them. */
static int load_names(struct store *store, const struct silence *s,
		      struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(store, err,
			  "SELECT incidents FROM silences WHERE id = $1 "
			  "AND ended IS NULL AND ends IS NULL",
			  S_TEXT(s->id));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		buf_add_slice(out, store_text(rows, 0));
	return got;
}

static void forget(struct silence *s, int64_t incident)
{
	size_t n = 0;

	for (size_t i = 0; i < s->incident_count; i++)
		if (s->incidents[i] != incident)
			s->incidents[n++] = s->incidents[i];
	s->incident_count = n;
}

/* The incident leaves the silence, which is over with the last one and then
 * still says which that was. */
static int leave(const struct silence_edit *e, struct silence *s,
		 const struct incident *inc, struct err *err)
{
	AUTO_BUF struct buf names = BUF_INIT, item = BUF_INIT, left = BUF_INIT;
	char id[INCIDENT_ID];

	incident_id(id, inc->num);
	jwrite_str(&item, NULL, id);
	if (load_names(e->store, s, &names, err) < 0)
		return -1;
	forget(s, inc->num);
	if (jlist_remove(&left, buf_slice(&names), buf_slice(&item)) == 0)
		return 0;
	if (slice_is(buf_slice(&left), "[]")) {
		if (mark(e->store, s, e->now, err) < 0)
			return -1;
	} else if (STORE_QUEUE(e->store, err,
			       "UPDATE silences SET incidents = $2 "
			       "WHERE id = $1",
			       S_TEXT(s->id), S_SLICE(buf_slice(&left))) < 0 ||
		   count_change(e->store, err) < 0) {
		return -1;
	}
	if (tell(e->store, inc->num,
		 &(struct timeline_entry){.time = e->now,
					  .actor = s->actor,
					  .what = "unsilenced",
					  .before = s->id},
		 err) < 0)
		return -1;
	return mute_wake(e->store, s->id, err);
}

/* Since it began; it may live again before anybody looked. */
static int was_over(struct store *store, const struct silence *s,
		    const struct incident *inc, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;

	if (!incident_live(inc))
		return 1;
	rows = STORE_ASK(store, err,
			 "SELECT 1 FROM timeline WHERE incident = $1 "
			 "AND what = 'reopened' AND seq > (SELECT MAX(seq) "
			 "FROM timeline WHERE incident = $1 "
			 "AND what = 'silenced' AND after = $2) LIMIT 1",
			 S_INT(inc->num), S_TEXT(s->id));
	return rows ? store_next(rows, err) : -1;
}

int silence_resolved(const struct silence_edit *e, struct silence_set *all,
		     const struct incident *inc, struct err *err)
{
	struct silence *s;
	size_t at = 0;

	while ((s = silence_set_naming(all, inc->num, &at))) {
		int over;

		if (s->ends != WHEN_NONE || s->ended != WHEN_NONE ||
		    !silence_names(s, inc->num))
			continue;
		over = was_over(e->store, s, inc, err);
		if (over < 0 || (over > 0 && leave(e, s, inc, err) < 0))
			return -1;
	}
	return 0;
}
