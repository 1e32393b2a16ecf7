#include "unit-tail.h"

#include <inttypes.h>

#include "unit-archive.h"

static const struct tail_options batch = {.max_line = 0};
static const struct tail_options follow = {.follow = true};

static void files_are_read_in_order(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("b", "b1\nb2\n");
	put("a", "a1\na2\na3");
	put("empty", "");
	reader_open(&r, batch, PATHS("b", "empty", "a"));
	reader_all(&r);
	assert_string_equal(buf_str(&r.text), "b1\nb2\na1\na2\na3");
	assert_string_equal(buf_str(&r.log), "0:1:0\n1:1:0\n1:3:6\n");
	assert_int_equal(reader_next(&r, 0), INPUT_END);
	assert_string_equal(buf_str(&r.told), "");
	assert_int_equal(tail_troubles(r.in), 0);
	assert_string_equal(r.block.stream ? "" : "none", "none");
}

static void blocks_are_cut_at_newlines(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_BUF struct buf text = BUF_INIT;
	struct tail_options opt = batch;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "%0*d\n", i % 60 + 1, i);
	put("a", buf_str(&text));
	opt.block = 1000;
	reader_open(&r, opt, PATHS("a"));
	while (reader_next(&r, 0) == INPUT_BLOCK_READY) {
		const struct input_block *b = &r.block;
		size_t lines = 0;

		assert_int_equal(b->text.ptr[b->text.len - 1], '\n');
		assert_int_equal(b->offset, r.text.len - b->text.len);
		assert_true(b->text.len <= 1000);
		for (size_t i = 0; i < b->offset; i++)
			lines += text.data[i] == '\n';
		assert_int_equal(b->line, lines + 1);
		assert_false(b->live);
	}
	assert_true(slice_eq(buf_slice(&r.text), buf_slice(&text)));
}

/* What is in it is known before the rest is read. */
static void the_first_block_is_small(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; text.len < INPUT_FIRST_BLOCK + INPUT_BLOCK; i++)
		buf_addf(&text, "line %zu\n", i);
	put("a", buf_str(&text));
	reader_open(&r, batch, PATHS("a"));
	assert_int_equal(reader_next(&r, 0), INPUT_BLOCK_READY);
	assert_in_range(r.text.len, INPUT_FIRST_BLOCK - 100, INPUT_FIRST_BLOCK);
	assert_int_equal(reader_next(&r, 0), INPUT_BLOCK_READY);
	assert_in_range(r.block.text.len, INPUT_BLOCK - 100, INPUT_BLOCK);
	reader_all(&r);
	assert_true(slice_eq(buf_slice(&r.text), buf_slice(&text)));
}

static void a_long_line_is_cut_once(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	struct tail_options opt = batch;

	(void)state;
	put("a", "12345\n123456\n1\n1234567890123456789012345\nend\n12345678");
	opt.max_line = 5;
	for (opt.block = 1; opt.block < 60; opt.block++) {
		buf_reset(&r.text);
		buf_reset(&r.log);
		reader_open(&r, opt, PATHS("a"));
		reader_all(&r);
		reader_close(&r);
		assert_string_equal(buf_str(&r.text),
				    "12345\n123451\n12345end\n12345");
		assert_non_null(strstr(buf_str(&r.log), "0:2:6:cut\n0:3:13\n"
							"0:4:15:cut\n0:5:41\n"
							"0:6:45:cut\n"));
	}
}

static void any_bytes_pass(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	const struct slice bytes = SLICE_LIT("\0\0\n\r\n\xff\xfe\n\n\n\0");

	(void)state;
	put_bytes("a", 0, bytes);
	reader_open(&r, batch, PATHS("a"));
	reader_all(&r);
	assert_true(slice_eq(buf_slice(&r.text), bytes));
}

