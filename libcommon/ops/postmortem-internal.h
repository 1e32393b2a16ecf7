/* postmortem-internal.h - what the parts of postmortem share. */
#ifndef ONCALL_POSTMORTEM_INTERNAL_H
#define ONCALL_POSTMORTEM_INTERNAL_H

#include <oncall/postmortem.h>

#include <oncall/jscan.h>
#include <oncall/when.h>

#define POSTMORTEM_GAP	    (15 * WHEN_MINUTE)
#define POSTMORTEM_TEXT_MAX 2000 /* bytes of one text that are shown */
#define POSTMORTEM_CODE_MAX 20	 /* lines of one that has several */
#define POSTMORTEM_LIST_MAX 100	 /* elements of a list in a record */

/* What an entry does to the wait for a person. */
enum postmortem_effect {
	POSTMORTEM_NOTHING,
	POSTMORTEM_CALLS, /* somebody has to come */
	POSTMORTEM_CALMS, /* nobody has to, or somebody has */
};

/* A row of the timeline. */
struct postmortem_entry {
	int64_t time;
	size_t order;	      /* of those that have the same time */
	struct buf who, what; /* Markdown */
	enum postmortem_effect effect;
	bool mark;   /* nobody did anything: it ends no gap */
	int64_t gap; /* nothing happened for so long before it, or 0 */
};

struct postmortem {
	struct store *store;
	struct incident inc;
	char id[INCIDENT_ID];
	struct postmortem_entry *entries; /* in the order of time */
	size_t count, cap;
	int64_t last_gap; /* behind the last one, or 0 */
	int64_t reopened; /* how often */
};

/* ---- text that nobody vouches for ---- */

/* Appends it as Markdown of one line, in which nothing is markup: neither
 * links nor HTML, nor the end of a cell; at most POSTMORTEM_TEXT_MAX bytes. */
void postmortem_text(struct buf *out, struct slice text);
/* The same, all of it in the type of code. */
void postmortem_mono(struct buf *out, struct slice text);
/* Appends the head of a text of several lines as a block of code, a blank line
 * before and behind; it must not follow a list. */
void postmortem_code(struct buf *out, struct slice text);
/* A link that can be followed when it is a plain http or https address. */
void postmortem_link(struct buf *out, struct slice url);

void postmortem_time(struct buf *out, int64_t ms); /* "-" for WHEN_NONE */
void postmortem_span(struct buf *out, int64_t ms);

/* The text of a member into out, which is emptied; false: there is none. */
bool postmortem_member(const struct jscan *scan, const char *key,
		       struct buf *out);
/* Calls each for the elements of a JSON array; objects come scanned. */
void postmortem_each(struct slice array,
		     void (*each)(void *arg, struct slice item,
				  const struct jscan *object),
		     void *arg);

/* ---- facts ---- */

/* Fills p->entries. */
int postmortem_load(struct postmortem *p, struct err *err) MUST_CHECK;

/* A message about the incident. */
struct postmortem_message {
	struct buf to, reason, title;
	struct slice status, why;
	int64_t made;
};
int postmortem_messages(struct postmortem *p,
			void (*each)(void *arg,
				     const struct postmortem_message *m),
			void *arg, struct err *err) MUST_CHECK;

/* An action for the incident. */
struct postmortem_action {
	struct slice id, name, target, status, verdict, reason, actor, decision,
		approval, undo_of, undone, outcome;
	int64_t requested, started, ended;
};
int postmortem_actions(struct postmortem *p,
		       int (*each)(void *arg, const struct postmortem_action *a,
				   struct err *err),
		       void *arg, struct err *err) MUST_CHECK;

/* ---- sections: each appends Markdown that ends in a line end ---- */

typedef int postmortem_section(struct postmortem *p, struct buf *out,
			       struct err *err);
postmortem_section postmortem_summary, postmortem_figures, postmortem_timeline,
	postmortem_detections, postmortem_told, postmortem_approvals,
	postmortem_acts, postmortem_outcome, postmortem_knowledge,
	postmortem_links, postmortem_questions;

/* The section of that name, or NULL. */
postmortem_section *postmortem_find(struct slice name);
/* Appends a section between its marks. */
int postmortem_marked(struct postmortem *p, struct slice name, struct buf *out,
		      struct err *err) MUST_CHECK;
#define POSTMORTEM_HASH 17 /* hex digits of a section's hash, and a NUL */
void postmortem_hash(struct slice body, char out[POSTMORTEM_HASH]);

#endif
