/* change.c - what people do to incidents, one command each. */
#include "incident.h"

#include <oncall/actor.h>
#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/false-positive.h>
#include <oncall/incident-edit.h>
#include <oncall/jwrite.h>
#include <oncall/show.h>
#include <oncall/when.h>

static struct {
	struct incident_edit edit;
	bool remove, worked, failed, wrong, undo, dry_run;
	int64_t speed, effect;
} args = {.edit = {.took = WHEN_NONE}};

/* clang-format off */
#define NOTE CLI_STR('m', "note", "TEXT", &args.edit.note, "a note for the timeline")

const struct cli_opt move_opts[] = {NOTE, CLI_LAST};

const struct cli_opt resolve_opts[] = {
	NOTE,
	CLI_STR(0, "solution", "NAME", &args.edit.solution, "what helped"),
	CLI_DURATION(0, "took", "TIME", &args.edit.took, "how long people worked on it"),
	CLI_FLAG(0, "failed", &args.edit.failed, "the solution was tried and did not help"),
	CLI_LAST,
};

const struct cli_opt remove_opts[] = {
	NOTE,
	CLI_FLAG(0, "remove", &args.remove, "take away rather than add"),
	CLI_LAST,
};

const struct cli_opt feedback_opts[] = {
	CLI_FLAG(0, "worked", &args.worked, "the fix worked"),
	CLI_FLAG(0, "failed", &args.failed, "the diagnosis was right, the fix did not work"),
	CLI_FLAG(0, "wrong", &args.wrong, "the diagnosis was wrong"),
	CLI_INT(0, "speed", "1-5", &args.speed, 1, 5, "how fast it went"),
	CLI_INT(0, "effect", "1-5", &args.effect, 1, 5, "how well it helped"),
	NOTE,
	CLI_LAST,
};
const struct cli_opt false_positive_opts[] = {
	CLI_FLAG('n', "dry-run", &args.dry_run, "only say what the pattern would not match any more"),
	CLI_FLAG('u', "undo", &args.undo, "take that back, and open the incident again"),
	NOTE,
	CLI_LAST,
};
/* clang-format on */

static struct kb *kb_of_run; /* while a command runs */

/* One change of one incident: 1 when it changed, 0 when it was so already. */
typedef int change_fn(int64_t num, struct incident *inc, struct err *err);

static void print_changed(struct buf *out, const struct incident *inc,
			  bool changed)
{
	char id[INCIDENT_ID];

	incident_id(id, inc->num);
	buf_addf(out, "%s  %s%s  %s  ", id, changed ? "" : "unchanged: ",
		 incident_status_names[inc->status],
		 severity_name(inc->severity));
	show_text(out, inc->title.ptr, inc->title.len, 0);
	buf_add_char(out, '\n');
}

/* Changes one incident, and writes what it is now. */
static int change_one(const char *id, change_fn *change,
		      struct record_writer *out, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	int64_t num;
	int changed;

	if (incident_parse_id(id, &num, err) < 0)
		return -1;
	changed = change(num, &inc, err);
	if (changed < 0)
		return -1;
	if (!cli_records()) {
		print_changed(&out->out, &inc, changed);
	} else if (changed) {
		if (incident_record(args.edit.store, &inc, INCIDENT_WITH_CHANGE,
				    &out->out, err) < 0)
			return -1;
		record_write_end(out);
	}
	return record_flush(out, err);
}

/* Changes the incidents named, in order; what was done before an error stays
 * done, and was written. */
static int change_all(int count, char **ids, change_fn *change, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	AUTO_FREE char *actor = NULL;
	AUTO_KB struct kb *kb = NULL;
	int rc = 0;

	if (actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    open_store(&store, STORE_WRITE, err) < 0)
		return -1;
	args.edit.store = store;
	args.edit.actor = actor;
	kb = kb_new(&(struct kb_options){
		.store = store, .config = cli_config(), .actor = actor});
	kb_of_run = kb;
	for (int i = 0; i < count && rc == 0; i++)
		rc = change_one(ids[i], change, &out, err);
	record_writer_done(&out);
	return rc;
}

