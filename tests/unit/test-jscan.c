#include "unit.h"

#include <jansson.h>
#include <stdio.h>

#include <oncall/jscan.h>
#include <oncall/mem.h>

/* What the two readers say to a text: the same, or for a stated reason not. */
enum verdict {
	GOOD,
	BAD,
	ONLY_OURS,   /* Jansson refuses it */
	ONLY_JANSSON /* we refuse it */
};

struct text {
	const char *json;
	enum verdict verdict;
	size_t len; /* where a NUL stands inside, else 0 */
};

#define WITH_NUL(s, v)              \
	{                           \
		s, v, sizeof(s) - 1 \
	}

static const struct text values[] = {
	/* words */
	{"true", GOOD, 0},
	{"false", GOOD, 0},
	{"null", GOOD, 0},
	{"True", BAD, 0},
	{"tru", BAD, 0},
	{"truee", BAD, 0},
	{"nul", BAD, 0},
	{"NaN", BAD, 0},
	{"Infinity", BAD, 0},
	{"undefined", BAD, 0},
	{"t", BAD, 0},
	/* numbers */
	{"0", GOOD, 0},
	{"-0", GOOD, 0},
	{"1", GOOD, 0},
	{"-1", GOOD, 0},
	{"10", GOOD, 0},
	{"0.0", GOOD, 0},
	{"1.5e3", GOOD, 0},
	{"1E3", GOOD, 0},
	{"1e+3", GOOD, 0},
	{"1e-3", GOOD, 0},
	{"0e0", GOOD, 0},
	{"9223372036854775807", GOOD, 0},
	{"-9223372036854775808", GOOD, 0},
	{"01", BAD, 0},
	{"-01", BAD, 0},
	{"00", BAD, 0},
	{"+1", BAD, 0},
	{"-", BAD, 0},
	{"--1", BAD, 0},
	{".5", BAD, 0},
	{"1.", BAD, 0},
	{"-.5", BAD, 0},
	{"1.e3", BAD, 0},
	{"1e", BAD, 0},
	{"1e+", BAD, 0},
	{"1e3.5", BAD, 0},
	{"0x10", BAD, 0},
	{"1_000", BAD, 0},
	{"1,5", BAD, 0},
	{"1 2", BAD, 0},
	{"-a", BAD, 0},
	/* Jansson makes int64_t and double of numbers; we keep their text. */
	{"9223372036854775808", ONLY_OURS, 0},
	{"123456789012345678901234567890", ONLY_OURS, 0},
	{"1e999", ONLY_OURS, 0},
	/* strings */
	{"\"\"", GOOD, 0},
	{"\"a\"", GOOD, 0},
	{"\"a b\"", GOOD, 0},
	{"\"exactly sixteen.\"", GOOD, 0},
	{"\"more than sixteen bytes, and more than thirty-two\"", GOOD, 0},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", GOOD, 0},
	{"\"\\u00e9\\u20AC\"", GOOD, 0},
	{"\"\\ud83d\\ude00\"", GOOD, 0},
	{"\"0123456789abcdef\\n0123456789abcdef\\\"x\"", GOOD, 0},
	{"\"\x7f\"", GOOD, 0},
	{"\"", BAD, 0},
	{"\"a", BAD, 0},
	{"\"a\\", BAD, 0},
	{"\"a\\\"", BAD, 0},
	{"'a'", BAD, 0},
	{"\"a\" \"b\"", BAD, 0},
	{"\"\\a\"", BAD, 0},
	{"\"\\x41\"", BAD, 0},
	{"\"\\'\"", BAD, 0},
	{"\"\\u12\"", BAD, 0},
	{"\"\\u12g4\"", BAD, 0},
	{"\"\\u\"", BAD, 0},
	{"\"\\U0041\"", BAD, 0},
	{"\"\\u004", BAD, 0},
	{"\"a\nb\"", BAD, 0},
	{"\"a\tb\"", BAD, 0},
	{"\"\x01\"", BAD, 0},
	{"\"\x1f\"", BAD, 0},
	{"\"01234567890123456789\x1f 0123456789\"", BAD, 0},
	WITH_NUL("\"a\0b\"", BAD),
	WITH_NUL("\"a\"\0", BAD),
	WITH_NUL("\0", BAD),
	/* Jansson overlooks a NUL that it reads to find the end of a value. */
	WITH_NUL("[1\0]", ONLY_JANSSON),
	WITH_NUL("[true\0]", ONLY_JANSSON),
	/* Jansson refuses NUL in text, and halves of surrogate pairs. */
	{"\"\\u0000\"", ONLY_OURS, 0},
	{"\"\\ud83d\"", ONLY_OURS, 0},
	{"\"\\ude00\"", ONLY_OURS, 0},
	{"\"\\ud83d\\u0041\"", ONLY_OURS, 0},
	{"\"\\ud83dx\"", ONLY_OURS, 0},
	/* UTF-8 */
	{"\"\xc3\xa9\"", GOOD, 0},
	{"\"\xe2\x82\xac\"", GOOD, 0},
	{"\"\xf0\x9f\x98\x80\"", GOOD, 0},
	{"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 and plain text behind\"", GOOD,
	 0},
	{"\"plain text and then \xc3\xa9\"", GOOD, 0},
	{"\"\xf4\x8f\xbf\xbf\"", GOOD, 0},
	{"\"\xef\xbf\xbf\"", GOOD, 0},
	{"\"\xff\"", BAD, 0},
	{"\"\xc3\"", BAD, 0},
	{"\"\xc3", BAD, 0},
	{"\"\x80\"", BAD, 0},
	{"\"\xc0\x80\"", BAD, 0},
	{"\"\xc1\xbf\"", BAD, 0},
	{"\"\xe0\x80\x80\"", BAD, 0},
	{"\"\xed\xa0\x80\"", BAD, 0},
	{"\"\xed\xbf\xbf\"", BAD, 0},
	{"\"\xf4\x90\x80\x80\"", BAD, 0},
	{"\"\xf8\x88\x80\x80\x80\"", BAD, 0},
	{"\"\xe2\x82\"", BAD, 0},
	{"\"0123456789012345 \xe2\x82 0123456789012345\"", BAD, 0},
	{"\xc3\xa9", BAD, 0},
	{"\xef\xbb\xbf{}", BAD, 0},
	/* arrays */
	{"[]", GOOD, 0},
	{"[ ]", GOOD, 0},
	{"[1]", GOOD, 0},
	{"[1,2]", GOOD, 0},
	{" [ 1 , \"a\" , null , [ ] , { } ] ", GOOD, 0},
	{"\t[\r\n1]\n", GOOD, 0},
	{"[[[[]]]]", GOOD, 0},
	{"[[],[]]", GOOD, 0},
	{"[[1],[2],{\"a\":[3]}]", GOOD, 0},
	{"[", BAD, 0},
	{"]", BAD, 0},
	{"[1", BAD, 0},
	{"[1,", BAD, 0},
	{"[1,]", BAD, 0},
	{"[,1]", BAD, 0},
	{"[,]", BAD, 0},
	{"[1 2]", BAD, 0},
	{"[1;2]", BAD, 0},
	{"[1}", BAD, 0},
	{"[1]]", BAD, 0},
	{"[[1]", BAD, 0},
	{"[\"a\":1]", BAD, 0},
	{"[\v1]", BAD, 0},
	{"[1]\f", BAD, 0},
	{"[1] x", BAD, 0},
	{"[1]//", BAD, 0},
	{"[/**/]", BAD, 0},
	/* objects */
	{"{}", GOOD, 0},
	{"{ }", GOOD, 0},
	{" {} ", GOOD, 0},
	{"{\"a\":1}", GOOD, 0},
	{"{ \"a\" : 1 , \"b\" : [ ] }", GOOD, 0},
	{"{\"a\":{\"b\":{\"c\":[{}]}}}", GOOD, 0},
	{"{\"\":0}", GOOD, 0},
	{"{\"a\":1,\"a\":2}", GOOD, 0},
	{"{\"\\u0061\":1}", GOOD, 0},
	{"{\"a\":\"}\"}", GOOD, 0},
	{"{\"a\":\"\\\"}\"}", GOOD, 0},
	{"{\"a\":[{},{},[]],\"b\":{\"c\":{}}}", GOOD, 0},
	{"{", BAD, 0},
	{"}", BAD, 0},
	{"{\"a\"", BAD, 0},
	{"{\"a\":", BAD, 0},
	{"{\"a\":1", BAD, 0},
	{"{\"a\":1,", BAD, 0},
	{"{\"a\":1,}", BAD, 0},
	{"{,}", BAD, 0},
	{"{,\"a\":1}", BAD, 0},
	{"{\"a\"}", BAD, 0},
	{"{\"a\":}", BAD, 0},
	{"{:1}", BAD, 0},
	{"{a:1}", BAD, 0},
	{"{'a':1}", BAD, 0},
	{"{1:1}", BAD, 0},
	{"{null:1}", BAD, 0},
	{"{\"a\" 1}", BAD, 0},
	{"{\"a\"=1}", BAD, 0},
	{"{\"a\"::1}", BAD, 0},
	{"{\"a\":1 \"b\":2}", BAD, 0},
	{"{\"a\":1]", BAD, 0},
	{"{\"a\":[}", BAD, 0},
	{"{\"a\":[1}]", BAD, 0},
	{"{\"a\":{\"b\":1}", BAD, 0},
	{"{\"a\":1}}", BAD, 0},
	{"{\"a\":1}{", BAD, 0},
	{"{\"a\":1} 1", BAD, 0},
	{"{\"a\":1}\x01", BAD, 0},
	{"{[]}", BAD, 0},
	{"{\"a\":tru}", BAD, 0},
	{"{\"a\":{\"b\":tru}}", BAD, 0},
	{"{\"a\":\x01}", BAD, 0},
	{"{\"\x01\":1}", BAD, 0},
	{"{\"\xff\":1}", BAD, 0},
	{"{\"a\":{\"\xff\":1}}", BAD, 0},
	/* a key of \u0000 is a NUL, too */
	{"{\"\\u0000\":1}", ONLY_OURS, 0},
	/* nothing */
	{" ", BAD, 0},
	{"\n", BAD, 0},
	{",", BAD, 0},
	{":", BAD, 0},
	{"//", BAD, 0},
	{"#", BAD, 0},
};

