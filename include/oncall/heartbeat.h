/*
 * heartbeat.h - signs of life that must come: one that is missing opens an
 * incident, which is resolved when it is back.
 *
 *   heartbeats:
 *     backup:  {file: /var/backups/last, every: 1d, grace: 2h, severity: high}
 *     queue:   {command: [/usr/local/bin/queue-alive], every: 5m}
 *     reports: {every: 1h}        # oncall-incident heartbeat beat reports
 *     pager:   {tick: true, every: 5m}
 */
#ifndef ONCALL_HEARTBEAT_H
#define ONCALL_HEARTBEAT_H

#include <oncall/config.h>
#include <oncall/store.h>

struct heartbeat_state {
	const char *name, *kind; /* "file", "command", "beat", "tick" */
	int64_t seen;		 /* WHEN_NONE: never */
	int64_t due;		 /* when it is missed */
	bool missing;
	char *why; /* a sentence */
};

/* How many are configured; ERR_USAGE says what is wrong with one, and where. */
int heartbeat_count(const struct config *c, struct err *err) MUST_CHECK;
/* A sign of life of a heartbeat that is configured. */
int heartbeat_beat(struct store *s, const struct config *c, const char *name,
		   int64_t now, struct err *err) MUST_CHECK;
/* Whether the incident is of one that is missing: 1 or 0. */
int heartbeat_is_missing(struct store *s, int64_t incident, struct err *err)
	MUST_CHECK;

struct heartbeat_options {
	struct store *store;
	const struct config *config;
	const char *actor;
	int64_t now;
	/* Told of each, in the order of the configuration; or NULL. */
	void (*tell)(void *arg, const struct heartbeat_state *h);
	void *arg;
};

/* Looks at all, runs the commands that are due, opens and resolves incidents;
 * not inside a transaction. *ret_next: when one is due again, or WHEN_NONE. */
int heartbeat_check(const struct heartbeat_options *o, int64_t *ret_next,
		    struct err *err) MUST_CHECK;

#endif
