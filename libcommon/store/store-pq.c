/* store-pq.c - loads libpq when a store asks for it. */
#include <oncall/base.h>

#ifdef HAVE_PQ

#include "store-pq.h"

const struct store_pq *store_pq_load(struct err *err)
{
	static const char *const names[] = {STORE_PQ_FUNCTIONS(LIBRARY_NAME)};
	static struct store_pq pq;
	static struct library lib = {
		.file = "libpq.so.5",
		.package = "libpq5",
		.why = "PostgreSQL stores need",
		.version = "14",
		.names = names,
		.count = ARRAY_LEN(names),
		.functions = &pq,
	};

	return library_load(&lib, err) < 0 ? NULL : &pq;
}

#endif
