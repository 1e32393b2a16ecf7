/* pattern-tree.c - PCRE2's syntax to a tree: groups, repeats, what is plain. */
#include "pattern-parse.h"

#include <oncall/mem.h>

/* No byte of an expression makes more nodes than two. */
#define NODES_PER_BYTE 2
#define NODES_MORE     8
/* PCRE2's own limit on the numbers of {n,m}. */
#define COUNT_MAX 65535

static void parse_choice(struct pattern_parse *ps, struct pattern_node *parent,
			 struct pattern_mode mode);

void pattern_skip_past(struct pattern_parse *ps, char c)
{
	const char *at = memchr(ps->p, c, (size_t)(ps->end - ps->p));

	ps->failed |= !at;
	ps->p = at ? at + 1 : ps->end;
}

struct pattern_node *pattern_node_add(struct pattern_parse *ps,
				      struct pattern_node *list,
				      enum pattern_node_kind kind)
{
	struct pattern_tree *tree = ps->tree;
	struct pattern_node *node;

	if (tree->count == tree->cap) {
		ps->failed = true;
		return NULL;
	}
	node = &tree->nodes[tree->count++];
	*node = (struct pattern_node){.kind = kind};
	if (list && list->last)
		list->last->next = node;
	else if (list)
		list->first = node;
	if (list)
		list->last = node;
	return node;
}

/* The number at p; COUNT_MAX + 1 when it is larger than that. */
static uint32_t read_number(const char **p, const char *end)
{
	uint32_t n = 0;

	while (*p < end && **p >= '0' && **p <= '9') {
		n = n * 10 + (uint32_t)(*(*p)++ - '0');
		if (n > COUNT_MAX)
			n = COUNT_MAX + 1;
	}
	return n;
}

/*
 * A brace: true with the counts, false when it stands for itself. Versions of
 * PCRE2 differ on {,n} and on blanks inside, which is not understood.
 */
static bool read_braces(struct pattern_parse *ps, uint32_t *min, uint32_t *max)
{
	const char *p = ps->p + 1, *begin = p;

	*min = *max = read_number(&p, ps->end);
	if (p > begin && p < ps->end && *p == ',') {
		p++;
		*max = PATTERN_NO_LIMIT;
		if (p < ps->end && *p >= '0' && *p <= '9')
			*max = read_number(&p, ps->end);
	}
	if (p > begin && p < ps->end && *p == '}') {
		ps->p = p + 1;
		return true;
	}
	p = begin;
	while (p < ps->end && strchr("0123456789, \t", *p) && *p)
		p++;
	ps->failed |= p < ps->end && *p == '}';
	return false;
}

/* Puts the last child of the list below a repeat. */
static void repeat_last(struct pattern_parse *ps, struct pattern_node *list,
			uint32_t min, uint32_t max)
{
	struct pattern_node *last = list->last, *copy;

	/* A repeat of a repeat of a repeat is nothing that anybody writes. */
	if (!last || (last->kind == PATTERN_NODE_REPEAT &&
		      last->first->kind == PATTERN_NODE_REPEAT)) {
		ps->failed = true;
		return;
	}
	copy = pattern_node_add(ps, NULL, PATTERN_NODE_EMPTY);
	if (!copy)
		return;
	*copy = *last;
	*last = (struct pattern_node){.kind = PATTERN_NODE_REPEAT,
				      .min = min,
				      .max = max,
				      .first = copy,
				      .last = copy};
	if (pattern_next_is(ps, '+') || pattern_next_is(ps, '?'))
		ps->p++;
}

/* True when there was a quantifier at p. */
static bool parse_repeat(struct pattern_parse *ps, struct pattern_node *list)
{
	uint32_t min = 0, max = PATTERN_NO_LIMIT;

	switch (*ps->p) {
	case '*':
		break;
	case '+':
		min = 1;
		break;
	case '?':
		max = 1;
		break;
	case '{':
		if (!read_braces(ps, &min, &max))
			return false;
		repeat_last(ps, list, min, max);
		return true;
	default:
		return false;
	}
	ps->p++;
	repeat_last(ps, list, min, max);
	return true;
}

/* After "(": verbs that only take matches away. (*ACCEPT), which makes the
 * rest optional, and those that redefine the newline, are not understood. */
static void parse_verb(struct pattern_parse *ps, struct pattern_node *list)
{
	static const char *const known[] = {
		"UTF",	"NO_JIT",     "NO_START_OPT", "NO_AUTO_POSSESS",
		"F",	"FAIL",	      "COMMIT",	      "PRUNE",
		"SKIP", "THEN",	      "MARK",	      "LIMIT_MATCH",
		"",	"LIMIT_DEPTH"};
	struct slice name = {ps->p + 1, 0};

	pattern_skip_past(ps, ')');
	if (ps->failed)
		return;
	while (name.ptr + name.len < ps->p - 1 &&
	       !strchr(":=", name.ptr[name.len]))
		name.len++;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_is(name, known[i])) {
			(void)pattern_node_add(ps, list, PATTERN_NODE_EMPTY);
			return;
		}
	}
	ps->failed = true;
}

