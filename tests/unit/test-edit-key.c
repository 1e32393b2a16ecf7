#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/edit-key.h>
#include <oncall/mem.h>

static void becomes(enum edit_format f, const char *text, const char *key,
		    const char *value, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT, back = BUF_INIT;
	struct err err = ERR_INIT;

	if (edit_key_set(&out, f, slice_of(text), key, value, &err) < 0)
		fail_msg("%s=%s: %s", key, value, err.text);
	assert_string_equal(buf_str(&out), want);
	/* What was set is what is there, and setting it again changes nothing.
	 */
	assert_int_equal(edit_key_get(f, buf_slice(&out), key, &back, &err), 1);
	assert_string_equal(buf_str(&back), value);
	buf_reset(&back);
	assert_int_equal(
		edit_key_set(&back, f, buf_slice(&out), key, value, &err), 0);
	assert_string_equal(buf_str(&back), want);
}

static void refused(enum edit_format f, const char *text, const char *key,
		    const char *value, const char *part)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	if (edit_key_set(&out, f, slice_of(text), key, value, &err) == 0)
		fail_msg("not refused: %s", buf_str(&out));
	assert_err(&err, ERR_INPUT, part);
}

static void properties_keep_all_else(void **state)
{
	(void)state;
	becomes(EDIT_PROPERTIES, "# a\na=1\n!b=2\n b : 2\nc 3\n", "b", "x",
		"# a\na=1\n!b=2\n b : x\nc 3\n");
	becomes(EDIT_PROPERTIES, "a=1\r\nb=2\r\n", "a", "9", "a=9\r\nb=2\r\n");
	becomes(EDIT_PROPERTIES, "a=1\r\n", "b", "2", "a=1\r\nb=2\r\n");
	becomes(EDIT_PROPERTIES, "a = 1", "b", "2", "a = 1\nb = 2");
	becomes(EDIT_PROPERTIES, "", "b", "2", "b=2\n");
	becomes(EDIT_PROPERTIES, "a=we are #1\n", "a", " c:\\x",
		"a=\\ c:\\\\x\n");
	becomes(EDIT_PROPERTIES, "spark.driver.memory  2g\n",
		"spark.driver.memory", "4g", "spark.driver.memory  4g\n");
	becomes(EDIT_PROPERTIES, "a\\=b=1\nl=x\\\n  a=2\n", "a", "3",
		"a\\=b=1\nl=x\\\n  a=2\na=3\n");
	refused(EDIT_PROPERTIES, "a=1\\\n2\n", "a", "3", "more than one line");
	refused(EDIT_PROPERTIES, "a=1\na:2\n", "a", "3", "lines 1 and 2");
	refused(EDIT_PROPERTIES, "a=1\n", "a", "\xc3\xa9", "for sure");
	refused(EDIT_PROPERTIES, "a=1\n", "x=y", "1", "cannot be a key");
	refused(EDIT_PROPERTIES, "a=1\n", "", "1", "empty");
}

