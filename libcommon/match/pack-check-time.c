/*
 * pack-check-time.c - expressions that some texts keep busy.
 *
 * Texts are made of seeds: the examples, and the expression itself, which has
 * the literal parts that a match needs. Up to each place in a seed the text is
 * the seed's, so that what stands before a repetition matches; then something
 * stands there many times; then a byte that nothing expects, which makes the
 * expression try all ways to part the run; then the seed again, for without
 * the letters that must occur PCRE2 would not even begin. What needs more steps
 * than a match may have is told, and what takes too long: in code that PCRE2
 * compiled, the steps of a repetition of one character are not counted.
 */
#include "pack-check.h"

#include <ctype.h>
#include <time.h>

#include <oncall/mem.h>
#include <oncall/show.h>

/* Steps that grow with the square of a run of this length stay below
 * PATTERN_MATCH_LIMIT, those that grow with its cube do not. */
#define RUN_BYTES   500
#define PLACES_MAX  16
#define PIECES_MAX  48
#define PIECE_BYTES 20
#define SHOWN_BYTES 40
#define END_BYTE    '\1'
/* For one expression; a faulty one is mostly found with the first texts. */
#define BUDGET_US 40000
/* What grows with the square takes a tenth of it. */
#define SLOW_US 20000
/* The first time code is compiled, and any time may be disturbed. */
#define SLOW_TIMES 3

/* What is repeated. */
struct pieces {
	struct {
		char text[PIECE_BYTES + 1];
	} list[PIECES_MAX];
	size_t count;
};

struct trial {
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	struct buf text;
	struct slice prefix;
	const char *piece;
	int64_t end; /* of the time */
	bool faulted, slow;
};

static int64_t now_us(void)
{
	struct timespec t;

	/* The time of this thread, for others must not change what is found. */
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void add_piece(struct pieces *p, const char *text, size_t n)
{
	if (!n || n > PIECE_BYTES || p->count == PIECES_MAX)
		return;
	for (size_t i = 0; i < p->count; i++)
		if (slice_is((struct slice){text, n}, p->list[i].text))
			return;
	memcpy(p->list[p->count].text, text, n);
	p->list[p->count++].text[n] = '\0';
}

/* Of every rule: the usual classes, and each character of the expression. */
static void add_common(struct pieces *p, const char *expr)
{
	static const char *const common[] = {"a",  "0",	 " ",  "a ",
					     "-.", "=,", "a:", "ab"};

	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		add_piece(p, common[i], strlen(common[i]));
	for (; *expr; expr++)
		if (isgraph((unsigned char)*expr))
			add_piece(p, expr, 1);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c);
}

/* Between words and what parts them. */
static bool is_place(struct slice seed, size_t at)
{
	return at == 0 || at == seed.len || !is_word(seed.ptr[at]) ||
	       !is_word(seed.ptr[at - 1]);
}

/* The word that ends at the place, alone and with what stands behind it. */
static void add_near(struct pieces *p, struct slice seed, size_t at)
{
	size_t from = at;

	while (from && is_word(seed.ptr[from - 1]))
		from--;
	add_piece(p, seed.ptr + from, at - from);
	if (at < seed.len) {
		add_piece(p, seed.ptr + from, at - from + 1);
		add_piece(p, seed.ptr + at, 1);
	}
}

static int ignore_hit(void *arg, const struct pattern_hit *hit)
{
	(void)arg;
	(void)hit;
	return 0;
}

static int on_fault(void *arg, const struct pattern_hit *hit, const char *why)
{
	struct trial *t = arg;

	(void)hit;
	(void)why;
	t->faulted = true;
	return 1;
}

static void try_text(struct trial *t, struct slice seed, const char *piece)
{
	const struct pattern_sink sink = {
		.hit = ignore_hit, .fault = on_fault, .arg = t};
	size_t n = strlen(piece);

	buf_reset(&t->text);
	buf_add_slice(&t->text, t->prefix);
	while (t->text.len < t->prefix.len + RUN_BYTES)
		buf_add(&t->text, piece, n);
	buf_add_char(&t->text, END_BYTE);
	buf_add_slice(&t->text, seed);
	t->piece = piece;
	t->slow = true;
	for (int i = 0; i < SLOW_TIMES && t->slow && !t->faulted; i++) {
		int64_t begin = now_us();

		(void)pattern_scan_text(t->set, t->scratch, buf_slice(&t->text),
					0, &sink);
		t->slow = now_us() - begin > SLOW_US;
	}
}

/* Whether to go on. */
static bool may_go_on(const struct trial *t)
{
	return !t->faulted && !t->slow && now_us() < t->end;
}

static void try_seed(struct trial *t, struct slice seed,
		     const struct pieces *common, struct pieces *near)
{
	size_t places = 0;

	for (size_t at = 0; at <= seed.len && places < PLACES_MAX; at++) {
		if (!is_place(seed, at))
			continue;
		places++;
		t->prefix = (struct slice){seed.ptr, at};
		near->count = 0;
		add_near(near, seed, at);
		for (size_t i = 0; i < near->count && may_go_on(t); i++)
			try_text(t, seed, near->list[i].text);
		for (size_t i = 0; i < common->count && may_go_on(t); i++)
			try_text(t, seed, common->list[i].text);
		if (!may_go_on(t))
			return;
	}
}

