#include "unit.h"

#include <jansson.h>
#include <math.h>

#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/when.h>

static void puts_commas_where_they_belong(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	jwrite_open(&b, NULL, '{');
	jwrite_open(&b, "empty", '{');
	jwrite_close(&b, '}');
	jwrite_open(&b, "list", '[');
	jwrite_int(&b, NULL, 1);
	jwrite_str(&b, NULL, "a");
	jwrite_open(&b, NULL, '[');
	jwrite_close(&b, ']');
	jwrite_open(&b, NULL, '{');
	jwrite_bool(&b, "t", true);
	jwrite_bool(&b, "f", false);
	jwrite_close(&b, '}');
	jwrite_close(&b, ']');
	jwrite_raw(&b, "raw", SLICE_LIT("{\"x\":[]}"));
	jwrite_str(&b, "last", "[");
	jwrite_str(&b, "really", "");
	jwrite_close(&b, '}');
	assert_string_equal(buf_str(&b),
			    "{\"empty\":{},\"list\":[1,\"a\",[],{\"t\":true,"
			    "\"f\":false}],\"raw\":{\"x\":[]},\"last\":\"[\","
			    "\"really\":\"\"}");
}

static void begins_anew_on_a_new_line(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		jwrite_open(&b, NULL, '{');
		jwrite_int(&b, "n", i);
		jwrite_close(&b, '}');
		buf_add_char(&b, '\n');
	}
	assert_string_equal(buf_str(&b), "{\"n\":0}\n{\"n\":1}\n");
}

static void records_begin_alike(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	jwrite_record(&b, "detection", SLICE_LIT("a\"b"), 1763600000000);
	jwrite_bool(&b, "more", true);
	jwrite_close(&b, '}');
	assert_string_equal(buf_str(&b),
			    "{\"type\":\"detection\",\"id\":\"a\\\"b\","
			    "\"time\":\"2025-11-20T00:53:20.000Z\","
			    "\"more\":true}");
}

static void escapes_and_repairs(void **state)
{
	static const char hostile[] = "a\"b\\c\n\t\x01\x7f\xff\xc3\xa9\0z/";
	AUTO_BUF struct buf b = BUF_INIT;
	AUTO_BUF struct buf back = BUF_INIT;
	struct jscan s = {.members = NULL};
	struct err err = ERR_INIT;

	(void)state;
	jwrite_open(&b, NULL, '{');
	jwrite_text(&b, "k\"ey\n",
		    (struct slice){hostile, sizeof(hostile) - 1});
	jwrite_close(&b, '}');
	assert_int_equal(jscan_object(&s, b.data, b.len, &err), 0);
	assert_non_null(jscan_get(&s, "k\"ey\n"));
	jscan_unquote(&back, s.members[0].value);
	assert_int_equal(back.len, sizeof(hostile) - 1 + 2);
	assert_memory_equal(back.data,
			    "a\"b\\c\n\t\x01\x7f\xef\xbf\xbd\xc3\xa9\0z/",
			    back.len);
	jscan_done(&s);
}

static void writes_null_for_nothing(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	jwrite_open(&b, NULL, '[');
	jwrite_text(&b, NULL, (struct slice){NULL, 0});
	jwrite_text(&b, NULL, (struct slice){"", 0});
	jwrite_str(&b, NULL, NULL);
	jwrite_raw(&b, NULL, (struct slice){NULL, 0});
	jwrite_real(&b, NULL, (double)NAN);
	jwrite_real(&b, NULL, -(double)INFINITY);
	jwrite_close(&b, ']');
	assert_string_equal(buf_str(&b), "[null,\"\",null,null,null,null]");
}

static void leaves_out_what_says_nothing(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	jwrite_open(&b, NULL, '{');
	jwrite_str_opt(&b, "a", NULL);
	jwrite_str_opt(&b, "b", "");
	jwrite_time_opt(&b, "c", WHEN_NONE);
	jwrite_str_opt(&b, "d", "x");
	jwrite_time_opt(&b, "e", 0);
	jwrite_close(&b, '}');
	assert_string_equal(buf_str(&b), "{\"d\":\"x\","
					 "\"e\":\"1970-01-01T00:00:00.000Z\"}");
}

static void writes_whole_numbers(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	jwrite_open(&b, NULL, '[');
	jwrite_int(&b, NULL, 0);
	jwrite_int(&b, NULL, INT64_MAX);
	jwrite_int(&b, NULL, INT64_MIN);
	jwrite_close(&b, ']');
	assert_string_equal(buf_str(&b),
			    "[0,9223372036854775807,-9223372036854775808]");
}

static void real_numbers_come_back_as_they_were(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0.0, "0"},
		{0.1, "0.1"},
		{-2.5, "-2.5"},
		{0.87, "0.87"},
		{1e21, "1e+21"},
		{1.0 / 3.0, "0.3333333333333333"},
		{1e-300, "1e-300"},
		{123456.789, "123456.789"},
		{5e-324, "4.94065645841247e-324"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf b = BUF_INIT;
		json_auto_t *json = NULL;

		jwrite_real(&b, NULL, cases[i].value);
		assert_string_equal(buf_str(&b), cases[i].text);
		json = json_loadb(b.data, b.len, JSON_DECODE_ANY, NULL);
		assert_non_null(json);
		assert_true(json_number_value(json) == cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_commas_where_they_belong),
		cmocka_unit_test(begins_anew_on_a_new_line),
		cmocka_unit_test(records_begin_alike),
		cmocka_unit_test(escapes_and_repairs),
		cmocka_unit_test(writes_null_for_nothing),
		cmocka_unit_test(leaves_out_what_says_nothing),
		cmocka_unit_test(writes_whole_numbers),
		cmocka_unit_test(real_numbers_come_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
