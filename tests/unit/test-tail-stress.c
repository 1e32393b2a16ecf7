/*
 * Files are written and rotated in every way by one thread, and followed by a
 * reader that is made anew from what it saved, now and then from something that
 * it saved long before, as after kill -9. Every line must come once, by stream
 * and offset. ONCALL_TAIL_STRESS=SECONDS makes it run longer.
 */
#include "unit-tail.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include <oncall/hash.h>

#include "unit-archive.h"

#define FILES	12
#define KEPT	40	/* rotated files of one name */
#define LINES	2000000 /* of one file, at most */
#define PATHLEN 64
#define DEFAULT 400 /* ms */
#define ENOUGH	100 /* lines; on a busy machine they take longer */

struct seen {
	uint64_t where; /* hash of stream and offset, 0: not seen */
};

static struct {
	atomic_bool stop;
	bool pure; /* a file is either renamed or copied; none is compressed */
	uint32_t random;
	int fd[FILES];
	uint32_t written[FILES];
	struct seen *seen[FILES];
	uint32_t got, again;
	int64_t last[FILES]; /* line in order, of this reader */
	uint32_t disordered;
} all;

static uint32_t roll(uint32_t sides)
{
	all.random = all.random * 1664525u + 1013904223u;
	return (all.random >> 8) % sides;
}

static const char *name_of(char path[PATHLEN], int file, int number,
			   const char *end)
{
	if (number)
		(void)snprintf(path, PATHLEN, "log%02d.%d%s", file, number,
			       end);
	else
		(void)snprintf(path, PATHLEN, "log%02d", file);
	return path;
}

static void write_lines(int file, int fd, uint32_t count, bool late)
{
	for (uint32_t i = 0; i < count && all.written[file] < LINES; i++) {
		char line[400];
		int n = snprintf(line, sizeof(line), "%d %u %c %0*d\n", file,
				 all.written[file], late ? 'L' : 'N',
				 (int)roll(200) + 1, 0);
		int half = roll(8) ? 0 : (int)roll((uint32_t)n);

		if (half)
			(void)!write(fd, line, (size_t)half);
		(void)!write(fd, line + half, (size_t)(n - half));
		all.written[file]++;
	}
}

