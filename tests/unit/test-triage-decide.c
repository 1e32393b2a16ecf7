/* test-triage-decide.c - risk, confidence, and what is decided. */
#include "unit-config.h"
#include "unit-incident.h"

#include "../../libcommon/ops/triage-internal.h"

#define HERE 202611200000007

static const struct action restart = {
	.id = (char *)(uintptr_t) "restart_service",
	.radius = RADIUS_SERVICE,
	.risk = ACTION_RISK_MEDIUM,
	.reversible = true,
};

static const struct action reboot = {
	.id = (char *)(uintptr_t) "reboot",
	.radius = RADIUS_HOST,
	.risk = ACTION_RISK_HIGH,
};

static const struct action look = {
	.id = (char *)(uintptr_t) "look",
	.radius = RADIUS_PROCESS,
	.risk = ACTION_RISK_LOW,
	.reversible = true,
};

static struct triager triager;
static struct triage result;

static void triager_of(const char *config)
{
	AUTO_CONFIG struct config *c = NULL;
	struct policy *p = NULL;
	struct err err = ERR_INIT;

	if (load_text(&c, config_schema, config, &err) < 0 ||
	    policy_load(&p, c, &err) < 0)
		fail_msg("%s", err.text);
	triager = (struct triager){.policy = p};
}

static void free_factors(struct triage_factor *f, size_t n)
{
	struct triage_factors all = {f, n};

	triage_factors_done(&all);
}

static void result_done(void)
{
	free_factors(result.risk_factors, result.risk_count);
	free_factors(result.confidence_factors, result.confidence_count);
	for (size_t i = 0; i < result.reason_count; i++)
		free(result.reasons[i]);
	free(result.reasons);
	free(result.policy);
	result = (struct triage){.risk = 0};
}

static int tear_down(void **state)
{
	(void)state;
	result_done();
	policy_free((struct policy *)(uintptr_t)triager.policy);
	silence_set_free(triager.silences);
	triager = (struct triager){.store = NULL};
	return 0;
}

/* cmocka's own comparison takes what is not a number for any number. */
static void assert_near(double got, double want, double by)
{
	if (!(got > want - by && got < want + by))
		fail_msg("%f is not %f", got, want);
}

/* One that is sure to help: its match is the confidence. */
static struct triage_candidate candidate(const struct action *a,
					 const char *name, double match)
{
	return (struct triage_candidate){
		.action = {.name = mem_dup(name), .entry = mem_dup("entry")},
		.declared = a,
		.match = match,
		.outcomes = {.mean = 1, .lower = 1, .outcomes = 9},
	};
}

static enum triage_decision decide(const struct triage_subject *s,
				   struct triage_candidate *c, size_t n)
{
	struct err err = ERR_INIT;

	result_done();
	if (triage_decide(&triager, s, c, n, &result, &err) < 0)
		fail_msg("%s", err.text);
	return result.decision;
}

static bool says(const char *part)
{
	for (size_t i = 0; i < result.reason_count; i++)
		if (strstr(result.reasons[i], part))
			return true;
	for (size_t i = 0; i < result.reason_count; i++)
		print_message("reason: %s\n", result.reasons[i]);
	return false;
}

static double sum(const struct triage_factor *f, size_t n)
{
	double all = 0;

	for (size_t i = 0; i < n; i++)
		all += f[i].value;
	return all;
}

#define SERVICES                                              \
	"services: {web: {criticality: low}, api: {}, shop: " \
	"{criticality: high}, db: {criticality: critical}}\n"
#define AUTO "policy: {autonomy: auto}\n"

static void risk_of(const struct triage_subject *s, const struct action *a,
		    const struct triage_history *h, double want,
		    const char *level)
{
	struct triage_candidate c = candidate(a, "x", 1);

	c.history = *h;
	triage_risk(&triager, s, &c);
	assert_near(c.risk, want, 1e-9);
	assert_string_equal(c.risk_level, level);
	if (c.risk < 1)
		assert_near(sum(c.risk_factors.items, c.risk_factors.count),
			    c.risk, 1e-9);
	triage_candidate_done(&c);
}

