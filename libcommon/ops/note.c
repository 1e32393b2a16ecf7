/* note.c - reads what is to be said: a message record, or plain text. */
#include "note-internal.h"

#include <strings.h>

#include <oncall/clock.h>
#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/show.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define TEXT_KEY_HEX 32 /* of a plain text, which has no key of its own */

/* ---- text ---- */

char *note_line(struct slice text, size_t max)
{
	AUTO_BUF struct buf out = BUF_INIT;
	size_t from = 0;

	while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
		text.len--;
	while (from < text.len && strchr(" \t\r\n", text.ptr[from]))
		from++;
	if (from >= text.len)
		return NULL;
	show_text(&out, text.ptr + from, text.len - from, max);
	return out.len ? buf_take(&out) : NULL;
}

static size_t run_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] != '\n' && s.ptr[n] != '\t' &&
	       s.ptr[n] != '\r')
		n++;
	return n;
}

/* "\r\n" and "\r" end a line as "\n" does. */
static void add_break(struct buf *out, struct slice *s)
{
	bool pair = s->ptr[0] == '\r' && s->len > 1 && s->ptr[1] == '\n';

	buf_add_char(out, s->ptr[0] == '\t' ? '\t' : '\n');
	s->ptr += pair ? 2 : 1;
	s->len -= pair ? 2 : 1;
}

char *note_lines(struct slice text)
{
	AUTO_BUF struct buf out = BUF_INIT;

	if (text.len > NOTE_TEXT_MAX)
		text.len = utf8_cut(text.ptr, text.len, NOTE_TEXT_MAX);
	while (text.len) {
		size_t n = run_length(text);

		if (n)
			show_text(&out, text.ptr, n, 0);
		text.ptr += n;
		text.len -= n;
		if (text.len)
			add_break(&out, &text);
	}
	while (out.len && strchr(" \t\n", out.data[out.len - 1]))
		buf_truncate(&out, out.len - 1);
	return out.len ? buf_take(&out) : NULL;
}

/* ---- members ---- */

/* The text of a scalar, or the JSON of the rest; room is for the latter. */
static struct slice value_text(const json_t *v, char **room)
{
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		return (struct slice){json_string_value(v),
				      json_string_length(v)};
	case JSON_NULL:
		return (struct slice){NULL, 0};
	case JSON_TRUE:
		return SLICE_LIT("true");
	case JSON_FALSE:
		return SLICE_LIT("false");
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
	*room = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT |
				      JSON_REAL_PRECISION(15));
	return slice_of(*room);
}

static char *value_line(const json_t *v, size_t max)
{
	AUTO_FREE char *room = NULL;

	return note_line(value_text(v, &room), max);
}

static char *value_lines(const json_t *v)
{
	AUTO_FREE char *room = NULL;

	return note_lines(value_text(v, &room));
}

char *note_member_line(const json_t *o, const char *key, size_t max)
{
	return value_line(json_object_get(o, key), max);
}

char *note_member_lines(const json_t *o, const char *key)
{
	return value_lines(json_object_get(o, key));
}

static struct note_pair *add_pair(struct note_pair **list, size_t *count)
{
	*list = mem_resize(*list, *count + 1, sizeof(**list));
	return &(*list)[(*count)++];
}

void note_add_field(struct note *n, const char *name, char *value)
{
	if (!value || n->field_count == NOTE_FIELDS_MAX) {
		free(value);
		return;
	}
	*add_pair(&n->fields, &n->field_count) =
		(struct note_pair){.name = mem_dup(name), .value = value};
}

void note_add_member(struct note *n, const json_t *o, const char *key)
{
	note_add_field(n, key, value_lines(json_object_get(o, key)));
}

void note_add_object(struct note *n, const json_t *fields)
{
	const char *key;
	json_t *value;

	/* Jansson's macro needs an object that can be written to. */
	json_object_foreach((json_t *)(uintptr_t)fields, key, value)
	{
		AUTO_FREE char *name = note_line(slice_of(key), NOTE_NAME_MAX);

		note_add_field(n, name ? name : "?", value_lines(value));
	}
}

/* {"name": ..., "value": ...} */
static void add_field_list(struct note *n, const json_t *list)
{
	size_t i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		AUTO_FREE char *name =
			note_member_line(item, "name", NOTE_NAME_MAX);

		if (name)
			note_add_field(n, name,
				       note_member_lines(item, "value"));
	}
}

/* Only what leads to a page or a mail; anything else could run in whoever
 * shows it. */
