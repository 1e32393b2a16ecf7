/*
 * roster.h - who is on call, from one text file that people keep:
 *
 *   zone Europe/Berlin                       # of what follows and names none
 *   team web                                 # what follows is about it
 *   rotation primary weekly Mon 09:00 from 2026-11-02: ana, ben, cem
 *   rotation secondary daily 09:00 from 2026-11-02: dua, eli
 *   rotation night every 12h 20:00 Asia/Tokyo from 2026-11-02: fay, gus
 *   rotation chief monthly 1 09:00 from 2026-11-01: hal, ida
 *   only primary Mon-Fri 09:00 to 17:00      # window.h; outside: nobody
 *   override primary 2026-12-24 18:00 to 2026-12-27 09:00: eli   # wins
 *
 * A turn ends at the hand-over time on the clock of the zone, also across a
 * change of that clock: such a day has 23 or 25 hours. A hand-over in an hour
 * that is left out is at the moment of the change, one in an hour that comes
 * twice in the first; a turn that is left out whole is passed over. Of
 * overrides that overlap the one that begins later wins; a warning says that
 * they do. An override also holds outside the windows and before the rotation.
 */
#ifndef ONCALL_ROSTER_H
#define ONCALL_ROSTER_H

#include <oncall/buf.h>
#include <oncall/err.h>

#define ROSTER_FILE_MAX ((size_t)4 * 1024 * 1024)

struct roster;

/* A file that others can change is ERR_REFUSED; errors are "FILE:LINE: ...",
 * with what would do. warn (or NULL) is told what is legal and doubtful:
 * overlapping overrides, a name that stands once and looks like another. */
int roster_load(struct roster **ret, const char *path,
		void (*warn)(void *arg, const char *text), void *arg,
		struct err *err) MUST_CHECK;
/* Tells all errors rather than the first; *ret is NULL when there was one. -1
 * when the file cannot be read. */
int roster_check(struct roster **ret, const char *path,
		 void (*tell)(void *arg, const char *text, bool error),
		 void *arg, struct err *err) MUST_CHECK;
void roster_free(struct roster *r);

struct roster_turn {
	const char *team, *rotation; /* NULL: none; a person has neither */
	const char *person;	     /* NULL: nobody */
	/* "rotation", "override", "outside" (its windows, or before it begins),
	 * or "person" where a person's own name was asked for. */
	const char *why;
	int64_t from, to; /* WHEN_NONE: no beginning, no end */
};

/* i-th rotation at that time; false behind the last. What comes next is what
 * is there at ret->to. The time it takes does not grow with the years. */
bool roster_at(const struct roster *r, size_t i, int64_t ms,
	       struct roster_turn *ret);
/* A target of escalation: "primary" where one team has it, "web/primary", or a
 * person's own name that stands in the file. 0 and who has it then (NULL:
 * nobody), ERR_NO: there is no such target, or in several teams. */
int roster_target(const struct roster *r, const char *name, int64_t ms,
		  struct roster_turn *ret, struct err *err) MUST_CHECK;
/* The i-th person who stands in the file; NULL behind the last. */
const char *roster_person(const struct roster *r, size_t i);
/* Tells the times from one to another at which all rotations of a team (NULL:
 * of those without one) have nobody. */
void roster_gaps(const struct roster *r, int64_t from, int64_t to,
		 void (*tell)(void *arg, const char *team, int64_t from,
			      int64_t to),
		 void *arg);

DEFINE_AUTO(struct roster *, roster_free, auto_roster_)
#define AUTO_ROSTER CLEANUP(auto_roster_)

#endif
