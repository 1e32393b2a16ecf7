/*
 * edit-key-lines.c - formats of one key a line: where the key stands, and how
 * its value is written. They differ in a few habits, which stand in a table.
 */
#include "edit-key-internal.h"

#include <ctype.h>
#include <strings.h>

struct habits {
	const char *comments;	/* begin a line that is none */
	const char *separators; /* between key and value */
	const char *glue;	/* between a new key and its value */
	bool blanks;		/* separate as well */
	bool trailing;		/* a comment may stand behind a value */
	bool backslash;		/* at the end of a line continues it */
	bool deeper;		/* what is indented more continues a line */
	bool sections, quotes;
	bool any_case; /* some readers do not tell cases apart */
};

static const struct habits all_habits[] = {
	[EDIT_PROPERTIES] = {"#!", "=:", "=", .blanks = true,
			     .backslash = true},
	[EDIT_CONF] = {"#", "=", " = ", .blanks = true, .trailing = true,
		       .backslash = true, .quotes = true, .any_case = true},
	[EDIT_INI] = {"#;", "=:", "=", .backslash = true, .deeper = true,
		      .sections = true, .quotes = true, .any_case = true},
	[EDIT_ENV] = {"#", "=", "=", .trailing = true, .backslash = true,
		      .quotes = true},
	[EDIT_OPTIONS] = {"#", "", "", .blanks = false},
};

/* One "key = value", in bytes of the text. */
struct entry {
	size_t line, indent;
	size_t key, key_end, value, end;
	char quote;
	const char *unsure; /* why its value cannot be changed, or NULL */
	bool separated;
};

struct search {
	enum edit_format format;
	const struct habits *habits;
	struct slice text, key, section;
	struct edit_place *ret;
	struct entry last;	/* the line before, which may go on */
	struct entry found;	/* line 0: not yet */
	struct entry other;	/* the same in another case */
	struct slice glue;	/* of the last key where a new one would be */
	size_t at;		/* where a new one would be */
	size_t indent;		/* and how much it would be indented */
	size_t sections, homes; /* how many there are; that could take it */
	bool in_home, ends_in_backslash, blocks;
	struct err *err;
};

static bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static int refuse(struct search *s, size_t line, const char *why)
{
	return err_set(s->err, ERR_INPUT, "line %zu: %s", line, why);
}

/* ---- one line ---- */

/* Behind the quote that closes the one at i; limit + 1 when none does. */
static size_t skip_quoted(const char *p, size_t i, size_t limit)
{
	char open = p[i];

	for (i++; i < limit; i++) {
		if (p[i] == '\\' && open == '"' && i + 1 < limit)
			i++;
		else if (p[i] == open)
			return i + 1;
	}
	return limit + 1;
}

/* Whether a comment begins at i; unsure where only its author knows. */
static bool begins_comment(const struct search *s, struct entry *e, size_t i)
{
	const char *p = s->text.ptr;

	if (!one_of(p[i], "#;") || i == e->value || !edit_is_blank(p[i - 1]))
		return false;
	if (s->habits->trailing && p[i] == '#')
		return true;
	if (s->habits->sections)
		e->unsure = "a value, or a comment behind one?";
	return false;
}

/* Where the value ends: before a comment, and before blanks; sets the quote
 * when all of it is in quotes. */
static void measure_value(const struct search *s, struct entry *e, size_t limit)
{
	const char *p = s->text.ptr;
	size_t i = e->value, closed = 0;

	while (i < limit && !begins_comment(s, e, i)) {
		bool first = i == e->value;

		if (!s->habits->quotes || !one_of(p[i], "\"'")) {
			i++;
			continue;
		}
		i = skip_quoted(p, i, limit);
		if (first)
			closed = i;
	}
	e->end = i < limit ? i : limit;
	while (s->format != EDIT_PROPERTIES && e->end > e->value &&
	       edit_is_blank(p[e->end - 1]))
		e->end--;
	if (i > limit)
		e->unsure = "a quote is not closed on its line";
	else if (closed && closed == e->end)
		e->quote = p[e->value];
}

