/*
 * false-positive.c - what rules must not match any more. The expressions stand
 * in a table of their own and are added to a rule when it is loaded, so that a
 * newer version of its pack keeps them and undoing removes just them.
 */
#include <oncall/false-positive.h>

#include <jansson.h>

#include <oncall/clock.h>
#include <oncall/generalise.h>
#include <oncall/mem.h>
#include <oncall/timeline.h>
#include <oncall/when.h>

#include "kb-learn-internal.h"

#define MET_SCORE 0.5 /* from this on the incident went by that entry */

void false_positive_done(struct false_positive *f)
{
	free(f->rule);
	free(f->entry);
	kb_learn_list_done(&f->exprs);
	*f = (struct false_positive){.rule = NULL};
}

/* ---- the plan ---- */

/* What other incidents of the rule said; those that nobody has looked at yet
 * may be false, too. */
static int real_messages(struct store *s, const struct incident *inc,
			 struct knowledge_list *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err,
		"SELECT d.records FROM incidents i JOIN first_detections d ON "
		"d.incident = i.num WHERE i.pattern = $1 AND i.num <> $2 AND "
		"i.false_positive = 0 AND i.simulated = 0 AND "
		"i.status <> 'open' ORDER BY i.num DESC LIMIT 2000",
		S_SLICE(inc->pattern), S_INT(inc->num));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		kb_learn_messages(ret, store_text(rows, 0));
	return got;
}

static void add_expr(void *arg, const struct generalise_made *m)
{
	AUTO_FREE char *text = mem_dup_bytes(m->expr.ptr, m->expr.len);

	(void)knowledge_list_add(arg, text);
}

static void make_exprs(const struct knowledge_list *ours,
		       const struct knowledge_list *others,
		       struct knowledge_list *ret)
{
	AUTO_FREE struct slice *messages =
		mem_zero(ours->count + 1, sizeof(*messages));
	AUTO_FREE struct slice *negatives =
		mem_zero(others->count + 1, sizeof(*negatives));

	for (size_t i = 0; i < ours->count; i++)
		messages[i] = slice_of(ours->items[i]);
	for (size_t i = 0; i < others->count; i++)
		negatives[i] = slice_of(others->items[i]);
	(void)generalise_narrow(messages, ours->count, negatives, others->count,
				add_expr, ret);
}

/* The entry that the incident was given first. */
static int find_entry(struct kb *kb, int64_t num, char **ret, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int got = kb_knowledge_of(kb, num, &text, err);
	const json_t *best;
	json_t *all;

	if (got <= 0)
		return got;
	all = json_loadb(text.data, text.len, 0, NULL);
	best = json_array_get(all, 0);
	if (json_number_value(json_object_get(best, "score")) >= MET_SCORE)
		*ret = mem_dup(
			json_string_value(json_object_get(best, "entry")));
	json_decref(all);
	return 0;
}

static int plan(struct kb *kb, const struct kb_learn_facts *f,
		struct false_positive *ret, struct err *err)
{
	CLEANUP(kb_learn_list_done) struct knowledge_list others = {NULL, 0};

	if (f->inc.pattern.len)
		ret->rule =
			mem_dup_bytes(f->inc.pattern.ptr, f->inc.pattern.len);
	if (!ret->rule)
		ret->why_none = "no pattern has detected it";
	else if (!f->messages.count)
		ret->why_none = "its detections have no messages";
	if (find_entry(kb, f->inc.num, &ret->entry, err) < 0)
		return -1;
	if (ret->why_none)
		return 0;
	if (real_messages(kb_store(kb), &f->inc, &others, err) < 0)
		return -1;
	make_exprs(&f->messages, &others, &ret->exprs);
	if (!ret->exprs.count)
		ret->why_none = "nothing tells its messages from those of "
				"incidents that were real";
	return 0;
}

int false_positive_plan(struct kb *kb, int64_t num, struct false_positive *ret,
			struct err *err)
{
	CLEANUP(kb_learn_facts_done) struct kb_learn_facts f = {.id = ""};

