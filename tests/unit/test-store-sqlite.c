/* test-store-sqlite.c - what can be wrong with the file of a store. */
#include "unit-store.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <oncall/buf.h>
#include <oncall/clock.h>
#include <oncall/signals.h>

static char dir[64];
static char *path;

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test-store.XXXXXX");
	assert_non_null(mkdtemp(dir));
	path = mem_printf("%s/oncall.db", dir);
	return 0;
}

static int tear_down(void **state)
{
	AUTO_FREE char *disk = mem_printf("%s/disk", dir);
	const char *const argv[] = {"rm", "-rf", dir, NULL};

	(void)state;
	/* Still there when the test that mounted it failed. */
	(void)umount2(disk, MNT_DETACH);
	run_program(argv);
	free(path);
	return 0;
}

static void make_store(void)
{
	struct store *s = open_store(path, STORE_WRITE);

	run_sql(s, "INSERT INTO things (id) VALUES (1)");
	store_close(s);
}

static void assert_open_fails(const char *address, enum store_mode mode,
			      enum err_kind kind, const char *text)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	assert_int_equal(store_open(&s, address, mode, &err), -1);
	assert_err(&err, kind, text);
	/* The one who reads it has to know which file is meant. */
	assert_non_null(strstr(err.text, dir));
}

static void assert_things(const char *address, int64_t count)
{
	struct store *s = open_store(address, STORE_READ);

	assert_int_equal(ask_number(s, "SELECT count(*) FROM things"), count);
	store_close(s);
}

/* With a database of its own, past everything that the store does. */
static void raw_sql(const char *file, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void read_file(const char *file, struct buf *ret)
{
	FILE *in = fopen(file, "re");
	char part[4096];
	size_t n;

	assert_non_null(in);
	while ((n = fread(part, 1, sizeof(part), in)) > 0)
		buf_add(ret, part, n);
	(void)fclose(in);
}

static void write_at(const char *file, off_t at, const char *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
	(void)close(fd);
}

/* Runs work as a user to whom permissions apply; it ends by _exit(). */
static void as_nobody(void (*work)(void))
{
	const struct passwd *nobody = getpwnam("nobody");
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (!nobody || setgid(nobody->pw_gid) < 0 ||
				       setuid(nobody->pw_uid) < 0))
			_exit(2);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static mode_t mode_of(const char *file)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return st.st_mode & 07777;
}

static void files_are_for_their_owner_alone(void **state)
{
	AUTO_FREE char *deep = mem_printf("%s/a/b/oncall.db", dir);
	AUTO_FREE char *log = mem_printf("%s-wal", deep);
	AUTO_FREE char *parent = mem_printf("%s/a", dir);
	struct store *s;

	(void)state;
	(void)umask(0);
	s = open_store(deep, STORE_WRITE);
	run_sql(s, "INSERT INTO things (id) VALUES (1)");
	assert_int_equal(mode_of(deep), 0600);
	assert_int_equal(mode_of(log), 0600);
	assert_int_equal(mode_of(parent), 0700);
	store_close(s);
	(void)umask(022);
	assert_int_equal(access(log, F_OK), -1);
}

static void the_default_place_is_the_state_directory(void **state)
{
	AUTO_FREE char *home = mem_printf("%s/home", dir);
	AUTO_FREE char *in_home =
		mem_printf("%s/.local/state/oncall/oncall.db", home);
	AUTO_FREE char *in_state = mem_printf("%s/oncall/oncall.db", dir);
	struct err err = ERR_INIT;
	struct store *s;

	(void)state;
	(void)setenv("HOME", home, 1);
	(void)setenv("XDG_STATE_HOME", dir, 1);
	s = open_store(NULL, STORE_WRITE);
	assert_string_equal(store_name(s), in_state);
	store_close(s);
	(void)setenv("XDG_STATE_HOME", "not/absolute", 1);
	s = open_store("", STORE_WRITE);
	assert_string_equal(store_name(s), in_home);
	store_close(s);
	(void)unsetenv("XDG_STATE_HOME");
	(void)unsetenv("HOME");
	assert_int_equal(store_open(&s, NULL, STORE_WRITE, &err), -1);
	assert_err(&err, ERR_USAGE, "neither XDG_STATE_HOME nor HOME");
}

