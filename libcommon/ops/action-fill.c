/* action-fill.c - texts with their values, each written as its place wants. */
#include "action-call-internal.h"

#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/show.h>
#include <oncall/template.h>

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static void add_percent(struct buf *out, struct slice text, const char *also)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (is_word((char)c) || (c && strchr("-._~", c)) ||
		    (c && strchr(also, c))) {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}

/* An address of IPv6 stands in brackets; ':' before a port stays. */
static void add_authority(struct buf *out, struct slice text)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	bool bare = colon && *text.ptr != '[' &&
		    memchr(colon + 1, ':',
			   text.len - (size_t)(colon + 1 - text.ptr));

	if (bare)
		buf_add_char(out, '[');
	add_percent(out, text, ":[]");
	if (bare)
		buf_add_char(out, ']');
}

static void add_pattern(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!is_word(c) && !((unsigned char)c & 0x80))
			buf_add_char(out, '\\');
		buf_add_char(out, c);
	}
}

static void add_encoded(struct buf *out, struct slice text,
			enum action_encoding encoding)
{
	switch (encoding) {
	case ACTION_AS_IS:
	case ACTION_AS_BASE:
		buf_add_slice(out, text);
		break;
	case ACTION_AS_PERCENT:
		add_percent(out, text, "");
		break;
	case ACTION_AS_AUTHORITY:
		if (text.len)
			add_authority(out, text);
		break;
	case ACTION_AS_JSON:
		if (text.len)
			show_json(out, text.ptr, text.len);
		break;
	case ACTION_AS_PATTERN:
		add_pattern(out, text);
		break;
	}
}

static const char *slot_name(const struct action *a, size_t slot)
{
	return slot < a->param_count
		       ? a->params[slot].name
		       : action_about_names[slot - a->param_count];
}

static const char *about_text(const struct action_values *v, size_t slot)
{
	switch ((enum action_about_name)(slot - v->action->param_count)) {
	case ACTION_INCIDENT:
		return v->about->incident;
	case ACTION_SERVICE:
		return v->about->service;
	case ACTION_ABOUT_HOST:
		return v->about->host;
	case ACTION_ENVIRONMENT:
		return v->about->environment;
	case ACTION_PACK_DIR:
		return v->action->pack_dir;
	case ACTION_ABOUT_COUNT:
		break;
	}
	return NULL;
}

/* What an incident says of itself is untrusted text, whoever asks. */
static int check_about(const struct action_values *v, size_t slot,
		       struct slice text, struct err *err)
{
	size_t which = slot - v->action->param_count;
	struct action_param p = {
		.type = which == ACTION_ABOUT_HOST ? ACTION_HOST : ACTION_NAME};
	AUTO_BUF struct buf used = BUF_INIT;

	if (which == ACTION_PACK_DIR)
		return 0;
	if (action_value_check(&p, text, false, &used, err) < 0)
		return err_prefix(err, "the incident's %s",
				  action_about_names[which]);
	return 0;
}

static int get_value(const struct action_piece *piece,
		     const struct action_values *v, struct slice *ret,
		     struct err *err)
{
	size_t count = v->action->param_count;

	if (piece->slot < count) {
		*ret = v->params[piece->slot];
		return 0;
	}
	*ret = slice_of(about_text(v, piece->slot));
	if (!ret->ptr || !ret->len)
		return 0;
	return check_about(v, piece->slot, *ret, err);
}

static struct slice look_up(void *arg, const char *path)
{
	(void)path;
	return *(const struct slice *)arg;
}

/* Where nothing would name something else than is meant: all of a collection,
 * another host. */
static bool may_be_empty(const struct action_text *t,
			 const struct action_piece *piece,
			 const struct action_values *v)
{
	if (piece->encoding == ACTION_AS_BASE ||
	    piece->encoding == ACTION_AS_AUTHORITY ||
	    (t->place == ACTION_IN_URL && piece->encoding == ACTION_AS_PERCENT))
		return false;
	return piece->slot < v->action->param_count ||
	       t->place == ACTION_IN_TARGET || piece->has_default;
}

