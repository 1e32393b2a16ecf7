/* kb-match.c - which entries say what this is. */
#include <oncall/kb-match.h>

#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

#include "kb-match-internal.h"

/* How many more candidates are judged than are asked for: what speaks for an
 * entry besides its text can lift it so far. */
#define CANDIDATES_MIN 20
#define CANDIDATES_PER 4

/* What each part of structure is worth. */
#define SERVICE_AGREES	 0.5
#define SERVICE_DIFFERS	 (-0.5)
#define CATEGORY_AGREES	 0.4
#define CATEGORY_DIFFERS (-0.2)
#define TAGS_AGREE	 0.2

static void found_done(struct kb_match_found *f)
{
	free(f->id);
	free(f->title);
	free(f->matched);
	free(f->solutions);
	free(f->solution_names);
	free(f->category_name);
}

void kb_match_done(struct kb_match *m)
{
	for (size_t i = 0; i < m->count; i++)
		found_done(&m->found[i]);
	free(m->found);
	*m = (struct kb_match){NULL, 0};
}

/* Towards 1 for what speaks for it, towards 0 for what speaks against it; an
 * entry that nothing else has found stays where it is. */
static double moved(double score, double weight, double evidence)
{
	double step = weight * evidence;

	return step > 0 ? score + score * (1 - score) * step
			: score * (1 + step);
}

static double tags_agree(const struct knowledge_list *tags, struct slice json)
{
	size_t same = 0;

	for (size_t i = 0; i < tags->count && json.len; i++) {
		AUTO_BUF struct buf item = BUF_INIT;

		jwrite_str(&item, NULL, tags->items[i]);
		same += jlist_has(json, buf_slice(&item));
	}
	return tags->count ? (double)same / (double)tags->count : 0;
}

static void judge_structure(struct kb_match_found *f,
			    const struct knowledge_entry *e,
			    const struct kb_question *q)
{
	double s = 0;

	if (q->service.len && e->services.count) {
		f->service =
			knowledge_list_has(&e->services, buf_str(&q->service));
		s += f->service ? SERVICE_AGREES : SERVICE_DIFFERS;
	}
	if (q->category.len && e->category) {
		f->category = !strcmp(e->category, buf_str(&q->category));
		s += f->category ? CATEGORY_AGREES : CATEGORY_DIFFERS;
	}
	s += TAGS_AGREE * tags_agree(&e->tags, buf_slice(&q->tags));
	f->structure = s > 1 ? 1 : s < -1 ? -1 : s;
}

static double score_of(const struct kb_match_found *f)
{
	double found = 1 - (1 - KB_MATCH_PATTERN * f->pattern) *
				   (1 - KB_MATCH_TEXT * f->text);

	found = moved(found, KB_MATCH_STRUCTURE, f->structure);
	return moved(found, KB_MATCH_OUTCOMES, f->outcomes);
}

static int read_payload(struct knowledge_entry *e, struct slice payload,
			struct err *err)
{
	if (knowledge_read(e, payload, err) < 0)
		return err_prefix(err, "index of the knowledge base");
	return 0;
}

static int judge(struct kb_match_candidate *c, const struct kb_question *q,
		 const struct search_hit *hit, struct err *err)
{
	struct kb_match_found *f = &c->found;

	if (read_payload(&c->entry, hit->payload, err) < 0)
		return -1;
	f->id = mem_dup_bytes(hit->key.ptr, hit->key.len);
	f->title = mem_dup(c->entry.title);
	f->category_name = mem_dup(c->entry.category);
	f->by_rule = hit->label;
	f->pattern = hit->label ? 1 : hit->pattern;
	f->text = hit->text;
	f->words = hit->bm25;
	f->letters = hit->grams;
	f->expr = hit->pattern > 0 ? (int64_t)hit->expr : -1;
	if (hit->match.len)
		f->matched = mem_dup_bytes(hit->match.ptr, hit->match.len);
	judge_structure(f, &c->entry, q);
	f->score = score_of(f);
	return 0;
}

