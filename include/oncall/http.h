/*
 * http.h - HTTP client over one libcurl multi handle: connections are reused,
 * TLS certificates are checked, every request has a deadline over all its
 * attempts, and sizes are bounded. The first client loads libcurl, which takes
 * longer than a program takes to start, so make it when something is to be
 * sent.
 */
#ifndef ONCALL_HTTP_H
#define ONCALL_HTTP_H

#include <oncall/buf.h>

#define HTTP_TIMEOUT_MS	 30000
#define HTTP_CONNECT_MS	 10000
#define HTTP_BODY_MAX	 ((size_t)8 * 1024 * 1024)
#define HTTP_HEADERS_MAX ((size_t)64 * 1024)
#define HTTP_STOP_MS	 2000 /* for answers under way when a stop is asked for */

struct http; /* one a program is enough */

struct http_options {
	const char *ca_file;	/* NULL: the system's */
	const char *user_agent; /* NULL: "oncall-tools/VERSION" */
	size_t connections;	/* kept open; 0: 16 */
};

struct http_request {
	const char *method;	    /* NULL: GET, or POST with a body */
	const char *url;	    /* http and https only */
	const char *const *headers; /* "Name: value", ended by NULL */
	struct slice body;
	int64_t timeout_ms; /* over all attempts; 0: HTTP_TIMEOUT_MS */
	int64_t connect_ms; /* 0: HTTP_CONNECT_MS */
	size_t body_max;    /* of the answer; 0: HTTP_BODY_MAX */
	int retries;	    /* beyond the first attempt */
	bool idempotent;    /* may be repeated after it was sent */
	int redirects;	    /* followed, same host only; 0: none */
};

struct http_reply {
	long status;
	struct buf body;
	struct buf headers; /* lines of the last answer */
	int attempts;
	int64_t retry_after_ms; /* asked for by the far side, or 0 */
	bool unknown;		/* sent, but no answer came: may have acted */
	bool too_large;		/* the failure: its body passed body_max */
};

/* Whether there is a libcurl, and its version (or NULL); -1 says what is
 * missing. */
int http_ready(const char **ret_version, struct err *err) MUST_CHECK;

/* NULL with ERR_SYSTEM when there is no libcurl, or no ca_file. */
struct http *http_new(const struct http_options *opt, struct err *err);
void http_free(struct http *h);
/*
 * 0 when an answer came (whatever its status), -1 with ERR_REMOTE otherwise,
 * or with ERR_INPUT when the request is malformed. ret is filled in any case.
 *
 * 429, 503 and failures to connect are tried again with jittered exponential
 * back-off, or after Retry-After. What was sent and not answered, also behind
 * a gateway (502, 504), only when the request is idempotent; otherwise it is
 * unknown. A pause that would pass the deadline is not begun: the last outcome
 * is returned at once. After a stop was asked for nothing is tried again, and
 * answers under way have HTTP_STOP_MS.
 */
int http_send(struct http *h, const struct http_request *req,
	      struct http_reply *ret, struct err *err) MUST_CHECK;
void http_reply_done(struct http_reply *r);
/* The value of a header of the reply, or a NULL slice. */
struct slice http_header(const struct http_reply *r, const char *name);

/*
 * Many at once: http_start() queues (the request is copied), http_wait() runs
 * the transfers until one is done (1, with its tag and reply; -1 when it
 * failed, with its tag, reply and error), none is left (0), or the time is up
 * (2). A timeout_ms of -1 waits until one is done.
 */
int http_start(struct http *h, const struct http_request *req, void *tag,
	       struct err *err) MUST_CHECK;
int http_wait(struct http *h, int64_t timeout_ms, void **ret_tag,
	      struct http_reply *ret, struct err *err) MUST_CHECK;

enum http_reach {
	HTTP_REACH_TCP,
	HTTP_REACH_TLS, /* and the certificate is good for the name */
};

/* Connects to HOST:PORT and hangs up. Of TLS, ret_expires (or NULL) gets the
 * time at which the certificate ends, also when it is not good. */
int http_reach(const char *address, enum http_reach how, const char *ca_file,
	       int64_t timeout_ms, int64_t *ret_expires, struct err *err)
	MUST_CHECK;

DEFINE_AUTO(struct http *, http_free, auto_http_)
#define AUTO_HTTP CLEANUP(auto_http_)

#endif
