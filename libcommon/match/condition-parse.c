/*
 * condition-parse.c - the language of conditions, read from left to right.
 * Names and numbers are made of the same letters, so one look at the word
 * that follows tells a comparison, a count and a rule apart.
 */
#include "condition-internal.h"

#include <oncall/mem.h>
#include <oncall/when.h>

#define SHOWN 60 /* bytes of a wrong word that a message repeats */

#define TEXT_OF(x) #x
#define TEXT(x)	   TEXT_OF(x)

struct reader {
	const char *text;
	const char *at;
	struct err *err;
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static struct slice name_at(const char *p)
{
	struct slice s = {p, 0};

	while (is_name(p[s.len]))
		s.len++;
	return s;
}

static void skip_blanks(struct reader *r)
{
	while (is_blank(*r->at))
		r->at++;
}

/* What stands here, for a message: a word, or one other character. */
static int shown(const char *p)
{
	size_t n = name_at(p).len;

	if (n == 0)
		while (p[n] && !is_blank(p[n]) && !is_name(p[n]))
			n++;
	return (int)(n < SHOWN ? n : SHOWN);
}

static int expected(const struct reader *r, const char *what)
{
	int n = shown(r->at);

	if (n == 0)
		return err_set(
			r->err, ERR_USAGE,
			"condition, column %zu: expected %s, but it ends",
			(size_t)(r->at - r->text) + 1, what);
	return err_set(r->err, ERR_USAGE,
		       "condition, column %zu: expected %s, not '%.*s'",
		       (size_t)(r->at - r->text) + 1, what, n, r->at);
}

static bool word_is(struct slice word, const char *name)
{
	return word.len == strlen(name) &&
	       !strncasecmp(word.ptr, name, word.len);
}

static bool at_word(const struct reader *r, const char *name)
{
	return word_is(name_at(r->at), name);
}

static bool take_word(struct reader *r, const char *name)
{
	if (!at_word(r, name))
		return false;
	r->at += strlen(name);
	skip_blanks(r);
	return true;
}

static bool take_char(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	skip_blanks(r);
	return true;
}

/* The word behind the one that stands here. */
static const char *behind(const struct reader *r)
{
	const char *p = r->at + name_at(r->at).len;

	while (is_blank(*p))
		p++;
	return p;
}

static int read_name(struct reader *r, const char *what, char **ret)
{
	struct slice word = name_at(r->at);

	if (word.len == 0)
		return expected(r, what);
	*ret = mem_dup_bytes(word.ptr, word.len);
	r->at += word.len;
	skip_blanks(r);
	return 0;
}

static int read_part(struct reader *r, struct condition *c)
{
	const char *start = r->at;
	size_t n = c->part_count;

	if (n == CONDITION_MAX_PARTS)
		return expected(
			r, "no more than " TEXT(CONDITION_MAX_PARTS) " rules");
	if (read_name(r, "the name of a rule", &c->parts[n]) < 0)
		return -1;
	c->part_count++;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(c->parts[i], c->parts[n])) {
			r->at = start;
			return expected(r, "another rule, as each counts once");
		}
	return 0;
}

