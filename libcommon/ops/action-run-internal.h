/*
 * action-run-internal.h - what the parts of action-run.h share: a list of steps
 * that is carried out, and calls as text for workers.
 */
#ifndef ACTION_RUN_INTERNAL_H
#define ACTION_RUN_INTERNAL_H

#include <oncall/action-run.h>
#include <oncall/http.h>

#define ACTION_RUN_TIMEOUT_MS 60000 /* where the action names none */
#define ACTION_SHOWN_MAX      400   /* bytes kept of what a check printed */

/* What carries out the steps of one call. */
struct action_runner {
	const struct action_call *call;
	struct http *http; /* made when first needed */
	pid_t *program; /* where its pid is to stand while it runs; or NULL */
	bool keeper;	/* this process keeps its programs itself */
	unsigned survivors; /* processes that could not be ended */
};

/* What came of some steps. */
struct action_result {
	bool ok;      /* all did as they should */
	bool began;   /* something was started or sent: it may have acted */
	bool whole;   /* the last one was begun as well */
	bool stopped; /* a clean stop or the deadline came between */
	char *reason; /* NULL when ok */
	char *note;   /* what is worth telling in any case; or NULL */
	int exit;     /* of the last command; -1: none ran */
	struct buf output;
	unsigned survivors;
};

void action_runner_init(struct action_runner *r, const struct action_call *c);
void action_runner_done(struct action_runner *r);
#define AUTO_ACTION_RUNNER CLEANUP(action_runner_done)

/* All in order, until one fails; repeatable: each request may be repeated. */
void action_run_steps(struct action_runner *r, const struct action_steps *steps,
		      int64_t timeout_ms, bool repeatable,
		      struct action_result *ret);
void action_result_done(struct action_result *r);
#define AUTO_ACTION_RESULT CLEANUP(action_result_done)

/* 1 it holds, 0 it does not, -1 a stop came before that was known. ret_shown
 * gets what it printed, ret_reason why it does not hold. */
int action_run_check(struct action_runner *r, const struct action_check *check,
		     char **ret_shown, char **ret_reason);
/* Pauses for all of that time, whatever wakes us; false: asked to stop. */
bool action_run_pause(int64_t ms);

/* A call with all that a run needs, as text, and back; also the secrets that
 * were remembered behind the first *known. Texts of what was read point into
 * the message, which is changed. -1: it is none. */
void action_call_write(struct buf *out, const struct action_call *c,
		       size_t *known);
struct action_message {
	struct action action;
	struct action_call call;
};
int action_call_read(struct action_message *ret, char *text, size_t len)
	MUST_CHECK;
void action_message_done(struct action_message *m);

#define ACTION_MESSAGE_MAX ((size_t)64 * 1024 * 1024)

/*
 * A worker, in a process that was just forked, with all signals blocked. To it
 * go the length of a call, "\n", the call; from it come "+", or "-" when it
 * ends now, the outcome as JSON, "\n". program is shared with who forked it.
 */
NORETURN void action_worker(int fd, pid_t parent, pid_t *program);

/* As action_carry_out(), by a runner that is there. */
void action_run_call(struct action_runner *r, struct action_outcome *ret);

/* Appends what something printed: without secrets, UTF-8 without NUL. */
void action_text_add(struct buf *out, struct slice raw);
/* The first and the last part of what is longer than max. */
char *action_text_shorten(struct slice text, size_t max);
/* Without blanks at its ends, cut with "..." at max. */
char *action_text_brief(struct slice text, size_t max);
/* The first line that is not blank. */
struct slice action_text_line(struct slice text);
/* Whether the expression matches somewhere in the text: 1, 0; -1 when that
 * cannot be told, with the reason. */
int action_text_matches(const char *expr, struct slice text, struct err *err)
	MUST_CHECK;

#endif
