/* With TEST_POSTGRES, the address of an empty database, all runs there, too. */
#include "unit-ops.h"

#include <fcntl.h>

#include <oncall/counter.h>
#include <oncall/heartbeat.h>
#include <oncall/incident.h>
#include <oncall/status.h>
#include <oncall/when.h>

#include "../../libcommon/conf/config-internal.h"

#define NEVER (-1)

static char dir[] = "/tmp/test-heartbeat.XXXXXX";

/* ---- what the tests say ---- */

static int empty_store(void **state)
{
	static const char *const sql[] = {
		"DELETE FROM heartbeats",      "DELETE FROM timeline",
		"DELETE FROM fingerprints",    "DELETE FROM incidents",
		"DELETE FROM seen_detections", "DELETE FROM counters"};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		(void)store_run(store, &err, sql[i], NULL, 0);
	assert_no_err(&err);
	return ops_tear_down(state);
}

#define heartbeat_test(name) \
	cmocka_unit_test_setup_teardown(name, ops_set_up, empty_store)

/* The configuration of these lines; @ in them is the test's directory. */
static struct config *config_of(const char *text)
{
	AUTO_BUF struct buf full = BUF_INIT;
	AUTO_FREE char *path = mem_printf("%s/one.yaml", dir);
	struct config_sources from = {.file = path};
	struct config *c = NULL;
	struct err err = ERR_INIT;
	FILE *f = fopen(path, "w");

	for (; *text; text++) {
		if (*text == '@')
			buf_add_str(&full, dir);
		else
			buf_add_char(&full, *text);
	}
	assert_non_null(f);
	assert_true(fputs(buf_str(&full), f) >= 0);
	assert_int_equal(fclose(f), 0);
	(void)!config_load_with(&c, config_schema, &from, &err);
	assert_no_err(&err);
	return c;
}

/* A file of the directory was changed then; WHEN_NONE: it goes. */
static void touch(const char *name, int64_t ms)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, name);
	struct timespec times[2] = {{.tv_sec = ms / 1000}};
	FILE *f;

	if (ms == WHEN_NONE) {
		(void)unlink(path);
		return;
	}
	times[1] = times[0];
	f = fopen(path, "a");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void on_state(void *arg, const struct heartbeat_state *h)
{
	buf_addf(arg, "%s%s %s", ((struct buf *)arg)->len ? ", " : "", h->name,
		 h->missing ? "missing" : "ok");
	assert_true(h->why && *h->why);
}

/* All heartbeats then; the next look is after so many seconds. */
static void states_are(const struct config *c, int64_t now, const char *wanted,
		       int64_t next_seconds)
{
	AUTO_BUF struct buf is = BUF_INIT;
	struct heartbeat_options o = {.store = store,
				      .config = c,
				      .actor = "test",
				      .now = now,
				      .tell = on_state,
				      .arg = &is};
	struct err err = ERR_INIT;
	int64_t next;

	clock_set(now);
	(void)!heartbeat_check(&o, &next, &err);
	assert_no_err(&err);
	assert_string_equal(buf_str(&is), wanted);
	assert_int_equal(next == WHEN_NONE ? -1 : (next - now) / 1000,
			 next_seconds);
}

/* "TITLE STATUS COUNT", one a line, of all incidents. */
static char *incidents(void)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows =
		store_ask(store, &err,
			  "SELECT title, status, count FROM incidents "
			  "ORDER BY num",
			  NULL, 0);

	assert_non_null(rows);
	while (store_next(rows, &err) > 0) {
		buf_add_slice(&out, store_text(rows, 0));
		buf_add_char(&out, ' ');
		buf_add_slice(&out, store_text(rows, 1));
		buf_addf(&out, " %lld\n", (long long)store_int(rows, 2));
	}
	assert_no_err(&err);
	return mem_dup(buf_str(&out));
}

static void incidents_are(const char *wanted)
{
	AUTO_FREE char *is = incidents();

	assert_string_equal(is, wanted);
}

#define AT(minutes) (NOW + (minutes)*WHEN_MINUTE)

/* ---- the tests ---- */

