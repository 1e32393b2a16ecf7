/* knowledge.c - entries in memory. */
#include "knowledge-internal.h"

#include <ctype.h>

#include <oncall/hash.h>
#include <oncall/mem.h>

#define HASH_DIGITS 8 /* of an id whose title has no letters for one */

const char *const knowledge_status_names[] = {"active", "proposed", NULL};

/* clang-format off */
#define FIELD(name, kind) \
	{#name, kind, offsetof(struct knowledge_entry, name)}
/* clang-format on */
const struct knowledge_field knowledge_fields[] = {
	FIELD(id, KNOWLEDGE_TEXT),
	FIELD(title, KNOWLEDGE_TEXT),
	FIELD(description, KNOWLEDGE_TEXT),
	FIELD(category, KNOWLEDGE_TEXT),
	FIELD(parent, KNOWLEDGE_TEXT),
	FIELD(status, KNOWLEDGE_STATUS),
	FIELD(patterns, KNOWLEDGE_PATTERNS),
	FIELD(keywords, KNOWLEDGE_LIST),
	FIELD(services, KNOWLEDGE_LIST),
	FIELD(tags, KNOWLEDGE_LIST),
	FIELD(causes, KNOWLEDGE_LIST),
	FIELD(solutions, KNOWLEDGE_SOLUTIONS),
	FIELD(examples, KNOWLEDGE_LIST),
	FIELD(counter_examples, KNOWLEDGE_LIST),
	FIELD(origin, KNOWLEDGE_TEXT),
	FIELD(environment, KNOWLEDGE_TEXT),
	{NULL, KNOWLEDGE_TEXT, 0},
};

char **knowledge_text(const struct knowledge_entry *e,
		      const struct knowledge_field *f)
{
	return (char **)(uintptr_t)((const char *)e + f->at);
}

struct knowledge_list *knowledge_list_of(const struct knowledge_entry *e,
					 const struct knowledge_field *f)
{
	return (struct knowledge_list *)(uintptr_t)((const char *)e + f->at);
}

/* ---- texts and lists ---- */

void knowledge_set(char **member, const char *text)
{
	char *copy = text && *text ? mem_dup(text) : NULL;

	free(*member);
	*member = copy;
}

static size_t list_find(const struct knowledge_list *l, const char *text)
{
	size_t i = 0;

	while (i < l->count && strcmp(l->items[i], text) != 0)
		i++;
	return i;
}

bool knowledge_list_has(const struct knowledge_list *l, const char *text)
{
	return list_find(l, text) < l->count;
}

static void list_append(struct knowledge_list *l, const char *text)
{
	l->items = mem_resize(l->items, l->count + 1, sizeof(*l->items));
	l->items[l->count++] = mem_dup(text);
}

bool knowledge_list_add(struct knowledge_list *l, const char *text)
{
	if (!*text || knowledge_list_has(l, text))
		return false;
	list_append(l, text);
	return true;
}

bool knowledge_list_remove(struct knowledge_list *l, const char *text)
{
	size_t i = list_find(l, text);

	if (i == l->count)
		return false;
	free(l->items[i]);
	l->count--;
	memmove(l->items + i, l->items + i + 1,
		(l->count - i) * sizeof(*l->items));
	return true;
}

static void list_done(struct knowledge_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct knowledge_list){NULL, 0};
}

static void list_copy(struct knowledge_list *to,
		      const struct knowledge_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		list_append(to, from->items[i]);
}

/* ---- patterns and solutions ---- */

static void pattern_done(struct knowledge_pattern *p)
{
	free(p->rule);
	free(p->match);
	list_done(&p->except);
}

struct knowledge_pattern *knowledge_pattern_add(struct knowledge_entry *e,
						const char *rule,
						const char *match)
{
	struct knowledge_pattern *p;

	e->patterns = mem_resize(e->patterns, e->pattern_count + 1,
				 sizeof(*e->patterns));
	p = &e->patterns[e->pattern_count++];
	*p = (struct knowledge_pattern){.rule = mem_dup(rule),
					.match = mem_dup(match)};
	return p;
}

void knowledge_pattern_remove(struct knowledge_entry *e, size_t at)
{
	pattern_done(&e->patterns[at]);
	e->pattern_count--;
	memmove(e->patterns + at, e->patterns + at + 1,
		(e->pattern_count - at) * sizeof(*e->patterns));
}

static void solution_done(struct knowledge_solution *s)
{
	free(s->name);
	free(s->action);
	free(s->params);
}

struct knowledge_solution *knowledge_solution_add(struct knowledge_entry *e,
						  const char *name)
{
	struct knowledge_solution *s;

	e->solutions = mem_resize(e->solutions, e->solution_count + 1,
				  sizeof(*e->solutions));
	s = &e->solutions[e->solution_count++];
	*s = (struct knowledge_solution){.name = mem_dup(name),
					 .confidence = KNOWLEDGE_CONFIDENCE};
	return s;
}

struct knowledge_solution *knowledge_solution_find(
	const struct knowledge_entry *e, const char *name)
{
	for (size_t i = 0; i < e->solution_count; i++)
		if (!strcmp(e->solutions[i].name, name))
			return &e->solutions[i];
	return NULL;
}

void knowledge_solution_remove(struct knowledge_entry *e, size_t at)
{
	solution_done(&e->solutions[at]);
	e->solution_count--;
	memmove(e->solutions + at, e->solutions + at + 1,
		(e->solution_count - at) * sizeof(*e->solutions));
}

/* ---- entries ---- */