static void conf_keeps_its_way(void **state)
{
	(void)state;
	becomes(EDIT_CONF, "maxmemory 1gb\nmaxclients 100\n", "maxmemory",
		"2gb", "maxmemory 2gb\nmaxclients 100\n");
	becomes(EDIT_CONF, "a 1\nb 2\n", "c", "3", "a 1\nb 2\nc 3\n");
	becomes(EDIT_CONF, "work_mem = 4MB   # a sort\n", "work_mem", "16MB",
		"work_mem = 16MB   # a sort\n");
	becomes(EDIT_CONF, "dir = '/a b' # x\n", "dir", "/c d",
		"dir = '/c d' # x\n");
	becomes(EDIT_CONF, "", "vm.overcommit_memory", "1",
		"vm.overcommit_memory = 1\n");
	becomes(EDIT_CONF, "p=1 2\n", "p", "1024 65000", "p=1024 65000\n");
	refused(EDIT_CONF, "worker_connections 768;\n", "worker_connections",
		"9", "blocks");
	refused(EDIT_CONF, "a 1\nMatch User b\n  c no\n", "d", "x", "blocks");
	refused(EDIT_CONF, "MaxClients 1\n", "maxclients", "2", "another case");
	refused(EDIT_CONF, "a don't\n", "a", "2", "quote");
	refused(EDIT_CONF, "a 'x'\n", "a", "it's", "for sure");
	refused(EDIT_CONF, "a 1\n", "a", "2 # 3", "for sure");
	refused(EDIT_CONF, "a 1\n", "a", "2\nb 3", "no text");
	refused(EDIT_CONF, "a 1\n", "a", "2\\", "for sure");
	refused(EDIT_CONF, "a 1\n", "a", " 2", "for sure");
	refused(EDIT_CONF, "a 1\n", "a", "", "for sure");
	refused(EDIT_CONF, "a 1\n", "b c", "", "cannot be a key");
}

static void ini_knows_sections(void **state)
{
	static const char two[] = "; c\n[a]\nx = 1\n\n[b]\nx = 2\ny = 3\n";

	(void)state;
	becomes(EDIT_INI, two, "a.x", "9",
		"; c\n[a]\nx = 9\n\n[b]\nx = 2\ny = 3\n");
	becomes(EDIT_INI, two, "b.x", "9",
		"; c\n[a]\nx = 1\n\n[b]\nx = 9\ny = 3\n");
	becomes(EDIT_INI, two, "y", "9",
		"; c\n[a]\nx = 1\n\n[b]\nx = 2\ny = 9\n");
	becomes(EDIT_INI, two, "a.z", "9",
		"; c\n[a]\nx = 1\nz = 9\n\n[b]\nx = 2\ny = 3\n");
	becomes(EDIT_INI, "[a]\nx \\\n \n\n[b]\n", "a.z", "9",
		"[a]\nx \\\n \nz=9\n\n[b]\n");
	becomes(EDIT_INI, "[a]", "a.z", "9", "[a]\nz=9");
	becomes(EDIT_INI, "[Service]\nTasksMax=4\n", "TasksMax", "8",
		"[Service]\nTasksMax=8\n");
	becomes(EDIT_INI, "[program:x]\ncommand=a\n", "program:x.command",
		"b c", "[program:x]\ncommand=b c\n");
	becomes(EDIT_INI, "[core]\n\tx = 1\n\ty = 2\n", "core.x", "3",
		"[core]\n\tx = 3\n\ty = 2\n");
	refused(EDIT_INI, two, "x", "9", "stands twice");
	refused(EDIT_INI, two, "q", "9", "SECTION.KEY");
	refused(EDIT_INI, "[a]\nx=1\n[a]\ny=2\n", "a.z", "9", "stands twice");
	refused(EDIT_INI, "[a]\nx=1\n  2\n", "a.x", "9", "more than one line");
	refused(EDIT_INI, "[a]\nx=1 ; 2\n", "a.x", "9", "a comment");
	refused(EDIT_INI, "[a]\nskip\n", "a.skip", "9", "no value");
	refused(EDIT_INI, "[a]\nx=1\n", "a.x", "1 ;2", "for sure");
	refused(EDIT_INI, "[a]\nx=1\n", "a.x]\n[b", "1", "no text");
}

