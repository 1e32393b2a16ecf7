/* test-mute.c - which incidents are muted by their causes. */
#include "unit-mute.h"

#define HOST_DOWN                                                 \
	"incidents: {inhibit: {host: {source: {category: down}, " \
	"target: {severity: [low, medium, high]}, equal: [host]}}}\n"

static void a_cause_mutes_its_symptoms(void **state)
{
	static const struct {
		const char *category, *host;
		enum severity severity;
		bool muted;
	} cases[] = {
		{"disk", "web1", SEVERITY_HIGH, true},
		{"disk", "web1", SEVERITY_LOW, true},
		{"disk", "web1", SEVERITY_CRITICAL, false},
		{"disk", "web2", SEVERITY_HIGH, false},
		{"disk", "", SEVERITY_HIGH, false},
	};
	AUTO_MUTE struct mute *m = NULL;
	struct incident cause;

	(void)state;
	configure(HOST_DOWN);
	m = load();
	cause = make(1, "down", "web1");
	cause.severity = SEVERITY_CRITICAL;
	note(m, &cause);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct incident inc =
			make((int64_t)i + 2, cases[i].category, cases[i].host);
		struct mute_answer a;

		inc.severity = cases[i].severity;
		note(m, &inc);
		a = ask_at(m, &inc, NOW);
		if (a.muted != cases[i].muted)
			fail_msg("case %zu", i);
		if (a.muted) {
			assert_string_equal(a.by,
					    "inhibit:host:INC-00000000-0001");
			assert_non_null(strstr(a.why, "INC-00000000-0001 is "
						      "its cause"));
			assert_true(a.until == WHEN_NONE);
		}
	}
	assert_false(is_muted(m, &cause));
}

static void a_missing_value_is_empty(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident cause, other;

	(void)state;
	configure("incidents: {inhibit: {r: {source: {category: down}, "
		  "target: {category: disk}, equal: [team, host]}}}\n");
	m = load();
	cause = make(1, "down", "");
	note(m, &cause);
	other = make(2, "disk", "");
	assert_true(is_muted(m, &other));
	other.labels = SLICE_LIT("{\"team\":\"\"}");
	assert_true(is_muted(m, &other));
	other.labels = SLICE_LIT("{\"team\":\"web\"}");
	assert_false(is_muted(m, &other));
}

/* Both are slow; neither is the cause of the other. One that is only a cause
 * mutes both. */
static void what_matches_both_sides_is_not_muted_by_its_like(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident a, b, only;

	(void)state;
	configure("incidents: {inhibit: {r: {source: {severity: [high, "
		  "critical]}, target: {category: slow}}}}\n");
	m = load();
	a = make(1, "slow", "");
	b = make(2, "slow", "");
	note(m, &a);
	note(m, &b);
	assert_false(is_muted(m, &a) || is_muted(m, &b));
	only = make(3, "down", "");
	note(m, &only);
	assert_true(is_muted(m, &a) && is_muted(m, &b));
	assert_false(is_muted(m, &only));
	/* One that only matches the target is muted by those of both sides. */
	only.status = INCIDENT_RESOLVED;
	update(m, &only);
	b.severity = SEVERITY_LOW;
	update(m, &b);
	assert_true(is_muted(m, &b));
	/* The cause begins to match the other side, too. */
	put_group(2, ask_at(m, &b, NOW).by);
	b.severity = SEVERITY_HIGH;
	update(m, &b);
	assert_false(is_muted(m, &b));
}

static void of_a_circle_the_oldest_is_heard(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident a, b, c, root;
	struct mute_answer answer;

	(void)state;
	configure("incidents: {inhibit: {"
		  "ab: {source: {category: a}, target: {category: b}}, "
		  "bc: {source: {category: b}, target: {category: c}}, "
		  "ca: {source: {category: c}, target: {category: a}}, "
		  "root: {source: {category: root}, target: {category: c}}}}"
		  "\n");
	m = load();
	c = make(1, "c", "");
	b = make(2, "b", "");
	a = make(3, "a", "");
	note(m, &a);
	note(m, &b);
	/* A chain is none. */
	assert_false(is_muted(m, &a));
	assert_true(is_muted(m, &b) && is_muted(m, &c));
	note(m, &c);
	answer = ask_at(m, &c, NOW);
	assert_false(answer.muted);
	assert_true(answer.until > NOW && answer.until <= NOW + WHEN_HOUR);
	assert_true(is_muted(m, &a) && is_muted(m, &b));
	/* Something outside mutes all of it. */
	root = make(4, "root", "");
	note(m, &root);
	assert_true(is_muted(m, &a) && is_muted(m, &b) && is_muted(m, &c));
	assert_false(is_muted(m, &root));
	/* That it leads when that ends is seen by looking again. */
	answer = ask_at(m, &c, NOW);
	assert_true(answer.until > NOW && answer.until <= NOW + WHEN_HOUR);
	root.status = INCIDENT_CLOSED;
	update(m, &root);
	assert_false(is_muted(m, &c));
	c.status = INCIDENT_RESOLVED;
	update(m, &c);
	assert_false(is_muted(m, &a));
	assert_true(is_muted(m, &b));
}

