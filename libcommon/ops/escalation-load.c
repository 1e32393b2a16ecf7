/* escalation-load.c - reads policies from configuration, and refuses what
 * would call nobody. */
#include <oncall/cli.h>
#include <oncall/incident-match.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "escalation-internal.h"

#define LOOKS_LIKE                                                         \
	"a step looks like 'after 15m to primary, ben every 5m 2 times "   \
	"only Mon-Fri 09:00 to 17:00 if more than 3 incidents', of which " \
	"only 'after ... to ...' must be there"

struct loading {
	struct escalation *e;
	struct escalation_policy *p;
	const char *zone;
};

static void policy_done(struct escalation_policy *p)
{
	for (size_t i = 0; i < p->step_count; i++)
		escalation_step_done(&p->steps[i]);
	free(p->steps);
	free(p->name);
	selector_free(p->match);
	escalation_names_done(&p->fallback);
}

void escalation_free(struct escalation *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->count; i++)
		policy_done(&e->policies[i]);
	free(e->policies);
	free(e);
}

static char *key(const struct loading *l, const char *member)
{
	return mem_printf("escalation.%s%s%s", l->p->name, *member ? "." : "",
			  member);
}

/* Says where: the line of the member, or that of all policies. */
static int fail_at(const struct loading *l, const char *member, struct err *err)
{
	AUTO_FREE char *path = key(l, member);
	const struct config *c = l->e->config;
	const char *origin = config_origin(c, *member ? path : "escalation");

	return err_prefix(err, "%s: %s", origin, path);
}

static int fail_step(const struct loading *l, size_t i, struct err *err)
{
	(void)err_prefix(err, "step %zu, '%.80s'", i + 1, l->p->steps[i].text);
	return fail_at(l, "steps", err);
}

/* ---- names ---- */

static int unknown_name(const struct loading *l, const char *name,
			const struct err *why, struct err *err)
{
	const char *near = escalation_near_target(l->e->config, name);

	if (!l->e->roster)
		return err_set(err, ERR_USAGE,
			       "'%s' is no target%s%s%s; rotations and persons "
			       "stand in a roster, and there is none: write "
			       "'roster: /etc/oncall/roster'",
			       name, near ? ", did you mean '" : "",
			       near ? near : "", near ? "'?" : "");
	return err_set(err, ERR_USAGE, "%s, and no target%s%s%s", why->text,
		       near ? "; is '" : "", near ? near : "",
		       near ? "' meant?" : "");
}

static int check_name(const struct loading *l, const char *name,
		      struct err *err)
{
	struct roster_turn turn;
	struct err why = ERR_INIT;

	if (!strcmp(name, ESCALATION_ASSIGNEE) ||
	    escalation_is_target(l->e->config, name) ||
	    (l->e->roster &&
	     roster_target(l->e->roster, name, 0, &turn, &why) == 0))
		return 0;
	return unknown_name(l, name, &why, err);
}

static int check_names(const struct loading *l,
		       const struct escalation_names *names, struct err *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (check_name(l, names->items[i], err) < 0)
			return -1;
	return 0;
}

static int read_fallback(struct loading *l, struct err *err)
{
	AUTO_FREE char *path = key(l, "fallback");
	struct escalation_names *names = &l->p->fallback;
	const char *name;

	for (size_t i = 0; (name = config_item(l->e->config, path, i)); i++)
		if (escalation_names_add(names, name, strlen(name), err) < 0)
			return fail_at(l, "fallback", err);
	if (!names->count) {
		(void)err_set(err, ERR_USAGE,
			      "who is called when a step finds nobody? Write "
			      "'fallback: [NAME]'");
		return fail_at(l, "", err);
	}
	return check_names(l, names, err) < 0 ? fail_at(l, "fallback", err) : 0;
}

/* ---- times ---- */

/* When the step is done last in a round. */
static int64_t last_time(const struct escalation_step *s)
{
	return s->after + s->again * s->every;
}

static int check_step(const struct loading *l, size_t i, struct err *err)
{
	const struct escalation_policy *p = l->p;
	const struct escalation_step *s = &p->steps[i];

	if (i > 0 && s->after < s[-1].after)
		return err_set(err, ERR_USAGE,
			       "it comes before the step above it: write steps "
			       "in the order of their times, which count from "
			       "the beginning");
	if (s->again == ESCALATION_ENDLESS && i + 1 < p->step_count)
		return err_set(err, ERR_USAGE,
			       "it has no end, and only the last step may have "
			       "none: write 'N times' behind 'every'");
	return check_names(l, &s->to, err);
}

