/*
 * store-sql.c - one SQL for two drivers: '$1' and '@word@' become what the
 * dialect has for them, and the statements made of it are kept by the address
 * of the text they were made of.
 */
#include "store-internal.h"

#include <oncall/mem.h>

#define SQL_MAX ((size_t)1024 * 1024)

/* In the text of a word, '%' stands for the parameter between its brackets. */
static const struct {
	const char *word;
	const char *text[2]; /* by enum store_dialect */
} words[] = {
	{"in",
	 {"(SELECT value FROM json_each(%))",
	  "(SELECT jsonb_array_elements_text(CAST(% AS jsonb)))"}},
	{"least", {"MIN", "LEAST"}},
	{"greatest", {"MAX", "GREATEST"}},
	{"like", {"LIKE", "ILIKE"}},
	{"for_update", {"", "FOR UPDATE"}},
	{"text", {"TEXT", "TEXT COLLATE \"C\""}},
	{"integer", {"INTEGER", "BIGINT"}},
	{"real", {"REAL", "DOUBLE PRECISION"}},
	{"without_rowid", {"WITHOUT ROWID", ""}},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t count_digits(const char *p)
{
	size_t n = 0;

	while (is_digit(p[n]))
		n++;
	return n;
}

static void add_parameter(struct buf *out, struct slice number,
			  enum store_dialect dialect)
{
	buf_add_char(out, dialect == STORE_DIALECT_SQLITE ? '?' : '$');
	buf_add_slice(out, number);
}

/* The dialect's text for a word; NULL when there is no such word. */
static const char *word_text(struct slice word, enum store_dialect dialect)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_is(word, words[i].word))
			return words[i].text[dialect];
	}
	return NULL;
}

/* Expands the word at p, which is '@'; the length it took, 0 on error. */
static size_t add_word(struct buf *out, const char *p,
		       enum store_dialect dialect, struct err *err)
{
	size_t name = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_");
	struct slice number = {NULL, 0};
	size_t used = 1 + name;
	const char *text = word_text((struct slice){p + 1, name}, dialect);

	if (p[used] == '(') {
		number.ptr = p + used + 1;
		number.len = count_digits(number.ptr);
		used += number.len + 2;
		if (p[used - 1] != ')')
			text = NULL;
	}
	if (!text || p[used] != '@') {
		(void)err_set(err, ERR_SYSTEM, "bad word in SQL: '%.40s'", p);
		return 0;
	}
	for (; *text; text++) {
		if (*text == '%')
			add_parameter(out, number, dialect);
		else
			buf_add_char(out, *text);
	}
	return used + 1;
}

/* The length of the quoted text or comment at p, 0 when there is none. */
static size_t opaque_length(const char *p)
{
	const char *end = NULL;

	if (p[0] == '\'' || p[0] == '"')
		end = strchr(p + 1, p[0]);
	else if (p[0] == '-' && p[1] == '-')
		end = strchr(p, '\n');
	else
		return 0;
	return end ? (size_t)(end + 1 - p) : strlen(p);
}

int store_sql_expand(struct buf *out, const char *sql,
		     enum store_dialect dialect, struct err *err)
{
	const char *p = sql;

	while (*p) {
		size_t used = opaque_length(p);

		if (used) {
			buf_add(out, p, used);
		} else if (*p == '@') {
			used = add_word(out, p, dialect, err);
			if (!used)
				return -1;
		} else if (*p == '$' && is_digit(p[1])) {
			used = count_digits(p + 1);
			add_parameter(out, (struct slice){p + 1, used},
				      dialect);
			used++;
		} else {
			buf_add_char(out, *p);
			used = 1;
		}
		p += used;
	}
	return buf_check(out, "SQL", err);
}

struct store_stmt *store_sql_statement(struct store *s, const char *sql,
				       struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(SQL_MAX);
	struct slice key = {(const char *)&sql, sizeof(sql)};
	struct store_stmt *st = map_get(&s->statements, key);

	if (st && strcmp(st->sql, sql) != 0) {
		(void)err_set(err, ERR_SYSTEM, "SQL is no literal: '%.40s'",
			      sql);
		return NULL;
	}
	if (st)
		return st;
	if (store_sql_expand(&text, sql, s->driver->dialect, err) < 0)
		return NULL;
	st = mem_zero(1, sizeof(*st));
	st->sql = mem_dup(sql);
	st->text = buf_take(&text);
	st->rows.store = s;
	st->rows.stmt = st;
	*map_put(&s->statements, key) = st;
	return st;
}

void store_sql_forget(struct store *s)
{
	for (size_t i = 0; i < s->statements.count; i++) {
		struct store_stmt *st = s->statements.entries[i].value;

		s->driver->forget(st);
		free(st->text);
		free(st->sql);
	}
	map_done(&s->statements, free);
}
