/* pattern-hit.c - what can be asked of a hit. */
#include "pattern-internal.h"

static uint64_t count_newlines(const char *p, size_t n)
{
	uint64_t count = 0;

	while (n--)
		count += *p++ == '\n';
	return count;
}

uint64_t pattern_count_lines(struct slice text)
{
	return count_newlines(text.ptr, text.len) +
	       (text.len && text.ptr[text.len - 1] != '\n');
}

uint64_t pattern_hit_line(const struct pattern_hit *hit)
{
	struct pattern_scratch *s = hit->scratch;

	s->line_number += count_newlines(
		s->counted_to, (size_t)(hit->line.ptr - s->counted_to));
	s->counted_to = hit->line.ptr;
	return s->line_number;
}

/* The entries of the table of names: two bytes of number, the name, a NUL. */
static const char *name_entry(const struct pattern_hit *hit, size_t index,
			      uint32_t *ret_group)
{
	const struct pattern_set *set = hit->scratch->set;
	const pcre2_code *code =
		set->exprs[set->rules[hit->rule].first + hit->expr].re.code;
	uint32_t count = 0, size = 0;
	const unsigned char *table = NULL;

	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
	if (index >= count)
		return NULL;
	table += index * (size_t)size;
	*ret_group = (uint32_t)table[0] << 8 | table[1];
	return (const char *)table + 2;
}

const char *pattern_hit_name(const struct pattern_hit *hit, size_t index)
{
	uint32_t group;

	return name_entry(hit, index, &group);
}

bool pattern_hit_capture(const struct pattern_hit *hit, const char *name,
			 struct slice *ret)
{
	const size_t *at = pcre2_get_ovector_pointer(hit->scratch->data);
	const char *entry;
	uint32_t group = 0;

	for (size_t i = 0; (entry = name_entry(hit, i, &group)); i++) {
		size_t from = at[(size_t)2 * group];
		size_t to = at[(size_t)2 * group + 1];

		if (strcmp(entry, name) != 0 || from == PCRE2_UNSET)
			continue;
		*ret = (struct slice){hit->line.ptr + from,
				      to > from ? to - from : 0};
		return true;
	}
	return false;
}
