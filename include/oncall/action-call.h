/*
 * action-call.h - an action with its values: checked, and filled in. What would
 * be run is known to the byte, and a hash stands for it; what people approve is
 * that hash.
 */
#ifndef ONCALL_ACTION_CALL_H
#define ONCALL_ACTION_CALL_H

#include <oncall/action.h>

/* What it is about; texts may be NULL. Templates see them as ${incident},
 * ${service}, ${host}, ${environment} where no parameter has that name. */
struct action_about {
	const char *incident, *service, *host, *environment;
};

struct action_call {
	const struct action *action;
	const struct action_variant *variant;
	char *params; /* JSON object: all values as they are used, sorted by
		       * name, secrets as "***" */
	char *target;
	char *command; /* what runs, for people; secrets hidden */
	char hash[65]; /* of action, values, target and all that runs */
	struct action_steps run, rollback; /* filled in */
	struct action_check before, after;
	char **env; /* ended by NULL */
};

/*
 * params: a JSON object. untrusted: a JSON array of the names whose values come
 * from untrusted text, or a NULL ptr: all of them do. ERR_REFUSED: an unknown,
 * missing or unfit parameter, or an untrusted value where none is allowed; the
 * message names it and says what would do. The action is not run, but a path
 * and what variants ask for are looked at.
 */
int action_prepare(struct action_call *ret, const struct action_set *set,
		   const struct action *a, struct slice params,
		   struct slice untrusted, const struct action_about *about,
		   struct err *err) MUST_CHECK;
void action_call_done(struct action_call *c);
/* Appends steps as people would type them, parted by "; "; of a declaration
 * with its templates. */
void action_steps_show(const struct action_steps *s, struct buf *out);
#define AUTO_ACTION_CALL CLEANUP(action_call_done)

#endif
