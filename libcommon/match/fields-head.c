/*
 * fields-head.c - lines of no fixed shape: what logging libraries, databases
 * and servers write before the message, in any order: a time, a level, names
 * of threads, classes and places, numbers of processes, with brackets, colons,
 * dashes or bars around and between.
 */
#include "fields-internal.h"

#define ITEMS_MAX     10  /* before the message */
#define BRACKET_MAX   128 /* bytes in brackets */
#define WORD_MAX      128
#define ZONE_MAX      5 /* letters of the name of a time zone */
#define MONTH_LETTERS 3

struct head {
	struct fields_reader *r;
	const char *p;
	const char *end; /* nothing is looked for behind it */
	bool named;	 /* a level was found */
	bool done;	 /* the message begins at p */
	bool behind_time;
};

/* A word as it stands in the line. */
struct word {
	struct slice text; /* without a colon or comma behind it */
	const char *behind;
	char mark; /* ':' or ',', or NUL */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool blank_at(const struct head *h, const char *p)
{
	return p >= h->end || is_blank(*p);
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool all_upper(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_upper(s.ptr[i]))
			return false;
	return s.len > 0;
}

static bool known_level(struct slice s)
{
	enum severity ignored;

	return s.len && fields_letter(*s.ptr) && severity_of_level(s, &ignored);
}

static bool take_level(struct head *h, struct slice level)
{
	fields_set_level(h->r->f, level);
	h->named = true;
	return true;
}

/* Blanks, and what stands between two parts of the head. */
static void skip_between(struct head *h)
{
	const char *p = h->p;

	do {
		while (p < h->end && fields_ends[(uint8_t)*p] & FIELDS_WORD_END)
			p++;
		h->p = p;
		if (p == h->end || !fields_any_of(*p, "-:,"))
			return;
		while (p < h->end && *p == *h->p)
			p++;
	} while (blank_at(h, p));
}

static bool take_time(struct head *h)
{
	struct fields *f = h->r->f;
	size_t used;

	if (f->has_time || !(fields_digit(*h->p) || *h->p == '[' ||
			     (h->p == h->r->line.ptr && is_upper(*h->p))))
		return false;
	used = fields_time_at(h->r, h->p, &f->when);
	if (!used)
		return false;
	f->has_time = true;
	h->behind_time = true;
	h->p += used;
	return true;
}

/* "error" of "core:error" (Apache), "ERROR" of "app.ERROR" (Monolog) and of
 * "ERROR/Main" (Celery); empty when none is named. */
static struct slice level_part(struct slice s)
{
	const char *slash = memchr(s.ptr, '/', s.len);
	const char *end = slash ? slash : s.ptr + s.len;
	const char *p = end;
	struct slice word;

	while (p > s.ptr && fields_letter(p[-1]))
		p--;
	word = fields_between(p, end);
	if (word.len > 1 && word.len < s.len && known_level(word) &&
	    (all_upper(word) || (p > s.ptr && p[-1] == ':')))
		return word;
	return (struct slice){NULL, 0};
}

/* The level that is all of a text, or a part. */
static struct slice level_in(struct slice s)
{
	struct slice word = s;

	while (word.len && is_blank(word.ptr[word.len - 1]))
		word.len--;
	return known_level(word) ? word : level_part(s);
}

/* The number of "4711", "pid 4711:tid 4712" or "#4711". */
static struct slice pid_in(struct slice s)
{
	const char *end = s.ptr + s.len;
	const char *p = s.ptr, *q;

