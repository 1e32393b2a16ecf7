/* run.c - oncall-act run, over incidents: from a pipe, or from the store. */
#include "run.h"

#include <oncall/incident-query.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/triage.h>

#include <poll.h>
#include <signal.h>

#include "carry.h"
#include "decided.h"
#include "tell.h"

/* How long a stream is silent before what was gathered is begun. */
#define DRY_MS 3
/* Records that wait for those before them. */
#define SLOTS_MAX 1000
/* How long workers are waited for before the input is looked at. */
#define STEP_MS 50
/* How long a busy target is waited for; later it is for --pending. */
#define PATIENCE_MS 30000

struct run_args run_args = {.jobs = 4};

/* clang-format off */
const struct cli_opt run_opts[] = {
	CLI_GROUP("Incidents"),
	CLI_FLAG('p', "pending", &run_args.pending, "what the store has: what was decided or agreed to, or is to be tried again"),
	CLI_INT('j', "jobs", "N", &run_args.jobs, 1, CARRY_JOBS_MAX, "actions at the same time (default: 4)"),
	CLI_GROUP("By name"),
	CLI_FLAG('n', "dry-run", &run_args.dry_run, "print what exactly would run, and whether it may"),
	CLI_STR('s', "service", "NAME", &run_args.service, "service that it is for"),
	CLI_STR('H', "host", "NAME", &run_args.host, "host that it is for (default: this one)"),
	CLI_STR('i', "incident", "INCIDENT", &run_args.incident, "incident that it is for"),
	ACT_ACTION_OPTS,
	CLI_LAST,
};
/* clang-format on */

/* A record, which is written when all before it have been. */
struct slot {
	struct slot *next;
	struct decided decided;
	struct carry_item item;
	bool acts;
	bool alone; /* no incident: only the action is written */
};

struct run {
	struct act_cmd cmd;
	struct carry *carry;
	struct slot *first, *last;
	size_t count;
	struct record_writer *out;
	int status;
	bool live;   /* standard input may bring more while actions run */
	bool people; /* who look at a terminal */
	bool pending;
};

static void slot_free(struct slot *s)
{
	carry_item_done(&s->item);
	decided_done(&s->decided);
	free(s);
}

static void add_slot(struct run *r, struct slot *s)
{
	if (r->last)
		r->last->next = s;
	else
		r->first = s;
	r->last = s;
	r->count++;
}

static int run_open(struct run *r, struct err *err)
{
	/* What runs is to be settled, also when nobody reads what is said. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (act_cmd_open(&r->cmd, ACT_CMD_CHANGE, err) < 0)
		return -1;
	r->carry = carry_new(r->cmd.act, r->cmd.store, (size_t)run_args.jobs,
			     PATIENCE_MS);
	return 0;
}

static void run_close(struct run *r)
{
	if (r->carry)
		carry_drain(r->carry);
	while (r->first) {
		struct slot *s = r->first;

		r->first = s->next;
		slot_free(s);
	}
	carry_free(r->carry);
	act_cmd_close(&r->cmd);
}

/* ---- what is written ---- */

/* It was tried before and did not help: the next one is for people to decide,
 * since nothing was as sure as the first. */
static int try_next(struct run *r, struct slot *s, struct err *err)
{
	const struct act_job *job = &s->item.job;
	struct decided next;
	int got;

	if (!job->again || job->status != ACT_DONE ||
	    job->outcome.verdict == VERDICT_VERIFIED_FIXED ||
	    job->outcome.verdict == VERDICT_RAN_UNVERIFIED)
		return 0;
	got = decided_read(&next, buf_slice(&s->decided.record),
			   s->decided.which + 1, r->cmd.actor, err);
	if (got <= 0) {
		decided_done(&next);
		return got;
	}
	next.request.decision = triage_decision_names[TRIAGE_APPROVE];
	carry_item_done(&s->item);
	decided_done(&s->decided);
	s->decided = next;
	s->item = (struct carry_item){.request = next.request};
	carry_add(r->carry, &s->item);
	return 1;
}

static void write_line(struct run *r, struct slice line)
{
	if (r->people)
		tell_action(&r->out->out, line);
	else
		record_write(r->out, line);
}

static int write_acted(struct run *r, struct slot *s, struct err *err)
{
	AUTO_BUF struct buf action = BUF_INIT;

	if (r->pending && s->item.job.again)
		return 0; /* what was told before is nothing new */
	if (act_record(r->cmd.act, s->item.job.id, &action, err) < 0)
		return -1;
	r->status =
		err_worse_status(r->status, tell_status(buf_slice(&action)));
	if (!s->alone && !r->people) {
		if (tell_incident(&r->out->out, buf_slice(&s->decided.record),
				  buf_slice(&action), err) < 0)
			return -1;
		record_write_end(r->out);
	}
	if (s->alone || r->people || !s->item.job.again)
		write_line(r, buf_slice(&action));
	return 0;
}

static int write_slot(struct run *r, struct slot *s, struct err *err)
{
	if (s->acts && s->item.state == CARRY_SETTLED)
		return write_acted(r, s, err);
	/* Nothing is to be done about it, or a stop came before. */
	if (!r->pending)
		record_write(r->out, buf_slice(&s->decided.record));
	return 0;
}

/* Those that are ready, in order; with all, also what was never begun. */
static int write_ready(struct run *r, bool all, struct err *err)
{
	while (r->first) {
		struct slot *s = r->first;

		if (s->acts && s->item.state == CARRY_SETTLED) {
			int again = try_next(r, s, err);

			if (again)
				return again < 0 ? -1 : 0;
		} else if (s->acts && !all) {
			return 0;
		}
		if (write_slot(r, s, err) < 0)
			return -1;
		r->first = s->next;
		if (!r->first)
			r->last = NULL;
		r->count--;
		slot_free(s);
	}
	return 0;
}

/* ---- the way of actions ---- */

static bool input_waits(const struct run *r)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

	return r->live && poll(&fd, 1, 0) > 0;
}

