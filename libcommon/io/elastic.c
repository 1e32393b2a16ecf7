/* elastic.c - the input: its options, and what is saved of it. */
#include "elastic-internal.h"

#include <inttypes.h>
#include <oncall/base64.h>
#include <oncall/clock.h>
#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/when.h>
#include <strings.h>

#define STREAM_DIGITS 32

/* The URL itself is never shown: what is wrong with it may be a password. */
static int check_url(const char *url, struct err *err)
{
	const char *host = NULL;

	if (!strncasecmp(url, "http://", 7))
		host = url + 7;
	else if (!strncasecmp(url, "https://", 8))
		host = url + 8;
	if (!host || !*host || *host == '/')
		return err_set(err, ERR_USAGE,
			       "the URL of the search engine does not begin "
			       "with http://HOST or https://HOST");
	if (memchr(host, '@', strcspn(host, "/")))
		return err_set(err, ERR_USAGE,
			       "the URL of the search engine holds a user or "
			       "password; they have settings of their own");
	if (strpbrk(host, "?#"))
		return err_set(err, ERR_USAGE,
			       "the URL of the search engine ends with its "
			       "path: '?' and '#' have no place in it");
	return 0;
}

static int check_options(const struct elastic_options *o, struct err *err)
{
	if (check_url(o->url, err))
		return -1;
	if (!o->index || !*o->index || !strcmp(o->index, ".") ||
	    !strcmp(o->index, ".."))
		return err_set(err, ERR_USAGE, "'%s' is no name of an index",
			       o->index ? o->index : "");
	if (o->page > ELASTIC_PAGE_MAX)
		return err_set(err, ERR_USAGE,
			       "a page of %zu documents is too large: %d at "
			       "most",
			       o->page, ELASTIC_PAGE_MAX);
	if (o->api_key && (o->user || o->password))
		return err_set(err, ERR_USAGE,
			       "either an API key or a user and a password");
	if (!o->user != !o->password)
		return err_set(
			err, ERR_USAGE,
			"a user needs a password, and a password a user");
	if (o->interval_ms < 0 || o->overlap_ms < 0)
		return err_set(err, ERR_USAGE,
			       "interval and overlap cannot be negative");
	return 0;
}

/* The header. Its base64 is registered as a secret like the plain text. */
static char *authorization(const struct elastic_options *o)
{
	AUTO_BUF struct buf plain = BUF_INIT;
	AUTO_BUF struct buf code = BUF_INIT;

	if (!o->api_key && !o->user)
		return NULL;
	redact_register(o->api_key ? o->api_key : o->password);
	if (o->api_key && !strchr(o->api_key, ':'))
		return mem_printf("Authorization: ApiKey %s", o->api_key);
	if (o->api_key)
		buf_add_str(&plain, o->api_key);
	else
		buf_addf(&plain, "%s:%s", o->user, o->password);
	base64_add(&code, plain.data, plain.len);
	redact_register(buf_str(&code));
	return mem_printf("Authorization: %s %s",
			  o->api_key ? "ApiKey" : "Basic", buf_str(&code));
}

static char *stream_id(const struct elastic *e)
{
	AUTO_BUF struct buf text = BUF_INIT;
	char hex[HASH_HEX];

	buf_add(&text, e->url, strlen(e->url) + 1);
	buf_add(&text, e->index, strlen(e->index) + 1);
	buf_add_str(&text, e->query ? e->query : "");
	hash_sha256_hex(text.data, text.len, hex, STREAM_DIGITS);
	return mem_dup(hex);
}

static void set_start(struct elastic *e, int64_t since)
{
	int64_t start = since;

	if (start == WHEN_NONE)
		start = e->opt.follow ? clock_now() : 0;
	if (start < 0)
		start = 0; /* earlier ones cannot be sorted by nanoseconds */
	e->back = e->watermark = e->covered = start;
	e->moved = clock_mono();
	e->full_next = true;
}

