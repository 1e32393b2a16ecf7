/*
 * unpack.h - reads a file that may be compressed (gzip, zstd; recognised by
 * its first bytes) as the bytes that it stands for. The libraries are loaded
 * when a compressed file is met.
 */
#ifndef ONCALL_UNPACK_H
#define ONCALL_UNPACK_H

#include <oncall/err.h>

struct unpack;

/* Takes fd over, also when it fails. Pipes are fine: nothing is sought. */
int unpack_open(struct unpack **ret, int fd, const char *name, struct err *err)
	MUST_CHECK;
/* Bytes read, 0 at the end, -1 (ERR_INPUT: broken archive; ERR_NONE: a stop was
 * asked for while a pipe had nothing). Several members or frames one behind the
 * other are one file. After an error, reading again gives the same error. */
ssize_t unpack_read(struct unpack *u, void *buf, size_t n, struct err *err)
	MUST_CHECK;
/* From here on a pipe that has nothing makes unpack_read() return -1 and leave
 * err alone, instead of waiting. */
void unpack_never_wait(struct unpack *u);
/* Known from the start for a regular file, after the first read of a pipe. */
bool unpack_compressed(const struct unpack *u);
int unpack_fd(const struct unpack *u);
void unpack_free(struct unpack *u);

DEFINE_AUTO(struct unpack *, unpack_free, auto_unpack_)
#define AUTO_UNPACK CLEANUP(auto_unpack_)

#endif
