/* action-run-check.c - checks, which may be repeated until they hold. */
#include "action-run-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#define CHECK_EVERY_MS 2000 /* where the check names none */
#define CHECK_LEAST_MS 10   /* between two looks, whatever it names */

/* What a check printed; where it printed nothing, how it ended. */
static char *shown(const struct action_result *res)
{
	char *text =
		action_text_brief(buf_slice(&res->output), ACTION_SHOWN_MAX);

	if (*text)
		return text;
	free(text);
	if (res->exit < 0)
		return NULL;
	return mem_printf("exit status %d", res->exit);
}

static char *why_not(const struct action_check *check,
		     const struct action_result *res)
{
	char age[32];

	if (check->within_ms <= 0)
		return mem_dup(res->reason);
	when_format_duration(age, check->within_ms);
	return mem_printf("%s (tried for %s)", res->reason, age);
}

/* One look; within the time that is left where there is a limit, so that a
 * check that hangs does not take longer than it may. */
static int look(struct action_runner *r, const struct action_check *check,
		int64_t left, char **ret_shown, char **ret_reason)
{
	AUTO_ACTION_RESULT struct action_result res = {.exit = -1};
	int64_t timeout = r->call->action->timeout_ms;

	if (check->within_ms > 0)
		timeout = left;
	action_run_steps(r, &check->steps, timeout, true, &res);
	free(*ret_shown);
	free(*ret_reason);
	*ret_shown = shown(&res);
	*ret_reason = res.ok ? NULL : why_not(check, &res);
	if (res.ok)
		return 1;
	return signals_stop() ? -1 : 0;
}

int action_run_check(struct action_runner *r, const struct action_check *check,
		     char **ret_shown, char **ret_reason)
{
	int64_t every = check->every_ms > 0 ? check->every_ms : CHECK_EVERY_MS;
	int64_t end = clock_mono() + check->within_ms;
	int64_t left = check->within_ms;
	int holds;

	if (every < CHECK_LEAST_MS)
		every = CHECK_LEAST_MS;
	*ret_shown = *ret_reason = NULL;
	for (;;) {
		holds = look(r, check, left, ret_shown, ret_reason);
		left = end - clock_mono() - every;
		if (holds || left <= 0)
			return holds;
		if (!action_run_pause(every))
			return -1;
		left = end - clock_mono();
		if (left <= 0)
			return 0;
	}
}
