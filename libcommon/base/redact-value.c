/*
 * redact-value.c - values that a key gives away: key, separator, value, each
 * of key and value in quotes or not, and all of it perhaps inside a string
 * whose quotes are escaped. The separator is what is seen first; the key is
 * looked for behind it.
 */
#include "redact-internal.h"

#define BLANKS_MAX   32 /* between a key and its separator */
#define NAME_LEN_MAX 64

/* What follows a key. */
enum kind { PLAIN, PASSWORD, AUTHORIZATION, COOKIE };

/* Names end like this, in any case; a blank stands for one of "_-. ", or
 * for nothing. */
static const struct {
	const char *name;
	enum kind kind;
} names[] = {
	{"password", PASSWORD},	  {"passwd", PASSWORD},
	{"passphrase", PASSWORD}, {"secret", PLAIN},
	{"token", PLAIN},	  {"api key", PLAIN},
	{"access key", PLAIN},	  {"secret key", PLAIN},
	{"private key", PLAIN},	  {"authorization", AUTHORIZATION},
	{"cookie", COOKIE},
};

/* Values that say something about a secret instead of being one. */
static const char *const harmless[] = {
	"accepted",  "and",	 "cannot",	"changed",   "denied",
	"does",	     "empty",	 "error",	"expected",  "expired",
	"failed",    "false",	 "for",		"found",     "from",
	"has",	     "in",	 "incorrect",	"invalid",   "is",
	"malformed", "missing",	 "mismatch",	"must",	     "nil",
	"no",	     "none",	 "not",		"null",	     "of",
	"ok",	     "rejected", "required",	"revoked",   "the",
	"to",	     "too",	 "true",	"undefined", "unexpected",
	"unknown",   "unset",	 "unsupported", "updated",   "valid",
	"was",	     "wrong",	 "yes",
};

/* Schemes that one word of credentials follows, and those that have many. */
static const char *const schemes[] = {"bearer", "basic",     "token", "bot",
				      "apikey", "negotiate", "ntlm"};
static const char *const long_schemes[] = {"digest", "aws4-hmac-sha256",
					   "oauth", "hawk", "signature"};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* White space, or another control character. */
static bool is_space(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static bool is_one_of(const char *const *words, size_t count, struct slice word)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		if (strlen(words[i]) != word.len)
			continue;
		while (k < word.len && lower(word.ptr[k]) == words[i][k])
			k++;
		if (k == word.len)
			return true;
	}
	return false;
}

/* Whether the bytes before end are this name; gives where it starts. */
static bool name_before(const struct redact_scan *s, size_t end,
			const char *name, size_t *ret_start)
{
	for (size_t k = strlen(name); k > 0; k--) {
		char c = end > s->floor ? s->p[end - 1] : '\0';

		if (name[k - 1] == ' ') {
			if (c && strchr("_-. ", c))
				end--;
		} else if (lower(c) == name[k - 1]) {
			end--;
		} else {
			return false;
		}
	}
	*ret_start = end;
	return true;
}

struct key {
	enum kind kind;
	size_t start;	  /* of the name's last words, which gave it away */
	size_t quote;	  /* the quote behind it, with its backslashes */
	size_t quote_len; /* 0 when there is none */
};

static bool find_key(const struct redact_scan *s, size_t end, struct key *ret)
{
	size_t blanks = 0;

	while (end > s->floor && is_blank(s->p[end - 1]) &&
	       blanks++ < BLANKS_MAX)
		end--;
	ret->quote_len = 0;
	if (end > s->floor && is_quote(s->p[end - 1])) {
		size_t behind = end--;

		while (end > s->floor && s->p[end - 1] == '\\' &&
		       behind - end < BLANKS_MAX)
			end--;
		ret->quote = end;
		ret->quote_len = behind - end;
		if (ret->quote_len & (ret->quote_len - 1))
			return false; /* the backslashes are part of the name */
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (name_before(s, end, names[i].name, &ret->start)) {
			ret->kind = names[i].kind;
			return true;
		}
	}
	return false;
}

