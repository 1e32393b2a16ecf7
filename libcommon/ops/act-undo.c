/* act-undo.c - the rollback of an action, as an action of its own. */
#include "act-internal.h"

#include <oncall/mem.h>

static int check(const struct act_job *j, struct err *err)
{
	if (j->undo)
		return err_set(err, ERR_REFUSED,
			       "'%s' is an undo itself; run the action again",
			       j->id);
	if (j->status != ACT_DONE && j->status != ACT_UNKNOWN)
		return err_set(err, ERR_REFUSED,
			       "'%s' is %s: there is nothing to undo", j->id,
			       act_status_names[j->status]);
	return 0;
}

/* One that failed has undone nothing, and may be asked for again. */
static int check_others(struct act *a, const struct act_job *j, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT a.undone, u.id, u.status FROM actions a LEFT JOIN "
		"actions u ON u.undo_of = a.id AND u.name = a.name AND "
		"u.status IN ('planned', 'waiting', 'running') WHERE a.id = $1",
		S_TEXT(j->id));
	struct slice undone, other, status;

	if (!rows || store_next(rows, err) <= 0)
		return -1;
	undone = store_text(rows, 0);
	other = store_text(rows, 1);
	status = store_text(rows, 2);
	if (undone.ptr)
		return err_set(err, ERR_REFUSED, "'%s' was undone by %.*s",
			       j->id, (int)undone.len, undone.ptr);
	if (other.ptr)
		return err_set(err, ERR_REFUSED,
			       "'%s' is being undone: %.*s is %.*s", j->id,
			       (int)other.len, other.ptr, (int)status.len,
			       status.ptr);
	return 0;
}

struct undoing {
	struct act *a;
	const char *id, *actor;
	struct act_job *ret;
};

/* Whoever asks holds the lock until the undo is taken in, so that of two who
 * ask at the same time the second one sees it. */
static int undo_work(void *arg, struct err *err)
{
	const struct undoing *u = arg;
	CLEANUP(act_job_done) struct act_job old = {.status = ACT_PLANNED};
	const struct act_facts *f;
	struct act_request r;

	if (store_lock(u->a->store, "act", err) < 0 ||
	    act_load(u->a, u->id, &old, err) < 0 || check(&old, err) < 0 ||
	    /* What ended with its program does not run any more; it may be told
	     * to an incident, and that is locked before the trail. */
	    store_lock(u->a->store, "incidents", err) < 0 ||
	    act_reap(u->a, NULL, err) < 0 ||
	    check_others(u->a, &old, err) < 0 ||
	    act_prepare(u->a, &old, err) < 0)
		return -1;
	if (!old.call.rollback.count)
		return err_set(err, ERR_REFUSED,
			       "%s declares no rollback: '%s' cannot be undone",
			       old.call.action->id, u->id);
	f = old.facts;
	r = (struct act_request){
		.action = f->action,
		.params = slice_of(f->params),
		.untrusted = slice_of(f->untrusted),
		.incident = f->incident,
		.revision = f->revision,
		.service = f->service,
		.host = f->host,
		.tags = slice_of(f->tags),
		.actor = u->actor,
	};
	return act_take_undo(u->a, &r, u->id, u->ret, err);
}

int act_undo(struct act *a, const char *id, const char *actor,
	     struct act_job *ret, struct err *err)
{
	struct undoing u = {a, id, actor, ret};

	return store_transact(a->store, undo_work, &u, err);
}
