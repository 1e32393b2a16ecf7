#include "unit-config.h"

static const char full[] =
	"store: postgresql://oncall:hunter22@db/oncall\n"
	"environment: \"on: #call\"\n"
	"services:\n"
	"  api: {criticality: high, depends_on: [db, \"a, b\"]}\n"
	"  \"true\": {owner: \"- x\"}\n"
	"  db: {}\n"
	"incidents: {reopen_within: 1h}\n"
	"relays: []\n";

static const struct config_key schema[] = {
	{.path = "name", .type = CONFIG_STRING, .help = "a name"},
	{.path = "zone",
	 .type = CONFIG_STRING,
	 .fallback = "UTC",
	 .help = "a zone"},
	{.path = "services", .type = CONFIG_MAP, .help = "what there is"},
	{.path = "deep.wait",
	 .type = CONFIG_DURATION,
	 .fallback = "2h",
	 .help = "a while"},
	{.path = "deep.keep",
	 .type = CONFIG_DURATION,
	 .fallback = "forever",
	 .min = -1,
	 .max = INT64_MAX,
	 .help = "how long"},
	{.path = NULL},
};

static void origins_stand_behind_values(void **state)
{
	static const char want[] = "# name: not set\n"
				   "zone: UTC            # built-in\n"
				   "# services: not set\n"
				   "deep:\n"
				   "  wait: 2h           # built-in\n"
				   "  keep: forever      # built-in\n";
	AUTO_CONFIG struct config *c = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load_text(&c, schema, "", &err), 0);
	config_print(c, &out);
	assert_string_equal(out.data, want);
}

static void the_file_and_line_are_told(void **state)
{
	AUTO_CONFIG struct config *c = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_FREE char *origin = mem_printf("# %s/one.yaml:7\n", test_dir);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load_text(&c, config_schema, full, &err), 0);
	config_print(c, &out);
	assert_non_null(strstr(out.data, origin));
	assert_non_null(strstr(out.data, "\nservices:\n  api:\n"
					 "    criticality: high "));
	assert_non_null(strstr(out.data, "\n    # owner: not set\n"));
	assert_non_null(strstr(out.data, "environment: \"on: #call\""));
	assert_non_null(strstr(out.data, "depends_on: [db, \"a, b\"]"));
	assert_non_null(strstr(out.data, "  \"true\":\n"));
	assert_non_null(strstr(out.data, "owner: \"- x\""));
	assert_non_null(strstr(out.data, "relays: [] "));
	assert_null(strstr(out.data, "hunter22"));
}

/* What is printed can be read, and gives the same values. */
static void what_is_printed_is_yaml(void **state)
{
	AUTO_CONFIG struct config *c = NULL;
	AUTO_CONFIG struct config *again = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load_text(&c, config_schema, full, &err), 0);
	config_print(c, &out);
	assert_int_equal(load_text(&again, config_schema, out.data, &err), 0);
	assert_no_err(&err);
	assert_string_equal(config_str(again, "environment"), "on: #call");
	assert_string_equal(config_item(again, "services", 1), "true");
	assert_string_equal(config_item(again, "services", 2), "db");
	assert_string_equal(config_str(again, "services.true.owner"), "- x");
	assert_string_equal(config_item(again, "services.api.depends_on", 1),
			    "a, b");
	assert_true(config_duration(again, "retention.incidents") == -1);
}

static void strange_text_survives(void **state)
{
	static const char *const texts[] = {
		"\"",	"\\",  "a\nb", "\t\x01", "",  "~",   "null", "- a",
		"a: b", "a:",  "#x",   "[a]",	 "@", "%",   "é",    "1.20",
		"a #b", " a ", "&x",   "*x",	 "!", "off", "'",    "?",
	};
	AUTO_CONFIG struct config *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load_text(&c, config_schema, "", &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_CONFIG struct config *again = NULL;
		AUTO_BUF struct buf out = BUF_INIT;

		assert_int_equal(
			config_set(c, "environment", texts[i], "test", &err),
			0);
		config_print(c, &out);
		assert_int_equal(
			load_text(&again, config_schema, out.data, &err), 0);
		assert_string_equal(config_str(again, "environment"), texts[i]);
	}
}

/* The path with the names that the template gives in place of each '*'. */
static char *name_stars(const char *path)
{
	char *real = mem_dup(path);

	for (char *star; (star = strchr(real, '*'));) {
		AUTO_FREE char *map =
			mem_dup_bytes(real, (size_t)(star - real) - 1);
		char *named = mem_printf(
			"%s.%s%s", map,
			config_key_find(config_schema, map)->example, star + 1);

		free(real);
		real = named;
	}
	return real;
}

/* Taking the first '#' of every line away gives a file that sets all keys. */
static void the_template_is_a_configuration(void **state)
{
	AUTO_CONFIG struct config *c = NULL;
	AUTO_CONFIG struct config *as_is = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_BUF struct buf bare = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	config_template(&out);
	assert_int_equal(load_text(&as_is, config_schema, out.data, &err), 0);
	assert_null(config_item(as_is, "services", 0));
	for (const char *p = out.data; *p; p += strcspn(p, "\n") + 1) {
		size_t n = strcspn(p, "\n");

		assert_true(n <= 80 && (n == 0 || *p == '#'));
		buf_add(&bare, p + (n > 0), n + 1 - (n > 0));
	}
	assert_int_equal(load_text(&c, config_schema, bare.data, &err), 0);
	assert_no_err(&err);
	for (const struct config_key *k = config_schema; k->path; k++) {
		AUTO_FREE char *real = name_stars(k->path);

		assert_non_null(strstr(config_origin(c, real), "one.yaml:"));
	}
}

static void the_manual_has_every_key(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	size_t items = 0, keys = 0;

	(void)state;
	config_mdoc(&out);
	for (const char *p = out.data; (p = strstr(p, ".It Cm ")); p++)
		items++;
	for (const struct config_key *k = config_schema; k->path; k++)
		keys++;
	assert_int_equal(items, keys);
	assert_non_null(strstr(out.data, ".Ev ONCALL_INCIDENTS_REOPEN_WITHIN"));
	assert_non_null(strstr(out.data, "One of low, medium, high, critic"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_stand_behind_values),
		cmocka_unit_test(the_file_and_line_are_told),
		cmocka_unit_test(what_is_printed_is_yaml),
		cmocka_unit_test(strange_text_survives),
		cmocka_unit_test(the_template_is_a_configuration),
		cmocka_unit_test(the_manual_has_every_key),
	};

	return cmocka_run_group_tests_name("config-print", tests, make_test_dir,
					   remove_test_dir);
}
