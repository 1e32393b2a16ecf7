/* exchange.c - oncall-incident export, import, purge. */
#include "incident.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/incident-exchange.h>
#include <oncall/incident-query.h>
#include <oncall/when.h>

static const char *const formats[] = {"jsonl", "csv", NULL};

static struct {
	const char *format;
	struct incident_query query;
	bool replace, dry_run;
	int64_t older_than;
} args = {.format = "jsonl", .older_than = WHEN_NONE};

/* clang-format off */
const struct cli_opt export_opts[] = {
	CLI_CHOICE('f', "format", "FORMAT", &args.format, formats, "form of the output (default: jsonl)"),
	CLI_CHOICE('s', "status", "STATUS", &args.query.status, status_choices, "only those with that status (default: all)"),
	CLI_STR(0, "service", "NAME", &args.query.service, "only those of that service"),
	CLI_LAST,
};

const struct cli_opt import_opts[] = {
	CLI_CHOICE('f', "format", "FORMAT", &args.format, formats, "form of the input (default: jsonl)"),
	CLI_FLAG(0, "replace", &args.replace, "replace incidents that are there and differ"),
	CLI_LAST,
};

const struct cli_opt purge_opts[] = {
	CLI_DURATION(0, "older-than", "AGE", &args.older_than, "not updated for that long (default: retention.incidents)"),
	CLI_FLAG('n', "dry-run", &args.dry_run, "only say which ones"),
	CLI_LAST,
};
/* clang-format on */

static bool is_csv(void)
{
	return strcmp(args.format, "csv") == 0;
}

/* ---- export ---- */

static int export_one(struct store *s, const struct incident *inc,
		      struct buf *record, struct record_writer *out,
		      struct err *err)
{
	buf_reset(record);
	if (incident_record(s, inc,
			    INCIDENT_WITH_DETECTIONS | INCIDENT_WITH_TIMELINE,
			    record, err) < 0)
		return -1;
	if (!is_csv()) {
		record_write(out, buf_slice(record));
		return 0;
	}
	if (incident_csv_row(&out->out, buf_slice(record), err) < 0)
		return -1;
	out->out.len--; /* the writer ends the line itself */
	record_write_end(out);
	return 0;
}

static int export_all(struct store *s, struct record_writer *out,
		      struct err *err)
{
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	AUTO_BUF struct buf record = BUF_INIT;
	struct incident inc;
	int got;

	if (!args.query.status)
		args.query.status = "all";
	args.query.reverse = true;
	if (incident_find(s, &args.query, &rows, err) < 0)
		return -1;
	if (is_csv())
		incident_csv_heading(&out->out);
	while ((got = incident_next(rows, &inc, err)) > 0)
		if (export_one(s, &inc, &record, out, err) < 0)
			return -1;
	return got;
}

int export_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	int rc;

	(void)argc;
	(void)argv;
	if (open_store(&store, STORE_READ, err) < 0 ||
	    store_begin(store, err) < 0)
		return -1;
	rc = export_all(store, &out, err);
	if (rc == 0)
		rc = record_flush(&out, err);
	store_rollback(store);
	record_writer_done(&out);
	return rc;
}

/* ---- import ---- */

static void on_refused(void *arg, const char *id)
{
	bool *any = arg;

	*any = true;
	diag_error("%s is in the store and differs; --replace replaces it", id);
}

static int commit(struct incident_import *im, bool *ret_refused,
		  struct err *err)
{
	return incident_import_commit(im, on_refused, ret_refused, err);
}

/* What the filter's functions share. */
struct importing {
	struct incident_import *im;
	bool refused;
};

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	struct importing *i = filter_arg(f);

	if (incident_import_add(i->im, rec->line, err) < 0)
		return -1;
	return incident_import_full(i->im) ? commit(i->im, &i->refused, err)
					   : 0;
}

static int on_pause(struct filter *f, struct err *err)
{
	struct importing *i = filter_arg(f);

	return commit(i->im, &i->refused, err);
}

