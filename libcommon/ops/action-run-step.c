/* action-run-step.c - carries out the steps of a call, one after the other. */
#include "action-run-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/proc.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#define SHELL		"/bin/sh"
#define STEP_OUTPUT_MAX PROC_OUTPUT_MAX	      /* what expect sees of a stream */
#define STEP_BODY_MAX	((size_t)1024 * 1024) /* of an answer */
#define STEP_RETRIES	2		      /* of a request */
#define REASON_LINE_MAX 200 /* of what a program complained of */

/* One step at its work. */
struct step {
	struct action_runner *runner;
	const struct action_step *step;
	struct action_result *result;
	int64_t deadline;
	int64_t timeout_ms; /* of all steps, for people */
	bool repeatable;
};

void action_runner_init(struct action_runner *r, const struct action_call *c)
{
	*r = (struct action_runner){.call = c};
}

void action_runner_done(struct action_runner *r)
{
	http_free(r->http);
	*r = (struct action_runner){.call = NULL};
}

void action_result_done(struct action_result *r)
{
	free(r->reason);
	free(r->note);
	buf_done(&r->output);
	*r = (struct action_result){.exit = -1};
}

/* The first reason counts. */
static void fail(struct step *s, char *reason)
{
	if (s->result->reason)
		free(reason);
	else
		s->result->reason = reason;
}

/* An expectation about what was printed. */
static void expect(struct step *s, const char *who, struct slice text)
{
	struct err err = ERR_INIT;
	int rc;

	if (!s->step->expect || s->result->reason)
		return;
	rc = action_text_matches(s->step->expect, text, &err);
	if (rc < 0)
		fail(s, mem_printf("what '%s' said: %s", who, err.text));
	if (rc == 0)
		fail(s, mem_printf("what '%s' said does not match /%s/", who,
				   s->step->expect));
}

static bool is_expected(int value, const int *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

/* The first line of what it complained of. Secrets go before it is cut: half of
 * one would not be known for what it is. */
static char *complaint(const struct proc_result *res)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice line;

	action_text_add(&text,
			(struct slice){res->errors.text, res->errors.len});
	line = action_text_line(buf_slice(&text));
	if (!line.len) {
		buf_reset(&text);
		action_text_add(&text,
				(struct slice){res->out.text, res->out.len});
		line = action_text_line(buf_slice(&text));
	}
	return action_text_brief(line, REASON_LINE_MAX);
}

static char *bad_exit(const char *who, const struct proc_result *res)
{
	AUTO_FREE char *said = complaint(res);
	const char *between = *said ? ": " : "";

	if (res->signal)
		return mem_printf("'%s' was ended by signal %d%s%s", who,
				  res->signal, between, said);
	return mem_printf("'%s' ended with status %d%s%s", who, res->status,
			  between, said);
}

/* What is to be said of the end of a program. */
static void judge_exit(struct step *s, const char *who,
		       const struct proc_result *res)
{
	const struct action_step *step = s->step;
	char age[32];

	if (res->stopped) {
		s->result->stopped = true;
		fail(s, mem_printf("'%s' was ended: asked to stop", who));
	} else if (res->timed_out) {
		when_format_duration(age, s->timeout_ms);
		fail(s, mem_printf("'%s' did not end within %s", who, age));
	} else if (step->exit_count ? !is_expected(res->status, step->exits,
						   step->exit_count)
				    : res->status != 0) {
		fail(s, bad_exit(who, res));
	}
	if (res->survivors) {
		s->result->survivors += res->survivors;
		fail(s, mem_printf("%u processes of '%s' cannot be ended",
				   res->survivors, who));
	}
	if (res->left_family && !s->result->note)
		s->result->note = mem_printf(
			"processes that '%s' left behind were ended", who);
}

static void take_output(struct step *s, const char *who,
			const struct proc_result *res)
{
	AUTO_BUF struct buf said = BUF_INIT;

	buf_add_slice(&said, (struct slice){res->out.text, res->out.len});
	buf_add_slice(&said, (struct slice){res->errors.text, res->errors.len});
	expect(s, who, buf_slice(&said));
	action_text_add(&s->result->output,
			(struct slice){res->out.text, res->out.len});
	action_text_add(&s->result->output,
			(struct slice){res->errors.text, res->errors.len});
}

static void run_command(struct step *s)
{
	const struct action_call *c = s->runner->call;
	const struct action *a = c->action;
	const char *const no_env[] = {NULL};
	char *const *argv = s->step->argv;
	const char *const shell[] = {SHELL, "-c", argv[0], NULL};
	const char *who = s->step->shell ? SHELL : argv[0];
	struct proc_options opt = {
		.argv = s->step->shell ? shell : (const char *const *)argv,
		.env = c->env ? (const char *const *)c->env : no_env,
		.dir = a->dir,
		.user = a->run_as,
		.input = slice_of(s->step->input),
		.timeout_ms = s->deadline - clock_mono(),
		.grace_ms = a->grace_ms,
		.output_max = STEP_OUTPUT_MAX,
		.limits = {a->cpu_seconds, a->memory_bytes, a->file_bytes,
			   a->open_files},
		.here = s->runner->keeper,
		.started = s->runner->program,
	};
	struct proc_result res;
	struct err err = ERR_INIT;

	if (opt.timeout_ms <= 0)
		opt.timeout_ms = 1;
	if (proc_run(&opt, &res, &err)) {
		s->result->stopped = res.stopped;
		fail(s, mem_dup(err.text));
	} else {
		s->result->began = true;
		s->result->exit = res.status;
		judge_exit(s, who, &res);
		take_output(s, who, &res);
	}
	proc_result_done(&res);
}

