/* template.c - text with ${path|filter} in it, taken apart once. */
#include <oncall/template.h>

#include <ctype.h>

#include <oncall/mem.h>
#include <oncall/show.h>
#include <oncall/utf8.h>

#define SHORT_BYTES 80
#define FILTERS_MAX 8
#define ESCAPED_MAX 6 /* bytes of JSON for one byte of text */

enum filter {
	FILTER_UPPER,
	FILTER_LOWER,
	FILTER_TRIM,
	FILTER_FIRST,
	FILTER_SHORT,
	FILTER_JSON,
	FILTER_DEFAULT,
};

static const char *const filter_names[] = {
	[FILTER_UPPER] = "upper",    [FILTER_LOWER] = "lower",
	[FILTER_TRIM] = "trim",	     [FILTER_FIRST] = "first",
	[FILTER_SHORT] = "short",    [FILTER_JSON] = "json",
	[FILTER_DEFAULT] = "default"};

struct segment {
	char *text; /* as it stands, or the path */
	bool is_path;
	enum filter filters[FILTERS_MAX];
	size_t filter_count;
	char *fallback; /* of default:TEXT */
};

struct template
{
	struct segment *segments;
	size_t count;
};

void template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->segments[i].text);
		free(t->segments[i].fallback);
	}
	free(t->segments);
	free(t);
}

static struct segment *add_segment(struct template *t, bool is_path)
{
	struct segment *s;

	t->segments =
		mem_resize(t->segments, t->count + 1, sizeof(*t->segments));
	s = &t->segments[t->count++];
	*s = (struct segment){.is_path = is_path};
	return s;
}

