/* test-change.c - what was done to services. */
#include "unit-ops.h"

#include <oncall/change.h>
#include <oncall/when.h>

static int set_up(void **state)
{
	struct err err = ERR_INIT;

	if (ops_set_up(state) < 0)
		return -1;
	return store_run(store, &err, "DELETE FROM changes", NULL, 0) < 0;
}

static void add(const char *id, const char *service, int64_t time, int want)
{
	struct change c = {.time = time, .service = service, .what = "deploy"};
	struct err err = ERR_INIT;

	(void)snprintf(c.id, sizeof(c.id), "%s", id);
	assert_int_equal(change_add(store, &c, &err), want);
	assert_no_err(&err);
}

/* The ids found, one after the other. */
static void finds(const char *service, int64_t from, int64_t to,
		  const char *want)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	AUTO_BUF struct buf text = BUF_INIT, ids = BUF_INIT;
	struct err err = ERR_INIT;
	struct change c;

	rows = change_ask(store, service, from, to, &err);
	assert_non_null(rows);
	while (store_next(rows, &err) > 0) {
		change_row(rows, &c, &text);
		buf_add_str(&ids, c.id);
		buf_add_char(&ids, ' ');
	}
	assert_no_err(&err);
	assert_string_equal(buf_str(&ids), want);
}

static void the_newest_comes_first(void **state)
{
	(void)state;
	add("a", "api", NOW, 1);
	add("c", "api", NOW + 2, 1);
	add("b", "api", NOW + 2, 1);
	add("d", "db", NOW + 1, 1);
	finds(NULL, NOW, NOW + 3, "c b d a ");
	finds("api", NOW, NOW + 3, "c b a ");
	finds("web", NOW, NOW + 3, "");
}

static void the_end_is_not_part_of_a_span(void **state)
{
	(void)state;
	add("a", "api", NOW, 1);
	finds(NULL, NOW, NOW, "");
	finds(NULL, NOW, NOW + 1, "a ");
	finds(NULL, NOW - 9, NOW, "");
}

static void the_same_again_changes_nothing(void **state)
{
	(void)state;
	add("a", "api", NOW, 1);
	add("a", "web", NOW + 5, 0);
	finds("api", 0, NOW + 9, "a ");
	finds("web", 0, NOW + 9, "");
}

static void all_of_it_is_kept(void **state)
{
	struct change c = {.time = NOW,
			   .service = "api",
			   .what = "more \"memory\"",
			   .kind = "configuration",
			   .who = "ana",
			   .version = "1.2",
			   .host = "web1"};
	AUTO_ROWS struct store_rows *rows = NULL;
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	struct change got;

	(void)state;
	assert_int_equal(change_add(store, &c, &err), 1);
	assert_memory_equal(c.id, "CHG-", 4);
	rows = change_ask(store, NULL, 0, NOW + 1, &err);
	assert_int_equal(store_next(rows, &err), 1);
	change_row(rows, &got, &text);
	assert_string_equal(got.id, c.id);
	assert_int_equal(got.time, NOW);
	assert_string_equal(got.service, "api");
	assert_string_equal(got.what, "more \"memory\"");
	assert_string_equal(got.kind, "configuration");
	assert_string_equal(got.who, "ana");
	assert_string_equal(got.version, "1.2");
	assert_null(got.link);
	assert_string_equal(got.host, "web1");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, ops_tear_down)
		TEST(the_newest_comes_first),
		TEST(the_end_is_not_part_of_a_span),
		TEST(the_same_again_changes_nothing),
		TEST(all_of_it_is_kept),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
