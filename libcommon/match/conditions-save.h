/* conditions-save.h - what writing and reading states have in common. */
#ifndef ONCALL_CONDITIONS_SAVE_H
#define ONCALL_CONDITIONS_SAVE_H

#include "condition-state.h"

struct conditions_save_time {
	const char *name; /* of the member; NULL ends the table */
	size_t offset;	  /* of the int64_t in a state */
};

extern const struct conditions_save_time conditions_save_times[];
extern const struct conditions_save_time conditions_save_counts[];

/* What must be the same for states to be of use again. */
void conditions_write_when(const struct condition_node *n, struct buf *out);

#endif