static void env_values_are_never_code(void **state)
{
	static const char f[] = "# c\nexport A=1 # x\nB='b c'\nC=\"d\"\n";

	(void)state;
	becomes(EDIT_ENV, f, "A", "-Xmx4g",
		"# c\nexport A=-Xmx4g # x\nB='b c'\nC=\"d\"\n");
	becomes(EDIT_ENV, f, "A", "$(touch x)",
		"# c\nexport A='$(touch x)' # x\nB='b c'\nC=\"d\"\n");
	becomes(EDIT_ENV, f, "C", "`id` $HOME \"\\",
		"# c\nexport A=1 # x\nB='b c'\n"
		"C=\"\\`id\\` \\$HOME \\\"\\\\\"\n");
	becomes(EDIT_ENV, f, "B", "it's",
		"# c\nexport A=1 # x\nB=\"it's\"\nC=\"d\"\n");
	becomes(EDIT_ENV, f, "D", "",
		"# c\nexport A=1 # x\nB='b c'\nC=\"d\"\nD=\n");
	refused(EDIT_ENV, "A=b\"c\"\n", "A", "1", "more than one word");
	refused(EDIT_ENV, "A=b c\n", "A", "1", "more than one word");
	refused(EDIT_ENV, "B='x\ny'\n", "A", "1", "not closed");
	refused(EDIT_ENV, "A=1\n", "x;touch y", "1", "cannot be a key");
	refused(EDIT_ENV, "A=1\n", "1A", "1", "cannot be a key");
	refused(EDIT_ENV, "A=1\n", "A", "1\rb", "no text");
}

static void options_are_lines(void **state)
{
	(void)state;
	becomes(EDIT_OPTIONS, "# h\n-Xms1g\n-Xmx1g\n", "-Xmx", "8g",
		"# h\n-Xms1g\n-Xmx8g\n");
	becomes(EDIT_OPTIONS, "-XX:M=1g\n", "-XX:M", "2g", "-XX:M=2g\n");
	becomes(EDIT_OPTIONS, "-Xmx1g\n", "-XX:M", "2g", "-Xmx1g\n-XX:M=2g\n");
	refused(EDIT_OPTIONS, "-Xmx1g\n-Xmx2g\n", "-Xmx", "8g", "twice");
	refused(EDIT_OPTIONS, "-Xmx1g\n", "Xmx", "8g", "cannot be a key");
}

static void yaml_changes_one_scalar(void **state)
{
	static const char f[] = "# top\na:\n  b: 1   # one\n  c: 'x'\n"
				"list:\n- d\nz: \"q\"\n";

	(void)state;
	becomes(EDIT_YAML, f, "a.b", "2",
		"# top\na:\n  b: 2   # one\n  c: 'x'\nlist:\n- d\nz: \"q\"\n");
	becomes(EDIT_YAML, f, "a.c", "it's",
		"# top\na:\n  b: 1   # one\n  c: 'it''s'\nlist:\n- d\n"
		"z: \"q\"\n");
	becomes(EDIT_YAML, f, "z", "a\\\"b",
		"# top\na:\n  b: 1   # one\n  c: 'x'\nlist:\n- d\n"
		"z: \"a\\\\\\\"b\"\n");
	becomes(EDIT_YAML, f, "a.n", "{x: 1}",
		"# top\na:\n  b: 1   # one\n  c: 'x'\n  n: '{x: 1}'\nlist:\n"
		"- d\nz: \"q\"\n");
	becomes(EDIT_YAML, "a: |\n  # t\n  b\nc:\n- 1\n- 2\n", "d", "3",
		"a: |\n  # t\n  b\nc:\n- 1\n- 2\nd: 3\n");
	becomes(EDIT_YAML, "a:\r\nb: 1", "a", "x", "a: x\r\nb: 1");
	becomes(EDIT_YAML, "a.b: 1\n", "a.b", "2", "a.b: 2\n");
	refused(EDIT_YAML, f, "a", "1", "not a scalar");
	refused(EDIT_YAML, f, "list", "1", "not a scalar");
	refused(EDIT_YAML, f, "q.r", "1", "not there");
	refused(EDIT_YAML, "a: {b: 1}\n", "a.b", "2", "one line");
	refused(EDIT_YAML, "a: x\n  y\n", "a", "2", "one line");
	refused(EDIT_YAML, "a: |\n  y\n", "a", "2", "one line");
	refused(EDIT_YAML, "a: &x 1\nb: *x\n", "b", "2", "anchor");
	refused(EDIT_YAML, "a: 1\na: 2\n", "a", "2", "twice");
}

