/*
 * store.h - one door to the store, with two drivers behind it: SQLite (a file)
 * and PostgreSQL (postgresql://...).
 *
 * SQL is the subset that both share, with parameters $1, $2, ... Statements are
 * cached by the address of their text, so SQL is always a literal. Where the
 * two differ, a word between '@' stands in the SQL (not inside quotes):
 *   @in(1)@       (SELECT of the elements of the JSON array of strings in $1)
 *   @least@ @greatest@   MIN/MAX of two values; with a NULL the drivers differ
 *   @like@        LIKE without regard to case; has no escape unless ESCAPE
 *   @for_update@  FOR UPDATE; nothing on SQLite, where the write lock is held
 *   @text@        column type: text that sorts by its bytes
 *   @integer@ @real@     column types: 64 bits
 *   @without_rowid@      behind CREATE TABLE (...)
 * PostgreSQL takes S_INT as BIGINT and S_REAL as DOUBLE PRECISION, and finds
 * the type of text and NULL where they stand; a function that wants an INTEGER
 * (substr) needs CAST($1 AS INTEGER).
 */
#ifndef ONCALL_STORE_H
#define ONCALL_STORE_H

#include <oncall/buf.h>
#include <oncall/err.h>

struct store;
struct store_rows;

enum store_mode {
	STORE_READ,   /* must exist; nothing is changed, not even migrated */
	STORE_WRITE,  /* created and migrated when needed */
	STORE_CREATE, /* like STORE_WRITE, and returns 1 when it was there */
};

/* address: a path, "postgresql://...", or NULL or "" for the default place
 * ($XDG_STATE_HOME/oncall/oncall.db). Refuses (ERR_REFUSED) a file that others
 * could have changed. */
int store_open(struct store **ret, const char *address, enum store_mode mode,
	       struct err *err) MUST_CHECK;
/* Whether something is at the address that could be opened; a server is taken
 * to be there. */
bool store_exists(const char *address);
void store_close(struct store *s);
/* The address as people may see it: no password. */
const char *store_name(const struct store *s);
const char *store_driver(const struct store *s); /* "sqlite", "postgresql" */
/* Version of the schema in the store, and the newest this program knows. */
int store_schema_version(const struct store *s);
int store_schema_newest(void);
/* Bytes that tables and indexes take. */
int store_size(struct store *s, int64_t *ret, struct err *err) MUST_CHECK;
const char *store_sqlite_version(void);
/* Whether PostgreSQL stores can be opened: support for them was built in, and
 * libpq is there, whose version (150004) is returned. */
int store_postgres_ready(int *ret_version, struct err *err) MUST_CHECK;
/* Waits ms instead of STORE_STALL_MS for others that make no progress. */
void store_set_stall(struct store *s, int64_t ms);

enum store_type { STORE_NULL, STORE_INT, STORE_REAL, STORE_TEXT };

struct store_value {
	enum store_type type;
	int64_t i;
	double r;
	struct slice t;
};

#define S_INT(x)   ((struct store_value){.type = STORE_INT, .i = (x)})
#define S_REAL(x)  ((struct store_value){.type = STORE_REAL, .r = (x)})
#define S_SLICE(x) ((struct store_value){.type = STORE_TEXT, .t = (x)})
#define S_NULL	   ((struct store_value){.type = STORE_NULL})
struct store_value s_text(const char *text); /* NULL is NULL */
#define S_TEXT(x) s_text(x)
struct store_value s_opt(struct slice text); /* a NULL ptr is NULL */
#define S_OPT(x) s_opt(x)
struct store_value s_time(int64_t ms); /* WHEN_NONE is NULL */
#define S_TIME(x) s_time(x)

/*
 * Changes. Returns the number of rows changed, or -1. STORE_QUEUE is for
 * writes whose count nobody asks for: inside a transaction a driver may send
 * them later, and an error then shows at the next call, the commit at latest;
 * outside of one they are done at once. Text must be UTF-8 without NUL.
 */
#define STORE_VALUES_MAX 64
int64_t store_run(struct store *s, struct err *err, const char *sql,
		  const struct store_value *values, size_t n);