static void risk_is_the_sum_of_its_factors(void **state)
{
	static const struct triage_history quiet = {.open = 0};
	struct triage_subject web = {.service = "web"}, none = {.num = 0};
	struct triage_subject api = {.service = "api"};
	struct triage_subject db = {.service = "db"};

	(void)state;
	triager_of(SERVICES);
	risk_of(&none, &look, &quiet, 0.05, "low");
	risk_of(&web, &look, &quiet, 0.05, "low");
	risk_of(&api, &look, &quiet, 0.10, "low");
	risk_of(&web, &restart, &quiet, 0.30, "medium");
	risk_of(&api, &restart, &quiet, 0.35, "medium");
	risk_of(&db, &restart, &quiet, 0.45, "medium");
	risk_of(&db, &reboot, &quiet, 0.75, "critical");
	risk_of(&api, &reboot, &quiet, 0.65, "high");
	risk_of(&api, NULL, &quiet, 0.55, "high"); /* not declared */
	/* what goes on */
	risk_of(&api, &look, &(struct triage_history){.open = 5}, 0.25,
		"medium");
	risk_of(&api, &look, &(struct triage_history){.open = 50}, 0.25,
		"medium");
	risk_of(&api, &look, &(struct triage_history){.ran = 9, .failed = 2},
		0.30, "medium");
	risk_of(&api, &look, &(struct triage_history){.ran = 9}, 0.10, "low");
	risk_of(&api, &look, &(struct triage_history){.tried = 4}, 0.40,
		"medium");
	risk_of(&db, &reboot,
		&(struct triage_history){.open = 9, .failed = 9, .tried = 9}, 1,
		"critical");
}

static void load_is_risk_when_a_label_gives_it(void **state)
{
	static const struct {
		const char *labels;
		double want;
	} cases[] = {
		{"{}", 0.10},
		{"{\"load\":\"0.5\"}", 0.10},
		{"{\"load\":\"0.75\"}", 0.20},
		{"{\"load\":0.75}", 0.20},
		{"{\"load\":\"75%\"}", 0.20},
		{"{\"load\":\"1\"}", 0.30},
		{"{\"load\":\"17.3\"}", 0.30},
		{"{\"load\":\"high\"}", 0.10},
		{"{\"load\":\"\"}", 0.10},
		{"{\"load\":\"%\"}", 0.10},
		{"{\"load\":\"1%%\"}", 0.10},
		{"{\"load\":\"99%%\"}", 0.10},
		{"{\"load\":\"0.9.9\"}", 0.10},
		{"{\"load\":\"nan\"}", 0.10},
		{"{\"load\":\"0x1\"}", 0.10},
		{"{\"load\":\"-1\"}", 0.10},
		{"{\"load\":\"0000000000000000009\"}", 0.10},
		{"{\"load\":null}", 0.10},
		{"no JSON", 0.10},
	};
	static const struct triage_history quiet = {.open = 0};

	(void)state;
	triager_of(SERVICES);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct triage_subject s = {
			.service = "api",
			.labels = slice_of(cases[i].labels),
		};

		risk_of(&s, &look, &quiet, cases[i].want,
			cases[i].want < 0.25 ? "low" : "medium");
	}
}

static void a_freeze_is_risk(void **state)
{
	struct triage_candidate c = candidate(&look, "look", 1);
	struct triage_subject s = {.service = "api", .time = NOW};

	(void)state;
	triager_of("policy: {autonomy: auto, freeze: Fri 09:00 to 17:00}\n");
	assert_int_equal(decide(&s, &c, 1), TRIAGE_SUGGEST);
	assert_near(result.risk, 0.30, 1e-9);
	assert_true(says("look is not done: nothing is to be changed now "
			 "(Fri 09:00 to 17:00)"));
	triage_candidate_done(&c);
}

