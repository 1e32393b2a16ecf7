/* pattern-code.h - one expression, compiled by PCRE2 and matched by it. */
#ifndef PATTERN_CODE_H
#define PATTERN_CODE_H

#include <oncall/base.h>
#include <oncall/err.h>

#include <stdatomic.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct pattern_scratch;

enum pattern_jit { PATTERN_JIT_NOT_YET, PATTERN_JIT_READY, PATTERN_JIT_NONE };

struct pattern_code {
	pcre2_code *code;
	bool utf;
	atomic_int jit;
	/* What it was made of, and the same with a callout before each item,
	 * for lines on which it may take long; made when one comes. */
	char *text;
	size_t len;
	uint32_t options;
	struct pattern_ways *ways; /* as soon as jit is known */
	_Atomic(pcre2_code *) guarded;
	/* Its named groups; names that are the same stand side by side. */
	struct pattern_name {
		struct slice text;
		uint32_t group;
		bool again; /* the name before is the same */
	} * names;
	uint32_t name_count;
};

/* Options are PCRE2's, a message begins with the offset. */
int pattern_code_compile(struct pattern_code *re, struct slice text,
			 uint32_t options, struct err *err) MUST_CHECK;
void pattern_code_done(struct pattern_code *re);
/* As pcre2_match() answers: at least 0, PCRE2_ERROR_NOMATCH or an error. No
 * match begins before from. */
int pattern_code_match(struct pattern_code *re, struct slice line, size_t from,
		       struct pattern_scratch *s, pcre2_match_data *data);
/* The same expression with other options; not NULL but where PCRE2 refuses. */
pcre2_code *pattern_code_again(const struct pattern_code *re, uint32_t more);

#endif
