/*
 * channel.h - one configured target: makes a note into what its service wants,
 * hands it over once, and says what came of it. It keeps nothing on disk: what
 * must outlive the program is in channel_job and channel_result.
 */
#ifndef ONCALL_CHANNEL_H
#define ONCALL_CHANNEL_H

#include <oncall/config.h>
#include <oncall/note.h>

struct channel;

/* The target of that name in the configuration, targets.NAME. Reads its
 * secrets. ERR_USAGE: there is none (did you mean), or it lacks something. */
int channel_open(struct channel **ret, const struct config *c, const char *name,
		 struct err *err) MUST_CHECK;
void channel_free(struct channel *ch);
const char *channel_name(const struct channel *ch);
const char *channel_type(const struct channel *ch); /* "matrix", "smtp" */

struct channel_traits {
	bool safe_again; /* the far side knows the key: may be sent again */
	bool read_back;	 /* can look whether a message of a key arrived */
	bool edits, threads;
	int64_t lag;   /* milliseconds until what arrived can be found */
	int64_t every; /* milliseconds between messages, a room; 0: no limit */
	int64_t burst; /* that may be sent at once before that counts */
};
const struct channel_traits *channel_traits(const struct channel *ch);

/* One attempt. What is borrowed lives until it is over. */
struct channel_job {
	const struct note *note;
	const char *key;  /* the same on every attempt: an id of at most 64
			   * letters, digits, '-' and '.' */
	const char *root; /* remote id of the thread's first message, or NULL */
	const char *last; /* of its latest one, or NULL */
	const char *edit; /* of the message that this one replaces, or NULL */
	int64_t since;	  /* it cannot have arrived before; to look for it */
};

enum channel_outcome {
	CHANNEL_DELIVERED, /* and the far side said so */
	CHANNEL_ACCEPTED,  /* it was taken, no more is known */
	CHANNEL_FAILED,	   /* it will never be taken */
	CHANNEL_LATER,	   /* not taken now: may be tried again */
	CHANNEL_UNKNOWN,   /* it may have been taken or not */
};

struct channel_result {
	enum channel_outcome outcome;
	char *remote_id;     /* or NULL */
	int64_t retry_after; /* milliseconds that the far side asked for; 0 */
	char *reason;	     /* a sentence without secrets, or NULL */
};

void channel_send(struct channel *ch, const struct channel_job *job,
		  struct channel_result *ret);
/* Whether a message of that key arrived: CHANNEL_DELIVERED, CHANNEL_LATER (it
 * did not), CHANNEL_UNKNOWN. */
void channel_look(struct channel *ch, const struct channel_job *job,
		  struct channel_result *ret);
void channel_result_done(struct channel_result *r);
/* What would be sent: the request line or envelope, headers, body; secrets as
 * "***". */
int channel_render(struct channel *ch, const struct channel_job *job,
		   struct buf *out, struct err *err) MUST_CHECK;
/* Proves the credentials without posting, where the service allows; what was
 * found goes to out as one line. ERR_REMOTE: not now, ERR_REFUSED: no. */
int channel_check(struct channel *ch, struct buf *out, struct err *err)
	MUST_CHECK;

DEFINE_AUTO(struct channel *, channel_free, auto_channel_)
#define AUTO_CHANNEL CLEANUP(auto_channel_)

#endif
