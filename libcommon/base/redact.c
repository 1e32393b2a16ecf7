/*
 * redact.c - finds secrets in one pass over the text.
 *
 * At every byte few finders are asked, chosen by the byte. A finder looks ahead
 * only over bytes that it takes, or a bounded number of them, so that the time
 * is linear in the text whatever the text is.
 */
#include <oncall/redact.h>

#include <oncall/mem.h>
#include <oncall/show.h>

#include "redact-internal.h"

#define REDACTED	 "[redacted]"
#define REGISTERED_LEAST 4 /* bytes; shorter values are in ordinary words */
#define PEM_LABEL_MAX	 64
#define DIGIT_WITHIN	 64 /* bytes of a token searched for a digit */

static struct {
	struct slice *values;
	size_t count;
	size_t cap;
	bool first[256]; /* bytes that values begin with */
} registered;

static void register_value(const char *p, size_t n)
{
	for (size_t i = 0; i < registered.count; i++)
		if (slice_eq(registered.values[i], (struct slice){p, n}))
			return;
	if (registered.count == registered.cap) {
		registered.cap = registered.cap ? registered.cap * 2 : 8;
		registered.values =
			mem_resize(registered.values, registered.cap,
				   sizeof(*registered.values));
	}
	registered.values[registered.count++] =
		(struct slice){mem_dup_bytes(p, n), n};
	registered.first[(unsigned char)*p] = true;
}

void redact_register(const char *secret)
{
	AUTO_BUF struct buf json = BUF_INIT;

	if (!secret || strlen(secret) < REGISTERED_LEAST)
		return;
	register_value(secret, strlen(secret));
	show_json(&json, secret, strlen(secret)); /* as records would show it */
	register_value(json.data, json.len);
}

struct slice redact_registered(size_t i)
{
	return i < registered.count ? registered.values[i]
				    : (struct slice){NULL, 0};
}

static bool find_registered(const struct redact_scan *s, size_t i,
			    struct redact_span *ret)
{
	size_t longest = 0;

	if (!registered.first[(unsigned char)s->p[i]])
		return false;
	for (size_t k = 0; k < registered.count; k++) {
		struct slice v = registered.values[k];

		if (v.len > longest && s->n - i >= v.len &&
		    memcmp(s->p + i, v.ptr, v.len) == 0)
			longest = v.len;
	}
	ret->start = i;
	ret->end = i + longest;
	return longest > 0;
}

struct token {
	const char *prefix;
	const char *body; /* the bytes it is made of beside letters, digits */
	size_t least;	  /* bytes of the body */
	bool digit;	  /* a body without one is an ordinary word */
	bool keep;	  /* the prefix is no secret */
};

static const struct token tokens[] = {
	/* AWS, Google */
	{"AKIA", "", 16, false, false},
	{"ASIA", "", 16, true, false},
	{"AIza", "-_", 30, false, false},
	/* GitHub, GitLab */
	{"ghp_", "", 20, false, false},
	{"gho_", "", 20, false, false},
	{"ghu_", "", 20, false, false},
	{"ghs_", "", 20, false, false},
	{"ghr_", "", 20, false, false},
	{"github_pat_", "_", 20, false, false},
	{"glpat-", "-_", 16, false, false},
	/* Slack */
	{"xoxb-", "-", 10, true, false},
	{"xoxp-", "-", 10, true, false},
	{"xoxa-", "-", 10, true, false},
	{"xoxr-", "-", 10, true, false},
	{"xoxs-", "-", 10, true, false},
	{"xoxe-", "-", 10, true, false},
	{"xapp-", "-", 10, true, false},
	/* model providers, Stripe, SendGrid, npm, Hugging Face */
	{"sk-", "-_", 20, true, false},
	{"sk_live_", "", 16, false, false},
	{"rk_live_", "", 16, false, false},
	{"SG.", "-_.", 40, true, false},
	{"npm_", "", 30, true, false},
	{"hf_", "", 30, true, false},
	/* HTTP */
	{"Bearer ", "-._~+/=", 16, true, true},
	{"bearer ", "-._~+/=", 16, true, true},
};

static bool in_body(const struct token *t, char c)
{
	return redact_is_alnum(c) || (c && strchr(t->body, c));
}

static bool is_token(const struct redact_scan *s, size_t i,
		     const struct token *t)
{
	bool digit = !t->digit;
	size_t len = 0;

	while (i + len < s->n && (len < t->least || !digit)) {
		if (len == DIGIT_WITHIN || !in_body(t, s->p[i + len]))
			return false;
		digit = digit || redact_is_digit(s->p[i + len]);
		len++;
	}
	return len >= t->least && digit;
}

static bool find_token(const struct redact_scan *s, size_t i,
		       struct redact_span *ret)
{
	for (size_t k = 0; k < ARRAY_LEN(tokens); k++) {
		const struct token *t = &tokens[k];
		size_t body = i + strlen(t->prefix);

		if (!redact_at(s, i, t->prefix) || !is_token(s, body, t))
			continue;
		ret->start = t->keep ? body : i;
		ret->end = body;
		while (ret->end < s->n && in_body(t, s->p[ret->end]))
			ret->end++;
		return true;
	}
	return false;
}

