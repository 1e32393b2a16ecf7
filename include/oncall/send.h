/*
 * send.h - sends what is in the outbox. A message is committed before it is
 * first tried, and settled when the far side has answered; what was cut off in
 * between is tried again only where the far side knows the message again, or
 * can be asked. Any number of processes may send at once: each room of a target
 * has one of them at a time, which keeps its order and its rate.
 */
#ifndef ONCALL_SEND_H
#define ONCALL_SEND_H

#include <oncall/channel.h>
#include <oncall/config.h>
#include <oncall/store.h>

#define SEND_TO_MAX 1000 /* names in one "to" */

struct send;

/* What is asked of channels: tests have their own. */
struct send_channels {
	int (*open)(struct channel **ret, const struct config *c,
		    const char *name, struct err *err);
	void (*free)(struct channel *ch);
	const char *(*type)(const struct channel *ch);
	const struct channel_traits *(*traits)(const struct channel *ch);
	void (*send)(struct channel *ch, const struct channel_job *job,
		     struct channel_result *ret);
	void (*look)(struct channel *ch, const struct channel_job *job,
		     struct channel_result *ret);
};

/* How a message stands at one target. */
struct send_delivery {
	int64_t message;
	const char *key;
	const char *target; /* "": no route leads anywhere */
	const char *room;   /* or "" */
	const char *status; /* as in the store */
	int64_t attempts;
	int64_t due; /* of one that is queued or held; otherwise when it was
			settled */
	const char *remote_id, *reason; /* or NULL */
};
typedef void send_told(void *arg, const struct send_delivery *d);

struct send_options {
	struct store *store;
	const struct config *config;
	const struct send_channels *channels; /* NULL: those of channel.h */
	/* Hears of whatever has ended, and of what is queued at a fallback
	 * because of that; may be NULL. */
	send_told *told;
	void *arg;
};
/* ERR_USAGE: routes or groups are wrong. */
int send_open(struct send **ret, const struct send_options *o, struct err *err)
	MUST_CHECK;
void send_free(struct send *s);
/* Whether there is such a target or group; ERR_USAGE says what may be meant. */
int send_known(const struct send *s, const char *name, struct err *err)
	MUST_CHECK;

/* A message to be put into the outbox by the next round; one whose key is known
 * is taken as it stands there. All is copied. */
struct send_message {
	const char *key, *thread;
	bool call;
	struct slice record;
	const char *const *to; /* wins over record and routes; or NULL */
	/* Set by that round: its number, or 0 when its targets were chosen
	 * before; and how many deliveries will be told of. Must stay there. */
	int64_t *ret_num;
	size_t *ret_open;
};
void send_add(struct send *s, const struct send_message *m);
size_t send_added(const struct send *s); /* that wait for the round */

struct send_round {
	size_t tried;	  /* messages that were tried; 0: nothing is due */
	size_t delivered; /* of these */
	int64_t next;	  /* when something is due, or WHEN_NONE */
	bool wrong;	  /* a target is not, or wrongly, configured */
};
/* One transaction, in which the last round is settled, what was added is
 * committed, and what is due is claimed; and then one attempt at each of it. A
 * round that tried something must be followed by another. */
int send_round(struct send *s, struct send_round *ret, struct err *err)
	MUST_CHECK;
/* Rounds until nothing is due, or a stop was asked for. */
int send_drain(struct send *s, struct send_round *ret, struct err *err)
	MUST_CHECK;
/* The identity that the far side gets for a key. */
#define SEND_ID 65
void send_id(const char *key, char out[SEND_ID]);

/* ---- the outbox as people see it ---- */

struct send_query {
	const char *key;    /* or NULL */
	const char *target; /* or NULL */
	const char *status; /* of a delivery, or "open"; or NULL */
	int64_t limit;	    /* 0: none */
};
/* Newest first; of one key, in the order of targets. */
int send_list(struct store *s, const struct send_query *q, send_told *tell,
	      void *arg, struct err *err) MUST_CHECK;
/* How many are queued or on their way. */
int send_open_count(struct store *s, int64_t *ret, struct err *err) MUST_CHECK;
/* The message record of a key; ERR_NO: there is none. */
int send_record(struct store *s, const char *key, struct buf *out,
		struct err *err) MUST_CHECK;
/* Puts what failed or is unknown back into the queue, or takes what is queued
 * out of it: of a key, of a target, or (both NULL) all; how many. */
int64_t send_retry(struct store *s, const char *key, const char *target,
		   struct err *err);
int64_t send_drop(struct store *s, const char *key, const char *target,
		  struct err *err);
/* Removes messages that are over and older than that, SEND_PURGE_MAX at a
 * time, and
 * what threads and repetitions left behind; how many. */
#define SEND_PURGE_MAX 1000
int64_t send_purge(struct store *s, int64_t before, struct err *err);
/* Appends the delivery record. */
void send_delivery_record(const struct send_delivery *d, struct buf *out);

DEFINE_AUTO(struct send *, send_free, auto_send_)
#define AUTO_SEND CLEANUP(auto_send_)

#endif