static void archives_are_read_unpacked(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_BUF struct buf gz = BUF_INIT, zst = BUF_INIT;

	(void)state;
#if !defined(HAVE_ZLIB) || !defined(HAVE_ZSTD)
	skip();
#endif
	archive_gzip(&gz, "g1\ng2\n", 6);
	archive_zstd(&zst, "z1\nz2\n", 6);
	put_bytes("a.gz", 0, buf_slice(&gz));
	put_bytes("b", 0, buf_slice(&zst)); /* the name does not matter */
	put_bytes("cut.gz", 0, (struct slice){gz.data, gz.len - 4});
	reader_open(&r, batch, PATHS("a.gz", "b", "cut.gz"));
	reader_all(&r);
	assert_string_equal(buf_str(&r.text), "g1\ng2\nz1\nz2\ng1\ng2\n");
	assert_string_equal(buf_str(&r.told),
			    "'cut.gz' ends in the middle of gzip data\n");
	assert_int_equal(tail_troubles(r.in), 1);
}

static void directories_and_globs_are_their_files(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	put("d/2", "2\n");
	put("d/1", "1\n");
	put("d/.hidden", "hidden\n");
	put("x[1].log", "literal\n");
	put("y.log", "y\n");
	reader_open(&r, batch, PATHS("d", "x[1].log", "?.log", "no*"));
	reader_all(&r);
	assert_string_equal(buf_str(&r.text), "1\n2\nliteral\ny\n");
	assert_string_equal(buf_str(&r.told), "no file matches 'no*'\n");
	assert_int_equal(unlink("d/1") + unlink("d/2") + unlink("d/.hidden"),
			 0);
}

static void wrong_globs_are_refused(void **state)
{
	static const char *const bad[] = {"a[", "", "a/**/b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct tail_options opt = {.paths = &bad[i], .path_count = 1};
		struct input *in = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(tail_new(&in, &opt, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_null(in);
	}
}

static void what_cannot_be_read_is_told(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_FD int out = open("out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct tail_options opt = batch;

	(void)state;
	put("a", "a\n");
	put("out", "out\n");
	opt.out_fd = out;
	reader_open(&r, opt, PATHS("none", "a", "out", "a/b"));
	reader_all(&r);
	assert_string_equal(buf_str(&r.text), "a\n");
	assert_string_equal(buf_str(&r.told),
			    "cannot read 'none': No such file or directory\n"
			    "input file 'out' is also the output\n"
			    "cannot read 'a/b': Not a directory\n");
	assert_int_equal(tail_troubles(r.in), 3);
}

static void lines_are_followed_when_complete(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("a", "one\ntw");
	reader_open(&r, follow, PATHS("a", "later"));
	assert_follows(&r, "one\n");
	put("a", "o\nthree\n");
	assert_follows(&r, "two\nthree\n");
	put("later", "late\n");
	assert_follows(&r, "late\n");
	assert_string_equal(buf_str(&r.log), "0:1:0\n0:2:4\n1:1:0\n");
	assert_true(r.block.stream == NULL);
	assert_string_equal(buf_str(&r.told), "cannot read 'later': No such "
					      "file or directory\n");
}

static void what_was_there_is_passed_over(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	struct tail_options opt = follow;

	(void)state;
	opt.from_end = true;
	put("a", "old\nhal");
	reader_open(&r, opt, PATHS("*"));
	assert_follows(&r, "");
	put("a", "f\nnew\n");
	assert_follows(&r, "half\nnew\n");
	put("b", "b\n");
	assert_follows(&r, "b\n");
	reader_save(&r);
	reader_close(&r);
	put("c", "appeared while nobody looked\n");
	reader_open(&r, opt, PATHS("*"));
	assert_follows(&r, "appeared while nobody looked\n");
	reader_save(&r);
	reader_close(&r);
	reader_open(&r, opt, PATHS("*", "./a"));
	assert_follows(&r, "");
}

static void a_renamed_file_is_read_out_first(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("a", "1\n");
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "1\n");
	put("a", "2\n");
	assert_int_equal(rename("a", "a.1"), 0);
	put("a", "4\n");
	put("a.1", "3\n");
	assert_follows(&r, "2\n3\n4\n");
	put("a.1", "late\n"); /* the writer had not reopened */
	assert_follows(&r, "late\n");
	assert_int_equal(r.streams, 2);
}

static void rotations_between_looks_are_found(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("a", "1\n");
	put("a.lock", "not a log\n");
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "1\n");
	for (int i = 0; i < 2; i++) {
		put("a", "2\n");
		assert_int_equal(rename("a", "a.1"), 0);
		put("a", i ? "three\n" : "3\n");
		assert_int_equal(rename("a.1", "a.2"), 0);
		assert_int_equal(rename("a", "a.1"), 0);
		put("a", "4\n");
		put("a.lock", "not a log\n");
		if (i == 1)
			reader_open(&r, follow, PATHS("a"));
		assert_follows(&r, i ? "2\nthree\n4\n" : "2\n3\n4\n");
		reader_save(&r);
		if (i == 0)
			reader_close(&r);
	}
}

static void what_came_and_went_while_nobody_looked(void **state)
{
	static const char *const operands[] = {"a", "?"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(operands); i++) {
		AUTO_READER struct reader r = {.in = NULL};

		reader_open(&r, follow, PATHS(operands[i]));
		assert_follows(&r, "");
		reader_save(&r);
		reader_close(&r);
		put("a", "1\n");
		assert_int_equal(rename("a", "a.1"), 0);
		put("a", "2\n");
		reader_open(&r, follow, PATHS(operands[i]));
		assert_follows(&r, "1\n2\n");
		reader_close(&r);
		assert_int_equal(unlink("a") + unlink("a.1"), 0);
	}
}

static void copied_and_truncated(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("a", "1\n");
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "1\n");
	put("a", "2\n");
	copy("a", "a.1");
	assert_int_equal(truncate("a", 0), 0);
	put("a", "3 is longer than what was there\n");
	assert_follows(&r, "2\n3 is longer than what was there\n");
	put("a", "4\n");
	copy("a", "a.2");
	assert_int_equal(truncate("a", 0), 0);
	put("a", "5\n");
	copy("a", "a.3");
	assert_int_equal(truncate("a", 0), 0);
	put("a", "6\n");
	assert_follows(&r, "4\n5\n6\n");
	assert_int_equal(r.streams, 4);
	assert_string_not_equal(r.id[0], r.id[1]);
	assert_string_not_equal(r.id[0], r.id[2]);
	assert_string_not_equal(r.id[1], r.id[2]);
	assert_string_equal(buf_str(&r.told), "");
}