static void durable_settings_are_on(void **state)
{
	AUTO_STORE struct store *s = open_store(path, STORE_WRITE);
	AUTO_ROWS struct store_rows *rows = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(ask_number(s, "PRAGMA synchronous"), 2);
	assert_int_equal(ask_number(s, "PRAGMA foreign_keys"), 1);
	rows = store_ask(s, &err, "PRAGMA journal_mode", NULL, 0);
	assert_int_equal(store_next(rows, &err), 1);
	assert_true(slice_is(store_text(rows, 0), "wal"));
}

static void set_back_to_schema_1(void)
{
	raw_sql(path, "DELETE FROM schema_migrations WHERE number = 2;"
		      "DROP TABLE more");
}

static void migrating_makes_a_backup_and_overwrites_none(void **state)
{
	AUTO_FREE char *first = mem_printf("%s.before-schema-2", path);
	AUTO_FREE char *second = mem_printf("%s.1", first);

	(void)state;
	make_store();
	assert_int_equal(access(first, F_OK), -1);
	set_back_to_schema_1();
	store_close(open_store(path, STORE_WRITE));
	assert_int_equal(mode_of(first), 0600);
	assert_open_fails(first, STORE_READ, ERR_SYSTEM, "has schema 1");
	raw_sql(path, "INSERT INTO things (id) VALUES (2)");
	set_back_to_schema_1();
	store_close(open_store(path, STORE_WRITE));
	store_close(open_store(first, STORE_WRITE));
	store_close(open_store(second, STORE_WRITE));
	assert_things(first, 1);
	assert_things(second, 2);
}

static void assert_untouched(const char *file, const struct buf *before)
{
	AUTO_BUF struct buf now = BUF_INIT;

	read_file(file, &now);
	assert_true(slice_eq(buf_slice(&now), buf_slice(before)));
}

static void a_corrupt_store_is_left_as_it_is(void **state)
{
	AUTO_BUF struct buf before = BUF_INIT;

	(void)state;
	make_store();
	write_at(path, 0, "this is no database, whatever its name may say");
	read_file(path, &before);
	assert_open_fails(path, STORE_READ, ERR_SYSTEM, "is corrupt: ");
	assert_open_fails(path, STORE_WRITE, ERR_SYSTEM,
			  "keep the file and restore a backup");
	assert_untouched(path, &before);
}

