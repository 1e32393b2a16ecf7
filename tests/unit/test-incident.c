/* test-incident.c - ids, what is kept, a walk over all, and that it does not
 * matter where batches end: SQLite always, PostgreSQL when TEST_POSTGRES holds
 * the address of an empty database. */
#include "unit-config.h"
#include "unit-incident.h"

#include <oncall/incident-edit.h>
#include <oncall/incident-open.h>
#include <oncall/incident-query.h>

#include "../../libcommon/ops/incident-keep.h"

static struct config *config;

static int set_up(void **state)
{
	struct err err = ERR_INIT;

	/* Nobody's own configuration is read. */
	if (load_text(&config, config_schema,
		      "incidents: {reopen_within: 20m}\n", &err) < 0)
		fail_msg("%s", err.text);
	return ops_set_up(state);
}

static void empty_store(void)
{
	static const char *const sql[] = {
		"DELETE FROM incidents",	"DELETE FROM fingerprints",
		"DELETE FROM first_detections", "DELETE FROM latest_detections",
		"DELETE FROM timeline",		"DELETE FROM streams",
		"DELETE FROM seen_detections",	"DELETE FROM detection_counts",
		"DELETE FROM counters",
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		(void)store_run(store, &err, sql[i], NULL, 0);
	assert_no_err(&err);
}

static int tear_down(void **state)
{
	empty_store();
	config_free(config);
	config = NULL;
	return ops_tear_down(state);
}

/* ---- ids ---- */

static void ids_are_read_in_all_their_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t num;
	} cases[] = {
		{"INC-20261120-0001", 202611200000001},
		{"inc-20261120-0001", 202611200000001},
		{"20261120-1", 202611200000001},
		{"INC-20261120-9999999", 202611209999999},
		{"INC-00010101-0042", 101010000042},
		{"1-1", 10000001},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		int64_t num = 0;

		assert_int_equal(incident_parse_id(cases[i].text, &num, &err),
				 0);
		assert_true(num == cases[i].num);
	}
}

static void other_texts_are_no_ids(void **state)
{
	static const char *const texts[] = {
		"",
		"INC-",
		"INC-20261120",
		"INC-20261120-",
		"INC-20261120-0",
		"INC-20261120-0001 ",
		" INC-20261120-0001",
		"INC-20261120-00000001",
		"INC-202611200-0001",
		"INC--20261120-1",
		"INC-20261120--1",
		"INC-20261120-+1",
		"INCINC-20261120-1",
		"INC-2026-11-20-1",
		"INC-20261120-1\xc3\xa4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = ERR_INIT;
		int64_t num;

		assert_int_equal(incident_parse_id(texts[i], &num, &err), -1);
		assert_err(&err, ERR_USAGE, "is not an incident");
	}
}

static void an_id_that_is_written_is_read_again(void **state)
{
	static const int64_t numbers[] = {1, 202611200000001, 202611200010000,
					  999999999999999};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct err err = ERR_INIT;
		char id[INCIDENT_ID];
		int64_t num = 0;

		incident_id(id, numbers[i]);
		assert_int_equal(incident_parse_id(id, &num, &err), 0);
		assert_true(num == numbers[i]);
	}
	{
		char id[INCIDENT_ID];

		incident_id(id, 202611200010000);
		assert_string_equal(id, "INC-20261120-10000");
	}
}

/* ---- members ---- */

static void texts_outlive_what_they_were_set_from(void **state)
{
	char text[] = "first";
	AUTO_INCIDENT struct incident inc = {0};

	(void)state;
	incident_set(&inc, &inc.title, slice_of(text));
	memset(text, 'x', strlen(text));
	assert_true(slice_is(inc.title, "first"));
	/* Also from itself, and again and again. */
	for (int i = 0; i < 3; i++)
		incident_set(&inc, &inc.title,
			     (struct slice){inc.title.ptr, inc.title.len - 1});
	assert_true(slice_is(inc.title, "fi"));
	incident_own(&inc);
	assert_true(slice_is(inc.title, "fi"));
	assert_null(inc.service.ptr);
}

/* ---- what is kept ---- */

