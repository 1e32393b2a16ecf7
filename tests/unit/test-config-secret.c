#include "unit-config.h"

#include <oncall/redact.h>

#define SECRET "correct-horse-battery"

static const struct config_key schema[] = {
	{.path = "targets", .type = CONFIG_MAP, .help = "where to"},
	{.path = "targets.*.token", .type = CONFIG_SECRET, .help = "a token"},
	{.path = NULL},
};

/* Loads the token as written and reads it; the caller frees it. */
static char *read_token(const char *yaml, struct err *err)
{
	AUTO_FREE char *text =
		mem_printf("targets: {ops: {token: %s}}\n", yaml);
	AUTO_CONFIG struct config *c = NULL;
	char *secret = NULL;

	assert_int_equal(load_text(&c, schema, text, err), 0);
	if (config_secret(c, "targets.ops.token", &secret, err) < 0)
		assert_null(secret);
	return secret;
}

static void expect_token(const char *yaml)
{
	AUTO_BUF struct buf shown = BUF_INIT;
	struct err err = ERR_INIT;
	AUTO_FREE char *secret = read_token(yaml, &err);

	assert_no_err(&err);
	assert_string_equal(secret, SECRET);
	(void)redact_text(&shown, "say " SECRET "!", strlen(SECRET) + 5);
	assert_null(strstr(buf_str(&shown), SECRET));
}

static void expect_failure(const char *yaml, enum err_kind kind,
			   const char *part)
{
	struct err err = ERR_INIT;

	assert_null(read_token(yaml, &err));
	assert_err(&err, kind, part);
	assert_err(&err, kind, "one.yaml:1: targets.ops.token: ");
}

static void from_a_variable(void **state)
{
	(void)state;
	assert_int_equal(setenv("UNIT_SECRET", SECRET, 1), 0);
	expect_token("{env: UNIT_SECRET}");
	assert_int_equal(setenv("UNIT_SECRET", "", 1), 0);
	expect_failure("{env: UNIT_SECRET}", ERR_USAGE, "the secret is empty");
	assert_int_equal(unsetenv("UNIT_SECRET"), 0);
	expect_failure("{env: UNIT_SECRET}", ERR_USAGE,
		       "variable UNIT_SECRET is not set");
}

static void from_a_file(void **state)
{
	AUTO_FREE char *path = put_file("token", SECRET "\r\n");
	AUTO_FREE char *yaml = mem_printf("{file: %s}", path);

	(void)state;
	expect_token(yaml);
	assert_int_equal(chmod(path, 0622), 0);
	expect_failure(yaml, ERR_REFUSED, "can be written by others");
	expect_failure("{file: /nonexistent}", ERR_SYSTEM, "cannot open");
}

static void from_a_command(void **state)
{
	(void)state;
	expect_token("{command: [printf, '%s\\n', " SECRET "]}");
	expect_token("{command: [echo, " SECRET "]}");
	expect_failure("{command: ['false']}", ERR_SYSTEM,
		       "'false' ended with status 1");
	expect_failure("{command: [printf, 'a\\0b']}", ERR_USAGE, "not a text");
	expect_failure("{command: ['true']}", ERR_USAGE, "empty");
	expect_failure("{command: [head, -c, '70000', /dev/zero]}", ERR_SYSTEM,
		       "wrote too much");
}

static void not_configured(void **state)
{
	AUTO_CONFIG struct config *c = NULL;
	char *secret = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load_text(&c, schema, "", &err), 0);
	assert_int_equal(config_secret(c, "targets.ops.token", &secret, &err),
			 0);
	assert_null(secret);
}

static void never_in_the_file(void **state)
{
	static const char *const bad[] = {
		SECRET,
		"[" SECRET "]",
		"{plain: " SECRET "}",
		"{env: A, file: " SECRET "}",
		"{command: " SECRET "}",
		"{command: []}",
		"{command: [~]}",
		"{env: ''}",
		"{file: [" SECRET "]}",
		"{}",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_FREE char *text =
			mem_printf("targets: {ops: {token: %s}}\n", bad[i]);
		struct config *c = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(load_text(&c, schema, text, &err), -1);
		assert_err(&err, ERR_USAGE,
			   "/one.yaml:1: targets.ops.token: this must be "
			   "{env: NAME}, {file: PATH} or {command: [");
		assert_null(strstr(err.text, SECRET));
	}
}

static void printed_without_the_value(void **state)
{
	AUTO_CONFIG struct config *c = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(setenv("UNIT_SECRET", SECRET, 1), 0);
	assert_int_equal(
		load_text(&c, schema,
			  "targets:\n  a: {token: {env: UNIT_SECRET}}\n"
			  "  b: {token: {command: [pass, show]}}\n",
			  &err),
		0);
	config_print(c, &out);
	assert_non_null(strstr(out.data, "token: {env: UNIT_SECRET}"));
	assert_non_null(strstr(out.data, "token: {command: [pass, show]}"));
	assert_null(strstr(out.data, SECRET));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_a_variable),
		cmocka_unit_test(from_a_file),
		cmocka_unit_test(from_a_command),
		cmocka_unit_test(not_configured),
		cmocka_unit_test(never_in_the_file),
		cmocka_unit_test(printed_without_the_value),
	};

	return cmocka_run_group_tests_name("config-secret", tests,
					   make_test_dir, remove_test_dir);
}
