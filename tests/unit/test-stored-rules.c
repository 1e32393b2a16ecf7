/* Rules of the command line: put, replaced, loaded, removed. */
#include "unit-ops.h"

#include <oncall/stored-rules.h>

static int put(const char *yaml, struct err *err)
{
	AUTO_PACKS struct packs p = PACKS_INIT;

	if (pack_load_text(&p, slice_of(yaml), "p.yaml", err) < 0)
		fail_msg("%s", err->text);
	assert_int_equal(p.rule_count, 1);
	return stored_rules_put(store, &p.rules[0], "ana", err);
}

static void all_of_a_rule_comes_back(void **state)
{
	static const char yaml[] =
		"patterns:\n"
		"- id: full\n"
		"  match: ['disk (?<d>\\w+): \"full\"', \"'#\\t\\\\\\\\\"]\n"
		"  except: ['drill']\n"
		"  when: 3 times within 5m by d\n"
		"  key: [d, host]\n"
		"  severity: high\n"
		"  category: storage\n"
		"  service: disks\n"
		"  tags: ['- a', 'b: c']\n"
		"  title: 'Disk ${d|upper}: full'\n"
		"  cool_down: 10m\n"
		"  case_sensitive: true\n"
		"  examples: ['disk sda: \"full\"']\n"
		"  counter_examples: ['disk sda: fine']\n";
	AUTO_PACKS struct packs want = PACKS_INIT, got = PACKS_INIT;
	AUTO_BUF struct buf was = BUF_INIT, is = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	(void)!pack_load_text(&want, slice_of(yaml), "p.yaml", &err);
	assert_no_err(&err);
	assert_int_equal(put(yaml, &err), 1);
	assert_int_equal(stored_rules_load(store, &got, &err), 0);
	assert_int_equal(got.rule_count, 1);
	pack_write(&want.rules[0], &was);
	pack_write(&got.rules[0], &is);
	assert_string_equal(buf_str(&is), buf_str(&was));
	assert_string_equal(got.rules[0].match.items[0].text,
			    "disk (?<d>\\w+): \"full\"");
	assert_true(got.rules[0].cool_down_ms == 600000);
	assert_true(got.rules[0].case_sensitive);
	assert_string_equal(got.rules[0].file, "stored pattern full");
}

static void one_of_the_same_id_is_replaced(void **state)
{
	AUTO_PACKS struct packs got = PACKS_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		put("patterns: [{id: b, severity: low, match: one}]", &err), 1);
	assert_int_equal(
		put("patterns: [{id: a, severity: low, match: other}]", &err),
		1);
	assert_int_equal(
		put("patterns: [{id: b, severity: high, match: two}]", &err),
		0);
	assert_int_equal(stored_rules_load(store, &got, &err), 0);
	assert_no_err(&err);
	assert_int_equal(got.rule_count, 2);
	assert_string_equal(got.rules[0].id, "a");
	assert_string_equal(got.rules[1].id, "b");
	assert_string_equal(got.rules[1].match.items[0].text, "two");
	assert_int_equal(got.rules[1].severity, SEVERITY_HIGH);
}

static void what_cannot_be_read_again_is_not_stored(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT, got = PACKS_INIT;
	struct err err = ERR_INIT, why = ERR_INIT;
	struct pack_rule *r;

	(void)state;
	(void)!pack_load_text(
		&p, SLICE_LIT("patterns: [{id: a, severity: low, match: x}]"),
		"p.yaml", &err);
	assert_no_err(&err);
	r = &p.rules[0];
	free(r->when);
	r->when = mem_dup("3 times or so");
	assert_int_equal(stored_rules_put(store, r, "ana", &why), -1);
	assert_int_equal(why.kind, ERR_USAGE);
	assert_int_equal(stored_rules_load(store, &got, &err), 0);
	assert_int_equal(got.rule_count, 0);
}

static void what_is_not_there_cannot_be_removed(void **state)
{
	struct err err = ERR_INIT, none = ERR_INIT, near = ERR_INIT;
	AUTO_PACKS struct packs got = PACKS_INIT;

	(void)state;
	assert_int_equal(stored_rules_remove(store, "disk", &none), -1);
	assert_err(&none, ERR_NO, "no pattern 'disk' is stored");
	assert_null(strstr(none.text, "did you mean"));
	(void)put("patterns: [{id: disc, severity: low, match: x}]", &err);
	assert_int_equal(stored_rules_remove(store, "disk", &near), -1);
	assert_err(&near, ERR_NO, "did you mean 'disc'");
	assert_int_equal(stored_rules_remove(store, "disc", &err), 0);
	assert_int_equal(stored_rules_load(store, &got, &err), 0);
	assert_no_err(&err);
	assert_int_equal(got.rule_count, 0);
}

/* Somebody wrote to the store with other means. */
static void a_broken_one_is_named(void **state)
{
	AUTO_PACKS struct packs got = PACKS_INIT;
	struct err err = ERR_INIT, why = ERR_INIT;

	(void)state;
	(void)STORE_RUN(store, &err,
			"INSERT INTO patterns (id, rule, actor, updated) "
			"VALUES ($1, $2, 'x', 0)",
			S_TEXT("odd"), S_TEXT("patterns: [{id: odd, hue: 7}]"));
	assert_no_err(&err);
	assert_int_equal(stored_rules_load(store, &got, &why), -1);
	assert_err(&why, ERR_USAGE, "stored pattern odd:1");
	assert_int_equal(got.rule_count, 0);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		ops_test(all_of_a_rule_comes_back),
		ops_test(one_of_the_same_id_is_replaced),
		ops_test(what_cannot_be_read_again_is_not_stored),
		ops_test(what_is_not_there_cannot_be_removed),
		ops_test(a_broken_one_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
