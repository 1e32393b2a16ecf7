/* test-approval.c - votes: SQLite always, PostgreSQL when TEST_POSTGRES holds
 * the address of an empty database. */
#include "unit-ops.h"

#include <oncall/approval.h>
#include <oncall/when.h>

#define ASKED INT64_C(1795000000000) /* 2026-11-18T11:06:40Z */

static char id[APPROVAL_ID];

static int set_up(void **state)
{
	int rc = ops_set_up(state);

	clock_set(ASKED);
	return rc;
}

static bool others_only;

/* Asks for an approval that is open for an hour. */
static void ask_for(const char *approvers, int64_t quorum)
{
	struct err err = ERR_INIT;
	const struct approval_request r = {
		.subject = SLICE_LIT("{\"action\":\"restart\"}"),
		.hash = "abc",
		.requester = "bot",
		.approvers = slice_of(approvers),
		.quorum = quorum,
		.expires = ASKED + WHEN_HOUR,
		.others_only = others_only,
	};

	assert_int_equal(approval_request(store, &r, id, &err), 0);
	assert_no_err(&err);
}

static void vote(const char *actor, bool approve)
{
	struct err err = ERR_INIT;

	assert_int_equal(
		approval_vote(store, id, actor, approve, "why not", &err), 0);
	assert_no_err(&err);
}

static void refused(const char *actor, const char *part)
{
	struct err err = ERR_INIT;

	assert_int_equal(approval_vote(store, id, actor, true, NULL, &err), -1);
	assert_err(&err, ERR_REFUSED, part);
}

/* The record has this part. */
static void has(const char *part)
{
	struct err err = ERR_INIT;
	AUTO_BUF struct buf out = BUF_INIT;

	assert_int_equal(approval_record(store, id, &out, &err), 0);
	if (!strstr(buf_str(&out), part))
		fail_msg("'%s' lacks '%s'", buf_str(&out), part);
}

static int64_t waiting(void)
{
	struct err err = ERR_INIT;
	int64_t n = -1;

	assert_int_equal(approval_waiting(store, &n, &err), 0);
	return n;
}

static void the_quorum_approves(void **state)
{
	int64_t before = waiting();

	(void)state;
	ask_for("[]", 2);
	assert_int_equal(waiting(), before + 1);
	vote("ana", true);
	has("\"status\":\"waiting\"");
	assert_int_equal(waiting(), before + 1);
	clock_set(ASKED + WHEN_MINUTE);
	vote("ben", true);
	has("\"status\":\"approved\"");
	has("\"votes\":[{\"actor\":\"ana\",\"approve\":true,\"time\":");
	has("\"reason\":\"why not\"},{\"actor\":\"ben\"");
	has("\"settled\":\"2026-11-18T");
	assert_int_equal(waiting(), before);
}

static void one_no_denies(void **state)
{
	(void)state;
	ask_for("[]", 3);
	vote("ana", true);
	vote("ben", false);
	has("\"status\":\"denied\"");
	has("\"actor\":\"ben\",\"approve\":false");
	refused("eva", "is denied already");
}

static void a_person_votes_once(void **state)
{
	(void)state;
	ask_for("[]", 2);
	vote("ana", true);
	refused("ana", "'ana' has voted on 'APR-");
	refused("ana via bot", "'ana via bot' has voted");
	has("\"status\":\"waiting\"");
	vote("bot", true); /* the relay is somebody else */
	has("\"status\":\"approved\"");
}

static void who_came_by_a_relay_counts(void **state)
{
	(void)state;
	ask_for("[\"ana\"]", 1);
	refused("anabel via bot", "is not among the approvers");
	vote("ana via bot", true);
	has("\"status\":\"approved\"");
	has("\"actor\":\"ana via bot\"");
}

static void only_approvers_vote(void **state)
{
	(void)state;
	ask_for("[\"ana\",\"o\\\"neil\"]", 1);
	refused("ben", "'ben' is not among the approvers of 'APR-");
	refused("an", "is not among");
	has("\"votes\":[]");
	vote("o\"neil", true);
	has("\"status\":\"approved\"");
}

static void what_is_settled_stays(void **state)
{
	(void)state;
	ask_for("[]", 1);
	vote("ana", true);
	refused("ben", "is approved already");
	has("\"status\":\"approved\"");
}

static void time_runs_out(void **state)
{
	int64_t before = waiting();

	(void)state;
	ask_for("[]", 1);
	clock_set(ASKED + WHEN_HOUR - 1);
	has("\"status\":\"waiting\"");
	assert_int_equal(waiting(), before + 1);
	clock_set(ASKED + WHEN_HOUR);
	refused("ana", "' has expired");
	has("\"status\":\"expired\"");
	assert_int_equal(waiting(), before);
}

static void a_settled_one_does_not_expire(void **state)
{
	(void)state;
	ask_for("[]", 1);
	vote("ana", true);
	clock_set(ASKED + WHEN_DAY);
	has("\"status\":\"approved\"");
}

static void who_asked_has_no_vote(void **state)
{
	(void)state;
	ask_for("[]", 1);
	vote("bot", true);
	others_only = true;
	ask_for("[]", 2);
	ask_for("[\"ana\",\"bot\"]", 1);
	others_only = false;
	refused("bot", "'bot' asked for 'APR-");
	refused("bot via relay", "somebody else has to agree");
	vote("ana", true);
	has("\"status\":\"approved\"");
}

static void take_back(const char *actor, const char *refusal)
{
	struct err err = ERR_INIT;
	int rc = approval_revoke(store, id, actor, &err);

	if (!refusal) {
		assert_no_err(&err);
		assert_int_equal(rc, 0);
		has("\"status\":\"cancelled\"");
		return;
	}
	assert_int_equal(rc, -1);
	assert_err(&err, ERR_REFUSED, refusal);
}

static void it_is_taken_back(void **state)
{
	(void)state;
	ask_for("[\"ana\",\"ben\"]", 1);
	take_back("eva", "'eva' neither asked for 'APR-");
	vote("ana", true);
	take_back("ben via relay", NULL);
	take_back("ben", "is cancelled already");
	refused("ben", "is cancelled already");
	ask_for("[\"ana\"]", 1);
	take_back("bot", NULL);
	ask_for("[\"ana\"]", 1);
	vote("ana", false);
	take_back("ana", "is denied already");
}

static void an_unknown_one_is_no(void **state)
{
	struct err err = ERR_INIT;
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(
		approval_vote(store, "APR-NONE", "ana", true, NULL, &err), -1);
	assert_err(&err, ERR_NO, "there is no approval 'APR-NONE'");
	err_clear(&err);
	assert_int_equal(approval_record(store, "APR-NONE", &out, &err), -1);
	assert_err(&err, ERR_NO, "there is no approval 'APR-NONE'");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, ops_tear_down)
		TEST(the_quorum_approves),
		TEST(one_no_denies),
		TEST(a_person_votes_once),
		TEST(who_came_by_a_relay_counts),
		TEST(only_approvers_vote),
		TEST(what_is_settled_stays),
		TEST(time_runs_out),
		TEST(a_settled_one_does_not_expire),
		TEST(who_asked_has_no_vote),
		TEST(it_is_taken_back),
		TEST(an_unknown_one_is_no),
#undef TEST
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
