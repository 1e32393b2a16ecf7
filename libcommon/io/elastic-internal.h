/*
 * elastic-internal.h - what the parts of elastic share.
 *
 * A poll opens a point in time, reads pages of it, and closes it:
 *
 *	KIND -> OPEN -> SEARCH ... SEARCH -> CLOSE -> OPEN ...
 *
 * Three times, all of them in milliseconds, say what has been read:
 *
 *	back <= watermark <= covered
 *
 * What is older than `back` is never asked for again. Everything that the far
 * side had up to `watermark` when it was asked has been handed on. `covered` is
 * the end of the last poll, which differs when there were no documents.
 *
 * A document with the time t arrives before t + overlap. What arrives after
 * a point in time was opened, at p, is then not older than p - overlap, and
 * watermark <= p; so back = watermark - overlap loses nothing. The watermark
 * follows times of documents and the monotonic clock, not the wall clock,
 * which may jump. The ring has the ids of all that was handed on and is not
 * older than `back`.
 *
 * When a point in time is lost, the poll goes on in another one from the time
 * that it had reached. Of what came before that time, documents may have
 * arrived between the two; so `back` follows the watermark as it was then only.
 *
 * To read the whole overlap each time would cost more than the news do. So most
 * polls are short: they look back a part of the overlap only, and leave `back`
 * alone; a full one, from `back`, comes as often as a tenth of the time allows.
 */
#ifndef ONCALL_ELASTIC_INTERNAL_H
#define ONCALL_ELASTIC_INTERNAL_H

#include <oncall/elastic.h>
#include <oncall/http.h>

#define ELASTIC_HASH	     12
#define ELASTIC_PAGE_MAX     10000 /* index.max_result_window */
#define ELASTIC_KEEP_ALIVE   "1m"
#define ELASTIC_BODY_MAX     ((size_t)64 * 1024 * 1024)
#define ELASTIC_BODY_AIM     ((size_t)8 * 1024 * 1024)
#define ELASTIC_DELAY_MS     1000 /* what was written is not found before */
#define ELASTIC_SHORT_PART   15	  /* of the overlap, in a short poll */
#define ELASTIC_FULL_COST    10	  /* pause after a full poll, times as long */
#define ELASTIC_TRIES	     6	  /* in a row, without follow */
#define ELASTIC_PAGE_TRIES   3	  /* more, of a page that is not whole */
#define ELASTIC_PIT_TRIES    4	  /* of a page; then a new point in time */
#define ELASTIC_BACKOFF_MS   500
#define ELASTIC_BACKOFF_MOST 6			       /* intervals */
#define ELASTIC_AFTER_MAX_MS ((int64_t)10 * 60 * 1000) /* of Retry-After */
#define ELASTIC_LAG_MS	     ((int64_t)5 * 60 * 1000)
#define ELASTIC_TELL_MS	     ((int64_t)5 * 60 * 1000) /* the same trouble */
#define ELASTIC_WAIT_MS	     100 /* a signal is noticed after that */

/* A document that was handed on; seconds, because they are half as long and
 * serve only to forget it, which may be late. */
struct elastic_id {
	unsigned char hash[ELASTIC_HASH];
	uint32_t second;
};

struct elastic_ring {
	struct elastic_id *ids; /* in the order of arrival */
	uint32_t *slots;	/* 0 is empty, else index + 1 */
	size_t count, cap, slot_count;
	size_t pruned; /* how many the last pruning left */
};

void elastic_ring_done(struct elastic_ring *r);
uint32_t elastic_ring_second(int64_t ms);
void elastic_ring_id(struct elastic_id *ret, struct slice text, int64_t ms);
bool elastic_ring_has(const struct elastic_ring *r,
		      const struct elastic_id *id);
void elastic_ring_add(struct elastic_ring *r, const struct elastic_id *id);
/* Forgets what is older than that second. */
void elastic_ring_prune(struct elastic_ring *r, uint32_t second);
/* Forgets the oldest quarter, but nothing from that second on; the second from
 * which on nothing was forgotten. */
uint32_t elastic_ring_drop(struct elastic_ring *r, uint32_t second);
void elastic_ring_save(const struct elastic_ring *r, struct buf *out);
int elastic_ring_load(struct elastic_ring *r, struct slice text,
		      struct err *err) MUST_CHECK;

