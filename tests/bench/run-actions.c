/* Carries out COUNT calls of a program through WORKERS workers, and prints how
 * many seconds that took.
 *
 *   run-actions COUNT WORKERS PROGRAM [ARGUMENT...] */
#include <oncall/action-run.h>
#include <oncall/cli.h>
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <stdio.h>

static int await_one(struct action_workers *w, struct err *err)
{
	AUTO_ACTION_OUTCOME struct action_outcome outcome;
	void *tag;
	int rc = action_workers_wait(w, &tag, &outcome, err);

	if (rc == 1 && outcome.verdict != VERDICT_RAN_UNVERIFIED)
		return err_set(err, ERR_SYSTEM, "%s",
			       outcome.reason ? outcome.reason : "it failed");
	return rc;
}

static int run_all(struct action_workers *w, const struct action_call *call,
		   int64_t count, struct err *err)
{
	int rc = 1;

	for (int64_t i = 0; i < count; i++) {
		while (!action_workers_free_one(w))
			if (await_one(w, err) != 1)
				return -1;
		if (action_workers_start(w, call, NULL, err))
			return -1;
	}
	while (rc == 1)
		rc = await_one(w, err);
	return rc;
}

int main(int argc, char **argv)
{
	char id[] = "bench";
	const struct action action = {.id = id, .timeout_ms = 10000};
	struct action_step step = {.kind = ACTION_COMMAND};
	struct action_call call = {.action = &action};
	struct action_workers *w;
	struct err err = ERR_INIT;
	int64_t count, workers, start;

	if (argc < 4 || cli_parse_int(argv[1], 1, 1000000, &count, &err) ||
	    cli_parse_int(argv[2], 1, 64, &workers, &err)) {
		(void)fputs("usage: run-actions COUNT WORKERS PROGRAM\n",
			    stderr);
		return 2;
	}
	step.argv = argv + 3;
	call.run = (struct action_steps){&step, 1};
	w = action_workers_new((size_t)workers);
	start = clock_mono();
	if (run_all(w, &call, count, &err)) {
		(void)fprintf(stderr, "run-actions: %s\n", err.text);
		return 1;
	}
	(void)printf("%.3f\n", (double)(clock_mono() - start) / 1000);
	action_workers_free(w);
	return 0;
}
