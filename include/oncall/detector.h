/*
 * detector.h - log lines in, detection records out: rules are matched, fields
 * read, conditions kept, records written. Scanning a block needs nothing but
 * the block, so several threads may scan; what they found is settled in the
 * order of the blocks, by one at a time.
 */
#ifndef ONCALL_DETECTOR_H
#define ONCALL_DETECTOR_H

#include <oncall/condition.h>
#include <oncall/fields.h>
#include <oncall/input.h>
#include <oncall/pack.h>
#include <oncall/pattern.h>
#include <oncall/record.h>
#include <oncall/when.h>

/* Bytes of a message in what is kept for a detection that comes later. */
#define DETECTOR_KEPT_MESSAGE 2048
/* Bytes of texts in a record, which must stay below RECORD_MAX_LINE when each
 * byte becomes six: what is longer is cut, a message with "truncated". */
#define DETECTOR_MESSAGE_MAX ((size_t)2000 * 1000)
#define DETECTOR_CAPTURE_MAX 10000
#define DETECTOR_TITLE_MAX   1000
/* Named captures of one hit. */
#define DETECTOR_CAPTURES 32
/* Detections with a time more than this ahead of the clock, or a whole number
 * of half hours behind it, speak of a wrong zone when so many agree. */
#define DETECTOR_ZONE_AGREE 5
/* A time of a live line that is this much ahead of the clock is none for
 * conditions: no zone is that far off. */
#define DETECTOR_FUTURE WHEN_DAY

struct detector_options {
	const char *engine, *cache_dir;	    /* of pattern.h */
	const struct fields_format *format; /* NULL: as each line looks */
	const char *service;		    /* of lines that name none */
	int64_t since, until;		    /* WHEN_NONE: no limit */
	int64_t rate_count, rate_ms; /* detections of a rule; 0: no limit */
	bool all;		     /* an event record for each line, too */
	bool replay;		     /* time is that of the events */
	bool measure;		     /* the time that each rule takes */
	bool live; /* the lines are of now: zones and future are checked */
	/* What is wrong with lines or rules, told once each; NULL: counted. */
	void (*trouble)(void *arg, const struct err *err);
	void *arg;
};

struct detector;

/* Packs and options must outlive it. */
int detector_new(struct detector **ret, const struct packs *packs,
		 const struct detector_options *opt, struct err *err)
	MUST_CHECK;
void detector_free(struct detector *d);
const struct pattern_set *detector_set(const struct detector *d);

/* What one thread needs, and what it found in the block that it scanned. */
struct detector_work;

struct detector_work *detector_work_new(struct detector *d);
void detector_work_free(struct detector_work *w);
/* The block must stay as it is until it is settled. */
void detector_scan(struct detector_work *w, const struct input_block *b);
/* A stop was asked for while expressions took long on lines of the block, so
 * that the rest of them was left: what is settled does not stand for all. */
bool detector_cut(const struct detector_work *w);
/* Writes what the block, and conditions that it completes, have to say. */
void detector_settle(struct detector *d, struct detector_work *w,
		     struct record_writer *out);

/* Time has come this far without lines: deadlines and rates are looked at. */
void detector_time(struct detector *d, int64_t now, struct record_writer *out);
/* When that has to be done next, or WHEN_NONE. */
int64_t detector_next(const struct detector *d);
/* The end of all input: what was folded is told. */
void detector_finish(struct detector *d, struct record_writer *out);

/* One JSON object: conditions, rates. load() takes what save() wrote. */
void detector_save(const struct detector *d, struct buf *out);
int detector_load(struct detector *d, struct slice json, struct err *err)
	MUST_CHECK;

/* d goes on where from is: the state of rules whose condition is the same, what
 * was counted, what was told of streams. from is to be freed then. */
int detector_take_over(struct detector *d, struct detector *from,
		       struct err *err) MUST_CHECK;

struct detector_stats {
	uint64_t blocks, lines, bytes;
	uint64_t hit_lines; /* lines that a pattern matched */
	uint64_t detections;
	uint64_t bad_times; /* of lines with a hit */
	uint64_t no_times;
	uint64_t outside; /* of --since and --until */
	uint64_t faults;  /* lines that an expression could not decide */
};

struct detector_rule_stats {
	const char *id;
	uint64_t hits;	   /* lines that matched */
	uint64_t excepted; /* lines that an except-expression took away */
	uint64_t compared; /* lines whose comparison did not hold */
	uint64_t written;  /* detections */
	uint64_t folded;   /* by --max-rate */
	uint64_t faults, ns;
};

struct detector_stats detector_stats(const struct detector *d);
size_t detector_rule_count(const struct detector *d);
/* Of what has been settled. */
struct detector_rule_stats detector_rule_stats(const struct detector *d,
					       size_t rule);

/* Appends, for people, what is seen in a line and what became of each rule
 * that came close. 1 when a rule matches, 0 otherwise. Changes no state. */
int detector_explain(struct detector *d, struct detector_work *w,
		     struct slice line, struct buf *out);

DEFINE_AUTO(struct detector *, detector_free, auto_detector_)
#define AUTO_DETECTOR CLEANUP(auto_detector_)
DEFINE_AUTO(struct detector_work *, detector_work_free, auto_detector_work_)
#define AUTO_DETECTOR_WORK CLEANUP(auto_detector_work_)

#endif
