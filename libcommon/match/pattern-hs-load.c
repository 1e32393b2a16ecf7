/* pattern-hs-load.c - loads Hyperscan when an engine asks for it: programs that
 * do not need it do not wait for ten megabytes of it. */
#include <oncall/base.h>

#ifdef HAVE_HS

#include "pattern-hs.h"

#include <oncall/library.h>

#define LIBHS "libhs.so.5"

static struct pattern_hs hs;

static int check_processor(struct err *err)
{
	if (hs.valid_platform() == HS_SUCCESS)
		return 0;
	return err_set(err, ERR_SYSTEM, "%s does not run on this processor",
		       LIBHS);
}

static const char *const names[] = {
#define PATTERN_HS_NAME(f) "hs_" #f,
	PATTERN_HS_FUNCTIONS(PATTERN_HS_NAME)
#undef PATTERN_HS_NAME
		NULL};

static struct library libhs = {
	.file = LIBHS,
	.package = "libhyperscan5",
	.why = "engine hs needs",
	.version = "5",
	.names = names,
	.functions = &hs,
	.prepare = check_processor,
};

const struct pattern_hs *pattern_hs_load(struct err *err)
{
	return library_load(&libhs, err) < 0 ? NULL : &hs;
}

#endif
