#include "unit.h"

#include <oncall/knowledge.h>
#include <oncall/mem.h>

#define YAML                                                                 \
	"pack: linux\n"                                                      \
	"patterns: []\n"                                                     \
	"knowledge:\n"                                                       \
	"  - id: disk-full\n"                                                \
	"    title: The file system is full\n"                               \
	"    description: Nothing can be written.\n"                         \
	"    patterns: [no-space, {match: 'disk (\\w+) full', except: "      \
	"[drill],\n"                                                         \
	"      case_sensitive: true}]\n"                                     \
	"    keywords: [no space, full]\n"                                   \
	"    category: disk\n"                                               \
	"    services: db\n"                                                 \
	"    tags: [storage]\n"                                              \
	"    parent: storage\n"                                              \
	"    causes: [logs]\n"                                               \
	"    solutions:\n"                                                   \
	"      - {name: clean up, action: cleanup_logs, params: {folder: "   \
	"/var/log, older_than: 7d, count: 5, word: \"6\", all: true, deep: " \
	"[1, x, ~]}, confidence: 0.6}\n"                                     \
	"      - name: grow\n"                                               \
	"    examples: ['disk sda full']\n"                                  \
	"    counter_examples: [Disk sda full]\n"

#define JSON                                                                 \
	"\"id\":\"disk-full\",\"title\":\"The file system is full\","        \
	"\"description\":\"Nothing can be written.\",\"category\":\"disk\"," \
	"\"parent\":\"storage\",\"status\":\"active\","                      \
	"\"patterns\":[\"no-space\",{\"match\":\"disk (\\\\w+) full\","      \
	"\"except\":[\"drill\"],\"case_sensitive\":true}],"                  \
	"\"keywords\":[\"no space\",\"full\"],\"services\":[\"db\"],"        \
	"\"tags\":[\"storage\"],\"causes\":[\"logs\"],"                      \
	"\"solutions\":[{\"name\":\"clean up\","                             \
	"\"action\":\"cleanup_logs\",\"params\":{\"folder\":\"/var/log\","   \
	"\"older_than\":\"7d\",\"count\":5,\"word\":\"6\",\"all\":true,"     \
	"\"deep\":[1,\"x\",null]},\"confidence\":0.6},"                      \
	"{\"name\":\"grow\",\"confidence\":0.5}],"                           \
	"\"examples\":[\"disk sda full\"],"                                  \
	"\"counter_examples\":[\"Disk sda full\"],"                          \
	"\"origin\":\"pack:linux\""

static void load_one(struct knowledge *k, const char *text)
{
	struct err err = ERR_INIT;
	int rc = knowledge_load_text(k, slice_of(text), "f.yaml", &err);

	assert_no_err(&err);
	assert_int_equal(rc, 0);
}

static void refuse_yaml(const char *text, const char *part)
{
	AUTO_KNOWLEDGE struct knowledge k = {.entries = NULL};
	struct err err = ERR_INIT;

	if (knowledge_load_text(&k, slice_of(text), "f.yaml", &err) == 0)
		fail_msg("accepted, instead of: %s", part);
	assert_err(&err, ERR_USAGE, part);
	assert_int_equal(k.count, 0);
}

static void read_json(struct knowledge_entry *e, const char *text)
{
	struct err err = ERR_INIT;
	int rc = knowledge_read(e, slice_of(text), &err);

	assert_no_err(&err);
	assert_int_equal(rc, 0);
}

static void refuse_json(const char *text, const char *part)
{
	struct knowledge_entry e = {.id = NULL};
	struct err err = ERR_INIT;

	if (knowledge_read(&e, slice_of(text), &err) == 0)
		fail_msg("accepted, instead of: %s", part);
	assert_err(&err, ERR_INPUT, part);
	assert_null(e.id);
	knowledge_done(&e);
}

static void writes(const struct knowledge_entry *e, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT;

	knowledge_write(&out, e);
	assert_string_equal(buf_str(&out), want);
}

