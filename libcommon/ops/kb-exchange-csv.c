/* kb-exchange-csv.c - rows to entries: a row an entry, or a row an expression
 * of somebody's collection. The header names the columns. */
#include "kb-exchange-internal.h"

#include <ctype.h>

#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/severity.h>

#include "knowledge-internal.h"

#define LIST_MARK ';' /* between the items of a list; "\;" is one of them */

/* What both forms share: reads the rows, and calls take for each. */
struct table {
	struct kb_source *src;
	struct csv_row *heading, *row;
	size_t line;
	int (*take)(struct table *t, struct knowledge_entry *e,
		    struct err *err);
};

/* The column of that name, written in any case, or -1. */
static int column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->heading->count; i++) {
		struct slice s = t->heading->fields[i];

		if (s.len == strlen(name) && !strncasecmp(s.ptr, name, s.len))
			return (int)i;
	}
	return -1;
}

/* The text in the column of that name, or of the one without its last letter:
 * "tags" and "tag"; the caller frees it. NULL where there is nothing. */
static int cell(const struct table *t, const char *name, char **ret,
		struct err *err)
{
	AUTO_FREE char *single = mem_dup_bytes(name, strlen(name) - 1);
	int at = column(t, name);
	struct slice s;

	*ret = NULL;
	if (at < 0 && name[strlen(name) - 1] == 's')
		at = column(t, single);
	if (at < 0)
		return 0;
	s = t->row->fields[at];
	if (!s.len)
		return 0;
	if (memchr(s.ptr, '\0', s.len))
		return err_set(err, ERR_INPUT, "'%s' holds a NUL character",
			       name);
	*ret = mem_dup_bytes(s.ptr, s.len);
	return 0;
}

/* Each item between the marks, without blanks around it. */
static int each_item(char *text,
		     int (*item)(void *arg, const char *text, struct err *err),
		     void *arg, struct err *err)
{
	AUTO_BUF struct buf one = BUF_INIT;

	for (const char *p = text;; p++) {
		if (p[0] == '\\' && p[1] == LIST_MARK) {
			buf_add_char(&one, *++p);
			continue;
		}
		if (*p && *p != LIST_MARK) {
			if (one.len || !isspace((unsigned char)*p))
				buf_add_char(&one, *p);
			continue;
		}
		while (one.len && isspace((unsigned char)one.data[one.len - 1]))
			buf_truncate(&one, one.len - 1);
		if (one.len && item(arg, buf_str(&one), err) < 0)
			return -1;
		buf_reset(&one);
		if (!*p)
			return 0;
	}
}

/* ---- a row an entry ---- */

struct target {
	struct knowledge_entry *e;
	struct knowledge_list *list;
	const char *name;
	size_t at; /* of the solution that is set next */
};

static int add_item(void *arg, const char *text, struct err *err)
{
	struct target *t = arg;

	return knowledge_take_item(t->list, t->name, text, err);
}

static int add_pattern(void *arg, const char *text, struct err *err)
{
	struct target *t = arg;

	if (t->e->pattern_count == KNOWLEDGE_MAX_ITEMS)
		return err_set(err, ERR_INPUT, "too many patterns");
	(void)knowledge_pattern_add(t->e, NULL, text);
	return 0;
}

static int add_rule(void *arg, const char *text, struct err *err)
{
	struct target *t = arg;

	if (t->e->pattern_count == KNOWLEDGE_MAX_ITEMS)
		return err_set(err, ERR_INPUT, "too many patterns");
	(void)knowledge_pattern_add(t->e, text, NULL);
	return 0;
}

static int add_solution(void *arg, const char *text, struct err *err)
{
	struct target *t = arg;

	if (t->e->solution_count == KNOWLEDGE_MAX_ITEMS)
		return err_set(err, ERR_INPUT, "too many solutions");
	if (!knowledge_solution_find(t->e, text))
		(void)knowledge_solution_add(t->e, text);
	return 0;
}

static int next_solution(struct target *t, const char *what, struct err *err)
{
	return t->at < t->e->solution_count
		       ? 0
		       : err_set(err, ERR_INPUT,
				 "there are more %s than solutions", what);
}

static int set_action(void *arg, const char *text, struct err *err)
{
	struct target *t = arg;

	if (next_solution(t, "actions", err) < 0)
		return -1;
	if (strcmp(text, "-") != 0)
		knowledge_set(&t->e->solutions[t->at].action, text);
	t->at++;
	return 0;
}

static int set_confidence(void *arg, const char *text, struct err *err)
{
	struct target *t = arg;

	if (next_solution(t, "confidences", err) < 0)
		return -1;
	return knowledge_take_share(&t->e->solutions[t->at++].confidence, text,
				    err);
}

