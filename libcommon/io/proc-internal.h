/*
 * proc-internal.h - what the parts of proc share.
 *
 *   caller -- keeper -- program -- whatever the program starts
 *
 * The keeper is a fork of the caller, with nothing of the caller open. It is
 * the child subreaper, so that everything the program starts has the keeper as
 * an ancestor for as long as it lives: the family is exactly what descends from
 * the keeper, other children of the caller are never in it, and when the
 * keeper has no child left, none of the family is left.
 *
 * The keeper tells what happens in notes through a pipe. It ends the family
 * when the other pipe, the leash, is closed: by the caller at the deadline, or
 * by the kernel when the caller was killed.
 *
 * A caller that has no other child may be the keeper itself (`here` of struct
 * proc_options): the same work is done between its reads.
 */
#ifndef ONCALL_PROC_INTERNAL_H
#define ONCALL_PROC_INTERNAL_H

#include <oncall/proc.h>
#include <sys/types.h>

#define PROC_SETTLE_MS	   100	/* what the program leaves may end by itself */
#define PROC_KILL_EVERY_MS 10	/* between two rounds of KILL */
#define PROC_GIVE_UP_MS	   3000 /* of KILL, until survivors are reported */
#define PROC_FD_REPORT	   3	/* where the keeper has its pipes */
#define PROC_FD_LEASH	   4

/* What was being done when a program could not be started. */
enum proc_stage {
	PROC_STAGE_KEEPER,
	PROC_STAGE_FORK,
	PROC_STAGE_USER,
	PROC_STAGE_DIR,
	PROC_STAGE_LIMITS,
	PROC_STAGE_EXEC,
};

enum proc_note_kind {
	PROC_NOTE_STARTED,   /* value: pid of the program */
	PROC_NOTE_FAILED,    /* value: errno; with the stage */
	PROC_NOTE_ENDED,     /* value: wait status of the program */
	PROC_NOTE_LEFT,	     /* processes outlived the program */
	PROC_NOTE_SURVIVORS, /* value: how many KILL could not end */
};

/* Smaller than PIPE_BUF: always written and read whole. */
struct proc_note {
	enum proc_note_kind kind;
	enum proc_stage stage;
	int value;
};

/* All that the child needs, made before the fork. */
struct proc_plan {
	char *path;
	char **argv; /* the array is ours, the strings are the caller's */
	char **env;
	const char *dir;
	bool switch_user;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int group_count;
	struct proc_limits limits;
	mode_t umask;
	int64_t grace_ms;
	int input; /* the child's ends, or -1 */
	int output[2];
	int report;
	int leash;
	pid_t *started; /* as in struct proc_options */
};

int proc_plan_make(struct proc_plan *plan, const struct proc_options *opt,
		   struct err *err) MUST_CHECK;
void proc_plan_shut(struct proc_plan *plan); /* the child's ends */
void proc_plan_done(struct proc_plan *plan);
void proc_shut(int *fd); /* closes it and sets it to -1 */

enum proc_phase {
	PROC_PHASE_RUN,	   /* the program runs */
	PROC_PHASE_SETTLE, /* it ended; others may be ending too */
	PROC_PHASE_TERM,   /* all were asked to end */
	PROC_PHASE_KILL,
};

/* The work of a keeper, whichever process does it. */
struct proc_keep {
	enum proc_phase phase;
	pid_t self;
	pid_t program;
	bool ended;    /* the program did */
	bool leashed;  /* cleared by who wants the family to end */
	bool told;     /* survivors were reported */
	int64_t until; /* end of the phase, or when to report survivors */
	int64_t grace_ms;
	int children; /* signalfd, or -1: readable when a child has ended */
	void (*tell)(void *arg, const struct proc_note *note);
	void *arg;
};

/* Everything below may run after a fork and calls only what is safe there. */

NORETURN void proc_keeper(const struct proc_plan *plan);
/* Makes this process the child subreaper; SIGCHLD must be blocked from here on.
 * -1 with errno. */
int proc_keep_init(struct proc_keep *k, int64_t grace_ms) MUST_CHECK;
/* Starts the program; false, and told, when that failed. */
bool proc_keep_start(struct proc_keep *k, const struct proc_plan *plan);
/* Reaps and does what is due; false when no child is left. */
bool proc_keep_turn(struct proc_keep *k);
/* Milliseconds until something is due, -1: nothing. */
int proc_keep_pause(const struct proc_keep *k);
void proc_keep_hear(const struct proc_keep *k); /* empties the signalfd */

/* The child's pid; -1 and why when there is none. All signals are blocked. */
pid_t proc_spawn(const struct proc_plan *plan, struct proc_note *ret_failure);
/* The descriptors become 0, 1, 2 ...; those from PROC_FD_REPORT on are not for
 * programs. All others are closed. -1 with errno. */
int proc_place_fds(int *fds, size_t count) MUST_CHECK;

/*
 * Sends a signal to every process that descends from root or belongs to the
 * session; returns how many live ones there were. The session is also the
 * process group of the program, which KILL reaches at one blow.
 */
int proc_family_signal(pid_t root, pid_t session, int signo);

/* The first and the last part of a stream. */
struct proc_capture {
	char *head;
	size_t head_len;
	size_t head_max;
	char *tail; /* a ring */
	size_t tail_at;
	size_t tail_len;
	size_t tail_max;
	uint64_t total;
};

void proc_capture_init(struct proc_capture *c, size_t max);
void proc_capture_add(struct proc_capture *c, const char *p, size_t n);
void proc_capture_finish(struct proc_capture *c, struct proc_output *ret);
void proc_capture_done(struct proc_capture *c);

#endif
