/*
 * tail.h - files and standard input as an input: once from start to end, or
 * followed through rotation, truncation, compression and restarts.
 *
 * A stream is device, inode and a hash of the first KiB (with its length while
 * there is less); a truncation begins a new one. What a followed file had left
 * when it was renamed, copied (copytruncate) or compressed is read from that
 * successor, found in the same directory by its bytes: the first KiB and what
 * stands before the position.
 */
#ifndef ONCALL_TAIL_H
#define ONCALL_TAIL_H

#include <oncall/input.h>

struct tail_options {
	const char *const *paths; /* files, "-", directories, globs */
	size_t path_count;
	bool follow;
	/* Followed files that are there at the start are read from their end,
	 * unless their position is known; files that appear later from their
	 * start. Ignored without follow. */
	bool from_end;
	bool from_saved; /* standard input, when it can be sought, is a
			    stream that is found again (--cursor) */
	size_t max_line; /* 0: INPUT_MAX_LINE */
	size_t block;	 /* 0: INPUT_BLOCK */
	bool no_inotify; /* look at files now and then instead */
	const char *service;
	/* Where the program writes: never read. -1: none. */
	int out_fd;
	/* What cannot be read (gone, no permission, broken archive) is told
	 * here, once each time it goes wrong, and the rest goes on; NULL:
	 * counted only. */
	void (*trouble)(void *arg, const struct err *err);
	void *arg;
};

/* Copies options. ERR_USAGE for a glob that cannot be understood; a plain file
 * that cannot be opened is trouble, not an error. */
int tail_new(struct input **ret, const struct tail_options *opt,
	     struct err *err) MUST_CHECK;
/* Files, lines or archives that went wrong since the start. */
uint64_t tail_troubles(const struct input *in);

#endif
