/* test-postmortem.c - text that cannot become markup, the template, and marks
 * that keep what people wrote: SQLite always, PostgreSQL when TEST_POSTGRES
 * holds the address of an empty database. */
#include "unit-incident.h"

#include <oncall/timeline.h>

#include "../../libcommon/ops/postmortem-internal.h"

#define NUM INT64_C(202611200000001)
#define ID  "INC-20261120-0001"

static void run_sql(const char *sql)
{
	struct err err = ERR_INIT;

	(void)store_run(store, &err, sql, NULL, 0);
	assert_no_err(&err);
}

static int set_up(void **state)
{
	if (ops_set_up(state) < 0)
		return -1;
	run_sql("DELETE FROM incidents");
	run_sql("DELETE FROM timeline");
	run_sql("DELETE FROM messages");
	return 0;
}

#define postmortem_test(name) \
	cmocka_unit_test_setup_teardown(name, set_up, ops_tear_down)

/* ---- text ---- */

static void text_means_nothing_but_itself(void **state)
{
	static const char *const cases[][2] = {
		{"plain words, and more: 5 % of them", NULL},
		{"disk_full on db-1.example", NULL},
		{"0.91 and v1.2", NULL},
		{"a | b", "a \\| b"},
		{"``` code", "\\`\\`\\` code"},
		{"*bold* _it_ ~gone~", "\\*bold\\* \\_it\\_ \\~gone\\~"},
		{"<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"},
		{"<!-- /oncall:timeline -->",
		 "&lt;!-- /oncall:timeline --&gt;"},
		{"&amp;", "&amp;amp;"},
		{"[a](b)", "\\[a\\](b)"},
		{"![a](b)", "!\\[a\\](b)"},
		{"1. one 2. two", "1\\. one 2. two"},
		{"2) two", "2\\) two"},
		{"- item - item", "\\- item - item"},
		{"+ item", "\\+ item"},
		{"=== title", "\\=== title"},
		{"# title", "`#` title"},
		{"see https://evil.example/x now",
		 "see `https://evil.example/x` now"},
		{"(HTTP://evil.example)", "`(HTTP://evil.example)`"},
		{"www.evil.example", "`www.evil.example`"},
		{"a@b.c", "`a@b.c`"},
		{"@team", "`@team`"},
		{"GH#12", "`GH#12`"},
		{"xmpp:a", "`xmpp:a`"},
		{"http://a|b", "`http://a`\\|`b`"},
		{"http://`x``y", "```http://`x``y```"},
		{"`http://x`", "`` `http://x` ``"},
		{"back\\slash", "back\\\\slash"},
		{"{{ x }}", "\\{\\{ x }}"},
		{"two\nlines\r\n", "two lines"},
		{"\033[31mred\a", "?\\[31mred?"},
		{"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"  blanks   within ", "blanks within"},
		{"\xe2\x80\xae"
		 "evil",
		 "?evil"}, /* right to left */
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;

		postmortem_text(&out, slice_of(cases[i][0]));
		assert_string_equal(buf_str(&out),
				    cases[i][1] ? cases[i][1] : cases[i][0]);
	}
}

static void code_is_indented_and_cut(void **state)
{
	static const char *const cases[][2] = {
		{"one", "\n    one\n\n"},
		{"one\r\n\r\ntwo\n", "\n    one\n\n    two\n\n"},
		{"```\n# x\n<b>", "\n    ```\n    # x\n    <b>\n\n"},
		{"a\033\vb", "\n    a? b\n\n"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n"
		 "18\n19\n20\n21\n22\n",
		 "\n    1\n    2\n    3\n    4\n    5\n    6\n    7\n    8\n"
		 "    9\n    10\n    11\n    12\n    13\n    14\n    15\n"
		 "    16\n    17\n    18\n    19\n    20\n"
		 "    ... 2 more lines\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;

		postmortem_code(&out, slice_of(cases[i][0]));
		assert_string_equal(buf_str(&out), cases[i][1]);
	}
}

static void only_plain_addresses_are_links(void **state)
{
	static const char *const cases[][2] = {
		{"https://wiki.example/a?b=c#d", NULL},
		{"http://x", NULL},
		{"javascript:alert(1)", "javascript:alert(1)"},
		{"https://x/><script>", "`https://x/><script>`"},
		{"https://x y", "`https://x` y"},
		{"https://", "`https://`"},
		{"INC-20261120-0002", "INC-20261120-0002"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *plain = mem_printf("<%s>", cases[i][0]);
		AUTO_BUF struct buf out = BUF_INIT;

		postmortem_link(&out, slice_of(cases[i][0]));
		assert_string_equal(buf_str(&out),
				    cases[i][1] ? cases[i][1] : plain);
	}
}

/* ---- an incident ---- */

static struct postmortem *sample(void)
{
	struct incident inc = incident_sample(NUM);
	struct postmortem *p = NULL;
	struct err err = ERR_INIT;

	inc.title = SLICE_LIT("a | b");
	put_incident(&inc);
	if (postmortem_new(&p, store, NUM, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

static void tell(int64_t seq, int64_t minutes, const char *what)
{
	const struct timeline_entry e = {.seq = seq,
					 .time = NOW + minutes * WHEN_MINUTE,
					 .actor = "ana",
					 .what = what};
	struct err err = ERR_INIT;

	assert_int_equal(timeline_add(store, NUM, &e, &err), 0);
}

static void gaps_are_while_nobody_has_acknowledged(void **state)
{
	static const struct {
		const char *what[5];
		int64_t at[5];	 /* minutes after now */
		int64_t gaps[5]; /* minutes before the entry */
		int64_t updated, last_gap;
	} cases[] = {
		{{"opened", "acknowledged"}, {0, 15}, {0}, 0, 0},
		{{"opened", "acknowledged"}, {0, 16}, {0, 16}, 0, 0},
		{{"opened", "noted", "acknowledged"}, {0, 10, 20}, {0}, 0, 0},
		{{"opened", "noted", "acknowledged"},
		 {0, 20, 50},
		 {0, 20, 30},
		 0,
		 0},
		{{"opened", "acknowledged", "resolved"}, {0, 1, 90}, {0}, 0, 0},
		{{"opened", "resolved", "reopened", "closed"},
		 {0, 1, 90, 120},
		 {0, 0, 0, 30},
		 0,
		 0},
		{{"opened", "investigating", "noted"}, {0, 5, 60}, {0}, 99, 0},
		{{"opened"}, {0}, {0}, 15, 0},
		{{"opened"}, {0}, {0}, 40, 40},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct incident inc = incident_sample(NUM);
		AUTO_POSTMORTEM struct postmortem *p = NULL;
		struct err err = ERR_INIT;
		size_t n = 0;

		run_sql("DELETE FROM incidents");
		run_sql("DELETE FROM timeline");
		inc.updated = NOW + cases[i].updated * WHEN_MINUTE;
		put_incident(&inc);
		for (; n < 5 && cases[i].what[n]; n++)
			tell((int64_t)n + 1, cases[i].at[n], cases[i].what[n]);
		assert_int_equal(postmortem_new(&p, store, NUM, &err), 0);
		assert_int_equal(p->count, n);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(p->entries[k].gap,
					 cases[i].gaps[k] * WHEN_MINUTE);
		assert_int_equal(p->last_gap, cases[i].last_gap * WHEN_MINUTE);
	}
}

/* ---- templates ---- */

static void a_template_is_filled_line_by_line(void **state)
{
	static const char *const cases[][2] = {
		{"${id}\n", ID "\n"},
		{"${title}!", "a \\| b!\n"},
		{"${title|upper}\n", "A \\| B\n"},
		{"${title|json|short}\n", "a \\| b\n"},
		{"${assignee|default:no <b>}\n", "no &lt;b&gt;\n"},
		{"$$ $ ${severity} $${severity} $x\n",
		 "$ $ high ${severity} $x\n"},
		{"${opened} ${acknowledged}.\n",
		 "2026-11-20T10:00:00.000Z .\n"},
		{"${count} ${simulated} ${status}\n", "1 false open\n"},
		{"\n\n", "\n\n"},
		{"", ""},
	};
	AUTO_POSTMORTEM struct postmortem *p = sample();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct postmortem_form form = {"t.md", cases[i][0]};
		AUTO_BUF struct buf out = BUF_INIT;
		struct err err = ERR_INIT;

		if (postmortem_fill(p, &form, &out, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(buf_str(&out), cases[i][1]);
	}
}

static void a_wrong_template_says_where(void **state)
{
	static const char *const cases[][2] = {
		{"a\nb ${nothing}\n", "t.md:2: no field 'nothing'"},
		{"${timeline} \nx ${timeline}\n", "t.md:2: the section"},
		{"${timeline|short}", "t.md:1: the section"},
		{"a ${title", "t.md:1: column 3"},
		{"a\n\n${title|bold}", "t.md:3: column 9: no filter 'bold'"},
	};
	AUTO_POSTMORTEM struct postmortem *p = sample();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct postmortem_form form = {"t.md", cases[i][0]};
		AUTO_BUF struct buf out = BUF_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(postmortem_fill(p, &form, &out, &err), -1);
		assert_err(&err, ERR_USAGE, cases[i][1]);
	}
}

static void the_shipped_template_has_every_section_once(void **state)
{
	(void)state;
	for (size_t i = 0; postmortem_sections[i]; i++) {
		AUTO_FREE char *want =
			mem_printf("\n${%s}\n", postmortem_sections[i]);
		const char *at = strstr(postmortem_form.text, want);

		assert_non_null(at);
		assert_null(strstr(at + 1, want));
	}
}

/* ---- marks ---- */

struct kept {
	size_t count;
	char last[64];
};

static void on_kept(void *arg, const char *section, const char *why)
{
	struct kept *k = arg;

	k->count++;
	(void)snprintf(k->last, sizeof(k->last), "%s: %s", section, why);
}

/* The old document is renewed; how many sections it has. */
static int renew(struct postmortem *p, const char *old, struct buf *out,
		 struct kept *kept)
{
	struct err err = ERR_INIT;
	int n;

	buf_reset(out);
	*kept = (struct kept){.count = 0};
	n = postmortem_renew(p, slice_of(old), out, on_kept, kept, &err);
	if (n < 0)
		fail_msg("%s", err.text);
	return n;
}

static char *section(struct postmortem *p, const char *name)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(postmortem_marked(p, slice_of(name), &out, &err), 0);
	return buf_take(&out);
}

static void what_nobody_changed_is_written_anew(void **state)
{
	AUTO_POSTMORTEM struct postmortem *p = sample();
	AUTO_FREE char *links = section(p, "links");
	AUTO_FREE char *old = mem_printf("mine\n%smine too\n%s", links, links);
	AUTO_BUF struct buf out = BUF_INIT;
	struct kept kept;

	(void)state;
	assert_int_equal(renew(p, old, &out, &kept), 2);
	assert_string_equal(buf_str(&out), old);
	/* Another incident has more to say. */
	p->inc.previous = SLICE_LIT("INC-20261119-0001");
	assert_int_equal(renew(p, old, &out, &kept), 2);
	assert_int_equal(kept.count, 0);
	assert_non_null(strstr(buf_str(&out), "follows INC-20261119-0001"));
	assert_null(strstr(buf_str(&out), "None."));
	assert_non_null(strstr(buf_str(&out), "mine too\n"));
}

static void blanks_and_line_ends_are_no_change(void **state)
{
	AUTO_POSTMORTEM struct postmortem *p = sample();
	AUTO_FREE char *links = section(p, "links");
	AUTO_BUF struct buf old = BUF_INIT, out = BUF_INIT;
	struct kept kept;

	(void)state;
	for (const char *c = links; *c; c++)
		if (*c == '\n')
			buf_add_str(&old, " \r\n\r\n");
		else
			buf_add_char(&old, *c);
	assert_int_equal(renew(p, buf_str(&old), &out, &kept), 1);
	assert_int_equal(kept.count, 0);
	assert_memory_equal(buf_str(&out), links, strlen(links));
}

static void what_cannot_be_replaced_is_kept(void **state)
{
	static const struct {
		const char *old;
		int sections;
		const char *kept; /* NULL: nothing is said */
	} cases[] = {
		{"", 0, NULL},
		{"no marks", 0, NULL},
		{"<!-- oncall:nothing -->\n<!-- /oncall:nothing -->\n", 0,
		 NULL},
		{"<!-- oncall:links " ID " 00 -->\nmine\n"
		 "<!-- /oncall:links -->\n",
		 1, "links: it was changed by hand"},
		{"<!-- oncall:links -->\nmine\n<!-- /oncall:links -->", 1,
		 "links: it was changed by hand"},
		{"<!-- oncall:links " ID " 00 -->\nmine\n", 1,
		 "links: its end is missing"},
		{"<!-- oncall:links -->\n<!-- oncall:links -->\nx\n"
		 "<!-- /oncall:links -->\n",
		 2, "links: it was changed by hand"},
		{"<!-- oncall:links -->\nx\n<!-- /oncall:summary -->\n", 1,
		 "links: its end is missing"},
		{"<!-- /oncall:links -->\n", 0, NULL},
		{"<!-- oncall:links INC-20261120-0002 00 -->\nx\n"
		 "<!-- /oncall:links -->\n",
		 0, NULL},
		{"text <!-- oncall:links -->\n<!-- /oncall:links -->\n", 0,
		 NULL},
		{"<!-- oncall:links a b c d -->\n<!-- /oncall:links -->\n", 0,
		 NULL},
	};
	AUTO_POSTMORTEM struct postmortem *p = sample();
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kept kept;

		assert_int_equal(renew(p, cases[i].old, &out, &kept),
				 cases[i].sections);
		assert_string_equal(buf_str(&out), cases[i].old);
		assert_string_equal(kept.last,
				    cases[i].kept ? cases[i].kept : "");
	}
}

static void an_empty_pair_of_marks_asks_for_its_section(void **state)
{
	AUTO_POSTMORTEM struct postmortem *p = sample();
	AUTO_FREE char *links = section(p, "links");
	static const char *const cases[] = {
		"<!-- oncall:links -->\n<!-- /oncall:links -->\n",
		"<!-- oncall:links -->\n\n\n<!-- /oncall:links -->",
		"<!-- oncall:links " ID " -->\n<!-- /oncall:links -->\n",
		"<!-- oncall:links " ID " 00 -->\r\n<!-- /oncall:links -->\r\n",
	};
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kept kept;

		assert_int_equal(renew(p, cases[i], &out, &kept), 1);
		assert_int_equal(kept.count, 0);
		assert_string_equal(buf_str(&out), links);
	}
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_means_nothing_but_itself),
		cmocka_unit_test(code_is_indented_and_cut),
		cmocka_unit_test(only_plain_addresses_are_links),
		postmortem_test(gaps_are_while_nobody_has_acknowledged),
		postmortem_test(a_template_is_filled_line_by_line),
		postmortem_test(a_wrong_template_says_where),
		cmocka_unit_test(the_shipped_template_has_every_section_once),
		postmortem_test(what_nobody_changed_is_written_anew),
		postmortem_test(blanks_and_line_ends_are_no_change),
		postmortem_test(what_cannot_be_replaced_is_kept),
		postmortem_test(an_empty_pair_of_marks_asks_for_its_section),
	};

	return cmocka_run_group_tests_name("postmortem", tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
