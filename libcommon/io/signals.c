/*
 * Flags that handlers set. A handler may run at any time, so that a busy loop
 * sees the flag without a system call; between the look at the flags and the
 * wait the signals are blocked, and only ppoll() lets them in, so that none
 * can come unseen in between.
 */
#include <oncall/signals.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <oncall/clock.h>

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t reload_wanted;
static volatile sig_atomic_t wake; /* a HUP that no poll has returned for */

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};

static void on_signal(int signo)
{
	pid_t process = getpid();

	/* Only the main thread waits in ppoll(): a thread of a library that
	 * got the signal passes it on. */
	if (syscall(SYS_gettid) != process) {
		int saved = errno;

		(void)syscall(SYS_tgkill, process, process, signo);
		errno = saved;
		return;
	}
	if (signo == SIGHUP) {
		reload_wanted = 1;
		wake = 1;
	} else if (!stop_signal) {
		stop_signal = signo;
	}
}

static void caught_set(sigset_t *set)
{
	(void)sigemptyset(set);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		(void)sigaddset(set, caught[i]);
}

void signals_install(void)
{
	struct sigaction act = {.sa_handler = on_signal};

	/* Calls outside of signals_poll() are not to fail with EINTR. */
	act.sa_flags = SA_RESTART;
	caught_set(&act.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++) {
		struct sigaction old;

		/* nohup and shells' background jobs ignore some on purpose. */
		if (sigaction(caught[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			(void)sigaction(caught[i], &act, NULL);
	}
}

int signals_stop(void)
{
	return stop_signal;
}

bool signals_reload(void)
{
	if (!reload_wanted)
		return false;
	wake = 0;
	reload_wanted = 0;
	return true;
}

void signals_raise_stop(int signo)
{
	stop_signal = signo;
}

/* Whether a signal ends the wait now. A HUP does so once. */
static bool take_wake(void)
{
	bool woken = stop_signal || wake;

	wake = 0;
	return woken;
}

static int poll_unblocked(struct pollfd *p, int timeout_ms,
			  const sigset_t *open_mask)
{
	int64_t end = clock_mono() + timeout_ms;
	int64_t left = timeout_ms;

	for (;;) {
		struct timespec ts = {left / 1000, left % 1000 * 1000000};
		int got;

		if (take_wake())
			return -1;
		got = ppoll(p, 1, timeout_ms < 0 ? NULL : &ts, open_mask);
		if (got >= 0)
			return got;
		if (errno != EINTR)
			return 1; /* the call that follows tells what it is */
		if (timeout_ms >= 0) {
			left = end - clock_mono();
			left = left < 0 ? 0 : left;
		}
	}
}

int signals_poll(int fd, short events, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	sigset_t block, before;
	int got;

	caught_set(&block);
	(void)sigprocmask(SIG_BLOCK, &block, &before);
	got = poll_unblocked(&p, timeout_ms, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return got;
}

bool signals_sleep(int64_t ms)
{
	int64_t end = clock_mono() + ms;

	while (!stop_signal && ms > 0) {
		int got = signals_poll(-1, 0, ms < INT_MAX ? (int)ms : INT_MAX);

		if (got < 0)
			break;
		ms = end - clock_mono();
	}
	return !stop_signal;
}
