/*
 * silence.h - for some time, or until they are resolved, people do not hear of
 * the incidents that match.
 */
#ifndef ONCALL_SILENCE_H
#define ONCALL_SILENCE_H

#include <oncall/incident-match.h>

#define SILENCE_ID	  31	/* "SIL-", a ULID, and a NUL */
#define SILENCE_INCIDENTS 10000 /* that one can be about */

struct silence {
	char id[SILENCE_ID];
	char *match; /* JSON object: field to array of values; "{}": any */
	int64_t *incidents; /* only these, by number; NULL: any */
	size_t incident_count;
	int64_t starts, ends; /* ends WHEN_NONE: when these are resolved */
	char *actor, *note;
	int64_t made, ended; /* ended WHEN_NONE: nobody has noted its end */

	struct selector *selector; /* of match, once it was needed */
	bool broken; /* its match is not to be read: for nothing */
};

void silence_done(struct silence *s);
#define AUTO_SILENCE CLEANUP(silence_done)

enum silence_state { SILENCE_PENDING, SILENCE_ACTIVE, SILENCE_EXPIRED };
extern const char *const silence_state_names[];
enum silence_state silence_state(const struct silence *s, int64_t now);
/* Names one more incident; -1 when there are too many. */
int silence_name(struct silence *s, int64_t incident, struct err *err)
	MUST_CHECK;
/* Appends the JSON object of words "FIELD=VALUE"; ERR_USAGE says what would
 * do. */
int silence_match(struct buf *out, const char *const *words, size_t count,
		  struct err *err) MUST_CHECK;
/* For people: "service=web host=!web1". */
void silence_words(const struct silence *s, struct buf *out);
/* Opens its record and appends the members. */
void silence_write(struct buf *out, const struct silence *s, int64_t now);

/* ---- all of them ---- */

struct silence_set; /* found by what they ask for */

enum silence_set_which {
	SILENCE_SET_LIVE, /* those that were not ended */
	SILENCE_SET_ALL,
	SILENCE_SET_THEN, /* that were active at that time */
};
int silence_set_load(struct silence_set **ret, struct store *s,
		     enum silence_set_which which, int64_t then,
		     struct err *err) MUST_CHECK;
void silence_set_free(struct silence_set *all);
/* In the order in which they were made; NULL behind the last. */
struct silence *silence_set_at(const struct silence_set *all, size_t i);
/* Calls for every one that covers the incident, whatever the time. */
void silence_set_each(struct silence_set *all, struct incident_match *m,
		      const struct incident *inc,
		      void (*each)(void *arg, struct silence *s), void *arg);
/* Of one that stands alone. */
bool silence_covers(struct silence *s, struct incident_match *m,
		    const struct incident *inc);

DEFINE_AUTO(struct silence_set *, silence_set_free, auto_silence_set_)
#define AUTO_SILENCE_SET CLEANUP(auto_silence_set_)

/* ---- changing them ---- */

struct silence_edit {
	struct store *store;
	const char *actor;
	int64_t now;
};

/* Stores it, and gives it id, actor, made. */
int silence_add(const struct silence_edit *e, struct silence *s,
		struct err *err) MUST_CHECK;
/* Ends the one whose id begins so; what it muted is looked at again. */
int silence_expire(const struct silence_edit *e, const char *id,
		   struct silence *ret, struct err *err) MUST_CHECK;
/* Inside a transaction: notes the end of those whose time is over. */
int silence_sweep(const struct silence_edit *e, struct silence_set *all,
		  struct err *err) MUST_CHECK;
/* Inside a transaction: the incident has changed. When it is over, or was,
 * those that wait for that let go of it. */
int silence_resolved(const struct silence_edit *e, struct silence_set *all,
		     const struct incident *inc, struct err *err) MUST_CHECK;
/* A number that changes when one was added or ended. */
int silence_version(struct store *s, int64_t *ret, struct err *err) MUST_CHECK;

#endif
