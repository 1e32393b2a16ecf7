/* act-take.c - requests in, once, and what may begin. */
#include "act-internal.h"

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/ulid.h>
#include <oncall/when.h>

/* ---- rows ---- */

int act_save(struct act *a, const struct act_job *j, struct err *err)
{
	bool running = j->status == ACT_RUNNING;
	bool over = j->status == ACT_REFUSED;

	return STORE_QUEUE(
		a->store, err,
		"UPDATE actions SET status = $2, reason = $3, approval = $4, "
		"runner = $5, started = $6, attempts = attempts + $7, ended = "
		"$8, hash = $9, target = $10 WHERE id = $1",
		S_TEXT(j->id), S_TEXT(act_status_names[j->status]),
		S_TEXT(j->reason), S_TEXT(*j->approval ? j->approval : NULL),
		S_TEXT(running ? a->runner : NULL),
		S_TIME(running ? clock_now() : WHEN_NONE), S_INT(running),
		S_TIME(over ? clock_now() : WHEN_NONE),
		S_TEXT(j->call.action ? j->call.hash : ""),
		S_TEXT(j->call.target ? j->call.target : ""));
}

static int insert(struct act *a, const struct act_job *j, const char *same,
		  struct err *err)
{
	const struct act_facts *f = j->facts;

	return STORE_QUEUE(
		a->store, err,
		"INSERT INTO actions (id, same, incident, revision, name, "
		"params, untrusted, target, service, host, entry, solution, "
		"hash, decision, actor, status, attempts, requested, undo_of, "
		"given) VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10, "
		"$11, '', $12, $13, 'planned', 0, $14, $15, $16)",
		S_TEXT(j->id), S_TEXT(same),
		f->incident ? S_INT(f->incident) : S_NULL,
		f->incident ? S_INT(f->revision) : S_NULL, S_TEXT(f->action),
		S_TEXT(j->call.params ? j->call.params : f->params),
		S_TEXT(f->untrusted ? f->untrusted : "all"), S_TEXT(f->service),
		S_TEXT(f->host), S_TEXT(f->entry), S_TEXT(f->solution),
		S_TEXT(f->decision), S_TEXT(f->actor), S_INT(clock_now()),
		S_TEXT(f->undo_of), S_TEXT(f->params));
}

/* The same incident, revision, action and values, whoever asks. */
static void make_same(const struct act_job *j, char out[HASH_HEX])
{
	const struct act_facts *f = j->facts;
	AUTO_FREE char *all =
		mem_printf("%lld %lld %s %s", (long long)f->incident,
			   (long long)f->revision, f->action,
			   j->call.params ? j->call.params : f->params);

	hash_sha256_hex(all, strlen(all), out, HASH_HEX - 1);
}

/* 1 when it was there already; status and what stands with it are in j then. */
static int find_same(struct act *a, struct act_job *j, const char *same,
		     struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(a->store, err,
			  "SELECT a.id, a.status, a.reason, a.approval, "
			  "a.verdict, p.status FROM actions a LEFT JOIN "
			  "approvals p ON p.id = a.approval WHERE a.same = $1",
			  S_TEXT(same));
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0)
		return got;
	j->again = true;
	act_copy_to(j->id, sizeof(j->id), store_text(rows, 0));
	(void)act_status_parse(store_text(rows, 1), &j->status);
	free(j->reason);
	j->reason = mem_dup_slice(store_text(rows, 2));
	act_copy_to(j->approval, sizeof(j->approval), store_text(rows, 3));
	(void)action_verdict_parse(store_text(rows, 4), &j->outcome.verdict);
	if (j->status == ACT_WAITING &&
	    slice_is(store_text(rows, 5), "approved"))
		j->status = ACT_PLANNED; /* act_claim() does the rest */
	return 1;
}

static int take_new(struct act *a, struct act_job *j, struct err *err)
{
	struct err why = ERR_INIT;
	char ulid[ULID_TEXT], same[HASH_HEX];
	bool prepared;
	int got = 0;

	ulid_make(ulid);
	(void)snprintf(j->id, sizeof(j->id), "ACT-%s", ulid);
	prepared = act_prepare(a, j, &why) == 0;
	if (!prepared && why.kind != ERR_REFUSED)
		return err_set(err, why.kind, "%s", why.text);
	make_same(j, same);
	if (j->facts->decision)
		got = find_same(a, j, same, err);
	if (got)
		return got < 0 ? -1 : 0;
	if (!prepared)
		j->reason = mem_dup(why.text);
	if (act_guard(a, j, false, err) < 0)
		return -1;
	/* What was refused may be asked for again. */
	if (insert(a, j,
		   j->facts->decision && j->status != ACT_REFUSED ? same
								  : j->id,
		   err) < 0)
		return -1;
	return act_save(a, j, err);
}