static void the_same_first_line_is_another_stream(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("a", "start\nlonger\n");
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "start\nlonger\n");
	assert_int_equal(truncate("a", 0), 0);
	put("a", "start\n");
	assert_follows(&r, "start\n");
	assert_int_equal(r.streams, 2);
	assert_string_not_equal(r.id[0], r.id[1]);
	assert_int_equal(unlink("a"), 0);
	put("a", "start\n");
	assert_follows(&r, "start\n");
	assert_int_equal(r.streams, 3);
	assert_string_not_equal(r.id[1], r.id[2]);
	assert_string_not_equal(r.id[0], r.id[2]);
}

/* Copies the log away as the first rotated file. */
static void copy_away(const char *to)
{
	copy("app.log", to);
	assert_int_equal(truncate("app.log", 0), 0);
	/* What is written next is younger than the copy. */
	(void)usleep(20000);
}

/* Logs begin alike, as with the date: half of a line does not tell them apart,
 * whether nobody has looked before, or has seen as much of one. */
static void half_a_line_is_no_sign_of_a_copy(void **state)
{
	static const char *const known[] = {"", "2026 ", "2026 o"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		AUTO_READER struct reader r = {.in = NULL};

		if (*known[i])
			put("app.log", known[i]);
		reader_open(&r, follow, PATHS("*.log"));
		assert_follows(&r, "");
		reader_save(&r);
		reader_close(&r);
		put("app.log", &"2026 one\n2026 two\n"[strlen(known[i])]);
		copy_away("app.log.3");
		put("app.log", "2026 "); /* and never more of it */
		copy_away("app.log.2");
		put("app.log", "2026 other\n");
		copy_away("app.log.1");
		put("app.log", "202");
		reader_open(&r, follow, PATHS("*.log"));
		assert_follows(&r, "2026 one\n2026 two\n2026 other\n");
		put("app.log", "6 last\n");
		assert_follows(&r, "2026 last\n");
		assert_int_equal(r.streams, 3);
		assert_string_not_equal(r.id[0], r.id[1]);
		assert_string_not_equal(r.id[0], r.id[2]);
		assert_string_not_equal(r.id[1], r.id[2]);
		assert_string_equal(buf_str(&r.told), "");
		reader_close(&r);
		assert_int_equal(unlink("app.log") + unlink("app.log.1") +
					 unlink("app.log.2") +
					 unlink("app.log.3"),
				 0);
	}
}