/* Until at most so many slots are left, or, with none left to wait for, until
 * more input is there. */
static int pump(struct run *r, size_t left, bool look, struct err *err)
{
	int got = 1;

	while (got > 0 && r->count > left && !(look && input_waits(r))) {
		got = carry_step(r->carry, STEP_MS, err);
		if (got < 0 || write_ready(r, false, err) < 0 ||
		    record_flush(r->out, err) < 0)
			return -1;
		if (got == 0 && r->count && !signals_stop())
			got = 1; /* a next one was put in line */
	}
	return 0;
}

static int finish(struct run *r, struct err *err)
{
	return pump(r, 0, false, err) < 0 ? -1 : write_ready(r, true, err);
}

/* 1 when something is to be done about it, otherwise 0. */
static int add_record(struct run *r, struct slice record, struct err *err)
{
	struct slot *s = mem_zero(1, sizeof(*s));
	int got = decided_read(&s->decided, record, 0, r->cmd.actor, err);

	if (got < 0 || (got == 0 && r->pending)) {
		slot_free(s);
		return got;
	}
	s->acts = got > 0;
	add_slot(r, s);
	if (s->acts) {
		s->item.request = s->decided.request;
		carry_add(r->carry, &s->item);
	}
	if (r->count >= SLOTS_MAX ? pump(r, SLOTS_MAX / 2, false, err) < 0
				  : write_ready(r, false, err) < 0)
		return -1;
	return got;
}

/* ---- as a filter ---- */

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	struct run *r = filter_arg(f);

	r->out = filter_out(f);
	return add_record(r, rec->line, err) < 0 ? -1 : 0;
}

/* Others keep their place among the incidents. */
static int on_pass(struct filter *f, struct slice line, struct err *err)
{
	struct run *r = filter_arg(f);
	struct slot *s;

	r->out = filter_out(f);
	if (!r->first) {
		record_write(r->out, line);
		return 0;
	}
	s = mem_zero(1, sizeof(*s));
	s->decided.record.max = SIZE_MAX / 2;
	buf_add_slice(&s->decided.record, line);
	add_slot(r, s);
	return r->count >= SLOTS_MAX ? pump(r, SLOTS_MAX / 2, false, err) : 0;
}

static int on_idle(struct filter *f, struct err *err)
{
	struct run *r = filter_arg(f);

	r->out = filter_out(f);
	return pump(r, 0, true, err);
}

static int on_finish(struct filter *f, struct err *err)
{
	struct run *r = filter_arg(f);

	r->out = filter_out(f);
	if (finish(r, err) < 0)
		return -1;
	filter_set_status(f, r->status);
	return 0;
}

