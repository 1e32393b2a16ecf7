/* fields-char.h - the bytes of a line: what they are, and where words end. */
#ifndef FIELDS_CHAR_H
#define FIELDS_CHAR_H

#include <oncall/buf.h>

static inline bool fields_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool fields_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Unrolled, which leaves a few comparisons of a set that is constant. */
static inline __attribute__((always_inline)) bool fields_any_of(char c,
								const char *set)
{
	bool found = false;

#pragma GCC unroll 8
	for (; *set; set++)
		found |= *set == c;
	return found;
}

static inline const char *fields_skip_digits(const char *p, const char *end)
{
	while (p < end && fields_digit(*p))
		p++;
	return p;
}

static inline const char *fields_skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* What ends something: bits of fields_ends. */
enum fields_end {
	FIELDS_BLANK = 1,
	FIELDS_WORD_END = 2, /* in the head of a line */
	FIELDS_TAG_END = 4,  /* of syslog */
	FIELDS_HEAD_END = 8, /* of what is no level, nor another part of a head,
				as far as it stands in small letters */
	FIELDS_KEY_END = 16, /* of what may be the name of a pair */
	/* What names are made of that no usual word is made of. */
	FIELDS_SMALL = 32,
	FIELDS_NAMES = 64,
};

extern const uint8_t fields_ends[256];

/* To the next byte that is such an end. */
static inline const char *fields_skip_until(const char *p, const char *end,
					    enum fields_end ends)
{
	while (p < end && !(fields_ends[(uint8_t)*p] & ends))
		p++;
	return p;
}

static inline const char *fields_skip_word(const char *p, const char *end)
{
	return fields_skip_until(p, end, FIELDS_BLANK);
}

static inline const char *fields_skip_key(const char *p, const char *end)
{
	return fields_skip_until(p, end, FIELDS_KEY_END);
}

static inline struct slice fields_between(const char *p, const char *end)
{
	return (struct slice){p, (size_t)(end - p)};
}

#endif
