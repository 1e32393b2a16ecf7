/* test-store.c - the same tests on both drivers: SQLite always, PostgreSQL
 * when TEST_POSTGRES holds the address of a database for tests. */
#include "unit-store.h"

#include <sqlite3.h>

#include <oncall/when.h>

static const char *kind;
static const char *postgres;
static char dir[64];
static char *address;

static int set_up(void **state)
{
	(void)state;
	if (strcmp(kind, "postgresql") == 0) {
		const char *const argv[] = {
			"psql",
			"-Xqd",
			postgres,
			"-c",
			"SET client_min_messages TO error; "
			"DROP SCHEMA IF EXISTS oncall CASCADE",
			NULL};

		run_program(argv);
		address = mem_dup(postgres);
		return 0;
	}
	(void)snprintf(dir, sizeof(dir), "/tmp/test-store.XXXXXX");
	assert_non_null(mkdtemp(dir));
	address = mem_printf("%s/new/oncall.db", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (strcmp(kind, "sqlite") == 0) {
		const char *const argv[] = {"rm", "-rf", dir, NULL};

		run_program(argv);
	}
	free(address);
	return 0;
}

static void a_new_store_is_made_and_found_again(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	(void)state;
	assert_int_equal(store_open(&s, address, STORE_READ, &err), -1);
	assert_err(&err, ERR_SYSTEM, "no store at '");
	assert_err(&err, ERR_SYSTEM, "create it with: oncall init");
	assert_null(s);
	err_clear(&err);
	assert_int_equal(store_open(&s, address, STORE_CREATE, &err), 0);
	assert_no_err(&err);
	assert_string_equal(store_driver(s), kind);
	assert_int_equal(store_schema_version(s), 2);
	assert_int_equal(store_schema_newest(), 2);
	store_close(s);
	assert_int_equal(store_open(&s, address, STORE_CREATE, &err), 1);
	store_close(s);
	s = open_store(address, STORE_READ);
	assert_int_equal(store_schema_version(s), 2);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), 0);
	store_close(s);
	assert_int_equal(store_open(&s, address, STORE_WRITE, &err), 0);
	store_close(s);
}

static int put(struct store *s, struct err *err, struct store_value id,
	       struct store_value n, struct store_value r, struct store_value t)
{
	return store_run(s, err,
			 "INSERT INTO things (id, n, r, t) "
			 "VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE "
			 "SET n = excluded.n, r = excluded.r, t = excluded.t",
			 (const struct store_value[]){id, n, r, t}, 4) == 1
		       ? 0
		       : -1;
}

static void values_come_back_as_they_went(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	AUTO_ROWS struct store_rows *rows = NULL;
	struct err err = ERR_INIT;

	(void)state;
	put(s, &err, S_INT(1), S_NULL, S_NULL, S_NULL);
	put(s, &err, S_INT(2), S_INT(INT64_MAX), S_REAL(0.1), S_TEXT(""));
	put(s, &err, S_INT(3), S_INT(INT64_MIN), S_REAL(-1e300),
	    S_TEXT("\xc3\xa4 'quoted' $1 @in(1)@ ?1"));
	put(s, &err, S_INT(4), S_TIME(WHEN_NONE), S_REAL(3), s_text(NULL));
	put(s, &err, S_INT(5), S_TIME(-5), S_INT(3),
	    S_SLICE(((struct slice){NULL, 0})));
	assert_no_err(&err);
	rows = STORE_ASK(s, &err,
			 "SELECT n, r, t FROM things WHERE id >= $1 "
			 "ORDER BY id",
			 S_INT(1));
	assert_no_err(&err);
	assert_int_equal(store_next(rows, &err), 1);
	assert_true(store_is_null(rows, 0) && store_is_null(rows, 1));
	assert_null(store_text(rows, 2).ptr);
	assert_int_equal(store_int(rows, 0), 0);
	assert_true(store_time(rows, 0) == WHEN_NONE);
	assert_int_equal(store_next(rows, &err), 1);
	assert_true(store_int(rows, 0) == INT64_MAX);
	assert_true(store_real(rows, 1) == 0.1);
	assert_non_null(store_text(rows, 2).ptr);
	assert_int_equal(store_text(rows, 2).len, 0);
	assert_int_equal(store_next(rows, &err), 1);
	assert_true(store_int(rows, 0) == INT64_MIN);
	assert_true(store_real(rows, 1) == -1e300);
	assert_true(slice_is(store_text(rows, 2),
			     "\xc3\xa4 'quoted' $1 @in(1)@ ?1"));
	assert_int_equal(store_next(rows, &err), 1);
	assert_true(store_is_null(rows, 0) && store_is_null(rows, 2));
	assert_int_equal(store_next(rows, &err), 1);
	assert_int_equal(store_time(rows, 0), -5);
	assert_true(store_real(rows, 1) == 3.0);
	assert_false(store_is_null(rows, 2));
	assert_int_equal(store_next(rows, &err), 0);
	assert_int_equal(store_next(rows, &err), 0);
}