static void damage_inside_is_found(void **state)
{
	AUTO_BUF struct buf before = BUF_INIT;
	struct err err = ERR_INIT;
	struct store *s;

	(void)state;
	make_store();
	s = open_store(path, STORE_WRITE);
	assert_int_equal(store_verify(s, &err), 0);
	store_close(s);
	/* The schema itself, on the first page behind its header. */
	write_at(path, 100, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	read_file(path, &before);
	assert_open_fails(path, STORE_READ, ERR_SYSTEM, "is corrupt: ");
	assert_open_fails(path, STORE_WRITE, ERR_SYSTEM, "is corrupt: ");
	assert_untouched(path, &before);
}

static void verify_finds_a_page_that_was_overwritten(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;
	int64_t page, size;

	(void)state;
	make_store();
	s = open_store(path, STORE_READ);
	size = ask_number(s, "PRAGMA page_size");
	page = ask_number(s, "SELECT rootpage FROM sqlite_master "
			     "WHERE name = 'things'");
	store_close(s);
	write_at(path, (page - 1) * size, "\xff\xff\xff\xff\xff\xff");
	s = open_store(path, STORE_READ);
	assert_int_equal(store_verify(s, &err), -1);
	assert_err(&err, ERR_SYSTEM, "is corrupt: ");
}

static void a_file_of_another_program_is_left_as_it_is(void **state)
{
	AUTO_BUF struct buf before = BUF_INIT;

	(void)state;
	raw_sql(path, "CREATE TABLE theirs (a)");
	(void)chmod(path, 0600);
	read_file(path, &before);
	assert_open_fails(path, STORE_READ, ERR_SYSTEM,
			  "is an SQLite file of another program");
	assert_open_fails(path, STORE_WRITE, ERR_SYSTEM,
			  "is an SQLite file of another program");
	assert_untouched(path, &before);
}

static void an_empty_file_becomes_a_store(void **state)
{
	(void)state;
	write_at(path, 0, "");
	assert_open_fails(path, STORE_READ, ERR_SYSTEM, "no store at '");
	make_store();
	assert_things(path, 1);
}

static void what_is_no_file_is_no_store(void **state)
{
	(void)state;
	assert_open_fails(dir, STORE_READ, ERR_SYSTEM, "not a regular file");
	assert_open_fails(dir, STORE_WRITE, ERR_SYSTEM, "not a regular file");
	free(path);
	path = mem_printf("%s/file/below", dir);
	{
		AUTO_FREE char *file = mem_printf("%s/file", dir);

		write_at(file, 0, "x");
	}
	assert_open_fails(path, STORE_WRITE, ERR_SYSTEM, "Not a directory");
}

/* Writes until there is no room left; what was committed before stays. */
static void fill(const char *address, const char *expected)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;
	int failed = 0;

	if (store_open(&s, address, STORE_WRITE, &err) < 0 ||
	    store_begin(s, &err) < 0)
		child_failed(&err);
	for (int i = 100; !failed && i < 1000; i++)
		failed = STORE_RUN(s, &err,
				   "INSERT INTO things (id, t) "
				   "VALUES ($1, hex(zeroblob(20000)))",
				   S_INT(i)) < 0;
	if (!failed)
		failed = store_commit(s, &err) < 0;
	if (!failed || err.kind != ERR_SYSTEM || !strstr(err.text, expected) ||
	    !strstr(err.text, "oncall.db"))
		child_failed(&err);
	err_clear(&err);
	/* Also when nobody took notice of the failure. */
	if (STORE_RUN(s, &err, "INSERT INTO things (id) VALUES ($1)",
		      S_INT(5000)) == 1 &&
	    store_commit(s, &err) == 0) {
		(void)fprintf(stderr, "stored half a transaction\n");
		_exit(1);
	}
	store_close(s);
}

static void fill_up_to_limit(int index)
{
	const struct rlimit limit = {2000000, 2000000};

	(void)index;
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	fill(path, "File too large");
}

static void no_room_harms_nothing(void **state)
{
	(void)state;
	make_store();
	in_children(1, fill_up_to_limit);
	assert_things(path, 1);
}

static char small_store[128];

static void fill_disk(int index)
{
	(void)index;
	fill(small_store, "No space left on device");
}

static void a_full_disk_harms_nothing(void **state)
{
	AUTO_FREE char *disk = mem_printf("%s/disk", dir);

	(void)state;
	assert_int_equal(mkdir(disk, 0700), 0);
	if (mount("none", disk, "tmpfs", 0, "size=2m,mode=700") < 0)
		skip();
	(void)snprintf(small_store, sizeof(small_store), "%s/oncall.db", disk);
	store_close(open_store(small_store, STORE_WRITE));
	raw_sql(small_store, "INSERT INTO things (id) VALUES (1)");
	in_children(1, fill_disk);
	assert_things(small_store, 1);
	assert_int_equal(umount(disk), 0);
}

static void read_as_nobody(void)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	if (store_open(&s, path, STORE_READ, &err) < 0)
		child_failed(&err);
	if (ask_number(s, "SELECT count(*) FROM things") != 1)
		_exit(3);
	store_close(s);
}

