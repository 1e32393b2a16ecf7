/* detector-internal.h - what the parts of detector.h share. */
#ifndef DETECTOR_INTERNAL_H
#define DETECTOR_INTERNAL_H

#include <oncall/detection.h>
#include <oncall/detector.h>
#include <oncall/show.h>
#include <oncall/template.h>
#include <oncall/utf8.h>

#define DETECTOR_TITLE 120 /* bytes of a title that a message gives */
#define FACTS_ESCAPED  6   /* that one byte can become: \u0000 */

struct detector_rule {
	const struct pack_rule *pack;
	struct template *title;
	struct condition *when;
	struct slice id, severity;
	struct slice service; /* that the rule gives, or a NULL ptr */
	struct buf opening;   /* what is the same in every record, up to the
				 title */
	bool plain;	      /* each hit is a detection at once */
	bool gave_up;	      /* on a line, and that was told */
	struct detector_rule_stats stats;
	/* --max-rate: the window at hand. */
	int64_t rate_start;
	int64_t rate_written;
	int64_t folded_count, folded_first, folded_last;
	struct buf
		folded; /* the record of the latest of them, but for its end */
};

struct detector_stream { /* by input_stream.number */
	int64_t skew;	 /* half hours that the last times were off */
	unsigned agree;
	bool told;
};

struct detector {
	struct detector_options opt;
	const struct packs *packs;
	struct pattern_set *set;
	struct detector_rule *rules;
	size_t rule_count;
	struct conditions *conditions;
	bool timed; /* a rule waits for time to pass */
	struct detector_stream *streams;
	size_t stream_count;
	struct detector_stats stats;
	struct buf scratch, hit_scratch, record;
	struct jscan scan, hit_scan;
	int64_t now; /* of the block that is settled */
};

/* What a line, or a kept text, has to say to a rule. */
struct facts {
	const struct detector_rule *rule; /* that they are looked at for */
	struct slice source; /* members of "source", without the position */
	struct slice stream; /* id of the stream */
	struct slice id;     /* of the event where it has no position */
	uint64_t offset, line;
	bool positioned; /* offset and line are known */
	bool rises;	 /* no later event has been told before */
	bool truncated, has_time, zone_assumed;
	bool one_line; /* the message is known to be */
	bool lossy;    /* the message was not UTF-8 before it was kept */
	int zone_minutes;
	int64_t time;
	struct slice message, service, host, pid, level;
	struct pattern_group captures[DETECTOR_CAPTURES];
	size_t capture_count;
};

/* Whether conditions can go by a time: a line dated far in the future would end
 * all that waits. What is not live says the same whenever it is read. */
static inline bool detector_trusts(const struct detector *d, int64_t time,
				   int64_t now)
{
	return !d->opt.live || time - now <= DETECTOR_FUTURE;
}

/* Of what --since and --until leave. */
static inline bool detector_outside(const struct detector *d, int64_t time)
{
	return (d->opt.since != WHEN_NONE && time < d->opt.since) ||
	       (d->opt.until != WHEN_NONE && time > d->opt.until);
}

enum outcome_kind {
	OUTCOME_READY, /* records as they are written */
	OUTCOME_HIT,   /* facts as JSON: order, or other hits, decide */
	OUTCOME_EVENT, /* the same, of a line, with --all */
	OUTCOME_FAULT, /* the first line that a rule gave up on, and why */
};

struct outcome { /* what a thread found */
	enum outcome_kind kind;
	size_t rule;  /* of a hit */
	bool rises;   /* of a hit */
	int64_t time; /* WHEN_NONE: the line has none */
	bool zone_assumed;
	size_t body, body_len; /* in detector_work.bytes */
};

#define DETECTOR_KNOWN 256 /* a power of two */

struct known_identity {			  /* of a rule, and its fingerprint */
	const struct detector_rule *rule; /* NULL: nothing is known */
	struct buf text;
	char fingerprint[DETECTION_FINGERPRINT];
};

struct detector_work {
	struct detector *d;
	struct pattern_scratch *scratch;
	const struct input_block *block;
	struct buf source; /* facts.source of the block's stream */
	struct fields_scratch fields_scratch;
	struct fields fields;
	struct facts facts; /* of the line at hand */
	struct slice line;  /* the one at hand */
	const char *parsed; /* the one that fields are of */
	const char *read;   /* and facts */
	int64_t now;
	struct outcome *outcomes;
	size_t count, cap;
	struct buf bytes, identity, scratch_text;
	struct known_identity known[DETECTOR_KNOWN];
	const char *last_hit; /* line that was hit last */
	const char *counted;  /* up to where lines were counted, */
	uint64_t line_number; /* the number of the line there */
	int64_t time;	      /* of the last line, when a condition needs it */
	uint64_t lines, hit_lines, bad_times, no_times, faults;
	uint64_t *compared, *written; /* by rule */
	uint64_t outside, detections;
	bool *gave_up;		    /* by rule: there was an OUTCOME_FAULT */
	bool cut;		    /* left in the middle of the block */
	struct pattern_stats *told; /* by rule: what was settled before */
};

/* detector-facts.c */
struct slice facts_lookup(void *arg, const char *path);
/* As JSON, to be read again; no text is longer than max. */
void facts_write(const struct facts *f, size_t max, struct buf *out);
/* Slices point into json or text. */
int facts_read(struct facts *f, struct slice json, struct jscan *scan,
	       struct buf *text, struct err *err) MUST_CHECK;
struct slice facts_severity_raw(const struct facts *f);
enum severity facts_severity(const struct facts *f);
static inline struct slice facts_service(const struct facts *f)
{
	return f->rule && f->rule->service.ptr ? f->rule->service : f->service;
}

/* At most max bytes of it, cut at a character. */
static inline struct slice facts_cut(struct slice text, size_t max)
{
	if (text.len > max)
		text.len = utf8_cut(text.ptr, text.len, max);
	return text;
}

/* As much of it as a record may have for a key. */
struct slice facts_key(struct slice text);
void facts_fingerprint(const struct facts *f, char out[DETECTION_FINGERPRINT]);

/* What a record says beside the facts. */
struct head {
	struct slice suffix; /* of the id */
	const char *fingerprint;
	int64_t now, time, first, last; /* WHEN_NONE where unknown */
	int64_t count;
	bool rises; /* no later place of the stream has been told */
};

/* detector-render.c: a record, of a rule or, without one, an event; but for
 * its counts and its end, which the second adds. */
void render_record(const struct facts *f, const struct head *h,
		   struct buf *scratch, struct buf *out);
void render_end(const struct head *h, bool detection, struct buf *out);

#endif
