#include "unit-pack.h"

#include <stdio.h>
#include <time.h>

#include <oncall/when.h>

static const char whole[] = "pack: doors\n"
			    "version: 1.0.0\n"
			    "description: of the machine room\n"
			    "knowledge: [{id: k, any: {thing: [1]}}]\n"
			    "actions: []\n"
			    "workflows: {}\n"
			    "patterns:\n"
			    "  - id: door-open\n"
			    "    match: ['door (?<door>\\w+) is open', 'gate "
			    "(?P<gate>\\w+) open']\n"
			    "    except: maintenance\n"
			    "    when: 3 times within 10m by door\n"
			    "    key: [door, host]\n"
			    "    severity: error\n"
			    "    category: access\n"
			    "    service: guard\n"
			    "    tags: [room, door]\n"
			    "    title: 'Door ${door|upper} on ${host}'\n"
			    "    cool_down: 90s\n"
			    "    case_sensitive: true\n"
			    "    detect: false\n"
			    "    examples:\n"
			    "      - door north is open\n"
			    "    counter_examples: [door north closed]\n"
			    "  - id: pair\n"
			    "    severity: low\n"
			    "    when: door-open then gate within 5s\n";

static void all_keys_are_read(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	const struct pack_rule *r;

	(void)state;
	load(&p, whole);
	assert_int_equal(p.rule_count, 2);
	assert_int_equal(p.pack_count, 1);
	assert_string_equal(p.packs[0].name, "doors");
	assert_string_equal(p.packs[0].version, "1.0.0");
	assert_string_equal(p.packs[0].description, "of the machine room");
	assert_string_equal(p.packs[0].file, "f.yaml");
	r = pack_find(&p, "door-open");
	assert_ptr_equal(r, &p.rules[0]);
	assert_string_equal(r->pack, "doors");
	assert_string_equal(r->file, "f.yaml");
	assert_int_equal(r->line, 8);
	assert_int_equal(r->match.count, 2);
	assert_string_equal(r->match.items[1].text, "gate (?P<gate>\\w+) open");
	assert_string_equal(r->except.items[0].text, "maintenance");
	assert_string_equal(r->when, "3 times within 10m by door");
	assert_int_equal(r->key.count, 2);
	assert_int_equal(r->severity, SEVERITY_HIGH);
	assert_string_equal(r->category, "access");
	assert_string_equal(r->service, "guard");
	assert_string_equal(r->tags.items[1].text, "door");
	assert_string_equal(r->title, "Door ${door|upper} on ${host}");
	assert_int_equal(r->cool_down_ms, 90 * WHEN_SECOND);
	assert_true(r->case_sensitive);
	assert_true(r->silent);
	assert_int_equal(r->examples.items[0].line, 22);
	assert_string_equal(r->counter_examples.items[0].text,
			    "door north closed");
	assert_null(pack_find(&p, "door"));
}

static void what_is_absent_has_a_meaning(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	const struct pack_rule *r;

	(void)state;
	load(&p, HEAD "    match: x\n");
	r = pack_find(&p, "a");
	assert_null(r->pack);
	assert_null(r->title);
	assert_null(r->when);
	assert_false(r->silent);
	assert_false(r->case_sensitive);
	assert_int_equal(r->cool_down_ms, 0);
	assert_int_equal(r->key.count, 0);
	load(&p, "");
	load(&p, "knowledge: []\n");
	load(&p, "patterns:\n#  - id: b\n");
	assert_int_equal(p.rule_count, 1);
}

static void severity_is_a_word_or_a_capture(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;

	(void)state;
	load(&p, "patterns:\n"
		 "- {id: a, match: '(?<lvl>\\w+) x', severity: '${lvl}'}\n"
		 "- {id: b, match: x, severity: warning}\n"
		 "- {id: c, match: x, severity: '${level}'}\n");
	assert_string_equal(pack_find(&p, "a")->severity_from, "lvl");
	assert_null(pack_find(&p, "b")->severity_from);
	assert_string_equal(pack_find(&p, "c")->severity_from, "level");
	refuse("patterns:\n  - {id: a, match: x}\n",
	       "f.yaml:2: pattern \"a\" has no severity");
	refuse("patterns:\n  - id: a\n    match: x\n    severity: terrible\n",
	       "f.yaml:4: severity \"terrible\" is none of info");
	refuse("patterns:\n- {id: a, match: x, severity: '${a b}'}\n",
	       "severity \"${a b}\"");
	refuse("patterns:\n- {id: a, match: x, severity: '${}'}\n",
	       "severity \"${}\"");
}

