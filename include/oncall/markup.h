/*
 * markup.h - text for the languages in which services show it: escaping,
 * length in the unit in which a service counts, and cutting and splitting at a
 * limit without cutting a character, an escape or a block of code.
 */
#ifndef ONCALL_MARKUP_H
#define ONCALL_MARKUP_H

#include <oncall/buf.h>

enum markup {
	MARKUP_PLAIN,
	MARKUP_HTML,
	MARKUP_MRKDWN,	 /* Slack's */
	MARKUP_MARKDOWN, /* Discord, GitHub, Teams */
};

enum markup_unit {
	MARKUP_BYTES,
	MARKUP_CHARS, /* code points */
	MARKUP_UTF16,
	MARKUP_JSON, /* bytes inside a JSON string */
};

/* Appends text so that it is shown as it is, names nobody ("@all") and ends
 * nothing that is open around it. */
void markup_escape(struct buf *out, enum markup m, struct slice text);
/* Appends text as a block of code, of more than one line or not. */
void markup_code(struct buf *out, enum markup m, struct slice text);
/* What stands between bold and its end is escaped already. */
const char *markup_bold(enum markup m, bool end);
/* Appends a link; the URL has no blanks, quotes, brackets and parentheses. */
void markup_link(struct buf *out, enum markup m, struct slice text,
		 struct slice url);

size_t markup_length(struct slice text, enum markup_unit unit);
/* Bytes of the longest beginning of at most max units that ends neither within
 * a character nor within an escape of the markup. */
size_t markup_cut(struct slice text, enum markup m, enum markup_unit unit,
		  size_t max);
/* Appends text; what is longer than max units is cut, and ends in an ellipsis
 * which counts, too. A block of code is closed. True when it was cut. */
bool markup_shorten(struct buf *out, enum markup m, struct slice text,
		    enum markup_unit unit, size_t max);

/* Text in parts: where it can at the end of a line, else of a word. A block of
 * code that has to be cut is closed at the end of its part and opened again at
 * the start of the next one. */
#define MARKUP_PART_MIN ((size_t)64) /* units; a smaller max counts as this */
struct markup_parts {
	struct slice rest;
	enum markup markup;
	enum markup_unit unit;
	size_t max;
	bool in_code; /* the last part ended within a block */
};
/* Puts the next part into out, which it empties; false: there is none. */
bool markup_next(struct markup_parts *parts, struct buf *out);

#endif
