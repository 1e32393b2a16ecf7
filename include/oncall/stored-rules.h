/* stored-rules.h - rules that people added at the command line, in the store;
 * each is a pack of its own, as a file would have it. */
#ifndef ONCALL_STORED_RULES_H
#define ONCALL_STORED_RULES_H

#include <oncall/pack.h>
#include <oncall/store.h>

/* Adds all to p, in the order of their ids. */
int stored_rules_load(struct store *s, struct packs *p, struct err *err)
	MUST_CHECK;
/* 1 when it is new, 0 when one of the same id was replaced. The rule must be
 * one that pack_load() takes. */
int stored_rules_put(struct store *s, const struct pack_rule *rule,
		     const char *actor, struct err *err) MUST_CHECK;
/* ERR_NO when there is none of that id; names the nearest. */
int stored_rules_remove(struct store *s, const char *id, struct err *err)
	MUST_CHECK;

#endif
