/* ask.c - oncall-incident list, show, watch, explain. */
#include "incident.h"

#include <signal.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/incident-query.h>
#include <oncall/jlist.h>
#include <oncall/show.h>
#include <oncall/signals.h>
#include <oncall/timeline.h>
#include <oncall/when.h>

#define TABLE_WIDE    100 /* columns that show all of a table */
#define WATCH_MS      200 /* between two looks at the store */
#define DETECTION_MAX 200 /* bytes of a detection that people see */

const char *const status_choices[] = {
	"all",	     "open",	 "acknowledged", "investigating",
	"mitigated", "resolved", "closed",	 NULL};

static struct incident_query query;
static bool watch_all;

/* clang-format off */
const struct cli_opt list_opts[] = {
	CLI_GROUP("Which"),
	CLI_CHOICE('s', "status", "STATUS", &query.status, status_choices, "status, or all (default: not over)"),
	CLI_CHOICE('S', "severity", "LEVEL", &query.severity, severity_names, "that severity or worse"),
	CLI_STR(0, "service", "NAME", &query.service, "of that service"),
	CLI_STR(0, "category", "NAME", &query.category, "of that category"),
	CLI_STR('t', "tag", "TAG", &query.tag, "with that tag"),
	CLI_STR(0, "assignee", "WHO", &query.assignee, "assigned to that person or team"),
	CLI_DURATION(0, "older-than", "AGE", &query.older_than, "opened longer ago than that"),
	CLI_DURATION(0, "newer-than", "AGE", &query.newer_than, "opened not longer ago than that"),
	CLI_STR(0, "text", "TEXT", &query.text, "with that text in title, service, host, category or pattern"),
	CLI_FLAG(0, "auto-resolved", &query.auto_resolved, "resolved without a person"),
	CLI_FLAG(0, "simulated", &query.simulated, "opened with --simulate"),
	CLI_GROUP("How"),
	CLI_CHOICE(0, "sort", "KEY", &query.sort, incident_sorts, "order, largest or newest first (default: opened)"),
	CLI_FLAG('r', "reverse", &query.reverse, "smallest or oldest first"),
	CLI_INT('n', "limit", "N", &query.limit, 1, 1000000000, "at most N of them"),
	CLI_LAST,
};

const struct cli_opt show_opts[] = {CLI_LAST};

const struct cli_opt watch_opts[] = {
	CLI_FLAG('a', "all", &watch_all, "begin with all that are not over"),
	CLI_LAST,
};
/* clang-format on */

/* ---- list ---- */

static enum show_color severity_color(enum severity s)
{
	switch (s) {
	case SEVERITY_CRITICAL:
	case SEVERITY_HIGH:
		return SHOW_RED;
	case SEVERITY_MEDIUM:
		return SHOW_YELLOW;
	case SEVERITY_LOW:
	case SEVERITY_INFO:
		return SHOW_PLAIN;
	}
	return SHOW_PLAIN;
}

/* A narrow terminal leaves out what can be done without. */
static bool is_narrow(void)
{
	return isatty(STDOUT_FILENO) && show_width(STDOUT_FILENO) < TABLE_WIDE;
}

static void add_row(struct show_table *t, const struct incident *inc,
		    bool narrow)
{
	char id[INCIDENT_ID], age[32];

	incident_id(id, inc->num);
	when_format_age(age, clock_now() - inc->opened);
	show_table_cell(t, slice_of(id), SHOW_BOLD);
	show_table_cell(t, slice_of(severity_name(inc->severity)),
			severity_color(inc->severity));
	show_table_cell(t, slice_of(incident_status_names[inc->status]),
			incident_live(inc) ? SHOW_PLAIN : SHOW_DIM);
	show_table_cell(t, slice_of(age), SHOW_PLAIN);
	if (!narrow)
		show_table_cellf(t, SHOW_PLAIN, "%lld", (long long)inc->count);
	show_table_cell(t, inc->service, SHOW_PLAIN);
	if (!narrow)
		show_table_cell(t, inc->assignee, SHOW_PLAIN);
	show_table_cellf(t, SHOW_PLAIN, "%s%.*s",
			 inc->simulated ? "(simulated) " : "",
			 (int)inc->title.len, inc->title.ptr);
}

static struct show_table *list_table(bool narrow)
{
	static const char *const all[] = {"INCIDENT", "SEVERITY", "STATUS",
					  "AGE",      "COUNT>",	  "SERVICE",
					  "ASSIGNEE", "TITLE"};
	static const char *const few[] = {"INCIDENT", "SEVERITY", "STATUS",
					  "AGE",      "SERVICE",  "TITLE"};

	return narrow ? show_table_new(few, ARRAY_LEN(few))
		      : show_table_new(all, ARRAY_LEN(all));
}

