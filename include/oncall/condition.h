/*
 * condition.h - when hits of rules become a detection: "3 times within 5m by
 * host". Time is that of the events; state can be saved and loaded.
 *
 *   WHEN    = [COMPARE {("and" | ",") COMPARE}] [["and" | ","] CORE]
 *             ["by" FIELD {"," FIELD}]                     not all left out
 *   COMPARE = NAME (">" | ">=" | "<" | "<=" | "=" | "!=") NUMBER
 *   CORE    = N "times within" DURATION
 *           | "once" ["within" DURATION]
 *           | "absent for" DURATION ["after" RULE]
 *           | RULE "then" RULE "within" DURATION
 *           | RULE "without" RULE "within" DURATION
 *           | N "of {" RULE {"," RULE} "}" "within" DURATION
 *
 * NAME is a capture. "85%", "2GB", "1.5s" are numbers, in captures too: kB is
 * 1000 bytes, K and KiB 1024; durations compare in seconds; a number without a
 * unit goes with any. Names are of letters, digits, '-', '_' and '.'; case
 * counts in names and units, not in words. Everything is for each key, the
 * values of the fields behind "by". "Within" holds for hits exactly so far
 * apart, too.
 *
 * Times    Fires at the N-th hit within the time. Then the burst is told: hits
 *          go on in silence, and are counted, until the time has passed since
 *          the last of those N; N more within the time make it go on.
 * Once     Fires at the first hit of the key; or when it was not told within
 *          the time.
 * Absent   Fires when this rule did not hit for so long after a hit of RULE
 *          (or its own last hit), once each time.
 * Then     Fires at the first B that comes within the time after an A.
 * Without  Fires when no B came within the time after an A; more of A do not
 *          put that off.
 * N of     Fires when so many different rules hit within the time; then like
 *          Times.
 *
 * A firing of a rule is a hit for the rules that name it, whether the cool-down
 * tells it or not; one hit makes a rule fire once at most.
 */
#ifndef ONCALL_CONDITION_H
#define ONCALL_CONDITION_H

#include <oncall/jscan.h>

/* Of all rules; what was not touched for longest goes first, before it what
 * only remembers a B, or this rule's own hit, that was read before its A. */
#define CONDITION_MAX_KEYS   100000
#define CONDITION_MAX_BYTES  ((size_t)32 * 1024 * 1024)
#define CONDITION_MAX_TIMES  10000 /* N of a threshold */
#define CONDITION_MAX_PARTS  32	   /* rules that a condition names */
#define CONDITION_MAX_FIELDS 8	   /* of "by" */

struct condition;

/* ERR_USAGE names the column and what was expected there. */
int condition_parse(struct condition **ret, const char *text, struct err *err)
	MUST_CHECK;
void condition_free(struct condition *c);
/* The rules that it names, and the fields of "by"; NULL behind the last. */
const char *condition_part(const struct condition *c, size_t i);
const char *condition_field(const struct condition *c, size_t i);
/* The captures that are compared; NULL behind the last. */
const char *condition_capture(const struct condition *c, size_t i);
/* "pattern", "threshold", "sequence", "absence", "group", "value". */
const char *condition_kind(const struct condition *c);
/* Whether its own rule may have no expression: its hits are those of parts. */
bool condition_only_parts(const struct condition *c);
/* In words, for people who ask why: "3 times within 5m by host". */
void condition_describe(const struct condition *c, struct buf *out);

typedef struct slice condition_lookup(void *arg, const char *field);
/* Whether the comparisons hold; why (may be NULL) gets what did not:
 * "usage is 71, not > 85". No state: any thread may ask. */
bool condition_compare(const struct condition *c, condition_lookup *lookup,
		       void *arg, struct buf *why);

/* The state of all conditions of a set of rules. */
struct conditions;

struct condition_rule {
	const char *id;
	const struct condition *when; /* NULL: fires with every hit */
	int64_t cool_down_ms;	      /* after firing, per key; 0: none */
};

/* Rules stay owned by the caller and must outlive it. ERR_USAGE when a rule
 * is named that is not there, when rules wait for each other, or build on each
 * other more than 16 deep. */
int conditions_new(struct conditions **ret, const struct condition_rule *rules,
		   size_t count, struct err *err) MUST_CHECK;
void conditions_free(struct conditions *c);
/* Whether hits of the rule can go by: nothing counts or waits for them. */
bool conditions_plain(const struct conditions *c, size_t rule);

/* A hit of a rule, its comparisons done. */
struct condition_hit {
	size_t rule;
	int64_t time;
	condition_lookup *lookup; /* of "by" fields */
	void *arg;
	/* What a firing that comes later needs to be told: kept, bounded
	 * (CONDITION_KEEP bytes), and given back. A JSON text. */
	struct slice keep;
};

#define CONDITION_KEEP 8192

struct condition_firing {
	size_t rule;
	int64_t count;	     /* of hits that led to it */
	int64_t first, last; /* of them */
	int64_t time;	     /* when it became true: that of the hit, or the
				deadline */
	/* Values of "by", each followed by "\n"; in them that is a blank, and
	 * of more than 256 bytes the start and a hash stand there. */
	struct slice key;
	struct slice keep; /* of the hit that began it, for deadlines; empty
			      when it fires with the hit at hand */
	int64_t folded;	   /* hits taken in silently before, now told */
	bool later;	   /* with a deadline: keep is all there is, and empty
			      when it was too long */
};

/* Called for each; the firing is valid during the call. */
typedef int condition_fire(void *arg, const struct condition_firing *f);

/* A hit may be part of several rules: those fire, too. -1 only from fire. Times
 * are held between WHEN_MIN and WHEN_MAX. Hits that are older than what was
 * seen are put where they belong: of a threshold the 2 N nearest hits are
 * remembered, of each other part of a condition the newest. */
int conditions_hit(struct conditions *c, const struct condition_hit *hit,
		   condition_fire *fire, void *arg) MUST_CHECK;
/* Time has come that far: deadlines before it fire, in order of time, then of
 * rule and key. An earlier time than before does nothing, and what a late hit
 * waits for has its time, too: nothing remembers how far time has come. */
int conditions_time(struct conditions *c, int64_t now, condition_fire *fire,
		    void *arg) MUST_CHECK;
/* The earliest time at which conditions_time() has something to fire, or
 * WHEN_NONE. */
int64_t conditions_next(const struct conditions *c);
/* What stands in the way of rule for the key: "2 of 3 times within 5m". */
void conditions_explain(struct conditions *c, const struct condition_hit *hit,
			struct buf *out);
/* Keys that were forgotten because there were too many. */
uint64_t conditions_forgotten(const struct conditions *c);
/* One JSON object, the same bytes for the same state; rules are named by id,
 * and one that is gone, or whose condition changed, starts anew. Loading
 * replaces all state; after ERR_INPUT there is none. */
void conditions_save(const struct conditions *c, struct buf *out);
int conditions_load(struct conditions *c, struct slice json, struct err *err)
	MUST_CHECK;

DEFINE_AUTO(struct condition *, condition_free, auto_condition_)
#define AUTO_CONDITION CLEANUP(auto_condition_)
DEFINE_AUTO(struct conditions *, conditions_free, auto_conditions_)
#define AUTO_CONDITIONS CLEANUP(auto_conditions_)

#endif
