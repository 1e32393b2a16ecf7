/* sightings.c - questions about what was detected. */
#include <oncall/sightings.h>

#include <oncall/detection.h>
#include <oncall/jlist.h>
#include <oncall/mem.h>
#include <oncall/when.h>

const char *const sightings_by_names[] = {"pattern", "service", "severity",
					  "hour", NULL};

struct sighting {
	int64_t time;
	struct slice id; /* in record */
	char *record;
	size_t len;
};

/* The newest so far: gathered to twice the limit, then sorted and cut. */
struct newest {
	const struct sightings_filter *filter;
	struct sighting *items;
	size_t count, cap;
	struct jscan scan, scratch;
};

static bool member_is(struct slice json, const char *wanted)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!wanted)
		return true;
	if (!json.ptr)
		return false;
	jscan_unquote(&text, json);
	return !strcmp(buf_str(&text), wanted);
}

static bool member_has(struct slice json, const char *wanted)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!json.ptr)
		return false;
	jscan_unquote(&text, json);
	return strcasestr(buf_str(&text), wanted);
}

static bool fits(const struct sightings_filter *f, const struct detection *d)
{
	return member_is(d->pattern, f->pattern) &&
	       member_is(d->service, f->service) &&
	       member_is(d->host, f->host) &&
	       member_is(d->category, f->category) &&
	       (int)d->severity >= f->severity &&
	       (f->since == WHEN_NONE || d->event_time >= f->since) &&
	       (f->until == WHEN_NONE || d->event_time <= f->until) &&
	       (!f->text || member_has(d->message, f->text) ||
		member_has(d->title, f->text));
}

/* The latest first; of one time, by id. */
static int later(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	size_t n = x->id.len < y->id.len ? x->id.len : y->id.len;
	int order;

	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	order = n ? memcmp(x->id.ptr, y->id.ptr, n) : 0;
	return order ? order
		     : (x->id.len > y->id.len) - (x->id.len < y->id.len);
}

/* Sorts, and drops repeats and what is over the limit. */
static void settle(struct newest *n)
{
	size_t limit = n->filter->limit ? n->filter->limit : SIZE_MAX;
	size_t kept = 0;

	if (n->count)
		qsort(n->items, n->count, sizeof(*n->items), later);
	for (size_t i = 0; i < n->count; i++) {
		if (kept < limit &&
		    (!kept || later(&n->items[kept - 1], &n->items[i]) != 0))
			n->items[kept++] = n->items[i];
		else
			free(n->items[i].record);
	}
	n->count = kept;
}

static void take(struct newest *n, struct slice record)
{
	struct err ignored = ERR_INIT;
	struct detection d;
	struct sighting *s;

	if (jscan_object(&n->scan, record.ptr, record.len, &ignored) < 0 ||
	    detection_read(&d, record, &n->scan, &n->scratch, 0, &ignored) <
		    0 ||
	    !fits(n->filter, &d))
		return;
	if (n->count == n->cap) {
		if (n->filter->limit && n->cap >= 2 * n->filter->limit)
			settle(n);
		if (n->count == n->cap) {
			n->cap = n->cap ? 2 * n->cap : 64;
			n->items =
				mem_resize(n->items, n->cap, sizeof(*n->items));
		}
	}
	s = &n->items[n->count++];
	s->record = mem_dup_bytes(record.ptr, record.len);
	s->len = record.len;
	s->time = d.event_time;
	s->id = (struct slice){NULL, 0};
	if (d.id.ptr)
		s->id = (struct slice){s->record + (d.id.ptr - record.ptr),
				       d.id.len};
}

static int take_element(void *arg, struct slice value, enum jscan_type type,
			struct err *err)
{
	(void)err;
	if (type == JSCAN_OBJECT)
		take(arg, value);
	return 0;
}

int sightings_recent(struct store *s, const struct sightings_filter *f,
		     int (*found)(void *arg, struct slice record,
				  struct err *err),
		     void *arg, struct err *err)
{
	struct newest n = {.filter = f};
	struct store_rows *rows =
		store_ask(s, err,
			  "SELECT records FROM first_detections "
			  "UNION ALL SELECT records FROM latest_detections",
			  NULL, 0);
	int got = rows ? 1 : -1;

	while (got > 0 && (got = store_next(rows, err)) > 0)
		if (jscan_array(store_text(rows, 0), take_element, &n, err) < 0)
			got = -1;
	store_rows_free(rows);
	settle(&n);
	for (size_t i = 0; i < n.count && got == 0; i++)
		got = found(arg,
			    (struct slice){n.items[i].record, n.items[i].len},
			    err);
	for (size_t i = 0; i < n.count; i++)
		free(n.items[i].record);
	free(n.items);
	jscan_done(&n.scan);
	jscan_done(&n.scratch);
	return got;
}

/* A statement each, since the text of SQL is always a literal. */
#define COUNT_SQL(column, order)                                             \
	"SELECT " column ", CAST(SUM(count) AS @integer@) FROM "             \
	"detection_counts WHERE (CAST($1 AS TEXT) IS NULL OR pattern = $1) " \
	"AND (CAST($2 AS TEXT) IS NULL OR service = $2) AND severity >= $3 " \
	"AND hour >= $4 AND hour <= $5 GROUP BY " column " ORDER BY " order  \
	", 1"

static const char *const count_sql[] = {
	[SIGHTINGS_BY_PATTERN] = COUNT_SQL("pattern", "2 DESC"),
	[SIGHTINGS_BY_SERVICE] = COUNT_SQL("service", "2 DESC"),
	[SIGHTINGS_BY_SEVERITY] = COUNT_SQL("severity", "1 DESC"),
	[SIGHTINGS_BY_HOUR] = COUNT_SQL("hour", "1"),
};

static const char *key_text(struct store_rows *rows, enum sightings_by by,
			    struct buf *text)
{
	char time[WHEN_TEXT];

	buf_reset(text);
	if (by == SIGHTINGS_BY_SEVERITY) {
		buf_add_str(text,
			    severity_name((enum severity)store_int(rows, 0)));
	} else if (by == SIGHTINGS_BY_HOUR) {
		when_format(time, store_int(rows, 0));
		buf_add_str(text, time);
	} else {
		buf_add_slice(text, store_text(rows, 0));
	}
	return buf_str(text);
}

int sightings_count(struct store *s, const struct sightings_filter *f,
		    enum sightings_by by,
		    int (*found)(void *arg, const char *key, int64_t count,
				 struct err *err),
		    void *arg, struct err *err)
{
	int64_t since =
		f->since == WHEN_NONE ? INT64_MIN : f->since - WHEN_HOUR + 1;
	int64_t until = f->until == WHEN_NONE ? INT64_MAX : f->until;
	AUTO_BUF struct buf text = BUF_INIT;
	size_t told = 0;
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err, count_sql[by], S_TEXT(f->pattern), S_TEXT(f->service),
		S_INT(f->severity), S_INT(since), S_INT(until));
	int got = rows ? 1 : -1;

	while (got > 0 && (!f->limit || told < f->limit) &&
	       (got = store_next(rows, err)) > 0) {
		int stop = found(arg, key_text(rows, by, &text),
				 store_int(rows, 1), err);

		if (stop)
			return stop;
		told++;
	}
	return got < 0 ? -1 : 0;
}
