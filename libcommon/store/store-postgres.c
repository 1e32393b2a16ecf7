/*
 * store-postgres.c - the PostgreSQL driver: statements and rows. Everything
 * lives in the schema 'oncall' of the database.
 */
#include <oncall/base.h>

#ifdef HAVE_PQ

#include "store-postgres.h"

#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/utf8.h>

/* A window of queued commands is answered while the next one is sent. */
#define WINDOW_COMMANDS 256
#define WINDOW_BYTES	((size_t)1024 * 1024)
#define PARAMETERS_MAX	((size_t)256 * 1024 * 1024)
#define NAME_SIZE	32
#define REAL_SIZE	32

#define OID_BIGINT ((Oid)20)
#define OID_DOUBLE ((Oid)701)

/* A statement that the server has prepared. */
struct prepared {
	char name[NAME_SIZE];
	unsigned session;			 /* in which; 0: in none */
	enum store_type types[STORE_VALUES_MAX]; /* STORE_NULL: not known */
};

static bool is_undo(const struct store_stmt *st)
{
	return strncmp(st->sql, "ROLLBACK", 8) == 0;
}

/* Outside a transaction a lost connection costs nothing but a new one. */
static int connected(struct store *s, struct err *err)
{
	const struct postgres *p = s->own;

	if (!p->lost)
		return 0;
	if (s->depth == 0)
		return postgres_reopen(s, err);
	return postgres_lost(s, err);
}

static Oid type_oid(enum store_type type)
{
	if (type == STORE_INT)
		return OID_BIGINT;
	return type == STORE_REAL ? OID_DOUBLE : 0;
}

/*
 * A parameter is declared as a number when only numbers of one kind (and NULL)
 * have been given for it; otherwise the server finds the type from where it
 * stands. True when the statement has to be prepared again for these values.
 */
static bool learn_types(struct prepared *st, struct store_values values)
{
	bool changed = false;

	for (size_t i = 0; i < values.n; i++) {
		enum store_type *type = &st->types[i];
		Oid before = type_oid(*type);

		if (values.v[i].type == STORE_NULL)
			continue;
		if (*type == STORE_NULL)
			*type = values.v[i].type;
		else if (*type != values.v[i].type)
			*type = STORE_TEXT;
		if (type_oid(*type) != before)
			changed = true;
	}
	return changed;
}

/* Waits for the answer, so that a name is known to exist when it is used. */
static int prepare(struct store *s, struct store_stmt *stmt,
		   struct store_values values, struct err *err)
{
	struct postgres *p = s->own;
	struct prepared *st = stmt->own;
	Oid types[STORE_VALUES_MAX];

	if (!st)
		st = stmt->own = mem_zero(1, sizeof(*st));
	if (!learn_types(st, values) && st->session == p->session)
		return 0;
	for (size_t i = 0; i < values.n; i++)
		types[i] = type_oid(st->types[i]);
	st->session = 0;
	(void)snprintf(st->name, sizeof(st->name), "oncall_%u",
		       ++p->statements);
	if (!p->pq->PQsendPrepare(p->conn, st->name, stmt->text, (int)values.n,
				  types))
		return postgres_lost(s, err);
	if (postgres_sync(s, err) < 0 || postgres_read(s, 0, NULL, err) < 0)
		return -1;
	st->session = p->session;
	return 0;
}

static int check_text(const struct store *s, struct slice text,
		      const struct store_stmt *st, size_t i, struct err *err)
{
	if (!text.len || (!memchr(text.ptr, '\0', text.len) &&
			  utf8_valid(text.ptr, text.len)))
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "store '%s': value %zu is not UTF-8 text without NUL, "
		       "for: '%.40s'",
		       s->name, i + 1, st->sql);
}

/* Writes the values as text, each ended by a NUL, into p->parameters. */
static int write_values(struct store *s, const struct store_stmt *st,
			struct store_values values,
			const char *ret_text[STORE_VALUES_MAX], struct err *err)
{
	struct postgres *p = s->own;
	struct buf *out = &p->parameters;
	size_t at[STORE_VALUES_MAX];
	char real[REAL_SIZE];

	out->max = PARAMETERS_MAX;
	buf_reset(out);
	for (size_t i = 0; i < values.n; i++) {
		const struct store_value *v = &values.v[i];

		at[i] = out->len;
		switch (v->type) {
		case STORE_NULL:
			break;
		case STORE_INT:
			buf_add_int(out, v->i);
			break;
		case STORE_REAL:
			(void)snprintf(real, sizeof(real), "%.17g", v->r);
			buf_add_str(out, real);
			break;
		case STORE_TEXT:
			if (check_text(s, v->t, st, i, err) < 0)
				return -1;
			buf_add_slice(out, v->t);
			break;
		}
		buf_add_char(out, '\0');
	}
	/* The buffer moved while it grew. */
	for (size_t i = 0; i < values.n; i++)
		ret_text[i] = values.v[i].type == STORE_NULL
				      ? NULL
				      : out->data + at[i];
	return buf_check(out, "values of a statement", err);
}

