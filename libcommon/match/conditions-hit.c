/*
 * conditions-hit.c - what a hit does to the states of its rule, and of those
 * that the rule is part of. Firings of a rule are hits for the rules above,
 * whether its cool-down tells them or not. One hit makes a rule fire once at
 * most: after a firing no core fires again at the same time, so that work is
 * bounded by the parts that rules name, however many ways lead up.
 */
#include "condition-state.h"

struct run {
	struct conditions *c;
	condition_fire *fire;
	void *arg;
};

static int part_hit(struct run *run, const struct condition_use *use,
		    const struct condition_event *e);

/* Whether the cool-down takes the firing in. */
static bool cooled(const struct condition_node *n, struct condition_state *s,
		   struct condition_firing *f)
{
	if (!n->cool)
		return false;
	if (s->cool != WHEN_NONE && f->time <= s->cool + n->cool &&
	    f->time >= s->cool - n->cool) {
		s->cooled += f->count + f->folded;
		return true;
	}
	f->folded += s->cooled;
	s->cooled = 0;
	s->cool = f->time;
	return false;
}

/* The rule fires; s is NULL when it needs no state. */
static int fired(struct run *run, size_t rule, struct condition_state *s,
		 const struct condition_event *e, struct condition_firing *f)
{
	struct condition_node *n = run->c->nodes[rule];
	struct condition_event up = *e;
	bool silent = s && cooled(n, s, f);

	if (s)
		condition_settle(run->c, s);
	f->rule = rule;
	f->later = e->later;
	if (e->later)
		f->keep = e->keep;
	f->key = s ? (struct slice){s->key, s->key_len}
		   : buf_slice(&run->c->key);
	if (!silent && run->fire(run->arg, f) < 0)
		return -1;
	up.time = condition_clamp(f->time);
	for (size_t i = 0; i < n->use_count; i++)
		if (part_hit(run, &n->uses[i], &up) < 0)
			return -1;
	return 0;
}

static struct condition_state *state_of(struct run *run, size_t rule,
					const struct condition_event *e)
{
	condition_key(run->c, rule, e);
	return condition_make(run->c, rule);
}

static int each_hit(struct run *run, size_t rule,
		    const struct condition_event *e)
{
	const struct condition_node *n = run->c->nodes[rule];
	struct condition_firing f = {
		.count = 1, .first = e->time, .last = e->time, .time = e->time};

	condition_key(run->c, rule, e);
	return fired(run, rule, n->cool ? condition_make(run->c, rule) : NULL,
		     e, &f);
}

/*
 * After a firing the burst is told: what belongs to it, from the time before
 * its first hit to the time after its last one, is taken in silently, and when
 * that reaches the count once more, the burst goes on.
 */
static int window_hit(struct run *run, size_t rule, size_t part,
		      const struct condition_event *e)
{
	const struct condition_node *n = run->c->nodes[rule];
	struct condition_state *s = state_of(run, rule, e);
	struct condition_reached at;
	struct condition_firing f;
	bool told = s->until != WHEN_NONE &&
		    condition_between(e->time, s->first - n->within, s->until);

	if (s->until != WHEN_NONE && e->time > s->until)
		condition_marks_end(s, s->first - n->within, s->until);
	s->folded += told;
	if (!condition_mark_add(s, n, e->time, part, &at)) {
		condition_settle(run->c, s);
		return 0;
	}
	if (told) {
		s->folded += at.beyond; /* a late hit has made it longer */
		if (s->until < at.last + n->within)
			s->until = at.last + n->within;
		condition_settle(run->c, s);
		return 0;
	}
	f = (struct condition_firing){.count = n->when->count,
				      .first = at.first,
				      .last = at.last,
				      .time = e->time,
				      .folded = s->folded};
	s->first = at.first;
	s->until = at.last + n->within;
	s->folded = 0;
	return fired(run, rule, s, e, &f);
}

static int once_hit(struct run *run, size_t rule,
		    const struct condition_event *e)
{
	const struct condition_node *n = run->c->nodes[rule];
	struct condition_state *s = state_of(run, rule, e);
	struct condition_firing f = {
		.count = 1, .first = e->time, .last = e->time, .time = e->time};

	if (s->last != WHEN_NONE &&
	    (!n->within || condition_between(e->time, s->last - n->within,
					     s->last + n->within))) {
		s->folded++;
		condition_settle(run->c, s);
		return 0;
	}
	s->last = e->time;
	f.folded = s->folded;
	s->folded = 0;
	return fired(run, rule, s, e, &f);
}

/* The newest answer is remembered, unless the clock has jumped back. */
static void remember(struct condition_state *s, int64_t time, int64_t within)
{
	if (s->answer == WHEN_NONE || time > s->answer ||
	    time < s->answer - within)
		s->answer = time;
}

