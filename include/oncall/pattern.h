/*
 * pattern.h - which rules match which lines, for many rules and much text.
 *
 * A rule has one or more PCRE2 expressions, one of which is enough, and
 * except-expressions, none of which may match. Each is matched against one
 * line at a time: without its "\n" and without a "\r" before that, so that $
 * means the same with either ending. "." matches anything in a line. An event
 * of several lines can be one text, too: ^ and $ then stand at each of its
 * lines, \A and \z at its ends, and "." matches no "\n", but \s and [^x] do.
 *
 * Expressions see bytes, so that no byte, valid as UTF-8 or not, can hide a
 * line. An expression that names a character outside ASCII (or begins with
 * (*UTF)) sees characters instead, and nothing in it matches invalid UTF-8.
 * \w, \d, \s and \b know ASCII in both. (*UCP) and \C are refused. A name may
 * stand at several groups; the first that took part counts.
 *
 * Engines differ in speed and in nothing else:
 *   pcre2    every expression on every line; the reference
 *   literal  lines that contain a string which the expression must contain,
 *            found for all of them in one pass; the default
 *   hs       lines found by Hyperscan or Vectorscan, where it is installed
 */
#ifndef ONCALL_PATTERN_H
#define ONCALL_PATTERN_H

#include <oncall/buf.h>

#define PATTERN_MAX_EXPR ((size_t)64 * 1024) /* bytes of an expression */
#define PATTERN_MAX_SET	 1000000	     /* expressions of a set */
/* Steps of one expression on one line, as PCRE2 counts them: what needs more
 * is a fault. Milliseconds; ordinary expressions stay below a thousandth. Where
 * that does not bound the time, all work on a line is counted: ten times as
 * much, and sixteen for each of its bytes. */
#define PATTERN_MATCH_LIMIT 1000000
/* KiB that PCRE2 may need for one match when it runs without its JIT. */
#define PATTERN_HEAP_LIMIT (20 * 1024)

struct pattern_rule {
	const char *id;
	const struct slice *exprs;
	size_t expr_count;
	const struct slice *excepts;
	size_t except_count;
	bool caseless; /* also of the except-expressions */
};

struct pattern_options {
	const char *engine;    /* NULL: literal */
	const char *cache_dir; /* of engine hs; NULL: compiles each time */
	uint32_t match_limit;  /* 0: PATTERN_MATCH_LIMIT */
};

struct pattern_set;

/* Copies all it needs. ERR_USAGE names the rule, the expression and the place
 * in it. options may be NULL. */
int pattern_set_new(struct pattern_set **ret, const struct pattern_rule *rules,
		    size_t count, const struct pattern_options *options,
		    struct err *err) MUST_CHECK;
void pattern_set_free(struct pattern_set *s);

DEFINE_AUTO(struct pattern_set *, pattern_set_free, auto_pattern_set_)
#define AUTO_PATTERN_SET CLEANUP(auto_pattern_set_)

/* 0, or -1 with the reason why this machine does not have the engine. */
int pattern_engine_check(const char *engine, struct err *err) MUST_CHECK;
const char *pattern_set_engine(const struct pattern_set *s);
size_t pattern_set_count(const struct pattern_set *s); /* of rules */
const char *pattern_set_id(const struct pattern_set *s, size_t rule);
/* Rules (their indexes, rising) with an expression that no filter helps, so
 * that it runs on each line: each costs as much as a hundred others. */
size_t pattern_set_slow(const struct pattern_set *s, const size_t **ret_rules);
/* The strings one of which every match of the expression contains, in lower
 * case, each in quotes; nothing is added when there are none, or when the
 * engine does not look for any. */
void pattern_set_literals(const struct pattern_set *s, size_t rule, size_t expr,
			  struct buf *out);

/*
 * What one thread needs while it scans: several may scan with one set, each
 * with a scratch of its own. It must not outlive the set.
 */
struct pattern_scratch;

struct pattern_scratch *pattern_scratch_new(const struct pattern_set *set);
void pattern_scratch_free(struct pattern_scratch *scratch);

DEFINE_AUTO(struct pattern_scratch *, pattern_scratch_free,
	    auto_pattern_scratch_)
#define AUTO_PATTERN_SCRATCH CLEANUP(auto_pattern_scratch_)

/* Counted since the scratch was made. */
struct pattern_stats {
	uint64_t tried;	   /* lines on which its expressions were run */
	uint64_t hits;	   /* lines that the rule matched */
	uint64_t excepted; /* lines that an except-expression took away */
	uint64_t faults;
	uint64_t ns; /* with pattern_scratch_measure() */
};

struct pattern_stats pattern_scratch_stats(const struct pattern_scratch *s,
					   size_t rule);

/* Whole lines; the last one may lack its "\n". */
struct pattern_block {
	struct slice text;
	uint64_t offset; /* of its first byte in the stream */
	uint64_t line;	 /* number of its first line */
};

/* Valid during the callback. */
struct pattern_hit {
	size_t rule;
	size_t expr; /* the first of the rule's expressions that matches */
	struct slice line;
	struct slice text; /* what the expressions saw: the line, or a view */
	uint64_t offset;   /* of the line's first byte in the stream */
	struct slice match;
	struct pattern_scratch *scratch;
};

struct pattern_sink {
	/* In the order of lines, then of rules. Not 0 stops the scan. */
	int (*hit)(void *arg, const struct pattern_hit *hit);
	/*
	 * An expression, or an except-expression, could not be decided on this
	 * line; the reason is PCRE2's. An except-expression counts as not
	 * matching then. NULL: only counted.
	 */
	int (*fault)(void *arg, const struct pattern_hit *hit, const char *why);
	void *arg;
	/*
	 * Lines in which something stands that expressions see instead: whether
	 * a line is one (a quick look, true when in doubt), and what it is,
	 * asked only where an expression may match. That has to stand in the
	 * line as it is or with the escapes of JSON, once or several times
	 * over; apart from "\n", which may be put between. NULL: none.
	 */
	bool (*wraps)(void *arg, struct slice line);
	struct slice (*view)(void *arg, struct slice line);
};

/* 0, or what a callback returned to stop. */
int pattern_scan(const struct pattern_set *set, struct pattern_scratch *scratch,
		 const struct pattern_block *block,
		 const struct pattern_sink *sink);

/*
 * One event, which may have several lines: all of text is what expressions
 * see. The line of a hit is text, its offset the one given.
 */
int pattern_scan_text(const struct pattern_set *set,
		      struct pattern_scratch *scratch, struct slice text,
		      uint64_t offset, const struct pattern_sink *sink);

/* From here on the time that each rule takes is measured, too (slower). */
void pattern_scratch_measure(struct pattern_scratch *s);

/* The number of the hit's line; lines are counted only when this is called. */
uint64_t pattern_hit_line(const struct pattern_hit *hit);
/* False when the expression has no such group, or it took no part. */
bool pattern_hit_capture(const struct pattern_hit *hit, const char *name,
			 struct slice *ret);
struct pattern_group {
	struct slice name, value;
};

/* The named groups that took part, in alphabetical order, each name once, at
 * most max of them; how many there are. */
size_t pattern_hit_groups(const struct pattern_hit *hit,
			  struct pattern_group *ret, size_t max);
/* How many lines the text has. */
uint64_t pattern_count_lines(struct slice text);

#endif