static void elastic_save(const struct input *in, struct buf *out)
{
	const struct elastic *e = elastic_of(in);
	AUTO_BUF struct buf ids = BUF_INIT;

	elastic_ring_save(&e->ring, &ids);
	jwrite_open(out, NULL, '{');
	jwrite_int(out, "back", e->back);
	jwrite_int(out, "watermark", e->watermark);
	jwrite_str(out, "ids", buf_str(&ids));
	jwrite_close(out, '}');
}

static int load_members(struct elastic *e, const struct jscan *scan,
			struct err *err)
{
	const struct jscan_member *back = jscan_get(scan, "back");
	const struct jscan_member *mark = jscan_get(scan, "watermark");
	const struct jscan_member *ids = jscan_get(scan, "ids");
	struct slice text;

	if (!back || !mark || !ids || jscan_int(back->value, &e->back) ||
	    jscan_int(mark->value, &e->watermark) || e->back < 0 ||
	    e->back > e->watermark || e->watermark > WHEN_MAX ||
	    ids->type != JSCAN_STRING || !jscan_plain(ids->value, &text))
		return err_set(err, ERR_INPUT,
			       "the saved state of a search is not one");
	e->covered = e->watermark;
	return elastic_ring_load(&e->ring, text, err);
}

static int elastic_load(struct input *in, struct slice json, struct err *err)
{
	struct jscan scan = {.members = NULL};
	int rc = jscan_object(&scan, json.ptr, json.len, err);

	if (!rc)
		rc = load_members(elastic_of(in), &scan, err);
	jscan_done(&scan);
	return rc;
}

static void elastic_free(struct input *in)
{
	struct elastic *e = elastic_of(in);

	http_free(e->http);
	elastic_page_done(&e->page);
	elastic_ring_done(&e->ring);
	buf_done(&e->pit);
	buf_done(&e->after);
	free(e->stream.id);
	free(e->stream.path);
	free(e->stream.service);
	free(e->url);
	free(e->index);
	free(e->query);
	free(e->time_field);
	free(e->authorization);
	free(e);
}

static void copy_options(struct elastic *e, const struct elastic_options *o)
{
	size_t n = strlen(o->url);

	while (n && o->url[n - 1] == '/')
		n--;
	e->url = mem_dup_bytes(o->url, n);
	e->index = mem_dup(o->index);
	e->query = mem_dup(o->query && *o->query ? o->query : NULL);
	e->time_field = mem_dup(o->time_field ? o->time_field : "@timestamp");
	e->authorization = authorization(o);
	/* The texts are the caller's, and may be gone tomorrow. */
	e->opt = (struct elastic_options){
		.follow = o->follow,
		.until = o->until,
		.interval_ms =
			o->interval_ms ? o->interval_ms : ELASTIC_INTERVAL_MS,
		.overlap_ms =
			o->overlap_ms ? o->overlap_ms : ELASTIC_OVERLAP_MS,
		.page = o->page ? o->page : ELASTIC_PAGE,
		.ring = o->ring ? o->ring : ELASTIC_RING,
		.trouble = o->trouble,
		.arg = o->arg,
	};
	e->size = e->opt.page;
}

int elastic_new(struct input **ret, const struct elastic_options *opt,
		struct err *err)
{
	static const struct input_ops ops = {elastic_next, elastic_save,
					     elastic_load, elastic_free};
	struct http_options http = {.ca_file = opt->ca_file, .connections = 1};
	struct elastic *e;

	*ret = NULL;
	if (check_options(opt, err))
		return -1;
	e = mem_zero(1, sizeof(*e));
	e->base.ops = &ops;
	copy_options(e, opt);
	set_start(e, opt->since);
	e->stream.kind = "elasticsearch";
	e->stream.id = stream_id(e);
	e->stream.path = mem_dup(opt->index);
	e->stream.service = mem_dup(opt->service);
	e->stream.last_time = WHEN_NONE;
	e->http = http_new(&http, err);
	if (!e->http) {
		elastic_free(&e->base);
		return -1;
	}
	*ret = &e->base;
	return 0;
}
