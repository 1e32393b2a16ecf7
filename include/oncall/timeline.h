/* timeline.h - what happened to an incident, when, and by whom. */
#ifndef ONCALL_TIMELINE_H
#define ONCALL_TIMELINE_H

#include <oncall/store.h>

struct timeline_entry {
	int64_t seq; /* 0 when adding: the next one */
	int64_t time;
	const char *actor;
	const char *what;
	const char *before, *after, *note; /* or NULL */
};

int timeline_add(struct store *s, int64_t num, const struct timeline_entry *e,
		 struct err *err) MUST_CHECK;
/* The entries in order; texts are borrowed until the next one. */
struct timeline_row {
	int64_t seq, time;
	struct slice actor, what, before, after, note;
};
struct store_rows *timeline_ask(struct store *s, int64_t num, struct err *err)
	MUST_CHECK;
int timeline_next(struct store_rows *rows, struct timeline_row *e,
		  struct err *err) MUST_CHECK; /* 1, 0, -1 */
/* Appends the timeline as a JSON array. */
int timeline_write(struct store *s, int64_t num, struct buf *out,
		   struct err *err) MUST_CHECK;

#endif
