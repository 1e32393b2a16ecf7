/*
 * test-act-two.c - several processes with one store: an action is run once, and
 * a target has one at a time; one is undone once. SQLite always, PostgreSQL
 * when TEST_POSTGRES holds the address of an empty database.
 */
#include "unit-act.h"

#include <fcntl.h>

#define CHILDREN  3
#define TARGETS	  4
#define PLANNED	  80 /* that wait for a target when the children start */
#define INCIDENTS 60 /* that every child is told to act on */
#define BATCH	  8
#define UNDONE	  40 /* that every child is told to undo */
#define BACK                                               \
	"- id: back\n"                                     \
	"  command: [\"true\"]\n"                          \
	"  rollback: {command: [\"true\"]}\n"              \
	"  target: \"${name}\"\n"                          \
	"  params: {name: {type: name, required: true}}\n" \
	"  blast_radius: process\n"                        \
	"  risk: low\n"
#define LIMIT_MS 60000
#define DIR_VAR	 "TEST_ACT_DIR" /* where it says what it runs */

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "child: %s %s\n", what, err ? err->text : "");
	_exit(1);
}

/* ---- a child ---- */

/* Nobody else may be at this target; and the run is noted. */
static void run_job(const char *dir, const struct act_job *j)
{
	AUTO_FREE char *lock = mem_printf("%s/at-%s", dir, j->call.target);
	AUTO_FREE char *log = mem_printf("%s/log", dir);
	AUTO_FREE char *line = mem_printf("%s\n", j->id);
	int fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int out;

	if (fd < 0)
		die("two are at one target:", NULL);
	out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (out < 0 || write(out, line, strlen(line)) < 0)
		die("cannot write the log", NULL);
	(void)close(out);
	(void)usleep(200);
	(void)close(fd);
	if (unlink(lock) < 0)
		die("who removed the lock?", NULL);
}

static void run_all(const char *dir, struct act_job **jobs, size_t n)
{
	struct err err = ERR_INIT;
	struct act_job *ran[BATCH];
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (jobs[i]->status != ACT_RUNNING || jobs[i]->again)
			continue;
		run_job(dir, jobs[i]);
		jobs[i]->outcome.verdict = VERDICT_RAN_UNVERIFIED;
		jobs[i]->outcome.started = jobs[i]->outcome.ended = NOW;
		ran[count++] = jobs[i];
	}
	if (count && act_settle(act, ran, count, &err) < 0)
		die("settle:", &err);
}

static void take_incidents(const char *dir, int first)
{
	struct err err = ERR_INIT;
	struct act_request r[BATCH];
	struct act_job jobs[BATCH] = {{.status = ACT_PLANNED}};
	struct act_job *all[BATCH];
	char params[BATCH][64];

	for (int i = 0; i < BATCH; i++) {
		(void)snprintf(params[i], sizeof(params[i]),
			       "{\"name\":\"t%d\"}", (first + i) % TARGETS);
		r[i] = decided("plain", params[i], "auto");
		r[i].incident = NUM + (first + i) % INCIDENTS;
		all[i] = &jobs[i];
	}
	if (act_take(act, r, BATCH, jobs, &err) < 0)
		die("take:", &err);
	run_all(dir, all, BATCH);
	for (int i = 0; i < BATCH; i++)
		act_job_done(&jobs[i]);
}

static void claim_all(const char *dir, const struct act_jobs *l)
{
	struct err err = ERR_INIT;

	if (l->count && act_claim(act, l->items, l->count, &err) < 0)
		die("claim:", &err);
	run_all(dir, l->items, l->count);
}

/* Whether anything was there to be done. What was offered is offered again, as
 * by one who has not heard what became of it since. */
static bool work_off(const char *dir)
{
	struct err err = ERR_INIT;
	AUTO_ACT_JOBS struct act_jobs jobs = {NULL, 0};

	if (act_pending(act, BATCH, &jobs, &err) < 0)
		die("pending:", &err);
	claim_all(dir, &jobs);
	for (size_t i = 0; i < jobs.count; i++)
		jobs.items[i]->status = ACT_PLANNED;
	claim_all(dir, &jobs);
	return jobs.count > 0;
}

static int carry_all(void)
{
	const char *dir = getenv(DIR_VAR);
	int64_t end = clock_mono() + LIMIT_MS;
	void *state = NULL;

	if (act_set_up(&state) < 0)
		die("no store", NULL);
	open_plain("");
	for (int i = 0; i < INCIDENTS; i += BATCH)
		take_incidents(dir, i);
	while (work_off(dir))
		if (clock_mono() > end)
			die("it takes too long", NULL);
	act_close();
	(void)rmdir(act_dir);
	store_close(store);
	return 0;
}

/* The ids of what was done, each ended by a NUL. */
static void read_done(struct buf *ids)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows =
		store_ask(store, &err,
			  "SELECT id FROM actions WHERE undo_of IS NULL "
			  "ORDER BY id",
			  NULL, 0);
	int got;

	if (!rows)
		die("ids:", &err);
	while ((got = store_next(rows, &err)) > 0) {
		buf_add_slice(ids, store_text(rows, 0));
		buf_add_char(ids, '\0');
	}
	if (got < 0)
		die("ids:", &err);
}