static void a_pack_is_read(void **state)
{
	AUTO_KNOWLEDGE struct knowledge k = {.entries = NULL};

	(void)state;
	load_one(&k, YAML);
	assert_int_equal(k.count, 1);
	writes(&k.entries[0], JSON);
	assert_string_equal(k.entries[0].file, "f.yaml");
	assert_int_equal(k.entries[0].line, 4);
	load_one(&k, "pack: other\npatterns: []\n");
	load_one(&k, "");
	load_one(&k, "knowledge:\n");
	assert_int_equal(k.count, 1);
}

static void json_and_yaml_come_back(void **state)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	AUTO_ENTRY struct knowledge_entry copy = {.id = NULL};
	AUTO_KNOWLEDGE struct knowledge k = {.entries = NULL};
	AUTO_BUF struct buf yaml = BUF_INIT;

	(void)state;
	read_json(&e, "{" JSON ",\"environment\":\"staging\",\"x\":{\"y\" :[1,"
		      "\"\\u0085:\\n\"]},\"\\u0078y\":2}");
	knowledge_copy(&copy, &e);
	writes(&copy, JSON ",\"environment\":\"staging\",\"x\":{\"y\" :[1,"
			   "\"\\u0085:\\n\"]},\"\\u0078y\":2");
	buf_add_str(&yaml, "pack: p\nknowledge:\n");
	knowledge_write_yaml(&yaml, &e);
	knowledge_write_yaml(&yaml, &e);
	refuse_yaml(buf_str(&yaml), "stands twice (first at line 3)");
	buf_reset(&yaml);
	buf_add_str(&yaml, "pack: p\nknowledge:\n");
	knowledge_write_yaml(&yaml, &e);
	load_one(&k, buf_str(&yaml));
	/* The same, but the text of what is not known is written anew. */
	writes(&k.entries[0], JSON ",\"environment\":\"staging\",\"x\":{\"y\":"
				   "[1,\"\xc2\x85:\\n\"]},\"xy\":2");
}

static void little_is_enough(void **state)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	AUTO_ENTRY struct knowledge_entry f = {.id = NULL};

	(void)state;
	read_json(&e, "{\"type\":\"entry\",\"time\":\"2026-01-01T00:00:00Z\","
		      "\"title\":\"Disk is full!\",\"description\":\"d\","
		      "\"tags\":\"one\",\"history\":[1],\"parent\":null,"
		      "\"category\":\"\"}");
	writes(&e, "\"id\":\"disk-is-full\",\"title\":\"Disk is full!\","
		   "\"description\":\"d\",\"status\":\"active\","
		   "\"tags\":[\"one\"]");
	read_json(&f, "{\"id\":\"a\",\"title\":\"t\",\"status\":\"proposed\","
		      "\"patterns\":[{\"rule\":\"r\"}]}");
	assert_int_equal(f.status, KNOWLEDGE_PROPOSED);
	assert_string_equal(f.patterns[0].rule, "r");
}

static void bad_records_are_refused(void **state)
{
	(void)state;
	refuse_json("{\"id\":\"a\"}", "'title' is missing");
	refuse_json("[]", "");
	refuse_json("{\"id\":\"a\",\"id\":\"b\",\"title\":\"t\"}", "twice");
	refuse_json("{\"id\":\"a b\",\"title\":\"t\"}", "\"a b\" cannot be");
	refuse_json("{\"id\":\"-a\",\"title\":\"t\"}", "cannot be an id");
	refuse_json("{\"id\":1,\"title\":\"t\"}", "'id' must be a text");
	refuse_json("{\"title\":\"a\\u0000b\"}", "NUL");
	refuse_json("{\"title\":\"t\",\"tags\":[1]}", "'tags' must be a list");
	refuse_json("{\"title\":\"t\",\"tags\":{}}", "'tags' must be a list");
	refuse_json("{\"title\":\"t\",\"status\":\"x\"}", "'status' must be");
	refuse_json("{\"title\":\"t\",\"patterns\":[\"a b\"]}",
		    "an expression is {\"match\"");
	refuse_json("{\"title\":\"t\",\"patterns\":[{}]}", "'patterns' must");
	refuse_json("{\"title\":\"t\",\"patterns\":[{\"match\":\"\"}]}",
		    "not nothing");
	refuse_json("{\"title\":\"t\",\"solutions\":[{}]}", "\"name\"");
	refuse_json("{\"title\":\"t\",\"solutions\":[{\"name\":\"a\"},"
		    "{\"name\":\"a\"}]}",
		    "stands twice");
	refuse_json("{\"title\":\"t\",\"solutions\":[{\"name\":\"a\","
		    "\"confidence\":1.5}]}",
		    "from 0 to 1");
	refuse_json("{\"title\":\"t\",\"solutions\":[{\"name\":\"a\","
		    "\"params\":[]}]}",
		    "an object");
}