/* One statement, whose parameter has now this type and now that. */
static void a_parameter_may_change_its_type(void **state)
{
	const struct store_value values[] = {
		S_INT(7),    S_NULL,   S_TEXT("seven"), S_NULL,
		S_REAL(2.5), S_INT(1), S_INT(1 << 30)};
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		assert_int_equal(
			STORE_RUN(s, &err,
				  "INSERT INTO things (id, t) VALUES ($1, $2)",
				  S_INT((int64_t)i), values[i]),
			1);
	assert_no_err(&err);
	assert_int_equal(ask_number(s,
				    "SELECT count(*) FROM things WHERE t IN "
				    "('7', 'seven', '2.5', '1', '1073741824')"),
			 5);
	/* Larger than the INTEGER that a server would take "$1 = 0" for. */
	assert_int_equal(STORE_RUN(s, &err,
				   "DELETE FROM things WHERE $1 = 0 OR id < $1",
				   S_INT((int64_t)1 << 40)),
			 ARRAY_LEN(values));
	assert_no_err(&err);
}

static void changes_are_counted(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	put(s, &err, S_INT(1), S_INT(1), S_NULL, S_NULL);
	put(s, &err, S_INT(2), S_INT(1), S_NULL, S_NULL);
	assert_int_equal(STORE_RUN(s, &err,
				   "INSERT INTO things (id) VALUES ($1) "
				   "ON CONFLICT DO NOTHING",
				   S_INT(1)),
			 0);
	assert_int_equal(
		STORE_RUN(s, &err, "UPDATE things SET n = $1", S_INT(5)), 2);
	assert_int_equal(STORE_RUN(s, &err, "DELETE FROM things WHERE id = $1",
				   S_INT(9)),
			 0);
	assert_no_err(&err);
	assert_int_equal(STORE_RUN(s, &err, "DELETE FROM nothing WHERE id = $1",
				   S_INT(9)),
			 -1);
	assert_err(&err, ERR_SYSTEM, "nothing");
}

static void words_mean_the_same_on_both(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	put(s, &err, S_INT(1), S_INT(10), S_NULL, S_TEXT("Zoo"));
	put(s, &err, S_INT(2), S_INT(20), S_NULL, S_TEXT("apple"));
	put(s, &err, S_INT(3), S_INT(30), S_NULL, S_TEXT("b@like@c"));
	assert_int_equal(STORE_RUN(s, &err,
				   "UPDATE things SET n = @least@(n, $1) "
				   "WHERE t IN @in(2)@",
				   S_INT(15),
				   S_TEXT("[\"Zoo\",\"apple\",\"x\"]")),
			 2);
	assert_int_equal(ask_number(s, "SELECT n FROM things WHERE id = 2"),
			 15);
	assert_int_equal(ask_number(s, "SELECT @greatest@(n, 99) FROM things "
				       "WHERE t @like@ 'zO%' @for_update@"),
			 99);
	assert_int_equal(ask_number(s, "SELECT id FROM things -- it's @odd\n"
				       "WHERE t = 'b@like@c'"),
			 3);
	/* By bytes: capitals stand before small letters. */
	assert_int_equal(ask_number(s, "SELECT id FROM things ORDER BY t"), 1);
	assert_int_equal(
		ask_number(s, "SELECT id = 1 FROM things WHERE id = 1"), 1);
	assert_null(store_ask(s, &err, "SELECT @what@", NULL, 0));
	assert_err(&err, ERR_SYSTEM, "bad word in SQL: '@what@'");
	err_clear(&err);
	assert_null(store_ask(s, &err, "SELECT 1 @in(x)@", NULL, 0));
	assert_err(&err, ERR_SYSTEM, "bad word in SQL: '@in(x)@'");
}