/* Nobody has seen it under its name, and its writer does not know yet. */
static void what_was_moved_while_empty(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	reader_open(&r, follow, PATHS("*.log"));
	assert_follows(&r, "");
	reader_save(&r);
	reader_close(&r);
	put("app.log", "");
	(void)usleep(20000); /* births differ */
	assert_int_equal(rename("app.log", "app.log.1"), 0);
	put("app.log", "");
	reader_open(&r, follow, PATHS("*.log"));
	assert_follows(&r, "");
	put("app.log.1", "late\n");
	assert_follows(&r, "late\n");
	reader_again(&r, follow, PATHS("*.log"));
	put("app.log.1", "later\n");
	assert_follows(&r, "later\n");
	put("app.log", "new\n");
	assert_follows(&r, "new\n");
	assert_string_equal(buf_str(&r.told), "");
}

static void compress(const char *from, const char *to, bool zstd)
{
	AUTO_BUF struct buf text = BUF_INIT, packed = BUF_INIT;
	char bytes[4096];
	AUTO_FD int fd = open(from, O_RDONLY | O_CLOEXEC);
	struct timespec times[2];
	struct stat st;
	ssize_t got;

	assert_int_equal(fstat(fd, &st), 0);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(&text, bytes, (size_t)got);
	(zstd ? archive_zstd : archive_gzip)(&packed, buf_str(&text), text.len);
	put_bytes(to, O_TRUNC, buf_slice(&packed));
	times[0] = times[1] = st.st_mtim;
	times[0].tv_nsec = times[1].tv_nsec = 0; /* as some tools do */
	assert_int_equal(utimensat(AT_FDCWD, to, times, 0), 0);
	assert_int_equal(unlink(from), 0);
}

static void what_was_compressed_meanwhile(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
#if !defined(HAVE_ZLIB) || !defined(HAVE_ZSTD)
	skip();
#endif
	for (int zstd = 0; zstd < 2; zstd++) {
		put("a", "1\n");
		reader_open(&r, follow, PATHS("a"));
		assert_follows(&r, "1\n");
		reader_save(&r);
		(void)snprintf(r.id[5], sizeof(r.id[0]), "%s", r.id[0]);
		reader_close(&r);
		put("a", "2\n");
		assert_int_equal(rename("a", "a.1"), 0);
		compress("a.1", zstd ? "a.1.zst" : "a.1.gz", zstd);
		put("a", "3\n");
		reader_open(&r, follow, PATHS("a"));
		assert_follows(&r, "2\n3\n");
		assert_string_equal(r.id[0], r.id[5]);
		reader_again(&r, follow, PATHS("a"));
		put("a", "4\n");
		assert_follows(&r, "4\n");
		reader_close(&r);
		buf_reset(&r.state);
		assert_int_equal(unlink("a"), 0);
	}
}

static void the_state_finds_streams_again(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	char id[200];

	(void)state;
	put("a", "1\n2\n");
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "1\n2\n");
	memcpy(id, r.id[0], sizeof(id));
	reader_again(&r, follow, PATHS("a"));
	put("a", "3\n");
	assert_follows(&r, "3\n");
	assert_string_equal(r.id[0], id);
	reader_again(&r, batch, PATHS("a"));
	put("a", "4\n");
	reader_all(&r);
	assert_string_equal(buf_str(&r.text), "4\n");
	assert_string_equal(r.id[0], id);
	buf_reset(&r.text);
	buf_reset(&r.log);
	reader_again(&r, batch, PATHS("a"));
	put("a", "5\n");
	assert_int_equal(rename("a", "a.1"), 0);
	put("a", "6\n");
	reader_all(&r);
	assert_string_equal(buf_str(&r.text), "5\n6\n");
	assert_string_equal(buf_str(&r.log), "0:5:8\n1:1:0\n");
	assert_string_equal(r.id[0], id);
	buf_reset(&r.text);
	reader_again(&r, batch, PATHS("a"));
	assert_int_equal(reader_next(&r, 0), INPUT_END);
}

