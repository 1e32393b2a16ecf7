/* postmortem-known.c - sections about what is known: entries that matched, what
 * was learned, and what nobody has answered yet. */
#include "postmortem-internal.h"

#include <stdio.h>

#include <oncall/act.h>

/* ---- what matched ---- */

static void write_known(void *arg, struct slice item, const struct jscan *entry)
{
	struct buf *out = arg;
	const struct jscan_member *score = jscan_get(entry, "score");
	AUTO_BUF struct buf text = BUF_INIT;

	(void)item;
	if (!postmortem_member(entry, "entry", &text))
		return;
	buf_add_str(out, "- ");
	postmortem_mono(out, buf_slice(&text));
	if (postmortem_member(entry, "title", &text)) {
		buf_add_char(out, ' ');
		postmortem_text(out, buf_slice(&text));
	}
	if (score && score->type == JSCAN_NUMBER) {
		buf_add_str(out, ", score ");
		postmortem_text(out, score->value);
	}
	buf_add_char(out, '\n');
}

static int add_known(struct postmortem *p, struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT knowledge FROM incident_knowledge WHERE incident = $1",
		S_INT(p->inc.num));
	int got = rows ? store_next(rows, err) : -1;
	size_t start = out->len;

	if (got < 0)
		return -1;
	if (got > 0)
		postmortem_each(store_text(rows, 0), write_known, out);
	if (out->len == start)
		buf_add_str(out, "No entry matched.\n");
	return 0;
}

/* ---- what came of that ---- */

static int add_outcomes(struct postmortem *p, struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT entry, solution, verdict, actor, note FROM outcomes "
		"WHERE incident = $1 ORDER BY time, entry, seq",
		S_TEXT(p->id));
	size_t count = 0;
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		buf_add_str(out, count++ ? "- " : "\n**Outcomes**\n\n- ");
		postmortem_mono(out, store_text(rows, 0));
		if (store_text(rows, 1).len) {
			buf_add_str(out, ", ");
			postmortem_text(out, store_text(rows, 1));
		}
		buf_add_str(out, ": ");
		postmortem_text(out, store_text(rows, 2));
		buf_add_str(out, ", said ");
		postmortem_text(out, store_text(rows, 3));
		if (store_text(rows, 4).len) {
			buf_add_str(out, ", ");
			postmortem_text(out, store_text(rows, 4));
		}
		buf_add_char(out, '\n');
	}
	return got;
}

/* ---- what was learned ---- */

static void add_entry(struct buf *out, struct slice id, struct slice record)
{
	AUTO_BUF struct buf status = BUF_INIT;
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};
	bool proposed = false;

	if (record.len &&
	    jscan_object(&scan, record.ptr, record.len, &ignored) == 0)
		proposed = postmortem_member(&scan, "status", &status) &&
			   slice_is(buf_slice(&status), "proposed");
	jscan_done(&scan);
	buf_add_str(out, "It went into the entry ");
	postmortem_mono(out, id);
	if (proposed) {
		buf_add_str(out, ", which is proposed: ");
		buf_add_str(out, "`oncall-kb accept` makes it count");
	}
	buf_add_str(out, ".\n");
}

/* What would have to be known before anything can be learned. */
static void add_advice(struct postmortem *p, struct buf *out)
{
	const struct incident *inc = &p->inc;

	if (inc->false_positive || inc->simulated || inc->merged_into.len)
		buf_add_str(out, "There is nothing to learn from it.\n");
	else if (incident_live(inc))
		buf_add_str(out, "Nothing yet: it is not over.\n");
	else if (!inc->solution.len)
		buf_addf(out,
			 "Nothing: nobody said what helped. `oncall-incident "
			 "resolve %s --solution NAME` says it.\n",
			 p->id);
	else
		buf_addf(out,
			 "Nothing yet: `oncall-incident show %s --json | "
			 "oncall-kb learn` proposes an entry.\n",
			 p->id);
}

