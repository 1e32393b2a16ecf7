/* unit-tail.h - a temporary directory, and what an input made of its files. */
#ifndef ONCALL_UNIT_TAIL_H
#define ONCALL_UNIT_TAIL_H

#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/tail.h>

#define WAIT_MS 4000 /* what must happen does so much sooner */

/* What a reader was given and told. */
struct reader {
	struct input *in;
	struct input_block block;
	struct buf text;  /* of all blocks */
	struct buf log;	  /* "number:line:offset\n" of each block */
	struct buf state; /* what was saved last */
	struct buf told;  /* troubles, a line each */
	char id[16][200]; /* of the streams, by number */
	size_t streams;
};

static char root[64];

static inline int enter(void **state)
{
	(void)state;
	(void)alarm(60);
	(void)snprintf(root, sizeof(root), "/tmp/oncall-tail-XXXXXX");
	return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static inline int leave(void **state)
{
	DIR *dir = opendir(root);
	const struct dirent *e;

	(void)state;
	signals_raise_stop(0);
	while ((e = readdir(dir)))
		if (unlinkat(dirfd(dir), e->d_name, 0) < 0)
			(void)unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	(void)closedir(dir);
	return chdir("/") == 0 ? rmdir(root) : -1;
}

static inline void put_bytes(const char *path, int flags, struct slice text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.ptr, text.len), text.len);
	assert_int_equal(close(fd), 0);
}

static inline void put(const char *path, const char *text)
{
	put_bytes(path, O_APPEND, slice_of(text));
}

static inline void copy(const char *from, const char *to)
{
	char bytes[4096];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t got;

	assert_true(in >= 0 && out >= 0);
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)got), got);
	assert_int_equal(got, 0);
	(void)close(in);
	(void)close(out);
}

static inline void note_trouble(void *arg, const struct err *err)
{
	struct reader *r = arg;

	buf_addf(&r->told, "%s\n", err->text);
}

static inline void reader_open(struct reader *r, struct tail_options opt,
			       const char *const *paths)
{
	struct err err = ERR_INIT;

	opt.paths = paths;
	opt.path_count = 0;
	while (paths[opt.path_count])
		opt.path_count++;
	if (opt.out_fd == 0)
		opt.out_fd = -1;
	opt.trouble = note_trouble;
	opt.arg = r;
	assert_int_equal(tail_new(&r->in, &opt, &err), 0);
	if (r->state.len)
		assert_int_equal(input_load(r->in, buf_slice(&r->state), &err),
				 0);
	assert_no_err(&err);
	r->streams = 0;
}

static inline void reader_close(struct reader *r)
{
	input_free(TAKE_PTR(r->in));
}

static inline void reader_done(struct reader *r)
{
	reader_close(r);
	input_block_done(&r->block);
	buf_done(&r->text);
	buf_done(&r->log);
	buf_done(&r->state);
	buf_done(&r->told);
}

#define AUTO_READER CLEANUP(reader_done)

static inline int reader_next(struct reader *r, int wait_ms)
{
	struct err err = ERR_INIT;
	int state = input_next(r->in, &r->block, wait_ms, &err);
	const struct input_block *b = &r->block;

	assert_no_err(&err);
	if (state != INPUT_BLOCK_READY)
		return state;
	assert_true(b->text.len > 0);
	assert_true(b->stream->positions);
	assert_true(b->stream->number < ARRAY_LEN(r->id));
	if (b->stream->number >= r->streams)
		r->streams = b->stream->number + 1;
	(void)snprintf(r->id[b->stream->number], sizeof(r->id[0]), "%s",
		       b->stream->id);
	buf_add_slice(&r->text, b->text);
	buf_addf(&r->log, "%zu:%ju:%ju%s\n", b->stream->number,
		 (uintmax_t)b->line, (uintmax_t)b->offset,
		 b->truncated ? ":cut" : "");
	return state;
}

static inline void reader_all(struct reader *r)
{
	while (reader_next(r, WAIT_MS) == INPUT_BLOCK_READY)
		;
}

/* Follows until the text is there, and a little longer. */
static inline void assert_follows(struct reader *r, const char *want)
{
	int64_t end = clock_mono() + WAIT_MS;

	while (r->text.len < strlen(want) && clock_mono() < end)
		(void)reader_next(r, 100);
	while (reader_next(r, 5) == INPUT_BLOCK_READY)
		;
	assert_string_equal(buf_str(&r->text), want);
	buf_reset(&r->text);
}

static inline void reader_save(struct reader *r)
{
	buf_reset(&r->state);
	input_save(r->in, &r->state);
}

/* As after a restart: a new input with what the old one has saved. */
static inline void reader_again(struct reader *r, struct tail_options opt,
				const char *const *paths)
{
	reader_save(r);
	reader_close(r);
	reader_open(r, opt, paths);
}

#define PATHS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
