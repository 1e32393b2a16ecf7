/* built.h - the libraries that every program is linked with. */
#ifndef ONCALL_BUILT_H
#define ONCALL_BUILT_H

#include <oncall/base.h>

struct built {
	const char *name;
	const char *version;
};

/* Those that have a version to ask for and no module of their own; ended by a
 * NULL name. */
const struct built *built_with(void);

#endif
