/* postmortem-acts.c - sections about what was done, and what came of it. */
#include "postmortem-internal.h"

#include <oncall/act.h>
#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/timeline.h>

/* ---- commands ---- */

/* The trail says what ran, as far as people may see it. */
static int load_commands(struct postmortem *p, struct map *commands,
			 struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT subject, data FROM audit WHERE time >= $1 AND subject "
		"IN (SELECT id FROM actions WHERE incident = $2) ORDER BY seq",
		S_INT(p->inc.opened), S_INT(p->inc.num));
	AUTO_BUF struct buf text = BUF_INIT;
	struct jscan scan = {0};
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct slice data = store_text(rows, 1);
		struct err ignored = ERR_INIT;
		void **place;

		if (jscan_object(&scan, data.ptr, data.len, &ignored) < 0 ||
		    !postmortem_member(&scan, "command", &text))
			continue;
		place = map_put(commands, store_text(rows, 0));
		if (!*place)
			*place = buf_take(&text);
	}
	jscan_done(&scan);
	return got;
}

/* ---- one action ---- */

struct acts {
	struct postmortem *p;
	struct buf *out;
	struct map commands; /* id to command */
	size_t count;
};

static void acts_done(struct acts *a)
{
	map_done(&a->commands, free);
}

static void add_item(struct buf *out, const char *name, struct slice text)
{
	if (!text.len)
		return;
	buf_addf(out, "- %s: ", name);
	postmortem_text(out, text);
	buf_add_char(out, '\n');
}

static void add_times(struct buf *out, const struct postmortem_action *a)
{
	buf_add_str(out, "- asked: ");
	postmortem_time(out, a->requested);
	if (a->started != WHEN_NONE) {
		buf_add_str(out, ", started: ");
		postmortem_time(out, a->started);
	}
	if (a->ended != WHEN_NONE) {
		buf_add_str(out, ", ended: ");
		postmortem_time(out, a->ended);
	}
	if (a->started != WHEN_NONE && a->ended != WHEN_NONE) {
		buf_add_str(out, ", took: ");
		postmortem_span(out, a->ended - a->started);
	}
	buf_add_char(out, '\n');
}

static void add_facts(struct buf *out, const struct jscan *outcome)
{
	static const char *const names[][2] = {
		{"before", "check before"},
		{"after", "check after"},
		{"rollback", "rollback"},
	};
	const struct jscan_member *exit = jscan_get(outcome, "exit");
	AUTO_BUF struct buf text = BUF_INIT;
	int64_t status;

	if (exit && !jscan_int(exit->value, &status) && status >= 0)
		buf_addf(out, "- exit: %lld\n", (long long)status);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (postmortem_member(outcome, names[i][0], &text))
			add_item(out, names[i][1], buf_slice(&text));
}

/* Blocks of code stand behind the list: within it they would be text. */
static void add_outcome(struct buf *out, struct slice outcome,
			const char *command)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};

	if (!outcome.len ||
	    jscan_object(&scan, outcome.ptr, outcome.len, &ignored) < 0)
		scan.count = 0;
	add_facts(out, &scan);
	if (command) {
		buf_add_str(out, "\nCommand:\n");
		postmortem_code(out, slice_of(command));
	}
	if (postmortem_member(&scan, "output", &text)) {
		buf_add_str(out, command ? "Output:\n" : "\nOutput:\n");
		postmortem_code(out, buf_slice(&text));
	}
	jscan_done(&scan);
}

static int write_action(void *arg, const struct postmortem_action *a,
			struct err *err)
{
	struct acts *w = arg;
	struct buf *out = w->out;
	const char *command = map_get(&w->commands, a->id);

