/*
 * unit-condition.h - sets of rules under test, and their firings as text:
 * "rule*count first-last@time", behind it "+folded", "/key" and "[keep]" where
 * there is something to say, parted by blanks. Times are in seconds.
 */
#ifndef ONCALL_UNIT_CONDITION_H
#define ONCALL_UNIT_CONDITION_H

#include "unit.h"

#include <oncall/condition.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define RULES 16

static inline struct condition *unit_parse(const char *text)
{
	struct condition *c = NULL;
	struct err err = ERR_INIT;

	if (condition_parse(&c, text, &err) < 0)
		fail_msg("'%s': %s", text, err.text);
	return c;
}

struct unit_rule {
	const char *id;
	const char *when; /* NULL: none */
	int64_t cool;	  /* seconds */
};

struct unit_set {
	struct condition *when[RULES];
	struct condition_rule rules[RULES];
	size_t count;
	struct conditions *c;
	struct buf fired;
	const char *key; /* the value of each field */
};

static inline struct slice unit_value(void *arg, const char *field)
{
	const struct unit_set *set = arg;

	(void)field;
	return slice_of(set->key);
}

static inline void unit_add_time(struct buf *out, int64_t ms)
{
	if (ms % 1000 == 0)
		buf_add_int(out, ms / 1000);
	else
		buf_addf(out, "%lldms", (long long)ms);
}

static inline int unit_fire(void *arg, const struct condition_firing *f)
{
	struct unit_set *set = arg;
	struct buf *out = &set->fired;

	buf_addf(out, "%s%s*%lld ", out->len ? " " : "", set->rules[f->rule].id,
		 (long long)f->count);
	unit_add_time(out, f->first);
	buf_add_char(out, '-');
	unit_add_time(out, f->last);
	buf_add_char(out, '@');
	unit_add_time(out, f->time);
	if (f->folded)
		buf_addf(out, "+%lld", (long long)f->folded);
	if (f->key.len) {
		buf_add_char(out, '/');
		buf_add(out, f->key.ptr, f->key.len - 1);
	}
	if (f->keep.len) {
		assert_true(f->later);
		buf_addf(out, "[%.*s]", (int)f->keep.len, f->keep.ptr);
	}
	return 0;
}

static inline int unit_try(struct unit_set *set, const struct unit_rule *rules,
			   struct err *err)
{
	*set = (struct unit_set){.count = 0};
	for (; rules[set->count].id; set->count++) {
		const struct unit_rule *r = &rules[set->count];

		set->rules[set->count].id = r->id;
		set->rules[set->count].cool_down_ms = 1000 * r->cool;
		if (r->when &&
		    condition_parse(&set->when[set->count], r->when, err) < 0)
			return -1;
		set->rules[set->count].when = set->when[set->count];
	}
	return conditions_new(&set->c, set->rules, set->count, err);
}

static inline void unit_make(struct unit_set *set,
			     const struct unit_rule *rules)
{
	struct err err = ERR_INIT;

	if (unit_try(set, rules, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void unit_done(struct unit_set *set)
{
	conditions_free(set->c);
	for (size_t i = 0; i < set->count; i++)
		condition_free(set->when[i]);
	buf_done(&set->fired);
}

static inline size_t unit_rule(const struct unit_set *set, const char *id)
{
	size_t i = 0;

	while (strcmp(set->rules[i].id, id) != 0)
		assert_true(++i < set->count);
	return i;
}

/* Time passes, and a hit of the rule (none: NULL) comes; keep is "tSECONDS". */
static inline void unit_hit(struct unit_set *set, int64_t ms, const char *rule,
			    const char *key)
{
	AUTO_BUF struct buf keep = BUF_INIT;
	struct condition_hit hit = {
		.time = ms, .lookup = unit_value, .arg = set};

	assert_int_equal(conditions_time(set->c, ms, unit_fire, set), 0);
	if (!rule)
		return;
	buf_add_char(&keep, 't');
	unit_add_time(&keep, ms);
	set->key = key;
	hit.rule = unit_rule(set, rule);
	hit.keep = buf_slice(&keep);
	assert_int_equal(conditions_hit(set->c, &hit, unit_fire, set), 0);
}

struct unit_step {
	int64_t time;
	const char *rule, *key;
	const char *expect; /* NULL: nothing fires */
};

static inline void unit_play(const struct unit_rule *rules,
			     const struct unit_step *steps, size_t count)
{
	struct unit_set set;

	unit_make(&set, rules);
	for (size_t i = 0; i < count; i++) {
		const struct unit_step *s = &steps[i];
		const char *expect = s->expect ? s->expect : "";

		buf_reset(&set.fired);
		unit_hit(&set, 1000 * s->time, s->rule, s->key);
		if (strcmp(buf_str(&set.fired), expect) != 0)
			fail_msg("step %zu, at %lld: '%s', expected '%s'",
				 i + 1, (long long)s->time, buf_str(&set.fired),
				 expect);
	}
	unit_done(&set);
}

#define PLAY(rules, ...)                                            \
	unit_play(rules, (const struct unit_step[]){__VA_ARGS__},   \
		  sizeof((const struct unit_step[]){__VA_ARGS__}) / \
			  sizeof(struct unit_step))

#endif
