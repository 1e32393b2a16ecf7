/*
 * pattern-guard.c - a bound on the work for one line.
 *
 * PCRE2's match limit counts anew where an attempt begins, and code for the
 * processor does not count how often a repetition of one character gives one
 * back. So on a line that is long for it an expression runs with a callout
 * before each of its items: there what was tried, and the bytes that were gone
 * over since the last time, are counted for the line as a whole.
 */
#include "pattern-internal.h"

#include <oncall/mem.h>

/* Of the match limit for each line, and of each of its bytes. */
#define WORK_PER_LIMIT 10
#define WORK_PER_BYTE  16

static int on_callout(pcre2_callout_block *c, void *arg)
{
	struct pattern_guard *g = arg;
	size_t at = c->current_position;

	g->work += 1 + (at > g->at ? at - g->at : 0);
	g->at = at;
	return g->work > g->most ? PCRE2_ERROR_MATCHLIMIT : 0;
}

void pattern_guard_init(struct pattern_guard *g,
			const pcre2_match_context *context)
{
	/* PCRE2 only reads what it copies. */
	g->context = pcre2_match_context_copy(
		(pcre2_match_context *)(uintptr_t)context);
	if (!g->context)
		mem_die();
	(void)pcre2_set_callout(g->context, on_callout, g);
}

void pattern_guard_done(struct pattern_guard *g)
{
	pcre2_match_context_free(g->context);
}

/* An expression that is too large with callouts runs as it is, without code for
 * the processor, so that at least each attempt is bounded. */
static pcre2_code *make(struct pattern_code *re, const struct pattern_set *set)
{
	/* The lock belongs to the set, which is otherwise only read here. */
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&set->lock;
	pcre2_code *code;

	(void)pthread_mutex_lock(lock);
	code = atomic_load(&re->guarded);
	if (!code) {
		code = pattern_code_again(re, PCRE2_AUTO_CALLOUT);
		if (code)
			(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
		else
			code = pattern_code_again(re, 0);
		if (!code)
			mem_die(); /* it was compiled before */
		atomic_store_explicit(&re->guarded, code, memory_order_release);
	}
	(void)pthread_mutex_unlock(lock);
	return code;
}

int pattern_guard_match(struct pattern_code *re, struct slice line,
			struct pattern_scratch *s, pcre2_match_data *data)
{
	struct pattern_guard *g = &s->guard;
	PCRE2_SPTR text = (PCRE2_SPTR)(line.ptr ? line.ptr : "");
	pcre2_code *code =
		atomic_load_explicit(&re->guarded, memory_order_acquire);
	int rc;

	if (!code)
		code = make(re, s->set);
	g->work = g->at = 0;
	g->most = (uint64_t)WORK_PER_LIMIT * s->set->match_limit +
		  (uint64_t)WORK_PER_BYTE * line.len;
	rc = pcre2_match(code, text, line.len, 0, 0, data, g->context);
	/* The interpreter has its memory on the heap, with a limit. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(code, text, line.len, 0, PCRE2_NO_JIT, data,
				 g->context);
	if (rc == PCRE2_ERROR_NOMEMORY)
		mem_die();
	return rc;
}
