/* built.h - the libraries that the programs were built with. */
#ifndef ONCALL_BUILT_H
#define ONCALL_BUILT_H

#include <oncall/base.h>

struct built {
	const char *name;
	const char *version; /* NULL: not built in */
	const char *lacking; /* what then cannot be done */
};

/* Those that have nothing to do with stores; ended by a NULL name. */
const struct built *built_with(void);

#endif
