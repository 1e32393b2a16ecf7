/* store-postgres.h - what the parts of the PostgreSQL driver share. */
#ifndef ONCALL_STORE_POSTGRES_H
#define ONCALL_STORE_POSTGRES_H

#include "store-internal.h"
#include "store-pq.h"

struct postgres {
	const struct store_pq *pq;
	PGconn *conn; /* in pipeline mode, not blocking */
	bool lost;
	unsigned session;      /* counts connections; statements live in one */
	unsigned statements;   /* counts names of statements */
	size_t queued;	       /* commands sent since the last sync */
	size_t queued_bytes;   /* of their values */
	size_t syncs;	       /* sent, and not yet answered */
	struct buf parameters; /* those of the command being sent, as text */
};

/* store-postgres-connect.c */
int postgres_open(struct store *s, struct err *err) MUST_CHECK;
int postgres_reopen(struct store *s, struct err *err) MUST_CHECK;
void postgres_close(struct store *s);

/*
 * store-postgres-pipe.c: commands go out without waiting for the answers of
 * those before, and answers come back in order.
 */
/* Asks the server to answer all that was sent, and sends it. */
int postgres_sync(struct store *s, struct err *err) MUST_CHECK;
/* Reads answers until at most open_syncs are left; the last one that carries
 * a result goes to *ret_last (may be NULL), which the caller clears. */
int postgres_read(struct store *s, size_t open_syncs, PGresult **ret_last,
		  struct err *err);
/* Says what the server said about a command; returns -1. */
int postgres_fail(struct store *s, const PGresult *result, struct err *err);
/* The connection is gone; returns -1. */
int postgres_lost(struct store *s, struct err *err);

#endif
