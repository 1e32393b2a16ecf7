#include "unit-config.h"

#include <oncall/tree.h>

static void refuse_yaml(struct slice text, const char *part)
{
	struct tree *root = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(tree_parse(&root, "f.yaml", text, &err), -1);
	assert_null(root);
	assert_err(&err, ERR_USAGE, part);
}

#define REFUSE(text, part) refuse_yaml(SLICE_LIT(text), part)

static void a_tree_with_lines(void **state)
{
	AUTO_TREE struct tree *root = NULL;
	const struct tree *list, *map;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(tree_parse(&root, "f",
				    SLICE_LIT("# c\na: 1\nlist:\n"
					      "  - x\n  - 'y z'\n"
					      "map: {k: ~,\n l: ''}\n"),
				    &err),
			 0);
	assert_int_equal(root->kind, TREE_MAP);
	assert_int_equal(root->members.count, 3);
	list = map_get(&root->members, SLICE_LIT("list"));
	assert_int_equal(list->kind, TREE_LIST);
	assert_int_equal(list->line, 3);
	assert_int_equal(list->count, 2);
	assert_string_equal(list->items[1]->text, "y z");
	assert_int_equal(list->items[1]->line, 5);
	map = map_get(&root->members, SLICE_LIT("map"));
	assert_null(
		((struct tree *)map_get(&map->members, SLICE_LIT("k")))->text);
	assert_string_equal(
		((struct tree *)map_get(&map->members, SLICE_LIT("l")))->text,
		"");
}

static void nothing_is_nothing(void **state)
{
	struct tree *root = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(tree_parse(&root, "f", SLICE_LIT(""), &err), 0);
	assert_null(root);
	assert_int_equal(tree_parse(&root, "f", (struct slice){NULL, 0}, &err),
			 0);
	assert_int_equal(tree_parse(&root, "f", SLICE_LIT("# only\n"), &err),
			 0);
	assert_null(root);
}

static void keys_stand_once(void **state)
{
	(void)state;
	REFUSE("a: 1\nb: 2\na: 3\n",
	       "f.yaml:3: the key \"a\" stands twice (first at line 1)");
	REFUSE("m:\n  x: 1\n  'x': 2\n",
	       "f.yaml:3: the key \"x\" stands twice (first at line 2)");
	REFUSE("? [a]\n: 1\n", "f.yaml:1: a key must be plain text");
	REFUSE("a: 1\n? {b: c}\n: 1\n", "f.yaml:2: a key must be plain text");
	REFUSE("'': 1\n", "f.yaml:1: a key is empty");
}

static void tricks_are_refused(void **state)
{
	(void)state;
	REFUSE("a: &x 1\n", "f.yaml:1: anchors (&name) are not allowed");
	REFUSE("a:\n  &x [1]\n", "f.yaml:2: anchors");
	REFUSE("a: &x {b: 1}\n", "f.yaml:1: anchors");
	REFUSE("\na: *x\n", "f.yaml:2: aliases (*name) are not allowed");
	REFUSE("a: !!str 1\n", "f.yaml:1: tags (!name) are not allowed");
	REFUSE("a: !!seq []\n", "f.yaml:1: tags");
	REFUSE("a: !x {}\n", "f.yaml:1: tags");
	REFUSE("a: 1\n---\nb: 2\n", "f.yaml:2: a second document begins");
	REFUSE("a: \"x\\0y\"\n", "f.yaml:1: a NUL character is not allowed");
}

static void bad_syntax_has_a_line(void **state)
{
	(void)state;
	REFUSE("a: 1\nb: [1, 2\nc: 3\n", "f.yaml:3: this is not YAML: ");
	REFUSE("a: 'x\n", "this is not YAML: ");
	REFUSE("\ta: 1\n", "f.yaml:1: this is not YAML: ");
	REFUSE("a: 1\nb: \xff\n", "f.yaml:2: this is not YAML: ");
	REFUSE("a: 1\n\nb: \x01\n", "f.yaml:3: this is not YAML: ");
	REFUSE("a: 1\nb: \0\n", "f.yaml:2: this is not YAML: ");
	REFUSE("\xfe\xff\0a\0:\0 \0b", "f.yaml:1: this is not YAML: ");
}

static void depth_is_bounded(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_TREE struct tree *root = NULL;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < TREE_DEPTH_MAX; i++)
		buf_add_char(&text, '[');
	for (int i = 0; i < TREE_DEPTH_MAX; i++)
		buf_add_char(&text, ']');
	assert_int_equal(tree_parse(&root, "f", buf_slice(&text), &err), 0);
	buf_reset(&text);
	for (int i = 0; i < 100000; i++)
		buf_add_char(&text, i % 2 ? '[' : '\n');
	refuse_yaml(buf_slice(&text), ":34: nested too deeply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_with_lines),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(keys_stand_once),
		cmocka_unit_test(tricks_are_refused),
		cmocka_unit_test(bad_syntax_has_a_line),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests_name("config-yaml", tests, NULL, NULL);
}
