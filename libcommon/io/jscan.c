/*
 * The scanner. One pass over the bytes, no recursion: nested values are only
 * checked, and what is open is a stack of bits. Strings make up most of a
 * record, so their plain bytes are skipped 16 (or 8) at a time; a byte of 0x80
 * and above stops the skipping, which is the only place where UTF-8 costs.
 */
#include <oncall/jscan.h>

#include <oncall/mem.h>
#include <oncall/utf8.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "jscan-internal.h"

#define LIKELY(x)      __builtin_expect(!!(x), 1)
#define FIRST_PRINT    0x20 /* smaller bytes must be escaped in strings */
#define FIRST_WIDE     0x80 /* from here on it is UTF-8 of several bytes */
#define STACK_BITS     64
#define STACK_WORDS    ((JSCAN_MAX_DEPTH + STACK_BITS - 1) / STACK_BITS)
#define MEMBERS_START  32 /* room that the first record gets */
#define REPEAT_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

struct cursor {
	const char *start;
	const char *end;
	const char *bad_at; /* set together with bad */
	const char *bad;    /* what is wrong, NULL while nothing is */
	bool escaped;	    /* the last string held an escape */
	unsigned depth;	    /* values that are open */
	uint64_t objects[STACK_WORDS]; /* which of them are objects */
};

static __attribute__((cold, noinline)) const char *fail(struct cursor *c,
							const char *at,
							const char *what)
{
	c->bad_at = at;
	c->bad = at == c->end ? "the text ends too early" : what;
	return NULL;
}

static int report(const struct cursor *c, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s at byte %zu", c->bad,
		       (size_t)(c->bad_at - c->start) + 1);
}

/* The byte at p; NUL, which fits nowhere, at the end. */
static inline char peek(const struct cursor *c, const char *p)
{
	return LIKELY(p < c->end) ? *p : '\0';
}

static inline const char *skip_blanks(const struct cursor *c, const char *p)
{
	while (p < c->end && (unsigned char)*p <= ' ' &&
	       (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Whether one of the 8 bytes is a quote, a backslash, a control or wide. */
static inline bool swar_stops(const char *p)
{
	const uint64_t ones = REPEAT_BYTE(0x01);
	uint64_t v, quote, slash;

	memcpy(&v, p, sizeof(v));
	quote = v ^ REPEAT_BYTE('"');
	slash = v ^ REPEAT_BYTE('\\');
	/* A borrow can only mark bytes too many, which costs a slow step. */
	return ((((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
		 (v - REPEAT_BYTE(FIRST_PRINT)) | v) &
		REPEAT_BYTE(0x80)) != 0;
}

static inline bool byte_stops(char b)
{
	unsigned char u = (unsigned char)b;

	return u < FIRST_PRINT || u >= FIRST_WIDE || b == '"' || b == '\\';
}

/* The first byte of a string that needs a look; end when there is none. */
static inline const char *skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i slash = _mm_set1_epi8('\\');
	const __m128i print = _mm_set1_epi8(FIRST_PRINT);

	for (; LIKELY(end - p >= 16); p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* As signed bytes the wide ones are small, too. */
		__m128i stops =
			_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote),
						  _mm_cmpeq_epi8(v, slash)),
				     _mm_cmplt_epi8(v, print));
		unsigned mask = (unsigned)_mm_movemask_epi8(stops);

		if (mask)
			return p + __builtin_ctz(mask);
	}
#endif
	while (end - p >= 8 && !swar_stops(p))
		p += 8;
	while (p < end && !byte_stops(*p))
		p++;
	return p;
}

static bool is_hex(char b)
{
	return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') ||
	       (b >= 'A' && b <= 'F');
}

/* p stands at the backslash. */
static const char *scan_escape(struct cursor *c, const char *p)
{
	c->escaped = true;
	switch (peek(c, p + 1)) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return p + 2;
	case 'u':
		for (const char *h = p + 2; h < p + 6; h++)
			if (!is_hex(peek(c, h)))
				return fail(c, h < c->end ? p : c->end,
					    "a bad \\u escape");
		return p + 6;
	default:
		return fail(c, p + 1 < c->end ? p : c->end, "a bad escape");
	}
}

