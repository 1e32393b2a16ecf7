/* test-act-query.c - lists of actions, and votes on those that wait: SQLite
 * always, PostgreSQL when TEST_POSTGRES holds the address of an empty database.
 */
#include "unit-ops.h"

#include <oncall/act-query.h>
#include <oncall/act-vote.h>
#include <oncall/audit-list.h>
#include <oncall/incident.h>
#include <oncall/when.h>

static void run_sql(const char *sql)
{
	struct err err = ERR_INIT;

	(void)store_run(store, &err, sql, NULL, 0);
	assert_no_err(&err);
}

static int set_up(void **state)
{
	if (ops_set_up(state) < 0)
		return -1;
	run_sql("DELETE FROM actions");
	run_sql("DELETE FROM approvals");
	run_sql("DELETE FROM breakers");
	return 0;
}

struct sample {
	const char *id, *name, *status, *verdict, *approval;
	int64_t incident, requested, took; /* took: 0, it did not run */
};

static void put(const struct sample *p)
{
	struct err err = ERR_INIT;

	(void)STORE_RUN(store, &err,
			"INSERT INTO actions (id, same, incident, revision, "
			"name, params, untrusted, target, hash, actor, "
			"approval, status, verdict, attempts, requested, "
			"started, ended, given) VALUES ($1, $1, $2, 1, $3, "
			"'{}', '[]', 'here', 'h', 'eva', $4, $5, $6, 0, $7, "
			"$8, $9, '{}')",
			S_TEXT(p->id),
			p->incident ? S_INT(p->incident) : S_NULL,
			S_TEXT(p->name), S_TEXT(p->approval), S_TEXT(p->status),
			S_TEXT(p->verdict), S_INT(p->requested),
			S_TIME(p->took ? NOW : WHEN_NONE),
			S_TIME(p->took ? NOW + p->took : WHEN_NONE));
	assert_no_err(&err);
}

static void put_samples(void)
{
	static const struct sample samples[] = {
		{"ACT-1", "restart", "done", "verified_fixed", NULL, 7, NOW,
		 1000},
		{"ACT-2", "restart", "done", "ran_ineffective", NULL, 8,
		 NOW + 1, 3000},
		{"ACT-3", "clean", "done", "ran_unverified", NULL, 0, NOW + 2,
		 500},
		{"ACT-4", "clean", "refused", NULL, NULL, 7, NOW + 3, 0},
		{"ACT-5", "restart", "unknown", NULL, NULL, 0, NOW + 4, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		put(&samples[i]);
}

/* The ids that a question gives, in order. */
static void finds(struct act_query q, const char *wanted)
{
	struct err err = ERR_INIT;
	AUTO_BUF struct buf ids = BUF_INIT;
	AUTO_ROWS struct store_rows *rows = act_find(store, &q, &err);
	struct act_row row;

	assert_no_err(&err);
	while (act_next(rows, &row, &err) > 0)
		buf_addf(&ids, "%.*s ", (int)(row.id.len - 4), row.id.ptr + 4);
	assert_no_err(&err);
	assert_string_equal(buf_str(&ids), wanted);
}

static void what_was_done_is_found(void **state)
{
	(void)state;
	put_samples();
	finds((struct act_query){.since = WHEN_NONE}, "5 4 3 2 1 ");
	finds((struct act_query){.since = WHEN_NONE, .limit = 2}, "5 4 ");
	finds((struct act_query){.since = NOW + 2}, "5 4 3 ");
	finds((struct act_query){.since = WHEN_NONE, .incident = 7}, "4 1 ");
	finds((struct act_query){.since = WHEN_NONE, .action = "clean"},
	      "4 3 ");
	finds((struct act_query){.since = WHEN_NONE, .status = "done"},
	      "3 2 1 ");
	finds((struct act_query){.since = WHEN_NONE,
				 .status = "ran_ineffective"},
	      "2 ");
	finds((struct act_query){.since = WHEN_NONE,
				 .incident = 7,
				 .status = "done",
				 .limit = 5},
	      "1 ");
}

static void what_came_of_it_is_counted(void **state)
{
	struct err err = ERR_INIT;
	struct act_stats_list all;
	const struct act_query q = {.since = WHEN_NONE};

	(void)state;
	put_samples();
	assert_int_equal(act_stats(store, &q, &all, &err), 0);
	assert_int_equal(all.count, 2);
	assert_string_equal(all.items[0].name, "clean");
	assert_int_equal(all.items[0].asked, 2);
	assert_int_equal(all.items[0].refused, 1);
	assert_int_equal(all.items[0].verdicts[VERDICT_RAN_UNVERIFIED], 1);
	assert_true(act_stats_rate(&all.items[0]) < 0);
	assert_int_equal(all.items[1].asked, 3);
	assert_int_equal(all.items[1].ran, 2);
	assert_int_equal(all.items[1].took, 4000);
	assert_int_equal(all.items[1].unknown, 1);
	assert_true(act_stats_rate(&all.items[1]) == 0.5);
	act_stats_done(&all);
	assert_int_equal(all.count, 0);
}

/* ---- what waits ---- */

static char approval[APPROVAL_ID];

static void ask_for(const char *action, int64_t expires)
{
	struct err err = ERR_INIT;
	const struct approval_request r = {
		.subject = SLICE_LIT("{\"command\":\"true\"}"),
		.hash = "abc",
		.requester = "bot",
		.approvers = SLICE_LIT("[\"ana\",\"ben\"]"),
		.quorum = 1,
		.expires = expires,
	};
	struct sample p = {.id = action,
			   .name = "restart",
			   .status = "waiting",
			   .approval = approval,
			   .requested = NOW};

	assert_int_equal(approval_request(store, &r, approval, &err), 0);
	put(&p);
}

/* Their ids without "ACT-", with "+" behind what is approved. */
static void wait_now(const char *wanted)
{
	struct err err = ERR_INIT;
	AUTO_BUF struct buf ids = BUF_INIT;
	AUTO_ROWS struct store_rows *rows = act_waiting(store, &err);
	struct act_wait w;

	assert_no_err(&err);
	while (act_waiting_next(rows, &w, &err) > 0) {
		buf_addf(&ids, "%.*s%s ", (int)(w.id.len - 4), w.id.ptr + 4,
			 w.approved ? "+" : "");
		assert_true(slice_is(w.requester, "bot"));
		assert_int_equal(w.quorum, 1);
	}
	assert_no_err(&err);
	assert_string_equal(buf_str(&ids), wanted);
}

static void votes(const char *id, const char *actor, bool approve)
{
	struct err err = ERR_INIT;
	struct act_voted voted;

	assert_int_equal(act_vote(store, &(struct act_vote){id, actor, "why"},
				  approve, &voted, &err),
			 0);
	assert_no_err(&err);
}

static void status_is(const char *id, const char *wanted)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		store, &err, "SELECT status FROM actions WHERE id = $1",
		S_TEXT(id));

	assert_int_equal(store_next(rows, &err), 1);
	assert_true(slice_is(store_text(rows, 0), wanted));
}

