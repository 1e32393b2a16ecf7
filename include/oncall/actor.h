/* actor.h - who does it. */
#ifndef ONCALL_ACTOR_H
#define ONCALL_ACTOR_H

#include <oncall/config.h>

/* The user who runs the program; as (may be NULL) is accepted from relays
 * only, and gives "ana via oncall-bot". The caller frees it. */
int actor_name(const struct config *c, const char *as, char **ret,
	       struct err *err) MUST_CHECK;

#endif
