/* fuzz-redact.c - redaction of any bytes: doing it twice changes nothing, what
 * had no secret stays as it was, and JSON stays JSON. */
#include <stdio.h>

#include <jansson.h>

#include <oncall/redact.h>

#include "fuzz.h"

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
	(void)redact_text(&twice, buf_str(&once), once.len);
	must(slice_eq(buf_slice(&once), buf_slice(&twice)),
	     "redacted text was changed again");
	return 0;
}
