/* What was detected: the latest first, each once; and counts of all. */
#include "unit-ops.h"

#include <oncall/sightings.h>
#include <oncall/when.h>

#define NONE                                           \
	{                                              \
		.since = WHEN_NONE, .until = WHEN_NONE \
	}

/* A detection of minute at. */
static void add_record(struct buf *out, const char *id, int at,
		       const char *more)
{
	char time[WHEN_TEXT];

	when_format(time, NOW + at * WHEN_MINUTE);
	buf_addf(out,
		 "{\"type\":\"detection\",\"id\":\"%s\",\"time\":\"%s\","
		 "\"pattern\":\"p\",\"severity\":\"high\"%s}",
		 id, time, more);
}

static void keep(const char *table, int incident, struct slice records)
{
	struct err err = ERR_INIT;

	if (!strcmp(table, "first"))
		(void)STORE_RUN(store, &err,
				"INSERT INTO first_detections VALUES ($1, $2)",
				S_INT(incident), S_SLICE(records));
	else
		(void)STORE_RUN(store, &err,
				"INSERT INTO latest_detections VALUES ($1, $2)",
				S_INT(incident), S_SLICE(records));
	assert_no_err(&err);
}

struct found {
	struct buf text;
	int stop_at, count;
};

/* "id " of each. */
static int on_record(void *arg, struct slice record, struct err *err)
{
	struct found *f = arg;
	const char *id = strstr(record.ptr, "\"id\":\"") + 6;

	(void)err;
	buf_add(&f->text, id, strcspn(id, "\""));
	buf_add_char(&f->text, ' ');
	return ++f->count == f->stop_at ? 7 : 0;
}

static void recent_are(const struct sightings_filter *filter, const char *want)
{
	struct found f = {.text = BUF_INIT};
	struct err err = ERR_INIT;

	assert_int_equal(sightings_recent(store, filter, on_record, &f, &err),
			 0);
	assert_no_err(&err);
	assert_string_equal(buf_str(&f.text), want);
	buf_done(&f.text);
}

/* Two incidents; b is in both lists of the first. */
static void fill(void)
{
	AUTO_BUF struct buf list = BUF_INIT;

	buf_add_char(&list, '[');
	add_record(&list, "a", 1,
		   ",\"service\":\"web\",\"title\":\"Ab \\u00fc\"");
	buf_add_char(&list, ',');
	add_record(&list, "b", 2, ",\"message\":\"Disk FULL\",\"host\":\"h1\"");
	buf_add_char(&list, ']');
	keep("first", 1, buf_slice(&list));
	buf_reset(&list);
	buf_add_char(&list, '[');
	add_record(&list, "b", 2, ",\"message\":\"Disk FULL\",\"host\":\"h1\"");
	buf_add_char(&list, ',');
	add_record(&list, "d", 4, ",\"category\":\"storage\"");
	buf_add_str(&list, ",7,{\"type\":\"incident\"},\"x\"]");
	keep("latest", 1, buf_slice(&list));
	buf_reset(&list);
	buf_add_char(&list, '[');
	add_record(&list, "c", 3, ",\"labels\":{}");
	buf_add_char(&list, ',');
	/* Of one time: by id. */
	add_record(&list, "cc", 3, "");
	buf_add_char(&list, ']');
	keep("latest", 2, buf_slice(&list));
}

static void the_latest_come_first_and_once(void **state)
{
	struct sightings_filter f = NONE;

	(void)state;
	recent_are(&f, "");
	fill();
	recent_are(&f, "d c cc b a ");
	f.limit = 3;
	recent_are(&f, "d c cc ");
	f.limit = 1;
	recent_are(&f, "d ");
}

static void filters_hold_together(void **state)
{
	static const struct {
		struct sightings_filter filter;
		const char *want;
	} cases[] = {
		{{.pattern = "q"}, ""},
		{{.pattern = "p"}, "d c cc b a "},
		{{.service = "web"}, "a "},
		{{.host = "h1"}, "b "},
		{{.category = "storage"}, "d "},
		{{.text = "disk full"}, "b "},
		{{.text = "AB \xc3\xbc"}, "a "},
		{{.text = "full", .host = "h2"}, ""},
		{{.severity = SEVERITY_HIGH}, "d c cc b a "},
		{{.severity = SEVERITY_CRITICAL}, ""},
	};
	struct sightings_filter f = NONE;

	(void)state;
	fill();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f = cases[i].filter;
		f.since = f.until = WHEN_NONE;
		recent_are(&f, cases[i].want);
	}
	f = (struct sightings_filter)NONE;
	f.since = NOW + 2 * WHEN_MINUTE;
	f.until = NOW + 3 * WHEN_MINUTE;
	recent_are(&f, "c cc b ");
}

