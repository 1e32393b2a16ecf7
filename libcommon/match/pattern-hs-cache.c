/*
 * pattern-hs-cache.c - compiled databases of Hyperscan in files.
 *
 * A database is code in all but name, so a file that somebody else can have
 * written is not read. What is damaged is refused by Hyperscan, which keeps a
 * checksum; then it is compiled anew.
 */
#include "pattern-hs-cache.h"

#include <oncall/mem.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define CACHE_MAGIC "oncall hs 1\n"
#define CACHE_MAX   ((size_t)256 * 1024 * 1024)

static bool write_whole(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

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
	if (!write_whole(fd, CACHE_MAGIC, sizeof(CACHE_MAGIC) - 1) ||
	    !write_whole(fd, (const char *)taken, count) ||
	    !write_whole(fd, db.ptr, db.len) || rename(temporary, path) < 0)
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
	size_t head = sizeof(CACHE_MAGIC) - 1 + count, size;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_safe(&st) ||
	    (size_t)st.st_size < head || (size_t)st.st_size > CACHE_MAX)
		return false;
	size = (size_t)st.st_size;
	ret_db->max = CACHE_MAX;
	if (!buf_reserve(ret_db, size))
		return false;
	while (ret_db->len < size) {
		ssize_t n = read(fd, ret_db->data + ret_db->len,
				 size - ret_db->len);

		if (n <= 0)
			return false;
		ret_db->len += (size_t)n;
	}
	if (memcmp(ret_db->data, CACHE_MAGIC, sizeof(CACHE_MAGIC) - 1) != 0)
		return false;
	memcpy(taken, ret_db->data + sizeof(CACHE_MAGIC) - 1, count);
	memmove(ret_db->data, ret_db->data + head, size - head);
	buf_truncate(ret_db, size - head);
	return true;
}
