/* send-internal.h - what the sources of send share. */
#ifndef SEND_INTERNAL_H
#define SEND_INTERNAL_H

#include <oncall/hash.h>
#include <oncall/map.h>
#include <oncall/send.h>
#include <oncall/when.h>

#include <jansson.h>

#define SEND_RUNNER 32
/* Claimed in one transaction; of a target that does not know a message again
 * only one, since after a crash nobody could tell which of them arrived. */
#define SEND_CLAIM_MAX 128
/* Texts that are held at a time; one message may be larger. */
#define SEND_CLAIM_BYTES ((size_t)4 * 1024 * 1024)
/* Attempts after which the rest of what was claimed is given back: others get
 * on, and what was done is committed. */
#define SEND_ROUND_MS 1000
/* How soon a room is looked at again that another process has. */
#define SEND_BUSY_MS  100
#define SEND_JOBS_MAX ((size_t)512) /* of all rooms */
/* Keys of messages about others. */
#define SEND_DIGEST  "digest."
#define SEND_AGAIN   "again."
#define SEND_HELD    "kept for a digest"
#define SEND_TOO_OLD "too old to be sent"

/* ---- routes, send-route.c ---- */

struct send_routes;

/* Where one message goes. */
struct send_choice {
	const char *target; /* owned by the list of them */
	bool unknown;	    /* no such target */
	int64_t held;	    /* until then, for a digest; WHEN_NONE: not */
};
struct send_choices {
	struct send_choice *items;
	size_t count;
	bool dropped;	 /* a route sends it nowhere */
	struct map seen; /* their names */
};

int send_routes_load(struct send_routes **ret, const struct config *c,
		     struct err *err) MUST_CHECK;
void send_routes_free(struct send_routes *r);
/* Adds the target, or those of the group; a name that is neither is unknown. */
void send_routes_name(const struct send_routes *r, struct send_choices *to,
		      const char *name, int64_t held);
/* Where the routes send the record; people: it waits for no digest. */
void send_routes_find(const struct send_routes *r, const json_t *record,
		      const struct note *n, bool urgent,
		      struct send_choices *to);
void send_choices_done(struct send_choices *to);

/* ---- targets ---- */

struct send_target {
	char *name;
	struct channel *channel; /* NULL: not opened, or it cannot be */
	bool whole;		 /* gets every message by itself */
};

/* A message that is being sent. */
struct send_job {
	int64_t message;
	char *key, *target, *room;
	char *thread;		  /* or NULL */
	char *under;		  /* thread that it was sent under, or NULL */
	char runner[SEND_RUNNER]; /* who claimed it */
	char *record;
	size_t record_len;
	int64_t attempts, made;
	int64_t written; /* when the message was */
	bool maybe;	 /* it may have arrived */
	bool late;	 /* the first of its room has failed before */
	bool tried;
	bool edit; /* it replaced another one */
	struct channel_result result;
};

struct send_jobs {
	struct send_job *items;
	size_t count;
};

/* A message on its way into the outbox. */
struct send_in {
	char *key, *thread;
	bool call;
	struct buf record;
	char **to;
	int64_t *ret_num;
	size_t *ret_open;
};

/* What is told once the transaction is committed. */
struct send_telling {
	struct send_delivery d; /* whose texts are owned */
};

struct send {
	struct store *store;
	const struct config *config;
	const struct send_channels *via;
	send_told *told;
	void *arg;
	char runner[SEND_RUNNER];
	struct map targets; /* name to struct send_target */
	struct send_routes *routes;
	struct map lines; /* that are in the store, as "target\nroom" */
	struct send_in **in;
	size_t in_count;
	struct send_jobs jobs; /* claimed, tried, and not yet settled */
	struct send_telling *tellings;
	size_t telling_count;
	size_t quota; /* to be claimed at a time */
	size_t turn;  /* which room is first */
	int64_t next; /* when something is due */
	bool wrong;   /* a target is not, or wrongly, configured */
	struct {
		int64_t attempts, retry_min, retry_max, give_up, expire;
		int64_t collapse, burst, burst_window;
	} limit;
};

struct send_target *send_target_get(struct send *s, const char *name);
/* Opens the channel when that was not done yet; ERR_USAGE and others say why it
 * cannot be. */
struct channel *send_target_channel(struct send *s, struct send_target *t,
				    struct err *err);
/* Of one that cannot be opened: nothing. */
struct channel_traits send_traits(struct send *s, const char *target);
void send_tell(struct send *s, const struct send_delivery *d);
/* The earliest of all that are named is when the next round is. */
void send_due(struct send *s, int64_t when);
void send_job_done(struct send_job *j);

/* ---- inside the transaction ---- */

/* send-plan.c: what was added, and messages that have no targets yet. */
int send_plan(struct send *s, struct err *err) MUST_CHECK;
/* Where send_plan() and others put a delivery: its room's line, and the row. */
struct send_row {
	int64_t message;
	const char *target, *room, *status, *reason;
	char alike[HASH_HEX]; /* or "" */
	int64_t made, due;
};
/* 1; 0: the message goes there already. */
int send_insert(struct send *s, const struct send_row *r, struct err *err)
	MUST_CHECK;
/* A message of our own about others, for that target alone; its number. */
int64_t send_say(struct send *s, const char *key, const char *target,
		 const char *room, struct slice record, struct err *err);
/* The delivery will not be: its fallback, if there is one, gets the message.
 * 1 when it does. */
int send_fall_back(struct send *s, int64_t message, const char *key,
		   const char *target, struct err *err) MUST_CHECK;
bool send_has_fallback(const struct send *s, const char *target);

/* send-storm.c: how the delivery is to be made, in status, due and alike. */
int send_storm_judge(struct send *s, struct send_row *r, const struct note *n,
		     struct err *err) MUST_CHECK;
/* Tells what was held and is due. */
int send_storm_tell(struct send *s, struct err *err) MUST_CHECK;

/* send-claim.c */
int send_hold(struct send *s, struct err *err) MUST_CHECK;
int send_claim(struct send *s, struct err *err) MUST_CHECK;

/* send-settle.c */
int send_settle(struct send *s, const struct send_jobs *tried, struct err *err)
	MUST_CHECK;
/* The delivery has ended; told, and its message with it when it was the last
 * one. d->status is what it ended as. */
int send_end(struct send *s, const struct send_delivery *d, struct err *err)
	MUST_CHECK;
/* The message has no delivery left that is open. */
int send_end_message(struct send *s, int64_t message, struct err *err)
	MUST_CHECK;

/* ---- outside of it: send-try.c ---- */

void send_try(struct send *s, struct send_round *ret);

#endif
