/* ulid.h - sortable unique ids: 48 bits of time, 80 of randomness. */
#ifndef ONCALL_ULID_H
#define ONCALL_ULID_H

#include <oncall/base.h>

#define ULID_TEXT 27 /* 26 characters and a NUL */

/* Rises within a process even when the millisecond is the same or the clock
 * goes back. A child that was forked must not make ids before it executes: it
 * would make those of its parent. */
void ulid_make(char out[ULID_TEXT]);
bool ulid_valid(const char *s);

#endif
