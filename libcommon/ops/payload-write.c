/*
 * payload-write.c - what an alert says, as a detection.
 *
 * The fingerprint is the form, "v1" and what the sender calls the alert
 * ("alertmanager:v1:0d0b..."); what is long or holds control bytes is hashed.
 * The id adds when it began, since that and the fingerprint make two deliveries
 * the same. The version changes when these sentences do.
 */
#include "payload-internal.h"

#include <stdio.h>

#include <oncall/detection.h>
#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define HASH_DIGITS 32

/* What other tools say beside the levels of logs. */
static const struct word {
	const char *text;
	enum severity severity;
} words[] = {
	{"page", SEVERITY_CRITICAL},   {"disaster", SEVERITY_CRITICAL},
	{"p1", SEVERITY_CRITICAL},     {"sev1", SEVERITY_CRITICAL},
	{"p2", SEVERITY_HIGH},	       {"sev2", SEVERITY_HIGH},
	{"major", SEVERITY_HIGH},      {"p3", SEVERITY_MEDIUM},
	{"sev3", SEVERITY_MEDIUM},     {"average", SEVERITY_MEDIUM},
	{"moderate", SEVERITY_MEDIUM}, {"p4", SEVERITY_LOW},
	{"sev4", SEVERITY_LOW},	       {"minor", SEVERITY_LOW},
	{"ticket", SEVERITY_LOW},      {"p5", SEVERITY_INFO},
	{"none", SEVERITY_INFO},
};

bool payload_severity(struct slice json, enum severity *ret)
{
	struct slice text;

	if (!json.ptr || !jscan_plain(json, &text))
		return false;
	if (severity_of_level(text, ret))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (text.len == strlen(words[i].text) &&
		    strncasecmp(text.ptr, words[i].text, text.len) == 0) {
			*ret = words[i].severity;
			return true;
		}
	return false;
}

/* A text of the payload, cut to most bytes. */
static void put_text(struct buf *out, const char *key, struct slice json,
		     size_t most)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!json.ptr)
		return;
	if (json.len <= most) {
		jwrite_raw(out, key, json);
		return;
	}
	detection_text(&text, json);
	jwrite_text(out, key,
		    (struct slice){buf_str(&text),
				   utf8_cut(buf_str(&text), text.len, most)});
}

/* One member as it stands there; a key may hold escapes, so it is no C text.
 * False when there is no room for it. */
static bool put_member(struct buf *out, const struct jscan_member *m,
		       size_t room)
{
	AUTO_BUF struct buf value = BUF_INIT;

	if (m->type == JSCAN_STRING)
		put_text(&value, NULL, m->value, PAYLOAD_TEXT_MAX);
	else
		jwrite_raw(&value, NULL, m->value);
	if (m->key.len + value.len + strlen(",\"\":") > room)
		return false;
	if (out->data[out->len - 1] != '{')
		buf_add_char(out, ',');
	buf_add_char(out, '"');
	buf_add_slice(out, m->key);
	buf_add_str(out, "\":");
	buf_add_slice(out, buf_slice(&value));
	return true;
}

/* The members of an object, as many as there is room for: what is too long is
 * left out, which *cut tells. */
static void put_object(struct payload_reader *r, struct buf *out,
		       const char *key, struct slice object, size_t most,
		       bool *cut)
{
	struct err err = ERR_INIT;
	size_t start;

	if (!object.ptr || slice_is(object, "{}") ||
	    jscan_object(&r->scratch, object.ptr, object.len, &err) < 0)
		return;
	jwrite_open(out, key, '{');
	start = out->len;
	for (size_t i = 0; i < r->scratch.count; i++)
		if (!put_member(out, &r->scratch.members[i],
				most - (out->len - start)))
			*cut = true;
	jwrite_close(out, '}');
}

static void put_links(struct buf *out, const struct payload_fields *f)
{
	if (!f->link_count)
		return;
	jwrite_open(out, "links", '[');
	for (size_t i = 0; i < f->link_count; i++)
		jwrite_raw(out, NULL, f->links[i]);
	jwrite_close(out, ']');
}

static void put_severity(struct buf *out, const struct payload_fields *f)
{
	enum severity severity = SEVERITY_MEDIUM;

	(void)payload_severity(f->severity_raw, &severity);
	jwrite_str(out, "severity", severity_name(severity));
	put_text(out, "severity_raw", f->severity_raw, PAYLOAD_NAME_MAX);
}

static void put_name(struct buf *out, const char *key, struct slice json,
		     const char *otherwise)
{
	if (json.ptr)
		put_text(out, key, json, PAYLOAD_NAME_MAX);
	else
		jwrite_str_opt(out, key, otherwise);
}

