/* join-preset.c - what the presets share; Java, Node. */
#include "join-preset.h"

size_t join_blanks(struct slice s)
{
	size_t i = 0;

	while (i < s.len && (s.ptr[i] == ' ' || s.ptr[i] == '\t'))
		i++;
	return i;
}

struct slice join_unended(struct slice line)
{
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

bool join_body(struct slice line, const struct join_open *open,
	       struct slice *ret)
{
	size_t most = JOIN_HEAD;
	size_t i = 0;

	most = line.len < most ? line.len : most;
	most = open->text.len < most ? open->text.len : most;
	while (i < most && (line.ptr[i] == open->text.ptr[i] ||
			    (join_is_digit(line.ptr[i]) &&
			     join_is_digit(open->text.ptr[i]))))
		i++;
	/* What follows may happen to begin with the same letters. */
	while (i > 0 && join_is_name(line.ptr[i - 1]))
		i--;
	if (i < JOIN_SHARED_MIN)
		return false;
	*ret = join_behind(line, i);
	return true;
}

size_t join_dotted(struct slice s, size_t *ret_dots, size_t *ret_last)
{
	size_t i = 0;

	*ret_dots = *ret_last = 0;
	for (; i < s.len && (join_is_name(s.ptr[i]) || s.ptr[i] == '.'); i++) {
		if (s.ptr[i] != '.')
			continue;
		++*ret_dots;
		*ret_last = i + 1;
	}
	return i;
}

enum { JAVA_LINE, JAVA_EXCEPTION, JAVA_TRACE };

static bool java_frame(struct slice s)
{
	size_t blanks;

	if (!s.len || !strchr(" \tCSW", s.ptr[0]) || !s.ptr[0])
		return false;
	blanks = join_blanks(s);
	s = join_behind(s, blanks);
	if (JOIN_STARTS(s, "Caused by: ") || JOIN_STARTS(s, "Suppressed: ") ||
	    JOIN_STARTS(s, "Wrapped by: "))
		return true;
	if (blanks == 0)
		return false;
	return JOIN_STARTS(s, "at ") || JOIN_STARTS(s, "[CIRCULAR REFERENCE") ||
	       (JOIN_STARTS(s, "... ") && s.len > 4 && join_is_digit(s.ptr[4]));
}

static bool ends_with(struct slice s, struct slice end)
{
	return s.len >= end.len &&
	       !memcmp(s.ptr + s.len - end.len, end.ptr, end.len);
}

/* "java.lang.IllegalStateException: message", or without one. */
static bool java_exception(struct slice s)
{
	size_t dots, last;
	size_t n = join_dotted(s, &dots, &last);
	struct slice name = {s.ptr, n};

	if (dots == 0 || last >= n || s.ptr[last] < 'A' || s.ptr[last] > 'Z')
		return false;
	if (n < s.len && s.ptr[n] != ':')
		return false;
	return dots > 1 || ends_with(name, SLICE_LIT("Exception")) ||
	       ends_with(name, SLICE_LIT("Error"));
}

bool join_java(struct slice line, const struct join_open *open, uint8_t *state)
{
	struct slice body;

	line = join_unended(line);
	*state = JAVA_TRACE;
	if (java_frame(line))
		return true;
	if (java_exception(line)) {
		/* It belongs to the log line above it, not to a trace. */
		*state = JAVA_EXCEPTION;
		return open && open->state == JAVA_LINE;
	}
	if (open && join_body(line, open, &body) && java_frame(body))
		return true;
	*state = JOIN_STARTS(line, "Exception in thread ") ? JAVA_EXCEPTION
							   : JAVA_LINE;
	return false;
}

/* What Node prints of an error that nobody caught: place, source, a line of
 * "^", an empty one, the error. */
enum {
	NODE_LINE,
	NODE_PLACE,
	NODE_SOURCE,
	NODE_CARET,
	NODE_GAP,
	NODE_BLOCK, /* properties of the error, in braces */
};

static bool node_place(struct slice s)
{
	size_t n = s.len;

	if (!JOIN_STARTS(s, "/") && !JOIN_STARTS(s, "file:///") &&
	    !JOIN_STARTS(s, "node:"))
		return false;
	while (n && join_is_digit(s.ptr[n - 1]))
		n--;
	return n > 1 && n < s.len && s.ptr[n - 1] == ':' &&
	       !memchr(s.ptr, ' ', s.len);
}

static bool node_caret(struct slice s)
{
	size_t i = join_blanks(s);
	size_t from = i;

	while (i < s.len && s.ptr[i] == '^')
		i++;
	return i == s.len && i > from;
}

static bool node_frame(struct slice s, uint8_t *state)
{
	size_t blanks = join_blanks(s);

	if (blanks == 0)
		return false;
	s = join_behind(s, blanks);
	if (!JOIN_STARTS(s, "at ") && !JOIN_STARTS(s, "[cause]:") &&
	    !JOIN_STARTS(s, "[errors]:") && !JOIN_STARTS(s, "... "))
		return false;
	*state = s.ptr[s.len - 1] == '{' ? NODE_BLOCK : NODE_LINE;
	return true;
}

/* A step of what is printed of an error that nobody caught. */
static bool node_uncaught(struct slice s, uint8_t before, uint8_t *state)
{
	switch (before) {
	case NODE_PLACE:
		*state = NODE_SOURCE;
		return true;
	case NODE_SOURCE:
		*state = NODE_CARET;
		return node_caret(s);
	case NODE_CARET:
		*state = NODE_GAP;
		return s.len == 0;
	case NODE_GAP:
		*state = NODE_LINE;
		return true;
	default:
		return false;
	}
}

static bool node_block(struct slice s, uint8_t *state)
{
	*state = NODE_BLOCK;
	if (s.len == 0 || join_blanks(s) > 0)
		return true;
	*state = NODE_LINE;
	return s.ptr[0] == '}';
}

static bool node_goes_on(struct slice s, const struct join_open *open,
			 uint8_t *state)
{
	if (open && open->state == NODE_BLOCK && node_block(s, state))
		return true;
	return node_frame(s, state);
}

bool join_node(struct slice line, const struct join_open *open, uint8_t *state)
{
	struct slice body;

	line = join_unended(line);
	if (open && node_uncaught(line, open->state, state))
		return true;
	if (node_goes_on(line, open, state) ||
	    (open && join_body(line, open, &body) &&
	     node_goes_on(body, open, state)))
		return true;
	*state = node_place(line) ? NODE_PLACE : NODE_LINE;
	return false;
}
