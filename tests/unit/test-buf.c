#include "unit.h"

#include <stdio.h>

#include <oncall/buf.h>

static void starts_empty(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_slice(&b).len, 0);
	assert_int_equal(buf_check(&b, "text", &err), 0);
	buf_truncate(&b, 0);
	buf_reset(&b);
	buf_add_str(&b, "");
	assert_int_equal(b.cap, 0);
}

static void adds_in_order_with_a_nul_behind(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, "one");
	buf_add_char(&b, ',');
	buf_add_slice(&b, SLICE_LIT("two"));
	buf_add_slice(&b, (struct slice){NULL, 0});
	buf_add(&b, "\0x", 2);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.data, "one,two\0x", 10);
}

static void grows_by_doubling_and_keeps_all(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;
	size_t grown = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		size_t cap = b.cap;

		buf_add_char(&b, (char)('a' + i % 26));
		assert_true(b.cap > b.len);
		assert_int_equal(b.data[b.len], '\0');
		if (b.cap != cap) {
			assert_true(cap == 0 || b.cap == 2 * cap);
			grown++;
		}
	}
	assert_in_range(grown, 5, 20);
	for (i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
}

static void ceiling_is_reached_and_not_passed(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT_MAX(1000);
	struct err err = ERR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_add_char(&b, 'x');
	assert_false(b.over);
	assert_int_equal(b.len, 1000);
	assert_true(b.cap <= 1001);
	assert_int_equal(buf_check(&b, "the line", &err), 0);
	assert_false(buf_reserve(&b, 1));
	assert_false(b.over);
	buf_add_char(&b, 'y');
	assert_true(b.over);
	assert_int_equal(b.len, 1000);
	assert_int_equal(buf_check(&b, "the line", &err), -1);
	assert_err(&err, ERR_INPUT, "the line is larger than 1000 bytes");
}

/* What fits again behind a gap would make a text that nobody wrote. */
static void nothing_is_added_after_a_drop(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT_MAX(10);

	(void)state;
	buf_add_str(&b, "1234");
	buf_add_str(&b, "56789ab");
	buf_add_char(&b, 'c');
	buf_addf(&b, "%d", 1);
	buf_add_int(&b, 1);
	assert_string_equal(buf_str(&b), "1234");
	buf_reset(&b);
	assert_false(b.over);
	buf_add_str(&b, "0123456789");
	assert_string_equal(buf_str(&b), "0123456789");
}

static void sums_that_would_wrap_are_refused(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT_MAX(SIZE_MAX);

	(void)state;
	buf_add_char(&b, 'x');
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_false(buf_reserve(&b, SIZE_MAX - 1));
	assert_false(buf_reserve(&b, SIZE_MAX / 2));
}

static void default_ceiling_holds(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	assert_true(buf_reserve(&b, BUF_DEFAULT_MAX));
	assert_false(buf_reserve(&b, BUF_DEFAULT_MAX + 1));
}

static void reserve_makes_room_to_write_into(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, "ab");
	assert_true(buf_reserve(&b, 5000));
	assert_true(b.cap - b.len > 5000);
	assert_string_equal(buf_str(&b), "ab");
	memset(b.data + b.len, 'c', 5000);
}

static void formats_of_any_length(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;
	int width;

	(void)state;
	for (width = 1; width < 600; width++) {
		buf_reset(&b);
		buf_addf(&b, "<%*d>", width, 7);
		assert_int_equal(b.len, width + 2);
		assert_int_equal(b.data[width], '7');
		assert_string_equal(b.data + width + 1, ">");
	}
}

static void format_at_the_ceiling(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT_MAX(4);

	(void)state;
	buf_addf(&b, "%d", 1234);
	assert_false(b.over);
	assert_string_equal(buf_str(&b), "1234");
	buf_reset(&b);
	buf_add_char(&b, 'x');
	buf_addf(&b, "%d", 1234);
	assert_true(b.over);
	assert_string_equal(buf_str(&b), "x");
}

static void integers_as_printf_has_them(void **state)
{
	static const int64_t values[] = {
		0,  1,	 -1,	9,	   10,	      -10,
		99, 100, 12345, INT64_MAX, INT64_MIN, INT64_MIN + 1};
	char want[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(values); i++) {
		AUTO_BUF struct buf b = BUF_INIT;

		buf_add_int(&b, values[i]);
		(void)snprintf(want, sizeof(want), "%lld",
			       (long long)values[i]);
		assert_string_equal(buf_str(&b), want);
	}
}

static void truncate_only_shortens(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, "abcdef");
	buf_truncate(&b, 10);
	assert_string_equal(buf_str(&b), "abcdef");
	assert_int_equal(b.len, 6);
	buf_truncate(&b, 2);
	assert_string_equal(buf_str(&b), "ab");
	assert_int_equal(b.len, 2);
}

static void take_hands_over(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT_MAX(50);
	char *text;

	(void)state;
	text = buf_take(&b);
	assert_string_equal(text, "");
	free(text);
	buf_add_str(&b, "mine");
	text = buf_take(&b);
	assert_string_equal(text, "mine");
	free(text);
	assert_null(b.data);
	assert_int_equal(b.len + b.cap, 0);
	assert_int_equal(b.max, 50);
	buf_addf(&b, "again");
	assert_string_equal(buf_str(&b), "again");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_empty),
		cmocka_unit_test(adds_in_order_with_a_nul_behind),
		cmocka_unit_test(grows_by_doubling_and_keeps_all),
		cmocka_unit_test(ceiling_is_reached_and_not_passed),
		cmocka_unit_test(nothing_is_added_after_a_drop),
		cmocka_unit_test(sums_that_would_wrap_are_refused),
		cmocka_unit_test(default_ceiling_holds),
		cmocka_unit_test(reserve_makes_room_to_write_into),
		cmocka_unit_test(formats_of_any_length),
		cmocka_unit_test(format_at_the_ceiling),
		cmocka_unit_test(integers_as_printf_has_them),
		cmocka_unit_test(truncate_only_shortens),
		cmocka_unit_test(take_hands_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
