/*
 * The scanner agrees with Jansson on what is JSON and on what it says, but for
 * what they define differently: Jansson takes deeper nesting, overlooks a NUL
 * behind a number or word, and refuses \u0000 in keys, halves of surrogate
 * pairs and numbers that it cannot hold.
 */
#include "fuzz.h"

#include <jansson.h>

#include <oncall/jscan.h>
#include <oncall/utf8.h>

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static bool holds_escape(const char *p, size_t n, const char *start)
{
	size_t len = strlen(start);

	for (size_t i = 0; i + len <= n; i++)
		if (strncasecmp(p + i, start, len) == 0)
			return true;
	return false;
}

static bool jansson_may_refuse(const char *p, size_t n, const json_error_t *e)
{
	return json_error_code(e) == json_error_numeric_overflow ||
	       holds_escape(p, n, "\\ud") || holds_escape(p, n, "\\u0000");
}

static bool we_may_refuse(const char *p, size_t n, const struct err *err)
{
	return strstr(err->text, "nesting too deep") ||
	       strstr(err->text, "too many members") || memchr(p, '\0', n);
}

static void check_value(const struct jscan_member *m, const json_t *value)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice plain;
	int64_t number = 0;

	if (json_is_string(value)) {
		expect(m->type == JSCAN_STRING);
		jscan_unquote(&text, m->value);
		expect(utf8_valid(buf_str(&text), text.len));
		expect(text.len == json_string_length(value));
		expect(!memcmp(buf_str(&text), json_string_value(value),
			       text.len));
		if (jscan_plain(m->value, &plain))
			expect(slice_eq(plain, buf_slice(&text)));
	} else if (json_is_number(value)) {
		expect(m->type == JSCAN_NUMBER);
		if (json_is_integer(value))
			expect(jscan_int(m->value, &number) == 0 &&
			       number == json_integer_value(value));
		else if (jscan_int(m->value, &number) == 0)
			expect((double)number == json_real_value(value));
	} else {
		expect(json_is_object(value) == (m->type == JSCAN_OBJECT));
		expect(json_is_array(value) == (m->type == JSCAN_ARRAY));
		expect(json_is_true(value) == (m->type == JSCAN_TRUE));
		expect(json_is_false(value) == (m->type == JSCAN_FALSE));
		expect(json_is_null(value) == (m->type == JSCAN_NULL));
	}
}

static void check_members(const struct jscan *s, const json_t *json)
{
	const char *key;
	json_t *value;

	expect((s->count == json_object_size(json)) == !jscan_duplicate(s));
	if (jscan_duplicate(s))
		return;
	/* cppcheck-suppress unknownMacro */
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		const struct jscan_member *m = jscan_get(s, key);

		expect(m != NULL);
		check_value(m, value);
		expect(!jscan_get_again(s, m, key));
	}
}

static void check_splice(const char *p, size_t n, const struct jscan *s)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct jscan after = {.members = NULL};
	const struct jscan_member *m = jscan_get(s, "k");

	if (jscan_splice(&out, p, n, "k", SLICE_LIT("[0]"), &err) < 0) {
		expect(m && jscan_get_again(s, m, "k"));
		return;
	}
	expect(jscan_object(&after, out.data, out.len, &err) == 0);
	expect(after.count == s->count + !m);
	expect(slice_is(jscan_get(&after, "k")->value, "[0]"));
	jscan_done(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = data ? (const char *)data : "";
	struct jscan s = {.members = NULL};
	struct err err = ERR_INIT;
	struct err object_err = ERR_INIT;
	json_error_t why;
	json_auto_t *json =
		json_loadb(p, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	bool good = jscan_array((struct slice){p, size}, NULL, NULL, &err) == 0;
	bool object = jscan_object(&s, p, size, &object_err) == 0;

	if (good && !json)
		expect(jansson_may_refuse(p, size, &why));
	if (!good && json)
		expect(we_may_refuse(p, size, &err));
	expect(!object || good || we_may_refuse(p, size, &err));
	if (good && json)
		expect(object == json_is_object(json));
	if (object && json)
		check_members(&s, json);
	if (object)
		check_splice(p, size, &s);
	jscan_done(&s);
	return 0;
}