static void tell(struct buf *text, const struct trial *t)
{
	buf_add_str(text, "can backtrack without bound: a repetition stands "
			  "in another, or next to one of the same "
			  "characters; try many times \"");
	show_text(text, t->piece, strlen(t->piece), 0);
	buf_add_char(text, '"');
	if (t->prefix.len) {
		buf_add_str(text, " behind \"");
		show_text(text, t->prefix.ptr, t->prefix.len, SHOWN_BYTES);
		buf_add_char(text, '"');
	}
}

/* The expression alone, on every text. */
static bool start(struct trial *t, const struct pack_rule *r, const char *expr)
{
	const struct pattern_options opt = {.engine = "pcre2"};
	const struct slice text = slice_of(expr);
	const struct pattern_rule rule = {.id = "tried",
					  .exprs = &text,
					  .expr_count = 1,
					  .caseless = !r->case_sensitive};
	struct err ignored = ERR_INIT; /* told by who compiles all */

	if (pattern_set_new(&t->set, &rule, 1, &opt, &ignored) < 0)
		return false;
	t->scratch = pattern_scratch_new(t->set);
	return true;
}

static void trial_done(struct trial *t)
{
	pattern_scratch_free(t->scratch);
	pattern_set_free(t->set);
	buf_done(&t->text);
}

/* The number of ways that a repetition at p, which stands behind its atom, can
 * end; *used is its length. 0: there is none. */
static uint64_t ways_of(const char *p, size_t *used)
{
	uint64_t low = 0, high = 0;
	size_t n = 1;

	*used = 1;
	if (*p == '*' || *p == '+')
		return RUN_BYTES;
	if (*p == '?')
		return 2;
	if (*p != '{' || !isdigit((unsigned char)p[1]))
		return 0;
	for (; isdigit((unsigned char)p[n]) && low < RUN_BYTES; n++)
		low = 10 * low + (uint64_t)(p[n] - '0');
	high = low;
	if (p[n] == ',') {
		n++;
		if (!isdigit((unsigned char)p[n]))
			high = low + RUN_BYTES;
		else
			high = 0;
		for (; isdigit((unsigned char)p[n]) && high < RUN_BYTES; n++)
			high = 10 * high + (uint64_t)(p[n] - '0');
	}
	*used = n;
	return high > low ? high - low + 1 : 1;
}

/* Behind the class that begins at p. */
static const char *skip_class(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	p += *p == ']';
	while (*p && *p != ']')
		p += *p == '\\' && p[1] ? 2 : 1;
	return *p ? p + 1 : p;
}

/* Calls of groups, and what is not read here. */
static bool is_beyond_us(const char *p)
{
	if (*p == '\\')
		return p[1] == 'g' || p[1] == 'Q';
	if (p[0] != '(' || p[1] != '?' || !p[2])
		return false;
	return strchr("R&+-0123456789(x", p[2]) || (p[2] == 'P' && p[3] != '<');
}

/* Behind the atom, or part of one, at p. */
static const char *skip_atom(const char *p)
{
	if (*p == '[')
		return skip_class(p);
	if ((*p == '\\' && p[1]) || (p[0] == '(' && p[1] == '?'))
		return p + 2;
	return p + 1;
}

/*
 * Whether the expression could need too many steps: most cannot, and are not
 * tried. That is so when no group is repeated and the ways to end all
 * repetitions, times the places to begin, are few.
 */
static bool may_explode(const char *p)
{
	uint64_t ways = RUN_BYTES;
	bool behind_group = false;

	while (*p && ways <= PATTERN_MATCH_LIMIT) {
		size_t used = 0;
		uint64_t more = ways_of(p, &used);

		if (is_beyond_us(p) || (behind_group && more && *p != '?'))
			return true;
		if (more) {
			ways *= more;
			p += used;
			/* "+?" and "++" are one repetition. */
			p += *p == '?' || *p == '+';
			behind_group = false;
		} else {
			behind_group = *p == ')';
			p = skip_atom(p);
		}
	}
	return ways > PATTERN_MATCH_LIMIT;
}

bool pack_backtracks(const struct pack_rule *r, const char *expr,
		     struct buf *how)
{
	CLEANUP(trial_done) struct trial t = {.text = BUF_INIT};
	struct pieces common = {.count = 0}, near;

	if (!may_explode(expr) || !start(&t, r, expr))
		return false;
	add_common(&common, expr);
	t.end = now_us() + BUDGET_US;
	for (size_t i = 0; i < r->examples.count && may_go_on(&t); i++)
		try_seed(&t, slice_of(r->examples.items[i].text), &common,
			 &near);
	if (may_go_on(&t))
		try_seed(&t, slice_of(expr), &common, &near);
	if (!t.faulted && !t.slow)
		return false;
	tell(how, &t);
	return true;
}

static void check_expressions(struct pack_checking *c,
			      const struct pack_rule *r,
			      const struct pack_list *list)
{
	AUTO_BUF struct buf how = BUF_INIT;

	for (size_t i = 0; i < list->count; i++)
		if (pack_backtracks(r, list->items[i].text, &how))
			pack_check_tell(c, PACK_ERROR, r,
					list->items[i].line
						? list->items[i].line
						: r->line,
					&how);
}

void pack_check_time(struct pack_checking *c, const struct pack_rule *r)
{
	check_expressions(c, r, &r->match);
	check_expressions(c, r, &r->except);
}