int store_queue(struct store *s, struct err *err, const char *sql,
		const struct store_value *values, size_t n);
#define STORE_VALUES_(...)                                          \
	(const struct store_value[]){__VA_ARGS__},                  \
		sizeof((const struct store_value[]){__VA_ARGS__}) / \
			sizeof(struct store_value)
#define STORE_RUN(s, err, sql, ...) \
	store_run(s, err, sql, STORE_VALUES_(__VA_ARGS__))
#define STORE_QUEUE(s, err, sql, ...) \
	store_queue(s, err, sql, STORE_VALUES_(__VA_ARGS__))

/* Questions. Only one set of rows may be open for one SQL text at a time. An
 * error may show at the call or at the first store_next(). */
struct store_rows *store_ask(struct store *s, struct err *err, const char *sql,
			     const struct store_value *values, size_t n)
	MUST_CHECK; /* NULL on error */
#define STORE_ASK(s, err, sql, ...) \
	store_ask(s, err, sql, STORE_VALUES_(__VA_ARGS__))
int store_next(struct store_rows *r, struct err *err) MUST_CHECK; /* 1, 0, -1 */
int64_t store_int(struct store_rows *r, int column); /* NULL gives 0 */
double store_real(struct store_rows *r, int column);
/* Borrowed until the next call of store_next(); NULL ptr for NULL. */
struct slice store_text(struct store_rows *r, int column);
int64_t store_time(struct store_rows *r, int column); /* NULL: WHEN_NONE */
bool store_is_null(struct store_rows *r, int column);
void store_rows_free(struct store_rows *r); /* NULL is fine */

DEFINE_AUTO(struct store_rows *, store_rows_free, auto_store_rows_)
#define AUTO_ROWS CLEANUP(auto_store_rows_)

/*
 * Transactions nest: the outermost is real, inner ones are savepoints. The
 * outermost write transaction takes the write lock at once (SQLite), waits as
 * long as others make progress, and gives up only after STORE_STALL_MS without
 * any. On PostgreSQL it is READ COMMITTED and takes no lock but those of its
 * statements: use @for_update@ and store_lock(). With STORE_READ a transaction
 * sees one state of the store throughout. A commit that fails has rolled back.
 */
#define STORE_STALL_MS	30000
#define STORE_DEPTH_MAX 8
int store_begin(struct store *s, struct err *err) MUST_CHECK;
int store_commit(struct store *s, struct err *err) MUST_CHECK;
void store_rollback(struct store *s); /* never fails, never touches an err */

/* One writer at a time for what name stands for, until the end of the
 * outermost transaction; only inside one. */
int store_lock(struct store *s, const char *name, struct err *err) MUST_CHECK;

/* Holds name, which is for one process at a time, until the store is closed,
 * however the process ends; a lost connection ends it, too. ERR_SYSTEM when
 * another still holds it after STORE_HOLD_MS: one that was killed may. */
#define STORE_HOLD_MS 1500
int store_hold(struct store *s, const char *name, struct err *err) MUST_CHECK;
/* The same without waiting: 1 when it is held now, 0 when by another. */
int store_try_hold(struct store *s, const char *name, struct err *err)
	MUST_CHECK;

/*
 * Runs work inside a transaction, and again from the start, with back-off,
 * when it failed for a reason that passes: serialization, deadlock, a lost
 * connection (the work may then have been committed: it must find out itself).
 */
int store_transact(struct store *s, int (*work)(void *arg, struct err *err),
		   void *arg, struct err *err) MUST_CHECK;

/* A number that changes whenever somebody else has changed the store; cheap. */
int store_data_version(struct store *s, int64_t *ret, struct err *err)
	MUST_CHECK;
/* Copies the store to a new file while others go on (SQLite); an existing file
 * is never overwritten. */
int store_backup(struct store *s, const char *path, struct err *err) MUST_CHECK;
/* A thorough look: integrity, schema; ERR_SYSTEM with the first finding. */
int store_verify(struct store *s, struct err *err) MUST_CHECK;

DEFINE_AUTO(struct store *, store_close, auto_store_)
#define AUTO_STORE CLEANUP(auto_store_)

#endif
