/* detector-explain.c - for people: what a line is, and why it hit or not. */
#include "detector-internal.h"

#include <ctype.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/pattern-explain.h>
#include <oncall/show.h>

#define EXPLAIN_TEXT 200 /* bytes of a text that is shown */
#define EXPLAIN_WORD 4	 /* letters in a row that say something */
#define EXPLAIN_NEAR 5	 /* rules that came close, the nearest first */

static void add_named(struct buf *out, const char *name, struct slice text)
{
	if (!text.len)
		return;
	buf_addf(out, "  %-10s", name);
	show_text(out, text.ptr, text.len, EXPLAIN_TEXT);
	buf_add_char(out, '\n');
}

static void explain_fields(const struct fields *f, struct buf *out)
{
	char time[WHEN_TEXT];

	add_named(out, "format", slice_of(fields_format_name(f->format)));
	if (f->has_time) {
		when_format(time, f->when.ms);
		buf_addf(out, "  %-10s%s%s%s\n", "time", time,
			 f->when.zone_assumed ? ", its zone assumed" : "",
			 f->when.year_assumed ? ", its year assumed" : "");
	} else {
		add_named(out, "time",
			  f->bad_time ? SLICE_LIT("there, but not understood")
				      : SLICE_LIT("none"));
	}
	add_named(out, "level", f->level);
	add_named(out, "service", f->service);
	add_named(out, "host", f->host);
	add_named(out, "pid", f->pid);
	add_named(out, "message", f->message);
}

static void explain_condition(struct detector *d, size_t rule, int64_t time,
			      struct facts *facts, struct buf *out)
{
	const struct detector_rule *r = &d->rules[rule];
	const struct condition_hit hit = {.rule = rule,
					  .time = time,
					  .lookup = facts_lookup,
					  .arg = facts};
	AUTO_BUF struct buf why = BUF_INIT;

	facts->rule = r;
	if (!r->when) {
		buf_add_str(out, ": detected\n");
		return;
	}
	if (!condition_compare(r->when, facts_lookup, facts, &why)) {
		buf_addf(out, ": matches, but %s\n", buf_str(&why));
		return;
	}
	conditions_explain(d->conditions, &hit, &why);
	buf_addf(out, ": matches; %s\n", buf_str(&why));
}

struct explaining {
	struct detector_work *w;
	struct buf *out;
	int hits;
};

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct explaining *e = arg;
	struct facts *facts = &e->w->facts;
	struct detector *d = e->w->d;

	facts->capture_count =
		pattern_hit_groups(hit, facts->captures, DETECTOR_CAPTURES);
	e->hits++;
	buf_addf(e->out, "  %s", d->rules[hit->rule].pack->id);
	explain_condition(d, hit->rule,
			  facts->time == WHEN_NONE ? e->w->now : facts->time,
			  facts, e->out);
	for (size_t i = 0; i < facts->capture_count; i++) {
		buf_addf(e->out,
			 "    %.*s = ", (int)facts->captures[i].name.len,
			 facts->captures[i].name.ptr);
		show_text(e->out, facts->captures[i].value.ptr,
			  facts->captures[i].value.len, EXPLAIN_TEXT);
		buf_add_char(e->out, '\n');
	}
	return 0;
}

struct near {
	size_t rule;
	struct pattern_near found;
};

/* How much of the expression fitted decides what is near; of two, the one
 * that fitted more of the text. */