static void write_as_nobody(void)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	if (store_open(&s, path, STORE_WRITE, &err) == 0)
		_exit(3);
	if (err.kind != ERR_SYSTEM || !strstr(err.text, "ermission denied") ||
	    !strstr(err.text, dir))
		child_failed(&err);
}

static void a_read_only_file_can_be_read(void **state)
{
	(void)state;
	make_store();
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	as_nobody(read_as_nobody);
	as_nobody(write_as_nobody);
}

static void a_read_only_directory_can_be_read(void **state)
{
	(void)state;
	make_store();
	/* As others may share a store: through the group of its file. */
	if (geteuid() == 0) {
		const struct passwd *nobody = getpwnam("nobody");

		assert_non_null(nobody);
		assert_int_equal(chown(path, 0, nobody->pw_gid), 0);
	}
	assert_int_equal(chmod(path, 0660), 0);
	assert_int_equal(chmod(dir, 0555), 0);
	as_nobody(read_as_nobody);
	as_nobody(write_as_nobody);
	(void)chmod(dir, 0700);
}

static void an_unreadable_file_says_why(void **state)
{
	(void)state;
	make_store();
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	as_nobody(write_as_nobody);
}

static void what_others_can_write_is_refused(void **state)
{
	AUTO_FREE char *log = mem_printf("%s-wal", path);
	AUTO_FREE char *link = mem_printf("%s/link", dir);

	(void)state;
	make_store();
	assert_int_equal(symlink(path, link), 0);
	assert_things(link, 1);
	assert_int_equal(chmod(path, 0606), 0);
	assert_open_fails(path, STORE_READ, ERR_REFUSED, "chmod o-w '");
	assert_open_fails(link, STORE_WRITE, ERR_REFUSED, "chmod o-w '");
	assert_int_equal(chmod(path, 0660), 0);
	assert_things(path, 1);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_open_fails(path, STORE_READ, ERR_REFUSED, "chmod o-w '");
	assert_int_equal(chmod(dir, 01777), 0);
	assert_things(path, 1);
	write_at(log, 0, "");
	assert_int_equal(chmod(log, 0666), 0);
	assert_open_fails(path, STORE_READ, ERR_REFUSED, "-wal");
	/* Where it is refused, nothing is left behind either. */
	assert_int_equal(chmod(dir, 0777), 0);
	free(path);
	path = mem_printf("%s/new.db", dir);
	assert_open_fails(path, STORE_WRITE, ERR_REFUSED, dir);
	assert_int_equal(access(path, F_OK), -1);
}

static void what_belongs_to_strangers_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_store();
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_open_fails(path, STORE_READ, ERR_REFUSED, "user 12345");
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(dir, 12345, 0), 0);
	assert_open_fails(path, STORE_WRITE, ERR_REFUSED, "user 12345");
}

