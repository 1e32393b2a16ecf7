/* markup-cut.c - lengths, and where text may be cut. */
#include <oncall/markup.h>

#include <oncall/utf8.h>

#define ELLIPSIS   "\xe2\x80\xa6"
#define FENCE	   "```"
#define FENCE_OPEN "```\n"
#define FENCE_END  "\n```"
/* An escape that does not end within this is none. */
#define ENTITY_MAX 10
#define TAG_MAX	   4096

static size_t char_length(const char *p, size_t n)
{
	size_t len = utf8_char_len(p, n);

	return len ? len : 1;
}

/* Units of the bytes of one character. */
static size_t char_units(const char *p, size_t n, enum markup_unit unit)
{
	unsigned char c = (unsigned char)*p;

	switch (unit) {
	case MARKUP_BYTES:
		return n;
	case MARKUP_CHARS:
		return 1;
	case MARKUP_UTF16:
		return n == 4 ? 2 : 1;
	case MARKUP_JSON:
		if (c == '"' || c == '\\' || c == '\n' || c == '\t' ||
		    c == '\r' || c == '\b' || c == '\f')
			return 2;
		return c < ' ' ? 6 : n;
	}
	return n;
}

size_t markup_length(struct slice text, enum markup_unit unit)
{
	size_t units = 0;

	for (size_t i = 0; i < text.len;) {
		size_t n = char_length(text.ptr + i, text.len - i);

		units += char_units(text.ptr + i, n, unit);
		i += n;
	}
	return units;
}

/* Up to and with the byte end, when it comes within max; or 0. */
static size_t until(struct slice s, char end, size_t max)
{
	const char *at = memchr(s.ptr, end, s.len < max ? s.len : max);

	return at ? (size_t)(at - s.ptr) + 1 : 0;
}

static bool has_entities(enum markup m)
{
	return m == MARKUP_HTML || m == MARKUP_MRKDWN;
}

/* Bytes that must stay together: an escape, a tag, a link, a character. */
static size_t atom_length(struct slice s, enum markup m)
{
	size_t n = 0;

	if (s.ptr[0] == '&' && has_entities(m))
		n = until(s, ';', ENTITY_MAX);
	else if (s.ptr[0] == '<' && has_entities(m))
		n = until(s, '>', TAG_MAX);
	else if (s.ptr[0] == '\\' && m == MARKUP_MARKDOWN && s.len > 1)
		n = 1 + char_length(s.ptr + 1, s.len - 1);
	else if (s.ptr[0] == '`' && s.len >= 3 && !memcmp(s.ptr, FENCE, 3))
		n = 3;
	return n ? n : char_length(s.ptr, s.len);
}

size_t markup_cut(struct slice text, enum markup m, enum markup_unit unit,
		  size_t max)
{
	size_t used = 0, at = 0;

	while (at < text.len) {
		struct slice rest = {text.ptr + at, text.len - at};
		size_t n = atom_length(rest, m);

		used += markup_length((struct slice){rest.ptr, n}, unit);
		if (used > max)
			break;
		at += n;
	}
	return at;
}

/* Whether a block of code is open behind text, when one was before or not. */
static bool code_behind(struct slice text, enum markup m, bool open)
{
	if (m != MARKUP_MRKDWN && m != MARKUP_MARKDOWN)
		return false;
	for (size_t i = 0; i + 3 <= text.len; i++)
		if (!memcmp(text.ptr + i, FENCE, 3)) {
			open = !open;
			i += 2;
		}
	return open;
}

bool markup_shorten(struct buf *out, enum markup m, struct slice text,
		    enum markup_unit unit, size_t max)
{
	size_t end = markup_length(SLICE_LIT(ELLIPSIS), unit);
	size_t fence = markup_length(SLICE_LIT(FENCE_END), unit);
	size_t n = markup_cut(text, m, unit, max);
	bool open;

