/*
 * triage-decide.c - auto, approve, suggest, escalate or ignore, and why. Each
 * step up has conditions; the first that fails is the reason for staying below.
 */
#include <stdarg.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "triage-internal.h"

#define REASON_MAX 400 /* bytes */

void triage_candidate_done(struct triage_candidate *c)
{
	free(c->action.name);
	free(c->action.params);
	free(c->action.untrusted);
	free(c->action.entry);
	free(c->action.solution);
	free(c->action.command);
	free(c->refused);
	free(c->not_reusable);
	triage_factors_done(&c->confidence_factors);
	triage_factors_done(&c->risk_factors);
}

void triage_add_reason(struct triage *t, const char *fmt, ...)
{
	char text[REASON_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	t->reasons = mem_resize(t->reasons, t->reason_count + 1,
				sizeof(*t->reasons));
	t->reasons[t->reason_count++] = mem_dup(text);
}

static void note_silence(void *arg, struct silence *s)
{
	const struct silence **first = arg;

	if (!*first && silence_state(s, clock_now()) == SILENCE_ACTIVE)
		*first = s;
}

/* What silences the incident now, or at that time of the past; borrowed until
 * the next question. 1, 0, -1. */
static int is_silenced(struct triager *t, const struct triage_subject *s,
		       const struct silence **ret, struct err *err)
{
	AUTO_INCIDENT_MATCH struct incident_match *match = NULL;
	AUTO_INCIDENT struct incident inc = {.num = 0};
	struct err gone = ERR_INIT;

	*ret = NULL;
	if (!t->store || !s->num)
		return 0;
	if (triager_silences(t, s->time, err) < 0)
		return -1;
	if (!silence_set_at(t->silences, 0))
		return 0;
	if (incident_load(t->store, s->num, &inc, &gone) < 0) {
		if (gone.kind == ERR_NO)
			return 0;
		*err = gone;
		return -1;
	}
	match = incident_match_new(t->config, &inc);
	silence_set_each(t->silences, match, &inc, note_silence, ret);
	return *ret != NULL;
}

static const char *name_of(const struct triage_candidate *c)
{
	if (c->action.name)
		return c->action.name;
	return c->action.solution ? c->action.solution : "nothing";
}

static int weigh(struct triager *t, const struct triage_subject *s,
		 struct triage_candidate *c, struct err *err)
{
	struct policy_facts f = {
		.action = c->action.name,
		.service = s->service,
		.host = s->host,
		.category = s->category,
		.environment = s->environment,
		.pattern = s->pattern,
		.entry = c->action.entry,
		.severity = s->severity,
		.tags = s->tags,
		.time = s->time,
	};

	if (c->declared) {
		f.blast_radius = action_radius_names[c->declared->radius];
		f.risk = action_risk_names[c->declared->risk];
	}
	policy_ask(t->policy, &f, &c->policy);
	c->rule = c->policy.rule;
	c->hidden = c->policy.autonomy == AUTONOMY_OFF;
	if (triage_look_back(t, s, c, err) < 0)
		return -1;
	triage_confidence(t, s, c);
	triage_risk(t, s, c);
	return 0;
}

/* Why nobody but a person could do it, or NULL. */
static const char *not_doable(const struct triage_candidate *c)
{
	if (!c->action.name)
		return "no action is known that does it";
	if (!c->declared)
		return "there is no action of that name";
	if (c->refused)
		return c->refused;
	return c->history.tried ? "it was tried for this incident" : NULL;
}

static bool is_unsure(const struct triage_candidate *c)
{
	return c->action.confidence < c->policy.escalate_below;
}

/* What can be done and is likely to help comes first, then what is likely to
 * help, and last what nobody is told of. */
static int group_of(const struct triage_candidate *c)
{
	if (c->hidden)
		return 2;
	return not_doable(c) || is_unsure(c);
}

static bool is_before(const struct triage_candidate *a,
		      const struct triage_candidate *b)
{
	int group = group_of(a) - group_of(b);

	if (group)
		return group < 0;
	if (a->action.confidence > b->action.confidence)
		return true;
	return a->action.confidence >= b->action.confidence &&
	       a->risk < b->risk;
}

/* Few, and those that are alike keep their order. */
static void sort(struct triage_candidate *c, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct triage_candidate moved = c[i];
		size_t at = i;

		for (; at > 0 && is_before(&moved, &c[at - 1]); at--)
			c[at] = c[at - 1];
		c[at] = moved;
	}
}

/* Whether something may be done at all, with or without approval. */
static bool may_act(const struct triage_subject *s,
		    const struct triage_candidate *c, struct triage *ret)
{
	const char *why = not_doable(c);

	if (!why && s->simulated)
		why = "the incident is simulated";
	if (why) {
		triage_add_reason(ret, "%s is not done: %s", name_of(c), why);
		return false;
	}
	if (c->policy.autonomy >= AUTONOMY_APPROVE)
		return true;
	if (c->policy.freeze && !strcmp(c->policy.rule, "freeze"))
		triage_add_reason(ret,
				  "%s is not done: nothing is to be changed "
				  "now (%s)",
				  name_of(c), c->policy.freeze);
	else
		triage_add_reason(ret,
				  "%s is not done: the policy is to suggest it "
				  "(%s)",
				  name_of(c), c->policy.rule);
	return false;
}