/* What shells would take for more than one word, or more than text. */
static void judge_env(const struct search *s, struct entry *e)
{
	const char *p = s->text.ptr + e->value;
	size_t n = e->end - e->value;

	if (e->quote || e->unsure)
		return;
	for (size_t i = 0; i < n; i++)
		if (one_of(p[i], " \t\"'\\;&|<>()"))
			e->unsure = "its value is more than one word or "
				    "quoted text";
}

static void split_line(const struct search *s, struct slice line,
		       struct entry *e)
{
	const char *p = s->text.ptr;
	size_t limit = (size_t)(line.ptr - p) + line.len, i;

	i = (size_t)(line.ptr - p) + e->indent;
	if (s->format == EDIT_ENV && limit - i > 7 &&
	    !memcmp(p + i, "export ", 7))
		i += 7;
	e->key = i;
	while (i < limit && !one_of(p[i], s->habits->separators) &&
	       !(s->habits->blanks && edit_is_blank(p[i])))
		i += p[i] == '\\' && s->format == EDIT_PROPERTIES &&
				     i + 1 < limit
			     ? 2
			     : 1;
	e->key_end = i;
	while (i < limit && edit_is_blank(p[i]))
		i++;
	e->separated = i > e->key_end && s->habits->blanks;
	if (i < limit && one_of(p[i], s->habits->separators)) {
		e->separated = true;
		for (i++; i < limit && edit_is_blank(p[i]);)
			i++;
	}
	while (!s->habits->blanks && e->key_end > e->key &&
	       edit_is_blank(p[e->key_end - 1]))
		e->key_end--;
	e->value = i;
	measure_value(s, e, limit);
	if (s->format == EDIT_ENV)
		judge_env(s, e);
}

/* "-Xmx8g": all behind the key is its value. */
static void split_option(const struct search *s, struct slice line,
			 struct entry *e)
{
	size_t begin = (size_t)(line.ptr - s->text.ptr) + e->indent;

	e->key = e->key_end = begin;
	e->separated = true;
	e->end = begin + line.len - e->indent;
	if (line.len - e->indent > s->key.len &&
	    !memcmp(s->text.ptr + begin, s->key.ptr, s->key.len))
		e->key_end += s->key.len;
	e->value = e->key_end;
	if (e->value < e->end && s->text.ptr[e->value] == '=')
		e->value++;
	while (e->end > e->value && edit_is_blank(s->text.ptr[e->end - 1]))
		e->end--;
}

/* ---- all lines ---- */

static bool same(struct slice a, struct slice b, bool any_case)
{
	return a.len == b.len &&
	       (any_case ? !strncasecmp(a.ptr, b.ptr, a.len)
			 : !a.len || !memcmp(a.ptr, b.ptr, a.len));
}

/* Whether the key is that of this line: alone, or behind its section. */
static bool names(const struct search *s, struct slice name, bool any_case)
{
	size_t behind = s->section.len + 1;

	if (same(name, s->key, any_case))
		return true;
	return s->section.ptr && s->key.len > behind &&
	       s->key.ptr[s->section.len] == '.' &&
	       same(s->section, (struct slice){s->key.ptr, s->section.len},
		    any_case) &&
	       same(name,
		    (struct slice){s->key.ptr + behind, s->key.len - behind},
		    any_case);
}

/* "a\:b" is "a:b". */
static void plain_key(struct buf *out, struct slice written)
{
	for (size_t i = 0; i < written.len; i++) {
		if (written.ptr[i] == '\\' && i + 1 < written.len)
			i++;
		buf_add_char(out, written.ptr[i]);
	}
}

