/* people.c - oncall-act approve, deny, revoke, pending: who has to agree. */
#include "act-cmd.h"

#include <oncall/act-query.h>
#include <oncall/act-vote.h>
#include <oncall/incident.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#include "carry.h"
#include "tell.h"

#define PATIENCE_MS 30000
#define PENDING_MAX 10000

static struct {
	const char *reason;
	bool run;
} args;

/* clang-format off */
const struct cli_opt approve_opts[] = {
	CLI_STR('m', "reason", "TEXT", &args.reason, "why, for the record"),
	CLI_FLAG('r', "run", &args.run, "carry it out at once, when all have agreed"),
	ACT_ACTION_OPTS,
	CLI_LAST,
};

const struct cli_opt deny_opts[] = {
	CLI_STR('m', "reason", "TEXT", &args.reason, "why, for the record"),
	CLI_LAST,
};

const struct cli_opt pending_opts[] = {CLI_LAST};
/* clang-format on */

/* ---- votes ---- */

/* The text of a member of a record, "" when there is none. */
static void member_text(struct slice record, const char *name, struct buf *out)
{
	struct jscan scan = {0};
	struct err ignored = ERR_INIT;
	const struct jscan_member *m;

	if (jscan_object(&scan, record.ptr, record.len, &ignored) == 0 &&
	    (m = jscan_get(&scan, name)) && m->type == JSCAN_STRING)
		jscan_unquote(out, m->value);
	jscan_done(&scan);
}

/* What the vote made of it; tells whether it may run now. */
static int tell_vote(struct act_cmd *c, const struct act_voted *v,
		     struct record_writer *out, bool *ret_approved,
		     struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT, status = BUF_INIT;

	if (approval_record(c->store, v->approval, &record, err) < 0)
		return -1;
	member_text(buf_slice(&record), "status", &status);
	*ret_approved = !strcmp(buf_str(&status), "approved");
	if (cli_records()) {
		record_write(out, buf_slice(&record));
		return 0;
	}
	buf_addf(&out->out, "%s  %s", *v->action ? v->action : v->approval,
		 !strcmp(buf_str(&status), "waiting") ? "waits for more votes"
						      : buf_str(&status));
	if (*ret_approved && *v->action && !args.run)
		buf_add_str(&out->out, "; carry it out with: oncall-act run "
				       "--pending");
	buf_add_char(&out->out, '\n');
	return 0;
}

/* The job of that action among what may be carried out now; false: it may
 * not. */
static bool find_job(struct act_jobs *jobs, const char *id, struct act_job *ret)
{
	for (size_t i = 0; i < jobs->count; i++) {
		if (strcmp(jobs->items[i]->id, id) != 0)
			continue;
		*ret = *jobs->items[i];
		*jobs->items[i] = (struct act_job){.status = ACT_PLANNED};
		return true;
	}
	return false;
}

static int carry_out(struct act_cmd *c, const char *id,
		     struct record_writer *out, struct err *err)
{
	AUTO_CARRY struct carry *carry =
		carry_new(c->act, c->store, 1, PATIENCE_MS);
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};
	struct carry_item item = {.state = CARRY_QUEUED};
	int rc;

	signals_install();
	rc = act_pending(c->act, PENDING_MAX, &jobs, err);
	if (rc == 0 && find_job(&jobs, id, &item.job)) {
		carry_add(carry, &item);
		rc = carry_all(carry, err);
	}
	carry_item_done(&item);
	return rc < 0 ? -1 : tell_stored(c, id, out, err);
}

static int approve_one(struct act_cmd *c, const char *id,
		       struct record_writer *out, struct err *err)
{
	const struct act_vote v = {id, c->actor, args.reason};
	struct act_voted voted;
	bool approved;

	if (act_vote(c->store, &v, true, &voted, err) < 0 ||
	    tell_vote(c, &voted, out, &approved, err) < 0 ||
	    record_flush(out, err) < 0)
		return -1;
	if (!args.run || !*voted.action)
		return 0;
	return approved ? carry_out(c, voted.action, out, err)
			: err_exit_status(ERR_REMOTE);
}

static int deny_one(struct act_cmd *c, const char *id,
		    struct record_writer *out, struct err *err)
{
	const struct act_vote v = {id, c->actor, args.reason};
	struct act_voted voted;
	bool approved;

	return act_vote(c->store, &v, false, &voted, err) < 0
		       ? -1
		       : tell_vote(c, &voted, out, &approved, err);
}

static int revoke_one(struct act_cmd *c, const char *id,
		      struct record_writer *out, struct err *err)
{
	const struct act_vote v = {id, c->actor, args.reason};
	struct act_voted voted;
	bool approved;

	return act_revoke(c->store, &v, &voted, err) < 0
		       ? -1
		       : tell_vote(c, &voted, out, &approved, err);
}

