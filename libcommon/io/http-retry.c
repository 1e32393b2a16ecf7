/* http-retry.c - how long to wait before a request is tried again. */
#include "http-internal.h"

#ifdef HTTP_BUILT

#include <oncall/clock.h>
#include <oncall/mem.h>

#define BACKOFF_MS	   200 /* the most before the second attempt */
#define BACKOFF_MAX_MS	   30000
#define RETRY_AFTER_MAX_MS ((int64_t)7 * 24 * 3600 * 1000)

/* Seconds of a date of HTTP, or -1. */
static int64_t read_date(struct slice s)
{
	AUTO_FREE char *text = mem_dup_slice(s);

	return text ? (int64_t)curl->getdate(text, NULL) : -1;
}

/* Seconds in digits only, or -1. */
static int64_t read_seconds(struct slice s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return -1;
		if (n < RETRY_AFTER_MAX_MS)
			n = n * 10 + (s.ptr[i] - '0');
	}
	return s.len ? n : -1;
}

int64_t http_retry_after(const struct http_reply *reply)
{
	struct slice value = http_header(reply, "Retry-After");
	int64_t seconds = read_seconds(value);
	int64_t now;

	if (seconds < 0) {
		seconds = read_date(value);
		/* The far side's clock, since the date was made with it. */
		now = read_date(http_header(reply, "Date"));
		seconds -= now >= 0 ? now : clock_now() / 1000;
	}
	if (seconds <= 0)
		return 0;
	return seconds < RETRY_AFTER_MAX_MS / 1000 ? seconds * 1000
						   : RETRY_AFTER_MAX_MS;
}

/* From 0 to most. */
static int64_t random_up_to(int64_t most)
{
	uint64_t n;

	clock_random(&n, sizeof(n));
	return (int64_t)(n % ((uint64_t)most + 1));
}

/* The whole pause is random, so that many clients that failed at one moment do
 * not come back at one moment. */
int64_t http_retry_pause(const struct http_reply *reply)
{
	int64_t most = BACKOFF_MS;

	for (int i = 1; i < reply->attempts && most < BACKOFF_MAX_MS; i++)
		most *= 2;
	if (most > BACKOFF_MAX_MS)
		most = BACKOFF_MAX_MS;
	if (reply->retry_after_ms)
		return reply->retry_after_ms + random_up_to(BACKOFF_MS);
	return random_up_to(most);
}

#endif
