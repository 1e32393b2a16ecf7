/* condition.c - what a condition is made of, in words and as parts. */
#include "condition-internal.h"

#include <oncall/when.h>

void condition_free(struct condition *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->compare_count; i++) {
		free(c->compare[i].name);
		free(c->compare[i].op);
		free(c->compare[i].text);
	}
	for (size_t i = 0; i < c->part_count; i++)
		free(c->parts[i]);
	for (size_t i = 0; i < c->field_count; i++)
		free(c->fields[i]);
	free(c);
}

const char *condition_part(const struct condition *c, size_t i)
{
	return i < c->part_count ? c->parts[i] : NULL;
}

const char *condition_field(const struct condition *c, size_t i)
{
	return i < c->field_count ? c->fields[i] : NULL;
}

const char *condition_capture(const struct condition *c, size_t i)
{
	return i < c->compare_count ? c->compare[i].name : NULL;
}

const char *condition_kind(const struct condition *c)
{
	switch (c->core) {
	case CONDITION_TIMES:
		return "threshold";
	case CONDITION_THEN:
		return "sequence";
	case CONDITION_ABSENT:
	case CONDITION_WITHOUT:
		return "absence";
	case CONDITION_GROUP:
		return "group";
	case CONDITION_EACH:
	case CONDITION_ONCE:
		break;
	}
	return c->compare_count ? "value" : "pattern";
}

bool condition_only_parts(const struct condition *c)
{
	return c->core == CONDITION_THEN || c->core == CONDITION_WITHOUT ||
	       c->core == CONDITION_GROUP;
}

static void add_list(struct buf *out, char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_addf(out, "%s%s", i ? ", " : "", names[i]);
}

static void describe_core(const struct condition *c, struct buf *out)
{
	char time[32];

	when_format_duration(time, c->within);
	switch (c->core) {
	case CONDITION_EACH:
		break;
	case CONDITION_TIMES:
		buf_addf(out, "%lld times within %s", (long long)c->count,
			 time);
		break;
	case CONDITION_ONCE:
		buf_addf(out, c->within ? "once within %s" : "once", time);
		break;
	case CONDITION_ABSENT:
		buf_addf(out, "absent for %s", time);
		if (c->part_count)
			buf_addf(out, " after %s", c->parts[0]);
		break;
	case CONDITION_THEN:
	case CONDITION_WITHOUT:
		buf_addf(out, "%s %s %s within %s", c->parts[0],
			 c->core == CONDITION_THEN ? "then" : "without",
			 c->parts[1], time);
		break;
	case CONDITION_GROUP:
		buf_addf(out, "%lld of {", (long long)c->count);
		add_list(out, c->parts, c->part_count);
		buf_addf(out, "} within %s", time);
		break;
	}
}

void condition_describe(const struct condition *c, struct buf *out)
{
	for (size_t i = 0; i < c->compare_count; i++)
		buf_addf(out, "%s%s %s %s", i ? " and " : "",
			 c->compare[i].name, c->compare[i].op,
			 c->compare[i].text);
	if (c->compare_count && c->core != CONDITION_EACH)
		buf_add_str(out, " and ");
	describe_core(c, out);
	if (c->field_count) {
		buf_add_str(out, c->compare_count || c->core ? " by " : "by ");
		add_list(out, c->fields, c->field_count);
	}
}
