/* hand.c - oncall-act run NAME: an action that a person asks for. */
#include "run.h"

#include <limits.h>

#include <oncall/diag.h>
#include <oncall/incident.h>
#include <oncall/jwrite.h>
#include <oncall/redact.h>
#include <oncall/signals.h>

#include "carry.h"
#include "tell.h"

/* A person waits less long for a busy target than a machine does. */
#define PATIENCE_MS 10000

struct hand {
	struct act_cmd cmd;
	struct act_request request;
	struct buf params;
	struct incident incident;
	char incident_id[INCIDENT_ID];
	char host[HOST_NAME_MAX + 1]; /* this one */
	struct record_writer out;
};

/* ---- what is asked for ---- */

static int read_param(struct hand *h, const char *text, struct err *err)
{
	const char *sign = strchr(text, '=');
	AUTO_BUF struct buf key = BUF_INIT;
	AUTO_BUF struct buf again = BUF_INIT;

	if (!sign || sign == text)
		return err_set(err, ERR_USAGE,
			       "'%s' is not KEY=VALUE; oncall-act show %s "
			       "lists the parameters",
			       text, h->request.action);
	buf_add(&key, text, (size_t)(sign - text));
	jwrite_text(&again, NULL, buf_slice(&key));
	buf_add_char(&again, ':');
	if (memmem(h->params.data, h->params.len, again.data, again.len))
		return err_set(err, ERR_USAGE, "'%s' is given twice",
			       buf_str(&key));
	jwrite_str(&h->params, buf_str(&key), sign + 1);
	return 0;
}

static int read_incident(struct hand *h, struct err *err)
{
	struct act_request *r = &h->request;
	struct incident *inc = &h->incident;

	if (!run_args.incident)
		return 0;
	if (incident_parse_id(run_args.incident, &r->incident, err) < 0 ||
	    incident_load(h->cmd.store, r->incident, inc, err) < 0)
		return -1;
	incident_id(h->incident_id, r->incident);
	r->revision = inc->revision;
	r->severity = inc->severity;
	r->tags = inc->tags;
	/* Owned texts end in a NUL. */
	r->category = inc->category.ptr;
	r->pattern = inc->pattern.ptr;
	if (!r->service)
		r->service = inc->service.ptr;
	if (!r->host)
		r->host = inc->host.ptr;
	return 0;
}

static int hand_open(struct hand *h, int argc, char **argv, struct err *err)
{
	if (act_cmd_open(&h->cmd, ACT_CMD_CHANGE, err) < 0)
		return -1;
	h->request = (struct act_request){
		.action = argv[0],
		.untrusted = SLICE_LIT("[]"),
		.service = run_args.service,
		.host = run_args.host,
		.actor = h->cmd.actor,
	};
	jwrite_open(&h->params, NULL, '{');
	for (int i = 1; i < argc; i++)
		if (read_param(h, argv[i], err) < 0)
			return -1;
	jwrite_close(&h->params, '}');
	h->request.params = buf_slice(&h->params);
	if (read_incident(h, err) < 0)
		return -1;
	/* The target must be the one that an incident of this host has. */
	if (!h->request.host && gethostname(h->host, sizeof(h->host)) == 0)
		h->request.host = h->host;
	return 0;
}

static void hand_close(struct hand *h)
{
	incident_done(&h->incident);
	buf_done(&h->params);
	record_writer_done(&h->out);
	act_cmd_close(&h->cmd);
}

/* ---- --dry-run ---- */

/* Secrets that were filled in are not for the screen. */
static void write_secret(struct buf *out, const char *key, const char *text)
{
	AUTO_BUF struct buf clean = BUF_INIT;

	if (!text)
		return;
	(void)redact_text(&clean, text, strlen(text));
	jwrite_text(out, key, buf_slice(&clean));
}

static void write_list(struct buf *out, const char *key, char *const *list)
{
	if (!list)
		return;
	jwrite_open(out, key, '[');
	for (; *list; list++)
		write_secret(out, NULL, *list);
	jwrite_close(out, ']');
}

static void write_step(struct buf *out, const struct action_step *s)
{
	jwrite_open(out, NULL, '{');
	switch (s->kind) {
	case ACTION_COMMAND:
		write_list(out, s->shell ? "shell" : "command", s->argv);
		write_secret(out, "input", s->input);
		break;
	case ACTION_HTTP:
		jwrite_str_opt(out, "method", s->method);
		write_secret(out, "url", s->url);
		write_list(out, "headers", s->headers);
		write_secret(out, "body", s->body);
		break;
	case ACTION_WAIT:
		jwrite_real(out, "wait", (double)s->wait_ms / 1000);
		break;
	}
	jwrite_close(out, '}');
}

static void write_steps(struct buf *out, const char *key,
			const struct action_steps *s)
{
	if (!s->count)
		return;
	jwrite_open(out, key, '[');
	for (size_t i = 0; i < s->count; i++)
		write_step(out, &s->items[i]);
	jwrite_close(out, ']');
}