/* The end of the run of base64url at i. */
static size_t base64url_end(const struct redact_scan *s, size_t i)
{
	while (i < s->n &&
	       (redact_is_alnum(s->p[i]) || s->p[i] == '-' || s->p[i] == '_'))
		i++;
	return i;
}

/* A JSON web token: two or three parts, the first of which begins as '{"'
 * does in base64. Its first part fails once for all tokens inside. */
static bool find_jwt(struct redact_scan *s, size_t i, struct redact_span *ret)
{
	const size_t least = 10;
	size_t head, body;

	if (i < s->no_jwt || !redact_at(s, i, "eyJ"))
		return false;
	head = base64url_end(s, i);
	s->no_jwt = head;
	if (head - i < least || head == s->n || s->p[head] != '.')
		return false;
	body = base64url_end(s, head + 1);
	if (body - head <= least)
		return false;
	ret->start = i;
	ret->end = body;
	while (ret->end < s->n && s->p[ret->end] == '.' &&
	       base64url_end(s, ret->end + 1) > ret->end + 1)
		ret->end = base64url_end(s, ret->end + 1);
	return true;
}

/* The end of "LABEL-----" at i; 0 when there is no such thing. */
static size_t pem_label_end(const struct redact_scan *s, size_t i)
{
	size_t end = i;

	while (end < s->n && end - i < PEM_LABEL_MAX &&
	       (redact_is_alnum(s->p[end]) || s->p[end] == ' '))
		end++;
	return redact_at(s, end, "-----") ? end + 5 : 0;
}

/* A private key up to its last line; where that is missing, as far as the text
 * may belong to the key. */
static bool find_pem(const struct redact_scan *s, size_t i,
		     struct redact_span *ret)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	size_t label = i + sizeof(begin) - 1, at;

	if (!redact_at(s, i, begin))
		return false;
	at = pem_label_end(s, label);
	if (!at || !memmem(s->p + label, at - label, "PRIVATE KEY", 11))
		return false;
	while (at < s->n && !redact_at(s, at, end) && s->p[at] &&
	       (redact_is_alnum(s->p[at]) ||
		strchr("+/=-\\ \t\r\n:,.()", s->p[at])))
		at++;
	ret->start = i;
	ret->end = at;
	if (redact_at(s, at, end)) {
		size_t last = pem_label_end(s, at + sizeof(end) - 1);

		ret->end = last ? last : at + sizeof(end) - 1;
		return true;
	}
	while (s->p[ret->end - 1] == '\\') /* they escape what comes next */
		ret->end--;
	return true;
}

/* The password of "://user:password@", also written as ":\/\/". */
static bool find_url(const struct redact_scan *s, size_t i,
		     struct redact_span *ret)
{
	size_t at = i + 1, colon = 0, end = 0;

	if (redact_at(s, at, "//"))
		at += 2;
	else if (redact_at(s, at, "\\/\\/"))
		at += 4;
	else
		return false;
	for (; at < s->n && (unsigned char)s->p[at] > ' ' &&
	       !strchr("/?#\"'<>\\`", s->p[at]);
	     at++) {
		if (s->p[at] == ':' && !colon)
			colon = at;
		if (s->p[at] == '@')
			end = at;
	}
	ret->start = colon + 1;
	ret->end = end;
	return colon && end > colon + 1;
}

/* What stands before i is neither a letter nor a digit, or is an escape; and
 * i is not the letter of one. */
static bool at_word(const struct redact_scan *s, size_t i)
{
	char before = i > 0 ? s->p[i - 1] : ' ';
	char further = i > 1 ? s->p[i - 2] : ' ';

	if (redact_is_alnum(before))
		return further == '\\';
	return before != '\\' || further == '\\' || !strchr("bfnrtu", s->p[i]);
}

static bool find(struct redact_scan *s, size_t i, struct redact_span *ret)
{
	if (find_registered(s, i, ret))
		return true;
	switch (s->p[i]) {
	case ':':
		return find_url(s, i, ret) || redact_find_value(s, i, ret);
	case '=':
	case ' ':
		return redact_find_value(s, i, ret);
	case '-':
		return find_pem(s, i, ret);
	default:
		return at_word(s, i) &&
		       (find_jwt(s, i, ret) || find_token(s, i, ret));
	}
}

bool redact_text(struct buf *out, const char *p, size_t n)
{
	struct redact_scan s = {.p = p, .n = n};
	size_t i = 0;

	while (i < n) {
		struct redact_span span = {.quote_len = 0};

		if (!find(&s, i, &span)) {
			i++;
			continue;
		}
		buf_add(out, p + s.floor, span.start - s.floor);
		buf_add(out, p + span.quote, span.quote_len);
		buf_add_str(out, REDACTED);
		buf_add(out, p + span.quote, span.quote_len);
		s.floor = span.end;
		i = span.end;
	}
	if (n > s.floor)
		buf_add(out, p + s.floor, n - s.floor);
	return s.floor > 0;
}