static double confidence_of(double match, const struct kb_confidence *k,
			    const struct triage_history *h)
{
	struct triage_candidate c = candidate(&look, "look", match);
	struct triage_subject s = {.num = 0};

	c.outcomes = *k;
	c.history = *h;
	triage_confidence(&triager, &s, &c);
	assert_near(sum(c.confidence_factors.items, c.confidence_factors.count),
		    c.action.confidence, 6e-4);
	triage_candidate_done(&c);
	return c.action.confidence;
}

static void confidence_needs_diagnosis_and_fix(void **state)
{
	static const struct triage_history quiet = {.open = 0};
	static const struct kb_confidence sure = {.mean = 1, .lower = 1},
					  stated = {.stated = 0.7,
						    .mean = 0.7,
						    .lower = 0.3},
					  proven = {.mean = 0.7,
						    .lower = 0.6,
						    .outcomes = 50};

	(void)state;
	assert_near(confidence_of(0.9, &sure, &quiet), 0.9, 1e-9);
	assert_near(confidence_of(0.9, &stated, &quiet), 0.558, 1e-9);
	assert_near(confidence_of(0.9, &proven, &quiet), 0.612, 1e-9);
	assert_near(confidence_of(0, &sure, &quiet), 0, 1e-9);
	/* what happened here */
	assert_near(
		confidence_of(0.8, &sure,
			      &(struct triage_history){.ran = 2, .failed = 2}),
		0.64, 1e-9);
	assert_near(
		confidence_of(0.8, &sure, &(struct triage_history){.ran = 9}),
		0.82, 1e-9);
	assert_near(
		confidence_of(0.8, &sure, &(struct triage_history){.tried = 1}),
		0.4, 1e-9);
	assert_near(confidence_of(1, &sure,
				  &(struct triage_history){.ran = 99,
							   .failed = 99,
							   .tried = 99}),
		    0.063, 1e-9);
}

