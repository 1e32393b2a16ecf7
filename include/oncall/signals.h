/*
 * signals.h - INT and TERM ask for a clean stop, HUP for a reload; PIPE keeps
 * its default, and what was ignored at the start (nohup) stays ignored. Reading
 * in the io floor returns when a stop was asked for; writing does not, because
 * what has been handled is to be told.
 */
#ifndef ONCALL_SIGNALS_H
#define ONCALL_SIGNALS_H

#include <oncall/base.h>

void signals_install(void);
int signals_stop(void);	   /* the signal that asked to stop, or 0 */
bool signals_reload(void); /* true once for each HUP */
/*
 * poll() that a signal always ends, also one that came just before: a stop ends
 * every call from then on, a HUP one call. 1 ready (or an error that the next
 * call on fd reports), 0 time-out, -1 signal. fd -1 only waits; timeout_ms -1
 * waits for ever.
 */
int signals_poll(int fd, short events, int timeout_ms);
/* Pauses; false when a stop was asked for. A HUP cuts the pause short. */
bool signals_sleep(int64_t ms);
/* A stop asked for by the program itself; 0 takes it back (tests). */
void signals_raise_stop(int signo);

#endif
