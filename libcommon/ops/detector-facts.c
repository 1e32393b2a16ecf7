/* detector-facts.c - what a line says to a rule, and the record made of it. */
#include "detector-internal.h"

#include <oncall/jwrite.h>

/* Bytes of a capture in what is kept for later. */
#define KEPT_CAPTURE 200

static struct slice capture_of(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->capture_count; i++)
		if (slice_is(f->captures[i].name, name))
			return f->captures[i].value;
	return (struct slice){NULL, 0};
}

/* The word for how bad it is, where the line decides. */
struct slice facts_severity_raw(const struct facts *f)
{
	const struct pack_rule *pack = f->rule->pack;

	struct slice word;

	if (!pack->severity_from)
		return f->level;
	word = capture_of(f, pack->severity_from);
	return word.ptr || strcmp(pack->severity_from, "level") != 0 ? word
								     : f->level;
}

enum severity facts_severity(const struct facts *f)
{
	const struct pack_rule *pack = f->rule->pack;
	enum severity found;

	if (pack->severity_from &&
	    severity_of_level(facts_severity_raw(f), &found))
		return found;
	return pack->severity;
}

/* The length that counts is that of the record, with what is escaped. */
static struct slice long_key(struct slice text)
{
	AUTO_BUF struct buf escaped = BUF_INIT_MAX(SIZE_MAX / 2);

	text = facts_cut(text, DETECTION_KEY_MAX);
	show_json(&escaped, text.ptr, text.len);
	return escaped.len <= DETECTION_KEY_MAX
		       ? text
		       : facts_cut(text, DETECTION_KEY_MAX / FACTS_ESCAPED);
}

struct slice facts_key(struct slice text)
{
	return text.len <= DETECTION_KEY_MAX / FACTS_ESCAPED ? text
							     : long_key(text);
}

struct slice facts_lookup(void *arg, const char *path)
{
	const struct facts *f = arg;
	const struct pack_rule *pack = f->rule->pack;
	struct slice found = capture_of(f, path);

	if (found.ptr)
		return found;
	if (!strcmp(path, "message"))
		return f->message;
	if (!strcmp(path, "service"))
		return facts_service(f);
	if (!strcmp(path, "host"))
		return f->host;
	if (!strcmp(path, "pid"))
		return f->pid;
	if (!strcmp(path, "level"))
		return f->level;
	if (!strcmp(path, "pattern"))
		return slice_of(pack->id);
	if (!strcmp(path, "category"))
		return slice_of(pack->category);
	if (!strcmp(path, "severity"))
		return slice_of(severity_name(facts_severity(f)));
	return (struct slice){NULL, 0};
}

/* A text of the line as a member, when there is one. */
static void add_text(struct buf *out, const char *key, struct slice text)
{
	if (text.len)
		jwrite_text(out, key, text);
}

static void add_fields(const struct facts *f, size_t max, struct buf *out)
{
	AUTO_BUF struct buf name = BUF_INIT;

	if (!f->capture_count && !f->pid.len)
		return;
	jwrite_open(out, "fields", '{');
	for (size_t i = 0; i < f->capture_count; i++) {
		buf_reset(&name);
		buf_add_slice(&name, f->captures[i].name);
		jwrite_text(out, buf_str(&name),
			    facts_cut(f->captures[i].value, max));
	}
	if (f->pid.len && !capture_of(f, "pid").ptr)
		jwrite_text(out, "pid", facts_cut(f->pid, max));
	jwrite_close(out, '}');
}

/* As the record says them, so that it does not matter who makes the
 * fingerprint, and of what. */
static void repair(struct slice *parts, size_t count, struct buf *text)
{
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		if (!utf8_valid(parts[i].ptr, parts[i].len))
			room += strlen("\xEF\xBF\xBD") * parts[i].len;
	if (!room || !buf_reserve(text, room))
		return;
	for (size_t i = 0; i < count; i++) {
		size_t start = text->len;

		if (utf8_valid(parts[i].ptr, parts[i].len))
			continue;
		(void)utf8_repair(text, parts[i].ptr, parts[i].len);
		parts[i] =
			(struct slice){text->data + start, text->len - start};
	}
}

void facts_fingerprint(const struct facts *f, char out[DETECTION_FINGERPRINT])
{
	const struct pack_rule *pack = f->rule->pack;
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice parts[1 + DETECTOR_CAPTURES];
	size_t count = 0;

	parts[count++] = slice_of(pack->id);
	for (size_t i = 0; i < pack->key.count && count < ARRAY_LEN(parts); i++)
		parts[count++] = facts_lookup((void *)(uintptr_t)f,
					      pack->key.items[i].text);
	if (!pack->key.count)
		parts[count++] = facts_service(f);
	repair(parts, count, &text);
	detection_fingerprint(out, parts, count);
}