/* What was told before the state was saved again is told again, so what is not
 * read yet must be in it. */
static void what_is_there_at_the_start_is_saved(void **state)
{
	struct tail_options opt = {.follow = true};

	(void)state;
	for (int copied = 0; copied < 2; copied++) {
		AUTO_READER struct reader r = {.in = NULL};
		char first[sizeof(r.id[0])];

		put("app.log", "one\n");
		reader_open(&r, opt, PATHS("app.log"));
		reader_save(&r);
		assert_follows(&r, "one\n");
		(void)snprintf(first, sizeof(first), "%s", r.id[0]);
		reader_close(&r);
		put("app.log", "two\n");
		if (copied) {
			copy("app.log", "app.log.1");
			assert_int_equal(truncate("app.log", 0), 0);
		} else {
			assert_int_equal(rename("app.log", "app.log.1"), 0);
		}
		put("app.log", "three\n");
		reader_open(&r, opt, PATHS("app.log"));
		assert_follows(&r, "one\ntwo\nthree\n");
		assert_string_equal(r.id[0], first);
		assert_string_not_equal(r.id[1], first);
		assert_int_equal(unlink("app.log"), 0);
		assert_int_equal(unlink("app.log.1"), 0);
	}
}

static void an_old_state_gives_the_same_again(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	char id[3][200];

	(void)state;
	put("a", "1\n");
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "1\n");
	reader_save(&r);
	for (int i = 0; i < 2; i++) {
		if (i == 0) {
			put("a", "2\n");
			assert_follows(&r, "2\n");
			assert_int_equal(rename("a", "a.1"), 0);
			put("a", "3\n");
			assert_follows(&r, "3\n");
			put("a", "4\n");
			assert_follows(&r, "4\n");
			copy("a", "a.2");
			assert_int_equal(truncate("a", 0), 0);
			put("a", "5\n");
			assert_follows(&r, "5\n");
			memcpy(id, r.id, sizeof(id));
			reader_close(&r);
			put("a", "6\n");
		} else {
			reader_open(&r, follow, PATHS("a"));
			assert_follows(&r, "2\n3\n4\n5\n6\n");
		}
	}
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(r.id[i], id[i]);
}

static intmax_t first_number(const struct reader *r, const char *key)
{
	const char *at = strstr(buf_str(&r->state), key);

	assert_non_null(at);
	return strtoimax(at + strlen(key), NULL, 10);
}

/* Numbers of deleted files are given away again: a file that comes later in the
 * state may have an old stream with the number of one that is still there. */
static void a_number_that_was_given_away_again(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_BUF struct buf all = BUF_INIT;
	const char *b;

	(void)state;
	put("a", "");
	put("b", "x\n");
	reader_open(&r, follow, PATHS("a", "b"));
	assert_follows(&r, "x\n");
	reader_save(&r);
	reader_close(&r);
	b = strstr(buf_str(&r.state), "{\"path\":\"b\"");
	assert_non_null(b);
	buf_add(&all, r.state.data, (size_t)(b - r.state.data));
	buf_addf(&all,
		 "{\"path\":\"b\",\"dev\":%jd,\"ino\":%jd,\"born\":%jd,"
		 "\"position\":0,\"moved\":true,\"done\":true},%s",
		 first_number(&r, "\"dev\":"), first_number(&r, "\"ino\":"),
		 first_number(&r, "\"born\":") - 1, b);
	buf_reset(&r.state);
	buf_add_slice(&r.state, buf_slice(&all));
	put("a", "one\n");
	assert_int_equal(rename("a", "a.1"), 0);
	put("a", "two\n");
	reader_open(&r, follow, PATHS("a", "b"));
	assert_follows(&r, "one\ntwo\n");
}