	if (s.len > 4 && !memcmp(p, "pid ", 4))
		p += 4;
	else if (s.len > 1 && *p == '#')
		p++;
	p = fields_skip_blanks(p, end);
	q = fields_skip_digits(p, end);
	if (q == p || (q < end && *q != ' ' && *q != ':'))
		return (struct slice){NULL, 0};
	return fields_between(p, q);
}

static char closing(char c)
{
	/* In ASCII all but the round ones lie two apart. */
	return c == '(' ? ')' : fields_any_of(c, "[{<") ? (char)(c + 2) : '\0';
}

/* Anything in square brackets; a level in others; in braces a place. */
static bool take_bracket(struct head *h)
{
	struct fields *f = h->r->f;
	char close = closing(*h->p);
	size_t room = (size_t)(h->end - h->p);
	struct slice in, level, pid;
	const char *p;

	if (!close)
		return false;
	p = memchr(h->p, close, room < BRACKET_MAX ? room : BRACKET_MAX);
	if (!p || p == h->p + 1 ||
	    (!blank_at(h, p + 1) && !fields_any_of(p[1], "[:|-,")))
		return false;
	in = fields_between(h->p + 1, p);
	level = level_in(in);
	if (level.len && !h->named)
		(void)take_level(h, level);
	else if (*h->p == '{' ? memchr(in.ptr, '"', in.len) != NULL ||
					!memchr(in.ptr, '.', in.len)
			      : *h->p != '[')
		return false;
	pid = pid_in(in);
	if (!f->pid.len && *h->p == '[')
		f->pid = pid;
	h->p = p + 1;
	/* "[ERROR]: msg" */
	if (level.len && h->p < h->end && *h->p == ':') {
		h->p++;
		h->done = true;
	}
	return true;
}

/* A number is part of the head where it can be no other: nginx writes
 * "17#0:", MySQL "0 [ERROR]", Spring "17 --- [main]", Ruby "#17]". */
static bool take_number(struct head *h)
{
	struct fields *f = h->r->f;
	const char *start = *h->p == '#' ? h->p + 1 : h->p;
	const char *p = fields_skip_digits(start, h->end);

	if (p == start || p == h->end)
		return false;
	if (start > h->p) {
		if (*p != ']')
			return false;
	} else if (*p == '#') {
		const char *thread = p + 1;
		const char *behind = fields_skip_digits(thread, h->end);

		if (behind == thread || behind == h->end || *behind != ':')
			return false;
		f->pid = fields_between(start, p);
		h->p = behind + 1;
		return true;
	} else if (h->end - p > 2 && !memcmp(p, " [", 2)) {
		if (h->named || !f->has_time)
			return false;
		h->p = p;
		return true;
	} else if (h->end - p < 4 || memcmp(p, " ---", 4) != 0) {
		return false;
	}
	f->pid = fields_between(start, p);
	h->p = p;
	return true;
}

static struct word read_word(const struct head *h, const char *p)
{
	const char *end = h->end - p > WORD_MAX ? p + WORD_MAX : h->end;
	struct word w = {.behind = p};

