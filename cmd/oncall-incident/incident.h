/* incident.h - what the parts of oncall-incident share. */
#ifndef INCIDENT_CMD_H
#define INCIDENT_CMD_H

#include <oncall/cli.h>
#include <oncall/incident.h>
#include <oncall/payload.h>

extern const struct cli_opt open_opts[], list_opts[], watch_opts[], move_opts[],
	resolve_opts[], remove_opts[], feedback_opts[], false_positive_opts[],
	export_opts[], import_opts[], purge_opts[], show_opts[], silence_opts[],
	who_opts[], tick_opts[], stats_opts[], postmortem_opts[];

int open_run(int argc, char **argv, struct err *err);

/* What open --from works with. */
struct open_from {
	struct payload_source src;
	struct payload_store store;
	struct buf text; /* of the payload that has begun */
	int depth;	 /* brackets of it that are open */
};

int open_from_run(struct open_from *o, int argc, char **argv, struct err *err);

int list_run(int argc, char **argv, struct err *err);
int show_run(int argc, char **argv, struct err *err);
int watch_run(int argc, char **argv, struct err *err);
int explain_run(int argc, char **argv, struct err *err);

int ack_run(int argc, char **argv, struct err *err);
int investigate_run(int argc, char **argv, struct err *err);
int mitigate_run(int argc, char **argv, struct err *err);
int resolve_run(int argc, char **argv, struct err *err);
int close_run(int argc, char **argv, struct err *err);
int reopen_run(int argc, char **argv, struct err *err);
int assign_run(int argc, char **argv, struct err *err);
int note_run(int argc, char **argv, struct err *err);
int tag_run(int argc, char **argv, struct err *err);
int link_run(int argc, char **argv, struct err *err);
int severity_run(int argc, char **argv, struct err *err);
int merge_run(int argc, char **argv, struct err *err);
int feedback_run(int argc, char **argv, struct err *err);
int false_positive_run(int argc, char **argv, struct err *err);

int export_run(int argc, char **argv, struct err *err);
int import_run(int argc, char **argv, struct err *err);
int purge_run(int argc, char **argv, struct err *err);

int silence_run(int argc, char **argv, struct err *err);
int silence_list(bool ended, struct record_writer *out, struct err *err);

int tick_run(int argc, char **argv, struct err *err);
int who_run(int argc, char **argv, struct err *err);
int heartbeat_run(int argc, char **argv, struct err *err);

int postmortem_run(int argc, char **argv, struct err *err);
int stats_run(int argc, char **argv, struct err *err);

/* Opens the store of the command line. */
int open_store(struct store **ret, enum store_mode mode, struct err *err);
/* The statuses, as --status takes them, with "all" before. */
extern const char *const status_choices[];

#endif
