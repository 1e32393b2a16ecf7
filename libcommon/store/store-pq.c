/* store-pq.c - loads libpq when a store asks for it. */
#include <oncall/base.h>

#ifdef HAVE_PQ

#include "store-pq.h"

static struct store_pq pq;

static struct library libpq = {
	.file = "libpq.so.5",
	.package = "libpq5",
	.why = "PostgreSQL stores need",
	.version = "14",
	.names = (const char *const[]){STORE_PQ_FUNCTIONS(LIBRARY_NAME) NULL},
	.functions = &pq,
};

const struct store_pq *store_pq_load(struct err *err)
{
	return library_load(&libpq, err) < 0 ? NULL : &pq;
}

#endif
