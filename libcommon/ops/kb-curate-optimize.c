/* kb-curate-optimize.c - what can be mended without a person. */
#include <oncall/kb-curate.h>

#include <oncall/clock.h>
#include <oncall/generalise.h>
#include <oncall/mem.h>

#include "kb-curate-internal.h"
#include "kb-internal.h"

struct optimize {
	struct kb *kb;
	bool apply;
	struct knowledge all;
	void (*found)(void *arg, const struct kb_finding *f);
	void *arg;
};

static void tell(const struct optimize *o, const struct knowledge_entry *e,
		 const char *what, const char *other, const char *example)
{
	const struct kb_finding f = {e->id, what, other, example};

	o->found(o->arg, &f);
}

/* ---- merging ---- */

static void add_list(struct knowledge_list *to,
		     const struct knowledge_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		(void)knowledge_list_add(to, from->items[i]);
}

static bool has_pattern(const struct knowledge_entry *e,
			const struct knowledge_pattern *p)
{
	for (size_t i = 0; i < e->pattern_count; i++) {
		const struct knowledge_pattern *q = &e->patterns[i];

		if ((p->rule && q->rule && !strcmp(p->rule, q->rule)) ||
		    (p->match && q->match && !strcmp(p->match, q->match)))
			return true;
	}
	return false;
}

static void add_patterns(struct knowledge_entry *to,
			 const struct knowledge_entry *from)
{
	for (size_t i = 0; i < from->pattern_count; i++) {
		const struct knowledge_pattern *p = &from->patterns[i];
		struct knowledge_pattern *mine;

		if (has_pattern(to, p))
			continue;
		mine = knowledge_pattern_add(to, p->rule, p->match);
		mine->case_sensitive = p->case_sensitive;
		add_list(&mine->except, &p->except);
	}
}

static void add_solutions(struct knowledge_entry *to,
			  const struct knowledge_entry *from)
{
	for (size_t i = 0; i < from->solution_count; i++) {
		const struct knowledge_solution *s = &from->solutions[i];
		struct knowledge_solution *mine;

		if (knowledge_solution_find(to, s->name))
			continue;
		mine = knowledge_solution_add(to, s->name);
		knowledge_set(&mine->action, s->action);
		knowledge_set(&mine->params, s->params);
		mine->confidence = s->confidence;
	}
}

static int merge_into(void *arg, struct knowledge_entry *to, struct err *err)
{
	const struct knowledge_entry *from = arg;

	if (!to->description)
		knowledge_set(&to->description, from->description);
	add_patterns(to, from);
	add_list(&to->keywords, &from->keywords);
	add_list(&to->causes, &from->causes);
	add_list(&to->services, &from->services);
	add_list(&to->tags, &from->tags);
	add_list(&to->examples, &from->examples);
	add_list(&to->counter_examples, &from->counter_examples);
	add_solutions(to, from);
	return knowledge_check(to, err) < 0 ? -1 : 1;
}

/* Outcomes of one become those of the other, behind its own. */
static int move_outcomes(struct kb *kb, const char *to, const char *from,
			 struct err *err)
{
	return STORE_RUN(kb->o.store, err,
			 "UPDATE outcomes SET entry = $1, seq = seq + "
			 "(SELECT COALESCE(MAX(o.seq), 0) FROM outcomes o "
			 "WHERE o.entry = $1) WHERE entry = $2",
			 S_TEXT(to), S_TEXT(from)) < 0
		       ? -1
		       : 0;
}

struct merge {
	struct optimize *o;
	const struct knowledge_entry *to;
	struct knowledge_entry *from;
};

static int run_merge(void *arg, struct err *err)
{
	const struct merge *m = arg;
	const struct kb_edit edit = {.what = "merged",
				     .cause = m->from->id,
				     .edit = merge_into,
				     .arg = m->from};

	if (kb_edit(m->o->kb, m->to->id, &edit, err) < 0 ||
	    move_outcomes(m->o->kb, m->to->id, m->from->id, err) < 0)
		return -1;
	return kb_remove(m->o->kb, m->from->id, m->to->id, err);
}

static int merge(struct optimize *o, const struct knowledge_entry *to,
		 struct knowledge_entry *from, struct err *err)
{
	struct merge m = {o, to, from};

	tell(o, from, "is merged into another entry", to->id, NULL);
	return o->apply ? store_transact(o->kb->o.store, run_merge, &m, err)
			: 0;
}

/* ---- pruning ---- */

static int created(struct kb *kb, const char *id, int64_t *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		kb->o.store, err, "SELECT updated FROM entries WHERE id = $1",
		S_TEXT(id));
	int got;

	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	*ret = got ? store_int(rows, 0) : clock_now();
	return 0;
}

static int prune_proposal(struct optimize *o, const struct knowledge_entry *e,
			  struct err *err)
{
	struct kb_hits hits;
	int64_t since;

	if (created(o->kb, e->id, &since, err) < 0 ||
	    kb_hits(o->kb, e->id, KB_HITS_ALL, &hits, err) < 0)
		return -1;
	if (hits.count || clock_now() - since < KB_CURATE_PROPOSAL_MS)
		return 0;
	tell(o, e, "is removed: nobody has accepted it", NULL, NULL);
	return o->apply ? kb_remove(o->kb, e->id, "nobody accepted it", err)
			: 0;
}

