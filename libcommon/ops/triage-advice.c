/*
 * triage-advice.c - what the adviser is told, and what becomes of its answer:
 * causes that are marked, steps for people, and at most one action behind all
 * others. It changes no decision.
 */
#include <oncall/action-call.h>
#include <oncall/adviser.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/redact.h>

#include "triage-gather.h"

#define DETECTIONS_MAX 16
#define MESSAGE_MAX    ((size_t)2000) /* bytes of a text that goes out */
/* It has seen nothing but this incident. */
#define TRUST 0.5

/* ---- what it is told ---- */

static void tell(struct buf *out, const char *key, const char *text)
{
	AUTO_BUF struct buf safe = BUF_INIT_MAX(SIZE_MAX / 2);

	if (!text)
		return;
	(void)redact_text(&safe, text, strnlen(text, MESSAGE_MAX));
	jwrite_text(out, key, buf_slice(&safe));
}

static void tell_messages(const struct triage_input *in, struct buf *out)
{
	const struct jscan_member *m = jscan_get(in->record, "detections");
	struct slice items[DETECTIONS_MAX];
	size_t count = m ? jlist_items(m->value, items, DETECTIONS_MAX) : 0;
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};

	jwrite_open(out, "messages", '[');
	for (size_t i = 0; i < count && i < DETECTIONS_MAX; i++) {
		AUTO_FREE char *text = NULL;

		if (jscan_object(&scan, items[i].ptr, items[i].len, &ignored) <
		    0)
			continue;
		text = triage_member(&scan, "message");
		tell(out, NULL, text);
	}
	jwrite_close(out, ']');
	jscan_done(&scan);
}

static void describe(const struct triage_input *in, const struct triage *t,
		     struct buf *out)
{
	jwrite_open(out, NULL, '{');
	tell(out, "title", in->title);
	tell(out, "service", in->service);
	tell(out, "host", in->host);
	tell(out, "category", in->category);
	jwrite_str(out, "severity", severity_name(in->subject.severity));
	tell_messages(in, out);
	jwrite_open(out, "known", '[');
	for (size_t i = 0; i < in->known_count; i++)
		tell(out, NULL, in->known[i].title);
	jwrite_close(out, ']');
	jwrite_open(out, "causes", '[');
	for (size_t i = 0; i < t->cause_count; i++)
		tell(out, NULL, t->causes[i].text);
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

/* Whether an adviser can give it all that it needs. */
static bool can_be_offered(const struct action *a)
{
	for (size_t i = 0; i < a->param_count; i++)
		if (a->params[i].required && !a->params[i].fallback &&
		    !a->params[i].untrusted)
			return false;
	return true;
}

static void describe_action(const struct action *a, struct buf *out)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "action", a->id);
	jwrite_str_opt(out, "description", a->description);
	jwrite_open(out, "params", '[');
	for (size_t i = 0; i < a->param_count; i++) {
		const struct action_param *p = &a->params[i];

		if (!p->untrusted)
			continue;
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "name", p->name);
		jwrite_str_opt(out, "description", p->description);
		jwrite_bool(out, "required", p->required);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

static void offer(const struct triager *t, const char **names,
		  struct buf *catalogue)
{
	const struct action *a;
	size_t n = 0;

	jwrite_open(catalogue, NULL, '[');
	for (size_t i = 0;
	     t->set && n < ADVISER_ACTIONS && (a = action_at(t->set, i)); i++) {
		if (!can_be_offered(a))
			continue;
		names[n++] = a->id;
		describe_action(a, catalogue);
	}
	jwrite_close(catalogue, ']');
	names[n] = NULL;
}

/* ---- what becomes of it ---- */

static bool is_there(const struct triage *t, const struct advice *a)
{
	for (size_t i = 0; i < t->action_count; i++)
		if (!strcmp(t->actions[i].name, a->action) &&
		    !strcmp(t->actions[i].params, a->params))
			return true;
	return false;
}

/* What the policy does not want to be said is not said. */
static bool is_off(const struct triager *t, const struct triage_subject *s,
		   const struct action *a)
{
	const struct policy_facts f = {
		.action = a->id,
		.service = s->service,
		.host = s->host,
		.category = s->category,
		.pattern = s->pattern,
		.environment = s->environment,
		.blast_radius = action_radius_names[a->radius],
		.risk = action_risk_names[a->risk],
		.severity = s->severity,
		.tags = s->tags,
		.time = s->time,
	};
	struct policy_answer answer;

	policy_ask(t->policy, &f, &answer);
	return answer.autonomy == AUTONOMY_OFF;
}

