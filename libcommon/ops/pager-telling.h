/* pager-telling.h - a message while it is written. */
#ifndef ONCALL_PAGER_TELLING_H
#define ONCALL_PAGER_TELLING_H

#include "pager-internal.h"

#include <oncall/jscan.h>
#include <oncall/triage.h>

/* What a message is made of. */
struct pager_telling {
	struct pager *p;
	const struct pager_group *g;
	const struct pager_message *m;
	const struct pager_member **members;
	size_t count, open;
	enum severity worst;
	struct incident main; /* the first of them */
	struct triage_kept kept;
	struct buf triage; /* JSON; empty: nothing was decided */
	struct jscan scan; /* its members */
};

/* Nothing is left to do. */
static inline bool pager_is_over(const struct pager_telling *t)
{
	return t->open == 0;
}

/* ---- pager-text.c ---- */

void pager_write_title(const struct pager_telling *t, struct buf *out);
int pager_write_text(const struct pager_telling *t, struct buf *out,
		     struct err *err) MUST_CHECK;

/* ---- pager-offer.c ---- */

/* The command that is proposed, where one is. */
void pager_write_code(const struct pager_telling *t, struct buf *out);
int pager_write_buttons(const struct pager_telling *t, struct buf *out,
			struct err *err) MUST_CHECK;

#endif
