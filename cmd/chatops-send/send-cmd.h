/* send-cmd.h - what the parts of chatops-send share. */
#ifndef SEND_CMD_H
#define SEND_CMD_H

#include <oncall/cli.h>
#include <oncall/send.h>

#define KEY_MAX 1024 /* bytes of a message's key */

struct send_args {
	const char *to, *each, *title, *severity, *key, *render;
	const char *target, *status;
	int64_t wait, limit;
	bool text, check, flush, daemon, all;
};
extern struct send_args send_args;

/* ---- run.c: messages on their way through ---- */

struct run;

int run_open(struct run **ret, struct record_writer *out, struct err *err)
	MUST_CHECK;
void run_close(struct run *r);
struct send *run_send(struct run *r);
struct store *run_store(struct run *r);
void run_set_out(struct run *r, struct record_writer *out);
/* A record that stands in the outbox from the next round on. */
struct run_message {
	struct slice record; /* written when all is known */
	struct slice stored; /* a NULL ptr: the same */
	const char *key, *thread;
	bool call;
};
int run_add(struct run *r, const struct run_message *m, struct err *err)
	MUST_CHECK;
/* Any other record, which keeps its place. */
int run_pass(struct run *r, struct slice line, struct err *err) MUST_CHECK;
/* Until all was told. look: or until standard input has something to read. */
int run_settle(struct run *r, bool look, struct err *err) MUST_CHECK;
int run_status(const struct run *r);
/* Notes what became of one for the exit status, and says what went wrong. */
void run_note(int *status, size_t *reported, const struct send_delivery *d);

DEFINE_AUTO(struct run *, run_close, auto_run_)
#define AUTO_RUN CLEANUP(auto_run_)

/* ---- the ways to be called ---- */

int filter_messages(int argc, char **argv, struct err *err); /* filter.c */
int send_text(struct err *err);				     /* text.c */
int check_targets(int argc, char **argv, struct err *err);   /* look.c */
int render_messages(int argc, char **argv, struct err *err);
int flush_outbox(struct err *err); /* drain.c */
int drain_outbox(struct err *err);
int outbox_run(int argc, char **argv, struct err *err); /* outbox.c */

/* Of "a,b"; ended by NULL. */
char **split_names(const char *names);
void free_names(char **names);
/* Identity of a record: its key, or what it is made of. */
void message_key(const struct filter_record *rec, struct buf *out);

#endif
