/* test-act.c - actions from request to outcome: SQLite always, PostgreSQL when
 * TEST_POSTGRES holds the address of an empty database. */
#include "unit-act.h"

/* ---- in, run, out ---- */

static void what_may_run_is_committed_before_it_does(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	(void)state;
	open_plain("");
	takes(&r, ACT_RUNNING);
	assert_false(job.again);
	assert_memory_equal(job.id, "ACT-", 4);
	assert_null(job.reason);
	assert_string_equal(job.call.target, "nginx");
	assert_text("SELECT status || name || target FROM actions",
		    "runningplainnginx");
	assert_text("SELECT target FROM action_targets", "nginx");
	assert_int_equal(ask_number("SELECT attempts FROM actions"), 1);
	assert_audit("intent");
	settle(&job, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(job.status, ACT_DONE);
	assert_text("SELECT status || ' ' || verdict || ' ' || reason FROM "
		    "actions",
		    "done ran_unverified as the test says");
	assert_int_equal(ask_number("SELECT COUNT(*) FROM action_targets"), 0);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM audit"), 2);
	assert_audit("outcome");
}

static void the_record_says_it_all(void **state)
{
	struct act_request r;
	struct err err = ERR_INIT;
	AUTO_BUF struct buf out = BUF_INIT;
	static const char *const parts[] = {
		"{\"type\":\"action\",\"id\":\"ACT-",
		"\"name\":\"plain\"",
		"\"incident\":\"INC-20261120-0001\"",
		"\"params\":{\"name\":\"nginx\"}",
		"\"target\":\"nginx\"",
		"\"service\":\"api\"",
		"\"host\":\"web-1\"",
		"\"decision\":\"auto\"",
		"\"actor\":\"oncall\"",
		"\"status\":\"done\"",
		"\"verdict\":\"verified_fixed\"",
		"\"output\":\"done\\n\"",
		"\"check\":{\"before\":\"down\",\"after\":\"up\"}",
		"\"attempts\":1",
	};

	(void)state;
	open_plain("");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_VERIFIED_FIXED);
	assert_int_equal(act_record(act, job.id, &out, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		assert_has(buf_str(&out), parts[i]);
	buf_reset(&out);
	assert_int_equal(act_record(act, "ACT-NONE", &out, &err), -1);
	assert_err(&err, ERR_NO, "there is no action 'ACT-NONE'");
}

static void a_batch_is_one_commit(void **state)
{
	struct act_request r[3] = {
		request_of("plain", "{\"name\":\"a\"}"),
		request_of("plain", "{\"name\":\"-rf\"}"),
		request_of("plain", "{\"name\":\"b\"}"),
	};
	struct act_job jobs[3] = {{.status = ACT_PLANNED}};
	struct act_job *ran[2] = {&jobs[0], &jobs[2]};
	struct err err = ERR_INIT;

	(void)state;
	open_plain("");
	assert_int_equal(act_take(act, r, 3, jobs, &err), 0);
	assert_int_equal(jobs[0].status, ACT_RUNNING);
	assert_int_equal(jobs[1].status, ACT_REFUSED);
	assert_int_equal(jobs[2].status, ACT_RUNNING);
	for (int i = 0; i < 2; i++)
		ran[i]->outcome.verdict = VERDICT_RAN_UNVERIFIED;
	assert_int_equal(act_settle(act, ran, 2, &err), 0);
	assert_int_equal(
		ask_number(
			"SELECT COUNT(*) FROM actions WHERE status = 'done'"),
		2);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM action_targets"), 0);
	assert_audit("outcome");
	for (int i = 0; i < 3; i++)
		act_job_done(&jobs[i]);
}

/* ---- once ---- */

static void the_same_decision_is_one_action(void **state)
{
	struct act_request r;
	char id[ACT_ID];

	(void)state;
	open_plain("");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	takes(&r, ACT_RUNNING);
	(void)memcpy(id, job.id, sizeof(id));
	takes(&r, ACT_RUNNING); /* not ours to run again */
	assert_true(job.again);
	assert_string_equal(job.id, id);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM actions"), 1);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM audit"), 1);
	/* Written in another way, they are the same values. */
	r.params = SLICE_LIT("{ \"name\" : \"ngin\\u0078\" }");
	(void)take(&r);
	assert_true(job.again);
	/* Other values, another revision, are another action. */
	r.params = SLICE_LIT("{\"name\":\"redis\"}");
	takes(&r, ACT_RUNNING);
	assert_false(job.again);
}

