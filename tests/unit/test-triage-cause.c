/* test-triage-cause.c - what may be the cause, and the values for actions. */
#include "unit-config.h"
#include "unit-incident.h"

#include <oncall/change.h>

#include "../../libcommon/ops/triage-gather.h"

#define HERE "INC-20261120-0007"
#define CONFIG                                            \
	"services: {api: {depends_on: [db, cache]}, db: " \
	"{depends_on: [disk]}, disk: {depends_on: [api]}, cache: {}}\n"

static struct triager triager;
static struct config *config;
static struct triage result;
static struct triage_input input;
static struct jscan scan;

static int set_up(void **state)
{
	static const char *const sql[] = {"DELETE FROM changes",
					  "DELETE FROM incidents",
					  "DELETE FROM entries"};
	struct err err = ERR_INIT;

	if (ops_set_up(state) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		(void)store_run(store, &err, sql[i], NULL, 0);
	assert_no_err(&err);
	if (load_text(&config, config_schema, CONFIG, &err) < 0)
		fail_msg("%s", err.text);
	triager = (struct triager){
		.store = store,
		.config = config,
		.kb = kb_new(&(struct kb_options){.store = store,
						  .config = config,
						  .actor = "ana",
						  .no_default_packs = true})};
	return 0;
}

static void forget(void)
{
	for (size_t i = 0; i < result.cause_count; i++) {
		free(result.causes[i].text);
		free(result.causes[i].from);
		free(result.causes[i].ref);
	}
	free(result.causes);
	result = (struct triage){.causes = NULL};
	triage_input_done(&input);
	input = (struct triage_input){.record = NULL};
	jscan_done(&scan);
}

static int tear_down(void **state)
{
	forget();
	kb_free(triager.kb);
	config_free(config);
	config = NULL;
	return ops_tear_down(state);
}

static void opened(int64_t num, const char *service, int64_t first,
		   enum incident_status status, const char *solution)
{
	struct incident inc = incident_sample(num);

	inc.status = status;
	inc.severity = SEVERITY_CRITICAL;
	inc.service = inc.fingerprint = slice_of(service);
	inc.pattern = SLICE_LIT("p");
	inc.opened = inc.updated = inc.first = inc.last = first;
	inc.solution = slice_of(solution);
	put_incident(&inc);
}

static void changed(const char *id, const char *service, int64_t time)
{
	struct change c = {.time = time,
			   .service = service,
			   .what = "deploy",
			   .version = "2"};
	struct err err = ERR_INIT;

	(void)snprintf(c.id, sizeof(c.id), "%s", id);
	assert_int_equal(change_add(store, &c, &err), 1);
}

static void read_record(const char *record)
{
	struct err err = ERR_INIT;

	forget();
	if (jscan_object(&scan, record, strlen(record), &err) < 0 ||
	    triage_read(&triager, &scan, &input, &err) < 0)
		fail_msg("%s", err.text);
}

#define RECORD(more)                                                 \
	"{\"type\":\"incident\",\"id\":\"" HERE                      \
	"\",\"fingerprint\":\"api\",\"severity\":\"high\","          \
	"\"first\":\"2026-11-20T10:00:00.000Z\",\"service\":\"api\"" \
	",\"host\":\"web1\",\"pattern\":\"p\"" more "}"

/* The refs, or where there are none the kinds, best first. */
static void causes(const char *record, const char *want)
{
	AUTO_BUF struct buf got = BUF_INIT;
	struct err err = ERR_INIT;

	read_record(record);
	if (triage_causes(&triager, &input, &result, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < result.cause_count; i++)
		buf_addf(&got, "%s ",
			 result.causes[i].ref ? result.causes[i].ref
					      : result.causes[i].from);
	assert_string_equal(buf_str(&got), want);
}

static void a_service_above_that_failed_earlier_is_one(void **state)
{
	(void)state;
	opened(202611200000001, "db", NOW - WHEN_MINUTE, INCIDENT_OPEN, NULL);
	opened(202611200000002, "cache", NOW + 1, INCIDENT_OPEN, NULL);
	opened(202611200000003, "mail", NOW - WHEN_HOUR, INCIDENT_OPEN, NULL);
	opened(202611200000004, "cache", NOW - WHEN_HOUR, INCIDENT_RESOLVED,
	       NULL);
	causes(RECORD(""), "INC-20261120-0001 INC-20261120-0004 ");
	assert_string_equal(result.causes[0].from, "dependency");
	assert_string_equal(result.causes[0].text,
			    "db, which api needs: trouble (since 1m before)");
	assert_string_equal(result.causes[1].from, "past");
}

static void what_is_at_the_root_comes_first(void **state)
{
	(void)state;
	opened(202611200000001, "db", NOW - WHEN_MINUTE, INCIDENT_OPEN, NULL);
	opened(202611200000002, "disk", NOW - 2 * WHEN_MINUTE, INCIDENT_OPEN,
	       NULL);
	causes(RECORD(""), "INC-20261120-0002 INC-20261120-0001 ");
	assert_non_null(strstr(result.causes[0].text,
			       "disk, which api needs in turn: trouble"));
}

static void circles_end(void **state)
{
	(void)state;
	opened(202611200000007, "api", NOW, INCIDENT_OPEN, NULL);
	opened(202611200000001, "disk", NOW - WHEN_MINUTE, INCIDENT_OPEN, NULL);
	opened(202611200000002, "api", NOW - 2 * WHEN_MINUTE, INCIDENT_OPEN,
	       NULL);
	causes(RECORD(""), "INC-20261120-0001 ");
}

static void a_newer_change_is_likelier(void **state)
{
	(void)state;
	changed("old", "api", NOW - 2 * WHEN_HOUR);
	changed("new", "api", NOW - WHEN_MINUTE);
	changed("above", "db", NOW - WHEN_MINUTE);
	changed("other", "mail", NOW - WHEN_MINUTE);
	changed("later", "api", NOW + 1);
	changed("ancient", "api", NOW - 25 * WHEN_HOUR);
	causes(RECORD(""), "new above old ");
	assert_string_equal(result.causes[0].text,
			    "change of api to 2, 1m before: deploy");
	assert_float_equal(result.causes[2].score, 0.45, 1e-9);
}

static void past_ones_count_with_what_solved_them(void **state)
{
	(void)state;
	opened(202611010000001, "mail", NOW - 20 * WHEN_DAY, INCIDENT_CLOSED,
	       "turn it off");
	opened(202611010000002, "api", NOW - 20 * WHEN_DAY, INCIDENT_CLOSED,
	       NULL);
	opened(202611010000003, "api", NOW - 20 * WHEN_DAY, INCIDENT_CLOSED,
	       "turn it on");
	causes(RECORD(""),
	       "INC-20261101-0003 INC-20261101-0001 INC-20261101-0002 ");
	assert_string_equal(result.causes[0].text,
			    "the same as INC-20261101-0003, which was solved "
			    "by: turn it on");
}

static void knowledge_gives_the_causes_of_its_entry(void **state)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = mem_dup("pool"),
					       .title = mem_dup("Pool full")};
	struct err err = ERR_INIT;

	(void)state;
	knowledge_list_add(&e.causes, "a leak");
	knowledge_list_add(&e.causes, "too many clients");
	if (kb_put(triager.kb, &e, "added", NULL, &err) < 0)
		fail_msg("%s", err.text);
	causes(RECORD(",\"knowledge\":[{\"entry\":\"pool\",\"title\":\"Pool "
		      "full\",\"score\":0.5},{\"entry\":\"gone\",\"title\":"
		      "\"Gone\",\"score\":9},{\"entry\":\"x\",\"score\":0}]"),
	       "gone pool ");
	assert_string_equal(result.causes[1].text,
			    "Pool full: a leak; or: too many clients");
	assert_float_equal(result.causes[0].score, 0.8, 1e-9);
}

