/*
 * http-internal.h - what the parts of http share.
 *
 * A transfer is one request with all its attempts. It waits (for its turn or
 * for its pause to end), runs (has an easy handle), and is done.
 */
#ifndef ONCALL_HTTP_INTERNAL_H
#define ONCALL_HTTP_INTERNAL_H

#include <oncall/http.h>

#define HTTP_CONNECTIONS 16
#define HTTP_SLICE_MS	 200 /* a stop is noticed after that at the latest */

#ifdef HAVE_CURL
#include "http-curl.h"
#if LIBCURL_VERSION_NUM >= 0x075000 /* CURLOPT_PREREQFUNCTION */
#define HTTP_BUILT
#endif
#endif

#ifdef HTTP_BUILT

struct http_transfer {
	struct http_transfer *next;
	void *tag;
	bool done;

	char *method;
	char *url;
	char *origin; /* scheme, host and port: what messages may show */
	struct curl_slist *headers;
	char *body;
	size_t body_len;
	int64_t timeout_ms;
	int64_t connect_ms;
	int retries;   /* left */
	int redirects; /* left */
	bool idempotent;

	int64_t deadline;
	int64_t due; /* when the next attempt may start */

	/* Of the attempt that runs. */
	CURL *easy;
	CURLcode setup;	  /* of the first option that failed */
	bool issued;	  /* the request may have been sent */
	const char *over; /* the part of the answer that is too large */
	char why[CURL_ERROR_SIZE];

	/* How it stands: what is returned when no further attempt is made. */
	int rc;
	struct err err;
	struct http_reply reply;
};

struct http {
	CURLM *multi;
	char *ca_file;
	char *user_agent;
	size_t connections;
	size_t running;
	int64_t stop_at; /* after a stop was asked for: the end of patience */
	struct http_transfer *first;
	struct http_transfer **end;
};

struct http_transfer *http_transfer_new(const struct http_request *req,
					void *tag, struct err *err);
void http_transfer_free(struct http_transfer *t);
/* Makes the request the one that an answer asks for, when it may be followed:
 * the same host, and not from https to http. */
bool http_transfer_redirect(struct http_transfer *t);

/* An easy handle for the next attempt, or an error in t->setup. */
void http_attempt_open(const struct http *h, struct http_transfer *t);
void http_attempt_close(struct http_transfer *t);
/* Puts how the attempt ended into rc, err and reply; whether another attempt
 * may be made. */
bool http_attempt_judge(struct http_transfer *t, CURLcode code);

/* The pause before the next attempt. */
int64_t http_retry_pause(const struct http_reply *reply);

#endif

/* What Retry-After asks for, in milliseconds, or 0. */
int64_t http_retry_after(const struct http_reply *reply);

#endif
