/* kb-match-write.c - what was found, for the next program and for people. */
#include <oncall/kb-match.h>

#include <stdarg.h>
#include <stdio.h>

#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/show.h>

#include "kb-match-internal.h"

/* Figures in records have three decimals: more would be noise. */
#define THOUSAND 1000.0

#define MATCHED_MAX 120 /* bytes of a matched text that people see */

static double rounded(double value)
{
	double scaled = value * THOUSAND;

	return (double)(int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5) /
	       THOUSAND;
}

static void write_solution(struct buf *out, const struct knowledge_solution *s,
			   const struct kb_confidence *c)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "name", s->name);
	jwrite_str_opt(out, "action", s->action);
	jwrite_raw(out, "params",
		   s->params ? slice_of(s->params) : SLICE_LIT("{}"));
	jwrite_real(out, "confidence", rounded(c->mean));
	jwrite_real(out, "lower", rounded(c->lower));
	jwrite_int(out, "outcomes", c->outcomes);
	jwrite_close(out, '}');
}

int kb_match_solutions(struct kb *kb, struct kb_match_candidate *c,
		       struct err *err)
{
	const struct knowledge_entry *e = &c->entry;
	AUTO_BUF struct buf out = BUF_INIT, names = BUF_INIT;

	jwrite_open(&out, NULL, '[');
	for (size_t i = 0; i < e->solution_count; i++) {
		struct kb_confidence confidence;

		if (kb_confidence(kb, e, e->solutions[i].name, &confidence,
				  err) < 0)
			return -1;
		write_solution(&out, &e->solutions[i], &confidence);
		buf_addf(&names, "%s%s", i ? ", " : "", e->solutions[i].name);
	}
	jwrite_close(&out, ']');
	c->found.solutions = buf_take(&out);
	if (names.len)
		c->found.solution_names = buf_take(&names);
	return 0;
}

static int best_lower(struct kb *kb, const struct knowledge_entry *e,
		      double *ret, struct err *err)
{
	*ret = 0;
	for (size_t i = 0; i < e->solution_count; i++) {
		struct kb_confidence c;

		if (kb_confidence(kb, e, e->solutions[i].name, &c, err) < 0)
			return -1;
		if (c.lower > *ret)
			*ret = c.lower;
	}
	return 0;
}

int kb_match_reusable(struct kb *kb, struct kb_match_candidate *c, size_t count,
		      struct err *err)
{
	struct kb_match_found *f = &c[0].found;
	double lower;

	if (best_lower(kb, &c[0].entry, &lower, err) < 0)
		return -1;
	if (!c[0].entry.solution_count)
		f->not_reusable = "it has no solution";
	else if (!f->service && !f->category)
		f->not_reusable = "neither service nor category is the same";
	else if (count > 1 && f->score - c[1].found.score < kb_reuse_margin(kb))
		f->not_reusable = "the next one is too near";
	else if (lower < kb_reuse_floor(kb))
		f->not_reusable = "its solutions have not proven themselves";
	return 0;
}

static void write_why(struct buf *out, const struct kb_match_found *f)
{
	jwrite_open(out, "why", '{');
	jwrite_real(out, "pattern", rounded(f->pattern));
	jwrite_real(out, "text", rounded(f->text));
	jwrite_real(out, "structure", rounded(f->structure));
	jwrite_real(out, "outcomes", rounded(f->outcomes));
	if (f->by_rule)
		jwrite_bool(out, "rule", true);
	jwrite_str_opt(out, "matched", f->matched);
	if (f->service)
		jwrite_bool(out, "service", true);
	if (f->category)
		jwrite_bool(out, "category", true);
	jwrite_close(out, '}');
}

void kb_match_write(struct buf *out, const struct kb_match *m)
{
	jwrite_open(out, NULL, '[');
	for (size_t i = 0; i < m->count; i++) {
		const struct kb_match_found *f = &m->found[i];

		jwrite_open(out, NULL, '{');
		jwrite_str(out, "entry", f->id);
		jwrite_str(out, "title", f->title);
		jwrite_real(out, "score", rounded(f->score));
		write_why(out, f);
		if (i == 0)
			jwrite_bool(out, "reuse", !f->not_reusable);
		if (i == 0)
			jwrite_str_opt(out, "not_reusable", f->not_reusable);
		jwrite_raw(out, "solutions", slice_of(f->solutions));
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

static void explain_part(struct buf *out, const char *name, double value,
			 const char *fmt, ...) PRINTF_LIKE(4, 5);
static void explain_part(struct buf *out, const char *name, double value,
			 const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	buf_addf(out, "    %-10s %6.3f  ", name, value);
	show_text(out, text, strlen(text), 0);
	buf_add_char(out, '\n');
}

static void explain_pattern(struct buf *out, const struct kb_match_found *f)
{
	AUTO_BUF struct buf matched = BUF_INIT;

	if (f->matched)
		show_text(&matched, f->matched, strlen(f->matched),
			  MATCHED_MAX);
	explain_part(out, "pattern", f->pattern, "%s%s%s%s",
		     f->by_rule ? "the entry names the pattern that detected it"
				: "",
		     f->by_rule && matched.len ? "; " : "",
		     matched.len  ? "matches: "
		     : f->by_rule ? ""
				  : "none of its expressions matches",
		     buf_str(&matched));
}

static void explain_one(struct buf *out, const struct kb_match_found *f)
{
	buf_addf(out, "%.3f  ", f->score);
	show_text(out, f->id, strlen(f->id), 0);
	buf_add_str(out, ": ");
	show_text(out, f->title, strlen(f->title), 0);
	buf_add_char(out, '\n');
	explain_pattern(out, f);
	explain_part(out, "text", f->text, "words %.3f, letters %.3f", f->words,
		     f->letters);
	explain_part(out, "structure", f->structure, "%s, %s",
		     f->service ? "the same service" : "not the same service",
		     f->category ? "the same category"
				 : "not the same category");
	explain_part(out, "outcomes", f->outcomes, "%s",
		     f->outcomes > 0   ? "was right more often than wrong"
		     : f->outcomes < 0 ? "was wrong more often than right"
				       : "nothing is known yet");
}

void kb_match_explain(struct buf *out, const struct kb_match *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct kb_match_found *f = &m->found[i];

		explain_one(out, f);
		if (i == 0)
			explain_part(out, "reuse", f->not_reusable ? 0 : 1,
				     "%s",
				     f->not_reusable
					     ? f->not_reusable
					     : "automation may use it again");
	}
}
