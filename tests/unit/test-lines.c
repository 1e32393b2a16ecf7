#include "unit.h"

#include <oncall/lines.h>
#include <oncall/mem.h>

#define LARGE ((size_t)300 * 1000) /* many full lanes */

static void newlines_are_counted_wherever_they_stand(void **state)
{
	char text[200];

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		memset(text, 'x', sizeof(text));
		assert_int_equal(lines_count(text, n), 0);
		for (size_t i = 0; i < n; i++) {
			text[i] = '\n';
			assert_int_equal(lines_count(text, n), i + 1);
		}
		memset(text, '\n', sizeof(text));
		assert_int_equal(lines_count(text, n), n);
	}
}

static void lanes_do_not_run_over(void **state)
{
	AUTO_FREE char *text = mem_alloc(LARGE);

	(void)state;
	memset(text, '\n', LARGE);
	assert_int_equal(lines_count(text, LARGE), LARGE);
	for (size_t i = 0; i < LARGE; i += 2)
		text[i] = (char)(i % 256);
	assert_int_equal(lines_count(text + 1, LARGE - 1),
			 LARGE / 2 + (LARGE - 10 + 255) / 256);
}

static void bytes_near_to_it_are_none(void **state)
{
	char text[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		text[i] = (char)i;
	assert_int_equal(lines_count(text, sizeof(text)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newlines_are_counted_wherever_they_stand),
		cmocka_unit_test(lanes_do_not_run_over),
		cmocka_unit_test(bytes_near_to_it_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
