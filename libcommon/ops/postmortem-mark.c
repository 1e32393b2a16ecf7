/*
 * postmortem-mark.c - sections between marks, so that a document can be written
 * again around what people wrote.
 *
 *     <!-- oncall:NAME INC-20261120-0001 HASH -->
 *     ... what the hash is of ...
 *     <!-- /oncall:NAME -->
 *
 * A mark is a line of its own. Id and hash may be missing: whoever writes a
 * pair of marks with nothing between them asks for that section. The hash is
 * of the words, so that an editor may lay out blanks and line ends as it likes.
 */
#include "postmortem-internal.h"

#include <oncall/hash.h>
#include <oncall/mem.h>

#define BEGIN "<!-- oncall:"
#define END   "<!-- /oncall:"
#define CLOSE "-->"

/* ---- writing ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void postmortem_hash(struct slice body, char out[POSTMORTEM_HASH])
{
	AUTO_BUF struct buf words = BUF_INIT;

	for (size_t i = 0; i < body.len; i++) {
		if (!is_blank(body.ptr[i]))
			buf_add_char(&words, body.ptr[i]);
		else if (words.len && words.data[words.len - 1] != ' ')
			buf_add_char(&words, ' ');
	}
	if (words.len && words.data[words.len - 1] == ' ')
		buf_truncate(&words, words.len - 1);
	hash_sha256_hex(buf_str(&words), words.len, out, POSTMORTEM_HASH - 1);
}

int postmortem_marked(struct postmortem *p, struct slice name, struct buf *out,
		      struct err *err)
{
	AUTO_BUF struct buf body = BUF_INIT;
	postmortem_section *write = postmortem_find(name);
	char hash[POSTMORTEM_HASH];

	if (write(p, &body, err) < 0 ||
	    buf_check(&body, "a section of the postmortem", err) < 0)
		return -1;
	while (body.len && body.data[body.len - 1] == '\n')
		buf_truncate(&body, body.len - 1);
	postmortem_hash(buf_slice(&body), hash);
	buf_addf(out, BEGIN "%.*s %s %s " CLOSE "\n\n", (int)name.len, name.ptr,
		 p->id, hash);
	buf_add_slice(out, buf_slice(&body));
	buf_addf(out, "\n\n" END "%.*s " CLOSE "\n", (int)name.len, name.ptr);
	return 0;
}

/* ---- reading ---- */

struct mark {
	bool begins;
	struct slice name, id, hash;
};

static struct slice next_word(struct slice *rest)
{
	struct slice word;

	while (rest->len && is_blank(*rest->ptr)) {
		rest->ptr++;
		rest->len--;
	}
	word = (struct slice){rest->ptr, 0};
	while (word.len < rest->len && !is_blank(word.ptr[word.len]))
		word.len++;
	rest->ptr += word.len;
	rest->len -= word.len;
	return word;
}

static bool starts_with(struct slice text, const char *start)
{
	size_t n = strlen(start);

	return text.len >= n && memcmp(text.ptr, start, n) == 0;
}

/* Whether a line is a mark of one of our sections. */
static bool read_mark(struct slice line, struct mark *ret)
{
	const char *start;

	*ret = (struct mark){.begins = starts_with(line, BEGIN)};
	if (!ret->begins && !starts_with(line, END))
		return false;
	start = ret->begins ? BEGIN : END;
	line.ptr += strlen(start);
	line.len -= strlen(start);
	ret->name = next_word(&line);
	if (!postmortem_find(ret->name))
		return false;
	ret->id = next_word(&line);
	if (slice_is(ret->id, CLOSE)) {
		ret->id = (struct slice){0};
		return next_word(&line).len == 0;
	}
	ret->hash = next_word(&line);
	if (slice_is(ret->hash, CLOSE)) {
		ret->hash = (struct slice){0};
		return next_word(&line).len == 0;
	}
	return slice_is(next_word(&line), CLOSE) && next_word(&line).len == 0;
}

/* Takes the next line, with its end, off the text. */
static struct slice next_line(struct slice *text)
{
	const char *nl = memchr(text->ptr, '\n', text->len);
	size_t n = nl ? (size_t)(nl + 1 - text->ptr) : text->len;
	struct slice line = {text->ptr, n};

	text->ptr += n;
	text->len -= n;
	return line;
}

/* ---- writing again ---- */

struct renewal {
	struct postmortem *p;
	struct buf *out;
	postmortem_kept *kept;
	void *arg;
	int sections;
};

static void keep(struct renewal *r, struct slice name, const char *why)
{
	AUTO_FREE char *text = mem_dup_bytes(name.ptr, name.len);

	r->kept(r->arg, text, why);
}

/* The end of what belongs to a mark, and the rest behind it; false when
 * another mark, or the end of the text, comes first. */
static bool find_end(struct slice name, struct slice *rest,
		     struct slice *ret_body)
{
	struct slice text = *rest;

	*ret_body = (struct slice){text.ptr, 0};
	while (text.len) {
		const char *start = text.ptr;
		struct mark m;

		if (!read_mark(next_line(&text), &m))
			continue;
		if (m.begins || !slice_eq(m.name, name))
			return false;
		ret_body->len = (size_t)(start - ret_body->ptr);
		*rest = text;
		return true;
	}
	return false;
}

/* Whether what stands between the marks is ours to replace. */
static bool is_untouched(const struct mark *m, struct slice body)
{
	char hash[POSTMORTEM_HASH], empty[POSTMORTEM_HASH];

	postmortem_hash(body, hash);
	postmortem_hash((struct slice){"", 0}, empty);
	return slice_is(m->hash, hash) || !strcmp(hash, empty);
}

/* One section, whose first mark was read: line is it, rest what follows. */
static int renew_section(struct renewal *r, const struct mark *m,
			 struct slice line, struct slice *rest, struct err *err)
{
	struct slice body;

	if (m->id.len && !slice_is(m->id, r->p->id)) {
		buf_add_slice(r->out, line); /* of another incident */
		return 0;
	}
	r->sections++;
	if (!find_end(m->name, rest, &body)) {
		keep(r, m->name, "its end is missing");
		buf_add_slice(r->out, line);
		return 0;
	}
	if (is_untouched(m, body))
		return postmortem_marked(r->p, m->name, r->out, err);
	keep(r, m->name, "it was changed by hand");
	buf_add(r->out, line.ptr, (size_t)(rest->ptr - line.ptr));
	return 0;
}

int postmortem_renew(struct postmortem *p, struct slice old, struct buf *out,
		     postmortem_kept *kept, void *arg, struct err *err)
{
	struct renewal r = {.p = p, .out = out, .kept = kept, .arg = arg};

	while (old.len) {
		struct slice line = next_line(&old);
		struct mark m;

		if (!read_mark(line, &m) || !m.begins)
			buf_add_slice(out, line);
		else if (renew_section(&r, &m, line, &old, err) < 0)
			return -1;
	}
	return r.sections;
}