/* Everything but what the detection is known by. */
static void put_content(struct payload_reader *r, struct buf *out,
			const struct payload_fields *f, struct slice own)
{
	bool cut = false;

	put_text(out, "pattern", f->pattern, PAYLOAD_NAME_MAX);
	if (f->title.ptr)
		put_text(out, "title", f->title, PAYLOAD_TEXT_MAX);
	else if (f->pattern.ptr)
		put_text(out, "title", f->pattern, PAYLOAD_NAME_MAX);
	else
		jwrite_text(out, "title", own);
	put_severity(out, f);
	put_text(out, "category", f->category, PAYLOAD_NAME_MAX);
	put_name(out, "service", f->service, r->src->service);
	put_name(out, "host", f->host, r->src->host);
	put_text(out, "message", f->message, PAYLOAD_TEXT_MAX);
	put_object(r, out, "labels", f->labels, PAYLOAD_LABELS_MAX, &cut);
	put_object(r, out, "annotations", f->annotations, PAYLOAD_NOTES_MAX,
		   &cut);
	put_links(out, f);
	put_text(out, "runbook", f->runbook, PAYLOAD_TEXT_MAX);
	if (cut)
		jwrite_bool(out, "truncated", true);
}

static bool is_readable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	return text.len <= PAYLOAD_OWN_MAX;
}

/* Where the fingerprint begins in texts. */
static size_t add_fingerprint(struct payload_reader *r, struct slice own)
{
	size_t at = r->texts.len;
	char hex[HASH_HEX];

	buf_addf(&r->texts, "%s:v1:", payload_form_names[r->src->form]);
	if (is_readable(own)) {
		buf_add_slice(&r->texts, own);
	} else {
		hash_sha256_hex(own.ptr, own.len, hex, HASH_DIGITS);
		buf_add_str(&r->texts, hex);
	}
	buf_add_char(&r->texts, '\0');
	return at;
}

static size_t add_id(struct payload_reader *r, const struct payload_fields *f,
		     size_t fingerprint)
{
	size_t at = r->texts.len;
	char time[WHEN_TEXT], hex[HASH_HEX];
	struct slice which = f->which.ptr ? f->which : r->text;
	AUTO_FREE char *own = mem_dup(r->texts.data + fingerprint);

	if (f->time != WHEN_NONE && !f->which.ptr) {
		when_format(time, f->time);
		buf_addf(&r->texts, "%s@%s", own, time);
	} else {
		hash_sha256_hex(which.ptr, which.len, hex, HASH_DIGITS);
		buf_addf(&r->texts, "%s@%s", own, hex);
	}
	buf_add_char(&r->texts, '\0');
	return at;
}

/* What the sender wrote may hold secrets; what the alert is known by has to
 * stay as it is. */
static void add_detection(struct payload_reader *r,
			  const struct payload_fields *f,
			  struct payload_item *item)
{
	AUTO_BUF struct buf content = BUF_INIT, head = BUF_INIT;
	const char *form = payload_form_names[r->src->form];

	jwrite_record(&head, "detection", slice_of(r->texts.data + item->id),
		      item->alert.time);
	jwrite_open(&head, "source", '{');
	jwrite_str(&head, "kind", form);
	jwrite_close(&head, '}');
	jwrite_time(&head, "event_time", item->alert.time);
	jwrite_str(&head, "fingerprint", r->texts.data + item->fingerprint);
	buf_add_char(&head, ',');

	put_content(r, &content, f, f->own);
	item->detection = r->texts.len;
	buf_add_slice(&r->texts, buf_slice(&head));
	(void)redact_text(&r->texts, content.data, content.len);
	buf_add_char(&r->texts, '}');
	item->detection_len = r->texts.len - item->detection;
	buf_add_char(&r->texts, '\0');
}

void payload_add(struct payload_reader *r, const struct payload_fields *f)
{
	struct payload_item *item;

	if (r->count == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		r->items = mem_resize(r->items, r->cap, sizeof(*r->items));
	}
	item = &r->items[r->count++];
	*item = (struct payload_item){
		.alert = {.event = f->event,
			  .time = f->time,
			  .timed = f->time != WHEN_NONE,
			  .weak_id = f->time == WHEN_NONE && !f->which.ptr}};
	if (!item->alert.timed || item->alert.time > r->src->now)
		item->alert.time = r->src->now;
	item->fingerprint = add_fingerprint(r, f->own);
	item->id = add_id(r, f, item->fingerprint);
	if (f->event == PAYLOAD_FIRES)
		add_detection(r, f, item);
}
