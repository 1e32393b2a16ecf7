/*
 * window.h - spans of the calendar in readable words, on the clock of a place:
 *
 *   Fri 16:00 to Mon 08:00          every week
 *   Mon-Fri 09:00 to 17:00          on each of these days
 *   daily 22:00 to 06:00            over midnight, too
 *   2026-12-24 to 2027-01-02        days, the last one included
 *   2026-12-24 18:00 to 2026-12-25 06:00
 *
 * A zone may follow ("... Europe/Berlin"). Where a clock is put forward, a
 * time that is left out is the first one after; put back, a window begins with
 * the first and ends with the second of the two.
 */
#ifndef ONCALL_WINDOW_H
#define ONCALL_WINDOW_H

#include <oncall/buf.h>
#include <oncall/err.h>

struct window;

/* zone: of a text that names none; NULL is UTC. ERR_USAGE says what is wrong
 * and how a window looks. */
int window_new(struct window **ret, const char *text, const char *zone,
	       struct err *err) MUST_CHECK;
void window_free(struct window *w);
/* Whether it holds at that time; ret_change (or NULL): when that ends, or
 * WHEN_NONE when it never does. */
bool window_holds(const struct window *w, int64_t ms, int64_t *ret_change);
const char *window_text(const struct window *w); /* as it was written */

DEFINE_AUTO(struct window *, window_free, auto_window_)
#define AUTO_WINDOW CLEANUP(auto_window_)

#endif
