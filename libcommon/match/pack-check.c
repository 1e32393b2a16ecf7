/* pack-check.c - what the author of a rule would want to know. */
#include "pack-check.h"

#include <oncall/fields.h>
#include <oncall/mem.h>
#include <oncall/pattern-explain.h>
#include <oncall/show.h>

#define SHOWN_BYTES 100 /* of an example in a finding */

struct examining {
	struct pack_checking *checking;
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	struct fields_scratch fields;
	size_t rule; /* whose example is looked at */
	bool hit;    /* it matched */
	bool paired; /* others that did are noted */
	/* Pairs of rules of which one matches an example of the other; each is
	 * told once. */
	struct map pairs;
};

void pack_check_tell(struct pack_checking *c, enum pack_finding_kind kind,
		     const struct pack_rule *rule, size_t line,
		     struct buf *text)
{
	const struct pack_finding f = {kind, rule, line, buf_str(text)};

	c->errors += kind == PACK_ERROR;
	c->found(c->arg, &f);
	buf_reset(text);
}

static void tell_overlap(struct examining *e, size_t other)
{
	const struct pack_rule *rules = e->checking->packs->rules;
	const struct pack_rule *r = &rules[e->rule], *o = &rules[other];
	const size_t pair[2] = {e->rule < other ? e->rule : other,
				e->rule < other ? other : e->rule};
	const struct slice key = {(const char *)pair, sizeof(pair)};
	AUTO_BUF struct buf text = BUF_INIT;

	/* A part of conditions tells nothing by itself. */
	if (r->silent || o->silent || map_get(&e->pairs, key))
		return;
	*map_put(&e->pairs, key) = e;
	buf_addf(&text, "overlap: an example is matched by %s, too", o->id);
	pack_check_tell(e->checking, PACK_WARNING, r, r->line, &text);
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct examining *e = arg;

	if (hit->rule == e->rule)
		e->hit = true;
	else if (e->paired)
		tell_overlap(e, hit->rule);
	return 0;
}

static void explain_miss(struct examining *e, struct slice seen,
			 struct buf *text)
{
	const struct pack_rule *r = &e->checking->packs->rules[e->rule];
	struct pattern_near near;

	pattern_explain(e->set, e->rule, seen, &near);
	if (near.outcome == PATTERN_EXCEPTED) {
		buf_addf(text, "; the exception \"");
		show_text(text, r->except.items[near.expr].text,
			  strlen(r->except.items[near.expr].text), SHOWN_BYTES);
		buf_add_str(text, "\" takes it away");
	} else if (near.outcome == PATTERN_NEAR) {
		buf_add_str(text, "; it fits up to \"");
		show_text(text, near.text.ptr, near.text.len, SHOWN_BYTES);
		buf_add_char(text, '"');
	}
}

/* An example is read as a line of a log would be. */
static void try_example(struct examining *e, const struct pack_text *example,
			bool wanted)
{
	const struct pattern_sink sink = {.hit = on_hit, .arg = e};
	const struct pack_rule *r = &e->checking->packs->rules[e->rule];
	AUTO_BUF struct buf text = BUF_INIT;
	struct fields f;

	e->hit = false;
	e->paired = wanted; /* what else has a counter-example may be right */
	fields_read(&f, slice_of(example->text), NULL, 0, &e->fields);
	(void)pattern_scan_text(e->set, e->scratch, f.text, 0, &sink);
	if (e->hit == wanted)
		return;
	buf_add_str(&text, wanted ? "does not match its example: "
				  : "matches its counter-example: ");
	show_text(&text, example->text, strlen(example->text), SHOWN_BYTES);
	if (wanted)
		explain_miss(e, f.text, &text);
	pack_check_tell(e->checking, PACK_ERROR, r,
			example->line ? example->line : r->line, &text);
}

static void check_examples(struct examining *e)
{
	const struct pack_rule *r = &e->checking->packs->rules[e->rule];

	for (size_t i = 0; i < r->examples.count; i++)
		try_example(e, &r->examples.items[i], true);
	for (size_t i = 0; i < r->counter_examples.count; i++)
		try_example(e, &r->counter_examples.items[i], false);
}

static void check_slow(struct examining *e)
{
	AUTO_BUF struct buf text = BUF_INIT;
	const size_t *slow;
	size_t count = pattern_set_slow(e->set, &slow);

	for (size_t i = 0; i < count; i++) {
		const struct pack_rule *r = &e->checking->packs->rules[slow[i]];

		buf_add_str(&text, "nothing in it must occur literally, so it "
				   "is run on every line");
		pack_check_tell(e->checking, PACK_WARNING, r, r->line, &text);
	}
}

static const struct slice *slices_of(const struct pack_list *list,
				     struct slice *all, size_t *used)
{
	const struct slice *start = all + *used;

	for (size_t i = 0; i < list->count; i++)
		all[(*used)++] = slice_of(list->items[i].text);
	return start;
}

static int make_set(const struct pack_rule *rules, size_t count,
		    struct pattern_set **ret, struct err *err)
{
	AUTO_FREE struct pattern_rule *list =
		mem_zero(count + 1, sizeof(*list));
	AUTO_FREE struct slice *texts = NULL;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		used += rules[i].match.count + rules[i].except.count;
	texts = mem_zero(used + 1, sizeof(*texts));
	used = 0;
	for (size_t i = 0; i < count; i++) {
		list[i].id = rules[i].id;
		list[i].exprs = slices_of(&rules[i].match, texts, &used);
		list[i].expr_count = rules[i].match.count;
		list[i].excepts = slices_of(&rules[i].except, texts, &used);
		list[i].except_count = rules[i].except.count;
		list[i].caseless = !rules[i].case_sensitive;
	}
	return pattern_set_new(ret, list, count, NULL, err);
}

/* Each rule that does not compile, by itself; the set's own error when all do,
 * since there are too many then. */
static void check_compiles(struct pack_checking *c, const struct err *all)
{
	AUTO_BUF struct buf text = BUF_INIT;
	size_t before = c->errors;

	for (size_t i = 0; i < c->packs->rule_count; i++) {
		AUTO_PATTERN_SET struct pattern_set *set = NULL;
		const struct pack_rule *r = &c->packs->rules[i];
		struct err err = ERR_INIT;

		if (make_set(r, 1, &set, &err) == 0)
			continue;
		buf_add_str(&text, err.text);
		pack_check_tell(c, PACK_ERROR, r, r->line, &text);
	}
	if (c->errors > before)
		return;
	buf_add_str(&text, all->text);
	pack_check_tell(c, PACK_ERROR, &c->packs->rules[0],
			c->packs->rules[0].line, &text);
}

static void examining_done(struct examining *e)
{
	pattern_scratch_free(e->scratch);
	pattern_set_free(e->set);
	fields_scratch_done(&e->fields);
	map_done(&e->pairs, NULL);
}

size_t pack_check(const struct packs *p,
		  void (*found)(void *arg, const struct pack_finding *f),
		  void *arg)
{
	struct pack_checking c = {.packs = p, .found = found, .arg = arg};
	CLEANUP(examining_done) struct examining e = {.checking = &c};
	struct err err = ERR_INIT;

	pack_check_rules(&c);
	if (make_set(p->rules, p->rule_count, &e.set, &err) < 0) {
		check_compiles(&c, &err);
		return c.errors;
	}
	e.scratch = pattern_scratch_new(e.set);
	check_slow(&e);
	for (size_t i = 0; i < p->rule_count; i++) {
		e.rule = i;
		check_examples(&e);
		pack_check_time(&c, &p->rules[i]);
	}
	return c.errors;
}