/* One candidate; the decision, and what is said of it. */
static void first_condition_that_fails(void **state)
{
	static const struct {
		const char *config;
		const struct action *action;
		double match;
		struct triage_subject subject;
		const char *refused, *not_reusable;
		enum triage_decision want;
		const char *says;
	} cases[] = {
		{AUTO,
		 &look,
		 0.9,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_AUTO,
		 "look runs by itself: the policy allows it (default), and the "
		 "confidence reaches 0.850"},
		{AUTO,
		 &look,
		 0.85,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_AUTO,
		 "look may help: confidence 0.85, risk low (0.10)"},
		{AUTO,
		 &look,
		 0.84,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_APPROVE,
		 "look does not run by itself: the confidence 0.840 is below "
		 "0.850"},
		{AUTO,
		 &look,
		 0.60,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_APPROVE,
		 "the confidence 0.600 is below 0.850"},
		{AUTO,
		 &look,
		 0.59,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_ESCALATE,
		 "a person is called: the confidence 0.590 is below 0.600"},
		{AUTO,
		 &look,
		 0.9,
		 {.service = "api"},
		 NULL,
		 "too near",
		 TRIAGE_APPROVE,
		 "look does not run by itself: 'entry': too near"},
		{AUTO,
		 &reboot,
		 0.9,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_APPROVE,
		 "reboot does not run by itself: the risk is high (0.65), and "
		 "the rule does not ask for risk (default)"},
		{AUTO,
		 &restart,
		 0.9,
		 {.service = "api", .labels = {"{\"load\":0.875}", 14}},
		 NULL,
		 NULL,
		 TRIAGE_APPROVE,
		 "the risk is high (0.50)"},
		{AUTO,
		 &restart,
		 0.9,
		 {.service = "api", .labels = {"{\"load\":0.870}", 14}},
		 NULL,
		 NULL,
		 TRIAGE_AUTO,
		 "risk medium (0.50)"},
		{"policy: {rules: {r: {match: {risk: high}, autonomy: "
		 "auto}}}\n",
		 &reboot,
		 0.9,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_AUTO,
		 "the policy allows it (r)"},
		{AUTO,
		 NULL,
		 0.9,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_SUGGEST,
		 "strange is not done: there is no action of that name"},
		{AUTO,
		 &look,
		 0.9,
		 {.service = "api"},
		 "'kind' is missing",
		 NULL,
		 TRIAGE_SUGGEST,
		 "look is not done: 'kind' is missing"},
		{AUTO,
		 &look,
		 0.9,
		 {.service = "api", .simulated = true},
		 NULL,
		 NULL,
		 TRIAGE_SUGGEST,
		 "the incident is simulated"},
		{AUTO,
		 &look,
		 0.9,
		 {.service = "api", .false_positive = true},
		 NULL,
		 NULL,
		 TRIAGE_IGNORE,
		 "the incident is a false positive"},
		{"{}",
		 &look,
		 0.9,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_SUGGEST,
		 "look is not done: the policy is to suggest it (default)"},
		{"policy: {autonomy: approve}",
		 &look,
		 0.99,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_APPROVE,
		 "look does not run by itself: the policy asks for approval "
		 "(default)"},
		{"policy: {autonomy: \"off\"}",
		 &look,
		 0.99,
		 {.service = "api"},
		 NULL,
		 NULL,
		 TRIAGE_IGNORE,
		 "the policy is off (default)"},
		{SERVICES AUTO,
		 &look,
		 0.99,
		 {.service = "db"},
		 NULL,
		 NULL,
		 TRIAGE_APPROVE,
		 "look does not run by itself: the policy asks for approval "
		 "(critical service)"},
		{SERVICES "policy: {rules: {c: {match: {criticality: critical, "
			  "action: look}, autonomy: auto}}}",
		 &look,
		 0.99,
		 {.service = "db"},
		 NULL,
		 NULL,
		 TRIAGE_AUTO,
		 "the policy allows it (c)"},
		/* thresholds by severity and action */
		{"policy: {autonomy: auto, rules: {s: {match: {severity: low}, "
		 "auto: 50, escalate: 10}}}",
		 &look,
		 0.5,
		 {.severity = SEVERITY_LOW},
		 NULL,
		 NULL,
		 TRIAGE_AUTO,
		 "reaches 0.500"},
		{"policy: {autonomy: auto, rules: {s: {match: {severity: low}, "
		 "auto: 50, escalate: 10}}}",
		 &look,
		 0.5,
		 {.severity = SEVERITY_HIGH},
		 NULL,
		 NULL,
		 TRIAGE_ESCALATE,
		 "is below 0.600"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct action *a = cases[i].action;
		struct triage_candidate c =
			candidate(a, a ? a->id : "strange", cases[i].match);
		enum triage_decision got;

		c.refused = mem_dup(cases[i].refused);
		c.not_reusable = mem_dup(cases[i].not_reusable);
		triager_of(cases[i].config);
		got = decide(&cases[i].subject, &c, 1);
		if (got != cases[i].want || !says(cases[i].says))
			fail_msg("case %zu: decision %d, or it does not say "
				 "'%s'",
				 i, (int)got, cases[i].says);
		assert_memory_equal(result.policy,
				    policy_version(triager.policy), 16);
		assert_near(result.confidence, cases[i].match, 1e-9);
		triage_candidate_done(&c);
		(void)tear_down(state);
	}
}

static void without_a_candidate_a_person_is_called(void **state)
{
	struct triage_subject s = {.service = "db"};

	(void)state;
	triager_of(SERVICES AUTO);
	assert_int_equal(decide(&s, NULL, 0), TRIAGE_ESCALATE);
	assert_true(says("a person is called: nothing is known"));
	assert_near(result.risk, 0.15, 1e-9);
	assert_string_equal(result.risk_level, "low");
	assert_int_equal(result.confidence_count, 0);
	s.false_positive = true;
	assert_int_equal(decide(&s, NULL, 0), TRIAGE_IGNORE);
}

static void candidates_come_in_the_order_of_trying(void **state)
{
	struct triage_candidate c[] = {
		candidate(&look, "look", 0.3),	  /* may be done, not likely */
		candidate(NULL, "strange", 0.99), /* nobody can do it */
		candidate(&look, "hidden", 1),
		candidate(&restart, "restart_service", 0.7),
		candidate(&look, "look again", 0.7), /* with less risk */
	};
	struct triage_subject s = {.service = "api"};
	static const char *const want[] = {"look again", "restart_service",
					   "strange", "look", "hidden"};

	(void)state;
	triager_of("policy: {autonomy: approve, rules: {h: {match: {action: "
		   "hidden}, autonomy: \"off\"}}}");
	assert_int_equal(decide(&s, c, ARRAY_LEN(c)), TRIAGE_APPROVE);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		assert_string_equal(c[i].action.name, want[i]);
		assert_int_equal(c[i].hidden, i == 4);
		if (i == 0 || i == 4)
			continue;
		assert_true(says(want[i]));
	}
	for (size_t i = 0; i < result.reason_count; i++)
		assert_null(strstr(result.reasons[i], "hidden"));
	assert_true(says("strange comes after it: confidence 0.99; there is "
			 "no action of that name"));
	assert_near(result.confidence, 0.7, 1e-9);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		triage_candidate_done(&c[i]);
}