/* The rest of a string from a byte on that is neither plain nor its end. */
static __attribute__((noinline)) const char *scan_string_rest(struct cursor *c,
							      const char *p)
{
	while (p < c->end && *p != '"') {
		unsigned char b = (unsigned char)*p;

		if (b == '\\') {
			p = scan_escape(c, p);
			if (!p)
				return NULL;
		} else if (b < FIRST_PRINT) {
			return fail(c, p, "a control byte in a string");
		} else {
			size_t len = utf8_char_len(p, (size_t)(c->end - p));

			if (!len)
				return fail(c, p, "a byte that is not UTF-8");
			p += len;
			/* Wide characters come in runs. */
			if (p < c->end && (unsigned char)*p >= FIRST_WIDE)
				continue;
		}
		p = skip_plain(p, c->end);
	}
	return p < c->end ? p + 1 : fail(c, p, "");
}

/* p stands behind the opening quote; yields what stands behind the closing. */
static inline const char *scan_string(struct cursor *c, const char *p)
{
	c->escaped = false;
	p = skip_plain(p, c->end);
	if (LIKELY(p < c->end && *p == '"'))
		return p + 1;
	return scan_string_rest(c, p);
}

static const char *scan_number(struct cursor *c, const char *p)
{
	const char *bad;
	const char *behind = jscan_number_end(p, c->end, &bad);

	if (LIKELY(behind != NULL))
		return behind;
	return fail(c, bad, bad == p ? "no JSON value" : "a bad number");
}

static const char *scan_word(struct cursor *c, const char *p, const char *word,
			     size_t len)
{
	if ((size_t)(c->end - p) < len || memcmp(p, word, len) != 0)
		return fail(c, p, "no JSON value");
	return p + len;
}

static inline const char *scan_scalar(struct cursor *c, const char *p,
				      enum jscan_type *ret_type)
{
	switch (peek(c, p)) {
	case '"':
		*ret_type = JSCAN_STRING;
		return scan_string(c, p + 1);
	case 't':
		*ret_type = JSCAN_TRUE;
		return scan_word(c, p, "true", 4);
	case 'f':
		*ret_type = JSCAN_FALSE;
		return scan_word(c, p, "false", 5);
	case 'n':
		*ret_type = JSCAN_NULL;
		return scan_word(c, p, "null", 4);
	default:
		*ret_type = JSCAN_NUMBER;
		return scan_number(c, p);
	}
}

/* From the quote of a key to the value; the key is what lies between. */
static inline const char *scan_key(struct cursor *c, const char *p,
				   struct slice *ret_key)
{
	const char *key = p + 1;

	if (peek(c, p) != '"')
		return fail(c, p, "no key in quotes");
	p = scan_string(c, key);
	if (!p)
		return NULL;
	*ret_key = (struct slice){key, (size_t)(p - 1 - key)};
	p = skip_blanks(c, p);
	if (peek(c, p) != ':')
		return fail(c, p, "no ':' behind a key");
	return skip_blanks(c, p + 1);
}

static inline bool in_object(const struct cursor *c)
{
	unsigned at = c->depth - 1;

	return c->objects[at / STACK_BITS] >> (at % STACK_BITS) & 1;
}

static inline bool push(struct cursor *c, bool object)
{
	unsigned at = c->depth;
	uint64_t bit = UINT64_C(1) << (at % STACK_BITS);

	if (at == JSCAN_MAX_DEPTH)
		return false;
	if (object)
		c->objects[at / STACK_BITS] |= bit;
	else
		c->objects[at / STACK_BITS] &= ~bit;
	c->depth++;
	return true;
}

/*
 * Behind a value: closes what ends here. Yields the start of the next value,
 * or what stands behind the outermost one when depth came down to floor.
 */
static const char *scan_closing(struct cursor *c, const char *p, unsigned floor)
{
	struct slice key;

	while (c->depth > floor) {
		bool object = in_object(c);

		p = skip_blanks(c, p);
		if (peek(c, p) == ',') {
			p = skip_blanks(c, p + 1);
			return object ? scan_key(c, p, &key) : p;
		}
		if (peek(c, p) != (object ? '}' : ']'))
			return fail(c, p,
				    object ? "no ',' or '}' behind a value"
					   : "no ',' or ']' behind a value");
		c->depth--;
		p++;
	}
	return p;
}

