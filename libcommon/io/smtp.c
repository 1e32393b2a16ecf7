/* smtp.c - mail over libcurl. */
#include <oncall/smtp.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

#ifdef HAVE_CURL
#include "http-curl.h"

#define CONNECT_MS 10000
#define STOP_MS	   2000 /* for an answer under way when a stop is asked for */
#define CODE_LATER 400
#define CODE_NEVER 500

struct smtp {
	CURL *easy; /* from the first mail on */
	char *server, *user, *password, *ca_file;
	bool tls;
	int64_t timeout_ms;

	/* Of the mail under way. */
	struct slice left;
	bool sent; /* all of it was read */
	int64_t stop_at;
	CURLcode setup; /* of the first option that failed */
	char why[CURL_ERROR_SIZE];
};

struct smtp *smtp_new(const struct smtp_options *o, struct err *err)
{
	struct smtp *s;

	if (!*o->server ||
	    o->server[strspn(o->server, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
					"mnopqrstuvwxyz0123456789.:_-[]")]) {
		(void)err_set(err, ERR_USAGE, "server '%s' is not HOST:PORT",
			      o->server);
		return NULL;
	}
	s = mem_zero(1, sizeof(*s));
	s->server = mem_dup(o->server);
	s->user = mem_dup(o->user);
	s->password = mem_dup(o->password);
	s->ca_file = mem_dup(o->ca_file);
	s->tls = o->tls;
	s->timeout_ms = o->timeout_ms;
	return s;
}

void smtp_free(struct smtp *s)
{
	if (!s)
		return;
	if (s->easy)
		curl->easy_cleanup(s->easy);
	free(s->server);
	free(s->user);
	free(s->password);
	free(s->ca_file);
	free(s);
}

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
	struct smtp *s = arg;

	n *= size;
	if (n > s->left.len)
		n = s->left.len;
	if (n)
		memcpy(p, s->left.ptr, n);
	s->left.ptr += n;
	s->left.len -= n;
	s->sent = s->sent || !s->left.len;
	return n;
}

static size_t on_write(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

/* Before all was sent nobody has acted on it, so it may just be given up. */
static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
		       curl_off_t d)
{
	struct smtp *s = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (!signals_stop())
		return 0;
	if (!s->stop_at)
		s->stop_at = clock_mono() + (s->sent ? STOP_MS : 0);
	return clock_mono() >= s->stop_at;
}

static void keep_first(struct smtp *s, CURLcode code)
{
	if (!s->setup)
		s->setup = code;
}

#define SET(s, option, value) \
	keep_first(s, curl->easy_setopt((s)->easy, option, value))

/* A handle without options; its connections outlive this. */
static int reset(struct smtp *s, struct err *err)
{
	if (s->easy) {
		curl->easy_reset(s->easy);
		return 0;
	}
	if (http_curl_load(err) < 0)
		return -1;
	s->easy = curl->easy_init();
	if (!s->easy)
		mem_die();
	return 0;
}

static int set_up(struct smtp *s, struct err *err)
{
	AUTO_FREE char *url =
		mem_printf("%s://%s", s->tls ? "smtps" : "smtp", s->server);

	if (reset(s, err) < 0)
		return -1;
	s->setup = CURLE_OK;
	s->sent = false;
	s->stop_at = 0;
	s->why[0] = '\0';
	SET(s, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(s, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
	SET(s, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
	SET(s, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	SET(s, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(s, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (s->ca_file)
		SET(s, CURLOPT_CAINFO, s->ca_file);
	if (s->user)
		SET(s, CURLOPT_USERNAME, s->user);
	if (s->password)
		SET(s, CURLOPT_PASSWORD, s->password);
	SET(s, CURLOPT_PROXY, "");
	SET(s, CURLOPT_NOSIGNAL, 1L);
	SET(s, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET(s, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
	SET(s, CURLOPT_ERRORBUFFER, s->why);
	SET(s, CURLOPT_WRITEFUNCTION, on_write);
	SET(s, CURLOPT_NOPROGRESS, 0L);
	SET(s, CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(s, CURLOPT_XFERINFODATA, s);
	return 0;
}

static enum smtp_outcome perform(struct smtp *s, struct err *err)
{
	CURLcode code = s->setup ? s->setup : curl->easy_perform(s->easy);
	long status = 0;

	if (code == CURLE_OK)
		return SMTP_TAKEN;
	(void)curl->easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)err_set(err, ERR_REMOTE, "'%s': %s", s->server,
		      *s->why ? s->why : curl->easy_strerror(code));
	if (status >= CODE_NEVER && code != CURLE_OPERATION_TIMEDOUT)
		return SMTP_REFUSED;
	if (status >= CODE_LATER || !s->sent)
		return SMTP_LATER;
	return SMTP_UNKNOWN;
}

static struct curl_slist *recipients(const char *const *to)
{
	struct curl_slist *list = NULL, *more;

	for (; *to; to++) {
		more = curl->slist_append(list, *to);
		if (!more)
			mem_die();
		list = more;
	}
	return list;
}

enum smtp_outcome smtp_send(struct smtp *s, const char *from,
			    const char *const *to, struct slice mail,
			    struct err *err)
{
	struct curl_slist *list;
	enum smtp_outcome outcome;

	if (set_up(s, err) < 0)
		return SMTP_LATER;
	list = recipients(to);
	s->left = mail;
	SET(s, CURLOPT_MAIL_FROM, from);
	SET(s, CURLOPT_MAIL_RCPT, list);
#if LIBCURL_VERSION_NUM >= 0x080200
	SET(s, CURLOPT_MAIL_RCPT_ALLOWFAILS, 1L);
#elif LIBCURL_VERSION_NUM >= 0x074500
	SET(s, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
#endif
	SET(s, CURLOPT_UPLOAD, 1L);
	SET(s, CURLOPT_READFUNCTION, on_read);
	SET(s, CURLOPT_READDATA, s);
	SET(s, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail.len);
	outcome = perform(s, err);
	curl->slist_free_all(list);
	return outcome;
}

enum smtp_outcome smtp_check(struct smtp *s, struct err *err)
{
	if (set_up(s, err) < 0)
		return SMTP_LATER;
	SET(s, CURLOPT_CUSTOMREQUEST, "NOOP");
	return perform(s, err);
}

#else /* no libcurl */

struct smtp *smtp_new(const struct smtp_options *o, struct err *err)
{
	(void)o;
	(void)err_set(err, ERR_USAGE,
		      "built without mail: libcurl was missing");
	return NULL;
}

void smtp_free(struct smtp *s)
{
	(void)s;
}

enum smtp_outcome smtp_send(struct smtp *s, const char *from,
			    const char *const *to, struct slice mail,
			    struct err *err)
{
	(void)s;
	(void)from;
	(void)to;
	(void)mail;
	(void)err;
	return SMTP_REFUSED;
}

enum smtp_outcome smtp_check(struct smtp *s, struct err *err)
{
	(void)s;
	(void)err;
	return SMTP_REFUSED;
}

#endif