/* Whether an answer that came before belongs to a hit at that time. */
static bool answered(const struct condition_state *s, int64_t time,
		     int64_t within)
{
	return s->answer != WHEN_NONE && s->answer > time &&
	       s->answer - time <= within;
}

/* A of "A then B". */
static int then_begins(struct run *run, size_t rule, struct condition_state *s,
		       const struct condition_event *e)
{
	int64_t within = run->c->nodes[rule]->within;

	if (s->until != WHEN_NONE && e->time < s->until &&
	    s->until - e->time <= within) {
		s->folded++; /* late: its B has been told */
	} else if (answered(s, e->time, within)) {
		struct condition_firing f = {.count = 2,
					     .first = e->time,
					     .last = s->answer,
					     .time = e->time,
					     .folded = s->folded};

		s->until = s->answer;
		s->answer = WHEN_NONE;
		s->folded = 0;
		return fired(run, rule, s, e, &f);
	} else if (s->first == WHEN_NONE || e->time > s->first + within ||
		   e->time < s->first - within) {
		s->first = s->last = e->time;
		s->count = 1;
	} else {
		s->first = e->time < s->first ? e->time : s->first;
		s->last = e->time > s->last ? e->time : s->last;
		s->count++;
	}
	condition_settle(run->c, s);
	return 0;
}

/* B of "A then B". */
static int then_ends(struct run *run, size_t rule, struct condition_state *s,
		     const struct condition_event *e)
{
	int64_t from = e->time - run->c->nodes[rule]->within;
	struct condition_firing f = {.last = e->time, .time = e->time};

	if (s->first != WHEN_NONE && condition_between(s->first, from, e->time))
		f.first = s->first;
	else if (s->last != WHEN_NONE &&
		 condition_between(s->last, from, e->time))
		f.first = s->last;
	else {
		remember(s, e->time, run->c->nodes[rule]->within);
		condition_settle(run->c, s);
		return 0;
	}
	f.count = s->count + 1;
	f.folded = s->folded;
	s->first = s->last = WHEN_NONE;
	s->count = s->folded = 0;
	s->until = e->time;
	return fired(run, rule, s, e, &f);
}

/* The first of those that wait is done with; the last may go on waiting. */
static void next_waiting(struct condition_state *s, bool go_on)
{
	struct condition_waiting *w = s->waiting;

	condition_kept_done(&w->first);
	s->first = go_on ? s->last : WHEN_NONE;
	s->count = go_on ? 1 : 0;
	if (go_on) {
		w->first = w->last;
		w->last = (struct condition_kept){.data = NULL};
	} else {
		condition_kept_done(&w->last);
	}
	s->last = WHEN_NONE;
}

static void wait_begins(struct condition_state *s,
			const struct condition_node *n,
			const struct condition_event *e)
{
	struct condition_waiting *w = s->waiting;

	if (answered(s, e->time, n->within))
		return;
	s->count++;
	if (s->first == WHEN_NONE) {
		s->first = e->time;
		condition_keep(&w->first, n, e);
	} else if (e->time < s->first) {
		if (s->last == WHEN_NONE) {
			s->last = s->first;
			w->last = w->first;
			w->first = (struct condition_kept){.data = NULL};
		}
		s->first = e->time;
		condition_keep(&w->first, n, e);
	} else if (s->last == WHEN_NONE || e->time >= s->last) {
		s->last = e->time;
		condition_keep(&w->last, n, e);
	}
}

static void wait_ends(struct condition_state *s, const struct condition_node *n,
		      int64_t time)
{
	int64_t from = time - n->within;

	if (s->first != WHEN_NONE && condition_between(s->first, from, time)) {
		next_waiting(s, s->last != WHEN_NONE && s->last > time);
	} else if (s->last != WHEN_NONE &&
		   condition_between(s->last, from, time)) {
		s->last = WHEN_NONE;
		s->count = 1;
		condition_kept_done(&s->waiting->last);
	}
	remember(s, time, n->within);
}

/* Ends come first: a rule that waits for itself is both. */
static void wait_hit(struct run *run, size_t rule, bool ends, bool begins,
		     const struct condition_event *e)
{
	const struct condition_node *n = run->c->nodes[rule];
	struct condition_state *s = state_of(run, rule, e);

	if (ends)
		wait_ends(s, n, e->time);
	if (begins)
		wait_begins(s, n, e);
	condition_settle(run->c, s);
}

