/*
 * action-run.c - check before, run, settle, check after, rollback; and the one
 * verdict that comes of it.
 *
 * A check after decides, not the exit status: where it holds, all is well
 * although a program complained. Only when steps were left out does it not:
 * what holds then may have held all the time.
 */
#include "action-run-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

#define RETRIES_MAX    10
#define BACKOFF_MS     1000 /* doubled each time, with up to half as much more */
#define BACKOFF_MAX_MS 60000

static void outcome_begin(struct action_outcome *o)
{
	*o = (struct action_outcome){.exit = -1, .attempts = 1};
	o->started = clock_now();
}

/* Takes the reason. It may repeat arguments and URLs, so that secrets are taken
 * out of it as of all else. */
static void conclude(struct action_outcome *o, enum action_verdict verdict,
		     char *reason)
{
	AUTO_BUF struct buf text = BUF_INIT;

	o->verdict = verdict;
	free(o->reason);
	o->reason = NULL;
	if (reason) {
		action_text_add(&text, slice_of(reason));
		o->reason = buf_take(&text);
	}
	free(reason);
}

static int64_t timeout_of(const struct action_runner *r)
{
	return r->call->action->timeout_ms;
}

static void roll_back(struct action_runner *r, struct action_outcome *o)
{
	AUTO_ACTION_RESULT struct action_result res = {.exit = -1};
	AUTO_BUF struct buf text = BUF_INIT;

	if (!r->call->rollback.count)
		return;
	action_run_steps(r, &r->call->rollback, timeout_of(r), false, &res);
	action_text_add(&text, slice_of(res.ok ? "done" : res.reason));
	o->rollback = buf_take(&text);
}

/* False: it does not hold, and nothing is to run. */
static bool check_before(struct action_runner *r, struct action_outcome *o)
{
	AUTO_FREE char *reason = NULL;
	int holds;

	if (!r->call->before.steps.count)
		return true;
	holds = action_run_check(r, &r->call->before, &o->before, &reason);
	if (holds > 0)
		return true;
	o->stopped = holds < 0;
	if (o->stopped)
		conclude(o, VERDICT_NOT_STARTED,
			 mem_dup("asked to stop during the check before"));
	else
		conclude(o, VERDICT_FAILED_BEFORE_CHANGE,
			 mem_printf("the check before does not hold: %s",
				    reason));
	return false;
}

/* As action_run_check(), once it has settled. */
static int check_after(struct action_runner *r, struct action_outcome *o,
		       char **ret_reason)
{
	*ret_reason = NULL;
	if (!action_run_pause(r->call->action->settle_ms))
		return -1;
	return action_run_check(r, &r->call->after, &o->after, ret_reason);
}

/* Something was changed, or may have been, and not all went well. */
static void judge_failed(struct action_runner *r, struct action_outcome *o,
			 const struct action_result *res)
{
	AUTO_FREE char *reason = NULL;
	int holds = -1;

	if (r->call->after.steps.count && res->whole && !signals_stop())
		holds = check_after(r, o, &reason);
	if (holds > 0) {
		conclude(o, VERDICT_VERIFIED_FIXED,
			 mem_printf("%s, but the check after holds",
				    res->reason));
		return;
	}
	conclude(o, VERDICT_FAILED_DURING_CHANGE,
		 mem_printf("%s%s%s", res->reason,
			    reason ? "; the check after does not hold: " : "",
			    reason ? reason : ""));
	roll_back(r, o);
}

static void judge_done(struct action_runner *r, struct action_outcome *o)
{
	AUTO_FREE char *reason = NULL;
	int holds;

	if (!r->call->after.steps.count) {
		conclude(o, VERDICT_RAN_UNVERIFIED,
			 mem_dup("it declares no check after"));
		return;
	}
	holds = check_after(r, o, &reason);
	if (holds > 0) {
		conclude(o, VERDICT_VERIFIED_FIXED, NULL);
	} else if (holds < 0) {
		o->stopped = true;
		conclude(o, VERDICT_RAN_UNVERIFIED,
			 mem_dup("asked to stop before the check after told"));
	} else {
		conclude(o, VERDICT_RAN_INEFFECTIVE,
			 mem_printf("the check after does not hold: %s",
				    reason));
		roll_back(r, o);
	}
}

