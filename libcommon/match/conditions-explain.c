/* conditions-explain.c - what a rule still waits for, in words. */
#include "condition-state.h"

#include <oncall/show.h>

#define SHOWN 80 /* bytes of a value */

static void add_time(struct buf *out, const char *before, int64_t time)
{
	char text[WHEN_TEXT];

	when_format(text, time);
	buf_addf(out, "%s%s", before, text);
}

static void add_duration(struct buf *out, const char *before, int64_t ms)
{
	char text[32];

	when_format_duration(text, ms);
	buf_addf(out, "%s%s", before, text);
}

static void add_folded(struct buf *out, int64_t count)
{
	if (count)
		buf_addf(out, ", %lld %s since", (long long)count,
			 count == 1 ? "hit" : "hits");
}

static void explain_window(const struct condition_node *n,
			   const struct condition_state *s, int64_t time,
			   struct buf *out)
{
	if (s && s->until != WHEN_NONE &&
	    condition_between(time, s->first - n->within, s->until)) {
		buf_addf(out, "%lld %s within", (long long)n->when->count,
			 n->core == CONDITION_GROUP ? "rules" : "times");
		add_duration(out, " ", n->within);
		add_time(out, " were told; further hits are folded until ",
			 s->until);
		add_folded(out, s->folded);
		return;
	}
	if (n->core == CONDITION_GROUP) {
		size_t seen = s ? s->mark_count : 0;

		buf_addf(out, "waits for %lld of {", (long long)n->when->count);
		for (size_t i = 0; i < n->when->part_count; i++)
			buf_addf(out, "%s%s", i ? ", " : "", n->when->parts[i]);
		add_duration(out, "} within ", n->within);
		buf_addf(out, ", has seen %s", seen ? "" : "none");
		for (size_t i = 0; i < seen; i++) {
			size_t part = CONDITION_MARK_PART(s->marks[i]);

			buf_addf(out, "%s%s", i ? ", " : "",
				 n->when->parts[part]);
			add_time(out, " at ", condition_mark_time(s->marks[i]));
		}
		return;
	}
	buf_addf(out, "%lld of %lld times",
		 (long long)condition_mark_count(s, n, time, 0),
		 (long long)n->when->count);
	add_duration(out, " within ", n->within);
}

static void explain_once(const struct condition_node *n,
			 const struct condition_state *s, int64_t time,
			 struct buf *out)
{
	if (!s || s->last == WHEN_NONE ||
	    (n->within && !condition_between(time, s->last - n->within,
					     s->last + n->within))) {
		buf_add_str(out, "not told yet, so it is now");
		return;
	}
	add_time(out, "told once, at ", s->last);
	if (n->within)
		add_time(out, ", and not again until ", s->last + n->within);
	add_folded(out, s->folded);
}

static void explain_then(const struct condition_node *n,
			 const struct condition_state *s, struct buf *out)
{
	if (!s || s->first == WHEN_NONE) {
		buf_addf(out, "waits for %s, and then for %s",
			 n->when->parts[0], n->when->parts[1]);
		add_duration(out, " within ", n->within);
		return;
	}
	buf_addf(out, "%s came", n->when->parts[0]);
	add_time(out, " at ", s->last);
	buf_addf(out, ", waits for %s", n->when->parts[1]);
	add_time(out, " until ", s->last + n->within);
}

static void explain_waiting(const struct condition_node *n,
			    const struct condition_state *s, struct buf *out)
{
	const char *begin = n->when->part_count ? n->when->parts[0] : "a hit";
	const char *end =
		n->core == CONDITION_WITHOUT ? n->when->parts[1] : "this rule";

	if (!s || s->first == WHEN_NONE) {
		buf_addf(out, "waits for %s", begin);
		add_duration(out, ", and then fires when for ", n->within);
		buf_addf(out, " %s does not hit", end);
		return;
	}
	buf_addf(out, "%s came", begin);
	add_time(out, " at ", s->first);
	add_time(out, ", fires after ", s->first + n->within);
	buf_addf(out, " unless %s hits", end);
}

static void explain_core(const struct condition_node *n,
			 const struct condition_state *s, int64_t time,
			 struct buf *out)
{
	switch (n->core) {
	case CONDITION_EACH:
		buf_add_str(out, "every hit counts");
		break;
	case CONDITION_TIMES:
	case CONDITION_GROUP:
		explain_window(n, s, time, out);
		break;
	case CONDITION_ONCE:
		explain_once(n, s, time, out);
		break;
	case CONDITION_THEN:
		explain_then(n, s, out);
		break;
	case CONDITION_ABSENT:
	case CONDITION_WITHOUT:
		explain_waiting(n, s, out);
		break;
	}
}

static void add_key(const struct conditions *c, const struct condition_node *n,
		    struct buf *out)
{
	const char *p = buf_str(&c->key);

	for (size_t i = 0; i < n->field_count; i++) {
		const char *end = strchrnul(p, '\n');

		buf_addf(out, "%s%s '", i ? ", " : " by ", n->names[i]);
		show_text(out, p, (size_t)(end - p), SHOWN);
		buf_add_char(out, '\'');
		p = *end ? end + 1 : end;
	}
}

void conditions_explain(struct conditions *c, const struct condition_hit *hit,
			struct buf *out)
{
	const struct condition_node *n = c->nodes[hit->rule];
	const struct condition_event e = {
		.time = condition_clamp(hit->time),
		.lookup = hit->lookup,
		.arg = hit->arg,
	};
	const struct condition_state *s;

	if (!n) {
		buf_add_str(out, "every hit counts");
		return;
	}
	condition_key(c, hit->rule, &e);
	s = condition_find(c, hit->rule);
	explain_core(n, s, e.time, out);
	add_key(c, n, out);
	if (n->cool && s && s->cool != WHEN_NONE &&
	    condition_between(e.time, s->cool - n->cool, s->cool + n->cool)) {
		add_time(out, "; cools down until ", s->cool + n->cool);
		add_folded(out, s->cooled);
	}
}