static int take_entry(struct search *s, const struct entry *e)
{
	AUTO_BUF struct buf plain = BUF_INIT;
	struct slice name = {s->text.ptr + e->key, e->key_end - e->key};

	if (s->format == EDIT_PROPERTIES) {
		plain_key(&plain, name);
		name = buf_slice(&plain);
	}
	if (s->format == EDIT_CONF) {
		s->blocks |= e->indent > 0;
		if (e->end > e->value && one_of(s->text.ptr[e->end - 1], ";{}"))
			return refuse(s, e->line,
				      "it ends as lines of blocks do, which "
				      "this cannot edit");
	}
	if (name.len && names(s, name, false)) {
		if (s->found.line)
			return err_set(s->err, ERR_INPUT,
				       "'%.*s' stands twice, in lines %zu "
				       "and %zu",
				       (int)s->key.len, s->key.ptr,
				       s->found.line, e->line);
		s->found = *e;
	} else if (s->habits->any_case && names(s, name, true)) {
		s->other = *e;
	}
	if (e->separated && (!s->habits->sections || s->in_home)) {
		s->glue = (struct slice){s->text.ptr + e->key_end,
					 e->value - e->key_end};
		s->indent = e->indent;
	}
	return 0;
}

static void take_section(struct search *s, struct slice line)
{
	const char *close = memchr(line.ptr, ']', line.len);
	struct slice name = {line.ptr + 1, 0};

	name.len = close ? (size_t)(close - name.ptr) : line.len - 1;
	s->section = name;
	s->sections++;
	s->in_home = s->key.len > name.len + 1 &&
		     !memcmp(s->key.ptr, name.ptr, name.len) &&
		     s->key.ptr[name.len] == '.';
	if (s->in_home) {
		s->homes++;
		s->glue = (struct slice){NULL, 0};
		s->indent = 0;
	}
}

/* Whether the line belongs to the one before it. */
static bool goes_on(const struct search *s, size_t indent)
{
	return s->ends_in_backslash ||
	       (s->habits->deeper && s->last.line && indent > s->last.indent);
}

static int take_line(struct search *s, struct slice line, size_t number)
{
	struct entry e = {.line = number, .indent = edit_indent(line)};
	char first = e.indent < line.len ? line.ptr[e.indent] : '\0';
	bool more = goes_on(s, e.indent), comment;

	comment = !s->ends_in_backslash &&
		  (!first || one_of(first, s->habits->comments));
	s->ends_in_backslash = false;
	if (comment)
		return 0;
	for (size_t i = line.len; s->habits->backslash && i > 0; i--) {
		if (line.ptr[i - 1] != '\\')
			break;
		s->ends_in_backslash = !s->ends_in_backslash;
	}
	if (more) {
		if (s->found.line && s->found.line == s->last.line)
			return refuse(s, number,
				      "its value has more than one line");
		return 0;
	}
	if (s->habits->sections && first == '[') {
		take_section(s, (struct slice){line.ptr + e.indent,
					       line.len - e.indent});
		s->last = (struct entry){.line = 0};
		return 0;
	}
	if (s->format == EDIT_OPTIONS)
		split_option(s, line, &e);
	else
		split_line(s, line, &e);
	s->last = e;
	if (e.unsure && s->format == EDIT_ENV &&
	    !strncmp(e.unsure, "a quote", 7))
		return refuse(s, number, e.unsure);
	return take_entry(s, &e);
}

static int take_lines(struct search *s)
{
	size_t next, number = 1;

	for (size_t at = 0; at < s->text.len; at = next, number++) {
		struct slice line = edit_line(s->text, at, &next);
		bool more = s->ends_in_backslash;

		if (take_line(s, line, number) < 0)
			return -1;
		if ((more || edit_indent(line) < line.len) &&
		    (!s->habits->sections || s->in_home))
			s->at = next;
	}
	if (!s->habits->sections)
		s->at = s->text.len;
	return 0;
}

/* ---- keys ---- */

