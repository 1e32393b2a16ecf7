/* act.c - requests in: who is asked for what, once. */
#include <oncall/act.h>

#include <stdio.h>

#include <oncall/audit.h>
#include <oncall/clock.h>
#include <oncall/hash.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/timeline.h>
#include <oncall/ulid.h>
#include <oncall/when.h>

#include "act-internal.h"
#include "action-internal.h"

const char *const act_status_names[] = {
	[ACT_PLANNED] = "planned", [ACT_WAITING] = "waiting",
	[ACT_RUNNING] = "running", [ACT_DONE] = "done",
	[ACT_REFUSED] = "refused", [ACT_UNKNOWN] = "unknown",
	[ACT_UNKNOWN + 1] = NULL,
};

static void name_runner(struct act *a)
{
	char ulid[ULID_TEXT];

	ulid_make(ulid);
	(void)snprintf(a->runner, sizeof(a->runner), "act:%s", ulid);
}

int act_open(struct act **ret, struct store *s, const struct action_set *set,
	     const struct policy *p, const struct config *c, struct err *err)
{
	struct act *a = mem_zero(1, sizeof(*a));

	(void)err;
	a->store = s;
	a->set = set;
	a->policy = p;
	a->config = c;
	name_runner(a);
	*ret = a;
	return 0;
}

void act_free(struct act *a)
{
	if (!a)
		return;
	kb_free(a->kb);
	free(a);
}

/* ---- jobs ---- */

static char *copy(struct slice text)
{
	return text.ptr ? mem_dup_bytes(text.ptr, text.len) : NULL;
}

struct act_facts *act_facts_new(const struct act_request *r)
{
	struct act_facts *f = mem_zero(1, sizeof(*f));

	f->action = copy(slice_of(r->action));
	f->params = copy(r->params.len ? r->params : SLICE_LIT("{}"));
	f->untrusted = copy(r->untrusted);
	f->service = copy(slice_of(r->service));
	f->host = copy(slice_of(r->host));
	f->category = copy(slice_of(r->category));
	f->pattern = copy(slice_of(r->pattern));
	f->tags = copy(r->tags.len ? r->tags : SLICE_LIT("[]"));
	f->entry = copy(slice_of(r->entry));
	f->solution = copy(slice_of(r->solution));
	f->decision = copy(slice_of(r->decision));
	f->actor = copy(slice_of(r->actor));
	f->severity = r->severity;
	f->incident = r->incident;
	f->revision = r->revision;
	return f;
}

void act_facts_free(struct act_facts *f)
{
	if (!f)
		return;
	free(f->action);
	free(f->params);
	free(f->untrusted);
	free(f->service);
	free(f->host);
	free(f->category);
	free(f->pattern);
	free(f->tags);
	free(f->entry);
	free(f->solution);
	free(f->decision);
	free(f->actor);
	free(f->undo_of);
	free(f);
}

void act_job_done(struct act_job *j)
{
	free(j->reason);
	action_call_done(&j->call);
	action_outcome_done(&j->outcome);
	act_facts_free(j->facts);
	*j = (struct act_job){.status = ACT_PLANNED};
}

void act_job_refuse(struct act_job *j, const char *guard, const char *why)
{
	char *reason = mem_printf("%s: %s", guard, why);

	free(j->reason);
	j->reason = reason;
	j->status = ACT_REFUSED;
}

/* What would take it back is what runs. */
static int turn_back(struct action_call *c, struct err *err)
{
	const struct action_steps none = {NULL, 0};
	AUTO_BUF struct buf command = BUF_INIT, shown = BUF_INIT;

	if (!c->rollback.count)
		return err_set(err, ERR_REFUSED, "%s has no rollback",
			       c->action->id);
	action_steps_done(&c->run);
	action_steps_done(&c->before.steps);
	action_steps_done(&c->after.steps);
	c->run = c->rollback;
	c->rollback = c->before.steps = c->after.steps = none;
	action_steps_show(&c->run, &command);
	free(c->command);
	(void)redact_text(&shown, command.data, command.len);
	c->command = buf_take(&shown);
	return 0;
}

