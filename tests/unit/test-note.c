#include "unit.h"

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/note.h>

static void reads(struct note *n, const char *text)
{
	struct err err = ERR_INIT;

	if (note_read(n, slice_of(text), &err) < 0)
		fail_msg("unexpected: %s", err.text);
}

static void refuses(const char *text, const char *part)
{
	struct note n;
	struct err err = ERR_INIT;

	assert_int_equal(note_read(&n, slice_of(text), &err), -1);
	assert_err(&err, ERR_INPUT, part);
	note_done(&n);
}

static const char *field(const struct note *n, const char *name)
{
	for (size_t i = 0; i < n->field_count; i++)
		if (!strcmp(n->fields[i].name, name))
			return n->fields[i].value;
	return "(none)";
}

static void a_message_is_read(void **state)
{
	AUTO_NOTE struct note n;

	(void)state;
	reads(&n,
	      "{\"type\":\"message\",\"key\":\"k\",\"title\":\"t\","
	      "\"time\":\"2026-11-20T10:11:12.000Z\",\"severity\":\"critical\","
	      "\"to\":[\"ana\",\"ops\",7],\"room\":\"r\",\"supersedes\":\"j\","
	      "\"text\":\"a\\nb\",\"count\":3,\"tags\":\"x\","
	      "\"fields\":{\"n\":0.87,\"yes\":true,\"no\":null,\"l\":[1,2]},"
	      "\"links\":[{\"text\":\"x\",\"url\":\"https://e/\\\"a\\\"\"},"
	      "{\"url\":\"javascript:alert(1)\"},\"http://f\"],"
	      "\"buttons\":[{\"id\":\"ack\",\"label\":\"A\","
	      "\"command\":\"c\"},{\"label\":\"no id\"}]}");
	assert_string_equal(n.key, "k");
	assert_int_equal(n.time, INT64_C(1795169472000));
	assert_true(n.has_severity);
	assert_int_equal(n.severity, SEVERITY_CRITICAL);
	assert_string_equal(n.to[1], "ops");
	assert_null(n.to[2]);
	assert_string_equal(n.tags[0], "x");
	assert_string_equal(n.text, "a\nb");
	assert_int_equal(n.count, 3);
	assert_string_equal(field(&n, "n"), "0.87");
	assert_string_equal(field(&n, "yes"), "true");
	assert_string_equal(field(&n, "no"), "(none)");
	assert_string_equal(field(&n, "l"), "[1,2]");
	assert_int_equal(n.link_count, 2);
	assert_string_equal(n.links[0].value, "https://e/%22a%22");
	assert_string_equal(n.links[1].name, "http://f");
	assert_int_equal(n.button_count, 1);
	assert_false(n.over);
}