static void a_list_keeps_the_latest(void **state)
{
	struct keep_list list = {.count = 0};

	(void)state;
	keep_push(&list, SLICE_LIT("1"), 3);
	keep_push(&list, SLICE_LIT("2"), 3);
	keep_push(&list, SLICE_LIT("3"), 3);
	keep_push(&list, SLICE_LIT("4"), 3);
	assert_int_equal(list.count, 3);
	assert_true(slice_is(list.lines[0], "2"));
	assert_true(slice_is(list.lines[2], "4"));
	keep_push(&list, SLICE_LIT("5"), 3);
	assert_true(slice_is(list.lines[0], "3"));
}

static void keep(int part, const char *line)
{
	struct err err = ERR_INIT;
	struct keep_list list = {.lines = {slice_of(line)}, .count = 1};

	assert_int_equal(store_begin(store, &err), 0);
	assert_int_equal(keep_append(store, 5, &list, part, 3, &err), 0);
	assert_int_equal(store_commit(store, &err), 0);
}

static void parts_are_kept_apart(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	struct keep_list list;

	(void)state;
	assert_int_equal(keep_load(store, 5, KEEP_FIRST, &list, &text, &err),
			 0);
	assert_int_equal(list.count, 0);
	keep(KEEP_FIRST, "{\"a\":1}");
	keep(KEEP_LATEST, "{\"b\":1}");
	for (int i = 0; i < 3; i++)
		keep(KEEP_LATEST, "{\"c\":[1, 2]}");
	assert_int_equal(keep_load(store, 5, KEEP_FIRST, &list, &text, &err),
			 0);
	assert_int_equal(list.count, 1);
	assert_true(slice_is(list.lines[0], "{\"a\":1}"));
	buf_reset(&text);
	assert_int_equal(keep_load(store, 5, KEEP_LATEST, &list, &text, &err),
			 0);
	assert_int_equal(list.count, 3);
	assert_true(slice_is(list.lines[0], "{\"c\":[1, 2]}"));
}

static void a_long_line_is_kept_without_its_long_members(void **state)
{
	AUTO_BUF struct buf line = BUF_INIT, out = BUF_INIT;

	(void)state;
	buf_addf(&line,
		 "{\"a\":1,\"long\":\"%017000d\",\"truncated\":\"x\",\"esc\\n\""
		 ":2,\"b\":[3 , 4]}",
		 0);
	keep_write(&out, buf_slice(&line));
	assert_string_equal(buf_str(&out),
			    "{\"a\":1,\"b\":[3 , 4],\"truncated\":true}");
	/* Many short members are no shorter. */
	buf_reset(&line);
	buf_reset(&out);
	buf_add_str(&line, "{\"m0\":1");
	for (int i = 1; i < 3000; i++)
		buf_addf(&line, ",\"m%d\":\"%010d\"", i, i);
	buf_add_char(&line, '}');
	keep_write(&out, buf_slice(&line));
	assert_true(out.len < 20000);
	assert_string_equal(buf_str(&out) + out.len - 18,
			    ",\"truncated\":true}");
}

/* ---- a walk ---- */

static bool is_unknown(const struct incident *inc)
{
	return inc->known != inc->revision;
}

struct walk {
	struct buf seen;
	int64_t stop; /* at this one */
};

/* Notes it; and what it does to all must not change which ones come. */
static int on_walk(void *arg, const struct incident *inc, struct err *err)
{
	struct walk *w = arg;

	buf_addf(&w->seen, "%lld:%lld ", (long long)inc->num,
		 (long long)inc->count);
	if (store_run(store, err,
		      "UPDATE incidents SET count = count + 1, known = 1", NULL,
		      0) < 0)
		return -1;
	return inc->num == w->stop ? 7 : 0;
}

static void walks(int64_t stop, int ends, const char *wanted)
{
	struct walk w = {.stop = stop};
	struct err err = ERR_INIT;

	assert_int_equal(incident_walk(store, is_unknown, on_walk, &w, &err),
			 ends);
	assert_no_err(&err);
	assert_string_equal(buf_str(&w.seen), wanted);
	buf_done(&w.seen);
}

static void put_some(void)
{
	for (int64_t num = 5; num > 0; num--) {
		struct incident inc = incident_sample(num);

		if (num == 2)
			inc.status = INCIDENT_RESOLVED;
		if (num == 4)
			inc.known = inc.revision;
		put_incident(&inc);
	}
}

static void a_walk_meets_what_was_wanted_when_it_began(void **state)
{
	(void)state;
	put_some();
	walks(0, 0, "1:1 3:2 5:3 ");
	walks(0, 0, "");
}

static void a_walk_ends_when_it_is_told_to(void **state)
{
	(void)state;
	put_some();
	walks(3, 7, "1:1 3:2 ");
}