static void nothing_is_known_of_anything(void **state)
{
	(void)state;
	causes("{}", "");
	causes("{\"knowledge\":3,\"service\":[],\"first\":\"x\",\"id\":7}", "");
	causes("{\"knowledge\":[1,{},null],\"detections\":[4]}", "");
}

static void there_is_a_limit(void **state)
{
	char id[16];

	(void)state;
	for (int i = 0; i < 12; i++) {
		(void)snprintf(id, sizeof(id), "c%02d", i);
		changed(id, "api", NOW - i);
	}
	causes(RECORD(""), "c00 c01 c02 c03 c04 c05 c06 c07 ");
}

/* ---- values ---- */

static void fills(const char *params, const char *want, const char *untrusted)
{
	struct triage_action a = {.name = NULL};
	AUTO_FREE char *why = NULL;

	if (triage_fill(&input, "prod", slice_of(params), false, &a, &why))
		fail_msg("%s", why);
	assert_string_equal(a.params, want);
	assert_string_equal(a.untrusted, untrusted);
	free(a.params);
	free(a.untrusted);
}

static void refuses(const char *params, const char *part)
{
	struct triage_action a = {.name = NULL};
	AUTO_FREE char *why = NULL;

	assert_int_equal(
		triage_fill(&input, "prod", slice_of(params), false, &a, &why),
		1);
	if (!strstr(why, part))
		fail_msg("'%s' lacks '%s'", why, part);
	free(a.params);
	free(a.untrusted);
}