static void a_file_is_missed_and_comes_back(void **state)
{
	AUTO_CONFIG struct config *c = config_of(
		"heartbeats: {backup: {file: '@/last', every: 1h, grace: "
		"10m}}\n");

	(void)state;
	touch("last", AT(-30));
	states_are(c, AT(0), "backup ok", 40 * 60);
	states_are(c, AT(39), "backup ok", 60);
	incidents_are("");
	states_are(c, AT(40), "backup missing", 60);
	incidents_are("no sign of life from backup for 1h 10m open 1\n");
	/* It is told once, and goes on being missed. */
	states_are(c, AT(41), "backup missing", 60);
	touch("last", WHEN_NONE);
	states_are(c, AT(300), "backup missing", 60);
	incidents_are("no sign of life from backup for 1h 10m open 1\n");
	touch("last", AT(301));
	states_are(c, AT(302), "backup ok", 69 * 60);
	incidents_are("no sign of life from backup for 1h 10m resolved 1\n");
	/* Soon again: it is the same one. */
	states_are(c, AT(371), "backup missing", 60);
	incidents_are("no sign of life from backup for 1h 10m open 2\n");
}

static void what_never_lived_is_expected_from_now_on(void **state)
{
	AUTO_CONFIG struct config *c =
		config_of("heartbeats: {x: {every: 1h}, "
			  "y: {file: '@/none', every: 2h}}\n");

	(void)state;
	states_are(c, AT(0), "x ok, y ok", 61 * 60);
	states_are(c, AT(60), "x ok, y ok", 60);
	states_are(c, AT(61), "x missing, y ok", 60);
	states_are(c, AT(121), "x missing, y missing", 60);
	incidents_are("no sign of life from x for 1h 1m open 1\n"
		      "no sign of life from y for 2h 1m open 1\n");
}

static void a_beat_is_a_sign(void **state)
{
	AUTO_CONFIG struct config *c =
		config_of("heartbeats: {x: {every: 1h}, "
			  "y: {file: '@/none', every: 1d}}\n");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(heartbeat_beat(store, c, "x", AT(0), &err), 0);
	states_are(c, AT(10), "x ok, y ok", 51 * 60);
	assert_int_equal(heartbeat_beat(store, c, "x", AT(50), &err), 0);
	/* One that comes late does not take the later one back. */
	assert_int_equal(heartbeat_beat(store, c, "x", AT(40), &err), 0);
	states_are(c, AT(110), "x ok, y ok", 60);
	states_are(c, AT(111), "x missing, y ok", 60);
	assert_int_equal(heartbeat_beat(store, c, "x", AT(112), &err), 0);
	states_are(c, AT(113), "x ok, y ok", 60 * 60);
	assert_no_err(&err);
	assert_int_equal(heartbeat_beat(store, c, "xx", AT(0), &err), -1);
	assert_err(&err, ERR_USAGE, "no heartbeat is called 'xx'");
	err_clear(&err);
	assert_int_equal(heartbeat_beat(store, c, "y", AT(0), &err), -1);
	assert_err(&err, ERR_USAGE, "'y' lives by its file");
}

/* Lines in a file of the directory: one a run of the command. */
static size_t runs(void)
{
	AUTO_FREE char *path = mem_printf("%s/runs", dir);
	FILE *f = fopen(path, "r");
	size_t n = 0;
	int ch;

	while (f && (ch = getc(f)) != EOF)
		n += ch == '\n';
	if (f)
		(void)fclose(f);
	return n;
}

static void a_command_is_run_once_an_every(void **state)
{
	AUTO_CONFIG struct config *c = config_of(
		"heartbeats:\n"
		"  q:\n"
		"    command: [sh, -c, 'echo >>@/runs; test -e @/alive']\n"
		"    every: 5m\n");

	(void)state;
	touch("runs", WHEN_NONE);
	touch("alive", NOW);
	states_are(c, AT(0), "q ok", 5 * 60);
	states_are(c, AT(1), "q ok", 4 * 60);
	assert_int_equal(runs(), 1);
	touch("alive", WHEN_NONE);
	states_are(c, AT(5), "q ok", 60);
	assert_int_equal(runs(), 2);
	/* The look of a minute ago is enough to know. */
	states_are(c, AT(6), "q missing", 4 * 60);
	states_are(c, AT(7), "q missing", 3 * 60);
	assert_int_equal(runs(), 2);
	touch("alive", NOW);
	states_are(c, AT(10), "q ok", 5 * 60);
	assert_int_equal(runs(), 3);
	incidents_are("no sign of life from q for 6m resolved 1\n");
}

