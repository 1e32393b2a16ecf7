/*
 * journal-internal.h - entries out of the bytes of journalctl, pushed in pieces
 * of any size. The first byte tells the form: "{" begins JSON, one object a
 * line; all else is the export format:
 *
 *   NAME=text\n
 *   NAME\n, 8 bytes of size (little endian), so many bytes, \n
 *
 * an empty line after each entry.
 */
#ifndef JOURNAL_INTERNAL_H
#define JOURNAL_INTERNAL_H

#include <oncall/buf.h>

struct journal_field {
	size_t name, text, len; /* places in bytes; the name ends with a NUL */
	bool too_long;
	bool written;
};

enum journal_state {
	JOURNAL_START, /* nothing seen yet */
	JOURNAL_NAMED, /* in a name */
	JOURNAL_TEXT,
	JOURNAL_SIZE,
	JOURNAL_BYTES,
	JOURNAL_BYTES_END, /* the "\n" behind them */
	JOURNAL_SKIP,	   /* a line that is no field */
	JOURNAL_JSON,	   /* a line of JSON */
};

struct journal_parser {
	size_t max; /* bytes of a field */
	enum journal_state state;
	struct buf bytes; /* names and values of the entry; or the line */
	struct journal_field *fields;
	size_t count, cap;
	size_t used;   /* bytes of their values */
	uint64_t left; /* of a value with a size */
	unsigned size_bytes;
	bool too_long; /* the line of JSON */
	bool truncated;
	bool bad;
};

struct journal_entry {
	size_t text, id; /* bytes of each, one after the other, in out */
	bool truncated;
	bool bad; /* a part of it could not be read; nothing of it if text 0 */
};

void journal_parser_init(struct journal_parser *p, size_t max);
void journal_parser_done(struct journal_parser *p);
/* What was begun is forgotten. */
void journal_parser_reset(struct journal_parser *p);
/* Takes bytes off the front of *in; true when an entry is complete, which is
 * appended to out. */
bool journal_parse(struct journal_parser *p, struct slice *in, struct buf *out,
		   struct journal_entry *ret);
/* At the end of the bytes: an entry that nothing came after. */
bool journal_parse_end(struct journal_parser *p, struct buf *out,
		       struct journal_entry *ret);

/* The same for one line of JSON. */
void journal_json(struct slice line, struct buf *out,
		  struct journal_entry *ret);
/* The cursor, or, where there is none, what stands for it. */
void journal_id(struct slice cursor, struct slice text, struct buf *out);

/* Whether an entry lies behind another; true when that cannot be told. */
bool journal_later(struct slice cursor, struct slice than);

#endif
