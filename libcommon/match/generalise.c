/*
 * generalise.c - patterns from examples. Messages of the same structure (the
 * kinds of their tokens) whose words are mostly the same are a group; column
 * by column, words that all have stay, few words are alternatives, and values
 * become the expression of their class. What was made is then held against the
 * messages and the negatives.
 */
#include <oncall/generalise.h>

#include "generalise-internal.h"

#include <oncall/mem.h>
#include <oncall/pattern.h>
#include <oncall/utf8.h>

#define SPECIFIC_MIN	2 /* words without which it would match anything */
#define TEMPLATE_BYTES	16384
#define TEMPLATE_TOKENS 4096

/* ---- proof ---- */

struct proof {
	struct work *w;
	size_t *groups; /* of the rules of the set */
	size_t message; /* the one at hand */
	bool *hits;	/* of the rules, on it */
};

static int note_failed(void *arg, const struct pattern_hit *hit)
{
	struct proof *p = arg;

	p->w->groups[p->groups[hit->rule]].failed = true;
	return 0;
}

static int note_undecided(void *arg, const struct pattern_hit *hit,
			  const char *why)
{
	(void)why;
	return note_failed(arg, hit);
}

static int note_hit(void *arg, const struct pattern_hit *hit)
{
	struct proof *p = arg;

	p->hits[hit->rule] = true;
	return 0;
}

static struct pattern_set *compile(struct proof *p, size_t *ret_count)
{
	AUTO_FREE struct pattern_rule *rules =
		mem_zero(p->w->group_count + 1, sizeof(*rules));
	AUTO_FREE struct slice *exprs =
		mem_zero(p->w->group_count + 1, sizeof(*exprs));
	struct pattern_set *set = NULL;
	struct err err = ERR_INIT;
	size_t count = 0;

	for (size_t i = 0; i < p->w->group_count; i++) {
		struct group *g = &p->w->groups[i];

		if (g->done || !g->expr.len)
			continue;
		exprs[count] = buf_slice(&g->expr);
		rules[count] = (struct pattern_rule){.id = "made",
						     .exprs = &exprs[count],
						     .expr_count = 1,
						     .caseless = true};
		p->groups[count++] = i;
	}
	*ret_count = count;
	if (!count || pattern_set_new(&set, rules, count, NULL, &err) < 0)
		err_clear(&err);
	return set;
}

/* Takes out of its group what the expression does not match after all. */
static void prove_covers(struct proof *p, const struct pattern_set *set,
			 struct pattern_scratch *scratch, size_t rule)
{
	const struct pattern_sink sink = {.hit = note_hit, .arg = p};
	struct group *g = &p->w->groups[p->groups[rule]];
	size_t kept = 0;

	for (size_t i = 0; i < g->count; i++) {
		p->hits[rule] = false;
		(void)pattern_scan_text(
			set, scratch, p->w->messages[g->members[i]], 0, &sink);
		if (p->hits[rule])
			g->members[kept++] = g->members[i];
	}
	g->count = kept;
	g->failed = g->failed || !kept;
}

static void prove(struct work *w)
{
	AUTO_FREE size_t *groups =
		mem_zero(w->group_count + 1, sizeof(*groups));
	AUTO_FREE bool *hits = mem_zero(w->group_count + 1, sizeof(*hits));
	struct proof p = {.w = w, .groups = groups, .hits = hits};
	const struct pattern_sink sink = {
		.hit = note_failed, .fault = note_undecided, .arg = &p};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;
	size_t count;

	set = compile(&p, &count);
	if (!set)
		return;
	scratch = pattern_scratch_new(set);
	for (size_t i = 0; i < w->negative_count; i++)
		(void)pattern_scan_text(set, scratch, w->negatives[i], 0,
					&sink);
	for (size_t i = 0; i < count; i++) {
		struct group *g = &w->groups[groups[i]];

		prove_covers(&p, set, scratch, i);
		g->done = !g->failed;
	}
}

/* ---- all ---- */

static int by_cover(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (!x->count)
		return 0;
	return x->members[0] < y->members[0] ? -1 : 1;
}

static size_t tell(struct work *w,
		   void (*made)(void *arg, const struct generalise_made *m),
		   void *arg)
{
	size_t told = 0;

	if (w->group_count)
		qsort(w->groups, w->group_count, sizeof(*w->groups), by_cover);
	for (size_t i = 0; i < w->group_count; i++) {
		const struct group *g = &w->groups[i];

		if (!g->done)
			continue;
		told++;
		if (made)
			made(arg, &(struct generalise_made){
					  .expr = buf_slice(&g->expr),
					  .covers = g->members,
					  .cover_count = g->count,
					  .literal_words = g->literal_words});
	}
	return told;
}

static void work_done(struct work *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->read[i].tokens);
	for (size_t i = 0; i < w->group_count; i++) {
		free(w->groups[i].members);
		buf_done(&w->groups[i].expr);
	}
	free(w->read);
	free(w->groups);
	map_done(&w->structures, free);
}

static void make_level(struct work *w, enum level level, size_t words)
{
	for (size_t i = 0; i < w->group_count; i++)
		if (!w->groups[i].done && w->groups[i].count)
			generalise_expr(w, &w->groups[i], level, words);
	prove(w);
}

size_t generalise(const struct slice *messages, size_t count,
		  const struct slice *negatives, size_t negative_count,
		  void (*made)(void *arg, const struct generalise_made *m),
		  void *arg)
{
	CLEANUP(work_done)
	struct work w = {.messages = messages,
			 .count = count,
			 .negatives = negatives,
			 .negative_count = negative_count};

	generalise_group(&w);
	make_level(&w, LEVEL_CLASSES, SPECIFIC_MIN);
	return tell(&w, made, arg);
}

size_t generalise_narrow(const struct slice *messages, size_t count,
			 const struct slice *negatives, size_t negative_count,
			 void (*made)(void *arg,
				      const struct generalise_made *m),
			 void *arg)
{
	CLEANUP(work_done)
	struct work w = {.messages = messages,
			 .count = count,
			 .negatives = negatives,
			 .negative_count = negative_count};

	generalise_group(&w);
	make_level(&w, LEVEL_NAMES, 1);
	make_level(&w, LEVEL_EXACT, 0);
	return tell(&w, made, arg);
}

void generalise_template(struct buf *out, struct slice message)
{
	AUTO_FREE struct token *tokens =
		mem_zero(TEMPLATE_TOKENS, sizeof(*tokens));
	size_t bytes =
		message.len < TEMPLATE_BYTES ? message.len : TEMPLATE_BYTES;
	bool utf8 = utf8_valid(message.ptr, message.len);
	size_t count;

	if (utf8)
		bytes = utf8_cut(message.ptr, message.len, bytes);
	count = token_read((struct slice){message.ptr, bytes}, utf8, tokens,
			   TEMPLATE_TOKENS);
	for (size_t i = 0; i < count; i++) {
		const struct token *t = &tokens[i];

		if (t->kind >= TOKEN_CLASS)
			buf_addf(out, "<%s>",
				 token_classes[t->kind - TOKEN_CLASS].name);
		else if (t->kind == TOKEN_SPACE || slice_is(t->text, "\n"))
			buf_add_char(out, ' ');
		else
			(void)utf8_repair(out, t->text.ptr, t->text.len);
	}
}
