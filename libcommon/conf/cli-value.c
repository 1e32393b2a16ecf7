/* cli-value.c - text of the command line to values, and what was meant. */
#include <oncall/cli.h>
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "cli-internal.h"

#define NEAREST_MAX 64 /* longer names are not compared */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits from a to b: insert, delete, replace, or swap neighbours. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *oldest = before;

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t swap = a[i - 1] != b[j - 1];

			now[j] = least(last[j] + 1, now[j - 1] + 1,
				       last[j - 1] + swap);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		before = last;
		last = now;
		now = oldest;
	}
	return last[m];
}

const char *cli_nearest(const char *typed, const char *const *choices)
{
	size_t n = strlen(typed), best = n / 3 + 2;
	const char *found = NULL;

	if (n == 0 || n > NEAREST_MAX)
		return NULL;
	for (; *choices; choices++) {
		size_t m = strlen(*choices), d;

		if (m > NEAREST_MAX)
			continue;
		d = n > 1 && n < m && !strncmp(typed, *choices, n)
			    ? 1
			    : edit_distance(typed, n, *choices, m);
		/* What shares no character with the name is not near. */
		if (d < best && d < m) {
			best = d;
			found = *choices;
		}
	}
	return found;
}

int cli_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret,
		  struct err *err)
{
	const char *digits = *text == '-' ? text + 1 : text;
	long long value;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return err_set(err, ERR_USAGE, "'%s' is not a whole number",
			       text);
	errno = 0;
	value = strtoll(text, &end, 10);
	if (*end)
		return err_set(err, ERR_USAGE, "'%s' is not a whole number",
			       text);
	if (errno || value < min || value > max)
		return err_set(err, ERR_USAGE,
			       "%s is not within %" PRId64 " and %" PRId64,
			       text, min, max);
	*ret = value;
	return 0;
}

static int set_choice(const struct cli_opt *opt, const char *text,
		      struct err *err)
{
	AUTO_BUF struct buf all = BUF_INIT;
	const char *near;

	for (const char *const *c = opt->choices; *c; c++) {
		if (!strcmp(*c, text)) {
			*(const char **)opt->dst = *c;
			return 0;
		}
		buf_addf(&all, "%s%s", all.len ? ", " : "", *c);
	}
	near = cli_nearest(text, opt->choices);
	if (near)
		return err_set(err, ERR_USAGE,
			       "'%s' is not known, did you mean '%s'?", text,
			       near);
	return err_set(err, ERR_USAGE, "'%s' is not one of %s", text,
		       buf_str(&all));
}

static int set_list(struct cli_list *list, const char *text, struct err *err)
{
	if (list->count == CLI_LIST_MAX)
		return err_set(err, ERR_USAGE, "more than %d times",
			       CLI_LIST_MAX);
	list->items[list->count++] = text;
	return 0;
}

int cli_value_set(const struct cli_opt *opt, const char *text, struct err *err)
{
	switch (opt->kind) {
	case CLI_KIND_FLAG:
		*(bool *)opt->dst = true;
		return 0;
	case CLI_KIND_STR:
		*(const char **)opt->dst = text;
		return 0;
	case CLI_KIND_INT:
		return cli_parse_int(text, opt->min, opt->max, opt->dst, err);
	case CLI_KIND_DURATION:
		return when_parse_duration(text, opt->dst, err);
	case CLI_KIND_TIME:
		return when_parse_point(text, clock_now(), opt->dst, err);
	case CLI_KIND_CHOICE:
		return set_choice(opt, text, err);
	case CLI_KIND_LIST:
		return set_list(opt->dst, text, err);
	case CLI_END:
	case CLI_KIND_GROUP:
		break;
	}
	return 0;
}
