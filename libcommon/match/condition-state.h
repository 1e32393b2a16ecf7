/*
 * condition-state.h - what is remembered for each rule and key.
 *
 * Times are held between WHEN_MIN and WHEN_MAX as they come in, so that sums
 * with durations cannot overflow. What the times of a state mean depends on
 * the core of its rule:
 *
 *   TIMES, GROUP   marks: hits that count; first: where the burst that was
 *                  told begins, until: when it is over
 *   ONCE           last: when it was told
 *   THEN           first, last, count: hits of A that wait; answer: the
 *                  newest B without an A; until: the B that was told
 *   WITHOUT,       first, last, count: hits that wait for an answer, the
 *   ABSENT         deadline is that of the first; answer: the newest one
 */
#ifndef ONCALL_CONDITION_STATE_H
#define ONCALL_CONDITION_STATE_H

#include "condition-internal.h"

#include <oncall/when.h>

/* Rules that build on rules that build on rules... */
#define CONDITION_MAX_DEPTH 16
/* Fields that a late firing takes with it for the rules above. */
#define CONDITION_MAX_CARRIED 32
/* Bytes of one value of a key; of a longer one the start and a hash. */
#define CONDITION_VALUE 256
/* States that only remember an answer, for what it answers may be late. */
#define CONDITION_MAX_IDLE 10000

/* A time and the part that it is of, in one number that sorts by time. */
#define CONDITION_MARK(time, part) ((time)*64 + (int64_t)(part))
#define CONDITION_MARK_PART(mark)  ((size_t)((mark)&63))
static inline int64_t condition_mark_time(int64_t mark)
{
	return (mark - (mark & 63)) / 64;
}

/* The values of carried fields, each followed by "\n", and the text. */
struct condition_kept {
	char *data;
	size_t carried; /* bytes of the values */
	size_t len;	/* of the text behind them */
};

struct condition_waiting {
	struct condition_kept first, last;
};

struct condition_state {
	struct condition_state *chain; /* of the same slot */
	struct condition_state *older, *newer;
	uint64_t hash;
	size_t heap; /* place + 1; 0: waits for nothing */
	size_t bytes;
	int64_t first, last, answer, until; /* or WHEN_NONE */
	int64_t cool;			    /* when it was told; WHEN_NONE */
	int64_t cooled; /* hits that the cool-down has folded */
	int64_t count, folded;
	int64_t *marks; /* sorted */
	struct condition_waiting *waiting;
	uint32_t mark_count, mark_cap;
	uint32_t rule;
	uint32_t key_len;
	bool idle;
	char key[];
};

struct condition_list {
	struct condition_state *oldest, *newest;
	size_t count;
};

/* A rule that wants to know of firings. */
struct condition_use {
	size_t rule, part;
};

struct condition_node {
	const char *id;
	const struct condition *when; /* may be NULL */
	enum condition_core core;
	int64_t within, cool;
	/* Fields of "by", and behind them the carried ones. */
	const char **names;
	size_t field_count, name_count;
	struct condition_use *uses;
	size_t use_count;
	size_t height;	 /* of the rules below it; see conditions.c */
	uint64_t serial; /* of the last walk that came by */
};

struct conditions {
	/* Of plain rules nothing is needed, and there may be many. */
	struct condition_node **nodes;
	size_t count;
	uint64_t serial;
	struct condition_state **slots;
	size_t slot_count;
	struct condition_list busy, idle;
	struct condition_state **heap;
	size_t heap_count, heap_cap;
	size_t bytes;
	uint64_t forgotten;
	struct buf key; /* the one that is looked for */
};

/* Where the values of fields come from, and what is to be kept. */
struct condition_event {
	int64_t time;
	condition_lookup *lookup;
	void *arg;
	struct slice keep;
	bool later; /* not of a hit at hand */
};

/* condition-table.c: the state of a rule for the key of the event. */
void condition_key(struct conditions *c, size_t rule,
		   const struct condition_event *e);
struct condition_state *condition_find(const struct conditions *c, size_t rule);
struct condition_state *condition_make(struct conditions *c, size_t rule);
/* It was touched and has changed: its place in lists and heap. */
void condition_settle(struct conditions *c, struct condition_state *s);
void condition_drop(struct conditions *c, struct condition_state *s);
/* Forgets until the limits hold. */
void condition_limit(struct conditions *c);
void condition_drop_all(struct conditions *c);
/* What the event has to say later. */
void condition_keep(struct condition_kept *kept, const struct condition_node *n,
		    const struct condition_event *e);
void condition_kept_done(struct condition_kept *kept);
bool condition_waits(const struct condition_node *n);

/* condition-window.c: marks. True when they reach the count: those up to the
 * last of them are taken away. */
struct condition_reached {
	int64_t first, last;
	int64_t beyond; /* how many of them lie behind the burst that was told
			 */
};
bool condition_mark_add(struct condition_state *s,
			const struct condition_node *n, int64_t time,
			size_t part, struct condition_reached *ret);
void condition_marks_end(struct condition_state *s, int64_t from, int64_t to);
/* How many would be within the time with one more, of the part. */
int64_t condition_mark_count(const struct condition_state *s,
			     const struct condition_node *n, int64_t time,
			     size_t part);

static inline int64_t condition_clamp(int64_t time)
{
	if (time < WHEN_MIN)
		return WHEN_MIN;
	return time > WHEN_MAX ? WHEN_MAX : time;
}

/* Whether time lies in [from, to], of which from may be WHEN_NONE. */
static inline bool condition_between(int64_t time, int64_t from, int64_t to)
{
	return from != WHEN_NONE && time >= from && time <= to;
}

#endif
