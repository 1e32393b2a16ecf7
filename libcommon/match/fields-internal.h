/* fields-internal.h - what the parts of fields share. */
#ifndef FIELDS_INTERNAL_H
#define FIELDS_INTERNAL_H

#include <oncall/fields.h>

#include "fields-char.h"

#define FIELDS_HEAD	 512 /* bytes in which times and names are looked for */
#define FIELDS_SAME_ROLE 4   /* members of one meaning that are looked at */

/* What the name of a member means. */
enum fields_role {
	FIELDS_NOTHING, /* but there may be something in it */
	FIELDS_MESSAGE,
	FIELDS_ERROR, /* a text that is matched behind the message */
	FIELDS_TIME,
	FIELDS_LEVEL,
	FIELDS_SERVICE,
	FIELDS_HOST,
	FIELDS_PID,
	FIELDS_STREAM, /* beside "log" the mark of docker */
	FIELDS_ROLES,
};

enum fields_flag {
	FIELDS_IN_TEXT = 1,  /* it may hold a message or an error */
	FIELDS_IN_OTHER = 2, /* it may hold something else */
	FIELDS_BOTH = 3,
	FIELDS_FLAT = 4,   /* what it holds has names of its own */
	FIELDS_PAIRS = 8,  /* it may be a list of keys and values */
	FIELDS_MICRO = 16, /* since 1970, in this unit */
	FIELDS_NANO = 32,
	FIELDS_OTEL = 64, /* the scale of a level that is a number */
	FIELDS_PYTHONIC = 128,
	FIELDS_TENS = 256,	/* of syslog below 10, of pino from there on */
	FIELDS_IF_KNOWN = 512,	/* no level unless it is one that we know */
	FIELDS_UNIT = 1024,	/* ".service" does not belong to the name */
	FIELDS_NUMBERED = 2048, /* counts where the level is a number: bunyan */
	FIELDS_DOCKER = 4096,
};

/* A name that members are known by; what is in another one behind a dot. */
struct fields_key {
	const char *name;
	uint8_t role;
	uint8_t rank; /* the smallest of those found counts */
	uint16_t flags;
};

/* NULL when the name has no meaning. */
const struct fields_key *fields_key_find(struct slice name);

struct fields_member {
	const struct fields_key *key;
	struct slice value; /* as written */
	enum jscan_type type;
	bool bare; /* a string without quotes */
};

/* The members of a line that have a meaning, in their order. */
struct fields_members {
	struct fields_member list[FIELDS_ROLES * FIELDS_SAME_ROLE];
	size_t count;
	size_t of_line; /* how many there are at all, not in others */
	uint8_t counts[FIELDS_ROLES];
};

/* Leaves out what cannot mean that, and what is too much. */
void fields_members_add(struct fields_members *m,
			const struct fields_member *member);
/* The member of this role that counts most of those behind last, which may be
 * NULL; or NULL. */
const struct fields_member *fields_members_next(
	const struct fields_members *m, enum fields_role role,
	const struct fields_member *last);

/* What a reader works on; f->text and f->message are the line at first. */
struct fields_reader {
	struct fields *f;
	struct slice line;
	int64_t now_ms;
	struct fields_scratch *scratch;
	bool inside; /* the line was unwrapped */
	/* A line in the line, to be read in turn. */
	bool wraps;
	struct slice inner;
};

/* True when the line has the format; otherwise nothing has changed. */
typedef bool fields_read_fn(struct fields_reader *r);

struct fields_format {
	const char *name;
	fields_read_fn *read;
};

enum fields_format_id { /* in the order of fields_formats */
			FIELDS_AS_AUTO,
			FIELDS_AS_PLAIN,
			FIELDS_AS_SYSLOG,
			FIELDS_AS_SYSLOG5424,
			FIELDS_AS_JSON,
			FIELDS_AS_LOGFMT,
			FIELDS_AS_DOCKER,
			FIELDS_AS_CRI,
			FIELDS_AS_JOURNAL,
			FIELDS_AS_COMBINED,
			FIELDS_AS_AIRFLOW,
			FIELDS_AS_SPARK,
			FIELDS_AS_KLOG,
			FIELDS_AS_PYTHON,
			FIELDS_AS_REDIS,
			FIELDS_AS_DMESG,
			FIELDS_AS_END,
};

extern const struct fields_format fields_format_list[FIELDS_AS_END];

/* fields-json.c */
fields_read_fn fields_read_json;
/* Room for all that can be unescaped of the line, so that slices into
 * scratch->text stay where they are. */
bool fields_make_room(struct fields_reader *r);

/* fields-members.c: what members mean, whatever format they stand in. */
void fields_take_members(struct fields_reader *r,
			 const struct fields_members *m);
/* Message and text; false when there is neither message nor error. */
bool fields_take_text(struct fields *f, const struct fields_members *m,
		      struct buf *scratch);
void fields_set_level(struct fields *f, struct slice level);

/* fields-logfmt.c */
fields_read_fn fields_read_logfmt;
/* fields-syslog.c */
fields_read_fn fields_read_syslog, fields_read_syslog5424;
/* fields-text.c */
fields_read_fn fields_read_cri, fields_read_combined, fields_read_klog,
	fields_read_python, fields_read_redis, fields_read_dmesg;
/* Behind the time that a line of CRI begins with; NULL when it is none. */
const char *fields_cri_stream(struct slice line);
/* fields-head.c: any other line; always true. */
fields_read_fn fields_read_plain;
/* The level that a text names at its start, of which nothing else is read. */
void fields_head_level(struct fields_reader *r, struct slice text);

/* Reads the time at p, which lies in the line; the bytes it took, or 0. */
size_t fields_time_at(const struct fields_reader *r, const char *p,
		      struct when *ret);
/* What is left of the line from p on, without blanks around it. */
struct slice fields_rest(const struct fields_reader *r, const char *p);

#endif
