/* detector.c - a detector from packs, and what it counts. */
#include "detector-internal.h"

#include <oncall/jwrite.h>
#include <oncall/mem.h>

/* The expressions of a list as the engine takes them, behind those that are in
 * all already. */
static const struct slice *list_slices(const struct pack_list *list,
				       struct slice *all, size_t *used)
{
	const struct slice *start = all + *used;

	for (size_t i = 0; i < list->count; i++)
		all[(*used)++] = slice_of(list->items[i].text);
	return start;
}

static size_t expression_count(const struct packs *packs)
{
	size_t n = 0;

	for (size_t i = 0; i < packs->rule_count; i++)
		n += packs->rules[i].match.count + packs->rules[i].except.count;
	return n;
}

/* Says where the rule stands that the engine complains about. */
static int blame(const struct packs *packs, const struct pattern_rule *rules,
		 const struct pattern_options *opt, struct err *err)
{
	for (size_t i = 0; i < packs->rule_count; i++) {
		AUTO_PATTERN_SET struct pattern_set *one = NULL;
		struct err why = ERR_INIT;

		if (pattern_set_new(&one, &rules[i], 1, opt, &why) == 0)
			continue;
		if (packs->rules[i].file)
			(void)err_prefix(&why, "%s:%zu", packs->rules[i].file,
					 packs->rules[i].line);
		*err = why;
		break;
	}
	return -1;
}

static int make_set(struct detector *d, const struct detector_options *opt,
		    struct err *err)
{
	const struct pattern_options options = {.engine = opt->engine,
						.cache_dir = opt->cache_dir};
	const struct packs *packs = d->packs;
	AUTO_FREE struct pattern_rule *rules =
		mem_zero(packs->rule_count + 1, sizeof(*rules));
	AUTO_FREE struct slice *texts =
		mem_zero(expression_count(packs) + 1, sizeof(*texts));
	size_t used = 0;

	for (size_t i = 0; i < packs->rule_count; i++) {
		const struct pack_rule *r = &packs->rules[i];

		rules[i].id = r->id;
		rules[i].exprs = list_slices(&r->match, texts, &used);
		rules[i].expr_count = r->match.count;
		rules[i].excepts = list_slices(&r->except, texts, &used);
		rules[i].except_count = r->except.count;
		rules[i].caseless = !r->case_sensitive;
	}
	if (pattern_set_new(&d->set, rules, packs->rule_count, &options, err) ==
	    0)
		return 0;
	return err->kind == ERR_USAGE ? blame(packs, rules, &options, err) : -1;
}

/* What does not depend on the line, up to the title; written once. */
static void write_opening(struct detector_rule *rule)
{
	const struct pack_rule *r = rule->pack;
	struct buf *out = &rule->opening;

	jwrite_str(out, "kind",
		   rule->when ? condition_kind(rule->when) : "pattern");
	jwrite_str(out, "pattern", r->id);
	jwrite_str_opt(out, "category", r->category);
	if (r->tags.count) {
		jwrite_open(out, "tags", '[');
		for (size_t i = 0; i < r->tags.count; i++)
			jwrite_str(out, NULL, r->tags.items[i].text);
		jwrite_close(out, ']');
	}
	buf_add_str(out, ",\"title\":\"");
}

static int make_rule(struct detector_rule *rule, const struct pack_rule *r,
		     struct err *err)
{
	int failed = 0;

	rule->pack = r;
	rule->stats.id = r->id;
	rule->service = facts_key(slice_of(r->service));
	rule->id = slice_of(r->id);
	rule->severity = slice_of(severity_name(r->severity));
	if (r->title)
		failed = template_new(&rule->title, r->title, err);
	if (!failed && r->when)
		failed = condition_parse(&rule->when, r->when, err);
	if (!failed)
		write_opening(rule);
	if (failed && r->file)
		(void)err_prefix(err, "%s:%zu", r->file, r->line);
	return failed;
}

static int make_conditions(struct detector *d, struct err *err)
{
	AUTO_FREE struct condition_rule *rules =
		mem_zero(d->rule_count + 1, sizeof(*rules));

	for (size_t i = 0; i < d->rule_count; i++) {
		rules[i].id = d->rules[i].pack->id;
		rules[i].when = d->rules[i].when;
		rules[i].cool_down_ms = d->rules[i].pack->cool_down_ms;
	}
	if (conditions_new(&d->conditions, rules, d->rule_count, err) < 0)
		return -1;
	for (size_t i = 0; i < d->rule_count; i++) {
		d->rules[i].plain = conditions_plain(d->conditions, i);
		d->timed |= !d->rules[i].plain;
	}
	return 0;
}

int detector_new(struct detector **ret, const struct packs *packs,
		 const struct detector_options *opt, struct err *err)
{
	AUTO_DETECTOR struct detector *d = mem_zero(1, sizeof(*d));

	d->opt = *opt;
	d->packs = packs;
	d->rules = mem_zero(packs->rule_count + 1, sizeof(*d->rules));
	d->rule_count = packs->rule_count;
	for (size_t i = 0; i < d->rule_count; i++)
		if (make_rule(&d->rules[i], &packs->rules[i], err) < 0)
			return -1;
	if (make_set(d, opt, err) < 0 || make_conditions(d, err) < 0)
		return -1;
	*ret = TAKE_PTR(d);
	return 0;
}

void detector_free(struct detector *d)
{
	if (!d)
		return;
	conditions_free(d->conditions);
	for (size_t i = 0; i < d->rule_count; i++) {
		template_free(d->rules[i].title);
		condition_free(d->rules[i].when);
		buf_done(&d->rules[i].opening);
		buf_done(&d->rules[i].folded);
	}
	free(d->rules);
	free(d->streams);
	pattern_set_free(d->set);
	buf_done(&d->scratch);
	buf_done(&d->hit_scratch);
	buf_done(&d->record);
	jscan_done(&d->scan);
	jscan_done(&d->hit_scan);
	free(d);
}

const struct pattern_set *detector_set(const struct detector *d)
{
	return d->set;
}

struct detector_stats detector_stats(const struct detector *d)
{
	return d->stats;
}

size_t detector_rule_count(const struct detector *d)
{
	return d->rule_count;
}

struct detector_rule_stats detector_rule_stats(const struct detector *d,
					       size_t rule)
{
	return d->rules[rule].stats;
}