/* ---- the life cycle ---- */

static enum incident_status move_to;

static int move(int64_t num, struct incident *inc, struct err *err)
{
	return incident_move(&args.edit, num, move_to, inc, err);
}

static int move_all(int argc, char **argv, enum incident_status to,
		    struct err *err)
{
	move_to = to;
	return change_all(argc, argv, move, err);
}

int ack_run(int argc, char **argv, struct err *err)
{
	return move_all(argc, argv, INCIDENT_ACKNOWLEDGED, err);
}

int investigate_run(int argc, char **argv, struct err *err)
{
	return move_all(argc, argv, INCIDENT_INVESTIGATING, err);
}

int mitigate_run(int argc, char **argv, struct err *err)
{
	return move_all(argc, argv, INCIDENT_MITIGATED, err);
}

int resolve_run(int argc, char **argv, struct err *err)
{
	if (args.edit.failed && !args.edit.solution)
		return err_set(err, ERR_USAGE,
			       "--failed needs --solution: what was tried");
	return move_all(argc, argv, INCIDENT_RESOLVED, err);
}

int close_run(int argc, char **argv, struct err *err)
{
	return move_all(argc, argv, INCIDENT_CLOSED, err);
}

int reopen_run(int argc, char **argv, struct err *err)
{
	return move_all(argc, argv, INCIDENT_OPEN, err);
}

/* ---- commands with more operands ---- */

static const char *operand; /* the one being worked on */

static int assign(int64_t num, struct incident *inc, struct err *err)
{
	return incident_assign(&args.edit, num, operand, inc, err);
}

int assign_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	operand = argv[1];
	return change_all(1, argv, assign, err);
}

static int note(int64_t num, struct incident *inc, struct err *err)
{
	return incident_note(&args.edit, num, inc, err);
}

int note_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	if (!*argv[1])
		return err_set(err, ERR_USAGE, "the note is empty");
	args.edit.note = argv[1];
	return change_all(1, argv, note, err);
}

static const char *const *tags; /* ended by NULL */

static int tag(int64_t num, struct incident *inc, struct err *err)
{
	return incident_tag(&args.edit, num, tags, args.remove, inc, err);
}

int tag_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	tags = (const char *const *)(argv + 1);
	return change_all(1, argv, tag, err);
}

static int link_other(int64_t num, struct incident *inc, struct err *err)
{
	return incident_link(&args.edit, num, operand, args.remove, inc, err);
}

int link_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	operand = argv[1];
	return change_all(1, argv, link_other, err);
}

static enum severity severity;

static int set_severity(int64_t num, struct incident *inc, struct err *err)
{
	return incident_severity(&args.edit, num, severity, inc, err);
}

int severity_run(int argc, char **argv, struct err *err)
{
	const char *near = cli_nearest(argv[1], severity_names);

	(void)argc;
	if (!severity_parse(slice_of(argv[1]), &severity))
		return err_set(err, ERR_USAGE,
			       "'%s' is not a severity: info, low, medium, "
			       "high or critical%s%s%s",
			       argv[1], near ? "; did you mean '" : "",
			       near ? near : "", near ? "'?" : "");
	return change_all(1, argv, set_severity, err);
}

static int64_t merge_into;

static int merge(int64_t num, struct incident *inc, struct err *err)
{
	return incident_merge(&args.edit, merge_into, num, inc, err);
}

int merge_run(int argc, char **argv, struct err *err)
{
	if (incident_parse_id(argv[0], &merge_into, err) < 0)
		return -1;
	return change_all(argc - 1, argv + 1, merge, err);
}

/* ---- judgement ---- */

static int feedback(int64_t num, struct incident *inc, struct err *err)
{
	const struct incident_rating rating = {
		.verdict = args.worked	 ? "worked"
			   : args.failed ? "failed"
					 : "wrong",
		.speed = args.speed,
		.effect = args.effect,
	};

	return incident_feedback(&args.edit, num, &rating, inc, err);
}

