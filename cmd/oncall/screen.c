/* screen.c - oncall status: one screen. */
#include "oncall.h"

#include <oncall/record.h>
#include <oncall/status.h>
#include <oncall/when.h>

static void add_size(struct buf *out, int64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes / 1024;
	size_t i = 0;

	while (size >= 1024 && i + 1 < ARRAY_LEN(units)) {
		size /= 1024;
		i++;
	}
	buf_addf(out, "%.*f %s", size < 10, size, units[i]);
}

static void add_age(struct buf *out, int64_t age)
{
	char text[32];

	when_format_age(text, age);
	buf_addf(out, "%s ago", text);
}

static void print_incidents(const struct status *st, struct buf *out)
{
	const char *before = ": ";

	if (!st->live) {
		buf_add_str(out, "Incidents  none\n");
		return;
	}
	buf_addf(out, "Incidents  %lld", (long long)st->live);
	for (size_t i = STATUS_SEVERITIES; i-- > 0;) {
		if (!st->live_by[i])
			continue;
		buf_addf(out, "%s%lld %s", before, (long long)st->live_by[i],
			 severity_name((enum severity)i));
		before = ", ";
	}
	buf_add_str(out, "; the oldest was opened ");
	add_age(out, st->time - st->oldest);
	buf_add_char(out, '\n');
}

static void print_rest(const struct status *st, struct buf *out)
{
	if (st->approvals)
		buf_addf(out, "Approvals  %lld waiting\n",
			 (long long)st->approvals);
	else
		buf_add_str(out, "Approvals  none\n");
	buf_add_str(out, "Last tick  ");
	if (st->last_tick == WHEN_NONE)
		buf_add_str(out, "never");
	else
		add_age(out, st->time - st->last_tick);
	if (st->last_tick != WHEN_NONE &&
	    st->time - st->last_tick > STATUS_TICK_LATE)
		buf_add_str(out, ": nobody is told until 'oncall-incident "
				 "tick' runs again");
	buf_addf(out, "\nStore      %s ", st->driver);
	show_text(out, st->place, strlen(st->place), 0);
	buf_addf(out, ", schema %lld, ", (long long)st->schema);
	add_size(out, st->size);
	buf_add_char(out, '\n');
}

static void print_worst(const struct status *st, struct buf *out)
{
	static const char *const headings[] = {"INCIDENT", "SEVERITY", "STATUS",
					       "AGE",	   "SERVICE",  "TITLE"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	for (size_t i = 0; i < st->worst_count; i++) {
		const struct incident *inc = &st->worst[i];
		char id[INCIDENT_ID], age[32];

		incident_id(id, inc->num);
		when_format_age(age, st->time - inc->opened);
		show_table_cell(t, slice_of(id), SHOW_BOLD);
		show_table_cell(t, slice_of(severity_name(inc->severity)),
				inc->severity >= SEVERITY_HIGH ? SHOW_RED
							       : SHOW_PLAIN);
		show_table_cell(t, slice_of(incident_status_names[inc->status]),
				SHOW_PLAIN);
		show_table_cell(t, slice_of(age), SHOW_PLAIN);
		show_table_cell(t, inc->service, SHOW_PLAIN);
		show_table_cell(t, inc->title, SHOW_PLAIN);
	}
	buf_add_char(out, '\n');
	cli_table(t, out);
}

static void print_sources(const struct status *st, struct buf *out)
{
	static const char *const headings[] = {"SOURCE", "POSITION>",
					       "LAST SEEN", "NAME"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));

	for (size_t i = 0; i < st->source_count; i++) {
		const struct status_source *src = &st->sources[i];
		AUTO_BUF struct buf age = BUF_INIT;

		add_age(&age, st->time - src->seen);
		show_table_cell(t, slice_of(src->kind), SHOW_PLAIN);
		show_table_cellf(t, SHOW_PLAIN, "%lld",
				 (long long)src->position);
		show_table_cell(t, buf_slice(&age), SHOW_PLAIN);
		show_table_cell(t,
				slice_of(src->path ? src->path : src->stream),
				SHOW_PLAIN);
	}
	buf_add_char(out, '\n');
	cli_table(t, out);
}

static void print_screen(const struct status *st, struct buf *out)
{
	print_incidents(st, out);
	print_rest(st, out);
	if (st->worst_count)
		print_worst(st, out);
	if (st->source_count)
		print_sources(st, out);
}

int status_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	AUTO_STATUS struct status st = {.worst_count = 0};
	int rc;

	(void)argc;
	(void)argv;
	if (store_open(&store, cli_store_address(), STORE_READ, err) < 0 ||
	    status_read(store, &st, err) < 0)
		return -1;
	if (cli_records())
		status_records(&st, &out.out);
	else
		print_screen(&st, &out.out);
	rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}
