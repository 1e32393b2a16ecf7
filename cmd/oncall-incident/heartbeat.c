/* heartbeat.c - oncall-incident heartbeat: signs of life that must come. */
#include "incident.h"

#include <oncall/actor.h>
#include <oncall/clock.h>
#include <oncall/heartbeat.h>
#include <oncall/jwrite.h>
#include <oncall/record.h>
#include <oncall/report.h>
#include <oncall/show.h>
#include <oncall/when.h>

struct looking {
	struct record_writer out;
	struct show_table *table; /* NULL: records */
	size_t count, missing;
};

static void looking_done(struct looking *l)
{
	show_table_free(l->table);
	record_writer_done(&l->out);
}

static void add_record(struct buf *out, const struct heartbeat_state *h)
{
	report_open(out, "heartbeat");
	jwrite_str(out, "value", h->missing ? "missing" : "ok");
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "heartbeat", h->name);
	jwrite_str(out, "kind", h->kind);
	jwrite_str(out, "why", h->why);
	jwrite_close(out, '}');
	jwrite_time_opt(out, "from", h->seen);
	jwrite_time(out, "to", h->due);
	report_close(out);
}

static void add_row(struct show_table *t, const struct heartbeat_state *h)
{
	char due[WHEN_TEXT];

	when_format(due, h->due);
	show_table_cell(t, slice_of(h->name), SHOW_BOLD);
	show_table_cell(t, slice_of(h->kind), SHOW_PLAIN);
	show_table_cell(t, slice_of(h->missing ? "missing" : "ok"),
			h->missing ? SHOW_RED : SHOW_GREEN);
	show_table_cell(t, slice_of(due), SHOW_PLAIN);
	show_table_cell(t, slice_of(h->why), SHOW_PLAIN);
}

static void on_state(void *arg, const struct heartbeat_state *h)
{
	struct looking *l = arg;

	l->count++;
	l->missing += h->missing;
	if (l->table)
		add_row(l->table, h);
	else
		add_record(&l->out.out, h);
}

static int check(struct store *store, const char *actor, struct err *err)
{
	static const char *const headings[] = {"HEARTBEAT", "KIND", "STATE",
					       "DUE", "WHY"};
	CLEANUP(looking_done)
	struct looking l = {
		.out = RECORD_WRITER_INIT(STDOUT_FILENO),
		.table = cli_records() ? NULL
				       : show_table_new(headings,
							ARRAY_LEN(headings)),
	};
	struct heartbeat_options o = {.store = store,
				      .config = cli_config(),
				      .actor = actor,
				      .now = clock_now(),
				      .tell = on_state,
				      .arg = &l};
	int64_t next;

	if (heartbeat_check(&o, &next, err) < 0)
		return -1;
	if (l.table && l.count)
		cli_table(l.table, &l.out.out);
	else if (l.table)
		buf_add_str(&l.out.out, "none is configured\n");
	if (record_flush(&l.out, err) < 0)
		return -1;
	return l.missing ? err_exit_status(ERR_NO) : 0;
}

int heartbeat_run(int argc, char **argv, struct err *err)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_FREE char *actor = NULL;
	bool beat = argc == 2 && !strcmp(argv[0], "beat");

	if (argc && !beat)
		return err_set(
			err, ERR_USAGE,
			"write 'heartbeat' to look at all, or 'heartbeat "
			"beat NAME' to give a sign of life");
	if (actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    open_store(&store, STORE_WRITE, err) < 0)
		return -1;
	return beat ? heartbeat_beat(store, cli_config(), argv[1], clock_now(),
				     err)
		    : check(store, actor, err);
}
