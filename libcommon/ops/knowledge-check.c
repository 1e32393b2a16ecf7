/* knowledge-check.c - whether an entry may be kept. */
#include "knowledge-internal.h"

#include <inttypes.h>

#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/pack.h>
#include <oncall/pattern.h>
#include <oncall/show.h>

#define SHOWN_BYTES 160 /* of an expression or an example in a message */
#define MARK	    " <-- HERE "

/* ---- expressions ---- */

/* Behind the last "at offset " of a message of pattern.h, whose expression may
 * hold such words as well. */
static const char *last_offset(const char *message)
{
	static const char words[] = "at offset ";
	const char *found = NULL;

	for (const char *p = message; (p = strstr(p, words)); p++)
		found = p + sizeof(words) - 1;
	return found;
}

/* The expression around the place, which is marked, and why. */
static int does_not_compile(const char *expr, const struct err *why,
			    struct err *err)
{
	const char *place = last_offset(why->text);
	AUTO_BUF struct buf shown = BUF_INIT;
	char *reason = NULL;
	size_t n = strlen(expr), at, from;

	if (!place)
		return err_set(err, ERR_USAGE, "%s", why->text);
	at = strtoumax(place, &reason, 10);
	at = at < n ? at : n;
	from = at > SHOWN_BYTES ? at - SHOWN_BYTES : 0;
	buf_add_str(&shown, from ? "..." : "");
	show_text(&shown, expr + from, at - from, 0);
	buf_add_str(&shown, at == n ? " <-- HERE" : MARK);
	show_text(&shown, expr + at, n - at, SHOWN_BYTES);
	return err_set(err, ERR_USAGE,
		       "the expression does not compile at character %zu%s: %s",
		       at, reason, buf_str(&shown));
}

static int check_expression(const struct pack_rule *rule, const char *expr,
			    struct err *err)
{
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_BUF struct buf how = BUF_INIT;
	const struct slice text = slice_of(expr);
	const struct pattern_rule one = {.id = "pattern",
					 .exprs = &text,
					 .expr_count = 1,
					 .caseless = !rule->case_sensitive};
	const struct pattern_options options = {.engine = "pcre2"};
	struct err why = ERR_INIT;

	if (pattern_set_new(&set, &one, 1, &options, &why) < 0)
		return does_not_compile(expr, &why, err);
	if (!pack_backtracks(rule, expr, &how))
		return 0;
	buf_add_str(&how, ": ");
	show_text(&how, expr, text.len, SHOWN_BYTES);
	return err_set(err, ERR_USAGE, "the expression %s", buf_str(&how));
}

int knowledge_check_pattern(const struct knowledge_pattern *p,
			    const struct knowledge_list *examples,
			    struct err *err)
{
	size_t count = examples ? examples->count : 0;
	AUTO_FREE struct pack_text *texts = mem_zero(count + 1, sizeof(*texts));
	const struct pack_rule rule = {.case_sensitive = p->case_sensitive,
				       .examples = {texts, count}};

