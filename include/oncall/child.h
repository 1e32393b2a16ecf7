/*
 * child.h - a program whose output is read as it comes: journalctl, docker
 * logs. It is kept as proc.h keeps its programs: no shell, a session of its
 * own, and a keeper that ends all its family when this process lets go of it or
 * is killed.
 */
#ifndef ONCALL_CHILD_H
#define ONCALL_CHILD_H

#include <oncall/err.h>
#include <sys/types.h>

#define CHILD_GRACE_MS	 1000		/* TERM to KILL */
#define CHILD_ERRORS_MAX ((size_t)4096) /* kept of what it complains of */

struct child;

/* argv is ended by NULL, argv[0] looked up in PATH. Input is /dev/null. */
int child_start(struct child **ret, const char *const *argv, struct err *err)
	MUST_CHECK;
/* To poll for what child_read() has to do. */
int child_fd(const struct child *c);
/* Bytes of its standard output; 0 at the end, -1 when there are none now. */
ssize_t child_read(struct child *c, char *p, size_t n);
/* After the end of its output: 0 when it ended by itself with status 0, else
 * ERR_SYSTEM with the first line of its standard error. It is gone then. */
int child_end(struct child *c, struct err *err) MUST_CHECK;
/* Ends it if it still runs. */
void child_free(struct child *c);

DEFINE_AUTO(struct child *, child_free, auto_child_)
#define AUTO_CHILD CLEANUP(auto_child_)

#endif
