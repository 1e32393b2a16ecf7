/* postmortem-head.c - sections about the incident itself: summary, figures,
 * detections, links. */
#include "postmortem-internal.h"

#include <oncall/jlist.h>
#include <oncall/severity.h>

/* ---- rows of two columns ---- */

static void add_heading(struct buf *out, const char *left, const char *right)
{
	buf_addf(out, "| %s | %s |\n| --- | --- |\n", left, right);
}

static void add_row(struct buf *out, const char *name, struct slice text)
{
	if (!text.len)
		return;
	buf_addf(out, "| %s | ", name);
	postmortem_text(out, text);
	buf_add_str(out, " |\n");
}

static void add_time(struct buf *out, const char *name, int64_t ms)
{
	if (ms == WHEN_NONE)
		return;
	buf_addf(out, "| %s | ", name);
	postmortem_time(out, ms);
	buf_add_str(out, " |\n");
}

static void add_text_item(void *arg, struct slice item,
			  const struct jscan *object)
{
	struct buf *out = arg;

	(void)object;
	if (*item.ptr != '"')
		return;
	if (out->len)
		buf_add_str(out, ", ");
	jscan_unquote(out, item);
}

/* ---- summary ---- */

/* What was decided about it, and why it happened as far as that is known. */
static int add_triage(struct postmortem *p, struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(p->store, err,
			  "SELECT decision, triage FROM incident_triage "
			  "WHERE incident = $1",
			  S_INT(p->inc.num));
	int got = rows ? store_next(rows, err) : -1;
	AUTO_BUF struct buf cause = BUF_INIT;
	struct jscan scan = {0};
	struct err ignored = ERR_INIT;
	struct slice triage;

	if (got <= 0)
		return got;
	triage = store_text(rows, 1);
	add_row(out, "Decision", store_text(rows, 0));
	if (jscan_object(&scan, triage.ptr, triage.len, &ignored) == 0 &&
	    postmortem_member(&scan, "cause", &cause))
		add_row(out, "Likely cause", buf_slice(&cause));
	jscan_done(&scan);
	return 0;
}

static void add_ends(struct buf *out, const struct incident *inc)
{
	add_time(out, "First sign", inc->first);
	add_time(out, "Opened", inc->opened);
	add_time(out, "Acknowledged", inc->acknowledged);
	add_time(out, "Mitigated", inc->mitigated);
	add_time(out, "Resolved", inc->resolved);
	add_time(out, "Closed", inc->closed);
	add_time(out, "Last sign", inc->last);
	if (inc->resolved != WHEN_NONE)
		add_row(out, "Resolved by itself",
			inc->auto_resolved ? SLICE_LIT("yes")
					   : SLICE_LIT("no"));
	add_row(out, "What helped", inc->solution);
}

int postmortem_summary(struct postmortem *p, struct buf *out, struct err *err)
{
	const struct incident *inc = &p->inc;
	AUTO_BUF struct buf tags = BUF_INIT;

	if (inc->simulated)
		buf_add_str(out, "**Simulated: nothing was wrong.**\n\n");
	if (inc->false_positive)
		buf_add_str(out,
			    "**A false positive: nothing was wrong.**\n\n");
	if (incident_live(inc))
		buf_add_str(out, "**It is not over yet.**\n\n");
	add_heading(out, "Incident", p->id);
	add_row(out, "Title", inc->title);
	add_row(out, "Status", slice_of(incident_status_names[inc->status]));
	add_row(out, "Severity", slice_of(severity_name(inc->severity)));
	add_row(out, "Severity as reported", inc->severity_raw);
	add_row(out, "Service", inc->service);
	add_row(out, "Host", inc->host);
	add_row(out, "Category", inc->category);
	add_row(out, "Pattern", inc->pattern);
	add_row(out, "Assigned to", inc->assignee);
	postmortem_each(inc->tags, add_text_item, &tags);
	add_row(out, "Tags", buf_slice(&tags));
	add_ends(out, inc);
	return add_triage(p, out, err);
}

/* ---- figures ---- */

