/* decide.c - oncall-triage decide, explain. */
#include "triage-cmd.h"

#include <oncall/clock.h>
#include <oncall/incident-query.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/record.h>
#include <oncall/when.h>

/* How long a stream is silent before what was decided is committed. */
#define DRY_MS 3
/* What is written at once: so much is told again after a crash. */
#define BATCH_BYTES   ((size_t)1024 * 1024)
#define BATCH_RECORDS 200
#define TITLE_MAX     200 /* bytes that people see */

static struct {
	bool pending, explain, dry_run;
} args;

/* clang-format off */
const struct cli_opt decide_opts[] = {
	CLI_FLAG('p', "pending", &args.pending, "read the store's incidents that nobody has decided about yet"),
	CLI_FLAG('e', "explain", &args.explain, "print all figures for people, instead of records"),
	CLI_FLAG('n', "dry-run", &args.dry_run, "keep nothing in the store"),
	TRIAGE_OPTS,
	CLI_LAST,
};

const struct cli_opt explain_opts[] = {TRIAGE_OPTS, CLI_LAST};
/* clang-format on */

struct decide {
	struct triage_cmd cmd;
	struct buf out; /* lines that wait for the commit */
	struct buf json;
	size_t waiting;
	bool began;
};

static void decide_close(struct decide *d)
{
	if (d->began)
		store_rollback(d->cmd.store);
	buf_done(&d->out);
	buf_done(&d->json);
	triage_cmd_close(&d->cmd);
}

static int begin(struct decide *d, struct err *err)
{
	if (d->began || !d->cmd.store || args.dry_run)
		return 0;
	if (store_begin(d->cmd.store, err) < 0)
		return -1;
	d->began = true;
	return 0;
}

static int commit(struct decide *d, struct record_writer *out, struct err *err)
{
	if (d->began) {
		d->began = false;
		if (store_commit(d->cmd.store, err) < 0)
			return -1;
	}
	if (d->out.len)
		record_write_lines(out, buf_slice(&d->out));
	buf_reset(&d->out);
	d->waiting = 0;
	return 0;
}

static void show_member(struct buf *out, const struct jscan *scan,
			const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type != JSCAN_STRING)
		return;
	jscan_unquote(&text, m->value);
	show_text(out, buf_str(&text), text.len, TITLE_MAX);
}

static void explain_to(struct buf *out, const struct jscan *scan,
		       const struct triage *t)
{
	show_member(out, scan, "id");
	buf_add_str(out, "  ");
	show_member(out, scan, "title");
	buf_add_char(out, '\n');
	triage_explain(out, t);
}

/* Under --replay it is the time of the record. */
static void set_clock(const struct jscan *scan)
{
	const struct jscan_member *m = jscan_get(scan, "time");
	AUTO_BUF struct buf text = BUF_INIT;
	int64_t ms;

	if (!cli_replay() || !m || m->type != JSCAN_STRING)
		return;
	jscan_unquote(&text, m->value);
	if (when_parse_rfc3339(buf_str(&text), text.len, &ms) == 0)
		clock_set(ms);
}

static int decide_record(struct decide *d, struct slice record,
			 const struct jscan *scan, struct err *err)
{
	AUTO_TRIAGE struct triage t = {.causes = NULL};

	set_clock(scan);
	if (triage_incident(d->cmd.triager, scan, &t, err) < 0 ||
	    begin(d, err) < 0)
		return -1;
	buf_reset(&d->json);
	triage_write(&d->json, &t);
	if (d->began &&
	    triage_keep(d->cmd.store, scan, &t, buf_slice(&d->json), err) < 0)
		return -1;
	if (args.explain) {
		if (d->out.len)
			buf_add_char(&d->out, '\n');
		explain_to(&d->out, scan, &t);
	} else if (jscan_put(&d->out, record, scan, "triage",
			     buf_slice(&d->json), err) < 0) {
		return -1;
	} else {
		buf_add_char(&d->out, '\n');
	}
	d->waiting++;
	return 0;
}

/* ---- records ---- */

/* Nobody waits for the store while the adviser is asked. */
static bool is_full(const struct decide *d)
{
	size_t records = config_bool(cli_config(), "adviser.enabled")
				 ? 1
				 : BATCH_RECORDS;

	return d->waiting >= records || d->out.len >= BATCH_BYTES;
}

static int on_pass(struct filter *f, struct slice line, struct err *err)
{
	struct decide *d = filter_arg(f);

	if (args.explain)
		return 0;
	buf_add_slice(&d->out, line);
	buf_add_char(&d->out, '\n');
	return is_full(d) ? commit(d, filter_out(f), err) : 0;
}

static int on_change(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	struct decide *d = filter_arg(f);

	if (begin(d, err) < 0 ||
	    (d->began &&
	     change_keep(d->cmd.store, rec->line, rec->scan, err) < 0))
		return -1;
	d->waiting++;
	return on_pass(f, rec->line, err);
}

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	struct decide *d = filter_arg(f);

	if (slice_is(rec->type, "change"))
		return on_change(f, rec, err);
	if (decide_record(d, rec->line, rec->scan, err) < 0)
		return -1;
	return is_full(d) ? commit(d, filter_out(f), err) : 0;
}

