/* test-incident-match.c - what a selector finds in an incident. */
#include "unit-config.h"
#include "unit-incident.h"

#include <oncall/incident-match.h>

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct err err = ERR_INIT;

	if (load_text(&c, config_schema, text, &err) < 0)
		fail_msg("%s", err.text);
	return c;
}

static struct incident sample(void)
{
	struct incident inc = incident_sample(202611200000001);

	inc.host = SLICE_LIT("web1");
	inc.category = SLICE_LIT("disk");
	inc.pattern = SLICE_LIT("linux/disk-full");
	inc.tags = SLICE_LIT("[\"customer\",\"d\\u00fcsseldorf\"]");
	inc.labels =
		SLICE_LIT("{\"team\":\"web\",\"n\":5,\"on\":true,\"none\":null,"
			  "\"host\":\"other\",\"q\":\"a\\\"b\\u0000c\","
			  "\"e\\u0078\":\"escaped\",\"count\":\"seven\"}");
	return inc;
}

static void every_field_has_its_text(void **state)
{
	static const struct {
		const char *field, *text;
	} cases[] = {
		{"id", "INC-20261120-0001"},
		{"severity", "high"},
		{"status", "open"},
		{"title", "trouble"},
		{"service", "api"},
		{"host", "web1"},
		{"category", "disk"},
		{"pattern", "linux/disk-full"},
		{"fingerprint", "v1:abc"},
		{"assignee", ""},
		{"environment", "test"},
		{"criticality", "high"},
		{"owner", "ana"},
		{"tags", "customer"},
		{"team", "web"},
		{"labels.team", "web"},
		{"labels.host", "other"},
		{"n", "5"},
		{"on", "true"},
		{"none", ""},
		{"nothing", ""},
		{"ex", "escaped"},
		{"labels.count", "seven"},
	};
	struct incident inc = sample();
	struct config *c = load("environment: test\n"
				"services: {api: {criticality: high, owner: "
				"ana}}\n");
	struct incident_match *m = incident_match_new(c, &inc);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = incident_match_value(m, cases[i].field);

		assert_non_null(text.ptr);
		if (!slice_is(text, cases[i].text))
			fail_msg("%s is '%.*s', not '%s'", cases[i].field,
				 (int)text.len, text.ptr, cases[i].text);
	}
	assert_int_equal(incident_match_value(m, "q").len, 5);
	incident_match_free(m);
	config_free(c);
}

/* A service may have any name, or none; what is configured of none is empty. */
static void services_with_any_name_are_looked_up(void **state)
{
	static const struct {
		const char *service, *criticality;
	} cases[] = {
		{"", ""},
		{"other", "medium"},
		{"a.b", "low"},
		{"a", "medium"},
		{"api.criticality", "medium"},
		{"*", "medium"},
		{"api.owner", "medium"},
		{".", "medium"},
	};
	struct config *c = load("services: {a.b: {criticality: low}, api: "
				"{criticality: high, owner: ana}}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct incident inc = incident_sample(1);
		struct incident_match *m = incident_match_new(c, &inc);
		struct slice text;

		inc.service = slice_of(cases[i].service);
		text = incident_match_value(m, "criticality");
		if (!slice_is(text, cases[i].criticality))
			fail_msg("'%s' is '%.*s'", cases[i].service,
				 (int)text.len, text.ptr);
		assert_int_equal(incident_match_value(m, "owner").len, 0);
		incident_match_free(m);
	}
	config_free(c);
}

