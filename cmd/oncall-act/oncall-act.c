/* oncall-act - carries out what was decided. */
#include "act-cmd.h"

#define READS (CLI_CONFIG | CLI_LISTS)

/* clang-format off */
static const struct cli_command commands[] = {
	{"list", "", "list the actions that are declared",
	 list_opts, READS, 0, 0, list_run, false},
	{"show", "ACTION...", "show all of an action",
	 show_opts, READS, 1, -1, show_run, false},
	{"check", "FILE...", "look for mistakes in files of actions",
	 check_opts, 0, 1, -1, check_run, false},
	{"edit", "FILE KEY [VALUE]", "set one key in a configuration file",
	 edit_opts, 0, 2, 3, edit_run, false},
	{.name = NULL},
};

static const struct cli_example examples[] = {
	{"oncall-act list", "which actions there are"},
	{NULL, NULL},
};
/* clang-format on */

struct act_cmd_actions cmd_actions;

int act_cmd_open(struct act_cmd *c, enum act_cmd_mode mode, struct err *err)
{
	(void)mode;
	*c = (struct act_cmd){.store = NULL};
	return action_set_load(&c->set, cli_config(), cmd_actions.files.items,
			       cmd_actions.no_default, err);
}

void act_cmd_close(struct act_cmd *c)
{
	action_set_free(c->set);
}

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "oncall-act",
		.summary = "carry out what was decided",
		.commands = commands,
		.examples = examples,
	};

	return cli_main(&tool, argc, argv);
}