/* p stands at the bracket that opens an object or array. */
static const char *scan_nested(struct cursor *c, const char *p)
{
	const unsigned floor = c->depth;
	enum jscan_type type;
	struct slice key;

	do {
		char open = peek(c, p);

		if (open == '{' || open == '[') {
			if (!push(c, open == '{'))
				return fail(c, p, "nesting too deep");
			p = skip_blanks(c, p + 1);
			/* ']' and '}' stand two behind their brackets. */
			if (peek(c, p) != open + 2) {
				if (open == '{')
					p = scan_key(c, p, &key);
				continue;
			}
		} else {
			p = scan_scalar(c, p, &type);
		}
		if (p)
			p = scan_closing(c, p, floor);
	} while (p && c->depth > floor);
	return p;
}

static inline const char *scan_value(struct cursor *c, const char *p,
				     enum jscan_type *ret_type)
{
	char b = peek(c, p);

	if (b == '{' || b == '[') {
		*ret_type = b == '{' ? JSCAN_OBJECT : JSCAN_ARRAY;
		return scan_nested(c, p);
	}
	return scan_scalar(c, p, ret_type);
}

/*
 * Behind an element or member: the start of the next one; or, with *ret_last
 * set, what stands behind the closing bracket.
 */
static inline const char *scan_comma(struct cursor *c, const char *p,
				     char close, bool *ret_last)
{
	p = skip_blanks(c, p);
	if (LIKELY(peek(c, p) == ','))
		return skip_blanks(c, p + 1);
	if (peek(c, p) != close)
		return fail(c, p,
			    close == '}' ? "no ',' or '}' behind a value"
					 : "no ',' or ']' behind a value");
	*ret_last = true;
	return p + 1;
}

static struct jscan_member *add_member(struct jscan *s)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : MEMBERS_START;
		s->members =
			mem_resize(s->members, s->cap, sizeof(*s->members));
	}
	return &s->members[s->count++];
}

/* p stands behind the opening brace. */
static const char *scan_members(struct cursor *c, const char *p,
				struct jscan *s)
{
	bool last = false;

	p = skip_blanks(c, p);
	if (peek(c, p) == '}')
		return p + 1;
	while (!last) {
		struct jscan_member *m;

		if (s->count == JSCAN_MAX_MEMBERS)
			return fail(c, p, "too many members");
		m = add_member(s);
		p = scan_key(c, p, &m->key);
		if (!p)
			return NULL;
		m->key_escaped = c->escaped;
		m->value.ptr = p;
		p = scan_value(c, p, &m->type);
		if (!p)
			return NULL;
		m->value.len = (size_t)(p - m->value.ptr);
		p = scan_comma(c, p, '}', &last);
		if (!p)
			return NULL;
	}
	return p;
}

static int scan_end(struct cursor *c, const char *p, struct err *err)
{
	if (p) {
		p = skip_blanks(c, p);
		if (p != c->end)
			p = fail(c, p, "something behind the value");
	}
	return p ? 0 : report(c, err);
}

int jscan_object(struct jscan *s, const char *p, size_t n, struct err *err)
{
	struct cursor c = {
		.start = p,
		.end = n ? p + n : p, /* p may be NULL then */
		.depth = 1, /* the object itself, whose bit nobody asks for */
	};

	s->count = 0;
	p = skip_blanks(&c, p);
	if (peek(&c, p) != '{')
		return err_set(err, ERR_INPUT, "not a JSON object");
	return scan_end(&c, scan_members(&c, p + 1, s), err);
}

static int visit(struct cursor *c, const char *p,
		 int (*element)(void *arg, struct slice value,
				enum jscan_type type, struct err *err),
		 void *arg, struct err *err)
{
	bool last = false;

	c->depth = 1;
	p = skip_blanks(c, p);
	if (peek(c, p) == ']')
		return scan_end(c, p + 1, err);
	while (!last) {
		struct slice value = {p, 0};
		enum jscan_type type;

		p = scan_value(c, p, &type);
		if (!p)
			return report(c, err);
		value.len = (size_t)(p - value.ptr);
		if (element && element(arg, value, type, err) < 0)
			return -1;
		p = scan_comma(c, p, ']', &last);
		if (!p)
			return report(c, err);
	}
	return scan_end(c, p, err);
}

int jscan_array(struct slice array,
		int (*element)(void *arg, struct slice value,
			       enum jscan_type type, struct err *err),
		void *arg, struct err *err)
{
	const char *p = array.ptr;
	struct cursor c = {.start = p, .end = array.len ? p + array.len : p};
	enum jscan_type type;

	p = skip_blanks(&c, p);
	if (peek(&c, p) == '[')
		return visit(&c, p + 1, element, arg, err);
	return scan_end(&c, scan_value(&c, p, &type), err);
}
