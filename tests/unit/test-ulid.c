#include "unit.h"

#include <sys/random.h>

#include <oncall/clock.h>
#include <oncall/ulid.h>

#define LAST_MS ((INT64_C(1) << 48) - 1)

static const unsigned char *system_bytes;

/* Stands in for the system's, so that ids at a border can be had. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
ssize_t getrandom(void *out, size_t n, unsigned int flags)
{
	(void)flags;
	memcpy(out, system_bytes, n);
	return (ssize_t)n;
}

/* Each test starts later than the ids of the one before. */
static int64_t next_time(void)
{
	static int64_t day;

	return 1763600000000 + ++day * INT64_C(86400000);
}

/* First, before a seed takes the place of the system. */
static void the_next_id_carries_over(void **state)
{
	static const unsigned char low[16] = {
		0,    0,    0,	  0,	0,    0,    0,	  0,
		0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
	unsigned char all[16];
	char id[ULID_TEXT];

	(void)state;
	clock_set(1);
	system_bytes = low;
	ulid_make(id);
	assert_string_equal(id, "000000000100000000ZZZZZZZZ");
	ulid_make(id);
	assert_string_equal(id, "00000000010000000100000000");
	ulid_make(id);
	assert_string_equal(id, "00000000010000000100000001");
	clock_set(2);
	memset(all, 0xFF, sizeof(all));
	system_bytes = all;
	ulid_make(id);
	assert_string_equal(id, "0000000002ZZZZZZZZZZZZZZZZ");
	ulid_make(id);
	assert_string_equal(id, "0000000003ZZZZZZZZZZZZZZZZ");
	clock_random_seed(1);
}

static void id_is_valid_and_carries_the_time(void **state)
{
	char id[ULID_TEXT];

	(void)state;
	clock_set(1469918176385); /* 01ARYZ6S41, worked out by hand */
	ulid_make(id);
	assert_true(ulid_valid(id));
	assert_memory_equal(id, "01ARYZ6S41", 10);
}

static void ids_of_one_millisecond_rise(void **state)
{
	char before[ULID_TEXT];
	char id[ULID_TEXT];
	int i;

	(void)state;
	clock_set(next_time());
	ulid_make(before);
	for (i = 0; i < 5000; i++) {
		ulid_make(id);
		assert_true(ulid_valid(id));
		assert_true(strcmp(before, id) < 0);
		assert_memory_equal(before, id, 10);
		memcpy(before, id, sizeof(id));
	}
}

static void later_ids_sort_later_and_differ(void **state)
{
	char before[ULID_TEXT];
	char id[ULID_TEXT];
	int64_t time = next_time();

	(void)state;
	clock_set(time);
	ulid_make(before);
	clock_set(time + 1);
	ulid_make(id);
	assert_true(strcmp(before, id) < 0);
	assert_memory_not_equal(before + 10, id + 10, 16);
}

static void ids_rise_when_the_clock_goes_back(void **state)
{
	char before[ULID_TEXT];
	char id[ULID_TEXT];
	int64_t time = next_time();

	(void)state;
	clock_set(time);
	ulid_make(before);
	clock_set(time - 1000);
	ulid_make(id);
	assert_true(strcmp(before, id) < 0);
	clock_set(-5);
	memcpy(before, id, sizeof(id));
	ulid_make(id);
	assert_true(strcmp(before, id) < 0);
}

static void same_seed_gives_the_same_ids(void **state)
{
	char first[ULID_TEXT];
	char second[ULID_TEXT];

	(void)state;
	clock_set(next_time());
	clock_random_seed(42);
	ulid_make(first);
	clock_set(next_time());
	clock_random_seed(42);
	ulid_make(second);
	assert_string_equal(first + 10, second + 10);
	clock_set(next_time());
	clock_random_seed(43);
	ulid_make(second);
	assert_string_not_equal(first + 10, second + 10);
}

static void only_ulids_are_valid(void **state)
{
	static const char *const bad[] = {
		"",
		"01ARYZ6S41TSV4RRFFQ69G5FA",
		"01ARYZ6S41TSV4RRFFQ69G5FAVX",
		"01ARYZ6S41TSV4RRFFQ69G5FAV-",
		"81ARYZ6S41TSV4RRFFQ69G5FAV",
		"01ARYZ6S41TSV4RRFFQ69G5FAU",
		"01ARYZ6S41TSV4RRFFQ69G5FAI",
		"01ARYZ6S41TSV4RRFFQ69G5FAL",
		"01ARYZ6S41TSV4RRFFQ69G5FAO",
		"01aryz6s41tsv4rrffq69g5fav",
		"01ARYZ6S41 SV4RRFFQ69G5FAV",
	};
	size_t i;

	(void)state;
	assert_true(ulid_valid("01ARYZ6S41TSV4RRFFQ69G5FAV"));
	assert_true(ulid_valid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(ulid_valid(bad[i]));
}

/* Last, since what comes after cannot be earlier. */
static void last_millisecond_is_still_valid(void **state)
{
	char id[ULID_TEXT];

	(void)state;
	clock_set(LAST_MS);
	ulid_make(id);
	assert_memory_equal(id, "7ZZZZZZZZZ", 10);
	clock_set(INT64_MAX);
	ulid_make(id);
	assert_true(ulid_valid(id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_id_carries_over),
		cmocka_unit_test(id_is_valid_and_carries_the_time),
		cmocka_unit_test(ids_of_one_millisecond_rise),
		cmocka_unit_test(later_ids_sort_later_and_differ),
		cmocka_unit_test(ids_rise_when_the_clock_goes_back),
		cmocka_unit_test(same_seed_gives_the_same_ids),
		cmocka_unit_test(only_ulids_are_valid),
		cmocka_unit_test(last_millisecond_is_still_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
