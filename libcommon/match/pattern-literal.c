/* pattern-literal.c - the engine that looks for literals; and the reference,
 * which looks for nothing and runs everything. */
#include "pattern-automaton.h"

#include <oncall/mem.h>

static int check_nothing(struct err *err)
{
	(void)err;
	return 0;
}

static int pcre2_build(struct pattern_set *s, const char *cache_dir,
		       struct err *err)
{
	(void)cache_dir;
	(void)err;
	for (size_t i = 0; i < s->expr_count; i++)
		pattern_set_always(s, (uint32_t)i);
	return 0;
}

const struct pattern_engine pattern_engine_pcre2 = {
	.name = "pcre2", .check = check_nothing, .build = pcre2_build};

static int literal_build(struct pattern_set *s, const char *cache_dir,
			 struct err *err)
{
	(void)cache_dir;
	(void)err;
	for (size_t i = 0; i < s->expr_count; i++) {
		pattern_set_look(s, i, true, false);
		if (!s->exprs[i].literals)
			pattern_set_always(s, (uint32_t)i);
	}
	s->db = pattern_automaton_new(s->exprs, s->expr_count, NULL);
	return 0;
}

static void literal_free(void *db)
{
	pattern_automaton_free(db);
}

static void *literal_scratch_new(const struct pattern_set *s)
{
	return mem_zero(pattern_automaton_refs(s->db) + 1, 1);
}

static void literal_find(struct pattern_scratch *s, struct slice window)
{
	if (window.len > PATTERN_LONG_LINE)
		pattern_automaton_find_long(s->set->db, &s->places[0],
					    s->engine, window);
	else
		pattern_automaton_find(s->set->db, s->places, window);
}

static void literal_resolve(struct pattern_scratch *s, uint32_t ref)
{
	pattern_automaton_resolve(s->set->db, s, ref);
}

const struct pattern_engine pattern_engine_literal = {
	.name = "literal",
	.check = check_nothing,
	.build = literal_build,
	.free = literal_free,
	.scratch_new = literal_scratch_new,
	.scratch_free = free,
	.find = literal_find,
	.resolve = literal_resolve};
