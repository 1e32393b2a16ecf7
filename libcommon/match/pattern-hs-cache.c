/*
 * pattern-hs-cache.c - compiled databases of Hyperscan in files.
 *
 * A database is code in all but name, so a file that somebody else can have
 * written is not read. What is damaged is refused by Hyperscan, which keeps a
 * checksum; then it is compiled anew.
 */
#include "pattern-hs-cache.h"

#include <oncall/fd.h>
#include <oncall/mem.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define CACHE_MAGIC "oncall hs 1\n"
#define CACHE_MAX   ((size_t)256 * 1024 * 1024)

/* A cache that cannot be written is none: the next start takes longer. */
void pattern_hs_cache_write(const char *path, const uint8_t *taken,
			    size_t count, struct slice db)
{
	AUTO_FREE char *temporary =
		mem_printf("%s.%ld.tmp", path, (long)getpid());
	AUTO_FD int fd =
		open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	if (fd_write_all(fd, SLICE_LIT(CACHE_MAGIC)) < 0 ||
	    fd_write_all(fd, (struct slice){(const char *)taken, count}) < 0 ||
	    fd_write_all(fd, db) < 0 || rename(temporary, path) < 0)
		(void)unlink(temporary);
}

/* Ours, and nobody else can write it. */
static bool is_safe(const struct stat *st)
{
	return S_ISREG(st->st_mode) &&
	       (st->st_uid == geteuid() || st->st_uid == 0) &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH));
}

bool pattern_hs_cache_read(const char *path, uint8_t *taken, size_t count,
			   struct buf *ret_db)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t head = sizeof(CACHE_MAGIC) - 1 + count;
	struct err ignored = ERR_INIT;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_safe(&st))
		return false;
	ret_db->max = CACHE_MAX;
	if (fd_read_all(fd, ret_db, CACHE_MAX, ERR_INPUT, path, &ignored) < 0 ||
	    ret_db->len < head)
		return false;
	if (memcmp(ret_db->data, CACHE_MAGIC, sizeof(CACHE_MAGIC) - 1) != 0)
		return false;
	memcpy(taken, ret_db->data + sizeof(CACHE_MAGIC) - 1, count);
	memmove(ret_db->data, ret_db->data + head, ret_db->len - head);
	buf_truncate(ret_db, ret_db->len - head);
	return true;
}