/* ---- batches ---- */

#define DETECTIONS 2000
#define CUT	   900 /* before this one people do something */
#define INCIDENTS  24  /* that there are then */

static uint32_t seed;

/* The same numbers everywhere. */
static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* A detection, sometimes one that was there before, and sometimes a cursor. */
static void random_line(struct buf *out, int i)
{
	static const char *const severities[] = {"info", "low", "medium",
						 "high", "critical"};
	static const char *const tags[] = {"[]", "[\"a\"]", "[\"b\",\"a\"]",
					   "[\"\\u0063\",\"c\"]"};
	char time[WHEN_TEXT], seen[WHEN_TEXT];
	int64_t at = NOW + i * 20 * WHEN_SECOND;
	uint32_t stream = random_below(4);

	/* Now and then there is silence, longer than reopen_within. */
	at += i / 500 * 3 * WHEN_HOUR;
	when_format(time, at);
	when_format(seen, at - (int64_t)random_below(4000) * WHEN_SECOND);
	if (random_below(40) == 0) {
		buf_addf(out,
			 "{\"type\":\"cursor\",\"time\":\"%s\",\"source\":"
			 "{\"kind\":\"file\",\"stream\":\"s%u\"},\"position\":"
			 "%d,\"snapshot\":\"c%d\"}",
			 time, stream, 10 + i - (int)random_below(30), i);
		return;
	}
	buf_addf(out,
		 "{\"type\":\"detection\",\"id\":\"%s%d\",\"time\":\"%s\","
		 "\"event_time\":\"%s\",\"pattern\":\"p%u\",\"service\":"
		 "\"s%u\",\"severity\":\"%s\",\"tags\":%s,\"count\":%u",
		 stream ? "x" : "y", i - (int)random_below(3), time, seen,
		 random_below(12), random_below(2), severities[random_below(5)],
		 tags[random_below(4)], 1 + random_below(3));
	if (stream)
		buf_addf(out,
			 ",\"source\":{\"kind\":\"file\",\"stream\":\"s%u\","
			 "\"offset\":%d}",
			 stream, 10 + i - (int)random_below(3) * 2);
	buf_add_char(out, '}');
}

/* What people do between two runs: of four incidents three become one; then
 * most are over, for so long that a detection comes late to the end, reopens
 * it, or opens another one. */
static void people(void)
{
	static const int64_t ago[] = {10, 30, 60, 100};
	const int64_t cut = NOW + CUT * 20 * WHEN_SECOND + 3 * WHEN_HOUR;
	const int64_t first = 202611200000001;
	struct incident_edit e = {
		.store = store, .actor = "ana", .took = WHEN_NONE};
	struct err err = ERR_INIT;

	clock_set(cut - 130 * WHEN_MINUTE);
	for (int i = 0; i < INCIDENTS; i++) {
		AUTO_INCIDENT struct incident inc = {0};

		if (i % 4 == 1 || i % 4 == 2)
			(void)!incident_merge(&e, first + i - i % 4, first + i,
					      &inc, &err);
		assert_no_err(&err);
	}
	for (int i = 0; i < INCIDENTS; i++) {
		AUTO_INCIDENT struct incident inc = {0};

		clock_set(cut - ago[i / 4 % 4] * WHEN_MINUTE);
		if (i % 4 == 0 && i < INCIDENTS - 4)
			(void)!incident_move(&e, first + i, INCIDENT_RESOLVED,
					     &inc, &err);
		assert_no_err(&err);
	}
	clock_set(NOW);
}

static void take_line(struct incident_open *open, struct slice line)
{
	struct jscan scan = {0};
	struct err err = ERR_INIT;

	assert_int_equal(jscan_object(&scan, line.ptr, line.len, &err), 0);
	if (slice_is(jscan_get(&scan, "type")->value, "\"cursor\""))
		(void)!incident_open_cursor(open, line, &scan, &err);
	else
		(void)!incident_open_add(open, line, &scan, &err);
	assert_no_err(&err);
	jscan_done(&scan);
}

/* What a query of the store gives, all columns of all rows. */
static void add_rows(struct buf *out, const char *sql, int columns)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows =
		store_ask(store, &err, sql, NULL, 0);

	assert_no_err(&err);
	while (store_next(rows, &err) > 0) {
		for (int i = 0; i < columns; i++) {
			buf_add_slice(out, store_text(rows, i));
			buf_add_char(out, '|');
		}
		buf_add_char(out, '\n');
	}
	assert_no_err(&err);
}

