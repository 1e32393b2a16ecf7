#include "unit.h"

#include <pthread.h>

#include <oncall/library.h>
#include <sqlite3.h>

#define THREADS 8

#define FUNCTIONS(X) X(sqlite3_libversion) X(sqlite3_libversion_number)

/* clang-format off */
static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} table;
/* clang-format on */

static const char *const names[] = {FUNCTIONS(LIBRARY_NAME) NULL};
static int prepared;

static int prepare(struct err *err)
{
	(void)err;
	prepared++;
	return 0;
}

static int cannot_prepare(struct err *err)
{
	prepared++;
	return err_set(err, ERR_SYSTEM, "cannot prepare it");
}

static struct library some_library(void)
{
	memset(&table, 0, sizeof(table));
	prepared = 0;
	return (struct library){.file = "libsqlite3.so.0",
				.package = "libsqlite3-0",
				.why = "tests need",
				.version = "3.35",
				.names = names,
				.functions = &table};
}

/* What it was given when all is well. */
static void *load_it(void *lib)
{
	struct err err = ERR_INIT;

	if (library_load(lib, &err) < 0 ||
	    table.sqlite3_libversion_number() != sqlite3_libversion_number())
		return NULL;
	return lib;
}

static void loaded_and_prepared_once_by_many_threads(void **state)
{
	struct library lib = some_library();
	pthread_t threads[THREADS];
	void *got;

	(void)state;
	lib.prepare = prepare;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, load_it, &lib), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &got), 0);
		assert_ptr_equal(got, &lib);
	}
	assert_int_equal(prepared, 1);
	assert_string_equal(table.sqlite3_libversion(), sqlite3_libversion());
}

static void a_library_that_is_missing_is_named_with_its_package(void **state)
{
	struct library lib = some_library();
	struct err err = ERR_INIT;

	(void)state;
	lib.file = "libnosuch.so.1";
	lib.package = "libnosuch1";
	assert_int_equal(library_load(&lib, &err), -1);
	assert_err(&err, ERR_SYSTEM,
		   "cannot load libnosuch.so.1, which tests need "
		   "(Debian: apt install libnosuch1): ");
	assert_false(lib.loaded);
}

static void a_library_that_is_too_old_says_what_it_lacks(void **state)
{
	static const char *const more[] = {"sqlite3_libversion",
					   "sqlite3_of_tomorrow", NULL};
	struct library lib = some_library();
	struct err err = ERR_INIT;

	(void)state;
	lib.names = more;
	assert_int_equal(library_load(&lib, &err), -1);
	assert_err(&err, ERR_SYSTEM,
		   "libsqlite3.so.0 has no sqlite3_of_tomorrow: version 3.35 "
		   "or newer is needed");
	assert_false(lib.loaded);
}

static void what_failed_is_tried_again(void **state)
{
	struct library lib = some_library();
	struct err err = ERR_INIT;

	(void)state;
	lib.prepare = cannot_prepare;
	assert_int_equal(library_load(&lib, &err), -1);
	assert_err(&err, ERR_SYSTEM, "cannot prepare it");
	assert_int_equal(library_load(&lib, &err), -1);
	assert_int_equal(prepared, 2);
	lib.prepare = prepare;
	err_clear(&err);
	assert_int_equal(library_load(&lib, &err), 0);
	assert_no_err(&err);
	assert_int_equal(prepared, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loaded_and_prepared_once_by_many_threads),
		cmocka_unit_test(
			a_library_that_is_missing_is_named_with_its_package),
		cmocka_unit_test(a_library_that_is_too_old_says_what_it_lacks),
		cmocka_unit_test(what_failed_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
