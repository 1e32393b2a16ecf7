/* Where packs come from: files, pipes, folders. */
#include "unit-config.h"

#include <oncall/pack.h>

#define ONE "patterns: [{id: one, severity: low, match: x}]\n"

static void refused(const char *path, enum err_kind kind, const char *part)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT;

	if (pack_load(&p, path, &err) == 0)
		fail_msg("accepted, instead of: %s", part);
	assert_err(&err, kind, part);
	assert_int_equal(p.rule_count, 0);
}

static void the_name_tells_the_form(void **state)
{
	AUTO_FREE char *yaml = put_file("one.yaml", ONE);
	AUTO_FREE char *yml = put_file("two.yml", "patterns: []\n");
	AUTO_FREE char *plain = put_file("lines", "l\tlow\tx\n");
	AUTO_FREE char *wrong = put_file("wrong", ONE);
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(pack_load(&p, yaml, &err), 0);
	assert_int_equal(pack_load(&p, yml, &err), 0);
	assert_int_equal(pack_load(&p, plain, &err), 0);
	assert_int_equal(p.rule_count, 2);
	assert_string_equal(pack_find(&p, "l")->file, plain);
	assert_int_equal(pack_load(&p, wrong, &err), -1);
	assert_err(&err, ERR_USAGE, "wrong:1: not id, severity");
}

static void what_others_can_write_is_refused(void **state)
{
	AUTO_FREE char *yaml = put_file("open.yaml", ONE);
	AUTO_FREE char *plain = put_file("open", "l\tlow\tx\n");
	AUTO_FREE char *pipe_path = mem_printf("%s/pipe", test_dir);
	AUTO_FD int end = -1;

	(void)state;
	assert_int_equal(chmod(yaml, 0666), 0);
	assert_int_equal(chmod(plain, 0664), 0);
	refused(yaml, ERR_REFUSED, "can be written by others");
	refused(plain, ERR_REFUSED, "can be written by others");
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	assert_int_equal(chmod(pipe_path, 0622), 0);
	end = open(pipe_path, O_RDWR | O_CLOEXEC); /* or opening waits */
	assert_true(end >= 0);
	refused(pipe_path, ERR_REFUSED, "others can write into");
	refused(test_dir, ERR_REFUSED, "is not a regular file");
	refused("/nonexistent/x.yaml", ERR_SYSTEM, "/nonexistent/x.yaml");
}

/* As <(command) of a shell gives it. */
static void pipes_are_read(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	AUTO_FREE char *path = NULL;
	struct err err = ERR_INIT;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "l\tlow\tx\n", 8), 8);
	(void)close(ends[1]);
	path = mem_printf("/dev/fd/%d", ends[0]);
	assert_int_equal(pack_load(&p, path, &err), 0);
	(void)close(ends[0]);
	assert_int_equal(p.rule_count, 1);
	assert_int_equal(pack_load(&p, "/dev/null", &err), 0);
	assert_int_equal(p.rule_count, 1);
}

static int load_from_stdin(struct packs *p, const char *text, struct err *err)
{
	AUTO_FREE char *path = put_file("stdin", text);
	int saved = dup(STDIN_FILENO), in = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	/* Whoever pipes rules in has chosen them, so modes do not matter. */
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
	rc = pack_load(p, "-", err);
	(void)dup2(saved, STDIN_FILENO);
	(void)close(saved);
	(void)close(in);
	return rc;
}

static void standard_input_is_lines(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load_from_stdin(&p, "l\tlow\tx\n", &err), 0);
	assert_string_equal(pack_find(&p, "l")->file, "standard input");
	assert_int_equal(load_from_stdin(&p, "\nbad\n", &err), -1);
	assert_err(&err, ERR_USAGE, "standard input:2: not id");
}

static void use_folders(void)
{
	AUTO_FREE char *named = mem_printf("%s/a::%s/b", test_dir, test_dir);
	AUTO_FREE char *config = mem_printf("%s/config", test_dir);

	(void)setenv("ONCALL_PACKS", named, 1);
	(void)setenv("XDG_CONFIG_HOME", config, 1);
	free(put_file("a/first-x.yaml", "pack: a\n"));
	free(put_file("b/first-x.yaml", "pack: b\n"));
	free(put_file("b/second-x.yaml", "pack: b\n"));
	free(put_file("b/note-x.txt", "no pack"));
	free(put_file("b/.hidden-x.yaml", "pack: h\n"));
	free(put_file("config/oncall/packs/second-x.yaml", "pack: c\n"));
	free(put_file("config/oncall/packs/third-x.yaml", "pack: c\n"));
}

static void the_first_folder_wins(void **state)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT;

	(void)state;
	use_folders();
	assert_int_equal(pack_load_named(&p, "first-x", &err), 0);
	assert_int_equal(pack_load_named(&p, "second-x", &err), 0);
	assert_int_equal(pack_load_named(&p, "third-x", &err), 0);
	assert_string_equal(p.packs[0].name, "a");
	assert_string_equal(p.packs[1].name, "b");
	assert_string_equal(p.packs[2].name, "c");
}

static void names_are_told_once_and_sorted(void **state)
{
	size_t count, found = 0;
	char **names;

	(void)state;
	use_folders();
	names = pack_names(&count);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
		assert_int_not_equal(names[i][0], '.');
		assert_null(strstr(names[i], "note-x"));
		found += strstr(names[i], "-x") != NULL;
	}
	assert_int_equal(found, 3);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void no_such_pack(void **state)
{
	AUTO_FREE char *up = mem_printf("../a/first-x");
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT, other = ERR_INIT;

	(void)state;
	use_folders();
	assert_int_equal(pack_load_named(&p, "frist-x", &err), -1);
	assert_err(&err, ERR_USAGE, "no pack 'frist-x'");
	assert_err(&err, ERR_USAGE, "did you mean 'first-x'?");
	/* A name is none of a file elsewhere. */
	assert_int_equal(pack_load_named(&p, up, &other), -1);
	assert_err(&other, ERR_USAGE, "no pack '../a/first-x'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_tells_the_form),
		cmocka_unit_test(what_others_can_write_is_refused),
		cmocka_unit_test(pipes_are_read),
		cmocka_unit_test(standard_input_is_lines),
		cmocka_unit_test(the_first_folder_wins),
		cmocka_unit_test(names_are_told_once_and_sorted),
		cmocka_unit_test(no_such_pack),
	};

	return cmocka_run_group_tests(tests, make_test_dir, remove_test_dir);
}
