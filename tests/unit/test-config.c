#include "unit-config.h"

#include <oncall/when.h>

static const struct config_key schema[] = {
	{.path = "name", .type = CONFIG_STRING, .help = "a name"},
	{.path = "port",
	 .type = CONFIG_INT,
	 .fallback = "80",
	 .min = 1,
	 .max = 65535,
	 .help = "a port"},
	{.path = "deep.wait",
	 .type = CONFIG_DURATION,
	 .fallback = "5m",
	 .help = "a while"},
	{.path = "deep.keep",
	 .type = CONFIG_DURATION,
	 .fallback = "forever",
	 .min = -1,
	 .max = INT64_MAX,
	 .help = "how long"},
	{.path = "deep.on", .type = CONFIG_BOOL, .help = "a switch"},
	{.path = "people", .type = CONFIG_LIST, .help = "who"},
	{.path = "services", .type = CONFIG_MAP, .help = "what there is"},
	{.path = "services.*.level",
	 .type = CONFIG_CHOICE,
	 .fallback = "low",
	 .choices = "low|high",
	 .help = "how much"},
	{.path = "services.*.needs", .type = CONFIG_LIST, .help = "others"},
	{.path = NULL},
};

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(load_text(&c, schema, text, &err), 0);
	assert_no_err(&err);
	return c;
}

static void built_in_values(void **state)
{
	AUTO_CONFIG struct config *c = load("");

	(void)state;
	assert_null(config_str(c, "name"));
	assert_int_equal(config_int(c, "port"), 80);
	assert_true(config_duration(c, "deep.wait") == 5 * WHEN_MINUTE);
	assert_true(config_duration(c, "deep.keep") == -1);
	assert_false(config_bool(c, "deep.on"));
	assert_null(config_item(c, "people", 0));
	assert_null(config_item(c, "services", 0));
	assert_string_equal(config_str(c, "services.any.level"), "low");
	assert_string_equal(config_origin(c, "port"), "built-in");
	assert_string_equal(config_origin(c, "services.any.level"), "built-in");
}

static void values_of_a_file(void **state)
{
	AUTO_CONFIG struct config *c =
		load("# comment\n"
		     "name: 'on call'\n"
		     "port: 443\n"
		     "deep: {wait: 1h30m, keep: 7d, on: true}\n"
		     "people: [ana, bob]\n"
		     "services:\n"
		     "  api.v2: {level: high, needs: db}\n"
		     "  \"*\":\n"
		     "  db: ~\n");

	(void)state;
	assert_string_equal(config_str(c, "name"), "on call");
	assert_int_equal(config_int(c, "port"), 443);
	assert_true(config_duration(c, "deep.wait") == 90 * WHEN_MINUTE);
	assert_true(config_duration(c, "deep.keep") == 7 * WHEN_DAY);
	assert_true(config_bool(c, "deep.on"));
	assert_string_equal(config_item(c, "people", 0), "ana");
	assert_string_equal(config_item(c, "people", 1), "bob");
	assert_null(config_item(c, "people", 2));
	assert_string_equal(config_item(c, "services", 0), "api.v2");
	assert_string_equal(config_item(c, "services", 1), "*");
	assert_string_equal(config_item(c, "services", 2), "db");
	assert_null(config_item(c, "services", 3));
	assert_string_equal(config_str(c, "services.api.v2.level"), "high");
	assert_string_equal(config_item(c, "services.api.v2.needs", 0), "db");
	assert_string_equal(config_str(c, "services.db.level"), "low");
	assert_non_null(strstr(config_origin(c, "deep.on"), "/one.yaml:4"));
	assert_non_null(strstr(config_origin(c, "services.api.v2.level"),
			       "/one.yaml:7"));
}