static int print_table(struct incident_rows *rows, struct record_writer *out,
		       struct err *err)
{
	bool narrow = is_narrow();
	AUTO_TABLE struct show_table *t = list_table(narrow);
	struct incident inc;
	size_t count = 0;
	int got;

	for (; (got = incident_next(rows, &inc, err)) > 0; count++)
		add_row(t, &inc, narrow);
	if (got < 0)
		return -1;
	if (count == 0)
		buf_add_str(&out->out, "no incidents\n");
	else
		cli_table(t, &out->out);
	return 0;
}

static int print_records(struct store *s, struct incident_rows *rows,
			 struct record_writer *out, struct err *err)
{
	struct incident inc;
	int got;

	while ((got = incident_next(rows, &inc, err)) > 0) {
		if (incident_record(s, &inc, 0, &out->out, err) < 0)
			return -1;
		record_write_end(out);
	}
	return got;
}

int list_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	int rc;

	(void)argc;
	(void)argv;
	if (open_store(&store, STORE_READ, err) < 0 ||
	    incident_find(store, &query, &rows, err) < 0)
		return -1;
	rc = cli_records() ? print_records(store, rows, &out, err)
			   : print_table(rows, &out, err);
	if (rc == 0)
		rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}

/* ---- show ---- */

static void print_line(struct buf *out, const char *name, struct slice text)
{
	if (!text.len)
		return;
	buf_addf(out, "%-13s", name);
	show_text(out, text.ptr, text.len, 0);
	buf_add_char(out, '\n');
}

static void print_time(struct buf *out, const char *name, int64_t ms)
{
	char time[WHEN_TEXT], age[32];

	if (ms == WHEN_NONE)
		return;
	when_format(time, ms);
	when_format_age(age, clock_now() - ms);
	buf_addf(out, "%-13s%s (%s ago)\n", name, time, age);
}

/* "raised high -> critical: note (actor)" */
static void print_entry(struct buf *out, const struct timeline_row *e)
{
	char time[WHEN_TEXT];

	when_format(time, e->time);
	buf_addf(out, "  %s  ", time);
	show_text(out, e->what.ptr, e->what.len, 0);
	if (!slice_eq(e->what, e->after)) {
		const struct slice texts[] = {e->before, e->after};

		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			if (!texts[i].len)
				continue;
			buf_add_str(out, i && e->before.len ? " -> " : " ");
			show_text(out, texts[i].ptr, texts[i].len, 0);
		}
	}
	if (e->note.len) {
		buf_add_str(out, ": ");
		show_text(out, e->note.ptr, e->note.len, 0);
	}
	buf_add_str(out, " (");
	show_text(out, e->actor.ptr, e->actor.len, 0);
	buf_add_str(out, ")\n");
}

static int print_timeline(struct store *s, int64_t num, struct buf *out,
			  struct err *err)
{
	AUTO_ROWS struct store_rows *rows = timeline_ask(s, num, err);
	struct timeline_row e;
	int got;

	if (!rows)
		return -1;
	buf_add_str(out, "\nTimeline\n");
	while ((got = timeline_next(rows, &e, err)) > 0)
		print_entry(out, &e);
	return got;
}

/* "time  message", or the title where there is no message. */
static void print_detection(struct buf *out, const struct jscan *scan)
{
	const struct jscan_member *time = jscan_get(scan, "event_time");
	const struct jscan_member *text = jscan_get(scan, "message");
	AUTO_BUF struct buf line = BUF_INIT;

	if (!time)
		time = jscan_get(scan, "time");
	if (!text)
		text = jscan_get(scan, "title");
	if (time && time->type == JSCAN_STRING)
		jscan_unquote(&line, time->value);
	buf_add_str(&line, "  ");
	if (text && text->type == JSCAN_STRING)
		jscan_unquote(&line, text->value);
	buf_add_str(out, "  ");
	show_text(out, buf_str(&line), line.len, DETECTION_MAX);
	buf_add_char(out, '\n');
}

/* The first and the latest detections. */
static int print_detections(struct store *s, const struct incident *inc,
			    struct buf *out, struct err *err)
{
	struct slice items[INCIDENT_KEEP_FIRST + INCIDENT_KEEP_LATEST];
	AUTO_BUF struct buf record = BUF_INIT;
	struct jscan scan = {0};
	size_t count = 0;
	int rc =
		incident_record(s, inc, INCIDENT_WITH_DETECTIONS, &record, err);

	if (rc == 0)
		rc = jscan_object(&scan, record.data, record.len, err);
	if (rc == 0)
		count = jlist_items(jscan_get(&scan, "detections")->value,
				    items, ARRAY_LEN(items));
	if (count)
		buf_addf(out, "\nDetections, %zu of %lld\n", count,
			 (long long)inc->detections);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = jscan_object(&scan, items[i].ptr, items[i].len, err);
		if (rc == 0)
			print_detection(out, &scan);
	}
	jscan_done(&scan);
	return rc;
}