static int take_solution(void *arg, struct knowledge_entry *e, struct err *err)
{
	struct knowledge_solution *s = knowledge_solution_find(e, arg);

	(void)err;
	if (!s)
		return 0;
	knowledge_solution_remove(e, (size_t)(s - e->solutions));
	return 1;
}

static int prune_solutions(struct optimize *o, const struct knowledge_entry *e,
			   struct err *err)
{
	for (size_t i = 0; i < e->solution_count; i++) {
		struct knowledge_solution *s = &e->solutions[i];
		const struct kb_edit edit = {.what = "solution removed",
					     .cause = "it mostly fails",
					     .edit = take_solution,
					     .arg = s->name};
		bool fails;

		if (kb_curate_fails(o->kb, e, s, &fails, err) < 0)
			return -1;
		if (!fails)
			continue;
		tell(o, e, "loses a solution that mostly fails", s->name, NULL);
		if (o->apply && kb_edit(o->kb, e->id, &edit, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- generalising ---- */

struct made {
	struct optimize *o;
	const struct knowledge_entry *e;
	struct knowledge_list exprs;
};

static void on_made(void *arg, const struct generalise_made *m)
{
	struct made *made = arg;
	AUTO_BUF struct buf expr = BUF_INIT;

	buf_add_slice(&expr, m->expr);
	tell(made->o, made->e, "gets a pattern from its examples", NULL,
	     buf_str(&expr));
	(void)knowledge_list_add(&made->exprs, buf_str(&expr));
}

static int add_made(void *arg, struct knowledge_entry *e, struct err *err)
{
	const struct knowledge_list *exprs = arg;

	for (size_t i = 0; i < exprs->count; i++)
		(void)knowledge_pattern_add(e, NULL, exprs->items[i]);
	return knowledge_check(e, err) < 0 ? -1 : 1;
}

/* Messages of all other entries are what it must not match. */
static size_t negatives_for(const struct optimize *o,
			    const struct knowledge_entry *e, struct slice **ret)
{
	size_t count = 0, cap = 0;

	*ret = NULL;
	for (size_t i = 0; i < o->all.count; i++) {
		const struct knowledge_entry *other = &o->all.entries[i];

		if (!strcmp(other->id, e->id))
			continue;
		for (size_t k = 0; k < other->examples.count; k++) {
			if (count == cap) {
				cap = cap ? 2 * cap : 64;
				*ret = mem_resize(*ret, cap, sizeof(**ret));
			}
			(*ret)[count++] = slice_of(other->examples.items[k]);
		}
	}
	return count;
}

static int generalise_entry(struct optimize *o, const struct knowledge_entry *e,
			    struct err *err)
{
	struct made made = {.o = o, .e = e};
	struct slice *negatives, *examples;
	size_t negative_count;
	int rc = 0;

	if (e->pattern_count || e->examples.count < 2)
		return 0;
	negative_count = negatives_for(o, e, &negatives);
	examples = mem_zero(e->examples.count, sizeof(*examples));
	for (size_t i = 0; i < e->examples.count; i++)
		examples[i] = slice_of(e->examples.items[i]);
	(void)generalise(examples, e->examples.count, negatives, negative_count,
			 on_made, &made);
	if (made.exprs.count && o->apply)
		rc = kb_edit(o->kb, e->id,
			     &(struct kb_edit){.what = "generalised",
					       .edit = add_made,
					       .arg = &made.exprs},
			     err);
	while (made.exprs.count)
		(void)knowledge_list_remove(&made.exprs, made.exprs.items[0]);
	free(made.exprs.items);
	free(examples);
	free(negatives);
	return rc < 0 ? -1 : 0;
}

/* ---- all of them ---- */

static int optimize_entry(struct optimize *o, struct knowledge_entry *e,
			  struct map *titles, struct err *err)
{
	AUTO_BUF struct buf key = BUF_INIT;
	const struct knowledge_entry *first;
	void **place;

	if (kb_curate_from_pack(e))
		return 0;
	kb_curate_title(&key, e);
	buf_addf(&key, "\n%s", e->category ? e->category : "");
	place = map_put(titles, buf_slice(&key));
	first = *place;
	if (first)
		return merge(o, first, e, err);
	*place = e;
	if (e->status == KNOWLEDGE_PROPOSED)
		return prune_proposal(o, e, err);
	if (prune_solutions(o, e, err) < 0)
		return -1;
	return generalise_entry(o, e, err);
}

int kb_optimize(struct kb *kb, bool apply,
		void (*found)(void *arg, const struct kb_finding *f), void *arg,
		struct err *err)
{
	struct optimize o = {
		.kb = kb, .apply = apply, .found = found, .arg = arg};
	struct map titles = MAP_INIT;
	int rc = kb_needs_store(kb, err);

	if (rc == 0)
		rc = kb_each(kb, kb_curate_gather, &o.all, err);
	for (size_t i = 0; i < o.all.count && rc == 0; i++)
		rc = optimize_entry(&o, &o.all.entries[i], &titles, err);
	map_done(&titles, NULL);
	knowledge_free_all(&o.all);
	return rc;
}