static void json_changes_one_scalar(void **state)
{
	static const char f[] = "{\n  \"a\": {\"b\": 1, \"c\": \"x\"},\n"
				"  \"d.e\": true\n}\n";

	(void)state;
	becomes(EDIT_JSON, f, "a.b", "2.5",
		"{\n  \"a\": {\"b\": 2.5, \"c\": \"x\"},\n  \"d.e\": "
		"true\n}\n");
	becomes(EDIT_JSON, f, "a.c", "5\"\\",
		"{\n  \"a\": {\"b\": 1, \"c\": \"5\\\"\\\\\"},\n"
		"  \"d.e\": true\n}\n");
	becomes(EDIT_JSON, f, "a.n", "y",
		"{\n  \"a\": {\"b\": 1, \"c\": \"x\", \"n\": \"y\"},\n"
		"  \"d.e\": true\n}\n");
	becomes(EDIT_JSON, f, "d.e", "false",
		"{\n  \"a\": {\"b\": 1, \"c\": \"x\"},\n  \"d.e\": false\n}\n");
	becomes(EDIT_JSON, f, "n", "1",
		"{\n  \"a\": {\"b\": 1, \"c\": \"x\"},\n  \"d.e\": true,\n"
		"  \"n\": 1\n}\n");
	becomes(EDIT_JSON, "{}", "n", "x", "{\"n\": \"x\"}");
	refused(EDIT_JSON, f, "a.b", "two", "is no number");
	refused(EDIT_JSON, f, "a.b", "1, \"x\": 2", "is no number");
	refused(EDIT_JSON, f, "a", "1", "not a scalar");
	refused(EDIT_JSON, f, "q.r", "1", "not there");
	refused(EDIT_JSON, "{\"a\":1,\"a\":2}", "a", "3", "twice");
	refused(EDIT_JSON, "[1]", "a", "3", "");
}

static void names_tell_formats(void **state)
{
	static const struct {
		const char *path, *text;
		enum edit_format want;
	} cases[] = {
		{"/etc/a.properties", "", EDIT_PROPERTIES},
		{"/etc/spark/spark-defaults.conf", "", EDIT_PROPERTIES},
		{"/etc/default/x", "", EDIT_ENV},
		{"/srv/.env", "", EDIT_ENV},
		{"/etc/x.conf", "a 1\n", EDIT_CONF},
		{"/etc/x.conf", "[a]\n", EDIT_INI},
		{"/etc/a.yml", "", EDIT_YAML},
		{"/etc/a.json", "", EDIT_JSON},
		{"/etc/heap.options", "", EDIT_OPTIONS},
	};
	enum edit_format f;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(edit_format_of(cases[i].path,
						slice_of(cases[i].text), &f,
						&err),
				 0);
		assert_int_equal(f, cases[i].want);
	}
	assert_int_equal(edit_format_of("/etc/passwd", slice_of(""), &f, &err),
			 -1);
	assert_err(&err, ERR_INPUT, "--format");
}

/* ---- files ---- */

static char folder[] = "/tmp/test-edit-key-XXXXXX";

static char *at(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void holds(const char *path, const char *want)
{
	char text[256] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, want);
}

static size_t count_names(const char *pattern)
{
	AUTO_FREE char *all = at(pattern);
	glob_t g;
	size_t n = 0;

	if (glob(all, GLOB_PERIOD, NULL, &g) == 0)
		n = g.gl_pathc;
	globfree(&g);
	return n;
}

