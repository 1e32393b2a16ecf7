/*
 * edit-key.h - changes the value of one key in a configuration file and leaves
 * every other byte as it is: comments, order, indentation, line ends, quotes.
 * What cannot be done for sure is refused: a key that stands twice, a value of
 * several lines, anchors, a value that would need quotes that are not there.
 */
#ifndef ONCALL_EDIT_KEY_H
#define ONCALL_EDIT_KEY_H

#include <sys/stat.h>

#include <oncall/buf.h>

#define EDIT_FILE_MAX  ((size_t)4 * 1024 * 1024)
#define EDIT_VALUE_MAX ((size_t)4096)

enum edit_format {
	EDIT_AUTO,	 /* told by the name and the text */
	EDIT_PROPERTIES, /* Java's: "key=value", "key: value", "key value" */
	EDIT_CONF,	 /* "key value", "key = value"; comments behind them */
	EDIT_INI,	 /* section.key; or key, where one section has it */
	EDIT_ENV,	 /* KEY=value, as shells and systemd read it */
	EDIT_OPTIONS,	 /* a line that begins with the key: "-Xmx8g" */
	EDIT_YAML,	 /* dotted path to a scalar */
	EDIT_JSON,	 /* dotted path to a scalar */
};
extern const char *const edit_format_names[]; /* ended by NULL */

/* ---- texts ---- */

/* ERR_INPUT: the name does not tell. */
int edit_format_of(const char *path, struct slice text, enum edit_format *ret,
		   struct err *err) MUST_CHECK;
/* 1: appends its value, without quotes; 0: the key is not there. */
int edit_key_get(enum edit_format f, struct slice text, const char *key,
		 struct buf *ret_value, struct err *err) MUST_CHECK;
/* Appends the whole text with the key set; a key that is not there is added
 * where its kind stands. What was written is read again before it is given. */
int edit_key_set(struct buf *out, enum edit_format f, struct slice text,
		 const char *key, const char *value, struct err *err)
	MUST_CHECK;

/* ---- files ---- */

/*
 * A regular file, reached without any symlink. A new text is written beside
 * it and takes its place at once, with the same mode, owner and attributes;
 * what was there stays as NAME.oncall-backup-ULID.
 */
struct edit_file {
	int dir; /* -1: not open */
	char *name, *path;
	struct stat st;
	struct buf text;
	char *staged; /* names in dir; or NULL */
	char *backup;
};

/* clang-format off */
#define EDIT_FILE_INIT {.dir = -1}
/* clang-format on */

int edit_file_open(struct edit_file *f, const char *path, struct err *err)
	MUST_CHECK;
void edit_file_done(struct edit_file *f); /* what is staged goes, too */
/* Writes the new text beside the file. */
int edit_file_stage(struct edit_file *f, struct slice text, struct err *err)
	MUST_CHECK;
/* What is staged takes the file's place; fails when the file has changed since
 * it was opened. */
int edit_file_commit(struct edit_file *f, struct err *err) MUST_CHECK;
/* The backup of that name takes the file's place again. */
int edit_file_restore(struct edit_file *f, const char *backup, struct err *err)
	MUST_CHECK;
/*
 * The newest backup from which setting key to value gives what the file is now:
 * 1 and its name, which the caller frees; 0: there is none.
 */
int edit_file_find_backup(const struct edit_file *f, enum edit_format format,
			  const char *key, const char *value, char **ret,
			  struct err *err) MUST_CHECK;
#define AUTO_EDIT_FILE CLEANUP(edit_file_done)

#endif