static void two_rules_in_a_circle_mute_one(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident a, b;

	(void)state;
	configure("incidents: {inhibit: {"
		  "ab: {source: {category: a}, target: {category: b}}, "
		  "ba: {source: {category: b}, target: {category: a}}}}\n");
	m = load();
	a = make(1, "a", "");
	b = make(2, "b", "");
	note(m, &a);
	note(m, &b);
	assert_false(is_muted(m, &a));
	assert_true(is_muted(m, &b));
	assert_string_equal(ask_at(m, &b, NOW).by,
			    "inhibit:ab:INC-00000000-0001");
}

/* More than are looked at: still somebody hears. */
static void large_circles_are_heard(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident first;

	(void)state;
	configure("incidents: {inhibit: {"
		  "ab: {source: {category: a}, target: {category: b}}, "
		  "ba: {source: {category: b}, target: {category: a}}}}\n");
	m = load();
	for (int64_t i = 1; i <= 200; i++) {
		struct incident inc = make(i, i % 2 ? "a" : "b", "");

		note(m, &inc);
		if (i == 1)
			first = inc;
	}
	assert_false(is_muted(m, &first));
}

static void the_end_of_a_cause_wakes_its_symptoms(void **state)
{
	static const enum incident_status ends[] = {INCIDENT_RESOLVED,
						    INCIDENT_CLOSED};

	(void)state;
	configure(HOST_DOWN);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		AUTO_MUTE struct mute *m = load();
		int64_t num = (int64_t)i * 10 + 1;
		struct incident cause = make(num, "down", "web1");
		struct incident inc = make(num + 1, "disk", "web1");

		cause.severity = SEVERITY_CRITICAL;
		note(m, &cause);
		put_group(inc.num, ask_at(m, &inc, NOW).by);
		note(m, &inc);
		note(m, &cause);
		assert_int_equal(due_groups(), (int)i);
		cause.status = ends[i];
		/* Before it was noted, too: merged, or put away. */
		assert_int_equal(
			incident_update(store, &cause, &(struct err)ERR_INIT),
			0);
		assert_false(is_muted(m, &inc));
		note(m, &cause);
		assert_int_equal(due_groups(), (int)i + 1);
		assert_int_equal(
			ask_number("SELECT COUNT(*) FROM pager_causes"), 0);
	}
}

static void a_cause_that_was_removed_mutes_nothing(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident cause, inc;
	struct err err = ERR_INIT;

	(void)state;
	configure(HOST_DOWN);
	m = load();
	cause = make(1, "down", "web1");
	inc = make(2, "disk", "web1");
	note(m, &cause);
	assert_true(is_muted(m, &inc));
	assert_int_equal(incident_remove(store, 1, &err), 0);
	assert_false(is_muted(m, &inc));
}

static void a_cause_that_moves_mutes_elsewhere(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident cause, one, two;

	(void)state;
	configure(HOST_DOWN);
	m = load();
	cause = make(1, "down", "web1");
	one = make(2, "disk", "web1");
	two = make(3, "disk", "web2");
	note(m, &cause);
	put_group(2, ask_at(m, &one, NOW).by);
	cause.host = SLICE_LIT("web2");
	update(m, &cause);
	assert_false(is_muted(m, &one));
	assert_true(is_muted(m, &two));
	assert_int_equal(due_groups(), 1);
}

static void a_cause_that_is_silenced_still_mutes(void **state)
{
	AUTO_SILENCE struct silence s = {.match = NULL};
	AUTO_MUTE struct mute *m = NULL;
	struct incident cause, inc;

	(void)state;
	configure(HOST_DOWN);
	cause = make(1, "down", "web1");
	inc = make(2, "disk", "web1");
	silence(&s, NOW, NOW + WHEN_HOUR, WORDS("category=down"));
	m = load();
	note(m, &cause);
	assert_string_equal(ask_at(m, &cause, NOW).by, s.id);
	assert_string_equal(ask_at(m, &inc, NOW).by,
			    "inhibit:host:INC-00000000-0001");
}

