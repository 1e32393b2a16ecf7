/* store-pq.c - loads libpq when a store asks for it. */
#include <oncall/base.h>

#ifdef HAVE_PQ

#include "store-pq.h"

#include <dlfcn.h>

#define LIBPQ "libpq.so.5"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define STORE_PQ_ENTRY(f) {#f, offsetof(struct store_pq, f)},
	STORE_PQ_FUNCTIONS(STORE_PQ_ENTRY)
#undef STORE_PQ_ENTRY
};

const struct store_pq *store_pq_load(struct err *err)
{
	static struct store_pq pq;
	static bool loaded;
	void *lib;

	if (loaded)
		return &pq;
	lib = dlopen(LIBPQ, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		(void)err_set(err, ERR_SYSTEM,
			      "cannot load %s, which PostgreSQL stores need "
			      "(Debian: apt install libpq5): %s",
			      LIBPQ, dlerror());
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *f = dlsym(lib, functions[i].name);

		if (!f) {
			(void)err_set(err, ERR_SYSTEM,
				      "%s is too old: version 14 or newer "
				      "is needed",
				      LIBPQ);
			(void)dlclose(lib);
			return NULL;
		}
		/* ISO C has no conversion between the two kinds of pointer. */
		memcpy((char *)&pq + functions[i].offset, &f, sizeof(f));
	}
	loaded = true;
	return &pq;
}

#endif
