#include "unit-pack.h"

struct notes {
	struct buf text;
	size_t errors, warnings;
};

static void note(void *arg, const struct pack_finding *f)
{
	struct notes *n = arg;

	if (f->kind == PACK_ERROR)
		n->errors++;
	else
		n->warnings++;
	buf_addf(&n->text, "%zu %c %s: %s\n", f->line,
		 f->kind == PACK_ERROR ? 'E' : 'W', f->rule->id, f->text);
}

static void check(const char *text, const char *want)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct notes n = {.text = BUF_INIT};
	size_t errors;

	load(&p, text);
	errors = pack_check(&p, note, &n);
	assert_int_equal(errors, n.errors);
	assert_string_equal(buf_str(&n.text), want);
	buf_done(&n.text);
}

/* As check(), for findings whose wording depends on what was tried first. */
static void finds(const char *text, size_t want, const char *part)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct notes n = {.text = BUF_INIT};

	load(&p, text);
	(void)pack_check(&p, note, &n);
	if (n.errors != want || (part && !strstr(buf_str(&n.text), part)))
		fail_msg("%s\ngives %s", text, buf_str(&n.text));
	buf_done(&n.text);
}

static void a_good_pack_is_left_alone(void **state)
{
	(void)state;
	check("", "");
	check("patterns:\n"
	      "- {id: a, severity: low, match: 'disk \\w+ is full',\n"
	      "   examples: [the disk sda is full], counter_examples: [x]}\n"
	      "- {id: b, severity: low, match: 'link down', detect: false}\n"
	      "- {id: c, severity: low, when: a then b within 5s}\n",
	      "");
}

static void examples_are_tried(void **state)
{
	(void)state;
	check("patterns:\n"
	      "- id: a\n"
	      "  severity: low\n"
	      "  match: 'disk is full'\n"
	      "  except: [drill]\n"
	      "  examples:\n"
	      "    - the disk is full\n"
	      "    - zzz\n"
	      "    - a disk is empty\n"
	      "    - disk is full, a drill\n"
	      "  counter_examples:\n"
	      "    - the disk is empty\n"
	      "    - DISK IS FULL\n",
	      "8 E a: does not match its example: zzz\n"
	      "9 E a: does not match its example: a disk is empty; "
	      "it fits up to \"disk is \"\n"
	      "10 E a: does not match its example: disk is full, a drill; "
	      "the exception \"drill\" takes it away\n"
	      "13 E a: matches its counter-example: DISK IS FULL\n");
}

static void examples_are_lines_of_logs(void **state)
{
	(void)state;
	check("patterns:\n"
	      "- id: a\n"
	      "  severity: low\n"
	      "  match: '^disk \"a\" is full$'\n"
	      "  examples: ['{\"level\":\"error\",\"message\":"
	      "\"disk \\\"a\\\" is full\"}']\n",
	      "");
}

static void overlaps_are_told_once_a_pair(void **state)
{
	(void)state;
	check("patterns:\n"
	      "- {id: a, severity: low, match: disk, examples: [full disk]}\n"
	      "- {id: b, severity: low, match: full, examples: [disk full,\n"
	      "   full disk]}\n"
	      "- {id: c, severity: low, match: empty,\n"
	      "   counter_examples: [disk full]}\n",
	      "2 W a: overlap: an example is matched by b, too\n");
	/* What detects nothing itself is in nobody's way. */
	check("patterns:\n"
	      "- {id: a, severity: low, match: disk, examples: [full disk]}\n"
	      "- {id: b, severity: low, match: full, detect: false,\n"
	      "   examples: [disk full]}\n"
	      "- {id: c, severity: low, when: a then b within 5s}\n",
	      "");
}

