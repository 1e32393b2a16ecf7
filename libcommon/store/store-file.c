/*
 * store-file.c - where the file of a store is, making it, and whether others
 * could have changed it. What stands in the store decides what runs later, so
 * a file that others can write is refused as sudo and ssh refuse theirs.
 */
#include "store-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <oncall/mem.h>

#define DIR_MODE  0700
#define FILE_MODE 0600

char *store_file_default(struct err *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	/* The XDG specification has relative paths ignored. */
	if (state && state[0] == '/')
		return mem_printf("%s/oncall/oncall.db", state);
	if (home && home[0] == '/')
		return mem_printf("%s/.local/state/oncall/oncall.db", home);
	(void)err_set(err, ERR_USAGE,
		      "no place for the store: neither XDG_STATE_HOME nor HOME "
		      "is set; name it with --store");
	return NULL;
}

/* The directory of path; the caller frees it. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_dup(".");
	return slash == path ? mem_dup("/")
			     : mem_dup_bytes(path, (size_t)(slash - path));
}

static int make_directories(const char *path, struct err *err)
{
	AUTO_FREE char *dir = directory_of(path);
	struct stat st;

	if (stat(dir, &st) == 0)
		return 0;
	for (char *p = dir + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(dir, DIR_MODE) < 0 && errno != EEXIST)
			return err_sys(err, errno,
				       "cannot make directory '%s' of the "
				       "store",
				       dir);
		*p = c;
		if (c == '\0')
			return 0;
	}
}

static bool is_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static int refuse_owner(const char *path, uid_t uid, struct err *err)
{
	return err_set(err, ERR_REFUSED,
		       "'%s' belongs to user %lu, who is neither this user "
		       "nor root; run as that user, or take it over with: "
		       "chown %lu '%s'",
		       path, (unsigned long)uid, (unsigned long)geteuid(),
		       path);
}

static int refuse_mode(const char *path, struct err *err)
{
	return err_set(err, ERR_REFUSED,
		       "'%s' can be written by others, so the store cannot be "
		       "trusted; stop that with: chmod o-w '%s'",
		       path, path);
}

/* The directory that holds path; *ret_shared when anybody may add files. */
static int check_directory(const char *path, bool *ret_shared, struct err *err)
{
	AUTO_FREE char *dir = directory_of(path);
	struct stat st;

	if (stat(dir, &st) < 0)
		return err_sys(err, errno,
			       "cannot look at directory '%s' of the store",
			       dir);
	if (!is_trusted(st.st_uid))
		return refuse_owner(dir, st.st_uid, err);
	*ret_shared = (st.st_mode & S_IWOTH) != 0;
	if (*ret_shared && !(st.st_mode & S_ISVTX))
		return refuse_mode(dir, err);
	return 0;
}

int store_file_make(const char *path, struct err *err)
{
	AUTO_FD int fd = -1;
	bool shared = false;

	if (make_directories(path, err) < 0 ||
	    check_directory(path, &shared, err) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0 && errno == EEXIST)
		return 1;
	if (fd < 0)
		return err_sys(err, errno, "cannot create store '%s'", path);
	return 0;
}

/* A file of the store, or a link to it; being absent is fine. */
static int check_file(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (!is_trusted(st.st_uid))
		return refuse_owner(path, st.st_uid, err);
	if (!S_ISLNK(st.st_mode) && (st.st_mode & S_IWOTH))
		return refuse_mode(path, err);
	return 0;
}

/* In a directory like /tmp somebody may have put files of SQLite there. */
static int check_companions(const char *path, struct err *err)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		AUTO_FREE char *name = mem_printf("%s%s", path, suffixes[i]);

		if (check_file(name, err) < 0)
			return -1;
	}
	return 0;
}

static int check_trust(const char *path, struct err *err)
{
	bool shared = false;

	if (check_directory(path, &shared, err) < 0 ||
	    check_file(path, err) < 0)
		return -1;
	return shared ? check_companions(path, err) : 0;
}

/* SQLite would open what it cannot write for reading only. */
static int check_writable(const char *path, struct err *err)
{
	AUTO_FREE char *dir = directory_of(path);

	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
		return err_sys(err, errno, "cannot write store '%s'", path);
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0)
		return err_sys(err, errno,
			       "cannot write directory '%s' of the store", dir);
	return 0;
}

char *store_file_check(const char *path, enum store_mode mode, struct err *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	struct stat st;

	if (!real && errno == ENOENT) {
		(void)err_set(err, ERR_SYSTEM,
			      "no store at '%s'; create it with: oncall init",
			      path);
		return NULL;
	}
	if (!real || stat(real, &st) < 0) {
		(void)err_sys(err, errno, "cannot open store '%s'", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)err_set(err, ERR_SYSTEM,
			      "store '%s' is not a regular file", path);
		return NULL;
	}
	/* A link is judged where it stands, its target where that is. */
	if (check_trust(path, err) < 0 || check_trust(real, err) < 0)
		return NULL;
	if (mode != STORE_READ && check_writable(real, err) < 0)
		return NULL;
	return TAKE_PTR(real);
}