/* After a pause nobody knows anything of a command that is being run. */
static void who_waits_for_a_command_misses_nothing(void **state)
{
	AUTO_CONFIG struct config *c =
		config_of("heartbeats: {q: {command: ['true'], every: 5m}}\n");
	struct err err = ERR_INIT;

	(void)state;
	states_are(c, AT(0), "q ok", 5 * 60);
	/* Another check has begun a look, and is not done. */
	assert_int_equal(STORE_RUN(store, &err,
				   "UPDATE heartbeats SET looked = $1, "
				   "failed = NULL",
				   S_INT(AT(100))),
			 1);
	states_are(c, AT(101), "q ok", 60);
	incidents_are("");
	/* It was killed: the next look is due. */
	states_are(c, AT(105), "q ok", 5 * 60);
}

static void a_command_that_hangs_or_is_not_there_is_no_sign(void **state)
{
	AUTO_CONFIG struct config *c = config_of(
		"heartbeats:\n"
		"  a: {command: [sleep, 60], timeout: 50ms, every: 5m, "
		"grace: 0s}\n"
		"  b: {command: [/no/such/program], every: 5m, grace: 0s}\n");

	(void)state;
	states_are(c, AT(0), "a ok, b ok", 5 * 60);
	states_are(c, AT(5), "a missing, b missing", 5 * 60);
	incidents_are("no sign of life from a for 5m open 1\n"
		      "no sign of life from b for 5m open 1\n");
}

static void the_tick_is_a_sign(void **state)
{
	AUTO_CONFIG struct config *c =
		config_of("heartbeats: {pager: {tick: true, every: 5m}}\n");
	struct err err = ERR_INIT;
	int64_t age;

	(void)state;
	assert_int_equal(status_tick_late(store, AT(0), &age, &err), 0);
	assert_true(age == WHEN_NONE);
	assert_int_equal(counter_set(store, STATUS_LAST_TICK, AT(-1), &err), 0);
	states_are(c, AT(0), "pager ok", 5 * 60);
	states_are(c, AT(5), "pager missing", 60);
	assert_int_equal(status_tick_late(store, AT(9), &age, &err), 0);
	assert_int_equal(status_tick_late(store, AT(10), &age, &err), 1);
	assert_true(age == 11 * WHEN_MINUTE);
	assert_int_equal(counter_set(store, STATUS_LAST_TICK, AT(10), &err), 0);
	states_are(c, AT(11), "pager ok", 5 * 60);
	assert_no_err(&err);
}

static void what_is_taken_out_is_resolved(void **state)
{
	AUTO_CONFIG struct config *c =
		config_of("heartbeats: {x: {every: 1h}, y: {every: 1h}}\n");
	AUTO_CONFIG struct config *less =
		config_of("heartbeats: {y: {every: 1h}}\n");
	AUTO_CONFIG struct config *none = config_of("environment: test\n");
	struct err err = ERR_INIT;

	(void)state;
	states_are(c, AT(0), "x ok, y ok", 61 * 60);
	states_are(c, AT(90), "x missing, y missing", 60);
	states_are(less, AT(91), "y missing", 60);
	incidents_are("no sign of life from x for 1h 30m resolved 1\n"
		      "no sign of life from y for 1h 30m open 1\n");
	/* What another host looks at is left to it. */
	assert_int_equal(store_run(store, &err,
				   "UPDATE heartbeats SET place = 'other'",
				   NULL, 0),
			 1);
	states_are(none, AT(92), "", NEVER);
	incidents_are("no sign of life from x for 1h 30m resolved 1\n"
		      "no sign of life from y for 1h 30m open 1\n");
	states_are(less, AT(93), "y missing", 60);
	states_are(none, AT(94), "", NEVER);
	incidents_are("no sign of life from x for 1h 30m resolved 1\n"
		      "no sign of life from y for 1h 30m resolved 1\n");
	/* When it comes again, it is expected from then on. */
	states_are(c, AT(1000), "x ok, y ok", 61 * 60);
}

static void a_person_may_resolve_it(void **state)
{
	AUTO_CONFIG struct config *c =
		config_of("heartbeats: {x: {every: 1h}}\n");
	struct err err = ERR_INIT;

	(void)state;
	states_are(c, AT(0), "x ok", 61 * 60);
	states_are(c, AT(61), "x missing", 60);
	assert_int_equal(store_run(store, &err,
				   "UPDATE incidents SET status = 'closed'",
				   NULL, 0),
			 1);
	/* It is said once, and the answer stands until it was back. */
	states_are(c, AT(200), "x missing", 60);
	incidents_are("no sign of life from x for 1h 1m closed 1\n");
	assert_int_equal(heartbeat_beat(store, c, "x", AT(201), &err), 0);
	states_are(c, AT(202), "x ok", 60 * 60);
	incidents_are("no sign of life from x for 1h 1m closed 1\n");
}

