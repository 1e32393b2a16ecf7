#include "unit-declared.h"

static void test_words(void **state)
{
	AUTO_ACTION_SET struct action_set *set =
		load_action("    params: {a: {type: string, untrusted: true}}\n"
			    "    command: [echo, '${a}', 'x=${a}']\n");
	AUTO_ACTION_CALL struct action_call c = {.action = NULL};
	struct err err = ERR_INIT;
	int rc = prepare_action(set, "{\"a\":\"x y'\"}", UNTRUSTED, &c, &err);

	(void)state;
	assert_no_err(&err);
	assert_int_equal(rc, 0);
	assert_string_equal(c.run.items[0].argv[1], "x y'");
	assert_string_equal(c.run.items[0].argv[2], "x=x y'");
	assert_null(c.run.items[0].argv[3]);
	assert_string_equal(c.command, "echo 'x y'\\''' 'x=x y'\\'''");
	assert_string_equal(c.params, "{\"a\":\"x y'\"}");
	assert_int_equal(strlen(c.hash), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};

	mem_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