static void bad_packs_are_refused(void **state)
{
	(void)state;
	refuse_yaml("knowlege: []\n", "did you mean \"knowledge\"?");
	refuse_yaml("knowledge: {}\n", "f.yaml:1: knowledge must be a list");
	refuse_yaml("knowledge:\n- {title: t}\n", "f.yaml:2: an entry has no");
	refuse_yaml("knowledge:\n- {id: a}\n", "f.yaml:2: 'title' is missing");
	refuse_yaml("knowledge:\n- {id: a/b, title: t}\n", "cannot be an id");
	refuse_yaml("knowledge:\n- {id: a, title: t}\n- {id: b, title: t,\n"
		    "   keyword: x}\n",
		    "f.yaml:4: unknown key \"keyword\", did you mean "
		    "\"keywords\"?");
	refuse_yaml("knowledge:\n- {id: a, title: t, patterns: [{mach: x}]}\n",
		    "did you mean \"match\"?");
	refuse_yaml("knowledge:\n- {id: a, title: t, patterns: ['a b']}\n",
		    "an expression is {match: ...}");
	refuse_yaml("knowledge:\n- {id: a, title: t, solutions: [{nam: x}]}\n",
		    "did you mean \"name\"?");
	refuse_yaml("knowledge:\n- {id: a, title: t, solutions: [\n"
		    "  {name: x, confidence: 2}]}\n",
		    "f.yaml:3: 'confidence' must be a number");
	refuse_yaml("knowledge:\n- {id: a, title: t}\n- {id: a, title: t}\n",
		    "f.yaml:3: entry \"a\" stands twice (first at line 2)");
	refuse_yaml("knowledge:\n- {id: a, title: t, status: no}\n", "status");
}

static int check(const char *json, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};

	read_json(&e, json);
	return knowledge_check(&e, err);
}

static void accept(const char *json)
{
	struct err err = ERR_INIT;

	(void)check(json, &err);
	assert_no_err(&err);
}

static void refuse(const char *json, const char *part)
{
	struct err err = ERR_INIT;

	if (check(json, &err) == 0)
		fail_msg("accepted, instead of: %s", part);
	assert_err(&err, ERR_USAGE, part);
}

#define HEAD "{\"id\":\"a\",\"title\":\"t\","

static void entries_are_checked(void **state)
{
	(void)state;
	accept("{" JSON "}");
	accept(HEAD "\"patterns\":[{\"match\":\"disk\"},{\"match\":\"full\"}],"
		    "\"examples\":[\"disk a\",\"b full\"]}");
	accept(HEAD "\"examples\":[\"anything\"]}");
	accept(HEAD "\"patterns\":[\"rule\",{\"match\":\"x\"}],"
		    "\"examples\":[\"anything\"]}");
	refuse(HEAD "\"patterns\":[{\"match\":\"disk\"}],"
		    "\"examples\":[\"empty\"]}",
	       "no expression matches the example: empty");
	refuse(HEAD "\"patterns\":[{\"match\":\"disk\",\"except\":[\"b\"]}],"
		    "\"examples\":[\"disk b\"]}",
	       "no expression matches the example: disk b");
	refuse(HEAD "\"patterns\":[\"r\",{\"match\":\"disk\"}],"
		    "\"counter_examples\":[\"a DISK\"]}",
	       "matches the counter-example: a DISK");
	refuse(HEAD "\"parent\":\"a\"}", "its own parent");
	refuse(HEAD "\"solutions\":[{\"name\":\"x\","
		    "\"action\":\"rm -rf /\"}]}",
	       "\"rm -rf /\" is no name of an action");
}

