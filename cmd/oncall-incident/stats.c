/* stats.c - oncall-incident stats: how fast, how many, how often again. */
#include "incident.h"

#include <oncall/clock.h>
#include <oncall/incident-stats.h>
#include <oncall/jwrite.h>
#include <oncall/report.h>
#include <oncall/show.h>
#include <oncall/when.h>

#define USUAL_DAYS 30 /* that are counted when nothing is said */
#define SEVERITIES (SEVERITY_CRITICAL + 1)
#define STATUSES   (INCIDENT_CLOSED + 1)

static struct incident_stats_query query = {.from = WHEN_NONE, .to = WHEN_NONE};

/* clang-format off */
const struct cli_opt stats_opts[] = {
	CLI_TIME(0, "from", "TIME", &query.from, "opened then or later (default: 30 days before --to)"),
	CLI_TIME(0, "to", "TIME", &query.to, "opened before then (default: now)"),
	CLI_CHOICE(0, "by", "KEY", &query.by, incident_stats_keys, "the same for each of them as well"),
	CLI_FLAG(0, "simulated", &query.simulated, "count simulated ones, too"),
	CLI_LAST,
};
/* clang-format on */

/* ---- for programs ---- */

/* Whose figures are written, and what stands in their labels. */
struct figures {
	struct buf *out;
	const struct incident_stats_group *g;
	const char *label, *value; /* of one figure; or NULL */
};

static void open_figure(const struct figures *f, const char *metric)
{
	report_open(f->out, metric);
}

static void close_figure(const struct figures *f, const char *unit)
{
	jwrite_str(f->out, "unit", unit);
	jwrite_open(f->out, "labels", '{');
	if (f->g->name)
		jwrite_str(f->out, query.by, f->g->name);
	if (f->label)
		jwrite_str(f->out, f->label, f->value);
	jwrite_close(f->out, '}');
	jwrite_time(f->out, "from", query.from);
	jwrite_time(f->out, "to", query.to);
	report_close(f->out);
}

static void write_count(const struct figures *f, const char *metric, int64_t n)
{
	open_figure(f, metric);
	jwrite_int(f->out, "value", n);
	close_figure(f, "incidents");
}

/* Below 0 there is none. */
static void write_real(const struct figures *f, const char *metric,
		       double value, const char *unit)
{
	open_figure(f, metric);
	if (value < 0)
		jwrite_raw(f->out, "value", SLICE_LIT("null"));
	else
		jwrite_real(f->out, "value", value);
	close_figure(f, unit);
}

static double seconds(const struct incident_stats_time *t, double ms)
{
	return t->count ? ms / 1000 : -1;
}

static void write_time(struct figures f, const char *metric,
		       const struct incident_stats_time *t)
{
	const struct {
		const char *name;
		double ms;
	} stats[] = {
		{"mean", t->mean},	 {"p50", (double)t->p50},
		{"p90", (double)t->p90}, {"p95", (double)t->p95},
		{"max", (double)t->max},
	};

	f.label = "stat";
	f.value = "count";
	write_count(&f, metric, t->count);
	for (size_t i = 0; i < ARRAY_LEN(stats); i++) {
		f.value = stats[i].name;
		write_real(&f, metric, seconds(t, stats[i].ms), "seconds");
	}
}

static void write_group(struct buf *out, const struct incident_stats_group *g)
{
	const struct figures f = {.out = out, .g = g};

	write_count(&f, "incidents", g->incidents);
	write_count(&f, "incidents_false_positive", g->false_positives);
	write_count(&f, "incidents_resolved", g->resolved);
	write_count(&f, "incidents_automated", g->automated);
	write_real(&f, "automation_rate", incident_stats_automation_rate(g),
		   "ratio");
	write_count(&f, "incidents_ended", g->ended);
	write_count(&f, "incidents_reopened", g->reopened);
	write_real(&f, "reopen_rate", incident_stats_reopen_rate(g), "ratio");
	for (int i = 0; i < INCIDENT_STATS_TIMES; i++)
		write_time(f, incident_stats_names[i], &g->times[i]);
}

static void write_parts(struct buf *out, const struct incident_stats_group *g)
{
	struct figures f = {.out = out, .g = g, .label = "severity"};

	for (int i = SEVERITIES; i-- > 0;) {
		f.value = severity_name((enum severity)i);
		write_count(&f, "incidents_by_severity", g->severity[i]);
	}
	f.label = "status";
	for (int i = 0; i < STATUSES; i++) {
		f.value = incident_status_names[i];
		write_count(&f, "incidents_by_status", g->status[i]);
	}
}

/* ---- for people ---- */

static void add_duration(struct show_table *t,
			 const struct incident_stats_time *time, int64_t ms)
{
	char text[32];

	when_format_age(text, ms);
	show_table_cell(t, slice_of(time->count ? text : "-"),
			time->count ? SHOW_PLAIN : SHOW_DIM);
}

