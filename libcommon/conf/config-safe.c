/*
 * config-safe.c - files that grant power are read only when nobody but their
 * owner could have written them, as sudo and ssh do it.
 */
#include <oncall/fd.h>
#include <oncall/mem.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "config-internal.h"

static bool owner_is_safe(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool others_write(const struct stat *st)
{
	return st->st_mode & (S_IWGRP | S_IWOTH);
}

static int check_file(const char *path, const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_REFUSED, "'%s' is not a regular file",
			       path);
	if (!owner_is_safe(st))
		return err_set(err, ERR_REFUSED,
			       "'%s' belongs to user %u, neither to root nor "
			       "to the one who runs this",
			       path, (unsigned)st->st_uid);
	if (others_write(st))
		return err_set(err, ERR_REFUSED,
			       "'%s' can be written by others (mode %04o); "
			       "chmod go-w helps",
			       path, (unsigned)st->st_mode & 07777U);
	return 0;
}

/* In a sticky directory nobody replaces the files of others, and nothing is
 * replaced where nothing can be written, as in volumes of containers. */
static bool keeps_files(const char *dir, const struct stat *st)
{
	struct statvfs fs;

	return (st->st_mode & S_ISVTX) ||
	       (statvfs(dir, &fs) == 0 && (fs.f_flag & ST_RDONLY));
}

static int check_directory(const char *path, struct err *err)
{
	AUTO_FREE char *copy = mem_dup(path);
	const char *dir = dirname(copy);
	struct stat st;

	if (stat(dir, &st) < 0)
		return err_sys(err, errno, "cannot look at '%s'", dir);
	if (!owner_is_safe(&st))
		return err_set(err, ERR_REFUSED,
			       "the directory '%s' of '%s' belongs to user %u",
			       dir, path, (unsigned)st.st_uid);
	if (others_write(&st) && !keeps_files(dir, &st))
		return err_set(err, ERR_REFUSED,
			       "others can replace '%s': its directory has "
			       "mode %04o; chmod go-w '%s' helps",
			       path, (unsigned)st.st_mode & 07777U, dir);
	return 0;
}

static int check_open(int fd, const char *path, struct err *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	struct stat st;

	if (!real || fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at '%s'", path);
	if (check_file(path, &st, err) < 0 || check_directory(path, err) < 0)
		return -1;
	return check_directory(real, err);
}

int config_safe_open(const char *path, bool *missing, struct err *err)
{
	/* A named pipe must not hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && missing && (errno == ENOENT || errno == ENOTDIR)) {
		*missing = true;
		return -1;
	}
	if (fd < 0)
		return err_sys(err, errno, "cannot open '%s'", path);
	if (check_open(fd, path, err) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

int config_safe_file(const char *path, struct err *err)
{
	AUTO_FD int fd = config_safe_open(path, NULL, err);

	return fd < 0 ? -1 : 0;
}

int config_safe_read(const char *path, size_t max, bool *missing,
		     struct buf *out, struct err *err)
{
	AUTO_FD int fd = config_safe_open(path, missing, err);

	if (fd < 0)
		return -1;
	return fd_read_all(fd, out, max, ERR_USAGE, path, err);
}
