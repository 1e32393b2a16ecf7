#include "unit-config.h"

#define NOBODY 65534

static void refuse(const char *path, const char *part)
{
	struct err err = ERR_INIT;

	assert_int_equal(config_safe_file(path, &err), -1);
	assert_err(&err, ERR_REFUSED, part);
}

static void accept(const char *path)
{
	struct err err = ERR_INIT;

	assert_int_equal(config_safe_file(path, &err), 0);
	assert_no_err(&err);
}

static void only_the_owner_writes(void **state)
{
	static const mode_t good[] = {0400, 0600, 0644, 0755};
	static const mode_t bad[] = {0620, 0602, 0666, 0664};
	AUTO_FREE char *path = put_file("f", "x");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(chmod(path, good[i]), 0);
		accept(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(chmod(path, bad[i]), 0);
		refuse(path, "can be written by others (mode 06");
	}
}

static void nobody_replaces_it(void **state)
{
	AUTO_FREE char *path = put_file("d/f", "x");
	AUTO_FREE char *dir = mem_printf("%s/d", test_dir);

	(void)state;
	accept(path);
	assert_int_equal(chmod(dir, 0777), 0);
	refuse(path, "others can replace");
	assert_int_equal(chmod(dir, 0775), 0);
	refuse(path, "others can replace");
	assert_int_equal(chmod(dir, 01777), 0);
	accept(path);
}

static void links_are_followed_to_the_end(void **state)
{
	AUTO_FREE char *path = put_file("real/f", "x");
	AUTO_FREE char *dir = mem_printf("%s/real", test_dir);
	AUTO_FREE char *link = mem_printf("%s/link", test_dir);

	(void)state;
	assert_int_equal(symlink(path, link), 0);
	accept(link);
	assert_int_equal(chmod(dir, 0777), 0);
	refuse(link, "others can replace");
}

static void only_files_are_read(void **state)
{
	AUTO_FREE char *fifo = mem_printf("%s/fifo", test_dir);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refuse(fifo, "is not a regular file");
	refuse("/dev/null", "is not a regular file");
	refuse(test_dir, "is not a regular file");
	assert_int_equal(config_safe_file("/nonexistent", &err), -1);
	assert_err(&err, ERR_SYSTEM, "cannot open '/nonexistent': No such");
}

static void owners_are_root_or_oneself(void **state)
{
	AUTO_FREE char *path = put_file("o/f", "x");
	AUTO_FREE char *dir = mem_printf("%s/o", test_dir);

	(void)state;
	if (chown(path, NOBODY, NOBODY) < 0)
		skip(); /* only root gives files away */
	refuse(path, "belongs to user 65534");
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(dir, NOBODY, NOBODY), 0);
	refuse(path, "belongs to user 65534");
}

static void reading_is_bounded(void **state)
{
	AUTO_FREE char *path = put_file("five", "12345");
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	bool missing = false;

	(void)state;
	assert_int_equal(config_safe_read(path, 5, NULL, &out, &err), 0);
	assert_string_equal(buf_str(&out), "12345");
	buf_reset(&out);
	assert_int_equal(config_safe_read(path, 4, NULL, &out, &err), -1);
	assert_err(&err, ERR_USAGE, "has more than 4 bytes");
	err_clear(&err);
	assert_int_equal(
		config_safe_read("/nonexistent/x", 4, &missing, &out, &err),
		-1);
	assert_true(missing);
	assert_no_err(&err);
}

static void unsafe_configuration_is_refused(void **state)
{
	AUTO_FREE char *path = put_file("open.yaml", "timezone: UTC\n");
	struct config_sources from = {.file = path};
	struct config *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(config_load_with(&c, config_schema, &from, &err), -1);
	assert_err(&err, ERR_REFUSED, "open.yaml' can be written by others");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_owner_writes),
		cmocka_unit_test(nobody_replaces_it),
		cmocka_unit_test(links_are_followed_to_the_end),
		cmocka_unit_test(only_files_are_read),
		cmocka_unit_test(owners_are_root_or_oneself),
		cmocka_unit_test(reading_is_bounded),
		cmocka_unit_test(unsafe_configuration_is_refused),
	};

	return cmocka_run_group_tests_name("config-safe", tests, make_test_dir,
					   remove_test_dir);
}
