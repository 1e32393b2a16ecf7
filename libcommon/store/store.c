/*
 * store.c - the door: addresses, statements, nesting of transactions, and
 * running work again after trouble that passes.
 */
#include <oncall/store.h>

#include <errno.h>

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#include "migrations.h"
#include "store-internal.h"

#define TRIES_MAX	 10
#define RETRY_PAUSE_MS	 20
#define RECONNECT_MS	 60000
#define RECONNECT_MIN_MS 100
#define RECONNECT_MAX_MS 5000
#define HOLD_PAUSE_MS	 20

/* Literals, because statements are kept by the address of their text. */
static const struct {
	const char *save, *release, *undo;
} savepoints[STORE_DEPTH_MAX] = {
	{NULL, NULL, NULL},
	{"SAVEPOINT s1", "RELEASE SAVEPOINT s1", "ROLLBACK TO SAVEPOINT s1"},
	{"SAVEPOINT s2", "RELEASE SAVEPOINT s2", "ROLLBACK TO SAVEPOINT s2"},
	{"SAVEPOINT s3", "RELEASE SAVEPOINT s3", "ROLLBACK TO SAVEPOINT s3"},
	{"SAVEPOINT s4", "RELEASE SAVEPOINT s4", "ROLLBACK TO SAVEPOINT s4"},
	{"SAVEPOINT s5", "RELEASE SAVEPOINT s5", "ROLLBACK TO SAVEPOINT s5"},
	{"SAVEPOINT s6", "RELEASE SAVEPOINT s6", "ROLLBACK TO SAVEPOINT s6"},
	{"SAVEPOINT s7", "RELEASE SAVEPOINT s7", "ROLLBACK TO SAVEPOINT s7"},
};

struct store_value s_text(const char *text)
{
	if (!text)
		return S_NULL;
	return S_SLICE(slice_of(text));
}

struct store_value s_opt(struct slice text)
{
	return text.ptr ? S_SLICE(text) : S_NULL;
}

struct store_value s_time(int64_t ms)
{
	if (ms == WHEN_NONE)
		return S_NULL;
	return S_INT(ms);
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Sets driver and address of a store that is being opened. */
static int choose_driver(struct store *s, const char *address, struct err *err)
{
	if (!address || !*address) {
		s->driver = &store_sqlite;
		s->address = store_file_default(err);
		return s->address ? 0 : -1;
	}
	s->address = mem_dup(address);
	if (starts_with(address, "mysql:") || starts_with(address, "mariadb:"))
		return err_set(err, ERR_USAGE,
			       "MySQL is not supported; use a file (SQLite) or "
			       "postgresql://...");
	s->driver = &store_sqlite;
	if (starts_with(address, "postgresql://") ||
	    starts_with(address, "postgres://"))
		s->driver = &store_postgres;
	else if (strstr(address, "://"))
		return err_set(err, ERR_USAGE,
			       "unknown kind of store '%.*s://'; use a file "
			       "(SQLite) or postgresql://...",
			       (int)strcspn(address, ":"), address);
	return 0;
}

bool store_exists(const char *address)
{
	struct err ignored = ERR_INIT;
	AUTO_FREE char *path = NULL;

	if (address && strstr(address, "://"))
		return true;
	path = address && *address ? mem_dup(address)
				   : store_file_default(&ignored);
	/* What cannot be looked at may be there: opening it will say. */
	return path && (access(path, F_OK) == 0 ||
			(errno != ENOENT && errno != ENOTDIR));
}

int store_open(struct store **ret, const char *address, enum store_mode mode,
	       struct err *err)
{
	AUTO_STORE struct store *s = mem_zero(1, sizeof(*s));
	int there;

	*ret = NULL;
	s->mode = mode;
	s->stall_ms = STORE_STALL_MS;
	if (choose_driver(s, address, err) < 0)
		return -1;
	there = s->driver->open(s, err);
	if (there < 0 || store_migrate(s, err) < 0 ||
	    (s->driver->ready && s->driver->ready(s, err) < 0))
		return -1;
	*ret = TAKE_PTR(s);
	return there && mode == STORE_CREATE ? 1 : 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->own) {
		store_sql_forget(s);
		s->driver->close(s);
	}
	map_done(&s->statements, NULL);
	free(s->address);
	free(s->name);
	free(s);
}

