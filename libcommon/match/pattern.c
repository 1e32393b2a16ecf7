/* pattern.c - a set of rules: compiling it, and what can be asked of it. */
#include "pattern-internal.h"
#include "pattern-literals.h"

#include <oncall/mem.h>

static const struct pattern_engine *const engines[] = {
	&pattern_engine_literal, &pattern_engine_pcre2, &pattern_engine_hs,
	&pattern_engine_hs_untested};

static const struct pattern_engine *find_engine(const char *name,
						struct err *err)
{
	const struct pattern_engine *e = name ? NULL : engines[0];

	for (size_t i = 0; name && i < ARRAY_LEN(engines); i++)
		if (!strcmp(engines[i]->name, name))
			e = engines[i];
	if (!e)
		(void)err_set(err, ERR_USAGE,
			      "no engine '%s': there are literal, pcre2 and hs",
			      name);
	else if (e->check(err) < 0)
		e = NULL;
	return e;
}

int pattern_engine_check(const char *engine, struct err *err)
{
	return find_engine(engine, err) ? 0 : -1;
}

void pattern_set_look(struct pattern_set *s, size_t expr, bool want_literals,
		      bool want_approx)
{
	struct pattern_expr *e = &s->exprs[expr];
	struct pattern_tree tree;

	if (pattern_tree_parse(&tree, e->text, e->caseless, e->re.utf)) {
		if (want_literals)
			e->literals = pattern_literals_new(&tree, s->rarity);
		if (want_approx)
			e->approx = pattern_approx_new(&tree);
	}
	pattern_tree_done(&tree);
}

static int compile_text(struct pattern_code *re, struct slice text,
			bool caseless, struct err *err)
{
	if (pattern_code_compile(re, text, caseless, err) == 0)
		return 0;
	return err_prefix(err, "'%.*s'", (int)(text.len < 200 ? text.len : 200),
			  text.ptr ? text.ptr : "");
}

static int add_exprs(struct pattern_set *s, const struct pattern_rule *rule,
		     struct pattern_compiled *c, struct err *err)
{
	for (size_t i = 0; i < rule->expr_count; i++) {
		struct pattern_expr *e = &s->exprs[s->expr_count];

		e->rule = (uint32_t)s->rule_count;
		e->text = rule->exprs[i];
		e->caseless = rule->caseless;
		if (compile_text(&e->re, rule->exprs[i], rule->caseless, err) <
		    0)
			return err_prefix(err, "expression %zu", i + 1);
		s->expr_count++;
		c->count++;
	}
	for (size_t i = 0; i < rule->except_count; i++) {
		if (compile_text(&c->excepts[i], rule->excepts[i],
				 rule->caseless, err) < 0)
			return err_prefix(err, "except-expression %zu", i + 1);
		c->except_count++;
	}
	return 0;
}

static int add_rule(struct pattern_set *s, const struct pattern_rule *rule,
		    struct err *err)
{
	struct pattern_compiled *c = &s->rules[s->rule_count];
	int rc;

	*c = (struct pattern_compiled){
		.id = mem_dup(rule->id),
		.first = (uint32_t)s->expr_count,
		.excepts =
			mem_zero(rule->except_count + 1, sizeof(*c->excepts))};
	rc = add_exprs(s, rule, c, err);
	s->rule_count++;
	return rc < 0 ? err_prefix(err, "rule '%s'", rule->id) : 0;
}

static void count_groups(struct pattern_set *s)
{
	for (size_t i = 0; i < s->expr_count; i++) {
		uint32_t n = 0;

		(void)pcre2_pattern_info(s->exprs[i].re.code,
					 PCRE2_INFO_CAPTURECOUNT, &n);
		s->groups_max = n > s->groups_max ? n : s->groups_max;
	}
}

/* Rules of which an expression runs on each line; not when all do. */
static void find_slow(struct pattern_set *s)
{
	s->slow = mem_zero(s->always_count + 1, sizeof(*s->slow));
	for (size_t i = 0; i < s->always_count && s->engine->find; i++) {
		size_t rule = s->exprs[s->always[i]].rule;

		if (!s->slow_count || s->slow[s->slow_count - 1] != rule)
			s->slow[s->slow_count++] = rule;
	}
}

