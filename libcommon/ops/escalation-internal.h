/* escalation-internal.h - what the parts of escalation share. */
#ifndef ONCALL_ESCALATION_INTERNAL_H
#define ONCALL_ESCALATION_INTERNAL_H

#include <oncall/escalation.h>
#include <oncall/selector.h>
#include <oncall/window.h>

#define ESCALATION_ASSIGNEE "assignee"

#define ESCALATION_STEPS_MAX 100
#define ESCALATION_NAMES_MAX 50	 /* of a step, or a fallback */
#define ESCALATION_TIMES_MAX 100 /* that a step is done again */
#define ESCALATION_ENDLESS   (-1)

struct escalation_names {
	char **items;
	size_t count;
};

enum escalation_more { ESCALATION_ANY, ESCALATION_INCIDENTS, ESCALATION_TIMES };

struct escalation_step {
	char *text; /* as it was written */
	int64_t after;
	struct escalation_names to;
	int64_t every, again; /* ...so often, or ESCALATION_ENDLESS */
	struct window *only;  /* NULL: always */
	enum escalation_more more;
	int64_t more_than;
};

struct escalation_policy {
	char *name;
	struct selector *match; /* NULL: everything */
	struct escalation_step *steps;
	size_t step_count;
	int64_t repeat, every;
	struct escalation_names fallback;
};

struct escalation {
	const struct config *config;
	const struct roster *roster; /* or NULL */
	struct escalation_policy *policies;
	size_t count;
};

/* escalation-step.c: zone is that of windows that name none. */
int escalation_step_read(struct escalation_step *s, const char *text,
			 const char *zone, struct err *err);
void escalation_step_done(struct escalation_step *s);
/* A name that may be called, spaces around it taken off. */
int escalation_names_add(struct escalation_names *names, const char *text,
			 size_t len, struct err *err);
void escalation_names_done(struct escalation_names *names);
/* The target that is nearest to what was written, or NULL. */
const char *escalation_near_target(const struct config *c, const char *name);

#endif
