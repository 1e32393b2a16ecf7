/*
 * triage-cause.c - what may be the cause, from four sides. Each has a score
 * between 0 and 1, made of what speaks for it alone:
 *
 *   knowledge   KNOWLEDGE times the score of the entry
 *   dependency  UPSTREAM for an open incident of a service that this one needs
 *               and that began earlier; less for each step between the two,
 *               for a mild one, for one that began long before, and for one
 *               that has itself such an incident above it
 *   change      CHANGE, halved every CHANGE_HALF that lie between it and the
 *               beginning; less when it concerns a service above, or another
 *               host
 *   past        how alike a past incident is; less when nobody said what
 *               solved it, and with its age
 */
#include <math.h>
#include <stdio.h>

#include <oncall/change.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "triage-gather.h"

#define KNOWLEDGE 0.8

#define UPSTREAM      0.9
#define UPSTREAM_STEP 0.95 /* for each further step */
#define UPSTREAM_HALF (6 * WHEN_HOUR)
#define SYMPTOM	      0.6 /* something above it is wrong, too */

#define CHANGE	    0.9
#define CHANGE_HALF (2 * WHEN_HOUR)
#define CHANGE_SPAN WHEN_DAY /* what lies further back is not looked at */
#define CHANGE_STEP 0.8
#define OTHER_HOST  0.5
#define CHANGES_MAX 20 /* the newest of a service */

#define SAME_FINGERPRINT 0.7
#define SAME_SERVICE	 0.6
#define SAME_PATTERN	 0.4
#define UNSOLVED	 0.4
#define PAST_HALF	 (90 * WHEN_DAY)
#define PAST_TOLD	 3 /* causes of this kind */

#define CAUSE_MIN    0.05
#define UPSTREAM_MAX 64 /* services above; more are not looked at */

/* ---- from the knowledge base ---- */

static void add_known(const struct triage_known *k, struct triage *ret)
{
	AUTO_BUF struct buf text = BUF_INIT;
	const struct knowledge_list *causes = &k->entry.causes;

	buf_add_str(&text, k->title ? k->title : k->id);
	for (size_t i = 0; k->found && i < causes->count; i++)
		buf_addf(&text, "%s%s", i ? "; or: " : ": ", causes->items[i]);
	triage_add_cause(ret, KNOWLEDGE * k->score, "knowledge", k->id,
			 buf_str(&text));
}

/* ---- services above ---- */

struct above {
	const char *name; /* of the configuration */
	int steps;	  /* 0: the service itself */
	/* Its open incident that began first, and before this one. */
	int64_t num, began;
	enum severity severity;
	char *title;
};

struct graph {
	const struct config *config;
	struct above items[UPSTREAM_MAX + 1];
	size_t count;
};

/* The names of services are the user's, and may be such as no path takes. */
static const char *needs(const struct config *c, const char *service, size_t i)
{
	AUTO_BUF struct buf path = BUF_INIT;
	const char *name;

	for (size_t k = 0; (name = config_item(c, "services", k)); k++)
		if (!strcmp(name, service))
			break;
	if (!name)
		return NULL;
	buf_addf(&path, "services.%s.depends_on", service);
	return config_item(c, buf_str(&path), i);
}

static bool knows(const struct graph *g, const char *name)
{
	for (size_t i = 0; i < g->count; i++)
		if (!strcmp(g->items[i].name, name))
			return true;
	return false;
}

/* Breadth first, each service once: the fewest steps count, and circles end. */
static void climb(struct graph *g, const char *service)
{
	const char *name;

	g->items[g->count++] = (struct above){.name = service};
	for (size_t at = 0; at < g->count; at++)
		for (size_t i = 0;
		     (name = needs(g->config, g->items[at].name, i)); i++)
			if (g->count <= UPSTREAM_MAX && !knows(g, name))
				g->items[g->count++] = (struct above){
					.name = name,
					.steps = g->items[at].steps + 1};
}

static void graph_done(struct graph *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->items[i].title);
}

