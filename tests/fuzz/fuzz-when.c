/* fuzz-when.c - times, durations and points from any bytes. What was read must
 * be writable, and must be read the same again. */
#include <stdio.h>

#include <oncall/when.h>

#include "fuzz.h"

#define NOW INT64_C(1795176000000)

static void must(bool good, const char *what)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-when: %s\n", what);
		abort();
	}
}

static void fuzz_rfc3339(const char *p, size_t n)
{
	char text[WHEN_TEXT];
	int64_t ms, again;

	if (when_parse_rfc3339(p, n, &ms) < 0)
		return;
	when_format(text, ms);
	must(when_parse_rfc3339(text, WHEN_TEXT - 1, &again) == 0 &&
		     again == ms,
	     "a time did not come back");
}

static void fuzz_log(const char *p, size_t n)
{
	struct when w, again;

	if (when_parse_log(p, n, NOW, &w) < 0)
		return;
	must(w.used > 0 && w.used <= n, "a time outside the line");
	must(w.ms >= WHEN_MIN && w.ms <= WHEN_MAX, "a year out of range");
	must(!w.year_assumed || w.ms <= NOW + WHEN_DAY, "a time to come");
	must(when_parse_log(p, w.used, NOW, &again) == 0 && again.ms == w.ms &&
		     again.used == w.used,
	     "the time alone is read in another way");
}

static void fuzz_text(const char *s)
{
	struct err err = ERR_INIT;
	char text[32];
	int64_t ms, again;

	if (when_parse_duration(s, &ms, &err) == 0) {
		must(ms >= 0 && ms <= WHEN_DURATION_MAX, "a wrong duration");
		when_format_duration(text, ms);
		must(when_parse_duration(text, &again, &err) == 0 &&
			     again == ms,
		     "a duration did not come back");
		when_format_age(text, ms);
	} else {
		must(err.kind == ERR_USAGE && *err.text, "a silent error");
	}
	err_clear(&err);
	if (when_parse_point(s, NOW, &ms, &err) == 0)
		must(ms >= WHEN_MIN && ms <= WHEN_MAX, "a point out of range");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	if (!s)
		return 0;
	memcpy(s, data, size);
	s[size] = '\0';
	fuzz_rfc3339((const char *)data, size);
	fuzz_log((const char *)data, size);
	fuzz_text(s);
	free(s);
	return 0;
}
