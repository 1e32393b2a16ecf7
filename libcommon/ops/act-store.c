/* act-store.c - actions as rows and as records; what dead runners left. */
#include "act-internal.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

void act_read_job(struct act_job *j, struct store_rows *rows)
{
	struct act_facts *f = mem_zero(1, sizeof(*f));

	act_job_done(j);
	act_copy_to(j->id, sizeof(j->id), store_text(rows, 0));
	(void)act_status_parse(store_text(rows, 1), &j->status);
	j->reason = mem_dup_slice(store_text(rows, 2));
	act_copy_to(j->approval, sizeof(j->approval), store_text(rows, 3));
	f->action = mem_dup_slice(store_text(rows, 4));
	f->params = mem_dup_slice(store_text(rows, 5));
	f->untrusted = slice_is(store_text(rows, 6), "all")
			       ? NULL
			       : mem_dup_slice(store_text(rows, 6));
	f->service = mem_dup_slice(store_text(rows, 7));
	f->host = mem_dup_slice(store_text(rows, 8));
	f->entry = mem_dup_slice(store_text(rows, 9));
	f->solution = mem_dup_slice(store_text(rows, 10));
	f->decision = mem_dup_slice(store_text(rows, 11));
	f->actor = mem_dup_slice(store_text(rows, 12));
	f->incident = j->incident = store_int(rows, 13);
	f->revision = store_int(rows, 14);
	f->undo_of = mem_dup_slice(store_text(rows, 15));
	f->tags = mem_dup("[]");
	j->undo = f->undo_of != NULL;
	j->facts = f;
}

int act_read_jobs(struct store_rows *rows, struct act_jobs *ret,
		  struct err *err)
{
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		act_read_job(act_jobs_add(ret), rows);
	return got;
}

int act_read_incident(struct act *a, struct act_job *j, struct err *err)
{
	struct act_facts *f = j->facts;
	AUTO_INCIDENT struct incident inc = {.num = 0};
	struct err why = ERR_INIT;

	if (!f->incident)
		return 0;
	if (incident_load(a->store, f->incident, &inc, &why) < 0)
		return why.kind == ERR_NO
			       ? 0
			       : err_set(err, why.kind, "%s", why.text);
	free(f->category);
	free(f->pattern);
	free(f->tags);
	f->category = inc.category.ptr ? mem_dup(inc.category.ptr) : NULL;
	f->pattern = inc.pattern.ptr ? mem_dup(inc.pattern.ptr) : NULL;
	f->tags = mem_dup_bytes(inc.tags.ptr, inc.tags.len);
	f->severity = inc.severity;
	return 0;
}

static int no_action(const char *id, struct err *err)
{
	return err_set(err, ERR_NO,
		       "there is no action '%s'; oncall-act history lists them",
		       id);
}

int act_load(struct act *a, const char *id, struct act_job *j, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT " ACT_COLUMNS " FROM actions a WHERE a.id = $1",
		S_TEXT(id));
	int got = rows ? store_next(rows, err) : -1;

	if (got < 0)
		return -1;
	if (got == 0)
		return no_action(id, err);
	act_read_job(j, rows);
	return 0;
}

/* ---- the record ---- */

static void write_outcome(struct buf *out, struct slice json)
{
	AUTO_ACTION_OUTCOME struct action_outcome o = {.output = NULL};
	struct err ignored = ERR_INIT;

	if (!json.ptr || action_outcome_read(&o, json, &ignored) < 0)
		return;
	if (o.exit >= 0)
		jwrite_int(out, "exit", o.exit);
	jwrite_str_opt(out, "output", o.output);
	if (o.before || o.after) {
		jwrite_open(out, "check", '{');
		jwrite_str_opt(out, "before", o.before);
		jwrite_str_opt(out, "after", o.after);
		jwrite_close(out, '}');
	}
	jwrite_str_opt(out, "rollback", o.rollback);
}

static void write_opt(struct buf *out, const char *name, struct slice text)
{
	if (text.ptr && text.len)
		jwrite_text(out, name, text);
}

#define RECORD                                                                \
	"SELECT id, requested, name, incident, params, target, service, "     \
	"host, entry, solution, decision, actor, approval, status, verdict, " \
	"reason, attempts, started, ended, outcome, undo_of, undone FROM "    \
	"actions WHERE id = $1"