static bool is_link(const char *url)
{
	static const char *const schemes[] = {"https://", "http://", "mailto:"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (!strncasecmp(url, schemes[i], strlen(schemes[i])))
			return true;
	return false;
}

/* What would end a link where it is written is percent-encoded. */
static char *clean_url(const char *url)
{
	AUTO_BUF struct buf out = BUF_INIT;

	for (; *url; url++)
		if (strchr(" \"'<>`|\\^{}()[]", *url))
			buf_addf(&out, "%%%02X", (unsigned char)*url);
		else
			buf_add_char(&out, *url);
	return buf_take(&out);
}

static void add_link(struct note *n, const json_t *item)
{
	const json_t *url =
		json_is_string(item) ? item : json_object_get(item, "url");
	AUTO_FREE char *line = value_line(url, 0);
	AUTO_FREE char *clean = NULL;
	char *text;

	if (!line || !is_link(line) || n->link_count == NOTE_FIELDS_MAX)
		return;
	clean = clean_url(line);
	if (strlen(clean) > NOTE_URL_MAX)
		return;
	text = note_member_line(item, "text", NOTE_NAME_MAX);
	*add_pair(&n->links, &n->link_count) = (struct note_pair){
		.name = text ? text : mem_dup(line), .value = TAKE_PTR(clean)};
}

static void add_button(struct note *n, const json_t *item)
{
	struct note_button b = {
		.id = note_member_line(item, "id", NOTE_NAME_MAX),
		.label = note_member_line(item, "label", NOTE_NAME_MAX),
		.command = note_member_line(item, "command", 0)};

	if (!b.id || n->button_count == NOTE_FIELDS_MAX) {
		free(b.id);
		free(b.label);
		free(b.command);
		return;
	}
	if (!b.label)
		b.label = mem_dup(b.id);
	n->buttons = mem_resize(n->buttons, n->button_count + 1, sizeof(b));
	n->buttons[n->button_count++] = b;
}

/* A list of names, or one; NULL when there is none. */
static char **read_names(const json_t *v)
{
	size_t most = json_is_array(v) ? json_array_size(v) : 1;
	char **names;
	size_t count = 0;

	if (most > NOTE_NAMES_MAX)
		most = NOTE_NAMES_MAX;
	names = mem_zero(most + 1, sizeof(*names));
	for (size_t i = 0; i < most; i++) {
		const json_t *item =
			json_is_array(v) ? json_array_get(v, i) : v;

		if (json_is_string(item))
			names[count] = value_line(item, NOTE_NAME_MAX);
		count += names[count] != NULL;
	}
	if (count)
		return names;
	free(names);
	return NULL;
}

/* ---- the parts that all records share ---- */

static int64_t read_time(const json_t *o)
{
	const char *text = json_string_value(json_object_get(o, "time"));
	int64_t ms;

	return text && when_parse_rfc3339(text, strlen(text), &ms) == 0
		       ? ms
		       : clock_now();
}

static void read_shared(struct note *n, const json_t *o)
{
	AUTO_FREE char *severity =
		note_member_line(o, "severity", NOTE_NAME_MAX);
	const json_t *count = json_object_get(o, "count");

	n->time = read_time(o);
	n->has_severity =
		severity && severity_parse(slice_of(severity), &n->severity);
	n->service = note_member_line(o, "service", NOTE_NAME_MAX);
	n->reason = note_member_line(o, "reason", NOTE_NAME_MAX);
	n->tags = read_names(json_object_get(o, "tags"));
	n->count = json_is_integer(count) && json_integer_value(count) > 0
			   ? json_integer_value(count)
			   : 1;
}

static bool is_over(const struct note *n, const json_t *o)
{
	const char *status = json_string_value(json_object_get(o, "status"));

	if (json_is_true(json_object_get(o, "over")))
		return true;
	if (status &&
	    (!strcmp(status, "resolved") || !strcmp(status, "closed")))
		return true;
	if (!n->reason)
		return false;
	/* Without people, "resolved" may mean a part of a group. */
	return !strcmp(n->reason, "all_resolved") ||
	       (n->to && !strcmp(n->reason, "resolved"));
}

static void read_message(struct note *n, const json_t *o)
{
	const json_t *fields = json_object_get(o, "fields");
	const json_t *links = json_object_get(o, "links");
	const json_t *buttons = json_object_get(o, "buttons");

	n->key = note_member_line(o, "key", 0);
	n->to = read_names(json_object_get(o, "to"));
	n->thread = note_member_line(o, "thread", NOTE_NAME_MAX);
	n->incident = note_member_line(o, "incident", NOTE_NAME_MAX);
	n->room = note_member_line(o, "room", NOTE_NAME_MAX);
	n->supersedes = note_member_line(o, "supersedes", 0);
	n->title = note_member_line(o, "title", NOTE_TITLE_MAX);
	n->text = note_member_lines(o, "text");
	n->code = note_member_lines(o, "code");
	n->over = is_over(n, o);
	if (json_is_object(fields))
		note_add_object(n, fields);
	else
		add_field_list(n, fields);
	for (size_t i = 0; i < json_array_size(links); i++)
		add_link(n, json_array_get(links, i));
	for (size_t i = 0; i < json_array_size(buttons); i++)
		add_button(n, json_array_get(buttons, i));
}

/* Without a title the first line of the text is it. */
static void divide_text(struct note *n)
{
	const char *end;
	char *rest;

	if (n->title || !n->text)
		return;
	end = strchr(n->text, '\n');
	n->title =
		note_line((struct slice){n->text, end ? (size_t)(end - n->text)
						      : strlen(n->text)},
			  NOTE_TITLE_MAX);
	if (!end && n->title && strlen(n->title) < strlen(n->text))
		return; /* it had to be cut, so all of it stays the text */
	rest = end ? note_lines(slice_of(end + 1)) : NULL;
	free(n->text);
	n->text = rest;
}

static int read_object(struct note *n, const json_t *o, struct err *err)
{
	const char *type = json_string_value(json_object_get(o, "type"));

	if (!type)
		return err_set(err, ERR_INPUT, "the record has no type");
	n->type = note_line(slice_of(type), NOTE_NAME_MAX);
	read_shared(n, o);
	if (!strcmp(type, "message"))
		read_message(n, o);
	else if (!note_of_record(n, type, o))
		return err_set(err, ERR_INPUT,
			       "a record of type '%.40s' cannot be told", type);
	if (!n->key)
		n->key = note_member_line(o, "id", 0);
	divide_text(n);
	if (!n->title)
		return err_set(
			err, ERR_INPUT, "%s",
			n->key ? "the message has neither title nor text"
			       : "the message has no key, title and text");
	if (!n->key)
		return err_set(err, ERR_INPUT, "the message has no key");
	return 0;
}

int note_read(struct note *ret, struct slice record, struct err *err)
{
	AUTO_BUF struct buf sound = BUF_INIT;
	json_error_t why;
	json_t *o;
	int rc;

	*ret = (struct note){.count = 1};
	if (!utf8_valid(record.ptr, record.len)) {
		(void)utf8_repair(&sound, record.ptr, record.len);
		record = buf_slice(&sound);
	}
	o = json_loadb(record.len ? record.ptr : "", record.len, JSON_ALLOW_NUL,
		       &why);
	if (!o)
		return err_set(err, ERR_INPUT, "no record: %s", why.text);
	if (json_is_object(o))
		rc = read_object(ret, o, err);
	else
		rc = err_set(err, ERR_INPUT, "no record: not an object");
	json_decref(o);
	if (rc < 0)
		note_done(ret);
	return rc;
}

void note_of_text(struct note *ret, struct slice text)
{
	char key[TEXT_KEY_HEX + 1];

	hash_sha256_hex(text.ptr ? text.ptr : "", text.len, key, TEXT_KEY_HEX);
	*ret = (struct note){.type = mem_dup("message"),
			     .key = mem_dup(key),
			     .time = clock_now(),
			     .text = note_lines(text),
			     .count = 1};
	divide_text(ret);
	if (!ret->title)
		ret->title = mem_dup("(nothing)");
}

static void free_pairs(struct note_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].name);
		free(pairs[i].value);
	}
	free(pairs);
}

static void free_names(char **names)
{
	for (char **p = names; p && *p; p++)
		free(*p);
	free(names);
}

void note_done(struct note *n)
{
	char *const texts[] = {n->type,	   n->key,    n->thread, n->incident,
			       n->service, n->reason, n->room,	 n->supersedes,
			       n->title,   n->text,   n->code};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(texts[i]);
	free_pairs(n->fields, n->field_count);
	free_pairs(n->links, n->link_count);
	for (size_t i = 0; i < n->button_count; i++) {
		free(n->buttons[i].id);
		free(n->buttons[i].label);
		free(n->buttons[i].command);
	}
	free(n->buttons);
	free_names(n->to);
	free_names(n->tags);
	*n = (struct note){.count = 1};
}
