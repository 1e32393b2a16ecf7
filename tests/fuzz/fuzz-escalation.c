/* fuzz-escalation.c - steps of policies from any bytes: what is read is due at
 * times that do not fall, and says whom it calls, or why it does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oncall/mem.h>
#include <oncall/when.h>

#include "../../libcommon/conf/config-internal.h"
#include "../../libcommon/ops/escalation-internal.h"
#include "fuzz.h"

#define SIZE_MAX_HERE 2048 /* bytes: a longer step is refused */
#define ROUNDS	      3
#define TIMES	      20 /* that a step without an end is done */
#define BEGAN	      INT64_C(1795168800000)

static void must(bool good, const char *what)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-escalation: %s\n", what);
		abort();
	}
}

static void look_at_times(const struct escalation_policy *p)
{
	const struct escalation_step *s = &p->steps[0];
	int64_t last = BEGAN, done = 0, due;

	must(s->after >= 0 && s->every >= 0, "a step in the past");
	must(!s->again == !s->every, "a step that repeats without a time");
	while (done < TIMES &&
	       (due = escalation_due(p, 0, done, BEGAN)) != WHEN_NONE) {
		must(due >= last, "times that fall");
		last = due;
		done++;
	}
	must(s->again != ESCALATION_ENDLESS || done == TIMES,
	     "an end of what has none");
	if (s->again >= 0 && (s->again + 1) * (ROUNDS + 1) <= TIMES)
		must(done == (s->again + 1) * (ROUNDS + 1),
		     "a step that is done too often");
}

static void look_at_call(const struct escalation *e,
			 const struct escalation_policy *p)
{
	AUTO_ESCALATION_CALL struct escalation_call call = {.count = 0};
	struct escalation_facts f = {.began = BEGAN,
				     .now = BEGAN,
				     .incidents = 1,
				     .times = 5,
				     .assignee = "ana"};
	struct err err = ERR_INIT;

	must(escalation_call(e, p, 0, &f, &call, &err) == 0, "no call");
	must(call.why && *call.why, "a call without a reason");
	must(!call.put_off || (call.put_off > BEGAN && !call.count),
	     "a step that is put off and calls");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config *c;
	struct config_sources none = {.etc = NULL};
	char *text = NULL;
	struct escalation_step step;
	struct escalation_policy p = {.name = (char[]){"p"},
				      .steps = &step,
				      .step_count = 1,
				      .repeat = ROUNDS,
				      .every = 100 * 366 * WHEN_DAY};
	struct escalation e = {.policies = &p, .count = 1};
	struct err err = ERR_INIT;

	if (!c) {
		(void)!config_load_with(&c, config_schema, &none, &err);
	}
	must(c != NULL, "no configuration");
	e.config = c;
	if (!size || size > SIZE_MAX_HERE || memchr(data, '\0', size))
		return 0;
	text = mem_dup_bytes((const char *)data, size);
	if (escalation_step_read(&step, text, "UTC", &err) < 0) {
		must(err.kind == ERR_USAGE && *err.text, "a silent error");
	} else {
		must(!strcmp(step.text, text) && step.to.count,
		     "a step that is another one");
		look_at_times(&p);
		look_at_call(&e, &p);
	}
	escalation_step_done(&step);
	free(text);
	return 0;
}
