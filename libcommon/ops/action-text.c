/*
 * action-text.c - texts of declarations, taken apart once. Where in a text a
 * value stands decides how it is written there, not the author: in a URL it is
 * percent-encoded, in a string of JSON escaped, in an expression quoted.
 * Filters come first, so that none can undo that.
 */
#include "action-internal.h"

#include <oncall/cli.h>
#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/template.h>

const char *const action_about_names[] = {
	[ACTION_INCIDENT] = "incident", [ACTION_SERVICE] = "service",
	[ACTION_ABOUT_HOST] = "host",	[ACTION_ENVIRONMENT] = "environment",
	[ACTION_PACK_DIR] = "pack_dir", [ACTION_ABOUT_COUNT] = NULL,
};

/* How far a URL has come. */
enum url_part { URL_START, URL_SCHEME, URL_AUTHORITY, URL_REST };

struct making {
	struct action_reading *r;
	size_t line;
	const struct action *a;
	struct action_text *text;
	enum url_part url;
	bool quoted, escaped; /* of JSON: inside a string, behind a '\' */
	bool failed;
};

void action_text_free(struct action_text *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->pieces[i].literal);
		template_free(t->pieces[i].value);
	}
	free(t->pieces);
	free(t);
}

bool action_text_uses(const struct action_text *t, size_t slot)
{
	for (size_t i = 0; t && i < t->count; i++)
		if (t->pieces[i].value && t->pieces[i].slot == slot)
			return true;
	return false;
}

static struct action_piece *add_piece(struct action_text *t)
{
	t->pieces = mem_resize(t->pieces, t->count + 1, sizeof(*t->pieces));
	t->pieces[t->count] = (struct action_piece){.literal = NULL};
	return &t->pieces[t->count++];
}

/* ---- where we are ---- */

static void pass_url(struct making *m, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (m->url == URL_START)
			m->url = URL_SCHEME;
		if (m->url == URL_SCHEME && c == '/' && i > 1 &&
		    !memcmp(text.ptr + i - 2, ":/", 2))
			m->url = URL_AUTHORITY;
		else if (m->url == URL_AUTHORITY && strchr("/?#", c))
			m->url = URL_REST;
	}
}

static void pass_json(struct making *m, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (m->escaped)
			m->escaped = false;
		else if (m->quoted && c == '\\')
			m->escaped = true;
		else if (c == '"')
			m->quoted = !m->quoted;
	}
}

static void add_literal(struct making *m, const char *p, size_t n)
{
	struct action_text *t = m->text;
	struct action_piece *last = t->count ? &t->pieces[t->count - 1] : NULL;
	char *longer;

	if (!n)
		return;
	if (!last || !last->literal) {
		add_piece(t)->literal = mem_dup_bytes(p, n);
	} else {
		longer = mem_printf("%s%.*s", last->literal, (int)n, p);
		free(last->literal);
		last->literal = longer;
	}
}

/* What a literal means for the place of what follows it. */
static void pass_literal(struct making *m)
{
	const struct action_text *t = m->text;
	const struct action_piece *last =
		t->count ? &t->pieces[t->count - 1] : NULL;

	if (!last || !last->literal)
		return;
	if (t->place == ACTION_IN_URL)
		pass_url(m, slice_of(last->literal));
	else if (t->place == ACTION_IN_JSON)
		pass_json(m, slice_of(last->literal));
}

/* ---- what may stand there ---- */

static void wrong(struct making *m, const char *name, const char *why)
{
	action_fault(m->r, m->line, "${%s} %s", name, why);
	m->failed = true;
}

/* Values of these types are harmless words in any language. */
static bool is_tame(const struct action_param *p)
{
	switch (p ? p->type : ACTION_NAME) {
	case ACTION_NAME:
	case ACTION_HOST:
	case ACTION_INTEGER:
	case ACTION_NUMBER:
	case ACTION_BOOLEAN:
	case ACTION_DURATION:
	case ACTION_SIZE:
	case ACTION_CHOICE:
		return true;
	case ACTION_STRING:
	case ACTION_PATH:
	case ACTION_URL:
	case ACTION_SECRET:
		break;
	}
	return false;
}