static int open_log(int file)
{
	char path[PATHLEN];

	return open(name_of(path, file, 0, ""),
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* log.1 becomes log.2 and so on, whatever their ends are. */
static void shift(int file)
{
	static const char *const ends[] = {"", ".gz", ".zst"};
	char from[PATHLEN], to[PATHLEN];

	for (int n = KEPT; n > 0; n--)
		for (size_t i = 0; i < ARRAY_LEN(ends); i++)
			if (n == KEPT)
				(void)unlink(name_of(from, file, n, ends[i]));
			else
				(void)rename(name_of(from, file, n, ends[i]),
					     name_of(to, file, n + 1, ends[i]));
}

static void rename_log(int file)
{
	char from[PATHLEN], to[PATHLEN];
	int old = all.fd[file];

	shift(file);
	(void)rename(name_of(from, file, 0, ""), name_of(to, file, 1, ""));
	if (!roll(3))
		(void)usleep(roll(3000));
	if (!roll(3))
		write_lines(file, old, roll(5), false);
	all.fd[file] = open_log(file);
	if (!roll(2)) {
		write_lines(file, all.fd[file], roll(5), false);
		write_lines(file, old, roll(5), true);
	}
	(void)close(old);
}

static void copy_log(int file)
{
	char from[PATHLEN], to[PATHLEN];

	shift(file);
	copy(name_of(from, file, 0, ""), name_of(to, file, 1, ""));
	(void)!ftruncate(all.fd[file], 0);
}

static void pack_file(int file)
{
	char from[PATHLEN], to[PATHLEN];
	int n = 1 + (int)roll(3);
	bool zstd = roll(2);
	AUTO_BUF struct buf text = BUF_INIT, packed = BUF_INIT;
	AUTO_FD int in = open(name_of(from, file, n, ""), O_RDONLY | O_CLOEXEC);
	AUTO_FD int out = -1;
	struct stat st;
	struct timespec times[2];
	char bytes[4096];
	ssize_t got;

	if (in < 0)
		return;
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		buf_add(&text, bytes, (size_t)got);
	(zstd ? archive_zstd
	      : archive_gzip)(&packed, text.data ? text.data : "", text.len);
	out = open(name_of(to, file, n, zstd ? ".zst" : ".gz"),
		   O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)!write(out, packed.data, packed.len / 2);
	(void)usleep(roll(2000));
	(void)!write(out, packed.data + packed.len / 2,
		     packed.len - packed.len / 2);
	(void)fstat(in, &st);
	times[0] = times[1] = st.st_mtim;
	(void)futimens(out, times);
	(void)unlink(from);
}

static void rotate(int file)
{
	uint32_t how = roll(10);

	if (all.pure) {
		/* The order of births is known to the tick of file systems. */
		(void)usleep(20000);
		how = file % 2 ? 0 : 5;
	}
	if (how < 5)
		rename_log(file);
	else if (how < 8)
		copy_log(file);
#if defined(HAVE_ZLIB) && defined(HAVE_ZSTD)
	else
		pack_file(file);
#endif
}

static void *writer(void *arg)
{
	int open_files = 3;

	(void)arg;
	while (!atomic_load(&all.stop)) {
		int file = (int)roll((uint32_t)open_files);

		if (all.fd[file] < 0)
			all.fd[file] = open_log(file);
		write_lines(file, all.fd[file], roll(20), false);
		if (!roll(15))
			rotate(file);
		if (!roll(40) && open_files < FILES)
			open_files++;
		if (!roll(3))
			(void)usleep(roll(2000));
	}
	return NULL;
}

static bool take_line(const struct input_block *b, const char *p, size_t n)
{
	int file = -1;
	unsigned long seq;
	char *end, kind;
	char key[300];
	int key_len =
		snprintf(key, sizeof(key), "%s@%ju", b->stream->id,
			 (uintmax_t)(b->offset + (uint64_t)(p - b->text.ptr)));
	uint64_t where = hash_key(key, (size_t)key_len) | 1;

	(void)n;
	file = (int)strtol(p, &end, 10);
	seq = strtoul(end, &end, 10);
	kind = end[1];
	if (file < 0 || file >= FILES || seq >= LINES ||
	    (kind != 'N' && kind != 'L')) {
		print_error("not a line: %.*s\n", (int)n, p);
		return false;
	}
	if (kind == 'N' && all.last[file] > (int64_t)seq)
		all.disordered++;
	if (kind == 'N')
		all.last[file] = (int64_t)seq;
	if (!all.seen[file][seq].where) {
		all.seen[file][seq].where = where;
		all.got++;
		return true;
	}
	all.again++;
	if (all.seen[file][seq].where == where)
		return true;
	print_error("file %d line %lu again, as %s of %s\n", file, seq, key,
		    b->stream->path);
	return false;
}

static size_t take_block(const struct input_block *b)
{
	const char *p = b->text.ptr, *end = p + b->text.len;
	size_t wrong = 0;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!nl)
			return wrong + 1;
		wrong += !take_line(b, p, (size_t)(nl - p));
		p = nl + 1;
	}
	return wrong;
}

static int64_t duration(void)
{
	const char *s = getenv("ONCALL_TAIL_STRESS");

	return s ? strtol(s, NULL, 10) * 1000 : DEFAULT;
}

struct following {
	struct input *in;
	struct input_block block;
	struct buf old, fresh; /* states */
	struct buf told;
	struct tail_options opt;
	size_t wrong;
};

static void tell(void *arg, const struct err *err)
{
	struct following *f = arg;

	buf_addf(&f->told, "%s\n", err->text);
}

static void start(struct following *f, const struct buf *state)
{
	struct err err = ERR_INIT;

	input_free(f->in);
	assert_int_equal(tail_new(&f->in, &f->opt, &err), 0);
	if (state && state->len)
		assert_int_equal(input_load(f->in, buf_slice(state), &err), 0);
	assert_no_err(&err);
	for (int i = 0; i < FILES; i++)
		all.last[i] = -1;
}

