/* similar.c - which past incidents were like this one. */
#include "similar.h"

#include <stdio.h>

#include <oncall/incident-query.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/show.h>

#define SIMILAR_MIN   0.1 /* what is less like it is not like it */
#define SIMILAR_TITLE 100 /* bytes that people see */

struct similar {
	struct search *search;
};

static void write_payload(struct buf *out, const struct incident *inc,
			  const char *id)
{
	jwrite_str(out, "incident", id);
	jwrite_text(out, "title", inc->title);
	jwrite_str(out, "status", incident_status_names[inc->status]);
	if (inc->service.len)
		jwrite_text(out, "service", inc->service);
	if (inc->solution.len)
		jwrite_text(out, "solution", inc->solution);
}

static int add(struct similar *s, struct store *store,
	       const struct incident *inc, struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT, payload = BUF_INIT;
	AUTO_QUESTION struct kb_question q = {.text = BUF_INIT};
	struct jscan scan = {0};
	char id[INCIDENT_ID];
	int rc = incident_record(store, inc, INCIDENT_WITH_DETECTIONS, &record,
				 err);

	if (rc == 0)
		rc = jscan_object(&scan, record.data, record.len, err);
	if (rc == 0) {
		incident_id(id, inc->num);
		kb_question_read(&q, &scan);
		write_payload(&payload, inc, id);
		search_put(s->search, &(struct search_doc){
					      .key = slice_of(id),
					      .title = buf_slice(&q.title),
					      .text = buf_slice(&q.text),
					      .payload = buf_slice(&payload)});
	}
	jscan_done(&scan);
	return rc;
}

int similar_open(struct similar **ret, struct store *store, struct err *err)
{
	const struct incident_query query = {.status = "all",
					     .limit = SIMILAR_INCIDENTS};
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	struct similar *s = mem_zero(1, sizeof(*s));
	struct incident inc;
	int got = incident_find(store, &query, &rows, err) < 0 ? -1 : 1;

	search_new(&s->search);
	*ret = s;
	while (got > 0 && (got = incident_next(rows, &inc, err)) > 0)
		if (add(s, store, &inc, err) < 0)
			got = -1;
	return got;
}

void similar_free(struct similar *s)
{
	if (!s)
		return;
	search_free(s->search);
	free(s);
}

static bool is_itself(const struct jscan *scan, struct slice key)
{
	const struct jscan_member *id = scan ? jscan_get(scan, "id") : NULL;
	struct slice text;

	return id && jscan_plain(id->value, &text) && slice_eq(text, key);
}

int similar_find(struct similar *s, const struct kb_question *q,
		 const struct jscan *scan, size_t top, struct buf *out,
		 struct err *err)
{
	struct search_hit hits[KB_MATCH_MAX + 1];
	const struct search_query query = {.title = buf_slice(&q->title),
					   .text = buf_slice(&q->text),
					   .limit = top + 1};
	size_t count, told = 0;

	if (search_find(s->search, &query, hits, &count, err) < 0)
		return -1;
	jwrite_open(out, NULL, '[');
	for (size_t i = 0; i < count && told < top; i++) {
		if (hits[i].text < SIMILAR_MIN || is_itself(scan, hits[i].key))
			continue;
		jwrite_open(out, NULL, '{');
		buf_add_slice(out, hits[i].payload);
		jwrite_real(out, "score",
			    (double)(int)(hits[i].text * 1000 + 0.5) / 1000);
		jwrite_close(out, '}');
		told++;
	}
	jwrite_close(out, ']');
	return 0;
}

static void show_one(struct buf *out, const struct jscan *scan)
{
	static const char *const names[] = {"incident", "status", "solution",
					    "title"};

	buf_add_str(out, " ");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct jscan_member *m = jscan_get(scan, names[i]);
		AUTO_BUF struct buf text = BUF_INIT;

		if (!m)
			continue;
		jscan_unquote(&text, m->value);
		buf_add_char(out, ' ');
		show_text(out, buf_str(&text), text.len, SIMILAR_TITLE);
	}
	buf_add_char(out, '\n');
}

void similar_show(struct buf *out, struct slice array)
{
	struct slice items[KB_MATCH_MAX];
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};
	size_t count = jlist_items(array, items, ARRAY_LEN(items));

	if (count)
		buf_add_str(out, "\nSimilar incidents\n");
	for (size_t i = 0; i < count && i < ARRAY_LEN(items); i++)
		if (jscan_object(&scan, items[i].ptr, items[i].len, &ignored) ==
		    0)
			show_one(out, &scan);
	jscan_done(&scan);
}
