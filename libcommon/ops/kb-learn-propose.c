/* kb-learn-propose.c - a new entry from an incident that was resolved. */
#include "kb-learn-internal.h"

#include <oncall/clock.h>
#include <oncall/generalise.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "kb-internal.h"

#define EXAMPLES_MAX 20
#define IDS_MAX	     9 /* entries of the same title */
#define PROPOSED     "proposed"

struct proposal {
	struct kb *kb;
	const struct kb_learn_facts *f;
	struct knowledge_list others;
	/* An action that another entry's solution of that name names. */
	char *action, *params;
	struct knowledge_entry *entry; /* while it is written */
};

static void proposal_done(struct proposal *p)
{
	kb_learn_list_done(&p->others);
	free(p->action);
	free(p->params);
}

static int count_today(struct kb *kb, int64_t *ret, struct err *err)
{
	int64_t now = clock_now(), day = now - now % WHEN_DAY;
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		kb->o.store, err,
		"SELECT COUNT(*) FROM entry_history WHERE what = $1 AND "
		"time >= $2 AND time < $3",
		S_TEXT(PROPOSED), S_INT(day), S_INT(day + WHEN_DAY));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}

/* ---- what the solution is ---- */

static int look_for_action(void *arg, const struct knowledge_entry *e,
			   struct err *err)
{
	struct proposal *p = arg;

	(void)err;
	for (size_t i = 0; i < e->solution_count; i++) {
		const struct knowledge_solution *s = &e->solutions[i];

		if (!s->action || (strcmp(s->name, p->f->solution) != 0 &&
				   strcmp(s->action, p->f->solution) != 0))
			continue;
		p->action = mem_dup(s->action);
		p->params = mem_dup(s->params);
		return 1;
	}
	return 0;
}

static void set_solution(struct proposal *p, struct knowledge_entry *e)
{
	const char *name = p->f->solution;
	AUTO_BUF struct buf text = BUF_INIT;

	if (p->action && !knowledge_solution_find(e, name)) {
		struct knowledge_solution *s = knowledge_solution_add(e, name);

		knowledge_set(&s->action, p->action);
		knowledge_set(&s->params, p->params);
	}
	if (p->action || (e->description && strstr(e->description, name)))
		return;
	buf_addf(&text, "%s%sWhat helped: %s",
		 e->description ? e->description : "",
		 e->description ? "\n" : "", name);
	knowledge_set(&e->description, buf_str(&text));
}

/* ---- how it is known again ---- */

static struct slice *slices(const struct knowledge_list *list)
{
	struct slice *all = mem_zero(list->count + 1, sizeof(*all));

	for (size_t i = 0; i < list->count; i++)
		all[i] = slice_of(list->items[i]);
	return all;
}

static void add_expr(void *arg, const struct generalise_made *m)
{
	struct proposal *p = arg;
	AUTO_FREE char *text = mem_dup_bytes(m->expr.ptr, m->expr.len);
	struct err ignored = ERR_INIT;
	struct knowledge_pattern pattern = {.match = text};

	if (p->entry->pattern_count < KNOWLEDGE_MAX_ITEMS &&
	    knowledge_check_pattern(&pattern, NULL, &ignored) == 0)
		(void)knowledge_pattern_add(p->entry, NULL, text);
}

/* All expressions come anew from all examples: each example more makes them
 * more general where it has to be. */
static void set_patterns(struct proposal *p, struct knowledge_entry *e)
{
	AUTO_FREE struct slice *examples = slices(&e->examples);
	AUTO_FREE struct slice *others = slices(&p->others);
	size_t count = 0;

	/* It has learned from some of these before. */
	for (size_t i = 0; i < p->others.count; i++)
		if (!knowledge_list_has(&e->examples, p->others.items[i]))
			others[count++] = others[i];
	while (e->pattern_count)
		knowledge_pattern_remove(e, e->pattern_count - 1);
	p->entry = e;
	(void)generalise(examples, e->examples.count, others, count, add_expr,
			 p);
}

/* An example that no expression covers would not be one. */
static void drop_uncovered(struct knowledge_entry *e)
{
	for (size_t i = e->examples.count; e->pattern_count && i-- > 0;) {
		struct knowledge_list one = {&e->examples.items[i], 1};
		bool covered = false;

		for (size_t k = 0; k < e->pattern_count && !covered; k++) {
			struct err ignored = ERR_INIT;

			covered = knowledge_check_pattern(&e->patterns[k], &one,
							  &ignored) == 0;
		}
		if (!covered) {
			AUTO_FREE char *text = mem_dup(one.items[0]);

			(void)knowledge_list_remove(&e->examples, text);
		}
	}
}