static int find_incidents(struct triager *t, const struct triage_input *in,
			  struct graph *g, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		t->store, err,
		"SELECT num, first_seen, severity, title, service "
		"FROM incidents WHERE status NOT IN ('resolved', 'closed') "
		"AND first_seen < $1 AND num <> $2 AND simulated = $3 "
		"AND service IS NOT NULL ORDER BY first_seen DESC, num DESC",
		S_INT(in->began), S_INT(in->subject.num),
		S_INT(in->subject.simulated));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct slice service = store_text(rows, 4);
		struct slice title = store_text(rows, 3);

		for (size_t i = 1; i < g->count; i++) {
			struct above *a = &g->items[i];

			if (!slice_is(service, a->name))
				continue;
			free(a->title);
			a->num = store_int(rows, 0);
			a->began = store_int(rows, 1);
			a->severity = (enum severity)store_int(rows, 2);
			a->title = mem_dup_bytes(title.ptr, title.len);
		}
	}
	return got;
}

/* Whether a service that a needs has an incident that began before its own. */
static bool is_symptom(const struct graph *g, const struct above *a)
{
	struct graph higher = {.config = g->config};
	bool found = false;

	climb(&higher, a->name);
	for (size_t i = 1; i < g->count && !found; i++)
		found = g->items[i].num && g->items[i].began < a->began &&
			knows(&higher, g->items[i].name);
	graph_done(&higher);
	return found;
}

static double half_every(int64_t passed, int64_t half)
{
	return passed > 0 ? exp2(-(double)passed / (double)half) : 1;
}

static void add_upstream(const struct triage_input *in, const struct graph *g,
			 const struct above *a, struct triage *ret)
{
	static const double weights[] = {0.4, 0.6, 0.8, 0.9, 1};
	AUTO_BUF struct buf text = BUF_INIT;
	int64_t before = in->began - a->began;
	char age[32], id[INCIDENT_ID];
	double score = UPSTREAM * weights[a->severity] *
		       pow(UPSTREAM_STEP, a->steps - 1) *
		       (1 + half_every(before, UPSTREAM_HALF)) / 2;

	if (is_symptom(g, a))
		score *= SYMPTOM;
	when_format_age(age, before);
	incident_id(id, a->num);
	buf_addf(&text, "%s, which %s needs%s: %s (since %s before)", a->name,
		 in->service, a->steps > 1 ? " in turn" : "", a->title, age);
	triage_add_cause(ret, score, "dependency", id, buf_str(&text));
}

/* ---- changes ---- */

static void add_change(const struct triage_input *in, const struct change *c,
		       int steps, struct triage *ret)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int64_t before = in->began - c->time;
	double score = CHANGE * half_every(before, CHANGE_HALF) *
		       pow(CHANGE_STEP, steps);
	char age[32];

	if (c->host && in->host && strcmp(c->host, in->host) != 0)
		score *= OTHER_HOST;
	when_format_age(age, before);
	buf_addf(&text, "%s of %s%s%s", c->kind ? c->kind : "change",
		 c->service, c->version ? " to " : "",
		 c->version ? c->version : "");
	if (c->who)
		buf_addf(&text, " by %s", c->who);
	buf_addf(&text, ", %s before: %s", age, c->what);
	triage_add_cause(ret, score, "change", c->id, buf_str(&text));
}

static int add_changes(struct triager *t, const struct triage_input *in,
		       const struct above *a, struct triage *ret,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = change_ask(
		t->store, a->name, in->began - CHANGE_SPAN, in->began + 1, err);
	AUTO_BUF struct buf text = BUF_INIT;
	struct change c;
	int got = rows ? 1 : -1;

	for (int n = 0; n < CHANGES_MAX && got > 0; n++) {
		got = store_next(rows, err);
		if (got <= 0)
			break;
		change_row(rows, &c, &text);
		add_change(in, &c, a->steps, ret);
	}
	return got < 0 ? -1 : 0;
}

static int add_around(struct triager *t, const struct triage_input *in,
		      struct triage *ret, struct err *err)
{
	struct graph g = {.config = t->config};
	int rc;

	climb(&g, in->service);
	rc = g.count > 1 ? find_incidents(t, in, &g, err) : 0;
	for (size_t i = 0; i < g.count && rc == 0; i++) {
		if (g.items[i].num)
			add_upstream(in, &g, &g.items[i], ret);
		rc = add_changes(t, in, &g.items[i], ret, err);
	}
	graph_done(&g);
	return rc;
}

/* ---- the past ---- */