	if (n == text.len) {
		buf_add_slice(out, text);
		return false;
	}
	n = markup_cut(text, m, unit, max > end ? max - end : 0);
	open = code_behind((struct slice){text.ptr, n}, m, false);
	if (open && max > end + fence)
		n = markup_cut(text, m, unit, max - end - fence);
	open = code_behind((struct slice){text.ptr, n}, m, false);
	buf_add(out, text.ptr, n);
	if (max >= end)
		buf_add_str(out, ELLIPSIS);
	if (open)
		buf_add_str(out, FENCE_END);
	return true;
}

/* A better place for the cut than n: behind a line, else behind a word, unless
 * that leaves less than half. */
static size_t nice_cut(struct slice text, size_t n)
{
	for (size_t i = n; i > n / 2; i--)
		if (text.ptr[i - 1] == '\n')
			return i;
	for (size_t i = n; i > n / 2; i--)
		if (text.ptr[i - 1] == ' ')
			return i;
	return n;
}

/* Bytes for a part of max units; less when a nicer place is within an escape
 * or a tag, which only markup_cut() can tell. */
static size_t part_length(const struct markup_parts *p, size_t max)
{
	size_t n = markup_cut(p->rest, p->markup, p->unit, max);
	size_t nicer;

	if (n == p->rest.len)
		return n;
	if (!n) /* one escape that is longer than a part: it has to be cut */
		return char_length(p->rest.ptr, p->rest.len);
	nicer = nice_cut(p->rest, n);
	return markup_cut(p->rest, p->markup, MARKUP_BYTES, nicer);
}

/* The part must not end with the mere beginning of a block. */
static size_t without_opening(struct slice part)
{
	size_t n = part.len;

	while (n && (part.ptr[n - 1] == '\n' || part.ptr[n - 1] == ' '))
		n--;
	if (n > 3 && !memcmp(part.ptr + n - 3, FENCE, 3))
		return n - 3;
	return part.len;
}

/* Bytes of the end of a block, when nothing else of it is left. */
static size_t closing(struct slice rest)
{
	size_t n = 0;

	while (n < rest.len && rest.ptr[n] == '\n')
		n++;
	if (rest.len - n < 3 || memcmp(rest.ptr + n, FENCE, 3) != 0)
		return 0;
	return n + 3;
}

static void skip(struct markup_parts *p, size_t n)
{
	p->rest.ptr += n;
	p->rest.len -= n;
}

/* Takes n bytes, of which the last ones are within a block. */
static void end_in_code(struct markup_parts *p, struct buf *out, size_t n)
{
	size_t end;

	buf_add(out, p->rest.ptr, n);
	skip(p, n);
	while (out->len && out->data[out->len - 1] == '\n')
		buf_truncate(out, out->len - 1);
	buf_add_str(out, FENCE_END);
	end = closing(p->rest);
	skip(p, end);
	p->in_code = !end;
}

bool markup_next(struct markup_parts *p, struct buf *out)
{
	size_t max = p->max > MARKUP_PART_MIN ? p->max : MARKUP_PART_MIN;
	size_t fences = 2 * markup_length(SLICE_LIT(FENCE_END), p->unit);
	bool reopen = p->in_code, open;
	size_t n, less;

	buf_reset(out);
	if (!p->rest.len)
		return false;
	n = part_length(p, max);
	open = code_behind((struct slice){p->rest.ptr, n}, p->markup, reopen);
	if (reopen || open) {
		n = part_length(p, max - fences);
		open = code_behind((struct slice){p->rest.ptr, n}, p->markup,
				   reopen);
	}
	if (reopen)
		buf_add_str(out, FENCE_OPEN);
	less = open ? without_opening((struct slice){p->rest.ptr, n}) : n;
	if (open && less == n) {
		end_in_code(p, out, n);
		return true;
	}
	buf_add(out, p->rest.ptr, less);
	skip(p, less);
	p->in_code = false;
	return true;
}
