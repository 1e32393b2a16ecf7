/* kb-outcome.c - what came of it, and how sure one may be. */
#include <oncall/kb.h>

#include <math.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/when.h>

#include "kb-internal.h"

const char *const kb_verdict_names[] = {"worked", "failed", "wrong", NULL};

/* A person has seen it; a program goes by what it could measure. */
#define WEIGHT_PERSON  1.0
#define WEIGHT_MACHINE 0.5
/* A fix that people rate 1 counts half of one rated 5, or not rated. */
#define RATING_WORST 0.5
#define RATING_STEPS 4

#define PERCENT 100.0

struct outcome {
	enum kb_verdict verdict;
	bool machine;
	int64_t speed, effect, time;
};

static double rating(int64_t value)
{
	return value ? RATING_WORST + (1 - RATING_WORST) * (double)(value - 1) /
					      RATING_STEPS
		     : 1;
}

/* Ratings take from a success only: a failure is none the less one. */
static void count(struct beta_counts *c, const struct outcome *o, bool fix,
		  int64_t half_life)
{
	double weight = o->machine ? WEIGHT_MACHINE : WEIGHT_PERSON;

	beta_fade(c, o->time, half_life);
	if (fix && o->verdict == KB_WORKED)
		c->worked +=
			weight * (rating(o->speed) + rating(o->effect)) / 2;
	else if (!fix && o->verdict != KB_WRONG)
		c->worked += weight;
	else if (fix == (o->verdict == KB_FAILED))
		c->failed += weight;
}

static bool read_verdict(struct slice text, enum kb_verdict *ret)
{
	for (int i = 0; kb_verdict_names[i]; i++) {
		if (!slice_is(text, kb_verdict_names[i]))
			continue;
		*ret = (enum kb_verdict)i;
		return true;
	}
	return false;
}

/* Of a solution the verdicts on it; of the diagnosis all. */
static const char *const outcomes_sql[] = {
	"SELECT verdict, machine, speed, effect, time FROM outcomes "
	"WHERE entry = $1 AND CAST($2 AS TEXT) IS NULL ORDER BY time, seq",
	"SELECT verdict, machine, speed, effect, time FROM outcomes "
	"WHERE entry = $1 AND solution = $2 AND verdict <> 'wrong' "
	"ORDER BY time, seq",
};

static int add_outcomes(struct kb *kb, const char *entry, const char *solution,
			struct beta_counts *c, struct kb_confidence *ret,
			struct err *err)
{
	int64_t half_life = config_duration(kb->o.config, "learning.half_life");
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(kb->o.store, err, outcomes_sql[solution != NULL],
			  S_TEXT(entry), S_TEXT(solution));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct outcome o = {.machine = store_int(rows, 1) != 0,
				    .speed = store_int(rows, 2),
				    .effect = store_int(rows, 3),
				    .time = store_int(rows, 4)};

		if (!read_verdict(store_text(rows, 0), &o.verdict) ||
		    o.time > clock_now())
			continue;
		count(c, &o, solution != NULL, half_life);
		ret->outcomes++;
		ret->last = o.time;
	}
	return got;
}

/* Nothing fades after the last time that something could have been learned. */
static int fade(struct kb *kb, const char *entry, struct beta_counts *c,
		struct err *err)
{
	struct kb_hits hits;

	if (kb_hits(kb, entry, KB_HITS_ALL, &hits, err) < 0)
		return -1;
	if (hits.last != WHEN_NONE && hits.last <= clock_now())
		beta_fade(c, hits.last,
			  config_duration(kb->o.config, "learning.half_life"));
	return 0;
}

int kb_confidence(struct kb *kb, const struct knowledge_entry *e,
		  const char *solution, struct kb_confidence *ret,
		  struct err *err)
{
	struct beta_counts c = {0, 0, 0};
	struct beta_posterior p;

	*ret = (struct kb_confidence){.stated = KNOWLEDGE_CONFIDENCE,
				      .last = WHEN_NONE};
	if (solution) {
		const struct knowledge_solution *s =
			knowledge_solution_find(e, solution);

		if (s)
			ret->stated = s->confidence;
	}
	if (kb->o.store &&
	    (add_outcomes(kb, e->id, solution, &c, ret, err) < 0 ||
	     (ret->outcomes && fade(kb, e->id, &c, err) < 0)))
		return -1;
	p = beta_posterior(
		ret->stated,
		(double)config_int(kb->o.config, "learning.prior_strength"),
		&c);
	ret->mean = p.mean;
	ret->lower = p.lower;
	ret->worked = c.worked;
	ret->failed = c.failed;
	return 0;
}

double kb_reuse_margin(const struct kb *kb)
{
	return (double)config_int(kb->o.config, "learning.margin") / PERCENT;
}

double kb_reuse_floor(const struct kb *kb)
{
	return (double)config_int(kb->o.config, "learning.track_record") /
	       PERCENT;
}

/* ---- noting an outcome ---- */

struct known {
	bool any, machine, same;
	int64_t seq;
};