/* A text may be a URL, too. */
static int check_base(const struct buf *value, const char *name,
		      struct err *err)
{
	const struct action_param url = {.type = ACTION_URL,
					 .max_length = ACTION_MAX_TEXT};
	AUTO_BUF struct buf used = BUF_INIT;

	return action_value_check(&url, buf_slice(value), false, &used, err) < 0
		       ? err_prefix(err, "parameter '%s'", name)
		       : 0;
}

static int add_value(const struct action_text *t,
		     const struct action_piece *piece,
		     const struct action_values *v, struct buf *out,
		     struct err *err)
{
	AUTO_BUF struct buf filtered = BUF_INIT;
	struct slice value;

	if (get_value(piece, v, &value, err) < 0)
		return -1;
	template_fill(piece->value, &filtered, look_up, &value);
	if (!filtered.len && !may_be_empty(t, piece, v))
		return err_set(
			err, ERR_REFUSED, "'%s' has no value, and %s needs one",
			slot_name(v->action, piece->slot), v->action->id);
	if (piece->encoding == ACTION_AS_BASE &&
	    check_base(&filtered, slot_name(v->action, piece->slot), err) < 0)
		return -1;
	add_encoded(out, buf_slice(&filtered), piece->encoding);
	return buf_check(&filtered, "a value", err);
}

/* "." and ".." would climb: whoever asks for a URL takes them away. */
static bool climbs(struct slice url)
{
	const char *end = url.ptr + strcspn(url.ptr, "?#");
	const char *p = strstr(url.ptr, "://");

	for (p = p ? strchr(p + 3, '/') : NULL; p && p < end;) {
		size_t n = strcspn(p + 1, "/?#");

		if ((n == 1 && p[1] == '.') ||
		    (n == 2 && p[1] == '.' && p[2] == '.'))
			return true;
		p += n + 1;
	}
	return false;
}

static int check_url(struct slice url, struct err *err)
{
	size_t scheme = 0;

	if (!strncmp(url.ptr, "http://", 7))
		scheme = 7;
	else if (!strncmp(url.ptr, "https://", 8))
		scheme = 8;
	if (!scheme || strchr("/?#", url.ptr[scheme]))
		return err_set(err, ERR_REFUSED,
			       "'%.80s' does not begin with http:// or "
			       "https:// and a host",
			       url.ptr);
	if (climbs(url))
		return err_set(err, ERR_REFUSED,
			       "'%.80s' has a part '.' or '..' in its path",
			       url.ptr);
	return 0;
}

static bool ends_in_slash(const char *literal)
{
	size_t n = literal ? strlen(literal) : 0;

	return n && literal[n - 1] == '/';
}

/* A value beside a '/' becomes a part of a path. */
static bool makes_path(const struct action_text *t)
{
	if (t->place != ACTION_IN_ARGUMENT && t->place != ACTION_IN_ENV &&
	    t->place != ACTION_IN_WHEN)
		return false;
	for (size_t i = 0; i + 1 < t->count; i++) {
		const struct action_piece *p = &t->pieces[i];

		if (p->literal && strstr(p->literal, ".."))
			return false; /* as its author wants it */
		if (p->literal ? ends_in_slash(p->literal)
			       : t->pieces[i + 1].literal &&
					 *t->pieces[i + 1].literal == '/')
			return true;
	}
	return false;
}

static int check_parts(const char *path, struct err *err)
{
	for (const char *p = strstr(path, ".."); p; p = strstr(p + 1, ".."))
		if ((p == path || p[-1] == '/' || p[-1] == '=') &&
		    (p[2] == '/' || p[2] == '\0'))
			return err_set(err, ERR_REFUSED,
				       "'%.80s' climbs out of its folder by "
				       "'..'",
				       path);
	return 0;
}

int action_text_fill(const struct action_text *t, const struct action_values *v,
		     struct buf *out, struct err *err)
{
	size_t start = out->len;