/* Whether the name is that of a long option: "--db-password". */
static bool is_option(const struct redact_scan *s, const struct key *key)
{
	size_t i = key->start;

	while (i > s->floor && key->start - i < NAME_LEN_MAX &&
	       (redact_is_alnum(s->p[i - 1]) || s->p[i - 1] == '-' ||
		s->p[i - 1] == '_'))
		i--;
	return redact_at(s, i, "--");
}

/* Where the value behind the separator at i begins; 0 when none can. */
static size_t value_start(const struct redact_scan *s, size_t i,
			  const struct key *key)
{
	size_t v = i + 1;

	if (s->p[i] == ' ') { /* "--api-key x", and in SQL: PASSWORD 'x' */
		if (key->quote_len || v == s->n || s->p[v] == '-')
			return 0;
		return is_option(s, key) || (key->kind == PASSWORD &&
					     s->p[v] == '\'')
			       ? v
			       : 0;
	}
	if (s->p[i] == ':' && (redact_at(s, v, ":") || redact_at(s, v, "//")))
		return 0;
	if (redact_at(s, v, "=") || redact_at(s, v, ">"))
		v++;
	while (v < s->n && is_blank(s->p[v]))
		v++;
	return v;
}

/* Whether a quote at i would close a string: what follows cannot be in one
 * that just began. */
static bool looks_closing(const struct redact_scan *s, size_t i)
{
	return i + 1 == s->n || is_space(s->p[i + 1]) ||
	       strchr(",;:)]}", s->p[i + 1]);
}

/*
 * The end of a text that a quote behind k backslashes opened: the next such
 * quote, a quote of the string around it, or the line's end. Every level of
 * strings in strings doubles the backslashes, so k is 0, 1, 3, 7, ...; a quote
 * that belongs to the text has k + 1 more, one of a string around it has fewer,
 * and each backslash of the text itself is 2 * (k + 1) of them.
 */
static size_t quoted_end(const struct redact_scan *s, size_t i, char quote,
			 size_t k)
{
	size_t slashes = 0;

	for (; i < s->n && s->p[i] != '\n' && s->p[i] != '\r'; i++) {
		size_t level = slashes % (2 * (k + 1));

		if (s->p[i] == quote && level <= k)
			return i - level;
		if (s->p[i] == '"' && looks_closing(s, i))
			return i - slashes;
		slashes = s->p[i] == '\\' ? slashes + 1 : 0;
	}
	return i;
}

/* The end of the backslashes at i. */
static size_t slashes_end(const struct redact_scan *s, size_t i)
{
	while (i < s->n && s->p[i] == '\\')
		i++;
	return i;
}

/* Moves over the backslashes at *i; false, and stays, when they escape a line
 * end or a quote: there the line inside a string ends. */
static bool skip_slashes(const struct redact_scan *s, size_t *i)
{
	size_t end = slashes_end(s, *i);

	if (end > *i && end < s->n && s->p[end] && strchr("nrt\"'", s->p[end]))
		return false;
	*i = end;
	return true;
}

/* Whether the punctuation at i ends a value: what follows is no more of it. */
static bool ends_value(const struct redact_scan *s, size_t i)
{
	size_t name = ++i;

	if (i == s->n || is_space(s->p[i]) ||
	    strchr(",;&)]}.:!?\"'`\\", s->p[i]))
		return true;
	while (i < s->n && i - name < NAME_LEN_MAX &&
	       (redact_is_alnum(s->p[i]) ||
		(s->p[i] && strchr("_-.", s->p[i]))))
		i++;
	return i > name && i < s->n && (s->p[i] == '=' || s->p[i] == ':');
}

