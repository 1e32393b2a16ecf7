/* template.c - text with ${path|filter} in it, taken apart once. */
#include "template-internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/utf8.h>

#define DEPTH_MAX 8

struct reading {
	struct template *t;
	const char *text;
	const char *file; /* NULL: one line, without blocks */
	size_t open[DEPTH_MAX];
	size_t depth;
	size_t eaches;
};

void template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->segments[i].text);
		for (size_t k = 0; k < TEMPLATE_FILTERS_MAX; k++)
			free(t->segments[i].arguments[k]);
	}
	free(t->segments);
	free(t);
}

/* Says where it is wrong: in a file the line, too. */
static int complain(const struct reading *r, const char *at, struct err *err,
		    const char *fmt, ...) PRINTF_LIKE(4, 5);

static int complain(const struct reading *r, const char *at, struct err *err,
		    const char *fmt, ...)
{
	char what[ERR_TEXT_MAX];
	const char *start = r->text;
	size_t line = 1;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (!r->file)
		return err_set(err, ERR_USAGE, "column %zu: %s",
			       (size_t)(at - start) + 1, what);
	for (const char *p = r->text; p < at; p++)
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	return err_set(err, ERR_USAGE, "%s:%zu:%zu: %s", r->file, line,
		       (size_t)(at - start) + 1, what);
}

static struct template_segment *add_segment(struct template *t,
					    enum template_kind kind)
{
	struct template_segment *s;

	t->segments =
		mem_resize(t->segments, t->count + 1, sizeof(*t->segments));
	s = &t->segments[t->count++];
	*s = (struct template_segment){.kind = kind};
	return s;
}

static void add_text(struct template *t, const char *p, size_t n)
{
	struct template_segment *last =
		t->count ? &t->segments[t->count - 1] : NULL;
	size_t had;

	if (!n)
		return;
	if (!last || last->kind != TEMPLATE_IS_TEXT) {
		add_segment(t, TEMPLATE_IS_TEXT)->text = mem_dup_bytes(p, n);
		return;
	}
	had = strlen(last->text);
	last->text = mem_resize(last->text, had + n + 1, 1);
	memcpy(last->text + had, p, n);
	last->text[had + n] = '\0';
}

static bool is_path_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

/* Bytes that are shown as one, valid or not. */
static size_t char_len(const char *p, size_t n)
{
	size_t len = utf8_char_len(p, n);

	return len ? len : 1;
}

static int read_filter(const struct reading *r, struct template_segment *s,
		       struct slice text, struct err *err)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	struct slice name = {text.ptr,
			     colon ? (size_t)(colon - text.ptr) : text.len};
	AUTO_FREE char *argument =
		colon ? mem_dup_bytes(colon + 1, text.len - name.len - 1)
		      : NULL;
	enum template_filter f =
		template_filter_find(name, colon != NULL, r->file != NULL);

	if (f == TEMPLATE_FILTERS || !template_filter_takes(f, argument))
		return complain(r, text.ptr, err,
				"no filter '%.*s'; there are %s", (int)text.len,
				text.ptr,
				template_filter_list(r->file != NULL));
	if (s->filter_count == TEMPLATE_FILTERS_MAX)
		return complain(r, text.ptr, err, "more than %d filters",
				TEMPLATE_FILTERS_MAX);
	s->arguments[s->filter_count] = TAKE_PTR(argument);
	s->filters[s->filter_count++] = f;
	return 0;
}

/* The name of a field, which is all that there is up to n or to a '|'. */
static int read_name(const struct reading *r, struct template_segment *s,
		     struct slice text, size_t *ret_used, struct err *err)
{
	size_t used = 0;

	while (used < text.len && is_path_char(text.ptr[used]))
		used++;
	if (!used)
		return complain(r, text.ptr, err,
				"the name of a field is missing");
	s->text = mem_dup_bytes(text.ptr, used);
	*ret_used = used;
	if (used == text.len || text.ptr[used] == '|')
		return 0;
	return complain(r, text.ptr + used, err,
			"'%.*s' cannot stand in the name of a field",
			(int)char_len(text.ptr + used, text.len - used),
			text.ptr + used);
}

/* What stands between "${" and "}". */
static int read_path(const struct reading *r, struct slice text,
		     struct err *err)
{
	struct template_segment *s = add_segment(r->t, TEMPLATE_IS_PATH);
	size_t used = 0;

	if (read_name(r, s, text, &used, err) < 0)
		return -1;
	while (used < text.len) {
		struct slice filter = {text.ptr + ++used, 0};
		const char *next = memchr(filter.ptr, '|', text.len - used);

		filter.len =
			next ? (size_t)(next - filter.ptr) : text.len - used;
		if (read_filter(r, s, filter, err) < 0)
			return -1;
		used += filter.len;
	}
	return 0;
}

static int open_block(struct reading *r, enum template_kind kind,
		      struct slice name, struct err *err)
{
	struct template_segment *s = add_segment(r->t, kind);
	size_t used = 0;

	if (r->depth == DEPTH_MAX)
		return complain(r, name.ptr, err,
				"more than %d blocks within each other",
				DEPTH_MAX);
	if (kind == TEMPLATE_IS_EACH && r->eaches++)
		return complain(r, name.ptr, err,
				"'#each' cannot stand within another one");
	r->open[r->depth++] = r->t->count - 1;
	if (read_name(r, s, name, &used, err) < 0)
		return -1;
	return used == name.len ? 0
				: complain(r, name.ptr + used, err,
					   "a block has no filters");
}