	for (size_t i = 0; i < count; i++)
		texts[i].text = examples->items[i];
	if (p->rule)
		return knowledge_name_valid(p->rule, KNOWLEDGE_MAX_TEXT)
			       ? 0
			       : err_set(err, ERR_USAGE,
					 "\"%s\" cannot be the id of a pattern",
					 p->rule);
	if (!p->match || !*p->match)
		return err_set(err, ERR_USAGE, "an expression is empty");
	if (check_expression(&rule, p->match, err) < 0)
		return -1;
	for (size_t i = 0; i < p->except.count; i++)
		if (check_expression(&rule, p->except.items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- examples ---- */

/* The entry's own expressions, compiled together. */
struct trial {
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	bool hit;
};

static void trial_done(struct trial *t)
{
	pattern_scratch_free(t->scratch);
	pattern_set_free(t->set);
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct trial *t = arg;

	(void)hit;
	t->hit = true;
	return 1;
}

static bool matches(struct trial *t, const char *text)
{
	const struct pattern_sink sink = {.hit = on_hit, .arg = t};

	t->hit = false;
	(void)pattern_scan_text(t->set, t->scratch, slice_of(text), 0, &sink);
	return t->hit;
}

static int trial_start(struct trial *t, const struct knowledge_entry *e,
		       struct err *err)
{
	size_t texts = 0, used = 0, count = 0;
	AUTO_FREE struct pattern_rule *rules =
		mem_zero(e->pattern_count + 1, sizeof(*rules));
	AUTO_FREE struct slice *slices = NULL;

	for (size_t i = 0; i < e->pattern_count; i++)
		texts += 1 + e->patterns[i].except.count;
	slices = mem_zero(texts + 1, sizeof(*slices));
	for (size_t i = 0; i < e->pattern_count; i++) {
		const struct knowledge_pattern *p = &e->patterns[i];
		struct pattern_rule *r = &rules[count];

		if (!p->match)
			continue;
		slices[used] = slice_of(p->match);
		for (size_t k = 0; k < p->except.count; k++)
			slices[used + 1 + k] = slice_of(p->except.items[k]);
		*r = (struct pattern_rule){.id = "pattern",
					   .exprs = &slices[used],
					   .expr_count = 1,
					   .excepts = &slices[used + 1],
					   .except_count = p->except.count,
					   .caseless = !p->case_sensitive};
		used += 1 + p->except.count;
		count++;
	}
	if (pattern_set_new(&t->set, rules, count, NULL, err) < 0)
		return -1;
	t->scratch = pattern_scratch_new(t->set);
	return 0;
}

static int wrong_example(const char *what, const char *text, struct err *err)
{
	AUTO_BUF struct buf shown = BUF_INIT;

	show_text(&shown, text, strlen(text), SHOWN_BYTES);
	return err_set(err, ERR_USAGE, "%s: %s", what, buf_str(&shown));
}

static int check_examples(const struct knowledge_entry *e, struct err *err)
{
	CLEANUP(trial_done) struct trial t = {.set = NULL};
	size_t own = 0;

	for (size_t i = 0; i < e->pattern_count; i++)
		own += e->patterns[i].match != NULL;
	if (!own)
		return 0;
	if (trial_start(&t, e, err) < 0)
		return -1;
	for (size_t i = 0; own == e->pattern_count && i < e->examples.count;
	     i++)
		if (!matches(&t, e->examples.items[i]))
			return wrong_example("no expression matches the "
					     "example",
					     e->examples.items[i], err);
	for (size_t i = 0; i < e->counter_examples.count; i++)
		if (matches(&t, e->counter_examples.items[i]))
			return wrong_example("an expression matches the "
					     "counter-example",
					     e->counter_examples.items[i], err);
	return 0;
}

/* ---- entries ---- */

static int check_solution(const struct knowledge_entry *e, size_t at,
			  struct err *err)
{
	const struct knowledge_solution *s = &e->solutions[at];
	struct jscan scan = {0};
	int rc = 0;

	if (!*s->name)
		return err_set(err, ERR_USAGE, "a solution has no name");
	if (knowledge_solution_find(e, s->name) != s)
		return err_set(err, ERR_USAGE,
			       "the solution \"%s\" stands twice", s->name);
	if (s->action && !knowledge_name_valid(s->action, KNOWLEDGE_MAX_ID))
		return err_set(
			err, ERR_USAGE,
			"solution \"%s\": \"%s\" is no name of an action "
			"(commands stand in packs, under actions)",
			s->name, s->action);
	if (!(s->confidence >= 0 && s->confidence <= 1))
		return err_set(err, ERR_USAGE,
			       "solution \"%s\": the confidence must be a "
			       "number from 0 to 1",
			       s->name);
	if (s->params) {
		struct err why = ERR_INIT;

		rc = jscan_object(&scan, s->params, strlen(s->params), &why);
		if (rc < 0)
			rc = err_set(err, ERR_USAGE,
				     "solution \"%s\": the parameters are no "
				     "JSON object: %s",
				     s->name, why.text);
		jscan_done(&scan);
	}
	return rc;
}

static int check_names(const struct knowledge_entry *e, struct err *err)
{
	if (!e->id || !*e->id)
		return err_set(err, ERR_USAGE, "an entry has no id");
	if (!knowledge_name_valid(e->id, KNOWLEDGE_MAX_ID))
		return err_set(err, ERR_USAGE,
			       "\"%s\" cannot be an id: letters, digits, '-', "
			       "'_' and '.', at most %d",
			       e->id, KNOWLEDGE_MAX_ID);
	if (!e->title || !*e->title)
		return err_set(err, ERR_USAGE, "an entry has no title");
	if (e->parent && !strcmp(e->parent, e->id))
		return err_set(err, ERR_USAGE,
			       "an entry cannot be its own parent");
	if (e->parent && !knowledge_name_valid(e->parent, KNOWLEDGE_MAX_ID))
		return err_set(err, ERR_USAGE,
			       "\"%s\" cannot be the id of a parent",
			       e->parent);
	return 0;
}

int knowledge_check(const struct knowledge_entry *e, struct err *err)
{
	if (check_names(e, err) < 0)
		return -1;
	for (size_t i = 0; i < e->pattern_count; i++)
		if (knowledge_check_pattern(&e->patterns[i], &e->examples,
					    err) < 0)
			return -1;
	for (size_t i = 0; i < e->solution_count; i++)
		if (check_solution(e, i, err) < 0)
			return -1;
	return check_examples(e, err);
}