static int nearer(const void *a, const void *b)
{
	const struct near *x = a, *y = b;
	size_t fx = x->found.text.len, fy = y->found.text.len;

	if (x->found.outcome != y->found.outcome)
		return x->found.outcome < y->found.outcome ? -1 : 1;
	if (fx != fy)
		return fx > fy ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void add_near(const struct detector *d, const struct near *n,
		     struct buf *out)
{
	const struct pack_rule *pack = d->rules[n->rule].pack;
	const struct pattern_near *f = &n->found;

	buf_addf(out, "  %s: ", pack->id);
	if (f->outcome == PATTERN_EXCEPTED) {
		buf_add_str(out, "matches, but so does its exception ");
		show_text(out, pack->except.items[f->expr].text,
			  strlen(pack->except.items[f->expr].text),
			  EXPLAIN_TEXT);
	} else if (f->outcome == PATTERN_UNDECIDED) {
		buf_add_str(out, "gave up: the expression backtracks too much");
	} else {
		buf_add_str(out, "not here; '");
		show_text(out, f->fitted.ptr, f->fitted.len, EXPLAIN_TEXT);
		buf_add_str(out, "' fits '");
		show_text(out, f->text.ptr, f->text.len, EXPLAIN_TEXT);
		buf_add_str(out, "', then '");
		show_text(out, f->rest.ptr, f->rest.len, EXPLAIN_TEXT);
		buf_add_str(out, "' does not");
	}
	buf_add_char(out, '\n');
}

/* Whether a piece of an expression has a word of its own in it, and not only
 * what fits many lines: classes, names of groups, escapes. */
static bool has_word(struct slice expr)
{
	size_t run = 0;
	bool set = false;

	for (size_t i = 0; i < expr.len && run < EXPLAIN_WORD; i++) {
		char c = expr.ptr[i];
		const char *name_end =
			c == '(' && i + 1 < expr.len && expr.ptr[i + 1] == '?'
				? memchr(expr.ptr + i, '>', expr.len - i)
				: NULL;

		if (name_end)
			i = (size_t)(name_end - expr.ptr);
		else if (c == '\\')
			i++;
		set = c == '[' || (set && c != ']');
		run = !set && isalpha((unsigned char)c) ? run + 1 : 0;
	}
	return run == EXPLAIN_WORD;
}

static void explain_near(struct detector *d, struct slice text, struct buf *out)
{
	AUTO_FREE struct near *near =
		mem_zero(d->rule_count + 1, sizeof(*near));
	size_t count = 0;

	for (size_t i = 0; i < d->rule_count; i++) {
		struct pattern_near *found = &near[count].found;

		if (!d->rules[i].pack->match.count)
			continue;
		near[count].rule = i;
		pattern_explain(d->set, i, text, found);
		if (found->outcome == PATTERN_EXCEPTED ||
		    found->outcome == PATTERN_UNDECIDED ||
		    (found->outcome == PATTERN_NEAR && has_word(found->fitted)))
			count++;
	}
	qsort(near, count, sizeof(*near), nearer);
	if (count)
		buf_add_str(out, " close\n");
	for (size_t i = 0; i < count && i < EXPLAIN_NEAR; i++)
		add_near(d, &near[i], out);
}

int detector_explain(struct detector *d, struct detector_work *w,
		     struct slice line, struct buf *out)
{
	struct explaining e = {.w = w, .out = out};
	const struct pattern_sink sink = {.hit = on_hit, .arg = &e};
	AUTO_BUF struct buf hits = BUF_INIT;

	w->now = clock_now();
	fields_read(&w->fields, line, d->opt.format, w->now,
		    &w->fields_scratch);
	w->facts = (struct facts){
		.time = w->fields.has_time ? w->fields.when.ms : WHEN_NONE,
		.message = w->fields.message,
		.service = w->fields.service.len ? w->fields.service
						 : slice_of(d->opt.service),
		.host = w->fields.host,
		.pid = w->fields.pid,
		.level = w->fields.level,
	};
	explain_fields(&w->fields, out);
	e.out = &hits;
	(void)pattern_scan_text(d->set, w->scratch, w->fields.text, 0, &sink);
	if (e.hits) {
		buf_add_str(out, " matched\n");
		buf_add_slice(out, buf_slice(&hits));
	}
	explain_near(d, w->fields.text, out);
	if (!e.hits)
		buf_add_str(out, " nothing matches\n");
	return e.hits > 0;
}