static int write_entry(void *arg, struct knowledge_entry *e, struct err *err)
{
	struct proposal *p = arg;
	const struct incident *inc = &p->f->inc;

	if (!e->title) {
		AUTO_FREE char *title =
			mem_dup_bytes(inc->title.ptr, inc->title.len);
		AUTO_FREE char *category =
			mem_dup_bytes(inc->category.ptr, inc->category.len);

		knowledge_set(&e->title, title);
		knowledge_set(&e->category, category);
		knowledge_set(&e->origin, "learned");
		e->status = config_bool(p->kb->o.config, "learning.auto")
				    ? KNOWLEDGE_ACTIVE
				    : KNOWLEDGE_PROPOSED;
	}
	if (inc->service.len) {
		AUTO_FREE char *service =
			mem_dup_bytes(inc->service.ptr, inc->service.len);

		(void)knowledge_list_add(&e->services, service);
	}
	for (size_t i = 0;
	     i < p->f->messages.count && e->examples.count < EXAMPLES_MAX; i++)
		(void)knowledge_list_add(&e->examples, p->f->messages.items[i]);
	set_patterns(p, e);
	drop_uncovered(e);
	set_solution(p, e);
	return knowledge_check(e, err) < 0 ? -1 : 1;
}

/* ---- where it goes ---- */

/* The id is free, or that of a proposal with this title: 1 and 0; -1; 2 when
 * it belongs to another entry. */
static int try_id(struct proposal *p, const char *id, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	int found = kb_find(p->kb, id, &e, err);

	if (found <= 0)
		return found < 0 ? -1 : 1;
	if (e.origin && !strcmp(e.origin, "learned") &&
	    slice_eq(slice_of(e.title), p->f->inc.title))
		return 0;
	return 2;
}

static int find_id(struct proposal *p, struct buf *id, struct err *err)
{
	AUTO_FREE char *title =
		mem_dup_bytes(p->f->inc.title.ptr, p->f->inc.title.len);
	size_t len;
	int got = 2;

	knowledge_make_id(id, title);
	if (id->len > KNOWLEDGE_MAX_ID - 2)
		buf_truncate(id, KNOWLEDGE_MAX_ID - 2);
	len = id->len;
	for (int i = 1; got == 2 && i <= IDS_MAX; i++) {
		buf_truncate(id, len);
		if (i > 1)
			buf_addf(id, "-%d", i);
		got = try_id(p, buf_str(id), err);
	}
	return got;
}

static int note_outcome(struct proposal *p, const char *id, struct err *err)
{
	const struct kb_outcome outcome = {
		.entry = id,
		.solution = p->action ? p->f->solution : NULL,
		.incident = p->f->id,
		.verdict = KB_WORKED};

	/* A program's own success is no reason to believe a new entry. */
	return p->f->machine ? 0 : kb_outcome(p->kb, &outcome, err);
}

static int propose(struct proposal *p, struct kb_lesson *ret, struct err *err)
{
	AUTO_BUF struct buf id = BUF_INIT;
	struct kb_edit edit = {.what = "learned",
			       .cause = p->f->id,
			       .edit = write_entry,
			       .arg = p};
	int fresh = find_id(p, &id, err);
	int64_t today;

	if (fresh < 0)
		return -1;
	if (fresh == 2) {
		ret->why = "there are entries of the same title";
		return 0;
	}
	if (count_today(p->kb, &today, err) < 0)
		return -1;
	if (fresh && today >= config_int(p->kb->o.config,
					 "learning.max_new_patterns_per_day")) {
		ret->kind = KB_LESSON_LATER;
		return 0;
	}
	if (kb_learn_others(p->kb->o.store, p->f, &p->others, err) < 0 ||
	    kb_each(p->kb, look_for_action, p, err) < 0)
		return -1;
	if (fresh) {
		edit.create = true;
		edit.what = PROPOSED;
	}
	if (kb_edit(p->kb, buf_str(&id), &edit, err) < 0 ||
	    note_outcome(p, buf_str(&id), err) < 0)
		return -1;
	ret->kind = fresh ? KB_LESSON_PROPOSED : KB_LESSON_OUTCOME;
	ret->entry = buf_take(&id);
	return 0;
}

int kb_learn_propose(struct kb *kb, const struct kb_learn_facts *f,
		     struct kb_lesson *ret, struct err *err)
{
	CLEANUP(proposal_done) struct proposal p = {.kb = kb, .f = f};

	return propose(&p, ret, err);
}