/* A copy that ends where the text ends, for AddressSanitizer to watch. */
static char *exact(const char *p, size_t n)
{
	char *copy = mem_alloc(n ? n : 1);

	memcpy(copy, p, n);
	return copy;
}

static bool ours(const char *p, size_t n)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *copy = exact(p, n);
	int got = jscan_array((struct slice){copy, n}, NULL, NULL, &err);

	assert_int_equal(err.kind, got == 0 ? ERR_NONE : ERR_INPUT);
	return got == 0;
}

static bool ours_as_object(const char *p, size_t n)
{
	struct err err = ERR_INIT;
	struct jscan s = {.members = NULL};
	AUTO_FREE char *copy = exact(p, n);
	int got = jscan_object(&s, copy, n, &err);

	assert_int_equal(err.kind, got == 0 ? ERR_NONE : ERR_INPUT);
	jscan_done(&s);
	return got == 0;
}

static bool janssons(const char *p, size_t n, bool *ret_object)
{
	json_auto_t *json = json_loadb(p, n, JSON_DECODE_ANY, NULL);

	*ret_object = json_is_object(json);
	return json != NULL;
}

static void check_text(const char *p, size_t n, enum verdict verdict)
{
	bool object;
	bool jansson = janssons(p, n, &object);

	if (ours(p, n) != (verdict == GOOD || verdict == ONLY_OURS))
		fail_msg("wrong about '%.*s'", (int)n, p);
	if (jansson != (verdict == GOOD || verdict == ONLY_JANSSON))
		fail_msg("Jansson differs about '%.*s'", (int)n, p);
	if (verdict == GOOD && ours_as_object(p, n) != object)
		fail_msg("wrong about the object '%.*s'", (int)n, p);
}

