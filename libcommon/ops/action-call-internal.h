/* action-call-internal.h - what the parts of action-call.h share. */
#ifndef ACTION_CALL_INTERNAL_H
#define ACTION_CALL_INTERNAL_H

#include "action-internal.h"

/* The variables that the action and its shells have, and with usual those that
 * all programs have, which are not part of what people approve. */
int action_env_fill(const struct action_values *v, bool usual, char ***ret,
		    struct err *err) MUST_CHECK;
/* The first way whose "when" holds. */
int action_choose(const struct action_values *v,
		  const struct action_variant **ret, struct err *err)
	MUST_CHECK;
/* Programs that stand beside the declaration are part of the hash, and must
 * be files that nobody else can write. */
int action_call_hash(const struct action_call *c, char ret[65], struct err *err)
	MUST_CHECK;

#endif