/* Columns that are lists and no list of the model. */
static const struct {
	const char *name;
	int (*item)(void *arg, const char *text, struct err *err);
} special[] = {
	{"patterns", add_pattern},	{"rules", add_rule},
	{"solutions", add_solution},	{"actions", set_action},
	{"confidence", set_confidence},
};

static int take_field(const struct table *t, const struct knowledge_field *f,
		      struct knowledge_entry *e, struct err *err)
{
	struct target target = {e, NULL, f->name, 0};
	AUTO_FREE char *text = NULL;

	if (f->kind == KNOWLEDGE_PATTERNS || f->kind == KNOWLEDGE_SOLUTIONS)
		return 0; /* special */
	if (cell(t, f->name, &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	if (f->kind == KNOWLEDGE_STATUS)
		return knowledge_take_status(e, slice_of(text), err);
	if (f->kind == KNOWLEDGE_TEXT)
		return knowledge_take_text(knowledge_text(e, f), f->name, text,
					   err);
	target.list = knowledge_list_of(e, f);
	return each_item(text, add_item, &target, err);
}

static bool is_name(const char *name, const char *key)
{
	size_t n = strlen(name);

	return !strcasecmp(key, name) ||
	       (name[n - 1] == 's' && strlen(key) + 1 == n &&
		!strncasecmp(key, name, n - 1));
}

static bool is_known(const char *key)
{
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		if (is_name(f->name, key))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (is_name(special[i].name, key))
			return true;
	return false;
}

/* Other columns are kept as they are. */
static void keep_more(const struct table *t, struct knowledge_entry *e)
{
	AUTO_BUF struct buf more = BUF_INIT_MAX(KNOWLEDGE_MAX_TEXT);

	buf_add_char(&more, '{');
	for (size_t i = 0; i < t->heading->count; i++) {
		struct slice key = t->heading->fields[i];
		AUTO_FREE char *name =
			mem_dup_bytes(key.ptr ? key.ptr : "", key.len);

		if (key.len && !is_known(name) && t->row->fields[i].len)
			jwrite_text(&more, name, t->row->fields[i]);
	}
	buf_add_char(&more, '}');
	if (more.len > 2 && !more.over)
		e->more = buf_take(&more);
}

static int take_entry(struct table *t, struct knowledge_entry *e,
		      struct err *err)
{
	for (const struct knowledge_field *f = knowledge_fields; f->name; f++)
		if (take_field(t, f, e, err) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		struct target target = {.e = e};
		AUTO_FREE char *text = NULL;

		if (cell(t, special[i].name, &text, err) < 0 ||
		    (text &&
		     each_item(text, special[i].item, &target, err) < 0))
			return -1;
	}
	keep_more(t, e);
	return knowledge_take_end(e, err);
}

/* ---- a row an expression ---- */

/* The text of the first column of those names that is there and not empty. */
static int first_cell(const struct table *t, const char *const *names,
		      char **ret, struct err *err)
{
	*ret = NULL;
	for (size_t i = 0; names[i] && !*ret; i++)
		if (cell(t, names[i], ret, err) < 0)
			return -1;
	return 0;
}

static const char *const pattern_names[] = {"pattern",	  "regex",   "regexp",
					    "expression", "match",   "re",
					    "error",	  "message", NULL};
static const char *const title_names[] = {"title",   "name",	    "summary",
					  "problem", "description", NULL};
static const char *const category_names[] = {"category", "type", "group", NULL};
static const char *const severity_columns[] = {"severity", "level", "priority",
					       NULL};
static const char *const solution_names[] = {
	"solution",   "fix",	     "remedy",	       "resolution",
	"mitigation", "remediation", "recommendation", NULL};
static const char *const service_names[] = {"service", "component", "system",
					    NULL};

/* "severity:high", or the word as it is when it is no severity. */
static void add_severity(struct knowledge_entry *e, const char *text)
{
	AUTO_FREE char *tag = NULL;
	enum severity severity;

	if (severity_of_level(slice_of(text), &severity))
		tag = mem_printf("severity:%s", severity_name(severity));
	else
		tag = mem_printf("severity:%s", text);
	(void)knowledge_list_add(&e->tags, tag);
}

static int take_others(struct table *t, struct knowledge_entry *e,
		       struct err *err)
{
	AUTO_FREE char *severity = NULL;
	AUTO_FREE char *solution = NULL;
	AUTO_FREE char *service = NULL;
	AUTO_FREE char *description = NULL;
	AUTO_FREE char *tags = NULL;
	struct target target = {e, &e->tags, "tags", 0};

	if (first_cell(t, severity_columns, &severity, err) < 0 ||
	    first_cell(t, solution_names, &solution, err) < 0 ||
	    first_cell(t, service_names, &service, err) < 0 ||
	    first_cell(t, category_names, &e->category, err) < 0 ||
	    cell(t, "description", &description, err) < 0 ||
	    cell(t, "tags", &tags, err) < 0)
		return -1;
	if (severity)
		add_severity(e, severity);
	if (solution)
		(void)knowledge_solution_add(e, solution);
	if (service)
		(void)knowledge_list_add(&e->services, service);
	if (description && strcmp(description, e->title) != 0)
		knowledge_set(&e->description, description);
	return tags ? each_item(tags, add_item, &target, err) : 0;
}

static int take_pattern(struct table *t, struct knowledge_entry *e,
			struct err *err)
{
	AUTO_FREE char *pattern = NULL;

	if (first_cell(t, pattern_names, &pattern, err) < 0 ||
	    first_cell(t, title_names, &e->title, err) < 0 ||
	    cell(t, "id", &e->id, err) < 0)
		return -1;
	if (!pattern)
		return err_set(err, ERR_INPUT, "the expression is missing");
	(void)knowledge_pattern_add(e, NULL, pattern);
	if (!e->title)
		e->title = mem_dup(pattern);
	if (!e->id)
		kb_source_id(t->src, e, e->title);
	return take_others(t, e, err) < 0 ? -1 : knowledge_take_end(e, err);
}

/* ---- rows ---- */

/* Names without blanks around them, and "" for none. */
static void trim_heading(struct csv_row *heading)
{
	for (size_t i = 0; i < heading->count; i++) {
		struct slice s = heading->fields[i];

		if (!s.ptr)
			s = SLICE_LIT("");
		while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
			s.len--;
		while (s.len && isspace((unsigned char)*s.ptr)) {
			s.ptr++;
			s.len--;
		}
		heading->fields[i] = s;
	}
}

static int check_heading(const struct table *t, struct err *err)
{
	bool found = false;

	for (size_t i = 0; i < t->heading->count; i++) {
		struct slice s = t->heading->fields[i];
		AUTO_FREE char *name = mem_dup_bytes(s.ptr ? s.ptr : "", s.len);

		if (s.len && column(t, name) < (int)i)
			return err_set(err, ERR_INPUT,
				       "the column '%s' stands twice", name);
	}
	if (t->take == take_entry)
		return column(t, "title") >= 0
			       ? 0
			       : err_set(err, ERR_INPUT,
					 "the first row must name the columns, "
					 "and one of them is title");
	for (size_t i = 0; pattern_names[i]; i++)
		found |= column(t, pattern_names[i]) >= 0;
	return found ? 0
		     : err_set(err, ERR_INPUT,
			       "the first row must name the columns, and one "
			       "of them is pattern");
}

static int take_row(struct table *t, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	int rc;

	if (t->row->count == 1 && !t->row->fields[0].ptr)
		return 0; /* an empty line */
	if (t->row->count != t->heading->count)
		rc = err_set(err, ERR_INPUT,
			     "%zu fields, but the header has %zu",
			     t->row->count, t->heading->count);
	else
		rc = t->take(t, &e, err);
	return rc < 0 ? kb_import_bad(t->src, t->line, err)
		      : kb_import_entry(t->src, t->line, &e, err);
}

static int read_rows(struct table *t, struct csv_reader *in, struct err *err)
{
	int got;

	while ((got = csv_read(in, t->row, err)) != 0) {
		t->line = csv_reader_line(in);
		if ((got < 0 ? kb_import_bad(t->src, t->line, err)
			     : take_row(t, err)) < 0)
			return -1;
	}
	return 0;
}

static int read_table(struct table *t, struct err *err)
{
	AUTO_CSV struct csv_reader *in =
		csv_reader_new(t->src->fd, t->src->name);
	AUTO_FREE struct csv_row *heading = csv_row_new();
	AUTO_FREE struct csv_row *row = csv_row_new();
	AUTO_BUF struct buf names = BUF_INIT;
	int got = csv_read(in, heading, err);

	t->heading = heading;
	t->row = row;
	csv_row_keep(heading, &names);
	trim_heading(heading);
	if (got == 0)
		(void)err_set(err, ERR_INPUT,
			      "there is no header: it is empty");
	if (got <= 0 || check_heading(t, err) < 0)
		return kb_import_bad(t->src, got ? csv_reader_line(in) : 1,
				     err);
	return read_rows(t, in, err);
}

int kb_read_csv(struct kb_source *src, struct err *err)
{
	struct table t = {.src = src, .take = take_entry};

	return read_table(&t, err);
}

int kb_read_patterns(struct kb_source *src, struct err *err)
{
	struct table t = {.src = src, .take = take_pattern};

	return read_table(&t, err);
}