void pattern_set_always(struct pattern_set *s, uint32_t expr)
{
	s->always[s->always_count++] = expr;
}

static int fill_set(struct pattern_set *s, const struct pattern_rule *rules,
		    size_t count, const char *cache_dir, struct err *err)
{
	s->rarity = mem_alloc(sizeof(*s->rarity));
	pattern_rarity_init(s->rarity);
	for (size_t i = 0; i < count; i++)
		if (add_rule(s, &rules[i], err) < 0)
			return -1;
	count_groups(s);
	if (s->engine->build(s, cache_dir, err) < 0)
		return -1;
	find_slow(s);
	free(s->rarity);
	s->rarity = NULL;
	for (size_t i = 0; i < s->expr_count; i++) {
		free(s->exprs[i].approx);
		s->exprs[i].approx = NULL;
		s->exprs[i].text = (struct slice){NULL, 0};
	}
	return 0;
}

int pattern_set_new(struct pattern_set **ret, const struct pattern_rule *rules,
		    size_t count, const struct pattern_options *options,
		    struct err *err)
{
	static const struct pattern_options none = {.engine = NULL};
	const struct pattern_options *o = options ? options : &none;
	const struct pattern_engine *engine = find_engine(o->engine, err);
	AUTO_PATTERN_SET struct pattern_set *s = NULL;
	size_t exprs = 0;

	if (!engine)
		return -1;
	for (size_t i = 0; i < count; i++)
		exprs += rules[i].expr_count;
	if (exprs > PATTERN_MAX_SET || count > PATTERN_MAX_SET)
		return err_set(err, ERR_USAGE,
			       "%zu expressions are too many; %d are the most",
			       exprs, PATTERN_MAX_SET);
	s = mem_zero(1, sizeof(*s));
	(void)pthread_mutex_init(&s->jit_lock, NULL);
	s->engine = engine;
	s->match_limit = o->match_limit ? o->match_limit : PATTERN_MATCH_LIMIT;
	s->rules = mem_zero(count + 1, sizeof(*s->rules));
	s->exprs = mem_zero(exprs + 1, sizeof(*s->exprs));
	s->always = mem_alloc((exprs + 1) * sizeof(*s->always));
	if (fill_set(s, rules, count, o->cache_dir, err) < 0)
		return -1;
	*ret = TAKE_PTR(s);
	return 0;
}

void pattern_set_free(struct pattern_set *s)
{
	if (!s)
		return;
	if (s->db)
		s->engine->free(s->db);
	for (size_t i = 0; i < s->expr_count; i++) {
		pattern_code_done(&s->exprs[i].re);
		free(s->exprs[i].literals);
		free(s->exprs[i].approx);
	}
	for (size_t i = 0; i < s->rule_count; i++) {
		for (size_t k = 0; k < s->rules[i].except_count; k++)
			pattern_code_done(&s->rules[i].excepts[k]);
		free(s->rules[i].excepts);
		free(s->rules[i].id);
	}
	free(s->rules);
	free(s->exprs);
	free(s->always);
	free(s->slow);
	free(s->rarity);
	(void)pthread_mutex_destroy(&s->jit_lock);
	free(s);
}

const char *pattern_set_engine(const struct pattern_set *s)
{
	return s->engine->name;
}

size_t pattern_set_count(const struct pattern_set *s)
{
	return s->rule_count;
}

const char *pattern_set_id(const struct pattern_set *s, size_t rule)
{
	return s->rules[rule].id;
}

size_t pattern_set_slow(const struct pattern_set *s, const size_t **ret_rules)
{
	*ret_rules = s->slow;
	return s->slow_count;
}

void pattern_set_literals(const struct pattern_set *s, size_t rule, size_t expr,
			  struct buf *out)
{
	const struct pattern_literals *l =
		s->exprs[s->rules[rule].first + expr].literals;

	for (uint32_t i = 0; l && i < l->count; i++) {
		buf_add_str(out, i ? " \"" : "\"");
		buf_add(out, l->list[i].bytes, l->list[i].len);
		buf_add_char(out, '"');
	}
}