const char *store_name(const struct store *s)
{
	return s->name;
}

const char *store_driver(const struct store *s)
{
	return s->driver->name;
}

int store_schema_version(const struct store *s)
{
	return s->version;
}

int store_schema_newest(void)
{
	const struct store_migration *m = store_migrations;
	int newest = 0;

	for (; m->number; m++)
		newest = m->number;
	return newest;
}

int store_size(struct store *s, int64_t *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err, s->driver->size, NULL, 0);

	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}

void store_set_stall(struct store *s, int64_t ms)
{
	s->stall_ms = ms;
}

/* Statements */

static struct store_stmt *statement(struct store *s, const char *sql, size_t n,
				    struct err *err)
{
	if (n > STORE_VALUES_MAX) {
		(void)err_set(err, ERR_SYSTEM,
			      "more than %d values for: '%.40s'",
			      STORE_VALUES_MAX, sql);
		return NULL;
	}
	return store_sql_statement(s, sql, err);
}

int64_t store_run(struct store *s, struct err *err, const char *sql,
		  const struct store_value *values, size_t n)
{
	struct store_stmt *st = statement(s, sql, n, err);

	if (!st)
		return -1;
	return s->driver->run(s, st, (struct store_values){values, n}, err);
}

int store_queue(struct store *s, struct err *err, const char *sql,
		const struct store_value *values, size_t n)
{
	struct store_stmt *st = statement(s, sql, n, err);

	if (!st)
		return -1;
	return s->driver->queue(s, st, (struct store_values){values, n}, err);
}

struct store_rows *store_ask(struct store *s, struct err *err, const char *sql,
			     const struct store_value *values, size_t n)
{
	struct store_stmt *st = statement(s, sql, n, err);

	if (!st)
		return NULL;
	if (st->rows.open) {
		(void)err_set(err, ERR_SYSTEM,
			      "rows are still open of: '%.40s'", sql);
		return NULL;
	}
	if (s->driver->ask(s, st, (struct store_values){values, n}, err) < 0)
		return NULL;
	st->rows.open = true;
	return &st->rows;
}

int store_next(struct store_rows *r, struct err *err)
{
	return r->store->driver->next(r, err);
}

int64_t store_int(struct store_rows *r, int column)
{
	return r->store->driver->column_int(r, column);
}

double store_real(struct store_rows *r, int column)
{
	return r->store->driver->column_real(r, column);
}

struct slice store_text(struct store_rows *r, int column)
{
	return r->store->driver->column_text(r, column);
}

bool store_is_null(struct store_rows *r, int column)
{
	return r->store->driver->column_is_null(r, column);
}

int64_t store_time(struct store_rows *r, int column)
{
	if (store_is_null(r, column))
		return WHEN_NONE;
	return store_int(r, column);
}

void store_rows_free(struct store_rows *r)
{
	if (!r || !r->open)
		return;
	r->store->driver->rows_done(r);
	r->open = false;
}

int store_ask_any(struct store *s, const char *sql, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = store_ask(s, err, sql, NULL, 0);

	return rows ? store_next(rows, err) : -1;
}

/* Transactions */

int store_begin(struct store *s, struct err *err)
{
	const char *sql;

	if (s->depth == STORE_DEPTH_MAX)
		return err_set(err, ERR_SYSTEM,
			       "transactions nest more than %d deep",
			       STORE_DEPTH_MAX);
	if (s->depth > 0)
		sql = savepoints[s->depth].save;
	else if (s->mode == STORE_READ)
		sql = s->driver->begin_read;
	else
		sql = s->driver->begin_write;
	if (store_queue(s, err, sql, NULL, 0) < 0)
		return -1;
	if (s->depth++ == 0)
		s->undone = false;
	return 0;
}

static int commit(struct store *s, struct err *err)
{
	struct store_stmt *st;

	if (s->depth > 1)
		return store_run(s, err, savepoints[s->depth - 1].release, NULL,
				 0) < 0
			       ? -1
			       : 0;
	if (s->undone)
		return err_set(err, ERR_SYSTEM,
			       "store '%s' has undone the transaction",
			       s->name);
	st = store_sql_statement(s, "COMMIT", err);
	if (!st)
		return -1;
	return s->driver->commit(s, st, err);
}

