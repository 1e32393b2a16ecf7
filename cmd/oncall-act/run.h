/* run.h - the two ways of oncall-act run: over incidents, and by name. */
#ifndef RUN_H
#define RUN_H

#include "act-cmd.h"

struct run_args {
	const char *service, *host, *incident;
	int64_t jobs;
	bool pending, dry_run;
};
extern struct run_args run_args;

/* argv: the name, then KEY=VALUE... */
int run_by_name(int argc, char **argv, struct err *err);

#endif
