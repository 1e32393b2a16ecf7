/* join-trace.c - the presets for Python, Go and PostgreSQL. */
#include "join-preset.h"

enum {
	PYTHON_LINE,
	PYTHON_TRACE, /* frames, until a line that is not indented */
	PYTHON_ERROR, /* that line was there */
	PYTHON_CHAIN, /* "During handling of ..." */
};

static bool python_begins(struct slice s)
{
	const struct slice text =
		SLICE_LIT("Traceback (most recent call last):");

	return s.len >= text.len && s.ptr[s.len - 1] == ':' &&
	       !memcmp(s.ptr + s.len - text.len, text.ptr, text.len);
}

static bool python_chain(struct slice s)
{
	return JOIN_STARTS(s, "During handling of the above exception") ||
	       JOIN_STARTS(s, "The above exception was the direct cause");
}

/* "ValueError: message", "KeyboardInterrupt", "a.b.Broken: message". */
static bool python_error(struct slice s)
{
	size_t dots, last;
	size_t n = join_dotted(s, &dots, &last);

	return n > 0 && last < n && !join_is_digit(s.ptr[0]) &&
	       (n == s.len || s.ptr[n] == ':');
}

static bool python_goes_on(struct slice s, uint8_t before, uint8_t *state)
{
	*state = before;
	if (before == PYTHON_TRACE && join_blanks(s) > 0)
		return true;
	if (before == PYTHON_TRACE && python_error(s)) {
		*state = PYTHON_ERROR;
		return true;
	}
	if (before != PYTHON_ERROR && before != PYTHON_CHAIN)
		return false;
	if (python_chain(s)) {
		*state = PYTHON_CHAIN;
		return true;
	}
	return s.len == 0;
}

/* Whether a Traceback goes on with what is open: with the log line that tells
 * of it, or with the exception that led to it. */
static bool python_follows(const struct join_open *open)
{
	static const char *const words[] = {"err",  "crit", "fatal", "warn",
					    "fail", "exce", "trace"};
	struct slice text = open->text;

	if (open->state != PYTHON_LINE)
		return open->state == PYTHON_CHAIN;
	for (size_t i = 0; i + 4 <= text.len && i < JOIN_HEAD; i++)
		for (size_t w = 0; w < ARRAY_LEN(words); w++)
			if (!strncasecmp(text.ptr + i, words[w],
					 strlen(words[w])))
				return true;
	return false;
}

bool join_python(struct slice line, const struct join_open *open,
		 uint8_t *state)
{
	struct slice body;

	line = join_unended(line);
	if (python_begins(line)) {
		*state = PYTHON_TRACE;
		return open && python_follows(open);
	}
	if (open && open->state != PYTHON_LINE) {
		if (python_goes_on(line, open->state, state))
			return true;
		if (join_body(line, open, &body) &&
		    python_goes_on(body, open->state, state))
			return true;
	}
	*state = PYTHON_LINE;
	return false;
}

enum {
	GO_LINE,
	GO_PANIC, /* before the first goroutine */
	GO_GOROUTINE,
};

static bool go_goroutine(struct slice s)
{
	return JOIN_STARTS(s, "goroutine ") && s.len > 10 &&
	       join_is_digit(s.ptr[10]);
}

static bool go_begins(struct slice s)
{
	return JOIN_STARTS(s, "panic: ") || JOIN_STARTS(s, "fatal error: ") ||
	       JOIN_STARTS(s, "runtime: ") || JOIN_STARTS(s, "SIGQUIT: ");
}