static const struct filter_ops ops = {
	.types = (const char *const[]){"incident", NULL},
	.record = on_record,
	.pass = on_pass,
	.idle = on_idle,
	.finish = on_finish,
	.keep_bad = true,
	.dry_wait_ms = DRY_MS,
};

static int run_filter(int argc, char **argv, struct err *err)
{
	struct run r = {.live = argc == 0};
	int rc = run_open(&r, err);

	if (rc == 0)
		rc = filter_run(&ops, cli_filter_options(), &r, argc, argv,
				err);
	run_close(&r);
	return rc;
}

/* ---- --pending ---- */

/* Those that were decided on; also what was acted on, since the first action
 * may not have helped. */
static bool is_pending(const struct incident *inc)
{
	return inc->triaged == inc->revision;
}

static int add_incident(struct run *r, const struct incident *inc,
			struct err *err)
{
	AUTO_BUF struct buf plain = BUF_INIT, triage = BUF_INIT, all = BUF_INIT;
	struct triage_kept kept;
	int got = triage_kept(r->cmd.store, inc->num, &triage, &kept, err);

	if (got < 0)
		return -1;
	if (!got || kept.revision != inc->revision)
		return 0;
	if (incident_record(r->cmd.store, inc, INCIDENT_WITH_DETECTIONS, &plain,
			    err) < 0 ||
	    jscan_splice(&all, plain.data, plain.len, "triage",
			 buf_slice(&triage), err) < 0)
		return -1;
	got = add_record(r, buf_slice(&all), err);
	if (got == 0 && inc->acted != inc->revision)
		got = act_mark(r->cmd.act, inc->num, inc->revision, err);
	return got < 0 ? -1 : 0;
}

/* A stop ends the walk. */
static int on_pending(void *arg, const struct incident *inc, struct err *err)
{
	if (add_incident(arg, inc, err) < 0)
		return -1;
	return signals_stop() ? 1 : 0;
}

/* What was agreed to, and what is to be tried again. */
static int add_approved(struct run *r, struct err *err)
{
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};

	if (act_pending(r->cmd.act, SLOTS_MAX, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.count; i++) {
		struct slot *s = mem_zero(1, sizeof(*s));

		s->acts = s->alone = true;
		s->item.job = *jobs.items[i];
		*jobs.items[i] = (struct act_job){.status = ACT_PLANNED};
		add_slot(r, s);
		carry_add(r->carry, &s->item);
	}
	return 0;
}

static int add_pending(struct run *r, struct err *err)
{
	if (add_approved(r, err) < 0)
		return -1;
	if (!signals_stop() &&
	    incident_walk(r->cmd.store, is_pending, on_pending, r, err) < 0)
		return -1;
	return finish(r, err);
}

static int run_pending(struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	struct run r = {.out = &out, .people = !cli_records(), .pending = true};
	int rc;

	signals_install();
	rc = run_open(&r, err);
	if (rc == 0)
		rc = add_pending(&r, err);
	if (record_flush(&out, err) < 0)
		rc = -1;
	if (rc == 0)
		rc = signals_stop()
			     ? err_worse_status(r.status, 128 + signals_stop())
			     : r.status;
	run_close(&r);
	return rc;
}

/* ---- which of them ---- */

/* A file is named by a path, or is there. */
static bool is_file(const char *name)
{
	return strpbrk(name, "/.") || strcmp(name, "-") == 0 ||
	       access(name, F_OK) == 0;
}

static int check_args(bool by_name, int argc, struct err *err)
{
	if (run_args.pending && argc)
		return err_set(err, ERR_USAGE,
			       "--pending reads the store, and takes no '%s'",
			       by_name ? "action" : "file");
	if (!by_name && (run_args.dry_run || run_args.service ||
			 run_args.host || run_args.incident))
		return err_set(err, ERR_USAGE,
			       "--dry-run, --service, --host and --incident go "
			       "with the name of an action; oncall-act list "
			       "shows them");
	return 0;
}

int run_run(int argc, char **argv, struct err *err)
{
	bool by_name = argc > 0 && !is_file(argv[0]);

	if (check_args(by_name, argc, err) < 0)
		return -1;
	if (by_name)
		return run_by_name(argc, argv, err);
	return run_args.pending ? run_pending(err)
				: run_filter(argc, argv, err);
}
