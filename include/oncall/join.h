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

/* "java", "python", "go", "node", "postgresql", "indent"; ended by NULL. */
extern const char *const join_presets[];

/* What is 0 or NULL has its default. Expressions are PCRE2. */
struct join_options {
	const char *preset;
	const char *start;   /* a line that begins an event */
	const char *go_on;   /* a line that belongs to the event before it */
	const char *end;     /* a line that ends the event it belongs to */
	const char *session; /* its first group names the event of a line */
	bool indent;	    /* a line that begins with a blank or TAB goes on */
	int64_t timeout_ms; /* of silence, by the clock */
	size_t max_lines, max_bytes;
};

/* Takes inner over. ERR_USAGE names the option and the place in it. */
int join_new(struct input **ret, struct input *inner,
	     const struct join_options *opt, struct err *err) MUST_CHECK;

#endif
