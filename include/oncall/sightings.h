/* sightings.h - what was detected, asked of the store: the detections that
 * incidents keep, and the counts of all. */
#ifndef ONCALL_SIGHTINGS_H
#define ONCALL_SIGHTINGS_H

#include <oncall/severity.h>
#include <oncall/store.h>

/* What is NULL or WHEN_NONE does not matter. */
struct sightings_filter {
	const char *pattern, *service, *host, *category;
	const char *text; /* in message or title, without regard to case */
	int severity;	  /* that or worse; 0: all */
	int64_t since, until;
	size_t limit; /* 0: no limit */
};

/* The latest first, each once: a detection record. Not 0 from found stops, and
 * is returned; -1 with err. */
int sightings_recent(struct store *s, const struct sightings_filter *f,
		     int (*found)(void *arg, struct slice record,
				  struct err *err),
		     void *arg, struct err *err) MUST_CHECK;

enum sightings_by {
	SIGHTINGS_BY_PATTERN,
	SIGHTINGS_BY_SERVICE,
	SIGHTINGS_BY_SEVERITY,
	SIGHTINGS_BY_HOUR,
};

extern const char *const sightings_by_names[]; /* ended by NULL */

/* Counts of detections, the most first (hours in their order). key is a name,
 * or for hours a time as records have it. */
int sightings_count(struct store *s, const struct sightings_filter *f,
		    enum sightings_by by,
		    int (*found)(void *arg, const char *key, int64_t count,
				 struct err *err),
		    void *arg, struct err *err) MUST_CHECK;

#endif