#define DETECTIONS                                                     \
	",\"labels\":{\"team\":\"web\"},\"detections\":[{\"fields\":{" \
	"\"pid\":\"1\"}},{\"message\":\"it; rm -rf\",\"fields\":{"     \
	"\"pid\":4711,\"path\":\"/var/$(id)\\\"\\n\",\"no\":null}}]"

static void values_come_from_the_newest_detection(void **state)
{
	(void)state;
	read_record(RECORD(DETECTIONS));
	fills("{\"a\":\"${fields.pid}\",\"b\":\"x-${fields.path}\"}",
	      "{\"a\":\"4711\",\"b\":\"x-/var/$(id)\\\"\\n\"}",
	      "[\"a\",\"b\"]");
	fills("{\"a\":\"${labels.team}\",\"b\":\"${message|first}\"}",
	      "{\"a\":\"web\",\"b\":\"it; rm -rf\"}", "[\"a\",\"b\"]");
}

static void what_the_author_says_is_trusted(void **state)
{
	(void)state;
	opened(202611200000007, "api", NOW, INCIDENT_OPEN, NULL);
	read_record(RECORD(DETECTIONS));
	fills("{\"a\":\"nginx\",\"n\":3,\"t\":true,\"l\":[\"${host}\"]}",
	      "{\"a\":\"nginx\",\"n\":3,\"t\":true,\"l\":[\"${host}\"]}", "[]");
	fills("{\"a\":\"${incident}\",\"b\":\"${severity} ${environment}\","
	      "\"c\":\"${service}@${host}\",\"d\":\"$$HOME\"}",
	      "{\"a\":\"" HERE "\",\"b\":\"high prod\",\"c\":\"api@web1\","
	      "\"d\":\"$HOME\"}",
	      "[\"c\"]");
}

static void an_incident_of_elsewhere_has_no_trusted_name(void **state)
{
	(void)state;
	read_record(RECORD(DETECTIONS));
	assert_int_equal(input.subject.num, 0);
	fills("{\"a\":\"${incident}\"}", "{\"a\":\"" HERE "\"}", "[\"a\"]");
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	read_record(RECORD(DETECTIONS));
	refuses("{\"a\":\"/var/${fields.dir}\"}",
		"its parameter 'a' needs 'fields.dir', which the incident "
		"does not have");
	refuses("{\"a\":\"${fields.no}\"}", "needs 'fields.no'");
	refuses("{\"a\":\"${fields}\"}", "needs 'fields'");
	refuses("{\"a\":\"${host\"}", "its parameter 'a': ");
	refuses("[]", "its parameters are no object");
	refuses("{\"a\":1,\"a\":2}", "one stands twice");
	refuses("{\"a\\u0062\":1}", "escapes");
	fills("{\"a\":\"${fields.dir|default:/tmp}\"}", "{\"a\":\"/tmp\"}",
	      "[]");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(a_service_above_that_failed_earlier_is_one),
		TEST(what_is_at_the_root_comes_first),
		TEST(circles_end),
		TEST(a_newer_change_is_likelier),
		TEST(past_ones_count_with_what_solved_them),
		TEST(knowledge_gives_the_causes_of_its_entry),
		TEST(nothing_is_known_of_anything),
		TEST(there_is_a_limit),
		TEST(values_come_from_the_newest_detection),
		TEST(what_the_author_says_is_trusted),
		TEST(an_incident_of_elsewhere_has_no_trusted_name),
		TEST(what_is_not_there_is_said),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	int failed;

	if (make_test_dir(NULL) < 0)
		return 1;
	failed = ops_run(group);
	return remove_test_dir(NULL) < 0 ? 1 : failed;
}
