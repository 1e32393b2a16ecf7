/*
 * audit.h - the trail of what was asked for, allowed, refused and done: rows
 * that each carry the hash of the one before, so that an edit, a deletion or
 * another order shows.
 */
#ifndef ONCALL_AUDIT_H
#define ONCALL_AUDIT_H

#include <oncall/store.h>

struct audit_entry {
	int64_t time;
	const char *actor;
	const char *what; /* "intent", "outcome", "refused", "approved" ... */
	const char *subject; /* "ACT-...", "APR-...", "breaker" ... */
	struct slice data;   /* JSON object */
};

/* Inside a transaction; a lock keeps writers in a row until it ends. */
int audit_add(struct store *s, const struct audit_entry *e, struct err *err)
	MUST_CHECK;

/* 0: whole, and how many rows; ERR_NO names the first row that was changed, is
 * missing or stands elsewhere. head
 * (or NULL): "SEQ:HASH" noted elsewhere, which must be in the trail, since
 * rows that are cut off at the end do not show otherwise. */
int audit_verify(struct store *s, const char *head, int64_t *ret_rows,
		 struct err *err) MUST_CHECK;
/* "SEQ:HASH" of the newest row; "0:" when there is none. The caller frees. */
int audit_head(struct store *s, char **ret, struct err *err) MUST_CHECK;

#endif
