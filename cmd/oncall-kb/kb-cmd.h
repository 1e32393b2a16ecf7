/* kb-cmd.h - what the parts of oncall-kb share. */
#ifndef KB_CMD_H
#define KB_CMD_H

#include <oncall/cli.h>
#include <oncall/kb.h>

/* Options that say which packs count; every command has them. */
struct kb_cmd_packs {
	struct cli_list files;
	bool no_default;
};
extern struct kb_cmd_packs cmd_packs;
/* clang-format off */
#define KB_PACK_OPTS \
	CLI_MANUAL("Packs"), \
	CLI_LIST(0, "pack", "FILE", &cmd_packs.files, "entries of that file, too"), \
	CLI_FLAG(0, "no-default-packs", &cmd_packs.no_default, "only packs named with --pack, and the store")
/* clang-format on */

/* What a command works on; kb_close() ends it, also when opening failed. */
struct kb_cmd {
	struct store *store;
	char *actor;
	struct kb *kb;
};
enum kb_cmd_mode {
	KB_CMD_READ,   /* a store that is not there is an empty one */
	KB_CMD_RECORD, /* the same, but what is there is written to */
	KB_CMD_CHANGE, /* made when needed; knows who changes */
};
int kb_cmd_open(struct kb_cmd *c, enum kb_cmd_mode mode, struct err *err)
	MUST_CHECK;
void kb_cmd_close(struct kb_cmd *c);
#define AUTO_KB_CMD CLEANUP(kb_cmd_close)

extern const struct cli_opt add_opts[], edit_opts[], show_opts[], list_opts[],
	remove_opts[], link_opts[], solution_opts[], pattern_opts[],
	match_opts[], test_opts[];

int add_run(int argc, char **argv, struct err *err);
int edit_run(int argc, char **argv, struct err *err);
int remove_run(int argc, char **argv, struct err *err);
int link_run(int argc, char **argv, struct err *err);
int undo_run(int argc, char **argv, struct err *err);

int solution_run(int argc, char **argv, struct err *err);
int pattern_run(int argc, char **argv, struct err *err);

int show_run(int argc, char **argv, struct err *err);
int list_run(int argc, char **argv, struct err *err);

int match_run(int argc, char **argv, struct err *err);
int test_run(int argc, char **argv, struct err *err);

extern const struct cli_opt check_opts[], optimize_opts[], stats_opts[];

int check_run(int argc, char **argv, struct err *err);
int optimize_run(int argc, char **argv, struct err *err);
int stats_run(int argc, char **argv, struct err *err);

extern const struct cli_opt export_opts[], import_opts[], reset_opts[];

int export_run(int argc, char **argv, struct err *err);
int import_run(int argc, char **argv, struct err *err);
int reset_run(int argc, char **argv, struct err *err);

extern const struct cli_opt learn_opts[], feedback_opts[], confidence_opts[],
	history_opts[], accept_opts[];

int learn_run(int argc, char **argv, struct err *err);
int feedback_run(int argc, char **argv, struct err *err);
int confidence_run(int argc, char **argv, struct err *err);
int history_run(int argc, char **argv, struct err *err);
int accept_run(int argc, char **argv, struct err *err);
int reject_run(int argc, char **argv, struct err *err);

#endif
