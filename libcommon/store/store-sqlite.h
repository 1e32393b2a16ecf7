/* store-sqlite.h - what the parts of the SQLite driver share. */
#ifndef ONCALL_STORE_SQLITE_H
#define ONCALL_STORE_SQLITE_H

#include <sqlite3.h>

#include <sys/stat.h>
#include <time.h>

#include "store-internal.h"

/* "oncl", the application_id: a file with another is not ours to migrate. */
#define SQLITE_MARK 1869505388

/* What changes while others make progress: the file and its log. */
struct sqlite_signs {
	off_t size[2];
	struct timespec changed[2];
};

struct sqlite {
	sqlite3 *db;
	char *path;   /* without links */
	char *log;    /* path of the write-ahead log */
	dev_t device; /* of the file that is open */
	ino_t inode;
	bool immutable;
	int held; /* the file of what is held; -1: none */
	int64_t stalled_since;
	struct sqlite_signs signs;
};

/* Says what went wrong, in words that help; returns -1. */
int sqlite_fail(struct store *s, int rc, struct err *err);
/* The busy handler: pauses, 0 when it is time to give up. */
int sqlite_wait(void *store, int count);

/* store-sqlite-open.c */
int sqlite_open(struct store *s, struct err *err) MUST_CHECK;
int sqlite_ready(struct store *s, struct err *err) MUST_CHECK;
void sqlite_close(struct store *s);
int sqlite_hold(struct store *s, const char *name, struct err *err) MUST_CHECK;
int sqlite_before_migrating(struct store *s, int number, struct err *err)
	MUST_CHECK;
int sqlite_backup(struct store *s, const char *path, struct err *err)
	MUST_CHECK;

#endif