static void write_plan(struct buf *out, const struct hand *h,
		       const struct action_call *c, const struct act_job *job)
{
	jwrite_new(out, "action");
	jwrite_str(out, "name", h->request.action);
	if (*h->incident_id)
		jwrite_str(out, "incident", h->incident_id);
	jwrite_bool(out, "dry_run", true);
	jwrite_raw(out, "params", slice_of(c->params));
	jwrite_str_opt(out, "target", c->target);
	jwrite_str_opt(out, "command", c->command);
	jwrite_str(out, "hash", c->hash);
	write_steps(out, "check_before", &c->before.steps);
	write_steps(out, "steps", &c->run);
	write_steps(out, "check_after", &c->after.steps);
	write_steps(out, "rollback_steps", &c->rollback);
	jwrite_str(out, "status",
		   act_status_names[job->status == ACT_RUNNING ? ACT_PLANNED
							       : job->status]);
	jwrite_str_opt(out, "reason", job->reason);
	jwrite_close(out, '}');
}

static void print_steps(struct buf *out, const char *label,
			const struct action_steps *s)
{
	for (size_t i = 0; i < s->count; i++) {
		AUTO_BUF struct buf step = BUF_INIT;

		write_step(&step, &s->items[i]);
		buf_addf(out, "%-11s", i ? "" : label);
		show_text(out, step.data, step.len, 0);
		buf_add_char(out, '\n');
	}
}

static void print_plan(struct buf *out, const struct hand *h,
		       const struct action_call *c, const struct act_job *job)
{
	static const char *const would[] = {
		[ACT_PLANNED] = "it would wait: the target is busy",
		[ACT_WAITING] = "it would wait for people",
		[ACT_RUNNING] = "it would run",
		[ACT_DONE] = "it was done before",
		[ACT_REFUSED] = "it would be refused",
		[ACT_UNKNOWN] = "it was cut off",
	};

	buf_addf(out, "%-11s%s\n", "action", h->request.action);
	buf_addf(out, "%-11s%s\n", "target", c->target);
	buf_addf(out, "%-11s%s\n", "params", c->params);
	buf_addf(out, "%-11s%s\n", "hash", c->hash);
	print_steps(out, "before", &c->before.steps);
	print_steps(out, "runs", &c->run);
	print_steps(out, "after", &c->after.steps);
	print_steps(out, "rollback", &c->rollback);
	buf_addf(out, "%-11s%s%s", "guards", would[job->status],
		 job->reason ? ": " : "");
	if (job->reason)
		show_text(out, job->reason, strlen(job->reason), 0);
	buf_add_str(out, "\nnothing was run\n");
}

/* What the guards say: it is taken in, and that is taken back. */
static int ask_guards(struct hand *h, struct act_job *job, struct err *err)
{
	int rc;

	if (store_begin(h->cmd.store, err) < 0)
		return -1;
	rc = act_take(h->cmd.act, &h->request, 1, job, err);
	store_rollback(h->cmd.store);
	return rc;
}

static int status_of(const struct act_job *job)
{
	if (job->status == ACT_REFUSED)
		return err_exit_status(ERR_REFUSED);
	return job->status == ACT_RUNNING ? 0 : err_exit_status(ERR_REMOTE);
}

static int try_dry(struct hand *h, struct act_job *job, struct err *err)
{
	const struct action *a =
		action_need(h->cmd.set, h->request.action, ERR_REFUSED, err);
	const struct action_about about = {
		.incident = *h->incident_id ? h->incident_id : NULL,
		.service = h->request.service,
		.host = h->request.host,
		.environment = config_str(cli_config(), "environment"),
	};
	AUTO_ACTION_CALL struct action_call call = {.action = NULL};

	if (!a)
		return -1;
	if (action_prepare(&call, h->cmd.set, a, h->request.params,
			   h->request.untrusted, &about, err) < 0 ||
	    ask_guards(h, job, err) < 0)
		return -1;
	if (cli_records()) {
		write_plan(&h->out.out, h, &call, job);
		record_write_end(&h->out);
	} else {
		print_plan(&h->out.out, h, &call, job);
	}
	return record_flush(&h->out, err) < 0 ? -1 : status_of(job);
}

static int dry_run(struct hand *h, struct err *err)
{
	struct act_job job = {.status = ACT_PLANNED};
	int rc = try_dry(h, &job, err);

	act_job_done(&job);
	return rc;
}

/* ---- for real ---- */

static int write_result(struct hand *h, const char *id, struct err *err)
{
	int status = tell_stored(&h->cmd, id, &h->out, err);

	return status < 0 || record_flush(&h->out, err) < 0 ? -1 : status;
}

static int run_now(struct hand *h, struct err *err)
{
	AUTO_CARRY struct carry *c =
		carry_new(h->cmd.act, h->cmd.store, 1, PATIENCE_MS);
	struct carry_item item = {.request = h->request};
	int status;

	signals_install();
	carry_add(c, &item);
	status = carry_all(c, err);
	if (status == 0 && *item.job.id)
		status = write_result(h, item.job.id, err);
	if (status >= 0 && signals_stop())
		status = err_worse_status(status, 128 + signals_stop());
	carry_item_done(&item);
	return status;
}

int run_by_name(int argc, char **argv, struct err *err)
{
	struct hand h = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	int rc = hand_open(&h, argc, argv, err);

	if (rc == 0)
		rc = run_args.dry_run ? dry_run(&h, err) : run_now(&h, err);
	hand_close(&h);
	return rc;
}
