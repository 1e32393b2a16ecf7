/*
 * test-store-postgres.c - what can go wrong between a program and a server.
 * TEST_POSTGRES holds the address of a database for tests; the one that
 * restarts a server starts its own. Runs in the root of the repository.
 */
#include "unit-store.h"

#include <signal.h>

#include <oncall/buf.h>
#include <oncall/clock.h>
#include <oncall/diag.h>

static const char *address;

static void psql(const char *sql)
{
	const char *const argv[] = {
		"psql", "-Xqd",	     address, "-v", "ON_ERROR_STOP=1",
		"-o",	"/dev/null", "-c",    sql,  NULL};

	run_program(argv);
}

static int set_up(void **state)
{
	(void)state;
	if (address)
		psql("SET client_min_messages TO error; "
		     "DROP SCHEMA IF EXISTS oncall CASCADE");
	return 0;
}

static void needs_server(void)
{
	if (!address)
		skip();
}

struct work {
	struct store *s;
	int times;
	const char *disturb; /* SQL, run while the first attempt is under way */
};

static int disturbed_work(void *arg, struct err *err)
{
	struct work *w = arg;

	/* It may have been committed although the answer was lost. */
	if (STORE_QUEUE(w->s, err,
			"INSERT INTO things (id, n) VALUES ($1, $2) "
			"ON CONFLICT (id) DO NOTHING",
			S_INT(1), S_INT(w->times)) < 0)
		return -1;
	if (w->times++ == 0) {
		(void)ask_number(w->s, "SELECT count(*) FROM things");
		psql(w->disturb);
	}
	return STORE_QUEUE(w->s, err,
			   "INSERT INTO things (id) VALUES ($1) "
			   "ON CONFLICT (id) DO NOTHING",
			   S_INT(2));
}

static const char end_sessions[] =
	"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	"WHERE application_name = 'oncall' AND datname = current_database()";

static void work_survives_a_lost_connection(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;
	struct work w = {NULL, 0, end_sessions};

	(void)state;
	needs_server();
	s = w.s = open_store(address, STORE_WRITE);
	assert_int_equal(store_transact(s, disturbed_work, &w, &err), 0);
	assert_no_err(&err);
	assert_int_equal(w.times, 2);
	assert_int_equal(ask_number(s, "SELECT n FROM things WHERE id = 1"), 1);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), 2);
}

static int refuse(void *arg, struct err *err)
{
	struct work *w = arg;

	w->times++;
	psql(end_sessions);
	return err_set(err, ERR_REFUSED, "not this one");
}

static void work_that_failed_by_itself_is_not_tried_again(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;
	struct work w = {NULL, 0, NULL};

	(void)state;
	needs_server();
	s = w.s = open_store(address, STORE_WRITE);
	assert_int_equal(store_transact(s, refuse, &w, &err), -1);
	assert_err(&err, ERR_REFUSED, "not this one");
	assert_int_equal(w.times, 1);
}

static void a_connection_lost_between_calls_is_made_again(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;

	(void)state;
	needs_server();
	s = open_store(address, STORE_WRITE);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), 0);
	psql(end_sessions);
	assert_int_equal(store_begin(s, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	err_clear(&err);
	assert_int_equal(store_begin(s, &err), 0);
	assert_no_err(&err);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), 0);
	/* Inside a transaction there is no way back. */
	psql(end_sessions);
	assert_int_equal(STORE_RUN(s, &err, "DELETE FROM things WHERE id = $1",
				   S_INT(1)),
			 -1);
	err_clear(&err);
	assert_int_equal(STORE_RUN(s, &err, "DELETE FROM things WHERE id = $1",
				   S_INT(1)),
			 -1);
	assert_err(&err, ERR_SYSTEM, "is not connected");
	err_clear(&err);
	assert_int_equal(store_commit(s, &err), -1);
}

enum { CHILDREN = 4, TURNS = 100 };

static int add_row(void *arg, struct err *err)
{
	struct work *w = arg;

	return STORE_QUEUE(w->s, err,
			   "INSERT INTO things (id) VALUES ($1) "
			   "ON CONFLICT (id) DO NOTHING",
			   S_INT(w->times));
}

/* A server of this test alone; what it prints is no test's result. */
static char server_dir[64];
static char *server_address;

