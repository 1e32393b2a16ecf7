/*
 * kb-match.h - which entries say what this is. Four kinds of evidence become
 * one score, and all parts of it are shown:
 *
 *   pattern    how specific the expression is that matches, or 1 for the
 *              rule that the entry names
 *   text       how much of what the words tell is in the entry (search.h)
 *   structure  -1 to 1: service, category and tags agree or speak against it
 *   outcomes   -1 to 1: how often the entry was right before
 *
 *   found = 1 - (1 - 0.9 pattern) (1 - 0.7 text)
 *   score = found, moved towards 1 (what speaks for it) or 0 (against) by
 *           KB_MATCH_STRUCTURE structure, then KB_MATCH_OUTCOMES outcomes
 *
 * The best score is first; ties go to pattern, then text, then id.
 */
#ifndef ONCALL_KB_MATCH_H
#define ONCALL_KB_MATCH_H

#include <oncall/jscan.h>
#include <oncall/kb-index.h>

#define KB_MATCH_PATTERN   0.9
#define KB_MATCH_TEXT	   0.7
#define KB_MATCH_STRUCTURE 0.3
#define KB_MATCH_OUTCOMES  0.3
#define KB_MATCH_TOP	   5
#define KB_MATCH_MIN	   0.15
#define KB_MATCH_MAX	   100 /* entries that can be asked for */

/* What is asked about; texts may be empty. */
struct kb_question {
	struct buf title, text; /* text: messages, each on its line */
	struct buf service, category;
	struct buf tags;	     /* JSON array */
	struct knowledge_list rules; /* ids of patterns that detected it */
};

void kb_question_done(struct kb_question *q);
void kb_question_reset(struct kb_question *q);
#define AUTO_QUESTION CLEANUP(kb_question_done)
/* From an incident, a detection or a message. */
void kb_question_read(struct kb_question *q, const struct jscan *record);

struct kb_match_found {
	char *id, *title;
	double score;
	double pattern, text, structure, outcomes;
	double words, letters; /* the parts of text */
	bool by_rule, service, category;
	int64_t expr;	      /* of the entry's own and its rules', or -1 */
	char *matched;	      /* what the expression matched, or NULL */
	char *solutions;      /* JSON array for the record */
	char *solution_names; /* for people, or NULL */
	char *category_name;  /* of the entry, or NULL */
	/* Whether automation may use it again: NULL, or what is missing. */
	const char *not_reusable;
};

struct kb_match {
	struct kb_match_found *found;
	size_t count;
};

void kb_match_done(struct kb_match *m);
#define AUTO_MATCH CLEANUP(kb_match_done)

struct kb_match_options {
	size_t top;
	double min_score;
};

int kb_match(struct kb *kb, struct kb_index *index, const struct kb_question *q,
	     const struct kb_match_options *o, struct kb_match *ret,
	     struct err *err) MUST_CHECK;
/* Appends the JSON array that a record's "knowledge" is. */
void kb_match_write(struct buf *out, const struct kb_match *m);
/* For people: every part of every score in words. */
void kb_match_explain(struct buf *out, const struct kb_match *m);

#endif