static void agrees_with_jansson(void **state)
{
	(void)state;
	assert_true(ARRAY_LEN(values) >= 150);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const struct text *t = &values[i];

		check_text(t->json, t->len ? t->len : strlen(t->json),
			   t->verdict);
	}
}

/* The same texts as members, at the top and further in, and moved about so
 * that they meet the borders of the steps of 16 and 8 bytes. */
static void agrees_with_jansson_inside_of_records(void **state)
{
	static const char *const shapes[][2] = {
		{"{\"k\":", "}"},
		{"{\"k\":[", "]}"},
		{"{\"k\":{\"l\":", "},\"m\":0}"},
		{"{\"padding\":\"123456789\",\"k\": ",
		 " ,\"behind\":\"all of it\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values) * ARRAY_LEN(shapes); i++) {
		const struct text *t = &values[i % ARRAY_LEN(values)];
		const char *const *shape = shapes[i / ARRAY_LEN(values)];
		AUTO_BUF struct buf b = BUF_INIT;
		bool object;
		bool jansson;

		buf_add_str(&b, shape[0]);
		buf_add(&b, t->json, t->len ? t->len : strlen(t->json));
		buf_add_str(&b, shape[1]);
		jansson = janssons(b.data, b.len, &object);
		/* A quote left open may well be closed by the shape. */
		if (t->verdict == ONLY_OURS)
			jansson = true;
		if (t->verdict == ONLY_JANSSON)
			jansson = false;
		if (ours_as_object(b.data, b.len) != jansson)
			fail_msg("wrong about '%s'", b.data);
	}
}

static void notices_every_cut_and_every_bad_byte(void **state)
{
	static const char good[] = "{\"type\":\"detection\",\"n\":-12.5e3,"
				   "\"a\":[1,{\"b\":\"\\u00e9\\n"
				   "\xc3\xa9\"},true,false,null],\"long\":"
				   "\"0123456789abcdef0123456789"
				   "\"}";

	(void)state;
	assert_true(ours_as_object(good, sizeof(good) - 1));
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		char bent[sizeof(good)];

		assert_false(ours_as_object(good, i));
		memcpy(bent, good, sizeof(good));
		bent[i] = '\x01';
		assert_false(ours_as_object(bent, sizeof(good) - 1));
		bent[i] = '\xff';
		assert_false(ours_as_object(bent, sizeof(good) - 1));
	}
}

