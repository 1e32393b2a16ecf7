/* pattern-class.c - escapes and classes of PCRE2's syntax, as sets of bytes. */
#include "pattern-parse.h"

static bool is_alpha(unsigned c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 0x80;
}

static bool is_digit(unsigned c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(unsigned c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex_value(char c)
{
	if (is_digit((unsigned char)c))
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* Letters stand in the second word, lower case 32 bits above upper case. */
void pattern_bytes_fold(struct pattern_bytes *set)
{
	const uint64_t upper = UINT64_C(0x07fffffe);
	uint64_t letters = (set->bits[1] | set->bits[1] >> 32) & upper;

	set->bits[1] |= letters | letters << 32;
}

void pattern_bytes_invert(struct pattern_bytes *set)
{
	for (size_t i = 0; i < ARRAY_LEN(set->bits); i++)
		set->bits[i] = ~set->bits[i];
}

struct pattern_bytes pattern_bytes_any(const struct pattern_parse *ps)
{
	struct pattern_bytes set = {.wide = ps->utf};

	pattern_bytes_invert(&set);
	return set;
}

bool pattern_bytes_named(const struct pattern_parse *ps, char letter,
			 struct pattern_bytes *ret)
{
	char kind = (char)(letter | 0x20);
	bool negated = !(letter & 0x20);

	if (!letter || !strchr("dwshv", kind))
		return false;
	*ret = (struct pattern_bytes){.wide = false};
	for (unsigned c = 0; c < 0x100; c++) {
		if ((kind == 'd' && is_digit(c)) ||
		    (kind == 'w' && (is_alpha(c) || is_digit(c) || c == '_')) ||
		    (kind == 's' && is_space(c)) ||
		    (kind == 'h' && (c == ' ' || c == '\t' || c == 0xa0)) ||
		    (kind == 'v' && ((c >= '\n' && c <= '\r') || c == 0x85)))
			pattern_bytes_add(ret, c);
	}
	if (negated)
		pattern_bytes_invert(ret);
	ret->wide = ps->utf && (negated || kind == 'h' || kind == 'v');
	return true;
}

/* Digits in braces; fails on anything else in them. */
static uint32_t braced_code(struct pattern_parse *ps, int base)
{
	uint32_t code = 0;

	if (!pattern_next_is(ps, '{') || ps->p + 1 == ps->end ||
	    ps->p[1] == '}') {
		ps->failed = true;
		return 0;
	}
	for (ps->p++; !pattern_at_end(ps) && *ps->p != '}'; ps->p++) {
		int value = hex_value(*ps->p);

		if (value >= base || code > 0x10ffff) {
			ps->failed = true;
			return 0;
		}
		code = code * (uint32_t)base + (uint32_t)value;
	}
	pattern_skip_past(ps, '}');
	return code;
}

/* Up to max digits. */
static uint32_t short_code(struct pattern_parse *ps, int base, int max)
{
	uint32_t code = 0;

	for (int i = 0; i < max && !pattern_at_end(ps); i++, ps->p++) {
		int value = hex_value(*ps->p);

		if (value >= base)
			break;
		code = code * (uint32_t)base + (uint32_t)value;
	}
	return code;
}

static uint32_t hex_code(struct pattern_parse *ps)
{
	if (pattern_next_is(ps, '{'))
		return braced_code(ps, 16);
	if (pattern_at_end(ps) || hex_value(*ps->p) >= 16)
		ps->failed = true; /* versions differ on \x and nothing */
	return short_code(ps, 16, 2);
}

static uint32_t control_code(struct pattern_parse *ps)
{
	unsigned c = pattern_at_end(ps) ? 0 : (unsigned char)*ps->p++;

	ps->failed |= c < ' ' || c > '~';
	return (c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) ^ 0x40;
}

uint32_t pattern_escape_code(struct pattern_parse *ps)
{
	static const char letters[] = "aefnrt", codes[] = "\a\x1b\f\n\r\t";
	const char *at;
	char c;

	if (pattern_at_end(ps)) {
		ps->failed = true;
		return 0;
	}
	c = *ps->p;
	if (!is_alpha((unsigned char)c) && !is_digit((unsigned char)c))
		return pattern_char_read(ps);
	ps->p++;
	at = strchr(letters, c);
	if (at)
		return (uint32_t)codes[at - letters];
	switch (c) {
	case '0':
		return short_code(ps, 8, 2);
	case 'o':
		return braced_code(ps, 8);
	case 'x':
		return hex_code(ps);
	case 'c':
		return control_code(ps);
	default:
		ps->failed = true;
		return 0;
	}
}

void pattern_escape_property(struct pattern_parse *ps)
{
	if (pattern_next_is(ps, '{'))
		pattern_skip_past(ps, '}');
	else if (!pattern_at_end(ps))
		ps->p++;
}

/* \Q: all up to \E stands for itself. */
static void parse_quoted(struct pattern_parse *ps, struct pattern_node *list,
			 struct pattern_mode mode)
{
	while (!pattern_at_end(ps) && !ps->failed) {
		if (*ps->p == '\\' && ps->p + 1 < ps->end && ps->p[1] == 'E') {
			ps->p += 2;
			return;
		}
		pattern_char_add(ps, list, mode, pattern_char_read(ps));
	}
}

/* What a reference names: \g{1} \g<name> \g'name' \g-1 \k{name} \12. */
static void skip_reference(struct pattern_parse *ps)
{
	if (pattern_next_is(ps, '{')) {
		pattern_skip_past(ps, '}');
	} else if (pattern_next_is(ps, '<')) {
		pattern_skip_past(ps, '>');
	} else if (pattern_next_is(ps, '\'')) {
		ps->p++;
		pattern_skip_past(ps, '\'');
	} else {
		if (pattern_next_is(ps, '+') || pattern_next_is(ps, '-'))
			ps->p++;
		while (!pattern_at_end(ps) && is_digit((unsigned char)*ps->p))
			ps->p++;
	}
}

/* \N is any character, \N{U+41} one; \N{3} is three of any. */
static void parse_n(struct pattern_parse *ps, struct pattern_node *list,
		    struct pattern_mode mode)
{
	size_t left = (size_t)(ps->end - ps->p);
	uint32_t code;

	if (left > 3 && !memcmp(ps->p, "{U+", 3)) {
		ps->p += 3;
		code = short_code(ps, 16, 6);
		ps->failed |= !pattern_next_is(ps, '}');
		ps->p++;
		pattern_char_add(ps, list, mode, code);
		return;
	}
	if (left > 0 && *ps->p == '{' &&
	    (left < 2 || !is_digit((unsigned char)ps->p[1])))
		ps->failed = true;
	pattern_set_add(ps, list, pattern_bytes_any(ps));
}

void pattern_escape_parse(struct pattern_parse *ps, struct pattern_node *list,
			  struct pattern_mode mode)
{
	struct pattern_bytes set;
	char c = pattern_at_end(ps) ? '\0' : *ps->p;

	if (c == 'E' || c == 'Q') {
		ps->p++;
		if (c == 'Q')
			parse_quoted(ps, list, mode);
	} else if (c == 'A') {
		ps->p++;
		(void)pattern_node_add(ps, list, PATTERN_NODE_START);
	} else if (c && strchr("bBGZzK", c)) {
		ps->p++;
		(void)pattern_node_add(ps, list, PATTERN_NODE_EMPTY);
	} else if (pattern_bytes_named(ps, c, &set)) {
		ps->p++;
		pattern_set_add(ps, list, set);
	} else if (c == 'N') {
		ps->p++;
		parse_n(ps, list, mode);
	} else if (c == 'p' || c == 'P') {
		ps->p++;
		pattern_escape_property(ps);
		pattern_set_add(ps, list, pattern_bytes_any(ps));
	} else if (c && strchr("RX", c)) {
		ps->p++;
		(void)pattern_node_add(ps, list, PATTERN_NODE_ANY);
	} else if (c == 'g' || c == 'k' || (c >= '1' && c <= '9')) {
		ps->p += c == 'g' || c == 'k';
		skip_reference(ps);
		(void)pattern_node_add(ps, list, PATTERN_NODE_ANY);
	} else {
		pattern_char_add(ps, list, mode, pattern_escape_code(ps));
	}
}

/* A class while it is read. */
struct class
{
	struct pattern_bytes set;
	bool negated;
	bool unsure; /* there is something in it that is not looked into */
	bool beyond; /* characters outside ASCII, where such exist */
};

static void class_add_range(struct pattern_parse *ps, struct class *class,
			    uint32_t low, uint32_t high)
{
	uint32_t top = ps->utf ? 0x7f : 0xff;

	class->beyond |= high > top;
	for (uint32_t c = low; c <= high && c <= top; c++)
		pattern_bytes_add(&class->set, c);
}

static bool posix_has(const char *name, unsigned c)
{
	static const struct {
		const char *name;
		const char *plain; /* what it has apart from letters, digits */
		bool alpha, digit;
	} kinds[] = {
		{"alpha", "", true, false},
		{"alnum", "", true, true},
		{"digit", "", false, true},
		{"word", "_", true, true},
		{"blank", " \t", false, false},
		{"space", " \t\n\v\f\r", false, false},
		{"xdigit", "ABCDEFabcdef", false, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!strcmp(kinds[i].name, name))
			return (kinds[i].alpha && is_alpha(c)) ||
			       (kinds[i].digit && is_digit(c)) ||
			       (c && c < 0x80 &&
				strchr(kinds[i].plain, (int)c));
	}
	return false;
}

/* After "[:": a class of few and sure names; of others anything is in it. */
static void class_posix(struct pattern_parse *ps, struct class *class)
{
	char name[8];
	size_t n = 0;
	bool found = false;

	if (pattern_next_is(ps, '^')) {
		class->unsure = true;
		ps->p++;
	}
	while (!pattern_at_end(ps) && is_alpha((unsigned char)*ps->p)) {
		if (n < sizeof(name) - 1)
			name[n++] = *ps->p;
		ps->p++;
	}
	name[n] = '\0';
	if (ps->end - ps->p < 2 || ps->p[0] != ':' || ps->p[1] != ']') {
		ps->failed = true;
		return;
	}
	ps->p += 2;
	for (unsigned c = 0; c < 0x80; c++) {
		if (posix_has(name, c)) {
			pattern_bytes_add(&class->set, c);
			found = true;
		}
	}
	class->unsure |= !found;
}

/* After a backslash: true with one character, false when a set was added. */
static bool class_escape(struct pattern_parse *ps, struct class *class,
			 uint32_t *ret)
{
	struct pattern_bytes set;
	char c = pattern_at_end(ps) ? '\0' : *ps->p;

	if (pattern_bytes_named(ps, c, &set)) {
		ps->p++;
		for (size_t i = 0; i < ARRAY_LEN(set.bits); i++)
			class->set.bits[i] |= set.bits[i];
		class->beyond |= set.wide;
		return false;
	}
	if (c == 'p' || c == 'P') {
		ps->p++;
		pattern_escape_property(ps);
		class->unsure = true;
		return false;
	}
	if (c == 'b') {
		ps->p++;
		*ret = '\b';
		return true;
	}
	*ret = pattern_escape_code(ps);
	return true;
}

/* One member or one range. */
static void class_item(struct pattern_parse *ps, struct class *class)
{
	uint32_t low, high;

	if (*ps->p == '[' && ps->end - ps->p > 1 && strchr(":.=", ps->p[1])) {
		ps->failed |= ps->p[1] != ':';
		ps->p += 2;
		class_posix(ps, class);
		return;
	}
	if (*ps->p == '\\') {
		ps->p++;
		if (!class_escape(ps, class, &low))
			return;
	} else {
		low = pattern_char_read(ps);
	}
	high = low;
	if (pattern_next_is(ps, '-') && ps->end - ps->p > 1 &&
	    ps->p[1] != ']') {
		ps->p++;
		/* After a hyphen sets have rules of their own. */
		if (*ps->p == '[')
			ps->failed = true;
		if (*ps->p != '\\') {
			high = pattern_char_read(ps);
		} else {
			ps->p++;
			ps->failed |= !class_escape(ps, class, &high);
		}
	}
	class_add_range(ps, class, low, high);
}

/* The set of what was read. Negation comes last, and of what is not sure it
 * would leave out too much. */
static struct pattern_bytes class_set(const struct pattern_parse *ps,
				      struct class *class,
				      struct pattern_mode mode)
{
	struct pattern_bytes set = class->set;

	if (class->unsure || (mode.caseless && ps->utf && class->beyond))
		return pattern_bytes_any(ps);
	if (mode.caseless)
		pattern_bytes_fold(&set);
	set.wide = class->beyond || class->negated ||
		   (mode.caseless && (pattern_bytes_has(&set, 'k') ||
				      pattern_bytes_has(&set, 's')));
	set.wide &= ps->utf;
	if (class->negated)
		pattern_bytes_invert(&set);
	return set;
}

void pattern_class_parse(struct pattern_parse *ps, struct pattern_node *list,
			 struct pattern_mode mode)
{
	struct class class = {.negated = false};

	/* [[:<:]] and [[:>:]] are edges of words; (?xx) ignores blanks at
	 * places that differ between versions. */
	if (mode.extended_more || (ps->end - ps->p > 2 && ps->p[0] == '[' &&
				   ps->p[1] == ':' && strchr("<>", ps->p[2]))) {
		ps->failed = true;
		return;
	}
	if (pattern_next_is(ps, '^')) {
		class.negated = true;
		ps->p++;
	}
	if (pattern_next_is(ps, ']'))
		class_add_range(ps, &class, (unsigned char)*ps->p++, ']');
	while (!ps->failed && !pattern_at_end(ps) && *ps->p != ']')
		class_item(ps, &class);
	if (pattern_next_is(ps, ']'))
		ps->p++;
	else
		ps->failed = true;
	pattern_set_add(ps, list, class_set(ps, &class, mode));
}