static void mistakes_in_calls_are_named(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	static const char question[] = "SELECT id FROM things";
	struct store_rows *rows;
	struct err err = ERR_INIT;
	char text[] = "SELECT 1";

	(void)state;
	assert_int_equal(store_commit(s, &err), -1);
	assert_err(&err, ERR_SYSTEM, "commit without a transaction");
	err_clear(&err);
	assert_int_equal(store_lock(s, "all", &err), -1);
	assert_err(&err, ERR_SYSTEM, "outside a transaction");
	err_clear(&err);
	store_rollback(s);
	assert_int_equal(
		store_run(s, &err, "DELETE FROM things WHERE id = $1", NULL, 0),
		-1);
	assert_err(&err, ERR_SYSTEM, "parameters");
	err_clear(&err);
	rows = store_ask(s, &err, question, NULL, 0);
	assert_non_null(rows);
	assert_null(store_ask(s, &err, question, NULL, 0));
	assert_err(&err, ERR_SYSTEM, "rows are still open");
	err_clear(&err);
	store_rows_free(rows);
	rows = store_ask(s, &err, question, NULL, 0);
	assert_non_null(rows);
	store_rows_free(rows);
	rows = store_ask(s, &err, text, NULL, 0);
	store_rows_free(rows);
	text[7] = '2';
	assert_null(store_ask(s, &err, text, NULL, 0));
	assert_err(&err, ERR_SYSTEM, "SQL is no literal");
}

static void transactions_nest(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(1), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(2), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(3), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_commit(s, &err), 0);
	store_rollback(s);
	assert_int_equal(ask_number(s, "SELECT sum(id) FROM things"), 1);
	assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(4), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_commit(s, &err), 0);
	assert_int_equal(store_commit(s, &err), 0);
	assert_no_err(&err);
	assert_int_equal(ask_number(s, "SELECT sum(id) FROM things"), 5);
	for (int i = 0; i < STORE_DEPTH_MAX; i++)
		assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(5), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_begin(s, &err), -1);
	assert_err(&err, ERR_SYSTEM, "nest more than");
	for (int i = 0; i < STORE_DEPTH_MAX; i++)
		store_rollback(s);
	assert_int_equal(ask_number(s, "SELECT sum(id) FROM things"), 5);
}

static void an_inner_failure_leaves_the_outer_whole(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(1), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(2), S_NULL, S_NULL, S_NULL);
	(void)STORE_QUEUE(s, &err, "INSERT INTO things (id) VALUES ($1)",
			  S_INT(1));
	assert_int_equal(err.kind != ERR_NONE || store_commit(s, &err) < 0, 1);
	/* A commit that failed has rolled back; a call that failed has not. */
	if (ask_number(s, "SELECT count(*) FROM things") != 1)
		store_rollback(s);
	err_clear(&err);
	put(s, &err, S_INT(3), S_NULL, S_NULL, S_NULL);
	/* The failure may still be on its way when the rollback is asked for.
	 */
	assert_int_equal(store_begin(s, &err), 0);
	(void)STORE_QUEUE(s, &err, "INSERT INTO things (id) VALUES ($1)",
			  S_INT(1));
	store_rollback(s);
	err_clear(&err);
	put(s, &err, S_INT(5), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_commit(s, &err), 0);
	assert_no_err(&err);
	assert_int_equal(ask_number(s, "SELECT sum(id) FROM things"), 9);
}

static void values_of_a_question_need_not_stay(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	AUTO_ROWS struct store_rows *rows = NULL;
	struct err err = ERR_INIT;
	char text[] = "one";

	(void)state;
	put(s, &err, S_INT(1), S_NULL, S_NULL, S_TEXT("one"));
	rows = STORE_ASK(s, &err, "SELECT id FROM things WHERE t = $1",
			 S_TEXT(text));
	assert_non_null(rows);
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(store_next(rows, &err), 1);
	assert_int_equal(store_int(rows, 0), 1);
	assert_no_err(&err);
}

