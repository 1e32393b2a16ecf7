/* oncall-act - carries out what was decided, and shows what came of it. */
#include "act-cmd.h"

#include <oncall/actor.h>
#include <oncall/mem.h>

#define LOOKS	(CLI_CONFIG | CLI_LISTS)
#define READS	(CLI_CONFIG | CLI_STORE | CLI_LISTS)
#define CHANGES (CLI_CONFIG | CLI_STORE | CLI_LISTS | CLI_ACTOR)
#define FILTERS (CHANGES | CLI_FILTER)

/* clang-format off */
static const struct cli_command commands[] = {
	{"run", "[FILE...] | NAME [KEY=VALUE...]", "carry out what incidents say, or an action by name",
	 run_opts, FILTERS, 0, -1, run_run, false},
	{"list", "", "list the actions that are declared",
	 list_opts, LOOKS, 0, 0, list_run, false},
	{"show", "ACTION...", "show all of an action",
	 show_opts, LOOKS, 1, -1, show_run, false},
	{"check", "FILE...", "look for mistakes in files of actions",
	 check_opts, 0, 1, -1, check_run, false},
	{"pending", "", "list what waits for people",
	 pending_opts, READS, 0, 0, pending_run, false},
	{"approve", "ID...", "let what waits happen",
	 approve_opts, CHANGES, 1, -1, approve_run, false},
	{"deny", "ID...", "refuse what waits",
	 deny_opts, CHANGES, 1, -1, deny_run, false},
	{"revoke", "ID...", "take an approval back, before it is used",
	 deny_opts, CHANGES, 1, -1, revoke_run, false},
	{"history", "[ACTION...]", "list what was done, newest first",
	 history_opts, READS, 0, -1, history_run, false},
	{"stats", "", "count runs and what came of them, by action",
	 stats_opts, READS, 0, 0, stats_run, false},
	{"undo", "ACTION", "run the rollback of what was done",
	 undo_opts, CHANGES, 1, 1, undo_run, false},
	{"recover", "[ACTION...]", "show what a crash cut off, and repeat what may be",
	 recover_opts, CHANGES, 0, -1, recover_run, false},
	{"stop", "", "refuse every action from now on",
	 stop_opts, CHANGES, 0, 0, stop_run, false},
	{"resume", "", "allow actions again",
	 stop_opts, CHANGES, 0, 0, resume_run, false},
	{"breaker", "list | reset NAME", "show what fails too often, or allow it again",
	 breaker_opts, CHANGES, 1, 2, breaker_run, false},
	{"audit", "verify | head | list", "prove the trail, note its end, read it",
	 audit_opts, READS, 1, 1, audit_run, false},
	{"edit", "FILE KEY [VALUE]", "set one key in a configuration file",
	 edit_opts, 0, 2, 3, edit_run, false},
	{.name = NULL},
};

static const struct cli_example examples[] = {
	{"oncall-act list", "what could be done"},
	{"oncall-act run disk_report path=/var --dry-run",
	 "what exactly would run, and whether it may"},
	{"oncall-triage --pending | oncall-act run",
	 "do what was decided, ask for the rest"},
	{"oncall-act run --pending", "do what was agreed to since"},
	{"oncall-act pending", "what waits for whom, and until when"},
	{"oncall-act history --since 1d", "what was done"},
	{"oncall-act stop --reason 'database move'", "nothing runs any more"},
	{"oncall-act resume", "until now"},
	{"oncall-act audit verify", "nobody has changed the trail"},
	{NULL, NULL},
};
/* clang-format on */

struct act_cmd_actions cmd_actions;

static int open_store(struct act_cmd *c, enum act_cmd_mode mode,
		      struct err *err)
{
	const char *address = cli_store_address();

	if (mode == ACT_CMD_CHANGE || mode == ACT_CMD_SWITCH)
		return store_open(&c->store, address, STORE_WRITE, err);
	if (mode == ACT_CMD_DECLARED || !store_exists(address))
		return 0;
	return store_open(&c->store, address, STORE_READ, err);
}

static int load_actions(struct act_cmd *c, enum act_cmd_mode mode,
			struct err *err)
{
	const char *files[CLI_LIST_MAX + 1] = {NULL};
	bool none = mode == ACT_CMD_READ || mode == ACT_CMD_SWITCH;

	if (!none)
		memcpy(files, cmd_actions.files.items,
		       cmd_actions.files.count * sizeof(*files));
	return action_set_load(&c->set, cli_config(), files,
			       none || cmd_actions.no_default, err);
}

int act_cmd_open(struct act_cmd *c, enum act_cmd_mode mode, struct err *err)
{
	bool changes = mode == ACT_CMD_CHANGE || mode == ACT_CMD_SWITCH;

	*c = (struct act_cmd){.store = NULL};
	if (load_actions(c, mode, err) < 0 ||
	    policy_load(&c->policy, cli_config(), err) < 0 ||
	    open_store(c, mode, err) < 0 ||
	    (changes && actor_name(cli_config(), cli_as(), &c->actor, err) < 0))
		return -1;
	return c->store ? act_open(&c->act, c->store, c->set, c->policy,
				   cli_config(), err)
			: 0;
}

void act_cmd_close(struct act_cmd *c)
{
	act_free(c->act);
	store_close(c->store);
	policy_free(c->policy);
	action_set_free(c->set);
	free(c->actor);
	*c = (struct act_cmd){.store = NULL};
}

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "oncall-act",
		.summary = "carries out what was decided, and shows what "
			   "came of it",
		.commands = commands,
		.examples = examples,
	};

	return cli_main(&tool, argc, argv);
}