/* Reads for some time. */
static int read_on(struct following *f, int64_t ms)
{
	int64_t end = clock_mono() + ms;
	struct err err = ERR_INIT;
	int state = INPUT_NOTHING;

	while (clock_mono() < end && f->wrong < 10) {
		state = input_next(f->in, &f->block, 20, &err);
		assert_no_err(&err);
		if (state != INPUT_BLOCK_READY)
			continue;
		end = ms > 1000 ? clock_mono() + ms : end;
		f->wrong += take_block(&f->block);
	}
	return state;
}

static void save(struct following *f)
{
	if (roll(2)) {
		buf_reset(&f->old);
		buf_add_slice(&f->old, buf_slice(&f->fresh));
	}
	buf_reset(&f->fresh);
	input_save(f->in, &f->fresh);
}

static void count_missing(struct following *f)
{
	for (int i = 0; i < FILES; i++)
		for (uint32_t k = 0; k < all.written[i] && f->wrong < 20; k++)
			if (!all.seen[i][k].where) {
				print_error("file %d line %u is missing\n", i,
					    k);
				f->wrong++;
			}
}

static void run(bool pure, const char *const *paths, size_t count)
{
	struct following f = {.block = {.stream = NULL}};
	pthread_t thread;
	int64_t end = clock_mono() + duration();
	uint32_t mine = 1;

	f.opt = (struct tail_options){.paths = paths,
				      .path_count = count,
				      .follow = true,
				      .block = 2000,
				      .out_fd = -1,
				      .trouble = tell,
				      .arg = &f};
	memset(&all, 0, sizeof(all));
	all.pure = pure;
	all.random = (uint32_t)clock_mono();
	(void)alarm((unsigned int)(duration() / 1000 + 60));
	for (int i = 0; i < FILES; i++) {
		all.fd[i] = -1;
		all.seen[i] = mem_zero(LINES, sizeof(struct seen));
	}
	start(&f, NULL);
	(void)read_on(&f, 1);
	input_save(f.in, &f.fresh);
	buf_add_slice(&f.old, buf_slice(&f.fresh));
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	while (!f.wrong && (clock_mono() < end || all.got <= ENOUGH)) {
		mine = mine * 69069u + 1;
		(void)read_on(&f, (mine >> 16) % 60);
		if ((mine >> 12) % 8 && (mine >> 10) % 4)
			continue;
		if (!pure || (mine >> 18) % 2)
			save(&f);
		if ((mine >> 12) % 8 == 0)
			start(&f, pure && (mine >> 20) % 2 ? &f.old : &f.fresh);
	}
	atomic_store(&all.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)read_on(&f, 1200);
	count_missing(&f);
	if (getenv("ONCALL_TAIL_STRESS"))
		print_message("%u lines, %u again, %u out of order\n%s",
			      all.got, all.again, all.disordered,
			      buf_str(&f.told));
	input_free(f.in);
	input_block_done(&f.block);
	buf_done(&f.old);
	buf_done(&f.fresh);
	buf_done(&f.told);
	for (int i = 0; i < FILES; i++) {
		if (all.fd[i] >= 0)
			(void)close(all.fd[i]);
		free(all.seen[i]);
	}
	assert_int_equal(f.wrong, 0);
	assert_true(all.got > ENOUGH);
}

static const char *const names[] = {"log00", "log01", "log02", "log03",
				    "log04", "log05", "log06", "log07",
				    "log08", "log09", "log10", "log11"};

static void every_line_once_through_rotations(void **state)
{
	(void)state;
	run(false, names, ARRAY_LEN(names));
}

static void every_line_once_by_id_after_a_kill(void **state)
{
	(void)state;
	run(true, names, ARRAY_LEN(names));
}

static void every_line_once_in_a_glob(void **state)
{
	static const char *const globs[] = {"log??"};

	(void)state;
	run(false, globs, ARRAY_LEN(globs));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)
	const struct CMUnitTest tests[] = {
		TEST(every_line_once_through_rotations),
		TEST(every_line_once_by_id_after_a_kill),
		TEST(every_line_once_in_a_glob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