static int check_rounds(const struct loading *l, struct err *err)
{
	const struct escalation_policy *p = l->p;
	const struct escalation_step *end = &p->steps[p->step_count - 1];
	char every[32], longest[32];
	int64_t most = 0;

	if (!p->repeat)
		return p->every ? err_set(err, ERR_USAGE,
					  "'every' is how long a round lasts, "
					  "and there is no second one: write "
					  "'repeat: 2', too")
				: 0;
	if (end->again == ESCALATION_ENDLESS)
		return err_set(err, ERR_USAGE,
			       "'repeat' never comes: step %zu, '%.80s', has "
			       "no end",
			       p->step_count, end->text);
	if (!p->every)
		return err_set(err, ERR_USAGE,
			       "'repeat' needs 'every', how long a round "
			       "lasts: write such as 'every: 1h'");
	for (size_t i = 0; i < p->step_count; i++)
		if (last_time(&p->steps[i]) > most)
			most = last_time(&p->steps[i]);
	if (p->every > most)
		return 0;
	when_format_duration(every, p->every);
	when_format_duration(longest, most);
	return err_set(err, ERR_USAGE,
		       "a round of %s ends before its last step, which comes "
		       "after %s: write a longer 'every'",
		       every, longest);
}

/* ---- policies ---- */

static int read_steps(struct loading *l, struct err *err)
{
	AUTO_FREE char *path = key(l, "steps");
	const struct config *c = l->e->config;
	struct escalation_policy *p = l->p;
	const char *text;

	while ((text = config_item(c, path, p->step_count))) {
		size_t i = p->step_count;

		if (i == ESCALATION_STEPS_MAX) {
			(void)err_set(err, ERR_USAGE, "more than %d steps",
				      ESCALATION_STEPS_MAX);
			return fail_at(l, "steps", err);
		}
		p->steps = mem_resize(p->steps, i + 1, sizeof(*p->steps));
		p->step_count++;
		if (escalation_step_read(&p->steps[i], text, l->zone, err) <
		    0) {
			struct err why = *err;

			err_clear(err);
			(void)err_set(err, ERR_USAGE,
				      why.kind == ERR_USAGE ? "%s; " LOOKS_LIKE
							    : "%s",
				      why.text);
			return fail_step(l, i, err);
		}
	}
	if (p->step_count)
		return 0;
	(void)err_set(err, ERR_USAGE,
		      "nobody is called: write 'steps:' and below it '- after "
		      "0m to NAME'");
	return fail_at(l, "", err);
}

static int read_policy(struct loading *l, struct err *err)
{
	AUTO_FREE char *match = key(l, "match");
	AUTO_FREE char *repeat = key(l, "repeat");
	AUTO_FREE char *every = key(l, "every");
	struct escalation_policy *p = l->p;
	const struct config *c = l->e->config;

	if (incident_match_config(&p->match, c, match, err) < 0 ||
	    read_steps(l, err) < 0)
		return -1;
	for (size_t i = 0; i < p->step_count; i++)
		if (check_step(l, i, err) < 0)
			return fail_step(l, i, err);
	p->repeat = config_int(c, repeat);
	p->every = config_duration(c, every);
	if (check_rounds(l, err) < 0)
		return fail_at(l, p->every ? "every" : "repeat", err);
	return read_fallback(l, err);
}

static int by_name(const void *a, const void *b)
{
	const struct escalation_policy *p = a, *q = b;

	return strcmp(p->name, q->name);
}

int escalation_load(struct escalation **ret, const struct config *c,
		    const struct roster *roster, struct err *err)
{
	AUTO_ESCALATION struct escalation *e = mem_zero(1, sizeof(*e));
	struct loading l = {.e = e, .zone = config_str(c, "timezone")};
	const char *name;

	e->config = c;
	e->roster = roster;
	while ((name = config_item(c, "escalation", e->count))) {
		e->policies = mem_resize(e->policies, e->count + 1,
					 sizeof(*e->policies));
		l.p = &e->policies[e->count++];
		*l.p = (struct escalation_policy){.name = mem_dup(name)};
		if (read_policy(&l, err) < 0)
			return -1;
	}
	if (e->count)
		qsort(e->policies, e->count, sizeof(*e->policies), by_name);
	*ret = TAKE_PTR(e);
	return 0;
}
