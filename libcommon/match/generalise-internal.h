/* generalise-internal.h - tokens of a message, groups of messages. */
#ifndef GENERALISE_INTERNAL_H
#define GENERALISE_INTERNAL_H

#include <oncall/buf.h>
#include <oncall/map.h>

/* Bytes of any one token that an expression can stand for. */
#define TOKEN_MAX_WORD	100
#define TOKEN_MAX_SPACE 40
#define TOKEN_MAX_OTHER 64

enum token_kind {
	TOKEN_WORD,
	TOKEN_CODE, /* of an error: ORA-01555, E11000; a word that says all */
	TOKEN_SPACE,
	TOKEN_PUNCT, /* one character */
	TOKEN_OTHER, /* control bytes, what is no UTF-8, and what is too long */
	TOKEN_CLASS, /* and up: the classes, in the order of token_classes */
};

/* How readily a value is given up for its class. */
enum token_keep {
	TOKEN_TIME,   /* never the same again */
	TOKEN_NUMBER, /* means little by itself */
	TOKEN_NAME,   /* of a thing: may be what a message is about */
};

struct token_class {
	const char *name; /* in templates */
	enum token_keep keep;
	const char *find; /* in a message, at the start of a token */
	const char *expr; /* in expressions; matches all that find does */
};
extern const struct token_class token_classes[]; /* ended by no name */

struct token {
	unsigned kind; /* of enum token_kind */
	struct slice text;
};

/* The tokens of a line, at most max; utf8: all of the message is UTF-8. */
size_t token_read(struct slice line, bool utf8, struct token *ret, size_t max);
/* Longer than what stands for its kind in an expression. */
bool token_is_long(const struct token *t);
/* Says something by itself: neither a common English nor a log word. */
bool token_is_specific(const struct token *t);

#define GENERALISE_CODE_WORDS 2 /* that the code of an error is worth */

struct message {
	struct token *tokens;
	size_t count;
	bool whole; /* the tokens reach the end of the line */
};

struct group { /* of messages; members[0] is its leader */
	size_t *members, count, cap;
	struct buf expr;
	size_t literal_words;
	bool done, failed; /* at the level at hand: matches a negative */
};

enum level { LEVEL_CLASSES, LEVEL_NAMES, LEVEL_EXACT };

struct work {
	const struct slice *messages;
	struct message *read;
	size_t count;
	const struct slice *negatives;
	size_t negative_count;
	struct group *groups;
	size_t group_count;
	struct map structures; /* of groups */
};

static inline bool token_is_word(const struct token *t)
{
	return t->kind == TOKEN_WORD || t->kind == TOKEN_CODE;
}

/* Reads all messages and groups them. */
void generalise_group(struct work *w);
/* Writes the group's expression, which is empty when it would have fewer
 * specific words than that. */
void generalise_expr(const struct work *w, struct group *g, enum level level,
		     size_t words);

#endif
