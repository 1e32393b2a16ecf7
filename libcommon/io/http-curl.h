/* http-curl.h - libcurl, loaded when something is to be sent. */
#ifndef ONCALL_HTTP_CURL_H
#define ONCALL_HTTP_CURL_H

#include <curl/curl.h>

#include <oncall/library.h>

/* The functions that are used, without their curl_. */
/* clang-format off */
#define HTTP_CURL_FUNCTIONS(X) \
	X(global_init) X(version_info) X(free) X(getdate) \
	X(easy_init) X(easy_setopt) X(easy_perform) X(easy_getinfo) \
	X(easy_reset) X(easy_cleanup) X(easy_strerror) \
	X(multi_init) X(multi_setopt) X(multi_add_handle) \
	X(multi_remove_handle) X(multi_perform) X(multi_poll) \
	X(multi_info_read) X(multi_cleanup) \
	X(slist_append) X(slist_free_all) \
	X(url) X(url_set) X(url_get) X(url_cleanup)

struct http_curl {
#define HTTP_CURL_MEMBER(f) __typeof__(curl_##f) *f;
	HTTP_CURL_FUNCTIONS(HTTP_CURL_MEMBER)
#undef HTTP_CURL_MEMBER
};
/* clang-format on */

/* There is nothing in it before http_curl_load(), which whoever makes a handle
 * calls; everybody else has a handle from somebody who did. */
extern struct http_curl http_curl;
static const struct http_curl *const curl = &http_curl;

int http_curl_load(struct err *err) MUST_CHECK;

#endif
