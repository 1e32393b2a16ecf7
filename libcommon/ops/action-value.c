/* action-value.c - whether a text is what a parameter takes. */
#include "action-internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include <oncall/cli.h>
#include <oncall/mem.h>
#include <oncall/show.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define NAME_MAX_BYTES 255
#define SHOWN_BYTES    60
#define PORT_MAX       65535

const char *const action_type_names[] = {
	[ACTION_STRING] = "string",	[ACTION_NAME] = "name",
	[ACTION_HOST] = "host",		[ACTION_INTEGER] = "integer",
	[ACTION_NUMBER] = "number",	[ACTION_BOOLEAN] = "boolean",
	[ACTION_DURATION] = "duration", [ACTION_SIZE] = "size",
	[ACTION_CHOICE] = "choice",	[ACTION_PATH] = "path",
	[ACTION_URL] = "url",		[ACTION_SECRET] = "secret",
	[ACTION_SECRET + 1] = NULL,
};

/* ---- what is wanted, in words ---- */

static void add_list(char *const *list, struct buf *out)
{
	for (size_t i = 0; list && list[i]; i++)
		buf_addf(out, "%s%s", i ? ", " : "", list[i]);
}

static void add_range(const struct action_param *p, struct buf *out)
{
	if (!p->min && !p->max)
		return;
	if (p->min != INT64_MIN)
		buf_addf(out, ", at least %lld", (long long)p->min);
	if (p->max != INT64_MAX)
		buf_addf(out, ", at most %lld", (long long)p->max);
}

void action_value_wanted(const struct action_param *p, struct buf *out)
{
	static const char *const words[] = {
		[ACTION_STRING] = "one line of text",
		[ACTION_NAME] = "letters, digits, . _ @ : and -, first no -",
		[ACTION_HOST] = "the name or address of a host",
		[ACTION_INTEGER] = "a whole number",
		[ACTION_NUMBER] = "a number",
		[ACTION_BOOLEAN] = "true or false",
		[ACTION_DURATION] = "a duration, for example 10m",
		[ACTION_SIZE] = "a size, for example 512M",
		[ACTION_CHOICE] = "one of ",
		[ACTION_PATH] = "an absolute path without ..",
		[ACTION_URL] = "a URL that begins with http:// or https://",
		[ACTION_SECRET] = "left to the configuration",
	};

	buf_add_str(out, words[p->type]);
	if (p->type == ACTION_CHOICE)
		add_list(p->choices, out);
	if (p->type == ACTION_PATH && p->under) {
		buf_add_str(out, " in ");
		add_list(p->under, out);
	}
	add_range(p, out);
	if (p->pattern)
		buf_addf(out, " that matches /%s/", p->pattern);
}

static int unfit(const struct action_param *p, struct slice text,
		 const char *why, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_BUF struct buf shown = BUF_INIT;

	action_value_wanted(p, &out);
	show_text(&shown, text.ptr, text.len, SHOWN_BYTES);
	return err_set(err, ERR_REFUSED, "'%s' %s; it must be %s",
		       buf_str(&shown), why, buf_str(&out));
}

/* ---- text ---- */

/* Characters that cannot be seen, or that turn or part what stands around
 * them; U+FFFD says that something was lost. */
static bool is_hidden(uint32_t c)
{
	static const uint32_t spans[][2] = {
		{0x00, 0x1f},	    {0x7f, 0x9f},	{0xad, 0xad},
		{0x34f, 0x34f},	    {0x61c, 0x61c},	{0x115f, 0x1160},
		{0x17b4, 0x17b5},   {0x180b, 0x180f},	{0x200b, 0x200f},
		{0x2028, 0x202e},   {0x2060, 0x206f},	{0x3164, 0x3164},
		{0xfe00, 0xfe0f},   {0xfeff, 0xfeff},	{0xffa0, 0xffa0},
		{0xfff0, 0xffff},   {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
		{0xf0000, 0x10ffff}};

	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		if (c >= spans[i][0] && c <= spans[i][1])
			return true;
	return false;
}

static uint32_t decode(const char *p, size_t len)
{
	uint32_t c = (unsigned char)*p;

	if (len == 1)
		return c;
	c &= 0xffU >> (len + 1);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	return c;
}

static const char *text_fault(struct slice text)
{
	for (size_t i = 0; i < text.len;) {
		size_t n = utf8_char_len(text.ptr + i, text.len - i);

		if (!n)
			return "is not valid UTF-8";
		if (is_hidden(decode(text.ptr + i, n)))
			return "holds a control character or one that cannot "
			       "be seen";
		i += n;
	}
	return NULL;
}

static bool is_ascii_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool all_of(struct slice text, const char *also)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_ascii_word(text.ptr[i]) &&
		    (!text.ptr[i] || !strchr(also, text.ptr[i])))
			return false;
	return true;
}

