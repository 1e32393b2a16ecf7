/*
 * checkpoint.h - the state of a monitor in the store. It is saved before the
 * cursor record that names it is written, and counts once that record has been
 * committed together with the detections before it.
 */
#ifndef ONCALL_CHECKPOINT_H
#define ONCALL_CHECKPOINT_H

#include <oncall/store.h>

#define CHECKPOINT_NAME_MAX 100
/* Snapshots kept while nobody commits the cursors that name them. */
#define CHECKPOINT_KEPT 300

/* Letters, digits, '-', '_' and '.'. */
int checkpoint_name_check(const char *name, struct err *err) MUST_CHECK;
/* One monitor at a time goes on at a cursor: ERR_SYSTEM for the second, until
 * the store of the first is closed. */
int checkpoint_hold(struct store *s, const char *name, struct err *err)
	MUST_CHECK;
/*
 * Appends the newest state that counts; 1, or 0 when there is none. number is
 * that of the newest snapshot, whether it counts or not.
 */
int checkpoint_load(struct store *s, const char *name, struct buf *state,
		    int64_t *ret_number, struct err *err) MUST_CHECK;
/* The id for cursor records is "NAME:NUMBER". An error when the number is
 * taken: somebody else uses the name. Removes what is no longer needed. */
int checkpoint_save(struct store *s, const char *name, int64_t number,
		    struct slice state, struct err *err) MUST_CHECK;
/* Saves a state that belongs to no cursor and counts at once, as long as no
 * cursor of that name is committed. */
int checkpoint_keep(struct store *s, const char *name, struct slice state,
		    struct err *err) MUST_CHECK;
int checkpoint_kept(struct store *s, const char *name, struct buf *state,
		    struct err *err) MUST_CHECK; /* 1 or 0 */

#endif