static int on_pause(struct filter *f, struct err *err)
{
	return commit(filter_arg(f), filter_out(f), err);
}

static const struct filter_ops ops = {
	.types = (const char *const[]){"incident", "change", NULL},
	.record = on_record,
	.pass = on_pass,
	.idle = on_pause,
	.finish = on_pause,
	.dry_wait_ms = DRY_MS,
};

/* ---- --pending ---- */

static int decide_incident(struct decide *d, const struct incident *inc,
			   struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT_MAX(SIZE_MAX / 2);
	struct jscan scan = {0};
	int rc = triage_cmd_record(d->cmd.store, inc, &record, err);

	if (rc == 0)
		rc = jscan_object(&scan, record.data, record.len, err);
	if (rc == 0)
		rc = decide_record(d, buf_slice(&record), &scan, err);
	jscan_done(&scan);
	return rc;
}

static bool is_pending(const struct incident *inc)
{
	return inc->triaged != inc->revision;
}

struct pending {
	struct decide *decide;
	struct record_writer *out;
};

static int on_pending(void *arg, const struct incident *inc, struct err *err)
{
	const struct pending *p = arg;

	if (decide_incident(p->decide, inc, err) < 0)
		return -1;
	return is_full(p->decide) ? commit(p->decide, p->out, err) : 0;
}

static int run_pending(struct decide *d, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	struct pending p = {d, &out};

	if (triage_cmd_needs_store(&d->cmd, err) < 0 ||
	    incident_walk(d->cmd.store, is_pending, on_pending, &p, err) < 0 ||
	    commit(d, &out, err) < 0)
		return -1;
	return record_flush(&out, err);
}

int decide_run(int argc, char **argv, struct err *err)
{
	struct decide d = {.out = BUF_INIT_MAX(SIZE_MAX / 2)};
	int rc;

	if (argc && args.pending)
		return err_set(err, ERR_USAGE, "--pending reads no file");
	rc = triage_cmd_open(
		&d.cmd, args.dry_run ? TRIAGE_CMD_READ : TRIAGE_CMD_KEEP, err);
	if (rc == 0 && args.pending)
		rc = run_pending(&d, err);
	else if (rc == 0)
		rc = filter_run(&ops, cli_filter_options(), &d, argc, argv,
				err);
	decide_close(&d);
	return rc;
}

/* ---- explain ---- */

/* What was decided before, where it is no longer the same. */
static int tell_kept(struct triage_cmd *c, int64_t num, struct slice now,
		     struct buf *out, struct err *err)
{
	AUTO_BUF struct buf kept = BUF_INIT_MAX(SIZE_MAX / 2);
	struct triage_kept when;
	struct jscan scan = {0};
	struct err ignored = ERR_INIT;
	char time[WHEN_TEXT];
	int got = triage_kept(c->store, num, &kept, &when, err);

	if (got < 0)
		return -1;
	if (!got) {
		buf_add_str(out, "\nNothing was decided about it before.\n");
		return 0;
	}
	if (slice_eq(buf_slice(&kept), now) ||
	    jscan_object(&scan, kept.data, kept.len, &ignored) < 0)
		return 0;
	when_format(time, when.decided);
	buf_addf(out, "\nDecided at %s, for revision %lld: ", time,
		 (long long)when.revision);
	show_member(out, &scan, "decision");
	buf_add_char(out, '\n');
	jscan_done(&scan);
	return 0;
}

static int explain_record(struct triage_cmd *c, int64_t num,
			  struct slice record, const struct jscan *scan,
			  struct buf *out, struct err *err)
{
	AUTO_BUF struct buf json = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_TRIAGE struct triage t = {.causes = NULL};

	if (triage_incident(c->triager, scan, &t, err) < 0)
		return -1;
	triage_write(&json, &t);
	if (cli_records()) {
		if (jscan_put(out, record, scan, "triage", buf_slice(&json),
			      err) < 0)
			return -1;
		buf_add_char(out, '\n');
		return 0;
	}
	explain_to(out, scan, &t);
	return tell_kept(c, num, buf_slice(&json), out, err);
}

int explain_run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_BUF struct buf record = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_INCIDENT struct incident inc = {.num = 0};
	AUTO_TRIAGE_CMD struct triage_cmd c = {.store = NULL};
	struct jscan scan = {0};
	int64_t num;
	int rc;

	(void)argc;
	if (incident_parse_id(argv[0], &num, err) < 0 ||
	    triage_cmd_open(&c, TRIAGE_CMD_READ, err) < 0 ||
	    triage_cmd_needs_store(&c, err) < 0 ||
	    incident_load(c.store, num, &inc, err) < 0 ||
	    triage_cmd_record(c.store, &inc, &record, err) < 0)
		return -1;
	rc = jscan_object(&scan, record.data, record.len, err);
	if (rc == 0)
		rc = explain_record(&c, num, buf_slice(&record), &scan,
				    &out.out, err);
	jscan_done(&scan);
	return rc < 0 ? -1 : record_flush(&out, err);
}
