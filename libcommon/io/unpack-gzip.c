/* unpack-gzip.c - gzip by libz, which is loaded when a file asks for it. */
#include "unpack-internal.h"

#include <oncall/mem.h>

#ifdef HAVE_ZLIB

#include <limits.h>
#include <oncall/library.h>
#include <zlib.h>

#define GZIP_ONLY (16 + MAX_WBITS) /* zlib's way to say: gzip, any window */

/* clang-format off */
#define FUNCTIONS(X) X(inflateInit2_) X(inflate) X(inflateReset) X(inflateEnd)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} z;
/* clang-format on */

static struct library libz = {
	.file = "libz.so.1",
	.package = "zlib1g",
	.why = "gzip files need",
	.version = "1.2",
	.names = (const char *const[]){FUNCTIONS(LIBRARY_NAME) NULL},
	.functions = &z,
};

struct gzip {
	z_stream stream;
	bool ended; /* the member at hand */
};

static void *gzip_open(struct err *err)
{
	struct gzip *g;

	if (library_load(&libz, err) < 0)
		return NULL;
	g = mem_zero(1, sizeof(*g));
	if (z.inflateInit2_(&g->stream, GZIP_ONLY, ZLIB_VERSION,
			    (int)sizeof(g->stream)) == Z_OK)
		return g;
	free(g);
	(void)err_set(err, ERR_SYSTEM, "libz.so.1 is of another version");
	return NULL;
}

/* Tapes and some tools fill the last block with NULs, which is no member. */
static bool skip_padding(struct unpack_step *s)
{
	while (s->in_len && *s->in == '\0') {
		s->in++;
		s->in_len--;
	}
	return s->in_len == 0;
}

static int gzip_step(void *state, struct unpack_step *s, struct err *err)
{
	struct gzip *g = state;
	size_t in = s->in_len < UINT_MAX ? s->in_len : UINT_MAX;
	size_t out = s->out_len < UINT_MAX ? s->out_len : UINT_MAX;
	int got;

	if (g->ended) {
		if (skip_padding(s))
			return 0;
		in = s->in_len < UINT_MAX ? s->in_len : UINT_MAX;
		(void)z.inflateReset(&g->stream);
		g->ended = false;
	}
	g->stream.next_in = (unsigned char *)(uintptr_t)s->in;
	g->stream.avail_in = (unsigned int)in;
	g->stream.next_out = s->out;
	g->stream.avail_out = (unsigned int)out;
	got = z.inflate(&g->stream, Z_NO_FLUSH);
	s->in += in - g->stream.avail_in;
	s->in_len -= in - g->stream.avail_in;
	s->out += out - g->stream.avail_out;
	s->out_len -= out - g->stream.avail_out;
	s->whole = g->ended = got == Z_STREAM_END;
	if (got == Z_OK || got == Z_STREAM_END || got == Z_BUF_ERROR)
		return 0;
	return err_set(err, ERR_INPUT, "broken gzip data: %s",
		       g->stream.msg ? g->stream.msg : "it needs a dictionary");
}

static void gzip_close(void *state)
{
	struct gzip *g = state;

	(void)z.inflateEnd(&g->stream);
	free(g);
}

#else

static void *gzip_open(struct err *err)
{
	(void)err_set(err, ERR_SYSTEM,
		      "this build reads no gzip files: build it again with "
		      "zlib (Debian: apt install zlib1g-dev)");
	return NULL;
}

static int gzip_step(void *state, struct unpack_step *s, struct err *err)
{
	(void)state;
	(void)s;
	return err_set(err, ERR_SYSTEM, "no gzip");
}

static void gzip_close(void *state)
{
	(void)state;
}

#endif

const struct unpack_codec unpack_gzip = {"gzip", gzip_open, gzip_step,
					 gzip_close};
