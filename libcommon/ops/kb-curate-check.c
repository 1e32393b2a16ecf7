/* kb-curate-check.c - what a person should look at in a knowledge base. */
#include <oncall/kb-curate.h>

#include <oncall/pack.h>
#include <oncall/stored-rules.h>

#include "kb-curate-internal.h"

#define HITS_LOOKED_AT 10 /* entries that one example may find */

struct check {
	struct kb *kb;
	struct kb_index *index;
	struct knowledge all;
	struct map ids, titles, expressions; /* to entries */
	struct packs rules;
	void (*found)(void *arg, const struct kb_finding *f);
	void *arg;
};

static void tell(const struct check *c, const struct knowledge_entry *e,
		 const char *what, const char *other, const char *example)
{
	const struct kb_finding f = {e->id, what, other, example};

	c->found(c->arg, &f);
}

static bool related(const struct knowledge_entry *a,
		    const struct knowledge_entry *b)
{
	return (a->parent && !strcmp(a->parent, b->id)) ||
	       (b->parent && !strcmp(b->parent, a->id));
}

static void check_duplicate(struct check *c, struct knowledge_entry *e)
{
	AUTO_BUF struct buf title = BUF_INIT;
	const struct knowledge_entry *first;
	void **place;

	kb_curate_title(&title, e);
	place = map_put(&c->titles, buf_slice(&title));
	first = *place;
	if (first)
		tell(c, e, "has the same title as another entry", first->id,
		     NULL);
	else
		*place = e;
}

static bool same_category(const struct knowledge_entry *a,
			  const struct knowledge_entry *b)
{
	return !strcmp(a->category ? a->category : "",
		       b->category ? b->category : "");
}

static void check_pattern(struct check *c, struct knowledge_entry *e,
			  const struct knowledge_pattern *p)
{
	const struct knowledge_entry *first;
	void **place;

	if (p->rule && !pack_find(&c->rules, p->rule))
		tell(c, e, "refers to a pattern that no pack has", p->rule,
		     NULL);
	place = map_put(&c->expressions,
			slice_of(p->rule ? p->rule : p->match));
	first = *place;
	if (!first)
		*place = e;
	else if (first != e && !related(first, e))
		tell(c, e,
		     same_category(first, e)
			     ? "has a pattern that another entry has, too"
			     : "has a pattern that stands in another entry "
			       "with another category",
		     first->id, p->rule ? p->rule : p->match);
}

/* Expressions are counted in their order; those of rules come between. */
static int check_hits(struct check *c, const struct knowledge_entry *e,
		      struct err *err)
{
	struct kb_hits all;

	if (!e->pattern_count || kb_curate_from_pack(e))
		return 0;
	if (kb_hits(c->kb, e->id, KB_HITS_ALL, &all, err) < 0)
		return -1;
	if (!all.count) {
		tell(c, e, "has patterns that never matched", NULL, NULL);
		return 0;
	}
	for (size_t i = 0; i < e->pattern_count; i++) {
		struct kb_hits hits;

		if (e->patterns[i].rule)
			return 0;
		if (kb_hits(c->kb, e->id, (int64_t)i, &hits, err) < 0)
			return -1;
		if (!hits.count)
			tell(c, e, "has a pattern that never matched", NULL,
			     e->patterns[i].match);
	}
	return 0;
}

static int check_solutions(struct check *c, const struct knowledge_entry *e,
			   struct err *err)
{
	if (!e->solution_count && !kb_curate_from_pack(e))
		tell(c, e, "has no solution", NULL, NULL);
	for (size_t i = 0; i < e->solution_count; i++) {
		bool fails;

		if (kb_curate_fails(c->kb, e, &e->solutions[i], &fails, err) <
		    0)
			return -1;
		if (fails)
			tell(c, e, "has a solution that mostly fails",
			     e->solutions[i].name, NULL);
	}
	return 0;
}

/* A message that belongs to one entry and that a pattern of another matches,
 * which is better than any of its own. */
static int check_example(struct check *c, const struct knowledge_entry *e,
			 const char *example, struct err *err)
{
	struct search_hit hits[HITS_LOOKED_AT];
	const struct search_query q = {.text = slice_of(example),
				       .limit = HITS_LOOKED_AT};
	double own = 0;
	size_t count;

	if (search_find(kb_index_search(c->index), &q, hits, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (slice_is(hits[i].key, e->id))
			own = hits[i].pattern;
	for (size_t i = 0; i < count; i++) {
		const struct knowledge_entry *other =
			map_get(&c->ids, hits[i].key);

		if (other && other != e && hits[i].pattern > own &&
		    !related(other, e))
			tell(c, e,
			     "has an example that a pattern of another entry "
			     "matches better",
			     other->id, example);
	}
	return 0;
}

static int check_entry(struct check *c, struct knowledge_entry *e,
		       struct err *err)
{
	check_duplicate(c, e);
	for (size_t i = 0; i < e->pattern_count; i++)
		check_pattern(c, e, &e->patterns[i]);
	if (e->parent && !map_get(&c->ids, slice_of(e->parent)))
		tell(c, e, "is part of an entry that does not exist", e->parent,
		     NULL);
	if (check_hits(c, e, err) < 0 || check_solutions(c, e, err) < 0)
		return -1;
	for (size_t i = 0; i < e->examples.count; i++)
		if (check_example(c, e, e->examples.items[i], err) < 0)
			return -1;
	return 0;
}

static int gather(struct check *c, struct err *err)
{
	struct store *store = kb_store(c->kb);

	if (kb_each(c->kb, kb_curate_gather, &c->all, err) < 0 ||
	    pack_load_all(&c->rules, err) < 0 ||
	    (store && stored_rules_load(store, &c->rules, err) < 0))
		return -1;
	for (size_t i = 0; i < c->all.count; i++)
		*map_put(&c->ids, slice_of(c->all.entries[i].id)) =
			&c->all.entries[i];
	return 0;
}

int kb_check(struct kb *kb, struct kb_index *index,
	     void (*found)(void *arg, const struct kb_finding *f), void *arg,
	     struct err *err)
{
	struct check c = {.kb = kb, .index = index, .found = found, .arg = arg};
	int rc = gather(&c, err);

	for (size_t i = 0; i < c.all.count && rc == 0; i++)
		rc = check_entry(&c, &c.all.entries[i], err);
	map_done(&c.ids, NULL);
	map_done(&c.titles, NULL);
	map_done(&c.expressions, NULL);
	knowledge_free_all(&c.all);
	pack_done(&c.rules);
	return rc;
}
