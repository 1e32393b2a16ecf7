#include "unit-cli.h"

#include <jansson.h>

static struct said said;

static void help_of_the_program(void **state)
{
	(void)state;
	RUN(&said, "--help");
	assert_int_equal(said.status, 0);
	assert_string_equal(said.errors, "");
	assert_has(said.out, "oncall-sample - a program for tests\n");
	assert_has(said.out, "Usage: oncall-sample COMMAND");
	assert_has(said.out, "\n  list    list what is there\n");
	assert_has(said.out, "\n  refuse  always fail\n");
	assert_has(said.out, "  # list all\n"
			     "  oncall-sample list --status all\n");
	assert_has(said.out, "'oncall-sample COMMAND --help'");
	assert_lacks(said.out, "not shown");
	RUN(&said, "--help", "lst");
	assert_fails(&said, 2, "there is no command");
	RUN(&said, "--nope", "--help");
	assert_int_equal(said.status, 0);
}

static void help_of_a_command(void **state)
{
	(void)state;
	RUN(&said, "list", "--help");
	assert_int_equal(said.status, 0);
	assert_has(said.out, "Usage: oncall-sample list [OPTION...]\n");
	assert_has(said.out, "\nWhich:\n  -s, --status STATUS ");
	assert_has(said.out, "those of this state: open, closed, all\n");
	assert_has(said.out, "\nOutput:\n");
	assert_has(said.out, "\nStandard options:\n");
	assert_has(said.out, "oncall-sample list --status all\n");
	assert_lacks(said.out, "oncall-sample needs");
	assert_lacks(said.out, "--store");
	RUN(&said, "-h", "merge", "--limit", "x");
	assert_int_equal(said.status, 0);
	assert_has(said.out, "Usage: oncall-sample merge [OPTION...] INTO "
			     "OTHER...\n");
	RUN(&said, "needs", "--help");
	assert_has(said.out, "--store ADDRESS");
	assert_has(said.out, "--errors-as-records");
}

static void version(void **state)
{
	(void)state;
	RUN(&said, "--version");
	assert_int_equal(said.status, 0);
	assert_string_equal(said.out, "oncall-sample " ONCALL_VERSION "\n");
	RUN(&said, "merge", "--version");
	assert_string_equal(said.out, "oncall-sample " ONCALL_VERSION "\n");
}

static void forms_have_names(void **state)
{
	(void)state;
	RUN(&said, "--help=nroff");
	assert_fails(&said, 2, "there is no form 'nroff'");
	RUN(&said, "--help=check");
	assert_int_equal(said.status, 0);
	assert_string_equal(said.out, "");
	assert_string_equal(said.errors, "");
}

static void mdoc_parts(void **state)
{
	(void)state;
	RUN(&said, "--help=mdoc-synopsis");
	assert_has(said.out, ".Nm\n.Cm \\&merge\n.Op Ar option ...\n"
			     ".Ar INTO Ar OTHER ...\n");
	assert_has(said.out, ".Op Ar FILE ...\n");
	assert_lacks(said.out, "secret");
	RUN(&said, "--help=mdoc-commands");
	assert_has(said.out, ".It Cm \\&needs Op Ar FILE ...\n"
			     "Take every standard option.\n");
	assert_has(said.out, ".It Fl t , Fl -tag Ar \\&TAG\n");
	assert_has(said.out, "One of\n.Cm \\&open ,\n.Cm \\&closed ,\n"
			     ".Cm \\&all .\n");
	assert_lacks(said.out, "--version");
	RUN(&said, "--help=mdoc-options");
	assert_has(said.out, ".It Fl q , Fl -quiet\n");
	assert_has(said.out, ".It Fl -as Ar USER\n");
	assert_has(said.out, "Taken by\n.Cm \\&needs .\n");
	assert_lacks(said.out, "-status");
	RUN(&said, "--help=mdoc-exits");
	assert_has(said.out, ".It 75\nNot now: ");
	RUN(&said, "--help=mdoc-examples");
	assert_has(said.out, "List all:\n.Bd -literal -offset indent\n"
			     "oncall-sample list --status all\n.Ed\n.Pp\n");
	RUN(&said, "--help=mdoc-environment");
	assert_has(said.out, ".It Ev ONCALL_STORE\n");
	RUN(&said, "--help=mdoc-keys");
	assert_has(said.out, ".It Cm services.\\& Ns Ar NAME Ns Cm .owner\n");
}

