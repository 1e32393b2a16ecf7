/*
 * pattern-explain.c - how far an expression got, for whoever writes rules.
 *
 * The expression is compiled once more with a callout before each of its items,
 * and run without JIT. Of the callouts that came behind some text the one that
 * stood furthest to the right in the expression tells what fitted.
 */
#include <oncall/pattern-explain.h>

#include <oncall/mem.h>

#include "pattern-internal.h"

struct reach {
	const char *text;
	size_t place; /* in the expression */
	size_t begin; /* in the text: where that attempt began */
	size_t end;   /* and how far it came */
};

static int on_callout(pcre2_callout_block *c, void *arg)
{
	struct reach *r = arg;
	bool further =
		c->pattern_position > r->place ||
		(c->pattern_position == r->place &&
		 c->current_position - c->start_match > r->end - r->begin);

	/* In what looks behind, the text may end before it begins. */
	if (c->current_position > c->start_match && further)
		*r = (struct reach){.text = r->text,
				    .place = c->pattern_position,
				    .begin = c->start_match,
				    .end = c->current_position};
	return 0;
}

static pcre2_match_context *make_context(const struct pattern_set *set,
					 struct reach *r)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	if (!context)
		mem_die();
	(void)pcre2_set_match_limit(context, set->match_limit);
	(void)pcre2_set_depth_limit(context, set->match_limit);
	(void)pcre2_set_heap_limit(context, PATTERN_HEAP_LIMIT);
	if (r)
		(void)pcre2_set_callout(context, on_callout, r);
	return context;
}

/* As pcre2_match() answers. */
static int match(const struct pattern_set *set, const pcre2_code *code,
		 struct slice text, struct reach *r)
{
	pcre2_match_context *context = make_context(set, r);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int rc;

	if (!data)
		mem_die();
	rc = pcre2_match(code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len,
			 0, PCRE2_NO_JIT, data, context);
	if (rc == PCRE2_ERROR_NOMEMORY)
		mem_die();
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return rc;
}

/* Whether an expression matches; PATTERN_FAR when it does not. */
static enum pattern_outcome ask(const struct pattern_set *set,
				const struct pattern_code *re,
				struct slice text)
{
	int rc = match(set, re->code, text, NULL);

	if (rc >= 0)
		return PATTERN_HIT;
	return rc == PCRE2_ERROR_NOMATCH ? PATTERN_FAR : PATTERN_UNDECIDED;
}

/* Runs the expression once more, with callouts. */
static struct reach reach_of(const struct pattern_set *set,
			     const struct pattern_expr *e, struct slice text)
{
	struct pattern_code re;
	struct reach r = {.text = text.ptr};
	struct err err = ERR_INIT;

	if (pattern_code_compile(&re, (struct slice){e->bytes, e->len},
				 (e->caseless ? PCRE2_CASELESS : 0) |
					 PCRE2_AUTO_CALLOUT |
					 PCRE2_NO_START_OPTIMIZE,
				 &err) == 0)
		(void)match(set, re.code, text, &r);
	err_clear(&err);
	pattern_code_done(&re);
	return r;
}

static void set_near(const struct pattern_expr *e, size_t expr,
		     const struct reach *r, struct pattern_near *ret)
{
	size_t place = r->place < e->len ? r->place : e->len;

	*ret = (struct pattern_near){
		.outcome = PATTERN_NEAR,
		.expr = expr,
		.fitted = {e->bytes, place},
		.rest = {e->bytes + place, e->len - place},
		.text = {r->text + r->begin, r->end - r->begin}};
}

/* Which except-expression takes the hit away, if one does. */
static void except(const struct pattern_set *set,
		   const struct pattern_compiled *rule, struct slice text,
		   struct pattern_near *ret)
{
	for (size_t i = 0; i < rule->except_count; i++) {
		if (ask(set, &rule->excepts[i], text) != PATTERN_HIT)
			continue;
		ret->outcome = PATTERN_EXCEPTED;
		ret->expr = i;
		return;
	}
}

void pattern_explain(const struct pattern_set *set, size_t rule,
		     struct slice text, struct pattern_near *ret)
{
	const struct pattern_compiled *c = &set->rules[rule];
	struct pattern_near undecided = {.outcome = PATTERN_FAR};
	size_t furthest = 0;

	*ret = (struct pattern_near){.outcome = PATTERN_FAR};
	for (size_t i = 0; i < c->count; i++) {
		const struct pattern_expr *e = &set->exprs[c->first + i];
		enum pattern_outcome outcome = ask(set, &e->re, text);
		struct reach r;

		if (outcome == PATTERN_HIT) {
			*ret = (struct pattern_near){.outcome = outcome,
						     .expr = i};
			except(set, c, text, ret);
			return;
		}
		if (outcome == PATTERN_UNDECIDED)
			undecided = (struct pattern_near){.outcome = outcome,
							  .expr = i};
		r = reach_of(set, e, text);
		if (r.end - r.begin <= furthest)
			continue;
		furthest = r.end - r.begin;
		set_near(e, i, &r, ret);
	}
	if (undecided.outcome == PATTERN_UNDECIDED)
		*ret = undecided;
}
