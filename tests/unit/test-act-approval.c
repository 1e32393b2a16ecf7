/* test-act-approval.c - actions that wait for people: SQLite always, PostgreSQL
 * when TEST_POSTGRES holds the address of an empty database. */
#include "unit-act.h"

#define ACTION "- id: plain\n" PLAIN_ACTION

static void ask_with(const char *policy_keys)
{
	struct act_request r =
		decided("plain", "{\"name\":\"nginx\"}", "approve");

	open_act(ACTION, policy_keys);
	open_incident(NUM);
	takes(&r, ACT_WAITING);
}

static void ask(void)
{
	ask_with("");
}

static void vote(const char *actor, bool yes)
{
	const struct act_vote v = {.id = job.id, .actor = actor};
	struct act_voted voted;
	struct err err = ERR_INIT;

	if (act_vote(store, &v, yes, &voted, &err) < 0)
		fail_msg("%s", err.text);
}

/* The only one that could be carried out now. */
static struct act_job *pending(struct act_jobs *l)
{
	struct err err = ERR_INIT;

	if (act_pending(act, 10, l, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(l->count, 1);
	return l->items[0];
}

static size_t pending_count(void)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};
	struct err err = ERR_INIT;

	if (act_pending(act, 10, &l, &err) < 0)
		fail_msg("%s", err.text);
	return l.count;
}

static void approval_is(const char *want)
{
	assert_text("SELECT status FROM approvals", want);
}

static void it_waits_until_people_agreed(void **state)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};
	AUTO_FREE char *subject = NULL;

	(void)state;
	ask();
	assert_memory_equal(job.approval, "APR-", 4);
	assert_has(job.reason, job.approval);
	assert_audit("asked");
	assert_int_equal(ask_number("SELECT acted FROM incidents"), 1);
	subject = ask_text("SELECT subject FROM approvals");
	assert_has(subject, "\"params\":{\"name\":\"nginx\"}");
	assert_has(subject, "\"incident\":\"INC-20261120-0001\"");
	assert_int_equal(claim(&job), ACT_WAITING);
	assert_int_equal(pending_count(), 0);
	vote("ana", true);
	approval_is("approved");
	assert_int_equal(claim(pending(&l)), ACT_RUNNING);
	approval_is("used");
	assert_audit("intent");
	assert_int_equal(pending_count(), 0);
	settle(l.items[0], VERDICT_VERIFIED_FIXED);
	assert_text("SELECT status FROM incidents", "mitigated");
}

static void the_policy_asks_where_triage_would_not(void **state)
{
	struct act_request r = decided("plain", "{\"name\":\"nginx\"}", "auto");

	(void)state;
	open_act(ACTION,
		 "  rules:\n"
		 "    1: {match: {action: plain}, autonomy: approve}\n");
	open_incident(NUM);
	takes(&r, ACT_WAITING);
}

static void an_approval_is_used_once(void **state)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0}, again = {NULL, 0};

	(void)state;
	ask();
	vote("ana", true);
	(void)pending(&l);
	(void)pending(&again);
	assert_int_equal(claim(l.items[0]), ACT_RUNNING);
	assert_int_equal(claim(again.items[0]), ACT_RUNNING);
	assert_true(again.items[0]->again);
	settle(l.items[0], VERDICT_FAILED_BEFORE_CHANGE);
	again.items[0]->status = ACT_PLANNED; /* as whoever did not hear */
	assert_int_equal(claim(again.items[0]), ACT_DONE);
	assert_int_equal(ask_number("SELECT attempts FROM actions"), 1);
}

static void a_busy_target_does_not_use_it_up(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");
	CLEANUP(act_job_done) struct act_job first = {.status = ACT_PLANNED};
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};
	struct err err = ERR_INIT;

	(void)state;
	ask();
	vote("ana", true);
	assert_int_equal(act_take(act, &r, 1, &first, &err), 0);
	assert_int_equal(claim(pending(&l)), ACT_PLANNED);
	approval_is("approved");
	settle(&first, VERDICT_RAN_UNVERIFIED);
	act_jobs_done(&l);
	assert_int_equal(claim(pending(&l)), ACT_RUNNING);
	approval_is("used");
}

/* The same action, declared in another way. */
static void another_command_is_not_what_was_approved(void **state)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};

	(void)state;
	ask();
	vote("ana", true);
	open_act("- id: plain\n"
		 "  command: [\"true\", \"--harder\"]\n"
		 "  target: \"${name}\"\n"
		 "  params: {name: {type: name, required: true, untrusted: "
		 "true}}\n"
		 "  blast_radius: process\n"
		 "  risk: low\n",
		 "");
	assert_int_equal(claim(pending(&l)), ACT_REFUSED);
	assert_has(l.items[0]->reason,
		   "approval: what would run now is not what was approved");
	approval_is("cancelled");
	assert_audit("refused");
	assert_int_equal(pending_count(), 0);
}

