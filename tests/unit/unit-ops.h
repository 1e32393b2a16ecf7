/* unit-ops.h - a store for tests of ops: SQLite always, PostgreSQL when
 * TEST_POSTGRES holds the address of an empty database. */
#ifndef UNIT_OPS_H
#define UNIT_OPS_H

#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/store.h>

#define NOW INT64_C(1795168800000) /* 2026-11-20T10:00:00Z */

static const char *ops_address;
static struct store *store;

static inline int ops_set_up(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	clock_set(NOW);
	return store_open(&store, ops_address, STORE_WRITE, &err);
}

static inline int ops_tear_down(void **state)
{
	static const char *const sql[] = {
		"DELETE FROM snapshots",	 "DELETE FROM streams",
		"DELETE FROM patterns",		 "DELETE FROM first_detections",
		"DELETE FROM latest_detections", "DELETE FROM detection_counts",
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		(void)store_run(store, &err, sql[i], NULL, 0);
	assert_no_err(&err);
	store_close(store);
	store = NULL;
	return 0;
}

/* The caller frees it; "" for NULL. */
static inline char *ask_text(const char *sql)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows =
		store_ask(store, &err, sql, NULL, 0);
	struct slice text;

	if (!rows || store_next(rows, &err) <= 0)
		fail_msg("%s: %s", sql, err.text);
	text = store_text(rows, 0);
	return mem_dup_bytes(text.ptr ? text.ptr : "", text.len);
}

/* A server lets go of what a closed connection held a moment later. */
static inline void await_release(void)
{
	AUTO_FREE char *held = NULL;

	for (int i = 0; i < 500 && !strcmp(store_driver(store), "postgresql");
	     i++) {
		free(held);
		held = ask_text("SELECT COUNT(*) FROM pg_locks l JOIN "
				"pg_database d ON d.oid = l.database AND "
				"d.datname = current_database() WHERE "
				"l.locktype = 'advisory' AND "
				"l.pid <> pg_backend_pid()");
		if (!strcmp(held, "0"))
			return;
		(void)usleep(10000);
	}
}

#define ops_test(name) \
	cmocka_unit_test_setup_teardown(name, ops_set_up, ops_tear_down)

/* Runs all once for each store; how many groups failed. */
static inline int ops_run(int (*group)(void))
{
	char dir[] = "/tmp/test-ops.XXXXXX";
	const char *postgres = getenv("TEST_POSTGRES");
	AUTO_FREE char *file = NULL;
	int failed;

	(void)unsetenv("ONCALL_STORE");
	(void)umask(077);
	if (!mkdtemp(dir))
		return 1;
	file = mem_printf("%s/oncall.db", dir);
	ops_address = file;
	failed = group();
	(void)unlink(file);
	(void)rmdir(dir);
	if (postgres && *postgres) {
		ops_address = postgres;
		failed += group();
	}
	return failed;
}

/* ---- several processes with one store ---- */

#define OPS_CHILDREN_MAX 8
#define OPS_CHILD	 "TEST_CHILD"	    /* what a child is to do... */
#define OPS_CHILD_STORE	 "TEST_CHILD_STORE" /* ...and on which store */

/* Starts this program again, so many times at once; all must end with 0. */
static inline void ops_run_children(int count, const char *what)
{
	pid_t pids[OPS_CHILDREN_MAX];
	int status;

	assert_true(count <= OPS_CHILDREN_MAX);
	assert_int_equal(setenv(OPS_CHILD, what, 1), 0);
	assert_int_equal(setenv(OPS_CHILD_STORE, ops_address, 1), 0);
	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			(void)execl("/proc/self/exe", what, (char *)NULL);
			_exit(127);
		}
	}
	assert_int_equal(unsetenv(OPS_CHILD), 0);
	for (int i = 0; i < count; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

/* For main(): what this process is to do, or NULL when it is no child. */
static inline const char *ops_child(void)
{
	ops_address = getenv(OPS_CHILD_STORE);
	return getenv(OPS_CHILD);
}

#endif