static void control_server(const char *what)
{
	const char *const argv[] = {
		"sh", "-c", "exec tests/lib/postgres \"$1\" \"$2\" >/dev/null",
		"sh", what, server_dir,
		NULL};

	run_program(argv);
}

static int start_server(void **state)
{
	AUTO_FREE char *note = NULL;
	char home[64] = "";
	FILE *in;

	(void)state;
	if (!address)
		return 0;
	(void)snprintf(server_dir, sizeof(server_dir),
		       "/tmp/test-store.XXXXXX");
	assert_non_null(mkdtemp(server_dir));
	control_server("start");
	note = mem_printf("%s/postgres.home", server_dir);
	in = fopen(note, "re");
	assert_non_null(in);
	assert_non_null(fgets(home, sizeof(home), in));
	(void)fclose(in);
	home[strcspn(home, "\n")] = '\0';
	server_address =
		mem_printf("postgresql://oncall@/postgres?host=%s", home);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	if (!server_address)
		return 0;
	control_server("stop");
	(void)rmdir(server_dir);
	free(server_address);
	return 0;
}

static void write_rows(int index)
{
	struct err err = ERR_INIT;
	struct work w = {NULL, 0, NULL};

	if (index == CHILDREN) {
		(void)usleep(100000);
		control_server("restart");
		return;
	}
	if (store_open(&w.s, server_address, STORE_WRITE, &err) < 0)
		child_failed(&err);
	for (int i = 0; i < TURNS; i++) {
		w.times = index * TURNS + i;
		if (store_transact(w.s, add_row, &w, &err) < 0)
			child_failed(&err);
		(void)usleep(5000);
	}
	store_close(w.s);
}

static void writers_survive_a_restart_of_the_server(void **state)
{
	struct store *s;

	(void)state;
	needs_server();
	store_close(open_store(server_address, STORE_WRITE));
	in_children(CHILDREN + 1, write_rows);
	s = open_store(server_address, STORE_READ);
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"),
			 CHILDREN * TURNS);
	store_close(s);
}

static int update_both(void *arg, struct err *err)
{
	struct work *w = arg;
	int64_t first = w->times, second = 3 - w->times;

	if (STORE_RUN(w->s, err, "UPDATE things SET n = n + 1 WHERE id = $1",
		      S_INT(first)) != 1)
		return -1;
	(void)usleep(20000);
	return STORE_RUN(w->s, err, "UPDATE things SET n = n + 1 WHERE id = $1",
			 S_INT(second)) == 1
		       ? 0
		       : -1;
}

static void update_as(int index)
{
	struct err err = ERR_INIT;
	struct work w = {NULL, index + 1, NULL};

	if (store_open(&w.s, address, STORE_WRITE, &err) < 0 ||
	    store_run(w.s, &err, "SET deadlock_timeout TO '50ms'", NULL, 0) < 0)
		child_failed(&err);
	for (int i = 0; i < 5; i++)
		if (store_transact(w.s, update_both, &w, &err) < 0)
			child_failed(&err);
	store_close(w.s);
}

static void a_deadlock_is_tried_again(void **state)
{
	struct store *s;

	(void)state;
	needs_server();
	s = open_store(address, STORE_WRITE);
	run_sql(s, "INSERT INTO things (id, n) VALUES (1, 0), (2, 0)");
	in_children(2, update_as);
	assert_int_equal(ask_number(s, "SELECT sum(n) FROM things"), 20);
	store_close(s);
}

static void a_failed_transaction_cannot_be_committed(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;

	(void)state;
	needs_server();
	s = open_store(address, STORE_WRITE);
	assert_int_equal(store_begin(s, &err), 0);
	run_sql(s, "INSERT INTO things (id) VALUES (1)");
	assert_int_equal(store_run(s, &err,
				   "INSERT INTO things (id) VALUES (1)", NULL,
				   0),
			 -1);
	err_clear(&err);
	assert_int_equal(store_commit(s, &err), -1);
	assert_err(&err, ERR_SYSTEM, "has undone the transaction");
	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), 0);
}

static void text_that_is_none_is_refused(void **state)
{
	static const struct slice bad[] = {
		{"a\0b", 3}, {"\xff", 1}, {"\xed\xa0\x80", 3}};
	AUTO_STORE struct store *s = NULL;

	(void)state;
	needs_server();
	s = open_store(address, STORE_WRITE);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(STORE_RUN(s, &err,
					   "INSERT INTO things (id, t) "
					   "VALUES ($1, $2)",
					   S_INT(1), S_SLICE(bad[i])),
				 -1);
		assert_err(&err, ERR_SYSTEM, "value 2 is not UTF-8 text");
	}
}

