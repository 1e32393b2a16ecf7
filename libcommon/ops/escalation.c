/* escalation.c - which policy counts, when its steps are due, and whom they
 * call. */
#include <oncall/escalation.h>

#include <oncall/cli.h>
#include <oncall/incident-match.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "escalation-internal.h"

/* What "if more than" asks for may come without anybody noticing: the step
 * looks again and again. */
#define LOOK_AGAIN WHEN_MINUTE

/* ---- targets ---- */

static const char *const target_maps[] = {"targets", "groups"};

/* The i-th target, or group of them; NULL behind the last. */
static const char *target_at(const struct config *c, size_t i)
{
	for (size_t m = 0; m < ARRAY_LEN(target_maps); m++) {
		size_t count = 0;

		while (config_item(c, target_maps[m], count))
			if (count++ == i)
				return config_item(c, target_maps[m], i);
		i -= count;
	}
	return NULL;
}

bool escalation_is_target(const struct config *c, const char *name)
{
	const char *target;

	for (size_t i = 0; (target = target_at(c, i)); i++)
		if (!strcmp(target, name))
			return true;
	return false;
}

const char *escalation_near_target(const struct config *c, const char *name)
{
	AUTO_FREE const char **names = mem_zero(1, sizeof(*names));
	const char *target;

	for (size_t i = 0; (target = target_at(c, i)); i++) {
		names = mem_resize(names, i + 2, sizeof(*names));
		names[i] = target;
		names[i + 1] = NULL;
	}
	return cli_nearest(name, names);
}

/* ---- policies ---- */

const struct escalation_policy *escalation_for(const struct escalation *e,
					       const struct config *c,
					       const struct incident *inc)
{
	AUTO_INCIDENT_MATCH struct incident_match *m = NULL;

	if (e->count)
		m = incident_match_new(c, inc);
	for (size_t i = 0; i < e->count; i++) {
		const struct selector *match = e->policies[i].match;

		if (!match || !incident_match_failed(m, match))
			return &e->policies[i];
	}
	return NULL;
}

const struct escalation_policy *escalation_named(const struct escalation *e,
						 const char *name)
{
	for (size_t i = 0; i < e->count; i++)
		if (!strcmp(e->policies[i].name, name))
			return &e->policies[i];
	return NULL;
}

const char *escalation_name(const struct escalation_policy *p)
{
	return p->name;
}

size_t escalation_steps(const struct escalation_policy *p)
{
	return p->step_count;
}

const char *escalation_text(const struct escalation_policy *p, size_t step)
{
	return p->steps[step].text;
}

int64_t escalation_due(const struct escalation_policy *p, size_t step,
		       int64_t done, int64_t began)
{
	const struct escalation_step *s = &p->steps[step];
	int64_t in_round = s->again + 1;

	if (s->again == ESCALATION_ENDLESS)
		return began + s->after + done * s->every;
	if (done / in_round > p->repeat)
		return WHEN_NONE;
	return began + done / in_round * p->every + s->after +
	       done % in_round * s->every;
}

/* ---- who is called ---- */

/* While a step finds out. */
struct calling {
	const struct escalation *e;
	const struct escalation_facts *f;
	struct escalation_call *call;
	struct buf who;	   /* "ana (primary), ops" */
	struct buf nobody; /* "secondary (outside)" */
};

static void add_name(struct calling *c, const char *name, const char *from)
{
	struct escalation_call *call = c->call;

	for (size_t i = 0; i < call->count; i++)
		if (!strcmp(call->to[i], name))
			return;
	call->to = mem_resize(call->to, call->count + 2, sizeof(*call->to));
	call->to[call->count++] = mem_dup(name);
	call->to[call->count] = NULL;
	buf_addf(&c->who, "%s%s", c->who.len ? ", " : "", name);
	if (from)
		buf_addf(&c->who, " (%s)", from);
}

static void add_nobody(struct calling *c, const char *name, const char *why)
{
	buf_addf(&c->nobody, "%s%s (%s)", c->nobody.len ? ", " : "", name, why);
}

static void add_turn(struct calling *c, const char *name,
		     const struct roster_turn *turn)
{
	AUTO_FREE char *from = NULL;

	if (!turn->person) {
		add_nobody(c, name, turn->why);
		return;
	}
	if (turn->rotation)
		from = mem_printf("%s, %s", name, turn->why);
	add_name(c, turn->person, from);
}

