/*
 * send-storm.c - what people would get too much of. A message that repeats
 * another one is counted, and the first one edited; where that cannot be, the
 * count is told when the time of collapsing is over. What is kept back by quiet
 * hours, a digest or a burst is told in one message.
 */
#include "send-internal.h"

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

#define DIGEST_LINES 50	 /* of messages; the rest is counted */
#define GROUPS_MAX   100 /* of held messages, looked at in a round */
#define TITLE_BYTES  200 /* of a message in a digest */

/* ---- when a message comes ---- */

static void make_alike(const struct note *n, char out[HASH_HEX])
{
	AUTO_BUF struct buf all = BUF_INIT_MAX(SIZE_MAX / 2);

	buf_add_str(&all, n->title ? n->title : "");
	buf_add_char(&all, '\0');
	buf_add_str(&all, n->text ? n->text : "");
	buf_addf(&all, "%c%d%d%s", 0, n->has_severity ? (int)n->severity : -1,
		 n->over, n->reason ? n->reason : "");
	hash_sha256_hex(all.data, all.len, out, 32);
}

/* 1: it repeats one, and is held. */
static int judge_alike(struct send *s, struct send_row *r, const struct note *n,
		       struct err *err)
{
	char alike[HASH_HEX];
	int64_t since = WHEN_NONE;
	int got;

	make_alike(n, alike);
	{
		AUTO_ROWS struct store_rows *rows = STORE_ASK(
			s->store, err,
			"SELECT since FROM send_alike WHERE target = $1 AND "
			"room = $2 AND alike = $3",
			S_TEXT(r->target), S_TEXT(r->room), S_TEXT(alike));

		got = rows ? store_next(rows, err) : -1;
		if (got < 0)
			return -1;
		if (got)
			since = store_int(rows, 0);
	}
	if (since == WHEN_NONE || r->due < since ||
	    r->due - since >= s->limit.collapse)
		return STORE_QUEUE(
			s->store, err,
			"INSERT INTO send_alike (target, room, alike, message, "
			"since, times) VALUES ($1, $2, $3, $4, $5, 1) "
			"ON CONFLICT (target, room, alike) DO UPDATE SET "
			"message = excluded.message, since = excluded.since, "
			"times = 1",
			S_TEXT(r->target), S_TEXT(r->room), S_TEXT(alike),
			S_INT(r->message), S_INT(r->due));
	r->status = "held";
	r->reason = "it repeats an earlier message";
	r->due = since + s->limit.collapse;
	memcpy(r->alike, alike, sizeof(alike));
	return STORE_QUEUE(s->store, err,
			   "UPDATE send_alike SET times = times + 1 WHERE "
			   "target = $1 AND room = $2 AND alike = $3",
			   S_TEXT(r->target), S_TEXT(r->room),
			   S_TEXT(alike)) < 0
		       ? -1
		       : 1;
}

static int judge_burst(struct send *s, struct send_row *r, struct err *err)
{
	int64_t since = 0, count = 0;
	int got;

	{
		AUTO_ROWS struct store_rows *rows = STORE_ASK(
			s->store, err,
			"SELECT burst_since, burst FROM send_lines WHERE "
			"target = $1 AND room = $2",
			S_TEXT(r->target), S_TEXT(r->room));

		got = rows ? store_next(rows, err) : -1;
		if (got < 0)
			return -1;
		if (got) {
			since = store_int(rows, 0);
			count = store_int(rows, 1);
		}
	}
	if (since > r->due || r->due - since >= s->limit.burst_window) {
		since = r->due;
		count = 0;
	}
	if (++count > s->limit.burst) {
		r->status = "held";
		r->reason = SEND_HELD;
		r->due = since + s->limit.burst_window;
	}
	return STORE_QUEUE(s->store, err,
			   "INSERT INTO send_lines (target, room, next, "
			   "burst_since, burst) VALUES ($1, $2, 0, $3, $4) "
			   "ON CONFLICT (target, room) DO UPDATE SET "
			   "burst_since = excluded.burst_since, "
			   "burst = excluded.burst",
			   S_TEXT(r->target), S_TEXT(r->room), S_INT(since),
			   S_INT(count));
}

