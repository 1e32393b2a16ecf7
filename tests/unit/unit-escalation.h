/* unit-escalation.h - policies of a text, and what they do from a time on. */
#ifndef ONCALL_UNIT_ESCALATION_H
#define ONCALL_UNIT_ESCALATION_H

#include "unit-config.h"

#include "unit-roster.h"

#include "../../libcommon/ops/escalation-internal.h"

#define STEPS_AT_ONCE 10

/* Configuration, roster and the policies of both. */
struct escalating {
	struct config *config;
	struct roster *roster;
	struct escalation *escalation;
};

static inline void escalating_done(struct escalating *e)
{
	escalation_free(e->escalation);
	roster_free(e->roster);
	config_free(e->config);
}
#define AUTO_ESCALATING CLEANUP(escalating_done)

/* roster may be NULL. */
static inline int escalating_try(struct escalating *e, const char *roster,
				 const char *text, struct err *err)
{
	*e = (struct escalating){.config = NULL};
	if (load_text(&e->config, config_schema, text, err) < 0)
		return -1;
	if (roster)
		e->roster = roster_of(roster);
	return escalation_load(&e->escalation, e->config, e->roster, err);
}

static inline struct escalating escalating_new(const char *roster,
					       const char *text)
{
	struct escalating e;
	struct err err = ERR_INIT;

	if (escalating_try(&e, roster, text, &err) < 0)
		fail_msg("'%s': %s", text, err.text);
	return e;
}

static inline char *names_of_call(const struct escalation_call *call)
{
	AUTO_BUF struct buf names = BUF_INIT;

	for (size_t i = 0; i < call->count; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", call->to[i]);
	assert_true(!call->to || !call->to[call->count]);
	return mem_dup(buf_str(&names));
}

/* What a policy does is told by lines "TIME STEP: NAMES", in the order of
 * time, then of steps; what is put off is looked at again then. */
static inline char *story(const struct escalating *e, const char *policy,
			  const struct escalation_facts *facts, int64_t until)
{
	const struct escalation_policy *p =
		escalation_named(e->escalation, policy);
	int64_t due[STEPS_AT_ONCE], done[STEPS_AT_ONCE] = {0};
	struct escalation_facts f = *facts;
	AUTO_BUF struct buf out = BUF_INIT;
	size_t steps;

	assert_non_null(p);
	steps = escalation_steps(p);
	assert_true(steps <= STEPS_AT_ONCE);
	for (size_t i = 0; i < steps; i++)
		due[i] = escalation_due(p, i, 0, f.began);
	for (;;) {
		AUTO_ESCALATION_CALL struct escalation_call call = {0};
		AUTO_FREE char *names = NULL;
		struct err err = ERR_INIT;
		size_t next = steps;

		for (size_t i = 0; i < steps; i++)
			if (due[i] != WHEN_NONE && due[i] < until &&
			    (next == steps || due[i] < due[next]))
				next = i;
		if (next == steps)
			return mem_dup(buf_str(&out));
		f.now = due[next];
		assert_int_equal(escalation_call(e->escalation, p, next, &f,
						 &call, &err),
				 0);
		assert_true(call.why && *call.why);
		if (call.put_off) {
			assert_true(call.put_off > f.now && !call.count);
			due[next] = call.put_off;
			continue;
		}
		names = names_of_call(&call);
		buf_addf(&out, "%.16s %zu: %s%s\n", TEXT(f.now), next + 1,
			 call.fallback ? "instead " : "", names);
		due[next] = escalation_due(p, next, ++done[next], f.began);
	}
}

static inline void story_is(const struct escalating *e, const char *began,
			    const char *until, const char *wanted)
{
	struct escalation_facts f = {
		.began = time_of(began), .incidents = 1, .times = 1};
	AUTO_FREE char *is = story(e, "p", &f, time_of(until));

	if (strcmp(is, wanted) != 0)
		fail_msg("from %s:\n%snot\n%s", began, is, wanted);
}

#endif
