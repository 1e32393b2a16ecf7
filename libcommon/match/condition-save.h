/* condition-save.h - what writing and reading states have in common. */
#ifndef ONCALL_CONDITION_SAVE_H
#define ONCALL_CONDITION_SAVE_H

#include "condition-state.h"

struct condition_save_time {
	const char *name; /* of the member; NULL ends the table */
	size_t offset;	  /* of the int64_t in a state */
};

extern const struct condition_save_time condition_save_times[];
extern const struct condition_save_time condition_save_counts[];

/* What must be the same for states to be of use again. */
void condition_write_when(const struct condition_node *n, struct buf *out);

#endif