int send_storm_judge(struct send *s, struct send_row *r, const struct note *n,
		     struct err *err)
{
	if (send_target_get(s, r->target)->whole)
		return 0;
	if (s->limit.collapse && !n->supersedes) {
		int got = judge_alike(s, r, n, err);

		if (got)
			return got < 0 ? -1 : 0;
	}
	return s->limit.burst ? judge_burst(s, r, err) : 0;
}

/* ---- when it is told ---- */

struct group {
	char *target, *room, *alike; /* alike NULL: a digest */
	int64_t count, due;
};

static void group_done(struct group *g)
{
	free(g->target);
	free(g->room);
	free(g->alike);
}

static int join(struct send *s, const struct group *g, int64_t to,
		struct err *err)
{
	if (g->alike)
		return STORE_QUEUE(
			s->store, err,
			"UPDATE deliveries SET status = 'joined', part_of = $4 "
			"WHERE target = $1 AND room = $2 AND alike = $3 AND "
			"status = 'held'",
			S_TEXT(g->target), S_TEXT(g->room), S_TEXT(g->alike),
			S_INT(to));
	return STORE_QUEUE(s->store, err,
			   "UPDATE deliveries SET status = 'joined', part_of = "
			   "$4 WHERE target = $1 AND room = $2 AND alike IS "
			   "NULL AND status = 'held' AND due <= $3",
			   S_TEXT(g->target), S_TEXT(g->room),
			   S_INT(clock_now()), S_INT(to));
}

static void open_message(struct buf *out, const char *key)
{
	jwrite_record(out, "message", slice_of(key), clock_now());
	jwrite_str(out, "key", key);
}

/* "2026-11-20 22:00 UTC" */
static void add_minute(struct buf *out, int64_t ms)
{
	char text[WHEN_TEXT];

	when_format(text, ms);
	buf_addf(out, "%.10s %.5s UTC", text, text + 11);
}

/* ---- a digest ---- */

struct digest {
	size_t count;
	int64_t first, since; /* message, and when it was made */
	enum severity worst;
	bool has_severity;
	struct buf text;
};

static void add_to_digest(struct digest *d, struct store_rows *rows)
{
	AUTO_NOTE struct note n = {.type = NULL};
	struct err ignored = ERR_INIT;
	int64_t made = store_int(rows, 1);
	const char *title;

	if (d->count++ == 0)
		d->first = store_int(rows, 0);
	if (d->count == 1 || made < d->since)
		d->since = made;
	if (note_read(&n, store_text(rows, 2), &ignored) < 0)
		return;
	if (n.has_severity && (!d->has_severity || n.severity > d->worst))
		d->worst = n.severity;
	d->has_severity |= n.has_severity;
	if (d->count > DIGEST_LINES)
		return;
	title = n.title ? n.title : "(no title)";
	buf_addf(&d->text, "%s- %s%s", d->text.len ? "\n" : "",
		 n.has_severity ? severity_name(n.severity) : "",
		 n.has_severity ? ": " : "");
	buf_add(&d->text, title, utf8_cut(title, strlen(title), TITLE_BYTES));
	if (n.service)
		buf_addf(&d->text, " (%s)", n.service);
}

static int read_digest(struct send *s, const struct group *g, struct digest *d,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s->store, err,
		"SELECT d.message, m.made, m.record FROM deliveries d JOIN "
		"messages m ON m.num = d.message WHERE d.target = $1 AND "
		"d.room = $2 AND d.alike IS NULL AND d.status = 'held' AND "
		"d.due <= $3 ORDER BY d.message",
		S_TEXT(g->target), S_TEXT(g->room), S_INT(clock_now()));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		add_to_digest(d, rows);
	return got;
}

static void write_digest(const struct digest *d, const char *key,
			 struct buf *out)
{
	AUTO_BUF struct buf title = BUF_INIT, text = BUF_INIT;

