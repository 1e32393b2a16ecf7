/* http-transfer.c - a request, checked and copied, and where it is sent to
 * after a redirection. */
#include "http-internal.h"

#ifdef HTTP_BUILT

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <strings.h>

static void url_done(CURLU **url)
{
	curl->url_cleanup(*url);
}
#define AUTO_URL CLEANUP(url_done)

static void part_done(char **part)
{
	curl->free(*part);
}
#define AUTO_PART CLEANUP(part_done)

/* NULL when it is no http or https URL. */
static CURLU *url_parse(const char *text)
{
	AUTO_PART char *scheme = NULL;
	CURLU *url = curl->url();

	if (!url)
		mem_die();
	if (!curl->url_set(url, CURLUPART_URL, text, 0) &&
	    !curl->url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
	    (!strcmp(scheme, "http") || !strcmp(scheme, "https")))
		return url;
	curl->url_cleanup(url);
	return NULL;
}

/* Path, query and user may hold secrets; messages show only this. */
static char *url_origin(CURLU *url)
{
	AUTO_PART char *scheme = NULL;
	AUTO_PART char *host = NULL;
	AUTO_PART char *port = NULL;

	(void)curl->url_get(url, CURLUPART_SCHEME, &scheme, 0);
	(void)curl->url_get(url, CURLUPART_HOST, &host, 0);
	(void)curl->url_get(url, CURLUPART_PORT, &port, 0);
	if (port)
		return mem_printf("%s://%s:%s", scheme, host, port);
	return mem_printf("%s://%s", scheme, host);
}

static bool part_same(CURLU *a, CURLU *b, CURLUPart what)
{
	AUTO_PART char *x = NULL;
	AUTO_PART char *y = NULL;

	return !curl->url_get(a, what, &x, CURLU_DEFAULT_PORT) &&
	       !curl->url_get(b, what, &y, CURLU_DEFAULT_PORT) &&
	       !strcasecmp(x, y);
}

static bool part_is(CURLU *url, CURLUPart what, const char *value)
{
	AUTO_PART char *got = NULL;

	return !curl->url_get(url, what, &got, 0) && !strcmp(got, value);
}

/* The same host. Another port is another service, which must not get what was
 * meant for this one, unless the answer asks to go on with TLS. */
static bool may_follow(CURLU *from, CURLU *to)
{
	if (!part_same(from, to, CURLUPART_HOST))
		return false;
	if (part_same(from, to, CURLUPART_SCHEME))
		return part_same(from, to, CURLUPART_PORT);
	return part_is(to, CURLUPART_SCHEME, "https");
}

static void drop_body(struct http_transfer *t)
{
	free(t->body);
	t->body = NULL;
	t->body_len = 0;
}

/* As browsers do: 303, and 301 and 302 after a POST, go on with GET. */
static void redirect_method(struct http_transfer *t)
{
	bool post = !strcmp(t->method, "POST");

	if (!strcmp(t->method, "HEAD"))
		return;
	if (t->reply.status == 303 ||
	    (post && (t->reply.status == 301 || t->reply.status == 302))) {
		free(t->method);
		t->method = mem_dup("GET");
		drop_body(t);
	}
}

bool http_transfer_redirect(struct http_transfer *t)
{
	AUTO_URL CURLU *from = NULL;
	AUTO_URL CURLU *to = NULL;
	const char *target = NULL;

	if (t->redirects <= 0 || !t->easy ||
	    curl->easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &target) ||
	    !target)
		return false;
	from = url_parse(t->url);
	to = url_parse(target);
	if (!from || !to || !may_follow(from, to))
		return false;
	redirect_method(t);
	free(t->url);
	t->url = mem_dup(target);
	free(t->origin);
	t->origin = url_origin(to);
	t->redirects--;
	return true;
}

static void add_header(struct http_transfer *t, const char *line)
{
	struct curl_slist *more = curl->slist_append(t->headers, line);

	if (!more)
		mem_die();
	t->headers = more;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

static bool names_header(const char *line, const char *name)
{
	size_t n = strlen(name);

	return !strncasecmp(line, name, n) && line[n] == ':';
}

/* Values may be secrets, so only the name is shown, and only when it is one. */
static int copy_headers(struct http_transfer *t, const char *const *from,
			struct err *err)
{
	bool typed = false;

	for (; from && *from; from++) {
		size_t n = strcspn(*from, ":");

		if (has_control(*from))
			return err_set(err, ERR_INPUT,
				       "a header for '%s' has control bytes",
				       t->origin);
		if (!n || !(*from)[n] || memchr(*from, ' ', n))
			return err_set(err, ERR_INPUT,
				       "a header for '%s' has no 'Name: '",
				       t->origin);
		typed = typed || names_header(*from, "Content-Type");
		add_header(t, *from);
	}
	add_header(t, "Expect:"); /* it would cost a pause before the body */
	if (!typed)
		add_header(t, "Content-Type:"); /* not that of a form */
	return 0;
}

static int copy_method(struct http_transfer *t, const struct http_request *req,
		       struct err *err)
{
	const char *method = req->method;

	if (!method)
		method = req->body.len ? "POST" : "GET";
	if (!*method ||
	    method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
		return err_set(err, ERR_INPUT, "'%s' is no method of HTTP",
			       method);
	t->method = mem_dup(method);
	return 0;
}

static int copy_request(struct http_transfer *t, const struct http_request *req,
			struct err *err)
{
	AUTO_URL CURLU *url = url_parse(req->url);

	if (!url)
		return err_set(err, ERR_INPUT,
			       "the URL is not one of http or https");
	t->url = mem_dup(req->url);
	t->origin = url_origin(url);
	if (req->body.len)
		t->body = mem_dup_bytes(req->body.ptr, req->body.len);
	t->body_len = req->body.len;
	t->retries = req->retries;
	t->redirects = req->redirects;
	t->idempotent = req->idempotent;
	t->timeout_ms = req->timeout_ms > 0 ? req->timeout_ms : HTTP_TIMEOUT_MS;
	t->connect_ms = req->connect_ms > 0 ? req->connect_ms : HTTP_CONNECT_MS;
	t->reply.body.max = req->body_max ? req->body_max : HTTP_BODY_MAX;
	t->reply.headers.max = HTTP_HEADERS_MAX;
	if (copy_method(t, req, err))
		return -1;
	return copy_headers(t, req->headers, err);
}

struct http_transfer *http_transfer_new(const struct http_request *req,
					void *tag, struct err *err)
{
	struct http_transfer *t = mem_zero(1, sizeof(*t));

	t->tag = tag;
	if (copy_request(t, req, err)) {
		http_transfer_free(t);
		return NULL;
	}
	t->due = clock_mono();
	t->deadline = t->due + t->timeout_ms;
	return t;
}

void http_transfer_free(struct http_transfer *t)
{
	if (!t)
		return;
	curl->slist_free_all(t->headers);
	http_reply_done(&t->reply);
	free(t->method);
	free(t->url);
	free(t->origin);
	free(t->body);
	free(t);
}

#endif
