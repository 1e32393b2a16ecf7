/*
 * triage-params.c - the values for an action: what a solution says, with the
 * incident's own filled in. What came from the incident's text is noted, since
 * whoever can write to a log chose it.
 */
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/template.h>

#include "triage-gather.h"

#define PARAMS_MAX     64 /* of a solution */
#define VALUE_MAX      ((size_t)64 * 1024)
#define DEFAULT_FILTER "default:"

struct filling {
	const struct triage_input *in;
	const char *environment;
	struct buf text;     /* the value that was looked up last */
	const char *missing; /* the first path without a value */
	bool untrusted;	     /* text of the record went in */
};

static struct slice from_record(struct filling *f, struct slice text)
{
	if (text.ptr)
		f->untrusted = true;
	return text;
}

/* A member of "fields" or "labels". */
static struct slice look_inside(struct filling *f, const struct jscan *scan,
				const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);

	buf_reset(&f->text);
	if (!m || m->type == JSCAN_NULL)
		return (struct slice){NULL, 0};
	if (m->type == JSCAN_STRING)
		jscan_unquote(&f->text, m->value);
	else
		buf_add_slice(&f->text, m->value);
	return from_record(f, slice_of(buf_str(&f->text)));
}

static struct slice value_of(struct filling *f, const char *path)
{
	const struct triage_input *in = f->in;
	const struct {
		const char *name, *text;
	} texts[] = {
		{"service", in->service},   {"host", in->host},
		{"category", in->category}, {"pattern", in->pattern},
		{"title", in->title},	    {"message", in->message},
	};

	if (!strcmp(path, "incident"))
		return in->subject.num ? slice_of(in->id)
				       : from_record(f, slice_of(in->id));
	if (!strcmp(path, "severity"))
		return slice_of(severity_name(in->subject.severity));
	if (!strcmp(path, "environment"))
		return slice_of(f->environment);
	if (!strncmp(path, "fields.", 7))
		return look_inside(f, &in->fields, path + 7);
	if (!strncmp(path, "labels.", 7))
		return look_inside(f, &in->labels, path + 7);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!strcmp(texts[i].name, path))
			return from_record(f, slice_of(texts[i].text));
	return (struct slice){NULL, 0};
}

static struct slice look_up(void *arg, const char *path)
{
	struct filling *f = arg;
	struct slice value = value_of(f, path);

	if (!value.ptr && !f->missing)
		f->missing = path;
	return value;
}

/* Appends what the text says with its templates filled in; or says why not. */
static char *fill_text(struct filling *f, struct slice name, struct slice json,
		       struct buf *out)
{
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf text = BUF_INIT_MAX(VALUE_MAX);
	struct err err = ERR_INIT;

	jscan_unquote(&text, json);
	f->missing = NULL;
	if (template_new(&t, buf_str(&text), &err) < 0)
		return mem_printf("its parameter '%.*s': %s", (int)name.len,
				  name.ptr, err.text);
	template_fill(t, out, look_up, f);
	if (f->missing && !strstr(buf_str(&text), DEFAULT_FILTER))
		return mem_printf("its parameter '%.*s' needs '%s', which the "
				  "incident does not have",
				  (int)name.len, name.ptr, f->missing);
	return NULL;
}

static char *fill_member(struct filling *f, const struct jscan_member *m,
			 struct buf *params, struct buf *untrusted, bool all)
{
	AUTO_BUF struct buf name = BUF_INIT, value = BUF_INIT_MAX(VALUE_MAX);
	char *why = NULL;

	buf_add_slice(&name, m->key);
	f->untrusted = all;
	if (m->type == JSCAN_STRING) {
		why = fill_text(f, m->key, m->value, &value);
		jwrite_text(params, buf_str(&name),
			    (struct slice){buf_str(&value), value.len});
	} else {
		jwrite_raw(params, buf_str(&name), m->value);
	}
	if (f->untrusted)
		jwrite_str(untrusted, NULL, buf_str(&name));
	if (!why && value.over)
		why = mem_printf("its parameter '%s' is too long",
				 buf_str(&name));
	return why;
}

int triage_fill(const struct triage_input *in, const char *environment,
		struct slice params, bool all, struct triage_action *ret,
		char **ret_why)
{
	struct filling f = {.in = in, .environment = environment};
	AUTO_BUF struct buf out = BUF_INIT, untrusted = BUF_INIT;
	struct jscan scan = {0};
	struct err err = ERR_INIT;
	char *why = NULL;

	jwrite_open(&out, NULL, '{');
	jwrite_open(&untrusted, NULL, '[');
	if (params.ptr && jscan_object(&scan, params.ptr, params.len, &err) < 0)
		why = mem_printf("its parameters are no object");
	else if (scan.count > PARAMS_MAX || jscan_duplicate(&scan))
		why = mem_printf("its parameters are too many, or one stands "
				 "twice");
	for (size_t i = 0; i < scan.count && !why; i++)
		why = scan.members[i].key_escaped
			      ? mem_printf("a parameter's name has escapes")
			      : fill_member(&f, &scan.members[i], &out,
					    &untrusted, all);
	jwrite_close(&out, '}');
	jwrite_close(&untrusted, ']');
	jscan_done(&scan);
	buf_done(&f.text);
	ret->params = buf_take(&out);
	ret->untrusted = buf_take(&untrusted);
	*ret_why = why;
	return why ? 1 : 0;
}
