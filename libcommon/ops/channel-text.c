/* channel-text.c - a note in the words and the language of a service. */
#include "channel-internal.h"

#include <oncall/severity.h>

static const struct look {
	const char *emoji;
	uint32_t color;
} looks[] = {
	[SEVERITY_INFO] = {"\xf0\x9f\x94\xb5", 0x1c7ed6},     /* blue circle */
	[SEVERITY_LOW] = {"\xf0\x9f\x9f\xa1", 0xfcc419},      /* yellow */
	[SEVERITY_MEDIUM] = {"\xf0\x9f\x9f\xa0", 0xf08c00},   /* orange */
	[SEVERITY_HIGH] = {"\xf0\x9f\x94\xb4", 0xe8590c},     /* red */
	[SEVERITY_CRITICAL] = {"\xf0\x9f\x9a\xa8", 0xb00020}, /* a light */
};

static const struct look over = {"\xe2\x9c\x85", 0x2f9e44}; /* a tick */
static const struct look none = {"\xe2\x84\xb9\xef\xb8\x8f", 0x868e96};

static const struct look *look_of(const struct note *n)
{
	if (n->over)
		return &over;
	return n->has_severity ? &looks[n->severity] : &none;
}

const char *channel_emoji(const struct note *n)
{
	return look_of(n)->emoji;
}

uint32_t channel_color(const struct note *n)
{
	return look_of(n)->color;
}

void channel_title(struct buf *out, const struct note *n, enum markup m)
{
	buf_addf(out, "%s ", channel_emoji(n));
	markup_escape(out, m, slice_of(n->title));
	if (n->count > 1)
		buf_addf(out, " (%lld times)", (long long)n->count);
}

/* In HTML the ends of lines say nothing. */
static void end_line(struct buf *out, enum markup m)
{
	buf_add_str(out, m == MARKUP_HTML ? "<br>\n" : "\n");
}

static void add_lines(struct buf *out, enum markup m, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		markup_escape(out, m, (struct slice){text, n});
		text += n;
		if (*text) {
			end_line(out, m);
			text++;
		}
	}
	end_line(out, m);
}

static void add_fields(struct buf *out, const struct note *n, enum markup m)
{
	for (size_t i = 0; i < n->field_count; i++) {
		buf_add_str(out, markup_bold(m, false));
		markup_escape(out, m, slice_of(n->fields[i].name));
		buf_add_char(out, ':');
		buf_add_str(out, markup_bold(m, true));
		buf_add_char(out, ' ');
		add_lines(out, m, n->fields[i].value);
	}
}

static void add_commands(struct buf *out, const struct note *n, enum markup m)
{
	for (size_t i = 0; i < n->button_count; i++) {
		const struct note_button *b = &n->buttons[i];

		if (!b->command)
			continue;
		markup_escape(out, m, slice_of(b->label));
		buf_add_str(out, ": ");
		markup_escape(out, m, slice_of(b->command));
		end_line(out, m);
	}
}

/* An empty line between the parts. */
static void begin_part(struct buf *out, size_t start, enum markup m)
{
	if (out->len > start)
		end_line(out, m);
}

void channel_text(struct buf *out, const struct note *n, enum markup m,
		  unsigned parts)
{
	size_t start = out->len;

	if (parts & CHANNEL_TITLE) {
		buf_add_str(out, markup_bold(m, false));
		channel_title(out, n, m);
		buf_add_str(out, markup_bold(m, true));
		end_line(out, m);
	}
	if ((parts & CHANNEL_TEXT) && n->text) {
		begin_part(out, start, m);
		add_lines(out, m, n->text);
	}
	if ((parts & CHANNEL_FIELDS) && n->field_count) {
		begin_part(out, start, m);
		add_fields(out, n, m);
	}
	if ((parts & CHANNEL_CODE) && n->code) {
		begin_part(out, start, m);
		markup_code(out, m, slice_of(n->code));
		buf_add_char(out, '\n');
	}
	if ((parts & CHANNEL_LINKS) && n->link_count)
		begin_part(out, start, m);
	for (size_t i = 0; (parts & CHANNEL_LINKS) && i < n->link_count; i++) {
		markup_link(out, m, slice_of(n->links[i].name),
			    slice_of(n->links[i].value));
		end_line(out, m);
	}
	if ((parts & CHANNEL_COMMANDS) && n->button_count) {
		begin_part(out, start, m);
		add_commands(out, n, m);
	}
}

int channel_short(const struct channel *ch, struct buf *out,
		  const struct note *n, unsigned parts,
		  struct channel_limit limit, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (channel_words(ch, &text, n, parts, err) < 0)
		return -1;
	while (text.len && text.data[text.len - 1] == '\n')
		buf_truncate(&text, text.len - 1);
	(void)markup_shorten(out, ch->kind->markup, buf_slice(&text),
			     limit.unit, limit.max);
	return 0;
}

void channel_member(struct buf *out, const char *key, const char *text,
		    size_t max)
{
	AUTO_BUF struct buf s = BUF_INIT;

	(void)markup_shorten(&s, MARKUP_PLAIN, slice_of(text), MARKUP_UTF16,
			     max);
	jwrite_str(out, key, buf_str(&s));
}

void channel_member_json(struct buf *out, const char *key, struct slice text,
			 enum markup m, size_t max)
{
	AUTO_BUF struct buf s = BUF_INIT;

	(void)markup_shorten(&s, m, text, MARKUP_JSON, max);
	jwrite_text(out, key, buf_slice(&s));
}

void channel_note_json(struct buf *out, const struct note *n,
		       const char *target, const char *key)
{
	jwrite_record(out, "note", slice_of(key), n->time);
	jwrite_str(out, "target", target);
	jwrite_str(out, "key", n->key);
	jwrite_str_opt(out, "thread", n->thread);
	jwrite_str_opt(out, "incident", n->incident);
	jwrite_str_opt(out, "service", n->service);
	if (n->has_severity)
		jwrite_str(out, "severity", severity_name(n->severity));
	jwrite_str_opt(out, "reason", n->reason);
	jwrite_bool(out, "over", n->over);
	jwrite_int(out, "count", n->count);
	jwrite_str(out, "title", n->title);
	jwrite_str_opt(out, "text", n->text);
	jwrite_str_opt(out, "code", n->code);
	note_write_lists(n, out);
	jwrite_close(out, '}');
}
