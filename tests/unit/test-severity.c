#include "unit.h"

#include <oncall/severity.h>

static void words_of_others_have_a_severity(void **state)
{
	static const struct {
		const char *text;
		enum severity want;
	} cases[] = {
		{"emerg", SEVERITY_CRITICAL},
		{"PANIC", SEVERITY_CRITICAL},
		{"Fatal", SEVERITY_CRITICAL},
		{"critical", SEVERITY_CRITICAL},
		{"CRIT", SEVERITY_CRITICAL},
		{"alert", SEVERITY_CRITICAL},
		{"Emergency", SEVERITY_CRITICAL},
		{"err", SEVERITY_HIGH},
		{"ERROR", SEVERITY_HIGH},
		{"SEVERE", SEVERITY_HIGH},
		{"E", SEVERITY_HIGH},
		{"high", SEVERITY_HIGH},
		{"warn", SEVERITY_MEDIUM},
		{"Warning", SEVERITY_MEDIUM},
		{"medium", SEVERITY_MEDIUM},
		{"notice", SEVERITY_LOW},
		{"low", SEVERITY_LOW},
		{"INFO", SEVERITY_INFO},
		{"Informational", SEVERITY_INFO},
		{"debug", SEVERITY_INFO},
		{"TRACE", SEVERITY_INFO},
		{"LOG", SEVERITY_INFO},
		{"0", SEVERITY_CRITICAL},
		{"2", SEVERITY_CRITICAL},
		{"3", SEVERITY_HIGH},
		{"4", SEVERITY_MEDIUM},
		{"5", SEVERITY_LOW},
		{"6", SEVERITY_INFO},
		{"7", SEVERITY_INFO},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum severity got;

		if (!severity_of_level(slice_of(cases[i].text), &got))
			fail_msg("'%s' is unknown", cases[i].text);
		if (got != cases[i].want)
			fail_msg("'%s' is %s", cases[i].text,
				 severity_name(got));
	}
}

static void other_words_have_none(void **state)
{
	static const char *const cases[] = {
		"",
		"8",
		"9",
		"10",
		"-1",
		"errors",
		"erro",
		"war",
		"ERROR ",
		"unknown",
		"informationally",
		"x",
		"@rror",
		"warn1",
		"\xc5rror",
	};
	enum severity got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (severity_of_level(slice_of(cases[i]), &got))
			fail_msg("'%s' is %s", cases[i], severity_name(got));
	assert_false(severity_of_level((struct slice){"E\0", 2}, &got));
	assert_true(severity_of_level((struct slice){"ERRORS", 5}, &got));
}

#define NONE (-1)

static void numbers_have_a_severity(void **state)
{
	static const struct {
		enum severity_scale scale;
		int64_t number;
		int want;
	} cases[] = {
		{SEVERITY_SCALE_SYSLOG, INT64_MIN, NONE},
		{SEVERITY_SCALE_SYSLOG, -1, NONE},
		{SEVERITY_SCALE_SYSLOG, 0, SEVERITY_CRITICAL},
		{SEVERITY_SCALE_SYSLOG, 3, SEVERITY_HIGH},
		{SEVERITY_SCALE_SYSLOG, 7, SEVERITY_INFO},
		{SEVERITY_SCALE_SYSLOG, 8, NONE},
		{SEVERITY_SCALE_OTEL, 0, NONE},
		{SEVERITY_SCALE_OTEL, 1, SEVERITY_INFO},
		{SEVERITY_SCALE_OTEL, 9, SEVERITY_INFO},
		{SEVERITY_SCALE_OTEL, 10, SEVERITY_LOW},
		{SEVERITY_SCALE_OTEL, 13, SEVERITY_MEDIUM},
		{SEVERITY_SCALE_OTEL, 17, SEVERITY_HIGH},
		{SEVERITY_SCALE_OTEL, 18, SEVERITY_CRITICAL},
		{SEVERITY_SCALE_OTEL, 21, SEVERITY_CRITICAL},
		{SEVERITY_SCALE_OTEL, 24, SEVERITY_CRITICAL},
		{SEVERITY_SCALE_OTEL, 25, NONE},
		{SEVERITY_SCALE_PINO, 9, NONE},
		{SEVERITY_SCALE_PINO, 10, SEVERITY_INFO},
		{SEVERITY_SCALE_PINO, 30, SEVERITY_INFO},
		{SEVERITY_SCALE_PINO, 40, SEVERITY_MEDIUM},
		{SEVERITY_SCALE_PINO, 50, SEVERITY_HIGH},
		{SEVERITY_SCALE_PINO, 60, SEVERITY_CRITICAL},
		{SEVERITY_SCALE_PINO, 70, NONE},
		{SEVERITY_SCALE_PYTHON, 0, NONE},
		{SEVERITY_SCALE_PYTHON, 20, SEVERITY_INFO},
		{SEVERITY_SCALE_PYTHON, 30, SEVERITY_MEDIUM},
		{SEVERITY_SCALE_PYTHON, 40, SEVERITY_HIGH},
		{SEVERITY_SCALE_PYTHON, 50, SEVERITY_CRITICAL},
		{SEVERITY_SCALE_PYTHON, INT64_MAX, NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum severity got;
		int is = NONE;

		if (severity_of_number(cases[i].number, cases[i].scale, &got))
			is = (int)got;
		if (is != cases[i].want)
			fail_msg("case %zu is %d", i, is);
	}
}

static void our_names_come_back(void **state)
{
	enum severity got;

	(void)state;
	for (unsigned i = 0; severity_names[i]; i++) {
		assert_true(severity_parse(slice_of(severity_names[i]), &got));
		assert_int_equal(got, i);
		assert_true(
			severity_of_level(slice_of(severity_names[i]), &got));
		assert_int_equal(got, i);
		assert_string_equal(severity_name(got), severity_names[i]);
	}
	assert_false(severity_parse(SLICE_LIT("HIGH"), &got));
	assert_false(severity_parse(SLICE_LIT("error"), &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_others_have_a_severity),
		cmocka_unit_test(other_words_have_none),
		cmocka_unit_test(numbers_have_a_severity),
		cmocka_unit_test(our_names_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
