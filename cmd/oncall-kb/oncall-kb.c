/* oncall-kb - what this is, and what fixed it last time. */
#include "kb-cmd.h"

#include <oncall/actor.h>
#include <oncall/mem.h>

#define READS	(CLI_CONFIG | CLI_STORE | CLI_LISTS)
#define CHANGES (CLI_CONFIG | CLI_STORE | CLI_ACTOR)
#define FILTERS (CLI_CONFIG | CLI_STORE | CLI_FILTER | CLI_REPLAY)

/* clang-format off */
static const struct cli_command commands[] = {
	{"match", "[FILE...]", "add knowledge to incidents, detections and messages",
	 match_opts, FILTERS | CLI_LISTS, 0, -1, match_run, false},
	{"list", "", "list entries",
	 list_opts, READS, 0, 0, list_run, false},
	{"show", "ENTRY...", "show all of an entry",
	 show_opts, READS, 1, -1, show_run, false},
	{"add", "[ID]", "add an entry",
	 add_opts, CHANGES, 0, 1, add_run, false},
	{"edit", "ENTRY", "change an entry",
	 edit_opts, CHANGES, 1, 1, edit_run, false},
	{"remove", "ENTRY...", "remove an entry, or hide one of a pack",
	 remove_opts, CHANGES, 1, -1, remove_run, false},
	{"undo", "ENTRY", "take the last change of an entry back",
	 remove_opts, CHANGES, 1, 1, undo_run, false},
	{"link", "ENTRY PARENT", "make an entry part of a more general one; '' of none",
	 link_opts, CHANGES, 2, 2, link_run, false},
	{"solution", "add|list|show|remove ENTRY [NAME]", "what helps: an action and its parameters",
	 solution_opts, CHANGES | CLI_LISTS, 2, 3, solution_run, false},
	{"pattern", "add|list|remove|test ENTRY [RE]", "expressions that say that it is this",
	 pattern_opts, CHANGES | CLI_LISTS, 2, 3, pattern_run, false},
	{"test", "[PACK...]", "prove that each example finds its entry first",
	 test_opts, READS, 0, -1, test_run, false},
	{"learn", "[FILE...]", "learn from incidents that were resolved",
	 learn_opts, FILTERS | CLI_ACTOR, 0, -1, learn_run, false},
	{"feedback", "ENTRY|INCIDENT", "say what came of it",
	 feedback_opts, CHANGES, 1, 1, feedback_run, false},
	{"confidence", "ENTRY VALUE", "state how likely its solutions help, from 0 to 1",
	 confidence_opts, CHANGES, 2, 2, confidence_run, false},
	{"history", "ENTRY", "show every change of an entry and of its confidence",
	 history_opts, READS, 1, 1, history_run, false},
	{"accept", "ENTRY...", "use what was proposed",
	 accept_opts, CHANGES, 1, -1, accept_run, false},
	{"reject", "ENTRY...", "remove what was proposed",
	 accept_opts, CHANGES, 1, -1, reject_run, false},
	{"check", "", "find duplicates, overlaps and what does not help",
	 check_opts, READS, 0, 0, check_run, false},
	{"optimize", "", "merge duplicates, drop what fails, generalise",
	 optimize_opts, CHANGES | CLI_LISTS, 0, 0, optimize_run, false},
	{"stats", "", "count entries, solutions, matches and outcomes",
	 stats_opts, READS, 0, 0, stats_run, false},
	{"export", "", "write what the store knows, with its history",
	 export_opts, CLI_CONFIG | CLI_STORE, 0, 0, export_run, false},
	{"import", "FILE...", "take in entries, runbooks, alerting rules or tables",
	 import_opts, CHANGES, 1, -1, import_run, false},
	{"reset", "", "forget all that the store knows, after a backup",
	 reset_opts, CHANGES, 0, 0, reset_run, false},
	{.name = NULL},
};

static const struct cli_example examples[] = {
	{"oncall-kb match --text 'No space left on device'",
	 "what is this, and what helps"},
	{"oncall-monitor app.log | oncall-incident open | oncall-kb match",
	 "give new incidents what is known"},
	{"oncall-kb add pool-full --title 'The pool is full' --keyword pool",
	 "keep what you have learned"},
	{"oncall-kb solution add pool-full widen --action update_config",
	 "and what helps"},
	{"oncall-kb list --text disk",
	 "entries about disks"},
	{"oncall-kb show disk-full",
	 "all of an entry"},
	{NULL, NULL},
};
/* clang-format on */

struct kb_cmd_packs cmd_packs;

static int open_store(struct kb_cmd *c, enum kb_cmd_mode mode, struct err *err)
{
	const char *address = cli_store_address();

	if (mode == KB_CMD_CHANGE)
		return store_open(&c->store, address, STORE_WRITE, err);
	if (!store_exists(address))
		return 0;
	return store_open(&c->store, address,
			  mode == KB_CMD_READ ? STORE_READ : STORE_WRITE, err);
}

int kb_cmd_open(struct kb_cmd *c, enum kb_cmd_mode mode, struct err *err)
{
	*c = (struct kb_cmd){.store = NULL};
	if (open_store(c, mode, err) < 0 ||
	    (mode != KB_CMD_READ &&
	     actor_name(cli_config(), cli_as(), &c->actor, err) < 0))
		return -1;
	c->kb = kb_new(&(struct kb_options){
		.store = c->store,
		.config = cli_config(),
		.actor = c->actor,
		.packs = cmd_packs.files.items,
		.pack_count = cmd_packs.files.count,
		.no_default_packs = cmd_packs.no_default,
	});
	return 0;
}

void kb_cmd_close(struct kb_cmd *c)
{
	kb_free(c->kb);
	store_close(c->store);
	free(c->actor);
	*c = (struct kb_cmd){.store = NULL};
}

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "oncall-kb",
		.summary = "what this is, and what fixed it last time",
		.commands = commands,
		.examples = examples,
	};

	return cli_main(&tool, argc, argv);
}
