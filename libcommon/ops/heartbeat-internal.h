/* heartbeat-internal.h - what the parts of heartbeat share. */
#ifndef ONCALL_HEARTBEAT_INTERNAL_H
#define ONCALL_HEARTBEAT_INTERNAL_H

#include <oncall/buf.h>
#include <oncall/heartbeat.h>
#include <oncall/severity.h>

#define HEARTBEAT_NAME_MAX 100 /* bytes */

enum heartbeat_kind {
	HEARTBEAT_FILE,
	HEARTBEAT_COMMAND,
	HEARTBEAT_TICK,
	HEARTBEAT_BEAT,
};
extern const char *const heartbeat_kind_names[];

/* One heartbeat: what configuration says, then what the store does. */
struct heartbeat {
	const char *name;
	enum heartbeat_kind kind;
	const char *file;
	const char **argv; /* ended by NULL; texts are the configuration's */
	int64_t every, grace, timeout;
	const char *severity, *service, *host;

	int64_t seen, since;
	int64_t looked; /* when its command was begun last */
	int64_t failed; /* the look that did not end well: then that is known */
	int64_t missed;
	bool changed; /* the row is to be written */

	bool due;	/* its command is this check's to run */
	int64_t sign;	/* of life, as this check has seen it, or WHEN_NONE */
	struct buf why; /* what this check has seen instead */
};

struct heartbeat_set {
	struct heartbeat *items;
	size_t count;
};

/* heartbeat-load.c: ERR_USAGE with its place. */
int heartbeat_load(struct heartbeat_set *set, const struct config *c,
		   struct err *err);
void heartbeat_set_done(struct heartbeat_set *set);
#define AUTO_HEARTBEAT_SET CLEANUP(heartbeat_set_done)
struct heartbeat *heartbeat_find(const struct heartbeat_set *set,
				 struct slice name);
/* heartbeat-look.c: sets sign and why. */
int heartbeat_look(struct heartbeat *h, struct store *s, int64_t now,
		   struct err *err);
/* When it is missed. */
int64_t heartbeat_due(const struct heartbeat *h);
/* heartbeat-incident.c: inside the transaction that marks it. */
int heartbeat_open(struct store *s, const struct config *c, const char *actor,
		   const struct heartbeat *h, struct err *err);
int heartbeat_resolve(struct store *s, const char *actor, const char *name,
		      const char *note, int64_t now, struct err *err);

#endif
