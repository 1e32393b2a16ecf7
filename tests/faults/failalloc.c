/*
 * failalloc.c - preloaded into a program, lets one allocation fail.
 *
 *   FAILALLOC_AT=N      the Nth allocation after main() has begun gives NULL
 *   FAILALLOC_LOG=FILE  "failed N" is added to FILE when that happened, and
 *                       "calls N" when the program exits
 *
 * Everything in the C library that allocates (strdup, getline, fopen, asprintf)
 * comes through these functions, and so do the libraries of the program. The
 * loader and the libraries' own start-up do not count, nor does the lookup of
 * users, in which glibc itself ends the process when memory is short. Needs
 * glibc.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own names for what is replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

typedef int main_fn(int, char **, char **);
typedef int start_fn(main_fn *, int, char **, void (*)(void), void (*)(void),
		     void (*)(void), void *);
int __libc_start_main(main_fn *run, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack);

static main_fn *real_main;
static const char *log_file;
static unsigned long fail_at;
static unsigned long calls;
static bool started;
static bool paused;

/* Must not allocate: it runs inside malloc(). */
static void report(const char *what, unsigned long n)
{
	char line[64];
	int fd, len;

	if (!log_file)
		return;
	fd = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	len = snprintf(line, sizeof(line), "%s %lu\n", what, n);
	if (write(fd, line, (size_t)len) < 0)
		abort();
	(void)close(fd);
}

/* Counts an allocation; true when it is the one that has to fail. */
static bool fails(void)
{
	unsigned long n;

	if (!started || paused)
		return false;
	n = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (n != fail_at)
		return false;
	report("failed", n);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, total);
}

void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *got = memalign(alignment, size);

	if (!got)
		return ENOMEM;
	*ret = got;
	return 0;
}

/* ISO C has no cast from a pointer to data to one to a function. */
static void find_function(void *ret_function, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(ret_function, &found, sizeof(found));
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *text, size_t size,
	       struct passwd **ret)
{
	int (*real)(uid_t, struct passwd *, char *, size_t, struct passwd **);
	int status;

	paused = true;
	find_function(&real, "getpwuid_r");
	status = real(uid, entry, text, size, ret);
	paused = false;
	return status;
}

struct passwd *getpwuid(uid_t uid)
{
	struct passwd *(*real)(uid_t);
	struct passwd *entry;

	paused = true;
	find_function(&real, "getpwuid");
	entry = real(uid);
	paused = false;
	return entry;
}

static int counted_main(int argc, char **argv, char **environment)
{
	const char *at = getenv("FAILALLOC_AT");

	log_file = getenv("FAILALLOC_LOG");
	fail_at = at ? strtoul(at, NULL, 10) : 0;
	started = true;
	return real_main(argc, argv, environment);
}

__attribute__((destructor)) static void report_calls(void)
{
	if (started)
		report("calls", calls);
}

int __libc_start_main(main_fn *run, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack)
{
	start_fn *start;

	find_function(&start, "__libc_start_main");
	real_main = run;
	return start(counted_main, argc, argv, init, fini, rtld_fini, stack);
}
