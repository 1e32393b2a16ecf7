/*
 * store-migrate.c - brings the schema of a store to the newest number.
 *
 * Each migration runs in a transaction of its own that also records it in
 * schema_migrations, under the write lock (SQLite) or an advisory lock
 * (PostgreSQL): of two programs that start at once, the second finds it done.
 */
#include "migrations.h"

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "store-internal.h"

#define SQL_MAX ((size_t)16 * 1024 * 1024)

static void checksum(char hex[HASH_HEX], const struct store_migration *m)
{
	hash_sha256_hex(m->sql, strlen(m->sql), hex, HASH_HEX - 1);
}

static const struct store_migration *find(int64_t number)
{
	for (const struct store_migration *m = store_migrations; m->number; m++)
		if (m->number == number)
			return m;
	return NULL;
}

/* One row of schema_migrations: number, name, checksum. */
static int check_row(struct store *s, struct store_rows *rows, struct err *err)
{
	int64_t number = store_int(rows, 0);
	const struct store_migration *m = find(number);
	char hex[HASH_HEX];

	if (!m)
		return err_set(err, ERR_SYSTEM,
			       "store '%s' has schema %lld, this program knows "
			       "%d: install a newer oncall-tools",
			       s->name, (long long)number,
			       store_schema_newest());
	checksum(hex, m);
	if (!slice_is(store_text(rows, 2), hex))
		return err_set(err, ERR_SYSTEM,
			       "store '%s' was migrated by another migration "
			       "%d (%s) than that of this program",
			       s->name, m->number, m->name);
	if (number > s->version)
		s->version = (int)number;
	return 0;
}

/* Sets version: 0 for a store without schema. */
static int read_version(struct store *s, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got = s->driver->has_schema(s, err);

	s->version = 0;
	if (got <= 0)
		return got;
	/* The highest number first: it is the one to name when it is new. */
	rows = store_ask(s, err,
			 "SELECT number, name, checksum FROM schema_migrations "
			 "ORDER BY number DESC",
			 NULL, 0);
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		if (check_row(s, rows, err) < 0)
			return -1;
	return got;
}

static int apply(struct store *s, const struct store_migration *m,
		 struct err *err)
{
	AUTO_BUF struct buf sql = BUF_INIT_MAX(SQL_MAX);
	char hex[HASH_HEX], now[WHEN_TEXT];

	if (store_sql_expand(&sql, m->sql, s->driver->dialect, err) < 0 ||
	    s->driver->exec(s, buf_str(&sql), err) < 0 ||
	    (s->driver->check && s->driver->check(s, err) < 0))
		return err_prefix(err, "migration %d (%s)", m->number, m->name);
	checksum(hex, m);
	when_format(now, clock_now());
	if (STORE_RUN(s, err,
		      "INSERT INTO schema_migrations "
		      "(number, name, checksum, applied_at) "
		      "VALUES ($1, $2, $3, $4)",
		      S_INT(m->number), S_TEXT(m->name), S_TEXT(hex),
		      S_TEXT(now)) < 0)
		return -1;
	s->version = m->number;
	return 0;
}

static int create_table(struct store *s, struct err *err)
{
	if (s->driver->exec(s, s->driver->create, err) < 0)
		return -1;
	if (store_run(s, err,
		      "CREATE TABLE schema_migrations ("
		      "number @integer@ NOT NULL PRIMARY KEY, "
		      "name TEXT NOT NULL, checksum TEXT NOT NULL, "
		      "applied_at TEXT NOT NULL)",
		      NULL, 0) < 0)
		return -1;
	return 0;
}

/* Inside a transaction: one step, or none when others have done it. */
static int step(struct store *s, bool *backed_up, struct err *err)
{
	const struct store_migration *m;

	if (store_lock(s, "schema", err) < 0 || read_version(s, err) < 0)
		return -1;
	m = find(s->version + 1);
	if (s->version == 0) {
		int there = s->driver->has_schema(s, err);

		if (there < 0 || (!there && create_table(s, err) < 0))
			return -1;
	} else if (m && !*backed_up) {
		if (s->driver->before_migrating &&
		    s->driver->before_migrating(s, store_schema_newest(), err) <
			    0)
			return -1;
		*backed_up = true;
	}
	return m ? apply(s, m, err) : 0;
}

static int migrate(struct store *s, struct err *err)
{
	/* A new store holds nothing that a backup could save. */
	bool backed_up = s->version == 0;

	do {
		if (store_begin(s, err) < 0)
			return -1;
		if (step(s, &backed_up, err) < 0) {
			store_rollback(s);
			return -1;
		}
		if (store_commit(s, err) < 0)
			return -1;
	} while (s->version < store_schema_newest());
	return 0;
}

int store_migrate(struct store *s, struct err *err)
{
	int newest = store_schema_newest();
	int there = s->driver->has_schema(s, err);

	if (there < 0 || read_version(s, err) < 0)
		return -1;
	if (there && s->version == newest)
		return 0;
	if (s->mode != STORE_READ)
		return migrate(s, err);
	if (s->version == 0)
		return err_set(err, ERR_SYSTEM,
			       "no store at '%s'; create it with: oncall init",
			       s->name);
	return err_set(err, ERR_SYSTEM,
		       "store '%s' has schema %d, this program needs %d: "
		       "migrate it with: oncall init",
		       s->name, s->version, newest);
}

/* The name behind "CREATE TABLE" at *p, which moves on; empty at the end. */
static struct slice next_table(const char **p)
{
	static const char create[] = "CREATE TABLE ";
	static const char if_not[] = "IF NOT EXISTS ";
	struct slice name = {NULL, 0};
	const char *at = strstr(*p, create);

	if (!at)
		return name;
	at += sizeof(create) - 1;
	if (strncmp(at, if_not, sizeof(if_not) - 1) == 0)
		at += sizeof(if_not) - 1;
	name = (struct slice){at, strcspn(at, " (\t\n")};
	*p = at + name.len;
	return name;
}

int store_migrate_verify(struct store *s, struct err *err)
{
	if (read_version(s, err) < 0)
		return -1;
	for (const struct store_migration *m = store_migrations; m->number;
	     m++) {
		const char *p = m->sql;
		struct slice name;

		while ((name = next_table(&p)).len) {
			AUTO_FREE char *sql =
				mem_printf("SELECT 1 FROM %.*s LIMIT 0",
					   (int)name.len, name.ptr);

			if (s->driver->exec(s, sql, err) < 0)
				return err_prefix(err, "schema %d", m->number);
		}
	}
	return 0;
}
