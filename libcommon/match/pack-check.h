/* pack-check.h - what the parts of pack_check() share. */
#ifndef PACK_CHECK_H
#define PACK_CHECK_H

#include <oncall/pack.h>
#include <oncall/pattern.h>

struct pack_checking {
	const struct packs *packs;
	void (*found)(void *arg, const struct pack_finding *f);
	void *arg;
	size_t errors;
};

/* Passes the finding on, and empties text for the next one. */
void pack_check_tell(struct pack_checking *c, enum pack_finding_kind kind,
		     const struct pack_rule *rule, size_t line,
		     struct buf *text);
/* pack-check-rules.c: rules that repeat others, or can never do anything. */
void pack_check_rules(struct pack_checking *c);
/* pack-check-time.c: expressions that some texts keep busy. */
void pack_check_time(struct pack_checking *c, const struct pack_rule *r);

#endif
