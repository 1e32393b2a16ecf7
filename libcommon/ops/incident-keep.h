/* incident-keep.h - the few detections that are kept with an incident: the
 * first ones, and the latest of those behind them. */
#ifndef ONCALL_INCIDENT_KEEP_H
#define ONCALL_INCIDENT_KEEP_H

#include <oncall/incident.h>

enum { KEEP_FIRST, KEEP_LATEST, KEEP_PARTS };

#define KEEP_MAX INCIDENT_KEEP_LATEST
_Static_assert(INCIDENT_KEEP_FIRST <= KEEP_MAX, "a part holds KEEP_MAX lines");

/* Detection records of one part, oldest first. */
struct keep_list {
	struct slice lines[KEEP_MAX];
	size_t count;
};

/* What a part holds; text (the caller's) is what the lines point into. */
int keep_load(struct store *s, int64_t num, int part, struct keep_list *list,
	      struct buf *text, struct err *err) MUST_CHECK;
/* Appends one record to a JSON array, shortened when it is long. */
void keep_write(struct buf *out, struct slice line);
/* Stores a part. */
int keep_save(struct store *s, int64_t num, int part,
	      const struct keep_list *list, struct err *err) MUST_CHECK;
/* Adds a line behind the others; the oldest one goes when there are most. */
void keep_push(struct keep_list *list, struct slice line, size_t most);

/* Adds the lines to what a part holds. */
int keep_append(struct store *s, int64_t num, const struct keep_list *fresh,
		int part, size_t most, struct err *err) MUST_CHECK;

#endif
