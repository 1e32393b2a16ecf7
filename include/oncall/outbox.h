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
	bool call;	    /* an acknowledgement takes it back */
	int64_t made;
	struct slice record; /* JSON: the message record, without its newline */
};

/* Inside a transaction: 1 when it was added, 0 when the key was known. */
int outbox_add(struct store *s, const struct outbox_message *m, struct err *err)
	MUST_CHECK;
/* Takes back what calls somebody and was not sent yet, of the keys that start
 * so; how many. */
int64_t outbox_cancel(struct store *s, const char *thread, const char *start,
		      const char *reason, struct err *err);

#endif