/* An incident may be assigned to a team: who has its first rotation then. */
static bool team_turn(const struct calling *c, const char *team,
		      struct roster_turn *ret)
{
	for (size_t i = 0; roster_at(c->e->roster, i, c->f->now, ret); i++)
		if (ret->team && !strcmp(ret->team, team))
			return true;
	return false;
}

/* The roster comes first: a person may have a target of the same name. */
static void add(struct calling *c, const char *name)
{
	const struct roster *roster = c->e->roster;
	bool target = escalation_is_target(c->e->config, name);
	struct roster_turn turn;
	struct err unused = ERR_INIT;

	if (roster &&
	    (roster_target(roster, name, c->f->now, &turn, &unused) == 0 ||
	     (!target && team_turn(c, name, &turn))))
		add_turn(c, name, &turn);
	else if (target)
		add_name(c, name, NULL);
	else
		add_nobody(c, name, "unknown");
}

static void add_all(struct calling *c, const struct escalation_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *assignee = c->f->assignee;

		if (strcmp(names->items[i], ESCALATION_ASSIGNEE) != 0)
			add(c, names->items[i]);
		else if (assignee && *assignee)
			add(c, assignee);
		else
			add_nobody(c, names->items[i], "there is none");
	}
}

static void find_people(struct calling *c, const struct escalation_policy *p,
			size_t step)
{
	AUTO_BUF struct buf why = BUF_INIT;

	add_all(c, &p->steps[step].to);
	if (c->nobody.len)
		buf_addf(&why, "nobody is there for %s; ", buf_str(&c->nobody));
	if (c->call->count == 0) {
		c->call->fallback = true;
		buf_reset(&c->nobody);
		add_all(c, &p->fallback);
	}
	if (c->call->count)
		buf_addf(&why, "%s: %s",
			 c->call->fallback ? "the fallback is called"
					   : "called",
			 buf_str(&c->who));
	else
		buf_addf(&why,
			 "nor of the fallback, %s: all who hear of incidents "
			 "are told",
			 buf_str(&c->nobody));
	c->call->why = buf_take(&why);
}

/* ---- whether it is done now ---- */

/* When the step may be done: now, when its window begins, or WHEN_NONE when
 * that is over for good. */
static int64_t window_begins(const struct escalation_step *s, int64_t now)
{
	int64_t begins;

	return !s->only || window_holds(s->only, now, &begins) ? now : begins;
}

void escalation_over(const struct escalation *e, int64_t now,
		     escalation_over_fn *each, void *arg)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct escalation_policy *p = &e->policies[i];

		for (size_t k = 0; k < p->step_count; k++)
			if (window_begins(&p->steps[k], now) == WHEN_NONE)
				each(arg, p, k);
	}
}

static bool waits_for_window(const struct escalation_step *s, int64_t now,
			     struct escalation_call *ret)
{
	int64_t begins = window_begins(s, now);
	char text[WHEN_TEXT];

	if (begins == now)
		return false;
	if (begins == WHEN_NONE) {
		ret->put_off = WHEN_MAX;
		ret->why = mem_printf("'only %s' is over for good",
				      window_text(s->only));
		return true;
	}
	when_format(text, begins);
	ret->put_off = begins;
	ret->why = mem_printf("put off to %s by 'only %s'", text,
			      window_text(s->only));
	return true;
}

static bool waits_for_more(const struct escalation_step *s,
			   const struct escalation_facts *f,
			   struct escalation_call *ret)
{
	int64_t now = s->more == ESCALATION_TIMES ? f->times : f->incidents;

	if (s->more == ESCALATION_ANY || now > s->more_than)
		return false;
	ret->put_off = f->now + LOOK_AGAIN;
	ret->why = mem_printf(
		"put off until there are more than %lld %s; now it is %lld",
		(long long)s->more_than,
		s->more == ESCALATION_TIMES ? "occurrences" : "incidents",
		(long long)now);
	return true;
}

int escalation_call(const struct escalation *e,
		    const struct escalation_policy *p, size_t step,
		    const struct escalation_facts *f,
		    struct escalation_call *ret, struct err *err)
{
	const struct escalation_step *s = &p->steps[step];
	struct calling c = {.e = e, .f = f, .call = ret};
	int rc;

	*ret = (struct escalation_call){.count = 0};
	if (waits_for_window(s, f->now, ret) || waits_for_more(s, f, ret))
		return 0;
	find_people(&c, p, step);
	rc = buf_check(&c.who, "who is called", err);
	buf_done(&c.who);
	buf_done(&c.nobody);
	return rc;
}

void escalation_call_done(struct escalation_call *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->to[i]);
	free(c->to);
	free(c->why);
	*c = (struct escalation_call){.count = 0};
}
