/* postmortem-facts.c - what the store has about an incident: what happened, in
 * the order of time, and where nothing did; messages; actions. */
#include "postmortem-internal.h"

#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/timeline.h>

/* ---- rows of the timeline ---- */

static struct postmortem_entry *add_entry(struct postmortem *p, int64_t time)
{
	struct postmortem_entry *e;

	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->entries =
			mem_resize(p->entries, p->cap, sizeof(*p->entries));
	}
	e = &p->entries[p->count];
	*e = (struct postmortem_entry){.time = time, .order = p->count++};
	return e;
}

static void add_mark(struct postmortem *p, int64_t time, const char *what)
{
	struct postmortem_entry *e = add_entry(p, time);

	e->mark = true;
	buf_add_str(&e->what, what);
}

static enum postmortem_effect effect_of(const struct timeline_row *row)
{
	static const char *const calls[] = {"opened", "reopened"};
	static const char *const calms[] = {"acknowledged", "investigating",
					    "mitigated",    "resolved",
					    "closed",	    "false_positive"};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (slice_is(row->what, calls[i]))
			return POSTMORTEM_CALLS;
	for (size_t i = 0; i < ARRAY_LEN(calms); i++)
		if (slice_is(row->what, calms[i]))
			return POSTMORTEM_CALMS;
	/* What was merged names the incident that it is part of now. */
	if (slice_is(row->what, "merged") && row->after.len)
		return POSTMORTEM_CALMS;
	return POSTMORTEM_NOTHING;
}

/* "**raised** high -> critical: note" */
static void write_what(struct buf *out, const struct timeline_row *row)
{
	buf_add_str(out, "**");
	postmortem_text(out, row->what);
	buf_add_str(out, "**");
	if (!slice_eq(row->what, row->after)) {
		if (row->before.len) {
			buf_add_char(out, ' ');
			postmortem_text(out, row->before);
			buf_add_str(out, row->after.len ? " to" : "");
		}
		if (row->after.len) {
			buf_add_char(out, ' ');
			postmortem_text(out, row->after);
		}
	}
	if (row->note.len) {
		buf_add_str(out, ": ");
		postmortem_text(out, row->note);
	}
}

static int add_timeline(struct postmortem *p, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		timeline_ask(p->store, p->inc.num, err);
	struct timeline_row row;
	int got;

	if (!rows)
		return -1;
	while ((got = timeline_next(rows, &row, err)) > 0) {
		struct postmortem_entry *e = add_entry(p, row.time);

		postmortem_text(&e->who, row.actor);
		write_what(&e->what, &row);
		e->effect = effect_of(&row);
		p->reopened += slice_is(row.what, "reopened");
	}
	return got;
}

static void add_message(void *arg, const struct postmortem_message *m)
{
	struct postmortem_entry *e = add_entry(arg, m->made);

	buf_add_str(&e->who, "pager");
	buf_add_str(&e->what, "**told**");
	if (m->reason.len) {
		buf_add_str(&e->what, " (");
		postmortem_text(&e->what, buf_slice(&m->reason));
		buf_add_char(&e->what, ')');
	}
	if (m->to.len) {
		buf_add_str(&e->what, " to ");
		postmortem_text(&e->what, buf_slice(&m->to));
	}
}

static int by_time(const void *a, const void *b)
{
	const struct postmortem_entry *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* ---- gaps ---- */

static void find_gaps(struct postmortem *p)
{
	int64_t last = WHEN_NONE, seen = p->inc.updated;
	bool waits = false;

	for (size_t i = 0; i < p->count; i++) {
		struct postmortem_entry *e = &p->entries[i];

		if (e->mark)
			continue;
		if (waits && e->time - last > POSTMORTEM_GAP)
			e->gap = e->time - last;
		if (e->effect != POSTMORTEM_NOTHING)
			waits = e->effect == POSTMORTEM_CALLS;
		last = e->time;
	}
	if (p->inc.last > seen)
		seen = p->inc.last;
	if (waits && seen - last > POSTMORTEM_GAP)
		p->last_gap = seen - last;
}

int postmortem_load(struct postmortem *p, struct err *err)
{
	if (p->inc.first < p->inc.opened)
		add_mark(p, p->inc.first, "first sign");
	if (add_timeline(p, err) < 0 ||
	    postmortem_messages(p, add_message, p, err) < 0)
		return -1;
	if (p->inc.last > p->inc.opened)
		add_mark(p, p->inc.last, "last sign");
	if (p->count)
		qsort(p->entries, p->count, sizeof(*p->entries), by_time);
	find_gaps(p);
	return 0;
}

/* ---- messages ---- */

struct about {
	const char *id;
	bool found;
};

static void look_for_id(void *arg, struct slice item,
			const struct jscan *object)
{
	struct about *a = arg;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)object;
	if (*item.ptr == '"')
		jscan_unquote(&text, item);
	a->found |= slice_is(buf_slice(&text), a->id);
}