/* What is noted of this incident already. */
static int look_up(struct kb *kb, const struct kb_outcome *o, struct known *ret,
		   struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	*ret = (struct known){.any = false};
	if (!o->incident)
		return 0;
	rows = STORE_ASK(kb->o.store, err,
			 "SELECT seq, machine, verdict, solution, speed, "
			 "effect, note FROM outcomes WHERE entry = $1 AND "
			 "incident = $2",
			 S_TEXT(o->entry), S_TEXT(o->incident));
	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (!got)
		return 0;
	*ret = (struct known){
		.any = true,
		.seq = store_int(rows, 0),
		.machine = store_int(rows, 1) != 0,
		.same = slice_is(store_text(rows, 2),
				 kb_verdict_names[o->verdict]) &&
			slice_eq(store_text(rows, 3), slice_of(o->solution)) &&
			store_int(rows, 4) == o->speed &&
			store_int(rows, 5) == o->effect &&
			slice_eq(store_text(rows, 6), slice_of(o->note))};
	return 0;
}

static int insert(struct kb *kb, const struct kb_outcome *o, struct err *err)
{
	return STORE_QUEUE(
		kb->o.store, err,
		"INSERT INTO outcomes (entry, seq, solution, incident, "
		"verdict, machine, speed, effect, note, actor, time) "
		"SELECT CAST($1 AS TEXT), COALESCE(MAX(seq), 0) + 1, $2, $3, "
		"$4, $5, $6, $7, $8, $9, $10 FROM outcomes WHERE entry = $1",
		S_TEXT(o->entry), S_TEXT(o->solution), S_TEXT(o->incident),
		S_TEXT(kb_verdict_names[o->verdict]), S_INT(kb->o.machine),
		S_INT(o->speed), S_INT(o->effect), S_TEXT(o->note),
		S_TEXT(kb->o.actor ? kb->o.actor : "oncall-kb"),
		S_INT(clock_now()));
}

struct outcome_work {
	struct kb *kb;
	const struct kb_outcome *o;
	int changed;
};

static int run_outcome(void *arg, struct err *err)
{
	struct outcome_work *w = arg;
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	struct kb_confidence before, after;
	struct kb_note note = {.what = kb_verdict_names[w->o->verdict],
			       .solution = w->o->solution,
			       .cause = w->o->incident,
			       .note = w->o->note};
	struct known known;
	int64_t ignored;

	w->changed = 0;
	if (kb_lock(w->kb, &ignored, err) < 0 ||
	    kb_load(w->kb, w->o->entry, &e, err) < 0)
		return -1;
	if (w->o->solution && !knowledge_solution_find(&e, w->o->solution))
		return err_set(err, ERR_NO, "%s has no solution '%s'", e.id,
			       w->o->solution);
	if (look_up(w->kb, w->o, &known, err) < 0)
		return -1;
	if (known.any && (known.same || (w->kb->o.machine && !known.machine)))
		return 0;
	if (kb_confidence(w->kb, &e, w->o->solution, &before, err) < 0 ||
	    (known.any &&
	     STORE_RUN(w->kb->o.store, err,
		       "DELETE FROM outcomes WHERE entry = $1 AND seq = $2",
		       S_TEXT(e.id), S_INT(known.seq)) < 0) ||
	    insert(w->kb, w->o, err) < 0 ||
	    kb_confidence(w->kb, &e, w->o->solution, &after, err) < 0)
		return -1;
	note.before = before.mean;
	note.after = after.mean;
	w->changed = 1;
	return kb_note(w->kb, e.id, &note, err);
}

int kb_outcome(struct kb *kb, const struct kb_outcome *o, struct err *err)
{
	struct outcome_work w = {.kb = kb, .o = o};

	if (kb_needs_store(kb, err) < 0 ||
	    store_transact(kb->o.store, run_outcome, &w, err) < 0)
		return -1;
	return w.changed;
}

/* ---- stated confidence ---- */

struct state_work {
	const char *solution;
	double value;
};

static int edit_state(void *arg, struct knowledge_entry *e, struct err *err)
{
	const struct state_work *w = arg;
	bool any = false;

	for (size_t i = 0; i < e->solution_count; i++) {
		struct knowledge_solution *s = &e->solutions[i];

		if (w->solution && strcmp(w->solution, s->name) != 0)
			continue;
		any = true;
		s->confidence = w->value;
	}
	if (any)
		return 1;
	return err_set(err, ERR_NO, "%s has no solution%s%s%s", e->id,
		       w->solution ? " '" : "", w->solution ? w->solution : "",
		       w->solution ? "'" : "");
}

int kb_state(struct kb *kb, const char *entry, const char *solution,
	     double value, const char *reason, struct err *err)
{
	struct state_work w = {solution, value};
	char what[64];

	(void)snprintf(what, sizeof(what), "confidence set to %.3g", value);
	return kb_edit(kb, entry,
		       &(struct kb_edit){.what = what,
					 .cause = reason,
					 .edit = edit_state,
					 .arg = &w},
		       err) < 0
		       ? -1
		       : 0;
}