void facts_write(const struct facts *f, size_t max, struct buf *out)
{
	struct slice message = facts_cut(f->message, max);

	jwrite_open(out, NULL, '{');
	jwrite_open(out, "source", '{');
	if (f->source.len)
		buf_add_slice(out, f->source);
	jwrite_close(out, '}');
	add_text(out, "stream", f->stream);
	add_text(out, "id", f->id);
	if (f->positioned) {
		jwrite_int(out, "offset", (int64_t)f->offset);
		jwrite_int(out, "line", (int64_t)f->line);
	}
	if (f->truncated || message.len < f->message.len)
		jwrite_bool(out, "truncated", true);
	if (!utf8_valid(message.ptr, message.len))
		jwrite_bool(out, "lossy", true);
	if (f->zone_assumed)
		jwrite_int(out, "zone_assumed", f->zone_minutes);
	jwrite_text(out, "message", message);
	add_text(out, "service", facts_cut(f->service, max));
	add_text(out, "host", facts_cut(f->host, max));
	add_text(out, "level", facts_cut(f->level, max));
	add_fields(f, max < SIZE_MAX && max > KEPT_CAPTURE ? KEPT_CAPTURE : max,
		   out);
	jwrite_close(out, '}');
}

/* Texts go into one buffer, so places are noted first and become slices when
 * it does not move any more. */
struct notes {
	struct {
		struct slice *to;
		size_t at, len;
	} places[DETECTOR_CAPTURES + 8];
	size_t count;
	struct buf *text;
};

static void note(struct notes *n, struct slice *to, struct slice json)
{
	size_t at = n->text->len;

	if (n->count == ARRAY_LEN(n->places))
		return;
	jscan_unquote(n->text, json);
	n->places[n->count].to = to;
	n->places[n->count].at = at;
	n->places[n->count++].len = n->text->len - at;
}

static void read_fields(struct facts *f, struct slice json, struct notes *notes)
{
	struct jscan fields = {.members = NULL};
	struct err ignored = ERR_INIT;

	if (jscan_object(&fields, json.ptr, json.len, &ignored) == 0)
		for (size_t i = 0;
		     i < fields.count && f->capture_count < DETECTOR_CAPTURES;
		     i++) {
			if (fields.members[i].type != JSCAN_STRING)
				continue;
			f->captures[f->capture_count].name =
				fields.members[i].key;
			note(notes, &f->captures[f->capture_count++].value,
			     fields.members[i].value);
		}
	jscan_done(&fields);
}

static void read_number(struct facts *f, const struct jscan_member *m)
{
	int64_t n;

	if (jscan_int(m->value, &n) < 0)
		return;
	if (slice_is(m->key, "offset")) {
		f->offset = (uint64_t)n;
		f->positioned = true;
	} else if (slice_is(m->key, "line")) {
		f->line = (uint64_t)n;
	} else if (slice_is(m->key, "zone_assumed")) {
		f->zone_assumed = true;
		f->zone_minutes = (int)n;
	}
}

int facts_read(struct facts *f, struct slice json, struct jscan *scan,
	       struct buf *text, struct err *err)
{
	struct {
		const char *key;
		struct slice *to;
	} const texts[] = {
		{"stream", &f->stream},	  {"id", &f->id},
		{"message", &f->message}, {"service", &f->service},
		{"host", &f->host},	  {"level", &f->level},
	};
	struct notes notes = {.count = 0, .text = text};

	*f = (struct facts){.time = WHEN_NONE, .message = SLICE_LIT("")};
	buf_reset(text);
	if (jscan_object(scan, json.ptr, json.len, err) < 0)
		return -1;
	for (size_t i = 0; i < scan->count; i++) {
		const struct jscan_member *m = &scan->members[i];

		if (m->type == JSCAN_NUMBER)
			read_number(f, m);
		else if (m->type == JSCAN_TRUE)
			*(slice_is(m->key, "lossy") ? &f->lossy
						    : &f->truncated) = true;
		else if (slice_is(m->key, "source") && m->value.len > 2)
			f->source = (struct slice){m->value.ptr + 1,
						   m->value.len - 2};
		else if (slice_is(m->key, "fields"))
			read_fields(f, m->value, &notes);
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			if (m->type == JSCAN_STRING &&
			    slice_is(m->key, texts[k].key))
				note(&notes, texts[k].to, m->value);
	}
	for (size_t i = 0; i < notes.count; i++)
		*notes.places[i].to =
			(struct slice){buf_str(text) + notes.places[i].at,
				       notes.places[i].len};
	return 0;
}