/* Only those that are known best are looked through: the newest. */
#define PAST_LOOKED "500"

static void add_past_one(const struct triage_input *in, struct store_rows *rows,
			 const char *fingerprint, struct triage *ret)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice solution = store_text(rows, 4);
	double score = SAME_PATTERN;
	char id[INCIDENT_ID];

	if (fingerprint && slice_is(store_text(rows, 2), fingerprint))
		score = SAME_FINGERPRINT;
	else if (in->service && slice_is(store_text(rows, 3), in->service))
		score = SAME_SERVICE;
	if (!solution.len)
		score *= UNSOLVED;
	score *= half_every(in->began - store_int(rows, 1), PAST_HALF);
	incident_id(id, store_int(rows, 0));
	buf_add_str(&text, "the same as ");
	buf_add_str(&text, id);
	if (solution.len) {
		buf_add_str(&text, ", which was solved by: ");
		buf_add_slice(&text, solution);
	}
	triage_add_cause(ret, score, "past", id, buf_str(&text));
}

static int add_past(struct triager *t, const struct triage_input *in,
		    struct triage *ret, struct err *err)
{
	AUTO_FREE char *fingerprint = triage_member(in->record, "fingerprint");
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		t->store, err,
		"SELECT num, first_seen, fingerprint, service, solution FROM "
		"(SELECT num, first_seen, fingerprint, service, solution, "
		"pattern, status, false_positive FROM incidents "
		"WHERE num <> $1 AND opened <= $2 AND simulated = 0 "
		"ORDER BY num DESC LIMIT " PAST_LOOKED ") AS p "
		"WHERE (fingerprint = $3 OR pattern = $4) AND "
		"status IN ('resolved', 'closed') AND false_positive = 0 "
		"ORDER BY CASE WHEN solution IS NULL THEN 1 ELSE 0 END, "
		"CASE WHEN fingerprint = $3 THEN 0 ELSE 1 END, num DESC",
		S_INT(in->subject.num), S_INT(in->subject.time),
		S_TEXT(fingerprint), S_TEXT(in->pattern));
	int got = rows ? 1 : -1;

	for (int told = 0; got > 0 && told < PAST_TOLD; told++) {
		got = store_next(rows, err);
		if (got > 0)
			add_past_one(in, rows, fingerprint, ret);
	}
	return got < 0 ? -1 : 0;
}

/* ---- all of them ---- */

void triage_add_cause(struct triage *ret, double score, const char *from,
		      const char *ref, const char *text)
{
	size_t len = strnlen(text, TRIAGE_TEXT_MAX);

	if (!(score >= CAUSE_MIN))
		return;
	ret->causes = mem_resize(ret->causes, ret->cause_count + 1,
				 sizeof(*ret->causes));
	ret->causes[ret->cause_count++] = (struct triage_cause){
		.text = mem_dup_bytes(text, len),
		.score = score < 1 ? score : 1,
		.from = mem_dup(from),
		.ref = mem_dup(ref),
	};
}

static int by_score(const void *x, const void *y)
{
	const struct triage_cause *a = x, *b = y;
	int order;

	if (a->score > b->score || a->score < b->score)
		return a->score > b->score ? -1 : 1;
	order = strcmp(a->from, b->from);
	if (!order)
		order = strcmp(a->ref ? a->ref : "", b->ref ? b->ref : "");
	return order ? order : strcmp(a->text, b->text);
}

void triage_sort_causes(struct triage *ret)
{
	if (ret->cause_count)
		qsort(ret->causes, ret->cause_count, sizeof(*ret->causes),
		      by_score);
	while (ret->cause_count > TRIAGE_CAUSES_MAX) {
		struct triage_cause *c = &ret->causes[--ret->cause_count];

		free(c->text);
		free(c->from);
		free(c->ref);
	}
}

int triage_causes(struct triager *t, const struct triage_input *in,
		  struct triage *ret, struct err *err)
{
	for (size_t i = 0; i < in->known_count; i++)
		if (in->known[i].id)
			add_known(&in->known[i], ret);
	if (t->store && in->service && add_around(t, in, ret, err) < 0)
		return -1;
	if (t->store && add_past(t, in, ret, err) < 0)
		return -1;
	triage_sort_causes(ret);
	return 0;
}
