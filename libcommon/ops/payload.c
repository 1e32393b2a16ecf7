/* payload.c - reading payloads: the forms, and what they share. */
#include "payload-internal.h"

#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/when.h>

const char *const payload_form_names[] = {
	[PAYLOAD_ALERTMANAGER] = "alertmanager",
	[PAYLOAD_GRAFANA] = "grafana",
	[PAYLOAD_PAGERDUTY] = "pagerduty",
	[PAYLOAD_CLOUDEVENTS] = "cloudevents",
	[PAYLOAD_NAGIOS] = "nagios",
	NULL,
};

int payload_wrong(const struct payload_reader *r, const char *name,
		  const char *expected, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s%s' must be %s", r->where, name,
		       expected);
}

int payload_missing(const struct payload_reader *r, const char *name,
		    struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s%s' is missing", r->where, name);
}

int payload_string(const struct payload_reader *r, const struct jscan *s,
		   const char *name, struct slice *ret, struct err *err)
{
	const struct jscan_member *m = jscan_get(s, name);

	*ret = (struct slice){NULL, 0};
	if (!m || m->type == JSCAN_NULL)
		return 0;
	if (m->type != JSCAN_STRING)
		return payload_wrong(r, name, "a string", err);
	if (!slice_is(m->value, "\"\""))
		*ret = m->value;
	return 0;
}

int payload_object(const struct payload_reader *r, const struct jscan *s,
		   const char *name, struct slice *ret, struct err *err)
{
	const struct jscan_member *m = jscan_get(s, name);

	*ret = (struct slice){NULL, 0};
	if (!m || m->type == JSCAN_NULL)
		return 0;
	if (m->type != JSCAN_OBJECT)
		return payload_wrong(r, name, "an object", err);
	*ret = m->value;
	return 0;
}

int payload_time(const struct payload_reader *r, const struct jscan *s,
		 const char *name, int64_t *ret, struct err *err)
{
	struct slice json, text;

	*ret = WHEN_NONE;
	if (payload_string(r, s, name, &json, err) < 0)
		return -1;
	if (!json.ptr)
		return 0;
	if (!jscan_plain(json, &text) ||
	    when_parse_rfc3339(text.ptr, text.len, ret) < 0)
		return payload_wrong(r, name, "an RFC 3339 time", err);
	if (*ret <= 0)
		*ret = WHEN_NONE;
	return 0;
}

struct slice payload_first(const struct jscan *s, const char *const *names)
{
	for (; *names; names++) {
		const struct jscan_member *m = jscan_get(s, *names);

		if (m && m->type == JSCAN_STRING && !slice_is(m->value, "\"\""))
			return m->value;
	}
	return (struct slice){NULL, 0};
}

bool payload_is(struct slice json, const char *text)
{
	struct slice plain;

	return json.ptr && jscan_plain(json, &plain) && slice_is(plain, text);
}

/* People follow links, so only those to pages are kept. */
void payload_add_link(struct payload_fields *f, struct slice json)
{
	struct slice url;

	if (f->link_count == PAYLOAD_LINKS || !json.ptr ||
	    json.len > PAYLOAD_TEXT_MAX || !jscan_plain(json, &url))
		return;
	if ((url.len > 7 && !memcmp(url.ptr, "http://", 7)) ||
	    (url.len > 8 && !memcmp(url.ptr, "https://", 8)))
		f->links[f->link_count++] = json;
}

int payload_check_labels(struct payload_reader *r, struct slice labels,
			 const char *name, struct err *err)
{
	const struct jscan_member *twice;
	char path[80];

	r->labels.count = 0;
	if (!labels.ptr)
		return 0;
	if (jscan_object(&r->labels, labels.ptr, labels.len, err) < 0)
		return -1;
	twice = jscan_duplicate(&r->labels);
	for (size_t i = 0; i < r->labels.count; i++) {
		const struct jscan_member *m = &r->labels.members[i];
		bool nested = m->type == JSCAN_OBJECT || m->type == JSCAN_ARRAY;

		if (!nested && m != twice)
			continue;
		(void)snprintf(path, sizeof(path), "%s.%.*s", name,
			       (int)(m->key.len < 60 ? m->key.len : 60),
			       m->key.ptr);
		return payload_wrong(r, path, nested ? "a text" : "there once",
				     err);
	}
	return 0;
}

static int read_form(struct payload_reader *r, struct err *err)
{
	if (r->src->form == PAYLOAD_NAGIOS)
		return payload_nagios(r, err);
	if (r->text.len > PAYLOAD_MAX)
		return err_set(err, ERR_INPUT,
			       "a payload of %zu bytes is longer than %zu",
			       r->text.len, PAYLOAD_MAX);
	if (jscan_object(&r->top, r->text.ptr, r->text.len, err) < 0)
		return -1;
	switch (r->src->form) {
	case PAYLOAD_ALERTMANAGER:
	case PAYLOAD_GRAFANA:
		return payload_alertmanager(r, err);
	case PAYLOAD_PAGERDUTY:
		return payload_pagerduty(r, err);
	case PAYLOAD_CLOUDEVENTS:
	case PAYLOAD_NAGIOS:
		break;
	}
	return payload_cloudevents(r, err);
}

int payload_read(const struct payload_source *src, struct slice text,
		 int (*sink)(void *arg, const struct payload_alert *a,
			     struct err *err),
		 void *arg, struct err *err)
{
	struct payload_reader r = {
		.src = src, .text = text, .texts = BUF_INIT_MAX(SIZE_MAX / 2)};
	int rc = read_form(&r, err);

	for (size_t i = 0; i < r.count && rc == 0; i++) {
		const struct payload_item *item = &r.items[i];
		struct payload_alert a = item->alert;

		a.fingerprint = r.texts.data + item->fingerprint;
		a.id = r.texts.data + item->id;
		if (item->detection_len)
			a.detection =
				(struct slice){r.texts.data + item->detection,
					       item->detection_len};
		rc = sink(arg, &a, err);
	}
	free(r.items);
	buf_done(&r.texts);
	buf_done(&r.host);
	buf_done(&r.made);
	jscan_done(&r.top);
	jscan_done(&r.part);
	jscan_done(&r.labels);
	jscan_done(&r.scratch);
	return rc;
}

int64_t payload_left_out(struct slice text)
{
	struct err err = ERR_INIT;
	struct jscan top = {.members = NULL};
	const struct jscan_member *m;
	int64_t count = 0;

	if (jscan_object(&top, text.ptr, text.len, &err) == 0) {
		m = jscan_get(&top, "truncatedAlerts");
		if (m && (m->type != JSCAN_NUMBER ||
			  jscan_int(m->value, &count) < 0))
			count = 0;
	}
	jscan_done(&top);
	return count;
}

bool payload_whole(enum payload_form form, struct slice line)
{
	static const char *const marks[] = {
		[PAYLOAD_ALERTMANAGER] = "alerts",
		[PAYLOAD_GRAFANA] = "alerts",
		[PAYLOAD_PAGERDUTY] = "event_action",
		[PAYLOAD_CLOUDEVENTS] = "specversion",
		[PAYLOAD_NAGIOS] = "",
	};
	struct err err = ERR_INIT;
	struct jscan top = {.members = NULL};
	bool whole = jscan_object(&top, line.ptr, line.len, &err) == 0 &&
		     jscan_get(&top, marks[form]);

	jscan_done(&top);
	return whole;
}
