/* journal-entry.c - the export format, byte by byte; see journal-internal.h. */
#include "journal-internal.h"

#include <oncall/hash.h>
#include <oncall/journal.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

#define ID_DIGITS 32

void journal_parser_init(struct journal_parser *p, size_t max)
{
	*p = (struct journal_parser){.max = max};
	p->bytes.max = JOURNAL_ENTRY * max +
		       (size_t)(JOURNAL_FIELDS + 2) * (JOURNAL_NAME + 2);
}

void journal_parser_done(struct journal_parser *p)
{
	buf_done(&p->bytes);
	free(p->fields);
}

void journal_parser_reset(struct journal_parser *p)
{
	buf_reset(&p->bytes);
	p->count = p->used = 0;
	p->state = JOURNAL_START;
	p->too_long = p->truncated = p->bad = false;
}

static struct journal_field *current(struct journal_parser *p)
{
	return &p->fields[p->count - 1];
}

static void field_begin(struct journal_parser *p)
{
	if (p->count == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->fields = mem_resize(p->fields, p->cap, sizeof(*p->fields));
	}
	p->fields[p->count++] = (struct journal_field){.name = p->bytes.len};
	p->state = JOURNAL_NAMED;
}

static void field_drop(struct journal_parser *p)
{
	p->used -= current(p)->len;
	buf_truncate(&p->bytes, current(p)->name);
	p->count--;
}

static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'A' && s[i] <= 'Z') &&
		    !(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') && s[i] != '_')
			return false;
	return n > 0 && n <= JOURNAL_NAME;
}

/* The name is complete. False when it is none. */
static bool field_named(struct journal_parser *p)
{
	struct journal_field *f = current(p);
	size_t n = p->bytes.len - f->name;

	if (p->count > JOURNAL_FIELDS ||
	    !is_name(buf_str(&p->bytes) + f->name, n)) {
		p->bad = true;
		field_drop(p);
		return false;
	}
	buf_add_char(&p->bytes, '\0');
	f->text = p->bytes.len;
	return true;
}

static void field_add(struct journal_parser *p, const char *s, size_t n)
{
	struct journal_field *f = current(p);

	if (f->too_long)
		return;
	if (n > p->max - f->len || n > JOURNAL_ENTRY * p->max - p->used) {
		f->too_long = true;
		p->used -= f->len;
		f->len = 0;
		buf_truncate(&p->bytes, f->text);
		return;
	}
	f->len += n;
	p->used += n;
	buf_add(&p->bytes, s, n);
}

static void field_end(struct journal_parser *p)
{
	struct journal_field *f = current(p);

	p->truncated |= f->too_long;
	p->state = JOURNAL_NAMED;
	p->size_bytes = 0;
}

/* A value, or an array of those that have the name. */
static void write_field(struct journal_parser *p, size_t at, struct buf *out)
{
	const char *name = p->bytes.data + p->fields[at].name;
	bool array = false;

	for (size_t i = at; i < p->count; i++) {
		struct journal_field *f = &p->fields[i];
		struct slice text = {p->bytes.data + f->text, f->len};

		if (f->written || strcmp(name, p->bytes.data + f->name) != 0)
			continue;
		for (size_t k = i + 1; i == at && k < p->count && !array; k++)
			array = !strcmp(name,
					p->bytes.data + p->fields[k].name);
		if (i == at && array)
			jwrite_open(out, name, '[');
		if (f->too_long)
			text.ptr = NULL;
		jwrite_text(out, array ? NULL : name, text);
		f->written = true;
	}
	if (array)
		jwrite_close(out, ']');
}

void journal_id(struct slice cursor, struct slice text, struct buf *out)
{
	char hex[ID_DIGITS + 1];

	if (cursor.len) {
		buf_add_slice(out, cursor);
		return;
	}
	hash_sha256_hex(text.ptr, text.len, hex, ID_DIGITS);
	buf_add(out, hex, ID_DIGITS);
}

/* The bytes of out may move: where a text stands is known afterwards. */
static bool entry_end(struct journal_parser *p, struct buf *out,
		      struct journal_entry *ret)
{
	struct slice cursor = {NULL, 0};
	size_t start = out->len;

	*ret = (struct journal_entry){.truncated = p->truncated, .bad = p->bad};
	if (p->count > 0) {
		buf_add_char(out, '{');
		for (size_t i = 0; i < p->count; i++)
			if (!p->fields[i].written)
				write_field(p, i, out);
		jwrite_close(out, '}');
		ret->text = out->len - start;
	}
	for (size_t i = 0; i < p->count && !cursor.len; i++)
		if (!strcmp(p->bytes.data + p->fields[i].name, "__CURSOR"))
			cursor = (struct slice){p->bytes.data +
							p->fields[i].text,
						p->fields[i].len};
	if (ret->text) {
		AUTO_BUF struct buf id = BUF_INIT;

		journal_id(cursor, (struct slice){out->data + start, ret->text},
			   &id);
		ret->id = id.len;
		buf_add_slice(out, buf_slice(&id));
	}
	journal_parser_reset(p);
	p->state = JOURNAL_NAMED;
	p->size_bytes = 0;
	return ret->text || ret->bad;
}

/* In a line that is a name, up to "=" or its end. */
static bool parse_name(struct journal_parser *p, struct slice *in,
		       struct buf *out, struct journal_entry *ret)
{
	size_t i = 0;
	bool fresh = !p->size_bytes;