	for (size_t i = 0; i < t->count; i++) {
		const struct action_piece *piece = &t->pieces[i];

		if (!piece->literal) {
			if (add_value(t, piece, v, out, err) < 0)
				return -1;
			continue;
		}
		/* "http://host/" before "/path" */
		if (i && *piece->literal == '/' && out->len > start &&
		    t->pieces[i - 1].encoding == ACTION_AS_BASE &&
		    out->data[out->len - 1] == '/')
			buf_truncate(out, out->len - 1);
		buf_add_str(out, piece->literal);
	}
	if (buf_check(out, "what is filled in", err) < 0)
		return -1;
	if (t->place == ACTION_IN_URL)
		return check_url(slice_of(buf_str(out) + start), err);
	return makes_path(t) ? check_parts(buf_str(out) + start, err) : 0;
}

/* ---- steps ---- */

static int fill_one(const struct action_text *t, const struct action_values *v,
		    char **ret, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	if (!t)
		return 0;
	if (action_text_fill(t, v, &out, err) < 0)
		return -1;
	*ret = out.len ? buf_take(&out) : mem_dup("");
	return 0;
}

static int fill_list(struct action_text *const *texts,
		     const struct action_values *v, char ***ret,
		     struct err *err)
{
	size_t n = 0;

	if (!texts)
		return 0;
	while (texts[n])
		n++;
	*ret = mem_zero(n + 1, sizeof(char *));
	for (size_t i = 0; i < n; i++)
		if (fill_one(texts[i], v, &(*ret)[i], err) < 0)
			return -1;
	return 0;
}

static int fill_step(const struct action_step *from,
		     const struct action_values *v, struct action_step *to,
		     struct err *err)
{
	const struct action_code *code = from->code;

	*to = *from;
	to->code = NULL;
	to->argv = to->headers = NULL;
	to->input = to->url = to->body = to->expect = NULL;
	to->method = mem_dup(from->method);
	if (from->shell) { /* nothing is filled in */
		to->argv = mem_zero(2, sizeof(char *));
		to->argv[0] = mem_dup(from->argv[0]);
	}
	if (fill_list(code->argv, v, &to->argv, err) < 0 ||
	    fill_one(code->input, v, &to->input, err) < 0 ||
	    fill_one(code->url, v, &to->url, err) < 0 ||
	    fill_list(code->headers, v, &to->headers, err) < 0 ||
	    fill_one(code->body, v, &to->body, err) < 0)
		return -1;
	return fill_one(code->expect, v, &to->expect, err);
}

int action_steps_fill(const struct action_steps *from,
		      const struct action_values *v, struct action_steps *ret,
		      struct err *err)
{
	if (!from->count)
		return 0;
	ret->items = mem_zero(from->count, sizeof(*ret->items));
	for (size_t i = 0; i < from->count; i++) {
		ret->count = i + 1;
		if (fill_step(&from->items[i], v, &ret->items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- for people ---- */

void action_word_show(const char *word, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:@%+=,";

	if (*word && word[strspn(word, plain)] == '\0') {
		buf_add_str(out, word);
		return;
	}
	buf_add_char(out, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_char(out, *word);
	buf_add_char(out, '\'');
}

void action_step_show(const struct action_step *s, struct buf *out)
{
	switch (s->kind) {
	case ACTION_COMMAND:
		if (s->shell)
			buf_add_str(out, "sh -c ");
		for (size_t i = 0; s->argv && s->argv[i]; i++) {
			if (i)
				buf_add_char(out, ' ');
			action_word_show(s->argv[i], out);
		}
		break;
	case ACTION_HTTP:
		buf_addf(out, "%s ", s->method);
		action_word_show(s->url, out);
		if (s->body) {
			buf_add_char(out, ' ');
			action_word_show(s->body, out);
		}
		break;
	case ACTION_WAIT:
		buf_addf(out, "wait %gs", (double)s->wait_ms / 1000);
		break;
	}
}

void action_steps_show(const struct action_steps *s, struct buf *out)
{
	for (size_t i = 0; i < s->count; i++) {
		if (i)
			buf_add_str(out, "; ");
		action_step_show(&s->items[i], out);
	}
}
