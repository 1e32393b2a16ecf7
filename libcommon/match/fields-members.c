/* fields-members.c - what the members of a line mean, once they are found. */
#include "fields-internal.h"

#define UNIT_SUFFIX  ".service"
#define NANO_PER_MS  1000000
#define MICRO_PER_MS 1000

struct pieces {
	struct buf *out;
	size_t count;
};

/* A byte of a text that was no UTF-8, or one of several texts. */
static int add_piece(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct pieces *p = arg;
	int64_t byte;

	(void)err;
	if (type == JSCAN_NUMBER) {
		if (jscan_int(value, &byte) == 0 && byte >= 0 && byte <= 255)
			buf_add_char(p->out, (char)(unsigned char)byte);
	} else if (type == JSCAN_STRING) {
		if (p->count++)
			buf_add_char(p->out, '\n');
		jscan_unquote(p->out, value);
	}
	return 0;
}

static void add_text(struct buf *out, const struct fields_member *m)
{
	struct pieces pieces = {.out = out};
	struct err err = ERR_INIT;
	struct slice plain;

	if (m->type == JSCAN_ARRAY) {
		if (jscan_array(m->value, add_piece, &pieces, &err) < 0)
			return; /* cannot be: the scanner has seen it */
	} else if (m->type != JSCAN_STRING || m->bare) {
		buf_add_slice(out, m->value);
	} else if (jscan_plain(m->value, &plain)) {
		buf_add_slice(out, plain);
	} else {
		jscan_unquote(out, m->value);
	}
}

/* The text of a member, in the line where it stands there as it is. */
static struct slice text_of(const struct fields_member *m, struct buf *scratch)
{
	size_t start = scratch->len;
	struct slice plain;

	if (m->bare || (m->type != JSCAN_STRING && m->type != JSCAN_ARRAY))
		return m->value;
	if (m->type == JSCAN_STRING && jscan_plain(m->value, &plain))
		return plain;
	add_text(scratch, m);
	return (struct slice){scratch->data + start, scratch->len - start};
}

bool fields_take_text(struct fields *f, const struct fields_members *m,
		      struct buf *scratch)
{
	const struct fields_member *message =
		fields_members_next(m, FIELDS_MESSAGE, NULL);
	const struct fields_member *error =
		fields_members_next(m, FIELDS_ERROR, NULL);
	size_t start = scratch->len;

	if (!message) {
		message = error;
		if (!message)
			return false;
		error = fields_members_next(m, FIELDS_ERROR, message);
	}
	if (!error) {
		f->message = text_of(message, scratch);
		f->text = f->said = f->message;
		return true;
	}
	add_text(scratch, message);
	f->message.len = scratch->len - start;
	for (; error; error = fields_members_next(m, FIELDS_ERROR, error)) {
		buf_add_char(scratch, '\n');
		add_text(scratch, error);
	}
	f->message.ptr = scratch->data + start;
	f->said = (struct slice){scratch->data + start, scratch->len - start};
	f->text = f->said;
	return true;
}

/* A whole number of micro- or nanoseconds; 0 stands for no time. */
static bool read_count(struct slice text, int64_t per_ms, int64_t *ret_ms)
{
	if (jscan_int(text, ret_ms) < 0)
		return false;
	*ret_ms /= per_ms;
	return *ret_ms > 0 && *ret_ms <= WHEN_MAX;
}

static bool read_time(struct fields_reader *r, const struct fields_member *m)
{
	struct fields *f = r->f;
	struct slice text = text_of(m, &r->scratch->text);
	const char *point;
	struct when when = {.used = text.len};

	if (m->key->flags & (FIELDS_MICRO | FIELDS_NANO)) {
		if (!read_count(text,
				m->key->flags & FIELDS_NANO ? NANO_PER_MS
							    : MICRO_PER_MS,
				&when.ms))
			return false;
		f->when = when;
		return true;
	}
	/* Milliseconds may have a fraction, too. */
	point = m->type == JSCAN_NUMBER ? memchr(text.ptr, '.', text.len)
					: NULL;
	if (point && point - text.ptr > 10)
		text.len = (size_t)(point - text.ptr);
	if (text.len > FIELDS_HEAD ||
	    when_parse_log(text.ptr, text.len, r->now_ms, &when) < 0)
		return false;
	when.used = m->value.len;
	f->when = when;
	return true;
}