static int send_command(struct store *s, struct store_stmt *stmt,
			struct store_values values, struct err *err)
{
	struct postgres *p = s->own;
	const struct prepared *st;
	const char *text[STORE_VALUES_MAX];

	if (connected(s, err) < 0 || prepare(s, stmt, values, err) < 0 ||
	    write_values(s, stmt, values, text, err) < 0)
		return -1;
	st = stmt->own;
	if (!p->pq->PQsendQueryPrepared(p->conn, st->name, (int)values.n, text,
					NULL, NULL, 0))
		return postgres_lost(s, err);
	p->queued++;
	p->queued_bytes += p->parameters.len;
	return 0;
}

/* Whatever is still on its way no longer matters; and a failure in front of
 * it would make the server skip the rollback. */
static void drop_queued(struct store *s)
{
	struct err ignored = ERR_INIT;
	const struct postgres *p = s->own;

	if (!p->lost && (p->queued || p->syncs) &&
	    postgres_sync(s, &ignored) == 0)
		(void)postgres_read(s, 0, NULL, &ignored);
}

/* *ret is the answer, which the caller clears. */
static int run_for(struct store *s, struct store_stmt *st,
		   struct store_values values, PGresult **ret, struct err *err)
{
	*ret = NULL;
	if (is_undo(st))
		drop_queued(s);
	if (send_command(s, st, values, err) < 0 || postgres_sync(s, err) < 0)
		return -1;
	return postgres_read(s, 0, ret, err);
}

