/*
 * condition-compare.c - numbers as logs write them, and their comparison.
 * Sizes become bytes (kB is 1000, KiB and K are 1024), durations seconds.
 */
#include "condition-internal.h"

#include <oncall/show.h>

#define NUMBER_MAX 64 /* bytes of a number without its unit */
#define SHOWN	   60 /* bytes of a capture that the reason repeats */

struct unit {
	const char *name;
	enum condition_measure measure;
	double factor;
	double divisor; /* exact where a factor is not: 1500ms are 1.5s */
};

#define KIBI 1024.0

/* Case counts: m is a minute, M a mebibyte. */
static const struct unit units[] = {
	{"%", CONDITION_PERCENT, 1, 1},
	{"B", CONDITION_BYTES, 1, 1},
	{"b", CONDITION_BYTES, 1, 1},
	{"bytes", CONDITION_BYTES, 1, 1},
	{"k", CONDITION_BYTES, 1e3, 1},
	{"kB", CONDITION_BYTES, 1e3, 1},
	{"kb", CONDITION_BYTES, 1e3, 1},
	{"KB", CONDITION_BYTES, 1e3, 1},
	{"MB", CONDITION_BYTES, 1e6, 1},
	{"GB", CONDITION_BYTES, 1e9, 1},
	{"TB", CONDITION_BYTES, 1e12, 1},
	{"PB", CONDITION_BYTES, 1e15, 1},
	{"K", CONDITION_BYTES, KIBI, 1},
	{"M", CONDITION_BYTES, KIBI *KIBI, 1},
	{"G", CONDITION_BYTES, KIBI *KIBI *KIBI, 1},
	{"T", CONDITION_BYTES, KIBI *KIBI *KIBI *KIBI, 1},
	{"P", CONDITION_BYTES, KIBI *KIBI *KIBI *KIBI *KIBI, 1},
	{"KiB", CONDITION_BYTES, KIBI, 1},
	{"Ki", CONDITION_BYTES, KIBI, 1},
	{"MiB", CONDITION_BYTES, KIBI *KIBI, 1},
	{"Mi", CONDITION_BYTES, KIBI *KIBI, 1},
	{"GiB", CONDITION_BYTES, KIBI *KIBI *KIBI, 1},
	{"Gi", CONDITION_BYTES, KIBI *KIBI *KIBI, 1},
	{"TiB", CONDITION_BYTES, KIBI *KIBI *KIBI *KIBI, 1},
	{"Ti", CONDITION_BYTES, KIBI *KIBI *KIBI *KIBI, 1},
	{"PiB", CONDITION_BYTES, KIBI *KIBI *KIBI *KIBI *KIBI, 1},
	{"Pi", CONDITION_BYTES, KIBI *KIBI *KIBI *KIBI *KIBI, 1},
	{"ns", CONDITION_SECONDS, 1, 1e9},
	{"us", CONDITION_SECONDS, 1, 1e6},
	{"\xc2\xb5s", CONDITION_SECONDS, 1, 1e6}, /* the micro sign */
	{"\xce\xbcs", CONDITION_SECONDS, 1, 1e6}, /* the letter mu */
	{"ms", CONDITION_SECONDS, 1, 1e3},
	{"s", CONDITION_SECONDS, 1, 1},
	{"sec", CONDITION_SECONDS, 1, 1},
	{"secs", CONDITION_SECONDS, 1, 1},
	{"second", CONDITION_SECONDS, 1, 1},
	{"seconds", CONDITION_SECONDS, 1, 1},
	{"m", CONDITION_SECONDS, 60, 1},
	{"min", CONDITION_SECONDS, 60, 1},
	{"mins", CONDITION_SECONDS, 60, 1},
	{"minute", CONDITION_SECONDS, 60, 1},
	{"minutes", CONDITION_SECONDS, 60, 1},
	{"h", CONDITION_SECONDS, 3600, 1},
	{"hour", CONDITION_SECONDS, 3600, 1},
	{"hours", CONDITION_SECONDS, 3600, 1},
	{"d", CONDITION_SECONDS, 86400, 1},
	{"day", CONDITION_SECONDS, 86400, 1},
	{"days", CONDITION_SECONDS, 86400, 1},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_digits(struct slice s, size_t i)
{
	while (i < s.len && is_digit(s.ptr[i]))
		i++;
	return i;
}

/* The bytes of "-12.5e+3" at the start, 0 when there is no number. */
static size_t decimal_len(struct slice s)
{
	size_t start = s.len && (*s.ptr == '-' || *s.ptr == '+') ? 1 : 0;
	size_t end = skip_digits(s, start);
	size_t digits = end - start;
	size_t e;

	if (end < s.len && s.ptr[end] == '.') {
		size_t after = skip_digits(s, end + 1);

		digits += after - end - 1;
		/* "5." ends a sentence; the dot is none of the number. */
		if (after > end + 1)
			end = after;
	}
	if (digits == 0)
		return 0;
	if (end + 1 >= s.len || (s.ptr[end] != 'e' && s.ptr[end] != 'E'))
		return end;
	e = end + 1;
	if (s.ptr[e] == '-' || s.ptr[e] == '+')
		e++;
	return e < s.len && is_digit(s.ptr[e]) ? skip_digits(s, e) : end;
}

static bool is_unit_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (unsigned char)c >= 0x80;
}