static bool is_number(const struct action_param *p)
{
	return p && (p->type == ACTION_INTEGER || p->type == ACTION_NUMBER ||
		     p->type == ACTION_BOOLEAN || p->type == ACTION_DURATION ||
		     p->type == ACTION_SIZE);
}

static void place_in_url(struct making *m, struct action_piece *piece,
			 const struct action_param *p, const char *name)
{
	piece->encoding = ACTION_AS_PERCENT;
	switch (m->url) {
	case URL_START:
		if (p && (p->type == ACTION_URL || p->type == ACTION_STRING)) {
			piece->encoding = ACTION_AS_BASE;
			m->url = URL_REST;
		} else if (p && p->type == ACTION_CHOICE) {
			m->url = URL_SCHEME;
		} else {
			wrong(m, name,
			      "begins a URL: its type must be url or "
			      "string there");
		}
		break;
	case URL_SCHEME:
		wrong(m, name, "stands in the scheme of a URL");
		break;
	case URL_AUTHORITY:
		piece->encoding = ACTION_AS_AUTHORITY;
		if (!is_tame(p))
			wrong(m, name,
			      "stands where a URL names its host: its type "
			      "must be host, name or integer there");
		break;
	case URL_REST:
		break;
	}
}

static void place_in_json(struct making *m, struct action_piece *piece,
			  const struct action_param *p, const char *name)
{
	piece->encoding = ACTION_AS_JSON;
	if (!m->quoted && !is_number(p))
		wrong(m, name, "is text: in JSON it needs quotes around it");
	if (m->escaped)
		wrong(m, name, "stands behind a backslash");
}

static void place_secret(struct making *m, const char *name)
{
	switch (m->text->place) {
	case ACTION_IN_ARGUMENT:
		action_remark(m->r, m->line,
			      "the secret ${%s} is an argument, which all "
			      "users can see; env or input hide it",
			      name);
		break;
	case ACTION_IN_URL:
		action_remark(m->r, m->line,
			      "the secret ${%s} stands in a URL, which logs "
			      "keep; a header hides it",
			      name);
		break;
	case ACTION_IN_TARGET:
	case ACTION_IN_PATTERN:
	case ACTION_IN_WHEN:
	case ACTION_IN_CODE:
		wrong(m, name, "is a secret, which cannot stand here");
		break;
	case ACTION_IN_INPUT:
	case ACTION_IN_ENV:
	case ACTION_IN_HEADER:
	case ACTION_IN_JSON:
	case ACTION_IN_FORM:
	case ACTION_IN_BODY:
		break;
	}
}

/* p NULL: a name of the incident, or ${pack_dir}. */
static void place_value(struct making *m, struct action_piece *piece,
			const struct action_param *p, const char *name)
{
	bool is_dir =
		piece->slot == m->a->param_count + (size_t)ACTION_PACK_DIR;

	if (p && p->type == ACTION_SECRET)
		place_secret(m, name);
	switch (m->text->place) {
	case ACTION_IN_CODE:
		if (!is_tame(p) || is_dir)
			wrong(m, name,
			      "is filled into what another program reads as a "
			      "program: give it as an argument or in env, or "
			      "use shell: true");
		break;
	case ACTION_IN_INPUT:
	case ACTION_IN_BODY:
		if (p && p->untrusted && !p->pattern && !is_tame(p))
			wrong(m, name,
			      "comes from untrusted text: in input and bodies "
			      "it needs a pattern");
		break;
	case ACTION_IN_URL:
		place_in_url(m, piece, p, name);
		break;
	case ACTION_IN_JSON:
		place_in_json(m, piece, p, name);
		break;
	case ACTION_IN_FORM:
		piece->encoding = ACTION_AS_PERCENT;
		break;
	case ACTION_IN_PATTERN:
		piece->encoding = ACTION_AS_PATTERN;
		break;
	case ACTION_IN_ARGUMENT:
	case ACTION_IN_ENV:
	case ACTION_IN_TARGET:
	case ACTION_IN_HEADER:
	case ACTION_IN_WHEN:
		break;
	}
}

