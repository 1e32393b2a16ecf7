/*
 * join-internal.h - what the parts of join share.
 *
 *   rules   which lines belong together: options and presets
 *   table   the events that are not complete, by session and by age
 *   join    the input: blocks in, events out
 *   save    the events that are not complete, as JSON
 */
#ifndef JOIN_INTERNAL_H
#define JOIN_INTERNAL_H

#include <oncall/join.h>

#include "pattern-internal.h"

/* What stays of the text of an event that was handed on before its end: enough
 * to know the beginning that its lines share. */
#define JOIN_HEAD ((size_t)128)

struct join_stream {
	struct input_stream out; /* what blocks name */
	char *kind;
	struct join_event *last; /* that the last line went to; open, or NULL */
	uint64_t last_start;	 /* largest offset of an event so far */
};

struct join_event {
	struct join_event *chain; /* of its bucket, or of the free ones */
	struct join_event *older, *newer;
	struct join_stream *stream;
	uint64_t hash; /* of key and stream */
	struct buf key;
	bool keyed; /* it stands in a bucket */
	/* Text is where view shows: in the block at hand while its lines follow
	 * each other there, else in text. */
	struct slice view;
	struct buf text;
	struct buf id;
	uint64_t offset, line;
	size_t lines;
	bool truncated;
	bool given;	 /* handed on; what still belongs to it is left out */
	uint8_t state;	 /* of the preset */
	uint64_t turn;	 /* of the join, when it got its last line */
	int64_t touched; /* clock_mono() of its last line */
	int64_t seen;	 /* clock_now() of it */
};

/* What a preset says of a line, given the event that is open, if any. */
struct join_open {
	struct slice text; /* its first line begins it */
	uint8_t state;
};

struct join_preset {
	const char *name;
	/* Whether the line goes on with the event; *state is that of the event
	 * with it, or of the one that it begins. */
	bool (*goes_on)(struct slice line, const struct join_open *open,
			uint8_t *state);
	/* False when the line does not say whose it is. NULL: none does. */
	bool (*session)(struct slice line, struct slice *ret);
};

const struct join_preset *join_preset_find(const char *name); /* or NULL */

/* The parts of join-preset.c. */
bool join_java(struct slice line, const struct join_open *open, uint8_t *state);
bool join_python(struct slice line, const struct join_open *open,
		 uint8_t *state);
bool join_go(struct slice line, const struct join_open *open, uint8_t *state);
bool join_node(struct slice line, const struct join_open *open, uint8_t *state);
bool join_postgresql(struct slice line, const struct join_open *open,
		     uint8_t *state);
bool join_postgresql_session(struct slice line, struct slice *ret);

struct join_rules {
	struct pattern_code start, go_on, end, session;
	const struct join_preset *preset; /* or NULL */
	bool indent;
	bool sessions; /* lines have them */
	pcre2_match_data *data;
	pcre2_match_context *context;
};

enum join_verdict {
	JOIN_ALONE,
	JOIN_BEGINS,
	JOIN_GOES_ON,
};

struct join_answer {
	enum join_verdict verdict;
	bool ends; /* and is the last of its event */
	uint8_t state;
};

int join_rules_init(struct join_rules *r, const struct join_options *opt,
		    struct err *err) MUST_CHECK;
void join_rules_done(struct join_rules *r);
/* Points into line. */
bool join_rules_session(const struct join_rules *r, struct slice line,
			struct slice *ret);
/* keyed: its session is known, or there are none. */
struct join_answer join_rules_judge(const struct join_rules *r,
				    struct slice line, bool keyed,
				    const struct join_open *open);

struct join_table {
	struct join_event **buckets;
	size_t bucket_count; /* a power of two */
	struct join_event *oldest, *newest;
	struct join_event *unused;
	size_t count;
};

void join_table_init(struct join_table *t);
void join_table_done(struct join_table *t);
struct join_event *join_table_find(const struct join_table *t,
				   const struct join_stream *s,
				   struct slice key);
/* The newest. keyed: can be found. */
struct join_event *join_table_add(struct join_table *t, struct join_stream *s,
				  struct slice key, bool keyed);
void join_table_touch(struct join_table *t, struct join_event *e);
/* Out of buckets and ages; then it may be released. */
void join_table_remove(struct join_table *t, struct join_event *e);
void join_table_release(struct join_table *t, struct join_event *e);

struct join {
	struct input base;
	struct input *inner;
	struct join_rules rules;
	int64_t timeout_ms;
	size_t max_lines, max_bytes;
	bool keep;

	struct map *streams; /* by id */
	struct join_table open;
	size_t held; /* bytes of the open ones */
	/* Complete, and waiting for a block of their stream; linked by newer.
	 */
	struct join_event *ready, **ready_end;

	/* While a block is made. */
	struct join_stream *now;
	struct input_block *block;
	struct buf made; /* texts and ids that are not in the block */
	struct join_place *places;
	size_t place_count, place_cap;
	struct input_event *lines; /* of inner, where it has a list */
	size_t line_cap;
	uint64_t turn; /* counts what was asked of inner */
	int64_t mono, wall;
	bool live; /* as inner said */
	bool ended;
};

/* Ours that stands for it. */
struct join_stream *join_stream(struct join *j, const struct input_stream *s);
/* Into the block at hand, which is of its stream. */
void join_hand_on(struct join *j, const struct join_event *e);
/* The bytes of the block are going: the event gets its own copy. */
void join_keep_text(struct join_event *e);
/* Puts what was made behind the bytes of the block, which may move then. */
void join_settle(struct join *j);
/* For a later block. */
void join_ready(struct join *j, struct join_event *e);
void join_save(const struct input *in, struct buf *out);
int join_load(struct input *in, struct slice json, struct err *err) MUST_CHECK;

static inline struct slice join_text(const struct join_event *e)
{
	return e->view.ptr ? e->view : buf_slice(&e->text);
}

#endif