	if (kb_learn_facts(kb_store(kb), num, &f, err) < 0)
		return -1;
	return plan(kb, &f, ret, err);
}

/* ---- the entry ---- */

struct counter {
	const struct kb_learn_facts *f;
	const struct knowledge_list *exprs;
	bool remove;
};

static void change_list(struct knowledge_list *list,
			const struct knowledge_list *by, bool remove,
			bool *changed)
{
	for (size_t i = 0; i < by->count; i++)
		*changed |= remove ? knowledge_list_remove(list, by->items[i])
				   : knowledge_list_add(list, by->items[i]);
}

/* An entry whose own example that is stays as it is. */
static int edit_entry(void *arg, struct knowledge_entry *e, struct err *err)
{
	const struct counter *c = arg;
	struct err ignored = ERR_INIT;
	bool changed = false;

	(void)err;
	for (size_t i = 0; i < e->pattern_count; i++)
		if (e->patterns[i].match)
			change_list(&e->patterns[i].except, c->exprs, c->remove,
				    &changed);
	change_list(&e->counter_examples, &c->f->messages, c->remove, &changed);
	return changed && knowledge_check(e, &ignored) == 0;
}

static int change_entry(struct kb *kb, const char *entry, struct counter *c,
			struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	const struct kb_edit edit = {.what = c->remove
						     ? "counter-example taken "
						       "back"
						     : "counter-example added",
				     .cause = c->f->id,
				     .edit = edit_entry,
				     .arg = c};
	struct err gone = ERR_INIT;

	if (kb_load(kb, entry, &e, &gone) == 0)
		return kb_edit(kb, entry, &edit, err) < 0 ? -1 : 0;
	if (gone.kind == ERR_NO)
		return 0;
	*err = gone;
	return -1;
}

/* ---- doing it ---- */

struct mark {
	struct kb *kb;
	const struct incident_edit *e;
	int64_t num;
	struct false_positive *plan;
	struct incident *inc;
	int changed;
};

static int tell(const struct mark *w, const char *what, const char *before,
		const char *after, struct err *err)
{
	return timeline_add(w->e->store, w->num,
			    &(struct timeline_entry){.time = clock_now(),
						     .actor = w->e->actor,
						     .what = what,
						     .before = before,
						     .after = after,
						     .note = w->plan->rule},
			    err);
}

static int add_rows(const struct mark *w, struct err *err)
{
	const struct false_positive *p = w->plan;

	for (size_t i = 0; i < p->exprs.count; i++)
		if (STORE_QUEUE(w->e->store, err,
				"INSERT INTO false_positives (incident, seq, "
				"rule, expr, time) VALUES ($1, $2, $3, $4, $5)",
				S_INT(w->num), S_INT((int64_t)i + 1),
				S_TEXT(p->rule), S_TEXT(p->exprs.items[i]),
				S_INT(clock_now())) < 0 ||
		    tell(w, "excepted", NULL, p->exprs.items[i], err) < 0)
			return -1;
	return 0;
}

static int mark_work(void *arg, struct err *err)
{
	struct mark *w = arg;
	CLEANUP(kb_learn_facts_done) struct kb_learn_facts f = {.id = ""};
	struct counter c = {.f = &f, .exprs = &w->plan->exprs};
	int64_t ignored;

	false_positive_done(w->plan);
	w->changed = 0;
	if (incident_lock(w->e->store, &ignored, err) < 0 ||
	    kb_learn_facts(w->e->store, w->num, &f, err) < 0)
		return -1;
	if (!f.inc.false_positive &&
	    (STORE_RUN(w->e->store, err,
		       "DELETE FROM false_positives WHERE incident = $1",
		       S_INT(w->num)) < 0 ||
	     plan(w->kb, &f, w->plan, err) < 0 || add_rows(w, err) < 0 ||
	     (w->plan->entry &&
	      change_entry(w->kb, w->plan->entry, &c, err) < 0)))
		return -1;
	w->changed = incident_false_positive(w->e, w->num, w->inc, err);
	return w->changed < 0 ? -1 : 0;
}