/* The first that can be read; that counts which was left out for nothing. */
static void take_time(struct fields_reader *r, const struct fields_members *m)
{
	const struct fields_member *at = NULL;

	while ((at = fields_members_next(m, FIELDS_TIME, at)) != NULL) {
		if (read_time(r, at)) {
			r->f->has_time = true;
			r->f->bad_time = false;
			return;
		}
		r->f->bad_time |= !slice_is(at->value, "0") &&
				  !slice_is(at->value, "\"0\"");
	}
}

void fields_set_level(struct fields *f, struct slice level)
{
	f->level = level;
	f->has_severity = severity_of_level(level, &f->severity);
}

/* The numbers of logging libraries. */
static bool read_number(const struct fields_member *m, struct slice text,
			enum severity *ret)
{
	unsigned flags = m->key->flags;
	int64_t number;

	if (jscan_int(text, &number) < 0)
		return false;
	if (flags & FIELDS_OTEL)
		return severity_of_number(number, SEVERITY_SCALE_OTEL, ret);
	if (flags & FIELDS_PYTHONIC)
		return severity_of_number(number, SEVERITY_SCALE_PYTHON, ret);
	if (!(flags & FIELDS_TENS))
		return false;
	return severity_of_number(
		number,
		number < 10 ? SEVERITY_SCALE_SYSLOG : SEVERITY_SCALE_PINO, ret);
}

/* The first that says something to us; if none does, the first. */
static void take_level(struct fields *f, const struct fields_members *m,
		       struct buf *scratch)
{
	const struct fields_member *at = NULL;

	while ((at = fields_members_next(m, FIELDS_LEVEL, at)) != NULL) {
		struct slice text = text_of(at, scratch);
		enum severity severity;
		bool known;

		known = read_number(at, text, &severity) ||
			(at->type == JSCAN_STRING &&
			 !(at->key->flags & (FIELDS_OTEL | FIELDS_PYTHONIC)) &&
			 severity_of_level(text, &severity));
		if (known) {
			f->has_severity = true;
			f->severity = severity;
			f->level = text;
			return;
		}
		if (!f->level.ptr && !(at->key->flags & FIELDS_IF_KNOWN))
			f->level = text;
	}
}

static bool level_is_number(const struct fields_members *m)
{
	const struct fields_member *at =
		fields_members_next(m, FIELDS_LEVEL, NULL);

	return at && at->type == JSCAN_NUMBER;
}

static struct slice take_name(const struct fields_members *m,
			      enum fields_role role, struct buf *scratch)
{
	const size_t suffix = sizeof(UNIT_SUFFIX) - 1;
	const struct fields_member *at = NULL;

	while ((at = fields_members_next(m, role, at)) != NULL) {
		struct slice text;

		if ((at->key->flags & FIELDS_NUMBERED) && !level_is_number(m))
			continue;
		text = text_of(at, scratch);
		if ((at->key->flags & FIELDS_UNIT) && text.len > suffix &&
		    !memcmp(text.ptr + text.len - suffix, UNIT_SUFFIX, suffix))
			text.len -= suffix;
		if (text.len)
			return text;
	}
	return (struct slice){NULL, 0};
}

void fields_take_members(struct fields_reader *r,
			 const struct fields_members *m)
{
	struct fields *f = r->f;
	struct buf *scratch = &r->scratch->text;

	take_time(r, m);
	take_level(f, m, scratch);
	f->service = take_name(m, FIELDS_SERVICE, scratch);
	f->host = take_name(m, FIELDS_HOST, scratch);
	f->pid = take_name(m, FIELDS_PID, scratch);
}