/* Takes back what it can, and leaves the rest to others. It settles nothing
 * before it has asked for all, so that what others ask for still runs. */
static int undo_all(void)
{
	AUTO_BUF struct buf ids = BUF_INIT;
	struct act_job jobs[UNDONE] = {{.status = ACT_PLANNED}};
	struct act_job *ran[UNDONE];
	struct err err = ERR_INIT;
	void *state = NULL;
	size_t n = 0;

	if (act_set_up(&state) < 0)
		die("no store", NULL);
	open_act(BACK, "");
	read_done(&ids);
	for (size_t at = 0; at < ids.len; at += strlen(ids.data + at) + 1) {
		if (act_undo(act, ids.data + at, "ben", &jobs[n], &err) == 0)
			n++;
		else if (err.kind != ERR_REFUSED || !strstr(err.text, "undone"))
			die("undo:", &err);
		err_clear(&err);
	}
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].status != ACT_RUNNING)
			die("an undo does not run:", NULL);
		jobs[i].outcome.verdict = VERDICT_RAN_UNVERIFIED;
		jobs[i].outcome.started = jobs[i].outcome.ended = NOW;
		ran[i] = &jobs[i];
	}
	if (n && act_settle(act, ran, n, &err) < 0)
		die("settle:", &err);
	for (size_t i = 0; i < n; i++)
		act_job_done(&jobs[i]);
	act_close();
	(void)rmdir(act_dir);
	store_close(store);
	return 0;
}

/* ---- the parent ---- */

static void plan(void)
{
	struct act_job held[TARGETS] = {{.status = ACT_PLANNED}};
	struct err err = ERR_INIT;
	char params[64];
	struct act_request r;

	for (int i = 0; i < TARGETS; i++) {
		(void)snprintf(params, sizeof(params), "{\"name\":\"t%d\"}", i);
		r = request_of("plain", params);
		assert_int_equal(act_take(act, &r, 1, &held[i], &err), 0);
		assert_int_equal(held[i].status, ACT_RUNNING);
	}
	for (int i = 0; i < PLANNED; i++) {
		(void)snprintf(params, sizeof(params), "{\"name\":\"t%d\"}",
			       i % TARGETS);
		r = request_of("plain", params);
		takes(&r, ACT_PLANNED);
	}
	for (int i = 0; i < TARGETS; i++) {
		settle(&held[i], VERDICT_RAN_UNVERIFIED);
		act_job_done(&held[i]);
	}
}

static int64_t lines_of_log(void)
{
	AUTO_FREE char *path = mem_printf("%s/log", act_dir);
	FILE *f = fopen(path, "r");
	int64_t n = 0;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	assert_int_equal(fclose(f), 0);
	assert_int_equal(unlink(path), 0);
	return n;
}

static void nothing_runs_twice_nor_two_at_a_target(void **state)
{
	(void)state;
	open_plain("");
	for (int i = 0; i < INCIDENTS; i++)
		open_incident(NUM + i);
	plan();
	assert_int_equal(setenv(DIR_VAR, act_dir, 1), 0);
	ops_run_children(CHILDREN, "act");
	assert_int_equal(lines_of_log(), PLANNED + INCIDENTS);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM actions"),
			 TARGETS + PLANNED + INCIDENTS);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM actions WHERE status "
				    "<> 'done' OR attempts <> 1"),
			 0);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM action_targets"), 0);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM audit WHERE what = "
				    "'intent'"),
			 TARGETS + PLANNED + INCIDENTS);
	assert_int_equal(
		ask_number("SELECT COUNT(*) FROM incidents WHERE acted "
			   "= 1"),
		INCIDENTS);
	assert_audit("outcome");
}

static void what_two_undo_is_undone_once(void **state)
{
	(void)state;
	open_act(BACK, "");
	for (int i = 0; i < UNDONE; i++) {
		AUTO_FREE char *params = mem_printf("{\"name\":\"t%d\"}", i);
		struct act_request r = request_of("back", params);

		r.untrusted = SLICE_LIT("[]");
		takes(&r, ACT_RUNNING);
		settle(&job, VERDICT_RAN_UNVERIFIED);
	}
	ops_run_children(CHILDREN, "undo");
	assert_int_equal(ask_number("SELECT COUNT(*) FROM actions"),
			 2 * UNDONE);
	assert_int_equal(ask_number("SELECT COUNT(DISTINCT undo_of) FROM "
				    "actions WHERE status = 'done'"),
			 UNDONE);
	assert_int_equal(ask_number("SELECT COUNT(*) FROM actions WHERE undone "
				    "IS NOT NULL"),
			 UNDONE);
	assert_audit("outcome");
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		act_test(nothing_runs_twice_nor_two_at_a_target),
		act_test(what_two_undo_is_undone_once),
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	const char *what = ops_child();

	if (what)
		return strcmp(what, "undo") ? carry_all() : undo_all();
	return act_run(group);
}