static int print_incident(struct store *s, const struct incident *inc,
			  struct buf *out, struct err *err)
{
	char id[INCIDENT_ID];

	incident_id(id, inc->num);
	buf_addf(out, "%s  %s  %s%s%s\n", id, severity_name(inc->severity),
		 incident_status_names[inc->status],
		 inc->simulated ? "  simulated" : "",
		 inc->false_positive ? "  false positive" : "");
	show_text(out, inc->title.ptr, inc->title.len, 0);
	buf_add_str(out, "\n\n");
	print_line(out, "service", inc->service);
	print_line(out, "host", inc->host);
	print_line(out, "category", inc->category);
	print_line(out, "pattern", inc->pattern);
	print_line(out, "assignee", inc->assignee);
	if (inc->tags.len > 2)
		print_line(out, "tags", inc->tags);
	if (inc->links.len > 2)
		print_line(out, "links", inc->links);
	print_line(out, "follows", inc->previous);
	print_line(out, "merged into", inc->merged_into);
	print_line(out, "solution", inc->solution);
	print_time(out, "opened", inc->opened);
	print_time(out, "last seen", inc->last);
	print_time(out, "acknowledged", inc->acknowledged);
	print_time(out, "mitigated", inc->mitigated);
	print_time(out, "resolved", inc->resolved);
	print_time(out, "closed", inc->closed);
	buf_addf(out, "%-13s%lld\n", "count", (long long)inc->count);
	if (print_timeline(s, inc->num, out, err) < 0)
		return -1;
	return print_detections(s, inc, out, err);
}

static int show_one(struct store *s, const char *id, struct record_writer *out,
		    struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	int64_t num;

	if (incident_parse_id(id, &num, err) < 0 ||
	    incident_load(s, num, &inc, err) < 0)
		return -1;
	if (!cli_records())
		return print_incident(s, &inc, &out->out, err);
	if (incident_record(s, &inc,
			    INCIDENT_WITH_DETECTIONS | INCIDENT_WITH_TIMELINE,
			    &out->out, err) < 0)
		return -1;
	record_write_end(out);
	return 0;
}

int show_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	int rc = open_store(&store, STORE_READ, err);

	for (int i = 0; i < argc && rc == 0; i++) {
		if (i > 0 && !cli_records())
			buf_add_char(&out.out, '\n');
		rc = show_one(store, argv[i], &out, err);
	}
	if (rc == 0)
		rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}

int explain_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	int64_t num;
	int rc;

	(void)argc;
	if (incident_parse_id(argv[0], &num, err) < 0 ||
	    open_store(&store, STORE_READ, err) < 0)
		return -1;
	rc = incident_explain(store, cli_config(), num, cli_records(), &out.out,
			      err);
	if (rc == 0)
		rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}

/* ---- watch ---- */

/* Writes what changed above *last, and moves it. */
static int write_changes(struct store *s, int64_t *last,
			 struct record_writer *out, struct err *err)
{
	struct incident_query changes = {
		.status = "all", .changes = true, .changed_after = *last};
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	struct incident inc;
	int got;

	if (incident_find(s, &changes, &rows, err) < 0)
		return -1;
	while ((got = incident_next(rows, &inc, err)) > 0) {
		*last = inc.changed;
		if (incident_record(s, &inc, INCIDENT_WITH_CHANGE, &out->out,
				    err) < 0)
			return -1;
		record_write_end(out);
	}
	return got;
}

/* Writes what changes behind the transaction of that number. */
static int watch(struct store *s, int64_t last, struct record_writer *out,
		 struct err *err)
{
	int64_t version = -1, now;

	while (!signals_stop()) {
		if (store_data_version(s, &now, err) < 0)
			return -1;
		if (now != version && (write_changes(s, &last, out, err) < 0 ||
				       record_flush(out, err) < 0))
			return -1;
		version = now;
		/* Asked for nothing, poll() tells when the reader is gone. */
		if (signals_poll(STDOUT_FILENO, 0, WATCH_MS) > 0)
			return 128 + SIGPIPE;
	}
	return 128 + signals_stop();
}

int watch_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	int64_t last;
	int rc = 0;

	(void)argc;
	(void)argv;
	signals_install();
	/* What changes while the others are listed is not to be missed. */
	if (open_store(&store, STORE_READ, err) < 0 ||
	    incident_last_change(store, &last, err) < 0)
		return -1;
	if (watch_all) {
		AUTO_INCIDENTS struct incident_rows *rows = NULL;
		struct incident_query live = {.reverse = true};

		rc = incident_find(store, &live, &rows, err);
		if (rc == 0)
			rc = print_records(store, rows, &out, err);
	}
	if (rc == 0)
		rc = watch(store, last, &out, err);
	record_writer_done(&out);
	return rc;
}
