#include "unit.h"

#include <stdio.h>

#include <oncall/hash.h>
#include <oncall/map.h>
#include <oncall/mem.h>

#define MANY 20000

static int freed;

static bool all_collide;

/* Stands in for the library's, so that keys can be made to collide. */
uint64_t hash_key(const void *p, size_t n)
{
	const unsigned char *byte = p;
	uint64_t sum = 1;

	while (n-- && !all_collide)
		sum = (sum ^ *byte++) * 0x9E3779B97F4A7C15;
	return sum;
}

static void count_free(void *value)
{
	freed++;
	free(value);
}

static void empty_map_has_nothing(void **state)
{
	struct map m = MAP_INIT;

	(void)state;
	assert_null(map_get(&m, SLICE_LIT("a")));
	map_clear(&m, free);
	map_done(&m, free);
	map_done(&m, NULL);
}

static void put_then_get(void **state)
{
	struct map m = MAP_INIT;
	void **place;
	int one = 1;
	int two = 2;

	(void)state;
	place = map_put(&m, SLICE_LIT("key"));
	assert_null(*place);
	*place = &one;
	assert_ptr_equal(map_get(&m, SLICE_LIT("key")), &one);
	assert_null(map_get(&m, SLICE_LIT("ke")));
	assert_null(map_get(&m, SLICE_LIT("keys")));
	place = map_put(&m, SLICE_LIT("key"));
	assert_ptr_equal(*place, &one);
	*place = &two;
	assert_ptr_equal(map_get(&m, SLICE_LIT("key")), &two);
	assert_int_equal(m.count, 1);
	map_done(&m, NULL);
}

static void keys_are_bytes(void **state)
{
	struct map m = MAP_INIT;
	int values[4];

	(void)state;
	*map_put(&m, SLICE_LIT("a\0b")) = &values[0];
	*map_put(&m, SLICE_LIT("a\0c")) = &values[1];
	*map_put(&m, SLICE_LIT("a")) = &values[2];
	*map_put(&m, SLICE_LIT("")) = &values[3];
	assert_ptr_equal(map_get(&m, SLICE_LIT("a\0b")), &values[0]);
	assert_ptr_equal(map_get(&m, SLICE_LIT("a\0c")), &values[1]);
	assert_ptr_equal(map_get(&m, SLICE_LIT("a")), &values[2]);
	assert_ptr_equal(map_get(&m, (struct slice){NULL, 0}), &values[3]);
	assert_int_equal(m.count, 4);
	map_done(&m, NULL);
}

static void key_is_copied_and_ended_by_a_nul(void **state)
{
	struct map m = MAP_INIT;
	char key[] = {'k', 'e', 'y', 's'};
	int value;

	(void)state;
	*map_put(&m, (struct slice){key, 3}) = &value;
	memset(key, 'x', sizeof(key));
	assert_ptr_equal(map_get(&m, SLICE_LIT("key")), &value);
	assert_string_equal(m.entries[0].key.ptr, "key");
	map_done(&m, NULL);
}

static struct slice numbered(char *text, size_t size, int i)
{
	int n = snprintf(text, size, "key-%d", i);

	return (struct slice){text, (size_t)n};
}

static void many_keys_keep_value_and_order(void **state)
{
	static int values[MANY];
	struct map m = MAP_INIT;
	char text[32];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		*map_put(&m, numbered(text, sizeof(text), i)) = &values[i];
		/* What was there before stays, whether the map grew or not. */
		assert_ptr_equal(
			map_get(&m, numbered(text, sizeof(text), i / 2)),
			&values[i / 2]);
	}
	assert_int_equal(m.count, MANY);
	assert_true(m.count <= m.cap && m.cap < m.slot_count);
	for (i = 0; i < MANY; i++) {
		struct slice key = numbered(text, sizeof(text), i);

		assert_ptr_equal(map_get(&m, key), &values[i]);
		assert_true(slice_eq(m.entries[i].key, key));
		assert_ptr_equal(m.entries[i].value, &values[i]);
	}
	for (i = MANY; i < 2 * MANY; i++)
		assert_null(map_get(&m, numbered(text, sizeof(text), i)));
	map_done(&m, NULL);
}

static void keys_of_one_hash_stay_apart(void **state)
{
	int values[200];
	struct map m = MAP_INIT;
	char text[32];
	int i;

	(void)state;
	all_collide = true;
	for (i = 0; i < 200; i++)
		*map_put(&m, numbered(text, sizeof(text), i)) = &values[i];
	assert_int_equal(m.count, 200);
	for (i = 0; i < 200; i++)
		assert_ptr_equal(map_get(&m, numbered(text, sizeof(text), i)),
				 &values[i]);
	assert_null(map_get(&m, SLICE_LIT("absent")));
	map_done(&m, NULL);
	all_collide = false;
}

static void clear_frees_values_and_can_be_filled_again(void **state)
{
	struct map m = MAP_INIT;
	char text[32];
	int i;

	(void)state;
	freed = 0;
	for (i = 0; i < 100; i++)
		*map_put(&m, numbered(text, sizeof(text), i)) = mem_alloc(1);
	(void)map_put(&m, SLICE_LIT("no value"));
	map_clear(&m, count_free);
	assert_int_equal(freed, 100);
	assert_int_equal(m.count, 0);
	assert_null(map_get(&m, SLICE_LIT("key-7")));
	assert_null(*map_put(&m, SLICE_LIT("key-7")));
	*map_put(&m, SLICE_LIT("key-7")) = mem_alloc(1);
	assert_int_equal(m.count, 1);
	map_done(&m, count_free);
	assert_int_equal(freed, 101);
	assert_null(m.entries);
	assert_int_equal(m.count + m.cap + m.slot_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_map_has_nothing),
		cmocka_unit_test(put_then_get),
		cmocka_unit_test(keys_are_bytes),
		cmocka_unit_test(key_is_copied_and_ended_by_a_nul),
		cmocka_unit_test(many_keys_keep_value_and_order),
		cmocka_unit_test(keys_of_one_hash_stay_apart),
		cmocka_unit_test(clear_frees_values_and_can_be_filled_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
