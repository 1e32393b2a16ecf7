/* test-audit.c - a trail that shows what was done to it: SQLite always,
 * PostgreSQL when TEST_POSTGRES holds the address of an empty database. */
#include "unit-ops.h"

#include <oncall/audit.h>

#define ROWS	 7
#define CHILDREN 4
#define EACH	 25

static void add(int64_t time, const char *what, const char *data)
{
	struct err err = ERR_INIT;
	int rc;

	assert_int_equal(store_begin(store, &err), 0);
	rc = audit_add(store,
		       &(struct audit_entry){.time = time,
					     .actor = "ana",
					     .what = what,
					     .subject = "ACT-1",
					     .data = slice_of(data)},
		       &err);
	assert_no_err(&err);
	assert_int_equal(rc, 0);
	assert_int_equal(store_commit(store, &err), 0);
	assert_no_err(&err);
}

static int set_up(void **state)
{
	struct err err = ERR_INIT;

	if (ops_set_up(state) < 0)
		return -1;
	(void)store_run(store, &err, "DELETE FROM audit", NULL, 0);
	assert_no_err(&err);
	for (int i = 0; i < ROWS; i++)
		add(NOW + i, "intent", i % 2 ? "{}" : "{\"name\":\"true\"}");
	return 0;
}

static int64_t rows_of(const char *head)
{
	struct err err = ERR_INIT;
	int64_t rows = -1;

	assert_int_equal(audit_verify(store, head, &rows, &err), 0);
	assert_no_err(&err);
	return rows;
}

static void finds(const char *head, enum err_kind kind, const char *part)
{
	struct err err = ERR_INIT;
	int64_t rows;

	assert_int_equal(audit_verify(store, head, &rows, &err), -1);
	assert_err(&err, kind, part);
}

static void run_sql(const char *sql)
{
	struct err err = ERR_INIT;

	assert_true(store_run(store, &err, sql, NULL, 0) > 0);
	assert_no_err(&err);
}

static char *head_now(void)
{
	struct err err = ERR_INIT;
	char *head = NULL;

	assert_int_equal(audit_head(store, &head, &err), 0);
	return head;
}

static void a_whole_trail_is_whole(void **state)
{
	AUTO_FREE char *head = head_now();

	(void)state;
	assert_int_equal(rows_of(NULL), ROWS);
	assert_memory_equal(head, "7:", 2);
	assert_int_equal(strlen(head), 2 + 64);
	assert_int_equal(rows_of(head), ROWS);
	add(NOW, "outcome", "{}");
	assert_int_equal(rows_of(head), ROWS + 1); /* it has grown, no more */
}

static void an_empty_trail_is_whole(void **state)
{
	AUTO_FREE char *head = NULL;

	(void)state;
	run_sql("DELETE FROM audit");
	head = head_now();
	assert_string_equal(head, "0:");
	assert_int_equal(rows_of("0:"), 0);
}

static void an_edit_shows(void **state)
{
	static const char *const edits[] = {
		"UPDATE audit SET data = '{\"name\":\"false\"}' WHERE seq = 3",
		"UPDATE audit SET actor = 'ben' WHERE seq = 3",
		"UPDATE audit SET what = 'refused' WHERE seq = 3",
		"UPDATE audit SET subject = 'ACT-2' WHERE seq = 3",
		"UPDATE audit SET time = time + 1 WHERE seq = 3",
		"UPDATE audit SET hash = 'x' || substr(hash, 2) WHERE seq = 3",
		/* Text that moves from one member to the next. */
		"UPDATE audit SET actor = 'anai', what = 'ntent' WHERE seq = 3",
	};

	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		if (i) {
			assert_int_equal(ops_tear_down(state), 0);
			assert_int_equal(set_up(state), 0);
		}
		run_sql(edits[i]);
		finds(NULL, ERR_NO, "row 3 of the trail");
	}
}

