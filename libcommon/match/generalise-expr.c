/* generalise-expr.c - the expression of a group, column by column. */
#include "generalise-internal.h"

#define EXPR_MAX  3000
#define WORDS_MAX 4 /* as alternatives */

static const struct token *token_of(const struct work *w, const struct group *g,
				    size_t member, size_t column)
{
	return &w->read[g->members[member]].tokens[column];
}

static void add_literal(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] && strchr("\\^$.|?*+()[]{}", text.ptr[i]))
			buf_add_char(out, '\\');
		buf_add_char(out, text.ptr[i]);
	}
}

/* The different texts of a column, the first ones; how many there are, at
 * most max + 1. */
static size_t texts_of(const struct work *w, const struct group *g,
		       size_t column, struct slice *ret, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct slice text = token_of(w, g, i, column)->text;
		size_t at = 0;

		while (at < count && !slice_eq(ret[at], text))
			at++;
		if (at < count)
			continue;
		if (count == max)
			return max + 1;
		ret[count++] = text;
	}
	return count;
}

static void add_words(struct buf *out, const struct slice *words, size_t count)
{
	buf_add_str(out, "(?:");
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_char(out, '|');
		add_literal(out, words[i]);
	}
	buf_add_char(out, ')');
}

/* Whether a value that all have stays as it is. */
static bool stays(unsigned kind, enum level level)
{
	enum token_keep keep = token_classes[kind - TOKEN_CLASS].keep;

	return (level >= LEVEL_NAMES && keep == TOKEN_NAME) ||
	       (level >= LEVEL_EXACT && keep == TOKEN_NUMBER);
}

static void add_class(struct buf *out, const struct token *t)
{
	if (t->kind == TOKEN_SPACE)
		buf_addf(out, "[ \\t]{1,%d}", TOKEN_MAX_SPACE);
	else if (t->kind == TOKEN_OTHER)
		buf_addf(out, ".{1,%d}", TOKEN_MAX_OTHER);
	else if (token_is_word(t))
		buf_addf(out, "\\S{1,%d}", TOKEN_MAX_WORD);
	else
		buf_add_str(out, token_classes[t->kind - TOKEN_CLASS].expr);
}

/* True when a text of the messages itself was added: something to hold on. */
static bool add_column(const struct work *w, struct group *g, size_t column,
		       enum level level, struct buf *out)
{
	const struct token *t = token_of(w, g, 0, column);
	struct slice texts[WORDS_MAX];
	size_t count = texts_of(w, g, column, texts, WORDS_MAX);
	bool same = count == 1;

	if (t->kind == TOKEN_PUNCT ||
	    (t->kind == TOKEN_SPACE && same && slice_is(t->text, " "))) {
		add_literal(out, t->text);
		return false;
	}
	if (token_is_word(t) && count <= WORDS_MAX) {
		if (same && token_is_specific(t))
			g->literal_words += t->kind == TOKEN_CODE
						    ? GENERALISE_CODE_WORDS
						    : 1;
		if (same)
			add_literal(out, t->text);
		else
			add_words(out, texts, count);
		return true;
	}
	if (t->kind >= TOKEN_CLASS && same && stays(t->kind, level)) {
		add_literal(out, t->text);
		return true;
	}
	add_class(out, t);
	return false;
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* All messages end with this column. */
static bool ends_line(const struct work *w, const struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (!w->read[g->members[i]].whole)
			return false;
	return true;
}

/* A word at the edge is a whole one, in all messages. */
static void add_edge(struct buf *out, const struct work *w,
		     const struct group *g, size_t column, bool at_end)
{
	for (size_t i = 0; i < g->count; i++) {
		struct slice text = token_of(w, g, i, column)->text;

		if (!is_word_char(text.ptr[at_end ? text.len - 1 : 0]))
			return;
	}
	buf_add_str(out, "\\b");
}

static void add_columns(const struct work *w, struct group *g, enum level level)
{
	size_t columns = w->read[g->members[0]].count, held = 0, last = 0;
	struct buf *out = &g->expr;
	bool any = false;

	for (size_t i = 0; i < columns && out->len < EXPR_MAX; i++) {
		AUTO_BUF struct buf piece = BUF_INIT;
		bool hold = add_column(w, g, i, level, &piece);

		if (!any && hold)
			add_edge(out, w, g, i, false);
		any = any || hold;
		if (any)
			buf_add_slice(out, buf_slice(&piece));
		if (hold) {
			held = out->len;
			last = i;
		}
	}
	buf_truncate(out, held);
	if (!any)
		return;
	add_edge(out, w, g, last, true);
	if (level == LEVEL_EXACT && last + 1 == columns && ends_line(w, g))
		buf_add_char(out, '$');
}

void generalise_expr(const struct work *w, struct group *g, enum level level,
		     size_t words)
{
	g->literal_words = 0;
	g->failed = false;
	buf_reset(&g->expr);
	add_columns(w, g, level);
	if (g->literal_words < words)
		buf_reset(&g->expr);
}
