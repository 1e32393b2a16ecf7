/* action-re.c - expressions over whole values. */
#include "action-internal.h"

#include <oncall/mem.h>
#include <oncall/pattern.h>

struct action_re {
	struct pattern_set *set;
	struct pattern_scratch *scratch;
};

static int compile(struct pattern_set **ret, const char *text, struct err *err)
{
	const struct pattern_options options = {.engine = "pcre2"};
	const struct slice expr = slice_of(text);
	const struct pattern_rule rule = {
		.id = "pattern", .exprs = &expr, .expr_count = 1};

	return pattern_set_new(ret, &rule, 1, &options, err);
}

int action_re_check(const char *text, struct err *err)
{
	AUTO_PATTERN_SET struct pattern_set *set = NULL;

	return compile(&set, text, err);
}

/* Alone first: what is no expression must not become one by what is put around
 * it. */
int action_re_new(struct action_re **ret, const char *text, struct err *err)
{
	AUTO_FREE char *whole = mem_printf("\\A(?:%s)\\z", text);
	struct action_re *re;

	if (action_re_check(text, err) < 0)
		return -1;
	re = mem_zero(1, sizeof(*re));
	if (compile(&re->set, whole, err) < 0) {
		free(re);
		return -1;
	}
	re->scratch = pattern_scratch_new(re->set);
	*ret = re;
	return 0;
}

void action_re_free(struct action_re *re)
{
	if (!re)
		return;
	pattern_scratch_free(re->scratch);
	pattern_set_free(re->set);
	free(re);
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	*(bool *)arg = hit->match.len == hit->line.len;
	return 1;
}

/* What could not be decided in time is no hit. */
bool action_re_fits(const struct action_re *re, struct slice text)
{
	bool fits = false;
	const struct pattern_sink sink = {.hit = on_hit, .arg = &fits};

	(void)pattern_scan_text(re->set, re->scratch, text, 0, &sink);
	return fits;
}