int store_commit(struct store *s, struct err *err)
{
	if (s->depth == 0)
		return err_set(err, ERR_SYSTEM, "commit without a transaction");
	if (commit(s, err) < 0) {
		store_rollback(s);
		return -1;
	}
	s->depth--;
	return 0;
}

void store_rollback(struct store *s)
{
	struct err ignored = ERR_INIT;
	enum store_trouble trouble = s->trouble;
	int level = s->depth - 1;

	if (level < 0)
		return;
	if (level == 0) {
		(void)store_run(s, &ignored, "ROLLBACK", NULL, 0);
	} else {
		if (store_run(s, &ignored, savepoints[level].undo, NULL, 0) <
			    0 ||
		    store_run(s, &ignored, savepoints[level].release, NULL, 0) <
			    0)
			s->undone = true;
	}
	s->depth = level;
	/* What counts is why the work failed, not how its end went. */
	s->trouble = trouble;
}

int store_lock(struct store *s, const char *name, struct err *err)
{
	if (s->depth == 0)
		return err_set(err, ERR_SYSTEM,
			       "lock '%s' outside a transaction", name);
	return s->driver->lock ? s->driver->lock(s, name, err) : 0;
}

/* Trying again */

static int once(struct store *s, int (*work)(void *arg, struct err *err),
		void *arg, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (work(arg, err) < 0) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, err);
}

int store_try_hold(struct store *s, const char *name, struct err *err)
{
	return s->driver->hold(s, name, err);
}

int store_hold(struct store *s, const char *name, struct err *err)
{
	int64_t deadline = clock_mono() + STORE_HOLD_MS;
	int got;

	while ((got = store_try_hold(s, name, err)) == 0) {
		if (clock_mono() >= deadline || !signals_sleep(HOLD_PAUSE_MS))
			return err_set(err, ERR_SYSTEM,
				       "%s is in use by another program, in "
				       "store '%s'",
				       name, s->name);
	}
	return got < 0 ? -1 : 0;
}

/* Pauses that double, each up to twice as long, so that programs that lost
 * the same thing do not come back at the same moment. */
static bool back_off(int64_t *pause_ms, int64_t most)
{
	int64_t jitter = clock_mono() * getpid() % *pause_ms;
	bool go_on = signals_sleep(*pause_ms + jitter);

	*pause_ms = *pause_ms * 2 < most ? *pause_ms * 2 : most;
	return go_on;
}

/* err holds why the connection was lost, and is cleared when there is one. */
static int reconnect(struct store *s, bool *warned, struct err *err)
{
	int64_t deadline = clock_mono() + RECONNECT_MS;
	int64_t pause = RECONNECT_MIN_MS;

	if (!*warned)
		diag_warn("%s; trying again for up to %d s", err->text,
			  RECONNECT_MS / 1000);
	*warned = true;
	while (back_off(&pause, RECONNECT_MAX_MS)) {
		err_clear(err);
		if (s->driver->reopen(s, err) == 0)
			return 0;
		if (clock_mono() >= deadline)
			break;
	}
	return -1;
}

int store_transact(struct store *s, int (*work)(void *arg, struct err *err),
		   void *arg, struct err *err)
{
	int64_t pause = RETRY_PAUSE_MS;
	bool warned = false;

	if (s->depth > 0)
		return once(s, work, arg, err);
	for (int tries = 1;; tries++) {
		s->trouble = STORE_TROUBLE_NONE;
		if (once(s, work, arg, err) == 0)
			return 0;
		if (s->trouble == STORE_TROUBLE_NONE || tries == TRIES_MAX)
			return -1;
		if (s->trouble == STORE_TROUBLE_LOST) {
			if (reconnect(s, &warned, err) < 0)
				return -1;
		} else if (!back_off(&pause, RECONNECT_MAX_MS)) {
			return -1;
		}
		err_clear(err);
	}
}

int store_data_version(struct store *s, int64_t *ret, struct err *err)
{
	return s->driver->data_version(s, ret, err);
}

int store_backup(struct store *s, const char *path, struct err *err)
{
	return s->driver->backup(s, path, err);
}

int store_verify(struct store *s, struct err *err)
{
	if ((s->driver->verify && s->driver->verify(s, err) < 0) ||
	    (s->driver->check && s->driver->check(s, err) < 0))
		return -1;
	return store_migrate_verify(s, err);
}