/* The three ways of looking at bytes stop at the same ones, wherever. */
static void stops_at_every_place(void **state)
{
	(void)state;
	for (size_t len = 0; len < 70; len++)
		for (size_t at = 0; at < len; at++) {
			AUTO_BUF struct buf b = BUF_INIT;

			buf_add_str(&b, "{\"k\":\"");
			for (size_t i = 0; i < len; i++)
				buf_add_char(&b, i == at ? '\x1f' : '~');
			buf_add_str(&b, "\"}");
			assert_false(ours_as_object(b.data, b.len));
			b.data[6 + at] = ' ';
			assert_true(ours_as_object(b.data, b.len));
			b.data[6 + at] = '\x80';
			assert_false(ours_as_object(b.data, b.len));
			b.data[6 + at] = '"';
			assert_false(ours_as_object(b.data, b.len));
		}
}

static void nested(struct buf *b, size_t depth, char open, char close)
{
	for (size_t i = 0; i < depth; i++) {
		if (i && open == '{')
			buf_add_str(b, "\"k\":");
		buf_add_char(b, open);
	}
	for (size_t i = 0; i < depth; i++)
		buf_add_char(b, close);
}

static void nests_as_deep_as_allowed(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		char open = i ? '{' : '[';
		char close = i ? '}' : ']';
		AUTO_BUF struct buf fits = BUF_INIT;
		AUTO_BUF struct buf deep = BUF_INIT;
		AUTO_BUF struct buf abyss = BUF_INIT;
		struct err err = ERR_INIT;

		nested(&fits, JSCAN_MAX_DEPTH, open, close);
		nested(&deep, JSCAN_MAX_DEPTH + 1, open, close);
		nested(&abyss, 1000000, open, close);
		assert_true(ours(fits.data, fits.len));
		assert_false(ours(deep.data, deep.len));
		assert_int_equal(
			jscan_array(buf_slice(&abyss), NULL, NULL, &err), -1);
		assert_err(&err, ERR_INPUT, "nesting too deep");
	}
}

