/* postmortem-told.c - sections in the order of time: the timeline with its
 * gaps, who was told, who agreed. */
#include "postmortem-internal.h"

#include <oncall/mem.h>

/* ---- timeline ---- */

static void add_gap(struct buf *out, int64_t ms)
{
	buf_add_str(out, "| | | **gap: ");
	postmortem_span(out, ms);
	buf_add_str(out, " without any entry, and nobody had acknowledged it** "
			 "|\n");
}

int postmortem_timeline(struct postmortem *p, struct buf *out, struct err *err)
{
	(void)err;
	buf_add_str(out, "| Time | Who | What |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < p->count; i++) {
		const struct postmortem_entry *e = &p->entries[i];

		if (e->gap)
			add_gap(out, e->gap);
		buf_add_str(out, "| ");
		postmortem_time(out, e->time);
		buf_addf(out, " | %s | %s |\n", buf_str(&e->who),
			 buf_str(&e->what));
	}
	if (p->last_gap)
		add_gap(out, p->last_gap);
	return 0;
}

/* ---- messages ---- */

struct told {
	struct buf *out;
	size_t count;
};

static void add_cell(struct buf *out, struct slice text, const char *none)
{
	if (text.len)
		postmortem_text(out, text);
	else
		buf_add_str(out, none);
	buf_add_str(out, " | ");
}

static void write_message(void *arg, const struct postmortem_message *m)
{
	struct told *t = arg;
	struct buf *out = t->out;

	if (t->count++ == 0)
		buf_add_str(out, "| Time | Reason | To | Status | Title |\n"
				 "| --- | --- | --- | --- | --- |\n");
	buf_add_str(out, "| ");
	postmortem_time(out, m->made);
	buf_add_str(out, " | ");
	add_cell(out, buf_slice(&m->reason), "-");
	add_cell(out, buf_slice(&m->to), "by the routes");
	postmortem_text(out, m->status);
	if (m->why.len) {
		buf_add_str(out, ": ");
		postmortem_text(out, m->why);
	}
	buf_add_str(out, " | ");
	postmortem_text(out, buf_slice(&m->title));
	buf_add_str(out, " |\n");
}

int postmortem_told(struct postmortem *p, struct buf *out, struct err *err)
{
	struct told t = {.out = out};

	if (postmortem_messages(p, write_message, &t, err) < 0)
		return -1;
	if (t.count == 0)
		buf_add_str(out, "No message was written.\n");
	return 0;
}

/* ---- approvals ---- */

/* "ana: yes, bob: no (too risky)" */
static void write_vote(void *arg, struct slice item, const struct jscan *vote)
{
	struct told *t = arg;
	const struct jscan_member *yes = jscan_get(vote, "approve");
	AUTO_BUF struct buf text = BUF_INIT;

	(void)item;
	buf_add_str(t->out, t->count++ ? ", " : "");
	(void)postmortem_member(vote, "actor", &text);
	postmortem_text(t->out, buf_slice(&text));
	buf_add_str(t->out, yes && yes->type == JSCAN_TRUE ? ": yes" : ": no");
	if (postmortem_member(vote, "reason", &text)) {
		buf_add_str(t->out, " (");
		postmortem_text(t->out, buf_slice(&text));
		buf_add_char(t->out, ')');
	}
}

static void write_subject(struct buf *out, struct slice subject)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};

	if (jscan_object(&scan, subject.ptr, subject.len, &ignored) == 0) {
		(void)postmortem_member(&scan, "name", &text);
		postmortem_text(out, buf_slice(&text));
		if (postmortem_member(&scan, "target", &text)) {
			buf_add_str(out, " on ");
			postmortem_text(out, buf_slice(&text));
		}
	}
	jscan_done(&scan);
}

static void write_approval(struct buf *out, struct store_rows *rows)
{
	struct told votes = {.out = out};

	buf_add_str(out, "| ");
	postmortem_time(out, store_time(rows, 0));
	buf_add_str(out, " | ");
	postmortem_text(out, store_text(rows, 1));
	buf_add_str(out, " | ");
	write_subject(out, store_text(rows, 2));
	buf_add_str(out, " | ");
	postmortem_text(out, store_text(rows, 3));
	buf_add_str(out, " | ");
	postmortem_text(out, store_text(rows, 4));
	buf_addf(out, ", %lld needed | ", (long long)store_int(rows, 5));
	postmortem_each(store_text(rows, 6), write_vote, &votes);
	buf_add_str(out, votes.count ? " |\n" : "- |\n");
}

int postmortem_approvals(struct postmortem *p, struct buf *out, struct err *err)
{
	AUTO_FREE char *like = mem_printf("%%\"incident\":\"%s\"%%", p->id);
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT requested, id, subject, requester, status, quorum, "
		"votes FROM approvals WHERE subject LIKE $1 "
		"ORDER BY requested, id",
		S_TEXT(like));
	size_t count = 0;
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		if (count++ == 0)
			buf_add_str(out,
				    "| Asked | Approval | For | By | Status | "
				    "Votes |\n"
				    "| --- | --- | --- | --- | --- | --- |\n");
		write_approval(out, rows);
	}
	if (got == 0 && count == 0)
		buf_add_str(out, "Nothing needed approval.\n");
	return got;
}