static void keys_are_known(void **state)
{
	(void)state;
	refuse("pack: x\npaterns: []\n",
	       "f.yaml:2: unknown key \"paterns\", did you mean "
	       "\"patterns\"?");
	refuse(HEAD "    match: x\n    serverity: low\n",
	       "f.yaml:5: unknown key \"serverity\", did you mean "
	       "\"severity\"?");
	refuse(HEAD "    match: x\n    quux_of_things: 1\n",
	       "f.yaml:5: unknown key \"quux_of_things\"");
	refuse(HEAD "    match: x\n    match: y\n",
	       "f.yaml:5: the key \"match\" stands twice");
}

static void values_have_their_form(void **state)
{
	(void)state;
	refuse("- a\n", "f.yaml:1: a pack is a map of keys");
	refuse("patterns: x\n", "f.yaml:1: patterns must be a list");
	refuse("patterns: [x]\n", "f.yaml:1: a pattern must be a map");
	refuse("patterns:\n  - severity: low\n",
	       "f.yaml:2: a pattern has no id");
	refuse("pack: [x]\n", "f.yaml:1: pack must be text");
	refuse(HEAD "    match: {x: y}\n",
	       "f.yaml:4: match must be a text or a list");
	refuse(HEAD "    match:\n      - x\n      - [y]\n",
	       "f.yaml:6: match must be a list of texts");
	refuse(HEAD "    match: x\n    title: [t]\n",
	       "f.yaml:5: title must be text");
	refuse(HEAD "    match: x\n    detect: maybe\n",
	       "f.yaml:5: detect must be true or false");
	refuse(HEAD "    match: x\n    cool_down: soon\n",
	       "f.yaml:5: cool_down: ");
	refuse(HEAD "    match: x\n    cool_down: []\n",
	       "f.yaml:5: cool_down: a duration is missing");
	refuse("patterns: [\n", "f.yaml:2: this is not YAML");
}

static void ids_are_plain_and_stand_once(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	load(&p, "patterns: [{id: A-z_0.9, severity: low, match: x}]\n");
	refuse("patterns:\n  - {id: a b, severity: low, match: x}\n",
	       "f.yaml:2: \"a b\" cannot be an id");
	refuse("patterns:\n  - {id: \xc3\xa9, severity: low, match: x}\n",
	       "cannot be an id");
	refuse("patterns:\n  - {id: '', severity: low, match: x}\n",
	       "cannot be an id");
	refuse("patterns:\n"
	       "  - {id: a, severity: low, match: x}\n"
	       "  - {id: a, severity: low, match: y}\n",
	       "f.yaml:3: pattern \"a\" stands twice (first at line 2)");
	buf_add_str(&text, "patterns: [{severity: low, match: x, id: ");
	for (size_t i = 0; i < PACK_ID_MAX; i++)
		buf_add_char(&text, 'x');
	buf_add_str(&text, "}]\n");
	load(&p, buf_str(&text));
	buf_truncate(&text, text.len - 3);
	buf_add_str(&text, "x}]\n");
	refuse(buf_str(&text), "at most 200");
}

static void conditions_and_titles_are_read(void **state)
{
	(void)state;
	refuse(HEAD "    match: x\n    when: 3 tmes within 5m\n",
	       "f.yaml:5: when: condition, column 3: ");
	refuse(HEAD "    match: x\n    title: 'on ${host'\n",
	       "f.yaml:5: title: column 4: ");
	refuse(HEAD "    when: 3 times within 5m\n",
	       "pattern \"a\" has nothing to match");
	refuse(HEAD, "pattern \"a\" has nothing to match");
	refuse(HEAD "    match: []\n", "f.yaml:4: pattern \"a\" has nothing");
	refuse(HEAD "    match: x\n    when: b then c within 5m\n",
	       "joins others, so it cannot match lines itself");
	refuse(HEAD "    match: [x, '']\n",
	       "f.yaml:4: match: an expression is empty");
	refuse(HEAD "    match: x\n    except: ''\n",
	       "f.yaml:5: except: an expression is empty");
}