/* Whether no cap is reached. */
static bool is_below_caps(const struct triager *t,
			  const struct triage_candidate *c, struct triage *ret)
{
	const struct policy_limits *l = policy_limits(t->policy);
	const struct triage_history *h = &c->history;

	if (l->per_incident && h->incident >= l->per_incident) {
		triage_add_reason(ret,
				  "%s is not done: %lld actions were tried for "
				  "this incident, and no more than %lld may be",
				  name_of(c), (long long)h->incident,
				  (long long)l->per_incident);
		return false;
	}
	if (l->per_hour && h->hour >= l->per_hour) {
		triage_add_reason(ret,
				  "%s is not done: %lld actions ran within an "
				  "hour, and no more than %lld may",
				  name_of(c), (long long)h->hour,
				  (long long)l->per_hour);
		return false;
	}
	return true;
}

/* Whether nobody needs to agree. */
static bool may_run_alone(const struct triage_candidate *c, struct triage *ret)
{
	const char *name = name_of(c);

	if (c->policy.autonomy < AUTONOMY_AUTO)
		triage_add_reason(ret,
				  "%s does not run by itself: the policy asks "
				  "for approval (%s)",
				  name, c->policy.rule);
	else if (c->action.confidence < c->policy.auto_from)
		triage_add_reason(ret,
				  "%s does not run by itself: the confidence "
				  "%.3f is below %.3f",
				  name, c->action.confidence,
				  c->policy.auto_from);
	else if (c->not_reusable)
		triage_add_reason(ret, "%s does not run by itself: '%s': %s",
				  name, c->action.entry ? c->action.entry : "?",
				  c->not_reusable);
	else if (c->risk >= TRIAGE_RISKY && !c->policy.any_risk)
		triage_add_reason(ret,
				  "%s does not run by itself: the risk is %s "
				  "(%.2f), and the rule does not ask for risk "
				  "(%s)",
				  name, c->risk_level, c->risk, c->policy.rule);
	else
		return true;
	return false;
}

static enum triage_decision decide(const struct triager *t,
				   const struct triage_subject *s,
				   const struct triage_candidate *c,
				   struct triage *ret)
{
	triage_add_reason(ret, "%s may help: confidence %.2f, risk %s (%.2f)",
			  name_of(c), c->action.confidence, c->risk_level,
			  c->risk);
	if (is_unsure(c)) {
		triage_add_reason(ret,
				  "a person is called: the confidence %.3f is "
				  "below %.3f",
				  c->action.confidence,
				  c->policy.escalate_below);
		return TRIAGE_ESCALATE;
	}
	if (!may_act(s, c, ret))
		return c->history.tried ? TRIAGE_ESCALATE : TRIAGE_SUGGEST;
	if (!is_below_caps(t, c, ret))
		return TRIAGE_ESCALATE;
	if (!may_run_alone(c, ret))
		return TRIAGE_APPROVE;
	triage_add_reason(ret,
			  "%s runs by itself: the policy allows it (%s), and "
			  "the confidence reaches %.3f",
			  name_of(c), c->policy.rule, c->policy.auto_from);
	return TRIAGE_AUTO;
}

static enum triage_decision decide_without(const struct silence *silence,
					   const struct triage_subject *s,
					   const struct triage_candidate *c,
					   struct triage *ret)
{
	if (silence) {
		triage_add_reason(ret, "the incident is silenced by %s of %s",
				  silence->id, silence->actor);
		return TRIAGE_IGNORE;
	}
	if (s->false_positive) {
		triage_add_reason(ret, "the incident is a false positive");
		return TRIAGE_IGNORE;
	}
	if (c->policy.autonomy == AUTONOMY_OFF) {
		triage_add_reason(ret, "the policy is off (%s)",
				  c->policy.rule);
		return TRIAGE_IGNORE;
	}
	triage_add_reason(ret, "a person is called: nothing is known that "
			       "would help");
	return TRIAGE_ESCALATE;
}

static void take(struct triage_candidate *c, const struct triager *t,
		 struct triage *ret)
{
	char *rule = mem_printf("%s %s", policy_version(t->policy), c->rule);

	ret->risk = c->risk;
	ret->risk_level = c->risk_level;
	ret->risk_factors = TAKE_PTR(c->risk_factors.items);
	ret->risk_count = c->risk_factors.count;
	c->risk_factors.count = 0;
	ret->confidence = c->action.confidence;
	ret->confidence_factors = TAKE_PTR(c->confidence_factors.items);
	ret->confidence_count = c->confidence_factors.count;
	c->confidence_factors.count = 0;
	free(ret->policy);
	ret->policy = rule;
}

static void tell_others(const struct triage_candidate *c, size_t n,
			struct triage *ret)
{
	for (size_t i = 1; i < n && !c[i].hidden; i++) {
		const char *why = not_doable(&c[i]);

		triage_add_reason(ret, "%s comes after it: confidence %.2f%s%s",
				  name_of(&c[i]), c[i].action.confidence,
				  why ? "; " : "", why ? why : "");
	}
}

int triage_decide(struct triager *t, const struct triage_subject *s,
		  struct triage_candidate *c, size_t n, struct triage *ret,
		  struct err *err)
{
	struct triage_candidate none = {.match = 0};
	struct triage_candidate *best = n ? c : &none;
	const struct silence *silence;
	int rc = 0;

	if (is_silenced(t, s, &silence, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (weigh(t, s, &c[i], err) < 0)
			return -1;
	sort(c, n);
	if (!n)
		rc = weigh(t, s, &none, err);
	if (rc == 0) {
		triage_factors_done(&none.confidence_factors);
		if (!n || best->hidden || s->false_positive || silence)
			ret->decision = decide_without(silence, s, best, ret);
		else
			ret->decision = decide(t, s, best, ret);
		if (ret->decision != TRIAGE_IGNORE)
			tell_others(c, n, ret);
		take(best, t, ret);
	}
	triage_candidate_done(&none);
	return rc;
}