	buf_addf(&title, "%zu messages since ", d->count);
	add_minute(&title, d->since);
	buf_add_slice(&text, buf_slice(&d->text));
	if (d->count > DIGEST_LINES)
		buf_addf(&text, "\nand %zu more", d->count - DIGEST_LINES);
	open_message(out, key);
	if (d->has_severity)
		jwrite_str(out, "severity", severity_name(d->worst));
	jwrite_str(out, "reason", "digest");
	jwrite_text(out, "title", buf_slice(&title));
	jwrite_text(out, "text", buf_slice(&text));
	jwrite_int(out, "count", (int64_t)d->count);
	jwrite_close(out, '}');
}

/* Goes out by itself now. */
static int release(struct send *s, const char *target, int64_t message,
		   struct err *err)
{
	return STORE_QUEUE(s->store, err,
			   "UPDATE deliveries SET status = 'queued', alike = "
			   "NULL, reason = NULL, due = $3, made = $3 WHERE "
			   "target = $1 AND "
			   "message = $2 AND status = 'held'",
			   S_TEXT(target), S_INT(message), S_INT(clock_now()));
}

static int tell_digest(struct send *s, const struct group *g, struct err *err)
{
	struct digest d = {.count = 0};
	AUTO_BUF struct buf record = BUF_INIT;
	AUTO_FREE char *key = NULL;
	int64_t num;
	int rc = read_digest(s, g, &d, err);

	if (rc == 0 && d.count == 1) {
		rc = release(s, g->target, d.first, err);
	} else if (rc == 0 && d.count) {
		key = mem_printf(SEND_DIGEST "%s.%lld", g->target,
				 (long long)d.first);
		write_digest(&d, key, &record);
		num = send_say(s, key, g->target, g->room, buf_slice(&record),
			       err);
		rc = num < 0 ? -1 : join(s, g, num, err);
	}
	buf_done(&d.text);
	return rc;
}

/* ---- repetitions ---- */

/* The first of them, and how it stands. */
struct first {
	int64_t message, times;
	bool found, open, edits;
	char *key, *record;
	size_t len;
	int64_t since;
};

static int read_first(struct send *s, const struct group *g, struct first *f,
		      struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s->store, err,
		"SELECT a.message, a.times, a.since, d.status, d.remote_id, "
		"m.key, m.record FROM send_alike a JOIN deliveries d ON "
		"d.message = a.message AND d.target = a.target JOIN messages m "
		"ON m.num = a.message WHERE a.target = $1 AND a.room = $2 AND "
		"a.alike = $3",
		S_TEXT(g->target), S_TEXT(g->room), S_TEXT(g->alike));
	int got = rows ? store_next(rows, err) : -1;
	struct slice status;

	if (got <= 0)
		return got;
	f->message = store_int(rows, 0);
	f->times = store_int(rows, 1);
	f->since = store_int(rows, 2);
	status = store_text(rows, 3);
	f->found =
		slice_is(status, "delivered") || slice_is(status, "accepted");
	f->open = slice_is(status, "queued") || slice_is(status, "sending") ||
		  slice_is(status, "held") || slice_is(status, "joined");
	f->edits = f->found && !store_is_null(rows, 4) &&
		   send_traits(s, g->target).edits;
	f->key = mem_dup_slice(store_text(rows, 5));
	f->record = mem_dup_slice(store_text(rows, 6));
	f->len = store_text(rows, 6).len;
	return 1;
}

static void write_again(const struct first *f, const struct group *g,
			const char *key, struct buf *out)
{
	AUTO_NOTE struct note n = {.type = NULL};
	struct err ignored = ERR_INIT;
	AUTO_BUF struct buf title = BUF_INIT, text = BUF_INIT_MAX(SIZE_MAX / 2);

	if (note_read(&n, (struct slice){f->record, f->len}, &ignored) < 0)
		n.title = mem_dup("(unreadable)");
	if (f->edits) {
		buf_addf(&title, "%s (%lld times)", n.title ? n.title : "",
			 (long long)f->times);
		buf_add_str(&text, n.text ? n.text : "");
	} else {
		buf_addf(&title, "%s (%lld more times)", n.title ? n.title : "",
			 (long long)g->count);
		buf_add_str(&text, "The same message again since ");
		add_minute(&text, f->since);
	}
	open_message(out, key);
	jwrite_str_opt(out, "thread", n.thread);
	jwrite_str_opt(out, "incident", n.incident);
	jwrite_str_opt(out, "service", n.service);
	if (n.has_severity)
		jwrite_str(out, "severity", severity_name(n.severity));
	jwrite_str(out, "reason", "again");
	if (f->edits)
		jwrite_str(out, "supersedes", f->key);
	jwrite_text(out, "title", buf_slice(&title));
	if (text.len)
		jwrite_text(out, "text", buf_slice(&text));
	jwrite_str_opt(out, "code", f->edits ? n.code : NULL);
	if (f->edits)
		note_write_lists(&n, out);
	jwrite_int(out, "count", f->edits ? f->times : g->count);
	jwrite_close(out, '}');
}

