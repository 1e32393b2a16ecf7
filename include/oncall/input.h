/*
 * input.h - where log lines come from. Every source (files, standard input, a
 * socket, the journal, a search engine) hands on blocks of whole lines of one
 * stream, into memory of the caller, so that several threads can work on
 * different blocks; and can save how far it has handed on.
 */
#ifndef ONCALL_INPUT_H
#define ONCALL_INPUT_H

#include <oncall/buf.h>
#include <oncall/jscan.h>

#define INPUT_BLOCK ((size_t)128 * 1024) /* bytes of a usual block */
/* And of the first one of a file: what is in it is known soon. */
#define INPUT_FIRST_BLOCK ((size_t)16 * 1024)
#define INPUT_MAX_LINE	  ((size_t)1024 * 1024)
#define INPUT_WAIT_STEP	  250 /* ms between looks at what cannot wake us */

/* The bytes, not the name: a renamed, copied or compressed successor of them
 * stays the same stream. Owned by the input, valid as long as that is. */
struct input_stream {
	const char *kind; /* "file", "stdin", "journal", "elasticsearch",
			     "socket" */
	char *id;	  /* what records call source.stream */
	char *path;	  /* file, socket address or index; NULL: none */
	char *service;	  /* that the source was declared to have, or NULL */
	bool positions;	  /* offsets identify a line; else ids do */
	size_t number;	  /* 0, 1, ...: of this input, in order of appearance */
	/* How far the caller has come with it; the input leaves it alone. */
	int64_t last_time;
};

/* One event of a block: a line, or several that were joined. */
struct input_event {
	struct slice text; /* without the last "\n" */
	uint64_t offset;   /* of its first line */
	uint64_t line;
	struct slice id;   /* where the stream has no positions, or empty */
	bool out_of_order; /* a line of a later event has been seen: the offset
			      does not rise */
	bool truncated;
};

struct input_block {
	struct input_stream *stream;
	struct buf data;   /* memory of the block, kept from call to call */
	struct slice text; /* whole lines, the last may lack its "\n" */
	uint64_t offset;   /* of text in the stream */
	uint64_t line;	   /* number of its first line, from 1 */
	/* Lines longer than the limit stand cut in text; offsets behind one
	 * would be wrong, so a cut line is the last of its block. */
	bool truncated;
	/* NULL: the events are the lines of text. Otherwise their list, and
	 * text means nothing: joined lines, documents with ids. */
	struct input_event *events;
	size_t event_count, event_cap;
	bool live; /* nothing more was there when it was read */
};

void input_block_done(struct input_block *b);
void input_block_reset(struct input_block *b); /* keeps the memory */
void input_block_event(struct input_block *b, const struct input_event *e);

enum input_state {
	INPUT_BLOCK_READY,
	INPUT_NOTHING, /* within wait_ms */
	INPUT_END,     /* and never again */
};

struct input;

struct input_ops {
	/* Fills b. wait_ms -1: for ever; a signal ends the wait. */
	int (*next)(struct input *in, struct input_block *b, int wait_ms,
		    struct err *err);
	/* Appends a JSON value from which load() goes on behind all that next()
	 * has handed on. Before the first next() it looks at what is there, so
	 * that it is found again wherever it is moved to before anything of it
	 * is handed on. NULL: nothing to save. */
	void (*save)(const struct input *in, struct buf *out);
	/* Called before the first next(), with what save() wrote. */
	int (*load)(struct input *in, struct slice json, struct err *err);
	void (*free)(struct input *in);
};

struct input { /* the first member of what each source keeps */
	const struct input_ops *ops;
};

/* An input_state, or -1. Blocks are never empty. */
int input_next(struct input *in, struct input_block *b, int wait_ms,
	       struct err *err) MUST_CHECK;
void input_save(const struct input *in, struct buf *out);
int input_load(struct input *in, struct slice json, struct err *err) MUST_CHECK;
void input_free(struct input *in);
/* Hands on what each of them has, in turn; END when all have ended. Takes the
 * inputs over. names tell them apart in what is saved, also when it is one
 * only, so that others may be added. */
struct input *input_join_all(struct input **inputs, const char *const *names,
			     size_t count);

DEFINE_AUTO(struct input *, input_free, auto_input_)
#define AUTO_INPUT CLEANUP(auto_input_)
#define AUTO_BLOCK CLEANUP(input_block_done)

#endif
