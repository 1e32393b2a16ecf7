/* pack-check-rules.c - rules that repeat others, or can never do anything. */
#include "pack-check.h"

#include <oncall/condition.h>
#include <oncall/mem.h>

static int compare_lists(const struct pack_list *a, const struct pack_list *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int order = strcmp(a->items[i].text, b->items[i].text);

		if (order)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

/* 0: they fire on the same lines. */
static int compare_rules(const struct pack_rule *x, const struct pack_rule *y)
{
	int order = compare_lists(&x->match, &y->match);

	if (!order)
		order = compare_lists(&x->except, &y->except);
	if (!order)
		order = strcmp(x->when ? x->when : "", y->when ? y->when : "");
	if (!order)
		order = x->case_sensitive - y->case_sensitive;
	return order;
}

static int by_match(const void *a, const void *b)
{
	const struct pack_rule *x = *(const struct pack_rule *const *)a;
	const struct pack_rule *y = *(const struct pack_rule *const *)b;
	int order = compare_rules(x, y);

	return order ? order : (x > y) - (x < y);
}

/* Equal rules are found by sorting, not by pairs. */
static void check_repeats(struct pack_checking *c)
{
	size_t count = c->packs->rule_count;
	AUTO_FREE const struct pack_rule **sorted =
		mem_zero(count + 1, sizeof(struct pack_rule *));
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &c->packs->rules[i];
	qsort(sorted, count, sizeof(struct pack_rule *), by_match);
	for (size_t i = 1; i < count; i++) {
		const struct pack_rule *a = sorted[i - 1], *b = sorted[i];

		if (compare_rules(a, b) != 0)
			continue;
		buf_addf(&text, "repeats %s", a->id);
		pack_check_tell(c, PACK_WARNING, b, b->line, &text);
	}
}

/* The conditions of all rules. */
struct whens {
	struct condition_rule *rules;
	size_t count;
	struct map parts; /* rules that conditions name */
};

static void whens_done(struct whens *w)
{
	for (size_t i = 0; i < w->count; i++) {
		/* They are const for those who use them; here they are ours. */
		union {
			const struct condition *lent;
			struct condition *own;
		} when = {.lent = w->rules[i].when};

		condition_free(when.own);
	}
	free(w->rules);
	map_done(&w->parts, NULL);
}

/* What cannot be read was refused by loading, so it is not told again. */
static void read_whens(const struct packs *p, struct whens *w)
{
	w->rules = mem_zero(p->rule_count + 1, sizeof(*w->rules));
	w->count = p->rule_count;
	for (size_t i = 0; i < p->rule_count; i++) {
		struct condition *when = NULL;
		struct err ignored = ERR_INIT;
		const char *part;

		w->rules[i].id = p->rules[i].id;
		if (!p->rules[i].when ||
		    condition_parse(&when, p->rules[i].when, &ignored) < 0)
			continue;
		w->rules[i].when = when;
		for (size_t k = 0; (part = condition_part(when, k)); k++)
			*map_put(&w->parts, slice_of(part)) = w;
	}
}

/* False when a condition names a rule that is not there. */
static bool check_parts(struct pack_checking *c, const struct whens *w)
{
	AUTO_BUF struct buf text = BUF_INIT;
	bool all = true;

	for (size_t i = 0; i < w->count; i++) {
		const struct pack_rule *r = &c->packs->rules[i];
		const char *part;

		for (size_t k = 0; w->rules[i].when &&
				   (part = condition_part(w->rules[i].when, k));
		     k++) {
			if (pack_find(c->packs, part))
				continue;
			all = false;
			buf_addf(&text,
				 "can never fire: there is no pattern %s",
				 part);
			pack_check_tell(c, PACK_ERROR, r, r->line, &text);
		}
	}
	return all;
}

/* The first rule that the message names. */
static const struct pack_rule *blamed(const struct packs *p,
				      const char *message)
{
	for (size_t i = 0; i < p->rule_count; i++) {
		AUTO_FREE char *quoted = mem_printf("'%s'", p->rules[i].id);

		if (p->rules[i].when && strstr(message, quoted))
			return &p->rules[i];
	}
	return &p->rules[0];
}

static void check_circles(struct pack_checking *c, const struct whens *w)
{
	AUTO_CONDITIONS struct conditions *all = NULL;
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const struct pack_rule *r;

	if (conditions_new(&all, w->rules, w->count, &err) == 0)
		return;
	r = blamed(c->packs, err.text);
	buf_addf(&text, "can never fire: %s", err.text);
	pack_check_tell(c, PACK_ERROR, r, r->line, &text);
}

static void check_silent(struct pack_checking *c, const struct whens *w)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; i < w->count; i++) {
		const struct pack_rule *r = &c->packs->rules[i];

		if (!r->silent || map_get(&w->parts, slice_of(r->id)))
			continue;
		buf_add_str(&text, "detects nothing, and no condition names "
				   "it");
		pack_check_tell(c, PACK_WARNING, r, r->line, &text);
	}
}

void pack_check_rules(struct pack_checking *c)
{
	CLEANUP(whens_done) struct whens w = {.parts = MAP_INIT};

	check_repeats(c);
	read_whens(c->packs, &w);
	if (check_parts(c, &w))
		check_circles(c, &w);
	check_silent(c, &w);
}