static void files_are_replaced_and_put_back(void **state)
{
	AUTO_FREE char *path = at("a.conf"), *backup = NULL;
	AUTO_EDIT_FILE struct edit_file f = EDIT_FILE_INIT;
	struct err err = ERR_INIT;
	struct stat st;

	(void)state;
	put(path, "a 1\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(edit_file_open(&f, path, &err), 0);
	assert_int_equal(edit_file_stage(&f, SLICE_LIT("a 2\n"), &err), 0);
	holds(path, "a 1\n");
	assert_int_equal(edit_file_commit(&f, &err), 0);
	holds(path, "a 2\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777U, 0640);
	assert_int_equal(count_names("a.conf.oncall-backup-*"), 1);
	edit_file_done(&f);

	assert_int_equal(edit_file_open(&f, path, &err), 0);
	assert_int_equal(
		edit_file_find_backup(&f, EDIT_CONF, "a", "3", &backup, &err),
		0);
	assert_int_equal(
		edit_file_find_backup(&f, EDIT_CONF, "a", "2", &backup, &err),
		1);
	assert_int_equal(edit_file_restore(&f, backup, &err), 0);
	holds(path, "a 1\n");
	assert_int_equal(count_names("a.conf.oncall-backup-*"), 0);
	assert_no_err(&err);
}

static void what_was_staged_goes(void **state)
{
	AUTO_FREE char *path = at("b.conf");
	struct edit_file f = EDIT_FILE_INIT;
	struct err err = ERR_INIT;

	(void)state;
	put(path, "a 1\n");
	assert_int_equal(edit_file_open(&f, path, &err), 0);
	assert_int_equal(edit_file_stage(&f, SLICE_LIT("a 2\n"), &err), 0);
	assert_int_equal(count_names(".b.conf.oncall-*"), 1);
	put(path, "a 10\n");
	assert_int_equal(edit_file_commit(&f, &err), -1);
	assert_err(&err, ERR_REMOTE, "meanwhile");
	edit_file_done(&f);
	assert_int_equal(count_names(".b.conf.oncall-*"), 0);
	holds(path, "a 10\n");
}

static void not_opened(const char *path, enum err_kind kind, const char *part)
{
	struct edit_file f = EDIT_FILE_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(edit_file_open(&f, path, &err), -1);
	assert_err(&err, kind, part);
	edit_file_done(&f);
}

static void other_files_are_refused(void **state)
{
	AUTO_FREE char *path = at("c.conf"), *lnk = at("l.conf"),
		       *hard = at("h.conf"), *dir = at("d"), *pipe = at("p");
	AUTO_FREE char *through = at("d/c.conf"), *up = at("x/../c.conf"),
		       *none = at("none"), *slash = at("c.conf/");

	(void)state;
	put(path, "a 1\n");
	assert_int_equal(symlink("c.conf", lnk), 0);
	assert_int_equal(symlink(".", dir), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	not_opened(lnk, ERR_REFUSED, "symlink");
	not_opened(through, ERR_REFUSED, "symlink");
	not_opened(up, ERR_SYSTEM, "cannot open");
	not_opened(pipe, ERR_REFUSED, "regular");
	not_opened(none, ERR_SYSTEM, "cannot open");
	not_opened(slash, ERR_REFUSED, "symlink or no directory");
	not_opened(folder, ERR_REFUSED, "regular");
	assert_int_equal(link(path, hard), 0);
	not_opened(path, ERR_REFUSED, "hard links");
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	AUTO_FREE char *all = at("{.*conf*,*}");
	glob_t g;

	(void)state;
	if (glob(all, GLOB_BRACE, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			(void)unlink(g.gl_pathv[i]);
	globfree(&g);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_keep_all_else),
		cmocka_unit_test(conf_keeps_its_way),
		cmocka_unit_test(ini_knows_sections),
		cmocka_unit_test(env_values_are_never_code),
		cmocka_unit_test(options_are_lines),
		cmocka_unit_test(yaml_changes_one_scalar),
		cmocka_unit_test(json_changes_one_scalar),
		cmocka_unit_test(names_tell_formats),
		cmocka_unit_test(files_are_replaced_and_put_back),
		cmocka_unit_test(what_was_staged_goes),
		cmocka_unit_test(other_files_are_refused),
	};

	mem_init();
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
