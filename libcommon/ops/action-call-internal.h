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

/* What stands under "actions.ID" for a parameter that is a secret. */
int action_secret(const struct action_set *set, const struct action *a,
		  const char *param, const char **ret, struct err *err)
	MUST_CHECK;

/* PATH for what is run: ours, without folders that are not absolute. */
char *action_path(void);

int action_steps_fill(const struct action_steps *from,
		      const struct action_values *v, struct action_steps *ret,
		      struct err *err) MUST_CHECK;
/* Appends the step as people would type it. */
void action_word_show(const char *word, struct buf *out);
void action_step_show(const struct action_step *s, struct buf *out);

#endif
