/* search-match.c - the expressions of an index, compiled when they are first
 * needed and run on a text. */
#include "search-grow.h"

#include <oncall/mem.h>
#include <oncall/pattern.h>

/* Compiled expressions that are kept; then all are forgotten. */
#define CODES_MAX 8192
/* An expression with so many bits is in the middle between 0 and 1. */
#define SPECIFIC_BITS 24.0
/* What an expression is worth that says nothing by itself. */
#define SPECIFIC_MIN 0.01
/* Bytes of the expression that are looked at for that. */
#define SPECIFIC_BYTES 1024

struct code {
	uint32_t expr;
	struct pattern_set *set; /* NULL: PCRE2 refused it */
	struct pattern_scratch *scratch;
	double specific;
};

struct search_codes {
	struct code *list;
	uint32_t count, cap;
	uint32_t *slots;
	uint32_t slot_count;
	struct pattern_rarity rarity;
	struct search_numbers found;
};

static void forget(struct search_codes *c)
{
	for (uint32_t i = 0; i < c->count; i++) {
		pattern_scratch_free(c->list[i].scratch);
		pattern_set_free(c->list[i].set);
	}
	c->count = 0;
	if (c->slots)
		memset(c->slots, 0, c->slot_count * sizeof(*c->slots));
}

void search_codes_free(struct search_codes *c)
{
	if (!c)
		return;
	forget(c);
	free(c->list);
	free(c->slots);
	free(c->found.list);
	free(c);
}

struct search_codes *search_codes_new(void)
{
	struct search_codes *c = mem_zero(1, sizeof(*c));

	c->slot_count = CODES_MAX * 2;
	c->slots = mem_zero(c->slot_count, sizeof(*c->slots));
	pattern_rarity_init(&c->rarity, PATTERN_PLAIN);
	return c;
}

/* Behind a bracket of any kind: what stands in it is no text of the match. */
static size_t skip_set(struct slice text, size_t i, char end)
{
	size_t start = ++i;

	for (; i < text.len && (text.ptr[i] != end || i == start); i++)
		if (text.ptr[i] == '\\')
			i++;
	return i;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/*
 * How much a match of the expression tells, from the letters and digits that
 * stand in it as such, in the shortest of its alternatives' mean: it does not
 * depend on the text, in which ".*" may have matched a lot.
 */
static double specific_of(const struct pattern_rarity *rarity,
			  struct slice text)
{
	double bits[PATTERN_STRING_BYTES], sum = 0;
	size_t branches = 1, n = 0;
	char run[PATTERN_STRING_BYTES];

	text.len = text.len < SPECIFIC_BYTES ? text.len : SPECIFIC_BYTES;
	for (size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.ptr[i] : '\0';

		if (c == '\\')
			i++;
		else if (c == '[')
			i = skip_set(text, i, ']');
		else if (c == '{')
			i = skip_set(text, i, '}');
		else if (c == '(' && i + 1 < text.len && text.ptr[i + 1] == '?')
			i = skip_set(text, i, ':') < text.len &&
					    text.ptr[i + 2] != '<' &&
					    text.ptr[i + 2] != 'P'
				    ? i + 2
				    : skip_set(text, i, '>');
		branches += c == '|';
		if ((is_plain(c) || c == ' ') && n < sizeof(run)) {
			run[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a'
							       : c);
			continue;
		}
		pattern_weigh(rarity, run, n, bits);
		while (n > 0)
			sum += bits[--n];
	}
	sum /= (double)branches;
	sum = sum / (sum + SPECIFIC_BITS);
	return sum > SPECIFIC_MIN ? sum : SPECIFIC_MIN;
}

static void compile(struct search_codes *c, const struct search_part *part,
		    struct code *code)
{
	const struct pattern_options options = {.engine = "pcre2"};
	struct search_cursor at =
		search_part_cursor(part, part->exprs[code->expr].at);
	AUTO_FREE struct slice *excepts = NULL;
	struct err err = ERR_INIT;
	struct slice text;
	uint64_t count;
	bool caseless = search_read_number(&at) & 1;

	text = search_read_bytes(&at);
	count = search_read_number(&at);
	if (!at.ok || count > SEARCH_MAX_EXCEPTS)
		return;
	excepts = mem_zero((size_t)count + 1, sizeof(*excepts));
	for (size_t i = 0; i < count; i++)
		excepts[i] = search_read_bytes(&at);
	if (!at.ok)
		return;
	if (pattern_set_new(
		    &code->set,
		    &(struct pattern_rule){.id = "",
					   .exprs = &text,
					   .expr_count = 1,
					   .excepts = excepts,
					   .except_count = (size_t)count,
					   .caseless = caseless},
		    1, &options, &err) < 0)
		return;
	code->scratch = pattern_scratch_new(code->set);
	code->specific = specific_of(&c->rarity, text);
}

static struct code *code_of(struct search_codes *c,
			    const struct search_part *part, uint32_t expr)
{
	uint64_t hash = expr * UINT64_C(0x9e3779b97f4a7c15) >> 32, slot;
	struct code *code;

	for (slot = hash; c->slots[slot & (c->slot_count - 1)]; slot++) {
		code = &c->list[c->slots[slot & (c->slot_count - 1)] - 1];
		if (code->expr == expr)
			return code;
	}
	if (c->count == CODES_MAX)
		forget(c);
	c->list =
		search_grow_list(c->list, c->count, &c->cap, sizeof(*c->list));
	code = &c->list[c->count];
	*code = (struct code){.expr = expr};
	compile(c, part, code);
	search_slot_put(c->slots, c->slot_count, hash, c->count++);
	return code;
}

struct scan {
	bool hit;
	struct slice match;
};

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct scan *scan = arg;

	scan->hit = true;
	scan->match = hit->match;
	return 1;
}

/* On each line, and on several as one text. */
static bool run(const struct code *code, struct slice text, struct scan *scan)
{
	const struct pattern_sink sink = {.hit = on_hit, .arg = scan};
	const struct pattern_block block = {.text = text, .line = 1};

	*scan = (struct scan){.hit = false};
	if (!code->set)
		return false;
	if (pattern_scan(code->set, code->scratch, &block, &sink) == 0 &&
	    text.len && memchr(text.ptr, '\n', text.len))
		(void)pattern_scan_text(code->set, code->scratch, text, 0,
					&sink);
	return scan->hit;
}

static void add_match(struct search_matches *found, struct search_match m)
{
	found->list = search_grow_list(found->list, found->count, &found->cap,
				       sizeof(*found->list));
	found->list[found->count++] = m;
}

void search_match_exprs(struct search_codes *c, const struct search_part *part,
			struct slice text, struct search_matches *found)
{
	struct scan scan;

	if (text.len > SEARCH_MAX_TEXT)
		text.len = SEARCH_MAX_TEXT;
	c->found.count = 0;
	search_needles_find(part, text, &c->found);
	for (uint32_t i = 0; i < c->found.count; i++) {
		uint32_t expr = c->found.list[i];
		const struct search_place *place = &part->exprs[expr];
		const struct code *code;

		if (place->doc >= part->doc_count ||
		    search_part_gone(part, place->doc))
			continue;
		code = code_of(c, part, expr);
		if (run(code, text, &scan))
			add_match(found, (struct search_match){
						 .doc = place->doc,
						 .index = place->index,
						 .specific = code->specific,
						 .match = scan.match});
	}
}