/* ---- with a store ---- */

static int set_up_store(void **state)
{
	return ops_set_up(state);
}

static int tear_down_store(void **state)
{
	struct err err = ERR_INIT;

	(void)store_run(store, &err, "DELETE FROM actions", NULL, 0);
	(void)store_run(store, &err, "DELETE FROM incidents", NULL, 0);
	assert_no_err(&err);
	return tear_down(state) + ops_tear_down(state);
}

static void ran(const char *id, const char *name, int64_t incident,
		int64_t started, const char *verdict)
{
	struct err err = ERR_INIT;
	int64_t n = STORE_RUN(
		store, &err,
		"INSERT INTO actions (id, same, incident, name, params, "
		"untrusted, target, service, hash, actor, status, verdict, "
		"attempts, requested, started) VALUES ($1, $1, $2, $3, '{}', "
		"'[]', 't', 'api', 'h', 'ana', $4, $5, 1, $6, $6)",
		S_TEXT(id), S_INT(incident), S_TEXT(name),
		S_TEXT(verdict ? "done" : "unknown"), S_TEXT(verdict),
		S_INT(started));

	assert_no_err(&err);
	assert_int_equal(n, 1);
}

static void opened(int64_t num, const char *service,
		   enum incident_status status)
{
	struct incident inc = incident_sample(num);

	inc.status = status;
	inc.service = slice_of(service);
	put_incident(&inc);
}

static void history_is_what_the_store_says(void **state)
{
	struct triage_subject s = {.num = HERE, .service = "api", .time = NOW};
	struct triage_candidate c = candidate(&restart, "restart_service", 1);
	struct err err = ERR_INIT;

	(void)state;
	triager_of(AUTO);
	triager.store = store;
	ran("1", "restart_service", HERE, NOW, "verified_fixed");
	ran("2", "restart_service", 1, NOW - WHEN_MINUTE, "ran_ineffective");
	ran("3", "restart_service", 1, NOW - 2 * WHEN_HOUR,
	    "failed_during_change");
	ran("4", "restart_service", 1, NOW - 2 * WHEN_HOUR, NULL);
	ran("5", "restart_service", HERE, NOW - 8 * WHEN_DAY, "not_started");
	ran("6", "restart_service", 1, NOW - 8 * WHEN_DAY, "ran_ineffective");
	ran("7", "look", HERE, NOW - 2 * WHEN_DAY, "ran_unverified");
	ran("8", "look", HERE, NOW + 1, "ran_unverified"); /* not yet */
	opened(HERE, "api", INCIDENT_OPEN);
	opened(2, "api", INCIDENT_MITIGATED);
	opened(3, "api", INCIDENT_RESOLVED);
	opened(4, "db", INCIDENT_OPEN);
	assert_int_equal(triage_look_back(&triager, &s, &c, &err), 0);
	assert_int_equal(c.history.open, 1);
	assert_int_equal(c.history.ran, 4);
	assert_int_equal(c.history.failed, 3);
	assert_int_equal(c.history.tried, 1);
	assert_int_equal(c.history.incident, 2);
	assert_int_equal(c.history.hour, 2);
	triage_candidate_done(&c);
}

