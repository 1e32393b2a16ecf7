/*
 * pager-internal.h - what the parts of the pager share.
 *
 * A tick takes what is news into pager_incidents (pager-news.c), which makes
 * groups due; then it looks at each group that is due (pager-group.c): reads it
 * and marks what is to be said (pager-load.c), decides whether to speak, does
 * the steps of escalation (pager-step.c), and notes when to look again.
 * Messages are written by pager-message.c.
 */
#ifndef ONCALL_PAGER_INTERNAL_H
#define ONCALL_PAGER_INTERNAL_H

#include <oncall/escalation.h>
#include <oncall/incident.h>
#include <oncall/mute.h>
#include <oncall/pager.h>
#include <oncall/when.h>

#define PAGER_CHUNK  500	 /* groups, or incidents, of one transaction */
#define PAGER_SHOWN  20		 /* incidents that a message tells of */
#define PAGER_LISTED 100	 /* that it names */
#define PAGER_REST   WHEN_SECOND /* the least time between two looks */

/* Counters. */
#define PAGER_SEEN   "pager_seen"   /* the last change that was seen */
#define PAGER_CONFIG "pager_config" /* hash of what decides how it is seen */

struct pager {
	struct store *store;
	const struct config *config;
	char *actor;
	struct roster *roster;
	struct escalation *escalation;
	struct mute *mute; /* of this tick */
	int64_t wait, interval, repeat, resolve_after, flapping_within;
	int64_t now;
	struct buf written; /* records of the transaction at hand */
	int64_t count;	    /* how many */
};

/* What people should hear about a member. */
enum pager_mark {
	PAGER_SAME,
	PAGER_FRESH, /* new, or open again */
	PAGER_RAISED,
	PAGER_UNMUTED,
	PAGER_FLAPS,  /* begins to flap */
	PAGER_STEADY, /* does not flap any more */
	PAGER_OVER,
	PAGER_DROPPED, /* over, and nobody was told of it */
	PAGER_MARKS,
};

struct pager_member {
	int64_t num, times;
	enum incident_status status;
	enum severity severity;
	enum pager_mark mark;
	bool live, merged;
	bool told;		   /* people know of it */
	enum incident_status knew; /* what they know, when told */
	enum severity heard;	   /* the severity they know, when told */
	bool urgent;
	bool muted, was_muted;
	char *by;      /* what mutes it, when muted */
	int64_t since; /* when it was muted */
	bool flaps;
	int64_t flapping; /* since when people know that, or WHEN_NONE */
	int64_t wake;	  /* when that may change by itself, or WHEN_NONE */
	bool dirty, gone; /* its row is to be written, removed */
};

/* One group while it is looked at. */
struct pager_group {
	char *key, *thread, *policy, *called; /* policy may be NULL */
	int64_t seq, begins, due, told, repeats, escalated;
	struct pager_member *members;
	size_t count;
	/* Sums of the members: */
	size_t known;  /* that people know of, or may hear of, and not over */
	size_t needed; /* live ones that somebody should acknowledge */
	int64_t times; /* occurrences of these */
	size_t marked[PAGER_MARKS];
	bool urgent, flaps, simulated;
};

void pager_group_done(struct pager_group *g);

/* ---- pager-news.c, pager-take.c, pager-resolve.c ---- */

/* Looks at what changed; -1 on error. */
int pager_news(struct pager *p, struct err *err) MUST_CHECK;

/* An incident, and the row that the pager has of it. */
struct pager_news {
	struct incident inc;
	char *key; /* of its row; NULL: it has none */
	char *status;
	int64_t revision;
};

/* Inside a transaction. all: it did not change, but how it is seen may have. */
int pager_take(struct pager *p, const struct pager_news *n, bool all,
	       struct err *err) MUST_CHECK;
/* The i-th field of group_by; NULL behind the last. */
const char *pager_group_field(const struct config *c, size_t i);
/* Appends the key of an incident's group: the values of group_by. */
void pager_key(const struct config *c, const struct incident *inc,
	       struct buf *out);
/* Resolves what was mitigated and stayed quiet. */
int pager_resolve(struct pager *p, struct err *err) MUST_CHECK;

/* ---- pager-group.c ---- */

/* Inside a transaction: everything that is due in a group. */
int pager_look(struct pager *p, struct slice key, struct err *err) MUST_CHECK;
/* The member that is worst, the oldest of them; only of those that need
 * somebody, or of all. NULL: there is none. */
const struct pager_member *pager_worst(const struct pager_group *g,
				       bool needed);
/* Whether somebody should acknowledge it. */
bool pager_needs(const struct pager_member *m);

/* ---- pager-load.c ---- */

/* Reads a group, asks what is muted and what flaps, and marks what is to be
 * said. 1, or 0 when there is no such group. */
int pager_load(struct pager *p, struct slice key, struct pager_group *g,
	       struct err *err) MUST_CHECK;
/* Writes what has changed; the group goes when all its members have. */
int pager_save(struct pager *p, const struct pager_group *g, struct err *err)
	MUST_CHECK;

/* ---- pager-step.c ---- */

/* Begins, does or ends the escalation of a group; hurried: with the next step
 * at once. *due: the earlier one of it and of what is to be done next. */
int pager_escalate(struct pager *p, struct pager_group *g, bool hurried,
		   int64_t *due, struct err *err) MUST_CHECK;
/* Nobody is needed any more: no step is done, what calls is taken back. */
int pager_stop(struct pager *p, struct pager_group *g, struct err *err)
	MUST_CHECK;

/* ---- pager-message.c ---- */

/* Of the key of a message, before its number: thread and group. */
#define PAGER_KEY_DIGITS 8 /* of the group's hash */
#define PAGER_KEY_START	 (INCIDENT_ID + PAGER_KEY_DIGITS + 2)
void pager_key_start(char out[PAGER_KEY_START], const char *thread,
		     const char *group);

struct pager_message {
	const char *reason;
	const char *why;      /* a sentence, or NULL */
	char **to;	      /* ended by NULL; NULL: the routes decide */
	struct slice to_json; /* the same as JSON, instead; or empty */
	bool call;
	bool until_ack;
};

/* Puts a message about the group into the outbox, and into p->written. */
int pager_say(struct pager *p, struct pager_group *g,
	      const struct pager_message *m, struct err *err) MUST_CHECK;

static inline int64_t pager_earlier(int64_t a, int64_t b)
{
	if (a == WHEN_NONE || (b != WHEN_NONE && b < a))
		return b;
	return a;
}

#define AUTO_PAGER_GROUP CLEANUP(pager_group_done)

#endif
