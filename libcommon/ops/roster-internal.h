/* roster-internal.h - what the parts of roster share. */
#ifndef ONCALL_ROSTER_INTERNAL_H
#define ONCALL_ROSTER_INTERNAL_H

#include <oncall/map.h>
#include <oncall/roster.h>
#include <oncall/when-place.h>
#include <oncall/when.h>
#include <oncall/window.h>

/* What would make "team/rotation" and lists of people unclear. */
#define ROSTER_NOT_IN_NAMES "/:,"

struct roster_person {
	char *name;
	size_t uses, line; /* where the name stands first */
};

struct roster_zone {
	char *name;
	struct when_place *place;
};

struct roster_override {
	int64_t from, to;
	const char *person;
	size_t line;
};

struct roster_rotation {
	char *key;	  /* "team/name", or the name where there is no team */
	const char *team; /* or NULL */
	const char *name; /* the end of key */
	const struct roster_zone *zone;
	size_t line;

	/* Turn k begins on the clock at first + k * period; by months, that
	 * many months later on the day, or on the last of a month without it.
	 */
	int64_t first, period;
	bool monthly;
	unsigned day;
	int64_t start; /* of turn 0 */

	const char **people;
	size_t person_count;
	struct window **windows;
	size_t window_count;
	struct roster_override *overrides; /* as they stand in the file */
	size_t override_count;
};

struct roster {
	struct map rotations; /* key to struct roster_rotation */
	struct map people;    /* name to struct roster_person */
	struct map teams;     /* name to itself */
	struct map zones;     /* name to struct roster_zone */
};

typedef void roster_tell_fn(void *arg, const char *text, bool error);

struct roster_parser {
	struct roster *r;
	const char *path;
	size_t line;
	roster_tell_fn *tell;
	void *arg;
	size_t errors;
	const char *team; /* of what follows, or NULL */
	const struct roster_zone *zone;
	size_t assumed; /* the line of the first rotation without a zone */
};

/* roster-parse.c: reads a file's bytes; NULL when there was an error. */
struct roster *roster_parse(const char *path, struct slice text,
			    roster_tell_fn *tell, void *arg);
/* Tells with path and line; line 0 is the whole file. */
void roster_say(struct roster_parser *p, size_t line, bool error,
		const char *fmt, ...) PRINTF_LIKE(4, 5);
/* roster-rotation.c: lines about rotations, behind their first word; text
 * is what stands there, and is written into. */
int roster_add_rotation(struct roster_parser *p, char *text, struct err *err);
int roster_add_only(struct roster_parser *p, char *text, struct err *err);
int roster_add_override(struct roster_parser *p, char *text, struct err *err);
void roster_rotation_free(void *arg);
/* roster-parse.c, for them: a zone by its name. */
int roster_zone(struct roster_parser *p, const char *name,
		const struct roster_zone **ret, struct err *err);
/* Cuts the next word off, "" at the end. */
const char *roster_word(char **text);
int roster_good_name(const char *name, const char *what, struct err *err);
/* roster-check.c: what is seen only in the whole. */
void roster_review(struct roster_parser *p);
/* The nearest key of a map, without its team when name has none; or NULL. */
const char *roster_nearest(const struct map *m, const char *name);
/* roster-turn.c: when turn k begins. */
int64_t roster_turn_begins(const struct roster_rotation *rot, int64_t k);
void roster_turn_at(const struct roster_rotation *rot, int64_t ms,
		    struct roster_turn *ret);

static inline struct roster_rotation *roster_rotation_at(const struct roster *r,
							 size_t i)
{
	return i < r->rotations.count ? r->rotations.entries[i].value : NULL;
}

#endif
