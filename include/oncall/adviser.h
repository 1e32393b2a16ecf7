/*
 * adviser.h - asks a language model behind an endpoint as OpenAI has it. It is
 * told of an incident, redacted, and may name causes, steps for people, and one
 * of the actions that it is offered. What it answers is text that anybody may
 * have written: it is held against a schema, and all of it is dropped when any
 * of it does not fit.
 */
#ifndef ONCALL_ADVISER_H
#define ONCALL_ADVISER_H

#include <oncall/config.h>

#define ADVICE_CAUSES	5
#define ADVICE_STEPS	10
#define ADVICE_PARAMS	32
#define ADVICE_TEXT	((size_t)500)  /* bytes of a cause or step */
#define ADVICE_VALUE	((size_t)1000) /* bytes of a parameter's value */
#define ADVISER_ACTIONS 100	       /* that are offered */

struct adviser;

struct advice_cause {
	char *text;
	double score; /* 0 to 1 */
};

struct advice {
	struct advice_cause causes[ADVICE_CAUSES];
	size_t cause_count;
	char *action; /* NULL: none */
	char *params; /* JSON object of texts; with an action */
	char *steps[ADVICE_STEPS];
	size_t step_count;
};

void adviser_forget(struct advice *a);
#define AUTO_ADVICE CLEANUP(adviser_forget)

struct adviser_question {
	struct slice incident;	    /* JSON object of what is known */
	struct slice catalogue;	    /* JSON array that describes the actions */
	const char *const *actions; /* that may be named; ended by NULL */
};

/* NULL when it is not enabled. What is wrong with its configuration is said
 * when it is asked. */
struct adviser *adviser_new(const struct config *c);
void adviser_free(struct adviser *a);
const char *adviser_model(const struct adviser *a);
/* After several failures in a row it is not asked for a while. ERR_REMOTE,
 * ERR_USAGE or ERR_INPUT: why there is no advice. */
int adviser_ask(struct adviser *a, const struct adviser_question *q,
		struct advice *ret, struct err *err) MUST_CHECK;
/* What it was told to answer with; ERR_INPUT: it does not fit, and how. */
int adviser_read(struct slice content, const char *const *actions,
		 struct advice *ret, struct err *err) MUST_CHECK;

DEFINE_AUTO(struct adviser *, adviser_free, auto_adviser_)
#define AUTO_ADVISER CLEANUP(auto_adviser_)

#endif
