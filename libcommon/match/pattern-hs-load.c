/* pattern-hs-load.c - loads Hyperscan when an engine asks for it: programs that
 * do not need it do not wait for ten megabytes of it. */
#include <oncall/base.h>

#ifdef HAVE_HS

#include "pattern-hs.h"

#include <dlfcn.h>

#define LIBHS "libhs.so.5"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define PATTERN_HS_ENTRY(f) {"hs_" #f, offsetof(struct pattern_hs, f)},
	PATTERN_HS_FUNCTIONS(PATTERN_HS_ENTRY)
#undef PATTERN_HS_ENTRY
};

const struct pattern_hs *pattern_hs_load(struct err *err)
{
	static struct pattern_hs hs;
	static bool loaded;
	void *lib;

	if (loaded)
		return &hs;
	lib = dlopen(LIBHS, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		(void)err_set(err, ERR_SYSTEM,
			      "cannot load %s, which engine hs needs "
			      "(Debian: apt install libhyperscan5): %s",
			      LIBHS, dlerror());
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *f = dlsym(lib, functions[i].name);

		if (!f) {
			(void)err_set(err, ERR_SYSTEM, "%s has no %s", LIBHS,
				      functions[i].name);
			(void)dlclose(lib);
			return NULL;
		}
		/* ISO C has no conversion between the two kinds of pointer. */
		memcpy((char *)&hs + functions[i].offset, &f, sizeof(f));
	}
	if (hs.valid_platform() != HS_SUCCESS) {
		(void)err_set(err, ERR_SYSTEM,
			      "%s does not run on this processor", LIBHS);
		(void)dlclose(lib);
		return NULL;
	}
	loaded = true;
	return &hs;
}

#endif