/* Everything that the store holds now. */
static void add_state(struct buf *out)
{
	const struct incident_query q = {.status = "all", .reverse = true};
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	struct err err = ERR_INIT;
	struct incident inc;

	assert_int_equal(incident_find(store, &q, &rows, &err), 0);
	while (incident_next(rows, &inc, &err) > 0) {
		AUTO_BUF struct buf record = BUF_INIT;

		assert_int_equal(incident_record(store, &inc,
						 INCIDENT_WITH_DETECTIONS |
							 INCIDENT_WITH_TIMELINE,
						 &record, &err),
				 0);
		buf_addf(out, "%s\n", buf_str(&record));
	}
	assert_no_err(&err);
	add_rows(out,
		 "SELECT stream, source, CAST(position AS TEXT), at_position, "
		 "cursor_position, snapshot, CAST(updated AS TEXT) "
		 "FROM streams ORDER BY stream",
		 7);
	add_rows(out,
		 "SELECT fingerprint, CAST(incident AS TEXT) "
		 "FROM fingerprints ORDER BY fingerprint",
		 2);
	add_rows(out,
		 "SELECT CAST(hour AS TEXT), pattern, service, "
		 "CAST(severity AS TEXT), CAST(count AS TEXT) "
		 "FROM detection_counts "
		 "ORDER BY hour, pattern, service, severity",
		 5);
	add_rows(out, "SELECT id FROM seen_detections ORDER BY id", 1);
}

/* The same detections in batches of up to most, and what comes of them. */
static void run_in_batches(uint32_t most, struct buf *out)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct record_writer writer = RECORD_WRITER_INIT(nowhere);
	struct incident_open *batch =
		incident_open_new(&(struct incident_open_options){
			.store = store, .config = config, .actor = "tester"});
	AUTO_BUF struct buf line = BUF_INIT;
	uint32_t lines = 42, sizes = most, left = 0;
	struct err err = ERR_INIT;

	for (int i = 0; i < DETECTIONS; i++) {
		bool cut = i == CUT;

		if (left == 0 || cut) {
			seed = sizes;
			left = 1 + random_below(most);
			sizes = seed;
			assert_int_equal(
				incident_open_commit(batch, &writer, &err), 0);
		}
		if (cut)
			people();
		seed = lines;
		buf_reset(&line);
		random_line(&line, i);
		lines = seed;
		take_line(batch, buf_slice(&line));
		left--;
	}
	assert_int_equal(incident_open_commit(batch, &writer, &err), 0);
	incident_open_free(batch);
	record_writer_done(&writer);
	assert_int_equal(close(nowhere), 0);
	add_state(out);
	empty_store();
}

static void it_does_not_matter_where_batches_end(void **state)
{
	AUTO_BUF struct buf whole = BUF_INIT;

	(void)state;
	run_in_batches(DETECTIONS, &whole);
	/* The input does what it is for. */
	assert_non_null(strstr(whole.data, "\"what\":\"reopened\""));
	assert_non_null(strstr(whole.data, "\"previous\":\"INC-"));
	assert_non_null(strstr(whole.data, "\"merged_into\":\"INC-"));
	assert_non_null(strstr(whole.data, "\"what\":\"raised\""));
	for (uint32_t most = 1; most < 400; most = most * 3 + 1) {
		AUTO_BUF struct buf parts = BUF_INIT;

		run_in_batches(most, &parts);
		assert_string_equal(buf_str(&parts), buf_str(&whole));
	}
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		cmocka_unit_test(ids_are_read_in_all_their_forms),
		cmocka_unit_test(other_texts_are_no_ids),
		cmocka_unit_test(an_id_that_is_written_is_read_again),
		cmocka_unit_test(texts_outlive_what_they_were_set_from),
		cmocka_unit_test(a_list_keeps_the_latest),
		cmocka_unit_test(a_long_line_is_kept_without_its_long_members),
		TEST(parts_are_kept_apart),
		TEST(a_walk_meets_what_was_wanted_when_it_began),
		TEST(a_walk_ends_when_it_is_told_to),
		TEST(it_does_not_matter_where_batches_end),
#undef TEST
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	int failed;

	if (make_test_dir(NULL) < 0)
		return 1;
	failed = ops_run(group);
	return remove_test_dir(NULL) < 0 ? 1 : failed;
}
