/* replay.c - oncall-triage replay: what a policy would have done. */
#include "triage-cmd.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/record.h>
#include <oncall/report.h>
#include <oncall/triage-replay.h>
#include <oncall/when.h>

#define SINCE	  (30 * WHEN_DAY)
#define DECISIONS (TRIAGE_ESCALATE + 1)
#define TRUTHS	  (REPLAY_UNKNOWN + 1)

static struct {
	int64_t since, until;
} args = {.since = WHEN_NONE, .until = WHEN_NONE};

/* clang-format off */
const struct cli_opt replay_opts[] = {
	CLI_TIME('S', "since", "TIME", &args.since, "incidents opened since then (default: 30d)"),
	CLI_TIME('U', "until", "TIME", &args.until, "incidents opened before that (default: now)"),
	TRIAGE_OPTS,
	CLI_LAST,
};
/* clang-format on */

/* What is done most by itself comes first. */
static const enum triage_decision order[DECISIONS] = {
	TRIAGE_AUTO, TRIAGE_APPROVE, TRIAGE_SUGGEST, TRIAGE_ESCALATE,
	TRIAGE_IGNORE};

struct counts {
	int64_t n[DECISIONS][TRUTHS];
};

struct tally {
	struct counts all, before;	  /* before: of the policy in force */
	struct counts changes[DECISIONS]; /* by what it was */
	struct map actions;		  /* to struct counts */
	int64_t changed;
	int64_t from, to;
	bool compares;
};

static int count(void *arg, const struct replay_case *c, struct err *err)
{
	struct tally *t = arg;
	struct counts *action;
	void **place;

	(void)err;
	t->all.n[c->decision][c->truth]++;
	t->before.n[c->current][c->current_truth]++;
	if (c->decision != c->current) {
		t->changed++;
		t->changes[c->current].n[c->decision][c->truth]++;
	}
	if (!c->action)
		return 0;
	place = map_put(&t->actions, slice_of(c->action));
	if (!*place)
		*place = mem_zero(1, sizeof(struct counts));
	action = *place;
	action->n[c->decision][c->truth]++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;

	return strcmp(x->key.ptr, y->key.ptr);
}

static int64_t sum(const int64_t n[TRUTHS])
{
	return n[REPLAY_RIGHT] + n[REPLAY_WRONG] + n[REPLAY_UNKNOWN];
}

/* ---- for people ---- */

static void add_number(struct show_table *t, int64_t n, enum show_color color)
{
	show_table_cellf(t, n ? color : SHOW_DIM, "%lld", (long long)n);
}

static void add_counts(struct show_table *t, const int64_t n[TRUTHS])
{
	add_number(t, sum(n), SHOW_BOLD);
	add_number(t, n[REPLAY_RIGHT], SHOW_GREEN);
	add_number(t, n[REPLAY_WRONG], SHOW_RED);
	add_number(t, n[REPLAY_UNKNOWN], SHOW_PLAIN);
}