static void another_policy_is_not_what_was_approved(void **state)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};

	(void)state;
	ask();
	vote("ana", true);
	open_act(ACTION, "  approval: {quorum: 2}\n");
	assert_int_equal(claim(pending(&l)), ACT_REFUSED);
	assert_has(l.items[0]->reason, "not what was approved");
}

static void another_incident_is_not_what_was_approved(void **state)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};

	(void)state;
	ask();
	vote("ana", true);
	run_sql("UPDATE incidents SET revision = 2");
	assert_int_equal(claim(pending(&l)), ACT_REFUSED);
	assert_has(l.items[0]->reason, "decision: the incident has changed");
	assert_int_equal(ask_number("SELECT COUNT(*) FROM action_targets"), 0);
}

static void an_action_that_is_gone_is_refused(void **state)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};

	(void)state;
	ask();
	vote("ana", true);
	open_act("- id: other\n" PLAIN_ACTION, "");
	assert_null(pending(&l)->call.action);
	assert_int_equal(claim(l.items[0]), ACT_REFUSED);
	assert_has(l.items[0]->reason, "there is no action 'plain'");
}

static void nobody_agreed_in_time(void **state)
{
	(void)state;
	ask_with("  approval: {expires: 30m}\n");
	clock_set(NOW + 29 * WHEN_MINUTE);
	assert_int_equal(pending_count(), 0);
	approval_is("waiting");
	clock_set(NOW + 30 * WHEN_MINUTE);
	assert_int_equal(pending_count(), 0);
	approval_is("expired");
	assert_text("SELECT status || ' ' || reason FROM actions",
		    "refused approval: nobody agreed in time");
	assert_text("SELECT decision FROM incident_triage", "escalate");
	assert_int_equal(ask_number("SELECT COUNT(*) FROM timeline WHERE what "
				    "= 'escalated'"),
			 1);
	assert_audit("refused");
	assert_int_equal(claim(&job), ACT_REFUSED);
}

static void what_is_taken_back_does_not_run(void **state)
{
	AUTO_ACT_JOBS struct act_jobs l = {NULL, 0};
	const struct act_vote v = {.id = job.id, .actor = "ana"};
	struct act_voted voted;
	struct err err = ERR_INIT;

	(void)state;
	ask();
	vote("ana", true);
	(void)pending(&l);
	assert_int_equal(act_revoke(store, &v, &voted, &err), 0);
	assert_int_equal(claim(l.items[0]), ACT_REFUSED);
	assert_true(l.items[0]->again);
	assert_int_equal(ask_number("SELECT attempts FROM actions"), 0);
	assert_audit("revoked");
}

static void what_is_denied_is_refused(void **state)
{
	(void)state;
	ask();
	vote("ana", false);
	assert_int_equal(pending_count(), 0);
	assert_text("SELECT status FROM actions", "refused");
	assert_audit("denied");
}

static void it_takes_as_many_as_the_policy_says(void **state)
{
	const struct act_vote self = {.id = job.id, .actor = "oncall"};
	struct act_voted voted;
	struct err err = ERR_INIT;

	(void)state;
	ask_with("  approval: {quorum: 2, approvers: [ana, ben, oncall]}\n");
	assert_int_equal(act_vote(store, &self, true, &voted, &err), -1);
	assert_err(&err, ERR_REFUSED, "somebody else has to agree");
	vote("ana", true);
	assert_int_equal(pending_count(), 0);
	vote("ben", true);
	assert_int_equal(pending_count(), 1);
}

static void an_action_names_its_own_approvers(void **state)
{
	struct act_request r = request_of("plain", "{\"name\":\"nginx\"}");

	(void)state;
	open_act(ACTION "  approvers: [ben]\n", "");
	takes(&r, ACT_WAITING); /* ana is none of them */
	assert_text("SELECT approvers FROM approvals", "[\"ben\"]");
	r.actor = "ben";
	takes(&r, ACT_RUNNING);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		act_test(it_waits_until_people_agreed),
		act_test(the_policy_asks_where_triage_would_not),
		act_test(an_approval_is_used_once),
		act_test(a_busy_target_does_not_use_it_up),
		act_test(another_command_is_not_what_was_approved),
		act_test(another_policy_is_not_what_was_approved),
		act_test(another_incident_is_not_what_was_approved),
		act_test(an_action_that_is_gone_is_refused),
		act_test(nobody_agreed_in_time),
		act_test(what_is_taken_back_does_not_run),
		act_test(what_is_denied_is_refused),
		act_test(it_takes_as_many_as_the_policy_says),
		act_test(an_action_names_its_own_approvers),
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return act_run(group);
}
