/* pack-check.c - what the author of a rule would want to know. */
#include <oncall/pack.h>

#include <ctype.h>

#include <oncall/condition.h>
#include <oncall/fields.h>
#include <oncall/mem.h>
#include <oncall/pattern.h>
#include <oncall/show.h>

#define SHOWN_BYTES 100 /* of an example in a finding */
/* A text made to make an expression backtrack: so many of one character are
 * put into an example. Steps that grow with their square stay below the limit
 * of a match, those that double with each do not. */
#define RUN_BYTES  500
#define RUN_PLACES 12

struct checking {
	const struct packs *packs;
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	struct fields_scratch fields;
	void (*found)(void *arg, const struct pack_finding *f);
	void *arg;
	size_t errors;
	const struct pack_rule *rule;
	bool hit;	/* the rule at hand matched */
	bool *overlaps; /* others that did, over all of its examples */
	bool faulted;
};

static void tell(struct checking *c, enum pack_finding_kind kind,
		 const struct pack_rule *rule, size_t line, struct buf *text)
{
	const struct pack_finding f = {kind, rule, line, buf_str(text)};

	c->errors += kind == PACK_ERROR;
	c->found(c->arg, &f);
	buf_reset(text);
}

static size_t index_of(const struct checking *c, const struct pack_rule *r)
{
	return (size_t)(r - c->packs->rules);
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct checking *c = arg;

	if (hit->rule == index_of(c, c->rule))
		c->hit = true;
	else
		c->overlaps[hit->rule] = true;
	return 0;
}

static int ignore_hit(void *arg, const struct pattern_hit *hit)
{
	(void)arg;
	(void)hit;
	return 0;
}

static int on_fault(void *arg, const struct pattern_hit *hit, const char *why)
{
	struct checking *c = arg;

	(void)why;
	c->faulted |= hit->rule == 0;
	return 0;
}

/* An example is read as a line of a log would be. */
static void try_example(struct checking *c, const char *example)
{
	const struct pattern_sink sink = {on_hit, NULL, c};
	struct fields f;

	c->hit = false;
	fields_read(&f, slice_of(example), NULL, 0, &c->fields);
	(void)pattern_scan_text(c->set, c->scratch, f.text, 0, &sink);
}

static void add_shown(struct buf *text, const char *example)
{
	buf_add_str(text, ": ");
	show_text(text, example, strlen(example), SHOWN_BYTES);
}

static void check_examples(struct checking *c)
{
	const struct pack_rule *r = c->rule;
	AUTO_BUF struct buf text = BUF_INIT;

	memset(c->overlaps, 0, c->packs->rule_count * sizeof(*c->overlaps));
	for (size_t i = 0; i < r->counter_examples.count; i++) {
		const struct pack_text *e = &r->counter_examples.items[i];

		try_example(c, e->text);
		if (!c->hit)
			continue;
		buf_add_str(&text, "matches its counter-example");
		add_shown(&text, e->text);
		tell(c, PACK_ERROR, r, e->line, &text);
	}
	/* What else matches a counter-example may be right to. */
	memset(c->overlaps, 0, c->packs->rule_count * sizeof(*c->overlaps));
	for (size_t i = 0; i < r->examples.count; i++) {
		const struct pack_text *e = &r->examples.items[i];

		try_example(c, e->text);
		if (c->hit)
			continue;
		buf_add_str(&text, "does not match its example");
		add_shown(&text, e->text);
		tell(c, PACK_ERROR, r, e->line, &text);
	}
	for (size_t i = 0; i < c->packs->rule_count; i++) {
		if (!c->overlaps[i])
			continue;
		buf_addf(&text, "an example is matched by %s, too",
			 c->packs->rules[i].id);
		tell(c, PACK_WARNING, r, r->line, &text);
	}
}

static bool same_list(const struct pack_list *a, const struct pack_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].text, b->items[i].text) != 0)
			return false;
	return true;
}

/* Rules of the same expressions are found by sorting, not by pairs. */
static int by_match(const void *a, const void *b)
{
	const struct pack_rule *x = *(const struct pack_rule *const *)a;
	const struct pack_rule *y = *(const struct pack_rule *const *)b;
	int order = strcmp(x->match.items[0].text, y->match.items[0].text);

	return order ? order : (x > y) - (x < y);
}

static void check_repeats(struct checking *c)
{
	AUTO_FREE const struct pack_rule **sorted =
		mem_zero(c->packs->rule_count + 1, sizeof(struct pack_rule *));
	AUTO_BUF struct buf text = BUF_INIT;
	size_t count = 0;

	for (size_t i = 0; i < c->packs->rule_count; i++)
		if (c->packs->rules[i].match.count)
			sorted[count++] = &c->packs->rules[i];
	qsort(sorted, count, sizeof(struct pack_rule *), by_match);
	for (size_t i = 1; i < count; i++) {
		const struct pack_rule *a = sorted[i - 1], *b = sorted[i];

		if (!same_list(&a->match, &b->match) ||
		    !same_list(&a->except, &b->except) ||
		    strcmp(a->when ? a->when : "", b->when ? b->when : "") != 0)
			continue;
		buf_addf(&text, "repeats %s", a->id);
		tell(c, PACK_WARNING, b, b->line, &text);
	}
}

static void check_condition(struct checking *c, const struct pack_rule *r)
{
	AUTO_CONDITION struct condition *when = NULL;
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const char *part;

	if (!r->when || condition_parse(&when, r->when, &err) < 0)
		return; /* loading has told it */
	for (size_t i = 0; (part = condition_part(when, i)); i++) {
		if (packs_find(c->packs, part))
			continue;
		buf_addf(&text, "can never fire: there is no pattern %s", part);
		tell(c, PACK_ERROR, r, r->line, &text);
	}
}