static void show_decisions(const struct counts *c, struct buf *out)
{
	static const char *const headings[] = {
		"DECISION", "INCIDENTS>", "RIGHT>", "WRONG>", "NOT KNOWN>"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	for (size_t i = 0; i < DECISIONS; i++) {
		show_table_cell(t, slice_of(triage_decision_names[order[i]]),
				SHOW_BOLD);
		add_counts(t, c->n[order[i]]);
	}
	cli_table(t, out);
}

static void show_actions(const struct tally *all, struct buf *out)
{
	static const char *const headings[] = {"ACTION",     "DECISION",
					       "INCIDENTS>", "RIGHT>",
					       "WRONG>",     "NOT KNOWN>"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	for (size_t i = 0; i < all->actions.count; i++)
		for (size_t k = 0; k < DECISIONS; k++) {
			const struct map_entry *e = &all->actions.entries[i];
			const struct counts *c = e->value;

			if (!sum(c->n[order[k]]))
				continue;
			show_table_cell(t, e->key, SHOW_BOLD);
			show_table_cell(
				t, slice_of(triage_decision_names[order[k]]),
				SHOW_PLAIN);
			add_counts(t, c->n[order[k]]);
		}
	buf_add_char(out, '\n');
	cli_table(t, out);
}

static void show_changes(const struct tally *all, struct buf *out)
{
	static const char *const headings[] = {"NOW",	     "WOULD BE",
					       "INCIDENTS>", "RIGHT>",
					       "WRONG>",     "NOT KNOWN>"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	for (size_t i = 0; i < DECISIONS; i++)
		for (size_t k = 0; k < DECISIONS; k++) {
			const int64_t *n = all->changes[order[i]].n[order[k]];

			if (!sum(n))
				continue;
			show_table_cell(
				t, slice_of(triage_decision_names[order[i]]),
				SHOW_PLAIN);
			show_table_cell(
				t, slice_of(triage_decision_names[order[k]]),
				SHOW_BOLD);
			add_counts(t, n);
		}
	if (!all->changed) {
		buf_add_str(out, "\nThe policy in force decides the same.\n");
		return;
	}
	buf_addf(out, "\n%lld would be decided otherwise:\n",
		 (long long)all->changed);
	cli_table(t, out);
}

static void show_all(const struct tally *all, struct buf *out)
{
	show_decisions(&all->all, out);
	if (all->actions.count)
		show_actions(all, out);
	if (all->compares)
		show_changes(all, out);
}

/* ---- for programs ---- */

struct row {
	const char *metric;
	const char *action, *now; /* or NULL */
	const int64_t *n;
	enum triage_decision decision;
};

static void write_row(const struct tally *all, const struct row *r,
		      struct buf *out)
{
	for (int i = 0; i < TRUTHS; i++) {
		report_open(out, r->metric);
		jwrite_int(out, "value", r->n[i]);
		jwrite_str(out, "unit", "incidents");
		jwrite_open(out, "labels", '{');
		jwrite_str_opt(out, "action", r->action);
		jwrite_str_opt(out, "now", r->now);
		jwrite_str(out, "decision", triage_decision_names[r->decision]);
		jwrite_str(out, "outcome", replay_truth_names[i]);
		jwrite_close(out, '}');
		jwrite_time(out, "from", all->from);
		jwrite_time(out, "to", all->to);
		report_close(out);
	}
}

static void write_counts(const struct tally *all, struct row r,
			 const struct counts *c, struct buf *out)
{
	for (size_t i = 0; i < DECISIONS; i++) {
		r.decision = order[i];
		r.n = c->n[order[i]];
		if (sum(r.n) || !(r.action || r.now))
			write_row(all, &r, out);
	}
}

static void write_all(const struct tally *all, struct buf *out)
{
	write_counts(all, (struct row){.metric = "triage_decisions"}, &all->all,
		     out);
	for (size_t i = 0; i < all->actions.count; i++)
		write_counts(
			all,
			(struct row){.metric = "triage_actions",
				     .action = all->actions.entries[i].key.ptr},
			all->actions.entries[i].value, out);
	if (!all->compares)
		return;
	write_counts(all, (struct row){.metric = "triage_decisions_now"},
		     &all->before, out);
	for (size_t i = 0; i < DECISIONS; i++)
		write_counts(
			all,
			(struct row){.metric = "triage_changes",
				     .now = triage_decision_names[order[i]]},
			&all->changes[order[i]], out);
}

/* ---- the whole ---- */

/* With --policy the one in force is asked, too. */
static int run_both(struct triage_cmd *c, struct tally *all, struct err *err)
{
	AUTO_POLICY struct policy *policy = NULL;
	struct triage_replay what = {.t = c->triager,
				     .current = c->triager,
				     .from = all->from,
				     .to = all->to,
				     .each = count,
				     .arg = all};
	struct triager *current = NULL;
	int rc;

	if (!cmd_args.policy)
		return triage_replay(&what, err);
	if (policy_load(&policy, cli_config(), err) < 0 ||
	    triager_open(&current, c->store, c->set, policy, cli_config(),
			 err) < 0)
		return -1;
	what.current = current;
	rc = triage_replay(&what, err);
	triager_free(current);
	return rc;
}

int replay_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_TRIAGE_CMD struct triage_cmd c = {.store = NULL};
	struct tally all = {.actions = MAP_INIT,
			    .compares = cmd_args.policy != NULL};
	int rc;

	(void)argc;
	(void)argv;
	all.to = args.until == WHEN_NONE ? clock_now() + 1 : args.until;
	all.from = args.since == WHEN_NONE ? clock_now() - SINCE : args.since;
	if (triage_cmd_open(&c, TRIAGE_CMD_READ, err) < 0 ||
	    triage_cmd_needs_store(&c, err) < 0)
		return -1;
	rc = run_both(&c, &all, err);
	if (all.actions.count)
		qsort(all.actions.entries, all.actions.count,
		      sizeof(*all.actions.entries), by_name);
	if (rc == 0 && cli_records())
		write_all(&all, &out.out);
	else if (rc == 0)
		show_all(&all, &out.out);
	if (rc == 0)
		rc = record_flush(&out, err);
	map_done(&all.actions, free);
	record_writer_done(&out);
	return rc;
}
