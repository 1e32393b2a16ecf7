/*
 * roster.h - who is on call, from one text file that people keep:
 *
 *   zone Europe/Berlin                       # of all times that name none
 *   team web                                 # what follows is about it
 *   rotation primary weekly Mon 09:00 from 2026-11-02: ana, ben, cem
 *   rotation secondary daily 09:00 from 2026-11-02: dua, eli
 *   rotation night every 12h 20:00 from 2026-11-02: fay, gus
 *   only primary Mon-Fri 09:00 to 17:00      # window.h; outside: nobody
 *   override primary 2026-12-24 18:00 to 2026-12-27 09:00: eli   # wins
 *
 * A turn ends at the hand-over time on the clock of the zone, also across a
 * change of that clock: such a day has 23 or 25 hours. Of overrides that
 * overlap the one that begins later wins; a warning says that they do.
 */
#ifndef ONCALL_ROSTER_H
#define ONCALL_ROSTER_H

#include <oncall/buf.h>
#include <oncall/err.h>

struct roster;

/* A file that others can change is ERR_REFUSED; errors are "FILE:LINE: ...",
 * with what would do. warn (or NULL) is told what is legal and doubtful: gaps,
 * overlapping overrides, a name that stands once and looks like another. */
int roster_load(struct roster **ret, const char *path,
		void (*warn)(void *arg, const char *text), void *arg,
		struct err *err) MUST_CHECK;
void roster_free(struct roster *r);

struct roster_turn {
	const char *team, *rotation; /* team may be NULL */
	const char *person;	     /* NULL: nobody */
	const char *why;	     /* "rotation", "override", "outside" */
	int64_t from, to;	     /* WHEN_NONE: no end */
};

/* i-th rotation at that time; false behind the last. */
bool roster_at(const struct roster *r, size_t i, int64_t ms,
	       struct roster_turn *ret);
/* A target of escalation: "primary", "web/primary", or a person's own name that
 * stands in the file. 0 and who has it then (NULL: nobody), ERR_NO: there is no
 * such target. */
int roster_target(const struct roster *r, const char *name, int64_t ms,
		  struct roster_turn *ret, struct err *err) MUST_CHECK;

DEFINE_AUTO(struct roster *, roster_free, auto_roster_)
#define AUTO_ROSTER CLEANUP(auto_roster_)

#endif
