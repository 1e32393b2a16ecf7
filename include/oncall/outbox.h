/*
 * outbox.h - messages that are to be sent, each of them once. Whoever has
 * something to say puts it here in the transaction in which it became due;
 * chatops-send settles it. The key is the message's identity: a message whose
 * key is known changes nothing.
 */
#ifndef ONCALL_OUTBOX_H
#define ONCALL_OUTBOX_H

#include <oncall/store.h>

struct outbox_message {
	const char *key;
	const char *thread; /* what belongs together; NULL: nothing does */
	bool call;	    /* it calls somebody */
	bool until_ack;	    /* an acknowledgement takes it back, too */
	int64_t made;
	struct slice record; /* JSON: the message record, without its newline */
};

/* Inside a transaction: 1 when it was added, 0 when the key was known. */
int outbox_add(struct store *s, const struct outbox_message *m, struct err *err)
	MUST_CHECK;
/* Takes back what was not sent yet; how many messages. */
struct outbox_cancel {
	const char *thread;
	const char *start; /* of the keys that are meant; "": all */
	bool told_too;	   /* not only calls, but all that is until_ack */
	const char *reason;
};
int64_t outbox_cancel(struct store *s, const struct outbox_cancel *c,
		      struct err *err);

#endif
