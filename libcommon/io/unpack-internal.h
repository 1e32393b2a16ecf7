/* unpack-internal.h - what a kind of archive provides; unpack.c knows no more
 * of them. */
#ifndef ONCALL_UNPACK_INTERNAL_H
#define ONCALL_UNPACK_INTERNAL_H

#include <oncall/err.h>

/* What a step reads from and writes to; it moves the four on. */
struct unpack_step {
	const unsigned char *in;
	size_t in_len;
	unsigned char *out;
	size_t out_len;
	bool whole; /* between two members: the file may end here */
};

struct unpack_codec {
	const char *name;
	void *(*open)(struct err *err); /* NULL: it cannot be had */
	/* Some input or output, or neither when it needs more input. */
	int (*step)(void *state, struct unpack_step *s, struct err *err);
	void (*close)(void *state);
};

extern const struct unpack_codec unpack_gzip, unpack_zstd;

#endif