/* Behind what a container or syslog puts before the line. */
static bool go_begins_within(struct slice s)
{
	static const struct slice words[] = {{" panic: ", 8},
					     {" fatal error: ", 14}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (s.len && memmem(s.ptr, s.len, words[i].ptr, words[i].len))
			return true;
	return false;
}

/* "main.(*T).run(0xc000, ...)", with nothing behind it. */
static bool go_function(struct slice s)
{
	const char *open = memchr(s.ptr, '(', s.len);
	const char *blank = memchr(s.ptr, ' ', s.len);

	return open && open > s.ptr && s.ptr[s.len - 1] == ')' &&
	       (!blank || blank > open) && memchr(s.ptr, '.', s.len);
}

/* "rip    0x45c5c1" */
static bool go_register(struct slice s)
{
	size_t n = 0;
	struct slice rest;

	while (n < s.len && join_is_name(s.ptr[n]))
		n++;
	rest = join_behind(s, n);
	rest = join_behind(rest, join_blanks(rest));
	return n > 1 && n <= 6 && rest.ptr > s.ptr + n &&
	       JOIN_STARTS(rest, "0x");
}

static bool go_goes_on(struct slice s, uint8_t before, uint8_t *state)
{
	*state = GO_GOROUTINE;
	if (go_goroutine(s))
		return true;
	*state = before;
	if (before == GO_LINE)
		return false;
	if (s.len == 0 || s.ptr[0] == '\t' || JOIN_STARTS(s, "[signal ") ||
	    JOIN_STARTS(s, "created by ") || JOIN_STARTS(s, "exit status ") ||
	    JOIN_STARTS(s, "...additional frames elided"))
		return true;
	if (before == GO_PANIC)
		return go_begins(s);
	return go_function(s) || go_register(s);
}

bool join_go(struct slice line, const struct join_open *open, uint8_t *state)
{
	struct slice body;

	line = join_unended(line);
	if (open && go_goes_on(line, open->state, state))
		return true;
	if (open && join_body(line, open, &body) &&
	    go_goes_on(body, open->state, state))
		return true;
	*state = go_goroutine(line) ? GO_GOROUTINE : GO_LINE;
	if (go_begins(line) || go_begins_within(line))
		*state = GO_PANIC;
	return false;
}

enum postgresql_word { WORD_NONE, WORD_BEGINS, WORD_GOES_ON };

static enum postgresql_word postgresql_word(struct slice word)
{
	static const char *const begins[] = {
		"LOG",	  "ERROR",  "FATAL",  "PANIC",	"WARNING",
		"NOTICE", "INFO",   "DEBUG1", "DEBUG2", "DEBUG3",
		"DEBUG4", "DEBUG5", "DEBUG",
	};
	static const char *const goes_on[] = {
		"DETAIL", "HINT",     "STATEMENT", "CONTEXT",
		"QUERY",  "LOCATION", "BACKTRACE",
	};

	for (size_t i = 0; i < ARRAY_LEN(goes_on); i++)
		if (slice_is(word, goes_on[i]))
			return WORD_GOES_ON;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (slice_is(word, begins[i]))
			return WORD_BEGINS;
	return WORD_NONE;
}

/* The first "WORD:  " that PostgreSQL writes behind the prefix. */
static enum postgresql_word postgresql_find(struct slice line, size_t *ret_at)
{
	size_t from = 0;

	for (;;) {
		const char *at =
			memmem(line.ptr + from, line.len - from, ":  ", 3);
		size_t end, start;
		enum postgresql_word word;

		if (!at)
			return WORD_NONE;
		start = end = (size_t)(at - line.ptr);
		while (start > from && line.ptr[start - 1] >= '0' &&
		       line.ptr[start - 1] <= 'Z' && end - start < 16)
			start--;
		*ret_at = start;
		word = postgresql_word(
			(struct slice){line.ptr + start, end - start});
		if (word != WORD_NONE)
			return word;
		from = end + 1;
	}
}

bool join_postgresql(struct slice line, const struct join_open *open,
		     uint8_t *state)
{
	size_t at;

	(void)open;
	*state = 0;
	if (line.len && line.ptr[0] == '\t')
		return true;
	return line.len && postgresql_find(line, &at) == WORD_GOES_ON;
}

bool join_postgresql_session(struct slice line, struct slice *ret)
{
	size_t at, i = 0, end;

	if (!line.len || line.ptr[0] == '\t' ||
	    postgresql_find(line, &at) == WORD_NONE)
		return false;
	for (; i < at; i++) {
		if (line.ptr[i] != '[')
			continue;
		for (end = ++i; end < at && join_is_digit(line.ptr[end]); end++)
			;
		*ret = (struct slice){line.ptr + i, end - i};
		if (end > i)
			return true;
	}
	/* No prefix tells: all lines are of one process. */
	*ret = (struct slice){line.ptr, 0};
	return true;
}
