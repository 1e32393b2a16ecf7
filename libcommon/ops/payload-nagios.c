/*
 * payload-nagios.c - what a Nagios plugin prints: one line of text, figures
 * behind "|", and more lines. The state is a word of the first line ("DISK
 * CRITICAL - 97% used"), unless the plugin's exit status is told.
 */
#include "payload-internal.h"

#include <oncall/jwrite.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define LOOK_AT 3 /* words of the first line that may be the state */

static const char *const states[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

static struct slice next_word(struct slice *rest)
{
	const char *p = rest->ptr, *end = rest->ptr + rest->len;
	struct slice word;

	while (p < end &&
	       !((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')))
		p++;
	word.ptr = p;
	while (p < end && ((*p >= 'A' && *p <= 'Z') ||
			   (*p >= 'a' && *p <= 'z') || *p == '_'))
		p++;
	word.len = (size_t)(p - word.ptr);
	*rest = (struct slice){p, (size_t)(end - p)};
	return word;
}

static int state_of(const struct payload_reader *r, struct slice line)
{
	if (r->src->status >= 0)
		return r->src->status;
	for (int i = 0; i < LOOK_AT; i++) {
		struct slice word = next_word(&line);

		for (int k = 0; k < (int)ARRAY_LEN(states); k++)
			if (slice_is(word, states[k]))
				return k;
	}
	return -1;
}

static struct slice trimmed(struct slice s)
{
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\r' ||
			 s.ptr[s.len - 1] == '\n'))
		s.len--;
	return s;
}

/* What follows sep, which is cut off. */
static struct slice cut_at(struct slice *s, char sep)
{
	const char *at = memchr(s->ptr, sep, s->len);
	struct slice rest = {NULL, 0};

	if (!at)
		return rest;
	rest = (struct slice){at + 1, s->len - (size_t)(at + 1 - s->ptr)};
	s->len = (size_t)(at - s->ptr);
	return rest;
}

/* Figures and further lines, as annotations. */
static void write_rest(struct buf *out, struct slice figures, struct slice more)
{
	jwrite_open(out, NULL, '{');
	if (figures.len)
		jwrite_text(out, "perfdata", trimmed(figures));
	if (more.len)
		jwrite_text(out, "output", trimmed(more));
	jwrite_close(out, '}');
}

int payload_nagios(struct payload_reader *r, struct err *err)
{
	AUTO_BUF struct buf title = BUF_INIT, rest = BUF_INIT, raw = BUF_INIT;
	struct payload_fields f = {.time = WHEN_NONE};
	struct slice first = trimmed(r->text), more, figures;
	int state;

	if (!r->src->service && !r->src->host)
		return err_set(err, ERR_USAGE,
			       "say by --service or --host what the plugin "
			       "looked at");
	if (!first.len)
		return err_set(err, ERR_INPUT, "the plugin said nothing");
	more = cut_at(&first, '\n');
	figures = cut_at(&first, '|');
	first = trimmed(first);
	state = state_of(r, first);
	if (state < 0)
		return err_set(
			err, ERR_INPUT,
			"the line begins with none of OK, WARNING, "
			"CRITICAL and UNKNOWN, and no --status is given");
	f.event = state == 0 ? PAYLOAD_RESOLVED : PAYLOAD_FIRES;
	jwrite_text(&title, NULL, first.len ? first : slice_of(states[state]));
	jwrite_str(&raw, NULL, states[state]);
	write_rest(&rest, figures, more);
	f.title = f.message = buf_slice(&title);
	f.severity_raw = buf_slice(&raw);
	f.annotations = buf_slice(&rest);
	buf_addf(&r->made, "%s/%s", r->src->host ? r->src->host : "",
		 r->src->service ? r->src->service : "");
	f.own = buf_slice(&r->made);
	payload_add(r, &f);
	return 0;
}