static void a_password_is_never_shown(void **state)
{
	static const char *const bad[] = {
		"postgresql://me:geheim@127.0.0.1:1/db",
		"postgres://me:geheim@127.0.0.1:1/db",
		"postgresql://me@127.0.0.1:1/db?password=geheim",
		"postgresql://me:geheim/x@127.0.0.1:1/db",
		"postgresql://me:1/geheim@127.0.0.1:1/db",
		"postgresql://me:geheim@[::1/db",
		"postgresql://me:geheim@127.0.0.1:1/db?nothing=geheim",
	};
	AUTO_FREE char *good = NULL;
	AUTO_STORE struct store *s = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(store_open(&s, bad[i], STORE_READ, &err), -1);
		assert_null(strstr(err.text, "geheim"));
		assert_true(err.kind == ERR_SYSTEM || err.kind == ERR_USAGE);
	}
	needs_server();
	good = mem_printf("%s&password=geheim", address);
	s = open_store(good, STORE_WRITE);
	assert_null(strstr(store_name(s), "geheim"));
	assert_non_null(strstr(store_name(s), "postgresql://oncall@/"));
}

static void a_server_that_is_not_there_is_named(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	(void)state;
	assert_int_equal(store_open(&s, "postgresql://me@127.0.0.1:1/db",
				    STORE_WRITE, &err),
			 -1);
	assert_err(&err, ERR_SYSTEM,
		   "store 'postgresql://me@127.0.0.1:1/db' is not connected: ");
	assert_err(&err, ERR_SYSTEM, "onnection refused");
	assert_null(strchr(err.text, '\n'));
}

static void hold_lock(int index)
{
	struct err err = ERR_INIT;
	struct store *s = open_store(address, STORE_WRITE);

	(void)index;
	for (int i = 0; i < 20; i++) {
		int64_t n;

		if (store_begin(s, &err) < 0 || store_lock(s, "it", &err) < 0)
			child_failed(&err);
		n = ask_number(s, "SELECT n FROM things");
		(void)STORE_RUN(s, &err, "UPDATE things SET n = $1",
				S_INT(n + 1));
		if (store_commit(s, &err) < 0)
			child_failed(&err);
	}
	store_close(s);
}

static void a_lock_lets_one_in_at_a_time(void **state)
{
	struct store *s;

	(void)state;
	needs_server();
	s = open_store(address, STORE_WRITE);
	run_sql(s, "INSERT INTO things (id, n) VALUES (1, 0)");
	in_children(4, hold_lock);
	assert_int_equal(ask_number(s, "SELECT n FROM things"), 80);
	store_close(s);
}

static void a_schema_that_stands_ready_is_used(void **state)
{
	(void)state;
	needs_server();
	psql("CREATE SCHEMA oncall");
	store_close(open_store(address, STORE_WRITE));
	store_close(open_store(address, STORE_READ));
}

static void a_backup_is_left_to_pg_dump(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;

	(void)state;
	needs_server();
	s = open_store(address, STORE_WRITE);
	assert_int_equal(store_backup(s, "/tmp/none", &err), -1);
	assert_err(&err, ERR_USAGE, "use pg_dump");
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup(f, set_up)
	const struct CMUnitTest tests[] = {
		EACH(work_survives_a_lost_connection),
		EACH(work_that_failed_by_itself_is_not_tried_again),
		EACH(a_connection_lost_between_calls_is_made_again),
		cmocka_unit_test_setup_teardown(
			writers_survive_a_restart_of_the_server, start_server,
			stop_server),
		EACH(a_deadlock_is_tried_again),
		EACH(a_failed_transaction_cannot_be_committed),
		EACH(text_that_is_none_is_refused),
		EACH(a_password_is_never_shown),
		EACH(a_server_that_is_not_there_is_named),
		EACH(a_lock_lets_one_in_at_a_time),
		EACH(a_schema_that_stands_ready_is_used),
		EACH(a_backup_is_left_to_pg_dump),
	};

	address = getenv("TEST_POSTGRES");
	if (address && !*address)
		address = NULL;
	diag_setup("test-store-postgres", DIAG_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