static bool is_about(const struct postmortem *p, const struct jscan *scan)
{
	const struct jscan_member *all = jscan_get(scan, "incidents");
	struct about a = {.id = p->id};
	AUTO_BUF struct buf one = BUF_INIT;

	if (postmortem_member(scan, "incident", &one) &&
	    slice_is(buf_slice(&one), p->id))
		return true;
	if (all && all->type == JSCAN_ARRAY)
		postmortem_each(all->value, look_for_id, &a);
	return a.found;
}

static void add_name(void *arg, struct slice item, const struct jscan *object)
{
	struct buf *out = arg;

	(void)object;
	if (*item.ptr != '"')
		return;
	if (out->len)
		buf_add_str(out, ", ");
	jscan_unquote(out, item);
}

static void message_done(struct postmortem_message *m)
{
	buf_done(&m->to);
	buf_done(&m->reason);
	buf_done(&m->title);
}

static void read_message(struct postmortem_message *m, const struct jscan *scan)
{
	const struct jscan_member *to = jscan_get(scan, "to");

	(void)postmortem_member(scan, "reason", &m->reason);
	(void)postmortem_member(scan, "title", &m->title);
	buf_reset(&m->to);
	if (to && to->type == JSCAN_ARRAY)
		postmortem_each(to->value, add_name, &m->to);
}

/* A group's messages carry the thread of its first incident, so that it is the
 * record that tells whom a message is about. */
static struct store_rows *ask_messages(struct postmortem *p, struct err *err)
{
	AUTO_FREE char *like = mem_printf("%%\"%s\"%%", p->id);

	return STORE_ASK(p->store, err,
			 "SELECT record, status, reason, made FROM messages "
			 "WHERE made >= $1 AND record LIKE $2 ORDER BY num",
			 S_INT(p->inc.opened), S_TEXT(like));
}

int postmortem_messages(struct postmortem *p,
			void (*each)(void *arg,
				     const struct postmortem_message *m),
			void *arg, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = ask_messages(p, err);
	CLEANUP(message_done) struct postmortem_message m = {.to = BUF_INIT};
	struct jscan scan = {0};
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct slice record = store_text(rows, 0);
		struct err ignored = ERR_INIT;

		if (jscan_object(&scan, record.ptr, record.len, &ignored) < 0 ||
		    !is_about(p, &scan))
			continue;
		read_message(&m, &scan);
		m.status = store_text(rows, 1);
		m.why = store_text(rows, 2);
		m.made = store_time(rows, 3);
		each(arg, &m);
	}
	jscan_done(&scan);
	return got;
}

/* ---- actions ---- */

int postmortem_actions(struct postmortem *p,
		       int (*each)(void *arg, const struct postmortem_action *a,
				   struct err *err),
		       void *arg, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT id, name, target, status, verdict, reason, actor, "
		"decision, approval, undo_of, undone, outcome, requested, "
		"started, ended FROM actions WHERE incident = $1 "
		"ORDER BY requested, id",
		S_INT(p->inc.num));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		const struct postmortem_action a = {
			.id = store_text(rows, 0),
			.name = store_text(rows, 1),
			.target = store_text(rows, 2),
			.status = store_text(rows, 3),
			.verdict = store_text(rows, 4),
			.reason = store_text(rows, 5),
			.actor = store_text(rows, 6),
			.decision = store_text(rows, 7),
			.approval = store_text(rows, 8),
			.undo_of = store_text(rows, 9),
			.undone = store_text(rows, 10),
			.outcome = store_text(rows, 11),
			.requested = store_time(rows, 12),
			.started = store_time(rows, 13),
			.ended = store_time(rows, 14),
		};

		if (each(arg, &a, err) < 0)
			return -1;
	}
	return got;
}
