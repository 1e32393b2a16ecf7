/*
 * edit-key-file.c - a configuration file that is replaced as a whole, and put
 * back. Everything happens relative to its directory, which is held open and
 * was reached without a symlink, so that nobody can put another in its place.
 */
#include "edit-key-internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>

#include <oncall/fd.h>
#include <oncall/mem.h>
#include <oncall/ulid.h>

#define BACKUP_MARK ".oncall-backup-"
#define BACKUPS_MAX 4096 /* looked at, of one file */
#define ATTR_MAX    ((size_t)64 * 1024)

/* ---- reaching it ---- */

static int bad_step(const char *path, const char *part, struct err *err)
{
	if (errno == ELOOP || errno == ENOTDIR)
		return err_set(err, ERR_REFUSED,
			       "'%s': '%s' is a symlink or no directory; say "
			       "the real path",
			       path, part);
	return err_sys(err, errno, "cannot open '%s' of '%s'", part, path);
}

/* Opens the directory of the path, step by step. */
static int open_directory(struct edit_file *f, struct err *err)
{
	AUTO_FREE char *copy = mem_dup(f->path);
	char *part = copy, *slash;

	f->dir = open(*copy == '/' ? "/" : ".",
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f->dir < 0)
		return bad_step(f->path, ".", err);
	while ((slash = strchr(part, '/'))) {
		int next;

		*slash = '\0';
		if (!strcmp(part, ".."))
			return err_set(err, ERR_REFUSED,
				       "'%s': '..' cannot stand in a path",
				       f->path);
		if (*part) {
			next = openat(f->dir, part,
				      O_PATH | O_DIRECTORY | O_NOFOLLOW |
					      O_CLOEXEC);
			if (next < 0)
				return bad_step(f->path, part, err);
			(void)close(f->dir);
			f->dir = next;
		}
		part = slash + 1;
	}
	if (!*part || !strcmp(part, ".") || !strcmp(part, ".."))
		return err_set(err, ERR_INPUT, "'%s' names no file", f->path);
	f->name = mem_dup(part);
	return 0;
}

static int check_kind(const struct edit_file *f, const char *name,
		      const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_REFUSED, "'%s' is not a regular file",
			       name);
	if (name == f->name && st->st_nlink > 1)
		return err_set(err, ERR_REFUSED,
			       "'%s' has %lu names (hard links), which a new "
			       "file would part",
			       f->path, (unsigned long)st->st_nlink);
	if ((uint64_t)st->st_size > EDIT_FILE_MAX)
		return err_set(err, ERR_INPUT, "'%s' is larger than %zu bytes",
			       f->path, EDIT_FILE_MAX);
	return 0;
}

static int read_name(const struct edit_file *f, const char *name,
		     struct stat *st, struct buf *out, struct err *err)
{
	AUTO_FD int fd = openat(f->dir, name,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_REFUSED,
			       "'%s' is a symlink; say the real path", name);
	if (fd < 0)
		return err_sys(err, errno, "cannot open '%s'", name);
	if (fstat(fd, st) < 0)
		return err_sys(err, errno, "cannot look at '%s'", name);
	if (check_kind(f, name, st, err) < 0)
		return -1;
	out->max = 2 * EDIT_FILE_MAX;
	return fd_read_all(fd, out, EDIT_FILE_MAX, ERR_INPUT, name, err);
}

int edit_file_open(struct edit_file *f, const char *path, struct err *err)
{
	f->path = mem_dup(path);
	if (open_directory(f, err) < 0 ||
	    read_name(f, f->name, &f->st, &f->text, err) < 0)
		return err_prefix(err, "cannot edit '%s'", path);
	return 0;
}

void edit_file_done(struct edit_file *f)
{
	if (f->staged)
		(void)unlinkat(f->dir, f->staged, 0);
	if (f->dir >= 0)
		(void)close(f->dir);
	free(f->name);
	free(f->path);
	free(f->staged);
	free(f->backup);
	buf_done(&f->text);
	*f = (struct edit_file)EDIT_FILE_INIT;
}

/* ---- writing ---- */

/* Access lists, labels and the like go along; one that cannot is an error
 * where it says who may read the file. */
static int copy_attributes(int from, int to, struct err *err)
{
	AUTO_FREE char *names = mem_alloc(ATTR_MAX);
	AUTO_FREE char *value = mem_alloc(ATTR_MAX);
	ssize_t len = flistxattr(from, names, ATTR_MAX);

	for (const char *n = names; len > 0 && n < names + len;
	     n += strlen(n) + 1) {
		ssize_t size = fgetxattr(from, n, value, ATTR_MAX);

		if (size < 0 || fsetxattr(to, n, value, (size_t)size, 0) == 0 ||
		    errno == ENOTSUP)
			continue;
		if (!strncmp(n, "system.", 7) || !strncmp(n, "security.", 9))
			return err_sys(err, errno, "cannot keep '%s'", n);
	}
	return 0;
}

