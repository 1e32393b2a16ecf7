/*
 * join.h - events of several lines, as an input over an input: stack traces,
 * statements, sessions whose lines are interleaved. A pending event is part of
 * what is saved, so one that a restart cut in two comes out whole.
 */
#ifndef ONCALL_JOIN_H
#define ONCALL_JOIN_H

#include <oncall/input.h>

#define JOIN_MAX_LINES	  500
#define JOIN_MAX_BYTES	  ((size_t)256 * 1024)
#define JOIN_TIMEOUT_MS	  2000 /* an event that nothing follows is over */
#define JOIN_MAX_SESSIONS 10000
/* Bytes of all events that are not complete: above it, and above the number of
 * sessions, the ones that had no line for the longest time are taken for
 * complete. */
#define JOIN_MAX_HELD ((size_t)8 * 1024 * 1024)

/*
 * "java", "python", "go", "node", "postgresql", "indent"; ended by NULL. They
 * also know traces each line of which has the same beginning, digits aside (the
 * time and name that syslog or a container puts there). "postgresql" tells
 * processes apart by the first number in brackets.
 */
extern const char *const join_presets[];

/*
 * What is 0 or NULL has its default. Expressions are PCRE2.
 *
 * A line that start matches begins an event. Any other line belongs to the open
 * event (of its session) when go_on, indent or the preset say so; when none of
 * these is given, and start, end or session is, it belongs to it anyway. What
 * is left begins an event, or is one by itself when there is a start and no
 * preset. A line that names no session goes to the event that had the last
 * line, if it goes on at all.
 */
struct join_options {
	const char *preset;
	const char *start;   /* a line that begins an event */
	const char *go_on;   /* a line that belongs to the event before it */
	const char *end;     /* a line that ends the event it belongs to */
	const char *session; /* its first group names the event of a line */
	bool indent; /* a line that begins with a blank or TAB goes on */
	/* Of silence, by the clock; looked at when the input has nothing more
	 * at hand, so that reading slowly cuts no event. */
	int64_t timeout_ms;
	size_t max_lines, max_bytes; /* max_bytes: up to JOIN_MAX_HELD */
	/* At the end of input, what a next run may complete is kept for
	 * save(), until the silence has been long enough: for one that reads
	 * on from where this one ended. */
	bool keep;
};

/* Takes inner over, also when it fails. ERR_USAGE names the option and the
 * place in it. Streams of blocks are its own, with the ids of inner's. What
 * passed a limit is handed on, marked truncated, and the rest of it is left
 * out. */
int join_new(struct input **ret, struct input *inner,
	     const struct join_options *opt, struct err *err) MUST_CHECK;

#endif
