/* past.c - oncall-act history and stats: what was done, and what came of it. */
#include "act-cmd.h"

#include <oncall/act-query.h>
#include <oncall/incident.h>
#include <oncall/jwrite.h>
#include <oncall/report.h>
#include <oncall/when.h>

#include "tell.h"

#define HISTORY_SHOWN 50 /* on a terminal, unless --limit says otherwise */

static const char *const states[] = {
	"planned",
	"waiting",
	"running",
	"done",
	"refused",
	"unknown",
	"not_started",
	"failed_before_change",
	"failed_during_change",
	"ran_unverified",
	"verified_fixed",
	"ran_ineffective",
	NULL,
};

static struct {
	struct act_query query;
	const char *incident;
} args = {.query = {.since = WHEN_NONE}};

/* clang-format off */
const struct cli_opt history_opts[] = {
	CLI_STR('i', "incident", "INCIDENT", &args.incident, "for that incident"),
	CLI_STR('a', "action", "NAME", &args.query.action, "of that action"),
	CLI_CHOICE(0, "status", "STATUS", &args.query.status, states, "that are so, or that came out so"),
	CLI_TIME(0, "since", "TIME", &args.query.since, "asked for since"),
	CLI_INT('n', "limit", "N", &args.query.limit, 1, INT64_MAX, "that many at most (table: 50)"),
	CLI_LAST,
};

const struct cli_opt stats_opts[] = {
	CLI_STR('a', "action", "NAME", &args.query.action, "of that action"),
	CLI_TIME(0, "since", "TIME", &args.query.since, "asked for since"),
	CLI_LAST,
};
/* clang-format on */

/* ---- history ---- */

static enum show_color color_of(const struct act_row *r)
{
	if (slice_is(r->verdict, "verified_fixed"))
		return SHOW_GREEN;
	if (slice_is(r->status, "waiting") || slice_is(r->status, "planned"))
		return SHOW_YELLOW;
	if (slice_is(r->status, "running") ||
	    slice_is(r->verdict, "ran_unverified"))
		return SHOW_PLAIN;
	return SHOW_RED;
}

static void add_row(struct show_table *t, const struct act_row *r)
{
	bool done = slice_is(r->status, "done");
	char time[WHEN_TEXT], incident[INCIDENT_ID] = "";

	when_format(time, r->requested);
	if (r->incident)
		incident_id(incident, r->incident);
	show_table_cell(t, slice_of(time), SHOW_PLAIN);
	show_table_cell(t, r->id, SHOW_DIM);
	show_table_cell(t, r->name, SHOW_BOLD);
	show_table_cell(t, r->target, SHOW_PLAIN);
	show_table_cell(t,
			r->undone.ptr ? SLICE_LIT("undone")
			: done	      ? r->verdict
				      : r->status,
			color_of(r));
	show_table_cell(t, slice_of(incident), SHOW_PLAIN);
	show_table_cell(t, r->actor, SHOW_PLAIN);
	show_table_cell(t, r->reason, SHOW_DIM);
}

static int write_rows(struct act_cmd *c, struct store_rows *rows,
		      struct record_writer *out, struct err *err)
{
	static const char *const headings[] = {"ASKED",	 "ID",	   "ACTION",
					       "TARGET", "RESULT", "INCIDENT",
					       "BY",	 "REASON~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	struct act_row r;
	size_t count = 0;
	int got;

	for (; (got = act_next(rows, &r, err)) > 0; count++) {
		char id[ACT_ID] = "";

		if (!cli_records()) {
			add_row(t, &r);
			continue;
		}
		memcpy(id, r.id.ptr, r.id.len < ACT_ID ? r.id.len : ACT_ID - 1);
		if (tell_stored(c, id, out, err) < 0)
			return -1;
	}
	if (!cli_records() && count)
		cli_table(t, &out->out);
	else if (!cli_records())
		buf_add_str(&out->out, "nothing was done\n");
	return got;
}

static int write_history(struct act_cmd *c, struct record_writer *out,
			 struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;

	if (args.incident &&
	    incident_parse_id(args.incident, &args.query.incident, err) < 0)
		return -1;
	if (!args.query.limit && !cli_records())
		args.query.limit = HISTORY_SHOWN;
	rows = act_find(c->store, &args.query, err);
	return rows ? write_rows(c, rows, out, err) : -1;
}

int history_run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	int rc = 0;

