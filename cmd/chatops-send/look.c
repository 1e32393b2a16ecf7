/* look.c - chatops-send --check and --render: nothing is sent. */
#include "send-cmd.h"

#include <oncall/diag.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

/* ---- --check ---- */

static void check_one(const char *name, struct buf *out, int *status)
{
	AUTO_CHANNEL struct channel *ch = NULL;
	AUTO_BUF struct buf found = BUF_INIT;
	struct err err = ERR_INIT;

	if (channel_open(&ch, cli_config(), name, &err) == 0 &&
	    channel_check(ch, &found, &err) == 0) {
		buf_addf(out, "%s: ok: %s\n", name, buf_str(&found));
		return;
	}
	buf_addf(out, "%s: no\n", name);
	diag_error("%s: %s", name, err.text);
	*status = err_worse_status(*status, err_exit_status(err.kind));
}

int check_targets(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	const char *name;
	int status = 0;

	signals_install();
	for (int i = 0; i < argc; i++)
		check_one(argv[i], &out.out, &status);
	for (size_t i = 0;
	     argc == 0 && (name = config_item(cli_config(), "targets", i));
	     i++) {
		check_one(name, &out.out, &status);
		if (record_flush(&out, err) < 0)
			return -1;
	}
	if (!argc && !config_item(cli_config(), "targets", 0))
		return err_set(err, ERR_USAGE,
			       "no target is configured: see targets in "
			       "oncall-config(5)");
	return record_flush(&out, err) < 0 ? -1 : status;
}

/* ---- --render ---- */

static int render_note(struct channel *ch, const struct note *n,
		       const char *key, struct buf *out, struct err *err)
{
	char id[SEND_ID];
	struct channel_job job = {.note = n, .key = id};

	send_id(key, id);
	return channel_render(ch, &job, out, err);
}

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	AUTO_NOTE struct note n = {.type = NULL};
	AUTO_BUF struct buf key = BUF_INIT;

	if (note_read(&n, rec->line, err) < 0)
		return -1;
	message_key(rec, &key);
	return render_note(filter_arg(f), &n, buf_str(&key),
			   &filter_out(f)->out, err);
}

static int on_pass(struct filter *f, struct slice line, struct err *err)
{
	(void)f;
	(void)line;
	(void)err;
	return 0;
}

int render_messages(int argc, char **argv, struct err *err)
{
	static const char *const types[] = {"message", "incident",  "action",
					    "run",     "detection", "report",
					    NULL};
	const struct filter_ops ops = {
		.types = types, .record = on_record, .pass = on_pass};
	AUTO_CHANNEL struct channel *ch = NULL;

	if (channel_open(&ch, cli_config(), send_args.render, err) < 0)
		return -1;
	return filter_run(&ops, cli_filter_options(), ch, argc, argv, err);
}
