/*
 * elastic-ask.c - the requests. Elasticsearch from 7.13 and OpenSearch from 2.4
 * on differ in how a point in time is opened and closed, in what can break
 * a tie between documents of the same time (the place in the point in time;
 * before OpenSearch 3.3, id and index), and in that only the first can write
 * times of a sort in a format; the other gives nanoseconds.
 */
#include "elastic-internal.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/when.h>

#define TIME_FORMAT "strict_date_optional_time_nanos"

/* What stands in a path as it is; the comma parts names, '*' is a pattern. */
static bool stays(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-_.~*,", c));
}

static void add_index(struct buf *url, const char *index)
{
	for (; *index; index++) {
		if (stays(*index))
			buf_add_char(url, *index);
		else
			buf_addf(url, "%%%02X", (unsigned char)*index);
	}
}

static void write_range(const struct elastic *e, struct buf *b)
{
	char text[WHEN_TEXT];

	jwrite_open(b, NULL, '{');
	jwrite_open(b, "range", '{');
	jwrite_open(b, e->time_field, '{');
	when_format(text, e->from);
	jwrite_str(b, "gte", text);
	when_format(text, e->to + 1); /* with its nanoseconds */
	jwrite_str(b, "lt", text);
	jwrite_str(b, "format", "strict_date_optional_time");
	buf_add_str(b, "}}}");
}

static void write_query(const struct elastic *e, struct buf *b)
{
	jwrite_open(b, "query", '{');
	jwrite_open(b, "bool", '{');
	jwrite_open(b, "filter", '[');
	write_range(e, b);
	if (e->query) {
		jwrite_open(b, NULL, '{');
		jwrite_open(b, "query_string", '{');
		jwrite_str(b, "query", e->query);
		buf_add_str(b, "}}");
	}
	buf_add_str(b, "]}}");
}

static void write_tie(struct buf *b, const char *field)
{
	jwrite_open(b, NULL, '{');
	jwrite_str(b, field, "asc");
	jwrite_close(b, '}');
}

static void write_sort(const struct elastic *e, struct buf *b)
{
	jwrite_open(b, "sort", '[');
	jwrite_open(b, NULL, '{');
	jwrite_open(b, e->time_field, '{');
	jwrite_str(b, "order", "asc");
	jwrite_str(b, "numeric_type", "date_nanos");
	if (!e->opensearch)
		jwrite_str(b, "format", TIME_FORMAT);
	buf_add_str(b, "}}");
	if (e->shard_doc) {
		write_tie(b, "_shard_doc");
	} else {
		write_tie(b, "_id");
		write_tie(b, "_index");
	}
	jwrite_close(b, ']');
}

static void write_search(const struct elastic *e, struct buf *b)
{
	jwrite_open(b, NULL, '{');
	jwrite_int(b, "size", e->bare ? 1 : (int64_t)e->size);
	write_query(e, b);
	write_sort(e, b);
	jwrite_open(b, "pit", '{');
	jwrite_raw(b, "id", buf_slice(&e->pit));
	jwrite_str(b, "keep_alive", ELASTIC_KEEP_ALIVE);
	jwrite_close(b, '}');
	if (e->after.len)
		jwrite_raw(b, "search_after", buf_slice(&e->after));
	jwrite_bool(b, "track_total_hits", false);
	if (e->bare)
		jwrite_bool(b, "_source", false);
	jwrite_close(b, '}');
}

static void write_close(const struct elastic *e, struct buf *b)
{
	jwrite_open(b, NULL, '{');
	if (e->opensearch) {
		jwrite_open(b, "pit_id", '[');
		jwrite_raw(b, NULL, buf_slice(&e->pit));
		jwrite_close(b, ']');
	} else {
		jwrite_raw(b, "id", buf_slice(&e->pit));
	}
	jwrite_close(b, '}');
}

/* Method, path and body of the step. */
static const char *compose(const struct elastic *e, struct buf *url,
			   struct buf *body)
{
	buf_add_str(url, e->url);
	buf_add_char(url, '/');
	switch (e->step) {
	case ELASTIC_KIND:
		return "GET";
	case ELASTIC_OPEN:
		add_index(url, e->index);
		buf_add_str(url,
			    e->opensearch ? "/_search/point_in_time" : "/_pit");
		buf_add_str(url, "?keep_alive=" ELASTIC_KEEP_ALIVE);
		if (e->opensearch) /* or it leaves out shards that failed */
			buf_add_str(url, "&allow_partial_pit_creation=false");
		return "POST";
	case ELASTIC_SEARCH:
		buf_add_str(url, "_search");
		write_search(e, body);
		return "POST";
	case ELASTIC_CLOSE:
		buf_add_str(url,
			    e->opensearch ? "_search/point_in_time" : "_pit");
		write_close(e, body);
		break;
	}
	return "DELETE";
}

int elastic_ask(struct elastic *e, struct err *err)
{
	AUTO_BUF struct buf url = BUF_INIT;
	AUTO_BUF struct buf body = BUF_INIT;
	const char *headers[4] = {"Accept: application/json"};
	size_t n = 1;
	struct http_request req = {
		.method = compose(e, &url, &body),
		.headers = headers,
		.body_max = ELASTIC_BODY_MAX,
		.idempotent = true,
	};

	req.url = buf_str(&url);
	req.body = buf_slice(&body);
	if (body.len)
		headers[n++] = "Content-Type: application/json";
	if (e->authorization)
		headers[n++] = e->authorization;
	headers[n] = NULL;
	e->asked = true;
	return http_start(e->http, &req, NULL, err);
}
