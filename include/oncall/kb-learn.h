/*
 * kb-learn.h - what is learned from incidents that are over: an outcome for
 * the entry that was found for it and names the solution, or a proposal of a
 * new entry, with expressions made from the incident's messages.
 */
#ifndef ONCALL_KB_LEARN_H
#define ONCALL_KB_LEARN_H

#include <oncall/kb-index.h>

enum kb_lesson_kind {
	KB_LESSON_NONE,	    /* it teaches nothing, or did so already */
	KB_LESSON_OUTCOME,  /* of an entry that was there */
	KB_LESSON_PROPOSED, /* a new entry waits, or is used (learning.auto) */
	KB_LESSON_LATER,    /* enough was proposed today */
};

struct kb_lesson {
	enum kb_lesson_kind kind;
	char *entry;	 /* or NULL */
	const char *why; /* of NONE: a reason for people */
};

void kb_lesson_done(struct kb_lesson *l);
#define AUTO_LESSON CLEANUP(kb_lesson_done)

/*
 * One incident of the store, in one transaction; the same one again changes
 * nothing, until it is reopened. The outcome is that of the person who named
 * the solution; a program's counts only for the first entry, and only when
 * automation might use that one again ("reuse" in its knowledge). index finds
 * entries for an incident that was never matched; NULL: none are found.
 */
int kb_learn(struct kb *kb, struct kb_index *index, int64_t incident,
	     struct kb_lesson *ret, struct err *err) MUST_CHECK;
/* The incidents that are over and wait for kb_learn(), as int64_t, the oldest
 * first. */
int kb_learn_pending(struct kb *kb, struct buf *nums, struct err *err)
	MUST_CHECK;

#endif