/* The first one did not arrive, so the next one is that. */
static int replace_first(struct send *s, const struct group *g, struct err *err)
{
	int64_t next;

	{
		AUTO_ROWS struct store_rows *rows = STORE_ASK(
			s->store, err,
			"SELECT MIN(message) FROM deliveries WHERE target = $1 "
			"AND room = $2 AND alike = $3 AND status = 'held'",
			S_TEXT(g->target), S_TEXT(g->room), S_TEXT(g->alike));

		if (!rows || store_next(rows, err) <= 0)
			return -1;
		next = store_int(rows, 0);
	}
	if (STORE_QUEUE(s->store, err,
			"UPDATE send_alike SET message = $4, times = times - 1 "
			"WHERE target = $1 AND room = $2 AND alike = $3",
			S_TEXT(g->target), S_TEXT(g->room), S_TEXT(g->alike),
			S_INT(next)) < 0)
		return -1;
	return release(s, g->target, next, err);
}

static int say_again(struct send *s, const struct group *g,
		     const struct first *f, struct err *err)
{
	AUTO_FREE char *key =
		mem_printf(SEND_AGAIN "%s.%lld.%lld", g->target,
			   (long long)f->message, (long long)f->times);
	AUTO_BUF struct buf record = BUF_INIT_MAX(SIZE_MAX / 2);
	int64_t num;

	write_again(f, g, key, &record);
	num = send_say(s, key, g->target, g->room, buf_slice(&record), err);
	return num < 0 ? -1 : join(s, g, num, err);
}

static int tell_alike(struct send *s, const struct group *g, struct err *err)
{
	struct first f = {.found = false};
	int64_t now = clock_now();
	int rc = read_first(s, g, &f, err);

	if (rc >= 0 && !f.found && !f.open)
		rc = replace_first(s, g, err);
	else if (rc >= 0 && f.found && (f.edits || g->due <= now))
		rc = say_again(s, g, &f, err);
	else if (rc >= 0)
		send_due(s, g->due > now ? g->due : now + SEND_ROUND_MS);
	free(f.key);
	free(f.record);
	return rc < 0 ? -1 : 0;
}

/* ---- all that is held ---- */

static int find_groups(struct send *s, struct group *groups, size_t *n,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s->store, err,
		"SELECT target, room, alike, COUNT(*), MIN(due) FROM "
		"deliveries WHERE status = 'held' GROUP BY target, room, alike "
		"ORDER BY MIN(due), target, room LIMIT $1",
		S_INT(GROUPS_MAX));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		groups[(*n)++] = (struct group){
			.target = mem_dup_slice(store_text(rows, 0)),
			.room = mem_dup_slice(store_text(rows, 1)),
			.alike = mem_dup_slice(store_text(rows, 2)),
			.count = store_int(rows, 3),
			.due = store_int(rows, 4),
		};
	return got;
}

static int tell_group(struct send *s, const struct group *g, struct err *err)
{
	if (g->alike)
		return tell_alike(s, g, err);
	if (g->due <= clock_now())
		return tell_digest(s, g, err);
	send_due(s, g->due);
	return 0;
}

int send_storm_tell(struct send *s, struct err *err)
{
	struct group groups[GROUPS_MAX];
	size_t n = 0;
	int rc = find_groups(s, groups, &n, err);

	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			rc = tell_group(s, &groups[i], err);
		group_done(&groups[i]);
	}
	if (n == GROUPS_MAX)
		send_due(s, clock_now() + SEND_BUSY_MS);
	return rc;
}
