/* filter.c - chatops-send in a pipe. */
#include "send-cmd.h"

#include <oncall/mem.h>

/* How long a stream is silent before what was gathered is sent. */
#define DRY_MS	  3
#define TYPES_MAX 16

static struct run *run_of(struct filter *f)
{
	struct run *r = filter_arg(f);

	run_set_out(r, filter_out(f));
	return r;
}

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	AUTO_NOTE struct note n = {.type = NULL};
	AUTO_BUF struct buf key = BUF_INIT;
	struct run_message m = {.record = rec->line};

	if (note_read(&n, rec->line, err) < 0)
		return -1;
	message_key(rec, &key);
	m.key = buf_str(&key);
	m.thread = n.thread ? n.thread : n.incident;
	m.call = n.reason && !strcmp(n.reason, "escalation");
	return run_add(run_of(f), &m, err);
}

static int on_pass(struct filter *f, struct slice line, struct err *err)
{
	return run_pass(run_of(f), line, err);
}

static int on_idle(struct filter *f, struct err *err)
{
	return run_settle(run_of(f), true, err);
}

static int on_finish(struct filter *f, struct err *err)
{
	struct run *r = run_of(f);

	if (run_settle(r, false, err) < 0)
		return -1;
	filter_set_status(f, run_status(r));
	return 0;
}

static int list_types(const char **types, char **names, struct err *err)
{
	size_t n = 0;

	types[n++] = "message";
	for (size_t i = 0; names && names[i]; i++) {
		if (n == TYPES_MAX)
			return err_set(err, ERR_USAGE,
				       "--each takes %d types at most",
				       TYPES_MAX - 1);
		types[n++] = names[i];
	}
	return 0;
}

int filter_messages(int argc, char **argv, struct err *err)
{
	const char *types[TYPES_MAX + 1] = {NULL};
	const struct filter_ops ops = {
		.types = types,
		.record = on_record,
		.pass = on_pass,
		.idle = on_idle,
		.finish = on_finish,
		.keep_bad = true,
		.dry_wait_ms = DRY_MS,
	};
	AUTO_RUN struct run *r = NULL;
	char **each = send_args.each ? split_names(send_args.each) : NULL;
	int rc = list_types(types, each, err);

	if (rc == 0)
		rc = run_open(&r, NULL, err);
	if (rc == 0)
		rc = filter_run(&ops, cli_filter_options(), r, argc, argv, err);
	free_names(each);
	return rc;
}