static void objects_count_in_the_depth(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	nested(&b, JSCAN_MAX_DEPTH, '{', '}');
	assert_true(ours_as_object(b.data, b.len));
	buf_reset(&b);
	nested(&b, JSCAN_MAX_DEPTH + 1, '{', '}');
	assert_false(ours_as_object(b.data, b.len));
}

static void limits_the_members(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;
	struct jscan s = {.members = NULL};
	struct err err = ERR_INIT;

	(void)state;
	buf_add_char(&b, '{');
	for (int i = 0; i < JSCAN_MAX_MEMBERS; i++)
		buf_addf(&b, "%s\"%d\":0", i ? "," : "", i);
	buf_add_char(&b, '}');
	assert_int_equal(jscan_object(&s, b.data, b.len, &err), 0);
	assert_int_equal(s.count, JSCAN_MAX_MEMBERS);
	assert_null(jscan_duplicate(&s));
	buf_truncate(&b, b.len - 1);
	buf_add_str(&b, ",\"more\":0}");
	assert_int_equal(jscan_object(&s, b.data, b.len, &err), -1);
	assert_err(&err, ERR_INPUT, "too many members");
	jscan_done(&s);
}

static void says_what_and_where(void **state)
{
	static const struct {
		const char *json;
		const char *text;
	} cases[] = {
		{"", "not a JSON object"},
		{"[]", "not a JSON object"},
		{"hello", "not a JSON object"},
		{"{\"a\":1", "the text ends too early at byte 7"},
		{"{\"a\":\"x", "the text ends too early at byte 8"},
		{"{\"a\":01}", "a bad number at byte 7"},
		{"{\"a\":1.}", "a bad number at byte 8"},
		{"{\"a\":x}", "no JSON value at byte 6"},
		{"{\"a\":1;}", "no ',' or '}' behind a value at byte 7"},
		{"{\"a\":[1;]}", "no ',' or ']' behind a value at byte 8"},
		{"{\"a\" 1}", "no ':' behind a key at byte 6"},
		{"{a:1}", "no key in quotes at byte 2"},
		{"{\"a\":\"\\q\"}", "a bad escape at byte 7"},
		{"{\"a\":\"\\u00\"}", "a bad \\u escape at byte 7"},
		{"{\"a\":\"\t\"}", "a control byte in a string at byte 7"},
		{"{\"a\":\"\xff\"}", "a byte that is not UTF-8 at byte 7"},
		{"{} x", "something behind the value at byte 4"},
	};
	struct jscan s = {.members = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		const char *p = cases[i].json;

		assert_int_equal(jscan_object(&s, p, strlen(p), &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.text, cases[i].text);
	}
	jscan_done(&s);
}

static void scan(struct jscan *s, const char *json)
{
	struct err err = ERR_INIT;

	assert_int_equal(jscan_object(s, json, strlen(json), &err), 0);
}

static void finds_the_members(void **state)
{
	struct jscan s = {.members = NULL};
	const struct jscan_member *m;

	(void)state;
	scan(&s, " {\"a\": \"x\" ,\"b\":-1.5,\"c\":true,\"d\":false,\"e\":null,"
		 "\"f\":{\"a\":[]},\"g\":[1,{}],\"\\u0068\":0}");
	assert_int_equal(s.count, 8);
	m = jscan_get(&s, "a");
	assert_ptr_equal(m, &s.members[0]);
	assert_true(slice_is(m->value, "\"x\""));
	assert_int_equal(m->type, JSCAN_STRING);
	assert_true(slice_is(jscan_get(&s, "b")->value, "-1.5"));
	assert_int_equal(jscan_get(&s, "b")->type, JSCAN_NUMBER);
	assert_int_equal(jscan_get(&s, "c")->type, JSCAN_TRUE);
	assert_int_equal(jscan_get(&s, "d")->type, JSCAN_FALSE);
	assert_int_equal(jscan_get(&s, "e")->type, JSCAN_NULL);
	assert_true(slice_is(jscan_get(&s, "e")->value, "null"));
	assert_int_equal(jscan_get(&s, "f")->type, JSCAN_OBJECT);
	assert_true(slice_is(jscan_get(&s, "f")->value, "{\"a\":[]}"));
	assert_int_equal(jscan_get(&s, "g")->type, JSCAN_ARRAY);
	assert_true(slice_is(jscan_get(&s, "g")->value, "[1,{}]"));
	m = jscan_get(&s, "h");
	assert_true(m->key_escaped);
	assert_true(slice_is(m->key, "\\u0068"));
	assert_false(jscan_get(&s, "a")->key_escaped);
	assert_null(jscan_get(&s, ""));
	assert_null(jscan_get(&s, "aa"));
	scan(&s, "{}");
	assert_int_equal(s.count, 0);
	assert_null(jscan_get(&s, "a"));
	jscan_done(&s);
}

static void finds_keys_that_stand_twice(void **state)
{
	static const struct {
		const char *json;
		int at; /* -1: none */
	} cases[] = {
		{"{}", -1},
		{"{\"a\":1}", -1},
		{"{\"a\":1,\"b\":2,\"c\":{\"a\":1,\"a\":2}}", -1},
		{"{\"a\":1,\"a\":2}", 1},
		{"{\"\":1,\"\":2}", 1},
		{"{\"a\":1,\"b\":2,\"\\u0061\":3}", 2},
		{"{\"\\u0061\":1,\"a\":3}", 1},
		{"{\"\\u0061\":1,\"\\u0062\":2,\"\\u0061\":3}", 2},
		{"{\"longer-key-1\":1,\"longer-key-2\":2,\"longer-key-1\":3}",
		 2},
		/* ends and length the same, so the same hash */
		{"{\"aaaaXbbbb\":1,\"aaaaYbbbb\":2}", -1},
		{"{\"aXb\":1,\"aYb\":2,\"aXb\":2}", 2},
	};
	struct jscan s = {.members = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		scan(&s, cases[i].json);
		if (cases[i].at < 0)
			assert_null(jscan_duplicate(&s));
		else
			assert_ptr_equal(jscan_duplicate(&s),
					 &s.members[cases[i].at]);
	}
	scan(&s, "{\"a\":1,\"b\":2,\"\\u0061\":3}");
	assert_ptr_equal(jscan_get_again(&s, s.members, "a"), &s.members[2]);
	assert_null(jscan_get_again(&s, &s.members[1], "b"));
	jscan_done(&s);
}

static void finds_a_duplicate_among_many(void **state)
{
	struct jscan s = {.members = NULL};

	(void)state;
	for (int n = 60; n < 1000; n += 67) {
		AUTO_BUF struct buf b = BUF_INIT;

		buf_add_char(&b, '{');
		for (int i = 0; i < n; i++)
			buf_addf(&b, "\"k%d\":0,", i);
		buf_addf(&b, "\"k%d\":0}", n);
		scan(&s, b.data);
		assert_null(jscan_duplicate(&s));
		buf_truncate(&b, b.len - 1);
		buf_addf(&b, ",\"k%d\":0}", n / 2);
		scan(&s, b.data);
		assert_ptr_equal(jscan_duplicate(&s), &s.members[n + 1]);
	}
	jscan_done(&s);
}

static void unquotes(void **state)
{
	static const char *const cases[][2] = {
		{"\"\"", ""},
		{"\"plain\"", "plain"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"a\\u00e9b\\u20acc\"", "a\xc3\xa9"
					  "b\xe2\x82\xac"
					  "c"},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
		{"\"\\uD83D\\uDE00\\u004a\\u004A\"", "\xf0\x9f\x98\x80JJ"},
		{"\"\\ud83d\"", "\xef\xbf\xbd"},
		{"\"\\ude00x\"", "\xef\xbf\xbdx"},
		{"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
				       "A"},
		{"\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
		{"\"\\ud83d\\n\"", "\xef\xbf\xbd\n"},
		{"\"\xc3\xa9\"", "\xc3\xa9"},
		{"12", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf b = BUF_INIT;

		assert_true(cases[i][0][0] != '"' ||
			    ours(cases[i][0], strlen(cases[i][0])));
		jscan_unquote(&b, slice_of(cases[i][0]));
		assert_string_equal(buf_str(&b), cases[i][1]);
	}
}

static void plain_text_needs_no_copy(void **state)
{
	struct slice got = {NULL, 0};
	struct slice text = slice_of("\"text\"");

	(void)state;
	assert_true(jscan_plain(text, &got));
	assert_ptr_equal(got.ptr, text.ptr + 1);
	assert_int_equal(got.len, 4);
	assert_true(jscan_plain(slice_of("\"\""), &got));
	assert_int_equal(got.len, 0);
	assert_false(jscan_plain(slice_of("\"a\\n\""), &got));
	assert_false(jscan_plain(slice_of("12"), &got));
	assert_false(jscan_plain(slice_of("{}"), &got));
}

static const struct {
	const char *text;
	int64_t value;
} whole[] = {
	{"0", 0},
	{"-0", 0},
	{"0.000", 0},
	{"0e999999999999999999999", 0},
	{"0e-999999999999999999999", 0},
	{"17", 17},
	{"-17", -17},
	{"1.0", 1},
	{"1e3", 1000},
	{"1E+3", 1000},
	{"1.5e1", 15},
	{"100e-2", 1},
	{"0.001e3", 1},
	{"0.00120e5", 120},
	{"1000000000000000000000000e-24", 1},
	{"12345678901234567890e-1", 1234567890123456789},
	{"9223372036854775807", INT64_MAX},
	{"9223372036854775807.00", INT64_MAX},
	{"-9223372036854775808", INT64_MIN},
	{"-9.223372036854775808e18", INT64_MIN},
	{"9e18", 9000000000000000000},
	{"1e0000000000000000000000003", 1000},
};

static const char *const not_whole[] = {
	"9223372036854775808",
	"-9223372036854775809",
	"18446744073709551616",
	"99999999999999999999999999999999",
	"1e19",
	"1e99999999999999999999",
	"1e-1",
	"1e-99999999999999999999",
	"1.5",
	"0.1",
	"1.5e0",
	"100e-3",
	"",
	"-",
	"01",
	"1.",
	"1e",
	"1 ",
	" 1",
	"1x",
	"\"1\"",
	"true",
	"null",
	"[1]",
};

static void reads_whole_numbers(void **state)
{
	int64_t got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		got = -99;
		if (jscan_int(slice_of(whole[i].text), &got) < 0 ||
		    got != whole[i].value)
			fail_msg("'%s' gives %lld", whole[i].text,
				 (long long)got);
	}
	for (size_t i = 0; i < ARRAY_LEN(not_whole); i++)
		if (jscan_int(slice_of(not_whole[i]), &got) == 0)
			fail_msg("'%s' gives %lld", not_whole[i],
				 (long long)got);
}

static int add_element(void *arg, struct slice value, enum jscan_type type,
		       struct err *err)
{
	struct buf *b = arg;

	if (slice_is(value, "13"))
		return err_set(err, ERR_USAGE, "no thirteen");
	buf_addf(b, "%d:%.*s;", (int)type, (int)value.len, value.ptr);
	return 0;
}

static void visits_the_elements_in_order(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct slice array =
		slice_of("[ 1 , \"a\",true,false,null, {\"a\":[2]},[3, 4] ]");

	(void)state;
	assert_int_equal(jscan_array(array, add_element, &b, &err), 0);
	assert_string_equal(buf_str(&b), "1:1;0:\"a\";2:true;3:false;4:null;"
					 "5:{\"a\":[2]};6:[3, 4];");
	buf_reset(&b);
	assert_int_equal(jscan_array(slice_of("[]"), add_element, &b, &err), 0);
	assert_int_equal(
		jscan_array(slice_of("{\"a\":[5]}"), add_element, &b, &err), 0);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(
		jscan_array(slice_of("[1,13,2]"), add_element, &b, &err), -1);
	assert_err(&err, ERR_USAGE, "no thirteen");
	assert_string_equal(buf_str(&b), "1:1;");
}

static void splices(void **state)
{
	static const char *const cases[][2] = {
		{"{}", "{\"k\":[1]}"},
		{"{ }", "{ \"k\":[1]}"},
		{"{\"a\":1}", "{\"a\":1,\"k\":[1]}"},
		{" {\"a\" : 1 } ", " {\"a\" : 1 ,\"k\":[1]} "},
		{"{\"k\":0}", "{\"k\":[1]}"},
		{"{\"k\" : {\"x\":1} , \"b\":2}", "{\"k\" : [1] , \"b\":2}"},
		{"{\"a\":0,\"\\u006b\":\"}\"}", "{\"a\":0,\"\\u006b\":[1]}"},
		{"{\"kk\":0,\"x\":{\"k\":5}}",
		 "{\"kk\":0,\"x\":{\"k\":5},\"k\":[1]}"},
		{"{\"a\":\"}\"}", "{\"a\":\"}\",\"k\":[1]}"},
	};
	AUTO_BUF struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *p = cases[i][0];

		buf_reset(&b);
		assert_int_equal(jscan_splice(&b, p, strlen(p), "k",
					      slice_of("[1]"), &err),
				 0);
		assert_string_equal(buf_str(&b), cases[i][1]);
		assert_true(ours(b.data, b.len));
	}
}

static void splices_only_what_is_clear(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	const char *twice = "{\"k\":1,\"k\":2}";

	(void)state;
	assert_int_equal(jscan_splice(&b, twice, strlen(twice), "k",
				      slice_of("3"), &err),
			 -1);
	assert_err(&err, ERR_INPUT, "'k' stands twice");
	err_clear(&err);
	assert_int_equal(jscan_splice(&b, "[1]", 3, "k", slice_of("3"), &err),
			 -1);
	assert_err(&err, ERR_INPUT, "not a JSON object");
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_jansson),
		cmocka_unit_test(agrees_with_jansson_inside_of_records),
		cmocka_unit_test(notices_every_cut_and_every_bad_byte),
		cmocka_unit_test(stops_at_every_place),
		cmocka_unit_test(nests_as_deep_as_allowed),
		cmocka_unit_test(objects_count_in_the_depth),
		cmocka_unit_test(limits_the_members),
		cmocka_unit_test(says_what_and_where),
		cmocka_unit_test(finds_the_members),
		cmocka_unit_test(finds_keys_that_stand_twice),
		cmocka_unit_test(finds_a_duplicate_among_many),
		cmocka_unit_test(unquotes),
		cmocka_unit_test(plain_text_needs_no_copy),
		cmocka_unit_test(reads_whole_numbers),
		cmocka_unit_test(visits_the_elements_in_order),
		cmocka_unit_test(splices),
		cmocka_unit_test(splices_only_what_is_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