	w.behind = fields_skip_until(p, end, FIELDS_WORD_END);
	w.text = fields_between(p, w.behind);
	if (w.text.len > 1 && (w.behind[-1] == ':' || w.behind[-1] == ',')) {
		w.mark = w.behind[-1];
		w.text.len--;
	}
	return w;
}

/* Words that are levels wherever they stand in capitals; others ("LOW",
 * "config") are so in brackets or before a colon only. */
static bool is_usual(struct slice s)
{
	static const char *const usual[] = {
		"error",    "warn",  "warning", "info",	  "debug", "fatal",
		"critical", "crit",  "err",	"trace",  "panic", "severe",
		"notice",   "alert", "emerg",	"verbose"};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if ((*s.ptr | 0x20) == *usual[i] && s.len == strlen(usual[i]) &&
		    !strncasecmp(s.ptr, usual[i], s.len))
			return true;
	return false;
}

/* Whether a word that may be one is, with what stands around it, the level of
 * the line. */
static bool is_level(const struct head *h, const struct word *w)
{
	bool bar = w->behind < h->end &&
		   (*w->behind == '|' ||
		    (h->end - w->behind > 1 && w->behind[1] == '|'));

	if (w->text.len == 1)
		return bar || (w->mark == ',' && is_upper(*w->text.ptr));
	if (w->mark == ':' || bar)
		return true;
	if (!is_usual(w->text))
		return false;
	return all_upper(w->text) ||
	       (h->behind_time && !is_upper(*w->text.ptr));
}

static bool take_level_word(struct head *h, const struct word *w)
{
	struct slice level = w->text;

	if (h->named)
		return false;
	if (known_level(level)) {
		if (!is_level(h, w))
			return false;
	} else {
		level = level_part(level);
		if (!all_upper(level))
			return false;
	}
	(void)take_level(h, level);
	h->p = w->behind;
	h->done = w->mark == ':';
	return true;
}

/* The name of a class, module or place: lower case with something else. */
static bool is_identifier(struct slice s)
{
	unsigned parts = 0;

	for (size_t i = 0; i < s.len; i++)
		parts |= fields_ends[(uint8_t)s.ptr[i]];
	return parts & FIELDS_SMALL && parts & FIELDS_NAMES &&
	       s.ptr[s.len - 1] != '.';
}

/* Whether " - ", " : " or a TAB parts what stands at p from what follows. */
static bool separated(const struct head *h, const char *p)
{
	if (h->end - p > 1 && *p == '\t')
		return p[1] != '{';
	p = fields_skip_blanks(p, h->end);
	return h->end - p > 1 && fields_any_of(*p, "-:|") && is_blank(p[1]);
}

/* Whether a level stands at p that cannot be part of a message. */
static bool level_follows(const struct head *h, const char *p)
{
	struct word w;

	p = fields_skip_blanks(p, h->end);
	if (p == h->end || !fields_letter(*p))
		return false;
	w = read_word(h, p);
	return all_upper(w.text) && (w.mark == ':' || separated(h, w.behind)) &&
	       known_level(w.text);
}

/* "CET" behind a time and before the number of a process. */
static bool is_zone(const struct head *h, const struct word *w)
{
	return w->text.len > 1 && w->text.len <= ZONE_MAX && !w->mark &&
	       all_upper(w->text) && h->end - w->behind > 1 &&
	       w->behind[1] == '[';
}

/* Words that stand before the message and mean nothing to us. */
static bool skip_name(struct head *h, const struct word *w, bool behind_time)
{
	bool known = h->named || h->r->f->has_time;

	if (!known)
		return false;
	if (h->named && w->mark == ':' && is_identifier(w->text)) {
		h->p = w->behind;
		h->done = true;
		return true;
	}
	if ((separated(h, w->behind) &&
	     (!h->named || is_identifier(w->text))) ||
	    (!h->named &&
	     (level_follows(h, w->behind) || (behind_time && is_zone(h, w))))) {
		h->p = w->behind;
		return true;
	}
	return false;
}

/* One part of the head; false where the message begins. */
static bool take_item(struct head *h)
{
	bool behind_time;
	struct word w;

	if (take_time(h))
		return true;
	behind_time = h->behind_time;
	if (closing(*h->p))
		return take_bracket(h);
	if (fields_digit(*h->p) || *h->p == '#')
		return take_number(h);
	if (!fields_letter(*h->p))
		return false;
	w = read_word(h, h->p);
	if (take_level_word(h, &w))
		return true;
	if (!skip_name(h, &w, behind_time))
		return false;
	h->behind_time = false;
	return true;
}

/* level=error among the first pairs of a message */
static void find_level_pair(struct head *h, struct slice message)
{
	static const char *const names[] = {"level=", "lvl=", "severity="};
	const char *end = h->end;
	const char *p = message.ptr;

	while (p < end) {
		const char *next = fields_skip_word(p, end);

		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			size_t n = strlen(names[i]);
			struct slice value;

			if ((size_t)(next - p) <= n ||
			    memcmp(p, names[i], n) != 0)
				continue;
			value = fields_between(p + n, next);
			if (value.len > 2 && *value.ptr == '"')
				value = (struct slice){value.ptr + 1,
						       value.len - 2};
			if (known_level(value))
				(void)take_level(h, value);
			return;
		}
		p = fields_skip_blanks(next, end);
	}
}