static int better(const void *a, const void *b)
{
	const struct kb_match_found *x =
		&((const struct kb_match_candidate *)a)->found;
	const struct kb_match_found *y =
		&((const struct kb_match_candidate *)b)->found;

	if (x->score > y->score || x->score < y->score)
		return x->score > y->score ? -1 : 1;
	if (x->pattern > y->pattern || x->pattern < y->pattern)
		return x->pattern > y->pattern ? -1 : 1;
	if (x->text > y->text || x->text < y->text)
		return x->text > y->text ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void candidate_done(struct kb_match_candidate *c)
{
	found_done(&c->found);
	knowledge_done(&c->entry);
	c->found = (struct kb_match_found){.id = NULL};
}

/* What was right before is more likely to be right again. */
static int add_outcomes(struct kb *kb, struct kb_match_candidate *c,
			size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct kb_confidence confidence;

		if (kb_confidence(kb, &c[i].entry, NULL, &confidence, err) < 0)
			return -1;
		if (confidence.outcomes > 0)
			c[i].found.outcomes = 2 * confidence.mean - 1;
		c[i].found.score = score_of(&c[i].found);
	}
	return 0;
}

static size_t candidates_for(size_t top)
{
	size_t want = top * CANDIDATES_PER;

	return want < CANDIDATES_MIN ? CANDIDATES_MIN : want;
}

static int judge_all(struct kb *kb, struct kb_match_candidate *c,
		     const struct search_hit *hits, size_t count,
		     const struct kb_question *q, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (judge(&c[i], q, &hits[i], err) < 0)
			return -1;
	if (add_outcomes(kb, c, count, err) < 0)
		return -1;
	if (count)
		qsort(c, count, sizeof(*c), better);
	return 0;
}

/* The best of the candidates become what was found. */
static int settle(struct kb *kb, struct kb_match_candidate *c, size_t count,
		  const struct kb_match_options *o, struct kb_match *ret,
		  struct err *err)
{
	size_t top = count < o->top ? count : o->top;

	ret->found = mem_zero(o->top, sizeof(*ret->found));
	for (size_t i = 0; i < top && c[i].found.score >= o->min_score; i++) {
		if (kb_match_solutions(kb, &c[i], err) < 0)
			return -1;
		if (i == 0 && kb_match_reusable(kb, c, count, err) < 0)
			return -1;
		ret->found[ret->count++] = c[i].found;
		c[i].found = (struct kb_match_found){.id = NULL};
	}
	return 0;
}

int kb_match(struct kb *kb, struct kb_index *index, const struct kb_question *q,
	     const struct kb_match_options *o, struct kb_match *ret,
	     struct err *err)
{
	size_t limit = candidates_for(o->top);
	AUTO_FREE struct search_hit *hits = mem_zero(limit, sizeof(*hits));
	struct slice labels[KNOWLEDGE_MAX_ITEMS];
	struct search_query query = {.title = buf_slice(&q->title),
				     .text = buf_slice(&q->text),
				     .labels = labels,
				     .limit = limit};
	struct kb_match_candidate *c;
	size_t count = 0;
	int rc;

	*ret = (struct kb_match){NULL, 0};
	for (size_t i = 0; i < q->rules.count && i < ARRAY_LEN(labels); i++)
		labels[query.label_count++] = slice_of(q->rules.items[i]);
	if (kb_index_refresh(index, err) < 0 ||
	    search_find(kb_index_search(index), &query, hits, &count, err) < 0)
		return -1;
	c = mem_zero(count ? count : 1, sizeof(*c));
	rc = judge_all(kb, c, hits, count, q, err);
	if (rc == 0)
		rc = settle(kb, c, count, o, ret, err);
	for (size_t i = 0; i < count; i++)
		candidate_done(&c[i]);
	free(c);
	if (rc < 0)
		kb_match_done(ret);
	return rc;
}
