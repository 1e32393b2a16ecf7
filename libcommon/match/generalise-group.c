/* generalise-group.c - messages of the same structure and mostly the same
 * words. */
#include "generalise-internal.h"

#include <oncall/mem.h>
#include <oncall/utf8.h>

#define LINE_MAX_BYTES 2000
#define LINES_MAX      50 /* of a message, looked at */
#define TOKENS_MAX     150
#define GROUPS_MAX     1000 /* of all messages */
#define ALIKE_MAX      200  /* of one structure */
#define ALIKE_SHARE    2    /* one of so many words must be the same */

struct bucket { /* groups of one structure, by index */
	size_t groups[ALIKE_MAX], count;
};

/* ---- messages ---- */

static size_t specific_words(const struct token *t, size_t count)
{
	size_t words = 0;

	for (size_t i = 0; i < count; i++)
		if (token_is_specific(&t[i]))
			words += t[i].kind == TOKEN_CODE ? GENERALISE_CODE_WORDS
							 : 1;
	return words;
}

/* What stands before the first word or name, and behind the last one, says
 * little: time, level, blanks. */
static bool is_edge(const struct token *t)
{
	return !token_is_word(t) &&
	       (t->kind < TOKEN_CLASS ||
		token_classes[t->kind - TOKEN_CLASS].keep != TOKEN_NAME);
}

/* The tokens of a line that an expression can stand for. */
static size_t read_line(struct slice line, bool utf8, struct token *ret,
			bool *ret_whole)
{
	size_t count, used = 0, bytes = line.len;

	if (bytes > LINE_MAX_BYTES)
		bytes = utf8 ? utf8_cut(line.ptr, bytes, LINE_MAX_BYTES)
			     : LINE_MAX_BYTES;
	count = token_read((struct slice){line.ptr, bytes}, utf8, ret,
			   TOKENS_MAX);
	/* What was cut may be the beginning of something else. */
	if (bytes < line.len && count)
		count--;
	while (used < count && !token_is_long(&ret[used]))
		used++;
	*ret_whole = used && ret[used - 1].text.ptr + ret[used - 1].text.len ==
				     line.ptr + line.len;
	return used;
}

static struct slice next_line(struct slice *rest)
{
	const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	struct slice line = {rest->ptr,
			     end ? (size_t)(end - rest->ptr) : rest->len};
	size_t used = line.len + (end ? 1 : 0);

	rest->ptr = used ? rest->ptr + used : rest->ptr;
	rest->len -= used;
	while (line.len && (line.ptr[line.len - 1] == '\r' ||
			    line.ptr[line.len - 1] == ' '))
		line.len--;
	return line;
}

/* The line that says most. */
static void read_message(struct message *m, struct slice text)
{
	struct token tokens[TOKENS_MAX];
	bool utf8 = utf8_valid(text.ptr, text.len), whole;
	size_t best = 0;

	for (int i = 0; i < LINES_MAX && text.len; i++) {
		struct slice line = next_line(&text);
		size_t count = read_line(line, utf8, tokens, &whole);
		size_t first = 0, words;

		while (first < count && is_edge(&tokens[first]))
			first++;
		while (count > first && is_edge(&tokens[count - 1])) {
			whole = false;
			count--;
		}
		words = specific_words(tokens + first, count - first);
		if (count == first || (m->count && words <= best))
			continue;
		best = words;
		m->whole = whole;
		m->count = count - first;
		m->tokens = mem_resize(m->tokens, m->count, sizeof(*tokens));
		memcpy(m->tokens, tokens + first, m->count * sizeof(*tokens));
	}
}

/* ---- groups ---- */

static bool are_alike(const struct message *a, const struct message *b)
{
	size_t words = 0, same = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (!token_is_word(&a->tokens[i]))
			continue;
		words++;
		same += slice_eq(a->tokens[i].text, b->tokens[i].text);
	}
	return same * ALIKE_SHARE >= words;
}

static void group_add(struct group *g, size_t member)
{
	if (g->count == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 4;
		g->members =
			mem_resize(g->members, g->cap, sizeof(*g->members));
	}
	g->members[g->count++] = member;
}

static struct bucket *find_bucket(struct work *w, const struct message *m)
{
	AUTO_BUF struct buf key = BUF_INIT;
	void **place;

	for (size_t i = 0; i < m->count; i++) {
		buf_add_char(&key, (char)(' ' + m->tokens[i].kind));
		if (m->tokens[i].kind == TOKEN_PUNCT)
			buf_add_slice(&key, m->tokens[i].text);
	}
	place = map_put(&w->structures, buf_slice(&key));
	if (!*place)
		*place = mem_zero(1, sizeof(struct bucket));
	return *place;
}

static void join_group(struct work *w, size_t at)
{
	struct bucket *b;

	if (!w->read[at].count)
		return;
	b = find_bucket(w, &w->read[at]);
	for (size_t i = 0; i < b->count; i++) {
		struct group *g = &w->groups[b->groups[i]];

		if (are_alike(&w->read[g->members[0]], &w->read[at])) {
			group_add(g, at);
			return;
		}
	}
	if (b->count == ALIKE_MAX || w->group_count == GROUPS_MAX)
		return;
	b->groups[b->count++] = w->group_count;
	w->groups =
		mem_resize(w->groups, w->group_count + 1, sizeof(*w->groups));
	w->groups[w->group_count] = (struct group){.count = 0};
	group_add(&w->groups[w->group_count++], at);
}

void generalise_group(struct work *w)
{
	w->read = mem_zero(w->count + 1, sizeof(*w->read));
	for (size_t i = 0; i < w->count; i++) {
		read_message(&w->read[i], w->messages[i]);
		join_group(w, i);
	}
}