/* All of their values are untrusted. */
static int list_names(const char *params, struct buf *out, struct err *err)
{
	struct jscan scan = {0};
	int rc = jscan_object(&scan, params, strlen(params), err);

	jwrite_open(out, NULL, '[');
	for (size_t i = 0; i < scan.count && rc == 0; i++) {
		AUTO_BUF struct buf name = BUF_INIT;

		buf_add_slice(&name, scan.members[i].key);
		jwrite_str(out, NULL, buf_str(&name));
	}
	jwrite_close(out, ']');
	jscan_done(&scan);
	return rc;
}

static int prepare(struct triager *t, const struct triage_subject *s,
		   struct advice *advice, struct triage_action *ret,
		   struct err *err)
{
	AUTO_ACTION_CALL struct action_call call = {.action = NULL};
	const struct action_about about = {
		.incident = s->id,
		.service = s->service,
		.host = s->host,
		.environment = config_str(t->config, "environment"),
	};
	AUTO_BUF struct buf untrusted = BUF_INIT;

	if (list_names(advice->params, &untrusted, err) < 0 ||
	    action_prepare(&call, t->set, action_find(t->set, advice->action),
			   slice_of(advice->params), (struct slice){NULL, 0},
			   &about, err) < 0)
		return -1;
	*ret = (struct triage_action){
		.name = mem_dup(advice->action),
		.untrusted = buf_take(&untrusted),
		.command = mem_dup(call.command),
		.advised = true,
	};
	ret->params = TAKE_PTR(advice->params);
	return 0;
}

static char *take_action(struct triager *t, const struct triage_subject *s,
			 struct advice *advice, struct triage *ret)
{
	const struct action *a = action_find(t->set, advice->action);
	struct triage_action action;
	struct err err = ERR_INIT;

	if (is_there(ret, advice))
		return mem_printf("agrees with %s", advice->action);
	if (is_off(t, s, a))
		return mem_printf("suggests %s, for which the policy is off",
				  advice->action);
	if (prepare(t, s, advice, &action, &err) < 0)
		return mem_printf("suggests %s, which is refused: %s",
				  advice->action, err.text);
	ret->actions = mem_resize(ret->actions, ret->action_count + 1,
				  sizeof(*ret->actions));
	ret->actions[ret->action_count++] = action;
	return mem_printf("suggests %s", advice->action);
}

static void take_advice(struct triager *t, const struct triage_input *in,
			struct advice *advice, struct triage *ret)
{
	AUTO_FREE char *action = NULL;

	for (size_t i = 0; i < advice->cause_count; i++)
		triage_add_cause(ret, TRUST * advice->causes[i].score,
				 "adviser", NULL, advice->causes[i].text);
	triage_sort_causes(ret);
	ret->steps = mem_zero(advice->step_count + 1, sizeof(*ret->steps));
	for (size_t i = 0; i < advice->step_count; i++)
		ret->steps[ret->step_count++] = TAKE_PTR(advice->steps[i]);
	if (advice->action)
		action = take_action(t, &in->subject, advice, ret);
	ret->adviser = mem_printf("%s: causes %zu, steps %zu, %s",
				  adviser_model(t->adviser),
				  advice->cause_count, ret->step_count,
				  action ? action : "suggests no action");
}

void triage_advise(struct triager *t, const struct triage_input *in,
		   struct triage *ret)
{
	const char *names[ADVISER_ACTIONS + 1];
	AUTO_BUF struct buf incident = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_BUF struct buf catalogue = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_ADVICE struct advice advice = {.action = NULL};
	struct err err = ERR_INIT;

	describe(in, ret, &incident);
	offer(t, names, &catalogue);
	if (adviser_ask(t->adviser,
			&(struct adviser_question){
				.incident = buf_slice(&incident),
				.catalogue = buf_slice(&catalogue),
				.actions = names},
			&advice, &err) == 0)
		take_advice(t, in, &advice, ret);
	else
		ret->adviser = mem_printf("%s was not heard: %s",
					  adviser_model(t->adviser), err.text);
}
