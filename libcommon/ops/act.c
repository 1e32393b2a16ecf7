/* act.c - actions on their way: what is asked for, and the call that it is. */
#include <oncall/act.h>

#include <stdio.h>

#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/ulid.h>

#include "act-internal.h"
#include "action-internal.h"

const char *const act_status_names[] = {
	[ACT_PLANNED] = "planned", [ACT_WAITING] = "waiting",
	[ACT_RUNNING] = "running", [ACT_DONE] = "done",
	[ACT_REFUSED] = "refused", [ACT_UNKNOWN] = "unknown",
	[ACT_UNKNOWN + 1] = NULL,
};

bool act_status_parse(struct slice text, enum act_status *ret)
{
	for (int i = 0; act_status_names[i]; i++) {
		if (slice_is(text, act_status_names[i])) {
			*ret = (enum act_status)i;
			return true;
		}
	}
	return false;
}

void act_name_runner(struct act *a)
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
	act_name_runner(a);
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

void act_copy_to(char *out, size_t size, struct slice text)
{
	(void)snprintf(out, size, "%.*s", (int)text.len,
		       text.ptr ? text.ptr : "");
}

struct act_facts *act_facts_new(const struct act_request *r)
{
	struct act_facts *f = mem_zero(1, sizeof(*f));

	f->action = mem_dup(r->action);
	f->params = mem_dup_slice(r->params.len ? r->params : SLICE_LIT("{}"));
	f->untrusted = mem_dup_slice(r->untrusted);
	f->service = mem_dup(r->service);
	f->host = mem_dup(r->host);
	f->category = mem_dup(r->category);
	f->pattern = mem_dup(r->pattern);
	f->tags = mem_dup_slice(r->tags.len ? r->tags : SLICE_LIT("[]"));
	f->entry = mem_dup(r->entry);
	f->solution = mem_dup(r->solution);
	f->decision = mem_dup(r->decision);
	f->actor = mem_dup(r->actor);
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
	const struct action *action =
		action_need(a->set, f->action, ERR_REFUSED, err);
	char incident[INCIDENT_ID];
	struct action_about about = {
		.service = f->service,
		.host = f->host,
		.environment = config_str(a->config, "environment")};

	if (!action)
		return -1;
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