/* ---- taking in ---- */

struct taking {
	struct act *a;
	const struct act_request *requests;
	struct act_job *jobs;
	struct act_job *const *claimed;
	size_t n;
	const char *undo_of; /* or NULL */
};

/*
 * Says that this runner lives, each time: a connection that was lost has let
 * go of the name. Whoever took it since has declared what ran under it unknown,
 * and what comes runs under another.
 */
static int hold(struct act *a, struct err *err)
{
	int got = store_try_hold(a->store, a->runner, err);

	if (got != 0)
		return got < 0 ? -1 : 0;
	act_name_runner(a);
	return store_hold(a->store, a->runner, err);
}

static int begin(struct act *a, struct err *err)
{
	if (hold(a, err) < 0 || store_lock(a->store, "act", err) < 0)
		return -1;
	return act_look_back(a, err);
}

static int tell_taken(struct act *a, const struct act_job *j, struct err *err)
{
	static const char *const what[] = {
		[ACT_PLANNED] = "planned", [ACT_WAITING] = "asked",
		[ACT_RUNNING] = "intent",  [ACT_DONE] = "outcome",
		[ACT_REFUSED] = "refused", [ACT_UNKNOWN] = "unknown",
	};
	AUTO_FREE char *note =
		mem_printf("%s %s: %s%s%s", j->facts->action, j->id,
			   act_status_names[j->status], j->reason ? ", " : "",
			   j->reason ? j->reason : "");

	if (act_audit(a, j, what[j->status], err) < 0)
		return -1;
	if (j->status != ACT_REFUSED && j->status != ACT_WAITING)
		return 0;
	return act_timeline(a, j, "action", note, err);
}

/* Before the trail is locked: whoever holds incidents may want that, too. */
int act_lock_incidents(struct act *a, struct act_job *const *jobs, size_t n,
		       struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (jobs[i]->incident)
			return store_lock(a->store, "incidents", err);
	return 0;
}

static int take_work(void *arg, struct err *err)
{
	struct taking *t = arg;
	bool any = false;

	for (size_t i = 0; i < t->n; i++)
		any |= t->requests[i].incident != 0;
	if (begin(t->a, err) < 0 ||
	    (any && store_lock(t->a->store, "incidents", err) < 0))
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		struct act_job *j = &t->jobs[i];

		act_job_done(j);
		j->facts = act_facts_new(&t->requests[i]);
		j->incident = j->facts->incident;
		if (t->undo_of) {
			j->facts->undo_of = mem_dup(t->undo_of);
			j->undo = true;
		}
		if (take_new(t->a, j, err) < 0 ||
		    (j->incident && act_mark(t->a, j->incident,
					     j->facts->revision, err) < 0) ||
		    (!j->again && tell_taken(t->a, j, err) < 0))
			return -1;
	}
	return 0;
}

int act_take(struct act *a, const struct act_request *r, size_t n,
	     struct act_job *jobs, struct err *err)
{
	struct taking t = {.a = a, .requests = r, .jobs = jobs, .n = n};

	return store_transact(a->store, take_work, &t, err);
}

int act_take_undo(struct act *a, const struct act_request *r, const char *of,
		  struct act_job *ret, struct err *err)
{
	struct taking t = {
		.a = a, .requests = r, .jobs = ret, .n = 1, .undo_of = of};

	return store_transact(a->store, take_work, &t, err);
}

/* The row as it stands now, which others may have changed. */
struct claimed {
	enum act_status status;
	int64_t due;
	bool approved; /* its approval was given, or it began with it before */
	bool unused;   /* and has to be used up now */
	char hash[HASH_HEX]; /* that people agreed to */
};

static void read_claimed(struct act_job *j, struct store_rows *rows,
			 struct claimed *ret)
{
	struct slice approval = store_text(rows, 4);

	(void)act_status_parse(store_text(rows, 0), &ret->status);
	(void)action_verdict_parse(store_text(rows, 2), &j->outcome.verdict);
	ret->due = store_time(rows, 3);
	ret->unused = slice_is(approval, "approved");
	ret->approved = ret->unused || (slice_is(approval, "used") &&
					ret->status != ACT_WAITING);
	act_copy_to(ret->hash, sizeof(ret->hash), store_text(rows, 5));
	free(j->reason);
	j->reason = mem_dup_slice(store_text(rows, 1));
}

