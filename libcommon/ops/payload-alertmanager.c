/* payload-alertmanager.c - webhooks of Alertmanager (version 4) and of Grafana,
 * which speaks the same and adds some members. */
#include "payload-internal.h"

#include <stdio.h>

#include <oncall/detection.h>
#include <oncall/when.h>

/* A number of a port follows the last colon, and no address of IPv6 is cut. */
static size_t without_port(struct slice text)
{
	size_t at = text.len;

	while (at > 0 && text.ptr[at - 1] >= '0' && text.ptr[at - 1] <= '9')
		at--;
	if (at < 2 || at == text.len || text.ptr[--at] != ':')
		return text.len;
	if (memchr(text.ptr, ':', at) && text.ptr[at - 1] != ']')
		return text.len;
	return at;
}

/* The host of "db1:9100", as a JSON string. */
static struct slice host_of(struct payload_reader *r)
{
	struct slice host = payload_first(
		&r->labels, (const char *const[]){"host", "hostname", "node",
						  "nodename", NULL});
	struct slice text;

	if (host.ptr)
		return host;
	host = payload_first(&r->labels,
			     (const char *const[]){"instance", NULL});
	if (!host.ptr || !jscan_plain(host, &text))
		return host;
	buf_reset(&r->host);
	buf_add_char(&r->host, '"');
	buf_add(&r->host, text.ptr, without_port(text));
	buf_add_char(&r->host, '"');
	return buf_slice(&r->host);
}

static void take_labels(struct payload_reader *r, struct payload_fields *f)
{
	f->pattern = payload_first(&r->labels,
				   (const char *const[]){"alertname", NULL});
	f->severity_raw = payload_first(
		&r->labels,
		(const char *const[]){"severity", "priority", "level", NULL});
	f->service = payload_first(
		&r->labels,
		(const char *const[]){"service", "app", "job", NULL});
	f->category = payload_first(&r->labels,
				    (const char *const[]){"category", NULL});
	f->host = host_of(r);
}

static int take_annotations(struct payload_reader *r, struct payload_fields *f,
			    struct err *err)
{
	struct jscan *s = &r->scratch;

	if (!f->annotations.ptr)
		return 0;
	if (jscan_object(s, f->annotations.ptr, f->annotations.len, err) < 0)
		return -1;
	f->title = payload_first(
		s, (const char *const[]){"summary", "title", NULL});
	f->message = payload_first(
		s, (const char *const[]){"description", "message", NULL});
	f->runbook = payload_first(
		s, (const char *const[]){"runbook_url", "runbook", NULL});
	payload_add_link(f, f->runbook);
	return 0;
}

static int take_links(const struct payload_reader *r, struct payload_fields *f,
		      struct err *err)
{
	static const char *const names[] = {"generatorURL", "dashboardURL",
					    "panelURL", "silenceURL", NULL};
	struct slice url;

	for (size_t i = 0; names[i]; i++) {
		if (payload_string(r, &r->part, names[i], &url, err) < 0)
			return -1;
		payload_add_link(f, url);
	}
	return 0;
}

static int take_status(const struct payload_reader *r, struct payload_fields *f,
		       struct err *err)
{
	struct slice status;

	if (payload_string(r, &r->part, "status", &status, err) < 0)
		return -1;
	if (!status.ptr)
		return payload_missing(r, "status", err);
	if (payload_is(status, "resolved"))
		f->event = PAYLOAD_RESOLVED;
	else if (payload_is(status, "firing"))
		f->event = PAYLOAD_FIRES;
	else
		return payload_wrong(r, "status", "firing or resolved", err);
	return payload_time(r, &r->part,
			    f->event == PAYLOAD_FIRES ? "startsAt" : "endsAt",
			    &f->time, err);
}

static int by_key(const void *a, const void *b)
{
	const struct jscan_member *x = a, *y = b;
	size_t least = x->key.len < y->key.len ? x->key.len : y->key.len;
	int order = memcmp(x->key.ptr, y->key.ptr, least);

	if (order)
		return order;
	return x->key.len < y->key.len ? -1 : x->key.len > y->key.len;
}

/* The labels in one order, where the sender gave no fingerprint. */
static void hash_labels(struct payload_reader *r)
{
	qsort(r->labels.members, r->labels.count, sizeof(*r->labels.members),
	      by_key);
	buf_add_str(&r->made, "labels\n");
	for (size_t i = 0; i < r->labels.count; i++) {
		buf_add_slice(&r->made, r->labels.members[i].key);
		buf_add_char(&r->made, '=');
		buf_add_slice(&r->made, r->labels.members[i].value);
		buf_add_char(&r->made, '\n');
	}
}

static int take_fingerprint(struct payload_reader *r, struct payload_fields *f,
			    struct err *err)
{
	struct slice own;

	if (payload_string(r, &r->part, "fingerprint", &own, err) < 0)
		return -1;
	buf_reset(&r->made);
	if (own.ptr)
		detection_text(&r->made, own);
	else if (r->labels.count)
		hash_labels(r);
	else
		return payload_missing(r, "fingerprint", err);
	f->own = buf_slice(&r->made);
	return 0;
}

static int one_alert(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct payload_reader *r = arg;
	struct payload_fields f = {.event = PAYLOAD_FIRES};

	(void)snprintf(r->where, sizeof(r->where), "alerts[%zu]", r->count);
	if (type != JSCAN_OBJECT)
		return payload_wrong(r, "", "an object", err);
	(void)snprintf(r->where, sizeof(r->where), "alerts[%zu].", r->count);
	if (jscan_object(&r->part, value.ptr, value.len, err) < 0 ||
	    take_status(r, &f, err) < 0 ||
	    payload_object(r, &r->part, "labels", &f.labels, err) < 0)
		return -1;
	if (!f.labels.ptr)
		return payload_missing(r, "labels", err);
	if (payload_check_labels(r, f.labels, "labels", err) < 0)
		return -1;
	take_labels(r, &f);
	if (take_fingerprint(r, &f, err) < 0 ||
	    payload_object(r, &r->part, "annotations", &f.annotations, err) <
		    0 ||
	    take_annotations(r, &f, err) < 0 || take_links(r, &f, err) < 0)
		return -1;
	payload_add(r, &f);
	return 0;
}

int payload_alertmanager(struct payload_reader *r, struct err *err)
{
	const struct jscan_member *alerts = jscan_get(&r->top, "alerts");

	if (!alerts)
		return payload_missing(r, "alerts", err);
	if (alerts->type != JSCAN_ARRAY)
		return payload_wrong(r, "alerts", "a list", err);
	return jscan_array(alerts->value, one_alert, r, err);
}
