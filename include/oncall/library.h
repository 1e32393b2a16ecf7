/*
 * library.h - shared libraries that are loaded when they are needed. Linking
 * them would bring them, and all that stand behind them, into every program
 * at every start.
 *
 * The functions that are used stand in a list, FUNCTIONS(X), from which come a
 * struct of pointers with the types that the library's header gives them, and
 * their names in the same order.
 */
#ifndef ONCALL_LIBRARY_H
#define ONCALL_LIBRARY_H

#include <stdatomic.h>

#include <oncall/err.h>

/* clang-format off */
#define LIBRARY_MEMBER(f) __typeof__(f) *f;
#define LIBRARY_NAME(f)	  #f,
/* clang-format on */

struct library {
	const char *file;	  /* "libz.so.1" */
	const char *package;	  /* of Debian, which brings it */
	const char *why;	  /* "gzip files need", as messages say */
	const char *version;	  /* the first that has all functions */
	const char *const *names; /* ended by NULL */
	void *functions;	  /* the struct of pointers */
	/* NULL, or what is to be done once before anything else is called;
	 * when it fails, the library is not there. */
	int (*prepare)(struct err *err);
	atomic_bool loaded;
};

/* Any number of threads may come first. -1 with ERR_SYSTEM; the next call tries
 * again. */
int library_load(struct library *lib, struct err *err) MUST_CHECK;

#endif
