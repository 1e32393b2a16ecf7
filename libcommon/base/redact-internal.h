/* redact-internal.h - what the parts of redact share. */
#ifndef ONCALL_REDACT_INTERNAL_H
#define ONCALL_REDACT_INTERNAL_H

#include <oncall/redact.h>

/* The text that is looked through. */
struct redact_scan {
	const char *p;
	size_t n;
	size_t floor;  /* end of the last secret: nothing looks further back */
	size_t no_jwt; /* no JSON web token begins before this */
};

/* Bytes to replace, in quotes like those at quote when quote_len is not 0. */
struct redact_span {
	size_t start;
	size_t end;
	size_t quote;
	size_t quote_len;
};

/* A value whose key and separator end at i: "password=x", "token": "x",
 * "Authorization: Bearer x", "--api-key x". */
bool redact_find_value(const struct redact_scan *s, size_t i,
		       struct redact_span *ret);

static inline bool redact_is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static inline bool redact_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether text, which is not empty, stands at i. */
static inline bool redact_at(const struct redact_scan *s, size_t i,
			     const char *text)
{
	size_t len;

	if (i >= s->n || s->p[i] != *text)
		return false;
	len = strlen(text);
	return s->n - i >= len && memcmp(s->p + i, text, len) == 0;
}

#endif