static void add_text(struct template *t, const char *p, size_t n)
{
	struct segment *last = t->count ? &t->segments[t->count - 1] : NULL;
	char *longer;

	if (!n)
		return;
	if (!last || last->is_path) {
		add_segment(t, false)->text = mem_dup_bytes(p, n);
		return;
	}
	longer = mem_printf("%s%.*s", last->text, (int)n, p);
	free(last->text);
	last->text = longer;
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

static int read_filter(struct segment *s, const char *text, size_t n,
		       size_t column, struct err *err)
{
	const char *colon = memchr(text, ':', n);
	struct slice name = {text, colon ? (size_t)(colon - text) : n};

	for (size_t i = 0; i < ARRAY_LEN(filter_names); i++) {
		if (!slice_is(name, filter_names[i]))
			continue;
		if ((i == FILTER_DEFAULT) != (colon != NULL))
			break;
		if (s->filter_count == FILTERS_MAX)
			return err_set(err, ERR_USAGE,
				       "column %zu: more than %d filters",
				       column, FILTERS_MAX);
		s->filters[s->filter_count++] = (enum filter)i;
		if (colon) {
			free(s->fallback);
			s->fallback =
				mem_dup_bytes(colon + 1, n - name.len - 1);
		}
		return 0;
	}
	return err_set(err, ERR_USAGE,
		       "column %zu: no filter '%.*s'; there are upper, lower, "
		       "trim, first, short, json and default:TEXT",
		       column, (int)n, text);
}

/* What stands between "${" and "}". */
static int read_path(struct template *t, const char *text, size_t n,
		     size_t column, struct err *err)
{
	struct segment *s = add_segment(t, true);
	size_t used = 0;

	while (used < n && is_path_char(text[used]))
		used++;
	if (!used)
		return err_set(err, ERR_USAGE,
			       "column %zu: the name of a field is missing",
			       column);
	s->text = mem_dup_bytes(text, used);
	while (used < n) {
		const char *next;
		size_t length;

		if (text[used] != '|')
			return err_set(err, ERR_USAGE,
				       "column %zu: '%.*s' cannot stand in "
				       "the name of a field",
				       column + used,
				       (int)char_len(text + used, n - used),
				       text + used);
		used++;
		next = memchr(text + used, '|', n - used);
		length = next ? (size_t)(next - text) - used : n - used;
		if (read_filter(s, text + used, length, column + used, err) < 0)
			return -1;
		used += length;
	}
	return 0;
}

int template_new(struct template **ret, const char *text, struct err *err)
{
	AUTO_TEMPLATE struct template *t = mem_zero(1, sizeof(*t));
	const char *p = text;

	while (*p) {
		size_t n = strcspn(p, "$");
		const char *end;

		add_text(t, p, n);
		p += n;
		if (!*p)
			break;
		if (p[1] == '{') {
			size_t column = (size_t)(p - text) + 3;

			end = strchr(p, '}');
			if (!end)
				return err_set(err, ERR_USAGE,
					       "column %zu: '${' without '}'",
					       column - 2);
			if (read_path(t, p + 2, (size_t)(end - p) - 2, column,
				      err) < 0)
				return -1;
			p = end + 1;
		} else {
			add_text(t, "$", 1);
			p += p[1] == '$' ? 2 : 1;
		}
	}
	*ret = TAKE_PTR(t);
	return 0;
}

const char *template_path(const struct template *t, size_t i)
{
	for (size_t k = 0; k < t->count; k++)
		if (t->segments[k].is_path && i-- == 0)
			return t->segments[k].text;
	return NULL;
}

/* ASCII only; other letters stay as they are. */
static void change_case(char *p, size_t n, enum filter how)
{
	for (size_t i = 0; i < n; i++)
		if (how == FILTER_UPPER && p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
		else if (how == FILTER_LOWER && p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes blanks off both ends of what stands in out from start on. */
static void trim(struct buf *out, size_t start)
{
	size_t from = start, to = out->len;

	while (from < to && is_space(out->data[from]))
		from++;
	while (to > from && is_space(out->data[to - 1]))
		to--;
	if (from > start)
		memmove(out->data + start, out->data + from, to - from);
	buf_truncate(out, start + (to - from));
}

static void cut_line(struct buf *out, size_t start)
{
	const char *end = memchr(out->data + start, '\n', out->len - start);

	if (end)
		buf_truncate(out, (size_t)(end - out->data));
}

/* The escaped text is made behind the plain one and then takes its place, since
 * titles are filled too often to allocate. */
static void escape(struct buf *out, size_t start)
{
	size_t n = out->len - start, escaped;

	if (!buf_reserve(out, ESCAPED_MAX * n)) {
		buf_truncate(out, start);
		out->over = true;
		return;
	}
	show_json(out, out->data + start, n);
	escaped = out->len - start - n;
	memmove(out->data + start, out->data + start + n, escaped);
	buf_truncate(out, start + escaped);
}

static void apply(enum filter filter, const struct segment *s, struct buf *out,
		  size_t start)
{
	size_t n = out->len - start;

	switch (filter) {
	case FILTER_UPPER:
	case FILTER_LOWER:
		if (n)
			change_case(out->data + start, n, filter);
		break;
	case FILTER_TRIM:
		if (n)
			trim(out, start);
		break;
	case FILTER_FIRST:
		if (n)
			cut_line(out, start);
		break;
	case FILTER_SHORT:
		if (n > SHORT_BYTES)
			buf_truncate(out, start + utf8_cut(out->data + start, n,
							   SHORT_BYTES));
		break;
	case FILTER_JSON:
		if (n)
			escape(out, start);
		break;
	case FILTER_DEFAULT:
		if (!n)
			buf_add_str(out, s->fallback);
		break;
	}
}

void template_fill(const struct template *t, struct buf *out,
		   template_lookup *lookup, void *arg)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct segment *s = &t->segments[i];
		size_t start = out->len;

		if (!s->is_path) {
			buf_add_str(out, s->text);
			continue;
		}
		buf_add_slice(out, lookup(arg, s->text));
		for (size_t k = 0; k < s->filter_count; k++)
			apply(s->filters[k], s, out, start);
	}
}