static void what_waits_is_listed_by_its_end(void **state)
{
	(void)state;
	ask_for("ACT-1", NOW + 2 * WHEN_HOUR);
	ask_for("ACT-2", NOW + WHEN_HOUR);
	wait_now("2 1 ");
	votes("ACT-1", "ana", true);
	wait_now("2 1+ ");
	clock_set(NOW + WHEN_HOUR);
	wait_now("1+ ");
}

static void a_no_ends_the_action(void **state)
{
	(void)state;
	ask_for("ACT-1", NOW + WHEN_HOUR);
	votes(approval, "ben", false);
	status_is("ACT-1", "refused");
	wait_now("");
}

static void it_is_taken_back_before_it_begins(void **state)
{
	struct err err = ERR_INIT;
	struct act_voted voted;
	const struct act_vote v = {"ACT-1", "ana", NULL};

	(void)state;
	ask_for("ACT-1", NOW + WHEN_HOUR);
	votes("ACT-1", "ana", true);
	assert_int_equal(act_revoke(store, &v, &voted, &err), 0);
	assert_string_equal(voted.approval, approval);
	assert_string_equal(voted.action, "ACT-1");
	status_is("ACT-1", "refused");
	assert_int_equal(act_revoke(store, &v, &voted, &err), -1);
	assert_err(&err, ERR_REFUSED, "nothing to take back");
}

static void what_does_not_wait_has_no_votes(void **state)
{
	struct err err = ERR_INIT;
	struct act_voted voted;

	(void)state;
	put_samples();
	assert_int_equal(act_vote(store,
				  &(struct act_vote){"ACT-1", "ana", NULL},
				  true, &voted, &err),
			 -1);
	assert_err(&err, ERR_REFUSED, "'ACT-1' was not asked for: it is done");
	err_clear(&err);
	assert_int_equal(act_vote(store,
				  &(struct act_vote){"ACT-9", "ana", NULL},
				  true, &voted, &err),
			 -1);
	assert_err(&err, ERR_NO, "there is no action 'ACT-9'");
}

static void votes_stand_in_the_trail(void **state)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows = NULL;
	struct audit_row row;

	(void)state;
	ask_for("ACT-77", NOW + WHEN_HOUR);
	votes("ACT-77", "ana", true);
	rows = audit_list(store, "ACT-77", NOW, &err);
	assert_int_equal(audit_list_next(rows, &row, &err), 1);
	assert_true(slice_is(row.what, "approved"));
	assert_true(slice_is(row.actor, "ana"));
	assert_int_equal(audit_list_next(rows, &row, &err), 0);
}

static void a_breaker_is_listed_and_reset(void **state)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows = NULL;
	struct act_breaker b;

	(void)state;
	run_sql("INSERT INTO breakers (name, state, failures, opened, reason) "
		"VALUES ('restart here', 'open', '[1,2]', 5, 'failed twice')");
	rows = act_breakers(store, &err);
	assert_int_equal(act_breakers_next(rows, &b, &err), 1);
	assert_true(slice_is(b.name, "restart here"));
	assert_true(slice_is(b.failures, "[1,2]"));
	assert_int_equal(b.opened, 5);
	store_rows_free(TAKE_PTR(rows));
	assert_int_equal(
		act_breaker_reset(store, "restart here", "ana", NULL, &err), 0);
	assert_int_equal(
		act_breaker_reset(store, "restart here", "ana", NULL, &err),
		-1);
	assert_err(&err, ERR_NO, "there is no breaker 'restart here'");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, ops_tear_down)
		TEST(what_was_done_is_found),
		TEST(what_came_of_it_is_counted),
		TEST(what_waits_is_listed_by_its_end),
		TEST(a_no_ends_the_action),
		TEST(it_is_taken_back_before_it_begins),
		TEST(what_does_not_wait_has_no_votes),
		TEST(votes_stand_in_the_trail),
		TEST(a_breaker_is_listed_and_reset),
#undef TEST
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	return ops_run(group);
}
