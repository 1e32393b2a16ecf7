/*
 * condition.h - when hits of rules become a detection: "3 times within 5m by
 * host". Time is that of the events; state can be saved and loaded.
 *
 *   WHEN     = [COMPARE {"and" COMPARE}] [[","|"and"] CORE] ["by" FIELD {","
 * FIELD}] COMPARE  = NAME (">" ">=" "<" "<=" "=" "!=") NUMBER   a capture;
 * "85%", "2GB", "1.5s" are numbers, in the capture too CORE     = N "times
 * within" DURATION | "once" ["within" DURATION]                   per key |
 * "absent for" DURATION ["after" RULE] | RULE "then" RULE "within" DURATION |
 * RULE "without" RULE "within" DURATION | N "of {" RULE {"," RULE} "}" "within"
 * DURATION
 *
 * Semantics. Threshold: sliding; fires at the N-th hit of a key within the
 * time, then takes further hits in silently until that window has passed
 * without reaching N again, and counts them. Absent: fires when this rule did
 * not hit for so long after a hit of RULE (without RULE: after its own last
 * hit), once each time. Then: B within the time after A. Without: A, and no B
 * within the time. N of: so many different rules hit within the time.
 */
#ifndef ONCALL_CONDITION_H
#define ONCALL_CONDITION_H

#include <oncall/jscan.h>

#define CONDITION_MAX_KEYS   100000 /* of all rules; the oldest goes first */
#define CONDITION_MAX_BYTES  ((size_t)32 * 1024 * 1024) /* of them */
#define CONDITION_MAX_TIMES  10000  /* N of a threshold */
#define CONDITION_MAX_PARTS  32	    /* rules that a condition names */
#define CONDITION_MAX_FIELDS 8	    /* of "by" */

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
 * is named that is not there. */
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
	const char *kind;
	int64_t count;	     /* of hits that led to it */
	int64_t first, last; /* of them */
	int64_t time;	     /* when it became true: that of the hit, or the
				deadline */
	struct slice key;    /* values of "by", each followed by "\n" */
	struct slice keep;   /* of the hit that began it, for deadlines; empty
				when it fires with the hit at hand */
	int64_t folded;	     /* hits taken in silently before, now told */
	bool later;	     /* with a deadline: keep is all there is, and empty
				when it was too long */
};

/* Called for each; the firing is valid during the call. */
typedef int condition_fire(void *arg, const struct condition_firing *f);

/* Time must not be WHEN_NONE. A hit may be part of several rules: those of
 * higher ones fire, too. -1 only from fire. Hits that are older than what was
 * seen are put where they belong as long as their window is remembered. */
int conditions_hit(struct conditions *c, const struct condition_hit *hit,
		   condition_fire *fire, void *arg) MUST_CHECK;
/* Time has come that far: deadlines that passed before it fire, in order of
 * time, then of rule and key. Never goes back. */
int conditions_time(struct conditions *c, int64_t now, condition_fire *fire,
		    void *arg) MUST_CHECK;
/* The next deadline, or WHEN_NONE. */
int64_t conditions_next(const struct conditions *c);
/* What stands in the way of rule for the key: "2 of 3 times within 5m". */
void conditions_explain(struct conditions *c, const struct condition_hit *hit,
			struct buf *out);
/* Keys that were forgotten because there were too many. */
uint64_t conditions_forgotten(const struct conditions *c);
/* One JSON object; rules are named by id, and one that is gone, or whose
 * condition changed, starts anew. */
void conditions_save(const struct conditions *c, struct buf *out);
int conditions_load(struct conditions *c, struct slice json, struct err *err)
	MUST_CHECK;

DEFINE_AUTO(struct condition *, condition_free, auto_condition_)
#define AUTO_CONDITION CLEANUP(auto_condition_)
DEFINE_AUTO(struct conditions *, conditions_free, auto_conditions_)
#define AUTO_CONDITIONS CLEANUP(auto_conditions_)

#endif