static void a_drill_mutes_only_drills(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	struct incident cause, inc;

	(void)state;
	configure(HOST_DOWN);
	m = load();
	cause = incident_sample(1);
	cause.category = SLICE_LIT("down");
	cause.simulated = true;
	put_incident(&cause);
	note(m, &cause);
	inc = make(2, "disk", "");
	assert_false(is_muted(m, &inc));
	inc.simulated = true;
	assert_true(is_muted(m, &inc));
}

static void rules_that_went_wake_what_they_muted(void **state)
{
	AUTO_MUTE struct mute *m = NULL;
	AUTO_BUF struct buf before = BUF_INIT, after = BUF_INIT;
	struct incident cause, inc;

	(void)state;
	configure(HOST_DOWN);
	m = load();
	mute_rules(m, &before);
	cause = make(1, "down", "web1");
	inc = make(2, "disk", "web1");
	note(m, &cause);
	put_group(2, ask_at(m, &inc, NOW).by);
	mute_free(m);
	configure("{}\n");
	m = load();
	mute_rules(m, &after);
	assert_string_not_equal(buf_str(&before), buf_str(&after));
	note(m, &cause);
	assert_int_equal(due_groups(), 1);
	assert_false(is_muted(m, &inc));
}

/* What is asked for in a rule, and what the configuration says of services. */
static void rules_as_text_change_with_them(void **state)
{
	static const struct {
		const char *source, *target, *equal, *more;
	} cases[] = {
		{"host: a", "host: b", "service", ""},
		{"host: [a, c]", "host: b", "service", ""},
		{"host: a", "host: '!b'", "service", ""},
		{"host: a", "host: b", "service, host", ""},
		{"host: a", "host: b", "service", "environment: lab"},
		{"host: a", "host: b", "service", "services: {a: {owner: x}}"},
		{"host: a", "host: b", "service",
		 "services: {a: {criticality: high}}"},
	};
	char *texts[ARRAY_LEN(cases)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf yaml = BUF_INIT, out = BUF_INIT;
		AUTO_MUTE struct mute *m = NULL;

		buf_addf(&yaml,
			 "incidents: {inhibit: {r: {source: {%s}, "
			 "target: {%s}, equal: [%s]}}}\n%s\n",
			 cases[i].source, cases[i].target, cases[i].equal,
			 cases[i].more);
		configure(buf_str(&yaml));
		m = load();
		mute_rules(m, &out);
		texts[i] = buf_take(&out);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(texts[i], texts[j]);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		free(texts[i]);
}

static void wrong_rules_say_where(void **state)
{
	static const struct {
		const char *rule, *part;
	} cases[] = {
		{"{target: {host: a}}",
		 "one.yaml:1: incidents.inhibit.r: a rule has a source and a "
		 "target: 'source' is missing"},
		{"{source: {host: a}}", "'target' is missing"},
		{"{source: {}, target: {host: a}}", "'source' is missing"},
		{"{source: {host: a}, target: {severitx: low}}",
		 "r.target.severitx: there is no field 'severitx'"},
		{"{source: {host: a}, target: {severity: lo}}",
		 "'lo' is no severity"},
		{"{source: {host: a}, target: {host: b}, equal: [opened]}",
		 "r.equal: incidents are not found by 'opened'"},
		{"{source: {host: a}, target: {host: b}, equal: [tags]}",
		 "tags are several"},
		{"{source: {host: /(/}, target: {host: b}}", "is wrong at"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text = mem_printf(
			"incidents: {inhibit: {r: %s}}\n", cases[i].rule);
		struct mute *m = NULL;
		struct err err = ERR_INIT;

		configure(text);
		assert_int_equal(mute_load(&m, store, config, &err), -1);
		assert_err(&err, ERR_USAGE, cases[i].part);
		assert_null(m);
	}
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		mute_test(a_cause_mutes_its_symptoms),
		mute_test(a_missing_value_is_empty),
		mute_test(what_matches_both_sides_is_not_muted_by_its_like),
		mute_test(of_a_circle_the_oldest_is_heard),
		mute_test(two_rules_in_a_circle_mute_one),
		mute_test(large_circles_are_heard),
		mute_test(the_end_of_a_cause_wakes_its_symptoms),
		mute_test(a_cause_that_was_removed_mutes_nothing),
		mute_test(a_cause_that_moves_mutes_elsewhere),
		mute_test(a_cause_that_is_silenced_still_mutes),
		mute_test(a_drill_mutes_only_drills),
		mute_test(rules_that_went_wake_what_they_muted),
		mute_test(rules_as_text_change_with_them),
		mute_test(wrong_rules_say_where),
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