/* What only looks may be asked twice. */
static bool is_look(const struct action_step *step)
{
	if (!step->method)
		return !step->body;
	return !strcmp(step->method, "GET") || !strcmp(step->method, "HEAD");
}

static void judge_status(struct step *s, const char *who, long status)
{
	const struct action_step *step = s->step;
	bool good = step->status_count
			    ? is_expected((int)status, step->statuses,
					  step->status_count)
			    : status >= 200 && status <= 299;

	if (!good)
		fail(s,
		     mem_printf("'%s' answered with status %ld", who, status));
}

static void take_reply(struct step *s, const struct http_reply *reply, int rc,
		       const struct err *err)
{
	const char *who = s->step->url;

	if (reply->unknown) {
		s->result->began = true;
		fail(s, mem_printf("%s: it was sent, and may have been carried "
				   "out: the outcome is unknown",
				   err->text));
	} else if (rc && !reply->too_large) {
		fail(s, mem_dup(err->text));
	} else if (rc) {
		s->result->began = true;
		fail(s, mem_dup(err->text));
	}
	if (rc)
		return;
	s->result->began = true;
	judge_status(s, who, reply->status);
	expect(s, who, buf_slice(&reply->body));
	buf_addf(&s->result->output, "HTTP %ld\n", reply->status);
	action_text_add(&s->result->output, buf_slice(&reply->body));
}

static void run_http(struct step *s)
{
	const struct action_step *step = s->step;
	const struct http_options options = {.connections = 1};
	bool again = s->runner->call->action->idempotent ||
		     (s->repeatable && is_look(step));
	struct http_request req = {
		.method = step->method,
		.url = step->url,
		.headers = (const char *const *)step->headers,
		.body = slice_of(step->body),
		.timeout_ms = s->deadline - clock_mono(),
		.body_max = STEP_BODY_MAX,
		.retries = STEP_RETRIES,
		.idempotent = again,
	};
	struct http_reply reply;
	struct err err = ERR_INIT;
	int rc;

	if (req.timeout_ms <= 0)
		req.timeout_ms = 1;
	if (!s->runner->http)
		s->runner->http = http_new(&options, &err);
	if (!s->runner->http) {
		fail(s, mem_dup(err.text));
		return;
	}
	rc = http_send(s->runner->http, &req, &reply, &err);
	take_reply(s, &reply, rc, &err);
	if (rc && signals_stop())
		s->result->stopped = true;
	http_reply_done(&reply);
}

bool action_run_pause(int64_t ms)
{
	int64_t end = clock_mono() + ms;

	while (ms > 0 && signals_sleep(ms)) /* a HUP cuts it short */
		ms = end - clock_mono();
	return !signals_stop();
}

static void run_wait(struct step *s)
{
	int64_t left = s->deadline - clock_mono();
	int64_t ms = s->step->wait_ms;
	char age[32];

	if (!action_run_pause(ms < left ? ms : left)) {
		s->result->stopped = true;
		fail(s, mem_dup("asked to stop during a pause"));
	} else if (ms > left) {
		s->result->stopped = true;
		when_format_duration(age, s->timeout_ms);
		fail(s, mem_printf("its time of %s was up in a pause", age));
	}
}

/* Whether the next step may begin. */
static bool may_begin(struct step *s, size_t i, size_t count)
{
	char age[32];

	if (signals_stop()) {
		fail(s, mem_printf("asked to stop before step %zu of %zu",
				   i + 1, count));
	} else if (clock_mono() >= s->deadline) {
		when_format_duration(age, s->timeout_ms);
		fail(s, mem_printf("its time of %s was up before step %zu of "
				   "%zu",
				   age, i + 1, count));
	} else {
		return true;
	}
	s->result->stopped = true;
	return false;
}

static void run_step(struct step *s)
{
	switch (s->step->kind) {
	case ACTION_COMMAND:
		run_command(s);
		break;
	case ACTION_HTTP:
		run_http(s);
		break;
	case ACTION_WAIT:
		run_wait(s);
		break;
	}
}

void action_run_steps(struct action_runner *r, const struct action_steps *steps,
		      int64_t timeout_ms, bool repeatable,
		      struct action_result *ret)
{
	struct step s = {
		.runner = r,
		.result = ret,
		.timeout_ms =
			timeout_ms > 0 ? timeout_ms : ACTION_RUN_TIMEOUT_MS,
		.repeatable = repeatable,
	};

	*ret = (struct action_result){.exit = -1};
	s.deadline = clock_mono() + s.timeout_ms;
	for (size_t i = 0; i < steps->count && !ret->reason; i++) {
		s.step = &steps->items[i];
		if (!may_begin(&s, i, steps->count))
			break;
		ret->whole = i + 1 == steps->count;
		run_step(&s);
	}
	ret->ok = !ret->reason;
}