static void names_must_be_captured(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;

	(void)state;
	refuse(HEAD "    match: 'use (?<usage>\\d+)'\n    when: usge > 85\n",
	       "f.yaml:5: when: no expression captures \"usge\", did you mean "
	       "\"usage\"?");
	refuse(HEAD "    match: x\n    when: once by hst\n",
	       "when: no expression captures \"hst\", did you mean \"host\"?");
	refuse(HEAD "    match: x\n    title: 'on ${hots}'\n",
	       "f.yaml:5: title: no expression captures \"hots\", did you mean "
	       "\"host\"?");
	refuse(HEAD "    match: x\n    key: [service, q]\n",
	       "f.yaml:5: key: no expression captures \"q\"");
	refuse("patterns: [{id: a, match: x, severity: '${lvl}'}]\n",
	       "f.yaml:1: severity: no expression captures \"lvl\"");
	/* Neither a group that only looks, nor one that is text. */
	refuse(HEAD "    match: '(?<=n>)x(?<!n>)'\n    key: n\n",
	       "no expression captures \"n\"");
	refuse(HEAD "    match: '\\(?<n>'\n    key: n\n",
	       "no expression captures \"n\"");
	load(&p, HEAD "    match: [\"(?'q1'x)\", '(?P<q_2>y)', '(?<q3>z)']\n"
		      "    key: [q1, q_2, q3, pid, level]\n");
	/* What a joining rule names stands in other rules. */
	load(&p, "patterns:\n  - id: j\n    severity: low\n"
		 "    when: a then b within 5s by q1\n"
		 "    title: '${q1}'\n    key: q1\n");
}

static void the_later_file_wins(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT;
	const struct pack_rule *r;

	(void)state;
	load(&p, "pack: one\npatterns: [{id: a, severity: low, match: x},"
		 "{id: b, severity: low, match: x}]\n");
	load(&p, "pack: two\npatterns: [{id: a, severity: high, match: y}]\n");
	assert_int_equal(p.rule_count, 2);
	assert_int_equal(p.pack_count, 2);
	r = pack_find(&p, "a");
	assert_ptr_equal(r, &p.rules[0]);
	assert_string_equal(r->pack, "two");
	assert_string_equal(r->match.items[0].text, "y");
	/* An error leaves all as it was, also what stands before it. */
	assert_int_equal(
		pack_load_text(&p,
			       SLICE_LIT("patterns:\n"
					 "- {id: c, severity: low, match: x}\n"
					 "- {id: d}\n"),
			       "f", &err),
		-1);
	assert_int_equal(p.rule_count, 2);
	assert_int_equal(p.pack_count, 2);
	assert_null(pack_find(&p, "c"));
}

static void tsv(struct packs *p, struct slice text)
{
	struct err err = ERR_INIT;

	assert_int_equal(pack_read_tsv(p, text, "f.tsv", &err), 0);
}

static void refuse_tsv(struct slice text, const char *part)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(pack_read_tsv(&p, text, "f.tsv", &err), -1);
	assert_err(&err, ERR_USAGE, part);
}

static void lines_are_rules(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;

	(void)state;
	tsv(&p, SLICE_LIT("# id\n\nid-1\thigh\ta\tb c\r\n"
			  "id-2\twarn\t#x \xff"));
	assert_int_equal(p.rule_count, 2);
	assert_string_equal(p.rules[0].match.items[0].text, "a\tb c");
	assert_int_equal(p.rules[0].severity, SEVERITY_HIGH);
	assert_int_equal(p.rules[0].line, 3);
	assert_string_equal(p.rules[1].match.items[0].text, "#x \xff");
	assert_int_equal(p.rules[1].line, 4);
	tsv(&p, (struct slice){NULL, 0});
	refuse_tsv(SLICE_LIT("a\tlow\tx\nb\tlow\n"),
		   "f.tsv:2: not id, severity and expression");
	refuse_tsv(SLICE_LIT("a\tlow\t\n"), "f.tsv:1: not id");
	refuse_tsv(SLICE_LIT("plain words\n"), "f.tsv:1: not id");
	refuse_tsv(SLICE_LIT("a b\tlow\tx\n"), "f.tsv:1: \"a b\" cannot");
	refuse_tsv(SLICE_LIT("a\tbad!\tx\n"), "f.tsv:1: severity \"bad!\"");
	refuse_tsv(SLICE_LIT("a\tlow\tx\0y\n"), "f.tsv:1: a NUL character");
	refuse_tsv(SLICE_LIT("a\tlow\tx\na\tlow\ty\n"),
		   "f.tsv:2: pattern \"a\" stands twice (first at line 1)");
}