enum elastic_step {
	ELASTIC_KIND,	/* which of the two products, and its version */
	ELASTIC_OPEN,	/* a point in time */
	ELASTIC_SEARCH, /* a page */
	ELASTIC_CLOSE,
};

/* Points into the page. */
struct elastic_hit {
	struct slice index, id; /* JSON strings */
	struct slice source;	/* JSON object; NULL: none */
	int64_t ms;
};

struct elastic_page {
	struct http_reply reply;
	struct elastic_hit *hits;
	size_t count, cap, next;
	struct slice sort; /* JSON array, of the last hit; NULL: none */
	bool whole;
	bool again; /* will be asked for once more */
	bool last;
};

/* Each is told again after ELASTIC_TELL_MS. */
enum elastic_trouble {
	ELASTIC_TELL_FAILED, /* also when the text is another one */
	ELASTIC_TELL_RING,
	ELASTIC_TELL_MISSING,
	ELASTIC_TELL_LAG,
	ELASTIC_TELL_KINDS,
};

struct elastic {
	struct input base;
	struct input_stream stream;
	char *url, *index, *query, *time_field;
	char *authorization;	    /* the header */
	struct elastic_options opt; /* defaults filled in, no texts */
	struct http *http;
	enum elastic_step step;
	bool asked;   /* the answer is under way */
	int64_t due;  /* when to ask next; monotonic */
	int failures; /* in a row */
	int unwhole;  /* polls in a row */
	bool ended;

	bool opensearch;
	bool guessed;	/* we were not told which it is */
	bool shard_doc; /* sorts by it; else by id and index */

	bool full, whole; /* the poll; whole so far */
	bool full_next;
	bool resume;	  /* the next one goes on where the last one stopped */
	int retries;	  /* of a page that was not whole */
	int64_t full_due; /* monotonic */
	int64_t from, to;
	int64_t reached;  /* the time up to which all has been handed on */
	int64_t limit;	  /* of the watermark that `back` may follow */
	int64_t opened;	  /* monotonic */
	struct buf pit;	  /* its id, JSON string; empty: none */
	struct buf after; /* JSON array of sort values */
	size_t size;	  /* of the next page */
	bool bare;	  /* the next one without documents */
	struct elastic_page page;

	int64_t back, watermark, covered;
	int64_t moved; /* monotonic, when the watermark was now at most */
	struct elastic_ring ring;

	size_t missing; /* documents that could not be had */
	struct {
		struct err err;
		int64_t at; /* monotonic; 0: never */
	} told[ELASTIC_TELL_KINDS];
};

/* Sends what the step needs. */
int elastic_ask(struct elastic *e, struct err *err) MUST_CHECK;

/* What an answer says; each 0, or -1 with an error of ERR_REMOTE. */
int elastic_answer_kind(struct elastic *e, const struct http_reply *r,
			struct err *err) MUST_CHECK;
int elastic_answer_open(struct elastic *e, const struct http_reply *r,
			struct err *err) MUST_CHECK;
/* Fills e->page, which takes the reply over, unless it fails. */
int elastic_answer_page(struct elastic *e, struct http_reply *r,
			struct err *err) MUST_CHECK;
/* The error that a status other than 200 stands for. */
int elastic_answer_failed(const struct http_reply *r, struct err *err);
/* The answer, which need not be JSON, holds this text. */
bool elastic_answer_has(const struct http_reply *r, const char *text);
void elastic_page_done(struct elastic_page *p);

int elastic_next(struct input *in, struct input_block *b, int wait_ms,
		 struct err *err);
/* Fills the block from the page; whether there is anything in it. */
bool elastic_hand_on(struct elastic *e, struct input_block *b);

/* The poll is to begin; false when there is nothing to ask for. */
bool elastic_poll_begin(struct elastic *e);
void elastic_poll_page_done(struct elastic *e);
void elastic_poll_end(struct elastic *e);
void elastic_poll_prune(struct elastic *e);
void elastic_tell(struct elastic *e, enum elastic_trouble kind,
		  const struct err *err);
void elastic_tell_lag(struct elastic *e);

static inline struct elastic *elastic_of(const struct input *in)
{
	return (struct elastic *)(uintptr_t)in;
}

#endif
