/*
 * detection.c - reading detection records, and their identity.
 *
 * A fingerprint is "v1:" and the first 128 bits, in hex, of the SHA-256 over
 * each part followed by a zero byte: pattern id first, then the values of the
 * identity members. The version changes when this sentence does.
 */
#include <oncall/detection.h>

#include <stdio.h>

#include <oncall/hash.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

static int wrong(struct err *err, const char *name, const char *expected)
{
	return err_set(err, ERR_INPUT, "'%s' of a detection must be %s", name,
		       expected);
}

/* What a text member of the record goes to. */
struct text_member {
	const char *name;
	size_t offset;
	bool key; /* no longer than DETECTION_KEY_MAX */
};

static const struct text_member text_members[] = {
	{"id", offsetof(struct detection, id), true},
	{"pattern", offsetof(struct detection, pattern), true},
	{"title", offsetof(struct detection, title), false},
	{"severity_raw", offsetof(struct detection, severity_raw), false},
	{"category", offsetof(struct detection, category), false},
	{"service", offsetof(struct detection, service), true},
	{"host", offsetof(struct detection, host), false},
	{"message", offsetof(struct detection, message), false},
	{"fingerprint", offsetof(struct detection, fingerprint), true},
};

static int check_key(struct slice json, const char *name, struct err *err)
{
	char expected[64];

	if (json.len <= DETECTION_KEY_MAX + strlen("\"\""))
		return 0;
	(void)snprintf(expected, sizeof(expected), "at most %d bytes long",
		       DETECTION_KEY_MAX);
	return wrong(err, name, expected);
}

static int read_text(struct detection *d, const struct jscan_member *m,
		     bool *ret_known, struct err *err)
{
	*ret_known = false;
	for (size_t i = 0; i < ARRAY_LEN(text_members); i++) {
		const struct text_member *t = &text_members[i];

		if (!slice_is(m->key, t->name))
			continue;
		*ret_known = true;
		if (m->type == JSCAN_NULL || slice_is(m->value, "\"\""))
			return 0; /* an empty text says nothing */
		if (m->type != JSCAN_STRING)
			return wrong(err, t->name, "a string");
		if (t->key && check_key(m->value, t->name, err) < 0)
			return -1;
		*(struct slice *)(void *)((char *)d + t->offset) = m->value;
		return 0;
	}
	return 0;
}

static int read_time(struct slice value, enum jscan_type type, const char *name,
		     int64_t *ret, struct err *err)
{
	struct slice text;

	if (type != JSCAN_STRING || !jscan_plain(value, &text) ||
	    when_parse_rfc3339(text.ptr, text.len, ret) < 0)
		return wrong(err, name, "an RFC 3339 time");
	return 0;
}

static int read_severity(struct detection *d, const struct jscan_member *m,
			 struct err *err)
{
	struct slice text;

	if (m->type != JSCAN_STRING || !jscan_plain(m->value, &text) ||
	    !severity_parse(text, &d->severity))
		return wrong(err, "severity",
			     "info, low, medium, high or critical");
	return 0;
}

static int read_count(struct detection *d, const struct jscan_member *m,
		      struct err *err)
{
	if (m->type != JSCAN_NUMBER || jscan_int(m->value, &d->count) < 0 ||
	    d->count < 1 || d->count > INT32_MAX)
		return wrong(err, "count",
			     "a whole number from 1 to 2147483647");
	return 0;
}

static int read_source(struct detection *d, struct jscan *scratch,
		       struct err *err)
{
	const struct jscan_member *stream, *offset;

	if (d->source.ptr[0] != '{')
		return wrong(err, "source", "an object");
	if (jscan_object(scratch, d->source.ptr, d->source.len, err) < 0)
		return -1;
	stream = jscan_get(scratch, "stream");
	offset = jscan_get(scratch, "offset");
	if (stream && stream->type == JSCAN_STRING &&
	    !slice_is(stream->value, "\"\""))
		d->stream = stream->value;
	if (check_key(d->stream, "source.stream", err) < 0)
		return -1;
	if (d->stream.ptr && offset &&
	    (offset->type != JSCAN_NUMBER ||
	     jscan_int(offset->value, &d->position) < 0 || d->position < 0))
		return wrong(err, "source.offset", "a whole number from 0 on");
	return 0;
}

static int read_member(struct detection *d, const struct jscan_member *m,
		       struct err *err)
{
	bool known;

	if (slice_is(m->key, "time"))
		return read_time(m->value, m->type, "time", &d->time, err);
	if (slice_is(m->key, "event_time"))
		return m->type == JSCAN_NULL
			       ? 0
			       : read_time(m->value, m->type, "event_time",
					   &d->event_time, err);
	if (slice_is(m->key, "first"))
		return read_time(m->value, m->type, "first", &d->first, err);
	if (slice_is(m->key, "last"))
		return read_time(m->value, m->type, "last", &d->last, err);
	if (slice_is(m->key, "severity"))
		return read_severity(d, m, err);
	if (slice_is(m->key, "count"))
		return read_count(d, m, err);
	if (slice_is(m->key, "source"))
		d->source = m->value;
	if (slice_is(m->key, "tags")) {
		d->tags = m->value;
		return m->type == JSCAN_ARRAY ? 0
					      : wrong(err, "tags", "a list");
	}
	if (slice_is(m->key, "links") && m->type == JSCAN_ARRAY)
		d->links = m->value;
	if (slice_is(m->key, "labels")) {
		d->labels = m->value;
		return m->type == JSCAN_OBJECT
			       ? 0
			       : wrong(err, "labels", "an object");
	}
	if (slice_is(m->key, "simulated")) {
		d->simulated = m->type == JSCAN_TRUE;
		if (!d->simulated && m->type != JSCAN_FALSE &&
		    m->type != JSCAN_NULL)
			return wrong(err, "simulated", "true or false");
	}
	return read_text(d, m, &known, err);
}

