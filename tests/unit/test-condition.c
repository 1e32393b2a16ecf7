/* test-condition.c - what conditions are read as, and comparisons. */
#include "unit-condition.h"

static void conditions_are_read_and_described(void **state)
{
	static const struct {
		const char *text, *words, *kind;
		bool parts;
	} cases[] = {
		{"3 times within 5m", "3 times within 5m", "threshold", false},
		{" 3\tTimes WITHIN 300S BY host ,service ",
		 "3 times within 5m by host, service", "threshold", false},
		{"1 time within 1d", "1 times within 1d", "threshold", false},
		{"usage > 85", "usage > 85", "value", false},
		{"usage>=85% and n!=-1.5e3", "usage >= 85% and n != -1.5e3",
		 "value", false},
		{"size < 2GB, 3 times within 1m by a.b",
		 "size < 2GB and 3 times within 1m by a.b", "threshold", false},
		{"took > 1.5s once", "took > 1.5s and once", "value", false},
		{"once", "once", "pattern", false},
		{"once by user", "once by user", "pattern", false},
		{"once within 1h30m", "once within 1h30m", "pattern", false},
		{"by host", "by host", "pattern", false},
		{"absent for 10m", "absent for 10m", "absence", false},
		{"absent for 10m after a-b.c_d by x",
		 "absent for 10m after a-b.c_d by x", "absence", false},
		{"a then b within 30s", "a then b within 30s", "sequence",
		 true},
		{"once then absent within 30s", "once then absent within 30s",
		 "sequence", true},
		{"3 then 4 within 30s", "3 then 4 within 30s", "sequence",
		 true},
		{"by without and within 2s by by",
		 "by without and within 2s by by", "absence", true},
		{"2 of {a,b , c} within 1m by h",
		 "2 of {a, b, c} within 1m by h", "group", true},
		{"2 of{a,b}within 1m", "2 of {a, b} within 1m", "group", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO_CONDITION struct condition *c = unit_parse(cases[i].text);
		AUTO_BUF struct buf words = BUF_INIT;

		condition_describe(c, &words);
		assert_string_equal(buf_str(&words), cases[i].words);
		assert_string_equal(condition_kind(c), cases[i].kind);
		assert_int_equal(condition_only_parts(c), cases[i].parts);
		condition_free(unit_parse(buf_str(&words)));
	}
}

static void what_a_condition_names_can_be_listed(void **state)
{
	AUTO_CONDITION struct condition *c =
		unit_parse("x > 1 and y < 2, 2 of {a, b} within 1m by h, s");

	(void)state;
	assert_string_equal(condition_part(c, 0), "a");
	assert_string_equal(condition_part(c, 1), "b");
	assert_null(condition_part(c, 2));
	assert_string_equal(condition_field(c, 0), "h");
	assert_string_equal(condition_field(c, 1), "s");
	assert_null(condition_field(c, 2));
	assert_string_equal(condition_capture(c, 0), "x");
	assert_string_equal(condition_capture(c, 1), "y");
	assert_null(condition_capture(c, 2));
}

static void errors_name_the_column_and_what_was_expected(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "column 1: expected a condition"},
		{"3 times in 5m", "column 9: expected 'within', not 'in'"},
		{"3 times within", "column 15: expected a duration"},
		{"3 times within 5", "column 16: expected a duration"},
		{"3 times within 0s", "column 16: expected a duration"},
		{"3 times within 99999999y", "column 16: expected a duration"},
		{"0 times within 5m", "column 1: expected a count from 1 to "},
		{"10001 times within 5m", "column 1: expected a count"},
		{"99999999999999999999 times within 5m", "column 1"},
		{"3 dogs", "column 3: expected 'times within' or 'of {'"},
		{"usage", "column 6: expected 'then', 'without' or a"},
		{"usage >", "column 8: expected a number"},
		{"usage > high", "column 9: expected a number"},
		{"usage > 85x", "column 9: expected a number"},
		{"usage ! 85", "column 7: expected one of > >="},
		{"usage > 85 and", "column 15: expected a comparison"},
		{"a then a within 5s", "column 8: expected another rule"},
		{"a then b", "column 9: expected 'within', but it ends"},
		{"2 of a, b within 5s", "column 6: expected '{'"},
		{"2 of {a, b within 5s", "column 12: expected ',' or '}'"},
		{"3 of {a, b} within 5s", "column 1: expected a count that"},
		{"1 of {} within 5s", "column 7: expected the name of a rule"},
		{"once by", "column 8: expected the name of a field"},
		{"once by a b", "column 11: expected ',' or the end"},
		{"once once", "column 6: expected 'by' or the end"},
		{"absent 5m", "column 8: expected 'for'"},
		{"once by a,b,c,d,e,f,g,h,i", "no more than 8 fields"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct condition *c = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(condition_parse(&c, cases[i].text, &err), -1);
		assert_null(c);
		assert_err(&err, ERR_USAGE, cases[i].message);
	}
}

