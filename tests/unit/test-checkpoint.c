/* Which saved state counts, and when it is removed. */
#include "unit-ops.h"

#include <inttypes.h>

#include <oncall/checkpoint.h>

static void save(const char *name, int64_t number, const char *state)
{
	struct err err = ERR_INIT;

	(void)!checkpoint_save(store, name, number, slice_of(state), &err);
	assert_no_err(&err);
}

/* As `oncall-incident open` does with the cursor record of a stream. */
static void commit(const char *stream, const char *snapshot)
{
	struct err err = ERR_INIT;

	(void)STORE_RUN(store, &err,
			"INSERT INTO streams (stream, source, position, "
			"at_position, snapshot, updated) "
			"VALUES ($1, '{}', 0, '[]', $2, 0) "
			"ON CONFLICT (stream) DO UPDATE SET "
			"snapshot = excluded.snapshot",
			S_TEXT(stream), S_TEXT(snapshot));
	assert_no_err(&err);
}

/* What load() finds; want NULL: nothing. */
static void loads(const char *name, const char *want, int64_t want_number)
{
	AUTO_BUF struct buf state = BUF_INIT;
	struct err err = ERR_INIT;
	int64_t number = -7;
	int got = checkpoint_load(store, name, &state, &number, &err);

	assert_no_err(&err);
	assert_int_equal(got, want != NULL);
	assert_string_equal(buf_str(&state), want ? want : "");
	assert_true(number == want_number);
}

static int64_t count(void)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows = store_ask(
		store, &err,
		"SELECT CAST(COUNT(*) AS @integer@) FROM snapshots", NULL, 0);

	assert_non_null(rows);
	assert_int_equal(store_next(rows, &err), 1);
	return store_int(rows, 0);
}

static void names_are_checked(void **state)
{
	AUTO_BUF struct buf longest = BUF_INIT;
	static const char *const good[] = {"main", "a", "-", "..", "A-z_0.9"};
	static const char *const bad[] = {"",	  "a b", "a/b",	    "a:1",
					  "a\"b", "a\n", "\xc3\xa4"};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(checkpoint_name_check(good[i], &err), 0);
	while (longest.len < CHECKPOINT_NAME_MAX)
		buf_add_char(&longest, 'n');
	assert_int_equal(checkpoint_name_check(buf_str(&longest), &err), 0);
	buf_add_char(&longest, 'n');
	assert_int_equal(checkpoint_name_check(buf_str(&longest), &err), -1);
	assert_err(&err, ERR_USAGE, "cannot be the name of a cursor");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err why = ERR_INIT;

		if (checkpoint_name_check(bad[i], &why) != -1)
			fail_msg("taken: '%s'", bad[i]);
		assert_err(&why, ERR_USAGE, "cannot be the name of a cursor");
	}
}

static void only_what_was_committed_counts(void **state)
{
	(void)state;
	loads("main", NULL, 0);
	save("main", 1, "one");
	loads("main", NULL, 1);
	save("main", 2, "two");
	save("main", 3, "three");
	commit("s1", "\"main:2\"");
	loads("main", "two", 3);
	/* Of several streams the highest one has it all. */
	commit("s2", "\"main:1\"");
	loads("main", "two", 3);
	commit("s3", "\"main:3\"");
	loads("main", "three", 3);
	loads("mai", NULL, 0);
	loads("other", NULL, 0);
}

static void cursors_of_others_do_not_count(void **state)
{
	static const char *const strange[] = {
		"\"main2:9\"", "\"mai:9\"", "\"main\"",	  "\"main:\"",
		"main:9",      "{}",	    "\"MAIN:9\"", "",
	};

	(void)state;
	save("main", 1, "one");
	save("main", 9, "nine");
	for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
		AUTO_FREE char *stream = mem_printf("s%zu", i);

		commit(stream, strange[i]);
	}
	loads("main", NULL, 9);
	commit("s0", "\"main:1\"");
	loads("main", "one", 9);
	/* A number beyond all does not become a negative one. */
	commit("s0", "\"main:99999999999999999999999999\"");
	loads("main", "nine", INT64_C(999999999999999999));
}

static void a_number_is_taken_once(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	save("main", 1, "one");
	/* A commit whose answer was lost is made again. */
	save("main", 1, "one");
	assert_int_equal(
		checkpoint_save(store, "main", 1, SLICE_LIT("another"), &err),
		-1);
	assert_err(&err, ERR_SYSTEM, "cursor 'main' is in use");
	commit("s1", "\"main:1\"");
	loads("main", "one", 1);
	save("other", 1, "its own");
}

static void what_cannot_count_any_more_is_removed(void **state)
{
	(void)state;
	save("other", 1, "other");
	for (int i = 1; i <= 5; i++)
		save("main", i, "state");
	assert_true(count() == 6);
	commit("s1", "\"main:3\"");
	save("main", 6, "six");
	assert_true(count() == 5); /* 3 to 6, and that of the other */
	loads("main", "state", 6);
	/* While nobody commits, the one that counts stays. */
	for (int i = 7; i < CHECKPOINT_KEPT + 50; i++)
		save("main", i, "later");
	assert_true(count() <= CHECKPOINT_KEPT + 3);
	loads("main", "state", CHECKPOINT_KEPT + 49);
	loads("other", NULL, 1);
}

static void what_is_kept_belongs_to_no_cursor(void **state)
{
	AUTO_BUF struct buf kept = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(checkpoint_kept(store, "main", &kept, &err), 0);
	for (int i = 0; i < 2; i++)
		(void)!checkpoint_keep(store, "main",
				       i ? SLICE_LIT("new") : SLICE_LIT("old"),
				       &err);
	assert_no_err(&err);
	assert_int_equal(checkpoint_kept(store, "main", &kept, &err), 1);
	assert_string_equal(buf_str(&kept), "new");
	for (int i = 1; i <= CHECKPOINT_KEPT + 5; i++)
		save("main", i, "state");
	commit("s1", "\"main:305\"");
	save("main", 306, "state");
	buf_reset(&kept);
	assert_int_equal(checkpoint_kept(store, "main", &kept, &err), 1);
	assert_string_equal(buf_str(&kept), "new");
	assert_int_equal(checkpoint_kept(store, "other", &kept, &err), 0);
}

static void a_name_is_held_by_one(void **state)
{
	AUTO_STORE struct store *other = NULL;
	struct err err = ERR_INIT, why = ERR_INIT;

	(void)state;
	assert_int_equal(store_open(&other, ops_address, STORE_WRITE, &err), 0);
	assert_int_equal(checkpoint_hold(store, "main", &err), 0);
	assert_int_equal(checkpoint_hold(other, "second", &err), 0);
	assert_no_err(&err);
	assert_int_equal(checkpoint_hold(other, "main", &why), -1);
	assert_err(&why, ERR_SYSTEM, "cursor 'main' is in use");
	store_close(store);
	store = NULL;
	assert_int_equal(checkpoint_hold(other, "main", &err), 0);
	(void)!store_open(&store, ops_address, STORE_WRITE, &err);
	assert_no_err(&err);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		ops_test(names_are_checked),
		ops_test(only_what_was_committed_counts),
		ops_test(cursors_of_others_do_not_count),
		ops_test(a_number_is_taken_once),
		ops_test(what_cannot_count_any_more_is_removed),
		ops_test(what_is_kept_belongs_to_no_cursor),
		ops_test(a_name_is_held_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
