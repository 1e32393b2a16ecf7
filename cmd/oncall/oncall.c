/* oncall - the front door: runs oncall-NAME, and what belongs to no program. */
#include "oncall.h"

#include <oncall/act-vote.h>
#include <oncall/actor.h>
#include <oncall/incident.h>

#define READS	(CLI_CONFIG | CLI_STORE | CLI_LISTS)
#define CHANGES (CLI_CONFIG | CLI_STORE | CLI_ACTOR | CLI_LISTS)

static const char *reason;

const struct cli_opt vote_opts[] = {
	CLI_STR('m', "reason", "TEXT", &reason, "why, for the record"),
	CLI_LAST,
};

/* clang-format off */
const struct cli_command commands[] = {
	{"init", "", "write a first configuration and create the store",
	 init_opts, 0, 0, 0, init_run, false},
	{"config", "", "show the configuration and where each value is from",
	 NULL, CLI_CONFIG | CLI_STORE, 0, 0, config_run, false},
	{"status", "", "show on one screen how things stand",
	 NULL, READS, 0, 0, status_run, false},
	{"tick", "", "bring everything up to date and tell people; for cron",
	 tick_opts, 0, 0, 0, tick_run, false},
	{"approve", "ID", "let what waits for approval happen",
	 vote_opts, CHANGES, 1, 1, approve_run, false},
	{"deny", "ID", "refuse what waits for approval",
	 vote_opts, CHANGES, 1, 1, deny_run, false},
	{"doctor", "", "look for what is wrong with this installation",
	 doctor_opts, CLI_LISTS, 0, 0, doctor_run, false},
	{"help", "[NAME]", "list the programs, or show the help of one",
	 NULL, 0, 0, 1, help_run, false},
	{.name = NULL},
};

static const struct cli_example examples[] = {
	{"oncall init", "write a first configuration and create the store"},
	{"oncall status", "how things stand"},
	{"oncall incident list --severity high",
	 "run oncall-incident, as any program oncall-NAME"},
	{"oncall doctor --json | jq -r 'select(.value != \"ok\").labels.what'",
	 "what needs to be looked after"},
	{"oncall approve APR-01KAJ5V0E8Q3N7W2Z4X6Y8T0RM --reason 'off hours'",
	 "let an action that waits run"},
	{NULL, NULL},
};
/* clang-format on */

int config_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	int rc;

	(void)argc;
	(void)argv;
	config_print(cli_config(), &out.out);
	rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}

/* One line for people: what became of it. */
static void print_vote(struct buf *out, const char *id, struct slice record)
{
	struct jscan scan = {0};
	struct err ignored = ERR_INIT;
	const struct jscan_member *status;
	AUTO_BUF struct buf text = BUF_INIT;

	if (jscan_object(&scan, record.ptr, record.len, &ignored) == 0 &&
	    (status = jscan_get(&scan, "status")))
		jscan_unquote(&text, status->value);
	buf_addf(out, "%s  %s\n", id,
		 slice_is(buf_slice(&text), "waiting")
			 ? "waiting for more votes"
			 : buf_str(&text));
	jscan_done(&scan);
}

static int vote(const char *id, bool approve, struct record_writer *out,
		struct err *err)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_FREE char *actor = NULL;
	AUTO_BUF struct buf record = BUF_INIT;
	struct act_voted voted;

	if (actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    store_open(&store, cli_store_address(), STORE_WRITE, err) < 0 ||
	    act_vote(store, &(struct act_vote){id, actor, reason}, approve,
		     &voted, err) < 0 ||
	    approval_record(store, voted.approval, &record, err) < 0)
		return -1;
	if (cli_records())
		record_write(out, buf_slice(&record));
	else
		print_vote(&out->out, id, buf_slice(&record));
	return record_flush(out, err);
}

static int vote_run(const char *id, bool approve, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	int rc = vote(id, approve, &out, err);

	record_writer_done(&out);
	return rc;
}

int approve_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	return vote_run(argv[0], true, err);
}

int deny_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	return vote_run(argv[0], false, err);
}

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "oncall",
		.summary = "the front door of the on-call programs",
		.commands = commands,
		.examples = examples,
		.fallback = program_run,
	};

	return cli_main(&tool, argc, argv);
}