int false_positive_mark(struct kb *kb, const struct incident_edit *e,
			int64_t num, struct false_positive *ret,
			struct incident *inc, struct err *err)
{
	struct mark w = {.kb = kb, .e = e, .num = num, .plan = ret, .inc = inc};

	return store_transact(e->store, mark_work, &w, err) < 0 ? -1
								: w.changed;
}

/* What was added when the incident was marked. */
static int load_plan(struct mark *w, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(w->e->store, err,
			  "SELECT rule, expr FROM false_positives WHERE "
			  "incident = $1 ORDER BY seq",
			  S_INT(w->num));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct slice rule = store_text(rows, 0);
		struct slice text = store_text(rows, 1);
		AUTO_FREE char *expr = mem_dup_bytes(text.ptr, text.len);

		if (!w->plan->rule)
			w->plan->rule = mem_dup_bytes(rule.ptr, rule.len);
		(void)knowledge_list_add(&w->plan->exprs, expr);
	}
	return got;
}

static int undo_work(void *arg, struct err *err)
{
	struct mark *w = arg;
	CLEANUP(kb_learn_facts_done) struct kb_learn_facts f = {.id = ""};
	struct counter c = {.f = &f, .exprs = &w->plan->exprs, .remove = true};
	int64_t ignored;

	false_positive_done(w->plan);
	w->changed = 0;
	if (incident_lock(w->e->store, &ignored, err) < 0 ||
	    kb_learn_facts(w->e->store, w->num, &f, err) < 0 ||
	    load_plan(w, err) < 0 ||
	    find_entry(w->kb, w->num, &w->plan->entry, err) < 0)
		return -1;
	if (!f.inc.false_positive && !w->plan->exprs.count) {
		incident_done(w->inc);
		return incident_load(w->e->store, w->num, w->inc, err);
	}
	for (size_t i = 0; i < w->plan->exprs.count; i++)
		if (tell(w, "excepted", w->plan->exprs.items[i], NULL, err) < 0)
			return -1;
	if (STORE_RUN(w->e->store, err,
		      "DELETE FROM false_positives WHERE incident = $1",
		      S_INT(w->num)) < 0 ||
	    (w->plan->entry &&
	     change_entry(w->kb, w->plan->entry, &c, err) < 0) ||
	    incident_move(w->e, w->num, INCIDENT_OPEN, w->inc, err) < 0)
		return -1;
	w->changed = 1;
	return 0;
}

int false_positive_undo(struct kb *kb, const struct incident_edit *e,
			int64_t num, struct incident *inc, struct err *err)
{
	AUTO_FALSE_POSITIVE struct false_positive was = {.rule = NULL};
	struct mark w = {
		.kb = kb, .e = e, .num = num, .plan = &was, .inc = inc};

	return store_transact(e->store, undo_work, &w, err) < 0 ? -1
								: w.changed;
}

/* ---- for the monitor ---- */

static bool has(const struct pack_list *list, struct slice text)
{
	for (size_t i = 0; i < list->count; i++)
		if (slice_is(text, list->items[i].text))
			return true;
	return false;
}

int false_positive_load(struct store *s, struct packs *p, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = store_ask(
		s, err,
		"SELECT rule, expr FROM false_positives ORDER BY rule, "
		"incident, seq",
		NULL, 0);
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct slice id = store_text(rows, 0);
		struct slice expr = store_text(rows, 1);
		AUTO_FREE char *name = mem_dup_bytes(id.ptr, id.len);
		struct pack_rule *rule = pack_find(p, name);

		if (!rule || !rule->match.count || has(&rule->except, expr))
			continue;
		rule->except.items =
			mem_resize(rule->except.items, rule->except.count + 1,
				   sizeof(*rule->except.items));
		rule->except.items[rule->except.count++] = (struct pack_text){
			.text = mem_dup_bytes(expr.ptr, expr.len)};
	}
	return got;
}
