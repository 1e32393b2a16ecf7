/*
 * clock.h - the one place where time and randomness are read. Tests, --now,
 * ONCALL_NOW and replay set the wall clock; waiting and deadlines use the
 * monotonic clock, which nobody sets.
 */
#ifndef ONCALL_CLOCK_H
#define ONCALL_CLOCK_H

#include <oncall/base.h>

int64_t clock_now(void);    /* milliseconds since 1970 UTC */
void clock_set(int64_t ms); /* stands still there until set again */
bool clock_is_set(void);
int64_t clock_mono(void); /* milliseconds, for deadlines and pauses */

/* Aborts when the system has none: no id could be trusted. */
void clock_random(void *out, size_t n);
/* From here on random bytes are a fixed sequence (tests, replay). */
void clock_random_seed(uint64_t seed);

#endif