static int64_t to_int(const char *text)
{
	bool negative = *text == '-';
	uint64_t n = 0;

	if (*text == 't') /* a boolean */
		return 1;
	for (text += negative; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	return (int64_t)(negative ? 0 - n : n);
}

static int64_t run(struct store *s, struct store_stmt *st,
		   struct store_values values, struct err *err)
{
	const struct postgres *p = s->own;
	PGresult *result;
	int64_t changes;

	if (run_for(s, st, values, &result, err) < 0)
		return -1;
	changes = to_int(p->pq->PQcmdTuples(result));
	p->pq->PQclear(result);
	return changes;
}

static int queue(struct store *s, struct store_stmt *st,
		 struct store_values values, struct err *err)
{
	const struct postgres *p = s->own;

	if (s->depth == 0)
		return run(s, st, values, err) < 0 ? -1 : 0;
	if (send_command(s, st, values, err) < 0)
		return -1;
	if (p->queued < WINDOW_COMMANDS && p->queued_bytes < WINDOW_BYTES)
		return 0;
	if (postgres_sync(s, err) < 0)
		return -1;
	return postgres_read(s, 1, NULL, err);
}

/* The server answers COMMIT with ROLLBACK when something had failed before. */
static int commit(struct store *s, struct store_stmt *st, struct err *err)
{
	const struct postgres *p = s->own;
	PGresult *result;
	bool done;

	if (run_for(s, st, (struct store_values){NULL, 0}, &result, err) < 0)
		return -1;
	done = strcmp(p->pq->PQcmdStatus(result), "COMMIT") == 0;
	p->pq->PQclear(result);
	if (done)
		return 0;
	return err_set(err, ERR_SYSTEM, "store '%s' has undone the transaction",
		       s->name);
}

/* Several statements at once need the protocol without a pipeline. */
static int exec(struct store *s, const char *text, struct err *err)
{
	const struct postgres *p = s->own;
	PGresult *result;
	int failed = 0;

	if (connected(s, err) < 0 || postgres_sync(s, err) < 0 ||
	    postgres_read(s, 0, NULL, err) < 0)
		return -1;
	if (!p->pq->PQexitPipelineMode(p->conn))
		return postgres_lost(s, err);
	result = p->pq->PQexec(p->conn, text);
	if (p->pq->PQresultStatus(result) != PGRES_COMMAND_OK &&
	    p->pq->PQresultStatus(result) != PGRES_TUPLES_OK)
		failed = postgres_fail(s, result, err);
	p->pq->PQclear(result);
	if (!p->lost && !p->pq->PQenterPipelineMode(p->conn))
		return postgres_lost(s, err);
	return failed;
}

/* Rows: an answer is read as a whole before the first row is given out. */

static int ask(struct store *s, struct store_stmt *st,
	       struct store_values values, struct err *err)
{
	PGresult *result;

	if (run_for(s, st, values, &result, err) < 0)
		return -1;
	st->rows.result = result;
	st->rows.row = -1;
	return 0;
}

static const struct store_pq *pq_of(const struct store_rows *r)
{
	const struct postgres *p = r->store->own;

	return p->pq;
}

static int next(struct store_rows *r, struct err *err)
{
	(void)err;
	if (r->row + 1 >= pq_of(r)->PQntuples(r->result))
		return 0;
	r->row++;
	return 1;
}

static bool column_is_null(struct store_rows *r, int column)
{
	return pq_of(r)->PQgetisnull(r->result, r->row, column);
}

/* "" for NULL */
static const char *value(struct store_rows *r, int column)
{
	return pq_of(r)->PQgetvalue(r->result, r->row, column);
}

static int64_t column_int(struct store_rows *r, int column)
{
	return to_int(value(r, column));
}

static double column_real(struct store_rows *r, int column)
{
	return strtod(value(r, column), NULL);
}

static struct slice column_text(struct store_rows *r, int column)
{
	int len = pq_of(r)->PQgetlength(r->result, r->row, column);

	if (column_is_null(r, column))
		return (struct slice){NULL, 0};
	return (struct slice){value(r, column), (size_t)len};
}

static void rows_done(struct store_rows *r)
{
	pq_of(r)->PQclear(r->result);
	r->result = NULL;
}

static void forget(struct store_stmt *st)
{
	if (st->rows.result)
		rows_done(&st->rows);
	free(st->own);
}

static int has_schema(struct store *s, struct err *err)
{
	return store_ask_any(s,
			     "SELECT 1 FROM pg_catalog.pg_tables "
			     "WHERE schemaname = 'oncall' "
			     "AND tablename = 'schema_migrations'",
			     err);
}

/* Names say where they are: a schema that somebody else made could have a
 * function that fits the arguments better. */
static int lock(struct store *s, const char *name, struct err *err)
{
	return STORE_QUEUE(s, err,
			   "SELECT pg_catalog.pg_advisory_xact_lock("
			   "pg_catalog.hashtextextended($1, 0))",
			   S_TEXT(name));
}

/* A lock of the session; another number than that of a transaction's. */
static int hold(struct store *s, const char *name, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT CAST(pg_catalog.pg_try_advisory_lock("
			  "pg_catalog.hashtextextended($1, 1)) AS INTEGER)",
			  S_TEXT(name));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	return store_int(rows, 0) != 0;
}

/* Any transaction of the server that wrote changes what is visible. */
static int data_version(struct store *s, int64_t *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err,
			  "SELECT pg_catalog.hashtextextended(CAST("
			  "pg_catalog.pg_current_snapshot() AS TEXT), 0)",
			  NULL, 0);

	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}

static int backup(struct store *s, const char *path, struct err *err)
{
	return err_set(err, ERR_USAGE,
		       "store '%s' cannot be copied to '%s': use pg_dump",
		       s->name, path);
}

const struct store_driver store_postgres = {
	.name = "postgresql",
	.dialect = STORE_DIALECT_POSTGRES,
	.begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	.begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	/* The schema may be there without the right to make one. */
	.create = "DO $$ BEGIN "
		  "IF to_regnamespace('oncall') IS NULL THEN "
		  "CREATE SCHEMA oncall; END IF; END $$",
	.size = "SELECT CAST(COALESCE(SUM("
		"pg_catalog.pg_total_relation_size(c.oid)), 0) AS BIGINT) "
		"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		"ON n.oid = c.relnamespace "
		"WHERE n.nspname = 'oncall' AND c.relkind = 'r'",
	.open = postgres_open,
	.reopen = postgres_reopen,
	.close = postgres_close,
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
	.lock = lock,
	.hold = hold,
	.data_version = data_version,
	.backup = backup,
};

int store_postgres_ready(int *ret_version, struct err *err)
{
	const struct store_pq *pq = store_pq_load(err);

	if (!pq)
		return -1;
	*ret_version = pq->PQlibVersion();
	return 0;
}

#else

#include "store-internal.h"

int store_postgres_ready(int *ret_version, struct err *err)
{
	*ret_version = 0;
	return err_set(err, ERR_USAGE,
		       "this build has no PostgreSQL: build again with libpq "
		       "(Debian: apt install libpq-dev)");
}

static int not_built(struct store *s, struct err *err)
{
	int version;

	(void)s;
	return store_postgres_ready(&version, err);
}

const struct store_driver store_postgres = {
	.name = "postgresql",
	.dialect = STORE_DIALECT_POSTGRES,
	.open = not_built,
};

#endif
