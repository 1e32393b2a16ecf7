/* http-attempt.c - one attempt: an easy handle, and what came of it. */
#include "http-internal.h"

#ifdef HTTP_BUILT

#include <oncall/mem.h>

/* The first option that cannot be set spoils the attempt: none may be missing
 * silently, least of all those that keep it safe. */
#define SET(t, option, value) \
	keep_first(t, curl->easy_setopt((t)->easy, option, value))

static void keep_first(struct http_transfer *t, CURLcode code)
{
	if (!t->setup)
		t->setup = code;
}

/* Refuses what does not fit, which ends the transfer. */
static size_t take(struct http_transfer *t, struct buf *to, struct slice s)
{
	if (s.len > to->max - to->len) {
		t->over = to == &t->reply.body ? "body" : "header";
		return 0;
	}
	buf_add_slice(to, s);
	return s.len;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;

	return take(t, &t->reply.body, (struct slice){p, size * n});
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;

	n *= size;
	if (n > 5 && !memcmp(p, "HTTP/", 5)) /* after an answer 1xx */
		buf_reset(&t->reply.headers);
	return take(t, &t->reply.headers, (struct slice){p, n});
}

/*
 * Called just before the request is sent. libcurl sends it again by itself
 * when a connection that it kept open turns out to be closed; whether the far
 * side has acted by then is not known, so only what may be repeated passes.
 */
static int on_send(void *arg, char *far, char *near, int far_port,
		   int near_port)
{
	struct http_transfer *t = arg;

	(void)far;
	(void)near;
	(void)far_port;
	(void)near_port;
	if (t->issued && !t->idempotent)
		return CURL_PREREQFUNC_ABORT;
	t->issued = true;
	return CURL_PREREQFUNC_OK;
}

static void set_limits(struct http_transfer *t)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(t, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(t, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SET(t, CURLOPT_FOLLOWLOCATION, 0L); /* http_transfer_redirect() */
	SET(t, CURLOPT_NOSIGNAL, 1L);
	SET(t, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
	SET(t, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void set_tls(const struct http *h, struct http_transfer *t)
{
	SET(t, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(t, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(t, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (h->ca_file)
		SET(t, CURLOPT_CAINFO, h->ca_file);
}

static bool is_one_of(const char *s, const char *a, const char *b,
		      const char *c)
{
	return !strcmp(s, a) || !strcmp(s, b) || !strcmp(s, c);
}

static void set_request(const struct http *h, struct http_transfer *t)
{
	SET(t, CURLOPT_URL, t->url);
	SET(t, CURLOPT_USERAGENT, h->user_agent);
	SET(t, CURLOPT_HTTPHEADER, t->headers);
	if (!strcmp(t->method, "HEAD")) {
		SET(t, CURLOPT_NOBODY, 1L);
		return;
	}
	/* These have a length even when they have no body. */
	if (t->body_len || is_one_of(t->method, "POST", "PUT", "PATCH")) {
		SET(t, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
		SET(t, CURLOPT_POSTFIELDS, t->body ? t->body : "");
	}
	SET(t, CURLOPT_CUSTOMREQUEST, t->method);
}

static void set_callbacks(struct http_transfer *t)
{
	SET(t, CURLOPT_PRIVATE, t);
	SET(t, CURLOPT_ERRORBUFFER, t->why);
	SET(t, CURLOPT_WRITEFUNCTION, on_body);
	SET(t, CURLOPT_WRITEDATA, t);
	SET(t, CURLOPT_HEADERFUNCTION, on_header);
	SET(t, CURLOPT_HEADERDATA, t);
	SET(t, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(t, CURLOPT_PREREQFUNCTION, on_send);
	SET(t, CURLOPT_PREREQDATA, t);
}

void http_attempt_open(const struct http *h, struct http_transfer *t)
{
	t->easy = curl->easy_init();
	if (!t->easy)
		mem_die();
	t->setup = CURLE_OK;
	t->issued = false;
	t->over = NULL;
	t->why[0] = '\0';
	t->reply.status = 0;
	t->reply.retry_after_ms = 0;
	t->reply.too_large = false;
	buf_reset(&t->reply.body);
	buf_reset(&t->reply.headers);
	set_limits(t);
	set_tls(h, t);
	set_request(h, t);
	set_callbacks(t);
}

void http_attempt_close(struct http_transfer *t)
{
	curl->easy_cleanup(t->easy);
	t->easy = NULL;
}

/* An answer came. A gateway that says 502 or 504 may have passed the request
 * on, and what became of it is not known. */
static bool judge_answer(struct http_transfer *t)
{
	long status = t->reply.status;

	t->rc = 0;
	t->reply.retry_after_ms = http_retry_after(&t->reply);
	t->reply.unknown = false;
	if (status == 429 || status == 503)
		return true;
	if (status != 502 && status != 504)
		return false;
	t->reply.unknown = !t->idempotent;
	return t->idempotent;
}

/* Nothing was sent. What another attempt cannot mend is not tried again. */
static bool judge_unsent(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		return true;
	default:
		return false;
	}
}

static bool judge_failure(struct http_transfer *t, CURLcode code)
{
	const char *why = t->why[0] ? t->why : curl->easy_strerror(code);

	err_clear(&t->err);
	if (t->issued && code == CURLE_OUT_OF_MEMORY)
		t->over = "header"; /* one line passed libcurl's maximum */
	if (t->over) {
		t->reply.unknown = true;
		t->reply.too_large = !strcmp(t->over, "body");
		t->rc = err_set(&t->err, ERR_REMOTE,
				"the %s of the answer from '%s' is too large",
				t->over, t->origin);
		return false;
	}
	if (!t->issued) {
		t->rc = err_set(&t->err, ERR_REMOTE, "cannot reach '%s': %s",
				t->origin, why);
		return judge_unsent(code);
	}
	t->reply.unknown = true;
	t->rc = err_set(&t->err, ERR_REMOTE, "%s from '%s': %s",
			t->reply.status ? "broken answer" : "no answer",
			t->origin, why);
	return t->idempotent;
}

bool http_attempt_judge(struct http_transfer *t, CURLcode code)
{
	if (t->easy)
		(void)curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE,
					 &t->reply.status);
	if (code == CURLE_OK && t->reply.status)
		return judge_answer(t);
	return judge_failure(t, code);
}

#endif