static void what_a_person_runs_is_always_new(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	(void)state;
	open_plain("");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_RAN_UNVERIFIED);
	takes(&r, ACT_RUNNING);
	assert_false(job.again);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM actions"), 2);
}

static void what_is_done_says_how(void **state)
{
	struct act_request r;

	(void)state;
	open_plain("");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_RAN_INEFFECTIVE);
	takes(&r, ACT_DONE);
	assert_true(job.again);
	assert_int_equal(job.outcome.verdict, VERDICT_RAN_INEFFECTIVE);
}

/* ---- a busy target ---- */

static void one_at_a_time_on_a_target(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	CLEANUP(act_job_done) struct act_job first = {.status = ACT_PLANNED};
	struct err err = ERR_INIT;

	(void)state;
	open_plain("");
	assert_int_equal(act_take(act, &r, 1, &first, &err), 0);
	assert_int_equal(first.status, ACT_RUNNING);
	takes(&r, ACT_PLANNED);
	assert_int_equal(claim(&job), ACT_PLANNED);
	settle(&first, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(claim(&job), ACT_RUNNING);
	assert_audit("intent");
	settle(&job, VERDICT_RAN_UNVERIFIED);
}

static void what_another_has_taken_is_not_run(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	CLEANUP(act_job_done) struct act_job first = {.status = ACT_PLANNED};
	AUTO_ACT_JOBS struct act_jobs mine = {NULL, 0}, others = {NULL, 0};
	struct err err = ERR_INIT;

	(void)state;
	open_plain("");
	assert_int_equal(act_take(act, &r, 1, &first, &err), 0);
	takes(&r, ACT_PLANNED);
	settle(&first, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(act_pending(act, 10, &mine, &err), 0);
	assert_int_equal(act_pending(act, 10, &others, &err), 0);
	assert_int_equal(mine.count, 1);
	assert_int_equal(others.count, 1);
	assert_string_equal(mine.items[0]->id, job.id);
	assert_int_equal(claim(mine.items[0]), ACT_RUNNING);
	assert_int_equal(claim(others.items[0]), ACT_RUNNING);
	assert_true(others.items[0]->again);
	settle(mine.items[0], VERDICT_RAN_UNVERIFIED);
	/* And what is done is done. */
	assert_int_equal(claim(&job), ACT_DONE);
	assert_true(job.again);
	assert_int_equal(ask_number("SELECT SUM(attempts) FROM actions"), 2);
	assert_audit("outcome");
}

/* ---- the incident ---- */

static void a_verified_fix_mitigates(void **state)
{
	struct act_request r;

	(void)state;
	open_plain("");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_VERIFIED_FIXED);
	assert_text("SELECT status FROM incidents", "mitigated");
	assert_int_equal(ask_number("SELECT acted FROM incidents"), 1);
	assert_text("SELECT before || ' ' || after FROM timeline WHERE what = "
		    "'action' AND after IS NOT NULL",
		    "down up");
	assert_text("SELECT after FROM timeline WHERE what = 'mitigated'",
		    "mitigated");
}

static void what_helped_nothing_leaves_it_open(void **state)
{
	static const enum action_verdict verdicts[] = {
		VERDICT_RAN_UNVERIFIED, VERDICT_RAN_INEFFECTIVE,
		VERDICT_FAILED_BEFORE_CHANGE};
	struct act_request r;

	(void)state;
	open_plain("");
	open_incident(NUM);
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		AUTO_FREE char *params = mem_printf("{\"name\":\"n%zu\"}", i);

		r = decided("plain", params, "auto");
		takes(&r, ACT_RUNNING);
		settle(&job, verdicts[i]);
		assert_text("SELECT status FROM incidents", "open");
	}
	assert_int_equal(ask_number("SELECT COUNT(*) FROM timeline WHERE what "
				    "= 'escalated'"),
			 0);
}