static const char *name_fault(struct slice text)
{
	if (text.len > NAME_MAX_BYTES)
		return "is too long";
	if (!all_of(text, "._@:-"))
		return "is not a name";
	if (slice_is(text, ".") || slice_is(text, ".."))
		return "is a folder, not a name";
	return NULL;
}

/* ---- hosts and URLs ---- */

static bool is_address(struct slice text, int family)
{
	AUTO_FREE char *copy = mem_dup_bytes(text.ptr, text.len);
	struct in6_addr address;

	return inet_pton(family, copy, &address) == 1;
}

static bool is_port(struct slice text)
{
	int port = 0;

	if (!text.len || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		port = port * 10 + (text.ptr[i] - '0');
	}
	return port > 0 && port <= PORT_MAX;
}

static bool is_host_name(struct slice text)
{
	if (!text.len || text.len > NAME_MAX_BYTES || !all_of(text, "._-"))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '.' &&
		    (i == 0 || text.ptr[i - 1] == '.' ||
		     (i + 1 < text.len && text.ptr[i + 1] == '-')))
			return false;
	return *text.ptr != '-';
}

/* A name, an address, [an address]; each with ":PORT" or without. */
static bool is_host(struct slice text)
{
	const char *end = text.ptr + text.len;
	const char *colon;

	if (!text.len)
		return false;
	if (*text.ptr == '[') {
		const char *close = memchr(text.ptr, ']', text.len);
		struct slice inside = {text.ptr + 1,
				       close ? (size_t)(close - text.ptr) - 1
					     : 0};

		if (!close || !is_address(inside, AF_INET6))
			return false;
		return close + 1 == end ||
		       (close[1] == ':' &&
			is_port((struct slice){close + 2,
					       (size_t)(end - close) - 2}));
	}
	if (memchr(text.ptr, ':', text.len) && is_address(text, AF_INET6))
		return true;
	colon = memchr(text.ptr, ':', text.len);
	if (colon &&
	    !is_port((struct slice){colon + 1, (size_t)(end - colon) - 1}))
		return false;
	return is_host_name((struct slice){
		text.ptr, (size_t)((colon ? colon : end) - text.ptr)});
}

static const char *url_fault(struct slice text)
{
	size_t scheme = text.len > 7 && !memcmp(text.ptr, "http://", 7)	   ? 7
			: text.len > 8 && !memcmp(text.ptr, "https://", 8) ? 8
									   : 0;
	struct slice host = {text.ptr + scheme, 0};

	if (!scheme)
		return "is not a URL of http or https";
	if (!all_of(text, "-._~:/?#[]@!$&()*+,;=%"))
		return "holds a character that must be written as %XX";
	while (scheme + host.len < text.len &&
	       !strchr("/?#", host.ptr[host.len]))
		host.len++;
	if (memchr(host.ptr, '@', host.len))
		return "holds a user or a password";
	return is_host(host) ? NULL : "names no host";
}

/* ---- numbers ---- */

static bool in_range(const struct action_param *p, int64_t value)
{
	return (!p->min && !p->max) || (value >= p->min && value <= p->max);
}

static int check_integer(const struct action_param *p, struct slice text,
			 struct buf *out, struct err *err)
{
	AUTO_FREE char *copy = mem_dup_bytes(text.ptr, text.len);
	struct err ignored = ERR_INIT;
	int64_t value;

	if (cli_parse_int(copy, INT64_MIN, INT64_MAX, &value, &ignored) < 0)
		return unfit(p, text, "is no whole number", err);
	if (!in_range(p, value))
		return unfit(p, text, "is out of range", err);
	buf_add_int(out, value);
	return 0;
}

/* As JSON writes them, so that all programs read the same number. */
static bool is_number(const char *s)
{
	s += *s == '-';
	if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
		return false;
	s += strspn(s, "0123456789");
	if (*s == '.') {
		size_t n = strspn(s + 1, "0123456789");

		if (!n)
			return false;
		s += n + 1;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (*s < '0' || *s > '9')
			return false;
		s += strspn(s, "0123456789");
	}
	return !*s;
}

static int check_number(const struct action_param *p, struct slice text,
			struct buf *out, struct err *err)
{
	AUTO_FREE char *copy = mem_dup_bytes(text.ptr, text.len);
	double value = 0;

	if (strlen(copy) == text.len && is_number(copy))
		value = strtod(copy, NULL);
	else
		return unfit(p, text, "is no number", err);
	if (!isfinite(value) ||
	    ((p->min || p->max) &&
	     (value < (double)p->min || value > (double)p->max)))
		return unfit(p, text, "is out of range", err);
	buf_add_slice(out, text);
	return 0;
}

