/* act-vote.c - what people say to actions that wait for them. */
#include <oncall/act-vote.h>

#include <stdio.h>

#include <oncall/audit.h>
#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/timeline.h>

enum say { SAY_YES, SAY_NO, SAY_REVOKE };
static const char *const said[] = {"approved", "denied", "revoked"};

struct work {
	struct store *store;
	const struct act_vote *v;
	enum say say;
	struct act_voted *ret;
	char *name; /* of the action, or NULL */
	int64_t incident;
};

static const char *const find_sql[] = {
	"SELECT id, approval, status, name, incident FROM actions "
	"WHERE approval = $1",
	"SELECT id, approval, status, name, incident FROM actions "
	"WHERE id = $1",
};

static bool is_action(const char *id)
{
	return strncmp(id, "ACT-", 4) == 0;
}

static int no_approval(const char *id, struct slice status, struct err *err)
{
	return err_set(err, ERR_REFUSED,
		       "'%s' was not asked for: it is %.*s; oncall-act pending "
		       "shows what waits",
		       id, (int)status.len, status.ptr);
}

/* Fills in which action and which approval are meant. */
static int find(struct work *w, struct err *err)
{
	const char *id = w->v->id;
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(w->store, err, find_sql[is_action(id)], S_TEXT(id));
	struct slice approval;
	int got;

	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (!got && is_action(id))
		return err_set(err, ERR_NO,
			       "there is no action '%s'; oncall-act pending "
			       "shows what waits",
			       id);
	if (!got) {
		(void)snprintf(w->ret->approval, APPROVAL_ID, "%s", id);
		return 0;
	}
	approval = store_text(rows, 1);
	if (!approval.ptr)
		return no_approval(id, store_text(rows, 2), err);
	if (w->say == SAY_REVOKE && !slice_is(store_text(rows, 2), "waiting"))
		return err_set(err, ERR_REFUSED,
			       "'%s' is %.*s: there is nothing to take back; "
			       "oncall-act undo may help",
			       id, (int)store_text(rows, 2).len,
			       store_text(rows, 2).ptr);
	(void)snprintf(w->ret->approval, APPROVAL_ID, "%.*s", (int)approval.len,
		       approval.ptr);
	(void)snprintf(w->ret->action, ACT_ID, "%.*s",
		       (int)store_text(rows, 0).len, store_text(rows, 0).ptr);
	w->name =
		mem_dup_bytes(store_text(rows, 3).ptr, store_text(rows, 3).len);
	w->incident = store_int(rows, 4);
	return 0;
}

static int tell(struct work *w, struct err *err)
{
	AUTO_BUF struct buf data = BUF_INIT;

	jwrite_open(&data, NULL, '{');
	jwrite_str(&data, "approval", w->ret->approval);
	jwrite_str_opt(&data, "name", w->name);
	jwrite_str_opt(&data, "reason", w->v->reason);
	jwrite_close(&data, '}');
	return audit_add(w->store,
			 &(struct audit_entry){
				 .time = clock_now(),
				 .actor = w->v->actor,
				 .what = said[w->say],
				 .subject = *w->ret->action ? w->ret->action
							    : w->ret->approval,
				 .data = buf_slice(&data)},
			 err);
}

/* Nobody will carry it out any more. */
static int end_action(struct work *w, struct err *err)
{
	AUTO_FREE char *reason = mem_printf(
		"approval: %s by %s%s%s", said[w->say], w->v->actor,
		w->v->reason ? ": " : "", w->v->reason ? w->v->reason : "");
	AUTO_FREE char *note = mem_printf("%s %s refused: %s", w->name,
					  w->ret->action, reason);

	if (STORE_RUN(w->store, err,
		      "UPDATE actions SET status = 'refused', reason = $2, "
		      "ended = $3 WHERE id = $1 AND status = 'waiting'",
		      S_TEXT(w->ret->action), S_TEXT(reason),
		      S_INT(clock_now())) < 0)
		return -1;
	if (!w->incident)
		return 0;
	if (store_lock(w->store, "incidents", err) < 0)
		return -1;
	return timeline_add(w->store, w->incident,
			    &(struct timeline_entry){.time = clock_now(),
						     .actor = w->v->actor,
						     .what = "action",
						     .note = note},
			    err);
}

static int vote_work(void *arg, struct err *err)
{
	struct work *w = arg;
	const struct act_vote *v = w->v;
	const char *approval = w->ret->approval;

	free(w->name);
	w->name = NULL;
	*w->ret = (struct act_voted){.action = ""};
	if (find(w, err) < 0)
		return -1;
	if (w->say == SAY_REVOKE
		    ? approval_revoke(w->store, approval, v->actor, err) < 0
		    : approval_vote(w->store, approval, v->actor,
				    w->say == SAY_YES, v->reason, err) < 0)
		return -1;
	if (w->say != SAY_YES && *w->ret->action && end_action(w, err) < 0)
		return -1;
	return tell(w, err);
}

static int run(struct work *w, struct err *err)
{
	int rc = store_transact(w->store, vote_work, w, err);

	free(w->name);
	return rc;
}

int act_vote(struct store *s, const struct act_vote *v, bool approve,
	     struct act_voted *ret, struct err *err)
{
	struct work w = {.store = s,
			 .v = v,
			 .say = approve ? SAY_YES : SAY_NO,
			 .ret = ret};

	return run(&w, err);
}

int act_revoke(struct store *s, const struct act_vote *v, struct act_voted *ret,
	       struct err *err)
{
	struct work w = {.store = s, .v = v, .say = SAY_REVOKE, .ret = ret};

	return run(&w, err);
}
