/*
 * kb-exchange-runbook.c - runbooks in Markdown: an entry a file. The title is
 * that of the front matter, or the first heading. All text is the description,
 * so that its words are found; the items under a heading like "Mitigation" are
 * solutions, those under "Causes" are causes. Alerts have one word for a name:
 * a title that is such a word is a keyword.
 */
#include "kb-exchange-internal.h"

#include <ctype.h>

#include <oncall/mem.h>
#include <oncall/tree.h>

#define NAME_BYTES 200 /* of a solution or a cause; longer ones are cut */

enum section { SECTION_OTHER, SECTION_CAUSES, SECTION_SOLUTIONS };

struct runbook {
	struct kb_source *src;
	struct knowledge_entry e;
	struct buf text; /* the description */
	enum section section;
	bool fenced; /* between lines of ``` */
};

static struct slice trim(struct slice s)
{
	while (s.len && isspace((unsigned char)*s.ptr)) {
		s.ptr++;
		s.len--;
	}
	while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static bool begins(struct slice s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && !strncasecmp(s.ptr, with, n);
}

/* The next line of rest, which then begins behind it. */
static bool next_line(struct slice *rest, struct slice *ret)
{
	const char *end;
	size_t n;

	if (!rest->len)
		return false;
	end = memchr(rest->ptr, '\n', rest->len);
	n = end ? (size_t)(end - rest->ptr) : rest->len;
	*ret = (struct slice){rest->ptr, n};
	if (ret->len && ret->ptr[ret->len - 1] == '\r')
		ret->len--;
	n += end != NULL;
	rest->ptr += n;
	rest->len -= n;
	return true;
}

/* ---- front matter ---- */

static void add_texts(struct knowledge_list *list, const struct tree *t)
{
	if (t && t->kind == TREE_SCALAR && t->text)
		(void)knowledge_list_add(list, t->text);
	for (size_t i = 0; t && t->kind == TREE_LIST && i < t->count &&
			   list->count < KNOWLEDGE_MAX_ITEMS;
	     i++)
		add_texts(list, t->items[i]);
}

static void set_text(char **member, const struct tree *t)
{
	if (t && t->kind == TREE_SCALAR && t->text)
		kb_source_text(member, slice_of(t->text));
}

static void take_front(struct runbook *r, const struct tree *front)
{
	static const char *const alerts[] = {"alert", "alertname", "alerts"};
	static const char *const services[] = {"service", "services"};
	const struct tree *severity = tree_get(front, "severity");

	set_text(&r->e.id, tree_get(front, "id"));
	set_text(&r->e.title, tree_get(front, "title"));
	set_text(&r->e.category, tree_get(front, "category"));
	for (size_t i = 0; i < ARRAY_LEN(alerts); i++)
		add_texts(&r->e.keywords, tree_get(front, alerts[i]));
	add_texts(&r->e.keywords, tree_get(front, "keywords"));
	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		add_texts(&r->e.services, tree_get(front, services[i]));
	add_texts(&r->e.tags, tree_get(front, "tags"));
	if (severity && severity->kind == TREE_SCALAR && severity->text) {
		AUTO_FREE char *tag = mem_printf("severity:%s", severity->text);

		(void)knowledge_list_add(&r->e.tags, tag);
	}
}

/* The lines between two lines of "---" at the very beginning; as many blank
 * lines stand before them, so that errors name the right one. */
static int read_front(struct runbook *r, struct slice *rest, struct err *err)
{
	AUTO_TREE struct tree *front = NULL;
	AUTO_BUF struct buf yaml = BUF_INIT;
	struct slice after = *rest, line;

	if (!next_line(&after, &line) || !slice_is(trim(line), "---"))
		return 0;
	buf_add_char(&yaml, '\n');
	while (next_line(&after, &line)) {
		if (slice_is(trim(line), "---")) {
			if (tree_parse(&front, r->src->name, buf_slice(&yaml),
				       err) < 0)
				return -1;
			if (front)
				take_front(r, front);
			*rest = after;
			return 0;
		}
		buf_add_slice(&yaml, line);
		buf_add_char(&yaml, '\n');
	}
	return 0; /* a rule, not front matter */
}

/* ---- text ---- */

/* Without the marks of emphasis, code and links: "[x](y)" is x. */
static void add_plain(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		const char *close;

		if (s.ptr[i] == ']' && i + 1 < s.len && s.ptr[i + 1] == '(') {
			close = memchr(s.ptr + i, ')', s.len - i);
			if (close) {
				i = (size_t)(close - s.ptr);
				continue;
			}
		}
		if (!strchr("*`[]", s.ptr[i]) || !s.ptr[i])
			buf_add_char(out, s.ptr[i]);
	}
}

static enum section section_of(struct slice name)
{
	static const struct {
		const char *name;
		enum section section;
	} names[] = {
		{"mitigation", SECTION_SOLUTIONS},
		{"resolution", SECTION_SOLUTIONS},
		{"remediation", SECTION_SOLUTIONS},
		{"solution", SECTION_SOLUTIONS},
		{"how to fix", SECTION_SOLUTIONS},
		{"fix", SECTION_SOLUTIONS},
		{"cause", SECTION_CAUSES},
		{"possible cause", SECTION_CAUSES},
		{"root cause", SECTION_CAUSES},
		{"common cause", SECTION_CAUSES},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (begins(name, names[i].name))
			return names[i].section;
	return SECTION_OTHER;
}

static bool is_alert_name(const char *text)
{
	size_t upper = 0, lower = 0;

	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
		upper += isupper((unsigned char)*text) != 0;
		lower += islower((unsigned char)*text) != 0;
	}
	return upper > 1 && lower;
}