static void same_lists(const struct pack_list *a, const struct pack_list *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(a->items[i].text, b->items[i].text);
}

static void what_is_written_is_read_again(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT, again = PACKS_INIT;
	AUTO_BUF struct buf out = BUF_INIT, second = BUF_INIT;
	const struct pack_rule *r;

	(void)state;
	load(&p, whole);
	pack_write(&p.rules[0], &out);
	load(&again, buf_str(&out));
	r = pack_find(&again, "door-open");
	assert_string_equal(r->pack, "doors");
	same_lists(&r->match, &p.rules[0].match);
	same_lists(&r->except, &p.rules[0].except);
	same_lists(&r->tags, &p.rules[0].tags);
	same_lists(&r->counter_examples, &p.rules[0].counter_examples);
	assert_int_equal(r->cool_down_ms, 90 * WHEN_SECOND);
	assert_true(r->silent && r->case_sensitive);
	pack_write(r, &second);
	assert_string_equal(buf_str(&out), buf_str(&second));
}

/* Characters that YAML refuses or folds when they stand there as they are. */
static void any_text_is_written(void **state)
{
	static const char *const texts[] = {
		"q\" b\\ n\n t\t c\x01 d\x7f",
		"\xc2\x80 \xc2\x85 \xc2\x9f \xc2\xa0 \xc3\xa9",
		"\xe2\x80\xa8 \xe2\x80\xa9 \xe2\x82\xac",
		"\xef\xbb\xbf \xef\xbf\xbe \xef\xbf\xbf \xf0\x9f\x98\x80",
		" # a: b - [c] {d} 'e' &f *g !h |i >j %k @l `m ",
		"null",
		"~",
		"true",
		"1",
		"- ",
		"\r\n",
		"  ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(pack_rule_done)
		struct pack_rule rule = {.id = mem_dup("a"),
					 .category = mem_dup(texts[i])};
		AUTO_PACKS struct packs again = PACKS_INIT;
		AUTO_BUF struct buf out = BUF_INIT;

		pack_list_add(&rule.match, texts[i], strlen(texts[i]), 1);
		pack_write(&rule, &out);
		load(&again, buf_str(&out));
		assert_string_equal(again.rules[0].category, texts[i]);
		assert_string_equal(again.rules[0].match.items[0].text,
				    texts[i]);
	}
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Far from what it needs, a few hundredths, but not from its square. */
static void many_rules_are_no_trouble(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	AUTO_BUF struct buf text = BUF_INIT;
	double begin;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "rule-%d\thigh\tdisk sd%d failed\n", i, i);
	begin = seconds();
	tsv(&p, buf_slice(&text));
	assert_int_equal(p.rule_count, 100000);
	assert_non_null(pack_find(&p, "rule-99999"));
	assert_true(seconds() - begin < 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_keys_are_read),
		cmocka_unit_test(what_is_absent_has_a_meaning),
		cmocka_unit_test(severity_is_a_word_or_a_capture),
		cmocka_unit_test(keys_are_known),
		cmocka_unit_test(values_have_their_form),
		cmocka_unit_test(ids_are_plain_and_stand_once),
		cmocka_unit_test(conditions_and_titles_are_read),
		cmocka_unit_test(names_must_be_captured),
		cmocka_unit_test(the_later_file_wins),
		cmocka_unit_test(lines_are_rules),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(any_text_is_written),
		cmocka_unit_test(many_rules_are_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