static const struct unit *unit_at(struct slice s)
{
	size_t n = 0;

	if (s.len && *s.ptr == '%')
		return &units[0];
	while (n < s.len && is_unit_byte(s.ptr[n]))
		n++;
	for (size_t i = 0; n && i < ARRAY_LEN(units); i++)
		if (slice_is((struct slice){s.ptr, n}, units[i].name))
			return &units[i];
	return NULL;
}

/* One number and its unit; "m30" of "1m30s" is left for the next call. */
static size_t read_one(struct slice s, double *ret, const struct unit **unit)
{
	char text[NUMBER_MAX];
	size_t n = decimal_len(s);
	struct slice rest;

	if (n == 0 || n >= sizeof(text))
		return 0;
	memcpy(text, s.ptr, n);
	text[n] = '\0';
	*ret = strtod(text, NULL);
	rest = (struct slice){s.ptr + n, s.len - n};
	*unit = unit_at(rest);
	if (!*unit)
		return n;
	*ret = *ret * (*unit)->factor / (*unit)->divisor;
	return n + strlen((*unit)->name);
}

size_t condition_number(struct slice text, struct condition_number *ret)
{
	const struct unit *unit = NULL;
	double value = 0;
	size_t n = read_one(text, &value, &unit);
	size_t more = n;

	ret->value = value;
	ret->measure = unit ? unit->measure : CONDITION_PLAIN;
	/* "1m30.5s" is a sum. */
	while (more && unit && unit->measure == CONDITION_SECONDS &&
	       n < text.len && is_digit(text.ptr[n])) {
		more = read_one((struct slice){text.ptr + n, text.len - n},
				&value, &unit);
		if (!more || !unit || unit->measure != CONDITION_SECONDS)
			break;
		ret->value += value;
		n += more;
	}
	return n;
}

/* A capture is a number as a whole; a blank may stand before its unit. */
static bool read_capture(struct slice s, struct condition_number *ret)
{
	size_t n;

	while (s.len && (*s.ptr == ' ' || *s.ptr == '\t')) {
		s.ptr++;
		s.len--;
	}
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	n = condition_number(s, ret);
	if (n && n + 1 < s.len && s.ptr[n] == ' ' &&
	    ret->measure == CONDITION_PLAIN) {
		struct slice rest = {s.ptr + n + 1, s.len - n - 1};
		const struct unit *unit = unit_at(rest);

		if (!unit)
			return false;
		ret->value = ret->value * unit->factor / unit->divisor;
		ret->measure = unit->measure;
		n += 1 + strlen(unit->name);
	}
	return n && n == s.len;
}

static bool holds(const char *op, double a, double b)
{
	switch (*op) {
	case '>':
		return op[1] ? a >= b : a > b;
	case '<':
		return op[1] ? a <= b : a < b;
	case '!':
		return a < b || a > b;
	default:
		return a >= b && a <= b;
	}
}

/* Numbers without a unit go with any. */
static bool comparable(enum condition_measure a, enum condition_measure b)
{
	return a == b || a == CONDITION_PLAIN || b == CONDITION_PLAIN;
}

static void say_why(const struct condition_compare *cmp, struct slice value,
		    const char *what, struct buf *why)
{
	if (!why)
		return;
	if (!value.ptr) {
		buf_addf(why, "%s is not there, so not %s %s", cmp->name,
			 cmp->op, cmp->text);
		return;
	}
	buf_addf(why, "%s is %s", cmp->name, *what ? "'" : "");
	show_text(why, value.ptr, value.len, SHOWN);
	buf_addf(why, "%s, not %s %s", what, cmp->op, cmp->text);
}

static bool compare_one(const struct condition_compare *cmp, struct slice value,
			struct buf *why)
{
	struct condition_number n;
	const char *what = "";

	if (!value.ptr || !read_capture(value, &n))
		what = "', which is no number";
	else if (!comparable(n.measure, cmp->number.measure))
		what = "', which has another unit";
	else if (holds(cmp->op, n.value, cmp->number.value))
		return true;
	say_why(cmp, value, what, why);
	return false;
}

bool condition_compare(const struct condition *c, condition_lookup *lookup,
		       void *arg, struct buf *why)
{
	for (size_t i = 0; i < c->compare_count; i++) {
		const struct condition_compare *cmp = &c->compare[i];

		if (!compare_one(cmp, lookup(arg, cmp->name), why))
			return false;
	}
	return true;
}