	if (act_cmd_open(&c, ACT_CMD_READ, err) < 0)
		return -1;
	if (!c.store)
		return argc ? err_set(err, ERR_NO,
				      "there is no action '%s': the store is "
				      "empty",
				      argv[0])
			    : 0;
	for (int i = 0; i < argc && rc >= 0; i++)
		rc = tell_stored(&c, argv[i], &out, err);
	if (argc == 0)
		rc = write_history(&c, &out, err);
	return rc < 0 ? -1 : record_flush(&out, err);
}

/* ---- stats ---- */

static void write_figure(struct buf *out, const char *metric, double value,
			 const char *unit, const struct act_stats *st)
{
	report_open(out, metric);
	jwrite_real(out, "value", value);
	jwrite_str_opt(out, "unit", unit);
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "action", st->name);
	jwrite_close(out, '}');
	report_close(out);
}

static double mean_seconds(const struct act_stats *st)
{
	return (double)st->took / (double)st->ran / 1000;
}

static void write_stats(struct buf *out, const struct act_stats *st)
{
	write_figure(out, "actions_asked", (double)st->asked, NULL, st);
	for (int i = 0; action_verdict_names[i]; i++) {
		AUTO_BUF struct buf metric = BUF_INIT;

		if (!st->verdicts[i])
			continue;
		buf_addf(&metric, "actions_%s", action_verdict_names[i]);
		write_figure(out, buf_str(&metric), (double)st->verdicts[i],
			     NULL, st);
	}
	write_figure(out, "actions_refused", (double)st->refused, NULL, st);
	write_figure(out, "actions_waiting", (double)st->waiting, NULL, st);
	write_figure(out, "actions_unknown", (double)st->unknown, NULL, st);
	if (act_stats_rate(st) >= 0)
		write_figure(out, "actions_rate", act_stats_rate(st), NULL, st);
	if (st->ran)
		write_figure(out, "actions_duration", mean_seconds(st),
			     "seconds", st);
}

static void add_count(struct show_table *t, int64_t n)
{
	show_table_cellf(t, SHOW_PLAIN, "%lld", (long long)n);
}

static void add_stats(struct show_table *t, const struct act_stats *st)
{
	show_table_cell(t, slice_of(st->name), SHOW_BOLD);
	add_count(t, st->asked);
	add_count(t, st->verdicts[VERDICT_VERIFIED_FIXED]);
	add_count(t, st->verdicts[VERDICT_RAN_UNVERIFIED]);
	add_count(t, st->verdicts[VERDICT_RAN_INEFFECTIVE]);
	add_count(t, st->verdicts[VERDICT_FAILED_BEFORE_CHANGE] +
			     st->verdicts[VERDICT_FAILED_DURING_CHANGE]);
	add_count(t, st->refused);
	add_count(t, st->waiting);
	add_count(t, st->unknown);
	if (act_stats_rate(st) >= 0)
		show_table_cellf(t, SHOW_PLAIN, "%.0f %%",
				 100 * act_stats_rate(st));
	else
		show_table_cell(t, SLICE_LIT("-"), SHOW_DIM);
	if (st->ran)
		show_table_cellf(t, SHOW_PLAIN, "%.1fs", mean_seconds(st));
	else
		show_table_cell(t, SLICE_LIT("-"), SHOW_DIM);
}

int stats_run(int argc, char **argv, struct err *err)
{
	static const char *const headings[] = {
		"ACTION~",  "ASKED>",  "FIXED>",   "UNVERIFIED>",
		"NO HELP>", "FAILED>", "REFUSED>", "WAITING>",
		"UNKNOWN>", "RATE>",   "TOOK>"};
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	CLEANUP(act_stats_done) struct act_stats_list all = {NULL, 0};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	(void)argc;
	(void)argv;
	if (act_cmd_open(&c, ACT_CMD_READ, err) < 0 ||
	    (c.store && act_stats(c.store, &args.query, &all, err) < 0))
		return -1;
	for (size_t i = 0; i < all.count; i++) {
		if (cli_records())
			write_stats(&out.out, &all.items[i]);
		else
			add_stats(t, &all.items[i]);
	}
	if (!cli_records() && all.count)
		cli_table(t, &out.out);
	else if (!cli_records())
		buf_add_str(&out.out, "nothing was done\n");
	return record_flush(&out, err);
}
