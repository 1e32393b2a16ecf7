/*
 * incident-batch.h - what `incident-open.c` (taking in) and
 * `incident-apply.c` (deciding and storing) share.
 *
 * A batch is kept as it was read, and everything is decided when it is
 * applied, inside one transaction and from what the store says then. So the
 * result does not depend on where batches end, and applying again after a
 * conflict or a lost connection needs nothing but the batch.
 */
#ifndef ONCALL_INCIDENT_BATCH_H
#define ONCALL_INCIDENT_BATCH_H

#include <oncall/detection.h>
#include <oncall/incident-open.h>
#include <oncall/incident.h>
#include <oncall/map.h>
#include <oncall/timeline.h>

#include "incident-keep.h"

#define BATCH_BYTES   (2 * RECORD_MAX_LINE + 4096) /* the longest one fits */
#define BATCH_ENTRIES ((size_t)64 * 1024)
#define BATCH_GROUPS  ((size_t)12 * 1024)
#define BATCH_PASSED  ((size_t)8 * 1024 * 1024)
#define BATCH_MS      1000 /* commit at least this often in a busy stream */

#define BATCH_ASK 256 /* fingerprints or ids that one question names */

#define ENTRY_NONE UINT32_MAX

/* What was committed of a stream, and how far the batch has come. */
struct stream {
	struct slice name;
	int64_t position;
	struct buf at; /* ids that stand at position, one a line */
	struct slice source;
	struct slice cursor, snapshot; /* JSON of the last cursor record */
	int64_t updated;
};

/* A detection or a cursor; text points into the batch's lines. */
struct entry {
	struct slice line;
	struct slice id;	       /* decoded */
	struct group *group;	       /* NULL: a cursor */
	struct slice pattern, service; /* JSON */
	struct slice tags;
	struct slice source;
	struct slice cursor, snapshot; /* of a cursor */
	struct stream *stream;	       /* NULL: no position */
	int64_t position;
	int64_t time, event_time, first, last, count;
	enum severity severity;
	bool fresh;    /* not seen before */
	uint32_t next; /* fresh one in the group */
};

struct joining;

/* The detections of a batch that have one fingerprint. */
struct group {
	struct joining *joining; /* while its chunk is worked on */
	struct joining *own;	 /* the same, or a spare one: see share() */
	struct slice fingerprint;
	uint32_t head, tail; /* entries that are new; ENTRY_NONE: none */
	int64_t num;	     /* the live incident that they join, or 0 */
};

/* An incident while the detections of its group come in. */
struct joining {
	struct incident_open *o;
	struct group *group;
	struct incident inc; /* num 0: none yet */
	size_t sharers;	     /* other groups that join it, by merges */
	bool is_new;
	bool touched;			/* something to save */
	struct keep_list first, latest; /* detections of this batch to keep */
};

/* An incident as the batch left it, with the detections it kept of it. */
struct changed {
	struct incident inc;
	struct keep_list first, latest;
};

struct incident_open {
	struct incident_open_options opt;
	struct buf lines;
	struct entry *entries;
	size_t count, cap;
	int64_t since; /* clock_mono() of the first entry */
	struct buf passed;
	struct map streams; /* struct stream */
	struct map groups;  /* struct group */
	struct map owners;  /* service to owner */
	struct jscan source_scan;

	int64_t repeats; /* detections that were seen before */

	/* Of one attempt to apply the batch: */
	int64_t changed;
	int64_t batch_repeats;
	struct map ids;	   /* known already, or found in the batch */
	struct map counts; /* struct tally */
	struct buf count_key;
	struct changed *done;
	size_t done_count, done_cap;
	int64_t day, day_last; /* numbers given out */
};

/* The work of one transaction; arg is the struct incident_open. */
int incident_apply(void *arg, struct err *err);
void incident_apply_reset(struct incident_open *o);
/* Asks sql, whose $1 is a JSON array of texts, for all keys of a map. */
int incident_ask_keys(struct incident_open *o, const struct map *keys,
		      const char *sql,
		      void (*row)(struct incident_open *, struct store_rows *),
		      struct err *err);
/* Adds an entry to the timeline of the incident. */
int incident_new_tell(struct joining *j, const struct timeline_entry *e,
		      struct err *err);
/* Opens a new incident; old (may be NULL) is the one it follows. */
int incident_new_open(struct joining *j, const struct entry *e,
		      const struct incident *old, const char *why,
		      struct err *err);
/* Stores how many numbers were given out (incident-new.c). */
int incident_new_save(struct incident_open *o, struct err *err);
/* Lets every group join, reopen or open its incident (incident-join.c). */
int incident_join_groups(struct incident_open *o, struct err *err);

#endif
