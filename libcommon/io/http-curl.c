/* http-curl.c - loads libcurl: with the thirty libraries behind it, it takes
 * longer than most runs do. */
#include <oncall/base.h>

#ifdef HAVE_CURL

#include "http-curl.h"

struct http_curl http_curl;

static int set_up(struct err *err)
{
	if (curl->global_init(CURL_GLOBAL_DEFAULT))
		return err_set(err, ERR_SYSTEM, "cannot set up HTTP");
	return 0;
}

static const char *const names[] = {
#define HTTP_CURL_NAME(f) "curl_" #f,
	HTTP_CURL_FUNCTIONS(HTTP_CURL_NAME)
#undef HTTP_CURL_NAME
		NULL};

static struct library libcurl = {
	.file = "libcurl.so.4",
	.package = "libcurl4",
	.why = "HTTP and mail need",
	.version = "7.80",
	.names = names,
	.functions = &http_curl,
	.prepare = set_up,
};

int http_curl_load(struct err *err)
{
	return library_load(&libcurl, err);
}

#endif
