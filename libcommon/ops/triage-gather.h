/* triage-gather.h - what triage reads from a record before it judges: the
 * incident, what is known about it, and the values for templates. */
#ifndef ONCALL_TRIAGE_GATHER_H
#define ONCALL_TRIAGE_GATHER_H

#include "triage-internal.h"

#define TRIAGE_KNOWN_MAX  10 /* entries of "knowledge" that are looked at */
#define TRIAGE_CAUSES_MAX 8
#define TRIAGE_TEXT_MAX	  ((size_t)4096) /* bytes of a text that is shown */

/* An item of "knowledge". */
struct triage_known {
	char *id, *title, *not_reusable;
	double score;
	bool by_rule, service, category;
	struct slice solutions; /* JSON array of the record, or a NULL ptr */
	struct knowledge_entry entry; /* of the knowledge base... */
	bool found;		      /* ...which knows it */
};

struct triage_input {
	const struct jscan *record;
	struct triage_subject subject;
	char *id, *title, *service, *host, *category, *pattern;
	char *message;		     /* of the newest detection */
	struct jscan fields, labels; /* of it, and of the incident */
	int64_t began;		     /* what came later is no cause */
	bool over;		     /* resolved or closed, here or by now */
	struct triage_known known[TRIAGE_KNOWN_MAX];
	size_t known_count;
};

int triage_read(struct triager *t, const struct jscan *record,
		struct triage_input *ret, struct err *err) MUST_CHECK;
void triage_input_done(struct triage_input *in);
#define AUTO_INPUT CLEANUP(triage_input_done)
/* The text of a member, which the caller frees; NULL when it is no text, or an
 * empty one. */
char *triage_member(const struct jscan *scan, const char *name);

/*
 * Fills the templates in params, a JSON object. ret_untrusted: a JSON array of
 * the names whose values took text from the record; with all, of all. 1: a
 * value is missing or a template is wrong, and ret_why says so.
 */
int triage_fill(const struct triage_input *in, const char *environment,
		struct slice params, bool all, struct triage_action *ret,
		char **ret_why);

/* Adds what may be the cause to ret, the likeliest first. */
int triage_causes(struct triager *t, const struct triage_input *in,
		  struct triage *ret, struct err *err) MUST_CHECK;
/* Adds one; texts are copied. */
void triage_add_cause(struct triage *ret, double score, const char *from,
		      const char *ref, const char *text);
/* Best first, each once, no more than TRIAGE_CAUSES_MAX. */
void triage_sort_causes(struct triage *ret);

/* Asks the adviser, and adds what it says to what was decided. */
void triage_advise(struct triager *t, const struct triage_input *in,
		   struct triage *ret);

#endif
