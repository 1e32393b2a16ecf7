/* mend.c - oncall-act undo and recover: what is taken back, what was cut off.
 */
#include "act-cmd.h"

#include <oncall/mem.h>
#include <oncall/signals.h>

#include "carry.h"
#include "tell.h"

#define PATIENCE_MS 10000

static struct {
	const char *reason, *verdict;
	bool run;
} args;

/* clang-format off */
const struct cli_opt undo_opts[] = {
	ACT_ACTION_OPTS,
	CLI_LAST,
};

const struct cli_opt recover_opts[] = {
	CLI_FLAG('r', "run", &args.run, "look at the checks, and repeat what does no harm"),
	CLI_CHOICE(0, "verdict", "VERDICT", &args.verdict, action_verdict_names, "what you have seen that became of it"),
	CLI_STR('m', "reason", "TEXT", &args.reason, "how you know, for the record"),
	ACT_ACTION_OPTS,
	CLI_LAST,
};
/* clang-format on */

/* ---- undo ---- */

static int undo(struct act_cmd *c, const char *id, struct record_writer *out,
		struct err *err)
{
	AUTO_CARRY struct carry *carry =
		carry_new(c->act, c->store, 1, PATIENCE_MS);
	CLEANUP(carry_item_done)
	struct carry_item item = {.state = CARRY_QUEUED};

	if (act_undo(c->act, id, c->actor, &item.job, err) < 0)
		return -1;
	carry_add(carry, &item);
	if (carry_all(carry, err) < 0)
		return -1;
	return tell_stored(c, item.job.id, out, err);
}

int undo_run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	int status;

	(void)argc;
	signals_install();
	if (act_cmd_open(&c, ACT_CMD_CHANGE, err) < 0)
		return -1;
	status = undo(&c, argv[0], &out, err);
	return status < 0 || record_flush(&out, err) < 0 ? -1 : status;
}

/* ---- recover ---- */

struct recovery {
	struct act_cmd cmd;
	struct record_writer out;
	struct act_jobs jobs;
	int status;
};

static bool is_wanted(const char *id, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], id))
			return true;
	return argc == 0;
}

/* Settles what its check proves; repeats what is idempotent. */
static int recover_one(struct recovery *r, struct act_job *job, struct err *err)
{
	AUTO_CARRY struct carry *carry =
		carry_new(r->cmd.act, r->cmd.store, 1, PATIENCE_MS);
	struct carry_item item = {.state = CARRY_QUEUED};
	int rc;

	if (act_recheck(r->cmd.act, job, r->cmd.actor, err) < 0)
		return -1;
	if (job->status != ACT_PLANNED)
		return 0;
	item.job = *job;
	carry_add(carry, &item);
	rc = carry_all(carry, err);
	*job = item.job;
	return rc;
}

static int judge(struct recovery *r, const char *id, struct err *err)
{
	enum action_verdict verdict;

	if (!action_verdict_parse(slice_of(args.verdict), &verdict))
		return 0;
	return act_judge(r->cmd.act, id, verdict, r->cmd.actor, args.reason,
			 err);
}

static int recover_all(struct recovery *r, int argc, char **argv,
		       struct err *err)
{
	if (act_recover(r->cmd.act, &r->jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < r->jobs.count && !signals_stop(); i++) {
		struct act_job *job = r->jobs.items[i];
		int status;

		if (!is_wanted(job->id, argc, argv))
			continue;
		if ((args.run && recover_one(r, job, err) < 0) ||
		    (args.verdict && judge(r, job->id, err) < 0))
			return -1;
		status = tell_stored(&r->cmd, job->id, &r->out, err);
		if (status < 0 || record_flush(&r->out, err) < 0)
			return -1;
		r->status = err_worse_status(r->status, status);
	}
	return 0;
}

static int check_args(int argc, struct err *err)
{
	if (args.verdict && (args.run || argc == 0))
		return err_set(err, ERR_USAGE,
			       "--verdict takes the id of an action, and no "
			       "--run");
	if (args.reason && !args.verdict)
		return err_set(err, ERR_USAGE, "--reason goes with --verdict");
	return 0;
}

int recover_run(int argc, char **argv, struct err *err)
{
	struct recovery r = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	int rc = check_args(argc, err);

	signals_install();
	if (rc == 0)
		rc = act_cmd_open(&r.cmd, ACT_CMD_CHANGE, err);
	if (rc == 0)
		rc = recover_all(&r, argc, argv, err);
	if (rc == 0)
		rc = record_flush(&r.out, err);
	if (rc == 0 && r.jobs.count == 0 && !cli_records()) {
		buf_add_str(&r.out.out, "nothing was cut off\n");
		rc = record_flush(&r.out, err);
	}
	act_jobs_done(&r.jobs);
	record_writer_done(&r.out);
	act_cmd_close(&r.cmd);
	return rc < 0 ? -1 : r.status;
}
