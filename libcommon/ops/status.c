/* status.c - the figures of one screen, and their records. */
#include <oncall/status.h>

#include <oncall/approval.h>
#include <oncall/clock.h>
#include <oncall/counter.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/report.h>
#include <oncall/when.h>

#define LIVE "status NOT IN ('resolved', 'closed') "

void status_done(struct status *st)
{
	for (size_t i = 0; i < st->worst_count; i++)
		incident_done(&st->worst[i]);
	for (size_t i = 0; i < st->source_count; i++) {
		free(st->sources[i].stream);
		free(st->sources[i].kind);
		free(st->sources[i].path);
	}
	free(st->driver);
	free(st->place);
	*st = (struct status){.worst_count = 0};
}

static int read_counts(struct store *s, struct status *st, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err,
			  "SELECT severity, COUNT(*), MIN(opened) "
			  "FROM incidents WHERE " LIVE "GROUP BY severity",
			  NULL, 0);
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		int64_t severity = store_int(rows, 0);
		int64_t count = store_int(rows, 1);
		int64_t opened = store_time(rows, 2);

		if (severity < 0 || severity >= STATUS_SEVERITIES)
			continue;
		st->live_by[severity] = count;
		st->live += count;
		if (st->oldest == WHEN_NONE || opened < st->oldest)
			st->oldest = opened;
	}
	return got;
}

static int read_worst(struct store *s, struct status *st, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err,
		"SELECT " INCIDENT_COLUMNS " FROM incidents i WHERE i." LIVE
		"ORDER BY i.severity DESC, i.num LIMIT $1",
		S_INT(STATUS_WORST));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct incident *inc = &st->worst[st->worst_count++];

		incident_from_row(inc, rows, 0);
		incident_own(inc);
	}
	return got;
}

static int read_tick(struct store *s, struct status *st, struct err *err)
{
	int64_t last;

	if (counter_get(s, STATUS_LAST_TICK, &last, err) < 0)
		return -1;
	if (last)
		st->last_tick = last;
	return 0;
}

int status_tick_late(struct store *s, int64_t now, int64_t *ret_age,
		     struct err *err)
{
	int64_t last;

	if (counter_get(s, STATUS_LAST_TICK, &last, err) < 0)
		return -1;
	*ret_age = last ? now - last : WHEN_NONE;
	return last && *ret_age > STATUS_TICK_LATE;
}

/* Text of a member of the source, as the record had it; NULL when absent. */
static char *source_text(const struct jscan *scan, const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type != JSCAN_STRING)
		return NULL;
	jscan_unquote(&text, m->value);
	return mem_dup(buf_str(&text));
}

static void read_source(struct status_source *ret, struct store_rows *rows)
{
	struct slice stream = store_text(rows, 0);
	struct slice source = store_text(rows, 1);
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};

	*ret = (struct status_source){
		.stream = mem_dup_bytes(stream.ptr, stream.len),
		.position = store_int(rows, 2),
		.seen = store_time(rows, 3),
	};
	if (jscan_object(&scan, source.ptr, source.len, &ignored) == 0) {
		ret->kind = source_text(&scan, "kind");
		ret->path = source_text(&scan, "path");
	}
	if (!ret->kind)
		ret->kind = mem_dup("unknown");
	jscan_done(&scan);
}

static int read_sources(struct store *s, struct status *st, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT stream, source, position, updated "
			  "FROM streams ORDER BY updated DESC, stream LIMIT $1",
			  S_INT(STATUS_SOURCES));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		read_source(&st->sources[st->source_count++], rows);
	return got;
}

static int read_all(struct store *s, struct status *st, struct err *err)
{
	st->driver = mem_dup(store_driver(s));
	st->place = mem_dup(store_name(s));
	st->schema = store_schema_version(s);
	if (store_size(s, &st->size, err) < 0 || read_counts(s, st, err) < 0 ||
	    read_worst(s, st, err) < 0 ||
	    approval_waiting(s, &st->approvals, err) < 0 ||
	    read_tick(s, st, err) < 0 || read_sources(s, st, err) < 0)
		return -1;
	return 0;
}

