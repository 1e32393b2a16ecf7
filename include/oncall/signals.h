/*
 * signals.h - INT and TERM ask for a clean stop, HUP for a reload; PIPE keeps
 * its default. Blocking calls of the io floor return when a stop was asked for.
 */
#ifndef ONCALL_SIGNALS_H
#define ONCALL_SIGNALS_H

#include <oncall/base.h>

void signals_install(void);
int signals_stop(void);    /* the signal that asked to stop, or 0 */
bool signals_reload(void); /* true once for each HUP */
/* poll() that a signal always ends, also one that came just before;
 * 1 ready, 0 time-out, -1 signal. timeout_ms -1 waits for ever. */
int signals_poll(int fd, short events, int timeout_ms);
/* Pauses; false when a stop was asked for. */
bool signals_sleep(int64_t ms);
/* A stop asked for by the program itself; for tests and the loops. */
void signals_raise_stop(int signo);

#endif
