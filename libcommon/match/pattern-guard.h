/* pattern-guard.h - what an expression may cost on a line, and a bound on it.
 */
#ifndef PATTERN_GUARD_H
#define PATTERN_GUARD_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "pattern-tree.h"

struct pattern_code;
struct pattern_scratch;

/* Repetitions that are told apart; with more there is no bound. */
#define PATTERN_RUNS	    8
#define PATTERN_BYTE_VALUES 256

/* pattern-ways.c: the ways to part a line among the parts of an expression. */
struct pattern_ways {
	size_t quick_len; /* no line up to this length takes long */
	struct pattern_bytes begins;
	struct pattern_run { /* that can end wherever there is one of ends */
		struct pattern_bytes ends;
		double times;
	} runs[PATTERN_RUNS];
	size_t run_count;
	double log2; /* of the ways of all other choices */
	bool others; /* runs that can end at one place only */
	bool boundless;
};

struct pattern_ways *pattern_ways_new(struct slice text, bool caseless,
				      bool utf);
/* Whether a longer line takes a moment, too, seeing what bytes are in it. */
bool pattern_ways_few(const struct pattern_ways *w, struct slice line);

/* pattern-guard.c: what the work on a line has come to. */
struct pattern_guard {
	uint64_t work, most;
	size_t at; /* in the line */
	pcre2_match_context *context;
};

void pattern_guard_init(struct pattern_guard *g,
			const pcre2_match_context *context);
void pattern_guard_done(struct pattern_guard *g);
/* As pattern_code_match(), with all its work counted. */
int pattern_guard_match(struct pattern_code *re, struct slice line,
			struct pattern_scratch *s, pcre2_match_data *data);

#endif
