/*
 * store-sqlite.c - the SQLite driver: statements, waiting for others, and what
 * errors mean.
 */
#include "store-sqlite.h"

#include <errno.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

#define PAUSE_MAX_MS 5

static int fail_locked(struct store *s, struct err *err)
{
	if (signals_stop())
		return err_set(err, ERR_SYSTEM,
			       "stopped while store '%s' was locked", s->name);
	return err_set(err, ERR_SYSTEM,
		       "store '%s' is locked by another program that has made "
		       "no progress for %lld s",
		       s->name, (long long)(s->stall_ms / 1000));
}

int sqlite_fail(struct store *s, int rc, struct err *err)
{
	const struct sqlite *q = s->own;
	int errnum = q->db ? sqlite3_system_errno(q->db) : 0;
	const char *said = q->db ? sqlite3_errmsg(q->db) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		mem_die();
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail_locked(s, err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(err, ERR_SYSTEM,
			       "store '%s' is corrupt: %s; keep the file and "
			       "restore a backup",
			       s->name, said);
	case SQLITE_FULL:
		return err_sys(err, ENOSPC, "cannot write store '%s'", s->name);
	case SQLITE_READONLY:
		return err_set(err, ERR_SYSTEM,
			       "cannot write store '%s': opened for reading",
			       s->name);
	case SQLITE_CANTOPEN:
		return err_sys(err, errnum ? errnum : EACCES,
			       "cannot open store '%s'", s->name);
	case SQLITE_IOERR:
		if (errnum)
			return err_sys(err, errnum,
				       "cannot read or write store '%s'",
				       s->name);
		break;
	default:
		break;
	}
	return err_set(err, ERR_SYSTEM, "store '%s': %s", s->name, said);
}

static void read_signs(const struct sqlite *q, struct sqlite_signs *ret)
{
	const char *const paths[] = {q->path, q->log};
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (stat(paths[i], &st) < 0)
			continue;
		ret->size[i] = st.st_size;
		ret->changed[i] = st.st_mtim;
	}
}

/* 1 to most; not from clock.h, whose random bytes replay can fix. */
static int64_t jitter(int64_t most)
{
	static uint32_t state;

	if (!state)
		state = (uint32_t)getpid();
	state = state * 1664525 + 1013904223;
	return 1 + (int64_t)(state >> 16) % most;
}

int sqlite_wait(void *store, int count)
{
	struct store *s = store;
	struct sqlite *q = s->own;
	struct sqlite_signs signs;
	int64_t now = clock_mono();

	read_signs(q, &signs);
	if (count == 0 || memcmp(&signs, &q->signs, sizeof(signs)) != 0) {
		q->signs = signs;
		q->stalled_since = now;
	}
	if (now - q->stalled_since >= s->stall_ms)
		return 0;
	return signals_sleep(jitter(PAUSE_MAX_MS));
}

/* Prepares the statement when it is new, and binds the values; release tells
 * SQLite whether the text stays where it is until the statement is reset. */
static int bind(struct store *s, struct store_stmt *st,
		struct store_values values, sqlite3_destructor_type release,
		struct err *err)
{
	const struct sqlite *q = s->own;
	sqlite3_stmt *stmt = st->own;
	int rc = SQLITE_OK;

	if (!stmt) {
		rc = sqlite3_prepare_v3(q->db, st->text, -1,
					SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
		if (rc != SQLITE_OK)
			return sqlite_fail(s, rc, err);
		st->own = stmt;
	}
	if (sqlite3_bind_parameter_count(stmt) != (int)values.n)
		return err_set(err, ERR_SYSTEM,
			       "%zu values for %d parameters of: '%.40s'",
			       values.n, sqlite3_bind_parameter_count(stmt),
			       st->sql);
	/* SQLite itself has undone the transaction, for lack of space say:
	 * what follows must not be stored without what came before. */
	if (s->depth > 0 && sqlite3_get_autocommit(q->db))
		return err_set(err, ERR_SYSTEM,
			       "store '%s' has undone the transaction",
			       s->name);
	for (int i = 0; i < (int)values.n && rc == SQLITE_OK; i++) {
		const struct store_value *v = &values.v[i];

		switch (v->type) {
		case STORE_NULL:
			rc = sqlite3_bind_null(stmt, i + 1);
			break;
		case STORE_INT:
			rc = sqlite3_bind_int64(stmt, i + 1, v->i);
			break;
		case STORE_REAL:
			rc = sqlite3_bind_double(stmt, i + 1, v->r);
			break;
		case STORE_TEXT:
			rc = sqlite3_bind_text64(
				stmt, i + 1, v->t.ptr ? v->t.ptr : "", v->t.len,
				release, SQLITE_UTF8);
			break;
		}
	}
	return rc == SQLITE_OK ? 0 : sqlite_fail(s, rc, err);
}

static int64_t run(struct store *s, struct store_stmt *st,
		   struct store_values values, struct err *err)
{
	const struct sqlite *q = s->own;
	int64_t changes = 0;
	int rc;