static void show_times(struct buf *out, const struct incident_stats_group *g)
{
	static const char *const headings[] = {
		"TIME TO", "COUNT>", "MEAN>", "P50>", "P90>", "P95>", "MAX>"};
	static const char *const names[] = {"detect", "acknowledge", "resolve"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	for (int i = 0; i < INCIDENT_STATS_TIMES; i++) {
		const struct incident_stats_time *time = &g->times[i];

		show_table_cell(t, slice_of(names[i]), SHOW_BOLD);
		show_table_cellf(t, SHOW_PLAIN, "%lld", (long long)time->count);
		add_duration(t, time, (int64_t)time->mean);
		add_duration(t, time, time->p50);
		add_duration(t, time, time->p90);
		add_duration(t, time, time->p95);
		add_duration(t, time, time->max);
	}
	cli_table(t, out);
}

/* "2 open, 1 closed"; what there is none of is left out. */
static void show_parts(struct buf *out, const char *what,
		       const char *const *names, const int64_t *counts, int n)
{
	const char *comma = "";

	buf_addf(out, "%-16s", what);
	for (int i = 0; i < n; i++) {
		if (!counts[i])
			continue;
		buf_addf(out, "%s%lld %s", comma, (long long)counts[i],
			 names[i]);
		comma = ", ";
	}
	buf_add_str(out, *comma ? "\n" : "-\n");
}

static void show_share(struct buf *out, const char *what, int64_t part,
		       int64_t whole, double rate)
{
	buf_addf(out, "%-16s%lld of %lld", what, (long long)part,
		 (long long)whole);
	if (rate >= 0)
		buf_addf(out, " (%.1f %%)", 100 * rate);
	buf_add_char(out, '\n');
}

static void show_whole(struct buf *out, const struct incident_stats_group *g)
{
	char from[WHEN_TEXT], to[WHEN_TEXT];

	when_format(from, query.from);
	when_format(to, query.to);
	buf_addf(out, "%lld incident%s opened from %s to %s\n\n",
		 (long long)g->incidents, g->incidents == 1 ? "" : "s", from,
		 to);
	show_times(out, g);
	buf_add_char(out, '\n');
	show_parts(out, "severity", severity_names, g->severity, SEVERITIES);
	show_parts(out, "status", incident_status_names, g->status, STATUSES);
	buf_addf(out, "%-16s%lld\n", "false positive",
		 (long long)g->false_positives);
	show_share(out, "reopened", g->reopened, g->ended,
		   incident_stats_reopen_rate(g));
	show_share(out, "automated", g->automated, g->resolved,
		   incident_stats_automation_rate(g));
}

static void show_groups(struct buf *out, const struct incident_stats *st)
{
	const char *const headings[] = {
		"",	      "INCIDENTS>",	 "FALSE>",
		"RESOLVED>",  "AUTOMATED>",	 "REOPENED>",
		"TO DETECT>", "TO ACKNOWLEDGE>", "TO RESOLVE>"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	for (size_t i = 0; i < st->count; i++) {
		const struct incident_stats_group *g = &st->groups[i];
		const int64_t counts[] = {g->incidents, g->false_positives,
					  g->resolved, g->automated,
					  g->reopened};

		show_table_cell(t, slice_of(*g->name ? g->name : "-"),
				SHOW_BOLD);
		for (size_t k = 0; k < ARRAY_LEN(counts); k++)
			show_table_cellf(t, SHOW_PLAIN, "%lld",
					 (long long)counts[k]);
		for (int k = 0; k < INCIDENT_STATS_TIMES; k++)
			add_duration(t, &g->times[k],
				     (int64_t)g->times[k].mean);
	}
	buf_addf(out, "\nBy %s, times on average\n", query.by);
	cli_table(t, out);
}

/* ---- the command ---- */

static int check_period(struct err *err)
{
	if (query.to == WHEN_NONE)
		query.to = clock_now();
	if (query.from == WHEN_NONE)
		query.from = query.to - USUAL_DAYS * WHEN_DAY;
	if (query.from >= query.to)
		return err_set(err, ERR_USAGE,
			       "--from is not before --to: nothing could have "
			       "been opened in between");
	return 0;
}

static void print(const struct incident_stats *st, struct buf *out)
{
	if (!cli_records()) {
		show_whole(out, &st->all);
		if (st->count)
			show_groups(out, st);
		return;
	}
	write_group(out, &st->all);
	write_parts(out, &st->all);
	for (size_t i = 0; i < st->count; i++)
		write_group(out, &st->groups[i]);
}

int stats_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STATS struct incident_stats st = {.groups = NULL};
	AUTO_STORE struct store *store = NULL;
	int rc;

	(void)argc;
	(void)argv;
	if (check_period(err) < 0 ||
	    when_set_zone(config_str(cli_config(), "timezone"), err) < 0 ||
	    open_store(&store, STORE_READ, err) < 0 ||
	    incident_stats(store, &query, &st, err) < 0)
		return -1;
	print(&st, &out.out);
	rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}
