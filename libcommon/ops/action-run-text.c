/* action-run-text.c - what programs and servers said, as it may be kept. */
#include "action-run-internal.h"

#include <inttypes.h>
#include <oncall/mem.h>
#include <oncall/pattern.h>
#include <oncall/redact.h>
#include <oncall/utf8.h>

/* C strings end at a NUL, so it becomes the sign for what is no text. */
static void add_without_nul(struct buf *out, struct slice text)
{
	const char *nul;

	while (text.len && (nul = memchr(text.ptr, '\0', text.len))) {
		buf_add(out, text.ptr, (size_t)(nul - text.ptr));
		utf8_add(out, 0xFFFD);
		text.len -= (size_t)(nul + 1 - text.ptr);
		text.ptr = nul + 1;
	}
	buf_add_slice(out, text);
}

void action_text_add(struct buf *out, struct slice raw)
{
	AUTO_BUF struct buf safe = BUF_INIT;
	AUTO_BUF struct buf whole = BUF_INIT;

	if (!raw.len)
		return;
	(void)redact_text(&safe, raw.ptr, raw.len);
	if (safe.len)
		(void)utf8_repair(&whole, safe.data, safe.len);
	add_without_nul(out, buf_slice(&whole));
}

/* The first byte of a character at or behind i. */
static size_t next_char(struct slice text, size_t i)
{
	while (i < text.len && ((unsigned char)text.ptr[i] & 0xC0) == 0x80)
		i++;
	return i;
}

char *action_text_shorten(struct slice text, size_t max)
{
	AUTO_BUF struct buf out = BUF_INIT;
	size_t head, tail;

	if (text.len <= max)
		return mem_dup_bytes(text.len ? text.ptr : "", text.len);
	head = utf8_cut(text.ptr, text.len, max / 2);
	tail = next_char(text, text.len - max / 2);
	buf_add(&out, text.ptr, head);
	buf_addf(&out, "\n[... %zu bytes left out ...]\n", tail - head);
	buf_add(&out, text.ptr + tail, text.len - tail);
	return buf_take(&out);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice trim(struct slice text)
{
	while (text.len && is_blank(*text.ptr)) {
		text.ptr++;
		text.len--;
	}
	while (text.len && is_blank(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

char *action_text_brief(struct slice text, size_t max)
{
	text = trim(text);
	if (text.len <= max)
		return mem_dup_bytes(text.len ? text.ptr : "", text.len);
	return mem_printf("%.*s...", (int)utf8_cut(text.ptr, text.len, max),
			  text.ptr);
}

struct slice action_text_line(struct slice text)
{
	const char *end;

	text = trim(text);
	end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
	if (end)
		text.len = (size_t)(end - text.ptr);
	return trim(text);
}

struct search {
	bool found;
	struct err *err;
};

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct search *s = arg;

	(void)hit;
	s->found = true;
	return 0;
}

static int on_fault(void *arg, const struct pattern_hit *hit, const char *why)
{
	struct search *s = arg;

	(void)hit;
	return err_set(s->err, ERR_INPUT, "cannot be decided: %s", why);
}

int action_text_matches(const char *expr, struct slice text, struct err *err)
{
	const struct slice one = slice_of(expr);
	const struct pattern_rule rule = {
		.id = "expect",
		.exprs = &one,
		.expr_count = 1,
	};
	const struct pattern_options opt = {.engine = "pcre2"};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;
	struct search s = {.err = err};
	const struct pattern_sink sink = {
		.hit = on_hit, .fault = on_fault, .arg = &s};

	if (pattern_set_new(&set, &rule, 1, &opt, err))
		return -1;
	scratch = pattern_scratch_new(set);
	if (!text.ptr)
		text.ptr = "";
	if (pattern_scan_text(set, scratch, text, 0, &sink))
		return -1;
	return s.found;
}