int act_prepare(struct act *a, struct act_job *j, struct err *err)
{
	const struct act_facts *f = j->facts;
	const struct action *action = action_find(a->set, f->action);
	char incident[INCIDENT_ID];
	struct action_about about = {
		.service = f->service,
		.host = f->host,
		.environment = config_str(a->config, "environment")};
	const char *near;

	if (!action) {
		near = action_nearest(a->set, f->action);
		return err_set(err, ERR_REFUSED,
			       "there is no action '%s'%s%s%s; oncall-act "
			       "list shows what there is",
			       f->action, near ? "; did you mean '" : "",
			       near ? near : "", near ? "'?" : "");
	}
	if (f->incident) {
		incident_id(incident, f->incident);
		about.incident = incident;
	}
	action_call_done(&j->call);
	if (action_prepare(&j->call, a->set, action, slice_of(f->params),
			   slice_of(f->untrusted), &about, err) < 0)
		return -1;
	return f->undo_of ? turn_back(&j->call, err) : 0;
}

void act_hash(const struct act *a, const struct act_job *j, char out[65])
{
	AUTO_FREE char *all = mem_printf("%s %s %lld", j->call.hash,
					 policy_version(a->policy),
					 (long long)j->facts->revision);

	hash_sha256_hex(all, strlen(all), out, 64);
}

struct act_job *act_jobs_add(struct act_jobs *l)
{
	struct act_job *j = mem_zero(1, sizeof(*j));

	l->items = mem_resize(l->items, l->count + 1, sizeof(*l->items));
	l->items[l->count++] = j;
	return j;
}

void act_jobs_done(struct act_jobs *l)
{
	for (size_t i = 0; i < l->count; i++) {
		act_job_done(l->items[i]);
		free(l->items[i]);
	}
	free(l->items);
	*l = (struct act_jobs){NULL, 0};
}

/* ---- what is told ---- */

int act_audit(struct act *a, const struct act_job *j, const char *what,
	      struct err *err)
{
	const struct act_facts *f = j->facts;
	AUTO_BUF struct buf data = BUF_INIT;
	char incident[INCIDENT_ID];

	jwrite_open(&data, NULL, '{');
	jwrite_str(&data, "name", f->action);
	if (f->incident) {
		incident_id(incident, f->incident);
		jwrite_str(&data, "incident", incident);
	}
	jwrite_str_opt(&data, "target", j->call.target);
	jwrite_str_opt(&data, "command", j->call.command);
	if (*j->call.hash)
		jwrite_str(&data, "hash", j->call.hash);
	jwrite_str_opt(&data, "decision", f->decision);
	if (*j->approval)
		jwrite_str(&data, "approval", j->approval);
	jwrite_str_opt(&data, "undo_of", f->undo_of);
	if (j->status == ACT_DONE)
		jwrite_str(&data, "verdict",
			   action_verdict_names[j->outcome.verdict]);
	jwrite_str_opt(&data, "reason",
		       j->status == ACT_DONE ? j->outcome.reason : j->reason);
	jwrite_close(&data, '}');
	return audit_add(a->store,
			 &(struct audit_entry){.time = clock_now(),
					       .actor = f->actor,
					       .what = what,
					       .subject = j->id,
					       .data = buf_slice(&data)},
			 err);
}

/* Writers of timelines stand in a row, since they number the entries. */
static int act_tell(struct act *a, const struct act_job *j,
		    struct timeline_entry *e, struct err *err)
{
	if (!j->facts->incident)
		return 0;
	e->time = clock_now();
	e->actor = j->facts->actor;
	if (store_lock(a->store, "incidents", err) < 0)
		return -1;
	return timeline_add(a->store, j->facts->incident, e, err);
}

int act_timeline(struct act *a, const struct act_job *j, const char *what,
		 const char *note, struct err *err)
{
	return act_tell(a, j,
			&(struct timeline_entry){.what = what,
						 .before = j->outcome.before,
						 .after = j->outcome.after,
						 .note = note},
			err);
}

/* What triage said, with another decision, and why. */
static int change_triage(struct slice before, const char *why, struct buf *out,
			 struct err *err)
{
	AUTO_BUF struct buf reasons = BUF_INIT, text = BUF_INIT,
			    half = BUF_INIT;
	struct jscan scan = {0};
	const struct jscan_member *m = NULL;
	struct slice list = SLICE_LIT("[]");
	int rc = jscan_object(&scan, before.ptr, before.len, err);