/* The level of a heading, its name in *ret; 0: it is none. */
static size_t heading_level(struct slice line, struct slice *ret)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] == '#')
		n++;
	if (!n || n > 6 || n == line.len ||
	    !isblank((unsigned char)line.ptr[n]))
		return 0;
	*ret = trim((struct slice){line.ptr + n, line.len - n});
	while (ret->len && ret->ptr[ret->len - 1] == '#')
		ret->len--;
	*ret = trim(*ret);
	return n;
}

static void take_heading(struct runbook *r, struct slice name)
{
	AUTO_BUF struct buf plain = BUF_INIT;

	add_plain(&plain, name);
	r->section = section_of(buf_slice(&plain));
	if (!r->e.title && plain.len) {
		kb_source_text(&r->e.title, buf_slice(&plain));
		return;
	}
	if (r->text.len && r->text.data[r->text.len - 1] != '\n')
		buf_add_char(&r->text, '\n');
	buf_add_slice(&r->text, buf_slice(&plain));
	buf_add_str(&r->text, ":\n");
}

/* What stands behind "- ", "* ", "+ " or "1. "; a NULL ptr for other lines. */
static struct slice item_of(struct slice line)
{
	struct slice s = trim(line);
	size_t n = 0;

	if (s.len > 1 && strchr("-*+", *s.ptr) && s.ptr[1] == ' ')
		return trim((struct slice){s.ptr + 2, s.len - 2});
	while (n < s.len && isdigit((unsigned char)s.ptr[n]))
		n++;
	if (n && n + 1 < s.len && (s.ptr[n] == '.' || s.ptr[n] == ')') &&
	    s.ptr[n + 1] == ' ')
		return trim((struct slice){s.ptr + n + 1, s.len - n - 1});
	return (struct slice){NULL, 0};
}

static void take_point(struct runbook *r, struct slice item)
{
	AUTO_BUF struct buf plain = BUF_INIT;
	AUTO_FREE char *name = NULL;

	add_plain(&plain, item);
	kb_source_text(&name, buf_slice(&plain));
	if (!name)
		return;
	if (strlen(name) > NAME_BYTES) {
		size_t n = NAME_BYTES;

		while (((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
		name[n] = '\0';
	}
	if (r->section == SECTION_CAUSES) {
		if (r->e.causes.count < KNOWLEDGE_MAX_ITEMS)
			(void)knowledge_list_add(&r->e.causes, name);
	} else if (r->e.solution_count < KNOWLEDGE_MAX_ITEMS &&
		   !knowledge_solution_find(&r->e, name)) {
		(void)knowledge_solution_add(&r->e, name);
	}
}

static void take_line(struct runbook *r, struct slice line)
{
	struct slice name, item;

	if (begins(trim(line), "```") || begins(trim(line), "~~~")) {
		r->fenced = !r->fenced;
		return;
	}
	if (!r->fenced && heading_level(line, &name)) {
		take_heading(r, name);
		return;
	}
	item = r->fenced ? (struct slice){NULL, 0} : item_of(line);
	if (item.ptr && r->section != SECTION_OTHER)
		take_point(r, item);
	if (!trim(line).len &&
	    (!r->text.len || r->text.data[r->text.len - 1] == '\n'))
		return;
	buf_add_slice(&r->text, line);
	buf_add_char(&r->text, '\n');
}

/* ---- the file ---- */

/* "HighLoad" of "runbooks/HighLoad.md". */
static char *stem_of(const char *path)
{
	const char *name = strrchr(path, '/');
	const char *end;

	name = name ? name + 1 : path;
	end = strrchr(name, '.');
	return mem_dup_bytes(name, end && end > name ? (size_t)(end - name)
						     : strlen(name));
}

static void add_alert(struct runbook *r, const char *name)
{
	AUTO_BUF struct buf words = BUF_INIT;

	if (!name || !is_alert_name(name))
		return;
	kb_source_words(&words, name);
	(void)knowledge_list_add(&r->e.keywords, name);
	(void)knowledge_list_add(&r->e.keywords, buf_str(&words));
}

static int finish(struct runbook *r, struct err *err)
{
	AUTO_FREE char *stem = stem_of(r->src->name);

	if (!r->e.title) {
		(void)err_set(err, ERR_INPUT,
			      "there is no heading to be the title");
		return kb_import_bad(r->src, 1, err);
	}
	if (!r->e.id)
		kb_source_id(r->src, &r->e,
			     r->src->fd == STDIN_FILENO ? r->e.title : stem);
	add_alert(r, r->e.title);
	add_alert(r, stem);
	kb_source_text(&r->e.description, trim(buf_slice(&r->text)));
	return kb_import_entry(r->src, 1, &r->e, err);
}

int kb_read_runbook(struct kb_source *src, struct err *err)
{
	struct runbook r = {.src = src};
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice rest, line;
	int rc;

	if (kb_source_slurp(src, &text, err) < 0)
		return -1;
	rest = buf_slice(&text);
	if (begins(rest, "\xef\xbb\xbf"))
		rest = (struct slice){rest.ptr + 3, rest.len - 3};
	rc = read_front(&r, &rest, err);
	if (rc < 0) {
		rc = kb_import_bad(src, 0, err);
	} else {
		while (next_line(&rest, &line))
			take_line(&r, line);
		rc = finish(&r, err);
	}
	buf_done(&r.text);
	knowledge_done(&r.e);
	return rc;
}
