/* knowledge-write.c - entries to records, and to packs. */
#include "knowledge-internal.h"

#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/show.h>

/* ---- records ---- */

static void write_list(struct buf *out, const char *key,
		       const struct knowledge_list *l)
{
	if (!l->count)
		return;
	jwrite_open(out, key, '[');
	for (size_t i = 0; i < l->count; i++)
		jwrite_str(out, NULL, l->items[i]);
	jwrite_close(out, ']');
}

static void write_patterns(struct buf *out, const struct knowledge_entry *e)
{
	if (!e->pattern_count)
		return;
	jwrite_open(out, "patterns", '[');
	for (size_t i = 0; i < e->pattern_count; i++) {
		const struct knowledge_pattern *p = &e->patterns[i];

		if (p->rule) {
			jwrite_str(out, NULL, p->rule);
			continue;
		}
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "match", p->match);
		write_list(out, "except", &p->except);
		if (p->case_sensitive)
			jwrite_bool(out, "case_sensitive", true);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

static void write_solutions(struct buf *out, const struct knowledge_entry *e)
{
	if (!e->solution_count)
		return;
	jwrite_open(out, "solutions", '[');
	for (size_t i = 0; i < e->solution_count; i++) {
		const struct knowledge_solution *s = &e->solutions[i];

		jwrite_open(out, NULL, '{');
		jwrite_str(out, "name", s->name);
		jwrite_str_opt(out, "action", s->action);
		if (s->params)
			jwrite_raw(out, "params", slice_of(s->params));
		jwrite_real(out, "confidence", s->confidence);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

void knowledge_write(struct buf *out, const struct knowledge_entry *e)
{
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		switch (f->kind) {
		case KNOWLEDGE_TEXT:
			jwrite_str_opt(out, f->name, *knowledge_text(e, f));
			break;
		case KNOWLEDGE_LIST:
			write_list(out, f->name, knowledge_list_of(e, f));
			break;
		case KNOWLEDGE_PATTERNS:
			write_patterns(out, e);
			break;
		case KNOWLEDGE_SOLUTIONS:
			write_solutions(out, e);
			break;
		case KNOWLEDGE_STATUS:
			jwrite_str(out, f->name,
				   knowledge_status_names[e->status]);
			break;
		}
	if (e->more && strlen(e->more) > 2) {
		buf_add_char(out, ',');
		buf_add(out, e->more + 1, strlen(e->more) - 2);
	}
}

/* ---- packs ---- */

static void yaml_text(struct buf *out, const char *text)
{
	show_yaml(out, text, strlen(text));
}

static void yaml_json(struct buf *out, struct slice json);

static void yaml_string(struct buf *out, struct slice json)
{
	AUTO_BUF struct buf text = BUF_INIT;

	jscan_unquote(&text, json);
	show_yaml(out, buf_str(&text), text.len);
}

static void yaml_object(struct buf *out, struct slice json)
{
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};

	buf_add_char(out, '{');
	if (jscan_object(&scan, json.ptr, json.len, &ignored) < 0)
		scan.count = 0; /* it was valid when it was read */
	for (size_t i = 0; i < scan.count; i++) {
		struct slice key = scan.members[i].key;

		buf_add_str(out, i ? ", " : "");
		yaml_string(out, (struct slice){key.ptr - 1, key.len + 2});
		buf_add_str(out, ": ");
		yaml_json(out, scan.members[i].value);
	}
	buf_add_char(out, '}');
	jscan_done(&scan);
}

static int yaml_element(void *arg, struct slice value, enum jscan_type type,
			struct err *err)
{
	struct buf *out = arg;

	(void)type;
	(void)err;
	if (out->data[out->len - 1] != '[')
		buf_add_str(out, ", ");
	yaml_json(out, value);
	return 0;
}

/* JSON with the blanks that YAML wants; not deeper than JSCAN_MAX_DEPTH. */
static void yaml_json(struct buf *out, struct slice json)
{
	struct err ignored = ERR_INIT;

	if (json.len && *json.ptr == '{') {
		yaml_object(out, json);
	} else if (json.len && *json.ptr == '[') {
		buf_add_char(out, '[');
		if (jscan_array(json, yaml_element, out, &ignored) == 0)
			buf_add_char(out, ']');
	} else if (json.len && *json.ptr == '"') {
		yaml_string(out, json);
	} else {
		buf_add_slice(out, json);
	}
}

static void yaml_items(struct buf *out, const struct knowledge_list *l)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < l->count; i++) {
		buf_add_str(out, i ? ", " : "");
		yaml_text(out, l->items[i]);
	}
	buf_add_char(out, ']');
}

static void yaml_list(struct buf *out, const char *key,
		      const struct knowledge_list *l)
{
	if (!l->count)
		return;
	buf_addf(out, "    %s: ", key);
	yaml_items(out, l);
	buf_add_char(out, '\n');
}

static void yaml_patterns(struct buf *out, const struct knowledge_entry *e)
{
	if (e->pattern_count)
		buf_add_str(out, "    patterns:\n");
	for (size_t i = 0; i < e->pattern_count; i++) {
		const struct knowledge_pattern *p = &e->patterns[i];

		buf_add_str(out, p->rule ? "      - " : "      - {match: ");
		yaml_text(out, p->rule ? p->rule : p->match);
		if (p->except.count) {
			buf_add_str(out, ", except: ");
			yaml_items(out, &p->except);
		}
		if (p->case_sensitive)
			buf_add_str(out, ", case_sensitive: true");
		buf_add_str(out, p->rule ? "\n" : "}\n");
	}
}

static void yaml_solutions(struct buf *out, const struct knowledge_entry *e)
{
	if (e->solution_count)
		buf_add_str(out, "    solutions:\n");
	for (size_t i = 0; i < e->solution_count; i++) {
		const struct knowledge_solution *s = &e->solutions[i];
		AUTO_BUF struct buf number = BUF_INIT;

		buf_add_str(out, "      - {name: ");
		yaml_text(out, s->name);
		if (s->action) {
			buf_add_str(out, ", action: ");
			yaml_text(out, s->action);
		}
		if (s->params) {
			buf_add_str(out, ", params: ");
			yaml_json(out, slice_of(s->params));
		}
		jwrite_real(&number, NULL, s->confidence);
		buf_addf(out, ", confidence: %s}\n", buf_str(&number));
	}
}

void knowledge_write_yaml(struct buf *out, const struct knowledge_entry *e)
{
	size_t start = out->len;

	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		switch (f->kind) {
		case KNOWLEDGE_TEXT:
			if (!*knowledge_text(e, f))
				break;
			buf_addf(out, "    %s: ", f->name);
			yaml_text(out, *knowledge_text(e, f));
			buf_add_char(out, '\n');
			break;
		case KNOWLEDGE_LIST:
			yaml_list(out, f->name, knowledge_list_of(e, f));
			break;
		case KNOWLEDGE_PATTERNS:
			yaml_patterns(out, e);
			break;
		case KNOWLEDGE_SOLUTIONS:
			yaml_solutions(out, e);
			break;
		case KNOWLEDGE_STATUS:
			if (e->status != KNOWLEDGE_ACTIVE)
				buf_addf(out, "    status: %s\n",
					 knowledge_status_names[e->status]);
			break;
		}
	if (e->more) {
		buf_add_str(out, "    more: ");
		yaml_json(out, slice_of(e->more));
		buf_add_char(out, '\n');
	}
	memcpy(out->data + start, "  - ", 4);
}
