/*
 * triage-replay.h - what a policy would have decided about incidents of the
 * past, and whether that would have been right, as it came out.
 *
 * Each is decided about at the time when it was given the knowledge that is
 * kept of it: with its severity, tags and detections of then, entries that were
 * known, outcomes and actions of before. What the machine offers (paths,
 * programs) is as it is now.
 */
#ifndef ONCALL_TRIAGE_REPLAY_H
#define ONCALL_TRIAGE_REPLAY_H

#include <oncall/triage.h>

/*
 * Of a decision that has a first action, it is right when the action was
 * recorded to help that incident, and wrong when it did not, when something
 * else helped, or nothing was wrong; to call a person is right where that is
 * wrong, or where somebody found what is not offered. To ignore is right of
 * what was no trouble, and wrong of what was solved.
 */
enum replay_truth { REPLAY_RIGHT, REPLAY_WRONG, REPLAY_UNKNOWN };
extern const char *const replay_truth_names[]; /* ended by NULL */

struct replay_case { /* texts are borrowed */
	int64_t num, time;
	enum triage_decision decision, current;
	const char *action; /* the first, or NULL */
	enum replay_truth truth, current_truth;
};

struct triage_replay {
	/* current: of the policy in force, to compare with; the same as t when
	 * there is nothing to compare. */
	struct triager *t, *current;
	int64_t from, to; /* incidents that were opened in [from, to) */
	/* Not 0 stops and is returned. */
	int (*each)(void *arg, const struct replay_case *c, struct err *err);
	void *arg;
};

/* Simulated and merged incidents are left out; the oldest comes first. Sets the
 * clock, and at the end back to what it showed. */
int triage_replay(const struct triage_replay *what, struct err *err) MUST_CHECK;

#endif
