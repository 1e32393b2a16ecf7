/* status.h - how things stand: the figures of one screen, read from the store
 * in one state of it. */
#ifndef ONCALL_STATUS_H
#define ONCALL_STATUS_H

#include <oncall/incident.h>

#define STATUS_WORST	  5  /* incidents: the severe, among them the old */
#define STATUS_SOURCES	  10 /* those that were seen last */
#define STATUS_SEVERITIES (SEVERITY_CRITICAL + 1)

/* The counter that holds the time of the pager's last tick. */
#define STATUS_LAST_TICK "last_tick"
/* After that time somebody should look why there is no tick. */
#define STATUS_TICK_LATE (INT64_C(10) * 60 * 1000)

struct status_source {
	char *stream, *kind;
	char *path; /* or NULL */
	int64_t position;
	int64_t seen; /* time of the last detection or cursor */
};

struct status {
	int64_t time;
	int64_t live; /* incidents that are not over */
	int64_t live_by[STATUS_SEVERITIES];
	int64_t oldest; /* when the oldest of them was opened, or WHEN_NONE */
	struct incident worst[STATUS_WORST];
	size_t worst_count;
	int64_t approvals; /* that wait for somebody */
	int64_t last_tick; /* or WHEN_NONE */
	char *driver, *place;
	int64_t schema, size; /* version, bytes */
	struct status_source sources[STATUS_SOURCES];
	size_t source_count;
};

int status_read(struct store *s, struct status *ret, struct err *err)
	MUST_CHECK;
void status_done(struct status *st);
#define AUTO_STATUS CLEANUP(status_done)

/* Appends one report record a figure. */
void status_records(const struct status *st, struct buf *out);

/* How long ago the last tick was, WHEN_NONE when there never was one; 1 when
 * that is longer than it should be. */
int status_tick_late(struct store *s, int64_t now, int64_t *ret_age,
		     struct err *err) MUST_CHECK;
/* Whether the store takes a change, which is undone. */
int status_try_write(struct store *s, struct err *err) MUST_CHECK;

#endif