static void a_change_cut_short_calls_a_person(void **state)
{
	struct act_request r;

	(void)state;
	open_plain("");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_FAILED_DURING_CHANGE);
	assert_text("SELECT decision FROM incident_triage", "escalate");
	assert_int_equal(ask_number("SELECT COUNT(*) FROM timeline WHERE what "
				    "= 'escalated'"),
			 1);
}

static void escalation_stands_in_what_triage_said(void **state)
{
	struct act_request r;
	AUTO_FREE char *triage = NULL;

	(void)state;
	open_plain("");
	open_incident(NUM);
	run_sql("INSERT INTO incident_triage (incident, revision, decision, "
		"triage, decided) VALUES (202611200000001, 1, 'auto', "
		"'{\"decision\":\"auto\",\"confidence\":0.9}', 0)");
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_FAILED_DURING_CHANGE);
	triage = ask_text("SELECT triage FROM incident_triage");
	assert_has(triage, "\"decision\":\"escalate\"");
	assert_has(triage, "\"confidence\":0.9");
}

static void an_incident_of_another_store_is_not_told(void **state)
{
	struct act_request r;

	(void)state;
	open_plain("");
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	takes(&r, ACT_RUNNING);
	settle(&job, VERDICT_FAILED_DURING_CHANGE);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM timeline"), 0);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM incident_triage"), 0);
	assert_audit("outcome");
}

static void a_mark_only_rises(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	open_plain("");
	open_incident(NUM);
	assert_int_equal(act_mark(act, NUM, 3, &err), 0);
	assert_int_equal(act_mark(act, NUM, 2, &err), 0);
	assert_int_equal(ask_number("SELECT acted FROM incidents"), 3);
}

/* ---- secrets, parameters again ---- */

static void a_stored_request_is_prepared_as_it_was_made(void **state)
{
	struct act_request r = request_of("many", "{\"name\":\"nginx\"}");
	CLEANUP(act_job_done) struct act_job first = {.status = ACT_PLANNED};
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};
	struct err err = ERR_INIT;

	(void)state;
	open_act("- id: many\n"
		 "  command: [\"true\", \"${mode}\", \"${wait}\"]\n"
		 "  target: \"${name}\"\n"
		 "  params:\n"
		 "    name: {type: name, required: true, untrusted: true}\n"
		 "    mode: {type: choice, choices: [a, b], default: a}\n"
		 "    wait: {type: duration, default: 10m}\n"
		 "  blast_radius: process\n"
		 "  risk: low\n",
		 "");
	assert_int_equal(act_take(act, &r, 1, &first, &err), 0);
	assert_int_equal(first.status, ACT_RUNNING);
	/* mode and wait allow no untrusted value, and have none. */
	takes(&r, ACT_PLANNED);
	settle(&first, VERDICT_RAN_UNVERIFIED);
	assert_int_equal(act_pending(act, 10, &jobs, &err), 0);
	assert_int_equal(jobs.count, 1);
	if (claim(jobs.items[0]) != ACT_RUNNING)
		fail_msg("%s", jobs.items[0]->reason);
	assert_string_equal(jobs.items[0]->call.hash, first.call.hash);
}

/* ---- what was cut off ---- */

/* The runner of what is taken now is gone afterwards, as after a crash. */
static void crash(const struct act_request *r)
{
	struct err err = ERR_INIT;
	struct store *own = store;

	assert_int_equal(store_open(&store, ops_address, STORE_WRITE, &err), 0);
	act_free(act);
	assert_int_equal(act_open(&act, store, set, policy, config, &err), 0);
	takes(r, ACT_RUNNING);
	act_free(act);
	store_close(store);
	store = own;
	await_release();
	assert_int_equal(act_open(&act, store, set, policy, config, &err), 0);
}

static void who_lives_is_left_alone(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};
	AUTO_STORE struct store *other = NULL;
	struct act *second = NULL;
	struct err err = ERR_INIT;

	(void)state;
	open_plain("");
	takes(&r, ACT_RUNNING);
	assert_int_equal(store_open(&other, ops_address, STORE_WRITE, &err), 0);
	assert_int_equal(act_open(&second, other, set, policy, config, &err),
			 0);
	assert_int_equal(act_recover(second, &jobs, &err), 0);
	assert_int_equal(jobs.count, 0);
	act_free(second);
	settle(&job, VERDICT_RAN_UNVERIFIED);
}

