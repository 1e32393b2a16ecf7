/* decided.h - what triage decided about an incident, as a request. */
#ifndef DECIDED_H
#define DECIDED_H

#include <oncall/act.h>
#include <oncall/buf.h>

#define DECIDED_TEXTS 8
#define DECIDED_MAX   16 /* actions of one incident that are looked at */

struct decided {
	struct act_request request; /* names parts of record and texts */
	struct buf record;
	char *texts[DECIDED_TEXTS];
	size_t text_count;
	size_t which, count; /* of the actions that triage named */
};

void decided_done(struct decided *d);
/*
 * Copies the record and fills in the request for the action of that number.
 * 1; 0 when nothing is to be done: no decision, another one than "auto" and
 * "approve", no such action; ERR_INPUT when it makes no sense.
 */
int decided_read(struct decided *d, struct slice record, size_t which,
		 const char *actor, struct err *err) MUST_CHECK;

#endif
