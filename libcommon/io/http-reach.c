/* http-reach.c - connects, looks at the certificate, and hangs up. */
#include "http-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#ifdef HTTP_BUILT

#include <time.h>

static void easy_done(CURL **easy)
{
	curl->easy_cleanup(*easy);
}

/* "Nov 20 10:11:12 2026 GMT", as OpenSSL writes it, or
 * "2026-11-20 10:11:12 GMT", as GnuTLS does. */
static int read_date(const char *text, int64_t *ret)
{
	static const char *const forms[] = {"%b %d %H:%M:%S %Y GMT",
					    "%Y-%m-%d %H:%M:%S GMT"};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {.tm_isdst = 0};
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end) {
			*ret = (int64_t)timegm(&tm) * WHEN_SECOND;
			return 0;
		}
	}
	return -1;
}

/* The end of the first certificate, which is the server's own. */
static int64_t read_expires(CURL *easy)
{
	static const char key[] = "Expire date:";
	struct curl_certinfo *info = NULL;
	int64_t found = WHEN_NONE;

	if (curl->easy_getinfo(easy, CURLINFO_CERTINFO, &info) || !info ||
	    info->num_of_certs < 1)
		return WHEN_NONE;
	for (struct curl_slist *s = info->certinfo[0]; s; s = s->next)
		if (!strncmp(s->data, key, sizeof(key) - 1) &&
		    read_date(s->data + sizeof(key) - 1, &found) == 0)
			break;
	return found;
}

struct reaching {
	const char *address, *ca_file;
	enum http_reach how;
	int64_t timeout_ms;
	bool verify;
	int64_t expires;
};

/* Called by libcurl about once a second, and whenever something happens. */
static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
		       curl_off_t d)
{
	(void)arg;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return signals_stop() != 0;
}

static void keep_first(CURLcode *code, CURLcode got)
{
	if (!*code)
		*code = got;
}

#define SET(option, value) \
	keep_first(&code, curl->easy_setopt(easy, option, value))

static CURLcode set_up(CURL *easy, const struct reaching *r, const char *url,
		       char *why)
{
	CURLcode code = CURLE_OK;

	SET(CURLOPT_URL, url);
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_ERRORBUFFER, why);
	SET(CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	SET(CURLOPT_CERTINFO, r->how == HTTP_REACH_TLS ? 1L : 0L);
	SET(CURLOPT_SSL_VERIFYPEER, r->verify ? 1L : 0L);
	SET(CURLOPT_SSL_VERIFYHOST, r->verify ? 2L : 0L);
	if (r->ca_file)
		SET(CURLOPT_CAINFO, r->ca_file);
	return code;
}

static int attempt(struct reaching *r, struct err *err)
{
	CLEANUP(easy_done) CURL *easy = curl->easy_init();
	AUTO_FREE char *url = mem_printf(
		"%s://%s/", r->how == HTTP_REACH_TLS ? "https" : "http",
		r->address);
	char why[CURL_ERROR_SIZE] = "";
	CURLcode code;

	if (!easy)
		mem_die();
	code = set_up(easy, r, url, why);
	if (!code)
		code = curl->easy_perform(easy);
	if (r->how == HTTP_REACH_TLS)
		r->expires = read_expires(easy);
	if (!code)
		return 0;
	return err_set(err, ERR_REMOTE, "'%s': %s", r->address,
		       *why ? why : curl->easy_strerror(code));
}

int http_reach(const char *address, enum http_reach how, const char *ca_file,
	       int64_t timeout_ms, int64_t *ret_expires, struct err *err)
{
	struct reaching r = {.address = address,
			     .ca_file = ca_file,
			     .how = how,
			     .timeout_ms = timeout_ms,
			     .verify = false,
			     .expires = WHEN_NONE};
	int64_t begun;
	int failed;

	if (ret_expires)
		*ret_expires = WHEN_NONE;
	if (http_curl_load(err) < 0)
		return -1;
	begun = clock_mono();
	failed = attempt(&r, err);
	/* A certificate that is not good has an end, too. */
	if (ret_expires)
		*ret_expires = r.expires;
	if (failed || how != HTTP_REACH_TLS)
		return failed;
	r.verify = true;
	r.timeout_ms -= clock_mono() - begun;
	if (r.timeout_ms < 1)
		r.timeout_ms = 1; /* 0 would be for ever */
	return attempt(&r, err);
}

#else /* !HTTP_BUILT */

int http_reach(const char *address, enum http_reach how, const char *ca_file,
	       int64_t timeout_ms, int64_t *ret_expires, struct err *err)
{
	(void)how;
	(void)ca_file;
	(void)timeout_ms;
	if (ret_expires)
		*ret_expires = WHEN_NONE;
	return err_set(err, ERR_USAGE,
		       "'%s' cannot be reached: built without libcurl",
		       address);
}

#endif
