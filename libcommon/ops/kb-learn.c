/* kb-learn.c - what an incident that is over teaches. */
#include <oncall/kb-learn.h>

#include <jansson.h>

#include <oncall/clock.h>
#include <oncall/jscan.h>
#include <oncall/kb-match.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "kb-internal.h"
#include "kb-learn-internal.h"

struct learn {
	struct kb *kb;
	struct kb_index *index;
	int64_t num;
	struct kb_lesson *lesson;
};

void kb_lesson_done(struct kb_lesson *l)
{
	free(l->entry);
	l->kind = KB_LESSON_NONE;
	l->entry = NULL;
	l->why = NULL;
}

/* NULL when it teaches something. */
static const char *why_not(const struct kb_learn_facts *f)
{
	const struct incident *inc = &f->inc;

	if (incident_live(inc))
		return "it is not over";
	if (inc->false_positive)
		return "it was a false positive";
	if (inc->simulated)
		return "it was simulated";
	if (inc->merged_into.len)
		return "it was merged into another one";
	if (!f->solution)
		return "nobody said what helped";
	return NULL;
}

static int learned_before(struct store *s, const struct incident *inc,
			  bool *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err, "SELECT revision FROM learned WHERE incident = $1",
		S_INT(inc->num));
	int got = rows ? store_next(rows, err) : -1;

	*ret = got > 0 && store_int(rows, 0) >= inc->revision;
	return got < 0 ? -1 : 0;
}

static int note_learned(struct store *s, const struct incident *inc,
			const char *entry, struct err *err)
{
	return STORE_QUEUE(
		s, err,
		"INSERT INTO learned (incident, revision, entry, time) "
		"VALUES ($1, $2, $3, $4) ON CONFLICT (incident) DO UPDATE SET "
		"revision = excluded.revision, entry = excluded.entry, "
		"time = excluded.time",
		S_INT(inc->num), S_INT(inc->revision), S_TEXT(entry),
		S_INT(clock_now()));
}

/* ---- the entry that it went by ---- */

static int match_now(struct learn *l, const struct kb_learn_facts *f,
		     struct buf *out, struct err *err)
{
	AUTO_QUESTION struct kb_question q = {.title = BUF_INIT};
	AUTO_MATCH struct kb_match found = {NULL, 0};
	AUTO_BUF struct buf record = BUF_INIT;
	const struct kb_match_options options = {KB_MATCH_TOP, KB_MATCH_MIN};
	struct jscan scan = {0};
	int rc = incident_record(l->kb->o.store, &f->inc,
				 INCIDENT_WITH_DETECTIONS, &record, err);

	if (rc == 0)
		rc = jscan_object(&scan, record.data, record.len, err);
	if (rc == 0)
		kb_question_read(&q, &scan);
	jscan_done(&scan);
	if (rc == 0)
		rc = kb_match(l->kb, l->index, &q, &options, &found, err);
	if (rc == 0)
		kb_match_write(out, &found);
	return rc;
}

static int knowledge_of(struct learn *l, const struct kb_learn_facts *f,
			json_t **ret, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int got = kb_knowledge_of(l->kb, l->num, &text, err);

	if (got < 0 ||
	    (got == 0 && l->index && match_now(l, f, &text, err) < 0))
		return -1;
	*ret = text.len ? json_loadb(text.data, text.len, 0, NULL) : NULL;
	return 0;
}

static const char *named(const json_t *found, const char *solution)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(found, "solutions"), i, one)
	{
		const char *name =
			json_string_value(json_object_get(one, "name"));
		const char *action =
			json_string_value(json_object_get(one, "action"));

		if (name && (!strcmp(name, solution) ||
			     (action && !strcmp(action, solution))))
			return name;
	}
	return NULL;
}

/* 1 when an entry was found whose solution it is; 0 otherwise. */
static int strengthen(struct learn *l, const struct kb_learn_facts *f,
		      const json_t *knowledge, struct err *err)
{
	struct kb_outcome o = {.incident = f->id,
			       .verdict = f->failed ? KB_FAILED : KB_WORKED};
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	const json_t *one = NULL;
	int found;

	for (size_t i = 0; !o.solution && i < json_array_size(knowledge); i++) {
		one = json_array_get(knowledge, i);
		o.entry = json_string_value(json_object_get(one, "entry"));
		o.solution = o.entry ? named(one, f->solution) : NULL;
	}
	if (!o.solution)
		return 0;
	found = kb_find(l->kb, o.entry, &e, err);
	if (found <= 0 || !knowledge_solution_find(&e, o.solution))
		return found < 0 ? -1 : 0;
	if (f->machine && !json_is_true(json_object_get(one, "reuse"))) {
		l->lesson->why = "a program's word is not enough here";
		return 1;
	}
	found = kb_outcome(l->kb, &o, err);
	if (found < 0)
		return -1;
	if (found)
		l->lesson->kind = KB_LESSON_OUTCOME;
	l->lesson->entry = mem_dup(o.entry);
	return 1;
}

static int learn(struct learn *l, const struct kb_learn_facts *f,
		 struct err *err)
{
	json_t *knowledge = NULL;
	int rc = knowledge_of(l, f, &knowledge, err);

	if (rc == 0)
		rc = strengthen(l, f, knowledge, err);
	json_decref(knowledge);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (!f->failed)
		return kb_learn_propose(l->kb, f, l->lesson, err);
	l->lesson->why = "what failed belongs to no entry";
	return 0;
}

static int learn_work(void *arg, struct err *err)
{
	struct learn *l = arg;
	CLEANUP(kb_learn_facts_done) struct kb_learn_facts f = {.id = ""};
	const struct kb_options asked = l->kb->o;
	struct store *s = l->kb->o.store;
	int64_t ignored;
	bool before;
	int rc;

	kb_lesson_done(l->lesson);
	if (kb_lock(l->kb, &ignored, err) < 0 ||
	    kb_learn_facts(s, l->num, &f, err) < 0 ||
	    learned_before(s, &f.inc, &before, err) < 0)
		return -1;
	l->lesson->why = before ? "it was learned from before" : why_not(&f);
	if (l->lesson->why)
		return 0;
	l->kb->o.actor = f.actor;
	l->kb->o.machine = f.machine;
	rc = learn(l, &f, err);
	l->kb->o.actor = asked.actor;
	l->kb->o.machine = asked.machine;
	if (rc < 0 || l->lesson->kind == KB_LESSON_LATER)
		return rc;
	return note_learned(s, &f.inc, l->lesson->entry, err);
}

int kb_learn(struct kb *kb, struct kb_index *index, int64_t incident,
	     struct kb_lesson *ret, struct err *err)
{
	struct learn l = {
		.kb = kb, .index = index, .num = incident, .lesson = ret};

	if (kb_needs_store(kb, err) < 0)
		return -1;
	return store_transact(kb->o.store, learn_work, &l, err);
}

int kb_learn_pending(struct kb *kb, struct buf *nums, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (kb_needs_store(kb, err) < 0)
		return -1;
	rows = store_ask(
		kb->o.store, err,
		"SELECT i.num FROM incidents i LEFT JOIN learned l ON "
		"l.incident = i.num WHERE i.status IN ('resolved', 'closed') "
		"AND i.false_positive = 0 AND i.simulated = 0 AND "
		"i.merged_into IS NULL AND "
		"(l.revision IS NULL OR l.revision < i.revision) "
		"ORDER BY i.num",
		NULL, 0);
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		int64_t num = store_int(rows, 0);

		buf_add(nums, (const char *)&num, sizeof(num));
	}
	return got < 0 ? -1 : buf_check(nums, "the incidents", err);
}
