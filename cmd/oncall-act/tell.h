/* tell.h - action records: for people, and inside incidents. */
#ifndef TELL_H
#define TELL_H

#include "act-cmd.h"

#include <oncall/record.h>

/* Appends what an action record says, line by line, and what to do next. */
void tell_action(struct buf *out, struct slice record);
/*
 * Appends the incident with the action in its "actions": in the place of the
 * one of that id, or behind the others.
 */
int tell_incident(struct buf *out, struct slice incident, struct slice action,
		  struct err *err) MUST_CHECK;
/* The status that a run ends with for such an action. */
int tell_status(struct slice record);
/* Writes the action of that id as it is asked for; its status as above, or -1.
 */
int tell_stored(struct act_cmd *c, const char *id, struct record_writer *out,
		struct err *err) MUST_CHECK;

#endif
