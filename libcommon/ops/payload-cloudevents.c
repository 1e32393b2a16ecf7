/*
 * payload-cloudevents.c - CloudEvents 1.0 in JSON. The standard does not say
 * what an alert is, so: the alert is what `data.fingerprint` or source and
 * subject name; it is over when `data.status` or the last word of the type says
 * so ("com.example.disk.resolved").
 */
#include "payload-internal.h"

#include <oncall/detection.h>
#include <oncall/when.h>

static const char *const over_words[] = {
	"resolved", "resolve", "closed", "close",    "recovered",
	"cleared",  "ok",      "normal", "inactive", NULL};
static const char *const ack_words[] = {"acknowledged", "acknowledge", "ack",
					NULL};

static bool is_one_of(struct slice word, const char *const *words)
{
	for (; *words; words++)
		if (word.len == strlen(*words) &&
		    strncasecmp(word.ptr, *words, word.len) == 0)
			return true;
	return false;
}

static bool word_event(struct slice word, enum payload_event *ret)
{
	if (is_one_of(word, over_words))
		*ret = PAYLOAD_RESOLVED;
	else if (is_one_of(word, ack_words))
		*ret = PAYLOAD_ACKNOWLEDGED;
	else
		return false;
	return true;
}

/* "v1" and the like behind a type. */
static bool is_version(struct slice word)
{
	if (word.len < 2 || word.ptr[0] != 'v')
		return false;
	for (size_t i = 1; i < word.len; i++)
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return false;
	return true;
}

/* Takes the last word off a type, whose parts stand between points. */
static struct slice last_word(struct slice *type)
{
	size_t at = type->len;
	struct slice word;

	while (at > 0 && type->ptr[at - 1] != '.')
		at--;
	word = (struct slice){type->ptr + at, type->len - at};
	type->len = at ? at - 1 : 0;
	return word;
}

/* Reads the event from the type; what is left of that names the alert. */
static void type_event(struct slice *type, enum payload_event *event)
{
	static const char *const fires[] = {"fired",  "firing", "opened",
					    "active", "raised", "triggered",
					    NULL};
	struct slice rest = *type;
	struct slice word = last_word(&rest);

	if (is_version(word))
		word = last_word(&rest);
	if (word_event(word, event) || is_one_of(word, fires))
		*type = rest;
}

static int required(const struct payload_reader *r, const char *name,
		    struct slice *ret, struct err *err)
{
	if (payload_string(r, &r->top, name, ret, err) < 0)
		return -1;
	return ret->ptr ? 0 : payload_missing(r, name, err);
}

/* The members of data when that is an object; of none otherwise. */
static int take_data(struct payload_reader *r, struct payload_fields *f,
		     struct err *err)
{
	const struct jscan_member *data = jscan_get(&r->top, "data");

	r->part.count = 0;
	if (!data)
		return 0;
	if (data->type == JSCAN_STRING)
		f->message = data->value;
	if (data->type != JSCAN_OBJECT)
		return 0;
	if (jscan_object(&r->part, data->value.ptr, data->value.len, err) < 0)
		return -1;
	f->title = payload_first(
		&r->part, (const char *const[]){"title", "summary", NULL});
	f->message = payload_first(
		&r->part,
		(const char *const[]){"message", "description", NULL});
	f->service =
		payload_first(&r->part, (const char *const[]){"service", NULL});
	f->host = payload_first(&r->part, (const char *const[]){"host", NULL});
	f->category = payload_first(&r->part,
				    (const char *const[]){"category", NULL});
	f->severity_raw = payload_first(
		&r->part, (const char *const[]){"severity", "level", NULL});
	f->runbook =
		payload_first(&r->part, (const char *const[]){"runbook_url",
							      "runbook", NULL});
	payload_add_link(f, f->runbook);
	payload_add_link(
		f, payload_first(&r->part, (const char *const[]){"url", NULL}));
	if (payload_object(r, &r->part, "annotations", &f->annotations, err) <
		    0 ||
	    payload_object(r, &r->part, "labels", &f->labels, err) < 0)
		return -1;
	return payload_check_labels(r, f->labels, "data.labels", err);
}

static const char *severity_of_otel(int64_t number)
{
	enum severity severity;

	return severity_of_number(number, SEVERITY_SCALE_OTEL, &severity)
		       ? severity_name(severity)
		       : "unknown";
}

/* The extension attributes, where data says nothing. */
static void take_severity(struct payload_reader *r, struct payload_fields *f)
{
	const struct jscan_member *number =
		jscan_get(&r->top, "severitynumber");
	int64_t value;

	if (!f->severity_raw.ptr)
		f->severity_raw = payload_first(
			&r->top, (const char *const[]){"severitytext",
						       "severity", NULL});
	if (f->severity_raw.ptr || !number ||
	    jscan_int(number->value, &value) < 0)
		return;
	buf_reset(&r->host);
	buf_addf(&r->host, "\"%s\"", severity_of_otel(value));
	f->severity_raw = buf_slice(&r->host);
}

/* The name of the alert in r->made, and behind it what tells its events apart:
 * source and id, which the standard wants to be unique. */
static void take_names(struct payload_reader *r, struct payload_fields *f,
		       struct slice source, struct slice id, struct slice type)
{
	struct slice own = payload_first(
		&r->part, (const char *const[]){"fingerprint", NULL});
	struct slice subject =
		payload_first(&r->top, (const char *const[]){"subject", NULL});
	size_t end;

	buf_reset(&r->made);
	detection_text(&r->made, own.ptr ? own : source);
	if (!own.ptr) {
		buf_add_char(&r->made, ' ');
		if (subject.ptr)
			detection_text(&r->made, subject);
		else
			buf_add_slice(&r->made, type);
	}
	end = r->made.len;
	buf_add_slice(&r->made, source);
	buf_add_slice(&r->made, id);
	f->own = (struct slice){r->made.data, end};
	f->which = (struct slice){r->made.data + end, r->made.len - end};
}

int payload_cloudevents(struct payload_reader *r, struct err *err)
{
	struct payload_fields f = {.event = PAYLOAD_FIRES};
	AUTO_BUF struct buf decoded = BUF_INIT;
	struct slice version, id, source, status, word, type;

	if (required(r, "specversion", &version, err) < 0 ||
	    required(r, "id", &id, err) < 0 ||
	    required(r, "source", &source, err) < 0 ||
	    required(r, "type", &f.pattern, err) < 0 ||
	    payload_time(r, &r->top, "time", &f.time, err) < 0 ||
	    take_data(r, &f, err) < 0)
		return -1;
	if (!payload_is(version, "1.0"))
		return payload_wrong(r, "specversion", "1.0", err);
	detection_text(&decoded, f.pattern);
	type = buf_slice(&decoded);
	type_event(&type, &f.event);
	status = payload_first(&r->part,
			       (const char *const[]){"status", "state", NULL});
	if (status.ptr && jscan_plain(status, &word))
		(void)word_event(word, &f.event);
	if (!f.title.ptr)
		f.title = payload_first(&r->top,
					(const char *const[]){"subject", NULL});
	take_severity(r, &f);
	take_names(r, &f, source, id, type);
	payload_add(r, &f);
	return 0;
}