static void a_deletion_shows(void **state)
{
	(void)state;
	run_sql("DELETE FROM audit WHERE seq = 4");
	finds(NULL, ERR_NO, "row 4 of the trail is missing");
	run_sql("UPDATE audit SET seq = seq - 1 WHERE seq = 5");
	finds(NULL, ERR_NO, "row 4 of the trail");
}

static void the_first_row_is_missed(void **state)
{
	(void)state;
	run_sql("DELETE FROM audit WHERE seq = 1");
	finds(NULL, ERR_NO, "row 1 of the trail is missing");
}

static void another_order_shows(void **state)
{
	(void)state;
	run_sql("UPDATE audit SET seq = 100 WHERE seq = 2");
	run_sql("UPDATE audit SET seq = 2 WHERE seq = 5");
	run_sql("UPDATE audit SET seq = 5 WHERE seq = 100");
	finds(NULL, ERR_NO, "row 2 of the trail");
}

static void a_row_too_many_shows(void **state)
{
	(void)state;
	run_sql("INSERT INTO audit (seq, time, actor, what, subject, data, "
		"hash) SELECT 8, time, actor, what, subject, data, hash FROM "
		"audit WHERE seq = 7");
	finds(NULL, ERR_NO, "row 8 of the trail");
}

static void an_end_cut_off_shows_by_what_was_noted(void **state)
{
	AUTO_FREE char *head = head_now();

	(void)state;
	run_sql("DELETE FROM audit WHERE seq > 5");
	assert_int_equal(rows_of(NULL), 5);
	finds(head, ERR_NO, "row 7");
	add(NOW, "made anew", "{}");
	add(NOW, "made anew", "{}");
	assert_int_equal(rows_of(NULL), ROWS);
	finds(head, ERR_NO, "row 7 of the trail is not the one");
}

static void what_was_noted_must_be_readable(void **state)
{
	static const char *const bad[] = {
		"", "7", "x:", "7:abc", ":abc", "-1:abc"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		finds(bad[i], ERR_USAGE, "SEQ:HASH");
}

static void what_is_undone_is_not_in_it(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(store_begin(store, &err), 0);
	assert_int_equal(
		audit_add(store,
			  &(struct audit_entry){.time = NOW,
						.actor = "ana",
						.what = "intent",
						.subject = "ACT-2",
						.data = SLICE_LIT("{}")},
			  &err),
		0);
	store_rollback(store);
	assert_int_equal(rows_of(NULL), ROWS);
	add(NOW, "outcome", "{}");
	assert_int_equal(rows_of(NULL), ROWS + 1);
}

/* Some rows in one transaction, as a batch of actions writes them. */
static int add_some(void *arg, struct err *err)
{
	(void)arg;
	for (int i = 0; i < 5; i++)
		if (audit_add(store,
			      &(struct audit_entry){.time = NOW,
						    .actor = "child",
						    .what = "intent",
						    .subject = "ACT-3",
						    .data = SLICE_LIT("{}")},
			      err) < 0)
			return -1;
	return 0;
}

static int child(void)
{
	struct err err = ERR_INIT;
	void *state = NULL;

	if (ops_set_up(&state) < 0)
		return 1;
	for (int i = 0; i < EACH; i++)
		if (store_transact(store, add_some, NULL, &err) < 0)
			return 1;
	store_close(store);
	return 0;
}

static void many_writers_make_one_chain(void **state)
{
	(void)state;
	ops_run_children(CHILDREN, "write");
	assert_int_equal(rows_of(NULL), ROWS + CHILDREN * EACH * 5);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, ops_tear_down)
		TEST(a_whole_trail_is_whole),
		TEST(an_empty_trail_is_whole),
		TEST(an_edit_shows),
		TEST(a_deletion_shows),
		TEST(the_first_row_is_missed),
		TEST(another_order_shows),
		TEST(a_row_too_many_shows),
		TEST(an_end_cut_off_shows_by_what_was_noted),
		TEST(what_was_noted_must_be_readable),
		TEST(what_is_undone_is_not_in_it),
		TEST(many_writers_make_one_chain),
#undef TEST
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return ops_child() ? child() : ops_run(group);
}
