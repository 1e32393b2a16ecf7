/* unit-proc.h - what the tests of proc share. */
#ifndef ONCALL_UNIT_PROC_H
#define ONCALL_UNIT_PROC_H

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <oncall/mem.h>
#include <oncall/proc.h>
#include <oncall/signals.h>

#define QUICK_MS 3000 /* far less than what the programs would take */
#define GRACE_MS 150

static struct proc_result res;
static struct err err;
static size_t fds_before;
static bool keep_here; /* without a keeper beside us */

static inline size_t open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

/* Every test ends with no child, no zombie and no descriptor left. */
static inline int before(void **state)
{
	(void)state;
	fds_before = open_fds();
	res = (struct proc_result){.status = 0};
	err = (struct err)ERR_INIT;
	return 0;
}

static inline int after(void **state)
{
	(void)state;
	proc_result_done(&res);
	signals_raise_stop(0);
	assert_int_equal(open_fds(), fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static inline int run(struct proc_options opt, const char *const *argv)
{
	opt.argv = argv;
	opt.here = keep_here;
	if (!opt.grace_ms)
		opt.grace_ms = GRACE_MS;
	return proc_run(&opt, &res, &err);
}

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SH(text)  ARGV("sh", "-c", text)
#define PLAIN	  ((struct proc_options){.timeout_ms = 10000})
#define SHORT	  ((struct proc_options){.timeout_ms = 400})

static inline void nap(int ms)
{
	struct timespec ts = {.tv_nsec = ms * 1000000L};

	(void)nanosleep(&ts, NULL);
}

static inline bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)

/* Signals that are ignored would stay so. A test that hangs has an end. */
static inline void start(void)
{
	(void)alarm(60);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	signals_install();
}

#endif
