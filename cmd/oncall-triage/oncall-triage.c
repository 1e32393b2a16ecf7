/* oncall-triage - what is the cause, and what should be done. */
#include "triage-cmd.h"

#include <oncall/kb.h>
#include <oncall/mem.h>

#define READS	(CLI_CONFIG | CLI_STORE | CLI_LISTS)
#define FILTERS (CLI_CONFIG | CLI_STORE | CLI_FILTER | CLI_REPLAY)

/* clang-format off */
static const struct cli_command commands[] = {
	{"decide", "[FILE...]", "add cause, risk, confidence and decision to incidents",
	 decide_opts, FILTERS, 0, -1, decide_run, false},
	{"explain", "INCIDENT", "say what would be decided now, with all figures",
	 explain_opts, READS, 1, 1, explain_run, false},
	{"change", "add|list", "keep what was done to a service, or list that",
	 change_opts, READS | CLI_ACTOR, 1, 1, change_run, false},
	{"replay", "", "say what a policy would have done in the past",
	 replay_opts, READS, 0, 0, replay_run, false},
	{.name = NULL},
};

static const struct cli_example examples[] = {
	{"oncall-incident open detections.jsonl | oncall-kb match | oncall-triage",
	 "decide about new incidents"},
	{"oncall-triage --pending > /dev/null",
	 "decide about all that nobody has decided about"},
	{"oncall-triage explain INC-20261120-0001",
	 "why is it so, and what would be done?"},
	{"oncall-triage change add --service api --what 'deployed' --release 2.4",
	 "keep that something was changed"},
	{"oncall-triage change list --service api --since 1d",
	 "what was changed lately?"},
	{"oncall-triage replay --since 30d",
	 "would it have been right to let actions run?"},
	{NULL, NULL},
};
/* clang-format on */

struct triage_cmd_args cmd_args;

static int open_store(struct triage_cmd *c, enum triage_cmd_mode mode,
		      struct err *err)
{
	const char *address = cli_store_address();

	if (!store_exists(address))
		return 0;
	return store_open(&c->store, address,
			  mode == TRIAGE_CMD_READ ? STORE_READ : STORE_WRITE,
			  err);
}

int triage_cmd_needs_store(const struct triage_cmd *c, struct err *err)
{
	if (c->store)
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "this reads a store, and there is none; create it "
		       "with: oncall init");
}

/* What the file does not say of services and the environment stays. */
static int add_surroundings(struct config *to, const struct config *from,
			    struct err *err)
{
	const char *name;

	for (size_t i = 0; (name = config_item(from, "services", i)); i++) {
		AUTO_FREE char *path =
			mem_printf("services.%s.criticality", name);

		if (!strcmp(config_origin(to, path), "built-in") &&
		    config_set(to, path, config_str(from, path),
			       config_origin(from, path), err) < 0)
			return -1;
	}
	if (strcmp(config_origin(to, "environment"), "built-in") != 0 ||
	    !config_str(from, "environment"))
		return 0;
	return config_set(to, "environment", config_str(from, "environment"),
			  config_origin(from, "environment"), err);
}

int triage_cmd_policy(const char *file, struct config **ret_config,
		      struct policy **ret, struct err *err)
{
	if (!file)
		return policy_load(ret, cli_config(), err);
	if (config_load(ret_config, file, err) < 0 ||
	    add_surroundings(*ret_config, cli_config(), err) < 0)
		return -1;
	return policy_load(ret, *ret_config, err);
}

static int load_actions(struct triage_cmd *c, struct err *err)
{
	const struct cli_list *given = &cmd_args.actions;
	AUTO_FREE const char **files =
		mem_zero(given->count + 1, sizeof(*files));

	for (size_t i = 0; i < given->count; i++)
		files[i] = given->items[i];
	return action_set_load(&c->set, cli_config(), files, false, err);
}

int triage_cmd_open(struct triage_cmd *c, enum triage_cmd_mode mode,
		    struct err *err)
{
	*c = (struct triage_cmd){.store = NULL};
	if (open_store(c, mode, err) < 0 || load_actions(c, err) < 0 ||
	    triage_cmd_policy(cmd_args.policy, &c->other, &c->policy, err) < 0)
		return -1;
	return triager_open(&c->triager, c->store, c->set, c->policy,
			    cli_config(), err);
}

void triage_cmd_close(struct triage_cmd *c)
{
	triager_free(c->triager);
	policy_free(c->policy);
	config_free(c->other);
	action_set_free(c->set);
	store_close(c->store);
	*c = (struct triage_cmd){.store = NULL};
}

int triage_cmd_record(struct store *s, const struct incident *inc,
		      struct buf *out, struct err *err)
{
	AUTO_BUF struct buf bare = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_BUF struct buf knowledge = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_KB struct kb *kb = kb_new(
		&(struct kb_options){.store = s, .config = cli_config()});
	int got;

	if (incident_record(s, inc, INCIDENT_WITH_DETECTIONS, &bare, err) < 0)
		return -1;
	got = kb_knowledge_of(kb, inc->num, &knowledge, err);
	if (got <= 0) {
		buf_add_slice(out, buf_slice(&bare));
		return got;
	}
	return jscan_splice(out, bare.data, bare.len, "knowledge",
			    buf_slice(&knowledge), err);
}

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "oncall-triage",
		.summary = "what is the cause, and what should be done",
		.commands = commands,
		.examples = examples,
		.usual = "decide",
	};

	return cli_main(&tool, argc, argv);
}
