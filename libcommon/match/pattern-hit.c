/* pattern-hit.c - what can be asked of a hit. */
#include "pattern-internal.h"

#include <oncall/lines.h>

uint64_t pattern_count_lines(struct slice text)
{
	return lines_count(text.ptr, text.len) +
	       (text.len && text.ptr[text.len - 1] != '\n');
}

uint64_t pattern_hit_line(const struct pattern_hit *hit)
{
	struct pattern_scratch *s = hit->scratch;

	s->line_number += lines_count(s->counted_to,
				      (size_t)(hit->line.ptr - s->counted_to));
	s->counted_to = hit->line.ptr;
	return s->line_number;
}

static const struct pattern_code *code_of(const struct pattern_hit *hit)
{
	const struct pattern_set *set = hit->scratch->set;

	return &set->exprs[set->rules[hit->rule].first + hit->expr].re;
}

static bool group_value(const char *line, const size_t *at, uint32_t group,
			struct slice *ret)
{
	size_t from = at[(size_t)2 * group];
	size_t to = at[(size_t)2 * group + 1];

	if (from == PCRE2_UNSET)
		return false;
	*ret = (struct slice){line + from, to > from ? to - from : 0};
	return true;
}

size_t pattern_hit_groups(const struct pattern_hit *hit,
			  struct pattern_group *ret, size_t max)
{
	const struct pattern_code *re = code_of(hit);
	const size_t *at = hit->scratch->spans;
	bool found = false;
	size_t count = 0;

	for (size_t i = 0; i < re->name_count && count < max; i++) {
		const struct pattern_name *name = &re->names[i];

		if (found && name->again)
			continue;
		found = group_value(hit->text.ptr, at, name->group,
				    &ret[count].value);
		if (found)
			ret[count++].name = name->text;
	}
	return count;
}

bool pattern_hit_capture(const struct pattern_hit *hit, const char *name,
			 struct slice *ret)
{
	const struct pattern_code *re = code_of(hit);
	const size_t *at = hit->scratch->spans;

	for (size_t i = 0; i < re->name_count; i++)
		if (slice_is(re->names[i].text, name) &&
		    group_value(hit->text.ptr, at, re->names[i].group, ret))
			return true;
	return false;
}
