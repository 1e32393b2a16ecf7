/* triage.c - from a record to a decision: what is known of the incident, what
 * could be done, what may be the cause; and then triage-decide.c judges. */
#include <oncall/triage.h>

#include <oncall/action-call.h>
#include <oncall/jlist.h>
#include <oncall/mem.h>

#include "triage-gather.h"

#define SOLUTIONS_MAX  32 /* of an entry */
#define CANDIDATES_MAX 24
/* What is that much less like it than the best is not worth trying. */
#define WORTH 0.5

const char *const triage_decision_names[] = {"ignore", "suggest",  "approve",
					     "auto",   "escalate", NULL};

static void factors_done(struct triage_factor *factors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(factors[i].name);
	free(factors);
}

void triage_done(struct triage *t)
{
	for (size_t i = 0; i < t->cause_count; i++) {
		free(t->causes[i].text);
		free(t->causes[i].from);
		free(t->causes[i].ref);
	}
	for (size_t i = 0; i < t->action_count; i++) {
		free(t->actions[i].name);
		free(t->actions[i].params);
		free(t->actions[i].untrusted);
		free(t->actions[i].entry);
		free(t->actions[i].solution);
		free(t->actions[i].command);
	}
	for (size_t i = 0; i < t->reason_count; i++)
		free(t->reasons[i]);
	for (size_t i = 0; i < t->step_count; i++)
		free(t->steps[i]);
	factors_done(t->risk_factors, t->risk_count);
	factors_done(t->confidence_factors, t->confidence_count);
	free(t->causes);
	free(t->actions);
	free(t->reasons);
	free(t->policy);
	free(t->adviser);
	free(t->steps);
	*t = (struct triage){.causes = NULL};
}

/* ---- candidates ---- */

struct candidates {
	struct triager *triager;
	const struct triage_input *in;
	struct triage_candidate items[CANDIDATES_MAX];
	size_t count;
};

static void candidates_done(struct candidates *all)
{
	for (size_t i = 0; i < all->count; i++)
		triage_candidate_done(&all->items[i]);
}

/* Whether two objects have the same members, whatever way they are written. */
static bool same_params(struct slice a, struct slice b)
{
	struct jscan x = {0}, y = {0};
	struct err err = ERR_INIT;
	bool same = jscan_object(&x, a.ptr, a.len, &err) == 0 &&
		    jscan_object(&y, b.ptr, b.len, &err) == 0 &&
		    x.count == y.count;

	for (size_t i = 0; i < x.count && same; i++) {
		AUTO_BUF struct buf key = BUF_INIT, left = BUF_INIT;
		AUTO_BUF struct buf right = BUF_INIT;
		const struct jscan_member *m;

		buf_add_slice(&key, x.members[i].key);
		m = jscan_get(&y, buf_str(&key));
		same = m && m->type == x.members[i].type;
		if (same && m->type == JSCAN_STRING) {
			jscan_unquote(&left, x.members[i].value);
			jscan_unquote(&right, m->value);
			same = slice_eq(buf_slice(&left), buf_slice(&right));
		} else if (same) {
			same = slice_eq(x.members[i].value, m->value);
		}
	}
	jscan_done(&x);
	jscan_done(&y);
	return same;
}

/* Whether the knowledge base itself says so, and not only the record. */
static bool is_own(const struct triage_known *k,
		   const struct triage_candidate *c, struct slice params)
{
	const struct knowledge_solution *s =
		k->found && c->action.solution
			? knowledge_solution_find(&k->entry, c->action.solution)
			: NULL;

	return s && s->action && c->action.name &&
	       !strcmp(s->action, c->action.name) &&
	       same_params(s->params ? slice_of(s->params) : SLICE_LIT("{}"),
			   params);
}

/* An entry that is not known has the outcomes that are noted of its id. */
static int look_up_outcomes(struct triager *t, struct triage_known *k,
			    struct triage_candidate *c, struct err *err)
{
	struct knowledge_entry unknown = {.id = k->id};

	return kb_confidence(t->kb, k->found ? &k->entry : &unknown,
			     c->action.solution, &c->outcomes, err);
}

/* What would be run; refusals are part of the answer. */
static void prepare(const struct candidates *all, struct triage_candidate *c)
{
	const struct triage_subject *s = &all->in->subject;
	const struct action_about about = {
		.incident = s->id,
		.service = s->service,
		.host = s->host,
		.environment = config_str(all->triager->config, "environment"),
	};
	AUTO_ACTION_CALL struct action_call call = {.action = NULL};
	struct err err = ERR_INIT;

	if (action_prepare(&call, all->triager->set, c->declared,
			   slice_of(c->action.params),
			   slice_of(c->action.untrusted), &about, &err) < 0)
		c->refused = mem_dup(err.text);
	else
		c->action.command = mem_dup(call.command);
}