static void what_was_queued_fails_at_the_commit_at_latest(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;
	int failed = 0;

	(void)state;
	assert_int_equal(store_begin(s, &err), 0);
	for (int i = 0; i < 2000 && !failed; i++)
		failed = STORE_QUEUE(s, &err,
				     "INSERT INTO things (id) VALUES ($1)",
				     S_INT(i == 1500 ? 7 : i));
	if (!failed)
		failed = store_commit(s, &err);
	else
		store_rollback(s);
	assert_int_equal(failed, -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_non_null(strcasestr(err.text, "unique constraint"));
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), 0);
	err_clear(&err);
	/* The last of a queue that is shorter than any window. */
	assert_int_equal(store_begin(s, &err), 0);
	put(s, &err, S_INT(1), S_NULL, S_NULL, S_NULL);
	failed = STORE_QUEUE(s, &err, "INSERT INTO things (id) VALUES ($1)",
			     S_INT(1));
	if (!failed)
		failed = store_commit(s, &err);
	else
		store_rollback(s);
	assert_int_equal(failed, -1);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), 0);
}

static void much_is_queued_without_blocking(void **state)
{
	enum { ROWS = 20000, LARGE = 3000000 };
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	AUTO_FREE char *large = mem_alloc(LARGE);
	struct err err = ERR_INIT;

	(void)state;
	memset(large, 'x', LARGE);
	assert_int_equal(store_begin(s, &err), 0);
	for (int i = 0; i < ROWS; i++) {
		/* The buffer is the caller's again when the call returns. */
		char text[32];

		(void)snprintf(text, sizeof(text), "row %d", i);
		assert_int_equal(STORE_QUEUE(s, &err,
					     "INSERT INTO things (id, t) "
					     "VALUES ($1, $2)",
					     S_INT(i), S_TEXT(text)),
				 0);
		memset(text, 'y', sizeof(text));
	}
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), ROWS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			STORE_QUEUE(s, &err,
				    "UPDATE things SET t = $1 WHERE id = $2",
				    S_SLICE(((struct slice){large, LARGE})),
				    S_INT(i)),
			0);
	assert_int_equal(store_commit(s, &err), 0);
	assert_no_err(&err);
	assert_int_equal(
		ask_number(s, "SELECT sum(length(t)) FROM things WHERE id < 3"),
		3 * LARGE);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things "
				       "WHERE t = 'row 19999'"),
			 1);
}

struct work {
	struct store *s;
	int64_t id;
	bool fail;
};

static int insert_thing(void *arg, struct err *err)
{
	const struct work *w = arg;

	if (STORE_QUEUE(w->s, err, "INSERT INTO things (id) VALUES ($1)",
			S_INT(w->id)) < 0)
		return -1;
	return w->fail ? err_set(err, ERR_REFUSED, "not this one") : 0;
}

static void work_is_stored_whole_or_not_at_all(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;
	struct work w = {s, 1, false};

	(void)state;
	assert_int_equal(store_transact(s, insert_thing, &w, &err), 0);
	w = (struct work){s, 2, true};
	assert_int_equal(store_transact(s, insert_thing, &w, &err), -1);
	assert_err(&err, ERR_REFUSED, "not this one");
	err_clear(&err);
	assert_int_equal(store_begin(s, &err), 0);
	assert_int_equal(store_transact(s, insert_thing, &w, &err), -1);
	err_clear(&err);
	w = (struct work){s, 4, false};
	assert_int_equal(store_transact(s, insert_thing, &w, &err), 0);
	assert_int_equal(store_commit(s, &err), 0);
	assert_int_equal(ask_number(s, "SELECT sum(id) FROM things"), 5);
}

