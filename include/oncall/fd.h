/* fd.h - whole texts from a descriptor, and to one. */
#ifndef ONCALL_FD_H
#define ONCALL_FD_H

#include <oncall/buf.h>

/* Adds all that is left to read. More than max bytes are an error of that kind;
 * name is for the errors. */
int fd_read_all(int fd, struct buf *out, size_t max, enum err_kind kind,
		const char *name, struct err *err) MUST_CHECK;
/* -1 with errno set. */
int fd_write_all(int fd, struct slice text) MUST_CHECK;

#endif