/* The rule alone, so that it is tried on every text. */
static int alone(const struct pack_rule *r, struct pattern_set **ret,
		 struct err *err)
{
	const struct pattern_options opt = {.engine = "pcre2"};
	AUTO_FREE struct slice *texts =
		mem_zero(r->match.count + r->except.count + 1, sizeof(*texts));
	struct pattern_rule rule = {
		.id = r->id,
		.exprs = texts,
		.expr_count = r->match.count,
		.excepts = texts + r->match.count,
		.except_count = r->except.count,
		.caseless = !r->case_sensitive,
	};

	for (size_t i = 0; i < r->match.count; i++)
		texts[i] = slice_of(r->match.items[i].text);
	for (size_t i = 0; i < r->except.count; i++)
		texts[r->match.count + i] = slice_of(r->except.items[i].text);
	return pattern_set_new(ret, &rule, 1, &opt, err);
}

/* A run of each kind of character, put between the words of an example, with
 * an end that nothing expects. */
static bool backtracks(struct checking *c, const struct pattern_set *set,
		       struct pattern_scratch *scratch, const char *example)
{
	static const char *const runs[] = {"a", "0", " ", "a ", "-.", "=,"};
	const struct pattern_sink sink = {ignore_hit, on_fault, c};
	AUTO_BUF struct buf text = BUF_INIT;
	size_t n = strlen(example), places = 0;

	c->faulted = false;
	for (size_t at = 0; at <= n && places < RUN_PLACES; at++) {
		if (at && at < n && isalnum((unsigned char)example[at]) &&
		    isalnum((unsigned char)example[at - 1]))
			continue;
		places++;
		for (size_t k = 0; k < ARRAY_LEN(runs) && !c->faulted; k++) {
			buf_reset(&text);
			buf_add(&text, example, at);
			while (text.len < at + RUN_BYTES)
				buf_add_str(&text, runs[k]);
			buf_add_char(&text, '\1');
			(void)pattern_scan_text(set, scratch, buf_slice(&text),
						0, &sink);
		}
	}
	return c->faulted;
}

static void check_backtracking(struct checking *c, const struct pack_rule *r)
{
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	bool found;

	if (!r->match.count || alone(r, &set, &err) < 0)
		return;
	scratch = pattern_scratch_new(set);
	found = backtracks(c, set, scratch, "");
	for (size_t i = 0; i < r->examples.count && !found; i++)
		found = backtracks(c, set, scratch, r->examples.items[i].text);
	if (!found)
		return;
	buf_add_str(&text, "can backtrack without bound: a repetition stands "
			   "in another, or next to one of the same characters");
	tell(c, PACK_ERROR, r, r->line, &text);
}

static void check_slow(struct checking *c)
{
	AUTO_BUF struct buf text = BUF_INIT;
	const size_t *slow;
	size_t count = pattern_set_slow(c->set, &slow);

	for (size_t i = 0; i < count; i++) {
		const struct pack_rule *r = &c->packs->rules[slow[i]];

		buf_add_str(&text, "nothing in it must occur literally, so it "
				   "is run on every line");
		tell(c, PACK_WARNING, r, r->line, &text);
	}
}

/* Each rule that does not compile, by itself. */
static void check_compiles(struct checking *c)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; i < c->packs->rule_count; i++) {
		AUTO_PATTERN_SET struct pattern_set *set = NULL;
		const struct pack_rule *r = &c->packs->rules[i];
		struct err err = ERR_INIT;

		if (alone(r, &set, &err) == 0)
			continue;
		buf_add_str(&text, err.text);
		tell(c, PACK_ERROR, r, r->line, &text);
	}
}

static int make_set(struct checking *c, struct err *err)
{
	const struct packs *p = c->packs;
	AUTO_FREE struct pattern_rule *rules =
		mem_zero(p->rule_count + 1, sizeof(*rules));
	AUTO_FREE struct slice *texts = NULL;
	size_t used = 0;

	for (size_t i = 0; i < p->rule_count; i++)
		used += p->rules[i].match.count + p->rules[i].except.count;
	texts = mem_zero(used + 1, sizeof(*texts));
	used = 0;
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct pack_rule *r = &p->rules[i];

		rules[i].id = r->id;
		rules[i].caseless = !r->case_sensitive;
		rules[i].exprs = texts + used;
		rules[i].expr_count = r->match.count;
		for (size_t k = 0; k < r->match.count; k++)
			texts[used++] = slice_of(r->match.items[k].text);
		rules[i].excepts = texts + used;
		rules[i].except_count = r->except.count;
		for (size_t k = 0; k < r->except.count; k++)
			texts[used++] = slice_of(r->except.items[k].text);
	}
	return pattern_set_new(&c->set, rules, p->rule_count, NULL, err);
}

size_t packs_check(const struct packs *p,
		   void (*found)(void *arg, const struct pack_finding *f),
		   void *arg)
{
	struct checking c = {.packs = p, .found = found, .arg = arg};
	struct err err = ERR_INIT;

	if (make_set(&c, &err) < 0) {
		check_compiles(&c);
		return c.errors;
	}
	c.scratch = pattern_scratch_new(c.set);
	c.overlaps = mem_zero(p->rule_count + 1, sizeof(*c.overlaps));
	check_slow(&c);
	check_repeats(&c);
	for (size_t i = 0; i < p->rule_count; i++) {
		c.rule = &p->rules[i];
		check_examples(&c);
		check_condition(&c, c.rule);
		check_backtracking(&c, c.rule);
	}
	free(c.overlaps);
	pattern_scratch_free(c.scratch);
	pattern_set_free(c.set);
	fields_scratch_done(&c.fields);
	return c.errors;
}
