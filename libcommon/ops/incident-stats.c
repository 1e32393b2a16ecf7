/* incident-stats.c - figures of incidents, in one pass over the store. */
#include <oncall/incident-stats.h>

#include <stdio.h>

#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/when-place.h>
#include <oncall/when.h>

#define PAGE 5000 /* incidents that one question asks for */

const char *const incident_stats_keys[] = {"day", "service", "severity",
					   "category", NULL};
const char *const incident_stats_names[] = {
	[STATS_DETECT] = "time_to_detect",
	[STATS_ACKNOWLEDGE] = "time_to_acknowledge",
	[STATS_RESOLVE] = "time_to_resolve",
};

/* One value of a time, and the group that it belongs to. */
struct sample {
	int64_t ms;
	uint32_t group;
};

struct samples {
	struct sample *items;
	size_t count, cap;
};

/* What one incident adds. */
struct facts {
	int64_t num, opened, first, acknowledged, resolved;
	struct slice status, service, category;
	enum severity severity;
	bool auto_resolved, false_positive, reopened, fixed;
};

struct counting {
	const struct incident_stats_query *q;
	struct incident_stats *ret;
	struct map groups; /* name to index + 1 */
	struct samples samples[INCIDENT_STATS_TIMES];
};

static void counting_done(struct counting *c)
{
	map_done(&c->groups, NULL);
	for (int i = 0; i < INCIDENT_STATS_TIMES; i++)
		free(c->samples[i].items);
}

/* ---- one incident ---- */

static void name_day(char *out, size_t size, int64_t ms)
{
	struct when_civil day;
	int64_t local = ms + when_zone_offset(ms) * WHEN_MINUTE;

	when_civil_date(local, &day);
	(void)snprintf(out, size, "%04u-%02u-%02u", day.year, day.month,
		       day.day);
}

/* The index of its group, from 1 on; 0 without groups. */
static uint32_t find_group(struct counting *c, const struct facts *f)
{
	const char *by = c->q->by;
	struct incident_stats *st = c->ret;
	char day[32];
	struct slice name;
	void **place;

	if (!by)
		return 0;
	if (!strcmp(by, "day")) {
		name_day(day, sizeof(day), f->opened);
		name = slice_of(day);
	} else if (!strcmp(by, "severity")) {
		name = slice_of(severity_name(f->severity));
	} else {
		name = !strcmp(by, "service") ? f->service : f->category;
	}
	if (!name.ptr)
		name = SLICE_LIT("");
	place = map_put(&c->groups, name);
	if (!*place) {
		st->groups = mem_resize(st->groups, st->count + 1,
					sizeof(*st->groups));
		st->groups[st->count++] = (struct incident_stats_group){
			.name = mem_dup_bytes(name.ptr, name.len)};
		*place = (void *)(uintptr_t)st->count;
	}
	return (uint32_t)(uintptr_t)*place;
}

static void add_sample(struct samples *s, int64_t from, int64_t to,
		       uint32_t group)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->items = mem_resize(s->items, s->cap, sizeof(*s->items));
	}
	s->items[s->count++] =
		(struct sample){to > from ? to - from : 0, group};
}

static enum incident_status read_status(struct slice name)
{
	int i = INCIDENT_CLOSED;

	while (i > 0 && !slice_is(name, incident_status_names[i]))
		i--;
	return (enum incident_status)i;
}

static void count_in(struct incident_stats_group *g, const struct facts *f)
{
	enum incident_status status = read_status(f->status);
	bool over = status >= INCIDENT_RESOLVED;

	g->incidents++;
	g->status[status]++;
	g->severity[f->severity]++;
	g->false_positives += f->false_positive;
	if (f->false_positive)
		return;
	g->resolved += over;
	g->ended += over || f->reopened;
	g->reopened += f->reopened;
	g->automated += over && f->fixed && f->auto_resolved &&
			f->acknowledged == WHEN_NONE;
}

static void count_incident(struct counting *c, const struct facts *f)
{
	uint32_t group = find_group(c, f);
	bool over = read_status(f->status) >= INCIDENT_RESOLVED;

	count_in(&c->ret->all, f);
	if (group)
		count_in(&c->ret->groups[group - 1], f);
	if (f->false_positive)
		return;
	add_sample(&c->samples[STATS_DETECT], f->first, f->opened, group);
	if (f->acknowledged != WHEN_NONE)
		add_sample(&c->samples[STATS_ACKNOWLEDGE], f->opened,
			   f->acknowledged, group);
	if (over && f->resolved != WHEN_NONE)
		add_sample(&c->samples[STATS_RESOLVE], f->opened, f->resolved,
			   group);
}

/* ---- all of them ---- */

/* The answer of a server is held in memory, so it comes in pages. */
static struct store_rows *ask_page(struct store *s,
				   const struct incident_stats_query *q,
				   int64_t last, struct err *err)
{
	return STORE_ASK(
		s, err,
		"SELECT i.num, i.status, i.severity, i.service, i.category, "
		"i.opened, i.first_seen, i.acknowledged, i.resolved, "
		"i.auto_resolved, i.false_positive, (SELECT COUNT(*) FROM "
		"timeline t WHERE t.incident = i.num AND t.what = 'reopened'), "
		"(SELECT COUNT(*) FROM actions a WHERE a.incident = i.num AND "
		"a.verdict = 'verified_fixed' AND a.decision = 'auto' AND "
		"a.approval IS NULL AND a.undo_of IS NULL AND a.undone IS "
		"NULL) FROM incidents i WHERE i.num > $1 AND i.opened >= $2 "
		"AND i.opened < $3 AND COALESCE(i.merged_into, '') = '' AND "
		"i.simulated <= $4 ORDER BY i.num LIMIT $5",
		S_INT(last), S_INT(q->from), S_INT(q->to), S_INT(q->simulated),
		S_INT(PAGE));
}