bool detection_labels_valid(struct slice json, struct jscan *scratch)
{
	struct err err = ERR_INIT;

	if (jscan_object(scratch, json.ptr, json.len, &err) < 0 ||
	    jscan_duplicate(scratch))
		return false;
	for (size_t i = 0; i < scratch->count; i++)
		if (scratch->members[i].type == JSCAN_OBJECT ||
		    scratch->members[i].type == JSCAN_ARRAY)
			return false;
	return true;
}

/* What needs more than a look at one member. */
static int check_members(struct detection *d, struct jscan *scratch,
			 struct err *err)
{
	if (!d->pattern.ptr && !d->fingerprint.ptr)
		return err_set(err, ERR_INPUT,
			       "a detection must have "
			       "'pattern' or 'fingerprint'");
	if (d->labels.ptr && !detection_labels_valid(d->labels, scratch))
		return wrong(err, "labels",
			     "an object of texts, numbers and flags");
	return d->source.ptr ? read_source(d, scratch, err) : 0;
}

/* The text of a key that holds escapes; its quotes stand around it. */
static struct slice decoded_key(const struct jscan_member *m, struct buf *text)
{
	jscan_unquote(text, (struct slice){m->key.ptr - 1, m->key.len + 2});
	return buf_slice(text);
}

int detection_read(struct detection *d, struct slice line,
		   const struct jscan *scan, struct jscan *scratch, int64_t now,
		   struct err *err)
{
	bool severity = false;

	*d = (struct detection){
		.line = line,
		.time = now,
		.event_time = WHEN_NONE,
		.first = WHEN_NONE,
		.last = WHEN_NONE,
		.count = 1,
		.position = DETECTION_NO_POSITION,
	};
	for (size_t i = 0; i < scan->count; i++) {
		AUTO_BUF struct buf key = BUF_INIT;
		struct jscan_member m = scan->members[i];

		if (m.key_escaped)
			m.key = decoded_key(&m, &key);
		if (read_member(d, &m, err) < 0)
			return -1;
		severity |= slice_is(m.key, "severity");
	}
	if (!severity)
		return err_set(err, ERR_INPUT,
			       "a detection must have 'severity'");
	if (check_members(d, scratch, err) < 0)
		return -1;
	if (d->event_time == WHEN_NONE)
		d->event_time = d->time;
	if (d->first == WHEN_NONE)
		d->first = d->event_time;
	if (d->last == WHEN_NONE)
		d->last = d->event_time;
	return 0;
}

void detection_text(struct buf *out, struct slice json)
{
	AUTO_BUF struct buf text = BUF_INIT;
	size_t start = out->len;

	jscan_unquote(out, json);
	if (!memchr(buf_str(out) + start, '\0', out->len - start))
		return;
	buf_add(&text, out->data + start, out->len - start);
	buf_truncate(out, start);
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i])
			buf_add_char(out, text.data[i]);
		else
			utf8_add(out, 0xFFFD);
}

void detection_fingerprint(char out[DETECTION_FINGERPRINT],
			   const struct slice *parts, size_t count)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[HASH_SHA256_SIZE];
	struct hash_sha256 h;

	hash_sha256_start(&h);
	for (size_t i = 0; i < count; i++) {
		hash_sha256_add(&h, parts[i].ptr, parts[i].len);
		hash_sha256_add(&h, "", 1);
	}
	hash_sha256_end(&h, digest);
	memcpy(out, "v1:", 3);
	for (size_t i = 0; i < 16; i++) {
		out[3 + 2 * i] = hex[digest[i] >> 4];
		out[4 + 2 * i] = hex[digest[i] & 15];
	}
	out[DETECTION_FINGERPRINT - 1] = '\0';
}

void detection_identity(struct buf *out, const struct detection *d)
{
	AUTO_BUF struct buf text = BUF_INIT;
	char own[DETECTION_FINGERPRINT];
	struct slice parts[3];
	size_t pattern_len;

	if (d->fingerprint.ptr) {
		detection_text(out, d->fingerprint);
		return;
	}
	detection_text(&text, d->pattern);
	pattern_len = text.len;
	if (d->service.ptr)
		detection_text(&text, d->service);
	parts[0] = (struct slice){text.data, pattern_len};
	parts[1] =
		(struct slice){text.data + pattern_len, text.len - pattern_len};
	parts[2] = SLICE_LIT("simulated");
	detection_fingerprint(own, parts, d->simulated ? 3 : 2);
	buf_add_str(out, own);
}

void detection_id(struct buf *out, const struct detection *d)
{
	char hex[HASH_HEX];

	if (d->id.ptr) {
		detection_text(out, d->id);
		return;
	}
	hash_sha256_hex(d->line.ptr, d->line.len, hex, 32);
	buf_add(out, hex, 32);
}