	(void)err;
	if (w->count++)
		buf_add_char(out, '\n');
	buf_add_str(out, "### ");
	postmortem_text(out, a->name);
	buf_add_str(out, "\n\n- id: ");
	postmortem_mono(out, a->id);
	buf_add_char(out, '\n');
	add_item(out, "on", a->target);
	add_item(out, "status", a->status);
	add_item(out, "verdict", a->verdict);
	add_item(out, "reason", a->reason);
	add_item(out, "by", a->actor);
	add_item(out, "decided", a->decision);
	add_item(out, "approval", a->approval);
	add_item(out, "undoes", a->undo_of);
	add_item(out, "undone by", a->undone);
	add_times(out, a);
	add_outcome(out, a->outcome, command);
	return 0;
}

int postmortem_acts(struct postmortem *p, struct buf *out, struct err *err)
{
	CLEANUP(acts_done) struct acts w = {.p = p, .out = out};

	if (load_commands(p, &w.commands, err) < 0 ||
	    postmortem_actions(p, write_action, &w, err) < 0)
		return -1;
	if (w.count == 0)
		buf_add_str(out, "Nothing was done by an action.\n");
	return 0;
}

/* ---- what came of them ---- */

struct results {
	struct buf helped, useless, unknown;
};

static void results_done(struct results *r)
{
	buf_done(&r->helped);
	buf_done(&r->useless);
	buf_done(&r->unknown);
}

static struct buf *place_of(struct results *r,
			    const struct postmortem_action *a)
{
	if (slice_is(a->verdict, action_verdict_names[VERDICT_VERIFIED_FIXED]))
		return &r->helped;
	if (slice_is(a->status, act_status_names[ACT_DONE]) &&
	    !slice_is(a->verdict, action_verdict_names[VERDICT_RAN_UNVERIFIED]))
		return &r->useless;
	return &r->unknown;
}

static int sort_action(void *arg, const struct postmortem_action *a,
		       struct err *err)
{
	struct buf *out = place_of(arg, a);

	(void)err;
	buf_add_str(out, "- ");
	postmortem_text(out, a->name);
	buf_add_str(out, " on ");
	postmortem_text(out, a->target);
	buf_add_str(out, ": ");
	postmortem_text(out, a->verdict.len ? a->verdict : a->status);
	if (a->undone.len)
		buf_add_str(out, ", and undone");
	if (a->reason.len) {
		buf_add_str(out, ", ");
		postmortem_text(out, a->reason);
	}
	buf_add_char(out, '\n');
	return 0;
}

static void add_said(struct buf *out, const struct timeline_row *row)
{
	buf_add_str(out, "- ");
	postmortem_text(out, row->after);
	buf_add_str(out, ", said ");
	postmortem_text(out, row->actor);
	buf_add_char(out, '\n');
}

/* What people said of solutions. */
static int add_solutions(struct postmortem *p, struct results *r,
			 struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		timeline_ask(p->store, p->inc.num, err);
	struct timeline_row row;
	int got;

	if (!rows)
		return -1;
	while ((got = timeline_next(rows, &row, err)) > 0) {
		if (slice_is(row.what, "solution"))
			add_said(&r->helped, &row);
		else if (slice_is(row.what, "solution_failed"))
			add_said(&r->useless, &row);
	}
	return got;
}

static void add_part(struct buf *out, const char *title, const struct buf *part)
{
	if (!part->len)
		return;
	if (out->len && out->data[out->len - 1] == '\n')
		buf_add_char(out, '\n');
	buf_addf(out, "%s\n\n", title);
	buf_add_slice(out, buf_slice(part));
}

int postmortem_outcome(struct postmortem *p, struct buf *out, struct err *err)
{
	CLEANUP(results_done) struct results r = {.helped = BUF_INIT};
	AUTO_BUF struct buf all = BUF_INIT;

	if (postmortem_actions(p, sort_action, &r, err) < 0 ||
	    add_solutions(p, &r, err) < 0)
		return -1;
	add_part(&all, "**What worked**", &r.helped);
	add_part(&all, "**What did not help**", &r.useless);
	add_part(&all, "**What came of it is not known**", &r.unknown);
	if (all.len)
		buf_add_slice(out, buf_slice(&all));
	else
		buf_add_str(out, "Nobody said what helped.\n");
	return 0;
}
