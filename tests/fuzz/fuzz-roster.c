/* fuzz-roster.c - rosters from any bytes: what is read says at any time who it
 * is and until when, and the spans follow each other. */
#include <stdio.h>
#include <string.h>

#include "../../libcommon/ops/roster-internal.h"
#include "fuzz.h"

#define TIME_BYTES    8	   /* of the input's end: a time to ask for */
#define STEPS	      40   /* that are walked from it */
#define ROTATIONS_MAX 20   /* that are asked */
#define SIZE_MAX_HERE 4096 /* bytes: more lines find nothing more */

static void must(bool good, const char *what)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-roster: %s\n", what);
		abort();
	}
}

static void on_finding(void *arg, const char *text, bool error)
{
	must(!strncmp(text, "r:", 2), "a finding without its place");
	*(bool *)arg |= error;
}

static bool is_same(const struct roster_turn *a, const struct roster_turn *b)
{
	return a->person == b->person && a->from == b->from && a->to == b->to &&
	       a->why == b->why;
}

static void walk(const struct roster *r, size_t i, int64_t at)
{
	struct roster_turn turn, same, next;

	must(roster_at(r, i, at, &turn), "a rotation that is none");
	for (int k = 0; k < STEPS; k++) {
		must((turn.person == NULL) == !strcmp(turn.why, "outside"),
		     "a reason that is none");
		must(turn.from <= at && (turn.to > at || turn.to == WHEN_NONE),
		     "a turn at another time");
		if (turn.to == WHEN_NONE || turn.to > WHEN_MAX)
			return;
		must(roster_at(r, i, turn.to - 1, &same) &&
			     is_same(&turn, &same),
		     "a turn that changes");
		must(roster_at(r, i, turn.to, &next) && next.from == turn.to,
		     "a turn that does not follow");
		at = turn.to;
		turn = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = {(const char *)data, size};
	struct roster_turn turn;
	struct err err = ERR_INIT;
	bool error = false;
	int64_t at = 0;
	struct roster *r;

	if (size > SIZE_MAX_HERE)
		return 0;
	if (size > TIME_BYTES) {
		memcpy(&at, data + size - TIME_BYTES, TIME_BYTES);
		at %= WHEN_MAX;
	}
	r = roster_parse("r", all, on_finding, &error);
	must((r == NULL) == error, "no roster and no reason");
	for (size_t i = 0; r && i < ROTATIONS_MAX && roster_at(r, i, 0, &turn);
	     i++) {
		walk(r, i, at);
		walk(r, i, WHEN_DAY * 20000);
	}
	if (r && roster_target(r, "primary", at, &turn, &err) < 0)
		must(err.kind == ERR_NO && *err.text, "a silent error");
	roster_free(r);
	return 0;
}