static void a_replaced_file(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_BUF struct buf long_text = BUF_INIT;

	(void)state;
	put("a", "1\n");
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "1\n");
	put("b", "new\n");
	assert_int_equal(rename("b", "a"), 0);
	assert_follows(&r, "new\n");
	for (int i = 0; i < 500; i++)
		buf_addf(&long_text, "line %d\n", i);
	put("a", buf_str(&long_text));
	assert_follows(&r, buf_str(&long_text));
	copy("a", "b");
	put("b", "and one more\n");
	assert_int_equal(rename("b", "a"), 0); /* the same bytes */
	assert_follows(&r, "and one more\n");
}

static void permission_comes_and_goes(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	if (geteuid() == 0)
		skip();
	put("a", "1\n");
	assert_int_equal(chmod("a", 0), 0);
	reader_open(&r, follow, PATHS("a"));
	assert_follows(&r, "");
	assert_string_equal(buf_str(&r.told),
			    "cannot open 'a': Permission denied\n");
	assert_int_equal(chmod("a", 0600), 0);
	assert_follows(&r, "1\n");
}

static void without_inotify(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	struct tail_options opt = follow;

	(void)state;
	opt.no_inotify = true;
	reader_open(&r, opt, PATHS("*.log"));
	assert_follows(&r, "");
	put("a.log", "1\n");
	assert_follows(&r, "1\n");
	put("a.log", "2\n");
	assert_int_equal(rename("a.log", "a.log.1"), 0);
	put("a.log", "3\n");
	assert_follows(&r, "2\n3\n");
}

static void a_followed_directory_keeps_its_streams(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("a", "1\n");
	reader_open(&r, follow, PATHS("."));
	assert_follows(&r, "1\n");
	put("a", "2\n");
	assert_int_equal(rename("a", "a.1"), 0);
	put("a", "3\n");
	assert_follows(&r, "2\n3\n");
	assert_int_equal(r.streams, 2);
	copy("a", "a.2");
	assert_int_equal(truncate("a", 0), 0);
	put("a", "4\n");
	assert_follows(&r, "4\n");
	for (int i = 0; i < 25; i++)
		(void)reader_next(&r, 100);
	assert_string_equal(buf_str(&r.text), "");
	reader_again(&r, follow, PATHS("."));
	assert_follows(&r, "");
	put("a.1", "late\n");
	assert_follows(&r, "late\n");
}

static void pipes_are_read_as_they_come(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_FD int before = dup(STDIN_FILENO);
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	put("a", "a\n");
	reader_open(&r, batch, PATHS("-", "a"));
	assert_int_equal(reader_next(&r, 0), INPUT_NOTHING);
	assert_int_equal(write(fds[1], "1\n2", 3), 3);
	assert_int_equal(reader_next(&r, 1000), INPUT_BLOCK_READY);
	assert_string_equal(buf_str(&r.text), "1\n");
	assert_string_equal(r.block.stream->kind, "stdin");
	assert_null(r.block.stream->path);
	assert_int_equal(reader_next(&r, 10), INPUT_NOTHING);
	assert_int_equal(write(fds[1], "\n3", 2), 2);
	assert_int_equal(close(fds[1]), 0);
	reader_all(&r);
	assert_string_equal(buf_str(&r.text), "1\n2\n3a\n");
	assert_string_equal(buf_str(&r.log), "0:1:0\n0:2:2\n0:3:4\n1:1:0\n");
	(void)close(fds[0]);
	assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
}

static void standard_input_is_found_again(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_FD int before = dup(STDIN_FILENO);
	struct tail_options opt = batch;

	(void)state;
	opt.from_saved = true;
	put("a", "1\n");
	for (int i = 0; i < 2; i++) {
		AUTO_FD int fd = open("a", O_RDONLY | O_CLOEXEC);

		assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
		reader_open(&r, opt, PATHS("-"));
		reader_all(&r);
		reader_save(&r);
		reader_close(&r);
		put("a", "2\n");
	}
	assert_string_equal(buf_str(&r.text), "1\n2\n");
	assert_string_equal(buf_str(&r.log), "0:1:0\n0:2:2\n");
	assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
}

