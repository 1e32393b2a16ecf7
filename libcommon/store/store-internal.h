/* store-internal.h - what a driver provides; store.c knows nothing else. */
#ifndef ONCALL_STORE_INTERNAL_H
#define ONCALL_STORE_INTERNAL_H

#include <oncall/map.h>
#include <oncall/store.h>

#define TEXT_OF_(x) #x
#define TEXT_OF(x)  TEXT_OF_(x)

/* Why the last failure happened, where trying again can help. */
enum store_trouble {
	STORE_TROUBLE_NONE,
	STORE_TROUBLE_CONFLICT, /* serialization, deadlock */
	STORE_TROUBLE_LOST,	/* the connection */
};

struct store_driver;
struct store_stmt;

struct store {
	const struct store_driver *driver;
	void *own; /* the driver's */
	enum store_mode mode;
	char *address;
	char *name;	       /* the address without a password */
	struct map statements; /* by the address of the SQL text */
	int version;
	int depth;   /* of transactions */
	bool undone; /* an inner rollback failed: the outer must not commit */
	enum store_trouble trouble;
	int64_t stall_ms;
};

struct store_rows {
	struct store *store;
	struct store_stmt *stmt;
	bool open;
	void *result; /* the driver's */
	int row;
};

struct store_stmt {
	char *sql;  /* as the caller wrote it */
	char *text; /* in the driver's dialect */
	void *own;  /* the driver's */
	struct store_rows rows;
};

enum store_dialect { STORE_DIALECT_SQLITE, STORE_DIALECT_POSTGRES };

/* The parameters of one call. */
struct store_values {
	const struct store_value *v;
	size_t n;
};

/* ready, reopen, before_migrating, check, lock and verify may be NULL. */
struct store_driver {
	const char *name;
	enum store_dialect dialect;
	const char *begin_write;
	const char *begin_read;
	const char *create; /* what a new store needs before its first table */
	const char *size;   /* asks for the bytes that it takes */

	/* 0, or 1 when the store was there; sets own and name. */
	int (*open)(struct store *s, struct err *err);
	/* After migrating: what needs the schema to be there. */
	int (*ready)(struct store *s, struct err *err);
	/* Connects again after STORE_TROUBLE_LOST. */
	int (*reopen)(struct store *s, struct err *err);
	void (*close)(struct store *s);

	/* Text of the driver's dialect, any number of statements, at once. */
	int (*exec)(struct store *s, const char *text, struct err *err);
	int64_t (*run)(struct store *s, struct store_stmt *st,
		       struct store_values values, struct err *err);
	int (*queue)(struct store *s, struct store_stmt *st,
		     struct store_values values, struct err *err);
	/* Like run; fails when the store rolled back instead. */
	int (*commit)(struct store *s, struct store_stmt *st, struct err *err);
	void (*forget)(struct store_stmt *st);

	int (*ask)(struct store *s, struct store_stmt *st,
		   struct store_values values, struct err *err);
	int (*next)(struct store_rows *r, struct err *err);
	int64_t (*column_int)(struct store_rows *r, int column);
	double (*column_real)(struct store_rows *r, int column);
	struct slice (*column_text)(struct store_rows *r, int column);
	bool (*column_is_null)(struct store_rows *r, int column);
	void (*rows_done)(struct store_rows *r);

	/* 1 when the table of migrations is there, else 0. */
	int (*has_schema)(struct store *s, struct err *err);
	/* Inside the transaction that is about to migrate to number. */
	int (*before_migrating)(struct store *s, int number, struct err *err);
	/* Nothing refers to what is not there. */
	int (*check)(struct store *s, struct err *err);
	int (*lock)(struct store *s, const char *name, struct err *err);
	/* 1, or 0 when another has it. */
	int (*hold)(struct store *s, const char *name, struct err *err);
	int (*data_version)(struct store *s, int64_t *ret, struct err *err);
	int (*backup)(struct store *s, const char *path, struct err *err);
	int (*verify)(struct store *s, struct err *err);
};

extern const struct store_driver store_sqlite;
extern const struct store_driver store_postgres;

/* Whether a question without parameters has an answer: 1, 0, -1. */
int store_ask_any(struct store *s, const char *sql, struct err *err) MUST_CHECK;

/* store-sql.c */
int store_sql_expand(struct buf *out, const char *sql,
		     enum store_dialect dialect, struct err *err) MUST_CHECK;
/* The statement of that text, made when it is new; NULL on error. */
struct store_stmt *store_sql_statement(struct store *s, const char *sql,
				       struct err *err) MUST_CHECK;
void store_sql_forget(struct store *s);

/* store-migrate.c */
int store_migrate(struct store *s, struct err *err) MUST_CHECK;
/* Every table that the migrations create is there. */
int store_migrate_verify(struct store *s, struct err *err) MUST_CHECK;

/* store-file.c: the file of an SQLite store, before SQLite sees it. */
char *store_file_default(struct err *err) MUST_CHECK;
/* Makes directory and file when missing; 1 when the file was there. */
int store_file_make(const char *path, struct err *err) MUST_CHECK;
/* The real path, after a look whether others could have changed the file. */
char *store_file_check(const char *path, enum store_mode mode, struct err *err)
	MUST_CHECK;

#endif
