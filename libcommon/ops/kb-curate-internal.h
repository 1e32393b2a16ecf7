/* kb-curate-internal.h - what the parts of kb-curate.h share. */
#ifndef KB_CURATE_INTERNAL_H
#define KB_CURATE_INTERNAL_H

#include <oncall/kb-curate.h>

bool kb_curate_from_pack(const struct knowledge_entry *e);
/* The title as it is compared. */
void kb_curate_title(struct buf *out, const struct knowledge_entry *e);
/* For kb_each(): adds a copy to the struct knowledge that arg is. */
int kb_curate_gather(void *arg, const struct knowledge_entry *e,
		     struct err *err);
int kb_curate_fails(struct kb *kb, const struct knowledge_entry *e,
		    const struct knowledge_solution *s, bool *ret,
		    struct err *err) MUST_CHECK;

#endif