static void a_fifo_waits_for_its_writers(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	assert_int_equal(mkfifo("f", 0600), 0);
	reader_open(&r, follow, PATHS("f"));
	assert_follows(&r, "");
	put("f", "1\n");
	assert_follows(&r, "1\n");
	put("f", "2\n");
	assert_follows(&r, "2\n");
	assert_int_equal(r.streams, 1);
	reader_close(&r);
	reader_open(&r, batch, PATHS("f"));
	assert_int_equal(reader_next(&r, 10), INPUT_NOTHING);
}

static void signals_end_a_wait(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};

	(void)state;
	put("a", "");
	reader_open(&r, follow, PATHS("a"));
	signals_raise_stop(SIGTERM);
	assert_int_equal(reader_next(&r, -1), INPUT_NOTHING);
}

static void turns_are_fair(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	struct tail_options opt = follow;

	(void)state;
	opt.block = 10;
	for (int i = 0; i < 100; i++)
		put("big", "12345678\n");
	put("small", "small\n");
	reader_open(&r, opt, PATHS("big", "small"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(reader_next(&r, 0), INPUT_BLOCK_READY);
	assert_non_null(strstr(buf_str(&r.text), "small\n"));
}

static void the_state_is_small(void **state)
{
	AUTO_READER struct reader r = {.in = NULL};
	AUTO_BUF struct buf name = BUF_INIT;

	(void)state;
	for (int i = 0; i < 255; i++)
		buf_add_char(&name, (char)(i % 3 ? 0x80 + i % 64 : 1));
	put(buf_str(&name), "1\n");
	reader_open(&r, follow, PATHS("*"));
	assert_follows(&r, "1\n");
	reader_again(&r, follow, PATHS("*"));
	assert_true(r.state.len < 1024);
	put(buf_str(&name), "2\n");
	assert_follows(&r, "2\n");
}

static void a_wrong_state_is_bad_input(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"operands\":{},\"streams\":3}",
		"{\"operands\":{},\"streams\":[{}]}",
		"{\"operands\":{},\"streams\":[3]}",
		("{\"operands\":{},\"streams\":[{\"path\":\"a\","
		 "\"position\":1}]}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_READER struct reader r = {.in = NULL};
		struct err err = ERR_INIT;

		reader_open(&r, follow, PATHS("a"));
		assert_int_equal(input_load(r.in, slice_of(bad[i]), &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)
	const struct CMUnitTest tests[] = {
		TEST(files_are_read_in_order),
		TEST(blocks_are_cut_at_newlines),
		TEST(the_first_block_is_small),
		TEST(a_long_line_is_cut_once),
		TEST(any_bytes_pass),
		TEST(archives_are_read_unpacked),
		TEST(directories_and_globs_are_their_files),
		TEST(wrong_globs_are_refused),
		TEST(what_cannot_be_read_is_told),
		TEST(lines_are_followed_when_complete),
		TEST(what_was_there_is_passed_over),
		TEST(a_renamed_file_is_read_out_first),
		TEST(rotations_between_looks_are_found),
		TEST(what_came_and_went_while_nobody_looked),
		TEST(copied_and_truncated),
		TEST(the_same_first_line_is_another_stream),
		TEST(half_a_line_is_no_sign_of_a_copy),
		TEST(what_was_moved_while_empty),
		TEST(what_was_compressed_meanwhile),
		TEST(the_state_finds_streams_again),
		TEST(what_is_there_at_the_start_is_saved),
		TEST(an_old_state_gives_the_same_again),
		TEST(a_number_that_was_given_away_again),
		TEST(a_replaced_file),
		TEST(permission_comes_and_goes),
		TEST(without_inotify),
		TEST(a_followed_directory_keeps_its_streams),
		TEST(pipes_are_read_as_they_come),
		TEST(standard_input_is_found_again),
		TEST(a_fifo_waits_for_its_writers),
		TEST(signals_end_a_wait),
		TEST(turns_are_fair),
		TEST(the_state_is_small),
		TEST(a_wrong_state_is_bad_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
