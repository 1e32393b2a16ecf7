/*
 * triage-confidence.c - how likely the action is to resolve the incident.
 *
 *   diagnosis  the score of the entry (kb-match.h): is it this?
 *   fix        the mean of the solution's posterior, less UNSURE of what lies
 *              between it and its lower bound: few outcomes prove little
 *   raw        diagnosis * fix, then moved towards 1 or 0 by what happened
 *              here, lately
 *   confidence raw, calibrated
 *
 * A factor is what its step adds, so that all of them add up to the result.
 */
#include <stdarg.h>
#include <stdio.h>

#include <oncall/mem.h>

#include "triage-internal.h"

#define UNSURE	     0.2  /* of the distance to the lower bound */
#define FAILED_HERE  0.1  /* towards 0, for each failure */
#define HELPED_HERE  0.02 /* towards 1, for each success */
#define COUNTED_HERE 5	  /* of them at most */
#define TRIED	     0.5  /* towards 0, for each try for this incident */
#define COUNTED_TRY  3

#define PERCENT	   100.0
#define ROUND	   1000.0
#define FACTOR_MAX 240 /* bytes of its name */

void triage_add_factor(struct triage_factors *f, double value, const char *fmt,
		       ...)
{
	char name[FACTOR_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	f->items = mem_resize(f->items, f->count + 1, sizeof(*f->items));
	f->items[f->count++] = (struct triage_factor){
		.name = mem_dup(name),
		.value = value,
	};
}

void triage_factors_done(struct triage_factors *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->items[i].name);
	free(f->items);
	*f = (struct triage_factors){.items = NULL};
}

/* What oncall-train has learned of how often such a number was right; nothing
 * is stored yet, so each number stands for itself. */
static double calibrate(const struct triager *t, double raw)
{
	(void)t;
	return raw;
}

static int percent(double share)
{
	return (int)(share * PERCENT + 0.5);
}

static int64_t at_most(int64_t n, int64_t most)
{
	return n < most ? n : most;
}

static double fix(struct triage_candidate *c, double diagnosis)
{
	const struct kb_confidence *k = &c->outcomes;
	double share = k->mean - UNSURE * (k->mean - k->lower);

	if (k->outcomes)
		triage_add_factor(&c->confidence_factors,
				  diagnosis * (share - 1),
				  "it helps in %d %% of cases, in %d %% at "
				  "least, after %lld outcomes",
				  percent(k->mean), percent(k->lower),
				  (long long)k->outcomes);
	else
		triage_add_factor(&c->confidence_factors,
				  diagnosis * (share - 1),
				  "its author says that it helps in %d %% of "
				  "cases; no outcome is known",
				  percent(k->stated));
	return diagnosis * share;
}

/* Moves value by a share of the way, and says so. */
static double move(struct triage_candidate *c, double value, double share,
		   const char *why, int64_t times)
{
	double by = share > 0 ? share * (1 - value) : share * value;

	if (times)
		triage_add_factor(&c->confidence_factors, by, "%s (%lld)", why,
				  (long long)times);
	return value + by;
}

static double look_around(struct triage_candidate *c, double value)
{
	const struct triage_history *h = &c->history;
	int64_t helped = h->ran - h->failed, tried = h->tried;
	double left = 1;

	value = move(c, value,
		     -FAILED_HERE * (double)at_most(h->failed, COUNTED_HERE),
		     "it failed here lately", h->failed);
	value = move(c, value,
		     HELPED_HERE * (double)at_most(helped, COUNTED_HERE),
		     "it went well here lately", helped);
	for (int64_t i = 0; i < at_most(tried, COUNTED_TRY); i++)
		left *= 1 - TRIED;
	return move(c, value, left - 1, "it was tried for this incident",
		    tried);
}

void triage_confidence(const struct triager *t, const struct triage_subject *s,
		       struct triage_candidate *c)
{
	double value, raw = c->match;

	(void)s;
	triage_factors_done(&c->confidence_factors);
	triage_add_factor(&c->confidence_factors, raw,
			  c->by_rule ? "the rule of '%s' detected it"
				     : "'%s' is what it looks like",
			  c->action.entry ? c->action.entry : "?");
	raw = look_around(c, fix(c, raw));
	value = calibrate(t, raw);
	if (value < raw || value > raw)
		triage_add_factor(&c->confidence_factors, value - raw,
				  "what such numbers came to");
	value = value < 0 ? 0 : value > 1 ? 1 : value;
	/* As records have it: what they say is what was decided by. */
	c->action.confidence = (double)(int)(value * ROUND + 0.5) / ROUND;
}
