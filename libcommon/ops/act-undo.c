/* act-undo.c - the rollback of an action, as an action of its own. */
#include "act-internal.h"

#include <oncall/mem.h>

static int check(const struct act_job *j, struct slice undone, struct err *err)
{
	if (j->undo)
		return err_set(err, ERR_REFUSED,
			       "'%s' is an undo itself; run the action again",
			       j->id);
	if (j->status != ACT_DONE && j->status != ACT_UNKNOWN)
		return err_set(err, ERR_REFUSED,
			       "'%s' is %s: there is nothing to undo", j->id,
			       act_status_names[j->status]);
	if (undone.ptr)
		return err_set(err, ERR_REFUSED, "'%s' was undone by %.*s",
			       j->id, (int)undone.len, undone.ptr);
	return 0;
}

static int load(struct act *a, const char *id, struct act_job *j,
		struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (act_load(a, id, j, err) < 0)
		return -1;
	rows = STORE_ASK(a->store, err,
			 "SELECT undone FROM actions WHERE id = $1",
			 S_TEXT(id));
	got = rows ? store_next(rows, err) : -1;
	return got <= 0 ? -1 : check(j, store_text(rows, 0), err);
}

int act_undo(struct act *a, const char *id, const char *actor,
	     struct act_job *ret, struct err *err)
{
	CLEANUP(act_job_done) struct act_job old = {.status = ACT_PLANNED};
	const struct act_facts *f;
	struct act_request r;

	if (load(a, id, &old, err) < 0 || act_prepare(a, &old, err) < 0)
		return -1;
	if (!old.call.rollback.count)
		return err_set(err, ERR_REFUSED,
			       "%s declares no rollback: '%s' cannot be undone",
			       old.call.action->id, id);
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
		.actor = actor,
	};
	return act_take_undo(a, &r, id, ret, err);
}