bool action_parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGTP";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	uint64_t value = 0;
	const char *found;

	if (!digits || digits > 19)
		return false;
	for (size_t i = 0; i < digits; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'),
					   &value))
			return false;
	found = *unit ? strchr(units, toupper((unsigned char)*unit)) : NULL;
	if (found) {
		unsigned shift = 10 * (unsigned)(found - units + 1);

		if (value > (uint64_t)INT64_MAX >> shift)
			return false;
		value <<= shift;
		unit++;
		unit += *unit == 'i';
	}
	unit += *unit == 'B';
	*ret = value;
	return !*unit && value <= INT64_MAX;
}

static bool all_digits(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* Plain numbers are seconds and bytes: what was used once can be given
 * again. */
static int check_unit(const struct action_param *p, struct slice text,
		      struct buf *out, struct err *err)
{
	AUTO_FREE char *copy = mem_dup_bytes(text.ptr, text.len);
	struct err ignored = ERR_INIT;
	uint64_t size = 0;
	int64_t value = 0;
	bool good = strlen(copy) == text.len;

	if (good && (p->type == ACTION_SIZE || all_digits(copy))) {
		good = action_parse_size(copy, &size);
		value = (int64_t)size;
	} else if (good) {
		good = when_parse_duration(copy, &value, &ignored) == 0 &&
		       value % WHEN_SECOND == 0;
		value /= WHEN_SECOND;
	}
	if (!good)
		return unfit(p, text, "is none", err);
	if (p->type == ACTION_DURATION && value > WHEN_DURATION_MAX / 1000)
		return unfit(p, text, "is too long", err);
	if (!in_range(p, value))
		return unfit(p, text, "is out of range", err);
	buf_add_int(out, value);
	return 0;
}

/* ---- all of them ---- */

static bool is_choice(const struct action_param *p, struct slice text)
{
	for (size_t i = 0; p->choices && p->choices[i]; i++)
		if (slice_is(text, p->choices[i]))
			return true;
	return false;
}

static const char *kind_fault(const struct action_param *p, struct slice text)
{
	switch (p->type) {
	case ACTION_NAME:
		return name_fault(text);
	case ACTION_HOST:
		return is_host(text) ? NULL : "is not a host";
	case ACTION_URL:
		return url_fault(text);
	case ACTION_CHOICE:
		return is_choice(p, text) ? NULL : "is none of the choices";
	case ACTION_BOOLEAN:
		return slice_is(text, "true") || slice_is(text, "false")
			       ? NULL
			       : "is neither";
	case ACTION_STRING:
	case ACTION_PATH:
	case ACTION_INTEGER:
	case ACTION_NUMBER:
	case ACTION_DURATION:
	case ACTION_SIZE:
	case ACTION_SECRET:
		break;
	}
	return NULL;
}

/* A blank before it does not hide the dash: filters may take it away. */
static bool begins_with_dash(struct slice text)
{
	size_t i = 0;

	while (i < text.len && text.ptr[i] == ' ')
		i++;
	return i < text.len && text.ptr[i] == '-';
}

/* A pattern says itself what it allows. */
static bool may_begin_with_dash(const struct action_param *p)
{
	return p->re || p->type == ACTION_INTEGER || p->type == ACTION_NUMBER ||
	       p->type == ACTION_CHOICE;
}

static const char *value_fault(const struct action_param *p, struct slice text)
{
	size_t max = p->max_length ? p->max_length : ACTION_MAX_VALUE;
	const char *fault;

	if (text.len > max)
		return "is too long";
	if (!text.len && p->type != ACTION_STRING)
		return "is empty";
	fault = text_fault(text);
	if (!fault && begins_with_dash(text) && !may_begin_with_dash(p))
		fault = "begins with '-'";
	return fault ? fault : kind_fault(p, text);
}

static int check_path(const struct action_param *p, struct slice text,
		      bool look, struct buf *out, struct err *err)
{
	AUTO_BUF struct buf clean = BUF_INIT;

	if (!action_path_clean(text, &clean))
		return unfit(p, text, "is not an absolute path without '..'",
			     err);
	buf_add_slice(out, buf_slice(&clean));
	return look && p->under ? action_path_check(p, buf_str(&clean), err)
				: 0;
}

int action_value_check(const struct action_param *p, struct slice text,
		       bool look, struct buf *out, struct err *err)
{
	const char *fault = value_fault(p, text);

	if (!fault && p->re && !action_re_fits(p->re, text))
		fault = "does not fit";
	if (fault)
		return unfit(p, text, fault, err);
	switch (p->type) {
	case ACTION_INTEGER:
		return check_integer(p, text, out, err);
	case ACTION_NUMBER:
		return check_number(p, text, out, err);
	case ACTION_DURATION:
	case ACTION_SIZE:
		return check_unit(p, text, out, err);
	case ACTION_PATH:
		return check_path(p, text, look, out, err);
	case ACTION_STRING:
	case ACTION_NAME:
	case ACTION_HOST:
	case ACTION_BOOLEAN:
	case ACTION_CHOICE:
	case ACTION_URL:
	case ACTION_SECRET:
		break;
	}
	buf_add_slice(out, text);
	return 0;
}
