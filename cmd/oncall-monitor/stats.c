/* stats.c - what was read, found and missed, for people. */
#include "monitor.h"

#include <inttypes.h>

#include <oncall/mem.h>

#define NS_PER_MS 1000000

static int by_written(const void *a, const void *b)
{
	const struct detector_rule_stats *x = a, *y = b;

	if (x->hits != y->hits)
		return x->hits > y->hits ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void count_cell(struct show_table *t, uint64_t n)
{
	show_table_cellf(t, n ? SHOW_PLAIN : SHOW_DIM, "%" PRIu64, n);
}

static void print_rules(struct detector_rule_stats *rules, size_t count,
			struct buf *out)
{
	static const char *const headings[] = {
		"PATTERN~",  "LINES>",	"DETECTIONS>", "IGNORED>",
		"COMPARED>", "FOLDED>", "GAVE UP>",    "MS>"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	size_t unhit = 0;

	for (size_t i = 0; i < count; i++) {
		const struct detector_rule_stats *r = &rules[i];

		if (!r->hits && !r->excepted && !r->faults && !r->written) {
			unhit++;
			continue;
		}
		show_table_cell(t, slice_of(r->id), SHOW_PLAIN);
		count_cell(t, r->hits);
		count_cell(t, r->written);
		count_cell(t, r->excepted);
		count_cell(t, r->compared);
		count_cell(t, r->folded);
		count_cell(t, r->faults);
		count_cell(t, r->ns / NS_PER_MS);
	}
	if (unhit < count) {
		show_table_print(t, out, show_width(STDERR_FILENO),
				 show_colors(STDERR_FILENO));
		buf_add_char(out, '\n');
	}
	if (unhit)
		buf_addf(out, "%zu patterns matched nothing\n", unhit);
}

static void print_slowest(const struct detector_rule_stats *rules, size_t count,
			  struct buf *out)
{
	const struct detector_rule_stats *slow = NULL;

	for (size_t i = 0; i < count; i++)
		if (rules[i].ns && (!slow || rules[i].ns > slow->ns))
			slow = &rules[i];
	if (slow)
		buf_addf(out, "slowest pattern: %s, %" PRIu64 " ms\n", slow->id,
			 slow->ns / NS_PER_MS);
}

void stats_print(const struct detector *d, int64_t took_ms, struct buf *out)
{
	struct detector_stats s = detector_stats(d);
	size_t count = detector_rule_count(d), slow_count;
	const size_t *slow;
	AUTO_FREE struct detector_rule_stats *rules =
		mem_zero(count + 1, sizeof(*rules));

	for (size_t i = 0; i < count; i++)
		rules[i] = detector_rule_stats(d, i);
	qsort(rules, count, sizeof(*rules), by_written);
	print_rules(rules, count, out);
	buf_addf(out,
		 "%" PRIu64 " lines, %" PRIu64 " bytes, %" PRId64
		 " ms, engine %s\n",
		 s.lines, s.bytes, took_ms,
		 pattern_set_engine(detector_set(d)));
	buf_addf(out,
		 "%" PRIu64 " lines matched, %" PRIu64 " did not; %" PRIu64
		 " detections written\n",
		 s.hit_lines, s.lines - s.hit_lines, s.detections);
	buf_addf(out,
		 "of the lines looked at closely, %" PRIu64
		 " had no time and %" PRIu64 " one that was not understood\n",
		 s.no_times - s.bad_times, s.bad_times);
	if (s.outside)
		buf_addf(out,
			 "%" PRIu64 " were outside of the time asked for\n",
			 s.outside);
	if (s.faults)
		buf_addf(out, "%" PRIu64 " times an expression gave up\n",
			 s.faults);
	print_slowest(rules, count, out);
	slow_count = pattern_set_slow(detector_set(d), &slow);
	for (size_t i = 0; i < slow_count; i++)
		buf_addf(out,
			 "pattern %s runs on every line: nothing in it must "
			 "occur literally\n",
			 pattern_set_id(detector_set(d), slow[i]));
}