static void later_layers_win(void **state)
{
	AUTO_FREE char *main_file =
		put_file("etc/oncall.yaml", "name: etc\nport: 1\n"
					    "people: [ana]\n"
					    "services: {a: {level: high}}\n");
	AUTO_FREE char *second =
		put_file("etc/conf.d/20.yaml", "port: 20\npeople+: [bob]\n");
	AUTO_FREE char *user =
		put_file("home/oncall.yaml", "services: {a: {needs: [b]}}\n"
					     "deep: {wait: 1s}\n");
	AUTO_FREE char *etc = mem_printf("%s/etc", test_dir);
	AUTO_FREE char *extended = mem_printf("%s:3 + %s:2", main_file, second);
	struct config_sources from = {.etc = etc, .user = user};
	AUTO_CONFIG struct config *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	free(put_file("etc/conf.d/10.yaml",
		      "port: 10\ndeep: {on: true}\nservices: {b: }\n"));
	free(put_file("etc/conf.d/30.yaml.off", "x: y"));
	free(put_file("etc/conf.d/.40.yaml", "x: y"));
	assert_int_equal(setenv("ONCALL_DEEP_WAIT", "2s", 1), 0);
	assert_int_equal(setenv("ONCALL_NAME", "", 1), 0);
	assert_int_equal(config_load_with(&c, schema, &from, &err), 0);
	assert_int_equal(unsetenv("ONCALL_DEEP_WAIT"), 0);
	assert_string_equal(config_str(c, "name"), "etc");
	assert_int_equal(config_int(c, "port"), 20);
	assert_true(config_bool(c, "deep.on"));
	assert_string_equal(config_item(c, "people", 0), "ana");
	assert_string_equal(config_item(c, "people", 1), "bob");
	assert_string_equal(config_origin(c, "people"), extended);
	assert_string_equal(config_item(c, "services", 1), "b");
	assert_string_equal(config_str(c, "services.a.level"), "high");
	assert_string_equal(config_item(c, "services.a.needs", 0), "b");
	assert_true(config_duration(c, "deep.wait") == 2 * WHEN_SECOND);
	assert_string_equal(config_origin(c, "deep.wait"), "environment");
	assert_int_equal(
		config_set(c, "deep.wait", "3s", "option --wait", &err), 0);
	assert_true(config_duration(c, "deep.wait") == 3 * WHEN_SECOND);
	assert_string_equal(config_origin(c, "deep.wait"), "option --wait");
	assert_int_equal(
		config_set(c, "services.z.level", "high", "test", &err), 0);
	assert_int_equal(config_set(c, "services.a.level", "low", "test", &err),
			 0);
	assert_string_equal(config_item(c, "services", 2), "z");
	assert_null(config_item(c, "services", 3));
	assert_string_equal(config_str(c, "services.z.level"), "high");
}

static void a_list_replaces_unless_it_extends(void **state)
{
	AUTO_CONFIG struct config *c =
		load("people+: [ana]\nservices: {a: {needs+: b}}\n");
	AUTO_CONFIG struct config *empty = load("people: []\n");

	(void)state;
	assert_string_equal(config_item(c, "people", 0), "ana");
	assert_string_equal(config_item(c, "services.a.needs", 0), "b");
	assert_null(config_item(empty, "people", 0));
	refuse_text(schema, "\nname+: x\n", "2: name is no list");
	refuse_text(schema, "deep+: {}\n", "1: deep is no list");
}

static void one_file_stands_for_all(void **state)
{
	AUTO_FREE char *etc = put_file("e/oncall.yaml", "name: etc\n");
	AUTO_FREE char *named = put_file("named.yaml", "port: 7\n");
	AUTO_FREE char *dir = mem_printf("%s/e", test_dir);
	struct config_sources from = {.etc = dir};
	struct config *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(setenv("ONCALL_CONFIG", named, 1), 0);
	assert_int_equal(config_load_with(&c, schema, &from, &err), 0);
	assert_null(config_str(c, "name"));
	assert_int_equal(config_int(c, "port"), 7);
	config_free(c);
	from.file = etc;
	assert_int_equal(config_load_with(&c, schema, &from, &err), 0);
	assert_int_equal(unsetenv("ONCALL_CONFIG"), 0);
	assert_string_equal(config_str(c, "name"), "etc");
	config_free(c);
	from.file = "/nonexistent/oncall.yaml";
	assert_int_equal(config_load_with(&c, schema, &from, &err), -1);
	assert_err(&err, ERR_SYSTEM, "cannot open '/nonexistent/oncall.yaml'");
	err_clear(&err);
	from = (struct config_sources){.etc = "/nonexistent",
				       .user = "/nonexistent/oncall.yaml"};
	assert_int_equal(config_load_with(&c, schema, &from, &err), 0);
	config_free(c);
}

static void unknown_keys_are_named(void **state)
{
	(void)state;
	refuse_text(schema, "\nnaem: x\n",
		    "2: the key \"naem\" is not known, did you mean "
		    "\"name\"?");
	refuse_text(schema, "deep:\n  weit: 1s\n",
		    "2: the key \"weit\" is not known in deep, did you mean "
		    "\"wait\"?");
	refuse_text(schema, "services: {a: {\n  frobnicate: 1}}\n",
		    "2: the key \"frobnicate\" is not known in services.a");
	refuse_text(schema, "deep.wait: 1s\n",
		    "1: the key \"deep.wait\" is not known");
	refuse_text(schema, "\"*\": 1s\n", "1: the key \"*\" is not known");
}