static void expressions_are_checked(void **state)
{
	(void)state;
	refuse(HEAD "\"patterns\":[{\"match\":\"disk (full\"}]}",
	       "missing closing parenthesis: disk (full <-- HERE");
	refuse(HEAD "\"patterns\":[{\"match\":\"at offset 3: a)b\"}]}",
	       "at character 14: unmatched closing parenthesis: "
	       "at offset 3: a <-- HERE )b");
	refuse(HEAD "\"patterns\":[{\"match\":\"x\",\"except\":[\"[\"]}]}",
	       "HERE");
	refuse(HEAD "\"patterns\":[{\"match\":\"(x+x+)+y\"}],"
		    "\"examples\":[\"xxy\"]}",
	       "can backtrack without bound");
	refuse(HEAD "\"patterns\":[{\"match\":\"x\","
		    "\"except\":[\"(x+x+)+y\"]}]}",
	       "can backtrack without bound");
}

static void ids_are_made(void **state)
{
	static const struct {
		const char *title, *id;
	} cases[] = {
		{"Disk is full", "disk-is-full"},
		{"  (A) -- b!  ", "a-b"},
		{"x", "x"},
		{"\xc3\xbc", "entry-"},
	};
	AUTO_BUF struct buf id = BUF_INIT;
	AUTO_BUF struct buf many = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&id);
		knowledge_make_id(&id, cases[i].title);
		if (strncmp(buf_str(&id), cases[i].id, strlen(cases[i].id)) !=
		    0)
			fail_msg("%s gives %s", cases[i].title, buf_str(&id));
	}
	for (int i = 0; i < 3 * KNOWLEDGE_MAX_ID; i++)
		buf_add_str(&many, "ab ");
	buf_reset(&id);
	knowledge_make_id(&id, buf_str(&many));
	assert_true(id.len <= KNOWLEDGE_MAX_ID);
	assert_true(id.data[id.len - 1] != '-');
}

static void parts_come_and_go(void **state)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = mem_dup("a"),
					       .title = mem_dup("t")};

	(void)state;
	assert_true(knowledge_list_add(&e.tags, "x"));
	assert_true(knowledge_list_add(&e.tags, "y"));
	assert_false(knowledge_list_add(&e.tags, "x"));
	assert_false(knowledge_list_add(&e.tags, ""));
	assert_true(knowledge_list_remove(&e.tags, "x"));
	assert_false(knowledge_list_remove(&e.tags, "x"));
	assert_true(knowledge_list_has(&e.tags, "y"));
	(void)knowledge_pattern_add(&e, "r", NULL);
	(void)knowledge_pattern_add(&e, NULL, "m");
	knowledge_pattern_remove(&e, 0);
	(void)knowledge_solution_add(&e, "s");
	knowledge_set(&knowledge_solution_add(&e, "z")->action, "act");
	knowledge_solution_remove(&e, 0);
	assert_null(knowledge_solution_find(&e, "s"));
	assert_non_null(knowledge_solution_find(&e, "z"));
	knowledge_set(&e.category, "c");
	knowledge_set(&e.category, "");
	writes(&e, "\"id\":\"a\",\"title\":\"t\",\"status\":\"active\","
		   "\"patterns\":[{\"match\":\"m\"}],\"tags\":[\"y\"],"
		   "\"solutions\":[{\"name\":\"z\",\"action\":\"act\","
		   "\"confidence\":0.5}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_is_read),
		cmocka_unit_test(json_and_yaml_come_back),
		cmocka_unit_test(little_is_enough),
		cmocka_unit_test(bad_records_are_refused),
		cmocka_unit_test(bad_packs_are_refused),
		cmocka_unit_test(entries_are_checked),
		cmocka_unit_test(expressions_are_checked),
		cmocka_unit_test(ids_are_made),
		cmocka_unit_test(parts_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