	if (bind(s, st, values, SQLITE_STATIC, err) < 0)
		return -1;
	do
		rc = sqlite3_step(st->own);
	while (rc == SQLITE_ROW);
	if (rc == SQLITE_DONE)
		changes = sqlite3_changes(q->db);
	else
		changes = sqlite_fail(s, rc, err);
	(void)sqlite3_reset(st->own);
	return changes;
}

static int queue(struct store *s, struct store_stmt *st,
		 struct store_values values, struct err *err)
{
	return run(s, st, values, err) < 0 ? -1 : 0;
}

/* Whether the file that is open still stands at its path. */
static int check_place(struct store *s, struct err *err)
{
	const struct sqlite *q = s->own;
	struct stat st;

	if (stat(q->path, &st) == 0 && st.st_dev == q->device &&
	    st.st_ino == q->inode)
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "store '%s' was moved or replaced while it was open; "
		       "start again",
		       s->name);
}

static int commit(struct store *s, struct store_stmt *st, struct err *err)
{
	/* What goes into a file without a name is lost. */
	if (check_place(s, err) < 0)
		return -1;
	return queue(s, st, (struct store_values){NULL, 0}, err);
}

static int exec(struct store *s, const char *text, struct err *err)
{
	const struct sqlite *q = s->own;
	int rc = sqlite3_exec(q->db, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_fail(s, rc, err);
}

static void forget(struct store_stmt *st)
{
	(void)sqlite3_finalize(st->own);
}

static int ask(struct store *s, struct store_stmt *st,
	       struct store_values values, struct err *err)
{
	st->rows.row = 0;
	/* The rows may outlive the values. */
	return bind(s, st, values, SQLITE_TRANSIENT, err);
}

static int next(struct store_rows *r, struct err *err)
{
	int rc = SQLITE_DONE;

	/* After the last row another step would start again. */
	if (r->row >= 0)
		rc = sqlite3_step(r->stmt->own);
	if (rc == SQLITE_ROW)
		return 1;
	r->row = -1;
	return rc == SQLITE_DONE ? 0 : sqlite_fail(r->store, rc, err);
}

static int64_t column_int(struct store_rows *r, int column)
{
	return sqlite3_column_int64(r->stmt->own, column);
}

static double column_real(struct store_rows *r, int column)
{
	return sqlite3_column_double(r->stmt->own, column);
}

static struct slice column_text(struct store_rows *r, int column)
{
	const unsigned char *text = sqlite3_column_text(r->stmt->own, column);
	int len = sqlite3_column_bytes(r->stmt->own, column);

	return (struct slice){(const char *)text, (size_t)len};
}

static bool column_is_null(struct store_rows *r, int column)
{
	return sqlite3_column_type(r->stmt->own, column) == SQLITE_NULL;
}

static void rows_done(struct store_rows *r)
{
	(void)sqlite3_reset(r->stmt->own);
}

static int has_schema(struct store *s, struct err *err)
{
	return store_ask_any(s,
			     "SELECT 1 FROM sqlite_master "
			     "WHERE name = 'schema_migrations'",
			     err);
}

static int data_version(struct store *s, int64_t *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err, "PRAGMA data_version", NULL, 0);

	if (check_place(s, err) < 0)
		return -1;
	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}

static int check(struct store *s, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err, "PRAGMA foreign_key_check", NULL, 0);
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0)
		return got;
	return err_set(err, ERR_SYSTEM,
		       "store '%s': row %lld of %s refers to a row of %s "
		       "that is not there",
		       s->name, (long long)store_int(rows, 1),
		       store_text(rows, 0).ptr, store_text(rows, 2).ptr);
}

static int verify(struct store *s, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err, "PRAGMA integrity_check(1)", NULL, 0);
	struct slice found;

	if (!rows || store_next(rows, err) < 0)
		return -1;
	found = store_text(rows, 0);
	if (slice_is(found, "ok"))
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "store '%s' is corrupt: %.*s; keep the file and "
		       "restore a backup",
		       s->name, (int)found.len, found.ptr ? found.ptr : "");
}

const char *store_sqlite_version(void)
{
	return sqlite3_libversion();
}

const struct store_driver store_sqlite = {
	.name = "sqlite",
	.dialect = STORE_DIALECT_SQLITE,
	.begin_write = "BEGIN IMMEDIATE",
	.begin_read = "BEGIN",
	.create = "PRAGMA application_id=" TEXT_OF(SQLITE_MARK),
	.size = "SELECT page_count * page_size "
		"FROM pragma_page_count(), pragma_page_size()",
	.open = sqlite_open,
	.ready = sqlite_ready,
	.close = sqlite_close,
	.exec = exec,
	.run = run,
	.queue = queue,
	.commit = commit,
	.forget = forget,
	.ask = ask,
	.next = next,
	.column_int = column_int,
	.column_real = column_real,
	.column_text = column_text,
	.column_is_null = column_is_null,
	.rows_done = rows_done,
	.has_schema = has_schema,
	.before_migrating = sqlite_before_migrating,
	.check = check,
	.hold = sqlite_hold,
	.data_version = data_version,
	.backup = sqlite_backup,
	.verify = verify,
};
