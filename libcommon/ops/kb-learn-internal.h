/* kb-learn-internal.h - what is known about an incident that is over. */
#ifndef KB_LEARN_INTERNAL_H
#define KB_LEARN_INTERNAL_H

#include <oncall/incident.h>
#include <oncall/kb-learn.h>

struct kb_learn_facts {
	struct incident inc;
	char id[INCIDENT_ID];
	char *solution;	      /* what people or programs say has helped */
	char *actor;	      /* who said so */
	bool machine, failed; /* failed: it was tried, and did not help */
	struct knowledge_list messages; /* each once */
};

void kb_learn_facts_done(struct kb_learn_facts *f);
int kb_learn_facts(struct store *s, int64_t num, struct kb_learn_facts *ret,
		   struct err *err) MUST_CHECK;
/* Adds the messages of detections, a JSON array of records. */
void kb_learn_messages(struct knowledge_list *to, struct slice records);
/* Messages of incidents with another fingerprint, the latest ones, without
 * those that differ from ours in values only. */
int kb_learn_others(struct store *s, const struct kb_learn_facts *f,
		    struct knowledge_list *ret, struct err *err) MUST_CHECK;
void kb_learn_list_done(struct knowledge_list *l);

/* Proposes an entry, or adds what is new to the proposal that is there. */
int kb_learn_propose(struct kb *kb, const struct kb_learn_facts *f,
		     struct kb_lesson *ret, struct err *err) MUST_CHECK;

#endif