static void json_is_json(void **state)
{
	json_t *root, *command, *option;

	(void)state;
	RUN(&said, "--help=json");
	root = json_loads(said.out, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "name")),
			    "oncall-sample");
	command = json_array_get(json_object_get(root, "commands"), 0);
	assert_string_equal(json_string_value(json_object_get(command, "name")),
			    "list");
	option = json_array_get(json_object_get(command, "options"), 0);
	assert_string_equal(json_string_value(json_object_get(option, "name")),
			    "status");
	assert_string_equal(
		json_string_value(json_object_get(option, "letter")), "s");
	assert_int_equal(json_array_size(json_object_get(option, "choices")),
			 3);
	assert_int_equal(json_array_size(json_object_get(root, "exits")), 7);
	json_decref(root);
}

static void completions(void **state)
{
	(void)state;
	RUN(&said, "--help=bash");
	assert_has(said.out, "complete -F _oncall_sample oncall-sample\n");
	assert_has(said.out, "\tlist:--status|list:-s)\n"
			     "\t\twords='open closed all' kind=words ;;\n");
	assert_has(said.out, "\tlist:--output|list:-o)\n\t\tkind=files ;;\n");
	assert_has(said.out, "\t*:--config)\n\t\tkind=files ;;\n");
	assert_lacks(said.out, "secret)");
	RUN(&said, "--help=zsh");
	assert_has(said.out, "#compdef oncall-sample\n");
	assert_has(said.out, "'(-s --status)'{-s+,--status=}'[those of this "
			     "state]:STATUS:(open closed all)'");
	assert_has(said.out, "'*'{-t+,--tag=}'[those with TAG]:TAG: '");
	RUN(&said, "--help=fish");
	assert_has(said.out, "-n '__fish_seen_subcommand_from list' -l status "
			     "-s s -x -a 'open closed all'");
	assert_has(said.out, "-n '__fish_seen_subcommand_from needs' -l store");
	assert_has(said.out, "complete -c oncall-sample -l quiet -s q -d ");
}

/* The front door also completes the programs behind it. */
static void completions_of_the_front_door(void **state)
{
	struct cli_tool door = sample;

	(void)state;
	door.name = "oncall";
	door.fallback = show_args;
	RUN_TOOL(&said, &door, "oncall", "--help=bash");
	assert_has(said.out, "compgen -c oncall- | sed 's/^oncall-//'");
	assert_has(said.out, "local next=oncall-${COMP_WORDS[1]}");
	RUN_TOOL(&said, &door, "oncall", "--help=zsh");
	assert_has(said.out, "words[1]=oncall-$words[1]");
	RUN_TOOL(&said, &door, "oncall", "--help=fish");
	assert_has(said.out, "complete -C oncall- |");
}

/* A program of one command with these options. */
static void check_opts(const struct cli_opt *opts, const char *part)
{
	const struct cli_command one[] = {
		{.name = "list",
		 .operands = "",
		 .summary = "list it",
		 .opts = opts,
		 .needs = CLI_FILTER,
		 .run = show_args},
		{.run = NULL},
	};
	struct cli_tool tool = sample;
	struct err err = ERR_INIT;

	tool.commands = one;
	assert_int_equal(cli_check(&tool, &err), part ? -1 : 0);
	if (part)
		assert_err(&err, ERR_USAGE, part);
}

#define CHECK_OPT(part, ...) \
	check_opts((const struct cli_opt[]){__VA_ARGS__, CLI_LAST}, part)

static void check_options(void **state)
{
	static const char *const none[] = {NULL};
	bool flag;
	const char *text;
	int64_t n;

	(void)state;
	CHECK_OPT(NULL, CLI_FLAG('x', "ex", &flag, "do it"));
	CHECK_OPT("the letter 'q' stands twice",
		  CLI_FLAG('q', "ex", &flag, "do it"));
	CHECK_OPT("the letter 'x' stands twice",
		  CLI_FLAG('x', "ex", &flag, "do it"),
		  CLI_FLAG('x', "why", &flag, "do it"));
	CHECK_OPT("--strict stands twice",
		  CLI_FLAG(0, "strict", &flag, "do it"));
	CHECK_OPT("begins with a capital", CLI_FLAG(0, "ex", &flag, "Do it"));
	CHECK_OPT(NULL, CLI_FLAG(0, "ex", &flag, "URL of it"));
	CHECK_OPT("full stop", CLI_FLAG(0, "ex", &flag, "do it."));
	CHECK_OPT("there is no text", CLI_FLAG(0, "ex", &flag, ""));
	CHECK_OPT("more than one line", CLI_FLAG(0, "ex", &flag, "do\nit"));
	CHECK_OPT("not a name", CLI_FLAG(0, "Ex", &flag, "do it"));
	CHECK_OPT("not a name", CLI_FLAG(0, "e_x", &flag, "do it"));
	CHECK_OPT("a placeholder and a value",
		  CLI_STR(0, "ex", NULL, &text, "do it"));
	CHECK_OPT("goes nowhere",
		  {.kind = CLI_KIND_FLAG, .name = "ex", .help = "do it"});
	CHECK_OPT("no range", CLI_INT(0, "ex", "N", &n, 5, 5, "do it"));
	CHECK_OPT("choices", CLI_CHOICE(0, "ex", "N", &text, none, "do it"));
	CHECK_OPT("a group without a name", CLI_GROUP(""));
	CHECK_OPT("wider than 80 columns",
		  CLI_FLAG(0, "ex", &flag,
			   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			   "xxxxxxxxxxxxxx"));
}