/* ---- taking apart ---- */

static void unknown_name(struct making *m, const char *name)
{
	const char *names[ACTION_MAX_PARAMS + ACTION_ABOUT_COUNT + 1];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < m->a->param_count; i++)
		names[n++] = m->a->params[i].name;
	for (size_t i = 0; i < ACTION_ABOUT_COUNT; i++)
		names[n++] = action_about_names[i];
	names[n] = NULL;
	near = cli_nearest(name, names);
	action_fault(m->r, m->line, "${%s} names no parameter of %s%s%s%s",
		     name, m->a->id, near ? ", did you mean \"" : "",
		     near ? near : "", near ? "\"?" : "");
	m->failed = true;
}

static bool find_slot(const struct action *a, const char *name, size_t *ret)
{
	for (size_t i = 0; i < a->param_count; i++)
		if (!strcmp(a->params[i].name, name)) {
			*ret = i;
			return true;
		}
	for (size_t i = 0; i < ACTION_ABOUT_COUNT; i++)
		if (!strcmp(action_about_names[i], name)) {
			*ret = a->param_count + i;
			return true;
		}
	return false;
}

/* Other filters would make another path or host of what was checked. */
static void check_filters(struct making *m, const char *text,
			  const struct action_param *p, const char *name)
{
	const char *bar = strchr(text, '|');
	bool strict = p && (p->type == ACTION_PATH || p->type == ACTION_URL ||
			    p->type == ACTION_HOST || p->type == ACTION_SECRET);

	for (; bar; bar = strchr(bar + 1, '|')) {
		if (strict && strncmp(bar, "|default:", 9) != 0)
			wrong(m, name, "may have no filter but default");
		else if (m->text->place == ACTION_IN_JSON &&
			 (!strncmp(bar, "|json|", 6) ||
			  !strncmp(bar, "|json}", 6)))
			wrong(m, name,
			      "is escaped by itself here; take json away");
	}
}

/* text: "${...}" alone. */
static void add_value(struct making *m, const char *text)
{
	struct action_piece *piece;
	struct template *t = NULL;
	struct err err = ERR_INIT;
	const struct action_param *p;
	const char *name;
	size_t slot;

	if (template_new(&t, text, &err) < 0) {
		action_fault(m->r, m->line, "in \"%s\": %s", text, err.text);
		m->failed = true;
		return;
	}
	name = template_path(t, 0);
	if (!find_slot(m->a, name, &slot)) {
		unknown_name(m, name);
		template_free(t);
		return;
	}
	p = slot < m->a->param_count ? &m->a->params[slot] : NULL;
	piece = add_piece(m->text);
	piece->value = t;
	piece->slot = slot;
	piece->has_default = strstr(text, "|default:") != NULL;
	check_filters(m, text, p, name);
	place_value(m, piece, p, name);
}

static void take_apart(struct making *m, const char *text)
{
	const char *p = text;

	while (*p && !m->failed) {
		size_t n = strcspn(p, "$");
		const char *end;

		add_literal(m, p, n);
		p += n;
		if (!*p)
			break;
		if (p[1] != '{') {
			add_literal(m, "$", 1);
			p += p[1] == '$' ? 2 : 1;
			continue;
		}
		end = strchr(p, '}');
		pass_literal(m);
		if (end) {
			AUTO_FREE char *value =
				mem_dup_bytes(p, (size_t)(end - p) + 1);

			add_value(m, value);
			p = end + 1;
		} else {
			action_fault(m->r, m->line, "'${' without '}'");
			m->failed = true;
		}
	}
}

struct action_text *action_text_new(struct action_reading *r, size_t line,
				    const struct action *a, const char *text,
				    enum action_place place)
{
	struct making m = {.r = r, .line = line, .a = a};

	m.text = mem_zero(1, sizeof(*m.text));
	m.text->place = place;
	take_apart(&m, text);
	if (m.failed) {
		action_text_free(m.text);
		return NULL;
	}
	return m.text;
}
