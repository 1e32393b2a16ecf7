/* pattern-literal.c - the engine that looks for literals; and the reference,
 * which looks for nothing and runs everything. */
#include "pattern-filter.h"

static int check_nothing(struct err *err)
{
	(void)err;
	return 0;
}

static int pcre2_build(struct pattern_set *s, const char *cache_dir,
		       struct err *err)
{
	(void)s;
	(void)cache_dir;
	(void)err;
	return 0;
}

const struct pattern_engine pattern_engine_pcre2 = {
	.name = "pcre2", .check = check_nothing, .build = pcre2_build};

static int literal_build(struct pattern_set *s, const char *cache_dir,
			 struct err *err)
{
	const struct pattern_filter *f = pattern_set_filter(s, PATTERN_PLAIN);

	(void)cache_dir;
	(void)err;
	s->filter = f;
	s->always = f->always;
	s->always_count = f->always_count;
	return 0;
}

const struct pattern_engine pattern_engine_literal = {
	.name = "literal", .check = check_nothing, .build = literal_build};