static bool is_there(const struct candidates *all,
		     const struct triage_candidate *c)
{
	for (size_t i = 0; i < all->count && c->action.name; i++)
		if (all->items[i].action.name &&
		    !strcmp(all->items[i].action.name, c->action.name) &&
		    !strcmp(all->items[i].action.params, c->action.params))
			return true;
	return false;
}

static int add_candidate(struct candidates *all, struct triage_known *k,
			 const struct jscan *solution, struct err *err)
{
	const struct jscan_member *p = jscan_get(solution, "params");
	struct slice params = p ? p->value : SLICE_LIT("{}");
	struct triager *t = all->triager;
	struct triage_candidate c = {
		.action = {.name = triage_member(solution, "action"),
			   .solution = triage_member(solution, "name"),
			   .entry = mem_dup(k->id)},
		.match = k->score,
		.by_rule = k->by_rule,
		.same_service = k->service,
		.same_category = k->category,
		.not_reusable = mem_dup(k->not_reusable),
	};

	if (look_up_outcomes(t, k, &c, err) < 0) {
		triage_candidate_done(&c);
		return -1;
	}
	(void)triage_fill(all->in, config_str(t->config, "environment"), params,
			  !is_own(k, &c, params), &c.action, &c.refused);
	if (c.action.name && t->set)
		c.declared = action_find(t->set, c.action.name);
	if (c.declared && !c.refused)
		prepare(all, &c);
	if (all->count == CANDIDATES_MAX || is_there(all, &c))
		triage_candidate_done(&c);
	else
		all->items[all->count++] = c;
	return 0;
}

static int add_solutions(struct candidates *all, struct triage_known *k,
			 struct err *err)
{
	struct slice items[SOLUTIONS_MAX];
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};
	size_t count = jlist_items(k->solutions, items, SOLUTIONS_MAX);
	int rc = 0;

	for (size_t i = 0; i < count && i < SOLUTIONS_MAX && rc == 0; i++)
		if (jscan_object(&scan, items[i].ptr, items[i].len, &ignored) ==
		    0)
			rc = add_candidate(all, k, &scan, err);
	jscan_done(&scan);
	return rc;
}

static int add_candidates(struct candidates *all, struct triage_input *in,
			  struct err *err)
{
	for (size_t i = 0; i < in->known_count; i++)
		if (in->known[i].id && in->known[i].solutions.ptr &&
		    in->known[i].score >= WORTH * in->known[0].score &&
		    add_solutions(all, &in->known[i], err) < 0)
			return -1;
	return 0;
}

/* ---- the whole ---- */

/* What has no action is a hint for people only, and stands in the reasons. */
static void take_actions(struct candidates *all, struct triage *ret)
{
	ret->actions = mem_zero(all->count + 1, sizeof(*ret->actions));
	for (size_t i = 0; i < all->count; i++) {
		struct triage_candidate *c = &all->items[i];

		if (c->hidden || !c->action.name)
			continue;
		ret->actions[ret->action_count++] = c->action;
		c->action = (struct triage_action){.name = NULL};
	}
}

/* Nothing is to be done about it, not even said. */
static void ignore(const struct triager *t, struct triage *ret)
{
	ret->decision = TRIAGE_IGNORE;
	ret->risk_level = "low";
	ret->policy = mem_dup(policy_version(t->policy));
	triage_add_reason(ret, "the incident is over");
}

static int triage_input(struct triager *t, struct triage_input *in,
			struct triage *ret, struct err *err)
{
	struct candidates all = {.triager = t, .in = in};
	int rc = 0;

	if (!in->over)
		rc = add_candidates(&all, in, err);
	if (rc == 0 && !t->past)
		rc = triage_causes(t, in, ret, err);
	if (rc == 0 && in->over)
		ignore(t, ret);
	else if (rc == 0)
		rc = triage_decide(t, &in->subject, all.items, all.count, ret,
				   err);
	if (rc == 0)
		take_actions(&all, ret);
	if (rc == 0 && t->adviser && !t->past && ret->decision != TRIAGE_IGNORE)
		triage_advise(t, in, ret);
	candidates_done(&all);
	return rc;
}

int triage_incident(struct triager *t, const struct jscan *record,
		    struct triage *ret, struct err *err)
{
	AUTO_INPUT struct triage_input in = {.record = NULL};

	*ret = (struct triage){.causes = NULL};
	if (triage_read(t, record, &in, err) < 0 ||
	    triage_input(t, &in, ret, err) < 0) {
		triage_done(ret);
		return -1;
	}
	return 0;
}