static const struct filter_ops ops = {
	.types = (const char *const[]){"incident", NULL},
	.record = on_record,
	.idle = on_pause,
	.finish = on_pause,
};

/* One CSV file; bad rows are reported and skipped. */
static int import_csv(struct importing *i, int fd, const char *name,
		      bool *ret_bad, struct err *err)
{
	AUTO_CSV struct csv_reader *in = csv_reader_new(fd, name);
	AUTO_BUF struct buf record = BUF_INIT, names = BUF_INIT;
	AUTO_FREE struct csv_row *heading = csv_row_new();
	AUTO_FREE struct csv_row *row = csv_row_new();
	int got = csv_read(in, heading, err);

	csv_row_keep(heading, &names);
	while (got > 0 && (got = csv_read(in, row, err)) != 0) {
		buf_reset(&record);
		if (got > 0 &&
		    incident_csv_record(&record, heading, row, err) == 0 &&
		    incident_import_add(i->im, buf_slice(&record), err) == 0) {
			if (incident_import_full(i->im) &&
			    commit(i->im, &i->refused, err) < 0)
				return -1;
			continue;
		}
		if (err->kind != ERR_INPUT || cli_filter_options()->strict)
			return err_prefix(err, "%s:%zu", name,
					  csv_reader_line(in));
		diag_error("%s:%zu: %s", name, csv_reader_line(in), err->text);
		err_clear(err);
		*ret_bad = true;
		got = 1;
	}
	return got < 0 ? -1 : commit(i->im, &i->refused, err);
}

static int import_csv_files(struct importing *i, int argc, char **argv,
			    struct err *err)
{
	bool bad = false;

	if (argc == 0)
		return import_csv(i, STDIN_FILENO, "standard input", &bad,
				  err) < 0
			       ? -1
			       : (bad ? 3 : 0);
	for (int a = 0; a < argc; a++) {
		AUTO_FD int fd = open(argv[a], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return err_sys(err, errno, "cannot open '%s'", argv[a]);
		if (import_csv(i, fd, argv[a], &bad, err) < 0)
			return -1;
	}
	return bad ? 3 : 0;
}

int import_run(int argc, char **argv, struct err *err)
{
	AUTO_STORE struct store *store = NULL;
	struct importing i = {.im = NULL};
	int64_t added, replaced, same;
	int rc;

	if (open_store(&store, STORE_WRITE, err) < 0)
		return -1;
	i.im = incident_import_new(&(struct incident_import_options){
		.store = store, .replace = args.replace});
	rc = is_csv() ? import_csv_files(&i, argc, argv, err)
		      : filter_run(&ops, cli_filter_options(), &i, argc, argv,
				   err);
	incident_import_counts(i.im, &added, &replaced, &same);
	diag_info("%lld added, %lld replaced, %lld there already",
		  (long long)added, (long long)replaced, (long long)same);
	incident_import_free(i.im);
	return rc >= 0 && i.refused ? err_worse_status(rc, 3) : rc;
}

/* ---- purge ---- */

static void on_purged(void *arg, const struct incident *inc)
{
	struct record_writer *out = arg;
	char id[INCIDENT_ID];

	if (cli_records()) {
		buf_add_char(&out->out, '{');
		incident_write(&out->out, inc);
		buf_add_char(&out->out, '}');
	} else {
		incident_id(id, inc->num);
		buf_addf(&out->out, "%s %s",
			 args.dry_run ? "would remove" : "removed", id);
	}
	record_write_end(out);
}

int purge_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	int64_t age = args.older_than;
	int rc;

	(void)argc;
	(void)argv;
	if (age == WHEN_NONE)
		age = config_duration(cli_config(), "retention.incidents");
	if (age < 0)
		return err_set(err, ERR_USAGE,
			       "retention.incidents is 'forever'; say "
			       "--older-than");
	if (open_store(&store, STORE_WRITE, err) < 0)
		return -1;
	rc = incident_purge(store, clock_now() - age, args.dry_run, on_purged,
			    &out, err);
	if (rc == 0)
		rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}
