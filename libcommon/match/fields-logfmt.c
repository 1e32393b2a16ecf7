/*
 * fields-logfmt.c - lines of pairs: level=error msg="no space left" n=3. A
 * line is only taken for one when it says at least two of when, how bad and
 * what, as many other lines hold a pair here and there.
 */
#include "fields-internal.h"

#define PAIRS_MAX 128

struct pairs {
	const char *p;
	const char *end;
	size_t count;
	size_t words; /* that are no pairs */
};

/* Behind the closing quote; NULL when there is none. */
static const char *skip_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		const char *quote = memchr(p, '"', (size_t)(end - p));
		const char *slash;

		if (!quote)
			return NULL;
		slash = memchr(p, '\\', (size_t)(quote - p));
		if (!slash)
			return quote + 1;
		p = slash + 1;
	}
	return NULL;
}

/* False at the end, or where no pair can be. */
static bool next_pair(struct pairs *s, struct slice *ret_key,
		      struct fields_member *ret)
{
	const char *start;

	for (;;) {
		s->p = fields_skip_blanks(s->p, s->end);
		start = s->p;
		s->p = fields_skip_key(s->p, s->end);
		if (s->p < s->end && *s->p == '=' && s->p > start)
			break;
		s->p = fields_skip_word(s->p, s->end);
		if (s->p == start || ++s->words > s->count)
			return false;
	}
	*ret_key = (struct slice){start, (size_t)(s->p - start)};
	start = ++s->p;
	ret->type = JSCAN_STRING;
	ret->bare = start == s->end || *start != '"';
	s->p = ret->bare ? fields_skip_word(start, s->end)
			 : skip_quoted(start, s->end);
	if (!s->p)
		return false;
	ret->value = (struct slice){start, (size_t)(s->p - start)};
	return ++s->count <= PAIRS_MAX;
}

/* Expressions may name pairs, too. */
static void add_line(struct fields_reader *r)
{
	struct buf *text = &r->scratch->text;
	size_t start = text->len;

	buf_add_slice(text, r->f->said);
	buf_add_char(text, '\n');
	buf_add_slice(text, r->line);
	r->f->text = (struct slice){text->data + start, text->len - start};
}

bool fields_read_logfmt(struct fields_reader *r)
{
	struct pairs s = {.p = r->line.ptr, .end = r->line.ptr + r->line.len};
	struct fields_members m;
	struct fields_member member;
	struct slice key;

	if (r->line.len == 0)
		return false;
	m.count = 0;
	memset(m.counts, 0, sizeof(m.counts));
	while (next_pair(&s, &key, &member)) {
		member.key = fields_key_find(key);
		if (member.key && member.key->role != FIELDS_NOTHING)
			fields_members_add(&m, &member);
	}
	if (s.count < 2 || s.words > s.count ||
	    !!m.counts[FIELDS_TIME] + !!m.counts[FIELDS_LEVEL] +
			    (m.counts[FIELDS_MESSAGE] ||
			     m.counts[FIELDS_ERROR]) <
		    2 ||
	    !fields_make_room(r))
		return false;
	r->f->format = &fields_format_list[FIELDS_AS_LOGFMT];
	fields_take_members(r, &m);
	if (fields_take_text(r->f, &m, &r->scratch->text))
		add_line(r);
	return true;
}
