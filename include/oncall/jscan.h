/*
 * jscan.h - JSON as bytes: checks a line in one pass, finds the top-level
 * members without building anything, and splices members into a record while
 * all other bytes stay as they were. The hot paths use this; Jansson is for
 * building and for looking deep into records.
 */
#ifndef ONCALL_JSCAN_H
#define ONCALL_JSCAN_H

#include <oncall/buf.h>

#define JSCAN_MAX_DEPTH	  200	/* deeper nesting is bad input */
#define JSCAN_MAX_MEMBERS 65536 /* of one object */

enum jscan_type {
	JSCAN_STRING,
	JSCAN_NUMBER,
	JSCAN_TRUE,
	JSCAN_FALSE,
	JSCAN_NULL,
	JSCAN_OBJECT,
	JSCAN_ARRAY,
};

struct jscan_member {
	struct slice key;   /* between the quotes; see key_escaped */
	struct slice value; /* as written, strings with their quotes */
	enum jscan_type type;
	bool key_escaped; /* the key holds a backslash escape */
};

/* Reused from line to line; members point into the line. */
struct jscan {
	struct jscan_member *members;
	size_t count;
	size_t cap;
};

void jscan_done(struct jscan *s);
/*
 * The whole text must be one JSON object (RFC 8259: valid UTF-8, no control
 * bytes, nothing behind it but blanks). On ERR_INPUT the message says what is
 * wrong and at which byte. Duplicate keys are not an error here.
 */
int jscan_object(struct jscan *s, const char *p, size_t n, struct err *err)
	MUST_CHECK;
/*
 * Checks any JSON value, alone in its text; the elements of an array are
 * visited in order as they are found, so before all of it has been checked.
 * element may be NULL.
 */
int jscan_array(struct slice array,
		int (*element)(void *arg, struct slice value,
			       enum jscan_type type, struct err *err),
		void *arg, struct err *err) MUST_CHECK;

/* The first member of that name, or NULL; finds escaped keys too. */
const struct jscan_member *jscan_get(const struct jscan *s, const char *key);
/* The next one of that name behind the first, or NULL. */
const struct jscan_member *jscan_get_again(const struct jscan *s,
					   const struct jscan_member *first,
					   const char *key);
/* The second of two members with the same key, or NULL. */
const struct jscan_member *jscan_duplicate(const struct jscan *s);
/* Appends the text of a string value (with its quotes), escapes decoded;
 * a lone surrogate becomes U+FFFD. */
void jscan_unquote(struct buf *out, struct slice value);
/* The text between the quotes when no escape stands in it: no copy. */
bool jscan_plain(struct slice value, struct slice *ret_text);
/* 0, or -1: whole numbers in range only; "1.0" and "1e3" are whole, too. */
int jscan_int(struct slice value, int64_t *ret);

/*
 * Appends the object p with member key set to value (JSON text): replaced
 * where it stands, otherwise added at the end. Other bytes are kept. A key
 * that stands twice is ERR_INPUT. key is a plain name that needs no escapes.
 */
int jscan_splice(struct buf *out, const char *p, size_t n, const char *key,
		 struct slice value, struct err *err) MUST_CHECK;
/* The same for an object that s holds the members of: no second pass. */
int jscan_put(struct buf *out, struct slice object, const struct jscan *s,
	      const char *key, struct slice value, struct err *err) MUST_CHECK;

#endif