int status_read(struct store *s, struct status *ret, struct err *err)
{
	int rc;

	*ret = (struct status){.time = clock_now(),
			       .oldest = WHEN_NONE,
			       .last_tick = WHEN_NONE};
	if (store_begin(s, err) < 0)
		return -1;
	rc = read_all(s, ret, err);
	store_rollback(s);
	if (rc < 0)
		status_done(ret);
	return rc;
}

/* ---- records ---- */

static void add_figure(struct buf *out, const char *metric, int64_t value,
		       const char *unit)
{
	report_open(out, metric);
	jwrite_int(out, "value", value);
	jwrite_str_opt(out, "unit", unit);
}

/* The time since then; null when there was none. */
static void add_age(struct buf *out, const char *metric,
		    const struct status *st, int64_t since)
{
	report_open(out, metric);
	if (since == WHEN_NONE)
		jwrite_raw(out, "value", SLICE_LIT("null"));
	else
		jwrite_real(out, "value", (double)(st->time - since) / 1000);
	jwrite_str(out, "unit", "seconds");
}

static void add_incident(struct buf *out, const struct status *st,
			 const struct incident *inc)
{
	char id[INCIDENT_ID];

	incident_id(id, inc->num);
	add_age(out, "worst_incident_age", st, inc->opened);
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "incident", id);
	jwrite_str(out, "severity", severity_name(inc->severity));
	jwrite_str(out, "status", incident_status_names[inc->status]);
	jwrite_text(out, "service", inc->service);
	jwrite_text(out, "title", inc->title);
	jwrite_close(out, '}');
	report_close(out);
}

static void add_source_labels(struct buf *out, const struct status_source *src)
{
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "kind", src->kind);
	jwrite_str_opt(out, "path", src->path);
	jwrite_str(out, "stream", src->stream);
	jwrite_close(out, '}');
	report_close(out);
}

void status_records(const struct status *st, struct buf *out)
{
	for (size_t i = STATUS_SEVERITIES; i-- > 0;) {
		add_figure(out, "incidents_live", st->live_by[i], "incidents");
		jwrite_open(out, "labels", '{');
		jwrite_str(out, "severity", severity_name((enum severity)i));
		jwrite_close(out, '}');
		report_close(out);
	}
	add_age(out, "oldest_incident_age", st, st->oldest);
	report_close(out);
	for (size_t i = 0; i < st->worst_count; i++)
		add_incident(out, st, &st->worst[i]);
	add_figure(out, "approvals_waiting", st->approvals, "approvals");
	report_close(out);
	add_age(out, "last_tick_age", st, st->last_tick);
	report_close(out);
	add_figure(out, "store_size", st->size, "bytes");
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "driver", st->driver);
	jwrite_str(out, "place", st->place);
	jwrite_close(out, '}');
	report_close(out);
	add_figure(out, "store_schema", st->schema, NULL);
	report_close(out);
	for (size_t i = 0; i < st->source_count; i++) {
		const struct status_source *src = &st->sources[i];

		add_figure(out, "source_position", src->position, NULL);
		add_source_labels(out, src);
		add_age(out, "source_age", st, src->seen);
		add_source_labels(out, src);
	}
}

/* ---- writing ---- */

int status_try_write(struct store *s, struct err *err)
{
	int64_t changed;

	if (store_begin(s, err) < 0)
		return -1;
	changed = STORE_RUN(s, err,
			    "INSERT INTO counters (name, value) "
			    "VALUES ($1, 0) ON CONFLICT (name) DO NOTHING",
			    S_TEXT("try_write"));
	store_rollback(s);
	return changed < 0 ? -1 : 0;
}