static void check_too_long(void **state)
{
	struct cli_opt opts[41];
	char names[40][8];
	bool flag;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "ex-%zu", i);
		opts[i] = (struct cli_opt)CLI_FLAG(0, names[i], &flag, "do it");
	}
	opts[40] = (struct cli_opt)CLI_LAST;
	check_opts(opts, "lines do not fit a screen");
}

static void check_command(struct cli_command cmd, const char *part)
{
	const struct cli_command two[] = {commands[0], cmd, {.run = NULL}};
	struct cli_tool tool = sample;
	struct err err = ERR_INIT;

	tool.commands = two;
	assert_int_equal(cli_check(&tool, &err), part ? -1 : 0);
	if (part)
		assert_err(&err, ERR_USAGE, part);
}

static void check_commands(void **state)
{
	static bool flag;
	static const struct cli_opt status[] = {
		CLI_FLAG(0, "status", &flag, "another thing"), CLI_LAST};
	struct cli_command good = {.name = "good",
				   .operands = "",
				   .summary = "good",
				   .run = show_args};
	struct cli_command bad = good;

	(void)state;
	check_command(good, NULL);
	bad.name = "list";
	check_command(bad, "list: stands twice");
	bad.name = "Good";
	check_command(bad, "not a name");
	bad = good;
	bad.summary = "Good";
	check_command(bad, "good: summary: begins with a capital");
	bad = good;
	bad.max_operands = 1;
	check_command(bad, "operands have a name");
	bad = good;
	bad.operands = "FILE";
	check_command(bad, "operands have a name");
	bad.max_operands = 1;
	bad.min_operands = 2;
	check_command(bad, "more operands are needed");
	bad = good;
	bad.opts = status;
	check_command(bad, "--status takes a value in one of 'list' and "
			   "'good' only");
}

static void check_the_rest(void **state)
{
	static const struct cli_example one[] = {{"oncall-sample list", "list"},
						 {NULL, NULL}};
	static const struct cli_example other[] = {
		{"ls", "list"}, {"oncall-sample list", "list"}, {NULL, NULL}};
	static const struct cli_exit mixed[] = {
		{1, "no"}, {0, "yes"}, {0, NULL}};
	struct cli_tool tool = sample;
	struct err err = ERR_INIT;

	(void)state;
	tool.examples = one;
	assert_int_equal(cli_check(&tool, &err), -1);
	assert_err(&err, ERR_USAGE, "too few examples");
	err_clear(&err);
	tool.examples = other;
	assert_int_equal(cli_check(&tool, &err), -1);
	assert_err(&err, ERR_USAGE, "does not show 'oncall-sample'");
	err_clear(&err);
	tool.examples = examples;
	tool.exits = mixed;
	assert_int_equal(cli_check(&tool, &err), -1);
	assert_err(&err, ERR_USAGE, "exit status 0: out of order");
	err_clear(&err);
	tool.exits = NULL;
	tool.summary = "The tool.";
	assert_int_equal(cli_check(&tool, &err), -1);
	assert_err(&err, ERR_USAGE, "summary: begins with a capital");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_of_the_program),
		cmocka_unit_test(help_of_a_command),
		cmocka_unit_test(version),
		cmocka_unit_test(forms_have_names),
		cmocka_unit_test(mdoc_parts),
		cmocka_unit_test(json_is_json),
		cmocka_unit_test(completions),
		cmocka_unit_test(completions_of_the_front_door),
		cmocka_unit_test(check_options),
		cmocka_unit_test(check_too_long),
		cmocka_unit_test(check_commands),
		cmocka_unit_test(check_the_rest),
	};

	return cmocka_run_group_tests_name("cli-emit", tests, NULL, NULL);
}