static int look_again(struct act *a, struct act_job *j, struct claimed *ret,
		      struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT a.status, a.reason, a.verdict, a.due, p.status, p.hash "
		"FROM actions a LEFT JOIN approvals p ON p.id = a.approval "
		"WHERE a.id = $1",
		S_TEXT(j->id));
	int got = rows ? store_next(rows, err) : -1;

	*ret = (struct claimed){.status = ACT_REFUSED};
	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(err, ERR_NO, "there is no action '%s' any more",
			       j->id);
	read_claimed(j, rows, ret);
	return 0;
}

/* Whether it may be offered now. One that is unknown may only after
 * act_recheck() said so, which leaves it planned in memory. */
static bool may_claim(struct act_job *j, const struct claimed *c)
{
	enum act_status was = j->status;

	switch (c->status) {
	case ACT_PLANNED:
		j->status = ACT_PLANNED;
		return c->due == WHEN_NONE || c->due <= clock_now();
	case ACT_WAITING:
		j->status = c->unused ? ACT_PLANNED : ACT_WAITING;
		return c->unused;
	case ACT_UNKNOWN:
		j->status = ACT_UNKNOWN;
		return was == ACT_PLANNED;
	case ACT_RUNNING:
	case ACT_DONE:
	case ACT_REFUSED:
		break;
	}
	j->status = c->status;
	j->again = true;
	return false;
}

/* An approval is used once: when what it allows begins. */
static int use_approval(struct act *a, struct act_job *j, struct err *err)
{
	int64_t n = STORE_RUN(a->store, err,
			      "UPDATE approvals SET status = 'used' WHERE id = "
			      "$1 AND status = 'approved'",
			      S_TEXT(j->approval));

	if (n != 0)
		return n < 0 ? -1 : 0;
	act_job_refuse(j, "approval", "it was taken back");
	return act_free_target(a, j, err);
}

static int void_approval(struct act *a, struct act_job *j, struct err *err)
{
	act_job_refuse(j, "approval",
		       "what would run now is not what was approved");
	return STORE_QUEUE(a->store, err,
			   "UPDATE approvals SET status = 'cancelled', settled "
			   "= $2 WHERE id = $1 AND status = 'approved'",
			   S_TEXT(j->approval), S_INT(clock_now()));
}

/* The guards' word on a call that is prepared. */
static int offer(struct act *a, struct act_job *j, const struct claimed *c,
		 struct err *err)
{
	char hash[HASH_HEX];

	if (c->status == ACT_UNKNOWN && !j->call.action->idempotent) {
		j->status = ACT_UNKNOWN;
		return 0;
	}
	act_hash(a, j, hash);
	if (c->approved && strcmp(hash, c->hash) != 0)
		return void_approval(a, j, err);
	if (act_guard(a, j, c->approved, err) < 0)
		return -1;
	return c->unused && j->status == ACT_RUNNING ? use_approval(a, j, err)
						     : 0;
}

static int claim_one(struct act *a, struct act_job *j, struct err *err)
{
	struct err why = ERR_INIT;
	struct claimed c;

	j->again = false;
	if (look_again(a, j, &c, err) < 0)
		return -1;
	if (!may_claim(j, &c))
		return 0;
	if (act_prepare(a, j, &why) == 0) {
		if (offer(a, j, &c, err) < 0)
			return -1;
	} else if (why.kind == ERR_REFUSED) {
		act_job_refuse(j, "parameters", why.text);
	} else {
		return err_set(err, why.kind, "%s", why.text);
	}
	if (j->status == ACT_PLANNED || j->status == ACT_UNKNOWN)
		return 0; /* the target is busy: nothing has changed */
	return act_save(a, j, err) < 0 || tell_taken(a, j, err) < 0 ? -1 : 0;
}

static int claim_work(void *arg, struct err *err)
{
	struct taking *t = arg;

	if (begin(t->a, err) < 0 ||
	    act_lock_incidents(t->a, t->claimed, t->n, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (t->claimed[i]->status != ACT_RUNNING &&
		    claim_one(t->a, t->claimed[i], err) < 0)
			return -1;
	return 0;
}

int act_claim(struct act *a, struct act_job *const *jobs, size_t n,
	      struct err *err)
{
	struct taking t = {.a = a, .claimed = jobs, .n = n};

	return store_transact(a->store, claim_work, &t, err);
}
