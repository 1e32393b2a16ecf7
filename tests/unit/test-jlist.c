/* test-jlist.c - JSON arrays as sets. */
#include "unit.h"

#include <oncall/jlist.h>

#define L(text) SLICE_LIT(text)

/* The text that a function appended. */
static void has(struct buf *out, const char *wanted)
{
	assert_string_equal(buf_str(out), wanted);
	buf_reset(out);
}

static void elements_are_found_as_they_are_written(void **state)
{
	(void)state;
	assert_true(jlist_has(L("[\"a\", \"b\"]"), L("\"b\"")));
	assert_false(jlist_has(L("[\"a\",\"b\"]"), L("\"c\"")));
	assert_false(jlist_has(L("[\"ab\"]"), L("\"a\"")));
	assert_false(jlist_has(L("[[\"a\"]]"), L("\"a\"")));
	assert_false(jlist_has(L("[]"), L("\"a\"")));
	assert_false(jlist_has((struct slice){NULL, 0}, L("\"a\"")));
}

static void what_is_added_stands_at_the_end_once(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(jlist_add(&out, L("[]"), L("\"a\"")), 1);
	has(&out, "[\"a\"]");
	assert_int_equal(jlist_add(&out, L("[ 1 , \"b\" ]"), L("\"a\"")), 1);
	has(&out, "[1,\"b\",\"a\"]");
	assert_int_equal(jlist_add(&out, L("[\"a\",\"b\"]"), L("\"a\"")), 0);
	has(&out, "[\"a\",\"b\"]");
	assert_int_equal(jlist_add(&out, (struct slice){NULL, 0}, L("1")), 1);
	has(&out, "[1]");
}

static void what_is_removed_is_gone(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(jlist_remove(&out, L("[1,2,3]"), L("2")), 1);
	has(&out, "[1,3]");
	assert_int_equal(jlist_remove(&out, L("[1,2,1]"), L("1")), 1);
	has(&out, "[2]");
	assert_int_equal(jlist_remove(&out, L("[1]"), L("1")), 1);
	has(&out, "[]");
	assert_int_equal(jlist_remove(&out, L("[1]"), L("2")), 0);
	has(&out, "[1]");
}

static void a_union_keeps_the_order_and_counts_what_is_new(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(jlist_union(&out, L("[3,1]"), L("[1,2,2,4]")), 2);
	has(&out, "[3,1,2,4]");
	assert_int_equal(jlist_union(&out, L("[1]"), L("[1]")), 0);
	has(&out, "[1]");
	assert_int_equal(jlist_union(&out, L("[]"), L("[]")), 0);
	has(&out, "[]");
	assert_int_equal(jlist_union(&out, L("[1]"), (struct slice){NULL, 0}),
			 0);
	has(&out, "[1]");
}

static void texts_are_written_in_one_way(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	jlist_texts(&out,
		    L("[\"a\",\"\\u0061\",\"\",1,null,[\"b\"],\"caf\\u00e9"
		      "\",\"caf\xc3\xa9\",\"\\/\",\"\\u0000\"]"));
	has(&out, "[\"a\",\"caf\xc3\xa9\",\"/\",\"\\u0000\"]");
	jlist_texts(&out, L("[]"));
	has(&out, "[]");
}

static void a_ceiling_is_told(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT_MAX(8);

	(void)state;
	jlist_texts(&out, L("[\"abc\",\"def\",\"ghi\"]"));
	assert_true(out.over);
}

static void items_are_counted_beyond_the_room_for_them(void **state)
{
	struct slice items[2];

	(void)state;
	assert_int_equal(jlist_items(L("[{\"a\":[1,2]}, 2,3]"), items, 2), 3);
	assert_true(slice_is(items[0], "{\"a\":[1,2]}"));
	assert_true(slice_is(items[1], "2"));
	assert_int_equal(jlist_items(L("[]"), items, 2), 0);
	assert_int_equal(jlist_items(L("[7]"), NULL, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_found_as_they_are_written),
		cmocka_unit_test(what_is_added_stands_at_the_end_once),
		cmocka_unit_test(what_is_removed_is_gone),
		cmocka_unit_test(
			a_union_keeps_the_order_and_counts_what_is_new),
		cmocka_unit_test(texts_are_written_in_one_way),
		cmocka_unit_test(a_ceiling_is_told),
		cmocka_unit_test(items_are_counted_beyond_the_room_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
