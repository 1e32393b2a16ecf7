/* act-cmd.h - what the parts of oncall-act share. */
#ifndef ACT_CMD_H
#define ACT_CMD_H

#include <oncall/act.h>
#include <oncall/cli.h>

/* Options that say which actions there are; every command has them. */
struct act_cmd_actions {
	struct cli_list files;
	bool no_default;
};
extern struct act_cmd_actions cmd_actions;
/* clang-format off */
#define ACT_ACTION_OPTS \
	CLI_MANUAL("Actions"), \
	CLI_LIST(0, "actions", "FILE", &cmd_actions.files, "actions of that file, too"), \
	CLI_FLAG(0, "no-default-packs", &cmd_actions.no_default, "only actions named with --actions")
/* clang-format on */

/* What a command works on; act_cmd_close() ends it, also when opening failed.
 */
struct act_cmd {
	struct store *store; /* NULL: there is none yet */
	char *actor;
	struct action_set *set;
	struct policy *policy;
	struct act *act;
};
enum act_cmd_mode {
	ACT_CMD_DECLARED, /* actions and policy alone, no store */
	ACT_CMD_READ,	  /* no actions. A store that is not there is an empty
			   * one: then store and act are NULL */
	ACT_CMD_SWITCH,	  /* no actions, whose files may be broken: the store,
			   * made when needed, and who does it */
	ACT_CMD_CHANGE,	  /* all of it */
};
int act_cmd_open(struct act_cmd *c, enum act_cmd_mode mode, struct err *err)
	MUST_CHECK;
void act_cmd_close(struct act_cmd *c);
#define AUTO_ACT_CMD CLEANUP(act_cmd_close)

/* look.c */
extern const struct cli_opt list_opts[], show_opts[], check_opts[];
int list_run(int argc, char **argv, struct err *err);
int show_run(int argc, char **argv, struct err *err);
int check_run(int argc, char **argv, struct err *err);

/* run.c */
extern const struct cli_opt run_opts[];
int run_run(int argc, char **argv, struct err *err);

/* people.c */
extern const struct cli_opt approve_opts[], deny_opts[], pending_opts[];
int approve_run(int argc, char **argv, struct err *err);
int deny_run(int argc, char **argv, struct err *err);
int revoke_run(int argc, char **argv, struct err *err);
int pending_run(int argc, char **argv, struct err *err);

/* past.c */
extern const struct cli_opt history_opts[], stats_opts[], undo_opts[],
	recover_opts[];
int history_run(int argc, char **argv, struct err *err);
int stats_run(int argc, char **argv, struct err *err);
int undo_run(int argc, char **argv, struct err *err);
int recover_run(int argc, char **argv, struct err *err);

/* switch.c */
extern const struct cli_opt stop_opts[], breaker_opts[], audit_opts[];
int stop_run(int argc, char **argv, struct err *err);
int resume_run(int argc, char **argv, struct err *err);
int breaker_run(int argc, char **argv, struct err *err);
int audit_run(int argc, char **argv, struct err *err);

/* edit.c */
extern const struct cli_opt edit_opts[];
int edit_run(int argc, char **argv, struct err *err);

#endif