static void a_reader_changes_nothing_and_sees_one_state(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	AUTO_STORE struct store *reader = open_store(address, STORE_READ);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(put(reader, &err, S_INT(1), S_NULL, S_NULL, S_NULL),
			 -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	err_clear(&err);
	assert_int_equal(store_begin(reader, &err), 0);
	assert_int_equal(ask_number(reader, "SELECT count(*) FROM things"), 0);
	put(s, &err, S_INT(1), S_NULL, S_NULL, S_NULL);
	assert_int_equal(ask_number(reader, "SELECT count(*) FROM things"), 0);
	assert_int_equal(store_commit(reader, &err), 0);
	assert_int_equal(ask_number(reader, "SELECT count(*) FROM things"), 1);
	assert_no_err(&err);
}

static void changes_of_others_show_in_the_data_version(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	AUTO_STORE struct store *reader = open_store(address, STORE_READ);
	struct err err = ERR_INIT;
	int64_t first = 0, same = 0, other = 0;

	(void)state;
	assert_int_equal(store_data_version(reader, &first, &err), 0);
	assert_int_equal(store_data_version(reader, &same, &err), 0);
	assert_true(first == same);
	put(s, &err, S_INT(1), S_NULL, S_NULL, S_NULL);
	assert_int_equal(store_data_version(reader, &other, &err), 0);
	assert_true(first != other);
	assert_int_equal(ask_number(reader, "SELECT count(*) FROM things"), 1);
	assert_int_equal(store_data_version(reader, &same, &err), 0);
	assert_true(other == same);
}

static void one_holds_what_another_wants(void **state)
{
	struct store *s = open_store(address, STORE_WRITE);
	struct store *other = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(store_hold(s, "this", &err), 0);
	assert_int_equal(store_hold(s, "that", &err), 0);
	assert_int_equal(store_hold(other, "the rest", &err), 0);
	assert_no_err(&err);
	assert_int_equal(store_hold(other, "that", &err), -1);
	assert_err(&err, ERR_SYSTEM, "that is in use by another program");
	err_clear(&err);
	store_close(s);
	assert_int_equal(store_hold(other, "that", &err), 0);
	assert_no_err(&err);
	store_close(other);
}

enum { WRITERS = 8, TURNS = 40 };

static int count_up(void *arg, struct err *err)
{
	struct store *s = arg;
	AUTO_ROWS struct store_rows *rows = NULL;
	int64_t n;

	if (store_lock(s, "counter", err) < 0)
		return -1;
	rows = store_ask(s, err, "SELECT n FROM things WHERE id = 0", NULL, 0);
	if (!rows || store_next(rows, err) < 0)
		return -1;
	n = store_int(rows, 0);
	return STORE_QUEUE(s, err, "UPDATE things SET n = $1 WHERE id = 0",
			   S_INT(n + 1));
}

static void write_as(int index)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	(void)index;
	if (store_open(&s, address, STORE_WRITE, &err) < 0)
		child_failed(&err);
	for (int i = 0; i < TURNS; i++)
		if (store_transact(s, count_up, s, &err) < 0)
			child_failed(&err);
	store_close(s);
}

static void eight_writers_lose_nothing(void **state)
{
	struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	put(s, &err, S_INT(0), S_INT(0), S_NULL, S_NULL);
	assert_no_err(&err);
	store_close(s);
	in_children(WRITERS, write_as);
	s = open_store(address, STORE_READ);
	assert_int_equal(ask_number(s, "SELECT n FROM things"),
			 WRITERS * TURNS);
	store_close(s);
}

static void start_as(int index)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	if (store_open(&s, address, STORE_WRITE, &err) < 0 ||
	    put(s, &err, S_INT(index), S_NULL, S_NULL, S_NULL) < 0)
		child_failed(&err);
	store_close(s);
}

static void eight_programs_may_start_on_a_new_store(void **state)
{
	struct store *s;

	(void)state;
	in_children(WRITERS, start_as);
	s = open_store(address, STORE_READ);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), WRITERS);
	assert_int_equal(
		ask_number(s, "SELECT count(*) FROM schema_migrations"), 2);
	store_close(s);
}

static void change_schema(const char *sql)
{
	struct store *s = open_store(address, STORE_WRITE);

	run_sql(s, sql);
	store_close(s);
}

static void assert_open_fails(enum store_mode mode, const char *text)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	assert_int_equal(store_open(&s, address, mode, &err), -1);
	assert_null(s);
	assert_err(&err, ERR_SYSTEM, text);
}

/* A store that needs migration 2, opened without migrating it. */
static void remake_more(void)
{
	if (strcmp(kind, "sqlite") == 0) {
		sqlite3 *db = NULL;

		assert_int_equal(sqlite3_open(address, &db), SQLITE_OK);
		assert_int_equal(
			sqlite3_exec(db, "DROP TABLE more", NULL, NULL, NULL),
			SQLITE_OK);
		sqlite3_close(db);
	} else {
		const char *const argv[] = {"psql",
					    "-Xqd",
					    postgres,
					    "-c",
					    "DROP TABLE oncall.more",
					    NULL};

		run_program(argv);
	}
}

