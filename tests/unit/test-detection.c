/* test-detection.c - what a detection record says, and who it is. */
#include "unit.h"

#include <oncall/detection.h>
#include <oncall/when.h>

#define NOW INT64_C(1795168800000)

static struct jscan scan, scratch;

/* Reads a record, which has to outlive d. */
static int read_line(struct detection *d, const char *line, struct err *err)
{
	if (jscan_object(&scan, line, strlen(line), err) < 0)
		return -1;
	return detection_read(d, slice_of(line), &scan, &scratch, NOW, err);
}

static void good(struct detection *d, const char *line)
{
	struct err err = ERR_INIT;
	int rc = read_line(d, line, &err);

	assert_no_err(&err);
	assert_int_equal(rc, 0);
}

static void fingerprints_are_those_of_the_sentence(void **state)
{
	static const struct {
		const char *parts[4]; /* ended by NULL */
		const char *wanted;   /* by sha256sum */
	} cases[] = {
		{{"pg-too-many-clients", "db", NULL},
		 "v1:5343b116a423a74b3e162f18697274fd"},
		{{"a", "b", "c", NULL}, "v1:13e228567e8249fce53337f25d7970de"},
		{{"p", "", NULL}, "v1:08fc2a16d94eadbedfd6e73e5c8cfb2e"},
		{{"", NULL}, "v1:6e340b9cffb37a989ca544e6bb780a2c"},
		{{NULL}, "v1:e3b0c44298fc1c149afbf4c8996fb924"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[DETECTION_FINGERPRINT];
		struct slice parts[4];
		size_t n;

		for (n = 0; cases[i].parts[n]; n++)
			parts[n] = slice_of(cases[i].parts[n]);
		detection_fingerprint(text, parts, n);
		assert_string_equal(text, cases[i].wanted);
	}
}

/* The fingerprint of a record. */
static void identity_is(const char *line, const char *wanted)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct detection d = {.count = 0};

	good(&d, line);
	detection_identity(&out, &d);
	assert_string_equal(buf_str(&out), wanted);
}

static void identity_is_pattern_and_service_unless_said(void **state)
{
	(void)state;
#define PG "v1:5343b116a423a74b3e162f18697274fd"
	identity_is("{\"severity\":\"low\",\"pattern\":\"pg-too-many-clients\","
		    "\"service\":\"db\",\"host\":\"h\",\"title\":\"t\"}",
		    PG);
	identity_is("{\"service\":\"\\u0064b\",\"pattern\":"
		    "\"pg-too-many-client\\u0073\",\"severity\":\"high\"}",
		    PG);
	identity_is("{\"severity\":\"low\",\"pattern\":\"p\"}",
		    "v1:08fc2a16d94eadbedfd6e73e5c8cfb2e");
	identity_is("{\"severity\":\"low\",\"pattern\":\"p\","
		    "\"service\":\"\"}",
		    "v1:08fc2a16d94eadbedfd6e73e5c8cfb2e");
	identity_is("{\"severity\":\"low\",\"pattern\":\"p\","
		    "\"service\":\"db\",\"simulated\":true}",
		    "v1:acd7742e352742b15adf4767b266f28e");
	identity_is("{\"severity\":\"low\",\"pattern\":\"p\","
		    "\"fingerprint\":\"mine\\n\"}",
		    "mine\n");
}

/* The id of a record. */
static void id_is(const char *line, const char *wanted)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct detection d = {.count = 0};

	good(&d, line);
	detection_id(&out, &d);
	assert_string_equal(buf_str(&out), wanted);
}

static void an_id_that_is_absent_is_a_hash_of_the_line(void **state)
{
	(void)state;
	id_is("{\"severity\":\"low\",\"pattern\":\"p\",\"id\":\"\\u0061\"}",
	      "a");
	id_is("{\"type\":\"detection\",\"severity\":\"low\",\"pattern\":\"p\"}",
	      "2361b8b35725a5f3c056a73400f503e5");
}

static void what_is_absent_follows_from_the_rest(void **state)
{
	struct detection d = {.count = 0};

	(void)state;
	good(&d, "{\"severity\":\"high\",\"pattern\":\"p\"}");
	assert_int_equal(d.severity, SEVERITY_HIGH);
	assert_int_equal(d.time, NOW);
	assert_int_equal(d.event_time, NOW);
	assert_int_equal(d.first, NOW);
	assert_int_equal(d.last, NOW);
	assert_int_equal(d.count, 1);
	assert_true(d.position == DETECTION_NO_POSITION);
	assert_null(d.service.ptr);
	assert_false(d.simulated);
	good(&d, "{\"severity\":\"low\",\"pattern\":\"p\","
		 "\"time\":\"2026-11-20T10:00:01Z\","
		 "\"event_time\":\"2026-11-20T11:00:02+01:00\"}");
	assert_int_equal(d.time, NOW + 1000);
	assert_int_equal(d.event_time, NOW + 2000);
	assert_int_equal(d.first, NOW + 2000);
	assert_int_equal(d.last, NOW + 2000);
	good(&d, "{\"severity\":\"low\",\"pattern\":\"p\","
		 "\"event_time\":null,\"first\":\"2026-11-20T10:00:03Z\"}");
	assert_int_equal(d.event_time, NOW);
	assert_int_equal(d.first, NOW + 3000);
	assert_int_equal(d.last, NOW);
}

