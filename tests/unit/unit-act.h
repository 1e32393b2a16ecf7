/* unit-act.h - actions, a policy, incidents and a store for tests of act. */
#ifndef ONCALL_UNIT_ACT_H
#define ONCALL_UNIT_ACT_H

#include "unit-incident.h"

#include <oncall/act-query.h>
#include <oncall/act-vote.h>
#include <oncall/audit.h>
#include <oncall/incident-edit.h>
#include <oncall/timeline.h>
#include <oncall/when.h>

#include "../../libcommon/ops/action-internal.h"

#define NUM INT64_C(202611200000001) /* INC-20261120-0001 */

/* What most tests ask for: one parameter, which is the target, too. */
#define PLAIN_ACTION                                                \
	"  command: [\"true\"]\n"                                   \
	"  target: \"${name}\"\n"                                   \
	"  params: {name: {type: name, required: true, untrusted: " \
	"true}}\n"                                                  \
	"  blast_radius: process\n"                                 \
	"  risk: low\n"
#define EASY_POLICY          \
	"policy:\n"          \
	"  autonomy: auto\n" \
	"  limits: {actions_per_incident: 0, actions_per_hour: 0}\n"

static char act_dir[] = "/tmp/test-act.XXXXXX";
static struct config *config;
static struct policy *policy;
static struct action_set *set;
static struct act *act;
static struct act_job job; /* of the last take() */

__attribute__((unused)) static void put_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* first: the beginning of the configuration, which ends in the policy; more
 * keys of that follow, indented by two. */
__attribute__((unused)) static void open_act_with(const char *first,
						  const char *actions,
						  const char *keys)
{
	AUTO_FREE char *path = mem_printf("%s/oncall.yaml", act_dir);
	AUTO_FREE char *text =
		mem_printf("%s  stop_file: %s/stop\n%s", first, act_dir, keys);
	AUTO_FREE char *declared = mem_printf("actions:\n%s", actions);
	AUTO_FREE char *file = mem_printf("%s/actions.yaml", act_dir);
	struct err err = ERR_INIT;

	put_text(path, text);
	put_text(file, declared);
	act_free(act);
	policy_free(policy);
	action_set_free(set);
	config_free(config);
	if (config_load(&config, path, &err) < 0 ||
	    policy_load(&policy, config, &err) < 0 ||
	    action_set_read(&set, slice_of(declared), file, &err) < 0 ||
	    act_open(&act, store, set, policy, config, &err) < 0)
		fail_msg("%s", err.text);
}

__attribute__((unused)) static void open_act(const char *actions,
					     const char *keys)
{
	open_act_with(EASY_POLICY, actions, keys);
}

__attribute__((unused)) static void open_plain(const char *more)
{
	AUTO_FREE char *text =
		mem_printf("- id: plain\n" PLAIN_ACTION "%s", more);

	open_act(text, "");
}

/* ---- incidents ---- */

__attribute__((unused)) static void open_incident(int64_t num)
{
	struct incident inc = incident_sample(num);

	inc.host = SLICE_LIT("web-1");
	inc.category = SLICE_LIT("web");
	inc.pattern = SLICE_LIT("p");
	put_incident(&inc);
}

/* ---- asking the store ---- */

__attribute__((unused)) static void run_sql(const char *sql)
{
	struct err err = ERR_INIT;

	(void)store_run(store, &err, sql, NULL, 0);
	assert_no_err(&err);
}

__attribute__((unused)) static int64_t ask_number(const char *sql)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows =
		store_ask(store, &err, sql, NULL, 0);

	if (!rows || store_next(rows, &err) <= 0)
		fail_msg("%s: %s", sql, err.text);
	return store_int(rows, 0);
}

/* The same with a value for $1. SQL is known by its address: a literal. */
__attribute__((unused)) static char *text_of(const char *sql, const char *id)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(store, &err, sql, S_TEXT(id));
	struct slice text;

	if (!rows || store_next(rows, &err) <= 0)
		fail_msg("%s: %s", sql, err.text);
	text = store_text(rows, 0);
	return mem_dup_bytes(text.ptr ? text.ptr : "", text.len);
}

__attribute__((unused)) static void assert_text_of(const char *sql,
						   const char *id,
						   const char *want)
{
	AUTO_FREE char *text = text_of(sql, id);

	if (strcmp(text, want) != 0)
		fail_msg("%s of %s\ngives '%s', not '%s'", sql, id, text, want);
}

__attribute__((unused)) static void assert_text(const char *sql,
						const char *want)
{
	AUTO_FREE char *text = ask_text(sql);

	if (strcmp(text, want) != 0)
		fail_msg("%s\ngives '%s', not '%s'", sql, text, want);
}

__attribute__((unused)) static void assert_has(const char *text,
					       const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("'%s' lacks '%s'", text ? text : "(nothing)", part);
}