static int read_duration(struct reader *r, int64_t *ret)
{
	struct slice word = name_at(r->at);
	AUTO_FREE char *text = mem_dup_bytes(word.ptr, word.len);
	struct err err = ERR_INIT;

	for (char *p = text; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	if (word.len == 0 || when_parse_duration(text, ret, &err) < 0 ||
	    *ret == 0)
		return expected(r, "a duration such as 90s, 5m or 1h30m");
	r->at += word.len;
	skip_blanks(r);
	return 0;
}

static int read_within(struct reader *r, struct condition *c)
{
	if (!take_word(r, "within"))
		return expected(r, "'within'");
	return read_duration(r, &c->within);
}

/* How many bytes an operator takes at p; 0 when there is none. */
static size_t operator_at(const char *p)
{
	if (*p == '!')
		return p[1] == '=' ? 2 : 0;
	if (*p == '<' || *p == '>')
		return p[1] == '=' ? 2 : 1;
	return *p == '=' ? 1 : 0;
}

static bool at_compare(const struct reader *r)
{
	const char *p = behind(r);

	return name_at(r->at).len && *p && strchr("<>=!", *p);
}

static int read_compare(struct reader *r, struct condition *c)
{
	struct condition_compare *cmp = &c->compare[c->compare_count];
	size_t n;

	if (c->compare_count == CONDITION_MAX_COMPARE)
		return expected(r,
				"no more than " TEXT(
					CONDITION_MAX_COMPARE) " comparisons");
	if (read_name(r, "the name of a capture", &cmp->name) < 0)
		return -1;
	c->compare_count++;
	n = operator_at(r->at);
	if (n == 0)
		return expected(r, "one of > >= < <= = !=");
	cmp->op = mem_dup_bytes(r->at, n);
	r->at += n;
	skip_blanks(r);
	n = condition_number(slice_of(r->at), &cmp->number);
	if (n == 0 || is_name(r->at[n]) || r->at[n] == '%')
		return expected(r, "a number such as 85, 85%, 2GB or 1.5s");
	cmp->text = mem_dup_bytes(r->at, n);
	r->at += n;
	skip_blanks(r);
	return 0;
}

static bool at_count(const struct reader *r)
{
	struct slice word = name_at(r->at);
	size_t i = 0;

	while (i < word.len && word.ptr[i] >= '0' && word.ptr[i] <= '9')
		i++;
	return i && i == word.len;
}

/* A count from 1 to max; what says so when it is none. */
static int read_count(struct reader *r, int64_t max, const char *what,
		      int64_t *ret)
{
	struct slice word = name_at(r->at);
	int64_t n = 0;

	for (size_t i = 0; i < word.len && n <= max; i++)
		n = n * 10 + (word.ptr[i] - '0');
	if (n < 1 || n > max)
		return expected(r, what);
	*ret = n;
	r->at += word.len;
	skip_blanks(r);
	return 0;
}

static int read_times(struct reader *r, struct condition *c)
{
	c->core = CONDITION_TIMES;
	if (read_count(r, CONDITION_MAX_TIMES,
		       "a count from 1 to " TEXT(CONDITION_MAX_TIMES),
		       &c->count) < 0)
		return -1;
	if (!take_word(r, "times") && !take_word(r, "time"))
		return expected(r, "'times within' or 'of {'");
	return read_within(r, c);
}

static int read_group(struct reader *r, struct condition *c)
{
	const char *count = r->at;

	c->core = CONDITION_GROUP;
	if (read_count(r, CONDITION_MAX_PARTS,
		       "a count from 1 to " TEXT(CONDITION_MAX_PARTS),
		       &c->count) < 0)
		return -1;
	(void)take_word(r, "of");
	if (!take_char(r, '{'))
		return expected(r, "'{' and the names of rules");
	do {
		if (read_part(r, c) < 0)
			return -1;
	} while (take_char(r, ','));
	if (!take_char(r, '}'))
		return expected(r, "',' or '}'");
	if ((size_t)c->count > c->part_count) {
		r->at = count;
		return expected(r, "a count that the rules can reach");
	}
	return read_within(r, c);
}

static int read_once(struct reader *r, struct condition *c)
{
	c->core = CONDITION_ONCE;
	(void)take_word(r, "once");
	return at_word(r, "within") ? read_within(r, c) : 0;
}

static int read_absent(struct reader *r, struct condition *c)
{
	c->core = CONDITION_ABSENT;
	(void)take_word(r, "absent");
	if (!take_word(r, "for"))
		return expected(r, "'for'");
	if (read_duration(r, &c->within) < 0)
		return -1;
	return take_word(r, "after") ? read_part(r, c) : 0;
}

static int read_pair(struct reader *r, struct condition *c)
{
	if (read_part(r, c) < 0)
		return -1;
	if (take_word(r, "then"))
		c->core = CONDITION_THEN;
	else if (take_word(r, "without"))
		c->core = CONDITION_WITHOUT;
	else
		return expected(r, "'then', 'without' or a "
				   "comparison such as > 85");
	if (read_part(r, c) < 0)
		return -1;
	return read_within(r, c);
}

/* A rule may have the name of a word: what follows decides. */
static int read_core(struct reader *r, struct condition *c)
{
	struct slice next = name_at(behind(r));

	if (word_is(next, "then") || word_is(next, "without"))
		return read_pair(r, c);
	if (at_count(r))
		return word_is(next, "of") ? read_group(r, c)
					   : read_times(r, c);
	if (at_word(r, "once"))
		return read_once(r, c);
	if (at_word(r, "absent"))
		return read_absent(r, c);
	if (name_at(r->at).len)
		return read_pair(r, c);
	return expected(r, "a comparison, 'N times within', 'once', "
			   "'absent for', 'N of {' or a rule");
}

static int read_fields(struct reader *r, struct condition *c)
{
	do {
		size_t n = c->field_count;

		if (n == CONDITION_MAX_FIELDS)
			return expected(
				r, "no more than " TEXT(
					   CONDITION_MAX_FIELDS) " fields");
		if (read_name(r, "the name of a field", &c->fields[n]) < 0)
			return -1;
		c->field_count++;
	} while (take_char(r, ','));
	return 0;
}

/* Whether fields come next, and not a rule of that name. */
static bool at_fields(const struct reader *r)
{
	struct slice next = name_at(behind(r));

	return at_word(r, "by") && !word_is(next, "then") &&
	       !word_is(next, "without");
}

static int read_all(struct reader *r, struct condition *c)
{
	bool more = *r->at && !at_fields(r);

	while (more && at_compare(r)) {
		if (read_compare(r, c) < 0)
			return -1;
		more = take_char(r, ',') || take_word(r, "and") ||
		       (*r->at && !at_fields(r));
	}
	if (more && read_core(r, c) < 0)
		return -1;
	if (take_word(r, "by") && read_fields(r, c) < 0)
		return -1;
	if (*r->at)
		return expected(r, c->field_count ? "',' or the end"
						  : "'by' or the end");
	return 0;
}

int condition_parse(struct condition **ret, const char *text, struct err *err)
{
	AUTO_CONDITION struct condition *c = mem_zero(1, sizeof(*c));
	struct reader r = {text, text, err};

	if (strlen(text) > CONDITION_MAX_TEXT)
		return err_set(err, ERR_USAGE,
			       "condition: longer than %d bytes",
			       CONDITION_MAX_TEXT);
	skip_blanks(&r);
	if (!*r.at)
		return expected(&r, "a condition such as "
				    "'3 times within 5m by host'");
	if (read_all(&r, c) < 0)
		return -1;
	*ret = TAKE_PTR(c);
	return 0;
}