static void write_record(struct buf *out, struct store_rows *r)
{
	char incident[INCIDENT_ID];

	jwrite_record(out, "action", store_text(r, 0), store_time(r, 1));
	jwrite_text(out, "name", store_text(r, 2));
	if (!store_is_null(r, 3)) {
		incident_id(incident, store_int(r, 3));
		jwrite_str(out, "incident", incident);
	}
	jwrite_raw(out, "params", store_text(r, 4));
	write_opt(out, "target", store_text(r, 5));
	write_opt(out, "service", store_text(r, 6));
	write_opt(out, "host", store_text(r, 7));
	write_opt(out, "entry", store_text(r, 8));
	write_opt(out, "solution", store_text(r, 9));
	write_opt(out, "decision", store_text(r, 10));
	jwrite_text(out, "actor", store_text(r, 11));
	write_opt(out, "approval", store_text(r, 12));
	jwrite_text(out, "status", store_text(r, 13));
	write_opt(out, "verdict", store_text(r, 14));
	write_opt(out, "reason", store_text(r, 15));
	jwrite_int(out, "attempts", store_int(r, 16));
	jwrite_time_opt(out, "started", store_time(r, 17));
	jwrite_time_opt(out, "ended", store_time(r, 18));
	write_outcome(out, store_text(r, 19));
	write_opt(out, "undo_of", store_text(r, 20));
	write_opt(out, "undone", store_text(r, 21));
	jwrite_close(out, '}');
}

int act_record(struct act *a, const char *id, struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(a->store, err, RECORD, S_TEXT(id));
	int got = rows ? store_next(rows, err) : -1;

	if (got < 0)
		return -1;
	if (got == 0)
		return no_action(id, err);
	write_record(out, rows);
	return 0;
}

/* ---- what dead runners left ---- */

/* Whoever can hold the name of a runner knows that nobody else does. */
static int is_gone(struct act *a, const char *runner, struct err *err)
{
	if (!strcmp(runner, a->runner))
		return 0;
	return store_try_hold(a->store, runner, err);
}

static int find_left(struct act *a, const char *runner, struct act_jobs *ret,
		     struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT " ACT_COLUMNS " FROM actions a WHERE a.status = "
		"'running' AND a.runner = $1",
		S_TEXT(runner));

	return act_read_jobs(rows, ret, err);
}

static int leave_unknown(struct act *a, struct act_job *j, struct err *err)
{
	AUTO_FREE char *note = NULL;

	j->status = ACT_UNKNOWN;
	free(j->reason);
	j->reason = mem_dup("the program that ran it ended before it could "
			    "tell what came of it");
	note = mem_printf("%s %s: unknown, %s", j->facts->action, j->id,
			  j->reason);
	if (STORE_QUEUE(a->store, err,
			"UPDATE actions SET status = 'unknown', reason = $2, "
			"runner = NULL, ended = $3 WHERE id = $1",
			S_TEXT(j->id), S_TEXT(j->reason),
			S_INT(clock_now())) < 0 ||
	    act_audit(a, j, "unknown", err) < 0)
		return -1;
	return act_timeline(a, j, "action", note, err);
}

static int reap_one(struct act *a, const char *runner, struct err *err)
{
	CLEANUP(act_jobs_done) struct act_jobs left = {NULL, 0};
	int gone = is_gone(a, runner, err);

	if (gone <= 0)
		return gone;
	if (find_left(a, runner, &left, err) < 0)
		return -1;
	for (size_t i = 0; i < left.count; i++)
		if (leave_unknown(a, left.items[i], err) < 0)
			return -1;
	return STORE_QUEUE(a->store, err,
			   "DELETE FROM action_targets WHERE runner = $1",
			   S_TEXT(runner));
}

int act_reap(struct act *a, const char *runner, struct err *err)
{
	AUTO_BUF struct buf names = BUF_INIT;
	int got;

	if (runner)
		return reap_one(a, runner, err);
	{
		AUTO_ROWS struct store_rows *rows = store_ask(
			a->store, err,
			"SELECT DISTINCT runner FROM actions WHERE status = "
			"'running' AND runner IS NOT NULL",
			NULL, 0);

		if (!rows)
			return -1;
		while ((got = store_next(rows, err)) > 0) {
			buf_add_slice(&names, store_text(rows, 0));
			buf_add_char(&names, '\0');
		}
		if (got < 0)
			return -1;
	}
	for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1)
		if (reap_one(a, names.data + at, err) < 0)
			return -1;
	return 0;
}
