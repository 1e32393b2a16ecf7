/* unit-store.h - what the tests of the store share: a schema of their own,
 * stores that are new, and children that work at the same time. */
#ifndef ONCALL_UNIT_STORE_H
#define ONCALL_UNIT_STORE_H

#include "unit.h"

#include <stdio.h>
#include <sys/wait.h>

#include <oncall/mem.h>
#include <oncall/store.h>

#include "../../libcommon/store/migrations.h"

/* Stands before that of the library, whose tables are no concern here. */
const struct store_migration store_migrations[] = {
	{1, "things",
	 "CREATE TABLE things (id @integer@ NOT NULL PRIMARY KEY, "
	 "n @integer@, r @real@, t @text@);"
	 "CREATE TABLE parts (thing @integer@ NOT NULL REFERENCES things (id), "
	 "t @text@ NOT NULL PRIMARY KEY) @without_rowid@;"},
	{2, "more", "CREATE TABLE more (id @integer@ NOT NULL PRIMARY KEY);"},
	{0, NULL, NULL},
};

static inline void child_failed(const struct err *err)
{
	(void)fprintf(stderr, "child: %s\n", err->text);
	_exit(1);
}

/* Runs work in that many processes at once; all must end with 0. */
static inline void in_children(int count, void (*work)(int index))
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			work(i);
			_exit(0);
		}
	}
	for (int i = 0; i < count; i++) {
		int status = -1;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

static inline void run_program(const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* execvp() leaves its arguments alone; only its type does not
		 * say so. */
		union {
			const char *const *in;
			char *const *out;
		} args = {.in = argv};

		(void)execvp(argv[0], args.out);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline struct store *open_store(const char *address,
				       enum store_mode mode)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	if (store_open(&s, address, mode, &err) < 0)
		assert_no_err(&err);
	return s;
}

static inline void run_sql(struct store *s, const char *sql)
{
	struct err err = ERR_INIT;

	(void)store_run(s, &err, sql, NULL, 0);
	assert_no_err(&err);
}

static inline int64_t ask_number(struct store *s, const char *sql)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows = store_ask(s, &err, sql, NULL, 0);
	int64_t n = -1;

	assert_no_err(&err);
	if (store_next(rows, &err) > 0)
		n = store_int(rows, 0);
	assert_no_err(&err);
	return n;
}

#endif