static void rules_that_do_nothing_are_told(void **state)
{
	(void)state;
	check("patterns:\n"
	      "- {id: a, severity: low, match: [one text, other text]}\n"
	      "- {id: b, severity: low, match: [one text, third text]}\n"
	      "- {id: c, severity: low, match: [one text, other text]}\n"
	      "- {id: d, severity: low, match: [one text, other text],\n"
	      "   case_sensitive: true}\n",
	      "4 W c: repeats a\n");
	check("patterns:\n"
	      "- {id: a, severity: low, match: text, detect: false}\n"
	      "- {id: c, severity: low, when: b then d within 5s}\n"
	      "- {id: d, severity: low, match: other}\n",
	      "3 E c: can never fire: there is no pattern b\n"
	      "2 W a: detects nothing, and no condition names it\n");
	check("patterns:\n"
	      "- {id: a, severity: low, match: text}\n"
	      "- {id: c, severity: low, when: d then a within 5s}\n"
	      "- {id: d, severity: low, when: c then a within 5s}\n",
	      "3 E c: can never fire: rules wait for each other: "
	      "'c', 'd', 'c'\n");
}

static void expressions_must_compile(void **state)
{
	(void)state;
	finds("patterns:\n"
	      "- {id: a, severity: low, match: 'open (paren'}\n"
	      "- {id: b, severity: low, match: good}\n"
	      "- {id: c, severity: low, match: good one, except: '['}\n",
	      2, "2 E a: ");
}

static void what_runs_on_every_line_is_told(void **state)
{
	(void)state;
	check("patterns: [{id: a, severity: low, match: '\\d\\d'}]\n",
	      "1 W a: nothing in it must occur literally, so it is run on "
	      "every line\n");
}

#define RULE "patterns:\n- id: a\n  severity: low\n  match:\n    - good\n    - "
#define CAN  "6 E a: can backtrack without bound"

static void expressions_that_explode_are_found(void **state)
{
	(void)state;
	finds(RULE "'(x+x+)+y'\n  examples: [good, xxy]\n", 1, CAN);
	finds(RULE "'(x+x+)+y'\n", 1, CAN);
	finds(RULE "'disk (\\w+\\s?)+$'\n", 1, CAN);
	finds(RULE "'job (?:q|q)*z'\n", 1, CAN);
	finds(RULE "'foo ([ab]*)*z'\n", 1, "try many times \"a\"");
	finds(RULE "'^(?:[a-z]+:)*(?:[a-z]+:)*(?:[a-z]+:)*(?:[a-z]+:)*end'\n",
	      1, CAN);
	finds(RULE "'=\\w+\\w+\\w+\\w+!'\n  examples: ['key =value!']\n", 1,
	      CAN);
	finds(RULE "'#(?:\\d{1,9}){1,50}!'\n", 1, CAN);
	finds(RULE "good\n  except: '(x+x+)+y'\n", 1,
	      "7 E a: can backtrack without bound");
}

static void ordinary_expressions_are_not(void **state)
{
	static const char *const texts[] = {
		"'error: .* in .* at line \\d+'",
		"'^\\S+ \\S+ \\[[^]]+\\] ERROR (?<x>\\w+)(?:\\.\\w+)*: '",
		"'(?:a|b|c)+ failed'",
		"'took \\d{1,9}(?:\\.\\d{1,3})?s'",
		"'(?:\\d{1,3}\\.){3}\\d{1,3} refused'",
		"'key=(?>\\w+)+!'",
		"'key=(?:\\w++,)*+end'",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_BUF struct buf text = BUF_INIT;

		buf_addf(&text, RULE "%s\n", texts[i]);
		finds(buf_str(&text), 0, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_pack_is_left_alone),
		cmocka_unit_test(examples_are_tried),
		cmocka_unit_test(examples_are_lines_of_logs),
		cmocka_unit_test(overlaps_are_told_once_a_pair),
		cmocka_unit_test(rules_that_do_nothing_are_told),
		cmocka_unit_test(expressions_must_compile),
		cmocka_unit_test(what_runs_on_every_line_is_told),
		cmocka_unit_test(expressions_that_explode_are_found),
		cmocka_unit_test(ordinary_expressions_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