/* More than is gathered at a time. */
static void the_limit_holds_over_many(void **state)
{
	AUTO_BUF struct buf want = BUF_INIT;
	struct sightings_filter f = NONE;

	(void)state;
	for (int i = 0; i < 40; i++) {
		AUTO_BUF struct buf list = BUF_INIT;

		for (int k = 0; k < 20; k++) {
			char id[16];

			(void)snprintf(id, sizeof(id), "%03d", k * 40 + i);
			buf_add_char(&list, k ? ',' : '[');
			add_record(&list, id, k * 40 + i, "");
		}
		buf_add_char(&list, ']');
		keep("latest", i, buf_slice(&list));
	}
	for (int i = 799; i > 789; i--)
		buf_addf(&want, "%03d ", i);
	f.limit = 10;
	recent_are(&f, buf_str(&want));
}

static void a_callback_may_stop(void **state)
{
	struct sightings_filter f = NONE;
	struct found found = {.text = BUF_INIT, .stop_at = 2};
	struct err err = ERR_INIT;

	(void)state;
	fill();
	assert_int_equal(sightings_recent(store, &f, on_record, &found, &err),
			 7);
	assert_string_equal(buf_str(&found.text), "d c ");
	buf_done(&found.text);
}

static void a_broken_list_is_an_error(void **state)
{
	struct sightings_filter f = NONE;
	struct found found = {.text = BUF_INIT};
	struct err err = ERR_INIT;

	(void)state;
	keep("first", 9, SLICE_LIT("[{\"id\":"));
	assert_int_equal(sightings_recent(store, &f, on_record, &found, &err),
			 -1);
	assert_int_not_equal(err.kind, ERR_NONE);
	assert_int_equal(found.count, 0);
}

static void add_count(int hour, const char *pattern, const char *service,
		      enum severity severity, int count)
{
	struct err err = ERR_INIT;

	(void)STORE_RUN(store, &err,
			"INSERT INTO detection_counts (hour, pattern, service, "
			"severity, count) VALUES ($1, $2, $3, $4, $5)",
			S_INT(NOW + hour * WHEN_HOUR), S_TEXT(pattern),
			S_TEXT(service), S_INT(severity), S_INT(count));
	assert_no_err(&err);
}

static int on_count(void *arg, const char *key, int64_t count, struct err *err)
{
	struct found *f = arg;

	(void)err;
	buf_addf(&f->text, "%s=%d ", key, (int)count);
	return ++f->count == f->stop_at ? 7 : 0;
}

static void counts_are(const struct sightings_filter *filter,
		       enum sightings_by by, const char *want)
{
	struct found f = {.text = BUF_INIT};
	struct err err = ERR_INIT;

	assert_int_equal(sightings_count(store, filter, by, on_count, &f, &err),
			 0);
	assert_no_err(&err);
	assert_string_equal(buf_str(&f.text), want);
	buf_done(&f.text);
}

static void fill_counts(void)
{
	add_count(0, "p", "web", SEVERITY_LOW, 5);
	add_count(1, "p", "db", SEVERITY_CRITICAL, 3);
	add_count(1, "q", "web", SEVERITY_LOW, 2);
	add_count(2, "a", "", SEVERITY_HIGH, 2);
}

static void counts_are_of_what_was_asked(void **state)
{
	struct sightings_filter f = NONE;

	(void)state;
	counts_are(&f, SIGHTINGS_BY_PATTERN, "");
	fill_counts();
	counts_are(&f, SIGHTINGS_BY_PATTERN, "p=8 a=2 q=2 ");
	counts_are(&f, SIGHTINGS_BY_SERVICE, "web=7 db=3 =2 ");
	counts_are(&f, SIGHTINGS_BY_SEVERITY, "critical=3 high=2 low=7 ");
	counts_are(&f, SIGHTINGS_BY_HOUR,
		   "2026-11-20T10:00:00.000Z=5 2026-11-20T11:00:00.000Z=5 "
		   "2026-11-20T12:00:00.000Z=2 ");
	f.limit = 1;
	counts_are(&f, SIGHTINGS_BY_PATTERN, "p=8 ");
	f.limit = 0;
	f.service = "web";
	counts_are(&f, SIGHTINGS_BY_PATTERN, "p=5 q=2 ");
	f.pattern = "q";
	counts_are(&f, SIGHTINGS_BY_SEVERITY, "low=2 ");
	f = (struct sightings_filter)NONE;
	f.severity = SEVERITY_HIGH;
	counts_are(&f, SIGHTINGS_BY_PATTERN, "p=3 a=2 ");
}

/* An hour counts when any of it is in the time that was asked for. */
static void hours_count_whole(void **state)
{
	struct sightings_filter f = NONE;

	(void)state;
	fill_counts();
	f.since = NOW + WHEN_HOUR - 1;
	f.until = NOW + WHEN_HOUR;
	counts_are(&f, SIGHTINGS_BY_PATTERN, "p=8 q=2 ");
	f.since = NOW + WHEN_HOUR;
	f.until = NOW + 2 * WHEN_HOUR - 1;
	counts_are(&f, SIGHTINGS_BY_PATTERN, "p=3 q=2 ");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		ops_test(the_latest_come_first_and_once),
		ops_test(filters_hold_together),
		ops_test(the_limit_holds_over_many),
		ops_test(a_callback_may_stop),
		ops_test(a_broken_list_is_an_error),
		ops_test(counts_are_of_what_was_asked),
		ops_test(hours_count_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