static void what_was_cut_off_is_unknown(void **state)
{
	struct act_request r;
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};
	struct err err = ERR_INIT;

	(void)state;
	open_plain("");
	open_incident(NUM);
	r = decided("plain", "{\"name\":\"nginx\"}", "auto");
	crash(&r);
	assert_int_equal(act_recover(act, &jobs, &err), 0);
	assert_int_equal(jobs.count, 1);
	assert_int_equal(jobs.items[0]->status, ACT_UNKNOWN);
	assert_non_null(jobs.items[0]->call.action);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM action_targets"), 0);
	assert_audit("unknown");
	/* It is no more than that without a check, and not repeated. */
	assert_int_equal(act_recheck(act, jobs.items[0], "ana", &err), 0);
	assert_int_equal(jobs.items[0]->status, ACT_UNKNOWN);
	assert_int_equal(claim(jobs.items[0]), ACT_UNKNOWN);
	assert_text("SELECT status FROM actions", "unknown");
	/* The same decision does not run it either. */
	takes(&r, ACT_UNKNOWN);
	assert_true(job.again);
}

static void a_target_of_the_dead_is_free(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	(void)state;
	open_plain("");
	crash(&r);
	takes(&r, ACT_RUNNING);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM actions WHERE status "
				    "= 'unknown'"),
			 1);
	assert_audit("intent");
}

#define CHECKED(idempotent, check)                                        \
	"- id: checked\n"                                                 \
	"  command: [\"true\"]\n"                                         \
	"  check: {after: {command: [\"" check "\"], within: 1s, every: " \
	"1s}}\n"                                                          \
	"  target: t\n"                                                   \
	"  idempotent: " idempotent "\n"                                  \
	"  blast_radius: process\n"                                       \
	"  risk: low\n"

static void a_check_that_holds_settles_it(void **state)
{
	struct act_request r;
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};
	struct err err = ERR_INIT;

	(void)state;
	open_act(CHECKED("false", "true"), "");
	open_incident(NUM);
	r = decided("checked", "{}", "auto");
	crash(&r);
	assert_int_equal(act_recover(act, &jobs, &err), 0);
	assert_int_equal(act_recheck(act, jobs.items[0], "ana", &err), 1);
	assert_int_equal(jobs.items[0]->status, ACT_DONE);
	assert_text("SELECT status || ' ' || verdict FROM actions",
		    "done verified_fixed");
	assert_text("SELECT status FROM incidents", "mitigated");
	act_jobs_done(&jobs);
	assert_int_equal(act_recover(act, &jobs, &err), 0);
	assert_int_equal(jobs.count, 0);
}

static void only_what_may_be_repeated_is(void **state)
{
	struct act_request r = request_of("checked", "{}");
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};
	struct err err = ERR_INIT;

	(void)state;
	open_act(CHECKED("false", "false"), "");
	crash(&r);
	assert_int_equal(act_recover(act, &jobs, &err), 0);
	assert_int_equal(act_recheck(act, jobs.items[0], "ana", &err), 0);
	assert_int_equal(jobs.items[0]->status, ACT_UNKNOWN);
	act_jobs_done(&jobs);
	run_sql("DELETE FROM actions");
	open_act(CHECKED("true", "false"), "");
	crash(&r);
	assert_int_equal(act_recover(act, &jobs, &err), 0);
	assert_int_equal(act_recheck(act, jobs.items[0], "ana", &err), 0);
	assert_int_equal(jobs.items[0]->status, ACT_PLANNED);
	assert_int_equal(claim(jobs.items[0]), ACT_RUNNING);
	assert_int_equal(ask_number("SELECT attempts FROM actions"), 2);
	settle(jobs.items[0], VERDICT_VERIFIED_FIXED);
}

