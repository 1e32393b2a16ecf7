#include "unit.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include <oncall/clock.h>

#define HOUR_MS (INT64_C(3600) * 1000)

static int asked;

/* Stands in for the system's: interrupted, then one byte at a time. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
ssize_t getrandom(void *out, size_t n, unsigned int flags)
{
	(void)flags;
	assert_true(n > 0);
	if (asked++ % 2 == 0) {
		errno = EINTR;
		return -1;
	}
	*(unsigned char *)out = (unsigned char)asked;
	return 1;
}

/* First, while nobody has set anything. */
static void now_is_the_time_of_day(void **state)
{
	int64_t seconds = time(NULL);

	(void)state;
	assert_false(clock_is_set());
	assert_in_range(clock_now(), (seconds - 2) * 1000,
			(seconds + 60) * 1000);
}

static void random_bytes_come_from_the_system(void **state)
{
	static const unsigned char want[] = {2, 4, 6, 8, 10, 0xEE};
	unsigned char got[] = {0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE};

	(void)state;
	clock_random(got, sizeof(got) - 1);
	assert_memory_equal(got, want, sizeof(want));
	clock_random(got, 0);
	assert_int_equal(asked, 10);
}

static void set_clock_stands_still(void **state)
{
	static const int64_t times[] = {0, -1, 1763600000123, INT64_MAX,
					INT64_MIN};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(times); i++) {
		clock_set(times[i]);
		assert_true(clock_is_set());
		assert_true(clock_now() == times[i]);
		assert_true(clock_now() == times[i]);
	}
}

static void nobody_sets_the_monotonic_clock(void **state)
{
	struct timespec pause = {0, 5000000};
	struct timespec system;
	int64_t start;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &system), 0);
	start = clock_mono();
	assert_in_range(start - system.tv_sec * 1000, 0, HOUR_MS);
	clock_set(0);
	(void)nanosleep(&pause, NULL);
	assert_in_range(clock_mono() - start, 4, HOUR_MS);
}

static void seeded_bytes_are_a_fixed_sequence(void **state)
{
	/* splitmix64 from 0, least significant byte first. */
	static const unsigned char want[] = {0xaf, 0xcd, 0x1d, 0x7b, 0x39,
					     0xa8, 0x20, 0xe2, 0xf4, 0x65};
	unsigned char first[100];
	unsigned char again[100];
	int before = asked;

	(void)state;
	clock_random_seed(0);
	clock_random(first, sizeof(first));
	assert_memory_equal(first, want, sizeof(want));
	clock_random(again, sizeof(again));
	assert_memory_not_equal(first, again, sizeof(first));
	clock_random_seed(0);
	clock_random(again, sizeof(again));
	assert_memory_equal(first, again, sizeof(first));
	clock_random_seed(1);
	clock_random(again, sizeof(again));
	assert_memory_not_equal(first, again, sizeof(first));
	assert_int_equal(asked, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(now_is_the_time_of_day),
		cmocka_unit_test(random_bytes_come_from_the_system),
		cmocka_unit_test(set_clock_stands_still),
		cmocka_unit_test(nobody_sets_the_monotonic_clock),
		cmocka_unit_test(seeded_bytes_are_a_fixed_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