void knowledge_done(struct knowledge_entry *e)
{
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		if (f->kind == KNOWLEDGE_TEXT)
			free(*knowledge_text(e, f));
		else if (f->kind == KNOWLEDGE_LIST)
			list_done(knowledge_list_of(e, f));
	for (size_t i = 0; i < e->pattern_count; i++)
		pattern_done(&e->patterns[i]);
	free(e->patterns);
	for (size_t i = 0; i < e->solution_count; i++)
		solution_done(&e->solutions[i]);
	free(e->solutions);
	free(e->more);
	free(e->file);
	*e = (struct knowledge_entry){.id = NULL};
}

void knowledge_copy(struct knowledge_entry *to,
		    const struct knowledge_entry *from)
{
	*to = (struct knowledge_entry){.status = from->status,
				       .more = mem_dup(from->more),
				       .file = mem_dup(from->file),
				       .line = from->line};
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		if (f->kind == KNOWLEDGE_TEXT)
			*knowledge_text(to, f) =
				mem_dup(*knowledge_text(from, f));
		else if (f->kind == KNOWLEDGE_LIST)
			list_copy(knowledge_list_of(to, f),
				  knowledge_list_of(from, f));
	for (size_t i = 0; i < from->pattern_count; i++) {
		const struct knowledge_pattern *p = &from->patterns[i];
		struct knowledge_pattern *q =
			knowledge_pattern_add(to, p->rule, p->match);

		list_copy(&q->except, &p->except);
		q->case_sensitive = p->case_sensitive;
	}
	for (size_t i = 0; i < from->solution_count; i++) {
		const struct knowledge_solution *s = &from->solutions[i];
		struct knowledge_solution *t =
			knowledge_solution_add(to, s->name);

		t->action = mem_dup(s->action);
		t->params = mem_dup(s->params);
		t->confidence = s->confidence;
	}
}

void knowledge_make_id(struct buf *out, const char *title)
{
	size_t start = out->len;
	bool part = false;

	for (const char *p = title; *p; p++) {
		char c = (char)tolower((unsigned char)*p);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
			part = out->len > start;
			continue;
		}
		if (out->len - start + 1 + part > KNOWLEDGE_MAX_ID)
			break;
		if (part)
			buf_add_char(out, '-');
		buf_add_char(out, c);
		part = false;
	}
	if (out->len == start) {
		char hex[HASH_DIGITS + 1];

		hash_sha256_hex(title, strlen(title), hex, HASH_DIGITS);
		buf_addf(out, "entry-%s", hex);
	}
}

void knowledge_free_all(struct knowledge *k)
{
	for (size_t i = 0; i < k->count; i++)
		knowledge_done(&k->entries[i]);
	free(k->entries);
	*k = (struct knowledge){.entries = NULL};
}

void knowledge_add(struct knowledge *k, struct knowledge_entry *e)
{
	if (k->count == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 64;
		k->entries =
			mem_resize(k->entries, k->cap, sizeof(*k->entries));
	}
	k->entries[k->count++] = *e;
	*e = (struct knowledge_entry){.id = NULL};
}

/* ---- what records and packs have in common ---- */

bool knowledge_name_valid(const char *name, size_t max)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = strlen(name);

	return n && n <= max && *name != '-' && strspn(name, good) == n;
}

static int too_long(const char *name, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s' is longer than %zu bytes", name,
		       KNOWLEDGE_MAX_TEXT);
}

int knowledge_take_text(char **member, const char *name, const char *text,
			struct err *err)
{
	if (strlen(text) > KNOWLEDGE_MAX_TEXT)
		return too_long(name, err);
	knowledge_set(member, text);
	return 0;
}

int knowledge_take_item(struct knowledge_list *l, const char *name,
			const char *text, struct err *err)
{
	if (strlen(text) > KNOWLEDGE_MAX_TEXT)
		return too_long(name, err);
	if (l->count == KNOWLEDGE_MAX_ITEMS && !knowledge_list_has(l, text))
		return err_set(err, ERR_INPUT, "'%s' has more than %d items",
			       name, KNOWLEDGE_MAX_ITEMS);
	(void)knowledge_list_add(l, text);
	return 0;
}

int knowledge_take_status(struct knowledge_entry *e, struct slice text,
			  struct err *err)
{
	for (int i = 0; knowledge_status_names[i]; i++)
		if (slice_is(text, knowledge_status_names[i])) {
			e->status = (enum knowledge_status)i;
			return 0;
		}
	return err_set(err, ERR_INPUT, "'status' must be active or proposed");
}

int knowledge_take_share(double *ret, const char *text, struct err *err)
{
	char *end = NULL;
	double value = strtod(text, &end);

	if (!isdigit((unsigned char)*text) || *end || value < 0 || value > 1 ||
	    text[strspn(text, "0123456789.eE+-")])
		return err_set(err, ERR_INPUT,
			       "'confidence' must be a number from 0 to 1");
	*ret = value;
	return 0;
}

int knowledge_take_end(struct knowledge_entry *e, struct err *err)
{
	AUTO_BUF struct buf id = BUF_INIT;

	if (!e->title)
		return err_set(err, ERR_INPUT, "'title' is missing");
	if (!e->id) {
		knowledge_make_id(&id, e->title);
		e->id = buf_take(&id);
	}
	if (!knowledge_name_valid(e->id, KNOWLEDGE_MAX_ID))
		return err_set(err, ERR_INPUT,
			       "\"%s\" cannot be an id: letters, digits, '-', "
			       "'_' and '.', at most %d",
			       e->id, KNOWLEDGE_MAX_ID);
	return 0;
}
