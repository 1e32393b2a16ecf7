/* unit-roster.h - what the tests of roster share. */
#ifndef ONCALL_UNIT_ROSTER_H
#define ONCALL_UNIT_ROSTER_H

#include "../../libcommon/ops/roster-internal.h"
#include "unit-when.h"

/* What a roster was told about, and the line that says so. */
static inline void on_finding(void *arg, const char *text, bool error)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s\n", error ? "" : "warning: ", text);
}

/* The roster of these lines, without a word about them. */
static inline struct roster *roster_of(const char *text)
{
	AUTO_BUF struct buf told = BUF_INIT;
	struct roster *r = roster_parse("r", slice_of(text), on_finding, &told);

	if (!r || told.len)
		fail_msg("'%s': %s", text, buf_str(&told));
	return r;
}

/* The turn at that time is this person's ("" is nobody), from and to ("" is
 * none), each as written in UTC. */
static inline void turn_is(const struct roster *r, size_t i, const char *at,
			   const char *person, const char *from, const char *to)
{
	struct roster_turn turn;
	const char *is;

	assert_true(roster_at(r, i, time_of(at), &turn));
	is = turn.person ? turn.person : "";
	if (strcmp(is, person) != 0)
		fail_msg("at %s it is '%s', not '%s'", at, is, person);
	if (turn.from != (*from ? time_of(from) : WHEN_NONE))
		fail_msg("at %s: from %s, not %s", at, TEXT(turn.from), from);
	if (turn.to != (*to ? time_of(to) : WHEN_NONE))
		fail_msg("at %s: to %s, not %s", at, TEXT(turn.to), to);
}

#endif