	if (fresh && in->ptr[0] == '\n') {
		*in = (struct slice){in->ptr + 1, in->len - 1};
		return entry_end(p, out, ret);
	}
	if (fresh)
		field_begin(p);
	p->size_bytes = 1; /* the name has begun */
	while (i < in->len && in->ptr[i] != '=' && in->ptr[i] != '\n')
		i++;
	/* A name that is too long is looked at no further. */
	if (p->bytes.len - current(p)->name <= JOURNAL_NAME)
		buf_add(&p->bytes, in->ptr,
			i < JOURNAL_NAME + 1 ? i : JOURNAL_NAME + 1);
	if (i < in->len) {
		bool text = in->ptr[i] == '=';

		p->size_bytes = 0;
		p->left = 0;
		if (field_named(p))
			p->state = text ? JOURNAL_TEXT : JOURNAL_SIZE;
		else
			p->state = text ? JOURNAL_SKIP : JOURNAL_NAMED;
		i++;
	}
	*in = (struct slice){in->ptr + i, in->len - i};
	return false;
}

static void parse_line(struct journal_parser *p, struct slice *in)
{
	const char *stop = memchr(in->ptr, '\n', in->len);
	size_t n = stop ? (size_t)(stop - in->ptr) : in->len;

	if (p->state == JOURNAL_TEXT)
		field_add(p, in->ptr, n);
	if (stop && p->state == JOURNAL_TEXT)
		field_end(p);
	if (stop) {
		p->state = JOURNAL_NAMED;
		n++;
	}
	*in = (struct slice){in->ptr + n, in->len - n};
}

static void parse_size(struct journal_parser *p, struct slice *in)
{
	size_t i = 0;

	for (; i < in->len && p->size_bytes < 8; i++, p->size_bytes++)
		p->left |= (uint64_t)(unsigned char)in->ptr[i]
			   << (8 * p->size_bytes);
	if (p->size_bytes == 8) {
		p->size_bytes = 0;
		p->state = p->left ? JOURNAL_BYTES : JOURNAL_BYTES_END;
	}
	*in = (struct slice){in->ptr + i, in->len - i};
}

static void parse_bytes(struct journal_parser *p, struct slice *in)
{
	size_t n = in->len < p->left ? in->len : (size_t)p->left;

	field_add(p, in->ptr, n);
	p->left -= n;
	if (p->left == 0)
		p->state = JOURNAL_BYTES_END;
	*in = (struct slice){in->ptr + n, in->len - n};
}

static void parse_bytes_end(struct journal_parser *p, struct slice *in)
{
	field_end(p);
	if (in->ptr[0] == '\n') {
		*in = (struct slice){in->ptr + 1, in->len - 1};
	} else {
		p->bad = true;
		p->state = JOURNAL_SKIP;
	}
}

static bool json_end(struct journal_parser *p, struct buf *out,
		     struct journal_entry *ret)
{
	*ret = (struct journal_entry){.bad = p->too_long};
	if (!p->too_long)
		journal_json(buf_slice(&p->bytes), out, ret);
	journal_parser_reset(p);
	p->state = JOURNAL_JSON;
	return ret->text || ret->bad;
}

static bool parse_json(struct journal_parser *p, struct slice *in,
		       struct buf *out, struct journal_entry *ret)
{
	const char *stop = memchr(in->ptr, '\n', in->len);
	size_t n = stop ? (size_t)(stop - in->ptr) : in->len;

	p->too_long |= n > JOURNAL_ENTRY * p->max ||
		       p->bytes.len + n > JOURNAL_ENTRY * p->max;
	if (!p->too_long)
		buf_add(&p->bytes, in->ptr, n);
	if (stop)
		n++;
	*in = (struct slice){in->ptr + n, in->len - n};
	return stop && json_end(p, out, ret);
}

bool journal_parse(struct journal_parser *p, struct slice *in, struct buf *out,
		   struct journal_entry *ret)
{
	bool complete = false;

	while (in->len && !complete) {
		switch (p->state) {
		case JOURNAL_START:
			p->state = in->ptr[0] == '{' ? JOURNAL_JSON
						     : JOURNAL_NAMED;
			break;
		case JOURNAL_NAMED:
			complete = parse_name(p, in, out, ret);
			break;
		case JOURNAL_TEXT:
		case JOURNAL_SKIP:
			parse_line(p, in);
			break;
		case JOURNAL_SIZE:
			parse_size(p, in);
			break;
		case JOURNAL_BYTES:
			parse_bytes(p, in);
			break;
		case JOURNAL_BYTES_END:
			parse_bytes_end(p, in);
			break;
		case JOURNAL_JSON:
			complete = parse_json(p, in, out, ret);
			break;
		}
	}
	return complete;
}

bool journal_parse_end(struct journal_parser *p, struct buf *out,
		       struct journal_entry *ret)
{
	if (p->state == JOURNAL_JSON)
		return json_end(p, out, ret);
	if (p->state == JOURNAL_TEXT || p->state == JOURNAL_BYTES_END)
		field_end(p);
	else if (p->state != JOURNAL_NAMED || p->size_bytes)
		p->truncated = true;
	if (p->count &&
	    (p->state == JOURNAL_SIZE || p->state == JOURNAL_BYTES ||
	     (p->state == JOURNAL_NAMED && p->size_bytes)))
		field_drop(p);
	return entry_end(p, out, ret);
}