static void read_row(struct facts *f, struct store_rows *rows)
{
	*f = (struct facts){
		.num = store_int(rows, 0),
		.status = store_text(rows, 1),
		.severity = (enum severity)store_int(rows, 2),
		.service = store_text(rows, 3),
		.category = store_text(rows, 4),
		.opened = store_time(rows, 5),
		.first = store_time(rows, 6),
		.acknowledged = store_time(rows, 7),
		.resolved = store_time(rows, 8),
		.auto_resolved = store_int(rows, 9) != 0,
		.false_positive = store_int(rows, 10) != 0,
		.reopened = store_int(rows, 11) > 0,
		.fixed = store_int(rows, 12) > 0,
	};
	if (f->severity > SEVERITY_CRITICAL)
		f->severity = SEVERITY_CRITICAL;
}

/* How many the page had, and the last one of them. */
static int64_t count_page(struct counting *c, struct store *s, int64_t *last,
			  struct err *err)
{
	AUTO_ROWS struct store_rows *rows = ask_page(s, c->q, *last, err);
	struct facts f;
	int64_t n = 0;
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		read_row(&f, rows);
		if (c->ret->all.incidents == INCIDENT_STATS_MOST)
			return err_set(err, ERR_USAGE,
				       "there are more than %d incidents; ask "
				       "for a shorter time",
				       INCIDENT_STATS_MOST);
		count_incident(c, &f);
		*last = f.num;
		n++;
	}
	return got < 0 ? -1 : n;
}

static int count_all(struct counting *c, struct store *s, struct err *err)
{
	int64_t last = -1, n;

	do {
		n = count_page(c, s, &last, err);
	} while (n == PAGE);
	return n < 0 ? -1 : 0;
}

/* ---- times ---- */

static int by_value(const void *a, const void *b)
{
	int64_t x = ((const struct sample *)a)->ms;
	int64_t y = ((const struct sample *)b)->ms;

	return (x > y) - (x < y);
}

static int by_group(const void *a, const void *b)
{
	uint32_t x = ((const struct sample *)a)->group;
	uint32_t y = ((const struct sample *)b)->group;

	return x == y ? by_value(a, b) : (x > y) - (x < y);
}

static int64_t nearest_rank(const struct sample *sorted, size_t n, size_t p)
{
	return sorted[(p * n + 99) / 100 - 1].ms;
}

static void fill_time(struct incident_stats_time *t,
		      const struct sample *sorted, size_t n)
{
	double sum = 0;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		sum += (double)sorted[i].ms;
	*t = (struct incident_stats_time){
		.count = (int64_t)n,
		.mean = sum / (double)n,
		.p50 = nearest_rank(sorted, n, 50),
		.p90 = nearest_rank(sorted, n, 90),
		.p95 = nearest_rank(sorted, n, 95),
		.max = sorted[n - 1].ms,
	};
}

static void fill_times(struct counting *c, int what)
{
	struct samples *s = &c->samples[what];
	struct incident_stats *st = c->ret;
	size_t n;

	if (s->count == 0)
		return;
	qsort(s->items, s->count, sizeof(*s->items), by_value);
	fill_time(&st->all.times[what], s->items, s->count);
	if (!c->q->by)
		return;
	qsort(s->items, s->count, sizeof(*s->items), by_group);
	for (size_t at = 0; at < s->count; at += n) {
		uint32_t group = s->items[at].group;

		for (n = 1; at + n < s->count; n++)
			if (s->items[at + n].group != group)
				break;
		fill_time(&st->groups[group - 1].times[what], s->items + at, n);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct incident_stats_group *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_severity(const void *a, const void *b)
{
	const struct incident_stats_group *x = a, *y = b;
	enum severity i = SEVERITY_INFO, j = SEVERITY_INFO;

	(void)severity_parse(slice_of(x->name), &i);
	(void)severity_parse(slice_of(y->name), &j);
	return (j > i) - (j < i);
}

int incident_stats(struct store *s, const struct incident_stats_query *q,
		   struct incident_stats *ret, struct err *err)
{
	CLEANUP(counting_done) struct counting c = {.q = q, .ret = ret};
	int rc;

	*ret = (struct incident_stats){.groups = NULL};
	if (store_begin(s, err) < 0)
		return -1;
	rc = count_all(&c, s, err);
	store_rollback(s);
	for (int i = 0; i < INCIDENT_STATS_TIMES && rc == 0; i++)
		fill_times(&c, i);
	if (rc < 0)
		incident_stats_done(ret);
	else if (ret->count)
		qsort(ret->groups, ret->count, sizeof(*ret->groups),
		      strcmp(q->by, "severity") ? by_name : by_severity);
	return rc;
}

void incident_stats_done(struct incident_stats *st)
{
	for (size_t i = 0; i < st->count; i++)
		free(st->groups[i].name);
	free(st->groups);
	*st = (struct incident_stats){.groups = NULL};
}

static double share(int64_t part, int64_t whole)
{
	return whole ? (double)part / (double)whole : -1;
}

double incident_stats_reopen_rate(const struct incident_stats_group *g)
{
	return share(g->reopened, g->ended);
}

double incident_stats_automation_rate(const struct incident_stats_group *g)
{
	return share(g->automated, g->resolved);
}