static bool has_pair(struct slice message)
{
	size_t n = message.len < WORD_MAX ? message.len : WORD_MAX;
	const char *end;

	if (!n)
		return false;
	end = fields_skip_word(message.ptr, message.ptr + n);
	return memchr(message.ptr, '=', (size_t)(end - message.ptr)) != NULL;
}

/* Reads the head of r->line; what it gives is true when there was one. */
static bool read_head(struct fields_reader *r)
{
	size_t n = r->line.len < FIELDS_HEAD ? r->line.len : FIELDS_HEAD;
	struct head h = {.r = r, .p = r->line.ptr};
	struct slice message = r->line;

	if (!n)
		return false;
	h.end = h.p + n;
	for (int i = 0; i < ITEMS_MAX && !h.done; i++) {
		skip_between(&h);
		if (h.p == h.end || !take_item(&h))
			break;
	}
	if (!h.done)
		skip_between(&h);
	if (h.named || r->f->has_time) {
		message = fields_rest(r, h.p);
		r->f->message = message;
	}
	if (!h.named && has_pair(message))
		find_level_pair(&h, message);
	return h.named || r->f->has_time;
}

/* "2026-13-20 10:": meant as a time, whatever it says. */
static bool tries_time(struct slice line)
{
	static const char shape[] = "0000-00-00 00:";

	if (line.len && *line.ptr == '[')
		line = (struct slice){line.ptr + 1, line.len - 1};
	if (line.len < sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		bool fits = shape[i] == '0' ? fields_digit(line.ptr[i])
					    : line.ptr[i] == shape[i];

		if (!fits && !(shape[i] == ' ' && line.ptr[i] == 'T'))
			return false;
	}
	return true;
}

/* Formats of this sort that have a name. */
static void name_format(struct fields *f, struct slice line)
{
	const char *end = line.ptr + line.len;
	const char *p = line.ptr + f->when.used;

	if (!f->has_time || !f->level.len)
		return;
	if (*line.ptr == '[' && end - p > 3 && p[0] == ' ' && p[1] == '{')
		f->format = &fields_format_list[FIELDS_AS_AIRFLOW];
	else if (line.len > 17 && line.ptr[2] == '/' && line.ptr[5] == '/')
		f->format = &fields_format_list[FIELDS_AS_SPARK];
}

bool fields_read_plain(struct fields_reader *r)
{
	struct fields *f = r->f;

	if (!read_head(r)) {
		f->pid = (struct slice){NULL, 0};
		f->bad_time = tries_time(r->line);
		return true;
	}
	if (f->format == &fields_format_list[FIELDS_AS_PLAIN])
		name_format(f, r->line);
	return true;
}

/* Most texts begin with a word that is neither a level nor a part of a time or
 * of a pair, and in which no level stands in capitals: there is no head. */
static bool begins_headless(struct slice text)
{
	const char *p = text.ptr, *end = p + text.len;

	if (!text.len || !fields_letter(*p))
		return false;
	p = fields_skip_until(p + 1, end, FIELDS_HEAD_END);
	if (p == end || *p != ' ')
		return false;
	/* "Nov ", "Mon, " */
	if (is_upper(*text.ptr) && (p - text.ptr <= MONTH_LETTERS ||
				    !fields_letter(text.ptr[MONTH_LETTERS])))
		return false;
	p -= p[-1] == ':' || p[-1] == ',';
	return !known_level(fields_between(text.ptr, p));
}

static void take_head_level(struct fields_reader *r, struct slice text)
{
	struct fields found = {.text = text};
	struct fields_reader inner = *r;

	inner.f = &found;
	inner.line = text;
	if (!read_head(&inner))
		return;
	r->f->level = found.level;
	r->f->has_severity = found.has_severity;
	r->f->severity = found.severity;
}

void fields_head_level(struct fields_reader *r, struct slice text)
{
	if (!begins_headless(text))
		take_head_level(r, text);
}
