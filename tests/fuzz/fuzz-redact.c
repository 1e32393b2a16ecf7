/*
 * fuzz-redact.c - redaction of any bytes: what had no secret stays as it was,
 * JSON stays JSON, and nothing is put in. Done again, it may take more out:
 * where a secret was, another one may begin or end.
 */
#include <stdio.h>

#include <jansson.h>

#include <oncall/redact.h>

#include "fuzz.h"

#define REDACTED "[redacted]"

static void must(bool good, const char *what)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-redact: %s\n", what);
		abort();
	}
}

static bool is_json(const char *p, size_t n)
{
	json_t *value =
		json_loadb(p, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	json_decref(value);
	return value;
}

/* Quotes are put around what must stand in some. */
static struct slice without_quotes(struct slice s)
{
	while (s.len && strchr("\\\"'`", *s.ptr) && *s.ptr) {
		s.ptr++;
		s.len--;
	}
	while (s.len && strchr("\\\"'`", s.ptr[s.len - 1]) && s.ptr[s.len - 1])
		s.len--;
	return s;
}

/* Whether all that is left, piece by piece, stands in the text. */
static bool is_left_of(struct slice left, struct slice text)
{
	while (left.len) {
		const char *end =
			memmem(left.ptr, left.len, REDACTED, strlen(REDACTED));
		size_t n = end ? (size_t)(end - left.ptr) : left.len;
		struct slice piece =
			without_quotes((struct slice){left.ptr, n});
		const char *at = piece.len ? memmem(text.ptr, text.len,
						    piece.ptr, piece.len)
					   : text.ptr;

		if (!at)
			return false;
		text.len -= (size_t)(at + piece.len - text.ptr);
		text.ptr = at + piece.len;
		n += end ? strlen(REDACTED) : 0;
		left.ptr += n;
		left.len -= n;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf once = BUF_INIT, twice = BUF_INIT;
	const char *text = (const char *)data;

	if (!redact_text(&once, text, size))
		must(once.len == size &&
			     (!size || memcmp(once.data, text, size) == 0),
		     "harmless text was changed");
	else if (is_json(text, size))
		must(is_json(once.data, once.len), "JSON was broken");
	must(is_left_of(buf_slice(&once), (struct slice){text, size}),
	     "something was put in");
	(void)redact_text(&twice, buf_str(&once), once.len);
	must(is_left_of(buf_slice(&twice), buf_slice(&once)),
	     "something was put in again");
	return 0;
}
