/* oncall-incident - tracks incidents from the first sign to the end. */
#include "incident.h"

#include <oncall/store.h>

#define READS	(CLI_CONFIG | CLI_STORE | CLI_LISTS)
#define CHANGES (CLI_CONFIG | CLI_STORE | CLI_ACTOR | CLI_LISTS)
#define FILTERS (CLI_CONFIG | CLI_STORE | CLI_FILTER)

/* clang-format off */
static const struct cli_command commands[] = {
	{"open", "[FILE...]", "turn detections into incidents, or open one by hand",
	 open_opts, FILTERS | CLI_REPLAY | CLI_ACTOR, 0, -1, open_run, false},
	{"list", "", "list incidents, by default those that are not over",
	 list_opts, READS, 0, 0, list_run, false},
	{"show", "INCIDENT...", "show all of an incident, with its timeline",
	 show_opts, READS, 1, -1, show_run, false},
	{"watch", "", "write incidents as they change, until stopped",
	 watch_opts, READS, 0, 0, watch_run, false},
	{"explain", "INCIDENT", "say why an incident was opened, grouped or not",
	 NULL, READS, 1, 1, explain_run, false},
	{"ack", "INCIDENT...", "acknowledge: somebody knows",
	 move_opts, CHANGES, 1, -1, ack_run, false},
	{"investigate", "INCIDENT...", "say that somebody looks into it",
	 move_opts, CHANGES, 1, -1, investigate_run, false},
	{"mitigate", "INCIDENT...", "say that the harm is stopped",
	 move_opts, CHANGES, 1, -1, mitigate_run, false},
	{"resolve", "INCIDENT...", "say that it is solved, and by what",
	 resolve_opts, CHANGES, 1, -1, resolve_run, false},
	{"close", "INCIDENT...", "close: nothing is left to do",
	 move_opts, CHANGES, 1, -1, close_run, false},
	{"reopen", "INCIDENT...", "open again what was resolved or closed",
	 move_opts, CHANGES, 1, -1, reopen_run, false},
	{"assign", "INCIDENT WHO", "assign to a person or team; '' to nobody",
	 move_opts, CHANGES, 2, 2, assign_run, false},
	{"note", "INCIDENT TEXT", "add a note to the timeline",
	 NULL, CHANGES, 2, 2, note_run, false},
	{"tag", "INCIDENT TAG...", "add tags, or remove them",
	 remove_opts, CHANGES, 2, -1, tag_run, false},
	{"link", "INCIDENT OTHER", "link to another incident or a URL",
	 remove_opts, CHANGES, 2, 2, link_run, false},
	{"severity", "INCIDENT SEVERITY", "set the severity by hand",
	 move_opts, CHANGES, 2, 2, severity_run, false},
	{"merge", "INTO INCIDENT...", "make incidents part of another one",
	 move_opts, CHANGES, 2, -1, merge_run, false},
	{"feedback", "INCIDENT", "say whether the diagnosis and the fix were right",
	 feedback_opts, CHANGES, 1, 1, feedback_run, false},
	{"false-positive", "INCIDENT...", "close: nothing was wrong; the same line opens nothing again",
	 false_positive_opts, CHANGES, 1, -1, false_positive_run, false},
	{"tick", "", "write what people are to hear of now",
	 tick_opts, CLI_CONFIG | CLI_STORE, 0, 0, tick_run, false},
	{"silence", "add|list|expire|preview [WORD...]", "do not tell people of what matches, for some time",
	 silence_opts, CHANGES, 1, -1, silence_run, false},
	{"who", "[NAME...]", "say who is on call",
	 who_opts, CLI_CONFIG | CLI_LISTS, 0, -1, who_run, false},
	{"heartbeat", "[beat] [NAME]", "look for signs of life that must come, or give one",
	 NULL, CHANGES, 0, 2, heartbeat_run, false},
	{"postmortem", "INCIDENT", "write what happened as a document to go on with",
	 postmortem_opts, CLI_CONFIG | CLI_STORE, 1, 1, postmortem_run, false},
	{"stats", "", "how fast and how often incidents were dealt with",
	 stats_opts, READS, 0, 0, stats_run, false},
	{"export", "", "write incidents with all that belongs to them",
	 export_opts, CLI_CONFIG | CLI_STORE, 0, 0, export_run, false},
	{"import", "[FILE...]", "store incidents as export wrote them",
	 import_opts, FILTERS, 0, -1, import_run, false},
	{"purge", "", "remove incidents that are over and old",
	 purge_opts, READS, 0, 0, purge_run, false},
	{.name = NULL},
};

static const struct cli_example examples[] = {
	{"oncall-monitor /var/log/app.log | oncall-incident open",
	 "open incidents from what the monitor detects"},
	{"oncall-incident open --title 'shop is down' --service shop --severity high",
	 "open one by hand"},
	{"oncall-incident list --severity high --older-than 1h",
	 "what is high or worse and an hour old"},
	{"oncall-incident ack INC-20261120-0001 --note 'looking'",
	 "acknowledge an incident"},
	{"oncall-incident resolve INC-20261120-0001 --solution restart --took 20m",
	 "resolve it and say what helped"},
	{"oncall-incident list --status all --json | jq -r .title",
	 "records for other programs"},
	{"oncall-incident silence add service=web --for 2h --note 'new disks'",
	 "nobody hears of that service for two hours"},
	{"oncall-incident who primary --at 2026-12-24T20:00:00Z",
	 "who is on call on Christmas Eve?"},
	{"oncall-incident who --check",
	 "is the roster good, and is somebody there all the time?"},
	{"oncall-incident heartbeat",
	 "does all live that is to give signs of life?"},
	{"oncall-incident postmortem INC-20261120-0001 --output postmortem.md",
	 "write what happened, and go on with it"},
	{"oncall-incident export > incidents.jsonl",
	 "take everything out, for a backup or another store"},
	{NULL, NULL},
};
/* clang-format on */

int open_store(struct store **ret, enum store_mode mode, struct err *err)
{
	return store_open(ret, cli_store_address(), mode, err);
}

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "oncall-incident",
		.summary = "track incidents from the first sign to the end",
		.commands = commands,
		.examples = examples,
	};

	return cli_main(&tool, argc, argv);
}