/* The owner comes before the mode, which it would take bits of. */
static int fill_staged(const struct edit_file *f, int fd, struct slice text,
		       struct err *err)
{
	AUTO_FD int old =
		openat(f->dir, f->name,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (old < 0)
		return err_sys(err, errno, "cannot open '%s'", f->path);
	if (fchown(fd, f->st.st_uid, f->st.st_gid) < 0)
		return err_sys(err, errno, "cannot keep the owner of '%s'",
			       f->path);
	if (fchmod(fd, f->st.st_mode & 07777U) < 0)
		return err_sys(err, errno, "cannot keep the mode of '%s'",
			       f->path);
	if (copy_attributes(old, fd, err) < 0)
		return -1;
	if (fd_write_all(fd, text) < 0 || fsync(fd) < 0)
		return err_sys(err, errno, "cannot write beside '%s'", f->path);
	return 0;
}

int edit_file_stage(struct edit_file *f, struct slice text, struct err *err)
{
	char id[ULID_TEXT];
	int fd, rc;

	ulid_make(id);
	f->staged = mem_printf(".%s.oncall-%s", f->name, id);
	fd = openat(f->dir, f->staged,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		free(TAKE_PTR(f->staged));
		return err_sys(err, errno, "cannot write beside '%s'", f->path);
	}
	rc = fill_staged(f, fd, text, err);
	if (close(fd) < 0 && rc == 0)
		rc = err_sys(err, errno, "cannot write beside '%s'", f->path);
	return rc;
}

static int sync_directory(const struct edit_file *f, struct err *err)
{
	AUTO_FD int fd = openat(f->dir, ".", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, errno, "cannot keep the change of '%s'",
			       f->path);
	return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The file becomes its own backup by a second name, so it stays as it is to
 * the last attribute. */
int edit_file_commit(struct edit_file *f, struct err *err)
{
	char id[ULID_TEXT];
	struct stat now;

	if (fstatat(f->dir, f->name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot look at '%s'", f->path);
	if (!is_same(&f->st, &now))
		return err_set(err, ERR_REMOTE,
			       "'%s' has changed meanwhile; nothing was done",
			       f->path);
	ulid_make(id);
	f->backup = mem_printf("%s" BACKUP_MARK "%s", f->name, id);
	if (linkat(f->dir, f->name, f->dir, f->backup, 0) < 0)
		return err_sys(err, errno, "cannot make a backup of '%s'",
			       f->path);
	if (renameat(f->dir, f->staged, f->dir, f->name) < 0) {
		(void)err_sys(err, errno, "cannot replace '%s'", f->path);
		(void)unlinkat(f->dir, f->backup, 0);
		return -1;
	}
	free(TAKE_PTR(f->staged));
	return sync_directory(f, err);
}

int edit_file_restore(struct edit_file *f, const char *backup, struct err *err)
{
	if (renameat(f->dir, backup, f->dir, f->name) < 0)
		return err_sys(err, errno, "cannot put '%s' back", backup);
	return sync_directory(f, err);
}

/* ---- backups ---- */

static bool is_backup(const struct edit_file *f, const char *name)
{
	size_t n = strlen(f->name);

	return !strncmp(name, f->name, n) &&
	       !strncmp(name + n, BACKUP_MARK, strlen(BACKUP_MARK)) &&
	       ulid_valid(name + n + strlen(BACKUP_MARK));
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

static int list_backups(const struct edit_file *f, char **names, size_t *ret,
			struct err *err)
{
	int fd = openat(f->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		(void)err_sys(err, errno, "cannot list the folder of '%s'",
			      f->path);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	while ((e = readdir(d)) && *ret < BACKUPS_MAX)
		if (is_backup(f, e->d_name))
			names[(*ret)++] = mem_dup(e->d_name);
	(void)closedir(d);
	qsort(names, *ret, sizeof(*names), newest_first);
	return 0;
}

/* Whether the file is what setting the key in this backup gives. */
static bool gives_file(const struct edit_file *f, const char *backup,
		       enum edit_format format, const char *key,
		       const char *value)
{
	AUTO_BUF struct buf old = BUF_INIT, now = BUF_INIT;
	struct err err = ERR_INIT;
	struct stat st;

	return read_name(f, backup, &st, &old, &err) == 0 &&
	       edit_key_set(&now, format, buf_slice(&old), key, value, &err) ==
		       0 &&
	       slice_eq(buf_slice(&now), buf_slice(&f->text));
}

int edit_file_find_backup(const struct edit_file *f, enum edit_format format,
			  const char *key, const char *value, char **ret,
			  struct err *err)
{
	AUTO_FREE char **names = mem_zero(BACKUPS_MAX, sizeof(*names));
	size_t count = 0;
	int rc = list_backups(f, names, &count, err);

	for (size_t i = 0; i < count; i++) {
		if (rc == 0 && gives_file(f, names[i], format, key, value)) {
			*ret = TAKE_PTR(names[i]);
			rc = 1;
		}
		free(names[i]);
	}
	return rc;
}