/* What would be more than a key where it is written. */
static int check_key(enum edit_format f, const char *key, struct err *err)
{
	size_t good = 0;

	if (f == EDIT_OPTIONS)
		good = *key == '-' ? strcspn(key, " \t#\"'\\") : 0;
	else if (f == EDIT_ENV)
		while (isalnum((unsigned char)key[good]) || key[good] == '_')
			good++;
	else
		good = one_of(*key, "-.")
			       ? 0
			       : strcspn(key, f == EDIT_INI ? " \t=#;!\"'\\[]{}"
							    : " \t=:#;!\"'\\"
							      "[]{}");
	if (key[good] || (f == EDIT_ENV && isdigit((unsigned char)*key)))
		return err_set(err, ERR_INPUT, "'%s' cannot be a key of %s",
			       key, edit_format_names[f]);
	return 0;
}

/* The part of the key that stands in its line. */
static struct slice key_in_line(const struct search *s)
{
	struct slice key = s->key;
	size_t next;

	for (size_t at = 0; s->habits->sections && at < s->text.len;
	     at = next) {
		struct search probe = {.key = s->key};
		struct slice line = edit_line(s->text, at, &next);
		size_t indent = edit_indent(line);

		if (indent == line.len || line.ptr[indent] != '[')
			continue;
		take_section(&probe, (struct slice){line.ptr + indent,
						    line.len - indent});
		if (probe.in_home)
			key = (struct slice){s->key.ptr + probe.section.len + 1,
					     s->key.len - probe.section.len -
						     1};
	}
	return key;
}

static const char *option_glue(const struct search *s)
{
	bool assigns = !strncmp(s->key.ptr, "-XX:", 4) ||
		       !strncmp(s->key.ptr, "-D", 2) ||
		       !strncmp(s->key.ptr, "--", 2);

	return assigns && s->key.ptr[s->key.len - 1] != '=' ? "=" : "";
}

/* Why a new key has no sure place, or NULL. */
static const char *no_place(const struct search *s)
{
	if (s->ends_in_backslash)
		return "the last line is not complete";
	if (s->blocks)
		return "the key is not there, and the file has blocks: where "
		       "should it be added?";
	if (s->habits->sections && s->homes == 0 && s->sections > 0)
		return "the key is not there; say SECTION.KEY of a section "
		       "that is there to add it";
	if (s->homes > 1)
		return "the key is not there, and its section stands twice";
	return NULL;
}

static int place_new(struct search *s)
{
	const char *end = edit_line_end(s->text), *why = no_place(s);
	bool open = s->at && s->text.ptr[s->at - 1] != '\n';
	struct edit_place *ret = s->ret;

	if (s->other.line)
		return err_set(s->err, ERR_INPUT,
			       "line %zu: the key stands there in another case",
			       s->other.line);
	if (why)
		return err_set(s->err, ERR_INPUT, "%s", why);
	ret->begin = ret->end = s->at;
	if (open)
		buf_add_str(&ret->before, end);
	buf_addf(&ret->before, "%*s", (int)s->indent, "");
	buf_add_slice(&ret->before, key_in_line(s));
	if (s->format == EDIT_OPTIONS)
		buf_add_str(&ret->before, option_glue(s));
	else if (s->glue.ptr && s->glue.len)
		buf_add_slice(&ret->before, s->glue);
	else
		buf_add_str(&ret->before, s->habits->glue);
	if (!open)
		buf_add_str(&ret->after, end);
	return 0;
}

int edit_lines_find(enum edit_format f, struct slice text, const char *key,
		    struct edit_place *ret, struct err *err)
{
	struct search s = {.format = f,
			   .habits = &all_habits[f],
			   .text = text,
			   .key = slice_of(key),
			   .ret = ret,
			   .err = err};

	if (check_key(f, key, err) < 0 || take_lines(&s) < 0)
		return -1;
	if (!s.found.line)
		return place_new(&s);
	if (s.found.unsure)
		return refuse(&s, s.found.line, s.found.unsure);
	if (!s.found.separated)
		return refuse(&s, s.found.line, "the key has no value there");
	ret->found = true;
	ret->quote = s.found.quote;
	ret->begin = s.found.value;
	ret->end = s.found.end;
	return 0;
}
