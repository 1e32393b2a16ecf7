/* pattern.c - a set of rules: compiling it, and what can be asked of it. */
#include <oncall/pattern.h>

#include "pattern-filter.h"

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

/* How far before its string a match may begin. Verbs make an attempt at one
 * place depend on those before it, and \G asks where the first one was. */
static uint32_t reach_of(const struct pattern_expr *e)
{
	const struct pattern_literals *l = e->literals[PATTERN_PLAIN];

	return !l || e->re.utf || memmem(e->bytes, e->len, "(*", 2) ||
			       memmem(e->bytes, e->len, "\\G", 2)
		       ? PATTERN_NO_LIMIT
		       : l->reach;
}

void pattern_set_look(struct pattern_set *s, size_t expr,
		      enum pattern_form form)
{
	struct pattern_expr *e = &s->exprs[expr];
	const struct slice text = {e->bytes, e->len};
	struct pattern_tree tree;

	if (pattern_tree_parse(&tree, text, e->caseless, e->re.utf)) {
		e->literals[form] =
			pattern_literals_new(&tree, &s->rarity[form], form);
		if (!e->literals[form])
			e->literals[form] = pattern_sequences_new(
				&tree, &s->rarity[form], form);
	}
	if (form == PATTERN_PLAIN)
		e->reach = reach_of(e);
	pattern_tree_done(&tree);
}

void pattern_set_look_approx(struct pattern_set *s, size_t expr)
{
	struct pattern_expr *e = &s->exprs[expr];
	const struct slice text = {e->bytes, e->len};
	struct pattern_tree tree;

	if (pattern_tree_parse(&tree, text, e->caseless, e->re.utf))
		e->approx = pattern_approx_new(&tree);
	pattern_tree_done(&tree);
}

const struct pattern_filter *pattern_set_filter(const struct pattern_set *set,
						enum pattern_form form)
{
	/* What is made here is not what several threads only read. */
	struct pattern_set *s = (struct pattern_set *)(uintptr_t)set;
	struct pattern_filter *f =
		atomic_load_explicit(&s->filters[form], memory_order_acquire);

	if (f)
		return f;
	(void)pthread_mutex_lock(&s->lock);
	f = atomic_load(&s->filters[form]);
	if (!f) {
		for (size_t i = 0; i < s->expr_count; i++)
			if (!s->exprs[i].literals[form])
				pattern_set_look(s, i, form);
		f = pattern_filter_new(s, form, NULL);
		atomic_store_explicit(&s->filters[form], f,
				      memory_order_release);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return f;
}

static int compile_text(struct pattern_code *re, struct slice text,
			bool caseless, struct err *err)
{
	if (pattern_code_compile(re, text, caseless ? PCRE2_CASELESS : 0,
				 err) == 0)
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
		e->bytes =
			mem_dup_bytes(rule->exprs[i].ptr, rule->exprs[i].len);
		e->len = rule->exprs[i].len;
		e->caseless = rule->caseless;
		s->expr_count++;
		if (compile_text(&e->re, rule->exprs[i], rule->caseless, err) <
		    0)
			return err_prefix(err, "expression %zu", i + 1);
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

/* Rules of which an expression runs on each line. */
static void find_slow(struct pattern_set *s)
{
	s->slow = mem_zero(s->always_count + 1, sizeof(*s->slow));
	for (size_t i = 0; i < s->always_count; i++) {
		size_t rule = s->exprs[s->always[i]].rule;

		if (!s->slow_count || s->slow[s->slow_count - 1] != rule)
			s->slow[s->slow_count++] = rule;
	}
}

static int fill_set(struct pattern_set *s, const struct pattern_rule *rules,
		    size_t count, const char *cache_dir, struct err *err)
{
	pattern_rarity_init(&s->rarity[PATTERN_PLAIN], PATTERN_PLAIN);
	pattern_rarity_init(&s->rarity[PATTERN_JSON], PATTERN_JSON);
	for (size_t i = 0; i < count; i++)
		if (add_rule(s, &rules[i], err) < 0)
			return -1;
	count_groups(s);
	if (s->engine->build(s, cache_dir, err) < 0)
		return -1;
	find_slow(s);
	for (size_t i = 0; i < s->expr_count; i++) {
		free(s->exprs[i].approx);
		s->exprs[i].approx = NULL;
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
	(void)pthread_mutex_init(&s->lock, NULL);
	s->engine = engine;
	s->match_limit = o->match_limit ? o->match_limit : PATTERN_MATCH_LIMIT;
	s->rules = mem_zero(count + 1, sizeof(*s->rules));
	s->exprs = mem_zero(exprs + 1, sizeof(*s->exprs));
	if (fill_set(s, rules, count, o->cache_dir, err) < 0)
		return -1;
	*ret = TAKE_PTR(s);
	return 0;
}

void pattern_set_free(struct pattern_set *s)
{
	if (!s)
		return;
	if (s->engine->free && s->db)
		s->engine->free(s->db);
	for (size_t i = 0; i < PATTERN_FORMS; i++)
		pattern_filter_free(atomic_load(&s->filters[i]));
	for (size_t i = 0; i < s->expr_count; i++) {
		pattern_code_done(&s->exprs[i].re);
		for (size_t k = 0; k < PATTERN_FORMS; k++)
			pattern_literals_free(s->exprs[i].literals[k]);
		free(s->exprs[i].bytes);
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
	free(s->slow);
	(void)pthread_mutex_destroy(&s->lock);
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
		s->exprs[s->rules[rule].first + expr].literals[PATTERN_PLAIN];

	for (uint32_t i = 0; l && i < l->count; i++) {
		buf_add_str(out, i ? " \"" : "\"");
		buf_add(out, l->list[i].bytes, l->list[i].len);
		buf_add_char(out, '"');
	}
}