/* A child that holds the write lock, until it is killed. */
static pid_t lock_store(int64_t touch_for_ms)
{
	AUTO_FREE char *log = mem_printf("%s-wal", path);
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err = ERR_INIT;
		struct store *s = open_store(path, STORE_WRITE);
		int64_t until = clock_mono() + touch_for_ms;

		if (store_begin(s, &err) < 0)
			child_failed(&err);
		(void)!write(ready[1], "x", 1);
		while (touch_for_ms == 0 || clock_mono() < until) {
			(void)usleep(20000);
			if (touch_for_ms)
				(void)utimensat(AT_FDCWD, log, NULL, 0);
		}
		store_close(s);
		_exit(0);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void end_child(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void a_lock_without_progress_is_given_up(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;
	pid_t other;

	(void)state;
	make_store();
	s = open_store(path, STORE_WRITE);
	other = lock_store(0);
	store_set_stall(s, 200);
	assert_int_equal(store_begin(s, &err), -1);
	assert_err(&err, ERR_SYSTEM, "is locked by another program");
	assert_things(path, 1);
	end_child(other);
	err_clear(&err);
	assert_int_equal(store_begin(s, &err), 0);
	store_rollback(s);
}

static void progress_of_others_is_waited_for(void **state)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;
	pid_t other;

	(void)state;
	make_store();
	s = open_store(path, STORE_WRITE);
	other = lock_store(1000);
	store_set_stall(s, 500);
	assert_int_equal(store_begin(s, &err), 0);
	assert_no_err(&err);
	store_rollback(s);
	end_child(other);
}

static void wait_and_stop(int index)
{
	struct err err = ERR_INIT;
	struct store *s = open_store(path, STORE_WRITE);
	int64_t started = clock_mono();

	(void)index;
	signals_raise_stop(SIGTERM);
	if (store_begin(s, &err) == 0 || clock_mono() - started > 5000 ||
	    !strstr(err.text, "stopped while"))
		child_failed(&err);
	store_close(s);
}

static void a_stop_ends_the_waiting(void **state)
{
	pid_t other;

	(void)state;
	make_store();
	other = lock_store(0);
	/* in_children() would wait for the other child as well. */
	if (fork() == 0) {
		wait_and_stop(0);
		_exit(0);
	}
	{
		int status = -1;

		assert_true(wait(&status) != other);
		assert_int_equal(status, 0);
	}
	end_child(other);
}

static void a_backup_is_made_while_others_write(void **state)
{
	AUTO_FREE char *copy = mem_printf("%s/copy.db", dir);
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;

	(void)state;
	make_store();
	s = open_store(path, STORE_WRITE);
	assert_int_equal(store_begin(s, &err), 0);
	run_sql(s, "INSERT INTO things (id) VALUES (2)");
	assert_int_equal(store_backup(s, copy, &err), 0);
	assert_no_err(&err);
	assert_int_equal(store_commit(s, &err), 0);
	assert_things(copy, 1);
	assert_int_equal(mode_of(copy), 0600);
	assert_int_equal(store_backup(s, copy, &err), -1);
	assert_err(&err, ERR_SYSTEM, "File exists");
	assert_things(copy, 1);
}

static void write_and_die(int index)
{
	struct err err = ERR_INIT;
	struct store *s = open_store(path, STORE_WRITE);

	(void)index;
	run_sql(s, "INSERT INTO things (id) VALUES (2)");
	if (store_begin(s, &err) < 0)
		child_failed(&err);
	run_sql(s, "INSERT INTO things (id) VALUES (3)");
	_exit(0);
}

static void a_program_that_dies_leaves_what_it_committed(void **state)
{
	AUTO_FREE char *log = mem_printf("%s-wal", path);

	(void)state;
	make_store();
	in_children(1, write_and_die);
	assert_int_equal(access(log, F_OK), 0);
	assert_things(path, 2);
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(files_are_for_their_owner_alone),
		EACH(the_default_place_is_the_state_directory),
		EACH(durable_settings_are_on),
		EACH(migrating_makes_a_backup_and_overwrites_none),
		EACH(a_corrupt_store_is_left_as_it_is),
		EACH(damage_inside_is_found),
		EACH(verify_finds_a_page_that_was_overwritten),
		EACH(a_file_of_another_program_is_left_as_it_is),
		EACH(an_empty_file_becomes_a_store),
		EACH(what_is_no_file_is_no_store),
		EACH(no_room_harms_nothing),
		EACH(a_full_disk_harms_nothing),
		EACH(a_read_only_file_can_be_read),
		EACH(a_read_only_directory_can_be_read),
		EACH(an_unreadable_file_says_why),
		EACH(what_others_can_write_is_refused),
		EACH(what_belongs_to_strangers_is_refused),
		EACH(a_lock_without_progress_is_given_up),
		EACH(progress_of_others_is_waited_for),
		EACH(a_stop_ends_the_waiting),
		EACH(a_backup_is_made_while_others_write),
		EACH(a_program_that_dies_leaves_what_it_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