static struct slice capture(void *arg, const char *name)
{
	assert_string_equal(name, "x");
	return slice_of(arg);
}

static void captures_are_compared_as_numbers_with_units(void **state)
{
	static const struct {
		const char *text, *value;
		const char *why; /* NULL: it holds */
	} cases[] = {
		{"x > 85", "85.01", NULL},
		{"x > 85", "85", "x is 85, not > 85"},
		{"x >= 85", "85", NULL},
		{"x < -1", "-2", NULL},
		{"x <= -1", "-1.0", NULL},
		{"x = 1e3", "1000", NULL},
		{"x != 3", "3.0", "x is 3.0, not != 3"},
		{"x != 3", "-3", NULL},
		{"x > 85%", "91%", NULL},
		{"x > 85%", "91", NULL},
		{"x > 85", "91 %", NULL},
		{"x > .5", ".6", NULL},
		{"x > 2GB", "2000000001", NULL},
		{"x > 2GB", "2 GB", "x is 2 GB, not > 2GB"},
		{"x > 2GB", "2GiB", NULL},
		{"x = 4K", "4096", NULL},
		{"x = 4k", "4000", NULL},
		{"x > 1.5s", "1501ms", NULL},
		{"x = 1.5s", "1500ms", NULL},
		{"x = 1.5s", "1500000us", NULL},
		{"x = 2m", "120 seconds", NULL},
		{"x = 90.5s", "1m30.5s", NULL},
		{"x > 1s", "1m", NULL},
		{"x > 1s", "5MB",
		 "x is '5MB', which has another unit, not > 1s"},
		{"x > 1", "abc", "x is 'abc', which is no number, not > 1"},
		{"x > 1", "", "x is '', which is no number, not > 1"},
		{"x > 1", "5 apples", "no number"},
		{"x > 1", "5.", "no number"},
		{"x > 1", "0x10", "no number"},
		{"x > 1", "nan", "no number"},
		{"x > 1", "inf", "no number"},
		{"x > 1", "1e999", NULL},
		{"x > 1", NULL, "x is not there, so not > 1"},
		{"x > 1 and x < 3", "2", NULL},
		{"x > 1 and x < 3", "4", "x is 4, not < 3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO_CONDITION struct condition *c = unit_parse(cases[i].text);
		AUTO_BUF struct buf why = BUF_INIT;
		AUTO_FREE char *value = mem_dup(cases[i].value);
		bool holds;

		holds = condition_compare(c, capture, value, &why);
		if (holds != !cases[i].why ||
		    (!holds && !strstr(buf_str(&why), cases[i].why)))
			fail_msg("%s with '%s': '%s'", cases[i].text, value,
				 buf_str(&why));
		assert_int_equal(condition_compare(c, capture, value, NULL),
				 holds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_read_and_described),
		cmocka_unit_test(what_a_condition_names_can_be_listed),
		cmocka_unit_test(errors_name_the_column_and_what_was_expected),
		cmocka_unit_test(captures_are_compared_as_numbers_with_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
