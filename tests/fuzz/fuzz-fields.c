/*
 * Any bytes as a log line: what is found lies in the line or in the scratch
 * space, is the same each time, and for objects of JSON it is what Jansson
 * reads in them.
 */
#include "fuzz.h"

#include <jansson.h>

#include <oncall/fields.h>

#define NOW INT64_C(1795176000000)

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static bool lies_in(struct slice part, const char *p, size_t n)
{
	return part.ptr >= p && part.ptr + part.len <= p + n;
}

static void check_slice(struct slice part, struct slice line,
			const struct fields_scratch *s)
{
	expect(part.len == 0 || lies_in(part, line.ptr, line.len) ||
	       lies_in(part, s->text.data, s->text.len) ||
	       lies_in(part, s->nested.data, s->nested.len));
}

static void check_fields(const struct fields *f, struct slice line,
			 const struct fields_scratch *s)
{
	expect(f->format && f->format != fields_format_find("auto"));
	check_slice(f->level, line, s);
	check_slice(f->service, line, s);
	check_slice(f->host, line, s);
	check_slice(f->pid, line, s);
	check_slice(f->message, line, s);
	check_slice(f->text, line, s);
	expect(!f->has_time || !f->bad_time);
	expect(!f->has_time ||
	       (f->when.ms >= WHEN_MIN && f->when.ms <= WHEN_MAX));
	expect(!f->has_severity || f->severity <= SEVERITY_CRITICAL);
	expect(!s->text.over && !s->nested.over);
}

/* In memory of its own, so that a read past the end is seen. */
static void check_line(struct slice line, const struct fields_format *format)
{
	struct fields_scratch one = {.text = BUF_INIT};
	struct fields_scratch two = {.text = BUF_INIT};
	struct fields a, b;

	fields_read(&a, line, format, NOW, &one);
	check_fields(&a, line, &one);
	fields_read(&b, line, format, NOW, &two);
	fields_read(&b, line, format, NOW, &two);
	expect(a.format == b.format && a.has_time == b.has_time &&
	       a.has_severity == b.has_severity && a.partial == b.partial);
	expect(!a.has_time || a.when.ms == b.when.ms);
	expect(slice_eq(a.level, b.level) && slice_eq(a.service, b.service) &&
	       slice_eq(a.host, b.host) && slice_eq(a.pid, b.pid));
	expect(slice_eq(a.message, b.message) && slice_eq(a.text, b.text));
	expect(slice_eq(a.text, line) || fields_wraps(line, format));
	fields_scratch_done(&one);
	fields_scratch_done(&two);
}

static bool is_one_of(const struct fields *f, const char *a, const char *b)
{
	const char *name = fields_format_name(f->format);

	return !strcmp(name, a) || !strcmp(name, b);
}

static bool is_string(const json_t *value, struct slice text)
{
	return json_is_string(value) && json_string_length(value) == text.len &&
	       (!text.len ||
		!memcmp(json_string_value(value), text.ptr, text.len));
}

static void check_message(const struct fields *f, const json_t *json)
{
	const json_t *message = json_object_get(json, "message");
	const json_t *msg = json_object_get(json, "msg");
	const json_t *level = json_object_get(json, "level");
	enum severity severity;

	if (json_is_string(message))
		expect(is_string(message, f->message));
	else if (json_is_string(msg) && !message)
		expect(is_string(msg, f->message) || f->text.len);
	if (!json_is_string(level) || json_object_get(json, "log.level"))
		return;
	if (severity_of_level((struct slice){json_string_value(level),
					     json_string_length(level)},
			      &severity))
		expect(f->has_severity && f->severity == severity &&
		       is_string(level, f->level));
}

/* The text of an error that stands in an object of its own is matched. */
static void check_error(const struct fields *f, const json_t *json)
{
	const json_t *error = json_object_get(json, "error");
	const json_t *text = json_object_get(error, "message");

	if (json_is_string(text) && json_object_size(json) <= 2 &&
	    json_object_size(error) == 1 && json_string_length(text))
		expect(memmem(f->text.ptr, f->text.len, json_string_value(text),
			      json_string_length(text)));
}

static void check_json(struct slice line)
{
	struct fields_scratch s = {.text = BUF_INIT};
	struct jscan members = {.members = NULL};
	struct err err = ERR_INIT;
	struct fields f;
	json_auto_t *json =
		json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);
	bool object = jscan_object(&members, line.ptr, line.len, &err) == 0;

	fields_read(&f, line, fields_format_find("json"), NOW, &s);
	expect(object == (is_one_of(&f, "json", "docker") ||
			  is_one_of(&f, "journal", "journal")));
	/* Jansson keeps the last of two members of a name. */
	if (object && json_is_object(json) &&
	    !is_one_of(&f, "docker", "docker") && !jscan_duplicate(&members)) {
		check_message(&f, json);
		check_error(&f, json);
	}
	jscan_done(&members);
	fields_scratch_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;
	struct slice line;
	size_t count = 0;

	if (size == 0)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	line = (struct slice){copy, size};
	while (fields_formats[count])
		count++;
	check_line(line, NULL);
	if (count)
		check_line(line,
			   fields_format_find(fields_formats[size % count]));
	check_json(line);
	free(copy);
	return 0;
}