static void selectors_match_by_all_fields(void **state)
{
	static const struct {
		const char *fields[2], *values[2];
		const char *failed;
	} cases[] = {
		{{"service"}, {"api"}, NULL},
		{{"service", "service"}, {"db", "api"}, NULL},
		{{"service", "severity"}, {"api", "low"}, "severity"},
		{{"service"}, {"/^a/"}, NULL},
		{{"service"}, {"!/^a/"}, "service"},
		{{"host"}, {"!web2"}, NULL},
		{{"tags"}, {"customer"}, NULL},
		{{"tags"}, {"d\xc3\xbcsseldorf"}, NULL},
		{{"tags"}, {"!customer"}, "tags"},
		{{"tags"}, {"!other"}, NULL},
		{{"team"}, {"/^w/"}, NULL},
		/* What is missing is empty. */
		{{"nothing"}, {""}, NULL},
		{{"nothing"}, {"!"}, "nothing"},
		{{"nothing"}, {"!x"}, NULL},
		{{"nothing"}, {"/./"}, "nothing"},
		{{"assignee"}, {""}, NULL},
	};
	struct config *c = load("{}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		struct incident inc = sample();
		struct incident_match *m = incident_match_new(c, &inc);
		struct selector *s = selector_new();
		const char *failed;

		for (size_t j = 0; j < 2 && cases[i].fields[j]; j++)
			if (incident_match_add(s, cases[i].fields[j],
					       cases[i].values[j], &err) < 0)
				fail_msg("%s", err.text);
		failed = incident_match_failed(m, s);
		if ((failed != NULL) != (cases[i].failed != NULL) ||
		    (failed && strcmp(failed, cases[i].failed) != 0))
			fail_msg("case %zu: %s", i, failed ? failed : "none");
		selector_free(s);
		incident_match_free(m);
	}
	config_free(c);
}

static void what_no_incident_has_is_refused(void **state)
{
	static const struct {
		const char *field, *value, *part;
	} cases[] = {
		{"severitx", "high", "did you mean 'severity'"},
		{"servicex", "web",
		 "A label of that name is 'labels.servicex'"},
		{"count", "5", "there are severity, status"},
		{"opened", "now", "labels by name"},
		{"", "x", "incidents are not found by ''"},
		{"labels.", "x", "incidents are not found"},
		{"severity", "hgh", "'hgh' is no severity; there are info"},
		{"status", "!down", "'down' is no status"},
		{"criticality", "huge", "low, medium, high, critical"},
		{"service", "/(/", "is wrong at offset"},
	};
	struct selector *s = selector_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(incident_match_add(s, cases[i].field,
						    cases[i].value, &err),
				 -1);
		assert_err(&err, ERR_USAGE, cases[i].part);
	}
	assert_null(selector_field(s, 0));
	selector_free(s);
}

static void labels_may_have_any_name(void **state)
{
	static const char *const names[] = {
		"team",	   "job",	  "namespace", "pod", "labels.severitx",
		"cluster", "labels.count"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err err = ERR_INIT;

		if (incident_match_field(names[i], &err) < 0)
			fail_msg("%s", err.text);
	}
}

static void bad_labels_and_tags_are_none(void **state)
{
	struct config *c = load("{}\n");
	struct incident inc = incident_sample(1);
	struct incident_match *m = incident_match_new(c, &inc);

	(void)state;
	inc.labels = SLICE_LIT("{\"team\":");
	inc.tags = SLICE_LIT("[1,{}");
	assert_int_equal(incident_match_value(m, "team").len, 0);
	assert_int_equal(incident_match_value(m, "tags").len, 0);
	incident_match_free(m);
	config_free(c);
}

static void configuration_says_where_it_is_wrong(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"{severitx: high}", "one.yaml:1: incidents.inhibit.r.source."
				     "severitx: there is no field"},
		{"{host: []}", "source.host: this needs a value"},
		{"{host: /(/}", "source.host: the expression"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text =
			mem_printf("incidents: {inhibit: {r: {source: %s}}}\n",
				   cases[i].text);
		struct config *c = load(text);
		struct selector *s = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(
			incident_match_config(
				&s, c, "incidents.inhibit.r.source", &err),
			-1);
		assert_err(&err, ERR_USAGE, cases[i].part);
		assert_null(s);
		config_free(c);
	}
}

static void nothing_configured_is_no_selector(void **state)
{
	struct config *c = load("incidents: {inhibit: {r: {source: {}}}}\n");
	struct selector *s = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(incident_match_config(
				 &s, c, "incidents.inhibit.r.source", &err),
			 0);
	assert_null(s);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_has_its_text),
		cmocka_unit_test(services_with_any_name_are_looked_up),
		cmocka_unit_test(selectors_match_by_all_fields),
		cmocka_unit_test(what_no_incident_has_is_refused),
		cmocka_unit_test(labels_may_have_any_name),
		cmocka_unit_test(bad_labels_and_tags_are_none),
		cmocka_unit_test(configuration_says_where_it_is_wrong),
		cmocka_unit_test(nothing_configured_is_no_selector),
	};

	return cmocka_run_group_tests(tests, make_test_dir, remove_test_dir);
}
