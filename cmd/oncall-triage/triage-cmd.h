/* triage-cmd.h - what the parts of oncall-triage share. */
#ifndef TRIAGE_CMD_H
#define TRIAGE_CMD_H

#include <oncall/action.h>
#include <oncall/cli.h>
#include <oncall/incident.h>
#include <oncall/triage.h>

/* What decides; commands that decide have these options. */
struct triage_cmd_args {
	const char *policy;
	struct cli_list actions;
};
extern struct triage_cmd_args cmd_args;
/* clang-format off */
#define TRIAGE_OPTS \
	CLI_STR(0, "policy", "FILE", &cmd_args.policy, "decide by the policy in that file of configuration"), \
	CLI_LIST(0, "actions", "FILE", &cmd_args.actions, "actions declared in that file, too")
/* clang-format on */

struct triage_cmd {
	struct store *store; /* NULL: there is none */
	struct action_set *set;
	struct config *other; /* of --policy */
	struct policy *policy;
	struct triager *triager;
};

enum triage_cmd_mode {
	TRIAGE_CMD_READ, /* a store that is not there is an empty one */
	TRIAGE_CMD_KEEP, /* the same, but what is there is written to */
};

int triage_cmd_open(struct triage_cmd *c, enum triage_cmd_mode mode,
		    struct err *err) MUST_CHECK;
void triage_cmd_close(struct triage_cmd *c);
#define AUTO_TRIAGE_CMD CLEANUP(triage_cmd_close)
/* For commands that are nothing without one. */
int triage_cmd_needs_store(const struct triage_cmd *c, struct err *err)
	MUST_CHECK;
/* The policy of a file, seen with the services that are configured. */
int triage_cmd_policy(const char *file, struct config **ret_config,
		      struct policy **ret, struct err *err) MUST_CHECK;
/* Appends the record of an incident with the knowledge that is kept of it. */
int triage_cmd_record(struct store *s, const struct incident *inc,
		      struct buf *out, struct err *err) MUST_CHECK;

extern const struct cli_opt decide_opts[], explain_opts[], change_opts[],
	replay_opts[];

int decide_run(int argc, char **argv, struct err *err);
int explain_run(int argc, char **argv, struct err *err);
int change_run(int argc, char **argv, struct err *err);
int replay_run(int argc, char **argv, struct err *err);

/* A `change` record is kept; ERR_INPUT says what is wrong with it. */
int change_keep(struct store *s, struct slice line, const struct jscan *scan,
		struct err *err) MUST_CHECK;

#endif