static void caps_call_a_person(void **state)
{
	struct triage_subject s = {.num = HERE, .service = "api", .time = NOW};
	struct triage_candidate c = candidate(&look, "look", 0.9);

	(void)state;
	triager_of("policy: {autonomy: auto, limits: {actions_per_incident: 1, "
		   "actions_per_hour: 2}}");
	triager.store = store;
	assert_int_equal(decide(&s, &c, 1), TRIAGE_AUTO);
	ran("1", "restart_service", 1, NOW, "verified_fixed");
	assert_int_equal(decide(&s, &c, 1), TRIAGE_AUTO);
	ran("2", "restart_service", 1, NOW, "verified_fixed");
	assert_int_equal(decide(&s, &c, 1), TRIAGE_ESCALATE);
	assert_true(says("look is not done: 2 actions ran within an hour, and "
			 "no more than 2 may"));
	ran("3", "restart_service", HERE, NOW - WHEN_DAY, "ran_ineffective");
	assert_int_equal(decide(&s, &c, 1), TRIAGE_ESCALATE);
	assert_true(says("look is not done: 1 actions were tried for this "
			 "incident, and no more than 1 may be"));
	triage_candidate_done(&c);
}

static void what_was_tried_gives_way_to_the_next(void **state)
{
	struct triage_subject s = {.num = HERE, .service = "api", .time = NOW};
	struct triage_candidate c[] = {
		candidate(&look, "restart_service", 0.96),
		candidate(&look, "look", 0.9),
	};

	(void)state;
	triager_of(AUTO);
	triager.store = store;
	assert_int_equal(decide(&s, c, 2), TRIAGE_AUTO);
	assert_string_equal(c[0].action.name, "restart_service");
	ran("1", "restart_service", HERE, NOW, "ran_unverified");
	assert_int_equal(decide(&s, c, 2), TRIAGE_AUTO);
	assert_string_equal(c[0].action.name, "look");
	assert_true(says("restart_service comes after it: confidence 0.48; "
			 "it was tried for this incident"));
	ran("2", "look", HERE, NOW, "ran_ineffective");
	assert_int_equal(decide(&s, c, 2), TRIAGE_ESCALATE);
	triage_candidate_done(&c[0]);
	triage_candidate_done(&c[1]);
}

#define store_test(name) \
	cmocka_unit_test_setup_teardown(name, set_up_store, tear_down_store)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(risk_is_the_sum_of_its_factors,
					  tear_down),
		cmocka_unit_test_teardown(load_is_risk_when_a_label_gives_it,
					  tear_down),
		cmocka_unit_test_teardown(a_freeze_is_risk, tear_down),
		cmocka_unit_test(confidence_needs_diagnosis_and_fix),
		cmocka_unit_test(first_condition_that_fails),
		cmocka_unit_test_teardown(
			without_a_candidate_a_person_is_called, tear_down),
		cmocka_unit_test_teardown(
			candidates_come_in_the_order_of_trying, tear_down),
		store_test(history_is_what_the_store_says),
		store_test(caps_call_a_person),
		store_test(what_was_tried_gives_way_to_the_next),
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
