/*
 * elastic.h - documents of Elasticsearch or OpenSearch as an input: a point in
 * time and search_after, from a watermark that only whole answers move, with
 * an overlap for documents that arrive late and a memory of the ids in it.
 */
#ifndef ONCALL_ELASTIC_H
#define ONCALL_ELASTIC_H

#include <oncall/input.h>

struct elastic_options {
	const char *url;	/* of the cluster, https://es:9200 */
	const char *index;	/* names and patterns, parted by commas */
	const char *query;	/* Lucene query string; NULL: all */
	const char *time_field; /* that is paged by; NULL: "@timestamp" */
	const char *api_key, *user, *password; /* or NULL */
	const char *ca_file;
	const char *service;
	bool follow;	      /* ask again every interval_ms */
	int64_t interval_ms;  /* 0: ELASTIC_INTERVAL_MS */
	int64_t since, until; /* WHEN_NONE: from now on (follow) or all */
	int64_t overlap_ms;   /* 0: ELASTIC_OVERLAP_MS */
	size_t page;	      /* 0: ELASTIC_PAGE documents */
	size_t ring;	      /* 0: ELASTIC_RING ids */
	void (*trouble)(void *arg, const struct err *err);
	void *arg;
};

#define ELASTIC_INTERVAL_MS 10000
#define ELASTIC_OVERLAP_MS  ((int64_t)15 * 60 * 1000)
#define ELASTIC_PAGE	    1000
#define ELASTIC_RING	    1000000 /* ids remembered, 16 bytes each */

/*
 * Events are the _source objects, on one line each (cut at INPUT_MAX_LINE),
 * with the id "INDEX/ID" of the document. Without follow what the far side
 * cannot give is an error (ERR_REMOTE), after a few tries where these may
 * help; with it, trouble, and asked for again. Copies options. No URL with
 * a user or password in it; an API key is base64, or ID:KEY.
 *
 * until includes its millisecond. A document that cannot be had alone (too
 * large, not JSON that we read, without _source) is left out, and told.
 */
int elastic_new(struct input **ret, const struct elastic_options *opt,
		struct err *err) MUST_CHECK;

#endif
