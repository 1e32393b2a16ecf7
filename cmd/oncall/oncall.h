/* oncall.h - what the parts of the front door share. */
#ifndef ONCALL_CMD_H
#define ONCALL_CMD_H

#include <oncall/cli.h>
#include <oncall/show.h>
#include <oncall/store.h>

extern const struct cli_command commands[];
extern const struct cli_opt init_opts[], vote_opts[], doctor_opts[],
	tick_opts[];

/* The places that init, doctor and tick are told, who load nothing beforehand.
 */
extern const char *config_option, *store_option;
/* Loads the configuration that these options mean. */
int load_config(struct config **ret, struct err *err) MUST_CHECK;

int init_run(int argc, char **argv, struct err *err);
int config_run(int argc, char **argv, struct err *err);
int status_run(int argc, char **argv, struct err *err);
int approve_run(int argc, char **argv, struct err *err);
int deny_run(int argc, char **argv, struct err *err);
int doctor_run(int argc, char **argv, struct err *err);
int tick_run(int argc, char **argv, struct err *err);
int help_run(int argc, char **argv, struct err *err);

/* The path of a program, from our own folder or those of PATH, which the caller
 * frees; or NULL. */
char *program_path(const char *file);
/* Becomes the program oncall-NAME, NAME being the first argument. */
int program_run(int argc, char **argv, struct err *err);

/* ---- what doctor finds ---- */

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct findings;

/* One row; the text may hold anything, secrets are taken out. */
void found(struct findings *f, enum finding finding, const char *what,
	   const char *fmt, ...) PRINTF_LIKE(4, 5);
/* A failure, whose kind counts for the exit status; clears err. */
void found_error(struct findings *f, const char *what, struct err *err);

void doctor_store(struct findings *f, const struct config *c);
/* The roster, and what calls people by it. */
void doctor_calls(struct findings *f, const struct config *c);
/* Who may read the files that they stand in. */
void doctor_secrets(struct findings *f, const struct config *c);
void doctor_libraries(struct findings *f);

#endif