/* A group: what stands in it, and its closing parenthesis. */
static void parse_inner(struct pattern_parse *ps, struct pattern_node *list,
			struct pattern_mode mode)
{
	if (++ps->depth > PATTERN_MAX_DEPTH)
		ps->failed = true;
	else
		parse_choice(ps, list, mode);
	ps->depth--;
	if (pattern_next_is(ps, ')'))
		ps->p++;
	else
		ps->failed = true;
}

/* A group that counts for nothing, or for anything. */
static void parse_hidden(struct pattern_parse *ps, struct pattern_node *list,
			 struct pattern_mode mode, enum pattern_node_kind kind)
{
	struct pattern_node hidden = {.kind = PATTERN_NODE_LIST};

	(void)pattern_node_add(ps, list, kind);
	parse_inner(ps, &hidden, mode);
}

/* (?flags) changes the mode of the group around it, (?flags:...) its own. */
static void parse_flags(struct pattern_parse *ps, struct pattern_node *list,
			struct pattern_mode *mode)
{
	struct pattern_mode now = *mode;
	bool on = true;

	for (; !pattern_at_end(ps) && *ps->p != ')' && *ps->p != ':'; ps->p++) {
		if (*ps->p == '^') {
			now = (struct pattern_mode){.caseless = false};
		} else if (*ps->p == '-') {
			on = false;
		} else if (*ps->p == 'i') {
			now.caseless = on;
		} else if (*ps->p == 'x') {
			now.extended = on;
			now.extended_more =
				on && ps->p + 1 < ps->end && ps->p[1] == 'x';
			ps->p += ps->p + 1 < ps->end && ps->p[1] == 'x';
		} else if (!strchr("nmsJU", *ps->p)) {
			ps->failed = true;
			return;
		}
	}
	if (pattern_at_end(ps)) {
		ps->failed = true;
	} else if (*ps->p++ == ':') {
		parse_inner(ps, list, now);
	} else {
		*mode = now;
	}
}

/* After "(?(": anything may stand for the whole, but its end must be found. A
 * condition that is itself an assertion is not understood. */
static void parse_condition(struct pattern_parse *ps, struct pattern_node *list,
			    struct pattern_mode mode)
{
	if (pattern_at_end(ps) || strchr("?*", *ps->p)) {
		ps->failed = true;
		return;
	}
	pattern_skip_past(ps, ')');
	parse_hidden(ps, list, mode, PATTERN_NODE_ANY);
}

/* After "(?<": a name, or a look behind. */
static void parse_angle(struct pattern_parse *ps, struct pattern_node *list,
			struct pattern_mode mode)
{
	if (!pattern_at_end(ps) && strchr("=!*", *ps->p)) {
		ps->p++;
		parse_hidden(ps, list, mode, PATTERN_NODE_EMPTY);
		return;
	}
	pattern_skip_past(ps, '>');
	parse_inner(ps, list, mode);
}

/* After "(?P". */
static void parse_python(struct pattern_parse *ps, struct pattern_node *list,
			 struct pattern_mode mode)
{
	if (pattern_next_is(ps, '<')) {
		pattern_skip_past(ps, '>');
		parse_inner(ps, list, mode);
		return;
	}
	(void)pattern_node_add(ps, list, PATTERN_NODE_ANY);
	pattern_skip_past(ps, ')');
}

/* After "(?C": only the plain kinds, (?C) and (?C12). */
static void parse_callout(struct pattern_parse *ps)
{
	while (!pattern_at_end(ps) && *ps->p >= '0' && *ps->p <= '9')
		ps->p++;
	if (pattern_next_is(ps, ')'))
		ps->p++;
	else
		ps->failed = true;
}

static bool is_digit_at(const struct pattern_parse *ps, size_t i)
{
	return (size_t)(ps->end - ps->p) > i && ps->p[i] >= '0' &&
	       ps->p[i] <= '9';
}

/* After "(?". */
static void parse_special(struct pattern_parse *ps, struct pattern_node *list,
			  struct pattern_mode *mode)
{
	char c = pattern_at_end(ps) ? '\0' : *ps->p++;

	if (c == '#') {
		pattern_skip_past(ps, ')');
	} else if (c == ':' || c == '|' || c == '>') {
		parse_inner(ps, list, *mode);
	} else if (c == '=' || c == '!' || c == '*') {
		parse_hidden(ps, list, *mode, PATTERN_NODE_EMPTY);
	} else if (c == '<') {
		parse_angle(ps, list, *mode);
	} else if (c == '\'') {
		pattern_skip_past(ps, '\'');
		parse_inner(ps, list, *mode);
	} else if (c == 'P') {
		parse_python(ps, list, *mode);
	} else if (c == 'C') {
		parse_callout(ps);
	} else if (c == '(') {
		parse_condition(ps, list, *mode);
	} else if (c == 'R' || c == '&' || (c >= '0' && c <= '9') ||
		   ((c == '+' || c == '-') && is_digit_at(ps, 0))) {
		(void)pattern_node_add(ps, list, PATTERN_NODE_ANY);
		pattern_skip_past(ps, ')');
	} else {
		ps->p--;
		parse_flags(ps, list, mode);
	}
}