static void add_span(struct buf *out, const char *name, int64_t from,
		     int64_t to)
{
	buf_addf(out, "| %s | ", name);
	if (to == WHEN_NONE)
		buf_add_char(out, '-');
	else
		postmortem_span(out, to - from);
	buf_add_str(out, " |\n");
}

static void add_count(struct buf *out, const char *name, int64_t n)
{
	buf_addf(out, "| %s | %lld |\n", name, (long long)n);
}

int postmortem_figures(struct postmortem *p, struct buf *out, struct err *err)
{
	const struct incident *inc = &p->inc;
	int64_t gaps = p->last_gap > 0;

	(void)err;
	for (size_t i = 0; i < p->count; i++)
		gaps += p->entries[i].gap > 0;
	add_heading(out, "Figure", "Value");
	add_span(out, "Time to detect", inc->first, inc->opened);
	add_span(out, "Time to acknowledge", inc->opened, inc->acknowledged);
	add_span(out, "Time to mitigate", inc->opened, inc->mitigated);
	add_span(out, "Time to resolve", inc->opened, inc->resolved);
	if (inc->took != WHEN_NONE)
		add_span(out, "Time that people worked on it", 0, inc->took);
	add_count(out, "Occurrences", inc->count);
	add_count(out, "Detections", inc->detections);
	add_count(out, "Times reopened", p->reopened);
	add_count(out, "Gaps in the timeline", gaps);
	return 0;
}

/* ---- detections ---- */

static void write_detection(void *arg, struct slice item,
			    const struct jscan *object)
{
	struct buf *out = arg;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)item;
	if (postmortem_member(object, "event_time", &text) ||
	    postmortem_member(object, "time", &text))
		postmortem_text(out, buf_slice(&text));
	if (postmortem_member(object, "severity", &text)) {
		buf_add_char(out, ' ');
		postmortem_text(out, buf_slice(&text));
	}
	if (postmortem_member(object, "host", &text)) {
		buf_add_str(out, " on ");
		postmortem_text(out, buf_slice(&text));
	}
	buf_add_str(out, ":\n");
	if (!postmortem_member(object, "message", &text))
		(void)postmortem_member(object, "title", &text);
	postmortem_code(out, buf_slice(&text));
}

int postmortem_detections(struct postmortem *p, struct buf *out,
			  struct err *err)
{
	struct slice items[INCIDENT_KEEP_FIRST + INCIDENT_KEEP_LATEST];
	const struct jscan_member *kept = NULL;
	AUTO_BUF struct buf record = BUF_INIT;
	struct jscan scan = {0};
	int rc = incident_record(p->store, &p->inc, INCIDENT_WITH_DETECTIONS,
				 &record, err);
	size_t n = 0;

	if (rc == 0)
		rc = jscan_object(&scan, record.data, record.len, err);
	if (rc == 0)
		kept = jscan_get(&scan, "detections");
	if (kept)
		n = jlist_items(kept->value, items, ARRAY_LEN(items));
	if (n == 0)
		buf_add_str(out, "No detection was kept.\n");
	else
		buf_addf(out, "%zu of %lld, the first and the latest:\n\n", n,
			 (long long)p->inc.detections);
	if (kept)
		postmortem_each(kept->value, write_detection, out);
	jscan_done(&scan);
	return rc;
}

/* ---- links ---- */

struct links {
	struct buf *out;
	size_t count;
};

static void add_link(struct links *l, const char *what, struct slice text)
{
	if (!text.len)
		return;
	l->count++;
	buf_addf(l->out, "- %s", what);
	postmortem_link(l->out, text);
	buf_add_char(l->out, '\n');
}

static void write_link(void *arg, struct slice item, const struct jscan *object)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (*item.ptr == '"')
		jscan_unquote(&text, item);
	else
		(void)postmortem_member(object, "url", &text);
	add_link(arg, "", buf_slice(&text));
}

int postmortem_links(struct postmortem *p, struct buf *out, struct err *err)
{
	struct links l = {.out = out};

	(void)err;
	add_link(&l, "follows ", p->inc.previous);
	add_link(&l, "is part of ", p->inc.merged_into);
	postmortem_each(p->inc.links, write_link, &l);
	if (l.count == 0)
		buf_add_str(out, "None.\n");
	return 0;
}