static void a_person_judges(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	struct err err = ERR_INIT;
	AUTO_FREE char *id = NULL;
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};

	(void)state;
	open_plain("");
	crash(&r);
	assert_int_equal(act_recover(act, &jobs, &err), 0);
	id = ask_text("SELECT id FROM actions");
	assert_int_equal(act_judge(act, id, VERDICT_VERIFIED_FIXED, "ben",
				   "I looked", &err),
			 0);
	assert_text("SELECT status || ' ' || verdict || ' ' || reason FROM "
		    "actions",
		    "done verified_fixed ben says so: I looked");
	assert_text("SELECT actor FROM audit ORDER BY seq DESC LIMIT 1", "ben");
	assert_int_equal(
		act_judge(act, id, VERDICT_VERIFIED_FIXED, "ben", NULL, &err),
		-1);
	assert_err(&err, ERR_REFUSED, "is done");
	err_clear(&err);
	assert_int_equal(act_judge(act, "ACT-0", VERDICT_VERIFIED_FIXED, "ben",
				   NULL, &err),
			 -1);
	assert_err(&err, ERR_NO, "there is no action 'ACT-0'");
}

/* ---- undo ---- */

static void open_back(void)
{
	open_act("- id: back\n"
		 "  command: [\"true\"]\n"
		 "  rollback: {command: [\"touch\", \"x\"]}\n"
		 "  check: {after: {command: [\"true\"]}}\n"
		 "  target: t\n"
		 "  blast_radius: process\n"
		 "  risk: low\n",
		 "");
}

static void it_is_undone_once(void **state)
{
	struct act_request r = request_of("back", "{}");
	struct err err = ERR_INIT;
	char id[ACT_ID];

	(void)state;
	open_back();
	takes(&r, ACT_RUNNING);
	(void)memcpy(id, job.id, sizeof(id));
	assert_int_equal(act_undo(act, id, "ben", &job, &err), -1);
	assert_err(&err, ERR_REFUSED, "is running");
	err_clear(&err);
	settle(&job, VERDICT_VERIFIED_FIXED);
	act_job_done(&job);
	assert_int_equal(act_undo(act, id, "ben", &job, &err), 0);
	assert_int_equal(job.status, ACT_RUNNING);
	assert_true(job.undo);
	assert_text("SELECT undo_of FROM actions WHERE status = 'running'", id);
	assert_text("SELECT target FROM action_targets", "t");
	settle(&job, VERDICT_RAN_UNVERIFIED);
	assert_text_of("SELECT undone FROM actions WHERE id = $1", id, job.id);
	act_job_done(&job);
	assert_int_equal(act_undo(act, id, "ben", &job, &err), -1);
	assert_err(&err, ERR_REFUSED, "was undone");
}

static void not_undone_by(struct act *a, const char *id, const char *undo,
			  const char *why)
{
	CLEANUP(act_job_done) struct act_job ignored = {.status = ACT_PLANNED};
	struct err err = ERR_INIT;

	assert_int_equal(act_undo(a, id, "ben", &ignored, &err), -1);
	assert_err(&err, ERR_REFUSED, why);
	assert_has(err.text, undo);
}

static void set_status(const char *id, const char *status)
{
	struct err err = ERR_INIT;

	assert_int_equal(STORE_RUN(store, &err,
				   "UPDATE actions SET status = $2 "
				   "WHERE id = $1",
				   S_TEXT(id), S_TEXT(status)),
			 1);
}

static void it_is_undone_by_one(void **state)
{
	struct act_request r = request_of("back", "{}");
	CLEANUP(act_job_done) struct act_job own = {.status = ACT_PLANNED};
	AUTO_STORE struct store *other = NULL;
	struct act *second = NULL;
	struct err err = ERR_INIT;
	char id[ACT_ID];

	(void)state;
	open_back();
	assert_int_equal(store_open(&other, ops_address, STORE_WRITE, &err), 0);
	assert_int_equal(act_open(&second, other, set, policy, config, &err),
			 0);
	takes(&r, ACT_RUNNING);
	(void)memcpy(id, job.id, sizeof(id));
	settle(&job, VERDICT_VERIFIED_FIXED);
	takes(&r, ACT_RUNNING); /* holds the target */
	assert_int_equal(act_undo(act, id, "ana", &own, &err), 0);
	assert_int_equal(own.status, ACT_PLANNED);
	not_undone_by(second, id, own.id, "is planned");
	/* For somebody to agree. */
	set_status(own.id, "waiting");
	not_undone_by(second, id, own.id, "is waiting");
	set_status(own.id, "planned");
	settle(&job, VERDICT_VERIFIED_FIXED);
	assert_int_equal(claim(&own), ACT_RUNNING);
	not_undone_by(second, id, own.id, "is running");
	settle(&own, VERDICT_RAN_UNVERIFIED);
	not_undone_by(second, id, own.id, "was undone");
	act_free(second);
}