static int part_hit(struct run *run, const struct condition_use *use,
		    const struct condition_event *e)
{
	switch (run->c->nodes[use->rule]->core) {
	case CONDITION_GROUP:
		return window_hit(run, use->rule, use->part, e);
	case CONDITION_THEN:
		return (use->part ? then_ends : then_begins)(
			run, use->rule, state_of(run, use->rule, e), e);
	case CONDITION_WITHOUT:
		wait_hit(run, use->rule, use->part, !use->part, e);
		return 0;
	case CONDITION_ABSENT:
		wait_hit(run, use->rule, false, true, e);
		return 0;
	case CONDITION_EACH:
	case CONDITION_ONCE:
	case CONDITION_TIMES:
		break; /* they have no parts */
	}
	return 0;
}

static int own_hit(struct run *run, size_t rule,
		   const struct condition_event *e)
{
	const struct condition_node *n = run->c->nodes[rule];

	switch (n->core) {
	case CONDITION_EACH:
		return each_hit(run, rule, e);
	case CONDITION_TIMES:
		return window_hit(run, rule, 0, e);
	case CONDITION_ONCE:
		return once_hit(run, rule, e);
	case CONDITION_ABSENT:
		wait_hit(run, rule, true, !n->when->part_count, e);
		return 0;
	case CONDITION_THEN:
	case CONDITION_WITHOUT:
	case CONDITION_GROUP:
		break; /* only their parts count */
	}
	return 0;
}

int conditions_hit(struct conditions *c, const struct condition_hit *hit,
		   condition_fire *fire, void *arg)
{
	struct run run = {c, fire, arg};
	const struct condition_event e = {
		.time = condition_clamp(hit->time),
		.lookup = hit->lookup,
		.arg = hit->arg,
		.keep = hit->keep,
	};
	int rc;

	if (!c->nodes[hit->rule]) {
		struct condition_firing f = {.rule = hit->rule,
					     .count = 1,
					     .first = e.time,
					     .last = e.time,
					     .time = e.time};

		return fire(arg, &f);
	}
	rc = own_hit(&run, hit->rule, &e);
	condition_limit(c);
	return rc;
}

/* The n-th line of what was written by condition_key() or for keeping. */
static struct slice line_of(struct slice text, size_t n)
{
	for (;;) {
		const char *end =
			text.len ? memchr(text.ptr, '\n', text.len) : NULL;
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		if (n-- == 0 || !end)
			return (struct slice){text.ptr, len};
		text.ptr += len + 1;
		text.len -= len + 1;
	}
}

struct late {
	const struct condition_node *node;
	struct slice key, carried;
};

static struct slice look_late(void *arg, const char *field)
{
	const struct late *late = arg;
	const struct condition_node *n = late->node;

	for (size_t i = 0; i < n->name_count; i++) {
		if (strcmp(n->names[i], field) != 0)
			continue;
		if (i < n->field_count)
			return line_of(late->key, i);
		return line_of(late->carried, i - n->field_count);
	}
	return (struct slice){NULL, 0};
}

static int deadline(struct run *run, struct condition_state *s)
{
	struct condition_node *n = run->c->nodes[s->rule];
	struct condition_kept kept = s->waiting->first;
	int64_t end = s->first + n->within;
	bool go_on = s->last != WHEN_NONE && s->last > end;
	struct late late = {n, {s->key, s->key_len}, {kept.data, kept.carried}};
	const struct condition_event e = {
		.time = condition_clamp(end),
		.lookup = look_late,
		.arg = &late,
		.keep = {kept.data ? kept.data + kept.carried : NULL, kept.len},
		.later = true,
	};
	struct condition_firing f = {
		.count = go_on ? s->count - 1 : s->count,
		.first = s->first,
		.last = s->last != WHEN_NONE && !go_on ? s->last : s->first,
		.time = end,
	};
	int rc;

	s->waiting->first = (struct condition_kept){.data = NULL};
	next_waiting(s, go_on);
	rc = fired(run, s->rule, s, &e, &f);
	if (s->idle && s->answer == WHEN_NONE)
		condition_drop(run->c, s);
	condition_kept_done(&kept);
	return rc;
}

int64_t conditions_next(const struct conditions *c)
{
	const struct condition_state *s = c->heap_count ? c->heap[0] : NULL;

	return s ? s->first + c->nodes[s->rule]->within + 1 : WHEN_NONE;
}

int conditions_time(struct conditions *c, int64_t now, condition_fire *fire,
		    void *arg)
{
	struct run run = {c, fire, arg};
	int rc = 0;

	if (!c->heap_count)
		return 0;
	now = condition_clamp(now);
	while (!rc && c->heap_count && conditions_next(c) <= now)
		rc = deadline(&run, c->heap[0]);
	condition_limit(c);
	return rc;
}
