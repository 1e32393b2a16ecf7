#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include <jansson.h>

#include <oncall/mem.h>

/* AddressSanitizer would end the process itself when too much is asked for. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static volatile size_t too_much = SIZE_MAX / 4;

static void die_of_alloc(void)
{
	free(mem_alloc(too_much));
}

static void die_of_zero(void)
{
	free(mem_zero(too_much, 8));
}

static void die_of_resize(void)
{
	free(mem_resize(NULL, too_much, 1));
}

/* Times 8 this wraps round to 8 bytes, which the system would give. */
static void die_of_product(void)
{
	free(mem_resize(NULL, too_much / 2 * 2 + 2, 8));
}

static void die_at_once(void)
{
	mem_die();
}

static void die_in_jansson(void)
{
	char text[] = "[1]";
	json_malloc_t give;
	json_free_t release;

	mem_init();
	json_get_alloc_funcs(&give, &release);
	json_decref(json_loads(text, 0, NULL));
	release(give(too_much));
}

/* Runs it in a child, which has to end as the header says. */
static void assert_dies(void (*act)(void))
{
	char text[256];
	char want[128];
	size_t len = 0;
	ssize_t got;
	int status;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(fds[1], STDERR_FILENO);
		act();
		_exit(0);
	}
	(void)close(fds[1]);
	while ((got = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	(void)close(fds[0]);
	text[len] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
	(void)snprintf(want, sizeof(want), "%s: out of memory\n",
		       program_invocation_short_name);
	/* The sanitizer says before that it gave nothing. */
	assert_true(len >= strlen(want));
	assert_string_equal(text + len - strlen(want), want);
}

static void out_of_memory_ends_with_status_4(void **state)
{
	(void)state;
	assert_dies(die_at_once);
	assert_dies(die_of_alloc);
	assert_dies(die_of_zero);
	assert_dies(die_of_resize);
	assert_dies(die_of_product);
	assert_dies(die_in_jansson);
}

static void nothing_is_still_a_pointer(void **state)
{
	char *a = mem_alloc(0);
	char *z = mem_zero(0, 0);
	char *r = mem_resize(NULL, 0, 8);

	(void)state;
	assert_non_null(a);
	assert_non_null(z);
	assert_non_null(r);
	free(a);
	free(z);
	free(r);
}

static void zero_is_zero_and_resize_keeps(void **state)
{
	int *n = mem_zero(100, sizeof(*n));
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_int_equal(n[i], 0);
		n[i] = i;
	}
	n = mem_resize(n, 100000, sizeof(*n));
	for (i = 0; i < 100; i++)
		assert_int_equal(n[i], i);
	free(n);
}

static void copies_end_in_a_nul(void **state)
{
	static const char bytes[] = {'a', '\0', 'b'};
	char *s = mem_dup("text");
	char *b = mem_dup_bytes(bytes, sizeof(bytes));
	char *e = mem_dup_bytes(NULL, 0);

	(void)state;
	assert_string_equal(s, "text");
	assert_memory_equal(b, "a\0b", 4);
	assert_string_equal(e, "");
	assert_null(mem_dup(NULL));
	free(s);
	free(b);
	free(e);
}

static void printf_allocates_what_it_needs(void **state)
{
	char *s = mem_printf("%s-%05d|%1000s", "a", 42, "b");

	(void)state;
	assert_int_equal(strlen(s), 1008);
	assert_memory_equal(s, "a-00042| ", 9);
	assert_string_equal(s + 1006, " b");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(out_of_memory_ends_with_status_4),
		cmocka_unit_test(nothing_is_still_a_pointer),
		cmocka_unit_test(zero_is_zero_and_resize_keeps),
		cmocka_unit_test(copies_end_in_a_nul),
		cmocka_unit_test(printf_allocates_what_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