/* The block that is open gets where it goes on. */
static int end_part(struct reading *r, enum template_kind kind,
		    enum template_kind of, struct slice text, struct err *err)
{
	struct template_segment *s = add_segment(r->t, kind);
	struct template_segment *before, *opened;
	size_t at;

	if (!r->depth)
		return complain(r, text.ptr, err, "no block is open here");
	before = &r->t->segments[r->open[r->depth - 1]];
	at = r->open[r->depth - 1];
	opened = before->kind == TEMPLATE_IS_ELSE
			 ? &r->t->segments[before->next]
			 : before;
	if (opened->kind != of ||
	    (kind == TEMPLATE_IS_ELSE && before != opened))
		return complain(r, text.ptr, err,
				"'%.*s' does not belong to '#%s %s'",
				(int)text.len, text.ptr,
				opened->kind == TEMPLATE_IS_IF ? "if" : "each",
				opened->text);
	s->next = at; /* of an else, until its end is known */
	before->next = r->t->count - 1;
	if (kind == TEMPLATE_IS_ELSE) {
		r->open[r->depth - 1] = r->t->count - 1;
		return 0;
	}
	r->depth--;
	r->eaches -= of == TEMPLATE_IS_EACH;
	return 0;
}

static int read_block(struct reading *r, struct slice text, struct err *err)
{
	if (text.len > 4 && !memcmp(text.ptr, "#if ", 4))
		return open_block(r, TEMPLATE_IS_IF,
				  (struct slice){text.ptr + 4, text.len - 4},
				  err);
	if (text.len > 6 && !memcmp(text.ptr, "#each ", 6))
		return open_block(r, TEMPLATE_IS_EACH,
				  (struct slice){text.ptr + 6, text.len - 6},
				  err);
	if (slice_is(text, "#else"))
		return end_part(r, TEMPLATE_IS_ELSE, TEMPLATE_IS_IF, text, err);
	if (slice_is(text, "/if"))
		return end_part(r, TEMPLATE_IS_END, TEMPLATE_IS_IF, text, err);
	if (slice_is(text, "/each"))
		return end_part(r, TEMPLATE_IS_END, TEMPLATE_IS_EACH, text,
				err);
	return complain(r, text.ptr, err,
			"no block '%.*s'; there are #if NAME, #else, /if, "
			"#each NAME and /each",
			(int)text.len, text.ptr);
}

/* A block that is alone in its line leaves no empty line behind. */
static const char *take_line(const struct reading *r, const char *begin,
			     const char *end)
{
	const char *p = begin;
	struct template_segment *last =
		r->t->count > 1 ? &r->t->segments[r->t->count - 2] : NULL;
	size_t n;

	while (p > r->text && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	if ((p > r->text && p[-1] != '\n') || (*end != '\n' && *end))
		return end;
	n = (size_t)(begin - p);
	if (last && last->kind == TEMPLATE_IS_TEXT && strlen(last->text) >= n)
		last->text[strlen(last->text) - n] = '\0';
	return *end ? end + 1 : end;
}

/* What begins with "${"; *p is moved behind it. */
static int read_one(struct reading *r, const char **p, struct err *err)
{
	const char *begin = *p, *end = strchr(begin, '}');
	struct slice text;

	if (!end)
		return complain(r, begin, err, "'${' without '}'");
	text = (struct slice){begin + 2, (size_t)(end - begin) - 2};
	*p = end + 1;
	if (!r->file || !text.len || !strchr("#/", text.ptr[0]))
		return read_path(r, text, err);
	if (read_block(r, text, err) < 0)
		return -1;
	*p = take_line(r, begin, *p);
	return 0;
}

static int read_all(struct reading *r, struct err *err)
{
	const char *p = r->text;

	while (*p) {
		size_t n = strcspn(p, "$");

		add_text(r->t, p, n);
		p += n;
		if (!*p)
			break;
		if (p[1] == '{') {
			if (read_one(r, &p, err) < 0)
				return -1;
		} else {
			add_text(r->t, "$", 1);
			p += p[1] == '$' ? 2 : 1;
		}
	}
	if (r->depth)
		return complain(r, p, err, "a block is still open at the end");
	return 0;
}

int template_new(struct template **ret, const char *text, struct err *err)
{
	AUTO_TEMPLATE struct template *t = mem_zero(1, sizeof(*t));
	struct reading r = {.t = t, .text = text};

	if (read_all(&r, err) < 0)
		return -1;
	*ret = TAKE_PTR(t);
	return 0;
}

int template_new_file(struct template **ret, const char *name, const char *text,
		      struct err *err)
{
	AUTO_TEMPLATE struct template *t = mem_zero(1, sizeof(*t));
	struct reading r = {.t = t, .text = text, .file = name};

	if (read_all(&r, err) < 0)
		return -1;
	*ret = TAKE_PTR(t);
	return 0;
}

const char *template_path(const struct template *t, size_t i)
{
	for (size_t k = 0; k < t->count; k++)
		if (t->segments[k].kind == TEMPLATE_IS_PATH && i-- == 0)
			return t->segments[k].text;
	return NULL;
}
