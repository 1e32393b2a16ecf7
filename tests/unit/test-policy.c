#include "unit-config.h"

#include <oncall/policy.h>
#include <oncall/when.h>

#define FRIDAY INT64_C(1795168800000) /* 2026-11-20T10:00:00Z */

static struct policy *policy_of(const char *text)
{
	AUTO_CONFIG struct config *c = NULL;
	struct policy *p = NULL;
	struct err err = ERR_INIT;

	if (load_text(&c, config_schema, text, &err) < 0 ||
	    policy_load(&p, c, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

static struct policy_answer ask(const struct policy *p,
				const struct policy_facts *f)
{
	struct policy_facts facts = *f;
	struct policy_answer a;

	if (!facts.time)
		facts.time = FRIDAY;
	policy_ask(p, &facts, &a);
	return a;
}

/* cmocka's own comparison takes what is not a number for any number. */
static void assert_share(double got, double want)
{
	if (!(got > want - 1e-9 && got < want + 1e-9))
		fail_msg("%f is not %f", got, want);
}

static void without_configuration_it_suggests(void **state)
{
	AUTO_POLICY struct policy *p = policy_of("{}");
	struct policy_answer a = ask(p, &(struct policy_facts){.action = "x"});
	const struct policy_limits *l = policy_limits(p);

	(void)state;
	assert_int_equal(a.autonomy, AUTONOMY_SUGGEST);
	assert_string_equal(a.rule, "default");
	assert_null(a.freeze);
	assert_int_equal(a.freeze_ends, WHEN_NONE);
	assert_share(a.auto_from, 0.85);
	assert_share(a.escalate_below, 0.60);
	assert_string_equal(a.approvers, "[]");
	assert_int_equal(a.quorum, 1);
	assert_false(a.self);
	assert_false(a.any_risk);
	assert_int_equal(a.approval_expires, 30 * WHEN_MINUTE);
	assert_int_equal(l->per_incident, 3);
	assert_int_equal(l->per_hour, 10);
	assert_int_equal(l->breaker_failures, 3);
	assert_int_equal(l->breaker_window, WHEN_HOUR);
	assert_int_equal(l->breaker_cool_down, 30 * WHEN_MINUTE);
	assert_int_equal(l->ineffective, 2);
	assert_int_equal(l->ineffective_window, 2 * WHEN_HOUR);
	assert_null(policy_criticality(p, NULL));
	assert_string_equal(policy_criticality(p, "api"), "medium");
}

#define RULES                                                                \
	"environment: test\n"                                                \
	"services: {api: {criticality: high}, db: {criticality: "            \
	"critical}, web: {}}\n"                                              \
	"policy:\n"                                                          \
	"  rules:\n"                                                         \
	"    d-rest: {match: {action: /./}, autonomy: \"off\", quorum: 4}\n" \
	"    b-restart:\n"                                                   \
	"      match: {action: [restart_service, scale], "                   \
	"environment: \"!production\"}\n"                                    \
	"      autonomy: auto\n"                                             \
	"      approvers: [ana, ops]\n"                                      \
	"    a-night: {match: {severity: [low, medium]}, auto: 99,\n"        \
	"              during: [\"daily 22:00 to 06:00\"]}\n"                \
	"    a-red: {match: {tags: red}, autonomy: approve, expires: 5m,\n"  \
	"            self: true, escalate: 0}\n"                             \
	"    c-db: {match: {criticality: critical, action: vacuum},\n"       \
	"           autonomy: auto}\n"                                       \
	"    c-risk: {match: {risk: [high], action: reboot},\n"              \
	"           autonomy: auto}\n"

static void rules_are_asked_in_the_order_of_their_names(void **state)
{
	AUTO_POLICY struct policy *p = policy_of(RULES);
	static const struct {
		struct policy_facts f;
		const char *rule;
		enum autonomy want;
	} cases[] = {
		{{.action = "restart_service", .service = "web"},
		 "b-restart",
		 AUTONOMY_AUTO},
		{{.action = "restart_service", .service = "none"},
		 "b-restart",
		 AUTONOMY_AUTO},
		{{.action = "restart_service", .environment = "production"},
		 "d-rest",
		 AUTONOMY_OFF},
		{{.action = "restart_service",
		  .tags = {"[\"blue\",\"r\\u0065d\"]", 19}},
		 "a-red",
		 AUTONOMY_APPROVE},
		{{.action = "restart_service",
		  .tags = {"[\"blue\",\"reddish\"]", 18}},
		 "b-restart",
		 AUTONOMY_AUTO},
		/* a critical service */
		{{.action = "restart_service", .service = "db"},
		 "critical service",
		 AUTONOMY_APPROVE},
		{{.action = "vacuum", .service = "db"}, "c-db", AUTONOMY_AUTO},
		{{.action = "vacuum", .service = "web"},
		 "d-rest",
		 AUTONOMY_OFF},
		{{.action = "vacuum",
		  .service = "web",
		  .criticality = "critical"},
		 "c-db",
		 AUTONOMY_AUTO},
		{{.action = "reboot", .risk = "high"}, "c-risk", AUTONOMY_AUTO},
		{{.service = "web"}, "default", AUTONOMY_SUGGEST},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct policy_answer a = ask(p, &cases[i].f);

		if (strcmp(a.rule, cases[i].rule) != 0 ||
		    a.autonomy != cases[i].want)
			fail_msg("case %zu: %s by %s", i,
				 policy_autonomy_names[a.autonomy], a.rule);
		assert_int_equal(a.any_risk, !strcmp(a.rule, "c-risk"));
	}
}

static void each_value_has_the_first_rule_that_gives_it(void **state)
{
	AUTO_POLICY struct policy *p = policy_of(RULES);
	struct policy_facts f = {.action = "restart_service",
				 .tags = {"[\"red\"]", 7},
				 .severity = SEVERITY_LOW,
				 .time = FRIDAY + 13 * WHEN_HOUR};
	struct policy_answer a = ask(p, &f);

	(void)state;
	assert_string_equal(a.rule, "a-red");
	assert_share(a.auto_from, 0.99);		       /* a-night */
	assert_share(a.escalate_below, 0);		       /* a-red */
	assert_string_equal(a.approvers, "[\"ana\",\"ops\"]"); /* b-restart */
	assert_int_equal(a.quorum, 4);			       /* d-rest */
	assert_int_equal(a.approval_expires, 5 * WHEN_MINUTE);
	assert_true(a.self);

	f.time = FRIDAY; /* by day */
	a = ask(p, &f);
	assert_share(a.auto_from, 0.85);
	f.time = FRIDAY + 13 * WHEN_HOUR;
	f.severity = SEVERITY_HIGH;
	a = ask(p, &f);
	assert_share(a.auto_from, 0.85);
}

static void what_is_no_more_than_its_limit_keeps_its_rule(void **state)
{
	AUTO_POLICY struct policy *p =
		policy_of("services: {db: {criticality: critical}}\n"
			  "policy:\n"
			  "  freeze: Fri 09:00 to 17:00\n"
			  "  approval: {self: true}\n"
			  "  rules: {a: {match: {action: x}, autonomy: suggest,"
			  " self: false},\n"
			  "          b: {match: {action: y}, autonomy: approve,"
			  " in_freeze: true}}\n");
	struct policy_answer a =
		ask(p, &(struct policy_facts){.action = "x", .service = "api"});

	(void)state;
	assert_string_equal(a.rule, "a");
	assert_false(a.self);
	a = ask(p, &(struct policy_facts){.action = "y", .service = "db"});
	assert_string_equal(a.rule, "b");
	assert_int_equal(a.autonomy, AUTONOMY_APPROVE);
	assert_true(a.self);
}

static void freezes_stop_what_is_not_meant_for_them(void **state)
{
	AUTO_POLICY struct policy *p = policy_of(
		"timezone: Europe/Berlin\n"
		"policy:\n"
		"  autonomy: auto\n"
		"  freeze: [\"Fri 11:00 to Sat 08:00\",\n"
		"           \"Sat 07:00 to Mon 08:00 UTC\"]\n"
		"  rules:\n"
		"    disk: {match: {action: cleanup}, autonomy: auto,"
		" in_freeze: true}\n"
		"    more: {match: {action: other}, in_freeze: true}\n"
		"    low: {match: {action: ask}, autonomy: "
		"\"off\"}\n");
	struct policy_facts f = {.action = "restart", .time = FRIDAY};
	struct policy_answer a = ask(p, &f);
	char ends[WHEN_TEXT];

	(void)state;
	assert_int_equal(a.autonomy, AUTONOMY_SUGGEST);
	assert_string_equal(a.rule, "freeze");
	assert_string_equal(a.freeze, "Fri 11:00 to Sat 08:00");
	when_format(ends, a.freeze_ends);
	assert_string_equal(ends, "2026-11-23T08:00:00.000Z");

	f.time = FRIDAY - 1;
	a = ask(p, &f);
	assert_int_equal(a.autonomy, AUTONOMY_AUTO);
	assert_null(a.freeze);
	f.time = FRIDAY;
	f.action = "cleanup";
	a = ask(p, &f);
	assert_int_equal(a.autonomy, AUTONOMY_AUTO);
	assert_string_equal(a.rule, "disk");
	assert_non_null(a.freeze);
	f.action = "other"; /* the general autonomy has no in_freeze */
	assert_int_equal(ask(p, &f).autonomy, AUTONOMY_SUGGEST);
	f.action = "ask"; /* less is left as it is */
	a = ask(p, &f);
	assert_int_equal(a.autonomy, AUTONOMY_OFF);
	assert_string_equal(a.rule, "low");
}

static void freezes_without_end_say_so(void **state)
{
	AUTO_POLICY struct policy *p = policy_of(
		"policy: {autonomy: auto, freeze: daily 00:00 to 24:00}\n");
	struct policy_answer a = ask(p, &(struct policy_facts){.action = "x"});

	(void)state;
	assert_int_equal(a.autonomy, AUTONOMY_SUGGEST);
	assert_non_null(a.freeze);
	assert_int_equal(a.freeze_ends, WHEN_NONE);
}

static void the_version_is_what_it_says(void **state)
{
	static const char base[] =
		"policy: {rules: {a: {match: {action: x}, autonomy: auto}, "
		"b: {match: {action: y}}}, freeze: [Fri 16:00 to Mon 08:00]}\n"
		"services: {api: {criticality: low}, db: {}}\n";
	static const char other_order[] =
		"services: {db: {criticality: medium}, api: {criticality: "
		"low}}\n"
		"store: /elsewhere\n"
		"policy: {freeze: [Fri 16:00 to Mon 08:00], autonomy: suggest,"
		" rules: {b: {match: {action: [y]}}, a: {autonomy: auto, "
		"match: {action: x}}}}\n";
	static const struct {
		const char *from, *to;
	} changes[] = {
		{"action: x", "action: z"},
		{"action: x", "action: \"!x\""},
		{"action: x", "service: x"},
		{"autonomy: auto", "autonomy: approve"},
		{"autonomy: auto", "quorum: 2"},
		{"autonomy: auto", "auto: 70"},
		{"autonomy: auto", "autonomy: auto, approvers: [a]"},
		{"autonomy: auto", "autonomy: auto, self: false"},
		{"autonomy: auto", "autonomy: auto, in_freeze: true"},
		{"autonomy: auto",
		 "autonomy: auto, during: daily 01:00 to 2:00"},
		{"{rules", "{autonomy: approve, rules"},
		{"{rules", "{limits: {actions_per_hour: 9}, rules"},
		{"{rules", "{breaker: {window: 2h}, rules"},
		{"{rules", "{approval: {quorum: 2}, rules"},
		{"{rules", "{thresholds: {auto: 86}, rules"},
		{"16:00", "16:01"},
		{"criticality: low", "criticality: high"},
		{"services", "timezone: Europe/Berlin\nservices"},
		{"services", "environment: test\nservices"},
	};
	AUTO_POLICY struct policy *a = policy_of(base);
	AUTO_POLICY struct policy *b = policy_of(other_order);

	(void)state;
	assert_int_equal(strlen(policy_version(a)), 16);
	assert_string_equal(policy_version(a), policy_version(b));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		const char *at = strstr(base, changes[i].from);
		AUTO_FREE char *text =
			mem_printf("%.*s%s%s", (int)(at - base), base,
				   changes[i].to, at + strlen(changes[i].from));
		AUTO_POLICY struct policy *c = policy_of(text);

		if (!strcmp(policy_version(a), policy_version(c)))
			fail_msg("'%s' changes nothing", changes[i].to);
	}
}

static void errors_name_their_place(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"policy:\n  freeze: [Fri 16:00]\n",
		 "one.yaml:2: policy.freeze: 'Fri 16:00' is no window of "
		 "time: 'to' is missing"},
		{"policy:\n  rules:\n    a:\n      during: [x]\n",
		 "one.yaml:4: policy.rules.a.during: 'x' is no window"},
		{"policy:\n  rules:\n    a:\n      match:\n        actoin: x\n",
		 "one.yaml:5: policy.rules.a.match.actoin: a rule of policy "
		 "has no field 'actoin'; there are action, service, host"},
		{"policy:\n  rules:\n    a:\n      match:\n        action: "
		 "/(/\n",
		 "one.yaml:5: policy.rules.a.match.action: the expression '('"},
		{"policy:\n  rules:\n    a:\n      match: {severity: [hgih]}\n",
		 "one.yaml:4: policy.rules.a.match.severity: 'hgih' is none of "
		 "info|low|medium|high|critical"},
		{"policy:\n  rules:\n    a:\n      match: {risk: "
		 "\"!critical\"}\n",
		 "'critical' is none of low|medium|high"},
		{"timezone: Mars\npolicy:\n  freeze: [daily 1:00 to 2:00]\n",
		 "one.yaml:3: policy.freeze: 'daily 1:00 to 2:00': unknown "
		 "time zone 'Mars'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_CONFIG struct config *c = NULL;
		struct policy *p = NULL;
		struct err err = ERR_INIT;

		if (load_text(&c, config_schema, cases[i].text, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(policy_load(&p, c, &err), -1);
		assert_err(&err, ERR_USAGE, cases[i].want);
		assert_null(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_configuration_it_suggests),
		cmocka_unit_test(rules_are_asked_in_the_order_of_their_names),
		cmocka_unit_test(each_value_has_the_first_rule_that_gives_it),
		cmocka_unit_test(what_is_no_more_than_its_limit_keeps_its_rule),
		cmocka_unit_test(freezes_stop_what_is_not_meant_for_them),
		cmocka_unit_test(freezes_without_end_say_so),
		cmocka_unit_test(the_version_is_what_it_says),
		cmocka_unit_test(errors_name_their_place),
	};

	return cmocka_run_group_tests(tests, make_test_dir, remove_test_dir);
}