static void an_older_store_is_migrated_by_writers_only(void **state)
{
	struct store *s;

	(void)state;
	change_schema("INSERT INTO things (id) VALUES (6)");
	change_schema("DELETE FROM schema_migrations WHERE number = 2");
	assert_open_fails(STORE_READ, "has schema 1, this program needs 2");
	/* The table is still there, so that migrating to 2 fails as a whole. */
	assert_open_fails(STORE_WRITE, "migration 2 (more)");
	assert_open_fails(STORE_READ, "has schema 1, this program needs 2");
	remake_more();
	s = open_store(address, STORE_WRITE);
	assert_int_equal(store_schema_version(s), 2);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM more"), 0);
	assert_int_equal(ask_number(s, "SELECT id FROM things"), 6);
	store_close(s);
}

static void a_newer_store_is_left_alone(void **state)
{
	(void)state;
	change_schema("INSERT INTO schema_migrations VALUES "
		      "(9, 'later', 'x', 'y'), (8, 'later', 'x', 'y')");
	assert_open_fails(STORE_READ, "has schema 9, this program knows 2: "
				      "install a newer oncall-tools");
	assert_open_fails(STORE_WRITE, "has schema 9, this program knows 2");
}

static void another_migration_of_that_number_is_an_error(void **state)
{
	(void)state;
	change_schema("UPDATE schema_migrations SET checksum = 'other' "
		      "WHERE number = 1");
	assert_open_fails(STORE_READ, "another migration 1 (things)");
	assert_open_fails(STORE_WRITE, "another migration 1 (things)");
}

static void verify_finds_a_missing_table(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(store_verify(s, &err), 0);
	run_sql(s, "DROP TABLE parts");
	assert_int_equal(store_verify(s, &err), -1);
	assert_err(&err, ERR_SYSTEM, "schema 1: store '");
	assert_err(&err, ERR_SYSTEM, "parts");
}

static void what_others_refer_to_stays(void **state)
{
	AUTO_STORE struct store *s = open_store(address, STORE_WRITE);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(STORE_RUN(s, &err,
				   "INSERT INTO parts (thing, t) "
				   "VALUES ($1, $2)",
				   S_INT(77), S_TEXT("lost")),
			 -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
}

static void addresses_that_are_no_store_are_refused(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	(void)state;
	assert_int_equal(store_open(&s, "mysql://u:pw@h/db", STORE_READ, &err),
			 -1);
	assert_err(&err, ERR_USAGE,
		   "MySQL is not supported; use a file (SQLite) or "
		   "postgresql://");
	err_clear(&err);
	assert_int_equal(store_open(&s, "redis://u:pw@h/db", STORE_READ, &err),
			 -1);
	assert_err(&err, ERR_USAGE, "unknown kind of store 'redis://'");
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(a_new_store_is_made_and_found_again),
		EACH(values_come_back_as_they_went),
		EACH(a_parameter_may_change_its_type),
		EACH(changes_are_counted),
		EACH(words_mean_the_same_on_both),
		EACH(mistakes_in_calls_are_named),
		EACH(transactions_nest),
		EACH(an_inner_failure_leaves_the_outer_whole),
		EACH(values_of_a_question_need_not_stay),
		EACH(what_was_queued_fails_at_the_commit_at_latest),
		EACH(much_is_queued_without_blocking),
		EACH(work_is_stored_whole_or_not_at_all),
		EACH(a_reader_changes_nothing_and_sees_one_state),
		EACH(changes_of_others_show_in_the_data_version),
		EACH(one_holds_what_another_wants),
		EACH(eight_writers_lose_nothing),
		EACH(eight_programs_may_start_on_a_new_store),
		EACH(an_older_store_is_migrated_by_writers_only),
		EACH(a_newer_store_is_left_alone),
		EACH(another_migration_of_that_number_is_an_error),
		EACH(verify_finds_a_missing_table),
		EACH(what_others_refer_to_stays),
		EACH(addresses_that_are_no_store_are_refused),
	};
	int failed;

	kind = "sqlite";
	failed = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
	postgres = getenv("TEST_POSTGRES");
	if (!postgres || !*postgres)
		return failed;
	kind = "postgresql";
	return failed +
	       cmocka_run_group_tests_name("postgresql", tests, NULL, NULL);
}
