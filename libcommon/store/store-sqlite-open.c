/*
 * store-sqlite-open.c - opens the file of a store, sets the connection up, and
 * copies the file.
 */
#include "store-sqlite.h"

#include <errno.h>
#include <fcntl.h>

#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

#define COPY_PAGES   4096
#define BACKUP_NAMES 100
#define URI_MAX	     ((size_t)16 * 1024)
#define HELD_MODE    0600

static bool has_log(const struct sqlite *q)
{
	return access(q->log, F_OK) == 0;
}

/* The path as a URI that promises SQLite that nobody changes the file. */
static char *immutable_uri(const char *path)
{
	struct buf uri = BUF_INIT_MAX(URI_MAX);

	buf_add_str(&uri, "file:");
	for (; *path; path++) {
		if (*path == '%' || *path == '?' || *path == '#')
			buf_addf(&uri, "%%%02x", (unsigned)*path);
		else
			buf_add_char(&uri, *path);
	}
	buf_add_str(&uri, "?immutable=1");
	return buf_take(&uri);
}

static int connect_file(const struct sqlite *q, sqlite3 **ret_db)
{
	AUTO_FREE char *uri = NULL;

	if (!q->immutable)
		return sqlite3_open_v2(
			q->path, ret_db,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	uri = immutable_uri(q->path);
	return sqlite3_open_v2(uri, ret_db,
			       SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
				       SQLITE_OPEN_NOMUTEX,
			       NULL);
}

/* The first column of the first row; an SQLite result code. */
static int ask_int(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	*ret = 0;
	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	return sqlite3_finalize(stmt);
}

/* The first read, which finds what is wrong with the file. */
static int look(struct store *s, int64_t *ret_id, int64_t *ret_tables)
{
	struct sqlite *q = s->own;
	int rc = connect_file(q, &q->db);

	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_busy_handler(q->db, sqlite_wait, s);
	rc = ask_int(q->db, "SELECT count(*) FROM sqlite_master", ret_tables);
	if (rc != SQLITE_OK)
		return rc;
	return ask_int(q->db, "PRAGMA application_id", ret_id);
}

/* SQLite keeps a file beside the store even for reading; where it cannot,
 * and no log waits to be read, the file is read as one that never changes. */
static bool may_be_immutable(const struct store *s, int rc)
{
	return s->mode == STORE_READ && !has_log(s->own) &&
	       (rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY ||
		rc == SQLITE_IOERR || rc == SQLITE_FULL);
}

static int check_file(struct store *s, struct err *err)
{
	struct sqlite *q = s->own;
	int64_t id = 0, tables = 0;
	int rc = look(s, &id, &tables);

	if (rc != SQLITE_OK && may_be_immutable(s, rc & 0xff)) {
		(void)sqlite3_close(q->db);
		q->db = NULL;
		q->immutable = true;
		rc = look(s, &id, &tables);
	}
	if (rc != SQLITE_OK)
		return sqlite_fail(s, rc, err);
	if (id != SQLITE_MARK && (id != 0 || tables != 0))
		return err_set(err, ERR_SYSTEM,
			       "'%s' is an SQLite file of another program, "
			       "not a store",
			       s->name);
	return 0;
}

static int set_up(struct store *s, struct err *err)
{
	struct sqlite *q = s->own;
	int rc = SQLITE_OK;

	/* SQLite does not always wait by itself to change the mode. */
	for (int n = 0; s->mode != STORE_READ; n++) {
		rc = sqlite3_exec(
			q->db, "PRAGMA page_size=8192;PRAGMA journal_mode=WAL",
			NULL, NULL, NULL);
		if (rc != SQLITE_BUSY || !sqlite_wait(s, n))
			break;
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(q->db,
				  "PRAGMA synchronous=FULL;"
				  "PRAGMA cache_size=-16384;"
				  "PRAGMA temp_store=MEMORY;"
				  "PRAGMA mmap_size=0;"
				  "PRAGMA wal_autocheckpoint=4096;"
				  "PRAGMA journal_size_limit=67108864;"
				  "PRAGMA trusted_schema=OFF",
				  NULL, NULL, NULL);
	if (rc == SQLITE_OK && s->mode == STORE_READ)
		rc = sqlite3_exec(q->db, "PRAGMA query_only=ON", NULL, NULL,
				  NULL);
	return rc == SQLITE_OK ? 0 : sqlite_fail(s, rc, err);
}

int sqlite_open(struct store *s, struct err *err)
{
	static bool configured;
	struct sqlite *q = mem_zero(1, sizeof(*q));
	struct stat st;
	int there = 1;

	if (!configured) {
		/* Counting every allocation costs time and helps nobody. */
		(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
		configured = true;
	}
	q->held = -1;
	s->own = q;
	s->name = mem_dup(s->address);
	if (s->mode != STORE_READ)
		there = store_file_make(s->address, err);
	if (there < 0)
		return -1;
	q->path = store_file_check(s->address, s->mode, err);
	if (!q->path)
		return -1;
	q->log = mem_printf("%s-wal", q->path);
	if (stat(q->path, &st) < 0)
		return err_sys(err, errno, "cannot open store '%s'", s->name);
	q->device = st.st_dev;
	q->inode = st.st_ino;
	if (check_file(s, err) < 0 || set_up(s, err) < 0)
		return -1;
	return there;
}

/* Not before: migrations may rebuild tables that others refer to. */
int sqlite_ready(struct store *s, struct err *err)
{
	struct sqlite *q = s->own;
	int rc =
		sqlite3_exec(q->db, "PRAGMA foreign_keys=ON", NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_fail(s, rc, err);
}

void sqlite_close(struct store *s)
{
	struct sqlite *q = s->own;

	(void)sqlite3_close(q->db);
	if (q->held >= 0)
		(void)close(q->held);
	free(q->path);
	free(q->log);
	free(q);
}

/*
 * Names are bytes of a file beside the store, which nobody writes or removes:
 * a lock of one of them belongs to the open file and ends with it. A second
 * descriptor of the store itself, once closed, would end SQLite's own locks.
 */
int sqlite_hold(struct store *s, const char *name, struct err *err)
{
	struct sqlite *q = s->own;
	AUTO_FREE char *path = mem_printf("%s-held", q->path);
	unsigned char sum[HASH_SHA256_SIZE];
	struct hash_sha256 h;
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (q->held < 0)
		q->held = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			       HELD_MODE);
	if (q->held < 0)
		return err_sys(err, errno, "cannot open '%s'", path);
	hash_sha256_start(&h);
	hash_sha256_add(&h, name, strlen(name));
	hash_sha256_end(&h, sum);
	memcpy(&range.l_start, sum, sizeof(range.l_start));
	range.l_start &= INT64_MAX >> 1;
	range.l_len = 1;
	if (fcntl(q->held, F_OFD_SETLK, &range) == 0)
		return 1;
	if (errno == EAGAIN || errno == EACCES)
		return 0;
	return err_sys(err, errno, "cannot lock '%s'", path);
}

/* Copies one state of the store; an SQLite result code. */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *copy;
	int rc = sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_master",
			      NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return rc;
	copy = sqlite3_backup_init(to, "main", from, "main");
	if (!copy)
		return sqlite3_errcode(to);
	do
		rc = sqlite3_backup_step(copy, COPY_PAGES);
	while (rc == SQLITE_OK && !signals_stop());
	if (rc == SQLITE_OK)
		rc = SQLITE_INTERRUPT;
	(void)sqlite3_backup_finish(copy);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A connection of its own, because that of the store may be writing. */
static int copy_to(struct store *s, const char *path, struct err *err)
{
	const struct sqlite *q = s->own;
	sqlite3 *from = NULL, *to = NULL;
	int rc = connect_file(q, &from);

	if (rc == SQLITE_OK)
		rc = sqlite3_open_v2(
			path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			NULL);
	if (rc == SQLITE_OK) {
		(void)sqlite3_busy_handler(from, sqlite_wait, s);
		rc = copy_pages(from, to);
	}
	if (rc != SQLITE_OK)
		(void)err_set(err, ERR_SYSTEM,
			      "cannot copy store '%s' to '%s': %s", s->name,
			      path, sqlite3_errstr(rc));
	(void)sqlite3_close(from);
	if (sqlite3_close(to) != SQLITE_OK || rc != SQLITE_OK)
		return -1;
	return 0;
}

int sqlite_backup(struct store *s, const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, errno, "cannot create backup '%s'", path);
	(void)close(fd);
	if (copy_to(s, path, err) < 0) {
		(void)unlink(path);
		return -1;
	}
	return 0;
}

int sqlite_before_migrating(struct store *s, int number, struct err *err)
{
	const struct sqlite *q = s->own;

	for (int n = 0; n < BACKUP_NAMES; n++) {
		AUTO_FREE char *path =
			n ? mem_printf("%s.before-schema-%d.%d", q->path,
				       number, n)
			  : mem_printf("%s.before-schema-%d", q->path, number);

		if (access(path, F_OK) < 0)
			return sqlite_backup(s, path, err);
	}
	return err_set(err, ERR_SYSTEM,
		       "too many backups beside store '%s': remove some "
		       "'%s.before-schema-%d.*'",
		       s->name, s->name, number);
}
