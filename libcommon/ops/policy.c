/* policy.c - how much may be done without a person. */
#include <oncall/policy.h>

#include <math.h>

#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "policy-internal.h"

#define TAGS_MAX       200 /* of an incident; more are not looked at */
#define FREEZES_IN_ROW 100 /* that are followed to the end of the last one */

const char *const policy_autonomy_names[] = {"off", "suggest", "approve",
					     "auto", NULL};

static void windows_done(struct policy_windows *w)
{
	for (size_t i = 0; i < w->count; i++)
		window_free(w->items[i]);
	free(w->items);
}

static void rule_done(struct policy_rule *r)
{
	free(r->name);
	selector_free(r->match);
	windows_done(&r->during);
	free(r->approvers);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->rule_count; i++)
		rule_done(&p->rules[i]);
	free(p->rules);
	rule_done(&p->general);
	windows_done(&p->freeze);
	map_done(&p->services, free);
	free(p->environment);
	free(p);
}

const struct policy_limits *policy_limits(const struct policy *p)
{
	return &p->limits;
}

const char *policy_version(const struct policy *p)
{
	return p->version;
}

const char *policy_criticality(const struct policy *p, const char *service)
{
	const char *known;

	if (!service)
		return NULL;
	known = map_get(&p->services, slice_of(service));
	return known ? known : p->criticality;
}

/* A question, for the selectors of rules. */
struct question {
	const struct policy_facts *facts;
	const char *environment, *criticality;
	struct buf tags[TAGS_MAX];
	size_t tag_count;
};

static int read_tag(void *arg, struct slice value, enum jscan_type type,
		    struct err *err)
{
	struct question *q = arg;

	(void)err;
	if (type == JSCAN_STRING && q->tag_count < TAGS_MAX)
		jscan_unquote(&q->tags[q->tag_count++], value);
	return 0;
}

static struct slice look_up(void *arg, const char *field, size_t i)
{
	const struct question *q = arg;
	const struct policy_facts *f = q->facts;
	const struct {
		const char *name, *value;
	} values[] = {
		{"action", f->action},
		{"service", f->service},
		{"host", f->host},
		{"category", f->category},
		{"environment", q->environment},
		{"criticality", q->criticality},
		{"blast_radius", f->blast_radius},
		{"risk", f->risk},
		{"pattern", f->pattern},
		{"entry", f->entry},
		{"severity", severity_name(f->severity)},
	};

	if (!strcmp(field, "tags"))
		return i < q->tag_count ? slice_of(buf_str(&q->tags[i]))
					: (struct slice){.ptr = NULL};
	for (size_t v = 0; v < ARRAY_LEN(values) && i == 0; v++)
		if (!strcmp(values[v].name, field))
			return slice_of(values[v].value);
	return (struct slice){.ptr = NULL};
}

static bool holds_now(const struct policy_windows *w, int64_t time,
		      size_t *ret_which, int64_t *ret_ends)
{
	for (size_t i = 0; i < w->count; i++) {
		if (window_holds(w->items[i], time, ret_ends)) {
			*ret_which = i;
			return true;
		}
	}
	return false;
}

static bool applies(const struct policy_rule *r, struct question *q)
{
	int64_t ends;
	size_t which;

	if (r->during.count &&
	    !holds_now(&r->during, q->facts->time, &which, &ends))
		return false;
	return !r->match || !selector_failed(r->match, look_up, q);
}

/* Takes what nobody before has said. */
static void take(struct policy_answer *a, const struct policy_rule *r,
		 const struct policy_rule **autonomy, bool *ret_self)
{
	if (!*autonomy && r->autonomy >= 0)
		*autonomy = r;
	if (isnan(a->auto_from))
		a->auto_from = r->auto_from;
	if (isnan(a->escalate_below))
		a->escalate_below = r->escalate_below;
	if (!a->approvers)
		a->approvers = r->approvers;
	if (!a->quorum)
		a->quorum = r->quorum;
	if (!a->approval_expires)
		a->approval_expires = r->expires;
	if (!*ret_self && r->self >= 0) {
		a->self = r->self;
		*ret_self = true;
	}
}

/* The window that holds, and when the last of those that follow it without a
 * gap ends. */
static void look_at_freeze(const struct policy *p, int64_t time,
			   struct policy_answer *a)
{
	int64_t ends;
	size_t which;

	a->freeze_ends = WHEN_NONE;
	for (int i = 0; i < FREEZES_IN_ROW; i++) {
		if (!holds_now(&p->freeze, time, &which, &ends))
			return;
		if (!a->freeze)
			a->freeze = window_text(p->freeze.items[which]);
		a->freeze_ends = ends;
		if (ends == WHEN_NONE)
			return;
		time = ends;
	}
}

static void limit(struct policy_answer *a, enum autonomy most, const char *why)
{
	if (a->autonomy <= most)
		return;
	a->autonomy = most;
	a->rule = why;
}

void policy_ask(const struct policy *p, const struct policy_facts *f,
		struct policy_answer *ret)
{
	struct question q = {.facts = f};
	const struct policy_rule *r = NULL;
	struct err unused = ERR_INIT;
	bool self = false;

	q.environment = f->environment ? f->environment : p->environment;
	q.criticality = f->criticality ? f->criticality
				       : policy_criticality(p, f->service);
	if (f->tags.ptr && jscan_array(f->tags, read_tag, &q, &unused) < 0)
		q.tag_count = 0;
	*ret = (struct policy_answer){.auto_from = (double)NAN,
				      .escalate_below = (double)NAN};
	for (size_t i = 0; i < p->rule_count; i++)
		if (applies(&p->rules[i], &q))
			take(ret, &p->rules[i], &r, &self);
	if (!r)
		r = &p->general;
	take(ret, &p->general, &r, &self);
	ret->autonomy = (enum autonomy)r->autonomy;
	ret->rule = r->name;
	ret->any_risk = r->on_risk;
	look_at_freeze(p, f->time, ret);
	if (q.criticality && !strcmp(q.criticality, "critical") &&
	    !r->on_criticality)
		limit(ret, AUTONOMY_APPROVE, "critical service");
	if (ret->freeze && !r->in_freeze)
		limit(ret, AUTONOMY_SUGGEST, "freeze");
	for (size_t i = 0; i < TAGS_MAX; i++)
		buf_done(&q.tags[i]);
}