/* The end of a value without quotes. */
static size_t word_end(const struct redact_scan *s, size_t i)
{
	for (; i < s->n && skip_slashes(s, &i) && i < s->n; i++) {
		char c = s->p[i];

		if (is_space(c) || is_quote(c) || c == '<' || c == '>')
			break;
		if (strchr(",;&)]}|", c) && ends_value(s, i))
			break;
	}
	return i;
}

/* The end of the line, or of the string that it stands in. */
static size_t line_end(const struct redact_scan *s, size_t i)
{
	while (i < s->n && skip_slashes(s, &i) && i < s->n && s->p[i] != '\n' &&
	       s->p[i] != '\r' && !is_quote(s->p[i]))
		i++;
	return i;
}

/* Whether the value is the key of another one: Token token="x" */
static bool is_key(const struct redact_scan *s, const struct redact_span *value)
{
	struct key key;

	return value->end > value->start && s->p[value->end - 1] == '=' &&
	       find_key(s, value->end - 1, &key);
}

static bool is_harmless(const struct redact_scan *s,
			const struct redact_span *value)
{
	size_t end = value->end;

	while (end > value->start && strchr(".!?", s->p[end - 1]))
		end--;
	return is_one_of(
		harmless, ARRAY_LEN(harmless),
		(struct slice){s->p + value->start, end - value->start});
}

/* Moves ret behind the scheme of an Authorization header; returns whether all
 * of the line belongs to the credentials. */
static bool skip_scheme(const struct redact_scan *s, struct redact_span *ret)
{
	struct slice word = {s->p + ret->start, 0};
	size_t i = ret->start;
	bool whole;

	while (i < ret->end && (redact_is_alnum(s->p[i]) || s->p[i] == '-'))
		i++;
	word.len = i - ret->start;
	whole = is_one_of(long_schemes, ARRAY_LEN(long_schemes), word);
	if (!whole && !is_one_of(schemes, ARRAY_LEN(schemes), word))
		return false;
	while (i < s->n && is_blank(s->p[i]))
		i++;
	ret->start = i;
	return whole;
}

static bool find_quoted(const struct redact_scan *s, size_t open,
			size_t backslashes, const struct key *key,
			struct redact_span *ret)
{
	size_t start = open + backslashes + 1;

	ret->start = start;
	ret->end = quoted_end(s, start, s->p[start - 1], backslashes);
	if (key->kind == AUTHORIZATION)
		(void)skip_scheme(s, ret);
	if (ret->start > ret->end)
		ret->start = start;
	return ret->end > ret->start;
}

static bool find_bare(const struct redact_scan *s, size_t start,
		      const struct key *key, struct redact_span *ret)
{
	bool whole = false;

	ret->start = start;
	ret->end = word_end(s, start);
	if (key->kind == AUTHORIZATION) {
		whole = skip_scheme(s, ret);
		ret->end = word_end(s, ret->start);
	}
	if (key->kind == COOKIE && !key->quote_len)
		whole = memchr(s->p + start, '=', ret->end - start);
	if (ret->end == ret->start || strchr("[{", s->p[ret->start]) ||
	    is_key(s, ret) || is_harmless(s, ret))
		return false;
	if (whole)
		ret->end = line_end(s, ret->start);
	if (key->quote_len && s->p[key->quote + key->quote_len - 1] == '"') {
		/* A number in JSON: text must stand in quotes. */
		ret->quote = key->quote;
		ret->quote_len = key->quote_len;
	}
	return true;
}

bool redact_find_value(const struct redact_scan *s, size_t i,
		       struct redact_span *ret)
{
	struct key key = {.kind = PLAIN};
	size_t start, open;

	if (!find_key(s, i, &key))
		return false;
	start = value_start(s, i, &key);
	if (!start)
		return false;
	open = slashes_end(s, start);
	if (open < s->n && is_quote(s->p[open]))
		return (key.quote_len || !looks_closing(s, open)) &&
		       find_quoted(s, start, open - start, &key, ret);
	return start < s->n && find_bare(s, start, &key, ret);
}
