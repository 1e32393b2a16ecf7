/* payload-pagerduty.c - events of PagerDuty's events API, version 2. */
#include "payload-internal.h"

#include <stdio.h>

#include <oncall/detection.h>
#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/when.h>

#define KEY_DIGITS 8 /* of the hash of a routing key, which is a secret */

static int take_action(const struct payload_reader *r, struct payload_fields *f,
		       struct err *err)
{
	struct slice action;

	if (payload_string(r, &r->top, "event_action", &action, err) < 0)
		return -1;
	if (!action.ptr)
		return payload_missing(r, "event_action", err);
	if (payload_is(action, "trigger"))
		f->event = PAYLOAD_FIRES;
	else if (payload_is(action, "acknowledge"))
		f->event = PAYLOAD_ACKNOWLEDGED;
	else if (payload_is(action, "resolve"))
		f->event = PAYLOAD_RESOLVED;
	else
		return payload_wrong(r, "event_action",
				     "trigger, acknowledge or resolve", err);
	return 0;
}

/* A key counts within one routing key. Where a trigger has none, those that say
 * the same of the same place are one. */
static int take_fingerprint(struct payload_reader *r, struct payload_fields *f,
			    struct slice summary, struct err *err)
{
	struct slice routing, key;
	char hex[HASH_HEX];

	if (payload_string(r, &r->top, "routing_key", &routing, err) < 0 ||
	    payload_string(r, &r->top, "dedup_key", &key, err) < 0)
		return -1;
	buf_reset(&r->made);
	if (routing.ptr) {
		hash_sha256_hex(routing.ptr, routing.len, hex, KEY_DIGITS);
		buf_addf(&r->made, "%s:", hex);
	}
	if (key.ptr) {
		detection_text(&r->made, key);
	} else if (f->event == PAYLOAD_FIRES) {
		buf_add_str(&r->made, "payload\n");
		buf_add_slice(&r->made, f->host);
		buf_add_slice(&r->made, f->service);
		buf_add_slice(&r->made, f->category);
		buf_add_slice(&r->made, summary);
	} else {
		return payload_missing(r, "dedup_key", err);
	}
	f->own = buf_slice(&r->made);
	return 0;
}

static int one_link(void *arg, struct slice value, enum jscan_type type,
		    struct err *err)
{
	struct jscan link = {.members = NULL};
	int rc = 0;

	if (type == JSCAN_OBJECT) {
		rc = jscan_object(&link, value.ptr, value.len, err);
		if (rc == 0)
			payload_add_link(
				arg,
				payload_first(&link, (const char *const[]){
							     "href", NULL}));
	}
	jscan_done(&link);
	return rc;
}

static int take_links(const struct payload_reader *r, struct payload_fields *f,
		      struct err *err)
{
	const struct jscan_member *links = jscan_get(&r->top, "links");
	struct slice client;

	if (payload_string(r, &r->top, "client_url", &client, err) < 0)
		return -1;
	payload_add_link(f, client);
	if (!links || links->type == JSCAN_NULL)
		return 0;
	if (links->type != JSCAN_ARRAY)
		return payload_wrong(r, "links", "a list", err);
	return jscan_array(links->value, one_link, f, err);
}

/* What the event says of its place, to be matched by. */
static int take_places(struct payload_reader *r, struct payload_fields *f,
		       struct err *err)
{
	static const char *const names[] = {"source", "component", "group",
					    "class"};
	struct slice *const members[] = {&f->host, &f->service, NULL,
					 &f->category};
	struct slice value;

	buf_reset(&r->host);
	jwrite_open(&r->host, NULL, '{');
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (payload_string(r, &r->part, names[i], &value, err) < 0)
			return -1;
		if (value.ptr)
			jwrite_raw(&r->host, names[i], value);
		if (members[i])
			*members[i] = value;
		else if (value.ptr && !f->service.ptr)
			f->service = value;
	}
	jwrite_close(&r->host, '}');
	f->labels = buf_slice(&r->host);
	return 0;
}

static int take_payload(struct payload_reader *r, struct payload_fields *f,
			struct err *err)
{
	struct slice payload;

	if (payload_object(r, &r->top, "payload", &payload, err) < 0)
		return -1;
	if (!payload.ptr)
		return f->event == PAYLOAD_FIRES
			       ? payload_missing(r, "payload", err)
			       : 0;
	(void)snprintf(r->where, sizeof(r->where), "payload.");
	if (jscan_object(&r->part, payload.ptr, payload.len, err) < 0 ||
	    payload_string(r, &r->part, "summary", &f->title, err) < 0 ||
	    payload_string(r, &r->part, "severity", &f->severity_raw, err) <
		    0 ||
	    payload_time(r, &r->part, "timestamp", &f->time, err) < 0 ||
	    payload_object(r, &r->part, "custom_details", &f->annotations,
			   err) < 0 ||
	    take_places(r, f, err) < 0)
		return -1;
	if (f->event == PAYLOAD_FIRES && !f->title.ptr)
		return payload_missing(r, "summary", err);
	r->where[0] = '\0';
	return 0;
}

int payload_pagerduty(struct payload_reader *r, struct err *err)
{
	struct payload_fields f = {.time = WHEN_NONE};

	if (take_action(r, &f, err) < 0 || take_payload(r, &f, err) < 0 ||
	    take_fingerprint(r, &f, f.title, err) < 0 ||
	    take_links(r, &f, err) < 0)
		return -1;
	payload_add(r, &f);
	return 0;
}