static void wrong_values_are_explained(void **state)
{
	(void)state;
	refuse_text(schema, "port: many\n",
		    "1: port: 'many' is not a whole number from 1 to 65535; "
		    "for example: 80");
	refuse_text(schema, "port: 0\n", "1: port: '0' is not a whole number");
	refuse_text(schema, "port: 65536\n", "1: port: '65536' is not");
	refuse_text(schema, "port: [1]\n",
		    "1: port: this must be a whole number from 1 to 65535; "
		    "for example: 80");
	refuse_text(schema, "port:\n", "1: port: this must be");
	refuse_text(schema, "name: {a: b}\n", "1: name: this must be a text");
	refuse_text(schema, "deep:\n  wait: soon\n",
		    "2: deep.wait: 'soon' is not a duration; for example: 5m");
	refuse_text(schema, "deep: {wait: forever}\n", "1: deep.wait: 'for");
	refuse_text(schema, "deep: {keep: always}\n",
		    "1: deep.keep: 'always' is not a duration or forever");
	refuse_text(schema, "deep: {on: yes}\n",
		    "1: deep.on: 'yes' is not true or false");
	refuse_text(schema, "deep: 5\n", "1: deep must be a map");
	refuse_text(schema, "services: {a: {level: hihg}}\n",
		    "1: services.a.level: 'hihg' is not one of low, high");
	refuse_text(schema, "services: [a]\n",
		    "1: services: this must be a map of names");
	refuse_text(schema, "services: {a: b}\n",
		    "1: services.a must be a map");
	refuse_text(schema, "people:\n  - a\n  - [b]\n",
		    "3: people: this must be a list");
	refuse_text(schema, "people: {a: b}\n", "1: people: this must be a li");
	refuse_text(schema, "people: [a, ~]\n", "1: people: this must be a li");
	refuse_text(schema, "- a\n", "1: this file must be a map");
	refuse_text(schema, "text\n", "1: this file must be a map");
}

static void variables_and_options_are_checked(void **state)
{
	AUTO_CONFIG struct config *c = load("");
	struct config_sources none = {.etc = NULL};
	struct config *other = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(setenv("ONCALL_PORT", "x", 1), 0);
	assert_int_equal(config_load_with(&other, schema, &none, &err), -1);
	assert_int_equal(unsetenv("ONCALL_PORT"), 0);
	assert_err(&err, ERR_USAGE, "variable ONCALL_PORT: 'x' is not");
	err_clear(&err);
	assert_int_equal(config_set(c, "port", "-1", "option --port", &err),
			 -1);
	assert_err(&err, ERR_USAGE, "option --port: '-1' is not");
	assert_int_equal(config_int(c, "port"), 80);
}

/* Every key of the real table is sound, and documented as the rules say. */
static void the_schema_is_sound(void **state)
{
	AUTO_CONFIG struct config *c = NULL;
	struct config_sources none = {.etc = NULL};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(config_load_with(&c, config_schema, &none, &err), 0);
	for (const struct config_key *k = config_schema; k->path; k++) {
		AUTO_BUF struct buf name = BUF_INIT;
		int64_t n;

		assert_ptr_equal(config_key_find(config_schema, k->path), k);
		assert_true(k->help && *k->help && k->help[0] >= 'a');
		assert_int_not_equal(k->help[strlen(k->help) - 1], '.');
		assert_int_equal(k->type == CONFIG_CHOICE, k->choices != NULL);
		if (k->fallback)
			assert_int_equal(
				config_value_check(k, k->fallback, &n, &err),
				0);
		if (!config_env_name(&name, k))
			continue;
		assert_string_not_equal(name.data, "ONCALL_CONFIG");
		assert_string_not_equal(name.data, "ONCALL_NOW");
		assert_string_not_equal(name.data, "ONCALL_LOG_FORMAT");
	}
	assert_true(config_duration(c, "incidents.reopen_within") ==
		    2 * WHEN_HOUR);
	assert_true(config_duration(c, "retention.incidents") == -1);
	assert_string_equal(config_str(c, "environment"), "production");
	assert_string_equal(config_str(c, "services.x.criticality"), "medium");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_values),
		cmocka_unit_test(values_of_a_file),
		cmocka_unit_test(later_layers_win),
		cmocka_unit_test(a_list_replaces_unless_it_extends),
		cmocka_unit_test(one_file_stands_for_all),
		cmocka_unit_test(unknown_keys_are_named),
		cmocka_unit_test(wrong_values_are_explained),
		cmocka_unit_test(variables_and_options_are_checked),
		cmocka_unit_test(the_schema_is_sound),
	};

	return cmocka_run_group_tests_name("config", tests, make_test_dir,
					   remove_test_dir);
}