static int add_learned(struct postmortem *p, struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT l.entry, e.record FROM learned l LEFT JOIN entries e "
		"ON e.id = l.entry WHERE l.incident = $1",
		S_INT(p->inc.num));
	int got = rows ? store_next(rows, err) : -1;

	if (got < 0)
		return -1;
	buf_add_str(out, "\n**What was learned**\n\n");
	if (got > 0 && store_text(rows, 0).len)
		add_entry(out, store_text(rows, 0), store_text(rows, 1));
	else
		add_advice(p, out);
	return 0;
}

static int add_exceptions(struct postmortem *p, struct buf *out,
			  struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT rule, expr FROM false_positives "
			  "WHERE incident = $1 ORDER BY seq",
			  S_INT(p->inc.num));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		buf_add_str(out, "\nThe pattern ");
		postmortem_mono(out, store_text(rows, 0));
		buf_add_str(out, " does not match this any more:\n");
		postmortem_code(out, store_text(rows, 1));
	}
	return got;
}

int postmortem_knowledge(struct postmortem *p, struct buf *out, struct err *err)
{
	if (add_known(p, out, err) < 0 || add_outcomes(p, out, err) < 0 ||
	    add_learned(p, out, err) < 0)
		return -1;
	return add_exceptions(p, out, err);
}

/* ---- open questions ---- */

struct questions {
	struct buf *out;
	size_t count;
};

static void ask(struct questions *q, const char *text)
{
	q->count++;
	buf_addf(q->out, "- [ ] %s\n", text);
}

static void ask_gap(struct questions *q, int64_t ms, int64_t until)
{
	q->count++;
	buf_add_str(q->out, "- [ ] Why did nothing happen for ");
	postmortem_span(q->out, ms);
	if (until != WHEN_NONE) {
		buf_add_str(q->out, " until ");
		postmortem_time(q->out, until);
	}
	buf_add_str(q->out, "?\n");
}

static void ask_incident(struct questions *q, struct postmortem *p)
{
	const struct incident *inc = &p->inc;

	if (inc->false_positive) {
		ask(q, "Why was this detected, and will it not be any more?");
		return;
	}
	ask(q, "What was the root cause?");
	if (inc->acknowledged == WHEN_NONE && !inc->auto_resolved)
		ask(q, "Why did nobody acknowledge it?");
	if (!incident_live(inc) && !inc->solution.len)
		ask(q, "What helped?");
	if (p->reopened)
		ask(q, "Why did it come back after it was over?");
	else if (inc->previous.len)
		ask(q, "Why did the same happen again?");
	for (size_t i = 0; i < p->count; i++)
		if (p->entries[i].gap)
			ask_gap(q, p->entries[i].gap, p->entries[i].time);
	if (p->last_gap)
		ask_gap(q, p->last_gap, WHEN_NONE);
}

static void ask_message(void *arg, const struct postmortem_message *m)
{
	struct questions *q = arg;

	if (!slice_is(m->status, "failed"))
		return;
	q->count++;
	buf_add_str(q->out, "- [ ] Why was the message of ");
	postmortem_time(q->out, m->made);
	buf_add_str(q->out, " not delivered?\n");
}

static int ask_action(void *arg, const struct postmortem_action *a,
		      struct err *err)
{
	struct questions *q = arg;
	const char *what = NULL;

	(void)err;
	if (slice_is(a->status, act_status_names[ACT_UNKNOWN]))
		what = "What came of the action ";
	else if (slice_is(a->verdict,
			  action_verdict_names[VERDICT_RAN_INEFFECTIVE]))
		what = "Why did it not help to run ";
	if (!what)
		return 0;
	q->count++;
	buf_addf(q->out, "- [ ] %s", what);
	postmortem_text(q->out, a->name);
	buf_add_str(q->out, " on ");
	postmortem_text(q->out, a->target);
	buf_add_str(q->out, "?\n");
	return 0;
}

int postmortem_questions(struct postmortem *p, struct buf *out, struct err *err)
{
	struct questions q = {.out = out};

	ask_incident(&q, p);
	if (postmortem_messages(p, ask_message, &q, err) < 0 ||
	    postmortem_actions(p, ask_action, &q, err) < 0)
		return -1;
	return 0;
}