	if (rc == 0)
		m = jscan_get(&scan, "reasons");
	if (m && m->type == JSCAN_ARRAY)
		list = m->value;
	jwrite_text(&text, NULL, slice_of(why));
	(void)jlist_add(&reasons, list, buf_slice(&text));
	if (rc == 0)
		rc = jscan_put(&half, before, &scan, "decision",
			       SLICE_LIT("\"escalate\""), err);
	jscan_done(&scan);
	return rc < 0 ? -1
		      : jscan_splice(out, half.data, half.len, "reasons",
				     buf_slice(&reasons), err);
}

static int read_triage(struct act *a, int64_t incident, struct buf *out,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		a->store, err,
		"SELECT triage FROM incident_triage WHERE incident = $1",
		S_INT(incident));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		buf_add_slice(out, store_text(rows, 0));
	else
		buf_add_str(out, "{}");
	return got < 0 ? -1 : 0;
}

int act_escalate(struct act *a, const struct act_job *j, const char *why,
		 struct err *err)
{
	const struct act_facts *f = j->facts;
	AUTO_BUF struct buf before = BUF_INIT, triage = BUF_INIT;

	if (!f->incident)
		return 0;
	if (read_triage(a, f->incident, &before, err) < 0 ||
	    change_triage(buf_slice(&before), why, &triage, err) < 0 ||
	    STORE_QUEUE(a->store, err,
			"INSERT INTO incident_triage (incident, revision, "
			"decision, triage, decided) VALUES ($1, $2, "
			"'escalate', $3, $4) ON CONFLICT (incident) DO UPDATE "
			"SET decision = 'escalate', triage = $3, decided = $4",
			S_INT(f->incident), S_INT(f->revision),
			S_SLICE(buf_slice(&triage)), S_INT(clock_now())) < 0)
		return -1;
	return act_tell(
		a, j,
		&(struct timeline_entry){.what = "escalated", .note = why},
		err);
}

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
	struct slice text;

	if (got <= 0)
		return got;
	j->again = true;
	text = store_text(rows, 0);
	(void)snprintf(j->id, sizeof(j->id), "%.*s", (int)text.len, text.ptr);
	for (int i = 0; act_status_names[i]; i++)
		if (slice_is(store_text(rows, 1), act_status_names[i]))
			j->status = (enum act_status)i;
	free(j->reason);
	j->reason = copy(store_text(rows, 2));
	text = store_text(rows, 3);
	(void)snprintf(j->approval, sizeof(j->approval), "%.*s", (int)text.len,
		       text.ptr ? text.ptr : "");
	for (int i = 0; action_verdict_names[i]; i++)
		if (slice_is(store_text(rows, 4), action_verdict_names[i]))
			j->outcome.verdict = (enum action_verdict)i;
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
	name_runner(a);
	return store_hold(a->store, a->runner, err);
}

static int begin(struct act *a, struct err *err)
{
	if (hold(a, err) < 0 || store_lock(a->store, "act", err) < 0)
		return -1;
	return act_look_back(a, err);
}

static int mark_acted(struct act *a, const struct act_facts *f, struct err *err)
{
	if (!f->incident)
		return 0;
	return STORE_QUEUE(a->store, err,
			   "UPDATE incidents SET acted = $2 WHERE num = $1 AND "
			   "(acted IS NULL OR acted < $2)",
			   S_INT(f->incident), S_INT(f->revision));
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
		    mark_acted(t->a, j->facts, err) < 0 ||
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

	for (int i = 0; act_status_names[i]; i++)
		if (slice_is(store_text(rows, 0), act_status_names[i]))
			ret->status = (enum act_status)i;
	for (int i = 0; action_verdict_names[i]; i++)
		if (slice_is(store_text(rows, 2), action_verdict_names[i]))
			j->outcome.verdict = (enum action_verdict)i;
	ret->due = store_time(rows, 3);
	ret->unused = slice_is(approval, "approved");
	ret->approved = ret->unused || (slice_is(approval, "used") &&
					ret->status != ACT_WAITING);
	(void)snprintf(ret->hash, sizeof(ret->hash), "%.*s",
		       (int)store_text(rows, 5).len,
		       store_is_null(rows, 5) ? "" : store_text(rows, 5).ptr);
	free(j->reason);
	j->reason = copy(store_text(rows, 1));
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