/* What a run leaves in the outcome whatever its verdict will be. */
static void keep(struct action_runner *r, struct action_outcome *o,
		 const struct action_result *res)
{
	o->exit = res->exit;
	o->stopped = res->stopped;
	free(o->output);
	o->output = NULL;
	if (res->output.len)
		o->output = action_text_shorten(buf_slice(&res->output),
						ACTION_OUTPUT_MAX);
	r->survivors += res->survivors;
}

static void judge(struct action_runner *r, struct action_outcome *o,
		  const struct action_result *res)
{
	if (res->ok)
		judge_done(r, o);
	else if (res->began)
		judge_failed(r, o, res);
	else
		conclude(o,
			 signals_stop() ? VERDICT_NOT_STARTED
					: VERDICT_FAILED_BEFORE_CHANGE,
			 mem_dup(res->reason));
	if (res->note && o->reason)
		conclude(o, o->verdict,
			 mem_printf("%s; %s", o->reason, res->note));
}

static void carry_out_once(struct action_runner *r, struct action_outcome *o)
{
	AUTO_ACTION_RESULT struct action_result res = {.exit = -1};

	if (!check_before(r, o))
		return;
	action_run_steps(r, &r->call->run, timeout_of(r), false, &res);
	keep(r, o, &res);
	judge(r, o, &res);
}

/* False: asked to stop. */
static bool back_off(int attempt)
{
	int64_t ms = BACKOFF_MS;
	uint32_t random;

	for (int i = 1; i < attempt && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	clock_random(&random, sizeof(random));
	return action_run_pause(ms + (int64_t)(random % (uint64_t)(ms / 2)));
}

void action_run_call(struct action_runner *r, struct action_outcome *ret)
{
	int64_t retries = r->call->action->retries;
	int64_t started;
	int attempt = 1;

	outcome_begin(ret);
	started = ret->started;
	for (;;) {
		carry_out_once(r, ret);
		if (ret->verdict != VERDICT_FAILED_BEFORE_CHANGE ||
		    attempt > retries || attempt > RETRIES_MAX)
			break;
		if (!back_off(attempt)) {
			ret->stopped = true;
			break;
		}
		attempt++;
		action_outcome_done(ret);
		outcome_begin(ret);
	}
	ret->started = started;
	ret->attempts = attempt;
	ret->ended = clock_now();
}

void action_carry_out(const struct action_call *c, struct action_outcome *ret)
{
	AUTO_ACTION_RUNNER struct action_runner r;

	action_runner_init(&r, c);
	action_run_call(&r, ret);
}

int action_recheck(const struct action_call *c, struct action_outcome *ret)
{
	AUTO_ACTION_RUNNER struct action_runner r;
	AUTO_FREE char *reason = NULL;
	int holds = -1;

	action_runner_init(&r, c);
	outcome_begin(ret);
	if (c->after.steps.count)
		holds = action_run_check(&r, &c->after, &ret->after, &reason);
	if (holds > 0) {
		conclude(ret, VERDICT_VERIFIED_FIXED, NULL);
	} else if (holds == 0) {
		conclude(ret, VERDICT_RAN_INEFFECTIVE,
			 mem_printf("the check after does not hold: %s",
				    reason));
	} else {
		ret->stopped = c->after.steps.count > 0;
		conclude(ret, VERDICT_RAN_UNVERIFIED,
			 mem_dup(ret->stopped
					 ? "asked to stop before the check "
					   "after told"
					 : "it declares no check after"));
	}
	ret->ended = clock_now();
	return holds;
}

void action_roll_back(const struct action_call *c, struct action_outcome *ret)
{
	AUTO_ACTION_RUNNER struct action_runner r;
	AUTO_ACTION_RESULT struct action_result res = {.exit = -1};
	AUTO_BUF struct buf text = BUF_INIT;

	action_runner_init(&r, c);
	outcome_begin(ret);
	if (!c->rollback.count) {
		conclude(ret, VERDICT_NOT_STARTED,
			 mem_dup("it declares no rollback"));
	} else {
		action_run_steps(&r, &c->rollback, timeout_of(&r), false, &res);
		keep(&r, ret, &res);
		if (res.ok)
			conclude(ret, VERDICT_RAN_UNVERIFIED,
				 mem_dup("rolled back; nothing checks that"));
		else
			conclude(ret,
				 res.began ? VERDICT_FAILED_DURING_CHANGE
					   : VERDICT_FAILED_BEFORE_CHANGE,
				 mem_dup(res.reason));
		action_text_add(&text, slice_of(res.ok ? "done" : ret->reason));
		ret->rollback = buf_take(&text);
	}
	ret->ended = clock_now();
}