static void text_is_repaired_and_titles_are_one_line(void **state)
{
	AUTO_NOTE struct note n;
	AUTO_NOTE struct note bad;

	(void)state;
	reads(&n, "{\"type\":\"message\",\"key\":\"k\","
		  "\"title\":\" a\\r\\nBcc: x\\u0000\\u001b[1m\\u202ey\\n\","
		  "\"text\":\"a\\r\\nb\\rc\\u0007\\td\\n\\n\"}");
	assert_string_equal(n.title, "a  Bcc: x??[1m?y");
	assert_string_equal(n.text, "a\nb\nc?\td");
	reads(&bad, "{\"type\":\"message\",\"key\":\"k\",\"title\":\"\xff"
		    "\xc3\"}");
	assert_string_equal(bad.title, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void without_a_title_the_first_line_is_it(void **state)
{
	AUTO_NOTE struct note n;
	AUTO_NOTE struct note plain;
	AUTO_NOTE struct note empty;
	AUTO_NOTE struct note lengthy;
	AUTO_FREE char *big = mem_zero(5001, 1);

	(void)state;
	reads(&n, "{\"type\":\"message\",\"id\":\"i\",\"text\":\"a\\nb\\nc\"}");
	assert_string_equal(n.title, "a");
	assert_string_equal(n.text, "b\nc");
	assert_string_equal(n.key, "i");
	note_of_text(&plain, SLICE_LIT("one line\n"));
	assert_string_equal(plain.title, "one line");
	assert_null(plain.text);
	assert_int_equal(strlen(plain.key), 32);
	note_of_text(&empty, SLICE_LIT(""));
	assert_string_equal(empty.title, "(nothing)");
	memset(big, 'x', 5000);
	note_of_text(&lengthy, slice_of(big));
	assert_true(strlen(lengthy.title) <= 1024);
	assert_string_equal(lengthy.text, big);
}

static bool is_over(const char *members)
{
	AUTO_NOTE struct note n;
	AUTO_FREE char *text = mem_printf("{\"type\":\"message\",\"key\":\"k\","
					  "\"title\":\"t\",%s}",
					  members);

	reads(&n, text);
	return n.over;
}

static void what_is_over_is_known(void **state)
{
	(void)state;
	assert_true(is_over("\"reason\":\"all_resolved\""));
	assert_true(is_over("\"reason\":\"resolved\",\"to\":\"ana\""));
	assert_false(is_over("\"reason\":\"resolved\""));
	assert_true(is_over("\"status\":\"closed\""));
	assert_false(is_over("\"status\":\"open\""));
}

static void other_records_are_told(void **state)
{
	AUTO_NOTE struct note i;
	AUTO_NOTE struct note a;
	AUTO_NOTE struct note r;
	AUTO_NOTE struct note d;
	AUTO_NOTE struct note f;

	(void)state;
	reads(&i, "{\"type\":\"incident\",\"id\":\"INC-20261120-0001\","
		  "\"revision\":2,\"status\":\"resolved\",\"title\":\"t\","
		  "\"count\":9,\"triage\":{\"decision\":\"suggest\","
		  "\"cause\":\"c\",\"actions\":[{\"command\":\"do it\"}]}}");
	assert_string_equal(i.title, "INC-20261120-0001: t");
	assert_string_equal(i.key, "INC-20261120-0001.2.resolved");
	assert_string_equal(i.thread, "INC-20261120-0001");
	assert_string_equal(i.code, "do it");
	assert_string_equal(field(&i, "count"), "9");
	assert_int_equal(i.count, 1);
	assert_true(i.over);
	reads(&a, "{\"type\":\"action\",\"id\":\"x\",\"name\":\"restart\","
		  "\"status\":\"done\",\"incident\":\"INC-20261120-0001\","
		  "\"output\":\"o\"}");
	assert_string_equal(a.title, "restart: done");
	assert_string_equal(a.code, "o");
	reads(&r, "{\"type\":\"run\",\"id\":\"x\",\"workflow\":\"w\","
		  "\"step\":\"s\",\"status\":\"failed\"}");
	assert_string_equal(r.title, "w: s: failed");
	reads(&d, "{\"type\":\"detection\",\"id\":\"x\",\"title\":\"t\","
		  "\"message\":\"m\",\"fields\":{\"a\":\"1\"}}");
	assert_string_equal(d.text, "m");
	assert_string_equal(field(&d, "a"), "1");
	reads(&f, "{\"type\":\"report\",\"id\":\"x\",\"metric\":\"mtta\","
		  "\"value\":12,\"unit\":\"seconds\",\"to\":\"2026-11-20\"}");
	assert_string_equal(f.title, "mtta: 12 seconds");
	assert_null(f.to);
}

static void what_says_nothing_is_refused(void **state)
{
	(void)state;
	refuses("", "no record");
	refuses("[]", "not an object");
	refuses("{\"a\":1}", "has no type");
	refuses("{\"type\":\"cursor\",\"id\":\"x\"}",
		"'cursor' cannot be told");
	refuses("{\"type\":\"message\",\"key\":\"k\"}", "neither title nor");
	refuses("{\"type\":\"message\",\"title\":\"t\"}", "has no key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_read),
		cmocka_unit_test(text_is_repaired_and_titles_are_one_line),
		cmocka_unit_test(without_a_title_the_first_line_is_it),
		cmocka_unit_test(what_is_over_is_known),
		cmocka_unit_test(other_records_are_told),
		cmocka_unit_test(what_says_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