/* What another incident was merged into is not over because one is. */
static void a_merged_incident_is_not_resolved(void **state)
{
	AUTO_CONFIG struct config *c =
		config_of("heartbeats: {x: {every: 1h}}\n");
	struct err err = ERR_INIT;

	(void)state;
	states_are(c, AT(0), "x ok", 61 * 60);
	states_are(c, AT(61), "x missing", 60);
	assert_int_equal(store_run(store, &err,
				   "INSERT INTO fingerprints (fingerprint, "
				   "incident) SELECT 'v1:other', num "
				   "FROM incidents",
				   NULL, 0),
			 1);
	assert_int_equal(heartbeat_beat(store, c, "x", AT(62), &err), 0);
	states_are(c, AT(63), "x ok", 60 * 60);
	incidents_are("no sign of life from x for 1h 1m open 1\n");
	assert_no_err(&err);
}

static void a_clock_that_jumps_hides_nothing(void **state)
{
	AUTO_CONFIG struct config *c = config_of(
		"heartbeats: {x: {every: 5m}, y: {file: '@/f', every: 5m}, "
		"z: {command: ['false'], every: 5m}}\n");
	struct err err = ERR_INIT;

	(void)state;
	touch("f", AT(60));
	assert_int_equal(heartbeat_beat(store, c, "x", AT(60), &err), 0);
	states_are(c, AT(60), "x ok, y ok, z ok", 5 * 60);
	/* An hour back: all is expected again, and nobody waits an hour. */
	states_are(c, AT(0), "x ok, y ok, z ok", 5 * 60);
	states_are(c, AT(7), "x missing, y missing, z missing", 60);
	/* Forth again: overdue, once each. */
	assert_int_equal(heartbeat_beat(store, c, "x", AT(67), &err), 0);
	states_are(c, AT(67), "x ok, y missing, z missing", 60);
	assert_no_err(&err);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"x: {file: /a, tick: true, every: 1h}",
		 "only one of file, command and tick"},
		{"x: {file: /a, command: [a], every: 1h}",
		 "only one of file, command and tick"},
		{"x: {file: a/b, every: 1h}", "'a/b' is no absolute path"},
		{"x: {file: /a}", "Write such as 'every: 5m'"},
		{"x: {every: 10ms}", "Write such as 'every: 5m'"},
		{"x: {command: [a], every: 1h, timeout: 0s}",
		 "has no time to run"},
		{"12345678901234567890123456789012345678901234567890"
		 "123456789012345678901234567890123456789012345678901: "
		 "{every: 1h}",
		 "longer than 100 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text =
			mem_printf("heartbeats: {%s}\n", cases[i].text);
		AUTO_CONFIG struct config *c = config_of(text);
		struct heartbeat_options o = {
			.store = store, .config = c, .now = NOW};
		struct err err = ERR_INIT;
		int64_t next;

		assert_int_equal(heartbeat_count(c, &err), -1);
		assert_err(&err, ERR_USAGE, cases[i].part);
		assert_err(&err, ERR_USAGE, "/one.yaml:1: heartbeats.");
		err_clear(&err);
		assert_int_equal(heartbeat_check(&o, &next, &err), -1);
		assert_err(&err, ERR_USAGE, cases[i].part);
	}
}

static int all(void)
{
	const struct CMUnitTest tests[] = {
		heartbeat_test(a_file_is_missed_and_comes_back),
		heartbeat_test(what_never_lived_is_expected_from_now_on),
		heartbeat_test(a_beat_is_a_sign),
		heartbeat_test(a_command_is_run_once_an_every),
		heartbeat_test(who_waits_for_a_command_misses_nothing),
		heartbeat_test(a_command_that_hangs_or_is_not_there_is_no_sign),
		heartbeat_test(the_tick_is_a_sign),
		heartbeat_test(what_is_taken_out_is_resolved),
		heartbeat_test(a_person_may_resolve_it),
		heartbeat_test(a_merged_incident_is_not_resolved),
		heartbeat_test(a_clock_that_jumps_hides_nothing),
		heartbeat_test(what_is_wrong_is_said_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	static const char *const names[] = {"one.yaml", "last", "runs", "alive",
					    "f"};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = ops_run(all);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		touch(names[i], WHEN_NONE);
	(void)rmdir(dir);
	return failed;
}