/* What (?x) skips: true when there was something. */
static bool skip_extended(struct pattern_parse *ps)
{
	if (strchr(" \t\n\v\f\r", *ps->p) && *ps->p) {
		ps->p++;
		return true;
	}
	if (*ps->p != '#')
		return false;
	while (!pattern_at_end(ps) && *ps->p != '\n')
		ps->p++;
	return true;
}

static void parse_plain(struct pattern_parse *ps, struct pattern_node *list,
			struct pattern_mode mode)
{
	uint32_t code = pattern_char_read(ps);

	if (code == '.')
		pattern_set_add(ps, list, pattern_bytes_any(ps));
	else if (code == '^')
		(void)pattern_node_add(ps, list, PATTERN_NODE_START);
	else if (code == '$')
		(void)pattern_node_add(ps, list, PATTERN_NODE_EMPTY);
	else if (code >= 0x80 && mode.extended) /* some are blanks then */
		(void)pattern_node_add(ps, list, PATTERN_NODE_ANY);
	else
		pattern_char_add(ps, list, mode, code);
}

static void parse_item(struct pattern_parse *ps, struct pattern_node *list,
		       struct pattern_mode *mode)
{
	if (mode->extended && skip_extended(ps))
		return;
	if (parse_repeat(ps, list) || ps->failed)
		return;
	if (*ps->p == '\\') {
		ps->p++;
		pattern_escape_parse(ps, list, *mode);
	} else if (*ps->p == '[') {
		ps->p++;
		pattern_class_parse(ps, list, *mode);
	} else if (*ps->p == '(') {
		ps->p++;
		if (pattern_next_is(ps, '*')) {
			parse_verb(ps, list);
		} else if (pattern_next_is(ps, '?')) {
			ps->p++;
			parse_special(ps, list, mode);
		} else {
			parse_inner(ps, list, *mode);
		}
	} else {
		parse_plain(ps, list, *mode);
	}
}

/* What stands between | and |, up to a closing parenthesis or the end. The
 * mode goes on from one to the next, as it does in PCRE2. */
static void parse_choice(struct pattern_parse *ps, struct pattern_node *parent,
			 struct pattern_mode mode)
{
	struct pattern_node *choice =
		pattern_node_add(ps, parent, PATTERN_NODE_CHOICE);
	struct pattern_node *list =
		choice ? pattern_node_add(ps, choice, PATTERN_NODE_LIST) : NULL;

	while (list && !ps->failed && !pattern_at_end(ps) && *ps->p != ')') {
		if (*ps->p == '|') {
			ps->p++;
			list = pattern_node_add(ps, choice, PATTERN_NODE_LIST);
		} else {
			parse_item(ps, list, &mode);
		}
	}
}

bool pattern_tree_parse(struct pattern_tree *tree, struct slice text,
			bool caseless, bool utf)
{
	struct pattern_parse ps = {.p = text.ptr,
				   .end = text.ptr + text.len,
				   .tree = tree,
				   .utf = utf};
	struct pattern_mode mode = {.caseless = caseless};

	*tree = (struct pattern_tree){.cap = text.len * NODES_PER_BYTE +
					     NODES_MORE};
	tree->nodes = mem_alloc(tree->cap * sizeof(*tree->nodes));
	tree->root = pattern_node_add(&ps, NULL, PATTERN_NODE_LIST);
	parse_choice(&ps, tree->root, mode);
	return !ps.failed && pattern_at_end(&ps);
}

void pattern_tree_done(struct pattern_tree *tree)
{
	free(tree->nodes);
	*tree = (struct pattern_tree){.nodes = NULL};
}

uint32_t pattern_node_min(const struct pattern_node *node)
{
	uint64_t least = 0, one;

	switch (node->kind) {
	case PATTERN_NODE_EMPTY:
	case PATTERN_NODE_START:
	case PATTERN_NODE_ANY:
		return 0;
	case PATTERN_NODE_BYTES:
		return 1;
	case PATTERN_NODE_REPEAT:
		least = (uint64_t)node->min * pattern_node_min(node->first);
		break;
	case PATTERN_NODE_LIST:
		for (node = node->first; node; node = node->next)
			least += pattern_node_min(node);
		break;
	case PATTERN_NODE_CHOICE:
		least = UINT32_MAX;
		for (node = node->first; node; node = node->next) {
			one = pattern_node_min(node);
			least = one < least ? one : least;
		}
		break;
	}
	return least > UINT32_MAX ? UINT32_MAX : (uint32_t)least;
}