/* The trail holds together, and ends with this. */
__attribute__((unused)) static void assert_audit(const char *what)
{
	struct err err = ERR_INIT;
	int64_t rows;

	if (audit_verify(store, NULL, &rows, &err) < 0)
		fail_msg("%s", err.text);
	assert_text("SELECT what FROM audit ORDER BY seq DESC LIMIT 1", what);
}

/* ---- asking for actions ---- */

__attribute__((unused)) static struct act_request request_of(const char *action,
							     const char *params)
{
	return (struct act_request){.action = action,
				    .params = slice_of(params),
				    .severity = SEVERITY_HIGH,
				    .tags = SLICE_LIT("[]"),
				    .actor = "ana"};
}

/* What triage decided about the incident NUM. */
__attribute__((unused)) static struct act_request decided(const char *action,
							  const char *params,
							  const char *decision)
{
	struct act_request r = request_of(action, params);

	r.incident = NUM;
	r.revision = 1;
	r.service = "api";
	r.host = "web-1";
	r.category = "web";
	r.pattern = "p";
	r.decision = decision;
	r.actor = "oncall";
	return r;
}

__attribute__((unused)) static enum act_status take(const struct act_request *r)
{
	struct err err = ERR_INIT;

	act_job_done(&job);
	if (act_take(act, r, 1, &job, &err) < 0)
		fail_msg("%s", err.text);
	return job.status;
}

__attribute__((unused)) static void takes(const struct act_request *r,
					  enum act_status want)
{
	if (take(r) != want)
		fail_msg("%s is %s, not %s: %s", job.id,
			 act_status_names[job.status], act_status_names[want],
			 job.reason ? job.reason : "(no reason)");
}

__attribute__((unused)) static enum act_status claim(struct act_job *j)
{
	struct err err = ERR_INIT;
	struct act_job *one[] = {j};

	if (act_claim(act, one, 1, &err) < 0)
		fail_msg("%s", err.text);
	return j->status;
}

/* As if it had run. */
__attribute__((unused)) static void settle(struct act_job *j,
					   enum action_verdict verdict)
{
	struct err err = ERR_INIT;
	struct act_job *one[] = {j};

	assert_int_equal(j->status, ACT_RUNNING);
	action_outcome_done(&j->outcome);
	j->outcome = (struct action_outcome){
		.verdict = verdict,
		.reason = verdict == VERDICT_VERIFIED_FIXED
				  ? NULL
				  : mem_dup("as the test says"),
		.before = mem_dup("down"),
		.after = mem_dup("up"),
		.output = mem_dup("done\n"),
		.started = clock_now(),
		.ended = clock_now(),
		.attempts = 1,
	};
	if (act_settle(act, one, 1, &err) < 0)
		fail_msg("%s", err.text);
}

/* It is refused by that guard, and the store says so, too. */
__attribute__((unused)) static void refused(const struct act_request *r,
					    const char *part)
{
	AUTO_FREE char *text = NULL;

	assert_int_equal(take(r), ACT_REFUSED);
	assert_has(job.reason, part);
	text = text_of("SELECT status || ' ' || reason FROM actions WHERE "
		       "id = $1",
		       job.id);
	assert_memory_equal(text, "refused ", 8);
	assert_has(text, part);
	assert_audit("refused");
	assert_int_equal(ask_number("SELECT COUNT(*) FROM action_targets"), 0);
}

/* ---- before and after each ---- */

__attribute__((unused)) static int act_set_up(void **state)
{
	static bool made;

	(void)umask(077);
	if (!made && !mkdtemp(act_dir))
		return -1;
	made = true;
	return ops_set_up(state);
}

/* All but the store; nothing is left behind. */
__attribute__((unused)) static void act_close(void)
{
	AUTO_FREE char *stop = mem_printf("%s/stop", act_dir);
	AUTO_FREE char *path = mem_printf("%s/oncall.yaml", act_dir);
	AUTO_FREE char *file = mem_printf("%s/actions.yaml", act_dir);

	act_job_done(&job);
	act_free(act);
	act = NULL;
	policy_free(policy);
	policy = NULL;
	action_set_free(set);
	set = NULL;
	config_free(config);
	config = NULL;
	(void)unlink(stop);
	(void)unlink(path);
	(void)unlink(file);
}

__attribute__((unused)) static int act_tear_down(void **state)
{
	static const char *const sql[] = {
		"DELETE FROM actions",	 "DELETE FROM action_targets",
		"DELETE FROM breakers",	 "DELETE FROM switches",
		"DELETE FROM approvals", "DELETE FROM audit",
		"DELETE FROM incidents", "DELETE FROM timeline",
		"DELETE FROM outcomes",	 "DELETE FROM incident_triage",
	};

	act_close();
	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		run_sql(sql[i]);
	return ops_tear_down(state);
}

#define act_test(name) \
	cmocka_unit_test_setup_teardown(name, act_set_up, act_tear_down)

/* As ops_run(), without anything left behind. */
__attribute__((unused)) static int act_run(int (*group)(void))
{
	int failed = ops_run(group);

	(void)rmdir(act_dir);
	return failed;
}

#endif