static void null_and_an_empty_text_say_nothing(void **state)
{
	struct detection d = {.count = 0};

	(void)state;
	good(&d, "{\"severity\":\"low\",\"pattern\":\"p\",\"service\":null,"
		 "\"host\":\"\",\"id\":\"\",\"fingerprint\":\"\","
		 "\"simulated\":null,"
		 "\"source\":{\"stream\":\"\",\"offset\":3}}");
	assert_null(d.service.ptr);
	assert_null(d.host.ptr);
	assert_null(d.id.ptr);
	assert_null(d.fingerprint.ptr);
	assert_null(d.stream.ptr);
}

static void members_are_found_however_their_keys_are_written(void **state)
{
	struct detection d = {.count = 0};

	(void)state;
	good(&d, "{\"s\\u0065verity\":\"low\",\"p\\u0061ttern\":\"p\","
		 "\"co\\u0075nt\":7}");
	assert_int_equal(d.severity, SEVERITY_LOW);
	assert_int_equal(d.count, 7);
	assert_true(slice_is(d.pattern, "\"p\""));
}

static void positions_want_a_stream_and_an_offset(void **state)
{
	struct detection d = {.count = 0};

	(void)state;
	good(&d, "{\"severity\":\"low\",\"pattern\":\"p\",\"source\":"
		 "{\"stream\":\"s\",\"offset\":9007199254740993}}");
	assert_true(slice_is(d.stream, "\"s\""));
	assert_true(d.position == INT64_C(9007199254740993));
	good(&d, "{\"severity\":\"low\",\"pattern\":\"p\",\"source\":"
		 "{\"stream\":\"s\",\"offset\":1e3}}");
	assert_int_equal(d.position, 1000);
	good(&d, "{\"severity\":\"low\",\"pattern\":\"p\",\"source\":"
		 "{\"offset\":5}}");
	assert_true(d.position == DETECTION_NO_POSITION);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *members, *message;
	} cases[] = {
		{"\"pattern\":\"p\"", "must have 'severity'"},
		{"\"severity\":\"low\"", "'pattern' or 'fingerprint'"},
		{"\"severity\":\"low\",\"pattern\":\"\"",
		 "'pattern' or 'fingerprint'"},
		{"\"severity\":\"LOW\",\"pattern\":\"p\"", "'severity'"},
		{"\"severity\":\"low\",\"pattern\":1", "'pattern'"},
		{"\"severity\":\"low\",\"pattern\":\"p\",\"count\":0",
		 "'count'"},
		{"\"severity\":\"low\",\"pattern\":\"p\",\"tags\":\"a\"",
		 "'tags'"},
		{"\"severity\":\"low\",\"pattern\":\"p\",\"labels\":{\"a\":1,"
		 "\"a\":2}",
		 "'labels'"},
		{"\"severity\":\"low\",\"pattern\":\"p\",\"simulated\":1",
		 "'simulated'"},
		{"\"severity\":\"low\",\"pattern\":\"p\",\"source\":[]",
		 "'source'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf line = BUF_INIT;
		struct err err = ERR_INIT;
		struct detection d = {.count = 0};

		buf_addf(&line, "{%s}", cases[i].members);
		assert_int_equal(read_line(&d, line.data, &err), -1);
		assert_err(&err, ERR_INPUT, cases[i].message);
	}
}

/* Whether a member of so many bytes is taken. */
static bool takes(const char *name, int bytes)
{
	AUTO_BUF struct buf line = BUF_INIT;
	struct err err = ERR_INIT;
	struct detection d = {.count = 0};

	buf_addf(&line,
		 "{\"severity\":\"low\",\"pattern\":\"p\",\"x\":{},"
		 "\"source\":{\"offset\":1,\"stream\":\"s\"},\"%s\":\"%0*d\"}",
		 name, bytes, 0);
	return read_line(&d, line.data, &err) == 0;
}

static void keys_have_a_length_that_every_store_can_hold(void **state)
{
	(void)state;
	assert_true(takes("id", DETECTION_KEY_MAX));
	assert_false(takes("id", DETECTION_KEY_MAX + 1));
	assert_false(takes("service", DETECTION_KEY_MAX + 1));
	assert_false(takes("fingerprint", DETECTION_KEY_MAX + 1));
	assert_true(takes("title", DETECTION_KEY_MAX + 1));
}

static void text_is_what_a_store_can_hold(void **state)
{
	static const char *const cases[][2] = {
		{"\"a\\u0000b\\u0000\"", "a\xef\xbf\xbd"
					 "b\xef\xbf\xbd"},
		{"\"\\ud800x\"", "\xef\xbf\xbdx"},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
		{"\"\"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;

		buf_add_str(&out, "before ");
		detection_text(&out, slice_of(cases[i][0]));
		assert_string_equal(buf_str(&out) + 7, cases[i][1]);
	}
}

static int tear_down(void **state)
{
	(void)state;
	jscan_done(&scan);
	jscan_done(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fingerprints_are_those_of_the_sentence),
		cmocka_unit_test(identity_is_pattern_and_service_unless_said),
		cmocka_unit_test(an_id_that_is_absent_is_a_hash_of_the_line),
		cmocka_unit_test(what_is_absent_follows_from_the_rest),
		cmocka_unit_test(null_and_an_empty_text_say_nothing),
		cmocka_unit_test(
			members_are_found_however_their_keys_are_written),
		cmocka_unit_test(positions_want_a_stream_and_an_offset),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(keys_have_a_length_that_every_store_can_hold),
		cmocka_unit_test(text_is_what_a_store_can_hold),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
