/* unpack-zstd.c - zstd by libzstd, which is loaded when a file asks for it. */
#include "unpack-internal.h"

#ifdef HAVE_ZSTD

#include <oncall/library.h>
#include <zstd.h>

/* clang-format off */
#define FUNCTIONS(X) \
	X(ZSTD_createDStream) X(ZSTD_freeDStream) X(ZSTD_decompressStream) \
	X(ZSTD_isError) X(ZSTD_getErrorName)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} z;
/* clang-format on */

static struct library libzstd = {
	.file = "libzstd.so.1",
	.package = "libzstd1",
	.why = "zstd files need",
	.version = "1",
	.names = (const char *const[]){FUNCTIONS(LIBRARY_NAME) NULL},
	.functions = &z,
};

static void *zstd_open(struct err *err)
{
	void *stream;

	if (library_load(&libzstd, err) < 0)
		return NULL;
	stream = z.ZSTD_createDStream();
	if (!stream)
		(void)err_set(err, ERR_SYSTEM, "out of memory in libzstd");
	return stream;
}

static int zstd_step(void *state, struct unpack_step *s, struct err *err)
{
	ZSTD_inBuffer in = {s->in, s->in_len, 0};
	ZSTD_outBuffer out = {s->out, s->out_len, 0};
	size_t got = z.ZSTD_decompressStream(state, &out, &in);

	if (z.ZSTD_isError(got))
		return err_set(err, ERR_INPUT, "broken zstd data: %s",
			       z.ZSTD_getErrorName(got));
	s->in += in.pos;
	s->in_len -= in.pos;
	s->out += out.pos;
	s->out_len -= out.pos;
	s->whole = got == 0;
	return 0;
}

static void zstd_close(void *state)
{
	(void)z.ZSTD_freeDStream(state);
}

#else

static void *zstd_open(struct err *err)
{
	(void)err_set(err, ERR_SYSTEM,
		      "this build reads no zstd files: build it again with "
		      "zstd (Debian: apt install libzstd-dev)");
	return NULL;
}

static int zstd_step(void *state, struct unpack_step *s, struct err *err)
{
	(void)state;
	(void)s;
	return err_set(err, ERR_SYSTEM, "no zstd");
}

static void zstd_close(void *state)
{
	(void)state;
}

#endif

const struct unpack_codec unpack_zstd = {"zstd", zstd_open, zstd_step,
					 zstd_close};