static void what_is_not_undone_may_be_tried_again(void **state)
{
	struct act_request r = request_of("back", "{}");
	struct err err = ERR_INIT;
	char id[ACT_ID];

	(void)state;
	open_back();
	takes(&r, ACT_RUNNING);
	(void)memcpy(id, job.id, sizeof(id));
	settle(&job, VERDICT_VERIFIED_FIXED);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(act_undo(act, id, "ben", &job, &err), 0);
		settle(&job, VERDICT_FAILED_BEFORE_CHANGE);
	}
}

/* Who undid it is gone: nobody knows what came of that. */
static void an_undo_that_was_cut_off_may_be_tried_again(void **state)
{
	struct act_request r = request_of("back", "{}");
	struct store *other = NULL;
	struct act *second = NULL;
	struct err err = ERR_INIT;
	char id[ACT_ID], undo[ACT_ID];

	(void)state;
	open_back();
	takes(&r, ACT_RUNNING);
	(void)memcpy(id, job.id, sizeof(id));
	settle(&job, VERDICT_VERIFIED_FIXED);
	assert_int_equal(store_open(&other, ops_address, STORE_WRITE, &err), 0);
	assert_int_equal(act_open(&second, other, set, policy, config, &err),
			 0);
	assert_int_equal(act_undo(second, id, "ana", &job, &err), 0);
	assert_int_equal(job.status, ACT_RUNNING);
	(void)memcpy(undo, job.id, sizeof(undo));
	act_free(second);
	store_close(other);
	await_release();
	if (act_undo(act, id, "ben", &job, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(job.status, ACT_RUNNING);
	assert_text_of("SELECT status FROM actions WHERE id = $1", undo,
		       "unknown");
}

static void what_has_no_rollback_stays(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	struct err err = ERR_INIT;
	char id[ACT_ID];

	(void)state;
	open_plain("");
	takes(&r, ACT_RUNNING);
	(void)memcpy(id, job.id, sizeof(id));
	settle(&job, VERDICT_RAN_UNVERIFIED);
	act_job_done(&job);
	assert_int_equal(act_undo(act, id, "ben", &job, &err), -1);
	assert_err(&err, ERR_REFUSED, "no rollback");
	err_clear(&err);
	assert_int_equal(act_undo(act, "ACT-0", "ben", &job, &err), -1);
	assert_err(&err, ERR_NO, "there is no action 'ACT-0'");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		act_test(what_may_run_is_committed_before_it_does),
		act_test(the_record_says_it_all),
		act_test(a_batch_is_one_commit),
		act_test(the_same_decision_is_one_action),
		act_test(what_a_person_runs_is_always_new),
		act_test(what_is_done_says_how),
		act_test(one_at_a_time_on_a_target),
		act_test(what_another_has_taken_is_not_run),
		act_test(a_verified_fix_mitigates),
		act_test(what_helped_nothing_leaves_it_open),
		act_test(a_change_cut_short_calls_a_person),
		act_test(escalation_stands_in_what_triage_said),
		act_test(an_incident_of_another_store_is_not_told),
		act_test(a_mark_only_rises),
		act_test(a_stored_request_is_prepared_as_it_was_made),
		act_test(who_lives_is_left_alone),
		act_test(what_was_cut_off_is_unknown),
		act_test(a_target_of_the_dead_is_free),
		act_test(a_check_that_holds_settles_it),
		act_test(only_what_may_be_repeated_is),
		act_test(a_person_judges),
		act_test(it_is_undone_once),
		act_test(it_is_undone_by_one),
		act_test(what_is_not_undone_may_be_tried_again),
		act_test(an_undo_that_was_cut_off_may_be_tried_again),
		act_test(what_has_no_rollback_stays),
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return act_run(group);
}