typedef int say_fn(struct act_cmd *c, const char *id, struct record_writer *out,
		   struct err *err);

/* In order; what was said before an error stays said, and was written. */
static int say_all(int argc, char **argv, say_fn *say, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	int status = 0;

	if (act_cmd_open(&c, args.run ? ACT_CMD_CHANGE : ACT_CMD_SWITCH, err) <
	    0)
		return -1;
	for (int i = 0; i < argc; i++) {
		int one = say(&c, argv[i], &out, err);

		if (one < 0 || record_flush(&out, err) < 0)
			return -1;
		status = err_worse_status(status, one);
	}
	return status;
}

int approve_run(int argc, char **argv, struct err *err)
{
	return say_all(argc, argv, approve_one, err);
}

int deny_run(int argc, char **argv, struct err *err)
{
	return say_all(argc, argv, deny_one, err);
}

int revoke_run(int argc, char **argv, struct err *err)
{
	return say_all(argc, argv, revoke_one, err);
}

/* ---- pending ---- */

static int64_t missing(const struct act_wait *w)
{
	int64_t yes = (int64_t)jlist_items(w->votes, NULL, 0);

	/* One "no" ends it, so all votes of what waits are "yes". */
	return w->approved || yes >= w->quorum ? 0 : w->quorum - yes;
}

/* "1 of ana, ben"; "2 of anybody" */
static void add_needs(struct buf *out, const struct act_wait *w)
{
	struct slice names[CLI_LIST_MAX];
	size_t n = jlist_items(w->approvers, names, CLI_LIST_MAX);

	if (w->approved) {
		buf_add_str(out, "nobody: run --pending");
		return;
	}
	buf_addf(out, "%lld of ", (long long)missing(w));
	for (size_t i = 0; i < n && i < CLI_LIST_MAX; i++) {
		buf_add_str(out, i ? ", " : "");
		jscan_unquote(out, names[i]);
	}
	if (!n)
		buf_add_str(out, "anybody");
}

static void add_waiting(struct show_table *t, const struct act_wait *w)
{
	AUTO_BUF struct buf needs = BUF_INIT, command = BUF_INIT;
	char until[WHEN_TEXT], incident[INCIDENT_ID] = "";

	add_needs(&needs, w);
	member_text(w->subject, "command", &command);
	when_format(until, w->expires);
	if (w->incident)
		incident_id(incident, w->incident);
	show_table_cell(t, w->id, SHOW_BOLD);
	show_table_cell(t, w->name, SHOW_PLAIN);
	show_table_cell(t, w->target, SHOW_PLAIN);
	show_table_cell(t, slice_of(incident), SHOW_PLAIN);
	show_table_cell(t, w->requester, SHOW_PLAIN);
	show_table_cell(t, buf_slice(&needs), SHOW_YELLOW);
	show_table_cell(t, slice_of(until), SHOW_PLAIN);
	show_table_cell(t, buf_slice(&command), SHOW_PLAIN);
}

static int write_waiting(struct store *s, const struct act_wait *w,
			 struct record_writer *out, struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT, with = BUF_INIT, n = BUF_INIT;
	AUTO_BUF struct buf id = BUF_INIT, action = BUF_INIT;

	buf_add_slice(&id, w->approval);
	jwrite_text(&action, NULL, w->id);
	buf_addf(&n, "%lld", (long long)missing(w));
	if (approval_record(s, buf_str(&id), &record, err) < 0 ||
	    jscan_splice(&with, record.data, record.len, "action",
			 buf_slice(&action), err) < 0 ||
	    jscan_splice(&out->out, with.data, with.len, "missing",
			 buf_slice(&n), err) < 0)
		return -1;
	record_write_end(out);
	return 0;
}

static int list_waiting(struct store *s, struct record_writer *out,
			struct err *err)
{
	static const char *const headings[] = {"ID",	   "ACTION",   "TARGET",
					       "INCIDENT", "ASKED BY", "NEEDS",
					       "UNTIL",	   "COMMAND~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	AUTO_ROWS struct store_rows *rows = s ? act_waiting(s, err) : NULL;
	struct act_wait w;
	size_t count = 0;
	int got = 0;

	if (s && !rows)
		return -1;
	for (; rows && (got = act_waiting_next(rows, &w, err)) > 0; count++) {
		if (!cli_records())
			add_waiting(t, &w);
		else if (write_waiting(s, &w, out, err) < 0)
			return -1;
	}
	if (!cli_records() && count)
		cli_table(t, &out->out);
	else if (!cli_records())
		buf_add_str(&out->out, "nothing waits\n");
	return got;
}

int pending_run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};

	(void)argc;
	(void)argv;
	if (act_cmd_open(&c, ACT_CMD_READ, err) < 0 ||
	    list_waiting(c.store, &out, err) < 0)
		return -1;
	return record_flush(&out, err);
}