int feedback_run(int argc, char **argv, struct err *err)
{
	if (args.worked + args.failed + args.wrong != 1)
		return err_set(err, ERR_USAGE,
			       "say one of --worked, --failed, --wrong");
	return change_all(argc, argv, feedback, err);
}

/* For people, or with a reason why nothing was made, for everybody. */
static void say_plan(const struct false_positive *f)
{
	for (size_t i = 0; i < f->exprs.count; i++)
		diag_info("pattern '%s' does not match: %s", f->rule,
			  f->exprs.items[i]);
	if (f->why_none)
		diag_warn("the same line is not kept from opening an "
			  "incident: %s",
			  f->why_none);
}

static int false_positive(int64_t num, struct incident *inc, struct err *err)
{
	AUTO_FALSE_POSITIVE struct false_positive done = {.rule = NULL};
	int changed = false_positive_mark(kb_of_run, &args.edit, num, &done,
					  inc, err);

	if (changed > 0)
		say_plan(&done);
	return changed;
}

static int undo_false_positive(int64_t num, struct incident *inc,
			       struct err *err)
{
	return false_positive_undo(kb_of_run, &args.edit, num, inc, err);
}

static void write_plan(struct buf *out, const char *id,
		       const struct false_positive *f)
{
	jwrite_record(out, "exception", slice_of(id), clock_now());
	jwrite_str_opt(out, "pattern", f->rule);
	jwrite_open(out, "except", '[');
	for (size_t i = 0; i < f->exprs.count; i++)
		jwrite_str(out, NULL, f->exprs.items[i]);
	jwrite_close(out, ']');
	jwrite_str_opt(out, "entry", f->entry);
	jwrite_str_opt(out, "reason", f->why_none);
	jwrite_close(out, '}');
}

static void show_plan(struct buf *out, const char *id,
		      const struct false_positive *f)
{
	for (size_t i = 0; i < f->exprs.count; i++) {
		buf_addf(out, "%s  %s would not match: ", id, f->rule);
		show_text(out, f->exprs.items[i], strlen(f->exprs.items[i]), 0);
		buf_add_char(out, '\n');
	}
	if (f->why_none)
		buf_addf(out, "%s  nothing would be excepted: %s\n", id,
			 f->why_none);
	if (f->entry)
		buf_addf(out, "%s  %s would get a counter-example\n", id,
			 f->entry);
}

static int plan_one(struct kb *kb, const char *text, struct buf *out,
		    struct err *err)
{
	AUTO_FALSE_POSITIVE struct false_positive f = {.rule = NULL};
	char id[INCIDENT_ID];
	int64_t num;

	if (incident_parse_id(text, &num, err) < 0 ||
	    false_positive_plan(kb, num, &f, err) < 0)
		return -1;
	incident_id(id, num);
	if (cli_records()) {
		write_plan(out, id, &f);
		buf_add_char(out, '\n');
	} else {
		show_plan(out, id, &f);
	}
	return 0;
}

static int plan_all(int count, char **ids, struct err *err)
{
	AUTO_STORE struct store *store = NULL;
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_KB struct kb *kb = NULL;

	if (open_store(&store, STORE_READ, err) < 0)
		return -1;
	kb = kb_new(
		&(struct kb_options){.store = store, .config = cli_config()});
	for (int i = 0; i < count; i++)
		if (plan_one(kb, ids[i], &out.out, err) < 0)
			return -1;
	return record_flush(&out, err);
}

int false_positive_run(int argc, char **argv, struct err *err)
{
	if (args.undo && args.dry_run)
		return err_set(err, ERR_USAGE,
			       "--undo and --dry-run exclude each other");
	if (args.dry_run)
		return plan_all(argc, argv, err);
	return change_all(argc, argv,
			  args.undo ? undo_false_positive : false_positive,
			  err);
}
